"""Neighbour-informed prediction: the members of a formation manoeuvre together.

A manoeuvre displaces every member of a formation alike. So a track's prediction is helped by how
its neighbours' plots lie against theirs: the common displacement, estimated from all members but
the track itself (no plot is used twice), is the manoeuvre half of the prediction

    (1 - w) N(F x, P) + w N(F x + c, P + C),

with P the quiet prediction, (c, C) the displacement given the neighbours under the prior N(0, Q1),
and w the probability of a manoeuvre from the evidence of the whole formation. A track without
neighbours has c = 0 and C = Q1, which is a two-model GPB1 filter (Bar-Shalom, Li and Kirubarajan
2001, section 11.6.4). Velocities that members share are then drawn together.

Rows are the live tracks of a scan; a group is named by its representative row.
"""

from __future__ import annotations

import math

from openiads.domain.track_book import is_seed
from openiads.domain.track_index import FEW, index_points, neighbours_after, uncrowded
from openiads.domain.tracks import FOLLOWER, FREE, SEED, SETTLED, TOLD
from openiads.kernel import kernel
from openiads.physics.estimation import symmetric_inverse
from openiads.physics.mixture import shifted_innovation, velocity_update

SETTLED_M2PS2 = 80.0**2
"""A velocity known to 80 m/s on each horizontal axis can be compared with a neighbour's (assumed:
a quarter of the speed of the slower targets)."""

_APART_M2PS2 = 150.0**2
"""Velocities further apart than 150 m/s are not of one formation, however uncertain (assumed)."""

_SAME = 9.2
"""Chi-square of 2 dimensions at probability 0.99."""

_MATCH = 9.0
"""A plot within 3 sigma of a displaced prediction counts as its match in a search."""

_TOLERANCE = 2.0
"""A displacement read off one plot has the error of that plot and track on top of those of the
plot and track that it is tried on."""

STRANGERS = 1.0 / 6.0
"""Neighbours by chance that are borne with: a formation is sought no further than that."""

FORBIDDEN = 1.0e6
"""Cost of a pair outside the gate."""


@kernel(borrows=True)
def find(group, a):
    """Representative of row ``a`` (with path halving)."""
    while group[a].parent != a:
        group[a].parent = group[group[a].parent].parent
        a = group[a].parent
    return a


@kernel(borrows=True)
def unite(group, a, b):
    """Join the groups of rows a and b under the lower representative."""
    a, b = find(group, a), find(group, b)
    if a != b:
        group[max(a, b)].parent = min(a, b)


@kernel(borrows=True)
def kind_of(track, P, i):
    """`SEED`, `SETTLED`, `FOLLOWER` or 0: what slot ``i`` is in this scan."""
    if is_seed(track, i):
        return SEED
    if not settled(track, P, i):
        return 0
    return FOLLOWER if track[i].hits == 1 and track[i].informed == TOLD else SETTLED


@kernel(borrows=True)
def settled(track, P, i):
    """Whether slot ``i`` is a track whose velocity can be compared."""
    if track[i].status == FREE or (track[i].hits < 2 and track[i].informed == 0):
        return False
    return P[i, 15] < SETTLED_M2PS2 and P[i, 18] < SETTLED_M2PS2


@kernel(borrows=True)
def _same_velocity(P, i, k, a, b, speed_mps):
    """Whether the velocities of slots i and k, (a, b) apart, are one within their uncertainty."""
    v0 = P[i, 15] + P[k, 15] + speed_mps * speed_mps
    v1 = P[i, 16] + P[k, 16]
    v3 = P[i, 18] + P[k, 18] + speed_mps * speed_mps
    d2 = v3 * a * a - 2.0 * v1 * a * b + v0 * b * b
    return d2 < _SAME * (v0 * v3 - v1 * v1)


