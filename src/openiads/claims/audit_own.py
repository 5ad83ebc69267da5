"""The audit of a user's own claims, written in YAML.

    claims:
      seen-at-300:
        claim: "It sees a cruise missile at 300 km."
        check: line-of-sight
        range: 300 km
        target_height: 50 m
      ceiling-60:
        claim: "It reaches 60 km up, says TASS."
        check: compare
        with: s-400.altitude_max
        value: 60 km
        repeats: [TASS]

``check`` names one of `CHECKS`, ``compare`` or ``simulate`` (`openiads.claims.audit_runs`); the
keys beside it are its quantities. ``compare`` holds the value against the catalogue's claims,
leaving out those by the voices that the claim itself ``repeats``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from openiads.claims import checks
from openiads.claims.audit_runs import trial_faults, trial_of, tried
from openiads.claims.checks import Held
from openiads.claims.conflicts import interval_si
from openiads.claims.findings import Finding, Margin, Strip
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import Catalogue
from openiads.scenario.reader import Document, Key, read_yaml
from openiads.scenario.record import Claim, independent_voices, shown
from openiads.scenario.sources import Source
from openiads.units import dimension, parse_quantity, to_si

Quantities = Mapping[str, float]

CHECKS: dict[str, tuple[dict[str, tuple[str, bool]], Callable[[Quantities], Held]]] = {
    # name: ({key: (dimension, needed)}, check of the SI values)
    "line-of-sight": (
        {
            "range": ("length", True),
            "target_height": ("length", False),
            "antenna_height": ("length", False),
        },
        lambda q: checks.line_of_sight(
            q["range"],
            q.get("target_height"),
            (
                q.get("antenna_height", checks.ANTENNA_LOW_M),
                q.get("antenna_height", checks.ANTENNA_HIGH_M),
            ),
        ),
    ),
    "ballistic-speed": (
        {"range": ("length", True), "speed": ("speed", True)},
        lambda q: checks.ballistic_speed(q["range"], q["speed"]),
    ),
    "time-in-zone": (
        {
            "depth": ("length", True),
            "speed": ("speed", True),
            "targets": ("targets", True),
            "cycle": ("time", True),
        },
        lambda q: checks.time_in_zone(q["depth"], q["speed"], int(q["targets"]), q["cycle"]),
    ),
    "mach": (
        {"speed": ("speed", True), "mach": ("speed", True), "height": ("length", False)},
        lambda q: checks.mach(q["speed"], q["mach"] / checks.SOUND_SPEED_MPS, q.get("height")),
    ),
    "tracks": (
        {
            "targets": ("targets", True),
            "scan": ("time", True),
            "range": ("length", True),
            "turn": ("acceleration", True),
        },
        lambda q: checks.track_spacing(q["scan"], q["turn"], q["range"], int(q["targets"])),
    ),
}

_PLAIN_KEYS = frozenset({"claim", "check", "said_by", "note"})
_COMPARE_KEYS = frozenset({"with", "value", "bound", "repeats"})


def audit_file(path: Path, catalogue: Catalogue) -> list[tuple[str, Finding]]:
    """(sentence, finding) of each claim in a file; raises ``InputError`` with every fault."""
    document = read_yaml(path)
    raw = document.data.get("claims")
    if not isinstance(raw, dict) or not raw:
        raise InputError([document.fault(("claims",), "must map ids to claims", "see docs/audit")])
    faults: list[Fault] = []
    found: list[tuple[str, Finding]] = []
    for name, claim in raw.items():
        key: Key = ("claims", name)
        if not isinstance(claim, dict) or not isinstance(claim.get("claim"), str):
            faults.append(document.fault(key, "has no sentence", "add `claim: …`"))
            continue
        kind = claim.get("check")
        if kind == "compare":
            wrong = _compare_faults(document, key, claim, catalogue)
            if not wrong:
                found.append((claim["claim"], _compare(name, claim, catalogue)))
        elif kind == "simulate":
            trial, wrong = trial_of(document, key, name, claim, path.parent)
            if trial is not None and not faults:
                try:
                    found.append((claim["claim"], tried(trial)))
                except InputError as error:
                    wrong = trial_faults(error, document, key)
        elif kind in CHECKS:
            quantities, wrong = _quantities(document, key, claim, str(kind))
            if not wrong:
                found.append((claim["claim"], _checked(name, CHECKS[str(kind)][1](quantities))))
        else:
            mend = nearest(str(kind), [*CHECKS, "compare", "simulate"])
            wrong = [document.fault((*key, "check"), f"'{kind}' is no check", mend)]
        faults += wrong
    if faults:
        raise InputError(faults)
    return found


def _checked(name: str, held: Held) -> Finding:
    return Finding(
        name,
        held.verdict,
        held.why,
        held.conditions,
        held.margin,
        held.calculation,
        judged=(name,),
        models=held.models,
        assumed=held.assumed,
        picture=held.picture,
    )


def _quantities(
    document: Document, key: Key, claim: dict[str, Any], kind: str
) -> tuple[dict[str, float], list[Fault]]:
    wanted = CHECKS[kind][0]
    faults: list[Fault] = []
    values: dict[str, float] = {}
    for name in claim.keys() - _PLAIN_KEYS - wanted.keys():
        faults.append(document.fault((*key, name), "is not known here", nearest(name, wanted)))
    for name, (dimension_wanted, needed) in wanted.items():
        raw = claim.get(name)
        if raw is None:
            if needed:
                faults.append(document.fault(key, f"has no {name}", f"add `{name}:`"))
            continue
        value, unit = _quantity(raw)
        if value is None or dimension(unit) != dimension_wanted:
            said = f"'{raw}' is no {dimension_wanted}"
            faults.append(document.fault((*key, name), said, "as in 300 km, 12 s or 10 targets"))
        elif value <= 0:
            faults.append(document.fault((*key, name), f"{raw} is not above zero", "check it"))
        else:
            values[name] = to_si(value, unit)
    return values, faults


def _quantity(raw: Any) -> tuple[float | None, str | None]:
    parsed = parse_quantity(raw) if isinstance(raw, str) else None
    return parsed if parsed is not None else (None, None)


def _compare_faults(
    document: Document, key: Key, claim: dict[str, Any], catalogue: Catalogue
) -> list[Fault]:
    faults = [
        document.fault((*key, name), "is not known here", nearest(name, _COMPARE_KEYS))
        for name in claim.keys() - _PLAIN_KEYS - _COMPARE_KEYS
    ]
    item, _, parameter = str(claim.get("with", "")).partition(".")
    if item not in catalogue:
        mend = nearest(item, catalogue)
        return [*faults, document.fault((*key, "with"), f"'{item}' is not known", mend)]
    if parameter not in catalogue[item].parameters:
        mend = nearest(parameter, catalogue[item].parameters)
        return [*faults, document.fault((*key, "with"), f"{item} has no '{parameter}'", mend)]
    value, unit = _quantity(claim.get("value"))
    if value is None:
        mend = "as in 60 km"
        return [*faults, document.fault((*key, "value"), "is no quantity with its unit", mend)]
    held = {dimension(c.unit) for c in catalogue[item].parameters[parameter].claims}
    if dimension(unit) not in held:
        said = f"is a {dimension(unit)}; the claims give a {' or '.join(sorted(held))}"
        faults.append(document.fault((*key, "value"), said))
    repeats = claim.get("repeats", [])
    if not isinstance(repeats, list) or not all(isinstance(r, str) for r in repeats):
        faults.append(document.fault((*key, "repeats"), "must list agencies", "as in [TASS]"))
    return faults


def _compare(name: str, raw: dict[str, Any], catalogue: Catalogue) -> Finding:
    item, _, parameter = raw["with"].partition(".")
    value, unit = _quantity(raw["value"])
    assert value is not None
    repeats = tuple(raw.get("repeats", ()))
    source = Source(name, raw["claim"], str(raw.get("said_by", name)), "blog", repeats=repeats)
    mine = Claim(
        name, item, parameter, value, unit, raw.get("bound", "exact"), source, raw["claim"]
    )
    others = [
        c for c in catalogue[item].parameters[parameter].claims
        if not c.is_text and dimension(c.unit) == dimension(unit)
        and not (c.source.voices & source.voices)
    ]  # fmt: skip
    span = interval_si(mine)
    assert span is not None
    agree: list[Claim] = []
    against: list[Claim] = []
    for c in others:
        theirs = interval_si(c)
        meets = theirs is not None and span[0] <= theirs[1] and theirs[0] <= span[1]
        (agree if meets else against).append(c)
    return _weighed(name, mine, agree, against)


def _weighed(name: str, mine: Claim, agree: list[Claim], against: list[Claim]) -> Finding:
    one = to_si(1.0, mine.unit)
    rows = [("your claim", *(2 * (float(mine.number() or 0.0),)), True)]
    for c in [*agree, *against]:
        ends = c.value if isinstance(c.value, tuple) else (c.number() or 0.0,) * 2
        low, high = (to_si(float(end), c.unit) / one for end in ends)
        rows.append((c.source.publisher.split(",")[0][:32], low, high, False))
    margin = Margin(
        float(independent_voices(agree) - independent_voices(against)),
        "voices",
        "independent voices for it beyond those against it",
    )
    common: dict[str, Any] = {
        "margin": margin,
        "judged": (name,),
        "uses": tuple(c.id for c in [*agree, *against]),
        "against": tuple(c.id for c in against),
        "picture": Strip(f"{mine.item}.{mine.parameter}", str(mine.unit), tuple(rows)),
    }
    said = ", ".join(dict.fromkeys(shown(c.value, c.unit) for c in against))
    if not agree and not against:
        return Finding(name, "not checkable", "No other voice says anything about it.", **common)
    if not against:
        voices = independent_voices(agree)
        return Finding(name, "supported", f"{voices} independent voices agree.", **common)
    return Finding(name, "contradicts another claim", f"Others say {said}.", **common)
