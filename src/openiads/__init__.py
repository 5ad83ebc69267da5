"""openiads: an open simulator of integrated air and missile defence, from public figures only.

import openiads as oi
scenario = oi.load("default")
model = oi.compile(scenario)
log = oi.run(model, seed=7, replication=17)
result = oi.campaign(model, replications=10_000, seed=7)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openiads.campaigns.execute import campaign
    from openiads.domain.tracker import Tracker
    from openiads.eventlog import run
    from openiads.scenario.compile import compile_scenario as compile  # noqa: A004
    from openiads.scenario.load import load

__all__ = ["Tracker", "campaign", "compile", "load", "run"]

# Verbs are imported when they are first used: `import openiads` itself costs next to nothing.
_VERBS = {
    "load": ("openiads.scenario.load", "load"),
    "compile": ("openiads.scenario.compile", "compile_scenario"),
    "run": ("openiads.eventlog", "run"),
    "campaign": ("openiads.campaigns.execute", "campaign"),
    "Tracker": ("openiads.domain.tracker", "Tracker"),
}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        module, attribute = _VERBS[name]
        return getattr(importlib.import_module(module), attribute)
    raise AttributeError(f"module 'openiads' has no attribute '{name}'")
