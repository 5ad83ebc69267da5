"""One decision cycle: which free slot shoots at which target, at most one slot a target.

    max  sum_r g_r x_r     sum over the rows of a target <= 1, of a pair <= c_p, of a unit <= c_u,
                           of all <= n,     x_r = 0 or 1

A row r is one way of shooting at one target; its gain g_r is the target's value times the kill
probability of the volley. A pair p is one kind of round at one fire unit with c_p volleys left; a
unit u holds several pairs and has c_u channels free; n volleys can be ordered in all. It is the
weapon-target assignment of Manne (Operations Research 6(3):346-351, 1958) with at most one volley a
target, so it is a flow through a tree of capacities and its linear relaxation is integral.

Nothing here allocates: the rows of target t are ``first[t]`` to ``first[t + 1] - 1`` of the space.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from openiads.kernel import kernel

GREEDY, LINEAR = 1, 2
"""Methods of `slots_solve`."""


_WAITS = -2
"""In ``chosen``: a target that the solver has not come to."""


class SlotSpace(NamedTuple):
    """The problem of one cycle and its answer: T targets, R rows, P pairs, U units at most."""

    first: Any  # (T + 1,) i8 first row of each target
    chosen: Any  # (T,) i8 the row taken for each target, -1 for none
    target: Any  # (R,) i8
    pair: Any  # (R,) i8
    gain: Any  # (R,) f8, positive
    profit: Any  # (T,) f8 gain of a target less the price of its slot
    pair_unit: Any  # (P,) i8
    pair_free: Any  # (P,) i8 volleys that the pair can still give
    pair_flow: Any  # (P,) i8 volleys taken
    unit_free: Any  # (U,) i8
    unit_flow: Any  # (U,) i8
    # Nodes of the tree of capacities: the pairs, then the units, then all volleys together.
    price: Any  # (P + U + 1,) f8 what a volley through the node is worth to others
    distance: Any  # (P + U + 1,) f8 of a search
    back: Any  # (P + U + 1,) i8 row or node by which the search came
    settled: Any  # (P + U + 1,) i8


def slot_space(targets: int, rows: int, pairs: int, units: int) -> SlotSpace:
    """An empty space for problems of at most these sizes."""

    def whole(count: int) -> Any:
        return np.zeros(count, np.int64)

    nodes = pairs + units + 1
    return SlotSpace(
        whole(targets + 1), whole(targets), whole(rows), whole(rows), np.zeros(rows),
        np.zeros(targets), whole(pairs), whole(pairs), whole(pairs), whole(units), whole(units),
        np.zeros(nodes), np.zeros(nodes), whole(nodes), whole(nodes),
    )  # fmt: skip


@kernel(borrows=True)
def slots_solve(method: int, space: Any, targets: int, most: int) -> int:
    """Fill ``space.chosen`` for the first ``targets`` targets; returns how many are shot at.

    ``method``: `GREEDY` maximum marginal return; `LINEAR` optimal, by augmenting paths. ``most``
    volleys in all.
    """
    for t in range(targets):
        space.chosen[t] = -1
    for p in range(space.pair_flow.shape[0]):
        space.pair_flow[p] = 0
    for u in range(space.unit_flow.shape[0]):
        space.unit_flow[u] = 0
    if method == LINEAR:
        return slots_linear(space, targets, most)
    return slots_greedy(space, targets, most)


@kernel(borrows=True)
def slots_value(space: Any, targets: int) -> float:
    """The sum of the gains of the rows taken."""
    total = 0.0
    for t in range(targets):
        if space.chosen[t] >= 0:
            total += space.gain[space.chosen[t]]
    return total


@kernel(borrows=True)
def has_room(space: Any, row: int) -> bool:
    """Whether the pair and the unit of a row can give one more volley."""
    p = space.pair[row]
    u = space.pair_unit[p]
    return space.pair_flow[p] < space.pair_free[p] and space.unit_flow[u] < space.unit_free[u]


@kernel(borrows=True)
def put(space: Any, target: int, row: int) -> None:
    """Take ``row`` for a target in place of what it has; -1 takes nothing."""
    old = space.chosen[target]
    if old >= 0:
        p = space.pair[old]
        space.pair_flow[p] -= 1
        space.unit_flow[space.pair_unit[p]] -= 1
    space.chosen[target] = row
    if row >= 0:
        p = space.pair[row]
        space.pair_flow[p] += 1
        space.unit_flow[space.pair_unit[p]] += 1


@kernel(borrows=True)
def slots_greedy(space: Any, targets: int, most: int) -> int:
    """Maximum marginal return: again and again the row of largest gain that has room.

    With one kind of slot it is optimal (den Broeder, Ellison, Emerling, Operations Research
    7(3):322-326, 1959). Ties go to the target that comes first. Returns how many were taken.
    """
    used = 0
    while used < most:
        best, top = -1, 0.0
        for t in range(targets):
            if space.chosen[t] >= 0:
                continue
            for r in range(space.first[t], space.first[t + 1]):
                if space.gain[r] > top and has_room(space, r):
                    top, best = space.gain[r], r
        if best < 0:
            break
        put(space, space.target[best], best)
        used += 1
    return used


@kernel(borrows=True)
def slots_linear(space: Any, targets: int, most: int) -> int:
    """The optimum, by shortest augmenting paths with prices, one target after the other.

    Prices w and profits u keep g_r - w_p <= u_t, with equality on the rows taken; w is least where
    there is room, and a node that gives a volley is worth no less than the one above it. Jonker
    and Volgenant (Computing 38:325-340, 1987) for single slots; here slots are the leaves of a tree
    of capacities (Ahuja, Magnanti, Orlin, Network Flows, 1993, section 9.7). Returns how many
    targets are shot at.
    """
    for v in range(space.price.shape[0]):
        space.price[v] = 0.0
    for t in range(targets):
        space.chosen[t] = _WAITS
        space.profit[t], _ = best_row(space, t)
    used = 0
    for _ in range(targets):
        t = first_waiting(space, targets)
        space.chosen[t] = -1
        space.profit[t], best = best_row(space, t)
        if best < 0:
            continue
        if used < most and has_room(space, best):
            put(space, t, best)
            used += 1
        elif seek(space, t, targets, used < most):
            used += 1
    return used


@kernel(borrows=True)
def first_waiting(space: Any, targets: int) -> int:
    """The waiting target of largest gain: those that come later have less to move it by."""
    first, most = -1, -1.0
    for t in range(targets):
        if space.chosen[t] == _WAITS and space.profit[t] > most:
            first, most = t, space.profit[t]
    return first


@kernel(borrows=True)
def best_row(space: Any, t: int) -> tuple[float, int]:
    """What target ``t`` gains at the prices, at least 0, and the row by which (-1: none)."""
    best, profit = -1, 0.0
    for r in range(space.first[t], space.first[t + 1]):
        net = space.gain[r] - space.price[space.pair[r]]
        if net > profit:
            best, profit = r, net
    return profit, best


@kernel(borrows=True)
def seek(space: Any, t: int, targets: int, room: bool) -> bool:
    """Bring in target ``t`` by the cheapest changes (Dijkstra); whether one more is shot at.

    ``room`` says whether one more volley can be ordered at all. Otherwise, or where that is
    cheaper, a target that stands least to lose, perhaps ``t`` itself, goes without.
    """
    distance, settled, price = space.distance, space.settled, space.price
    root = price.shape[0] - 1
    for v in range(root + 1):
        distance[v], settled[v] = math.inf, 0
    end, left_out = space.profit[t], t
    move_on(space, t, 0.0)
    while True:
        v, least = -1, end
        for k in range(root + 1):
            if settled[k] == 0 and distance[k] < least:
                v, least = k, distance[k]
        if v < 0:
            break
        settled[v] = 1
        if v == root and room and least - price[root] < end:
            end, left_out = max(least - price[root], least), -1
        climb(space, v, root)
        if v >= space.pair_flow.shape[0]:
            continue
        for other in range(targets):
            row = space.chosen[other]
            if row < 0 or space.pair[row] != v:
                continue
            if least + space.profit[other] < end:
                end, left_out = least + space.profit[other], other
            move_on(space, other, least)
    reprice(space, t, targets, end)
    if left_out == t:
        return False
    hand_over(space, t, root if left_out < 0 else left_out, left_out >= 0)
    return left_out < 0


@kernel(borrows=True)
def move_on(space: Any, t: int, at: float) -> None:
    """Reach from target ``t``, itself at distance ``at``, all pairs that could serve it."""
    for r in range(space.first[t], space.first[t + 1]):
        p = space.pair[r]
        length = at + max(space.profit[t] - space.gain[r] + space.price[p], 0.0)
        if length < space.distance[p] and space.settled[p] == 0:
            space.distance[p], space.back[p] = length, r


@kernel(borrows=True)
def climb(space: Any, v: int, root: int) -> None:
    """Reach from node ``v`` the one above it, where v has room, and those below it that give."""
    pairs, units = space.pair_flow.shape[0], space.unit_flow.shape[0]
    if v < pairs:
        if space.pair_flow[v] < space.pair_free[v]:
            step(space, v, pairs + space.pair_unit[v])
    elif v < root:
        u = v - pairs
        if space.unit_flow[u] < space.unit_free[u]:
            step(space, v, root)
        for p in range(pairs):
            if space.pair_unit[p] == u and space.pair_flow[p] > 0:
                step(space, v, p)
    else:
        for u in range(units):
            if space.unit_flow[u] > 0:
                step(space, v, pairs + u)


@kernel(borrows=True)
def step(space: Any, v: int, to: int) -> None:
    """Reach node ``to`` from its neighbour ``v`` in the tree."""
    length = space.distance[v] + max(space.price[to] - space.price[v], 0.0)
    if length < space.distance[to] and space.settled[to] == 0:
        space.distance[to], space.back[to] = length, -1 - v


@kernel(borrows=True)
def reprice(space: Any, t: int, targets: int, end: float) -> None:
    """Raise the price of what lies nearer than ``end``; lower the profit of who pays it."""
    for other in range(targets):
        row = space.chosen[other]
        if row >= 0 and space.distance[space.pair[row]] < end:
            space.profit[other] -= end - space.distance[space.pair[row]]
    for v in range(space.price.shape[0]):
        if space.distance[v] < end:
            space.price[v] += end - space.distance[v]
    space.profit[t] -= end


@kernel(borrows=True)
def hand_over(space: Any, t: int, at: int, without: bool) -> None:
    """Change rows along the path found, from its end to target ``t``.

    It ends at node ``at``, or, ``without``, at a target ``at`` that goes without.
    """
    v = at
    if without:
        v = space.pair[space.chosen[at]]
        put(space, at, -1)
    while True:
        row = space.back[v]
        if row < 0:
            v = -1 - row
            continue
        mover = space.target[row]
        old = space.chosen[mover]
        put(space, mover, row)
        if mover == t:
            return
        v = space.pair[old]
