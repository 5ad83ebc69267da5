"""The main job's speed, against the aims of its issue.

Run with ``python -m benchmarks.main_job [--quick] [--json]``. Figures are medians; the machine's
other work is part of every absolute time, so what counts are the ratios and the orders of size.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMMANDS = {
    "openiads --help": (["--help"], 0.15),
    "openiads check default": (["check", "default"], 0.4),
    "openiads catalogue show s-400": (["catalogue", "show", "s-400"], 0.4),
}
RATE_AIM = 200.0
GROWTH = (48, 480, 4800)
CHANNELS = ("simultaneous_engagements", "missiles_guided_simultaneously")


def openiads(*words: str, **environment: str) -> float:
    """Wall seconds of one command."""
    command = [str(Path(sys.executable).parent / "openiads"), *words]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - began


def scaled(factor: int, fidelity: str, defence: bool) -> dict[str, str]:
    """Overrides that make every wave ``factor`` times as large, with room for the tracks.

    With ``defence`` the channels and launchers of each fire unit grow in the same proportion.
    """
    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.load import load

    loaded = load("default").file
    waves = loaded.raid.waves
    changed = {f"raid.waves.{name}.count": str(w.count * factor) for name, w in waves.items()}
    changed["fidelity"] = fidelity
    post = {"simultaneous_tracks": max(300, 60 * factor)}
    changed["defence.command_post"] = f"{{type: 55k6e, with: {json.dumps(post)}}}"
    if not defence:
        return changed
    radars = compile_scenario(load("default")).tables.radars
    for name in loaded.defence.fire_units:
        unit = f"defence.fire_units.{name}"
        for limit in CHANNELS:
            changed[f"{unit}.radar.with.{limit}"] = str(int(radars[limit].max()) * factor)
        for k, row in enumerate(loaded.defence.fire_units[name].launchers):
            changed[f"{unit}.launchers.{k}.count"] = str(row.count * factor)
    return changed


def replication_seconds(
    factor: int, fidelity: str, seconds: float, defence: bool = False
) -> tuple[float, float, float]:
    """(median seconds a replication on one core, looks a replication, seconds to compile)."""
    from openiads.campaigns.outcomes import run_range
    from openiads.engine.state import allocate
    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.load import load

    loaded = load("default", scaled(factor, fidelity, defence))
    began = time.perf_counter()
    model = compile_scenario(loaded)
    compiled = time.perf_counter() - began
    memory = allocate(model.tables)
    run_range(model, memory, 7, 0, 1)
    times, looks, first = [], 0.0, 1
    end = time.perf_counter() + seconds
    count = 20 if factor == 1 else 1
    while time.perf_counter() < end or len(times) < 3:
        began = time.process_time()
        outcomes = run_range(model, memory, 7, first, count)
        times.append((time.process_time() - began) / count)
        looks = float(outcomes.figure("looks").mean())
        first += count
    return statistics.median(times), looks, compiled


def start_up(runs: int) -> list[dict[str, Any]]:
    """Warm start of the commands that simulate nothing, and of a run."""
    rows = []
    for name, (words, aim) in COMMANDS.items():
        openiads(*words)
        median = statistics.median(openiads(*words) for _ in range(runs))
        rows.append({"what": name, "value": median, "unit": "s", "aim": aim, "best": "low"})
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "default", "-n", "1", "--json", "--out"]
        openiads(*words, f"{folder}/warm")
        median = statistics.median(openiads(*words, f"{folder}/{k}") for k in range(runs))
    rows.append({"what": "openiads run default -n 1, warm", "value": median, "unit": "s",
                 "aim": 2.0, "best": "low"})  # fmt: skip
    return rows


def cold_start() -> dict[str, Any]:
    """The first-ever start: every kernel of a run is compiled."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "default", "-n", "1", "--json", "--out", f"{folder}/run"]
        taken = openiads(*words, OPENIADS_CACHE=f"{folder}/cache")
    return {"what": "openiads run default -n 1, first ever", "value": taken, "unit": "s",
            "aim": 60.0, "best": "low"}  # fmt: skip


