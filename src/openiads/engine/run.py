"""The loop: one replication from the first threat in the air to the last one's fate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openiads.domain.tracks import tracks_reset
from openiads.engine.book import leak, overflow, write
from openiads.engine.decide import decide
from openiads.engine.engage import assess, intercept, launch, named_draw, reload
from openiads.engine.queue import pop, push
from openiads.engine.sense import scan
from openiads.engine.world import (
    DRAW_START,
    EV_ARRIVE,
    EV_ASSESS,
    EV_DECIDE,
    EV_INTERCEPT,
    EV_LAUNCH,
    EV_RELOAD,
    EV_SCAN,
    EV_START,
    FLYING,
    LOG_START,
    Model,
    State,
    Tables,
    allocate,
)
from openiads.kernel import kernel


@kernel
def replicate(m: Any, s: Any, seed: int, replication: int, log_level: int) -> None:
    """Run replication ``replication`` of the Model ``m`` in the State ``s``."""
    reset(m, s, seed, replication, log_level)
    schedule(m, s)
    now = s.now[0]
    while s.queue.size[0] > 0 and now.overflow == 0:
        if now.unresolved == 0 and now.open_shots == 0:
            break
        time_s, kind, subject, detail = pop(s.queue)
        now.time_s = time_s
        step(m, s, kind, subject, detail)
    # What is still in the air when the clock of the scenario stops has not been stopped.
    now.time_s = max(now.time_s, m.settings[0].duration_s)
    for threat in range(m.threats.shape[0]):
        if s.threats[threat].fate == FLYING:
            leak(m, s, threat)


@kernel
def step(m: Any, s: Any, kind: int, subject: int, detail: int) -> None:
    """Handle one event."""
    if kind == EV_SCAN:
        scan(m, s, subject, detail)
        again(m, s, EV_SCAN, subject, detail + 1, m.radars[subject].scan_period_s)
    elif kind == EV_DECIDE:
        if s.now[0].n_slots > 0:
            decide(m, s)
        again(m, s, EV_DECIDE, 0, detail + 1, m.settings[0].decision_period_s)
    elif kind == EV_LAUNCH:
        launch(m, s, subject)
    elif kind == EV_INTERCEPT:
        intercept(m, s, subject)
    elif kind == EV_ASSESS:
        assess(m, s, subject)
    elif kind == EV_RELOAD:
        reload(m, s, subject)
    elif kind == EV_START:
        start(m, s, subject)
    elif kind == EV_ARRIVE:
        leak(m, s, subject)


@kernel
def again(m: Any, s: Any, kind: int, subject: int, detail: int, period_s: float) -> None:
    """Queue the next event of a periodic kind, until the scenario's time is over."""
    due = s.now[0].time_s + period_s
    if due <= m.settings[0].duration_s and not push(s.queue, due, kind, subject, detail):
        overflow(s, 2)


@kernel
def start(m: Any, s: Any, threat: int) -> None:
    """A threat takes to the air."""
    s.flying[s.n_flying[0]] = threat
    s.n_flying[0] += 1
    write(s, LOG_START, threat, -1, -1, 0, 0.0, 0.0, 0.0, 0.0)
    ends = s.threats[threat].started_s + m.threats[threat].life_s
    if ends <= m.settings[0].duration_s and not push(s.queue, ends, EV_ARRIVE, threat, 0):
        overflow(s, 2)


@kernel
def schedule(m: Any, s: Any) -> None:
    """Queue the first event of everything: starts, scans, decisions."""
    fits = True
    for threat in range(m.threats.shape[0]):
        row = m.threats[threat]
        begins = row.start_s
        if row.jitter_s > 0.0:
            begins += row.jitter_s * named_draw(m, s, threat, DRAW_START, 0)
        s.threats[threat].started_s = begins
        if begins <= m.settings[0].duration_s:
            fits = push(s.queue, begins, EV_START, threat, 0) and fits
    for radar in range(m.radars.shape[0]):
        if m.radars[radar].role == 0:
            fits = push(s.queue, m.radars[radar].phase_s, EV_SCAN, radar, 0) and fits
    fits = push(s.queue, m.settings[0].decision_period_s, EV_DECIDE, 0, 0) and fits
    if not fits:
        overflow(s, 2)


