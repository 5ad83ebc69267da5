"""Closed forms of intercept geometry: collision triangle, closest approach, time to go.

Straight lines and constant speeds. Validated in tests/validation/test_flyout.py.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel(elementwise=True)
def intercept_time(x, y, z, vx, vy, vz, speed_mps):
    """The first time at which a missile of constant speed can meet the target, s; NaN if never.

    |p + v t| = s t: the smallest root t >= 0 of (v·v - s²) t² + 2 p·v t + p·p = 0, p the target's
    position (m) from the launcher and v its velocity (m/s), s ``speed_mps``. Reference: Shneydor,
    Missile Guidance and Pursuit (1998), ch. 4 (collision course).
    """
    a = vx * vx + vy * vy + vz * vz - speed_mps * speed_mps
    b = x * vx + y * vy + z * vz
    c = x * x + y * y + z * z
    if c == 0.0:
        return 0.0
    if a == 0.0:
        return -0.5 * c / b if b < 0.0 else math.nan
    disc = b * b - a * c
    if disc < 0.0:
        return math.nan
    # Both roots without cancellation: q has the sign of b.
    q = -(b + math.copysign(math.sqrt(disc), b))
    first, second = q / a, (c / q if q != 0.0 else math.nan)
    low, high = min(first, second), max(first, second)
    if low >= 0.0:
        return low
    return high if high >= 0.0 else math.nan


@kernel(elementwise=True)
def intercept_point(x, y, z, vx, vy, vz, speed_mps):
    """Where and when a missile of constant speed first meets the target: (time_s, x, y, z).

    The target's place at `intercept_time`; NaN throughout where there is no such time.
    """
    t = intercept_time(x, y, z, vx, vy, vz, speed_mps)
    return t, x + vx * t, y + vy * t, z + vz * t


@kernel(elementwise=True)
def closest_approach(x, y, z, vx, vy, vz):
    """Time and distance of the closest approach of a relative motion: (time_s, miss_m).

    t = -p·v / v·v and |p + v t|, with p, v the relative position and velocity; a negative time is
    in the past. Without relative velocity: time 0 and the present distance.
    """
    square = vx * vx + vy * vy + vz * vz
    t = -(x * vx + y * vy + z * vz) / square if square > 0.0 else 0.0
    a, b, c = x + vx * t, y + vy * t, z + vz * t
    return t, math.sqrt(a * a + b * b + c * c)


@kernel(elementwise=True)
def boost_speed(exhaust_mps, mass_ratio, burn_time_s, gravity_mps2=0.0):
    """Speed at the end of a vertical boost in vacuum, m/s: c ln R - g t_b (Tsiolkovsky).

    c the effective exhaust speed, R initial over final mass, constant gravity.
    """
    return exhaust_mps * math.log(mass_ratio) - gravity_mps2 * burn_time_s


@kernel(elementwise=True)
def boost_height(exhaust_mps, mass_ratio, burn_time_s, gravity_mps2=0.0):
    """Height at the end of a vertical boost of constant thrust in vacuum, m.

    h = c t_b (1 - ln R / (R - 1)) - g t_b² / 2. Reference: Sutton, Rocket Propulsion Elements,
    ch. 4.
    """
    loss = math.log(mass_ratio) / (mass_ratio - 1.0)
    return exhaust_mps * burn_time_s * (1.0 - loss) - 0.5 * gravity_mps2 * burn_time_s**2


@kernel(elementwise=True)
def coast(speed_mps, time_s, density_kgm3, ballistic_coefficient_kgm2):
    """Level coast against quadratic drag without gravity: (speed_mps, distance_m).

    v = v0 / (1 + k v0 t), x = ln(1 + k v0 t) / k, k = ρ / (2 β). Uniform air, constant C_D.
    """
    k = 0.5 * density_kgm3 / ballistic_coefficient_kgm2
    if k == 0.0:
        return speed_mps, speed_mps * time_s
    slowed = k * speed_mps * time_s
    return speed_mps / (1.0 + slowed), math.log1p(slowed) / k
