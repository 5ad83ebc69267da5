"""Which course a track is expected to fly, and where it leads, as plain calls of the engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from openiads.domain.threats import (
    FALLING,
    GLIDING,
    ON_SURFACE,
    STRAIGHT,
    looks_on_surface,
    may_glide,
)
from openiads.engine.predict import WATCH_S, course_ahead, place_ahead
from openiads.engine.run import recarrays
from openiads.engine.state import PICTURE
from openiads.engine.world import Tables, blank_tables

pytestmark = pytest.mark.slow  # compiled code of the engine

RADIUS, G = 6.371e6, 9.80665


@pytest.fixture(scope="module")
def tables() -> Tables:
    made = blank_tables()
    made.settings["earth_radius_m"], made.settings["gravity_mps2"] = RADIUS, G
    return recarrays(made)


def picture() -> Any:
    """A picture of one track."""
    made = np.zeros(1, PICTURE).view(np.recarray)
    made[0].id, made[0].watched_id = 7, -1
    return made


def look(
    tables: Tables, made: Any, height: float, level: float, climb: float, now_s: float,
    reach: float = 0.0,
) -> int:  # fmt: skip
    """The course of the track over the map's origin, moving along x."""
    made[0].vx, made[0].vz = level, climb
    speed = math.hypot(level, climb)
    return int(course_ahead(tables, made[0], reach, speed, 0.0, 0.0, height, now_s))


def courses(
    tables: Tables, height: float, level: float, climbs: list[float], reach: float = 0.0
) -> list[int]:
    """The course at looks `WATCH_S` apart at a track with these climbs."""
    made = picture()
    return [look(tables, made, height, level, climb, k * WATCH_S, reach)
            for k, climb in enumerate(climbs)]  # fmt: skip


def test_a_track_glides_once_its_climb_was_seen_to_hold(tables) -> None:
    free = G - 3000.0**2 / (RADIUS + 40e3)
    level = [0.0, 0.0, 0.0]
    falls = [-free * WATCH_S * k for k in range(3)]
    assert courses(tables, 40e3, 3000.0, level) == [FALLING, GLIDING, GLIDING]
    assert courses(tables, 40e3, 3000.0, falls) == [FALLING] * 3
    assert courses(tables, 40e3, 3000.0, [0.6 * c for c in falls]) == [FALLING] * 3
    assert courses(tables, 40e3, 3000.0, [0.4 * c for c in falls]) == [FALLING, GLIDING, GLIDING]
    assert courses(tables, 90e3, 3000.0, level) == [FALLING] * 3, "no air to glide on"
    assert courses(tables, 40e3, 3000.0, [-900.0] * 3) == [FALLING] * 3, "a dive is no glide"
    assert courses(tables, 15e3, 700.0, level) == [STRAIGHT] * 3


def test_another_track_in_the_same_row_is_watched_anew(tables) -> None:
    made = picture()
    times = (0.0, WATCH_S, WATCH_S + 2.0, 2.0 * WATCH_S + 2.0)
    found = []
    for k, time_s in enumerate(times):
        made[0].id = 7 if k < 2 else 8
        found.append(look(tables, made, 40e3, 3000.0, 0.0, time_s))
    assert found == [FALLING, GLIDING, FALLING, GLIDING]


def test_what_is_slow_and_low_is_on_the_surface_for_rounds_that_reach_it(tables) -> None:
    assert courses(tables, 15.0, 10.0, [0.0]) == [STRAIGHT]
    assert courses(tables, 15.0, 10.0, [0.0], 250e3) == [ON_SURFACE]
    assert courses(tables, 15.0, 60.0, [0.0], 250e3) == [STRAIGHT]
    assert courses(tables, 500.0, 10.0, [0.0], 250e3) == [STRAIGHT]


def test_a_glide_keeps_its_height_round_the_earth_and_slows(tables) -> None:
    height, speed, after = 40e3, 3000.0, 100.0
    x, y, z = place_ahead(tables, GLIDING, 0.0, 0.0, height, speed, 0.0, 0.0, after)
    radius = RADIUS + height
    assert math.hypot(x, z + RADIUS) == pytest.approx(radius, abs=1e-3)
    assert y == 0.0
    slows = (G - speed**2 / radius) / 2.6
    along = radius * math.atan2(x, z + RADIUS)
    assert along == pytest.approx(speed * after - 0.5 * slows * after**2, rel=1e-9)
    # At the speed of a circular orbit nothing is left for lift to carry, and no drag is paid.
    orbit = math.sqrt(G * radius)
    x, _, z = place_ahead(tables, GLIDING, 0.0, 0.0, height, orbit, 0.0, 0.0, after)
    assert radius * math.atan2(x, z + RADIUS) == pytest.approx(orbit * after, rel=1e-9)


def test_the_other_courses(tables) -> None:
    at = (1e3, 2e3, 3e3, 10.0, -20.0, 30.0, 4.0)
    assert place_ahead(tables, STRAIGHT, *at) == (1040.0, 1920.0, 3120.0)
    assert place_ahead(tables, FALLING, *at) == (1040.0, 1920.0, 3120.0 - 8.0 * G)
    assert place_ahead(tables, ON_SURFACE, *at) == (1040.0, 1920.0, 3e3)


def test_what_a_track_says_of_itself() -> None:
    assert may_glide(3000.0, -50.0, 40e3)
    assert not may_glide(3000.0, -600.0, 40e3)
    assert not may_glide(1000.0, 0.0, 40e3)
    assert not may_glide(3000.0, 0.0, 15e3)
    assert looks_on_surface(13.0, 100.0)
    assert not looks_on_surface(50.0, 100.0)
