"""Commands that simulate: demo, check, run, replay; and the scenario's JSON schema."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.beliefs import add_beliefs, lines
from openiads.cli.common import emit_json, fail, note, note_first_start, say
from openiads.faults import Fault, InputError

if TYPE_CHECKING:
    from openiads.campaigns.execute import Result

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the scenario."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(demo)
    app.command()(check)
    app.command()(run)
    app.command()(replay)
    app.command()(schema)


def demo(
    replications: Annotated[int, typer.Option("-n", help="Replications.")] = 1000,
    json: JsonFlag = False,
) -> int:
    """Run the default scenario and write a report.

    Example: openiads demo
    """
    return _run("default", replications, 7, {}, None, None, None, json)


def check(scenario: str, json: JsonFlag = False) -> int:
    """Check a scenario, or every scenario in a folder, and name all faults.

    Example: openiads check my-raid.yaml
    """
    from openiads.scenario.load import load

    path = Path(scenario)
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    if path.is_dir() and not files:
        raise InputError.of(
            "no scenario file (*.yaml) in this folder", "name a file, or another", file=scenario
        )
    faults: list[Fault] = []
    for file in files:
        try:
            load(file if path.is_dir() else scenario)
        except InputError as error:
            faults += error.faults
            if path.is_dir() and not json:
                note(f"{file.name}: {len(error.faults)} fault(s)")
    if json:
        emit_json({"files": len(files), "ok": not faults, "faults": [f.as_dict() for f in faults]})
        return 2 if faults else 0
    if faults:
        return fail(InputError(faults))
    say(f"{scenario}: no faults" if len(files) == 1 else f"{len(files)} files: no faults")
    return 0


def run(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario's name, or a file.")],
    replications: Annotated[int, typer.Option("-n", help="Replications.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Names all draws.")] = 0,
    set_: SetOption = None,
    fidelity: Annotated[
        str | None, typer.Option(help="track (every plot feeds the tracker) or engagement.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Threads; all cores if absent.")] = None,
    precision: Annotated[
        float | None, typer.Option(help="Stop when leakers are known to ± this (95 %).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder; resumes what it holds.")] = None,
    claims: Annotated[
        str | None,
        typer.Option(help="Believe other sources too: all, or parameters, items or claims."),
    ] = None,
    outer: Annotated[int, typer.Option(help="Samples of belief, with --claims.")] = 50,
    json: JsonFlag = False,
) -> int:
    """Run a Monte Carlo campaign; the same command resumes it after any stop.

    Example: openiads run default -n 2000 --seed 7 --set raid.waves.drones.count=40
    """
    overrides = _overrides(set_ or [])
    if fidelity is not None:
        overrides["fidelity"] = fidelity
    _check_options(replications, seed, workers, precision)
    if claims is not None and precision is not None:
        raise InputError.of(
            "--claims compares equal numbers of replications", "give -n without --precision"
        )
    beliefs = None if claims is None else (claims, outer)
    return _run(scenario, replications, seed, overrides, workers, precision, out, json, beliefs)


def _check_options(
    replications: int, seed: int, workers: int | None, precision: float | None
) -> None:
    """All faults of the options in one pass."""
    faults = []
    if replications < 1:
        faults.append(Fault(f"-n {replications}: no replication to run", "give at least 1"))
    if not 0 <= seed < 2**64:
        faults.append(Fault(f"--seed {seed} names no draws", "give a number from 0 to 2^64 - 1"))
    if workers is not None and workers < 1:
        faults.append(Fault(f"--workers {workers}: nobody to run it", "give at least 1"))
    if precision is not None and not precision > 0:
        faults.append(Fault(f"--precision {precision:g} is never met", "give more than 0"))
    if faults:
        raise InputError(faults)


def replay(
    run_folder: Annotated[Path, typer.Argument(help="A run folder.")],
    replication: Annotated[int, typer.Option("--replication", help="Which one.")] = 0,
    json: JsonFlag = False,
) -> int:
    """Run one replication again with its full Log; it must equal what the campaign booked.

    Example: openiads replay runs/default-1a2b3c4d-seed7 --replication 17
    """
    from openiads.campaigns.execute import open_run
    from openiads.eventlog import run as run_once

    if replication < 0:
        raise InputError.of(f"replication {replication} is negative", "count from 0")
    book = open_run(run_folder)
    table = book.outcomes.table()
    rows = [r for r in table.to_pylist() if r["replication"] == replication]
    log = run_once(book.model, int(book.config["seed"]), replication)
    log.check()
    again = dict(log.outcome)
    same = None
    if rows:
        booked = {k: rows[0][k] for k in again}
        same = booked == again
    path = run_folder / f"log-{replication}.parquet"
    import pyarrow.parquet as pq

    pq.write_table(log.events, path)
    ways = run_folder / f"decisions-{replication}.parquet"
    pq.write_table(log.decisions, ways)
    if json:
        events = [{k: v for k, v in e.items() if v is not None} for e in log.events.to_pylist()]
        emit_json({"replication": replication, "outcome": again, "equals_campaign": same,
                   "log": str(path), "decisions": str(ways), "events": events})  # fmt: skip
    else:
        terms = {(w["time_s"], w["track"]): w for w in log.decisions.to_pylist() if w["taken"]}
        units = book.model.names["units"]
        for event in log.events.to_pylist():
            who = event["threat"] or f"track {event['track']}"
            tail = f"  {event['link']}" if event["link"] else ""
            if event["missile"]:
                tail += f"  {event['missile']} of {units[event['unit']]}"
            way = terms.get((event["time_s"], event["track"]))
            if event["event"] == "order" and way is not None:
                tail += f"  ({_terms(way)})"
            say(f"{event['time_s']:9.2f} s  {event['event']:<11} {who}{tail}")
        verdict = {True: "equal to", False: "DIFFERENT from", None: "not in"}[same]
        note(f"replication {replication}: {verdict} the campaign's outcome row; log in {path}, "
             f"decisions in {ways.name}")  # fmt: skip
    return 1 if same is False else 0


def _terms(way: dict[str, Any]) -> str:
    """The terms of a track's threat value, as a person reads them."""
    return (
        f"{way['asset']} at risk, {way['to_go_s']:.0f} s to go, passes it by "
        f"{way['miss_m'] / 1e3:.1f} km, worth {way['worth']:g}, taken for {way['taken_for']} "
        f"({way['class_probability']:.2f}): threat value "
        f"{way['threat_value']:.3g} /s, kill {way['kill']:.2f}"
    )


