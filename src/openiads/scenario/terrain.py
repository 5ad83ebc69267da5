"""Digital elevation models: reading them, and cutting a metric grid around a radar.

Readers: GeoTIFF and whatever else GDAL opens (extra ``geo``: rasterio), SRTM tiles (.hgt, by
numpy alone), NPZ with an ``elevation`` array. Heights are taken as metres above the sea; a geoid
is not applied. Every fault of a file comes with its mend, in one `InputError`.
"""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from openiads.faults import Fault, InputError
from openiads.physics import viewshed as _viewshed
from openiads.physics.propagation import EARTH_RADIUS_M, FOUR_THIRDS
from openiads.physics.terrain import bilinear_height_m

_VOID_M = -500.0  # nothing on Earth's land lies lower than -430 m (the Dead Sea's shore)
_HIGHEST_M = 9000.0
_MOST_VOID = 0.2  # assumed: a model with a fifth of its cells missing is the wrong file
_SEMI_MAJOR_M, _ECCENTRICITY_2 = 6378137.0, 6.69437999014e-3  # WGS-84


@dataclass(frozen=True)
class Terrain:
    """Heights (m above the sea) on an even grid of latitude and longitude (rad), row 0 north.

    height_m: (rows, columns) float32; (north_rad, west_rad) is the centre of cell (0, 0); steps
    are positive, rows southward and columns eastward.
    """

    height_m: np.ndarray
    north_rad: float
    west_rad: float
    row_step_rad: float
    column_step_rad: float
    filled_cells: int = 0

    def place(self, lat_rad: Any, lon_rad: Any) -> tuple[Any, Any]:
        """Fractional (row, column) of places; arrays broadcast. Longitudes may wrap."""
        east = np.mod(np.asarray(lon_rad) - self.west_rad + 0.5, 2.0 * math.pi) - 0.5
        return (self.north_rad - np.asarray(lat_rad)) / self.row_step_rad, (
            east / self.column_step_rad
        )

    def covers(self, lat_rad: Any, lon_rad: Any) -> Any:
        """Whether places lie on the grid."""
        row, column = self.place(lat_rad, lon_rad)
        rows, columns = self.height_m.shape
        return _inside(row, column, rows, columns)

    def height_at_m(self, lat_rad: Any, lon_rad: Any) -> np.ndarray:
        """Bilinear heights (m) at places, 0 (sea) off the grid; arrays broadcast."""
        row, column = np.broadcast_arrays(*self.place(lat_rad, lon_rad))
        held = self.covers(lat_rad, lon_rad)
        flat = [
            bilinear_height_m(self.height_m, float(r), float(c)) if inside else 0.0
            for r, c, inside in zip(row.flat, column.flat, np.ravel(held), strict=True)
        ]
        return np.array(flat, dtype=np.float64).reshape(row.shape)


@dataclass(frozen=True)
class LocalGrid:
    """A square metric grid around a place: rows southward, columns eastward, the place in the middle.

    Distances and bearings from the middle are true; ``height_m`` (n, n) float32, n odd.
    """  # noqa: E501

    height_m: np.ndarray
    spacing_m: float
    lat_rad: float
    lon_rad: float

    @property
    def middle(self) -> int:
        """Row and column of the place."""
        return len(self.height_m) // 2


