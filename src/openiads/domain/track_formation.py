"""One scan of the tracker with manoeuvres and formations: the full tracker.

As `openiads.domain.track_scan.tracker_scan`, and besides: each prediction is a mixture of quiet
flight and a manoeuvre; members of a formation inform each other about the manoeuvre and about
their velocity (`openiads.domain.track_groups`); new tracks take their first velocity from a vote
or from their neighbours (`openiads.domain.track_initiate`).
"""

from __future__ import annotations

import math

from openiads.domain.track_groups import (
    FORBIDDEN,
    displace,
    displace_members,
    displaced_costs,
    gather,
    group_rows,
    harmonise,
    seek_displacement,
)
from openiads.domain.track_initiate import index_settled, inform_velocity, vote_velocities
from openiads.domain.track_scan import (
    book_hit,
    book_miss,
    gate_plots,
    initiate,
    is_seed,
    take_slot,
)
from openiads.domain.tracks import FREE, HIGH, LIVE
from openiads.kernel import kernel
from openiads.physics.assignment import assign_sparse
from openiads.physics.estimation import cv_predict, innovation, position_update
from openiads.physics.mixture import manoeuvre_shift, merge_pair, shifted_innovation

_SHORT_S = 0.2
"""Scans closer in time than this are one instant to a manoeuvre: no new one is looked for."""

_ROUNDS = 2
"""Rounds of assignment and estimation of a formation's displacement (a third changes nothing)."""

_NEGLIGIBLE = 0.01
"""A manoeuvre less probable than this leaves the prediction quiet."""

_PULL = 2.0
_PULL_SIGMA_MPS = 15.0
_PULL_GATE = 16.0
"""Coupling of the velocities of a formation (assumed; see docs/models/tracking.md)."""


@kernel(borrows=True)
def formation_scan(params, tables, time_s, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3):
    """Bring all tracks to ``time_s`` and feed them one scan of plots; returns the live tracks.

    Arguments, results and books as `openiads.domain.track_scan.tracker_scan`.
    Validated by tests/unit/test_track_formation.py; measured by benchmarks/tracking.py.
    """
    dt_s = _predict(params, tables, time_s)
    lively = dt_s >= _SHORT_S
    level_m2 = upright_m2 = 0.0
    if lively:
        # Q1 = q m [[T^2/3, T/2], [T/2, 1]], m = min(T, duration): white noise for short T.
        spread = min(dt_s, params.manoeuvre_s) * dt_s * dt_s / 3.0
        level_m2 = params.manoeuvre_m2ps3 * spread
        upright_m2 = params.manoeuvre_climb_m2ps3 * spread
    n_rows = gate_plots(
        params, tables, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3, level_m2, upright_m2
    )
    group = tables.row
    for r in range(n_rows):
        i = tables.row_slot[r]
        tables.track[i].row = r
        turns = lively and not is_seed(tables.track, i)
        group[r].weight = tables.track[i].manoeuvre if turns else 0.0
        group[r].parent, group[r].members = r, 1
        _alone(tables.moment, r, level_m2, upright_m2)
    grouped = lively and params.group_range_m > 0.0
    moved = False
    if grouped:
        moved = vote_velocities(params, tables, n_rows, plot_pos_m)
        grouped = group_rows(params, tables, n_rows) > 0
    if moved:
        _quiet_costs(tables, n_rows, plot_pos_m, plot_cov_m2)
    if grouped:
        _weigh_groups(
            params, tables, n_rows, n_plots, plot_pos_m, plot_cov_m2, dt_s, level_m2, upright_m2
        )
    _mixed_costs(params, tables, n_rows, plot_pos_m, plot_cov_m2)
    assign_sparse(
        n_rows, tables.start, tables.column, tables.cost, tables.alone, n_plots, tables.space
    )
    for j in range(n_plots):
        tables.plot_slot[j] = -1
    _settle(params, tables, n_rows, dt_s, plot_pos_m, plot_cov_m2)
    if grouped:
        for g in range(n_rows):
            if group[g].parent == g and group[g].members > 2:
                harmonise(tables, g, _PULL, _PULL_SIGMA_MPS, _PULL_GATE)
    _begin(params, tables, n_plots, time_s, plot_pos_m, plot_cov_m2)
    return tables.counts[LIVE]


