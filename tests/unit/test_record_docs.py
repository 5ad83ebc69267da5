"""What the pages of the record say that a command prints is what it prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from openiads.cli import app

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("catalogue.md", "ledger.md", "audit.md")


def examples() -> list[tuple[str, str, str]]:
    found = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for block in re.findall(r"```console\n(.*?)```", text, re.S):
            command, _, told = block.partition("\n")
            found.append((page, command.removeprefix("$ "), told))
    return found


@pytest.mark.parametrize(("page", "command", "told"), examples())
def test_the_examples_print_what_they_show(monkeypatch, capsys, tmp_path, page, command, told):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", shlex.split(command))
    assert app.run() == 0
    out = capsys.readouterr().out
    assert out.startswith(told) if page == "audit.md" else told in out


def test_there_are_worked_examples_of_both_buyers():
    commands = [command for _, command, _ in examples() if "--beliefs" in command]
    assert sum("--as-of" in c and "Turkey" in c for c in commands) == 3
    assert sum("--as-of" in c and "China" in c for c in commands) == 2
