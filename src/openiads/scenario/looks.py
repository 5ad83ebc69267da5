"""Looks: what each radar can see along each path, computed once for all replications."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.physics.attenuation import rain_loss_db, rain_specific_db_km
from openiads.physics.detection import detection_probability, required_snr

OUT_OF_SIGHT = -1.0
LOW_BAND_HZ = 2e9
"""Upper end of NATO's band D: public figures of cross-section part there."""
_DB = np.arange(-30.0, 60.01, 0.1)

Floats = NDArray[np.float64]


def pd_table(pfa: float, pulses: int, swerling: int) -> Floats:
    """Detection probability at the signal-to-noise ratios ``_DB`` (decibels, a pulse)."""
    snr = 10.0 ** (_DB / 10.0)
    return np.array([detection_probability(x, pfa, pulses, swerling) for x in snr])


def reference_snr(radar: Any) -> float:
    """Power ratio at the claimed range: what gives the reference Pd on a Swerling 1 target.

    The claim names no fluctuation; Swerling 1 is the usual convention for "detection range"
    (Skolnik, Introduction to Radar Systems, 3rd ed., section 2.8).
    """
    return float(required_snr(radar["reference_pd"], radar["pfa"], int(radar["pulses"]), 1))


def hold_range_m(radar: Any, pd: float) -> float:
    """Range (m) at which one look of a radar detects its reference cross-section with ``pd``.

    R = R0 (SNR0 / SNR)^(1/4) in free space, both ratios for Swerling 1 (`reference_snr`): what the
    radar's owner may take from its claim, whatever the target.
    """
    need = float(required_snr(pd, radar["pfa"], int(radar["pulses"]), 1))
    return float(radar["detection_range_max_m"]) * (reference_snr(radar) / need) ** 0.25


def cross_section_m2(threat: Any, frequency_hz: float, gap_m: Floats, vel_mps: Floats) -> Any:
    """What a radar of a frequency meets of a threat class at points (n,): (n,), or one number.

    gap_m (n, 3) from the radar to the threat, vel_mps (n, 3). In band: `rcs_low_band` below 2 GHz
    (NATO bands A to D), else `rcs`. By aspect, where the class states a side: the logarithm goes
    from front to side and from side to rear as sin^2 of the aspect angle (assumed: smooth, with
    the three stated values at their angles; real patterns have lobes, which Swerling's case
    stands for). Side and rear scale with the band as the front does.
    """
    front = threat.rcs_m2
    if threat.rcs_low_band_m2 is not None and frequency_hz < LOW_BAND_HZ:
        front = threat.rcs_low_band_m2
    if threat.rcs_side_m2 is None and threat.rcs_rear_m2 is None:
        return front
    nearing = -np.einsum("ij,ij->i", gap_m, vel_mps)
    whole = np.linalg.norm(gap_m, axis=1) * np.linalg.norm(vel_mps, axis=1)
    cosine = nearing / np.maximum(whole, 1e-9)
    end = np.where(cosine >= 0.0, threat.rcs_m2, threat.rcs_rear_m2 or threat.rcs_m2)
    side = threat.rcs_side_m2 or np.sqrt(threat.rcs_m2 * (threat.rcs_rear_m2 or threat.rcs_m2))
    across = np.clip(1.0 - cosine**2, 0.0, 1.0)
    return front / threat.rcs_m2 * end ** (1.0 - across) * side**across


class Air:
    """Losses between one radar and its targets, where a scenario asks for them.

    The published range of a radar is taken as one without these losses: with them on, it falls
    short of the claim. Gas by ITU-R P.676 (`openiads.scenario.attenuation`), rain by P.838 with
    circular polarisation (assumed), uniform below the rain height.
    """

    def __init__(self, radar: Any, environment: Any, effective_radius_m: float):
        self.radar, self.environment, self.radius = radar, environment, effective_radius_m
        self.gas: Any = None
        if environment.gas:
            from openiads.scenario.attenuation import gas_table

            self.gas = gas_table(
                float(radar["frequency_hz"]), max(float(radar["height_m"]), 0.0),
                float(radar["instrumented_range_m"]),
            )  # fmt: skip

    @classmethod
    def of(cls, radar: Any, environment: Any, effective_radius_m: float) -> Air | None:
        """The losses of a scenario's environment; None where it asks for none."""
        if not environment.gas and environment.rain_rate_mps <= 0.0:
            return None
        return cls(radar, environment, effective_radius_m)

    def one_way_db(self, elevation_rad: Floats, range_m: Floats) -> Floats:
        """One-way loss (dB) of paths of an elevation at the antenna and a slant range; arrays."""
        loss = np.zeros_like(range_m)
        if self.gas is not None:
            from scipy.ndimage import map_coordinates

            rows, columns = self.gas.loss_db.shape
            at = np.stack([
                np.sqrt(np.maximum(np.sin(elevation_rad), 0.0)) * (rows - 1),
                np.sqrt(np.minimum(range_m / self.gas.longest_m, 1.0)) * (columns - 1),
            ])  # fmt: skip
            loss += map_coordinates(self.gas.loss_db, at, order=1, mode="nearest")
        if self.environment.rain_rate_mps > 0.0:
            rate_mm_h = self.environment.rain_rate_mps * 3.6e6
            specific = rain_specific_db_km(
                float(self.radar["frequency_hz"]), rate_mm_h, elevation_rad, 0.25 * math.pi
            )
            loss += rain_loss_db(
                specific, self.environment.rain_height_m, max(float(self.radar["height_m"]), 0.0),
                elevation_rad, range_m, self.radius,
            )  # fmt: skip
        return loss


