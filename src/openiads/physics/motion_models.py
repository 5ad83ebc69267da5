"""Motion models of one target for interacting filters: transitions on rows of up to nine states.

A row starts with (px, py, pz, vx, vy, vz), m and m/s, in a level frame (z up). What follows is the
model's own: nothing (constant velocity), a turn rate in rad/s (coordinated turn), an acceleration
(3) in m/s2 (constant acceleration), or the logarithm of the ballistic coefficient m / (Cd A) in
kg/m2 (ballistic flight). Covariances are full (9, 9); of both only the model's states count.

References: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and
Navigation, 2001 ("BLK"); Li and Jilkov, "Survey of maneuvering target tracking", parts I (IEEE
Trans. AES 39(4), 2003) and II (Proc. SPIE 4473, 2001: ballistic targets).
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

CV, CT, CA, BALLISTIC = 0, 1, 2, 3
"""Constant velocity, coordinated turn, constant acceleration, ballistic flight with drag."""

MOST_STATES = 9

_MU_M3PS2 = 3.986004418e14
"""Geocentric gravitational constant (TR8350.2 table 3.1)."""
_G_MPS2 = 9.80665

_AIR_KGM3, _AIR_SCALE_M = 1.752, 6700.0
"""Exponential air of re-entry: 0.0034 slug/ft3 and 22,000 ft (Allen and Eggers, NACA Report 1381,
1958, p. 3); within 10 % of the US Standard Atmosphere 1976 from 25 to 50 km, where drag matters to
a fast body. Below 10 km it is up to 1.4 times too dense, which the ballistic coefficient takes
up."""

_STEP_S = 2.5
"""Longest Runge-Kutta step of ballistic flight (assumed: at 3 km/s and 20 km height, with 5,000
kg/m2, the position after 10 s is within 1 m of steps of 0.1 s)."""


@kernel(borrows=True)
def model_states(kind):
    """How many states the model ``kind`` has."""
    if kind == CV:
        return 6
    return 9 if kind == CA else 7


@kernel(borrows=True)
def turn(x, dt_s):
    """Move a row by a level turn of its own rate w = x[6], from +x to +y; see `coordinated_turn`.

    x' = x + sin(wT)/w vx - (1 - cos(wT))/w vy and so on (BLK eq. 11.7.1-4).
    """
    t = dt_s
    angle = x[6] * t
    s, c = math.sin(angle), math.cos(angle)
    if abs(angle) > 1e-4:
        along, aside = s / x[6], (1.0 - c) / x[6]
    else:
        along, aside = t * (1.0 - angle * angle / 6.0), 0.5 * t * angle
    vx, vy = x[3], x[4]
    x[0] += along * vx - aside * vy
    x[1] += aside * vx + along * vy
    x[2] += t * x[5]
    x[3] = c * vx - s * vy
    x[4] = s * vx + c * vy


@kernel(borrows=True)
def ballistic_slope(px, py, pz, vx, vy, vz, drag_area_m2pkg, earth_radius_m, most_ps):
    """Acceleration (3) of a body under gravity and drag, m/s2.

    a = -mu r / |r|^3 - rho(h) |v| v Cd A / (2 m), with r from the centre of a sphere that the
    frame's z = 0 touches at its origin (``earth_radius_m`` 0: flat, -g0 e_z), and exponential air.
    Drag is bounded by ``most_ps`` times the velocity, 1/s, beyond which a step would not be stable.
    The Earth's turning is left out (2 w v: 0.3 m/s2 at 2 km/s, for the process noise).
    Reference: Li and Jilkov 2001, part II, eq. 11.
    """
    if earth_radius_m > 0.0:
        up = pz + earth_radius_m
        far = math.sqrt(px * px + py * py + up * up)
        height = far - earth_radius_m
        pull = -_MU_M3PS2 / (far * far * far)
        ax, ay, az = pull * px, pull * py, pull * up
    else:
        height = pz
        ax, ay, az = 0.0, 0.0, -_G_MPS2
    if height < 20.0 * _AIR_SCALE_M:
        density = _AIR_KGM3 * math.exp(-max(height, 0.0) / _AIR_SCALE_M)
        speed = math.sqrt(vx * vx + vy * vy + vz * vz)
        k = min(0.5 * density * speed * drag_area_m2pkg, most_ps)
        ax -= k * vx
        ay -= k * vy
        az -= k * vz
    return ax, ay, az


@kernel(borrows=True)
def fall(x, dt_s, earth_radius_m):
    """Move a row by ``dt_s`` of ballistic flight, x[6] = ln(m / (Cd A)); Runge-Kutta of order 4."""
    drag = math.exp(-min(max(x[6], 0.0), 15.0))
    steps = max(1, math.ceil(abs(dt_s) / _STEP_S))
    h = dt_s / steps
    e, m = earth_radius_m, 1.0 / abs(h) if h != 0.0 else 0.0
    for _ in range(steps):
        px, py, pz, vx, vy, vz = x[0], x[1], x[2], x[3], x[4], x[5]
        a0, a1, a2 = ballistic_slope(px, py, pz, vx, vy, vz, drag, e, m)
        f = 0.5 * h
        ux, uy, uz = vx + f * a0, vy + f * a1, vz + f * a2
        b0, b1, b2 = ballistic_slope(px + f * vx, py + f * vy, pz + f * vz, ux, uy, uz, drag, e, m)
        wx, wy, wz = vx + f * b0, vy + f * b1, vz + f * b2
        c0, c1, c2 = ballistic_slope(px + f * ux, py + f * uy, pz + f * uz, wx, wy, wz, drag, e, m)
        sx, sy, sz = vx + h * c0, vy + h * c1, vz + h * c2
        d0, d1, d2 = ballistic_slope(px + h * wx, py + h * wy, pz + h * wz, sx, sy, sz, drag, e, m)
        x[0] += h * (vx + 2.0 * (ux + wx) + sx) / 6.0
        x[1] += h * (vy + 2.0 * (uy + wy) + sy) / 6.0
        x[2] += h * (vz + 2.0 * (uz + wz) + sz) / 6.0
        x[3] += h * (a0 + 2.0 * (b0 + c0) + d0) / 6.0
        x[4] += h * (a1 + 2.0 * (b1 + c1) + d1) / 6.0
        x[5] += h * (a2 + 2.0 * (b2 + c2) + d2) / 6.0


@kernel(borrows=True)
def glide_straight(x, P, dt_s):
    """Exact mean and F P F^T of constant velocity, in place."""
    t = dt_s
    for a in range(3):
        x[a] += t * x[a + 3]
    for a in range(3):
        for b in range(6):
            P[a, b] += t * P[a + 3, b]
    for b in range(3):
        for a in range(6):
            P[a, b] += t * P[a, b + 3]


@kernel(borrows=True)
def accelerate(x, P, dt_s):
    """Exact mean and F P F^T of constant acceleration, in place (BLK eq. 6.2.3-6)."""
    t = dt_s
    h = 0.5 * t * t
    for a in range(3):
        x[a] += t * x[a + 3] + h * x[a + 6]
        x[a + 3] += t * x[a + 6]
    for a in range(3):
        for b in range(9):
            P[a, b] += t * P[a + 3, b] + h * P[a + 6, b]
    for a in range(3, 6):
        for b in range(9):
            P[a, b] += t * P[a + 3, b]
    for a in range(9):
        for b in range(3):
            P[a, b] += t * P[a, b + 3] + h * P[a, b + 6]
    for a in range(9):
        for b in range(3, 6):
            P[a, b] += t * P[a, b + 3]


@kernel(borrows=True)
def add_noise(P, dt_s, q_m2ps3):
    """Add the noise of white acceleration, q [[T^3/3, T^2/2], [T^2/2, T]] on each axis."""
    size = abs(dt_s)
    for a in range(3):
        P[a, a] += q_m2ps3 * size * size * size / 3.0
        P[a, a + 3] += 0.5 * q_m2ps3 * dt_s * dt_s
        P[a + 3, a] += 0.5 * q_m2ps3 * dt_s * dt_s
        P[a + 3, a + 3] += q_m2ps3 * size


@kernel(borrows=True)
def add_jerk(P, dt_s, q_m2ps5):
    """Add the noise of white jerk to the nine states of constant acceleration (BLK 6.2.3-7)."""
    t = abs(dt_s)
    t2 = t * t
    for a in range(3):
        P[a, a] += q_m2ps5 * t2 * t2 * t / 20.0
        P[a, a + 3] += q_m2ps5 * t2 * t2 / 8.0
        P[a + 3, a] += q_m2ps5 * t2 * t2 / 8.0
        P[a, a + 6] += q_m2ps5 * t2 * t / 6.0
        P[a + 6, a] += q_m2ps5 * t2 * t / 6.0
        P[a + 3, a + 3] += q_m2ps5 * t2 * t / 3.0
        P[a + 3, a + 6] += q_m2ps5 * t2 / 2.0
        P[a + 6, a + 3] += q_m2ps5 * t2 / 2.0
        P[a + 6, a + 6] += q_m2ps5 * t


@kernel(borrows=True)
def cholesky(P, root, n):
    """Lower triangular ``root`` with root root^T = P, of the first ``n`` rows; others untouched.

    A pivot that rounding has made negative counts as 0: the state is known along it.
    """
    for a in range(n):
        for b in range(a + 1):
            total = P[a, b]
            for k in range(b):
                total -= root[a, k] * root[b, k]
            if a == b:
                root[a, a] = math.sqrt(max(total, 0.0))
            else:
                root[a, b] = total / root[b, b] if root[b, b] > 0.0 else 0.0


@kernel(borrows=True)
def cubature_move(kind, x, P, dt_s, earth_radius_m, work):
    """Mean and covariance of a seven-state row after a turn or a fall, by 14 cubature points.

    As `openiads.physics.motion.cubature_predict`, without noise; in place.

    Args: x (9,), P (9, 9); work (23, 9), of which rows 0 to 6 take the root and 7 to 20 the points.
    Reference: Arasaratnam and Haykin, "Cubature Kalman filters", IEEE Trans. AC 54(6), 2009.
    """
    n = 7
    cholesky(P, work, n)
    scale = math.sqrt(n)
    for k in range(n):
        for a in range(n):
            step = scale * work[a, k] if a >= k else 0.0
            work[n + k, a] = x[a] + step
            work[2 * n + k, a] = x[a] - step
    for k in range(n, 3 * n):
        if kind == CT:
            turn(work[k], dt_s)
        else:
            fall(work[k], dt_s, earth_radius_m)
    for a in range(n):
        total = 0.0
        for k in range(n, 3 * n):
            total += work[k, a]
        x[a] = total / (2 * n)
    for a in range(n):
        for k in range(n, 3 * n):
            work[k, a] -= x[a]
    for a in range(n):
        for b in range(a + 1):
            total = 0.0
            for k in range(n, 3 * n):
                total += work[k, a] * work[k, b]
            P[a, b] = total / (2 * n)
            P[b, a] = P[a, b]


@kernel(borrows=True)
def model_predict(kind, x, P, dt_s, q_m2ps3, q_m2ps5, drag_noise_ps, earth_radius_m, work):
    """Predict a row under the model ``kind`` by ``dt_s``, in place.

    Acceleration noise q (m2/s3) drives all but constant acceleration, which jerk noise (m2/s5)
    drives; the turn rate wanders as that jerk across the speed, q / v^2 (rad2/s3), the logarithm
    of the ballistic coefficient by ``drag_noise_ps`` (1/s).

    Args: x (9,), P (9, 9), work (23, 9).
    Validated by tests/validation/test_interacting_models.py.
    """
    if kind == CV:
        glide_straight(x, P, dt_s)
        add_noise(P, dt_s, q_m2ps3)
    elif kind == CA:
        accelerate(x, P, dt_s)
        add_jerk(P, dt_s, q_m2ps5)
    else:
        cubature_move(kind, x, P, dt_s, earth_radius_m, work)
        add_noise(P, dt_s, q_m2ps3)
        if kind == CT:
            P[6, 6] += q_m2ps5 * abs(dt_s) / max(x[3] * x[3] + x[4] * x[4], 2500.0)
        else:
            P[6, 6] += drag_noise_ps * abs(dt_s)
