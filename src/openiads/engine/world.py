"""The world as the machine holds it: the Model's tables and the State of one replication.

`Model` is made by compile and never changes; `State` is what a replication changes, allocated once
and reset for each. Both are named tuples of record arrays, which numba takes as they are.

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
from openiads.domain.tracks import TrackTables, tracks_allocate
from openiads.domain.weapons import Missile

# Fates of a threat and links of the kill chain, in the order in which they are passed.
FLYING, KILLED, LEAKED = 0, 1, 2
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
)
HORIZON, DETECTION, TRACK, IDENTIFICATION, WINDOW, CHANNEL, MAGAZINE, MISS, ASSESSMENT = range(
    1, 10
)

# Kinds of event in the queue; where two fall on one instant the smaller number goes first.
(
    EV_START,
    EV_INTERCEPT,
    EV_ARRIVE,
    EV_ASSESS,
    EV_RELOAD,
    EV_SCAN,
    EV_LAUNCH,
    EV_DECIDE,
) = range(8)

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
) = range(len(EVENTS))

# Purposes of draws; that of a look is the radar's key, which is larger than any of these.
DRAW_START, DRAW_KILL, DRAW_ASSESS, DRAW_FALSE_COUNT, DRAW_FALSE_PLOT = range(5)

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
    ]
)
FIDELITIES = ("track", "engagement")

THREATS = np.dtype(
    [
        ("key", "u4"),
        ("category", "i1"),
        ("wave", "i4"),
        ("asset", "i4"),
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
)
UNITS = dtype_of(
    Doctrine,
    ("radar", "i4"),
    ("x", "f8"),
    ("y", "f8"),
    ("z", "f8"),
    ("height_m", "f8"),
    ("first_launcher", "i4"),
    ("n_launchers", "i4"),
)
LAUNCHERS = np.dtype(
    [
        ("unit", "i4"),
        ("missile", "i4"),
        ("rounds", "i4"),
        ("reloads", "i4"),
        ("launch_interval_s", "f8"),
        ("reload_time_s", "f8"),
    ]
)
MISSILES = dtype_of(Missile, ("top_s", "f8"))


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
    fly_range_m: Any  # (M, ranges) axis of the fly-out tables
    fly_altitude_m: Any  # (M, altitudes)
    fly_time_s: Any  # (M, altitudes, ranges), inf outside the kinematic boundary
    fly_speed_mps: Any  # (M, altitudes, ranges)
    grid_pos_m: Any  # (G, 3)
    grid_vel_mps: Any  # (G, 3)
    look_pd: Any  # (R, G) f4; negative: not in sight
    look_snr: Any  # (R, G) f4 power ratio
    track_params: Any  # (1,) TRACK_PARAMS of domain.tracks


@dataclass(frozen=True)
class Model:
    """What the machine reads: constant tables, names for people, and a hash that names them."""

    tables: Tables
    names: dict[str, list[str]]
    """names of threats, waves, classes, radars, units, missiles and assets, in table order."""
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


THREAT_STATE = np.dtype(
    [
        ("fate", "i1"),
        ("link", "i1"),
        ("blocked", "i1"),
        ("aborted", "i1"),
        ("called_killed", "i1"),
        ("started_s", "f8"),
        ("ended_s", "f8"),
        ("sight_s", "f8"),
        ("detected_s", "f8"),
        ("tracked_s", "f8"),
        ("identified_s", "f8"),
        ("ordered_s", "f8"),
        ("shots", "i4"),
        ("intercepts", "i8"),
        ("assessed", "i8"),
        ("looks", "i4"),
    ]
)
PICTURE = np.dtype(
    [
        ("id", "i4"),
        ("threat", "i4"),
        ("firm", "i1"),
        ("called_killed", "i1"),
        ("volleys", "i4"),
        ("fruitless", "i4"),
        ("blocked", "i1"),
        ("engagement", "i4"),
        ("identified_s", "f8"),
        ("consider_s", "f8"),
        ("time_s", "f8"),
        ("score", "f8"),
        ("to_go_s", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("z", "f8"),
        ("vx", "f8"),
        ("vy", "f8"),
        ("vz", "f8"),
    ]
)
ENGAGEMENTS = np.dtype(
    [
        ("serial", "i8"),
        ("next_free", "i4"),
        ("slot", "i4"),
        ("track_id", "i4"),
        ("unit", "i4"),
        ("missile", "i4"),
        ("open", "i4"),
        ("target", "i4"),
        ("locked", "i1"),
        ("flew", "i1"),
        ("waits_s", "f8"),
    ]
)
SHOTS = np.dtype(
    [
        ("serial", "i8"),
        ("next_free", "i4"),
        ("engagement", "i4"),
        ("launcher", "i4"),
        ("target", "i4"),
        ("result", "i1"),
        ("waited_s", "f8"),
        ("ordered_s", "f8"),
        ("launched_s", "f8"),
        ("ends_s", "f8"),
    ]
)
SURROGATE = np.dtype([("history", "i8"), ("hit_s", "f8")])
NOW = np.dtype(
    [
        ("time_s", "f8"),
        ("seed", "u8"),
        ("replication", "i8"),
        ("unresolved", "i4"),
        ("open_engagements", "i4"),
        ("n_shots", "i4"),
        ("n_engagements", "i4"),
        ("free_shot", "i4"),
        ("free_engagement", "i4"),
        ("ordered_rounds", "i8"),
        ("ordered_volleys", "i8"),
        ("n_plots", "i4"),
        ("n_slots", "i4"),
        ("n_flying", "i4"),
        ("n_queue", "i8"),
        ("next_event", "i8"),
        ("next_track_id", "i4"),
        ("overflow", "i4"),
        ("looks", "i8"),
        ("rounds_fired", "i4"),
        ("false_tracks", "i4"),
        ("log_level", "i1"),
        ("n_log", "i8"),
    ]
)
LAUNCHER_STATE = np.dtype([("rounds", "i4"), ("reloads", "i4"), ("ready_s", "f8")])
UNIT_STATE = np.dtype([("channels", "i4"), ("guided", "i4")])
QUEUE = np.dtype(
    [("time_s", "f8"), ("order", "i8"), ("kind", "i4"), ("subject", "i8"), ("detail", "i8")]
)
LOG = np.dtype(
    [
        ("time_s", "f8"),
        ("kind", "u1"),
        ("threat", "i4"),
        ("track", "i4"),
        ("unit", "i4"),
        ("serial", "i8"),
        ("value", "f8"),
    ]
)


class State(NamedTuple):
    """What one replication changes, but for the tracker's tables."""

    now: Any  # (1,) NOW
    threats: Any  # (n,) THREAT_STATE
    flying: Any  # (n,) i4 indices of threats in the air, the first now.n_flying
    picture: Any  # (slots,) PICTURE
    surrogate: Any  # (n,) SURROGATE
    ranked: Any  # (slots,) i4 work array of the ranking
    engagements: Any  # (rounds,) ENGAGEMENTS
    shots: Any  # (rounds,) SHOTS
    launchers: Any  # (L,) LAUNCHER_STATE
    units: Any  # (U,) UNIT_STATE
    capacity: Any  # (U, M) i4 rounds of each missile that each unit was given
    stock: Any  # (U, M) i4 rounds of each missile at each unit
    queue: Any  # (events,) QUEUE, a heap of the first now.n_queue
    log: Any  # (capacity,) LOG


