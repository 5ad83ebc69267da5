"""What targets were taken for when they were first shot at: a confusion matrix from Logs.

With ``classification: features`` the command post decides on what a target looks like. The Log
keeps with each order the category that the track was taken for and its probability; here these are
set against what the target was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.domain.threats import ALL_CATEGORIES
from openiads.eventlog import Log

WORDS = {
    "aircraft": "an aircraft",
    "drone": "a drone",
    "cruise": "a subsonic cruise missile",
    "supersonic": "a supersonic missile",
    "ballistic": "a ballistic missile",
    "decoy": "a decoy",
    "neutral": "an airliner",
    "surface": "a ship or vehicle",
}


@dataclass(frozen=True)
class Named:
    """What a target was taken for when the first volley at it was ordered."""

    kind: int
    probability: float

    @property
    def category(self) -> str:
        return ALL_CATEGORIES[self.kind]


@dataclass(frozen=True)
class Confusion:
    """First volleys by what the target was and what it was taken for, over replications."""

    replications: int
    counts: NDArray[np.int64]  # (categories, categories): true, taken for
    false: NDArray[np.int64]  # (categories,) volleys at tracks of nothing
    cycles_left_out: int

    @property
    def right(self) -> float:
        """Share of first volleys whose target was taken for what it was; nan without any."""
        total = int(self.counts.sum())
        return float(np.trace(self.counts)) / total if total else float("nan")

    def row(self) -> dict[str, Any]:
        """As plain data; categories that do not occur are left out."""
        total = int(self.counts.sum())
        rows = {}
        for true, name in enumerate(ALL_CATEGORIES):
            mine = self.counts[true]
            if mine.sum():
                rows[name] = {
                    "first_volleys": int(mine.sum()),
                    "taken_for": _shares(mine),
                }
        return {
            "replications": self.replications,
            "first_volleys": total,
            "right": self.right if total else None,
            "by_category": rows,
            "at_false_tracks": {
                "first_volleys": int(self.false.sum()),
                "taken_for": _shares(self.false),
            },
            "cycles_left_out": self.cycles_left_out,
        }


def _shares(counts: NDArray[np.int64]) -> dict[str, float]:
    total = max(int(counts.sum()), 1)
    return {ALL_CATEGORIES[k]: float(counts[k]) / total for k in np.flatnonzero(counts)}


def first_named(log: Log) -> dict[int, Named]:
    """For each threat that was shot at, by its number, what it was taken for at the first order.

    From the decision cycles that the Log keeps: those of fire units on their own, while the command
    post is out, and those that were too large are not among them.
    """
    named: dict[int, Named] = {}
    for way in _taken(log):
        threat = int(way["threat"])
        if threat >= 0:
            named.setdefault(threat, Named(int(way["kind"]), float(way["kind_p"])))
    return named


def confusion(logs: Iterable[Log]) -> Confusion:
    """The confusion matrix of the first volleys of some replications of one Model."""
    n = len(ALL_CATEGORIES)
    counts, false = np.zeros((n, n), np.int64), np.zeros(n, np.int64)
    replications = left_out = 0
    for log in logs:
        replications += 1
        left_out += log.cycles_left_out
        category = log.model.tables.threats["category"]
        for threat, named in first_named(log).items():
            counts[category[threat], named.kind] += 1
        tracks: set[int] = set()
        for way in _taken(log):
            if way["threat"] < 0 and int(way["track"]) not in tracks:
                tracks.add(int(way["track"]))
                false[way["kind"]] += 1
    return Confusion(replications, counts, false, left_out)


def _taken(log: Log) -> Any:
    """The ways of shooting that were ordered, in order of time."""
    if log.choices is None or len(log.choices) == 0:
        return ()
    return log.choices[log.choices["taken"] == 1]


def mistaken(log: Log, threat: int, named: dict[int, Named]) -> str:
    """A sentence where a target was shot at as something that it is not; else nothing."""
    first = named.get(threat)
    if first is None or first.kind == int(log.model.tables.threats["category"][threat]):
        return ""
    return f"Taken for {WORDS[first.category]}, p {first.probability:.2f}, when first shot at."
