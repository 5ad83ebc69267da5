"""Weapon-target assignment with a proven bound: prices, column generation, enumeration, branching.

    min sum_j V_j prod_i q_ij^x_ij,   sum_j x_ij <= c_i,   x_ij whole

1. A heuristic gives an upper bound, its slots give prices, and the Lagrangian at these prices
   gives a lower bound (often equal to the upper one where weapons and targets are as many).
2. Column generation on the set-packing form closes the linear relaxation; prices are smoothed
   towards the best known ones (Wentges, Int. Trans. Oper. Res. 4(2):151-162, 1997, doi
   10.1111/j.1475-3995.1997.tb00071.x), and every pricing gives a valid lower bound.
3. If a gap is left, all sets whose reduced cost is within the gap are enumerated; no better
   solution uses any other, so a mixed-integer program over them settles it (Lu and Chen, Omega
   98:102138, 2021, doi 10.1016/j.omega.2019.102138).
4. If they are too many, the node is branched (`weapon_target_branch`), best bound first.

What stays open when effort or time run out shows as lower_bound < objective.
"""

from __future__ import annotations

import functools
import heapq
import time
from typing import NamedTuple

import numpy as np

from openiads.physics.weapon_target_branch import children, split
from openiads.physics.weapon_target_columns import (
    enumerate_sets,
    firsts,
    matrix,
    pick,
    reduced_costs,
)
from openiads.physics.weapon_target_master import Columns, Priced, Relaxation, join, master
from openiads.physics.weapon_target_pricing import price_all, slot_prices
from openiads.physics.weapon_target_search import greedy, local, surviving

_FIRST_SETS = 4
_SWEEPS = 6
_SETTLING_SWEEPS = 60
_SMOOTHING = 0.5
_IMPROVES = -1e-8
_WHOLE = 1e-6
_MOST_ENUMERATED = 20_000
_LEAST_SCALE = 1e-5
_NEGLIGIBLE = 1e-10


class Effort(NamedTuple):
    """What is enough and what is too much. Only an answer cut short by time may vary by machine."""

    tolerance: float = 1e-7
    local_rounds: int = 200
    pricing_rounds: int = 500
    integer_nodes: int = 1_000
    branches: int = 5_000
    time_limit_s: float = 60.0


class Incumbent:
    """The instance in single weapons (copies counted one by one) and its best assignment yet."""

    def __init__(self, values: np.ndarray, kill: np.ndarray, copies: np.ndarray, effort: Effort):
        self.effort = effort
        self.deadline_s = time.monotonic() + effort.time_limit_s
        self.copies = copies
        self.kind = np.repeat(np.arange(copies.size), copies)
        self.miss = np.ascontiguousarray((1.0 - kill)[self.kind])
        self.target = greedy(values, self.miss)
        upper = local(values, self.miss, self.target, effort.local_rounds)
        self.scale = max(upper / values.size, _LEAST_SCALE * values.mean())
        self.values = values / self.scale
        self.upper = upper / self.scale

    @property
    def slack(self) -> float:
        """The gap that still counts as proven: relative, or negligible beside all values."""
        return self.effort.tolerance * self.upper + _NEGLIGIBLE * self.values.sum()

    @property
    def left_s(self) -> float:
        """The time left, in seconds."""
        return max(self.deadline_s - time.monotonic(), 0.0)

    def first_prices(self) -> np.ndarray:
        """Slot prices of the types: settled, or of a few sweeps, as more would inflate them."""
        miss = np.ascontiguousarray(self.miss.T)
        worth, settled = slot_prices(self.values, miss, self.target, _SETTLING_SWEEPS)
        if not settled:
            worth, _ = slot_prices(self.values, miss, self.target, _SWEEPS)
        return np.bincount(self.kind, worth, self.copies.size) / self.copies

    def sets(self) -> Columns:
        """The best assignment as one set for each target."""
        used = np.flatnonzero(self.target >= 0)
        used = used[np.argsort(self.target[used], kind="stable")]
        size = np.bincount(self.target[used], minlength=self.values.size)
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int32)
        left = surviving(self.values, self.miss, self.target)
        every = np.arange(self.values.size, dtype=np.int32)
        return Columns(every, left, start, self.kind[used].astype(np.int32))

    def offer(self, columns: Columns, use: np.ndarray) -> None:
        """Take the choice ``use`` of columns, rounded and repaired, if it is better."""
        target = np.full(self.kind.size, -1)
        end = np.cumsum(self.copies)
        taken = end - self.copies
        served = np.zeros(self.values.size, bool)
        for n in np.argsort(-use, kind="stable"):
            if use[n] < _WHOLE:
                break
            types = columns.types[columns.start[n] : columns.start[n + 1]]
            need = np.bincount(types, minlength=self.copies.size)
            if served[columns.target[n]] or np.any(taken + need > end):
                continue
            served[columns.target[n]] = True
            for i in types:
                target[taken[i]] = columns.target[n]
                taken[i] += 1
        spare = np.flatnonzero(target < 0)
        if spare.size:
            left = surviving(self.values, self.miss, target)
            target[spare] = greedy(left, np.ascontiguousarray(self.miss[spare]))
            local(self.values, self.miss, target, 3)
        value = surviving(self.values, self.miss, target).sum()
        if value < self.upper:
            self.upper = value
            self.target = target


