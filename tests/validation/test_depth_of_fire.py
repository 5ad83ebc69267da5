"""Shoot-look-shoot timelines of a head-on target against the closed form.

Authority: data/engagement_depth_of_fire.json (collision triangle on one line). Tolerance as the
file states: the number of shots exactly, 0.05 s, 20 m; the truth is rounded to 1e-7 of a second
and 1e-3 m, and the public function meets it to that rounding.
"""

from __future__ import annotations

from typing import Any

import pytest

from openiads.analysis.depth_of_fire import depth_of_fire
from openiads.faults import InputError
from reference_data import cases, reference

EVIDENCE = {"model": "engagement", "authority": "shoot-look-shoot timelines",
            "kind": "closed form"}  # fmt: skip
CASES = cases("engagement_depth_of_fire")
TOLERANCE = reference("engagement_depth_of_fire")["tolerance"]


def timeline(case: dict[str, Any]) -> list[Any]:
    return depth_of_fire(
        case["detect_range_m"], case["target_speed_m_s"], case["interceptor_speed_m_s"],
        case["reaction_s"], case["look_time_s"], case["r_min_m"], case["r_max_m"],
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_timeline(case: dict[str, Any]) -> None:
    shots = timeline(case)
    assert len(shots) == case["n_shots"]
    for shot, truth in zip(shots, case["shots"], strict=True):
        assert shot.launch_s == pytest.approx(truth["launch_t_s"], abs=TOLERANCE["time_s"])
        assert shot.intercept_s == pytest.approx(truth["intercept_t_s"], abs=TOLERANCE["time_s"])
        assert shot.intercept_range_m == pytest.approx(
            truth["intercept_range_m"], abs=TOLERANCE["range_m"]
        )


@pytest.mark.parametrize("case", CASES)
def test_each_intercept_is_a_meeting(case: dict[str, Any]) -> None:
    """Round and target are at one place at the intercept, to a millimetre."""
    for shot in timeline(case):
        target_m = case["detect_range_m"] - case["target_speed_m_s"] * shot.intercept_s
        round_m = case["interceptor_speed_m_s"] * (shot.intercept_s - shot.launch_s)
        assert target_m == pytest.approx(shot.intercept_range_m, abs=1e-3)
        assert round_m == pytest.approx(shot.intercept_range_m, abs=1e-3)


def test_faults_are_named_together() -> None:
    with pytest.raises(InputError) as error:
        depth_of_fire(-1.0, 0.0, 900.0, -1.0, 5.0, 4e4, 2e3)
    assert len(error.value.faults) == 4
