"""Physics that a claim is held against: plain functions, SI in, a `Held` out.

Each check answers one question about one sentence with open physics and says under which
conditions the sentence holds. What it assumes it says. The same checks serve the articles' claims
and a user's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from openiads.claims.findings import Curves, Margin, Step, Verdict
from openiads.physics.atmosphere import sound_speed_mps
from openiads.physics.flight import allen_eggers_speed, arc_speed, minimum_energy, speed_to_range
from openiads.physics.propagation import horizon_height_m, horizon_range_m
from openiads.units import SOUND_SPEED_MPS

ANTENNA_LOW_M, ANTENNA_HIGH_M = 5.0, 40.0
"""Assumed: a vehicle's antenna stands 5 m high, the tallest road-mobile mast 40 m; flat ground."""

GROUND_ANTENNAS = f"assumed: antenna {ANTENNA_LOW_M:g} to {ANTENNA_HIGH_M:g} m above flat ground"
REFRACTION = "assumed: standard refraction (4/3 Earth), no ducting, no hills"
VACUUM = "assumed: vacuum arc from the ground, spherical Earth that does not turn"

HORIZON = "openiads.physics.propagation.horizon_range_m"
HORIZON_HEIGHT = "openiads.physics.propagation.horizon_height_m"
MINIMUM_ENERGY = "openiads.physics.flight.minimum_energy"
SPEED_TO_RANGE = "openiads.physics.flight.speed_to_range"
ARC_SPEED = "openiads.physics.flight.arc_speed"
ALLEN_EGGERS = "openiads.physics.flight.allen_eggers_speed"
SOUND_SPEED = "openiads.physics.atmosphere.sound_speed_mps"

HYPERSONIC_MACH = 5.0
"""Where the term begins by convention (Anderson, Hypersonic and High-Temperature Gas Dynamics)."""

MACH_TOLERANCE = 0.05
"""Assumed: "about Mach n" may be a twentieth off."""

AZIMUTH_ERROR_DEG, RANGE_ERROR_M = 0.15, 50.0
"""Assumed: one-sigma errors of a large S-band search radar with a beam of one to two degrees."""

FOREIGN_PLOTS = 0.1
"""Assumed: mean number of foreign targets in a gate at which tracks begin to swap often."""

MU_M3PS2 = 3.986004418e14  # WGS 84, NGA.STND.0036
EARTH_RADIUS_M = 6_371_000.0  # mean radius, IUGG 1980


@dataclass(frozen=True, slots=True)
class Held:
    """How a sentence stands against one check."""

    verdict: Verdict
    why: str
    conditions: tuple[str, ...]
    margin: Margin | None
    calculation: tuple[Step, ...]
    models: tuple[str, ...]
    assumed: tuple[str, ...]
    picture: Curves | None = None


def km(metres: float) -> float:
    """Kilometres, to the tenth."""
    return round(metres / 1e3, 1)


def _span(low_m: float, high_m: float) -> str:
    return f"{low_m / 1e3:.1f} to {high_m / 1e3:.1f} km"


def line_of_sight(
    range_m: float,
    target_height_m: float | None = None,
    antennas_m: tuple[float, float] = (ANTENNA_LOW_M, ANTENNA_HIGH_M),
) -> Held:
    """Can a radar on the ground see a target at this range?

    Without a target height the answer is the height that it takes; with one, whether the horizon
    lies beyond the range. `antennas_m` are the lowest and the highest antenna considered.
    """
    low, high = antennas_m
    need_low = float(horizon_height_m(low, range_m))
    need_high = float(horizon_height_m(high, range_m))
    steps = [
        Step(f"lowest visible height at {km(range_m):g} km, antenna {low:g} m", need_low, "m"),
        Step(f"lowest visible height at {km(range_m):g} km, antenna {high:g} m", need_high, "m"),
    ]
    models = (HORIZON_HEIGHT, HORIZON)
    assumed = (f"assumed: antenna {low:g} to {high:g} m above flat ground", REFRACTION)
    picture = horizon_curves(range_m, antennas_m)
    if target_height_m is None:
        text = f"the target flies at {need_high / 1e3:.1f} km or higher (antenna {high:g} m)"
        if low != high:
            text += f", {need_low / 1e3:.1f} km or higher (antenna {low:g} m)"
        margin = Margin(-km(need_high), "km", "altitude by which a target at sea level is hidden")
        why = f"Below {_span(need_high, need_low)} a target at that range is hidden."
        return Held("only if", why, (text,), margin, tuple(steps), models, assumed, picture)
    near = float(horizon_range_m(low, target_height_m))
    far = float(horizon_range_m(high, target_height_m))
    for antenna, reach in ((low, near), (high, far)):
        about = f"horizon, target at {target_height_m:g} m, antenna {antenna:g} m"
        steps.append(Step(about, reach, "m"))
    verdict: Verdict
    if range_m <= near:
        verdict, why = "supported", "The target is above the horizon for every antenna considered."
        conditions: tuple[str, ...] = ()
    elif range_m <= far:
        verdict, why = "only if", "The target is above the horizon for the higher antennas only."
        stand = float(horizon_height_m(target_height_m, range_m))
        steps.append(Step("height of an antenna that just sees the target", stand, "m"))
        conditions = (f"the antenna stands {stand:.0f} m high or higher",)
    else:
        verdict, why = "contradicted", "The target is below the horizon for every antenna."
        conditions = (f"it would take a target at {km(need_high):g} km or higher",)
    margin = Margin(km(far - range_m), "km", "horizon beyond the claimed range, highest antenna")
    return Held(verdict, why, conditions, margin, tuple(steps), models, assumed, picture)


