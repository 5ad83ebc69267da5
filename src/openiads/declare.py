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

SEA_LEVEL_SOUND_SPEED_MPS = 340.294
"""One Mach in the sense of the press: the sound speed at sea level (US Standard Atmosphere 1976).

News articles convert with about 340 m/s whatever the altitude ("7 km/s, about Mach 20"), so their
figures are read back the way they were written.
"""

_UNITS: dict[str, tuple[str, str, dict[str, float]]] = {
    # dimension: (SI unit, suffix of the name, {unit a person may write: factor to SI})
    "length": ("m", "m", {"m": 1.0, "km": 1e3, "nmi": 1852.0, "mi": 1609.344, "ft": 0.3048,
                          "cm": 0.01}),
    "time": ("s", "s", {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0}),
    "speed": ("m/s", "mps", {"m/s": 1.0, "km/s": 1e3, "km/h": 1.0 / 3.6, "kn": 1852.0 / 3600.0,
                             "Mach": SEA_LEVEL_SOUND_SPEED_MPS}),
    "angle": ("rad", "rad", {"rad": 1.0, "deg": math.pi / 180.0, "mrad": 1e-3}),
    "area": ("m2", "m2", {"m2": 1.0, "cm2": 1e-4}),
    "mass": ("kg", "kg", {"kg": 1.0, "t": 1e3}),
    "frequency": ("Hz", "hz", {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}),
    "acceleration": ("m/s2", "mps2", {"m/s2": 1.0, "g": 9.80665}),
    "areal density": ("kg/m2", "kgm2", {"kg/m2": 1.0}),
    "rate": ("1/s", "persec", {"1/s": 1.0, "1/min": 1.0 / 60.0, "1/h": 1.0 / 3600.0}),
}  # fmt: skip

_COUNT_UNITS = frozenset(
    {"", "targets", "missiles", "launchers", "tracks", "types", "interceptors", "rounds",
     "channels", "plots", "pulses", "fraction", "year", "ballistic missiles", "SAM complexes"}
)  # fmt: skip
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"^\s*({_NUMBER})\s*([A-Za-z%/][A-Za-z0-9/%]*)\s*$")
_SUFFIX = re.compile(r"_(?:" + "|".join(u[1] for u in _UNITS.values()) + r")$")


def convert(value: float, unit: str, dimension: str) -> float:
    """``value`` in ``unit`` as SI; raises ValueError with the units that would do."""
    _, _, factors = _UNITS[dimension]
    if unit == "dBsm" and dimension == "area":
        return float(10.0 ** (value / 10.0))
    if unit not in factors:
        known = ", ".join(factors)
        raise ValueError(f"'{unit}' is not a unit of {dimension}; write one of: {known}")
    return value * factors[unit]


def parse_quantity(text: Any, dimension: str) -> float:
    """``"400 km"`` as SI; raises ValueError that says what is wrong and what would do."""
    _, _, factors = _UNITS[dimension]
    example = next(iter(factors))
    if isinstance(text, bool) or text is None:
        raise ValueError(f"a {dimension} with its unit is expected, such as '10 {example}'")
    if isinstance(text, int | float):
        raise ValueError(f"{text!r} has no unit; write it with one, such as '{text:g} {example}'")
    if not isinstance(text, str):
        raise ValueError(f"a {dimension} with its unit is expected, such as '10 {example}'")
    match = _QUANTITY.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a number with a unit, such as '10 {example}'")
    value = convert(float(match[1]), match[2], dimension)
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is not finite")
    return value


@dataclass(frozen=True)
class Unit:
    """Marks a declared type with its dimension and SI unit."""

    dimension: str
    si: str


def _quantity(dimension: str) -> Any:
    si, _, factors = _UNITS[dimension]
    units = "|".join(re.escape(u) for u in (*factors, *(["dBsm"] if dimension == "area" else [])))
    schema = {
        "type": "string",
        "pattern": rf"^\s*{_NUMBER}\s*({units})\s*$",
        "examples": [f"10 {u}" for u in list(factors)[:3]],
        "title": dimension,
    }

    def read(value: Any) -> Any:
        # A float that is already SI comes from the compiler, never from a file: files are read
        # with every scalar marked, see scenario.schema.
        return value.value if isinstance(value, SI) else parse_quantity(value, dimension)

    return Annotated[float, BeforeValidator(read), Unit(dimension, si), WithJsonSchema(schema)]


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
Fraction = Annotated[float, Field(ge=0.0, le=1.0), Unit("fraction", "1")]
Count = Annotated[int, Unit("count", "1")]
Number = Annotated[float, Unit("number", "1")]


def key_of(name: str) -> str:
    """The key a person writes for the field ``name``: the name without its unit suffix."""
    return _SUFFIX.sub("", name)


def declared(
    doc: str, default: Any = ..., *, otherwise: tuple[str, ...] = (), **checks: Any
) -> Any:
    """A declared parameter: what it is, its bounds, and the parameters that may stand in for it.

    ``otherwise`` names catalogue parameters that are read where an item has none of this name.
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


def read_count_unit(unit: str | None) -> bool:
    """Whether ``unit`` marks a plain number in the public record."""
    return (unit or "") in _COUNT_UNITS
