"""Radio refractivity against ITU-R P.453 and its maps.

Authority: ITU-R P.453-14 (formula, mean profile, wet-term map at four places from the Study Group 3
examples) and the CRPL constants, data/itu_p453_refractivity.json, 13 cases. Kind: published truth.
Tolerance: 2e-3 as stated. The map is read by package itur; the kernels take its surface value.
"""

import pytest

from openiads.physics.refraction import (
    CRPL_DECAY_PER_M,
    CRPL_SURFACE_REFRACTIVITY,
    MEAN_SCALE_HEIGHT_M,
    MEAN_SURFACE_REFRACTIVITY,
    exponential_refractivity,
    refractivity,
)
from reference_data import cases

EVIDENCE = {"model": "propagation", "authority": "ITU-R P.453 and SG3 validation examples",
            "kind": "published truth"}  # fmt: skip


def answer(row) -> tuple[float, float]:
    if "lat" in row:
        itu453 = pytest.importorskip("itur.models.itu453", reason="NOT CHECKED: no itur")
        place = row["lat"], row["lon"], row["p_percent"]
        return float(itu453.map_wet_term_radio_refractivity(*place).value), row["Nwet"]
    if "P_hpa" in row:
        return refractivity(float(row["P_hpa"]), float(row["e_hpa"]), row["T_K"]), row["N"]
    if "CRPL" in row["case"]:
        surface, decay = CRPL_SURFACE_REFRACTIVITY, CRPL_DECAY_PER_M
    else:
        surface, decay = MEAN_SURFACE_REFRACTIVITY, 1.0 / MEAN_SCALE_HEIGHT_M
    return exponential_refractivity(1e3 * row["h_km"], surface, decay), row["N"]


def test_cases(record_property) -> None:
    rows = cases("itu_p453_refractivity")
    pairs = [answer(row) for row in rows]
    worst = max(abs(found / truth - 1.0) for found, truth in pairs)
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 2e-3)
    assert worst < 2e-3
