"""Motion models, registration, classes and the Stone Soup adapter."""

import math

import numpy as np
import pytest

from openiads.domain.track_classes import TRACK_CLASS, class_begin, class_update
from openiads.faults import InputError
from openiads.physics.filters import polar, predict, update
from openiads.physics.motion import (
    ballistic_step,
    constant_acceleration,
    coordinated_turn,
    cubature_predict,
)
from openiads.physics.registration import registration_bias
from openiads.scenario.detections import Detections, Paths


def test_a_full_turn_comes_back():
    f, _ = coordinated_turn(1.0, math.radians(6.0), 0.0)
    x = start = np.array([1e3, 2e3, 5e3, 200.0, -50.0, 10.0])
    for _ in range(60):
        x = f @ x
    assert x == pytest.approx(start + [0, 0, 600.0, 0, 0, 0])
    assert coordinated_turn(2.0, 0.0, 1.0)[0] == pytest.approx(
        coordinated_turn(2.0, 1e-7, 1.0)[0], abs=1e-6
    )


def test_acceleration_is_learnt():
    f, q = constant_acceleration(1.0, 0.01, axes=1)
    x, P = np.zeros(3), np.diag([1e4, 1e4, 100.0])
    for k in range(1, 40):
        x, P = predict(x, P, f, q)
        x, P, *_ = update(x, P, 0.5 * 3.0 * k * k, [[1.0, 0.0, 0.0]], 1.0)
    assert x[2] == pytest.approx(3.0, abs=0.05)


def test_ballistic_step_without_air_is_a_parabola_and_with_air_has_a_terminal_speed():
    x = np.array([0.0, 0.0, 1e4, 300.0, 0.0, 100.0])
    for _ in range(10):
        x = ballistic_step(x, 1.0, 5000.0, lambda z: 0.0)
    expected = [3000.0, 0.0, 1e4 + 1000.0 - 50 * 9.80665, 300.0, 0.0, 100.0 - 98.0665]
    assert x == pytest.approx(expected, abs=1e-6)
    x = np.array([0.0, 0.0, 1e6, 0.0, 0.0, -10.0])
    for _ in range(2000):
        x = ballistic_step(x, 0.5, 1000.0, lambda z: 1.2)
    assert -x[5] == pytest.approx(math.sqrt(2 * 1000.0 * 9.80665 / 1.2), rel=1e-6)


def test_cubature_prediction_of_a_linear_motion_is_kalmans():
    f, q = coordinated_turn(3.0, 0.1, 2.0)
    x, P = np.arange(6.0), np.diag(np.arange(1.0, 7.0))
    mean, cov = cubature_predict(x, P, lambda s: f @ s, q)
    expected = predict(x, P, f, q)
    assert mean == pytest.approx(expected[0])
    assert cov == pytest.approx(expected[1])


@pytest.mark.parametrize("seed", range(3))
def test_registration_finds_the_bias_within_its_own_uncertainty(seed):
    rng = np.random.default_rng(seed)
    n, site = 200, np.array([3e4, -2e4, 200.0])
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    places = rng.uniform(-1e5, 1e5, (n, 3)) * [1, 1, 0.1]
    sigma, bias = np.array([50.0, 0.002, 0.002]), np.array([120.0, 0.004, -0.002])
    cov = np.diag([80.0**2] * 3)
    seen = [polar(np.r_[axes.T @ (p - site), 0, 0, 0])[:3] for p in places]
    plots = np.array(seen) + bias + sigma * rng.standard_normal((n, 3))
    reference = places + 80.0 * rng.standard_normal((n, 3))
    result = registration_bias(plots, sigma, reference, cov, site, axes)
    error = result.bias - bias
    assert error @ np.linalg.solve(result.covariance, error) < 16.3  # chi-square, 3 dof, 99.9 %
    assert result.fit == pytest.approx(1.0, abs=0.2)
    with pytest.raises(InputError):
        registration_bias(plots, sigma, reference[:5], cov)


def test_classes_follow_the_features_and_forget_nothing_known():
    classes = np.array(
        [(0.5, 250.0, 0.2, 10e3, 0.4, 10.0, 5.0), (0.3, 230.0, 0.2, 60.0, 0.5, -15.0, 5.0),
         (0.2, 50.0, 0.4, 500.0, 0.8, -15.0, 5.0)], TRACK_CLASS,
    ).view(np.recarray)  # fmt: skip
    log_p = np.zeros((2, 3))
    class_begin(classes, log_p, 1)
    assert np.exp(log_p[1]) == pytest.approx([0.5, 0.3, 0.2])
    for _ in range(10):
        best = class_update(classes, log_p, 1, 240.0, 80.0, math.nan, 0.2)
    assert best == 1
    assert np.exp(log_p[1]).sum() == pytest.approx(1.0)
    assert np.exp(log_p[1, 1]) > 0.95
    assert (log_p[0] == 0.0).all()


def test_stone_soup_there_and_back():
    pytest.importorskip("stonesoup", reason="needs the extra 'track'")
    from openiads.scenario.stonesoup import from_tracks, to_detections, to_truth

    times = np.array([0.0, 5.0])
    paths = Paths(np.array([0, 0, 1]), np.array([0, 1, 0]), np.arange(18.0).reshape(3, 6))
    back = from_tracks(to_truth(paths, times), times)
    assert sorted(map(tuple, back.state)) == sorted(map(tuple, paths.state))
    found = Detections(times, np.array([0, 1]), np.ones((2, 3)), None, None, None)
    with pytest.raises(InputError):
        to_detections(found)
    scans = to_detections(found, (50.0, 0.01, 0.01))
    assert [len(plots) for _, plots in scans] == [1, 1]
