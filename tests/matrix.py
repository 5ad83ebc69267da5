"""docs/validation.md: the matrix of models and their evidence, written from a run's results.

`make validation` runs tests/validation and writes the page; `make test` runs all tests and fails
where the committed page differs from what that run would write, or where a model has no evidence.
Levels are computed by `level`; nothing in this file names a model or its level.

A module of tests/validation states ``EVIDENCE = {"model", "authority", "kind"}`` and, where cases
of its reference file cannot be met, ``UNSUPPORTED = {case: reason}``; both are literals. A test may
record ``cases``, ``worst`` and ``tolerance``, and ``authority`` or ``kind`` of its own.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "validation.md"
MODELS = ROOT / "docs" / "models"
VALIDATION = ROOT / "tests" / "validation"
TRUTH = ROOT / ".." / "shared" / "truth"
KINDS = ("published truth", "another implementation", "closed form", "own sweep")
LEVELS = {
    3: "published truth, and another implementation or a closed form",
    2: "published truth or another implementation",
    1: "closed forms only",
    0: "own sweeps only",
    -1: "a case fails",
}
CLASSES = ((1e-3, "< 0.1 %"), (1e-2, "< 1 %"), (0.1, "< 10 %"), (0.5, "< 50 %"), (1.0, "within"))
NOT_A_MODEL = {
    "test_audit": "claims of articles, not a physical model: [audit](audit.md)",
    "test_disagreements": "the public record's contradictions: [catalogue](catalogue.md)",
    "test_sensitivity": "statistics of designed experiments, not a physical model",
    "test_public_record": "the public record carried unchanged: [catalogue](catalogue.md)",
}
NOT_CARRIED = {
    "adsb_tracks": "the licence forbids shipping it; the tracker's tests read it beside a checkout",
    "dataset_pointers": "addresses of data sets, no cases to compute",
    "public_engagement_figures": "claims, judged by `openiads audit` and the ledger, not computed",
    "public_intercept_records": (
        "counts of hits in tests and combat: no public figure ties them to the conditions that a "
        "scenario needs, so kill probabilities stay assumed and their interval is a user's choice"
    ),
    "wta_published": "the instance's licence forbids shipping it; tested beside a checkout",
}


@dataclass(frozen=True)
class Result:
    """How a test ended, and what it recorded."""

    outcome: str
    recorded: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Module:
    """What a module of tests/validation states about itself."""

    name: str
    evidence: dict[str, str]
    unsupported: dict[str, str]
    shared: bool
    source: str


@dataclass
class Row:
    """One kind of evidence from one authority for one model, in one module."""

    model: str
    authority: str
    kind: str
    module: str
    cases: int = 0
    passed: int = 0
    ratio: float | None = None

    @property
    def worst(self) -> str:
        """The worst error as a share of its tolerance, in classes that machines agree on."""
        if self.ratio is None:
            return "pass or fail"
        for edge, name in CLASSES:
            if self.ratio <= edge:
                return name
        return "outside"


def read_modules() -> list[Module]:
    """Every module of tests/validation, by name."""
    modules = []
    for path in sorted(VALIDATION.glob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        stated: dict[str, Any] = {}
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in ("EVIDENCE", "UNSUPPORTED"):
                    stated[name] = ast.literal_eval(node.value)
        modules.append(
            Module(
                path.stem, stated.get("EVIDENCE", {}), stated.get("UNSUPPORTED", {}),
                "pytest.mark.shared" in source and "EVIDENCE" not in stated, source,
            )
        )  # fmt: skip
    return modules


def rows_of(modules: list[Module], results: dict[str, Result]) -> list[Row]:
    """Rows of the matrix, sorted; a test that records no count is one case."""
    rows: dict[tuple[str, str, str, str], Row] = {}
    known = {m.name: m for m in modules}
    for node, result in results.items():
        path = node.split("::")[0]
        if not path.startswith("tests/validation/"):
            continue
        module = known[Path(path).stem]
        if not module.evidence or result.outcome == "skipped":
            continue
        stated = {**module.evidence, **{k: v for k, v in result.recorded.items() if k in
                                        ("authority", "kind")}}  # fmt: skip
        key = (stated["model"], stated["kind"], stated["authority"], module.name)
        row = rows.setdefault(
            key, Row(stated["model"], stated["authority"], stated["kind"], module.name)
        )
        count = int(result.recorded.get("cases", 1))
        row.cases += count
        if result.outcome == "passed":
            row.passed += count
        worst, tolerance = result.recorded.get("worst"), result.recorded.get("tolerance")
        if isinstance(worst, int | float) and isinstance(tolerance, int | float) and tolerance:
            row.ratio = max(row.ratio or 0.0, float(worst) / float(tolerance))
    order = {kind: i for i, kind in enumerate(KINDS)}
    return sorted(
        rows.values(), key=lambda r: (r.model, order.get(r.kind, 9), r.module, r.authority)
    )


def level(rows: list[Row]) -> int:
    """The level of a model: a function of the kinds of evidence that passed, and of nothing else.

    3 where a published truth passes and another implementation or a closed form as well; 2 where
    one of published truth and another implementation passes; 1 where only closed forms pass; 0
    where only the project's own sweeps do; -1 where any case fails.
    """
    if any(row.passed < row.cases for row in rows):
        return -1
    kinds = {row.kind for row in rows}
    if "published truth" in kinds and kinds & {"another implementation", "closed form"}:
        return 3
    if kinds & {"published truth", "another implementation"}:
        return 2
    return 1 if "closed form" in kinds else 0


def complaints(modules: list[Module], rows: list[Row]) -> list[str]:
    """What is missing: models without evidence, unknown models and kinds, silent modules."""
    pages = {p.stem for p in MODELS.glob("*.md")}
    found = [f"docs/models/{m}.md has no evidence" for m in pages - {r.model for r in rows}]
    for row in rows:
        if row.model not in pages:
            found.append(f"{row.module}: no page docs/models/{row.model}.md")
        if row.kind not in KINDS:
            found.append(f"{row.module}: kind of evidence {row.kind!r} is none of {KINDS}")
    for module in modules:
        if not module.evidence and module.name not in NOT_A_MODEL and not module.shared:
            found.append(f"{module.name} states no EVIDENCE")
    for name in data_files():
        if not any(name in m.source for m in modules):
            found.append(f"tests/validation/data/{name}.json is read by no test")
    if TRUTH.is_dir():
        for path in sorted(TRUTH.glob("*.json")):
            count = json.loads(path.read_text(encoding="utf-8")).get("n_cases")
            if path.stem not in NOT_CARRIED and data_files().get(path.stem) != count:
                found.append(f"truth/{path.stem}: {count} cases, not all are carried or explained")
    return sorted(set(found))


def data_files() -> dict[str, int]:
    """Reference files of the project and how many cases each holds."""
    counts = {}
    for path in sorted((VALIDATION / "data").glob("*.json")):
        held = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(held, dict) and "cases" in held:
            counts[path.stem] = int(held.get("n_cases", len(held["cases"])))
    return counts


HEAD = """# Validation matrix

