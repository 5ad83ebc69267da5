"""Raid annihilation and magazine limits against closed forms, through the whole engine.

Authority: data/engagement_raid.json (published exercises and closed forms; each case names its
own). Tolerance: 4 standard errors, as the file states. Kinds that need a rule which is no doctrine
(shooters that choose targets at random) or a miss distance are listed in `UNSUPPORTED` and in
docs/validation.md.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import kill, launchers, model, run, use

EVIDENCE = {"model": "engagement", "authority": "raid annihilation, leakage, magazines",
            "kind": "closed form"}  # fmt: skip
CASES = json.loads(
    (Path(__file__).parent / "data" / "engagement_raid.json").read_text(encoding="utf-8")
)["cases"]
REPLICATIONS = 1500
UNSUPPORTED = {
    "uncoordinated random targeting (Markov chain of stats.stackexchange 202393)": (
        "no doctrine lets shooters pick targets at random: the command post assigns them"
    ),
    "circular normal miss distance, cookie-cutter lethal radius": (
        "no miss distance or warhead is modelled: a shot kills with its stated probability"
    ),
}
EQUAL_SALVO = [c for c in CASES if c["kind"] == "raid annihilation, equal salvo"]
EQUAL_SALVO.append(
    {"n_targets": 10, "shots_per_target": 2, "p_ssk": 0.7, "p_no_leak": 0.91**10,
     "expected_leakers": 0.9}
)  # fmt: skip
SEQUENTIAL = [c for c in CASES if c["kind"].startswith("sequential targets")]
INVENTORY = [c for c in CASES if c["kind"].startswith("limited inventory")]
LAYERS = [c for c in CASES if c["kind"] == "independent layers"]
BARRAGE = [c for c in CASES if c["kind"].startswith("barrage size")]


RCS = "1 m2"
"""Of the intruder in algebra/parts.yaml."""
SLANT_M = 90_000.0
"""From the radar to a target at its start."""


def within(estimate: float, truth: float, error: float) -> bool:
    return abs(estimate - truth) <= 4.0 * error + 1e-12


def proportion_error(p: float, trials: int) -> float:
    return math.sqrt(p * (1.0 - p) / trials)


def check_leakers(leakers: Any, case: dict[str, Any]) -> None:
    n = len(leakers)
    mean_error = float(np.std(leakers, ddof=1)) / math.sqrt(n)
    assert within(float(leakers.mean()), case["expected_leakers"], mean_error)
    clean = case["p_no_leak"]
    assert within(float((leakers == 0).mean()), clean, proportion_error(clean, n))


@pytest.mark.parametrize("case", EQUAL_SALVO, ids=lambda c: f"{c['n_targets']}x{c['p_ssk']}")
def test_equal_salvo(case: dict[str, Any]) -> None:
    compiled = model(
        fidelity="engagement",
        raid__waves__all__count=str(case["n_targets"]),
        defence__fire_units__unit__doctrine=use(
            "rule", method="salvo", first_salvo=case["shots_per_target"], volleys_max=1
        ),
        defence__fire_units__unit__launchers=launchers(16, 10, **kill(case["p_ssk"])),
    )
    leakers = run(compiled, REPLICATIONS).leakers
    check_leakers(leakers, case)
    for name, most in (("p_at_most_1_leak", 1), ("p_at_most_2_leaks", 2)):
        if name in case:
            error = proportion_error(case[name], REPLICATIONS)
            assert within(float((leakers <= most).mean()), case[name], error)


def test_published_three_planes() -> None:
    case = next(c for c in CASES if c.get("p_at_least_2"))
    compiled = model(
        fidelity="engagement",
        raid__waves__all__count=str(case["n_targets"]),
        defence__fire_units__unit__doctrine=use(
            "rule", method="salvo", first_salvo=case["shots_per_target"], volleys_max=1
        ),
        defence__fire_units__unit__launchers=launchers(16, 2, **kill(case["p_ssk"])),
    )
    down = case["n_targets"] - run(compiled, REPLICATIONS).leakers
    p = case["p_at_least_2"]
    assert within(float((down >= 2).mean()), p, proportion_error(p, REPLICATIONS))


def unit(rounds: int, p_ssk: float, **doctrine: object) -> str:
    """A further fire unit with ``rounds`` rounds, as a YAML map."""
    return (
        "{at: [0 km, 0 km], radar: perfect-guidance, "
        f"doctrine: {use('rule', **doctrine)}, "
        f"launchers: {launchers(1, rounds, **kill(p_ssk))}}}"
    )


def units(*given: str) -> str:
    """Several fire units at one place; of two that do equally well the first is chosen."""
    return "{" + ", ".join(f"u{k}: {each}" for k, each in enumerate(given)) + "}"


@pytest.mark.parametrize("case", INVENTORY, ids=lambda c: f"{c['interceptors']}-rounds")
def test_limited_inventory_shared_evenly(case: dict[str, Any]) -> None:
    """Volleys of the larger share come from one unit's magazine, the others from a second's.

    (Extra rounds in a later volley would not be even: the track of a dead target dies with it, so
    they would go to what still flies.)
    """
    share, over = divmod(case["interceptors"], case["n_targets"])
    groups = [(over, share + 1), (case["n_targets"] - over, share)]
    given = [
        unit(targets * rounds, case["p_ssk"], method="salvo", first_salvo=rounds, volleys_max=1)
        for targets, rounds in groups
        if targets > 0 and rounds > 0
    ]
    compiled = model(
        fidelity="engagement",
        raid__waves__all__count=str(case["n_targets"]),
        defence__fire_units=units(*given),
    )
    outcomes = run(compiled, REPLICATIONS)
    assert (outcomes.figure("interceptors") == case["interceptors"]).all()
    check_leakers(outcomes.leakers, case)


@pytest.mark.parametrize("case", LAYERS, ids=lambda c: f"{len(c['layer_kill_prob'])}-layers")
def test_independent_layers(case: dict[str, Any]) -> None:
    """Each layer shoots once at what the ones before it have left: volley k is layer k's last."""
    layers = case["layer_kill_prob"]
    targets = case["n_targets"]
    rule = {"method": "shoot-look-shoot", "first_salvo": 1, "later_salvo": 1}
    compiled = model(
        fidelity="engagement",
        raid__waves__all__count=str(targets),
        raid__waves__all__time_spread="0 s",
        defence__fire_units=units(*(unit(targets, p, **rule, volleys_max=k + 1)
                                    for k, p in enumerate(layers))),
    )  # fmt: skip
    leakers = run(compiled, REPLICATIONS).leakers
    expected = {"expected_leakers": targets * case["p_leak"], "p_no_leak": case["p_no_leak_raid"]}
    check_leakers(leakers, expected)


