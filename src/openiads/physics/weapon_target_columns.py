"""Columns of the exact weapon-target assignment: which sets of weapons may serve which target.

A list of sets is four arrays (target, left, start, types): set n serves ``target[n]``, leaves the
value ``left[n]`` and holds the weapon types ``types[start[n]:start[n+1]]``, copies side by side.
"""

from __future__ import annotations

import numpy as np

from openiads.kernel import kernel
from openiads.physics.weapon_target_pricing import by_ratio, fractional_bound, next_kind, room


@kernel
def enumerate_sets(values, sorted_miss, order, copies, price, least, gap, limit):
    """All sets of each target within ``gap`` of its least cost ``least[j]`` at ``price``.

    No solution better than (bound + gap) uses any other set, because reduced costs add up (Lu and
    Chen, Omega 98:102138, 2021, doi 10.1016/j.omega.2019.102138, enumerate so). Returns
    (complete, target, left, start, types) as `price_all`; ``complete`` is False when more than
    ``limit`` sets were found or visited and the search stopped.
    """
    targets, weapons = order.shape
    out_target = np.empty(limit, np.int32)
    out_left = np.empty(limit)
    out_start = np.zeros(limit + 1, np.int32)
    out_types = np.empty(4 * limit + 16, np.int32)
    items = np.empty(weapons, np.int32)
    found = 0
    visits = 0
    complete = True
    for j in range(targets):
        ceiling = least[j] + gap
        count = 0
        for k in range(weapons):
            i = order[j, k]
            if price[i] <= ceiling and price[i] <= values[j] * (1.0 - sorted_miss[j, k]) + gap:
                items[count] = k
                count += 1
        kind, q, a, u = by_ratio(
            items, count, sorted_miss[j], order[j], price, copies, copies.sum()
        )
        n = q.size
        chosen = np.empty(n + 1, np.int32)
        lefts = np.empty(n + 2)
        paids = np.empty(n + 2)
        lefts[0] = values[j]
        paids[0] = 0.0
        depth = 0
        k = 0
        fresh = True
        while True:
            left = lefts[depth]
            paid = paids[depth]
            if fresh and left + paid <= ceiling:
                size = out_start[found] + depth
                out_types = room(out_types, size)
                out_types[out_start[found] : size] = kind[chosen[:depth]]
                out_target[found] = j
                out_left[found] = left
                out_start[found + 1] = size
                found += 1
            visits += 1
            if found == limit or visits > 100 * limit:
                complete = False
                break
            if k < n and fractional_bound(k, left, paid, q, a, u) <= ceiling:
                chosen[depth] = k
                depth += 1
                lefts[depth] = left * q[k]
                paids[depth] = paid + u[k]
                k += 1
                fresh = True
                continue
            if depth == 0:
                break
            depth -= 1
            k = next_kind(kind, chosen[depth])
            fresh = False
        if not complete:
            break
    return (
        complete,
        out_target[:found],
        out_left[:found],
        out_start[: found + 1],
        out_types[: out_start[found]],
    )


@kernel
def matrix(target, start, types, targets):
    """Columns of the master problem: (starts, rows, counts), target rows first, then types.

    Copies of one type on one set are neighbours in ``types`` and become one entry.
    """
    columns = target.size
    starts = np.zeros(columns + 1, np.int32)
    rows = np.empty(columns + types.size, np.int32)
    counts = np.empty(columns + types.size)
    m = 0
    for n in range(columns):
        rows[m] = target[n]
        counts[m] = 1.0
        m += 1
        for k in range(start[n], start[n + 1]):
            if k > start[n] and types[k] == types[k - 1]:
                counts[m - 1] += 1.0
            else:
                rows[m] = targets + types[k]
                counts[m] = 1.0
                m += 1
        starts[n + 1] = m
    return starts, rows[:m], counts[:m]


@kernel
def reduced_costs(left, target, start, types, values, target_price, price):
    """left - V_j + v_j + u(S) of each set: negative where it would improve the master problem."""
    cost = np.empty(target.size)
    for n in range(target.size):
        cost[n] = left[n] - values[target[n]] + target_price[target[n]]
        for k in range(start[n], start[n + 1]):
            cost[n] += price[types[k]]
    return cost


@kernel
def pick(chosen, target, left, start, types):
    """The sets where ``chosen`` is true, as (target, left, start, types)."""
    count = 0
    size = 0
    for n in range(target.size):
        if chosen[n]:
            count += 1
            size += start[n + 1] - start[n]
    out_target = np.empty(count, np.int32)
    out_left = np.empty(count)
    out_start = np.zeros(count + 1, np.int32)
    out_types = np.empty(size, np.int32)
    m = 0
    for n in range(target.size):
        if chosen[n]:
            out_target[m] = target[n]
            out_left[m] = left[n]
            length = start[n + 1] - start[n]
            out_start[m + 1] = out_start[m] + length
            out_types[out_start[m] : out_start[m + 1]] = types[start[n] : start[n + 1]]
            m += 1
    return out_target, out_left, out_start, out_types


@kernel
def firsts(target):
    """Marks the first set of each target in a list ordered by targets."""
    first = np.zeros(target.size, np.bool_)
    last = -1
    for n in range(target.size):
        first[n] = target[n] != last
        last = target[n]
    return first
