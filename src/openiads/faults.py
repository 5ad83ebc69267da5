"""Faults: what is wrong with an input, where, and how to mend it.

Every reader in the project collects `Fault`s and raises one `InputError` with all of them, so that
a person mends a file in one pass. The command line prints them and exits with status 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one place of one input."""

    message: str
    mend: str = ""
    file: str = ""
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        place = self.file or "input"
        if self.line is not None:
            place += f":{self.line}"
        if self.key:
            place += f": {self.key}"
        text = f"{place}: {self.message}"
        return f"{text}\n    mend: {self.mend}" if self.mend else text

    def as_dict(self) -> dict[str, object]:
        return {
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "message": self.message,
            "mend": self.mend,
        }


class InputError(ValueError):
    """The input is at fault; ``faults`` says where and how to mend it."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = tuple(faults)
        super().__init__("\n".join(str(f) for f in self.faults))

    @classmethod
    def of(cls, message: str, mend: str = "", **place: object) -> InputError:
        """An error of a single fault."""
        return cls([Fault(message, mend, **place)])  # type: ignore[arg-type]


class CapacityError(RuntimeError):
    """A table of the engine was too small for a replication, which is therefore invalid."""


def nearest(name: str, known: Iterable[str], most: int = 3) -> str:
    """A phrase that offers the known names nearest to ``name``."""
    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), [n.lower() for n in names], most, 0.5)
    picked = [n for c in close for n in names if n.lower() == c]
    if picked:
        return "did you mean " + " or ".join(picked) + "?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"known: {shown}" if names else "none are known here"
