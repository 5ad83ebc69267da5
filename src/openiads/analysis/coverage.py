"""Coverage: where a target of a given height and cross-section is detected, and can be engaged.

An envelope is found on a polar grid around its radar or fire unit and its outer edge refined by
bisection. Targets fly towards the radar (no Doppler notch hides them) at a height above the ground
below them; a look counts from detection probability one half. The Earth is the sphere that the
engine uses, with the scenario's refraction, and its terrain where it has one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.analysis.jamming import jamming_ranges
from openiads.engine.world import Model
from openiads.physics.propagation import FOUR_THIRDS, horizon_height_m, horizon_range_m
from openiads.scenario.looks import Air, Looker

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ANTENNAS_M = (5.0, 24.0, 40.0)
FLYERS_M = (15.0, 50.0, 100.0, 1000.0)
CLAIMED_RANGE_M = 400e3
SEEN_PD = 0.5
AZIMUTHS, RANGES = 180, 400
_BISECTIONS = 14
_INBOUND_MPS = 250.0


@dataclass(frozen=True)
class Target:
    """What flies: height above the ground below it and radar cross-section."""

    altitude_m: float
    rcs_m2: float


@dataclass(frozen=True)
class Envelope:
    """Where something holds, on a polar grid around a place of the map.

    azimuth_rad (a,) clockwise from the map's north, range_m (r,) along the ground, holds (a, r),
    reach_m (a,) the refined outer edge, 0 where nothing holds; at: east and north (m).
    """

    kind: str
    name: str
    target: Target
    at: tuple[float, float]
    azimuth_rad: Floats
    range_m: Floats
    holds: Mask
    reach_m: Floats

    @property
    def hidden(self) -> float:
        """Share of the area inside the outer edge that is not covered."""
        weight = self.range_m[None, :] * (self.range_m[None, :] <= self.reach_m[:, None])
        total = float(weight.sum())
        return 1.0 - float((weight * self.holds).sum()) / total if total > 0.0 else 0.0


def famous_numbers(
    antennas_m: Iterable[float] = ANTENNAS_M,
    flyers_m: Iterable[float] = FLYERS_M,
    range_m: float = CLAIMED_RANGE_M,
    k: float = FOUR_THIRDS,
) -> list[dict[str, Any]]:
    """What "reaches 400 km" means over a round Earth, one entry for each antenna height.

    The height that a target needs to be above the horizon at ``range_m``, and the slant range at
    which low flyers rise over it: `horizon_height_m`, `horizon_range_m` of physics.propagation,
    smooth sphere of k 6,371 km. Heights in m, ranges in km.
    """
    return [
        {
            "antenna_m": antenna,
            "range_km": range_m / 1e3,
            "altitude_needed_m": float(horizon_height_m(antenna, range_m, k)),
            "first_seen_km": {
                f"{flyer:g} m": float(horizon_range_m(antenna, flyer, k)) / 1e3
                for flyer in flyers_m
            },
        }
        for antenna in antennas_m
    ]


class Surveyor:
    """Envelopes of the radars and fire units of one compiled scenario, over its ground."""

    def __init__(self, model: Model, ground: Any = None, environment: Any = None):
        self.model = model
        self.tables = model.tables
        self.ground = ground
        self.environment = environment
        settings = self.tables.settings[0]
        self.radius = float(settings["earth_radius_m"])
        self.effective = float(settings["effective_radius_m"])

    def detection(self, radar: int, target: Target) -> Envelope:
        """Where a radar detects the target with probability one half or more in one look."""
        eye = self.tables.radars[radar]
        at = self._place(radar)
        edge = self._farthest(eye, target)

        def holds(azimuth: Floats, ground_m: Floats) -> Mask:
            return self._seen(radar, at, target, azimuth, ground_m)

        return self._envelope("detection", self.model.names["radars"][radar], target, at, edge,
                              holds)  # fmt: skip

    def engagement(self, unit: int, missile: int, target: Target) -> Envelope:
        """Where a unit's missile reaches the target while the unit's radar holds it."""
        base, kind = self.tables.units[unit], self.tables.missiles[missile]
        radar = int(base["radar"])
        name = self.model.names["units"][unit]
        at = self._place(radar)
        reach = min(float(kind["range_max_aerodynamic_m"]), float(base["commit_range_max_m"]))
        edge = min(reach, self._farthest(self.tables.radars[radar], target))
        label = f"{name}, {self.model.names['missiles'][missile]}"

        def holds(azimuth: Floats, ground_m: Floats) -> Mask:
            height = self._height(at, target, azimuth, ground_m)
            able = self._reachable(base, kind, missile, reach, ground_m, height)
            return able & self._seen(radar, at, target, azimuth, ground_m)

        return self._envelope("engagement", label, target, at, edge, holds)

    def _reachable(
        self, base: Any, kind: Any, missile: int, reach_m: float, ground_m: Floats, height: Floats
    ) -> Mask:
        """Whether a missile's fly-out reaches points over ``ground_m`` at ``height``."""
        table = self.tables
        low, slant = float(base["height_m"]), self._slant(float(base["height_m"]), ground_m, height)
        rise = height - low
        down = np.sqrt(np.maximum(slant**2 - rise**2, 0.0))
        able = inside_boundary(
            table.fly_range_m[missile], table.fly_altitude_m[missile], table.fly_time_s[missile],
            down, height,
        )  # fmt: skip
        able &= (slant <= reach_m) & (slant >= kind["range_min_m"])
        return able & (height >= kind["altitude_min_m"]) & (height <= kind["altitude_max_m"])

    def _slant(self, low_m: float, ground_m: Floats, height_m: Floats) -> Floats:
        turn = ground_m / self.radius
        a, b = self.radius + low_m, self.radius + height_m
        return np.sqrt((b - a) ** 2 + 4.0 * a * b * np.sin(0.5 * turn) ** 2)

    def _farthest(self, eye: Any, target: Target) -> float:
        """A range beyond which the radar cannot see the target, whatever the ground."""
        top = target.altitude_m + (self.ground.highest_m if self.ground else 0.0)
        horizon = float(horizon_range_m(float(eye["height_m"]), top, self.effective / 6371e3))
        power = Looker(eye, np.eye(3), self.effective).range_at_pd(SEEN_PD, target.rcs_m2, 1)
        return 1.05 * min(horizon, power, float(eye["instrumented_range_m"]))

    def _height(self, at: Any, target: Target, azimuth: Floats, ground_m: Floats) -> Floats:
        if self.ground is None:
            return np.full(np.broadcast_shapes(azimuth.shape, ground_m.shape), target.altitude_m)
        east, north = at[0] + ground_m * np.sin(azimuth), at[1] + ground_m * np.cos(azimuth)
        return target.altitude_m + self.ground.height_m(east, north)

    def _seen(self, radar: int, at: Any, target: Target, azimuth: Floats, ground_m: Floats) -> Mask:
        eye, axes = self.tables.radars[radar], self.tables.radar_axes[radar]
        azimuth, ground_m = np.broadcast_arrays(azimuth, ground_m)
        height = self._height(at, target, azimuth, ground_m)
        turn, out = ground_m / self.radius, self.radius + height
        local = np.stack(
            [out * np.sin(turn) * np.sin(azimuth), out * np.sin(turn) * np.cos(azimuth),
             out * np.cos(turn) - self.radius - float(eye["height_m"])], axis=-1,
        ).reshape(-1, 3)  # fmt: skip
        pos = local @ axes.T + self.tables.radar_pos_m[radar]
        inbound = -_INBOUND_MPS * local / np.linalg.norm(local, axis=1, keepdims=True) @ axes.T
        air = None
        if self.environment is not None:
            air = Air.of(eye, self.environment, self.effective)
        pd, _ = Looker(eye, axes, self.effective, air)(
            pos, inbound, height.ravel(), target.rcs_m2, 1
        )
        seen = (pd >= SEEN_PD).reshape(height.shape)
        if self.ground is not None:
            east, north = at[0] + ground_m * np.sin(azimuth), at[1] + ground_m * np.cos(azimuth)
            seen &= self.ground.sees(
                at, float(eye["height_m"]), east.ravel(), north.ravel(), height.ravel()
            ).reshape(height.shape)
        return seen

    def _envelope(
        self, kind: str, name: str, target: Target, at: Any, edge_m: float, holds: Any
    ) -> Envelope:
        # Off the round degrees at which sectors end.
        azimuth = 2.0 * math.pi * (np.arange(AZIMUTHS) + 0.37) / AZIMUTHS
        # Half steps, so that no cell lies at the antenna itself.
        ranges = max(edge_m, 100.0) * (np.arange(RANGES) + 0.5) / RANGES
        mask = holds(azimuth[:, None], ranges[None, :])
        last = RANGES - 1 - np.argmax(mask[:, ::-1], axis=1)
        any_ = mask.any(axis=1)
        low = np.where(any_, ranges[last], 0.0)
        high = np.where(any_, ranges[np.minimum(last + 1, RANGES - 1)], 0.0)
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            inside = holds(azimuth, np.maximum(middle, 1.0)) & any_
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        return Envelope(kind, name, target, at, azimuth, ranges, mask, np.where(any_, low, 0.0))

    def _place(self, radar: int) -> tuple[float, float]:
        """East and north (m) of a radar on the map."""
        unit = int(self.tables.radars[radar]["unit"])
        places = self.model.pictures["radars" if unit < 0 else "units"]
        east, north = places[self.model.names["radars"][radar]]
        return 1e3 * east, 1e3 * north


