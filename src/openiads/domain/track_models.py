"""Interacting models in the scan: each track is predicted by several, weighed by its plots.

Where a tracker has models (`openiads.domain.tracks.tracks_allocate` with ``models``), every track
of two plots or more has one row a model beside its summary in ``tables.x`` and ``tables.P``, which
stays what gates, groups and callers read: the mean and covariance of the mixture. A plot costs what
it costs under the mixture itself, not under its summary. The displacement that a formation shares
(`openiads.domain.track_groups`) comes on top: it moves every model's prediction alike.
"""

from __future__ import annotations

import math

from openiads.domain.track_book import book_hit, book_miss, is_seed, two_point
from openiads.domain.track_formation import NEGLIGIBLE, STRAY_FROM
from openiads.domain.track_groups import FORBIDDEN
from openiads.domain.track_rates import take_rate
from openiads.domain.tracks import FREE
from openiads.kernel import kernel
from openiads.physics.interacting import (
    LEAST_PROBABILITY,
    combine_models,
    displace_state,
    enter_model,
    merge_states,
    mix_models,
    model_innovation,
    model_update,
    pull_velocity,
    rate_gradient,
    scalar_update,
    weigh_models,
)
from openiads.physics.motion_models import (
    BALLISTIC,
    CT,
    CV,
    model_predict,
    model_states,
)

_BALLISTIC = 0.05
"""Share of ballistic flight among new tracks, and among targets that end a manoeuvre (a burn-out)
(assumed: half a minute of plots outweighs it)."""

LONE, MEMBER = 1, 2
"""Values of ``live``: the rows hold, of a lone target or of a member of a formation."""

_SLOW_MPS = 50.0
"""Below it a turn rate is as uncertain as at it (acceleration over speed has no meaning there)."""


@kernel(borrows=True)
def _is_lasting(kind):
    """Whether targets stay with a model until something happens; the others are manoeuvres."""
    return kind in (CV, BALLISTIC)


@kernel(borrows=True)
def _share(kind):
    """Weight of a model among its like: lasting ones, or manoeuvres."""
    return _BALLISTIC if kind == BALLISTIC else 1.0 - _BALLISTIC


@kernel(borrows=True)
def set_transition(params, models, dt_s):
    """Transition probabilities over ``dt_s``, of lone targets and of members of a formation.

    A model is left after its sojourn, exp(-T / sojourn): the lasting ones for a manoeuvre, a
    manoeuvre for a lasting one (or, where the set has none of the other sort, for any). A member
    does not manoeuvre alone: it keeps a lasting model, and a manoeuvre ends at once.
    """
    kinds, table = models.kind, models.transition
    count = kinds.size
    manoeuvres = 0
    for i in range(count):
        manoeuvres += 0 if _is_lasting(kinds[i]) else 1
    mixed = 0 < manoeuvres < count
    for i in range(count):
        lasting = _is_lasting(kinds[i])
        rate_ps = params.manoeuvre_rate_ps if lasting else 1.0 / params.manoeuvre_s
        stay = math.exp(-dt_s * rate_ps) if count > 1 else 1.0
        total = 0.0
        for j in range(count):
            if j != i and not (mixed and lasting == _is_lasting(kinds[j])):
                total += _share(kinds[j])
        for j in range(count):
            share = 0.0
            if j != i and not (mixed and lasting == _is_lasting(kinds[j])):
                share = _share(kinds[j]) / total
            table[0, i, j] = stay if i == j else (1.0 - stay) * share
            table[1, i, j] = table[0, i, j]
            if mixed:
                table[1, i, j] = (1.0 if i == j else 0.0) if lasting else share
    for i in range(count):
        for j in range(count):
            # No forecast vanishes, however sure the rest is.
            for s in range(2):
                table[s, i, j] = max(table[s, i, j], LEAST_PROBABILITY)


