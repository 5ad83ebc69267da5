"""Stone Soup in and out: detections, truth and tracks as its objects (extra ``track``).

States of Stone Soup objects here are (x, vx, y, vy, z, vz); detections are (elevation, bearing,
range). Times are ``start`` plus the seconds of the scan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

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


class Soup(NamedTuple):
    """Result of `run_tracker`: confirmed tracks, and the seconds of each scan."""

    paths: Paths
    spent_s: list[float]


def run_tracker(
    found: Detections,
    sigma: Iterable[float] | None = None,
    noise_m2ps3: float = 1.0,
    scans: int | None = None,
    speed_sigma_mps: float = 400.0,
    clock: Callable[[], float] = time.perf_counter,
) -> Soup:
    """Stone Soup's tracker on ``found``: extended Kalman filters, a GNN behind a KD-tree.

    Nearly constant velocity with ``noise_m2ps3`` on each axis; a plot within 4 standard deviations
    (Mahalanobis) may be taken; three plots make a track, five scans without a plot end it. The
    configuration is the strongest of those measured with Stone Soup 1.9.1, docs/models/tracking.md.
    ``scans``: only the first so many; ``clock`` measures the seconds of a scan. Raises InputError
    where Stone Soup is not installed.
    """
    scenes = to_detections(found, sigma)[:scans]
    if not scenes:
        return Soup(from_tracks([], found.time_s), [])
    tracker = _tracker(found, sigma, scenes, noise_m2ps3, speed_sigma_mps)
    steps, rows, spent = iter(tracker), [], []
    ids: dict[Any, int] = {}
    for k in range(len(scenes)):
        began = clock()
        try:
            _, tracks = next(steps)
        except StopIteration:
            break
        spent.append(clock() - began)
        for track in tracks:
            who = ids.setdefault(track.id, len(ids))
            vector = np.asarray(track.state_vector, dtype=np.float64).ravel()
            rows.append((k, who, vector[np.argsort(_ORDER)]))
    paths = Paths(
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([r[2] for r in rows]).reshape(-1, 6),
    )
    return Soup(paths, spent)


def _tracker(
    found: Detections, sigma: Any, scenes: list[Any], noise_m2ps3: float, speed_sigma_mps: float
) -> Any:
    """Stone Soup's parts put together."""
    from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
    from stonesoup.dataassociator.tree import DetectionKDTreeMixIn
    from stonesoup.deleter.time import UpdateTimeStepsDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.initiator.simple import MultiMeasurementInitiator, SimpleMeasurementInitiator
    from stonesoup.measures import Mahalanobis
    from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
    from stonesoup.models.transition.linear import (
        CombinedLinearGaussianTransitionModel,
        ConstantVelocity,
    )
    from stonesoup.predictor.kalman import ExtendedKalmanPredictor
    from stonesoup.tracker.simple import MultiTargetTracker
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import ExtendedKalmanUpdater

    spread = np.asarray(found.sigma if sigma is None else list(sigma), dtype=np.float64)
    model = CartesianToElevationBearingRange(
        ndim_state=6, mapping=(0, 2, 4), noise_covar=np.diag(np.square(spread)[[2, 1, 0]])
    )
    motion = CombinedLinearGaussianTransitionModel([ConstantVelocity(noise_m2ps3)] * 3)
    predictor, updater = ExtendedKalmanPredictor(motion), ExtendedKalmanUpdater(model)
    hypothesiser = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=4.0)
    kind: Any = type("TreeAssigner", (DetectionKDTreeMixIn, GNNWith2DAssignment), {})
    associator = kind(
        hypothesiser,
        predictor,
        updater,
        number_of_neighbours=10,
        max_distance_covariance_multiplier=3,
    )
    v2 = speed_sigma_mps**2
    prior = GaussianState(np.zeros((6, 1)), np.diag([0.0, v2, 0.0, v2, 0.0, v2 / 16.0]))
    deleter = UpdateTimeStepsDeleter(time_steps_since_update=5)
    initiator = MultiMeasurementInitiator(
        prior_state=prior, deleter=deleter, data_associator=associator, updater=updater,
        min_points=3, initiator=SimpleMeasurementInitiator(prior, measurement_model=model),
    )  # fmt: skip
    return MultiTargetTracker(initiator, deleter, scenes, associator, updater)
