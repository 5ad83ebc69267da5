"""A user's claim about the result of a raid, held against the simulator from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openiads.cli.app import run as main

pytestmark = pytest.mark.slow

FEW = "check: simulate, scenario: default, replications: 6, seed: 3"
OWN = f"""
claims:
  all-stopped: {{claim: "No raid leaks.", {FEW}, measure: p_no_leaker, at_least: 1, beliefs: 0}}
  some-leak: {{claim: "Some leak.", {FEW}, measure: leakers, at_least: 0.1, beliefs: 2}}
  drones-only: {{claim: "Drones alone are all stopped.", {FEW}, at_most: 48, beliefs: 0,
    set: {{raid.waves.drones.count: 4}}}}
"""


def audit(monkeypatch, capsys, path: Path) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["openiads", "audit", str(path), "--json"])
    status = main()
    return status, *capsys.readouterr()


def test_claims_about_a_raid_are_run(monkeypatch, capsys, tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    status, out, _ = audit(monkeypatch, capsys, path)
    assert status == 0
    found = {f["claim"]: f for f in json.loads(out)["findings"]}
    assert found["all-stopped"]["verdict"] == "contradicted"
    assert found["all-stopped"]["margin"]["value"] < 0
    assert found["some-leak"]["verdict"] == "supported"
    assert any("2 of 2 beliefs" in c for c in found["some-leak"]["conditions"])
    assert found["drones-only"]["verdict"] == "supported"
    assert any(c.startswith("40n6e.") for c in found["some-leak"]["claims_used"])
    assert all("openiads.engine" in f["models_used"] for f in found.values())
    # another raid is another model
    models = {name: f["models_used"][1] for name, f in found.items()}
    assert models["all-stopped"] == models["some-leak"] != models["drones-only"]


def test_a_scenario_at_fault_is_said_at_the_claim(monkeypatch, capsys, tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text("claims:\n  a: {claim: x, check: simulate, scenario: nowhere, at_most: 1}\n")
    status, _, err = audit(monkeypatch, capsys, path)
    assert status == 2
    assert "own.yaml" in err and "nowhere" in err