@kernel(borrows=True)
def set_entry(params, models, x, i):
    """Entry priors of the models' own states for the target of slot ``i``."""
    speed = math.sqrt(x[i, 3] * x[i, 3] + x[i, 4] * x[i, 4])
    for k in range(models.kind.size):
        kind = models.kind[k]
        for a in range(3):
            models.entry_mean[k, a] = 0.0
            models.entry_var[k, a] = params.manoeuvre_accel_mps2**2
        if kind == CT:
            models.entry_var[k, 0] /= max(speed, _SLOW_MPS) ** 2
        elif kind == BALLISTIC:
            models.entry_mean[k, 0] = math.log(params.ballistic_kgm2)
            models.entry_var[k, 0] = params.ballistic_spread**2


@kernel(borrows=True)
def start_models(params, tables, i):
    """Begin the rows of slot ``i`` at its summary.

    A manoeuvre is as probable as it is at any moment: how often one begins times how long it lasts.
    """
    models = tables.models
    set_entry(params, models, tables.x, i)
    total = 0.0
    for k in range(models.kind.size):
        kind = models.kind[k]
        enter_model(kind, models.x[i, k], models.P[i, k], tables.x[i], tables.P[i],
                    models.entry_mean[k], models.entry_var[k])  # fmt: skip
        models.mu[i, k] = _share(kind)
        if not _is_lasting(kind):
            models.mu[i, k] *= params.manoeuvre_rate_ps * params.manoeuvre_s
        total += models.mu[i, k]
    for k in range(models.kind.size):
        models.mu[i, k] /= total
    models.live[i] = LONE


@kernel(borrows=True)
def predict_track(params, tables, i, dt_s):
    """One cycle of mixing and prediction of slot ``i``, and its new summary.

    ``models.transition`` must be that of ``dt_s`` (`set_transition`).
    """
    models = tables.models
    count = models.kind.size
    set_entry(params, models, tables.x, i)
    mix_models(
        models.kind, models.x[i], models.P[i], models.mu[i], models.transition[models.live[i] - 1],
        models.entry_mean, models.entry_var, models.mixed_x, models.mixed_P, models.work[0],
    )  # fmt: skip
    for k in range(count):
        kind = models.kind[k]
        n = model_states(kind)
        x, P = models.x[i, k], models.P[i, k]
        for a in range(n):
            x[a] = models.mixed_x[k, a]
            for b in range(n):
                P[a, b] = models.mixed_P[k, a, b]
        model_predict(
            kind, x, P, dt_s, params.noise_m2ps3, params.jerk_m2ps5, params.ballistic_noise_ps,
            params.earth_radius_m, models.work,
        )  # fmt: skip
    combine_models(models.x[i], models.P[i], models.mu[i], tables.x[i], tables.P[i])


@kernel(borrows=True)
def still_rows(tables, n_rows):
    """Rows of a scan too soon after the last for a manoeuvre."""
    for r in range(n_rows):
        tables.row[r].weight = 0.0


@kernel(borrows=True)
def model_costs(params, tables, n_rows, pos_m, cov_m2):
    """Costs of the edges of all tracks with models, under the mixture of their predictions."""
    models, row = tables.models, tables.row
    for r in range(n_rows):
        i = tables.row_slot[r]
        if not models.live[i]:
            continue
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            log_density, near = _mixture_density(params, tables, r, i, j, pos_m, cov_m2)
            cost = row[r].offset + tables.log_density[j] + tables.edge[e, 2] - log_density
            tables.cost[e] = cost if near <= params.gate else FORBIDDEN


@kernel(borrows=True)
def _mixture_density(params, tables, r, i, j, pos_m, cov_m2):
    """ln of the density of plot ``j`` for slot ``i`` (less 3/2 ln 2 pi), and the least distance."""
    models, w, c = tables.models, tables.row[r].weight, tables.moment
    at = tables.row[r].shift
    stray = params.outlier_probability
    near, top, total = math.inf, -math.inf, 0.0
    for k in range(models.kind.size):
        x, P = models.x[i, k], models.P[i, k]
        good = math.inf
        for h in range(3):
            if h == 1 and w < NEGLIGIBLE:
                continue
            if h == 2 and good <= STRAY_FROM:
                continue
            if h == 0:
                prior, scale, moved = 1.0 - w, 1.0, 0.0
            elif h == 1:
                prior, scale, moved = w, 1.0, 1.0
            else:
                prior, scale, moved = (1.0 - w) * stray, params.outlier_scale**2, 0.0
            if prior <= 0.0:
                continue
            d2, log_det = model_innovation(x, P, pos_m, cov_m2, j, scale, c, at, moved)
            near = min(near, d2)
            if h == 0:
                good = d2
            term = math.log(models.mu[i, k] * prior) - 0.5 * (d2 + log_det)
            if term > top:
                total = total * math.exp(top - term) + 1.0
                top = term
            else:
                total += math.exp(term - top)
    return top + math.log(total), near


