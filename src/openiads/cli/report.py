"""Commands that read a run folder: report and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.beliefs import held_beliefs
from openiads.cli.common import emit_json, note, note_first_start, say
from openiads.faults import InputError

if TYPE_CHECKING:
    from openiads.campaigns.execute import Run
    from openiads.eventlog import Log
    from openiads.scenario.load import Scenario

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
COUNTERFACTUAL = "counterfactual.json"
"""What `why --counterfactual` leaves in a run folder for the report."""

JsonFlag = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(report)
    app.command()(why)


def report(
    run: RunFolder,
    replication: Annotated[
        int, typer.Option("--replication", help="The one that timeline and map show.")
    ] = 0,
    out: Annotated[
        Path | None, typer.Option(help="File to write; RUN/report.html if absent.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Write the report of a run: one HTML file that needs no network.

    What `openiads why RUN --counterfactual` found stands in it, once that was run.

    Example: openiads report runs/default-1a2b3c4d-seed7 --replication 17
    """
    from openiads.campaigns.execute import open_run
    from openiads.campaigns.outcomes import summarise
    from openiads.export.report import write_report

    book = open_run(run)
    path = out or run / "report.html"
    if not path.parent.is_dir():
        raise InputError.of(f"no folder {path.parent}", "make it first", file=str(path))
    summary = {**summarise(book.model, book.outcomes), **held_beliefs(run)}
    log = _replay(book, replication)
    changes = _held_counterfactual(book)
    write_report(book.model, book.outcomes, summary, log, path, book.config, changes)
    if json:
        emit_json({"report": str(path), "replication": replication})
    else:
        say(f"report: {path}")
    return 0


def why(
    run: RunFolder,
    replication: Annotated[
        int | None, typer.Option("--replication", help="Tell the story of each of its leakers.")
    ] = None,
    counterfactual: Annotated[
        bool,
        typer.Option("--counterfactual", help="Find the cheapest single change that stops each."),
    ] = False,
    most: Annotated[
        int, typer.Option("--leakers", help="Leakers of the run to look at, without --replication.")
    ] = 100,
    assignment: Annotated[
        bool,
        typer.Option("--assignment", help="What the best assignment would have been worth."),
    ] = False,
    classes: Annotated[
        bool,
        typer.Option("--classes", help="What targets were taken for when they were first shot at."),
    ] = False,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", help="The file that was run, where it lies by its catalogue."),
    ] = None,
    json: JsonFlag = False,
) -> int:
    """For leakers, the first broken link of the kill chain, and what would have mended it.

    With --counterfactual the scenario is changed in one thing at a time, cheapest first, and
    replayed with the same draws, until each leaker is stopped. The findings stay in the run folder,
    and `openiads report` draws them.

    Example: openiads why runs/default-1a2b3c4d-seed7 --replication 17 --counterfactual
    """
    from openiads.analysis.why import why as shares_of
    from openiads.analysis.why import why_replication
    from openiads.campaigns.execute import open_run

    if assignment and replication is None:
        raise InputError.of("--assignment needs a replication", "add --replication K")
    book = open_run(run)
    found = shares_of(book.model, book.outcomes)
    if replication is not None:
        log = _replay(book, replication)
        found["replication"] = replication
        found["stories"] = why_replication(book.model, log)
        if assignment:
            from openiads.analysis.assignment_worth import assignment_worth

            found["assignment"] = assignment_worth(log).row()
    if classes:
        found["classes"] = _classes(book, replication)
    if counterfactual:
        if most < 1:
            raise InputError.of(f"--leakers {most}: nobody to look at", "give at least 1")
        found["counterfactual"] = _counterfactual(book, replication, most, scenario)
    if json:
        emit_json(found)
    elif replication is None:
        _print_shares(found)
    else:
        _print_stories(found)
        if assignment:
            _print_assignment(found["assignment"])
    if classes and not json:
        _print_classes(found["classes"])
    if counterfactual and not json:
        _print_counterfactual(found["counterfactual"], replication is not None)
    return 0


