"""Looks: what each radar can see along each path, computed once for all replications."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.physics.detection import detection_probability, required_snr

OUT_OF_SIGHT = -1.0
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


class Looker:
    """Detection probability and signal-to-noise ratio of one radar along paths."""

    def __init__(self, radar: Any, axes: Floats, effective_radius_m: float):
        self.radar = radar
        self.axes = axes
        self.radius = effective_radius_m
        self.snr_ref = reference_snr(radar)
        self.tables: dict[int, Floats] = {}

    def __call__(
        self, pos_m: Floats, vel_mps: Floats, height_m: Floats, rcs_m2: float, swerling: int
    ) -> tuple[Floats, Floats]:
        """(Pd, SNR) at points (n, 3) with heights (n,); Pd is -1 where there is no sight."""
        eye = self.radar
        gap = pos_m - np.array([eye["x"], eye["y"], eye["z"]])
        slant = np.maximum(np.linalg.norm(gap, axis=1), 1.0)
        snr = (
            self.snr_ref
            * (rcs_m2 / eye["reference_rcs_m2"])
            * (eye["detection_range_max_m"] / slant) ** 4
        )
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

    def _in_sight(self, gap: Floats, slant: Floats, height_m: Floats) -> NDArray[np.bool_]:
        eye, radius = self.radar, self.radius
        low = max(float(eye["height_m"]), 0.0)
        high = np.maximum(height_m, 0.0)
        reach = math.sqrt(low * (2 * radius + low)) + np.sqrt(high * (2 * radius + high))
        local = gap @ self.axes
        sine = ((radius + high) ** 2 - (radius + low) ** 2 - slant**2) / (
            2 * (radius + low) * slant
        )
        elevation = np.arcsin(np.clip(sine, -1.0, 1.0))
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
