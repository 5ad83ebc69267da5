"""Weapon-target assignment on the published instance of Andersen, Pavlikov and Toffolo.

Annals of Operations Research 312:581-606, 2022, doi 10.1007/s10479-022-04525-6; optima and best
known bounds from tuliotoffolo/wta, logs/results.csv at 8f5a11c7 (CPLEX, two hours at most). The
instance's licence forbids shipping it, so these tests read ../shared/truth where that is there.

Tolerance 1e-4 relative, the file's own: CPLEX solved a linearised objective to that. (Evaluated
exactly, its best for three copies is 20.590016, the optimum proven here; the 20.589861 in the file
is the linearised value of that answer.) CPLEX's fastest proofs took 1.2, 18.6 and 356 s.
"""

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest

from openiads.physics.weapon_target import weapon_target

TRUTH = Path(__file__).parents[2] / ".." / "shared" / "truth"
INSTANCE = TRUTH / "wta_50x100.csv"
CPLEX_TIME_S = {1: 1.2, 2: 18.6, 3: 356.1}

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not INSTANCE.exists(), reason=f"{INSTANCE} IS ABSENT: its licence forbids shipping it"
    ),
]


@pytest.fixture(scope="module")
def instance() -> tuple[np.ndarray, np.ndarray]:
    with INSTANCE.open() as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))[1:]
    table = np.array(rows, dtype=float)
    return table[:, 1], table[:, 2:].T


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_published_optimum(instance: tuple[np.ndarray, np.ndarray], copies: int) -> None:
    cases = json.loads((TRUTH / "wta_published.json").read_text())["cases"]
    case = next(c for c in cases if c["copies_of_each_weapon"] == copies)
    values, kill = instance
    weapon_target(values[:3], kill[:3, :3])  # compiles
    started = time.process_time()
    answer = weapon_target(values, kill, copies)
    spent_s = time.process_time() - started
    assert answer.objective == pytest.approx(case["best_objective"], rel=1e-4)
    assert answer.lower_bound >= answer.objective * (1.0 - 1e-6)
    assert answer.lower_bound >= case["lower_bound"] * (1.0 - 1e-4)
    assert spent_s < CPLEX_TIME_S[copies]
