"""A radar, a missile, a doctrine and a threat of one's own: YAML beside a scenario, no code.

Each is shown to be in force by what it changes: the threat by the class in the summary, the missile
by its kill probability, the doctrine by the rounds of its volley, the radar by its range.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import openiads
from openiads.cli import app

SOURCES = Path(openiads.__file__).parent

SCENARIO = """\
scenario: mine
map: {size: 400 km}
duration: 20 min
tracking: {confirm_hits: 1, confirm_scans: 1}
assets:
  village: {at: [0 km, 0 km]}
defence:
  command_post: 55k6e
  radars:
    hill: {type: my-radar, at: [0 km, 5 km], ground: 100 m}
  fire_units:
    field:
      at: [0 km, 0 km]
      radar: {type: 92n6e, with: {antenna_height: 24 m, sector: 360 deg}}
      doctrine: my-doctrine
      launchers:
        - {type: 5p85te2, count: 10, missile: my-missile}
raid:
  waves:
    only: {threat: my-threat, count: 8, aim: village, bearing: 40 deg, bearing_spread: 90 deg,
           distance: 150 km, time_spread: 3 min}
"""
PARTS = {
    "radar": """\
items:
  my-radar:
    kind: radar
    name: A radar of one's own
    parameters:
      duty: acquisition
      detection_range_max: 300 km
      reference_rcs: 1 m2
      reference_pd: 0.9
      pfa: 1.0e-6
      pulses: 8
      frequency: 1.3 GHz
      scan_period: 5 s
      antenna_height: 20 m
      instrumented_range: {RANGE}
      sector: 360 deg
      elevation_min: 0 deg
      elevation_max: 60 deg
      beamwidth_azimuth: 2 deg
      beamwidth_elevation: 4 deg
      range_resolution: 60 m
      range_error_floor: 20 m
      angle_error_floor: 0.1 deg
      radial_speed_min: 15 m/s
      false_plots_per_scan: 0
      simultaneous_tracks: 100
      simultaneous_engagements: 0
      missiles_guided_simultaneously: 0
""",
    "missile": """\
items:
  my-missile:
    kind: missile
    name: A missile of one's own
    parameters:
      range_max_aerodynamic: 90 km
      range_max_ballistic: 20 km
      range_min: 3 km
      altitude_max: 20 km
      altitude_min: 20 m
      missile_speed_max: 1400 m/s
      target_speed_max: 1500 m/s
      kill_probability_aircraft: {KILL}
      kill_probability_drone: 0
      kill_probability_cruise: 0
      kill_probability_supersonic: 0
      kill_probability_ballistic: 0
""",
    "doctrine": """\
items:
  my-doctrine:
    kind: doctrine
    name: One volley of one's own
    parameters:
      method: salvo
      first_salvo: {VOLLEY}
      later_salvo: 1
      volleys_max: 1
      salvo_interval: 2 s
      missile_choice: earliest
      commit_range_max: 80 km
      reserve_rounds: 0
""",
    "threat": """\
items:
  my-threat:
    kind: threat
    name: A threat of one's own
    parameters:
      category: aircraft
      profile: level
      rcs: 3 m2
      swerling: 1
      speed_cruise: 220 m/s
      altitude_cruise: 4 km
      altitude_low: 4 km
      low_distance: 0 km
      turn: 3 g
      burn_time: 60 s
      ballistic_coefficient: 5000 kg/m2
""",
}

Runner = Callable[..., dict[str, Any]]


def sources() -> str:
    """A digest of every source and data file of the package."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(SOURCES)).encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch, capsys) -> Runner:
    """Run the scenario with catalogue files of these values; the object that `run` prints."""

    def run(kill: str = "1.0", volley: str = "2", reach: str = "300 km") -> dict[str, Any]:
        (tmp_path / "catalogue").mkdir(exist_ok=True)
        (tmp_path / "raid.yaml").write_text(SCENARIO, encoding="utf-8")
        for name, text in PARTS.items():
            for key, value in (("{KILL}", kill), ("{VOLLEY}", volley), ("{RANGE}", reach)):
                text = text.replace(key, value)
            (tmp_path / "catalogue" / f"{name}.yaml").write_text(text, encoding="utf-8")
        out = tmp_path / f"run-{kill}-{volley}-{reach}"
        words = ["run", str(tmp_path / "raid.yaml"), "-n", "20", "--json", "--out", str(out)]
        monkeypatch.setattr("sys.argv", ["openiads", *words])
        assert app.run() == 0
        return dict(json.loads(capsys.readouterr().out))

    return run


@pytest.mark.slow
def test_parts_of_ones_own_need_no_code(mine: Runner, tmp_path: Path, monkeypatch, capsys):
    before = sources()
    sure = mine()
    assert list(sure["by_class"]) == ["my-threat"]
    assert sure["by_class"]["my-threat"]["count"] == 8
    assert sure["leakers"]["mean"] == 0.0
    # One volley of two at each. A second one only where a verdict was wrong or a track was lost.
    assert 16.0 <= sure["interceptors"]["mean"] < 20.0
    monkeypatch.setattr("sys.argv", ["openiads", "check", str(tmp_path / "raid.yaml")])
    assert app.run() == 0
    report = (Path(sure["run"]) / "report.html").read_text(encoding="utf-8")
    for name in ("my-radar", "my-missile", "my-doctrine", "my-threat"):
        assert name in report
    assert sources() == before


@pytest.mark.slow
def test_the_missile_of_ones_own_is_in_force(mine: Runner):
    blunt = mine(kill="0.0")
    assert blunt["leakers"]["mean"] == 8.0
    assert set(blunt["first_broken_link"]) <= {"miss", "assessment"}


@pytest.mark.slow
def test_the_doctrine_of_ones_own_is_in_force(mine: Runner):
    assert 8.0 <= mine(volley="1")["interceptors"]["mean"] < 12.0
    assert 24.0 <= mine(volley="3")["interceptors"]["mean"] < 30.0


@pytest.mark.slow
def test_the_radar_of_ones_own_is_in_force(mine: Runner):
    blind = mine(reach="1 km")
    assert blind["leakers"]["mean"] == 8.0
    assert blind["interceptors"]["mean"] == 0.0
    assert blind["first_broken_link"] == {"horizon": 1.0}
