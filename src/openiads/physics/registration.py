"""Registration: the constant errors of a radar, from plots whose true places are known."""

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
