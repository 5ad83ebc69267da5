"""What every replication conserves, whatever the scenario: rounds, fates, channels, order of links.

Random small scenarios of the algebra parts, at fidelity `engagement`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import model, use
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openiads.engine.engage import EARLY_S
from openiads.engine.run import run_memory
from openiads.engine.state import Memory
from openiads.engine.world import (
    EV_RELOAD,
    EVENTS,
    FLYING,
    KILLED,
    LEAKED,
    SHOT_ABORT,
    SHOT_KILL,
    Model,
)

pytestmark = pytest.mark.slow

POSTS = (
    {"assignment": "ranked"},
    {"assignment": "ranked", "classification": "features", "airliner_probability": 0.5},
    {"assignment": "greedy"},
    {"assignment": "linear"},
)


@st.composite
def scenarios(draw: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """What a small scenario sets, and the limits that it must keep."""
    channels = draw(st.integers(1, 4))
    guided = draw(st.integers(1, 6))
    rounds = draw(st.integers(1, 4))
    racks = draw(st.integers(1, 3))
    reloads = draw(st.integers(0, 1))
    share = st.sampled_from([0.0, 0.3, 0.7, 1.0])
    rack = use(
        "rack",
        launch_interval=f"{draw(st.integers(0, 5))} s",
        reload_time="60 s",
        setup_time=f"{draw(st.sampled_from([0, 0, 200]))} s",
    )
    dart = use("dart", kill_probability_aircraft=draw(share))
    battery = (
        f"[{{{rack[1:-1]}, count: {racks}, missile: {dart}, rounds: {rounds}, reloads: {reloads}}}]"
    )
    share_name = st.sampled_from([0.0, 0.5, 1.0])
    wave = [
        f"speed_cruise: {draw(st.sampled_from([200, 500]))} m/s",
        f"lethality: {draw(share_name)}",
        f"homes_on: {draw(st.sampled_from(['place', 'emitter']))}",
        f"silent_share: {draw(share_name)}",
        f"debris_share: {draw(st.sampled_from([0.0, 0.5]))}",
        f"debris_called_alive: {draw(share_name)}",
    ]
    blinks = draw(
        st.sampled_from(
            [
                {},
                {"silent_below": "60 s", "silent_for": "20 s", "emitting_decoys": 1},
                {"rhythm_on": "13 s", "rhythm_off": "7 s"},
            ]
        )
    )
    changes = {
        "fidelity": "engagement",
        "raid__waves__all__aim": draw(
            st.sampled_from(["centre", "unit", "[unit, eye]", "[centre, unit, command-post, eye]"])
        ),
        "raid__waves__all__with": "{" + ", ".join(wave) + "}",
        "raid__waves__all__count": str(draw(st.integers(1, 12))),
        "raid__waves__all__time_spread": f"{draw(st.integers(0, 240))} s",
        "raid__waves__all__time_jitter": f"{draw(st.integers(0, 30))} s",
        "duration": f"{draw(st.sampled_from([4, 12, 20]))} min",
        "defence__command_post": use(
            "perfect-post",
            identification_delay=f"{draw(st.integers(0, 20))} s",
            reaction_time=f"{draw(st.integers(0, 10))} s",
            assessment_delay=f"{draw(st.integers(0, 30))} s",
            miss_called_kill=draw(share),
            kill_called_miss=draw(share),
            **draw(st.sampled_from(POSTS)),
            evaluation=draw(st.sampled_from(["straight", "impact"])),
            operators=draw(st.integers(0, 2)),
            decision_time=f"{draw(st.integers(0, 30))} s",
            link_delay=f"{draw(st.integers(0, 5))} s",
            link_loss=draw(st.sampled_from([0.0, 0.0, 0.5])),
        )[:-1]
        + ", at: [1 km, 2 km]}",
        "defence__fire_units__unit__radar": use(
            "perfect-guidance",
            simultaneous_engagements=channels,
            missiles_guided_simultaneously=guided,
            **blinks,
        ),
        "defence__fire_units__unit__doctrine": use(
            "rule",
            method=draw(st.sampled_from(["salvo", "shoot-look-shoot"])),
            first_salvo=draw(st.integers(1, 3)),
            later_salvo=draw(st.integers(1, 2)),
            volleys_max=draw(st.integers(1, 4)),
            salvo_interval=f"{draw(st.integers(0, 4))} s",
            salvo_aircraft=draw(st.integers(0, 3)),
            hold_fire_range=f"{draw(st.sampled_from([30, 1000]))} km",
        ),
        "defence__fire_units__unit__launchers": battery,
    }
    out = draw(st.sampled_from([None, (150, 190), (200, 900)])) if not blinks else None
    if out:
        changes["defence__outages"] = f"[{{of: unit, from: {out[0]} s, until: {out[1]} s}}]"
    return changes, {"channels": channels, "guided": guided, "out": out}


def rounds_are_conserved(compiled: Model, memory: Memory) -> None:
    """Fired, lost with a unit, loaded, in refills and on their way in: all that was given."""
    table, state = compiled.tables.launchers, memory.state
    now = state.now[0]
    given_ = int((table["rounds"] * (1 + table["reloads"])).sum())
    waiting = state.queue[: now.n_queue]
    refilling = sum(int(table["rounds"][e.subject]) for e in waiting if e.kind == EV_RELOAD)
    loaded = int(state.launchers.rounds.sum())
    refills = int((state.launchers.reloads * table["rounds"]).sum())
    assert now.rounds_fired + now.rounds_lost + loaded + refills + refilling == given_
    assert (state.launchers.rounds >= 0).all() and (state.launchers.reloads >= 0).all()
    assert int(state.stock.sum()) == loaded
    shots = state.shots[: now.n_shots]
    assert int((shots.result != SHOT_ABORT).sum()) == now.rounds_fired
    assert int(state.threats.shots.sum()) <= now.rounds_fired
    assert len(state.shots) <= given_ + 1, "a round on its rail was given a second row"


def rounds_do_not_loiter(compiled: Model, memory: Memory) -> None:
    """No flight is longer than the slowest of the fly-out table, but for the seconds allowed."""
    times = compiled.tables.fly_time_s
    slowest = float(times[np.isfinite(times)].max())
    shots = memory.state.shots[: memory.state.now[0].n_shots]
    flown = shots[shots.result != SHOT_ABORT]
    assert (flown.ends_s - flown.launched_s <= slowest + EARLY_S + 1e-9).all()


def channels_are_kept(records: Any, kinds: Any, limits: dict[str, Any]) -> None:
    """Engagements open and rounds in flight, as far as the Log shows them, within the limits."""
    open_: dict[int, int] = {}
    flown: set[int] = set()
    flying = 0
    for line, kind in zip(records, kinds, strict=True):
        track = int(line["track"])
        if kind == "order":
            assert track not in open_, "two engagements of one track at once"
            open_[track] = int(line["serial"])
            flown.discard(track)
        elif kind == "launch":
            flying += 1
            flown.add(track)
        elif kind == "intercept":
            flying -= 1
        elif kind in ("assessed", "order-lost") or (kind == "abort" and track not in flown):
            open_.pop(track, None)
        assert len(open_) <= limits["channels"]
        assert 0 <= flying <= limits["guided"]
    assert flying == 0


def nothing_is_guided_by_a_dead_radar(records: Any, kinds: Any, limits: dict[str, Any]) -> None:
    """While the engagement radar is out, no round leaves and none kills."""
    if not limits["out"]:
        return
    begin, end = limits["out"]
    for line, kind in zip(records, kinds, strict=True):
        if begin < line["time_s"] < end:
            assert kind not in ("order", "launch", "killed")


def directed(records: Any, kinds: Any) -> Any:
    """The orders of the command post: all until it is destroyed."""
    names = np.array(kinds)
    dead = records["time_s"][(names == "out-of-order") & (records["unit"] < 0)]
    return records[(names == "order") & (records["time_s"] < dead.min(initial=np.inf))]


def operators_are_kept(compiled: Model, records: Any, kinds: Any) -> None:
    """No more orders in the time of one decision than there are operators."""
    post = compiled.tables.settings[0]
    if post["operators"] == 0:
        return
    given_ = directed(records, kinds)["time_s"]
    for time_s in given_:
        busy = (given_ <= time_s) & (given_ > time_s - post["decision_time_s"] + 1e-9)
        assert busy.sum() <= max(int(post["operators"]), 1) or post["decision_time_s"] == 0.0


def choices_hold_the_orders(memory: Memory, records: Any, kinds: Any) -> None:
    """Every order is a way of its cycle's problem, and every way taken is an order."""
    kept = memory.state.kept[: memory.state.now[0].n_kept]
    taken = kept[kept.taken == 1]
    orders = directed(records, kinds)
    assert memory.state.now[0].cycles_left_out == 0
    assert sorted(zip(taken.time_s, taken.track, strict=True)) == sorted(
        zip(orders["time_s"], orders["track"], strict=True)
    )
    assert ((kept.kill >= 0.0) & (kept.kill <= 1.0)).all()


