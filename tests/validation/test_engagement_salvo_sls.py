"""Salvo, shoot-look-shoot and imperfect assessment against closed forms, through the whole engine.

Authority: data/engagement_salvo_sls.json (closed forms for independent shots; the imperfect
assessment by total probability). Tolerance: 4 standard errors of the estimate, as the file states.
Sensors are perfect, channels, rounds and time ample, so nothing but the draws is left.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from algebra_scenarios import kill, launchers, model, run, use

EVIDENCE = {"model": "engagement", "authority": "salvo, shoot-look-shoot, imperfect assessment",
            "kind": "closed form"}  # fmt: skip
CASES = json.loads(
    (Path(__file__).parent / "data" / "engagement_salvo_sls.json").read_text(encoding="utf-8")
)["cases"]
REPLICATIONS = 400
TARGETS = 10


def doctrine(case: dict[str, Any]) -> str:
    if case["kind"] == "salvo":
        return use("rule", method="salvo", first_salvo=case["n"], volleys_max=1)
    return use(
        "rule",
        method="shoot-look-shoot",
        first_salvo=case["first_salvo"],
        later_salvo=case["second_salvo"],
        volleys_max=2,
    )


def name(case: dict[str, Any]) -> str:
    return "-".join(str(v) for k, v in case.items() if k not in ("p_kill", "expected_interceptors"))


@pytest.mark.parametrize("fidelity", ["engagement", "track"])
@pytest.mark.parametrize("case", CASES, ids=name)
def test_kill_probability_and_rounds(
    case: dict[str, Any], fidelity: str, record_property: Any
) -> None:
    compiled = model(
        fidelity=fidelity,
        defence__command_post=use(
            "perfect-post",
            miss_called_kill=case.get("p_declared_killed_given_alive", 0.0),
            kill_called_miss=case.get("p_declared_alive_given_killed", 0.0),
        ),
        defence__fire_units__unit__doctrine=doctrine(case),
        defence__fire_units__unit__launchers=launchers(16, 10, **kill(case["p_ssk"])),
    )
    outcomes = run(compiled, REPLICATIONS)
    trials = REPLICATIONS * TARGETS
    killed = 1.0 - float(outcomes.leaked.mean())
    p = case["p_kill"]
    band = 4.0 * math.sqrt(p * (1.0 - p) / trials)
    record_property("worst", abs(killed - p))
    record_property("tolerance", band)
    assert abs(killed - p) <= band
    if "expected_interceptors" in case:
        rounds = outcomes.figure("interceptors") / TARGETS
        error = float(rounds.std(ddof=1)) / math.sqrt(REPLICATIONS)
        assert abs(float(rounds.mean()) - case["expected_interceptors"]) <= 4.0 * error
    else:
        assert (outcomes.figure("interceptors") == TARGETS * case["n"]).all()
