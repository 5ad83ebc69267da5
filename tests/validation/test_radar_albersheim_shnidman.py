"""Albersheim's and Shnidman's equations, and how far they are from the exact answer.

Authority: outputs of MATLAB's albersheim() and shnidman() carried as test vectors by the sdr
package, data/radar_albersheim_shnidman_matlab.json, 58 cases. Kind: another implementation.
Tolerances: 1e-6 dB for the formulas; the exact inversion within 0.02 dB of the file's own exact
column; exact against Albersheim 0.2 dB for Pd >= 0.25 (the file shows that the usual claim fails
below) and against Shnidman 0.5 dB.
"""

import math

from openiads.physics.detectability import albersheim_snr, shnidman_snr
from openiads.physics.detection import required_snr
from reference_data import cases

EVIDENCE = {"model": "detection", "authority": "MATLAB albersheim and shnidman",
            "kind": "another implementation"}  # fmt: skip


def decibels(ratio: float) -> float:
    return 10.0 * math.log10(ratio)


def test_formulas_and_exact_values(record_property) -> None:
    worst_formula = worst_exact = 0.0
    rows = cases("radar_albersheim_shnidman_matlab")
    for row in rows:
        steady = (row["pd"], row["pfa"], row["n_pulses"])
        exact = decibels(required_snr(*steady, row["swerling"]))
        if row["equation"] == "albersheim":
            formula = decibels(albersheim_snr(*steady))
            if row["pd"] >= 0.25 and row["n_pulses"] <= 1000:
                assert abs(exact - formula) < 0.2
        else:
            formula = decibels(shnidman_snr(*steady, row["swerling"]))
            assert abs(exact - formula) < 0.5
        worst_formula = max(worst_formula, abs(formula - row["snr_db"]))
        worst_exact = max(worst_exact, abs(exact - row["snr_exact_oracle_db"]))
    assert worst_exact < 1e-4
    record_property("cases", len(rows))
    record_property("worst", worst_formula)
    record_property("tolerance", 1e-6)
    assert worst_formula < 1e-6
