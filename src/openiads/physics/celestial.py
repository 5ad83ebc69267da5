"""Turning Earth and inertial frames: sidereal time, precession, nutation, TEME.

Frames: ``teme`` is the true-equator, mean-equinox frame in which SGP4 answers; ``eci`` is the mean
equator and equinox of J2000, which equals the GCRS within 0.03 arc seconds (1 m at LEO); ``ecef``
is the Earth-fixed frame. Polar motion (below 0.6 arc seconds, 20 m at LEO) and UT1 - UTC (below
0.9 s) are taken as zero unless a caller passes UT1.

References: Aoki et al., Astron. Astrophys. 105 (1982) 359 (GMST 1982); Lieske et al., Astron.
Astrophys. 58 (1977) 1 (precession); Seidelmann, Celest. Mech. 27 (1982) 79 (IAU 1980 nutation);
Vallado et al., AIAA 2006-6753, appendix C (TEME). Validated in tests/validation/test_satellites.py.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel

EARTH_RATE_RADPS = 7.292115146706979e-5
"""Rate of the Earth with respect to the mean equinox of date, rad/s (Vallado et al. 2006)."""

J2000_JD = 2451545.0
_ARCSEC = math.pi / 648000.0
_TWO_PI = 2.0 * math.pi

# The largest terms of the IAU 1980 series: multipliers of l, l', F, D, Ω; then Δψ and its rate,
# Δε and its rate in 0.0001 arc seconds. What is left out sums to below 0.01 arc seconds.
_NUTATION = (
    (0, 0, 0, 0, 1, -171996.0, -174.2, 92025.0, 8.9),
    (0, 0, 2, -2, 2, -13187.0, -1.6, 5736.0, -3.1),
    (0, 0, 2, 0, 2, -2274.0, -0.2, 977.0, -0.5),
    (0, 0, 0, 0, 2, 2062.0, 0.2, -895.0, 0.5),
    (0, 1, 0, 0, 0, 1426.0, -3.4, 54.0, -0.1),
    (1, 0, 0, 0, 0, 712.0, 0.1, -7.0, 0.0),
    (0, 1, 2, -2, 2, -517.0, 1.2, 224.0, -0.6),
    (0, 0, 2, 0, 1, -386.0, -0.4, 200.0, 0.0),
    (1, 0, 2, 0, 2, -301.0, 0.0, 129.0, -0.1),
    (0, -1, 2, -2, 2, 217.0, -0.5, -95.0, 0.3),
    (1, 0, 0, -2, 0, -158.0, 0.0, -1.0, 0.0),
    (0, 0, 2, -2, 1, 129.0, 0.1, -70.0, 0.0),
    (-1, 0, 2, 0, 2, 123.0, 0.0, -53.0, 0.0),
    (1, 0, 0, 0, 1, 63.0, 0.1, -33.0, 0.0),
    (0, 0, 0, 2, 0, 63.0, 0.0, -2.0, 0.0),
    (-1, 0, 2, 2, 2, -59.0, 0.0, 26.0, 0.0),
    (-1, 0, 0, 0, 1, -58.0, -0.1, 32.0, 0.0),
    (1, 0, 2, 0, 1, -51.0, 0.0, 27.0, 0.0),
    (2, 0, 0, -2, 0, 48.0, 0.0, 1.0, 0.0),
    (-2, 0, 2, 0, 1, 46.0, 0.0, -24.0, 0.0),
    (0, 0, 2, 2, 2, -38.0, 0.0, 16.0, 0.0),
    (2, 0, 2, 0, 2, -31.0, 0.0, 13.0, 0.0),
)


@kernel(elementwise=True)
def gmst_rad(jd_ut1, fraction_day=0.0):
    """Greenwich mean sidereal time of 1982, rad in [0, 2π).

    θ = 67310.54841 + (876600·3600 + 8640184.812866) T + 0.093104 T² - 6.2e-6 T³ seconds of time,
    T in Julian centuries of UT1 since J2000. ``jd_ut1 + fraction_day`` is the Julian date; the
    split keeps microseconds. Reference: Aoki et al. (1982), eq. 14; Vallado et al. (2006), eq. C-5.
    """
    t = ((jd_ut1 - J2000_JD) + fraction_day) / 36525.0
    # Whole turns of the daily term are taken off before it loses digits.
    days = (jd_ut1 - J2000_JD) % 1.0 + fraction_day
    drift = (8640184.812866 + (0.093104 - 6.2e-6 * t) * t) * t
    seconds = 67310.54841 + drift + 86400.0 * days
    return (seconds / 86400.0 * _TWO_PI) % _TWO_PI


@kernel(elementwise=True)
def mean_obliquity_rad(t_centuries):
    """Mean obliquity of the ecliptic of date, ε = 84381.448″ - 46.8150″ T - ... (Lieske 1977)."""
    t = t_centuries
    return (84381.448 + (-46.8150 + (-0.00059 + 0.001813 * t) * t) * t) * _ARCSEC


@kernel(elementwise=True)
def nutation_rad(t_centuries):
    """Nutation in longitude and obliquity (Δψ, Δε), rad: 22 terms of IAU 1980, to 0.01″.

    ``t_centuries`` is Julian centuries of TT since J2000. Reference: Seidelmann (1982), table 1.
    """
    t = t_centuries
    moon = (485866.733 + (1717915922.633 + (31.310 + 0.064 * t) * t) * t) * _ARCSEC
    sun = (1287099.804 + (129596581.224 + (-0.577 - 0.012 * t) * t) * t) * _ARCSEC
    node_distance = (335778.877 + (1739527263.137 + (-13.257 + 0.011 * t) * t) * t) * _ARCSEC
    elongation = (1072261.307 + (1602961601.328 + (-6.891 + 0.019 * t) * t) * t) * _ARCSEC
    node = (450160.280 + (-6962890.539 + (7.455 + 0.008 * t) * t) * t) * _ARCSEC
    psi, eps = 0.0, 0.0
    for a, b, c, d, e, p0, p1, q0, q1 in _NUTATION:
        angle = a * moon + b * sun + c * node_distance + d * elongation + e * node
        psi += (p0 + p1 * t) * math.sin(angle)
        eps += (q0 + q1 * t) * math.cos(angle)
    return psi * 1e-4 * _ARCSEC, eps * 1e-4 * _ARCSEC


@kernel(elementwise=True)
def turn_z(x, y, z, angle_rad):
    """Components in axes turned by ``angle_rad`` about z: (x cos + y sin, y cos - x sin, z)."""
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return c * x + s * y, c * y - s * x, z


@kernel(elementwise=True)
def _turn_x(x, y, z, angle_rad):
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return x, c * y + s * z, c * z - s * y


@kernel(elementwise=True)
def _turn_y(x, y, z, angle_rad):
    c, s = math.cos(angle_rad), math.sin(angle_rad)
    return c * x - s * z, y, c * z + s * x


@kernel(elementwise=True)
def teme_to_ecef(x, y, z, vx, vy, vz, gmst):
    """Position and velocity of TEME in the Earth-fixed frame: (x, y, z, vx, vy, vz).

    r_ecef = R3(θ) r_teme and v_ecef = R3(θ) v_teme - ω × r_ecef, θ ``gmst`` (`gmst_rad`), ω the
    Earth's rate; any unit of length. Polar motion is left out. Reference: Vallado et al. (2006),
    eq. C-1 to C-3.
    """
    px, py, pz = turn_z(x, y, z, gmst)
    ux, uy, uz = turn_z(vx, vy, vz, gmst)
    return px, py, pz, ux + EARTH_RATE_RADPS * py, uy - EARTH_RATE_RADPS * px, uz


@kernel(elementwise=True)
def ecef_to_teme(x, y, z, vx, vy, vz, gmst):
    """The inverse of `teme_to_ecef`."""
    ux, uy = vx - EARTH_RATE_RADPS * y, vy + EARTH_RATE_RADPS * x
    px, py, pz = turn_z(x, y, z, -gmst)
    wx, wy, wz = turn_z(ux, uy, vz, -gmst)
    return px, py, pz, wx, wy, wz


@kernel(elementwise=True)
def teme_to_eci(x, y, z, t_centuries):
    """A TEME vector in the mean equator and equinox of J2000: (x, y, z).

    r = P(T) N(T) R3(-Δψ cosε) r_teme. ``t_centuries`` of TT since J2000. Within 0.05 arc seconds
    of the GCRS from 1950 to 2050.
    """
    psi, eps = nutation_rad(t_centuries)
    x, y, z = turn_z(x, y, z, -psi * math.cos(mean_obliquity_rad(t_centuries)))
    return _true_to_eci(x, y, z, t_centuries, psi, eps)


@kernel
def _true_to_eci(x, y, z, t, psi, eps):
    obliquity = mean_obliquity_rad(t)
    x, y, z = _turn_x(x, y, z, obliquity + eps)
    x, y, z = turn_z(x, y, z, psi)
    x, y, z = _turn_x(x, y, z, -obliquity)
    zeta, zed, theta = _precession(t)
    x, y, z = turn_z(x, y, z, zed)
    x, y, z = _turn_y(x, y, z, -theta)
    return turn_z(x, y, z, zeta)


@kernel
def _precession(t):
    """The angles ζ, z, θ of Lieske et al. (1977), rad."""
    zeta = (2306.2181 + (0.30188 + 0.017998 * t) * t) * t * _ARCSEC
    zed = (2306.2181 + (1.09468 + 0.018203 * t) * t) * t * _ARCSEC
    theta = (2004.3109 + (-0.42665 - 0.041833 * t) * t) * t * _ARCSEC
    return zeta, zed, theta


@kernel(elementwise=True)
def eci_to_ecef(x, y, z, jd_ut1, fraction_day, tt_minus_ut1_s):
    """A vector of the mean equator and equinox of J2000 in the Earth-fixed frame: (x, y, z).

    r_ecef = R3(GAST) N P r, GAST = GMST + Δψ cosε. ``tt_minus_ut1_s`` is about 69 s today. Polar
    motion is left out: within 0.6 arc seconds.
    """
    t = ((jd_ut1 - J2000_JD) + fraction_day + tt_minus_ut1_s / 86400.0) / 36525.0
    psi, eps = nutation_rad(t)
    obliquity = mean_obliquity_rad(t)
    zeta, zed, theta = _precession(t)
    x, y, z = turn_z(x, y, z, -zeta)
    x, y, z = _turn_y(x, y, z, theta)
    x, y, z = turn_z(x, y, z, -zed)
    x, y, z = _turn_x(x, y, z, obliquity)
    x, y, z = turn_z(x, y, z, -psi)
    x, y, z = _turn_x(x, y, z, -obliquity - eps)
    return turn_z(x, y, z, gmst_rad(jd_ut1, fraction_day) + psi * math.cos(obliquity))


@kernel(elementwise=True)
def ecef_to_eci(x, y, z, jd_ut1, fraction_day, tt_minus_ut1_s):
    """An Earth-fixed vector in the mean equator and equinox of J2000; inverse of `eci_to_ecef`."""
    t = ((jd_ut1 - J2000_JD) + fraction_day + tt_minus_ut1_s / 86400.0) / 36525.0
    psi, eps = nutation_rad(t)
    sidereal = gmst_rad(jd_ut1, fraction_day) + psi * math.cos(mean_obliquity_rad(t))
    x, y, z = turn_z(x, y, z, -sidereal)
    return _true_to_eci(x, y, z, t, psi, eps)
