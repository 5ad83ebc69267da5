"""The loop: one replication from the first threat in the air to the last one's fate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openiads.domain.tracks import tracks_reset
from openiads.engine.book import leak, write
from openiads.engine.classify import forget_classes
from openiads.engine.debris import end_debris, no_debris
from openiads.engine.decide import decide
from openiads.engine.engage import assess, intercept, launch, named_draw, reload
from openiads.engine.fate import arrive, blink, emit, released, stand
from openiads.engine.order import notice
from openiads.engine.queue import pop, push
from openiads.engine.sense import draw_biases, lose, scan
from openiads.engine.spots import forget
from openiads.engine.state import Memory, allocate
from openiads.engine.world import (
    DRAW_START,
    EV_ARRIVE,
    EV_ASSESS,
    EV_DECIDE,
    EV_EMIT,
    EV_GONE,
    EV_INTERCEPT,
    EV_LAUNCH,
    EV_NOTICE,
    EV_OUTAGE,
    EV_RELOAD,
    EV_SCAN,
    EV_START,
    FLYING,
    LOG_OUT,
    LOG_RESTORED,
    LOG_START,
    Model,
    Tables,
)
from openiads.faults import CapacityError
from openiads.kernel import kernel


@kernel(borrows=True)
def replicate(m: Any, w: Any, seed: int, replication: int, log_level: int) -> None:
    """Run replication ``replication`` of the tables ``m`` in the memory ``w``."""
    s = w.state
    tracks_reset(w.tracks)
    reset(m, s, seed, replication, log_level)
    forget_classes(w.plots.classifier)
    schedule(m, s)
    now = s.now[0]
    while now.n_queue > 0 and now.overflow == 0:
        time_s, kind, subject, detail = pop(s.queue, now)
        now.time_s = time_s
        step(m, w, kind, subject, detail)
        # Only after a decision is it sure that no verdict leads to one more shot; and debris may
        # draw one as long as it is seen.
        quiet = now.open_engagements == 0 and now.n_debris == 0
        if kind == EV_DECIDE and now.unresolved == 0 and quiet:
            break
    # What is still in the air when the clock of the scenario stops has not been stopped.
    now.time_s = max(now.time_s, m.settings[0].duration_s)
    for threat in range(m.threats.shape[0]):
        if s.threats[threat].fate == FLYING:
            leak(m, s, threat)


@kernel(inline="always", borrows=True)
def step(m: Any, w: Any, kind: int, subject: int, detail: int) -> None:
    """Handle one event."""
    s = w.state
    if kind == EV_SCAN:
        scan(m, s, w.plots, w.tracks, subject, detail)
        again(m, s, EV_SCAN, subject, detail + 1, m.radars[subject].scan_period_s)
    elif kind == EV_DECIDE:
        if m.settings[0].blinkers > 0:
            blink(m, s)
        if s.now[0].n_slots > 0:
            decide(m, s, w.space, w.solver)
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
    elif kind == EV_OUTAGE:
        outage(m, s, subject, detail)
    elif kind == EV_ARRIVE:
        arrive(m, s, subject)
    elif kind == EV_NOTICE:
        notice(m, s, subject)
    elif kind == EV_EMIT:
        emit(m, s, subject, detail)
    elif kind == EV_GONE:
        end_debris(s.debris, s, subject)
        if m.settings[0].fidelity == 1 and s.picture[subject].firm == 1:
            lose(s, subject)


@kernel(inline="always", borrows=True)
def again(m: Any, s: Any, kind: int, subject: int, detail: int, period_s: float) -> None:
    """Queue the next event of a periodic kind, until the scenario's time is over."""
    due = s.now[0].time_s + period_s
    if due <= m.settings[0].duration_s:
        push(s.queue, s.now[0], due, kind, subject, detail)


