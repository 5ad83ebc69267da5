"""Several biased radars: plots or tracks fused, registered or not. `python -m benchmarks.network`.

Prints a row a way of doing it: GOSPA (5 km), missed and false over the second half, NEES of the
position and velocity of tracks within 1 km, and process CPU time a look; means over fresh seeds.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from benchmarks import network_sets
from openiads.analysis.tracking import gospa, match
from openiads.domain.network import Network, sensors
from openiads.domain.registrar import Registrar

SEEDS = (11, 12, 13)


def run(data, known=None, **how) -> tuple[float, ...]:
    """Figures of one set: GOSPA, missed, false, NEES, ms a look."""
    radars = sensors(data.sensor_pos_m, data.sensor_axes, network_sets.SIGMA)
    network = Network(radars, bias=known, **how)
    rows, spent = [], 0.0
    for k, plots in enumerate(data.plots):
        began = time.process_time()
        tracks = network.scan(float(data.time_s[k]), int(data.sensor[k]), plots)
        spent += time.process_time() - began
        if 2 * k < len(data.plots):
            continue
        truth = data.truth[k]
        g = gospa(truth[:, :3], tracks.state[:, :3], 5_000.0)
        pick = match(truth[:, :3], tracks.state[:, :3], 1_000.0, 2.0)
        held = pick >= 0
        e, P = tracks.state[pick[held]] - truth[held], tracks.covariance[pick[held]]
        nees = float((e * np.linalg.solve(P, e[..., None])[..., 0]).sum(axis=1).mean())
        rows.append((g.distance, g.missed / 12.5e6, g.false / 12.5e6, nees))
    return (*map(float, np.mean(rows, axis=0)), 1e3 * spent / len(data.plots))


def first_pass(data) -> np.ndarray:
    """Biases from all plots, as `openiads track --registration first` finds them."""
    radars = sensors(data.sensor_pos_m, data.sensor_axes, network_sets.SIGMA)
    found = Registrar(radars, memory=0)
    for k, plots in enumerate(data.plots):
        found.observe(float(data.time_s[k]), int(data.sensor[k]), plots)
    found.close_round()
    found.solve()
    return found.bias


def main() -> None:
    """Print the table."""
    network_sets_ = {
        (radars, biased, seed): network_sets.make(radars=radars, seed=seed, biased=biased)
        for radars in (2, 3)
        for biased in (False, True)
        for seed in SEEDS
    }
    run(network_sets_[2, False, SEEDS[0]])
    out = sys.stdout
    for radars in (2, 3):
        for fusion in ("plots", "tracks"):
            for name in ("unbiased", "biased", "online", "first"):
                rows = []
                for seed in SEEDS:
                    data = network_sets_[radars, name != "unbiased", seed]
                    how = {"registration": "online"} if name == "online" else {}
                    known = first_pass(data) if name == "first" else None
                    rows.append(run(data, known, fusion=fusion, **how))
                figures = " | ".join(f"{v:.3g}" for v in np.mean(rows, axis=0))
                out.write(f"| {radars} | {fusion} | {name} | {figures} |\n")


if __name__ == "__main__":
    main()
