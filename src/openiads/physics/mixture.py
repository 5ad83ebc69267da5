"""Two-component Gaussian states on packed tables: manoeuvres, mixtures, velocity updates.

State and covariance tables are packed as in `openiads.physics.estimation`.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.estimation import symmetric_inverse


@kernel(borrows=True)
def shifted_innovation(x, P, i, z, R, j, c, r):
    """As `innovation`, with the prediction displaced by a Gaussian of position.

    Args: c (rows, 9 or more), of which row ``r`` holds the mean (3) m and the covariance (6) m2.
    """
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        P[i, 0] + R[j, 0] + c[r, 3],
        P[i, 1] + R[j, 1] + c[r, 4],
        P[i, 2] + R[j, 2] + c[r, 5],
        P[i, 3] + R[j, 3] + c[r, 6],
        P[i, 4] + R[j, 4] + c[r, 7],
        P[i, 5] + R[j, 5] + c[r, 8],
    )
    y0 = z[j, 0] - x[i, 0] - c[r, 0]
    y1 = z[j, 1] - x[i, 1] - c[r, 1]
    y2 = z[j, 2] - x[i, 2] - c[r, 2]
    d2 = s0 * y0 * y0 + s3 * y1 * y1 + s5 * y2 * y2
    d2 += 2.0 * (s1 * y0 * y1 + s2 * y0 * y2 + s4 * y1 * y2)
    return d2, math.log(det)


@kernel(borrows=True)
def manoeuvre_shift(x, P, i, dt_s, c, r, q_m2ps3, q_climb_m2ps3):
    """Add to row ``i`` a manoeuvre during the last ``dt_s`` whose displacement is Gaussian.

    Under white acceleration of density q the change of velocity given the displacement d has the
    mean 3 d / (2 T) and the variance q T / 4 on each axis (the regression within
    Q = q [[T^3/3, T^2/2], [T^2/2, T]]).

    Args: x (n, 6), P (n, 21); c (rows, 9 or more), row ``r``: mean (3) m and covariance
    (6) m2 of the displacement; q horizontal and vertical, m2/s3.
    """
    row = P[i]
    f = 1.5 / dt_s
    v0, v1, v2, v3, v4, v5 = c[r, 3], c[r, 4], c[r, 5], c[r, 6], c[r, 7], c[r, 8]
    for a in range(3):
        x[i, a] += c[r, a]
        x[i, a + 3] += f * c[r, a]
    row[0] += v0
    row[1] += v1
    row[2] += v2
    row[3] += v3
    row[4] += v4
    row[5] += v5
    row[6] += f * v0
    row[7] += f * v1
    row[8] += f * v2
    row[9] += f * v1
    row[10] += f * v3
    row[11] += f * v4
    row[12] += f * v2
    row[13] += f * v4
    row[14] += f * v5
    row[15] += f * f * v0 + 0.25 * q_m2ps3 * dt_s
    row[16] += f * f * v1
    row[17] += f * f * v2
    row[18] += f * f * v3 + 0.25 * q_m2ps3 * dt_s
    row[19] += f * f * v4
    row[20] += f * f * v5 + 0.25 * q_climb_m2ps3 * dt_s


@kernel(borrows=True)
def merge_pair(x, P, i, pair_x, pair_P, weight):
    """Row ``i`` becomes the Gaussian with the moments of a mixture of two.

    x = (1 - w) x_0 + w x_1, P = (1 - w) P_0 + w P_1 + w (1 - w) (x_1 - x_0)(x_1 - x_0)^T.

    Args: pair_x (2, 6) and pair_P (2, 21); ``weight`` w of the second.
    Reference: Bar-Shalom, Li and Kirubarajan 2001, eq. 1.4.16-9.
    """
    w = weight
    u = 1.0 - w
    s = u * w
    d0, d1, d2 = pair_x[1, 0] - pair_x[0, 0], pair_x[1, 1] - pair_x[0, 1], pair_x[1, 2]
    d2 -= pair_x[0, 2]
    e0, e1, e2 = pair_x[1, 3] - pair_x[0, 3], pair_x[1, 4] - pair_x[0, 4], pair_x[1, 5]
    e2 -= pair_x[0, 5]
    for k in range(6):
        x[i, k] = u * pair_x[0, k] + w * pair_x[1, k]
    for k in range(21):
        P[i, k] = u * pair_P[0, k] + w * pair_P[1, k]
    row = P[i]
    row[0] += s * d0 * d0
    row[1] += s * d0 * d1
    row[2] += s * d0 * d2
    row[3] += s * d1 * d1
    row[4] += s * d1 * d2
    row[5] += s * d2 * d2
    row[6] += s * d0 * e0
    row[7] += s * d0 * e1
    row[8] += s * d0 * e2
    row[9] += s * d1 * e0
    row[10] += s * d1 * e1
    row[11] += s * d1 * e2
    row[12] += s * d2 * e0
    row[13] += s * d2 * e1
    row[14] += s * d2 * e2
    row[15] += s * e0 * e0
    row[16] += s * e0 * e1
    row[17] += s * e0 * e2
    row[18] += s * e1 * e1
    row[19] += s * e1 * e2
    row[20] += s * e2 * e2


@kernel(borrows=True)
def velocity_update(x, P, i, vx, vy, v0, v1, v3, gate):
    """Kalman update of row ``i`` with a horizontal velocity (vx, vy) of covariance (v0, v1, v3).

    As `position_update`, with H = [0 I] on the two horizontal axes; nothing happens where the
    squared Mahalanobis distance is above ``gate``. Returns that distance.

    Args: x (n, 6), P (n, 21); vx, vy m/s; v0, v1, v3 m2/s2 (xx, xy, yy).
    """
    a, b, d = P[i, 15] + v0, P[i, 16] + v1, P[i, 18] + v3
    det = a * d - b * b
    s0, s1, s3 = d / det, -b / det, a / det
    y0, y1 = vx - x[i, 3], vy - x[i, 4]
    d2 = s0 * y0 * y0 + 2.0 * s1 * y0 * y1 + s3 * y1 * y1
    if d2 > gate:
        return d2
    w0, w1 = s0 * y0 + s1 * y1, s1 * y0 + s3 * y1
    # Covariance of each state with the two velocities, before any of it changes.
    p0, p1, p2 = P[i, 6], P[i, 9], P[i, 12]
    q0, q1, q2 = P[i, 7], P[i, 10], P[i, 13]
    p3, p4, p5 = P[i, 15], P[i, 16], P[i, 17]
    q3, q4, q5 = P[i, 16], P[i, 18], P[i, 19]
    x[i, 0] += p0 * w0 + q0 * w1
    x[i, 1] += p1 * w0 + q1 * w1
    x[i, 2] += p2 * w0 + q2 * w1
    x[i, 3] += p3 * w0 + q3 * w1
    x[i, 4] += p4 * w0 + q4 * w1
    x[i, 5] += p5 * w0 + q5 * w1
    k0, l0 = p0 * s0 + q0 * s1, p0 * s1 + q0 * s3
    k1, l1 = p1 * s0 + q1 * s1, p1 * s1 + q1 * s3
    k2, l2 = p2 * s0 + q2 * s1, p2 * s1 + q2 * s3
    k3, l3 = p3 * s0 + q3 * s1, p3 * s1 + q3 * s3
    k4, l4 = p4 * s0 + q4 * s1, p4 * s1 + q4 * s3
    k5, l5 = p5 * s0 + q5 * s1, p5 * s1 + q5 * s3
    row = P[i]
    row[0] -= k0 * p0 + l0 * q0
    row[1] -= k0 * p1 + l0 * q1
    row[2] -= k0 * p2 + l0 * q2
    row[3] -= k1 * p1 + l1 * q1
    row[4] -= k1 * p2 + l1 * q2
    row[5] -= k2 * p2 + l2 * q2
    row[6] -= k0 * p3 + l0 * q3
    row[7] -= k0 * p4 + l0 * q4
    row[8] -= k0 * p5 + l0 * q5
    row[9] -= k1 * p3 + l1 * q3
    row[10] -= k1 * p4 + l1 * q4
    row[11] -= k1 * p5 + l1 * q5
    row[12] -= k2 * p3 + l2 * q3
    row[13] -= k2 * p4 + l2 * q4
    row[14] -= k2 * p5 + l2 * q5
    row[15] -= k3 * p3 + l3 * q3
    row[16] -= k3 * p4 + l3 * q4
    row[17] -= k3 * p5 + l3 * q5
    row[18] -= k4 * p4 + l4 * q4
    row[19] -= k4 * p5 + l4 * q5
    row[20] -= k5 * p5 + l5 * q5
    return d2
