"""One cycle's assignment: the optimum of HiGHS, and how near greedy comes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from openiads.physics.slot_assignment import (
    GREEDY,
    LINEAR,
    SlotSpace,
    slot_space,
    slots_solve,
    slots_value,
)


def problem(rng: np.random.Generator, targets: int, units: int, kinds: int, full: float):
    """A random problem: each target has some rows; few channels, few rounds."""
    pairs = units * kinds
    rows = [
        (t, p, float(rng.uniform(0.5, 9.0)))
        for t in range(targets)
        for p in range(pairs)
        if rng.random() < full
    ]
    space = slot_space(targets, max(len(rows), 1), pairs, units)
    space.pair_unit[:] = np.arange(pairs) // kinds
    space.pair_free[:] = rng.integers(0, 4, pairs)
    space.unit_free[:] = rng.integers(0, 5, units)
    for r, (t, p, gain) in enumerate(rows):
        space.target[r], space.pair[r], space.gain[r] = t, p, gain
    counts = np.bincount([t for t, _, _ in rows], minlength=targets)
    space.first[: targets + 1] = np.concatenate([[0], np.cumsum(counts)])
    return space, len(rows)


def optimum(space: SlotSpace, targets: int, rows: int, most: int) -> float:
    """The optimum, proven by HiGHS."""
    if rows == 0:
        return 0.0
    lines, limits = [], []
    for owner, frees in (
        (space.target[:rows], np.ones(targets)),
        (space.pair[:rows], space.pair_free),
        (space.pair_unit[space.pair[:rows]], space.unit_free),
    ):
        for k, free in enumerate(frees):
            lines.append(owner == k)
            limits.append(free)
    lines.append(np.ones(rows, bool))
    limits.append(most)
    found = milp(
        -space.gain[:rows],
        constraints=LinearConstraint(np.array(lines, float), -np.inf, limits),
        integrality=np.ones(rows),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return -float(found.fun)


def feasible(space: SlotSpace, targets: int, most: int) -> None:
    taken = space.chosen[:targets][space.chosen[:targets] >= 0]
    assert len(taken) <= most
    assert (space.target[taken] == np.flatnonzero(space.chosen[:targets] >= 0)).all()
    pairs = np.bincount(space.pair[taken], minlength=len(space.pair_free))
    units = np.bincount(space.pair_unit[space.pair[taken]], minlength=len(space.unit_free))
    assert (pairs <= space.pair_free).all() and (units <= space.unit_free).all()
    assert (pairs == space.pair_flow).all() and (units == space.unit_flow).all()


@pytest.mark.parametrize("seed", range(40))
def test_linear_is_the_optimum_and_greedy_at_least_half_of_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets, units, kinds = int(rng.integers(1, 14)), int(rng.integers(1, 5)), 2
    space, rows = problem(rng, targets, units, kinds, rng.uniform(0.2, 1.0))
    most = int(rng.choice([2, 5, 1 << 30]))
    best = optimum(space, targets, rows, most)
    values = {}
    for method in (GREEDY, LINEAR):
        used = slots_solve(method, space, targets, most)
        feasible(space, targets, most)
        assert used == int((space.chosen[:targets] >= 0).sum())
        values[method] = slots_value(space, targets)
    assert values[LINEAR] == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert 0.5 * best - 1e-12 <= values[GREEDY] <= best * (1 + 1e-9) + 1e-12


def test_greedy_can_be_poor_where_linear_is_not() -> None:
    """Two targets, two units: the best row of the first is the only one of the second."""
    space = slot_space(2, 3, 2, 2)
    space.pair_unit[:] = 0, 1
    space.pair_free[:] = space.unit_free[:] = 1
    for r, (t, p, gain) in enumerate([(0, 0, 1.0), (0, 1, 0.9), (1, 0, 0.95)]):
        space.target[r], space.pair[r], space.gain[r] = t, p, gain
    space.first[:] = 0, 2, 3
    values = {}
    for method in (GREEDY, LINEAR):
        slots_solve(method, space, 2, 9)
        values[method] = slots_value(space, 2)
    assert values == pytest.approx({GREEDY: 1.0, LINEAR: 1.85})


def test_a_full_unit_moves_its_volleys_between_kinds_of_round() -> None:
    """One channel, two kinds of round: the better shot of either target, not both."""
    space = slot_space(2, 4, 2, 1)
    space.pair_free[:] = 5, 5
    space.unit_free[:] = 1
    for r, (t, p, gain) in enumerate([(0, 0, 1.0), (0, 1, 0.5), (1, 0, 0.7), (1, 1, 2.0)]):
        space.target[r], space.pair[r], space.gain[r] = t, p, gain
    space.first[:] = 0, 2, 4
    for method in (GREEDY, LINEAR):
        assert slots_solve(method, space, 2, 9) == 1
        assert slots_value(space, 2) == 2.0


@pytest.mark.parametrize("seed", range(12))
def test_the_prices_prove_the_optimum_of_large_cycles(seed: int) -> None:
    """Any prices bound the optimum from above (duality); those found bound it by the answer."""
    rng = np.random.default_rng(seed)
    targets, units, kinds = int(rng.integers(20, 60)), int(rng.integers(3, 20)), 2
    space, _ = problem(rng, targets, units, kinds, rng.uniform(0.3, 1.0))
    most = int(rng.choice([5, 15, 1 << 30]))
    slots_solve(LINEAR, space, targets, most)
    feasible(space, targets, most)
    pairs = units * kinds
    above = np.concatenate([pairs + space.pair_unit, np.full(units, pairs + units)])
    room = np.concatenate([space.pair_free, space.unit_free, [min(most, targets)]])
    rent = np.maximum(space.price - np.append(space.price[above], 0.0), 0.0)
    path = rent[:pairs] + rent[above[:pairs]] + rent[-1]
    assert (space.profit[:targets] >= -1e-9).all()
    rows = slice(0, space.first[targets])
    owed = space.profit[space.target[rows]] + path[space.pair[rows]]
    assert (owed >= space.gain[rows] - 1e-9).all()
    bound = space.profit[:targets].sum() + (rent * room).sum()
    assert slots_value(space, targets) == pytest.approx(bound, abs=1e-9)
