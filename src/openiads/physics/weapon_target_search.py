"""Heuristics for the weapon-target assignment: greedy, linear assignment, local search.

All work on single weapons (copies counted one by one): ``miss[i, j] = 1 - p_ij`` of shape (W, T),
``target[i]`` the target of weapon i or -1, surviving value z_j = V_j prod_{i on j} q_ij. No kernel
divides by a miss probability, so weapons that cannot miss are allowed.
"""

from __future__ import annotations

import numpy as np

from openiads.kernel import kernel

_IMPROVED = 1e-12


@kernel
def surviving(values, miss, target):
    """The surviving value z_j of each target, shape (T,)."""
    z = values.copy()
    for i in range(target.size):
        if target[i] >= 0:
            z[target[i]] *= miss[i, target[i]]
    return z


@kernel
def greedy(values, miss):
    """Maximum marginal return: again and again the pair of largest decrease z_j p_ij.

    Optimal for identical weapons (den Broeder, Ellison, Emerling, Operations Research 7(3):322-326,
    1959), else a heuristic. The best free weapon of a target depends on the miss probabilities
    alone, so only targets whose best weapon was taken are searched again. Returns target, (W,).
    """
    weapons, targets = miss.shape
    target = np.full(weapons, -1, np.int64)
    z = values.copy()
    best = np.full(targets, -1, np.int64)
    gain = np.full(targets, -1.0)
    lowest = np.full(targets, np.inf)
    for i in range(weapons):
        for j in range(targets):
            if miss[i, j] < lowest[j]:
                lowest[j] = miss[i, j]
                best[j] = i
    for j in range(targets):
        gain[j] = z[j] * (1.0 - lowest[j])
    for step in range(min(weapons, weapons * targets)):
        pick = np.argmax(gain)
        i = best[pick]
        target[i] = pick
        z[pick] *= miss[i, pick]
        if step == weapons - 1:
            break
        for j in range(targets):
            if best[j] == i:
                k = -1
                low = np.inf
                for m in range(weapons):
                    if target[m] < 0 and miss[m, j] < low:
                        low = miss[m, j]
                        k = m
                best[j] = k
                lowest[j] = low
                gain[j] = z[j] * (1.0 - low)
    return target


@kernel
def best_slots(gain):
    """Match rows and columns of a square matrix so that the sum of the gains is largest.

    Linear assignment as Jonker and Volgenant order it (Computing 38:325-340, 1987, doi
    10.1007/BF02278710): reduction by columns, bids at the margin of best over second best, then
    shortest augmenting paths. ``gain`` has shape (n, n). Returns (column, worth, price), all (n,),
    with worth_r + price_s >= gain_rs and equality on the matching.
    """
    n = gain.shape[0]
    price = np.zeros(n)
    owner = np.full(n, -1, np.int64)
    column = np.full(n, -1, np.int64)
    waiting = np.empty(n, np.int64)
    best = gain[0].copy()
    row = np.zeros(n, np.int64)
    for r in range(1, n):
        for s in range(n):
            if gain[r, s] > best[s]:
                best[s] = gain[r, s]
                row[s] = r
    for s in range(n):
        price[s] = best[s]
        if column[row[s]] < 0:
            column[row[s]] = s
            owner[s] = row[s]
    count = 0
    for r in range(n):
        if column[r] < 0:
            waiting[count] = r
            count += 1
        else:
            kept = column[r]
            least = np.inf
            for s in range(n):
                slack = price[s] - gain[r, s]
                if slack < least and s != kept:
                    least = slack
            if n > 1:
                price[kept] += least
    for _ in range(2):
        count = _bid(gain, waiting, count, price, owner, column)
    _augment(gain, waiting[:count], price, owner, column)
    worth = np.empty(n)
    for r in range(n):
        worth[r] = gain[r, column[r]] - price[column[r]]
    return column, worth, price


