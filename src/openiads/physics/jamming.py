"""Noise jamming: how much noise a jammer adds, what range remains, and what a strobe tells.

A noise jammer raises the floor of the receiver evenly over its band. With J/N the ratio of its
density to thermal noise, every signal-to-noise ratio falls by 1 + J/N. No waveform beyond "noise
of a stated density" is modelled: deception, range-gate pull-off and the like are out of scope.
Reference: D. C. Schleher, "Electronic Warfare in the Information Age", 1999, chapter 4;
D. K. Barton, "Radar Equations for Modern Radar", 2013, chapter 3.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.radar import BOLTZMANN_J_PER_K

_FOUR_PI = 4.0 * math.pi
_FOUR_LN2 = 4.0 * math.log(2.0)


@kernel(elementwise=True)
def jammer_to_noise(
    density_w_hz, range_m, peak_gain, relative_gain, wavelength_m, temperature_k, loss
):
    """Ratio of jamming to thermal noise density in the receiver of the victim radar.

    J/N = D Gr g lambda^2 / ((4 pi)^2 R^2 k Ts L): D = Pj Gj / Bj the radiated density of the
    jammer towards the radar (W/Hz), R its range (m), Gr the radar's peak gain on reception, g
    the gain towards the jammer relative to that peak (`openiads.physics.radar.beam_gain`: 1 in
    the main lobe, the side-lobe ratio elsewhere), lambda (m), Ts (K), L losses of the one-way
    path (>= 1: polarisation, atmosphere). The jammer's band must cover the radar's.
    Reference: Schleher 1999, chapter 4.
    """
    aperture = peak_gain * relative_gain * wavelength_m * wavelength_m / _FOUR_PI
    incident = density_w_hz / (_FOUR_PI * range_m * range_m)
    return incident * aperture / (BOLTZMANN_J_PER_K * temperature_k * loss)


@kernel(elementwise=True)
def jammer_to_noise_from_anchor(range_m, relative_gain, anchor_range_m, anchor_ratio):
    """Jamming-to-noise ratio scaled from one known point: J/N0 (R0 / R)^2 g.

    ``anchor_ratio`` is the ratio with the jammer in the main lobe at ``anchor_range_m``.
    """
    ratio = anchor_range_m / range_m
    return anchor_ratio * relative_gain * ratio * ratio


@kernel(elementwise=True)
def jammed_snr(snr, jammer_noise):
    """Signal over thermal noise and jamming: (S/N) / (1 + J/N); J/N adds over jammers."""
    return snr / (1.0 + jammer_noise)


@kernel(elementwise=True)
def self_screening_range_m(clear_range_m, jammer_noise, reference_range_m):
    """Burn-through range of a target that carries the jammer, in the main lobe.

    The echo falls as R^-4, the jamming as R^-2: with R0 the range without jamming and
    C = J/N(R1) R1^2, the required signal ratio is met at R^4 + C R^2 - R0^4 = 0, so
    R^2 = 2 R0^4 / (C + sqrt(C^2 + 4 R0^4)). Detection is possible at R and below.
    clear_range R0, reference range R1 in m; jammer_noise = J/N(R1) in the main lobe. For strong
    jamming R -> R0^2 / sqrt(C), the textbook burn-through range.
    Reference: Schleher 1999, chapter 4, with thermal noise kept; validated against the jammed
    signal ratio itself in tests/validation/test_jamming_closed_forms.py.
    """
    clear = clear_range_m * clear_range_m
    c = jammer_noise * reference_range_m * reference_range_m
    return clear * math.sqrt(2.0 / (c + math.sqrt(c * c + 4.0 * clear * clear)))


@kernel(elementwise=True)
def stand_off_range_m(clear_range_m, jammer_noise):
    """Detection range while other jammers, at fixed places, add J/N: R0 (1 + J/N)^(-1/4).

    jammer_noise: the sum over jammers with the gain of the beam that looks at the target, so a
    jammer behind the target (main lobe) and one aside (side lobe) differ by the antenna alone.
    """
    return clear_range_m / (1.0 + jammer_noise) ** 0.25


@kernel(elementwise=True)
def strobe_half_width_rad(jammer_noise, beamwidth_rad, sidelobe_ratio, visible_ratio):
    """Half the sector in which a jammer shows as a strobe.

    The beam swept past the jammer receives J/N g(offset); a strobe is drawn where that is at
    least ``visible_ratio`` (assumed: 10, ten decibels above noise). Main lobe: offset =
    beamwidth sqrt(ln(J/N / visible) / (4 ln 2)); pi where even the side lobes show it, 0 where
    nothing does. jammer_noise in the main lobe; ratios linear. A simple law: the true shape
    follows the side lobes of the antenna, which are not public.
    """
    if jammer_noise * sidelobe_ratio >= visible_ratio:
        return math.pi
    if jammer_noise < visible_ratio:
        return 0.0
    return beamwidth_rad * math.sqrt(math.log(jammer_noise / visible_ratio) / _FOUR_LN2)


@kernel(elementwise=True)
def strobe_crossing_m(baseline_m, bearing_rad, other_bearing_rad):
    """Range from the first of two radars to a jammer that both see as a strobe.

    Law of sines: R = b sin(beta2) / sin(beta2 - beta1), b the baseline (m) and the bearings at
    both ends measured from the baseline's direction to the same side, on a plane.
    Infinite for parallel strobes; NaN where the strobes part.
    """
    across = math.sin(other_bearing_rad - bearing_rad)
    if across == 0.0:
        return math.inf
    crossing = baseline_m * math.sin(other_bearing_rad) / across
    return crossing if crossing > 0.0 else math.nan
