"""Conflicts of the ledger, found by rule, each with the ways to read it.

Reports are compared where buyer, system and part (whole systems or missiles) are the same. Rules:

``date``      the same step of the same lot is reported, expected or implied in periods that do
              not meet; or all of a purchase is said to have arrived before a lot of it sets out.
``stage``     a step is reported, and a later report still has the transfer at a lower step: talks
              after a contract, plans after a delivery, delivery within a year of mere interest.
``denied``    a report denies a step that another report affirms.
``quantity``  one contract is said to be of numbers that no conversion of the words reconciles.
``money``     amounts in one currency differ by more than a tenth.
``halted``    a supply is said to be halted after it was said to be complete.
``missiles``  different missiles are said to come with the system.
``rank``      a buyer is said to be the first, third … of its kind.
``sequence``  something was threatened and later done: listed, but a sequence and no contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from openiads.claims.disagreement import (
    Conflict,
    Side,
    read_by_date,
    read_by_origin,
    read_by_source,
    read_by_voice,
    read_by_weight,
    read_undated,
)
from openiads.claims.inventory import fire_units
from openiads.claims.ledger import Context, Event, Period
from openiads.claims.ledger_steps import (
    LADDER,
    Report,
    label_denied,
    label_missiles,
    label_money,
    label_quantity,
    label_rank,
    label_step,
    lot_name,
    plain_report,
    reports_of,
)
from openiads.scenario.sources import latest_day

DATED = ("contract", "payment", "delivery-start", "delivery-complete", "commissioned")
"""Steps whose dates are compared."""

INTEREST_TO_DELIVERY_DAYS = 365
"""Assumed: no buyer goes from mere interest to delivery within a year. The shortest way from
contract to delivery in the ledger is Turkey's, September 2017 to July 2019."""

AGREED_TO_TALKS_DAYS = 31
"""Assumed: talks reported as undecided within a month contradict a reported agreement; later ones
may be the talks that follow an agreement in principle."""

INTENT_TO_SERVICE_DAYS = 31
"""Assumed: what is still intended is not in service within a month."""

MONEY_TOLERANCE = 0.10

Pair = tuple[Report, Report]


def ledger_conflicts(events: Sequence[Event], context: Sequence[Context] = ()) -> list[Conflict]:
    """Every conflict among ``events``, by buyer and system."""
    found: list[Conflict] = []
    for buyer, system, group in _groups(events):
        for rule, pairs_of, label in _RULES:
            for pairs in _clusters(list(pairs_of(group))):
                found.append(_conflict(buyer, system, rule, pairs, label))
    return found + list(_firsts(events)) + list(_sequences(context))


def conflict_pairs(events: Sequence[Event]) -> set[frozenset[str]]:
    """Each pair of events that some rule finds in conflict, by id."""
    firsts = {
        frozenset((a.id, b.id))
        for conflict in _firsts(events)
        for x, y in combinations(conflict.sides, 2)
        for a in x.said
        for b in y.said
    }
    return firsts | {
        frozenset((a.event.id, b.event.id))
        for _, _, group in _groups(events)
        for _, pairs_of, _ in _RULES
        for a, b in pairs_of(group)
    }


def _groups(events: Sequence[Event]) -> Iterator[tuple[str, str, list[Event]]]:
    """Events by buyer and system; a seller's word about any buyer joins every buyer's group."""
    general = [e for e in events if e.buyer.startswith("any ")]
    buyers = dict.fromkeys(e.buyer for e in events if e not in general)
    for buyer in buyers:
        mine = [e for e in events if e.buyer == buyer]
        for system in dict.fromkeys(e.family for e in mine):
            about = [e for e in general if e.family == system]
            yield buyer, system, [e for e in mine if e.family == system] + about


def _dates(events: list[Event]) -> Iterator[Pair]:
    reports = [
        r for r in reports_of(events) if r.kind in DATED and r.event.reading.part == "system"
    ]
    for a, b in combinations(reports, 2):
        if a.event is not b.event and a.kind == b.kind and a.lot == b.lot:
            if not a.period.meets(b.period):
                yield a, b
        elif "all" in (a.lot, b.lot) and a.lot != b.lot:
            whole, part = (a, b) if a.lot == "all" else (b, a)
            ends = "delivery-complete"
            if part.kind.startswith("delivery") and part.lot != "first":
                if whole.period.last < part.period.first:
                    yield whole, part
            elif part.kind == ends and not whole.period.meets(part.period):
                yield whole, part
    yield from _started_and_complete(reports)
    yield from _overdue(reports_of(events))


