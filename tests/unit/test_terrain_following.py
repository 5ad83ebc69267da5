"""Terrain following: clearance, slope and loads kept, no higher than needed, and a short sight."""

import math

import numpy as np
import pytest

from openiads.domain.terrain_following import follow_terrain, push_over_m, terrain_profile
from openiads.faults import InputError

STEP, SLOPE, PULL, PUSH = 20.0, 0.25, 5e-4, 2e-4


def hills(seed: int, count: int = 1500) -> np.ndarray:
    random = np.random.default_rng(seed)
    x = STEP * np.arange(count)
    ground = np.zeros(count)
    for wave, height in ((9000.0, 250.0), (2500.0, 120.0), (700.0, 25.0)):
        ground += height * np.sin(2 * math.pi * (x / wave + random.uniform()))
    return ground - ground.min()


@pytest.mark.parametrize("seed", range(4))
def test_clearance_slope_and_loads_are_kept(seed) -> None:
    ground = hills(seed)
    path = follow_terrain(ground, STEP, 60.0, SLOPE, math.inf, PULL, PUSH)
    assert (path >= ground + 60.0 - 1e-9).all()
    assert np.abs(np.diff(path)).max() <= SLOPE * STEP * (1 + 1e-9)
    bend = np.diff(path, 2) / STEP**2
    # Two parabolas that meet between two points show up to twice their bend in one difference.
    assert bend.min() >= -PUSH * 1.01 and bend.max() <= PULL * 1.01


def test_without_limits_of_load_it_is_the_cone_of_the_slope() -> None:
    ground = hills(7)
    wanted = terrain_profile(ground, STEP, 60.0, SLOPE)
    assert np.allclose(follow_terrain(ground, STEP, 60.0, SLOPE), wanted, atol=0.01)


def test_it_touches_the_clearance_on_every_high_crest() -> None:
    ground = hills(3)
    path = follow_terrain(ground, STEP, 60.0, SLOPE, math.inf, PULL, PUSH)
    assert path[np.argmax(ground)] == pytest.approx(ground.max() + 60.0)
    # Nowhere does it rise above the highest clearance, and it goes down between the hills.
    assert path.max() == pytest.approx(ground.max() + 60.0) and path.min() < 0.5 * path.max()


def test_a_look_ahead_that_suffices_changes_nothing_and_a_short_one_cuts_clearance() -> None:
    ground = np.zeros(1000)
    ground[500:520] = 300.0
    enough = 300.0 / SLOPE + 0.5 * SLOPE / PUSH
    far = follow_terrain(ground, STEP, 50.0, SLOPE, math.inf, PULL, PUSH)
    same = follow_terrain(ground, STEP, 50.0, SLOPE, enough + 2 * STEP, PULL, PUSH)
    assert np.allclose(far, same)
    short = follow_terrain(ground, STEP, 50.0, SLOPE, 0.4 * enough, PULL, PUSH)
    assert (short <= far + 1e-9).all()
    assert (short - ground).min() < 0.0 <= (far - ground).min()
    assert np.diff(short).max() <= SLOPE * STEP * (1 + 1e-9)


def test_a_planned_path_above_is_flown_as_planned() -> None:
    ground = hills(1)
    plan = np.linspace(2000.0, 900.0, len(ground))
    path = follow_terrain(ground, STEP, 60.0, SLOPE, math.inf, PULL, PUSH, plan)
    assert np.allclose(path, plan)


def test_the_push_over_is_a_parabola_then_straight() -> None:
    u = np.array([0.0, 100.0, SLOPE / PUSH, 5000.0])
    fall = push_over_m(u, SLOPE, PUSH)
    assert fall[:2].tolist() == [0.0, 0.5 * PUSH * 100.0**2]
    assert fall[3] - fall[2] == pytest.approx(SLOPE * (5000.0 - SLOPE / PUSH))


def test_bad_numbers_are_named_in_one_pass() -> None:
    with pytest.raises(InputError) as caught:
        follow_terrain(np.zeros(5), 0.0, 1.0, -1.0, 0.0, 0.0)
    assert len(caught.value.faults) == 4
