"""Textbook filters on matrices of any size: Kalman, extended, cubature, interacting models.

These are the reference against which the packed kernels of `openiads.physics.estimation` are
tested, and serve studies in which speed does not matter. Vectors have shape (n,), covariances
(n, n). Reference throughout: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to
Tracking and Navigation, 2001 ("BLK").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.physics.estimation import LOG_TWO_PI


class Update(NamedTuple):
    """Outcome of a measurement: state, covariance, innovation, its covariance, NIS, log-density."""

    x: np.ndarray
    P: np.ndarray
    innovation: np.ndarray
    S: np.ndarray
    nis: float
    log_likelihood: float


def motion(
    dt_s: float, q: float, axes: int = 1, noise: str = "continuous"
) -> tuple[np.ndarray, np.ndarray]:
    """Transition F and noise Q of nearly constant velocity, state (positions, velocities).

    ``noise="continuous"``: Q = q [[T^3/3, T^2/2], [T^2/2, T]], q in m2/s3 (BLK eq. 6.2.2-4);
    ``noise="piecewise"``: Q = q [[T^4/4, T^3/2], [T^3/2, T^2]], q in m2/s4 (BLK eq. 6.3.2-4).
    """
    t = dt_s
    if noise == "continuous":
        block = np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
    else:
        block = np.array([[t**4 / 4, t**3 / 2], [t**3 / 2, t**2]])
    unit = np.eye(axes)
    return np.kron([[1.0, t], [0.0, 1.0]], unit), np.kron(q * block, unit)


def predict(
    x: ArrayLike, P: ArrayLike, F: ArrayLike, Q: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """x' = F x and P' = F P F^T + Q (BLK table 5.2.4-1)."""
    f = np.asarray(F, float)
    return f @ np.asarray(x, float), f @ np.asarray(P, float) @ f.T + np.asarray(Q, float)


def _gauss_update(
    x: np.ndarray, P: np.ndarray, innovation: np.ndarray, S: np.ndarray, cross: np.ndarray
) -> Update:
    """Update with gain ``cross`` S^-1, for any measurement function."""
    gain = np.linalg.solve(S, cross.T).T
    nis = float(innovation @ np.linalg.solve(S, innovation))
    log_det = float(np.linalg.slogdet(S)[1])
    covariance = P - gain @ S @ gain.T
    log_likelihood = -0.5 * (nis + log_det + len(innovation) * LOG_TWO_PI)
    return Update(
        x + gain @ innovation, 0.5 * (covariance + covariance.T), innovation, S, nis, log_likelihood
    )


def update(x: ArrayLike, P: ArrayLike, z: ArrayLike, H: ArrayLike, R: ArrayLike) -> Update:
    """Kalman update with z = H x + noise of covariance R (BLK table 5.2.4-1)."""
    x, P = np.asarray(x, float), np.asarray(P, float)
    h = np.atleast_2d(np.asarray(H, float))
    y = np.atleast_1d(np.asarray(z, float)) - h @ x
    return _gauss_update(x, P, y, h @ P @ h.T + np.atleast_2d(R), P @ h.T)


def wrap(angle_rad: float) -> float:
    """An angle in [-pi, pi)."""
    return (angle_rad + math.pi) % (2.0 * math.pi) - math.pi


def polar(x: np.ndarray) -> np.ndarray:
    """Range, azimuth, elevation and range rate (4,) of a state (px, py, pz, vx, vy, vz)."""
    r = float(np.linalg.norm(x[:3]))
    rate = float(x[:3] @ x[3:6]) / r
    return np.array([r, math.atan2(x[1], x[0]), math.asin(x[2] / r), rate])


def polar_jacobian(x: np.ndarray) -> np.ndarray:
    """Derivative (4, 6) of `polar`; singular on the sensor's vertical axis."""
    px, py, pz = x[:3]
    ground2 = px * px + py * py
    ground, r = math.sqrt(ground2), float(np.linalg.norm(x[:3]))
    rate = float(x[:3] @ x[3:6]) / r
    j = np.zeros((4, 6))
    j[0, :3] = x[:3] / r
    j[1, :2] = -py / ground2, px / ground2
    j[2, :3] = -px * pz / (r * r * ground), -py * pz / (r * r * ground), ground / (r * r)
    j[3, :3] = (x[3:6] - rate * x[:3] / r) / r
    j[3, 3:6] = x[:3] / r
    return j


