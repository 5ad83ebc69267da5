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
        (["catalogue", "list", "--kind", "system"], "items", 9),
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


def test_a_view_as_of_a_day_shows_nothing_later(monkeypatch, capsys):
    words = ["catalogue", "show", "s-400", "--rule", "as-of:2013", "--json"]
    _, out, _ = run(monkeypatch, capsys, *words)
    dates = [
        claim["source"]["date"]
        for item in json.loads(out)["items"]
        for parameter in item["parameters"].values()
        for claim in parameter.get("claims", ())
    ]
    assert len(dates) > 5 and all(date and date[:4] <= "2013" for date in dates)
    # our notes are hindsight: neither this nor a query as of a day may hold one
    assert '"note": null' in out and '"note": "' not in out and '"doubted_by": "' not in out
    query = "select count(*) n, count(note) notes, max(said_last) last_day from claims"
    _, out, _ = run(
        monkeypatch, capsys, "ledger", "--as-of", "2018-03-01", "--sql", query, "--json"
    )
    (row,) = json.loads(out)["rows"]
    assert row["n"] > 50 and row["notes"] == 0 and row["last_day"] <= "2018-03-01"


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


def test_check_takes_both_kinds_of_file(monkeypatch, capsys, tmp_path: Path):
    event = (
        "buyer: Nowhere\nsources:\n  page: {title: A, publisher: B, tier: blog}\n"
        "events:\n  xx-01: {kind: contract, seller: S, system: S-400, status: media-report,"
        " source: page, quote: it was signed}\n"
    )
    path = tmp_path / "ledger.yaml"
    path.write_text(event)
    status, out, _ = run(monkeypatch, capsys, "catalogue", "check", str(path), "--json")
    assert status == 0 and json.loads(out)["events"] == 1
    path.write_text(event.replace("source: page", "source: nobody"))
    status, _, err = run(monkeypatch, capsys, "catalogue", "check", str(path))
    assert status == 2 and "no known source" in err
    # a claim without words is refused, and so are coordinates; --json still prints one object
    path.write_text(event.replace("it was signed", '""'))
    status, out, err = run(monkeypatch, capsys, "catalogue", "check", str(path), "--json")
    (fault,) = json.loads(out)["faults"]
    assert status == 2 and fault["message"] == "has no quote" and fault["line"] and not err
    path.write_text(event.replace("it was signed", '"seen at 55.7558 N, 37.6173 E"'))
    status, out, _ = run(monkeypatch, capsys, "catalogue", "check", str(path), "--json")
    assert status == 2 and json.loads(out)["faults"][0]["message"] == "holds coordinates"
    path.write_text("items:\n  a: {kind: radar, name: A, parameters: {reach: 3 parsec}}\n")
    status, _, err = run(monkeypatch, capsys, "catalogue", "check", str(path))
    assert status == 2 and "no unit" in err
