"""Checks across a scenario: what stands where, who waits for whom, what each fire unit needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from openiads.faults import Fault, InputError, nearest
from openiads.scenario.parts import Parts
from openiads.scenario.reader import Document, Key
from openiads.scenario.schema import (
    MAX_LAUNCHERS,
    MAX_THREATS,
    Battery,
    FireUnit,
    ScenarioFile,
    Wave,
)
from openiads.scenario.sites import check_aims

if TYPE_CHECKING:
    from openiads.domain.sensors import Radar
    from openiads.domain.threats import Threat
    from openiads.domain.weapons import Missile


def check_map(file: ScenarioFile, document: Document, faults: list[Fault]) -> None:
    """Everything that stands must stand on the map."""
    half = 0.5 * file.map.size_m
    places: list[tuple[Key, tuple[float, float]]] = [
        *((("assets", n), a.at) for n, a in file.assets.items()),
        *((("defence", "radars", n), r.at) for n, r in file.defence.radars.items()),
        *((("defence", "fire_units", n), u.at) for n, u in file.defence.fire_units.items()),
    ]
    if file.defence.command_post.at is not None:
        places.append((("defence", "command_post"), file.defence.command_post.at))
    for key, (east, north) in places:
        if abs(east) > half or abs(north) > half:
            faults.append(
                document.fault(
                    (*key, "at"),
                    f"{key[-1]} stands outside the map of {file.map.size_m / 1e3:g} km",
                    f"keep both coordinates within ±{half / 1e3:g} km, or enlarge map.size",
                )
            )


def check_raid(file: ScenarioFile, document: Document, parts: Parts, faults: list[Fault]) -> None:
    """Waves: known threats at known assets, in an order that can be, in time and in number."""
    from openiads.domain.threats import Threat

    waves = file.raid.waves
    built = {
        name: parts.build(
            Threat, "threat", wave.threat, wave.with_, ("raid", "waves", name), faults
        )
        for name, wave in waves.items()
    }
    total = sum(w.count * (1 + _left_behind(built[n])) for n, w in waves.items())
    if total > MAX_THREATS:
        faults.append(
            document.fault(
                ("raid", "waves"),
                f"{total:,} threats in all exceed the capacity of {MAX_THREATS:,}",
                "lower the counts",
            )
        )
    for name, wave in waves.items():
        key: Key = ("raid", "waves", name)
        threat = built[name]
        if threat is not None:
            _check_flight(wave, threat, document, key, faults)
    check_aims(file, document, faults)
    _check_order(waves, file.duration_s, document, faults)


def _left_behind(threat: Threat | None) -> int:
    """Bodies and decoys that a flight of this class leaves."""
    return 0 if threat is None else threat.decoys + int(threat.separating)


def _check_flight(
    wave: Wave, threat: Threat, document: Document, key: Key, faults: list[Fault]
) -> None:
    """What a wave asks of its class's way of flying."""
    if wave.via and threat.profile in ("ballistic", "glide", "satellite"):
        faults.append(
            document.fault(
                (*key, "via"),
                f"a {threat.profile} flight passes no places on its way",
                "leave `via` out, or choose a class that flies by waypoints",
            )
        )


def _check_order(
    waves: Mapping[str, Wave], duration_s: float, document: Document, faults: list[Fault]
) -> None:
    """Every wave waits for one that is there, for none that waits for it, and starts in time."""
    after = {n: w.after for n, w in waves.items()}
    for name, wave in waves.items():
        key: Key = ("raid", "waves", name, "after")
        if wave.after is not None and wave.after not in waves:
            mend = nearest(wave.after, waves)
            faults.append(document.fault(key, f"no wave '{wave.after}' to wait for", mend))
            continue
        cycle = _cycle(name, after)
        if cycle:
            if name == min(cycle):
                circle = " → ".join([*cycle, cycle[0]])
                message = f"waves wait for each other in a circle: {circle}"
                faults.append(document.fault(key, message, "take `after` from one of them"))
            continue
        start_s = _start_s(name, waves)
        if start_s is not None and start_s > duration_s:
            chain = " (with the waves that it waits for)" if wave.after else ""
            faults.append(
                document.fault(
                    (*key[:-1], "at"),
                    f"starts at {start_s:g} s{chain}, after the end at {duration_s:g} s",
                    "start it earlier, or raise `duration`",
                )
            )


def _cycle(name: str, after: Mapping[str, str | None]) -> list[str]:
    """The circle of waves that ``name`` belongs to, or nothing."""
    path = [name]
    while True:
        following = after.get(path[-1])
        if following is None or following not in after:
            return []
        if following == name:
            return path
        if following in path:
            return []
        path.append(following)


def _start_s(name: str, waves: Mapping[str, Wave]) -> float | None:
    """When a wave starts; None where it waits for a circle, or for a wave that is not there."""
    time_s, seen = 0.0, set()
    step: str | None = name
    while step is not None:
        if step in seen or step not in waves:
            return None
        seen.add(step)
        time_s += waves[step].at_s
        step = waves[step].after
    return time_s


