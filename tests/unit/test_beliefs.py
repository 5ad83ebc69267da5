"""What may be believed of a scenario's parameters, and how it is sampled."""

from __future__ import annotations

import numpy as np
import pytest

from openiads.campaigns.beliefs import Belief, Option, beliefs_of, design
from openiads.faults import InputError
from openiads.scenario.load import load


@pytest.fixture(scope="module")
def default():
    return load("default")


@pytest.fixture(scope="module")
def beliefs(default):
    return {b.parameter: b for b in beliefs_of(default)}


def values(belief: Belief) -> list[str]:
    return [o.shown() for o in belief.options]


def test_claims_weigh_as_much_as_independent_voices_stand_behind_them(default, beliefs):
    reach = beliefs["40n6e.range_max_aerodynamic"]
    assert values(reach) == ["380 km", "400 km"]
    assert [o.weight for o in reach.options] == [1.0, 3.0]
    assert [o.nominal for o in reach.options] == [True, False]
    assert not reach.assumed


def test_a_voice_that_says_two_values_divides_its_weight(beliefs):
    speed = beliefs["9m96e2.missile_speed_max"]
    assert values(speed) == ["4.5 Mach", "5 Mach"]
    assert [o.weight for o in speed.options] == [0.5, 0.5]


def test_a_span_is_believed_whole_and_a_limit_is_not(beliefs):
    assert "1 to 5 m2" in values(beliefs["fighter_4gen.rcs"])
    assert values(beliefs["40n6e.missile_speed_max"]) == ["7 Mach", "14 Mach"]


def test_an_assumed_value_is_open_over_its_range_only(beliefs):
    assert values(beliefs["96l6e.detection_range_max"]) == ["200 to 400 km"]
    assert beliefs["96l6e.detection_range_max"].assumed
    assert not beliefs["96l6e.frequency"].open
    assert not beliefs["40n6e.range_max_ballistic"].open


def test_words_and_values_of_the_scenario_are_no_beliefs(beliefs):
    assert "92n6e.antenna_height" not in beliefs  # the default scenario gives it
    assert "91n6e.duty" not in beliefs
    assert "shoot-look-shoot.method" not in beliefs


def test_a_choice_by_name_is_kept_unless_it_is_asked_for():
    scenario = load("default", {"choose.DRONE_OWA.speed_cruise": "lowest"})
    assert "drone_owa.speed_cruise" not in {b.parameter for b in beliefs_of(scenario)}
    (belief,) = beliefs_of(scenario, "drone_owa.speed_cruise")
    assert belief.open


def test_as_of_hears_only_what_had_been_said():
    name = "40n6e.range_max_aerodynamic"
    (belief,) = beliefs_of(load("default", {f"choose.{name}": "as-of:2020"}), name)
    assert values(belief) == ["400 km"]


def test_parameters_items_and_claims_can_be_named(default):
    assert len(beliefs_of(default, "40n6e")) > 5
    (one,) = beliefs_of(default, "40n6e.range_max_aerodynamic.01")
    assert not one.open
    assert one.pick(0.3).rule == "claim:40n6e.range_max_aerodynamic.01"
    (two,) = beliefs_of(default, "40n6e.range_max_aerodynamic.04, 40n6e.range_max_aerodynamic.01")
    assert values(two) == ["380 km", "400 km"]


@pytest.mark.parametrize("only", ["40n6e.rangemax", "hq-9b", "", "40n6e,nobody.said"])
def test_an_unknown_name_is_a_fault(default, only):
    with pytest.raises(InputError):
        beliefs_of(default, only)


def test_spans_wider_than_tenfold_are_even_in_their_logarithm():
    wide, narrow = Option(0.01, 1.0, "m2", 1.0), Option(10.0, 20.0, "m", 1.0)
    assert wide.at(0.5) == pytest.approx(0.1)
    assert narrow.at(0.5) == pytest.approx(15.0)
    zero = Option(0.0, 20.0, None, 1.0)
    assert zero.at(0.5) == pytest.approx(10.0)


def test_counts_stay_whole_and_each_is_as_likely():
    tubes = Option(4.0, 8.0, "missiles", 1.0, whole=True)
    drawn = [tubes.at(u) for u in (np.arange(1000) + 0.5) / 1000]
    counted = np.unique(drawn, return_counts=True)
    assert counted[0].tolist() == [4, 5, 6, 7, 8]
    assert set(counted[1]) == {200}


def test_values_are_picked_in_proportion_to_weight(beliefs):
    reach = beliefs["40n6e.range_max_aerodynamic"]
    rules = [reach.pick(u).rule for u in (np.arange(400) + 0.5) / 400]
    assert rules.count(None) == 100  # 380 km, the nominal value: one voice of four
    assert set(rules) == {None, "claim:40n6e.range_max_aerodynamic.01"}


def test_a_pick_is_the_value_that_the_loader_then_takes(default, beliefs):
    for belief in beliefs.values():
        if belief.open and not belief.discrete:
            pick = belief.pick(np.float64(0.37))
            if pick.rule is not None and pick.rule.startswith("value:"):
                again = load("default", {f"choose.{belief.parameter}": pick.rule})
                used = [u for u in again.parts.used.values() if u.owner == belief.parameter]
                assert used and used[0].choice.si == pick.si
                return
    raise AssertionError("no span found")


def test_the_design_is_a_latin_hypercube_of_independent_columns(beliefs):
    held = [b for b in beliefs.values() if b.open][:6]
    cells = design(held, 20, seed=5)
    for column in cells.T:
        assert sorted((column * 20).astype(int)) == list(range(20))
    np.testing.assert_array_equal(design(held[2:4], 20, seed=5), cells[:, 2:4])
    np.testing.assert_array_equal(design(held, 20, seed=5), cells)
    assert not np.array_equal(design(held, 20, seed=6), cells)
