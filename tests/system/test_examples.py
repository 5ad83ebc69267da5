"""The examples run as a newcomer would run them."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from openiads.cli import app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_parts_of_ones_own_pass_the_check(monkeypatch, capsys):
    scenario = EXAMPLES / "own-parts" / "harbour.yaml"
    monkeypatch.setattr("sys.argv", ["openiads", "check", str(scenario)])
    assert app.run() == 0
    assert "no faults" in capsys.readouterr().out


@pytest.mark.slow
def test_claims_of_ones_own_get_their_verdicts(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["openiads", "audit", str(EXAMPLES / "own-claims.yaml")])
    assert app.run() == 0
    told = capsys.readouterr().out
    assert "the antenna stands 15 m high or higher" in told
    assert "has 5.17 km/s, not 4.8" in told
    assert "at least 7 of them are guided against at the same time" in told
    assert "Others say 35 km, 27 km" in told
    assert "depending on whom one believes. The claim says at most 5." in told


@pytest.mark.slow
def test_the_quickstart_answers_and_tells_a_story(capsys):
    runpy.run_path(str(EXAMPLES / "quickstart.py"))["main"](20)
    told = capsys.readouterr().out
    assert "of 48 threats leak (95 % interval" in told
    shares = [float(line.split("%")[0]) for line in told.splitlines() if " %  " in line]
    assert sum(shares) == pytest.approx(100.0, abs=0.1 * len(shares))
    assert told.count(" s  ") == 10
    assert "start" in told


@pytest.mark.slow
def test_more_missiles_leak_more(capsys):
    runpy.run_path(str(EXAMPLES / "sweep.py"))["main"](10)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [int(row[0]) for row in rows] == [4, 14, 28, 56]
    leakers = [float(row[1]) for row in rows]
    assert leakers[0] < leakers[2] < leakers[3]
