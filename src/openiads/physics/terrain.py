"""Terrain: the height of a grid between its points, exact lines of sight, horizons.

The ground is the bilinear surface through a grid of heights; a line of sight is straight over an
effective Earth that falls away by s^2 / (2 a) (ITU-R P.526; at 400 km that parabola is 0.02 % of
the drop from the sphere). A grid is a 2-D array, row 0 in the north, columns eastward; places on it
are fractional (row, column). Whole-area tables are in `openiads.physics.viewshed`.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel
def bilinear_height_m(height_m, row, column):
    """Height of the ground between four grid points; the border's beyond the grid.

    height_m: (rows, columns), at least 2 by 2; row, column: fractional places.
    """
    rows, columns = height_m.shape
    y = min(max(row, 0.0), rows - 1.0)
    x = min(max(column, 0.0), columns - 1.0)
    i = min(int(y), rows - 2)
    j = min(int(x), columns - 2)
    return _patch(height_m, i, j, y - i, x - j)


@kernel
def _patch(height_m, i, j, fy, fx):
    # The grid may be single precision; the sight line is not.
    upper = float(height_m[i, j])
    lower = float(height_m[i + 1, j])
    upper += fx * (float(height_m[i, j + 1]) - upper)
    lower += fx * (float(height_m[i + 1, j + 1]) - lower)
    return upper + fy * (lower - upper)


@kernel
def _crossing(start, rate, cells):
    """Distance to the next grid line after ``cells`` lines have been crossed; inf when level."""
    if rate > 0.0:
        return (math.floor(start) + 1.0 + cells - start) / rate
    if rate < 0.0:
        return (math.ceil(start) - 1.0 - cells - start) / rate
    return math.inf


@kernel
def _steepest(near, z_near, z_middle, far, z_far, eye_m, bend):
    """Greatest (z - eye)/s - bend s on one cell of the profile, and the distance s where it is.

    Along a straight line a bilinear surface is a parabola, z - eye = a + b s + c s^2, so the slope
    is a/s + b + (c - bend) s: the top is at an end or at s = sqrt(a / (c - bend)).
    """
    best = (z_far - eye_m) / far - bend * far
    where = far
    if near > 0.0:
        slope = (z_near - eye_m) / near - bend * near
        if slope > best:
            best, where = slope, near
    width = far - near
    curve = 2.0 * (z_near + z_far - 2.0 * z_middle) / (width * width)
    tilt = (z_far - z_near) / width - curve * (far + near)
    level = z_near - eye_m - (tilt + curve * near) * near
    net = curve - bend
    if level < 0.0 and net < 0.0:
        top = math.sqrt(level / net)
        if near < top < far:
            slope = level / top + tilt + net * top
            if slope > best:
                best, where = slope, top
    return best, where


@kernel
def walk(
    height_m, row, column, row_rate, column_rate, length_m, eye_m, radius_m, stop_slope, start_m=0.0
):
    """The steepest sight line to the ground along a straight path, exact for the bilinear surface.

    The path starts at (row, column) and moves by row_rate and column_rate cells per metre for
    length_m; the eye is eye_m above the datum over its start. Slopes are heights per distance with
    the Earth's fall taken off: (z - eye)/s - s/(2 a). Stops early once ``stop_slope`` is passed
    (infinity: never). Where the eye is off the grid, (row, column) is where the path enters it and
    ``start_m`` the distance from the eye to there; distances count from the eye. Returns (slope,
    distance_m of the steepest point); -inf for no length.
    """
    rows, columns = height_m.shape
    bend = 0.5 / radius_m
    best, where = -math.inf, 0.0
    crossed_rows, crossed_columns = 0, 0
    next_row = start_m + _crossing(row, row_rate, 0)
    next_column = start_m + _crossing(column, column_rate, 0)
    near, z_near = start_m, bilinear_height_m(height_m, row, column)
    end_m = start_m + length_m
    while near < end_m and best <= stop_slope:
        far = min(next_row, next_column, end_m)
        if next_row <= far:
            crossed_rows += 1
            next_row = start_m + _crossing(row, row_rate, crossed_rows)
        if next_column <= far:
            crossed_columns += 1
            next_column = start_m + _crossing(column, column_rate, crossed_columns)
        if far - near < 1e-9 * length_m:
            near = far
            continue
        middle = 0.5 * (near + far) - start_m
        y, x = row + row_rate * middle, column + column_rate * middle
        i = min(max(int(y), 0), rows - 2)
        j = min(max(int(x), 0), columns - 2)
        z_middle = _patch(height_m, i, j, y - i, x - j)
        y, x = row + row_rate * (far - start_m), column + column_rate * (far - start_m)
        z_far = _patch(height_m, i, j, y - i, x - j)
        slope, place = _steepest(near, z_near, z_middle, far, z_far, eye_m, bend)
        if slope > best:
            best, where = slope, place
        near, z_near = far, z_far
    return best, where


@kernel
def lowest_visible_m(height_m, row, column, eye_m, to_row, to_column, distance_m, radius_m):
    """Lowest altitude that an eye sees over a place: the greater of the ground and the horizon ray.

    eye_m: altitude above the datum over (row, column); distance_m: ground distance to
    (to_row, to_column), which may come from a geodesic; radius_m of the effective Earth, infinite
    for a flat one. Both places on the grid. Exact for the bilinear surface.
    """
    ground = bilinear_height_m(height_m, to_row, to_column)
    if distance_m <= 0.0:
        return ground
    rates = (to_row - row) / distance_m, (to_column - column) / distance_m
    slope = walk(height_m, row, column, rates[0], rates[1], distance_m, eye_m, radius_m, math.inf)[
        0
    ]
    return max(ground, eye_m + slope * distance_m + 0.5 * distance_m * distance_m / radius_m)


@kernel
def line_of_sight(height_m, row, column, eye_m, to_row, to_column, target_m, distance_m, radius_m):
    """Whether an eye sees a target over the terrain; exact, and quicker when it does not.

    target_m: altitude of the target above the datum; the rest as in `lowest_visible_m`. A target
    at or below the ground is not seen; touching the ground on the way is seeing.
    """
    if target_m < bilinear_height_m(height_m, to_row, to_column):
        return False
    if distance_m <= 0.0:
        return True
    slope = (target_m - eye_m) / distance_m - 0.5 * distance_m / radius_m
    rates = (to_row - row) / distance_m, (to_column - column) / distance_m
    # A target on the ground is the last point of its own profile: leave room for rounding.
    allowed = slope + 1e-12 * (1.0 + abs(slope))
    steepest = walk(
        height_m, row, column, rates[0], rates[1], distance_m, eye_m, radius_m, allowed
    )[0]
    return steepest <= allowed


@kernel
def terrain_horizon(
    height_m, row, column, eye_m, row_spacing_m, column_spacing_m, radius_m, elevation_rad, range_m
):
    """Elevation and distance of the terrain horizon around an eye, for evenly spaced azimuths.

    elevation_rad, range_m: arrays of the same length n, filled for azimuths 2 pi k / n clockwise
    from north; elevation (rad) above the horizontal, ground distance (m) of the point that sets
    it. The path ends at the border of the grid: what lies beyond is not known here.
    """
    rows, columns = height_m.shape
    count = len(elevation_rad)
    for k in range(count):
        azimuth = 2.0 * math.pi * k / count
        row_rate = -math.cos(azimuth) / row_spacing_m
        column_rate = math.sin(azimuth) / column_spacing_m
        length = math.inf
        if abs(row_rate) > 1e-12:
            length = (rows - 1 - row if row_rate > 0.0 else -row) / row_rate
        if abs(column_rate) > 1e-12:
            edge = columns - 1 - column if column_rate > 0.0 else -column
            length = min(length, edge / column_rate)
        slope, where = walk(
            height_m, row, column, row_rate, column_rate, length, eye_m, radius_m, math.inf
        )
        elevation_rad[k] = math.atan(slope)
        range_m[k] = where


@kernel
def _inside_span(at, rate, last):
    """(first, last) distances at which at + rate s lies in [0, last]; first > last if never."""
    if abs(rate) < 1e-15:
        return (0.0, math.inf) if 0.0 <= at <= last else (1.0, 0.0)
    a, b = -at / rate, (last - at) / rate
    return min(a, b), max(a, b)


@kernel
def clear_of_ground(
    height_m, row, column, eye_m, to_row, to_column, target_m, distance_m, radius_m
):
    """Whether the ground of a grid leaves the line from an eye to a target free.

    As `line_of_sight`, but both may lie off the grid: only the part of the path over the grid is
    walked, and what is off the grid hides nothing (the round Earth itself is the caller's matter).
    """
    rows, columns = height_m.shape
    on_grid = 0.0 <= to_row <= rows - 1 and 0.0 <= to_column <= columns - 1
    if on_grid and target_m < bilinear_height_m(height_m, to_row, to_column):
        return False
    if distance_m <= 0.0:
        return True
    row_rate, column_rate = (to_row - row) / distance_m, (to_column - column) / distance_m
    first, last = _inside_span(row, row_rate, rows - 1.0)
    left, right = _inside_span(column, column_rate, columns - 1.0)
    start, end = max(first, left, 0.0), min(last, right, distance_m)
    if start >= end:
        return True
    slope = (target_m - eye_m) / distance_m - 0.5 * distance_m / radius_m
    allowed = slope + 1e-12 * (1.0 + abs(slope))
    steepest = walk(
        height_m,
        min(max(row + row_rate * start, 0.0), rows - 1.0),
        min(max(column + column_rate * start, 0.0), columns - 1.0),
        row_rate, column_rate, end - start, eye_m, radius_m, allowed, start,
    )[0]  # fmt: skip
    return steepest <= allowed


@kernel
def clear_lines(
    height_m, row, column, eye_m, to_row, to_column, target_m, distance_m, radius_m, clear
):
    """`clear_of_ground` for many targets: to_row, to_column, target_m, distance_m (n,) -> clear."""
    for k in range(len(clear)):
        clear[k] = clear_of_ground(
            height_m, row, column, eye_m, to_row[k], to_column[k], target_m[k], distance_m[k],
            radius_m,
        )  # fmt: skip
