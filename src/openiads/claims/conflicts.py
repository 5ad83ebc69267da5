"""Conflicts of the catalogue, found by rule: who disagrees with whom, and how it may be read.

Rules (each names itself in `Conflict.rule`):

``values``  two claims about one parameter cannot both hold. A claim is read as an interval of its
            SI value: ``exact`` and ``max`` within 2 %, ``approx`` within 10 %, ``min`` from its
            value up, a range from end to end (only its upper end where the parameter's name holds
            the word max, its lower end where it holds min). Two claims conflict where their
            intervals do not meet; claims of different dimensions are not compared.
``words``   two claims about one parameter differ and at least one of them has words for a value.
``scope``   a sentence applies a number to a class of targets for which other claims about the
            same item give a different number.

Readings (how the difference may be explained, each a rule of its own): *same source*, *different
object* (the figure is that of one component, or of another parameter), *different date* (every
claim of one value is older than every claim of the other), *one voice* (what agrees goes back to
one agency).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from openiads.scenario.catalogue import Catalogue
from openiads.scenario.record import Claim, Entry, Parameter, independent_voices, shown
from openiads.units import dimension, to_si

EXACT_TOLERANCE = 0.02
APPROXIMATE_TOLERANCE = 0.10
"""Assumed: how far a rounded figure of the press may lie from what it rounds."""

SCOPES = {"range_max_aerodynamic": {"ballistic": "range_max_ballistic"}}
"""Words in a quote about one parameter that make it speak of another."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the values that disagree, and who stands behind it."""

    value: str
    claims: tuple[Claim, ...]

    @property
    def voices(self) -> int:
        return independent_voices(self.claims)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sides that cannot all be right about one subject, with the ways to read it."""

    subject: str
    rule: str
    sides: tuple[Side, ...]
    readings: tuple[str, ...]
    ratio: float | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "subject": self.subject,
            "rule": self.rule,
            "ratio": self.ratio,
            "readings": list(self.readings),
            "sides": [
                {
                    "value": side.value,
                    "voices": side.voices,
                    "claims": [claim.id for claim in side.claims],
                }
                for side in self.sides
            ],
        }


def catalogue_conflicts(catalogue: Catalogue) -> list[Conflict]:
    """Every conflict of the catalogue, the widest numeric ones first."""
    found: list[Conflict] = []
    for name in catalogue:
        entry = catalogue[name]
        for parameter in entry.parameters.values():
            found += _of_values(catalogue, entry, parameter)
            found += _of_scope(entry, parameter)
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


def _of_scope(entry: Entry, parameter: Parameter) -> Iterator[Conflict]:
    for word, other_name in SCOPES.get(parameter.name, {}).items():
        other = entry.parameters.get(other_name)
        if other is None:
            continue
        wide = [c for c in parameter.claims if word in c.quote.casefold()]
        for side in _sides(wide):
            first = interval_si(side.claims[0])
            against = [
                c for c in other.claims if first and (i := interval_si(c)) and not _meet(first, i)
            ]
            if against:
                low = min(to_si(c.number() or 0.0, c.unit) for c in against)
                high = to_si(side.claims[0].number() or 0.0, side.claims[0].unit)
                said = f"different object: {other_name} is another quantity than {parameter.name}"
                yield Conflict(
                    parameter.id,
                    "scope",
                    (side, *_sides(against)),
                    (f"the sentence also speaks of {word} targets", said),
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


def _readings(
    catalogue: Catalogue, entry: Entry, parameter: Parameter, sides: tuple[Side, ...]
) -> tuple[str, ...]:
    readings: list[str] = []
    for a, b in combinations(sides, 2):
        shared = {c.source.id for c in a.claims} & {c.source.id for c in b.claims}
        readings += [f"same source: {s} says both {a.value} and {b.value}" for s in sorted(shared)]
    for side in sides:
        readings += _other_object(catalogue, entry, parameter, side)
    readings += _by_date(sides)
    readings += [
        f"one voice: the {len(side.claims)} claims of {side.value} go back to one origin"
        for side in sides
        if len(side.claims) > 1 and side.voices == 1
    ]
    return tuple(readings) or ("plain disagreement",)


def _other_object(
    catalogue: Catalogue, entry: Entry, parameter: Parameter, side: Side
) -> Iterator[str]:
    span = interval_si(side.claims[0])
    if span is None:
        return
    unit = dimension(side.claims[0].unit)
    for name in entry.components:
        other = catalogue[name].parameters.get(parameter.name)
        for claim in other.claims if other else ():
            if dimension(claim.unit) == unit and _meet(span, interval_si(claim) or (1.0, 0.0)):
                yield f"different object: {side.value} is the figure of {name}"
                break
    for name, other in entry.parameters.items():
        if name == parameter.name or name.rpartition("_")[2] != parameter.name.rpartition("_")[2]:
            continue
        same = [c for c in other.claims if dimension(c.unit) == unit and not c.is_text]
        if any(_meet(span, interval_si(c) or (1.0, 0.0)) for c in same):
            yield f"different object: {side.value} is also said of {name}"


def _by_date(sides: tuple[Side, ...]) -> Iterator[str]:
    for a, b in combinations(sides, 2):
        dates = [[c.source.date for c in side.claims] for side in (a, b)]
        if any(d is None for side in dates for d in side):
            continue
        first, second = ([str(d) for d in side] for side in dates)
        if max(first)[:4] < min(second)[:4]:
            yield f"different date: {a.value} until {max(first)}, {b.value} from {min(second)}"
        elif max(second)[:4] < min(first)[:4]:
            yield f"different date: {b.value} until {max(second)}, {a.value} from {min(first)}"
