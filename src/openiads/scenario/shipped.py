"""The data files that come with the package, and an index that spares parsing them.

Reading YAML takes about 20 microseconds a value, a fifth of a second for the whole record. So
``data/index.json`` holds what the files say, each under the SHA-256 of its bytes. A file that
differs from the index is read itself: a stale index costs time and never a wrong value. The index
is written by ``openiads catalogue index`` and a test asks that it is fresh.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from openiads.scenario.reader import Document, read_yaml

DATA = Path(__file__).resolve().parent.parent / "data"
INDEX = DATA / "index.json"
FOLDERS = ("catalogue", "ledger", "articles")
LINE_DEPTH = 4
"""Lines are kept in the index down to items / name / parameters / name."""


def shipped_files(folder: str) -> tuple[str, ...]:
    """Names of the YAML files of a folder under ``data``, in order."""
    return tuple(sorted(f"{folder}/{path.name}" for path in (DATA / folder).glob("*.yaml")))


def shipped_document(name: str) -> tuple[Document, bool]:
    """The shipped file ``name``, and whether it came from the index (and so was checked before)."""
    raw = (DATA / name).read_bytes()
    held = _index().get(name)
    if held is not None and held["sha256"] == hashlib.sha256(raw).hexdigest():
        lines = {tuple(key.split("\t")): line for key, line in held["lines"].items()}
        return Document(held["data"], f"openiads/data/{name}", lines), True
    return read_yaml(DATA / name, f"openiads/data/{name}"), False


@cache
def _index() -> dict[str, Any]:
    try:
        return dict(json.loads(INDEX.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def make_index() -> str:
    """The text of the index of all shipped files as they are now."""
    held = {}
    names = ["sources.yaml", *(name for folder in FOLDERS for name in shipped_files(folder))]
    for name in names:
        document = read_yaml(DATA / name, name)
        lines = {
            "\t".join(str(part) for part in key): line
            for key, line in document.lines.items()
            if 0 < len(key) <= LINE_DEPTH and all(isinstance(part, str) for part in key)
        }
        digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
        held[name] = {"sha256": digest, "data": document.data, "lines": lines}
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"')


def write_index() -> Path:
    """Write the index anew (only where the package's data can be written)."""
    INDEX.write_text(make_index() + "\n", encoding="utf-8")
    return INDEX
