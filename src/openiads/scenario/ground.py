"""The ground of a scenario: an elevation model laid on the notional map.

A model's own place on Earth is used for one thing only, the size of its cells in metres; its middle
is put where the scenario says, its rows run from the map's north. Off the model there is sea.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.physics.geodesy import meridian_radius, prime_vertical_radius
from openiads.physics.terrain import clear_lines
from openiads.scenario.terrain import Terrain, bilinear_grid, read_terrain

Floats = NDArray[np.float64]


class Ground:
    """Heights over the map, and what they hide.

    height (rows, columns) in m above the map's zero, ``at`` the map place (m) of the middle of the
    model, ``radius_m`` that of the effective Earth over which sight lines run.
    """

    def __init__(
        self, terrain: Terrain, at: tuple[float, float], lowered_m: float, radius_m: float
    ):
        heights = terrain.height_m.astype(np.float32) - np.float32(lowered_m)
        self.grid = np.ascontiguousarray(np.maximum(heights, 0.0))
        rows = len(self.grid)
        middle = terrain.north_rad - 0.5 * (rows - 1) * terrain.row_step_rad
        self.row_m = terrain.row_step_rad * float(meridian_radius(middle))
        self.column_m = (
            terrain.column_step_rad * float(prime_vertical_radius(middle)) * math.cos(middle)
        )
        self.at = at
        self.radius_m = radius_m

    @classmethod
    def of(cls, use: Any, folder: Path, radius_m: float) -> Ground:
        """The ground of a scenario's `environment.terrain`; raises InputError for its file."""
        return cls(read_terrain(folder / use.file), use.at, use.lowered_m, radius_m)

    @property
    def highest_m(self) -> float:
        """The highest point of the model."""
        return float(self.grid.max())

    def place(self, east_m: Any, north_m: Any) -> tuple[Any, Any]:
        """Fractional (row, column) of map places; arrays broadcast."""
        rows, columns = self.grid.shape
        row = 0.5 * (rows - 1) - (np.asarray(north_m, float) - self.at[1]) / self.row_m
        return row, 0.5 * (columns - 1) + (np.asarray(east_m, float) - self.at[0]) / self.column_m

    def height_m(self, east_m: Any, north_m: Any) -> Floats:
        """Bilinear ground heights (m) at map places, 0 off the model; arrays broadcast."""
        row, column = np.broadcast_arrays(*self.place(east_m, north_m))
        return bilinear_grid(self.grid, row, column).astype(np.float64).reshape(row.shape)

    def sees(
        self, at: tuple[float, float], eye_m: float, east_m: Floats, north_m: Floats,
        target_m: Floats,
    ) -> NDArray[np.bool_]:  # fmt: skip
        """Whether an eye at map place ``at``, ``eye_m`` high, sees targets; arrays (n,).

        Exact over the bilinear ground (`openiads.physics.terrain.clear_of_ground`). Distances are
        those of the map: true from its origin, 0.15 % long 600 km from it.
        """
        row, column = (float(v) for v in self.place(*at))
        to_row, to_column = self.place(east_m, north_m)
        away = np.hypot(np.asarray(east_m) - at[0], np.asarray(north_m) - at[1])
        clear = np.empty(len(away), np.bool_)
        clear_lines(
            self.grid, row, column, float(eye_m), np.ascontiguousarray(to_row),
            np.ascontiguousarray(to_column), np.ascontiguousarray(target_m, dtype=np.float64),
            away, self.radius_m, clear,
        )  # fmt: skip
        return clear


def site_height_m(site: Any, key: str, ground: Ground | None) -> float:
    """Height (m) on which a site stands: as written, else that of the ground below it."""
    given = float(getattr(site, key))
    if ground is None or key in site.model_fields_set:
        return given
    return float(ground.height_m(*site.at))


def scenario_ground(scenario: Any, radius_m: float) -> Ground | None:
    """The ground of a checked scenario, or None where it names no terrain."""
    use = scenario.file.environment.terrain
    if use is None:
        return None
    return Ground.of(use, Path(scenario.document.file).parent, radius_m)
