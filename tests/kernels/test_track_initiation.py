"""How tracks begin and are confirmed: two points, M of N, and Wald's sequential test.

Every sequence of hits and misses is played through the books, so that probabilities are exact.
"""

import itertools
import math

import numpy as np
import pytest

from openiads.domain.track_book import book_hit, book_miss, initiate, ratio_thresholds, take_slot
from openiads.domain.track_params import track_params
from openiads.domain.tracker import Tracker
from openiads.domain.tracks import CONFIRMED, FREE, TENTATIVE, tracks_allocate
from openiads.faults import InputError

PD, PF = 0.8, 0.02


class Book:
    """One track of a table, fed hits (True) and misses (False)."""

    def __init__(self, **values):
        self.params = track_params(detect_probability=PD, coast_scans=60, **values)
        self.tables = tracks_allocate(1, 1)

    def play(self, sequence):
        """The status after each scan, and the score, until the track is confirmed or dropped."""
        t, plot = self.tables, (np.zeros((1, 3)), np.ones((1, 6)))
        for row in t.track:
            row.status = FREE
        t.counts[:] = 0
        slot = take_slot(t.track, t.counts)
        initiate(self.params, t.track, t.counts, t.x, t.P, slot, 0, 0.0, *plot)
        for scan, hit in enumerate(sequence, start=1):
            t.track[slot].time_s = float(scan)
            if hit:
                book_hit(self.params, t.track, t.counts, t.x, slot, -math.log(PD / PF))
            else:
                book_miss(self.params, t.track, t.counts, slot, -math.log(1.0 - PD))
            if t.track[slot].status != TENTATIVE:
                return t.track[slot].status, scan, t.track[slot].score
        return TENTATIVE, len(sequence), t.track[slot].score


def ends(book, hit_probability, longest):
    """Probability, status, scans and score of every way in which a track ends, or stays open."""
    open_ = [((), 1.0)]
    for _ in range(longest):
        further = []
        for sequence, p in open_:
            for hit in (True, False):
                now, q = (*sequence, hit), p * (hit_probability if hit else 1.0 - hit_probability)
                status, scan, score = book.play(now)
                if status == TENTATIVE:
                    further.append((now, q))
                else:
                    yield q, status, scan, score
        open_ = further
    for sequence, q in open_:
        yield q, *book.play(sequence)


def test_the_sequential_test_keeps_its_risks_and_walds_identity():
    """Risks within Wald's bounds a/(1 - b) and b/(1 - a); E[score] = E[scans] E[step].

    (A miss counts ln(1 - Pd), as if clutter never hit; at 0.02 that costs the bounds nothing.)
    """
    a, b = 1e-3, 1e-2
    book = Book(confirm_ratio=1, false_track_probability=a, missed_track_probability=b)
    lower, upper = ratio_thresholds(a, b)
    assert (lower, upper) == pytest.approx((math.log(b / (1 - a)), math.log((1 - b) / a)))
    for hit, wrong, bound in ((PD, FREE, b / (1 - a)), (PF, CONFIRMED, a / (1 - b))):
        found = list(ends(book, hit, 11))
        assert sum(q for q, status, *_ in found if status == TENTATIVE) < 1e-3
        assert sum(q for q, status, *_ in found if status == wrong) <= bound
        step = hit * math.log(PD / PF) + (1 - hit) * math.log(1 - PD)
        scans = sum(q * n for q, _, n, _ in found)
        assert sum(q * s for q, _, _, s in found) == pytest.approx(scans * step, rel=1e-9)
        for _, status, _, score in found:
            assert (score >= upper) == (status == CONFIRMED)
            assert (score <= lower) == (status == FREE)


def test_m_of_n_confirms_when_three_of_the_last_five_scans_hit():
    book = Book(confirm_hits=3, confirm_scans=5)
    for sequence in itertools.product((True, False), repeat=7):
        seen, wanted = [True], (TENTATIVE, 7)
        for scan, hit in enumerate(sequence, start=1):
            seen.append(hit)
            if sum(seen[-5:]) >= 3:
                wanted = (CONFIRMED, scan)
                break
            if seen[-3:] == [False] * 3:
                wanted = (FREE, scan)
                break
        assert book.play(sequence)[:2] == wanted


@pytest.mark.parametrize("formations", [True, False])
@pytest.mark.parametrize("models", [(), ("cv", "ct")])
@pytest.mark.parametrize("gap", [1, 2])
def test_two_points_make_the_first_state(formations, models, gap):
    """x = (z2, (z2 - z1)/T) with the covariance of the difference, also after a missed scan."""
    tracker = Tracker(
        initiate="two-point", formations=formations, models=models, confirm_hits=2,
        confirm_scans=3, capacity=8, plots=8,
    )  # fmt: skip
    first, second = np.array([1e5, 2e4, 9e3]), np.array([1e5 - 1000.0, 2e4 + 500.0, 9e3 + 20.0])
    cov1, cov2 = np.diag([50.0, 200.0, 220.0]) ** 2 + 900.0, np.diag([60.0, 210.0, 190.0]) ** 2
    tracker.scan_cartesian(0.0, [first], cov1)
    for k in range(1, gap):
        tracker.scan_cartesian(5.0 * k, np.zeros((0, 3)), np.zeros((0, 3, 3)))
    t = 5.0 * gap
    tracks = tracker.scan_cartesian(t, [second], cov2)
    assert tracks.state[0] == pytest.approx([*second, *((second - first) / t)], rel=1e-9)
    wanted = np.block([[cov2, cov2 / t], [cov2 / t, (cov1 + cov2) / t**2]])
    assert tracks.covariance[0] == pytest.approx(wanted, rel=1e-6, abs=1e-3)


def test_the_tracker_confirms_targets_and_not_clutter_by_the_test():
    rng = np.random.default_rng(2)
    volume = 2e5 * 2e5 * 1e4
    tracker = Tracker(
        confirm="llr", clutter_pm3=40.0 / volume, birth_pm3=1.0 / volume, detect_probability=0.9,
        formations=False, capacity=500, plots=200, speed_sigma_mps=300.0,
    )  # fmt: skip
    place = rng.uniform(-9e4, 9e4, (10, 2))
    course = rng.uniform(-200.0, 200.0, (10, 2))
    cov = np.eye(3) * 100.0**2
    for k in range(25):
        truth = np.column_stack([place + course * 5.0 * k, np.full(10, 5e3)])
        seen = truth[rng.random(10) < 0.9]
        clutter = rng.uniform([-1e5, -1e5, 0], [1e5, 1e5, 1e4], (rng.poisson(40), 3))
        plots = np.vstack([seen, clutter])
        tracks = tracker.scan_cartesian(5.0 * k, plots + rng.normal(0, 100.0, plots.shape), cov)
    apart = np.linalg.norm(tracks.state[:, None, :3] - truth[None], axis=2)
    assert (apart.min(axis=0) < 500.0).all()
    begun, confirmed = int(tracker.tables.counts[1]), int(tracker.tables.counts[3])
    assert begun > 500
    assert confirmed - 10 <= 3


def test_options_that_do_not_exist_are_named():
    with pytest.raises(InputError, match="confirm"):
        Tracker(confirm="ratio")
    with pytest.raises(InputError, match="initiate"):
        Tracker(initiate="three-point")
    with pytest.raises(InputError, match="motion model"):
        Tracker(models=("cv", "turn"))
    with pytest.raises(InputError, match="risks"):
        Tracker(false_track_probability=0.0)
