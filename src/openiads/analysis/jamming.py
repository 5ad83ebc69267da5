"""Jamming of a compiled scenario in numbers: burn-through ranges, and strobes at a moment.

What the engine draws at each look is worked out here without chance: the range at which a jammer's
own echo is seen through its noise, from how far its noise shows as a strobe, and where strobes of
two radars cross. Nothing in the engine steers or shoots by a strobe.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openiads.domain.knots import Knots, sample
from openiads.domain.sensors import above_horizon
from openiads.engine.world import Model
from openiads.physics.detection import required_snr
from openiads.physics.jamming import (
    self_screening_range_m,
    strobe_crossing_m,
    strobe_half_width_rad,
)
from openiads.physics.propagation import EARTH_RADIUS_M

SEEN_PD = 0.5
STROBE_RATIO = 10.0
"""Noise over thermal noise from which a strobe is drawn, 10 dB (assumed)."""


class Strobe(NamedTuple):
    """The sector in which a radar's picture is bright with a jammer's noise."""

    radar: int
    threat: int
    bearing_rad: float
    half_width_rad: float
    slant_m: float


def jamming_ranges(model: Model) -> list[dict[str, Any]]:
    """For each radar and each class that jams: ranges without noise, at burn-through, of strobes.

    ``clear_km``: a look sees the class with probability one half without jamming (free space);
    ``burn_through_km``: the same through its own noise, `self_screening_range_m`; ``strobe_km``:
    from nearer than this it shows as a strobe, and from ``all_round_km`` through the side lobes in
    every direction. Horizon, sector and displayed range bound all four apart from this.
    """
    tables = model.tables
    classes = model.names["classes"]
    first: dict[str, int] = {}
    for threat, row in enumerate(tables.threats):
        if row["jamming_m2"] > 0.0:
            first.setdefault(classes[threat], threat)
    rows = []
    for radar, eye in enumerate(tables.radars):
        for name, threat in first.items():
            noise = float(tables.threats[threat]["jamming_m2"])
            clear = _clear_range_m(model, radar, threat)
            rows.append({
                "radar": model.names["radars"][radar],
                "class": name,
                "clear_km": clear / 1e3,
                "burn_through_km": float(self_screening_range_m(clear, noise, 1.0)) / 1e3,
                "strobe_km": math.sqrt(noise / STROBE_RATIO) / 1e3,
                "all_round_km":
                    math.sqrt(noise * float(eye["sidelobe_ratio"]) / STROBE_RATIO) / 1e3,
            })  # fmt: skip
    return rows


def _clear_range_m(model: Model, radar: int, threat: int) -> float:
    """R (S/N(R) / needed)^(1/4), from the point of the path whose ratio is nearest to the need."""
    tables, eye = model.tables, model.tables.radars[radar]
    row = tables.threats[threat]
    need = float(required_snr(SEEN_PD, float(eye["pfa"]), int(eye["pulses"]), int(row["swerling"])))
    part = slice(row["grid"], row["grid"] + row["n_grid"])
    ratio = np.asarray(tables.look_snr[radar, part], dtype=np.float64) / need
    at = int(np.argmin(np.abs(np.log(np.maximum(ratio, 1e-300)))))
    gap = tables.grid_pos_m[part][at] - tables.radar_pos_m[radar]
    return float(np.linalg.norm(gap)) * float(ratio[at]) ** 0.25


def strobes(model: Model, time_s: float, killed: Iterable[int] = ()) -> list[Strobe]:
    """The strobes that each radar shows at a time, jammers flying as planned, without jitter.

    ``killed``: threats that no longer fly. Bearings are clockwise from the map's north at the
    radar; hills hide no jammer (as in the engine), the round Earth does.
    """
    tables = model.tables
    gone = set(killed)
    found = []
    for threat, row in enumerate(tables.threats):
        since = time_s - float(row["start_s"])
        if row["jamming_m2"] <= 0.0 or threat in gone or not 0.0 <= since <= row["life_s"]:
            continue
        part = slice(row["grid"], row["grid"] + row["n_grid"])
        times = float(row["step_s"]) * np.arange(int(row["n_grid"]))
        flown = Knots(times, tables.grid_pos_m[part], tables.grid_vel_mps[part])
        place = sample(flown, np.array([since]))[0][0]
        for radar in range(len(tables.radars)):
            strobe = _strobe(model, radar, threat, place)
            if strobe is not None:
                found.append(strobe)
    return found


def _strobe(model: Model, radar: int, threat: int, place: NDArray[np.float64]) -> Strobe | None:
    tables = model.tables
    eye = tables.radars[radar]
    gap = place - tables.radar_pos_m[radar]
    slant = float(np.linalg.norm(gap))
    height = float(np.linalg.norm(place + [0.0, 0.0, EARTH_RADIUS_M])) - EARTH_RADIUS_M
    effective = float(tables.settings[0]["effective_radius_m"])
    if not above_horizon(slant, float(eye["height_m"]), height, effective):
        return None
    east, north, _ = gap @ tables.radar_axes[radar]
    half = float(
        strobe_half_width_rad(
            float(tables.threats[threat]["jamming_m2"]) / slant**2,
            float(eye["beamwidth_azimuth_rad"]), float(eye["sidelobe_ratio"]), STROBE_RATIO,
        )
    )  # fmt: skip
    if half <= 0.0:
        return None
    return Strobe(radar, threat, math.atan2(east, north) % (2.0 * math.pi), half, slant)


def crossing_m(model: Model, first: Strobe, second: Strobe) -> float:
    """Ground range (m) from the first strobe's radar to where two radars' strobes cross; or NaN.

    On a plane through both radars (the Earth's bend is left out: 0.1 % at 300 km).
    """
    away = model.tables.radar_pos_m[second.radar] - model.tables.radar_pos_m[first.radar]
    baseline = float(np.hypot(away[0], away[1]))
    if baseline < 1.0:
        return math.nan
    along = math.atan2(away[0], away[1])
    angles = ((s.bearing_rad - along + math.pi) % (2.0 * math.pi) - math.pi for s in
              (first, second))  # fmt: skip
    one, other = angles
    if one < 0.0:
        one, other = -one, -other
    return float(strobe_crossing_m(baseline, one, other))
