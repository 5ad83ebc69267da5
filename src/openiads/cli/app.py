"""The application: every command, registered by the file of its group, and the exit status."""

from __future__ import annotations

import importlib

import typer

from openiads.cli.common import fail, note
from openiads.faults import CapacityError, InputError

GROUPS: tuple[str, ...] = (
    "run",
    "report",
    "coverage",
    "saturate",
    "footprint",
    "track",
    "assign",
    "catalogue",
    "audit",
    "ledger",
)
"""Files of this package that hold commands; each has ``register(app)``."""

UsageFault: type[Exception] = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)
"""What a wrong command line raises: typer carries its own copy of click, older ones import it."""


def build() -> typer.Typer:
    """The typer application with all commands."""
    app = typer.Typer(
        name="openiads",
        help="Simulate integrated air and missile defence from public figures only.",
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(lambda: None)
    for group in GROUPS:
        importlib.import_module(f"openiads.cli.{group}").register(app)
    return app


def run() -> int:
    """Run the command line; the exit status (0 done, 1 check failed, 2 bad input, 130 stopped)."""
    try:
        result = build()(standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return 130
    except UsageFault as error:
        error.show()  # type: ignore[attr-defined]
        return 2
    except InputError as error:
        return fail(error)
    except CapacityError as error:
        note(
            f"{error}\n    mend: make the raid smaller; and please report it: no run should do this"
        )
        return 2
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) else 0
