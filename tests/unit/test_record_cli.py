"""The commands of the record: one JSON object on stdout, faults on stderr, exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openiads.cli import app


def run(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["openiads", *words])
    status = app.run()
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.parametrize(
    ("words", "key", "count"),
    [
        (["catalogue", "list"], "items", 45),
        (["catalogue", "show", "s-400"], "items", 11),
        (["ledger"], "events", 167),
        (["ledger", "--buyer", "turkey", "--as-of", "2018-03-01"], "events", 17),
        (["ledger", "--inventory"], "inventory", 10),
        (["ledger", "--sql", "select count(*) n from claims"], "rows", 1),
        (["audit", "--claim", "1,21"], "findings", 2),
    ],
)
def test_json(monkeypatch, capsys, words, key, count):
    status, out, _ = run(monkeypatch, capsys, *words, "--json")
    assert status == 0
    assert out.count("\n") == 1
    assert len(json.loads(out)[key]) == count


def test_conflicts_as_json(monkeypatch, capsys):
    for words in (["catalogue", "conflicts"], ["ledger", "--conflicts"]):
        _, out, _ = run(monkeypatch, capsys, *words, "--json")
        found = json.loads(out)["conflicts"]
        assert len(found) > 40
        assert {"subject", "rule", "sides", "readings"} <= found[0].keys()


@pytest.mark.parametrize(
    "words",
    [
        ["catalogue", "list", "--kind", "radar"],
        ["catalogue", "show", "91n6e", "--rule", "lowest"],
        ["catalogue", "conflicts", "--item", "s-400"],
        ["ledger", "--buyer", "Iran"],
        ["ledger", "--buyer", "China", "--as-of", "2019"],
        ["ledger", "--buyer", "China", "--timeline"],
        ["ledger", "--buyer", "China", "--conflicts"],
        ["ledger", "--inventory"],
        ["audit", "--claim", "5"],
    ],
)
def test_text(monkeypatch, capsys, words):
    status, out, _ = run(monkeypatch, capsys, *words)
    assert status == 0 and len(out.splitlines()) >= 4


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["catalogue", "show", "s-4000"], "did you mean s-400"),
        (["catalogue", "show", "s-400", "--rule", "best"], "no rule"),
        (["catalogue", "check", "nowhere.yaml"], "no such file"),
        (["ledger", "--buyer", "Turky"], "did you mean Turkey"),
        (["ledger", "--as-of", "May"], "no date"),
        (["ledger", "--out", "x.xlsx"], "ending"),
        (["audit", "--claim", "99"], "no claim"),
        (["audit", "nowhere.yaml"], "no such file"),
    ],
)
def test_faults(monkeypatch, capsys, words, part):
    status, out, err = run(monkeypatch, capsys, *words)
    assert (status, out) == (2, "")
    assert part in err and "Traceback" not in err


def test_files(monkeypatch, capsys, tmp_path: Path):
    page, table = tmp_path / "a.html", tmp_path / "t.csv"
    assert run(monkeypatch, capsys, "audit", "--claim", "1", "--html", str(page))[0] == 0
    assert "<svg" in page.read_text(encoding="utf-8")
    words = ["ledger", "--buyer", "Turkey", "--as-of", "2019", "--html", str(page)]
    assert run(monkeypatch, capsys, *words)[0] == 0
    assert "on 2019" in page.read_text(encoding="utf-8")
    assert run(monkeypatch, capsys, "ledger", "--conflicts", "--out", str(table))[0] == 0
    assert table.read_text(encoding="utf-8").count("\n") > 100
