"""Initiation of formations: a common first velocity by vote, and velocities from neighbours.

A formation that appears at once gives plots that can be joined in many ways: neighbours a
kilometre apart look like one target at 200 m/s more or less. So the members of a cluster of new
tracks vote: each pair of first and second plot proposes a displacement, and the one that matches
the most members, clearly ahead of any other, becomes the first velocity of all. A plot that
appears beside a formation already tracked is first tried with the formation's velocity.
"""

from __future__ import annotations

from openiads.domain.track_groups import (
    STRANGERS,
    chain_members,
    kind_of,
    quadratic,
    settled,
    tally,
    unite,
)
from openiads.domain.track_index import index_points, nearest_run, neighbours_after, uncrowded
from openiads.domain.tracks import CONFIRMED, FREE, HIGH, TOLD, VOTED
from openiads.kernel import kernel
from openiads.physics.estimation import symmetric_inverse

_NEAR_M = 6000.0
"""Reach of the vote and of the neighbours that inform (assumed: two missed members of a formation
2 to 3 km apart)."""

_LEAST_VOTES = 9.0
"""Two perfect matches, or three of average quality (a match counts (9 - d2)/2)."""

_LEAST_LEAD = 2.0
"""Log-likelihood by which the winner must lead a displacement more than 3 sigma away."""

_PRIOR_SIGMAS = 1.5
"""A plot within so many sigmas of the velocity prior may be of the same target (assumed: as far as
the prior itself is meant to reach, see ``speed_sigma_mps``)."""

_FIRST_SIGMA_MPS = 20.0
"""Spread of the members' velocities around the common one (assumed)."""

_INFORMED_SIGMA_MPS = 30.0
"""The same for a velocity taken from a neighbour, which may be turning (assumed)."""


@kernel(forceinline=True, borrows=True)
def vote_velocities(params, tables, n_firm, n_rows, pos_m):
    """Give clusters of three or more seeds, rows ``n_firm`` on, the velocity their plots agree on.

    Needs the edges of a gate as wide as the velocity prior. Returns whether any track was moved.
    """
    track, x, group, row_slot = tables.track, tables.x, tables.row, tables.row_slot
    entry, point, start, listed = tables.entry, tables.point, tables.start, tables.space.listed
    seeds = voters = 0
    for r in range(n_firm, n_rows):
        i = row_slot[r]
        entry[seeds].of, entry[seeds].x, entry[seeds].y = r, x[i, 0], x[i, 1]
        listed[seeds] = r
        seeds += 1
        if start[r + 1] > start[r]:
            voters += 1
    # A displacement is adopted on three members' plots; tracks without plots only join clusters.
    if voters < 3:
        return False
    reach_m = uncrowded(entry, seeds, _NEAR_M, STRANGERS)
    index_points(tables.grid, tables.cell, entry, point, seeds, reach_m)
    for k in range(seeds):
        p = point[k]
        a0, a1, b0, b1 = neighbours_after(tables.grid, tables.cell, point, k)
        for t in range(a1 - a0 + b1 - b0):
            q = point[a0 + t if a0 + t < a1 else b0 + t - (a1 - a0)]
            dx, dy = p.x - q.x, p.y - q.y
            if (
                dx * dx + dy * dy < reach_m * reach_m
                and track[row_slot[p.of]].last_s == track[row_slot[q.of]].last_s
            ):
                unite(group, p.of, q.of)
    chain_members(group, listed, seeds)
    moved = False
    for g in range(n_firm, n_rows):
        if group[g].parent == g and group[g].members >= 3 and _elect(params, tables, g, pos_m):
            moved = True
    for r in range(n_firm, n_rows):
        group[r].parent, group[r].members = r, 1
    return moved


@kernel(borrows=True)
def _plot_covariance(P, i, t, noise_m2ps3):
    """Covariance of a seed's plot: its position block less what was added over ``t`` since.

    The prior velocity V added t^2 V and the process noise q t^3 / 3, while the velocity block has
    become V + q t: R = P - t^2 (V + q t) + 2 q t^3 / 3.
    """
    t2, noise = t * t, 2.0 * noise_m2ps3 * t * t * t / 3.0
    return (
        P[i, 0] - t2 * P[i, 15] + noise,
        P[i, 1],
        P[i, 2],
        P[i, 3] - t2 * P[i, 18] + noise,
        P[i, 4],
        P[i, 5] - t2 * P[i, 20] + noise,
    )


