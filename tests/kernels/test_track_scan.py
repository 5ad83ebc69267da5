"""The tracker's scan: who takes which plot, who is confirmed, who is dropped, and the books."""

import numpy as np
import pytest

from openiads.domain.track_params import track_params
from openiads.domain.track_scan import tracker_scan
from openiads.domain.tracks import (
    CONFIRMED,
    DROPPED,
    FREE,
    HIGH,
    LIVE,
    REFUSED,
    TENTATIVE,
    UNGATED,
    tracks_allocate,
    tracks_expect,
    tracks_reset,
)
from openiads.faults import InputError

SIGMA_M = 100.0


class Picture:
    """A tracker and the arrays that an engine would keep beside it."""

    def __init__(self, capacity=64, plots=128, edges=0, **values):
        self.params = track_params(**{"manoeuvre_rate_ps": 0.0} | values)
        self.tables = tracks_allocate(capacity, plots, edges)
        self.pos = np.zeros((plots, 3))
        self.cov = np.zeros((plots, 6))
        self.cov[:, [0, 3, 5]] = SIGMA_M**2
        self.clutter = np.zeros(plots)

    def scan(self, time_s, places):
        places = np.asarray(places, float).reshape(-1, 3)
        n = len(places)
        self.pos[:n] = places
        return tracker_scan(self.params, self.tables, time_s, n, self.pos, self.cov, self.clutter)

    def live(self):
        return np.flatnonzero(self.tables.track.status != FREE)


def fly(count, scans, seed=0, speed_mps=200.0, spread_m=2.0e5):
    rng = np.random.default_rng(seed)
    start = rng.uniform(-spread_m, spread_m, (count, 3)) * [1, 1, 0.02]
    velocity = rng.uniform(-speed_mps, speed_mps, (count, 3)) * [1, 1, 0]
    truth = np.array([start + velocity * 2.0 * k for k in range(scans)])
    return truth, velocity, truth + rng.normal(size=truth.shape) * SIGMA_M


def test_a_target_is_confirmed_followed_and_its_plots_are_booked():
    truth, velocity, plots = fly(1, 12)
    picture = Picture()
    for k in range(12):
        assert picture.scan(2.0 * k, plots[k]) == 1
        assert picture.tables.plot_track[0] == 0
        slot = picture.tables.plot_slot[0]
        track = picture.tables.track[slot]
        assert track.plot == 0
        assert track.hits == k + 1
        assert track.status == (CONFIRMED if k >= 2 else TENTATIVE)
    state = picture.tables.x[slot]
    assert np.linalg.norm(state[:3] - truth[-1, 0]) < 3 * SIGMA_M
    assert np.linalg.norm(state[3:] - velocity[0]) < 50.0


@pytest.mark.parametrize("count", [5, 90])
def test_many_targets_with_index_and_without_keep_their_tracks(count):
    _, _, plots = fly(count, 10, seed=3)
    picture = Picture(capacity=128, gate=30.0)
    first = None
    for k in range(10):
        picture.scan(2.0 * k, plots[k])
        ids = picture.tables.plot_track[:count].copy()
        first = ids if first is None else first
        assert (ids == first).all()
    assert picture.tables.counts[LIVE] == count
    assert picture.tables.counts[UNGATED] == 0


def test_a_lost_target_coasts_and_is_deleted_and_its_slot_is_used_again():
    _, _, plots = fly(1, 6)
    picture = Picture(coast_scans=3)
    for k in range(6):
        picture.scan(2.0 * k, plots[k])
    for k in range(6, 9):
        assert picture.scan(2.0 * k, []) == 1
    assert picture.scan(18.0, []) == 0
    assert picture.tables.counts[HIGH] == 0
    picture.scan(20.0, plots[0])
    assert picture.tables.plot_track[0] == 1
    assert picture.tables.plot_slot[0] == 0


def test_a_track_that_cannot_be_seen_does_not_miss():
    _, _, plots = fly(1, 6)
    picture = Picture(coast_scans=3, coast_s=30.0)
    for k in range(6):
        picture.scan(2.0 * k, plots[k])
    far = np.array([5.0e6, 0.0, 0.0])
    for k in range(6, 16):
        tracks_expect(picture.params, picture.tables, 2.0 * k, far, 1.0e5)
        assert picture.tables.track[0].pd == 0.0
        assert picture.scan(2.0 * k, []) == 1
    assert picture.tables.track[0].misses == 0
    # The limit in seconds holds all the same.
    assert picture.scan(41.0, []) == 0


