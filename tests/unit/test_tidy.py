"""The house rules find what they forbid, and leave alone what looks like it."""

from __future__ import annotations

import ast

import pytest

import tidy

ROOT_PATH = "/" + "root/x"
INDEX_HOST = "https://py" + "pi.org/simple"
FIX_LATER = "# TO" + "DO: later"


def rules_of(source: str) -> list[str]:
    return [rule for rule, _ in tidy.banned("x.py", source, tidy.nodes_of(ast.parse(source)))]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import numpy as np\nx = np.random.rand()", "random"),
        ("import random", "random"),
        ("from numpy.random import default_rng", "random"),
        ("print('x')", "print"),
        ("try:\n    f()\nexcept:\n    g()", "except"),
        ("import time\nt = time.time()", "clock"),
        ("from time import perf_counter\nt = perf_counter()", "clock"),
        ("from datetime import datetime\nt = datetime.now()", "clock"),
        ("import datetime\nt = datetime.date.today()", "clock"),
        ("n = 0\ndef f():\n    global n\n    n = 1", "state"),
        ("held = {}\ndef f(k):\n    held[k] = 1", "state"),
        ("held = []\ndef f(k):\n    held.append(k)", "state"),
        (FIX_LATER, "left over"),
    ],
)
def test_what_is_banned_is_found(source, rule):
    assert rules_of(source) == [rule]


@pytest.mark.parametrize(
    "source",
    [
        "from openiads.physics.random import draw\nx = draw(1, 2, 3, 4, 5)",
        "held = []\ndef f(k):\n    held = []\n    held.append(k)",
        "def f(time):\n    return time * 2",
        "sprint(1)",
    ],
)
def test_what_is_fine_is_left_alone(source):
    assert rules_of(source) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("docs/x.md", f"see {ROOT_PATH}"),
        ("requirements/lock.txt", f"--extra {INDEX_HOST}"),
        ("examples/x.yaml", "at:\n  latitude: 12.3 deg"),
        ("examples/x.yaml", "at: [12.3456, 65.4321]"),
    ],
)
def test_paths_hosts_and_places_are_found(file, text):
    assert len(list(tidy.anywhere(file, text))) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("docs/x.md", "write and/work together; https://example.org/home/page"),
        ("Makefile", "uv pip compile --no-emit-index-" + "url"),
        ("examples/x.yaml", "map: {size: 400 km, origin_latitude: 45 deg}"),
        ("examples/x.yaml", "later_salvo: 2\nat: [-14 km, 16 km]"),
    ],
)
def test_what_only_looks_like_them_is_left_alone(file, text):
    assert list(tidy.anywhere(file, text)) == []


def test_a_file_that_the_map_does_not_name_and_a_name_without_a_file():
    house = "| file | holds |\n|---|---|\n| `physics/a.py` | a |\n| `physics/gone.py` | b |\n"
    found = list(tidy.unnamed(["src/openiads/physics/a.py", "src/openiads/physics/b.py"], house))
    assert [b.file for b in found] == ["src/openiads/physics/b.py", tidy.HOUSE]
    assert "gone.py" in found[1].what


def test_links_that_lead_nowhere(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "here.md").write_text("x")
    text = "[a](here.md) [b](gone.md) [c](here.md#part) [d](https://example.org/x) [e](../docs)"
    found = list(tidy.dead_links("docs/page.md", text, tmp_path))
    assert [b.what for b in found] == ["links to gone.md, which is not there"]
