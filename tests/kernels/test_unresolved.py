"""Plots that stand for several targets: the law, the tracker's books, and where it must not act."""

import math

import numpy as np
import pytest

from openiads.domain.tracker import Tracker
from openiads.faults import InputError
from openiads.physics.resolution import unresolved_probability

SIGMA = np.array([50.0, 0.0015, 0.0015])
CELL = np.array([150.0, math.radians(1.5), math.radians(1.5)])
DT_S = 5.0


def test_the_mean_of_the_gaussian_form():
    """The average over the gap, by quadrature; a half at the cell's size where the gap is known."""
    assert unresolved_probability(200.0, 0.0, 200.0) == pytest.approx(0.5)
    gap, spread, cell = 120.0, 80.0, 150.0
    d = np.linspace(gap - 8 * spread, gap + 8 * spread, 4001)
    weight = np.exp(-0.5 * ((d - gap) / spread) ** 2)
    mean = (weight * np.exp(-math.log(2.0) * (d / cell) ** 2)).sum() / weight.sum()
    assert unresolved_probability(gap, spread**2, cell) == pytest.approx(mean, rel=1e-9)


def merge(rae, power, cell):
    """The strongest plot takes all within its cell: centroids by power (n, 3) and members (n,)."""
    left, out = list(np.argsort(-power)), []
    while left:
        k = left[0]
        near = [i for i in left if (np.abs(rae[i] - rae[k]) < cell).all()]
        weight = power[near] / power[near].sum()
        out.append(weight @ rae[near])
        left = [i for i in left if i not in near]
    return np.array(out)


def formation(members=4, scans=70):
    """Truth of each scan: a file of aircraft 500 m apart that passes the radar at 60 km.

    Coming and going they lie in cells of their own, by range; abreast of the radar, for some 25
    scans, in one beam and one range cell.
    """
    for k in range(scans):
        x = 52.5e3 - 300.0 * DT_S * k + 500.0 * np.arange(members)
        yield np.stack([x, np.full(members, 60e3), np.full(members, 6e3)], axis=1)


def counts(resolution, seed, pd=0.9, **how):
    """Confirmed tracks near the formation after each scan, and plots of each scan."""
    rng = np.random.default_rng(seed)
    tracker, tracks_, plots_ = Tracker(SIGMA, **how), [], []
    for k, truth in enumerate(formation()):
        r = np.linalg.norm(truth, axis=1)
        rae = np.stack([r, np.arctan2(truth[:, 1], truth[:, 0]), np.arcsin(truth[:, 2] / r)], 1)
        seen = rng.random(len(rae)) < pd
        found = np.zeros((0, 3))
        if seen.any():
            found = merge(rae[seen], rng.exponential(size=int(seen.sum())), CELL)
            found = found + SIGMA * rng.standard_normal(found.shape)
        tracks = tracker.scan(DT_S * k, found, resolution=resolution)
        tracks_.append(len(tracks.id))
        plots_.append(len(found))
    return np.array(tracks_), np.array(plots_), tracker


@pytest.mark.parametrize("formations", [False, True])
def test_a_formation_keeps_its_number_while_it_is_one_plot(formations):
    """Four members in 1 to 3 plots for 25 scans: with the cell known 4 +- 1 live, else half die."""
    worst, held, blind = [], [], []
    for seed in range(8):
        tracks, plots, _ = counts(CELL, seed, formations=formations)
        assert plots[32:39].mean() < 1.2
        assert plots[23:48].max() <= 3
        assert plots[60:].mean() > 3.0
        worst.append(np.abs(tracks[8:] - 4).max())
        assert abs(tracks[-1] - 4) <= 1
        held.append(tracks[38:46].mean())
        blind.append(counts(None, seed, formations=formations)[0][38:46].mean())
    # One seed of the plain filter has two of four for one scan.
    assert max(worst) <= 1 if formations else np.sum(np.array(worst) > 1) <= 1
    assert np.mean(held) > 3.7
    assert np.mean(blind) < np.mean(held) - 1.0


def test_a_resolution_changes_nothing_where_targets_are_apart():
    """A track that loses its target near no other dies as without a resolution."""
    for resolution in (None, CELL):
        tracker = Tracker(SIGMA, formations=False)
        for k in range(20):
            rows = [[100e3 - 1e3 * k, 0.2, 0.05]]
            if k < 8:
                rows.append([100e3 - 1e3 * k, 0.3, 0.05])
            tracks = tracker.scan(DT_S * k, rows, resolution=resolution)
        assert len(tracks.id) == 1
        assert tracker.books.losses == 1


def test_sharing_ends():
    """A track whose target is gone lives on its neighbour's plots for so many scans, no longer."""
    ended = []
    for share in (6, 12):
        tracker = Tracker(SIGMA, formations=False, share_scans=share)
        for k in range(60):
            rows = [[100e3 - 1e3 * k, 0.2, 0.05]]
            if k < 10:
                rows.append([100e3 - 1e3 * k, 0.21, 0.05])
            tracker.scan(DT_S * k, rows, resolution=CELL)
            if tracker.books.losses:
                break
        ended.append(k)
    assert ended[0] < ended[1] < 40


def test_a_resolution_at_fault():
    with pytest.raises(InputError):
        Tracker().scan(0.0, [], resolution=(1.0, 2.0))
