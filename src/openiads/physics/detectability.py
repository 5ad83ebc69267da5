"""Hand formulas for the required signal-to-noise ratio, and the coherent detector.

The engine uses none of these: `openiads.physics.detection` is exact. They serve who compares with
a book that uses them, and as a second opinion on the exact code.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel


@kernel(elementwise=True)
def albersheim_snr(pd, pfa, pulses):
    """Required signal-to-noise ratio per pulse of a steady target by Albersheim's equation.

    S/N (dB) = -5 log10 N + (6.2 + 4.54 / sqrt(N + 0.44)) log10(A + 0.12 A B + 1.7 B), with
    A = ln(0.62 / Pfa), B = ln(Pd / (1 - Pd)); returned as a power ratio. Stated for Pd 0.1 to
    0.9, Pfa 1e-7 to 1e-3, N 1 to 8096 and within 0.2 dB there; against the exact form that holds
    for Pd >= 0.25 only (0.90 dB at Pd 0.1, N 1, Pfa 1e-6). NaN where the logarithm fails.
    Reference: W. J. Albersheim, Proc. IEEE 69(7), 1981.
    """
    a = math.log(0.62 / pfa)
    b = math.log(pd / (1.0 - pd))
    inner = a + 0.12 * a * b + 1.7 * b
    if inner <= 0.0:
        return math.nan
    decibel = -5.0 * math.log10(pulses)
    decibel += (6.2 + 4.54 / math.sqrt(pulses + 0.44)) * math.log10(inner)
    return 10.0 ** (0.1 * decibel)


@kernel(elementwise=True)
def shnidman_snr(pd, pfa, pulses, swerling):
    """Required signal-to-noise ratio per pulse for Swerling 0 to 4 by Shnidman's equation.

    S/N = C eta (eta + 2 sqrt(N/2 + alpha - 1/4)) / N with eta from Pd and Pfa, alpha = 0 below
    40 pulses, else 1/4, and C the fluctuation loss for K = 1, N, 2, 2N; as a power ratio. Within
    0.5 dB for Pd 0.1 to 0.99, Pfa 1e-9 to 1e-3, N 1 to 100. Swerling 0 to 4, else NaN.
    Reference: D. A. Shnidman, IEEE Trans. AES 38(3), 2002.
    """
    if swerling < 0 or swerling > 4:
        return math.nan
    noise = math.sqrt(-0.8 * math.log(4.0 * pfa * (1.0 - pfa)))
    signal = math.sqrt(-0.8 * math.log(4.0 * pd * (1.0 - pd)))
    eta = noise + (signal if pd >= 0.5 else -signal)
    alpha = 0.0 if pulses < 40 else 0.25
    steady = eta * (eta + 2.0 * math.sqrt(0.5 * pulses + alpha - 0.25)) / pulses
    if swerling == 0:
        return steady
    shape = 1.0 if swerling <= 2 else 2.0
    if swerling == 2 or swerling == 4:
        shape *= pulses
    loss_db = (((17.7006 * pd - 18.4496) * pd + 14.5339) * pd - 3.525) / shape
    if pd > 0.872:
        steep = math.exp(27.31 * pd - 25.14)
        spread = 0.7 * math.log(1e-5 / pfa) + (2.0 * pulses - 20.0) / 80.0
        loss_db += (steep + (pd - 0.8) * spread) / shape
    return steady * 10.0 ** (0.1 * loss_db)


@kernel
def _normal_upper(x):
    return 0.5 * math.erfc(x / math.sqrt(2.0))


@kernel(elementwise=True)
def coherent_detection_probability(snr, pfa, pulses):
    """Detection probability of a known signal whose pulses are summed with their phase.

    Pd = Q(Q^-1(Pfa) - sqrt(2 N S/N)), Q the upper tail of the normal distribution; snr per pulse
    as a power ratio, pfa in (0, 1). The bound that no real detector passes.
    Reference: S. M. Kay, "Fundamentals of Statistical Signal Processing" II, 1998, section 4.3.
    """
    if not (snr >= 0.0 and 0.0 < pfa < 1.0):
        return math.nan
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _normal_upper(middle) > pfa:
            low = middle
        else:
            high = middle
        if high - low < 1e-15:
            break
    return _normal_upper(0.5 * (low + high) - math.sqrt(2.0 * pulses * snr))
