"""The checkable claims of the five source articles, in their own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openiads.claims.ledger import Event, event_of
from openiads.claims.ledger_check import check_articles
from openiads.faults import InputError
from openiads.scenario.catalogue import shipped_sources
from openiads.scenario.record import Claim
from openiads.scenario.shipped import shipped_document
from openiads.scenario.sources import Source


@dataclass(frozen=True, slots=True)
class ArticleClaim:
    """One checkable claim of the source articles, with the sentences that make it."""

    id: str
    claim: str
    kind: str
    section: str
    said: tuple[tuple[Source, str], ...]
    agree: str
    see: tuple[str, ...]
    says: tuple[Mapping[str, Any], ...]


def load_articles() -> tuple[ArticleClaim, ...]:
    """The claims of the source articles; raises ``InputError`` with every fault of the file."""
    sources = shipped_sources()
    document, checked = shipped_document("articles/claims.yaml")
    faults = [] if checked else check_articles(document, sources)
    if faults:
        raise InputError(faults)
    return tuple(
        ArticleClaim(
            id=name,
            claim=raw["claim"],
            kind=raw["kind"],
            section=raw["section"],
            said=tuple((sources[s["article"]], s["quote"]) for s in raw["said"]),
            agree=raw["agree"],
            see=tuple(raw.get("see") or ()),
            says=tuple(raw.get("says") or ()),
        )
        for name, raw in document.data["claims"].items()
    )


def article_events(articles: Sequence[ArticleClaim]) -> Iterator[Event]:
    """What the articles say of transfers beyond the events of the ledger, as events."""
    for article in articles:
        for place, raw in enumerate(article.says):
            if "buyer" not in raw:
                continue
            reading = {k: raw[k] for k in ("expects", "rank", "of", "lot", "topic") if k in raw}
            quote = next(q for s, q in article.said if s.id == raw["article"])
            source = next(s for s, _ in article.said if s.id == raw["article"])
            held = {**raw, "source": source.id, "quote": quote, "reading": reading}
            name = f"article.{article.id}" + (f".{place + 1}" if place else "")
            yield event_of(name, held, raw["buyer"], {source.id: source})


def article_claims(articles: Sequence[ArticleClaim]) -> Iterator[Claim]:
    """What the articles say of systems beyond the claims of the catalogue, as claims."""
    for article in articles:
        for place, raw in enumerate(article.says):
            if "item" not in raw:
                continue
            source, quote = next((s, q) for s, q in article.said if s.id == raw["article"])
            yield Claim(
                id=f"article.{article.id}" + (f".{place + 1}" if place else ""),
                item=raw["item"],
                parameter=raw["parameter"],
                value=raw["value"],
                unit=None if raw["unit"] == "text" else raw["unit"],
                bound=raw["bound"],
                source=source,
                quote=quote,
                note=raw.get("reading"),
            )
