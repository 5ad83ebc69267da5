"""Mixtures, manoeuvres and velocity updates equal the textbook's matrices."""

import numpy as np
import pytest

from openiads.domain.tracks import covariance_matrix
from openiads.physics.estimation import innovation
from openiads.physics.filters import moments, motion, predict, update
from openiads.physics.mixture import (
    manoeuvre_shift,
    merge_pair,
    shifted_innovation,
    velocity_update,
)

UPPER = np.triu_indices(3)


def packed(full):
    return np.concatenate([full[:3, :3][UPPER], full[:3, 3:].ravel(), full[3:, 3:][UPPER]])


def state(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(6, 6)) * np.array([100, 300, 80, 10, 20, 5])[:, None]
    return rng.normal(size=6) * 100, a @ a.T


@pytest.mark.parametrize("seed", range(4))
def test_merge_has_the_moments_of_the_mixture(seed):
    (x0, p0), (x1, p1) = state(seed), state(seed + 50)
    xs, ps = np.zeros((1, 6)), np.zeros((1, 21))
    merge_pair(xs, ps, 0, np.stack([x0, x1]), np.stack([packed(p0), packed(p1)]), 0.3)
    mean, covariance = moments([0.7, 0.3], [x0, x1], [p0, p1])
    assert xs[0] == pytest.approx(mean)
    assert covariance_matrix(ps)[0] == pytest.approx(covariance)


@pytest.mark.parametrize("seed", range(4))
def test_velocity_update_equals_matrices(seed):
    x, p = state(seed)
    rng = np.random.default_rng(seed)
    v, r = x[3:5] + rng.normal(size=2), np.array([[30.0, 5.0], [5.0, 20.0]])
    h = np.zeros((2, 6))
    h[0, 3] = h[1, 4] = 1.0
    expected = update(x, p, v, h, r)
    xs, ps = x[None].copy(), packed(p)[None].copy()
    d2 = velocity_update(xs, ps, 0, v[0], v[1], 30.0, 5.0, 20.0, 1e9)
    assert d2 == pytest.approx(expected.nis)
    assert xs[0] == pytest.approx(expected.x, rel=1e-9)
    assert covariance_matrix(ps)[0] == pytest.approx(expected.P, rel=1e-6, abs=1e-4)
    before = xs.copy()
    velocity_update(xs, ps, 0, 1e6, 0.0, 30.0, 5.0, 20.0, 16.0)
    assert (xs == before).all()


def test_the_prior_manoeuvre_is_process_noise():
    """Displacement ~ N(0, q T^3/3) with its regression on velocity adds exactly Q."""
    x, p = state(1)
    t, q = 5.0, 1500.0
    f, noise = motion(t, q, axes=3)
    mean, covariance = predict(x, p, f, noise)
    xs, ps = (f @ x)[None].copy(), packed(f @ p @ f.T)[None].copy()
    c = np.zeros((1, 9))
    c[0, [3, 6, 8]] = q * t**3 / 3.0
    manoeuvre_shift(xs, ps, 0, t, c, 0, q, q)
    assert xs[0] == pytest.approx(mean)
    assert covariance_matrix(ps)[0] == pytest.approx(covariance)


def test_shifted_innovation():
    x, p = state(2)
    xs, ps = x[None], packed(p)[None]
    z, r = x[None, :3] + 50.0, np.array([[400.0, 0.0, 0.0, 400.0, 0.0, 400.0]])
    c = np.zeros((1, 9))
    c[0, 3:] = [90.0, 0.0, 0.0, 90.0, 0.0, 20.0]
    assert shifted_innovation(xs, ps, 0, z, r, 0, c, 0) == pytest.approx(
        innovation(xs, ps, 0, z, r, 0, 90.0, 20.0)
    )
    c[0, :3] = 50.0
    assert shifted_innovation(xs, ps, 0, z, r, 0, c, 0)[0] == pytest.approx(0.0, abs=1e-9)
