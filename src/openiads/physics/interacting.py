"""Interacting multiple models on rows of unequal state: mix, update, weigh, combine.

Rows are those of `openiads.physics.motion_models`: six shared states, then the model's own. The
estimator is Blom and Bar-Shalom's; where models differ in their own states, a target that enters
a model from another brings the six shared states, and draws the model's own from an *entry prior*
(a turn begins at a rate that nobody knows, whatever the last straight leg was). This is exact for a
jump process that draws them anew at each entry; it equals the function form with the prior carried
along in the other models (tests/validation/test_interacting_models.py).

References: Blom and Bar-Shalom, "The interacting multiple model algorithm for systems with
Markovian switching coefficients", IEEE Trans. AC 33(8), 1988; BLK section 11.6.6.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.estimation import symmetric_inverse
from openiads.physics.motion_models import model_states

LEAST_PROBABILITY = 1.0e-9
"""No model is ruled out for ever."""


@kernel(borrows=True)
def mix_models(kinds, x, P, mu, transition, entry_mean, entry_var, mixed_x, mixed_P, offset):
    """Mix the rows of one target; ``mu`` becomes the forecast of the mode probabilities.

    c_j = sum_i mu_i pi_ij, x_0j = sum_i (pi_ij mu_i / c_j) x_i, and the covariance with the spread
    of the means (BLK eqs. 11.6.6-8 to -11).

    Args: kinds (r,); x (r, 9), P (r, 9, 9), mu (r,); transition (r, r) from row to column, with
    c_j > 0; entry_mean and entry_var (r, 3), mean and variances of the own states of each model
    at entry; mixed_x (r, 9) and mixed_P (r, 9, 9) are written; offset (9,) and the last row of
    ``mixed_x`` beyond r, if any, are workspace.
    """
    count = kinds.size
    for j in range(count):
        n = model_states(kinds[j])
        forecast = 0.0
        for i in range(count):
            forecast += mu[i] * transition[i, j]
        own = mu[j] * transition[j, j] / forecast
        m, cov = mixed_x[j], mixed_P[j]
        for a in range(6):
            total = 0.0
            for i in range(count):
                total += mu[i] * transition[i, j] * x[i, a]
            m[a] = total / forecast
        for a in range(6, n):
            m[a] = own * x[j, a] + (1.0 - own) * entry_mean[j, a - 6]
        for a in range(n):
            for b in range(n):
                cov[a, b] = 0.0
        for i in range(count):
            w = mu[i] * transition[i, j] / forecast
            for a in range(6):
                offset[a] = x[i, a] - m[a]
            for a in range(6, n):
                offset[a] = (x[j, a] if i == j else entry_mean[j, a - 6]) - m[a]
            shared = n if i == j else 6
            for a in range(n):
                for b in range(n):
                    cov[a, b] += w * offset[a] * offset[b]
            for a in range(shared):
                for b in range(shared):
                    cov[a, b] += w * P[i, a, b]
            for a in range(shared, n):
                cov[a, a] += w * entry_var[j, a - 6]
    for j in range(count):
        forecast = 0.0
        for i in range(count):
            forecast += mu[i] * transition[i, j]
        offset[j] = forecast
    for j in range(count):
        mu[j] = offset[j]


@kernel(borrows=True)
def enter_model(kind, x, P, packed_x, packed_P, entry_mean, entry_var):
    """Begin a row at a packed six-state estimate, its own states at the entry prior."""
    n = model_states(kind)
    for a in range(n):
        for b in range(n):
            P[a, b] = 0.0
    for a in range(6):
        x[a] = packed_x[a]
    for a in range(6, n):
        x[a] = entry_mean[a - 6]
        P[a, a] = entry_var[a - 6]
    k = 0
    for a in range(3):
        for b in range(a, 3):
            P[a, b] = P[b, a] = packed_P[k]
            P[a + 3, b + 3] = P[b + 3, a + 3] = packed_P[15 + k]
            k += 1
        for b in range(3):
            P[a, b + 3] = P[b + 3, a] = packed_P[6 + 3 * a + b]


@kernel(borrows=True)
def combine_models(x, P, mu, packed_x, packed_P):
    """Mean and packed covariance of the six shared states of one target's rows (BLK 1.4.16-9)."""
    count = mu.size
    for a in range(6):
        total = 0.0
        for i in range(count):
            total += mu[i] * x[i, a]
        packed_x[a] = total
    for k in range(21):
        packed_P[k] = 0.0
    for i in range(count):
        w = mu[i]
        k = 0
        for a in range(3):
            d, e = x[i, a] - packed_x[a], x[i, a + 3] - packed_x[a + 3]
            for b in range(a, 3):
                packed_P[k] += w * (P[i, a, b] + d * (x[i, b] - packed_x[b]))
                packed_P[15 + k] += w * (P[i, a + 3, b + 3] + e * (x[i, b + 3] - packed_x[b + 3]))
                k += 1
            for b in range(3):
                packed_P[6 + 3 * a + b] += w * (
                    P[i, a, b + 3] + d * (x[i, b + 3] - packed_x[b + 3])
                )


