"""A channel-limited defence against Erlang's loss formula, through the whole engine.

Authority: data/engagement_erlang_b.json (A. K. Erlang 1917; the recursion B(0) = 1,
B(k) = A B / (k + A B)). Tolerance: 3 % relative with at least 2e5 arrivals, as the file states.

Threats appear at uniform random times inside the envelope (a Poisson stream, but for its ends),
each may be ordered at the one decision after its identification or never, and each engagement
holds a channel from the order to the verdict. The holding time is measured in Logs; Erlang's
formula depends on its mean only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import kill, launchers, model, run, use

import openiads as oi

EVIDENCE = {
    "model": "engagement", "authority": "Erlang 1917, loss formula", "kind": "closed form",
}  # fmt: skip
DATA = json.loads(
    (Path(__file__).parent / "data" / "engagement_erlang_b.json").read_text(encoding="utf-8")
)
CHANNEL_LIMITED = [c for c in DATA["cases"] if "service_s" in c]
ARRIVALS, REPLICATIONS = 1000, 200


def erlang_b(channels: int, offered: float) -> float:
    blocking = 1.0
    for k in range(1, channels + 1):
        blocking = offered * blocking / (k + offered * blocking)
    return blocking


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda c: f"{c['channels']}")
def test_recursion_gives_the_published_values(case: dict[str, Any]) -> None:
    published = case.get("blocking", case.get("p_leak_blocked"))
    tolerance = 1e-3 if case["kind"] == "published" else 1e-8
    assert erlang_b(case["channels"], case["offered_erlang"]) == pytest.approx(
        published, abs=tolerance, rel=1e-8
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CHANNEL_LIMITED, ids=lambda c: f"{c['channels']}-channels")
def test_blocked_share_of_a_channel_limited_defence(
    case: dict[str, Any], record_property: Any
) -> None:
    span_s = ARRIVALS / case["arrival_rate_per_s"]
    # Looks and decisions a hundred times in a service time: fine beside it, and cheap.
    period_s = case["service_s"] / 100.0
    # The flight takes about 7 s from 5 km; the verdict makes up the rest of the service time.
    compiled = model(
        fidelity="engagement",
        duration=f"{span_s + 60:g} s",
        raid__waves__all__count=str(ARRIVALS),
        raid__waves__all__distance="9 km",
        raid__waves__all__time_spread="0 s",
        raid__waves__all__time_jitter=f"{span_s:g} s",
        defence__radars__eye=(
            f"{{type: perfect-radar, at: [0 km, 0 km], with: {{scan_period: {period_s:g} s}}}}"
        ),
        defence__command_post=use(
            "perfect-post",
            decision_period=f"{period_s:g} s",
            assessment_delay=f"{case['service_s'] - 7.0:g} s",
        ),
        defence__fire_units__unit__radar=use(
            "perfect-guidance", simultaneous_engagements=case["channels"]
        ),
        defence__fire_units__unit__doctrine=use("rule", decision_window=f"{0.9 * period_s:g} s"),
        defence__fire_units__unit__launchers=launchers(64, 20, **kill(1.0)),
    )
    events = oi.run(compiled, 11, 0).events.to_pydict()
    ordered = {
        s: t for e, s, t in zip(events["event"], events["serial"], events["time_s"], strict=True)
        if e == "order"
    }  # fmt: skip
    held = [
        t - ordered[s]
        for e, s, t in zip(events["event"], events["serial"], events["time_s"], strict=True)
        if e == "assessed"
    ]
    offered = case["arrival_rate_per_s"] * float(np.mean(held))
    blocked = float(run(compiled, REPLICATIONS).leaked.mean())
    assert ARRIVALS * REPLICATIONS >= 2e5
    record_property("worst", abs(blocked / erlang_b(case["channels"], offered) - 1.0))
    record_property("tolerance", 0.03)
    assert blocked == pytest.approx(erlang_b(case["channels"], offered), rel=0.03)
