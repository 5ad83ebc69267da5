"""Assignment and joint association probabilities against published and enumerated cases.

Source: data/data_association.json (NRL Tracker Component Library assign2D example 1 and cases
after Murty 1968; JPDA by exhaustive enumeration). Tolerance: costs exact to 1e-9 (sums of numbers
with one decimal), marginals 1e-8.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from openiads.physics.assignment import linear_assignment
from openiads.physics.association import jpda_belief, jpda_marginals

EVIDENCE = {"model": "tracking", "authority": "NRL Tracker Component Library; Murty 1968",
            "kind": "another implementation"}  # fmt: skip
CASES = json.loads((Path(__file__).parent / "data" / "data_association.json").read_text())["cases"]


@pytest.mark.parametrize("case", [c for c in CASES if "cost" in c])
def test_optimal_cost(case):
    cost = np.array(case["cost"], dtype=float)
    picked = linear_assignment(cost)
    rows = np.flatnonzero(picked >= 0)
    assert len(rows) == min(cost.shape)
    assert cost[rows, picked[rows]].sum() == pytest.approx(case["optimal_cost"], abs=1e-9)


@pytest.mark.parametrize("case", [c for c in CASES if "beta" in c])
def test_marginals(case):
    beta = jpda_marginals(case["likelihood_ratio"], case["missed_weight"])
    assert beta == pytest.approx(np.array(case["beta"]), abs=1e-8)


@pytest.mark.parametrize("seed", range(10))
def test_marginals_equal_enumeration_and_belief_is_near(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 5, 2)
    ratio = rng.exponential(2.0, (n, m)) * (rng.random((n, m)) < 0.7)
    missed = rng.uniform(0.05, 0.6, n)
    beta = np.zeros((n, m + 1))
    for event in itertools.product(range(m + 1), repeat=n):
        taken = [j for j in event if j < m]
        if len(set(taken)) == len(taken):
            weight = np.prod([ratio[i, j] if j < m else missed[i] for i, j in enumerate(event)])
            beta[np.arange(n), event] += weight
    beta /= beta[0].sum()
    assert jpda_marginals(ratio, missed) == pytest.approx(beta, abs=1e-12)
    # Williams and Lau 2014 report errors of a few per cent in dense cases.
    assert np.abs(jpda_belief(ratio, missed) - beta).max() < 0.15
