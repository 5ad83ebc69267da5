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


@kernel(inline="always", borrows=True)
def level_feature(value, error, floor):
    """(c, f(x), variance of f(x)) of a measured feature x with an error e (one sigma).

    f(x) = asinh(x / c),  var f = e^2 / (x^2 + c^2),  c the larger of e and ``floor``

    The transform levels the variance of an error that is partly constant and partly in proportion:
    Durbin et al., Bioinformatics 18 (supplement 1), 2002.
    """
    c = max(error, floor)
    return c, math.asinh(value / c), error * error / (value * value + c * c)


@kernel(inline="always", borrows=True)
def class_distance(c, at, variance, median, spread):
    """(squared distance, total variance) of a levelled feature (`level_feature`) to a class.

    d^2 = (f(x) - f(m)) ^2 / V,  V = var f(x) + (s m)^2 / (m^2 + c^2)

    m, s: median of the class and spread of its logarithm. Where the error is small against the
    value this is the log-normal law of the class; where it is large, f is linear and this is a
    normal law of the feature itself, so that a height below nothing has a likelihood as well.
    """
    m = median / c
    root = math.sqrt(m * m + 1.0)
    own = spread * m / root
    total = variance + own * own
    away = at - math.log(m + root)
    return away * away / total, total


@kernel(borrows=True)
def class_update(
    classes, log_p, i, speed_mps, height_m, rcs_dbsm, weight,
    speed_error_mps=0.0, height_error_m=0.0, rcs_error_db=0.0, least=0.0,
):  # fmt: skip
    """Bayes' rule on the class probabilities of track ``i`` with one look at its features.

    ln p_k += weight * (ln N(v) + ln N(h) + ln N(rcs; rcs_k, s_k^2 + e^2)), normalised

    Speed and height are log-normal in a class (`class_distance`), the cross-section is normal in
    decibels. Looks at one target are alike, not independent, so ``weight`` < 1 stands for the share
    of new information in a look (`LOOK_RATE_PS`). A feature that is not known is NaN, or a speed
    that is not above 0, and says nothing.

    Args: classes, records with the fields of `TRACK_CLASS`; log_p (tracks, classes), natural
    logarithms of probabilities, changed in row ``i``; m/s, m, dBsm and their errors (one sigma);
    ``least``: no class falls further below the most probable one than this share of it.
    Returns the most probable class.
    """
    best, most = 0, -math.inf
    moves, stands, shines = speed_mps > 0.0, not math.isnan(height_m), not math.isnan(rcs_dbsm)
    v_c, v_at, v_variance = level_feature(max(speed_mps, 0.0), speed_error_mps, 0.1)
    h_c, h_at, h_variance = level_feature(height_m, height_error_m, 1.0)
    for k in range(classes.size):
        c = classes[k]
        distance, variance = 0.0, 1.0
        if moves:
            d2, total = class_distance(v_c, v_at, v_variance, c.speed_mps, c.speed_spread)
            distance, variance = d2, total
        if stands:
            d2, total = class_distance(h_c, h_at, h_variance, c.height_m, c.height_spread)
            distance, variance = distance + d2, variance * total
        if shines:
            u = rcs_dbsm - c.rcs_dbsm
            total = c.rcs_spread_db * c.rcs_spread_db + rcs_error_db * rcs_error_db
            distance, variance = distance + u * u / total, variance * total
        log_p[i, k] -= 0.5 * weight * (distance + math.log(variance))
        if log_p[i, k] > most:
            most = log_p[i, k]
            best = k
    total = 0.0
    lowest = math.log(least) if least > 0.0 else -math.inf
    for k in range(classes.size):
        log_p[i, k] = max(log_p[i, k] - most, lowest)
        total += math.exp(log_p[i, k])
    shift = math.log(total)
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
