"""Which disagreement moves the result most: first-order indices from one given sample.

The outer loop gives m samples of d parameters and one result each, with m about 50 and d about 80;
no design of Sobol' or Morris fits into that. The first-order index of a parameter,

    S = Var(E[y | x]) / Var(y),

is estimated by the regression of y on a small basis of x: an indicator for each value of a
parameter that is a choice, the Legendre polynomials P1 and P2 of its cumulative weight for one that
is a span. With k columns, R2 = 1 - RSS/TSS is at k/(m - 1) by chance alone; Ezekiel's correction
1 - (1 - R2)(m - 1)/(m - 1 - k) takes that away, and is near zero on average for a parameter
without effect. Validity: effects that one bend can follow; what two parameters do only together is
in no first-order index and stays in the rest.

What counts as an effect is decided by permutation: the results are dealt anew to the samples, and
the largest standardised R2 over all parameters is noted each time. A parameter whose own exceeds
95 % of those is told from noise (the chance that any idle one does is 5 % over all of them).
What it explains is then taken out and the rest tested again, step by step.

References: Saltelli and others, Global Sensitivity Analysis: the Primer, 2008, ch. 4 (indices) and
5 (their estimate from a given sample by regression); Ezekiel, Methods of Correlation Analysis, 1930
(the correction); Westfall and Young, Resampling-Based Multiple Testing, 1993, ch. 2 (step-down
largest statistic); Freedman and Lane, J. Business and Economic Statistics 1(4), 1983 (permuting
what is left); Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openiads.physics.random import draw4

PERMUTATIONS, RESAMPLES = 1_000, 500
LEVEL = 0.05
DRAW_DEAL, DRAW_RESAMPLE = 1_025, 1_026
"""Purposes of draws, clear of those of `engine.world` and of the outer design."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Index:
    """The first-order index of one parameter or group of parameters."""

    index: float
    low: float
    high: float
    p_value: float
    """chance that any idle parameter would do as well, at the step at which it was tested"""
    above_noise: bool


@dataclass(frozen=True)
class Ranking:
    """Indices in the order of the factors given, the order of rank, and the floor of noise."""

    indices: list[Index]
    order: list[int]
    noise_floor: float
    """the index that the best of all idle parameters reaches in one case of twenty"""


def choice_basis(level: NDArray[np.int64]) -> Floats:
    """Columns for a choice: one indicator for each value that occurs but the first, (m, k)."""
    return np.column_stack(
        [np.zeros((len(level), 0)), *((level == v).astype(float) for v in np.unique(level)[1:])]
    )


def span_basis(u: Floats, bent: bool = True) -> Floats:
    """Columns for a span: Legendre polynomials P1 and, if ``bent``, P2 of the weight u, (m, k)."""
    x = 2.0 * u - 1.0
    return np.column_stack([x, 1.5 * x * x - 0.5]) if bent else x[:, None]


