"""Fusion of estimates whose correlation is unknown, many pairs at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0

_STEPS = 20
"""Halvings by the golden section: the weight to 1e-4, and det P, flat at its least, to 1e-7."""


def intersect_covariances(
    x1: ArrayLike, P1: ArrayLike, x2: ArrayLike, P2: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fuse n pairs of estimates by covariance intersection: means, covariances, first weights.

    P^-1 = w P1^-1 + (1 - w) P2^-1, P^-1 x = w P1^-1 x1 + (1 - w) P2^-1 x2, each pair with the w in
    [0, 1] that minimises det P. The covariance is never too small, whatever the correlation; it is
    too large by up to a factor of two where the estimates are independent.

    Args: x1, x2 (n, d); P1, P2 (n, d, d), regular. Returns (n, d), (n, d, d), (n,).
    Reference: Julier and Uhlmann, "A non-divergent estimation algorithm in the presence of unknown
    correlations", American Control Conference 1997. Validated by tests/validation/test_fusion.py.
    """
    m1, m2 = np.asarray(x1, float), np.asarray(x2, float)
    i1, i2 = np.linalg.inv(np.asarray(P1, float)), np.linalg.inv(np.asarray(P2, float))

    def mixed(w: np.ndarray) -> np.ndarray:
        return w[:, None, None] * i1 + (1.0 - w)[:, None, None] * i2

    def volume(w: np.ndarray) -> np.ndarray:
        return -np.linalg.slogdet(mixed(w))[1]

    n = len(m1)
    low, high = np.zeros(n), np.ones(n)
    a, b = np.full(n, 1.0 - _GOLDEN), np.full(n, _GOLDEN)
    at_a, at_b = volume(a), volume(b)
    for _ in range(_STEPS):
        left = at_a < at_b
        low, high = np.where(left, low, a), np.where(left, b, high)
        width = _GOLDEN * (high - low)
        a, b = np.where(left, high - width, b), np.where(left, a, low + width)
        fresh = volume(np.where(left, a, b))
        at_a, at_b = np.where(left, fresh, at_b), np.where(left, at_a, fresh)
    tried = np.stack([np.zeros(n), 0.5 * (low + high), np.ones(n)])
    best = np.argmin(np.stack([volume(w) for w in tried]), axis=0)
    w = tried[best, np.arange(n)]
    covariance = np.linalg.inv(mixed(w))
    pull = w[:, None, None] * i1 @ m1[..., None] + (1.0 - w)[:, None, None] * i2 @ m2[..., None]
    return (covariance @ pull)[..., 0], covariance, w
