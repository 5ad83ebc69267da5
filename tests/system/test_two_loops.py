"""The outer loop over beliefs, through the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from openiads.campaigns.bands import band
from openiads.campaigns.execute import open_run
from openiads.cli.app import run as main

SIZE = ["-n", "6", "--seed", "3"]
THREE = "40n6e.range_max_aerodynamic,55k6e.identification_delay,5p85te2.missiles_per_launcher"


def openiads(monkeypatch, capsys, *words: str, status: int = 0) -> dict:
    monkeypatch.setattr("sys.argv", ["openiads", *words])
    assert main() == status
    out, err = capsys.readouterr()
    return json.loads(out) if status == 0 else {"err": err}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    def go(*words: str, out: str = "run", status: int = 0) -> dict:
        place = ["--out", str(tmp_path / out), "--json"]
        return openiads(monkeypatch, capsys, "run", "default", *SIZE, *words, *place, status=status)

    return go


def same_but_for_time(summary: dict) -> dict:
    kept = {k: v for k, v in summary.items() if k not in ("run", "replications_per_second")}
    if "beliefs" in kept:
        kept["beliefs"] = {k: v for k, v in kept["beliefs"].items() if k != "folder"}
    return kept


def test_an_outer_loop_over_one_claim_is_the_plain_run(run):
    plain = run()
    looped = run("--claims", "40n6e.range_max_ballistic", "--outer", "3")
    found = looped.pop("beliefs")
    assert same_but_for_time(looped) == same_but_for_time(plain)
    for name in ("leakers", "interceptors"):
        one = {found[name][k] for k in ("nominal", "min", "p5", "median", "p95", "max")}
        assert one == {plain[name]["mean"]}
        assert found[name]["variance"]["belief"] == 0.0
    assert found["open_parameters"] == 0
    assert found["ranking"]["leakers"]["rows"] == found["alone"] == []
    assert "whomever one believes" in found["sentence"]


def test_believing_one_claim_is_the_run_that_chooses_it(run, tmp_path):
    claim = "9m96e2.range_max_aerodynamic.01"
    parameter = claim.rpartition(".")[0]
    chosen = run("--set", f"choose.{parameter}=claim:{claim}", out="chosen")
    found = run("--claims", claim, "--outer", "2")["beliefs"]
    assert found["leakers"]["min"] == found["leakers"]["max"] == chosen["leakers"]["mean"]
    assert [c["parameter"] for c in chosen["chosen"]] == [parameter]
    folder = next((tmp_path / "run").glob("beliefs-*"))
    rows = [json.loads(p.read_text()) for p in sorted(folder.glob("sample-*.json"))]
    leakers = open_run(tmp_path / "chosen").outcomes.leakers.tolist()
    assert [r["leakers"] for r in rows] == [leakers, leakers]
    assert {r["model"] for r in rows} == {chosen["model"]}


def test_it_is_reproducible_and_goes_on_where_it_stopped(run, tmp_path):
    whole = run("--claims", THREE, "--outer", "4", out="whole")
    part = run("--claims", THREE, "--outer", "4", out="part")
    assert same_but_for_time(part) == same_but_for_time(whole)
    (folder,) = (tmp_path / "part").glob("beliefs-*")
    files = sorted(folder.glob("sample-*.json"))
    assert len(files) == 4
    held = files[0].stat().st_mtime_ns
    for path in [*files[2:], *folder.glob("alone-*.json")]:
        path.unlink()
    assert same_but_for_time(run("--claims", THREE, "--outer", "4", out="part")) == (
        same_but_for_time(whole)
    )
    assert files[0].stat().st_mtime_ns == held


def test_what_it_tells_of_the_bands_and_the_ranking(run):
    found = run("--claims", THREE, "--outer", "5")["beliefs"]
    assert found["samples"] == 5
    assert (found["disputed"], found["assumed"]) == (2, 1)
    for name in ("leakers", "interceptors", "p_no_leaker"):
        b = found[name]
        assert b["min"] <= b["p5"] <= b["median"] <= b["p95"] <= b["max"]
        assert 0.0 <= b["variance"]["belief_share"] <= 1.0
    names = {r["parameter"] for r in found["ranking"]["leakers"]["rows"]}
    assert names == {r["parameter"] for r in found["alone"]} == set(THREE.split(","))
    assert {r["item"] for r in found["by_item"]["leakers"]["rows"]} == {"40n6e", "55k6e", "5p85te2"}
    assert "depending on whom one believes" in found["sentence"]


def test_more_tubes_are_a_swing_and_an_unfelt_parameter_is_named(run):
    found = run("--claims", "5p85te2.missiles_per_launcher,mrbm.turn", "--outer", "2")
    rows = {r["parameter"]: r for r in found["beliefs"]["alone"]}
    assert rows["mrbm.turn"]["no_effect_in_model"]
    assert rows["mrbm.turn"]["swing"] == 0.0
    assert not rows["5p85te2.missiles_per_launcher"]["no_effect_in_model"]
    assert [e["value"] for e in rows["5p85te2.missiles_per_launcher"]["ends"]] == [
        "4 missiles",
        "8 missiles",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--claims", "40n6e.rangemax"], "no parameter, item or claim"),
        (["--claims", "all", "--outer", "1"], "two samples"),
        (["--claims", "all", "--precision", "0.5"], "equal numbers of replications"),
    ],
)
def test_bad_options_are_faults(run, words, message):
    assert message in run(*words, status=2)["err"]


def test_variances_of_belief_and_chance_are_told_apart():
    """Inner means of variance 4 and replications of variance 9: shares 4/13 and 9/13.

    2,000 beliefs give the variance between them to 3 % (one standard error).
    """
    rng = np.random.default_rng(8)
    means = rng.normal(10.0, 2.0, 2000)
    values = means[:, None] + rng.normal(0.0, 3.0, (2000, 50))
    found = band(values, values[0])
    assert found["variance"]["belief"] == pytest.approx(4.0, rel=0.12)
    assert found["variance"]["chance"] == pytest.approx(9.0, rel=0.03)
    assert found["variance"]["belief_share"] == pytest.approx(4 / 13, abs=0.03)
    # The half-width of 50 replications is 2.01 x 3 / sqrt(50).
    assert found["chance_half_width"] == pytest.approx(0.853, rel=0.02)
