"""Stone Soup in and out: detections, truth and tracks as its objects (extra ``track``).

States of Stone Soup objects here are (x, vx, y, vy, z, vz); detections are (elevation, bearing,
range). Times are ``start`` plus the seconds of the scan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from openiads.faults import InputError
from openiads.scenario.detections import Detections, Paths

_ORDER = [0, 3, 1, 4, 2, 5]
_START = datetime(2000, 1, 1)


def _require() -> None:
    try:
        import stonesoup  # noqa: F401
    except ImportError:
        raise InputError.of(
            "Stone Soup is not installed", "pip install 'openiads[track]'"
        ) from None


def to_detections(
    found: Detections, sigma: Iterable[float] | None = None, start: datetime = _START
) -> list[tuple[datetime, set[Any]]]:
    """(time, set of Detection) of each scan, as Stone Soup's trackers take them.

    ``sigma`` (range m, azimuth rad, elevation rad) where the file tells none.
    """
    _require()
    from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
    from stonesoup.types.detection import Detection

    spread = found.sigma if sigma is None else np.asarray(list(sigma), dtype=np.float64)
    if spread is None:
        raise InputError.of("the errors of the plots are not known", "pass sigma", key="sigma")
    model = CartesianToElevationBearingRange(
        ndim_state=6, mapping=(0, 2, 4), noise_covar=np.diag(np.square(spread)[[2, 1, 0]])
    )
    scans = []
    for k, time_s in enumerate(found.time_s):
        now = start + timedelta(seconds=float(time_s))
        plots = {
            Detection(np.array([[e], [a], [r]]), timestamp=now, measurement_model=model)
            for r, a, e in found.at(k)
        }
        scans.append((now, plots))
    return scans


def to_truth(paths: Paths, times_s: np.ndarray, start: datetime = _START) -> set[Any]:
    """GroundTruthPath objects, one an id."""
    _require()
    from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState

    return {
        GroundTruthPath(
            [
                GroundTruthState(
                    paths.state[row][_ORDER].reshape(6, 1),
                    timestamp=start + timedelta(seconds=float(times_s[paths.scan[row]])),
                )
                for row in np.flatnonzero(paths.id == who)
            ]
        )
        for who in np.unique(paths.id)
    }


def from_tracks(tracks: Iterable[Any], times_s: np.ndarray, start: datetime = _START) -> Paths:
    """Stone Soup tracks or truths as `Paths` on the scans of ``times_s``; other times are left."""
    rows: list[tuple[int, int, np.ndarray]] = []
    for who, track in enumerate(tracks):
        last = {}
        for state in track:
            seconds = (state.timestamp - start).total_seconds()
            scan = int(np.searchsorted(times_s, seconds - 1e-6))
            if scan < len(times_s) and abs(times_s[scan] - seconds) < 1e-3:
                vector = np.asarray(state.state_vector, dtype=np.float64).ravel()
                last[scan] = vector[np.argsort(_ORDER)]
        rows += [(scan, who, vector) for scan, vector in last.items()]
    rows.sort(key=lambda row: row[:2])
    return Paths(
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows]).reshape(-1, 6),
    )
