"""The ledger of transfers: who was said to do what, on two time axes.

Each event has the time when it happened (or was to happen) and the time when it was said. A
partial date is a period: ``2018`` is any day of that year. ``said by`` takes the last day that the
date of publication can mean, and what has no date of publication is never shown in a view as of
some day: nothing said later can slip into it.

An event's words, dates and quantities are its source's. What it means where the bare fields do
not carry it stands apart in its ``reading`` and is ours (see docs/ledger.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openiads.claims.ledger_check import check_ledger
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import shipped_sources
from openiads.scenario.reader import read_yaml
from openiads.scenario.record_check import check_sources
from openiads.scenario.shipped import shipped_document, shipped_files
from openiads.scenario.sources import Source, earliest_day, is_date, latest_day

FIRST_DAY, LAST_DAY = "0000-01-01", "9999-12-31"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from ``first`` to ``last``, both included, in ISO form."""

    first: str = FIRST_DAY
    last: str = LAST_DAY

    @classmethod
    def of(cls, text: str | None) -> Period:
        """``2018-03``, or ``2017-12/2018-01`` with either end left open; None is any day."""
        if text is None:
            return cls()
        start, slash, end = text.partition("/")
        first = earliest_day(start or None)
        return cls(first, latest_day((end if slash else start) or None))

    def shown(self) -> str:
        """``2018``, ``2018-03``, ``2018-03-01``, ``by …``, ``from …`` or ``… to …``."""
        if self.first == FIRST_DAY:
            return "at an unknown time" if self.last == LAST_DAY else f"by {self.last}"
        if self.last == LAST_DAY:
            return f"from {self.first}"
        for short in (self.first[:4], self.first[:7]):
            if Period.of(short) == self:
                return short
        return self.first if self.first == self.last else f"{self.first} to {self.last}"

    def meets(self, other: Period) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that an event foresees or implies: a kind, a lot, a period."""

    kind: str
    lot: str | None = None
    date: str | None = None

    @property
    def period(self) -> Period:
        return Period.of(self.date)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event means beyond its bare fields; our interpretation of the quoted words."""

    lot: str | None = None
    part: str = "system"
    topic: str = "transfer"
    by: bool = False
    denies: str | None = None
    until: str | None = None
    missiles: tuple[str, ...] = ()
    expects: tuple[Expected, ...] = ()
    implies: tuple[Expected, ...] = ()
    rank: int | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One report of one step of one transfer."""

    id: str
    buyer: str
    seller: str
    system: str
    kind: str
    status: str
    source: Source
    quote: str
    date: str | None = None
    quantity: tuple[int | str, str] | None = None
    value: tuple[float, str, str | None] | None = None
    note: str | None = None
    reading: Reading = Reading()

    @property
    def happened(self) -> Period:
        """When it happened by its words; until then at the latest where it is told as past."""
        period = Period.of(self.date)
        return replace(period, first=FIRST_DAY) if self.reading.by else period

    @property
    def said_by(self) -> str:
        """The last day on which it can have been said."""
        return self.source.latest_day

    @property
    def family(self) -> str:
        """The system without its variant: S-400, S-500, HQ-9."""
        match = re.search(r"S-\d{3}|HQ-9|FD-2000", self.system)
        name = match[0] if match else self.system
        return "HQ-9" if name == "FD-2000" else name


@dataclass(frozen=True, slots=True)
class Context:
    """Something around the transfers: a sanction, a test, an upgrade."""

    id: str
    kind: str
    parties: tuple[str, ...]
    date: str
    source: Source
    quote: str
    note: str | None = None

    @property
    def happened(self) -> Period:
        return Period.of(self.date)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every event and context event, and the sources by id."""

    events: tuple[Event, ...]
    context: tuple[Context, ...]
    sources: Mapping[str, Source]

    @property
    def buyers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(e.buyer for e in self.events))

    def of(
        self, buyer: str | None = None, system: str | None = None, as_of: str | None = None
    ) -> Ledger:
        """The part about a buyer and a system, with only what was said by ``as_of``.

        Raises ``InputError`` for a buyer or system without events, and for what is no date.
        """
        events, context = self.events, self.context
        if buyer is not None:
            events = tuple(e for e in events if e.buyer.casefold() == buyer.casefold())
            context = tuple(c for c in context if buyer.casefold() in map(str.casefold, c.parties))
            if not events:
                raise InputError.of(
                    f"no buyer '{buyer}' in the ledger", nearest(buyer, self.buyers)
                )
        if system is not None:
            held = {e.family for e in events} | {e.system for e in events}
            wanted = system.casefold()
            events = tuple(
                e for e in events if wanted in (e.family.casefold(), e.system.casefold())
            )
            if not events:
                raise InputError.of(f"no system '{system}' in the ledger", nearest(system, held))
        if as_of is not None:
            if not is_date(as_of):
                mend = "write it as 2018, 2018-03 or 2018-03-01"
                raise InputError.of(f"'{as_of}' is no date", mend)
            return Ledger(events, context, self.sources)._said_by(latest_day(as_of))
        return Ledger(events, context, self.sources)

    def _said_by(self, day: str) -> Ledger:
        """What had been said by ``day``, without our notes: these are hindsight."""
        return Ledger(
            tuple(replace(e, note=None) for e in self.events if e.said_by <= day),
            tuple(replace(c, note=None) for c in self.context if c.source.latest_day <= day),
            {name: s for name, s in self.sources.items() if s.latest_day <= day},
        )

    def in_order(self) -> tuple[Event, ...]:
        """Events by when they happened, then by when they were said; undated ones come last."""
        return tuple(
            sorted(self.events, key=lambda e: (e.date or "9999", e.source.date or "9999", e.id))
        )


