"""A generic missile: a motor and an airframe of few numbers, and its fastest flight to a point.

What the public record does not constrain is one of the ``ASSUMED`` constants, each with its reason.
Nothing here describes a real missile's propulsion, control or guidance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openiads.kernel import kernel
from openiads.physics.dynamics import (
    AIM_ANGLE,
    AIMED,
    CURVATURE,
    DIVERT,
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
from openiads.physics.flight import fly_to_point, parameters

ASSUMED: dict[str, tuple[float, str]] = {
    # Composite solid propellants give 240 to 265 s (Sutton, Rocket Propulsion Elements, ch. 13).
    "exhaust_mps": (2450.0, "effective exhaust speed, a specific impulse of 250 s"),
    "boost_load_g": (18.0, "mean axial acceleration of the boost: sets its duration"),
    "sustain_share": (0.0, "share of propellant in a sustain phase: public figures name none"),
    "alpha_max_rad": (0.35, "angle of attack at full lift, 20 degrees; sets drag due to lift"),
    "load_max_g": (30.0, "structural limit, below the loads quoted for agile missiles"),
    "ignition_s": (1.5, "from ejection to ignition after a cold launch and turn-over"),
    "ejection_speed_mps": (25.0, "speed at ignition, towards the launch angle"),
    "ejection_height_m": (20.0, "height at ignition after the ejection"),
    "launch_angle_min_rad": (0.1, "least path angle at ignition, so that low flights clear masts"),
    "margin_min_g": (3.0, "lateral acceleration that must be left to count a point as reached"),
    "end_speed_min_mps": (300.0, "end speed that must be left: faster than subsonic targets"),
    "altitude_share": (0.5, "share of the range over which the published altitude is reached"),
    # 40N6E: Mach 3.5 over Mach 6.5 is 0.54; 9M96E2: 1,000 m/s over Mach 4.75 is 0.7.
    "air_ceiling_m": (
        30e3,
        "a round with thrusters steers with air alone up to here, as others do",
    ),
    "divert_drag_m2pkg": (2.2e-4, "drag area of a round with thrusters: as fitted to the 40N6E"),
    "mean_speed_share": (0.54, "mean speed over the full range, over top speed; ends the flight"),
}
"""Every constant of the generic family: name -> (value, reason). All are assumed."""

LOFTS_RAD = np.radians(np.array([0.0, 3.0, 6.0, 10.0, 15.0, 20.0, 26.0, 33.0, 41.0, 50.0, 60.0]))
"""Launch angles above the line of sight that are tried; the fastest flight that counts is kept."""
FINE_LOFTS_RAD = np.radians(np.arange(0.0, 60.1, 1.5))
"""The same for a round that falls to its aim: thrusters correct little, so the angle must fit."""
DIVES_RAD = np.radians(np.array([-1.0, 12.0, 30.0, 50.0]))
"""Final angles below the horizontal that are tried; a negative one leaves the angle free."""


@dataclass(frozen=True)
class Motor:
    """A missile of the generic family: its bounds as published, and the fitted numbers.

    Areas are m² per kg of launch mass; fractions are of launch mass. ``residuals`` holds, for each
    published bound, (name, published, computed). ``divert_mps2`` is the lateral acceleration that
    thrusters give without air; 0 for a round that steers with air.
    """

    range_max_m: float
    altitude_max_m: float
    speed_max_mps: float
    range_min_m: float
    altitude_min_m: float
    constants: dict[str, float]
    propellant_fraction: float = 0.5
    drag_area_m2pkg: float = 3e-4
    lift_area_m2pkg: float = 1e-3
    divert_mps2: float = 0.0
    residuals: tuple[tuple[str, float, float], ...] = ()

    def vector(self):
        """The parameter vector (22,) of `openiads.physics.flight.parameters`."""
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
            divert_mps2=self.divert_mps2,
        )


@kernel
def _margin_g(time, y, par):
    """Lateral acceleration left at the end of a flight after holding its weight, in g."""
    density, _ = air(planar_height(y[0], y[1], par[CURVATURE]))
    speed2 = y[2] * y[2] + y[3] * y[3]
    mass, _ = mass_fraction(time, par)
    lift = 0.5 * density * speed2 * par[LIFT_AREA] / mass
    divert = par[DIVERT] if par[GUIDE] == AIMED else 0.0
    most = min(lift + divert, par[LOAD_MAX])
    return most / STANDARD_GRAVITY_MPS2 - abs(y[2]) / math.sqrt(speed2)


@kernel
def _try(i, j, aim, par, start, lofts, limits, work, trial):
    """Fly loft ``i`` and dive ``j`` to the aim (x, z, turn); writes (time, speed, margin, counts).

    ``work`` (10, 4) is the integrator's space: stages, state, trial state and tolerances.
    """
    y, new, atol = work[7], work[8], work[9]
    dive = DIVES_RAD[j]
    par[GUIDE] = AIMED if dive < 0.0 else SHAPED
    par[AIM_ANGLE] = -dive - aim[2]
    angle = max(math.atan2(aim[1] - start[0], aim[0]) + lofts[i], start[2])
    trial[0], trial[1], trial[2], trial[3] = math.inf, 0.0, -math.inf, 0.0
    if angle > 0.5 * math.pi:
        return
    y[0], y[1] = 0.0, start[0]
    y[2], y[3] = start[1] * math.cos(angle), start[1] * math.sin(angle)
    time, miss, arrived = fly_to_point(
        y, par, aim[0], aim[1], limits[2], 300.0, 1e-4, atol, work[:7], new
    )
    if not arrived or miss > 30.0:
        return
    trial[0] = time
    trial[1] = math.sqrt(y[2] * y[2] + y[3] * y[3])
    trial[2] = _margin_g(time, y, par)
    trial[3] = 1.0 if trial[2] >= limits[0] and trial[1] >= limits[1] else 0.0


@kernel
def _climb(aim, par, start, lofts, limits, work, trial, tried, guess, best):
    """Look around the neighbour's best loft and dive until no flight nearby is faster."""
    moved = True
    while moved:
        moved = False
        i0, j0 = guess[0], guess[1]
        for i in range(max(i0 - 1, 0), min(i0 + 2, len(lofts))):
            for j in range(max(j0 - 1, 0), min(j0 + 2, len(DIVES_RAD))):
                if not tried[i, j]:
                    tried[i, j] = True
                    _try(i, j, aim, par, start, lofts, limits, work, trial)
                    if trial[3] > 0.0 and trial[0] < best[0]:
                        best[0], best[1], best[2] = trial[0], trial[1], trial[2]
                        guess[0], guess[1] = i, j
                        moved = True


