"""Where a falling track comes down: against the two-body problem, integrated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from openiads.domain.impact import impact

RADIUS_M, GRAVITY_MPS2 = 6_378_101.0, 9.80665


def two_body(state: np.ndarray, step_s: float = 0.05) -> list[tuple[float, np.ndarray]]:
    """States until the ground, by Runge and Kutta's fourth-order rule about the Earth's centre."""

    def rate(y: np.ndarray) -> np.ndarray:
        r = math.sqrt(y[0] ** 2 + y[1] ** 2 + y[2] ** 2)
        pull = -GRAVITY_MPS2 * RADIUS_M**2 / r**3
        return np.concatenate([y[3:], pull * y[:3]])

    path, time_s = [], 0.0
    while math.sqrt(float(state[:3] @ state[:3])) >= RADIUS_M:
        path.append((time_s, state))
        a = rate(state)
        b = rate(state + 0.5 * step_s * a)
        c = rate(state + 0.5 * step_s * b)
        d = rate(state + step_s * c)
        state = state + step_s / 6.0 * (a + 2 * b + 2 * c + d)
        time_s += step_s
    path.append((time_s, state))
    return path


@pytest.mark.parametrize(("speed_mps", "elevation_deg"), [(3000.0, 40.0), (1500.0, 50.0)])
def test_errors_fall_with_the_time_to_go(speed_mps: float, elevation_deg: float):
    """Gravity is kept as it is now: the error is of second order in the height that is left."""
    aim = math.radians(elevation_deg)
    start = np.array(
        [0.0, 0.0, RADIUS_M, 0.6 * speed_mps * math.cos(aim), 0.8 * speed_mps * math.cos(aim),
         speed_mps * math.sin(aim)]
    )  # fmt: skip
    path = two_body(start)
    end_s, end = path[-1]
    for part, limit in ((0.5, 0.05), (0.8, 0.006), (0.95, 0.0005)):
        time_s, state = path[int(part * len(path))]
        found = impact(*state[:2], state[2] - RADIUS_M, *state[3:], RADIUS_M, GRAVITY_MPS2)
        went = math.dist(end[:3], path[0][1][:3])
        assert abs(found[0] - (end_s - time_s)) < limit * end_s
        assert math.dist((found[1], found[2], found[3] + RADIUS_M), end[:3]) < limit * went


def test_a_drop_and_a_course_that_never_comes_down():
    time_s, x, y, z = impact(5.0, -7.0, 1000.0, 0.0, 0.0, 0.0, 1e9, GRAVITY_MPS2)
    assert time_s == pytest.approx(math.sqrt(2.0 * 1000.0 / GRAVITY_MPS2), rel=1e-5)
    assert (x, y, z) == pytest.approx((5.0, -7.0, 0.0), abs=1e-3)
    orbit = impact(0.0, 0.0, 300e3, 8000.0, 0.0, 0.0, RADIUS_M, GRAVITY_MPS2)
    assert orbit[0] == math.inf
