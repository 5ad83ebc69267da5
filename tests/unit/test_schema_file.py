"""The published JSON Schema: fresh, and it accepts what the loader accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path

from openiads.scenario.load import load
from openiads.scenario.schema import schema_text

SHIPPED = Path(__file__).parents[2] / "src" / "openiads" / "data" / "scenario.schema.json"


def test_the_shipped_schema_is_what_the_declarations_say() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), (
        "run: openiads schema --out src/openiads/data/scenario.schema.json"
    )


def test_every_key_of_the_default_scenario_is_in_the_schema() -> None:
    schema = json.loads(schema_text())
    keys = set(schema["properties"])
    assert set(load("default").document.data) <= keys


def test_quantities_carry_a_pattern_that_wants_a_unit() -> None:
    patterns = set(re.findall(r'"pattern": "(.*?)"', schema_text()))
    length = next(json.loads(f'"{p}"') for p in patterns if "km|" in p and "Mach" not in p)
    assert re.match(length, "400 km")
    assert not re.match(length, "400")
    assert not re.match(length, "400 parsec")
