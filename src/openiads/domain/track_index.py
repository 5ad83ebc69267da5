"""Spatial index of plots or tracks: square horizontal cells, sorted by counting.

Points of one column of cells lie one behind the other in memory, so a look-up walks a few short
runs. Its cost follows the points near the place asked for, however many there are elsewhere.
Points far from all others share the outermost cells: the table of cells stays in proportion to the
points, whatever their spread.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

_SPREAD = 4.0
"""Points further than so many standard deviations from the mean fall into the outermost cells."""


FEW = 24
"""Up to so many points share one cell: to compare them all is quicker than to sort them."""

_ROOM_M = 100_000.0
"""Points in a smaller picture are taken to stand in one of this width (assumed: far wider than a
formation, which must not count as a crowd of strangers to itself)."""


@kernel(borrows=True)
def uncrowded(entry, n, reach_m, strangers):
    """``reach_m``, or less: the distance within which ``strangers`` points are met by chance.

    r = sqrt(k A / (pi n)) in a picture of area A: what stands closer than chance explains has a
    reason. It keeps the pairs to be tried in proportion to the points, however dense they are.
    """
    x0, x1, y0, y1 = math.inf, -math.inf, math.inf, -math.inf
    for k in range(n):
        x0, x1 = min(x0, entry[k].x), max(x1, entry[k].x)
        y0, y1 = min(y0, entry[k].y), max(y1, entry[k].y)
    if n < 2:
        return reach_m
    area_m2 = (x1 - x0 + _ROOM_M) * (y1 - y0 + _ROOM_M)
    return min(reach_m, math.sqrt(strangers * area_m2 / (math.pi * n)))


@kernel(borrows=True)
def index_points(grid, cell, entry, point, n, least_m):
    """Sort ``entry[:n]`` into cells of at least ``least_m``; fills ``grid``, ``cell``, ``point``.

    Cells are wider than asked for where there would be more of them than two a point, or than the
    table holds.
    """
    if n <= FEW:
        _share_one_cell(grid, cell, entry, point, n)
        return
    sx, sy, sxx, syy = 0.0, 0.0, 0.0, 0.0
    x0, x1, y0, y1 = math.inf, -math.inf, math.inf, -math.inf
    for k in range(n):
        x, y = entry[k].x, entry[k].y
        x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
        sx += x
        sy += y
        sxx += x * x
        syy += y * y
    mx, my = sx / n, sy / n
    dx = _SPREAD * math.sqrt(max(sxx / n - mx * mx, 0.0))
    dy = _SPREAD * math.sqrt(max(syy / n - my * my, 0.0))
    # Rounding may make the spread of equal points less than nothing: one cell then holds them.
    x0, x1 = max(x0, mx - dx), max(min(x1, mx + dx), max(x0, mx - dx))
    y0, y1 = max(y0, my - dy), max(min(y1, my + dy), max(y0, my - dy))
    most = min(cell.size - 1, 2 * n + 16)
    cell_m = max(least_m, math.sqrt((x1 - x0) * (y1 - y0) / most))
    cell_m = max(cell_m, (x1 - x0 + y1 - y0) / most)
    while (math.floor((x1 - x0) / cell_m) + 1.0) * (math.floor((y1 - y0) / cell_m) + 1.0) > most:
        cell_m *= 1.1
    row = grid[0]
    row.x, row.y, row.per_m, row.n = x0, y0, 1.0 / cell_m, n
    row.columns = math.floor((x1 - x0) / cell_m) + 1
    row.rows = math.floor((y1 - y0) / cell_m) + 1
    _sort(grid, cell, entry, point, n)


@kernel(borrows=True)
def _share_one_cell(grid, cell, entry, point, n):
    """A grid of one cell, with the entries in their own order."""
    row = grid[0]
    row.x, row.y, row.per_m, row.n, row.columns, row.rows = 0.0, 0.0, 0.0, n, 1, 1
    cell[0], cell[1] = 0, n
    for k in range(n):
        e, p = entry[k], point[k]
        p.of, p.cell, p.x, p.y, p.a, p.b, p.c, p.d = e.of, 0, e.x, e.y, e.a, e.b, e.c, e.d


@kernel(borrows=True)
def _sort(grid, cell, entry, point, n):
    """Counting sort of the entries by cell; ``cell[c]`` is where the points of cell c begin."""
    row = grid[0]
    cells = row.columns * row.rows
    for c in range(cells + 1):
        cell[c] = 0
    for k in range(n):
        c = column_at(row, entry[k].x) * row.rows + row_at(row, entry[k].y)
        entry[k].cell = c
        cell[c] += 1
    total = 0
    for c in range(cells + 1):
        count = cell[c]
        cell[c] = total
        total += count
    for k in range(n):
        e = entry[k]
        at = cell[e.cell]
        cell[e.cell] = at + 1
        p = point[at]
        p.of, p.cell, p.x, p.y, p.a, p.b, p.c, p.d = e.of, e.cell, e.x, e.y, e.a, e.b, e.c, e.d
    for c in range(cells, 0, -1):
        cell[c] = cell[c - 1]
    cell[0] = 0


@kernel(inline="always", borrows=True)
def column_at(row, x):
    """Column of cells of the easting ``x``; the outermost where it lies outside."""
    return int(max(0.0, min((x - row.x) * row.per_m, row.columns - 1.0)))


@kernel(inline="always", borrows=True)
def row_at(row, y):
    """Row of cells of the northing ``y``; the outermost where it lies outside."""
    return int(max(0.0, min((y - row.y) * row.per_m, row.rows - 1.0)))


@kernel(borrows=True)
def neighbours_after(grid, cell, point, k):
    """Points behind point ``k`` in its own and the adjacent cells: two runs (a0, a1, b0, b1).

    Over all k they hold each pair of points in the same or adjacent cells once; cells at least as
    wide as a reach hold every pair within it.
    """
    rows, c = grid[0].rows, point[k].cell
    column, row = c // rows, c % rows
    high = min(row + 1, rows - 1)
    a1 = cell[column * rows + high + 1]
    if column + 1 >= grid[0].columns:
        return k + 1, a1, 0, 0
    after = (column + 1) * rows
    return k + 1, a1, cell[after + max(row - 1, 0)], cell[after + high + 1]


@kernel(borrows=True)
def nearest_run(grid, cell, x, y, shift):
    """The points of the column of cells ``shift`` beside (x, y), three rows: a run (k0, k1)."""
    row = grid[0]
    column = column_at(row, x) + shift
    if column < 0 or column >= row.columns:
        return 0, 0
    middle, base = row_at(row, y), column * row.rows
    return cell[base + max(middle - 1, 0)], cell[base + min(middle + 1, row.rows - 1) + 1]