def measure(quick: bool) -> list[dict[str, Any]]:
    """All rows: what, value, unit, aim."""
    rows = []
    for fidelity in ("track", "engagement"):
        seconds, looks, compiled = replication_seconds(1, fidelity, 2.0 if quick else 8.0)
        rows.append({"what": f"replications a core second, {fidelity} ({looks:.0f} looks each)",
                     "value": 1.0 / seconds, "unit": "1/s", "best": "high",
                     "aim": RATE_AIM if fidelity == "track" else None})  # fmt: skip
        rows.append({"what": f"time a look, {fidelity}", "value": 1e9 * seconds / looks,
                     "unit": "ns", "aim": None})  # fmt: skip
        if fidelity == "track":
            rows.append({"what": "compile of the default scenario, warm", "value": compiled,
                         "unit": "s", "aim": None})  # fmt: skip
            base, base_looks = seconds, looks
    rows.append({"what": "compile of the default scenario with terrain, warm",
                 "value": terrain_seconds(), "unit": "s", "aim": 5.0, "best": "low"})  # fmt: skip
    for size in GROWTH[1:2] if quick else GROWTH[1:]:
        rows += growth(size, base, base_looks)
    rows.append({"what": "peak memory of this process, all sizes run",
                 "value": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
                 "unit": "MB", "aim": None})  # fmt: skip
    rows.append({"what": "memory a worker (State of 48 threats)", "value": worker_megabytes(),
                 "unit": "MB", "aim": None})  # fmt: skip
    rows += start_up(3 if quick else 7)
    if not quick:
        rows.append(cold_start())
    return rows


def growth(size: int, base: float, base_looks: float) -> list[dict[str, Any]]:
    """What ``size`` threats cost over the default 48, against n log n.

    Twice: with a defence that grows in proportion, and with the default one. The latter is spent
    early; what it leaves alive is looked at to the end, so the looks grow faster than the raid.
    """
    factor = size // GROWTH[0]
    limit = factor * math.log(size) / math.log(GROWTH[0])
    rows = []
    for defence in (True, False):
        seconds, looks, _ = replication_seconds(factor, "track", 2.0, defence)
        who = "defence in proportion" if defence else "the same defence"
        rows.append({"what": f"cost of {size} threats over 48, {who} ({looks / base_looks:.0f} x "
                     "the looks)", "value": seconds / base, "unit": "x", "aim": limit,
                     "best": "low"})  # fmt: skip
    return rows


def terrain_seconds() -> float:
    """Median seconds to compile the default scenario over matplotlib's Jacksboro model."""
    import matplotlib.cbook

    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.load import load

    model = matplotlib.cbook.get_sample_data("jacksboro_fault_dem.npz", asfileobj=False)
    ground = f"{{file: {model}, at: [-5 km, 10 km], lowered: 230 m}}"
    sites = ("radars.acquisition", "radars.low-altitude", "fire_units.south", "fire_units.north")
    heights = {f"defence.{site}.ground": "1000 m" for site in sites}
    loaded = load("default", {"environment": f"{{terrain: {ground}}}", **heights})
    compile_scenario(loaded)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        compile_scenario(loaded)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def worker_megabytes() -> float:
    """Bytes that one worker's memory takes beyond the shared Model."""
    from openiads.engine.state import allocate
    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.load import load

    def size(part: Any) -> int:
        if isinstance(part, tuple):
            return sum(size(p) for p in part)
        return int(getattr(part, "nbytes", 0))

    return size(allocate(compile_scenario(load("default")).tables)) / 1e6


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.quick)
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        aim, met = "", ""
        if row["aim"] is not None:
            good = (
                row["value"] <= row["aim"] if row["best"] == "low" else row["value"] >= row["aim"]
            )
            sign = "at most" if row["best"] == "low" else "at least"
            aim, met = f"aim: {sign} {row['aim']:.3g}", "met" if good else "MISSED"
        print(f"{row['what']:<62}{row['value']:10.4g} {row['unit']:<4}{aim:<24}{met}")


if __name__ == "__main__":
    main()
