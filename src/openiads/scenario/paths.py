"""Paths: a threat class and two places on the map become points at equal times."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.ballistic import ballistic
from openiads.domain.glide import glide_vehicle
from openiads.domain.knots import Knots, sample
from openiads.domain.paths import Weave, waypoints
from openiads.domain.satellites import elements, satellite
from openiads.domain.threats import Threat
from openiads.domain.trajectories import hypersonic_cruise, terrain_profile
from openiads.faults import InputError
from openiads.physics.geodesy import enu_to_map, height_above_ellipsoid
from openiads.physics.propagation import EARTH_RADIUS_M
from openiads.scenario.ground import Ground

CLIMB_MPS = 60.0
"""Rate at which a high leg goes over to a low one (assumed: a brisk descent of a jet)."""

DIVE_RAD = math.radians(20.0)
"""Angle of the last dive onto the aim point (assumed)."""

CLIMB_SLOPE = math.tan(math.radians(15.0))
"""Steepest climb and dive over hills (assumed: a cruise missile's or a jet's, not a drone's)."""

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


def fly(
    threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float, ground: Ground | None = None
) -> Path:
    """The path of a threat between two map places (east, north, height).

    Over ``ground`` a powered flight near the surface is lifted to its clearance, `above_ground`.
    """
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
    if threat.profile == "glide":
        glided = glide_vehicle(
            start_m, aim_m, threat.lift_to_drag, lat0_rad, 0.0, weave=_weave(threat)
        )
        return _gridded(glided.knots, 1.0, lat0_rad)
    if threat.profile == "satellite":
        return _pass(threat, lat0_rad)
    step = min(STEP_MOST_S, max(STEP_LEAST_S, STEP_LENGTH_M / threat.speed_cruise_mps))
    if threat.profile == "hypersonic":
        knots = hypersonic_cruise(
            [start_m, aim_m], threat.speed_cruise_mps, threat.altitude_cruise_m, lat0_rad, 0.0,
            weave=_weave(threat),
        )  # fmt: skip
        return _gridded(knots, step, lat0_rad)
    low = threat.altitude_cruise_m if threat.profile == "level" else threat.altitude_low_m
    # Towards an aim on a hill above the last leg the ground, not the leg, gives the height.
    foot = aim_m[2] if ground is None else min(aim_m[2], low - 20.0)
    legs = _legs(threat, start_m, (aim_m[0], aim_m[1], foot))
    knots = waypoints(
        legs,
        np.full(len(legs), threat.speed_cruise_mps),
        threat.turn_mps2 / STANDARD_GRAVITY_MPS2,
        threat.speed_cruise_mps,
        lat0_rad,
        0.0,
        weave=_weave(threat),
    )
    path = _gridded(knots, step, lat0_rad)
    return path if ground is None else above_ground(path, ground, threat, aim_m[2], lat0_rad)


def _weave(threat: Threat) -> Weave | None:
    if threat.weave_amplitude_m <= 0.0:
        return None
    return Weave(threat.weave_amplitude_m, threat.weave_period_s)


def _pass(threat: Threat, lat0_rad: float) -> Path:
    """The first pass over the map origin within a day of the element set's epoch, above 0 degrees.

    Where the wave starts and aims plays no part: the orbit decides.
    """
    if not threat.tle_line1 or not threat.tle_line2:
        raise InputError.of(
            "a satellite needs its two-line element set", "give tle_line1 and tle_line2 under with:"
        )
    orbit = elements(threat.tle_line1, threat.tle_line2)
    day, part = orbit.jdsatepoch, orbit.jdsatepochF
    found = satellite(threat.tle_line1, threat.tle_line2, day, part, 86_400.0, lat0_rad, 0.0)
    t = np.arange(0.0, 86_400.0, 10.0)
    up = sample(found, t)[0][:, 2] > 0.0
    rises = np.flatnonzero(up[1:] & ~up[:-1]) + 1
    if not len(rises):
        raise InputError.of(
            "the satellite does not rise over the map within a day of its epoch",
            "choose an inclination above the map's latitude, or another epoch",
        )
    sets = np.flatnonzero(~up[rises[0] :])
    last = rises[0] + (sets[0] if len(sets) else len(up) - 1 - rises[0])
    begin, end = float(t[rises[0]]), float(t[last])
    over = satellite(
        threat.tle_line1, threat.tle_line2, day, part + begin / 86_400.0, end - begin, lat0_rad, 0.0
    )
    return _gridded(over, 1.0, lat0_rad)


def above_ground(
    path: Path, ground: Ground, threat: Threat, aim_height_m: float, lat0_rad: float
) -> Path:
    """The path lifted so that it clears the ground as steeply as `CLIMB_SLOPE` allows.

    Clearance: the low altitude, on the last stretch no more than a `CLIMB_SLOPE` descent to the
    aim leaves. The ground is read at the grid points of the path; a ridge between two of them
    (250 m apart at most for what flies low) is not seen.
    """
    pos, vel = np.array(path.pos_m), np.array(path.vel_mps)
    east, north, height = enu_to_map(pos[:, 0], pos[:, 1], pos[:, 2], lat0_rad, 0.0)
    below = ground.height_m(east, north)
    if not (below > 0.0).any():
        return path
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))])
    to_go = along[-1] - along
    clear = np.minimum(threat.altitude_low_m, CLIMB_SLOPE * to_go)
    step = along[-1] / (len(along) - 1)
    lowest = terrain_profile(below + clear, max(step, 1.0), 0.0, CLIMB_SLOPE)
    lift = np.maximum(lowest - height, 0.0)
    lift[-1] = max(aim_height_m - height[-1], 0.0)
    away = pos + np.array([0.0, 0.0, EARTH_RADIUS_M])
    up = away / np.linalg.norm(away, axis=1, keepdims=True)
    rise = np.gradient(lift, path.step_s)
    return Path(path.step_s, pos + lift[:, None] * up, vel + rise[:, None] * up, height + lift)


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
