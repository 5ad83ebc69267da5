"""Detection of a fluctuating target in noise: exact probabilities for Swerling 0 to 4.

A square-law detector sums ``pulses`` samples of unit-mean exponential noise and compares the sum
with a threshold T. Everything here rests on one reading of the classical results:

* noise alone exceeds T when a Poisson variable Y of mean T is below N: Pfa = Pr(Y < N);
* a signal adds M to N: Pd = Pr(Y < N + M), where M is Poisson of mean N chi for a steady target
  and negative binomial of the same mean for a target with gamma-distributed cross-section of
  shape K (K = 1, N, 2, 2N for Swerling 1 to 4).

The sums have positive terms only, and the smaller of Pd and 1 - Pd is the one that is summed, so
neither loses digits. References: P. Swerling, RAND RM-1217, 1954; J. I. Marcum, RAND RM-754, 1947;
D. A. Shnidman, "The calculation of the probability of detection and the generalized Marcum
Q-function", IEEE Trans. Information Theory 35(2), 1989 (the discrete form); D. P. Meyer and
H. A. Mayer, "Radar Target Detection", 1973, eqs. 2-17, 3-37 to A-107 (the closed forms).
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

_HALF_LOG_2PI = 0.9189385332046727  # ln(2 pi) / 2
_RESCALE = 1e250
_LOG_RESCALE = 575.6462732485114  # ln 1e250
_NEGLIGIBLE = 1e-18  # below the last digit of a probability in double precision


@kernel
def _log_poisson(count, mean):
    """Logarithm of the Poisson probability of ``count`` (integer >= 0) for ``mean`` > 0.

    Saddle-point form of C. Loader, "Fast and accurate computation of binomial probabilities",
    2000: the large terms cancel analytically, so that count = 1000 keeps 14 digits.
    """
    if count < 16:
        return count * math.log(mean) - mean - math.lgamma(count + 1.0)
    x = float(count)
    square = x * x
    stirling = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square)
                / square) / x  # fmt: skip
    if abs(x - mean) < 0.1 * (x + mean):
        v = (x - mean) / (x + mean)
        deviance = (x - mean) * v
        power = 2.0 * x * v
        for j in range(1, 1000):
            power *= v * v
            longer = deviance + power / (2 * j + 1)
            if longer == deviance:
                break
            deviance = longer
    else:
        deviance = x * math.log(x / mean) + mean - x
    return -stirling - deviance - 0.5 * math.log(x) - _HALF_LOG_2PI


@kernel
def _log_poisson_below(count, mean):
    """ln Pr(Y < count) for Y Poisson of ``mean``: the upper incomplete gamma Q(count, mean).

    Summed downward from count - 1; returned with Q over its last term, -1 / (d ln Q / d mean).
    """
    term = 1.0
    total = 1.0
    k = count - 1
    while k > 0 and term > _NEGLIGIBLE * total:
        term *= k / mean
        total += term
        k -= 1
    return _log_poisson(count - 1, mean) + math.log(total), total


@kernel
def normal_upper_quantile(p):
    """z with Pr(Z > z) = p to 4.5e-4 (Abramowitz and Stegun 26.2.23); a first guess only."""
    tail = p if p < 0.5 else 1.0 - p
    t = math.sqrt(-2.0 * math.log(tail))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    )
    return z if p < 0.5 else -z


@kernel
def _threshold(pfa, pulses):
    if not (0.0 < pfa <= 1.0) or pulses < 1:
        return math.nan
    if pfa == 1.0:
        return 0.0
    if pulses == 1:
        return -math.log(pfa)
    # Wilson and Hilferty's cube root gives the guess; log Q is concave, so Newton converges.
    n = float(pulses)
    root = 1.0 - 1.0 / (9.0 * n) + normal_upper_quantile(pfa) / (3.0 * math.sqrt(n))
    level = n * root * root * root if root > 0.05 else 1e-4 * n
    for _ in range(60):
        log_below, ratio = _log_poisson_below(pulses, level)
        step = (log_below - math.log(pfa)) * ratio
        if step < -0.9 * level:
            step = -0.9 * level
        level += step
        if abs(step) < 4e-16 * level:
            break
    return level


@kernel(elementwise=True)
def threshold(pfa, pulses):
    """Threshold on the sum of ``pulses`` square-law samples for a false-alarm probability.

    Q(N, T) = Pfa with Q the regularised upper incomplete gamma function; samples in units of the
    mean noise power. pfa in (0, 1], pulses an integer N >= 1; outside that range NaN.
    Reference: Meyer and Mayer 1973, eq. 2-17. Validated in tests/validation/test_radar_pd_exact.py.
    """
    return _threshold(float(pfa), int(pulses))


@kernel
def gamma_shape(pulses, swerling):
    """Shape K of the gamma-distributed cross-section summed over the pulses; 0 when steady."""
    if swerling == 1:
        return 1.0
    if swerling == 2:
        return float(pulses)
    if swerling == 3:
        return 2.0
    if swerling == 4:
        return 2.0 * pulses
    return 0.0


@kernel
def _miss(level, pulses, signal, shape, top):
    """1 - Pd as the sum over y = N .. top of Pr(Y = y) Pr(M <= y - N)."""
    log_scale = -signal if shape == 0.0 else -shape * math.log1p(signal / shape)
    scale = math.exp(log_scale)
    ratio = signal if shape == 0.0 else signal / (shape + signal)
    noise = math.exp(_log_poisson(pulses, level))
    weight = 1.0
    cumulative = 1.0
    total = 0.0
    for y in range(pulses, top + 1):
        total += noise * (cumulative * scale)
        noise *= level / (y + 1)
        m = y - pulses
        weight *= ratio / (m + 1) if shape == 0.0 else ratio * (shape + m) / (m + 1)
        cumulative += weight
        if cumulative > _RESCALE:
            weight /= _RESCALE
            cumulative /= _RESCALE
            log_scale += _LOG_RESCALE
            scale = math.exp(log_scale)
    return total


@kernel
def _excess(level, pulses, signal, shape, top):
    """Pd - Pfa as the sum over m >= 1 of Pr(M = m) Pr(N <= Y < N + m)."""
    log_weight = -signal if shape == 0.0 else -shape * math.log1p(signal / shape)
    scale = math.exp(log_weight)
    ratio = signal if shape == 0.0 else signal / (shape + signal)
    noise = math.exp(_log_poisson(pulses, level))
    weight = 1.0
    cumulative = 1.0
    between = 0.0
    total = 0.0
    m = 0
    while True:
        weight *= ratio / (m + 1) if shape == 0.0 else ratio * (shape + m) / (m + 1)
        cumulative += weight
        m += 1
        if pulses + m <= top + 1:
            between += noise
            noise *= level / (pulses + m)
        elif total * scale > 1e-6:
            # Pr(Y < N + m) is 1 from here on: the tail of M closes the sum.
            return total * scale + max(0.0, 1.0 - (cumulative - weight) * scale) * between
        total += weight * between
        if m > signal and weight * (m + signal) <= _NEGLIGIBLE * total:
            return total * scale
        if cumulative > _RESCALE:
            weight /= _RESCALE
            cumulative /= _RESCALE
            total /= _RESCALE
            log_weight += _LOG_RESCALE
            scale = math.exp(log_weight)


@kernel
def _hit_and_miss(level, pfa, snr, pulses, swerling):
    """(Pd, 1 - Pd), the smaller of the two with its full relative precision."""
    if not (snr >= 0.0) or math.isnan(level) or swerling < 0 or swerling > 4:
        return math.nan, math.nan
    signal = pulses * snr
    if signal == 0.0 or level == 0.0:
        return pfa, 1.0 - pfa
    shape = gamma_shape(pulses, swerling)
    if signal > (1e9 if shape == 0.0 else 1e300) and signal > 1e6 * level:
        return 1.0, 0.0
    if pulses == 1 and shape == 1.0:
        hit = math.exp(-level / (1.0 + signal))
        return hit, -math.expm1(-level / (1.0 + signal))
    top = max(int(level + 9.0 * math.sqrt(level)) + 20, pulses)
    if signal > level - pulses:
        miss = min(1.0 - pfa, _miss(level, pulses, signal, shape, top))
        return 1.0 - miss, miss
    hit = min(1.0, pfa + _excess(level, pulses, signal, shape, top))
    return hit, 1.0 - hit


@kernel(elementwise=True)
def detection_probability(snr, pfa, pulses, swerling):
    """Probability that a target is detected by a non-coherent sum of pulses, exact.

    Pd = Pr(Y < N + M): Y ~ Poisson(T), Q(N, T) = Pfa, and M ~ Poisson(N snr) for Swerling 0 (the
    generalised Marcum function Q_N(sqrt(2 N snr), sqrt(2 T))) or negative binomial of mean N snr
    and shape 1, N, 2, 2 N for Swerling 1, 2, 3, 4.

    snr: mean signal-to-noise power ratio of one pulse, >= 0 (linear, not decibels);
    pfa: probability of false alarm of one decision, (0, 1]; pulses: N, integer >= 1;
    swerling: 0 to 4. Arrays are broadcast. Outside these ranges the answer is NaN.
    Range: any N; checked for N = 1 to 1000 and Pfa = 1e-12 to 1e-2, absolute error below 1e-12.
    Assumes independent noise from pulse to pulse and unit detector efficiency (no losses).
    References: Meyer and Mayer 1973, eqs. 3-37, 3-56, 3-60, A-85, A-107; Shnidman 1989.
    Validated in tests/validation/test_radar_pd_exact.py.
    """
    level = _threshold(float(pfa), int(pulses))
    return _hit_and_miss(level, float(pfa), float(snr), int(pulses), int(swerling))[0]


@kernel(elementwise=True)
def probability_at_threshold(snr, level, pfa, pulses, swerling):
    """`detection_probability` where the threshold of (pfa, pulses) is already known.

    ``level`` must be ``threshold(pfa, pulses)``; a loop over many looks of one radar computes it
    once. Other arguments as in `detection_probability`.
    """
    return _hit_and_miss(float(level), float(pfa), float(snr), int(pulses), int(swerling))[0]


@kernel
def _log_odds(log_snr, level, pfa, pulses, swerling):
    hit, miss = _hit_and_miss(level, pfa, math.exp(log_snr), pulses, swerling)
    if miss <= 0.0:
        return 800.0
    return math.log(hit / miss)


@kernel
def _required_snr(pd, pfa, pulses, swerling):
    level = _threshold(pfa, pulses)
    if not (0.0 <= pd <= 1.0) or math.isnan(level) or swerling < 0 or swerling > 4:
        return math.nan
    if pd <= pfa:
        return 0.0
    if pd == 1.0:
        return math.inf
    goal = math.log(pd / (1.0 - pd))
    low, high = 0.0, 0.0
    f_low = _log_odds(low, level, pfa, pulses, swerling) - goal
    f_high = f_low
    while f_low > 0.0 and low > -700.0:
        high, f_high = low, f_low
        low -= 2.0
        f_low = _log_odds(low, level, pfa, pulses, swerling) - goal
    while f_high < 0.0 and high < 700.0:
        low, f_low = high, f_high
        high += 2.0
        f_high = _log_odds(high, level, pfa, pulses, swerling) - goal
    # Log-odds against log SNR is nearly straight: false position with Illinois' mend is quick.
    for _ in range(100):
        if f_high == f_low:
            break
        middle = high - f_high * (high - low) / (f_high - f_low)
        if not (low < middle < high):
            middle = 0.5 * (low + high)
        f_middle = _log_odds(middle, level, pfa, pulses, swerling) - goal
        if f_middle < 0.0:
            step = middle - low
            low, f_low = middle, f_middle
            f_high *= 0.5
        else:
            step = high - middle
            high, f_high = middle, f_middle
            f_low *= 0.5
        if f_middle == 0.0 or step < 1e-14 or high - low < 1e-14:
            return math.exp(middle)
    return math.exp(0.5 * (low + high))


@kernel(elementwise=True)
def required_snr(pd, pfa, pulses, swerling):
    """Signal-to-noise power ratio of one pulse that gives a detection probability (linear).

    The inverse of `detection_probability` in snr, also called the detectability factor
    D(Pd, Pfa, N). pd in [0, 1]: 0 where pd <= pfa, infinite at pd = 1; the other arguments and
    NaN as in `detection_probability`. Found by bracketed false position on the log-odds to a
    relative error below 1e-10. Reference: D. K. Barton, "Radar Equations for Modern Radar", 2013,
    chapter 4. Validated in tests/validation/test_radar_required_snr.py.
    """
    return _required_snr(float(pd), float(pfa), int(pulses), int(swerling))