class Node:
    """A part of the search: weapon types (each of type ``origin`` at the root), prices, bound."""

    def __init__(
        self,
        best: Incumbent,
        kill: np.ndarray,
        copies: np.ndarray,
        origin: np.ndarray,
        center: np.ndarray,
        lower: float,
    ):
        self.best = best
        self.kill = kill
        self.copies = copies
        self.origin = origin
        self.center = center
        self.lower = lower
        self.miss = np.ascontiguousarray(1.0 - kill.T)
        self.order = np.argsort(self.miss, axis=1).astype(np.int32)
        self.sorted_miss = np.take_along_axis(self.miss, self.order, axis=1)
        nothing = np.zeros(best.values.size + 1, np.int32)
        self.known = Columns(nothing[1:], best.values, nothing, np.zeros(0, np.int32))
        self.bound = -np.inf

    @property
    def closed(self) -> bool:
        """Whether nothing better than the best known assignment is left here."""
        return self.best.upper - self.lower <= self.best.slack

    def price(self, price: np.ndarray, most: int) -> Columns:
        """Price all targets; keeps the bound, the prices that gave it and the best sets."""
        bound, *found = price_all(
            self.best.values,
            self.miss,
            self.sorted_miss,
            self.order,
            self.copies,
            price,
            self.known.start,
            self.known.types,
            most,
            1e-10 * self.best.upper / self.best.values.size,
        )
        columns = Columns(*found)
        self.known = Columns(*pick(firsts(columns.target), *columns))
        if bound > self.bound:
            self.bound = bound
            self.center = price
        self.lower = max(self.lower, self.bound)
        return columns

    def offer(self, columns: Columns, use: np.ndarray) -> None:
        """Offer a choice of this node's columns to the best known assignment."""
        self.best.offer(columns._replace(types=self.origin[columns.types]), use)


@functools.cache
def _warm() -> None:
    """Compile the kernels on an instance of one weapon, so that no time limit pays for that."""
    effort = Effort()
    best = Incumbent(np.ones(1), np.full((1, 1), 0.5), np.ones(1, np.int64), effort)
    node = Node(best, np.full((1, 1), 0.5), best.copies, best.copies, best.first_prices(), 0.0)
    columns = node.price(node.center, _FIRST_SETS)
    reduced_costs(
        columns.left,
        columns.target,
        columns.start,
        columns.types,
        best.values,
        np.ones(1),
        np.ones(1),
    )
    matrix(columns.target, columns.start, columns.types, 1)
    floor = _least_costs(node)
    enumerate_sets(
        best.values, node.sorted_miss, node.order, node.copies, node.center, floor, 1.0, 10
    )


def solve(
    values: np.ndarray, kill: np.ndarray, copies: np.ndarray, effort: Effort
) -> tuple[np.ndarray, float]:
    """Solve one instance of weapon types; every value, copy and dimension must be positive.

    Shapes: values (T,), kill (W, T), copies (W,). Returns (target, lower bound): target has one
    entry a copy, in order of types, -1 where a copy is not used.
    """
    _warm()
    best = Incumbent(values, kill, copies, effort)
    origin = np.arange(copies.size)
    root = Node(best, kill, copies, origin, best.first_prices(), 0.0)
    columns = root.price(root.center, _FIRST_SETS)
    if root.closed:
        return best.target, root.lower * best.scale
    waiting = _explore(root, join([best.sets(), columns]), 0)
    branches = 0
    while waiting:
        if best.upper - waiting[0][0] <= best.slack:
            break
        if branches >= effort.branches or best.left_s == 0.0:
            break
        lower, _, node, choice = heapq.heappop(waiting)
        for parts in children(node.kill, node.copies, *choice):
            branches += 1
            kill, copies, parent = split(node.kill, node.copies, *parts)
            child = Node(best, kill, copies, node.origin[parent], node.center[parent], lower)
            for entry in _explore(child, child.price(child.center, _FIRST_SETS), branches):
                heapq.heappush(waiting, entry)
    lower = min([best.upper] + [entry[0] for entry in waiting])
    return best.target, lower * best.scale


def _explore(node: Node, columns: Columns, serial: int) -> list[tuple]:
    """Bound a node and close it if possible, else say how to branch: [(bound, serial, node, at)].

    The bound of a closed node counts too: it may lie below the best value by the tolerance.
    """
    choice: tuple[int, int, int] | None = None
    if not node.closed:
        pool, relaxed = _generate_columns(node, columns)
        if not node.closed:
            if relaxed is not None:
                choice = _half_used(pool, relaxed.use, node.copies.size)
            _settle(node, pool)
    if node.closed and node.lower >= node.best.upper:
        return []
    return [(node.lower, serial, node, choice)]


