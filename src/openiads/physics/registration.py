"""Registration: the constant errors of radars, from known places or from common targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.faults import InputError
from openiads.physics.filters import polar, polar_jacobian, wrap


class Bias(NamedTuple):
    """Biases (range m, azimuth rad, elevation rad), their covariance, and the chi-square per
    degree of freedom of what is left (near 1 where the stated errors hold)."""

    bias: np.ndarray
    covariance: np.ndarray
    fit: float


def registration_bias(
    rae: ArrayLike,
    sigma: ArrayLike,
    reference_pos_m: ArrayLike,
    reference_cov_m2: ArrayLike,
    sensor_pos_m: ArrayLike = (0.0, 0.0, 0.0),
    sensor_axes: ArrayLike | None = None,
) -> Bias:
    """Constant range, azimuth and elevation errors of one radar, by weighted least squares.

    Plot k of a target at reference place p_k (a track of other radars, or ADS-B) gives
    z_k - h(p_k) = b + e_k with cov e_k = R + J P_k J^T; b = (sum W_k)^-1 sum W_k (z_k - h(p_k)).
    The azimuth is wrapped. Biases of a second radar against a first are found with the tracks of
    the first as reference.

    Args: rae (n, 3) m and rad; sigma (3,); reference_pos_m (n, 3) and reference_cov_m2 (n, 3, 3)
    or (3, 3) in the common frame; sensor_pos_m (3,); sensor_axes (3, 3), columns the sensor's
    axes. Raises InputError for no plots or shapes that do not fit.
    Reference: Dhar, "Application of a recursive method for registration error correction in
    tracking with multiple sensors", American Control Conference 1993 (the batch form).
    """
    plots = np.asarray(rae, dtype=np.float64).reshape(-1, 3)
    places = np.asarray(reference_pos_m, dtype=np.float64).reshape(-1, 3)
    if not len(plots) or len(plots) != len(places):
        raise InputError.of(f"{len(plots)} plots and {len(places)} reference places", key="rae")
    spread = np.broadcast_to(np.asarray(reference_cov_m2, float), (len(plots), 3, 3))
    axes = np.eye(3) if sensor_axes is None else np.asarray(sensor_axes, float)
    noise = np.diag(np.square(np.asarray(sigma, float)))
    information, pull, residuals = np.zeros((3, 3)), np.zeros(3), []
    for plot, place, cov in zip(plots, places, spread, strict=True):
        state = np.concatenate([axes.T @ (place - np.asarray(sensor_pos_m, float)), np.zeros(3)])
        jacobian = polar_jacobian(state)[:3, :3] @ axes.T
        error = plot - polar(state)[:3]
        error[1] = wrap(error[1])
        weight = np.linalg.inv(noise + jacobian @ cov @ jacobian.T)
        information += weight
        pull += weight @ error
        residuals.append((error, weight))
    covariance = np.linalg.inv(information)
    bias = covariance @ pull
    left = sum(float((e - bias) @ w @ (e - bias)) for e, w in residuals)
    return Bias(bias, covariance, left / max(3 * len(plots) - 3, 1))


def polar_places(rae: ArrayLike, sensor_axes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Places of plots relative to their sensors, and how they move with range and angles.

    p = A r (cos a cos e, sin a cos e, sin e) and J = dp / d(r, a, e).

    Args: rae (n, 3) m and rad; sensor_axes (n, 3, 3) or (3, 3), columns the sensor's axes in the
    common frame. Returns (n, 3) and (n, 3, 3), whose last index is the polar coordinate.
    """
    r, a, e = np.asarray(rae, dtype=np.float64).T
    ca, sa, ce, se = np.cos(a), np.sin(a), np.cos(e), np.sin(e)
    place = np.stack([r * ca * ce, r * sa * ce, r * se], axis=1)
    turn = np.empty((len(r), 3, 3))
    turn[:, :, 0] = np.stack([ca * ce, sa * ce, se], axis=1)
    turn[:, :, 1] = np.stack([-r * sa * ce, r * ca * ce, np.zeros_like(r)], axis=1)
    turn[:, :, 2] = np.stack([-r * ca * se, -r * sa * se, r * ce], axis=1)
    axes = np.asarray(sensor_axes, dtype=np.float64)
    return (axes @ place[:, :, None])[:, :, 0], axes @ turn


