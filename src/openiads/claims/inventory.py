"""Who holds how many, low and high, from what the ledger reports.

Everything is counted in fire units: one engagement radar with its launchers, which Russian texts
call a division or battalion and Turkish and Indian ones a battery. The words of the reports are
converted as follows; the ranges are what the sources of ``s-400.regiment_composition`` leave open.

    battery, battalion, division, fire unit   1
    regiment, regimental set, regimental unit 2 to 3
    squadron                                  2
    system, "S-400"                           1 to 2 (some count sets of one, some regiments)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from openiads.claims.ledger import Event

ORDINALS = ("first", "second", "third", "fourth", "fifth")
RECEIVED = ("delivery-complete", "commissioned")

_UNITS = (
    (re.compile(r"regiment"), (2, 3)),
    (re.compile(r"squadron"), (2, 2)),
    (re.compile(r"batter|battalion|division"), (1, 1)),
    (re.compile(r"launcher|missile|countr"), None),
    (re.compile(r"system|S-400|batch"), (1, 2)),
)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a buyer holds of a system: fire units, at least and at most, and on whose word."""

    buyer: str
    system: str
    low: int
    high: int
    events: tuple[str, ...]
    why: str

    def as_dict(self) -> dict[str, object]:
        return {
            "buyer": self.buyer,
            "system": self.system,
            "fire_units_low": self.low,
            "fire_units_high": self.high,
            "events": list(self.events),
            "why": self.why,
        }


def fire_units(event: Event) -> tuple[int, int] | None:
    """Low and high number of fire units that the event's quantity means, if it means any."""
    if event.quantity is None:
        return None
    number, unit = event.quantity
    factor = next((f for pattern, f in _UNITS if pattern.search(unit)), None)
    counts = _counts(number)
    if factor is None or counts is None:
        return None
    return counts[0] * factor[0], counts[1] * factor[1]


def _counts(number: int | str) -> tuple[int, int] | None:
    """``3-4`` is 3 to 4, ``5 x 2`` is 10, ``2 squadrons = 4`` is 4."""
    if isinstance(number, int):
        return number, number
    if "=" in number:
        return _counts(number.partition("=")[2].strip())
    product = re.fullmatch(r"(\d+)\s*x\s*(\d+)", number)
    if product:
        return (int(product[1]) * int(product[2]),) * 2
    span = re.fullmatch(r"(\d+)(?:-(\d+))?", number)
    if span is None:
        return None
    return int(span[1]), int(span[2] or span[1])


def inventories(events: Sequence[Event], as_of: str = "9999-12-31") -> list[Holding]:
    """What each buyer holds by ``as_of``, from events that happened and were said by then.

    At most: for each lot the highest number that any report of receipt gives, lots added, or the
    highest number given for the whole if that is more; a lot that has only set out counts too. At
    least: the same with the lowest numbers, over lots of which no receipt is disputed.
    """
    from openiads.claims.ledger_conflicts import ledger_conflicts

    known = [e for e in events if e.said_by <= as_of or as_of.startswith("9999")]
    disputed = {
        said.id
        for conflict in ledger_conflicts(known)
        if conflict.rule in ("stage", "denied", "halted")
        for side in conflict.sides
        for said in side.said
    }
    found = []
    for buyer, system in dict.fromkeys((e.buyer, e.family) for e in known):
        mine = [
            e for e in known
            if e.buyer == buyer and e.family == system and e.reading.part == "system"
            and e.happened.first <= as_of
        ]  # fmt: skip
        got = [e for e in mine if e.kind in RECEIVED]
        sent = [e for e in mine if e.kind == "delivery-start"]
        if got or sent:
            found.append(_holding(buyer, system, got, sent, disputed))
    return found


def _holding(
    buyer: str, system: str, got: list[Event], sent: list[Event], disputed: set[str]
) -> Holding:
    sure = [e for e in got if e.id not in disputed]
    low, high = _total(sure)[0], _total([*got, *sent])[1]
    plural = "" if len(got) == 1 else "s"
    why = f"{len(got)} report{plural} of receipt, {len(got) - len(sure)} of them disputed"
    if sent:
        why += f", {len(sent)} of shipment"
    return Holding(buyer, system, low, max(low, high), tuple(e.id for e in [*got, *sent]), why)


def _total(events: list[Event]) -> tuple[int, int]:
    """Low and high over the lots of ``events``; a number for the whole stands beside the lots."""
    lots: dict[str, list[tuple[int, int]]] = {}
    parts: dict[str, dict[str, tuple[int, int]]] = {}
    whole: list[tuple[int, int]] = []
    reached = (0, 0)
    for e in events:
        units, lot = fire_units(e) or (1, 2), e.reading.lot
        main, slash, part = (lot or "").partition("/")
        if slash:
            parts.setdefault(main, {})[part] = units
        elif main in ORDINALS and "squadron" in (e.quantity or ("", ""))[1]:
            nth = ORDINALS.index(main) + 1
            reached = max(reached, (units[0] * nth, units[1] * nth))
        elif main in ("", "all"):
            whole.append(units)
        else:
            lots.setdefault(main, []).append(units)
    for main, held in parts.items():
        lots.setdefault(main, []).append(
            (sum(u[0] for u in held.values()), sum(u[1] for u in held.values()))
        )
    low = sum(min(u[0] for u in units) for units in lots.values())
    high = sum(max(u[1] for u in units) for units in lots.values())
    if whole:
        low = max(low, min(u[0] for u in whole))
        high = max(high, max(u[1] for u in whole))
    return max(low, reached[0]), max(high, reached[1])
