"""The books of tracks: hits, misses, confirmation, deletion, slots and new tracks."""

from __future__ import annotations

import math

from openiads.domain.tracks import (
    CONFIRMATIONS,
    CONFIRMED,
    DROPPED,
    FIRST,
    FREE,
    HIGH,
    LIVE,
    LOSSES,
    NEXT_ID,
    REFUSED,
    TENTATIVE,
)
from openiads.kernel import kernel

MOST_PD = 0.999
"""No track is so sure to be seen that a miss proves it gone."""

_HISTORY = (1 << 60) - 1
"""Scans that the history of hits and misses can hold, as a mask."""


@kernel(borrows=True)
def is_seed(track, i):
    """Whether slot ``i`` is a new track of one plot, without a velocity."""
    return track[i].status == TENTATIVE and track[i].hits == 1 and track[i].informed == 0


@kernel(borrows=True)
def ratio_thresholds(false_probability, missed_probability):
    """Log-likelihood ratios at which Wald's sequential test drops and confirms a track.

    ln(b / (1 - a)) and ln((1 - b) / a), with a the probability that a false track is confirmed and
    b that a true one is dropped; between them the test goes on. Valid for a + b < 1.
    Reference: Wald, Sequential Analysis, 1947, section 3.3; Blackman and Popoli, Design and
    Analysis of Modern Tracking Systems, 1999, section 6.2.2. Validated by
    tests/kernels/test_track_initiation.py.
    """
    lower = math.log(missed_probability / (1.0 - false_probability))
    return lower, math.log((1.0 - missed_probability) / false_probability)


@kernel(borrows=True)
def book_hit(params, track, counts, x, i, cost):
    """Book a plot of that cost to slot ``i`` and confirm the track when it has earned it."""
    row = track[i]
    row.hits += 1
    row.misses = 0
    row.history = ((row.history << 1) | 1) & _HISTORY
    row.last_s = row.time_s
    row.score -= cost
    row.peak = max(row.peak, row.score)
    if row.status != TENTATIVE:
        return
    if params.max_speed_mps > 0.0 and row.hits > 1:
        v2 = x[i, 3] ** 2 + x[i, 4] ** 2 + x[i, 5] ** 2
        if v2 > params.max_speed_mps * params.max_speed_mps:
            free_slot(track, counts, i)
            return
    if params.confirm_ratio > 0:
        lower, _ = ratio_thresholds(params.false_track_probability, params.missed_track_probability)
        if row.score <= lower:
            free_slot(track, counts, i)
            return
    _confirm(params, track, counts, i)


@kernel(borrows=True)
def _confirm(params, track, counts, i):
    """Confirm the tentative track in slot ``i`` by M of N and score, or by Wald's test."""
    if params.confirm_ratio > 0:
        _, upper = ratio_thresholds(params.false_track_probability, params.missed_track_probability)
        if track[i].score >= upper:
            track[i].status = CONFIRMED
            counts[CONFIRMATIONS] += 1
        return
    hits, bits = 0, track[i].history
    for _ in range(params.confirm_scans):
        hits += bits & 1
        bits >>= 1
    if hits >= params.confirm_hits and track[i].score >= params.confirm_score:
        track[i].status = CONFIRMED
        counts[CONFIRMATIONS] += 1


@kernel(borrows=True)
def book_miss(params, track, counts, i, alone):
    """Book a scan without a plot to slot ``i`` and delete the track when it is lost.

    ``alone`` is the cost of that, -ln(1 - Pd). A track that could not be seen (pd = 0) only ages:
    the limit in seconds still holds.
    """
    row = track[i]
    if row.pd > 0.0:
        row.score -= alone
        row.misses += 1
        row.history = (row.history << 1) & _HISTORY
    lost = row.misses > params.coast_scans
    lost = lost or row.time_s - row.last_s > params.coast_s
    lost = lost or row.peak - row.score > params.score_drop
    if row.status == TENTATIVE and params.confirm_ratio > 0:
        lower, _ = ratio_thresholds(params.false_track_probability, params.missed_track_probability)
        lost = lost or row.score <= lower
    elif row.status == TENTATIVE:
        # No longer able to reach M of N before its oldest hit leaves the window.
        lost = lost or row.misses > params.confirm_scans - params.confirm_hits
    if lost:
        if row.status == CONFIRMED:
            counts[LOSSES] += 1
        free_slot(track, counts, i)


