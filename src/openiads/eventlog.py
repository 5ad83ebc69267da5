"""The Log of a replication, and the Model on disk.

A Log is the only output of a run: an append-only table of events. `Log.events` is a pyarrow Table
with names instead of numbers; `Log.check` asserts what must hold in every Log.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openiads.engine.run import run_memory
from openiads.engine.world import EVENTS, LINKS, LOG_LEAKED, Model, Tables
from openiads.faults import InputError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Log:
    """What happened in one replication, in order of time."""

    model: Model
    seed: int
    replication: int
    records: Any
    """record array of `engine.world.LOG`"""
    outcome: dict[str, Any]
    """the outcome row of the replication, as a campaign keeps it"""

    @property
    def events(self) -> pa.Table:
        """One row an event: time_s, event, threat, track, unit, serial, value, link."""
        import pyarrow as pa

        r = self.records
        names = self.model.names
        threats = np.array([*names["threats"], None], dtype=object)
        links = np.array(LINKS, dtype=object)
        kinds = np.array(EVENTS, dtype=object)
        leaked = r["kind"] == LOG_LEAKED
        link = np.where(leaked, links[np.clip(r["serial"], 0, len(LINKS) - 1)], None)
        return pa.table(
            {
                "time_s": r["time_s"],
                "event": pa.array(kinds[r["kind"]], pa.string()),
                "threat": pa.array(threats[r["threat"]], pa.string()),
                "track": r["track"],
                "unit": r["unit"],
                "serial": r["serial"],
                "value": r["value"],
                "link": pa.array(link, pa.string()),
            }
        )

    def check(self) -> None:
        """Assert the invariants of a Log; AssertionError names the one that broke."""
        kinds = np.array(EVENTS)[self.records["kind"]]
        assert (np.diff(self.records["time_s"]) >= 0).all(), "time runs backwards"
        count = {k: int((kinds == k).sum()) for k in EVENTS}
        assert count["launch"] == count["intercept"], "a launch has no end"
        fates = count["killed"] + count["leaked"] + count["passed"]
        assert fates == len(self.model.tables.threats), "a threat has no fate, or two"
        loaded = self.model.tables.launchers
        stock = int((loaded["rounds"] * (1 + loaded["reloads"])).sum())
        assert count["launch"] <= stock, "more rounds fired than loaded"


def run(model: Model, seed: int = 0, replication: int = 0, draws: bool = False) -> Log:
    """Run one replication with its full Log; ``draws`` logs every named draw as well.

    A pure function: (model.hash, seed, replication) names its Log for ever.
    """
    from openiads.engine.run import FIGURES

    state = run_memory(model, seed, replication, 2 if draws else 1).state
    now = state.now[0]
    figures = dict.fromkeys(FIGURES, 0.0)
    figures.update(
        interceptors=int(now.rounds_fired),
        false_tracks=int(now.false_tracks),
        looks=int(now.looks),
        ended_s=float(state.threats.ended_s.max()),
    )
    outcome = {
        "replication": replication,
        **figures,
        "fate": state.threats.fate.tolist(),
        "link": state.threats.link.tolist(),
        "shots": state.threats.shots.tolist(),
        "lost": (state.sites.lost_s < np.inf).astype(int).tolist(),
    }
    records = np.array(state.log[: now.n_log])
    return Log(model, seed, replication, records, outcome)


def save_model(model: Model, path: Path) -> None:
    """Write a Model as one .npz file, whole or not at all."""
    meta = {
        "names": model.names,
        "scenario": model.scenario,
        "provenance": model.provenance,
        "pictures": model.pictures,
    }
    arrays = {k: np.ascontiguousarray(v) for k, v in model.tables._asdict().items()}
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    part = path.with_suffix(".tmp.npz")
    np.savez_compressed(part, meta=text, **arrays)  # type: ignore[arg-type]
    part.replace(path)


def load_model(path: Path) -> Model:
    """Read a Model that `save_model` wrote; InputError where it is none."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            meta = json.loads(stored["meta"].tobytes())
            tables = Tables(*(stored[name] for name in Tables._fields))
    except (OSError, ValueError, KeyError) as error:
        raise InputError.of(
            f"no model that this version reads: {error}",
            "run the scenario again into a new folder",
            file=str(path),
        ) from error
    return Model(tables, meta["names"], meta["scenario"], meta["provenance"], meta["pictures"])
