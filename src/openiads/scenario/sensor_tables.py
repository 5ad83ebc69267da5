"""Where the radars of a detection file stand, how they are turned, and what they err by.

NPZ files say it once, by radar: ``sensor_id`` (S,), ``sensor_pos_m`` (S, 3), and optionally
``sensor_axes`` (S, 3, 3) or ``sensor_yaw_rad``, ``sensor_pitch_rad``, ``sensor_roll_rad`` (S,),
``sensor_sigma`` (S, 3), ``sensor_max_range_m`` (S,). Tables (Parquet, CSV) say it in every row,
alike in all rows of a radar: ``sensor_x_m``, ``sensor_y_m``, ``sensor_z_m``, and optionally
``sensor_yaw_rad``, ``sensor_pitch_rad``, ``sensor_roll_rad``, ``sensor_range_sigma_m``,
``sensor_azimuth_sigma_rad``, ``sensor_elevation_sigma_rad``, ``sensor_max_range_m``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.network import sensors
from openiads.domain.tracker import Sensors
from openiads.faults import Fault, InputError

_PLACE = ("sensor_x_m", "sensor_y_m", "sensor_z_m")
_TURN = ("sensor_yaw_rad", "sensor_pitch_rad", "sensor_roll_rad")
_ERROR = ("sensor_range_sigma_m", "sensor_azimuth_sigma_rad", "sensor_elevation_sigma_rad")
_REACH = "sensor_max_range_m"
_FAR_M = 1.0e12


class SensorTable(NamedTuple):
    """Radars of a file: ``id`` (S,) as written, and `Sensors`; ``known_sigma`` tells whether the
    file gave their errors."""

    id: np.ndarray
    sensors: Sensors
    known_sigma: bool

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Row of each radar named in ``ids``."""
        order = np.argsort(self.id)
        return order[np.searchsorted(self.id, ids, sorter=order)]


def axes_from_angles(yaw_rad: Any, pitch_rad: Any, roll_rad: Any) -> np.ndarray:
    """Axes (S, 3, 3) of radars turned by yaw about z (from +x towards +y), pitched up, rolled.

    A = Rz(yaw) Ry(-pitch) Rx(roll), columns the radar's axes in the common frame: its x axis
    points to azimuth yaw and elevation pitch of the frame.
    """
    y, p, r = (
        np.atleast_1d(np.asarray(a, dtype=np.float64)) for a in (yaw_rad, pitch_rad, roll_rad)
    )
    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    return np.stack(
        [
            np.stack([cy * cp, -sy * cr - cy * sp * sr, sy * sr - cy * sp * cr], axis=-1),
            np.stack([sy * cp, cy * cr - sy * sp * sr, -cy * sr - sy * sp * cr], axis=-1),
            np.stack([sp, cp * sr, cp * cr], axis=-1),
        ],
        axis=-2,
    )


def read_sensors(
    columns: Mapping[str, Any], sensor: np.ndarray | None, sigma: np.ndarray | None, file: str
) -> SensorTable | None:
    """The radars that a file describes; None where it says nothing of places: all look from the
    origin, along the axes of the frame.

    ``sensor`` (n,) names the radar of each plot, ``sigma`` (3,) are the errors of those of which
    the file says none. Raises InputError with every fault.
    """
    by_radar = "sensor_pos_m" in columns
    by_row = any(name in columns for name in _PLACE)
    if not by_radar and not by_row:
        return None
    if sensor is None:
        raise InputError.of(
            "places of radars, and no plot says whose it is", "add a column sensor", file=file,
            key="sensor",
        )  # fmt: skip
    return _by_radar(columns, sensor, sigma, file) if by_radar else _by_row(
        columns, sensor, sigma, file
    )  # fmt: skip


