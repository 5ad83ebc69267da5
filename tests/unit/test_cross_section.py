"""Cross-sections by band and by aspect."""

from types import SimpleNamespace

import numpy as np
import pytest

from openiads.scenario.looks import cross_section_m2


def seen(aspect_deg, frequency_hz=3e9, **given):
    """What a radar meets of a threat that shows it this aspect; 0 is nose on."""
    known = {"rcs_low_band_m2": None, "rcs_side_m2": None, "rcs_rear_m2": None, **given}
    angle = np.radians(np.atleast_1d(np.asarray(aspect_deg, float)))
    gap = np.tile([0.0, 50e3, 0.0], (len(angle), 1))
    vel = 250.0 * np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
    return cross_section_m2(SimpleNamespace(rcs_m2=2.0, **known), frequency_hz, gap, vel)


def test_one_value_from_everywhere_unless_more_is_given() -> None:
    assert seen([0.0, 90.0]) == 2.0
    assert seen(0.0, 1e9) == 2.0


def test_below_2_ghz_the_low_band_counts() -> None:
    assert seen(0.0, 1.99e9, rcs_low_band_m2=9.0) == 9.0
    assert seen(0.0, 2e9, rcs_low_band_m2=9.0) == 2.0


def test_front_side_and_rear_are_met_at_their_angles() -> None:
    got = seen([0.0, 90.0, 180.0, 270.0], rcs_side_m2=30.0, rcs_rear_m2=5.0)
    assert got == pytest.approx([2.0, 30.0, 5.0, 30.0])
    between = seen(np.arange(0.0, 181.0, 1.0), rcs_side_m2=30.0, rcs_rear_m2=5.0)
    assert (np.diff(between[:91]) > 0.0).all() and (np.diff(between[90:]) < 0.0).all()
    assert seen(45.0, rcs_side_m2=30.0)[0] == pytest.approx(np.sqrt(2.0 * 30.0))


def test_side_and_rear_scale_with_the_band() -> None:
    low = seen([0.0, 90.0], 1e9, rcs_side_m2=30.0, rcs_low_band_m2=4.0)
    assert low == pytest.approx([4.0, 60.0])


def test_what_stands_still_shows_its_side() -> None:
    still = SimpleNamespace(rcs_m2=2.0, rcs_low_band_m2=None, rcs_side_m2=8.0, rcs_rear_m2=None)
    assert cross_section_m2(still, 3e9, np.array([[0.0, 1e3, 0.0]]), np.zeros((1, 3)))[0] == 8.0
