"""The command footprint: the ground that is defended against a ballistic or gliding threat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openiads.cli.common import emit_json, note, note_first_start, say
from openiads.faults import Fault, InputError, nearest

if TYPE_CHECKING:
    from openiads.domain.threats import Threat
    from openiads.scenario.load import Scenario

FALLING = ("ballistic", "glide", "hypersonic")
"""Profiles whose path to an aim point is long enough above ground to have a footprint."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(footprint)


def footprint(
    name: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario's name or file, or a system.")
    ],
    threat: Annotated[
        str | None,
        typer.Option("--threat", metavar="CLASS", help="What falls; else from the raid."),
    ] = None,
    bearing: Annotated[
        str | None, typer.Option("--bearing", help="Where it comes from, as '90 deg'.")
    ] = None,
    distance: Annotated[
        str | None, typer.Option("--distance", help="Where it starts, from its aim: '1000 km'.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="Only this fire unit; repeat. Else all.")
    ] = None,
    half_width: Annotated[
        str | None, typer.Option("--half-width", help="Half side of the grid; found if absent.")
    ] = None,
    cells: Annotated[int | None, typer.Option(help="Aim points along a side.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one value of the scenario."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for PNG, GeoJSON and JSON; none if absent.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Ground defended against one ballistic or gliding threat, beside the claimed circle.

    Example: openiads footprint s-500 --threat mrbm --distance "1000 km" --out footprint
    """
    from openiads.cli.run import _overrides

    given = {"bearing": bearing, "distance": distance, "half width": half_width}
    figures = _figures(given)
    scenario = _scenario(name, threat, _overrides(set_ or []))
    kind, made, usual = _threat(scenario, threat)
    note_first_start("flyout_time")
    from openiads.analysis.footprint import FINE
    from openiads.analysis.footprint import footprint as survey
    from openiads.scenario.compile import compile_scenario
    from openiads.scenario.ground import scenario_ground

    model = compile_scenario(scenario)
    ground = scenario_ground(scenario, float(model.tables.settings[0]["effective_radius_m"]))
    found = survey(
        scenario, model, (kind, made), figures.get("bearing", usual["bearing"]),
        figures.get("distance", usual["distance"]), unit or (), figures.get("half width"),
        cells or FINE, ground,
    )  # fmt: skip
    summary = {"scenario": model.scenario, "model": model.hash, **found.row()}
    if out is not None:
        from openiads.export.footprint_files import write_footprint

        lat0 = scenario.file.map.origin_latitude_rad
        summary["files"] = write_footprint(found, summary, model, lat0, out)
    if json:
        emit_json(summary)
    else:
        _tell(summary)
    return 0


def _figures(given: dict[str, str | None]) -> dict[str, float]:
    """The quantities that were given, SI; all faults in one pass."""
    from openiads.declare import read_quantity

    found, faults = {}, []
    for name, text in given.items():
        if text is None:
            continue
        try:
            found[name] = read_quantity(text, "angle" if name == "bearing" else "length")
        except ValueError as error:
            message, _, mend = str(error).partition("; ")
            faults.append(Fault(f"--{name.replace(' ', '-')}: {message}", mend))
            continue
        if name != "bearing" and not 0.0 < found[name] <= 1.5e7:
            faults.append(Fault(f"--{name.replace(' ', '-')} '{text}' is out of range",
                                "above 0, to 15,000 km"))  # fmt: skip
    if faults:
        raise InputError(faults)
    return found


def _scenario(name: str, threat: str | None, overrides: dict[str, str]) -> Scenario:
    from openiads.scenario.load import load
    from openiads.scenario.notional import is_system, notional

    if is_system(name):
        return notional(name, {threat or "srbm": 1}, overrides=overrides)
    return load(name, overrides)


def _threat(scenario: Scenario, name: str | None) -> tuple[str, Threat, dict[str, float]]:
    """(name, class, usual bearing and distance): the raid's wave of that class, or its first."""
    from openiads.domain.threats import Threat

    faults: list[Fault] = []
    for wave in scenario.file.raid.waves.values():
        made = scenario.parts.build(Threat, "threat", wave.threat, wave.with_, (), faults)
        if made is None or made.profile not in FALLING or name not in (None, wave.threat):
            continue
        return wave.threat, made, {"bearing": wave.bearing_rad, "distance": wave.distance_m}
    if name is None:
        raise InputError.of(
            "nothing ballistic or gliding is in the raid", "name one: --threat srbm"
        )
    threats = [n for n, item in scenario.parts.catalogue.items() if item.kind == "threat"]
    if name not in threats:
        raise InputError.of(f"no threat class '{name}' in the catalogue", nearest(name, threats))
    made = scenario.parts.build(Threat, "threat", name, {}, (), faults)
    if made is None:
        raise InputError(faults)
    if made.profile not in FALLING:
        raise InputError.of(
            f"{name} flies {made.profile}: no footprint", "see `openiads coverage` for its envelope"
        )
    from openiads.declare import read_quantity
    from openiads.scenario.notional import APPROACH, REACHES

    far = REACHES.get(name, APPROACH[made.category]["distance"])
    front = next(iter(scenario.file.raid.waves.values())).bearing_rad
    return name, made, {"bearing": front, "distance": read_quantity(far, "length")}


def _tell(found: dict[str, Any]) -> None:
    say(f"{found['scenario']}: {found['threat']} from {found['bearing_deg']:.0f} deg, "
        f"{found['distance_km']:.0f} km away; fire units {', '.join(found['units'])}")  # fmt: skip
    say()
    claimed = found["claimed"]["ballistic"]
    say(f"claimed circle     {claimed['range_km']:.0f} km around the units, "
        f"{claimed['area_km2']:,.0f} km2 (reach against ballistic targets)")  # fmt: skip
    share = found["share_of_claimed_circle"]
    part = "" if share is None else f", {100 * share:.0f} % of the circle"
    say(f"defended ground    {found['defended_km2']:,.0f} km2{part}")
    for shots, area in list(found["defended_by_shots_km2"].items())[1:]:
        say(f"  with {shots} shots      {area:,.0f} km2")
    reach = found["reach_km"]
    say(f"it goes            {reach['ahead']:.0f} km towards the threat, {reach['behind']:.0f} km "
        f"behind, {reach['aside']:.0f} km aside")  # fmt: skip
    span = found["altitude_km"]["first"]
    if span:
        say(f"first intercept    between {span[0]:.1f} and {span[1]:.1f} km high")
    if found["touches_edge"]:
        note("the defended ground goes on beyond the grid: give a larger --half-width")
    for path in found.get("files", ()):
        note(f"wrote {path}")