@kernel(forceinline=True, borrows=True)
def group_rows(params, tables, n_rows):
    """Join rows near each other and of one velocity into formations; returns the rows in one.

    They are listed in ``space.listed``, ascending; parent, size and the chain head/next of the
    members of each group hold. Other rows stay as they are: each its own, and one.
    """
    x, P, group = tables.x, tables.P, tables.row
    entry, point, row_slot = tables.entry, tables.point, tables.row_slot
    n = 0
    for r in range(n_rows):
        if group[r].kind >= SETTLED:
            i = row_slot[r]
            e = entry[n]
            e.of, e.x, e.y, e.a, e.b = r, x[i, 0], x[i, 1], x[i, 3], x[i, 4]
            n += 1
    if n < 2:
        return 0
    reach_m = uncrowded(entry, n, params.group_range_m, STRANGERS)
    reach2, speed, joins = reach_m * reach_m, params.group_speed_mps, 0
    if n <= FEW:
        for k in range(n):
            for t in range(k + 1, n):
                joins += _join(group, P, row_slot, entry[k], entry[t], reach2, speed)
    else:
        index_points(tables.grid, tables.cell, entry, point, n, reach_m)
        for k in range(n):
            a0, a1, b0, b1 = neighbours_after(tables.grid, tables.cell, point, k)
            for t in range(a0, a1):
                joins += _join(group, P, row_slot, point[k], point[t], reach2, speed)
            for t in range(b0, b1):
                joins += _join(group, P, row_slot, point[k], point[t], reach2, speed)
    if joins == 0:
        return 0
    members = _list_members(group, tables.space.listed, n_rows)
    chain_members(group, tables.space.listed, members)
    return members


@kernel(borrows=True)
def _list_members(group, listed, n_rows):
    """List the rows in formations that have two members at least whose velocity is their own.

    Others are taken apart: a false plot beside a track is given that track's velocity, and would
    make a formation of itself and its informant. Returns the rows listed.
    """
    n = members = 0
    for r in range(n_rows):
        if group[r].members > 1:
            listed[n] = r
            group[r].members = 0
            g = find(group, r)
            group[r].parent = g
            group[g].members += group[r].kind == SETTLED
            n += 1
    for k in range(n):
        r = listed[k]
        if group[group[r].parent].members > 1:
            listed[members] = r
            members += 1
        else:
            group[r].parent, group[r].members = r, 1
    return members


@kernel(borrows=True)
def _join(group, P, row_slot, p, q, reach2, speed_mps):
    """Unite the rows of the points p and q if they are near and of one velocity; 1 if they are.

    Until the groups are chained, more than one member means no more than that a row is in one.
    """
    dx, dy, a, b = p.x - q.x, p.y - q.y, p.a - q.a, p.b - q.b
    if dx * dx + dy * dy > reach2 or a * a + b * b > _APART_M2PS2:
        return 0
    if not _same_velocity(P, row_slot[p.of], row_slot[q.of], a, b, speed_mps):
        return 0
    unite(group, p.of, q.of)
    group[p.of].members = group[q.of].members = 2
    return 1


@kernel(borrows=True)
def chain_members(group, listed, n):
    """Set size and chain of members of the groups of ``listed[:n]``, rows in ascending order."""
    for k in range(n):
        row = group[listed[k]]
        row.members, row.head = 0, -1
    for k in range(n - 1, -1, -1):
        r = listed[k]
        g = find(group, r)
        group[r].parent = g
        group[g].members += 1
        group[r].next = group[g].head
        group[g].head = r


@kernel(borrows=True)
def quadratic(s, a, b, c):
    """v^T S v for the symmetric S given by its upper triangle ``s`` and v = (a, b, c)."""
    return (
        s[0] * a * a
        + s[3] * b * b
        + s[5] * c * c
        + 2.0 * (s[1] * a * b + s[2] * a * c + s[4] * b * c)
    )


@kernel(borrows=True)
def tally(row_slot, start, column, group, g, x, pos_m, d0, d1, d2, s):
    """How well plots match the members of group ``g`` all displaced by (d0, d1, d2).

    Sum over members of (9 - d2)/2 for their nearest plot within 3 sigma, with ``s`` the inverse
    covariance that serves the whole group.
    """
    total = 0.0
    r = group[g].head
    while r >= 0:
        i = row_slot[r]
        a, b, c = x[i, 0] + d0, x[i, 1] + d1, x[i, 2] + d2
        best = _MATCH
        for e in range(start[r], start[r + 1]):
            j = column[e]
            d = quadratic(s, pos_m[j, 0] - a, pos_m[j, 1] - b, pos_m[j, 2] - c)
            best = min(best, d)
        total += 0.5 * (_MATCH - best)
        r = group[r].next
    return total


