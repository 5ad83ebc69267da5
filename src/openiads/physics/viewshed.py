"""The lowest altitude that an observer sees over every cell of a terrain grid, in one pass.

One table serves every target: a target at altitude A over a cell is seen where A is at least the
table's value. Two methods, both linear in the number of cells:

* `sweep`, fast: each ring of cells takes its horizon from the ring inside it, by interpolation
  between the two cells that the sight line passes (XDraw: W. R. Franklin, C. K. Ray and S. Mehta,
  "Geometric algorithms for siting of air defense missile batteries", 1994). One pass over the rows.
* `rays`, accurate: rays to every cell of the border carry their own horizon, and a cell takes that
  of the rays beside it (the R2 method of the same report), so nothing is smoothed on the way.

Both work on heights per ring (a plane through the observer is linear there, so no square root is
needed), in single precision: 0.01 m at 100 km. The grid is metric with square or oblong cells, the
observer stands over a cell's centre, and the Earth falls away by s^2 / (2 a).
"""

from __future__ import annotations

import numpy as np

from openiads.kernel import kernel

_NOTHING = np.float32(-1e30)  # the horizon where there is nothing yet; finite, for weights of 0
_ONE = np.float32(1.0)
_STRIP = 16


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
def _wedge(height, out, prev, cur, away, fall, centre, k, base):
    """Ring k of the wedge above or below the observer, where |column| <= k: from the last row."""
    kf = np.float32(k)
    inverse_k = _ONE / kf
    last = len(height) - 1
    low, high = max(0, centre - k), min(last, centre + k)
    for i in range(low, centre):
        z = height[i]
        eye = base + fall[i]
        h = prev[i] + away[i] * inverse_k * (prev[i + 1] - prev[i])
        y = (z - eye) * inverse_k
        cur[i] = y if y > h else h
        seen = eye + h * kf
        out[i] = z if z > seen else seen
    for i in range(centre + 1, high + 1):
        z = height[i]
        eye = base + fall[i]
        h = prev[i] + away[i] * inverse_k * (prev[i - 1] - prev[i])
        y = (z - eye) * inverse_k
        cur[i] = y if y > h else h
        seen = eye + h * kf
        out[i] = z if z > seen else seen
    z = height[centre]
    y = (z - base) * inverse_k
    h = prev[centre]
    cur[centre] = y if y > h else h
    seen = base + h * kf
    out[centre] = z if z > seen else seen


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


@kernel
def _ring(height, out, centre, k, count, base, fall_unit, edge, horizon):
    """Ring k of one quadrant of `rays`: cells |minor| <= k - edge answer, then the rays go on."""
    last = len(height) - 1
    kf = np.float32(k)
    inverse_k = _ONE / kf
    per_cell = np.float32(count / k)
    reach = k - edge
    middle = np.float32(count)
    for i in range(max(0, centre - reach), min(last, centre + reach) + 1):
        m = np.float32(i - centre)
        p = middle + m * per_cell
        j = int(p)
        f = p - np.float32(j)
        h = horizon[j] + f * (horizon[j + 1] - horizon[j])
        z = height[i]
        seen = base + fall_unit * m * m + h * kf
        out[i] = z if z > seen else seen
    per_ray = np.float32(k / count)
    low = max(0, count - int(centre * (count / k)))
    high = min(2 * count, count + int((last - centre) * (count / k)))
    shift = np.float32(centre)
    for j in range(low, high + 1):
        m = np.float32(j - count) * per_ray
        p = m + shift
        i = min(int(p), last - 1)
        f = p - np.float32(i)
        z = height[i] + f * (height[i + 1] - height[i])
        y = (z - base - fall_unit * m * m) * inverse_k
        if y > horizon[j]:
            horizon[j] = y


@kernel
def _rays_along_rows(height_m, row, column, eye_m, step, along_m, across_m, radius_m, out_m):
    """The quadrant of `rays` above (step -1) or below (step 1) the observer, diagonals included."""
    count = len(height_m) - 1 - row if step > 0 else row
    horizon = np.full(2 * count + 3, _NOTHING, np.float32)
    unit = np.float32(across_m * across_m / (2.0 * radius_m))
    for k in range(1, count + 1):
        r = row + step * k
        base = np.float32(eye_m + (k * along_m) ** 2 / (2.0 * radius_m))
        _ring(height_m[r], out_m[r], column, k, count, base, unit, 0, horizon)


@kernel
def _rays_along_columns(height_m, row, column, eye_m, step, along_m, across_m, radius_m, out_m):
    """The quadrant beside the observer: strips of columns are turned so that rings are rows."""
    rows, columns = height_m.shape
    count = columns - 1 - column if step > 0 else column
    horizon = np.full(2 * count + 3, _NOTHING, np.float32)
    unit = np.float32(across_m * across_m / (2.0 * radius_m))
    turned = np.empty((_STRIP, rows), np.float32)
    answer = np.empty((_STRIP, rows), np.float32)
    for start in range(1, count + 1, _STRIP):
        size = min(_STRIP, count + 1 - start)
        reach = start + size
        low, high = max(0, row - reach), min(rows - 1, row + reach)
        first = column + start if step > 0 else column - start - size + 1
        for r in range(low, high + 1):
            for q in range(size):
                turned[q, r] = height_m[r, first + q]
        for k in range(start, start + size):
            q = k - start if step > 0 else start + size - 1 - k
            base = np.float32(eye_m + (k * along_m) ** 2 / (2.0 * radius_m))
            _ring(turned[q], answer[q], row, k, count, base, unit, 1, horizon)
        for r in range(low, high + 1):
            away = abs(r - row)
            for q in range(size):
                k = start + q if step > 0 else start + size - 1 - q
                if away < k:
                    out_m[r, first + q] = answer[q, r]


@kernel
def rays(height_m, row, column, eye_m, row_spacing_m, column_spacing_m, radius_m, out_m):
    """Accurate viewshed: the lowest visible altitude (m) over every cell, by rays to the border.

    Arguments as in `sweep`. Heights along a ray are linear between the two grid points that it
    passes on each ring. At least 99.85 % of cells agree with exact profiles (benchmarks/viewshed.py).
    """  # noqa: E501
    out_m[row, column] = height_m[row, column]
    for step in (-1, 1):
        _rays_along_rows(
            height_m, row, column, eye_m, step, row_spacing_m, column_spacing_m, radius_m, out_m
        )
        _rays_along_columns(
            height_m, row, column, eye_m, step, column_spacing_m, row_spacing_m, radius_m, out_m
        )
