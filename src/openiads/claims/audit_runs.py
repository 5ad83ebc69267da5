"""A user's claim held against the simulator: ``check: simulate``.

    claims:
      one-regiment-stops-it:
        claim: "One regiment stops a raid of fifty with no more than one leaker."
        check: simulate
        scenario: default                 # a shipped name, or a file beside this one
        set: {raid.waves.drones.count: 20}
        measure: leakers                  # or interceptors, p_no_leaker
        at_most: 1                        # and / or at_least
        replications: 200
        beliefs: 20                       # 0: only the nominal values of the record

The claim is run with the nominal values of the record, and then under so many beliefs about whom
to trust (`openiads.campaigns.outer`). It is supported where every one of them bears it out,
contradicted where none does, and holds only if one believes the right sources in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openiads.claims.findings import Finding, Margin, Step
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.reader import Document, Key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from openiads.campaigns.execute import Result

KEYS = frozenset(
    {"scenario", "set", "measure", "at_most", "at_least", "replications", "seed", "beliefs"}
)
MEASURES = {
    "leakers": ("threats", "leakers"),
    "interceptors": ("rounds", "interceptors fired"),
    "p_no_leaker": ("", "share of raids without a leaker"),
}
"""Unit and words of each measure."""

MODEL = "openiads.engine"
REPLICATIONS, BELIEFS = 200, 20


@dataclass(frozen=True)
class Trial:
    """A checked claim about a scenario's result."""

    name: str
    scenario: str | Path
    measure: str
    low: float = -math.inf
    high: float = math.inf
    overrides: dict[str, str] = field(default_factory=dict)
    replications: int = REPLICATIONS
    seed: int = 0
    beliefs: int = BELIEFS

    def inside(self, value: float) -> bool:
        """Whether a result is what the claim says."""
        return self.low <= value <= self.high

    @property
    def bound(self) -> str:
        """The claimed bound as a person reads it."""
        ends = []
        if self.low > -math.inf:
            ends.append(f"at least {self.low:g}")
        if self.high < math.inf:
            ends.append(f"at most {self.high:g}")
        return " and ".join(ends)

    def spare(self, value: float) -> float:
        """By how much a result is inside the bound; negative outside."""
        return min(value - self.low, self.high - value)


def trial_of(
    document: Document, key: Key, name: str, raw: dict[str, Any], folder: Path
) -> tuple[Trial | None, list[Fault]]:
    """The claim as a `Trial`, or every fault of it."""
    faults: list[Fault] = []

    def wrong(where: str, message: str, mend: str = "") -> None:
        place = (*key, where) if where in raw else key
        faults.append(document.fault(place, message, mend))

    for other in raw.keys() - KEYS - {"claim", "check", "said_by", "note"}:
        wrong(other, "is not known here", nearest(str(other), KEYS))
    scenario, measure = raw.get("scenario"), raw.get("measure", "leakers")
    if not isinstance(scenario, str):
        wrong("scenario", "names no scenario", "as in `scenario: default`")
    if measure not in MEASURES:
        wrong("measure", f"'{measure}' is no measure", nearest(str(measure), MEASURES))
    bounds = {}
    for end in ("at_least", "at_most"):
        value = raw.get(end)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            wrong(end, f"'{value}' is no number", "as in `at_most: 1`")
        elif value is not None:
            bounds[end] = float(value)
    if not {"at_least", "at_most"} & raw.keys():
        wrong("", "gives no bound", "add `at_most:` or `at_least:`")
    counts = {"replications": (REPLICATIONS, 2), "seed": (0, 0), "beliefs": (BELIEFS, 0)}
    numbers = {}
    for where, (usual, least) in counts.items():
        value = raw.get(where, usual)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            wrong(where, f"'{value}' is no such number", f"a whole number from {least} up")
        numbers[where] = value
    if numbers["beliefs"] == 1:
        wrong("beliefs", "an outer loop needs two samples at least", "give 0, or 2 or more")
    overrides = raw.get("set", {})
    if not isinstance(overrides, dict):
        wrong("set", "must map keys to values", "as in {raid.waves.drones.count: 20}")
    if faults:
        return None, faults
    beside = folder / str(scenario)
    return (
        Trial(
            name,
            beside if beside.is_file() else str(scenario),
            measure,
            bounds.get("at_least", -math.inf),
            bounds.get("at_most", math.inf),
            {str(k): str(v) for k, v in overrides.items()},
            **numbers,
        ),
        [],
    )