def _overdue(reports: list[Report]) -> Iterator[Pair]:
    """A step expected by some day, and a later report that still has talks about that lot."""
    for plan in reports:
        for talks in reports:
            if (plan.how, talks.how, talks.kind) != ("expected", "reported", "negotiation"):
                continue
            if plan.lot == talks.event.reading.lot and plan.period.last < talks.period.first:
                yield plan, talks


def _started_and_complete(reports: list[Report]) -> Iterator[Pair]:
    """A lot that arrives whole on the day, or before, it sets out."""
    for a in reports:
        for b in reports:
            kinds = (a.kind, b.kind, a.how, b.how)
            if kinds == ("delivery-start", "delivery-complete", "reported", "reported"):
                exact = a.period.first == a.period.last
                if a.lot == b.lot and exact and b.period.last <= a.period.first:
                    yield a, b


def _stages(events: list[Event]) -> Iterator[Pair]:
    reports = [r for r in reports_of(events) if r.event.reading.part == "system"]
    for high in reports:
        if high.kind not in LADDER[2:] or high.how == "expected":
            continue
        for low in reports:
            if low.how == "reported" and _still_below(high, low) and _same_lot(high, low):
                yield high, low


def _still_below(high: Report, low: Report) -> bool:
    """Whether ``low`` has the transfer at a lower step at a time when ``high`` was reached."""
    gap = _days(high.period.last) - _days(low.period.first)
    if low.kind == "planned" and not low.event.reading.expects:
        return high.kind in LADDER[5:] and gap <= INTENT_TO_SERVICE_DAYS and not _vague(low)
    if low.kind not in ("negotiation", "prospective"):
        later = _days(low.period.first) > _days(high.period.last)
        return low.kind == "agreement" and high.kind == "contract" and later
    if high.kind == "agreement":
        return low.kind == "negotiation" and abs(gap) <= AGREED_TO_TALKS_DAYS
    if high.kind in LADDER[4:]:
        return gap <= INTEREST_TO_DELIVERY_DAYS
    return gap <= 0


def _vague(report: Report) -> bool:
    return report.period.last.startswith("9999")


def _same_lot(a: Report, b: Report) -> bool:
    lots = [r.event.reading.lot for r in (a, b)]
    later = {"second", "additional"}
    return lots[0] == lots[1] or not (set(lots) & later)


def _denials(events: list[Event]) -> Iterator[Pair]:
    affirmed = [e for e in events if e.kind != "denied"]
    implied = [e for e in events if e.kind == "denied" and e.reading.implies]
    for e in events:
        if e.kind != "denied" or e.reading.denies is None:
            continue
        for other in [*affirmed, *implied]:
            if other is not e and _affirms(other, e):
                yield plain_report(e), plain_report(other)


def _affirms(other: Event, denial: Event) -> bool:
    """Whether ``other`` says that the step which ``denial`` denies was taken, or will be."""
    what, said = denial.reading.denies, other.kind
    if other.reading.topic != denial.reading.topic or other.reading.part != "system":
        return False
    if denial.reading.lot not in (None, other.reading.lot):
        return False
    steps = [said, *(x.kind for x in other.reading.implies)]
    if what == "sale":
        sold = {"contract", "delivery-start", "delivery-complete", "commissioned"}
        intended = said == "planned" and not other.reading.expects
        year = f"{denial.happened.first[:4]}-01-01"
        forbidden = Period(year, latest_day(denial.reading.until))
        dated = other.date is not None and Period.of(other.date).meets(forbidden)
        return dated and (intended or bool(sold & set(steps)))
    if what == "negotiation":
        return "negotiation" in steps or (said == "denied" and bool(other.reading.implies))
    reached = LADDER.index(str(what))
    return any(step in LADDER and LADDER.index(step) >= reached for step in steps)


