"""One scan of the multi-target tracker: predict, gate, assign, update, confirm, drop, initiate.

Global nearest neighbour with the negative log-likelihood ratio as cost (Blackman and Popoli,
Design and Analysis of Modern Tracking Systems, 1999, sections 6.4 and 6.6.2):

    c_ij = d2/2 + ln det(2 pi S)/2 + ln(b_j) - ln(Pd_i),   c_i0 = -ln(1 - Pd_i)

with d2 the Mahalanobis distance of plot j from track i, S the innovation covariance, b_j the
density of plots that are not of this track (clutter and births, 1/m3), Pd_i the probability that
this scan detects the track, and c_i0 the cost of leaving it without a plot.
"""

from __future__ import annotations

import math

from openiads.domain.track_index import column_at, index_points, row_at
from openiads.domain.tracks import (
    CONFIRMATIONS,
    CONFIRMED,
    DROPPED,
    FIRST,
    FREE,
    HIGH,
    LIVE,
    LOSSES,
    NEXT_ID,
    REFUSED,
    TENTATIVE,
    UNGATED,
)
from openiads.kernel import kernel
from openiads.physics.assignment import assign_sparse
from openiads.physics.estimation import (
    LOG_TWO_PI,
    cv_predict,
    distance_squared,
    position_update,
)

_FEW = 64
"""Up to so many plots (or more cells than plots) every plot is looked at instead of the index."""

LEAST_PD = 0.05
"""A track that takes a plot although it should not be seen is scored as if barely visible."""

MOST_PD = 0.999

_HISTORY = (1 << 60) - 1
"""Scans that the history of hits and misses can hold, as a mask."""


@kernel(borrows=True)
def tracker_scan(params, tables, time_s, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3):
    """Bring all tracks to ``time_s`` and feed them one scan of plots; returns the live tracks.

    Args: params, a record of `track_params`; tables, of `tracks_allocate`; plot_pos_m (plots, 3)
    m and plot_cov_m2 (plots, 6) m2 (upper triangle) in the tracker's frame, of which the first
    ``n_plots`` rows count; plot_clutter_pm3 (plots,), false plots per m3 around each plot and
    scan, where 0 or less stands for ``params.clutter_pm3``. Before the call
    ``tables.track[slot].pd`` may be set (see `tracks_expect`). Afterwards ``tables.plot_track``
    and ``tables.plot_slot`` name the track that took each plot or was begun by it (-1: none).

    ``time_s`` must not lie before the last scan. Validated by tests/unit/test_track_scan.py.
    """
    track, counts, x, P = tables.track, tables.counts, tables.x, tables.P
    for i in range(counts[HIGH]):
        track[i].plot = -1
        if track[i].status != FREE and time_s != track[i].time_s:
            cv_predict(x, P, i, time_s - track[i].time_s, params.noise_m2ps3)
            track[i].time_s = time_s
    n_rows = gate_plots(
        params, tables, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3, 0.0, 0.0
    )
    assign_sparse(
        n_rows, tables.start, tables.column, tables.cost, tables.alone, n_plots, tables.space
    )
    plot_slot = tables.plot_slot
    for j in range(n_plots):
        plot_slot[j] = -1
    for r in range(n_rows):
        i = tables.row_slot[r]
        e = tables.space.row_edge[r]
        if e < 0:
            book_miss(params, track, counts, i)
            continue
        j = tables.column[e]
        track[i].plot = j
        track[i].nis, _ = position_update(x, P, i, plot_pos_m, plot_cov_m2, j)
        book_hit(params, track, counts, x, i, tables.cost[e])
        plot_slot[j] = i if track[i].status != FREE else -1
    for j in range(n_plots):
        if plot_slot[j] < 0:
            i = take_slot(track, counts)
            plot_slot[j] = i
            if i >= 0:
                initiate(params, track, counts, x, P, i, j, time_s, plot_pos_m, plot_cov_m2)
        tables.plot_track[j] = track[plot_slot[j]].id if plot_slot[j] >= 0 else -1
    return counts[LIVE]


