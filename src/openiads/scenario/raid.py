"""The raid: waves become single threats, each with its path on a uniform grid of times."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from openiads.domain.threats import SIDE_OF, Threat
from openiads.faults import Fault, InputError
from openiads.scenario.ground import Ground
from openiads.scenario.parts import Parts
from openiads.scenario.paths import Path, Piece, fly, pieces
from openiads.scenario.schema import ScenarioFile, Wave
from openiads.scenario.sites import find_site, sites

# Roberts' R2 sequence (the plastic number): successive points fill a rectangle evenly, so a wave
# that grows by one threat leaves the places of the others as they were.
_PLASTIC = 1.3247179572447460
_R2 = (1.0 / _PLASTIC, 1.0 / _PLASTIC**2)


@dataclass(frozen=True)
class Flight:
    """One threat: when it starts, where it goes, its path as (n, 3) points ``step_s`` apart."""

    name: str
    threat_type: str
    category: str
    threat: Threat
    side: str
    wave: int
    site: int
    """what it is aimed at, as `openiads.scenario.sites` counts; -1: nothing"""
    start_s: float
    jitter_s: float
    step_s: float
    pos_m: Any
    vel_mps: Any
    height_m: Any
    start_map_m: tuple[float, float]
    aim_map_m: tuple[float, float]
    parent: int = -1
    """for what a missile leaves behind: the number of the missile's flight"""


def wave_starts(waves: dict[str, Wave]) -> dict[str, float]:
    """Seconds at which each wave starts, following `after` (which the loader found no cycle in)."""
    starts: dict[str, float] = {}

    def start(name: str) -> float:
        if name not in starts:
            after = waves[name].after
            starts[name] = waves[name].at_s + (start(after) if after else 0.0)
        return starts[name]

    for name in waves:
        start(name)
    return starts


def plan_raid(
    file: ScenarioFile, parts: Parts, lat0_rad: float, ground: Ground | None = None
) -> list[Flight]:
    """Every threat of the raid, in the order of the waves."""
    starts = wave_starts(file.raid.waves)
    stands = sites(file)
    flights = []
    for number, (name, wave) in enumerate(file.raid.waves.items()):
        faults: list[Fault] = []
        threat = parts.build(Threat, "threat", wave.threat, wave.with_, (), faults)
        if threat is None:
            raise InputError(faults)
        for index in range(wave.count):
            across = (0.5 + (index + 1) * _R2[0]) % 1.0
            along = (0.5 + (index + 1) * _R2[1]) % 1.0
            aim = wave.aim[index % len(wave.aim)]
            bearing = wave.bearing_rad + (across - 0.5) * wave.bearing_spread_rad
            number_aimed = find_site(stands, aim)
            target = stands[number_aimed]
            assert target.at is not None  # the checks have said so
            begin = (
                target.at[0] + wave.distance_m * math.sin(bearing),
                target.at[1] + wave.distance_m * math.cos(bearing),
            )
            aim_m = (*target.at, target.height_m(ground))
            first = Flight(
                name=f"{name}/{index + 1}",
                threat_type=wave.threat,
                category=threat.category,
                threat=threat,
                side=wave.side or SIDE_OF.get(threat.category, "hostile"),
                wave=number,
                site=number_aimed,
                start_s=starts[name] + along * wave.time_spread_s,
                jitter_s=wave.time_jitter_s,
                start_map_m=begin,
                aim_map_m=target.at,
                **_points(fly(threat, (*begin, 0.0), aim_m, lat0_rad, ground, wave.via)),
            )
            flights.append(first)
            mother = len(flights) - 1
            for piece in pieces(threat, (*begin, 0.0), aim_m, lat0_rad):
                flights.append(_shed(first, piece, mother))
    return flights


def _points(path: Path) -> dict[str, Any]:
    return {
        "step_s": path.step_s,
        "pos_m": np.ascontiguousarray(path.pos_m),
        "vel_mps": np.ascontiguousarray(path.vel_mps),
        "height_m": path.height_m,
    }


_BARE = {
    "jammer_to_noise": 0.0,
    "rcs_low_band_m2": None,
    "rcs_side_m2": None,
    "rcs_rear_m2": None,
    "debris_share": 0.0,
}


def _shed(missile: Flight, piece: Piece, mother: int) -> Flight:
    """The flight of what a missile leaves behind: a class of its own, charged to nobody."""
    return replace(
        missile,
        name=f"{missile.name}/{piece.name}",
        threat_type=f"{missile.threat_type} {piece.name.partition('-')[0]}",
        category="decoy",
        side="harmless",
        threat=missile.threat.model_copy(update={"rcs_m2": piece.rcs_m2, **_BARE}),
        site=-1,
        start_s=missile.start_s + piece.after_s,
        jitter_s=0.0,
        parent=mother,
        **_points(piece.path),
    )
