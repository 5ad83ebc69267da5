"""Echoes: how strong a detected target answers in one look, and the cross-section that tells."""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.detection import gamma_shape, normal_upper_quantile

EXPONENTIAL_MEAN_DB = -2.507
"""Mean of 10 log10 of an exponential variable of mean one: -10 C / ln 10, C Euler's constant."""

EXPONENTIAL_SPREAD_DB = 5.570
"""Its standard deviation: (10 / ln 10) pi / sqrt(6)."""


@kernel(borrows=True)
def fluctuation(p: float, shape: float) -> float:
    """Share of its mean that a gamma-distributed cross-section exceeds with probability ``p``.

    g = (1 - 1 / (9 K) + z / (3 sqrt K))^3, z the upper p-quantile of the normal law, K the shape:
    1, N, 2, 2 N for Swerling's cases 1 to 4 over N pulses; K = 0, a steady target, gives 1. Never
    below 1e-3. Within 3 % for p < 0.9 (K = 1: within 12 %); p in (0, 1).
    Reference: Wilson and Hilferty, Proc. National Academy of Sciences 17, 1931.
    """
    if shape <= 0.0:
        return 1.0
    root = 1.0 - 1.0 / (9.0 * shape) + normal_upper_quantile(p) / (3.0 * math.sqrt(shape))
    return max(root * root * root, 1e-3)


@kernel(borrows=True)
def detected_snr(
    snr: float, chance: float, u: float, level: float, pulses: int, swerling: int
) -> float:
    """Signal-to-noise ratio a pulse that a look shows of a target that it has detected.

    max(snr g, T / N - 1): a look detects the stronger part of the fluctuations, so g is what is
    exceeded with probability u Pd, and no detected sum of N pulses lies below the threshold T.

    snr: mean power ratio a pulse; chance: Pd of the look; u uniform in (0, 1); level: T in units of
    the mean noise power; pulses N; swerling 0 to 4. The noise itself is left out beside the
    fluctuation (at 13 dB and one pulse it adds 1.4 dB to 5.6).
    """
    g = fluctuation(max(u * chance, 1e-12), gamma_shape(pulses, swerling))
    return max(snr * g, level / pulses - 1.0, 1e-9)
