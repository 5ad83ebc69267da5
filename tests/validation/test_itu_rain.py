"""Specific attenuation of rain against the ITU's validation examples.

Authority: ITU-R Study Group 3 examples CG-3M3J-13-ValEx-Rev5.1 for P.838-3, data/itu_p838_rain.json,
10 cases. Kind: published truth. Tolerance: 1e-6 relative (the file allows 1e-3; the coefficients
are printed to 8 decimals, which bounds them).
"""  # noqa: E501

import math

from openiads.physics.attenuation import rain_coefficients, rain_specific_db_km
from reference_data import cases

EVIDENCE = {"model": "propagation", "authority": "ITU-R SG3 validation examples, P.838",
            "kind": "published truth"}  # fmt: skip


def test_cases(record_property) -> None:
    rows = cases("itu_p838_rain")
    worst = 0.0
    for row in rows:
        path = math.radians(row["el_deg"]), math.radians(row["pol_tilt_deg"])
        k, alpha = rain_coefficients(1e9 * row["f_ghz"], *path)
        gamma = rain_specific_db_km(1e9 * row["f_ghz"], row["R_mm_h"], *path)
        worst = max(worst, abs(k / row["k"] - 1.0), abs(alpha / row["alpha"] - 1.0))
        worst = max(worst, abs(gamma / row["gamma_r_db_km"] - 1.0))
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-6)
    assert worst < 1e-6
