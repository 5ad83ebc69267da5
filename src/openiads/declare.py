"""Declared parameters: one line gives the unit, the check, the schema, the dtype and the docs row.

    class Radar(Declared):
        scan_period_s: Time = declared("time between two looks at one direction", gt=0)

A person writes ``scan_period: 10 s``; the machine reads ``scan_period_s`` as a float in SI. The
key that a person writes is the name without its unit suffix. A bare number where a unit is due is
refused, because "400" has been kilometres, miles and metres in one and the same news article.
"""

from __future__ import annotations

import math
import re
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.fields import FieldInfo

from openiads.units import UNITS, dimension, parse_quantity, to_si

_SUFFIXES = {
    "length": "m",
    "time": "s",
    "speed": "mps",
    "angle": "rad",
    "area": "m2",
    "mass": "kg",
    "frequency": "hz",
    "acceleration": "mps2",
    "areal density": "kgm2",
    "rate": "persec",
}
_LEADING_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SUFFIX = re.compile(r"_(?:" + "|".join(_SUFFIXES.values()) + r")$")


def units_of(dimension_: str) -> list[str]:
    """The units in which a person may write a quantity of this dimension, SI first."""
    return [u for u, (d, _) in UNITS.items() if d == dimension_]


EXAMPLES = {
    "length": "10 km",
    "time": "10 s",
    "speed": "250 m/s",
    "angle": "45 deg",
    "area": "1 m2",
    "mass": "100 kg",
    "frequency": "3 GHz",
    "acceleration": "3 g",
    "areal density": "5000 kg/m2",
    "rate": "10 1/min",
    "fraction": "0.7",
    "count": "4",
    "number": "1.5",
}
"""How a quantity of each dimension may look, for mends."""


def read_quantity(text: Any, dimension_: str) -> float:
    """``"400 km"`` as SI; raises ValueError that says what is wrong and what would do."""
    known = units_of(dimension_)
    want = f"a {dimension_} with its unit, such as '{EXAMPLES[dimension_]}'"
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise ValueError(f"{text:g} has no unit; write it with one of: {', '.join(known)}")
    if not isinstance(text, str):
        raise ValueError(f"{_called(text)} stands where a {dimension_} is wanted; write {want}")
    parsed = parse_quantity(text)
    if parsed is None:
        raise ValueError(_unread(text, known, want))
    value, unit = parsed
    if dimension(unit) != dimension_:
        choices = ", ".join(known)
        raise ValueError(f"'{unit}' is not a unit of {dimension_}; write one of: {choices}")
    return to_si(value, unit)


