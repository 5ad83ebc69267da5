"""Outcomes: one row a replication, and the summary of many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openiads.campaigns.statistics import mean_interval, share_interval, wilson
from openiads.engine.run import FIGURES, recarrays, replicate_many
from openiads.engine.state import Memory
from openiads.engine.world import (
    HARMLESS,
    HOSTILE,
    KILLED,
    LEAKED,
    LINKS,
    NEUTRAL,
    Model,
)
from openiads.faults import CapacityError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of n replications of t threats, sorted by replication."""

    replication: NDArray[np.int64]  # (n,)
    figures: NDArray[np.float64]  # (n, len(FIGURES))
    fate: NDArray[np.int8]  # (n, t)
    link: NDArray[np.int8]  # (n, t)
    shots: NDArray[np.int16]  # (n, t)
    lost: NDArray[np.int8]  # (n, k) whether each site was destroyed

    @classmethod
    def join(cls, parts: list[Outcomes]) -> Outcomes:
        """Several Outcomes as one, sorted by replication."""
        columns = [np.concatenate([getattr(p, f) for p in parts]) for f in cls.__annotations__]
        order = np.argsort(columns[0], kind="stable")
        return cls(*(c[order] for c in columns))

    def figure(self, name: str) -> NDArray[np.float64]:
        return self.figures[:, FIGURES.index(name)]

    @property
    def leaked(self) -> NDArray[np.bool_]:
        """(n, t) whether each threat leaked."""
        return self.fate == LEAKED

    @property
    def leakers(self) -> NDArray[np.int64]:
        """(n,) leakers of each replication."""
        return self.leaked.sum(axis=1)

    def table(self) -> pa.Table:
        """As a pyarrow Table, one row a replication."""
        import pyarrow as pa

        def flat(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
            # From the bytes: pa.array() of an ndarray imports pandas, which takes 0.3 s.
            rows = np.ascontiguousarray(values, kind.to_pandas_dtype()).ravel()
            return pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(rows)])

        def lists(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
            return pa.FixedSizeListArray.from_arrays(flat(values, kind), values.shape[1])

        return pa.table(
            {
                "replication": flat(self.replication, pa.int64()),
                "leakers": flat(self.leakers, pa.int32()),
                **{name: flat(self.figure(name), pa.float64()) for name in FIGURES},
                "fate": lists(self.fate, pa.int8()),
                "link": lists(self.link, pa.int8()),
                "shots": lists(self.shots, pa.int16()),
                "lost": lists(self.lost, pa.int8()),
            }
        )

    @classmethod
    def of_table(cls, table: pa.Table) -> Outcomes:
        """The inverse of `table`."""

        def lists(name: str, dtype: Any) -> NDArray[Any]:
            column = table.column(name).combine_chunks()
            flat = column.flatten().to_numpy(zero_copy_only=False).astype(dtype)
            return flat.reshape(len(column), -1)

        figures = np.column_stack([table.column(n).to_numpy() for n in FIGURES])
        return cls(
            table.column("replication").to_numpy(),
            figures,
            lists("fate", np.int8),
            lists("link", np.int8),
            lists("shots", np.int16),
            lists("lost", np.int8),
        )


def run_range(model: Model, memory: Memory, seed: int, first: int, count: int) -> Outcomes:
    """Outcomes of replications ``first`` to ``first + count - 1``; the memory is reused."""
    t = len(model.tables.threats)
    figures = np.zeros((count, len(FIGURES)))
    fate, link = np.zeros((count, t), np.int8), np.zeros((count, t), np.int8)
    shots = np.zeros((count, t), np.int16)
    lost = np.zeros((count, int(model.tables.settings[0]["sites"])), np.int8)
    tables = recarrays(model.tables)
    bad = replicate_many(tables, memory, seed, first, count, figures, fate, link, shots, lost)
    if bad >= 0:
        raise CapacityError(f"replication {bad}: a capacity was exceeded; the run is not valid")
    return Outcomes(np.arange(first, first + count), figures, fate, link, shots, lost)


def _number(value: float) -> float | None:
    return None if not math.isfinite(value) else float(value)


def _mean(values: NDArray[Any], most: float = math.inf) -> dict[str, Any]:
    """Mean of counts that lie between 0 and ``most``, with its interval inside them."""
    mean, low, high = mean_interval(values)
    if not math.isfinite(high):  # one replication says nothing of the spread
        return {"mean": _number(mean), "ci95": [None, None]}
    return {"mean": _number(mean), "ci95": [max(low, 0.0), min(high, most)]}


def summarise(model: Model, outcomes: Outcomes) -> dict[str, Any]:
    """The figures of `run --json` that depend on the outcomes alone."""
    leaked, n = outcomes.leaked, len(outcomes.replication)
    sides = model.tables.threats["side"]
    hostile = sides == HOSTILE
    classes = np.array(model.names["classes"])
    hostiles = classes[hostile]
    clean = int((outcomes.leakers == 0).sum())
    return {
        **_neutrals(outcomes, sides == NEUTRAL),
        "scenario": model.scenario,
        "model": model.hash,
        "replications": n,
        "fidelity": model.fidelity,
        "threats": len(hostiles),
        "leakers": _mean(outcomes.leakers, len(hostiles)),
        "p_no_leaker": {"estimate": clean / n, "ci95": list(wilson(clean, n))},
        "interceptors": _mean(outcomes.figure("interceptors")),
        "by_class": {
            name: {
                "count": int((hostiles == name).sum()),
                "leakers": _mean(
                    leaked[:, hostile & (classes == name)].sum(axis=1),
                    float((hostiles == name).sum()),
                ),
            }
            for name in dict.fromkeys(hostiles.tolist())
        },
        **_harmless(outcomes, classes, sides == HARMLESS),
        **_losses(model, outcomes),
        "first_broken_link": {
            name: figures["share"] for name, figures in link_shares(outcomes).items()
        },
        "looks_per_replication": float(outcomes.figure("looks").mean()),
        "false_tracks": _mean(outcomes.figure("false_tracks")),
        "chosen": chosen(model),
    }


def _neutrals(outcomes: Outcomes, neutral: NDArray[np.bool_]) -> dict[str, Any]:
    """What was done to neutrals, where there are any: never hidden, and told before all else."""
    count = int(neutral.sum())
    if count == 0:
        return {}
    killed = (outcomes.fate[:, neutral] == KILLED).sum(axis=1)
    n, some = len(killed), int((killed > 0).sum())
    return {
        "neutrals": {
            "count": count,
            "shot_down": _mean(killed, count),
            "p_any_shot_down": {"estimate": some / n, "ci95": list(wilson(some, n))},
        }
    }


def _harmless(
    outcomes: Outcomes, classes: NDArray[Any], harmless: NDArray[np.bool_]
) -> dict[str, Any]:
    """Decoys, spent bodies and surface targets, where there are any: hit, and shot at, by class."""
    if not harmless.any():
        return {}
    rows = {}
    for name in dict.fromkeys(classes[harmless].tolist()):
        mine = harmless & (classes == name)
        count = int(mine.sum())
        rows[name] = {
            "count": count,
            "hit": _mean((outcomes.fate[:, mine] == KILLED).sum(axis=1), count),
            "interceptors": _mean(outcomes.shots[:, mine].sum(axis=1)),
        }
    return {"harmless": rows}


def _losses(model: Model, outcomes: Outcomes) -> dict[str, Any]:
    """What became of everything that the raid was aimed at: lost, in all and by name."""
    threats = model.tables.threats
    aimed = np.unique(threats["site"][(threats["side"] == HOSTILE) & (threats["site"] >= 0)])
    if not len(aimed):
        return {}
    n = len(outcomes.replication)
    kinds = [site_kind(model, site) for site in aimed]
    rows = {}
    for kind in dict.fromkeys(kinds):
        mine = aimed[[k == kind for k in kinds]]
        rows[kind] = {
            "count": len(mine),
            "lost": _mean(outcomes.lost[:, mine].sum(axis=1), len(mine)),
            "p_lost": {
                model.names["sites"][site]: {"estimate": hit / n, "ci95": list(wilson(hit, n))}
                for site, hit in ((s, int(outcomes.lost[:, s].sum())) for s in mine)
            },
        }
    return {"losses": rows}


def site_kind(model: Model, site: int) -> str:
    """asset, radar, fire-unit (which goes with its engagement radar) or command-post."""
    radars, count = model.tables.radars, int(model.tables.settings[0]["sites"])
    radar = site - (count - 1 - len(radars))
    if radar < 0:
        return "asset"
    if site == count - 1:
        return "command-post"
    return "radar" if radars[radar]["unit"] < 0 else "fire-unit"


def chosen(model: Model) -> list[dict[str, Any]]:
    """Parameters whose value is not the one that the nominal rule takes, and what they reach.

    ``changes`` names the columns of the Model that can differ for it, ``from_link`` the first link
    of the kill chain that can (`openiads.scenario.depends`).
    """
    rows: dict[str, dict[str, Any]] = {}
    for use in model.provenance:
        if use.get("nominal") is None:
            continue
        row = rows.setdefault(
            use["owner"],
            {"parameter": use["owner"], "rule": use["rule"], "value": use["value"],
             "nominal": use["nominal"], "used_by": [], "changes": set(), "from_link": None},
        )  # fmt: skip
        row["used_by"].append(f"{use['item']}.{use['parameter']}")
        row["changes"] |= set(use["reaches"])
        links = [link for link in (row["from_link"], use["from_link"]) if link]
        row["from_link"] = min(links, key=LINKS.index)
    return [{**row, "changes": sorted(row["changes"])} for row in rows.values()]


def link_shares(outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    """Share of leakers by first broken link, with intervals; only links that occur."""
    whole = outcomes.leakers.astype(float)
    shares = {}
    for number, name in enumerate(LINKS):
        part = ((outcomes.link == number) & outcomes.leaked).sum(axis=1).astype(float)
        if part.sum() == 0:
            continue
        _, low, high = share_interval(part, whole)
        share = float(part.sum() / whole.sum())
        shares[name] = {"share": share, "ci95": [low, high], "leakers": float(part.mean())}
    return shares
