"""The outer loop on the command line: its progress, and what a person reads of it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openiads.cli.common import note

if TYPE_CHECKING:
    from openiads.campaigns.execute import Result
    from openiads.campaigns.outer import Sample


def add_beliefs(
    summary: dict[str, Any],
    scenario: str,
    plain: Result,
    overrides: dict[str, str],
    only: str,
    samples: int,
    workers: int | None,
) -> None:
    """Run the outer loop and put what it says into ``summary`` under ``beliefs``."""
    from openiads.campaigns.alone import swings
    from openiads.campaigns.bands import summarise_outer
    from openiads.campaigns.outer import run_outer

    began = time.monotonic()

    def told(done: int, total: int, sample: Sample) -> None:
        left = (time.monotonic() - began) / done * (total - done)
        what = f"{sample.leakers.mean():.2f} leakers" if not sample.fault else sample.fault
        rest = f"{left:.0f} s" if left < 90.0 else f"{left / 60:.0f} min"
        note(f"belief {done}/{total}: {what}; about {rest} left")

    def moved_one(done: int, total: int) -> None:
        note(f"one parameter at a time: {done}/{total}")

    outer = run_outer(scenario, plain, overrides, only, samples, workers, told)
    summary["beliefs"] = {"claims": only, **summarise_outer(outer)}
    moved = swings(scenario, outer, overrides, workers, moved_one)
    summary["beliefs"]["alone"] = [s.row() for s in moved]


def held_beliefs(folder: Path) -> dict[str, Any]:
    """What the summary of a run folder holds of an outer loop, under its key; else nothing."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {"beliefs": summary["beliefs"]} if "beliefs" in summary else {}


def effect(row: dict[str, Any]) -> str:
    """How the result goes with the parameter: ``7 Mach: 8.9 · 14 Mach: 7.2``."""
    return " · ".join(f"{m['value']}: {m['mean']:.1f}" for m in row["means"])


def lines(found: dict[str, Any], most: int = 10) -> list[str]:
    """What a person reads of `summarise_outer`."""
    out = [
        "",
        found["sentence"],
    ]
    what = f"({found['disputed']} disputed, {found['assumed']} assumed)"
    out.append(
        f"  {found['samples']} beliefs about {found['open_parameters']} parameters {what}, "
        f"{found['replications_each']} replications each"
    )
    lone = found.get("lone", [])
    if lone:
        doubted = [row["parameter"] for row in lone if row["doubted"]]
        tail = f"; doubted in public: {', '.join(doubted)}" if doubted else ""
        out.append(f"  {len(lone)} more rest on a single figure and are not varied{tail}")
    if found["faults"]:
        out.append(
            f"  {len(found['faults'])} more could not be run and are left out: the bands say "
            "nothing of them"
        )
    out += ["", "                     nominal     min      5 %  median    95 %     max  belief/all"]
    for name in ("leakers", "interceptors", "p_no_leaker"):
        b = found[name]
        cells = [b[k] for k in ("nominal", "min", "p5", "median", "p95", "max")]
        digits = 3 if name == "p_no_leaker" else 2
        share = 100.0 * b["variance"]["belief_share"]
        out.append(f"  {name:<18}" + "".join(f"{c:8.{digits}f}" for c in cells) + f"{share:9.0f} %")
    return [*out, *_alone_lines(found, most), *_index_lines(found, most)]


def _alone_lines(found: dict[str, Any], most: int) -> list[str]:
    told = [r for r in found["alone"] if r["above_noise"]]
    out = ["", "which disagreement moves the leakers most, each alone, all others nominal"]
    for row in told[:most]:
        mark = "assumed" if row["assumed"] else "disputed"
        ends = " · ".join(
            f"{e['value']}: {e['change']:+.1f} ± {e['half_width']:.1f}"
            for e in row["ends"]
            if not e["same"] and not e["fault"]
        )
        out.append(f"  {row['parameter']:<38}{row['swing']:5.1f}  {mark:<9} {ends}")
    if len(told) > most:
        out.append(f"  {len(told) - most} more do so too: see --json or the report")
    rest = [r for r in found["alone"] if not r["above_noise"]]
    inert = sum(r["no_effect_in_model"] for r in rest)
    if len(rest) > inert:
        out.append(f"  {len(rest) - inert} more are not told from chance")
    if inert:
        out.append(f"  {inert} more do not enter this scenario's model at all")
    return out


def _index_lines(found: dict[str, Any], most: int) -> list[str]:
    out: list[str] = []
    rows = found["ranking"]["leakers"]["rows"]
    told = [r for r in rows if r["above_noise"]]
    out += ["", "share of the variance between beliefs that a parameter explains by itself"]
    for row in told[:most]:
        mark = "assumed" if row["assumed"] else "disputed"
        out.append(
            f"  {row['parameter']:<40}{row['index']:5.2f} "
            f"[{row['ci95'][0]:.2f}, {row['ci95'][1]:.2f}]  {mark}"
        )
        out.append(f"      {effect(row)}")
    floor = found["ranking"]["leakers"]["noise_floor"]
    rest = len(rows) - len(told)
    if rest:
        what = "the other" if told else "none of the"
        tail = "are not told from noise" if told else "is told from noise"
        best = f"of as many idle ones the best reaches {floor:.2f} once in twenty times"
        out.append(f"  {what} {rest} {tail}: {best}")
    second = (found.get("salib") or {}).get("leakers")
    if second:
        largest = ", ".join(f"{r['parameter']} {r['index']:.2f}" for r in second["rows"][:3])
        out.append(f"  largest by {second['method']}: {largest}")
    return out
