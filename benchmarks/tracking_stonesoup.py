"""Stone Soup's tracker on our sets: KD-tree gate, global nearest neighbour, EKF in polar space."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import numpy as np
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
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import ExtendedKalmanUpdater

from benchmarks.tracking_sets import SIGMA, Set


class _TreeAssigner(DetectionKDTreeMixIn, GNNWith2DAssignment):
    """GNN over what the KD-tree lets through."""


def run(data: Set, q: float, pd: float, scans: int) -> float:
    """Median CPU milliseconds a scan over the first ``scans`` (the first one left out)."""
    start = datetime(2026, 1, 1)
    model = CartesianToElevationBearingRange(
        ndim_state=6, mapping=(0, 2, 4), noise_covar=np.diag(SIGMA[[2, 1, 0]] ** 2)
    )
    motion = CombinedLinearGaussianTransitionModel([ConstantVelocity(q)] * 3)
    predictor, updater = ExtendedKalmanPredictor(motion), ExtendedKalmanUpdater(model)
    hypothesiser = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=4.0)
    associator = _TreeAssigner(
        hypothesiser,
        predictor,
        updater,
        number_of_neighbours=10,
        max_distance_covariance_multiplier=3,
    )
    prior = GaussianState(np.zeros((6, 1)), np.diag([0.0, 400.0**2, 0.0, 400.0**2, 0.0, 100.0**2]))
    deleter = UpdateTimeStepsDeleter(time_steps_since_update=5)
    initiator = MultiMeasurementInitiator(
        prior_state=prior, deleter=deleter, data_associator=associator, updater=updater,
        min_points=3, initiator=SimpleMeasurementInitiator(prior, measurement_model=model),
    )  # fmt: skip
    spent = []

    def feed():
        for k in range(scans):
            now = start + timedelta(seconds=5.0 * k)
            rows = data.det_rae[slice(*np.searchsorted(data.det_scan, [k, k + 1]))]
            yield (
                now,
                {
                    Detection(np.array([[e], [a], [r]]), timestamp=now, measurement_model=model)
                    for r, a, e in rows
                },
            )

    tracker = MultiTargetTracker(initiator, deleter, list(feed()), associator, updater)
    steps = iter(tracker)
    while True:
        began = time.process_time()
        try:
            next(steps)
        except StopIteration:
            break
        spent.append(time.process_time() - began)
    return 1e3 * float(np.median(spent[1:]))
