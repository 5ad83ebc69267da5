"""The answers around the engine: a saturation sweep, footprints, counterfactuals; time of each.

    python -m benchmarks.siege [--json]

The sweep is `openiads saturate s-400`: raids of 4 to 400 under five selections of claims, which is
to take less than two minutes on two cores. Wall times, compiled kernels and fly-out tables at hand.
The status is 1 where the sweep takes longer.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from openiads.analysis.counterfactual import counterfactuals, leakers_of
from openiads.analysis.footprint import footprint
from openiads.campaigns.execute import campaign
from openiads.campaigns.saturation import SIZES, of_system, selections_of, sweep
from openiads.domain.threats import Threat
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load
from openiads.scenario.notional import notional

SWEEP_LIMIT_S = 120.0


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns, and its wall time."""
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def saturation() -> dict[str, Any]:
    """The whole sweep of the S-400."""
    make = of_system("s-400", ["cruise_subsonic"])
    selections = selections_of(make({}, 4), "s-400")
    sweep(make, [4], selections, 2)
    found, seconds = timed(lambda: sweep(make, SIZES, selections, workers=2))
    threats = sum(p.size * p.replications for s in found.selections for p in s.points)
    return {"what": "saturate s-400, 4 to 400, five selections", "seconds": seconds,
            "threats": threats, "limit_s": SWEEP_LIMIT_S}  # fmt: skip


def ground() -> dict[str, Any]:
    """A footprint of the S-500 against a medium-range ballistic missile."""
    scenario = notional("s-500", {"mrbm": 1})
    model = compile_scenario(scenario)
    threat = scenario.parts.build(Threat, "threat", "mrbm", {}, (), [])
    assert threat is not None

    def work(cells: int) -> Any:
        kind = ("mrbm", threat)
        return footprint(scenario, model, kind, math.radians(90.0), 1e6, cells=cells)

    work(3)
    found, seconds = timed(lambda: work(61))
    return {"what": "footprint s-500, two grids", "seconds": seconds, "aims": len(found.aims)}


def changes() -> dict[str, Any]:
    """Counterfactuals of sixty leakers of the scenario of scarce channels."""
    model = compile_scenario(load("channels"))
    leakers = leakers_of(model, campaign(model, 6, 5).results, most=60)

    def work(held: Any) -> Any:
        return counterfactuals(lambda o: load("channels", o), model, 5, held)

    work(leakers[:1])
    found, seconds = timed(lambda: work(leakers))
    named = sum(k.change is not None for k in found.leakers)
    return {"what": "why channels --counterfactual, 60 leakers", "seconds": seconds,
            "changes": found.tried, "named": named}  # fmt: skip


def main() -> int:
    """Print each row; the status is 1 where the sweep is over its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [saturation(), ground(), changes()]
    if arguments.json:
        print(json.dumps({"cores": os.cpu_count(), "rows": rows}))
    else:
        for row in rows:
            more = ", ".join(f"{v:g} {k}" for k, v in row.items() if k not in ("what", "seconds"))
            print(f"{row['what']:<44}{row['seconds']:8.1f} s   {more}")
    return 1 if rows[0]["seconds"] > SWEEP_LIMIT_S else 0


if __name__ == "__main__":
    sys.exit(main())
