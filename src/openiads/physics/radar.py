"""The radar equation, beams, moving-target filters and the accuracy of a measurement.

Powers are linear ratios, never decibels; angles are radians; one way unless a name says two-way.
Noise jamming is in `openiads.physics.jamming`, detection in `openiads.physics.detection`.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

SPEED_OF_LIGHT_MPS = 299_792_458.0  # exact, SI
BOLTZMANN_J_PER_K = 1.380649e-23  # exact, SI 2019
_FOUR_PI = 4.0 * math.pi
_FOUR_LN2 = 4.0 * math.log(2.0)
MONOPULSE_SLOPE = 1.6  # k_m of a typical monopulse antenna: Barton and Ward 1969, chapter 2
BEAM_SHAPE_LOSS_ONE_DIMENSION = math.sqrt(8.0 * math.log(2.0) / math.pi)  # 1.33, 1.23 dB


@kernel(elementwise=True)
def decibels(ratio):
    """10 log10 of a power ratio (> 0)."""
    return 10.0 * math.log10(ratio)


@kernel(elementwise=True)
def power_ratio(decibel):
    """The power ratio of a number of decibels: 10^(dB / 10)."""
    return 10.0 ** (0.1 * decibel)


@kernel(elementwise=True)
def bistatic_snr(
    power_w,
    pulse_s,
    gain_transmit,
    gain_receive,
    wavelength_m,
    rcs_m2,
    range_transmit_m,
    range_receive_m,
    temperature_k,
    loss,
):
    """Signal-to-noise power ratio of one pulse at the output of a matched filter.

    S/N = P tau Gt Gr lambda^2 sigma / ((4 pi)^3 k Ts Rt^2 Rr^2 L)

    P peak power (W), tau pulse length (s; uncompressed), Gt, Gr gains (linear), lambda (m),
    sigma cross-section (m^2), Rt, Rr ranges from transmitter and receiver to the target (m, > 0),
    Ts system noise temperature (K), L total loss (>= 1, linear); monostatic when Rt = Rr.
    Free space, far field, target small against the beam. Reference: M. I. Skolnik, "Radar
    Handbook", 3rd ed. 2008, chapter 1 (radar equation); validated in
    tests/validation/test_radar_range_equation.py.
    """
    energy = power_w * pulse_s * gain_transmit * gain_receive * wavelength_m * wavelength_m
    spread = range_transmit_m * range_receive_m
    return (
        energy * rcs_m2 / (_FOUR_PI**3 * BOLTZMANN_J_PER_K * temperature_k * spread * spread * loss)
    )


@kernel(elementwise=True)
def monostatic_snr(power_w, pulse_s, gain, wavelength_m, rcs_m2, range_m, temperature_k, loss):
    """`bistatic_snr` for one antenna of gain ``gain`` at ``range_m``."""
    return bistatic_snr(
        power_w,
        pulse_s,
        gain,
        gain,
        wavelength_m,
        rcs_m2,
        range_m,
        range_m,
        temperature_k,
        loss,
    )


@kernel(elementwise=True)
def monostatic_range_m(snr, power_w, pulse_s, gain, wavelength_m, rcs_m2, temperature_k, loss):
    """Range at which `monostatic_snr` equals ``snr`` (> 0): R = R1 (S/N at R1 / snr)^(1/4)."""
    at_one_metre = monostatic_snr(
        power_w, pulse_s, gain, wavelength_m, rcs_m2, 1.0, temperature_k, loss
    )
    return (at_one_metre / snr) ** 0.25


@kernel(elementwise=True)
def monostatic_power_w(snr, pulse_s, gain, wavelength_m, rcs_m2, range_m, temperature_k, loss):
    """Peak power for which `monostatic_snr` equals ``snr``."""
    per_watt = monostatic_snr(
        1.0, pulse_s, gain, wavelength_m, rcs_m2, range_m, temperature_k, loss
    )
    return snr / per_watt


@kernel(elementwise=True)
def sector_solid_angle_sr(azimuth_width_rad, elevation_low_rad, elevation_high_rad):
    """Solid angle of a search sector: width (sin(el high) - sin(el low))."""
    return azimuth_width_rad * (math.sin(elevation_high_rad) - math.sin(elevation_low_rad))


@kernel(elementwise=True)
def search_snr(
    power_aperture_w_m2, rcs_m2, search_time_s, solid_angle_sr, range_m, temperature_k, loss
):
    """Signal-to-noise ratio of a radar that searches a solid angle in a given time.

    S/N = Pav A sigma t / (4 pi k Ts Omega R^4 L): Pav A the power-aperture product (W m^2),
    t the time for one search (s), Omega the solid angle (sr), the rest as in `bistatic_snr`.
    All energy of one search counts as integrated without loss.
    Reference: Skolnik 2008, chapter 1 (surveillance-radar equation).
    """
    noise = BOLTZMANN_J_PER_K * temperature_k * solid_angle_sr * loss
    return power_aperture_w_m2 * rcs_m2 * search_time_s / (_FOUR_PI * noise * range_m**4)


@kernel(elementwise=True)
def snr_from_anchor(range_m, rcs_m2, anchor_range_m, anchor_rcs_m2, anchor_snr):
    """Signal-to-noise ratio scaled from one known point of the same radar.

    S/N = S/N0 (sigma / sigma0) (R0 / R)^4: what a published "range R0 against a target of
    sigma0" says about every other range and target when all else (beam position, waveform,
    losses, weather) is equal. Ranges in m; a range of 0 gives infinity. anchor_snr is
    ``required_snr(pd, pfa, pulses, swerling)`` at the published detection probability.
    Reference: the radar equation of `monostatic_snr` as a ratio.
    """
    if range_m <= 0.0:
        return math.inf
    ratio = anchor_range_m / range_m
    ratio *= ratio
    return anchor_snr * (rcs_m2 / anchor_rcs_m2) * ratio * ratio


@kernel(elementwise=True)
def range_from_anchor_m(snr, rcs_m2, anchor_range_m, anchor_rcs_m2, anchor_snr):
    """Range at which `snr_from_anchor` equals ``snr`` (> 0)."""
    return anchor_range_m * (anchor_snr / snr * rcs_m2 / anchor_rcs_m2) ** 0.25


@kernel(elementwise=True)
def attenuated_snr(snr, one_way_loss_db):
    """Signal-to-noise ratio after a propagation loss stated in decibels for one way."""
    return snr * 10.0 ** (-0.2 * one_way_loss_db)


@kernel(elementwise=True)
def beam_gain(offset_rad, beamwidth_rad, sidelobe_ratio):
    """One-way power gain off the beam axis, relative to the peak.

    g = max(exp(-4 ln 2 (offset / beamwidth)^2), sidelobe): a Gaussian main lobe that is one half
    at half the half-power beamwidth, over a constant side-lobe floor. The Gaussian is within
    0.7 dB of a uniform line source down to -6 dB and nearer to tapered ones; real side lobes
    rise and fall about such a floor (assumed: their average is what matters to a campaign).
    offset, beamwidth (> 0) in rad; sidelobe as a power ratio < 1.
    """
    x = offset_rad / beamwidth_rad
    return max(math.exp(-_FOUR_LN2 * x * x), sidelobe_ratio)


@kernel(elementwise=True)
def beam_shape_loss(pulses):
    """Loss of a scanning Gaussian beam that integrates the pulses between its half-power points.

    L = n / (1 + 2 sum over k = 1 .. (n-1)/2 of exp(-5.55 k^2 / (n-1)^2)), n pulses in the
    beamwidth with one at the peak; 1.94 dB for 11 (printed as 1.96 there). pulses an integer
    >= 1; an even count uses the pulses that straddle the peak. 5.55 = 8 ln 2: two-way Gaussian.
    Reference: M. I. Skolnik, "Introduction to Radar Systems", 2nd ed. 1980, section 2.12.
    """
    n = int(pulses)
    if n <= 1:
        return 1.0
    total = 0.0
    for k in range(n):
        x = (k - 0.5 * (n - 1)) / (n - 1)
        total += math.exp(-2.0 * _FOUR_LN2 * x * x)
    return n / total


@kernel(elementwise=True)
def range_error_m(snr, pulses, resolution_m, floor_m):
    """Standard deviation of a range measurement.

    sigma^2 = min(dR / sqrt(2 n S/N), dR / sqrt(12))^2 + floor^2: resolution dR = c / (2 B) (m),
    n pulses integrated, S/N per pulse (linear). The floor (m) holds what does not shrink with
    the signal (calibration, quantisation); a detection says at worst "in this cell", which
    bounds the noise term by a uniform cell. Reference: G. R. Curry, "Radar System Performance
    Modeling", 2nd ed. 2005, chapter 8; D. K. Barton and H. R. Ward, "Handbook of Radar
    Measurement", 1969, chapter 3.
    """
    return math.hypot(_cell_error(snr, pulses, resolution_m), floor_m)


@kernel(elementwise=True)
def angle_error_rad(snr, pulses, beamwidth_rad, slope, floor_rad):
    """Standard deviation of an angle measurement, per coordinate.

    sigma^2 = min(theta / (k_m sqrt(2 n S/N)), theta / sqrt(12))^2 + floor^2: half-power
    beamwidth theta (rad), monopulse slope k_m (1.6 where nothing better is known; for azimuth
    by scanning past the target about 1), n pulses, S/N per pulse. Broadside; a phased array
    steered by a is wider by 1 / cos a, which the caller puts into the beamwidth.
    Reference: Curry 2005, chapter 8; Barton and Ward 1969, chapter 2.
    """
    cell = math.sqrt(2.0 * snr * pulses) * slope
    noise = beamwidth_rad * min(1.0 / cell if cell > 0.0 else 1.0, 1.0 / math.sqrt(12.0))
    return math.hypot(noise, floor_rad)


@kernel(elementwise=True)
def range_rate_error_mps(snr, wavelength_m, dwell_s, floor_mps):
    """Standard deviation of a Doppler measurement of range rate.

    sigma^2 = min(dV / sqrt(2 S/N), dV / sqrt(12))^2 + floor^2 with dV = lambda / (2 t): dwell t
    (s) integrated coherently, S/N of the whole dwell. Reference: Curry 2005, chapter 8.
    """
    return math.hypot(_cell_error(snr, 1, 0.5 * wavelength_m / dwell_s), floor_mps)


@kernel
def _cell_error(snr, pulses, cell):
    root = math.sqrt(2.0 * snr * pulses)
    return cell * min(1.0 / root if root > 0.0 else 1.0, 1.0 / math.sqrt(12.0))


@kernel(elementwise=True)
def blind_speed_mps(wavelength_m, pulse_rate_hz, order):
    """The blind speed of a given order: v = order lambda PRF / 2 (Skolnik 2008, chapter 2)."""
    return 0.5 * order * wavelength_m * pulse_rate_hz


@kernel(elementwise=True)
def canceller_gain(range_rate_mps, wavelength_m, pulse_rate_hz, delays):
    """Signal gain of a moving-target filter relative to its mean gain on noise.

    G = (2 sin(2 pi v / (lambda PRF)))^(2 d) / C(2 d, d): d delay lines in cascade (1 or more),
    range rate v (m/s, either sign); mean over v is 1, zero at every blind speed. Multiply the
    signal-to-noise ratio by it. One pulse rate; for staggered rates average the gains.
    Reference: Skolnik 2008, chapter 2 (delay-line cancellers).
    """
    line = 2.0 * math.sin(2.0 * math.pi * range_rate_mps / (wavelength_m * pulse_rate_hz))
    gain = 1.0
    for k in range(1, int(delays) + 1):
        gain *= line * line * k / (2.0 * (2.0 * k - 1.0))
    return gain


@kernel(elementwise=True)
def outside_notch(range_rate_mps, notch_mps):
    """Whether a Doppler filter passes a target: |range rate| at or above the notch half-width.

    The simplification for radars of which no waveform is public: pulse-to-pulse stagger is
    taken to fill every blind speed but the first, which lies at zero.
    """
    return abs(range_rate_mps) >= notch_mps


@kernel(elementwise=True)
def resolution_cells(depth_m, resolution_m, sector_sr, beam_sr):
    """Number of independent decisions in one scan: range cells times beam positions."""
    return (depth_m / resolution_m) * (sector_sr / beam_sr)


@kernel(elementwise=True)
def false_plots_per_scan(pfa, cells):
    """Mean number of noise crossings in a scan: Pfa times cells; the count is Poisson."""
    return pfa * cells