def schema(out: Annotated[Path | None, typer.Option(help="File to write.")] = None) -> int:
    """The JSON Schema of a scenario file, for completion in editors.

    Example: openiads schema --out scenario.schema.json
    """
    from openiads.scenario.schema import schema_text

    text = schema_text()
    if out is None:
        say(text.rstrip())
    else:
        out.write_text(text, encoding="utf-8")
    return 0


def _overrides(items: list[str]) -> dict[str, str]:
    overrides = {}
    for item in items:
        key, sign, value = item.partition("=")
        if not sign or not key:
            raise InputError.of(f"--set {item} is no KEY=VALUE", "as in --set duration='30 min'")
        overrides[key] = value
    return overrides


def _run(
    scenario: str,
    replications: int,
    seed: int,
    overrides: dict[str, str],
    workers: int | None,
    precision: float | None,
    out: Path | None,
    json: bool,
    beliefs: tuple[str, int] | None = None,
) -> int:
    from openiads.scenario.load import load

    loaded = load(scenario, overrides)
    note_first_start("replicate")
    from openiads.campaigns.execute import campaign, prepare_folder
    from openiads.campaigns.first_start import first_start
    from openiads.scenario.compile import compile_scenario

    with first_start():
        model = compile_scenario(loaded)
    name = re.sub(r"[^\w-]+", "-", loaded.name).strip("-")
    folder = out or Path("runs") / f"{name}-{model.hash[:8]}-seed{seed}"
    text = Path(loaded.document.file).read_text(encoding="utf-8")
    prepare_folder(folder, model, seed, text, loaded.name, overrides)
    try:
        with _Bar(replications) as bar:
            result = campaign(model, replications, seed, workers, folder, precision, bar.update)
    except KeyboardInterrupt:
        note(
            f"stopped; what was finished lies in {folder}, and the same command goes on from there"
        )
        raise
    summary = result.summary()
    if beliefs is not None:
        add_beliefs(summary, scenario, result, overrides, *beliefs, workers)
    _write_summary(folder, summary)
    _write_report(result, summary)
    if json:
        emit_json(summary)
    else:
        _print_summary(summary)
    return 0