def _quantities(events: list[Event]) -> Iterator[Pair]:
    """Numbers of one purchase; a part delivered counts as its whole only where it has its price."""
    wanted = ("contract", "planned", "agreement", "negotiation")
    counted = [
        e for e in events
        if e.quantity and e.kind in (*wanted, "delivery-complete") and e.reading.part == "system"
        and (not e.reading.expects or e.value)
    ]  # fmt: skip
    for a, b in combinations(counted, 2):
        if (a.kind in wanted) != (b.kind in wanted):
            part = b if a.kind in wanted else a
            if part.value is None:
                continue
        x, y = fire_units(a), fire_units(b)
        alike = _purchase(a) == _purchase(b)
        if alike and x and y and (x[1] < y[0] or y[1] < x[0]):
            yield plain_report(a), plain_report(b)


def _purchase(event: Event) -> str:
    """The purchase that a number is about; parts of a delivery stand for themselves."""
    lot = event.reading.lot or "first"
    return "first" if lot.startswith("first/fleet") else lot


def _amounts(events: list[Event]) -> Iterator[Pair]:
    kinds = ("contract", "agreement")
    paid = [e for e in events if e.value and e.kind in kinds and e.reading.part == "system"]
    for a, b in combinations(paid, 2):
        if a.value and b.value and a.value[1] == b.value[1]:
            low, high = sorted((a, b), key=lambda e: e.value[0] if e.value else 0.0)
            open_ended = low.value is not None and low.value[2] is not None
            differs = (
                high.value and low.value and high.value[0] > low.value[0] * (1 + MONEY_TOLERANCE)
            )
            if differs and not open_ended:
                yield plain_report(a), plain_report(b)


def _halts(events: list[Event]) -> Iterator[Pair]:
    lots = {e.reading.lot for e in events if e.kind.startswith("delivery")}
    last = {"second", "all", None} if "second" in lots else {"first", "all", None}
    for halt in (e for e in events if e.kind == "suspension-reported"):
        for done in (e for e in events if e.kind == "delivery-complete"):
            complete = (
                done.reading.lot in last or done.reading.part == halt.reading.part != "system"
            )
            if complete and done.happened.first <= halt.happened.last:
                yield plain_report(halt), plain_report(done)


def _missiles(events: list[Event]) -> Iterator[Pair]:
    for a, b in combinations([e for e in events if e.reading.missiles], 2):
        if not set(a.reading.missiles) & set(b.reading.missiles):
            yield plain_report(a), plain_report(b)


def _ranks(events: list[Event]) -> Iterator[Pair]:
    ranked = [e for e in events if e.reading.rank is not None]
    for a, b in combinations(ranked, 2):
        if a.reading.rank != b.reading.rank:
            yield plain_report(a), plain_report(b)


_RULES: tuple[tuple[str, Callable[[list[Event]], Iterator[Pair]], Callable[[Report], str]], ...] = (
    ("date", _dates, label_step),
    ("stage", _stages, label_step),
    ("denied", _denials, label_denied),
    ("quantity", _quantities, label_quantity),
    ("money", _amounts, label_money),
    ("halted", _halts, label_step),
    ("missiles", _missiles, label_missiles),
    ("rank", _ranks, label_rank),
)


def _clusters(pairs: list[Pair]) -> list[list[Pair]]:
    """Pairs that hang together: about the same step and lot, or sharing an event."""
    groups: list[tuple[set[str], list[Pair]]] = []
    for pair in pairs:
        keys = {r.event.id + r.kind + r.lot for r in pair}
        joined = [g for g in groups if g[0] & keys]
        merged_keys = keys.union(*(g[0] for g in joined))
        merged = [p for g in joined for p in g[1]] + [pair]
        groups = [g for g in groups if g not in joined] + [(merged_keys, merged)]
    return [group for _, group in groups]


def _conflict(
    buyer: str, system: str, rule: str, pairs: list[Pair], label: Callable[[Report], str]
) -> Conflict:
    reports = list({(r.event.id, r.kind, r.lot): r for pair in pairs for r in pair}.values())
    reports.sort(key=lambda r: (r.period.last, r.period.first, r.event.id))
    by_label: dict[str, list[Event]] = {}
    for r in reports:
        by_label.setdefault(label(r), []).append(r.event)
    sides = tuple(Side(text, tuple(group)) for text, group in by_label.items())
    lots = sorted({r.lot for r in reports if r.lot != "whole"})
    steps = sorted({r.kind for r in reports if r.kind in DATED})
    what = f"date of {' and '.join(steps)}" if rule == "date" else rule
    about = ""
    if lots and rule in ("date", "stage", "denied"):
        about = f" ({'; '.join(lot_name(lot) for lot in lots)})"
    subject = f"{buyer}: {system}: {what}{about}"
    readings = [*_same_source(pairs, label), *_readings(rule, reports, sides)]
    return Conflict(subject, rule, sides, tuple(readings) or ("plain disagreement",))


