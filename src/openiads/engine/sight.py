"""Sight: what a radar can see at all, before any signal is asked for."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.sensors import above_horizon
from openiads.kernel import kernel

HOLD_PD = 0.5
"""An engagement radar holds a target where one look detects it more often than not (assumed)."""


@kernel(borrows=True)
def in_sight(m: Any, radar: int, x: float, y: float, z: float, height: float) -> bool:
    """Whether a point lies in the radar's sector, displayed range and line of sight."""
    eye = m.radars[radar]
    dx, dy, dz = x - eye.x, y - eye.y, z - eye.z
    slant = math.sqrt(dx * dx + dy * dy + dz * dz)
    if slant > eye.instrumented_range_m:
        return False
    if eye.sector_rad < 6.28:
        off = math.atan2(dx, dy) - eye.bearing_rad
        off = abs((off + math.pi) % (2.0 * math.pi) - math.pi)
        if off > 0.5 * eye.sector_rad:
            return False
    return above_horizon(slant, eye.height_m, height, m.settings[0].effective_radius_m)


@kernel(borrows=True)
def in_elevations(m: Any, radar: int, dx: float, dy: float, dz: float, slant: float) -> bool:
    """Whether a point so far from the radar lies between its lowest and highest elevation.

    A lowest elevation of nought or less is the horizon's affair.
    """
    eye, axes = m.radars[radar], m.radar_axes[radar]
    rise = axes[0, 2] * dx + axes[1, 2] * dy + axes[2, 2] * dz
    if rise > math.sin(eye.elevation_max_rad) * slant:
        return False
    return eye.elevation_min_rad <= 0.0 or rise >= math.sin(eye.elevation_min_rad) * slant


@kernel(borrows=True)
def passes_notch(
    m: Any, radar: int, dx: float, dy: float, dz: float, slant: float, vx: float, vy: float,
    vz: float,
) -> bool:  # fmt: skip
    """Whether the radial speed of what is there is one that the radar does not filter out."""
    return abs(dx * vx + dy * vy + dz * vz) >= m.radars[radar].radial_speed_min_mps * slant
