"""Draws are named by threat and purpose; the Log keeps its invariants."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import FOLDER

import openiads as oi
from openiads.engine.run import run_memory
from openiads.engine.world import (
    EVENTS,
    LEAKED,
    LOG_DRAW,
    LOG_INTERCEPT,
    LOG_KILLED,
    LOG_LAUNCH,
    LOG_LEAKED,
    Model,
)
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

SECOND_WAVE = (
    "{threat: intruder, count: 3, aim: centre, bearing: 20 deg, bearing_spread: 40 deg, "
    "distance: 70 km, at: 30 s, time_jitter: 20 s}"
)


@cache
def model(*changes: str) -> Model:
    given = dict(change.split("=", 1) for change in changes)
    given.setdefault("raid.waves.all.time_jitter", "15 s")
    return oi.compile(oi.load(FOLDER / "raid.yaml", given))


@cache
def mixed(*changes: str) -> Model:
    given = dict(change.split("=", 1) for change in changes)
    return oi.compile(oi.load("default", given))


Key = tuple[str, int, int]


def draws(compiled: Model, seed: int = 7, replication: int = 3) -> dict[Key, float]:
    """Every logged draw by its name: the threat, the radar (-1 if none), purpose and serial."""
    log = oi.run(compiled, seed, replication, draws=True)
    lines = log.records[log.records["kind"] == LOG_DRAW]
    names = compiled.names["threats"]
    found = {
        (names[line["threat"]], int(line["unit"]), int(line["serial"])): float(line["value"])
        for line in lines
    }
    assert len(found) == len(lines), "one name was drawn twice"
    return found


def same_draws(one: dict[Key, float], other: dict[Key, float]) -> set[Key]:
    """The keys that both have; every draw of such a key must be the same."""
    common = one.keys() & other.keys()
    assert all(one[key] == other[key] for key in common)
    return common


@pytest.mark.parametrize("fidelity", ["track", "engagement"])
def test_one_more_threat_changes_no_draw_of_the_others(fidelity: str):
    before = draws(mixed(f"fidelity={fidelity}"))
    after = draws(mixed(f"fidelity={fidelity}", "raid.waves.drones.count=15"))
    common = same_draws(before, after)
    assert len({name for name, *_ in common}) == 48
    assert len(common) > 0.8 * len(before)
    # Every look of the replication's book has its draw among them: none went unnamed.
    booked = int(run_memory(mixed(f"fidelity={fidelity}"), 7, 3).state.now[0].looks)
    assert sum(key[1] >= 0 for key in before) == booked
    looks = {key for key in common if key[1] >= 0}
    assert len({radar for _, radar, _ in looks}) == 2
    # The other draws: a start of each threat, and a kill and a verdict of most.
    assert len(common - looks) > 48 + 60
    assert {name for name, *_ in after.keys() - before.keys()} >= {"drones/15"}
    assert len(set(before.values())) > 0.99 * len(before)


def test_one_more_wave_changes_no_draw_of_the_others():
    before = draws(model())
    after = draws(model(f"raid.waves.late={SECOND_WAVE}"))
    common = same_draws(before, after)
    assert {name for name, *_ in common} == {f"all/{k}" for k in range(1, 11)}
    assert len(common) > 1000
    assert {name for name, *_ in after} - {name for name, *_ in before} == {
        "late/1",
        "late/2",
        "late/3",
    }


def test_one_more_threat_leaves_the_paths_of_the_others():
    few, more = model(), model("raid.waves.all.count=11")
    rows = few.tables.threats
    grown = more.tables.threats[: len(rows)]
    for name in ("key", "start_s", "jitter_s", "life_s", "step_s", "n_grid"):
        assert (rows[name] == grown[name]).all(), name
    points = int(rows["n_grid"].sum())
    assert (few.tables.grid_pos_m == more.tables.grid_pos_m[:points]).all()


def test_seed_and_replication_name_the_draws():
    first = draws(model(), 7, 3)
    assert draws(model(), 7, 3) == first
    for other in (draws(model(), 8, 3), draws(model(), 7, 4)):
        common = first.keys() & other.keys()
        assert len(common) > 1000
        assert sum(first[key] == other[key] for key in common) < 3


def test_keeping_draws_changes_nothing_else():
    plain, full = oi.run(model(), 7, 3), oi.run(model(), 7, 3, draws=True)
    assert plain.outcome == full.outcome
    rest = full.records[full.records["kind"] != LOG_DRAW]
    assert (rest == plain.records).all()


def logs() -> list[Log]:
    return [
        oi.run(compiled, 7, replication)
        for compiled in (mixed(), mixed("fidelity=engagement"), model())
        for replication in range(3)
    ]


def test_the_invariants_of_every_log():
    for log in logs():
        log.check()
        records = log.records
        assert (np.diff(records["time_s"]) >= 0.0).all()
        ended = records[np.isin(records["kind"], (LOG_KILLED, LOG_LEAKED))]
        assert sorted(ended["threat"]) == list(range(len(log.model.names["threats"])))
        fates = np.array(log.outcome["fate"])
        leaked = records[records["kind"] == LOG_LEAKED]
        assert sorted(leaked["threat"]) == np.flatnonzero(fates == LEAKED).tolist()
        links = np.array(log.outcome["link"])
        assert (links[leaked["threat"]] == leaked["serial"]).all()
        assert (links[fates != LEAKED] == 0).all() and (links[fates == LEAKED] > 0).all()


def test_each_launch_resolves_once_and_when_it_said():
    fired = 0
    for log in logs():
        records = log.records
        launches = records[records["kind"] == LOG_LAUNCH]
        ends = {int(r["serial"]): r for r in records[records["kind"] == LOG_INTERCEPT]}
        assert len(ends) == len(launches) == log.outcome["interceptors"]
        for launch in launches:
            end = ends[int(launch["serial"])]
            assert end["time_s"] == launch["time_s"] + launch["value"]
            assert end["threat"] == launch["threat"] and end["unit"] == launch["unit"]
        fired += len(launches)
    assert fired > 300


def test_check_names_the_invariant_that_broke():
    log = oi.run(model(), 7, 3)
    last = log.records[-1:].copy()

    def broken(records: Any) -> Log:
        return Log(log.model, 7, 3, records, log.outcome)

    early = last.copy()
    early["time_s"] = 0.0
    with pytest.raises(AssertionError, match="time runs backwards"):
        broken(np.concatenate([log.records, early])).check()
    twice = last.copy()
    twice["kind"] = LOG_KILLED
    with pytest.raises(AssertionError, match="no fate, or two"):
        broken(np.concatenate([log.records, twice])).check()
    with pytest.raises(AssertionError, match="a launch has no end"):
        broken(log.records[log.records["kind"] != LOG_INTERCEPT]).check()
    shots = log.records[np.isin(log.records["kind"], (LOG_LAUNCH, LOG_INTERCEPT))]
    fates = log.records[np.isin(log.records["kind"], (LOG_KILLED, LOG_LEAKED))]
    many = np.sort(np.concatenate([*[shots] * 40, fates]), order="time_s")
    with pytest.raises(AssertionError, match="more rounds fired than loaded"):
        broken(many).check()


def test_events_are_for_people():
    log = oi.run(model(), 7, 3)
    table = log.events
    assert table.num_rows == len(log.records)
    assert set(table["event"].to_pylist()) <= set(EVENTS)
    first = table.slice(0, 1).to_pylist()[0]
    assert first["event"] == "start" and first["threat"] in log.model.names["threats"]
    for row in table.to_pylist():
        assert (row["link"] is not None) == (row["event"] == "leaked")
