"""Limits of command: operators, the link to the fire unit, and launchers that must be set up."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import model, use

import openiads as oi
from openiads.analysis.why import why_replication
from openiads.engine.run import run_memory
from openiads.engine.world import EVENTS, LINKS, OPERATOR, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load


def lines(log: Log, kind: str) -> np.ndarray:
    return log.records[log.records["kind"] == EVENTS.index(kind)]


def directed(**post: object) -> Model:
    return model(
        defence__command_post=use("perfect-post", **post), raid__waves__all__time_spread="0 s"
    )


def test_operators_are_a_limit_of_their_own_with_a_link_of_their_own():
    compiled = directed(operators=1, decision_time="60 s")
    log = oi.run(compiled, 7, 0)
    times = lines(log, "order")["time_s"]
    assert (np.diff(times) >= 60.0).all() and len(times) > 2
    links = np.array(log.outcome["link"])
    assert (links == OPERATOR).sum() >= 4
    stories = [s for s in why_replication(compiled, log) if s["link"] == "operator"]
    assert len(stories) == (links == OPERATOR).sum()
    assert "all 1 operators" in stories[0]["what"] and "dart of unit" in stories[0]["what"]
    refused = stories[0]["chain"]["decide"]["refused"][-1]
    assert (refused["link"], refused["unit"], refused["missile"]) == ("operator", "unit", "dart")


def test_more_operators_stop_more_and_enough_of_them_bind_no_longer():
    leaked = []
    for operators in (1, 2, 3, 10):
        compiled = directed(operators=operators, decision_time="100 s")
        runs = [oi.run(compiled, 7, k).outcome["link"] for k in range(5)]
        leaked.append(int((np.array(runs) == OPERATOR).sum()))
    assert leaked[0] > leaked[1] > leaked[2] >= leaked[3] == 0


@pytest.mark.parametrize("assignment", ["ranked", "linear"])
def test_a_round_leaves_after_decision_and_link(assignment: str):
    log = oi.run(directed(decision_time="7 s", link_delay="4 s", assignment=assignment), 7, 0)
    orders = {int(r["track"]): float(r["time_s"]) for r in lines(log, "order")}
    for launch in lines(log, "launch"):
        assert launch["time_s"] >= orders[int(launch["track"])] + 11.0 - 1e-9


def test_a_lost_order_is_noticed_and_given_anew():
    compiled = directed(link_loss=0.4, link_timeout="12 s")
    lost = orders = 0
    for replication in range(10):
        log = oi.run(compiled, 7, replication)
        log.check()
        gone = {int(r["serial"]): float(r["time_s"]) for r in lines(log, "order-lost")}
        begun = {int(r["serial"]): r for r in lines(log, "order")}
        lost, orders = lost + len(gone), orders + len(begun)
        for serial, time_s in gone.items():
            assert time_s == begun[serial]["time_s"] + 12.0
            again = [
                r for r in begun.values()
                if r["track"] == begun[serial]["track"] and r["time_s"] >= time_s
            ]  # fmt: skip
            assert again or log.outcome["fate"][int(begun[serial]["threat"])] != 0
    assert 0.3 < lost / orders < 0.5, "1.96 standard errors of a draw with 0.4 over 150 orders"


def test_the_loss_of_an_order_is_a_draw_by_name():
    """A threat more leaves the lost orders of the others as they were."""
    few, more = (
        directed(link_loss=0.4),
        model(
            defence__command_post=use("perfect-post", link_loss=0.4),
            raid__waves__all__time_spread="0 s",
            raid__waves__late="{threat: intruder, count: 2, aim: centre, bearing: 45 deg, "
            "distance: 90 km, at: 8 min}",
        ),
    )

    def lost(compiled: Model) -> list[int]:
        found = [int(r["threat"]) for r in lines(oi.run(compiled, 7, 3), "order-lost")]
        return sorted(t for t in found if t < 10)

    assert lost(few) == lost(more) != []


def test_a_launcher_shoots_when_it_stands():
    rack = use("rack", setup_time="200 s")
    log = oi.run(
        model(defence__fire_units__unit__launchers=f"[{{{rack[1:-1]}, count: 3, missile: dart}}]"),
        7, 0,
    )  # fmt: skip
    log.check()
    assert lines(log, "launch")["time_s"].min() >= 200.0
    assert (lines(log, "reload")["time_s"] == 200.0).all() and len(lines(log, "reload")) == 3
    assert LINKS[int(lines(log, "refused")["serial"].max())] == "magazine"
    never = use("rack", setup_time="2 h")
    late = model(defence__fire_units__unit__launchers=f"[{{{never[1:-1]}, missile: dart}}]")
    state = run_memory(late, 7, 0).state
    assert state.now[0].rounds_fired == 0
    assert (state.threats.link == LINKS.index("magazine")).all()


def test_a_unit_on_its_own_needs_no_operator_and_no_link():
    alone = model(
        defence__command_post=use(
            "perfect-post", operators=1, decision_time="10 min", link_loss=0.9, link_delay="30 s"
        ),
        defence__outages="[{of: command-post, from: 0 s}]",
    )
    log = oi.run(alone, 7, 0)
    assert len(lines(log, "order")) >= 10 and len(lines(log, "order-lost")) == 0
