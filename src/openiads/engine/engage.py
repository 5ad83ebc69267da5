"""Engage: launch, fly-out, intercept, kill draw, assessment, and what is freed afterwards."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.flyout import flyout_time
from openiads.domain.threats import ON_SURFACE, STRAIGHT, course_of
from openiads.engine.book import (
    expected_place,
    height_m,
    kill,
    pd_between,
    position_at,
    truth_at,
    write,
    write_round,
)
from openiads.engine.debris import (
    called_miss,
    debris_at,
    debris_chance,
    is_debris,
    nearer_debris,
    shed,
)
from openiads.engine.handover import search_from
from openiads.engine.queue import push
from openiads.engine.sight import HOLD_PD
from openiads.engine.spots import renew, stays_far
from openiads.engine.world import (
    DRAW_ASSESS,
    DRAW_KILL,
    EV_ASSESS,
    EV_INTERCEPT,
    EV_LAUNCH,
    EV_RELOAD,
    FLYING,
    KILLED,
    LOG_ABORT,
    LOG_ASSESSED,
    LOG_DRAW,
    LOG_INTERCEPT,
    LOG_LAUNCH,
    LOG_RELOAD,
    SHOT_ABORT,
    SHOT_KILL,
    SHOT_MISS,
    TRACK,
    WINDOW,
)
from openiads.kernel import kernel
from openiads.physics.random import draw

MEET_REFINE_STEPS = 16

FRUITLESS_MOST = 5
"""Doublings of the wait after orders that came to nothing: 64 s at a decision period of 2 s."""

EARLY_S = 2.0
"""A round may be this early at its meeting point (assumed: it flies a little slower or longer)."""

WAIT_LONGEST_S = 60.0
"""A volley whose first round must wait longer than this gives its channel back (assumed)."""


@kernel(inline="always", borrows=True)
def named_draw(m: Any, s: Any, threat: int, purpose: int, serial: int) -> float:
    """A uniform draw named by a threat, logged where the Log keeps draws."""
    now = s.now[0]
    u = draw(now.seed, now.replication, m.threats[threat].key, purpose, serial)
    if now.log_level >= 2:
        write(s.now[0], s.log, LOG_DRAW, threat, -1, -1, (purpose << 20) + serial, u)
    return u


@kernel(borrows=True)
def time_of_flight_s(
    m: Any, unit: Any, missile: int, course: int, x: float, y: float, z: float, height: float
) -> float:
    """Fly-out time of a missile from a unit to a point; inf where its envelope does not reach.

    ``course`` says which published reach holds: that against what flies (`STRAIGHT`), what falls or
    glides, or what is on the surface, where the lowest altitude of an intercept in the air is no
    bound.
    """
    kind = m.missiles[missile]
    reach = kind.range_max_aerodynamic_m
    floor = kind.altitude_min_m
    if course == ON_SURFACE:
        reach, floor, height = kind.surface_range_max_m, 0.0, max(height, 0.0)
    elif course != STRAIGHT:
        reach = kind.range_max_ballistic_m
    if height < floor or height > kind.altitude_max_m:
        return math.inf
    dx, dy, dz = x - unit.x, y - unit.y, z - unit.z
    slant2 = dx * dx + dy * dy + dz * dz
    if slant2 > reach * reach or slant2 < kind.range_min_m * kind.range_min_m:
        return math.inf
    rise = height - unit.height_m
    down_range = math.sqrt(max(0.0, slant2 - rise * rise))
    time_s, _ = flyout_time(
        m.fly_range_m[missile],
        m.fly_altitude_m[missile],
        m.fly_time_s[missile],
        m.fly_speed_mps[missile],
        down_range,
        height,
    )
    return time_s


@kernel(borrows=True)
def meet(m: Any, s: Any, unit: int, missile: int, threat: int, guide: int) -> tuple[float, float]:
    """(seconds until the missile meets the threat on its true path, seconds it would be early).

    (inf, 0) if it cannot. The first point of the path that the round reaches no later than the
    threat and that the engagement radar holds, found grid step by grid step and refined by
    bisection. Guidance closes on the true path because the engagement radar follows the target
    during the flight. Where the target has yet to come into the envelope the round is early there.
    """
    now_s = s.now[0].time_s
    row = m.threats[threat]
    ends_s = s.threats[threat].started_s + row.life_s
    before = now_s
    after = now_s
    while after < ends_s:
        late = late_s(m, s, unit, missile, threat, after, guide)
        if late <= 0.0:
            if after == now_s:
                return 0.0, 0.0
            for _ in range(MEET_REFINE_STEPS):
                middle = 0.5 * (before + after)
                trial = late_s(m, s, unit, missile, threat, middle, guide)
                if trial <= 0.0:
                    after, late = middle, trial
                else:
                    before = middle
            return after - now_s, -late
        before = after
        after += row.step_s
    return math.inf, 0.0


@kernel(borrows=True)
def late_s(
    m: Any, s: Any, unit: int, missile: int, threat: int, time_s: float, guide: int
) -> float:
    """By how much a round that leaves now would be late at the threat's place at ``time_s``.

    inf where the place is outside the envelope or the radar of unit ``guide`` does not hold the
    target.
    """
    base = m.units[unit]
    radar = m.units[guide].radar
    row = m.threats[threat]
    at, part = truth_at(m, s, threat, time_s)
    if at < 0 or s.out[radar] > 0 or pd_between(m, radar, at, part) < HOLD_PD:
        return math.inf
    x, y, z = position_at(m, at, part, row.step_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    course = course_of(row.category)
    flight = time_of_flight_s(m, base, missile, course, x, y, z, height)
    return flight - (time_s - s.now[0].time_s)


@kernel(inline="always", borrows=True)
def lock(m: Any, s: Any, slot: int) -> int:
    """The true target that the cue of a track leads to: the nearest inside the basket, else -1."""
    now_s = s.now[0].time_s
    x, y, z = expected_place(s.picture[slot], now_s)
    best = -1
    basket = m.settings[0].lock_basket_m
    least = basket * basket
    # Most of a large raid is far away, which a place some seconds old tells.
    for k in range(s.now[0].n_flying):
        threat = s.flying[k]
        if stays_far(s.spots[threat], now_s, x, y, basket):
            continue
        at, part = truth_at(m, s, threat, now_s)
        if at < 0:
            continue
        tx, ty, tz = position_at(m, at, part, m.threats[threat].step_s)
        renew(s.spots[threat], now_s, tx, ty)
        gap = (tx - x) ** 2 + (ty - y) ** 2 + (tz - z) ** 2
        if gap < least:
            least = gap
            best = threat
    return best


@kernel(borrows=True)
def launch(m: Any, s: Any, shot: int) -> None:
    """A round is due to leave its rail: lock, solve the intercept, then fly, wait or abort."""
    now_s = s.now[0].time_s
    mine = s.shots[shot]
    order = s.engagements[mine.engagement]
    if mine.waited_s < order.waits_s:
        wait(m, s, shot)
        return
    slot = order.slot
    held = s.picture[slot].id == order.track_id
    target = order.target
    if order.locked == 0 and held:
        if m.settings[0].handover == 1:
            target, takes_s = search_from(s.cue, m, s, slot, order.unit, order.serial)
            order.waits_s += takes_s
        else:
            target = nearer_debris(s.debris, m, s, slot, lock(m, s, slot))
        order.target = target
        order.locked = 1
        if mine.waited_s < order.waits_s:
            wait(m, s, shot)
            return
    source = s.picture[slot].threat if held else -1
    flight, early = math.inf, 0.0
    reason = TRACK
    if target >= 0 and s.threats[target].fate == FLYING:
        flight, early = meet(m, s, order.unit, order.missile, target, order.guide)
        reason = WINDOW
    elif target >= 0 or (source >= 0 and s.threats[source].fate == KILLED):
        flight = phantom_time_s(m, s, order, slot)
        flight, early = meet_debris(s.debris, m, s, order, target, flight)
        target = -1 if target < 0 else target
        reason = WINDOW
    # A unit that was destroyed fires nothing, whoever would guide it.
    if s.units[order.unit].lost == 1 or not math.isfinite(flight) or early > WAIT_LONGEST_S:
        abort(m, s, shot, reason, source)
        return
    if early > EARLY_S:
        order.waits_s += early
        wait(m, s, shot)
        return
    mine.target = target
    mine.launched_s = now_s
    mine.ends_s = now_s + flight
    s.now[0].rounds_fired += 1
    if target >= 0:
        s.threats[target].shots += 1
        s.threats[target].again = 0
    write_round(
        s.now[0], s.log, LOG_LAUNCH, target, order.track_id, order.unit, mine.serial, flight,
        order.missile,
    )  # fmt: skip
    if held:
        s.picture[slot].fruitless = 0
    start_reload(m, s, mine.launcher)
    push(s.queue, s.now[0], mine.ends_s, EV_INTERCEPT, shot, 0)


@kernel(inline="always", borrows=True)
def wait(m: Any, s: Any, shot: int) -> None:
    """Put a launch off by what its volley waits, so that the rounds keep their spacing."""
    mine = s.shots[shot]
    order = s.engagements[mine.engagement]
    leaves = s.now[0].time_s + order.waits_s - mine.waited_s
    mine.waited_s = order.waits_s
    base = s.launchers[mine.launcher]
    base.ready_s = max(base.ready_s, leaves + m.launchers[mine.launcher].launch_interval_s)
    push(s.queue, s.now[0], leaves, EV_LAUNCH, shot, 0)


@kernel(inline="always", borrows=True)
def phantom_time_s(m: Any, s: Any, order: Any, slot: int) -> float:
    """Flight time to where the track of a dead target says it is (a phantom engagement).

    inf where the engagement radar is out of order or silent: then nothing would guide the round.
    """
    if s.out[m.units[order.guide].radar] > 0:
        return math.inf
    x, y, z = expected_place(s.picture[slot], s.now[0].time_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    return time_of_flight_s(m, m.units[order.unit], order.missile, STRAIGHT, x, y, z, height)


@kernel(borrows=True)
def meet_debris(
    debris: Any, m: Any, s: Any, order: Any, target: int, phantom_s: float
) -> tuple[float, float]:
    """`meet` of a dead target: of its debris, where that is in the air; else (``phantom_s``, 0)."""
    if debris is None:
        return phantom_s, 0.0
    now_s = s.now[0].time_s
    if not is_debris(debris, target, now_s):
        return phantom_s, 0.0
    ends_s = debris[target].ends_s
    before = after = now_s
    while after < ends_s:
        late = late_debris_s(debris, m, s, order, target, after)
        if late <= 0.0:
            for _ in range(MEET_REFINE_STEPS if after > now_s else 0):
                middle = 0.5 * (before + after)
                trial = late_debris_s(debris, m, s, order, target, middle)
                if trial <= 0.0:
                    after, late = middle, trial
                else:
                    before = middle
            return after - now_s, -late if after > now_s else 0.0
        before = after
        after += m.threats[target].step_s
    return math.inf, 0.0


@kernel(borrows=True)
def late_debris_s(debris: Any, m: Any, s: Any, order: Any, target: int, time_s: float) -> float:
    """`late_s` of debris: by how much a round that leaves now would be late at its place."""
    mine, radar = debris[target], m.units[order.guide].radar
    chance, _ = debris_chance(m, mine, target, radar, time_s)
    if s.out[radar] > 0 or chance < HOLD_PD:
        return math.inf
    x, y, z, _, _, _ = debris_at(m, mine, time_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    course = course_of(m.threats[target].category)
    flight = time_of_flight_s(m, m.units[order.unit], order.missile, course, x, y, z, height)
    return flight - (time_s - s.now[0].time_s)


@kernel(inline="always", borrows=True)
def start_reload(m: Any, s: Any, launcher: int) -> None:
    """Begin to refill a launcher whose last round has left, if a refill is there."""
    if s.launchers[launcher].rounds > 0 or s.launchers[launcher].reloads <= 0:
        return
    s.launchers[launcher].reloads -= 1
    ready = s.now[0].time_s + m.launchers[launcher].reload_time_s
    push(s.queue, s.now[0], ready, EV_RELOAD, launcher, 0)


@kernel(inline="always", borrows=True)
def reload(m: Any, s: Any, launcher: int) -> None:
    """A launcher is full again."""
    row = m.launchers[launcher]
    if s.units[row.unit].lost == 1:
        s.now[0].rounds_lost += row.rounds
        return
    s.launchers[launcher].rounds += row.rounds
    s.stock[row.unit, row.missile] += row.rounds
    write(s.now[0], s.log, LOG_RELOAD, -1, -1, row.unit, launcher, 0.0)


@kernel(inline="always", borrows=True)
def abort(m: Any, s: Any, shot: int, reason: int, source: int) -> None:
    """A round stays on its rail; the engagement closes when none of its rounds is open."""
    mine = s.shots[shot]
    order = s.engagements[mine.engagement]
    mine.result = SHOT_ABORT
    if s.units[order.unit].lost == 1:
        s.now[0].rounds_lost += 1
    else:
        s.launchers[mine.launcher].rounds += 1
        s.stock[order.unit, order.missile] += 1
    s.units[order.guide].guided -= 1
    blamed = order.target if order.target >= 0 else source
    if blamed >= 0 and s.threats[blamed].fate == FLYING:
        s.threats[blamed].aborted = reason
    write_round(
        s.now[0], s.log, LOG_ABORT, blamed, order.track_id, order.unit, mine.serial, float(reason),
        order.missile,
    )  # fmt: skip
    engagement = mine.engagement
    mine.next_free = s.now[0].free_shot
    s.now[0].free_shot = shot
    order.open -= 1
    if order.open == 0:
        close(m, s, engagement)


@kernel(inline="always", borrows=True)
def close(m: Any, s: Any, engagement: int) -> None:
    """All rounds of an engagement are accounted for: assess if any flew, else free the channel.

    Each order in a row that comes to nothing doubles the wait before the next one at that track.
    """
    order = s.engagements[engagement]
    if order.flew == 1:
        due = s.now[0].time_s + m.settings[0].assessment_delay_s
        push(s.queue, s.now[0], due, EV_ASSESS, engagement, 0)
        return
    s.units[order.guide].channels -= 1
    s.now[0].open_engagements -= 1
    order.next_free = s.now[0].free_engagement
    s.now[0].free_engagement = engagement
    seen = s.picture[order.slot]
    if seen.id == order.track_id:
        wait_s = m.settings[0].decision_period_s * 2.0 ** min(seen.fruitless, FRUITLESS_MOST)
        seen.engaged &= ~(1 << order.unit)
        seen.fruitless += 1
        seen.consider_s = s.now[0].time_s + wait_s


@kernel(borrows=True)
def intercept(m: Any, s: Any, shot: int) -> None:
    """A round meets its target: the kill draw, and the engagement one round nearer its end."""
    mine = s.shots[shot]
    order = s.engagements[mine.engagement]
    target = mine.target
    mine.result = SHOT_MISS
    if target >= 0 and s.threats[target].fate == FLYING and holds(m, s, order.guide, target):
        truth = s.threats[target]
        chance = m.kill_probability[order.missile, m.threats[target].category]
        serial = truth.intercepts
        truth.intercepts += 1
        if named_draw(m, s, target, DRAW_KILL, serial) < chance:
            mine.result = SHOT_KILL
    write_round(
        s.now[0], s.log, LOG_INTERCEPT, target, order.track_id, order.unit, mine.serial,
        float(mine.result), order.missile,
    )  # fmt: skip
    if mine.result == SHOT_KILL:
        kill(m, s, target, order.unit)
        shed(s.debris, m, s, target)
    s.units[order.guide].guided -= 1
    order.flew = 1
    order.open -= 1
    if order.open == 0:
        close(m, s, mine.engagement)


@kernel(inline="always", borrows=True)
def holds(m: Any, s: Any, unit: int, target: int) -> bool:
    """Whether the unit's engagement radar holds the target at this instant."""
    at, part = truth_at(m, s, target, s.now[0].time_s)
    radar = m.units[unit].radar
    return at >= 0 and s.out[radar] == 0 and pd_between(m, radar, at, part) >= 0.0


