"""Refractivity of air, and rays traced through an exponential atmosphere.

N = 10^6 (n - 1). References: ITU-R P.453-14 (refractivity and its mean profile); B. R. Bean and
G. D. Thayer, "CRPL exponential reference atmosphere", NBS Monograph 4, 1959.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics.propagation import EARTH_RADIUS_M

MEAN_SURFACE_REFRACTIVITY = 315.0  # ITU-R P.453-14, mean profile
MEAN_SCALE_HEIGHT_M = 7350.0
CRPL_SURFACE_REFRACTIVITY = 313.0  # Bean and Thayer 1959, the reference atmosphere nearest 4/3
CRPL_DECAY_PER_M = 0.143859e-3

# Gauss-Legendre on [-1, 1], five points: Abramowitz and Stegun table 25.4.
_NODE = np.array([-0.906179845938664, -0.538469310105683, 0.0, 0.538469310105683,
                  0.906179845938664])  # fmt: skip
_WEIGHT = np.array([0.236926885056189, 0.478628670499366, 0.568888888888889, 0.478628670499366,
                    0.236926885056189])  # fmt: skip
_NODE.setflags(write=False)
_WEIGHT.setflags(write=False)
_PANELS = 24


@kernel(elementwise=True)
def refractivity(pressure_hpa, vapour_hpa, temperature_k):
    """Radio refractivity of moist air (N-units).

    N = 77.6 P/T - 5.6 e/T + 3.75e5 e/T^2: total pressure P and water-vapour pressure e in hPa
    (the recommendation's own unit), T in K. Within 0.5 % to 100 GHz for -50 to 40 deg C.
    Reference: ITU-R P.453-14, Annex 1, section 1.
    """
    return (
        77.6 * pressure_hpa - 5.6 * vapour_hpa + 3.75e5 * vapour_hpa / temperature_k
    ) / temperature_k


@kernel(elementwise=True)
def saturation_vapour_pressure_hpa(temperature_k, pressure_hpa):
    """Saturation pressure of water vapour over water (hPa).

    e = (1 + 1e-4 (7.2 + P (0.0320 + 5.9e-6 t^2))) 6.1121 exp((18.678 - t/234.5) t / (t + 257.14)),
    t in deg C from -40 to 50, P in hPa. Reference: ITU-R P.453-14, Annex 1, section 1.
    """
    t = temperature_k - 273.15
    enhancement = 1.0 + 1e-4 * (7.2 + pressure_hpa * (0.0320 + 5.9e-6 * t * t))
    return enhancement * 6.1121 * math.exp((18.678 - t / 234.5) * t / (t + 257.14))


@kernel(elementwise=True)
def vapour_pressure_hpa(density_g_m3, temperature_k):
    """Pressure of water vapour of a given density: e = rho T / 216.7 (ITU-R P.453-14)."""
    return density_g_m3 * temperature_k / 216.7


@kernel(elementwise=True)
def exponential_refractivity(height_m, surface_n, decay_per_m):
    """N(h) = N0 exp(-c h): the mean reference of ITU-R P.453-14 or a CRPL atmosphere."""
    return surface_n * math.exp(-decay_per_m * height_m)


@kernel
def trace_ray(antenna_height_m, elevation_rad, target_height_m, surface_n, decay_per_m):
    """A ray through an exponential atmosphere, from the antenna up to a height.

    Snell's law on a sphere, n r cos(el) = C; ground angle = integral of C dr / (r Q), path =
    integral of n r dr / Q and its delay n^2 r dr / Q, with Q = sqrt(n^2 r^2 - C^2).
    Returns (path_m, apparent_range_m, ground_range_m, true_elevation_rad): the length of the ray,
    the range that its delay shows, the distance along the surface and the elevation of the
    straight line to the target. elevation >= 0 (apparent, at the antenna), target above the
    antenna (else NaN), no ducting: N0 c < 157e-6 per m. Quadrature error below 1 cm.
    Reference: Bean and Thayer 1959; validated in tests/validation/test_radar_horizon.py.
    """
    if elevation_rad < 0.0 or target_height_m < antenna_height_m:
        return math.nan, math.nan, math.nan, math.nan
    inner = EARTH_RADIUS_M + antenna_height_m
    n_inner = 1.0 + 1e-6 * surface_n * math.exp(-decay_per_m * antenna_height_m)
    rise = n_inner * inner * math.sin(elevation_rad)
    invariant = n_inner * inner * math.cos(elevation_rad)
    # h = h1 + u^2 removes the square-root singularity of a ray that starts level.
    top = math.sqrt(target_height_m - antenna_height_m)
    path = delay = angle = 0.0
    for panel in range(_PANELS):
        # Panels thin out towards the start, where a low ray bends fastest.
        start = top * (panel / _PANELS) ** 2
        half = 0.5 * (top * ((panel + 1) / _PANELS) ** 2 - start)
        for k in range(5):
            u = start + half * (1.0 + _NODE[k])
            height = antenna_height_m + u * u
            radius = EARTH_RADIUS_M + height
            excess = 1e-6 * surface_n * math.exp(-decay_per_m * height)
            index = 1.0 + excess
            gain = u * u * index + inner * (index - n_inner)
            q = math.sqrt(gain * (index * radius + n_inner * inner) + rise * rise)
            step = 2.0 * u * half * _WEIGHT[k] / q
            path += index * radius * step
            delay += index * index * radius * step
            angle += invariant / radius * step
    outer = EARTH_RADIUS_M + target_height_m
    half_sine = math.sin(0.5 * angle)
    rise_true = outer - inner - 2.0 * outer * half_sine * half_sine
    true_elevation = math.atan2(rise_true, outer * math.sin(angle))
    return path, delay, EARTH_RADIUS_M * angle, true_elevation


@kernel(elementwise=True)
def elevation_bias_rad(antenna_height_m, elevation_rad, target_height_m, surface_n, decay_per_m):
    """Apparent minus true elevation of a target: how much refraction lifts it (rad).

    Arguments and range as in `trace_ray`.
    """
    return (
        elevation_rad
        - trace_ray(antenna_height_m, elevation_rad, target_height_m, surface_n, decay_per_m)[3]
    )
