"""Pricing for the exact weapon-target assignment: the best sets of weapons for one target.

Given prices u_i >= 0 of the weapons, target j with value V_j asks for the set S that minimises

    z_j(S) + u(S),   z_j(S) = V_j prod_{i in S} q_ij,   u(S) = sum_{i in S} u_i

with q_ij = 1 - p_ij the probability that weapon i misses target j. For ANY prices

    L(u) = sum_j min_S [z_j(S) + u(S)] - sum_i c_i u_i

is a lower bound on the surviving value (c_i: copies of weapon i), because it is the Lagrangian of
the limits on the weapons (Fisher, Management Science 27(1):1-18, 1981, doi 10.1287/mnsc.27.1.1).

The search is exact and rests on three observations:

* a set of at most K weapons never needs one that K others beat in both miss probability and price;
* sets with more than K weapons cost more than the best known, by the sum of the K cheapest prices;
* with weapons in order of -ln(q) / u, the fractional completion of a set has a closed form, and it
  bounds every completion from below.

Weapons are types here: type i may be used up to ``copies[i]`` times, also on one target.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel

_TINY = 1e-300
_NODE_LIMIT = 2_000_000
_MOST_LAYERS = 64


@kernel
def cheapest_sums(price, copies):
    """The sum of the s cheapest prices, copies counted, for s = 0 .. all.

    Shapes: price (W,), copies (W,) of integers; returns (1 + sum(copies),).
    """
    order = np.argsort(price)
    sums = np.zeros(1 + copies.sum())
    s = 0
    for i in order:
        for _ in range(copies[i]):
            sums[s + 1] = sums[s] + price[i]
            s += 1
    return sums


@kernel
def largest_useful_size(value, miss, cheapest, incumbent):
    """The largest size of a set that may cost less than ``incumbent`` for one target.

    A set of s weapons costs at least the s cheapest prices plus the value left by the s best
    weapons (each counted once, then the best again, which bounds repeated types too).
    """
    size = 0
    left = value
    for s in range(1, cheapest.size):
        if cheapest[s] >= incumbent:
            break
        left *= miss[0]
        if cheapest[s] + left < incumbent:
            size = s
    return size


@kernel
def undominated(value, miss, order, price, copies, layers, items):
    """Weapons that a set of at most ``layers`` weapons may need; their positions go to ``items``.

    Walks one target's weapons from the best miss probability on (``miss`` and ``order`` are its
    sorted row) and keeps a weapon while fewer than ``layers`` copies passed before are as cheap.
    A weapon that cannot miss only makes sense alone: it is not kept. Returns how many were kept.
    """
    count = 0
    few = layers <= _MOST_LAYERS
    cheap = np.full(layers if few else 1, np.inf)
    for k in range(order.size):
        u = price[order[k]]
        if miss[k] <= 0.0 or u >= value * (1.0 - miss[k]):
            continue
        if few:
            if u >= cheap[layers - 1]:
                continue
            for _ in range(min(copies[order[k]], layers)):
                place = layers - 1
                if u >= cheap[place]:
                    break
                while place > 0 and cheap[place - 1] > u:
                    cheap[place] = cheap[place - 1]
                    place -= 1
                cheap[place] = u
        items[count] = k
        count += 1
    return count


@kernel
def cheapest_perfect(miss, order, price):
    """Position of the cheapest weapon that cannot miss, or -1."""
    best = -1
    for k in range(order.size):
        if miss[k] > 0.0:
            break
        if best < 0 or price[order[k]] < price[order[best]]:
            best = k
    return best


@kernel
def by_ratio(items, count, miss, order, price, copies, most):
    """Expand ``items`` to copies in order of log-kill per price, best first.

    Returns (type, miss, log-kill, price), one entry a copy, at most ``most`` copies of a type.
    """
    key = np.empty(count)
    total = 0
    for n in range(count):
        k = items[n]
        a = -math.log(max(miss[k], _TINY))
        key[n] = price[order[k]] / max(a, _TINY)
        total += min(copies[order[k]], most)
    rank = np.argsort(key)
    kind = np.empty(total, np.int32)
    q = np.empty(total)
    log_kill = np.empty(total)
    u = np.empty(total)
    m = 0
    for n in rank:
        k = items[n]
        i = order[k]
        for _ in range(min(copies[i], most)):
            kind[m] = i
            q[m] = miss[k]
            log_kill[m] = -math.log(max(miss[k], _TINY))
            u[m] = price[i]
            m += 1
    return kind, q, log_kill, u


@kernel
def fractional_bound(k, left, paid, q, a, u):
    """The least cost of completing a set with fractions of the weapons k, k+1, ...

    With a_t = -ln q_t the relaxed problem min z exp(-sum a_t x_t) + sum u_t x_t over 0 <= x <= 1
    takes weapons in order of a/u until the marginal gain z a_t falls to the price u_t.
    """
    for t in range(k, q.size):
        if left * a[t] <= u[t]:
            break
        after = left * q[t]
        if after * a[t] >= u[t]:
            left = after
            paid += u[t]
        else:
            stop = u[t] / a[t]
            return paid + stop + u[t] * math.log(left / stop) / a[t]
    return paid + left


@kernel
def _keep(kept, cost, lengths, costs, sets, chosen, depth, most):
    """Insert a set into the sorted short list of the best ``most``; returns the new length."""
    if kept == most and cost >= costs[most - 1]:
        return kept
    place = min(kept, most - 1)
    while place > 0 and costs[place - 1] > cost:
        costs[place] = costs[place - 1]
        lengths[place] = lengths[place - 1]
        sets[place, :] = sets[place - 1, :]
        place -= 1
    costs[place] = cost
    lengths[place] = depth
    for d in range(depth):
        sets[place, d] = chosen[d]
    return min(kept + 1, most)


@kernel
def search(value, kind, q, a, u, incumbent, tolerance, most, costs, lengths, sets):
    """The up to ``most`` cheapest sets of one target below ``incumbent``; the empty set counts.

    Depth first over the copies in ratio order; a branch is cut when its fractional bound is not
    below the worst kept cost less ``tolerance``. Returns (number kept, lower bound of the minimum).
    ``costs`` (most,), ``lengths`` (most,) and ``sets`` (most, >= copies) receive positions.
    """
    n = q.size
    chosen = np.empty(n + 1, np.int32)
    lefts = np.empty(n + 1)
    paids = np.empty(n + 1)
    kept = _keep(0, value, lengths, costs, sets, chosen, 0, most)
    depth = 0
    k = 0
    left = value
    paid = 0.0
    nodes = 0
    while True:
        limit = incumbent
        if kept == most and costs[most - 1] < limit:
            limit = costs[most - 1]
        if k < n and fractional_bound(k, left, paid, q, a, u) < limit - tolerance:
            nodes += 1
            if nodes > _NODE_LIMIT:
                return kept, fractional_bound(0, value, 0.0, q, a, u)
            chosen[depth] = k
            lefts[depth] = left
            paids[depth] = paid
            depth += 1
            left *= q[k]
            paid += u[k]
            if left + paid < incumbent:
                kept = _keep(kept, left + paid, lengths, costs, sets, chosen, depth, most)
            k += 1
            continue
        if depth == 0:
            break
        depth -= 1
        left = lefts[depth]
        paid = paids[depth]
        k = next_kind(kind, chosen[depth])
    return kept, min(costs[0], incumbent) - tolerance


@kernel
def next_kind(kind, k):
    """The first position after ``k`` of another type: a copy left out leaves out the later ones."""
    last = kind[k]
    k += 1
    while k < kind.size and kind[k] == last:
        k += 1
    return k


@kernel
def cost_at(value, miss_row, price, types):
    """z_j(S) + u(S) for the types of S."""
    left = value
    paid = 0.0
    for i in types:
        left *= miss_row[i]
        paid += price[i]
    return left + paid


@kernel
def room(types, size):
    """``types`` or, if it is shorter than ``size``, a copy of twice that length."""
    if size <= types.size:
        return types
    larger = np.empty(2 * size, np.int32)
    larger[: types.size] = types
    return larger


@kernel
def price_all(values, miss, sorted_miss, order, copies, price, start, types, most, tolerance):
    """The best sets of every target at ``price`` and the Lagrangian bound L(price).

    ``miss`` and its sorted rows ``sorted_miss`` have shape (T, W), ``order`` the permutation;
    ``start`` (T+1,) and ``types`` hold one known set a target, a first incumbent.
    Returns (bound, target, left, start, types): one entry a set found, in order of targets and
    cost, ``left`` the surviving value z_j(S), ``types[start[n]:start[n+1]]`` its weapon types.
    """
    targets, weapons = miss.shape
    cheapest = cheapest_sums(price, copies)
    bound = 0.0
    for i in range(weapons):
        bound -= copies[i] * price[i]
    out_target = np.empty(targets * (most + 1), np.int32)
    out_left = np.empty(targets * (most + 1))
    out_start = np.zeros(targets * (most + 1) + 1, np.int32)
    out_types = np.empty(targets * most * 4 + 16, np.int32)
    items = np.empty(weapons, np.int32)
    costs = np.empty(most)
    lengths = np.empty(most, np.int32)
    sets = np.empty((most, cheapest.size), np.int32)
    found = 0
    for j in range(targets):
        slack = max(tolerance, 1e-14 * values[j])
        known = types[start[j] : start[j + 1]]
        incumbent = min(cost_at(values[j], miss[j], price, known), values[j])
        perfect = cheapest_perfect(sorted_miss[j], order[j], price)
        if perfect >= 0:
            incumbent = min(incumbent, price[order[j, perfect]])
        incumbent += 4.0 * slack
        layers = largest_useful_size(values[j], sorted_miss[j], cheapest, incumbent)
        count = 0
        if layers > 0:
            count = undominated(values[j], sorted_miss[j], order[j], price, copies, layers, items)
        kind, q, a, u = by_ratio(items, count, sorted_miss[j], order[j], price, copies, layers)
        ceiling = incumbent if most == 1 else np.inf
        kept, low = search(values[j], kind, q, a, u, ceiling, slack, most, costs, lengths, sets)
        if perfect >= 0 and price[order[j, perfect]] < costs[0]:
            i = order[j, perfect]
            low = min(low, price[i])
            out_types = room(out_types, out_start[found] + 1)
            out_types[out_start[found]] = i
            out_target[found] = j
            out_left[found] = 0.0
            out_start[found + 1] = out_start[found] + 1
            found += 1
        bound += low
        for n in range(kept):
            size = out_start[found] + lengths[n]
            out_types = room(out_types, size)
            left = values[j]
            for d in range(lengths[n]):
                left *= q[sets[n, d]]
                out_types[out_start[found] + d] = kind[sets[n, d]]
            out_target[found] = j
            out_left[found] = left
            out_start[found + 1] = size
            found += 1
    return (
        bound,
        out_target[:found],
        out_left[:found],
        out_start[: found + 1],
        out_types[: out_start[found]],
    )


@kernel
def slot_prices(values, miss, target, passes):
    """Prices of single weapons, from a good assignment: what replacing each would be worth.

    Each weapon i holds a slot of value b_i = V_j prod_{k on j, k != i} q_kj; its price is
    u_i = b_i p_ij - r_i with the least slot rents r >= 0 such that no weapon would rather pay the
    rent of another slot (Bellman-Ford on the exchange graph, ``passes`` sweeps), and no less than
    what an extra weapon gains anywhere. ``miss`` has shape (T, W), ``target`` (W,), -1 for unused.
    Returns (price, settled): ``settled`` is False where the sweeps ended first, as they must when
    some exchange looks better than it is.
    """
    weapons = target.size
    base = np.zeros(weapons)
    z = values.copy()
    for i in range(weapons):
        j = target[i]
        if j >= 0:
            z[j] *= miss[j, i]
            base[i] = values[j]
            for k in range(weapons):
                if target[k] == j and k != i:
                    base[i] *= miss[j, k]
    rent = np.zeros(weapons)
    worth = np.zeros(weapons)
    for i in range(weapons):
        if target[i] >= 0:
            worth[i] = base[i] * (1.0 - miss[target[i], i])
    settled = False
    for _ in range(passes):
        settled = True
        for s in range(weapons):
            j = target[s]
            if j < 0:
                continue
            top = rent[s]
            for i in range(weapons):
                top = max(top, base[s] * (1.0 - miss[j, i]) - worth[i])
            if top > rent[s] + 1e-12 * values[j]:
                rent[s] = top
                worth[s] = base[s] * (1.0 - miss[j, s]) - top
                settled = False
        if settled:
            break
    for j in range(z.size):
        for i in range(weapons):
            worth[i] = max(worth[i], z[j] * (1.0 - miss[j, i]))
    return worth, settled
