"""Rows of a scan: the live tracks brought to its time, those without a velocity last.

All later laws of the scan go by rows. A row holds what they ask of its track, so that they need not
fetch the track itself: a large picture does not fit the fast memory of a core.
"""

from __future__ import annotations

import math

from openiads.domain.track_book import MOST_PD
from openiads.domain.track_groups import kind_of
from openiads.domain.track_models import predict_track, set_transition
from openiads.domain.tracks import FREE, HIGH, SEED
from openiads.kernel import kernel
from openiads.physics.estimation import LOG_TWO_PI, cv_predict

LEAST_PD = 0.05
"""A track that takes a plot although it should not be seen is scored as if barely visible."""


@kernel(forceinline=True, borrows=True)
def forecast(params, tables, time_s):
    """Predict all tracks and list them as rows; (step, rows that are no seeds, rows).

    Seeds, new tracks without a velocity, come last. Sets of each row its slot, ``kind``, ``weight``
    (the probability of a manoeuvre, of a seed 0), ``alone`` and ``offset``: what a miss costs, and
    what all its pairs cost in common; it is in no formation. Predictions are those of quiet flight.
    """
    track, seeds = tables.track, tables.space.listed
    dt_s, stay, begin = 0.0, 1.0, 0.0
    last, alone, offset = -1.0, 0.0, 0.0
    n = n_seeds = 0
    for i in range(tables.counts[HIGH]):
        track[i].plot = -1
        if track[i].status == FREE:
            continue
        _forget_models(tables.with_models, tables, i)
        if time_s != track[i].time_s:
            if time_s - track[i].time_s != dt_s:
                dt_s = time_s - track[i].time_s
                stay = math.exp(-dt_s / params.manoeuvre_s)
                begin = 1.0 - math.exp(-dt_s * params.manoeuvre_rate_ps)
                _set_step(tables.with_models, params, tables, dt_s)
            _advance(tables.with_models, params, tables, i, dt_s, stay, begin)
            track[i].time_s = time_s
        kind = kind_of(track, tables.P, i)
        if kind == SEED:
            seeds[n_seeds] = i
            n_seeds += 1
            continue
        # Logarithms are taken where they change: most tracks are seen with one probability.
        if track[i].pd != last:
            last = track[i].pd
            alone, offset = _seen_costs(last)
        _enlist(tables, n, i, kind, track[i].manoeuvre, alone, offset)
        n += 1
    for k in range(n_seeds):
        i = seeds[k]
        if track[i].pd != last:
            last = track[i].pd
            alone, offset = _seen_costs(last)
        _enlist(tables, n + k, i, SEED, 0.0, alone, offset)
    return dt_s, n, n + n_seeds


@kernel(inline="always", borrows=True)
def _seen_costs(pd):
    """What a miss costs at that probability of detection, and the constant part of a pair's."""
    pd = min(pd, MOST_PD)
    return -math.log(1.0 - pd), 1.5 * LOG_TWO_PI - math.log(max(pd, LEAST_PD))


@kernel(inline="always", borrows=True)
def _enlist(tables, r, i, kind, weight, alone, offset):
    """Give slot ``i`` the row ``r``."""
    row = tables.row[r]
    tables.row_slot[r], tables.alone[r] = i, alone
    row.kind, row.weight, row.offset = kind, weight, offset
    row.parent, row.members, row.shift = r, 1, tables.moment.shape[0] - 1


# What follows chooses by a switch of the tables: see `openiads.domain.track_scan`.


@kernel(forceinline=True, borrows=True)
def _forget_models(switch, tables, i):
    """A slot of one plot has no rows of models, whatever track was in it before."""
    if switch is None:
        return
    if tables.track[i].hits < 2:
        tables.models.live[i] = 0


@kernel(forceinline=True, borrows=True)
def _set_step(switch, params, tables, dt_s):
    """Set what all tracks predicted over ``dt_s`` share."""
    if switch is None:
        return
    set_transition(params, tables.models, dt_s)


@kernel(forceinline=True, borrows=True)
def _advance(switch, params, tables, i, dt_s, stay, begin):
    """Predict slot ``i``, by one model or by several, and its probability of a manoeuvre."""
    if switch is None:
        _fly_quietly(params, tables, i, dt_s, stay, begin)
    elif tables.models.live[i]:
        tables.track[i].manoeuvre *= stay
        predict_track(params, tables, i, dt_s)
    else:
        _fly_quietly(params, tables, i, dt_s, stay, begin)


@kernel(inline="always", borrows=True)
def _fly_quietly(params, tables, i, dt_s, stay, begin):
    row = tables.track[i]
    row.manoeuvre = stay * row.manoeuvre + begin * (1.0 - row.manoeuvre)
    cv_predict(tables.x, tables.P, i, dt_s, params.noise_m2ps3)
