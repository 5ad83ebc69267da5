"""Write the tables at the end of docs/scenario.md from the declarations in the code.

    .venv/bin/python docs/make_reference.py

A test asks that what is committed is what this writes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from openiads.declare import Declared, docs_rows, stand_ins, unit_of, units_of
from openiads.domain.command import CommandPost
from openiads.domain.doctrine import Doctrine
from openiads.domain.sensors import Radar
from openiads.domain.threats import Threat
from openiads.domain.weapons import Launcher, Missile
from openiads.scenario import schema

PAGE = Path(__file__).with_name("scenario.md")
MARK = "<!-- written by docs/make_reference.py from here on; edit the declarations instead -->"

SCENARIO: tuple[tuple[str, type[Declared], str], ...] = (
    ("The file", schema.ScenarioFile, "Keys at the left margin."),
    ("`map`", schema.Map, ""),
    ("`environment`", schema.Environment, ""),
    ("`environment.terrain`", schema.TerrainUse, ""),
    ("`tracking`", schema.Fidelity, ""),
    ("`assets.NAME`", schema.Asset, ""),
    ("`defence`", schema.Defence, ""),
    ("`defence.command_post`", schema.PostSite, ""),
    ("`defence.radars.NAME`", schema.RadarSite, ""),
    ("`defence.fire_units.NAME`", schema.FireUnit, ""),
    ("`defence.fire_units.NAME.launchers[]`", schema.Battery, ""),
    ("`defence.rules[]`", schema.Rule, ""),
    ("`defence.outages[]`", schema.Outage, ""),
    (
        "A catalogue item in use",
        schema.Use,
        "For `command_post`, `radar`, `doctrine` and `missile`. The name alone will do.",
    ),
    ("`raid.waves.NAME`", schema.Wave, ""),
)
KINDS: tuple[tuple[str, type[Declared]], ...] = (
    ("radar", Radar),
    ("command-post", CommandPost),
    ("launcher", Launcher),
    ("missile", Missile),
    ("doctrine", Doctrine),
    ("threat", Threat),
)
DIMENSIONS = (
    "length",
    "time",
    "speed",
    "angle",
    "area",
    "mass",
    "frequency",
    "acceleration",
    "areal density",
)


def shown(value: Any, si: str) -> str:
    """A number in SI as a person would write it."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if si == "rad":
        return f"{math.degrees(value):.6g} deg"
    if si == "m" and abs(value) >= 1e4:
        return f"{value / 1e3:.6g} km"
    return f"{value:.6g} {si}" if si not in ("", "1") else f"{value:.6g}"


def wanted(field: FieldInfo, si: str) -> str:
    """What kind of value a key takes."""
    unit = unit_of(field)
    bare = field.annotation
    if get_origin(bare) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(bare))
    if "tuple" in str(bare):
        return "[length, length]"
    if unit is not None:
        return {"count": "whole number", "number": "number", "fraction": "number, 0 to 1"}.get(
            unit.dimension, unit.dimension
        )
    text = str(bare)
    if "list" in text:
        return "list"
    if "dict" in text or (isinstance(bare, type) and issubclass(bare, Declared)):
        return "name or mapping" if bare is schema.Use else "mapping"
    return "text"


def bounds(field: FieldInfo, si: str) -> str:
    """The limits of a key's value."""
    unit = unit_of(field)
    if unit is not None and unit.dimension == "fraction":
        return ", ".join(f"> {mark.gt:g}" for mark in field.metadata if isinstance(mark, Gt))
    signs = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}
    parts = [
        f"{signs[type(mark)][0]} {shown(getattr(mark, signs[type(mark)][1]), si)}"
        for mark in field.metadata
        if type(mark) in signs
    ]
    parts += [f"at least {m.min_length}" for m in field.metadata if isinstance(m, MinLen)]
    parts += [f"at most {m.max_length}" for m in field.metadata if isinstance(m, MaxLen)]
    return ", ".join(parts)


def default(field: FieldInfo, si: str) -> str:
    """What holds where the key is left out."""
    if field.is_required():
        return "**needed**"
    if field.default_factory is not None or field.default in (None, ""):
        return ""
    return shown(field.default, si)


def fields_of(cls: type[Declared]) -> list[tuple[str, str, str, FieldInfo]]:
    """(key, SI unit, meaning, field) in order of declaration."""
    rows = docs_rows(cls)
    fields = list(cls.model_fields.values())
    return [
        (field.alias or key, si, doc, field)
        for (key, si, doc), field in zip(rows, fields, strict=True)
    ]


def scenario_table(cls: type[Declared]) -> list[str]:
    """The table of one mapping of the scenario file."""
    lines = ["| key | value | default | limits | meaning |", "|---|---|---|---|---|"]
    for key, si, doc, field in fields_of(cls):
        lines.append(
            f"| `{key}` | {wanted(field, si)} | {default(field, si)} | {bounds(field, si)} "
            f"| {doc} |"
        )
    return lines


def kind_table(cls: type[Declared]) -> list[str]:
    """The table of one kind of catalogue item."""
    lines = ["| parameter | value | limits | meaning |", "|---|---|---|---|"]
    for key, si, doc, field in fields_of(cls):
        instead = ", ".join(f"`{name}`" for name in stand_ins(field))
        doc = f"{doc} (or: {instead})" if instead else doc
        doc = doc if field.is_required() else f"{doc}; may be left out"
        lines.append(f"| `{key}` | {wanted(field, si)} | {bounds(field, si)} | {doc} |")
    return lines


def reference() -> str:
    """The generated part of the page."""
    lines = [MARK, "", "## Every key", ""]
    lines += ["| quantity | units that may be written |", "|---|---|"]
    lines += [f"| {d} | {', '.join(f'`{u}`' for u in units_of(d))} |" for d in DIMENSIONS]
    for title, cls, about in SCENARIO:
        lines += ["", f"### {title}", "", *([about, ""] if about else []), *scenario_table(cls)]
    lines += [
        "",
        "## Every parameter of a catalogue item",
        "",
        "What an item must state before a scenario can use it, and what `with:` may set. A name",
        "after *or* is read where the item has no parameter of the first name; `system:` means the",
        "item's parent.",
    ]
    for kind, cls in KINDS:
        lines += ["", f"### kind: {kind}", "", *kind_table(cls)]
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with its generated part made anew."""
    written, mark, _ = text.partition(MARK)
    if not mark:
        raise SystemExit(f"{PAGE.name} has lost its line {MARK}")
    return written + reference()


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PAGE.name}")
