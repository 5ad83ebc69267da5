"""The U.S. Standard Atmosphere 1976, from 5 km below the sea to space.

Reference: "U.S. Standard Atmosphere, 1976", NOAA-S/T 76-1562, NASA TM-X-74335 (US76 below).
Heights are geometric above mean sea level (on the ellipsoid here); `geopotential_height_m`
converts. Three parts:

* to 86 km the defining hydrostatic layers (US76 equations 23, 33a, 33b), exact; below 0 m the
  lowest layer goes on (US76 tabulates it to -5 km);
* 86 to 1,000 km the defining temperature profile (US76 equations 25 to 31), and the quartic fits
  of ln p and ln rho to the printed tables that are known as the COESA-76 polynomials, within
  0.2 % of the tables where they were checked (tests/validation/test_atmosphere.py);
* above 1,000 km temperature stays and pressure and density go on exponentially with their scale
  height at 1,000 km (assumed: the standard ends there; drag is nil for any flight here).
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel

GRAVITY_MPS2 = 9.80665  # g0', US76 table 2
GAS_CONSTANT_J_PER_KMOL_K = 8314.32  # R*, US76 table 2 (not today's value)
MOLAR_MASS_KG_PER_KMOL = 28.9644  # M0, US76 table 2
EARTH_RADIUS_M = 6_356_766.0  # r0 of geopotential height, US76 equation 19
HEAT_RATIO = 1.4  # gamma, US76 equation 50
SEA_LEVEL_PRESSURE_PA = 101_325.0
_SUTHERLAND_BETA = 1.458e-6  # kg s^-1 m^-1 K^-1/2, US76 equation 51
_SUTHERLAND_K = 110.4
_TOP_OF_LAYERS_M = 86_000.0
_TOP_OF_FITS_KM = 1000.0


def _constant(rows):
    table = np.array(rows, dtype=np.float64)
    table.setflags(write=False)
    return table


# US76 table 4: base (geopotential m), base temperature (K), gradient (K/m); pressures by eq. 33.
_BASE_M = _constant([0.0, 11e3, 20e3, 32e3, 47e3, 51e3, 71e3])
_GRADIENT_K_M = _constant([-6.5e-3, 0.0, 1.0e-3, 2.8e-3, 0.0, -2.8e-3, -2.0e-3])
_HYDROSTATIC_K_M = GRAVITY_MPS2 * MOLAR_MASS_KG_PER_KMOL / GAS_CONSTANT_J_PER_KMOL_K


def _layer_bases():
    temperature, pressure = [288.15], [SEA_LEVEL_PRESSURE_PA]
    for k in range(6):
        thick, lapse, base = _BASE_M[k + 1] - _BASE_M[k], _GRADIENT_K_M[k], temperature[k]
        top = base + lapse * thick
        if lapse == 0.0:
            ratio = math.exp(-_HYDROSTATIC_K_M * thick / base)
        else:
            ratio = (base / top) ** (_HYDROSTATIC_K_M / lapse)
        temperature.append(top)
        pressure.append(pressure[k] * ratio)
    return _constant(temperature), _constant(pressure)


_BASE_K, _BASE_PA = _layer_bases()

# US76 table 8: M / M0 every 500 m of geometric height from 80 to 86 km.
_MASS_RATIO = _constant([
    1.0, 0.999996, 0.999989, 0.999971, 0.999941, 0.999909, 0.999870,
    0.999829, 0.999786, 0.999741, 0.999694, 0.999641, 0.999579,
])  # fmt: skip

# COESA-76 polynomials, Z in km: ln y = A Z^4 + B Z^3 + C Z^2 + D Z + E from the height in column 0
# (km); pressure (Pa), then density (kg/m^3). As carried in poliastro's coesa76_p.dat, _rho.dat.
_FIT_PRESSURE = _constant([
    (86.0, 0.0, 2.159582e-06, -0.0004836957, -0.1425192, 13.4753),
    (91.0, 0.0, 3.304895e-05, -0.00906273, 0.6516698, -11.03037),
    (100.0, 0.0, 6.693926e-05, -0.01945388, 1.71908, -47.7503),
    (110.0, 0.0, -6.539316e-05, 0.02485568, -3.22362, 135.9355),
    (120.0, 2.283506e-07, -0.0001343221, 0.02999016, -3.055446, 113.5764),
    (150.0, 1.209434e-08, -9.692458e-06, 0.003002041, -0.4523015, 19.19151),
    (200.0, 8.113942e-10, -9.822568e-07, 0.0004687616, -0.123171, 3.067409),
    (300.0, 9.814674e-11, -1.654439e-07, 0.0001148115, -0.05431334, -2.011365),
    (500.0, -7.835161e-11, 1.964589e-07, -0.0001657213, 0.04305869, -14.77132),
    (750.0, 2.813255e-11, -1.120689e-07, 0.0001695568, -0.1188941, 14.56718),
])  # fmt: skip
_FIT_DENSITY = _constant([
    (86.0, 0.0, -3.322622e-06, 0.000911146, -0.2609971, 5.944694),
    (91.0, 0.0, 2.873405e-05, -0.008492037, 0.6541179, -23.6201),
    (100.0, -1.240774e-05, 0.005162063, -0.8048342, 55.55996, -1443.338),
    (110.0, 0.0, -8.854164e-05, 0.03373254, -4.390837, 176.5294),
    (120.0, 3.661771e-07, -0.0002154344, 0.04809214, -4.884744, 172.3597),
    (150.0, 1.906032e-08, -1.527799e-05, 0.004724294, -0.699234, 20.50921),
    (200.0, 1.199282e-09, -1.451051e-06, 0.0006910474, -0.173622, -5.321644),
    (300.0, 1.140564e-10, -2.130756e-07, 0.0001570762, -0.07029296, -12.89844),
    (500.0, 8.105631e-12, -2.358417e-09, -2.63511e-06, -0.01562608, -20.02246),
    (750.0, -3.701195e-12, -8.608611e-09, 5.118829e-05, -0.06600998, -6.137674),
])  # fmt: skip


@kernel(elementwise=True)
def geopotential_height_m(h_m):
    """Geopotential height (m') of a geometric height (m): H = r0 Z / (r0 + Z), US76 eq. 18."""
    return EARTH_RADIUS_M * h_m / (EARTH_RADIUS_M + h_m)


@kernel(elementwise=True)
def geometric_height_m(geopotential_m):
    """Geometric height (m) of a geopotential height (m'): Z = r0 H / (r0 - H), US76 eq. 19."""
    return EARTH_RADIUS_M * geopotential_m / (EARTH_RADIUS_M - geopotential_m)


@kernel
def _layer(h_m):
    """(molecular-scale temperature K, pressure Pa) below 86 km geometric: US76 eqs. 23 and 33."""
    height = EARTH_RADIUS_M * h_m / (EARTH_RADIUS_M + h_m)
    k = 0
    while k < 6 and height >= _BASE_M[k + 1]:
        k += 1
    above = height - _BASE_M[k]
    base = _BASE_K[k]
    lapse = _GRADIENT_K_M[k]
    if lapse == 0.0:
        return base, _BASE_PA[k] * math.exp(-_HYDROSTATIC_K_M * above / base)
    temperature = base + lapse * above
    return temperature, _BASE_PA[k] * (base / temperature) ** (_HYDROSTATIC_K_M / lapse)


@kernel
def _mass_ratio(h_m):
    """M / M0 to 86 km: 1 below 80 km, then US76 table 8, linear between its rows."""
    x = (h_m - 80e3) / 500.0
    if x <= 0.0:
        return 1.0
    k = min(int(x), 11)
    return _MASS_RATIO[k] + (x - k) * (_MASS_RATIO[k + 1] - _MASS_RATIO[k])


@kernel
def _upper_temperature(z_km):
    """Kinetic temperature (K) above 86 km: US76 equations 25, 27, 29, 31."""
    if z_km <= 91.0:
        return 186.8673
    if z_km <= 110.0:
        x = (z_km - 91.0) / 19.9429
        return 263.1905 - 76.3232 * math.sqrt(1.0 - x * x)
    if z_km <= 120.0:
        return 240.0 + 12.0 * (z_km - 110.0)
    radius = 0.001 * EARTH_RADIUS_M
    xi = (z_km - 120.0) * (radius + 120.0) / (radius + z_km)
    return 1000.0 - 640.0 * math.exp(-0.01875 * xi)


@kernel
def _fit(z_km, pressure):
    """exp of the quartic of the band that holds z; exponential beyond the last band."""
    table = _FIT_PRESSURE if pressure else _FIT_DENSITY
    z = min(z_km, _TOP_OF_FITS_KM)
    k = 0
    while k < 9 and z >= table[k + 1, 0]:
        k += 1
    a, b, c, d, e = table[k, 1], table[k, 2], table[k, 3], table[k, 4], table[k, 5]
    log_value = (((a * z + b) * z + c) * z + d) * z + e
    if z_km > z:
        log_value += (((4.0 * a * z + 3.0 * b) * z + 2.0 * c) * z + d) * (z_km - z)
    return math.exp(log_value)


@kernel
def atmosphere(h_m):
    """(temperature K, pressure Pa, density kg/m^3, sound speed m/s) at a geometric height (m).

    One call for kernels that need several of the values; see the functions of each.
    """
    if h_m < _TOP_OF_LAYERS_M:
        molecular, pressure = _layer(h_m)
        gas = GAS_CONSTANT_J_PER_KMOL_K / MOLAR_MASS_KG_PER_KMOL * molecular
        density = pressure / gas
        return molecular * _mass_ratio(h_m), pressure, density, math.sqrt(HEAT_RATIO * gas)
    z_km = 0.001 * h_m
    pressure = _fit(z_km, True)
    density = _fit(z_km, False)
    reach = min(z_km, _TOP_OF_FITS_KM)
    gas = _fit(reach, True) / _fit(reach, False)
    return _upper_temperature(z_km), pressure, density, math.sqrt(HEAT_RATIO * gas)


@kernel(elementwise=True)
def temperature_k(h_m):
    """Kinetic temperature (K) of the standard atmosphere at a geometric height (m).

    T = T_M M / M0 with T_M piecewise linear in geopotential height to 86 km (US76 eq. 23), the
    defining arcs above (eqs. 25 to 31); see the module for the range.
    """
    if h_m < _TOP_OF_LAYERS_M:
        return _layer(h_m)[0] * _mass_ratio(h_m)
    return _upper_temperature(0.001 * h_m)


@kernel(elementwise=True)
def pressure_pa(h_m):
    """Pressure (Pa) of the standard atmosphere at a geometric height (m).

    p = pb (Tb / (Tb + L (H - Hb)))^(g0 M0 / (R* L)), or pb exp(-g0 M0 (H - Hb) / (R* Tb)) where
    the gradient L is 0, to 86 km (US76 eqs. 33a, 33b); fits above, see the module.
    """
    if h_m < _TOP_OF_LAYERS_M:
        return _layer(h_m)[1]
    return _fit(0.001 * h_m, True)


@kernel(elementwise=True)
def density_kgm3(h_m):
    """Density (kg/m^3) of the standard atmosphere at a geometric height (m).

    rho = p M0 / (R* T_M) to 86 km (US76 eq. 42); fits above, see the module.
    """
    if h_m < _TOP_OF_LAYERS_M:
        molecular, pressure = _layer(h_m)
        return pressure * MOLAR_MASS_KG_PER_KMOL / (GAS_CONSTANT_J_PER_KMOL_K * molecular)
    return _fit(0.001 * h_m, False)


@kernel(elementwise=True)
def sound_speed_mps(h_m):
    """Speed of sound (m/s) at a geometric height (m): sqrt(gamma R* T_M / M0), US76 eq. 50.

    The standard gives none above 86 km; there it is sqrt(gamma p / rho), the same expression
    with the local molar mass (assumed; a Mach number means little in free molecular flow).
    """
    return atmosphere(h_m)[3]


@kernel(elementwise=True)
def dynamic_viscosity_pas(h_m):
    """Dynamic viscosity (Pa s): beta T^1.5 / (T + S), US76 eq. 51; NaN above 86 km."""
    if h_m > _TOP_OF_LAYERS_M:
        return math.nan
    t = temperature_k(h_m)
    return _SUTHERLAND_BETA * t * math.sqrt(t) / (t + _SUTHERLAND_K)
