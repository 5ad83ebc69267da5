"""What products that are written as files share: text files in a folder, and pictures of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openiads.faults import InputError


def pyplot() -> Any:
    """matplotlib's pyplot for the drawing of files only; InputError where it is not installed."""
    try:
        import matplotlib
    except ImportError:
        raise InputError.of(
            "pictures and outlines need matplotlib", "install openiads[analysis], or leave --out"
        ) from None
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write each text under its name in ``folder``, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