class Plots(NamedTuple):
    """The plots of one scan: the first ``now.n_plots`` rows count."""

    pos_m: Any  # (plots, 3)
    cov_m2: Any  # (plots, 6)
    clutter_pm3: Any  # (plots,)
    threat: Any  # (plots,) i4, -1 for a false plot


class Memory(NamedTuple):
    """All that a replication writes to, allocated once."""

    state: State
    plots: Plots
    tracks: TrackTables


LOG_CAPACITY = 2_000_000


def allocate(tables: Tables, log_level: int = 0) -> Memory:
    """Memory for ``tables``; ``log_level`` 0 keeps outcomes only, 1 events, 2 draws as well."""
    n = len(tables.threats)
    settings = tables.settings[0]
    clutter = float(tables.radars["false_plots_per_scan"].max(initial=0.0))
    plots = n + int(clutter + 12.0 * np.sqrt(clutter) + 16)
    slots = int(settings["simultaneous_tracks"])
    if settings["fidelity"] == FIDELITIES.index("engagement"):
        slots = n
    launchers = tables.launchers
    # Rows of rounds that stayed on their rails are used again, so this many cannot be exceeded.
    rounds = int((launchers["rounds"] * (1 + launchers["reloads"])).sum()) + 1
    units, missiles = len(tables.units), len(tables.missiles)
    events = 3 * n + 3 * rounds + 4 * len(tables.radars) + len(launchers) + 64

    def rec(count: int, dtype: np.dtype[Any]) -> Any:
        return np.zeros(count, dtype).view(np.recarray)

    state = State(
        now=rec(1, NOW),
        threats=rec(n, THREAT_STATE),
        flying=np.zeros(n, np.int32),
        picture=rec(slots, PICTURE),
        surrogate=rec(n, SURROGATE),
        ranked=np.zeros(slots, np.int32),
        engagements=rec(rounds, ENGAGEMENTS),
        shots=rec(rounds, SHOTS),
        launchers=rec(len(launchers), LAUNCHER_STATE),
        units=rec(units, UNIT_STATE),
        capacity=np.zeros((units, missiles), np.int32),
        stock=np.zeros((units, missiles), np.int32),
        queue=rec(events, QUEUE),
        log=rec(LOG_CAPACITY if log_level else 1, LOG),
    )
    scan = Plots(
        pos_m=np.zeros((plots, 3)),
        cov_m2=np.zeros((plots, 6)),
        clutter_pm3=np.zeros(plots),
        threat=np.zeros(plots, np.int32),
    )
    return Memory(state, scan, tracks_allocate(slots, plots))