@kernel(borrows=True)
def _elect(params, tables, g, pos_m):
    """Hold the vote in cluster ``g`` and give out the velocity; returns whether there was one."""
    group, row_slot, start, column = tables.row, tables.row_slot, tables.start, tables.column
    x, P = tables.x, tables.P
    i0 = row_slot[g]
    t = tables.track[i0].time_s - tables.track[i0].last_s
    # Four plots enter the difference between two displacements.
    r0, r1, r2, r3, r4, r5 = _plot_covariance(P, i0, t, params.noise_m2ps3)
    s = symmetric_inverse(4.0 * r0, 4.0 * r1, 4.0 * r2, 4.0 * r3, 4.0 * r4, 4.0 * r5)
    reach2 = (t * params.speed_sigma_mps) ** 2
    best, second, b0, b1, b2 = -1.0, -1.0, 0.0, 0.0, 0.0
    r = group[g].head
    while r >= 0:
        i = row_slot[r]
        for e in range(start[r], start[r + 1]):
            j = column[e]
            d0, d1, d2 = pos_m[j, 0] - x[i, 0], pos_m[j, 1] - x[i, 1], pos_m[j, 2] - x[i, 2]
            votes = tally(row_slot, start, column, group, g, x, pos_m, d0, d1, d2, s)
            votes -= 0.5 * (d0 * d0 + d1 * d1) / reach2
            apart = quadratic(s, d0 - b0, d1 - b1, d2 - b2) > 9.0
            if votes > best:
                if apart and best > second:
                    second = best
                best, b0, b1, b2 = votes, d0, d1, d2
            elif apart and votes > second:
                second = votes
        r = group[r].next
    if best < _LEAST_VOTES or best - second < _LEAST_LEAD:
        return False
    return _adopt(params, tables, g, pos_m, b0, b1, b2, s, t)


@kernel(borrows=True)
def _adopt(params, tables, g, pos_m, b0, b1, b2, s, t):
    """Move cluster ``g`` by the mean displacement of its matches near (b0, b1, b2)."""
    group, row_slot, start, column = tables.row, tables.row_slot, tables.start, tables.column
    x, P = tables.x, tables.P
    n, c0, c1, c2 = 0, 0.0, 0.0, 0.0
    r = group[g].head
    while r >= 0:
        i, least, pick = row_slot[r], 9.0, -1
        for e in range(start[r], start[r + 1]):
            j = column[e]
            d = quadratic(
                s,
                pos_m[j, 0] - x[i, 0] - b0,
                pos_m[j, 1] - x[i, 1] - b1,
                pos_m[j, 2] - x[i, 2] - b2,
            )
            if d < least:
                least, pick = d, j
        if pick >= 0:
            c0 += pos_m[pick, 0] - x[i, 0]
            c1 += pos_m[pick, 1] - x[i, 1]
            c2 += pos_m[pick, 2] - x[i, 2]
            n += 1
        r = group[r].next
    if n < 3:
        return False
    r = group[g].head
    while r >= 0:
        _set_velocity(params, x, P, row_slot[r], c0 / n, c1 / n, c2 / n, n, t)
        tables.track[row_slot[r]].informed = VOTED
        group[r].kind = kind_of(tables.track, P, row_slot[r])
        r = group[r].next
    return True


@kernel(borrows=True)
def _set_velocity(params, x, P, i, d0, d1, d2, n, t):
    """Displace seed ``i`` over ``t`` by the mean (d0, d1, d2) of n pairs of plots."""
    x[i, 0] += d0
    x[i, 1] += d1
    x[i, 2] += d2
    x[i, 3], x[i, 4], x[i, 5] = d0 / t, d1 / t, d2 / t
    plot = _plot_covariance(P, i, t, params.noise_m2ps3)
    spread = (_FIRST_SIGMA_MPS * t) ** 2
    for k in range(6):
        moved = 2.0 * plot[k] / n
        if k == 0 or k == 3:
            moved += spread
        P[i, 15 + k] = moved / (t * t)
        P[i, k] = plot[k] + moved
    v0, v1, v2, v3, v4, v5 = P[i, 15], P[i, 16], P[i, 17], P[i, 18], P[i, 19], P[i, 20]
    P[i, 6], P[i, 7], P[i, 8] = t * v0, t * v1, t * v2
    P[i, 9], P[i, 10], P[i, 11] = t * v1, t * v3, t * v4
    P[i, 12], P[i, 13], P[i, 14] = t * v2, t * v4, t * v5


