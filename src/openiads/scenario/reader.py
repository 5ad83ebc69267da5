"""YAML 1.2 as people write it: plain data, the line of every key, and limits on what is read.

The reader takes the core schema only. What makes YAML dangerous or surprising is a fault and not
a feature: aliases (the "YAML bomb"), merge keys, tags, several documents, duplicate keys, keys
that are no text, numbers that are not finite. Every such fault is found in one pass.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openiads.faults import Fault, InputError

MAX_BYTES = 1_000_000
MAX_NODES = 100_000
MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40
MAX_ALIASES_NAMED = 3

Key = tuple[str | int, ...]
"""Where a value stands: the keys and list positions that lead to it from the root."""

# YAML 1.2.2, section 10.3.2 "Tag Resolution" of the core schema.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OCT = re.compile(r"0o[0-7]+\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_UNBOUNDED = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")


@dataclass(frozen=True)
class Document:
    """One YAML file: ``data`` of dicts, lists and scalars, and the line of each key."""

    data: Any
    file: str
    lines: dict[Key, int] = field(repr=False)

    def line(self, key: Key = ()) -> int:
        """Line (from 1) of ``key``, or of the nearest key above it that was written."""
        path = tuple(key)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, key: Key, message: str, mend: str = "") -> Fault:
        """A fault at ``key`` of this file."""
        return Fault(message, mend, self.file, self.line(key), dotted(key))


def dotted(key: Key) -> str:
    """``("raid", 2, "speed")`` as a person reads it: ``raid[2].speed``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_yaml(source: Path | str, file: str = "") -> Document:
    """Read a ``Path``, or text given as ``str``, and return its root mapping with line numbers.

    ``file`` names the input in faults; it is the path where a path was given. Raises
    ``InputError`` with every fault found: a file that is missing, unreadable, larger than
    ``MAX_BYTES`` or no YAML, and all that the module's first paragraph names.
    """
    name = file or (str(source) if isinstance(source, Path) else "text")
    text = _text_of(source, name)
    builder = _Builder(name)
    data = builder.build(text)
    if not builder.faults and not isinstance(data, dict):
        found = "nothing" if data is None else f"a {_kind(data)}"
        builder.faults.append(
            Fault(f"holds {found} where a mapping is wanted", "write `key: value` lines", name, 1)
        )
    if builder.faults:
        raise InputError(builder.faults)
    return Document(data, name, builder.lines)


