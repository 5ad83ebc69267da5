"""Burn-through, strobes and their crossings of a compiled scenario."""

import math

import numpy as np
import pytest

import openiads as oi
from openiads.analysis.jamming import STROBE_RATIO, crossing_m, jamming_ranges, strobes
from openiads.physics.detection import detection_probability

NOISE, AT_M = 30.0, 100e3


@pytest.fixture(scope="module")
def model():
    wave = (
        "{jammers: {threat: fighter_4gen, count: 2, aim: port, bearing: 80 deg, "
        "bearing_spread: 20 deg, distance: 380 km, "
        f"with: {{jammer_to_noise: {NOISE}, jammer_range: 100 km}}}}, "
        "plain: {threat: drone_owa, count: 1, aim: port, bearing: 90 deg, distance: 90 km}}"
    )
    return oi.compile(oi.load("default", {"raid.waves": wave}))


def test_at_burn_through_a_look_sees_with_one_half(model) -> None:
    rows = jamming_ranges(model)
    assert {r["class"] for r in rows} == {"fighter_4gen"} and len(rows) == len(model.tables.radars)
    threat = model.tables.threats[0]
    part = slice(threat["grid"], threat["grid"] + threat["n_grid"])
    for radar, row in enumerate(rows):
        eye = model.tables.radars[radar]
        slant = np.linalg.norm(
            model.tables.grid_pos_m[part] - model.tables.radar_pos_m[radar], axis=1
        )
        snr = np.asarray(model.tables.look_snr[radar, part], float)
        jammed = snr / (1.0 + NOISE * (AT_M / slant) ** 2)
        # Where it turns out to fly: the ratio of the look nearest to the burn-through range.
        near = int(np.argmin(np.abs(slant - 1e3 * row["burn_through_km"])))
        there = jammed[near] * (slant[near] / (1e3 * row["burn_through_km"])) ** 2
        pd = detection_probability(
            float(there), float(eye["pfa"]), int(eye["pulses"]), int(threat["swerling"])
        )
        assert pd == pytest.approx(0.5, abs=0.02)
        assert row["burn_through_km"] < row["clear_km"]
        assert row["strobe_km"] == pytest.approx(math.sqrt(NOISE / STROBE_RATIO) * 100.0)


def test_strobes_point_at_the_jammers_and_cross_there(model) -> None:
    shown = strobes(model, 1000.0)
    assert {s.threat for s in shown} == {0, 1}
    assert all(0.0 < s.half_width_rad <= math.pi for s in shown)
    for threat in (0, 1):
        own = [s for s in shown if s.threat == threat]
        assert len(own) >= 2
        ranges = [crossing_m(model, a, b) / a.slant_m for a in own for b in own
                  if a.radar != b.radar]  # fmt: skip
        ranges = [r for r in ranges if math.isfinite(r)]
        assert ranges and np.median(ranges) == pytest.approx(1.0, abs=0.02)


def test_a_dead_jammer_and_one_far_away_show_nothing(model) -> None:
    assert {s.threat for s in strobes(model, 1000.0, killed=[0])} == {1}
    assert strobes(model, 0.0) == []
    assert strobes(model, 1e5) == []


def test_without_a_jammer_there_is_nothing_to_tell() -> None:
    model = oi.compile(oi.load("default"))
    assert jamming_ranges(model) == [] and strobes(model, 600.0) == []
