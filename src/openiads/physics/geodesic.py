"""Geodesics on the WGS-84 ellipsoid: the direct and the inverse problem, to nanometres.

The geodesic is mapped on the great circle of an auxiliary sphere (Bessel 1825). Distance and
longitude are trigonometric series of sixth order in the small parameter ε of Karney, "Algorithms
for geodesics", J. Geodesy 87 (2013) 43-55, doi 10.1007/s00190-012-0578-z; equation numbers below
are his. The inverse problem is a bracketed root in the azimuth at the first point, which has one
root for every pair of points, antipodal ones included.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

_A = 6378137.0
_F = 1.0 / 298.257223563
_B = _A * (1.0 - _F)
_N = _F / (2.0 - _F)
_E2 = _F * (2.0 - _F)
_EP2 = _E2 / (1.0 - _E2)
_TWO_PI = 2.0 * math.pi

_A3_0 = 1.0
_A3_1 = -(1.0 / 2.0 - _N / 2.0)
_A3_2 = -(1.0 / 4.0 + _N / 8.0 - 3.0 * _N * _N / 8.0)
_A3_3 = -(1.0 / 16.0 + 3.0 * _N / 16.0 + _N * _N / 16.0)
_A3_4 = -(3.0 / 64.0 + _N / 32.0)
_A3_5 = -3.0 / 128.0


@kernel
def _wrap(angle):
    """An angle in [-π, π]."""
    return angle - _TWO_PI * round(angle / _TWO_PI)


@kernel
def _epsilon(cos_alpha0):
    """The expansion parameter ε = (sqrt(1+k²) - 1) / (sqrt(1+k²) + 1), k = e' cosα0 (eq. 9, 16)."""
    k2 = _EP2 * cos_alpha0 * cos_alpha0
    return k2 / (2.0 * (1.0 + math.sqrt(1.0 + k2)) + k2)


@kernel
def _distance_integral(sigma, eps):
    """I1(σ) = A1 (σ + Σ C1l sin 2lσ), distance from the equator in units of b (eq. 15).

    A1 by eq. 17, C1l by eq. 18.
    """
    e2 = eps * eps
    a1 = (1.0 + e2 * (1.0 / 4.0 + e2 * (1.0 / 64.0 + e2 / 256.0))) / (1.0 - eps)
    c1 = eps * (-1.0 / 2.0 + e2 * (3.0 / 16.0 - e2 / 32.0))
    c2 = e2 * (-1.0 / 16.0 + e2 * (1.0 / 32.0 - 9.0 * e2 / 2048.0))
    c3 = eps * e2 * (-1.0 / 48.0 + 3.0 * e2 / 256.0)
    c4 = e2 * e2 * (-5.0 / 512.0 + 3.0 * e2 / 512.0)
    c5 = -7.0 / 1280.0 * eps * e2 * e2
    c6 = -7.0 / 2048.0 * e2 * e2 * e2
    return a1 * (sigma + _sine_series(sigma, c1, c2, c3, c4, c5, c6))


@kernel
def _sine_series(sigma, c1, c2, c3, c4, c5, c6):
    """Σ c_l sin 2lσ for l = 1..6 by Clenshaw's recurrence."""
    twice = 2.0 * math.cos(2.0 * sigma)
    b6 = c6
    b5 = c5 + twice * b6
    b4 = c4 + twice * b5 - b6
    b3 = c3 + twice * b4 - b5
    b2 = c2 + twice * b3 - b4
    b1 = c1 + twice * b2 - b3
    return b1 * math.sin(2.0 * sigma)


@kernel
def _sigma_of_distance(scaled, eps):
    """The arc σ with I1(σ) = ``scaled``, by the reverted series (eq. 20, 21)."""
    e2 = eps * eps
    a1 = (1.0 + e2 * (1.0 / 4.0 + e2 * (1.0 / 64.0 + e2 / 256.0))) / (1.0 - eps)
    tau = scaled / a1
    c1 = eps * (1.0 / 2.0 + e2 * (-9.0 / 32.0 + 205.0 * e2 / 1536.0))
    c2 = e2 * (5.0 / 16.0 + e2 * (-37.0 / 96.0 + 1335.0 * e2 / 4096.0))
    c3 = eps * e2 * (29.0 / 96.0 - 75.0 * e2 / 128.0)
    c4 = e2 * e2 * (539.0 / 1536.0 - 2391.0 * e2 / 2560.0)
    c5 = 3467.0 / 7680.0 * eps * e2 * e2
    c6 = 38081.0 / 61440.0 * e2 * e2 * e2
    return tau + _sine_series(tau, c1, c2, c3, c4, c5, c6)


