"""A conflict of the public record: sides that cannot all be right, and how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from openiads.scenario.sources import Source, count_voices, earliest_day


class Said(Protocol):
    """Anything that a source said: a claim of the catalogue or an event of the ledger."""

    @property
    def id(self) -> str: ...

    @property
    def source(self) -> Source: ...


@dataclass(frozen=True, slots=True)
class Side:
    """One of the values that disagree, and who stands behind it."""

    value: str
    said: tuple[Said, ...]

    @property
    def voices(self) -> int:
        return count_voices(s.source for s in self.said)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sides that cannot all be right about one subject, with the ways to read it."""

    subject: str
    rule: str
    sides: tuple[Side, ...]
    readings: tuple[str, ...]
    ratio: float | None = None

    @property
    def ids(self) -> frozenset[str]:
        """Ids of everything said on any side."""
        return frozenset(s.id for side in self.sides for s in side.said)

    @property
    def sources(self) -> frozenset[str]:
        """Ids of the sources on any side."""
        return frozenset(s.source.id for side in self.sides for s in side.said)

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
                    "ids": [s.id for s in side.said],
                    "sources": sorted({s.source.id for s in side.said}),
                }
                for side in self.sides
            ],
        }


def read_by_source(sides: Sequence[Side]) -> Iterator[str]:
    """Readings that follow from who spoke: one source on two sides, one voice behind a side."""
    for a, b in combinations(sides, 2):
        shared = {s.source.id for s in a.said} & {s.source.id for s in b.said}
        for source in sorted(shared):
            yield f"same source: {source} says both {a.value} and {b.value}"
    yield from read_by_origin(sides)
    yield from read_by_voice(sides)


def read_by_origin(sides: Sequence[Side]) -> Iterator[str]:
    """A reading for each agency whose word stands on several sides, passed on by others."""
    told: dict[str, dict[str, Source]] = {}
    where: dict[str, set[int]] = {}
    for place, side in enumerate(sides):
        for said in side.said:
            for voice in sorted(said.source.voices):
                told.setdefault(voice, {})[said.source.id] = said.source
                where.setdefault(voice, set()).add(place)
    for voice, sources in told.items():
        if len(sources) > 1 and len(where[voice]) > 1 and any(s.repeats for s in sources.values()):
            names = {n for s in sources.values() for n in (*s.repeats, s.publisher)}
            name = next(n for n in sorted(names) if n.casefold() == voice)
            yield f"same origin: {', '.join(sources)} go back to {name}, and stand on several sides"


def read_by_weight(sides: Sequence[Side]) -> Iterator[str]:
    """A reading where one side has at least twice the independent voices of every other."""
    ordered = sorted(sides, key=lambda side: -side.voices)
    if len(ordered) < 2 or ordered[0].voices < 2 * ordered[1].voices:
        return
    most, fewer = ordered[0], ordered[1]
    others = fewer.value if len(ordered) == 2 else "each of the others at most"
    yield f"weight: {most.voices} voices say {most.value}, {fewer.voices} {others}"


def read_by_standing(sides: Sequence[Side], weak: Sequence[str]) -> Iterator[str]:
    """A reading for each side that rests on weak tiers of source alone, beside a better one."""
    tiers = [{s.source.tier for s in side.said} for side in sides]
    if all(held <= set(weak) for held in tiers):
        return
    slight = [side.value for side, held in zip(sides, tiers, strict=True) if held <= set(weak)]
    if slight:
        kinds = ", ".join(t for t in weak if any(t in held for held in tiers))
        yield f"different standing: sources of low tier ({kinds}) alone say {', '.join(slight)}"


def read_undated(sides: Sequence[Side]) -> Iterator[str]:
    """A reading that names the sources of which it is not known when they spoke."""
    names = sorted({s.source.id for side in sides for s in side.said if s.source.date is None})
    if names:
        yield f"undated: it is not known when {', '.join(names)} said it"


def read_by_voice(sides: Sequence[Side]) -> Iterator[str]:
    """A reading for each side whose several sources go back to one origin."""
    for side in sides:
        if len({s.source.id for s in side.said}) > 1 and side.voices == 1:
            yield f"one voice: the {len(side.said)} reports of {side.value} go back to one origin"


def read_by_date(sides: Sequence[Side], said: str = "") -> Iterator[str]:
    """Readings that follow from when it was said: all of one side before all of the other.

    Among more than three sides only the order in which they were first said is told.
    """
    if len(sides) > 3:
        yield from _in_order(sides, said)
        return
    for a, b in combinations(sides, 2):
        dates = [[s.source.date for s in side.said] for side in (a, b)]
        if any(d is None for side in dates for d in side):
            continue
        for (one, days), (two, others) in (((a, dates[0]), (b, dates[1])),
                                           ((b, dates[1]), (a, dates[0]))):  # fmt: skip
            last, first = max(map(str, days)), min(map(str, others))
            if max(s.source.latest_day for s in one.said) < min(
                earliest_day(s.source.date) for s in two.said
            ):
                yield f"different date: {one.value} {said}until {last}, {two.value} from {first}"


def _in_order(sides: Sequence[Side], said: str) -> Iterator[str]:
    dated = [(side.value, [s.source.date for s in side.said if s.source.date]) for side in sides]
    ordered = sorted((min(days), value) for value, days in dated if days)
    if len({day for day, _ in ordered}) > 1:
        yield "different date: " + ", ".join(f"{v} {said}from {day}" for day, v in ordered)