@kernel(borrows=True)
def weigh_models(mu, log_likelihood):
    """mu_j <- c_j L_j / sum (BLK eq. 11.6.6-15); returns ln sum_j c_j L_j."""
    top = -math.inf
    for j in range(mu.size):
        top = max(top, log_likelihood[j])
    total = 0.0
    for j in range(mu.size):
        mu[j] *= math.exp(log_likelihood[j] - top)
        total += mu[j]
    kept = 0.0
    for j in range(mu.size):
        mu[j] = max(mu[j] / total, LEAST_PROBABILITY)
        kept += mu[j]
    for j in range(mu.size):
        mu[j] /= kept
    return top + math.log(total)


@kernel(borrows=True)
def model_innovation(x, P, z, R, j, scale, c, r, moved):
    """Squared distance and ln det S of plot ``j`` from a row.

    Args: x (9,), P (9, 9); z (m, 3), R (m, 6) upper triangle, taken times ``scale``; row ``r`` of
    ``c`` displaces the prediction (mean 3, covariance 6), times ``moved``, 0 or 1.
    """
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        P[0, 0] + scale * R[j, 0] + moved * c[r, 3],
        P[0, 1] + scale * R[j, 1] + moved * c[r, 4],
        P[0, 2] + scale * R[j, 2] + moved * c[r, 5],
        P[1, 1] + scale * R[j, 3] + moved * c[r, 6],
        P[1, 2] + scale * R[j, 4] + moved * c[r, 7],
        P[2, 2] + scale * R[j, 5] + moved * c[r, 8],
    )
    y0 = z[j, 0] - x[0] - moved * c[r, 0]
    y1 = z[j, 1] - x[1] - moved * c[r, 1]
    y2 = z[j, 2] - x[2] - moved * c[r, 2]
    d2 = s0 * y0 * y0 + s3 * y1 * y1 + s5 * y2 * y2
    d2 += 2.0 * (s1 * y0 * y1 + s2 * y0 * y2 + s4 * y1 * y2)
    return d2, math.log(det)


@kernel(borrows=True)
def model_update(x, P, n, z, R, j, scale, work):
    """Kalman update of a row of ``n`` states with plot ``j``, in place; returns (d2, ln det S).

    Args: x (9,), P (9, 9), z (m, 3), R (m, 6) upper triangle, taken times ``scale``; work (6, 9).
    """
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        P[0, 0] + scale * R[j, 0],
        P[0, 1] + scale * R[j, 1],
        P[0, 2] + scale * R[j, 2],
        P[1, 1] + scale * R[j, 3],
        P[1, 2] + scale * R[j, 4],
        P[2, 2] + scale * R[j, 5],
    )
    y0, y1, y2 = z[j, 0] - x[0], z[j, 1] - x[1], z[j, 2] - x[2]
    w0 = s0 * y0 + s1 * y1 + s2 * y2
    w1 = s1 * y0 + s3 * y1 + s4 * y2
    w2 = s2 * y0 + s4 * y1 + s5 * y2
    for a in range(n):
        p0, p1, p2 = P[a, 0], P[a, 1], P[a, 2]
        work[0, a], work[1, a], work[2, a] = p0, p1, p2
        work[3, a] = p0 * s0 + p1 * s1 + p2 * s2
        work[4, a] = p0 * s1 + p1 * s3 + p2 * s4
        work[5, a] = p0 * s2 + p1 * s4 + p2 * s5
        x[a] += p0 * w0 + p1 * w1 + p2 * w2
    for a in range(n):
        k0, k1, k2 = work[3, a], work[4, a], work[5, a]
        for b in range(a, n):
            P[a, b] -= k0 * work[0, b] + k1 * work[1, b] + k2 * work[2, b]
            P[b, a] = P[a, b]
    return y0 * w0 + y1 * w1 + y2 * w2, math.log(det)


