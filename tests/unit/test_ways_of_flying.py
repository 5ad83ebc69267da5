"""Ways of flying that a scenario may ask for: arcs, pieces, places on the way, the surface."""

import math

import numpy as np
import pytest

import openiads as oi
from openiads.domain.knots import Knots, sample
from openiads.domain.threats import ALL_CATEGORIES, Threat
from openiads.engine.world import SIDES
from openiads.faults import Fault, InputError
from openiads.physics.geodesy import enu_to_map
from openiads.scenario import paths
from openiads.scenario.catalogue import load_catalogue
from openiads.scenario.parts import Parts
from openiads.scenario.paths import fly, pieces
from openiads.scenario.reader import read_yaml

LAT0 = math.radians(45.0)


def flown(threat: str, distance: str, **given: object):
    """(times, positions, heights) of one threat of a class at the default scenario's port."""
    inside = ", ".join(f'{k}: "{v}"' if isinstance(v, str) else f"{k}: {v}"
                       for k, v in given.items())  # fmt: skip
    wave = (
        f"{{one: {{threat: {threat}, count: 1, aim: port, bearing: 90 deg, distance: {distance}, "
        f"with: {{{inside}}}}}}}"
    )
    model = oi.compile(oi.load("default", {"raid.waves": wave}))
    row = model.tables.threats[0]
    pos = model.tables.grid_pos_m
    height = enu_to_map(*pos.T, LAT0, 0.0)[2]
    return row["step_s"] * np.arange(len(pos)), pos, height


def test_a_jink_swings_to_both_sides() -> None:
    _, jinked, _ = flown(
        "cruise_subsonic", "120 km", weave_amplitude="150 m", weave_period="20 s",
        weave_kind="jink",
    )  # fmt: skip
    assert jinked[:, 1].max() == pytest.approx(150.0, rel=0.02)
    assert jinked[:, 1].min() == pytest.approx(-150.0, rel=0.02)


def test_lofted_and_depressed_arcs_fly_the_apogee_they_say() -> None:
    tops = {
        name: flown("mrbm", "1000 km", trajectory=name)[2].max()
        for name in ("minimum-energy", "lofted", "depressed")
    }
    assert tops["lofted"] == pytest.approx(1.6 * tops["minimum-energy"], rel=1e-3)
    assert tops["depressed"] == pytest.approx(0.6 * tops["minimum-energy"], rel=1e-3)
    assert flown("mrbm", "1000 km", apogee_flown="500 km")[2].max() == pytest.approx(5e5, rel=1e-3)


def built(threat: str, **given: object) -> Threat:
    """A catalogue class with parameters of the test's own."""
    parts = Parts(load_catalogue(), {}, read_yaml("x: 1\n", "x"))
    faults: list[Fault] = []
    found = parts.build(Threat, "threat", threat, given, ("x",), faults)
    assert found is not None, faults
    return found


START, AIM = (1000e3, 0.0, 0.0), (0.0, 0.0, 0.0)


def test_a_missile_leaves_its_body_and_decoys_where_it_is() -> None:
    threat = built("mrbm", separating=True, decoys=5, decoy_push="3 m/s")
    missile = fly(threat, START, AIM, LAT0)
    left = pieces(threat, START, AIM, LAT0)
    assert [p.name for p in left] == ["body", *(f"decoy-{k}" for k in range(1, 6))]
    whole = Knots(missile.step_s * np.arange(len(missile.pos_m)), missile.pos_m, missile.vel_mps)
    for piece in left:
        at, going = sample(whole, np.array([piece.after_s]))
        assert np.linalg.norm(piece.path.pos_m[0] - at[0]) < 1.0
        push = np.linalg.norm(piece.path.vel_mps[0] - going[0])
        # The body leaves at burnout, where the grid's own cubic is good to 1 m/s.
        assert push == pytest.approx(0.0 if piece.name == "body" else 3.0, abs=1.0)
        # They come down, light ones later and slower than the missile.
        assert abs(piece.path.height_m[-1]) < 5.0
        ends = piece.after_s + piece.path.step_s * (len(piece.path.pos_m) - 1)
        assert ends > missile.step_s * (len(missile.pos_m) - 1)
    # In free flight above the air decoys drift from each other at about their push.
    apart = np.linalg.norm(left[1].path.pos_m[100] - left[2].path.pos_m[100])
    assert 100.0 < apart < 800.0


