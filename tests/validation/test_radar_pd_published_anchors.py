"""Detection against three published anchors: Mahafza's integration gain, Richards' identities.

Authority: data/radar_pd_published_anchors.json, each case names its source. Kind: published truth.
Tolerances as stated there: 0.25 dB for Mahafza (whose figures are read from curves), 1e-9 for the
identities between Swerling cases, 0.01 dB for the closed form of Swerling 1.
"""

import math

import numpy as np
import pytest

from openiads.physics.detection import detection_probability, required_snr
from reference_data import cases

EVIDENCE = {"model": "detection", "authority": "Mahafza; Richards 2018", "kind": "published truth"}
SNR = 10.0 ** np.linspace(-2.0, 3.0, 26)


def decibels(ratio: float) -> float:
    return 10.0 * math.log10(ratio)


def test_every_anchor_is_used() -> None:
    assert len(cases("radar_pd_published_anchors")) == 3


def test_integration_gain() -> None:
    row = cases("radar_pd_published_anchors")[0]
    one = decibels(required_snr(row["pd"], row["pfa"], 1, row["swerling"]))
    ten = decibels(required_snr(row["pd"], row["pfa"], 10, row["swerling"]))
    # A finding about the source: its printed 14.5 dB for one pulse is 0.36 dB above the exact
    # value, beyond the file's own 0.25 dB, so the exact value is the reference there.
    assert row["snr_1pulse_db"] - row["oracle_1"] == pytest.approx(0.357, abs=1e-3)
    assert one == pytest.approx(row["oracle_1"], abs=1e-3)
    assert ten == pytest.approx(row["oracle_10"], abs=1e-3)
    assert ten == pytest.approx(row["snr_10pulse_db"], abs=row["tolerance_db"])


@pytest.mark.parametrize(("pulses", "left", "right"), [(1, 1, 2), (1, 3, 4), (2, 2, 3)])
def test_identities(pulses: int, left: int, right: int, record_property) -> None:
    row = cases("radar_pd_published_anchors")[1]
    for pfa in (1e-12, 1e-6, 1e-2):
        a = detection_probability(SNR, pfa, pulses, left)
        b = detection_probability(SNR, pfa, pulses, right)
        assert np.abs(a - b).max() < row["tolerance"]


def test_swerling_1_closed_form() -> None:
    row = cases("radar_pd_published_anchors")[2]
    snr = required_snr(row["pd"], row["pfa"], row["n_pulses"], row["swerling"])
    assert decibels(snr) == pytest.approx(row["snr_db"], abs=row["tolerance_db"])
    exact = math.log(row["pfa"]) / math.log(row["pd"]) - 1.0
    assert snr == pytest.approx(exact, rel=1e-10)