def _half_used(pool: Columns, use: np.ndarray, types: int) -> tuple[int, int, int] | None:
    """Where the relaxation is least decided: (type, target, k), use of more than k nearest half.

    None where it is whole.
    """
    share: dict[tuple[int, int, int], float] = {}
    for n in np.flatnonzero(use > _WHOLE):
        kinds, counts = np.unique(pool.types[pool.start[n] : pool.start[n + 1]], return_counts=True)
        for i, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            for k in range(count):
                at = (i, int(pool.target[n]), k)
                share[at] = share.get(at, 0.0) + float(use[n])
    undecided = {at: p for at, p in share.items() if _WHOLE < p < 1.0 - _WHOLE}
    return min(undecided, key=lambda at: abs(undecided[at] - 0.5), default=None)


def _generate_columns(node: Node, columns: Columns) -> tuple[Columns, Relaxation | None]:
    """Close the linear relaxation; returns all columns made and the last relaxation."""
    best = node.best
    model = master(best.values, node.copies)
    pool = [columns]
    model.add(columns)
    total = best.values.sum()
    relaxed = model.solve()
    for _ in range(best.effort.pricing_rounds):
        if relaxed is None or best.left_s == 0.0:
            break
        value = relaxed.gain + total
        if value < best.upper - 0.5 * best.slack and _is_whole(relaxed.use):
            node.offer(join(pool), relaxed.use)
        if node.closed or value - node.lower <= 0.25 * best.slack:
            break
        new = _improving(node, relaxed)
        if not new.target.size:
            break
        model.add(new)
        pool.append(new)
        relaxed = model.solve()
    everything = join(pool)
    if relaxed is not None and not node.closed:
        node.offer(everything, relaxed.use)
    return everything, relaxed


def _is_whole(use: np.ndarray) -> bool:
    return bool(np.all(np.minimum(np.abs(use), np.abs(use - 1.0)) < _WHOLE))


def _improving(node: Node, relaxed: Relaxation) -> Columns:
    """Columns that improve the master problem, priced near the best known prices if possible."""
    smoothing = _SMOOTHING
    while True:
        price = smoothing * node.center + (1.0 - smoothing) * relaxed.price
        found = node.price(price, _FIRST_SETS)
        reduced = reduced_costs(
            found.left,
            found.target,
            found.start,
            found.types,
            node.best.values,
            relaxed.target_price,
            relaxed.price,
        )
        if np.any(reduced < _IMPROVES) or smoothing == 0.0 or node.closed:
            return Columns(*pick(reduced < _IMPROVES, *found))
        smoothing = 0.5 * smoothing if smoothing > 0.1 else 0.0


def _settle(node: Node, pool: Columns) -> None:
    """Close what gap the relaxation leaves, by whole numbers over all sets within the gap."""
    best = node.best
    floor = _least_costs(node)
    reduced = pool.left + _paid(pool, node.center) - floor[pool.target]
    near = reduced <= best.upper - node.bound
    _choose(node, Columns(*pick(near, *pool)), reduced[near])
    if node.closed or best.left_s == 0.0:
        return
    complete, *found = enumerate_sets(
        best.values,
        node.sorted_miss,
        node.order,
        node.copies,
        node.center,
        floor,
        (best.upper - node.bound) * (1.0 + 1e-9),
        _MOST_ENUMERATED,
    )
    if complete:
        columns = Columns(*found)
        reduced = columns.left + _paid(columns, node.center) - floor[columns.target]
        bound = _choose(node, columns, reduced)
        node.lower = max(node.lower, min(bound, best.upper))


def _least_costs(node: Node) -> np.ndarray:
    """The least cost of each target at the node's best prices."""
    least = node.price(node.center, 1)
    floor = np.full(node.best.values.size, np.inf)
    np.minimum.at(floor, least.target, least.left + _paid(least, node.center))
    return floor


def _paid(columns: Columns, price: np.ndarray) -> np.ndarray:
    paid = np.concatenate([[0.0], np.cumsum(price[columns.types])])
    return paid[columns.start[1:]] - paid[columns.start[:-1]]


def _choose(node: Node, columns: Columns, reduced: np.ndarray) -> float:
    """Whole numbers over ``columns`` with reduced costs; returns the lower bound over them."""
    best = node.best
    if not columns.target.size:
        return best.upper
    unit = best.upper - node.bound
    priced = Priced(columns, np.maximum(reduced, 0.0) / unit, node.center / unit)
    model = master(best.values, node.copies)
    use, bound = model.solve_integer(
        priced, 0.25 * best.slack / unit, best.effort.integer_nodes, best.left_s
    )
    node.offer(columns, np.round(use))
    return node.bound + max(bound, 0.0) * unit
