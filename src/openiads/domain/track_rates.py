"""Range rates: what they say about which plot is whose, and about the velocity.

A plot's position is taken first and its range rate after it, so the cost of a pair is that of the
position plus -ln p(rate | position): a target that crosses another's course is told from it by the
rate where places are not enough.
"""

from __future__ import annotations

import math

from openiads.domain.tracks import SEED
from openiads.kernel import kernel
from openiads.physics.estimation import (
    LOG_TWO_PI,
    position_step,
    range_rate_innovation,
    range_rate_update,
)
from openiads.physics.mixture import manoeuvre_shift

_LOG_DENSITY = -math.log(2.0 * 1000.0)
"""False plots and newcomers have any rate within 1,000 m/s either way (assumed)."""


@kernel(borrows=True)
def rate_costs(switch, params, tables, first, last, dt_s, pos_m, cov_m2, lively):
    """Add to the costs of rows ``first`` to ``last`` what range rates cost; fills ``edge[:, 2:4]``.

    ``switch`` is ``tables.with_rates``: None, or a plot may have a rate. With ``lively`` the rate
    under a manoeuvre is costed too, for which ``shift`` of each row must name the prior of its
    displacement.
    """
    if switch is None:
        return
    if tables.rate_m2ps2[0] <= 0.0:
        return
    edge = tables.edge
    for r in range(first, last):
        i = tables.row_slot[r]
        for e in range(tables.start[r], tables.start[r + 1]):
            j = tables.column[e]
            if math.isnan(tables.rate_mps[j]):
                continue
            edge[e, 2] = _rate_cost(params, tables, r, i, j, dt_s, pos_m, cov_m2, False)
            edge[e, 3] = edge[e, 2]
            if lively and tables.row[r].kind != SEED:
                edge[e, 3] = _rate_cost(params, tables, r, i, j, dt_s, pos_m, cov_m2, True)
            tables.cost[e] += edge[e, 2]


@kernel(borrows=True)
def _rate_cost(params, tables, r, i, j, dt_s, pos_m, cov_m2, moves):
    """-ln of the density of plot j's rate for slot i, given its position, over that of clutter."""
    x, P = tables.trial_x, tables.trial_P
    for k in range(6):
        x[0, k] = tables.x[i, k]
    for k in range(21):
        P[0, k] = tables.P[i, k]
    if moves:
        share = min(1.0, params.manoeuvre_s / dt_s)
        level = share * params.manoeuvre_m2ps3
        upright = share * params.manoeuvre_climb_m2ps3
        manoeuvre_shift(x, P, 0, dt_s, tables.moment, tables.row[r].shift, level, upright)
    position_step(x, P, 0, pos_m, cov_m2, j)
    y, s, _, _, _, _, _, _ = range_rate_innovation(
        x, P, 0, tables.rate_mps[j], tables.rate_m2ps2[0], tables.rate_from_m
    )
    return 0.5 * (y * y / s + math.log(s) + LOG_TWO_PI) + _LOG_DENSITY


@kernel(forceinline=True, borrows=True)
def take_rate(switch, tables, x, P, i, j):
    """Update row ``i`` of ``x`` and ``P`` with the range rate of plot ``j``, if it has one."""
    if switch is None:
        return
    if tables.rate_m2ps2[0] > 0.0 and not math.isnan(tables.rate_mps[j]):
        variance_m2ps2 = tables.rate_m2ps2[0]
        range_rate_update(x, P, i, tables.rate_mps[j], variance_m2ps2, tables.rate_from_m)
