"""Viewsheds beside GDAL's in one run: time, and agreement with exact profiles.

GDAL's GDALViewshedGenerate is called in the library that rasterio's wheel carries (or in Debian's
libgdal), on a raster in memory, so neither files nor a process start are counted. Terrains: the
Jacksboro DEM of matplotlib's samples (344 x 403) and a seeded fractal of 2,000 x 2,000 cells. The
observer stands 30 m above the highest cell of the middle quarter; agreement is given there and, as
mean and least, from eight more cells drawn at random. Times are the least of several interleaved
runs, and the medians of their ratios to GDAL's run beside them. GDAL answers one target height a
run, the two others all of them. Run: python -m benchmarks.viewshed [--json]
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from openiads.physics import viewshed
from openiads.physics.terrain import lowest_visible_m

CELL_M, MAST_M, CURVATURE = 90.0, 30.0, 0.75
RADIUS_M = 6378137.0 / CURVATURE
TARGETS_M = (0.0, 10.0, 100.0)
SAMPLE = 20_000
PLACES = 8


def fractal(cells: int, seed: int = 1) -> np.ndarray:
    """Gaussian relief with amplitude 1/f^2, 0 to 2,000 m."""
    noise = np.fft.rfft2(np.random.default_rng(seed).standard_normal((cells, cells)))
    frequency = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None, :])
    frequency[0, 0] = 1.0
    height = np.fft.irfft2(noise / frequency**2, s=(cells, cells))
    height -= height.min()
    return (height * (2000.0 / height.max())).astype(np.float32)


def jacksboro() -> np.ndarray:
    from matplotlib import cbook

    with cbook.get_sample_data("jacksboro_fault_dem.npz") as held:
        return held["elevation"].astype(np.float32)


class Gdal:
    """The few calls of GDAL's C interface that a viewshed needs."""

    def __init__(self) -> None:
        self.lib = ctypes.CDLL(self._path())
        pointer, number, integer, text = (
            ctypes.c_void_p, ctypes.c_double, ctypes.c_int, ctypes.c_char_p,
        )  # fmt: skip
        for name, result, arguments in (
            ("GDALAllRegister", None, []),
            ("GDALVersionInfo", text, [text]),
            ("GDALGetDriverByName", pointer, [text]),
            ("GDALCreate", pointer, [pointer, text, *[integer] * 4, pointer]),
            ("GDALSetProjection", integer, [pointer, text]),
            ("GDALSetGeoTransform", integer, [pointer, ctypes.POINTER(number)]),
            ("GDALGetRasterBand", pointer, [pointer, integer]),
            ("GDALRasterIO", integer, [pointer, *[integer] * 5, pointer, *[integer] * 5]),
            ("GDALClose", None, [pointer]),
            ("GDALViewshedGenerate", pointer, [pointer, text, text, pointer, *[number] * 9,
             integer, number, pointer, pointer, integer, pointer]),
        ):  # fmt: skip
            call = getattr(self.lib, name)
            call.restype, call.argtypes = result, arguments
        self.lib.GDALAllRegister()
        self.version = self.lib.GDALVersionInfo(b"RELEASE_NAME").decode()

    @staticmethod
    def _path() -> str:
        try:
            import rasterio

            beside = Path(rasterio.__file__).parent.parent / "rasterio.libs"
            found = sorted(beside.glob("libgdal*"))
            if found:
                return str(found[0])
        except ImportError:
            pass
        system = ctypes.util.find_library("gdal")
        if system is None:
            raise SystemExit("no GDAL: install openiads[geo] or Debian's gdal-bin")
        return system

    def raster(self, height: np.ndarray) -> Any:
        from rasterio.crs import CRS

        rows, columns = height.shape
        memory = self.lib.GDALGetDriverByName(b"MEM")
        data = self.lib.GDALCreate(memory, b"", columns, rows, 1, 6, None)
        self.lib.GDALSetProjection(data, CRS.from_epsg(32633).to_wkt().encode())
        corner = (ctypes.c_double * 6)(0.0, CELL_M, 0.0, rows * CELL_M, 0.0, -CELL_M)
        self.lib.GDALSetGeoTransform(data, corner)
        self._move(data, 1, height)
        return data

    def _move(self, data: Any, write: int, array: np.ndarray) -> None:
        rows, columns = array.shape
        band = self.lib.GDALGetRasterBand(data, 1)
        fault = self.lib.GDALRasterIO(
            band, write, 0, 0, columns, rows, array.ctypes.data, columns, rows, 6, 0, 0
        )
        assert fault == 0

    def visible(self, data: Any, at: tuple[int, int], shape: tuple[int, int], target_m: float):
        """(visible, seconds)."""
        band = self.lib.GDALGetRasterBand(data, 1)
        x, y = (at[1] + 0.5) * CELL_M, (shape[0] - at[0] - 0.5) * CELL_M
        start = time.perf_counter()
        result = self.lib.GDALViewshedGenerate(
            band, b"MEM", b"", None, x, y, MAST_M, target_m, 1.0, 0.0, 0.0, -1.0, CURVATURE, 2,
            0.0, None, None, 1, None,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        out = np.empty(shape, np.float32)
        self._move(result, 0, out)
        self.lib.GDALClose(result)
        return out > 0.0, seconds


def exact_heights(height: np.ndarray, at: tuple[int, int], eye_m: float, cells: np.ndarray):
    """Exact lowest visible altitudes above the ground of the sampled cells, and seconds a query."""
    out = np.empty(len(cells))
    lowest_visible_m(height, 0.0, 0.0, eye_m, 1.0, 1.0, 100.0, RADIUS_M)
    start = time.perf_counter()
    for k, (row, column) in enumerate(cells):
        distance = CELL_M * math.hypot(row - at[0], column - at[1])
        out[k] = lowest_visible_m(
            height, float(at[0]), float(at[1]), eye_m, float(row), float(column), distance,
            RADIUS_M,
        )  # fmt: skip
    return out - height[tuple(cells.T)], (time.perf_counter() - start) / len(cells)


def masks_beside_exact(
    height: np.ndarray, gdal: Gdal, data: Any, at: tuple[int, int], sample: int
) -> tuple[dict[str, list[float]], float]:
    """Percent of sampled cells that agree with exact profiles, by method and target height."""
    eye = float(height[at]) + MAST_M
    lowest = {"fast": np.empty_like(height), "accurate": np.empty_like(height)}
    viewshed.sweep(height, *at, eye, CELL_M, CELL_M, RADIUS_M, lowest["fast"])
    viewshed.rays(height, *at, eye, CELL_M, CELL_M, RADIUS_M, lowest["accurate"])
    random = np.random.default_rng(0)
    cells = np.stack([random.integers(0, n, sample) for n in height.shape], 1)
    cells = cells[(cells != at).any(axis=1)]
    exact, query_s = exact_heights(height, at, eye, cells)
    place = tuple(cells.T)
    agree: dict[str, list[float]] = {"gdal": [], "fast": [], "accurate": []}
    for target in TARGETS_M:
        truth = exact <= target + 1e-3
        masks = {
            "gdal": gdal.visible(data, at, height.shape, target)[0][place],
            **{k: (v - height)[place] <= target + 1e-3 for k, v in lowest.items()},
        }
        for label, mask in masks.items():
            agree[label].append(round(100.0 * float((mask == truth).mean()), 3))
    return agree, query_s


def timed(
    height: np.ndarray, gdal: Gdal, data: Any, at: tuple[int, int], repeats: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Least seconds, and the median ratio to GDAL's run of the same round, by method."""
    out = np.empty_like(height)
    arguments = (height, *at, float(height[at]) + MAST_M, CELL_M, CELL_M, RADIUS_M)
    pool = ThreadPoolExecutor(2)
    runs = {
        "gdal": lambda: gdal.visible(data, at, height.shape, 100.0),
        "fast": lambda: viewshed.sweep(*arguments, out),
        "accurate": lambda: viewshed.rays(*arguments, out),
        "accurate, 2 threads": lambda: list(
            pool.map(lambda q: viewshed.rays_quadrant(*arguments, q, out), range(4))
        ),
    }
    spent: dict[str, list[float]] = {label: [] for label in runs}
    for _ in range(repeats):
        for label, run in runs.items():
            start = time.perf_counter()
            seen = run()
            own = time.perf_counter() - start
            spent[label].append(seen[1] if label == "gdal" else own)
    ratios = {
        label: float(np.median(np.array(times) / np.array(spent["gdal"])))
        for label, times in spent.items()
    }
    return {label: min(times) for label, times in spent.items()}, ratios


def compare(name: str, height: np.ndarray, gdal: Gdal, repeats: int) -> dict[str, Any]:
    rows, columns = height.shape
    window = height[rows // 4 : 3 * rows // 4, columns // 4 : 3 * columns // 4]
    peak = np.unravel_index(int(np.argmax(window)), window.shape)
    at = int(peak[0]) + rows // 4, int(peak[1]) + columns // 4
    data = gdal.raster(height)
    least, ratios = timed(height, gdal, data, at, repeats)
    agree, query_s = masks_beside_exact(height, gdal, data, at, SAMPLE)
    random = np.random.default_rng(1)
    others = [
        masks_beside_exact(
            height, gdal, data, (int(random.integers(rows)), int(random.integers(columns))),
            SAMPLE // 4,
        )[0]
        for _ in range(PLACES)
    ]  # fmt: skip
    spread = {
        label: [
            [round(float(f([o[label][t] for o in others])), 3) for f in (np.mean, np.min)]
            for t in range(len(TARGETS_M))
        ]
        for label in agree
    }
    gdal.lib.GDALClose(data)
    return {
        "terrain": name,
        "cells": int(height.size),
        "ms": {label: round(1e3 * s, 2) for label, s in least.items()},
        "of_gdal": {label: round(r, 3) for label, r in ratios.items()},
        "agreement_percent": {"targets_m": list(TARGETS_M), **agree},
        "elsewhere_mean_least_percent": spread,
        "exact_query_us": round(1e6 * query_s, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    gdal = Gdal()
    results = [
        compare(name, height, gdal, options.repeats)
        for name, height in (("jacksboro", jacksboro()), ("fractal", fractal(2000)))
    ]
    if options.json:
        print(json.dumps({"gdal": gdal.version, "results": results}))
        return
    for result in results:
        print(f"{result['terrain']}, {result['cells']:,} cells (GDAL {gdal.version})")
        for label, ms in result["ms"].items():
            share = result["of_gdal"][label]
            text = result["agreement_percent"].get(label, "")
            print(f"  {label:20s} {ms:8.2f} ms  {share:6.2f} of GDAL  agreement % {text}")
        for label, spread in result["elsewhere_mean_least_percent"].items():
            print(f"  {label:20s} from {PLACES} other places, mean and least % {spread}")
        print(f"  an exact profile query takes {result['exact_query_us']} us from Python")


if __name__ == "__main__":
    main()
