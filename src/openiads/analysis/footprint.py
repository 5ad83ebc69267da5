"""Footprint: the ground that a fire unit or layer defends against one ballistic or gliding threat.

An aim point is defended if a shot at a threat that falls on it can be fired and can meet it: the
threat is seen, tracked, identified and ordered upon with the times that a replication would take,
some round's fly-out reaches a point of its path no later than the threat, and the engagement radar
holds it there. The claimed range is a circle; the footprint is not, since a threat that falls on
the far side of the defence passes above or beside it, and one that falls far in front is seen late.

What chance decides is set to its middle: a look counts from detection probability one half, a firm
track needs as many scans in a row as the tracker asks hits for. Channels and rounds are free: it is
the footprint against one threat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openiads.analysis.coverage import loaded_missiles
from openiads.domain.threats import CATEGORIES, Threat
from openiads.engine.sight import HOLD_PD
from openiads.engine.world import Model
from openiads.faults import Fault, InputError
from openiads.physics.geodesy import enu_to_map, map_to_enu
from openiads.scenario.ground import Ground
from openiads.scenario.load import Scenario
from openiads.scenario.looks import Air, Looker
from openiads.scenario.paths import Path, fly

Floats = NDArray[np.float64]

COARSE, FINE = 41, 61
"""Points along a side of the first and of the second grid."""

MOST_SHOTS = 64


class Meeting(NamedTuple):
    """One shot along a path: when it leaves and meets, by which pair, how far along (index)."""

    launch_s: float
    intercept_s: float
    pair: int
    step: float


@dataclass(frozen=True)
class Aim:
    """One aim point of the grid and what the defence can do about a threat that falls on it."""

    east_m: float
    north_m: float
    seen_s: float
    """seconds before impact at which it is first seen; 0 if never"""
    known_s: float
    """seconds before impact at which a first round may leave; 0 if never"""
    shots: int
    """shots one after another, each after the verdict on the one before"""
    first_m: float
    """height of the first intercept; nan without one"""
    last_m: float
    """height of the last intercept; nan without one"""
    unit: str
    """who fires the first"""


@dataclass(frozen=True)
class Footprint:
    """Aim points on a grid, row by row from the south-west, beside the claimed circle."""

    threat: str
    bearing_rad: float
    distance_m: float
    units: tuple[str, ...]
    east_m: Floats
    north_m: Floats
    aims: tuple[Aim, ...]
    claimed_m: dict[str, float]
    """greatest claimed reach of a loaded round, by kind of target: ballistic, aerodynamic"""
    centre_m: tuple[float, float]

    @property
    def shots(self) -> NDArray[np.int64]:
        """(n north, n east) shots possible at each aim point."""
        n = len(self.north_m)
        return np.array([a.shots for a in self.aims], np.int64).reshape(n, len(self.east_m))

    @property
    def cell_m2(self) -> float:
        return float((self.east_m[1] - self.east_m[0]) * (self.north_m[1] - self.north_m[0]))

    def area_m2(self, shots: int = 1) -> float:
        """Area defended with at least ``shots`` shots, by counting aim points."""
        return float((self.shots >= shots).sum()) * self.cell_m2

    def row(self) -> dict[str, Any]:
        """The object of ``openiads footprint --json``."""
        claimed = {k: {"range_km": r / 1e3, "area_km2": math.pi * r * r / 1e6}
                   for k, r in self.claimed_m.items()}  # fmt: skip
        circle = claimed["ballistic"]["area_km2"]
        met = [a for a in self.aims if a.shots > 0]
        most = max((a.shots for a in met), default=0)
        return {
            "threat": self.threat,
            "bearing_deg": math.degrees(self.bearing_rad),
            "distance_km": self.distance_m / 1e3,
            "units": list(self.units),
            "cell_km": float(self.east_m[1] - self.east_m[0]) / 1e3,
            "defended_km2": self.area_m2() / 1e6,
            "defended_by_shots_km2": {k: self.area_m2(k) / 1e6 for k in range(1, most + 1)},
            "claimed": claimed,
            "share_of_claimed_circle": self.area_m2() / 1e6 / circle if circle > 0 else None,
            "reach_km": self._reach(met),
            "altitude_km": {
                "first": _span([a.first_m / 1e3 for a in met]),
                "last": _span([a.last_m / 1e3 for a in met]),
            },
            "touches_edge": self._touches(),
            "aims": [
                {"east_km": a.east_m / 1e3, "north_km": a.north_m / 1e3, "shots": a.shots,
                 "first_km": _km(a.first_m), "last_km": _km(a.last_m), "seen_s": a.seen_s,
                 "known_s": a.known_s, "unit": a.unit}
                for a in self.aims
            ],
        }  # fmt: skip

    def _reach(self, met: Sequence[Aim]) -> dict[str, float]:
        """How far the defended ground goes towards the threat, behind and to either side."""
        toward = np.array([math.sin(self.bearing_rad), math.cos(self.bearing_rad)])
        gaps = np.array([[a.east_m, a.north_m] for a in met]).reshape(-1, 2) - self.centre_m
        ahead, aside = gaps @ toward, gaps @ np.array([-toward[1], toward[0]])
        if not len(gaps):
            return {"ahead": 0.0, "behind": 0.0, "aside": 0.0}
        return {"ahead": max(0.0, float(ahead.max())) / 1e3,
                "behind": max(0.0, float(-ahead.min())) / 1e3,
                "aside": float(np.abs(aside).max()) / 1e3}  # fmt: skip

    def _touches(self) -> bool:
        shots = self.shots
        return bool(shots[[0, -1]].any() or shots[:, [0, -1]].any())


def _span(values: list[float]) -> list[float] | None:
    return [min(values), max(values)] if values else None


def _km(value_m: float) -> float | None:
    return value_m / 1e3 if math.isfinite(value_m) else None


def shots_along(
    time_s: Floats, flight_s: Floats, first_launch_s: float, look_s: float, most: int = MOST_SHOTS
) -> list[Meeting]:
    """Shoot-look-shoot along a path: each shot meets the threat as early as it can.

    ``time_s`` (n,) rises; ``flight_s`` (pairs, n) is the flight time of a round of each pair of
    unit and missile to the threat's place then, inf where it cannot meet it. The first round leaves
    no sooner than ``first_launch_s``, each later one ``look_s`` after the intercept before it; one
    that would be early waits on its rail. Between two points the flight time is linear.
    For constant speeds on one line it is `openiads.analysis.depth_of_fire.depth_of_fire`.
    """
    shots: list[Meeting] = []
    due_s = first_launch_s
    while len(shots) < most:
        found = [_earliest(time_s, row, due_s, k) for k, row in enumerate(flight_s)]
        met = min((m for m in found if m is not None), key=lambda m: m.intercept_s, default=None)
        if met is None:
            break
        shots.append(met)
        due_s = met.intercept_s + look_s
    return shots


def _earliest(time_s: Floats, flight_s: Floats, due_s: float, pair: int) -> Meeting | None:
    spare = time_s - flight_s - due_s
    able = np.flatnonzero(spare >= 0.0)
    if not len(able):
        return None
    i = int(able[0])
    part = 0.0
    if i > 0 and math.isfinite(spare[i - 1]):
        part = float(spare[i] / (spare[i] - spare[i - 1]))  # how far back towards i - 1
    met = float(time_s[i]) - part * float(time_s[i] - time_s[max(i - 1, 0)])
    flight = float(flight_s[i])
    if part > 0.0:
        flight -= part * float(flight_s[i] - flight_s[i - 1])
    return Meeting(met - flight, met, pair, i - part)


class Defender:
    """What the units of a compiled scenario can do about a path."""

    def __init__(self, model: Model, scenario: Scenario, units: Sequence[str], ground: Any = None):
        self.model, self.tables, self.ground = model, model.tables, ground
        self.lat0 = scenario.file.map.origin_latitude_rad
        names = model.names["units"]
        self.pairs = [(u, m) for u in (names.index(n) for n in units)
                      for m in loaded_missiles(model, u)]  # fmt: skip
        environment = scenario.file.environment
        effective = float(self.tables.settings[0]["effective_radius_m"])
        self.lookers = [
            Looker(r, a, effective, Air.of(r, environment, effective))
            for r, a in zip(self.tables.radars, self.tables.radar_axes, strict=True)
        ]
        self.places = [self._place(k) for k in range(len(self.lookers))]

    def _place(self, radar: int) -> tuple[float, float]:
        unit = int(self.tables.radars[radar]["unit"])
        held = self.model.pictures["radars" if unit < 0 else "units"]
        east, north = held[self.model.names["radars"][radar]]
        return 1e3 * east, 1e3 * north

    def aim(self, threat: Threat, at: tuple[float, float], path: Path) -> Aim:
        """What can be done about a threat on ``path`` to the aim point ``at``."""
        settings = self.tables.settings[0]
        time_s: Floats = path.step_s * np.arange(len(path.pos_m), dtype=np.float64)
        seen = self._seen(threat, path)
        first_s, firm_s = self._tracked(time_s, seen)
        launch_s = firm_s + float(settings["identification_delay_s"])
        launch_s += float(settings["reaction_time_s"])
        look_s = float(settings["assessment_delay_s"]) + float(settings["decision_period_s"])
        flight = np.stack([self._flight(u, m, threat, path, seen) for u, m in self.pairs])
        shots = shots_along(time_s, flight, launch_s, look_s) if math.isfinite(launch_s) else []
        heights = [float(np.interp(s.step, np.arange(len(time_s)), path.height_m)) for s in shots]
        end = float(time_s[-1])
        unit = self.model.names["units"][self.pairs[shots[0].pair][0]] if shots else ""
        return Aim(
            at[0], at[1], max(0.0, end - first_s), max(0.0, end - launch_s), len(shots),
            heights[0] if heights else math.nan, heights[-1] if heights else math.nan, unit,
        )  # fmt: skip

    def _seen(self, threat: Threat, path: Path) -> Any:
        """(radars, n) detection probability of one look; negative out of sight."""
        rows = []
        for k, looker in enumerate(self.lookers):
            pd, _ = looker(path.pos_m, path.vel_mps, path.height_m, threat.rcs_m2, threat.swerling)
            if self.ground is not None:
                p = path.pos_m
                east, north, _ = enu_to_map(p[:, 0], p[:, 1], p[:, 2], self.lat0, 0.0)
                height = float(self.tables.radars[k]["height_m"])
                clear = self.ground.sees(self.places[k], height, east, north, path.height_m)
                pd = np.where(clear, pd, -1.0)
            rows.append(pd)
        return np.stack(rows)

    def _tracked(self, time_s: Floats, seen: Any) -> tuple[float, float]:
        """(first seen, first in firm track) in seconds of the path; inf if never."""
        hits = int(self.tables.track_params[0]["confirm_hits"])
        first, firm = math.inf, math.inf
        for radar, row in zip(self.tables.radars, seen, strict=True):
            if radar["duty"] != 0:
                continue
            able = np.flatnonzero(row >= HOLD_PD)
            if len(able):
                first = min(first, float(time_s[able[0]]))
                firm = min(firm, float(time_s[able[0]]) + hits * float(radar["scan_period_s"]))
        return first, firm

    def _flight(self, unit: int, missile: int, threat: Threat, path: Path, seen: Any) -> Floats:
        """Flight time of a round to each point of the path; inf where it cannot meet it there."""
        base, kind = self.tables.units[unit], self.tables.missiles[missile]
        height = np.asarray(path.height_m, float)
        gap = path.pos_m - np.array([base["x"], base["y"], base["z"]])
        slant = np.linalg.norm(gap, axis=1)
        rise = height - float(base["height_m"])
        down = np.sqrt(np.maximum(slant**2 - rise**2, 0.0))
        fall = threat.category == CATEGORIES[-1]
        reach = float(kind["range_max_ballistic_m" if fall else "range_max_aerodynamic_m"])
        speed = np.linalg.norm(path.vel_mps, axis=1)
        able = (slant <= reach) & (slant >= kind["range_min_m"])
        able &= (height >= kind["altitude_min_m"]) & (height <= kind["altitude_max_m"])
        able &= (speed <= kind["target_speed_max_mps"]) & (seen[int(base["radar"])] >= HOLD_PD)
        flight = _bilinear(
            self.tables.fly_range_m[missile], self.tables.fly_altitude_m[missile],
            self.tables.fly_time_s[missile], down, height,
        )  # fmt: skip
        return np.where(able, flight, math.inf)


def _bilinear(x_axis: Floats, y_axis: Floats, table: Floats, x: Floats, y: Floats) -> Floats:
    """The look-up of `openiads.domain.flyout.flyout_time` for arrays of points."""
    across, up = x / x_axis[1], y / y_axis[1]
    last_x, last_y = len(x_axis) - 1, len(y_axis) - 1
    inside = (across >= 0.0) & (across <= last_x) & (up >= 0.0) & (up <= last_y)
    j = np.clip(across.astype(int), 0, last_x - 1)
    i = np.clip(up.astype(int), 0, last_y - 1)
    fu, fa = up - i, across - j
    total = np.zeros_like(across)
    for di in (0, 1):
        for dj in (0, 1):
            weight = (fu if di else 1.0 - fu) * (fa if dj else 1.0 - fa)
            corner = table[i + di, j + dj]
            total += np.where(weight > 0.0, weight * np.where(weight > 0.0, corner, 0.0), 0.0)
    return np.where(inside, total, math.inf)


def footprint(
    scenario: Scenario,
    model: Model,
    threat: tuple[str, Threat],
    bearing_rad: float,
    distance_m: float,
    units: Sequence[str] = (),
    half_width_m: float | None = None,
    cells: int = FINE,
    ground: Ground | None = None,
) -> Footprint:
    """Aim points on a grid around the units: engageable or not, by how many shots, how high.

    ``threat`` is (name, class); it comes from ``bearing_rad`` and starts ``distance_m`` from each
    aim point. Without ``half_width_m`` a first grid over the claimed circle finds where the
    defended ground lies, and a second one is laid over that. ``units`` restricts to some fire
    units; all radars feed the track. Raises ``InputError`` for unknown units and empty grids.
    """
    units = tuple(units) or tuple(model.names["units"])
    _check(units, model.names["units"], cells, half_width_m)
    defender = Defender(model, scenario, units, ground)
    places = np.array([model.pictures["units"][u] for u in units]) * 1e3
    centre = (float(places[:, 0].mean()), float(places[:, 1].mean()))
    claimed = {
        kind: max(float(model.tables.missiles[m][f"range_max_{kind}_m"])
                  for _, m in defender.pairs)
        for kind in ("ballistic", "aerodynamic")
    }  # fmt: skip
    spread = float(np.abs(places - centre).max())

    def survey(east: Floats, north: Floats) -> list[Aim]:
        paths = _Paths(threat[1], bearing_rad, distance_m, defender, ground)
        paths.to(centre)
        places = [(float(e), float(n)) for n in north for e in east]
        return [defender.aim(threat[1], at, paths.to(at)) for at in places]

    if half_width_m is None:
        half = 1.1 * max(claimed.values() if threat[1].category != CATEGORIES[-1]
                         else [claimed["ballistic"]]) + spread  # fmt: skip
        axes = [c + np.linspace(-half, half, COARSE) for c in centre]
        east, north = _box(survey(*axes), axes, centre, spread, cells)
    else:
        east, north = (c + np.linspace(-half_width_m, half_width_m, cells) for c in centre)
    aims = survey(east, north)
    return Footprint(
        threat[0], bearing_rad, distance_m, units, east, north, tuple(aims), claimed, centre
    )


def _check(units: Iterable[str], known: Sequence[str], cells: int, half: float | None) -> None:
    faults = [Fault(f"no fire unit '{u}' in the scenario", f"there are: {', '.join(known)}")
              for u in units if u not in known]  # fmt: skip
    if cells < 3:
        faults.append(Fault(f"{cells} points along a side are no grid", "give at least 3"))
    if half is not None and not half > 0.0:
        faults.append(Fault("the grid has no width", "give a half width above zero"))
    if faults:
        raise InputError(faults)


class _Paths:
    """Paths of one threat to aim points near each other.

    Over a smooth Earth the path is flown once, to the first aim point, and turned about the Earth's
    centre to the others; what that neglects, the figure and the rotation of the Earth changing with
    the place, is below a thousandth of the path's length in a few hundred kilometres (unit test).
    Over terrain each path is flown.
    """

    def __init__(
        self, threat: Threat, bearing_rad: float, distance_m: float, defender: Defender,
        ground: Ground | None,
    ):  # fmt: skip
        self.threat, self.lat0, self.ground = threat, defender.lat0, ground
        self.away = (distance_m * math.sin(bearing_rad), distance_m * math.cos(bearing_rad))
        self.radius = float(defender.tables.settings[0]["earth_radius_m"])
        self.first: tuple[Path, Any] | None = None

    def to(self, at: tuple[float, float]) -> Path:
        """The path that ends at ``at``."""
        if self.ground is not None:
            return self._flown(at, float(self.ground.height_m(*at)))
        if self.first is None:
            self.first = self._flown(at, 0.0), self._frame(at)
        path, frame = self.first
        turn = self._frame(at) @ frame.T
        centre = np.array([0.0, 0.0, self.radius])
        return path._replace(
            pos_m=(path.pos_m + centre) @ turn.T - centre, vel_mps=path.vel_mps @ turn.T
        )

    def _flown(self, at: tuple[float, float], height_m: float) -> Path:
        start = (at[0] + self.away[0], at[1] + self.away[1], 0.0)
        return fly(self.threat, start, (*at, height_m), self.lat0, self.ground)

    def _frame(self, at: tuple[float, float]) -> Any:
        """Up at the aim point, the horizontal towards the start, and what is square to both."""
        up, start = (
            np.array(map_to_enu(e, n, 0.0, self.lat0, 0.0)) + [0.0, 0.0, self.radius]
            for e, n in (at, (at[0] + self.away[0], at[1] + self.away[1]))
        )
        up /= np.linalg.norm(up)
        ahead = start - (start @ up) * up
        ahead /= np.linalg.norm(ahead)
        return np.column_stack([up, ahead, np.cross(up, ahead)])


def _box(
    aims: Sequence[Aim], axes: Sequence[Floats], centre: tuple[float, float], spread: float,
    cells: int,
) -> tuple[Floats, Floats]:  # fmt: skip
    """The axes of a fine grid over the defended aim points of a coarse one."""
    step = float(axes[0][1] - axes[0][0])
    met = np.array([[a.east_m, a.north_m] for a in aims if a.shots > 0] + [list(centre)])
    low, high = met.min(axis=0) - 1.5 * step, met.max(axis=0) + 1.5 * step
    half = np.maximum(0.5 * (high - low), max(spread, 0.125 * float((high - low).max())))
    middle = 0.5 * (low + high)
    east, north = (m + np.linspace(-h, h, cells) for m, h in zip(middle, half, strict=True))
    return east, north
