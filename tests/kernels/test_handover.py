"""Handover by search, and plots of targets that are not resolved: handlers called one by one."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import model

from openiads.domain.tracks import ON
from openiads.engine.book import position_at, truth_at
from openiads.engine.handover import cue_from_plot, raster, search
from openiads.engine.merge import keep_hit, merge_hits
from openiads.engine.run import recarrays, reset, start
from openiads.engine.state import allocate

pytestmark = pytest.mark.slow  # the handlers of the engine take seconds to compile

BEAM_RAD = np.radians(1.0)
CELL_M = 150.0


def set_up(**tracking):
    """Tables and memory of the algebra scenario at 20 s, all ten threats in the air."""
    m = recarrays(model(tracking__lock_basket="1 km").tables)
    settings = m.settings[0]
    settings.handover, settings.search_sigma = 1, 3.0
    settings.search_dwell_s, settings.search_time_s = 0.01, 1.0
    for name, value in tracking.items():
        settings[name] = value
    for radar in m.radars:
        radar.beamwidth_azimuth_rad = radar.beamwidth_elevation_rad = BEAM_RAD
        radar.range_resolution_m = CELL_M
    m.look_pd[:] = 1.0
    w = allocate(m)
    w = w._replace(state=w.state._replace(cue=np.zeros((16, 21))))
    s = w.state
    reset(m, s, 7, 0, 0)
    for threat in range(len(m.threats)):
        s.threats[threat].started_s = 0.0
        start(m, s, threat)
    s.now[0].time_s = 20.0
    s.picture[0].time_s = 20.0
    return m, w


def place(m, s, threat):
    at, part = truth_at(m, s, threat, s.now[0].time_s)
    return np.array(position_at(m, at, part, m.threats[threat].step_s))


def cue(s, at_m, sigma_m, slot=0):
    """A cue at a place with so much error on every axis."""
    seen = s.picture[slot]
    seen.x, seen.y, seen.z = at_m
    seen.vx = seen.vy = seen.vz = 0.0
    s.cue[slot] = 0.0
    s.cue[slot, [0, 3, 5]] = sigma_m**2


@pytest.mark.parametrize(
    ("across", "upward", "most", "beams"),
    [(2.4, 0.3, 100, (3, 1, 3)), (40.0, 10.0, 100, (20, 5, 100)), (0.0, 0.0, 1, (1, 1, 1)),
     (1e9, 0.0, 100, (100, 1, 100)), (1e9, 1e9, 100, (10, 10, 100))],
)  # fmt: skip
def test_beams_cover_the_volume_or_its_middle(across, upward, most, beams):
    assert raster(across, upward, most) == beams


def test_a_good_cue_finds_its_target_in_one_beam():
    m, w = set_up()
    s = w.state
    for threat in range(10):
        cue(s, place(m, s, threat) + 30.0, 50.0)
        assert search(m, s, 0, 0, 5) == (threat, pytest.approx(0.01))


def test_the_better_the_cue_the_more_is_found():
    """True errors drawn from the cue's covariance; the worst volumes outgrow the longest search."""
    m, w = set_up(search_time_s=0.25)
    s, rng = w.state, np.random.default_rng(3)
    found, takes = [], []
    for sigma_m in (100.0, 700.0, 5_000.0, 15_000.0):
        hits, spent = 0, 0.0
        for k in range(200):
            truth = place(m, s, k % 10)
            cue(s, truth + sigma_m * rng.standard_normal(3), sigma_m)
            target, seconds = search(m, s, 0, 0, k)
            hits += target == k % 10
            spent += seconds
        found.append(hits / 200)
        takes.append(spent / 200)
    # Inside 3 sigma on all of three axes: 0.9919.
    assert found[0] > 0.96
    assert found[0] >= found[1] > found[2] + 0.05 > found[3] + 0.1
    assert takes[0] < takes[1] < 0.2 < takes[3] <= 0.25 + 1e-9


