"""Execute a campaign: chunks on all cores, one part file each, resumable after any kind of stop."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openiads.campaigns.first_start import first_start
from openiads.campaigns.outcomes import Outcomes, run_range, summarise
from openiads.campaigns.statistics import mean_interval
from openiads.engine.state import Memory, allocate
from openiads.engine.world import Model
from openiads.eventlog import load_model, save_model
from openiads.faults import InputError

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]
"""Called with (replications done, replications wanted) whenever a chunk is finished."""

PACKAGES = ("openiads", "numpy", "numba", "scipy", "pyarrow")


@dataclass(frozen=True)
class Result:
    """A finished campaign."""

    model: Model
    seed: int
    results: Outcomes
    seconds: float
    """wall time of the replications that this very call ran"""
    fresh: int
    """replications that this very call ran; the others were there already"""
    folder: Path | None = None

    @property
    def outcomes(self) -> pa.Table:
        """One row a replication, as a pyarrow Table."""
        return self.results.table()

    def summary(self) -> dict[str, Any]:
        """The object that `run --json` prints."""
        rate = self.fresh / self.seconds if self.fresh and self.seconds > 0 else None
        summary = summarise(self.model, self.results)
        summary["seed"] = self.seed
        summary["replications_per_second"] = rate
        summary["run"] = str(self.folder) if self.folder else None
        return summary


@dataclass(frozen=True)
class Run:
    """A run folder, read back."""

    folder: Path
    model: Model
    outcomes: Outcomes
    config: dict[str, Any]


def chunk_size(model: Model) -> int:
    """Replications a part: about a second of work, whatever the number of workers."""
    return max(1, min(250, 12_000 // max(1, len(model.tables.threats))))


def campaign(
    model: Model,
    replications: int,
    seed: int = 0,
    workers: int | None = None,
    folder: Path | None = None,
    precision: float | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run replications 0 to ``replications - 1`` that are not in ``folder`` yet.

    Which worker runs a replication, and when, changes nothing in it. With ``precision`` the
    campaign stops at the first multiple of four chunks at which the 95 % interval of the mean
    number of leakers is within ± ``precision``. KeyboardInterrupt leaves finished chunks in place.
    """
    if replications < 1:
        raise InputError.of("a campaign needs at least one replication", "give -n 1 or more")
    size = chunk_size(model)
    limit = replications if precision is None else min(replications, 4 * size)
    fresh = 0
    seconds = 0.0
    while True:
        parts = _finished(folder, model) if folder else []
        missing = list(_missing([(p.replication[0], len(p.replication)) for p in parts], limit,
                                size))  # fmt: skip
        done = limit - sum(count for _, count in missing)
        if missing:
            # Compile or load the kernels before the clock starts, and in one thread only: two
            # that compile the same at once both pay in full.
            with first_start():
                pass
            run_range(model, allocate(model.tables), seed, missing[0][0], 1)
        began = time.perf_counter()
        chunks = _run_chunks(model, seed, missing, workers or os.cpu_count() or 1)
        with _interrupts() as asked, contextlib.closing(chunks):
            for part in chunks:
                fresh += len(part.replication)
                done += len(part.replication)
                if folder is not None:
                    _write_part(folder, part)
                parts.append(part)
                if progress:
                    progress(done, limit if precision is None else replications)
                if asked():
                    raise KeyboardInterrupt
        seconds += time.perf_counter() - began
        results = _first(Outcomes.join(parts), limit)
        if limit >= replications or _precise(results, precision):
            return Result(model, seed, results, seconds, fresh, folder)
        limit = min(replications, limit + 4 * size)
        if folder is None:
            raise InputError.of("`precision` needs a run folder", "give one")


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed, to be asked between two parts; a second one stops at once.

    An exception that a signal raises can fall into a destructor, which swallows it, or between a
    part and its name. Only the main thread may set a handler; others get interrupts as they come.
    """
    count = 0

    def note(number: int, frame: Any) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: count > 0
    finally:
        signal.signal(signal.SIGINT, before)


def _precise(results: Outcomes, precision: float | None) -> bool:
    _, low, high = mean_interval(results.leakers)
    return precision is not None and high - low <= 2.0 * precision


def _first(outcomes: Outcomes, count: int) -> Outcomes:
    """The outcomes of replications below ``count``."""
    keep = outcomes.replication < count
    return Outcomes(*(getattr(outcomes, f)[keep] for f in Outcomes.__annotations__))


def _missing(held: list[tuple[int, int]], wanted: int, size: int) -> Iterator[tuple[int, int]]:
    """(first, count) of the chunks that are still to run, cut at multiples of ``size``."""
    have = {first + k for first, count in held for k in range(count)}
    first = 0
    while first < wanted:
        end = min(wanted, (first // size + 1) * size)
        while first < end and first in have:
            first += 1
        last = first
        while last < end and last not in have:
            last += 1
        if last > first:
            yield first, last - first
        first = last if last > first else end


def _run_chunks(
    model: Model, seed: int, chunks: list[tuple[int, int]], workers: int
) -> Generator[Outcomes, None, None]:
    """Outcomes of the chunks as they finish; threads, since the kernels hold no lock."""
    if not chunks:
        return
    local = threading.local()
    stop = threading.Event()

    def work(first: int, count: int) -> Outcomes | None:
        if stop.is_set():
            return None
        memory: Memory | None = getattr(local, "memory", None)
        if memory is None:
            memory = local.memory = allocate(model.tables)
        return run_range(model, memory, seed, first, count)

    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(chunks))))
    try:
        waiting: set[Future[Outcomes | None]] = {pool.submit(work, *c) for c in chunks}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=id):
                part = future.result()
                if part is not None:
                    yield part
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _write_part(folder: Path, part: Outcomes) -> None:
    """One part file, whole or not at all."""
    import pyarrow.parquet as pq

    first, count = int(part.replication[0]), len(part.replication)
    path = folder / "outcomes" / f"part-{first:09d}-{count:06d}.parquet"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        pq.write_table(part.table(), draft)
        draft.replace(path)
    finally:  # an interrupt may fall between the two
        draft.unlink(missing_ok=True)


def _finished(folder: Path, model: Model) -> list[Outcomes]:
    """The parts that a folder holds already."""
    import pyarrow.parquet as pq

    parts = []
    for path in sorted((folder / "outcomes").glob("part-*.parquet")):
        try:
            part = Outcomes.of_table(pq.read_table(path))
        except (OSError, KeyError, ValueError) as error:
            raise InputError.of(
                f"a part of the run cannot be read: {error}",
                "delete this file; its replications will be run again",
                file=str(path),
            ) from error
        if part.fate.shape[1] != len(model.tables.threats):
            raise InputError.of(
                "a part of the run is of another raid", "use another --out folder", file=str(path)
            )
        parts.append(part)
    return parts


def prepare_folder(
    folder: Path, model: Model, seed: int, text: str, name: str, overrides: dict[str, str]
) -> None:
    """Make a run folder, or check that the one that is there belongs to the same run."""
    config_path = folder / "run.json"
    if config_path.exists():
        config = read_config(folder)
        if config.get("model") != model.hash or config.get("seed") != seed:
            what = "model" if config.get("model") != model.hash else "seed"
            raise InputError.of(
                f"the folder holds a run of another {what}",
                "give another --out, or delete the folder",
                file=str(folder),
            )
        return
    (folder / "outcomes").mkdir(parents=True, exist_ok=True)
    save_model(model, folder / "model.npz")
    config = {
        "scenario": name,
        "text": text,
        "set": overrides,
        "model": model.hash,
        "seed": seed,
        "fidelity": model.fidelity,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES},
    }
    draft = config_path.with_suffix(".tmp")
    draft.write_text(json.dumps(config, indent=1), encoding="utf-8")
    draft.replace(config_path)


def read_config(folder: Path) -> dict[str, Any]:
    """run.json of a run folder; InputError where there is none."""
    try:
        return dict(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError.of(
            "this is no run folder: it has no readable run.json",
            "give the folder that `openiads run` named",
            file=str(folder),
        ) from error


def open_run(folder: Path) -> Run:
    """Read a run folder back: its Model and all finished replications."""
    config = read_config(folder)
    model = load_model(folder / "model.npz")
    parts = _finished(folder, model)
    if not parts:
        raise InputError.of("the run has no finished replication", "run it", file=str(folder))
    return Run(folder, model, Outcomes.join(parts), config)
