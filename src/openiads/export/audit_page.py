"""The audit as a page of claim cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from openiads.claims.articles import ArticleClaim
from openiads.claims.audit import tally
from openiads.claims.findings import VERDICTS, Finding
from openiads.claims.ledger import Ledger
from openiads.export.page import render
from openiads.export.pictures import picture_svg
from openiads.scenario.catalogue import Catalogue
from openiads.scenario.sources import Source

STYLE = {
    "supported": "supported",
    "only if": "only-if",
    "contradicted": "contradicted",
    "contradicts another claim": "contradicts",
    "not checkable": "not-checkable",
}
MARK = {
    "supported": "✓",
    "only if": "~",
    "contradicted": "✗",
    "contradicts another claim": "≠",
    "not checkable": "?",
}
"""A sign beside the colour, for those who cannot tell the colours apart."""
HEADINGS = {
    "only if": "It holds only if:",
    "contradicted": "Conditions:",
    "contradicts another claim": "How the two may go together:",
}
"""What the conditions of a finding are, by its verdict."""


@dataclass(frozen=True)
class Told:
    """Something said that a finding refers to, in words."""

    value: str
    source: Source
    quote: str


def told_by_id(
    catalogue: Catalogue, ledger: Ledger | None = None, articles: Iterable[ArticleClaim] = ()
) -> dict[str, Told]:
    """Everything said, by id: claims, reports, context, and sentences of the articles."""
    told = {c.id: Told(c.shown(), c.source, c.quote) for c in catalogue.claims()}
    for e in ledger.events if ledger else ():
        told[e.id] = Told(f"{e.buyer}: {e.kind} {e.happened.shown()}", e.source, e.quote)
    for c in ledger.context if ledger else ():
        told[c.id] = Told(f"{', '.join(c.parties)}: {c.kind}", c.source, c.quote)
    for a in articles:
        told[f"article.{a.id}"] = Told(f"claim {a.id}", *a.said[0])
    return told


@dataclass(frozen=True)
class Card:
    """One claim as the page shows it."""

    key: str
    number: str
    sentence: str
    said: tuple[tuple[Source, str], ...]
    finding: Finding
    picture: str
    steps: tuple[str, ...]


def card_of(
    finding: Finding, sentence: str, said: tuple[tuple[Source, str], ...], number: str = ""
) -> Card:
    """The card of a finding."""
    picture = picture_svg(finding.picture, f"p-{finding.claim}") if finding.picture else ""
    steps = tuple(amount(step.value, step.unit) for step in finding.calculation)
    return Card(finding.claim, number, sentence, said, finding, picture, steps)


def amount(value: float, unit: str) -> str:
    """A value of a calculation as a person reads it: long lengths in kilometres."""
    if unit == "m" and abs(value) >= 10_000:
        return f"{value / 1e3:,.1f} km"
    if unit == "m/s" and abs(value) >= 1000:
        return f"{value / 1e3:.2f} km/s"
    return f"{value:,.4g} {unit}"


def audit_page(
    cards: Sequence[Card], title: str, lede: str, told: Mapping[str, Told] | None = None
) -> str:
    """One self-contained HTML page of claim cards; ``told`` puts words to the ids they name."""
    return render(
        "audit.html.j2",
        title=title,
        lede=lede,
        cards=cards,
        counts=tally(card.finding for card in cards),
        verdicts=VERDICTS,
        style=STYLE,
        mark=MARK,
        headings=HEADINGS,
        told=told or {},
    )
