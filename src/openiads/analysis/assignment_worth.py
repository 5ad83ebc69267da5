"""What a better assignment would have been worth: each decision cycle of a Log, solved exactly.

The Log keeps the problem of every cycle in which the command post ordered something: each way in
which a track could be shot at (unit, kind of round, kill probability of the volley), what was
taken, and how many volleys each unit, each kind of round and the operators could give.

    left = sum_j V_j - sum_r V_j(r) k_r x_r

V_j is the threat value of track j (value of the asset at risk over the seconds to go), k_r the kill
probability of way r. ``done`` is what the cycle left, ``best`` the least that any choice could have
left under the same doctrine: at most one volley a track and cycle. The problem is solved by HiGHS
(through SciPy) as a mixed-integer program with its bound; the linear relaxation is integral.
A track that waits counts in every cycle in which it could be shot at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openiads.eventlog import Log

PROVEN = 1e-7
"""A relative gap between the best choice and its bound that counts as none."""


@dataclass(frozen=True)
class Taken:
    """One volley at one track, as ordered or as it would have been best."""

    track: int
    unit: str
    missile: str
    kill: float

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"unit": self.unit, "missile": self.missile, "kill_probability": self.kill}


@dataclass(frozen=True)
class CycleWorth:
    """One decision cycle: what it left of the threat value before it, and the least it could."""

    time_s: float
    tracks: int
    ways: int
    value: float
    """threat value of all tracks that could be shot at, per second"""
    done: float
    best: float
    bound: float
    """no choice leaves less; equal to `best` to 1e-7 where proven"""
    differs: tuple[tuple[str, Taken | None, Taken | None], ...]
    """(threat, taken, best) where the two are not the same"""

    @property
    def worth(self) -> float:
        """Threat value that the best choice would have saved beyond what was done."""
        return self.done - self.best

    @property
    def proven(self) -> bool:
        return self.best - self.bound <= PROVEN * max(self.value, 1e-300)

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "time_s": self.time_s, "tracks": self.tracks, "ways": self.ways, "value": self.value,
            "left_done": self.done, "left_best": self.best, "left_bound": self.bound,
            "worth": self.worth, "proven": self.proven,
            "differs": [
                {"threat": name, "done": done and done.row(), "best": best and best.row()}
                for name, done, best in self.differs
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class AssignmentWorth:
    """All cycles of one replication that ordered something."""

    cycles: tuple[CycleWorth, ...]
    left_out: int
    """cycles whose problem was too large for the Log"""

    @property
    def value(self) -> float:
        return sum(c.value for c in self.cycles)

    @property
    def worth(self) -> float:
        return sum(c.worth for c in self.cycles)

    def row(self) -> dict[str, Any]:
        """As plain data: the sums, and each cycle."""
        return {
            "solver": "HiGHS (SciPy), mixed-integer program with bound",
            "cycles": len(self.cycles), "cycles_left_out": self.left_out,
            "value": self.value,
            "left_done": sum(c.done for c in self.cycles),
            "left_best": sum(c.best for c in self.cycles),
            "worth": self.worth,
            "proven": all(c.proven for c in self.cycles),
            "cycles_with_better": sum(c.worth > PROVEN * c.value for c in self.cycles),
            "each": [c.row() for c in self.cycles],
        }  # fmt: skip


def assignment_worth(log: Log) -> AssignmentWorth:
    """What the best assignment of each cycle would have been worth, exactly.

    Reads the Log only; one with no kept cycles gives none.
    """
    choices = log.choices
    if choices is None or len(choices) == 0:
        return AssignmentWorth((), log.cycles_left_out)
    breaks = np.flatnonzero(np.diff(choices["cycle"])) + 1
    cycles = tuple(_cycle(log, ways) for ways in np.split(choices, breaks))
    return AssignmentWorth(cycles, log.cycles_left_out)


def _cycle(log: Log, ways: Any) -> CycleWorth:
    _, first, track = np.unique(ways["slot"], return_index=True, return_inverse=True)
    gain = ways["threat_value"] * ways["kill"]
    value = float(ways["threat_value"][first].sum())
    taken = ways["taken"] == 1
    done = value - float(gain[taken].sum())
    best, bound, chosen = _solve(ways, track, gain, taken)
    if best < float(gain[taken].sum()):  # the solver's tolerance, not a better choice
        best, chosen = float(gain[taken].sum()), taken
    return CycleWorth(
        float(ways["time_s"][0]), len(first), len(ways), value, done,
        value - best, value - max(bound, best), _differs(log, ways, gain, taken, chosen),
    )  # fmt: skip


def _solve(ways: Any, track: Any, gain: Any, taken: Any) -> tuple[float, float, Any]:
    """(most gain, its upper bound, ways taken for it)."""
    top = np.zeros(track.max() + 1)
    np.maximum.at(top, track, gain)
    if float(top.sum()) <= float(gain[taken].sum()) * (1.0 + 1e-12):
        return float(gain[taken].sum()), float(top.sum()), taken  # every track got its best way
    from scipy.optimize import Bounds, LinearConstraint, milp

    lines, limits = [], []
    pairs = ways["unit"].astype(np.int64) * (int(ways["missile"].max()) + 1) + ways["missile"]
    for owner, frees in (
        (track, None),
        (pairs, ways["pair_free"]),
        (ways["unit"], ways["unit_free"]),
    ):
        for one in np.unique(owner):
            mine = owner == one
            # What was done is a choice, also where its last volleys were smaller than the first.
            free = 1 if frees is None else max(int(frees[mine][0]), int((mine & taken).sum()))
            lines.append(mine)
            limits.append(free)
    lines.append(np.ones(len(ways), bool))
    limits.append(max(int(ways["most"][0]), int(taken.sum())))
    scale = float(gain.max()) or 1.0
    found = milp(
        -gain / scale,
        constraints=LinearConstraint(np.array(lines, float), -np.inf, limits),
        integrality=np.ones(len(ways)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    chosen = found.x > 0.5
    return float(gain[chosen].sum()), -float(found.mip_dual_bound) * scale, chosen


def _differs(
    log: Log, ways: Any, gain: Any, taken: Any, chosen: Any
) -> tuple[tuple[str, Taken | None, Taken | None], ...]:
    if float(gain[chosen].sum()) <= float(gain[taken].sum()) * (1.0 + PROVEN):
        return ()
    names = log.model.names
    found = []
    for slot in dict.fromkeys(ways["slot"].tolist()):
        mine = ways["slot"] == slot
        done, best = (_taken(names, ways[mine & which]) for which in (taken, chosen))
        if done != best:
            threat = int(ways["threat"][mine][0])
            name = names["threats"][threat] if threat >= 0 else "a false track"
            found.append((name, done, best))
    return tuple(found)


def _taken(names: dict[str, list[str]], rows: Any) -> Taken | None:
    if len(rows) == 0:
        return None
    row = rows[0]
    return Taken(
        int(row["track"]), names["units"][row["unit"]], names["missiles"][row["missile"]],
        float(row["kill"]),
    )  # fmt: skip
