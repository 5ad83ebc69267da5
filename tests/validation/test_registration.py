"""Biases of several radars from common targets: against the truth of made sets.

Authority: the truth itself. The estimate must lie where its own covariance says: the squared
Mahalanobis distance of all biases, over 30 draws, inside the chi-square interval at 99.9 %.
Linearised about noisy plots: 50 m and 2.6 mrad at 100 km, where the second order is 0.3 m.
"""

import numpy as np
import pytest

from openiads.faults import InputError
from openiads.physics.filters import consistency_interval
from openiads.physics.registration import common_bias, polar_places

EVIDENCE = {
    "model": "fusion",
    "authority": "truth of made sets, inside the estimate's own covariance",
    "kind": "own sweep",
}

PLACES = np.array([[0.0, 0.0, 0.0], [8.0e4, 0.0, 50.0], [4.0e4, 7.0e4, 0.0]])
SIGMA = np.array([50.0, 0.0026, 0.0026])
PRIOR = np.tile([300.0, 0.005, 0.005], (3, 1))


def groups(rng, count, bias, seen=0.8):
    """Plots of ``count`` targets by three radars with those biases."""
    targets = np.column_stack(
        [rng.uniform(-1.2e5, 1.6e5, count), rng.uniform(-1.2e5, 1.6e5, count),
         rng.uniform(3e3, 1.2e4, count)]
    )  # fmt: skip
    pos, J = np.zeros((count, 3, 3)), np.zeros((count, 3, 3, 3))
    for s in range(3):
        d = targets - PLACES[s]
        r = np.linalg.norm(d, axis=1)
        rae = np.stack([r, np.arctan2(d[:, 1], d[:, 0]), np.arcsin(d[:, 2] / r)], axis=1)
        rae += bias[s] + SIGMA * rng.standard_normal(rae.shape)
        place, J[:, s] = polar_places(rae, np.eye(3))
        pos[:, s] = place + PLACES[s]
    cov = J @ np.diag(SIGMA**2) @ J.transpose(0, 1, 3, 2)
    there = rng.random((count, 3)) < seen
    kept = there.sum(axis=1) > 1
    return pos[kept], cov[kept], J[kept], there[kept]


def test_biases_lie_where_their_covariance_says():
    rng = np.random.default_rng(5)
    d2, runs = 0.0, 30
    for _ in range(runs):
        bias = PRIOR * rng.standard_normal((3, 3))
        found = common_bias(*groups(rng, 300, bias), PRIOR)
        error = (found.bias - bias).ravel()
        d2 += error @ np.linalg.solve(found.covariance, error)
        assert found.fit == pytest.approx(1.0, abs=0.15)
    low, high = consistency_interval(9, runs, 0.999)
    assert low <= d2 / runs <= high


def test_a_few_wrong_pairs_move_little():
    rng = np.random.default_rng(6)
    bias = np.array([[200.0, 0.004, -0.002], [-150.0, -0.005, 0.001], [100.0, 0.002, 0.003]])
    pos, cov, J, seen = groups(rng, 300, bias, seen=1.0)
    clean = common_bias(pos, cov, J, seen, PRIOR).bias
    pos[:15, 1] += [9e3, -7e3, 1e3]
    spoilt = common_bias(pos, cov, J, seen, PRIOR).bias
    assert np.abs(spoilt - clean).max(axis=0) == pytest.approx(0.0, abs=25.0)
    assert np.abs(spoilt - clean)[:, 1:].max() < 5e-4


def test_what_nothing_tells_stays_with_the_prior():
    pos, cov, J, _ = groups(np.random.default_rng(7), 50, np.zeros((3, 3)))
    alone = np.zeros((len(pos), 3), bool)
    alone[:, 0] = True
    found = common_bias(pos, cov, J, alone, PRIOR)
    assert found.bias == pytest.approx(np.zeros((3, 3)), abs=1e-6)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(PRIOR.ravel(), rel=1e-6)


def test_faults():
    pos, cov, J, seen = groups(np.random.default_rng(8), 5, np.zeros((3, 3)))
    with pytest.raises(InputError):
        common_bias(pos, cov, J[:, :2], seen, PRIOR)
    with pytest.raises(InputError):
        common_bias(pos, cov, J, seen, 0.0 * PRIOR)
