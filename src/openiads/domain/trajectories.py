"""Threat trajectories by kind: each a plain function of numbers that returns knots.

All positions that a person writes are map coordinates (east, north, height above the ellipsoid),
all knots are in the scenario frame; see `openiads.physics.geodesy`. Aircraft, cruise missiles and
ships are paths along waypoints with a shaped end; ballistic missiles, glide vehicles and
satellites have their own files and are offered here too.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from openiads.domain.ballistic import BallisticFlight, ballistic, release
from openiads.domain.glide import GlideFlight, glide_vehicle
from openiads.domain.knots import Knots, hermite, interpolate, locate, refine, sample
from openiads.domain.paths import Weave, waypoints
from openiads.domain.satellites import satellite
from openiads.domain.terrain_following import follow_terrain, terrain_profile
from openiads.faults import Fault, InputError
from openiads.physics.dynamics import STANDARD_GRAVITY_MPS2
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import map_to_enu

__all__ = [
    "BallisticFlight",
    "GlideFlight",
    "Knots",
    "Weave",
    "airliner",
    "ballistic",
    "cruise",
    "follow_terrain",
    "glide_vehicle",
    "hermite",
    "high_low",
    "hypersonic_cruise",
    "interpolate",
    "locate",
    "low_flyer",
    "refine",
    "release",
    "sample",
    "satellite",
    "surface",
    "terrain_profile",
    "waypoints",
]

MISSILE_TURN_G = 3.0
"""Lateral load of a cruise missile's planned turns; assumed: well within its manoeuvre load."""
MISSILE_BLEND_G = 5.0
"""Load in which a missile pulls up or pushes over; assumed."""
AIRLINER_TURN_G = 0.466
"""Lateral load of a turn at 25 degrees of bank, tan 25° (ICAO Doc 8168, part I, section 2)."""
SHIP_TURN_G = 0.02
"""Lateral load of a ship's turn; assumed: 15 m/s on a circle of 1.1 km."""


def _place(points, lat0_rad, lon0_rad):
    east, north = points[:, 0], points[:, 1]
    return geodesic_direct(lat0_rad, lon0_rad, np.arctan2(east, north), np.hypot(east, north))[:2]


def _before_last(points, distance_m, lat0_rad, lon0_rad):
    """Map east and north of the point of the last leg that is ``distance_m`` before its end."""
    lat, lon = _place(points[-2:], lat0_rad, lon0_rad)
    length, _, _ = geodesic_inverse(lat[1], lon[1], lat[0], lon[0])
    if not 0.0 < distance_m < length:
        raise InputError.of(
            f"the end of the path begins {distance_m:.0f} m before the aim, on a last leg of "
            f"{length:.0f} m",
            "lengthen the last leg, or begin the end later",
        )
    _, back, _ = geodesic_inverse(lat[1], lon[1], lat[0], lon[0])
    at, on, _ = geodesic_direct(lat[1], lon[1], back, distance_m)
    away, course, _ = geodesic_inverse(lat0_rad, lon0_rad, at, on)
    return away * math.sin(course), away * math.cos(course)


def _plan(points_map_m):
    """Waypoints as (k, 3), heights 0 where only east and north are given."""
    points = np.array(points_map_m, dtype=float)
    if points.ndim != 2 or len(points) < 2 or points.shape[1] not in (2, 3):
        raise InputError.of("a path needs at least two waypoints of (east, north[, height])")
    if points.shape[1] == 2:
        points = np.column_stack([points, np.zeros(len(points))])
    return points


def _positive(**numbers):
    faults = [
        Fault(f"is {value!r}", "give a positive number", key=name)
        for name, value in numbers.items()
        if not (math.isfinite(value) and value > 0.0)
    ]
    if faults:
        raise InputError(faults)


