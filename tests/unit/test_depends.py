"""One parameter's source changes what depends on it, nothing else, and the run says so."""

from __future__ import annotations

import pytest

from openiads.campaigns.outcomes import chosen
from openiads.faults import InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.depends import changed, first_link, reaches
from openiads.scenario.load import load
from openiads.scenario.parts import Provenance

pytestmark = pytest.mark.slow  # compile flies missiles out: minutes without compiled code

FLY = {"fly_range_m", "fly_altitude_m", "fly_time_s", "fly_speed_mps"}


@pytest.fixture(scope="module")
def nominal():
    scenario = load("default")
    return scenario, compile_scenario(scenario)


def model_with(**choices: str):
    return compile_scenario(load("default", {f"choose.{k}": v for k, v in choices.items()}))


def test_another_reach_changes_missiles_fly_out_and_last_chances_only(nominal):
    _, model = nominal
    other = model_with(**{"9m96e2.range_max_aerodynamic": "lowest"})
    found = changed(model, other)
    assert "missiles.range_max_aerodynamic_m" in found
    tables = {name.partition(".")[0] for name in found}
    assert tables <= {"missiles", "threats", *FLY}
    assert {n for n in found if n.startswith("threats.")} <= {
        "threats.last_chance_s",
        "threats.reachable",
    }
    mine = other.names["missiles"].index("9m96e2")
    for name in ("missiles", "fly_range_m", "fly_time_s", "fly_speed_mps"):
        old, new = getattr(model.tables, name), getattr(other.tables, name)
        differ = [k for k in range(len(old)) if old[k].tobytes() != new[k].tobytes()]
        assert differ == [mine], name


def test_an_item_that_is_not_used_changes_nothing(nominal):
    _, model = nominal
    other = model_with(**{"hq-9b.range_max_aerodynamic": "lowest", "40n6m.range_max": "lowest"})
    assert other.hash == model.hash
    assert changed(model, other) == frozenset()
    assert chosen(other) == []


def alternatives(scenario):
    """(how it is used, the parameter, a rule that takes another value) of all that have one."""
    for use in scenario.parts.used.values():
        if use.choice is None:
            continue
        item, _, name = use.owner.partition(".")
        known = scenario.parts.catalogue[item].parameters[name]
        others = [a.rule for a in known.alternatives() if a.value != use.choice.value]
        if not others and known.assumed is not None and known.assumed.range is not None:
            ends = [e for e in known.assumed.range if e != known.assumed.value]
            others = [f"value:{ends[0]!r} {known.assumed.unit or ''}".strip()]
        if others:
            yield use, others[0]


def test_the_map_holds_for_every_parameter_of_the_default_scenario(nominal):
    scenario, model = nominal
    moved = 0
    for use, rule in alternatives(scenario):
        other = model_with(**{use.owner: rule})
        kind = scenario.parts.catalogue[use.item].kind
        found = changed(model, other)
        assert found <= reaches(kind, use.parameter), (use.owner, found)
        if kind in ("radar", "missile", "command-post", "launcher"):
            assert found, f"{use.owner} moved nothing"
        moved += bool(found)
        assert {c["parameter"] for c in chosen(other)} == {use.owner}
    assert moved > 70


def test_the_run_says_what_was_chosen_otherwise(nominal):
    _, model = nominal
    assert chosen(model) == []
    (row,) = chosen(model_with(**{"9M96E2.range_max_aerodynamic": "lowest"}))
    assert row["parameter"] == "9m96e2.range_max_aerodynamic"
    assert (row["rule"], row["value"], row["nominal"]) == ("lowest", "120 km", "150 km")
    assert row["changes"] == sorted(reaches("missile", "range_max_aerodynamic"))
    assert row["from_link"] == first_link("missile", "range_max_aerodynamic") == "window"


def test_a_stand_in_is_named_by_its_owner(nominal):
    scenario, _ = nominal
    use = scenario.parts.used["48n6e3", "range_max_ballistic", ""]
    assert isinstance(use, Provenance)
    assert use.owner == "s-400.range_max_ballistic"
    (row,) = chosen(model_with(**{"s-400.range_max_ballistic": "highest"}))
    assert row["used_by"] == ["48n6e3.range_max_ballistic"]


@pytest.mark.parametrize(
    ("key", "rule", "message"),
    [
        ("9m96e2.range_max_aerodynamic", "value:3 kg", "no value of its kind"),
        ("9m96e2.range_max_aerodynamic", "value:far", "no value of its kind"),
        ("55k6e.miss_called_kill", "value:0.1 km", "no value of its kind"),
        ("rule", "value:3 km", "cannot serve all"),
        ("hq-9b.range_max_aerodynamic", "largest", "is no rule"),
    ],
)
def test_a_wrong_choice_is_a_fault_at_its_line(key, rule, message):
    with pytest.raises(InputError, match=message) as caught:
        load("default", {f"choose.{key}": rule})
    assert len(caught.value.faults) == 1


def test_a_value_is_written_out_to_the_last_digit():
    value = 250.12345678901234
    scenario = load("default", {"choose.96l6e.detection_range_max": f"value:{value!r} km"})
    assert scenario.parts.used["96l6e", "detection_range_max", ""].choice.si == value * 1e3
