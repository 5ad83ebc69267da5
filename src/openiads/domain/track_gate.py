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

from openiads.domain.track_index import column_at, index_points, row_at
from openiads.domain.tracks import SPARE, UNGATED
from openiads.kernel import kernel
from openiads.physics.estimation import distance_squared

_FEW = 64
"""Up to so many plots every plot is looked at instead of the index."""

_LANES = SPARE
"""So many plots are tried at once, whether there are as many or not: a loop whose length cannot be
foretold costs a processor more than a few tests (a quarter of the gate's time in a crowd)."""

_SAMPLE = 512
"""About so many tracks tell how wide gates are."""

_SLACK = 1.0e-6
"""Room for rounding in a bound on d2."""


@kernel(forceinline=True, borrows=True)
def gate_plots(
    params, tables, n_firm, n_rows, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3, level_m2,
    upright_m2,
):  # fmt: skip
    """Fill the edges: of each row the plots inside its gate, with what the pair costs.

    The rows are those of `openiads.domain.track_rows.forecast`, seeds from ``n_firm`` on.
    ``level_m2`` and ``upright_m2`` widen the gates, horizontally and vertically, for manoeuvres
    (but not those of seeds, whose prior is wider than any manoeuvre); with them every pair inside
    the gate is kept, without them only those worth their cost.

    Plots are sorted into square horizontal cells narrower than the mean gate, so a track looks
    only at plots near it, however many there are elsewhere. Seeds, whose gates are ten times as
    wide, come last and look only at plots that no other row claims for sure (`_claim`).
    """
    rx, ry, rz, rarest = _survey_plots(params, tables, n_plots, plot_cov_m2, plot_clutter_pm3)
    wide = max(rx, ry) + level_m2
    _list_plots(tables, n_plots, math.inf, plot_pos_m, plot_cov_m2)
    if n_plots > _FEW:
        _index(params, tables, 0, n_firm, n_plots, wide)
    # Among few plots in quiet flight claims would change nothing and spare nothing.
    claims = n_firm < n_rows and (n_plots > _FEW or level_m2 > 0.0)
    size = _gate_rows(
        params, tables, 0, n_firm if claims else n_rows, 0, n_plots, rx + level_m2, ry + level_m2,
        rz + upright_m2, rarest, plot_pos_m, plot_cov_m2, level_m2, upright_m2, claims,
    )  # fmt: skip
    if claims:
        most = _most_gain(tables, n_firm, n_rows, rarest)
        n_open = _list_plots(tables, n_plots, most, plot_pos_m, plot_cov_m2)
        if n_open > _FEW:
            _index(params, tables, n_firm, n_rows, n_open, wide)
        size = _gate_rows(
            params, tables, n_firm, n_rows, size, n_open, rx, ry, rz, rarest, plot_pos_m,
            plot_cov_m2, 0.0, 0.0, False,
        )  # fmt: skip
    tables.start[n_rows] = size


@kernel(inline="always", borrows=True)
def _survey_plots(params, tables, n_plots, cov_m2, clutter_pm3):
    """Set ``log_density``; bounds on the plots' variances (east, north, up) and on its least."""
    rx, ry, rz, rarest = 0.0, 0.0, 0.0, math.inf
    # Neighbours in a list mostly share their clutter: a logarithm is taken where it changes.
    last, log_density = -1.0, 0.0
    for j in range(n_plots):
        rx = max(rx, cov_m2[j, 0])
        ry = max(ry, cov_m2[j, 3])
        rz = max(rz, cov_m2[j, 5])
        clutter = clutter_pm3[j]
        if clutter <= 0.0:
            clutter = params.clutter_pm3
        if clutter != last:
            last, log_density = clutter, math.log(clutter + params.birth_pm3)
        tables.log_density[j] = log_density
        rarest = min(rarest, log_density)
        tables.claim[j] = 0.0
    return rx, ry, rz, rarest


@kernel(inline="always", borrows=True)
def _list_plots(tables, n_plots, most, pos_m, cov_m2):
    """List in ``entry`` the plots that nobody claims by more than ``most``; returns their number.

    Claims on a plot that brings a range rate, which `_claim` does not know, count for nothing.
    """
    rated, n = tables.rate_m2ps2[0] > 0.0, 0
    for j in range(n_plots):
        if tables.claim[j] > most and not (rated and not math.isnan(tables.rate_mps[j])):
            continue
        e = tables.entry[n]
        e.of, e.x, e.y, e.a = j, pos_m[j, 0], pos_m[j, 1], pos_m[j, 2]
        e.b, e.c, e.d = cov_m2[j, 0], cov_m2[j, 3], cov_m2[j, 1]
        n += 1
    return n


