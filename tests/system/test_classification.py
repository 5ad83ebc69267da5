"""What a target is taken for costs rounds and leakers: through campaigns and the command line."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from openiads.analysis.confusion import confusion
from openiads.campaigns.execute import campaign
from openiads.cli.app import run as run_cli
from openiads.eventlog import run as run_once
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

pytestmark = pytest.mark.slow  # each runs the engine, which takes seconds to load

FEATURES = "{classification: features}"
KNOWN = "{classification: known}"


@cache
def _run(name: str, changes: tuple[tuple[str, str], ...], n: int = 60) -> dict[str, Any]:
    return campaign(compile_scenario(load(name, dict(changes))), n, 11).summary()


def run(name: str, **changes: str) -> dict[str, Any]:
    return _run(name, tuple((k.replace("__", "."), v) for k, v in changes.items()))


@pytest.mark.parametrize("fidelity", ["track", "engagement"])
def test_what_is_taken_for_a_drone_gets_a_drones_salvo_and_leaks(fidelity: str) -> None:
    """Sixteen cruise missiles, two rounds of 0.75 each or one: 1 of them leaks, or 2.5."""
    seen = run("taken-for-another", fidelity=fidelity)
    told = run("taken-for-another", fidelity=fidelity, defence__command_post__with=KNOWN)
    more = {k: seen[k]["mean"] - told[k]["mean"] for k in ("leakers", "interceptors")}
    missiles = {k: s["by_class"]["cruise_subsonic"]["leakers"]["ci95"]
                for k, s in (("seen", seen), ("told", told))}  # fmt: skip
    assert missiles["seen"][0] > missiles["told"][1], "beyond the intervals"
    assert 0.5 < more["leakers"] < 3.0
    assert -9.5 < more["interceptors"] < -5.0, "a round less at each of eight"


def test_the_fidelities_agree_on_what_targets_are_taken_for() -> None:
    found = {}
    for fidelity in ("track", "engagement"):
        model = compile_scenario(load("taken-for-another", {"fidelity": fidelity}))
        found[fidelity] = confusion(run_once(model, 7, k) for k in range(10)).row()
    for row in found.values():
        assert row["first_volleys"] == 10 * 24
        shares = row["by_category"]
        assert shares["drone"]["taken_for"]["drone"] > 0.95
        assert 0.4 < shares["cruise"]["taken_for"]["drone"] < 0.6, "the slow half"
        assert row["right"] == pytest.approx(2 / 3, abs=0.05)


def test_the_default_scenario_is_told_what_comes() -> None:
    model = compile_scenario(load("default"))
    assert len(model.tables.classes) == 0
    assert confusion([run_once(model, 7, 0)]).right == 1.0


def test_an_airliner_that_looks_like_one_is_spared() -> None:
    """One neutral in two is named hostile by its transponder; features spare most of these."""
    wrong = "classification: features, neutral_called_hostile: 0.5"
    shot = run("airliner", defence__command_post__with=f"{{{wrong}}}")
    spared = run("airliner", defence__command_post__with=f"{{{wrong}, airliner_probability: 0.6}}")
    down = {k: s["neutrals"]["shot_down"]["mean"] for k, s in (("shot", shot), ("spared", spared))}
    assert down["spared"] < 0.3 * down["shot"]
    lax = run("airliner", defence__command_post__with=f"{{{wrong}, airliner_probability: 0.4}}")
    assert lax["leakers"]["mean"] > spared["leakers"]["mean"] + 1.0, "fighters look like one too"


def test_the_command_line_says_what_was_taken_for_what(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["openiads", *words])
        assert run_cli() == 0
        return capsys.readouterr().out

    folder = str(tmp_path / "run")
    say("run", "taken-for-another", "-n", "6", "--seed", "7", "--out", folder)
    found = json.loads(say("why", folder, "--classes", "--json"))["classes"]
    assert found["replications"] == 6
    assert found["by_category"]["cruise"]["taken_for"]["drone"] > 0.3
    assert "as drone" in say("why", folder, "--classes")
    told = []
    for replication in range(6):
        shown = say("why", folder, "--replication", str(replication), "--json")
        told += json.loads(shown)["stories"]
    slow = [s for s in told if s["wave"] == "slow"]
    assert slow, "some of the slow ones leak in six replications"
    assert all(s["taken_for"] == "drone" for s in slow)
    assert all("Taken for a drone, p " in s["what"] for s in slow)
    drones = [s for s in told if s["wave"] == "drones"]
    assert all("Taken for" not in s["what"] for s in drones)
    assert "taken for drone (" in say("replay", folder, "--replication", "0")