def test_a_seen_track_in_reach_expects_a_plot():
    _, _, plots = fly(1, 1)
    picture = Picture()
    picture.scan(0.0, plots[0])
    tracks_expect(picture.params, picture.tables, 2.0, plots[0, 0], 1.0e5)
    assert picture.tables.track[0].pd == pytest.approx(picture.params.detect_probability)


def test_two_tracks_share_plots_at_the_least_total_cost():
    """The near plot goes to the track that has no other, although both want it most."""
    picture = Picture(noise_m2ps3=1.0)
    for k in range(6):
        picture.scan(2.0 * k, [[0.0, 0.0, 5e3], [900.0, 0.0, 5e3]])
    picture.scan(12.0, [[450.0, 0.0, 5e3], [1000.0, 0.0, 5e3]])
    assert list(picture.tables.plot_track[:2]) == [0, 1]


def test_a_full_table_drops_its_worst_tentative_track_and_counts_it():
    picture = Picture(capacity=3, confirm_hits=3, confirm_scans=5)
    places = np.array([[0, 0, 5e3], [5e4, 0, 5e3], [-5e4, 0, 5e3], [0, 5e4, 5e3]], float)
    assert picture.scan(0.0, places) == 3
    assert picture.tables.counts[REFUSED] == 1
    assert picture.tables.plot_track[3] == -1
    # Track 2 misses, so its score is negative and the newcomer takes its place.
    assert picture.scan(2.0, places[[0, 1, 3]]) == 3
    assert picture.tables.counts[DROPPED] == 1
    assert sorted(picture.tables.track.id) == [0, 1, 3]


def test_a_confirmed_track_never_gives_way():
    picture = Picture(capacity=1)
    for k in range(4):
        picture.scan(2.0 * k, [[0.0, 0.0, 5e3]])
    assert picture.scan(8.0, [[9e4, 0.0, 5e3]]) == 1
    assert picture.tables.track[0].id == 0
    assert picture.tables.counts[REFUSED] == 1


def test_clutter_alone_confirms_next_to_nothing():
    rng = np.random.default_rng(5)
    picture = Picture(capacity=512, plots=128)
    confirmed = set()
    for k in range(40):
        picture.scan(2.0 * k, rng.uniform(-2e5, 2e5, (100, 3)) * [1, 1, 0.05])
        at = picture.tables.track.status == CONFIRMED
        confirmed |= set(picture.tables.track.id[at])
    assert len(confirmed) <= 4


def test_a_tentative_track_that_is_too_fast_is_begun_anew():
    picture = Picture(max_speed_mps=300.0)
    picture.scan(0.0, [[0.0, 0.0, 5e3]])
    picture.scan(2.0, [[900.0, 0.0, 5e3]])
    assert picture.tables.plot_track[0] == 1
    assert picture.tables.track[picture.tables.plot_slot[0]].hits == 1


def test_an_edge_table_that_is_too_small_is_counted():
    picture = Picture(edges=1)
    picture.scan(0.0, [[0.0, 0.0, 5e3], [9e4, 0.0, 5e3]])
    picture.scan(2.0, [[0.0, 0.0, 5e3], [9e4, 0.0, 5e3]])
    assert picture.tables.counts[UNGATED] == 1


def test_reset_forgets_everything():
    picture = Picture()
    picture.scan(0.0, [[0.0, 0.0, 5e3]])
    tracks_reset(picture.tables)
    assert not picture.live().size
    assert picture.scan(0.0, [[1.0, 0.0, 5e3]]) == 1
    assert picture.tables.plot_track[0] == 0


def test_parameters_name_every_fault():
    with pytest.raises(InputError) as error:
        track_params(gait=3.0, detect_probability=1.5, confirm_hits=9)
    assert [f.key for f in error.value.faults] == ["gait", "detect_probability", "confirm_hits"]
    assert "gate" in error.value.faults[0].mend
