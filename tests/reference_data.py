"""Reference cases carried in tests/validation/data: JSON with title, source, tolerance, cases."""

import json
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "validation" / "data"


def reference(name: str) -> dict[str, Any]:
    """The whole file ``name`` (without .json)."""
    return json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of the file ``name``; fails where there are none or fewer than it states."""
    held = reference(name)
    rows = held["cases"]
    assert rows and len(rows) == held["n_cases"], f"{name}: {len(rows)} of {held['n_cases']} cases"
    return rows
