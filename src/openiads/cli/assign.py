"""``openiads assign``: weapon-target assignment with a proven bound."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.common import emit_json, note, say
from openiads.faults import Fault, InputError

if TYPE_CHECKING:
    from openiads.physics.weapon_target import WeaponTarget

_EPILOG = """Example: openiads assign raid.json --json

INSTANCE is JSON: {"values": [..T], "kill_probability": [[..T], ..W], "copies": 1 or [..W]};
"copies" may be left out."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(name="assign", epilog=_EPILOG)(assign)


def assign(
    instance: Annotated[Path, typer.Argument(help="the instance, a JSON file")],
    method: Annotated[
        str, typer.Option(help="exact (with a proof), local, linear or greedy")
    ] = "exact",
    copies: Annotated[
        int | None, typer.Option(help="uses of each weapon; instead of the file's")
    ] = None,
    tolerance: Annotated[float, typer.Option(help="relative gap that counts as proven")] = 1e-7,
    time_limit: Annotated[float, typer.Option(help="seconds; for the exact method")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Assign weapons to targets so that the least value survives."""
    given = _read(instance)
    from openiads.physics.weapon_target import weapon_target

    uses = copies if copies is not None else given.get("copies", 1)
    with _stdout_kept():
        try:
            answer = weapon_target(
                given["values"],
                given["kill_probability"],
                uses,
                method,
                tolerance=tolerance,
                time_limit_s=time_limit,
            )
        except InputError as error:
            raise InputError(_placed(error, instance)) from None
    summary = _summary(given, answer, method, tolerance)
    if as_json:
        emit_json({"instance": str(instance), **summary})
    else:
        _tell(summary)


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError.of(
            f"cannot be read: {error.strerror}", "give the path of a JSON file", file=str(path)
        ) from None
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise InputError.of(f"is not JSON: {error}", "", file=str(path), line=line) from None
    keys = ("values", "kill_probability")
    if not isinstance(given, dict):
        raise InputError.of("is not a JSON object", f"give {' and '.join(keys)}", file=str(path))
    missing = [
        Fault("is missing", "see openiads assign --help", file=str(path), key=key)
        for key in keys
        if key not in given
    ]
    if missing:
        raise InputError(missing)
    return given


def _placed(error: InputError, path: Path) -> list[Fault]:
    return [
        Fault(fault.message, fault.mend, file=str(path) if fault.key else "", key=fault.key)
        for fault in error.faults
    ]


def _summary(
    given: dict[str, Any], answer: WeaponTarget, method: str, tolerance: float
) -> dict[str, Any]:
    total = float(sum(given["values"]))
    gap = answer.objective - answer.lower_bound
    return {
        "method": method,
        "weapons": len(given["kill_probability"]),
        "targets": len(given["values"]),
        "total_value": total,
        "objective": answer.objective,
        "lower_bound": answer.lower_bound,
        "gap": gap / answer.objective if answer.objective > 0.0 else 0.0,
        "proven": gap <= tolerance * answer.objective + 1e-10 * total,
        "assignment": answer.assignment.tolist(),
    }


def _tell(summary: dict[str, Any]) -> None:
    say(f"surviving value  {summary['objective']:.9g} of {summary['total_value']:.9g}")
    say(f"lower bound      {summary['lower_bound']:.9g} (gap {summary['gap']:.2g})")
    say("proven optimal within the tolerance" if summary["proven"] else "not proven optimal")
    on_target: dict[int, list[str]] = {}
    for weapon, row in enumerate(summary["assignment"]):
        for target in row if isinstance(row, list) else [row]:
            if target >= 0:
                on_target.setdefault(target, []).append(str(weapon))
    for target in range(summary["targets"]):
        say(f"target {target}: " + (", ".join(on_target.get(target, [])) or "-"))
    if not summary["proven"] and summary["method"] != "exact":
        note("a heuristic proves nothing: --method exact does")


@contextlib.contextmanager
def _stdout_kept() -> Iterator[None]:
    """Send what a solver may print from C to stderr: stdout is for the answer."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
