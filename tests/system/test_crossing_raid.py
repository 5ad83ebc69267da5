"""A dense crossing raid costs intercepts through swapped and lost tracks; a wide one does not.

Two formations of twenty fighters cross in front of a radar that cannot tell neighbours apart. At
fidelity `engagement` every threat has a track of its own; at `track` plots are taken by the wrong
tracks, courses go astray, and rounds find no target or no intercept.
"""

import json
import math

import pytest

from openiads.campaigns.outcomes import link_shares, run_range
from openiads.cli.app import run as main
from openiads.engine.run import run_memory
from openiads.engine.state import allocate
from openiads.engine.world import LINKS, LOG_ABORT
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

SCENARIO = """\
scenario: crossing
map: {size: 800 km}
duration: 22 min
assets:
  north: {at: [0 km, 18 km]}
  south: {at: [0 km, -18 km]}
defence:
  command_post: {type: 55k6e, with: {identification_delay: 8 s}}
  radars:
    watch:
      type: 91n6e
      at: [0 km, 0 km]
      ground: 100 m
      with: {scan_period: 10 s, angle_error_floor: 0.3 deg, false_plots_per_scan: 20}
  fire_units:
    south:
      at: [0 km, -10 km]
      ground: 20 m
      radar:
        type: 92n6e
        with:
          antenna_height: 24 m
          sector: 360 deg
          simultaneous_engagements: 40
          missiles_guided_simultaneously: 80
      doctrine: shoot-look-shoot
      launchers:
        - {type: 5p85te2, count: 30, missile: 48n6e3}
    north:
      at: [0 km, 10 km]
      ground: 20 m
      radar:
        type: 92n6e
        with:
          antenna_height: 24 m
          sector: 360 deg
          simultaneous_engagements: 40
          missiles_guided_simultaneously: 80
      doctrine: shoot-look-shoot
      launchers:
        - {type: 5p85te2, count: 30, missile: 48n6e3}
raid:
  waves:
    left: {threat: fighter_4gen, count: 20, aim: south, bearing: 82 deg, bearing_spread: WIDTH,
           distance: 300 km, time_spread: SPREAD}
    right: {threat: fighter_4gen, count: 20, aim: north, bearing: 98 deg, bearing_spread: WIDTH,
            distance: 300 km, time_spread: SPREAD}
"""
REPLICATIONS = 40


@pytest.fixture(scope="module")
def scenarios(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crossing")
    dense, wide = folder / "dense.yaml", folder / "wide.yaml"
    dense.write_text(SCENARIO.replace("WIDTH", "4 deg").replace("SPREAD", "30 s"))
    wide.write_text(SCENARIO.replace("WIDTH", "100 deg").replace("SPREAD", "5 min"))
    return dense, wide


def leakers(path, fidelity):
    model = compile_scenario(load(str(path), {"fidelity": fidelity}))
    outcomes = run_range(model, allocate(model.tables), 7, 0, REPLICATIONS)
    x = outcomes.leakers.astype(float)
    return x.mean(), 1.96 * x.std(ddof=1) / math.sqrt(REPLICATIONS), outcomes


def test_a_dense_crossing_raid_leaks_through_its_tracks(scenarios):
    track, half, outcomes = leakers(scenarios[0], "track")
    own, own_half, _ = leakers(scenarios[0], "engagement")
    assert track - half > 3.0 * (own + own_half)
    assert link_shares(outcomes)["track"]["share"] > 0.05


def test_the_same_raid_far_apart_does_not(scenarios):
    track, half, _ = leakers(scenarios[1], "track")
    own, own_half, _ = leakers(scenarios[1], "engagement")
    assert abs(track - own) < half + own_half


def test_handover_by_search_loses_some_of_a_crossing_raid(tmp_path):
    """A search fails where the cue went astray: oftener in the crossing raid than in a wide one."""
    aborted = {}
    for name, width, spread in (("dense", "4 deg", "30 s"), ("wide", "100 deg", "5 min")):
        text = SCENARIO.replace("WIDTH", width).replace("SPREAD", spread)
        text = text.replace("duration: 22 min", "duration: 22 min\ntracking: {handover: search}")
        text = text.replace("angle_error_floor: 0.3 deg", "angle_error_floor: 0.05 deg")
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        model = compile_scenario(load(str(path), {"fidelity": "track"}))
        aborted[name] = 0
        for replication in range(8):
            state = run_memory(model, 7, replication).state
            log = state.log[: state.now[0].n_log]
            astray = (log.kind == LOG_ABORT) & (log.value == LINKS.index("track"))
            aborted[name] += int(astray.sum())
    assert aborted["dense"] > 1.3 * aborted["wide"] > 0


def test_why_names_the_track(scenarios, tmp_path, monkeypatch, capsys):
    def openiads(*words):
        monkeypatch.setattr("sys.argv", ["openiads", *words, "--json"])
        assert main() == 0
        return json.loads(capsys.readouterr().out)

    out = str(tmp_path / "run")
    openiads("run", str(scenarios[0]), "-n", "10", "--seed", "7", "--fidelity", "track",
             "--out", out)  # fmt: skip
    assert openiads("why", out)["first_broken_link"]["track"]["share"] > 0.02
    model = compile_scenario(load(str(scenarios[0]), {"fidelity": "track"}))
    outcomes = run_range(model, allocate(model.tables), 7, 0, 10)
    k = int((outcomes.link == LINKS.index("track")).any(axis=1).nonzero()[0][0])
    story = json.dumps(openiads("why", out, "--replication", str(k)))
    assert '"track"' in story
    assert "led the engagement radar to no target" in story or "firm track" in story