def read_terrain(path: str | Path) -> Terrain:
    """A DEM from a file, by its ending: .hgt, .npz, else whatever rasterio reads.

    Raises InputError for what is missing, unreadable, not geographic, or mostly void.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError.of("no such terrain file", "give the path of a DEM", file=str(file))
    if file.suffix.lower() == ".hgt":
        return _read_hgt(file)
    if file.suffix.lower() == ".npz":
        return _read_npz(file)
    return _read_raster(file)


def _finish(
    height: np.ndarray, north: float, west: float, row_step: float, column_step: float, file: Path
) -> Terrain:
    """Checks common to all readers; degrees in, voids filled from the nearest cell."""
    faults = []
    if height.ndim != 2 or min(height.shape, default=0) < 2:
        raise InputError.of(
            f"the elevation array has shape {height.shape}",
            "it must have two dimensions of at least 2 cells",
            file=str(file),
        )
    values = np.asarray(height, dtype=np.float64)
    void = ~np.isfinite(values) | (values < _VOID_M)
    share = float(void.mean())
    if share > _MOST_VOID:
        faults.append(
            Fault(
                f"{100 * share:.0f} % of the cells hold no height",
                "use a void-filled model (SRTM v3, Copernicus), or cut out the part that is filled",
                file=str(file),
            )
        )
    if (values[~void] > _HIGHEST_M).any():
        faults.append(
            Fault(
                f"heights reach {values[~void].max():g}, above any mountain",
                "heights must be in metres; convert feet or decimetres first",
                file=str(file),
            )
        )
    if not (-90.0 <= north <= 90.0 and row_step > 0.0 and column_step > 0.0):
        faults.append(
            Fault(
                f"the grid starts at latitude {north:g} with steps {row_step:g}, {column_step:g}",
                "give degrees: latitude -90 to 90, rows from north to south, steps above 0",
                file=str(file),
            )
        )
    if faults:
        raise InputError(faults)
    if void.any():
        from scipy.ndimage import distance_transform_edt

        nearest = distance_transform_edt(void, return_distances=False, return_indices=True)
        values = values[tuple(nearest)]
    return Terrain(
        np.ascontiguousarray(values, dtype=np.float32),
        math.radians(north),
        math.radians(west),
        math.radians(row_step),
        math.radians(column_step),
        int(void.sum()),
    )


def _read_hgt(file: Path) -> Terrain:
    """An SRTM tile: square, big-endian 16-bit, named by its south-west corner (N36W085.hgt)."""
    name = re.fullmatch(r"([NS])(\d{2})([EW])(\d{3})", file.stem[:7].upper())
    cells = math.isqrt(file.stat().st_size // 2)
    faults = []
    if name is None:
        faults.append(
            Fault("the name does not say where the tile lies",
                  "name it by its south-west corner, as N36W085.hgt", file=str(file))
        )  # fmt: skip
    if cells < 2 or 2 * cells * cells != file.stat().st_size:
        faults.append(
            Fault(f"{file.stat().st_size} bytes are not a square of 16-bit heights",
                  "a tile holds 1201 x 1201 or 3601 x 3601 cells; fetch it again", file=str(file))
        )  # fmt: skip
    if faults or name is None:
        raise InputError(faults)
    south = int(name[2]) * (1 if name[1] == "N" else -1)
    west = int(name[4]) * (1 if name[3] == "E" else -1)
    height = np.fromfile(file, dtype=">i2").reshape(cells, cells)
    step = 1.0 / (cells - 1)
    return _finish(height, south + 1.0, west, step, step, file)


def _read_npz(file: Path) -> Terrain:
    """``elevation`` (rows, columns), row 0 north, with its border xmin, xmax, ymin, ymax in degrees.

    The border is that of the outer cells, as in matplotlib's sample DEM.
    """  # noqa: E501
    try:
        with np.load(file, allow_pickle=False) as held:
            data = {key: held[key] for key in held.files}
    except (OSError, ValueError) as error:
        raise InputError.of(f"not an NPZ archive: {error}", "save it with numpy.savez",
                            file=str(file)) from error  # fmt: skip
    missing = [k for k in ("elevation", "xmin", "xmax", "ymin", "ymax") if k not in data]
    if missing:
        raise InputError(
            Fault(f"array {key} is missing",
                  "hold elevation (rows from the north) and xmin, xmax, ymin, ymax in degrees",
                  file=str(file), key=key)
            for key in missing
        )  # fmt: skip
    height = data["elevation"]
    rows, columns = height.shape if height.ndim == 2 else (1, 1)
    # matplotlib's file names its borders the other way round; row 0 is the north all the same.
    y0, y1 = sorted((float(data["ymin"]), float(data["ymax"])))
    x0, x1 = sorted((float(data["xmin"]), float(data["xmax"])))
    row_step, column_step = (y1 - y0) / rows, (x1 - x0) / columns
    north, west = y1 - 0.5 * row_step, x0 + 0.5 * column_step
    return _finish(height, north, west, row_step, column_step, file)


def _read_raster(file: Path) -> Terrain:
    """The first band of a raster; a projected one is turned into latitude and longitude."""
    try:
        import rasterio
        from rasterio.vrt import WarpedVRT
    except ImportError:
        raise InputError.of(
            "reading this needs rasterio",
            "install openiads[geo], or give an SRTM .hgt tile or an .npz",
            file=str(file),
        ) from None
    try:
        with rasterio.open(file) as source:
            if source.crs is None:
                raise InputError.of(
                    "the raster does not say where it lies",
                    "give it a coordinate reference system (gdal_translate -a_srs EPSG:4326)",
                    file=str(file),
                )
            with WarpedVRT(source, crs="EPSG:4326", resampling=rasterio.enums.Resampling.bilinear,
                           nodata=-32768, dtype="float32") as turned:  # fmt: skip
                height = turned.read(1)
                grid = turned.transform
    except rasterio.errors.RasterioIOError as error:
        raise InputError.of(
            f"rasterio cannot read it: {error}", "give a GeoTIFF, DTED or HGT file", file=str(file)
        ) from error
    north = grid.f + 0.5 * grid.e
    return _finish(height, north, grid.c + 0.5 * grid.a, -grid.e, grid.a, file)


def places_around(lat_rad: float, lon_rad: float, north_m: Any, east_m: Any) -> tuple[Any, Any]:
    """Latitude and longitude (rad) of places given by distance and bearing, on WGS-84.

    The distance is hypot(north, east), the bearing at the start atan2(east, north): Gauss's
    mid-latitude solution of the direct geodesic. Within 1 m to 200 km and 10 m to 400 km below 60
    degrees of latitude (tests/unit/test_terrain_files.py); not for the poles. Arrays broadcast.
    """
    north, east = np.broadcast_arrays(np.asarray(north_m, float), np.asarray(east_m, float))
    distance, start = np.hypot(north, east), np.arctan2(east, north)
    latitude, turn = np.full(north.shape, lat_rad), np.zeros(north.shape)
    up = along = np.zeros(north.shape)
    for _ in range(8):
        w2 = 1.0 - _ECCENTRICITY_2 * np.sin(latitude) ** 2
        prime = _SEMI_MAJOR_M / np.sqrt(w2)
        meridian = prime * (1.0 - _ECCENTRICITY_2) / w2
        middle = start + 0.5 * turn
        # The second-order terms correct a chord of the mid-latitude circle to its arc.
        small = distance / (24.0 * prime) * distance / prime
        tangent = np.tan(latitude)
        across, forward = np.sin(middle), np.cos(middle)
        up = distance * forward / meridian * (1.0 + small * across**2 * (2.0 + 3.0 * tangent**2))
        along = distance * across / (prime * np.cos(latitude))
        along = along * (1.0 + small * (across**2 * tangent**2 - forward**2))
        turn = distance * across * tangent / prime * (1.0 + small * (2.0 + (tangent * across) ** 2))
        latitude = lat_rad + 0.5 * up
    return lat_rad + up, lon_rad + along


def local_grid(
    terrain: Terrain, lat_rad: float, lon_rad: float, reach_m: float, spacing_m: float
) -> LocalGrid:
    """The terrain on a square metric grid around a place, bilinear from the DEM; sea off the DEM.

    reach_m to each side; spacing_m of the cells. Rows and columns are distances and bearings from
    the middle, so the viewshed of a radar there is true in both. Raises InputError where the place
    is off the DEM, or where the grid would pass 8,001 cells a side.
    """
    faults = []
    if not bool(terrain.covers(lat_rad, lon_rad)):
        faults.append(
            Fault(
                f"the terrain does not cover {math.degrees(lat_rad):.4f}, "
                f"{math.degrees(lon_rad):.4f}",
                "give a DEM that holds the place, or leave terrain out",
            )
        )
    cells = int(reach_m / spacing_m) if spacing_m > 0.0 else 0
    if not 1 <= cells <= 4000:
        faults.append(
            Fault(f"a reach of {reach_m:g} m at {spacing_m:g} m makes {cells} cells to a side",
                  "choose a spacing that gives 1 to 4,000")
        )  # fmt: skip
    if faults:
        raise InputError(faults)
    steps = spacing_m * np.arange(-cells, cells + 1)
    lat, lon = places_around(lat_rad, lon_rad, -steps[:, None], steps[None, :])
    row, column = terrain.place(lat, lon)
    height = bilinear_grid(terrain.height_m, row, column)
    return LocalGrid(height, spacing_m, lat_rad, lon_rad)


def _inside(row: Any, column: Any, rows: int, columns: int) -> Any:
    # A millionth of a cell is rounding of degrees, not a place off the grid.
    slack = 1e-6
    return (
        (row >= -slack)
        & (row <= rows - 1 + slack)
        & (column >= -slack)
        & (column <= columns - 1 + slack)
    )


def bilinear_grid(height: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Bilinear heights at fractional rows and columns, 0 off the grid; arrays of one shape."""
    rows, columns = height.shape
    inside = _inside(row, column, rows, columns)
    i = np.clip(row.astype(np.int64), 0, rows - 2)
    j = np.clip(column.astype(np.int64), 0, columns - 2)
    fy, fx = row - i, column - j
    upper = height[i, j] + fx * (height[i, j + 1] - height[i, j])
    lower = height[i + 1, j] + fx * (height[i + 1, j + 1] - height[i + 1, j])
    return np.ascontiguousarray(np.where(inside, upper + fy * (lower - upper), 0.0), np.float32)


