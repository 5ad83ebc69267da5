"""The change named for a leaker, put into the scenario and replayed, does stop that leaker."""

from __future__ import annotations

import json
from functools import cache

import pytest

from openiads.analysis.counterfactual import Counterfactuals, counterfactuals, leakers_of
from openiads.analysis.remedies import remedies
from openiads.analysis.why import why
from openiads.campaigns.execute import campaign
from openiads.cli.app import run as main
from openiads.engine.world import KILLED, LINKS
from openiads.eventlog import run as run_once
from openiads.faults import InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

SEED = 5
SCARCE = {"channels": 60, "drone-drain": 60, "low-flyer": 40}
"""Scenarios, each with its scarce thing, and how many of its leakers are looked at."""
KINDS = {"channels": "channel", "drone-drain": "rounds", "low-flyer": "mast"}


@cache
def found(name: str) -> Counterfactuals:
    model = compile_scenario(load(name))
    outcomes = campaign(model, 6, SEED).results
    leakers = leakers_of(model, outcomes, most=SCARCE[name])
    return counterfactuals(lambda o: load(name, o), model, SEED, leakers)


def test_every_named_change_stops_its_leaker() -> None:
    """By another way than the search: `--set` texts, a fresh Model, the full Log of the replay."""
    proved = 0
    for name in SCARCE:
        cases: dict[str, list[tuple[int, str]]] = {}
        for leaker in found(name).row()["leakers"]:
            if leaker["change"]:
                key = json.dumps(leaker["change"]["set"])
                cases.setdefault(key, []).append((leaker["replication"], leaker["threat"]))
        for text, held in cases.items():
            model = compile_scenario(load(name, json.loads(text)))
            for number in {n for n, _ in held}:
                log = run_once(model, SEED, number)
                log.check()
                fates = dict(zip(model.names["threats"], log.outcome["fate"], strict=True))
                for replication, threat in held:
                    if replication == number:
                        assert fates[threat] == KILLED, (name, number, threat, text)
                        proved += 1
    assert proved >= 100


@pytest.mark.parametrize("name", SCARCE)
def test_what_is_scarce_is_named(name: str) -> None:
    leakers = found(name).leakers
    named = [k.change.kind for k in leakers if k.change]
    assert len(named) > 0.6 * len(leakers)
    assert named.count(KINDS[name]) >= 0.1 * len(leakers)


def test_no_cheaper_change_was_passed_over() -> None:
    """What stops a leaker was not among the changes tried before, which are in order of cost."""
    costs = [line["cost"] for line in remedies()]
    assert costs == sorted(costs)
    assert {line["acts_on"] for line in remedies()} <= set(LINKS)


@pytest.mark.parametrize(
    ("name", "link"),
    [("channels", "channel"), ("drone-drain", "magazine"), ("low-flyer", "horizon")],
)
def test_why_names_the_limit_that_was_made_scarce(name: str, link: str) -> None:
    model = compile_scenario(load(name))
    shares = why(model, campaign(model, 30, SEED).results)["first_broken_link"]
    assert max(shares, key=lambda k: shares[k]["share"]) == link


def test_another_scenario_than_was_run_is_refused() -> None:
    model = compile_scenario(load("channels"))
    with pytest.raises(InputError, match="not what was run"):
        counterfactuals(lambda o: load("low-flyer", o), model, SEED, [])


def test_command(tmp_path, capsys, monkeypatch) -> None:
    folder = tmp_path / "run"
    line = ["openiads", "run", "channels", "-n", "3", "--seed", "5", "--out", str(folder)]
    monkeypatch.setattr("sys.argv", line)
    assert main() == 0
    capsys.readouterr()
    line = ["openiads", "why", str(folder), "--counterfactual", "--leakers", "4", "--json"]
    monkeypatch.setattr("sys.argv", line)
    assert main() == 0
    told = json.loads(capsys.readouterr().out)["counterfactual"]
    assert len(told["leakers"]) == 4
    assert sum(row["share"] for row in told["by_change"]) == pytest.approx(1.0)
    for row in told["by_change"]:
        assert row["ci95"][0] <= row["share"] <= row["ci95"][1]
    monkeypatch.setattr("sys.argv", ["openiads", "report", str(folder)])
    assert main() == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What would have stopped them" in page
    for row in told["by_change"]:
        assert row["words"] in page