class Looker:
    """Detection probability and signal-to-noise ratio of one radar along paths."""

    def __init__(self, radar: Any, axes: Floats, effective_radius_m: float, air: Air | None = None):
        self.radar = radar
        self.air = air
        self.axes = axes
        self.radius = effective_radius_m
        self.snr_ref = reference_snr(radar)
        self.tables: dict[int, Floats] = {}

    def __call__(
        self, pos_m: Floats, vel_mps: Floats, height_m: Floats, rcs_m2: Any, swerling: int
    ) -> tuple[Floats, Floats]:
        """(Pd, SNR) at points (n, 3) with heights (n,); Pd is -1 where there is no sight.

        ``rcs_m2``: one number, or one for each point (`cross_section_m2`).
        """
        eye = self.radar
        gap = pos_m - np.array([eye["x"], eye["y"], eye["z"]])
        slant = np.maximum(np.linalg.norm(gap, axis=1), 1.0)
        snr = (
            self.snr_ref
            * (rcs_m2 / eye["reference_rcs_m2"])
            * (eye["detection_range_max_m"] / slant) ** 4
        )
        if self.air is not None:
            elevation = self._elevation(slant, np.maximum(height_m, 0.0))
            snr = snr * 10.0 ** (-0.2 * self.air.one_way_db(elevation, slant))
        pd = self._pd(snr, swerling)
        radial = np.abs(np.einsum("ij,ij->i", gap, vel_mps) / slant)
        pd[radial < eye["radial_speed_min_mps"]] = 0.0
        pd[~self._in_sight(gap, slant, height_m)] = OUT_OF_SIGHT
        return pd, snr

    def range_at_pd(self, pd: float, rcs_m2: float, swerling: int) -> float:
        """Range (m) in free space at which one look detects a target with probability ``pd``."""
        eye = self.radar
        need = float(required_snr(pd, eye["pfa"], int(eye["pulses"]), swerling))
        share = self.snr_ref * (rcs_m2 / eye["reference_rcs_m2"]) / need
        return float(eye["detection_range_max_m"]) * share**0.25

    def _pd(self, snr: Floats, swerling: int) -> Floats:
        if swerling not in self.tables:
            eye = self.radar
            self.tables[swerling] = pd_table(float(eye["pfa"]), int(eye["pulses"]), swerling)
        return np.interp(10.0 * np.log10(snr), _DB, self.tables[swerling])

    def _elevation(self, slant: Floats, high: Floats) -> Floats:
        """Elevation at the antenna (rad) of points over the effective Earth."""
        radius, low = self.radius, max(float(self.radar["height_m"]), 0.0)
        rise = (high - low) * (2.0 * radius + high + low) - slant**2
        return np.arcsin(np.clip(rise / (2.0 * (radius + low) * slant), -1.0, 1.0))

    def _in_sight(self, gap: Floats, slant: Floats, height_m: Floats) -> NDArray[np.bool_]:
        eye, radius = self.radar, self.radius
        low = max(float(eye["height_m"]), 0.0)
        high = np.maximum(height_m, 0.0)
        reach = math.sqrt(low * (2 * radius + low)) + np.sqrt(high * (2 * radius + high))
        local = gap @ self.axes
        elevation = self._elevation(slant, high)
        seen = (slant <= reach) & (slant <= eye["instrumented_range_m"])
        # The horizon bounds the beam from below where its lowest elevation is level or less.
        if eye["elevation_min_rad"] > 0.0:
            seen &= elevation >= eye["elevation_min_rad"]
        seen &= elevation <= eye["elevation_max_rad"]
        if eye["sector_rad"] < 2 * math.pi - 1e-6:
            off = np.arctan2(local[:, 0], local[:, 1]) - eye["bearing_rad"]
            off = np.abs((off + math.pi) % (2 * math.pi) - math.pi)
            seen &= off <= 0.5 * eye["sector_rad"]
        return seen
