"""Conflicts of the catalogue, found by rule: who disagrees with whom, and how it may be read.

Rules (each names itself in `Conflict.rule`):

``values``  two claims about one parameter cannot both hold. A claim is read as an interval of its
            SI value: ``exact`` and ``max`` within 2 %, ``approx`` within 10 %, ``min`` from its
            value up, a range from end to end (only its upper end where the parameter's name holds
            the word max, its lower end where it holds min). Two claims conflict where their
            intervals do not meet; claims of different dimensions are not compared.
``dates``   two claims about when something entered service or production name times that do not
            meet; "after 2019-07" is what a sentence says that calls the thing yet to come then.
``words``   two claims about one parameter differ and at least one of them has words for a value.
``scope``   a sentence applies a number to a class of targets for which other claims about the
            same item give a different number.

Readings (how the difference may be explained, each a rule of its own): *same source*, *same origin*
(two outlets pass on one agency and differ), *note* (our note says what a figure is of), *different
object* (the figure is that of one component, or of another parameter), *doubted*, *different date*
(every claim of one value is older than every claim of the other), *one voice* (what agrees goes
back to one agency), *weight* (of voices), *different standing* (of sources), *undated*.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from openiads.claims.disagreement import (
    Conflict,
    Side,
    read_by_date,
    read_by_source,
    read_by_standing,
    read_by_weight,
    read_undated,
)
from openiads.claims.ledger import Period
from openiads.scenario.catalogue import Catalogue
from openiads.scenario.record import Claim, Entry, Parameter, shown
from openiads.units import dimension, to_si

EXACT_TOLERANCE = 0.02
APPROXIMATE_TOLERANCE = 0.10
"""Assumed: how far a rounded figure of the press may lie from what it rounds."""

WEAK = ("blog", "hobbyist", "code")
"""Tiers of source whose word alone is of less weight than that of any better tier."""

DATES = ("service_entry", "production_start")
"""Parameters whose values are dates, whether written as years or in words."""

SCOPES = {"range_max_aerodynamic": {"ballistic": "range_max_ballistic"}}
"""Words in a quote about one parameter that make it speak of another."""


def catalogue_conflicts(catalogue: Catalogue, articles: Iterable[Claim] = ()) -> list[Conflict]:
    """Every conflict of the catalogue, the widest numeric ones first.

    ``articles`` are further claims, of sentences whose reading as data no catalogue claim holds.
    """
    found: list[Conflict] = []
    further = list(articles)
    for name in catalogue:
        entry = catalogue[name]
        for held in entry.parameters.values():
            added = tuple(c for c in further if (c.item, c.parameter) == (entry.id, held.name))
            parameter = replace(held, claims=held.claims + added)
            if parameter.name.startswith(DATES):
                found += _of_dates(catalogue, entry, parameter)
            else:
                found += _of_values(catalogue, entry, parameter)
                found += _of_scope(catalogue, entry, parameter)
    return sorted(found, key=lambda c: (-(c.ratio or 0.0), c.subject))


def interval_si(claim: Claim) -> tuple[float, float] | None:
    """What the claim says its quantity lies between, in SI; None for words."""
    if isinstance(claim.value, str):
        return None
    if isinstance(claim.value, tuple):
        low, high = (to_si(v, claim.unit) for v in claim.value)
        if claim.limit == "max":
            low = high
        elif claim.limit == "min":
            high = low
        return low * (1 - EXACT_TOLERANCE), high * (1 + EXACT_TOLERANCE)
    value = to_si(claim.value, claim.unit)
    if claim.bound == "min" and claim.limit != "min":
        return value, math.inf
    slack = APPROXIMATE_TOLERANCE if claim.bound == "approx" else EXACT_TOLERANCE
    return value * (1 - slack), value * (1 + slack)


def _closed(claim: Claim) -> tuple[float, float] | None:
    """The claim's interval, unless it is open above: that would meet every larger figure."""
    span = interval_si(claim)
    return None if span is None or math.isinf(span[1]) else span


def _meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _of_values(catalogue: Catalogue, entry: Entry, parameter: Parameter) -> Iterator[Conflict]:
    by_dimension: dict[str, list[Claim]] = {}
    for claim in parameter.claims:
        by_dimension.setdefault(dimension(claim.unit), []).append(claim)
    words = by_dimension.pop("text", [])
    for claims in by_dimension.values():
        spans = [(c, interval_si(c)) for c in claims]
        clash = {
            c.id for (a, i), (b, j) in combinations(spans, 2) if i and j and not _meet(i, j)
            for c in (a, b)
        }  # fmt: skip
        if clash:
            sides = _sides(c for c in claims if c.id in clash)
            numbers = [to_si(c.number() or 0.0, c.unit) for c in claims if c.id in clash]
            ratio = max(numbers) / min(numbers) if min(numbers) > 0 else None
            readings = _readings(catalogue, entry, parameter, sides)
            yield Conflict(parameter.id, "values", sides, readings, ratio)
    sides = _sides([*words, *(c for cs in by_dimension.values() for c in cs)])
    if words and len(sides) > 1:
        yield Conflict(parameter.id, "words", sides, _readings(catalogue, entry, parameter, sides))


def period_of(claim: Claim) -> Period | None:
    """The time that a claim about a date names; None where its words name none."""
    text = str(claim.value)
    match = re.match(r"(after )?(\d{4}(?:-\d{2})?(?:-\d{2})?)(s)?", text)
    if match is None:
        return None
    if match[1]:
        return Period(first=Period.of(match[2]).last)
    if match[3]:
        return Period.of(f"{match[2]}/{int(match[2]) + 9}")
    return Period.of(match[2])


