"""The scenario as a person writes it: names from the catalogue, quantities with units.

Each class is one mapping of the YAML file. Checks that need only the mapping itself live here;
checks across the file and against the catalogue live in `openiads.scenario.load`.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from openiads.declare import (
    Angle,
    Count,
    Declared,
    Fraction,
    Length,
    Number,
    Speed,
    Time,
    declared,
)

MAX_THREATS = 20_000
MAX_RADARS = 32
MAX_UNITS = 64
MAX_LAUNCHERS = 1_024
MAX_ASSETS = 64
MAX_RULES = 64


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Position = Annotated[tuple[Length, Length], Field(description="[east, north] from the map origin")]


class Map(Declared):
    """The notional map: a square around an origin that is a latitude and nothing else."""

    size_m: Length = declared("side of the square map", gt=1e3, le=2e7)
    origin_latitude_rad: Angle = declared(
        "latitude of the origin: Earth curvature and rotation depend on it",
        math.radians(45.0),
        ge=-math.radians(85.0),
        le=math.radians(85.0),
    )


class TerrainUse(Declared):
    """An elevation model laid on the notional map; its own place on Earth is not kept."""

    file: str = Field(description="GeoTIFF, .hgt or .npz, beside the scenario or absolute")
    at: Position = (0.0, 0.0)
    lowered_m: Length = declared("height of the model that becomes the map's zero", 0.0)


class Environment(Declared):
    """The air between radar and target, and the ground below."""

    refraction_k: Number = declared("effective Earth radius factor", 4.0 / 3.0, gt=0.5, le=10.0)
    terrain: Annotated[
        TerrainUse | None, BeforeValidator(lambda v: {"file": v} if isinstance(v, str) else v)
    ] = Field(default=None, description="elevation model; sites on it stand on its ground")
    gas: bool = Field(default=False, description="count the loss in clear air (ITU-R P.676)")
    rain_rate_mps: Speed = declared("uniform rain, as '12 mm/h' (ITU-R P.838)", 0.0, ge=0)
    rain_height_m: Length = declared(
        "height up to which it rains (assumed: near ITU-R P.839's mean at 45 degrees)", 3e3, gt=0
    )


class Asset(Declared):
    """Something worth defending."""

    at: Position
    height_m: Length = declared("height above the sea", 0.0, ge=0, le=9000)
    value: Number = declared("worth relative to the other assets", 1.0, gt=0)


class Use(Declared):
    """A catalogue item, and the parameters that this scenario sets otherwise."""

    type: str = declared("name of an item of the catalogue")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="parameters that this scenario sets itself"
    )


def _as_use(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


UseName = Annotated[Use, BeforeValidator(_as_use)]


class RadarSite(Use):
    """A radar at a place."""

    at: Position
    ground_m: Length = declared("height of the ground above the sea", 0.0, ge=0, le=9000)
    bearing_rad: Angle = declared("middle of its sector, clockwise from north", 0.0)
    value: Number = declared(
        "worth relative to the assets in the ranking of targets; 0: not ranked", 0.0, ge=0
    )


class Battery(Use):
    """Launchers of one kind with one kind of missile."""

    count: Count = declared("launchers", 1, ge=1, le=MAX_LAUNCHERS)
    missile: UseName = declared("missile in the tubes")
    rounds: Count | None = declared("rounds a launcher; all its tubes if absent", None, ge=1, le=64)
    reloads: Count = declared("refills a launcher", 0, ge=0, le=100)


class FireUnit(Declared):
    """An engagement radar with its launchers, under one doctrine."""

    at: Position
    ground_m: Length = declared("height of the ground above the sea", 0.0, ge=0, le=9000)
    bearing_rad: Angle = declared("middle of the radar's sector, clockwise from north", 0.0)
    radar: UseName = declared("engagement radar: guides, and stands where the unit stands")
    doctrine: UseName = declared("firing rule")
    launchers: list[Battery] = Field(min_length=1, description="its launchers, kind by kind")
    layer: Count = declared(
        "larger is further out: a unit holds fire while one of an outer layer can shoot",
        0,
        ge=0,
        le=16,
    )
    value: Number = declared(
        "worth relative to the assets in the ranking of targets; 0: not ranked", 0.0, ge=0
    )


class PostSite(Use):
    """The command post, and where it stands if anything is to be aimed at it."""

    at: Position | None = Field(default=None, description="its place; nowhere if absent")
    ground_m: Length = declared("height of the ground above the sea", 0.0, ge=0, le=9000)
    value: Number = declared(
        "worth relative to the assets in the ranking of targets; 0: not ranked", 0.0, ge=0
    )


PostName = Annotated[PostSite, BeforeValidator(_as_use)]


class Rule(Declared):
    """A rule of engagement: what may be shot at, when and where."""

    weapons: Literal["hold", "tight", "free"] = declared(
        "hold: nothing; tight: what is named hostile; free: whatever is not named neutral"
    )
    from_s: Time = declared("time from which it holds", 0.0, ge=0)
    until_s: Time | None = declared("time at which it ends; to the end if absent", None, gt=0)
    centre: Position | None = Field(
        default=None, description="middle of the zone of tracks to which it applies; all if absent"
    )
    radius_m: Length | None = declared("radius of that zone", None, gt=0)


class Outage(Declared):
    """Something that fails for a time."""

    of: str = declared("`command-post`, a radar, or a fire unit (its engagement radar)")
    from_s: Time = declared("time at which it fails", ge=0)
    until_s: Time | None = declared("time at which it works again; never if absent", None, gt=0)


class Defence(Declared):
    """One regiment: a command post, the radars that feed it, the fire units it directs."""

    command_post: PostName = declared("names, ranks and assigns targets")
    radars: dict[str, RadarSite] = Field(
        min_length=1, max_length=MAX_RADARS, description="radars that feed the picture, by name"
    )
    fire_units: dict[str, FireUnit] = Field(
        min_length=1, max_length=MAX_UNITS, description="fire units, by name"
    )
    rules: list[Rule] = Field(
        default_factory=list,
        max_length=MAX_RULES,
        description="rules of engagement, of which the first that applies holds; tight if none",
    )
    outages: list[Outage] = Field(
        default_factory=list, max_length=MAX_RULES, description="what fails, and when"
    )


class Wave(Declared):
    """Threats of one class that come together."""

    threat: str = declared("threat class of the catalogue")
    with_: dict[str, Any] = Field(
        default_factory=dict, alias="with", description="parameters that this wave sets itself"
    )
    side: Literal["hostile", "neutral", "harmless"] | None = declared(
        "hostile; neutral: ought to pass unharmed; harmless: shot at, but no leaker. By its "
        "category if absent: airliners, ships and ground targets are neutral, decoys harmless",
        None,
    )
    count: Count = declared("threats in the wave", ge=1, le=MAX_THREATS)
    aim: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        min_length=1,
        description="what it is aimed at, in turn: assets, radars, fire units, `command-post`",
    )
    bearing_rad: Angle = declared("direction from the asset to where the wave appears")
    bearing_spread_rad: Angle = declared("full width over which it is spread", 0.0, ge=0)
    distance_m: Length = declared("distance from the asset at which it appears", gt=0, le=1.5e7)
    via: list[Position] = Field(
        default_factory=list, max_length=16,
        description="places that its flights pass on the way to their aims, in order",
    )  # fmt: skip
    at_s: Time = declared("time of the first threat", 0.0, ge=0)
    after: str | None = Field(default=None, description="wave after whose start `at` counts")
    time_spread_s: Time = declared("time over which the wave appears", 0.0, ge=0)
    time_jitter_s: Time = declared("uniform delay drawn for each threat", 0.0, ge=0)


class Raid(Declared):
    """The waves of the raid, by name."""

    waves: dict[str, Wave] = Field(min_length=1, description="waves, by name")


class Fidelity(Declared):
    """How the track picture is made."""

    process_noise: Number = declared("process noise of the tracker, m2/s3", 100.0, gt=0)
    formations: bool = Field(
        default=False,
        description="models of manoeuvres and of formations in the tracker, as in openiads track",
    )
    models: list[Literal["cv", "ct", "ca", "ballistic"]] = Field(
        default_factory=list,
        description="interacting motion models of each track: constant velocity, coordinated turn, "
        "constant acceleration, ballistic with drag; none: one filter of constant velocity. With "
        "models process_noise is that of undisturbed flight (0.5 m2/s3)",
    )
    confirm_hits: Count = declared("hits that confirm a track (M)", 3, ge=1, le=16)
    confirm_scans: Count = declared("within this many scans (N)", 5, ge=1, le=32)
    coast_s: Time = declared("time without a plot after which a track is dropped", 45.0, gt=0)
    coast_scans: Count = declared("misses in a row after which a track is dropped", 8, ge=1, le=60)
    speed_spread_mps: Speed = declared(
        "horizontal speed that a new track may have (one sigma); ballistic targets need it high",
        1200.0,
        gt=0,
    )
    climb_spread_mps: Speed = declared("the same for its vertical speed", 900.0, gt=0)
    link_probability: Fraction = declared(
        "at fidelity `engagement`: share of detections that count towards a track's confirmation; "
        "fitted to the tracker",
        0.98,
        gt=0,
    )
    lock_basket_m: Length = declared(
        "distance within which a fire unit's radar finds the target that a track points to",
        2500.0,
        gt=0,
    )
    handover: Literal["basket", "search"] = declared(
        "how a fire unit's radar finds that target: the nearest within lock_basket; or a search of "
        "the volume in which the track says that it is, with a time and a detection draw",
        "basket",
    )
    search_dwell_s: Time = declared(
        "time that a beam of the search takes (assumed: a few pulses at 400 km)", 0.01, gt=0
    )
    search_time_s: Time = declared(
        "longest search; a larger volume is searched about its middle only (assumed)", 1.0, gt=0
    )
    search_sigma: Number = declared(
        "half width of the searched volume in standard deviations of the cue (assumed)", 3.0, gt=0
    )

    @model_validator(mode="after")
    def _m_of_n(self) -> Fidelity:
        if self.confirm_hits > self.confirm_scans:
            raise ValueError(
                f"confirm_hits ({self.confirm_hits}) cannot exceed "
                f"confirm_scans ({self.confirm_scans}); lower the one, or raise the other"
            )
        return self


class ScenarioFile(Declared):
    """A scenario file."""

    scenario: str = Field(min_length=1, max_length=120, description="name")
    about: str = declared("a sentence or two for people", "")
    expect: str = declared("what its author expects of it, for people", "")
    map: Map = declared("where everything stands")
    duration_s: Time = declared("time after which the replication ends", gt=0, le=86_400)
    environment: Environment = Field(
        default_factory=Environment, description="air between radar and target"
    )
    fidelity: Literal["track", "engagement"] = declared(
        "track: every plot feeds the tracker; engagement: each threat has a track of its own",
        "track",
    )
    tracking: Fidelity = Field(default_factory=Fidelity, description="how the picture is made")
    choose: Annotated[
        dict[str, str], BeforeValidator(lambda v: {"rule": v} if isinstance(v, str) else v)
    ] = Field(
        default_factory=dict,
        description="how catalogue values are chosen: `rule` for all, `item.parameter` for one",
    )
    catalogue: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        default_factory=list, description="catalogue files beside this one, read over the shipped"
    )
    assets: dict[str, Asset] = Field(
        min_length=1, max_length=MAX_ASSETS, description="what is defended, by name"
    )
    defence: Defence = declared("the regiment")
    raid: Raid = declared("what comes")


def schema_text() -> str:
    """The JSON Schema of a scenario file, as shipped in data/scenario.schema.json."""
    return json.dumps(ScenarioFile.model_json_schema(by_alias=True), indent=1) + "\n"
