"""Representative kernels, run as they stand in this process; prints what they gave as JSON.

`test_jit_agreement` runs this file with and without compilation and compares the two.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from openiads.domain.flyout import flyout_time
from openiads.domain.track_params import track_params
from openiads.domain.track_scan import tracker_scan
from openiads.domain.tracks import tracks_allocate
from openiads.engine.world import LOG_DRAW
from openiads.eventlog import Log, load_model, run
from openiads.physics.detection import detection_probability, required_snr
from openiads.physics.flight import fly, parameters
from openiads.physics.random import draw4, gaussian_pair, philox4x32, poisson


def numbers(value: Any) -> Any:
    """Arrays, records and tuples as nested lists of plain numbers."""
    if isinstance(value, np.ndarray) and value.dtype.names:
        return {name: numbers(value[name]) for name in value.dtype.names}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "_asdict"):
        return {name: numbers(part) for name, part in value._asdict().items()}
    if isinstance(value, dict):
        return {name: numbers(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [numbers(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def detection() -> Any:
    """Probability and its inverse over fluctuation, pulses and signal."""
    snr = np.array([0.1, 1.0, 3.0, 10.0, 40.0, 300.0])
    return [
        [detection_probability(snr, pfa, pulses, swerling), required_snr(pd, pfa, pulses, swerling)]
        for swerling in range(5)
        for pulses in (1, 7, 30)
        for pfa, pd in ((1e-6, 0.9), (1e-3, 0.4))
    ]


def random() -> Any:
    """Philox, and the distributions made of it."""
    counters = [philox4x32((k, 1, 2, 3), (4, k)) for k in range(8)]
    uniforms = [draw4(7, 17, 12345, 64, serial) for serial in range(50)]
    return {
        "counters": [[int(word) for word in block] for block in counters],
        "uniforms": uniforms,
        "gaussians": [gaussian_pair(u[0], u[1]) for u in uniforms],
        "poisson": [int(poisson(3.5, u[2])) for u in uniforms],
    }


def tracker() -> Any:
    """Five crossing targets in clutter, thirty scans: the whole table of tracks afterwards."""
    rng = np.random.default_rng(5)
    plots, scans, sigma_m = 24, 30, 60.0
    params, tables = track_params(), tracks_allocate(32, plots)
    start = rng.uniform(-3e4, 3e4, (5, 3)) * [1.0, 1.0, 0.1] + [0.0, 0.0, 6e3]
    velocity = -start / 120.0 * [1.0, 1.0, 0.0]
    pos, cov, clutter = np.zeros((plots, 3)), np.zeros((plots, 6)), np.full(plots, 1e-13)
    cov[:, [0, 3, 5]] = sigma_m**2
    for scan in range(scans):
        seen = rng.random(5) < 0.9
        n = int(seen.sum()) + 3
        pos[: n - 3] = (start + velocity * 4.0 * scan)[seen]
        pos[: n - 3] += rng.normal(size=(n - 3, 3)) * sigma_m
        pos[n - 3 : n] = rng.uniform(-4e4, 4e4, (3, 3)) * [1.0, 1.0, 0.1] + [0.0, 0.0, 6e3]
        tracker_scan(params, tables, 4.0 * scan, n, pos, cov, clutter)
    return {"track": numbers(tables.track), "x": numbers(tables.x), "P": numbers(tables.P)}


def flyout(tables: Any) -> Any:
    """Times and speeds between the points of a table; a flight of the same equations."""
    axes = (
        tables.fly_range_m[0],
        tables.fly_altitude_m[0],
        tables.fly_time_s[0],
        tables.fly_speed_mps[0],
    )
    times = [
        flyout_time(*axes, range_m, height_m)
        for range_m in (1e3, 7.3e3, 25e3, 48.1e3, 61e3)
        for height_m in (50.0, 3.3e3, 12e3, 24e3)
    ]
    motor = parameters(
        exhaust_mps=2450.0, boost_fraction=0.55, boost_time_s=9.0, drag_area_m2pkg=2e-4
    )
    return {
        "times": times,
        "flights": [fly(motor, np.array([0.0, 0.0, 1.0, 1.0]), t) for t in (4.0, 9.0, 40.0)],
    }


def kept(log: Log) -> Any:
    """Outcome and Log; which lines come is discrete, so their order must agree as well."""
    assert (log.records["kind"] == LOG_DRAW).any()
    return {"outcome": log.outcome, "records": numbers(log.records)}


def main(*paths: str) -> None:
    """Print everything as one JSON object; ``paths`` are the Models to run a replication of."""
    models = [load_model(Path(path)) for path in paths]
    everything = {
        "detection": numbers(detection()),
        "random": numbers(random()),
        "tracker": tracker(),
        "flyout": numbers(flyout(models[0].tables)),
        "replications": [kept(run(compiled, 7, 3, draws=True)) for compiled in models],
    }
    json.dump(everything, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