def lowest_visible(
    grid: LocalGrid,
    mast_m: float,
    k: float = FOUR_THIRDS,
    method: Literal["fast", "accurate"] = "accurate",
    workers: int = 1,
) -> np.ndarray:
    """The lowest altitude (m above the sea) seen from a mast in the middle of a grid, for each cell.

    mast_m above the ground of the middle cell; k of the effective Earth (infinite for a flat one).
    "fast" sweeps rows, "accurate" casts rays (`openiads.physics.viewshed`), on ``workers`` threads
    (1 to 4, same bits). Returns (n, n) float32.
    """  # noqa: E501
    out = np.empty_like(grid.height_m)
    middle = grid.middle
    eye = float(grid.height_m[middle, middle]) + mast_m
    radius = k * EARTH_RADIUS_M
    spacing = grid.spacing_m
    arguments = (grid.height_m, middle, middle, eye, spacing, spacing, radius)
    if method == "fast":
        _viewshed.sweep(*arguments, out)
    elif workers <= 1:
        _viewshed.rays(*arguments, out)
    else:
        out[middle, middle] = grid.height_m[middle, middle]
        with ThreadPoolExecutor(min(workers, 4)) as pool:
            list(pool.map(lambda q: _viewshed.rays_quadrant(*arguments, q, out), range(4)))
    return out
