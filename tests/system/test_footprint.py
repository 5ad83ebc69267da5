"""Footprint: shots along a path, paths turned from one to another, agreement with the engine."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from openiads.analysis.depth_of_fire import depth_of_fire
from openiads.analysis.footprint import Defender, _Paths, footprint, shots_along
from openiads.campaigns.execute import campaign
from openiads.domain.threats import Threat
from openiads.export.footprint_files import defended, geojson
from openiads.faults import InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.notional import notional
from openiads.scenario.paths import fly
from reference_data import cases


@pytest.fixture(scope="module")
def made():
    """(scenario, model, threat) of an S-400 against a short-range ballistic missile."""
    scenario = notional("s-400", {"srbm": 1})
    threat = scenario.parts.build(Threat, "threat", "srbm", {}, (), [])
    return scenario, compile_scenario(scenario), threat


@pytest.fixture(scope="module")
def found(made):
    scenario, model, threat = made
    return footprint(scenario, model, ("srbm", threat), math.radians(90), 300e3, cells=25)


@pytest.mark.parametrize("case", cases("engagement_depth_of_fire"))
def test_on_one_line_it_is_the_depth_of_fire(case) -> None:
    """The search along a path against the closed form, on a path of 20 m steps."""
    start, speed = case["detect_range_m"], case["target_speed_m_s"]
    time = np.linspace(0.0, start / speed, round(start / 20.0) + 1)
    range_m = start - speed * time
    flight = range_m / case["interceptor_speed_m_s"]
    inside = (range_m <= case["r_max_m"] + 1e-6) & (range_m >= case["r_min_m"] - 1e-6)
    flight = np.where(inside, flight, np.inf)[None, :]
    shots = shots_along(time, flight, case["reaction_s"], case["look_time_s"])
    truth = depth_of_fire(
        start, speed, case["interceptor_speed_m_s"], case["reaction_s"], case["look_time_s"],
        case["r_min_m"], case["r_max_m"],
    )  # fmt: skip
    assert len(shots) == len(truth) == case["n_shots"]
    for shot, exact in zip(shots, truth, strict=True):
        # One step of the path: the edge of the envelope falls between two of its points.
        assert shot.intercept_s == pytest.approx(exact.intercept_s, abs=20.0 / speed)
        assert shot.launch_s == pytest.approx(exact.launch_s, abs=20.0 / speed * 2.0)


def test_turned_paths_are_the_flown_ones(made) -> None:
    scenario, model, threat = made
    defender = Defender(model, scenario, model.names["units"])
    paths = _Paths(threat, math.radians(70), 300e3, defender, None)
    paths.to((0.0, 0.0))
    for at in ((60e3, 0.0), (-40e3, 80e3)):
        turned = paths.to(at)
        away = (300e3 * math.sin(math.radians(70)), 300e3 * math.cos(math.radians(70)))
        flown = fly(threat, (at[0] + away[0], at[1] + away[1], 0.0), (*at, 0.0), defender.lat0)
        n = min(len(turned.pos_m), len(flown.pos_m))
        assert abs(len(turned.pos_m) - len(flown.pos_m)) <= 1
        gap = np.linalg.norm(turned.pos_m[:n] - flown.pos_m[:n], axis=1)
        assert gap.max() < 1e-3 * 300e3
        assert np.linalg.norm(turned.pos_m[-1] - flown.pos_m[-1]) < 300.0


def test_it_is_smaller_than_the_claimed_circle_and_holds_the_units(made, found) -> None:
    row = found.row()
    assert 0.2 < row["share_of_claimed_circle"] < 1.0
    assert not row["touches_edge"]
    areas = list(row["defended_by_shots_km2"].values())
    assert areas == sorted(areas, reverse=True)
    low, high = row["altitude_km"]["first"]
    assert 0.0 < low < high < 30.5  # the S-400's claimed altitude
    json.dumps(row, allow_nan=False)


def test_the_engine_shoots_inside_and_not_outside(found) -> None:
    """Campaigns on aim points inside and outside of the footprint, away from its edge."""
    shots = found.shots
    inner = [(i, j) for i in range(2, 23) for j in range(2, 23)
             if (shots[i - 2 : i + 3, j - 2 : j + 3] > 0).all()]  # fmt: skip
    outer = [(i, j) for i in range(2, 23) for j in range(2, 23)
             if (shots[i - 2 : i + 3, j - 2 : j + 3] == 0).all()]  # fmt: skip
    assert len(inner) > 20
    assert len(outer) > 20
    for places, fires in ((inner, True), (outer, False)):
        for i, j in places[:: len(places) // 4]:
            at = f"[{found.east_m[j]:.1f} m, {found.north_m[i]:.1f} m]"
            scenario = notional("s-400", {"srbm": 1}, overrides={
                "assets.port.at": at, "raid.waves.srbm.aim": "port",
                "raid.waves.srbm.bearing_spread": "0 deg"})  # fmt: skip
            fired = campaign(compile_scenario(scenario), 10, 3).results.figure("interceptors")
            assert (fired.mean() > 0.5) == fires, (at, fired)


def test_the_engine_shoots_at_gliders_where_the_footprint_says() -> None:
    """A glide vehicle in the middle of what an S-500 defends against it is shot at and stopped.

    Predicted as if it fell freely, it was fired at in none of these places.
    """
    scenario = notional("s-500", {"hgv": 1})
    threat = scenario.parts.build(Threat, "threat", "hgv", {}, (), [])
    found = footprint(
        scenario, compile_scenario(scenario), ("hgv", threat), math.radians(90), 2000e3, cells=13
    )
    inner = [(i, j) for i in range(1, 12) for j in range(1, 12)
             if (found.shots[i - 1 : i + 2, j - 1 : j + 2] > 0).all()]  # fmt: skip
    assert len(inner) > 20
    for i, j in inner[:: len(inner) // 4]:
        aimed = notional("s-500", {"hgv": 1}, overrides={
            "assets.city.at": f"[{found.east_m[j]:.1f} m, {found.north_m[i]:.1f} m]",
            "raid.waves.hgv.aim": "city", "raid.waves.hgv.bearing_spread": "0 deg"})  # fmt: skip
        fired = campaign(compile_scenario(aimed), 20, 3).results.figure("interceptors")
        assert (fired > 0).mean() > 0.5, (i, j, fired)


def test_geojson_of_it(made, found) -> None:
    pytest.importorskip("matplotlib")
    _, model, _ = made
    drawn = geojson(found, model, math.radians(45.0))
    kinds = [f["properties"]["kind"] for f in drawn["features"]]
    assert {"defended", "claimed", "unit"} <= set(kinds)
    area = 0.0
    for rings in defended(found, 1):
        for ring in rings:
            x, y = np.asarray(ring).T
            area += 0.5 * float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    assert abs(area) == pytest.approx(found.area_m2(), rel=0.15)


def test_faults(made) -> None:
    scenario, model, threat = made
    with pytest.raises(InputError) as error:
        footprint(scenario, model, ("srbm", threat), 0.0, 3e5, units=["west"], cells=2)
    assert len(error.value.faults) == 2
