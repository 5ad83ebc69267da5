"""Read a scenario: shipped name or file, every fault in one pass, nothing run."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import Catalogue, load_catalogue
from openiads.scenario.parts import Parts
from openiads.scenario.reader import Document, Key, read_yaml
from openiads.scenario.schema import MAX_LAUNCHERS, MAX_THREATS, ScenarioFile


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
    document = read_yaml(path)
    faults: list[Fault] = []
    for key, text in (overrides or {}).items():
        _override(document, key, text, faults)
    if faults:
        raise InputError(faults)
    return check(document, path.parent)


def check(document: Document, folder: Path) -> Scenario:
    """Check a scenario document whose catalogue files, if any, lie in ``folder``."""
    faults: list[Fault] = []
    file = _parse(document, faults)
    catalogue = _catalogue(document, folder, faults)
    rules = document.data.get("choose") or {}
    rules = {"rule": rules} if isinstance(rules, str) else rules
    parts = Parts(catalogue, rules if isinstance(rules, dict) else {}, document)
    if file is not None:
        parts.check_rules(faults)
        _check_map(file, document, faults)
        _check_terrain(file, document, folder, faults)
        _check_raid(file, document, parts, faults)
        _check_defence(file, document, parts, faults)
    if faults or file is None:
        raise InputError(sorted(set(faults), key=lambda f: (f.file, f.line or 0, f.key)))
    return Scenario(file, document, parts)


def _override(document: Document, dotted: str, text: str, faults: list[Fault]) -> None:
    """Replace one value of the document; the key's parents must exist."""
    place: Any = document.data
    keys = dotted.split(".")
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        if isinstance(place, list) and key.isdigit() and int(key) < len(place):
            index: Any = int(key)
        elif isinstance(place, dict) and (key in place or last):
            index = key
        else:
            known = place if isinstance(place, dict) else {}
            faults.append(Fault(f"--set names no such key '{dotted}'", nearest(key, known)))
            return
        if last:
            place[index] = read_yaml(f"value: {text}", f"--set {dotted}").data["value"]
        else:
            place = place[index]


def _parse(document: Document, faults: list[Fault]) -> ScenarioFile | None:
    try:
        return ScenarioFile.model_validate(document.data)
    except ValidationError as error:
        for item in error.errors():
            faults.append(_fault_of(document, item))
        return None


def _fault_of(document: Document, item: Any) -> Fault:
    """A pydantic error as a fault with the line of its key and a mend."""
    key: Key = tuple(item["loc"])
    message, mend = item["msg"], ""
    given = item.get("input")
    if item["type"] == "extra_forbidden":
        message = f"'{key[-1]}' is not a key here"
        mend = _nearest_key(document, key) or "remove it"
    elif item["type"] == "missing":
        message, mend = f"'{key[-1]}' is missing", f"add a line `{key[-1]}: …`"
    elif item["type"] == "value_error":
        message, _, mend = message.removeprefix("Value error, ").partition("; ")
        if message.startswith("'") and " is not a unit" in message:
            mend = mend or "use one of these"
    elif item["type"] in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        message = f"{given!r} is out of range: {message[0].lower()}{message[1:]} (in SI)"
        mend = "write a value inside the range"
    elif item["type"].startswith(("int", "float")):
        message, mend = f"{given!r} is not a number here", "write a plain number"
    elif item["type"] == "literal_error":
        message, mend = f"{given!r} is not one of the choices", message.replace("Input s", "s")
    elif item["type"].endswith("_type"):
        message = f"{_kind(given)} stands where {_wanted(item['type'])} is wanted"
        mend = "see `openiads schema` or the shipped default scenario for the form"
    elif item["type"] == "too_short":
        message, mend = f"'{key[-1] if key else 'file'}' is empty", "give at least one"
    elif item["type"] == "too_long":
        message, mend = f"too many entries: {message}", "split the scenario"
    return document.fault(key, message, mend)


def _kind(value: Any) -> str:
    return {dict: "a mapping", list: "a list", str: f"the text {value!r}", bool: f"{value}"}.get(
        type(value), "nothing" if value is None else repr(value)
    )


def _wanted(kind: str) -> str:
    kind = kind.removesuffix("_type")
    return {
        "dict": "a mapping",
        "model": "a mapping",
        "list": "a list",
        "string": "a text",
        "model_attributes": "a mapping",
        "tuple": "a list [east, north]",
    }.get(kind, f"a {kind}")


def _nearest_key(document: Document, key: Key) -> str:
    """A hint towards the known keys beside an unknown one."""
    from openiads.declare import key_of
    from openiads.scenario import schema

    names: set[str] = set()
    for cls in vars(schema).values():
        fields = getattr(cls, "model_fields", None)
        if isinstance(fields, dict):
            names |= {(f.alias or key_of(n)) for n, f in fields.items()}
    close = difflib.get_close_matches(str(key[-1]), sorted(names), 1, 0.6)
    return f"did you mean '{close[0]}'?" if close else ""


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


def _check_map(file: ScenarioFile, document: Document, faults: list[Fault]) -> None:
    """Everything that stands must stand on the map."""
    half = 0.5 * file.map.size_m
    places: list[tuple[Key, tuple[float, float]]] = [
        *((("assets", n), a.at) for n, a in file.assets.items()),
        *((("defence", "radars", n), r.at) for n, r in file.defence.radars.items()),
        *((("defence", "fire_units", n), u.at) for n, u in file.defence.fire_units.items()),
    ]
    for key, (east, north) in places:
        if abs(east) > half or abs(north) > half:
            faults.append(
                document.fault(
                    (*key, "at"),
                    f"{key[-1]} stands outside the map of {file.map.size_m / 1e3:g} km",
                    f"keep both coordinates within ±{half / 1e3:g} km, or enlarge map.size",
                )
            )


