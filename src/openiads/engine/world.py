"""The world as the machine holds it: the Model's tables, and the names of what can happen.

`Model` is made by compile and never changes; what a replication changes is in
`openiads.engine.state`. Both are named tuples of record arrays, which numba takes as they are.

Frames and units: one scenario-local Cartesian frame (x east, y north, z up at the map origin), SI,
radians, seconds since the start of the scenario.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from openiads.declare import dtype_of
from openiads.domain.command import CommandPost
from openiads.domain.doctrine import Doctrine
from openiads.domain.sensors import Radar
from openiads.domain.track_classes import TRACK_CLASS
from openiads.domain.track_params import TRACK_PARAMS
from openiads.domain.weapons import Missile

# Fates of a threat and links of the kill chain, in the order in which they are passed.
FLYING, KILLED, LEAKED, PASSED = 0, 1, 2, 3
"""PASSED: came to its end without being a leaker: a neutral, a decoy, a spent body."""

HOSTILE, NEUTRAL, HARMLESS = 0, 1, 2
SIDES = ("hostile", "neutral", "harmless")
"""HARMLESS: shot at as if hostile, but nobody is charged with it: decoys, spent bodies."""

WEAPONS_HOLD, WEAPONS_TIGHT, WEAPONS_FREE = 0, 1, 2
WEAPONS = ("hold", "tight", "free")
"""What the rules of engagement allow: nothing; what is called hostile; all not called neutral."""

LINKS = (
    "none",
    "horizon",
    "detection",
    "track",
    "identification",
    "window",
    "channel",
    "magazine",
    "miss",
    "assessment",
    "operator",
)
(
    HORIZON,
    DETECTION,
    TRACK,
    IDENTIFICATION,
    WINDOW,
    CHANNEL,
    MAGAZINE,
    MISS,
    ASSESSMENT,
    OPERATOR,
) = range(1, 11)

# Kinds of event in the queue; where two fall on one instant the smaller number goes first.
(
    EV_START,
    EV_OUTAGE,
    EV_INTERCEPT,
    EV_ARRIVE,
    EV_ASSESS,
    EV_RELOAD,
    EV_SCAN,
    EV_LAUNCH,
    EV_DECIDE,
    EV_NOTICE,
    EV_EMIT,
    EV_GONE,
) = range(12)

# Kinds of line in the Log.
EVENTS = (
    "start",
    "in-sight",
    "detected",
    "tracked",
    "track-lost",
    "identified",
    "order",
    "refused",
    "launch",
    "abort",
    "intercept",
    "assessed",
    "killed",
    "leaked",
    "reload",
    "false-track",
    "overflow",
    "draw",
    "passed",
    "named-neutral",
    "out-of-order",
    "restored",
    "order-lost",
    "struck",
    "silent",
    "radiates",
)
(
    LOG_START,
    LOG_SIGHT,
    LOG_DETECTED,
    LOG_TRACKED,
    LOG_LOST,
    LOG_IDENTIFIED,
    LOG_ORDER,
    LOG_REFUSED,
    LOG_LAUNCH,
    LOG_ABORT,
    LOG_INTERCEPT,
    LOG_ASSESSED,
    LOG_KILLED,
    LOG_LEAKED,
    LOG_RELOAD,
    LOG_FALSE,
    LOG_OVERFLOW,
    LOG_DRAW,
    LOG_PASSED,
    LOG_NEUTRAL,
    LOG_OUT,
    LOG_RESTORED,
    LOG_ORDER_LOST,
    LOG_STRUCK,
    LOG_SILENT,
    LOG_EMITS,
) = range(len(EVENTS))

# Purposes of draws; that of a look is the radar's key, which is larger than any of these.
(
    DRAW_START,
    DRAW_KILL,
    DRAW_ASSESS,
    DRAW_FALSE_COUNT,
    DRAW_FALSE_PLOT,
    DRAW_IDENTIFY,
    DRAW_BIAS,
    DRAW_LINK,
) = range(8)
DRAW_STRIKE = 16
DRAW_SEARCH, DRAW_STRENGTH = 32, 33
DRAW_ECHO = 40

# Ends of a shot.
SHOT_FLYING, SHOT_KILL, SHOT_MISS, SHOT_ABORT = 0, 1, 2, 3

SETTINGS = np.dtype(
    [
        *dtype_of(CommandPost).descr,
        ("duration_s", "f8"),
        ("fidelity", "i1"),
        ("earth_radius_m", "f8"),
        ("effective_radius_m", "f8"),
        ("gravity_mps2", "f8"),
        ("lock_basket_m", "f8"),
        ("jammers", "i4"),
        ("handover", "i1"),
        ("search_dwell_s", "f8"),
        ("search_time_s", "f8"),
        ("search_sigma", "f8"),
        ("layers", "i4"),
        ("blinkers", "i4"),
        ("sites", "i4"),
        ("debris", "i4"),
    ]
)
"""``sites`` counts what can be aimed at: assets, radars (a fire unit is its own), command post;
``debris`` the threats that leave any."""
HANDOVERS = ("basket", "search")
FIDELITIES = ("track", "engagement")
FEATURES = 1
"""Code of `CommandPost.classification` that tells kinds of target by what is seen of them."""

THREATS = np.dtype(
    [
        ("key", "u4"),
        ("side", "i1"),
        ("category", "i1"),
        ("wave", "i4"),
        ("start_s", "f8"),
        ("jitter_s", "f8"),
        ("life_s", "f8"),
        ("step_s", "f8"),
        ("grid", "i4"),
        ("n_grid", "i4"),
        ("reachable", "i1"),
        ("last_chance_s", "f8"),
        ("swerling", "i1"),
        ("jamming_m2", "f8"),
        ("site", "i4"),
        ("parent", "i4"),
        ("lethality", "f8"),
        ("homing_s", "f8"),
        ("silent_share", "f8"),
        ("rcs_m2", "f8"),
        ("debris_share", "f8"),
        ("debris_visible_s", "f8"),
        ("debris_coefficient_kgm2", "f8"),
        ("debris_called_alive", "f8"),
    ]
)
ASSETS = np.dtype([("x", "f8"), ("y", "f8"), ("z", "f8"), ("value", "f8")])
RADARS = dtype_of(
    Radar,
    ("key", "i8"),
    ("unit", "i4"),
    ("x", "f8"),
    ("y", "f8"),
    ("z", "f8"),
    ("height_m", "f8"),
    ("bearing_rad", "f8"),
    ("phase_s", "f8"),
    ("clutter_pm3", "f8"),
    ("false_elevation_rad", "f8"),
    ("level", "f8"),
    ("echo_pm2", "f8"),
    ("hold_range_m", "f8"),
)
"""``echo_pm2``: cross-section (m2) over signal-to-noise ratio and fourth power of the range (m4); 0
below 2 GHz, where the library of classes holds no cross-section. ``hold_range_m``: where one look
detects the reference cross-section as often as a hold asks."""
UNITS = dtype_of(
    Doctrine,
    ("radar", "i4"),
    ("x", "f8"),
    ("y", "f8"),
    ("z", "f8"),
    ("height_m", "f8"),
    ("first_launcher", "i4"),
    ("n_launchers", "i4"),
    ("layer", "i4"),
)
LAUNCHERS = np.dtype(
    [
        ("unit", "i4"),
        ("missile", "i4"),
        ("rounds", "i4"),
        ("reloads", "i4"),
        ("launch_interval_s", "f8"),
        ("reload_time_s", "f8"),
        ("setup_time_s", "f8"),
    ]
)
MISSILES = dtype_of(Missile, ("top_s", "f8"))
RULES = np.dtype(
    [
        ("weapons", "i1"),
        ("begin_s", "f8"),
        ("end_s", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("radius_m", "f8"),
    ]
)
CLASSES = np.dtype([*TRACK_CLASS.descr, ("category", "i1"), ("hazard", "f8")])
"""What the post knows of one way of flying of one class: its features and prior, its category, and
its lethality, 0 if it is not hostile."""
OUTAGES = np.dtype([("radar", "i4"), ("begin_s", "f8"), ("end_s", "f8")])
"""What fails, and when: ``radar`` is its row, -1 the command post."""


class Tables(NamedTuple):
    """The Model's arrays. G grid points in all, R radars, M missiles, U units, L launchers."""

    settings: Any  # (1,) SETTINGS
    threats: Any  # (n,) THREATS
    assets: Any  # (a,) ASSETS
    radars: Any  # (R,) RADARS
    radar_pos_m: Any  # (R, 3) where the antennas stand
    radar_axes: Any  # (R, 3, 3) columns: the radar's east, north, up in the scenario frame
    units: Any  # (U,) UNITS
    launchers: Any  # (L,) LAUNCHERS
    missiles: Any  # (M,) MISSILES
    kill_probability: Any  # (M, categories) a shot
    rules: Any  # (r,) RULES of engagement, of which the first that applies holds
    outages: Any  # (o,) OUTAGES
    fly_range_m: Any  # (M, ranges) axis of the fly-out tables
    fly_altitude_m: Any  # (M, altitudes)
    fly_time_s: Any  # (M, altitudes, ranges), inf outside the kinematic boundary
    fly_speed_mps: Any  # (M, altitudes, ranges)
    grid_pos_m: Any  # (G, 3)
    grid_vel_mps: Any  # (G, 3)
    look_pd: Any  # (R, G) f4; negative: not in sight
    look_snr: Any  # (R, G) f4 power ratio
    track_params: Any  # (1,) TRACK_PARAMS of domain.track_params
    classes: Any  # (K,) CLASSES that the post tells apart; none where it is told