@kernel(inline="always", borrows=True)
def start(m: Any, s: Any, threat: int) -> None:
    """A threat takes to the air."""
    if not released(m, s, threat):
        return
    s.flying[s.now[0].n_flying] = threat
    s.now[0].n_flying += 1
    write(s.now[0], s.log, LOG_START, threat, -1, -1, 0, 0.0)
    ends = s.threats[threat].started_s + m.threats[threat].life_s
    if ends <= m.settings[0].duration_s:
        push(s.queue, s.now[0], ends, EV_ARRIVE, threat, 0)


@kernel(inline="always", borrows=True)
def outage(m: Any, s: Any, number: int, begins: int) -> None:
    """The command post or a radar fails, or works again."""
    radar = m.outages[number].radar
    change = 1 if begins == 1 else -1
    if radar < 0:
        s.now[0].post_out += change
    else:
        s.out[radar] += change
    write(s.now[0], s.log, LOG_OUT if begins == 1 else LOG_RESTORED, -1, -1, radar, number, 0.0)


@kernel(inline="always", borrows=True)
def schedule(m: Any, s: Any) -> None:
    """Queue the first event of everything: starts, scans, outages, decisions."""
    now = s.now[0]
    for threat in range(m.threats.shape[0]):
        row = m.threats[threat]
        begins = row.start_s
        if row.parent >= 0:  # it leaves as long after its missile's start as was planned
            mother = row.parent
            begins += s.threats[mother].started_s - m.threats[mother].start_s
        elif row.jitter_s > 0.0:
            begins += row.jitter_s * named_draw(m, s, threat, DRAW_START, 0)
        s.threats[threat].started_s = begins
        if begins <= m.settings[0].duration_s:
            push(s.queue, now, begins, EV_START, threat, 0)
    for radar in range(m.radars.shape[0]):
        if m.radars[radar].duty == 0:
            push(s.queue, now, m.radars[radar].phase_s, EV_SCAN, radar, 0)
    for number in range(m.outages.shape[0]):
        push(s.queue, now, m.outages[number].begin_s, EV_OUTAGE, number, 1)
        if m.outages[number].end_s < math.inf:
            push(s.queue, now, m.outages[number].end_s, EV_OUTAGE, number, 0)
    push(s.queue, now, m.settings[0].decision_period_s, EV_DECIDE, 0, 0)


@kernel(inline="always", borrows=True)
def reset(m: Any, s: Any, seed: int, replication: int, log_level: int) -> None:
    """Set the State to the beginning of a replication."""
    now = s.now[0]
    now.time_s = 0.0
    now.seed = seed
    now.replication = replication
    now.unresolved = m.threats.shape[0]
    now.open_engagements = now.n_shots = now.n_engagements = now.n_plots = now.n_slots = 0
    now.next_track_id = now.overflow = now.looks = now.rounds_fired = now.false_tracks = 0
    now.log_level = log_level
    now.n_log = 0
    now.n_flying = 0
    now.ordered_rounds = now.ordered_volleys = 0
    now.post_out = 0
    now.cycle = now.n_kept = now.cycles_left_out = 0
    for operator in range(s.operators.shape[0]):
        s.operators[operator] = 0.0
    for radar in range(s.out.shape[0]):
        s.out[radar] = 0
    draw_biases(m, s)
    no_debris(s.debris, s)
    now.free_shot = now.free_engagement = -1
    now.n_queue = now.next_event = 0
    for cell in range(s.foreseen.shape[0]):
        s.foreseen[cell].cycle_s = -1.0
    stand(m, s)
    for threat in range(m.threats.shape[0]):
        reset_threat(s.threats[threat])
        s.surrogate[threat].history = 0
        s.surrogate[threat].hit_s = 0.0
        forget(s.spots[threat])
    for slot in range(s.picture.shape[0]):
        s.picture[slot].id = -1
        s.picture[slot].firm = 0
        s.picture[slot].watched_id = -1
    reset_rounds(m, s)


