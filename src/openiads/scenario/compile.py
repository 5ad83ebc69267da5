"""Compile: a Scenario becomes a Model. Everything that is the same in each replication is here."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np

from openiads.declare import Declared, fill_row
from openiads.domain.command import CommandPost
from openiads.domain.doctrine import Doctrine
from openiads.domain.sensors import Radar
from openiads.domain.threats import ALL_CATEGORIES, DEBRIS_PARAMETERS
from openiads.domain.track_params import TRACK_PARAMS, model_mask, track_params
from openiads.domain.weapons import Launcher, Missile
from openiads.engine.chance import last_chances
from openiads.engine.run import recarrays
from openiads.engine.sight import HOLD_PD
from openiads.engine.world import (
    ASSETS,
    CLASSES,
    FEATURES,
    FIDELITIES,
    HANDOVERS,
    LAUNCHERS,
    RADARS,
    SETTINGS,
    SIDES,
    THREATS,
    UNITS,
    Model,
    Tables,
)
from openiads.faults import Fault, InputError
from openiads.physics.detection import threshold
from openiads.physics.geodesy import enu_to_map, map_to_enu, meridian_radius, prime_vertical_radius
from openiads.scenario.classes import Uses, class_table
from openiads.scenario.depends import first_link, reaches
from openiads.scenario.flyouts import Flyouts
from openiads.scenario.ground import scenario_ground, site_height_m
from openiads.scenario.load import Scenario
from openiads.scenario.looks import (
    LOW_BAND_HZ,
    OUT_OF_SIGHT,
    Air,
    Looker,
    cross_section_m2,
    hold_range_m,
    reference_snr,
)
from openiads.scenario.raid import Flight, plan_raid
from openiads.scenario.rules import outages_table, rules_table
from openiads.scenario.schema import Defence, FireUnit, ScenarioFile, Use
from openiads.scenario.sites import ranked, sites

STANDARD_GRAVITY_MPS2 = 9.80665

FIRST_KEY = 1024
"""Smaller numbers name purposes of draws."""


def entity_key(name: str, taken: set[int]) -> int:
    """A 32-bit number that names an entity in draws, from its name only.

    It must not depend on what else is in the scenario, so that a new threat leaves the draws of
    the others alone. On the rare clash the name is hashed again with a mark.
    """
    for mark in range(64):
        digest = hashlib.sha256(f"{name}#{mark}".encode()).digest()
        key = int.from_bytes(digest[:4], "little")
        if key not in taken and key >= FIRST_KEY:
            taken.add(key)
            return key
    raise InputError.of(f"no free key for '{name}'", "rename it")


def compile_scenario(scenario: Scenario) -> Model:
    """The Model of a checked scenario."""
    return _Compiler(scenario).model()


class _Compiler:
    def __init__(self, scenario: Scenario):
        self.scenario = scenario
        self.file: ScenarioFile = scenario.file
        self.parts = scenario.parts
        self.keys: set[int] = set()
        self.lat0 = self.file.map.origin_latitude_rad
        # The sphere that fits the ellipsoid best around the origin: its Gaussian radius.
        self.radius_m = math.sqrt(meridian_radius(self.lat0) * prime_vertical_radius(self.lat0))
        self.effective_m = self.radius_m * self.file.environment.refraction_k
        self.radars: list[tuple[str, Radar, Any]] = []
        self.flyouts = Flyouts()
        self.learned: Uses = {}
        self.assumed: list[dict[str, Any]] = []
        self.ground = scenario_ground(scenario, self.effective_m)

    def part(self, cls: type[Any], kind: str, use: Use) -> Any:
        """A declaration that the loader has already checked."""
        faults: list[Fault] = []
        part = self.parts.build(cls, kind, use.type, use.with_, (), faults)
        if part is None:
            raise InputError(faults)
        return part

    def model(self) -> Model:
        defence = self.file.defence
        post: CommandPost = self.part(CommandPost, "command-post", defence.command_post)
        flights = plan_raid(self.file, self.parts, self.lat0, self.ground)
        units, launchers = self._units(defence)
        acquisition = [self._site(n, s) for n, s in defence.radars.items()]
        self.radars = acquisition + self.radars
        for row in units:
            row["radar"] += len(acquisition)
        radars, positions, axes = self._radar_tables()
        threats, grid = self._threats(flights)
        missiles, fly = self.flyouts.tables()
        settings = self._settings(post)
        settings["jammers"] = int((threats["jamming_m2"] > 0.0).sum())
        settings["sites"] = len(sites(self.file))
        settings["debris"] = int((threats["debris_share"] > 0.0).sum())
        settings["layers"] = len(set(units["layer"].tolist())) - 1
        settings["blinkers"] = int((radars["silent_below_s"] > 0.0).sum())
        pd, snr = self._looks(radars, axes, flights, grid)
        tables = Tables(
            settings=settings,
            threats=threats,
            assets=self._assets(),
            radars=radars,
            radar_pos_m=positions,
            radar_axes=axes,
            units=units,
            launchers=launchers,
            missiles=missiles,
            kill_probability=self.flyouts.kill_probability(),
            rules=rules_table(defence, self._place),
            outages=outages_table(defence),
            fly_range_m=fly[0],
            fly_altitude_m=fly[1],
            fly_time_s=fly[2],
            fly_speed_mps=fly[3],
            grid_pos_m=grid[0],
            grid_vel_mps=grid[1],
            look_pd=pd,
            look_snr=snr,
            track_params=self._track_params(),
            classes=self._classes(settings),
        )
        loaded = np.zeros((len(units), len(missiles)), np.int32)
        np.add.at(loaded, (launchers["unit"], launchers["missile"]), launchers["rounds"])
        last_chances(recarrays(tables), loaded, float(post.reaction_time_s))
        return Model(
            tables=tables,
            names=self._names(flights),
            scenario=self.file.scenario,
            provenance=self._provenance(),
            pictures=self._pictures(flights),
        )

    def _provenance(self) -> list[dict[str, Any]]:
        """Where each number comes from; one that is not the nominal one also says what it moves."""
        rows = []
        for key, use in {**self.parts.used, **self.learned}.items():
            row = use.row()
            if row["nominal"] is not None:
                kind = self.parts.catalogue[use.item].kind
                also = {"classes"} if key in self.learned else set()
                row["reaches"] = sorted(reaches(kind, use.parameter) | also)
                row["from_link"] = first_link(kind, use.parameter)
            rows.append(row)
        return rows + self.assumed

    def _classes(self, settings: Any) -> Any:
        """The library of a post that classifies by features; nothing for one that is told."""
        if settings[0]["classification"] != FEATURES:
            return np.zeros(0, CLASSES)
        table, self.learned, self.assumed = class_table(self.parts)
        return table

    def _place(self, at: tuple[float, float], height_m: float) -> np.ndarray[Any, Any]:
        return np.array(map_to_enu(at[0], at[1], height_m, self.lat0, 0.0))

    def _stands(self, site: Any) -> float:
        return site_height_m(site, "ground_m", self.ground)

    def _axes(self, at: tuple[float, float]) -> np.ndarray[Any, Any]:
        """East, north and up of a place as columns; north is the grid north of the map."""
        up = self._place(at, 1000.0) - self._place(at, 0.0)
        up /= np.linalg.norm(up)
        east = np.array([1.0, 0.0, 0.0]) - up[0] * up
        east /= np.linalg.norm(east)
        return np.column_stack([east, np.cross(up, east), up])

    def _site(self, name: str, site: Any, unit: int = -1) -> tuple[str, Radar, Any]:
        use = site.radar if isinstance(site, FireUnit) else site
        radar: Radar = self.part(Radar, "radar", use)
        place = {
            "at": site.at,
            "height_m": self._stands(site) + radar.antenna_height_m,
            "bearing_rad": site.bearing_rad,
            "unit": unit,
        }
        return name, radar, place

    def _units(self, defence: Defence) -> tuple[Any, Any]:
        units = np.zeros(len(defence.fire_units), UNITS)
        rows: list[tuple[Any, ...]] = []
        for index, (name, unit) in enumerate(defence.fire_units.items()):
            row = units[index]
            fill_row(row, self.part(Doctrine, "doctrine", unit.doctrine))
            for bound in ("decision_window_s", "hold_fire_range_m", "hold_fire_time_s",
                          "commit_altitude_max_m"):  # fmt: skip
                if math.isnan(row[bound]):
                    row[bound] = math.inf
            if math.isnan(row["layer_release_m"]):
                row["layer_release_m"] = 0.0
            row["layer"] = unit.layer
            row["height_m"] = self._stands(unit)
            row["x"], row["y"], row["z"] = self._place(unit.at, float(row["height_m"]))
            row["radar"] = len(self.radars)
            self.radars.append(self._site(name, unit, index))
            row["first_launcher"] = len(rows)
            for battery in unit.launchers:
                launcher: Launcher = self.part(Launcher, "launcher", battery)
                missile: Missile = self.part(Missile, "missile", battery.missile)
                which = self.flyouts.add(battery.missile.type, missile)
                rounds = battery.rounds or launcher.missiles_per_launcher
                rows += [
                    (index, which, rounds, battery.reloads, launcher.launch_interval_s,
                     launcher.reload_time_s, launcher.setup_time_s)
                ] * battery.count  # fmt: skip
            row["n_launchers"] = len(rows) - row["first_launcher"]
        return units, np.array(rows, LAUNCHERS)

    def _radar_tables(self) -> tuple[Any, Any, Any]:
        table = np.zeros(len(self.radars), RADARS)
        positions = np.zeros((len(self.radars), 3))
        axes = np.zeros((len(self.radars), 3, 3))
        for index, (name, radar, place) in enumerate(self.radars):
            row = table[index]
            fill_row(row, radar)
            row["key"] = entity_key(f"radar/{name}", self.keys)
            row["unit"] = place["unit"]
            positions[index] = self._place(place["at"], place["height_m"])
            row["x"], row["y"], row["z"] = positions[index]
            row["height_m"] = place["height_m"]
            row["bearing_rad"] = place["bearing_rad"]
            # Radars do not turn in step; spread their phases over the scan.
            row["phase_s"] = radar.scan_period_s * ((index * 0.6180339887) % 1.0)
            row["false_elevation_rad"] = radar.elevation_max_rad
            row["clutter_pm3"] = _clutter_density(radar)
            row["level"] = threshold(radar.pfa, radar.pulses)
            if radar.frequency_hz >= LOW_BAND_HZ:
                far4 = radar.detection_range_max_m**4
                row["echo_pm2"] = radar.reference_rcs_m2 / (reference_snr(row) * far4)
            row["hold_range_m"] = hold_range_m(row, HOLD_PD)
            axes[index] = self._axes(place["at"])
        return table, positions, axes

    def _assets(self) -> Any:
        worth = ranked(self.file)
        assets = np.zeros(len(worth), ASSETS)
        for row, site in zip(assets, worth, strict=True):
            assert site.at is not None
            row["x"], row["y"], row["z"] = self._place(site.at, site.height_m(self.ground))
            row["value"] = site.stands.value
        return assets

    def _threats(self, flights: list[Flight]) -> tuple[Any, tuple[Any, Any, Any]]:
        threats = np.zeros(len(flights), THREATS)
        start = 0
        for row, flight in zip(threats, flights, strict=True):
            row["key"] = entity_key(f"threat/{flight.name}", self.keys)
            row["side"] = SIDES.index(flight.side)
            row["category"] = ALL_CATEGORIES.index(flight.category)
            row["wave"], row["site"], row["parent"] = flight.wave, flight.site, flight.parent
            row["lethality"] = flight.threat.lethality
            row["silent_share"] = flight.threat.silent_share
            row["rcs_m2"] = flight.threat.rcs_m2
            for name in DEBRIS_PARAMETERS:
                row[name] = getattr(flight.threat, name)
            row["homing_s"] = flight.threat.homing_s * (flight.threat.homes_on == "emitter")
            row["start_s"], row["jitter_s"] = flight.start_s, flight.jitter_s
            row["swerling"] = flight.threat.swerling
            row["jamming_m2"] = flight.threat.jammer_to_noise * flight.threat.jammer_range_m**2
            row["life_s"] = flight.step_s * (len(flight.pos_m) - 1)
            row["step_s"] = flight.step_s
            row["grid"], row["n_grid"] = start, len(flight.pos_m)
            start += len(flight.pos_m)
        pos = np.concatenate([f.pos_m for f in flights])
        vel = np.concatenate([f.vel_mps for f in flights])
        height = np.concatenate([f.height_m for f in flights])
        return threats, (pos, vel, height)

    def _looks(self, radars: Any, axes: Any, flights: list[Flight], grid: Any) -> tuple[Any, Any]:
        pos, vel, height = grid
        pd = np.zeros((len(radars), len(pos)), np.float32)
        snr = np.zeros((len(radars), len(pos)), np.float32)
        places = None
        if self.ground is not None:
            places = enu_to_map(pos[:, 0], pos[:, 1], pos[:, 2], self.lat0, 0.0)[:2]
        for index in range(len(radars)):
            air = Air.of(radars[index], self.file.environment, self.effective_m)
            looker = Looker(radars[index], axes[index], self.effective_m, air)
            start = 0
            for flight in flights:
                part = slice(start, start + len(flight.pos_m))
                start = part.stop
                rcs = cross_section_m2(
                    flight.threat, float(radars[index]["frequency_hz"]),
                    pos[part] - np.array([radars[index][c] for c in "xyz"]), vel[part],
                )  # fmt: skip
                pd[index, part], snr[index, part] = looker(
                    pos[part], vel[part], height[part], rcs, flight.threat.swerling
                )
            if places is not None:
                self._mask(index, pd[index], places, height)
        return pd, snr

    def _mask(self, radar: int, pd: Any, places: Any, height: Any) -> None:
        """Take what the ground hides out of a radar's looks; ``places`` east and north (m)."""
        assert self.ground is not None
        _, _, site = self.radars[radar]
        open_ = np.flatnonzero(pd >= 0.0)
        clear = self.ground.sees(
            site["at"], site["height_m"], places[0][open_], places[1][open_], height[open_]
        )
        pd[open_[~clear]] = OUT_OF_SIGHT

    def _settings(self, post: CommandPost) -> Any:
        settings = np.zeros(1, SETTINGS)
        fill_row(settings[0], post)
        settings["duration_s"] = self.file.duration_s
        settings["fidelity"] = FIDELITIES.index(self.file.fidelity)
        settings["earth_radius_m"] = self.radius_m
        settings["effective_radius_m"] = self.effective_m
        settings["gravity_mps2"] = STANDARD_GRAVITY_MPS2
        settings["lock_basket_m"] = self.file.tracking.lock_basket_m
        settings["handover"] = HANDOVERS.index(self.file.tracking.handover)
        for name in ("search_dwell_s", "search_time_s", "search_sigma"):
            settings[name] = getattr(self.file.tracking, name)
        return settings

    def _track_params(self) -> Any:
        given = self.file.tracking
        table = np.zeros(1, TRACK_PARAMS)
        models = {} if given.formations else {"group_range_m": 0.0}
        if not (given.formations or given.models):
            models["manoeuvre_rate_ps"] = 0.0
        table[0] = track_params(
            noise_m2ps3=given.process_noise,
            confirm_hits=given.confirm_hits,
            confirm_scans=given.confirm_scans,
            coast_s=given.coast_s,
            coast_scans=given.coast_scans,
            speed_sigma_mps=given.speed_spread_mps,
            climb_sigma_mps=given.climb_spread_mps,
            link_probability=given.link_probability,
            # A radar without false plots has none: what no track expects is then a new target.
            clutter_pm3=0.0,
            models=model_mask(given.models),
            earth_radius_m=self.radius_m,
            **models,
        )
        return table

    def _names(self, flights: list[Flight]) -> dict[str, list[str]]:
        return {
            "threats": [f.name for f in flights],
            "classes": [f.threat_type for f in flights],
            "waves": list(self.file.raid.waves),
            "assets": [site.name for site in ranked(self.file)],
            "sites": [site.name for site in sites(self.file)],
            "radars": [name for name, _, _ in self.radars],
            "units": list(self.file.defence.fire_units),
            "missiles": list(self.flyouts.names),
        }

    def _pictures(self, flights: list[Flight]) -> dict[str, Any]:
        """Plan positions in kilometres, for drawings only."""

        def spot(at: tuple[float, float]) -> list[float]:
            return [round(at[0] / 1e3, 2), round(at[1] / 1e3, 2)]

        return {
            "map_km": self.file.map.size_m / 1e3,
            "calibration": self.flyouts.fits,
            "assets": {n: spot(a.at) for n, a in self.file.assets.items()},
            "radars": {n: spot(r.at) for n, r in self.file.defence.radars.items()},
            "units": {n: spot(u.at) for n, u in self.file.defence.fire_units.items()},
            "starts": [spot(f.start_map_m) for f in flights],
            "aims": [spot(f.aim_map_m) for f in flights],
        }


def _clutter_density(radar: Radar) -> float:
    """False plots per cubic metre in the volume that the radar searches."""
    low = math.sin(max(radar.elevation_min_rad, 0.0))
    high = math.sin(radar.elevation_max_rad)
    volume = radar.sector_rad * (high - low) * radar.instrumented_range_m**3 / 3.0
    return radar.false_plots_per_scan / max(volume, 1.0)


def declared_dict(value: Declared) -> dict[str, Any]:
    """A declaration as plain data (SI)."""
    return value.model_dump()