def _text_of(source: Path | str, name: str) -> str:
    if isinstance(source, str):
        raw = source.encode("utf-8", "surrogatepass")
    else:
        try:
            with source.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise InputError.of(
                "no such file", "check the name and the folder", file=name
            ) from None
        except IsADirectoryError:
            raise InputError.of("is a folder", "name a file in it", file=name) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError.of(f"cannot be read: {reason}", file=name) from None
    if len(raw) > MAX_BYTES:
        raise InputError.of(
            f"is larger than {MAX_BYTES:,} bytes", "split it into several files", file=name
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError.of(
            "is no UTF-8 text", "save it as UTF-8, or name a YAML file", file=name, line=line
        ) from None


class _Builder:
    """Builds plain data from the parser's events and notes the line of each key."""

    def __init__(self, file: str):
        self.file = file
        self.faults: list[Fault] = []
        self.lines: dict[Key, int] = {}
        self.nodes = 0
        self.aliases = 0

    def build(self, text: str) -> Any:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            events = iter(YAML(typ="safe", pure=True).parse(text))
            return self._document(events)
        except _TooMuch as limit:
            self.faults.append(limit.fault)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            said = " ".join(p for p in (error.context, error.problem) if p)
            self._fault(
                f"is no YAML: {said or 'cannot be read'}",
                "check indentation (spaces, no tabs), colons, quotes and brackets here",
                mark.line + 1 if mark is not None else None,
            )
        except (YAMLError, ValueError) as error:
            said = str(error).splitlines()[0] if str(error) else "cannot be read"
            at = getattr(error, "position", None)
            line = text.count("\n", 0, at) + 1 if isinstance(at, int) else None
            self._fault(f"is no YAML: {said}", "remove it, or name a YAML text file", line)
        return None

    def _fault(self, message: str, mend: str, line: int | None, key: Key = ()) -> None:
        self.faults.append(Fault(message, mend, self.file, line, dotted(key)))

    def _alias(self, line: int, key: Key) -> None:
        """Each of the first few is named; a bomb has thousands, and one line tells of those."""
        self.aliases += 1
        said, mend = "anchors and aliases (& and *)", "write the value out"
        if self.aliases < MAX_ALIASES_NAMED:
            self._fault(f"{said} are not read here", mend, line, key)
        elif self.aliases == MAX_ALIASES_NAMED:
            self._fault(f"more {said} from here on are not read either", mend, line, key)

    def _document(self, events: Iterator[Any]) -> Any:
        data: Any = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                continue
            if kind == "DocumentStartEvent":
                documents += 1
                if documents == 2:
                    line = event.start_mark.line + 1
                    self._fault("holds a second document", "keep one document a file", line)
                continue
            value = self._node(event, events, (), 0)
            if documents == 1:
                data = value
        return data

    def _node(self, event: Any, events: Iterator[Any], key: Key, depth: int) -> Any:
        line = event.start_mark.line + 1
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooMuch(
                Fault(f"holds more than {MAX_NODES:,} values", "split it", self.file, line)
            )
        if depth > MAX_DEPTH:
            raise _TooMuch(
                Fault(
                    f"is nested deeper than {MAX_DEPTH} levels",
                    "flatten it",
                    self.file,
                    line,
                    dotted(key[:4]),
                )
            )
        self.lines.setdefault(key, line)
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            self._alias(line, key)
        if kind == "AliasEvent":
            return None
        if getattr(event, "tag", None) not in (None, "!"):
            self._fault("tags (!…) are not read here", "write the plain value", line, key)
        if kind == "MappingStartEvent":
            return self._mapping(events, key, depth)
        if kind == "SequenceStartEvent":
            return self._sequence(events, key, depth)
        return self._scalar(event, key, line)

    def _mapping(self, events: Iterator[Any], key: Key, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            line = event.start_mark.line + 1
            name = self._key(event, events, key, depth)
            here = key + (name,)
            if name in data:
                first = self.lines[here]
                self._fault(
                    f"is given twice, first on line {first}", "keep one of the two", line, here
                )
                spare = key + (f"{name} (again, line {line})",)
                self._node(next(events), events, spare, depth + 1)
                continue
            self.lines[here] = line
            data[name] = self._node(next(events), events, here, depth + 1)
        return data

    def _key(self, event: Any, events: Iterator[Any], key: Key, depth: int) -> str:
        line = event.start_mark.line + 1
        if type(event).__name__ != "ScalarEvent":
            self._node(event, events, key + ("?",), depth + 1)
            self._fault("a key must be a word, not a list or mapping", "name the key", line, key)
            return f"? line {line}"
        if event.value == "<<" and event.style is None:
            self._fault("merge keys (<<) are not read here", "write the values out", line, key)
        return str(event.value)

    def _sequence(self, events: Iterator[Any], key: Key, depth: int) -> list[Any]:
        data: list[Any] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            data.append(self._node(event, events, key + (len(data),), depth + 1))
        return data

    def _scalar(self, event: Any, key: Key, line: int) -> Any:
        text: str = event.value
        if event.style is not None and event.style != "":
            return text
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _UNBOUNDED.match(text):
            self._fault(f"{text} is not a finite number", "give a number", line, key)
            return None
        number = _number(text)
        if isinstance(number, float) and not math.isfinite(number):
            self._fault(f"{text[:40]} is not a finite number", "give a smaller one", line, key)
            return None
        return text if number is None else number


class _TooMuch(Exception):
    """A limit was passed; nothing more of the file is read."""

    def __init__(self, fault: Fault):
        super().__init__(fault.message)
        self.fault = fault


def _number(text: str) -> int | float | None:
    """The number that a plain scalar stands for, infinite where it has too many digits."""
    if _INT.match(text):
        return int(text) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    if _OCT.match(text):
        return int(text[2:], 8) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    if _HEX.match(text):
        return int(text[2:], 16) if len(text) <= MAX_NUMBER_LENGTH else math.inf
    if _FLOAT.match(text):
        return float(text)
    return None


def _kind(value: Any) -> str:
    names = {list: "list", str: "text", bool: "yes/no value", int: "number", float: "number"}
    return names.get(type(value), type(value).__name__)