def horizon_curves(range_m: float, antennas_m: tuple[float, float]) -> Curves:
    """Range of the horizon over target height, for two antennas, with the claimed range marked."""
    highest = float(horizon_height_m(antennas_m[0], range_m))
    top = max(12_000.0, 1.25 * highest) if highest > 1_000.0 else max(200.0, 1.5 * highest)
    heights = [top * (i / 40) ** 2 for i in range(41)]
    series = tuple(
        (
            f"antenna {a:g} m",
            tuple((float(horizon_range_m(a, h)) / 1e3, h / 1e3) for h in heights),
        )
        for a in dict.fromkeys(antennas_m)
    )
    need = float(horizon_height_m(antennas_m[1], range_m)) / 1e3
    said = f"{need:.1f} km" if need >= 1.0 else f"{1e3 * need:.0f} m"
    marks = ((range_m / 1e3, need, f"{range_m / 1e3:g} km: from {said} up"),)
    title = "Lowest height at which a target rises over the radar's horizon"
    return Curves(title, "distance (km)", "target height (km)", series, marks)


def speed_curves(marks: Sequence[tuple[float, float, str]]) -> Curves:
    """Speed at burnout that a range takes, with (range, speed, label) of claims marked; SI."""
    top = max(12_000e3, 1.2 * max(range_m for range_m, _, _ in marks))
    ranges = [top * i / 40 for i in range(1, 41)]
    line = tuple((r / 1e6, float(minimum_energy(r)[0]) / 1e3) for r in ranges)
    return Curves(
        "The least speed at burnout that carries a ballistic missile so far (vacuum)",
        "range (thousand km)",
        "speed at burnout (km/s)",
        (("least speed", ((0.0, 0.0), *line)),),
        tuple((r / 1e6, v / 1e3, text) for r, v, text in marks),
    )


def ballistic_speed(range_m: float, speed_mps: float) -> Held:
    """Does a ballistic missile of this range stay below this speed?

    The slowest arc to the range leaves the ground with the speed that the missile also has at
    impact without air; `speed_mps` is what is claimed of it.
    """
    needed, _, apogee, time = (float(v) for v in minimum_energy(range_m))
    reach = float(speed_to_range(speed_mps))
    steps = (
        Step(f"speed at burnout for {km(range_m):g} km", needed, "m/s"),
        Step("apogee of that arc", apogee, "m"),
        Step("time of flight of that arc", time, "s"),
        Step(f"greatest range of {speed_mps:g} m/s", reach, "m"),
        Step(
            f"speed of the {km(range_m):g} km arc at 100 km", float(arc_speed(needed, 1e5)), "m/s"
        ),
    )
    ratio = speed_mps / needed - 1.0
    claimed = f"claimed: {km(range_m):g} km with {speed_mps / 1e3:g} km/s"
    picture = speed_curves([(range_m, speed_mps, claimed)])
    margin = Margin(round(100 * ratio, 1), "%", "claimed speed beyond what the range takes")
    models = (MINIMUM_ENERGY, SPEED_TO_RANGE, ARC_SPEED)
    if ratio >= -MACH_TOLERANCE:
        why = "The speed is what a missile of that range has."
        return Held("supported", why, (), margin, steps, models, (VACUUM,), picture)
    why = f"A missile of {km(range_m):g} km has {needed / 1e3:.2f} km/s, not {speed_mps / 1e3:g}."
    conditions = (
        f"the missile's range is {round(reach / 1e3, -1):g} km or less",
        "or the air has slowed it before it is met",
    )
    return Held("only if", why, conditions, margin, steps, models, (VACUUM,), picture)


def slowed_by_air(
    range_m: float, height_m: float, coefficients_kgm2: Sequence[float] = (2000.0, 10_000.0)
) -> tuple[Step, ...]:
    """Speed at a height of a warhead of this range, blunt to slender (Allen and Eggers).

    Assumed: ballistic coefficients of 2,000 to 10,000 kg/m2, exponential air of 1.225 kg/m3 and
    7.16 km scale height.
    """
    speed, angle, _, _ = (float(v) for v in minimum_energy(range_m))
    return tuple(
        Step(
            f"speed at {km(height_m):g} km, ballistic coefficient {c:g} kg/m2",
            float(allen_eggers_speed(height_m, speed, angle, c, 1.225, 7160.0)),
            "m/s",
        )
        for c in coefficients_kgm2
    )


