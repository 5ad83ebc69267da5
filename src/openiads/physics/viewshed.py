"""The lowest altitude that an observer sees over every cell of a terrain grid, in one pass.

One table serves every target: a target at altitude A over a cell is seen where A is at least the
table's value. Two methods, both linear in the number of cells:

* `sweep`, fast: each ring of cells takes its horizon from the ring inside it, by interpolation
  between the two cells that the sight line passes (XDraw: W. R. Franklin, C. K. Ray and S. Mehta,
  "Geometric algorithms for siting of air defense missile batteries", 1994). One pass over the rows.
* `rays`, accurate: rays to every cell of the border carry their own horizon, and a cell takes that
  of the rays beside it (the R2 method of the same report), so nothing is smoothed on the way. The
  ground of the last cell before it is taken exactly, on its own sight line: three in four of the
  errors that a target on the ground would see come from there (a cell that falls away from the
  eye hides its own far corner behind a bulge that no ray samples).

Both work on heights per ring (a plane through the observer is linear there, so no square root is
needed), in single precision: 0.01 m at 100 km. The grid is metric with square or oblong cells, the
observer stands over a cell's centre, and the Earth falls away by s^2 / (2 a).
"""

from __future__ import annotations

import numpy as np

from openiads.kernel import kernel

_NOTHING = np.float32(-1e30)  # the horizon where there is nothing yet; finite, for weights of 0
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_ZERO = np.float32(0.0)
_TWO = np.float32(2.0)
_MINUS_TWO = np.float32(-2.0)
# Places along a ring are fixed-point numbers: cell in the high word, fraction in the low one. That
# is three times as fast as converting floats to indices.
_NEXT = np.uint64(1)
_TWO_32 = 4294967296.0
_PER_TWO_32 = np.float32(1.0 / _TWO_32)
_FRACTION = np.int64(0xFFFFFFFF)
_STRIP = 16
# A bulge between two samples near the eye hides whole sectors from an observer in a valley: without
# these up to 0.3 % of the cells, with them 0.1 % (Jacksboro), for 3 % of the time on 2,000 x 2,000.
_NEAR_RINGS, _NEAR_STEPS = 16, 8
_RAYS_PER_CELL = 2  # at the border: 1 would cost 0.1 % of the cells, 3 would gain 0.02 %


@kernel
def _row_tables(columns, centre, spacing_m, radius_m):
    """Per column: distance in cells, its reciprocal, and the Earth's fall across the row (m)."""
    away = np.empty(columns, np.float32)
    inverse = np.empty(columns, np.float32)
    fall = np.empty(columns, np.float32)
    for i in range(columns):
        c = abs(i - centre)
        away[i] = c
        inverse[i] = 1.0 / max(c, 1)
        fall[i] = (c * spacing_m) ** 2 / (2.0 * radius_m)
    return away, inverse, fall


@kernel
def _side(height, out, behind, inside, cur, away, fall, k, base):
    """Cells of ring k on one side of the observer: from the last row, between two of its cells."""
    kf = np.float32(k)
    inverse_k = _ONE / kf
    for i in range(len(height)):
        z = height[i]
        eye = base + fall[i]
        h = behind[i] + away[i] * inverse_k * (inside[i] - behind[i])
        y = (z - eye) * inverse_k
        cur[i] = y if y > h else h
        seen = eye + h * kf
        out[i] = z if z > seen else seen


@kernel
def _wedge(height, out, prev, cur, away, fall, centre, k, base):
    """Ring k of the wedge above or below the observer, where |column| <= k."""
    low, high = max(0, centre - k), min(len(height), centre + k + 1)
    for side in range(3):
        if side == 0:
            a, b, shift = low, centre, 1
        elif side == 1:
            a, b, shift = centre + 1, high, -1
        else:
            a, b, shift = centre, centre + 1, 0
        _side(
            height[a:b], out[a:b], prev[a:b], prev[a + shift : b + shift], cur[a:b], away[a:b],
            fall[a:b], k, base,
        )  # fmt: skip


