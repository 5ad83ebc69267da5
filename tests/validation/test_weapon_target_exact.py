"""Weapon-target assignment against answers found by other means.

* data/wta_small_exact.json: optima by independent exhaustive enumeration; tolerance 1e-6, the
  file's own (the exact method stops at a relative gap of 1e-7).
* data/wta_identical_weapons.json: den Broeder, Ellison and Emerling, Operations Research
  7(3):322-326, 1959, where maximum marginal return is optimal; tolerance 1e-9, the file's own.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from openiads.physics.weapon_target import weapon_target

EVIDENCE = {"model": "assignment", "authority": "enumeration; den Broeder et al. 1959",
            "kind": "another implementation"}  # fmt: skip
DATA = Path(__file__).parent / "data"
SMALL = json.loads((DATA / "wta_small_exact.json").read_text())["cases"]
IDENTICAL = json.loads((DATA / "wta_identical_weapons.json").read_text())["cases"]


@pytest.mark.parametrize("case", SMALL)
def test_enumerated_optimum(case: dict) -> None:
    answer = weapon_target(case["weights"], case["p_kill"])
    best = case["optimal_surviving_value"]
    assert answer.objective == pytest.approx(best, abs=1e-6)
    assert best - 1e-6 <= answer.lower_bound <= best + 1e-9


@pytest.mark.parametrize("case", IDENTICAL)
@pytest.mark.parametrize("method", ["exact", "greedy", "local"])
@pytest.mark.parametrize("as_copies", [False, True])
def test_identical_weapons(case: dict, method: str, as_copies: bool) -> None:
    kill = 1.0 - np.array([case["miss_prob"]])
    count = case["weapons"]
    if as_copies:
        answer = weapon_target(case["values"], kill, count, method)
        assert answer.assignment.shape == (1, count)
    else:
        answer = weapon_target(case["values"], np.repeat(kill, count, axis=0), method=method)
        assert answer.assignment.shape == (count,)
    assert answer.objective == pytest.approx(case["optimal_surviving_value"], abs=1e-9)
    used = np.bincount(answer.assignment.ravel(), minlength=len(case["values"]))
    assert used.tolist() == case["allocation"]
