"""One scan of the multi-target tracker: predict, gate, assign, update, confirm, drop, initiate.

Global nearest neighbour with the negative log-likelihood ratio as cost (see
`openiads.domain.track_gate`). Each prediction is a mixture of quiet flight and a manoeuvre; members
of a formation inform each other about the manoeuvre and about their velocity
(`openiads.domain.track_groups`); new tracks take their first velocity from a vote or from their
neighbours (`openiads.domain.track_initiate`). Which of it is done is a matter of the parameters:
with ``manoeuvre_rate_ps`` 0 flight is quiet and nothing else, with ``group_range_m`` 0 every track
is alone.
"""

from __future__ import annotations

from openiads.domain.track_book import (
    book_hit,
    book_miss,
    initiate,
    is_seed,
    take_slot,
    two_point,
)
from openiads.domain.track_formation import (
    NEGLIGIBLE,
    alone,
    mixed_costs,
    quiet_costs,
    take_doubtful,
    weigh_groups,
)
from openiads.domain.track_gate import gate_plots
from openiads.domain.track_groups import group_rows, harmonise
from openiads.domain.track_initiate import find_informants, inform_velocity, vote_velocities
from openiads.domain.track_models import harmonise_models, model_costs, settle_models, still_rows
from openiads.domain.track_order import MANY, number_as_given, order_plots
from openiads.domain.track_rates import rate_costs, take_rate
from openiads.domain.track_rows import forecast
from openiads.domain.track_share import own_plots, share_plots
from openiads.domain.tracks import FREE, LIVE
from openiads.kernel import kernel
from openiads.physics.assignment import assign_open, assign_rows
from openiads.physics.estimation import position_step
from openiads.physics.mixture import manoeuvre_shift, merge_pair

_SHORT_S = 0.2
"""Scans closer in time than this are one instant to a manoeuvre: no new one is looked for."""

_PULL = 2.0
_PULL_SIGMA_MPS = 15.0
_PULL_GATE = 16.0
"""Coupling of the velocities of a formation (assumed; see docs/models/tracking.md)."""


@kernel(forceinline=True, borrows=True)
def tracker_scan(params, tables, time_s, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3):
    """Bring all tracks to ``time_s`` and feed them one scan of plots; returns the live tracks.

    Args: params, a record of `track_params`; tables, of `tracks_allocate`; plot_pos_m (plots, 3)
    m and plot_cov_m2 (plots, 6) m2 (upper triangle) in the tracker's frame, of which the first
    ``n_plots`` rows count; plot_clutter_pm3 (plots,), false plots per m3 around each plot and
    scan, where 0 or less stands for ``params.clutter_pm3``. Before the call
    ``tables.track[slot].pd`` may be set (see `tracks_expect`). Afterwards ``tables.plot_track``
    and ``tables.plot_slot`` name the track that took each plot or was begun by it (-1: none).

    ``time_s`` must not lie before the last scan. Validated by tests/kernels/test_track_scan.py and
    tests/kernels/test_track_formation.py; measured by benchmarks/tracking.py.
    """
    many = n_plots > MANY
    pos_m, cov_m2, clutter_pm3 = plot_pos_m, plot_cov_m2, plot_clutter_pm3
    if many:
        order_plots(tables, n_plots, plot_pos_m, plot_cov_m2, plot_clutter_pm3)
        pos_m, cov_m2 = tables.near_m, tables.near_m2
        clutter_pm3 = tables.near_clutter_pm3
    dt_s, lively, n_rows, grouped = associate(
        params, tables, time_s, n_plots, pos_m, cov_m2, clutter_pm3
    )
    served = _share(tables.with_shares, params, tables, n_rows, n_plots, pos_m, cov_m2, lively)
    _update(tables.with_models, params, tables, n_rows, dt_s, lively, pos_m, cov_m2)
    if served > n_plots:
        own_plots(tables, n_rows, n_plots)
    finish(params, tables, n_plots, grouped, time_s, pos_m, cov_m2)
    if many:
        number_as_given(tables, n_plots)
    return tables.counts[LIVE]


