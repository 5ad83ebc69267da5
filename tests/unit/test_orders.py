"""Orders that cannot be carried out: a round waits on its rail, and the next order waits longer."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import model, use

import openiads as oi
from openiads.engine.engage import EARLY_S, FRUITLESS_MOST
from openiads.engine.run import run_memory
from openiads.engine.world import EVENTS, SHOT_ABORT, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load


def lines(log: Log, kind: str) -> np.ndarray:
    """The lines of one kind."""
    return log.records[log.records["kind"] == EVENTS.index(kind)]


def slowest_s(compiled: Model) -> float:
    """The longest time of flight in the fly-out tables."""
    times = compiled.tables.fly_time_s
    return float(times[np.isfinite(times)].max())


def test_no_round_of_the_default_scenario_loiters() -> None:
    compiled = oi.compile(oi.load("default"))
    limit = slowest_s(compiled) + EARLY_S
    for replication in range(40):
        state = run_memory(compiled, 7, replication, 0).state
        shots = state.shots[: state.now[0].n_shots]
        flown = shots[shots.result != SHOT_ABORT]
        assert len(flown) > 40
        assert float((flown.ends_s - flown.launched_s).max()) <= limit


def blind() -> Model:
    """A radar that tracks, beside an engagement radar that can never hold such a target."""
    return model(
        raid__waves__all__count="6",
        defence__fire_units__unit__radar=use("perfect-guidance", radial_speed_min="5 km/s"),
    )


def test_an_order_that_comes_to_nothing_doubles_the_wait_for_the_next() -> None:
    compiled = blind()
    log = oi.run(compiled, 7, 0)
    period = float(compiled.tables.settings["decision_period_s"][0])
    orders, aborts = lines(log, "order"), lines(log, "abort")
    assert len(lines(log, "launch")) == 0
    assert len(aborts) >= len(orders) > 6
    for track in np.unique(orders["track"]):
        times = orders["time_s"][orders["track"] == track]
        ends = aborts["time_s"][aborts["track"] == track]
        for k in range(1, len(times)):
            ended = ends[ends < times[k]].max()
            assert times[k] - ended >= period * 2.0 ** min(k - 1, FRUITLESS_MOST) - 1e-9
    assert len(np.unique(aborts["serial"])) == len(aborts), "a serial was used twice"


def test_rows_of_rounds_that_stayed_on_their_rails_are_used_again() -> None:
    compiled = blind()
    state = run_memory(compiled, 7, 0).state
    assert state.now[0].ordered_rounds > state.now[0].n_shots > 0
    given = (compiled.tables.launchers["rounds"] * (1 + compiled.tables.launchers["reloads"])).sum()
    assert state.now[0].n_shots <= given
    assert int(state.stock.sum()) == int(compiled.tables.launchers["rounds"].sum())


def test_any_integer_is_a_seed() -> None:
    compiled = model(raid__waves__all__time_jitter="15 s")

    def started(seed: int) -> list[float]:
        return run_memory(compiled, seed, 0, 0).state.threats.started_s.tolist()

    assert started(2**63) == started(-(2**63)) != started(7)
    assert started(2**64 + 7) == started(7)
