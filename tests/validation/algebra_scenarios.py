"""Scenarios in which the engine must reduce to closed forms, and how to run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openiads as oi
from openiads.campaigns.outcomes import Outcomes
from openiads.engine.world import Model

FOLDER = Path(__file__).parent / "algebra"


def use(item: str, **given: object) -> str:
    """A catalogue item with values of the case, as a YAML scalar for an override."""
    inside = ", ".join(f"{key}: {value}" for key, value in given.items())
    return f"{{type: {item}, with: {{{inside}}}}}"


def launchers(rounds: int, count: int = 1, **dart: object) -> str:
    """One kind of launcher with ``count`` times ``rounds`` darts, as a YAML list."""
    missile = use("dart", **dart)
    return f"[{{type: rack, count: {count}, missile: {missile}, rounds: {rounds}}}]"


def model(**overrides: str) -> Model:
    """The algebra scenario with overrides; ``__`` in a name stands for a dot."""
    changed = {key.replace("__", "."): value for key, value in overrides.items()}
    return oi.compile(oi.load(FOLDER / "raid.yaml", changed))


def run(compiled: Model, replications: int, seed: int = 11) -> Outcomes:
    """Outcomes of a campaign in memory."""
    return oi.campaign(compiled, replications, seed, workers=2).results


def kill(p: float) -> dict[str, Any]:
    """The kill probability of the only category that flies."""
    return {"kill_probability_aircraft": p}
