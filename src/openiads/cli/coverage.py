"""The command coverage: where targets are detected and can be engaged, and how far one sees."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from openiads.cli.common import emit_json, note, note_first_start, say
from openiads.faults import Fault, InputError

_ALTITUDES = ("15 m", "50 m", "100 m", "1 km", "10 km")
_RCS = ("1 m2",)


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(coverage)


def coverage(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario's name, or a file.")],
    altitude: Annotated[
        list[str] | None,
        typer.Option("--altitude", help="Height above ground of the target, as '50 m'; repeat."),
    ] = None,
    rcs: Annotated[
        list[str] | None,
        typer.Option("--rcs", help="Radar cross-section, as '0.1 m2'; repeat."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the scenario."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for PNG, GeoJSON and JSON; none if absent.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Detection and engagement envelopes by target height, and what the horizon allows.

    Example: openiads coverage default --altitude "50 m" --altitude "10 km" --out coverage
    """
    from openiads.cli.run import _overrides
    from openiads.scenario.load import load

    targets = _targets(altitude or list(_ALTITUDES), rcs or list(_RCS))
    loaded = load(scenario, _overrides(set_ or []))
    note_first_start("flyout_time")
    from openiads.analysis.coverage import coverage as survey
    from openiads.scenario.compile import compile_scenario

    model = compile_scenario(loaded)
    from openiads.scenario.ground import scenario_ground

    settings = model.tables.settings[0]
    ground = scenario_ground(loaded, float(settings["effective_radius_m"]))
    envelopes, summary = survey(model, targets, ground, loaded.file.environment)
    if out is not None:
        from openiads.export.coverage_files import write_coverage

        lat0 = loaded.file.map.origin_latitude_rad
        summary["files"] = write_coverage(envelopes, summary, model, lat0, out)
    if json:
        emit_json(summary)
    else:
        _tell(summary)
    return 0


def _targets(altitudes: list[str], sections: list[str]) -> list[Any]:
    from openiads.analysis.coverage import Target
    from openiads.declare import read_quantity

    faults: list[Fault] = []

    def read(text: str, dimension: str, option: str) -> float:
        try:
            value = read_quantity(text, dimension)
        except ValueError as error:
            message, _, mend = str(error).partition("; ")
            faults.append(Fault(message, mend, file=option))
            return 1.0
        if not 0.0 < value <= 1e6:
            faults.append(Fault(f"'{text}' is out of range", "above 0, to 1,000 km or 1e6 m2",
                                file=option))  # fmt: skip
        return value

    heights = [read(a, "length", "--altitude") for a in altitudes]
    areas = [read(a, "area", "--rcs") for a in sections]
    if faults:
        raise InputError(faults)
    return [Target(h, a) for a in areas for h in heights]


def _tell(summary: dict[str, Any]) -> None:
    ground = "over its terrain" if summary["terrain"] else "over a smooth Earth"
    say(f"{summary['scenario']}, {ground}, refraction k = {summary['refraction_k']:.3g}")
    say()
    flyers = list(summary["horizon"][0]["first_seen_km"])
    say("antenna   height needed at 400 km   first seen (km), flying at " + "  ".join(flyers))
    for row in summary["horizon"]:
        seen = "  ".join(f"{v:5.1f}" for v in row["first_seen_km"].values())
        say(f"  {row['antenna_m']:4g} m       {row['altitude_needed_m'] / 1e3:5.2f} km"
            f"                 {seen}")  # fmt: skip
    say()
    say("envelope     target                greatest reach   of")
    for row in summary["envelopes"]:
        target = f"{row['altitude_m']:g} m, {row['rcs_m2']:g} m2"
        say(f"  {row['kind']:<11}{target:<22}{row['reach_km']['greatest']:9.1f} km      "
            f"{row['name']}")  # fmt: skip
    say()
    for row in summary["jamming"]:
        say(
            f"{row['radar']} sees {row['class']} at {row['clear_km']:.0f} km, through its own "
            f"noise at {row['burn_through_km']:.0f} km; strobe within {row['strobe_km']:.0f} km"
        )
    for row in summary["flyout"]:
        fits = ", ".join(
            f"{f['figure'].split('_')[0]} {100 * f['residual']:+.1f} %" for f in row["calibration"]
        )
        say(f"{row['missile']}: published figures come out with residuals {fits}")
    for path in summary.get("files", ()):
        note(f"wrote {path}")