def fates_are_single(compiled: Model, memory: Memory, records: Any, kinds: Any) -> None:
    """One fate each; nothing happens to a threat after it has leaked; a kill is an intercept's."""
    fate = memory.state.threats.fate
    assert (fate != FLYING).all()
    ended: dict[int, str] = {}
    for line, kind in zip(records, kinds, strict=True):
        threat = int(line["threat"])
        if kind in ("killed", "leaked"):
            assert threat not in ended
            ended[threat] = kind
        elif kind in ("in-sight", "detected", "tracked", "intercept"):
            hit = kind != "intercept" or line["value"] == SHOT_KILL
            assert not (hit and threat in ended)
    assert len(ended) == len(compiled.names["threats"])
    for threat, kind in ended.items():
        assert fate[threat] == (KILLED if kind == "killed" else LEAKED)
    kills = [
        (float(line["time_s"]), int(line["threat"]))
        for line, kind in zip(records, kinds, strict=True)
        if kind == "intercept" and line["value"] == SHOT_KILL
    ]
    killed = [
        (float(line["time_s"]), int(line["threat"]))
        for line, kind in zip(records, kinds, strict=True)
        if kind == "killed"
    ]
    assert kills == killed


def no_dead_radar_guides(compiled: Model, records: Any, kinds: Any) -> None:
    """While its radar is silent or destroyed a unit launches nothing, and nothing is hit for it."""
    silent: set[int] = set()
    dead: set[int] = set()
    for line, kind in zip(records, kinds, strict=True):
        number = int(line["unit"])
        if kind in ("silent", "radiates"):
            assert (number in silent) == (kind == "radiates")
            assert number not in dead
            silent ^= {number}
        elif kind == "out-of-order" and number >= 0:
            dead.add(number)
        elif kind == "restored":
            dead.discard(number)
        elif kind == "launch" or (kind == "intercept" and line["value"] == SHOT_KILL):
            assert int(compiled.tables.units["radar"][number]) not in silent | dead


