"""Paths: a threat class and two places on the map become points at equal times."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.ballistic import ballistic
from openiads.domain.knots import Knots, sample
from openiads.domain.paths import waypoints
from openiads.domain.threats import Threat
from openiads.physics.geodesy import height_above_ellipsoid

CLIMB_MPS = 60.0
"""Rate at which a high leg goes over to a low one (assumed: a brisk descent of a jet)."""

DIVE_RAD = math.radians(20.0)
"""Angle of the last dive onto the aim point (assumed)."""

STEP_LENGTH_M, STEP_LEAST_S, STEP_MOST_S = 250.0, 0.5, 4.0
"""Grid step: what a threat flies in one, within bounds. The cubic between two grid points of a
straight leg is exact; in a 5 g turn it errs by h^4/384 of the fourth derivative, below 0.1 m."""

STANDARD_GRAVITY_MPS2 = 9.80665


class Path(NamedTuple):
    """Points every ``step_s`` seconds: position and velocity (n, 3) in the scenario frame."""

    step_s: float
    pos_m: Any
    vel_mps: Any
    height_m: Any


Place = tuple[float, float, float]


def fly(threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float) -> Path:
    """The path of a threat between two map places (east, north, height)."""
    if threat.profile == "ballistic":
        flight = ballistic(
            start_m,
            aim_m,
            lat0_rad,
            0.0,
            burn_time_s=threat.burn_time_s,
            ballistic_coefficient_kgm2=threat.ballistic_coefficient_kgm2,
        )
        return _gridded(flight.knots, 1.0, lat0_rad)
    step = STEP_LENGTH_M / threat.speed_cruise_mps
    legs = _legs(threat, start_m, aim_m)
    knots = waypoints(
        legs,
        np.full(len(legs), threat.speed_cruise_mps),
        threat.turn_mps2 / STANDARD_GRAVITY_MPS2,
        threat.speed_cruise_mps,
        lat0_rad,
        0.0,
    )
    return _gridded(knots, min(STEP_MOST_S, max(STEP_LEAST_S, step)), lat0_rad)


def _legs(threat: Threat, start_m: Place, aim_m: Place) -> Any:
    """Waypoints (k, 3) of the profile on the straight line to the aim point."""
    cruise, low = threat.altitude_cruise_m, threat.altitude_low_m
    distance = math.dist(start_m[:2], aim_m[:2])
    last = cruise if threat.profile == "level" else low
    first = low if threat.profile == "low-flyer" else cruise
    dive = max(last - aim_m[2], 1.0) / math.tan(DIVE_RAD)
    points = [(distance, first)]
    if threat.profile == "high-low":
        change = abs(cruise - low) / CLIMB_MPS * threat.speed_cruise_mps
        points += [(threat.low_distance_m + change, cruise), (threat.low_distance_m, low)]
    points += [(dive, last), (0.0, aim_m[2])]
    # A wave that appears inside one of its own legs starts on that leg.
    points = [points[0], *(p for p in points[1:] if p[0] < distance - 10.0)]
    legs = []
    for to_go, height in points:
        part = to_go / distance
        east = aim_m[0] + part * (start_m[0] - aim_m[0])
        north = aim_m[1] + part * (start_m[1] - aim_m[1])
        legs.append((east, north, height))
    return np.array(legs)


def _gridded(knots: Knots, step_s: float, lat0_rad: float) -> Path:
    """A trajectory at equal times, the last of them its end."""
    life = float(knots.t_s[-1] - knots.t_s[0])
    count = max(2, math.ceil(life / step_s) + 1)
    pos, vel = sample(knots, np.linspace(knots.t_s[0], knots.t_s[-1], count))
    height = height_above_ellipsoid(pos[:, 0], pos[:, 1], pos[:, 2], lat0_rad)
    return Path(life / (count - 1), pos, vel, np.asarray(height))
