"""Intervals against published values, tables and their own coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from openiads.campaigns.statistics import mean_interval, normal_quantile, share_interval, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17, 1998, table I, method 3 (score, no correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_published_values(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_solves_the_score_equation():
    for successes, trials in ((3, 17), (50, 100), (999, 1000)):
        p = successes / trials
        for end in wilson(successes, trials):
            z = (p - end) / math.sqrt(end * (1 - end) / trials)
            assert abs(z) == pytest.approx(1.959963984540054, rel=1e-9)


def test_wilson_at_the_ends():
    assert wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(3, 10)
    assert wilson(7, 10) == pytest.approx((1 - high, 1 - low), rel=1e-12)
    assert wilson(0, 10)[1] > wilson(0, 100)[1] > wilson(0, 1000)[1] > 0.0


def test_normal_quantile():
    assert normal_quantile(0.5) == 0.0
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-12)


@pytest.mark.parametrize(("n", "t"), [(2, 12.706), (5, 2.776), (11, 2.228), (31, 2.042)])
def test_the_t_interval_uses_the_tabulated_quantile(n: int, t: float):
    """Two-sided 5 % points of Student's t with n - 1 degrees of freedom, to three decimals."""
    values = np.arange(n, dtype=float)
    mean, low, high = mean_interval(values)
    error = values.std(ddof=1) / math.sqrt(n)
    assert mean == pytest.approx(values.mean(), rel=1e-12)
    assert (high - mean) / error == pytest.approx(t, abs=5e-4)
    assert (mean - low) / error == pytest.approx(t, abs=5e-4)


def test_a_mean_of_too_little():
    assert mean_interval(np.array([4.0])) == (4.0, -math.inf, math.inf)
    mean, low, high = mean_interval(np.array([]))
    assert math.isnan(mean) and (low, high) == (-math.inf, math.inf)
    mean, low, high = mean_interval(np.full(50, 3.0))
    assert mean == 3.0 and 0.0 < 3.0 - low == high - 3.0 < 0.2


def test_the_mean_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(11)
    inside = 0
    for _ in range(2000):
        _, low, high = mean_interval(rng.normal(5.0, 2.0, 6))
        inside += low <= 5.0 <= high
    assert abs(inside / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_the_ratio_estimator_by_hand():
    """Part 1, 2, 3 of whole 4, 4, 4: share 1/2, residuals -1, 0, 1, error sqrt(2/2/3)/4."""
    share, low, high = share_interval(np.array([1.0, 2.0, 3.0]), np.array([4.0, 4.0, 4.0]))
    half = 1.959963984540054 * math.sqrt(1.0 / 3.0) / 4.0
    assert share == pytest.approx(0.5, rel=1e-12)
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-12)


def test_the_ratio_estimator_covers_where_leakers_share_a_fate():
    """Replications of 0 to 12 leakers whose links hang together: the replication is the unit."""
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(1000):
        whole = rng.integers(0, 13, 200).astype(float)
        chance = rng.choice([0.1, 0.7], 200)
        part = rng.binomial(whole.astype(int), chance).astype(float)
        _, low, high = share_interval(part, whole)
        inside += low <= 0.4 <= high
    assert abs(inside / 1000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1000)


def test_a_share_of_nothing():
    share, low, high = share_interval(np.zeros(5), np.zeros(5))
    assert math.isnan(share) and (low, high) == (0.0, 1.0)
