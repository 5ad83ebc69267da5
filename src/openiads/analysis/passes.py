"""Passes of a satellite over a site: rise, culmination and set above an elevation mask."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from openiads.domain.satellites import earth_fixed
from openiads.faults import InputError
from openiads.physics.geodesy import ecef_to_enu, enu_to_aer

_STEP_S = 20.0
"""Step of the search; a pass that stays above the mask for less than two steps still shows as a
peak of elevation, which is sought for itself."""
_PRECISION_S = 1e-3


class Event(NamedTuple):
    """``kind`` is "rise", "culminate" or "set"; ``time_s`` counts from the window's start."""

    time_s: float
    kind: str
    elevation_rad: float
    azimuth_rad: float
    range_m: float


def look(line1, line2, lat_rad, lon_rad, height_m, jd, fraction_day):
    """(azimuth_rad, elevation_rad, range_m), each (n,), of a satellite at UTC Julian dates.

    Geometric: no refraction, no light time.
    """
    pos, _ = earth_fixed(line1, line2, jd, fraction_day)
    east, north, up = ecef_to_enu(
        pos[:, 0], pos[:, 1], pos[:, 2], float(lat_rad), float(lon_rad), float(height_m)
    )
    return enu_to_aer(east, north, up)


def passes(
    line1: str,
    line2: str,
    lat_rad: float,
    lon_rad: float,
    height_m: float,
    jd: float,
    fraction_day: float,
    duration_s: float,
    mask_rad: float = 0.0,
) -> list[Event]:
    """Events of all passes above ``mask_rad`` in ``duration_s`` after the UTC date, in time order.

    Elevation is sampled every 20 s, its maxima are found by golden section and its crossings of
    the mask by bisection, both to a millisecond. A pass under way at an end of the window lacks its
    rise or its set, and its culmination where that lies outside. Raises `InputError` for bad
    elements or an empty window.
    """
    if not duration_s > 0.0:
        raise InputError.of(f"the window is {duration_s!r} s long", "give a positive time")

    def elevation(t):
        at = fraction_day + np.atleast_1d(t) / 86400.0
        return look(line1, line2, lat_rad, lon_rad, height_m, jd, at)[1] - mask_rad

    t = np.linspace(0.0, duration_s, max(4, int(duration_s / _STEP_S) + 1))
    e = elevation(t)
    top = np.flatnonzero((e[1:-1] >= e[:-2]) & (e[1:-1] > e[2:])) + 1
    peaks = _peaks(elevation, t[top - 1], t[top + 1])
    heights = elevation(peaks) if len(peaks) else np.empty(0)
    found = [(float(p), "culminate") for p, h in zip(peaks, heights, strict=True) if h > 0.0]
    # With the peaks put in between, every pass has a sample above the mask.
    grid = np.concatenate([t, peaks])
    order = np.argsort(grid)
    grid, high = grid[order], np.concatenate([e, heights])[order] > 0.0
    change = np.flatnonzero(high[1:] != high[:-1])
    crossing = _crossings(elevation, grid[change], grid[change + 1], high[change])
    found += [
        (float(c), "set" if was else "rise") for c, was in zip(crossing, high[change], strict=True)
    ]
    found.sort()
    if not found:
        return []
    at = fraction_day + np.array([f[0] for f in found]) / 86400.0
    azimuth, up, distance = look(line1, line2, lat_rad, lon_rad, height_m, jd, at)
    return [
        Event(time, kind, float(up[i]), float(azimuth[i]), float(distance[i]))
        for i, (time, kind) in enumerate(found)
    ]


def _peaks(elevation, low, high):
    """Golden section for the maxima between ``low`` and ``high`` (k,), all at once."""
    ratio = 0.5 * (np.sqrt(5.0) - 1.0)
    low, high = low.copy(), high.copy()
    if not len(low):
        return low
    while (high - low).max() > _PRECISION_S:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        rising = elevation(left) < elevation(right)
        low, high = np.where(rising, left, low), np.where(rising, high, right)
    return 0.5 * (low + high)


def _crossings(elevation, low, high, was_high):
    """Bisection for the sign changes between ``low`` and ``high`` (k,), all at once."""
    low, high = low.copy(), high.copy()
    if not len(low):
        return low
    while (high - low).max() > _PRECISION_S:
        middle = 0.5 * (low + high)
        same = (elevation(middle) > 0.0) == was_high
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)
