"""Declared parameters: units at the edge, bare numbers refused, records that keep the values."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from pydantic import ValidationError

from openiads.declare import (
    EXAMPLES,
    SI,
    Angle,
    Area,
    Count,
    Declared,
    Fraction,
    Length,
    Number,
    Speed,
    Time,
    code,
    declared,
    docs_rows,
    dtype_of,
    fill_row,
    key_of,
    read_quantity,
    stand_ins,
    unit_of,
    units_of,
)
from openiads.units import UNITS


class Eye(Declared):
    """A declaration of each sort."""

    reach_m: Length = declared("how far", gt=0, otherwise=("system:reach",))
    period_s: Time = declared("how often", 10.0)
    sector_rad: Angle = declared("how wide", math.pi)
    cross_m2: Area | None = declared("how large", None)
    speed_mps: Speed | None = declared("how fast", None)
    share: Fraction = declared("how sure", 0.5)
    tubes: Count = declared("how many", 1, ge=1)
    gain: Number = declared("how strong", 1.0)
    kind: Literal["old", "new"] = declared("which", "new")
    name: str = ""


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("400 km", "length", 400e3),
        ("400km", "length", 400e3),
        (" 1e3 m ", "length", 1000.0),
        ("10 nmi", "length", 18520.0),
        ("30 min", "time", 1800.0),
        ("90 deg", "angle", math.pi / 2),
        ("-10 dBsm", "area", 0.1),
        ("2 Mach", "speed", 680.588),
        ("9 g", "acceleration", 88.25985),
        ("6 1/min", "rate", 0.1),
    ],
)
def test_quantities_are_read_in_si(text: str, dimension: str, value: float):
    assert read_quantity(text, dimension) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (400, "400 has no unit; write it with one of: m, km"),
        (1.5, "1.5 has no unit; "),
        (0, "0 has no unit; "),
        ("400", "'400' has no unit; "),
        (True, "a yes/no value stands where a length is wanted; "),
        (None, "nothing stands where a length is wanted; "),
        ([1, "km"], "a list stands where a length is wanted; "),
        ("km", "'km' is not a number with a unit; "),
        ("4,5 km", "with a decimal point"),
        ("4 leagues", "'leagues' is no unit that is known here; write one of: m, km"),
        ("4 s", "'s' is not a unit of length; write one of: m, km"),
        ("1e999 km", "is not a number with a unit|is no unit"),
        ("nan km", "'nan km' is not a number with a unit; "),
    ],
)
def test_what_is_no_quantity_is_refused(given: object, told: str):
    with pytest.raises(ValueError) as error:
        read_quantity(given, "length")
    assert any(part in str(error.value) for part in told.split("|"))


def test_every_dimension_has_units_and_an_example_that_reads():
    for dimension, example in EXAMPLES.items():
        if dimension not in ("fraction", "count", "number"):
            assert units_of(dimension)[0] in UNITS
            assert read_quantity(example, dimension) > 0


def test_a_person_writes_keys_without_units():
    eye = Eye.model_validate({"reach": "400 km", "period": "6 s", "cross": "0 dBsm"})
    assert (eye.reach_m, eye.period_s, eye.cross_m2) == (400e3, 6.0, 1.0)
    assert key_of("range_error_floor_m") == "range_error_floor"
    assert key_of("swerling") == "swerling"
    assert Eye(reach=SI(5.0)).reach_m == 5.0  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"reach": 400},
        {"reach": "400"},
        {"reach": "-4 km"},
        {"reach": "4 km", "share": 1.5},
        {"reach": "4 km", "share": True},
        {"reach": "4 km", "tubes": True},
        {"reach": "4 km", "tubes": 2.5},
        {"reach": "4 km", "tubes": 0},
        {"reach": "4 km", "gain": math.inf},
        {"reach": "4 km", "gain": False},
        {"reach": "4 km", "kind": "middling"},
        {"reach": "4 km", "raech": "4 km"},
    ],
)
def test_what_is_not_declared_is_refused(given: dict[str, object]):
    with pytest.raises(ValidationError):
        Eye.model_validate(given)


def test_declarations_do_not_change():
    with pytest.raises(ValidationError):
        Eye(reach=SI(5.0)).reach_m = 6.0  # type: ignore[call-arg,misc]


def test_a_record_keeps_the_values():
    dtype = dtype_of(Eye, ("x", "f8"))
    assert dtype.names == (
        "reach_m", "period_s", "sector_rad", "cross_m2", "speed_mps", "share", "tubes", "gain",
        "kind", "x",
    )  # fmt: skip
    assert dtype["tubes"] == np.dtype("i4") and dtype["kind"] == np.dtype("i1")
    row = np.zeros(1, dtype)[0]
    eye = Eye.model_validate({"reach": "4 km", "tubes": 3, "speed": "250 m/s", "kind": "old"})
    fill_row(row, eye)
    assert (row["reach_m"], row["tubes"], row["speed_mps"]) == (4000.0, 3, 250.0)
    assert math.isnan(row["cross_m2"])
    assert row["kind"] == code(Eye, "kind", "old") == 0
    assert code(Eye, "kind", "new") == 1


def test_units_stand_ins_and_rows_for_the_docs():
    fields = Eye.model_fields
    mark = unit_of(fields["speed_mps"])
    assert mark is not None and (mark.dimension, mark.si) == ("speed", "m/s")
    assert unit_of(fields["name"]) is None
    assert stand_ins(fields["reach_m"]) == ("system:reach",)
    assert stand_ins(fields["period_s"]) == ()
    assert docs_rows(Eye)[0] == ("reach", "m", "how far")


def test_the_schema_asks_for_units():
    reach = Eye.model_json_schema(by_alias=True)["properties"]["reach"]
    assert reach["type"] == "string" and "km" in reach["pattern"]
    assert reach["examples"][0] == "10 m"
