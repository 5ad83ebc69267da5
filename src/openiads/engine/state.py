"""What one replication changes: allocated once, reset for each, read only by the engine."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from openiads.domain.threats import ALL_CATEGORIES
from openiads.domain.tracks import ON, TrackTables, tracks_allocate
from openiads.engine.spots import SPOT, greatest_speeds_mps
from openiads.engine.world import FEATURES, FIDELITIES, Tables
from openiads.physics.slot_assignment import SlotSpace, slot_space

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
        ("named", "i8"),
        ("looks", "i4"),
        ("again", "i1"),
        ("orders", "i8"),
    ]
)
UNNAMED, CALLED_HOSTILE, CALLED_NEUTRAL = 0, 1, 2
"""What a track has been identified as."""

PICTURE = np.dtype(
    [
        ("id", "i4"),
        ("threat", "i4"),
        ("firm", "i1"),
        ("called_killed", "i1"),
        ("volleys", "i4"),
        ("fruitless", "i4"),
        ("blocked", "i1"),
        ("called", "i1"),
        ("engaged", "i8"),
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
        ("asset", "i4"),
        ("miss_m", "f8"),
        ("watched_id", "i4"),
        ("glides", "i1"),
        ("watched_s", "f8"),
        ("climb_mps", "f8"),
        ("held", "i8"),
    ]
)
"""``held``: units whose engagement radars hold the target, a bit each, where any engages on remote.
The four before: the track whose climb is watched, whether it fell since ``watched_s`` by less than
freely, and its climb at that time."""
CLASSED = np.dtype([("id", "i4"), ("looked_s", "f8")])
"""Where the post classifies by features: the track that a slot's probabilities are of, and when it
was last looked at."""
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
        ("guide", "i4"),
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
        ("post_out", "i4"),
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
        ("cycle", "i8"),
        ("n_choices", "i8"),
        ("n_kept", "i8"),
        ("cycles_left_out", "i8"),
        ("rounds_lost", "i4"),
        ("n_debris", "i4"),
    ]
)
LAUNCHER_STATE = np.dtype([("rounds", "i4"), ("reloads", "i4"), ("ready_s", "f8")])
UNIT_STATE = np.dtype([("channels", "i4"), ("guided", "i4"), ("lost", "i1")])
SITE_STATE = np.dtype([("lost_s", "f8"), ("silent_s", "f8"), ("silent", "i1")])
"""Of what can be aimed at: when it was destroyed, inf while it stands; of a radar also since when
it is silent by doctrine, and whether it is."""
DEBRIS = np.dtype(
    [
        ("listed", "i4"),
        ("grid", "i4"),
        ("part", "f8"),
        ("since_s", "f8"),
        ("ends_s", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("z", "f8"),
        ("vx", "f8"),
        ("vy", "f8"),
        ("vz", "f8"),
        ("rate_pm", "f8"),
    ]
)
"""Of each threat what is left of it: where on its grid, when, where and how fast it was killed, how
drag slows the rest. ``listed`` of the first ``now.n_debris`` rows: whose debris is in the air."""
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
        ("missile", "i4"),
    ]
)
CHOICES = np.dtype(
    [
        ("time_s", "f8"),
        ("cycle", "i8"),
        ("n_choices", "i8"),
        ("slot", "i4"),
        ("track", "i4"),
        ("threat", "i4"),
        ("asset", "i4"),
        ("unit", "i4"),
        ("missile", "i4"),
        ("rounds", "i4"),
        ("taken", "i1"),
        ("worth", "f8"),
        ("to_go_s", "f8"),
        ("miss_m", "f8"),
        ("threat_value", "f8"),
        ("kill", "f8"),
        ("met_s", "f8"),
        ("spare_s", "f8"),
        ("pair_free", "i4"),
        ("unit_free", "i4"),
        ("most", "i4"),
        ("guide", "i4"),
        ("kind", "i1"),
        ("kind_p", "f8"),
        ("hazard", "f8"),
    ]
)
"""One way of shooting at one track in one decision cycle: the terms of its score, when the round
would meet it and how long it can wait, and what the cycle could give: volleys of this round of this
unit, of this unit, and in all; what the target is taken for, with which probability, and the
expected lethality in its score."""

FORESEEN = np.dtype([("cycle_s", "f8"), ("track", "i8"), ("met_s", "f8"), ("spare_s", "f8")])
"""The predicted intercept of one round of one unit with one track: in which cycle it was worked
out, for which track, seconds to the meeting and to spare."""

FORESEEN_MOST = 1 << 17
"""Predicted intercepts that a cycle with a Log keeps from its survey to its orders, at most."""

PLENTY = 1 << 30
"""Volleys that can be ordered where nothing limits them."""

CHOICES_MOST = 1 << 15
"""Ways of shooting that one cycle weighs at most; tracks that rank behind wait for the next."""

KEPT_MOST = 1 << 19
"""Ways of shooting that a Log keeps; cycles beyond are counted in ``now.cycles_left_out``."""


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
    out: Any  # (R,) i4 outages that each radar suffers now
    bias: Any  # (R, 3) range (m), azimuth and elevation (rad): constant errors of each radar
    capacity: Any  # (U, M) i4 rounds of each missile that each unit was given
    stock: Any  # (U, M) i4 rounds of each missile at each unit
    queue: Any  # (events,) QUEUE, a heap of the first now.n_queue
    log: Any  # (capacity,) LOG
    cue: Any  # (slots, 21) covariances of the picture's tracks where handover is by search; or None
    choices: Any  # (capacity,) CHOICES of the cycle at hand
    kept: Any  # (capacity,) CHOICES that the Log keeps
    operators: Any  # (operators,) f8 when each is free again
    sites: Any  # (k,) SITE_STATE: assets, radars, command post
    spots: Any  # (n,) SPOT
    foreseen: Any  # (capacity,) FORESEEN by rank, unit, missile, guiding unit; where a Log is kept
    debris: Any  # (n,) DEBRIS where any class leaves debris; or None
    class_p: Any  # (slots, categories + 1) probabilities, expected lethality; none if all is told


class Classifier(NamedTuple):
    """What is known of the class of each track, and a switch: None where it is told."""

    log_p: Any  # (slots, K) logarithms of the probabilities of `m.classes`
    classed: Any  # (slots,) CLASSED


class Plots(NamedTuple):
    """The plots of one scan: the first ``now.n_plots`` rows count."""

    pos_m: Any  # (plots, 3)
    cov_m2: Any  # (plots, 6)
    clutter_pm3: Any  # (plots,)
    threat: Any  # (plots,) i4, -1 for a false plot
    polar: Any  # (plots, 3) of hits that may merge: range (m), azimuth and elevation (rad)
    error: Any  # (plots, 3) standard normal draws of their errors
    strength: Any  # (plots, 2) their signal ratios: the mean, and of this look
    source: Any  # (plots,) i4 their threats
    classifier: Any = None  # a Classifier where the post classifies by features


class Memory(NamedTuple):
    """All that a replication writes to, allocated once."""

    state: State
    plots: Plots
    tracks: TrackTables
    space: SlotSpace
    """a cycle's assignment problem: not in the State, which is handed from kernel to kernel"""
    solver: Any
    """whether the command post chooses by a solver: `ON`, or None, and none is compiled"""


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
    events = 3 * n + 3 * rounds + 5 * len(tables.radars) + len(launchers) + 64
    # A lost order holds a row and no round, until it is noticed.
    unheard = 0
    if settings["link_loss"] > 0.0:
        guides = tables.radars[tables.units["radar"]]
        unheard = int(guides["simultaneous_engagements"].sum())
    features = int(settings["classification"] == FEATURES)
    pairs = units * missiles
    choices = pairs
    if log_level or settings["assignment"]:
        choices += min(slots * pairs, CHOICES_MOST)

    def rec(count: int, dtype: np.dtype[Any]) -> Any:
        return np.zeros(count, dtype).view(np.recarray)

    state = State(
        now=rec(1, NOW),
        threats=rec(n, THREAT_STATE),
        flying=np.zeros(n, np.int32),
        picture=rec(slots, PICTURE),
        surrogate=rec(n, SURROGATE),
        ranked=np.zeros(slots, np.int32),
        engagements=rec(rounds + unheard, ENGAGEMENTS),
        shots=rec(rounds, SHOTS),
        launchers=rec(len(launchers), LAUNCHER_STATE),
        units=rec(units, UNIT_STATE),
        out=np.zeros(len(tables.radars), np.int32),
        bias=np.zeros((len(tables.radars), 3)),
        capacity=np.zeros((units, missiles), np.int32),
        stock=np.zeros((units, missiles), np.int32),
        queue=rec(events + unheard, QUEUE),
        log=rec(LOG_CAPACITY if log_level else 1, LOG),
        cue=np.zeros((slots, 21)) if settings["handover"] else None,
        choices=rec(choices, CHOICES),
        kept=rec(KEPT_MOST if log_level else 1, CHOICES),
        operators=np.zeros(int(settings["operators"])),
        sites=rec(int(settings["sites"]), SITE_STATE),
        spots=rec(n, SPOT),
        foreseen=rec(min(slots * pairs * units, FORESEEN_MOST) if log_level else 0, FORESEEN),
        debris=rec(n, DEBRIS) if settings["debris"] else None,
        class_p=np.zeros((slots * features, len(ALL_CATEGORIES) + 1)),
    )
    state.spots.speed_mps = greatest_speeds_mps(
        tables.grid_pos_m, tables.grid_vel_mps, tables.threats
    )
    classifier = None
    if features:
        log_p = np.zeros((slots, len(tables.classes)))
        classifier = Classifier(log_p, rec(slots, CLASSED))
    scan = Plots(
        pos_m=np.zeros((plots, 3)),
        cov_m2=np.zeros((plots, 6)),
        clutter_pm3=np.zeros(plots),
        threat=np.zeros(plots, np.int32),
        polar=np.zeros((plots, 3)),
        error=np.zeros((plots, 3)),
        strength=np.zeros((plots, 2)),
        source=np.zeros(plots, np.int32),
        classifier=classifier,
    )
    merges = bool((tables.radars["unresolved"] != 0).any())
    params = tables.track_params[0]
    tracks = tracks_allocate(
        slots, plots, models=int(params["models"]), shares=merges,
        manoeuvres=bool(params["manoeuvre_rate_ps"] > 0.0),
    )  # fmt: skip
    solver = ON if settings["assignment"] else None
    return Memory(state, scan, tracks, slot_space(slots, choices, pairs, units), solver)