@kernel
def _bid(gain, waiting, count, price, owner, column):
    """One sweep of bids; who is displaced bids at once. Returns how many are left waiting."""
    n = gain.shape[0]
    left = 0
    k = 0
    budget = 20 * count + n
    while k < count:
        r = waiting[k]
        k += 1
        first = -np.inf
        second = -np.inf
        s1 = 0
        s2 = 0
        for s in range(n):
            net = gain[r, s] - price[s]
            if net > second:
                if net > first:
                    second = first
                    s2 = s1
                    first = net
                    s1 = s
                else:
                    second = net
                    s2 = s
        old = owner[s1]
        rise = first - second
        if rise > 0.0:
            price[s1] += rise
        elif old >= 0:
            s1 = s2
            old = owner[s1]
        owner[s1] = r
        column[r] = s1
        if old < 0:
            continue
        column[old] = -1
        budget -= 1
        if rise > 0.0 and budget > 0:
            k -= 1
            waiting[k] = old
        else:
            waiting[left] = old
            left += 1
    return left


@kernel
def _augment(gain, waiting, price, owner, column):
    """Match the waiting rows along shortest augmenting paths; ``price`` stays feasible."""
    n = gain.shape[0]
    distance = np.empty(n)
    before = np.empty(n, np.int64)
    todo = np.empty(n, np.int64)
    for start in waiting:
        for s in range(n):
            distance[s] = price[s] - gain[start, s]
            before[s] = start
            todo[s] = s
        ready = 0
        edge = 0
        reach = 0.0
        sink = -1
        while sink < 0:
            if ready == edge:
                done = ready
                reach = np.inf
                for k in range(edge, n):
                    s = todo[k]
                    if distance[s] <= reach:
                        if distance[s] < reach:
                            reach = distance[s]
                            edge = ready
                        todo[k] = todo[edge]
                        todo[edge] = s
                        edge += 1
                for k in range(ready, edge):
                    if owner[todo[k]] < 0:
                        sink = todo[k]
                        break
            while sink < 0 and ready < edge:
                t = todo[ready]
                ready += 1
                r = owner[t]
                level = gain[r, t] - price[t] + reach
                for k in range(edge, n):
                    s = todo[k]
                    length = level + price[s] - gain[r, s]
                    if length < distance[s]:
                        distance[s] = length
                        before[s] = r
                        if length <= reach:
                            if owner[s] < 0:
                                sink = s
                                break
                            todo[k] = todo[edge]
                            todo[edge] = s
                            edge += 1
        for k in range(done):
            price[todo[k]] += reach - distance[todo[k]]
        s = sink
        while True:
            r = before[s]
            owner[s] = r
            s, column[r] = column[r], s
            if r == start:
                break


@kernel
def _without(values, miss, target, j, without):
    """Set ``without[i]``, the value of target j left by all weapons on it but i; returns z_j."""
    z = values[j]
    for i in range(target.size):
        if target[i] == j:
            left = values[j]
            for k in range(target.size):
                if target[k] == j and k != i:
                    left *= miss[k, j]
            without[i] = left
            z *= miss[i, j]
    return z


@kernel
def exchange(values, miss, target, turn):
    """Take one weapon off every target and put all of them back at best; never worse.

    The value is linear in these weapons, so the best of all cyclic and path exchanges among them
    is one linear assignment. On each target the weapon taken is number ``turn`` (modulo how many
    it has). Changes ``target``; returns whether the value fell.
    """
    weapons, targets = miss.shape
    size = np.zeros(targets, np.int64)
    for i in range(weapons):
        if target[i] >= 0:
            size[target[i]] += 1
    base = values.copy()
    seen = np.zeros(targets, np.int64)
    taken = np.full(targets, -1, np.int64)
    for i in range(weapons):
        j = target[i]
        if j < 0:
            continue
        if seen[j] == turn % size[j]:
            taken[j] = i
        else:
            base[j] *= miss[i, j]
        seen[j] += 1
    gain = np.zeros((targets, targets))
    old = 0.0
    for r in range(targets):
        i = taken[r]
        if i >= 0:
            for s in range(targets):
                gain[r, s] = base[s] * (1.0 - miss[i, s])
            old += gain[r, r]
    column, _, _ = best_slots(gain)
    new = 0.0
    for r in range(targets):
        new += gain[r, column[r]]
    if new <= old + _IMPROVED * old:
        return False
    for r in range(targets):
        if taken[r] >= 0:
            target[taken[r]] = column[r]
    return True


