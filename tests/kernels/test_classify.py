"""Classes of targets: the fit of a feature, Bayes' rule, and what an echo tells."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from openiads.domain.track_classes import (
    TRACK_CLASS,
    class_begin,
    class_distance,
    class_update,
    level_feature,
)
from openiads.physics.detection import detection_probability, threshold
from openiads.physics.echo import (
    EXPONENTIAL_MEAN_DB,
    EXPONENTIAL_SPREAD_DB,
    detected_snr,
    fluctuation,
)

CLASSES = np.array(
    [(1.0, 250.0, 0.25, 8e3, 0.4, 3.5, 8.0), (1.0, 45.0, 0.25, 1e3, 1.0, -20.0, 8.0),
     (2.0, 240.0, 0.25, 60.0, 0.7, -20.0, 8.0)], TRACK_CLASS,
).view(np.recarray)  # fmt: skip
"""An aircraft, a drone, a cruise missile that is expected twice as often."""


def posterior(looks, **errors):
    log_p = np.zeros((1, len(CLASSES)))
    class_begin(CLASSES, log_p, 0)
    for speed, height, rcs, weight in looks:
        class_update(CLASSES, log_p, 0, speed, height, rcs, weight, *errors.values())
    return np.exp(log_p[0])


def test_exact_features_give_bayes_rule_on_log_normal_laws():
    speed, height, rcs, weight = 180.0, 700.0, -8.0, 0.3
    wanted = (
        CLASSES.prior
        * (
            stats.norm.pdf(np.log(speed), np.log(CLASSES.speed_mps), CLASSES.speed_spread)
            * stats.norm.pdf(np.log(height), np.log(CLASSES.height_m), CLASSES.height_spread)
            * stats.norm.pdf(rcs, CLASSES.rcs_dbsm, CLASSES.rcs_spread_db)
        )
        ** weight
    )
    found = posterior([(speed, height, rcs, weight)])
    # 1e-3: a height of 60 m is not large against the floor of 1 m by more digits than that.
    assert found == pytest.approx(wanted / wanted.sum(), rel=1e-3)


def test_a_large_error_makes_the_law_a_normal_one_of_the_feature():
    error = 1e6
    for height in (-3e3, 0.0, 50.0, 4e3):
        levelled = level_feature(height, error, 1.0)
        for median in (60.0, 8e3):
            distance, variance = class_distance(*levelled, median, 0.5)
            assert variance == pytest.approx(1.0, rel=1e-3), "in units of the error"
            assert distance == pytest.approx(((height - median) / error) ** 2, rel=1e-3)


def test_a_height_of_large_error_does_not_rule_out_what_flies_low():
    sure = posterior([(0.0, 500.0, math.nan, 1.0)], speed=0.0, height=5.0)
    vague = posterior([(0.0, 500.0, math.nan, 1.0)], speed=0.0, height=500.0)
    below = posterior([(0.0, -400.0, math.nan, 1.0)], speed=0.0, height=500.0)
    assert sure[1] > 0.9
    assert vague[2] > 5.0 * sure[2]
    assert below[2] > 0.8


def test_no_class_falls_below_its_floor():
    log_p = np.zeros((1, 3))
    class_begin(CLASSES, log_p, 0)
    for _ in range(50):
        best = class_update(CLASSES, log_p, 0, 250.0, 8e3, 3.5, 1.0, 0.0, 0.0, 0.0, 1e-6)
    p = np.exp(log_p[0])
    assert best == 0
    assert p[1:] == pytest.approx([1e-6, 1e-6], rel=1e-5)
    assert p.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("shape", "within"), [(1.0, 0.12), (2.0, 0.05), (10.0, 0.01)])
def test_fluctuations_are_gamma_distributed(shape, within):
    for p in (0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9):
        exact = stats.gamma.isf(p, shape) / shape
        assert fluctuation(p, shape) == pytest.approx(exact, rel=within)
    assert fluctuation(0.3, 0.0) == 1.0


def test_a_detected_look_is_strong_enough_to_be_one():
    pfa, pulses = 1e-6, 4
    level = threshold(pfa, pulses)
    for snr in (0.3, 3.0, 30.0):
        chance = detection_probability(snr, pfa, pulses, 1)
        shown = [detected_snr(snr, chance, u, level, pulses, 1) for u in (0.01, 0.3, 0.7, 0.999)]
        assert shown == sorted(shown, reverse=True)
        assert min(shown) >= level / pulses - 1.0


def test_one_pulse_of_swerling_1_shows_the_exact_law_above_the_threshold():
    """Given that it is detected, the sum exceeds the threshold by an exponential of mean 1 + S."""
    level, snr = threshold(1e-6, 1), 60.0
    chance = math.exp(-level / (1.0 + snr))
    for u in (0.05, 0.2, 0.5, 0.8):
        exact = level - (1.0 + snr) * math.log(u) - 1.0
        assert detected_snr(snr, chance, u, level, 1, 1) == pytest.approx(exact, rel=0.06)


def test_moments_of_an_exponential_in_decibels():
    assert pytest.approx(-10.0 * np.euler_gamma / math.log(10.0), abs=1e-3) == EXPONENTIAL_MEAN_DB
    spread = 10.0 / math.log(10.0) * math.pi / math.sqrt(6.0)
    assert pytest.approx(spread, abs=1e-3) == EXPONENTIAL_SPREAD_DB
