"""Saturation: leakers against the size of a raid, which limit binds, and whom one believes.

One Model is compiled for the largest raid; smaller raids are its first threats (`first_threats`),
which is what compile makes of them, since places and draws of a threat depend on its name alone.
So neighbouring sizes share their common threats and their draws, and differ by size, not by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from openiads.campaigns.beliefs import beliefs_of
from openiads.campaigns.execute import campaign
from openiads.campaigns.outcomes import Outcomes, link_shares
from openiads.campaigns.statistics import mean_interval, wilson
from openiads.engine.world import Model
from openiads.faults import CapacityError, InputError
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import Scenario, load_document
from openiads.scenario.notional import (
    divide,
    hostile_waves,
    notional,
    shared_limits,
    with_counts,
)

SIZES = (4, 8, 16, 24, 36, 50, 72, 100, 144, 200, 280, 400)
"""Raid sizes of a sweep: even steps of a logarithmic scale, near enough."""

LOOKS = 3_000
"""Threats simulated at one size, over all its replications (see `replications_at`)."""

Maker = Callable[[Mapping[str, str], int], Scenario]
"""(rules of choice, raid size) to a scenario of that raid."""

Told = Callable[[int, int], None]
"""Called with (sizes done, sizes wanted) after each."""


@dataclass(frozen=True)
class Point:
    """What one raid size did."""

    size: int
    replications: int
    leakers: float
    ci95: tuple[float, float]
    p_no_leaker: float
    p_ci95: tuple[float, float]
    interceptors: float
    links: dict[str, dict[str, Any]]
    """share of leakers by first broken link, with 95 % interval"""

    @property
    def binding(self) -> str:
        """The limit that binds: the first broken link of most leakers; "none" without leakers."""
        return max(self.links, key=lambda k: self.links[k]["share"], default="none")

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"size": self.size, "replications": self.replications,
                "leakers": {"mean": self.leakers, "ci95": list(self.ci95)},
                "p_no_leaker": {"estimate": self.p_no_leaker, "ci95": list(self.p_ci95)},
                "interceptors": self.interceptors, "binding": self.binding,
                "first_broken_link": self.links}  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """One way of believing the system's conflicting claims, and the curve that it makes."""

    name: str
    choose: dict[str, str]
    values: dict[str, str]
    points: tuple[Point, ...] = ()
    fault: str = ""
    """why these values cannot be run, where they cannot"""

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"name": self.name, "values": self.values, "fault": self.fault,
                "points": [p.row() for p in self.points]}  # fmt: skip


@dataclass(frozen=True)
class Saturation:
    """A finished sweep: the nominal curve first, then the other selections."""

    scenario: str
    composition: dict[str, float]
    """share of each wave in the raid"""
    seed: int
    fidelity: str
    selections: tuple[Selection, ...]

    @property
    def nominal(self) -> Selection:
        return self.selections[0]

    def band(self) -> list[dict[str, Any]]:
        """Least and greatest mean leakers over the selections, size by size."""
        good = [s for s in self.selections if not s.fault]
        rows = []
        for k, point in enumerate(self.nominal.points):
            means = {s.name: s.points[k].leakers for s in good}
            rows.append({"size": point.size, "min": min(means.values()), "max": max(means.values()),
                         "least": min(means, key=lambda n: means[n]),
                         "most": max(means, key=lambda n: means[n])})  # fmt: skip
        return rows

    def row(self) -> dict[str, Any]:
        """The object of ``openiads saturate --json``."""
        return {"scenario": self.scenario, "composition": self.composition, "seed": self.seed,
                "fidelity": self.fidelity, "points": [p.row() for p in self.nominal.points],
                "band": self.band(), "selections": [s.row() for s in self.selections],
                "holds_up_to": self.holds_up_to()}  # fmt: skip

    def holds_up_to(self, leakers: float = 1.0) -> dict[str, int | None]:
        """For each selection the largest size of the sweep below which fewer than this leak."""
        found: dict[str, int | None] = {}
        for selection in self.selections:
            if selection.fault:
                continue
            held = None
            for point in selection.points:
                if point.leakers >= leakers:
                    break
                held = point.size
            found[selection.name] = held
        return found


