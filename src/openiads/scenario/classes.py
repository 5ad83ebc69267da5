"""Classes: what a command post that classifies by features knows of the kinds of target.

Its library is the public record: every threat class of the catalogue that states enough to fly, not
those of the raid, of which it must not know. A class that a scenario adds to the catalogue is in it
too, unless it is `expected: 0`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openiads.domain.threats import ALL_CATEGORIES, SIDE_OF, Threat
from openiads.domain.track_classes import LOOK_RATE_PS
from openiads.engine.world import CLASSES
from openiads.faults import Fault
from openiads.scenario.parts import Parts, Provenance

_READ = ("category", "profile", "rcs", "speed_cruise", "altitude_cruise", "altitude_low",
         "lethality", "expected", "speed_spread", "height_spread", "rcs_spread_db")  # fmt: skip
_SPREADS = ("speed_spread", "height_spread", "rcs_spread_db", "expected")
_LOOK_RATE = (
    "new information in a second of looking, in independent looks: what makes a target unlike its "
    "class stays with it"
)
SLOWEST_MPS = 1.0
"""Speed taken for what stands still: a logarithm needs one (assumed)."""


Uses = dict[tuple[str, str, str], Provenance]


def class_table(parts: Parts) -> tuple[Any, Uses, list[dict[str, Any]]]:
    """(records of `CLASSES`, the catalogue's numbers in them, what is assumed beside those).

    A class that flies at two heights has two records, which share its prior; a category's classes
    share that of the category, so that with ``expected`` 1 all categories are equally likely.
    A class that states too little to fly is left out.
    """
    own = Parts(parts.catalogue, parts.written, parts.document)
    known: dict[str, Threat] = {}
    for name, item in parts.catalogue.items():
        faults: list[Fault] = []
        if item.kind == "threat":
            threat = own.build(Threat, "threat", name, {}, (), faults)
            if threat is not None and threat.expected > 0.0:
                known[name] = threat
    rows = []
    for threat in known.values():
        mates = sum(t.category == threat.category for t in known.values())
        heights = _heights_m(threat)
        for height_m in heights:
            rows.append(_record(threat, height_m, threat.expected / (mates * len(heights))))
            if threat.decoys:  # they fly as the missile does
                decoy = threat.model_copy(update={"rcs_m2": threat.decoy_rcs_m2})
                rows.append((*_record(decoy, height_m, 1.0)[:-2], ALL_CATEGORIES.index("decoy"), 0))
    uses = {k: u for k, u in own.used.items() if u.item in known and u.parameter in _READ}
    return np.array(rows, CLASSES), uses, _assumptions(uses, known)


def _heights_m(threat: Threat) -> list[float]:
    """Heights at which a class is met: one for each leg of its profile."""
    legs = [threat.altitude_cruise_m]
    if threat.profile == "high-low":
        legs.append(threat.altitude_low_m)
    return legs


def _record(threat: Threat, height_m: float, prior: float) -> tuple[float, ...]:
    """One row of `CLASSES`."""
    hostile = SIDE_OF.get(threat.category, "hostile") == "hostile"
    return (
        prior, max(threat.speed_cruise_mps, SLOWEST_MPS), threat.speed_spread, height_m,
        threat.height_spread, 10.0 * math.log10(threat.rcs_m2), threat.rcs_spread_db,
        ALL_CATEGORIES.index(threat.category), threat.lethality if hostile else 0.0,
    )  # fmt: skip


def _assumptions(uses: Uses, known: dict[str, Threat]) -> list[dict[str, Any]]:
    """Rows of provenance for what is assumed of all classes that state nothing themselves."""
    rows = []
    stated = {(use.item, use.parameter) for use in uses.values()}
    for name in _SPREADS:
        if any((item, name) not in stated for item in known):
            field = Threat.model_fields[name]
            rows.append(_assumed(name, field.default, str(field.description)))
    rows.append(_assumed("look_rate", LOOK_RATE_PS, _LOOK_RATE))
    return rows


def _assumed(parameter: str, value: float, reason: str) -> dict[str, Any]:
    row = Provenance("threat classes", parameter, None, f"{value:g}").row()
    return {**row, "rule": "assumed", "assumed": True, "reason": reason}