def _counterfactual(
    book: Run, replication: int | None, most: int, scenario: Path | None
) -> dict[str, Any]:
    """The changes that stop the leakers of one replication, or of the first of a run."""
    from openiads.analysis.counterfactual import counterfactuals, leakers_of
    from openiads.export.files import write_texts
    from openiads.scenario.load import find, load_document, shipped
    from openiads.scenario.reader import read_yaml

    name = str(book.config.get("scenario", ""))
    known = shipped()
    path = find(scenario) if scenario is not None else known.get(name, Path(name))
    text, set_ = str(book.config["text"]), dict(book.config.get("set") or {})

    def make(overrides: Mapping[str, str]) -> Scenario:
        document = read_yaml(text, str(path))
        return load_document(document, path.parent, {**set_, **overrides})

    note_first_start("replicate")
    seed = int(book.config["seed"])
    if replication is not None and replication not in book.outcomes.replication:
        raise InputError.of(f"replication {replication} is not in the run", "run more, -n")
    leakers = leakers_of(
        book.model, book.outcomes, replication, None if replication is not None else most
    )

    def told(stopped: int, wanted: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{stopped} of {wanted} leakers stopped")
            sys.stderr.flush()

    found = counterfactuals(make, book.model, seed, leakers, told).row()
    found["replication"] = replication
    if sys.stderr.isatty():
        note("")
    write_texts(book.folder, {COUNTERFACTUAL: dumps(found, indent=1)})
    return found


def _held_counterfactual(book: Run) -> dict[str, Any] | None:
    """What `why --counterfactual` last found of the run and left in its folder."""
    try:
        return dict(loads((book.folder / COUNTERFACTUAL).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _print_counterfactual(found: dict[str, Any], each: bool) -> None:
    count = len(found["leakers"])
    say()
    say(f"the cheapest single change that stops a leaker under the same draws ({count} leakers, "
        f"{found['changes_tried']} changes replayed)")  # fmt: skip
    if each:
        for leaker in found["leakers"]:
            change = leaker["change"]
            say(f"  {leaker['threat']} ({leaker['link']}): "
                f"{change['words'] if change else 'none of the changes tried'}")  # fmt: skip
            for key, value in (change["set"] if change else {}).items():
                say(f"      --set '{key}={value}'")
        return
    for row in found["by_change"]:
        say(f"  {_share(row)}  {row['words']}")


def _replay(book: Run, replication: int) -> Log:
    from openiads.eventlog import run as run_once

    if replication < 0:
        raise InputError.of(f"replication {replication} is negative", "count from 0")
    note_first_start("replicate")
    return run_once(book.model, int(book.config["seed"]), replication)


CLASS_REPLICATIONS = 100
"""Replications of a run that are replayed for the table of classes."""


def _classes(book: Run, replication: int | None) -> dict[str, Any]:
    """The confusion matrix of one replication, or of the first hundred of a run."""
    from openiads.analysis.confusion import confusion

    numbers = [replication] if replication is not None else book.outcomes.replication.tolist()
    return confusion(_replay(book, int(k)) for k in numbers[:CLASS_REPLICATIONS]).row()


def _print_classes(found: dict[str, Any]) -> None:
    say()
    right = "none" if found["right"] is None else f"{100 * found['right']:.1f} % of them rightly"
    say(f"what targets were taken for when first shot at: {found['first_volleys']} first volleys, "
        f"{right} ({found['replications']} replications)")  # fmt: skip
    for name, row in found["by_category"].items():
        shares = sorted(row["taken_for"].items(), key=lambda s: -s[1])
        told = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in shares)
        say(f"  {name:<11} {row['first_volleys']:6d}  as {told}")
    if found["at_false_tracks"]["first_volleys"]:
        told = ", ".join(found["at_false_tracks"]["taken_for"])
        say(f"  {'nothing':<11} {found['at_false_tracks']['first_volleys']:6d}  as {told}")
    if found["cycles_left_out"]:
        say(f"  {found['cycles_left_out']} cycles were too large to keep and are not counted")


def _share(figures: dict[str, Any]) -> str:
    low, high = figures["ci95"]
    return f"{100 * figures['share']:5.1f} %  [{100 * low:.1f}, {100 * high:.1f}]"


def _print_shares(found: dict[str, Any]) -> None:
    say(f"{found['scenario']}: {found['leakers']:.2f} of {found['threats']} threats leak, mean of "
        f"{found['replications']} replications")  # fmt: skip
    if not found["first_broken_link"]:
        say("nothing leaked, so no link broke")
        return
    say()
    say("first broken link   share of leakers, 95 % interval")
    for link, figures in found["first_broken_link"].items():
        say(f"  {link:<16} {_share(figures)}")
        say(f"      {figures['meaning']}")
    for name, part in found["by_class"].items():
        say()
        say(f"{name}: {part['leakers']:.2f} of {part['count']} leak")
        for link, figures in part["first_broken_link"].items():
            say(f"  {link:<16} {_share(figures)}")


def _print_stories(found: dict[str, Any]) -> None:
    stories = found["stories"]
    say(f"{found['scenario']}, replication {found['replication']}: {len(stories)} of "
        f"{found['threats']} threats leak")  # fmt: skip
    for story in stories:
        say()
        hit = ", destroyed" if story["destroyed"] else ""
        say(f"{story['threat']} ({story['class']}, at {story['asset']}{hit}): {story['link']}")
        say(f"    {story['what']}")
        say(f"    mend: {story['mend']}")


WORST_CYCLES = 5
"""Cycles that the terminal shows; the JSON holds all."""


def _print_assignment(found: dict[str, Any]) -> None:
    """What the decision cycles left of the threat value, and the least that they could have."""
    say()
    say(f"assignment: {found['cycles']} decision cycles ordered something; threat value (asset "
        "value per second to go) that they left")  # fmt: skip
    for words, key in (("as it was done", "left_done"), ("at best", "left_best")):
        say(f"  {words:<15} {found[key]:.4g} of {found['value']:.4g} /s"
            f"  ({100 * found[key] / (found['value'] or 1.0):.1f} %)")  # fmt: skip
    say(f"  a better assignment was there in {found['cycles_with_better']} cycles, worth "
        f"{found['worth']:.4g} /s; {'proven' if found['proven'] else 'not proven'} best by "
        f"{found['solver']}")  # fmt: skip
    if found["cycles_left_out"]:
        say(f"  {found['cycles_left_out']} cycles were too large to keep and are not counted")
    worst = sorted(found["each"], key=lambda c: -c["worth"])[:WORST_CYCLES]
    for cycle in worst:
        if not cycle["differs"]:
            continue
        say(f"  at {cycle['time_s']:.0f} s, {cycle['tracks']} tracks: left "
            f"{cycle['left_done']:.4g}, at best {cycle['left_best']:.4g} /s")  # fmt: skip
        for one in cycle["differs"]:
            say(f"      {one['threat']}: {_shot(one['done'])}; better {_shot(one['best'])}")


def _shot(taken: dict[str, Any] | None) -> str:
    if taken is None:
        return "nothing"
    return f"{taken['missile']} of {taken['unit']} ({taken['kill_probability']:.2f})"
