"""The raid: waves become single threats, each with its path on a uniform grid of times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from openiads.domain.threats import Threat
from openiads.faults import Fault, InputError
from openiads.scenario.ground import Ground, site_height_m
from openiads.scenario.parts import Parts
from openiads.scenario.paths import fly
from openiads.scenario.schema import ScenarioFile, Wave

# Roberts' R2 sequence (the plastic number): successive points fill a rectangle evenly, so a wave
# that grows by one threat leaves the places of the others as they were.
_PLASTIC = 1.3247179572447460
_R2 = (1.0 / _PLASTIC, 1.0 / _PLASTIC**2)


@dataclass(frozen=True)
class Flight:
    """One threat: when it starts, where it goes, its path as (n, 3) points ``step_s`` apart."""

    name: str
    threat_type: str
    threat: Threat
    side: str
    wave: int
    asset: int
    start_s: float
    jitter_s: float
    step_s: float
    pos_m: Any
    vel_mps: Any
    height_m: Any
    start_map_m: tuple[float, float]
    aim_map_m: tuple[float, float]


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
    assets = list(file.assets)
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
            target = file.assets[aim]
            begin = (
                target.at[0] + wave.distance_m * math.sin(bearing),
                target.at[1] + wave.distance_m * math.cos(bearing),
            )
            aim_m = (*target.at, site_height_m(target, "height_m", ground))
            path = fly(threat, (*begin, 0.0), aim_m, lat0_rad, ground)
            flights.append(
                Flight(
                    name=f"{name}/{index + 1}",
                    threat_type=wave.threat,
                    threat=threat,
                    side=wave.side,
                    wave=number,
                    asset=assets.index(aim),
                    start_s=starts[name] + along * wave.time_spread_s,
                    jitter_s=wave.time_jitter_s,
                    step_s=path.step_s,
                    pos_m=np.ascontiguousarray(path.pos_m),
                    vel_mps=np.ascontiguousarray(path.vel_mps),
                    height_m=path.height_m,
                    start_map_m=begin,
                    aim_map_m=target.at,
                )
            )
    return flights
