"""The command line. One file a group of commands; nothing heavy is imported before it is used."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of ``openiads``."""
    from openiads.cli.app import run

    sys.exit(run())
