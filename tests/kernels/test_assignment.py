"""Both assignment solvers are exact: compared with SciPy on many random tables."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from openiads.faults import InputError
from openiads.physics.assignment import (
    assign_again,
    assign_close,
    assign_keep,
    assign_listed,
    assign_open,
    assign_rivals,
    assign_rows,
    assign_space,
    assign_sparse,
    linear_assignment,
)


@pytest.mark.parametrize("seed", range(40))
def test_dense_equals_scipy(seed):
    rng = np.random.default_rng(seed)
    cost = rng.normal(size=rng.integers(1, 12, 2)) * 10
    if seed % 3 == 0:
        cost = np.round(cost)
    picked = linear_assignment(cost)
    rows = np.flatnonzero(picked >= 0)
    assert len(rows) == min(cost.shape) == len(set(picked[rows]))
    assert cost[rows, picked[rows]].sum() == pytest.approx(cost[linear_sum_assignment(cost)].sum())


def test_forbidden_pairs_are_never_taken():
    nan = np.nan
    assert list(linear_assignment([[nan, 1.0], [np.inf, 2.0]])) == [1, -1]
    assert list(linear_assignment([[nan, nan]])) == [-1]
    assert list(linear_assignment(np.zeros((0, 3)))) == []
    # The most pairs first, then the least cost: the cheap pair (0, 0) would leave row 1 alone.
    assert list(linear_assignment([[0.0, 50.0], [1.0, nan]])) == [1, 0]


def test_faults_are_named():
    for bad in ([[1.0, -np.inf]], [1.0, 2.0], [["a"]]):
        with pytest.raises(InputError):
            linear_assignment(bad)


def solve_sparse(mask, cost, alone):
    n, m = mask.shape
    start = np.concatenate([[0], np.cumsum(mask.sum(axis=1))]).astype(np.int64)
    column = np.append(np.nonzero(mask)[1], 0).astype(np.int64)
    edge_cost = np.append(cost[mask], 0.0)
    space = assign_space(n, m, len(column))
    assign_sparse(n, start, column, edge_cost, alone, m, space)
    return space, start, column, edge_cost


@pytest.mark.parametrize("seed", range(200))
def test_sparse_equals_scipy(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 14, 2)
    mask = rng.random((n, m)) < rng.uniform(0.1, 0.9)
    cost, alone = rng.normal(size=(n, m)) * 3, rng.normal(size=n) * 2
    if seed % 3 == 0:
        cost, alone = np.round(cost), np.round(alone)
    space, start, column, edge_cost = solve_sparse(mask, cost, alone)
    total, used = 0.0, set()
    for i in range(n):
        e = space.row_edge[i]
        if e < 0:
            total += alone[i]
            continue
        assert start[i] <= e < start[i + 1]
        assert space.column.row[column[e]] == i
        assert column[e] not in used
        used.add(column[e])
        total += edge_cost[e]
    wide = np.full((n, m + n), 1e6)
    wide[:, :m][mask] = cost[mask]
    wide[np.arange(n), m + np.arange(n)] = alone
    assert total == pytest.approx(wide[linear_sum_assignment(wide)].sum(), abs=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_some_rows_and_their_rivals_may_come_in_two_turns_and_the_first_again(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(3, 14, 2)
    mask = rng.random((n, m)) < 0.2
    alone = rng.normal(size=n) * 2
    late = rng.random(n) < 0.3
    first = rng.normal(size=(n, m)) * 3
    rivals = ~late & (mask & mask[late].any(axis=0)).any(axis=1)
    space, start, column, edge_cost = solve_sparse(mask, first, alone)
    members = int(late.sum())
    space.listed[:members] = np.flatnonzero(late)
    assign_open(m, space)
    listed = assign_rivals(n, start, column, members, space)
    assert space.listed[members:listed].tolist() == np.flatnonzero(rivals).tolist()
    assign_listed(members, listed, start, column, edge_cost, alone, space)
    assign_keep(members, listed, space)
    part = late | rivals
    for turn in range(3):
        cost = first.copy()
        cost[late] += turn * rng.normal(size=(n, m))[late]
        other = solve_sparse(mask & part[:, None], cost, np.where(part, alone, 0.0))
        best = other[0].row_edge
        assign_again(members, listed, space)
        assign_listed(0, members, start, column, np.append(cost[mask], 0.0), alone, space)
        for r in np.flatnonzero(part):
            mine, its = space.row_edge[r], best[r]
            assert (column[mine] if mine >= 0 else -1) == (other[2][its] if its >= 0 else -1)
    assign_close(space)
    assign_rows(n, start, column, edge_cost, alone, space)
    fresh = solve_sparse(mask, first, alone)[0].row_edge
    assert space.row_edge[:n].tolist() == fresh[:n].tolist()
