"""Large scans are handled in spatial order, so that neighbours lie side by side in memory.

A scan of thousands of plots, with the tables of its tracks, is larger than the fast memory of a
core; in the order of their arrival each look at a neighbour waits for slower memory. Tracks begin
in the order of their plots, so their slots are neighbours too and remain so while they fly.
"""

from __future__ import annotations

import math

from openiads.domain.track_index import index_points
from openiads.domain.tracks import FREE, HIGH
from openiads.kernel import kernel

MANY = 1024
"""Scans of more plots are put in order; below, everything fits where it is (tracks and plots need
about 1 kB each, second-level caches have 0.5 to 2 MB)."""


@kernel(borrows=True)
def order_plots(tables, n_plots, pos_m, cov_m2, clutter_pm3):
    """Copy the plots of a scan to ``near_*`` in spatial order; ``order[k]`` is the plot at k."""
    entry, point = tables.entry, tables.point
    x0, x1, y0, y1 = math.inf, -math.inf, math.inf, -math.inf
    for j in range(n_plots):
        entry[j].of, entry[j].x, entry[j].y = j, pos_m[j, 0], pos_m[j, 1]
        x0, x1 = min(x0, pos_m[j, 0]), max(x1, pos_m[j, 0])
        y0, y1 = min(y0, pos_m[j, 1]), max(y1, pos_m[j, 1])
    cell_m = math.sqrt(max((x1 - x0) * (y1 - y0), 1.0) / n_plots)
    index_points(tables.grid, tables.cell, entry, point, n_plots, cell_m)
    for k in range(n_plots):
        j = point[k].of
        tables.order[k] = j
        tables.near_clutter_pm3[k] = clutter_pm3[j]
        for a in range(3):
            tables.near_m[k, a] = pos_m[j, a]
        for a in range(6):
            tables.near_m2[k, a] = cov_m2[j, a]
    if tables.rate_m2ps2[0] > 0.0:
        for k in range(n_plots):
            tables.log_density[k] = tables.rate_mps[tables.order[k]]
        for k in range(n_plots):
            tables.rate_mps[k] = tables.log_density[k]


@kernel(borrows=True)
def number_as_given(tables, n_plots):
    """Name the plots by the numbers under which they came, in tracks and results of the scan."""
    track, order, slot_of = tables.track, tables.order, tables.plot_slot
    for i in range(tables.counts[HIGH]):
        if track[i].status != FREE and track[i].plot >= 0:
            track[i].plot = order[track[i].plot]
    for k in range(n_plots):
        tables.plot_track[order[k]] = slot_of[k]
    for j in range(n_plots):
        i = tables.plot_track[j]
        slot_of[j] = i
        tables.plot_track[j] = track[i].id if i >= 0 else -1
