"""The command saturate: how many threats, of what, at once, until a defence lets them through."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from openiads.cli.common import emit_json, note, note_first_start, say
from openiads.faults import Fault, InputError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(saturate)


def saturate(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A catalogue system, or a scenario's name or file."),
    ],
    threat: Annotated[
        str | None,
        typer.Option("--threat", metavar="CLASS[,CLASS]", help="What comes, in equal parts."),
    ] = None,
    sizes: Annotated[
        str | None, typer.Option("--sizes", metavar="N,N,…", help="Raid sizes; 4 to 400 if absent.")
    ] = None,
    replications: Annotated[
        int | None, typer.Option("-n", help="Replications a size; fewer for larger if absent.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Names all draws.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Threads; all cores if absent.")] = None,
    nominal: Annotated[
        bool, typer.Option("--nominal", help="Only nominal values: no band over claims.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the scenario."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for SVG and JSON.")] = Path("saturation"),
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Leakers against raid size, coloured by the limit that binds, with a band over claims.

    Example: openiads saturate s-400 --threat cruise_subsonic,drone_owa --out s-400
    """
    from openiads.cli.run import _overrides

    wanted = _sizes(sizes, replications, seed, workers)
    overrides = _overrides(set_ or [])
    maker, system = _maker(name, threat, overrides)
    scenario = maker({}, max(wanted))
    note_first_start("replicate")
    from openiads.campaigns.saturation import selections_of, sweep
    from openiads.export.saturation_picture import write_saturation

    selections = selections_of(scenario, system)
    told = _tell if sys.stderr.isatty() else None
    swept = sweep(
        maker, wanted, selections[:1] if nominal else selections, replications, seed, workers, told
    )
    found = swept.row()
    found["files"] = write_saturation(found, out)
    if json:
        emit_json(found)
    else:
        _print(found)
    return 0


def _tell(done: int, wanted: int) -> None:
    sys.stderr.write(f"\r{done} of {wanted} raid sizes" + ("\n" if done == wanted else ""))
    sys.stderr.flush()


def _sizes(text: str | None, replications: int | None, seed: int, workers: int | None) -> list[int]:
    """The raid sizes, with all faults of the options in one pass."""
    from openiads.campaigns.saturation import SIZES

    faults = []
    found: list[int] = []
    for part in (text or "").split(",") if text is not None else []:
        if part.strip().isdigit() and 1 <= int(part) <= 20_000:
            found.append(int(part))
        else:
            faults.append(Fault(f"--sizes: '{part}' is no raid size", "as in --sizes 4,16,64"))
    if replications is not None and replications < 1:
        faults.append(Fault(f"-n {replications}: no replication to run", "give at least 1"))
    if not 0 <= seed < 2**64:
        faults.append(Fault(f"--seed {seed} names no draws", "give a number from 0 to 2^64 - 1"))
    if workers is not None and workers < 1:
        faults.append(Fault(f"--workers {workers}: nobody to run it", "give at least 1"))
    if faults:
        raise InputError(faults)
    return found if text is not None else list(SIZES)


def _maker(name: str, threat: str | None, overrides: dict[str, str]) -> tuple[Any, str | None]:
    """How raids on what is named are made, and the system's name where it is one."""
    from openiads.campaigns.saturation import of_scenario, of_system
    from openiads.scenario.load import load, shipped
    from openiads.scenario.notional import is_system, systems, usual_threat

    if is_system(name):
        classes = [c.strip() for c in (threat or usual_threat(name)).split(",") if c.strip()]
        if not classes:
            raise InputError.of("--threat names no class", "as in --threat drone_owa")
        return of_system(name, list(dict.fromkeys(classes)), overrides), name
    if name not in shipped() and not Path(name).exists():
        known = ", ".join(systems())
        raise InputError.of(
            f"no catalogue system with a notional defence, no scenario '{name}'",
            f"systems: {known}; `openiads check FILE` for a scenario of your own",
        )
    if threat is not None:
        raise InputError.of("--threat is for a catalogue system", "a scenario brings its own raid")
    return of_scenario(load(name, overrides)), None


def _print(found: dict[str, Any]) -> None:
    raid = ", ".join(f"{100 * v:.3g} % {k}" for k, v in found["composition"].items())
    say(f"{found['scenario']}: {raid}, all at once, fidelity {found['fidelity']}, "
        f"seed {found['seed']}")  # fmt: skip
    say()
    say("threats  leakers    95 % interval     over claims        P(no leaker)  fired  binds")
    for point, band in zip(found["points"], found["band"], strict=True):
        low, high = point["leakers"]["ci95"]
        top = list(point["first_broken_link"].items())
        share = max((f["share"] for _, f in top), default=0.0)
        binds = f"{point['binding']} ({100 * share:.0f} % of leakers)" if top else "nothing"
        say(f"{point['size']:7d}  {point['leakers']['mean']:7.2f}  [{low:7.2f}, {high:7.2f}]  "
            f"{band['min']:7.2f} to {band['max']:7.2f}  {point['p_no_leaker']['estimate']:8.3f}  "
            f"{point['interceptors']:9.1f}  {binds}")  # fmt: skip
    say()
    say("largest raid of the sweep below which less than one leaks, by what one believes")
    for name, size in found["holds_up_to"].items():
        say(f"  {name:<16}{'none' if size is None else size}")
    for selection in found["selections"]:
        if selection["fault"]:
            note(f"{selection['name']} cannot be run: {selection['fault']}")
    for path in found["files"]:
        note(f"wrote {path}")
