"""Plots that stand for several targets: one plot serves all the tracks it was merged from.

Where a sensor cannot resolve the members of a formation, most of its tracks find no plot of their
own. For each of them two hypotheses are compared (Koch and van Keuk, IEEE Trans. AES 33(3), 1997):

* apart: the neighbour's plot is the neighbour's, and this target was missed;
* unresolved: the plot is the centroid of both, with the probability P_u of their predicted gap.

A plot of n members with exponentially fluctuating strengths lies at their centroid by random
weights, whose covariance is that of Dirichlet(1, .., 1): sum d_i d_i^T / (n (n + 1)), d_i from the
mean. Each member is updated by the plot displaced by d_i, so that the formation keeps its shape,
and with n times the plot's covariance: the gain that n equal members have from their mean.
"""

from __future__ import annotations

import math

from openiads.domain.track_book import MOST_PD
from openiads.domain.tracks import CONFIRMED
from openiads.kernel import kernel
from openiads.physics.estimation import symmetric_inverse
from openiads.physics.resolution import unresolved_probability

_MOST_MEMBERS = 32
"""Members of one plot at most; more count as missed."""

_CERTAIN = 1.0 - 1e-9


@kernel(borrows=True)
def share_plots(params, tables, n_rows, n_plots, pos_m, cov_m2, lively):
    """Let plots serve tracks that found none; returns the plots, with those displaced for members.

    To be called between the assignment and the updates. A member gets a plot of its own in the
    rows after ``n_plots`` (as far as there is room), to which its edge and its owner's then lead.
    `own_plots` afterwards makes tracks point at real plots again. ``tables.resolution`` (9,): sizes
    of the cell (range m, azimuth rad, elevation rad), place of the sensor (3,), its up (3,).
    """
    track, row_edge, column = tables.track, tables.space.row_edge, tables.column
    for j in range(n_plots):
        tables.plot_track[j] = -1
    for r in range(n_rows):
        tables.row[r].shares = -1
        if row_edge[r] >= 0:
            tables.plot_track[column[row_edge[r]]] = r
            track[tables.row_slot[r]].shared = 0
    found = 0
    for r in range(n_rows):
        row = track[tables.row_slot[r]]
        if row_edge[r] >= 0 or row.status != CONFIRMED or row.pd <= 0.0:
            continue
        if row.shared >= params.share_scans:
            continue
        owner = _owner(params, tables, r, n_rows, pos_m, cov_m2, lively)
        if owner >= 0:
            tables.row[r].shares = tables.row[owner].shares
            tables.row[owner].shares = r
            found += 1
    n = n_plots
    if found == 0:
        return n
    edge = tables.start[n_rows]
    for r in range(n_rows):
        e = row_edge[r]
        if e >= 0 and e < tables.start[n_rows] and tables.row[r].shares >= 0:
            after = _serve(tables, r, n, edge, pos_m, cov_m2, lively)
            edge += after - n
            n = after
    return n


@kernel(borrows=True)
def _owner(params, tables, r, n_rows, pos_m, cov_m2, lively):
    """The row whose plot best stands for row ``r`` as well, or -1.

    Rows further off than three cells are passed by (P_u below 0.002).
    """
    track, x, cell, row_edge = tables.track, tables.x, tables.resolution, tables.space.row_edge
    i = tables.row_slot[r]
    a, b, c = x[i, 0] - cell[3], x[i, 1] - cell[4], x[i, 2] - cell[5]
    reach = 3.0 * max(cell[0], max(cell[1], cell[2]) * math.sqrt(a * a + b * b + c * c))
    best, gain = -1, 0.0
    for q in range(n_rows):
        if row_edge[q] < 0:
            continue
        k = tables.row_slot[q]
        if abs(x[i, 0] - x[k, 0]) > reach or abs(x[i, 1] - x[k, 1]) > reach:
            continue
        if track[k].status == CONFIRMED:
            better = _gain(params, tables, r, q, pos_m, cov_m2, lively)
            if better > gain:
                best, gain = q, better
    return best


@kernel(borrows=True)
def own_plots(tables, n_rows, n_plots):
    """Make tracks that were updated by displaced plots point at the plot itself, or at none."""
    for r in range(n_rows):
        row = tables.track[tables.row_slot[r]]
        if row.plot >= n_plots:
            row.plot = tables.plot_track[row.plot]


