"""Provenance: one row for each distinct use of a parameter, whichever comes last."""

from __future__ import annotations

from pathlib import Path

import pytest

from openiads.campaigns.beliefs import beliefs_of
from openiads.scenario.load import Scenario, load
from openiads.scenario.shipped import DATA

DEFAULT = (DATA / "scenarios" / "default.yaml").read_text(encoding="utf-8")
UNIT = "with: {antenna_height: 24 m, sector: 120 deg}"


def with_radars(folder: Path, south: str, north: str) -> Scenario:
    """The default scenario with other `with:` blocks for its two engagement radars."""
    parts = DEFAULT.split(UNIT)
    assert len(parts) == 3
    path = folder / "two.yaml"
    path.write_text(parts[0] + south + parts[1] + north + parts[2], encoding="utf-8")
    return load(str(path))


def given(scenario: Scenario, parameter: str) -> list[str]:
    uses = [u for u in scenario.parts.used.values() if u.item == "92n6e"]
    return [u.given or "record" for u in uses if u.parameter == parameter]


def test_two_overrides_of_one_parameter_are_two_rows(tmp_path: Path):
    scenario = with_radars(
        tmp_path,
        "with: {antenna_height: 24 m, sector: 120 deg}",
        "with: {antenna_height: 15 m, sector: 120 deg}",
    )
    assert sorted(given(scenario, "antenna_height")) == ["15 m", "24 m"]
    assert given(scenario, "sector") == ["120 deg"]
    rows = [u.row() for u in scenario.parts.used.values()]
    told = [
        (r["item"], r["parameter"], r["value"] if r["rule"] == "scenario" else "") for r in rows
    ]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("first", [True, False])
def test_an_override_beside_the_record_leaves_both(tmp_path: Path, first: bool):
    blocks = ("with: {sector: 120 deg, pulses: 9}", "with: {sector: 120 deg}")
    scenario = with_radars(tmp_path, *(blocks if first else blocks[::-1]))
    assert sorted(given(scenario, "pulses")) == ["9", "record"]
    believed = {b.parameter for b in beliefs_of(scenario)}
    assert {u.owner for u in scenario.parts.used.values() if u.parameter == "pulses"} - {""} <= (
        believed
    )
