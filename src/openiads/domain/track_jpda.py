"""Joint probabilistic data association in the scan: tracks take all their plots, by probability.

Rows, gates, costs, formations, books and new tracks are those of `openiads.domain.track_scan`; what
differs is the update of confirmed tracks: the mixture over the plots that may be theirs and over
none, moment-matched, with the marginal probabilities of joint association. Tentative tracks take
the plot of the global nearest neighbour, which is then nobody else's.

Plain JPDA draws the tracks of a formation together (coalescence): two permutations of the same
plots are averaged. JPDA* keeps, of all joint events with the same detected tracks and the same
plots in use, the most probable permutation only (Blom and Bloem, "Probabilistic data association
avoiding track coalescence", IEEE Trans. Automatic Control 45(2), 2000). It is computed exactly in
clusters of up to `MOST_EXACT` tracks and plots. In larger ones the permutations are pruned to that
of the global nearest neighbour: a plot that it gives to one track is nobody else's; what remains,
plots that no track has, is shared out by loopy belief propagation (Williams and Lau, IEEE Trans.
AES 50(4), 2014). No efficient-hypothesis-management tree is used.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from openiads.domain.track_formation import NEGLIGIBLE
from openiads.domain.track_groups import FORBIDDEN
from openiads.domain.track_rates import take_rate
from openiads.domain.track_scan import associate, finish, settle_one
from openiads.domain.tracks import CONFIRMED, LIVE
from openiads.kernel import kernel
from openiads.physics.estimation import position_update
from openiads.physics.mixture import manoeuvre_shift, merge_pair

MOST_EXACT = 12
"""Tracks and plots together up to which a cluster is summed exactly: 2^12 pairs of sets."""

_SWEEPS = 200
_SETTLED = 1.0e-6
"""Belief propagation: sweeps at most, and the change of a message at which it has settled."""

_LEAST = 1.0e-3
"""Plots less probable than this are left out of the mixture."""

_SURE = 0.99
"""A track this sure of its plot, or of none, takes it as the global nearest neighbour would."""

_HIGHEST = 80.0
"""Bound of a log-likelihood ratio, so that a product over a cluster stays within doubles."""


class JpdaSpace(NamedTuple):
    """Workspace of `tracker_scan_jpda`, made by `jpda_space`."""

    ratio: np.ndarray  # (edges,) likelihood ratio of the pair to a miss; 0: not considered
    share: np.ndarray  # (edges,) probability of the pair
    message: np.ndarray  # (edges,) from plots to tracks
    back: np.ndarray  # (edges,) from tracks to plots
    parent: np.ndarray  # (rows,) clusters of rows
    first: np.ndarray  # (plots,) first row that considers the plot, or its number in a cluster
    owner: np.ndarray  # (plots,) row that the global nearest neighbour gives the plot to
    total: np.ndarray  # (plots,) sums of messages
    best: np.ndarray  # (2^MOST_EXACT,) weight of the best permutation of two sets
    taken: np.ndarray  # (2^MOST_EXACT,) plot of the last track in it
    member: np.ndarray  # (MOST_EXACT,) rows of a cluster
    used: np.ndarray  # (MOST_EXACT,) plots of a cluster
    x: np.ndarray  # (2, 6) parts of a mixture
    P: np.ndarray  # (2, 21)
    pair_x: np.ndarray  # (2, 6) quiet and manoeuvre of a part
    pair_P: np.ndarray  # (2, 21)
    mixed: np.ndarray  # (rows,) whether a row has a mixture
    mixed_x: np.ndarray  # (rows, 6)
    mixed_P: np.ndarray  # (rows, 21)


def jpda_space(capacity: int, plots: int, edges: int) -> JpdaSpace:
    """Workspace for tables of those sizes."""
    return JpdaSpace(
        ratio=np.zeros(edges), share=np.zeros(edges), message=np.zeros(edges),
        back=np.zeros(edges), parent=np.zeros(capacity, np.int64),
        first=np.zeros(plots, np.int64), owner=np.zeros(plots, np.int64), total=np.zeros(plots),
        best=np.zeros(1 << MOST_EXACT), taken=np.zeros(1 << MOST_EXACT, np.int64),
        member=np.zeros(MOST_EXACT, np.int64), used=np.zeros(MOST_EXACT, np.int64),
        x=np.zeros((2, 6)), P=np.zeros((2, 21)),
        pair_x=np.zeros((2, 6)), pair_P=np.zeros((2, 21)),
        mixed=np.zeros(capacity, np.int64), mixed_x=np.zeros((capacity, 6)),
        mixed_P=np.zeros((capacity, 21)),
    )  # fmt: skip


@kernel(borrows=True)
def tracker_scan_jpda(params, tables, space, time_s, n_plots, pos_m, cov_m2, clutter_pm3, plain):
    """As `openiads.domain.track_scan.tracker_scan`, with joint probabilistic data association.

    ``space`` of `jpda_space`; ``plain`` True keeps all permutations (it coalesces). Plots shared by
    resolution are not looked for. Validated by tests/kernels/test_jpda_scan.py.
    """
    dt_s, lively, n_rows, grouped = associate(
        params, tables, time_s, n_plots, pos_m, cov_m2, clutter_pm3
    )
    marginals(tables, space, n_rows, n_plots, plain)
    _mix_rows(params, tables, space, n_rows, dt_s, pos_m, cov_m2, lively)
    settle_one(tables.with_manoeuvres, params, tables, n_rows, dt_s, lively, pos_m, cov_m2)
    for r in range(n_rows):
        i = tables.row_slot[r]
        if space.mixed[r] == 1 and tables.track[i].status == CONFIRMED:
            for k in range(6):
                tables.x[i, k] = space.mixed_x[r, k]
            for k in range(21):
                tables.P[i, k] = space.mixed_P[r, k]
    finish(params, tables, n_plots, grouped, time_s, pos_m, cov_m2)
    return tables.counts[LIVE]


@kernel(borrows=True)
def _mix_rows(params, tables, space, n_rows, dt_s, pos_m, cov_m2, lively):
    """Mixtures of the confirmed rows whose plot is in doubt; the others are updated as ever."""
    share = min(1.0, params.manoeuvre_s / dt_s) if dt_s > 0.0 else 1.0
    level, upright = share * params.manoeuvre_m2ps3, share * params.manoeuvre_climb_m2ps3
    for r in range(n_rows):
        space.mixed[r] = 0
        if tables.track[tables.row_slot[r]].status != CONFIRMED:
            continue
        own, none = tables.space.row_edge[r], 1.0
        for e in range(tables.start[r], tables.start[r + 1]):
            none -= space.share[e]
        sure = space.share[own] if own >= 0 else none
        if sure > _SURE or (lively and own >= 0 and tables.edge[own, 4] >= NEGLIGIBLE):
            continue
        held = 0.0
        if none >= _LEAST:
            _part(tables, space, r, -1, 0, dt_s, pos_m, cov_m2, level, upright, lively)
            held = none
        for e in range(tables.start[r], tables.start[r + 1]):
            b = space.share[e]
            if b < _LEAST:
                continue
            if held == 0.0:
                _part(tables, space, r, e, 0, dt_s, pos_m, cov_m2, level, upright, lively)
            else:
                _part(tables, space, r, e, 1, dt_s, pos_m, cov_m2, level, upright, lively)
                merge_pair(space.x, space.P, 0, space.x, space.P, b / (held + b))
            held += b
        space.mixed[r] = 1
        for k in range(6):
            space.mixed_x[r, k] = space.x[0, k]
        for k in range(21):
            space.mixed_P[r, k] = space.P[0, k]


@kernel(borrows=True)
def _part(tables, space, r, e, at, dt_s, pos_m, cov_m2, level, upright, lively):
    """Row ``r`` updated by edge ``e`` (-1: by none), quiet and manoeuvre merged, to part ``at``."""
    i, x, P = tables.row_slot[r], space.pair_x, space.pair_P
    w = 0.0
    if lively:
        w = tables.edge[e, 1] if e >= 0 else tables.row[r].weight
    for s in range(2):
        for k in range(6):
            x[s, k] = tables.x[i, k]
        for k in range(21):
            P[s, k] = tables.P[i, k]
    if w < NEGLIGIBLE:
        w = 0.0
    else:
        manoeuvre_shift(x, P, 1, dt_s, tables.moment, tables.row[r].shift, level, upright)
    if e >= 0:
        j = tables.column[e]
        for s in range(2):
            position_update(x, P, s, pos_m, cov_m2, j)
            take_rate(tables.with_rates, tables, x, P, s, j)
    merge_pair(space.x, space.P, at, x, P, w)


@kernel(borrows=True)
def marginals(tables, space, n_rows, n_plots, plain):
    """Set ``space.share`` of all edges of confirmed tracks from ``tables.cost`` and ``alone``."""
    _consider(tables, space, n_rows, n_plots)
    row_edge = tables.space.row_edge
    large = 0
    for r in range(n_rows):
        if _root(space.parent, r) != r:
            continue
        n, m = _collect(tables, space, n_rows, r)
        if n == 0:
            continue
        if n > 0 and n + m <= MOST_EXACT:
            _exact(tables, space, n, m, plain)
            continue
        large += 1
        for q in range(r, n_rows):
            if _root(space.parent, q) != r:
                continue
            for e in range(tables.start[q], tables.start[q + 1]):
                owner = space.owner[tables.column[e]]
                if not plain and owner >= 0 and owner != q and row_edge[q] != e:
                    space.ratio[e] = 0.0
                # Belief propagation takes these rows; the share -1 says that they are not done.
                space.share[e] = -1.0
    if large > 0:
        _propagate(tables, space, n_rows, n_plots)


@kernel(borrows=True)
def _consider(tables, space, n_rows, n_plots):
    """Likelihood ratios of the pairs to be considered, owners of plots, and clusters of rows."""
    ratio, parent = space.ratio, space.parent
    for j in range(n_plots):
        space.owner[j] = space.first[j] = -1
    for r in range(n_rows):
        parent[r] = r
        e = tables.space.row_edge[r]
        if e >= 0:
            space.owner[tables.column[e]] = r
    for r in range(n_rows):
        firm = tables.track[tables.row_slot[r]].status == CONFIRMED
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            ratio[e] = space.share[e] = 0.0
            owner = space.owner[j]
            spoken = owner >= 0 and tables.track[tables.row_slot[owner]].status != CONFIRMED
            if not firm or spoken or tables.cost[e] >= FORBIDDEN:
                continue
            ratio[e] = math.exp(min(tables.alone[r] - tables.cost[e], _HIGHEST))
            if space.first[j] < 0:
                space.first[j] = r
            else:
                a, b = _root(parent, space.first[j]), _root(parent, r)
                parent[max(a, b)] = min(a, b)


@kernel(borrows=True)
def _root(parent, r):
    """Representative of row ``r``: the lowest row of its cluster."""
    while parent[r] != r:
        parent[r] = parent[parent[r]]
        r = parent[r]
    return r


@kernel(borrows=True)
def _collect(tables, space, n_rows, root):
    """Rows and plots of a cluster, named in ``member`` and ``used`` while there is room; counts."""
    n = m = 0
    for r in range(root, n_rows):
        if _root(space.parent, r) != root:
            continue
        some = 0
        for e in range(tables.start[r], tables.start[r + 1]):
            if space.ratio[e] <= 0.0:
                continue
            some = 1
            j, known = tables.column[e], 0
            for k in range(min(m, MOST_EXACT)):
                known |= 1 if space.used[k] == j else 0
            if known == 0:
                if m < MOST_EXACT:
                    space.used[m] = j
                m += 1
        if some == 1:
            if n < MOST_EXACT:
                space.member[n] = r
            n += 1
        if n + m > MOST_EXACT:
            return n, m
    return n, m


@kernel(borrows=True)
def _exact(tables, space, n, m, plain):
    """Marginals of a small cluster: sums over pairs (tracks detected D, plots used Z).

    f(D, Z) = max (JPDA*) or sum (plain) over z in Z of f(D - i, Z - z) ratio_iz, i the last of D;
    the probability of (i, z) is the weight of what holds it over the sum of all f.
    """
    best, taken = space.best, space.taken
    for state in range(1 << (n + m)):
        best[state] = 0.0
    best[0] = 1.0
    total = 1.0
    for D in range(1, 1 << n):
        i = n - 1
        while (D >> i) & 1 == 0:
            i -= 1
        r = space.member[i]
        before = D ^ (1 << i)
        for Z in range(1, 1 << m):
            value, pick = 0.0, -1
            for e in range(tables.start[r], tables.start[r + 1]):
                if space.ratio[e] <= 0.0:
                    continue
                z = _number(space.used, tables.column[e])
                if (Z >> z) & 1 == 0:
                    continue
                trial = best[before + ((Z ^ (1 << z)) << n)] * space.ratio[e]
                if plain:
                    value += trial
                elif trial > value:
                    value, pick = trial, z
            best[D + (Z << n)], taken[D + (Z << n)] = value, pick
            total += value
    if plain:
        _exact_plain(tables, space, n, m, total)
        return
    for D in range(1, 1 << n):
        for Z in range(1, 1 << m):
            weight = best[D + (Z << n)] / total
            if weight <= 0.0:
                continue
            d, z = D, Z
            for i in range(n - 1, -1, -1):
                if (d >> i) & 1 == 0:
                    continue
                pick = taken[d + (z << n)]
                r = space.member[i]
                for e in range(tables.start[r], tables.start[r + 1]):
                    if tables.column[e] == space.used[pick]:
                        space.share[e] += weight
                d, z = d ^ (1 << i), z ^ (1 << pick)


@kernel(borrows=True)
def _exact_plain(tables, space, n, m, total):
    """Marginals with all permutations kept: one sum over sets for each pair of track and plot.

    The weight of events with i on z is ratio_iz times that of all events of the other tracks and
    plots; f(D, Z) holds every D, so those without i are read off it.
    """
    best = space.best
    for i in range(n):
        r = space.member[i]
        for e in range(tables.start[r], tables.start[r + 1]):
            if space.ratio[e] <= 0.0:
                continue
            z = _number(space.used, tables.column[e])
            others = 0.0
            for D in range(1 << n):
                if (D >> i) & 1 == 1:
                    continue
                for Z in range(1 << m):
                    if (Z >> z) & 1 == 0:
                        others += best[D + (Z << n)]
            space.share[e] = space.ratio[e] * others / total


@kernel(borrows=True)
def _number(used, j):
    """The number of plot ``j`` within its cluster."""
    k = 0
    while used[k] != j:
        k += 1
    return k


@kernel(borrows=True)
def _propagate(tables, space, n_rows, n_plots):
    """Marginals of the rows marked with share -1, by loopy belief propagation.

    w_ij = psi_ij / (1 + sum_{k != j} psi_ik v_ik), v_ij = 1 / (1 + sum_{l != i} w_lj), then
    beta_ij = psi_ij v_ij / (1 + sum_k psi_ik v_ik): Williams and Lau 2014, eq. 21 to 24.
    """
    start, column, psi, v, back = (
        tables.start,
        tables.column,
        space.ratio,
        space.message,
        space.back,
    )
    for e in range(start[n_rows]):
        v[e] = 1.0
    for sweep in range(_SWEEPS + 1):
        change = 0.0
        for j in range(n_plots):
            space.total[j] = 1.0
        for r in range(n_rows):
            if start[r] == start[r + 1] or space.share[start[r]] != -1.0:
                continue
            whole = _whole(start, psi, v, r)
            for e in range(start[r], start[r + 1]):
                back[e] = psi[e] / max(whole - psi[e] * v[e], 1.0)
                space.total[column[e]] += back[e]
        for r in range(n_rows):
            if start[r] == start[r + 1] or space.share[start[r]] != -1.0:
                continue
            for e in range(start[r], start[r + 1]):
                after = 1.0 / max(space.total[column[e]] - back[e], 1.0)
                change = max(change, abs(after - v[e]))
                v[e] = after
        if change < _SETTLED or sweep == _SWEEPS:
            break
    for r in range(n_rows):
        if start[r] == start[r + 1] or space.share[start[r]] != -1.0:
            continue
        whole = _whole(start, psi, v, r)
        for e in range(start[r], start[r + 1]):
            space.share[e] = psi[e] * v[e] / whole


@kernel(borrows=True)
def _whole(start, psi, v, r):
    """1 + sum_k psi_rk v_rk: the miss and all plots of row ``r``."""
    total = 1.0
    for e in range(start[r], start[r + 1]):
        total += psi[e] * v[e]
    return total
