"""Read a scenario: shipped name or file, every fault in one pass, nothing run."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openiads.declare import EXAMPLES, Declared, unit_of
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import Catalogue, load_catalogue
from openiads.scenario.checks import check_defence, check_map, check_raid, check_terrain
from openiads.scenario.parts import Parts
from openiads.scenario.reader import Document, Key, read_yaml
from openiads.scenario.rules import check_rules
from openiads.scenario.schema import ScenarioFile
from openiads.scenario.wording import class_at, field_at, put, value_at


@dataclass(frozen=True)
class Scenario:
    """A scenario that has passed every check, with the catalogue it draws on."""

    file: ScenarioFile
    document: Document
    parts: Parts

    @property
    def name(self) -> str:
        return self.file.scenario


def shipped() -> dict[str, Path]:
    """Scenarios that come with the package: name to file."""
    folder = resources.files("openiads") / "data" / "scenarios"
    return {
        Path(str(f)).stem: Path(str(f))
        for f in sorted(folder.iterdir(), key=str)
        if str(f).endswith(".yaml")
    }


def find(name_or_path: str | Path) -> Path:
    """The file of a scenario given by shipped name or by path; InputError where there is none."""
    known = shipped()
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(name_or_path)
    if path.exists():
        return path
    raise InputError.of(
        f"no scenario file and no shipped scenario '{name_or_path}'",
        nearest(str(name_or_path), known),
        file=str(name_or_path),
    )


def load(name_or_path: str | Path, overrides: Mapping[str, str] | None = None) -> Scenario:
    """Read and check a scenario.

    ``overrides`` maps dotted keys to YAML scalars, as `--set raid.waves.drones.count=10` does.
    Raises InputError with all faults.
    """
    path = find(name_or_path)
    return load_document(read_yaml(path), path.parent, overrides)


def load_document(
    document: Document, folder: Path, overrides: Mapping[str, str] | None = None
) -> Scenario:
    """Check a scenario document after ``overrides`` (see `load`) have been put into it."""
    faults: list[Fault] = []
    for key, text in (overrides or {}).items():
        _override(document, key, text, faults)
    if faults:
        raise InputError(faults)
    try:
        return check(document, folder)
    except InputError as error:
        raise InputError(_as_set(f, overrides or {}) for f in error.faults) from None


def _as_set(fault: Fault, overrides: Mapping[str, str]) -> Fault:
    """A fault of a value that was set from outside is not a fault of the file."""
    place = fault.key.replace("[", ".").replace("]", "") + "."
    for key in overrides:
        if place.startswith(f"{key}."):
            return replace(fault, file=f"--set {key}", line=None)
    return fault


def check(document: Document, folder: Path) -> Scenario:
    """Check a scenario document whose catalogue files, if any, lie in ``folder``."""
    faults: list[Fault] = []
    file = _parse(document, faults)
    catalogue = _catalogue(document, folder, faults)
    parts = Parts(catalogue, file.choose if file is not None else {}, document)
    if file is not None:
        parts.check_rules(faults)
        check_map(file, document, faults)
        check_terrain(file, document, folder, faults)
        check_raid(file, document, parts, faults)
        check_defence(file, document, parts, faults)
        check_rules(file.defence, document, faults)
    if faults or file is None:
        unique = dict.fromkeys(faults)  # one item used in many places says its fault once
        raise InputError(sorted(unique, key=lambda f: (f.file, f.line or 0)))
    return Scenario(file, document, parts)


def _override(document: Document, dotted: str, text: str, faults: list[Fault]) -> None:
    """Replace one value of the document; entries above it must exist, sections may be left out.

    ``choose.ITEM.PARAMETER`` and ``choose.rule`` may be new: they say how a value is chosen. The
    number after a list's last place adds to it.
    """
    if dotted.startswith("choose."):
        held = document.data.get("choose") or {}
        held = {"rule": held} if isinstance(held, str) else held
        document.data["choose"] = {**held, dotted.removeprefix("choose."): text}
        return
    place: Any = document.data
    keys = dotted.split(".")
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(place, list) and key.isdigit() and int(key) < len(place) + last:
            index: Any = int(key)
        elif isinstance(place, dict) and (key in place or last):
            index = key
        elif isinstance(place, dict) and _is_section(tuple(keys[: depth + 1])):
            index = key
            place[key] = {}
        else:
            known = place if isinstance(place, dict) else {}
            faults.append(Fault(f"--set names no such key '{dotted}'", nearest(key, known)))
            return
        if last:
            value = read_yaml(f"value: {text}", f"--set {dotted}").data["value"]
            if isinstance(place, list) and index == len(place):
                place.append(value)
            else:
                place[index] = value
        else:
            place = place[index]


def _is_section(key: Key) -> bool:
    """Whether a declared group of values stands at ``key`` that a file may leave out."""
    held = field_at(ScenarioFile, key)
    group = class_at(ScenarioFile, key)
    return (
        held is not None
        and not held.is_required()
        and isinstance(group, type)
        and issubclass(group, Declared)
    )


def _parse(document: Document, faults: list[Fault]) -> ScenarioFile | None:
    """The declared file. Where it has faults, what can be read of it, for the checks to come."""
    try:
        return ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        data = copy.deepcopy(document.data)
        for item in error.errors():
            key: Key = tuple(item["loc"])
            given = value_at(document.data, key)
            faults.append(document.fault(key, *put(item, given, ScenarioFile)))
            _stand_in(data, key)
    try:
        return ScenarioFile.model_validate(data)
    except ValidationError:
        return None


_STAND_INS: dict[Key, Any] = {
    ("scenario",): "unnamed",
    ("duration",): "24 h",
    ("map",): {"size": "20000 km"},
    ("map", "size"): "20000 km",
}
"""Values that make no fault of their own in a check of the rest of the file."""


def _stand_in(data: Any, key: Key) -> None:
    """Put a harmless value where a faulty one stands, so that the rest can be checked as well.

    Nothing is run on it: it only lets one pass find the faults behind the first one.
    """
    above = value_at(data, key[:-1])
    if not isinstance(above, dict):
        return
    field = field_at(ScenarioFile, key)
    unit = unit_of(field) if field is not None else None
    if key in _STAND_INS:
        above[key[-1]] = _STAND_INS[key]
    elif field is None or not field.is_required():
        above.pop(key[-1], None)
    elif unit is not None:
        whole = unit.dimension == "count"
        above[key[-1]] = 1 if whole else EXAMPLES[unit.dimension]
    elif key[-1] == "at":
        above[key[-1]] = ["0 m", "0 m"]


def _catalogue(document: Document, folder: Path, faults: list[Fault]) -> Catalogue:
    """The shipped catalogue, with the files beside the scenario laid over it."""
    named = document.data.get("catalogue") or []
    named = [named] if isinstance(named, str) else named
    extra = sorted((folder / "catalogue").glob("*.yaml"))
    for index, name in enumerate(named if isinstance(named, list) else []):
        path = folder / str(name)
        if not path.is_file():
            faults.append(
                document.fault(
                    ("catalogue", index),
                    f"no file '{name}' beside the scenario",
                    nearest(str(name), [p.name for p in folder.glob("*.yaml")]),
                )
            )
        elif path not in extra:
            extra.append(path)
    try:
        return load_catalogue(extra)
    except InputError as error:
        faults.extend(error.faults)
        return load_catalogue()
