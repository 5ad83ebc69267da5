"""Free flight over the turning Earth: to given times, to apogee and to the ground.

The law is `openiads.physics.dynamics.earth_fixed_rates`; states are (x, y, z, vx, vy, vz) in
Earth-fixed axes.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics.dynamics import EARTH_FIXED, rates
from openiads.physics.geodesy import latitude_height
from openiads.physics.integrate import advance, next_step, rk_error, rk_step


@kernel
def free_states(state, beta_inverse, times_s, out):
    """States (n, 6) at increasing times ``times_s`` (n,) after ``state`` (6,) at 0, into ``out``.

    ``beta_inverse`` is 1/β in m²/kg, 0 for no air. The error of a step stays below some 10 µm.
    """
    y, new, k = state.copy(), np.empty(6), np.empty((7, 6))
    atol = np.array([1e-5, 1e-5, 1e-5, 1e-7, 1e-7, 1e-7])
    par = np.array([beta_inverse])
    t, h = 0.0, 1.0
    for i in range(len(times_s)):
        if times_s[i] > t:
            h = advance(EARTH_FIXED, t, times_s[i], y, par, 1e-12, atol, max(h, 1e-2), k, new)
            t = times_s[i]
        for j in range(6):
            out[i, j] = y[j]


@kernel
def states_between(grid_s, grid, beta_inverse, times_s, out):
    """States (n, 6) at any times, each flown on from the last of the states ``grid`` (m, 6) before.

    ``grid_s`` (m,) are the grid's times. One time gives one state whatever else is asked, to the
    last digit: what `openiads.domain.knots.refine` needs of a law.
    """
    y, new, k = np.empty(6), np.empty(6), np.empty((7, 6))
    atol = np.array([1e-5, 1e-5, 1e-5, 1e-7, 1e-7, 1e-7])
    par = np.array([beta_inverse])
    for i in range(len(times_s)):
        at = min(max(np.searchsorted(grid_s, times_s[i], "right") - 1, 0), len(grid_s) - 1)
        for j in range(6):
            y[j] = grid[at, j]
        if times_s[i] > grid_s[at]:
            gap = times_s[i] - grid_s[at]
            advance(EARTH_FIXED, 0.0, gap, y, par, 1e-12, atol, gap, k, new)
        for j in range(6):
            out[i, j] = y[j]


@kernel
def _rise(y):
    """r · v: positive while going up."""
    return y[0] * y[3] + y[1] * y[4] + y[2] * y[5]


@kernel
def _height(y):
    return latitude_height(math.sqrt(y[0] * y[0] + y[1] * y[1]), y[2])[2]


@kernel
def fall(state, beta_inverse, ground_m, time_most_s, end):
    """Fly from ``state`` to the height ``ground_m`` on the way down: (time_s, apogee_m, apogee_s).

    Writes the state at the end into ``end`` (6,). NaN time where the ground is not reached within
    ``time_most_s`` (an orbit). Apogee is the height above the ellipsoid where r · v vanishes.
    """
    y, new, k = state.copy(), np.empty(6), np.empty((7, 6))
    atol = np.array([1e-5, 1e-5, 1e-5, 1e-7, 1e-7, 1e-7])
    par = np.array([beta_inverse])
    t, h = 0.0, 1.0
    apogee, apogee_s = _height(y), 0.0
    rates(EARTH_FIXED, t, y, par, k[0])
    while t < time_most_s:
        rk_step(EARTH_FIXED, t, h, y, par, k, new)
        error = rk_error(h, y, new, k, 1e-12, atol)
        if error > 1.0 or error != error:
            h = next_step(h, error)
            continue
        before, after = _rise(y), _rise(new)
        if before > 0.0 and after <= 0.0:
            part = _crossing(0, 0.0, before, after, t, h, y, par, k, new)
            apogee, apogee_s = _height(new), t + part
            rk_step(EARTH_FIXED, t, h, y, par, k, new)
        height = _height(new)
        if height <= ground_m and after <= 0.0:
            part = _crossing(1, ground_m, _height(y), height, t, h, y, par, k, new)
            for i in range(6):
                end[i] = new[i]
            return t + part, apogee, apogee_s
        t += h
        for i in range(6):
            y[i] = new[i]
            k[0, i] = k[6, i]
        h = min(next_step(h, error), 60.0)
    return math.nan, apogee, apogee_s


@kernel
def _crossing(which, level, left, right, t, h, y, par, k, new):
    """The part of the step at which r · v (0) or the height (1) passes ``level``; state in ``new``.

    Regula falsi with halving (Illinois), re-stepping from the start of the step.
    """
    low, high, f_low, f_high = 0.0, h, left - level, right - level
    part = h
    for _ in range(60):
        part = high - f_high * (high - low) / (f_high - f_low)
        rk_step(EARTH_FIXED, t, part, y, par, k, new)
        f = (_rise(new) if which == 0 else _height(new)) - level
        if abs(high - low) < 1e-9 or abs(f) < 1e-7:
            break
        if f > 0.0:
            low, f_low = part, f
            f_high *= 0.5
        else:
            high, f_high = part, f
            f_low *= 0.5
    return part