def test_the_nearer_target_is_taken_and_a_weak_one_missed():
    m, w = set_up()
    s = w.state
    # Threat 1 flies where threat 0 does, 800 m further on.
    row, other = m.threats[0], m.threats[1]
    m.grid_pos_m[other.grid : other.grid + other.n_grid] = m.grid_pos_m[
        row.grid : row.grid + row.n_grid
    ] + [800.0, 0.0, 0.0]
    a = place(m, s, 0)
    cue(s, a + [100.0, 0.0, 0.0], 600.0)
    assert search(m, s, 0, 0, 1)[0] == 0
    cue(s, a + [700.0, 0.0, 0.0], 600.0)
    assert search(m, s, 0, 0, 1)[0] == 1  # the swap
    m.look_pd[:, other.grid : other.grid + other.n_grid] = 0.0
    assert search(m, s, 0, 0, 1)[0] == 0  # the one that is seen
    m.look_pd[:] = 0.5
    got = [search(m, s, 0, 0, serial)[0] for serial in range(400)]
    # One of two at 0.5 each: four standard errors about 1/4 for none.
    assert np.mean(np.array(got) == -1) == pytest.approx(0.25, abs=4 * np.sqrt(0.1875 / 400))
    s.out[m.units[0].radar] = 1
    assert search(m, s, 0, 0, 1) == (-1, 0.0)


def test_a_cue_grows_with_its_age():
    m, w = set_up(search_time_s=100.0)
    s = w.state
    cue(s, place(m, s, 0), 50.0)
    s.cue[0, [15, 18, 20]] = 100.0**2
    fresh = search(m, s, 0, 0, 1)[1]
    s.picture[0].time_s = 0.0
    assert search(m, s, 0, 0, 1)[1] > 3.0 * fresh


def test_a_cue_of_one_plot():
    m, w = set_up()
    s = w.state
    cue_from_plot(m, s, w.plots, 0, 3, 1e5, 0.3, 0.1, (20.0, 1e-3, 2e-3))
    trace = s.cue[3, [0, 3, 5]].sum()
    assert trace == pytest.approx(20.0**2 + (100 * np.cos(0.1)) ** 2 + 200.0**2, rel=1e-3)
    f = 2.0 / m.radars[0].scan_period_s ** 2
    assert s.cue[3, 15:] == pytest.approx(f * s.cue[3, :6])


def merged(m, w, rows, number=0):
    """Plots (places) of hits (threat, range, azimuth, elevation, snr) without errors."""
    s, plots = w.state, w.plots
    s.now[0].n_plots = 0
    for threat, *polar, snr in rows:
        keep_hit(s, plots, threat, *polar, 0.0, 0.0, 0.0, snr)
    merge_hits(ON, m, s, plots, 0, number)
    n = s.now[0].n_plots
    return plots.pos_m[:n] - m.radar_pos_m[0], plots.threat[:n]


def test_targets_in_one_cell_give_one_plot():
    m, w = set_up()
    m.threats.swerling[:] = 0
    rows = [(0, 1e5, 0.0, 0.0, 100.0), (1, 1e5 + 90.0, 0.5 * BEAM_RAD, 0.0, 300.0),
            (2, 1e5, 3.0 * BEAM_RAD, 0.0, 50.0), (3, 1e5 + 300.0, 0.0, 0.0, 50.0)]  # fmt: skip
    places, who = merged(m, w, rows)
    assert sorted(who.tolist()) == [1, 2, 3]
    k = who.tolist().index(1)
    r = np.linalg.norm(places[k])
    # By power 3 to 1; conversion shrinks by exp(-sigma^2 / 2), far below a metre.
    assert r == pytest.approx(1e5 + 67.5, abs=1.0)
    assert np.arctan2(*(m.radar_axes[0].T @ places[k])[[1, 0]]) == pytest.approx(
        0.375 * BEAM_RAD, abs=1e-5
    )


def test_fluctuating_echoes_move_the_centroid():
    """Equal means of exponential power: the share of one is uniform on 0 to 1."""
    m, w = set_up()
    m.threats.swerling[:] = 1
    rows = [(0, 1e5, 0.0, 0.0, 100.0), (1, 1e5 + 100.0, 0.0, 0.0, 100.0)]
    share = []
    for number in range(600):
        places, who = merged(m, w, rows, number)
        assert len(who) == 1
        share.append((np.linalg.norm(places[0]) - 1e5) / 100.0)
    share = np.array(share)
    assert share.mean() == pytest.approx(0.5, abs=4.0 / np.sqrt(12 * 600))
    assert share.std() == pytest.approx(1.0 / np.sqrt(12.0), rel=0.1)


def test_across_the_cut_of_azimuth():
    m, w = set_up()
    m.threats.swerling[:] = 0
    half = 0.2 * BEAM_RAD
    rows = [(0, 1e5, np.pi - half, 0.0, 100.0), (1, 1e5, -np.pi + half, 0.0, 100.0)]
    places, who = merged(m, w, rows)
    assert len(who) == 1
    assert abs((m.radar_axes[0].T @ places[0])[1]) < 1.0
