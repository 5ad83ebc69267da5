"""Raids with range rates: what they add to the tracker, on fresh seeds of the hard generator.

Authority: the same tracker without them. Limit: at least 3 % less GOSPA (measured: 11 to 18 %) and
no more switches; plots whose rate is not known are taken exactly as before.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from openiads.analysis.tracking import Picture, score
from openiads.domain.tracker import Tracker

EVIDENCE = {
    "model": "tracking",
    "authority": "tracker without rates",
    "kind": "own sweep",
}
ROOT = Path(__file__).parents[2]
RATE_SIGMA_MPS = 2.0


def raid(seed):
    """A raid of benchmarks/tracking_sets.py with range rates; those of false plots are uniform."""
    spec = importlib.util.spec_from_file_location(
        "tracking_sets", ROOT / "benchmarks" / "tracking_sets.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = module.make("hard", 100, seed)
    rng = np.random.default_rng(seed)
    rates = rng.uniform(-1e3, 1e3, len(data.det_scan))
    state = {(k, w): s for k, w, s in zip(data.truth_scan, data.truth_id, data.truth_state,
                                          strict=True)}  # fmt: skip
    for row, (k, who) in enumerate(zip(data.det_scan, data.det_truth, strict=True)):
        if who >= 0:
            s = state[k, who]
            rates[row] = s[:3] @ s[3:] / np.linalg.norm(s[:3]) + RATE_SIGMA_MPS * rng.normal()
    return data, rates


def follow(data, rates):
    tracker, rows = Tracker(), []
    for k in range(60):
        at = slice(*np.searchsorted(data.det_scan, [k, k + 1]))
        tracks = tracker.scan(
            5.0 * k, data.det_rae[at], range_rate_sigma_mps=RATE_SIGMA_MPS,
            range_rate_mps=None if rates is None else rates[at],
        )  # fmt: skip
        rows += [(k, i, x) for i, x in zip(tracks.id, tracks.state, strict=True)]
    scan, who, state = (np.array([r[c] for r in rows]) for c in range(3))
    truth = Picture(data.truth_scan, data.truth_id, data.truth_state)
    return score(truth, Picture(scan, who, state), first_scan=10, cutoffs_m=(5_000.0,))


@pytest.mark.parametrize("seed", [3, 4])
def test_a_raid_is_followed_better_with_range_rates(seed):
    data, rates = raid(seed)
    with_rates, without = follow(data, rates), follow(data, None)
    assert with_rates["c_5000_m"]["gospa_m"] < 0.97 * without["c_5000_m"]["gospa_m"]
    assert with_rates["switches"] <= without["switches"]


def test_plots_without_a_rate_are_taken_as_before():
    data, _ = raid(5)
    nothing = np.full(len(data.det_scan), np.nan)
    assert follow(data, nothing) == follow(data, None)
