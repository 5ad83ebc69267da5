"""``openiads ledger``: transfers of air-defence systems, as reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.common import emit_json, note, say
from openiads.faults import InputError

if TYPE_CHECKING:
    from openiads.claims.disagreement import Conflict
    from openiads.claims.ledger import Event, Ledger


def register(app: typer.Typer) -> None:
    """Add the command ``ledger``."""
    app.command("ledger")(ledger)


def ledger(
    buyer: Annotated[str, typer.Option(help="Only transfers to this buyer.")] = "",
    system: Annotated[str, typer.Option(help="Only this system: S-400, S-500, HQ-9.")] = "",
    as_of: Annotated[str, typer.Option(help="Only what had been said by this date.")] = "",
    conflicts: Annotated[bool, typer.Option("--conflicts", help="What cannot all be so.")] = False,
    timeline: Annotated[bool, typer.Option("--timeline", help="Draw both time axes.")] = False,
    beliefs: Annotated[bool, typer.Option("--beliefs", help="Step by step, what is told.")] = False,
    inventory: Annotated[bool, typer.Option("--inventory", help="Who holds how many.")] = False,
    sql: Annotated[
        str, typer.Option(help="A query over: events, claims, sources, conflicts, inventory.")
    ] = "",
    out: Annotated[str, typer.Option(help="Write the rows to FILE.csv or FILE.parquet.")] = "",
    equip: Annotated[
        str, typer.Option(help="Equip this scenario with what --buyer holds: see --out.")
    ] = "",
    html: Annotated[str, typer.Option(help="Write a self-contained page to FILE.html.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Transfers on two time axes: when it happened, or will, and when it was said.

    Example: openiads ledger --buyer Turkey --as-of 2018-03-01
    """
    from openiads.claims.ledger import load_ledger

    whole = load_ledger().of(buyer or None, system or None)
    part = whole.of(as_of=as_of or None)
    if html:
        _page(part, Path(html), as_of)
        return
    if equip:
        _equip(part, equip, out, as_of, as_json)
        return
    rows = _rows(part, as_of, conflicts, inventory, sql)
    if out:
        from openiads.claims.tables import write_rows

        write_rows(rows, Path(out))
        note(f"wrote {len(rows)} rows to {out}")
        return
    left_out = len(whole.events) - len(part.events)
    if as_json:
        key = _kind(conflicts, inventory, sql)
        found: Any = [c.as_dict() for c in _conflicts(part)] if key == "conflicts" else rows
        emit_json({"as_of": as_of or None, "left_out": left_out, "count": len(found), key: found})
    elif sql or inventory:
        _say_rows(rows)
    elif conflicts:
        from openiads.cli.catalogue import say_conflicts

        say_conflicts(_conflicts(part))
    elif beliefs:
        _say_beliefs(part)
        note(f"{left_out} reports said later, or at an unknown time, are left out")
    elif timeline:
        from openiads.export.timeline import timeline_text

        say(timeline_text(part.in_order()))
    else:
        _say_events(part, as_of, left_out)


def _equip(part: Ledger, base: str, out: str, as_of: str, as_json: bool) -> None:
    """Write a scenario with the fewest and one with the most fire units that reports leave."""
    from openiads.claims.equip import write_equipped
    from openiads.claims.inventory import inventories
    from openiads.scenario.sources import latest_day

    held = inventories(part.events, latest_day(as_of or None))
    if len(held) != 1 or not out:
        found = ", ".join(f"{h.buyer} {h.system}" for h in held) or "nobody"
        raise InputError.of(
            f"--equip takes one buyer, one system and --out; here it is {found}",
            "as in: openiads ledger --buyer Turkey --system S-400 --equip default --out turkey",
        )
    paths = write_equipped(base, held[0], Path(out))
    if as_json:
        emit_json({"as_of": as_of or None, "holding": held[0].as_dict(),
                   "scenarios": [str(p) for p in paths]})  # fmt: skip
        return
    for path in paths:
        say(f"wrote {path}")
    if len(paths) == 1:
        note("no report leaves it certain that any was received: only the high end is written")


