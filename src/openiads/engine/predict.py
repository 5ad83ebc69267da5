"""Predict: where and when a missile can meet a track on the course that it is expected to fly."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.threats import (
    FALLING,
    GLIDING,
    ON_SURFACE,
    STRAIGHT,
    looks_ballistic,
    looks_on_surface,
    may_glide,
)
from openiads.engine.book import expected_place, height_m
from openiads.engine.engage import time_of_flight_s
from openiads.engine.sight import in_sight
from openiads.kernel import kernel

BALLISTIC_LOOK_AHEAD_S = 240.0
"""How far ahead a falling course is followed (assumed: longer than the flight of any round)."""

SURFACE_LOOK_AHEAD_S = 240.0
"""The same for what is on the surface: a round to the claimed reach flies less long."""

WATCH_S = 12.0
"""Time over which the change of a track's climb is measured (assumed: freely falling it changes by
some 90 m/s then, several times the error of an estimated climb)."""

GLIDE_LIFT_TO_DRAG = 2.6
"""Slows a predicted glide (Acton, Science and Global Security 23(3), 2015, of HTV-2)."""

MARCH_STEPS = 16
"""Points of a predicted path that are tried for an intercept; refined by bisection afterwards."""

REFINE_STEPS = 8
"""Bisections between a point that cannot be met and the next that can."""


@kernel(borrows=True)
def predicted_intercept_s(
    m: Any, s: Any, slot: int, unit: int, missile: int, now_s: float, guide: int
) -> tuple[float, float]:
    """(seconds until the missile can meet the track, seconds to spare before it must leave).

    (inf, 0) if it never can on the predicted course (`course_ahead`). The course is followed from
    its entry into reach to the asset at risk. At the first of `MARCH_STEPS` points inside the
    envelope and in sight, refined by bisection, the round may be early: then the launch can wait
    for the time to spare. Where it would be late, the first later point that it reaches in time is
    taken. ``guide`` is the unit whose engagement radar must see that point.
    """
    base, kind, seen = m.units[unit], m.missiles[missile], s.picture[slot]
    x, y, z = expected_place(seen, now_s)
    vx, vy, vz = seen.vx, seen.vy, seen.vz
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    if speed > kind.target_speed_max_mps:
        return math.inf, 0.0
    course = course_ahead(m, seen, kind.surface_range_max_m, speed, x, y, z, now_s)
    reach = min(kind.range_max_aerodynamic_m, base.commit_range_max_m)
    begin, end = reach_times_s(x - base.x, y - base.y, z - base.z, vx, vy, vz, reach)
    if course == ON_SURFACE:  # it hardly moves: look at where it is, whatever it is nearest to
        begin, end = 0.0, SURFACE_LOOK_AHEAD_S
    else:
        if course != STRAIGHT:  # a bent course: look along all of it
            begin, end = 0.0, BALLISTIC_LOOK_AHEAD_S
        end = min(end, max(seen.to_go_s, begin + 1.0))
    if begin >= end:
        return math.inf, 0.0
    if course == STRAIGHT and too_low(m, x, y, z, vx, vy, vz, begin, end, kind.altitude_min_m):
        return math.inf, 0.0
    delay = (m.settings[0].reaction_time_s if seen.volleys == 0 else 0.0) + order_lag_s(m, s)
    step = (end - begin) / MARCH_STEPS
    before, before_spare = begin, -math.inf
    for k in range(MARCH_STEPS + 1):
        after = begin + k * step
        spare = slack_s(m, unit, missile, course, x, y, z, vx, vy, vz, after, delay, guide)
        if k > 0 and (
            (spare > -math.inf and before_spare == -math.inf)
            or (spare > 0.0 and before_spare < 0.0)
        ):
            # Entry into the envelope, or the moment from which the round is in time: whichever
            # lies between the two points, the first place that can be met is found by bisection.
            wanted = -math.inf if before_spare == -math.inf else 0.0
            for _ in range(REFINE_STEPS):
                middle = 0.5 * (before + after)
                trial = slack_s(m, unit, missile, course, x, y, z, vx, vy, vz, middle, delay, guide)
                if trial > wanted:
                    after, spare = middle, trial
                else:
                    before = middle
        if spare >= 0.0:
            return after, spare
        before, before_spare = after, spare
    return math.inf, 0.0


@kernel(inline="always", borrows=True)
def order_lag_s(m: Any, s: Any) -> float:
    """From the choice of a shot to the order at its unit: the operator's time and the link's.

    Nothing where a unit decides by itself.
    """
    if s.now[0].post_out > 0:
        return 0.0
    return m.settings[0].decision_time_s + m.settings[0].link_delay_s


@kernel(inline="always", borrows=True)
def course_ahead(
    m: Any, seen: Any, reach_m: float, speed: float, x: float, y: float, z: float, now_s: float
) -> int:
    """How a track is expected to go on: straight, falling, gliding, or where it is on the surface.

    By what the track says of itself: `looks_ballistic`, `glides`, and for rounds with a reach
    against the surface (``reach_m``) `looks_on_surface`.
    """
    radius = m.settings[0].earth_radius_m
    height = height_m(x, y, z, radius)
    if looks_ballistic(speed, height):
        climb = (seen.vx * x + seen.vy * y + seen.vz * (z + radius)) / (radius + height)
        if may_glide(speed, climb, height):
            gravity = m.settings[0].gravity_mps2
            return glides(seen, now_s, speed, climb, gravity, radius + height)
        return FALLING
    if reach_m > 0.0 and looks_on_surface(speed, height):
        return ON_SURFACE
    return STRAIGHT


@kernel(borrows=True)
def glides(
    seen: Any, now_s: float, speed: float, climb: float, gravity: float, radius: float
) -> int:
    """Whether a track that may glide does, `GLIDING` or `FALLING`; it is watched from call to call.

    That it may is not enough, since a ballistic flight near its apogee is fast and level too: it
    glides if over `WATCH_S` its climb fell by less than half of what it does in free fall,

        d(climb)/dt > -(g - v^2 / r) / 2,

    v the speed along the ground, r the distance to the Earth's centre. Until then it falls.
    """
    if seen.watched_id != seen.id:
        seen.watched_id, seen.glides = seen.id, 0
        seen.watched_s, seen.climb_mps = now_s, climb
    elif now_s - seen.watched_s >= WATCH_S:
        free = gravity - (speed * speed - climb * climb) / radius
        rate = (climb - seen.climb_mps) / (now_s - seen.watched_s)
        seen.glides = 1 if rate > -0.5 * free else 0
        seen.watched_s, seen.climb_mps = now_s, climb
    return GLIDING if seen.glides == 1 else FALLING


@kernel(inline="always", borrows=True)
def place_ahead(
    m: Any, course: int, x: float, y: float, z: float, vx: float, vy: float, vz: float,
    after_s: float,
) -> tuple[float, float, float]:  # fmt: skip
    """Where a course leads in ``after_s`` seconds, metres of the scenario frame.

    Straight: p + v t. Falling: p + v t - (0, 0, g t^2 / 2). On the surface: p + (vx, vy, 0) t.
    Gliding: level along the great circle of the velocity, slowed by the drag of an equilibrium
    glide, s = V t - a t^2 / 2 with a = (g - V^2 / r) / (L / D): lift carries what the curvature of
    the path does not. Reference: Vinh, Busemann and Culp, Hypersonic and Planetary Entry Flight
    Mechanics, 1980, ch. 7.
    """
    if course == ON_SURFACE:
        return x + vx * after_s, y + vy * after_s, z
    if course == GLIDING:
        radius = m.settings[0].earth_radius_m
        return glided(m.settings[0].gravity_mps2, radius, x, y, z, vx, vy, vz, after_s)
    gravity = m.settings[0].gravity_mps2 if course == FALLING else 0.0
    return (
        x + vx * after_s, y + vy * after_s, z + vz * after_s - 0.5 * gravity * after_s * after_s
    )  # fmt: skip


@kernel(borrows=True)
def glided(
    gravity: float, earth_m: float, x: float, y: float, z: float, vx: float, vy: float, vz: float,
    after_s: float,
) -> tuple[float, float, float]:  # fmt: skip
    """`place_ahead` of a glide: a great circle at constant height."""
    up = z + earth_m
    radius = math.sqrt(x * x + y * y + up * up)
    climb = (vx * x + vy * y + vz * up) / radius
    lx, ly, lz = vx - climb * x / radius, vy - climb * y / radius, vz - climb * up / radius
    level = math.sqrt(lx * lx + ly * ly + lz * lz)
    slows = max(0.0, gravity - level * level / radius) / GLIDE_LIFT_TO_DRAG
    angle = (level * after_s - 0.5 * slows * after_s * after_s) / radius
    cosine, along = math.cos(angle), radius * math.sin(angle) / level
    return (
        x * cosine + lx * along,
        y * cosine + ly * along,
        up * cosine + lz * along - earth_m,
    )


@kernel(borrows=True)
def too_low(
    m: Any, x: float, y: float, z: float, vx: float, vy: float, vz: float,
    begin_s: float, end_s: float, floor_m: float,
) -> bool:  # fmt: skip
    """Whether a straight course stays below ``floor_m`` between two times.

    Height above a sphere is convex along a straight line, so its greatest value is at an end.
    """
    radius = m.settings[0].earth_radius_m
    first = height_m(x + vx * begin_s, y + vy * begin_s, z + vz * begin_s, radius)
    last = height_m(x + vx * end_s, y + vy * end_s, z + vz * end_s, radius)
    return max(first, last) < floor_m


@kernel(borrows=True)
def reach_times_s(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, reach_m: float
) -> tuple[float, float]:
    """(entry, exit) of a straight course through a sphere about the origin; (1, 0) if it misses."""
    a = vx * vx + vy * vy + vz * vz
    b = x * vx + y * vy + z * vz
    c = x * x + y * y + z * z - reach_m * reach_m
    if a < 1e-9:
        return (0.0, math.inf) if c <= 0.0 else (1.0, 0.0)
    root = b * b - a * c
    if root < 0.0:
        return 1.0, 0.0
    root = math.sqrt(root)
    return max(0.0, (-b - root) / a), (-b + root) / a


@kernel(inline="always", borrows=True)
def slack_s(
    m: Any, unit: int, missile: int, course: int, x: float, y: float, z: float,
    vx: float, vy: float, vz: float, after_s: float, delay_s: float, guide: int,
) -> float:  # fmt: skip
    """Time to spare if the round leaves after ``delay_s`` and meets the track ``after_s`` from now.

    -inf where the point is outside the envelope or the doctrine's range and heights, or the
    engagement radar would not see it.
    """
    base = m.units[unit]
    px, py, pz = place_ahead(m, course, x, y, z, vx, vy, vz, after_s)
    height = height_m(px, py, pz, m.settings[0].earth_radius_m)
    away2 = (px - base.x) ** 2 + (py - base.y) ** 2 + (pz - base.z) ** 2
    if away2 > base.commit_range_max_m * base.commit_range_max_m:
        return -math.inf
    if height < base.commit_altitude_min_m or height > base.commit_altitude_max_m:
        return -math.inf
    flight = time_of_flight_s(m, base, missile, course, px, py, pz, height)
    if flight == math.inf or not in_sight(m, m.units[guide].radar, px, py, pz, height):
        return -math.inf
    return after_s - delay_s - flight
