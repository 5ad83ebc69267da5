"""Each disagreement by itself: one parameter at its lowest and highest value, all others nominal.

The outer loop moves everything at once, as doubt does; about 80 parameters in 50 samples leave few
indices above noise. Moving one parameter against the plain run, under common random numbers, has
only chance to contend with. The two answer different questions: this one is local (others nominal)
and names what one disagreement does; the index is global and averages over the others' doubt.

Differences are paired by replication, with t intervals at a level divided by the number of
differences looked at (Bonferroni), so that with 95 % confidence none of those told is chance. First
all parameters run over a quarter of the replications, then the `LEADERS` largest over all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openiads.campaigns.beliefs import Belief, Pick
from openiads.campaigns.execute import Result, campaign
from openiads.campaigns.outer import Outer
from openiads.campaigns.statistics import mean_interval
from openiads.faults import CapacityError, InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

LEADERS = 12
LEAST = 20
"""Replications of the first round at least."""


@dataclass(frozen=True)
class End:
    """One end of a belief: the value, and the change of the mean leakers from the plain run."""

    value: str
    change: float
    half_width: float
    """half width of the simultaneous interval of ``change``"""
    same: bool
    """whether the Model is the plain run's very Model"""
    replications: int
    fault: str = ""


@dataclass(frozen=True)
class Swing:
    """What a parameter does alone, from its lowest to its highest value."""

    parameter: str
    assumed: bool
    ends: tuple[End, ...]

    @property
    def size(self) -> float:
        """Largest less smallest mean, the plain run's among them."""
        changes = [0.0, *(e.change for e in self.ends if not e.fault)]
        return max(changes) - min(changes)

    @property
    def told(self) -> bool:
        """Whether a change at one end is told from chance."""
        return any(not e.fault and abs(e.change) > e.half_width for e in self.ends)

    @property
    def inert(self) -> bool:
        """Whether the Model does not feel the parameter at either end."""
        return all(e.same for e in self.ends)

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"parameter": self.parameter, "assumed": self.assumed, "swing": self.size,
                "above_noise": self.told, "no_effect_in_model": self.inert,
                "ends": [asdict(e) for e in self.ends]}  # fmt: skip


def swings(
    scenario: str | Path,
    outer: Outer,
    overrides: Mapping[str, str] | None = None,
    workers: int | None = None,
    told: Callable[[int, int], None] | None = None,
) -> list[Swing]:
    """Every open parameter of ``outer`` moved alone, the largest swing told from chance first.

    ``told(done, wanted)`` is called after each parameter. Finished ones are read from the folder.
    """
    whole = len(outer.plain.results.replication)
    first = min(whole, max(LEAST, whole // 4))
    leaders = min(LEADERS, len(outer.open)) if first < whole else 0
    mover = _Mover(scenario, outer, dict(overrides or {}), workers)
    found: dict[str, Swing] = {}
    for belief in outer.open:
        found[belief.parameter] = mover.swing(belief, first)
        if told:
            told(len(found), len(outer.open) + leaders)
    largest = sorted(found.values(), key=lambda s: -s.size)[:leaders]
    for number, swing in enumerate(largest):
        belief = next(b for b in outer.open if b.parameter == swing.parameter)
        found[swing.parameter] = mover.swing(belief, whole)
        if told:
            told(len(found) + number + 1, len(outer.open) + leaders)
    return sorted(found.values(), key=lambda s: (not s.told, -s.size))


class _Mover:
    def __init__(
        self, scenario: str | Path, outer: Outer, overrides: dict[str, str], workers: int | None
    ):
        self.scenario, self.outer, self.overrides = scenario, outer, overrides
        self.workers = workers
        self.level = 1.0 - 0.05 / max(1, 2 * len(outer.open))

    def swing(self, belief: Belief, count: int) -> Swing:
        """The swing of one parameter over ``count`` replications."""
        picks = {p.rule: p for p in (belief.pick(0.0), belief.pick(1.0))}
        ends = tuple(self._end(belief, pick, count) for pick in picks.values())
        return Swing(belief.parameter, belief.assumed, ends)

    def _end(self, belief: Belief, pick: Pick, count: int) -> End:
        if pick.rule is None:
            return End(pick.shown, 0.0, 0.0, True, count)
        path = self._path(belief, pick, count)
        if path is not None and path.exists():
            return End(**json.loads(path.read_text(encoding="utf-8")))
        plain: Result = self.outer.plain
        try:
            rules = {**self.overrides, f"choose.{belief.parameter}": pick.rule}
            model = compile_scenario(load(self.scenario, rules))
            if model.hash == plain.model.hash:
                return End(pick.shown, 0.0, 0.0, True, count)
            moved = campaign(model, count, plain.seed, self.workers).results.leakers
        except (InputError, CapacityError) as error:
            return End(pick.shown, 0.0, 0.0, False, count, str(error).replace("\n", " "))
        change = (moved - plain.results.leakers[:count]).astype(np.float64)
        mean, low, high = mean_interval(change, self.level)
        end = End(pick.shown, mean, 0.5 * (high - low), False, count)
        if path is not None:
            draft = path.with_suffix(".tmp")
            draft.write_text(json.dumps(asdict(end)), encoding="utf-8")
            draft.replace(path)
        return end

    def _path(self, belief: Belief, pick: Pick, count: int) -> Path | None:
        if self.outer.folder is None:
            return None
        key = hashlib.sha256(f"{belief.parameter} {pick.rule}".encode()).hexdigest()[:12]
        return self.outer.folder / f"alone-{key}-{count}.json"
