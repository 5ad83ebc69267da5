"""A spot rules a threat out only where no path could have brought it near since."""

import numpy as np
import pytest

from openiads.engine.spots import SPOT, forget, greatest_speeds_mps, renew, stays_far

ROWS = np.array([(0, 6, 2.0), (6, 5, 0.5)], [("grid", "i4"), ("n_grid", "i4"), ("step_s", "f8")])


def paths():
    rng = np.random.default_rng(3)
    return rng.normal(0.0, 2000.0, (11, 3)), rng.normal(0.0, 300.0, (11, 3))


def place(pos, vel, row, time_s):
    """Cubic Hermite interpolation, written out anew."""
    step = min(int(time_s / row["step_s"]), row["n_grid"] - 2)
    u, h, k = time_s / row["step_s"] - step, row["step_s"], row["grid"] + step
    a, b = (2 * u**3 - 3 * u**2 + 1), (u**3 - 2 * u**2 + u) * h
    return a * pos[k] + b * vel[k] + (1 - a) * pos[k + 1] + (u**3 - u**2) * h * vel[k + 1]


def test_no_path_is_swifter_than_its_bound():
    pos, vel = paths()
    most = greatest_speeds_mps(pos, vel, ROWS)
    for row, bound in zip(ROWS, most, strict=True):
        times = np.linspace(0.0, (row["n_grid"] - 1) * row["step_s"], 4001)
        track = np.array([place(pos, vel, row, t) for t in times])[:, :2]
        fastest = np.abs(np.diff(track, axis=0)).max() / (times[1] - times[0])
        assert 0.3 * bound < fastest <= bound


@pytest.fixture
def spot():
    row = np.zeros(1, SPOT).view(np.recarray)[0]
    row.speed_mps = 250.0
    forget(row)
    return row


def test_a_threat_never_looked_up_may_be_anywhere(spot):
    assert not stays_far(spot, 100.0, 1e9, 0.0, 5000.0)


def test_what_it_can_have_flown_counts(spot):
    renew(spot, 100.0, 1000.0, -2000.0)
    assert stays_far(spot, 104.0, 7001.0, -2000.0, 5000.0)
    assert not stays_far(spot, 104.1, 7001.0, -2000.0, 5000.0)
    assert stays_far(spot, 104.0, 1000.0, -8001.0, 5000.0)


def test_an_old_spot_says_nothing(spot):
    renew(spot, 100.0, 0.0, 0.0)
    assert stays_far(spot, 110.0, 1e6, 0.0, 5000.0)
    assert not stays_far(spot, 110.1, 1e6, 0.0, 5000.0)