def _by_radar(columns: Mapping[str, Any], sensor: Any, sigma: Any, file: str) -> SensorTable:
    """Radars given once each, in arrays of their own."""
    place = np.asarray(columns["sensor_pos_m"])
    count = len(place) if place.ndim else 0
    ids = np.asarray(columns.get("sensor_id", np.arange(count)))
    faults = []
    if ids.shape != (count,) or len(np.unique(ids)) != count:
        faults.append(
            Fault(f"not {count} different names, one a radar", file=file, key="sensor_id")
        )
    elif not np.isin(sensor, ids).all():
        unknown = np.unique(np.asarray(sensor)[~np.isin(sensor, ids)])[:5]
        faults.append(
            Fault(f"plots of radars that are not in sensor_id: {', '.join(map(str, unknown))}",
                  "name every radar", file=file, key="sensor")
        )  # fmt: skip
    given = {}
    shapes = {"sensor_pos_m": (count, 3), "sensor_axes": (count, 3, 3), "sensor_sigma": (count, 3),
              **dict.fromkeys((*_TURN, _REACH), (count,))}  # fmt: skip
    for name, shape in shapes.items():
        if name not in columns:
            continue
        value = np.asarray(columns[name])
        if value.shape != shape or value.dtype.kind not in "fiu" or not _finite(name, value):
            faults.append(Fault(f"not {shape} finite numbers", file=file, key=name))
        given[name] = value
    if faults:
        raise InputError(faults)
    return _table(ids, given, given["sensor_pos_m"], given.get("sensor_sigma"), sigma, file)


def _by_row(columns: Mapping[str, Any], sensor: Any, sigma: Any, file: str) -> SensorTable:
    """Radars given in every row of a table."""
    ids, first, row = np.unique(np.asarray(sensor), return_index=True, return_inverse=True)
    faults, given = [], {}
    for name in (*_PLACE, *_TURN, *_ERROR, _REACH):
        if name not in columns:
            if name in _PLACE:
                faults.append(
                    Fault(f"no column {name}", "all three are needed", file=file, key=name)
                )
            continue
        try:
            value = np.asarray(columns[name], dtype=np.float64)
        except (TypeError, ValueError):
            faults.append(Fault("not numbers", file=file, key=name))
            continue
        if value.shape != np.shape(sensor) or not _finite(name, value):
            faults.append(Fault("not one finite number a row", file=file, key=name))
        elif (value != value[first][row]).any():
            bad = ids[row[np.flatnonzero(value != value[first][row])[0]]]
            faults.append(
                Fault(f"radar {bad} has several", "a radar stands still: one value each",
                      file=file, key=name)
            )  # fmt: skip
        else:
            given[name] = value[first]
    if any(n in columns for n in _ERROR) and not all(n in columns for n in _ERROR):
        faults.append(Fault("some errors without the others", ", ".join(_ERROR), file=file))
    if faults:
        raise InputError(faults)
    errors = np.stack([given[n] for n in _ERROR], axis=1) if _ERROR[0] in given else None
    return _table(ids, given, np.stack([given[n] for n in _PLACE], axis=1), errors, sigma, file)


def _finite(name: str, value: np.ndarray) -> bool:
    """Whether all numbers are finite (a range may be infinite: no limit)."""
    return bool(np.isfinite(value).all() or (name == _REACH and not np.isnan(value).any()))


def _table(
    ids: np.ndarray, given: dict[str, Any], place: Any, errors: Any, sigma: Any, file: str
) -> SensorTable:
    axes = given.get("sensor_axes")
    if axes is None and any(name in given for name in _TURN):
        axes = axes_from_angles(*(given.get(name, np.zeros(len(ids))) for name in _TURN))
    spread = errors if errors is not None else (50.0, 0.0026, 0.0026) if sigma is None else sigma
    reach = np.minimum(np.asarray(given.get(_REACH, _FAR_M), dtype=np.float64), _FAR_M)
    try:
        made = sensors(place, axes, spread, reach)
    except InputError as error:
        raise InputError(replace(f, file=file) for f in error.faults) from None
    return SensorTable(ids, made, errors is not None or sigma is not None)


def sensor_columns(table: SensorTable, packed: bool, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Columns that describe the radars again: by radar for NPZ (``packed``), else by row."""
    s = table.sensors
    if packed:
        return {
            "sensor_id": table.id, "sensor_pos_m": s.pos_m, "sensor_axes": s.axes,
            "sensor_sigma": s.sigma, "sensor_max_range_m": s.range_m,
        }  # fmt: skip
    A = s.axes
    angles = (
        np.arctan2(A[:, 1, 0], A[:, 0, 0]),
        np.arctan2(A[:, 2, 0], np.hypot(A[:, 0, 0], A[:, 1, 0])),
        np.arctan2(A[:, 2, 1], A[:, 2, 2]),
    )
    values = (*s.pos_m.T, *angles, *s.sigma.T, s.range_m)
    names = (*_PLACE, *_TURN, *_ERROR, _REACH)
    return {name: value[rows] for name, value in zip(names, values, strict=True)}