@kernel(forceinline=True, borrows=True)
def find_informants(params, tables, n_plots, pos_m):
    """Set ``plot_track`` of the plots left over: who may tell a track begun there its velocity.

    It is the slot of the nearest track whose velocity is known, or -1: where none is near, and at
    plots that may be the next of a misinformed track. (A target that overtakes a stream would be
    given the stream's velocity at every plot, and never be found again.)
    """
    settled_ones, doubtful = _list_informants(tables)
    reach_m = uncrowded(tables.entry, settled_ones, _NEAR_M, STRANGERS)
    index_points(tables.grid, tables.cell, tables.entry, tables.point, settled_ones, reach_m)
    for j in range(n_plots):
        if tables.plot_slot[j] < 0:
            tables.plot_track[j] = _nearest(tables, pos_m[j, 0], pos_m[j, 1], reach_m)
    if doubtful > 0:
        _doubt_newcomers(params, tables, n_plots, pos_m, doubtful)


@kernel(inline="always", borrows=True)
def _list_informants(tables):
    """List tracks of known velocity in ``entry``, disproved ones in the space; their numbers."""
    track, x, n, doubtful = tables.track, tables.x, 0, 0
    for i in range(tables.counts[HIGH]):
        if settled(track, tables.P, i):
            tables.entry[n].of, tables.entry[n].x, tables.entry[n].y = i, x[i, 0], x[i, 1]
            n += 1
        if is_disproved(track, i):
            tables.space.listed[doubtful] = i
            doubtful += 1
    return n, doubtful


@kernel(borrows=True)
def is_disproved(track, i):
    """Whether slot ``i`` took its velocity from a neighbour and no plot has borne that out since.

    It had one plot, and then a scan that should have seen it.
    """
    if track[i].status == FREE or track[i].informed == 0:
        return False
    return track[i].hits == 1 and track[i].misses > 0


@kernel(borrows=True)
def _nearest(tables, x, y, reach_m):
    """Slot of the nearest track indexed, or -1; one that is not confirmed counts as twice as far.

    Needs the index of tracks, in cells as wide as the reach.
    """
    track, point = tables.track, tables.point
    best, pick = reach_m * reach_m, -1
    for shift in range(-1, 2):
        k0, k1 = nearest_run(tables.grid, tables.cell, x, y, shift)
        for k in range(k0, k1):
            dx, dy = x - point[k].x, y - point[k].y
            d = dx * dx + dy * dy
            if d < best and track[point[k].of].status != CONFIRMED:
                d *= 4.0
            if d < best:
                best, pick = d, point[k].of
    return pick


@kernel(borrows=True)
def _doubt_newcomers(params, tables, n_plots, pos_m, doubtful):
    """Let nobody inform the plots left over that may be the next of a misinformed track.

    Such a plot lies within `_PRIOR_SIGMAS` of the velocity prior from that track's own one.
    """
    track, x, entry, point, far_m = tables.track, tables.x, tables.entry, tables.point, 1.0
    for k in range(doubtful):
        i, e = tables.space.listed[k], entry[k]
        t = track[i].time_s - track[i].first_s
        e.of, e.x, e.y = i, x[i, 0] - t * x[i, 3], x[i, 1] - t * x[i, 4]
        e.a = _PRIOR_SIGMAS * params.speed_sigma_mps * t
        far_m = max(far_m, e.a)
    index_points(tables.grid, tables.cell, entry, point, doubtful, far_m)
    for j in range(n_plots):
        if tables.plot_slot[j] >= 0 or tables.plot_track[j] < 0:
            continue
        for shift in range(-1, 2):
            k0, k1 = nearest_run(tables.grid, tables.cell, pos_m[j, 0], pos_m[j, 1], shift)
            for k in range(k0, k1):
                p = point[k]
                if (pos_m[j, 0] - p.x) ** 2 + (pos_m[j, 1] - p.y) ** 2 < p.a * p.a:
                    tables.plot_track[j] = -1


@kernel(forceinline=True, borrows=True)
def inform_velocity(tables, i, informant):
    """Give the new track in slot ``i`` the velocity of the track in the slot ``informant``.

    Not if that one has meanwhile given way to a newcomer itself.
    """
    x, P = tables.x, tables.P
    if informant == i or not settled(tables.track, P, informant):
        return
    for a in range(3, 6):
        x[i, a] = x[informant, a]
    for k in range(15, 21):
        P[i, k] = P[informant, k]
    spread = _INFORMED_SIGMA_MPS * _INFORMED_SIGMA_MPS
    P[i, 15] += spread
    P[i, 18] += spread
    P[i, 20] += spread
    tables.track[i].informed = TOLD