Written by `make validation` from the results of that run of tests/validation; `make test` fails
where this page is not what its own run would write, or where a page of
[models](models/) has no row. Do not edit it.

**Level**: a function of the evidence that passed, computed by `tests/matrix.py`, never typed in.

| level | the evidence that passes |
|---|---|
"""
KIND_NOTE = """
Published truth is a number that somebody else printed (tables, standards, worked examples, reported
flights); another implementation is code that others wrote, or an independent computation; a closed
form is mathematics; an own sweep is the project against itself. A level says how a model was
checked, not how well the numbers that feed it are known: those are marked `assumed` in the
catalogue. The worst error is given as a share of the stated tolerance, in classes.
"""


def page(modules: list[Module], rows: list[Row]) -> str:
    """The text of docs/validation.md."""
    lines = [HEAD.rstrip("\n")]
    lines += [f"| {number if number >= 0 else 'fails'} | {text} |" for number, text in
              LEVELS.items()]  # fmt: skip
    lines += [KIND_NOTE, "## Models", "", "| model | level | kinds of evidence | cases passed |",
              "|---|---|---|---|"]  # fmt: skip
    for model in sorted({r.model for r in rows}):
        own = [r for r in rows if r.model == model]
        kinds = [k for k in KINDS if any(r.kind == k for r in own)]
        passed, cases = sum(r.passed for r in own), sum(r.cases for r in own)
        reached = level(own)
        shown = str(reached) if reached >= 0 else "fails"
        lines.append(
            f"| [{model}](models/{model}.md) | {shown} | {', '.join(kinds)} | {passed} of {cases} |"
        )
    lines += ["", "## Evidence", "",
              "| model | authority | kind | cases passed | worst / tolerance | tests/validation |",
              "|---|---|---|---|---|---|"]  # fmt: skip
    for row in rows:
        lines.append(
            f"| {row.model} | {row.authority} | {row.kind} | {row.passed} of {row.cases} "
            f"| {row.worst} | {row.module}.py |"
        )
    lines += ["", "## Not supported, and why", "", "| case | reason |", "|---|---|"]
    for module in modules:
        for case, reason in module.unsupported.items():
            lines.append(f"| {module.name}.py: {case} | {reason} |")
    for name, reason in NOT_CARRIED.items():
        lines.append(f"| reference file {name} | {reason} |")
    for module in modules:
        if module.shared:
            lines.append(
                f"| {module.name}.py | reads reference rows that may not be shipped; runs only "
                "where they lie beside the checkout, and raises no level |"
            )
    lines += ["", "## Reference files", "", "| file | cases | read by |", "|---|---|---|"]
    for name, count in data_files().items():
        readers = ", ".join(m.name for m in modules if name in m.source)
        lines.append(f"| {name} | {count} | {readers} |")
    lines += ["", "Tests of tests/validation that concern no physical model:", ""]
    here = {m.name for m in modules}
    lines += [f"- {name}.py: {why}" for name, why in NOT_A_MODEL.items() if name in here]
    return "\n".join(lines) + "\n"


def conclude(results: dict[str, Result], mode: str) -> str:
    """Write or compare the page; what is wrong in words, "" where nothing is."""
    modules = read_modules()
    rows = rows_of(modules, results)
    wrong = complaints(modules, rows)
    text = page(modules, rows)
    if mode == "write":
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        wrong.append("docs/validation.md is stale: `make validation`, then commit it" + _gap(text))
    return "\n".join(wrong)


def _gap(text: str) -> str:
    """The lines that differ, few enough to read."""
    old = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    new = text.splitlines()
    lines = [f"  - {x}" for x in old if x not in new] + [f"  + {x}" for x in new if x not in old]
    return "".join("\n" + line for line in lines[:20])


if __name__ == "__main__":
    sys.exit(
        subprocess.call(
            [sys.executable, "-m", "pytest", "-n", "2", "--matrix=write", "tests/validation"],
            cwd=ROOT,
        )
    )
