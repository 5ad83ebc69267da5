"""Campaigns through the command line: what they print, and that no stop changes what they find."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openiads.campaigns.statistics import mean_interval, wilson
from openiads.cli import app
from openiads.engine.world import LEAKED, LINKS

ROOT = Path(__file__).parents[2]
ALGEBRA = str(ROOT / "tests" / "validation" / "algebra" / "raid.yaml")
OPENIADS = str(Path(sys.executable).parent / "openiads")
COLD_S = 600
"""Long enough for a first start, which compiles every kernel."""

N = 300  # of the default scenario: two parts, of 250 and 50
MANY = 3000  # of the small scenario: twelve parts
SMALL = ["run", ALGEBRA, "-n", str(MANY), "--seed", "7", "--fidelity", "engagement"]


def openiads(*words: object) -> subprocess.CompletedProcess[str]:
    command = [OPENIADS, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=COLD_S, check=False)


def done(*words: object) -> dict[str, Any]:
    """The object that a command prints; it must print nothing else on stdout and end with 0."""
    result = openiads(*words, "--json")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1
    return dict(json.loads(result.stdout))


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "outcomes").glob("part-*.parquet"))


def outcomes(folder: Path) -> pa.Table:
    table = pa.concat_tables([pq.read_table(part) for part in parts(folder)])
    return table.sort_by("replication")


def text_of(table: pa.Table) -> bytes:
    """Every bit of a table, whatever its chunks."""
    table = table.combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


@pytest.fixture
def inside(monkeypatch, capsys) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same command line without the cost of another process."""

    def call(*words: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr("sys.argv", ["openiads", *map(str, words)])
        status = app.run()
        told = capsys.readouterr()
        return subprocess.CompletedProcess(list(words), status, told.out, told.err)

    return call


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return Path(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def default_run(home: Path) -> dict[str, Any]:
    words = ["run", "default", "-n", N, "--seed", 7, "--workers", 1, "--out", home / "one"]
    return done(*words)


@pytest.fixture(scope="module")
def whole(home: Path) -> Path:
    """The small scenario, run without a stop."""
    done(*SMALL, "--workers", 2, "--out", home / "whole")
    return home / "whole"


@pytest.mark.slow
def test_the_object_that_run_prints(default_run: dict[str, Any]):
    summary = default_run
    wanted = {
        "scenario", "model", "seed", "replications", "fidelity", "threats", "leakers",
        "p_no_leaker", "interceptors", "by_class", "first_broken_link",
        "replications_per_second", "run",
    }  # fmt: skip
    assert wanted <= summary.keys()
    assert summary["scenario"] == "default" and summary["fidelity"] == "track"
    assert (summary["seed"], summary["replications"], summary["threats"]) == (7, N, 48)
    assert len(summary["model"]) == 64 and int(summary["model"], 16) >= 0
    assert summary["replications_per_second"] > 0
    assert sum(part["count"] for part in summary["by_class"].values()) == 48
    for item in (summary["leakers"], summary["interceptors"]):
        assert item["ci95"][0] <= item["mean"] <= item["ci95"][1]


@pytest.mark.slow
def test_the_summary_is_that_of_the_outcomes(default_run: dict[str, Any]):
    table = outcomes(Path(default_run["run"]))
    fate = np.array(table["fate"].to_pylist())
    link = np.array(table["link"].to_pylist())
    leaked = fate == LEAKED
    leakers = leaked.sum(axis=1)
    assert table["replication"].to_pylist() == list(range(N))
    assert table["leakers"].to_pylist() == leakers.tolist()
    mean, low, high = mean_interval(leakers)
    assert default_run["leakers"] == {"mean": mean, "ci95": [low, high]}
    clean = int((leakers == 0).sum())
    assert default_run["p_no_leaker"] == {"estimate": clean / N, "ci95": list(wilson(clean, N))}
    rounds = table["interceptors"].to_numpy()
    assert default_run["interceptors"]["mean"] == pytest.approx(rounds.mean(), rel=1e-12)
    by_class = default_run["by_class"].values()
    assert sum(part["leakers"]["mean"] for part in by_class) == pytest.approx(mean, rel=1e-12)
    for number, name in enumerate(LINKS):
        share = (link[leaked] == number).sum() / leaked.sum()
        assert default_run["first_broken_link"].get(name, 0.0) == pytest.approx(share, abs=1e-12)


@pytest.mark.slow
def test_the_run_folder(default_run: dict[str, Any]):
    folder = Path(default_run["run"])
    config = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert config["model"] == default_run["model"] and config["seed"] == 7
    assert "# A mixed raid" in config["text"]
    assert {"openiads", "numpy", "numba"} <= config["versions"].keys()
    assert [p.name for p in parts(folder)] == [
        "part-000000000-000250.parquet",
        "part-000000250-000050.parquet",
    ]
    assert (folder / "model.npz").is_file()
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "<svg" in report
    for outside in ('src="http', 'href="http://cdn', "@import", "<script src"):
        assert outside not in report


@pytest.mark.slow
def test_workers_change_nothing(default_run: dict[str, Any], home: Path):
    words = ["run", "default", "-n", N, "--seed", 7, "--workers", 2, "--out", home / "two"]
    again = done(*words)
    assert text_of(outcomes(home / "two")) == text_of(outcomes(home / "one"))
    for own in ("replications_per_second", "run"):
        again.pop(own)
    assert again == {k: v for k, v in default_run.items() if k in again}


@pytest.mark.slow
def test_replay_equals_the_campaign(default_run: dict[str, Any]):
    folder = Path(default_run["run"])
    row = outcomes(folder).slice(17, 1).to_pylist()[0]
    found = done("replay", folder, "--replication", 17)
    assert found["equals_campaign"] is True
    assert found["outcome"] == {k: row[k] for k in found["outcome"]}
    assert set(row) - set(found["outcome"]) == {"leakers"}
    fates = [e["event"] for e in found["events"] if e["event"] in ("killed", "leaked")]
    assert len(fates) == 48
    assert fates.count("leaked") == row["leakers"]


@pytest.mark.slow
def test_replay_notices_a_row_that_is_not_the_campaigns(inside, whole: Path, home: Path):
    folder = home / "forged"
    (folder / "outcomes").mkdir(parents=True)
    for name in ("run.json", "model.npz"):
        (folder / name).write_bytes((whole / name).read_bytes())
    table = pq.read_table(parts(whole)[0])
    looks = table["looks"].to_numpy().copy()
    looks[3] += 1.0
    column = table.column_names.index("looks")
    table = table.set_column(column, "looks", pa.array(looks))
    pq.write_table(table, folder / "outcomes" / parts(whole)[0].name)
    assert inside("replay", folder, "--replication", 2).returncode == 0
    result = inside("replay", folder, "--replication", 3)
    assert result.returncode == 1
    assert "DIFFERENT from the campaign's outcome row" in result.stderr


@pytest.mark.slow
def test_why_has_a_rule_for_every_leaker(default_run: dict[str, Any]):
    folder = Path(default_run["run"])
    table = outcomes(folder)
    fate = np.array(table["fate"].to_pylist())
    link = np.array(table["link"].to_pylist())
    assert ((link > 0) == (fate == LEAKED)).all()
    found = done("why", folder, "--replication", 17)
    rules = (ROOT / "docs" / "kill-chain.md").read_text(encoding="utf-8")
    sets = [found["first_broken_link"]]
    sets += [part["first_broken_link"] for part in found["by_class"].values()]
    for shares in sets:
        if shares:
            assert sum(part["share"] for part in shares.values()) == pytest.approx(1.0, abs=1e-12)
        for name in shares:
            assert name in LINKS[1:] and f"| {name} |" in rules
    stories = {story["threat"]: story["link"] for story in found["stories"]}
    leaked = np.flatnonzero(fate[17] == LEAKED)
    assert list(stories.values()) == [LINKS[link[17, k]] for k in leaked]
    assert all(story["what"] and story["mend"] for story in found["stories"])


@pytest.mark.slow
def test_the_same_command_again_runs_nothing(inside, whole: Path):
    stamps = {part: part.stat().st_mtime_ns for part in parts(whole)}
    before = json.loads((whole / "summary.json").read_text(encoding="utf-8"))
    again = json.loads(inside(*SMALL, "--out", whole, "--json").stdout)
    assert again.pop("replications_per_second") is None
    assert before.pop("replications_per_second") > 0
    assert again == before
    assert stamps == {part: part.stat().st_mtime_ns for part in parts(whole)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "told"),
    [
        (["--seed", "8"], "the folder holds a run of another seed"),
        (["--seed", "7", "--set", "raid.waves.drones.count=13"], "a run of another model"),
    ],
)
def test_the_folder_of_another_run_is_a_fault(inside, default_run, other: list[str], told: str):
    result = inside("run", "default", "-n", "10", *other, "--out", default_run["run"])
    assert result.returncode == 2
    assert told in result.stderr and "mend: give another --out" in result.stderr
    assert result.stdout == ""


def stopped(folder: Path, how: signal.Signals) -> subprocess.CompletedProcess[str]:
    """The small campaign, stopped by a signal once its first parts are there."""
    command = [OPENIADS, *SMALL, "--workers", "2", "--out", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        give_up = time.monotonic() + COLD_S
        while len(parts(folder)) < 2 and process.poll() is None:
            assert time.monotonic() < give_up
            time.sleep(0.002)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.mark.slow
def test_a_killed_run_resumed_equals_an_uninterrupted_one(whole: Path, home: Path):
    folder = home / "killed"
    result = stopped(folder, signal.SIGKILL)
    assert result.returncode == -signal.SIGKILL
    kept = {part.name: part.read_bytes() for part in parts(folder)}
    assert 2 <= len(kept) < len(parts(whole))
    resumed = done(*SMALL, "--workers", 2, "--out", folder)
    assert resumed["replications"] == MANY
    assert {n: (folder / "outcomes" / n).read_bytes() for n in kept} == kept
    assert text_of(outcomes(folder)) == text_of(outcomes(whole))


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_goes_on(whole: Path, home: Path):
    folder = home / "interrupted"
    result = stopped(folder, signal.SIGINT)
    assert result.returncode == 130
    assert result.stdout == ""
    assert "the same command goes on from there" in result.stderr
    assert "Traceback" not in result.stderr
    assert 2 <= len(parts(folder)) < len(parts(whole))
    assert list((folder / "outcomes").glob("*.tmp")) == []
    done(*SMALL, "--workers", 1, "--out", folder)
    assert text_of(outcomes(folder)) == text_of(outcomes(whole))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_precision_stops_at_the_same_replication(inside, whole: Path, home: Path, workers: int):
    """It stops at the first multiple of four parts at which the interval is narrow enough."""
    leakers = outcomes(whole)["leakers"].to_numpy()
    precision = 0.07
    for stop in range(1000, MANY + 1, 1000):
        _, low, high = mean_interval(leakers[:stop])
        if high - low <= 2.0 * precision:
            break
    assert 1000 < stop < MANY, "the case no longer shows a stop in the middle"
    words = [*SMALL, "--precision", precision, "--workers", workers]
    result = inside(*words, "--out", home / f"precise-{workers}", "--json")
    summary = json.loads(result.stdout)
    assert summary["replications"] == stop
    low, high = summary["leakers"]["ci95"]
    assert high - low <= 2.0 * precision
    table = outcomes(home / f"precise-{workers}")
    assert text_of(table) == text_of(outcomes(whole).slice(0, stop))
