"""Gating: which plots each track may take, and what each pair costs.

Global nearest neighbour with the negative log-likelihood ratio as cost (Blackman and Popoli,
Design and Analysis of Modern Tracking Systems, 1999, sections 6.4 and 6.6.2):

    c_ij = d2/2 + ln det(2 pi S)/2 + ln(b_j) - ln(Pd_i),   c_i0 = -ln(1 - Pd_i)

with d2 the Mahalanobis distance of plot j from track i, S the innovation covariance, b_j the
density of plots that are not of this track (clutter and births, 1/m3), Pd_i the probability that
this scan detects the track, and c_i0 the cost of leaving it without a plot.
"""

from __future__ import annotations

import math

from openiads.domain.track_book import MOST_PD
from openiads.domain.track_groups import kind_of
from openiads.domain.track_index import column_at, index_points, row_at
from openiads.domain.tracks import FREE, HIGH, SEED, UNGATED
from openiads.kernel import kernel
from openiads.physics.estimation import LOG_TWO_PI, distance_squared

_FEW = 64
"""Up to so many plots (or more cells than plots) every plot is looked at instead of the index."""

_SAMPLE = 512
"""About so many tracks tell how wide gates are."""

_SLACK = 1.0e-6
"""Room for rounding in a bound on d2."""

LEAST_PD = 0.05
"""A track that takes a plot although it should not be seen is scored as if barely visible."""


@kernel(forceinline=True, borrows=True)
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
    rx, ry, rz, rarest = 0.0, 0.0, 0.0, math.inf
    # Neighbours in a list mostly share clutter and Pd: a logarithm is taken where they change.
    last, log_density = -1.0, 0.0
    for j in range(n_plots):
        rx = max(rx, plot_cov_m2[j, 0])
        ry = max(ry, plot_cov_m2[j, 3])
        rz = max(rz, plot_cov_m2[j, 5])
        clutter = plot_clutter_pm3[j]
        if clutter <= 0.0:
            clutter = params.clutter_pm3
        if clutter != last:
            last, log_density = clutter, math.log(clutter + params.birth_pm3)
        tables.log_density[j] = log_density
        rarest = min(rarest, log_density)
    rx, ry, rz = rx + level_m2, ry + level_m2, rz + upright_m2
    indexed = n_plots > _FEW
    n_rows, width = 0, 0.0
    stride = 1 + tables.counts[HIGH] // _SAMPLE
    for i in range(tables.counts[HIGH]):
        if track[i].status != FREE:
            row_slot[n_rows] = i
            n_rows += 1
            if indexed and n_rows % stride == 0:
                width += math.sqrt(gate * (max(P[i, 0], P[i, 3]) + max(rx, ry)))
    width /= max(n_rows // stride, 1)
    _list_plots(tables, n_plots, plot_pos_m, plot_cov_m2, indexed, max(0.5 * width, 1.0))
    size = 0
    last, alone, offset = -1.0, 0.0, 0.0
    for r in range(n_rows):
        i = row_slot[r]
        start[r] = size
        pd = min(track[i].pd, MOST_PD)
        if pd != last:
            last, alone = pd, -math.log(1.0 - pd)
            offset = 1.5 * LOG_TWO_PI - math.log(max(pd, LEAST_PD))
        tables.alone[r] = alone
        tables.row[r].offset = offset
        kind = kind_of(track, P, i)
        tables.row[r].kind = kind
        if n_plots == 0:
            continue
        level, upright = level_m2, upright_m2
        if kind == SEED:
            level, upright = 0.0, 0.0
        worst = alone if pd > 0.0 and level == 0.0 else math.inf
        hx, hy, reach = 0.0, 0.0, gate
        if indexed:
            if worst < math.inf:
                # What is worth its cost lies nearer than the gate, for det S > det P.
                most = 2.0 * (worst - offset - rarest) - math.log(_position_det(P, i))
                reach = min(gate, most + _SLACK)
                if reach <= 0.0:
                    continue
            hx, hy = math.sqrt(reach * (P[i, 0] + rx)), math.sqrt(reach * (P[i, 3] + ry))
        size = _gate_row(
            params, tables, r, size, n_plots, indexed, hx, hy, reach, worst,
            plot_pos_m, plot_cov_m2, level, upright, rz,
        )  # fmt: skip
    start[n_rows] = size
    return n_rows


@kernel(forceinline=True, borrows=True)
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
    params, tables, r, size, n_plots, indexed, hx, hy, reach, worst, pos_m, cov_m2, level_m2,
    upright_m2, most_upright_m2,
):  # fmt: skip
    """Append the edges of row ``r``; returns the new size.

    No plot matters whose d2 is above ``reach`` (at most the gate), or which lies further away than
    hx and hy where the plots are ``indexed``; none has a vertical variance, with that of a
    manoeuvre, above ``most_upright_m2``.
    """
    x, P, point, cell, grid = tables.x, tables.P, tables.point, tables.cell, tables.grid[0]
    i, gate, offset = tables.row_slot[r], params.gate, tables.row[r].offset
    x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
    p0, p3, hz2 = P[i, 0] + level_m2, P[i, 3] + level_m2, reach * (P[i, 5] + most_upright_m2)
    longest = max(p0, p3) + abs(P[i, 1])
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
            dx, dy, dz = p.x - x0, p.y - x1, p.a - x2
            # No sum of covariances is longer than the sum of bounds on their longest axes.
            if level_m2 == 0.0 and dx * dx + dy * dy > reach * (longest + p.b + p.c):
                continue
            if dx * dx > reach * (p0 + p.b) or dy * dy > reach * (p3 + p.c) or dz * dz > hz2:
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
            tables.edge[size, 2] = tables.edge[size, 3] = 0.0
            size += 1
    return size


@kernel(inline="always", borrows=True)
def _position_det(P, i):
    """Determinant of the position block of row ``i``."""
    a, b, c, d, e, f = P[i, 0], P[i, 1], P[i, 2], P[i, 3], P[i, 4], P[i, 5]
    return a * (d * f - e * e) + b * (c * e - b * f) + c * (b * e - c * d)