def replications_at(size: int, replications: int | None) -> int:
    """Replications of one size: what was asked for, or enough for `LOOKS` threats, 12 to 120."""
    return replications or max(12, min(120, LOOKS // size))


def of_system(
    system: str, classes: Sequence[str], overrides: Mapping[str, str] | None = None
) -> Maker:
    """Raids of equal parts of ``classes`` on the notional defence of a catalogue system."""

    def make(choose: Mapping[str, str], size: int) -> Scenario:
        counts = dict(zip(classes, divide(size, [1.0] * len(classes)), strict=True))
        return notional(system, counts, choose, overrides)

    return make


def of_scenario(scenario: Scenario) -> Maker:
    """A scenario's own raid grown or shrunk, its hostile waves in proportion; others stay."""
    document, file = scenario.document, scenario.file
    counts = {name: wave.count for name, wave in file.raid.waves.items()}
    weights = {n: float(counts[n]) for n in hostile_waves(scenario)}
    if not weights:
        raise InputError.of("nothing hostile is in the raid", "add a wave of threats")
    folder = Path(document.file).parent

    def make(choose: Mapping[str, str], size: int) -> Scenario:
        parts = divide(size, list(weights.values()))
        grown = with_counts(document, file, {**counts, **dict(zip(weights, parts, strict=True))})
        return load_document(grown, folder, {f"choose.{k}": v for k, v in choose.items()})

    return make


def selections_of(scenario: Scenario, system: str | None = None) -> list[Selection]:
    """Nominal, and what disagrees in the public record at its lowest and at its highest.

    Parameters that disagree: those of the defence's items for which two different numbers are
    claimed, and with ``system`` the limits claimed of the whole system; these are moved alone too,
    since "how many at once" is what a saturating raid asks.
    """
    catalogue = scenario.parts.catalogue
    open_ = {
        b.parameter: catalogue[b.item].parameters[b.parameter.partition(".")[2]]
        for b in beliefs_of(scenario)
        if b.open and not b.assumed and catalogue[b.item].kind != "threat"
    }
    limits = {p.id: p for p in (shared_limits(system).values() if system else ())
              if len(p.alternatives()) > 1}  # fmt: skip
    found = [
        Selection("nominal", {}, {p: v.choose().shown() for p, v in {**open_, **limits}.items()})
    ]
    for title, held in (("", {**open_, **limits}), ("limits ", limits)):
        for end in ("lowest", "highest"):
            if held:
                values = {p: v.choose(end).shown() for p, v in held.items()}
                found.append(Selection(f"{title}{end}", dict.fromkeys(held, end), values))
    return found


def sweep(
    make: Maker,
    sizes: Sequence[int],
    selections: Sequence[Selection],
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    told: Told | None = None,
) -> Saturation:
    """Run every size under every selection; the first selection is the nominal one.

    Raises ``InputError`` for no or impossible sizes, and where the nominal selection has faults.
    """
    if not sizes or min(sizes) < 1:
        raise InputError.of("a sweep needs raid sizes of at least one", "as in --sizes 4,16,64")
    sizes = sorted(set(sizes))
    done: list[Selection] = []
    scenario = make(selections[0].choose, sizes[-1])
    fidelity, name = scenario.file.fidelity, scenario.name
    for number, selection in enumerate(selections):
        try:
            whole = compile_scenario(make(selection.choose, sizes[-1]))
            points = []
            for size in sizes:
                model = first_threats(whole, _per_wave(make(selection.choose, size), whole))
                n = replications_at(size, replications)
                points.append(_point(size, campaign(model, n, seed, workers).results))
                if told:
                    told(number * len(sizes) + len(points), len(selections) * len(sizes))
            done.append(replace(selection, points=tuple(points)))
        except (InputError, CapacityError) as error:
            if number == 0:
                raise
            done.append(replace(selection, fault=str(error).replace("\n", " ")))
    counts = {n: scenario.file.raid.waves[n].count for n in hostile_waves(scenario)}
    composition = {n: c / sum(counts.values()) for n, c in counts.items()}
    return Saturation(name, composition, seed, fidelity, tuple(done))


def _per_wave(scenario: Scenario, whole: Model) -> list[int]:
    """Threats of each wave of ``whole`` that a smaller raid of the same waves has."""
    waves = scenario.file.raid.waves
    return [waves[name].count if name in waves else 0 for name in whole.names["waves"]]


def _point(size: int, outcomes: Outcomes) -> Point:
    leakers, n = outcomes.leakers, len(outcomes.replication)
    mean, low, high = mean_interval(leakers)
    clean = int((leakers == 0).sum())
    return Point(
        size, n, mean, (max(0.0, low), min(float(size), high)), clean / n, wilson(clean, n),
        float(outcomes.figure("interceptors").mean()), link_shares(outcomes),
    )  # fmt: skip


def first_threats(model: Model, counts: Sequence[int]) -> Model:
    """The Model with only the first ``counts`` threats of each wave.

    Its tables are those that compile makes of the smaller raid, but that a wave of none keeps its
    name. Raises ``InputError`` where a wave has fewer than asked for.
    """
    tables = model.tables
    # A name is wave/number, or wave/number/piece of what a missile leaves behind.
    number = np.array([int(name.split("/")[1]) for name in model.names["threats"]])
    wave = tables.threats["wave"]
    for k, count in enumerate(counts):
        held = int(number[wave == k].max(initial=0))
        if count > held:
            raise InputError.of(
                f"wave {model.names['waves'][k]} has {held} threats, not {count}",
                "compile it for the largest size",
            )
    keep = np.flatnonzero(number <= np.array(counts)[wave])
    threats = tables.threats[keep].copy()
    grid = np.concatenate([np.arange(t["grid"], t["grid"] + t["n_grid"]) for t in threats])
    threats["grid"] = np.concatenate([[0], np.cumsum(threats["n_grid"])[:-1]])
    settings = tables.settings.copy()
    settings["jammers"] = int((threats["jamming_m2"] > 0.0).sum())
    smaller = tables._replace(
        settings=settings, threats=threats,
        grid_pos_m=tables.grid_pos_m[grid], grid_vel_mps=tables.grid_vel_mps[grid],
        look_pd=tables.look_pd[:, grid], look_snr=tables.look_snr[:, grid],
    )  # fmt: skip
    names = {
        **model.names,
        **{n: [model.names[n][k] for k in keep] for n in ("threats", "classes")},
    }
    pictures = dict(model.pictures)
    pictures |= {n: [model.pictures[n][k] for k in keep] for n in ("starts", "aims")}
    return replace(model, tables=smaller, names=names, pictures=pictures)
