"""A scenario equipped with what the ledger says that a buyer holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from openiads.claims.equip import equipped, write_equipped
from openiads.claims.inventory import Holding, inventories
from openiads.claims.ledger import load_ledger
from openiads.faults import InputError
from openiads.scenario.load import load


def holding(low: int, high: int, system: str = "S-400") -> Holding:
    return Holding("Nowhere", system, low, high, ("xx-01",), "1 report of receipt")


@pytest.mark.parametrize(("low", "high"), [(1, 2), (2, 7)])
def test_both_ends_are_scenarios_that_pass_every_check(tmp_path: Path, low: int, high: int):
    paths = write_equipped("default", holding(low, high), tmp_path / "own.yaml")
    assert [p.name for p in paths] == ["own-low.yaml", "own-high.yaml"]
    for path, count in zip(paths, (low, high), strict=True):
        scenario = load(path)
        units = scenario.file.defence.fire_units
        assert len(units) == count
        assert len({u.at for u in units.values()}) == count, "no two stand on one place"
        assert next(iter(units)) == "south"
        assert "xx-01" in scenario.file.about and f"{count} fire units" in scenario.file.about
        assert scenario.file.raid == load("default").file.raid


def test_what_the_ledger_says_of_turkey_in_2019(tmp_path: Path):
    part = load_ledger().of("Turkey", "S-400", "2019-08-01")
    (held,) = inventories(part.events, "2019-08-01")
    paths = write_equipped("default", held, tmp_path / "turkey")
    counts = [len(load(p).file.defence.fire_units) for p in paths]
    assert counts == [held.low, held.high] == [1, 2]


def test_a_certain_zero_is_left_out(tmp_path: Path):
    (path,) = write_equipped("default", holding(0, 1), tmp_path / "own")
    assert path.name == "own-high.yaml"


@pytest.mark.parametrize(
    ("held", "end", "message"),
    [
        (holding(0, 2), "low", "certain that Nowhere holds any"),
        (holding(1, 2, "HQ-9"), "high", "not of the HQ-9"),
        (holding(1, 500), "high", "more than a scenario takes"),
    ],
)
def test_what_cannot_be_equipped(held: Holding, end: str, message: str):
    with pytest.raises(InputError, match=message):
        equipped("default", held, end)


def test_a_scenario_of_ones_own_is_written_beside_itself(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text(equipped("default", holding(1, 2), "high"), encoding="utf-8")
    write_equipped(own, holding(1, 1), tmp_path / "less")
    with pytest.raises(InputError, match="would not be found"):
        write_equipped(own, holding(1, 1), tmp_path / "elsewhere" / "less")