def test_places_on_the_way_are_passed() -> None:
    via = [(90e3, 30e3), (40e3, -20e3)]
    threat = built("cruise_subsonic")
    path = fly(threat, (120e3, 0.0, 0.0), AIM, LAT0, via_m=via)
    east, north, _ = enu_to_map(*path.pos_m.T, LAT0, 0.0)
    for place in via:
        # A corner is cut by the turn: R (1/cos(a/2) - 1), below 900 m here.
        assert np.hypot(east - place[0], north - place[1]).min() < 900.0
    assert math.hypot(east[-1], north[-1]) < 1.0
    across = np.linalg.norm(np.diff(path.vel_mps, axis=0), axis=1) / path.step_s
    assert across[:-20].max() < 1.05 * threat.turn_mps2


def test_an_airliner_flies_over_and_on_and_a_ship_goes_slowly() -> None:
    path = fly(built("airliner"), (300e3, 0.0, 0.0), AIM, LAT0)
    assert np.ptp(path.height_m) < 1.0 and 9.4e3 <= path.height_m[0] <= 11.6e3
    east, north, _ = enu_to_map(*path.pos_m.T, LAT0, 0.0)
    assert east[-1] == pytest.approx(-300e3, rel=1e-3) and np.hypot(east, north).min() < 2e3
    ship = fly(built("surface_ship"), (50e3, 0.0, 0.0), AIM, LAT0)
    assert np.linalg.norm(ship.vel_mps, axis=1).max() < 13.0
    assert np.allclose(ship.height_m, 15.0, atol=0.5)
    still = fly(built("ground_target", speed_cruise="0 m/s"), (30e3, 0.0, 0.0), AIM, LAT0)
    assert not still.vel_mps.any() and still.step_s * (len(still.pos_m) - 1) == 86_400.0


@pytest.mark.parametrize(
    ("name", "distance"),
    [("mrbm", 1000e3), ("srbm", 300e3), ("hgv", 1800e3), ("cruise_subsonic", 120e3),
     ("cruise_supersonic", 250e3), ("cruise_hypersonic", 600e3), ("fighter_4gen", 300e3),
     ("drone_owa", 90e3), ("airliner", 200e3), ("surface_ship", 40e3)],
)  # fmt: skip
def test_the_grid_that_the_engine_reads_is_within_a_metre_of_the_knots(
    name, distance, monkeypatch
) -> None:
    seen = []

    def watched(knots, *more):
        seen.append((knots, gridded(knots, *more)))
        return seen[-1][1]

    gridded = paths._gridded
    monkeypatch.setattr(paths, "_gridded", watched)
    fly(built(name), (distance, 0.0, 0.0), AIM, LAT0)
    ((knots, path),) = seen
    grid = Knots(knots.t_s[0] + path.step_s * np.arange(len(path.pos_m)), *path[1:3])
    times = np.linspace(knots.t_s[0], knots.t_s[-1], 40 * len(path.pos_m) + 7)
    apart = sample(knots, times)[0] - sample(grid, times)[0]
    assert np.linalg.norm(apart, axis=1).max() < 1.0


def test_bystanders_stand_on_the_side_of_their_kind() -> None:
    waves = (
        "{one: {threat: airliner, count: 1, aim: port, bearing: 90 deg, distance: 100 km}, "
        "two: {threat: surface_ship, count: 1, aim: port, bearing: 90 deg, distance: 30 km}, "
        "three: {threat: mrbm, count: 1, aim: port, bearing: 90 deg, distance: 1000 km, "
        "with: {separating: true, decoys: 2}}}"
    )
    threats = oi.compile(oi.load("default", {"raid.waves": waves})).tables.threats
    sides = [SIDES[k] for k in threats["side"]]
    assert sides == ["neutral", "neutral", "hostile", "harmless", "harmless", "harmless"]
    kinds = [ALL_CATEGORIES[k] for k in threats["category"]]
    assert kinds == ["neutral", "surface", "ballistic", "decoy", "decoy", "decoy"]


@pytest.mark.parametrize(
    ("wave", "words"),
    [
        ("threat: mrbm, via: [[1 km, 1 km]]", "passes no places"),
    ],
)
def test_waves_that_ask_for_what_cannot_be_are_faults(wave, words) -> None:
    text = f"{{one: {{{wave}, count: 1, aim: port, bearing: 90 deg, distance: 900 km}}}}"
    with pytest.raises(InputError, match=words):
        oi.load("default", {"raid.waves": text})


@pytest.mark.parametrize(
    ("threat", "given", "words"),
    [
        ("drone_owa", {"decoys": 2}, "only a ballistic flight"),
        ("fighter_4gen", {"speed_cruise": "0 m/s"}, "may stand still"),
        ("fighter_4gen", {"profile": "surface"}, "go together"),
    ],
)
def test_ways_of_flying_that_do_not_fit_are_faults(threat, given, words) -> None:
    with pytest.raises(InputError, match=words):
        flown(threat, "100 km", **given)
