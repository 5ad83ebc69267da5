"""The gate's list of pairs is what the definition says, indexed or not."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from openiads.domain.track_gate import gate_plots
from openiads.domain.track_params import track_params
from openiads.domain.track_rows import LEAST_PD, forecast
from openiads.domain.tracks import (
    CONFIRMED,
    HIGH,
    LIVE,
    TENTATIVE,
    covariance_matrix,
    tracks_allocate,
)

LEVEL_M2, UPRIGHT_M2 = 62_500.0, 400.0


def crowd(plots, seed):
    """Tables with 40 settled tracks and 20 seeds with wide priors, and plots all over them."""
    rng = np.random.default_rng(seed)
    params, tables, n = track_params(), tracks_allocate(64, plots, 60 * plots), 60
    tables.counts[HIGH] = tables.counts[LIVE] = n
    for i in range(n):
        seed_track = i % 3 == 0
        row = tables.track[i]
        row.status, row.hits = (TENTATIVE, 1) if seed_track else (CONFIRMED, 9)
        row.pd = (0.8, 0.0, 0.3)[i % 7 % 3]
        root = rng.normal(size=(3, 3)) * (2500.0 if seed_track else 150.0) * [1, 1, 0.1]
        cov = root @ root.T + np.eye(3) * 1e4
        tables.P[i, :6] = cov[np.triu_indices(3)]
        tables.x[i, :3] = rng.uniform(-2e4, 2e4, 3) * [1, 1, 0.05]
    pos = rng.uniform(-2e4, 2e4, (plots, 3)) * [1, 1, 0.05]
    cov = np.zeros((plots, 6))
    cov[:, [0, 3, 5]] = rng.uniform(50.0, 900.0, (plots, 1)) ** 2
    clutter = rng.choice([0.0, 1e-14, 1e-12], plots)
    return params, tables, pos, cov, clutter


def expected(params, tables, pos, cov, clutter, level_m2, upright_m2):
    """Pairs and costs by the equations of the module, with matrices."""
    found = {}
    full = covariance_matrix(tables.P[:60])[:, :3, :3]
    for i in range(60):
        row = tables.track[i]
        wide = (
            np.zeros((3, 3)) if row.status == TENTATIVE else np.diag([level_m2] * 2 + [upright_m2])
        )
        for j in range(len(pos)):
            y, s = pos[j] - tables.x[i, :3], full[i] + np.diag(cov[j, [0, 3, 5]])
            d2 = y @ np.linalg.solve(s, y)
            if d2 > params.gate and y @ np.linalg.solve(s + wide, y) > params.gate:
                continue
            density = (clutter[j] if clutter[j] > 0.0 else params.clutter_pm3) + params.birth_pm3
            cost = 0.5 * (d2 + np.linalg.slogdet(2.0 * np.pi * s)[1]) + np.log(density)
            cost -= np.log(max(row.pd, LEAST_PD))
            if wide.any() or row.pd == 0.0 or cost < -np.log(1.0 - row.pd):
                found[i, j] = cost
    return found


@pytest.mark.parametrize("plots", [50, 130])
@pytest.mark.parametrize("level_m2", [0.0, LEVEL_M2])
def test_pairs_are_those_of_the_definition(plots, level_m2):
    params, tables, pos, cov, clutter = crowd(plots, plots)
    upright_m2 = UPRIGHT_M2 if level_m2 else 0.0
    _, firm, rows = forecast(params, tables, 0.0)
    assert (firm, rows) == (40, 60)
    gate_plots(params, tables, firm, rows, plots, pos, cov, clutter, level_m2, upright_m2)
    found = {}
    for r in range(rows):
        for e in range(tables.start[r], tables.start[r + 1]):
            found[int(tables.row_slot[r]), int(tables.column[e])] = tables.cost[e]
    want = expected(params, tables, pos, cov, clutter, level_m2, upright_m2)
    assert len(want) > 60
    assert found.keys() == want.keys()
    assert [found[k] for k in want] == pytest.approx(list(want.values()), rel=1e-9)


def least_cost(pairs, alone, plots):
    """The least total cost of giving each row a plot of its ``pairs`` or leaving it ``alone``."""
    wide = np.full((len(alone), plots + len(alone)), 1e9)
    for (r, j), cost in pairs.items():
        wide[r, j] = cost
    wide[np.arange(len(alone)), plots + np.arange(len(alone))] = alone
    return wide[linear_sum_assignment(wide)].sum()


@pytest.mark.parametrize("seed", range(8))
def test_what_seeds_are_not_offered_changes_no_assignment(seed):
    """Tracks on plots of their own, seeds among them: fewer pairs, the same least cost."""
    rng = np.random.default_rng(seed)
    params, tables = track_params(), tracks_allocate(64, 90, 6000)
    tables.counts[HIGH] = tables.counts[LIVE] = 60
    pos = rng.uniform(-1e4, 1e4, (90, 3)) * [1, 1, 0.05]
    for i in range(60):
        seed_track = i % 3 == 0
        row = tables.track[i]
        row.status, row.hits = (TENTATIVE, 1) if seed_track else (CONFIRMED, 9)
        row.pd = 0.8
        spread = np.array([3000.0, 3000.0, 750.0]) if seed_track else np.array([90.0, 90.0, 90.0])
        tables.P[i, [0, 3, 5]] = spread**2
        off = rng.normal(size=3) * (200.0 if i % 5 else 2000.0)
        tables.x[i, :3] = pos[i] + off * [1, 1, 0.1]
    cov = np.tile(np.array([90.0, 0, 0, 90.0, 0, 90.0]) ** 2, (90, 1))
    clutter = np.zeros(90)
    want = expected(params, tables, pos, cov, clutter, 0.0, 0.0)
    _, firm, rows = forecast(params, tables, 0.0)
    gate_plots(params, tables, firm, rows, 90, pos, cov, clutter, 0.0, 0.0)
    slots = tables.row_slot[:rows]
    found = {}
    for r in range(rows):
        for e in range(tables.start[r], tables.start[r + 1]):
            found[int(slots[r]), int(tables.column[e])] = tables.cost[e]
    assert found.keys() < want.keys()
    assert len(found) < 0.8 * len(want)
    assert all(i % 3 == 0 for i, _ in want.keys() - found.keys()), "only seeds are kept from plots"
    alone = np.full(60, -np.log(1.0 - 0.8))
    assert least_cost(found, alone, 90) == pytest.approx(least_cost(want, alone, 90), abs=1e-9)