@kernel(borrows=True)
def seek_displacement(tables, g, pos_m, cov_m2, level_m2, upright_m2):
    """Start the search for the displacement of group ``g`` at the best that any pair suggests.

    Every candidate pair of member and plot proposes its own displacement; the one with the
    greatest `tally` less its prior cost goes to ``shift`` of all members, with the error of one
    plot and track as ``spread``.
    """
    group, row_slot, start, column = tables.row, tables.row_slot, tables.start, tables.column
    x, P = tables.x, tables.P
    r = group[g].head
    while r >= 0 and start[r + 1] == start[r]:
        r = group[r].next
    if r < 0:
        return
    i, j = row_slot[r], column[start[r]]
    moment = tables.moment
    for k in range(6):
        moment[g, 3 + k] = P[i, k] + cov_m2[j, k]
    t = _TOLERANCE
    s = symmetric_inverse(
        t * moment[g, 3], t * moment[g, 4], t * moment[g, 5],
        t * moment[g, 6], t * moment[g, 7], t * moment[g, 8],
    )  # fmt: skip
    best, b0, b1, b2 = -math.inf, 0.0, 0.0, 0.0
    r = group[g].head
    while r >= 0:
        i = row_slot[r]
        for e in range(start[r], start[r + 1]):
            j = column[e]
            d0, d1, d2 = pos_m[j, 0] - x[i, 0], pos_m[j, 1] - x[i, 1], pos_m[j, 2] - x[i, 2]
            value = tally(row_slot, start, column, group, g, x, pos_m, d0, d1, d2, s)
            value -= 0.5 * d0 * d0 / (level_m2 + P[i, 0] + cov_m2[j, 0])
            value -= 0.5 * d1 * d1 / (level_m2 + P[i, 3] + cov_m2[j, 3])
            value -= 0.5 * d2 * d2 / (upright_m2 + P[i, 5] + cov_m2[j, 5])
            if value > best:
                best, b0, b1, b2 = value, d0, d1, d2
        r = group[r].next
    r = group[g].head
    while r >= 0:
        moment[r, 0], moment[r, 1], moment[r, 2] = b0, b1, b2
        for k in range(6):
            moment[r, 3 + k] = moment[g, 3 + k]
        r = group[r].next


@kernel(borrows=True)
def gather(tables, g, pos_m, cov_m2):
    """What the plots assigned to group ``g`` say about its displacement.

    Each member's own information S^-1 and pull S^-1 y (nothing without a plot) go to columns 18 to
    26 of its ``moment``, their sums over the group to columns 9 to 17 of row ``g``.
    """
    group, moment, x, P = tables.row, tables.moment, tables.x, tables.P
    for k in range(9):
        moment[g, 9 + k] = 0.0
    r = group[g].head
    while r >= 0:
        e = tables.space.row_edge[r]
        if e >= 0:
            i, j = tables.row_slot[r], tables.column[e]
            s0, s1, s2, s3, s4, s5, _ = symmetric_inverse(
                P[i, 0] + cov_m2[j, 0],
                P[i, 1] + cov_m2[j, 1],
                P[i, 2] + cov_m2[j, 2],
                P[i, 3] + cov_m2[j, 3],
                P[i, 4] + cov_m2[j, 4],
                P[i, 5] + cov_m2[j, 5],
            )
            y0, y1, y2 = pos_m[j, 0] - x[i, 0], pos_m[j, 1] - x[i, 1], pos_m[j, 2] - x[i, 2]
            own = moment[r]
            own[18], own[19], own[20], own[21], own[22], own[23] = s0, s1, s2, s3, s4, s5
            own[24] = s0 * y0 + s1 * y1 + s2 * y2
            own[25] = s1 * y0 + s3 * y1 + s4 * y2
            own[26] = s2 * y0 + s4 * y1 + s5 * y2
            for k in range(9):
                moment[g, 9 + k] += moment[r, 18 + k]
        else:
            for k in range(9):
                moment[r, 18 + k] = 0.0
        r = group[r].next


