"""Joint association in the scan: marginals by enumeration, and tracks that do not coalesce."""

import itertools

import numpy as np
import pytest

from openiads.domain.track_jpda import jpda_space, marginals
from openiads.domain.tracker import Tracker
from openiads.domain.tracks import CONFIRMED, TENTATIVE, tracks_allocate
from openiads.faults import InputError
from openiads.physics.assignment import assign_sparse
from openiads.physics.association import jpda_belief, jpda_marginals


def tables_of(ratio, missed, status=CONFIRMED):
    """Tables as they are between gates and updates: likelihood ratios (n, m), misses (n,)."""
    n, m = ratio.shape
    tables = tracks_allocate(n, m)
    start = 0
    for r in range(n):
        tables.row_slot[r] = r
        tables.track[r].status = status
        tables.alone[r] = -np.log(missed[r])
        tables.start[r] = start
        for j in np.flatnonzero(ratio[r] > 0.0):
            tables.column[start], tables.cost[start] = j, -np.log(ratio[r, j])
            start += 1
    tables.start[n] = start
    assign_sparse(n, tables.start, tables.column, tables.cost, tables.alone, m, tables.space)
    return tables


def shares(ratio, missed, plain):
    """Marginals (n, m) by the scan's kernel."""
    n, m = ratio.shape
    tables = tables_of(ratio, missed)
    space = jpda_space(n, m, tables.column.size)
    marginals(tables, space, n, m, plain)
    beta = np.zeros((n, m))
    for r in range(n):
        for e in range(tables.start[r], tables.start[r + 1]):
            beta[r, tables.column[e]] = space.share[e]
    return beta


def starred(ratio, missed):
    """JPDA* by enumeration: of the events with one detected set and one set of plots, the best."""
    n, m = ratio.shape
    best = {}
    for picks in itertools.product(range(-1, m), repeat=n):
        taken = [p for p in picks if p >= 0]
        if len(set(taken)) != len(taken):
            continue
        weight = np.prod([missed[i] if p < 0 else ratio[i, p] for i, p in enumerate(picks)])
        key = (tuple(p >= 0 for p in picks), tuple(sorted(taken)))
        if weight > best.get(key, (0.0, None))[0]:
            best[key] = (weight, picks)
    beta, total = np.zeros((n, m)), sum(w for w, _ in best.values())
    for weight, picks in best.values():
        for i, p in enumerate(picks):
            if p >= 0:
                beta[i, p] += weight / total
    return beta


@pytest.mark.parametrize("seed", range(6))
def test_marginals_of_small_clusters_are_exact(seed):
    rng = np.random.default_rng(seed)
    ratio = np.exp(rng.normal(1.0, 2.0, (4, 5))) * (rng.random((4, 5)) < 0.7)
    missed = rng.uniform(0.1, 0.6, 4)
    assert shares(ratio, missed, True) == pytest.approx(
        jpda_marginals(ratio, missed)[:, :5], abs=1e-12
    )
    assert shares(ratio, missed, False) == pytest.approx(starred(ratio, missed), abs=1e-12)


def test_large_clusters_by_belief_propagation():
    rng = np.random.default_rng(9)
    ratio = np.exp(rng.normal(0.0, 1.5, (12, 10))) * (rng.random((12, 10)) < 0.5)
    missed = np.full(12, 0.3)
    assert shares(ratio, missed, True) == pytest.approx(
        jpda_belief(ratio, missed)[:, :10], abs=1e-5
    )
    pruned = shares(ratio, missed, False)
    assert (pruned >= 0.0).all()
    assert (pruned.sum(axis=1) <= 1.0 + 1e-9).all()
    # No plot is shared by its owner and another.
    assert ((pruned > 0.0).sum(axis=0)[pruned.max(axis=0) > 0.0] >= 1).all()
    tables = tables_of(ratio, missed)
    for r in range(12):
        e = tables.space.row_edge[r]
        if e >= 0:
            assert (np.delete(pruned[:, tables.column[e]], r) == 0.0).all()


def test_a_plot_of_a_tentative_track_is_nobody_elses():
    tables = tables_of(np.array([[50.0], [20.0]]), np.array([0.2, 0.2]))
    tables.track[0].status = TENTATIVE
    space = jpda_space(2, 1, tables.column.size)
    marginals(tables, space, 2, 1, False)
    assert (space.share[:2] == 0.0).all()


def gap_m(association, seed):
    """Mean distance of two tracks that close to 240 m, side by side."""
    rng = np.random.default_rng(seed)
    sigma = np.array([50.0, 0.002, 0.002])
    tracker = Tracker(sigma, formations=False, association=association)
    gap = []
    for k in range(50):
        wide = max(120.0, 1_000.0 - 100.0 * k)
        truth = np.array([[120e3 - 800.0 * k, wide, 8e3], [120e3 - 800.0 * k, -wide, 8e3]])
        r = np.linalg.norm(truth, axis=1)
        rae = np.stack([r, np.arctan2(truth[:, 1], truth[:, 0]), np.arcsin(truth[:, 2] / r)], 1)
        rae = (rae + sigma * rng.standard_normal((2, 3)))[rng.random(2) < 0.9]
        tracks = tracker.scan(5.0 * k, rae)
        if k > 30 and len(tracks.id) == 2:
            gap.append(abs(tracks.state[0, 1] - tracks.state[1, 1]))
    return np.mean(gap)


@pytest.mark.slow
def test_two_abreast_do_not_coalesce():
    """Plain JPDA draws them together; JPDA* keeps them about as far apart as they are."""
    plain = np.mean([gap_m("jpda-plain", seed) for seed in range(12)])
    starred_ = np.mean([gap_m("jpda", seed) for seed in range(12)])
    assert starred_ > 1.2 * plain
    assert 200.0 < starred_ < 500.0


def test_faults():
    with pytest.raises(InputError):
        Tracker(association="jpad")
    with pytest.raises(InputError):
        Tracker(association="jpda", models=["cv"])
    with pytest.raises(InputError):
        Tracker(association="jpda").scan(0.0, [], resolution=(1.0, 0.1, 0.1))
