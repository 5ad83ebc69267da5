"""Slowing in air of one density: two motions with quadratic drag that have closed forms.

The equation of a body of ballistic coefficient beta = m / (Cd A) in air of density rho,

    dv/dt = -k |v| v - g,      k = rho / (2 beta),

has none in general. Without gravity, and from rest straight down, it has. Reference: Taylor,
Classical Mechanics, University Science Books, 2005, section 2.4 (quadratic air resistance:
horizontal motion, and vertical motion with drag).
"""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel(inline="always", borrows=True)
def coasted(speed_mps: float, rate_pm: float, time_s: float) -> tuple[float, float]:
    """(distance m, speed m/s) of a body that drag alone slows, after ``time_s`` >= 0.

    s = ln(1 + k v t) / k, ds/dt = v / (1 + k v t); v ``speed_mps`` >= 0 at first, k ``rate_pm`` > 0
    (1/m).

    >>> [round(x, 3) for x in coasted(100.0, 0.01, 10.0)]
    [239.79, 9.091]
    """
    slows = rate_pm * speed_mps * time_s
    return math.log1p(slows) / rate_pm, speed_mps / (1.0 + slows)


@kernel(inline="always", borrows=True)
def sunk(gravity_mps2: float, rate_pm: float, time_s: float) -> tuple[float, float]:
    """(distance m, speed m/s) of a fall from rest through air, after ``time_s`` >= 0.

    y = (V^2 / g) ln cosh(g t / V), dy/dt = V tanh(g t / V), V = sqrt(g / k) the terminal speed; k
    ``rate_pm`` > 0 (1/m).

    >>> [round(x, 3) for x in sunk(10.0, 0.001, 3.0)]
    [44.348, 29.131]
    """
    terminal = math.sqrt(gravity_mps2 / rate_pm)
    a = gravity_mps2 * time_s / terminal
    log_cosh = a + math.log1p(math.exp(-2.0 * a)) - math.log(2.0)
    return log_cosh / rate_pm, terminal * math.tanh(a)
