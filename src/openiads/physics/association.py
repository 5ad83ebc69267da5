"""Joint probabilistic data association: how probable is it that a plot is of a track.

A joint event gives each track at most one plot and each plot at most one track; its weight is the
product over tracks of a likelihood ratio (the plot taken) or of a missed weight (none). Marginals
are sums over all joint events, normalised (Bar-Shalom and Fortmann, Tracking and Data Association,
1988, section 9.3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from openiads.faults import InputError


def _tables(likelihood_ratio: ArrayLike, missed_weight: ArrayLike) -> tuple:
    ratio = np.asarray(likelihood_ratio, dtype=np.float64)
    missed = np.asarray(missed_weight, dtype=np.float64)
    if ratio.ndim != 2 or missed.shape != ratio.shape[:1]:
        raise InputError.of("needs likelihood_ratio (tracks, plots) and missed_weight (tracks,)")
    if not (np.isfinite(ratio).all() and (ratio >= 0).all() and (missed >= 0).all()):
        raise InputError.of("weights must be finite and >= 0")
    return ratio, missed


def jpda_marginals(likelihood_ratio: ArrayLike, missed_weight: ArrayLike) -> np.ndarray:
    """Exact association probabilities: plots 1..m of each track, then none.

    beta_ij = sum over joint events with i on j of prod(weights) / sum over all joint events, by
    forward and backward sums over the sets of plots in use, so the work is
    tracks * plots * 2^plots.

    Args: likelihood_ratio (n, m), Pd g(z_j) / clutter density; missed_weight (n,), 1 - Pd. Meant
    for one cluster: up to 16 plots. Returns (n, m + 1). Raises InputError for wrong shapes, more
    plots, or where no joint event has a weight. Validated by tests/validation/test_association.py.
    """
    ratio, missed = _tables(likelihood_ratio, missed_weight)
    n, m = ratio.shape
    if m > 16:
        raise InputError.of(f"{m} plots are too many for exact sums", "use jpda_belief")
    sets = 1 << m
    members = np.arange(sets)
    forward = np.zeros((n + 1, sets))
    forward[0, 0] = 1.0
    for i in range(n):
        forward[i + 1] = forward[i] * missed[i]
        for j in range(m):
            free = members[(members >> j) & 1 == 0]
            forward[i + 1, free | (1 << j)] += forward[i, free] * ratio[i, j]
    backward = np.zeros((n + 1, sets))
    backward[n] = 1.0
    for i in range(n - 1, -1, -1):
        backward[i] = backward[i + 1] * missed[i]
        for j in range(m):
            free = members[(members >> j) & 1 == 0]
            backward[i, free] += backward[i + 1, free | (1 << j)] * ratio[i, j]
    total = backward[0, 0]
    if not total > 0.0:
        raise InputError.of("no joint event has a weight", "give missed_weight above 0")
    beta = np.zeros((n, m + 1))
    for i in range(n):
        beta[i, m] = missed[i] * (forward[i] @ backward[i + 1])
        for j in range(m):
            free = members[(members >> j) & 1 == 0]
            beta[i, j] = ratio[i, j] * (forward[i, free] @ backward[i + 1, free | (1 << j)])
    return beta / total


def jpda_belief(
    likelihood_ratio: ArrayLike,
    missed_weight: ArrayLike,
    tolerance: float = 1e-9,
    iterations: int = 1000,
) -> np.ndarray:
    """Association probabilities by loopy belief propagation: any size, close to exact.

    Messages w_ij = psi_ij / (1 + sum_{k != j} psi_ik v_ik), v_ij = 1 / (1 + sum_{l != i} w_lj)
    with psi = likelihood_ratio / missed_weight, to a fixed point (it always converges); then
    beta_ij = psi_ij v_ij / (1 + sum_k psi_ik v_ik). Exact where the cluster has no cycle; in
    cycles it is over-confident by some per cent.

    Args: likelihood_ratio (n, m); missed_weight (n,) above 0. Returns (n, m + 1).
    Reference: Williams and Lau, "Approximate evaluation of marginal association probabilities with
    belief propagation", IEEE Trans. AES 50(4), 2014, eq. 21 to 24.
    """
    ratio, missed = _tables(likelihood_ratio, missed_weight)
    if not (missed > 0.0).all():
        raise InputError.of("missed_weight must be above 0 for belief propagation")
    psi = ratio / missed[:, None]
    v = np.ones_like(psi)
    for _ in range(iterations):
        share = psi * v
        w = psi / (1.0 + share.sum(axis=1, keepdims=True) - share)
        after = 1.0 / (1.0 + w.sum(axis=0, keepdims=True) - w)
        change = float(np.abs(after - v).max(initial=0.0))
        v = after
        if change < tolerance:
            break
    share = psi * v
    total = 1.0 + share.sum(axis=1, keepdims=True)
    return np.concatenate([share / total, 1.0 / total], axis=1)