def blank_tables() -> Tables:
    """Tables of one blank row each: of the right types to compile kernels for, and no more."""
    rows = {
        "settings": SETTINGS, "threats": THREATS, "assets": ASSETS, "radars": RADARS,
        "units": UNITS, "launchers": LAUNCHERS, "missiles": MISSILES, "rules": RULES,
        "outages": OUTAGES, "track_params": TRACK_PARAMS,
        "classes": CLASSES,
    }  # fmt: skip
    shapes = {
        "radar_pos_m": (1, 3), "radar_axes": (1, 3, 3), "kill_probability": (1, 8),
        "fly_range_m": (1, 2), "fly_altitude_m": (1, 2), "fly_time_s": (1, 2, 2),
        "fly_speed_mps": (1, 2, 2), "grid_pos_m": (2, 3), "grid_vel_mps": (2, 3),
        "look_pd": (1, 2), "look_snr": (1, 2),
    }  # fmt: skip
    single = ("look_pd", "look_snr")
    tables = {name: np.zeros(1, dtype) for name, dtype in rows.items()}
    for name, shape in shapes.items():
        tables[name] = np.zeros(shape, np.float32 if name in single else np.float64)
    tables["settings"]["simultaneous_tracks"] = 1
    return Tables(**tables)


@dataclass(frozen=True)
class Model:
    """What the machine reads: constant tables, names for people, and a hash that names them."""

    tables: Tables
    names: dict[str, list[str]]
    """names of threats, waves, classes, radars, units, missiles, assets, sites, in table order."""
    scenario: str
    """name of the scenario."""
    provenance: list[dict[str, Any]] = field(default_factory=list)
    """one row for each catalogue number used: item, parameter, value, rule, claim or assumption."""
    pictures: dict[str, Any] = field(default_factory=dict)
    """what drawings need and the engine does not: plan positions, map size."""

    @property
    def hash(self) -> str:
        """sha256 of all tables and names: equal hashes mean equal results."""
        digest = hashlib.sha256()
        for name, table in zip(Tables._fields, self.tables, strict=True):
            digest.update(f"{name}{table.dtype}{table.shape}".encode())
            digest.update(np.ascontiguousarray(table).tobytes())
        digest.update(json.dumps(self.names, sort_keys=True).encode())
        return digest.hexdigest()

    @property
    def fidelity(self) -> str:
        return FIDELITIES[int(self.tables.settings[0]["fidelity"])]