@kernel(borrows=True)
def gate_plots(
    params, tables, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3, level_m2, upright_m2
):
    """Fill rows (live tracks) and edges (plots inside their gates, with costs); returns rows.

    ``level_m2`` and ``upright_m2`` widen the gates, horizontally and vertically, for manoeuvres
    (but not those of new tracks without a velocity, whose prior is wider than any manoeuvre); with
    them every pair inside the gate is kept, without them only those worth their cost.

    Plots are sorted into square horizontal cells narrower than the mean gate, so a track looks
    only at plots near it, however many there are elsewhere.
    """
    track, P, start, row_slot = tables.track, tables.P, tables.start, tables.row_slot
    gate = params.gate
    rx, ry, rz = 0.0, 0.0, 0.0
    for j in range(n_plots):
        rx = max(rx, plot_cov_m2[j, 0])
        ry = max(ry, plot_cov_m2[j, 3])
        rz = max(rz, plot_cov_m2[j, 5])
        clutter = plot_clutter_pm3[j]
        if clutter <= 0.0:
            clutter = params.clutter_pm3
        tables.log_density[j] = math.log(clutter + params.birth_pm3)
    rx, ry, rz = rx + level_m2, ry + level_m2, rz + upright_m2
    n_rows, width = 0, 0.0
    for i in range(tables.counts[HIGH]):
        if track[i].status != FREE:
            row_slot[n_rows] = i
            n_rows += 1
            width += math.sqrt(gate * (max(P[i, 0], P[i, 3]) + max(rx, ry)))
    indexed = n_plots > _FEW
    _list_plots(
        tables, n_plots, plot_pos_m, plot_cov_m2, indexed, max(0.5 * width / max(n_rows, 1), 1.0)
    )
    size = 0
    for r in range(n_rows):
        i = row_slot[r]
        start[r] = size
        pd = min(track[i].pd, MOST_PD)
        tables.alone[r] = -math.log(1.0 - pd)
        tables.row[r].offset = 1.5 * LOG_TWO_PI - math.log(max(pd, LEAST_PD))
        level, upright = level_m2, upright_m2
        if is_seed(track, i):
            level, upright = 0.0, 0.0
        worst = tables.alone[r] if pd > 0.0 and level == 0.0 else math.inf
        hx, hy = math.sqrt(gate * (P[i, 0] + rx)), math.sqrt(gate * (P[i, 3] + ry))
        hz = math.sqrt(gate * (P[i, 5] + rz))
        size = _gate_row(
            params, tables, r, size, n_plots, indexed, hx, hy, hz, worst,
            plot_pos_m, plot_cov_m2, level, upright,
        )  # fmt: skip
    start[n_rows] = size
    return n_rows


@kernel(borrows=True)
def is_seed(track, i):
    """Whether slot ``i`` is a new track of one plot, without a velocity."""
    return track[i].status == TENTATIVE and track[i].hits == 1 and track[i].informed == 0


@kernel(borrows=True)
def _list_plots(tables, n_plots, plot_pos_m, plot_cov_m2, indexed, cell_m):
    """Plots as points: in the spatial index, or in their own order where they are few."""
    entry = tables.entry if indexed else tables.point
    for j in range(n_plots):
        e = entry[j]
        e.of, e.x, e.y, e.a = j, plot_pos_m[j, 0], plot_pos_m[j, 1], plot_pos_m[j, 2]
        e.b, e.c = plot_cov_m2[j, 0], plot_cov_m2[j, 3]
    if indexed:
        index_points(tables.grid, tables.cell, tables.entry, tables.point, n_plots, cell_m)


@kernel(inline="always", borrows=True)
def _gate_row(
    params, tables, r, size, n_plots, indexed, hx, hy, hz, worst, pos_m, cov_m2, level_m2,
    upright_m2,
):  # fmt: skip
    """Append the edges of row ``r`` whose plots lie in the box (hx, hy, hz); the new size."""
    x, P, point, cell, grid = tables.x, tables.P, tables.point, tables.cell, tables.grid[0]
    i, gate, offset = tables.row_slot[r], params.gate, tables.row[r].offset
    x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
    p0, p3 = P[i, 0] + level_m2, P[i, 3] + level_m2
    first = last = low = high = 0
    if indexed:
        first, last = column_at(grid, x0 - hx), column_at(grid, x0 + hx)
        low, high = row_at(grid, x1 - hy), row_at(grid, x1 + hy) + 1
    for c in range(first, last + 1):
        begin, end = 0, n_plots
        if indexed:
            begin, end = cell[c * grid.rows + low], cell[c * grid.rows + high]
        for k in range(begin, end):
            p = point[k]
            dx, dy = p.x - x0, p.y - x1
            if dx * dx > gate * (p0 + p.b) or dy * dy > gate * (p3 + p.c) or abs(p.a - x2) > hz:
                continue
            j = p.of
            d2, det = distance_squared(x, P, i, pos_m, cov_m2, j, 0.0, 0.0)
            if d2 > gate:
                if level_m2 == 0.0:
                    continue
                wide, _ = distance_squared(x, P, i, pos_m, cov_m2, j, level_m2, upright_m2)
                if wide > gate:
                    continue
            cost = 0.5 * (d2 + math.log(det)) + offset + tables.log_density[j]
            if cost >= worst:
                continue
            if size == tables.column.size:
                tables.counts[UNGATED] += 1
                continue
            tables.column[size] = j
            tables.cost[size] = cost
            tables.edge[size, 0] = d2
            size += 1
    return size