@kernel(borrows=True)
def free_slot(track, counts, i):
    """Give the slot ``i`` back; ``counts[HIGH]`` sinks with the highest live slot."""
    track[i].status = FREE
    counts[LIVE] -= 1
    counts[FIRST] = min(counts[FIRST], i)
    while counts[HIGH] > 0 and track[counts[HIGH] - 1].status == FREE:
        counts[HIGH] -= 1


@kernel(borrows=True)
def take_slot(track, counts):
    """A slot for a new track, or -1.

    Policy of a full table: the tentative track of the lowest score gives way if that score is
    negative (less likely a target than the newcomer, which starts at 0); a confirmed track never
    does. Both outcomes are counted.
    """
    if counts[LIVE] < track.size:
        if counts[LIVE] == counts[HIGH]:
            counts[HIGH] += 1
            counts[LIVE] += 1
            return counts[HIGH] - 1
        for i in range(counts[FIRST], counts[HIGH]):
            if track[i].status == FREE:
                counts[LIVE] += 1
                counts[FIRST] = i + 1
                return i
    worst, least = -1, 0.0
    for i in range(track.size):
        if track[i].status == TENTATIVE and track[i].score < least:
            least = track[i].score
            worst = i
    if worst < 0:
        counts[REFUSED] += 1
    else:
        counts[DROPPED] += 1
    return worst


@kernel(borrows=True)
def initiate(params, track, counts, x, P, i, j, time_s, plot_pos_m, plot_cov_m2):
    """Begin a tentative track in slot ``i`` at plot ``j``: velocity 0 with the prior's spread.

    One-point initiation: after a second plot the filter holds what two-point initiation gives,
    tempered by the prior on speed (Bar-Shalom, Li and Kirubarajan 2001, section 5.5.3).
    """
    row = track[i]
    row.id = counts[NEXT_ID]
    counts[NEXT_ID] += 1
    row.status = TENTATIVE
    row.hits, row.misses, row.history = 1, 0, 1
    row.plot, row.tag, row.informed = j, -1, 0
    row.time_s, row.first_s, row.last_s = time_s, time_s, time_s
    row.score, row.peak, row.nis, row.manoeuvre = 0.0, 0.0, 0.0, 0.0
    row.shared = 0
    row.pd = params.detect_probability
    for a in range(3):
        x[i, a] = plot_pos_m[j, a]
        x[i, a + 3] = 0.0
    for k in range(6):
        P[i, k] = plot_cov_m2[j, k]
    for k in range(6, 21):
        P[i, k] = 0.0
    P[i, 15] = params.speed_sigma_mps**2
    P[i, 18] = params.speed_sigma_mps**2
    P[i, 20] = params.climb_sigma_mps**2
    if params.confirm_hits == 1:
        _confirm(params, track, counts, i)


@kernel(borrows=True)
def two_point(params, track, x, P, i, j, plot_pos_m, plot_cov_m2):
    """Give the new track in slot ``i`` the state that its first plot and plot ``j`` determine.

    x = (z2, (z2 - z1)/T), P = [[R2, R2/T], [R2/T, (R1 + R2)/T^2]]: no prior of the velocity beyond
    the gate, no process noise. The first plot and its covariance are what is left of the prediction
    when the prior's spread is taken off.
    Reference: Bar-Shalom, Li and Kirubarajan 2001, section 5.5.3. Validated by
    tests/kernels/test_track_initiation.py.
    """
    t = track[i].time_s - track[i].last_s
    row = P[i]
    noise = params.noise_m2ps3 * t * t * t / 3.0
    level, upright = (t * params.speed_sigma_mps) ** 2, (t * params.climb_sigma_mps) ** 2
    row[0] -= level + noise
    row[3] -= level + noise
    row[5] -= upright + noise
    for k in range(6):
        row[15 + k] = (row[k] + plot_cov_m2[j, k]) / (t * t)
        row[k] = plot_cov_m2[j, k]
    row[6], row[7], row[8] = row[0] / t, row[1] / t, row[2] / t
    row[9], row[10], row[11] = row[1] / t, row[3] / t, row[4] / t
    row[12], row[13], row[14] = row[2] / t, row[4] / t, row[5] / t
    for a in range(3):
        x[i, a + 3] = (plot_pos_m[j, a] - x[i, a]) / t
        x[i, a] = plot_pos_m[j, a]