@kernel(borrows=True)
def displace(moment, r, g, own, level_m2, upright_m2):
    """Set shift and spread of row ``r`` to the displacement of group ``g`` given its plots.

    C = (1/Q1 + sum S^-1)^-1, c = C sum S^-1 y; ``own`` 1 with the row's own plot, 0 without it.
    Returns det C.
    """
    less = 1.0 - own
    b0 = moment[g, 15] - less * moment[r, 24]
    b1 = moment[g, 16] - less * moment[r, 25]
    b2 = moment[g, 17] - less * moment[r, 26]
    v0, v1, v2, v3, v4, v5, det = symmetric_inverse(
        moment[g, 9] - less * moment[r, 18] + 1.0 / level_m2,
        moment[g, 10] - less * moment[r, 19],
        moment[g, 11] - less * moment[r, 20],
        moment[g, 12] - less * moment[r, 21] + 1.0 / level_m2,
        moment[g, 13] - less * moment[r, 22],
        moment[g, 14] - less * moment[r, 23] + 1.0 / upright_m2,
    )
    moment[r, 3], moment[r, 4], moment[r, 5] = v0, v1, v2
    moment[r, 6], moment[r, 7], moment[r, 8] = v3, v4, v5
    moment[r, 0] = v0 * b0 + v1 * b1 + v2 * b2
    moment[r, 1] = v1 * b0 + v3 * b1 + v4 * b2
    moment[r, 2] = v2 * b0 + v4 * b1 + v5 * b2
    return 1.0 / det


@kernel(borrows=True)
def harmonise(tables, g, pull, speed_mps, gate):
    """Draw the velocities of a group of three or more together.

    Each member takes the mean velocity of the others as a measurement. Its covariance is ``pull``
    times the mean covariance of a member (not divided by their number: members share errors, and
    scan after scan they would confirm each other) plus ``speed_mps`` squared.
    """
    group, moment, x, P = tables.row, tables.moment, tables.x, tables.P
    n = group[g].members
    if n < 3:
        return
    sx, sy, p0, p1, p3 = 0.0, 0.0, 0.0, 0.0, 0.0
    r = group[g].head
    while r >= 0:
        i = tables.row_slot[r]
        moment[r, 24], moment[r, 25] = x[i, 3], x[i, 4]
        sx += x[i, 3]
        sy += x[i, 4]
        p0 += P[i, 15]
        p1 += P[i, 16]
        p3 += P[i, 18]
        r = group[r].next
    f, s2 = pull / n, speed_mps * speed_mps
    r = group[g].head
    while r >= 0:
        vx, vy = (sx - moment[r, 24]) / (n - 1), (sy - moment[r, 25]) / (n - 1)
        i = tables.row_slot[r]
        velocity_update(x, P, i, vx, vy, f * p0 + s2, f * p1, f * p3 + s2, gate)
        r = group[r].next


@kernel(borrows=True)
def displaced_costs(tables, g, pos_m, cov_m2, gate):
    """Costs of the edges of group ``g`` under displaced predictions (FORBIDDEN off the gate)."""
    group, x, P, cost = tables.row, tables.x, tables.P, tables.cost
    moment, log_density = tables.moment, tables.log_density
    start, column, row_slot = tables.start, tables.column, tables.row_slot
    r = group[g].head
    while r >= 0:
        i, offset = row_slot[r], group[r].offset
        for e in range(start[r], start[r + 1]):
            j = column[e]
            d2, log_det = shifted_innovation(x, P, i, pos_m, cov_m2, j, moment, r)
            cost[e] = 0.5 * (d2 + log_det) + offset + log_density[j] + tables.edge[e, 3]
            if d2 > gate:
                cost[e] = FORBIDDEN
        r = group[r].next


@kernel(borrows=True)
def displace_members(tables, g, level_m2, upright_m2):
    """`displace` every member of group ``g`` by what the plots of the others say."""
    r = tables.row[g].head
    while r >= 0:
        displace(tables.moment, r, g, 0.0, level_m2, upright_m2)
        r = tables.row[r].next