def _check_terrain(
    file: ScenarioFile, document: Document, folder: Path, faults: list[Fault]
) -> None:
    """The elevation model must be readable, and nothing may stand below its ground."""
    use = file.environment.terrain
    if use is None:
        return
    from openiads.scenario.ground import Ground

    try:
        ground = Ground.of(use, folder, 1.0)
    except InputError as error:
        key: Key = ("environment", "terrain")
        faults.extend(document.fault(key, f"{use.file}: {f.message}", f.mend) for f in error.faults)
        return
    sites: list[tuple[Key, tuple[float, float], float]] = [
        *((("defence", "radars", n, "ground"), r.at, r.ground_m)
          for n, r in file.defence.radars.items() if "ground_m" in r.model_fields_set),
        *((("defence", "fire_units", n, "ground"), u.at, u.ground_m)
          for n, u in file.defence.fire_units.items() if "ground_m" in u.model_fields_set),
        *((("assets", n, "height"), a.at, a.height_m)
          for n, a in file.assets.items() if "height_m" in a.model_fields_set),
    ]  # fmt: skip
    for key, at, height in sites:
        under = float(ground.height_m(*at))
        if height < under - 1.0:
            faults.append(
                document.fault(
                    key,
                    f"{key[-2]} stands at {height:g} m, {under - height:.0f} m below the terrain",
                    "leave the height out, and it stands on the ground",
                )
            )


def _check_raid(file: ScenarioFile, document: Document, parts: Parts, faults: list[Fault]) -> None:
    from openiads.domain.threats import Threat

    waves = file.raid.waves
    total = sum(w.count for w in waves.values())
    if total > MAX_THREATS:
        faults.append(
            document.fault(
                ("raid", "waves"),
                f"{total} threats in all exceed the capacity of {MAX_THREATS}",
                "lower the counts",
            )
        )
    for name, wave in waves.items():
        key: Key = ("raid", "waves", name)
        for index, aim in enumerate(wave.aim):
            if aim not in file.assets:
                faults.append(
                    document.fault(
                        (*key, "aim", index), f"no asset '{aim}'", nearest(aim, file.assets)
                    )
                )
        if wave.after is not None and wave.after not in waves:
            faults.append(
                document.fault(
                    (*key, "after"), f"no wave '{wave.after}'", nearest(wave.after, waves)
                )
            )
        parts.build(Threat, "threat", wave.threat, wave.with_, key, faults)
        if wave.at_s > file.duration_s:
            faults.append(
                document.fault(
                    (*key, "at"),
                    "starts after the scenario's duration",
                    "start it earlier or raise `duration`",
                )
            )
    for name in waves:
        cycle = _cycle(name, {n: w.after for n, w in waves.items()})
        if cycle and name == min(cycle):
            faults.append(
                document.fault(
                    ("raid", "waves", name, "after"),
                    "waves wait for each other in a circle: " + " → ".join([*cycle, cycle[0]]),
                    "give one of them `at` alone",
                )
            )


def _cycle(name: str, after: Mapping[str, str | None]) -> list[str]:
    """The circle of waves that ``name`` belongs to, or nothing."""
    path = [name]
    while True:
        following = after.get(path[-1])
        if following is None or following not in after:
            return []
        if following == name:
            return path
        if following in path:
            return []
        path.append(following)


def _check_defence(
    file: ScenarioFile, document: Document, parts: Parts, faults: list[Fault]
) -> None:
    from openiads.domain.command import CommandPost
    from openiads.domain.doctrine import Doctrine
    from openiads.domain.sensors import Radar
    from openiads.domain.weapons import Launcher, Missile

    post = file.defence.command_post
    key: Key = ("defence", "command_post")
    parts.build(CommandPost, "command-post", post.type, post.with_, key, faults)
    duties = []
    for name, site in file.defence.radars.items():
        key = ("defence", "radars", name)
        radar = parts.build(Radar, "radar", site.type, site.with_, key, faults)
        duties.append(radar.duty if radar else "acquisition")
    if "acquisition" not in duties:
        faults.append(
            document.fault(
                ("defence", "radars"),
                "no radar feeds the track picture",
                "add one whose duty is `acquisition`",
            )
        )
    launchers = 0
    for name, unit in file.defence.fire_units.items():
        key = ("defence", "fire_units", name)
        parts.build(Radar, "radar", unit.radar.type, unit.radar.with_, (*key, "radar"), faults)
        parts.build(
            Doctrine,
            "doctrine",
            unit.doctrine.type,
            unit.doctrine.with_,
            (*key, "doctrine"),
            faults,
        )
        for index, battery in enumerate(unit.launchers):
            launchers += battery.count
            place = (*key, "launchers", index)
            row = parts.build(Launcher, "launcher", battery.type, battery.with_, place, faults)
            parts.build(
                Missile,
                "missile",
                battery.missile.type,
                battery.missile.with_,
                (*place, "missile"),
                faults,
            )
            if row and battery.rounds and battery.rounds > 4 * row.missiles_per_launcher:
                faults.append(
                    document.fault(
                        (*place, "rounds"),
                        f"{battery.rounds} rounds do not fit a launcher of "
                        f"{row.missiles_per_launcher} tubes, even four to a tube",
                        "lower `rounds`",
                    )
                )
    if launchers > MAX_LAUNCHERS:
        faults.append(
            document.fault(
                ("defence", "fire_units"),
                f"{launchers} launchers exceed the capacity of {MAX_LAUNCHERS}",
                "lower the counts",
            )
        )
