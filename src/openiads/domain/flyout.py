"""Interceptor fly-out: the table of fastest flights of a missile, and its look-up.

A published missile gives a top speed, a range and an altitude. `calibrate` finds the motor of a
generic family that has exactly these (`openiads.domain.calibration`); `flyout_table` flies it to
every (down-range, altitude) and keeps the fastest flight, its end speed and the manoeuvre margin
left there; `flyout_time` looks up in some tens of nanoseconds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from openiads.domain.calibration import calibrate, top_speed
from openiads.domain.motor import (
    ASSUMED,
    Motor,
    limits_of,
    lofts_of,
    reach,
    start_of,
    workspace,
)
from openiads.kernel import kernel

__all__ = [
    "ASSUMED",
    "FlyoutTable",
    "Motor",
    "calibrate",
    "flyout_table",
    "flyout_time",
    "top_speed",
]


class FlyoutTable(NamedTuple):
    """Fastest flights to points of a vertical plane, from a launcher at height 0.

    ``down_range_m`` (nr,) is measured along the ground, ``altitude_m`` (na,) above it; ``time_s``,
    ``speed_mps`` and ``margin`` (na, nr) are the time from launch, the end speed and the lateral
    acceleration left in g. Outside the kinematic boundary the time is +inf, speed and margin 0;
    the launcher itself, (0, 0), has the time of ignition, so that the cell around it is not lost.
    Both axes are uniform, starting at 0, so that a look-up is two multiplications.
    """

    down_range_m: np.ndarray
    altitude_m: np.ndarray
    time_s: np.ndarray
    speed_mps: np.ndarray
    margin: np.ndarray


@kernel
def _fill(down_range, altitude, par, start, lofts, limits, time, speed, margin):
    """Fill the tables (na, nr) with the fastest flights, row by row outwards.

    Time grows with range, so where it does not the climb from the neighbour's flight had stuck
    on a lesser peak: those points are searched again from scratch.
    """
    work, guess, best = workspace()
    for i in range(len(altitude)):
        guess[0] = -1
        for j in range(len(down_range)):
            reach(down_range[j], altitude[i], par, start, lofts, limits, work, guess, best)
            _keep(i, j, best, time, speed, margin)
        for j in range(len(down_range) - 2, -1, -1):
            if math.inf > time[i, j] > time[i, j + 1]:
                guess[0] = -1
                reach(down_range[j], altitude[i], par, start, lofts, limits, work, guess, best)
                _keep(i, j, best, time, speed, margin)
        _mend(i, time, speed, margin)


@kernel
def _mend(i, time, speed, margin):
    """Fill what lies between reached points of a row by linear interpolation along it.

    A missile that reaches a distance at an altitude can spend its energy on the way to a nearer
    one; a gap between reached points is one of the grid of launch and dive angles that is
    searched, not of the missile (assumed; what lies beyond the last reached point stays out).
    """
    n = time.shape[1]
    last = -1
    for j in range(n):
        if time[i, j] == math.inf:
            continue
        for k in range(last + 1, j):
            if last < 0:
                break
            share = (k - last) / (j - last)
            time[i, k] = time[i, last] + share * (time[i, j] - time[i, last])
            speed[i, k] = speed[i, last] + share * (speed[i, j] - speed[i, last])
            margin[i, k] = margin[i, last] + share * (margin[i, j] - margin[i, last])
        last = j


@kernel
def _keep(i, j, best, time, speed, margin):
    if best[0] < math.inf:
        time[i, j], speed[i, j], margin[i, j] = best[0], best[1], best[2]
    else:
        time[i, j], speed[i, j], margin[i, j] = math.inf, 0.0, 0.0


def flyout_table(motor, ranges=51, altitudes=21):
    """Fly ``motor`` to every point of a grid: the `FlyoutTable` of shape (altitudes, ranges).

    The grid runs from 0 to the published range and altitude. For each point the launch angles
    `lofts_of` above the line of sight are flown with the planar law under proportional navigation,
    and the fastest flight that arrives with the least margin and speed of the motor's constants is
    kept. Published minimum range and altitude are not cut out: the caller knows them.
    """
    down_range = np.linspace(0.0, motor.range_max_m, ranges)
    altitude = np.linspace(0.0, motor.altitude_max_m, altitudes)
    shape = (altitudes, ranges)
    time, speed, margin = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
    _fill(
        down_range,
        altitude,
        motor.vector(),
        start_of(motor),
        lofts_of(motor),
        limits_of(motor),
        time,
        speed,
        margin,
    )
    if not time[0, 0] < math.inf:
        time[0, 0] = motor.constants["ignition_s"]
        speed[0, 0] = motor.constants["ejection_speed_mps"]
    return FlyoutTable(down_range, altitude, time, speed, margin)


@kernel(borrows=True)
def flyout_time(down_range_axis, altitude_axis, time_s, speed_mps, down_range_m, altitude_m):
    """Time of flight and end speed to a point, bilinear: (time_s, speed_mps); (inf, 0) outside.

    The axes (nr,), (na,) are uniform and start at 0; the tables are (na, nr). A cell with a corner
    outside the kinematic boundary is outside, except on its reached edges.
    """
    nr, na = len(down_range_axis), len(altitude_axis)
    across = down_range_m / down_range_axis[1]
    up = altitude_m / altitude_axis[1]
    if not (0.0 <= across <= nr - 1 and 0.0 <= up <= na - 1):
        return math.inf, 0.0
    i, j = min(int(up), na - 2), min(int(across), nr - 2)
    fu, fa = up - i, across - j
    time, speed = 0.0, 0.0
    for di in range(2):
        for dj in range(2):
            weight = (fu if di else 1.0 - fu) * (fa if dj else 1.0 - fa)
            if weight > 0.0:
                time += weight * time_s[i + di, j + dj]
                speed += weight * speed_mps[i + di, j + dj]
    if time < math.inf:
        return time, speed
    return math.inf, 0.0
