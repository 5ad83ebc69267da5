"""Sites: everything that a wave can be aimed at, and that can be destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openiads.faults import Fault, nearest
from openiads.scenario.ground import Ground, site_height_m
from openiads.scenario.reader import Document, Key
from openiads.scenario.rules import COMMAND_POST
from openiads.scenario.schema import ScenarioFile


@dataclass(frozen=True)
class Site:
    """A thing that stands somewhere: an asset, a radar, a fire unit (its radar), the post."""

    name: str
    stands: Any
    """its part of the scenario file"""
    height_field: str

    @property
    def at(self) -> tuple[float, float] | None:
        """Its place on the map; None for a command post of which none is given."""
        place: tuple[float, float] | None = self.stands.at
        return place

    def height_m(self, ground: Ground | None) -> float:
        return site_height_m(self.stands, self.height_field, ground)


def sites(file: ScenarioFile) -> list[Site]:
    """All sites in the engine's order: assets, radars, fire units, command post."""
    defence = file.defence
    return [
        *(Site(n, a, "height_m") for n, a in file.assets.items()),
        *(Site(n, r, "ground_m") for n, r in defence.radars.items()),
        *(Site(n, u, "ground_m") for n, u in defence.fire_units.items()),
        Site(COMMAND_POST, defence.command_post, "ground_m"),
    ]


def find_site(found: list[Site], name: str) -> int:
    """The index of a site by its name; of two of one name the one listed first, -1 if none."""
    return next((k for k, site in enumerate(found) if site.name == name), -1)


def check_aims(file: ScenarioFile, document: Document, faults: list[Fault]) -> None:
    """Every wave must be aimed at what is there and stands somewhere."""
    known = sites(file)
    names = [site.name for site in known]
    for name, wave in file.raid.waves.items():
        for index, aim in enumerate(wave.aim):
            key: Key = ("raid", "waves", name, "aim", index)
            if aim not in names:
                faults.append(
                    document.fault(key, f"no asset '{aim}' to aim at", nearest(aim, names))
                )
            elif known[find_site(known, aim)].at is None:
                faults.append(
                    document.fault(
                        key,
                        "the command post has no place to aim at",
                        "write it as {type: …, at: [… km, … km]}",
                    )
                )


def ranked(file: ScenarioFile) -> list[Site]:
    """What the defence ranks targets by: its assets, and sites that are given a value."""
    return [s for s in sites(file) if s.at is not None and s.stands.value > 0.0]