def _kind(conflicts: bool, inventory: bool, sql: str) -> str:
    return "rows" if sql else "inventory" if inventory else "conflicts" if conflicts else "events"


def _conflicts(part: Ledger) -> list[Conflict]:
    from openiads.claims.articles import article_events, load_articles
    from openiads.claims.ledger_conflicts import ledger_conflicts

    held = {e.source.id for e in part.events}
    buyers = set(part.buyers)
    said = [e for e in article_events(load_articles()) if e.source.id in held and e.buyer in buyers]
    return ledger_conflicts([*part.events, *said], part.context)


def _rows(
    part: Ledger, as_of: str, conflicts: bool, inventory: bool, sql: str
) -> list[dict[str, Any]]:
    from openiads.claims import tables
    from openiads.claims.inventory import inventories
    from openiads.scenario.sources import latest_day

    held = part.in_order()
    if not (sql or conflicts or inventory):
        return tables.event_rows(held)
    holdings = inventories(part.events, latest_day(as_of or None))
    if inventory and not sql:
        return tables.inventory_rows(holdings)
    found = tables.conflict_rows(_conflicts(part))
    if not sql:
        return found
    from openiads.scenario.catalogue import load_catalogue

    return tables.query(
        sql,
        {
            "events": tables.event_rows(held),
            "claims": tables.claim_rows(
                replace(c, note=None) if as_of else c  # our notes are hindsight
                for c in load_catalogue().claims()
                if c.source.id in part.sources
            ),
            "sources": tables.source_rows(part.sources.values()),
            "conflicts": found,
            "inventory": tables.inventory_rows(holdings),
        },
    )


def _say_events(part: Ledger, as_of: str, left_out: int) -> None:
    for e in part.in_order():
        said = e.source.date or "unknown"
        amount = f", {e.quantity[0]} {e.quantity[1]}" if e.quantity else ""
        money = f", {e.value[0]:,.0f} {e.value[1]}" if e.value else ""
        say(f"{_when(e):<24} {e.buyer}: {e.kind}, {e.system}{amount}{money}")
        say(f"{'':<24} “{e.quote}”")
        say(f"{'':<24} said {said} by {e.source.publisher} ({e.status}) [{e.id}]")
    for c in part.context:
        say(f"{c.date:<24} {', '.join(c.parties)}: {c.kind} (context)")
        say(f"{'':<24} “{c.quote}”")
    say(f"{len(part.events)} reports" + (f" said by {as_of}" if as_of else ""))
    if as_of:
        say(f"What one could believe on {as_of}, with the number of independent voices:")
        _say_beliefs(part)
        note(f"{left_out} reports said later, or at an unknown time, are left out")


def _say_beliefs(part: Ledger) -> None:
    from openiads.claims.ledger_steps import beliefs

    for subject, sides in beliefs(part.events):
        told = "; ".join(f"{side.value} ({side.voices})" for side in sides)
        say(f"{subject}: {told}")


def _when(e: Event) -> str:
    if not e.reading.expects:
        return e.happened.shown()
    return "; ".join(f"{x.kind} {x.period.shown()}" for x in e.reading.expects[:1])


def _say_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("no rows")
        return
    names = list(rows[0])
    cells = [[str("" if row[n] is None else row[n])[:48] for n in names] for row in rows]
    widths = [max(len(n), *(len(row[i]) for row in cells)) for i, n in enumerate(names)]
    say("  ".join(n.ljust(w) for n, w in zip(names, widths, strict=True)).rstrip())
    for row in cells:
        say("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def _page(part: Ledger, path: Path, as_of: str) -> None:
    from openiads.claims.inventory import inventories
    from openiads.export.ledger_page import ledger_page
    from openiads.scenario.sources import latest_day

    holdings = inventories(part.events, latest_day(as_of or None))
    path.write_text(ledger_page(part, _conflicts(part), holdings, as_of), encoding="utf-8")
    note(f"wrote {path}")
