"""Solvers in the decision loop: where earliest-first is poor, by how much, and who recovers it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from algebra_scenarios import kill, model, use

import openiads as oi
from openiads.analysis.assignment_worth import assignment_worth
from openiads.engine.run import run_memory
from openiads.engine.world import EVENTS, LINKS, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

SOLVERS = ("greedy", "linear")


def wave(bearing: int, distance: int) -> str:
    return (
        f"{{threat: intruder, count: 4, aim: centre, bearing: {bearing} deg, "
        f"bearing_spread: 40 deg, distance: {distance} km}}"
    )


@cache
def crossed(assignment: str, p: float = 1.0) -> Model:
    """Four from the east, which both units reach, and four from the west, which only one does.

    Fire is held until all are in reach. By urgency and earliest meeting, those from the east take
    the unit that is named first; a verdict takes longer than the others fly.
    """
    battery = f"[{{type: rack, missile: {use('dart', **kill(p))}, rounds: 16}}]"

    def unit(**radar: object) -> str:
        guide = use("perfect-guidance", simultaneous_engagements=4, **radar)
        return (
            f"{{at: [0 km, 0 km], bearing: 90 deg, radar: {guide}, doctrine: rule, "
            f"launchers: {battery}}}"
        )

    return model(
        raid__waves=f"{{east: {wave(90, 88)}, west: {wave(270, 90)}}}",
        defence__fire_units=f"{{round: {unit()}, east: {unit(sector='120 deg')}}}",
        defence__command_post=use("perfect-post", assignment=assignment, assessment_delay="200 s"),
        defence__rules="[{weapons: hold, until: 4 min}, {weapons: tight}]",
    )


def leakers(compiled: Model) -> int:
    return int((np.array(oi.run(compiled, 7, 0).outcome["link"]) > 0).sum())


def test_the_log_says_what_the_better_assignment_would_have_been_worth():
    log = oi.run(crossed("ranked"), 7, 0)
    found = assignment_worth(log)
    first = found.cycles[0]
    assert (first.time_s, first.tracks) == (240.0, 8)
    # Half of the tracks get nothing, and all could have been shot at with certainty.
    assert first.done > 0.4 * first.value > first.best + 0.3 * first.value
    assert first.best == pytest.approx(0.0, abs=1e-12) and first.proven
    assert {name for name, done, _ in first.differs if done is None} == {
        f"west/{k}" for k in range(1, 5)
    }
    assert leakers(crossed("ranked")) == 4
    refused = log.records[log.records["kind"] == EVENTS.index("refused")]
    assert (refused["serial"] == LINKS.index("channel")).all() and len(refused) == 4


@pytest.mark.parametrize("assignment", SOLVERS)
def test_a_solver_in_the_loop_recovers_most_of_it(assignment: str):
    worst = assignment_worth(oi.run(crossed("ranked"), 7, 0))
    found = assignment_worth(oi.run(crossed(assignment), 7, 0))
    if assignment == "greedy":  # takes the most urgent first as well, where all else is equal
        assert found.worth <= worst.worth * (1.0 + 1e-9)
        return
    assert found.worth < 0.01 * worst.worth
    assert leakers(crossed(assignment)) == 0


@pytest.mark.parametrize("assignment", ("ranked", *SOLVERS))
def test_what_is_kept_for_the_log_changes_no_outcome(assignment: str):
    for compiled in (crossed(assignment, 0.5), shared(assignment)):
        for replication in range(4):
            quiet = run_memory(compiled, 7, replication, 0).state
            told = run_memory(compiled, 7, replication, 1).state
            for column in ("fate", "link", "shots", "ended_s", "ordered_s"):
                assert (quiet.threats[column] == told.threats[column]).all()
            assert told.now[0].n_kept > 0 == quiet.now[0].n_kept


@cache
def shared(assignment: str) -> Model:
    """The shipped layers with tracks and few channels: real envelopes, two kinds of round."""
    few = (
        "{type: 92n6e, with: {antenna_height: 24 m, sector: 120 deg, simultaneous_engagements: 3}}"
    )
    changes = {
        "defence.fire_units.lower.radar": few,
        "defence.command_post": f"{{type: 85zh6-2, with: {{assignment: {assignment}}}}}",
    }
    return oi.compile(oi.load("layers", changes))


def problems(log: Log) -> list[np.ndarray]:
    ways = log.choices
    return np.split(ways, np.flatnonzero(np.diff(ways["cycle"])) + 1)


@pytest.mark.parametrize("assignment", ("ranked", *SOLVERS))
def test_every_order_is_a_way_of_its_cycle_and_none_is_taken_twice(assignment: str):
    log = oi.run(shared(assignment), 7, 1)
    orders = log.records[log.records["kind"] == EVENTS.index("order")]
    taken = log.choices[log.choices["taken"] == 1]
    assert len(taken) == len(orders) > 10
    named = [(o["time_s"], o["track"], o["unit"], o["missile"]) for o in orders]
    assert sorted(named) == sorted(
        (w["time_s"], w["track"], w["unit"], w["missile"]) for w in taken
    )
    for ways in problems(log):
        mine = ways[ways["taken"] == 1]
        assert len(np.unique(mine["slot"])) == len(mine) > 0
        for unit in np.unique(mine["unit"]):
            assert (mine["unit"] == unit).sum() <= mine["unit_free"][mine["unit"] == unit][0]
    table = log.decisions
    assert table.num_rows == len(log.choices)
    assert set(table["asset"].to_pylist()) <= set(log.model.names["assets"])
    value = np.array(table["worth"]) / np.maximum(np.array(table["to_go_s"]), 1.0)
    assert np.array(table["threat_value"]) == pytest.approx(value)


def test_linear_leaves_nothing_to_gain_in_any_cycle():
    for replication in range(3):
        found = assignment_worth(oi.run(shared("linear"), 7, replication))
        assert found.worth <= 1e-6 * found.value
        assert all(c.proven for c in found.cycles)
