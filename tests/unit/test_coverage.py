"""Coverage: the famous numbers, envelopes over a smooth Earth, files and the command."""

import json
import math
import sys

import numpy as np
import pytest

import openiads as oi
from openiads.analysis.coverage import (
    Surveyor,
    Target,
    famous_numbers,
    inside_boundary,
    kinematic_boundaries,
)
from openiads.cli.app import run as run_cli
from openiads.domain.flyout import flyout_time
from openiads.physics.propagation import horizon_ground_range_m
from reference_data import cases


@pytest.fixture(scope="module")
def surveyor() -> Surveyor:
    return Surveyor(oi.compile(oi.load("default")))


def test_famous_numbers_are_those_of_the_horizon_table() -> None:
    table = {(row["h_radar_m"], row["h_target_m"]): row["slant_los_km"] for row in
             cases("radar_horizon_table")}  # fmt: skip
    compared = 0
    for row in famous_numbers():
        for name, seen_km in row["first_seen_km"].items():
            known = table.get((row["antenna_m"], float(name.removesuffix(" m"))))
            if known is not None:
                compared += 1
                assert seen_km == pytest.approx(known, rel=5e-3)
    assert compared >= 4


def test_the_famous_sentence() -> None:
    (row,) = famous_numbers([24.0])
    assert 8400.0 <= row["altitude_needed_m"] < 8600.0
    assert row["first_seen_km"]["50 m"] == pytest.approx(49.3, abs=0.2)


def test_a_low_flyer_is_detected_up_to_the_horizon(surveyor) -> None:
    envelope = surveyor.detection(0, Target(50.0, 1.0))
    eye = surveyor.tables.radars[0]
    wanted = horizon_ground_range_m(float(eye["height_m"]), 50.0)
    np.testing.assert_allclose(envelope.reach_m, wanted, rtol=2e-3)
    assert envelope.hidden < 0.01


def test_a_small_high_target_is_limited_by_power(surveyor) -> None:
    large, small = (surveyor.detection(0, Target(12e3, rcs)).reach_m for rcs in (0.01, 0.01 / 16))
    # Slant range is ground range to 1 % at these heights; R goes with the fourth root.
    np.testing.assert_allclose(large / small, 2.0, rtol=0.02)


def test_a_sector_covers_its_share(surveyor) -> None:
    radar = surveyor.model.names["radars"].index("south")
    envelope = surveyor.detection(radar, Target(1000.0, 1.0))
    assert np.mean(envelope.reach_m > 0.0) == pytest.approx(120.0 / 360.0, abs=0.01)


def test_engagement_is_inside_reach_and_detection(surveyor) -> None:
    target = Target(9e3, 1.0)
    for missile in range(len(surveyor.tables.missiles)):
        envelope = surveyor.engagement(0, missile, target)
        seen = surveyor.detection(int(surveyor.tables.units[0]["radar"]), target)
        published = surveyor.tables.missiles[missile]["range_max_aerodynamic_m"]
        assert 0.0 < envelope.reach_m.max() <= published
        assert (envelope.reach_m <= seen.reach_m + 1.0).all()


def test_the_boundary_follows_the_rule_of_the_look_up(surveyor) -> None:
    tables = surveyor.tables
    axes = tables.fly_range_m[0], tables.fly_altitude_m[0], tables.fly_time_s[0]
    rng = np.random.default_rng(1)
    down = rng.uniform(0.0, 1.1 * axes[0][-1], 400)
    height = rng.uniform(0.0, 1.1 * axes[1][-1], 400)
    down[:50], height[50:100] = axes[0][10], axes[1][-1]
    got = inside_boundary(*axes, down, height)
    wanted = [
        math.isfinite(flyout_time(*axes, tables.fly_speed_mps[0], d, h)[0])
        for d, h in zip(down, height, strict=True)
    ]
    assert got.tolist() == wanted
    assert 50 < sum(wanted) < 400


def test_the_calibration_is_shown(surveyor) -> None:
    for row in kinematic_boundaries(surveyor.model):
        assert len(row["calibration"]) == 3
        assert all(abs(f["residual"]) < 0.06 for f in row["calibration"])
        assert max(r for r, _ in row["boundary_km"]) > 0.0


def cli(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["openiads", *words])
    status = run_cli()
    out = capsys.readouterr()
    return status, out.out, out.err


def test_the_command_writes_json_and_files(monkeypatch, capsys, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    status, out, _ = cli(
        monkeypatch, capsys, "coverage", "default", "--altitude", "1 km", "--json",
        "--out", str(tmp_path / "cover"),
    )  # fmt: skip
    assert status == 0
    told = json.loads(out)
    assert {e["kind"] for e in told["envelopes"]} == {"detection", "engagement"}
    assert len(told["files"]) == 4
    picture = (tmp_path / "cover" / "coverage.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    shapes = json.loads((tmp_path / "cover" / "coverage.geojson").read_text())["features"]
    polygons = [f for f in shapes if f["geometry"]["type"] == "MultiPolygon"]
    assert len(polygons) == len(told["envelopes"])
    ring = np.array(polygons[0]["geometry"]["coordinates"][0][0])
    assert ring[0].tolist() == ring[-1].tolist()
    # The outline lies at the reach, in degrees about 45 N, 0 E.
    reach_deg = polygons[0]["properties"]["greatest_reach_m"] / 111.13e3
    assert np.ptp(ring[:, 1]) == pytest.approx(2.0 * reach_deg, rel=0.01)


def test_bad_options_are_all_named(monkeypatch, capsys) -> None:
    status, _, err = cli(monkeypatch, capsys, "coverage", "default", "--altitude", "50",
                         "--rcs", "1 km")  # fmt: skip
    assert status == 2
    assert "--altitude" in err and "--rcs" in err
