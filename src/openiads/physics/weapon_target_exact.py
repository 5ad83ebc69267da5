"""Weapon-target assignment with a proven bound: prices, column generation, enumeration.

    min sum_j V_j prod_i q_ij^x_ij,   sum_j x_ij <= c_i,   x_ij whole

1. A heuristic gives an upper bound, its slots give prices, and the Lagrangian at these prices
   gives a lower bound (often equal to the upper one where weapons and targets are as many).
2. Column generation on the set-packing form closes the linear relaxation; prices are smoothed
   towards the best known ones (Wentges, Int. Trans. Oper. Res. 4(2):151-162, 1997, doi
   10.1111/j.1475-3995.1997.tb00071.x), and every pricing gives a valid lower bound.
3. If a gap is left, all sets whose reduced cost is within the gap are enumerated; no better
   solution uses any other, so a mixed-integer program over them settles it (Lu and Chen, Omega
   98:102138, 2021, doi 10.1016/j.omega.2019.102138).

What stays open when a limit of effort is reached shows as lower_bound < objective.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openiads.physics.weapon_target_columns import enumerate_sets, firsts, pick, reduced_costs
from openiads.physics.weapon_target_master import Columns, Relaxation, master
from openiads.physics.weapon_target_pricing import price_all
from openiads.physics.weapon_target_search import greedy, local, slot_prices, surviving

_FIRST_SETS = 4
_MORE_SETS = 4
_SWEEPS = 6
_SETTLING_SWEEPS = 60
_SMOOTHING = 0.5
_IMPROVES = -1e-8
_WHOLE = 1e-6
_MOST_ENUMERATED = 400_000


class Effort(NamedTuple):
    """Limits, in work rather than in seconds, so that an answer does not depend on the machine."""

    tolerance: float = 1e-7
    local_rounds: int = 200
    pricing_rounds: int = 500
    nodes: int = 20_000


class Problem:
    """One instance by weapon types, with the state of its proof; values are scaled near one."""

    def __init__(self, values: np.ndarray, kill: np.ndarray, copies: np.ndarray, effort: Effort):
        self.copies = copies
        self.effort = effort
        self.kind = np.repeat(np.arange(copies.size), copies)
        miss = np.ascontiguousarray(1.0 - kill)
        single = miss[self.kind]
        target = greedy(values, single)
        upper = local(values, single, target, effort.local_rounds)
        self.scale = max(upper / values.size, 1e-9 * values.mean())
        self.values = values / self.scale
        self.miss = np.ascontiguousarray(miss.T)
        self.order = np.argsort(self.miss, axis=1).astype(np.int32)
        self.sorted_miss = np.take_along_axis(self.miss, self.order, axis=1)
        self.target = target
        self.upper = upper / self.scale
        self.best = self._columns_of(target)
        self.known = self.best
        worth = _first_prices(self.values, np.ascontiguousarray(single.T), target)
        self.center = np.bincount(self.kind, worth, copies.size) / copies
        self.lower = 0.0

    def _columns_of(self, target: np.ndarray) -> Columns:
        used = np.flatnonzero(target >= 0)
        used = used[np.argsort(target[used], kind="stable")]
        size = np.bincount(target[used], minlength=self.values.size)
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
        left = surviving(self.values, self.miss.T[self.kind], target)
        every = np.arange(self.values.size, dtype=np.int32)
        return Columns(every, left, start, self.kind[used].astype(np.int32))

    @property
    def slack(self) -> float:
        """The gap that still counts as proven."""
        return self.effort.tolerance * self.upper

    @property
    def closed(self) -> bool:
        """Whether the bounds meet."""
        return self.upper - self.lower <= self.slack

    def price(self, price: np.ndarray, most: int) -> Columns:
        """Price all targets; keeps the bound, the prices that gave it and the best sets."""
        bound, *found = price_all(
            self.values,
            self.miss,
            self.sorted_miss,
            self.order,
            self.copies,
            price,
            self.known.start,
            self.known.types,
            most,
            1e-10 * self.upper / self.values.size,
        )
        columns = Columns(*found)
        self.known = Columns(*pick(firsts(columns.target), *columns))
        if bound > self.lower:
            self.lower = bound
            self.center = price
        return columns

    def offer(self, columns: Columns, use: np.ndarray) -> None:
        """Take the choice ``use`` of columns, rounded and repaired, if it is better."""
        target = np.full(self.kind.size, -1)
        first = np.concatenate([[0], np.cumsum(self.copies)])
        taken = first[:-1].copy()
        served = np.zeros(self.values.size, bool)
        for n in np.argsort(-use, kind="stable"):
            if use[n] < _WHOLE:
                break
            types = columns.types[columns.start[n] : columns.start[n + 1]]
            need = np.bincount(types, minlength=self.copies.size)
            if served[columns.target[n]] or np.any(taken + need > first[1:]):
                continue
            served[columns.target[n]] = True
            for i in types:
                target[taken[i]] = columns.target[n]
                taken[i] += 1
        single = np.ascontiguousarray(self.miss.T[self.kind])
        spare = np.flatnonzero(target < 0)
        if spare.size:
            left = surviving(self.values, single, target)
            target[spare] = greedy(left, np.ascontiguousarray(single[spare]))
            local(self.values, single, target, 3)
        value = surviving(self.values, single, target).sum()
        if value < self.upper:
            self.upper = value
            self.target = target
            self.best = self._columns_of(target)


def _first_prices(values: np.ndarray, miss: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Settled slot prices, or those of a few sweeps: more would inflate them without end."""
    worth, settled = slot_prices(values, miss, target, _SETTLING_SWEEPS)
    if not settled:
        worth, _ = slot_prices(values, miss, target, _SWEEPS)
    return worth