@kernel
def reach(down_range, altitude, par, start, lofts, limits, work, guess, best):
    """The fastest flight to a point that counts: writes (time, speed, margin), time +inf for none.

    ``start`` is (height, speed, least angle, delay) at ignition, ``limits`` (margin in g, speed,
    time). ``guess`` (2,) holds the loft and dive of the neighbour's best, or -1, and gets this
    one's: from there the search climbs, and only if that finds nothing all are tried.
    """
    turn = down_range / EARTH_RADIUS_M
    aim = (
        (EARTH_RADIUS_M + altitude) * math.sin(turn),
        altitude - 2.0 * (EARTH_RADIUS_M + altitude) * math.sin(0.5 * turn) ** 2,
        turn,
    )
    best[0], best[1], best[2] = math.inf, 0.0, 0.0
    trial = np.empty(4)
    tried = np.zeros((len(lofts), len(DIVES_RAD)), np.bool_)
    if guess[0] >= 0:
        _climb(aim, par, start, lofts, limits, work, trial, tried, guess, best)
    if best[0] == math.inf:
        guess[0] = -1
        for j in range(len(DIVES_RAD)):
            for i in range(len(lofts)):
                if not tried[i, j]:
                    _try(i, j, aim, par, start, lofts, limits, work, trial)
                    if trial[3] > 0.0 and trial[0] < best[0]:
                        best[0], best[1], best[2] = trial[0], trial[1], trial[2]
                        guess[0], guess[1] = i, j
    best[0] += start[3]


@kernel
def workspace():
    """(work, guess, best) for `reach`; the tolerances are 0.3 m and 0.03 m/s a step."""
    work = np.empty((10, 4))
    work[9, :2] = 0.3
    work[9, 2:] = 0.03
    return work, np.array([-1, -1]), np.empty(3)


def start_of(motor):
    """(height, speed, least launch angle, delay) at ignition, for `reach`."""
    constants = motor.constants
    return np.array(
        [
            constants["ejection_height_m"],
            constants["ejection_speed_mps"],
            constants["launch_angle_min_rad"],
            constants["ignition_s"],
        ]
    )


def lofts_of(motor):
    """Launch angles above the line of sight to try, rad."""
    return FINE_LOFTS_RAD if motor.divert_mps2 > 0.0 else LOFTS_RAD


def limits_of(motor):
    """(margin in g, speed, time) that a flight must keep to count."""
    c = motor.constants
    life = motor.range_max_m / (c["mean_speed_share"] * motor.speed_max_mps)
    return np.array([c["margin_min_g"], c["end_speed_min_mps"], life])
