"""What a file of the record must be: every fault of a file in one pass, with line and mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from openiads.faults import Fault, InputError, nearest
from openiads.scenario.reader import Document, Key
from openiads.scenario.record import BOUNDS, RULES, check_rule
from openiads.scenario.sources import TIERS, is_date
from openiads.units import COUNTED, MAY_BE_NEGATIVE, UNITS, dimension, is_unit, parse_quantity

KINDS = ("system", "radar", "missile", "launcher", "command-post", "doctrine", "threat")
RECORD_KEYS = frozenset({"claims", "assumed", "range", "reason", "use", "derived_from"})
QUOTE_WORDS = 25

_ITEM_KEYS = frozenset({"kind", "name", "parent", "nato_name", "examples", "note", "parameters"})
_CLAIM_KEYS = frozenset({"id", "value", "unit", "bound", "source", "quote", "note", "doubted_by"})
_SOURCE_KEYS = frozenset(
    {"title", "publisher", "tier", "url", "date", "date_inferred", "seed", "repeats"}
)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
_PLACE_KEYS = frozenset(
    {"lat", "lon", "latitude", "longitude", "coordinates", "position", "location", "mgrs", "utm"}
)
COORDINATES = re.compile(
    r"\d{1,3}\s*°\s*\d{1,2}|\d{1,2}[.,]\d{2,}\s*°?\s*[NS]\b.{0,8}\d{1,3}[.,]\d{2,}\s*°?\s*[EW]\b"
    r"|-?\d{1,2}\.\d{4,}\s*,\s*-?\d{1,3}\.\d{4,}"
)


def check_sources(
    document: Document, raw: Any, known: Iterable[str], section: str = "sources"
) -> list[Fault]:
    """Faults of the ``sources`` of a file; ``known`` are ids that are taken already."""
    if raw is None:
        return []
    if not isinstance(raw, dict):
        return [document.fault((section,), "must map ids to sources")]
    faults: list[Fault] = []
    taken = set(known)
    for name, source in raw.items():
        key: Key = (section, name)
        if not isinstance(source, dict):
            faults.append(document.fault(key, "must be a mapping with title, publisher and tier"))
            continue
        if name in taken:
            faults.append(
                document.fault(key, "is the id of a source that is known already", "rename it")
            )
        faults += _keys(document, key, source, _SOURCE_KEYS, ("title", "publisher", "tier"))
        faults += _texts(document, key, source, ("title", "publisher", "tier", "url", "seed"))
        faults += _source_values(document, key, source)
    return faults


def _source_values(document: Document, key: Key, source: dict[str, Any]) -> list[Fault]:
    faults = []
    tier, url, date = source.get("tier"), source.get("url"), source.get("date")
    if isinstance(tier, str) and tier not in TIERS:
        faults.append(document.fault((*key, "tier"), f"'{tier}' is no tier", nearest(tier, TIERS)))
    if isinstance(url, str) and not url.startswith(("http://", "https://")):
        faults.append(document.fault((*key, "url"), "is no web address", "begin it with https://"))
    if date is not None and not is_date(str(date)):
        mend = "write it as 2018, 2018-03 or 2018-03-01, or leave it out where it is unknown"
        faults.append(document.fault((*key, "date"), f"'{date}' is no date", mend))
    elif isinstance(date, int):
        mend = f"write it in quotes: '{date}'"
        faults.append(document.fault((*key, "date"), "must be text, not a number", mend))
    if not isinstance(source.get("date_inferred", False), bool):
        faults.append(document.fault((*key, "date_inferred"), "must be true or false"))
    repeats = source.get("repeats", [])
    if not isinstance(repeats, list) or not all(isinstance(r, str) for r in repeats):
        faults.append(
            document.fault((*key, "repeats"), "must list agencies or sources", "as in [TASS]")
        )
    return faults


def check_items(
    document: Document, sources: Iterable[str], items: Iterable[str], *, must_have: bool = True
) -> list[Fault]:
    """Faults of the ``items`` of a file, given the ids of the known sources and shipped items."""
    faults: list[Fault] = []
    for key in document.data.keys() - {"items", "sources", "meta"}:
        faults.append(
            document.fault((key,), "is not read here", "a catalogue file holds items and sources")
        )
    raw = document.data.get("items")
    if raw is None and not must_have:
        return faults
    if not isinstance(raw, dict) or not raw:
        return [*faults, document.fault(("items",), "must map ids to items", "see docs/catalogue")]
    known_sources = set(sources)
    shipped = {_slug(name) for name in items}
    all_items = shipped | {_slug(name) for name in raw}
    ids: dict[str, int] = {}
    for name, item in raw.items():
        faults += _check_item(document, name, item, known_sources, shipped, all_items, ids)
    return faults


def _slug(name: str) -> str:
    return name.strip().casefold().replace("_", "-")


def _check_item(
    document: Document,
    name: str,
    item: Any,
    sources: set[str],
    shipped: set[str],
    all_items: set[str],
    ids: dict[str, int],
) -> list[Fault]:
    key: Key = ("items", name)
    if not isinstance(item, dict):
        return [document.fault(key, "must be a mapping with kind, name and parameters")]
    needed = () if _slug(name) in shipped else ("kind", "name")
    faults = _keys(document, key, item, _ITEM_KEYS, needed)
    faults += _texts(document, key, item, tuple(_ITEM_KEYS - {"parameters"}))
    if not _NAME.match(name):
        faults.append(document.fault(key, "is no id", "use a to z, 0 to 9, - and _"))
    kind, parent = item.get("kind"), item.get("parent")
    if isinstance(kind, str) and kind not in KINDS:
        faults.append(document.fault((*key, "kind"), f"'{kind}' is no kind", nearest(kind, KINDS)))
    if isinstance(parent, str) and _slug(parent) not in all_items:
        mend = nearest(parent, all_items)
        faults.append(document.fault((*key, "parent"), f"'{parent}' is not known", mend))
    parameters = item.get("parameters") or {}
    if not isinstance(parameters, dict):
        return [*faults, document.fault((*key, "parameters"), "must map names to values")]
    for parameter, raw in parameters.items():
        faults += _check_parameter(document, name, parameter, raw, sources, ids)
    return faults


def _check_parameter(
    document: Document, item: str, name: str, raw: Any, sources: set[str], ids: dict[str, int]
) -> list[Fault]:
    key: Key = ("items", item, "parameters", name)
    faults: list[Fault] = []
    if not _NAME.match(name):
        faults.append(document.fault(key, "is no name", "use a to z, 0 to 9 and _"))
    if name in _PLACE_KEYS:
        faults.append(
            document.fault(key, "holds a place", "the record keeps no coordinates; leave it out")
        )
    if not (isinstance(raw, dict) and raw.keys() & RECORD_KEYS):
        return faults + _check_value(document, key, raw)
    faults += _keys(document, key, raw, RECORD_KEYS, ())
    claims = raw.get("claims", [])
    if not isinstance(claims, list):
        faults.append(document.fault((*key, "claims"), "must be a list of claims", "begin each -"))
        claims = []
    if not claims and "assumed" not in raw:
        faults.append(document.fault(key, "has neither claims nor an assumed value"))
    for place, claim in enumerate(claims):
        here = (*key, "claims", place)
        faults += _check_claim(document, here, f"{item}.{name}", claim, sources, ids)
    faults += _check_assumed(document, key, raw)
    faults += _check_use(document, key, raw)
    return faults


def _check_assumed(document: Document, key: Key, raw: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    if "assumed" not in raw:
        if "range" in raw:
            faults.append(
                document.fault((*key, "range"), "belongs to an assumed value", "add `assumed:`")
            )
        return faults
    faults += _check_value(document, (*key, "assumed"), raw["assumed"])
    reason = raw.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        mend = "add `reason:` with why this value is taken"
        faults.append(document.fault((*key, "assumed"), "is assumed without a reason", mend))
    derived = raw.get("derived_from", [])
    if not isinstance(derived, list) or not all(isinstance(d, str) for d in derived):
        mend = "as in [s-400.range_max_aerodynamic.01]"
        faults.append(document.fault((*key, "derived_from"), "must list claims", mend))
    if "range" not in raw:
        return faults
    ends = raw["range"]
    here = (*key, "range")
    if not isinstance(ends, list) or len(ends) != 2:
        return [*faults, document.fault(here, "must be [low, high]", "as in [5 s, 15 s]")]
    values = [_magnitude(end) for end in (ends[0], raw["assumed"], ends[1])]
    if any(v is None for v in values) or len({unit for _, unit in values if values}) != 1:  # type: ignore[misc]
        faults.append(
            document.fault(here, "must have the unit of the assumed value", "as in [5 s, 15 s]")
        )
    elif not values[0][0] <= values[1][0] <= values[2][0]:  # type: ignore[index]
        faults.append(document.fault(here, "does not hold the assumed value", "widen it"))
    return faults


def _magnitude(raw: Any) -> tuple[float, str | None] | None:
    if isinstance(raw, str):
        return parse_quantity(raw)
    return None if isinstance(raw, bool) or not isinstance(raw, int | float) else (raw, None)


def _check_use(document: Document, key: Key, raw: dict[str, Any]) -> list[Fault]:
    if "use" not in raw:
        return []
    here = (*key, "use")
    if str(raw["use"]).startswith("value:"):
        return [document.fault(here, "must name claims", "write the value as `assumed:`")]
    if not isinstance(raw["use"], str):
        return [document.fault(here, "must be a rule", "one of: " + ", ".join(RULES))]
    try:
        check_rule(raw["use"])
    except InputError as error:
        return [document.fault(here, f.message, f.mend) for f in error.faults]
    if not raw.get("reason"):
        mend = "add `reason:` with why this rule and not nominal"
        return [document.fault(here, "sets a rule without a reason", mend)]
    return []


def _check_value(document: Document, key: Key, raw: Any) -> list[Fault]:
    """Faults of a plain value: a quantity, number, word, yes/no, or a list of these."""
    if isinstance(raw, list):
        return [
            fault for i, part in enumerate(raw) for fault in _check_value(document, (*key, i), part)
        ]
    if raw is None or isinstance(raw, dict):
        mend = "write a quantity such as 300 km, or claims, or an assumed value with its reason"
        return [document.fault(key, "has no value", mend)]
    if not isinstance(raw, str):
        return []
    quantity = parse_quantity(raw)
    if quantity is None and re.match(r"\s*[-+.]?\d+(\.\d*)?\s*[A-Za-z/]+[A-Za-z0-9/]*\s*\Z", raw):
        unit = re.sub(r"^[\s\d.+-]+", "", raw).strip()
        return [document.fault(key, f"'{unit}' is no unit", nearest(unit, [*UNITS, *COUNTED]))]
    if quantity is not None and quantity[0] < 0 and quantity[1] not in MAY_BE_NEGATIVE:
        return [document.fault(key, f"{raw} is negative", f"a {dimension(quantity[1])} is not")]
    return []


def _check_claim(
    document: Document,
    key: Key,
    parameter: str,
    claim: Any,
    sources: set[str],
    ids: dict[str, int],
) -> list[Fault]:
    if not isinstance(claim, dict):
        return [document.fault(key, "must be a mapping", "id, value, unit, bound, source, quote")]
    needed = ("id", "value", "unit", "bound", "source", "quote")
    faults = _keys(document, key, claim, _CLAIM_KEYS, needed)
    texts = ("id", "unit", "bound", "source", "quote", "note", "doubted_by")
    faults += _texts(document, key, claim, texts)
    if len(faults):
        return faults
    name, source, bound = claim["id"], claim["source"], claim["bound"]
    if not re.fullmatch(re.escape(parameter) + r"\.[a-z0-9-]+", name):
        mend = f"write {parameter}.NN with the next free number"
        faults.append(document.fault((*key, "id"), f"'{name}' does not name its parameter", mend))
    if name in ids:
        said = f"'{name}' is the id of the claim on line {ids[name]}"
        faults.append(document.fault((*key, "id"), said, "number it on"))
    ids[name] = document.line(key)
    if source not in sources:
        mend = nearest(source, sources) + " Or describe it under `sources:`."
        faults.append(document.fault((*key, "source"), f"'{source}' is no known source", mend))
    doubter = claim.get("doubted_by")
    if doubter is not None and doubter not in sources:
        mend = nearest(doubter, sources)
        faults.append(document.fault((*key, "doubted_by"), f"'{doubter}' is no known source", mend))
    if bound not in BOUNDS:
        faults.append(document.fault((*key, "bound"), f"'{bound}' is no bound", ", ".join(BOUNDS)))
    faults += check_places(document, key, claim)
    words = len(claim["quote"].split())
    if words > QUOTE_WORDS:
        mend = f"shorten it to {QUOTE_WORDS} words, unchanged in themselves"
        faults.append(document.fault((*key, "quote"), f"has {words} words", mend))
    return faults + _claim_value(document, (*key, "value"), claim["value"], claim["unit"])


_SPELLED = {"kilomet": "km", "met": "m", "second": "s", "minute": "min", "hour": "h"}


def _unit_mend(unit: str) -> str:
    """The symbol of a unit that is written out, else the nearest known ones."""
    for word, symbol in _SPELLED.items():
        if unit.lower().startswith(word):
            return f"write {symbol}"
    return nearest(unit, [*UNITS, *COUNTED])


def check_places(document: Document, key: Key, raw: Mapping[str, Any]) -> list[Fault]:
    """A fault for each of a claim's words that hold coordinates."""
    return [
        document.fault((*key, name), "holds coordinates", "quote or say something else")
        for name in ("quote", "note")
        if isinstance(raw.get(name), str) and COORDINATES.search(raw[name])
    ]


