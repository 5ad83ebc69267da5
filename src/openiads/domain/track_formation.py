"""Manoeuvres in a scan: how probable they are, and what plots cost under them.

Each prediction is a mixture of quiet flight and a manoeuvre; members of a formation inform each
other about the manoeuvre (`openiads.domain.track_groups`).
"""

from __future__ import annotations

import math

from openiads.domain.track_groups import (
    FORBIDDEN,
    displace,
    displace_members,
    displaced_costs,
    gather,
    seek_displacement,
)
from openiads.domain.track_rates import take_rate
from openiads.domain.tracks import SEED
from openiads.kernel import kernel
from openiads.physics.assignment import (
    assign_again,
    assign_close,
    assign_keep,
    assign_listed,
    assign_rivals,
)
from openiads.physics.estimation import innovation, position_update
from openiads.physics.mixture import manoeuvre_shift, merge_pair, shifted_innovation

_ROUNDS = 2
"""Rounds of assignment and estimation of a formation's displacement (a third changes nothing)."""

NEGLIGIBLE = 0.01
"""A manoeuvre less probable than this leaves the prediction quiet."""

STRAY_FROM = 9.0
"""Only plots so far off (squared, in sigmas) may be outliers: nearer ones are worth as much either
way (3 % of true plots lie beyond)."""


@kernel(borrows=True)
def alone(moment, r, level_m2, upright_m2):
    """The displacement of row ``r`` is the prior's."""
    for k in range(3):
        moment[r, k] = 0.0
    for k in range(6):
        moment[r, 3 + k] = 0.0
    moment[r, 3] = level_m2
    moment[r, 6] = level_m2
    moment[r, 8] = upright_m2


@kernel(borrows=True)
def quiet_costs(tables, first, last, pos_m, cov_m2):
    """Costs of the edges of rows ``first`` to ``last`` anew, after a vote has moved predictions."""
    x, P, row, edge = tables.x, tables.P, tables.row, tables.edge
    for r in range(first, last):
        i = tables.row_slot[r]
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            d2, log_det = innovation(x, P, i, pos_m, cov_m2, j, 0.0, 0.0)
            edge[e, 0] = d2
            tables.cost[e] = 0.5 * (d2 + log_det) + row[r].offset + tables.log_density[j]


@kernel(forceinline=True, borrows=True)
def weigh_groups(params, tables, n_rows, members, pos_m, cov_m2, dt_s, level_m2, upright_m2):
    """Find each formation's displacement and how probable it is that it manoeuvres.

    The ``members`` of formations are listed in ``space.listed`` (`group_rows`). The assignment must
    be open (`assign_open`), and is again afterwards.

    Two explanations are compared, each with its own assignment: all members quiet, and all
    displaced by one c ~ N(0, Q1), whose evidence is taken at the best c (Laplace's method):
    J1 = J(c) + c^T Q1^-1 c / 2 + ln(det Q1 / det C) / 2.
    """
    group, space, cost, alone = tables.row, tables.space, tables.cost, tables.alone
    start, column = tables.start, tables.column
    n_groups = _list_groups(tables, members, level_m2, upright_m2)
    # Their rivals come first and once: their costs are the same in every explanation. Nobody else
    # matters to them.
    listed = assign_rivals(n_rows, start, column, members, space)
    assign_listed(members, listed, start, column, cost, alone, space)
    assign_keep(members, listed, space)
    assign_listed(0, members, start, column, cost, alone, space)
    for k in range(n_groups):
        _keep_quiet(tables, tables.entry[k].of)
        seek_displacement(tables, tables.entry[k].of, pos_m, cov_m2, level_m2, upright_m2)
    for _ in range(_ROUNDS):
        for k in range(n_groups):
            displaced_costs(tables, tables.entry[k].of, pos_m, cov_m2, params.gate)
        assign_again(members, listed, space)
        assign_listed(0, members, start, column, cost, alone, space)
        for k in range(n_groups):
            gather(tables, tables.entry[k].of, pos_m, cov_m2)
            displace_members(tables, tables.entry[k].of, level_m2, upright_m2)
    least = 1.0 - math.exp(-dt_s * params.group_rate_ps)
    for k in range(n_groups):
        g = tables.entry[k].of
        _weigh(tables, g, pos_m, cov_m2, level_m2, upright_m2, least)
        r = group[g].head
        while r >= 0:
            for e in range(start[r], start[r + 1]):
                cost[e] = tables.edge[e, 1]
            r = group[r].next
    assign_close(space)