@kernel(forceinline=True, borrows=True)
def associate(params, tables, time_s, n_plots, pos_m, cov_m2, clutter_pm3):
    """Predict, gate and assign; (step, whether tracks may manoeuvre, rows, those in formations).

    Afterwards ``tables.space`` holds the assignment and lists the rows in formations, and no plot
    has been given to a track.
    """
    dt_s, n_firm, n_rows = forecast(params, tables, time_s)
    lively = _is_lively(tables.with_manoeuvres, params, dt_s)
    level_m2 = upright_m2 = 0.0
    if lively:
        # Q1 = q m [[T^2/3, T/2], [T/2, 1]], m = min(T, duration): white noise for short T.
        spread = min(dt_s, params.manoeuvre_s) * dt_s * dt_s / 3.0
        level_m2 = params.manoeuvre_m2ps3 * spread
        upright_m2 = params.manoeuvre_climb_m2ps3 * spread
    gate_plots(
        params, tables, n_firm, n_rows, n_plots, pos_m, cov_m2, clutter_pm3, level_m2, upright_m2
    )
    assign_open(n_plots, tables.space)
    grouped = _weigh_manoeuvres(
        tables.with_manoeuvres, params, tables, n_firm, n_rows, pos_m, cov_m2, dt_s, lively,
        level_m2, upright_m2,
    )  # fmt: skip
    _cost_models(tables.with_models, params, tables, n_rows, lively, pos_m, cov_m2)
    assign_rows(n_rows, tables.start, tables.column, tables.cost, tables.alone, tables.space)
    for j in range(n_plots):
        tables.plot_slot[j] = -1
    return dt_s, lively, n_rows, grouped


@kernel(forceinline=True, borrows=True)
def finish(params, tables, n_plots, grouped, time_s, pos_m, cov_m2):
    """Draw the velocities of formations together and begin tracks at the plots left over."""
    _draw_groups(tables.with_manoeuvres, tables, grouped)
    _begin(params, tables, n_plots, time_s, pos_m, cov_m2)


# What follows chooses by switches of the tables. Numba leaves out what stands behind a switch that
# is None, if the switch is an argument of the function that asks.


@kernel(forceinline=True, borrows=True)
def _cost_models(switch, params, tables, n_rows, lively, pos_m, cov_m2):
    """Turn the costs of one model into those of several."""
    if switch is None:
        return
    if not lively:
        still_rows(tables, n_rows)
    model_costs(params, tables, n_rows, pos_m, cov_m2)


@kernel(forceinline=True, borrows=True)
def _share(switch, params, tables, n_rows, n_plots, pos_m, cov_m2, lively):
    """Let plots serve several tracks, where the sensor has a resolution; plots with the new."""
    if switch is None:
        return n_plots
    if tables.resolution[0] <= 0.0:
        return n_plots
    return share_plots(params, tables, n_rows, n_plots, pos_m, cov_m2, lively)


@kernel(forceinline=True, borrows=True)
def _update(switch, params, tables, n_rows, dt_s, lively, pos_m, cov_m2):
    """Update each track with its plot, by one model or by several."""
    if switch is None:
        settle_one(tables.with_manoeuvres, params, tables, n_rows, dt_s, lively, pos_m, cov_m2)
    else:
        settle_models(params, tables, n_rows, dt_s, pos_m, cov_m2)


@kernel(forceinline=True, borrows=True)
def settle_one(switch, params, tables, n_rows, dt_s, lively, pos_m, cov_m2):
    """Update each track by one model, in which targets may manoeuvre or not."""
    if switch is None:
        settle_quiet(params, tables, n_rows, pos_m, cov_m2)
    elif lively:
        settle(params, tables, n_rows, dt_s, pos_m, cov_m2)
    else:
        settle_quiet(params, tables, n_rows, pos_m, cov_m2)


@kernel(inline="always", borrows=True)
def _is_lively(switch, params, dt_s):
    """Whether new manoeuvres are looked for in a scan, ``dt_s`` after the last."""
    if switch is None:
        return False
    return dt_s >= _SHORT_S and params.manoeuvre_rate_ps > 0.0


