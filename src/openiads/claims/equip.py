"""A scenario equipped with what a buyer is reported to hold, at least and at most.

The scenario's own fire units are the pattern: copies of them stand further along the front until
there are as many as the ledger's inventory says, or the last are left out. What they consist of,
and where they stand, stays notional.
"""

from __future__ import annotations

import io
import math
from copy import deepcopy
from pathlib import Path
from typing import Any

from openiads.claims.inventory import Holding
from openiads.faults import InputError
from openiads.scenario.catalogue import Catalogue, slug
from openiads.scenario.load import find, load
from openiads.scenario.schema import MAX_UNITS

APART_M = 20e3
"""Assumed: copies stand this far apart along the front, so that their zones overlap."""

ENDS = ("low", "high")


def equipped(base: str | Path, holding: Holding, end: str) -> str:
    """The text of the scenario ``base`` with as many fire units as ``holding`` has at ``end``.

    ``end`` is ``low`` or ``high``. Raises ``InputError`` where the buyer holds none at that end,
    where the scenario's fire units are of another system, or where they are too many.
    """
    from ruamel.yaml import YAML

    count = holding.low if end == "low" else holding.high
    scenario = load(base)
    path = find(base)
    units = scenario.file.defence.fire_units
    _same_system({u.radar.type for u in units.values()}, scenario.parts.catalogue, holding)
    if count == 0:
        raise InputError.of(
            f"no report leaves it certain that {holding.buyer} holds any {holding.system}",
            "equip with the high end",
        )
    if count > MAX_UNITS:
        mend = "narrow the ledger with --as-of"
        raise InputError.of(f"{count} fire units are more than a scenario takes", mend)
    yaml = YAML()
    yaml.preserve_quotes = True
    data = yaml.load(path.read_text(encoding="utf-8"))
    held = data["defence"]["fire_units"]
    patterns = list(held.items())
    places = [(u.at, u.bearing_rad) for u in units.values()]
    for name, _ in patterns[count:]:
        del held[name]
    for number in range(len(patterns), count):
        name, pattern = patterns[number % len(patterns)]
        row = number // len(patterns)
        copied = deepcopy(pattern)
        copied["at"] = _shifted(*places[number % len(patterns)], row)
        held[f"{name}-{row + 1}"] = copied
    word = "at least" if end == "low" else "at most"
    data["scenario"] = f"{data['scenario']}-{slug(holding.buyer)}-{end}"
    data["about"] = (
        f"{str(data.get('about', '')).strip()} Equipped with what {holding.buyer} is reported to "
        f"hold of the {holding.system}: {word} {count} fire units ({holding.why}). Reports: "
        f"{', '.join(holding.events)}."
    ).strip()
    text = io.StringIO()
    yaml.dump(data, text)
    lines = text.getvalue().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("# yaml-language-server"))


def _shifted(at: tuple[float, float], bearing_rad: float, row: int) -> list[str]:
    """A place ``row`` steps along the front, to either side in turn, as the scenario writes it."""
    step = APART_M * ((row + 1) // 2) * (1.0 if row % 2 else -1.0)
    east = at[0] + step * math.cos(bearing_rad)
    north = at[1] - step * math.sin(bearing_rad)
    return [f"{east / 1e3:.3f} km", f"{north / 1e3:.3f} km"]


def _same_system(radars: set[str], catalogue: Catalogue, holding: Holding) -> None:
    systems: dict[str, Any] = {r: catalogue[r].system or "none" for r in sorted(radars)}
    wanted = slug(holding.system)
    other = [f"{r} ({s})" for r, s in systems.items() if not slug(s).startswith(wanted)]
    if other:
        raise InputError.of(
            f"the scenario's fire units are not of the {holding.system}: {', '.join(other)}",
            f"take a scenario that is defended by the {holding.system}",
        )


def write_equipped(base: str | Path, holding: Holding, out: Path) -> list[Path]:
    """Write ``OUT-low.yaml`` and ``OUT-high.yaml``, the low one only where it holds any.

    Raises ``InputError`` as `equipped` does, and where a scenario of the user's, which may have
    catalogue files beside it, would be written into another folder.
    """
    path = find(base)
    if Path(base).suffix and path.parent.resolve() != out.parent.resolve():
        mend = f"write it into {path.parent}"
        raise InputError.of("files beside the scenario would not be found", mend, file=str(out))
    written = []
    for end in ENDS:
        if end == "low" and holding.low == 0:
            continue
        target = out.with_name(f"{out.name.removesuffix('.yaml')}-{end}.yaml")
        target.write_text(equipped(base, holding, end), encoding="utf-8")
        written.append(target)
    return written
