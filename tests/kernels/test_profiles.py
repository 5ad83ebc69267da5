"""Profiles that a wave may fly: each compiles from the catalogue and ends where it should."""

import math

import numpy as np
import pytest

import openiads as oi
from openiads.faults import InputError
from openiads.physics.geodesy import enu_to_map

LAT0 = math.radians(45.0)
ISS = (
    "1 25544U 98067A   14020.93268519  .00009878  00000-0  18200-3 0  5082",
    "2 25544  51.6498 109.4756 0003572  55.9686 274.8005 15.49815350868473",
)


def flown(threat: str, distance: str, **given: str):
    """(times, positions, heights) of one threat of a class at the default scenario's port."""
    inside = ", ".join(f'{k}: "{v}"' for k, v in given.items())
    wave = (
        f"{{one: {{threat: {threat}, count: 1, aim: port, bearing: 90 deg, distance: {distance}, "
        f"with: {{{inside}}}}}}}"
    )
    model = oi.compile(oi.load("default", {"raid.waves": wave}))
    row = model.tables.threats[0]
    pos = model.tables.grid_pos_m
    height = enu_to_map(*pos.T, LAT0, 0.0)[2]
    return row["step_s"] * np.arange(len(pos)), pos, height


def test_a_hypersonic_cruise_missile_cruises_and_dives() -> None:
    t, pos, height = flown("cruise_hypersonic", "600 km")
    assert np.linalg.norm(pos[-1]) < 50.0
    assert np.median(height) == pytest.approx(30e3, rel=0.02)
    speed = np.linalg.norm(np.diff(pos, axis=0), axis=1) / np.diff(t)
    assert 1500.0 < speed[5] < 3500.0


def test_a_glide_vehicle_reaches_its_aim_at_several_times_the_speed_of_sound() -> None:
    t, pos, height = flown("hgv", "1800 km")
    assert np.linalg.norm(pos[-1]) < 100.0
    glide = height[(t > 0.4 * t[-1]) & (t < 0.8 * t[-1])]
    assert glide.min() > 20e3 and glide.max() < 80e3
    assert 400.0 < t[-1] < 1500.0


def test_a_satellite_passes_from_rise_to_set() -> None:
    t, pos, height = flown("leo_satellite", "1000 km", tle_line1=ISS[0], tle_line2=ISS[1])
    assert np.all((height > 400e3) & (height < 440e3))
    assert 100.0 < t[-1] < 660.0
    assert pos[:, 2].max() > 0.0 and abs(pos[0, 2]) < 90e3


def test_a_satellite_without_elements_is_a_fault() -> None:
    with pytest.raises(InputError, match="two-line element set"):
        flown("leo_satellite", "1000 km")


def test_a_weave_swings_about_the_path() -> None:
    _, plain, _ = flown("cruise_subsonic", "120 km")
    _, swung, _ = flown(
        "cruise_subsonic", "120 km", weave_amplitude="300 m", weave_period="40 s"
    )  # fmt: skip
    assert np.abs(plain[:, 1]).max() < 20.0
    assert np.abs(swung[:, 1]).max() == pytest.approx(300.0, rel=0.02)
