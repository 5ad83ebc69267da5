"""Fates: what arrives destroys what it was aimed at, or not; silent radars; bodies not released."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import FOLDER, model, use

import openiads as oi
from openiads.engine.run import run_memory
from openiads.engine.world import EVENTS, KILLED, LEAKED, PASSED, SHOT_KILL, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

N = 1500


def raid(aim: str = "unit", count: int = 1, kill: float = 0.0, radar: Any = None, **given: Any):
    """Intruders of the algebra scenario at one aim, against rounds of one kill probability."""
    dart = use("dart", kill_probability_aircraft=kill)
    return model(
        fidelity="engagement",
        raid__waves__all__aim=aim,
        raid__waves__all__count=str(count),
        raid__waves__all__with="{" + ", ".join(f"{k}: {v}" for k, v in given.items()) + "}",
        defence__command_post="{type: perfect-post, at: [1 km, 1 km]}",
        defence__fire_units__unit__radar=use("perfect-guidance", **(radar or {})),
        defence__fire_units__unit__launchers=f"[{{type: rack, missile: {dart}, rounds: 12}}]",
    )


def lost(compiled: Model, name: str, n: int = N) -> float:
    """Share of replications in which a site is lost."""
    found = oi.campaign(compiled, n, 5, workers=1).results.lost
    return float(found[:, compiled.names["sites"].index(name)].mean())


def near(share: float, expected: float, n: int = N) -> bool:
    """Within four standard errors of a binomial share."""
    return abs(share - expected) <= 4.0 * math.sqrt(expected * (1.0 - expected) / n) + 1e-12


def lines(log: Log, *kinds: str) -> np.ndarray:
    return log.records[np.isin(log.records["kind"], [EVENTS.index(k) for k in kinds])]


@pytest.mark.parametrize("name", ["centre", "eye", "unit", "command-post"])
def test_what_one_arrival_destroys_is_lost_with_its_lethality(name: str) -> None:
    compiled = raid(aim=name, lethality=0.3)
    assert near(lost(compiled, name), 0.3)
    others = [n for n in compiled.names["sites"] if n != name]
    assert [lost(compiled, n, 50) for n in others] == [0.0] * len(others)


def test_two_arrivals_are_two_chances() -> None:
    assert near(lost(raid(count=2, lethality=0.3), "unit"), 1.0 - 0.7**2)


def test_what_is_shot_down_or_still_flies_destroys_nothing() -> None:
    assert lost(raid(kill=1.0, lethality=1.0), "unit", 100) == 0.0
    compiled = model(duration="5 min", raid__waves__all__aim="unit",
                     raid__waves__all__with="{lethality: 1}",
                     defence__fire_units__unit__launchers="[{type: rack, count: 1, missile: "
                     "{type: dart, with: {kill_probability_aircraft: 0}}}]")  # fmt: skip
    outcome = oi.run(compiled, 5, 0).outcome
    assert outcome["fate"] == [LEAKED] * 10
    assert not any(outcome["lost"])


def test_the_draw_of_a_strike_moves_no_other() -> None:
    one, other = (oi.campaign(raid("centre", 6, 0.5, lethality=p), 200, 5, workers=1).results
                  for p in (0.0, 1.0))  # fmt: skip
    assert (one.fate == other.fate).all()
    assert (one.shots == other.shots).all()
    assert (other.lost[:, 0] == (other.leakers > 0)).all()
    assert not one.lost.any()


def test_a_lost_unit_fires_no_more_and_its_rounds_are_counted() -> None:
    compiled = raid(count=8, kill=0.3, lethality=1.0)
    table = compiled.tables.launchers
    loaded = int((table["rounds"] * (1 + table["reloads"])).sum())
    some = 0
    for replication in range(20):
        memory = run_memory(compiled, 5, replication)
        state, now = memory.state, memory.state.now[0]
        log = oi.run(compiled, 5, replication)
        fell = lines(log, "out-of-order")
        if len(fell) == 0:
            assert now.rounds_lost == 0
            continue
        some += 1
        after = float(fell["time_s"][0])
        assert (lines(log, "launch")["time_s"] <= after).all()
        met = lines(log, "intercept")
        assert not (met["value"][met["time_s"] > after] == SHOT_KILL).any()
        assert now.rounds_fired + now.rounds_lost == loaded
        assert int(state.stock.sum()) == int(state.launchers.rounds.sum()) == 0
        assert log.outcome["lost"][compiled.names["sites"].index("unit")] == 1
    assert some > 5


def test_a_lost_unit_fires_nothing_though_another_radar_would_guide() -> None:
    dart = use("dart", kill_probability_aircraft=0.3)
    unit = (
        "{{at: [{} km, 0 km], radar: perfect-guidance, "
        "doctrine: {{type: rule, with: {{engage_on_remote: true, method: shoot-look-shoot, "
        "volleys_max: 8}}}}, launchers: [{{type: rack, missile: {}, rounds: {}}}]}}"
    )
    compiled = model(
        fidelity="engagement",
        raid__waves__all__aim="unit", raid__waves__all__with="{lethality: 1}",
        defence__fire_units=f"{{unit: {unit.format(0, dart, 12)}, "
        f"other: {unit.format(1, dart, 1)}}}",
    )  # fmt: skip
    fell_some = 0
    for replication in range(10):
        log = oi.run(compiled, 5, replication)
        out = lines(log, "out-of-order")
        fired = lines(log, "launch")
        mine = fired["time_s"][fired["unit"] == 0]
        if len(out):
            fell_some += 1
            assert (mine <= out["time_s"][0]).all()
    assert fell_some > 3


@pytest.mark.parametrize(
    ("radar", "expected"),
    [
        ({}, 0.8),
        ({"emitting_decoys": 3}, 0.8 / 4),
        ({"silent_below": "60 s", "silent_for": "200 s"}, 0.8 * 0.25),
        ({"silent_below": "60 s", "silent_for": "200 s", "emitting_decoys": 1}, 0.8 * 0.25 / 2),
        ({"silent_below": "6 s", "silent_for": "200 s"}, 0.8),
        ({"rhythm_on": "1 s", "rhythm_off": "900 s"}, 0.8 * 0.25),
        ({"rhythm_on": "4 s", "rhythm_off": "4 s"}, 0.8),
    ],
)
def test_a_radar_is_hit_by_what_it_radiates_and_what_stands_beside_it(radar, expected) -> None:
    """Silent through the last 15 s: the share remembered. Silent for less: as if it radiated."""
    given = {"speed_cruise": "500 m/s", "lethality": 0.8, "silent_share": 0.25}
    assert near(lost(raid(radar=radar, homes_on="emitter", **given), "unit"), expected)
    if "emitting_decoys" not in radar:
        assert near(lost(raid(radar=radar, **given), "unit"), 0.8), "a place is a place"


def test_a_silent_radar_guides_nothing() -> None:
    radar = {"rhythm_on": "9 s", "rhythm_off": "22 s"}
    log = oi.run(raid(count=10, kill=1.0, radar=radar, lethality=0.0), 5, 0)
    unit = 1  # its radar's row
    changes = lines(log, "silent", "radiates")
    assert set(changes["unit"]) == {unit}
    kinds = [EVENTS[k] for k in changes["kind"]]
    assert kinds[:4] == ["silent", "radiates"] * 2
    times = changes["time_s"]
    assert np.diff(times)[:4] == pytest.approx([22.0, 9.0, 22.0, 9.0])

    def silent(at: float) -> bool:
        """Whether it is silent at a time; its changes come before what happens then."""
        return int(np.searchsorted(times, at)) % 2 == 1

    fired = lines(log, "launch")["time_s"]
    assert len(fired) > 3
    assert not any(silent(t) for t in fired)
    met = lines(log, "intercept")
    assert all((line["value"] == SHOT_KILL) != silent(line["time_s"]) for line in met)
    assert any(silent(t) for t in met["time_s"])


def test_a_slow_target_silences_no_radar_and_a_wake_waits_for_a_fast_one() -> None:
    radar = {"silent_below": "60 s", "silent_for": "10 s"}
    slow = oi.run(raid(radar=radar), 5, 0)
    assert len(lines(slow, "silent")) == 0
    fast = lines(oi.run(raid(radar=radar, speed_cruise="500 m/s", lethality=0.0), 5, 0),
                 "silent", "radiates", "leaked")  # fmt: skip
    kinds = [EVENTS[k] for k in fast["kind"]]
    assert kinds[0] == "silent"
    # Silent while the track still leads to it, not for the ten seconds alone.
    assert "radiates" not in kinds[: kinds.index("leaked")]
    assert fast["time_s"][kinds.index("leaked")] - fast["time_s"][0] > 50.0


def test_the_loss_of_the_post_leaves_units_to_themselves() -> None:
    compiled = raid("command-post", count=6, lethality=1.0)
    log = oi.run(compiled, 5, 0)
    fell = lines(log, "out-of-order")
    assert len(fell) == 1 and fell["unit"][0] == -1
    assert lines(log, "struck")["value"].sum() == 1, "what is lost is not lost again"


def test_the_summary_says_what_was_lost() -> None:
    compiled = raid("[centre, unit]", count=2, lethality=1.0)
    losses = oi.campaign(compiled, 20, 5, workers=1).summary()["losses"]
    assert set(losses) == {"asset", "fire-unit"}
    assert losses["asset"]["p_lost"]["centre"]["estimate"] == 1.0
    assert losses["fire-unit"]["count"] == losses["fire-unit"]["lost"]["mean"] == 1
    assert losses["fire-unit"]["p_lost"] == {"unit": losses["asset"]["p_lost"]["centre"]}


def test_a_site_of_value_is_ranked_as_an_asset() -> None:
    plain, valued = raid(), model(defence__fire_units__unit__value="5")
    assert plain.names["assets"] == ["centre"]
    assert valued.names["assets"] == ["centre", "unit"]
    assert valued.tables.assets["value"].tolist() == [1.0, 5.0]


def test_faults_of_aims() -> None:
    with pytest.raises(oi.faults.InputError) as caught:
        oi.load(FOLDER / "raid.yaml", {"raid.waves.all.aim": "[centre, command-post, harbour]"})
    said = "\n".join(str(f) for f in caught.value.faults)
    assert "no place to aim at" in said and "no asset 'harbour'" in said
    with pytest.raises(oi.faults.InputError, match="half a rhythm"):
        raid(radar={"rhythm_on": "3 s"})
    with pytest.raises(oi.faults.InputError, match="exclude each other"):
        raid(radar={"rhythm_on": "3 s", "rhythm_off": "3 s", "silent_below": "3 s"})


def bodies(kill: float, jitter: str = "0 s") -> Model:
    """Missiles that leave a body and two decoys at 20 s or later, met by rounds soon after."""
    dart = use("dart", kill_probability_ballistic=kill, range_max_ballistic="60 km")
    wave = (
        "{threat: srbm, count: 3, aim: centre, bearing: 90 deg, distance: 60 km, "
        f"time_spread: 30 s, time_jitter: {jitter}, "
        "with: {separating: true, decoys: 2, burn_time: 20 s, decoy_after: 60 s, apogee_flown: "
        "20 km}}"
    )
    return oi.compile(oi.load(FOLDER / "raid.yaml", {
        "fidelity": "engagement", "raid.waves": f"{{all: {wave}}}",
        "defence.fire_units.unit.launchers": f"[{{type: rack, count: 4, missile: {dart}}}]",
    }))  # fmt: skip


def test_what_was_shot_down_before_leaves_no_decoys() -> None:
    for kill, jitter in ((1.0, "0 s"), (0.5, "20 s"), (0.0, "20 s")):
        compiled = bodies(kill, jitter)
        parents = compiled.tables.threats["parent"]
        assert parents.tolist() == [-1, 0, 0, 0, -1, 4, 4, 4, -1, 8, 8, 8]
        withheld = 0
        for replication in range(5):
            memory = run_memory(compiled, 5, replication)
            mine = memory.state.threats
            log = oi.run(compiled, 5, replication)
            log.check()
            begun = set(lines(log, "start")["threat"].tolist())
            passed = lines(log, "passed")
            for k in np.flatnonzero(parents >= 0):
                mother = int(parents[k])
                released = mine.started_s[k]
                after = released - mine.started_s[mother]
                rows = compiled.tables.threats["start_s"]
                assert after == pytest.approx(float(rows[k] - rows[mother])), "with its missile"
                dead = mine.fate[mother] == KILLED and mine.ended_s[mother] < released
                assert (k in begun) != dead
                if dead:
                    withheld += 1
                    assert mine.fate[k] == PASSED
                    assert passed["value"][passed["threat"] == k].tolist() == [1.0]
                    assert mine.shots[k] == mine.looks[k] == 0
        assert (withheld > 0) == (kill > 0.0)
