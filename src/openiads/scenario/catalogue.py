"""The catalogue: systems, components, doctrines and threats, each value with who said it.

A file holds ``items`` (and, in a user's own file, ``sources``). Shipped files lie in
``data/catalogue``, one system a file, and refer to ``data/sources.yaml`` by id. A user's file may
define items of its own or add to shipped ones: its claims join the shipped claims, its plain or
assumed value takes the place of the shipped one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openiads.faults import Fault, InputError, nearest
from openiads.scenario.reader import Document, read_yaml
from openiads.scenario.record import Assumed, Claim, Entry, Parameter, Plain
from openiads.scenario.record_check import RECORD_KEYS, check_items, check_sources
from openiads.scenario.shipped import shipped_document, shipped_files
from openiads.scenario.sources import Source
from openiads.units import parse_quantity


class Catalogue(Mapping[str, Entry]):
    """Items by id. Ids are read without regard to case, and ``-`` and ``_`` are one."""

    def __init__(
        self, sources: Mapping[str, Source], layers: Mapping[str, list[tuple[Document, str]]]
    ):
        self.sources = dict(sources)
        self._layers = {slug(name): list(held) for name, held in layers.items()}
        self._names = {slug(name): name for name in layers}
        self._entries: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        key = slug(name)
        if key not in self._layers:
            raise KeyError(f"'{name}' is not in the catalogue: {nearest(name, self)}")
        if key not in self._entries:
            self._entries[key] = self._entry(key)
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and slug(name) in self._layers

    def components(self, name: str) -> tuple[str, ...]:
        """Ids of the items whose parent is ``name``, as listed."""
        return tuple(
            self._names[key]
            for key in self._layers
            if slug(str(self._field(key, "parent") or "")) == slug(name)
        )

    def claims(self) -> Iterator[Claim]:
        """Every claim of every item."""
        for name in self:
            yield from self[name].claims

    def _field(self, key: str, name: str) -> Any:
        for document, item in reversed(self._layers[key]):
            value = document.data["items"][item].get(name)
            if value is not None:
                return value
        return None

    def _system(self, key: str) -> str | None:
        seen: set[str] = set()
        while key in self._layers and key not in seen:
            seen.add(key)
            parent = self._field(key, "parent")
            if parent is None:
                return self._names[key] if self._field(key, "kind") == "system" else None
            key = slug(str(parent))
        return None

    def _entry(self, key: str) -> Entry:
        parameters: dict[str, Parameter] = {}
        for document, item in self._layers[key]:
            raw = document.data["items"][item].get("parameters") or {}
            for name, value in raw.items():
                line = document.line(("items", item, "parameters", name))
                new = self._parameter(self._names[key], name, value, document.file, line)
                old = parameters.get(name)
                parameters[name] = new if old is None else _laid_over(old, new)
        document, item = self._layers[key][0]
        return Entry(
            id=self._names[key],
            kind=self._field(key, "kind"),
            name=str(self._field(key, "name")),
            system=self._system(key),
            parameters=parameters,
            file=document.file,
            parent=self._field(key, "parent"),
            nato_name=self._field(key, "nato_name"),
            examples=self._field(key, "examples"),
            note=self._field(key, "note"),
            line=document.line(("items", item)),
            components=self.components(key),
        )

    def _parameter(self, item: str, name: str, raw: Any, file: str, line: int) -> Parameter:
        if not (isinstance(raw, dict) and raw.keys() & RECORD_KEYS):
            return Parameter(item, name, given=_plain(raw), file=file, line=line)
        claims = tuple(
            Claim(
                id=claim["id"],
                item=item,
                parameter=name,
                value=_claimed(claim["value"]),
                unit=None if claim["unit"] == "text" else claim["unit"],
                bound=claim["bound"],
                source=self.sources[claim["source"]],
                quote=claim["quote"],
                note=claim.get("note"),
                doubted_by=self.sources.get(claim.get("doubted_by", "")),
            )
            for claim in raw.get("claims", ())
        )
        assumed = None
        if "assumed" in raw:
            value, unit = _plain(raw["assumed"])
            ends = [_plain(end)[0] for end in raw.get("range", ())]
            span = (float(ends[0]), float(ends[1])) if ends else None  # type: ignore[arg-type]
            assumed = Assumed(value, unit, raw["reason"], span, tuple(raw.get("derived_from", ())))
        reason = raw.get("reason", "")
        return Parameter(
            item, name, claims, assumed, None, raw.get("use"), reason, file=file, line=line
        )


def load_catalogue(extra: Sequence[Path] = ()) -> Catalogue:
    """The shipped catalogue with the files of ``extra`` laid over it, in their order.

    Raises ``InputError`` with every fault of every file.
    """
    faults: list[Fault] = []
    sources = shipped_sources(faults)
    documents = [_shipped(name, sources, faults) for name in shipped_files("catalogue")]
    layers: dict[str, list[tuple[Document, str]]] = {}
    for document in documents:
        _add(layers, document)
    for path in extra:
        try:
            document = read_yaml(path)
        except InputError as error:
            faults += error.faults
            continue
        found = check_sources(document, document.data.get("sources"), sources)
        if not found:
            sources.update(_sources(document))
            found = check_items(document, sources, layers)
        if not found:
            _add(layers, document)
        faults += found
    if faults:
        raise InputError(faults)
    return Catalogue(sources, layers)


def check_file(path: Path) -> dict[str, int]:
    """Count what a catalogue file holds; raises ``InputError`` with every fault of it."""
    document = read_yaml(path)
    catalogue = load_catalogue()
    faults = check_sources(document, document.data.get("sources"), catalogue.sources)
    sources = catalogue.sources if faults else {**catalogue.sources, **_sources(document)}
    faults += check_items(document, sources, catalogue)
    if faults:
        raise InputError(sorted(faults, key=lambda fault: fault.line or 0))
    items = document.data["items"]
    parameters = [p for item in items.values() for p in (item.get("parameters") or {}).values()]
    claims = [c for p in parameters if isinstance(p, dict) for c in p.get("claims", ())]
    return {
        "items": len(items),
        "parameters": len(parameters),
        "claims": len(claims),
        "sources": len(document.data.get("sources") or {}),
    }


def shipped_sources(faults: list[Fault] | None = None) -> dict[str, Source]:
    """The sources that come with the package, by id."""
    document, checked = shipped_document("sources.yaml")
    found = [] if checked else check_sources(document, document.data.get("sources"), {})
    if found and faults is None:
        raise InputError(found)
    if faults is not None:
        faults += found
    return {} if found else _sources(document)


def slug(name: str) -> str:
    """The form in which ids are compared."""
    return name.strip().casefold().replace("_", "-").replace(" ", "-")


def _shipped(name: str, sources: Mapping[str, Source], faults: list[Fault]) -> Document:
    document, checked = shipped_document(name)
    if not checked:
        found = check_items(document, sources, {})
        faults += found
        if found:
            return Document({"items": {}}, document.file, {})
    return document


def _add(layers: dict[str, list[tuple[Document, str]]], document: Document) -> None:
    by_slug = {slug(name): name for name in layers}
    for item in document.data.get("items") or {}:
        layers.setdefault(by_slug.get(slug(item), item), []).append((document, item))


def _sources(document: Document) -> dict[str, Source]:
    return {
        name: Source(
            id=name,
            title=raw["title"],
            publisher=raw["publisher"],
            tier=raw["tier"],
            url=raw.get("url"),
            date=raw.get("date"),
            date_inferred=bool(raw.get("date_inferred")),
            seed=raw.get("seed"),
            repeats=tuple(raw.get("repeats") or ()),
        )
        for name, raw in (document.data.get("sources") or {}).items()
    }


def _claimed(value: Any) -> float | int | str | tuple[float, float]:
    return (value["min"], value["max"]) if isinstance(value, dict) else value


def _plain(raw: Any) -> tuple[Plain, str | None]:
    """A user's own value: ``400 km`` with its unit; numbers, words and lists as they are."""
    if isinstance(raw, str):
        quantity = parse_quantity(raw)
        return quantity if quantity is not None else (raw, None)
    if isinstance(raw, list):
        parts = [_plain(part) for part in raw]
        units = {unit for _, unit in parts}
        return tuple(value for value, _ in parts), units.pop() if len(units) == 1 else None
    return raw, None


def _laid_over(old: Parameter, new: Parameter) -> Parameter:
    if new.given is not None:
        return new
    return Parameter(
        old.item,
        old.name,
        old.claims + new.claims,
        new.assumed or old.assumed,
        None if new.assumed else old.given,
        new.use or old.use,
        new.reason or old.reason,
        new.file,
        new.line,
    )