@kernel(borrows=True)
def _list_groups(tables, members, level_m2, upright_m2):
    """List the representatives of the groups of all members in ``entry``; their number.

    Each member has a displacement of its own from here on, at first the prior's.
    """
    group, n = tables.row, 0
    for k in range(members):
        r = tables.space.listed[k]
        group[r].shift = r
        alone(tables.moment, r, level_m2, upright_m2)
        if group[r].parent == r:
            tables.entry[n].of = r
            n += 1
    return n


@kernel(borrows=True)
def _keep_quiet(tables, g):
    """Book the quiet explanation of group ``g``: its cost, prior, and the costs of all pairs."""
    group, cost = tables.row, tables.cost
    quiet = prior = 0.0
    r = group[g].head
    while r >= 0:
        e = tables.space.row_edge[r]
        quiet += cost[e] if e >= 0 else tables.alone[r]
        prior += group[r].weight
        for k in range(tables.start[r], tables.start[r + 1]):
            tables.edge[k, 1] = cost[k]
        r = group[r].next
    group[g].quiet, group[g].prior = quiet, prior


@kernel(borrows=True)
def _weigh(tables, g, pos_m, cov_m2, level_m2, upright_m2, least):
    """Posterior probability of a manoeuvre of group ``g``, as ``weight`` of all its members."""
    group, space, moment = tables.row, tables.space, tables.moment
    # The group's own shift, from all plots, for a moment in the place of the row's.
    keep = (moment[g, 0], moment[g, 1], moment[g, 2])
    kept = (
        moment[g, 3], moment[g, 4], moment[g, 5],
        moment[g, 6], moment[g, 7], moment[g, 8],
    )  # fmt: skip
    x, P, row_slot, column = tables.x, tables.P, tables.row_slot, tables.column
    det = displace(moment, g, g, 1.0, level_m2, upright_m2)
    c0, c1, c2 = moment[g, 0], moment[g, 1], moment[g, 2]
    evidence = 0.5 * ((c0 * c0 + c1 * c1) / level_m2 + c2 * c2 / upright_m2)
    evidence += 0.5 * math.log(level_m2 * level_m2 * upright_m2 / det)
    for k in range(6):
        moment[g, 3 + k] = 0.0
    r = group[g].head
    while r >= 0:
        e = space.row_edge[r]
        if e < 0:
            evidence += tables.alone[r]
        else:
            j = column[e]
            d2, log_det = shifted_innovation(x, P, row_slot[r], pos_m, cov_m2, j, moment, g)
            evidence += 0.5 * (d2 + log_det) + group[r].offset + tables.log_density[j]
            evidence += tables.edge[e, 3]
        r = group[r].next
    moment[g, 0], moment[g, 1], moment[g, 2] = keep
    for k in range(6):
        moment[g, 3 + k] = kept[k]
    prior = min(max(group[g].prior / group[g].members, least), 1.0 - 1e-4)
    odds = evidence - group[g].quiet - math.log(prior / (1.0 - prior))
    weight = 1.0 / (1.0 + math.exp(min(max(odds, -50.0), 50.0)))
    r = group[g].head
    while r >= 0:
        group[r].weight = weight
        r = group[r].next