@kernel(borrows=True)
def settle_models(params, tables, n_rows, dt_s, pos_m, cov_m2):
    """Update each track's models with its plot, or coast it, and book either."""
    track, group, models = tables.track, tables.row, tables.models
    for r in range(n_rows):
        i, e = tables.row_slot[r], tables.space.row_edge[r]
        w = group[r].weight
        if e >= 0:
            j = tables.column[e]
            track[i].nis = tables.edge[e, 0]
            if params.two_point > 0 and is_seed(track, i):
                two_point(params, track, tables.x, tables.P, i, j, pos_m, cov_m2)
                take_rate(tables.with_rates, tables, tables.x, tables.P, i, j)
                start_models(params, tables, i)
            else:
                if not models.live[i]:
                    start_models(params, tables, i)
                w = update_track(params, tables, r, i, j, dt_s, pos_m, cov_m2)
        elif models.live[i] and w >= NEGLIGIBLE:
            _coast(params, tables, r, i, dt_s, w)
        if group[group[r].parent].members > 1:
            w = group[r].weight
        if models.live[i]:
            models.live[i] = MEMBER if group[group[r].parent].members > 1 else LONE
        track[i].manoeuvre = min(w, 0.999)
        if e < 0:
            book_miss(params, track, tables.counts, i, tables.alone[r])
            continue
        track[i].plot = j
        book_hit(params, track, tables.counts, tables.x, i, tables.cost[e])
        tables.plot_slot[j] = i if track[i].status != FREE else -1


@kernel(borrows=True)
def _copy_row(x, P, to_x, to_P, n):
    for a in range(n):
        to_x[a] = x[a]
        for b in range(n):
            to_P[a, b] = P[a, b]


@kernel(borrows=True)
def _shift(params, tables, x, P, r, dt_s):
    """Displace a row by the manoeuvre of row ``r`` of the scan."""
    share = min(1.0, params.manoeuvre_s / dt_s) if dt_s > 0.0 else 1.0
    level, upright = share * params.manoeuvre_m2ps3, share * params.manoeuvre_climb_m2ps3
    displace_state(x, P, dt_s, tables.moment, tables.row[r].shift, level, upright)


@kernel(borrows=True)
def _coast(params, tables, r, i, dt_s, w):
    """A track without a plot whose formation manoeuvres: its rows become mixtures."""
    models = tables.models
    for k in range(models.kind.size):
        n = model_states(models.kind[k])
        x, P = models.x[i, k], models.P[i, k]
        _copy_row(x, P, models.trial_x[0], models.trial_P[0], n)
        _shift(params, tables, models.trial_x[0], models.trial_P[0], r, dt_s)
        merge_states(x, P, models.trial_x[0], models.trial_P[0], w, n)
    combine_models(models.x[i], models.P[i], models.mu[i], tables.x[i], tables.P[i])


@kernel(borrows=True)
def _take(params, tables, x, P, n, j, scale, pos_m, cov_m2):
    """Update a row with plot ``j`` and its range rate; returns -(d2 + ln det S) / 2 of both."""
    work = tables.models.work
    d2, log_det = model_update(x, P, n, pos_m, cov_m2, j, scale, work)
    if tables.rate_m2ps2[0] > 0.0 and not math.isnan(tables.rate_mps[j]):
        radial = rate_gradient(x, tables.rate_from_m, work[1])
        y = tables.rate_mps[j] - radial
        more, log_s = scalar_update(x, P, n, work[1], y, tables.rate_m2ps2[0], work)
        d2, log_det = d2 + more, log_det + log_s
    return -0.5 * (d2 + log_det)