@kernel
def descend(values, miss, target, most_passes):
    """Move weapons and swap pairs while that lowers the surviving value; changes ``target``.

    Returns whether anything changed.
    """
    weapons, targets = miss.shape
    without = np.zeros(weapons)
    z = np.empty(targets)
    for j in range(targets):
        z[j] = values[j]
    for i in range(weapons):
        if target[i] >= 0:
            z[target[i]] *= miss[i, target[i]]
    for i in range(weapons):
        if target[i] >= 0:
            left = values[target[i]]
            for k in range(weapons):
                if k != i and target[k] == target[i]:
                    left *= miss[k, target[i]]
            without[i] = left
    changed = False
    for _ in range(most_passes):
        improved = False
        for i in range(weapons):
            j = target[i]
            if j < 0:
                continue
            loss = without[i] - z[j]
            best = -_IMPROVED * z[j]
            pick = -1
            partner = -1
            for k in range(targets):
                delta = loss - z[k] * (1.0 - miss[i, k])
                if delta < best and k != j:
                    best = delta
                    pick = k
            for m in range(weapons):
                k = target[m]
                if k >= 0 and k != j:
                    delta = without[i] * miss[m, j] + without[m] * miss[i, k] - z[j] - z[k]
                    if delta < best:
                        best = delta
                        pick = k
                        partner = m
            if pick >= 0:
                target[i] = pick
                if partner >= 0:
                    target[partner] = j
                z[j] = _without(values, miss, target, j, without)
                z[pick] = _without(values, miss, target, pick, without)
                improved = True
        if not improved:
            break
        changed = True
    return changed


@kernel
def local(values, miss, target, rounds):
    """Improve ``target`` by exchanges and descents until a whole round changes nothing.

    Returns the surviving value.
    """
    targets = values.size
    turn = 0
    idle = 0
    for _ in range(rounds):
        largest = 1
        size = np.zeros(targets, np.int64)
        for i in range(target.size):
            if target[i] >= 0:
                size[target[i]] += 1
                largest = max(largest, size[target[i]])
        if exchange(values, miss, target, turn):
            idle = 0
        if descend(values, miss, target, 4):
            idle = 0
        idle += 1
        turn = (turn + 1) % largest
        if idle > largest:
            break
    return surviving(values, miss, target).sum()


@kernel
def linear_rounds(values, miss):
    """One optimal linear assignment after the other, each of at most one weapon a target.

    The value left by the earlier rounds weighs the next one; optimal if no target is worth two
    weapons (Manne, Operations Research 6(3):346-351, 1958). Returns target, (W,).
    """
    weapons, targets = miss.shape
    target = np.full(weapons, -1, np.int64)
    z = values.copy()
    spare = np.arange(weapons)
    while spare.size > 0:
        gain = np.zeros((max(spare.size, targets), max(spare.size, targets)))
        for r in range(spare.size):
            for s in range(targets):
                gain[r, s] = z[s] * (1.0 - miss[spare[r], s])
        column, _, _ = best_slots(gain)
        placed = 0
        for r in range(spare.size):
            s = column[r]
            if s < targets and gain[r, s] > 0.0:
                target[spare[r]] = s
                z[s] *= miss[spare[r], s]
                placed += 1
        if placed == 0:
            break
        spare = np.flatnonzero(target < 0)
    return target
