"""The packed filter steps equal the textbook's matrices, and converted plots are unbiased."""

import numpy as np
import pytest

from openiads.domain.tracks import covariance_matrix
from openiads.physics.estimation import (
    convert_plot,
    cv_predict,
    innovation,
    position_update,
    symmetric_inverse,
)

UPPER = np.triu_indices(3)


def packed(full):
    return np.concatenate([full[:3, :3][UPPER], full[:3, 3:].ravel(), full[3:, 3:][UPPER]])


def random_case(seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(6, 6)) * np.array([100, 300, 80, 10, 20, 5])[:, None]
    b = rng.normal(size=(3, 3)) * 200
    return rng.normal(size=6) * 1e4, a @ a.T, rng.normal(size=3) * 1e4, b @ b.T


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dt_s", [0.0, 1.0, 7.5, -2.0])
def test_predict_equals_matrices(seed, dt_s):
    x, cov, _, _ = random_case(seed)
    xs, ps = x[None].copy(), packed(cov)[None].copy()
    cv_predict(xs, ps, 0, dt_s, 30.0)
    f = np.kron([[1, dt_s], [0, 1]], np.eye(3))
    t = abs(dt_s)
    q = 30.0 * np.kron([[t**3 / 3, t**2 / 2], [t**2 / 2, t]], np.eye(3))
    assert xs[0] == pytest.approx(f @ x, rel=1e-12)
    assert covariance_matrix(ps)[0] == pytest.approx(f @ cov @ f.T + q, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_update_equals_matrices(seed):
    x, cov, z, r = random_case(seed)
    xs, ps, zs, rs = x[None].copy(), packed(cov)[None].copy(), z[None], r[UPPER][None]
    h = np.eye(3, 6)
    s = h @ cov @ h.T + r
    gain = cov @ h.T @ np.linalg.inv(s)
    y = z - x[:3]
    d2, log_det = innovation(xs, ps, 0, zs, rs, 0, 0.0, 0.0)
    assert position_update(xs, ps, 0, zs, rs, 0) == pytest.approx((d2, log_det), rel=1e-12)
    assert d2 == pytest.approx(y @ np.linalg.solve(s, y), rel=1e-9)
    assert log_det == pytest.approx(np.linalg.slogdet(s)[1], rel=1e-12)
    assert xs[0] == pytest.approx(x + gain @ y, rel=1e-9)
    expected = cov - gain @ h @ cov
    assert covariance_matrix(ps)[0] == pytest.approx(expected, rel=1e-7, abs=1e-6 * cov.max())


def test_symmetric_inverse():
    _, _, _, r = random_case(3)
    *upper, det = symmetric_inverse(*r[UPPER])
    assert upper == pytest.approx(np.linalg.inv(r)[UPPER], rel=1e-9)
    assert det == pytest.approx(np.linalg.det(r), rel=1e-9)


def converted(rae, sigmas, origin=(0.0, 0.0, 0.0), axes=None):
    pos, cov = np.zeros((1, 3)), np.zeros((1, 6))
    frame = np.eye(3) if axes is None else axes
    convert_plot(*rae, *sigmas, np.array(origin), frame, pos, cov, 0)
    full = np.zeros((3, 3))
    full[UPPER] = cov[0]
    return pos[0], full + np.triu(full, 1).T


@pytest.mark.parametrize("angle_sigma_rad", [0.002, 0.03, 0.2])
def test_conversion_has_the_moments_of_the_place_given_the_plot(angle_sigma_rad):
    rae, sigmas = (3.0e5, 0.7, 0.4), (50.0, angle_sigma_rad, 0.7 * angle_sigma_rad)
    pos, cov = converted(rae, sigmas)
    rng = np.random.default_rng(1)
    n = 200_000
    r, az, el = (m - s * rng.standard_normal(n) for m, s in zip(rae, sigmas, strict=True))
    truth = np.stack([r * np.cos(az) * np.cos(el), r * np.sin(az) * np.cos(el), r * np.sin(el)])
    sigma = np.sqrt(np.diag(cov))
    # Five standard errors of the mean, and 3 % of the scale for the second moments of 200,000.
    assert np.abs(truth.mean(axis=1) - pos).max() < 5 * sigma.max() / np.sqrt(n)
    assert np.abs(np.cov(truth) - cov).max() < 0.03 * sigma.max() ** 2


def test_conversion_turns_and_moves_with_the_sensor():
    rae, sigmas = (2.0e4, -1.0, 0.1), (30.0, 0.01, 0.02)
    here, cov_here = converted(rae, sigmas)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    there, cov_there = converted(rae, sigmas, (10.0, -20.0, 30.0), turn)
    assert there == pytest.approx(turn @ here + [10.0, -20.0, 30.0], rel=1e-12)
    assert cov_there == pytest.approx(turn @ cov_here @ turn.T, rel=1e-9, abs=1e-6)
