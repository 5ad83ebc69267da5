"""Properties of weapon-target assignments on random instances, small enough to enumerate."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openiads.physics import weapon_target_exact
from openiads.physics.weapon_target import METHODS, WeaponTarget, weapon_target
from openiads.physics.weapon_target_master import ScipyMaster

Instance = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    """Few weapons and targets; certain kills, useless weapons and worthless targets among them."""
    weapons = draw(st.integers(1, 4))
    targets = draw(st.integers(1, 4))
    value = st.sampled_from([0.0, 1.0, 3.0, 7.5, 100.0]) | st.floats(0.01, 50.0)
    chance = st.sampled_from([0.0, 0.5, 0.9, 1.0]) | st.floats(0.0, 1.0)
    values = draw(st.lists(value, min_size=targets, max_size=targets))
    rows = st.lists(chance, min_size=targets, max_size=targets)
    kill = draw(st.lists(rows, min_size=weapons, max_size=weapons))
    copies = draw(st.lists(st.integers(0, 2), min_size=weapons, max_size=weapons))
    copies = copies if sum(copies) <= 5 else [1] * weapons
    return np.array(values), np.array(kill), np.array(copies)


def enumerated(values: NDArray, kill: NDArray, copies: NDArray) -> float:
    single = np.repeat(1.0 - kill, copies, axis=0)
    best = values.sum()
    for choice in itertools.product(range(values.size), repeat=len(single)):
        left = values.copy()
        for weapon, target in enumerate(choice):
            left[target] *= single[weapon, target]
        best = min(best, left.sum())
    return float(best)


def check(answer: WeaponTarget, instance: Instance) -> None:
    """The assignment is allowed and leaves what it says."""
    values, kill, copies = instance
    left = values.copy()
    for weapon, row in enumerate(answer.assignment):
        used = row[row >= 0]
        assert used.size <= copies[weapon]
        for target in used:
            left[target] *= 1.0 - kill[weapon, target]
    assert answer.objective == pytest.approx(left.sum(), rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(instances())
def test_bounds_bracket_the_enumerated_optimum(instance: Instance) -> None:
    best = enumerated(*instance)
    noise = 2e-10 * instance[0].sum() + 1e-12
    answers = {method: weapon_target(*instance, method) for method in METHODS}
    for answer in answers.values():
        check(answer, instance)
        assert answer.lower_bound <= best + noise
        assert answer.objective >= best - noise
    assert answers["local"].objective <= answers["greedy"].objective + noise
    exact = answers["exact"]
    assert exact.objective <= best * (1.0 + 1e-7) + noise
    assert exact.lower_bound >= best * (1.0 - 2e-7) - noise


def random_instance(weapons: int, targets: int, seed: int, decimals: int = 9) -> Instance:
    rng = np.random.default_rng(seed)
    kill = np.round(rng.random((weapons, targets)), decimals)
    return rng.integers(1, 100, targets).astype(float), kill, np.ones(weapons, int)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("weapons", "targets"), [(12, 20), (20, 10)])
def test_solvers_agree_where_the_relaxation_is_fractional(
    monkeypatch: pytest.MonkeyPatch, weapons: int, targets: int, seed: int
) -> None:
    """HiGHS by highspy, by SciPy, and by branching alone give one answer on tied instances."""
    values, kill, copies = random_instance(weapons, targets, seed, decimals=1)
    answer = weapon_target(values, kill, copies)
    slack = 2e-7 * answer.objective + 2e-10 * values.sum()
    assert answer.lower_bound >= answer.objective - slack
    assert answer.objective <= weapon_target(values, kill, copies, "greedy").objective
    monkeypatch.setattr(weapon_target_exact, "master", ScipyMaster)
    by_scipy = weapon_target(values, kill, copies)
    assert by_scipy.objective == pytest.approx(answer.objective, abs=2 * slack)
    monkeypatch.setattr(weapon_target_exact, "_settle", lambda node, pool: None)
    by_branching = weapon_target(values, kill, copies)
    assert by_branching.objective == pytest.approx(answer.objective, abs=2 * slack)
    assert by_branching.lower_bound >= by_branching.objective - slack


def test_out_of_time_the_bound_still_holds() -> None:
    instance = random_instance(20, 10, 3, decimals=1)
    proven = weapon_target(*instance)
    hasty = weapon_target(*instance, time_limit_s=0.0)
    check(hasty, instance)
    assert hasty.lower_bound <= proven.objective <= hasty.objective * (1.0 + 1e-7)
