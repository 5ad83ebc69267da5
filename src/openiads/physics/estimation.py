"""Estimation: Kalman filtering of a six-state target from position measurements.

A state is ``x = (px, py, pz, vx, vy, vz)``, m and m/s, in one Cartesian frame. Its covariance is
kept packed in 21 numbers, so that a step touches no zero and no number twice:

* ``P[0:6]``   position block, upper triangle xx xy xz yy yz zz, m2;
* ``P[6:15]``  position-velocity block, row by row (row: position, column: velocity), m2/s;
* ``P[15:21]`` velocity block, upper triangle, m2/s2.

Kernels take whole tables and a row number ``i``: no slices, no allocation.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

LOG_TWO_PI = math.log(2.0 * math.pi)


@kernel(borrows=True)
def cv_predict(x, P, i, dt_s, q_m2ps3):
    """Move row ``i`` ahead by ``dt_s`` under nearly constant velocity.

    x' = F x, P' = F P F^T + Q with F = [[1, T], [0, 1]] and
    Q = q [[T^3/3, T^2/2], [T^2/2, T]] on each axis (continuous white noise acceleration).

    Args: x (n, 6), P (n, 21) packed, T = ``dt_s`` s (any sign; Q uses |T|), q = ``q_m2ps3`` m2/s3.
    Reference: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and
    Navigation, 2001, eq. 6.2.2-4. Validated by tests/validation/test_estimation.py.
    """
    t = dt_s
    t2 = t * t
    row = P[i]
    v0, v1, v2, v3, v4, v5 = row[15], row[16], row[17], row[18], row[19], row[20]
    c0, c1, c2, c3, c4, c5 = row[6], row[7], row[8], row[9], row[10], row[11]
    c6, c7, c8 = row[12], row[13], row[14]
    size = abs(t)
    q3 = q_m2ps3 * size * size * size / 3.0
    q2 = 0.5 * q_m2ps3 * t2
    q1 = q_m2ps3 * size
    row[0] += 2.0 * t * c0 + t2 * v0 + q3
    row[1] += t * (c1 + c3) + t2 * v1
    row[2] += t * (c2 + c6) + t2 * v2
    row[3] += 2.0 * t * c4 + t2 * v3 + q3
    row[4] += t * (c5 + c7) + t2 * v4
    row[5] += 2.0 * t * c8 + t2 * v5 + q3
    row[6] = c0 + t * v0 + q2
    row[7] = c1 + t * v1
    row[8] = c2 + t * v2
    row[9] = c3 + t * v1
    row[10] = c4 + t * v3 + q2
    row[11] = c5 + t * v4
    row[12] = c6 + t * v2
    row[13] = c7 + t * v4
    row[14] = c8 + t * v5 + q2
    row[15] = v0 + q1
    row[18] = v3 + q1
    row[20] = v5 + q1
    x[i, 0] += t * x[i, 3]
    x[i, 1] += t * x[i, 4]
    x[i, 2] += t * x[i, 5]


@kernel(borrows=True)
def symmetric_inverse(a, b, c, d, e, f):
    """Inverse of the symmetric matrix [[a, b, c], [b, d, e], [c, e, f]] by cofactors.

    Returns its upper triangle (six numbers) and the determinant; the matrix must be regular.
    """
    i0 = d * f - e * e
    i1 = c * e - b * f
    i2 = b * e - c * d
    det = a * i0 + b * i1 + c * i2
    s = 1.0 / det
    return (
        i0 * s,
        i1 * s,
        i2 * s,
        (a * f - c * c) * s,
        (b * c - a * e) * s,
        (a * d - b * b) * s,
        det,
    )


@kernel(borrows=True)
def distance_squared(x, P, i, z, R, j, level_m2, upright_m2):
    """Squared Mahalanobis distance of plot ``j`` from row ``i``, and det S; see `innovation`."""
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        P[i, 0] + R[j, 0] + level_m2,
        P[i, 1] + R[j, 1],
        P[i, 2] + R[j, 2],
        P[i, 3] + R[j, 3] + level_m2,
        P[i, 4] + R[j, 4],
        P[i, 5] + R[j, 5] + upright_m2,
    )
    y0 = z[j, 0] - x[i, 0]
    y1 = z[j, 1] - x[i, 1]
    y2 = z[j, 2] - x[i, 2]
    d2 = s0 * y0 * y0 + s3 * y1 * y1 + s5 * y2 * y2
    d2 += 2.0 * (s1 * y0 * y1 + s2 * y0 * y2 + s4 * y1 * y2)
    return d2, det


@kernel(borrows=True)
def innovation(x, P, i, z, R, j, level_m2, upright_m2):
    """Squared Mahalanobis distance and log-determinant of plot ``j`` against row ``i``.

    d2 = y^T S^-1 y with y = z - H x and S = H P H^T + R + diag(level, level, upright);
    returns (d2, ln det S).

    Args: x (n, 6), P (n, 21); z (m, 3) m and R (m, 6) m2, upper triangle, of the plots;
    ``level_m2`` and ``upright_m2`` variance added on the horizontal and vertical axes.
    Reference: Bar-Shalom, Li and Kirubarajan 2001, eq. 5.4.2-6.
    """
    d2, det = distance_squared(x, P, i, z, R, j, level_m2, upright_m2)
    return d2, math.log(det)


@kernel(borrows=True)
def position_update(x, P, i, z, R, j):
    """Kalman update of row ``i`` with the position measurement of plot ``j``.

    K = P H^T S^-1, x' = x + K y, P' = P - K H P; returns (d2, ln det S).

    Args: x (n, 6), P (n, 21); z (m, 3) m and R (m, 6) m2, upper triangle, of the plots.
    Reference: Bar-Shalom, Li and Kirubarajan 2001, table 5.2.4-1.
    """
    d2, det = position_step(x, P, i, z, R, j)
    return d2, math.log(det)


@kernel(borrows=True)
def position_step(x, P, i, z, R, j):
    """`position_update` without the logarithm: returns (d2, det S)."""
    row = P[i]
    a0, a1, a2, a3, a4, a5 = row[0], row[1], row[2], row[3], row[4], row[5]
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        a0 + R[j, 0], a1 + R[j, 1], a2 + R[j, 2], a3 + R[j, 3], a4 + R[j, 4], a5 + R[j, 5]
    )
    y0 = z[j, 0] - x[i, 0]
    y1 = z[j, 1] - x[i, 1]
    y2 = z[j, 2] - x[i, 2]
    w0 = s0 * y0 + s1 * y1 + s2 * y2
    w1 = s1 * y0 + s3 * y1 + s4 * y2
    w2 = s2 * y0 + s4 * y1 + s5 * y2
    c0, c1, c2, c3, c4, c5 = row[6], row[7], row[8], row[9], row[10], row[11]
    c6, c7, c8 = row[12], row[13], row[14]
    x[i, 0] += a0 * w0 + a1 * w1 + a2 * w2
    x[i, 1] += a1 * w0 + a3 * w1 + a4 * w2
    x[i, 2] += a2 * w0 + a4 * w1 + a5 * w2
    x[i, 3] += c0 * w0 + c3 * w1 + c6 * w2
    x[i, 4] += c1 * w0 + c4 * w1 + c7 * w2
    x[i, 5] += c2 * w0 + c5 * w1 + c8 * w2
    # Rows of G = A S^-1 (position block times inverse), then of M = C^T S^-1 (velocity rows).
    g00, g01, g02 = a0 * s0 + a1 * s1 + a2 * s2, a0 * s1 + a1 * s3 + a2 * s4, a0 * s2 + a1 * s4
    g02 += a2 * s5
    g10, g11, g12 = a1 * s0 + a3 * s1 + a4 * s2, a1 * s1 + a3 * s3 + a4 * s4, a1 * s2 + a3 * s4
    g12 += a4 * s5
    g20, g21, g22 = a2 * s0 + a4 * s1 + a5 * s2, a2 * s1 + a4 * s3 + a5 * s4, a2 * s2 + a4 * s4
    g22 += a5 * s5
    m00, m01, m02 = c0 * s0 + c3 * s1 + c6 * s2, c0 * s1 + c3 * s3 + c6 * s4, c0 * s2 + c3 * s4
    m02 += c6 * s5
    m10, m11, m12 = c1 * s0 + c4 * s1 + c7 * s2, c1 * s1 + c4 * s3 + c7 * s4, c1 * s2 + c4 * s4
    m12 += c7 * s5
    m20, m21, m22 = c2 * s0 + c5 * s1 + c8 * s2, c2 * s1 + c5 * s3 + c8 * s4, c2 * s2 + c5 * s4
    m22 += c8 * s5
    row[0] -= g00 * a0 + g01 * a1 + g02 * a2
    row[1] -= g00 * a1 + g01 * a3 + g02 * a4
    row[2] -= g00 * a2 + g01 * a4 + g02 * a5
    row[3] -= g10 * a1 + g11 * a3 + g12 * a4
    row[4] -= g10 * a2 + g11 * a4 + g12 * a5
    row[5] -= g20 * a2 + g21 * a4 + g22 * a5
    row[6] -= g00 * c0 + g01 * c3 + g02 * c6
    row[7] -= g00 * c1 + g01 * c4 + g02 * c7
    row[8] -= g00 * c2 + g01 * c5 + g02 * c8
    row[9] -= g10 * c0 + g11 * c3 + g12 * c6
    row[10] -= g10 * c1 + g11 * c4 + g12 * c7
    row[11] -= g10 * c2 + g11 * c5 + g12 * c8
    row[12] -= g20 * c0 + g21 * c3 + g22 * c6
    row[13] -= g20 * c1 + g21 * c4 + g22 * c7
    row[14] -= g20 * c2 + g21 * c5 + g22 * c8
    row[15] -= m00 * c0 + m01 * c3 + m02 * c6
    row[16] -= m00 * c1 + m01 * c4 + m02 * c7
    row[17] -= m00 * c2 + m01 * c5 + m02 * c8
    row[18] -= m10 * c1 + m11 * c4 + m12 * c7
    row[19] -= m10 * c2 + m11 * c5 + m12 * c8
    row[20] -= m20 * c2 + m21 * c5 + m22 * c8
    return y0 * w0 + y1 * w1 + y2 * w2, det


@kernel(borrows=True)
def range_rate_innovation(x, P, i, rate_mps, variance_m2ps2, sensor_pos_m):
    """Innovation of row ``i`` by a range rate: (y, S, g0 .. g5) with g = P H^T, S = H g + variance.

    h(x) = u . v with u = (p - s)/|p - s|; H = [(v - u (u . v))/|p - s|, u]. Args as
    `range_rate_update`.
    """
    row = P[i]
    d0, d1 = x[i, 0] - sensor_pos_m[0], x[i, 1] - sensor_pos_m[1]
    d2 = x[i, 2] - sensor_pos_m[2]
    far = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    u0, u1, u2 = d0 / far, d1 / far, d2 / far
    v0, v1, v2 = x[i, 3], x[i, 4], x[i, 5]
    radial = u0 * v0 + u1 * v1 + u2 * v2
    h0, h1, h2 = (v0 - u0 * radial) / far, (v1 - u1 * radial) / far, (v2 - u2 * radial) / far
    g0 = row[0] * h0 + row[1] * h1 + row[2] * h2 + row[6] * u0 + row[7] * u1 + row[8] * u2
    g1 = row[1] * h0 + row[3] * h1 + row[4] * h2 + row[9] * u0 + row[10] * u1 + row[11] * u2
    g2 = row[2] * h0 + row[4] * h1 + row[5] * h2 + row[12] * u0 + row[13] * u1 + row[14] * u2
    g3 = row[6] * h0 + row[9] * h1 + row[12] * h2 + row[15] * u0 + row[16] * u1 + row[17] * u2
    g4 = row[7] * h0 + row[10] * h1 + row[13] * h2 + row[16] * u0 + row[18] * u1 + row[19] * u2
    g5 = row[8] * h0 + row[11] * h1 + row[14] * h2 + row[17] * u0 + row[19] * u1 + row[20] * u2
    s = h0 * g0 + h1 * g1 + h2 * g2 + u0 * g3 + u1 * g4 + u2 * g5 + variance_m2ps2
    return rate_mps - radial, s, g0, g1, g2, g3, g4, g5


@kernel(borrows=True)
def range_rate_update(x, P, i, rate_mps, variance_m2ps2, sensor_pos_m):
    """Extended Kalman update of row ``i`` with a range rate seen from ``sensor_pos_m``.

    x' = x + g y / S, P' = P - g g^T / S, with y, S and g of `range_rate_innovation`; after the
    update with the position of the same plot, whose error is independent of it. Returns
    (y^2 / S, ln S).

    Args: x (n, 6), P (n, 21); ``rate_mps`` positive where the range grows; its variance m2/s2;
    sensor_pos_m (3,), not the place of the target itself.
    Reference: Bar-Shalom, Li and Kirubarajan 2001, section 10.3.3. Validated by
    tests/kernels/test_range_rate.py.
    """
    y, s, g0, g1, g2, g3, g4, g5 = range_rate_innovation(
        x, P, i, rate_mps, variance_m2ps2, sensor_pos_m
    )
    w = y / s
    x[i, 0] += g0 * w
    x[i, 1] += g1 * w
    x[i, 2] += g2 * w
    x[i, 3] += g3 * w
    x[i, 4] += g4 * w
    x[i, 5] += g5 * w
    row = P[i]
    k0, k1, k2, k3, k4, k5 = g0 / s, g1 / s, g2 / s, g3 / s, g4 / s, g5 / s
    row[0] -= k0 * g0
    row[1] -= k0 * g1
    row[2] -= k0 * g2
    row[3] -= k1 * g1
    row[4] -= k1 * g2
    row[5] -= k2 * g2
    row[6] -= k0 * g3
    row[7] -= k0 * g4
    row[8] -= k0 * g5
    row[9] -= k1 * g3
    row[10] -= k1 * g4
    row[11] -= k1 * g5
    row[12] -= k2 * g3
    row[13] -= k2 * g4
    row[14] -= k2 * g5
    row[15] -= k3 * g3
    row[16] -= k3 * g4
    row[17] -= k3 * g5
    row[18] -= k4 * g4
    row[19] -= k4 * g5
    row[20] -= k5 * g5
    return y * w, math.log(s)


@kernel(borrows=True)
def convert_plot(
    range_m,
    azimuth_rad,
    elevation_rad,
    range_sigma_m,
    azimuth_sigma_rad,
    elevation_sigma_rad,
    sensor_pos_m,
    sensor_axes,
    pos_m,
    cov_m2,
    j,
):
    """Polar measurement to an unbiased Cartesian one with its covariance, into row ``j``.

    With independent Gaussian errors the true place given the measurement has the mean
    z_x = l_a l_e r cos(az) cos(el), z_y = l_a l_e r sin(az) cos(el), z_z = l_e r sin(el),
    l = exp(-sigma^2 / 2), and the exact second moments of a product of cosines; for example
    R_xx = (r^2 + s_r^2)(1 + l_a^4 cos 2az)(1 + l_e^4 cos 2el) / 4 - z_x^2.
    Azimuth runs from +x towards +y of the sensor's frame. Both are then turned by ``sensor_axes``
    (columns: the sensor's axes in the common frame) and moved by ``sensor_pos_m``.

    Args: scalars in m and rad; sensor_pos_m (3,), sensor_axes (3, 3); pos_m (n, 3) and
    cov_m2 (n, 6), upper triangle, are written. Valid for any range; angle sigmas below 1 rad.
    Reference: Longbin, Xiaoquan, Yiyu, Kang and Bar-Shalom, "Unbiased converted measurements for
    tracking", IEEE Trans. AES 34(3), 1998, with the moments taken given the measurement as in
    Duan, Han and Li, "Comments on ...", IEEE Trans. AES 40(4), 2004.
    """
    ca, sa = math.cos(azimuth_rad), math.sin(azimuth_rad)
    ce, se = math.cos(elevation_rad), math.sin(elevation_rad)
    la = math.exp(-0.5 * azimuth_sigma_rad * azimuth_sigma_rad)
    le = math.exp(-0.5 * elevation_sigma_rad * elevation_sigma_rad)
    la4, le4 = la * la * la * la, le * le * le * le
    zx, zy = la * le * range_m * ca * ce, la * le * range_m * sa * ce
    zz = le * range_m * se
    power = range_m * range_m + range_sigma_m * range_sigma_m
    cos2a, sin2a = 1.0 - 2.0 * sa * sa, 2.0 * sa * ca
    cos2e, sin2e = 1.0 - 2.0 * se * se, 2.0 * se * ce
    up = 0.5 * power * (1.0 + le4 * cos2e)
    r0 = 0.5 * up * (1.0 + la4 * cos2a) - zx * zx
    r1 = 0.5 * up * la4 * sin2a - zx * zy
    r2 = 0.5 * power * la * le4 * ca * sin2e - zx * zz
    r3 = 0.5 * up * (1.0 - la4 * cos2a) - zy * zy
    r4 = 0.5 * power * la * le4 * sa * sin2e - zy * zz
    r5 = 0.5 * power * (1.0 - le4 * cos2e) - zz * zz
    m = sensor_axes
    for a in range(3):
        pos_m[j, a] = sensor_pos_m[a] + m[a, 0] * zx + m[a, 1] * zy + m[a, 2] * zz
    k = 0
    for a in range(3):
        t0 = m[a, 0] * r0 + m[a, 1] * r1 + m[a, 2] * r2
        t1 = m[a, 0] * r1 + m[a, 1] * r3 + m[a, 2] * r4
        t2 = m[a, 0] * r2 + m[a, 1] * r4 + m[a, 2] * r5
        for b in range(a, 3):
            cov_m2[j, k] = t0 * m[b, 0] + t1 * m[b, 1] + t2 * m[b, 2]
            k += 1
