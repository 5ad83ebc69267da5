"""Classification: what kind of target a track is, from speed, height and cross-section."""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel

TRACK_CLASS = np.dtype(
    [
        ("prior", np.float64),
        ("speed_mps", np.float64),
        ("speed_spread", np.float64),
        ("height_m", np.float64),
        ("height_spread", np.float64),
        ("rcs_dbsm", np.float64),
        ("rcs_spread_db", np.float64),
    ]
)
"""A class of targets: ``prior`` probability; median speed and height with the standard deviations
of their natural logarithms; mean cross-section and its spread in dB. A class may have several
records, one for each way in which it flies."""


LOOK_RATE_PS = 0.04
"""New information that a second of looking brings, in independent looks (assumed: what makes a
target unlike its class stays with it, so a look after 5 s tells a fifth of what a first one would;
no public figure)."""


@kernel(borrows=True)
def feature_fit(value, error, floor, median, spread):
    """Log-likelihood of a measured feature in a class, but for a term that is equal in all classes.

    ln N(f(x); f(m), (s m / r(m))^2 + (e / r(x))^2),  f(x) = asinh(x / c), r(x) = sqrt(x^2 + c^2)

    x: the measured ``value``; e: its ``error`` (one sigma); c: the larger of e and ``floor``; m, s:
    ``median`` of the class and spread of its logarithm. Where the error is small against the value
    this is the log-normal law of the class; where it is large, f is linear and this is a normal
    law of the feature itself, so that a height below nothing has a likelihood as well.
    The transform levels the variance of an error that is partly constant and partly in proportion:
    Durbin et al., Bioinformatics 18 (supplement 1), 2002.
    """
    c = max(error, floor)
    at = math.asinh(value / c) - math.asinh(median / c)
    own = spread * median / math.sqrt(median * median + c * c)
    seen = error / math.sqrt(value * value + c * c)
    variance = own * own + seen * seen
    return -0.5 * (at * at / variance + math.log(variance))


@kernel(borrows=True)
def class_update(
    classes, log_p, i, speed_mps, height_m, rcs_dbsm, weight,
    speed_error_mps=0.0, height_error_m=0.0, rcs_error_db=0.0, least=0.0,
):  # fmt: skip
    """Bayes' rule on the class probabilities of track ``i`` with one look at its features.

    ln p_k += weight * (fit of ln v + fit of ln h + ln N(rcs; rcs_k, s_k^2 + e^2)), normalised.
    Speed and height are log-normal in a class (`feature_fit`), the cross-section is normal in
    decibels. Looks at one target are alike, not independent, so ``weight`` < 1 stands for the share
    of new information in a look (`LOOK_RATE_PS`). A feature that is not known is NaN, or a speed
    that is not above 0, and says nothing.

    Args: classes, records with the fields of `TRACK_CLASS`; log_p (tracks, classes), natural
    logarithms of probabilities, changed in row ``i``; m/s, m, dBsm and their errors (one sigma);
    ``least``: no class falls further below the most probable one than this share of it.
    Returns the most probable class.
    """
    best, most = 0, -math.inf
    for k in range(classes.size):
        c = classes[k]
        score = 0.0
        if speed_mps > 0.0:
            score += feature_fit(speed_mps, speed_error_mps, 0.1, c.speed_mps, c.speed_spread)
        if not math.isnan(height_m):
            score += feature_fit(height_m, height_error_m, 1.0, c.height_m, c.height_spread)
        if not math.isnan(rcs_dbsm):
            u = rcs_dbsm - c.rcs_dbsm
            variance = c.rcs_spread_db * c.rcs_spread_db + rcs_error_db * rcs_error_db
            score -= 0.5 * (u * u / variance + math.log(variance))
        log_p[i, k] += weight * score
        if log_p[i, k] > most:
            most = log_p[i, k]
            best = k
    total = 0.0
    for k in range(classes.size):
        share = max(math.exp(log_p[i, k] - most), least)
        if share > 0.0 and least > 0.0:
            log_p[i, k] = most + math.log(share)
        total += share
    shift = most + math.log(total)
    for k in range(classes.size):
        log_p[i, k] -= shift
    return best


@kernel(borrows=True)
def class_begin(classes, log_p, i):
    """Set row ``i`` of ``log_p`` to the prior of the classes."""
    total = 0.0
    for k in range(classes.size):
        total += classes[k].prior
    for k in range(classes.size):
        log_p[i, k] = math.log(max(classes[k].prior, 1e-300) / total)
