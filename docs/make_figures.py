"""Write the table of the README from a run folder.

    .venv/bin/openiads run default -n 1000 --seed 7 --out runs/readme
    .venv/bin/python docs/make_figures.py runs/readme

The picture is the top of that run's report.html in a window of 1100 x 1075, as
docs/images/demo.png.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from openiads.scenario.catalogue import load_catalogue

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- figures of the demo: begin -->\n", "<!-- figures of the demo: end -->"


def interval(item: dict[str, Any]) -> str:
    low, high = item["ci95"]
    return f"{item['mean']:.2f} [{low:.2f}, {high:.2f}]"


def figures(summary: dict[str, Any], loaded: int) -> str:
    """The table and the two sentences below it; ``loaded`` rounds were on the launchers."""
    catalogue = load_catalogue()
    lines = ["| class | threats | leak, mean [95 %] |", "|---|---|---|"]
    for name, part in summary["by_class"].items():
        lines.append(f"| {catalogue[name].name} | {part['count']} | {interval(part['leakers'])} |")
    lines.append(f"| **all** | **{summary['threats']}** | **{interval(summary['leakers'])}** |")
    clean = summary["p_no_leaker"]
    shares = sorted(summary["first_broken_link"].items(), key=lambda item: -item[1])
    links = ", ".join(f"{link} {100 * share:.1f} %" for link, share in shares)
    low, high = (100 * end for end in clean["ci95"])
    told = (
        f"Interceptors fired: {interval(summary['interceptors'])} of {loaded}. Nothing leaked in "
        f"{100 * clean['estimate']:.1f} % of replications [{low:.1f}, {high:.1f}]. "
        f"First broken link of the leakers: {links}."
    )
    lines += ["", textwrap.fill(told, 99)]
    return "\n".join(lines) + "\n"


def page(text: str, block: str) -> str:
    """The README with the block between its two marks replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit("README.md has lost the marks of its figures")
    return before + begin + block + end + after


def main(folder: Path) -> None:
    from openiads.eventlog import load_model

    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    launchers = load_model(folder / "model.npz").tables.launchers
    loaded = int((launchers["rounds"] * (1 + launchers["reloads"])).sum())
    README.write_text(page(README.read_text(encoding="utf-8"), figures(summary, loaded)), "utf-8")
    print("wrote the figures of README.md")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
