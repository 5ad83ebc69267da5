"""Engage on remote: a round of one unit, guided by the radar of another that sees further."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import kill, model, use

import openiads as oi
from openiads.engine.chance import REACHABLE
from openiads.engine.run import recarrays, reset
from openiads.engine.state import allocate
from openiads.engine.survey import holds_now
from openiads.engine.world import EVENTS, KILLED, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

LOW = (
    "{threat: intruder, count: 6, aim: centre, bearing: 90 deg, bearing_spread: 20 deg, "
    "distance: 90 km, with: {altitude_cruise: 50 m, altitude_low: 50 m}}"
)


def coast(remote: bool, assignment: str = "ranked", channels: int = 9, **more: str) -> Model:
    """Low flyers aim at a place 36 km ahead of the unit that has the rounds, below its horizon.

    A unit that stands there sees them from a mast and has no round that goes so low.
    """
    rounds = f"[{{type: rack, count: 2, missile: {use('dart', **kill(1.0))}}}]"
    none = f"[{{type: rack, missile: {use('dart', altitude_min='20 km')}, rounds: 1}}]"
    rule = use("rule", engage_on_remote="true" if remote else "false")
    low = use("perfect-guidance", antenna_height="1 m")
    mast = use("perfect-guidance", simultaneous_engagements=channels)
    return model(
        assets="{centre: {at: [36 km, 0 km]}}",
        defence__command_post=use("perfect-post", assignment=assignment),
        defence__fire_units=f"{{rear: {{at: [0 km, 0 km], radar: {low}, doctrine: {rule}, "
        f"launchers: {rounds}}}, ahead: {{at: [36 km, 0 km], radar: {mast}, doctrine: rule, "
        f"launchers: {none}}}}}",
        raid__waves=f"{{low: {LOW}}}",
        **more,
    )


def lines(log: Log, kind: str) -> np.ndarray:
    return log.records[log.records["kind"] == EVENTS.index(kind)]


@pytest.mark.parametrize("assignment", ["ranked", "linear"])
def test_what_is_below_the_shooters_horizon_is_killed_on_remote_only(assignment: str):
    alone = oi.run(coast(False, assignment), 7, 0)
    assert len(lines(alone, "launch")) == 0
    assert alone.model.tables.threats["reachable"].max() < REACHABLE
    log = oi.run(coast(True, assignment), 7, 0)
    log.check()
    assert log.outcome["fate"] == [KILLED] * 6
    assert {log.model.names["units"][k] for k in lines(log, "launch")["unit"]} == {"rear"}
    guides = log.choices["guide"][log.choices["taken"] == 1]
    assert {log.model.names["units"][k] for k in guides} == {"ahead"}


def test_the_channels_are_those_of_the_radar_that_guides():
    log = oi.run(coast(True, channels=1), 7, 0)
    ways = log.choices[log.choices["taken"] == 1]
    guides = {(w["time_s"], w["track"]): log.model.names["units"][w["guide"]] for w in ways}
    open_: dict[int, str] = {}
    for line in log.records:
        kind, track = EVENTS[int(line["kind"])], int(line["track"])
        if kind == "order":
            open_[track] = guides[line["time_s"], line["track"]]
        elif kind in ("assessed", "abort"):
            open_.pop(track, None)
        assert list(open_.values()).count("ahead") <= 1
    assert list(guides.values()).count("ahead") >= 1
    assert len(lines(log, "killed")) < 6


def test_a_round_misses_when_the_radar_that_guides_it_fails():
    when = float(lines(oi.run(coast(True), 7, 0), "launch")["time_s"].min()) + 1.0
    log = oi.run(coast(True, defence__outages=f"[{{of: ahead, from: {when} s}}]"), 7, 0)
    assert len(lines(log, "launch")) > 0 == len(lines(log, "killed"))
    fine = oi.run(coast(True, defence__outages=f"[{{of: rear, from: {when} s}}]"), 7, 0)
    assert fine.outcome["fate"] == [KILLED] * 6


def test_the_post_reckons_with_its_picture_not_with_the_truth():
    """Whether a radar holds a track's target: by place, notch and cross-section alone."""
    m = recarrays(coast(True).tables)
    s = allocate(m).state
    reset(m, s, 7, 0, 0)
    m.look_pd[:] = -1.0
    seen, eye = s.picture[0], m.radars[m.units[1].radar]
    seen.threat, seen.time_s = 0, 0.0
    m.threats[0].rcs_m2 = eye.reference_rcs_m2
    eye.instrumented_range_m = 1e6
    eye.hold_range_m, eye.radial_speed_min_mps = 50e3, 30.0

    def at(range_m: float, speed_mps: float = -200.0, threat: int = 0) -> bool:
        seen.x, seen.y, seen.z = eye.x + range_m, eye.y, 3e3
        seen.vx, seen.vy, seen.vz, seen.threat = speed_mps, 0.0, 0.0, threat
        return bool(holds_now(m, s, seen, 1, 0.0))

    assert at(49e3)
    assert not at(51e3)
    assert not at(49e3, speed_mps=-20.0)
    assert at(49e3, threat=-1)
    assert not at(51e3, threat=-1)
    m.threats[0].rcs_m2 = eye.reference_rcs_m2 / 16.0
    assert at(24e3)
    assert not at(26e3)
    s.out[m.units[1].radar] = 1
    assert not at(24e3)
