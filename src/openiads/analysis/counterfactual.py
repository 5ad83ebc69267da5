"""What would have stopped a leaker: the cheapest single change, found by replaying with it.

A draw is a function of seed, replication, entity, purpose and serial. So a scenario with one thing
changed, compiled and replayed under the same seed and replication, meets the same luck: the same
looks succeed, the same shot at the same threat hits or misses. What differs is what the change did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from openiads.analysis.remedies import Change, changes
from openiads.campaigns.outcomes import Outcomes, run_range
from openiads.campaigns.statistics import share_interval
from openiads.engine.state import allocate
from openiads.engine.world import LEAKED, LINKS, Model
from openiads.faults import CapacityError, InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import Scenario

NONE_TRIED = "none of the changes tried"

Make = Callable[[Mapping[str, str]], Scenario]
"""Overrides, as `--set` has them, to the scenario of the run with them put in."""

DEPTH = {link: min(LINKS.index(link), LINKS.index("window")) for link in LINKS} | {
    "miss": LINKS.index("window") + 1, "assessment": LINKS.index("window") + 1,
}  # fmt: skip
"""How far the chain held before each link; window, channel and magazine break side by side.

A threat that was shot at came as far as a miss, whatever kept the next round from it."""


@dataclass(frozen=True)
class Leaker:
    """One threat that leaked, and the change that would have stopped it, if one was found."""

    replication: int
    threat: int
    name: str
    link: str
    change: Change | None = None
    shots: int = 0

    @property
    def depth(self) -> int:
        """How far the chain held for it."""
        return DEPTH["miss"] if self.shots > 0 else DEPTH[self.link]

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"replication": self.replication, "threat": self.name, "link": self.link,
                "change": self.change.row() if self.change else None}  # fmt: skip


@dataclass(frozen=True)
class Counterfactuals:
    """Leakers with their changes, and how many changes were replayed to find them."""

    leakers: tuple[Leaker, ...]
    tried: int
    faults: tuple[str, ...]
    """changes that no scenario can have (a capacity, a check), in words"""

    def row(self) -> dict[str, Any]:
        """As plain data: each leaker, and each change with the share of leakers it is named for.

        The 95 % interval of a share takes the replication as its unit, as all shares of leakers do.
        """
        counts: dict[str, list[Leaker]] = {}
        for leaker in self.leakers:
            words = leaker.change.words if leaker.change else NONE_TRIED
            counts.setdefault(words, []).append(leaker)
        ranked = sorted(counts.items(), key=lambda item: -len(item[1]))
        return {
            "leakers": [leaker.row() for leaker in self.leakers],
            "by_change": [self._change_row(words, held) for words, held in ranked],
            "changes_tried": self.tried,
            "faults": list(self.faults),
        }

    def _change_row(self, words: str, held: Sequence[Leaker]) -> dict[str, Any]:
        numbers = list(dict.fromkeys(k.replication for k in self.leakers))
        whole = np.array([sum(k.replication == n for k in self.leakers) for n in numbers])
        part = np.array([sum(k.replication == n for k in held) for n in numbers])
        _, low, high = share_interval(part, whole)
        change = held[0].change
        return {
            "words": words,
            "count": len(held),
            "share": len(held) / len(self.leakers),
            "ci95": [low, high],
            "cost": change.cost if change else None,
            "acts_on": change.acts_on if change else None,
        }


def leakers_of(
    model: Model, outcomes: Outcomes, replication: int | None = None, most: int | None = None
) -> list[Leaker]:
    """The leakers of one replication, or of all in order up to ``most``."""
    found: list[Leaker] = []
    for row, number in enumerate(outcomes.replication.tolist()):
        if replication is not None and number != replication:
            continue
        for threat in range(outcomes.fate.shape[1]):
            if outcomes.fate[row, threat] == LEAKED:
                link = LINKS[int(outcomes.link[row, threat])]
                shots = int(outcomes.shots[row, threat])
                name = model.names["threats"][threat]
                found.append(Leaker(number, threat, name, link, shots=shots))
        if most is not None and len(found) >= most:
            return found[:most]
    return found


def counterfactuals(
    make: Make,
    model: Model,
    seed: int,
    leakers: Sequence[Leaker],
    told: Callable[[int, int], None] | None = None,
) -> Counterfactuals:
    """For each leaker the first change, in the order of cost, under which it is stopped.

    Raises ``InputError`` where ``make`` does not give the scenario of ``model`` any more (the
    catalogue or the file has changed since the run). ``told(stopped, leakers)`` follows the search.
    """
    scenario = make({})
    if compile_scenario(scenario).hash != model.hash:
        raise InputError.of(
            "the scenario or its catalogue is not what was run",
            "run it again, or name the file that was run with --scenario",
        )
    open_ = list(leakers)
    stopped: dict[tuple[int, int], Leaker] = {}
    tried, faults = 0, []
    for change in changes(scenario, model):
        mine = [k for k in open_ if DEPTH[change.acts_on] <= k.depth]
        if not mine:
            continue
        tried += 1
        try:
            survivors = _replay(make, change, seed, mine)
        except (InputError, CapacityError) as error:
            text = f"{change.words}: {error}".replace("\n", " ")
            faults.append(text)
            continue
        for leaker in mine:
            if leaker.name not in survivors[leaker.replication]:
                stopped[leaker.replication, leaker.threat] = replace(leaker, change=change)
        open_ = [k for k in open_ if (k.replication, k.threat) not in stopped]
        if told:
            told(len(stopped), len(leakers))
        if not open_:
            break
    done = [stopped.get((k.replication, k.threat), k) for k in leakers]
    return Counterfactuals(tuple(done), tried, tuple(faults))


def _replay(
    make: Make, change: Change, seed: int, leakers: Sequence[Leaker]
) -> dict[int, set[str]]:
    """Names of the threats that leak under a change, for each replication of ``leakers``."""
    changed = compile_scenario(make(dict(change.overrides)))
    memory = allocate(changed.tables)
    names = changed.names["threats"]
    found = {}
    for number in dict.fromkeys(k.replication for k in leakers):
        fate = run_range(changed, memory, seed, number, 1).fate[0]
        found[number] = {name for name, f in zip(names, fate, strict=True) if f == LEAKED}
    return found
