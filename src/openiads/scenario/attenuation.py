"""Tables of gas attenuation for kernels, made from ITU-R P.676 when a scenario is compiled.

With the extra ``models`` the specific attenuation is P.676's line-by-line sum (package itur). With
it absent, a shorter law stands in: sea-level values of P.676 at 13 frequencies from 1 to 40 GHz
(the ITU's own validation examples), log-log between them, thinning with height as oxygen's and
water vapour's densities do. The two differ by up to 14 % at 1 GHz and 7 % from 3 to 40 GHz
(tests/unit/test_attenuation.py); `GasTable.source` says which one made a table.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from openiads.faults import Fault, InputError
from openiads.physics.atmosphere import pressure_pa, temperature_k
from openiads.physics.propagation import EARTH_RADIUS_M, FOUR_THIRDS, height_at_range_m

ELEVATIONS, RANGES, STEPS = 33, 65, 8
VAPOUR_SURFACE_G_M3 = 7.5  # ITU-R P.835-6, mean annual global reference
VAPOUR_SCALE_M = 2000.0
_TOP_M = 60e3
LOWEST_HZ, HIGHEST_HZ, HIGHEST_WITHOUT_ITUR_HZ = 1e9, 1000e9, 40e9

# GHz, oxygen dB/km, water vapour dB/km at 1013.25 hPa, 288.15 K, 7.5 g/m^3: ITU-R Study Group 3
# validation examples CG-3M3J-13-ValEx-Rev5.1 for P.676-13.
_SEA_LEVEL = np.array([
    (1.0, 0.0053887, 5.09046e-05), (3.0, 0.0070760, 0.0004628), (5.0, 0.0074004, 0.0013135),
    (6.0, 0.0075372, 0.0019216), (9.0, 0.0080235, 0.0046610), (12.0, 0.0086983, 0.0095354),
    (14.0, 0.0092812, 0.0151917), (18.0, 0.0108491, 0.0466639), (22.0, 0.0131302, 0.1742070),
    (24.0, 0.0146361, 0.1585251), (30.0, 0.0214497, 0.0723749), (37.0, 0.0382394, 0.0725221),
    (40.0, 0.0521168, 0.0789690),
])  # fmt: skip
_SEA_LEVEL.setflags(write=False)


@dataclass(frozen=True)
class GasTable:
    """One-way gas loss for an antenna: ``gas_loss_db(table.loss_db, table.longest_m, el, range)``.

    loss_db: (ELEVATIONS, RANGES) float64 in dB; source names the recommendation or the stand-in.
    """

    loss_db: np.ndarray
    longest_m: float
    source: str


def _itur() -> Any:
    """The module of P.676 in package itur, or None where the extra is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import itur.models.itu676 as module
    except ImportError:
        return None
    return module


def vapour_density_g_m3(height_m: np.ndarray, surface_g_m3: float) -> np.ndarray:
    """Water-vapour density of the mean reference atmosphere: rho0 exp(-h / 2 km), P.835-6."""
    return surface_g_m3 * np.exp(-np.asarray(height_m) / VAPOUR_SCALE_M)


def gas_specific_db_km(
    frequency_hz: float, height_m: np.ndarray, surface_vapour_g_m3: float = VAPOUR_SURFACE_G_M3,
    itur: bool = True,
) -> np.ndarray:  # fmt: skip
    """Specific attenuation of the air (dB/km, one way) at heights of the standard atmosphere.

    Oxygen plus water vapour by ITU-R P.676-12, Annex 1 (line by line), at the temperature and
    dry-air pressure of US Standard Atmosphere 1976; by the stand-in of this module where itur is
    absent or ``itur`` is False. Below 1 GHz the value at 1 GHz stands (the recommendation begins
    there; true losses are smaller). height_m: array; returns its shape.
    """
    module = _itur() if itur else None
    _check(frequency_hz, surface_vapour_g_m3, module is not None)
    frequency_ghz = 1e-9 * max(frequency_hz, LOWEST_HZ)
    heights = np.maximum(np.asarray(height_m, dtype=np.float64), 0.0)
    vapour = vapour_density_g_m3(heights, surface_vapour_g_m3)
    temperature = temperature_k(heights)
    pressure_hpa = 0.01 * pressure_pa(heights)
    if module is None:
        log_f = np.log(frequency_ghz)
        oxygen, water = (
            np.exp(np.interp(log_f, np.log(_SEA_LEVEL[:, 0]), np.log(_SEA_LEVEL[:, column])))
            for column in (1, 2)
        )
        # Far from its lines oxygen absorbs as pressure squared; the lines broaden by pressure.
        thin = (pressure_hpa / 1013.25) ** 2 * (288.15 / temperature) ** 2.8
        wet = vapour / VAPOUR_SURFACE_G_M3 * (pressure_hpa / 1013.25)
        return oxygen * thin + water * wet
    loss = [
        sum(line_by_line_db_km(1e9 * frequency_ghz, p, v, t))
        for p, v, t in zip(pressure_hpa.flat, vapour.flat, temperature.flat, strict=True)
    ]
    return np.array(loss, dtype=np.float64).reshape(heights.shape)


