"""Doctrine as data: volleys by class, fire held, heights, layers; one YAML file each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from algebra_scenarios import FOLDER, kill, model, use

import openiads as oi
from openiads.analysis.timeline import chains, position_m
from openiads.engine.world import EVENTS, Model
from openiads.eventlog import Log

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load


def lines(log: Log, kind: str) -> np.ndarray:
    return log.records[log.records["kind"] == EVENTS.index(kind)]


def under(**rule: object) -> Log:
    return oi.run(model(defence__fire_units__unit__doctrine=use("rule", **rule)), 7, 0)


def volleys(log: Log) -> list[int]:
    """Rounds of each order that was carried out, in order."""
    tracks = lines(log, "launch")["track"]
    return [int((tracks == k).sum()) for k in np.unique(tracks)]


def test_the_first_volley_goes_by_class():
    assert set(volleys(under())) == {1}
    assert set(volleys(under(salvo_aircraft=3))) == {3}
    assert set(volleys(under(salvo_ballistic=3, salvo_drone=2))) == {1}


def test_fire_is_held_until_the_target_is_near():
    log = under(hold_fire_range="30 km")
    told = chains(log)
    assert len(lines(log, "order")) >= 10
    for chain in told:
        place = position_m(log.model, chain, chain.ordered_s)
        assert np.linalg.norm(place) < 31e3  # 1 km: the track lags by a scan, and a cycle
    assert min(c.ordered_s for c in told) > 250.0 > lines(under(), "order")["time_s"].max()


def test_fire_is_held_until_little_time_is_left():
    log = under(hold_fire_time="100 s")
    for chain in chains(log):
        arrives = chain.started_s + float(log.model.tables.threats["life_s"][chain.threat])
        assert 85.0 < arrives - chain.ordered_s < 102.0


def test_no_shot_is_planned_outside_the_heights_of_the_doctrine():
    high = under(commit_altitude_min="8 km")
    assert len(lines(high, "order")) == 0
    assert {chain.link for chain in chains(high)} == {"window"}
    inside = under(commit_altitude_min="3 km", commit_altitude_max="8 km")
    assert len(lines(inside, "order")) >= 10
    # They dive at the end: below 3 km in their last half minute only.
    low = under(commit_altitude_max="3 km")
    assert lines(low, "order")["time_s"].min() > 400.0 > lines(inside, "order")["time_s"].max()


def layered(outer: str, release: str = "") -> Model:
    """An inner unit, named first, and an outer one at the same place that holds four rounds."""

    def unit(layer: int, rounds: int, rule: str) -> str:
        dart = use("dart", **kill(1.0))
        return (
            f"{{at: [0 km, 0 km], layer: {layer}, radar: perfect-guidance, doctrine: {rule}, "
            f"launchers: [{{type: rack, missile: {dart}, rounds: {rounds}}}]}}"
        )

    inner = use("rule", layer_release=release) if release else "rule"
    return model(
        defence__fire_units=f"{{inner: {unit(0, 16, inner)}, {outer}: {unit(1, 4, 'rule')}}}"
    )


@pytest.mark.parametrize("assignment", ["ranked", "linear"])
def test_the_outer_layer_shoots_first_and_the_inner_when_it_no_longer_can(assignment: str):
    compiled = layered("outer")
    compiled.tables.settings["assignment"] = ("ranked", "linear").index(assignment) * 2
    log = oi.run(compiled, 7, 0)
    units = [log.model.names["units"][k] for k in lines(log, "order")["unit"]]
    assert units == ["outer"] * 4 + ["inner"] * 6
    assert log.outcome["fate"] == [1] * 10


def test_without_layers_the_first_named_shoots():
    compiled = layered("outer")
    compiled.tables.units["layer"] = 0
    compiled.tables.settings["layers"] = 0
    assert set(lines(oi.run(compiled, 7, 0), "order")["unit"]) == {0}


def test_the_inner_layer_does_not_wait_for_what_has_come_inside():
    near = oi.run(layered("outer", "500 km"), 7, 0)
    assert set(lines(near, "order")["unit"]) == {0}


DROPPED = """\
items:
  patient:
    kind: doctrine
    name: Two at what falls, one at the rest, and not before it is near
    parameters:
      method: shoot-look-shoot
      first_salvo: 1
      later_salvo: 1
      volleys_max: 4
      salvo_interval: 2 s
      missile_choice: earliest
      commit_range_max: 60 km
      reserve_rounds: 0
      salvo_aircraft: 2
      hold_fire_range: 20 km
      commit_altitude_min: 1 km
      layer_release: 15 km
"""


def test_a_doctrine_is_one_file_dropped_in(tmp_path: Path):
    folder = tmp_path / "mine"
    (folder / "catalogue").mkdir(parents=True)
    (folder / "catalogue" / "patient.yaml").write_text(DROPPED, encoding="utf-8")
    for name in ("raid.yaml", "parts.yaml"):
        (folder / name).write_text((FOLDER / name).read_text(encoding="utf-8"), encoding="utf-8")
    compiled = oi.compile(
        oi.load(folder / "raid.yaml", {"defence.fire_units.unit.doctrine": "patient"})
    )
    log = oi.run(compiled, 7, 0)
    first = {int(o["track"]): float(o["time_s"]) for o in lines(log, "order")[::-1]}
    for chain in chains(log):
        assert np.linalg.norm(position_m(compiled, chain, chain.ordered_s)) < 21e3
    launches = lines(log, "launch")
    for track, time_s in first.items():
        mine = launches["time_s"][launches["track"] == track]
        assert (mine < time_s + 30.0).sum() >= 2
    used = {row["parameter"] for row in compiled.provenance if row["item"] == "patient"}
    assert {"hold_fire_range", "salvo_aircraft", "layer_release"} <= used