def rank(
    bases: Sequence[Floats],
    y: Floats,
    groups: Sequence[int] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Ranking:
    """Rank factors by how much of the variance of ``y``, shape (m,), each explains by itself.

    ``bases`` holds one array of columns for each factor. ``groups`` numbers the group of each
    factor: then the groups are ranked, an index being the sum of its members'. Those told from
    noise come first. Without ``resamples`` the intervals have no width. Where ``y`` does not vary,
    all indices are zero.
    """
    groups = list(range(len(bases))) if groups is None else list(groups)
    count = max(groups, default=-1) + 1
    if len(y) < 4 or float(np.ptp(y)) == 0.0 or count == 0:
        flat = Index(0.0, 0.0, 0.0, 1.0, False)
        return Ranking([flat] * count, list(range(count)), 1.0)
    whole = _Columns(bases, groups, np.ones((len(y), 1)))
    index = whole.index(y)
    low, high = _intervals(bases, groups, y, index, seed, resamples)
    dealt = _dealt(len(y), seed)
    floor = float(np.quantile(whole.index(y[dealt].T).max(axis=0), 1.0 - LEVEL))
    told, p_value = _step_down(bases, groups, y, dealt)
    order = sorted(range(count), key=lambda g: (g not in told, -index[g]))
    indices = [
        Index(float(index[g]), float(low[g]), float(high[g]), float(p_value[g]), g in told)
        for g in range(count)
    ]
    return Ranking(indices, order, floor)


class _Columns:
    """Orthonormal columns of all factors, each factor's apart from ``out``, group by group."""

    def __init__(self, bases: Sequence[Floats], groups: Sequence[int], out: Floats):
        self.base = np.linalg.qr(out)[0]
        parts = [_orthonormal(b - self.base @ (self.base.T @ b)) for b in bases]
        self.columns = np.column_stack([np.zeros((len(out), 0)), *parts])
        owner = np.repeat(np.array(groups), [p.shape[1] for p in parts])
        self.member = (np.arange(max(groups) + 1)[:, None] == owner).astype(float)
        self.k = self.member.sum(axis=1)
        self.free = len(out) - self.base.shape[1]

    def r2(self, y: Floats) -> Floats:
        """Sum of the R2 of each group's members; ``y`` of shape (m,) or (m, cases)."""
        rest = y - self.base @ (self.base.T @ y)
        total = np.maximum((rest**2).sum(axis=0), 1e-300)
        return self.member @ (self.columns.T @ rest) ** 2 / total

    def index(self, y: Floats) -> Floats:
        """First-order indices, corrected for chance."""
        k = self.k if y.ndim == 1 else self.k[:, None]
        return 1.0 - (1.0 - self.r2(y)) * self.free / np.maximum(self.free - k, 1.0)

    def score(self, y: Floats) -> Floats:
        """R2 less its mean by chance, over its spread by chance: comparable between groups."""
        k = self.k if y.ndim == 1 else self.k[:, None]
        spread = np.sqrt(2.0 * np.maximum(k, 1.0)) / self.free
        return np.where(k > 0, (self.r2(y) - k / self.free) / spread, -np.inf)


def _orthonormal(columns: Floats) -> Floats:
    """An orthonormal basis of the columns, without directions that they do not hold."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, size > 1e-9 * math.sqrt(len(columns))]


def _dealt(m: int, seed: int) -> NDArray[np.int64]:
    """Random orders of ``m`` samples, shape (PERMUTATIONS, m)."""
    drawn = np.array(
        [
            [u for part in range((m + 3) // 4) for u in draw4(seed, case, part, DRAW_DEAL, 0)][:m]
            for case in range(PERMUTATIONS)
        ]
    )
    return np.argsort(drawn, axis=1, kind="stable")


def _step_down(
    bases: Sequence[Floats], groups: Sequence[int], y: Floats, dealt: NDArray[np.int64]
) -> tuple[list[int], Floats]:
    """(groups told from noise, the best first; p-value of each group at its last test).

    What is permuted is the rest of ``y`` after the groups already told (Freedman and Lane).
    """
    out = np.ones((len(y), 1))
    told: list[int] = []
    p_value = np.ones(max(groups) + 1)
    while len(told) < len(p_value) and out.shape[1] < len(y) - 3:
        left = _Columns(bases, groups, out)
        rest = y - left.base @ (left.base.T @ y)
        own, chance = left.score(y), left.score(rest[dealt].T)
        own[told], chance[told] = -np.inf, -np.inf
        best_chance = chance.max(axis=0)
        p = (1.0 + (best_chance[None, :] >= own[:, None]).sum(axis=1)) / (1.0 + len(dealt))
        p_value = np.where(np.isin(np.arange(len(p)), told), p_value, p)
        best = int(np.argmax(own))
        if p[best] > LEVEL:
            break
        told.append(best)
        out = np.column_stack([out, *(b for b, g in zip(bases, groups, strict=True) if g == best)])
    return told, p_value


def _intervals(
    bases: Sequence[Floats],
    groups: Sequence[int],
    y: Floats,
    index: Floats,
    seed: int,
    resamples: int,
) -> tuple[Floats, Floats]:
    """Bootstrap intervals of the indices over samples, moved to be centred on the estimates.

    Samples drawn twice agree with themselves, which raises every index of a resample alike; its
    mean excess is taken off.
    """
    m = len(y)
    cases = []
    for case in range(resamples):
        drawn = [u for part in range((m + 3) // 4) for u in draw4(seed, case, part,
                                                                 DRAW_RESAMPLE, 0)][:m]  # fmt: skip
        rows = np.minimum((np.array(drawn) * m).astype(int), m - 1)
        if float(np.ptp(y[rows])) > 0.0:
            again = _Columns([b[rows] for b in bases], groups, np.ones((m, 1)))
            cases.append(again.index(y[rows]))
    if not cases:
        return index, index
    resampled = np.array(cases) - np.mean(cases, axis=0) + index
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
