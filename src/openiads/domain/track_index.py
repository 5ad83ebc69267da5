"""Spatial index of plots or tracks: square horizontal cells, hashed.

The cost of a look-up follows the points near the place asked for, however many there are
elsewhere and however large the picture is.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel(borrows=True)
def index_points(bucket, node, n, pos_m, cell_m):
    """Chain points 0 .. n - 1 of each square horizontal cell behind the bucket of the cell."""
    mask = bucket.size - 1
    for b in range(bucket.size):
        bucket[b] = -1
    for j in range(n):
        cx, cy = math.floor(pos_m[j, 0] / cell_m), math.floor(pos_m[j, 1] / cell_m)
        node[j].cx = cx
        node[j].cy = cy
        b = cell_hash(cx, cy) & mask
        node[j].chain = bucket[b]
        bucket[b] = j


@kernel(borrows=True)
def cell_hash(cx, cy):
    """Spread cell numbers over buckets (two large odd multipliers, high bits folded down)."""
    h = cx * 73856093 + cy * 19349669
    return h ^ (h >> 15)


@kernel(borrows=True)
def plots_near(bucket, node, n, x0, x1, y0, y1):
    """List in ``node.near`` what the index holds in cells x0..x1 by y0..y1; returns how many.

    Where there are more cells than the ``n`` indexed points, all of them are listed.
    """
    if (x1 - x0 + 1) * (y1 - y0 + 1) > n:
        for j in range(n):
            node[j].near = j
        return n
    count = 0
    mask = bucket.size - 1
    for cx in range(x0, x1 + 1):
        for cy in range(y0, y1 + 1):
            j = bucket[cell_hash(cx, cy) & mask]
            while j >= 0:
                if node[j].cx == cx and node[j].cy == cy:
                    node[count].near = j
                    count += 1
                j = node[j].chain
    return count


@kernel(borrows=True)
def cells_near(bucket, node, high, x, i, cell_m):
    """List in ``node.near`` the indexed slots of the nine cells around slot ``i``; how many."""
    cx, cy = math.floor(x[i, 0] / cell_m), math.floor(x[i, 1] / cell_m)
    return plots_near(bucket, node, high, cx - 1, cx + 1, cy - 1, cy + 1)