@kernel
def reset(m: Any, s: Any, seed: int, replication: int, log_level: int) -> None:
    """Set the State to the beginning of a replication."""
    now = s.now[0]
    now.time_s = 0.0
    now.seed = seed
    now.replication = replication
    now.unresolved = m.threats.shape[0]
    now.open_shots = now.n_shots = now.n_engagements = now.n_plots = now.n_slots = 0
    now.next_track_id = now.overflow = now.looks = now.rounds_fired = now.false_tracks = 0
    now.log_level = log_level
    now.n_log = 0
    s.n_flying[0] = 0
    s.queue.size[0] = s.queue.size[1] = 0
    for threat in range(m.threats.shape[0]):
        reset_threat(s.threats[threat])
        s.surrogate[threat].history = 0
        s.surrogate[threat].hit_s = 0.0
    for slot in range(s.picture.shape[0]):
        s.picture[slot].id = -1
        s.picture[slot].firm = 0
    reset_rounds(m, s)
    tracks_reset(s.tracks)


@kernel
def reset_threat(mine: Any) -> None:
    """A threat at its beginning: nothing has been seen, nothing done."""
    mine.fate = FLYING
    mine.link = mine.blocked = mine.aborted = mine.called_killed = 0
    mine.started_s = 0.0
    mine.ended_s = mine.sight_s = mine.detected_s = mine.tracked_s = math.inf
    mine.identified_s = mine.ordered_s = math.inf
    mine.shots = mine.intercepts = mine.looks = 0


@kernel
def reset_rounds(m: Any, s: Any) -> None:
    """All launchers loaded, all channels free."""
    for unit in range(m.units.shape[0]):
        s.channels[unit] = s.guided[unit] = 0
        for missile in range(m.missiles.shape[0]):
            s.stock[unit, missile] = s.capacity[unit, missile] = 0
    for launcher in range(m.launchers.shape[0]):
        row = m.launchers[launcher]
        s.rounds[launcher] = row.rounds
        s.reloads[launcher] = row.reloads
        s.ready_s[launcher] = 0.0
        s.stock[row.unit, row.missile] += row.rounds
        s.capacity[row.unit, row.missile] += row.rounds


@kernel
def replicate_many(
    m: Any, s: Any, seed: int, first: int, count: int, figures: Any, fate: Any, link: Any,
    shots: Any,
) -> int:  # fmt: skip
    """Run replications ``first`` to ``first + count - 1`` and keep their outcomes only.

    figures (count, `FIGURES`) f8; fate, link (count, n) i1; shots (count, n) i2. Returns -1, or
    the first replication in which a capacity was exceeded.
    """
    for k in range(count):
        replicate(m, s, seed, first + k, 0)
        now = s.now[0]
        if now.overflow != 0:
            return first + k
        figures[k, 0] = now.rounds_fired
        figures[k, 1] = now.false_tracks
        figures[k, 2] = now.looks
        last = 0.0
        for threat in range(m.threats.shape[0]):
            mine = s.threats[threat]
            fate[k, threat] = mine.fate
            link[k, threat] = mine.link
            shots[k, threat] = mine.shots
            last = max(last, mine.ended_s)
        figures[k, 3] = last
    return -1


FIGURES = ("interceptors", "false_tracks", "looks", "ended_s")
"""Columns of ``figures`` in `replicate_many`."""


class CapacityError(RuntimeError):
    """A table of the engine was too small for a replication, which is therefore invalid."""


def check(state: State, replication: int) -> None:
    """Raise if a capacity was exceeded; what is in the tables is then not a result."""
    mask = int(state.now[0].overflow)
    if mask:
        names = {1: "log", 2: "event queue", 4: "shots", 8: "plots"}
        full = ", ".join(name for bit, name in names.items() if mask & bit)
        raise CapacityError(
            f"replication {replication}: capacity exceeded ({full}); the run is not valid"
        )


def run_state(model: Model, seed: int, replication: int, log_level: int = 1) -> State:
    """Run one replication and return its final State (its Log is ``state.log[:now.n_log]``)."""
    state = allocate(model.tables, log_level)
    tables = recarrays(model.tables)
    replicate(tables, state, seed, replication, log_level)
    check(state, replication)
    return state


def recarrays(tables: Tables) -> Tables:
    """The tables with record arrays viewed so that ``row.field`` works with and without numba."""
    return Tables(*(t.view(np.recarray) if t.dtype.names else t for t in tables))
