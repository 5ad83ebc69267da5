"""The adaptive Runge-Kutta 5(4) pair of Dormand and Prince, J. Comp. Appl. Math. 6 (1980) 19-26.

One step at a time on preallocated arrays, so that callers put in their own events. The law is
chosen by ``kind`` (`openiads.physics.dynamics.rates`).
"""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.dynamics import rates


@kernel
def rk_step(kind, t, h, y, par, k, new):
    """One trial step of size ``h`` from (t, y): writes ``new``, returns nothing; k[0] must be set.

    ``k`` (7, n) holds the stages; k[6] is the rate at the end, the next step's k[0] (FSAL).
    """
    n = len(y)
    for i in range(n):
        new[i] = y[i] + h * 0.2 * k[0, i]
    rates(kind, t + 0.2 * h, new, par, k[1])
    for i in range(n):
        new[i] = y[i] + h * (3.0 / 40.0 * k[0, i] + 9.0 / 40.0 * k[1, i])
    rates(kind, t + 0.3 * h, new, par, k[2])
    for i in range(n):
        new[i] = y[i] + h * (44.0 / 45.0 * k[0, i] - 56.0 / 15.0 * k[1, i] + 32.0 / 9.0 * k[2, i])
    rates(kind, t + 0.8 * h, new, par, k[3])
    for i in range(n):
        new[i] = y[i] + h * (
            19372.0 / 6561.0 * k[0, i]
            - 25360.0 / 2187.0 * k[1, i]
            + 64448.0 / 6561.0 * k[2, i]
            - 212.0 / 729.0 * k[3, i]
        )
    rates(kind, t + 8.0 / 9.0 * h, new, par, k[4])
    for i in range(n):
        new[i] = y[i] + h * (
            9017.0 / 3168.0 * k[0, i]
            - 355.0 / 33.0 * k[1, i]
            + 46732.0 / 5247.0 * k[2, i]
            + 49.0 / 176.0 * k[3, i]
            - 5103.0 / 18656.0 * k[4, i]
        )
    rates(kind, t + h, new, par, k[5])
    for i in range(n):
        new[i] = y[i] + h * (
            35.0 / 384.0 * k[0, i]
            + 500.0 / 1113.0 * k[2, i]
            + 125.0 / 192.0 * k[3, i]
            - 2187.0 / 6784.0 * k[4, i]
            + 11.0 / 84.0 * k[5, i]
        )
    rates(kind, t + h, new, par, k[6])


@kernel
def rk_error(h, y, new, k, rtol, atol):
    """The step's error relative to atol + rtol max(|y|, |new|), largest component; <= 1 accepts.

    ``atol`` (n,) is in the units of each component.
    """
    worst = 0.0
    for i in range(len(y)):
        error = h * (
            71.0 / 57600.0 * k[0, i]
            - 71.0 / 16695.0 * k[2, i]
            + 71.0 / 1920.0 * k[3, i]
            - 17253.0 / 339200.0 * k[4, i]
            + 22.0 / 525.0 * k[5, i]
            - 1.0 / 40.0 * k[6, i]
        )
        scaled = abs(error) / (atol[i] + rtol * max(abs(y[i]), abs(new[i])))
        if not scaled <= worst:
            worst = scaled
    return worst


@kernel
def next_step(h, error):
    """The next step size: 0.9 h error^(-1/5), between a fifth and five times ``h``."""
    if not error < 1e10:
        return 0.2 * h
    return h * min(5.0, max(0.2, 0.9 * (error + 1e-12) ** -0.2))


@kernel
def advance(kind, t, t_end, y, par, rtol, atol, h, k, new):
    """Integrate ``y`` in place from ``t`` to ``t_end``; returns the last step size to go on with.

    The right-hand side must be smooth in between: call it once for each phase. ``k`` (7, n) and
    ``new`` (n,) are work space.
    """
    rates(kind, t, y, par, k[0])
    h = min(h, t_end - t)
    while t < t_end:
        last = t + h >= t_end * (1.0 - 1e-15)
        if last:
            h = t_end - t
        rk_step(kind, t, h, y, par, k, new)
        error = rk_error(h, y, new, k, rtol, atol)
        if error <= 1.0:
            t = t_end if last else t + h
            for i in range(len(y)):
                y[i] = new[i]
                k[0, i] = k[6, i]
            if last:
                return max(h, next_step(h, error))
        h = next_step(h, error)
        if h < 1e-9:
            return math.nan
    return h