@kernel(borrows=True)
def update_track(params, tables, r, i, j, dt_s, pos_m, cov_m2):
    """Update the rows of slot ``i`` with plot ``j``, weigh and combine them.

    Each row's prediction is itself a mixture: as it stands, displaced with its formation, and with
    a plot that is an outlier. Returns the probability that the target was displaced.
    """
    models, w = tables.models, tables.row[r].weight
    log_likelihood, moved_share = models.work[22], 0.0
    for k in range(models.kind.size):
        n = model_states(models.kind[k])
        x, P = models.x[i, k], models.P[i, k]
        trial_x, trial_P = models.trial_x, models.trial_P
        d2, _ = model_innovation(x, P, pos_m, cov_m2, j, 1.0, tables.moment, 0, 0.0)
        strays = d2 > STRAY_FROM and params.outlier_probability > 0.0
        moves = w >= NEGLIGIBLE
        if moves:
            _copy_row(x, P, trial_x[0], trial_P[0], n)
        if strays:
            _copy_row(x, P, trial_x[1], trial_P[1], n)
        known = _take(params, tables, x, P, n, j, 1.0, pos_m, cov_m2)
        known += math.log(max(1.0 - w, 1e-12))
        if strays:
            far = _take(params, tables, trial_x[1], trial_P[1], n, j, params.outlier_scale**2,
                        pos_m, cov_m2)  # fmt: skip
            far += math.log(max(1.0 - w, 1e-12) * params.outlier_probability)
            top = max(known, far)
            share = 1.0 / (1.0 + math.exp(known - far)) if far - known > -700.0 else 0.0
            merge_states(x, P, trial_x[1], trial_P[1], share, n)
            known = top + math.log(math.exp(known - top) + math.exp(far - top))
        models.work[21, k] = 0.0
        if moves:
            _shift(params, tables, trial_x[0], trial_P[0], r, dt_s)
            far = _take(params, tables, trial_x[0], trial_P[0], n, j, 1.0, pos_m, cov_m2)
            far += math.log(w)
            top = max(known, far)
            share = 1.0 / (1.0 + math.exp(known - far)) if far - known > -700.0 else 0.0
            merge_states(x, P, trial_x[0], trial_P[0], share, n)
            models.work[21, k] = share
            known = top + math.log(math.exp(known - top) + math.exp(far - top))
        log_likelihood[k] = known
    weigh_models(models.mu[i], log_likelihood)
    combine_models(models.x[i], models.P[i], models.mu[i], tables.x[i], tables.P[i])
    for k in range(models.kind.size):
        moved_share += models.mu[i, k] * models.work[21, k]
    return moved_share


@kernel(borrows=True)
def harmonise_models(tables, g, pull, speed_mps, gate):
    """`openiads.domain.track_groups.harmonise` for a group whose tracks have models."""
    group, moment, x, P, models = tables.row, tables.moment, tables.x, tables.P, tables.models
    n = group[g].members
    sx, sy, p0, p1, p3 = 0.0, 0.0, 0.0, 0.0, 0.0
    r = group[g].head
    while r >= 0:
        i = tables.row_slot[r]
        moment[r, 24], moment[r, 25] = x[i, 3], x[i, 4]
        sx, sy = sx + x[i, 3], sy + x[i, 4]
        p0, p1, p3 = p0 + P[i, 15], p1 + P[i, 16], p3 + P[i, 18]
        r = group[r].next
    f, s2 = pull / n, speed_mps * speed_mps
    v0, v1, v3 = f * p0 + s2, f * p1, f * p3 + s2
    r = group[g].head
    while r >= 0:
        i = tables.row_slot[r]
        vx, vy = (sx - moment[r, 24]) / (n - 1), (sy - moment[r, 25]) / (n - 1)
        a, b, d = P[i, 15] + v0, P[i, 16] + v1, P[i, 18] + v3
        u, v = vx - x[i, 3], vy - x[i, 4]
        d2 = (d * u * u - 2.0 * b * u * v + a * v * v) / (a * d - b * b)
        if d2 <= gate and models.live[i]:
            for k in range(models.kind.size):
                pull_velocity(
                    models.x[i, k], models.P[i, k], model_states(models.kind[k]), vx, vy, v0, v1,
                    v3, models.work,
                )  # fmt: skip
            combine_models(models.x[i], models.P[i], models.mu[i], x[i], P[i])
        r = group[r].next
