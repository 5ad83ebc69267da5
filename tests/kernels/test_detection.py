"""Edges of the detection functions: what they answer outside and at the end of their range."""

import math

import numpy as np
import pytest

from openiads.physics.detection import detection_probability, required_snr, threshold


@pytest.mark.parametrize("swerling", range(5))
def test_ends(swerling: int) -> None:
    assert detection_probability(0.0, 1e-6, 10, swerling) == 1e-6
    assert detection_probability(math.inf, 1e-6, 10, swerling) == 1.0
    assert detection_probability(1e300, 1e-6, 10, swerling) == 1.0
    assert detection_probability(1e-300, 1e-12, 1000, swerling) == pytest.approx(1e-12)
    assert detection_probability(3.0, 1.0, 10, swerling) == 1.0


@pytest.mark.parametrize(
    "outside", [(-1.0, 1e-6, 1, 0), (1.0, 0.0, 1, 0), (1.0, 2.0, 1, 0), (1.0, 1e-6, 0, 0),
                (1.0, 1e-6, 1, 5), (1.0, 1e-6, 1, -1), (math.nan, 1e-6, 1, 0)]
)  # fmt: skip
def test_outside_the_range_is_nan(outside) -> None:
    assert math.isnan(detection_probability(*outside))


def test_required_snr_ends() -> None:
    assert required_snr(1e-7, 1e-6, 4, 1) == 0.0
    assert math.isinf(required_snr(1.0, 1e-6, 4, 1))
    assert math.isnan(required_snr(1.5, 1e-6, 4, 1))
    assert required_snr(1.0 - 1e-12, 1e-6, 1, 1) == pytest.approx(math.log(1e-6) / -1e-12, rel=1e-3)


def test_threshold_of_one_pulse_is_the_exponential() -> None:
    assert threshold(1e-6, 1) == -math.log(1e-6)
    assert threshold(1.0, 5) == 0.0


def test_arrays_broadcast() -> None:
    grid = detection_probability(np.array([[1.0], [10.0]]), 1e-6, np.array([1, 10, 100]), 1)
    assert grid.shape == (2, 3)
    assert grid[1, 1] == detection_probability(10.0, 1e-6, 10, 1)
    assert (np.diff(grid, axis=0) > 0).all() and (np.diff(grid, axis=1) > 0).all()
