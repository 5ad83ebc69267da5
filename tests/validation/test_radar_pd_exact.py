"""Detection probability against an independent computation of the exact forms.

Authority: scipy 1.17 and mpmath 1.4 (30 digits) on the closed forms of Meyer and Mayer 1973, as
carried in data/radar_pd_exact.json; 130 cases, Swerling 0 to 4. Kind: another implementation.
Tolerance: 1e-9, not the file's 1e-4: both sides are exact and the file holds ten digits.
The grid below extends it with scipy's own special functions to pulses 1 to 1000 and Pfa 1e-12 to
1e-2; tolerance 1e-11, the accuracy that scipy's functions keep there.
"""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from openiads.physics.detection import detection_probability, probability_at_threshold, threshold
from reference_data import cases

EVIDENCE = {"model": "detection", "authority": "exact forms (scipy, mpmath)",
            "kind": "another implementation"}  # fmt: skip
PULSES = (1, 2, 3, 7, 10, 30, 100, 316, 1000)
FALSE_ALARM = (1e-12, 1e-9, 1e-6, 1e-4, 1e-2)
SNR = 10.0 ** np.linspace(-4.0, 4.0, 33)


def test_cases(record_property) -> None:
    rows = cases("radar_pd_exact")
    worst = 0.0
    for row in rows:
        snr = 10.0 ** (row["snr_db"] / 10.0)
        pd = detection_probability(snr, row["pfa"], row["n_pulses"], row["swerling"])
        worst = max(worst, abs(pd - row["pd"]))
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-9)
    assert worst < 1e-9


def oracle(swerling: int, pulses: int, pfa: float, snr: np.ndarray) -> np.ndarray:
    level = scipy.special.gammainccinv(pulses, pfa)
    if swerling == 0:
        return scipy.stats.ncx2.sf(2.0 * level, 2 * pulses, 2.0 * pulses * snr)
    shape = {1: 1, 2: pulses, 3: 2, 4: 2 * pulses}[swerling]
    extra = np.arange(int(level + 12.0 * np.sqrt(level)) + 60)
    below = scipy.special.gammainc(pulses + extra, level)
    signal = pulses * snr[:, None]
    weight = scipy.stats.nbinom.pmf(extra, shape, shape / (shape + signal))
    return 1.0 - (weight * below).sum(axis=1)


@pytest.mark.parametrize("swerling", range(5))
def test_grid(swerling: int, record_property) -> None:
    worst = 0.0
    for pulses in PULSES:
        for pfa in FALSE_ALARM:
            pd = detection_probability(SNR, pfa, pulses, swerling)
            worst = max(worst, np.abs(pd - oracle(swerling, pulses, pfa, SNR)).max())
    record_property("cases", len(PULSES) * len(FALSE_ALARM) * len(SNR))
    record_property("worst", worst)
    record_property("tolerance", 1e-11)
    assert worst < 1e-11


def test_threshold_is_the_inverse_incomplete_gamma() -> None:
    pulses, pfa = np.meshgrid(np.array(PULSES), np.array(FALSE_ALARM))
    level = threshold(pfa, pulses)
    assert np.abs(level / scipy.special.gammainccinv(pulses, pfa) - 1.0).max() < 1e-12


def test_a_known_threshold_gives_the_same_probability() -> None:
    for swerling in range(5):
        level = threshold(1e-6, 10)
        assert probability_at_threshold(2.0, level, 1e-6, 10, swerling) == detection_probability(
            2.0, 1e-6, 10, swerling
        )
