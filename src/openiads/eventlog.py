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

from openiads.domain.threats import ALL_CATEGORIES
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
    choices: Any = None
    """record array of `engine.state.CHOICES`: every way of shooting in each cycle that ordered"""
    cycles_left_out: int = 0
    """cycles that ordered something and were too large to keep"""

    @property
    def events(self) -> pa.Table:
        """One row an event: time_s, event, threat, track, unit, missile, serial, value, link."""
        import pyarrow as pa

        r = self.records
        names = self.model.names
        threats = np.array([*names["threats"], None], dtype=object)
        missiles = np.array([*names["missiles"], None], dtype=object)
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
                "missile": pa.array(missiles[r["missile"]], pa.string()),
                "serial": r["serial"],
                "value": r["value"],
                "link": pa.array(link, pa.string()),
            }
        )

    @property
    def decisions(self) -> pa.Table:
        """One row a way of shooting, in each cycle that ordered something, with names.

        The terms of the threat value: asset at risk, its worth, seconds to go, miss distance, what
        the target is taken for with its probability, and the expected lethality (1: not asked);
        then the way: unit, missile, rounds, kill probability, seconds until it meets; and whether
        it was taken.
        """
        import pyarrow as pa

        names, ways = self.model.names, self.choices
        if ways is None:
            from openiads.engine.state import CHOICES

            ways = np.zeros(0, CHOICES)

        def named(kind: str, column: str) -> Any:
            return pa.array(np.array([*names[kind], None], object)[ways[column]], pa.string())

        plain = ("worth", "to_go_s", "miss_m", "threat_value", "rounds", "kill", "met_s", "spare_s")
        return pa.table(
            {
                "time_s": ways["time_s"],
                "cycle": ways["cycle"],
                "track": ways["track"],
                "threat": named("threats", "threat"),
                "asset": named("assets", "asset"),
                "unit": named("units", "unit"),
                "missile": named("missiles", "missile"),
                "taken": ways["taken"] == 1,
                "taken_for": pa.array(np.array(ALL_CATEGORIES, object)[ways["kind"]], pa.string()),
                "class_probability": ways["kind_p"],
                "hazard": ways["hazard"],
                **{column: ways[column] for column in plain},
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
    choices = np.array(state.kept[: now.n_kept])
    return Log(model, seed, replication, records, outcome, choices, int(now.cycles_left_out))


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