@kernel(borrows=True)
def _gain(params, tables, r, q, pos_m, cov_m2, lively):
    """By how much "unresolved" explains the plot z of row q better than "apart", for row r.

    -ln likelihoods: apart -ln(1 - P_u) + N(z; x_q, S_q) + miss of r; unresolved -ln P_u +
    N(z; (x_q + x_r) / 2, (P_q + P_r) / 4 + R + (d d^T + P_q + P_r) / 12). Where the owner rather
    turns, both hypotheses have its displacement and the doubt of it.
    """
    chance = _merged(tables, r, q)
    if chance < 1e-6:
        return -1.0
    j = tables.column[tables.space.row_edge[q]]
    x, P = tables.x, tables.P
    i, k = tables.row_slot[r], tables.row_slot[q]
    d0, d1, d2 = x[i, 0] - x[k, 0], x[i, 1] - x[k, 1], x[i, 2] - x[k, 2]
    f, g = 1.0 / 4.0 + 1.0 / 12.0, 1.0 / 12.0
    r0, r1, r2 = cov_m2[j, 0], cov_m2[j, 1], cov_m2[j, 2]
    r3, r4, r5 = cov_m2[j, 3], cov_m2[j, 4], cov_m2[j, 5]
    z0, z1, z2 = pos_m[j, 0] - x[k, 0], pos_m[j, 1] - x[k, 1], pos_m[j, 2] - x[k, 2]
    if lively and tables.row[q].weight > 0.5:
        c = tables.moment[tables.row[q].shift]
        z0, z1, z2 = z0 - c[0], z1 - c[1], z2 - c[2]
        r0, r1, r2, r3, r4, r5 = (
            r0 + c[3], r1 + c[4], r2 + c[5], r3 + c[6], r4 + c[7], r5 + c[8]
        )  # fmt: skip
    s0, s1, s2, s3, s4, s5, det = symmetric_inverse(
        f * (P[i, 0] + P[k, 0]) + r0 + g * d0 * d0,
        f * (P[i, 1] + P[k, 1]) + r1 + g * d0 * d1,
        f * (P[i, 2] + P[k, 2]) + r2 + g * d0 * d2,
        f * (P[i, 3] + P[k, 3]) + r3 + g * d1 * d1,
        f * (P[i, 4] + P[k, 4]) + r4 + g * d1 * d2,
        f * (P[i, 5] + P[k, 5]) + r5 + g * d2 * d2,
    )
    a0, a1, a2 = z0 - 0.5 * d0, z1 - 0.5 * d1, z2 - 0.5 * d2
    both = s0 * a0 * a0 + s3 * a1 * a1 + s5 * a2 * a2
    both += 2.0 * (s1 * a0 * a1 + s2 * a0 * a2 + s4 * a1 * a2)
    if both > params.gate:
        return -1.0
    merged = 0.5 * (both + math.log(det)) - math.log(chance)
    t0, t1, t2, t3, t4, t5, single = symmetric_inverse(
        P[k, 0] + r0,
        P[k, 1] + r1,
        P[k, 2] + r2,
        P[k, 3] + r3,
        P[k, 4] + r4,
        P[k, 5] + r5,
    )
    one = t0 * z0 * z0 + t3 * z1 * z1 + t5 * z2 * z2
    one += 2.0 * (t1 * z0 * z1 + t2 * z0 * z2 + t4 * z1 * z2)
    missed = -math.log(1.0 - min(tables.track[i].pd, MOST_PD))
    apart = 0.5 * (one + math.log(single)) - math.log(1.0 - min(chance, _CERTAIN)) + missed
    return apart - merged


@kernel(borrows=True)
def _merged(tables, r, q):
    """Probability that the targets of rows r and q are not resolved by the sensor.

    Along the line of sight, across it on the level, and across it upwards.
    """
    cell, x, P = tables.resolution, tables.x, tables.P
    i, k = tables.row_slot[r], tables.row_slot[q]
    u0, u1, u2 = x[k, 0] - cell[3], x[k, 1] - cell[4], x[k, 2] - cell[5]
    far = max(math.sqrt(u0 * u0 + u1 * u1 + u2 * u2), 1.0)
    u0, u1, u2 = u0 / far, u1 / far, u2 / far
    h0, h1, h2 = cell[7] * u2 - cell[8] * u1, cell[8] * u0 - cell[6] * u2, 0.0
    h2 = cell[6] * u1 - cell[7] * u0
    level = math.sqrt(h0 * h0 + h1 * h1 + h2 * h2)
    if level < 1e-6:
        return 0.0
    h0, h1, h2 = h0 / level, h1 / level, h2 / level
    v0, v1, v2 = u1 * h2 - u2 * h1, u2 * h0 - u0 * h2, u0 * h1 - u1 * h0
    d0, d1, d2 = x[i, 0] - x[k, 0], x[i, 1] - x[k, 1], x[i, 2] - x[k, 2]
    chance = unresolved_probability(
        d0 * u0 + d1 * u1 + d2 * u2, _variance(P, i, k, u0, u1, u2), cell[0]
    )
    chance *= unresolved_probability(
        d0 * h0 + d1 * h1 + d2 * h2, _variance(P, i, k, h0, h1, h2), cell[1] * far
    )
    return chance * unresolved_probability(
        d0 * v0 + d1 * v1 + d2 * v2, _variance(P, i, k, v0, v1, v2), cell[2] * far
    )


