"""Large scans are put in spatial order inside; outside plots keep their numbers."""

import numpy as np
import pytest

from openiads.domain.track_order import MANY
from openiads.domain.tracker import Tracker

SIGMA_M = 50.0

pytestmark = pytest.mark.slow  # more than a thousand plots a scan: too many for plain Python


def scans(count, seed=5):
    """Places of well separated targets in straight flight, each scan in an order of its own."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count)))
    k = np.arange(count)
    place = np.stack([(k % side) * 15e3, (k // side) * 15e3, np.full(count, 5e3)], axis=1)
    speed = rng.uniform(-200.0, 200.0, (count, 3)) * [1.0, 1.0, 0.0]
    for scan in range(5):
        order = rng.permutation(count)
        yield scan * 5.0, order, (place + scan * 5.0 * speed)[order]


def test_each_track_names_the_plot_that_came():
    count = MANY + 300
    tracker = Tracker((50.0, 1e-3, 1e-3), capacity=2 * count, plots=count)
    names = {}
    for time_s, order, places in scans(count):
        tracks = tracker.scan_cartesian(time_s, places, np.eye(3) * SIGMA_M**2)
        for name, plot, state in zip(tracks.id, tracks.plot, tracks.state, strict=True):
            assert names.setdefault(name, order[plot]) == order[plot]
            assert np.linalg.norm(state[:3] - places[plot]) < 4 * SIGMA_M
        slots = tracker.tables.plot_slot[:count]
        assert (tracker.tables.track.plot[slots] == np.arange(count)).all()
        assert (tracker.tables.track.id[slots] == tracker.tables.plot_track[:count]).all()
    assert len(names) == count


@pytest.mark.parametrize("rates", [False, True])
def test_large_scans_give_what_small_ones_give(rates):
    """Beside 1,200 far strangers a picture is tracked as it is without them."""
    rng = np.random.default_rng(3)
    far = np.stack([rng.uniform(3e5, 4e5, 1200), rng.uniform(0, 1.5, 1200), np.full(1200, 0.02)], 1)
    near = np.array([[50e3, 0.1, 0.1], [60e3, 0.5, 0.05], [80e3, 1.0, 0.08]])
    ends = []
    for crowd in (far[:0], far):
        tracker = Tracker((50.0, 1e-3, 1e-3), capacity=4000, plots=1300)
        for k in range(6):
            plots = np.concatenate([crowd[:700], near - [1000.0 * k, 0, 0], crowd[700:]])
            rate = np.full(len(plots), -200.0) if rates else None
            tracks = tracker.scan(5.0 * k, plots, range_rate_mps=rate, range_rate_sigma_mps=5.0)
        ours = np.linalg.norm(tracks.state[:, :3], axis=1) < 1e5
        ends.append(
            tracks.state[ours][np.argsort(np.linalg.norm(tracks.state[ours][:, :3], axis=1))]
        )
    assert ends[0].shape == ends[1].shape == (3, 6)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9, atol=1e-6)
