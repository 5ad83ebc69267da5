"""Command: neutrals and rules of engagement, a command post or a radar that fails."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import FOLDER, model, use

import openiads as oi
from openiads.engine.world import EVENTS, PASSED, SHOT_KILL, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

AIRLINERS = (
    "{threat: intruder, side: neutral, count: 4, aim: centre, bearing: 40 deg, distance: 90 km}"
)


def campaign(compiled: Model, n: int = 400) -> dict:
    return oi.campaign(compiled, n, 7, workers=1).summary()


def lines(log: Log, kind: str) -> np.ndarray:
    return log.records[log.records["kind"] == EVENTS.index(kind)]


def post(**given: float) -> str:
    return use("perfect-post", **given)


def test_neutrals_pass_unharmed_and_are_no_leakers() -> None:
    compiled = model(raid__waves__airliners=AIRLINERS)
    summary = campaign(compiled)
    assert next(iter(summary)) == "neutrals", "what was done to neutrals is told first"
    assert summary["neutrals"]["shot_down"]["mean"] == 0.0
    assert summary["threats"] == 10
    assert list(summary["by_class"]) == ["intruder"]
    assert summary["by_class"]["intruder"]["count"] == 10
    fates = oi.run(compiled, 7, 0).outcome["fate"]
    assert fates[10:] == [PASSED] * 4


def test_errors_of_identification_shoot_down_neutrals_and_spare_hostiles() -> None:
    sure = campaign(model(raid__waves__airliners=AIRLINERS))
    wrong = campaign(
        model(
            raid__waves__airliners=AIRLINERS,
            defence__command_post=post(neutral_called_hostile=0.25, hostile_called_neutral=0.5),
        )
    )
    # One question a track: a quarter of four is named hostile and shot at with 0.7 a round.
    assert 0.4 < wrong["neutrals"]["shot_down"]["mean"] < 1.0
    assert wrong["leakers"]["mean"] > sure["leakers"]["mean"] + 3.0
    assert wrong["first_broken_link"]["identification"] > 0.5


@pytest.mark.parametrize(("weapons", "from_", "shots"), [("hold", 0, 0), ("tight", 0, 10)])
def test_what_the_rules_of_engagement_allow(weapons: str, from_: int, shots: int) -> None:
    compiled = model(defence__rules=f"[{{weapons: {weapons}, from: {from_} s}}]")
    log = oi.run(compiled, 7, 0)
    assert len(np.unique(lines(log, "launch")["threat"])) == shots


def test_free_weapons_do_not_wait_for_a_name() -> None:
    slow = {"defence__command_post": use("perfect-post", identification_delay="200 s")}
    tight = oi.run(model(**slow), 7, 0)
    free = oi.run(model(**slow, defence__rules="[{weapons: free}]"), 7, 0)
    assert lines(free, "launch")["time_s"].min() < 150.0 < lines(tight, "launch")["time_s"].min()


def test_a_zone_of_held_fire_ends_where_it_ends() -> None:
    zone = "[{weapons: hold, centre: [0 km, 0 km], radius: 100 km, until: 4 min}]"
    log = oi.run(model(defence__rules=zone), 7, 0)
    assert lines(log, "order")["time_s"].min() >= 240.0
    elsewhere = "[{weapons: hold, centre: [190 km, 0 km], radius: 20 km}]"
    log = oi.run(model(defence__rules=elsewhere), 7, 0)
    assert lines(log, "order")["time_s"].min() < 150.0


def two_units(**more: str) -> Model:
    """Two units at one place that see all round; one channel each, and few rounds."""
    unit = (
        "{at: [0 km, 0 km], radar: {type: perfect-guidance, with: {simultaneous_engagements: 2}}, "
        "doctrine: rule, launchers: [{type: rack, missile: dart, rounds: 5}]}"
    )
    return model(defence__fire_units=f"{{a: {unit}, b: {unit}}}", **more)


def engaged_twice(log: Log) -> list[float]:
    """Times of orders at a track that another engagement is still open on."""
    open_: dict[int, int] = {}
    twice = []
    for line in log.records:
        kind, track = EVENTS[int(line["kind"])], int(line["track"])
        if kind == "order":
            if open_.get(track, 0) > 0:
                twice.append(float(line["time_s"]))
            open_[track] = open_.get(track, 0) + 1
        elif kind == "assessed":
            open_[track] = open_.get(track, 1) - 1
    return twice


def test_units_without_a_command_post_fight_on_each_for_itself() -> None:
    whole = two_units()
    lost = two_units(defence__outages="[{of: command-post, from: 0 s}]")
    back = two_units(defence__outages="[{of: command-post, from: 0 s, until: 5 min}]")
    assert engaged_twice(oi.run(whole, 7, 0)) == []
    assert len(engaged_twice(oi.run(lost, 7, 0))) > 2
    assert all(t < 300.0 for t in engaged_twice(oi.run(back, 7, 0)))
    leakers = {n: campaign(m)["leakers"]["mean"] for n, m in
               {"whole": whole, "lost": lost, "back": back}.items()}  # fmt: skip
    assert leakers["whole"] < leakers["lost"] < 9.0, "degraded, not stopped"
    assert leakers["back"] <= leakers["lost"]


def test_a_radar_that_fails_neither_sees_nor_guides() -> None:
    blind = oi.run(model(defence__outages="[{of: eye, from: 0 s}]"), 7, 0)
    assert len(lines(blind, "tracked")) == 0
    dumb = oi.run(model(defence__outages="[{of: unit, from: 0 s, until: 300 s}]"), 7, 0)
    assert len(lines(dumb, "launch")) > 0
    assert lines(dumb, "launch")["time_s"].min() >= 300.0
    died = oi.run(model(defence__outages="[{of: unit, from: 170 s}]"), 7, 0)
    late = lines(died, "intercept")
    assert not (late["value"][late["time_s"] > 170.0] == SHOT_KILL).any()
    assert [EVENTS[k] for k in lines(dumb, "restored")["kind"]] == ["restored"]


def test_faults_of_rules_and_outages_are_named_in_one_pass() -> None:
    with pytest.raises(oi.faults.InputError) as caught:
        oi.load(
            FOLDER / "raid.yaml",
            {
                "defence.rules": "[{weapons: tight, radius: 5 km}, "
                "{weapons: hold, from: 5 min, until: 1 min}]",
                "defence.outages": "[{of: eyes, from: 0 s}]",
            },
        )
    said = "\n".join(str(f) for f in caught.value.faults)
    assert "half a zone" in said and "not after its beginning" in said
    assert "nothing is called 'eyes'" in said and "eye" in said