@kernel(borrows=True)
def _variance(P, i, k, a, b, c):
    """Variance of the gap of slots i and k along the unit vector (a, b, c)."""
    return (
        (P[i, 0] + P[k, 0]) * a * a
        + (P[i, 3] + P[k, 3]) * b * b
        + (P[i, 5] + P[k, 5]) * c * c
        + 2.0 * (P[i, 1] + P[k, 1]) * a * b
        + 2.0 * (P[i, 2] + P[k, 2]) * a * c
        + 2.0 * (P[i, 4] + P[k, 4]) * b * c
    )


@kernel(borrows=True)
def _serve(tables, q, n, edge, pos_m, cov_m2, lively):
    """Displaced plots, and edges to them from ``edge`` on, for the owner in row q and its members.

    Returns the plots that there are then; as many as before where there is no room.
    """
    x, track, row_edge = tables.x, tables.track, tables.space.row_edge
    j = tables.column[row_edge[q]]
    members, m0, m1, m2 = 0, 0.0, 0.0, 0.0
    r = q
    while r >= 0:
        i = tables.row_slot[r]
        m0, m1, m2 = m0 + x[i, 0], m1 + x[i, 1], m2 + x[i, 2]
        members += 1
        r = tables.row[r].shares
    if n + members > pos_m.shape[0] or edge + members > tables.column.size:
        return n
    if members > _MOST_MEMBERS:
        return n
    m0, m1, m2 = m0 / members, m1 / members, m2 / members
    c0 = c1 = c2 = c3 = c4 = c5 = 0.0
    r = q
    while r >= 0:
        i = tables.row_slot[r]
        a, b, c = x[i, 0] - m0, x[i, 1] - m1, x[i, 2] - m2
        c0, c1, c2 = c0 + a * a, c1 + a * b, c2 + a * c
        c3, c4, c5 = c3 + b * b, c4 + b * c, c5 + c * c
        r = tables.row[r].shares
    f = 1.0 / (members * (members + 1.0))
    tables.plot_slot[j] = tables.row_slot[q]
    r = q
    while r >= 0:
        i = tables.row_slot[r]
        # The owner books its own cost; a member what the doubt that it is there takes off.
        tables.cost[edge] = tables.cost[row_edge[q]] if r == q else 0.0
        if r != q:
            tables.cost[edge] = -math.log(max(_merged(tables, r, q), 1e-9))
            track[i].shared += 1
        tables.edge[edge, 1] = tables.row[r].weight if lively else 0.0
        tables.edge[edge, 2] = tables.edge[edge, 3] = tables.edge[edge, 4] = 0.0
        pos_m[n, 0] = pos_m[j, 0] + x[i, 0] - m0
        pos_m[n, 1] = pos_m[j, 1] + x[i, 1] - m1
        pos_m[n, 2] = pos_m[j, 2] + x[i, 2] - m2
        cov_m2[n, 0] = members * (cov_m2[j, 0] + f * c0)
        cov_m2[n, 1] = members * (cov_m2[j, 1] + f * c1)
        cov_m2[n, 2] = members * (cov_m2[j, 2] + f * c2)
        cov_m2[n, 3] = members * (cov_m2[j, 3] + f * c3)
        cov_m2[n, 4] = members * (cov_m2[j, 4] + f * c4)
        cov_m2[n, 5] = members * (cov_m2[j, 5] + f * c5)
        tables.rate_mps[n] = math.nan
        tables.plot_track[n] = j if r == q else -1
        tables.column[edge] = n
        row_edge[r] = edge
        edge += 1
        n += 1
        r = tables.row[r].shares
    return n
