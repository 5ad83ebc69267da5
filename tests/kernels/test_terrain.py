"""Exact lines of sight and viewsheds on surfaces whose answer is known."""

import math

import numpy as np
import pytest

from openiads.physics.propagation import horizon_height_m
from openiads.physics.terrain import (
    bilinear_height_m,
    line_of_sight,
    lowest_visible_m,
    terrain_horizon,
)
from openiads.physics.viewshed import rays, sweep

RADIUS = 6371e3 * 4 / 3


def rough(rows: int, columns: int, seed: int = 3) -> np.ndarray:
    """Hills of several wavelengths, 0 to about 500 m, reproducible."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    z = np.zeros((rows, columns))
    for wave in (8.0, 20.0, 55.0):
        for _ in range(4):
            a, b = random.normal(size=2) / wave
            z += wave * np.sin(2 * math.pi * (a * x + b * y) + random.uniform(0, 6.3))
    return (z - z.min()).astype(np.float32)


def test_bilinear() -> None:
    z = np.array([[0.0, 10.0], [20.0, 70.0]], np.float32)
    assert bilinear_height_m(z, 0.5, 0.5) == 25.0
    assert bilinear_height_m(z, 0.0, 0.25) == 2.5
    assert bilinear_height_m(z, -3.0, 9.0) == 10.0
    assert bilinear_height_m(z, 1.0, 1.0) == 70.0


def test_a_level_sea_gives_the_horizon() -> None:
    sea = np.zeros((3, 1001), np.float32)
    for column in (100.0, 400.0, 1000.0):
        distance = 100.0 * column
        seen = lowest_visible_m(sea, 1.0, 0.0, 24.0, 1.0, column, distance, RADIUS)
        assert seen == pytest.approx(horizon_height_m(24.0, distance), abs=0.05)
    for method in (sweep, rays):
        out = np.empty_like(sea)
        method(sea, 1, 0, 24.0, 100.0, 100.0, RADIUS, out)
        for column in (100, 400, 1000):
            want = horizon_height_m(24.0, 100.0 * column)
            assert out[1, column] == pytest.approx(want, abs=0.1)


def test_a_bump_between_the_grid_lines_blocks() -> None:
    # A saddle: along the diagonal of one cell the ground rises to 50 m in the middle.
    z = np.zeros((3, 3), np.float32)
    z[1, 1] = 0.0
    z[0, 1] = z[1, 0] = 100.0
    # From (0, 0) to (1, 1): corners 0, 0 and 100, 100, so the middle is at 50.
    seen = lowest_visible_m(z, 0.0, 0.0, 10.0, 1.0, 1.0, 1000.0, math.inf)
    # z = 200 t (1 - t); slope (200 t - 200 t^2 - 10) / t is steepest at t^2 = 10 / 200.
    t = math.sqrt(0.05)
    assert seen == pytest.approx(10.0 + (200 * t - 200 * t * t - 10) / t, rel=1e-9)


def test_sight_and_altitude_agree() -> None:
    z = rough(60, 80)
    random = np.random.default_rng(1)
    for _ in range(200):
        row, column = random.uniform(0, 59), random.uniform(0, 79)
        to_row, to_column = random.uniform(0, 59), random.uniform(0, 79)
        eye = bilinear_height_m(z, row, column) + 5.0
        distance = 90.0 * math.hypot(to_row - row, to_column - column)
        places = (z, row, column, eye, to_row, to_column)
        lowest = lowest_visible_m(*places, distance, RADIUS)
        assert line_of_sight(*places, lowest + 0.01, distance, RADIUS)
        assert not line_of_sight(*places, lowest - 0.01, distance, RADIUS)


@pytest.mark.parametrize("method", [sweep, rays])
@pytest.mark.parametrize("place", [(30, 40), (0, 0), (59, 79), (0, 40), (30, 79), (58, 1)])
def test_viewsheds_are_close_to_exact_everywhere(method, place) -> None:
    z = rough(60, 80)
    row, column = place
    eye = float(z[place]) + 20.0
    out = np.full_like(z, np.nan)
    method(z, row, column, eye, 90.0, 60.0, RADIUS, out)
    exact = np.full_like(z, np.nan)
    for r in range(row % 3, 60, 3):
        for c in range(column % 3, 80, 3):
            distance = math.hypot(90.0 * (r - row), 60.0 * (c - column))
            exact[r, c] = lowest_visible_m(
                z, float(row), float(column), eye, float(r), float(c), distance, RADIUS
            )
    assert (out >= z).all()
    # A ninth of the cells.
    error = np.abs(out - exact)[row % 3 :: 3, column % 3 :: 3]
    # Relief of 500 m with waves of 8 cells: the sweep smooths it, the rays hardly do.
    assert np.median(error) < (4.0 if method is sweep else 0.01)
    assert error.mean() < (10.0 if method is sweep else 1.0)
    # The neighbours have nothing but their own cell between them and the eye.
    near = np.hypot(*(np.indices(z.shape) - np.array(place)[:, None, None])) < 1.1
    assert np.array_equal(out[near], z[near])


def test_an_eye_on_the_ground_leaves_no_gap() -> None:
    z = rough(20, 20)
    for method in (sweep, rays):
        out = np.empty_like(z)
        method(z, 7, 9, float(z[7, 9]), 90.0, 90.0, RADIUS, out)
        assert np.isfinite(out).all() and (out >= z).all()


def test_viewsheds_turn_with_the_map() -> None:
    z = rough(60, 80)
    for method in (sweep, rays):
        out, turned = np.empty_like(z), np.empty_like(z.T.copy())
        method(z, 20, 50, 400.0, 90.0, 60.0, RADIUS, out)
        method(np.ascontiguousarray(z.T), 50, 20, 400.0, 60.0, 90.0, RADIUS, turned)
        assert np.allclose(turned.T, out, atol=1e-2)


def test_horizon_by_azimuth() -> None:
    z = np.zeros((201, 201), np.float32)
    z[50, :] = 300.0  # a wall 50 rows north of the eye
    elevation, reach = np.empty(8), np.empty(8)
    terrain_horizon(z, 100.0, 100.0, 20.0, 100.0, 100.0, math.inf, elevation, reach)
    assert elevation[0] == pytest.approx(math.atan(280.0 / 5000.0))
    assert reach[0] == pytest.approx(5000.0)
    assert elevation[1] == pytest.approx(math.atan(280.0 / (5000.0 * math.sqrt(2.0))))
    # South there is only the plain: the horizon is where the grid ends, below the level.
    assert elevation[4] == pytest.approx(math.atan(-20.0 / 10e3))