def cruise(
    points_map_m: npt.ArrayLike,
    speed_mps: float,
    altitude_m: float,
    lat0_rad: float,
    lon0_rad: float,
    terminal: str = "level",
    dive_angle_rad: float = 0.35,
    pop_up_m: float = 0.0,
    pop_up_range_m: float = 8000.0,
    turn_g: float = MISSILE_TURN_G,
    start_s: float = 0.0,
    weave: Weave | None = None,
) -> Knots:
    """A flight at one altitude that ends at the last waypoint, level, in a dive or by a pop-up.

    ``points_map_m`` (k, 2 or 3) are east, north and, of the last one, the height of the aim; the
    altitude holds elsewhere. "dive" leaves the altitude where a line of ``dive_angle_rad`` below
    the horizontal meets it; "pop_up" begins to climb ``pop_up_range_m`` before the aim, at the same
    angle, to ``pop_up_m`` above the altitude and dives from there. Ground speed stays ``speed_mps``
    until the end, where the speed along the path does (V cos of the angle over ground). Knots and
    limits as in `waypoints`; raises `InputError`.
    """
    points = _plan(points_map_m)
    _positive(speed_mps=speed_mps, dive_angle_rad=dive_angle_rad)
    aim = points[-1].copy()
    points[:, 2] = altitude_m
    slope = math.tan(dive_angle_rad)
    slow = speed_mps * math.cos(dive_angle_rad)
    if terminal == "level":
        added, speeds = [], [speed_mps]
    elif terminal == "dive":
        added = [(abs(altitude_m - aim[2]) / slope, altitude_m)]
        speeds = [slow, slow]
    elif terminal == "pop_up":
        top = altitude_m + pop_up_m
        turn_over = (top - aim[2]) / slope
        added = [(pop_up_range_m, altitude_m), (pop_up_range_m - pop_up_m / slope, top)]
        if added[1][1] > aim[2] and turn_over < added[1][0]:
            added.append((turn_over, top))
        speeds = [slow] * (len(added) + 1)
    else:
        raise InputError.of(f"unknown terminal {terminal!r}", "level, dive or pop_up")
    if added:
        # Slow down and push over just before the end, not all along the last leg.
        fall = speed_mps * math.sin(dive_angle_rad)
        lead = max(2.0, 1.2 * fall / (MISSILE_BLEND_G * STANDARD_GRAVITY_MPS2)) * speed_mps
        added.insert(0, (added[0][0] + lead, altitude_m))
        speeds.insert(0, speed_mps)
    ends = [(*_before_last(points, d, lat0_rad, lon0_rad), h) for d, h in added]
    last = aim if terminal != "level" else np.array([aim[0], aim[1], altitude_m])
    path = np.vstack([points[:-1], *[np.array([e]) for e in ends], last[None]])
    return waypoints(
        path,
        [speed_mps] * (len(points) - 1) + speeds,
        turn_g,
        1.05 * speed_mps,
        lat0_rad,
        lon0_rad,
        start_s,
        weave,
        MISSILE_BLEND_G,
    )


def low_flyer(
    points_map_m: npt.ArrayLike,
    speed_mps: float,
    altitude_m: float,
    lat0_rad: float,
    lon0_rad: float,
    terminal: str = "pop_up",
    start_s: float = 0.0,
    weave: Weave | None = None,
) -> Knots:
    """A sea-skimmer: `cruise` near the surface, by default with a pop-up of 300 m at 5 km.

    The pop-up's height, range and angle (15 degrees) are assumed.
    """
    return cruise(
        points_map_m,
        speed_mps,
        altitude_m,
        lat0_rad,
        lon0_rad,
        terminal,
        dive_angle_rad=math.radians(15.0),
        pop_up_m=300.0,
        pop_up_range_m=5000.0,
        start_s=start_s,
        weave=weave,
    )