@pytest.mark.parametrize("case", BARRAGE, ids=lambda c: f"{c['warheads']}x{c['p_track']}")
def test_barrage_at_targets_that_are_tracked_or_not(case: dict[str, Any]) -> None:
    """A radar that looks once, with that probability, makes the track or leaves it for good."""
    targets, shots = case["warheads"], case["shots_per_warhead"]
    salvo = {"method": "salvo", "first_salvo": shots, "volleys_max": 1}
    compiled = model(
        fidelity="engagement",
        raid__waves__all__count=str(targets),
        raid__waves__all__time_spread="0 s",
        raid__waves__all__threat="fluctuating-intruder",  # as a claimed range is meant
        defence__radars__eye=use(
            "perfect-radar",
            scan_period="30 min",
            reference_rcs=RCS,
            reference_pd=case["p_track"],
            detection_range_max=f"{SLANT_M} m",
        ).replace("}}", "}, at: [0 km, 0 km]}"),
        defence__fire_units=units(unit(targets * shots, case["p_ssk"], **salvo)),
    )
    chance = compiled.tables.look_pd[0, compiled.tables.threats["grid"]]
    assert np.abs(chance - case["p_track"]).max() < 1e-3
    leakers = run(compiled, REPLICATIONS).leakers
    per_target = case["p_track"] * (1.0 - (1.0 - case["p_ssk"]) ** shots)
    check_leakers(
        leakers,
        {"expected_leakers": targets * (1.0 - per_target), "p_no_leak": case["p_no_leak"]},
    )


@pytest.mark.parametrize("case", SEQUENTIAL, ids=lambda c: f"{c['n_targets']}-{c['magazine']}")
def test_shared_magazine_one_target_after_the_other(case: dict[str, Any]) -> None:
    waves = ", ".join(
        f"t{k}: {{threat: intruder, count: 1, aim: centre, bearing: {40 * k} deg, "
        f"distance: 90 km, at: {600 * k} s}}"
        for k in range(case["n_targets"])
    )
    compiled = model(
        fidelity="engagement",
        duration="90 min",
        raid__waves="{" + waves + "}",
        defence__fire_units__unit__doctrine=use(
            "rule", method="shoot-look-shoot", first_salvo=1, later_salvo=1,
            volleys_max=case["kmax"],
        ),
        defence__fire_units__unit__launchers=launchers(1, case["magazine"], **kill(case["p_ssk"])),
    )  # fmt: skip
    outcomes = run(compiled, REPLICATIONS)
    check_leakers(outcomes.leakers, case)
    rounds = outcomes.figure("interceptors")
    error = float(rounds.std(ddof=1)) / math.sqrt(REPLICATIONS)
    assert within(float(rounds.mean()), case["expected_interceptors"], error)


def test_every_case_is_checked_or_named() -> None:
    checked = {c["kind"] for c in [*EQUAL_SALVO[:-1], *SEQUENTIAL, *INVENTORY, *LAYERS, *BARRAGE]}
    published = {c["kind"] for c in CASES if "source" in c}
    assert {c["kind"] for c in CASES} == checked | published | set(UNSUPPORTED)
