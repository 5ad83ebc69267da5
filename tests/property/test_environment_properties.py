"""Laws of the atmosphere, the effective Earth and the radar equation for every input."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.physics.atmosphere import (
    density_kgm3,
    geometric_height_m,
    geopotential_height_m,
    pressure_pa,
    sound_speed_mps,
    temperature_k,
)
from openiads.physics.jamming import jammed_snr, self_screening_range_m, stand_off_range_m
from openiads.physics.propagation import (
    elevation_slope,
    elevation_to_height_rad,
    height_at_range_m,
    height_on_slope_m,
    horizon_height_m,
    horizon_range_m,
    range_to_height_m,
)
from openiads.physics.radar import range_from_anchor_m, snr_from_anchor

HEIGHT = st.floats(0.0, 30e3)
RADIUS = st.sampled_from([6371e3, 6371e3 * 4 / 3, 1e7])


@settings(deadline=None, max_examples=200)
@given(low=st.floats(-5e3, 1.2e6), rise=st.floats(1.0, 1e5))
def test_air_thins_with_height(low, rise) -> None:
    assert 0.0 < pressure_pa(low + rise) < pressure_pa(low)
    assert 0.0 < density_kgm3(low + rise) < density_kgm3(low)
    assert 180.0 < temperature_k(low) <= 1000.0
    assert 200.0 < sound_speed_mps(low) < 2000.0


@settings(deadline=None, max_examples=100)
@given(height=st.floats(-5e3, 1e6))
def test_geopotential_round_trip(height) -> None:
    assert geometric_height_m(geopotential_height_m(height)) == pytest.approx(height, abs=1e-6)


@settings(deadline=None, max_examples=200)
@given(antenna=HEIGHT, target=HEIGHT, k=st.floats(0.8, 2.0))
def test_horizon_is_symmetric_and_inverts(antenna, target, k) -> None:
    reach = horizon_range_m(antenna, target, k)
    assert reach == pytest.approx(horizon_range_m(target, antenna, k), rel=1e-14)
    assert horizon_height_m(antenna, reach, k) == pytest.approx(target, abs=1e-6, rel=1e-7)


@settings(deadline=None, max_examples=200)
@given(antenna=st.floats(0.0, 3e3), elevation=st.floats(0.0, 1.5), reach=st.floats(1e3, 8e5),
       radius=RADIUS)  # fmt: skip
def test_height_range_and_elevation_agree(antenna, elevation, reach, radius) -> None:
    height = height_at_range_m(reach, antenna, elevation, radius)
    assert range_to_height_m(height, antenna, elevation, radius) == pytest.approx(reach, rel=1e-6)
    back = elevation_to_height_rad(height, antenna, reach, radius)
    assert back == pytest.approx(elevation, abs=1e-6)


@settings(deadline=None, max_examples=200)
@given(antenna=st.floats(0.0, 3e3), height=st.floats(-100.0, 5e4), ground=st.floats(10.0, 8e5),
       radius=st.sampled_from([6371e3, 8.5e6, math.inf]))  # fmt: skip
def test_slope_and_height_invert(antenna, height, ground, radius) -> None:
    slope = elevation_slope(ground, height, antenna, radius)
    assert height_on_slope_m(ground, slope, antenna, radius) == pytest.approx(height, abs=1e-4)


@settings(deadline=None, max_examples=100)
@given(clear=st.floats(1e3, 1e6), ratio=st.floats(0.0, 1e6), at=st.floats(1e3, 1e6))
def test_burn_through_is_where_the_jammed_signal_meets_the_need(clear, ratio, at) -> None:
    need = 20.0
    reach = self_screening_range_m(clear, ratio, at)
    snr = snr_from_anchor(reach, 1.0, clear, 1.0, need)
    assert jammed_snr(snr, ratio * (at / reach) ** 2) == pytest.approx(need, rel=1e-9)
    assert reach <= clear * (1.0 + 1e-14)
    behind = stand_off_range_m(clear, ratio)
    snr = snr_from_anchor(behind, 1.0, clear, 1.0, need)
    assert jammed_snr(snr, ratio) == pytest.approx(need, rel=1e-9)


@settings(deadline=None, max_examples=100)
@given(reach=st.floats(1e2, 1e6), rcs=st.floats(1e-4, 1e3))
def test_anchor_round_trip(reach, rcs) -> None:
    snr = snr_from_anchor(reach, rcs, 4e5, 1.0, 15.0)
    assert range_from_anchor_m(snr, rcs, 4e5, 1.0, 15.0) == pytest.approx(reach, rel=1e-12)