@kernel(borrows=True)
def _predict(params, tables, time_s):
    """Quiet prediction of all tracks and of their manoeuvre probabilities; returns the step."""
    track, x, P = tables.track, tables.x, tables.P
    dt_s, stay, begin = 0.0, 1.0, 0.0
    for i in range(tables.counts[HIGH]):
        track[i].plot = -1
        if track[i].status == FREE or time_s == track[i].time_s:
            continue
        if time_s - track[i].time_s != dt_s:
            dt_s = time_s - track[i].time_s
            stay = math.exp(-dt_s / params.manoeuvre_s)
            begin = 1.0 - math.exp(-dt_s * params.manoeuvre_rate_ps)
        cv_predict(x, P, i, dt_s, params.noise_m2ps3)
        track[i].time_s = time_s
        track[i].manoeuvre = stay * track[i].manoeuvre + begin * (1.0 - track[i].manoeuvre)
    return dt_s


@kernel(borrows=True)
def _alone(moment, r, level_m2, upright_m2):
    """The displacement of row ``r`` is the prior's."""
    for k in range(3):
        moment[r, k] = 0.0
    for k in range(6):
        moment[r, 3 + k] = 0.0
    moment[r, 3] = level_m2
    moment[r, 6] = level_m2
    moment[r, 8] = upright_m2


@kernel(borrows=True)
def _quiet_costs(tables, n_rows, pos_m, cov_m2):
    """Costs of all edges anew, after a vote has moved predictions."""
    x, P, row, edge = tables.x, tables.P, tables.row, tables.edge
    for r in range(n_rows):
        i = tables.row_slot[r]
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            d2, log_det = innovation(x, P, i, pos_m, cov_m2, j, 0.0, 0.0)
            edge[e, 0] = d2
            tables.cost[e] = 0.5 * (d2 + log_det) + row[r].offset + tables.log_density[j]


@kernel(borrows=True)
def _weigh_groups(params, tables, n_rows, n_plots, pos_m, cov_m2, dt_s, level_m2, upright_m2):
    """Find each formation's displacement and how probable it is that it manoeuvres.

    Two explanations are compared, each with its own assignment: all members quiet, and all
    displaced by one c ~ N(0, Q1), whose evidence is taken at the best c (Laplace's method):
    J1 = J(c) + c^T Q1^-1 c / 2 + ln(det Q1 / det C) / 2.
    """
    group, space, cost, edge = tables.row, tables.space, tables.cost, tables.edge
    assign_sparse(n_rows, tables.start, tables.column, cost, tables.alone, n_plots, space)
    for r in range(n_rows):
        group[r].quiet = group[r].prior = 0.0
    for r in range(n_rows):
        e, g = space.row_edge[r], group[r].parent
        group[g].quiet += cost[e] if e >= 0 else tables.alone[r]
        group[g].prior += group[r].weight
        if group[g].members > 1:
            for k in range(tables.start[r], tables.start[r + 1]):
                edge[k, 1] = cost[k]
    for g in range(n_rows):
        if group[g].parent == g and group[g].members > 1:
            seek_displacement(tables, g, pos_m, cov_m2, level_m2, upright_m2)
    for _ in range(_ROUNDS):
        for g in range(n_rows):
            if group[g].parent == g and group[g].members > 1:
                displaced_costs(tables, g, pos_m, cov_m2, params.gate)
        assign_sparse(n_rows, tables.start, tables.column, cost, tables.alone, n_plots, space)
        for g in range(n_rows):
            if group[g].parent == g and group[g].members > 1:
                gather(tables, g, pos_m, cov_m2)
                displace_members(tables, g, pos_m, cov_m2, level_m2, upright_m2)
    least = 1.0 - math.exp(-dt_s * params.group_rate_ps)
    for g in range(n_rows):
        if group[g].parent == g and group[g].members > 1:
            _weigh(tables, g, pos_m, cov_m2, level_m2, upright_m2, least)
    for r in range(n_rows):
        if group[group[r].parent].members > 1:
            for k in range(tables.start[r], tables.start[r + 1]):
                cost[k] = edge[k, 1]


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
    det = displace(
        moment, space.row_edge, row_slot, column, x, P, g, g, True,
        pos_m, cov_m2, level_m2, upright_m2,
    )  # fmt: skip
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