_DEGREES = 4.0
"""Degrees of freedom of the t distribution that tempers wrong pairs (assumed: the usual choice,
Lange, Little and Taylor, J. Am. Stat. Assoc. 84, 1989, section 6)."""

_ROUNDS = 8


def common_bias(
    pos_m: ArrayLike, cov_m2: ArrayLike, jacobian: ArrayLike, seen: ArrayLike, prior: ArrayLike
) -> Bias:
    """Constant errors of several radars from targets that they saw together, truth unknown.

    Plot s of group k lies at x_ks = p_k + J_ks b_s + e_ks. The place p_k is eliminated exactly:
    with W = cov e^-1 and T = (sum_s W_s)^-1 the information about b is
    J_s^T (delta_ss' W_s - W_s T W_s') J_s' and its vector J_s^T W_s (x_s - T sum W x). A group
    far off (two targets taken for one) is weighed down as under a t distribution.

    Args: pos_m (k, S, 3), cov_m2 (k, S, 3, 3), jacobian (k, S, 3, 3) = d pos / d (range, azimuth,
    elevation); seen (k, S) bool; prior (S, 3) standard deviations of the biases, > 0, which hold
    those combinations that common targets do not tell. Returns `Bias` with bias (S, 3) and
    covariance (3 S, 3 S). Raises InputError for shapes that do not fit.
    Reference: Okello and Ristic, "Maximum likelihood registration for multiple dissimilar
    sensors", IEEE Trans. AES 39(3), 2003 (the likelihood); elimination by the Schur complement.
    Validated by tests/validation/test_registration.py.
    """
    places, J = np.asarray(pos_m, float), np.asarray(jacobian, float)
    there, spread = np.asarray(seen, bool), np.asarray(prior, float)
    if places.ndim != 3 or J.shape != (*places.shape, 3) or there.shape != places.shape[:2]:
        raise InputError.of("shapes of places, jacobians and seen do not fit", key="pos_m")
    S = places.shape[1]
    if spread.shape != (S, 3) or not (spread > 0.0).all():
        raise InputError.of(f"needs ({S}, 3) standard deviations above 0", key="prior")
    cov = np.where(there[:, :, None, None], np.asarray(cov_m2, float), np.eye(3))
    W = np.linalg.inv(cov) * there[:, :, None, None]
    T = np.linalg.inv(W.sum(axis=1) + 1e-30 * np.eye(3))
    pull = (W @ places[..., None])[..., 0]
    centred = places - (T @ pull.sum(axis=1)[..., None])[:, None, :, 0]
    WJ = W @ J
    # Blocks of each group: (k, S, 3, S, 3).
    cross = np.einsum("ksai,kab,ktbj->ksitj", WJ, T, WJ, optimize=True)
    blocks = -cross
    own = np.einsum("ksai,ksaj->ksij", J, WJ)
    for s in range(S):
        blocks[:, s, :, s, :] += own[:, s]
    blocks = blocks.reshape(len(places), 3 * S, 3 * S)
    vectors = np.einsum("ksai,ksa->ksi", WJ, centred).reshape(len(places), 3 * S)
    constant = np.einsum("ksa,ksab,ksb->k", centred, W, centred)
    freedom = 3.0 * np.maximum(there.sum(axis=1) - 1, 0)
    start = np.diag(1.0 / spread.ravel() ** 2)
    weight = np.ones(len(places))
    b, covariance, left = np.zeros(3 * S), np.linalg.inv(start), constant
    for _ in range(_ROUNDS):
        covariance = np.linalg.inv(start + np.einsum("k,kij->ij", weight, blocks))
        b = covariance @ (weight @ vectors)
        left = constant - 2.0 * vectors @ b + np.einsum("i,kij,j->k", b, blocks, b)
        weight = (_DEGREES + freedom) / (_DEGREES + np.maximum(left, 0.0))
        weight = np.minimum(weight, 1.0)
    return Bias(b.reshape(S, 3), covariance, float(left.sum() / max(freedom.sum(), 1.0)))