def load_ledger() -> Ledger:
    """The ledger that comes with the package; raises ``InputError`` with every fault of it."""
    sources = shipped_sources()
    faults: list[Fault] = []
    events: list[Event] = []
    context: list[Context] = []
    for name in shipped_files("ledger"):
        document, checked = shipped_document(name)
        found = [] if checked else check_ledger(document, sources)
        faults += found
        if not found:
            events += events_of(document.data, sources)
            context += _context_of(document.data, sources)
    if faults:
        raise InputError(faults)
    return Ledger(tuple(events), tuple(context), sources)


def check_ledger_file(path: Path) -> dict[str, int]:
    """Count what a ledger file holds; raises ``InputError`` with every fault of it.

    The file may describe ``sources`` of its own beside its events.
    """
    document = read_yaml(path)
    sources = shipped_sources()
    faults = check_sources(document, document.data.get("sources"), sources)
    own = document.data.get("sources")
    faults += check_ledger(document, {*sources, *(own if isinstance(own, dict) else ())})
    if faults:
        raise InputError(sorted(faults, key=lambda fault: fault.line or 0))
    return {
        "events": len(document.data.get("events") or {}),
        "context events": len(document.data.get("context") or {}),
        "sources": len(own or {}),
    }


def events_of(data: Mapping[str, Any], sources: Mapping[str, Source]) -> list[Event]:
    """The events of one checked file."""
    return [
        event_of(name, raw, data["buyer"], sources)
        for name, raw in (data.get("events") or {}).items()
    ]


def event_of(name: str, raw: Mapping[str, Any], buyer: str, sources: Mapping[str, Source]) -> Event:
    """One event from its checked mapping."""
    quantity, value = raw.get("quantity"), raw.get("value")
    return Event(
        id=name,
        buyer=buyer,
        seller=raw.get("seller", ""),
        system=raw["system"],
        kind=raw["kind"],
        status=raw.get("status", "media-report"),
        source=sources[raw["source"]],
        quote=raw.get("quote", ""),
        date=raw.get("date"),
        quantity=(quantity["number"], quantity["unit"]) if quantity else None,
        value=(value["amount"], value["currency"], value.get("qualifier")) if value else None,
        note=raw.get("note"),
        reading=_reading(raw.get("reading") or {}),
    )


def _reading(raw: Mapping[str, Any]) -> Reading:
    plain = {k: v for k, v in raw.items() if k not in ("expects", "implies", "missiles")}
    return Reading(
        **plain,
        missiles=tuple(raw.get("missiles", ())),
        expects=tuple(Expected(**e) for e in raw.get("expects", ())),
        implies=tuple(Expected(**e) for e in raw.get("implies", ())),
    )


def _context_of(data: Mapping[str, Any], sources: Mapping[str, Source]) -> list[Context]:
    return [
        Context(
            id=name,
            kind=raw["kind"],
            parties=tuple(raw["parties"]),
            date=raw["date"],
            source=sources[raw["source"]],
            quote=raw["quote"],
            note=raw.get("note"),
        )
        for name, raw in (data.get("context") or {}).items()
    ]