@kernel(borrows=True)
def _mixed_costs(params, tables, n_rows, pos_m, cov_m2):
    """Turn quiet costs into those of the mixture; ``edge[:, 1]`` becomes the manoeuvre's part."""
    group, cost, x, P = tables.row, tables.cost, tables.x, tables.P
    moment, edge, log_density = tables.moment, tables.edge, tables.log_density
    start, column = tables.start, tables.column
    for r in range(n_rows):
        w, offset, i = group[r].weight, group[r].offset, tables.row_slot[r]
        # The ratio of the two densities is at most exp(d2 / 2).
        limit = 2.0 * math.log(_NEGLIGIBLE / w) if w > 0.0 else math.inf
        for e in range(start[r], start[r + 1]):
            d2 = edge[e, 0]
            edge[e, 1] = 0.0
            if d2 > limit:
                j = column[e]
                moved, log_det = shifted_innovation(x, P, i, pos_m, cov_m2, j, moment, r)
                # -ln((1 - w) e^-a + w e^-b) about the smaller of a and b.
                a = cost[e] - math.log(max(1.0 - w, 1e-12))
                b = 0.5 * (moved + log_det) + offset + log_density[j] - math.log(w)
                low = min(a, b)
                cost[e] = low - math.log(math.exp(low - a) + math.exp(low - b))
                edge[e, 1] = math.exp(cost[e] - b)
                d2 = min(d2, moved)
            if d2 > params.gate:
                cost[e] = FORBIDDEN


@kernel(borrows=True)
def _settle(params, tables, n_rows, dt_s, pos_m, cov_m2):
    """Update each track with its plot, or coast it, and book either."""
    group, track, x, P = tables.row, tables.track, tables.x, tables.P
    pair_x, pair_P, counts = tables.trial_x, tables.trial_P, tables.counts
    share = min(1.0, params.manoeuvre_s / dt_s) if dt_s > 0.0 else 1.0
    level, upright = share * params.manoeuvre_m2ps3, share * params.manoeuvre_climb_m2ps3
    for r in range(n_rows):
        i, e = tables.row_slot[r], tables.space.row_edge[r]
        j = tables.column[e] if e >= 0 else -1
        w = tables.edge[e, 1] if e >= 0 else group[r].weight
        if w >= _NEGLIGIBLE:
            for s in range(2):
                for k in range(6):
                    pair_x[s, k] = x[i, k]
                for k in range(21):
                    pair_P[s, k] = P[i, k]
            manoeuvre_shift(pair_x, pair_P, 1, dt_s, tables.moment, r, level, upright)
            if e >= 0:
                n0, _ = position_update(pair_x, pair_P, 0, pos_m, cov_m2, j)
                n1, _ = position_update(pair_x, pair_P, 1, pos_m, cov_m2, j)
                track[i].nis = (1.0 - w) * n0 + w * n1
            merge_pair(x, P, i, pair_x, pair_P, w)
        elif e >= 0:
            track[i].nis, _ = position_update(x, P, i, pos_m, cov_m2, j)
        if group[group[r].parent].members > 1:
            w = group[r].weight
        track[i].manoeuvre = min(w, 0.999)
        if e < 0:
            book_miss(params, track, counts, i)
            continue
        track[i].plot = j
        book_hit(params, track, counts, x, i, tables.cost[e])
        tables.plot_slot[j] = i if track[i].status != FREE else -1


@kernel(borrows=True)
def _begin(params, tables, n_plots, time_s, pos_m, cov_m2):
    """Begin a track at every plot that none took, if possible with a neighbour's velocity."""
    track, x, P = tables.track, tables.x, tables.P
    reach_m = 0.0
    for j in range(n_plots):
        if tables.plot_slot[j] < 0:
            if params.group_range_m > 0.0 and reach_m == 0.0:
                reach_m = index_settled(tables)
            i = take_slot(track, tables.counts)
            tables.plot_slot[j] = i
            if i >= 0:
                initiate(params, track, tables.counts, x, P, i, j, time_s, pos_m, cov_m2)
                if params.group_range_m > 0.0:
                    inform_velocity(tables, i, reach_m)
        slot = tables.plot_slot[j]
        tables.plot_track[j] = track[slot].id if slot >= 0 else -1
