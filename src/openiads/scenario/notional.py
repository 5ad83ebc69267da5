"""Scenarios made to measure: a catalogue system on notional ground, and raids of any size.

``data/defences`` holds one file a system: what stands where, in the words of a scenario, and which
limits are claimed of the whole system (``shared``) and so are divided among its engagement radars.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openiads.faults import InputError, nearest
from openiads.scenario.catalogue import Catalogue, load_catalogue, slug
from openiads.scenario.load import Scenario, load_document
from openiads.scenario.raid import wave_starts
from openiads.scenario.reader import Document, read_yaml
from openiads.scenario.record import Parameter
from openiads.scenario.schema import ScenarioFile
from openiads.scenario.shipped import DATA

APPROACH: dict[str, dict[str, str]] = {
    "aircraft": {"distance": "420 km"},
    "drone": {"distance": "120 km"},
    "cruise": {"distance": "280 km"},
    "supersonic": {"distance": "320 km"},
    "ballistic": {"distance": "1000 km"},
}
"""Where a wave of each category appears (assumed: just beyond the reach of most rounds; drones and
cruise missiles, which fly low, beyond every horizon)."""

REACHES: dict[str, str] = {
    "srbm": "300 km", "hgv": "2000 km", "cruise_hypersonic": "500 km", "leo_satellite": "1000 km",
}  # fmt: skip
"""Classes that their category's distance does not fit (assumed: within their claimed ranges)."""

FRONT = {"bearing": "90 deg", "bearing_spread": "60 deg"}
"""Direction from which a made raid comes (assumed: within the narrowest sector of any radar)."""

AT_ONCE = {"time_spread": "60 s", "time_jitter": "10 s"}
"""What "at once" means: all appear within a minute."""


def systems() -> dict[str, Path]:
    """Catalogue systems that a notional defence is held for: name to file."""
    return {path.stem: path for path in sorted((DATA / "defences").glob("*.yaml"))}


def is_system(name: str) -> bool:
    """Whether ``name`` names a system that a notional defence is held for."""
    return slug(name) in systems()


def usual_threat(system: str) -> str:
    """The class of which a raid on a system is made unless one says otherwise."""
    return str(read_yaml(systems()[slug(system)]).data["threat"])


def notional(
    system: str,
    counts: Mapping[str, int],
    choose: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> Scenario:
    """The notional scenario of a catalogue system against ``counts`` threats of each class.

    ``choose`` holds rules of choice as a scenario's own ``choose``; those of ``shared`` parameters
    (`shared_limits`) say which claim is divided among the radars. ``overrides`` are as `--set`.
    Raises ``InputError`` with every fault.
    """
    known = systems()
    if slug(system) not in known:
        raise InputError.of(f"no notional defence of '{system}'", nearest(system, known))
    held = read_yaml(known[slug(system)])
    catalogue = load_catalogue()
    data = {
        "scenario": f"{slug(system)} under a raid",
        "about": held.data["about"],
        "map": {"size": "2400 km"},
        "duration": "4 h",
        "choose": _without_shared(choose or {}, held.data["shared"]),
        "assets": copy.deepcopy(held.data["assets"]),
        "defence": copy.deepcopy(held.data["defence"]),
        "raid": {"waves": _waves(counts, list(held.data["assets"]), catalogue)},
    }
    _share(data["defence"], held.data["shared"], choose or {}, catalogue)
    document = Document(data, held.file, held.lines)
    return load_document(document, known[slug(system)].parent, overrides)


def shared_limits(system: str) -> dict[str, Parameter]:
    """Radar parameters that are claimed of the whole system, with the parameter that holds them."""
    catalogue = load_catalogue()
    shared = read_yaml(systems()[slug(system)]).data["shared"]
    return {name: _parameter(catalogue, owner) for name, owner in shared.items()}


def _parameter(catalogue: Catalogue, dotted: str) -> Parameter:
    item, _, name = dotted.partition(".")
    return catalogue[item].parameters[name]


def _without_shared(choose: Mapping[str, str], shared: Mapping[str, str]) -> dict[str, str]:
    return {key: rule for key, rule in choose.items() if key not in shared.values()}


def _share(
    defence: dict[str, Any],
    shared: Mapping[str, str],
    choose: Mapping[str, str],
    catalogue: Catalogue,
) -> None:
    """Give each engagement radar its part of what is claimed of the whole system."""
    units = defence["fire_units"].values()
    for name, owner in shared.items():
        rule = choose.get(owner, choose.get("rule", "nominal"))
        value = _parameter(catalogue, owner).choose(rule).value
        assert isinstance(value, int | float)
        part = math.ceil(float(value) / len(units))
        for unit in units:
            use = unit["radar"]
            use = {"type": use} if isinstance(use, str) else dict(use)
            use["with"] = {name: part, **use.get("with", {})}
            unit["radar"] = use


def _waves(
    counts: Mapping[str, int], assets: list[str], catalogue: Catalogue
) -> dict[str, dict[str, Any]]:
    """One wave a class, all from one front at once."""
    threats = [n for n in catalogue if catalogue[n].kind == "threat"]
    unknown = [name for name in counts if name not in threats]
    if unknown:
        raise InputError.of(
            f"no threat class '{unknown[0]}' in the catalogue", nearest(unknown[0], threats)
        )
    waves: dict[str, dict[str, Any]] = {}
    for name, count in counts.items():
        if count < 1:
            continue
        category = catalogue[name].parameters.get("category")
        kind = str(category.choose().value) if category is not None else "aircraft"
        distance = REACHES.get(name, APPROACH[kind]["distance"])
        waves[name] = {"threat": name, "count": count, "aim": assets, "distance": distance,
                       **FRONT, **AT_ONCE}  # fmt: skip
    return waves


def with_counts(document: Document, file: ScenarioFile, counts: Mapping[str, int]) -> Document:
    """A scenario's document with other numbers of threats, wave by wave.

    A wave of none is left out; the times of those that waited for it stay as they were.
    """
    data = copy.deepcopy(document.data)
    starts = wave_starts(file.raid.waves)
    waves = {}
    for name, wave in data["raid"]["waves"].items():
        if counts.get(name, 0) < 1:
            continue
        waves[name] = {k: v for k, v in wave.items() if k != "after"}
        waves[name] |= {"count": counts[name], "at": f"{starts[name]!r} s"}
    data["raid"]["waves"] = waves
    return Document(data, document.file, document.lines)


def divide(total: int, weights: Sequence[float]) -> list[int]:
    """``total`` whole things divided in proportion to ``weights``, by the largest remainder.

    Reference: Hamilton's method, e.g. Balinski and Young, Fair Representation, 1982, ch. 3. Ties
    go to the first.
    """
    whole = sum(weights)
    exact = [total * w / whole for w in weights]
    parts = [math.floor(e) for e in exact]
    by_rest = sorted(range(len(exact)), key=lambda k: (parts[k] - exact[k], k))
    for k in by_rest[: total - sum(parts)]:
        parts[k] += 1
    return parts