def _of_dates(catalogue: Catalogue, entry: Entry, parameter: Parameter) -> Iterator[Conflict]:
    spans = [(c, p) for c in parameter.claims if (p := period_of(c)) is not None]
    clash = {c.id for (a, p), (b, q) in combinations(spans, 2) if not p.meets(q) for c in (a, b)}
    if clash:
        sides = _sides(c for c, _ in spans if c.id in clash)
        readings = [*read_by_source(sides), *_fits_other_system(catalogue, entry, sides)]
        readings += [*read_by_date(sides, "said "), *read_by_weight(sides), *read_undated(sides)]
        yield Conflict(parameter.id, "dates", sides, tuple(readings) or ("plain disagreement",))


def _fits_other_system(
    catalogue: Catalogue, entry: Entry, sides: tuple[Side, ...]
) -> Iterator[str]:
    """Where a source calls one system yet to come, another one that it knows and that was."""
    for side in sides:
        if not side.value.startswith("after "):
            continue
        for name in catalogue:
            if name == entry.id or catalogue[name].kind != "system":
                continue
            for claim in catalogue[name].claims:
                spoken = claim.source.id in {s.source.id for s in side.said}
                if spoken and claim.parameter.startswith("service_entry"):
                    yield f"different object: the same source has {name} enter in {claim.value}"


def _of_scope(catalogue: Catalogue, entry: Entry, parameter: Parameter) -> Iterator[Conflict]:
    for word, other_name in SCOPES.get(parameter.name, {}).items():
        other = entry.parameters.get(other_name)
        if other is None:
            continue
        wide = [c for c in parameter.claims if word in c.quote.casefold()]
        for side in _sides(wide):
            said = _claims(side)[0]
            first = interval_si(said)
            against = [
                c for c in other.claims if first and (i := interval_si(c)) and not _meet(first, i)
            ]
            if against:
                low = min(to_si(c.number() or 0.0, c.unit) for c in against)
                high = to_si(said.number() or 0.0, said.unit)
                yield Conflict(
                    parameter.id,
                    "scope",
                    (side, *_sides(against)),
                    (
                        f"the sentence also speaks of {word} targets: see {entry.id}.{other_name}",
                        *_other_object(catalogue, entry, parameter, side),
                    ),
                    max(high / low, low / high) if low > 0 and high > 0 else None,
                )


def _sides(claims: Iterable[Claim]) -> tuple[Side, ...]:
    groups: dict[object, list[Claim]] = {}
    for claim in claims:
        number = claim.number()
        key: object = claim.value
        if number is not None:
            key = (dimension(claim.unit), float(f"{to_si(number, claim.unit):.6g}"))
        groups.setdefault(key, []).append(claim)
    return tuple(
        Side(shown(group[0].value, group[0].unit), tuple(group)) for group in groups.values()
    )


def _claims(side: Side) -> tuple[Claim, ...]:
    return tuple(s for s in side.said if isinstance(s, Claim))


def _readings(
    catalogue: Catalogue, entry: Entry, parameter: Parameter, sides: tuple[Side, ...]
) -> tuple[str, ...]:
    readings = [*read_by_source(sides), *_by_note(sides)]
    for side in sides:
        readings += _other_object(catalogue, entry, parameter, side)
    readings += [*_doubted(sides), *read_by_date(sides)]
    readings += [*read_by_weight(sides), *read_by_standing(sides, WEAK), *read_undated(sides)]
    return tuple(dict.fromkeys(readings)) or ("plain disagreement",)


def _by_note(sides: tuple[Side, ...]) -> Iterator[str]:
    """What our notes say the sides speak of, where they do not say the same of all."""
    notes: dict[str, list[str]] = {}
    for side in sides:
        for claim in _claims(side):
            if claim.note and claim.note != "converted":
                notes.setdefault(side.value, []).append(claim.note)
    for value, held in notes.items():
        yield f"note on {value}: {'; '.join(dict.fromkeys(held))}"


def _doubted(sides: tuple[Side, ...]) -> Iterator[str]:
    """Figures that a source, often the very one that gives them, holds to be wrong."""
    by: dict[str, list[str]] = {}
    for side in sides:
        for claim in _claims(side):
            if claim.doubted_by is not None:
                by.setdefault(claim.doubted_by.id, []).append(side.value)
    for source, values in by.items():
        yield f"doubted: {source} holds {', '.join(dict.fromkeys(values))} to be wrong"


def _other_object(
    catalogue: Catalogue, entry: Entry, parameter: Parameter, side: Side
) -> Iterator[str]:
    first = _claims(side)[0]
    span = interval_si(first)
    if span is None or math.isinf(span[1]):
        return
    unit = dimension(first.unit)
    for name in entry.components:
        held = catalogue[name].parameters.get(parameter.name)
        for claim in held.claims if held else ():
            theirs = _closed(claim)
            if dimension(claim.unit) == unit and theirs and _meet(span, theirs):
                yield f"different object: {side.value} is the figure of {name} ({claim.source.id})"
                break
    for name, other in entry.parameters.items():
        if name == parameter.name:
            continue
        same = [c for c in other.claims if dimension(c.unit) == unit and c.limit == first.limit]
        if any(theirs and _meet(span, theirs) for theirs in map(_closed, same)):
            yield f"different object: {side.value} is also said of {name}"
