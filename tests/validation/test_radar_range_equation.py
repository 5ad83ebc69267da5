"""The radar equation against MATLAB's worked examples.

Authority: MathWorks documentation pages radareqsnr, radareqrng, radareqpow, radareqsearchsnr,
data/radar_range_equation.json, 5 cases. Kind: another implementation (printed examples).
Tolerances as stated there: 0.002 dB, 1e-4 relative.
"""

import math

import pytest

from openiads.physics.radar import (
    SPEED_OF_LIGHT_MPS,
    bistatic_snr,
    decibels,
    monostatic_power_w,
    monostatic_range_m,
    monostatic_snr,
    power_ratio,
    search_snr,
    sector_solid_angle_sr,
)
from reference_data import cases

EVIDENCE = {"model": "radar_equation", "authority": "MATLAB radareq examples",
            "kind": "another implementation"}  # fmt: skip


def answer(row) -> float:
    given = row["inputs"]
    loss = power_ratio(given.get("loss_db", 0.0))
    end = (given["rcs_m2"], given["ts_k"], loss)
    rcs, noise = given["rcs_m2"], given["ts_k"]
    if "power_aperture_w_m2" in given:
        azimuth, elevation = given["az_deg"], given["el_deg"]
        solid = sector_solid_angle_sr(
            math.radians(azimuth[1] - azimuth[0]), *(math.radians(e) for e in elevation)
        )
        assert solid == pytest.approx(given["search_solid_angle_sr"], rel=1e-12)
        power = given["power_aperture_w_m2"]
        time_s = given["search_time_s"]
        return decibels(search_snr(power, rcs, time_s, solid, given["range_m"], noise, loss))
    wavelength = SPEED_OF_LIGHT_MPS / given["fc_hz"]
    if "range_tx_m" in given:
        gains = power_ratio(given["gain_tx_db"]), power_ratio(given["gain_rx_db"])
        ranges = given["range_tx_m"], given["range_rx_m"]
        return decibels(
            bistatic_snr(given["pt_w"], given["tau_s"], *gains, wavelength, rcs, *ranges, *end[1:])
        )
    gain = power_ratio(given["gain_db"])
    shape = (given["tau_s"], gain, wavelength, rcs)
    if row["quantity"] == "snr_db":
        return decibels(monostatic_snr(given["pt_w"], *shape, given["range_m"], noise, loss))
    snr = power_ratio(given["snr_db"])
    if row["quantity"] == "range_m":
        return monostatic_range_m(snr, given["pt_w"], *shape, noise, loss)
    assert row["quantity"] == "pt_w"
    return monostatic_power_w(snr, *shape, given["range_m"], noise, loss)


def test_cases(record_property) -> None:
    worst = 0.0
    rows = cases("radar_range_equation")
    for row in rows:
        value = answer(row)
        # Share of the tolerance that is used: against the oracle (five decimals) and the print.
        if row["quantity"].endswith("_db"):
            worst = max(worst, abs(value - row["published"]) / 0.002)
        else:
            worst = max(worst, abs(value / row["published"] - 1.0) / 1e-4)
        assert value == pytest.approx(row["oracle"], rel=1e-6)
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1.0)
    assert worst < 1.0