def sites_are_lost_once(memory: Memory, records: Any, kinds: Any) -> None:
    """What is lost was struck by a leaker that was aimed at it, once."""
    lost = [int(line["serial"]) for line, kind in zip(records, kinds, strict=True)
            if kind == "struck" and line["value"] == 1.0]  # fmt: skip
    assert len(lost) == len(set(lost))
    assert sorted(lost) == np.flatnonzero(np.isfinite(memory.state.sites.lost_s)).tolist()
    struck = [int(line["threat"]) for line, kind in zip(records, kinds, strict=True)
              if kind == "struck"]  # fmt: skip
    assert (memory.state.threats.fate[struck] == LEAKED).all()
    assert len(struck) == len(set(struck))


def links_come_in_order(compiled: Model, memory: Memory, records: Any, kinds: Any) -> None:
    """In sight, detected, tracked, identified, ordered, launched: none before the one before."""
    threats = memory.state.threats
    chain = [
        threats.started_s,
        threats.sight_s,
        threats.detected_s,
        threats.tracked_s,
        threats.identified_s,
        threats.ordered_s,
    ]
    for earlier, later in pairwise(chain):
        assert (earlier <= later).all()
    shot = np.zeros(len(threats), bool)
    orders: dict[tuple[int, int], list[tuple[float, int]]] = {}
    reaction_s = float(compiled.tables.settings["reaction_time_s"][0])
    for line, kind in zip(records, kinds, strict=True):
        whose = (int(line["track"]), int(line["unit"]))
        time_s, threat = float(line["time_s"]), int(line["threat"])
        if kind == "order":
            orders.setdefault(whose, []).append((time_s, threat))
        elif kind == "launch":
            due = [aim for given_s, aim in orders[whose] if time_s >= given_s + reaction_s - 1e-9]
            assert due, "no round leaves before its order and the reaction"
            # A lock may find another target than the order meant, which nobody ordered shot at.
            if threat in due:
                assert time_s >= threats.ordered_s[threat] + reaction_s - 1e-9
            if threat >= 0:
                shot[threat] = True
    assert ((threats.shots > 0) == shot).all()


@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenarios(), st.integers(0, 2**64 - 1), st.integers(0, 1000))
def test_what_every_replication_conserves(case, seed: int, replication: int):
    changes, limits = case
    compiled = model(**changes)
    memory = run_memory(compiled, seed, replication)
    records = np.array(memory.state.log[: memory.state.now[0].n_log])
    kinds = np.array(EVENTS)[records["kind"]].tolist()
    assert (np.diff(records["time_s"]) >= 0.0).all()
    rounds_are_conserved(compiled, memory)
    rounds_do_not_loiter(compiled, memory)
    channels_are_kept(records, kinds, limits)
    nothing_is_guided_by_a_dead_radar(records, kinds, limits)
    operators_are_kept(compiled, records, kinds)
    choices_hold_the_orders(memory, records, kinds)
    fates_are_single(compiled, memory, records, kinds)
    links_come_in_order(compiled, memory, records, kinds)
    no_dead_radar_guides(compiled, records, kinds)
    sites_are_lost_once(memory, records, kinds)
    assert (memory.state.units.channels == 0).all()
    assert (memory.state.units.guided == 0).all()