def tried(trial: Trial) -> Finding:
    """What the simulator says of the claim; raises ``InputError`` for a scenario at fault."""
    from openiads.campaigns.execute import campaign
    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.load import load

    model = compile_scenario(load(trial.scenario, trial.overrides))
    plain = campaign(model, trial.replications, trial.seed)
    unit, words = MEASURES[trial.measure]
    figure = plain.summary()[trial.measure]
    mean = float(figure.get("mean", figure.get("estimate")))
    low, high = (float(end) for end in figure["ci95"])
    steps = [
        Step(f"{words}, nominal values, mean of {trial.replications}", mean, unit),
        Step("its 95 % interval from", low, unit),
        Step("to", high, unit),
    ]
    believed = _believed(trial, plain) if trial.beliefs else []
    margin = Margin(round(trial.spare(mean), 3), unit, f"of the nominal mean inside {trial.bound}")
    common: dict[str, Any] = {
        "margin": margin,
        "judged": (trial.name,),
        "uses": tuple(dict.fromkeys(r["claim"] for r in model.provenance if r["claim"])),
        "models": (MODEL, f"{model.scenario} {model.hash[:12]}"),
        "assumed": (f"{sum(r['assumed'] for r in model.provenance)} assumed values of the record",),
    }
    said = f"In the simulator {mean:.3g} {words} ({low:.3g} to {high:.3g} by chance)"
    if not believed:
        return _by_chance(trial, said, (low, high), tuple(steps), common)
    inside = sum(trial.inside(value) for value in believed)
    steps += [
        Step("beliefs about whom to trust", float(len(believed)), "beliefs"),
        Step("of these bear the claim out", float(inside), "beliefs"),
        Step("lowest result among them", min(believed), unit),
        Step("highest result among them", max(believed), unit),
    ]
    band = f"{min(believed):.3g} to {max(believed):.3g} depending on whom one believes"
    why = f"{said}; {band}. The claim says {trial.bound}."
    share = f"{inside} of {len(believed)} beliefs about the public figures bear it out"
    if inside == len(believed) and trial.inside(mean):
        return Finding(trial.name, "supported", why, (share,), calculation=tuple(steps), **common)
    if inside == 0 and not trial.inside(mean):
        return Finding(
            trial.name, "contradicted", why, (share,), calculation=tuple(steps), **common
        )
    conditions = (
        share,
        f"with the nominal values it {'does' if trial.inside(mean) else 'does not'} hold",
        "`openiads run --claims all` says which figures decide it",
    )
    return Finding(trial.name, "only if", why, conditions, calculation=tuple(steps), **common)


def _by_chance(
    trial: Trial,
    said: str,
    interval: tuple[float, float],
    steps: tuple[Step, ...],
    common: dict[str, Any],
) -> Finding:
    why = f"{said}. The claim says {trial.bound}."
    believed = ("the nominal values of the record are believed: see `beliefs:`",)
    inside = [trial.inside(end) for end in interval]
    if all(inside):
        return Finding(trial.name, "supported", why, believed, calculation=steps, **common)
    if not any(inside) and not interval[0] <= trial.low <= trial.high <= interval[1]:
        return Finding(trial.name, "contradicted", why, believed, calculation=steps, **common)
    more = ("more replications are run: the bound lies inside the interval of chance", *believed)
    return Finding(trial.name, "only if", why, more, calculation=steps, **common)


def _believed(trial: Trial, plain: Result) -> list[float]:
    """The measure under each belief that can be run."""
    from openiads.campaigns.outer import run_outer

    outer = run_outer(trial.scenario, plain, trial.overrides, samples=trial.beliefs)

    def of(leakers: NDArray[np.int64], rounds: NDArray[np.int64]) -> float:
        if trial.measure == "p_no_leaker":
            return float((leakers == 0).mean())
        return float((leakers if trial.measure == "leakers" else rounds).mean())

    return [of(s.leakers, s.interceptors) for s in outer.good]


def trial_faults(error: InputError, document: Document, key: Key) -> list[Fault]:
    """Faults of a claim's scenario: at their own line, or else at the claim's."""
    found = []
    for fault in error.faults:
        place = "set" if (fault.file or "").startswith("--set") else "scenario"
        here = document.fault((*key, place), fault.message, fault.mend)
        found.append(fault if fault.line is not None else here)
    return found
