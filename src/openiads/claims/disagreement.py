"""A conflict of the public record: sides that cannot all be right, and how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from openiads.scenario.record import Source, count_voices, earliest_day


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
    yield from read_by_voice(sides)


def read_by_voice(sides: Sequence[Side]) -> Iterator[str]:
    """A reading for each side whose several sources go back to one origin."""
    for side in sides:
        if len({s.source.id for s in side.said}) > 1 and side.voices == 1:
            yield f"one voice: the {len(side.said)} reports of {side.value} go back to one origin"


def read_by_date(sides: Sequence[Side], said: str = "") -> Iterator[str]:
    """Readings that follow from when it was said: all of one side before all of the other.

    Given for two or three sides only; among more, the order of dates says little.
    """
    if len(sides) > 3:
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