def _write_summary(folder: Path, summary: dict[str, Any]) -> None:
    import json as json_

    draft = folder / "summary.tmp"
    draft.write_text(json_.dumps(summary, indent=1), encoding="utf-8")
    draft.replace(folder / "summary.json")


def _write_report(result: Result, summary: dict[str, Any]) -> None:
    from openiads.campaigns.execute import read_config
    from openiads.eventlog import run as run_once
    from openiads.export.report import write_report

    assert result.folder is not None
    log = run_once(result.model, result.seed, 0)
    path = result.folder / "report.html"
    config = read_config(result.folder)
    write_report(result.model, result.results, summary, log, path, config)


class _Bar:
    """A progress bar on stderr with rate and time left; silent where stderr is no terminal."""

    def __init__(self, total: int):
        self.total = total
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> _Bar:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self.bar = Progress(
                TextColumn("replications"),
                BarColumn(),
                TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self.task = self.bar.add_task("run", total=self.total, rate="")
            self.bar.start()
        return self

    def update(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        if self.bar is not None:
            speed = self.bar.tasks[0].speed
            rate = f"{speed:.0f}/s" if speed else ""
            self.bar.update(self.task, completed=done, total=total, rate=rate)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def _print_summary(summary: dict[str, Any]) -> None:
    """The table a person reads."""

    def shown(item: dict[str, Any], digits: int = 2) -> str:
        low, high = item["ci95"]
        if low is None or high is None:
            return f"{item['mean']:.{digits}f}"
        return f"{item['mean']:6.{digits}f}  [{low:.{digits}f}, {high:.{digits}f}]"

    say(f"{summary['scenario']}: {summary['threats']} threats, {summary['replications']} "
        f"replications, fidelity {summary['fidelity']}, seed {summary['seed']}")  # fmt: skip
    say()
    say("                          mean    95 % interval")
    if "neutrals" in summary:
        lost = summary["neutrals"]
        say(f"NEUTRALS SHOT DOWN      {shown(lost['shot_down'])} of {lost['count']}")
    say(f"leakers                 {shown(summary['leakers'])}")
    say(f"interceptors fired      {shown(summary['interceptors'])}")
    clean = summary["p_no_leaker"]
    say(f"P(no leaker)            {clean['estimate']:6.3f}  "
        f"[{clean['ci95'][0]:.3f}, {clean['ci95'][1]:.3f}]")  # fmt: skip
    say()
    say("leakers by class")
    for name, item in summary["by_class"].items():
        say(f"  {name:<18}{item['count']:4d}  {shown(item['leakers'])}")
    for name, item in summary.get("harmless", {}).items():
        say(f"  {name:<18}{item['count']:4d}  {shown(item['hit'])} hit: no leaker, but shot at")
    if "losses" in summary:
        say()
        say("lost of what the raid was aimed at")
        for kind, item in summary["losses"].items():
            say(f"  {kind:<18}{item['count']:4d}  {shown(item['lost'])}")
            for name, share in item["p_lost"].items():
                low, high = share["ci95"]
                say(f"    {name:<20}  {share['estimate']:6.2f}  [{low:.2f}, {high:.2f}]")
    if summary["first_broken_link"]:
        say()
        say("first broken link, share of leakers")
        for name, share in summary["first_broken_link"].items():
            say(f"  {name:<18}{100 * share:9.1f} %")
    say()
    for row in summary["chosen"]:
        say(f"chosen otherwise than nominal: {row['parameter']} = {row['value']} "
            f"({row['rule']}), not {row['nominal']}")  # fmt: skip
    for line in lines(summary["beliefs"]) if "beliefs" in summary else ():
        say(line)
    rate = summary["replications_per_second"]
    if rate:
        say(f"{rate:.0f} replications a second")
    say(f"report: {Path(summary['run']) / 'report.html'}")
