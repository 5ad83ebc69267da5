"""docs/scenario.md is what its generator writes, and what it tells people to write is read."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from openiads.scenario.load import load
from openiads.scenario.reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scenario.md"


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make_reference():
    return script("make_reference")


def test_the_tables_are_fresh(make_reference):
    text = PAGE.read_text(encoding="utf-8")
    assert text == make_reference.page(text), "run: .venv/bin/python docs/make_reference.py"


def test_every_key_says_what_it_means(make_reference):
    classes = [c for _, c, _ in make_reference.SCENARIO] + [c for _, c in make_reference.KINDS]
    silent = [
        f"{cls.__name__}.{key}"
        for cls in classes
        for key, _, doc, _ in make_reference.fields_of(cls)
        if not doc
    ]
    assert silent == []


def test_a_page_that_lost_its_mark_is_refused(make_reference):
    with pytest.raises(SystemExit, match="has lost its line"):
        make_reference.page("# Writing a scenario\n")


def test_every_class_of_the_schema_is_in_the_tables(make_reference):
    from openiads.declare import Declared
    from openiads.scenario import schema

    shown = {c for _, c, _ in make_reference.SCENARIO}
    own = {
        c
        for c in vars(schema).values()
        if isinstance(c, type) and issubclass(c, Declared) and c.__module__ == schema.__name__
    }
    assert own - shown - {schema.Raid} == set()


def test_the_snippets_are_yaml_that_the_reader_takes():
    snippets = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    keys = [list(read_yaml(s).data) for s in snippets]
    assert keys == [["choose"], ["items"], ["defence"], ["raid"], ["defence", "raid"]]


def test_the_overrides_that_are_shown_work():
    text = PAGE.read_text(encoding="utf-8")
    shown = dict(re.findall(r"--set (\S+?)=(\S+?)(?=[ `])", text))
    assert len(shown) == 3
    scenario = load("default", shown)
    assert scenario.file.tracking.formations
    assert scenario.file.raid.waves["drones"].count == 40
    assert scenario.file.defence.fire_units["south"].doctrine.type == "salvo-2"


def test_the_rules_that_are_shown_work():
    text = PAGE.read_text(encoding="utf-8")
    snippet = re.findall(r"```yaml\n(choose:.*?)```", text, re.S)[0]
    rules = read_yaml(snippet).data["choose"]
    document = read_yaml(ROOT / "src/openiads/data/scenarios/default.yaml")
    document.data["choose"] = rules
    from openiads.scenario.load import check

    check(document, ROOT)


def test_the_figures_of_the_readme_are_written_between_their_marks():
    make_figures = script("make_figures")
    mean = {"mean": 1.0, "ci95": [0.9, 1.1]}
    summary = {
        "threats": 4,
        "by_class": {"mrbm": {"count": 4, "leakers": mean}},
        "leakers": mean,
        "interceptors": {"mean": 7.0, "ci95": [6.5, 7.5]},
        "p_no_leaker": {"estimate": 0.25, "ci95": [0.2, 0.3]},
        "first_broken_link": {"miss": 0.25, "window": 0.75},
    }
    text = make_figures.page((ROOT / "README.md").read_text(), make_figures.figures(summary, 8))
    assert "| **all** | **4** | **1.00 [0.90, 1.10]** |" in text
    assert "7.00 [6.50, 7.50] of 8" in text
    assert text.index("window 75.0 %") < text.index("miss 25.0 %")
    assert text.startswith("# openiads") and "## What it does not claim" in text
    with pytest.raises(SystemExit, match="marks"):
        make_figures.page("no marks", "")
