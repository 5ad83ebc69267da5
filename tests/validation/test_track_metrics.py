"""OSPA, GOSPA, SIAP and switching loss against Stone Soup 1.9.1 and the definitions.

Source: the cases of data/track_ospa_gospa.json, track_siap.json, track_switching_loss.json, each
of which names its own (Stone Soup's unit tests at ec032a9f, values computed with 1.9.1, and
independent evaluations of the published definitions). Tolerance: that of each case (1e-4 or 1e-5
absolute, for numbers printed to 4 or 6 figures); SIAP 1e-6; switching loss exact.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from openiads.analysis.tracking import SwitchingLoss, gospa, ospa, siap

EVIDENCE = {"model": "tracking", "authority": "Stone Soup 1.9.1, and the definitions",
            "kind": "another implementation"}  # fmt: skip
DATA = Path(__file__).parent / "data"


def cases(name):
    return json.loads((DATA / f"{name}.json").read_text())["cases"]


@pytest.mark.parametrize("case", [c for c in cases("track_ospa_gospa") if c["metric"] == "OSPA"])
def test_ospa(case):
    result = ospa(case["truth"], case["tracks"], case["c"], float(case["p"]))
    near = {"abs": case["tolerance"], "rel": 0.0}
    assert result.distance == pytest.approx(case["ospa"], **near)
    assert result.cardinality == pytest.approx(case["cardinality"], **near)
    if case["localisation"] is None:
        assert math.isnan(result.localisation)
    else:
        assert result.localisation == pytest.approx(case["localisation"], **near)


@pytest.mark.parametrize("case", [c for c in cases("track_ospa_gospa") if c["metric"] == "GOSPA"])
def test_gospa(case):
    result = gospa(case["truth"], case["tracks"], case["c"], case["p"], case["alpha"])
    parts = [case[k] for k in ("gospa", "localisation_p", "missed_p", "false_p")]
    assert list(result) == pytest.approx(parts, abs=case["tolerance"], rel=1e-6)


def test_siap():
    (case,) = cases("track_siap")
    rows = [
        [[[s["t"], *s["state"]] for s in path] for path in case[kind]]
        for kind in ("truths", "tracks")
    ]
    links = [(a["truth"], a["track"], a["t_start"], a["t_end"]) for a in case["associations"]]
    result = siap(*rows, links, position=(0, 2), velocity=(1, 3))
    expected = case["stonesoup_1_9_1"]
    names = (
        "Completeness",
        "Ambiguity",
        "Spuriousness",
        "Position Accuracy",
        "Velocity Accuracy",
        "Rate of Track Number Change",
        "Longest Track Segment",
    )
    assert list(result[:7]) == pytest.approx([expected[f"SIAP {n}"] for n in names], abs=1e-6)
    for k, name in enumerate(names[:5]):
        assert result.at_times[:, k] == pytest.approx(expected[f"SIAP {name} at times"], abs=1e-6)


@pytest.mark.parametrize("case", cases("track_switching_loss"))
def test_switching_loss(case):
    loss = SwitchingLoss()
    assert [loss.add(a) for a in case["associations"]] == case["losses"]


@pytest.mark.parametrize("seed", range(20))
def test_the_shared_matching_is_optimal_for_both(seed):
    """Against a dense assignment by SciPy; rounding error only."""
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 30, 2)
    x, y = rng.uniform(0, 10, (n, 3)), rng.uniform(0, 10, (m, 3))
    cutoff, order = rng.uniform(0.5, 8.0), rng.uniform(1.0, 3.0)
    table = np.linalg.norm(x[:, None] - y[None], axis=2).clip(max=cutoff) ** order
    least = table[linear_sum_assignment(table)].sum()
    whole = (least + cutoff**order * abs(n - m)) / max(n, m)
    assert ospa(x, y, cutoff, order).distance == pytest.approx(whole ** (1 / order), rel=1e-9)
    wide = np.zeros((n + m, n + m))
    wide[:n, :m] = np.where(table < cutoff**order, table, 1e9)
    wide[:n, m:] = wide[n:, :m] = cutoff**order / 2
    least = wide[linear_sum_assignment(wide)].sum()
    assert gospa(x, y, cutoff, order).distance == pytest.approx(least ** (1 / order), rel=1e-9)