@kernel(forceinline=True, borrows=True)
def _weigh_manoeuvres(
    switch, params, tables, n_firm, n_rows, pos_m, cov_m2, dt_s, lively, level_m2, upright_m2
):
    """Costs of the mixture of quiet flight and a manoeuvre; returns the rows in formations."""
    if switch is None:
        rate_costs(tables.with_rates, params, tables, 0, n_rows, dt_s, pos_m, cov_m2, False)
        return 0
    if not lively:
        rate_costs(tables.with_rates, params, tables, 0, n_rows, dt_s, pos_m, cov_m2, False)
        return 0
    return _foresee(params, tables, n_firm, n_rows, pos_m, cov_m2, dt_s, level_m2, upright_m2)


@kernel(forceinline=True, borrows=True)
def _draw_groups(switch, tables, grouped):
    """Draw the velocities of each formation of the ``grouped`` rows listed together."""
    if switch is None:
        return
    for k in range(grouped):
        g = tables.space.listed[k]
        if tables.row[g].parent == g and tables.row[g].members > 2:
            _draw_together(tables.with_models, tables, g)


@kernel(forceinline=True, borrows=True)
def _draw_together(switch, tables, g):
    """Draw the velocities of a formation together."""
    if switch is None:
        harmonise(tables, g, _PULL, _PULL_SIGMA_MPS, _PULL_GATE)
    else:
        harmonise_models(tables, g, _PULL, _PULL_SIGMA_MPS, _PULL_GATE)


@kernel(forceinline=True, borrows=True)
def _foresee(params, tables, n_firm, n_rows, pos_m, cov_m2, dt_s, level_m2, upright_m2):
    """Turn the costs of quiet flight into those of the mixture; returns the rows in formations.

    Without a formation the manoeuvre half of a row is centred on its quiet prediction.
    """
    alone(tables.moment, tables.moment.shape[0] - 1, level_m2, upright_m2)
    rate_costs(tables.with_rates, params, tables, 0, n_rows, dt_s, pos_m, cov_m2, True)
    grouped = 0
    if params.group_range_m > 0.0:
        if vote_velocities(params, tables, n_firm, n_rows, pos_m):
            quiet_costs(tables, n_firm, n_rows, pos_m, cov_m2)
            rate_costs(tables.with_rates, params, tables, n_firm, n_rows, dt_s, pos_m, cov_m2, True)
        grouped = group_rows(params, tables, n_rows)
    if grouped > 0:
        weigh_groups(params, tables, n_rows, grouped, pos_m, cov_m2, dt_s, level_m2, upright_m2)
    mixed_costs(params, tables, n_rows, pos_m, cov_m2)
    return grouped


