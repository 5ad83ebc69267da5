"""Saturation: raids of any size from one Model, selections of claims, and the picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from openiads.campaigns.saturation import (
    first_threats,
    of_scenario,
    of_system,
    replications_at,
    selections_of,
    sweep,
)
from openiads.export.saturation_picture import saturation_svg
from openiads.faults import InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load
from openiads.scenario.notional import divide, notional, systems


def test_divide_keeps_the_whole_and_the_proportions() -> None:
    assert divide(10, [1.0, 1.0, 1.0]) == [4, 3, 3]
    assert divide(7, [14, 14, 8, 6, 6]) == [2, 2, 1, 1, 1]
    assert all(sum(divide(n, [3.0, 5.0, 7.0])) == n for n in range(40))


def test_first_threats_are_the_smaller_raid_itself() -> None:
    """The Model cut down has the very hash of the Model compiled small."""
    large = compile_scenario(notional("hq-9b", {"cruise_subsonic": 9, "drone_owa": 6}))
    small = compile_scenario(notional("hq-9b", {"cruise_subsonic": 2, "drone_owa": 5}))
    assert large.hash != small.hash
    assert first_threats(large, [2, 5]).hash == small.hash
    with pytest.raises(InputError):
        first_threats(large, [10, 0])


@pytest.mark.parametrize("system", sorted(systems()))
def test_every_system_has_a_notional_defence(system: str) -> None:
    scenario = notional(system, {"mrbm": 1})
    assert scenario.file.raid.waves["mrbm"].count == 1
    assert selections_of(scenario, system)[0].name == "nominal"


def test_limits_of_the_whole_system_are_shared_among_its_radars() -> None:
    owner = "s-400.simultaneous_engagements"
    for rule, each in (("claim:s-400.simultaneous_engagements.01", 18), ("lowest", 3)):
        units = notional("s-400", {"drone_owa": 1}, {owner: rule}).file.defence.fire_units
        given = {u.radar.with_["simultaneous_engagements"] for u in units.values()}
        assert given == {each}


def test_unknown_names_are_faults() -> None:
    with pytest.raises(InputError, match="no notional defence"):
        notional("s-900", {"drone_owa": 1})
    with pytest.raises(InputError, match="no threat class"):
        notional("s-400", {"balloon": 1})
    with pytest.raises(InputError, match="at least one"):
        sweep(of_system("s-400", ["drone_owa"]), [], [])


def test_a_sweep_and_its_picture() -> None:
    make = of_system("hq-9b", ["cruise_subsonic"])
    selections = selections_of(make({}, 1), "hq-9b")
    found = sweep(make, [2, 40], selections, replications=8, seed=3).row()
    small, large = found["points"]
    assert small["leakers"]["mean"] < large["leakers"]["mean"] <= 40
    assert large["first_broken_link"]
    for point, band in zip(found["points"], found["band"], strict=True):
        assert band["min"] <= point["leakers"]["mean"] <= band["max"]
    root = ET.fromstring(saturation_svg(found))
    assert root.tag.endswith("svg")
    words = " ".join(t.text or "" for t in root.iter() if t.tag.endswith("text"))
    assert large["binding"] in words


def test_a_scenario_grows_in_proportion() -> None:
    make = of_scenario(load("default"))
    waves = make({}, 96).file.raid.waves
    assert [w.count for w in waves.values()] == [28, 28, 16, 12, 12]
    assert list(make({}, 2).file.raid.waves) == ["drones", "cruise"]


def test_replications_fall_with_size_within_limits() -> None:
    assert [replications_at(n, None) for n in (4, 100, 400)] == [120, 30, 12]
    assert replications_at(400, 5) == 5