@kernel(borrows=True)
def book_hit(params, track, counts, x, i, cost):
    """Book a plot of that cost to slot ``i`` and confirm the track when it has earned it."""
    row = track[i]
    row.hits += 1
    row.misses = 0
    row.history = ((row.history << 1) | 1) & _HISTORY
    row.last_s = row.time_s
    row.score -= cost
    row.peak = max(row.peak, row.score)
    if row.status != TENTATIVE:
        return
    if params.max_speed_mps > 0.0 and row.hits > 1:
        v2 = x[i, 3] ** 2 + x[i, 4] ** 2 + x[i, 5] ** 2
        if v2 > params.max_speed_mps * params.max_speed_mps:
            free_slot(track, counts, i)
            return
    _confirm(params, track, counts, i)


@kernel(borrows=True)
def _confirm(params, track, counts, i):
    """Confirm the tentative track in slot ``i`` by M of N and score."""
    hits, bits = 0, track[i].history
    for _ in range(params.confirm_scans):
        hits += bits & 1
        bits >>= 1
    if hits >= params.confirm_hits and track[i].score >= params.confirm_score:
        track[i].status = CONFIRMED
        counts[CONFIRMATIONS] += 1


@kernel(borrows=True)
def book_miss(params, track, counts, i):
    """Book a scan without a plot to slot ``i`` and delete the track when it is lost.

    A track that could not be seen (pd = 0) only ages: the limit in seconds still holds.
    """
    row = track[i]
    if row.pd > 0.0:
        row.score += math.log(1.0 - min(row.pd, MOST_PD))
        row.misses += 1
        row.history = (row.history << 1) & _HISTORY
    lost = row.misses > params.coast_scans
    lost = lost or row.time_s - row.last_s > params.coast_s
    lost = lost or row.peak - row.score > params.score_drop
    if row.status == TENTATIVE:
        # No longer able to reach M of N before its oldest hit leaves the window.
        lost = lost or row.misses > params.confirm_scans - params.confirm_hits
    if lost:
        if row.status == CONFIRMED:
            counts[LOSSES] += 1
        free_slot(track, counts, i)


@kernel(borrows=True)
def free_slot(track, counts, i):
    """Give the slot ``i`` back; ``counts[HIGH]`` sinks with the highest live slot."""
    track[i].status = FREE
    counts[LIVE] -= 1
    counts[FIRST] = min(counts[FIRST], i)
    while counts[HIGH] > 0 and track[counts[HIGH] - 1].status == FREE:
        counts[HIGH] -= 1


@kernel(borrows=True)
def take_slot(track, counts):
    """A slot for a new track, or -1.

    Policy of a full table: the tentative track of the lowest score gives way if that score is
    negative (less likely a target than the newcomer, which starts at 0); a confirmed track never
    does. Both outcomes are counted.
    """
    if counts[LIVE] < track.size:
        if counts[LIVE] == counts[HIGH]:
            counts[HIGH] += 1
            counts[LIVE] += 1
            return counts[HIGH] - 1
        for i in range(counts[FIRST], counts[HIGH]):
            if track[i].status == FREE:
                counts[LIVE] += 1
                counts[FIRST] = i + 1
                return i
    worst, least = -1, 0.0
    for i in range(track.size):
        if track[i].status == TENTATIVE and track[i].score < least:
            least = track[i].score
            worst = i
    if worst < 0:
        counts[REFUSED] += 1
    else:
        counts[DROPPED] += 1
    return worst


@kernel(borrows=True)
def initiate(params, track, counts, x, P, i, j, time_s, plot_pos_m, plot_cov_m2):
    """Begin a tentative track in slot ``i`` at plot ``j``: velocity 0 with the prior's spread.

    One-point initiation: after a second plot the filter holds what two-point initiation gives,
    tempered by the prior on speed (Bar-Shalom, Li and Kirubarajan 2001, section 5.5.3).
    """
    row = track[i]
    row.id = counts[NEXT_ID]
    counts[NEXT_ID] += 1
    row.status = TENTATIVE
    row.hits, row.misses, row.history = 1, 0, 1
    row.plot, row.tag, row.informed = j, -1, 0
    row.time_s, row.first_s, row.last_s = time_s, time_s, time_s
    row.score, row.peak, row.nis, row.manoeuvre = 0.0, 0.0, 0.0, 0.0
    row.pd = params.detect_probability
    for a in range(3):
        x[i, a] = plot_pos_m[j, a]
        x[i, a + 3] = 0.0
    for k in range(6):
        P[i, k] = plot_cov_m2[j, k]
    for k in range(6, 21):
        P[i, k] = 0.0
    P[i, 15] = params.speed_sigma_mps**2
    P[i, 18] = params.speed_sigma_mps**2
    P[i, 20] = params.climb_sigma_mps**2
    if params.confirm_hits == 1:
        _confirm(params, track, counts, i)
