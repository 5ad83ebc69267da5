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
    PASSED,
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
    missile: int = -1


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
    refused_by: list[tuple[int, int]] = field(default_factory=list)
    """(unit, missile) of each refusal: the one that was nearest to a shot; -1 where not known"""
    ordered_with: list[tuple[int, int]] = field(default_factory=list)
    """(unit, missile) of each order"""
    orders_lost: list[float] = field(default_factory=list)
    """times at which the post noticed that an order had not arrived"""
    verdicts: list[tuple[float, bool]] = field(default_factory=list)
    """(time, called killed)"""
    lost: list[float] = field(default_factory=list)
    ended_s: float = math.inf
    fate: int = 0
    link: str = "none"
    destroyed: bool | None = None
    """whether what it was aimed at was destroyed by it; None where it never arrived"""
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


FATES = {"killed": KILLED, "leaked": LEAKED, "passed": PASSED}
"""The lines of the Log that end a threat, and how."""


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
            rounds[int(line["serial"])] = Shot(
                float(line["time_s"]), int(line["unit"]), missile=int(line["missile"])
            )
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
        chain.ordered_with.append((int(line["unit"]), int(line["missile"])))
    elif event == "order-lost":
        chain.orders_lost.append(time_s)
    elif event == "launch":
        chain.shots.append(rounds[int(line["serial"])])
    elif event == "abort":
        chain.aborts.append((time_s, LINKS[int(line["value"])]))
    elif event == "refused":
        chain.refusals.append((time_s, LINKS[int(line["serial"])]))
        chain.refused_by.append((int(line["unit"]), int(line["missile"])))
    elif event == "assessed":
        chain.verdicts.append((time_s, bool(line["value"])))
    elif event == "track-lost":
        chain.lost.append(time_s)
    elif event == "struck":
        chain.destroyed = bool(line["value"])
    elif event in FATES:
        chain.ended_s = time_s
        chain.fate = FATES[event]
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


class Ledger:
    """What the fire units had in hand through one replication, gathered once from its Log.

    An engagement is open from its order to its verdict, or to an abort before any round flew.
    A guided round counts from its launch; one ordered and still on its rail does not show in the
    Log, so ``guided`` may be lower than what the command post counted.
    """

    def __init__(self, log: Log):
        self.tables = log.model.tables
        records = log.records
        kinds = np.array(EVENTS)[records["kind"]]
        told = ("launch", "intercept", "reload", "out-of-order")
        self.records = {k: records[kinds == k] for k in told}
        self.engagements = _engagements(records, kinds)

    def at(self, time_s: float) -> list[Busy]:
        """The state of every fire unit at ``time_s``, events of that very instant included."""
        tables = self.tables
        opened, closed = self.engagements[:, 1], self.engagements[:, 2]
        running = self.engagements[(opened <= time_s) & (time_s < closed), 0]
        past = {k: r[r["time_s"] <= time_s] for k, r in self.records.items()}
        result = []
        for unit, base in enumerate(tables.units):
            eye = tables.radars[int(base["radar"])]
            launched = int((past["launch"]["unit"] == unit).sum())
            met = int((past["intercept"]["unit"] == unit).sum())
            rounds = tables.launchers["rounds"]
            refills = past["reload"]["serial"][past["reload"]["unit"] == unit]
            ready = (tables.launchers["unit"] == unit) & (tables.launchers["setup_time_s"] <= 0.0)
            loaded = int(rounds[ready].sum() + rounds[refills].sum())
            out = past["out-of-order"]
            destroyed = bool(((out["serial"] < 0) & (out["unit"] == int(base["radar"]))).any())
            result.append(
                Busy(
                    unit=unit,
                    engagements=int((running == unit).sum()),
                    most_engagements=int(eye["simultaneous_engagements"]),
                    guided=launched - met,
                    most_guided=int(eye["missiles_guided_simultaneously"]),
                    loaded=loaded,
                    left=0 if destroyed else loaded - launched,
                )
            )
        return result


def _engagements(records: Any, kinds: Any) -> NDArray[np.float64]:
    """(n, 3): unit, time opened and time closed of every engagement, inf where it never closed."""
    rows: dict[int, list[float]] = {}
    latest: dict[tuple[int, int], int] = {}
    flew: dict[tuple[int, int], bool] = {}
    telling = np.isin(kinds, ("order", "launch", "assessed", "abort", "order-lost"))
    for line, kind in zip(records[telling], kinds[telling], strict=True):
        pair, time_s = (int(line["track"]), int(line["unit"])), float(line["time_s"])
        if kind == "order":
            rows[int(line["serial"])] = [float(line["unit"]), time_s, math.inf]
            latest[pair], flew[pair] = int(line["serial"]), False
        elif kind == "launch":
            flew[pair] = True
        elif kind in ("assessed", "order-lost"):
            rows[int(line["serial"])][2] = time_s
        elif kind == "abort" and not flew[pair]:
            rows[latest[pair]][2] = time_s
    return np.array(list(rows.values()), float).reshape(-1, 3)