@kernel
def _longitude_integral(sigma, eps):
    """I3(σ) = A3 (σ + Σ C3l sin 2lσ), the longitude's departure from the sphere's (eq. 23-25)."""
    n, n2 = _N, _N * _N
    a3 = _A3_0 + eps * (_A3_1 + eps * (_A3_2 + eps * (_A3_3 + eps * (_A3_4 + eps * _A3_5))))
    c1 = eps * (
        (1.0 / 4.0 - n / 4.0)
        + eps
        * (
            (1.0 / 8.0 - n2 / 8.0)
            + eps
            * (
                (3.0 / 64.0 + 3.0 * n / 64.0 - n2 / 64.0)
                + eps * ((5.0 / 128.0 + n / 64.0) + eps * 3.0 / 128.0)
            )
        )
    )
    e2 = eps * eps
    c2 = e2 * (
        (1.0 / 16.0 - 3.0 * n / 32.0 + n2 / 32.0)
        + eps
        * (
            (3.0 / 64.0 - n / 32.0 - 3.0 * n2 / 64.0)
            + eps * ((3.0 / 128.0 + n / 128.0) + eps * 5.0 / 256.0)
        )
    )
    c3 = (
        e2
        * eps
        * (
            (5.0 / 192.0 - 3.0 * n / 64.0 + 5.0 * n2 / 192.0)
            + eps * ((3.0 / 128.0 - 5.0 * n / 192.0) + eps * 7.0 / 512.0)
        )
    )
    c4 = e2 * e2 * ((7.0 / 512.0 - 7.0 * n / 256.0) + eps * 7.0 / 512.0)
    c5 = 21.0 / 2560.0 * eps * e2 * e2
    return a3 * (sigma + _sine_series(sigma, c1, c2, c3, c4, c5, 0.0))


@kernel(elementwise=True)
def geodesic_direct(lat1_rad, lon1_rad, azimuth1_rad, distance_m):
    """The end of a geodesic: (lat2_rad, lon2_rad, azimuth2_rad).

    From (lat1, lon1) along ``azimuth1_rad`` (clockwise from north) for ``distance_m``; the last
    value is the forward azimuth at the end. Longitude is in [-π, π]. Any start, azimuth and
    distance; errors of some nanometres. Reference: Karney (2013), section 3.
    """
    tan_b = (1.0 - _F) * math.sin(lat1_rad)
    norm = math.hypot(tan_b, math.cos(lat1_rad))
    # A pole gets a tiny parallel so that its meridians stay distinct.
    sin_b1, cos_b1 = tan_b / norm, max(math.cos(lat1_rad) / norm, 1e-150)
    sin_a1, cos_a1 = math.sin(azimuth1_rad), math.cos(azimuth1_rad)
    sin_a0 = sin_a1 * cos_b1
    cos_a0 = math.hypot(cos_a1, sin_a1 * sin_b1)
    sigma1 = math.atan2(sin_b1, cos_a1 * cos_b1)
    omega1 = math.atan2(sin_a0 * sin_b1, cos_a1 * cos_b1)
    eps = _epsilon(cos_a0)
    sigma2 = _sigma_of_distance(_distance_integral(sigma1, eps) + distance_m / _B, eps)
    sin_s2, cos_s2 = math.sin(sigma2), math.cos(sigma2)
    sin_b2 = cos_a0 * sin_s2
    cos_b2 = math.hypot(sin_a0, cos_a0 * cos_s2)
    omega2 = math.atan2(sin_a0 * sin_s2, cos_s2)
    lag = _longitude_integral(sigma2, eps) - _longitude_integral(sigma1, eps)
    lon2 = _wrap(lon1_rad + (omega2 - omega1) - _F * sin_a0 * lag)
    lat2 = math.atan2(sin_b2, (1.0 - _F) * cos_b2)
    return lat2, lon2, math.atan2(sin_a0, cos_a0 * cos_s2)


@kernel
def _arc(sin_b1, cos_b1, sin_b2, cos_b2, sin_a1, cos_a1):
    """(λ12, s12, sinα2, cosα2) of the geodesic that leaves β1 at α1 and first reaches β2 northward.

    Karney (2013), section 4: sinα0 = sinα1 cosβ1, and cosα2 is taken positive (eq. 45).
    """
    sin_a0 = sin_a1 * cos_b1
    cos_a0 = math.hypot(cos_a1, sin_a1 * sin_b1)
    sin_a2 = sin_a0 / cos_b2
    gap = (
        (cos_b2 - cos_b1) * (cos_b2 + cos_b1)
        if cos_b1 < -sin_b1
        else (sin_b1 - sin_b2) * (sin_b1 + sin_b2)
    )
    cos_a2 = math.sqrt(max(cos_a1 * cos_b1 * cos_a1 * cos_b1 + gap, 0.0)) / cos_b2
    sigma1 = math.atan2(sin_b1, cos_a1 * cos_b1)
    sigma2 = math.atan2(sin_b2, cos_a2 * cos_b2)
    omega1 = math.atan2(sin_a0 * sin_b1, cos_a1 * cos_b1)
    omega2 = math.atan2(sin_a0 * sin_b2, cos_a2 * cos_b2)
    eps = _epsilon(cos_a0)
    lag = _longitude_integral(sigma2, eps) - _longitude_integral(sigma1, eps)
    lon12 = omega2 - omega1 - _F * sin_a0 * lag
    length = _B * (_distance_integral(sigma2, eps) - _distance_integral(sigma1, eps))
    return lon12, length, sin_a2, cos_a2


