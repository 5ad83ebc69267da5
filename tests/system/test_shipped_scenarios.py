"""Each shipped scenario does what is written beside it: direction and order of size.

A scenario's ``expect`` says what its author expects. The test of the same name compares campaigns
of it, as shipped and with one thing changed, under common random numbers. No number here is a
golden one: thresholds leave room for other draws.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from openiads.campaigns.execute import campaign
from openiads.eventlog import run as run_once
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load, shipped

REPLICATIONS = 40
SEED = 11


@cache
def _run(name: str, changes: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    model = compile_scenario(load(name, dict(changes)))
    return campaign(model, REPLICATIONS, SEED).summary()


def run(name: str, **changes: str) -> dict[str, Any]:
    """Summary of a scenario; keys of ``changes`` have ``__`` for the dots."""
    return _run(name, tuple((k.replace("__", "."), v) for k, v in changes.items()))


def leakers(summary: dict[str, Any], kind: str | None = None) -> float:
    found = summary if kind is None else summary["by_class"][kind]
    return float(found["leakers"]["mean"])


def share(summary: dict[str, Any], *links: str) -> float:
    return sum(summary["first_broken_link"].get(link, 0.0) for link in links)


def test_default() -> None:
    found = run("default")
    by_class = {k: v["leakers"]["mean"] / v["count"] for k, v in found["by_class"].items()}
    assert max(by_class, key=lambda k: by_class[k]) == "mrbm"
    assert by_class["mrbm"] > 0.3
    assert by_class["drone_owa"] < 0.1
    assert by_class["fighter_4gen"] < 0.1
    assert share(found, "miss") > 0.5


def test_low_flyer() -> None:
    low = run("low-flyer")
    masts = run("low-flyer", defence__radars__acquisition__with="{antenna_height: 40 m}",
                defence__fire_units__inland__radar="{type: 92n6e, with: {antenna_height: 40 m}}",
                )  # fmt: skip
    high = run("low-flyer", raid__waves__cruise__with__altitude_cruise="3 km",
               raid__waves__cruise__with__altitude_low="3 km")  # fmt: skip
    assert leakers(low) > 10
    assert share(low, "horizon") > 0.5
    assert leakers(masts) < 0.5 * leakers(low)
    assert leakers(high) < 0.3 * leakers(low)
    assert share(high, "horizon") == 0.0


def test_channels() -> None:
    scarce = run("channels")
    radar = "defence__fire_units__battery__radar__with__"
    ample = run("channels", **{radar + "simultaneous_engagements": "40",
                               radar + "missiles_guided_simultaneously": "80"})  # fmt: skip
    links = scarce["first_broken_link"]
    assert max(links, key=lambda k: links[k]) == "channel"
    assert share(scarce, "magazine") == 0.0
    assert leakers(ample) < 0.5 * leakers(scarce)
    assert share(ample, "channel") == 0.0


def test_drone_drain() -> None:
    drained = run("drone-drain")
    alone = run("drone-drain", raid__waves__drones__count="1")
    double = run("drone-drain", defence__fire_units__unit__launchers__0__count="16")
    assert leakers(drained, "cruise_subsonic") > 10
    assert share(drained, "magazine") > 0.5
    assert leakers(alone, "cruise_subsonic") < 0.2 * leakers(drained, "cruise_subsonic")
    assert leakers(double, "cruise_subsonic") < 0.4 * leakers(drained, "cruise_subsonic")


def test_ballistic_and_cruise() -> None:
    both = run("ballistic-and-cruise")
    alone = run("ballistic-and-cruise", raid__waves__ballistic__count="1")
    assert leakers(both, "cruise_subsonic") > 1.5 * leakers(alone, "cruise_subsonic")
    assert leakers(both, "srbm") / 8 > leakers(both, "cruise_subsonic") / 16


def test_jamming_corridor() -> None:
    loud = run("jamming-corridor")
    silent = run("jamming-corridor", raid__waves__jammers__with__jammer_to_noise="0")
    assert leakers(loud) > 1.5 * leakers(silent)
    assert share(loud, "detection", "track", "identification") > share(
        silent, "detection", "track", "identification"
    )
    assert loud["interceptors"]["mean"] < silent["interceptors"]["mean"]
    assert leakers(loud) < 0.6 * loud["threats"]


def test_ten_ballistic() -> None:
    ten = run("ten-ballistic")
    twenty = run("ten-ballistic", raid__waves__warheads__count="20")
    small = run("ten-ballistic", raid__waves__warheads__with__rcs="0.1 m2")
    slow = run("ten-ballistic", defence__fire_units__ballistic__launchers__0__missile="48n6e3")
    assert ten["interceptors"]["mean"] > 5
    assert 2 < leakers(ten) < 8
    assert leakers(twenty) > 2 * leakers(ten)
    assert leakers(small) > 1.4 * leakers(ten)
    assert share(small, "detection", "track", "identification", "window") > 0.6
    air = "{type: 77n6-n, with: {divert: 0 g}}"
    steers = run("ten-ballistic", defence__fire_units__ballistic__launchers__0__missile=air)
    assert leakers(steers) > 1.15 * leakers(ten)
    assert slow["interceptors"]["mean"] == 0
    assert leakers(slow) == 10


def test_satellite_pass() -> None:
    for rule in ("nominal", "lowest", "highest"):
        found = run("satellite-pass", choose__rule=rule)
        assert leakers(found) == 1
        assert found["interceptors"]["mean"] == 0
        assert share(found, "window") == 1.0
        assert found["looks_per_replication"] > 100
    events = run_once(compile_scenario(load("satellite-pass")), SEED, 0).events
    assert {"detected", "tracked", "identified"} <= set(events["event"].to_pylist())


def test_layers() -> None:
    both = run("layers")
    idle = "{{type: {}, with: {{simultaneous_engagements: 0}}}}"
    upper = run("layers", defence__fire_units__lower__radar=idle.format("92n6e"))
    lower = run("layers", defence__fire_units__upper__radar=idle.format("77t6"))
    assert leakers(both) < 0.7 * min(leakers(upper), leakers(lower))
    assert leakers(lower, "mrbm") > 1.5 * leakers(both, "mrbm")
    assert leakers(upper, "cruise_subsonic") > 15


def test_no_second_look() -> None:
    volley = run("no-second-look")
    look = run("no-second-look", defence__fire_units__group__doctrine="shoot-look-shoot")
    assert leakers(volley) < 0.6 * leakers(look)
    assert 1.6 < volley["interceptors"]["mean"] / look["interceptors"]["mean"] < 2.4


def test_shoot_or_look() -> None:
    look = run("shoot-or-look")
    volleys = run("shoot-or-look", defence__fire_units__unit__doctrine="salvo-2")
    assert leakers(volleys) > 4 * leakers(look)
    assert share(volleys, "magazine") > 0.6
    # Also the last of those looked at may find the magazine empty, after a miss: but few.
    assert leakers(volleys) * share(volleys, "magazine") > 10 * leakers(look) * share(
        look, "magazine"
    )


def test_airliner() -> None:
    found = run("airliner")
    sure = run("airliner", defence__command_post="55k6e")
    errors = "{hostile_called_neutral: 0.2, neutral_called_hostile: 0.2}"
    unsure = run("airliner", defence__command_post__with=errors)
    lost = {k: s["neutrals"]["p_any_shot_down"]["estimate"]
            for k, s in (("found", found), ("sure", sure), ("unsure", unsure))}  # fmt: skip
    assert lost["sure"] == 0.0
    assert 0.0 < lost["found"] < 0.3
    assert lost["unsure"] > 0.5
    assert leakers(unsure) > leakers(sure) + 1.0
    assert share(unsure, "identification") > 0.6
    assert next(iter(found)) == "neutrals"


def test_taken_for_another() -> None:
    found = run("taken-for-another")
    told = run("taken-for-another", defence__command_post__with="{classification: known}")
    two = run("taken-for-another", defence__fire_units__unit__doctrine="salvo-2")
    waves = run("taken-for-another", raid__waves__slow__threat="drone_owa",
                raid__waves__slow__with="{}")  # fmt: skip
    assert leakers(found, "cruise_subsonic") > 1.5 * leakers(told, "cruise_subsonic")
    assert told["interceptors"]["mean"] > found["interceptors"]["mean"] + 5.0
    assert leakers(two, "cruise_subsonic") < 0.7 * leakers(found, "cruise_subsonic")
    fast = leakers(waves, "cruise_subsonic")
    slow = leakers(found, "cruise_subsonic") - fast
    assert slow > 1.4 * fast
    assert share(found, "miss") > 0.9


def test_command_post_lost() -> None:
    lost = run("command-post-lost")
    soon, late = (
        run("command-post-lost", defence__outages__0__until=t) for t in ("4 min", "5 min")
    )
    held = run("command-post-lost", defence__outages="[]")
    assert leakers(lost) > 3 * leakers(held)
    assert share(lost, "magazine") > 0.6
    assert lost["interceptors"]["mean"] > 30
    assert leakers(lost) < 0.8 * lost["threats"]
    assert leakers(held) < leakers(soon) < leakers(late) < leakers(lost)


def test_busy_operators() -> None:
    busy = run("busy-operators")
    post = "defence__command_post__with__"
    more = run("busy-operators", **{post + "operators": "6"})
    quick = run("busy-operators", **{post + "decision_time": "3 s"})
    links = busy["first_broken_link"]
    assert max(links, key=lambda k: links[k]) == "operator"
    assert share(busy, "channel", "magazine") == 0.0
    assert max(leakers(more), leakers(quick)) < 0.5 * leakers(busy)


def test_guided_from_ahead() -> None:
    remote = run("guided-from-ahead")
    alone = run("guided-from-ahead", defence__fire_units__inland__doctrine="shoot-look-shoot")
    assert leakers(alone) > 2.0 * leakers(remote)
    assert remote["interceptors"]["mean"] > alone["interceptors"]["mean"] + 8


def test_debris() -> None:
    wave, racks = "raid__waves__missiles__with__", "defence__fire_units__upper__launchers__0__count"
    debris, clean = run("debris"), run("debris", **{wave + "debris_share": "0"})
    told = run("debris", **{wave + "debris_called_alive": "0"})
    double = run("debris", **{racks: "24"})
    spare, shots = run("debris", **{racks: "24", wave + "debris_share": "0"}), "interceptors"
    # With rounds enough, debris costs rounds and no more; with few, missiles leak for want of them.
    assert double[shots]["mean"] > 1.1 * spare[shots]["mean"]
    assert leakers(double) < leakers(debris)
    assert debris[shots]["mean"] > clean[shots]["mean"]
    assert leakers(debris) > leakers(clean) + 0.7
    assert share(debris, "magazine") > share(clean, "magazine")
    assert leakers(told) < leakers(debris)


def test_anti_radiation() -> None:
    radar = "defence__fire_units__battery__radar__with__"
    on, harmless = {radar + "silent_below": "0 s"}, {"raid__waves__strike__with": "{lethality: 0}"}
    blinks, radiates = run("anti-radiation"), run("anti-radiation", **on)
    decoys = run("anti-radiation", **on, **{radar + "emitting_decoys": "4"})
    guard = run("anti-radiation", **on, defence__fire_units__guard=(
        "{at: [0 km, -3 km], ground: 20 m, bearing: 90 deg, doctrine: shoot-look-shoot, "
        "radar: {type: 92n6e, with: {sector: 120 deg}}, "
        "launchers: [{type: 5p85te2, count: 8, missile: 9m96e2}]}"))  # fmt: skip
    lost = {name: found["losses"]["fire-unit"]["p_lost"]["battery"]["estimate"] for name, found in
            (("blinks", blinks), ("radiates", radiates), ("decoys", decoys))}  # fmt: skip
    assert lost["radiates"] > 0.5
    assert lost["blinks"] < 0.75 * lost["radiates"]
    assert lost["decoys"] < 0.75 * lost["radiates"]
    assert leakers(guard, "cruise_subsonic") < 0.5 * leakers(radiates, "cruise_subsonic")
    assert leakers(guard, "anti_radiation") < leakers(radiates, "anti_radiation")
    assert leakers(blinks, "cruise_subsonic") < leakers(radiates, "cruise_subsonic")
    # The price of silence by itself: a strike that can destroy nothing.
    shut, open_ = run("anti-radiation", **harmless), run("anti-radiation", **on, **harmless)
    assert leakers(shut, "anti_radiation") > 1.5 * leakers(open_, "anti_radiation")
    assert leakers(shut, "cruise_subsonic") > 1.2 * leakers(open_, "cruise_subsonic")
    sure = run("anti-radiation", raid__waves__strike__with="{silent_share: 1}")
    remembered = sure["losses"]["fire-unit"]["p_lost"]["battery"]["estimate"]
    assert remembered > lost["radiates"]


def test_ship_and_ground() -> None:
    events = run_once(compile_scenario(load("ship-and-ground")), SEED, 0).events.to_pylist()
    seen = {e["threat"] for e in events if e["event"] == "in-sight"}
    assert seen == {"near/1", "near/2", "vehicles/1", "vehicles/2"}
    found = run("ship-and-ground")
    away = run("ship-and-ground", raid__waves__near__distance="100 km")
    unclaimed = run("ship-and-ground", defence__fire_units__battery__launchers__0__missile="48n6e3")
    tower = {"defence__fire_units__battery__radar__with__antenna_height": "900 m",
             "defence__radars__coast__with__antenna_height": "900 m"}  # fmt: skip
    high = run("ship-and-ground", **tower)
    assert 2.0 <= leakers(found, "surface_ship") < 2.5
    assert leakers(found, "ground_target") < 0.5
    assert share(found, "horizon") > 0.7
    assert leakers(away, "surface_ship") == 4
    assert unclaimed["interceptors"]["mean"] == 0
    assert leakers(high, "surface_ship") < 0.5 * leakers(found, "surface_ship")


@pytest.mark.parametrize("name", sorted(shipped()))
def test_each_is_described_and_tested(name: str) -> None:
    file = load(name).file
    assert file.scenario == name
    assert len(file.about) > 40
    assert len(file.expect) > 40
    assert f"test_{name.replace('-', '_')}" in globals()
