"""Timeline: the kill chain of every threat of one replication, gathered from its Log."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.engine.world import (
    EVENTS,
    KILLED,
    LEAKED,
    LINKS,
    SHOT_KILL,
    Model,
)
from openiads.eventlog import Log

_FIRST = {
    "in-sight": "sight_s",
    "detected": "detected_s",
    "tracked": "tracked_s",
    "identified": "identified_s",
    "order": "ordered_s",
}


@dataclass
class Shot:
    """One round: when it left its rail and when it met its target."""

    launched_s: float
    unit: int
    met_s: float = math.inf
    kill: bool = False


@dataclass
class Chain:
    """What one replication did about one threat; times in seconds, inf where it never came."""

    threat: int
    name: str
    wave: int
    started_s: float = math.inf
    sight_s: float = math.inf
    sight_radar: int = -1
    detected_s: float = math.inf
    tracked_s: float = math.inf
    identified_s: float = math.inf
    ordered_s: float = math.inf
    orders: list[float] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    aborts: list[tuple[float, str]] = field(default_factory=list)
    """(time, link that kept the round on its rail)"""
    refusals: list[tuple[float, str]] = field(default_factory=list)
    """(time, link): when no unit could order a shot, each time for a later link than before"""
    verdicts: list[tuple[float, bool]] = field(default_factory=list)
    """(time, called killed)"""
    lost: list[float] = field(default_factory=list)
    ended_s: float = math.inf
    fate: int = 0
    link: str = "none"
    last_chance_s: float = math.inf
    """the latest launch at which some round could still have met it; -inf if none ever could"""

    @property
    def killed(self) -> bool:
        return self.fate == KILLED

    @property
    def leaked(self) -> bool:
        return self.fate == LEAKED

    @property
    def interest(self) -> tuple[int, int, int]:
        """Sorts chains that teach most first: leakers, then near misses, then many events."""
        misses = sum(not shot.kill for shot in self.shots)
        return (-int(self.leaked), -misses, -len(self.refusals) - len(self.aborts))


def chains(log: Log) -> list[Chain]:
    """The chain of every threat of ``log``, in the Model's order.

    Only what the Log and the Model say: nothing is run again.
    """
    names, rows = log.model.names, log.model.tables.threats
    result = [Chain(k, name, int(rows["wave"][k])) for k, name in enumerate(names["threats"])]
    rounds: dict[int, Shot] = {}
    for line in log.records:
        event = EVENTS[int(line["kind"])]
        if event == "launch":
            rounds[int(line["serial"])] = Shot(float(line["time_s"]), int(line["unit"]))
        elif event == "intercept":
            shot = rounds[int(line["serial"])]
            shot.met_s, shot.kill = float(line["time_s"]), int(line["value"]) == SHOT_KILL
        if line["threat"] >= 0:
            _enter(result[int(line["threat"])], event, line, rounds)
    for chain, row in zip(result, rows, strict=True):
        reachable = bool(row["reachable"])
        chance = chain.started_s + float(row["last_chance_s"])
        chain.last_chance_s = chance if reachable else -math.inf
    return result


def _enter(chain: Chain, event: str, line: Any, rounds: dict[int, Shot]) -> None:
    """Enter one line of the Log in the chain of its threat."""
    time_s = float(line["time_s"])
    if event in _FIRST:
        name = _FIRST[event]
        setattr(chain, name, min(getattr(chain, name), time_s))
    if event == "start":
        chain.started_s = time_s
    elif event == "in-sight":
        chain.sight_radar = int(line["unit"])
    elif event == "order":
        chain.orders.append(time_s)
    elif event == "launch":
        chain.shots.append(rounds[int(line["serial"])])
    elif event == "abort":
        chain.aborts.append((time_s, LINKS[int(line["value"])]))
    elif event == "refused":
        chain.refusals.append((time_s, LINKS[int(line["serial"])]))
    elif event == "assessed":
        chain.verdicts.append((time_s, bool(line["value"])))
    elif event == "track-lost":
        chain.lost.append(time_s)
    elif event in ("killed", "leaked"):
        chain.ended_s = time_s
        chain.fate = KILLED if event == "killed" else LEAKED
        chain.link = LINKS[int(line["serial"])] if event == "leaked" else "none"


def most_telling(all_chains: list[Chain], most: int) -> list[Chain]:
    """At most ``most`` chains: from each wave in turn the one that teaches most, in wave order."""
    waves: dict[int, list[Chain]] = {}
    for chain in sorted(all_chains, key=lambda c: (c.interest, c.threat)):
        waves.setdefault(chain.wave, []).append(chain)
    chosen: list[Chain] = []
    depth = 0
    while len(chosen) < min(most, len(all_chains)):
        for wave in sorted(waves):
            if depth < len(waves[wave]) and len(chosen) < most:
                chosen.append(waves[wave][depth])
        depth += 1
    return sorted(chosen, key=lambda c: (c.wave, c.threat))


def position_m(model: Model, chain: Chain, time_s: float) -> NDArray[np.float64]:
    """Where the threat is at ``time_s`` on its true path, linear between grid points, (3,)."""
    row = model.tables.threats[chain.threat]
    last = int(row["n_grid"]) - 1
    age = (time_s - chain.started_s) / float(row["step_s"])
    age = min(max(age, 0.0), float(last))
    step = min(int(age), max(0, last - 1))
    a = model.tables.grid_pos_m[int(row["grid"]) + step]
    b = model.tables.grid_pos_m[int(row["grid"]) + min(step + 1, last)]
    return np.asarray(a + (age - step) * (b - a))


@dataclass(frozen=True)
class Busy:
    """What a fire unit had in hand at one instant."""

    unit: int
    engagements: int
    most_engagements: int
    guided: int
    most_guided: int
    loaded: int
    left: int

    @property
    def channels_full(self) -> bool:
        return self.engagements >= self.most_engagements or self.guided >= self.most_guided


def busy(log: Log, time_s: float) -> list[Busy]:
    """Engagements, guided rounds and rounds left of every fire unit at ``time_s``, from the Log.

    An engagement is open from its order to its verdict, or to an abort before any round flew.
    A guided round counts from its launch; one ordered and still on its rail does not show in the
    Log, so ``guided`` may be lower than what the command post counted.
    """
    tables, records = log.model.tables, log.records
    past = records[records["time_s"] <= time_s]
    kinds = np.array(EVENTS)[past["kind"]]
    open_orders = _open_engagements(past, kinds)
    result = []
    for unit, base in enumerate(tables.units):
        eye = tables.radars[int(base["radar"])]
        mine = past["unit"] == unit
        launched = int((mine & (kinds == "launch")).sum())
        met = int((mine & (kinds == "intercept")).sum())
        own = tables.launchers["unit"] == unit
        loaded = int(tables.launchers["rounds"][own].sum())
        refills = past["serial"][mine & (kinds == "reload")]
        refilled = int(tables.launchers["rounds"][refills].sum())
        result.append(
            Busy(
                unit,
                sum(u == unit for u in open_orders),
                int(eye["simultaneous_engagements"]),
                launched - met,
                int(eye["missiles_guided_simultaneously"]),
                loaded + refilled,
                loaded + refilled - launched,
            )
        )
    return result


def _open_engagements(past: Any, kinds: Any) -> list[int]:
    """The unit of every engagement that ``past`` has ordered and not closed."""
    unit_of: dict[int, int] = {}
    latest: dict[tuple[int, int], int] = {}
    flying: dict[tuple[int, int], int] = {}
    for line, kind in zip(past, kinds, strict=True):
        pair = (int(line["track"]), int(line["unit"]))
        if kind == "order":
            unit_of[int(line["serial"])] = int(line["unit"])
            latest[pair] = int(line["serial"])
            flying[pair] = 0
        elif kind == "launch" and pair in latest:
            flying[pair] += 1
        elif kind == "assessed":
            unit_of.pop(int(line["serial"]), None)
        elif kind == "abort" and pair in latest and flying[pair] == 0:
            unit_of.pop(latest[pair], None)
    return list(unit_of.values())