def time_in_zone(depth_m: float, speed_mps: float, targets: int, cycle_s: float) -> Held:
    """Can this many targets, arriving together, be met in the time that the zone gives?

    `cycle_s` is the time that one channel is bound by one target.
    """
    time = depth_m / speed_mps
    share = time / targets
    channels = targets * cycle_s / time
    steps = (
        Step(f"time to cross {km(depth_m):g} km at {speed_mps:g} m/s", time, "s"),
        Step(f"time for each of {targets} targets, one after another", share, "s"),
        Step(f"channels that {targets} targets take at {cycle_s:g} s each", channels, "channels"),
    )
    margin = Margin(round(time - cycle_s * targets, 1), "s", "time left with a single channel")
    if channels <= 1.0 + 1e-9:
        why = "The time suffices even one after another."
        return Held("supported", why, (), margin, steps, (), ())
    why = f"{time:.0f} s pass between the edge of the zone and the defender."
    conditions = (
        f"at least {math.ceil(channels - 1e-9)} of them are guided against at the same time",
        f"or each takes less than {share:.1f} s",
    )
    return Held("only if", why, conditions, margin, steps, (), ())


def mach(speed_mps: float, number: float, height_m: float | None = None) -> Held:
    """Is this speed that Mach number, at sea level or at a height?"""
    sound = SOUND_SPEED_MPS if height_m is None else float(sound_speed_mps(height_m))
    low = float(sound_speed_mps(15_000.0))
    found = speed_mps / sound
    steps = (
        Step("sound speed taken", sound, "m/s"),
        Step("Mach number there", found, "Mach"),
        Step("Mach number at 11 to 20 km", speed_mps / low, "Mach"),
    )
    off = found / number - 1.0
    margin = Margin(round(100 * off, 1), "%", "Mach number beyond the claimed one")
    if abs(off) <= MACH_TOLERANCE:
        where = "at sea level" if height_m is None else f"at {km(height_m):g} km"
        conditions = (f"the sound speed is taken {where}",)
        why = f"{speed_mps / 1e3:g} km/s is Mach {found:.1f} {where}."
        return Held("supported", why, conditions, margin, steps, (SOUND_SPEED,), ())
    why = f"It is Mach {found:.1f}."
    return Held("contradicted", why, (), margin, steps, (SOUND_SPEED,), ())


def orbital_speed_mps(height_m: float) -> float:
    """Speed on a circular orbit: sqrt(mu / (R + h)); height above the mean sphere, m."""
    return float((MU_M3PS2 / (EARTH_RADIUS_M + height_m)) ** 0.5)


def orbit_height_m(speed_mps: float) -> float:
    """Height of the circular orbit of a speed: mu / v^2 - R."""
    return MU_M3PS2 / speed_mps**2 - EARTH_RADIUS_M


def track_spacing(scan_s: float, acceleration_mps2: float, range_m: float, targets: int) -> Held:
    """Can this many tracks be kept apart?

    A plot is looked for in a gate around the predicted place. The gate must hold the error of the
    measurement and what a turn of `acceleration_mps2` moves the target in one scan, a T^2 / 2. If
    the mean number of other targets in a gate, N A_gate / area, is above a tenth, tracks swap
    often (Bar-Shalom and Li, Multitarget-Multisensor Tracking, 1995, section 3.2, reads the same
    quantity for false plots). Solved for the mean spacing sqrt(area / N).
    """
    across_error = 3.0 * range_m * math.radians(AZIMUTH_ERROR_DEG)
    turn = 0.5 * acceleration_mps2 * scan_s**2
    along, across = math.hypot(turn, 3.0 * RANGE_ERROR_M), math.hypot(turn, across_error)
    spacing = math.sqrt(math.pi * along * across / FOREIGN_PLOTS)
    side = spacing * math.sqrt(targets)
    steps = (
        Step(f"three-sigma error across at {km(range_m):g} km", across_error, "m"),
        Step(f"displacement by a turn in one scan of {scan_s:g} s", turn, "m"),
        Step("half-axes of the gate: along", along, "m"),
        Step("half-axes of the gate: across", across, "m"),
        Step("mean spacing at which a tenth of a foreign target is in a gate", spacing, "m"),
        Step(f"side of the square that {targets} targets then need", side, "m"),
    )
    apart = f"the targets are on average {km(spacing):g} km apart or more"
    conditions = (
        f"{apart}: {targets} of them over {side / 1e3:.0f} by {side / 1e3:.0f} km",
        f"each is looked at every {scan_s:g} s, and false plots are few beside the targets",
        "each is above the horizon and detected",
    )
    why = "Holding many tracks is easy; telling them apart in a dense raid is not."
    margin = Margin(-km(spacing), "km", "mean spacing by which a denser raid fails")
    assumed = (
        f"assumed: errors of {AZIMUTH_ERROR_DEG:g} deg and {RANGE_ERROR_M:g} m, 3-sigma gates",
        f"assumed: turns of {acceleration_mps2 / 9.80665:.0f} g",
    )
    return Held("only if", why, conditions, margin, steps, (), assumed)
