"""Constant errors of a radar: drawn once a replication, in every plot, unknown to the tracker."""

from __future__ import annotations

import numpy as np
import pytest
from algebra_scenarios import model, use

from openiads.domain.tracks import CONFIRMED
from openiads.engine.run import recarrays, run_memory
from openiads.engine.sense import draw_biases
from openiads.engine.state import allocate
from openiads.engine.world import Model

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load


def biased(range_m: float, angle_deg: float) -> Model:
    eye = use("perfect-radar", range_bias=f"{range_m} m", angle_bias=f"{angle_deg} deg")
    return model(
        fidelity="track",
        duration="3 min",
        defence__rules="[{weapons: hold}]",
        defence__radars__eye=eye.replace("}}", "}, at: [0 km, 0 km]}"),
    )


def biases(compiled: Model, replications: int) -> np.ndarray:
    """(replications, 3) of the first radar."""
    state = allocate(compiled.tables).state
    found = []
    for number in range(replications):
        state.now[0].seed, state.now[0].replication = 7, number
        draw_biases(recarrays(compiled.tables), state)
        found.append(state.bias[0].copy())
    return np.array(found)


def test_biases_have_the_stated_spread_and_are_new_in_each_replication() -> None:
    drawn = biases(biased(300.0, 0.2), 2000) / [300.0, np.radians(0.2), np.radians(0.2)]
    assert len(np.unique(drawn)) == drawn.size
    # Normal of unit spread: four standard errors of mean and of spread.
    assert np.abs(drawn.mean(axis=0)).max() < 4.0 / np.sqrt(2000)
    assert np.abs(drawn.std(axis=0) - 1.0).max() < 4.0 / np.sqrt(2 * 2000)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 4.0 / np.sqrt(2000)


def test_without_a_spread_there_is_no_bias() -> None:
    assert (biases(model(), 20) == 0.0).all()


def tracks_m(compiled: Model, replication: int) -> np.ndarray:
    """Distances from the radar of the tracks that live when the scenario's time is over."""
    memory = run_memory(compiled, 7, replication)
    x = memory.tracks.x[memory.tracks.track["status"] == CONFIRMED, :3]
    return np.sort(np.linalg.norm(x - compiled.tables.radar_pos_m[0], axis=1))


def test_a_bias_moves_the_tracks() -> None:
    bent = biased(5000.0, 0.0)
    pulled = biases(bent, 50)[:, 0]
    replication = int(np.argmax(np.abs(pulled)))
    straight_m = tracks_m(biased(0.0, 0.0), replication)
    bent_m = tracks_m(bent, replication)
    assert len(straight_m) == len(bent_m) == 10
    assert bent_m - straight_m == pytest.approx(pulled[replication], rel=0.02)