@kernel(forceinline=True, borrows=True)
def mixed_costs(params, tables, n_rows, pos_m, cov_m2):
    """Turn quiet costs into those of the mixture; ``edge[:, 1]`` becomes the manoeuvre's part."""
    group, cost, x, P = tables.row, tables.cost, tables.x, tables.P
    moment, edge, log_density = tables.moment, tables.edge, tables.log_density
    start, column, stray = tables.start, tables.column, params.outlier_probability
    # Logarithms are taken where they change: most rows manoeuvre with one probability.
    last, log_w, log_rest, log_least = -1.0, 0.0, 0.0, math.log(NEGLIGIBLE)
    log_stray = math.log(max(stray, 1e-300))
    for r in range(n_rows):
        if start[r] == start[r + 1]:
            continue
        w, offset, i = group[r].weight, group[r].offset, tables.row_slot[r]
        at = group[r].shift
        # The ratio of the two densities is at most exp(d2 / 2).
        if w != last:
            last, log_w, log_rest = w, -math.inf, math.log(max(1.0 - w, 1e-12))
            if w > 0.0:
                log_w = math.log(w)
        limit = 2.0 * (log_least - log_w)
        far = math.inf if stray <= 0.0 or group[r].kind == SEED else STRAY_FROM
        for e in range(start[r], start[r + 1]):
            d2 = edge[e, 0]
            edge[e, 1] = edge[e, 4] = 0.0
            moves = d2 + 2.0 * (edge[e, 2] - edge[e, 3]) > limit
            strays = d2 > far
            if moves or strays:
                j = column[e]
                # -ln((1 - w) (e^-a + stray e^-s) + w e^-b) about the least of a, s and b.
                a = cost[e] - log_rest
                b = s = math.inf
                if moves:
                    moved, log_det = shifted_innovation(x, P, i, pos_m, cov_m2, j, moment, at)
                    b = 0.5 * (moved + log_det) + offset + log_density[j] + edge[e, 3] - log_w
                    d2 = min(d2, moved)
                if strays:
                    wide, log_det = stray_innovation(params, tables, i, j, pos_m, cov_m2)
                    s = 0.5 * (wide + log_det) + offset + log_density[j] + edge[e, 2]
                    s -= log_rest + log_stray
                    d2 = min(d2, wide)
                low = min(a, b, s)
                moved = math.exp(low - b) if moves else 0.0
                wide = math.exp(low - s) if strays else 0.0
                total = math.exp(low - a) + moved + wide
                cost[e] = low - math.log(total)
                edge[e, 1], edge[e, 4] = moved / total, wide / total
            if d2 > params.gate:
                cost[e] = FORBIDDEN


@kernel(borrows=True)
def stray_plot(params, tables, j, pos_m, cov_m2):
    """Lay plot ``j`` down as an outlier: the same place, ``outlier_scale`` times the errors."""
    for a in range(3):
        tables.stray_m[0, a] = pos_m[j, a]
    for k in range(6):
        tables.stray_m2[0, k] = params.outlier_scale**2 * cov_m2[j, k]


@kernel(borrows=True)
def stray_innovation(params, tables, i, j, pos_m, cov_m2):
    """`innovation` of plot ``j`` as an outlier against the quiet prediction of slot ``i``."""
    stray_plot(params, tables, j, pos_m, cov_m2)
    return innovation(tables.x, tables.P, i, tables.stray_m, tables.stray_m2, 0, 0.0, 0.0)


@kernel(borrows=True)
def take_doubtful(params, tables, r, i, j, dt_s, stray, w, level, upright, pos_m, cov_m2):
    """Update slot ``i`` with a plot that is an outlier with probability ``stray``.

    Otherwise it is a good plot, after a manoeuvre with probability ``w``. The track becomes the
    moments of the three updates; a range rate is believed in all of them. Returns the normalised
    innovation squared of quiet flight.
    """
    x, P = tables.trial_x, tables.trial_P
    stray_plot(params, tables, j, pos_m, cov_m2)
    for s in range(2):
        _trial(tables, i, s)
    nis, _ = position_update(x, P, 0, pos_m, cov_m2, j)
    position_update(x, P, 1, tables.stray_m, tables.stray_m2, 0)
    take_rate(tables.with_rates, tables, x, P, 0, j)
    take_rate(tables.with_rates, tables, x, P, 1, j)
    merge_pair(x, P, 0, x, P, stray / (1.0 - w))
    _trial(tables, i, 1)
    if w >= NEGLIGIBLE:
        manoeuvre_shift(x, P, 1, dt_s, tables.moment, tables.row[r].shift, level, upright)
        position_update(x, P, 1, pos_m, cov_m2, j)
        take_rate(tables.with_rates, tables, x, P, 1, j)
        merge_pair(tables.x, tables.P, i, x, P, w)
    else:
        merge_pair(tables.x, tables.P, i, x, P, 0.0)
    return nis


@kernel(borrows=True)
def _trial(tables, i, s):
    """Copy the estimate of slot ``i`` into trial row ``s``."""
    for k in range(6):
        tables.trial_x[s, k] = tables.x[i, k]
    for k in range(21):
        tables.trial_P[s, k] = tables.P[i, k]
