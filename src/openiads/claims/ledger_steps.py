"""Steps of a transfer: what the events report, expect or imply, and how a step is worded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openiads.claims.disagreement import Side
from openiads.claims.ledger import Event, Period

LADDER = ("prospective", "negotiation", "agreement", "contract", "delivery-start",
          "delivery-complete", "commissioned")  # fmt: skip
"""Steps of a transfer in order; what is merely planned or paid stands on no step of its own."""

DEFAULT_LOT = {"contract": "first", "payment": "first", "delivery-start": "first"}
"""The lot that is meant where a report names none; deliveries completed are of the whole."""


@dataclass(frozen=True, slots=True)
class Report:
    """One step of one lot in one period, as an event reports, expects or implies it."""

    event: Event
    kind: str
    lot: str
    period: Period
    how: str

    @property
    def shown(self) -> str:
        """When, as a person reads it."""
        return self.period.shown() + (" (expected)" if self.how == "expected" else "")


def reports_of(events: Iterable[Event]) -> list[Report]:
    """Every step that ``events`` report, expect or imply; denials and ranks are none."""
    found = []
    for e in events:
        if e.reading.topic != "transfer" or e.kind in ("denied", "rank"):
            continue
        lot = e.reading.lot or DEFAULT_LOT.get(e.kind, "whole")
        found.append(Report(e, e.kind, lot, e.happened, "reported"))
        for how, others in (("expected", e.reading.expects), ("implied", e.reading.implies)):
            for x in others:
                lot = x.lot or DEFAULT_LOT.get(x.kind, "whole")
                found.append(Report(e, x.kind, lot, x.period, how))
    return found


def plain_report(event: Event) -> Report:
    """The event itself as a step."""
    lot = event.reading.lot or DEFAULT_LOT.get(event.kind, "whole")
    return Report(event, event.kind, lot, event.happened, "reported")


def beliefs(events: Iterable[Event]) -> list[tuple[str, tuple[Side, ...]]]:
    """For each buyer, system, lot and step, the times given for it and who gave them."""
    held: dict[str, dict[str, list[Event]]] = {}
    order = {kind: place for place, kind in enumerate((*LADDER, "suspension-reported"))}
    steps = [r for r in reports_of(events) if r.kind in order and r.event.reading.part == "system"]
    steps.sort(key=lambda r: (r.event.buyer, r.event.family, r.lot != "first", r.lot))
    steps.sort(key=lambda r: (r.event.buyer, r.event.family, order[r.kind]))
    for r in steps:
        lot = "" if r.lot == "whole" else f" ({lot_name(r.lot)})"
        subject = f"{r.event.buyer}, {r.event.family}, {r.kind}{lot}"
        held.setdefault(subject, {}).setdefault(r.shown, []).append(r.event)
    return [
        (subject, tuple(Side(when, tuple(told)) for when, told in sorted(times.items())))
        for subject, times in held.items()
    ]


def lot_name(lot: str) -> str:
    """``first`` as "first lot", ``first/2`` as "first lot, part 2"."""
    main, _, part = lot.partition("/")
    name = "all lots" if main == "all" else f"{main} lot"
    return f"{name}, {part if ' ' in part else 'part ' + part}" if part else name


def label_step(r: Report) -> str:
    """The step and when."""
    return f"{r.kind} {r.shown}"


def label_denied(r: Report) -> str:
    """What is denied, or the step that stands against it."""
    if r.event.kind == "denied":
        return f"denies {r.event.reading.denies}"
    return f"{r.kind} {r.shown}"


def label_quantity(r: Report) -> str:
    """The number as the report words it."""
    number, unit = r.event.quantity or ("?", "")
    return f"{number} {unit}"


def label_money(r: Report) -> str:
    """The amount."""
    amount, currency, more = r.event.value or (0.0, "", None)
    return f"{(more + ' ') if more == 'more than' else ''}{amount:,.0f} {currency}"


def label_missiles(r: Report) -> str:
    """The missiles."""
    return "with " + ", ".join(r.event.reading.missiles)


def label_rank(r: Report) -> str:
    """The rank."""
    return f"number {r.event.reading.rank} by {r.event.reading.of}"
