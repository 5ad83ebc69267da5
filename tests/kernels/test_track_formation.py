"""The full tracker: a formation that turns keeps its identities; a lone target stays quiet."""

import math

import numpy as np
import pytest

from openiads.domain.track_book import initiate
from openiads.domain.track_initiate import _plot_covariance
from openiads.domain.track_params import track_params
from openiads.domain.track_scan import tracker_scan
from openiads.domain.tracks import CONFIRMED, TOLD, VOTED, tracks_allocate
from openiads.physics.estimation import cv_predict

SIGMA_M = 300.0
DT_S = 5.0
QUIET = {"manoeuvre_rate_ps": 0.0, "group_range_m": 0.0}


def formation(members, scans, seed, pd=1.0, turn=True):
    """A wedge at 250 m/s, ranks about 2 km apart, that turns at 3 g from scan 8 to 11."""
    rng = np.random.default_rng(seed)
    heading, pos, plots = 0.0, np.zeros(3), []
    rank = np.array([(k + 1) // 2 * (-1) ** k for k in range(members)])
    offsets = np.stack([-1.5e3 * np.abs(rank), 2.0e3 * rank, 30.0 * rank], axis=1)
    offsets += 200.0 * rng.standard_normal((members, 3)) * [1, 1, 0]
    for k in range(scans):
        places = [1.0e5, 0.0, 8.0e3] + pos + offsets
        seen = rng.random(members) < pd
        noise = SIGMA_M * rng.standard_normal((members, 3)) * [1, 1, 0.3]
        plots.append((np.flatnonzero(seen), (places + noise)[seen], places))
        for _ in range(5):
            if turn and 8 <= k < 11:
                heading += 3.0 * 9.81 / 250.0 * (1.0 if k < 9 else -0.5)
            pos = pos + 250.0 * np.array([math.cos(heading), math.sin(heading), 0.0])
    return plots


def feed(plots, **values):
    """Run the tracker; the members followed by each track id, and errors of position."""
    params = track_params(**values)
    tables = tracks_allocate(64, 64)
    pos, cov, clutter = np.zeros((64, 3)), np.zeros((64, 6)), np.zeros(64)
    cov[:, [0, 3]], cov[:, 5] = SIGMA_M**2, (0.3 * SIGMA_M) ** 2
    followed, errors = {}, []
    for k, (who, places, truth) in enumerate(plots):
        n = len(places)
        pos[:n] = places
        tracker_scan(params, tables, DT_S * k, n, pos, cov, clutter)
        for j in range(n):
            slot = tables.plot_slot[j]
            if slot >= 0 and tables.track[slot].status == CONFIRMED:
                followed.setdefault(int(tables.plot_track[j]), []).append(int(who[j]))
                errors.append(np.linalg.norm(tables.x[slot, :3] - truth[who[j]]))
    return tables, followed, errors


@pytest.mark.parametrize("seed", range(4))
def test_a_turning_formation_keeps_its_identities(seed):
    plots = formation(6, 20, seed, pd=0.8)
    tables, followed, _ = feed(plots)
    assert (tables.track.status == CONFIRMED).sum() == 6
    swaps = sum(len(set(members)) - 1 for members in followed.values())
    _, plain, _ = feed(plots, **QUIET, noise_m2ps3=400.0)
    plain_swaps = sum(len(set(members)) - 1 for members in plain.values())
    assert swaps <= min(2, plain_swaps)


def test_a_steady_formation_is_followed_better_than_its_plots():
    plots = formation(6, 20, 1, turn=False)
    _, _, errors = feed(plots)
    assert np.sqrt(np.mean(np.square(errors))) < 0.8 * SIGMA_M


def test_a_lone_target_is_filtered_as_by_the_quiet_model():
    """Beside the plain filter of the same noise, up to what a rare manoeuvre may add."""
    plots = formation(1, 15, 2, turn=False)
    full, _, _ = feed(plots, speed_sigma_mps=300.0)
    plain, _, _ = feed(plots, **QUIET, speed_sigma_mps=300.0)
    slot = int(np.flatnonzero(full.track.status == CONFIRMED)[0])
    other = int(np.flatnonzero(plain.track.status == CONFIRMED)[0])
    assert full.track[slot].manoeuvre < 0.01
    assert np.linalg.norm(full.x[slot, :3] - plain.x[other, :3]) < 0.05 * SIGMA_M


def test_a_lone_target_that_turns_is_held():
    plots = formation(1, 20, 3)
    tables, followed, _ = feed(plots)
    assert (tables.track.status == CONFIRMED).sum() == 1
    assert len(followed) == 1


def test_a_formation_that_appears_at_once_gets_its_velocity_by_vote():
    """At the second scan already: 400 m/s across a spacing of 2 km could be joined otherwise."""
    plots = formation(6, 2, 4, turn=False)
    tables, _, _ = feed(plots)
    live = tables.track.status > 0
    assert (tables.track.informed[live] == VOTED).sum() >= 6
    speed = tables.x[live][:, 3:5]
    assert np.abs(speed - [250.0, 0.0]).max() < 120.0


@pytest.mark.parametrize("old", [1, 2])
def test_a_newcomer_told_its_velocity_makes_no_formation_of_itself_and_its_informant(old):
    """Beside a lone target it flies alone until a second plot; to two it is the third at once."""
    plots = formation(3, 7, 6, turn=False)
    for k, (who, places, truth) in enumerate(plots):
        keep = who < (old if k < 5 else old + 1)
        plots[k] = (who[keep], places[keep], truth)
    tables, _, _ = feed(plots[:6])
    newcomer = tables.track.informed == TOLD
    assert newcomer.sum() == 1 and (tables.track.hits[newcomer] == 1).all()
    tables, _, _ = feed(plots)
    joined = tables.row.members[: old + 1].max()
    assert joined == (1 if old == 1 else 3)


def test_scans_at_one_instant_from_two_sensors_are_taken():
    plots = formation(4, 6, 5, turn=False)
    params, tables = track_params(), tracks_allocate(64, 64)
    pos, cov, clutter = np.zeros((64, 3)), np.zeros((64, 6)), np.zeros(64)
    cov[:, [0, 3, 5]] = SIGMA_M**2
    for k, (_, places, _) in enumerate(plots):
        for _ in range(2):
            pos[: len(places)] = places
            tracker_scan(params, tables, DT_S * k, len(places), pos, cov, clutter)
    assert (tables.track.status == CONFIRMED).sum() == 4
    assert np.isfinite(tables.x).all()


def test_what_overtakes_a_stream_is_not_given_the_streams_velocity_for_ever():
    """Ten at 250 m/s, 3 km apart in a line; one at 700 m/s is first seen beside the last."""
    stream = np.array([[1.0e5 + 3.0e3 * k, 0.0, 8.0e3] for k in range(10)])
    fast = np.array([1.0e5, 2.5e3, 8.0e3])
    params, tables = track_params(), tracks_allocate(64, 64)
    pos, cov, clutter = np.zeros((64, 3)), np.zeros((64, 6)), np.zeros(64)
    cov[:, [0, 3, 5]] = 50.0**2
    rng, held = np.random.default_rng(1), 0
    for k in range(16):
        t = DT_S * k
        places = stream + [250.0 * t, 0.0, 0.0]
        if k >= 5:  # when the stream is tracked already
            places = np.vstack([places, fast + [250.0 * 25.0 + 700.0 * (t - 25.0), 0.0, 0.0]])
        n = len(places)
        pos[:n] = places + 50.0 * rng.standard_normal((n, 3))
        tracker_scan(params, tables, t, n, pos, cov, clutter)
        slot = tables.plot_slot[10] if n > 10 else -1
        if slot >= 0 and tables.track[slot].status == CONFIRMED:
            held += abs(tables.x[slot, 3] - 700.0) < 100.0
    assert held >= 5


@pytest.mark.parametrize("noise_m2ps3", [0.5, 100.0])
def test_a_new_tracks_first_plot_is_found_again_in_its_prediction(noise_m2ps3):
    """What the prior and the process noise added is taken off; more would leave no covariance."""
    params = track_params(noise_m2ps3=noise_m2ps3)
    tables = tracks_allocate(8, 8)
    plot = np.array([[1800.0, 20.0, -30.0, 900.0, 10.0, 2500.0]])
    initiate(params, tables.track, tables.counts, tables.x, tables.P, 0, 0, 0.0,
             np.zeros((1, 3)), plot)  # fmt: skip
    cv_predict(tables.x, tables.P, 0, 6.0, noise_m2ps3)
    found = _plot_covariance(tables.P, 0, 6.0, noise_m2ps3)
    assert found == pytest.approx(plot[0], abs=1e-5)