@kernel(borrows=True)
def _index(params, tables, first, last, listed, wide_m2):
    """Index the plots listed, in cells half as wide as the mean gate of rows ``first`` to ``last``.

    ``wide_m2`` is the greatest variance that plots and manoeuvres add to a row's.
    """
    P, row_slot, sum_m, n = tables.P, tables.row_slot, 0.0, 0
    for r in range(first, last, 1 + (last - first) // _SAMPLE):
        i = row_slot[r]
        sum_m += math.sqrt(params.gate * (max(P[i, 0], P[i, 3]) + wide_m2))
        n += 1
    cell_m = max(0.5 * sum_m / max(n, 1), 1.0)
    index_points(tables.grid, tables.cell, tables.entry, tables.point, listed, cell_m)


@kernel(borrows=True)
def _most_gain(tables, first, last, rarest):
    """The most that any of the rows ``first`` to ``last`` can gain by a plot, for det S > det P."""
    most = -math.inf
    for r in range(first, last):
        i = tables.row_slot[r]
        gain = tables.alone[r] - tables.row[r].offset - rarest
        most = max(most, gain - 0.5 * math.log(_position_det(tables.P, i)))
    return most


@kernel(borrows=True)
def _gate_rows(
    params, tables, first, last, size, listed, rx, ry, rz, rarest, pos_m, cov_m2, level_m2,
    upright_m2, claims,
):  # fmt: skip
    """Append the edges of rows ``first`` to ``last`` to the plots listed; returns the size.

    rx, ry and rz are bounds on what plots and manoeuvres add to the variances of a row.
    """
    P, start, row_slot = tables.P, tables.start, tables.row_slot
    for r in range(first, last):
        i = row_slot[r]
        start[r] = size
        if listed == 0:
            continue
        alone, offset = tables.alone[r], tables.row[r].offset
        worst = alone if alone > 0.0 and level_m2 == 0.0 else math.inf
        reach = params.gate
        if listed > _FEW and worst < math.inf:
            # What is worth its cost lies nearer than the gate, for det S > det P.
            most = 2.0 * (worst - offset - rarest) - math.log(_position_det(P, i))
            reach = min(reach, most + _SLACK)
            if reach <= 0.0:
                continue
        if listed > _FEW:
            hx, hy = math.sqrt(reach * (P[i, 0] + rx)), math.sqrt(reach * (P[i, 3] + ry))
            near = _find_near(tables, i, hx, hy, reach, level_m2, rz)
        else:
            near = _find_among(tables, i, listed, reach, level_m2, rz)
        size = _gate_row(
            params,
            tables,
            r,
            size,
            near,
            listed > _FEW,
            reach,
            worst,
            pos_m,
            cov_m2,
            level_m2,
            upright_m2,
        )
        if claims:
            _claim(tables, r, size)
    return size


@kernel(inline="always", borrows=True)
def _claim(tables, r, size):
    """Let row ``r`` claim its best plot: by how much that is worth more to it than what is next.

    Where a seed could gain less by the plot than the claim, it does not get it in any assignment
    of least cost: to give the plot back to the row and leave the seed alone would cost less. This
    holds for the costs of quiet flight without range rates, of which the claims are made.
    """
    best, second, pick = tables.alone[r], tables.alone[r], -1
    for e in range(tables.start[r], size):
        c = tables.cost[e]
        if c < best:
            best, second, pick = c, best, tables.column[e]
        elif c < second:
            second = c
    if pick >= 0:
        tables.claim[pick] = max(tables.claim[pick], second - best)


@kernel(inline="always", borrows=True)
def _find_among(tables, i, listed, reach, level_m2, most_upright_m2):
    """`_find_near` among few points, which stand in ``entry``: most fail the first test."""
    x, P, entry, found, n = tables.x, tables.P, tables.entry, tables.found, 0
    x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
    p0, p3, hz2 = P[i, 0] + level_m2, P[i, 3] + level_m2, reach * (P[i, 5] + most_upright_m2)
    for k in range(listed):
        p = entry[k]
        dx, dy, dz = p.x - x0, p.y - x1, p.a - x2
        if dx * dx > reach * (p0 + p.b) or dy * dy > reach * (p3 + p.c) or dz * dz > hz2:
            continue
        found[n] = k
        n += 1
    return n


@kernel(inline="always", borrows=True)
def _find_near(tables, i, hx, hy, reach, level_m2, most_upright_m2):
    """Put the points in a box about slot ``i`` that holds its gate into ``found``; their number.

    No plot lies in the gate that is further away than hx and hy, or whose d2 is above ``reach`` on
    any axis alone, and none has a vertical variance, with that of a manoeuvre, above
    ``most_upright_m2``.
    """
    x, P, point, cell, grid = tables.x, tables.P, tables.point, tables.cell, tables.grid[0]
    found, n = tables.found, 0
    x0, x1, x2 = x[i, 0], x[i, 1], x[i, 2]
    p0, p3, hz2 = P[i, 0] + level_m2, P[i, 3] + level_m2, reach * (P[i, 5] + most_upright_m2)
    low, high = row_at(grid, x1 - hy), row_at(grid, x1 + hy) + 1
    for c in range(column_at(grid, x0 - hx), column_at(grid, x0 + hx) + 1):
        end = cell[c * grid.rows + high]
        for first in range(cell[c * grid.rows + low], end, _LANES):
            for lane in range(_LANES):
                k = first + lane
                p = point[k]
                dx, dy, dz = p.x - x0, p.y - x1, p.a - x2
                found[n] = k
                n += (
                    (k < end)
                    & (dx * dx <= reach * (p0 + p.b))
                    & (dy * dy <= reach * (p3 + p.c))
                    & (dz * dz <= hz2)
                )
    return n


@kernel(inline="always", borrows=True)
def _gate_row(
    params, tables, r, size, near, indexed, reach, worst, pos_m, cov_m2, level_m2, upright_m2
):  # fmt: skip
    """Append the edges of row ``r`` to the first ``near`` points ``found``; returns the new size.

    They are points of the index, where the plots are ``indexed``, or entries.
    No plot matters whose d2 is above ``reach`` (at most the gate).
    """
    x, P, gate, offset = tables.x, tables.P, params.gate, tables.row[r].offset
    i, point = tables.row_slot[r], tables.point if indexed else tables.entry
    p0, p1, p3 = P[i, 0] + level_m2, P[i, 1], P[i, 3] + level_m2
    for q in range(near):
        p = point[tables.found[q]]
        dx, dy = p.x - x[i, 0], p.y - x[i, 1]
        s0, s1, s3 = p0 + p.b, p1 + p.d, p3 + p.c
        # The distance in the plane alone is no more than d2.
        if s3 * dx * dx - 2.0 * s1 * dx * dy + s0 * dy * dy > reach * (s0 * s3 - s1 * s1):
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