def high_low(
    points_map_m: npt.ArrayLike,
    high_m: float,
    high_speed_mps: float,
    low_m: float,
    low_speed_mps: float,
    descent_range_m: float,
    lat0_rad: float,
    lon0_rad: float,
    descent_angle_rad: float = math.radians(12.0),
    start_s: float = 0.0,
    weave: Weave | None = None,
) -> Knots:
    """A supersonic high-low profile: high cruise, descent, then a low run to the last waypoint.

    The descent begins ``descent_range_m`` before the aim on the last leg, at ``descent_angle_rad``
    (assumed 12 degrees), from ``high_m`` at ``high_speed_mps`` to ``low_m``, where the speed has
    changed to ``low_speed_mps``. The last 500 m rise or fall to the aim's height. Knots and limits
    as in `waypoints`; raises `InputError`.
    """
    points = _plan(points_map_m)
    _positive(
        high_speed_mps=high_speed_mps,
        low_speed_mps=low_speed_mps,
        descent_range_m=descent_range_m,
        descent_angle_rad=descent_angle_rad,
    )
    aim = points[-1].copy()
    points[:, 2] = high_m
    level = descent_range_m - (high_m - low_m) / math.tan(descent_angle_rad)
    if not (level > 1000.0 and high_m > low_m):
        raise InputError.of(
            f"the descent ends {level:.0f} m before the aim",
            "begin it earlier, or descend more steeply",
        )
    ends = [(descent_range_m, high_m), (level, low_m), (500.0, low_m)]
    placed = [(*_before_last(points, d, lat0_rad, lon0_rad), h) for d, h in ends]
    path = np.vstack([points[:-1], placed, aim[None]])
    speeds = [high_speed_mps] * len(points) + [low_speed_mps] * 3
    return waypoints(
        path,
        speeds,
        MISSILE_TURN_G,
        high_speed_mps,
        lat0_rad,
        lon0_rad,
        start_s,
        weave,
        MISSILE_BLEND_G,
    )


def hypersonic_cruise(
    points_map_m: npt.ArrayLike,
    speed_mps: float,
    altitude_m: float,
    lat0_rad: float,
    lon0_rad: float,
    dive_angle_rad: float = math.radians(45.0),
    start_s: float = 0.0,
    weave: Weave | None = None,
) -> Knots:
    """A hypersonic cruise missile: `cruise` at altitude with a terminal dive (45 degrees assumed).

    Speed holds to the end of the cruise and along the dive (assumed: no public figure for the loss
    of speed in the dive).
    """
    return cruise(
        points_map_m,
        speed_mps,
        altitude_m,
        lat0_rad,
        lon0_rad,
        "dive",
        dive_angle_rad,
        start_s=start_s,
        weave=weave,
    )


def airliner(
    points_map_m: npt.ArrayLike,
    speed_mps: float,
    lat0_rad: float,
    lon0_rad: float,
    climb_mps: float = 15.0,
    start_s: float = 0.0,
) -> Knots:
    """An airliner on an airway: `waypoints` at one ground speed with turns at 25 degrees of bank.

    Climbs and descents above ``climb_mps`` (15 m/s, 3,000 ft/min, assumed) are faults.
    """
    points = _plan(points_map_m)
    speeds = np.full(len(points), float(speed_mps))
    return waypoints(points, speeds, AIRLINER_TURN_G, climb_mps, lat0_rad, lon0_rad, start_s)


def surface(
    points_map_m: npt.ArrayLike,
    speed_mps: float,
    lat0_rad: float,
    lon0_rad: float,
    end_s: float = 3600.0,
    start_s: float = 0.0,
) -> Knots:
    """A ship or ground target: along waypoints at one speed, or at rest at a single point.

    With one point (or no speed) the target stays there from ``start_s`` to ``end_s``. Heights are
    as given; hills between waypoints are not followed.
    """
    points = np.array(points_map_m, dtype=float)
    points = points[None] if points.ndim == 1 else points
    if points.shape[1] == 2:
        points = np.column_stack([points, np.zeros(len(points))])
    if len(points) == 1 or speed_mps == 0.0:
        east, north, height = (float(c) for c in points[0])
        at = np.array(map_to_enu(east, north, height, lat0_rad, lon0_rad))
        return Knots(np.array([start_s, end_s]), np.tile(at, (2, 1)), np.zeros((2, 3)))
    speeds = np.full(len(points), float(speed_mps))
    return waypoints(points, speeds, SHIP_TURN_G, 10.0, lat0_rad, lon0_rad, start_s)
