"""Fly-out tables of the missiles of a scenario; computed once a machine, then read from a file."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from openiads.declare import fill_row
from openiads.domain.threats import BALLISTIC, CATEGORIES
from openiads.domain.weapons import Missile
from openiads.engine.world import MISSILES
from openiads.kernel import cache_directory

RANGES, ALTITUDES = 61, 25
FIGURES = ("range_max_m", "altitude_max_m", "speed_max_mps")
"""Published figures that a calibration is given, in the order of the stored residuals."""


class Flyouts:
    """The missiles that a scenario uses, each with its table of flight times."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.missiles: list[Missile] = []
        self.fits: dict[str, list[tuple[str, float, float]]] = {}
        """For each missile (figure, published, computed) of its calibration, after `tables`."""

    def add(self, name: str, missile: Missile) -> int:
        """The index of a missile; one that was altered under the same name is another one."""
        for index, known in enumerate(self.missiles):
            if known == missile and self.names[index].split("'")[0] == name:
                return index
        self.names.append(name + "'" * sum(n.split("'")[0] == name for n in self.names))
        self.missiles.append(missile)
        return len(self.missiles) - 1

    def tables(self) -> tuple[Any, tuple[Any, Any, Any, Any]]:
        """(missile rows, (range axes, altitude axes, times, speeds)) in the order of indices."""
        rows = np.zeros(len(self.missiles), MISSILES)
        flown = [_table(m) for m in self.missiles]
        for row, missile, table in zip(rows, self.missiles, flown, strict=True):
            fill_row(row, missile)
            times = table["time_s"]
            row["top_s"] = times[np.isfinite(times)].max(initial=0.0)
        for missile_name, table in zip(self.names, flown, strict=True):
            self.fits[missile_name] = [
                (what, float(given), float(got))
                for what, (given, got) in zip(FIGURES, table["fits"], strict=True)
            ]
        names = ("down_range_m", "altitude_m", "time_s", "speed_mps")
        stacked = tuple(np.stack([t[n] for t in flown]) for n in names)
        return rows, (stacked[0], stacked[1], stacked[2], stacked[3])

    def kill_probability(self) -> Any:
        """(missiles, `ALL_CATEGORIES`) single-shot kill probabilities.

        A decoy or a spent body is hit as a ballistic missile is, an airliner as an aircraft. Only a
        missile with a ``surface_range_max`` is fired at the surface.
        """
        own = [[getattr(m, f"kill_probability_{c}") for c in CATEGORIES] for m in self.missiles]
        return np.array(
            [[*row, row[BALLISTIC], row[CATEGORIES.index("aircraft")], m.kill_probability_surface]
             for row, m in zip(own, self.missiles, strict=True)]
        )  # fmt: skip


def _table(missile: Missile) -> dict[str, Any]:
    """The fly-out table of a missile, from the cache of these very kernels if it is there."""
    bounds = {
        "range_max_m": max(missile.range_max_aerodynamic_m, missile.range_max_ballistic_m),
        "altitude_max_m": missile.altitude_max_m,
        "speed_max_mps": missile.missile_speed_max_mps,
        "range_min_m": missile.range_min_m,
        "altitude_min_m": missile.altitude_min_m,
        "divert_mps2": missile.divert_mps2,
    }
    text = json.dumps([bounds, RANGES, ALTITUDES, FIGURES], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    path = cache_directory() / "flyouts" / f"{name}.npz"
    if path.exists():
        with np.load(path) as stored:
            return {k: stored[k] for k in stored.files}
    from openiads.domain.flyout import calibrate, flyout_table

    motor = calibrate(**bounds)
    table = flyout_table(motor, ranges=RANGES, altitudes=ALTITUDES)
    flown = {k: np.asarray(v) for k, v in table._asdict().items()}
    fits = {name: (given, got) for name, given, got in motor.residuals}
    flown["fits"] = np.array([fits[name] for name in FIGURES])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{id(table)}.tmp.npz")
    np.savez(part, **flown)  # type: ignore[arg-type]
    part.replace(path)
    return flown
