"""Whether the running tracker knows its own errors: NEES and NIS inside chi-square bounds.

Reference: Bar-Shalom, Li and Kirubarajan 2001, section 5.4.2: over many independent targets the
normalised estimation error squared x^T P^-1 x averages the 6 dimensions of the state, and the
normalised innovation squared the 3 of a plot. Targets fly the very model of the filter, so the
bounds are those of chi-square means at probability 0.999 (two-sided); errors of one target are
correlated from scan to scan, so each instant is judged alone. Polar plots to 400 km test the
conversion, which is exact in its moments but not Gaussian: the bound of NEES is widened by 5 %.
"""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from openiads.domain.tracker import Tracker

EVIDENCE = {"model": "tracking", "authority": "chi-square bounds, running tracker",
            "kind": "closed form"}  # fmt: skip
SIGMA = (50.0, math.radians(0.15), math.radians(0.15))
DT_S = 5.0
NOISE_M2PS3 = 0.5


def calm(targets, scans, seed):
    """Targets 30 km apart of nearly constant velocity (scans, targets, 6), seen in every scan."""
    rng = np.random.default_rng(seed)
    side = math.ceil(math.sqrt(targets))
    x = np.zeros((targets, 6))
    x[:, 0] = 30e3 * (np.arange(targets) % side - side / 2) + 5e3
    x[:, 1] = 30e3 * (np.arange(targets) // side - side / 2) + 7e3
    x[:, 2] = rng.uniform(5e3, 12e3, targets)
    x[:, 3:5] = rng.normal(0.0, 150.0, (targets, 2))
    block = NOISE_M2PS3 * np.array([[DT_S**3 / 3, DT_S**2 / 2], [DT_S**2 / 2, DT_S]])
    root = np.linalg.cholesky(block)
    states = []
    for _ in range(scans):
        states.append(x.copy())
        x[:, :3] += DT_S * x[:, 3:]
        kick = rng.standard_normal((3, targets, 2)) @ root.T
        for axis in range(3):
            x[:, axis] += kick[axis, :, 0]
            x[:, axis + 3] += kick[axis, :, 1]
    return np.array(states), rng


def run(formations):
    states, rng = calm(400, 25, 8)
    tracker = Tracker(SIGMA, noise_m2ps3=NOISE_M2PS3, detect_probability=0.99,
                      formations=formations)  # fmt: skip
    nees, nis, owner = [], [], {}
    for k, truth in enumerate(states):
        r = np.linalg.norm(truth[:, :3], axis=1)
        rae = np.stack(
            [r, np.arctan2(truth[:, 1], truth[:, 0]), np.arcsin(truth[:, 2] / r)], axis=1
        )
        tracks = tracker.scan(DT_S * k, rae + np.array(SIGMA) * rng.standard_normal(rae.shape))
        for who, plot in zip(tracks.id, tracks.plot, strict=True):
            owner.setdefault(int(who), int(plot))
        error = tracks.state - truth[[owner[int(i)] for i in tracks.id]]
        nees.append(np.einsum("ki,kij,kj->k", error, np.linalg.inv(tracks.covariance), error))
        table = tracker.tables.track
        nis.append(table.nis[(table.status == 2) & (table.hits > 3)])
    return nees, nis


def bounds(dimensions, count):
    return chi2.ppf([0.0005, 0.9995], dimensions * count) / count


@pytest.mark.parametrize("formations", [False, True])
def test_errors_are_as_large_as_the_tracker_says(formations):
    nees, nis = run(formations)
    for k in (10, 15, 20, 24):
        assert len(nees[k]) == 400
        low, high = bounds(6, 400)
        assert 0.95 * low < nees[k].mean() < 1.05 * high
        low, high = bounds(3, 400)
        assert low < nis[k].mean() < high
