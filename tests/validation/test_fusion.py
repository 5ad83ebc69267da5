"""Fusion of tracks: covariance intersection, and its consistency on fused radar tracks.

Authority: `openiads.physics.filters.covariance_intersection` (golden section to 1e-9 on one pair),
and the chi-square bounds of the normalised estimation error. Covariance intersection is
conservative: its mean NEES may lie below the interval, never above it. Local tracks of one target
share its process noise, so fusing them as if independent must come out above.
"""

import numpy as np
import pytest

from openiads.domain.network import Network, sensors
from openiads.physics.filters import consistency_interval, covariance_intersection
from openiads.physics.fusion import intersect_covariances

EVIDENCE = {
    "model": "fusion",
    "authority": "chi-square bounds of the normalised error; textbook covariance intersection",
    "kind": "closed form",
}


def spreads(rng, n, d=6):
    root = rng.standard_normal((n, d, d))
    return root @ root.transpose(0, 2, 1) + 0.3 * np.eye(d)


def test_many_pairs_equal_one_pair_after_the_other():
    rng = np.random.default_rng(1)
    x1, x2 = rng.standard_normal((2, 20, 6))
    P1, P2 = spreads(rng, 20), spreads(rng, 20)
    P2[:4] = 9.0 * P1[:4]  # one is better in all: it is taken whole
    x, P, w = intersect_covariances(x1, P1, x2, P2)
    for k in range(20):
        mean, cov, weight = covariance_intersection(x1[k], P1[k], x2[k], P2[k])
        assert w[k] == pytest.approx(weight, abs=2e-3)
        # det P is flat about its least, so a weight off by 1e-4 shows to its square only.
        assert np.linalg.det(P[k]) == pytest.approx(np.linalg.det(cov), rel=1e-6)
        assert x[k] == pytest.approx(mean, abs=0.02)
    assert w[:4] == pytest.approx(np.ones(4))


NOISE = 20.0
"""Process noise (m2/s3) that the targets have and the filters know."""


def run_network(scans=40, targets=24, seed=3):
    """States at the last look of two radars that track the same targets, and the truth."""
    rng = np.random.default_rng(seed)
    places = np.array([[0.0, 0.0, 0.0], [5e4, 0.0, 0.0]])
    radars = sensors(places, sigma=(50.0, 0.0026, 0.0026))
    network = Network(radars, fusion="tracks", noise_m2ps3=NOISE, formations=False)
    grid = np.arange(targets)
    x = np.zeros((targets, 6))
    x[:, 0] = 6e4 + 3e4 * (grid % 6)
    x[:, 1] = -6e4 + 4e4 * (grid // 6)
    x[:, 2] = 8e3
    x[:, 3:5] = rng.normal(0, 100, (targets, 2))
    T = 2.5
    block = NOISE * np.array([[T**3 / 3, T**2 / 2], [T**2 / 2, T]])
    root = np.linalg.cholesky(block)
    for k in range(2 * scans):
        s = k % 2
        d = x[:, :3] - places[s]
        r = np.linalg.norm(d, axis=1)
        rae = np.stack([r, np.arctan2(d[:, 1], d[:, 0]), np.arcsin(d[:, 2] / r)], axis=1)
        rae += radars.sigma[s] * rng.standard_normal(rae.shape)
        tracks = network.scan(T * k, s, rae)
        if k + 1 < 2 * scans:
            x[:, :3] += T * x[:, 3:]
            for a in range(3):
                kick = rng.standard_normal((targets, 2)) @ root.T
                x[:, a] += kick[:, 0]
                x[:, a + 3] += kick[:, 1]
    return x, tracks, network


def nees(x, state, cov):
    gap = np.linalg.norm(x[:, None, :3] - state[None, :, :3], axis=2)
    e = state[gap.argmin(axis=1)] - x
    P = cov[gap.argmin(axis=1)]
    return float((e * np.linalg.solve(P, e[..., None])[..., 0]).sum(axis=1).mean())


def test_fused_tracks_are_not_over_confident(record_property):
    fused, naive, runs, targets = [], [], 6, 24
    for seed in range(runs):
        x, tracks, network = run_network(seed=seed, targets=targets)
        assert len(tracks.id) == targets
        fused.append(nees(x, tracks.state, tracks.covariance))
        # The same local tracks, fused as if independent.
        ahead = [network.fusion._ahead(s, 2.5 * 79) for s in range(2)]
        order = [np.linalg.norm(x[:, None, :3] - a.state[None, :, :3], axis=2).argmin(1)
                 for a in ahead]  # fmt: skip
        infos = [np.linalg.inv(a.covariance[o]) for a, o in zip(ahead, order, strict=True)]
        P = np.linalg.inv(infos[0] + infos[1])
        pull = sum(i @ a.state[o][..., None] for i, a, o in zip(infos, ahead, order, strict=True))
        naive.append(nees(x, (P @ pull)[..., 0], P))
    record_property("nees_covariance_intersection", np.mean(fused))
    record_property("nees_as_if_independent", np.mean(naive))
    _, high = consistency_interval(6, runs * targets, 0.999)
    assert np.mean(fused) < high
    assert np.mean(naive) > high
