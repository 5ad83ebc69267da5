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

_STRICT = 1e-13
"""A gain must be larger by this share of the largest one to count as larger."""


class SlotSpace(NamedTuple):
    """The problem of one cycle and its answer: T targets, R rows, P pairs, U units at most."""

    first: Any  # (T + 1,) i8 first row of each target
    chosen: Any  # (T,) i8 the row taken for each target, -1 for none
    target: Any  # (R,) i8
    pair: Any  # (R,) i8
    gain: Any  # (R,) f8, positive
    top: Any  # (T,) i8 row of largest gain of each target
    scanned: Any  # (T,) f8 gain of the path from which a target last moved on
    pair_unit: Any  # (P,) i8
    pair_free: Any  # (P,) i8 volleys that the pair can still give
    pair_flow: Any  # (P,) i8 volleys taken
    pair_from: Any  # (P,) i8 last row of the best path into the pair
    pair_best: Any  # (P,) f8 gain of that path
    unit_free: Any  # (U,) i8
    unit_flow: Any  # (U,) i8
    unit_via: Any  # (U,) i8 pair by which the best path comes to the unit
    unit_best: Any  # (U,) f8


def slot_space(targets: int, rows: int, pairs: int, units: int) -> SlotSpace:
    """An empty space for problems of at most these sizes."""

    def whole(count: int) -> Any:
        return np.zeros(count, np.int64)

    return SlotSpace(
        whole(targets + 1), whole(targets), whole(rows), whole(rows), np.zeros(rows),
        whole(targets), np.zeros(targets),
        whole(pairs), whole(pairs), whole(pairs), whole(pairs), np.zeros(pairs),
        whole(units), whole(units), whole(units), np.zeros(units),
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
    """The optimum, one augmenting path of largest gain after the other.

    After k paths the answer is the best of k volleys (Ahuja, Magnanti, Orlin, Network Flows, 1993,
    section 9.7: successive shortest paths). Returns how many were taken.
    """
    for t in range(targets):
        space.top[t] = -1
        for r in range(space.first[t], space.first[t + 1]):
            if space.top[t] < 0 or space.gain[r] > space.gain[space.top[t]]:
                space.top[t] = r
    used = 0
    while used < most:
        # A path that moves targets on gains no more than its first row: the targets that it moves
        # stand best already. So where the row of largest gain has room, it is the whole path.
        first, most_gain = -1, 0.0
        for t in range(targets):
            if space.chosen[t] < 0 and space.top[t] >= 0 and space.gain[space.top[t]] > most_gain:
                first, most_gain = space.top[t], space.gain[space.top[t]]
        if first < 0:
            break
        if has_room(space, first):
            put(space, space.target[first], first)
        else:
            end = best_path(space, targets)
            if end < 0:
                break
            augment(space, end, targets)
        used += 1
    return used


@kernel(borrows=True)
def best_path(space: Any, targets: int) -> int:
    """The pair at which the augmenting path of largest gain ends; -1 if there is none.

    Labels are corrected until none improves (Bellman and Ford). A target that leaves a pair makes
    room there, or, where the pair has volleys left and only its unit is full, anywhere in the unit.
    """
    scale = 0.0
    for p in range(space.pair_best.shape[0]):
        space.pair_best[p] = -math.inf
        space.pair_from[p] = -1
    for t in range(targets):
        space.scanned[t] = -math.inf
        if space.chosen[t] >= 0:
            continue
        for r in range(space.first[t], space.first[t + 1]):
            scale = max(scale, space.gain[r])
            if space.gain[r] > space.pair_best[space.pair[r]]:
                space.pair_best[space.pair[r]] = space.gain[r]
                space.pair_from[space.pair[r]] = r
    strict = _STRICT * scale
    for _ in range(targets + space.pair_best.shape[0]):
        label_units(space)
        if not label_pairs(space, targets, strict):
            break
    best, top = -1, 0.0
    for p in range(space.pair_best.shape[0]):
        u = space.pair_unit[p]
        room = space.pair_flow[p] < space.pair_free[p] and space.unit_flow[u] < space.unit_free[u]
        if room and space.pair_best[p] > top:
            best, top = p, space.pair_best[p]
    return best


@kernel(borrows=True)
def label_units(space: Any) -> None:
    """The best path to each unit through a pair that has volleys left."""
    for u in range(space.unit_best.shape[0]):
        space.unit_best[u] = -math.inf
        space.unit_via[u] = -1
    for p in range(space.pair_best.shape[0]):
        u = space.pair_unit[p]
        if space.pair_flow[p] < space.pair_free[p] and space.pair_best[p] > space.unit_best[u]:
            space.unit_best[u] = space.pair_best[p]
            space.unit_via[u] = p


@kernel(borrows=True)
def label_pairs(space: Any, targets: int, strict: float) -> bool:
    """Let targets that are served move on to other pairs; whether a label improved."""
    improved = False
    for t in range(targets):
        held = space.chosen[t]
        if held < 0:
            continue
        p = space.pair[held]
        arrives = max(space.pair_best[p], space.unit_best[space.pair_unit[p]])
        if arrives <= space.scanned[t]:
            continue
        space.scanned[t] = arrives
        base = arrives - space.gain[held]
        for r in range(space.first[t], space.first[t + 1]):
            q = space.pair[r]
            if q != p and base + space.gain[r] > space.pair_best[q] + strict:
                space.pair_best[q] = base + space.gain[r]
                space.pair_from[q] = r
                improved = True
    return improved


@kernel(borrows=True)
def augment(space: Any, end: int, targets: int) -> None:
    """Take the rows of the path that ends at pair ``end``, from its end to its beginning."""
    p = end
    for _ in range(targets + 1):
        row = space.pair_from[p]
        t = space.target[row]
        old = space.chosen[t]
        put(space, t, row)
        if old < 0:
            return
        p = space.pair[old]
        u = space.pair_unit[p]
        if space.unit_best[u] > space.pair_best[p]:
            p = space.unit_via[u]
