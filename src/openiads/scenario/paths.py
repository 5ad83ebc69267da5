"""Paths: a threat class and two places on the map become points at equal times."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.threats import Threat
from openiads.physics.geodesy import map_to_enu

CLIMB_MPS = 60.0
"""Rate at which a level leg changes to a lower one (assumed: a normal descent of a jet)."""

DIVE_RAD = math.radians(20.0)
"""Angle of the last dive onto the aim point (assumed; shallow for a skimmer by its height)."""


class Path(NamedTuple):
    """Points every ``step_s`` seconds: position and velocity (n, 3) in the scenario frame."""

    step_s: float
    pos_m: Any
    vel_mps: Any
    height_m: Any


def fly(
    threat: Threat,
    start_m: tuple[float, float],
    aim_m: tuple[float, float],
    aim_height_m: float,
    lat0_rad: float,
) -> Path:
    """The path of a threat from ``start_m`` to ``aim_m`` (map east, north)."""
    if threat.profile == "ballistic":
        return _ballistic(threat, start_m, aim_m, aim_height_m, lat0_rad)
    return _straight(threat, start_m, aim_m, aim_height_m, lat0_rad)


def _profile(threat: Threat, to_go_m: Any, aim_height_m: float) -> Any:
    """Height at a distance to go: cruise, one change of level, the last dive."""
    cruise, low = threat.altitude_cruise_m, threat.altitude_low_m
    if threat.profile == "level":
        legs = np.full_like(to_go_m, cruise)
    elif threat.profile == "low-flyer":
        legs = np.full_like(to_go_m, low)
    else:
        change = max(abs(cruise - low) / CLIMB_MPS * threat.speed_cruise_mps, 1.0)
        part = np.clip((to_go_m - threat.low_distance_m) / change, 0.0, 1.0)
        # A cubic keeps the climb rate continuous at both ends of the change.
        legs = low + (cruise - low) * part * part * (3.0 - 2.0 * part)
    return np.minimum(legs, aim_height_m + to_go_m * math.tan(DIVE_RAD))


def _straight(
    threat: Threat,
    start_m: tuple[float, float],
    aim_m: tuple[float, float],
    aim_height_m: float,
    lat0_rad: float,
) -> Path:
    """A straight ground track at constant ground speed."""
    distance = math.dist(start_m, aim_m)
    life = distance / threat.speed_cruise_mps
    count = max(2, math.ceil(life / min(4.0, max(0.5, 250.0 / threat.speed_cruise_mps))) + 1)
    step = life / (count - 1)
    part = np.linspace(0.0, 1.0, count)
    height = _profile(threat, distance * (1.0 - part), aim_height_m)
    east = start_m[0] + part * (aim_m[0] - start_m[0])
    north = start_m[1] + part * (aim_m[1] - start_m[1])
    pos = np.array(
        [map_to_enu(e, n, h, lat0_rad, 0.0) for e, n, h in zip(east, north, height, strict=True)]
    )
    return Path(step, pos, np.gradient(pos, step, axis=0), height)


def _ballistic(
    threat: Threat,
    start_m: tuple[float, float],
    aim_m: tuple[float, float],
    aim_height_m: float,
    lat0_rad: float,
) -> Path:
    raise NotImplementedError
