"""Required signal-to-noise ratio against an independent inversion of the exact forms.

Authority: scipy and mpmath, data/radar_required_snr.json, 65 cases. Kind: another implementation.
Tolerance: 1e-5 dB, not the file's 0.02 dB: both sides are exact and the file holds six decimals.
"""

import math

from openiads.physics.detection import detection_probability, required_snr
from reference_data import cases

EVIDENCE = {"model": "detection", "authority": "exact forms inverted (scipy, mpmath)",
            "kind": "another implementation"}  # fmt: skip


def test_cases(record_property) -> None:
    rows = cases("radar_required_snr")
    worst = 0.0
    for row in rows:
        snr = required_snr(row["pd"], row["pfa"], row["n_pulses"], row["swerling"])
        worst = max(worst, abs(10.0 * math.log10(snr) - row["snr_required_db"]))
        back = detection_probability(snr, row["pfa"], row["n_pulses"], row["swerling"])
        assert abs(back - row["pd"]) < 1e-11
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-5)
    assert worst < 1e-5
