"""Another source for one parameter: what may change in a run changes, what may not does not."""

from __future__ import annotations

import json

import pytest

from openiads.cli.app import run as main
from openiads.eventlog import run
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load


def log_of(**choices: str):
    overrides = {f"choose.{k}": v for k, v in choices.items()}
    return run(compile_scenario(load("default", overrides)), seed=5)


@pytest.fixture(scope="module")
def nominal():
    return log_of()


def rows(log) -> list[dict]:
    return log.events.to_pylist()


def before_the_first(kind: str, log) -> list[dict]:
    found = rows(log)
    first = next(k for k, r in enumerate(found) if r["event"] == kind)
    return found[:first]


def test_a_source_of_a_system_that_is_absent_changes_no_event(nominal):
    other = log_of(**{"hq-9b.range_max_aerodynamic": "lowest", "thaad.tpy2_range": "highest"})
    assert other.model.hash == nominal.model.hash
    assert rows(other) == rows(nominal)


def test_another_kill_probability_changes_nothing_before_the_first_intercept(nominal):
    other = log_of(**{"48n6e3.kill_probability_cruise": "value:0.4",
                      "9m96e2.kill_probability_drone": "value:0.5"})  # fmt: skip
    same = before_the_first("intercept", nominal)
    assert before_the_first("intercept", other) == same
    assert {"launch", "order", "tracked"} <= {r["event"] for r in same}
    assert rows(other) != rows(nominal)


def test_another_reach_changes_shots_first_and_never_what_is_in_sight(nominal):
    # The fly-out table is calibrated to the reach, so already the first launch moves a little.
    other = log_of(**{"9m96e2.range_max_aerodynamic": "lowest"})
    pairs = list(zip(rows(nominal), rows(other), strict=False))
    at = next(k for k, (one, two) in enumerate(pairs) if one != two)
    assert {r["event"] for r in pairs[at]} <= {"order", "refused", "launch"}
    assert "identified" in {one["event"] for one, _ in pairs[:at]}
    links = [{r["threat"]: r["time_s"] for r in rows(log) if r["event"] == "in-sight"}
             for log in (nominal, other)]  # fmt: skip
    assert links[0] == links[1]


def test_the_json_and_the_report_name_the_other_choice(monkeypatch, capsys, tmp_path):
    words = ["run", "default", "-n", "2", "--out", str(tmp_path / "run"), "--json", "--set",
             "choose.9m96e2.range_max_aerodynamic=lowest"]  # fmt: skip
    monkeypatch.setattr("sys.argv", ["openiads", *words])
    assert main() == 0
    (row,) = json.loads(capsys.readouterr().out)["chosen"]
    assert (row["parameter"], row["rule"]) == ("9m96e2.range_max_aerodynamic", "lowest")
    assert (row["value"], row["nominal"], row["from_link"]) == ("120 km", "150 km", "window")
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert report.count("chosen otherwise than nominal") == 1
    assert "chosen otherwise than nominal: 150 km" in report
    # so does a figure that somebody doubts, and a default rule of the record with its reason
    assert "doubted by its own source" in report
    assert "the radars of the record work in S and X band" in report
