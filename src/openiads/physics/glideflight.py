"""Glide flight in the vertical plane, sampled at even times: glide until the dive, then the dive.

The law is `openiads.physics.dynamics.glide_rates`.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics.dynamics import GLIDE, rates
from openiads.physics.integrate import advance


@kernel
def glide_track(state, par, dive_sight_rad, step_s, dive_step_s, times, states, rate):
    """Fly ``state`` (s, h, V, γ) to the aim; returns (samples, first of the dive, speed there).

    Every ``step_s``, then every ``dive_step_s``, the time, state and rate are written to ``times``
    (n,), ``states`` (n, 4) and ``rate`` (n, 4). The dive begins where the aim lies
    ``dive_sight_rad`` below the horizontal. Ends at the aim's height; returns 0 samples where the
    flight misses. The speed is 0 where it slows below 600 m/s or comes down before the dive, and
    +inf where it passes over the aim.
    """
    y, new, k = state.copy(), np.empty(4), np.empty((7, 4))
    atol = np.array([1e-2, 1e-2, 1e-4, 1e-8])
    par = par.copy()
    par[3] = 0.0
    t, h, dive, speed = 0.0, 0.1, 0, 0.0
    for i in range(len(times)):
        rates(GLIDE, t, y, par, k[0])
        times[i] = t
        for j in range(4):
            states[i, j] = y[j]
            rate[i, j] = k[0, j]
        along, down = par[4] - y[0], y[1] - par[5]
        if down <= 0.0:
            return (i + 1 if dive > 0 else 0), dive, speed
        if along <= 0.0 or (dive == 0 and y[2] < 600.0):
            return 0, dive, (math.inf if along <= 0.0 and dive == 0 else speed)
        if dive == 0 and math.atan2(down, along) >= dive_sight_rad:
            dive, speed = i, y[2]
            par[3] = 1.0
        span = dive_step_s if dive > 0 else step_s
        if dive > 0:
            # The last step ends at the aim, seen along the path.
            span = min(span, max(math.hypot(along, down) / y[2], 1e-4))
        h = advance(GLIDE, t, t + span, y, par, 1e-8, atol, max(h, 1e-3), k, new)
        if dive > 0 and math.hypot(par[4] - y[0], y[1] - par[5]) < 5.0:
            par[5] = y[1]
        t += span
    return 0, dive, speed