def _polar_residual(z: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """z - predicted with the azimuth wrapped; both of 3 or 4 rows."""
    y = z - predicted
    y[1] = wrap(y[1])
    return y


def ekf_update(x: ArrayLike, P: ArrayLike, z: ArrayLike, R: ArrayLike) -> Update:
    """Extended Kalman update with range, azimuth, elevation and, where z has 4 rows, range rate.

    First-order (BLK table 10.3.3-1), azimuth wrapped. Valid where cross-range sigma squared over
    twice the range is well below the range sigma; beyond that use `cubature_update` or converted
    plots (`openiads.physics.estimation.convert_plot`), which stay consistent.
    """
    x, P, z = np.asarray(x, float), np.asarray(P, float), np.asarray(z, float)
    h = polar_jacobian(x)[: len(z)]
    y = _polar_residual(z, polar(x)[: len(z)])
    return _gauss_update(x, P, y, h @ P @ h.T + np.asarray(R, float), P @ h.T)


def sigma_points(x: np.ndarray, P: np.ndarray) -> np.ndarray:
    """The 2 n cubature points x +- sqrt(n) (columns of the Cholesky factor of P), each 1/(2 n)."""
    root = np.linalg.cholesky(P) * math.sqrt(len(x))
    return np.concatenate([x + root.T, x - root.T])


def cubature_update(
    x: ArrayLike,
    P: ArrayLike,
    z: ArrayLike,
    R: ArrayLike,
    measure: Callable[[np.ndarray], np.ndarray] | None = None,
    residual: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Update:
    """Unscented update with the cubature weights (kappa = 0), by default of a polar plot.

    Moments of h(x) from 2 n points of equal weight; residuals are taken around the first point so
    that an azimuth near +-pi averages rightly. Reference: Arasaratnam and Haykin, "Cubature Kalman
    filters", IEEE Trans. AC 54(6), 2009; Julier and Uhlmann, Proc. IEEE 92(3), 2004.
    """
    x, P, z = np.asarray(x, float), np.asarray(P, float), np.asarray(z, float)
    if measure is None:
        measure, residual = (lambda s: polar(s)[: len(z)]), _polar_residual
    minus = residual or (lambda a, b: a - b)
    points = sigma_points(x, P)
    images = [measure(p) for p in points]
    deltas = np.array([minus(image, images[0]) for image in images])
    centre = deltas.mean(axis=0)
    spread = deltas - centre
    s = spread.T @ spread / len(points) + np.asarray(R, float)
    cross = (points - x).T @ spread / len(points)
    return _gauss_update(x, P, minus(z, images[0] + centre), s, cross)


def unscented_points(
    x: np.ndarray, P: np.ndarray, alpha: float, beta: float, kappa: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The 2 n + 1 scaled sigma points (2 n + 1, n) and their weights for means and covariances.

    l = alpha^2 (n + kappa) - n; points x, x +- sqrt(n + l) (columns of the Cholesky factor of P);
    weights l/(n + l) and 1/(2 (n + l)), the first of the covariances more by 1 - alpha^2 + beta.
    ``alpha`` 1, ``beta`` 0, ``kappa`` 0 are the cubature points. Valid for n + l > 0.
    Reference: Julier, "The scaled unscented transformation", American Control Conference 2002;
    van der Merwe, dissertation, OGI 2004, section 3.2.2.
    """
    n = len(x)
    scale = alpha * alpha * (n + kappa)
    root = np.linalg.cholesky(P) * math.sqrt(scale)
    means = np.full(2 * n + 1, 0.5 / scale)
    means[0] = (scale - n) / scale
    covariances = means.copy()
    covariances[0] += 1.0 - alpha * alpha + beta
    return np.concatenate([x[None], x + root.T, x - root.T]), means, covariances


def unscented_update(
    x: ArrayLike,
    P: ArrayLike,
    z: ArrayLike,
    R: ArrayLike,
    measure: Callable[[np.ndarray], np.ndarray] | None = None,
    residual: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    alpha: float = 1.0,
    beta: float = 2.0,
    kappa: float = 0.0,
) -> Update:
    """Unscented update with scaled sigma points, by default of a polar plot of 3 or 4 rows.

    Residuals are taken around the image of the mean, so that an azimuth near +-pi averages rightly.
    ``beta`` 2 is right to fourth order for a Gaussian state; small ``alpha`` keeps the points near
    the mean and makes the first weight very negative.
    Reference: Julier and Uhlmann, Proc. IEEE 92(3), 2004; see `unscented_points`.
    Validated by tests/validation/test_estimation.py.
    """
    x, P, z = np.asarray(x, float), np.asarray(P, float), np.asarray(z, float)
    if measure is None:
        measure, residual = (lambda s: polar(s)[: len(z)]), _polar_residual
    minus = residual or (lambda a, b: a - b)
    points, means, covariances = unscented_points(x, P, alpha, beta, kappa)
    images = [measure(p) for p in points]
    deltas = np.array([minus(image, images[0]) for image in images])
    centre = means @ deltas
    spread = deltas - centre
    s = (covariances * spread.T) @ spread + np.asarray(R, float)
    cross = (covariances * (points - x).T) @ spread
    return _gauss_update(x, P, minus(z, images[0] + centre), s, cross)


class Mixture(NamedTuple):
    """State of an interacting-multiple-model filter and its Gaussian summary."""

    x: list[np.ndarray]
    P: list[np.ndarray]
    probability: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray


def moments(
    weights: ArrayLike, x: list[np.ndarray], P: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a Gaussian mixture (BLK eq. 1.4.16-6 and -9)."""
    w = np.asarray(weights, float)
    mean = w @ np.array(x)
    offsets = np.array(x) - mean
    return mean, np.einsum("k,kij->ij", w, np.array(P)) + (w * offsets.T) @ offsets


def imm_step(
    x: list[np.ndarray],
    P: list[np.ndarray],
    probability: ArrayLike,
    transition: ArrayLike,
    models: list[tuple[np.ndarray, np.ndarray]],
    z: ArrayLike,
    H: ArrayLike,
    R: ArrayLike,
) -> Mixture:
    """One cycle of the interacting multiple model estimator: mix, filter, weigh, combine.

    Args: states and covariances of each model, mode probabilities (r,), transition (r, r) from row
    to column, models as (F, Q), measurement z = H x + noise R. Reference: Blom and Bar-Shalom,
    IEEE Trans. AC 33(8), 1988; BLK section 11.6.6.
    Validated by tests/validation/test_estimation.py.
    """
    mu, pi = np.asarray(probability, float), np.asarray(transition, float)
    forecast = mu @ pi
    steps, log_weight = [], np.zeros(len(mu))
    for j, (f, q) in enumerate(models):
        mean, covariance = predict(*moments(pi[:, j] * mu / forecast[j], x, P), f, q)
        step = update(mean, covariance, z, H, R)
        steps.append(step)
        log_weight[j] = math.log(forecast[j]) + step.log_likelihood
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    xs, ps = [s.x for s in steps], [s.P for s in steps]
    return Mixture(xs, ps, weight, *moments(weight, xs, ps))


def covariance_intersection(
    x1: ArrayLike, P1: ArrayLike, x2: ArrayLike, P2: ArrayLike
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fuse two estimates of unknown correlation: mean, covariance and the weight of the first.

    P^-1 = w P1^-1 + (1 - w) P2^-1, P^-1 x = w P1^-1 x1 + (1 - w) P2^-1 x2, with the w in [0, 1]
    that minimises det P (golden section). Never over-confident, whatever the correlation.
    Reference: Julier and Uhlmann, "A non-divergent estimation algorithm in the presence of unknown
    correlations", American Control Conference 1997.
    """
    i1, i2 = np.linalg.inv(np.asarray(P1, float)), np.linalg.inv(np.asarray(P2, float))

    def volume(w: float) -> float:
        return -float(np.linalg.slogdet(w * i1 + (1.0 - w) * i2)[1])

    golden = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if volume(a) < volume(b) else (a, high)
    w = min((0.0, 0.5 * (low + high), 1.0), key=volume)
    information = w * i1 + (1.0 - w) * i2
    covariance = np.linalg.inv(information)
    mean = covariance @ (w * i1 @ np.asarray(x1, float) + (1.0 - w) * i2 @ np.asarray(x2, float))
    return mean, covariance, w


def steady_gains(tracking_index: float) -> tuple[float, float]:
    """Steady-state gains (alpha, beta) of a constant-velocity filter, piecewise-constant noise.

    With L = sigma_a T^2 / sigma_v: r = (4 + L - sqrt(8 L + L^2)) / 4, alpha = 1 - r^2,
    beta = 2 (2 - alpha) - 4 sqrt(1 - alpha). Valid for L > 0. Reference: Kalata, IEEE Trans. AES
    20(2), 1984; BLK section 6.5.3. Validated by tests/validation/test_estimation.py.
    """
    index = tracking_index
    r = (4.0 + index - math.sqrt(8.0 * index + index * index)) / 4.0
    alpha = 1.0 - r * r
    return alpha, 2.0 * (2.0 - alpha) - 4.0 * math.sqrt(1.0 - alpha)


def gate_threshold(probability: float, dimension: int) -> float:
    """The squared Mahalanobis distance that a true plot of so many dimensions stays below."""
    from scipy.special import gammaincinv

    return 2.0 * float(gammaincinv(0.5 * dimension, probability))


def consistency_interval(dimension: int, runs: int, confidence: float = 0.95) -> tuple:
    """Interval in which the mean NEES or NIS of so many independent runs lies if consistent.

    [chi2inv((1 - p)/2, n N), chi2inv((1 + p)/2, n N)] / N. Reference: BLK section 5.4.2.
    """
    low = gate_threshold(0.5 * (1.0 - confidence), dimension * runs)
    high = gate_threshold(0.5 * (1.0 + confidence), dimension * runs)
    return low / runs, high / runs