@kernel(forceinline=True, borrows=True)
def settle(params, tables, n_rows, dt_s, pos_m, cov_m2):
    """Update each track with its plot, or coast it, and book either."""
    group, track, x, P = tables.row, tables.track, tables.x, tables.P
    pair_x, pair_P, counts = tables.trial_x, tables.trial_P, tables.counts
    share = min(1.0, params.manoeuvre_s / dt_s) if dt_s > 0.0 else 1.0
    level, upright = share * params.manoeuvre_m2ps3, share * params.manoeuvre_climb_m2ps3
    for r in range(n_rows):
        i, e = tables.row_slot[r], tables.space.row_edge[r]
        j = tables.column[e] if e >= 0 else -1
        w = tables.edge[e, 1] if e >= 0 else group[r].weight
        stray = tables.edge[e, 4] if e >= 0 else 0.0
        if e >= 0 and params.two_point > 0 and is_seed(track, i):
            two_point(params, track, x, P, i, j, pos_m, cov_m2)
            take_rate(tables.with_rates, tables, x, P, i, j)
        elif stray >= NEGLIGIBLE:
            track[i].nis = take_doubtful(
                params, tables, r, i, j, dt_s, stray, w, level, upright, pos_m, cov_m2
            )
        elif w >= NEGLIGIBLE:
            for s in range(2):
                for k in range(6):
                    pair_x[s, k] = x[i, k]
                for k in range(21):
                    pair_P[s, k] = P[i, k]
            manoeuvre_shift(pair_x, pair_P, 1, dt_s, tables.moment, group[r].shift, level, upright)
            if e >= 0:
                n0, _ = position_step(pair_x, pair_P, 0, pos_m, cov_m2, j)
                n1, _ = position_step(pair_x, pair_P, 1, pos_m, cov_m2, j)
                take_rate(tables.with_rates, tables, pair_x, pair_P, 0, j)
                take_rate(tables.with_rates, tables, pair_x, pair_P, 1, j)
                track[i].nis = (1.0 - w) * n0 + w * n1
            merge_pair(x, P, i, pair_x, pair_P, w)
        elif e >= 0:
            track[i].nis, _ = position_step(x, P, i, pos_m, cov_m2, j)
            take_rate(tables.with_rates, tables, x, P, i, j)
        if group[group[r].parent].members > 1:
            w = group[r].weight
        track[i].manoeuvre = min(w, 0.999)
        if e < 0:
            book_miss(params, track, counts, i, tables.alone[r])
            continue
        track[i].plot = j
        book_hit(params, track, counts, x, i, tables.cost[e])
        tables.plot_slot[j] = i if track[i].status != FREE else -1


@kernel(forceinline=True, borrows=True)
def settle_quiet(params, tables, n_rows, pos_m, cov_m2):
    """`settle` where no track manoeuvres."""
    track = tables.track
    for r in range(n_rows):
        i, e = tables.row_slot[r], tables.space.row_edge[r]
        if e < 0:
            book_miss(params, track, tables.counts, i, tables.alone[r])
            continue
        j = tables.column[e]
        track[i].plot = j
        if params.two_point > 0 and is_seed(track, i):
            two_point(params, track, tables.x, tables.P, i, j, pos_m, cov_m2)
        else:
            track[i].nis, _ = position_step(tables.x, tables.P, i, pos_m, cov_m2, j)
        take_rate(tables.with_rates, tables, tables.x, tables.P, i, j)
        book_hit(params, track, tables.counts, tables.x, i, tables.cost[e])
        tables.plot_slot[j] = i if track[i].status != FREE else -1


@kernel(forceinline=True, borrows=True)
def _begin(params, tables, n_plots, time_s, pos_m, cov_m2):
    """Begin a track at every plot that none took, if possible with a neighbour's velocity."""
    track, x, P = tables.track, tables.x, tables.P
    learns = _ask_neighbours(tables.with_manoeuvres, params, tables, n_plots, pos_m)
    for j in range(n_plots):
        if tables.plot_slot[j] < 0:
            i = take_slot(track, tables.counts)
            tables.plot_slot[j] = i
            if i >= 0:
                initiate(params, track, tables.counts, x, P, i, j, time_s, pos_m, cov_m2)
                _inform(tables.with_manoeuvres, tables, i, j, learns)
        slot = tables.plot_slot[j]
        tables.plot_track[j] = track[slot].id if slot >= 0 else -1


@kernel(forceinline=True, borrows=True)
def _ask_neighbours(switch, params, tables, n_plots, pos_m):
    """Find who may tell the tracks to be begun their velocity; returns whether that was asked."""
    if switch is None:
        return False
    if params.group_range_m <= 0.0 or params.manoeuvre_rate_ps <= 0.0:
        return False
    for j in range(n_plots):
        if tables.plot_slot[j] < 0:
            find_informants(params, tables, n_plots, pos_m)
            return True
    return False


@kernel(forceinline=True, borrows=True)
def _inform(switch, tables, i, j, learns):
    """Give the new track in slot ``i`` at plot ``j`` a neighbour's velocity, if it has one."""
    if switch is None:
        return
    if learns and tables.plot_track[j] >= 0:
        inform_velocity(tables, i, tables.plot_track[j])
