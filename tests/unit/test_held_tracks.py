"""The trial behind "tracks 300 targets": its geometry, and what must make it harder."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from openiads.claims.held_tracks import (
    GRAVITY_MPS2,
    SPEED_MPS,
    WEAVE_S,
    Raid,
    _arc,
    _matched,
    _plots,
    _Truth,
    held_tracks,
    trials,
)

RAID = Raid(40, 20e3, 200e3, 6.0, GRAVITY_MPS2, 4.0, 50.0, math.radians(0.15))


def test_an_arc_is_the_chord_of_its_circle():
    turn = np.array([0.0, 0.02, -0.02])
    step = _arc(np.zeros(3), turn, 20.0)
    radius = 1.0 / 0.02
    exact = [(20.0, 0.0), (radius * math.sin(0.4), radius * (1.0 - math.cos(0.4)))]
    np.testing.assert_allclose(step[:2], exact, rtol=1e-12)
    np.testing.assert_allclose(step[2], (exact[1][0], -exact[1][1]), rtol=1e-12)


def test_targets_keep_their_speed_and_half_of_them_weave():
    truth = _Truth(RAID)
    places = np.array([truth.at(t) for t in np.arange(0.0, 100.0, 0.5)])
    speed = np.linalg.norm(np.diff(places, axis=0), axis=2) / 0.5
    np.testing.assert_allclose(speed, SPEED_MPS, rtol=1e-4)
    straight = np.linalg.norm(places[-1] - places[0], axis=1) > SPEED_MPS * 99.0
    assert straight.sum() == 20
    after = truth.at(2.0 * WEAVE_S)[:, :2] - truth.at(0.0)[:, :2]
    assert np.abs(truth.turn[straight]).max() == 0.0
    assert (np.linalg.norm(after, axis=1) <= SPEED_MPS * 2.0 * WEAVE_S + 1e-6).all()


def test_plots_lie_around_the_targets_and_nine_in_ten_are_there():
    places = _Truth(RAID).at(0.0)
    sigma = (50.0, RAID.azimuth_error_rad, RAID.azimuth_error_rad)
    counts = [len(_plots(replace(RAID, false_plots=0.0), places, k, sigma)) for k in range(50)]
    assert np.mean(counts) == pytest.approx(36.0, abs=4.0 * math.sqrt(40 * 0.09 / 50))
    plots = _plots(replace(RAID, false_plots=0.0), places, 0, sigma)
    reach = np.linalg.norm(places, axis=1)
    nearest = np.abs(plots[:, None, 0] - reach[None, :]).min(axis=1)
    assert nearest.max() < 5.0 * 50.0


def test_a_target_is_matched_with_its_own_track_only():
    places = np.array([[0.0, 0.0, 0.0], [10e3, 0.0, 0.0], [20e3, 0.0, 0.0]])
    tracks = np.array([[10.1e3, 0.0, 900.0], [60e3, 0.0, 0.0]])
    assert _matched(places, tracks, 1e3).tolist() == [-1, 0, -1]
    assert _matched(places, tracks[:0], 1e3).tolist() == [-1, -1, -1]


@pytest.mark.slow
def test_easy_raids_are_held_and_each_difficulty_costs():
    straight = held_tracks(replace(RAID, acceleration_mps2=0.0, false_plots=0.0))
    assert straight.held > 0.98
    assert straight.swaps_per_minute < 0.02
    dense = held_tracks(replace(RAID, spacing_m=3e3))
    hard = held_tracks(replace(RAID, acceleration_mps2=4.0 * GRAVITY_MPS2))
    base = held_tracks(RAID)
    assert dense.swaps_per_minute > 3.0 * base.swaps_per_minute
    assert hard.held < base.held - 0.05
    assert held_tracks(replace(RAID, false_plots=300.0)).strangers > base.strangers + 1.0


@pytest.mark.slow
def test_the_trials_say_what_was_flown():
    told = trials(RAID)
    assert len(told.steps) == 15
    assert "40 targets 20 km apart, half of them weaving at 1 g" in told.conditions[0]
    assert told.models == ("openiads.domain.tracker.Tracker",)
    assert trials(RAID) == told


def test_without_compiled_code_it_says_that_it_did_not_ask(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    told = trials(RAID)
    assert told.steps == ()
    assert "was not asked" in told.conditions[0]
