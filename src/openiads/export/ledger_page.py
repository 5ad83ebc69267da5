"""The ledger as a page that a journalist can read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from openiads.claims.disagreement import Conflict
from openiads.claims.inventory import Holding
from openiads.claims.ledger import Ledger
from openiads.claims.ledger_check import STATUS
from openiads.claims.ledger_steps import beliefs, lot_name
from openiads.export.page import render
from openiads.export.timeline import SHAPES, glyph, timeline_svg
from openiads.scenario.sources import Source

PLAIN = {
    "delivery-start": "delivery begins",
    "delivery-complete": "delivery complete",
    "commissioned": "in service",
    "suspension-reported": "halt reported",
}
"""Steps in the words of a newspaper."""


def in_plain_words(text: str, sources: Mapping[str, Source]) -> str:
    """A text of the record with its steps in plain words and its sources by their names."""
    known = {n: f"{s.publisher} ({s.date or 'undated'})" for n, s in sources.items()} | PLAIN
    return re.sub(r"[\w-]+", lambda word: known.get(word[0], word[0]), text)


def ledger_page(
    ledger: Ledger, conflicts: Sequence[Conflict], holdings: Sequence[Holding], as_of: str = ""
) -> str:
    """One self-contained HTML page of a part of the ledger."""
    buyers = ledger.buyers
    who = buyers[0] if len(buyers) == 1 else f"{len(buyers)} buyers"
    when = f" as one could know them on {as_of}" if as_of else ""
    title = f"Air-defence transfers to {who}{when}"
    lede = (
        f"{len(ledger.events)} public reports, each with the time of what it reports and the time "
        "when it was said, in its own words. Contradictions are kept, not settled."
    )
    kinds = [k for k in SHAPES if any(e.kind == k for e in ledger.events)]
    return render(
        "ledger.html.j2",
        title=title,
        lede=lede,
        figure=timeline_svg(ledger.in_order(), title),
        plain=lambda text: in_plain_words(text, ledger.sources),
        legend=[
            (PLAIN.get(kind, kind), glyph(SHAPES[kind][0], 10, 10, SHAPES[kind][1]))
            for kind in kinds
        ],
        beliefs=beliefs(ledger.events) if len(buyers) <= 3 else [],
        holdings=holdings,
        conflicts=conflicts,
        events=ledger.in_order(),
        status=STATUS,
        lot_name=lot_name,
        as_of=as_of,
        count=len(ledger.events),
    )