def line_by_line_db_km(
    frequency_hz: float, pressure_hpa: float, vapour_g_m3: float, temperature_k: float
) -> tuple[float, float]:
    """Specific attenuation (dB/km) of oxygen and of water vapour, ITU-R P.676-12, Annex 1.

    pressure_hpa of the dry air, vapour_g_m3, temperature_k; 1 to 1,000 GHz. Raises InputError where
    the extra ``models`` is not installed.
    """
    module = _itur()
    if module is None:
        raise InputError.of("line-by-line absorption needs itur", "install openiads[models]")
    air = 1e-9 * frequency_hz, pressure_hpa, vapour_g_m3, temperature_k
    return float(module.gamma0_exact(*air).value), float(module.gammaw_exact(*air).value)


def earth_space_gas_db(
    frequency_hz: float, elevation_rad: float, pressure_hpa: float, vapour_g_m3: float,
    temperature_k: float, column_kgm2: float | None = None, height_m: float | None = None,
) -> float:  # fmt: skip
    """One-way gas loss (dB) of a path through the whole atmosphere, ITU-R P.676-12, Annex 2.

    A = (gamma_o h_o + gamma_w h_w) / sin(elevation): equivalent heights for oxygen and water
    vapour; with ``column_kgm2`` of vapour above a site ``height_m`` high its own term takes the
    place of the second. Surface values of the air; elevations from 5 to 90 degrees, 1 to 350 GHz.
    Radar paths end in the air and use `gas_table`. Raises InputError where the extra ``models`` is
    not installed or the elevation is outside.
    """
    module = _itur()
    if module is None:
        raise InputError.of("earth-space paths need itur", "install openiads[models]")
    if not np.radians(5.0) - 1e-9 <= elevation_rad <= 0.5 * np.pi + 1e-9:
        raise InputError.of("an earth-space elevation is outside 5 to 90 degrees")
    loss = module.gaseous_attenuation_slant_path(
        1e-9 * frequency_hz, np.degrees(elevation_rad), vapour_g_m3, pressure_hpa, temperature_k,
        V_t=column_kgm2, h=None if height_m is None else 1e-3 * height_m, mode="approx",
    ).value  # fmt: skip
    return float(np.squeeze(loss))


def _check(frequency_hz: float, vapour_g_m3: float, with_itur: bool) -> None:
    faults = []
    highest = HIGHEST_HZ if with_itur else HIGHEST_WITHOUT_ITUR_HZ
    if not 0.0 < frequency_hz <= highest:
        mend = f"give a frequency above 0 and up to {highest * 1e-9:g} GHz"
        if not with_itur:
            mend += "; the extra openiads[models] reaches 1,000 GHz"
        faults.append(Fault(f"gas attenuation knows no {frequency_hz:g} Hz", mend))
    if not 0.0 <= vapour_g_m3 <= 60.0:
        faults.append(
            Fault(f"a water-vapour density of {vapour_g_m3:g} g/m3 does not occur",
                  "give 0 to 60 g/m3; 7.5 is the mean reference")
        )  # fmt: skip
    if faults:
        raise InputError(faults)


def gas_table(
    frequency_hz: float,
    antenna_height_m: float,
    longest_m: float,
    surface_vapour_g_m3: float = VAPOUR_SURFACE_G_M3,
    itur: bool = True,
) -> GasTable:
    """The one-way gas loss from an antenna for all elevations and ranges, as a table.

    A(el, R) = integral of gamma(h(s)) ds along the ray over the 4/3 Earth. antenna_height_m above
    the sea, longest_m the instrumented range. The steps are even in the roots of sin(elevation)
    and range, where the loss is smooth. Raises InputError for a frequency out of range.
    """
    levels = np.concatenate([np.arange(0.0, 12e3, 250.0), np.linspace(12e3, _TOP_M, 49)])
    specific = gas_specific_db_km(frequency_hz, levels, surface_vapour_g_m3, itur)
    log_specific = np.log(np.maximum(specific, 1e-12))
    fine = np.linspace(0.0, 1.0, STEPS * (RANGES - 1) + 1) ** 2 * longest_m
    sines = np.linspace(0.0, 1.0, ELEVATIONS) ** 2
    radius = FOUR_THIRDS * EARTH_RADIUS_M
    height = height_at_range_m(fine[None, :], antenna_height_m, np.arcsin(sines)[:, None], radius)
    gamma = np.where(height < _TOP_M, np.exp(np.interp(height, levels, log_specific)), 0.0)
    steps = 0.5e-3 * (gamma[:, 1:] + gamma[:, :-1]) * np.diff(fine)
    loss = np.zeros_like(gamma)
    np.cumsum(steps, axis=1, out=loss[:, 1:])
    known = itur and _itur() is not None
    source = "ITU-R P.676-12 line by line (itur)" if known else "P.676 sea level, scaled (no itur)"
    return GasTable(np.ascontiguousarray(loss[:, ::STEPS]), longest_m, source)
