"""Paths: a threat class and places on the map become points at equal times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.ballistic import BallisticFlight, ballistic, release
from openiads.domain.glide import glide_vehicle
from openiads.domain.knots import Knots, sample
from openiads.domain.paths import BLEND_LOAD_G, Weave, waypoints
from openiads.domain.satellites import elements, satellite
from openiads.domain.terrain_following import follow_terrain, push_over_m
from openiads.domain.threats import Threat
from openiads.domain.trajectories import airliner, hypersonic_cruise, surface
from openiads.faults import InputError
from openiads.physics.geodesy import enu_to_map, height_above_ellipsoid
from openiads.physics.propagation import EARTH_RADIUS_M
from openiads.scenario.ground import Ground

CLIMB_MPS = 60.0
"""Rate at which a high leg goes over to a low one (assumed: a brisk descent of a jet)."""

DIVE_RAD = math.radians(20.0)
"""Steepest last dive onto the aim point (assumed). A low flyer's is flatter: its descent is as
long as bending into it at `BLEND_LOAD_G` takes, 1.5 km from 20 m at 700 m/s."""

STEP_LENGTH_M, STEP_LEAST_S, STEP_MOST_S = 250.0, 0.5, 3.0
"""Grid step: what a threat flies in one, within bounds. The engine's cubic between two grid points
is within 1 m of the knots (tests/unit/test_ways_of_flying.py). It is exact on a straight leg and
errs by a h^2 / 64 where the acceleration jumps by a."""

SURFACE_STEP_S, REST_S = 30.0, 86_400.0
"""Grid step on the surface, and how long what stands still is there: the longest scenario."""

GROUND_STEP_M = 50.0
"""Spacing at which terrain following reads the ground: half a cell of a 90 m model."""

STANDARD_GRAVITY_MPS2 = 9.80665

PUSH_OVER_MPS2 = STANDARD_GRAVITY_MPS2
"""Greatest push-over in terrain following, 1 g down: weightless (assumed)."""

_GOLDEN_RAD = math.pi * (3.0 - math.sqrt(5.0))
"""Decoys leave at multiples of the golden angle: any number of them is spread evenly."""


class Path(NamedTuple):
    """Points every ``step_s`` seconds: position and velocity (n, 3) in the scenario frame."""

    step_s: float
    pos_m: Any
    vel_mps: Any
    height_m: Any


Place = tuple[float, float, float]
Spot = tuple[float, float]


class Piece(NamedTuple):
    """What a ballistic missile leaves behind: its name, when after launch, its path and RCS."""

    name: str
    after_s: float
    path: Path
    rcs_m2: float


def fly(
    threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float, ground: Ground | None = None,
    via_m: Sequence[Spot] = (),
) -> Path:  # fmt: skip
    """The path of a threat between two map places (east, north, height), over ``via_m``.

    Over ``ground`` a powered flight near the surface is lifted to its clearance, `above_ground`.
    Points on the way are for what flies by waypoints; the legs between them are geodesics, the
    turns circles of the class's lateral load.
    """
    if threat.profile in ("ballistic", "glide", "satellite"):
        return _by_itself(threat, start_m, aim_m, lat0_rad)
    stops = [start_m, *((*spot, 0.0) for spot in via_m), aim_m]
    if threat.profile == "airway":
        return _airway(threat, stops, lat0_rad)
    if threat.profile == "surface":
        return _on_surface(threat, stops, lat0_rad, ground)
    step = min(STEP_MOST_S, max(STEP_LEAST_S, STEP_LENGTH_M / threat.speed_cruise_mps))
    turn_g = threat.turn_mps2 / STANDARD_GRAVITY_MPS2
    if threat.profile == "hypersonic":
        knots = hypersonic_cruise(
            stops, threat.speed_cruise_mps, threat.altitude_cruise_m, lat0_rad, 0.0,
            weave=_weave(threat),
        )  # fmt: skip
        return _gridded(knots, step, lat0_rad)
    low = threat.altitude_cruise_m if threat.profile == "level" else threat.altitude_low_m
    # Towards an aim on a hill above the last leg the ground, not the leg, gives the height.
    foot = aim_m[2] if ground is None else min(aim_m[2], low - 20.0)
    if ground is not None and threat.height_over == "ground":
        foot = 0.0
    legs = _legs(threat, [*stops[:-1], (aim_m[0], aim_m[1], foot)])
    speeds = np.full(len(legs), threat.speed_cruise_mps)
    knots = waypoints(
        legs, speeds, turn_g, threat.speed_cruise_mps, lat0_rad, 0.0, weave=_weave(threat)
    )
    if ground is None:
        return _gridded(knots, step, lat0_rad)
    return above_ground(knots, step, ground, threat, aim_m[2], lat0_rad)


def _by_itself(threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float) -> Path:
    """Flights that no waypoint and no ground changes."""
    if threat.profile == "ballistic":
        flight = _launched(threat, start_m, aim_m, lat0_rad)
        return _gridded(flight.knots, 1.0, lat0_rad, flight.burnout_s)
    if threat.profile == "glide":
        glided = glide_vehicle(
            start_m, aim_m, threat.lift_to_drag, lat0_rad, 0.0, skip=threat.skip,
            weave=_weave(threat),
        )  # fmt: skip
        return _gridded(glided.knots, 1.0, lat0_rad, glided.burnout_s)
    return _pass(threat, lat0_rad)


def _launched(threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float) -> BallisticFlight:
    arc = None if threat.trajectory == "minimum-energy" else threat.trajectory
    return ballistic(
        start_m,
        aim_m,
        lat0_rad,
        0.0,
        apogee=threat.apogee_flown_m or arc,
        burn_time_s=threat.burn_time_s,
        ballistic_coefficient_kgm2=threat.ballistic_coefficient_kgm2,
        separating=threat.separating,
    )


def pieces(threat: Threat, start_m: Place, aim_m: Place, lat0_rad: float) -> list[Piece]:
    """The spent body and the decoys of a ballistic flight, each falling by itself to the ground.

    Decoys leave across the missile's course at `Threat.decoy_push_mps`, all at one time, spread by
    the golden angle. In a replication they leave only where the missile still flies by then.
    """
    if threat.profile != "ballistic" or not (threat.separating or threat.decoys):
        return []
    flight = _launched(threat, start_m, aim_m, lat0_rad)
    found = []
    if flight.body is not None:
        found.append(
            Piece(
                "body", flight.burnout_s, _gridded(flight.body, 1.0, lat0_rad), threat.body_rcs_m2
            )
        )
    at = flight.burnout_s + threat.decoy_after_s
    course = sample(flight.knots, np.array([at]))[1][0]
    right = np.cross(course, np.array([0.0, 0.0, 1.0]))
    right /= np.linalg.norm(right)
    above = np.cross(right, course / np.linalg.norm(course))
    for number in range(threat.decoys):
        angle = number * _GOLDEN_RAD
        push = threat.decoy_push_mps * (math.cos(angle) * right + math.sin(angle) * above)
        fallen = release(flight, at, push, threat.decoy_coefficient_kgm2, lat0_rad, 0.0)
        path = _gridded(fallen, 1.0, lat0_rad)
        found.append(Piece(f"decoy-{number + 1}", at, path, threat.decoy_rcs_m2))
    return found


def _airway(threat: Threat, stops: list[Place], lat0_rad: float) -> Path:
    """Level at the cruise height over the aim, and as far beyond it as the wave began before it."""
    aim, before = stops[-1], stops[-2]
    leg = math.dist(aim[:2], before[:2])
    share = math.dist(aim[:2], stops[0][:2]) / leg
    beyond = (aim[0] + share * (aim[0] - before[0]), aim[1] + share * (aim[1] - before[1]), 0.0)
    points = np.array([*stops, beyond])
    points[:, 2] = threat.altitude_cruise_m
    knots = airliner(points, threat.speed_cruise_mps, lat0_rad, 0.0)
    return _gridded(knots, STEP_MOST_S, lat0_rad)


def _on_surface(threat: Threat, stops: list[Place], lat0_rad: float, ground: Ground | None) -> Path:
    """At rest where the wave begins, or slowly to the aim, at the cruise height over the ground."""
    points = np.array(stops)
    points[:, 2] = threat.altitude_cruise_m
    if threat.speed_cruise_mps == 0.0:
        knots = surface(points[:1], 0.0, lat0_rad, 0.0, end_s=REST_S)
        path = _gridded(knots, 0.5 * REST_S, lat0_rad)
    else:
        knots = surface(points, threat.speed_cruise_mps, lat0_rad, 0.0)
        path = _gridded(knots, SURFACE_STEP_S, lat0_rad)
    if ground is None:
        return path
    x, y, z = np.asarray(path.pos_m).T
    east, north, _ = enu_to_map(x, y, z, lat0_rad, 0.0)
    return _lifted(path, ground.height_m(east, north))


def _weave(threat: Threat) -> Weave | None:
    if threat.weave_amplitude_m <= 0.0:
        return None
    return Weave(threat.weave_amplitude_m, threat.weave_period_s, kind=threat.weave_kind)


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
    knots: Knots, step_s: float, ground: Ground, threat: Threat, aim_height_m: float,
    lat0_rad: float,
) -> Path:  # fmt: skip
    """The flight of ``knots``, gridded, as high as the ground asks for (`follow_terrain`).

    Heights over the sea: flown as planned, lifted where the ground comes nearer than the low
    altitude. Heights over the ground: the planned height is kept over the ground all the way.
    Either way the clearance fades on the last stretch as `Threat.slope_max_rad` lets a path come
    down to the aim. The ground is read every `GROUND_STEP_M`. Raises `InputError` where the
    look-ahead is too short for the hills ahead.
    """
    planned = _gridded(knots, step_s, lat0_rad)
    count = len(planned.pos_m) - 1
    speed = threat.speed_cruise_mps
    fine = max(1, math.ceil(planned.step_s * speed / GROUND_STEP_M))
    times = np.linspace(knots.t_s[0], knots.t_s[-1], count * fine + 1)
    x, y, z = sample(knots, times)[0].T
    east, north, height = enu_to_map(x, y, z, lat0_rad, 0.0)
    below = ground.height_m(east, north)
    if not (below > 0.0).any():
        return planned
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))])
    slope = math.tan(threat.slope_max_rad)
    push = min(threat.turn_mps2, PUSH_OVER_MPS2) / speed**2
    follows = threat.height_over == "ground"
    clear = height if follows else threat.altitude_low_m
    heights = follow_terrain(
        below, max(along[-1] / (len(along) - 1), 1.0),
        np.minimum(clear, push_over_m(along[-1] - along, slope, push)),
        slope, threat.look_ahead_m, threat.turn_mps2 / speed**2, push,
        -math.inf if follows else height,
    )  # fmt: skip
    _check_clear(heights - below, along)
    lift = heights - height
    lift[-1] = aim_height_m - height[-1] if follows else max(aim_height_m - height[-1], 0.0)
    rise = np.gradient(lift, times[1] - times[0])
    return _lifted(planned, lift[::fine], rise[::fine])


def _check_clear(over: Any, along: Any) -> None:
    """Raise where a path whose follower saw too little runs into the ground."""
    worst = int(np.argmin(over))
    if over[worst] < -1.0:
        to_go = (along[-1] - along[worst]) / 1e3
        raise InputError.of(
            f"the flight runs {-over[worst]:.0f} m into the ground, {to_go:.0f} km before its aim",
            "raise look_ahead or slope_max, or fly higher",
        )


def _lifted(path: Path, lift_m: Any, rise_mps: Any = None) -> Path:
    """The path with ``lift_m`` (n,) added along the vertical, and its rate to the velocities."""
    rise = np.gradient(lift_m, path.step_s) if rise_mps is None else rise_mps
    away = path.pos_m + np.array([0.0, 0.0, EARTH_RADIUS_M])
    up = away / np.linalg.norm(away, axis=1, keepdims=True)
    return Path(
        path.step_s, path.pos_m + lift_m[:, None] * up, path.vel_mps + rise[:, None] * up,
        path.height_m + lift_m,
    )  # fmt: skip


def _legs(threat: Threat, stops: list[Place]) -> Any:
    """Waypoints (k, 3): the profile's heights by distance to go, laid on the way over the stops."""
    cruise, low, aim = threat.altitude_cruise_m, threat.altitude_low_m, stops[-1]
    corners = np.array(stops)[:, :2]
    parts = np.hypot(*np.diff(corners, axis=0).T)
    left = np.concatenate([np.cumsum(parts[::-1])[::-1], [0.0]])
    distance = float(left[0])
    last = cruise if threat.profile == "level" else low
    first = low if threat.profile == "low-flyer" else cruise
    fall = max(last - aim[2], 1.0)
    # Bending by v tan(dive) takes v tan(dive) / (2 n g) to each side of the corner, and the last
    # leg lasts fall / (v tan(dive)): `waypoints` blends within 0.45 of that.
    bent = math.sqrt(0.9 * BLEND_LOAD_G * STANDARD_GRAVITY_MPS2 * fall)
    dive = fall / min(math.tan(DIVE_RAD), bent / threat.speed_cruise_mps)
    points = [(distance, first)]
    if threat.profile == "high-low":
        change = abs(cruise - low) / CLIMB_MPS * threat.speed_cruise_mps
        points += [(threat.low_distance_m + change, cruise), (threat.low_distance_m, low)]
    points += [(dive, last), (0.0, aim[2])]
    # A wave that appears inside one of its own legs starts on that leg.
    points = [points[0], *(p for p in points[1:] if p[0] < distance - 10.0)]
    known = np.array(points)
    points += [(to_go, np.interp(to_go, known[::-1, 0], known[::-1, 1])) for to_go in left[1:-1]]
    points.sort(reverse=True)
    to_go, heights = np.array(points).T
    east, north = (np.interp(to_go, left[::-1], c[::-1]) for c in corners.T)
    return np.stack([east, north, heights], axis=1)


def _gridded(knots: Knots, step_s: float, lat0_rad: float, jump_s: float | None = None) -> Path:
    """A trajectory at equal times, the last of them its end.

    Where the acceleration jumps at ``jump_s`` (burnout), up to a tenth more points are taken, so
    that one of them falls next to it: a cubic across the jump would blur the velocity.
    """
    life = float(knots.t_s[-1] - knots.t_s[0])
    count = max(2, math.ceil(life / step_s) + 1)
    if jump_s is not None:
        counts = np.arange(count, int(1.1 * count) + 1)
        place = (jump_s - knots.t_s[0]) / life * (counts - 1)
        count = int(counts[np.argmin(np.abs(place - np.round(place)) / (counts - 1))])
    pos, vel = sample(knots, np.linspace(knots.t_s[0], knots.t_s[-1], count))
    height = height_above_ellipsoid(pos[:, 0], pos[:, 1], pos[:, 2], lat0_rad)
    return Path(life / (count - 1), pos, vel, np.asarray(height))
