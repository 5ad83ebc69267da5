"""First-order indices against closed forms, against SALib, and against pure noise."""

from __future__ import annotations

import numpy as np
import pytest

from openiads.campaigns.second_opinion import salib_indices
from openiads.campaigns.sensitivity import choice_basis, rank, span_basis

rng_of = np.random.default_rng


def hypercube(rng, m, d):
    return np.column_stack([(rng.permutation(m) + rng.random(m)) / m for _ in range(d)])


def test_additive_model_has_its_closed_form_indices():
    """y = 4 x1 + 2 x2 + [x3 > 1/2]: variances 16/12, 4/12, 1/4 (uniform, uniform, fair coin).

    The tolerance is four standard errors of a first-order estimate from 400 samples (about 0.03).
    """
    u = hypercube(rng_of(1), 400, 10)
    level = (u[:, 2] > 0.5).astype(int)
    y = 4.0 * u[:, 0] + 2.0 * u[:, 1] + level
    bases = [choice_basis(level) if j == 2 else span_basis(u[:, j]) for j in range(10)]
    found = rank(bases, y)
    variance = np.array([16 / 12, 4 / 12, 1 / 4])
    exact = variance / variance.sum()
    assert found.order[:3] == [0, 1, 2]
    for j in range(3):
        assert found.indices[j].index == pytest.approx(exact[j], abs=0.12)
        assert found.indices[j].above_noise
    assert not any(i.above_noise for i in found.indices[3:])


def test_intervals_cover_the_closed_form_index_and_estimates_are_unbiased():
    """3 x1 + 1.5 x2 + noise of 0.3 from 50 samples, 30 times: indices 0.730 and 0.182.

    A 95 % interval covers 25 of 30 or more with 99 % probability if it is honest. The mean of 30
    estimates, whose spread is 0.05 and 0.09, has a standard error of 0.009 and 0.016: within 0.05.
    """
    exact = np.array([9.0, 2.25]) / (9.0 + 2.25 + 12.0 * 0.09)
    covered, estimates = np.zeros(2), []
    for case in range(30):
        rng = rng_of(case)
        u = hypercube(rng, 50, 6)
        y = 3.0 * u[:, 1] + 1.5 * u[:, 2] + rng.normal(0.0, 0.3, 50)
        two = rank([span_basis(u[:, j]) for j in range(6)], y, seed=case, resamples=200).indices[
            1:3
        ]
        covered += [i.low <= e <= i.high for i, e in zip(two, exact, strict=True)]
        estimates.append([i.index for i in two])
    assert (covered >= 25).all()
    np.testing.assert_allclose(np.mean(estimates, axis=0), exact, atol=0.05)


def test_salib_finds_the_same_indices_from_the_same_samples():
    """RBD-FAST (Tarantola, Gatelli and Mara 2006) on 1,000 given samples of a bent function.

    y = x1 + 2 x2^2 + x1 x3; both are estimates from the same samples, so they differ by their
    basis and correction only: 0.04 is twice the standard error of each.
    """
    rbd_fast = pytest.importorskip("SALib.analyze.rbd_fast")
    u = hypercube(rng_of(2), 1000, 4)
    y = u[:, 0] + 2.0 * u[:, 1] ** 2 + u[:, 0] * u[:, 2]
    problem = {"num_vars": 4, "names": list("abcd"), "bounds": [[0.0, 1.0]] * 4}
    theirs = rbd_fast.analyze(problem, u, y, M=4, num_resamples=2, seed=1)["S1"]
    ours = [i.index for i in rank([span_basis(u[:, j]) for j in range(4)], y).indices]
    np.testing.assert_allclose(ours, theirs, atol=0.04)


def test_the_second_opinion_is_salibs_and_ranks_the_same_first():
    """3 x1 + 1.5 x2 + noise from 50 samples of 84: both name x1; two calls say the same."""
    pytest.importorskip("SALib.analyze.rbd_fast")
    rng = rng_of(0)
    u = hypercube(rng, 50, 84)
    y = 3.0 * u[:, 1] + 1.5 * u[:, 2] + rng.normal(0.0, 0.3, 50)
    names = [f"x{j}" for j in range(84)]
    found = salib_indices(names, u, y, seed=3)
    assert found is not None and "SALib" in found["method"]
    assert found["rows"][0]["parameter"] == "x1"
    assert found["rows"][0]["index"] == pytest.approx(0.73, abs=0.2)  # 50 samples: error 0.1
    assert found == salib_indices(names, u, y, seed=3)
    assert salib_indices(names, u[:10], y[:10], seed=3) is None
    assert salib_indices(names, u, np.ones(50), seed=3) is None


def test_noise_is_not_ranked_as_signal():
    """84 idle parameters, 50 samples, 25 times: at level 5 % one false alarm is expected.

    More than five have a chance of 0.1 % (binomial with 25 trials and 0.05).
    """
    alarms = 0
    for case in range(25):
        rng = rng_of(100 + case)
        u = hypercube(rng, 50, 84)
        y = rng.normal(size=50)
        alarms += any(i.above_noise for i in rank(bases_of(u), y, seed=case, resamples=0).indices)
    assert alarms <= 5


def bases_of(u):
    return [span_basis(u[:, j]) if j % 6 else choice_basis((u[:, j] > 0.5).astype(int))
            for j in range(u.shape[1])]  # fmt: skip


def test_two_effects_among_84_parameters_are_told_from_50_samples():
    """3 x1 + 1.5 x2 + noise of 0.3: shares 0.73 and 0.18; the second only once the first is out."""
    hits = 0
    for case in range(6):
        rng = rng_of(case)
        u = hypercube(rng, 50, 84)
        y = 3.0 * u[:, 1] + 1.5 * u[:, 2] + rng.normal(0.0, 0.3, 50)
        found = rank(bases_of(u), y, resamples=0)
        assert found.order[0] == 1
        assert found.indices[1].above_noise
        hits += found.order[1] == 2 and found.indices[2].above_noise
    assert hits >= 5


def test_a_group_collects_what_its_members_explain():
    u = hypercube(rng_of(3), 60, 12)
    y = u[:, 0] + u[:, 1] + u[:, 2] + 0.05 * u[:, 7]
    groups = [j // 3 for j in range(12)]
    found = rank([span_basis(u[:, j], bent=False) for j in range(12)], y, groups)
    assert found.order[0] == 0
    assert found.indices[0].above_noise
    assert found.indices[0].index > 0.8


def test_a_result_that_does_not_vary_has_no_indices():
    u = hypercube(rng_of(4), 20, 3)
    found = rank([span_basis(u[:, j]) for j in range(3)], np.full(20, 7.0))
    assert [i.index for i in found.indices] == [0.0, 0.0, 0.0]
    assert not any(i.above_noise for i in found.indices)