def _same_source(pairs: list[Pair], label: Callable[[Report], str]) -> Iterator[str]:
    for a, b in pairs:
        if a.event.source.id == b.event.source.id and a.event is not b.event:
            yield f"same source: {a.event.source.id} says both {label(a)} and {label(b)}"


def _readings(rule: str, reports: list[Report], sides: tuple[Side, ...]) -> Iterator[str]:
    yield from read_by_origin(sides)
    yield from read_by_voice(sides)
    yield from read_by_weight(sides)
    yield from _by_status(sides)
    how = {r.how for r in reports}
    if rule == "date" and "expected" in how and "reported" in how:
        yield "plan and outcome: what was expected and what is reported do not meet"
    elif rule == "date" and how == {"expected"}:
        yield "different plans: the later one may replace the earlier"
    parts = {r.event.reading.part for r in reports} | {r.event.system for r in reports}
    if len(parts - {"system"}) > 1:
        objects = sorted({f"“{r.event.system}”" for r in reports})
        yield f"different object: {', '.join(objects)}"
    if rule == "rank":
        yield "different object: one counts buyers, the other who received it"
    if rule in ("stage", "denied", "halted", "date"):
        yield from read_by_date(sides, "said ")
    if any(r.event.reading.lot is None for r in reports) and rule in ("stage", "quantity"):
        yield "different lot: not every report says which lot it means"
    yield from read_undated(sides)
    if rule == "quantity":
        yield "different unit: batteries, battalions, systems and sets are counted differently"


def _by_status(sides: Sequence[Side]) -> Iterator[str]:
    """Who is named: sides that a named official states, beside sides that none does."""
    named = {
        side.value: any(
            isinstance(e, Event) and e.status == "official-statement" for e in side.said
        )
        for side in sides
    }
    if any(named.values()) and not all(named.values()):
        yield f"different standing: a named official says {', '.join(v for v in named if named[v])}"


def _firsts(events: Sequence[Event]) -> Iterator[Conflict]:
    """Two buyers that are each said to be the first (or third …) of one system."""
    ranked = [e for e in events if e.reading.rank is not None]
    for key in dict.fromkeys((e.family, e.reading.rank, e.reading.of) for e in ranked):
        mine = [e for e in ranked if (e.family, e.reading.rank, e.reading.of) == key]
        buyers = dict.fromkeys(e.buyer for e in mine)
        if len(buyers) > 1:
            sides = tuple(Side(b, tuple(e for e in mine if e.buyer == b)) for b in buyers)
            subject = f"{key[0]}: number {key[1]} by {key[2]}"
            readings = (*read_by_source(sides), *read_by_date(sides, "said "))
            yield Conflict(subject, "rank", sides, readings or ("plain disagreement",))


def _sequences(context: Sequence[Context]) -> Iterator[Conflict]:
    """Threats of sanctions beside sanctions and exclusions against the same party."""
    done = ("sanction", "programme-exclusion", "legal")
    for party in dict.fromkeys(p for c in context for p in c.parties):
        mine = [c for c in context if party in c.parties]
        threats = [c for c in mine if c.kind == "sanction-threat"]
        acts = [c for c in mine if c.kind in done]
        if threats and acts:
            sides = (
                Side("contemplated", tuple(threats)),
                Side("done or mandated by law", tuple(acts)),
            )
            said = ("a sequence rather than a contradiction: first threatened, later done",)
            readings = (*said, *read_by_source(sides))
            yield Conflict(f"{party}: sanctions", "sequence", sides, readings)


def _days(day: str) -> int:
    """A running number of days, good enough for gaps: 365.25 days a year, 30.44 a month."""
    year, month, date = (int(part) for part in day.split("-"))
    return round(year * 365.25 + (month - 1) * 30.44 + date)
