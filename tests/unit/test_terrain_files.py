"""Reading elevation models, mending what is wrong with them, and metric grids around a place."""

import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from matplotlib import cbook

from openiads.faults import InputError
from openiads.scenario.terrain import (
    Terrain,
    local_grid,
    lowest_visible,
    places_around,
    read_terrain,
)


def tile(folder: Path, name: str = "N36W085.hgt", cells: int = 121, void: int = 0) -> Path:
    y, x = np.mgrid[:cells, :cells]
    height = (10 * y + x).astype(">i2")
    height.flat[:void] = -32768
    path = folder / name
    height.tofile(path)
    return path


def test_hgt(tmp_path) -> None:
    terrain = read_terrain(tile(tmp_path))
    assert math.degrees(terrain.north_rad) == 37.0 and math.degrees(terrain.west_rad) == -85.0
    assert terrain.height_at_m(math.radians(37.0), math.radians(-85.0)) == 0.0
    assert terrain.height_at_m(math.radians(36.0), math.radians(-84.0)) == pytest.approx(1320.0)
    middle = terrain.height_at_m(math.radians(36.5), np.radians([-84.5, 10.0]))
    assert middle == pytest.approx([660.0, 0.0])


def test_voids_are_filled_or_refused(tmp_path) -> None:
    terrain = read_terrain(tile(tmp_path, void=3))
    assert terrain.filled_cells == 3
    assert terrain.height_m[0, 0] in (3.0, 10.0)
    with pytest.raises(InputError, match="hold no height"):
        read_terrain(tile(tmp_path, void=121 * 60))


def test_every_fault_of_a_tile_at_once(tmp_path) -> None:
    path = tmp_path / "somewhere.hgt"
    path.write_bytes(b"123")
    with pytest.raises(InputError) as caught:
        read_terrain(path)
    assert len(caught.value.faults) == 2
    assert all(fault.mend for fault in caught.value.faults)


@pytest.mark.parametrize("name", ["missing.tif", "noise.tif", "noise.npz", "empty.npz"])
def test_bad_files_are_faults_not_tracebacks(tmp_path, name) -> None:
    if name.startswith("noise"):
        (tmp_path / name).write_bytes(b"not a raster")
    if name.startswith("empty"):
        np.savez(tmp_path / name, other=np.zeros(3))
    with pytest.raises(InputError) as caught:
        read_terrain(tmp_path / name)
    assert all(fault.mend for fault in caught.value.faults)


def test_npz_of_matplotlib() -> None:
    path = cbook.get_sample_data("jacksboro_fault_dem.npz", asfileobj=False)
    terrain = read_terrain(path)
    assert terrain.height_m.shape == (344, 403)
    assert terrain.height_m[297, 219] == 1076.0
    assert 36.0 < math.degrees(terrain.north_rad) < 37.0


def test_geotiff_geographic_and_projected(tmp_path) -> None:
    height = np.add.outer(np.arange(60.0), np.arange(80.0)).astype("float32")
    path = tmp_path / "geographic.tif"
    grid = rasterio.Affine(0.01, 0.0, 10.0, 0.0, -0.01, 50.0)
    kind = dict(driver="GTiff", height=60, width=80, count=1, dtype="float32")  # noqa: C408
    with rasterio.open(path, "w", crs="EPSG:4326", transform=grid, **kind) as out:
        out.write(height, 1)
    terrain = read_terrain(path)
    assert np.allclose(terrain.height_m, height, atol=1e-6)
    assert math.degrees(terrain.north_rad) == pytest.approx(49.995)
    path = tmp_path / "projected.tif"
    grid = rasterio.Affine(1000.0, 0.0, 500e3, 0.0, -1000.0, 5.5e6)
    with rasterio.open(path, "w", crs="EPSG:32632", transform=grid, **kind) as out:
        out.write(height, 1)
    terrain = read_terrain(path)
    to_degrees = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(500_000.0 + 30_500.0, 5_500_000.0 - 20_500.0)
    found = terrain.height_at_m(math.radians(lat), math.radians(lon))
    assert found == pytest.approx(50.0, abs=0.6)
    path = tmp_path / "nowhere.tif"
    with rasterio.open(path, "w", transform=grid, **kind) as out:
        out.write(height, 1)
    with pytest.raises(InputError, match="where it lies"):
        read_terrain(path)


@pytest.mark.parametrize(("reach", "within"), [(50e3, 0.1), (200e3, 1.0), (400e3, 10.0)])
def test_places_around_against_pyproj(reach, within) -> None:
    geod = pyproj.Geod(ellps="WGS84")
    bearing = np.arange(0.0, 360.0, 15.0)
    for lat in (-50.0, 0.0, 36.0, 60.0):
        want_lon, want_lat, _ = geod.fwd(
            np.full(24, 20.0), np.full(24, lat), bearing, np.full(24, reach)
        )
        north, east = reach * np.cos(np.radians(bearing)), reach * np.sin(np.radians(bearing))
        found = places_around(math.radians(lat), math.radians(20.0), north, east)
        off = geod.inv(np.degrees(found[1]), np.degrees(found[0]), want_lon, want_lat)[2]
        assert off.max() < within


def test_local_grid_and_viewshed() -> None:
    height = np.zeros((121, 121), np.float32)
    height[:, 80] = 400.0
    step = math.radians(1.0 / 120.0)
    terrain = Terrain(height, math.radians(46.0), math.radians(8.0), step, step)
    lat, lon = math.radians(45.5), math.radians(8.5)
    grid = local_grid(terrain, lat, lon, 30e3, 300.0)
    assert grid.height_m.shape == (201, 201) and grid.middle == 100
    fast = lowest_visible(grid, 20.0, method="fast")
    accurate = lowest_visible(grid, 20.0)
    assert np.array_equal(accurate, lowest_visible(grid, 20.0, workers=2))
    # West: level ground; east: behind the ridge.
    assert fast[100, 20] < 1.0 + 20.0
    assert fast[100, 195] > 400.0 and accurate[100, 195] > 400.0
    with pytest.raises(InputError) as caught:
        local_grid(terrain, math.radians(20.0), lon, 30e3, 0.0)
    assert len(caught.value.faults) == 2
