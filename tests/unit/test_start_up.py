"""Commands that simulate nothing import nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numba", "scipy", "pyarrow", "pandas", "matplotlib", "jinja2")
ASK = (
    "import sys\n"
    "from openiads.cli.app import run\n"
    "sys.argv = ['openiads', *{words!r}]\n"
    "status = run()\n"
    "sys.stderr.write(' '.join(['imported', *sorted(sys.modules)]))\n"
    "sys.exit(status)\n"
)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["run", "--help"],
        ["check", "default"],
        ["check", "default", "--json"],
        ["catalogue", "list"],
        ["catalogue", "show", "s-400"],
        ["schema"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(words: list[str]):
    done = subprocess.run(
        [sys.executable, "-c", ASK.format(words=words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = set(done.stderr.rpartition("imported ")[2].split())
    assert "openiads.cli.app" in loaded
    assert not loaded & set(HEAVY)
    if words[-1] == "--help":
        assert not loaded & {"pydantic", "numpy", "ruamel.yaml"}


def test_importing_the_package_costs_next_to_nothing():
    code = "import sys, openiads; print(len([m for m in sys.modules if m.startswith('openiads')]))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "1"