def solve(
    values: np.ndarray, kill: np.ndarray, copies: np.ndarray, effort: Effort
) -> tuple[np.ndarray, float]:
    """Solve one instance of weapon types; every value, copy and dimension must be positive.

    Shapes: values (T,), kill (W, T), copies (W,). Returns (target, lower bound): target has one
    entry a copy, in order of types, -1 where a copy is not used.
    """
    problem = Problem(values, kill, copies, effort)
    columns = problem.price(problem.center, _FIRST_SETS)
    if not problem.closed:
        pool = _generate_columns(problem, columns)
        if not problem.closed:
            _settle(problem, pool)
    return problem.target, problem.lower * problem.scale


def _join(parts: list[Columns]) -> Columns:
    start = [np.zeros(1, np.int32)]
    for part in parts:
        start.append(part.start[1:] + start[-1][-1])
    return Columns(
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.left for part in parts]),
        np.concatenate(start),
        np.concatenate([part.types for part in parts]),
    )


def _generate_columns(problem: Problem, columns: Columns) -> Columns:
    """Close the linear relaxation; returns all columns made."""
    model = master(problem.values, problem.copies)
    pool = [problem.best, columns]
    for part in pool:
        model.add(part)
    total = problem.values.sum()
    for _ in range(problem.effort.pricing_rounds):
        relaxed = model.solve()
        value = relaxed.gain + total
        if _is_whole(relaxed.use) and value < problem.upper - 0.5 * problem.slack:
            problem.offer(_join(pool), relaxed.use)
        if problem.closed or value - problem.lower <= 0.25 * problem.slack:
            break
        new = _improving(problem, relaxed)
        if not new.target.size:
            break
        model.add(new)
        pool.append(new)
    everything = _join(pool)
    if not problem.closed:
        problem.offer(everything, relaxed.use)
    return everything


def _is_whole(use: np.ndarray) -> bool:
    return bool(np.all(np.minimum(np.abs(use), np.abs(use - 1.0)) < _WHOLE))


def _improving(problem: Problem, relaxed: Relaxation) -> Columns:
    """Columns that improve the master problem, priced near the best known prices if possible."""
    smoothing = _SMOOTHING
    while True:
        price = smoothing * problem.center + (1.0 - smoothing) * relaxed.price
        found = problem.price(price, _MORE_SETS)
        reduced = reduced_costs(
            found.left,
            found.target,
            found.start,
            found.types,
            problem.values,
            relaxed.target_price,
            relaxed.price,
        )
        if np.any(reduced < _IMPROVES) or smoothing == 0.0 or problem.closed:
            return Columns(*pick(reduced < _IMPROVES, *found))
        smoothing = 0.5 * smoothing if smoothing > 0.1 else 0.0


def _settle(problem: Problem, pool: Columns) -> None:
    """Close what gap the relaxation leaves, by whole numbers over all sets within the gap."""
    columns = _within_gap(problem, pool)
    _choose(problem, columns)
    if problem.closed:
        return
    least = problem.price(problem.center, 1)
    cost = least.left + _paid(least, problem.center)
    order = np.argsort(least.target)
    gap = problem.upper - problem.lower
    complete, *found = enumerate_sets(
        problem.values,
        problem.sorted_miss,
        problem.order,
        problem.copies,
        problem.center,
        cost[order],
        gap * (1.0 + 1e-9),
        _MOST_ENUMERATED,
    )
    if complete:
        bound = _choose(problem, Columns(*found))
        problem.lower = max(problem.lower, min(bound, problem.upper))


def _paid(columns: Columns, price: np.ndarray) -> np.ndarray:
    paid = np.concatenate([[0.0], np.cumsum(price[columns.types])])
    return paid[columns.start[1:]] - paid[columns.start[:-1]]


def _within_gap(problem: Problem, pool: Columns) -> Columns:
    """The columns of ``pool`` that a better solution may use, and the best known ones."""
    least = problem.price(problem.center, 1)
    floor = np.full(problem.values.size, np.inf)
    np.minimum.at(floor, least.target, least.left + _paid(least, problem.center))
    reduced = pool.left + _paid(pool, problem.center) - floor[pool.target]
    return Columns(*pick(reduced <= problem.upper - problem.lower, *pool))


def _choose(problem: Problem, columns: Columns) -> float:
    """Whole numbers over ``columns`` and the best known ones; returns the bound over them."""
    columns = _join([problem.best, columns])
    start = np.zeros(columns.target.size)
    start[: problem.values.size] = 1.0
    model = master(problem.values, problem.copies)
    use, bound = model.solve_integer(
        columns, problem.copies, start, 0.25 * problem.slack, problem.effort.nodes
    )
    problem.offer(columns, np.round(use))
    return bound + problem.values.sum()