def inside_boundary(
    down_range_axis: Floats, altitude_axis: Floats, time_s: Floats, down_range_m: Floats,
    altitude_m: Floats,
) -> Mask:  # fmt: skip
    """Whether points lie inside the kinematic boundary of a fly-out table; arrays of one shape.

    The rule of `openiads.domain.flyout.flyout_time`: every corner of the cell that has weight at
    the point is reached. Axes (r,) and (a,) uniform from 0, times (a, r), inf where unreached.
    """
    across, up = down_range_m / down_range_axis[1], altitude_m / altitude_axis[1]
    last_r, last_a = len(down_range_axis) - 1, len(altitude_axis) - 1
    inside = (across >= 0.0) & (across <= last_r) & (up >= 0.0) & (up <= last_a)
    j = np.clip(across.astype(int), 0, last_r - 1)
    i = np.clip(up.astype(int), 0, last_a - 1)
    reached = np.isfinite(time_s)
    for di in (0, 1):
        for dj in (0, 1):
            weight = np.abs(1 - di - (up - i)) * np.abs(1 - dj - (across - j))
            inside &= reached[i + di, j + dj] | (weight <= 0.0)
    return inside


def loaded_missiles(model: Model, unit: int) -> list[int]:
    """Indices of the missiles that a unit's launchers hold, in order."""
    launchers = model.tables.launchers
    return sorted({int(row["missile"]) for row in launchers if row["unit"] == unit})