@kernel
def _first_azimuth(sin_b1, cos_b1, sin_b2, cos_b2, lon12):
    """The azimuth α1 in [0, π] whose geodesic spans ``lon12``, λ12(α1) being increasing.

    A secant step from the sphere's azimuth, kept inside a bracket by bisection.
    """
    low, high = 0.0, math.pi
    # Longitude on the auxiliary sphere is about λ12 / (1 - f cosβ); Karney eq. 48.
    omega = lon12 / math.sqrt(1.0 - _E2 * 0.25 * (cos_b1 + cos_b2) ** 2)
    azimuth = math.atan2(
        cos_b2 * math.sin(omega), cos_b1 * sin_b2 - sin_b1 * cos_b2 * math.cos(omega)
    )
    if not 0.0 < azimuth < math.pi:
        azimuth = 0.5 * math.pi
    before, error_before = math.nan, math.nan
    for _ in range(120):
        span, _, _, _ = _arc(sin_b1, cos_b1, sin_b2, cos_b2, math.sin(azimuth), math.cos(azimuth))
        error = span - lon12
        if error > 0.0:
            high = azimuth
        else:
            low = azimuth
        if abs(error) < 2e-16 or high - low < 4e-16:
            break
        rise = error - error_before
        new = azimuth - error * (azimuth - before) / rise if rise != 0.0 else math.nan
        before, error_before = azimuth, error
        if not low < new < high:
            new = 0.5 * (low + high)
        if new == azimuth:
            break
        azimuth = new
    return azimuth


@kernel(elementwise=True)
def geodesic_inverse(lat1_rad, lon1_rad, lat2_rad, lon2_rad):
    """The shortest geodesic between two points: (distance_m, azimuth1_rad, azimuth2_rad).

    Azimuths are forward, clockwise from north, in (-π, π]. Any pair of points; where several
    shortest geodesics exist (opposite poles, antipodes) one of them is returned. Errors of some
    nanometres. Reference: Karney (2013), section 4.
    """
    lon12 = _wrap(lon2_rad - lon1_rad)
    flip_east = lon12 < 0.0
    swap = abs(lat1_rad) < abs(lat2_rad)
    lat_a, lat_b = (lat2_rad, lat1_rad) if swap else (lat1_rad, lat2_rad)
    flip_north = lat_a > 0.0
    if flip_north:
        lat_a, lat_b = -lat_a, -lat_b
    sin_b1, cos_b1 = _reduced(lat_a)
    sin_b2, cos_b2 = _reduced(lat_b)
    span = abs(lon12)
    if sin_b1 == 0.0:
        sin_b1 = -1e-150  # a start on the equator counts as south of it, so that σ1 = -π, not π
    if cos_b1 <= 1e-15 or span == 0.0 or span >= math.pi:
        # Along a meridian; a pole lies on every meridian, so its azimuth carries the longitude.
        over = cos_b1 > 1e-15 and span > 0.0
        length = _meridian(sin_b1, cos_b1, sin_b2, cos_b2, over)
        sin_a1, cos_a1 = math.sin(span), math.cos(span)
        sin_a2, cos_a2 = 0.0, 1.0
    elif sin_b1 == -1e-150 and span <= (1.0 - _F) * math.pi:
        length = _A * span
        sin_a1, cos_a1, sin_a2, cos_a2 = 1.0, 0.0, 1.0, 0.0
    else:
        azimuth = _first_azimuth(sin_b1, cos_b1, sin_b2, cos_b2, span)
        sin_a1, cos_a1 = math.sin(azimuth), math.cos(azimuth)
        _, length, sin_a2, cos_a2 = _arc(sin_b1, cos_b1, sin_b2, cos_b2, sin_a1, cos_a1)
    if swap:
        sin_a1, cos_a1, sin_a2, cos_a2 = sin_a2, cos_a2, sin_a1, cos_a1
    if swap != flip_north:
        cos_a1, cos_a2 = -cos_a1, -cos_a2
    if flip_east:
        sin_a1, sin_a2 = -sin_a1, -sin_a2
    return length, math.atan2(sin_a1, cos_a1), math.atan2(sin_a2, cos_a2)


@kernel
def _reduced(lat_rad):
    """Sine and cosine of the reduced latitude β, tanβ = (1 - f) tanφ."""
    up, out = (1.0 - _F) * math.sin(lat_rad), math.cos(lat_rad)
    norm = math.hypot(up, out)
    return up / norm, max(out / norm, 1e-150)


@kernel
def _meridian(sin_b1, cos_b1, sin_b2, cos_b2, over):
    """Distance along a meridian from β1 north to β2, or over the south pole to β2 opposite."""
    eps = _epsilon(1.0)
    sigma1 = math.atan2(sin_b1, -cos_b1 if over else cos_b1)
    sigma2 = math.atan2(sin_b2, cos_b2)
    if over and sigma1 > 0.0:
        sigma1 -= _TWO_PI
    return _B * (_distance_integral(sigma2, eps) - _distance_integral(sigma1, eps))