@kernel
def _flank(height, out, prev, cur, away, inverse, fall, i, inner, kf, base):
    """One cell of the wedges beside the observer: from the cell inside it and the one behind."""
    z = height[i]
    eye = base + fall[i]
    h = cur[inner] + kf * inverse[i] * (prev[inner] - cur[inner])
    y = (z - eye) * inverse[i]
    cur[i] = y if y > h else h
    seen = eye + h * away[i]
    out[i] = z if z > seen else seen


@kernel
def _flanks(height, out, prev, cur, away, inverse, fall, centre, k, base):
    kf = np.float32(k)
    last = len(height) - 1
    both = min(centre, last - centre)
    # Left and right together: two independent chains hide each other's latency.
    for c in range(k + 1, both + 1):
        _flank(height, out, prev, cur, away, inverse, fall, centre + c, centre + c - 1, kf, base)
        _flank(height, out, prev, cur, away, inverse, fall, centre - c, centre - c + 1, kf, base)
    for i in range(centre + max(both, k) + 1, last + 1):
        _flank(height, out, prev, cur, away, inverse, fall, i, i - 1, kf, base)
    for i in range(centre - max(both, k) - 1, -1, -1):
        _flank(height, out, prev, cur, away, inverse, fall, i, i + 1, kf, base)


@kernel
def sweep(height_m, row, column, eye_m, row_spacing_m, column_spacing_m, radius_m, out_m):
    """Fast viewshed: the lowest visible altitude (m) over every cell, by one row sweep.

    height_m, out_m: (rows, columns) float32, C order; (row, column): the observer's cell; eye_m:
    altitude of the antenna above the datum (ground plus mast); spacings in m between rows and
    between columns; radius_m of the effective Earth, infinite for a flat one. Cells beside the
    observer answer their own ground. See the module for the method; about 97.5 to 99.5 % of cells
    agree with exact profiles, depending on the relief (benchmarks/viewshed.py).
    """
    rows, columns = height_m.shape
    away, inverse, fall = _row_tables(columns, column, column_spacing_m, radius_m)
    first = np.empty(columns, np.float32)
    none = np.empty(columns, np.float32)
    none[:] = _NOTHING
    first[column] = _NOTHING
    eye = np.float32(eye_m)
    _flanks(height_m[row], out_m[row], none, first, away, inverse, fall, column, 0, eye)
    out_m[row, column] = height_m[row, column]
    cur = np.empty(columns, np.float32)
    prev = np.empty(columns, np.float32)
    for side in range(2):
        step = 1 if side == 0 else -1
        count = rows - 1 - row if side == 0 else row
        prev[:] = first
        for k in range(1, count + 1):
            r = row + step * k
            base = np.float32(eye_m + (k * row_spacing_m) ** 2 / (2.0 * radius_m))
            _wedge(height_m[r], out_m[r], prev, cur, away, fall, column, k, base)
            _flanks(height_m[r], out_m[r], prev, cur, away, inverse, fall, column, k, base)
            prev, cur = cur, prev


@kernel(borrows=True)
def _own_side(height, beside, inner, inner_beside, fall, out, away, unit, k, base):
    """Lowest altitude that the last cell of each sight line allows, on one side of a ring.

    With t rings back from a node, that cell's ground stands z + B t + C t^2, and over the straight
    line to the node D(t) = t (P + Q t) k / (k - t); it is highest near t = -P / 2Q.
    """
    kf = np.float32(k)
    inverse_k = _ONE / kf
    bend = np.float32(unit)
    for i in range(len(height)):
        z = height[i]
        f = away[i] * inverse_k
        step = inner[i] - z
        across = beside[i] - z
        drop = fall[i] * inverse_k
        p = step + f * across + (z - base - fall[i]) * inverse_k + _TWO * (bend * kf + drop)
        q = f * (inner_beside[i] - inner[i] - across) - bend - drop * inverse_k
        t = min(max(p / (_MINUS_TWO * q), _ZERO), _ONE)
        t = _ONE if q >= _ZERO else t
        # At the eye itself k - t is 0, and the ground there only as far below it as the mast.
        rise = t * (p + q * t) * (kf / max(kf - t, _HALF))
        out[i] = z + rise if rise > _ZERO else z