def check_defence(
    file: ScenarioFile, document: Document, parts: Parts, faults: list[Fault]
) -> None:
    """Command post, radars and fire units: each of its kind, and able to do its work."""
    from openiads.domain.command import CommandPost
    from openiads.domain.sensors import Radar

    post = file.defence.command_post
    key: Key = ("defence", "command_post")
    parts.build(CommandPost, "command-post", post.type, post.with_, key, faults)
    duties = []
    for name, site in file.defence.radars.items():
        key = ("defence", "radars", name)
        radar = parts.build(Radar, "radar", site.type, site.with_, key, faults)
        duties.append(radar.duty if radar else "acquisition")
        if radar:
            _check_beam(radar, document, key, faults)
    if "acquisition" not in duties:
        faults.append(
            document.fault(
                ("defence", "radars"),
                "no radar feeds the track picture: all are for engagement",
                "add one whose duty is `acquisition`",
            )
        )
    launchers = 0
    for name, unit in file.defence.fire_units.items():
        key = ("defence", "fire_units", name)
        _check_unit(unit, document, key, parts, faults)
        launchers += sum(battery.count for battery in unit.launchers)
    if launchers > MAX_LAUNCHERS:
        faults.append(
            document.fault(
                ("defence", "fire_units"),
                f"{launchers:,} launchers exceed the capacity of {MAX_LAUNCHERS:,}",
                "lower the counts",
            )
        )


def _check_unit(
    unit: FireUnit, document: Document, key: Key, parts: Parts, faults: list[Fault]
) -> None:
    from openiads.domain.doctrine import Doctrine
    from openiads.domain.sensors import Radar

    place = (*key, "radar")
    radar = parts.build(Radar, "radar", unit.radar.type, unit.radar.with_, place, faults)
    if radar:
        _check_beam(radar, document, place, faults)
    place = (*key, "doctrine")
    use = unit.doctrine
    doctrine = parts.build(Doctrine, "doctrine", use.type, use.with_, place, faults)
    stock: dict[str, int] = {}
    whole = True
    for index, battery in enumerate(unit.launchers):
        rounds = _check_battery(battery, document, (*key, "launchers", index), parts, faults)
        whole = whole and rounds > 0
        stock[battery.missile.type] = stock.get(battery.missile.type, 0) + rounds
    if doctrine and whole and doctrine.reserve_rounds >= max(stock.values()):
        faults.append(
            document.fault(
                place,
                f"keeps back {doctrine.reserve_rounds} rounds of each missile, and the unit has "
                f"no more than {max(stock.values())}: it never shoots",
                "lower `reserve_rounds`, or add launchers",
            )
        )


def _check_battery(
    battery: Battery, document: Document, key: Key, parts: Parts, faults: list[Fault]
) -> int:
    """Rounds that the launchers of one line hold at first; 0 where they have a fault."""
    from openiads.domain.weapons import Launcher, Missile

    before = len(faults)
    row = parts.build(Launcher, "launcher", battery.type, battery.with_, key, faults)
    use, place = battery.missile, (*key, "missile")
    missile = parts.build(Missile, "missile", use.type, use.with_, place, faults)
    if missile:
        _check_envelope(missile, document, place, faults)
    if row and battery.rounds and battery.rounds > 4 * row.missiles_per_launcher:
        faults.append(
            document.fault(
                (*key, "rounds"),
                f"{battery.rounds} rounds do not fit a launcher of {row.missiles_per_launcher} "
                "tubes, even four to a tube",
                f"write at most {4 * row.missiles_per_launcher}",
            )
        )
    if row is None or len(faults) > before:
        return 0
    return battery.count * (battery.rounds or row.missiles_per_launcher)


def _check_beam(radar: Radar, document: Document, key: Key, faults: list[Fault]) -> None:
    low, high = radar.elevation_min_rad, radar.elevation_max_rad
    if low >= high:
        _empty(document, key, "elevation", "its beam covers no elevation", faults)


def _check_envelope(missile: Missile, document: Document, key: Key, faults: list[Fault]) -> None:
    if missile.range_min_m >= missile.range_max_aerodynamic_m:
        _empty(document, key, "range", "no range lies inside its envelope", faults)
    if missile.altitude_min_m >= missile.altitude_max_m:
        _empty(document, key, "altitude", "no altitude lies inside its envelope", faults)


def _empty(document: Document, key: Key, name: str, what: str, faults: list[Fault]) -> None:
    """A fault of two bounds that leave nothing between them."""
    low, high = f"{name}_min", f"{name}_max"
    if name == "range":
        high = "range_max_aerodynamic"
    faults.append(
        document.fault(key, f"{what}: {low} is not below {high}", f"lower {low}, or raise {high}")
    )


def check_terrain(
    file: ScenarioFile, document: Document, folder: Path, faults: list[Fault]
) -> None:
    """The elevation model must be readable, and nothing may stand below its ground."""
    use = file.environment.terrain
    if use is None:
        return
    from openiads.scenario.ground import Ground

    try:
        ground = Ground.of(use, folder, 1.0)
    except InputError as error:
        key: Key = ("environment", "terrain")
        faults.extend(document.fault(key, f"{use.file}: {f.message}", f.mend) for f in error.faults)
        return
    sites: list[tuple[Key, tuple[float, float], float]] = [
        *((("defence", "radars", n, "ground"), r.at, r.ground_m)
          for n, r in file.defence.radars.items() if "ground_m" in r.model_fields_set),
        *((("defence", "fire_units", n, "ground"), u.at, u.ground_m)
          for n, u in file.defence.fire_units.items() if "ground_m" in u.model_fields_set),
        *((("assets", n, "height"), a.at, a.height_m)
          for n, a in file.assets.items() if "height_m" in a.model_fields_set),
    ]  # fmt: skip
    for key, at, height in sites:
        under = float(ground.height_m(*at))
        if height < under - 1.0:
            faults.append(
                document.fault(
                    key,
                    f"{key[-2]} stands at {height:g} m, {under - height:.0f} m below the terrain",
                    "leave the height out, and it stands on the ground",
                )
            )
