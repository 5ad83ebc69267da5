"""Two loops: what we do not know in the outer one, chance in the inner one, kept apart.

Each outer sample takes one value for every parameter that the record leaves open and runs the same
replications with the same draws (common random numbers), so that two samples differ by what is
believed and not by luck. One JSON file a sample lies in the run folder; the same command goes on
where it stopped. Samples that make the same Model are run once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.campaigns.beliefs import Belief, Pick, beliefs_of, design
from openiads.campaigns.execute import Result, campaign
from openiads.faults import CapacityError, InputError
from openiads.kernel import cache_directory
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

Told = Callable[[int, int, "Sample"], None]
"""Called with (samples done, samples wanted, the sample) after each."""


@dataclass(frozen=True)
class Sample:
    """One outer sample: what was believed, and the results of its replications in order."""

    number: int
    believed: dict[str, str]
    """each open parameter and the value taken, as a person reads it"""
    values: dict[str, float]
    """the same in SI"""
    options: dict[str, int]
    """which option of the belief it was"""
    model: str
    leakers: NDArray[np.int64]
    interceptors: NDArray[np.int64]
    fault: str = ""
    """why these values cannot be run, where they cannot"""

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {
            **{k: getattr(self, k) for k in ("number", "believed", "values", "options", "model")},
            "leakers": self.leakers.tolist(),
            "interceptors": self.interceptors.tolist(),
            "fault": self.fault,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Sample:
        """The inverse of `row`."""
        results = {k: np.array(row[k], np.int64) for k in ("leakers", "interceptors")}
        return cls(**{**row, **results})


@dataclass(frozen=True)
class Outer:
    """A finished outer loop beside the plain run that it belongs to."""

    beliefs: list[Belief]
    """every parameter in question, open or not"""
    weights: NDArray[np.float64]
    """(samples, open beliefs) the cumulative weights that were believed"""
    samples: list[Sample]
    plain: Result
    folder: Path | None

    @property
    def open(self) -> list[Belief]:
        """The beliefs that have alternatives, in the order of the columns of ``weights``."""
        return [b for b in self.beliefs if b.open]

    @property
    def good(self) -> list[Sample]:
        """The samples that could be run."""
        return [s for s in self.samples if not s.fault]


def run_outer(
    scenario: str | Path,
    plain: Result,
    overrides: Mapping[str, str] | None = None,
    only: str = "all",
    samples: int = 50,
    workers: int | None = None,
    told: Told | None = None,
) -> Outer:
    """Run the replications of ``plain`` again under ``samples`` beliefs.

    ``scenario`` and ``overrides`` are what ``plain`` was loaded from, ``only`` names the parameters
    in question (see `beliefs_of`). A finished sample is read from the folder of ``plain``.
    Raises ``InputError`` for unknown parameters, or where fewer than two samples
    can be run.
    """
    if samples < 2:
        raise InputError.of("an outer loop needs two samples at least", "give --outer 2 or more")
    overrides = dict(overrides or {})
    beliefs = beliefs_of(load(scenario, overrides), only)
    held = [b for b in beliefs if b.open]
    fixed = {b.parameter: b.pick(0.5).rule for b in beliefs if not b.open}
    base = {**overrides, **{f"choose.{p}": r for p, r in fixed.items() if r is not None}}
    weights = design(held, samples, plain.seed)
    folder = _folder(plain, beliefs, samples)
    done: list[Sample] = []
    by_model: dict[str, Sample] = {}
    for number in range(samples):
        sample = _read(folder, number)
        if sample is None:
            picks = zip(held, weights[number], strict=True)
            believed = {b.parameter: b.pick(float(u)) for b, u in picks}
            sample = _sample(scenario, base, believed, number, plain, workers, by_model)
            _write(folder, sample)
        if not sample.fault:
            by_model.setdefault(sample.model, sample)
        done.append(sample)
        if told:
            told(number + 1, samples, sample)
    outer = Outer(beliefs, weights, done, plain, folder)
    if len(outer.good) < 2:
        raise InputError.of(
            f"fewer than two of {samples} samples of belief can be run: {done[0].fault}",
            "restrict --claims to other parameters",
        )
    return outer


def _sample(
    scenario: str | Path,
    base: Mapping[str, str],
    picks: Mapping[str, Pick],
    number: int,
    plain: Result,
    workers: int | None,
    by_model: Mapping[str, Sample],
) -> Sample:
    rules = {f"choose.{p}": k.rule for p, k in picks.items() if k.rule is not None}
    believed = {p: k.shown for p, k in picks.items()}
    values = {p: k.si for p, k in picks.items()}
    options = {p: k.option for p, k in picks.items()}
    nothing = np.zeros(0, np.int64)
    try:
        model = compile_scenario(load(scenario, {**base, **rules}))
        if model.hash == plain.model.hash:
            leakers, fired = _results(plain)
        elif model.hash in by_model:
            twin = by_model[model.hash]
            leakers, fired = twin.leakers, twin.interceptors
        else:
            count = len(plain.results.replication)
            leakers, fired = _results(campaign(model, count, plain.seed, workers))
    except (InputError, CapacityError) as error:
        why = str(error).replace("\n", " ")
        return Sample(number, believed, values, options, "", nothing, nothing, why)
    return Sample(number, believed, values, options, model.hash, leakers, fired)


def _results(result: Result) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    outcomes = result.results
    return outcomes.leakers, outcomes.figure("interceptors").astype(np.int64)


def _folder(plain: Result, beliefs: Sequence[Belief], samples: int) -> Path | None:
    """The folder of these very samples: other kernels, claims or numbers go to another."""
    if plain.folder is None:
        return None
    what = [
        plain.model.hash, plain.seed, len(plain.results.replication), samples,
        cache_directory().name, [b.row() for b in beliefs],
    ]  # fmt: skip
    key = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:8]
    folder = plain.folder / f"beliefs-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _read(folder: Path | None, number: int) -> Sample | None:
    path = folder / f"sample-{number:04d}.json" if folder else None
    if path is None or not path.exists():
        return None
    try:
        return Sample.of_row(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise InputError.of(
            f"a sample of the outer loop cannot be read: {error}",
            "delete this file; the sample will be run again",
            file=str(path),
        ) from error


def _write(folder: Path | None, sample: Sample) -> None:
    """One sample file, whole or not at all."""
    if folder is not None:
        path = folder / f"sample-{sample.number:04d}.json"
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(sample.row()), encoding="utf-8")
        draft.replace(path)
