"""The radar's smaller laws: anchors, beams, errors, filters, and noise jamming."""

import math

import numpy as np
import pytest

from openiads.physics.jamming import (
    jammed_snr,
    jammer_to_noise,
    jammer_to_noise_from_anchor,
    self_screening_range_m,
    strobe_crossing_m,
    strobe_half_width_rad,
)
from openiads.physics.radar import (
    BEAM_SHAPE_LOSS_ONE_DIMENSION,
    angle_error_rad,
    attenuated_snr,
    beam_gain,
    beam_shape_loss,
    blind_speed_mps,
    canceller_gain,
    decibels,
    false_plots_per_scan,
    monostatic_snr,
    outside_notch,
    range_error_m,
    range_rate_error_mps,
    resolution_cells,
    sector_solid_angle_sr,
    snr_from_anchor,
)


def test_anchor_scales_as_the_radar_equation() -> None:
    anchor = monostatic_snr(1e5, 1e-5, 3e3, 0.1, 1.0, 2e5, 500.0, 4.0)
    other = monostatic_snr(1e5, 1e-5, 3e3, 0.1, 0.03, 7.7e4, 500.0, 4.0)
    assert snr_from_anchor(7.7e4, 0.03, 2e5, 1.0, anchor) == pytest.approx(other, rel=1e-12)
    assert math.isinf(snr_from_anchor(0.0, 1.0, 2e5, 1.0, anchor))


def test_attenuation_counts_twice() -> None:
    assert attenuated_snr(100.0, 5.0) == pytest.approx(10.0)


def test_beam() -> None:
    assert beam_gain(0.0, 0.02, 1e-3) == 1.0
    assert beam_gain(0.01, 0.02, 1e-3) == pytest.approx(0.5)
    assert beam_gain(1.0, 0.02, 1e-3) == 1e-3
    # Against a uniform line source, whose half-power width is 0.886 lambda / D, down to -6 dB.
    for offset in np.linspace(0.05, 0.7, 14):
        sinc = np.sinc(0.886 * offset) ** 2
        assert abs(decibels(beam_gain(offset, 1.0, 1e-9)) - decibels(sinc)) < 0.7


def test_beam_shape_loss() -> None:
    assert beam_shape_loss(1) == 1.0
    assert decibels(beam_shape_loss(11)) == pytest.approx(1.96, abs=0.03)
    # Many pulses: the mean of the two-way Gaussian between the half-power points.
    mean = math.sqrt(math.pi / (8 * math.log(2))) * math.erf(math.sqrt(2 * math.log(2)))
    assert beam_shape_loss(100_001) == pytest.approx(1.0 / mean, rel=1e-4)
    assert decibels(BEAM_SHAPE_LOSS_ONE_DIMENSION) == pytest.approx(1.24, abs=0.01)


def test_errors_fall_with_signal_to_their_floor_and_rise_to_a_cell() -> None:
    assert range_error_m(50.0, 1, 150.0, 0.0) == pytest.approx(15.0)
    assert range_error_m(50.0, 1, 150.0, 20.0) == pytest.approx(25.0)
    assert range_error_m(0.0, 1, 150.0, 0.0) == pytest.approx(150.0 / math.sqrt(12.0))
    assert angle_error_rad(50.0, 1, 0.032, 1.6, 0.0) == pytest.approx(0.002)
    assert angle_error_rad(12.5, 4, 0.032, 1.6, 0.0) == pytest.approx(0.002)
    assert angle_error_rad(0.0, 1, 0.032, 1.6, 0.0) == pytest.approx(0.032 / math.sqrt(12.0))
    assert range_rate_error_mps(50.0, 0.1, 0.01, 0.0) == pytest.approx(0.5)
    assert range_error_m(1e30, 1, 150.0, 7.0) == pytest.approx(7.0)


@pytest.mark.parametrize("delays", [1, 2, 3])
def test_canceller(delays: int) -> None:
    wavelength, rate = 0.1, 3000.0
    blind = blind_speed_mps(wavelength, rate, 1)
    assert blind == pytest.approx(150.0)
    assert canceller_gain(0.0, wavelength, rate, delays) == 0.0
    assert canceller_gain(2 * blind, wavelength, rate, delays) == pytest.approx(0.0, abs=1e-12)
    speeds = np.linspace(0.0, blind, 4096, endpoint=False)
    assert canceller_gain(speeds, wavelength, rate, delays).mean() == pytest.approx(1.0)
    assert canceller_gain(-40.0, wavelength, rate, delays) == pytest.approx(
        canceller_gain(40.0, wavelength, rate, delays)
    )


def test_notch_and_false_plots() -> None:
    assert outside_notch(-30.0, 25.0) and not outside_notch(10.0, 25.0)
    beam = 1e-3
    cells = resolution_cells(4e5, 150.0, sector_solid_angle_sr(2 * math.pi, 0.0, 0.5), beam)
    assert cells == pytest.approx(4e5 / 150.0 * 2 * math.pi * math.sin(0.5) / beam)
    assert false_plots_per_scan(1e-6, cells) == pytest.approx(1e-6 * cells)


def test_jammer_to_noise_by_hand() -> None:
    # 1 W/MHz at 100 km into 35 dB at 10 cm and 500 K: incident 7.96e-18 W/m^2/Hz times 2.51 m^2.
    ratio = jammer_to_noise(1e-6, 1e5, 10**3.5, 1.0, 0.1, 500.0, 1.0)
    assert ratio == pytest.approx(7.9577e-18 * 2.51646 / 6.903e-21, rel=1e-4)
    side = jammer_to_noise(1e-6, 1e5, 10**3.5, 1e-3, 0.1, 500.0, 1.0)
    assert side == pytest.approx(1e-3 * ratio)
    assert jammer_to_noise_from_anchor(2e5, 1.0, 1e5, ratio) == pytest.approx(0.25 * ratio)


def test_burn_through_limits() -> None:
    assert self_screening_range_m(3e5, 0.0, 1e5) == pytest.approx(3e5)
    # Strong jamming: R = R0^2 / sqrt(C).
    assert self_screening_range_m(3e5, 1e6, 1e5) == pytest.approx(9e10 / 1e8, rel=1e-4)
    near, far = 800.0, 1000.0
    for reach, seen in ((near, True), (far, False)):
        snr = jammed_snr(snr_from_anchor(reach, 1.0, 3e5, 1.0, 20.0), 1e6 * (1e5 / reach) ** 2)
        assert (snr >= 20.0) is seen


def test_strobes() -> None:
    assert strobe_half_width_rad(1.0, 0.03, 1e-3, 10.0) == 0.0
    assert strobe_half_width_rad(1e5, 0.03, 1e-3, 10.0) == math.pi
    width = strobe_half_width_rad(1e3, 0.03, 1e-4, 10.0)
    assert 1e3 * beam_gain(width, 0.03, 1e-9) == pytest.approx(10.0)
    # The jammer stands 40 above the far end of a base of 30: it is 50 from the near end.
    assert strobe_crossing_m(30.0, math.atan2(40.0, 30.0), math.pi / 2) == pytest.approx(50.0)
    assert math.isinf(strobe_crossing_m(30.0, 1.0, 1.0))
    assert math.isnan(strobe_crossing_m(30.0, 1.2, 0.8))
