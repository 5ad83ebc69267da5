"""Masks along profiles, multipath and the ends of the propagation functions."""

import math

import numpy as np
import pytest

from openiads.physics.propagation import (
    horizon_ground_range_m,
    horizon_height_m,
    horizon_range_m,
    knife_edge_loss_db,
    multipath_factor,
    profile_lowest_visible_m,
    profile_visible,
    range_to_height_m,
)
from openiads.physics.refraction import (
    elevation_bias_rad,
    saturation_vapour_pressure_hpa,
    trace_ray,
    vapour_pressure_hpa,
)

RADIUS = 6371e3 * 4 / 3


def test_a_flat_sea_masks_like_the_horizon() -> None:
    profile = np.zeros(1201)
    out = np.empty(1201)
    profile_lowest_visible_m(profile, 100.0, 24.0, RADIUS, out)
    ranges = np.arange(1201) * 100.0
    # A profile is straight between its points, so the tangent point is off by less than a step.
    for i in range(0, 1201, 150):
        reach = math.hypot(ranges[i], 0.0)
        assert out[i] == pytest.approx(horizon_height_m(24.0, reach), abs=0.5)


def test_the_mask_and_the_point_test_agree() -> None:
    x = np.arange(400)
    profile = 300.0 + 200.0 * np.sin(x / 17.0) * np.cos(x / 41.0)
    out = np.empty(400)
    profile_lowest_visible_m(profile, 90.0, profile[0] + 20.0, RADIUS, out)
    for i in range(1, 400, 7):
        for above, seen in ((0.01, True), (-0.01, False)):
            target = out[i] + above
            assert profile_visible(profile[: i + 1], 90.0, profile[0] + 20, target, RADIUS) is seen
    assert (out >= profile).all()


def test_ends() -> None:
    assert horizon_range_m(-5.0, 0.0) == 0.0
    assert horizon_height_m(24.0, 1e3) == 0.0
    assert math.isnan(range_to_height_m(-1000.0, 10.0, 0.1, RADIUS))
    assert math.isnan(trace_ray(10.0, -0.01, 1000.0, 313.0, 1.4e-4)[0])
    assert knife_edge_loss_db(-1.0) == 0.0


def test_multipath_has_the_textbook_lobes() -> None:
    wavelength, antenna, ground = 0.1, 20.0, 15e3
    flat = 1e12
    # Maxima of F^2 = 4 where the path difference is half a wavelength, nulls at a whole one.
    peak = wavelength * ground / (4.0 * antenna)
    assert multipath_factor(antenna, peak, ground, wavelength, 0.0, flat) == pytest.approx(4.0)
    null = multipath_factor(antenna, 2.0 * peak, ground, wavelength, 0.0, flat)
    assert null == pytest.approx(0.0, abs=1e-9)
    rough = multipath_factor(antenna, 2.0 * peak, ground, wavelength, 50.0, flat)
    assert rough == pytest.approx(1.0, abs=1e-3)
    beyond = horizon_ground_range_m(20.0, 50.0) + 1.0
    assert multipath_factor(20.0, 50.0, beyond, wavelength, 0.0, RADIUS) == 0.0


def test_refraction_lifts_low_targets() -> None:
    # A level ray bends by about 13 mrad on its way out of an atmosphere of N0 = 313.
    low = elevation_bias_rad(0.0, 0.0, 400e3, 313.0, 0.143859e-3)
    high = elevation_bias_rad(0.0, math.radians(45.0), 400e3, 313.0, 0.143859e-3)
    assert 10e-3 < low < 14e-3
    # At 45 degrees a plane atmosphere bends by N0 1e-6 / tan(el).
    assert high == pytest.approx(313e-6, rel=0.1)
    vacuum = trace_ray(10.0, 0.3, 5e4, 0.0, 1e-4)
    assert vacuum[3] == pytest.approx(0.3, abs=1e-12) and vacuum[0] == vacuum[1]


def test_water_vapour() -> None:
    # Saturation at 20 deg C is 23.4 hPa; 7.5 g/m^3 at 15 deg C is 9.98 hPa.
    assert saturation_vapour_pressure_hpa(293.15, 1013.25) == pytest.approx(23.4, abs=0.15)
    assert vapour_pressure_hpa(7.5, 288.15) == pytest.approx(9.97, abs=0.01)


def test_lists_are_taken_for_arrays() -> None:
    listed = horizon_range_m([5.0, 24.0], (50.0, 100.0))
    assert np.array_equal(listed, horizon_range_m(np.array([5.0, 24.0]), np.array([50.0, 100.0])))