@kernel(borrows=True)
def _own(inner, outer, out, away, fall, low, high, centre, unit, k, base):
    """`_own_side` left of the observer, right of it, and straight ahead."""
    for side in range(3):
        if side == 0:
            a, b, shift = low, centre, 1
        elif side == 1:
            a, b, shift = centre + 1, high + 1, -1
        else:
            a, b, shift = centre, centre + 1, 0
        if a < b:
            _own_side(
                outer[a:b], outer[a + shift : b + shift], inner[a:b],
                inner[a + shift : b + shift], fall[a:b], out[a:b], away[a:b], unit, k, base,
            )  # fmt: skip


@kernel(borrows=True)
def _answer(out, low, high, centre, k, half, base, fall, horizon):
    """Cells low .. high of ring k: the horizon between the two rays beside each cell."""
    kf = np.float32(k)
    step = np.int64(half / k * _TWO_32)
    place = np.int64(half << 32) + (low - centre) * step
    out, fall = out[low : high + 1], fall[low : high + 1]
    for i in range(len(out)):
        j = np.uint64(place >> 32)
        inner = horizon[j]
        h = inner + np.float32(place & _FRACTION) * _PER_TWO_32 * (horizon[j + _NEXT] - inner)
        z = out[i]
        seen = base + fall[i] + h * kf
        out[i] = z if z > seen else seen
        place += step


@kernel(borrows=True)
def _advance(nodes, low, high, centre, distance, half, horizon):
    """Rays low .. high pass a ring: the ground between its nodes may raise their horizon."""
    step = np.int64(distance / half * _TWO_32)
    place = np.int64(centre << 32) + (low - half) * step
    horizon = horizon[low : high + 1]
    for j in range(len(horizon)):
        i = np.uint64(place >> 32)
        left = nodes[i]
        y = left + np.float32(place & _FRACTION) * _PER_TWO_32 * (nodes[i + _NEXT] - left)
        old = horizon[j]
        horizon[j] = y if y > old else old
        place += step


@kernel(borrows=True)
def _nodes_between(inner, outer, share, fall, base, scale, nodes):
    """Height per ring of the nodes at a share of the way between two rings, padded by one."""
    part = np.float32(share)
    for i in range(len(inner)):
        nodes[i] = (inner[i] + part * (outer[i] - inner[i]) - base - fall[i]) * scale
    nodes[len(inner)] = nodes[len(inner) - 1]


@kernel(borrows=True)
def _pass_ring(inner, outer, centre, k, begin, upto, steps, half, eye, unit, fall, nodes, horizon):
    """The rays pass the ground at shares begin .. upto of ``steps`` between rings k - 1 and k."""
    left, right = centre, len(outer) - 1 - centre
    low, end = centre - min(left, k + 1), centre + min(right, k + 1) + 1
    first = max(0, half - int(left * half / k))
    last = min(2 * half, half + int(right * half / k))
    for step in range(begin, upto + 1):
        # Place is cut to 2^-32 of a cell, towards the observer: it never leaves the row on the
        # left, and on the right it needs the one node of padding.
        away = k - 1.0 + step / steps
        base = np.float32(eye + unit * away * away)
        _nodes_between(
            inner[low:end], outer[low:end], step / steps, fall[low:end], base,
            np.float32(1.0 / away), nodes[low : end + 1],
        )  # fmt: skip
        _advance(nodes, first, last, centre, away, half, horizon)


@kernel(borrows=True)
def _ring(inner, outer, out, centre, k, half, eye, unit, edge, away, fall, nodes, horizon):
    """Ring k of one quadrant of `rays`: the ground inside it, the answers, the ring itself.

    ``inner`` and ``outer`` are the heights of rings k - 1 and k; cells |minor| <= k - edge answer.
    """
    steps = _NEAR_STEPS if k <= _NEAR_RINGS else 2
    _pass_ring(inner, outer, centre, k, 1, steps - 1, steps, half, eye, unit, fall, nodes, horizon)
    left, right = centre, len(outer) - 1 - centre
    base = np.float32(eye + unit * k * k)
    reach = k - edge
    near, far = centre - min(left, reach), centre + min(right, reach)
    _own(inner, outer, out, away, fall, near, far, centre, unit, k, base)
    _answer(out, near, far, centre, k, half, base, fall, horizon)
    _pass_ring(inner, outer, centre, k, steps, steps, steps, half, eye, unit, fall, nodes, horizon)


