"""Interceptor fly-out: a generic motor fitted to published bounds, and the table it flies.

A published missile gives a top speed, a range and an altitude. `calibrate` finds the motor of a
generic family that has exactly these; `flyout_table` flies it to every (down-range, altitude) and
keeps the fastest flight, its end speed and the manoeuvre margin left there. What the public record
does not constrain is one of the ``ASSUMED`` constants below, each with its reason. Nothing here
describes a real missile's propulsion, control or guidance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from openiads.faults import Fault, InputError
from openiads.kernel import kernel
from openiads.physics.dynamics import (
    AIM_ANGLE,
    AIMED,
    CURVATURE,
    EARTH_RADIUS_M,
    GUIDE,
    LIFT_AREA,
    LOAD_MAX,
    SHAPED,
    STANDARD_GRAVITY_MPS2,
    air,
    mass_fraction,
    planar_height,
)
from openiads.physics.flight import fly_phases, fly_to_point, parameters

ASSUMED = {
    "exhaust_mps": (
        2450.0,
        (
            "effective exhaust speed; composite solid propellants give 240 to 265 s (Sutton, Rocket "
            "Propulsion Elements, table 13-1), 250 s taken"
        ),
    ),
    "boost_load_g": (
        18.0,
        (
            "mean axial acceleration of the boost; sets its duration as top speed over this; long "
            "burns and short ones differ by seconds of flight time only"
        ),
    ),
    "sustain_share": (
        0.0,
        (
            "share of the propellant burnt in a sustain phase; public figures name none, so all is "
            "boost and the missile coasts"
        ),
    ),
    "alpha_max_rad": (
        0.35,
        "angle of attack at full lift, 20 degrees; drag due to lift is lift times the used angle",
    ),
    "load_max_g": (30.0, "structural limit; below the loads quoted for agile missiles"),
    "ignition_s": (
        1.5,
        "time from ejection to ignition after a cold vertical launch and turn-over",
    ),
    "ejection_speed_mps": (25.0, "speed at ignition, towards the loft angle"),
    "ejection_height_m": (20.0, "height at ignition"),
    "margin_min_g": (
        3.0,
        (
            "lateral acceleration that must be left to count a point as reached: aircraft turn at up "
            "to 9 g, but one third of the target's load is a common rule for a last correction of a "
            "target that does not turn"
        ),
    ),
    "end_speed_min_mps": (
        300.0,
        "end speed that must be left to count a point as reached: faster than subsonic targets",
    ),
    "launch_angle_min_rad": (0.1, "least path angle at ignition, so that low flights clear masts"),
    "altitude_share": (
        0.5,
        (
            "share of the range at which the published altitude must still be reached; public figures "
            "give one altitude for the whole envelope"
        ),
    ),
    "mean_speed_share": (
        0.54,
        (
            "mean speed over the full range, over top speed; the public figures of 40N6E (Mach 3.5 and "
            "Mach 6 to 7) give 0.54, those of 9M96E2 (900 to 1,100 m/s and Mach 4.5 to 5) 0.7; it also "
            "ends controlled flight, as no public figure gives its duration"
        ),
    ),
}
"""Every constant of the generic family: name -> (value, reason). All are assumed."""

LOFTS_RAD = np.radians(np.array([0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 26.0, 33.0, 41.0, 50.0, 60.0]))
"""Launch angles above the line of sight that are tried; the fastest flight that counts is kept."""
DIVES_RAD = np.radians(np.array([-1.0, 12.0, 30.0, 50.0]))
"""Final angles below the horizontal that are tried; a negative one leaves the angle free."""


_MARGIN_SURPLUS = 1.1
"""The lift is fitted to this much more than the least margin, so that the whole top row counts."""
_SHARES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)


@dataclass(frozen=True)
class Motor:
    """A missile of the generic family: its bounds as published, and the fitted numbers.

    Areas are m² per kg of launch mass; fractions are of launch mass. ``residuals`` holds, for each
    published bound, (name, published, computed).
    """

    range_max_m: float
    altitude_max_m: float
    speed_max_mps: float
    range_min_m: float
    altitude_min_m: float
    propellant_fraction: float
    drag_area_m2pkg: float
    lift_area_m2pkg: float
    constants: dict[str, float]
    residuals: tuple[tuple[str, float, float], ...] = field(default=())

    def vector(self):
        """The parameter vector (20,) of `openiads.physics.flight.parameters`."""
        c = self.constants
        boost_time = self.speed_max_mps / (c["boost_load_g"] * STANDARD_GRAVITY_MPS2)
        sustain = c["sustain_share"] * self.propellant_fraction
        return parameters(
            exhaust_mps=c["exhaust_mps"],
            boost_fraction=self.propellant_fraction - sustain,
            boost_time_s=boost_time,
            sustain_fraction=sustain,
            sustain_time_s=3.0 * boost_time if sustain > 0.0 else 0.0,
            ignition_s=0.0,
            drag_area_m2pkg=self.drag_area_m2pkg,
            lift_area_m2pkg=self.lift_area_m2pkg,
            alpha_max_rad=c["alpha_max_rad"],
            load_max_mps2=c["load_max_g"] * STANDARD_GRAVITY_MPS2,
            earth_radius_m=EARTH_RADIUS_M,
        )


class FlyoutTable(NamedTuple):
    """Fastest flights to points of a vertical plane, from a launcher at height 0.

    ``down_range_m`` (nr,) is measured along the ground, ``altitude_m`` (na,) above it; ``time_s``,
    ``speed_mps`` and ``margin`` (na, nr) are the time from launch, the end speed and the lateral
    acceleration left in g. Outside the kinematic boundary the time is +inf, speed and margin 0.
    Both axes are uniform, starting at 0, so that a look-up is two multiplications.
    """

    down_range_m: np.ndarray
    altitude_m: np.ndarray
    time_s: np.ndarray
    speed_mps: np.ndarray
    margin: np.ndarray


@kernel
def _margin_g(time, y, par):
    """Lateral acceleration left at the end of a flight after holding its weight, in g."""
    density, _ = air(planar_height(y[0], y[1], par[CURVATURE]))
    speed2 = y[2] * y[2] + y[3] * y[3]
    mass, _ = mass_fraction(time, par)
    most = min(0.5 * density * speed2 * par[LIFT_AREA] / mass, par[LOAD_MAX])
    return most / STANDARD_GRAVITY_MPS2 - abs(y[2]) / math.sqrt(speed2)


@kernel
def _reach(down_range, altitude, par, start, lofts, limits, k, y, new, atol, best):
    """Try the lofts to a point; writes (time, speed, margin) of the fastest flight that counts.

    ``start`` is (height, speed, least angle, delay) at ignition, ``limits`` (margin in g, speed,
    time). Without a flight that counts the time is +inf and the rest describe the flight with the
    greatest margin.
    """
    best[0], best[1], best[2] = math.inf, 0.0, -math.inf
    turn = down_range / EARTH_RADIUS_M
    x = (EARTH_RADIUS_M + altitude) * math.sin(turn)
    z = altitude - 2.0 * (EARTH_RADIUS_M + altitude) * math.sin(0.5 * turn) ** 2
    sight = math.atan2(z - start[0], x)
    for dive in DIVES_RAD:
        par[GUIDE] = AIMED if dive < 0.0 else SHAPED
        par[AIM_ANGLE] = -dive - turn
        slower = 0
        fastest = math.inf
        for i in range(len(lofts)):
            angle = max(sight + lofts[i], start[2])
            if angle > 0.5 * math.pi or slower == 2:
                break
            y[0], y[1] = 0.0, start[0]
            y[2], y[3] = start[1] * math.cos(angle), start[1] * math.sin(angle)
            time, miss, arrived = fly_to_point(y, par, x, z, limits[2], 300.0, 1e-4, atol, k, new)
            if not arrived or miss > 30.0:
                continue
            speed = math.sqrt(y[2] * y[2] + y[3] * y[3])
            margin = _margin_g(time, y, par)
            counts = margin >= limits[0] and speed >= limits[1]
            # Time has one minimum over the loft: two slower flights in a row are enough.
            if counts and time >= fastest:
                slower += 1
            if counts and time < fastest:
                fastest = time
                slower = 0
            if counts and time < best[0]:
                best[0], best[1], best[2] = time, speed, margin
            elif best[0] == math.inf and margin > best[2]:
                best[1], best[2] = speed, margin
    best[0] += start[3]


@kernel
def _fill(down_range, altitude, par, start, lofts, limits, time, speed, margin):
    """Fill the tables (na, nr) with the fastest flights."""
    k, y, new, best = np.empty((7, 4)), np.empty(4), np.empty(4), np.empty(3)
    atol = np.array([0.3, 0.3, 0.03, 0.03])
    for i in range(len(altitude)):
        beyond = 0
        for j in range(len(down_range)):
            if beyond == 4:
                # Past the boundary nothing farther is reached: leave the rest of the row.
                break
            _reach(down_range[j], altitude[i], par, start, lofts, limits, k, y, new, atol, best)
            beyond = beyond + 1 if best[0] == math.inf and j > 3 else 0
            time[i, j] = best[0]
            speed[i, j] = best[1] if best[0] < math.inf else 0.0
            margin[i, j] = best[2] if best[0] < math.inf else 0.0


@kernel
def _reaches(down_range, altitudes, par, start, lofts, limits):
    """Whether any of the altitudes is reached at a down-range, in time and with margin to spare."""
    k, y, new, best = np.empty((7, 4)), np.empty(4), np.empty(4), np.empty(3)
    atol = np.array([0.3, 0.3, 0.03, 0.03])
    for i in range(len(altitudes)):
        _reach(down_range, altitudes[i], par, start, lofts, limits, k, y, new, atol, best)
        if best[0] < math.inf:
            return True
    return False


def _start(constants):
    """(height, speed, least launch angle, delay) at ignition."""
    return np.array(
        [
            constants["ejection_height_m"],
            constants["ejection_speed_mps"],
            constants["launch_angle_min_rad"],
            constants["ignition_s"],
        ]
    )


def _limits(motor):
    """(margin in g, speed, time) that a flight must keep to count."""
    c = motor.constants
    life = motor.range_max_m / (c["mean_speed_share"] * motor.speed_max_mps)
    return np.array([c["margin_min_g"], c["end_speed_min_mps"], life])


def flyout_table(motor, ranges=51, altitudes=21):
    """Fly ``motor`` to every point of a grid: the `FlyoutTable` of shape (altitudes, ranges).

    The grid runs from 0 to the published range and altitude. For each point the launch angles
    `LOFTS_RAD` above the line of sight are flown with the planar law under proportional navigation,
    and the fastest flight that arrives with the least margin and speed of the motor's constants is
    kept. Published minimum range and altitude are not cut out: the caller knows them.
    """
    down_range = np.linspace(0.0, motor.range_max_m, ranges)
    altitude = np.linspace(0.0, motor.altitude_max_m, altitudes)
    shape = (altitudes, ranges)
    time, speed, margin = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
    _fill(
        down_range,
        altitude,
        motor.vector(),
        _start(motor.constants),
        LOFTS_RAD,
        _limits(motor),
        time,
        speed,
        margin,
    )
    return FlyoutTable(down_range, altitude, time, speed, margin)


@kernel
def flyout_time(down_range_axis, altitude_axis, time_s, speed_mps, down_range_m, altitude_m):
    """Time of flight and end speed to a point, bilinear: (time_s, speed_mps); (inf, 0) outside.

    The axes (nr,), (na,) are uniform and start at 0; the tables are (na, nr). A cell with a corner
    outside the kinematic boundary is outside, except on its reached edges.
    """
    nr, na = len(down_range_axis), len(altitude_axis)
    across = down_range_m / down_range_axis[1]
    up = altitude_m / altitude_axis[1]
    if not (0.0 <= across <= nr - 1 and 0.0 <= up <= na - 1):
        return math.inf, 0.0
    i, j = min(int(up), na - 2), min(int(across), nr - 2)
    fu, fa = up - i, across - j
    time, speed = 0.0, 0.0
    for di in range(2):
        for dj in range(2):
            weight = (fu if di else 1.0 - fu) * (fa if dj else 1.0 - fa)
            if weight > 0.0:
                time += weight * time_s[i + di, j + dj]
                speed += weight * speed_mps[i + di, j + dj]
    if time < math.inf:
        return time, speed
    return math.inf, 0.0


def _check(bounds, overrides):
    """Every fault of the published bounds and of the overridden constants at once."""
    faults = [
        Fault(f"{name} is {value!r}", "give a positive finite number", key=name)
        for name, value in bounds.items()
        if not (math.isfinite(value) and value >= 0.0)
    ]
    faults += [
        Fault(f"no constant of the motor family is called {name!r}", "see ASSUMED", key=name)
        for name in overrides
        if name not in ASSUMED
    ]
    if not faults:
        if bounds["range_max_m"] <= bounds["range_min_m"]:
            faults.append(Fault("range_max_m is not above range_min_m", key="range_max_m"))
        if bounds["altitude_max_m"] <= bounds["altitude_min_m"]:
            faults.append(Fault("altitude_max_m is not above altitude_min_m", key="altitude_max_m"))
        if not 250.0 <= bounds["speed_max_mps"] <= 6000.0:
            faults.append(
                Fault("speed_max_mps is outside 250 to 6000 m/s", "m/s?", key="speed_max_mps")
            )
    if faults:
        raise InputError(faults)


def top_speed(motor):
    """Speed at the end of the boost of an unguided flight launched at 45 degrees, m/s.

    The flight that defines "top speed" in the calibration: with drag, gravity and a round Earth.
    """
    par = motor.vector()
    c = motor.constants
    speed = c["ejection_speed_mps"] * math.sqrt(0.5)
    y = np.array([0.0, c["ejection_height_m"], speed, speed])
    end = motor.speed_max_mps / (c["boost_load_g"] * STANDARD_GRAVITY_MPS2)
    work = np.empty((7, 4)), np.empty(4)
    fly_phases(y, par, 0.0, end, 1e-8, np.full(4, 1e-4), *work)
    return math.hypot(y[2], y[3])


def _bisect(wanted, low, high, steps):
    """The point of [low, high], on a logarithmic scale, where ``wanted(x)`` turns false."""
    for _ in range(steps):
        middle = math.sqrt(low * high)
        if wanted(middle):
            low = middle
        else:
            high = middle
    return low


def _fit_propellant(motor):
    def too_slow(fraction):
        return top_speed(replace(motor, propellant_fraction=fraction)) <= motor.speed_max_mps

    return replace(motor, propellant_fraction=_bisect(too_slow, 0.02, 0.93, 30))


def _fit_drag(motor):
    altitudes = motor.altitude_max_m * np.array([0.7, 0.85, 0.5, 0.35, 1.0, 0.2])
    start, limits = _start(motor.constants), _limits(motor)

    def reaches(area):
        par = replace(motor, drag_area_m2pkg=area).vector()
        return _reaches(motor.range_max_m, altitudes, par, start, LOFTS_RAD, limits)

    return replace(motor, drag_area_m2pkg=_bisect(reaches, 1e-6, 3e-2, 16))


def _fit_lift(motor):
    """Scale the lift area until the margin at the published altitude is the least that counts."""
    start, limits = _start(motor.constants), _limits(motor)
    limits[0] *= _MARGIN_SURPLUS
    farthest = motor.constants["altitude_share"] * motor.range_max_m
    work = np.empty((7, 4)), np.empty(4), np.empty(4), np.full(4, 0.03), np.empty(3)

    def lacks(area):
        par = replace(motor, lift_area_m2pkg=area).vector()
        for share in _SHARES:
            at = share * farthest
            _reach(at, motor.altitude_max_m, par, start, LOFTS_RAD, limits, *work)
            if work[-1][0] == math.inf:
                return True
        return False

    return replace(motor, lift_area_m2pkg=_bisect(lacks, 5e-5, 6e-3, 16))


def calibrate(
    range_max_m,
    altitude_max_m,
    speed_max_mps,
    range_min_m=0.0,
    altitude_min_m=0.0,
    **constants,
):
    """The `Motor` of the generic family whose published bounds come out.

    Three numbers are fitted to three figures, in turn until they settle: the propellant fraction to
    the top speed (`top_speed`), the drag area to the range (the greatest at which any altitude is
    still reached with the least margin and speed), the lift area to the altitude (the margin there
    is the least, at ``altitude_share`` of the range). ``constants`` override `ASSUMED`. Raises
    `InputError` for bounds that are not positive and ordered, or for unknown constants. The
    motor's ``residuals`` show what came out.
    """
    bounds = {
        "range_max_m": float(range_max_m),
        "altitude_max_m": float(altitude_max_m),
        "speed_max_mps": float(speed_max_mps),
        "range_min_m": float(range_min_m),
        "altitude_min_m": float(altitude_min_m),
    }
    _check(bounds, constants)
    values = {name: float(constants.get(name, value)) for name, (value, _) in ASSUMED.items()}
    motor = Motor(
        *bounds.values(),
        propellant_fraction=0.5,
        drag_area_m2pkg=3e-4,
        lift_area_m2pkg=1e-3,
        constants=values,
    )
    for _ in range(6):
        before = motor
        motor = _fit_lift(_fit_drag(_fit_propellant(motor)))
        if _settled(before, motor):
            break
    motor = _fit_propellant(motor)
    return replace(motor, residuals=_residuals(motor))


def _settled(a, b):
    return (
        abs(a.drag_area_m2pkg / b.drag_area_m2pkg - 1.0) < 2e-3
        and abs(a.lift_area_m2pkg / b.lift_area_m2pkg - 1.0) < 2e-3
    )


def _residuals(motor):
    """(name, published, computed) of each published bound, found again on the final motor."""
    start, limits = _start(motor.constants), _limits(motor)
    par = motor.vector()
    altitudes = motor.altitude_max_m * np.array([0.7, 0.85, 0.5, 0.35, 1.0, 0.2])

    def near_enough(distance):
        return _reaches(distance, altitudes, par, start, LOFTS_RAD, limits)

    def low_enough(height):
        farthest = motor.constants["altitude_share"] * motor.range_max_m
        return all(
            _reaches(share * farthest, np.array([height]), par, start, LOFTS_RAD, limits)
            for share in _SHARES
        )

    far = _bisect(near_enough, 0.3 * motor.range_max_m, 2.0 * motor.range_max_m, 14)
    high = _bisect(low_enough, 0.3 * motor.altitude_max_m, 2.0 * motor.altitude_max_m, 14)
    return (
        ("range_max_m", motor.range_max_m, far),
        ("altitude_max_m", motor.altitude_max_m, high),
        ("speed_max_mps", motor.speed_max_mps, top_speed(motor)),
    )
