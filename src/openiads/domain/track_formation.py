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
from openiads.domain.track_index import index_points
from openiads.domain.track_initiate import inform_velocity, vote_velocities
from openiads.domain.track_scan import (
    book_hit,
    book_miss,
    gate_plots,
    initiate,
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
        level_m2 = params.manoeuvre_m2ps3 * dt_s**3 / 3.0
        upright_m2 = params.manoeuvre_climb_m2ps3 * dt_s**3 / 3.0
    n_rows = gate_plots(
        params, tables, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3, level_m2, upright_m2
    )
    group = tables.group
    for r in range(n_rows):
        tables.slot_row[tables.row_slot[r]] = r
        group.weight[r] = tables.track[tables.row_slot[r]].manoeuvre if lively else 0.0
        group.parent[r], group.size[r] = r, 1
        _alone(group, r, level_m2, upright_m2)
    grouped = lively and params.group_range_m > 0.0
    moved = False
    if grouped:
        _index_tracks(params, tables)
        moved = vote_velocities(params, tables, n_rows, tables.slot_row, plot_pos_m)
        if moved:
            _index_tracks(params, tables)
        grouped = group_rows(params, tables, n_rows, tables.slot_row) > 0
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
            if group.parent[g] == g and group.size[g] > 2:
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
def _index_tracks(params, tables):
    """Index the slots of all tracks in cells of the reach of a formation."""
    tables.indexed[0] = tables.counts[HIGH]
    index_points(
        tables.bucket,
        tables.chain,
        tables.cell,
        tables.counts[HIGH],
        tables.x,
        max(params.group_range_m, 6000.0),
    )


@kernel(borrows=True)
def _alone(group, r, level_m2, upright_m2):
    """The displacement of row ``r`` is the prior's."""
    for k in range(3):
        group.shift[r, k] = 0.0
    for k in range(6):
        group.spread[r, k] = 0.0
    group.spread[r, 0] = level_m2
    group.spread[r, 3] = level_m2
    group.spread[r, 5] = upright_m2


@kernel(borrows=True)
def _quiet_costs(tables, n_rows, pos_m, cov_m2):
    """Costs of all edges anew, after a vote has moved predictions."""
    x, P, offset = tables.x, tables.P, tables.group.offset
    for r in range(n_rows):
        i = tables.row_slot[r]
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            d2, log_det = innovation(x, P, i, pos_m, cov_m2, j, 0.0, 0.0)
            tables.group.quiet[e] = d2
            tables.cost[e] = 0.5 * (d2 + log_det) + offset[r] + tables.log_density[j]


@kernel(borrows=True)
def _weigh_groups(params, tables, n_rows, n_plots, pos_m, cov_m2, dt_s, level_m2, upright_m2):
    """Find each formation's displacement and how probable it is that it manoeuvres.

    Two explanations are compared, each with its own assignment: all members quiet, and all
    displaced by one c ~ N(0, Q1), whose evidence is taken at the best c (Laplace's method):
    J1 = J(c) + c^T Q1^-1 c / 2 + ln(det Q1 / det C) / 2.
    """
    group, space, cost = tables.group, tables.space, tables.cost
    assign_sparse(n_rows, tables.start, tables.column, cost, tables.alone, n_plots, space)
    for r in range(n_rows):
        group.evidence[r, 0] = group.evidence[r, 1] = group.prior[r] = 0.0
    for r in range(n_rows):
        e, g = space.row_edge[r], group.parent[r]
        group.evidence[g, 0] += cost[e] if e >= 0 else tables.alone[r]
        group.prior[g] += group.weight[r]
        for k in range(tables.start[r], tables.start[r + 1]):
            group.share[k] = cost[k]
    for g in range(n_rows):
        if group.parent[g] == g and group.size[g] > 1:
            seek_displacement(tables, g, pos_m, cov_m2, level_m2, upright_m2)
    for _ in range(_ROUNDS):
        for g in range(n_rows):
            if group.parent[g] == g and group.size[g] > 1:
                displaced_costs(tables, g, pos_m, cov_m2, params.gate)
        assign_sparse(n_rows, tables.start, tables.column, cost, tables.alone, n_plots, space)
        for g in range(n_rows):
            if group.parent[g] == g and group.size[g] > 1:
                gather(tables, g, pos_m, cov_m2)
                displace_members(tables, g, pos_m, cov_m2, level_m2, upright_m2)
    least = 1.0 - math.exp(-dt_s * params.group_rate_ps)
    for g in range(n_rows):
        if group.parent[g] == g and group.size[g] > 1:
            _weigh(tables, g, pos_m, cov_m2, level_m2, upright_m2, least)
    for r in range(n_rows):
        for k in range(tables.start[r], tables.start[r + 1]):
            cost[k] = group.share[k]


@kernel(borrows=True)
def _weigh(tables, g, pos_m, cov_m2, level_m2, upright_m2, least):
    """Posterior probability of a manoeuvre of group ``g``, as ``weight`` of all its members."""
    group, space = tables.group, tables.space
    # The group's own shift, from all plots, for a moment in the place of the row's.
    keep = (group.shift[g, 0], group.shift[g, 1], group.shift[g, 2])
    kept = (
        group.spread[g, 0], group.spread[g, 1], group.spread[g, 2],
        group.spread[g, 3], group.spread[g, 4], group.spread[g, 5],
    )  # fmt: skip
    x, P, row_slot, column = tables.x, tables.P, tables.row_slot, tables.column
    det = displace(
        group, space.row_edge, row_slot, column, x, P, g, g, True,
        pos_m, cov_m2, level_m2, upright_m2,
    )  # fmt: skip
    c0, c1, c2 = group.shift[g, 0], group.shift[g, 1], group.shift[g, 2]
    evidence = 0.5 * ((c0 * c0 + c1 * c1) / level_m2 + c2 * c2 / upright_m2)
    evidence += 0.5 * math.log(level_m2 * level_m2 * upright_m2 / det)
    for k in range(6):
        group.spread[g, k] = 0.0
    r = group.head[g]
    while r >= 0:
        e = space.row_edge[r]
        if e < 0:
            evidence += tables.alone[r]
        else:
            j = column[e]
            d2, log_det = shifted_innovation(
                x, P, row_slot[r], pos_m, cov_m2, j, group.shift, group.spread, g
            )
            evidence += 0.5 * (d2 + log_det) + group.offset[r] + tables.log_density[j]
        r = group.next[r]
    group.shift[g, 0], group.shift[g, 1], group.shift[g, 2] = keep
    for k in range(6):
        group.spread[g, k] = kept[k]
    prior = min(max(group.prior[g] / group.size[g], least), 1.0 - 1e-4)
    odds = evidence - group.evidence[g, 0] - math.log(prior / (1.0 - prior))
    weight = 1.0 / (1.0 + math.exp(min(max(odds, -50.0), 50.0)))
    r = group.head[g]
    while r >= 0:
        group.weight[r] = weight
        r = group.next[r]


@kernel(borrows=True)
def _mixed_costs(params, tables, n_rows, pos_m, cov_m2):
    """Turn quiet costs into those of the mixture; ``share`` becomes the manoeuvre's part."""
    group, cost, x, P = tables.group, tables.cost, tables.x, tables.P
    shift, spread, quiet, share = group.shift, group.spread, group.quiet, group.share
    start, column, log_density = tables.start, tables.column, tables.log_density
    for r in range(n_rows):
        w, offset, i = group.weight[r], group.offset[r], tables.row_slot[r]
        # The ratio of the two densities is at most exp(d2 / 2).
        limit = 2.0 * math.log(_NEGLIGIBLE / w) if w > 0.0 else math.inf
        for e in range(start[r], start[r + 1]):
            d2 = quiet[e]
            share[e] = 0.0
            if d2 > limit:
                j = column[e]
                moved, log_det = shifted_innovation(x, P, i, pos_m, cov_m2, j, shift, spread, r)
                # -ln((1 - w) e^-a + w e^-b) about the smaller of a and b.
                a = cost[e] - math.log(max(1.0 - w, 1e-12))
                b = 0.5 * (moved + log_det) + offset + log_density[j] - math.log(w)
                low = min(a, b)
                cost[e] = low - math.log(math.exp(low - a) + math.exp(low - b))
                share[e] = math.exp(cost[e] - b)
                d2 = min(d2, moved)
            if d2 > params.gate:
                cost[e] = FORBIDDEN


@kernel(borrows=True)
def _settle(params, tables, n_rows, dt_s, pos_m, cov_m2):
    """Update each track with its plot, or coast it, and book either."""
    group, track, x, P = tables.group, tables.track, tables.x, tables.P
    pair_x, pair_P, counts = group.trial_x, group.trial_P, tables.counts
    for r in range(n_rows):
        i, e = tables.row_slot[r], tables.space.row_edge[r]
        j = tables.column[e] if e >= 0 else -1
        w = group.share[e] if e >= 0 else group.weight[r]
        if w >= _NEGLIGIBLE:
            for s in range(2):
                for k in range(6):
                    pair_x[s, k] = x[i, k]
                for k in range(21):
                    pair_P[s, k] = P[i, k]
            manoeuvre_shift(
                pair_x, pair_P, 1, dt_s, group.shift, group.spread, r,
                params.manoeuvre_m2ps3, params.manoeuvre_climb_m2ps3,
            )  # fmt: skip
            if e >= 0:
                n0, _ = position_update(pair_x, pair_P, 0, pos_m, cov_m2, j)
                n1, _ = position_update(pair_x, pair_P, 1, pos_m, cov_m2, j)
                track[i].nis = (1.0 - w) * n0 + w * n1
            merge_pair(x, P, i, pair_x, pair_P, w)
        elif e >= 0:
            track[i].nis, _ = position_update(x, P, i, pos_m, cov_m2, j)
        if group.size[group.parent[r]] > 1:
            w = group.weight[r]
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
    for j in range(n_plots):
        if tables.plot_slot[j] < 0:
            i = take_slot(track, tables.counts)
            tables.plot_slot[j] = i
            if i >= 0:
                initiate(params, track, tables.counts, x, P, i, j, time_s, pos_m, cov_m2)
                if params.group_range_m > 0.0:
                    inform_velocity(params, tables, i)
        slot = tables.plot_slot[j]
        tables.plot_track[j] = track[slot].id if slot >= 0 else -1