@kernel(borrows=True)
def assess(m: Any, s: Any, engagement: int) -> None:
    """The verdict on an engagement, right or wrong; the channel is free again."""
    order = s.engagements[engagement]
    s.units[order.guide].channels -= 1
    s.now[0].open_engagements -= 1
    target = order.target
    alive = target >= 0 and s.threats[target].fate == FLYING
    named = target if target >= 0 else s.picture[order.slot].threat
    called_killed = not alive
    if named >= 0:
        # Counted by threat, not by track: a track that is lost and found again starts anew.
        serial = s.threats[named].assessed
        s.threats[named].assessed = serial + 1
        u = named_draw(m, s, named, DRAW_ASSESS, serial)
        if alive:
            called_killed = u < m.settings[0].miss_called_kill
        else:
            called_killed = u >= called_miss(s.debris, m, s, order.guide, named)
    if alive and called_killed:
        s.threats[target].called_killed = 1
    write(
        s.now[0],
        s.log,
        LOG_ASSESSED,
        target,
        order.track_id,
        order.unit,
        order.serial,
        1.0 if called_killed else 0.0,
    )
    seen = s.picture[order.slot]
    if seen.id == order.track_id:
        seen.engaged &= ~(1 << order.unit)
        seen.volleys += 1
        seen.consider_s = s.now[0].time_s
        seen.called_killed = 1 if called_killed else 0
