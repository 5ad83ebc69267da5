"""Noise jamming against its textbook forms, with thermal noise kept.

Authority: the jamming equations of Schleher, "Electronic Warfare in the Information Age", 1999,
chapter 4, solved here by bracketing on the signal ratio itself. Kind: closed form. Tolerance 1e-9
relative. No published burn-through measurement was found, so nothing stands above this.
"""

import math

from scipy.optimize import brentq

from openiads.physics.detection import required_snr
from openiads.physics.jamming import (
    jammed_snr,
    jammer_to_noise,
    jammer_to_noise_from_anchor,
    self_screening_range_m,
    stand_off_range_m,
    strobe_crossing_m,
)

EVIDENCE = {
    "model": "jamming", "authority": "Schleher 1999, ch. 4, solved numerically",
    "kind": "closed form",
}  # fmt: skip
REFERENCE_M = 100e3
CASES = [(r0, j) for r0 in (80e3, 250e3, 400e3) for j in (0.1, 3.0, 100.0, 1e4, 1e6)]


def test_burn_through_of_a_self_screening_jammer(record_property) -> None:
    worst = 0.0
    need = required_snr(0.8, 1e-6, 10, 1)
    for clear, ratio in CASES:

        def lack(range_m, clear=clear, ratio=ratio):
            snr = need * (clear / range_m) ** 4
            noise = ratio * (REFERENCE_M / range_m) ** 2
            return math.log(snr / (1.0 + noise) / need)

        wanted = brentq(lack, 1.0, 2.0 * clear, xtol=1e-9, rtol=1e-14)
        got = self_screening_range_m(clear, ratio, REFERENCE_M)
        worst = max(worst, abs(got / wanted - 1.0))
    record_property("cases", len(CASES))
    record_property("worst", worst)
    record_property("tolerance", 1e-9)
    assert worst < 1e-9


def test_range_under_stand_off_jammers(record_property) -> None:
    """Two jammers add their noise; the range is where the jammed ratio meets the need."""
    worst = 0.0
    for clear, ratio in CASES:
        far = jammer_to_noise_from_anchor(1.5 * REFERENCE_M, 1.0, REFERENCE_M, ratio)
        side = jammer_to_noise_from_anchor(2.0 * REFERENCE_M, 1e-3, REFERENCE_M, ratio)
        assert abs(far - ratio / 2.25) < 1e-12 * ratio
        reach = stand_off_range_m(clear, far + side)
        met = jammed_snr(20.0 * (clear / reach) ** 4, far + side) / 20.0
        worst = max(worst, abs(met - 1.0))
    record_property("cases", len(CASES))
    record_property("worst", worst)
    record_property("tolerance", 1e-9)
    assert worst < 1e-9


def test_density_in_the_receiver(record_property) -> None:
    """1 kW with 10 dB over 100 MHz at 100 km: the incident flux on the antenna's area over kT."""
    density = 1e3 * 10.0 / 100e6
    area = 10.0**3.5 * 0.1**2 / (4.0 * math.pi)
    wanted = density / (4.0 * math.pi * 1e10) * area / (1.380649e-23 * 500.0)
    got = jammer_to_noise(density, 1e5, 10.0**3.5, 1.0, 0.1, 500.0, 1.0)
    worst = abs(got / wanted - 1.0)
    record_property("worst", worst)
    record_property("tolerance", 1e-9)
    assert worst < 1e-9


def test_strobes_of_two_radars_cross_at_the_jammer(record_property) -> None:
    worst = 0.0
    for x, y in ((50e3, 80e3), (-30e3, 200e3), (140e3, 10e3)):
        first, second = math.atan2(y, x), math.atan2(y, x - 60e3)
        worst = max(worst, abs(strobe_crossing_m(60e3, first, second) / math.hypot(x, y) - 1.0))
    record_property("cases", 3)
    record_property("worst", worst)
    record_property("tolerance", 1e-9)
    assert worst < 1e-9