def _claim_value(document: Document, key: Key, value: Any, unit: str) -> list[Fault]:
    if isinstance(value, str):
        if unit != "text":
            return [document.fault(key, "is words", "give a number, or `unit: text`")]
        return []
    if unit == "text":
        return [document.fault(key, "is no text", "give its unit instead of `text`")]
    if not is_unit(unit):
        return [document.fault((*key[:-1], "unit"), f"'{unit}' is no unit", _unit_mend(unit))]
    ends = [value]
    if isinstance(value, dict):
        if value.keys() != {"min", "max"}:
            return [document.fault(key, "must be a number or {min: …, max: …}")]
        ends = [value["min"], value["max"]]
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in ends):
        return [document.fault(key, "must be a number, or words with `unit: text`")]
    if unit not in MAY_BE_NEGATIVE and ends[0] < 0:
        return [document.fault(key, f"{ends[0]} {unit} is negative", "check the sign")]
    if ends[0] > ends[-1]:
        return [document.fault(key, "has min above max", "exchange them")]
    return []


def _keys(
    document: Document,
    key: Key,
    raw: Mapping[str, Any],
    known: frozenset[str],
    needed: tuple[str, ...],
) -> list[Fault]:
    faults = []
    for name in raw:
        if name in _PLACE_KEYS:
            mend = "the record keeps no coordinates; leave it out"
            faults.append(document.fault((*key, name), "holds a place", mend))
        elif name not in known:
            faults.append(
                document.fault((*key, name), "is not known here", nearest(str(name), known))
            )
    faults += [
        document.fault(key, f"has no {name}", f"add `{name}:`")
        for name in needed
        if raw.get(name) is None or (isinstance(raw[name], str) and not raw[name].strip())
    ]
    return faults


def _texts(
    document: Document, key: Key, raw: Mapping[str, Any], names: tuple[str, ...]
) -> list[Fault]:
    return [
        document.fault((*key, name), "must be text", f"write it in quotes: '{raw[name]}'")
        for name in sorted(names)
        if raw.get(name) is not None and not isinstance(raw[name], str)
    ]