def kinematic_boundaries(model: Model) -> list[dict[str, Any]]:
    """For each missile the farthest down-range of its fly-out table at each altitude.

    Beside it the published figures that the calibration was given, and what came out for each.
    Ranges along the ground, altitudes above the launcher, in km; shares as fractions.
    """
    tables = model.tables
    found = []
    for index, name in enumerate(model.names["missiles"]):
        axis, heights = tables.fly_range_m[index], tables.fly_altitude_m[index]
        finite = np.isfinite(tables.fly_time_s[index])
        farthest = np.where(finite.any(axis=1), axis[-1 - np.argmax(finite[:, ::-1], axis=1)], 0.0)
        fits = model.pictures.get("calibration", {}).get(name, [])
        found.append(
            {
                "missile": name,
                "boundary_km": [
                    [round(float(r) / 1e3, 3), round(float(h) / 1e3, 3)]
                    for r, h in zip(farthest, heights, strict=True)
                ],
                "calibration": [
                    {"figure": what, "published": given, "computed": got,
                     "residual": got / given - 1.0}
                    for what, given, got in fits
                ],
            }
        )  # fmt: skip
    return found


def coverage(
    model: Model, targets: Iterable[Target], ground: Any = None, environment: Any = None
) -> tuple[list[Envelope], dict[str, Any]]:
    """Envelopes of all radars and of all fire units with each of their missiles, and a summary."""
    surveyor = Surveyor(model, ground, environment)
    envelopes: list[Envelope] = []
    for target in targets:
        for radar in range(len(model.tables.radars)):
            envelopes.append(surveyor.detection(radar, target))
        for unit in range(len(model.tables.units)):
            for missile in loaded_missiles(model, unit):
                envelopes.append(surveyor.engagement(unit, missile, target))
    k = surveyor.effective / surveyor.radius
    summary = {
        "scenario": model.scenario,
        "model": model.hash,
        "refraction_k": round(k, 6),
        "terrain": ground is not None,
        "detection_probability": SEEN_PD,
        "horizon": famous_numbers(k=k),
        "radars": _heights(model, k),
        "envelopes": [_row(e) for e in envelopes],
        "jamming": jamming_ranges(model),
        "flyout": kinematic_boundaries(model),
    }
    return envelopes, summary


def _heights(model: Model, k: float) -> list[dict[str, Any]]:
    """The famous numbers of the scenario's own antennas (ground and mast, over a smooth sea)."""
    rows = []
    for row, name in zip(model.tables.radars, model.names["radars"], strict=True):
        own = famous_numbers([float(row["height_m"])], k=k)[0]
        rows.append({"radar": name, **own})
    return rows


def _row(e: Envelope) -> dict[str, Any]:
    reached = e.reach_m[e.reach_m > 0.0]
    return {
        "kind": e.kind,
        "name": e.name,
        "altitude_m": e.target.altitude_m,
        "rcs_m2": e.target.rcs_m2,
        "reach_km": {
            "least": float(reached.min(initial=math.inf)) / 1e3 if reached.size else 0.0,
            "median": float(np.median(reached)) / 1e3 if reached.size else 0.0,
            "greatest": float(reached.max(initial=0.0)) / 1e3,
        },
        "azimuths_covered": reached.size / e.azimuth_rad.size,
        "hidden_share": round(e.hidden, 4),
    }
