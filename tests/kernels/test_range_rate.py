"""Range rates: the update is the textbook's; wrong ones are faults."""

import math

import numpy as np
import pytest

from openiads.domain.tracker import Tracker
from openiads.domain.tracks import covariance_matrix
from openiads.faults import InputError
from openiads.physics.estimation import range_rate_update


def packed(full):
    upper = np.triu_indices(3)
    return np.concatenate([full[:3, :3][upper], full[:3, 3:].ravel(), full[3:, 3:][upper]])


def test_update_is_the_extended_kalman_filters():
    rng = np.random.default_rng(4)
    a = rng.normal(size=(6, 6)) * [300, 300, 100, 20, 20, 5]
    full = a.T @ a
    state = np.array([8e4, -3e4, 9e3, -220.0, 90.0, 5.0])
    place, sigma, rate = np.array([1e3, 2e3, 50.0]), 3.0, -231.0

    def law(s):
        gap = s[:3] - place
        return gap @ s[3:] / np.linalg.norm(gap)

    steps = np.array([1.0, 1.0, 1.0, 1e-3, 1e-3, 1e-3])
    h = np.array([(law(state + d) - law(state - d)) / (2 * d.max()) for d in np.diag(steps)])
    s = h @ full @ h + sigma**2
    gain = full @ h / s
    x, P = state[None].copy(), packed(full)[None].copy()
    d2, log_s = range_rate_update(x, P, 0, rate, sigma**2, place)
    assert d2 == pytest.approx((rate - law(state)) ** 2 / s, rel=1e-6)
    assert log_s == pytest.approx(math.log(s), rel=1e-6)
    assert x[0] == pytest.approx(state + gain * (rate - law(state)), rel=1e-6, abs=1e-5)
    expected = full - np.outer(gain, h @ full)
    assert covariance_matrix(P)[0] == pytest.approx(expected, rel=1e-5, abs=1e-3 * expected[0, 0])


def test_wrong_rates_are_faults():
    tracker = Tracker()
    plots = [[100e3, 0.5, 0.03]]
    with pytest.raises(InputError):
        tracker.scan(0.0, plots, range_rate_mps=[1.0, 2.0])
    with pytest.raises(InputError):
        tracker.scan(0.0, plots, range_rate_mps=[1.0], range_rate_sigma_mps=0.0)
