"""Detections and truth of a tracking run: NPZ, Parquet and CSV in, tracks out.

Columns of detections: ``scan`` or ``time_s`` (or both), ``range_m``, ``azimuth_rad``,
``elevation_rad``; optional ``range_rate_mps``, ``sensor``. Columns of truth and tracks: ``scan``
or ``time_s``, ``id``, ``x_m``, ``y_m``, ``z_m`` and optional ``vx_mps``, ``vy_mps``, ``vz_mps``.
NPZ files hold the same names, or the packed arrays det_scan, det_rae, truth_scan, truth_id,
truth_state, meta (JSON with "dt" in s and "sigma"), and with several radars det_sensor. Where the
radars stand: `openiads.scenario.sensor_tables`.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from openiads.faults import Fault, InputError, nearest
from openiads.scenario.sensor_tables import SensorTable, read_sensors, sensor_columns

_STATE = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
_PLOT = ("range_m", "azimuth_rad", "elevation_rad")


class Detections(NamedTuple):
    """Plots by scan: ``time_s`` (scans,), ``scan`` (n,) ascending indices into it, ``rae`` (n, 3),
    ``range_rate_mps`` (n,) or None, ``sensor`` (n,) or None, ``sigma`` (3,) or None; ``sensors``,
    the radars where the file says where they stand."""

    time_s: np.ndarray
    scan: np.ndarray
    rae: np.ndarray
    range_rate_mps: np.ndarray | None
    sensor: np.ndarray | None
    sigma: np.ndarray | None
    sensors: SensorTable | None = None

    def looks(self) -> list[tuple[int, int, np.ndarray]]:
        """(scan, row of the radar, rows of its plots) of every look, in order.

        A radar looks in those scans in which it has a plot.
        """
        assert self.sensors is not None and self.sensor is not None
        who = self.sensors.rows(self.sensor)
        order = np.lexsort((np.arange(len(who)), who, self.scan))
        key = np.stack([self.scan[order], who[order]], axis=1)
        begins = np.flatnonzero(np.r_[True, (np.diff(key, axis=0) != 0).any(axis=1)][: len(key)])
        return [
            (int(key[a, 0]), int(key[a, 1]), order[a:b])
            for a, b in zip(begins, np.r_[begins[1:], len(key)], strict=True)
        ]

    def at(self, scan: int) -> np.ndarray:
        """The plots (m, 3) of one scan."""
        low, high = np.searchsorted(self.scan, [scan, scan + 1])
        return self.rae[low:high]

    def rates_at(self, scan: int) -> np.ndarray | None:
        """The range rates (m,) of one scan, NaN where a plot has none; None where none has one."""
        if self.range_rate_mps is None:
            return None
        low, high = np.searchsorted(self.scan, [scan, scan + 1])
        return self.range_rate_mps[low:high]


class Paths(NamedTuple):
    """Truth or tracks: ``scan`` (n,) ascending, ``id`` (n,), ``state`` (n, 6) m and m/s."""

    scan: np.ndarray
    id: np.ndarray
    state: np.ndarray


Recorded = TypeVar("Recorded", Detections, Paths)


def first_scans(recorded: Recorded, scans: int | None) -> Recorded:
    """The same up to scan ``scans`` (all of it where None)."""
    if scans is None:
        return recorded
    kept = recorded.scan < scans
    if isinstance(recorded, Paths):
        return Paths(recorded.scan[kept], recorded.id[kept], recorded.state[kept])
    rate, sensor = recorded.range_rate_mps, recorded.sensor
    return Detections(
        recorded.time_s[:scans],
        recorded.scan[kept],
        recorded.rae[kept],
        None if rate is None else rate[kept],
        None if sensor is None else sensor[kept],
        recorded.sigma,
        recorded.sensors,
    )


def read_columns(path: str | Path) -> dict[str, np.ndarray]:
    """All columns (or NPZ arrays) of a file by name. Raises InputError where it cannot be read."""
    place = Path(path)
    if not place.is_file():
        raise InputError.of("no such file", "give an .npz, .parquet or .csv file", file=str(path))
    kind = place.suffix.lower()
    try:
        if kind == ".npz":
            with np.load(place, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        if kind == ".parquet":
            import pyarrow.parquet as pq

            table = pq.read_table(place)
        elif kind == ".csv":
            import pyarrow.csv as csv

            table = csv.read_csv(place)
        else:
            raise InputError.of(
                f"unknown kind of file {kind!r}", "use .npz, .parquet or .csv", file=str(path)
            )
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError.of(f"cannot be read: {error}", file=str(path)) from None
    return {name: table[name].to_numpy() for name in table.column_names}


def _numbers(columns: Mapping[str, Any], names: tuple[str, ...], file: str) -> np.ndarray:
    """The named columns as (n, k) of finite numbers."""
    faults = []
    arrays = []
    for name in names:
        if name not in columns:
            faults.append(Fault(f"no column {name}", nearest(name, columns), file=file, key=name))
            continue
        try:
            value = np.asarray(columns[name], dtype=np.float64)
        except (TypeError, ValueError):
            faults.append(Fault("not numbers", file=file, key=name))
            continue
        bad = np.flatnonzero(~np.isfinite(value))
        if len(bad):
            faults.append(
                Fault(f"{len(bad)} values are not finite, the first in row {bad[0]}", file=file,
                      key=name)
            )  # fmt: skip
        arrays.append(value)
    if faults:
        raise InputError(faults)
    if len({a.shape for a in arrays}) > 1:
        raise InputError.of("columns differ in length", file=file, key=", ".join(names))
    return np.stack(arrays, axis=1)


def _scans(columns: Mapping[str, Any], period_s: float, file: str) -> tuple:
    """Scan index of each row and the time of each scan."""
    if "scan" in columns:
        scan = _numbers(columns, ("scan",), file)[:, 0]
        if len(scan) and (scan.min() < 0 or scan.max() > 10_000_000 or (scan % 1 != 0).any()):
            raise InputError.of("scans are not whole numbers from 0", file=file, key="scan")
        scan = scan.astype(np.int64)
        count = int(scan.max()) + 1 if len(scan) else 0
        times = np.arange(count) * period_s
        if "time_s" in columns:
            seen = _numbers(columns, ("time_s",), file)[:, 0]
            times[scan] = seen
            if (times[scan] != seen).any() or (np.diff(times) < 0).any():
                raise InputError.of(
                    "a scan has several times",
                    "one a scan; leave out scan where radars look at times of their own",
                    file=file,
                    key="time_s",
                )
        return scan, times
    if "time_s" in columns:
        times, scan = np.unique(_numbers(columns, ("time_s",), file)[:, 0], return_inverse=True)
        return scan.astype(np.int64), times
    raise InputError.of("no column scan or time_s", "add one of them", file=file)


def read_detections(path: str | Path, period_s: float | None = None) -> Detections:
    """Read detections; ``period_s`` is the time between scans where the file tells none (5 s)."""
    columns: dict[str, Any] = read_columns(path)
    packed = columns
    file = str(path)
    sigma = None
    if "det_rae" in columns:
        meta = _meta(columns, file)
        period_s = period_s or meta.get("dt")
        sigma = np.array(meta["sigma"], float) if "sigma" in meta else None
        rae = np.asarray(columns["det_rae"], float)
        if rae.ndim != 2 or rae.shape[1] != 3:
            raise InputError.of(f"shape {rae.shape}, not (n, 3)", file=file, key="det_rae")
        columns = {
            **{k: v for k, v in columns.items() if k.startswith("sensor")},
            "scan": columns.get("det_scan", np.zeros(0)),
            **({"time_s": columns["det_time_s"]} if "det_time_s" in columns else {}),
            **({"sensor": columns["det_sensor"]} if "det_sensor" in columns else {}),
            **dict(zip(_PLOT, rae.T, strict=True)),
        }
        if "time_s" in columns and "det_scan" not in packed:
            del columns["scan"]
    rae = _numbers(columns, _PLOT, file)
    scan, times = _scans(columns, period_s or 5.0, file)
    if len(scan) != len(rae):
        raise InputError.of("scan and plots differ in length", file=file, key="scan")
    if (rae[:, 0] <= 0).any():
        raise InputError.of("ranges must be above 0", file=file, key="range_m")
    if (np.abs(rae[:, 2]) > np.pi / 2).any():
        raise InputError.of("beyond +-pi/2", "give radians", file=file, key="elevation_rad")
    order = np.argsort(scan, kind="stable")
    rate = columns.get("range_rate_mps")
    sensor = columns.get("sensor")
    if sensor is not None and np.shape(sensor) != scan.shape:
        raise InputError.of("sensor and plots differ in length", file=file, key="sensor")
    radars = read_sensors(columns, sensor, sigma, file)
    return Detections(
        times,
        scan[order],
        rae[order],
        None if rate is None else np.asarray(rate, float)[order],
        None if sensor is None else np.asarray(sensor)[order],
        sigma,
        radars,
    )


def _meta(columns: Mapping[str, Any], file: str) -> dict:
    if "meta" not in columns:
        return {}
    try:
        return dict(json.loads(str(columns["meta"])))
    except (TypeError, ValueError) as error:
        raise InputError.of(f"is not a JSON object: {error}", file=file, key="meta") from None


def has_truth(path: str | Path) -> bool:
    """Whether a file of detections brings its own truth (packed NPZ)."""
    return Path(path).suffix.lower() == ".npz" and "truth_state" in read_columns(path)


def read_paths(path: str | Path, times_s: np.ndarray | None = None) -> Paths:
    """Read truth or tracks; with ``time_s`` and no scan, times are matched to ``times_s``."""
    columns: dict[str, Any] = read_columns(path)
    file = str(path)
    if "truth_state" in columns:
        state = np.asarray(columns["truth_state"], float)
        if state.ndim != 2 or state.shape[1] not in (3, 6):
            raise InputError.of(f"shape {state.shape}, not (n, 6)", file=file, key="truth_state")
        columns = {"scan": columns["truth_scan"], "id": columns["truth_id"],
                   **dict(zip(_STATE, state.T, strict=False))}  # fmt: skip
    names = _STATE if _STATE[3] in columns else _STATE[:3]
    state = _numbers(columns, names, file)
    state = np.hstack([state, np.zeros((len(state), 6 - state.shape[1]))])
    if "id" not in columns:
        raise InputError.of("no column id", nearest("id", columns), file=file)
    _, who = np.unique(np.asarray(columns["id"]), return_inverse=True)
    if "scan" not in columns and times_s is not None:
        seen = _numbers(columns, ("time_s",), file)[:, 0]
        scan = np.searchsorted(times_s, seen - 1e-6).astype(np.int64)
        near = np.minimum(scan, len(times_s) - 1)
        if (np.abs(times_s[near] - seen) > 1e-3).any():
            raise InputError.of("times are not those of the scans", file=file, key="time_s")
    else:
        scan, _ = _scans(columns, 5.0, file)
    order = np.argsort(scan, kind="stable")
    return Paths(scan[order], who[order], state[order])


def write_paths(path: str | Path, paths: Paths, times_s: np.ndarray) -> None:
    """Write truth or tracks as NPZ, Parquet or CSV, by the ending of ``path``."""
    columns = {"scan": paths.scan, "time_s": times_s[paths.scan], "id": paths.id}
    columns |= dict(zip(_STATE, paths.state.T, strict=True))
    _write(path, columns)


def write_detections(path: str | Path, detections: Detections) -> None:
    """Write detections as NPZ, Parquet or CSV, by the ending of ``path``."""
    columns = {"scan": detections.scan, "time_s": detections.time_s[detections.scan]}
    columns |= dict(zip(_PLOT, detections.rae.T, strict=True))
    for name in ("range_rate_mps", "sensor"):
        value = getattr(detections, name)
        if value is not None:
            columns[name] = value
    if detections.sensors is not None and detections.sensor is not None:
        packed = Path(path).suffix.lower() == ".npz"
        rows = detections.sensors.rows(detections.sensor)
        columns |= sensor_columns(detections.sensors, packed, rows)
    _write(path, columns)


def _write(path: str | Path, columns: Mapping[str, np.ndarray]) -> None:
    kind = Path(path).suffix.lower()
    if kind == ".npz":
        arrays: dict[str, Any] = {k: np.asarray(v) for k, v in columns.items()}
        np.savez_compressed(Path(path), **arrays)
        return
    import pyarrow as pa

    table = pa.table(dict(columns))
    if kind == ".parquet":
        import pyarrow.parquet as pq

        pq.write_table(table, path)
    elif kind == ".csv":
        import pyarrow.csv as csv

        csv.write_csv(table, path)
    else:
        raise InputError.of(
            f"unknown kind of file {kind!r}", "use .npz, .parquet or .csv", file=str(path)
        )
