"""What the two loops say: bands over beliefs, the part of chance, and what moves the result most.

With m beliefs and n replications of each, the result of one replication varies by

    Var = Var_beliefs(E[y | belief]) + E_beliefs[Var(y | belief)],

the law of total variance. The first part is the variance of the m inner means less what their own
error of s2/n puts into it. Under common random numbers part of that error is shared by all m and
so is in no difference between them: the first part comes out too small rather than too large.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.campaigns.outer import Outer
from openiads.campaigns.second_opinion import salib_indices
from openiads.campaigns.sensitivity import Ranking, choice_basis, rank, span_basis
from openiads.campaigns.statistics import mean_interval, wilson


def summarise_outer(outer: Outer) -> dict[str, Any]:
    """The object that `run --claims --json` adds under ``beliefs``."""
    good, plain = outer.good, outer.plain.results
    tables = {
        "leakers": (np.array([s.leakers for s in good], float), plain.leakers.astype(float)),
        "interceptors": (
            np.array([s.interceptors for s in good], float),
            plain.figure("interceptors"),
        ),
    }
    bands = {name: band(values, nominal) for name, (values, nominal) in tables.items()}
    clean, clean_nominal = (tables["leakers"][k] == 0 for k in (0, 1))
    bands["p_no_leaker"] = {**band(clean.astype(float), clean_nominal.astype(float)),
                            "chance_half_width": _wilson_half(clean)}  # fmt: skip
    return {
        "samples": len(good),
        "replications_each": tables["leakers"][0].shape[1],
        "open_parameters": len(outer.open),
        "disputed": sum(not b.assumed for b in outer.open),
        "assumed": sum(b.assumed for b in outer.open),
        "single_valued": len(outer.beliefs) - len(outer.open),
        "sentence": sentence(bands["leakers"]),
        **bands,
        "ranking": {name: ranking(outer, tables[name][0].mean(axis=1)) for name in tables},
        "by_item": {name: by_item(outer, tables[name][0].mean(axis=1)) for name in tables},
        "salib": {name: _salib(outer, tables[name][0].mean(axis=1)) for name in tables},
        "lone": [
            {"parameter": b.parameter, "value": b.options[0].shown(), "doubted": b.doubted}
            for b in outer.beliefs
            if not b.open and b.options[0].claims
        ],
        "parameters": [b.row() for b in outer.open],
        "faults": [{"sample": s.number, "fault": s.fault} for s in outer.samples if s.fault],
        "folder": str(outer.folder) if outer.folder else None,
    }


def band(values: NDArray[np.float64], nominal: NDArray[np.float64]) -> dict[str, Any]:
    """Bands over beliefs of ``values``, shape (beliefs, replications), and the part of chance."""
    means = values.mean(axis=1)
    low, middle, high = np.quantile(means, [0.05, 0.5, 0.95])
    n = values.shape[1]
    chance = float(values.var(axis=1, ddof=1).mean()) if n > 1 else 0.0
    belief = max(0.0, float(means.var(ddof=1)) - chance / n)
    return {
        "nominal": float(nominal.mean()),
        "min": float(means.min()),
        "p5": float(low),
        "median": float(middle),
        "p95": float(high),
        "max": float(means.max()),
        "chance_half_width": float(np.median([_half(v) for v in values])) if n > 1 else None,
        "variance": {
            "belief": belief,
            "chance": chance,
            "belief_share": belief / (belief + chance) if belief + chance > 0.0 else 0.0,
        },
    }


def _half(values: NDArray[np.float64]) -> float:
    _, low, high = mean_interval(values)
    return 0.5 * (high - low)


def _wilson_half(clean: NDArray[np.bool_]) -> float:
    ends = [wilson(float(row.sum()), len(row)) for row in clean]
    return float(np.median([0.5 * (high - low) for low, high in ends]))


def sentence(leakers: dict[str, Any]) -> str:
    """The answer in one line: the middle nine tenths of beliefs, and the part of chance."""
    low, high, half = leakers["p5"], leakers["p95"], leakers["chance_half_width"]
    if leakers["min"] == leakers["max"]:
        text = f"{leakers['min']:.1f} leakers whomever one believes"
    else:
        text = f"between {low:.1f} and {high:.1f} leakers depending on whom one believes"
    return text + (f", ± {half:.1f} by chance" if half is not None else "")


def ranking(outer: Outer, y: NDArray[np.float64]) -> dict[str, Any]:
    """Open parameters by how much of the variance between beliefs each explains by itself."""
    found = rank([_basis(outer, k) for k in range(len(outer.open))], y, seed=outer.plain.seed)
    rows = [
        {
            "parameter": outer.open[k].parameter,
            "assumed": outer.open[k].assumed,
            **_index(found, k),
            "means": _means(outer, k, y),
        }
        for k in found.order
    ]
    return {"noise_floor": found.noise_floor, "rows": rows}


def by_item(outer: Outer, y: NDArray[np.float64]) -> dict[str, Any]:
    """Catalogue items by the sum of the indices of their open parameters."""
    items = list(dict.fromkeys(b.item for b in outer.open))
    groups = [items.index(b.item) for b in outer.open]
    bases = [_basis(outer, k, bent=False) for k in range(len(groups))]
    found = rank(bases, y, groups, outer.plain.seed)
    rows = [
        {"item": items[g], "parameters": groups.count(g), **_index(found, g)} for g in found.order
    ]
    return {"noise_floor": found.noise_floor, "rows": rows}


def _salib(outer: Outer, y: NDArray[np.float64]) -> dict[str, Any] | None:
    kept = [s.number for s in outer.good]
    names = [b.parameter for b in outer.open]
    return salib_indices(names, outer.weights[kept], y, outer.plain.seed)


def _basis(outer: Outer, column: int, bent: bool = True) -> NDArray[np.float64]:
    belief = outer.open[column]
    if belief.discrete:
        return choice_basis(np.array([s.options[belief.parameter] for s in outer.good]))
    kept = [s.number for s in outer.good]
    return span_basis(outer.weights[kept, column], bent)


def _index(found: Ranking, k: int) -> dict[str, Any]:
    one = found.indices[k]
    return {
        "index": max(0.0, one.index),
        "ci95": [one.low, one.high],
        "p_value": one.p_value,
        "above_noise": one.above_noise,
    }


def _means(outer: Outer, column: int, y: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Mean result for each value of a choice, or for each third of a span, smallest first."""
    belief = outer.open[column]
    believed = [s.believed[belief.parameter] for s in outer.good]
    if belief.discrete:
        which = np.array([s.options[belief.parameter] for s in outer.good])
    else:
        which = np.floor(3.0 * outer.weights[[s.number for s in outer.good], column]).astype(int)
    size = [s.values[belief.parameter] for s in outer.good]
    parts = []
    for part in np.unique(which):
        rows = np.flatnonzero(which == part)
        ends = sorted(rows, key=lambda r: size[r])
        first, last = believed[ends[0]], believed[ends[-1]]
        shown = first if first == last else f"{_bare(first, last)} to {last}"
        parts.append({"value": shown, "samples": len(rows), "mean": float(y[rows].mean())})
    return parts


def _bare(first: str, last: str) -> str:
    """The first end of a span without its unit, where the other end has the same."""
    unit = last.partition(" ")[2]
    return first.removesuffix(f" {unit}") if unit else first