@kernel
def _rays_along_rows(height_m, row, column, eye_m, step, along_m, across_m, radius_m, out_m):
    """The quadrant of `rays` above (step -1) or below (step 1) the observer, diagonals included."""
    rows, columns = height_m.shape
    count = rows - 1 - row if step > 0 else row
    half = _RAYS_PER_CELL * count
    horizon = np.full(2 * half + 3, _NOTHING, np.float32)
    away, _, fall = _row_tables(columns, column, across_m, radius_m)
    nodes = np.empty(columns + 1, np.float32)
    unit = along_m * along_m / (2.0 * radius_m)
    for k in range(1, count + 1):
        r = row + step * k
        inner = height_m[r - step]
        _ring(
            inner, height_m[r], out_m[r], column, k, half, eye_m, unit, 0, away, fall, nodes,
            horizon,
        )  # fmt: skip


@kernel
def _rays_along_columns(height_m, row, column, eye_m, step, along_m, across_m, radius_m, out_m):
    """The quadrant beside the observer: strips of columns are turned so that rings are rows."""
    rows, columns = height_m.shape
    count = columns - 1 - column if step > 0 else column
    half = _RAYS_PER_CELL * count
    horizon = np.full(2 * half + 3, _NOTHING, np.float32)
    away, _, fall = _row_tables(rows, row, across_m, radius_m)
    nodes = np.empty(rows + 1, np.float32)
    unit = along_m * along_m / (2.0 * radius_m)
    turned = np.empty((_STRIP + 1, rows), np.float32)
    answer = np.empty((_STRIP + 1, rows), np.float32)
    for start in range(1, count + 1, _STRIP):
        size = min(_STRIP, count + 1 - start)
        reach = start + size
        low, high = max(0, row - reach), min(rows - 1, row + reach)
        for r in range(low, high + 1):
            for q in range(size + 1):
                turned[q, r] = height_m[r, column + step * (start - 1 + q)]
        for q in range(1, size + 1):
            k = start - 1 + q
            _ring(
                turned[q - 1], turned[q], answer[q], row, k, half, eye_m, unit, 1, away, fall,
                nodes, horizon,
            )  # fmt: skip
        for r in range(low, high + 1):
            for q in range(1, size + 1):
                k = start - 1 + q
                if abs(r - row) < k:
                    out_m[r, column + step * k] = answer[q, r]


@kernel
def rays_quadrant(
    height_m, row, column, eye_m, row_spacing_m, column_spacing_m, radius_m, quadrant, out_m
):
    """One quadrant of `rays`: 0 above, 1 below, 2 left, 3 right of the observer.

    The four write different cells, so threads may share them out; together they fill all but the
    observer's own cell.
    """
    step = -1 if quadrant % 2 == 0 else 1
    if quadrant < 2:
        _rays_along_rows(
            height_m, row, column, eye_m, step, row_spacing_m, column_spacing_m, radius_m, out_m
        )
    else:
        _rays_along_columns(
            height_m, row, column, eye_m, step, column_spacing_m, row_spacing_m, radius_m, out_m
        )


@kernel
def rays(height_m, row, column, eye_m, row_spacing_m, column_spacing_m, radius_m, out_m):
    """Accurate viewshed: the lowest visible altitude (m) over every cell, by rays to the border.

    Arguments as in `sweep`. A ray takes the bilinear height on every ring and halfway between
    rings, eight times a ring near the eye; the last cell of each sight line is exact (`_own_side`).
    About 99.9 % of cells or more agree with exact profiles of the bilinear surface on real relief
    (benchmarks/viewshed.py).
    """
    out_m[row, column] = height_m[row, column]
    for quadrant in range(4):
        rays_quadrant(
            height_m,
            row,
            column,
            eye_m,
            row_spacing_m,
            column_spacing_m,
            radius_m,
            quadrant,
            out_m,
        )
