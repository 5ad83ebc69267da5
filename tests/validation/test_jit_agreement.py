"""Compiled kernels against the same functions run as plain Python.

Authority: the Python functions themselves (NUMBA_DISABLE_JIT=1). Tolerance: 1e-12 relative, where
double precision allows about 1e-16 an operation; what is discrete (words of Philox, counts, fates,
links, the order of the Log) must be equal.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from algebra_scenarios import model, use

from openiads.eventlog import save_model

EVIDENCE = {"model": "engagement", "authority": "plain Python", "kind": "own sweep"}
SCRIPT = Path(__file__).parent / "jit_representatives.py"
TOLERANCE = 1e-12


def run(disable: str, models: list[str]) -> Any:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
    command = [sys.executable, str(SCRIPT), *models]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=600, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[Any, Any]:
    """(compiled, plain) results of the same script on the same Models."""
    folder = tmp_path_factory.mktemp("jit")
    paths = []
    for fidelity in ("track", "engagement"):
        compiled = model(
            fidelity=fidelity,
            raid__waves__all__count="5",
            raid__waves__all__time_jitter="5 s",
            defence__radars__eye=use("perfect-radar", scan_period="3 s", false_plots_per_scan=2.0)
            .replace("}}", "}, at: [0 km, 0 km]}"),
            defence__command_post=use("perfect-post", miss_called_kill=0.2, kill_called_miss=0.2),
            defence__fire_units__unit__doctrine=use(
                "rule", method="shoot-look-shoot", volleys_max=4
            ),
        )  # fmt: skip
        paths.append(str(folder / f"{fidelity}.npz"))
        save_model(compiled, Path(paths[-1]))
    return run("0", paths), run("1", paths)


def gaps(one: Any, other: Any, path: str = "") -> list[tuple[float, str]]:
    """(relative difference, place) of every pair of floats; everything else must be equal."""
    assert type(one) is type(other), (path, one, other)
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        return [g for key in one for g in gaps(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list):
        assert len(one) == len(other), path
        pairs = enumerate(zip(one, other, strict=True))
        return [g for k, (a, b) in pairs for g in gaps(a, b, f"{path}[{k}]")]
    if not isinstance(one, float):
        assert one == other, (path, one, other)
        return []
    if one == other or (math.isnan(one) and math.isnan(other)):
        return [(0.0, path)]
    return [(abs(one - other) / max(abs(one), abs(other)), path)]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["detection", "random", "flyout", "tracker", "replications"])
def test_compiled_and_plain_agree(both: tuple[Any, Any], part: str):
    compiled, plain = both
    found = gaps(compiled[part], plain[part])
    assert len(found) > 40, "nothing was compared"
    worst, place = max(found)
    assert worst <= TOLERANCE, (worst, place)


@pytest.mark.slow
def test_the_replications_were_worth_comparing(both: tuple[Any, Any]):
    for log in both[0]["replications"]:
        assert log["outcome"]["interceptors"] >= 5
        assert {1, 2} >= set(log["outcome"]["fate"]) >= {1}
        assert len(log["records"]["time_s"]) > 500
