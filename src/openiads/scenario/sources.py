"""Sources of the public record: who said it, how near to the matter, when, and on whose word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

TIERS = {
    "official": "government or armed-forces text",
    "state-media": "state news agency or broadcaster",
    "news": "other press",
    "trade-press": "defence trade press",
    "think-tank": "research institute",
    "reference": "encyclopaedic or textbook-style page",
    "coaching-notes": "exam-coaching summaries",
    "blog": "blog or unnamed site",
    "hobbyist": "public wargame-database discussions that cite other sources",
    "code": "public dataset or code file",
}
"""Kinds of source, best first: the order in which ``nominal`` prefers them."""

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?\Z")


@dataclass(frozen=True, slots=True)
class Source:
    """Who said it: one article, dataset or page."""

    id: str
    title: str
    publisher: str
    tier: str
    url: str | None = None
    date: str | None = None
    date_inferred: bool = False
    seed: str | None = None
    repeats: tuple[str, ...] = ()

    @property
    def voices(self) -> frozenset[str]:
        """Whose word it is: the agencies or sources that it repeats, else its publisher."""
        return frozenset(v.casefold() for v in (self.repeats or (self.publisher,)))

    @property
    def latest_day(self) -> str:
        """Last day on which it can have been published; after all days where no date is known."""
        return latest_day(self.date)


def count_voices(sources: Iterable[Source]) -> int:
    """How many of ``sources`` share no origin, following shared agencies from one to the next."""
    return len(voice_groups(sources))


def voice_groups(sources: Iterable[Source]) -> list[set[str]]:
    """The independent voices behind ``sources``: each the set of all whose word it passes on."""
    groups: list[set[str]] = []
    for source in sources:
        merged = set(source.voices)
        apart = []
        for group in groups:
            if group & merged:
                merged |= group
            else:
                apart.append(group)
        groups = [*apart, merged]
    return groups


def is_date(text: str) -> bool:
    """Whether ``text`` is a year, a month or a day of the calendar, as in ``2018-03-01``."""
    if not _DATE.match(text):
        return False
    year, month, day = (int(part) for part in (text + "-01-01").split("-")[:3])
    return year > 0 and 1 <= month <= 12 and 1 <= day <= days_in(year, month)


def days_in(year: int, month: int) -> int:
    """Days of a month in the Gregorian calendar."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def latest_day(date: str | None) -> str:
    """The last day that ``date`` can mean; ``9999-12-31`` where none is known."""
    if date is None:
        return "9999-12-31"
    if len(date) == 4:
        return date + "-12-31"
    if len(date) == 7:
        return f"{date}-{days_in(int(date[:4]), int(date[5:])):02d}"
    return date


def earliest_day(date: str | None) -> str:
    """The first day that ``date`` can mean; ``0000-01-01`` where none is known."""
    return "0000-01-01" if date is None else (date + "-01-01")[:10]
