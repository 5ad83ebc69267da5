"""Motion models of targets as matrices or steps, for the filters of `openiads.physics.filters`.

Reference: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation,
2001 ("BLK"); Li and Jilkov, "Survey of maneuvering target tracking, part I", IEEE Trans. AES
39(4), 2003.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from openiads.physics.filters import sigma_points


def coordinated_turn(dt_s: float, rate_radps: float, q: float) -> tuple[np.ndarray, np.ndarray]:
    """F and Q of a level turn of known rate; state (x, y, z, vx, vy, vz), turn from +x to +y.

    x' = x + sin(wT)/w vx - (1 - cos(wT))/w vy, vx' = cos(wT) vx - sin(wT) vy and so on (BLK eq.
    11.7.1-4); noise as of nearly constant velocity, q in m2/s3. A rate of 0 is a straight line.
    """
    t, w = dt_s, rate_radps
    f = np.kron([[1.0, t], [0.0, 1.0]], np.eye(3))
    if abs(w * t) > 1e-9:
        s, c = math.sin(w * t), math.cos(w * t)
        f[0, 3] = f[1, 4] = s / w
        f[0, 4], f[1, 3] = -(1.0 - c) / w, (1.0 - c) / w
        f[3, 3] = f[4, 4] = c
        f[3, 4], f[4, 3] = -s, s
    return f, np.kron(q * np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]]), np.eye(3))


def constant_acceleration(dt_s: float, q: float, axes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """F and Q of nearly constant acceleration; state (positions, velocities, accelerations).

    White jerk of density q m2/s5 (BLK eq. 6.2.3-6 and -7).
    """
    t = dt_s
    f = np.array([[1.0, t, t * t / 2], [0.0, 1.0, t], [0.0, 0.0, 1.0]])
    noise = np.array(
        [
            [t**5 / 20, t**4 / 8, t**3 / 6],
            [t**4 / 8, t**3 / 3, t**2 / 2],
            [t**3 / 6, t**2 / 2, t],
        ]
    )
    return np.kron(f, np.eye(axes)), np.kron(q * noise, np.eye(axes))


def ballistic_step(
    x: ArrayLike,
    dt_s: float,
    ballistic_coefficient_kgm2: float,
    density_kgm3: Callable[[float], float],
    gravity_mps2: float = 9.80665,
) -> np.ndarray:
    """A state (6,) moved by ``dt_s`` under gravity and drag, by one Runge-Kutta step of order 4.

    dv/dt = -g e_z - rho(z) |v| v / (2 beta), beta = m / (Cd A); flat Earth, z up. Steps of a
    second or less; over longer ones call it repeatedly. Reference: Li and Jilkov 2010, "Survey of
    maneuvering target tracking, part II: ballistic target models", eq. 11.
    """

    def slope(s: np.ndarray) -> np.ndarray:
        speed = float(np.linalg.norm(s[3:]))
        drag = density_kgm3(float(s[2])) * speed / (2.0 * ballistic_coefficient_kgm2)
        return np.concatenate([s[3:], -drag * s[3:] - [0.0, 0.0, gravity_mps2]])

    s = np.asarray(x, dtype=np.float64)
    k1 = slope(s)
    k2 = slope(s + 0.5 * dt_s * k1)
    k3 = slope(s + 0.5 * dt_s * k2)
    k4 = slope(s + dt_s * k3)
    return s + dt_s * (k1 + 2.0 * k2 + 2.0 * k3 + k4) / 6.0


def cubature_predict(
    x: ArrayLike, P: ArrayLike, step: Callable[[np.ndarray], np.ndarray], Q: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted mean and covariance under any motion ``step``, by 2 n cubature points.

    Reference: Arasaratnam and Haykin, "Cubature Kalman filters", IEEE Trans. AC 54(6), 2009.
    """
    points = sigma_points(np.asarray(x, float), np.asarray(P, float))
    images = np.array([step(p) for p in points])
    mean = images.mean(axis=0)
    spread = images - mean
    return mean, spread.T @ spread / len(points) + np.asarray(Q, float)
