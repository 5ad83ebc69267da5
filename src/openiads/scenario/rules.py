"""Rules of engagement and outages: checked as a person wrote them, and as the engine's tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from openiads.faults import Fault, nearest
from openiads.scenario.reader import Document
from openiads.scenario.schema import Defence

COMMAND_POST = "command-post"


def check_rules(defence: Defence, document: Document, faults: list[Fault]) -> None:
    """Times in order, zones whole, and outages of what is there."""
    for index, rule in enumerate(defence.rules):
        key = ("defence", "rules", index)
        if (rule.centre is None) != (rule.radius_m is None):
            faults.append(
                document.fault(
                    key, "half a zone: it takes both a `centre` and a `radius`", "give both or none"
                )
            )
        _check_times(rule, key, document, faults)
    known = [COMMAND_POST, *defence.radars, *defence.fire_units]
    for index, outage in enumerate(defence.outages):
        key = ("defence", "outages", index)
        if outage.of not in known:
            fault = document.fault(
                (*key, "of"), f"nothing is called '{outage.of}'", nearest(outage.of, known)
            )
            faults.append(fault)
        _check_times(outage, key, document, faults)


def _check_times(given: Any, key: Any, document: Document, faults: list[Fault]) -> None:
    if given.until_s is not None and given.until_s <= given.from_s:
        faults.append(
            document.fault(
                (*key, "until"),
                f"ends at {given.until_s:g} s, not after its beginning at {given.from_s:g} s",
                "set `until` later than `from`, or leave it out",
            )
        )


def rules_table(defence: Defence, place: Callable[[tuple[float, float], float], Any]) -> Any:
    """The rules of engagement as RULES; ``place`` puts a map position into the scenario frame."""
    from openiads.engine.world import RULES, WEAPONS

    table = np.zeros(len(defence.rules), RULES)
    for row, rule in zip(table, defence.rules, strict=True):
        row["weapons"] = WEAPONS.index(rule.weapons)
        row["begin_s"] = rule.from_s
        row["end_s"] = math.inf if rule.until_s is None else rule.until_s
        row["radius_m"] = math.inf if rule.radius_m is None else rule.radius_m
        if rule.centre is not None:
            row["x"], row["y"], _ = place(rule.centre, 0.0)
    return table


def outages_table(defence: Defence) -> Any:
    """What fails as OUTAGES; radars come first in the engine's order, then the units' own."""
    from openiads.engine.world import OUTAGES

    order = [*defence.radars, *defence.fire_units]
    table = np.zeros(len(defence.outages), OUTAGES)
    for row, outage in zip(table, defence.outages, strict=True):
        row["radar"] = -1 if outage.of == COMMAND_POST else order.index(outage.of)
        row["begin_s"] = outage.from_s
        row["end_s"] = math.inf if outage.until_s is None else outage.until_s
    return table