@kernel(inline="always", borrows=True)
def reset_threat(mine: Any) -> None:
    """A threat at its beginning: nothing has been seen, nothing done."""
    mine.fate = FLYING
    mine.link = mine.blocked = mine.aborted = mine.called_killed = 0
    mine.again = 0
    mine.started_s = 0.0
    mine.ended_s = mine.sight_s = mine.detected_s = mine.tracked_s = math.inf
    mine.identified_s = mine.ordered_s = math.inf
    mine.shots = mine.intercepts = mine.assessed = mine.looks = mine.named = 0
    mine.orders = 0


@kernel(inline="always", borrows=True)
def reset_rounds(m: Any, s: Any) -> None:
    """All launchers that stand are loaded, all channels free."""
    for unit in range(m.units.shape[0]):
        s.units[unit].channels = s.units[unit].guided = 0
        for missile in range(m.missiles.shape[0]):
            s.stock[unit, missile] = s.capacity[unit, missile] = 0
    for launcher in range(m.launchers.shape[0]):
        row = m.launchers[launcher]
        s.launchers[launcher].rounds = row.rounds
        s.launchers[launcher].reloads = row.reloads
        s.launchers[launcher].ready_s = 0.0
        s.capacity[row.unit, row.missile] += row.rounds
        if row.setup_time_s > 0.0:  # its rounds are there when it stands, as after a refill
            s.launchers[launcher].rounds = 0
            push(s.queue, s.now[0], row.setup_time_s, EV_RELOAD, launcher, 0)
            continue
        s.stock[row.unit, row.missile] += row.rounds


def seed_word(seed: int) -> Any:
    """A seed as the 64 bits that Philox takes: any integer, modulo 2^64."""
    return np.uint64(seed % 2**64)


def replicate_many(
    m: Any, w: Any, seed: int, first: int, count: int, figures: Any, fate: Any, link: Any,
    shots: Any, lost: Any,
) -> int:  # fmt: skip
    """Run replications ``first`` to ``first + count - 1`` and keep their outcomes only.

    figures (count, `FIGURES`) f8; fate, link (count, n) i1; shots (count, n) i2; lost (count, k)
    i1, whether each site was destroyed. Returns -1, or the first replication in which a capacity
    was exceeded. Not a kernel: a call of one costs some 20 us, and a kernel around `replicate`
    would compile it all a second time.
    """
    s = w.state
    now = s.now[0]
    for k in range(count):
        replicate(m, w, seed_word(seed), first + k, 0)
        if now.overflow != 0:
            return first + k
        last = s.threats.ended_s.max() if len(s.threats) else 0.0
        figures[k] = now.rounds_fired, now.false_tracks, now.looks, last
        fate[k], link[k], shots[k] = s.threats.fate, s.threats.link, s.threats.shots
        lost[k] = s.sites.lost_s < math.inf
    return -1


FIGURES = ("interceptors", "false_tracks", "looks", "ended_s")
"""Columns of ``figures`` in `replicate_many`."""


def check(memory: Memory, replication: int) -> None:
    """Raise if a capacity was exceeded; what is in the tables is then not a result."""
    mask = int(memory.state.now[0].overflow)
    if mask:
        names = {1: "log", 2: "event queue", 4: "shots", 8: "plots"}
        full = ", ".join(name for bit, name in names.items() if mask & bit)
        raise CapacityError(
            f"replication {replication}: capacity exceeded ({full}); the run is not valid"
        )


def run_memory(model: Model, seed: int, replication: int, log_level: int = 1) -> Memory:
    """Run one replication; the memory's state holds its books and its Log."""
    memory = allocate(model.tables, log_level)
    replicate(recarrays(model.tables), memory, seed_word(seed), replication, log_level)
    check(memory, replication)
    return memory


def recarrays(tables: Tables) -> Tables:
    """The tables with record arrays viewed so that ``row.field`` works with and without numba."""
    return Tables(*(t.view(np.recarray) if t.dtype.names else t for t in tables))
