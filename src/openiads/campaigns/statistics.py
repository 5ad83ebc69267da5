"""Intervals: Wilson for proportions, t for means, the ratio estimator for shares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95


def normal_quantile(p: float) -> float:
    """Quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(p))


def wilson(successes: float, trials: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson score interval of a proportion; (0, 1) without trials.

    Reference: Wilson, J. Am. Stat. Assoc. 22, 1927; Brown, Cai and DasGupta, Statistical Science
    16(2), 2001, eq. 4: its coverage is near nominal also at 0 and 1, where Wald's collapses.
    """
    if trials <= 0:
        return 0.0, 1.0
    z = normal_quantile(0.5 + 0.5 * level)
    p = successes / trials
    bottom = 1.0 + z * z / trials
    middle = (p + 0.5 * z * z / trials) / bottom
    half = z * math.sqrt(p * (1 - p) / trials + 0.25 * z * z / trials**2) / bottom
    low = 0.0 if successes <= 0 else max(0.0, middle - half)
    high = 1.0 if successes >= trials else min(1.0, middle + half)
    return low, high


def mean_interval(values: NDArray[Any], level: float = LEVEL) -> tuple[float, float, float]:
    """(mean, low, high): Student's t interval of the mean of independent replications.

    Where all replications agree the t interval has no width, which claims too much: the upper and
    lower ends are then the mean moved by one unit in as many replications as the Wilson interval
    of "none differed" still allows. Without at least two values the ends are infinite.
    """
    n = len(values)
    if n == 0:
        return math.nan, -math.inf, math.inf
    mean = float(np.mean(values))
    if n < 2:
        return mean, -math.inf, math.inf
    spread = float(np.std(values, ddof=1))
    if spread == 0.0:
        half = wilson(0, n, level)[1]
    else:
        from scipy.special import stdtrit

        half = float(stdtrit(n - 1, 0.5 + 0.5 * level)) * spread / math.sqrt(n)
    return mean, mean - half, mean + half


def share_interval(
    part: NDArray[Any], whole: NDArray[Any], level: float = LEVEL
) -> tuple[float, float, float]:
    """(share, low, high) of sum(part)/sum(whole) over replications, by the ratio estimator.

    var = sum (part - share whole)^2 / (n - 1) / n / mean(whole)^2. Leakers of one replication are
    not independent of each other, so the replication is the unit. Reference: Cochran, Sampling
    Techniques, 3rd ed. 1977, eq. 6.13.
    """
    n, total = len(part), float(np.sum(whole))
    if n < 2 or total == 0:
        return math.nan, 0.0, 1.0
    share = float(np.sum(part)) / total
    rest = part - share * whole
    error = math.sqrt(float(np.sum(rest**2)) / (n - 1) / n) / (total / n)
    if error == 0.0:
        # All replications agree; a width of nothing would claim too much (see `mean_interval`).
        return share, *wilson(share * n, n, level)
    half = normal_quantile(0.5 + 0.5 * level) * error
    return share, max(0.0, share - half), min(1.0, share + half)
