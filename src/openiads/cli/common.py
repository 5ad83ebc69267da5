"""What all commands share: one JSON object on stdout, notes and faults on stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

from openiads.faults import InputError


def emit_json(value: Any) -> None:
    """Write one JSON object, and nothing else, to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Write a line for a person to stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a note or progress line to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def note_first_start(kernel: str) -> None:
    """Say that the first start takes long, where ``kernel`` has yet to be compiled."""
    from openiads.kernel import is_warm

    if not is_warm(kernel):
        note("first start on this machine: compiling all kernels, which takes up to a minute …")


def fail(error: InputError) -> int:
    """Print every fault of ``error``; the exit status for input at fault."""
    for fault in error.faults:
        note(str(fault))
    count = len(error.faults)
    note(f"{count} fault{'s' if count != 1 else ''} found; nothing was run")
    return 2
