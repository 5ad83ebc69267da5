"""``openiads catalogue``: the public record of systems and threats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.common import emit_json, say

if TYPE_CHECKING:
    from openiads.claims.disagreement import Conflict
    from openiads.scenario.catalogue import Catalogue
    from openiads.scenario.record import Choice, Claim, Entry, Parameter

Json = Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")]
Extra = Annotated[
    list[Path] | None,
    typer.Option("--with", help="A file of your own, laid over the shipped catalogue."),
]


def register(app: typer.Typer) -> None:
    """Add the group ``catalogue``."""
    group = typer.Typer(
        help="Sourced values: what is claimed of each system and threat, by whom and when.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_items)
    group.command("show")(show)
    group.command("conflicts")(conflicts)
    group.command("check")(check)
    group.command("index")(index)
    app.add_typer(group, name="catalogue")


def list_items(
    kind: Annotated[str, typer.Option(help="Only items of this kind.")] = "",
    extra: Extra = None,
    as_json: Json = False,
) -> None:
    """List every item with its kind and the number of its claims.

    Example: openiads catalogue list --kind radar
    """
    catalogue = _load(extra)
    entries = [catalogue[name] for name in catalogue]
    entries = [e for e in entries if kind in ("", e.kind)]
    if as_json:
        emit_json(
            {
                "items": [
                    {
                        "id": e.id,
                        "kind": e.kind,
                        "name": e.name,
                        "system": e.system,
                        "parameters": len(e.parameters),
                        "claims": len(e.claims),
                        "file": e.file,
                    }
                    for e in entries
                ]
            }
        )
        return
    for e in entries:
        indent = "  " if e.parent else ""
        say(f"{indent}{e.id:<{20 - len(indent)}} {e.kind:<13} {len(e.claims):>4}  {e.name}")
    say(f"{len(entries)} items, {sum(len(e.claims) for e in entries)} claims")


def show(
    name: Annotated[str, typer.Argument(help="Id of an item, as `list` prints it.")],
    rule: Annotated[str, typer.Option(help="Rule that chooses: see docs/catalogue.")] = "nominal",
    extra: Extra = None,
    as_json: Json = False,
) -> None:
    """Show an item and its components: each value, the rule that chose it, and the claims.

    Example: openiads catalogue show s-400 --rule as-of:2018-01-01
    """
    from openiads.faults import InputError, nearest
    from openiads.scenario.record import check_rule

    check_rule(rule)
    catalogue = _load(extra)
    if name not in catalogue:
        raise InputError.of(f"'{name}' is not in the catalogue", nearest(name, catalogue))
    names = _with_components(catalogue, name)
    if as_json:
        emit_json({"rule": rule, "items": [_entry_json(catalogue[n], rule) for n in names]})
        return
    for item in names:
        _show_entry(catalogue[item], rule)


def conflicts(
    item: Annotated[str, typer.Option(help="Only conflicts about this item.")] = "",
    extra: Extra = None,
    as_json: Json = False,
) -> None:
    """List the claims that cannot all be right, found by rule, and how each may be read.

    Example: openiads catalogue conflicts --item s-400
    """
    from openiads.claims.articles import article_claims, load_articles
    from openiads.claims.conflicts import catalogue_conflicts

    found = catalogue_conflicts(_load(extra), article_claims(load_articles()))
    found = [c for c in found if item in ("", c.subject.split(".")[0])]
    if as_json:
        emit_json({"conflicts": [c.as_dict() for c in found]})
    else:
        say_conflicts(found)


def say_conflicts(found: list[Conflict]) -> None:
    """Write conflicts for a person."""
    for conflict in found:
        ratio = f", factor {conflict.ratio:.3g}" if conflict.ratio else ""
        say(f"{conflict.subject}  ({conflict.rule}{ratio})")
        for side in conflict.sides:
            sources = ", ".join(dict.fromkeys(s.source.id for s in side.said))
            say(f"    {side.value}: {_voices(side.voices)}: {sources}")
        for reading in conflict.readings:
            say(f"    reading: {reading}")
    say(f"{len(found)} conflicts")


def check(
    file: Annotated[Path, typer.Argument(help="A catalogue or ledger file.")],
    as_json: Json = False,
) -> None:
    """Check a file of claims: every fault in one pass, with line and mend; exit 2 if any.

    Example: openiads catalogue check my-claims.yaml
    """
    from openiads.faults import InputError

    try:
        counted = _counted(file)
    except InputError as error:
        if not as_json:
            raise
        emit_json({"file": str(file), "faults": [f.as_dict() for f in error.faults]})
        raise typer.Exit(2) from None
    if as_json:
        emit_json({"file": str(file), "faults": [], **counted})
        return
    said = ", ".join(f"{number} {what}" for what, number in counted.items())
    say(f"{file}: no faults ({said})")


def _counted(file: Path) -> dict[str, int]:
    """What a catalogue or ledger file holds; raises ``InputError`` with every fault of it."""
    from openiads.scenario.reader import read_yaml

    if {"events", "context", "buyer"} & read_yaml(file).data.keys():
        from openiads.claims.ledger import check_ledger_file

        return check_ledger_file(file)
    from openiads.scenario.catalogue import check_file

    return check_file(file)


def index(as_json: Json = False) -> None:
    """Write the index of the shipped files anew; needed after editing them (see docs).

    Example: openiads catalogue index
    """
    from openiads.scenario.catalogue import load_catalogue
    from openiads.scenario.shipped import write_index

    load_catalogue()
    path = write_index()
    if as_json:
        emit_json({"index": str(path)})
    else:
        say(f"wrote {path}")


def _load(extra: list[Path] | None) -> Catalogue:
    from openiads.scenario.catalogue import load_catalogue

    return load_catalogue(extra or ())


def _with_components(catalogue: Catalogue, name: str) -> list[str]:
    names = [catalogue[name].id]
    for component in catalogue[name].components:
        names += _with_components(catalogue, component)
    return names


def _voices(count: int) -> str:
    return f"{count} voice{'s' if count != 1 else ''}"


def _show_entry(entry: Entry, rule: str) -> None:
    nato = f", {entry.nato_name}" if entry.nato_name else ""
    say(f"{entry.id}: {entry.name}{nato} ({entry.kind})")
    for parameter in entry.parameters.values():
        choice = _choice(parameter, rule)
        if choice is None:
            say(f"  {parameter.name}: nothing was published by then, and nothing is assumed")
            continue
        mark = " [assumed]" if choice.assumed else ""
        say(f"  {parameter.name} = {choice.shown()}{mark}   ({choice.rule})")
        say(f"      because: {choice.reason}")
        if choice.assumed and parameter.assumed and parameter.assumed.range:
            low, high = parameter.assumed.range
            say(f"      assumed range: {low:g} to {high:g} {choice.unit or ''}".rstrip())
        if choice.claim is not None:
            say(f"      claim:   {_claim_line(choice.claim)}")
        for claim in choice.agree:
            say(f"      agrees:  {_claim_line(claim)}")
        for claim in choice.over:
            say(f"      over:    {_claim_line(claim)}")
    say()


def _choice(parameter: Parameter, rule: str) -> Choice | None:
    """The choice, or None where ``as-of`` finds that nothing was yet published."""
    from openiads.faults import InputError

    try:
        return parameter.choose(rule)
    except InputError:
        return None


def _claim_line(claim: Claim) -> str:
    date = claim.source.date or "undated"
    return f"{claim.shown()} ({claim.bound}) {claim.source.id}, {claim.source.tier}, {date}"


def _entry_json(entry: Entry, rule: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "name": entry.name,
        "nato_name": entry.nato_name,
        "parent": entry.parent,
        "system": entry.system,
        "parameters": {p.name: _parameter_json(p, rule) for p in entry.parameters.values()},
    }


def _parameter_json(parameter: Parameter, rule: str) -> dict[str, Any]:
    choice = _choice(parameter, rule)
    if choice is None:
        return {"value": None, "rule": rule, "reason": "nothing was published by then"}
    assumed = parameter.assumed
    held = [*([choice.claim] if choice.claim else []), *choice.agree, *choice.over]
    past = rule.startswith("as-of:")  # our notes are hindsight
    shown = held if past else parameter.claims
    return {
        "value": choice.value,
        "unit": choice.unit,
        "rule": choice.rule,
        "reason": choice.reason,
        "assumed": choice.assumed,
        "range": list(assumed.range) if assumed and assumed.range else None,
        "claim": choice.claim.id if choice.claim else None,
        "over": [claim.id for claim in choice.over],
        "claims": [
            {
                "id": c.id,
                "value": list(c.value) if isinstance(c.value, tuple) else c.value,
                "unit": c.unit,
                "bound": c.bound,
                "quote": c.quote,
                "note": None if past else c.note,
                "doubted_by": c.doubted_by.id if c.doubted_by and not past else None,
                "source": {
                    "id": c.source.id,
                    "title": c.source.title,
                    "publisher": c.source.publisher,
                    "tier": c.source.tier,
                    "date": c.source.date,
                    "date_inferred": c.source.date_inferred,
                    "url": c.source.url,
                    "seed": c.source.seed,
                },
            }
            for c in shown
        ],
    }