@kernel(borrows=True)
def scalar_update(x, P, n, h, y, variance, work):
    """Update of a row with one number of gradient ``h`` (6,) and innovation ``y``; (y^2/S, ln S).

    Args: x (9,), P (9, 9); h in ``work[1]``, of which the first six count; work (2, 9).
    """
    s = variance
    for a in range(n):
        total = 0.0
        for b in range(6):
            total += P[a, b] * h[b]
        work[0, a] = total
    for b in range(6):
        s += h[b] * work[0, b]
    for a in range(n):
        x[a] += work[0, a] * y / s
        for b in range(n):
            P[a, b] -= work[0, a] * work[0, b] / s
    return y * y / s, math.log(s)


@kernel(borrows=True)
def rate_gradient(x, sensor_pos_m, h):
    """Range rate of a row seen from a place; its gradient goes to ``h`` (see estimation)."""
    d0, d1, d2 = x[0] - sensor_pos_m[0], x[1] - sensor_pos_m[1], x[2] - sensor_pos_m[2]
    far = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    h[3], h[4], h[5] = d0 / far, d1 / far, d2 / far
    radial = h[3] * x[3] + h[4] * x[4] + h[5] * x[5]
    for a in range(3):
        h[a] = (x[a + 3] - h[a + 3] * radial) / far
    return radial


@kernel(borrows=True)
def merge_states(x, P, other_x, other_P, w, n):
    """A row becomes the moments of a mixture: itself with 1 - w, the other with w."""
    u = 1.0 - w
    for a in range(n):
        for b in range(n):
            d = (other_x[a] - x[a]) * (other_x[b] - x[b])
            P[a, b] = u * P[a, b] + w * other_P[a, b] + u * w * d
    for a in range(n):
        x[a] = u * x[a] + w * other_x[a]


@kernel(borrows=True)
def displace_state(x, P, dt_s, c, r, q_m2ps3, q_climb_m2ps3):
    """`openiads.physics.mixture.manoeuvre_shift` on a row of full covariance."""
    f = 1.5 / dt_s
    k = 3
    for a in range(3):
        x[a] += c[r, a]
        x[a + 3] += f * c[r, a]
        for b in range(a, 3):
            v = c[r, k]
            k += 1
            P[a, b] += v
            P[a, b + 3] += f * v
            P[a + 3, b] += f * v
            P[a + 3, b + 3] += f * f * v
            if a != b:
                P[b, a] += v
                P[b, a + 3] += f * v
                P[b + 3, a] += f * v
                P[b + 3, a + 3] += f * f * v
        P[a + 3, a + 3] += 0.25 * (q_m2ps3 if a < 2 else q_climb_m2ps3) * dt_s


@kernel(borrows=True)
def pull_velocity(x, P, n, vx, vy, v0, v1, v3, work):
    """`openiads.physics.mixture.velocity_update` on a row of ``n`` states, without its gate."""
    a, b, d = P[3, 3] + v0, P[3, 4] + v1, P[4, 4] + v3
    det = a * d - b * b
    s0, s1, s3 = d / det, -b / det, a / det
    y0, y1 = vx - x[3], vy - x[4]
    for k in range(n):
        work[0, k], work[1, k] = P[k, 3], P[k, 4]
    for k in range(n):
        g, h = work[0, k], work[1, k]
        k0, k1 = g * s0 + h * s1, g * s1 + h * s3
        x[k] += k0 * y0 + k1 * y1
        for m in range(n):
            P[k, m] -= k0 * work[0, m] + k1 * work[1, m]