def _called(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", bool: "a yes/no value"}
    return "nothing" if value is None else names.get(type(value), repr(value))


def _unread(text: str, known: list[str], want: str) -> str:
    """Why a text is no quantity: the number or the unit; and what would do."""
    number = _LEADING_NUMBER.match(text)
    if number is None:
        return f"'{text}' is not a number with a unit; write {want}"
    unit = text[number.end() :].strip()
    if not unit:
        return f"'{text}' has no unit; write it with one of: {', '.join(known)}"
    if unit[0] in ",.0123456789":
        return f"'{text}' is not a number with a unit; write {want}, with a decimal point"
    return f"'{unit}' is no unit that is known here; write one of: {', '.join(known)}"


@dataclass(frozen=True)
class Unit:
    """Marks a declared type with its dimension and SI unit."""

    dimension: str
    si: str


def _quantity(dimension_: str) -> Any:
    known = units_of(dimension_)
    units = "|".join(re.escape(u) for u in known)
    schema = {
        "type": "string",
        "pattern": rf"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*({units})\s*$",
        "examples": [f"10 {u}" for u in known[:3]],
        "title": dimension_,
    }

    def read(value: Any) -> Any:
        return value.value if isinstance(value, SI) else read_quantity(value, dimension_)

    return Annotated[
        float, BeforeValidator(read), Unit(dimension_, known[0]), WithJsonSchema(schema)
    ]


@dataclass(frozen=True)
class SI:
    """A number that is in SI already (from the catalogue's chosen claim, or from code)."""

    value: float


Length = _quantity("length")
Time = _quantity("time")
Speed = _quantity("speed")
Angle = _quantity("angle")
Area = _quantity("area")
Mass = _quantity("mass")
Frequency = _quantity("frequency")
Acceleration = _quantity("acceleration")
ArealDensity = _quantity("areal density")
Rate = _quantity("rate")


def _plain_number(value: Any) -> Any:
    """Refuse what Python takes for a number and a person does not: true is not 1."""
    if isinstance(value, bool):
        word = str(value).lower()
        raise ValueError(f"the yes/no value {word} stands where a number is wanted; write a number")
    return value


Fraction = Annotated[
    float, BeforeValidator(_plain_number), Field(ge=0.0, le=1.0), Unit("fraction", "1")
]
Count = Annotated[int, BeforeValidator(_plain_number), Unit("count", "1")]
Number = Annotated[float, BeforeValidator(_plain_number), Unit("number", "1")]


def key_of(name: str) -> str:
    """The key a person writes for the field ``name``: the name without its unit suffix."""
    return _SUFFIX.sub("", name)


def declared(
    doc: str, default: Any = ..., *, otherwise: tuple[str, ...] = (), **checks: Any
) -> Any:
    """A declared parameter: what it is, its bounds, and the parameters that may stand in for it.

    ``otherwise`` names catalogue parameters that are read where an item has none of this name;
    ``system:`` before one means the parameter of the system that the item is a component of.
    """
    extra: Any = {"otherwise": list(otherwise)} if otherwise else None
    return Field(default, description=doc, json_schema_extra=extra, **checks)


def stand_ins(field: FieldInfo) -> tuple[str, ...]:
    """Catalogue parameters that may stand in for a declared one."""
    extra = field.json_schema_extra
    return tuple(extra.get("otherwise", ())) if isinstance(extra, dict) else ()  # type: ignore[arg-type]


class Declared(BaseModel):
    """Base of everything that a person declares: strict keys, immutable, units at the edge."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=key_of,
        populate_by_name=True,
        allow_inf_nan=False,
        validate_default=False,
        arbitrary_types_allowed=False,
    )


def unit_of(field: FieldInfo) -> Unit | None:
    """The unit that a declared field carries, also inside ``X | None``."""
    for mark in field.metadata:
        if isinstance(mark, Unit):
            return mark
    for arg in get_args(field.annotation):
        for mark in getattr(arg, "__metadata__", ()):
            if isinstance(mark, Unit):
                return mark
    return None


def _bare(annotation: Any) -> tuple[Any, bool]:
    """The type inside Annotated and Optional, and whether None is allowed."""
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [a for a in get_args(annotation) if a is not type(None)]
        optional = len(inner) < len(get_args(annotation))
        annotation = inner[0]
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation, optional


def dtype_of(cls: type[Declared], *extra: tuple[str, str]) -> np.dtype[Any]:
    """The record dtype of a declaration: f8 for numbers, i4 for counts, i1 codes for kinds.

    Text and nested fields have no column. ``extra`` adds columns that compile computes.
    """
    columns: list[tuple[str, str]] = []
    for name, field in cls.model_fields.items():
        base, _ = _bare(field.annotation)
        if base is float:
            columns.append((name, "f8"))
        elif base is int:
            columns.append((name, "i4"))
        elif base is bool or get_origin(base) is Literal:
            columns.append((name, "i1"))
    return np.dtype([*columns, *extra])


def fill_row(row: Any, value: Declared) -> None:
    """Write the numbers and kinds of a declaration into its record (None becomes nan or -1)."""
    for name, field in type(value).model_fields.items():
        if name not in row.dtype.names:
            continue
        base, _ = _bare(field.annotation)
        given = getattr(value, name)
        if get_origin(base) is Literal:
            row[name] = get_args(base).index(given)
        elif given is None:
            row[name] = math.nan if base is float else -1
        else:
            row[name] = given


def code(cls: type[Declared], field: str, member: str) -> int:
    """The number that stands for ``member`` of a Literal field in the record arrays."""
    base, _ = _bare(cls.model_fields[field].annotation)
    return int(get_args(base).index(member))


def docs_rows(cls: type[Declared]) -> list[tuple[str, str, str]]:
    """(key, SI unit, what it is) of each declared field: the rows of a reference table."""
    rows = []
    for name, field in cls.model_fields.items():
        unit = unit_of(field)
        rows.append((key_of(name), unit.si if unit else "", field.description or ""))
    return rows
