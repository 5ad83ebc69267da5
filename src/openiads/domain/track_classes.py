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
of their natural logarithms; mean cross-section and its spread in dB."""


@kernel
def class_update(classes, log_p, i, speed_mps, height_m, rcs_dbsm, weight):
    """Bayes' rule on the class probabilities of track ``i`` with one look at its features.

    ln p_k += weight * (ln N(ln v; ln v_k, s_k) + ln N(ln h; ...) + ln N(rcs; ...)), normalised.
    Speed and height are log-normal in a class. Looks at one target are alike, not independent, so
    ``weight`` < 1 stands for the share of new information in a look (assumed: 0.2 at 5 s). A
    feature that is not known is NaN and says nothing.

    Args: classes, records of `TRACK_CLASS`; log_p (tracks, classes), natural logarithms of
    probabilities, changed in row ``i``; speed > 0 m/s, height m (below 1 m counts as 1 m), dBsm.
    Returns the most probable class.
    """
    best, most = 0, -math.inf
    for k in range(classes.size):
        c = classes[k]
        score = 0.0
        if speed_mps > 0.0:
            u = (math.log(speed_mps) - math.log(c.speed_mps)) / c.speed_spread
            score -= 0.5 * u * u + math.log(c.speed_spread)
        if not math.isnan(height_m):
            u = (math.log(max(height_m, 1.0)) - math.log(c.height_m)) / c.height_spread
            score -= 0.5 * u * u + math.log(c.height_spread)
        if not math.isnan(rcs_dbsm):
            u = (rcs_dbsm - c.rcs_dbsm) / c.rcs_spread_db
            score -= 0.5 * u * u + math.log(c.rcs_spread_db)
        log_p[i, k] += weight * score
        if log_p[i, k] > most:
            most = log_p[i, k]
            best = k
    total = 0.0
    for k in range(classes.size):
        total += math.exp(log_p[i, k] - most)
    shift = most + math.log(total)
    for k in range(classes.size):
        log_p[i, k] -= shift
    return best


@kernel
def class_begin(classes, log_p, i):
    """Set row ``i`` of ``log_p`` to the prior of the classes."""
    total = 0.0
    for k in range(classes.size):
        total += classes[k].prior
    for k in range(classes.size):
        log_p[i, k] = math.log(max(classes[k].prior, 1e-300) / total)
