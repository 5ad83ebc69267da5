"""Loss of a radar's signal in rain and in the gases of the air, in decibels for one way.

Rain by ITU-R P.838-3. Gas by interpolation in a table that `openiads.scenario.attenuation` makes
from ITU-R P.676 when a scenario is compiled. A radar loses twice the one-way figure
(`openiads.physics.radar.attenuated_snr` does so).
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics.propagation import range_to_height_m


def _constant(rows):
    table = np.array(rows, dtype=np.float64)
    table.setflags(write=False)
    return table


# ITU-R P.838-3 tables 1 to 4: rows (a, b, c) of the Gaussians in log10 f; then (m, c) of the line.
_K_H = _constant([(-5.33980, -0.10008, 1.13098), (-0.35351, 1.26970, 0.45400),
                  (-0.23789, 0.86036, 0.15354), (-0.94158, 0.64552, 0.16817)])  # fmt: skip
_K_V = _constant([(-3.80595, 0.56934, 0.81061), (-3.44965, -0.22911, 0.51059),
                  (-0.39902, 0.73042, 0.11899), (0.50167, 1.07319, 0.27195)])  # fmt: skip
_ALPHA_H = _constant([(-0.14318, 1.82442, -0.55187), (0.29591, 0.77564, 0.19822),
                      (0.32177, 0.63773, 0.13164), (-5.37610, -0.96230, 1.47828),
                      (16.1721, -3.29980, 3.43990)])  # fmt: skip
_ALPHA_V = _constant([(-0.07771, 2.33840, -0.76284), (0.56727, 0.95545, 0.54039),
                      (-0.20238, 1.14520, 0.26809), (-48.2991, 0.791669, 0.116226),
                      (48.5833, 0.791459, 0.116479)])  # fmt: skip


@kernel
def _gaussians(rows, slope, offset, log_frequency):
    total = slope * log_frequency + offset
    for k in range(len(rows)):
        x = (log_frequency - rows[k, 1]) / rows[k, 2]
        total += rows[k, 0] * math.exp(-x * x)
    return total


@kernel
def rain_coefficients(frequency_hz, elevation_rad, tilt_rad):
    """(k, alpha) of the specific attenuation of rain, gamma = k R^alpha in dB/km for R in mm/h.

    k = (kH + kV + (kH - kV) cos^2(el) cos(2 tau)) / 2 and alpha likewise, weighted by k; kH to
    alphaV are sums of Gaussians in log10 f. frequency 1 to 1,000 GHz (given in Hz), elevation of
    the path, tilt tau of the polarisation from the horizontal: 0 horizontal, pi/4 circular, pi/2
    vertical. Reference: ITU-R P.838-3, eqs. 1 to 5. Validated in tests/validation/test_itu_rain.py.
    """
    log_f = math.log10(1e-9 * frequency_hz)
    k_h = 10.0 ** _gaussians(_K_H, -0.18961, 0.71147, log_f)
    k_v = 10.0 ** _gaussians(_K_V, -0.16398, 0.63297, log_f)
    alpha_h = _gaussians(_ALPHA_H, 0.67849, -1.95537, log_f)
    alpha_v = _gaussians(_ALPHA_V, -0.053739, 0.83433, log_f)
    mix = math.cos(elevation_rad) ** 2 * math.cos(2.0 * tilt_rad)
    k = 0.5 * (k_h + k_v + (k_h - k_v) * mix)
    weighted = k_h * alpha_h + k_v * alpha_v + (k_h * alpha_h - k_v * alpha_v) * mix
    return k, 0.5 * weighted / k


@kernel(elementwise=True)
def rain_specific_db_km(frequency_hz, rain_mm_h, elevation_rad, tilt_rad):
    """Specific attenuation of rain (dB/km, one way): k R^alpha, see `rain_coefficients`."""
    k, alpha = rain_coefficients(frequency_hz, elevation_rad, tilt_rad)
    return k * rain_mm_h**alpha


@kernel(elementwise=True)
def rain_loss_db(specific_db_km, rain_height_m, antenna_height_m, elevation_rad, range_m, radius_m):
    """One-way loss along the part of a path that lies below the rain height (dB).

    gamma times that length: the rain is uniform from the ground to rain_height_m and everywhere
    along the path (assumed: a stated storm, not a statistic; ITU-R P.618's path reduction is for
    yearly exceedance). Heights above the sphere of radius_m; antenna below the rain height, else
    there is no rain on an upward path.
    """
    if antenna_height_m >= rain_height_m:
        return 0.0
    wet = range_to_height_m(rain_height_m, antenna_height_m, elevation_rad, radius_m)
    return specific_db_km * 1e-3 * (min(wet, range_m) if wet >= 0.0 else range_m)


@kernel
def gas_loss_db(table_db, longest_m, elevation_rad, range_m):
    """One-way gas loss (dB) by interpolation in the table of `openiads.scenario.attenuation`.

    table_db: (elevations, ranges) on even steps of sqrt(sin(elevation)) from 0 to 1 and of
    sqrt(range / longest_m); bilinear between, clamped at the ends (a path below the horizontal
    counts as level). Within 1 % or 0.01 dB of the integral (tests/unit/test_attenuation.py).
    """
    rows, columns = table_db.shape
    y = math.sqrt(max(math.sin(elevation_rad), 0.0)) * (rows - 1)
    x = math.sqrt(min(max(range_m / longest_m, 0.0), 1.0)) * (columns - 1)
    i = min(int(y), rows - 2)
    j = min(int(x), columns - 2)
    fy, fx = y - i, x - j
    upper = table_db[i, j] + fx * (table_db[i, j + 1] - table_db[i, j])
    lower = table_db[i + 1, j] + fx * (table_db[i + 1, j + 1] - table_db[i + 1, j])
    return upper + fy * (lower - upper)
