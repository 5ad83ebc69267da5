"""Order: what keeps a unit from firing, the volley ordered, and the link that carries it."""

from __future__ import annotations

from typing import Any

from openiads.engine.book import write_round
from openiads.engine.engage import named_draw
from openiads.engine.predict import order_lag_s
from openiads.engine.queue import push
from openiads.engine.state import PLENTY
from openiads.engine.world import (
    CHANNEL,
    DRAW_LINK,
    EV_LAUNCH,
    EV_NOTICE,
    LOG_ORDER,
    LOG_ORDER_LOST,
    MAGAZINE,
    SHOT_FLYING,
)
from openiads.kernel import kernel
from openiads.physics.random import draw


@kernel(inline="always", borrows=True)
def refused(m: Any, s: Any, unit: int, missile: int, guide: int) -> int:
    """The link that keeps a unit from firing a missile it could meet a track with; 0 if none.

    ``guide`` is the unit whose radar would guide it, most often its own.
    """
    eye = m.radars[m.units[guide].radar]
    mine = s.units[guide]
    link = 0
    if s.out[m.units[guide].radar] > 0:
        link = CHANNEL
    elif s.stock[unit, missile] <= m.units[unit].reserve_rounds:
        link = MAGAZINE
    elif (
        mine.channels >= eye.simultaneous_engagements
        or mine.guided >= eye.missiles_guided_simultaneously
    ):
        link = CHANNEL
    return link


@kernel(inline="always", borrows=True)
def free_operators(m: Any, s: Any) -> int:
    """How many operators of the command post are free; no limit where it has none to speak of.

    A unit on its own, where the post has failed, decides without them.
    """
    if m.settings[0].operators == 0 or s.now[0].post_out > 0:
        return PLENTY
    free = 0
    for operator in range(s.operators.shape[0]):
        if s.operators[operator] <= s.now[0].time_s:
            free += 1
    return free


@kernel(inline="always", borrows=True)
def take_operator(m: Any, s: Any) -> None:
    """The first free operator decides on a target, and is busy as long as that takes."""
    if m.settings[0].operators == 0 or s.now[0].post_out > 0:
        return
    for operator in range(s.operators.shape[0]):
        if s.operators[operator] <= s.now[0].time_s:
            s.operators[operator] = s.now[0].time_s + m.settings[0].decision_time_s
            return


@kernel(borrows=True)
def order_volley(m: Any, s: Any, row: int) -> None:
    """Order what row ``row`` of ``s.choices`` says: take the channel and the rounds of a volley.

    The order may be lost on its way; the post then waits for launches that do not come.
    """
    now, way = s.now[0], s.choices[row]
    unit, seen = way.unit, s.picture[way.slot]
    base = m.units[unit]
    engagement = new_engagement(s)
    if engagement < 0:
        return
    wanted = way.rounds
    eye = m.radars[m.units[way.guide].radar]
    free = eye.missiles_guided_simultaneously - s.units[way.guide].guided
    wanted = min(wanted, free, s.stock[unit, way.missile] - base.reserve_rounds)
    lag = order_lag_s(m, s)
    delay = (m.settings[0].reaction_time_s if seen.volleys == 0 else 0.0) + lag
    order = s.engagements[engagement]
    order.slot = way.slot
    order.track_id = seen.id
    order.unit = unit
    order.guide = way.guide
    order.missile = way.missile
    order.open = 0
    order.target = -1
    order.locked = 0
    order.flew = 0
    order.waits_s = 0.0
    take_operator(m, s)
    if is_lost(m, s, seen, unit, order.serial):
        heard = now.time_s + lag + m.settings[0].link_timeout_s
        push(s.queue, s.now[0], heard, EV_NOTICE, engagement, 0)
    else:
        for k in range(wanted):
            leaves = now.time_s + way.spare_s + delay + k * base.salvo_interval_s
            take_round(m, s, engagement, leaves)
    s.units[way.guide].channels += 1
    now.open_engagements += 1
    seen.engaged |= 1 << unit
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        if mine.tracked_s <= now.time_s:
            mine.ordered_s = min(mine.ordered_s, now.time_s)
    mark_taken(s, row)
    write_round(
        s.now[0], s.log, LOG_ORDER, seen.threat, seen.id, unit, order.serial, way.met_s, way.missile
    )


@kernel(borrows=True)
def is_lost(m: Any, s: Any, seen: Any, unit: int, serial: int) -> bool:
    """Whether the link loses an order: a draw named by the threat and how often it was ordered.

    At a false track, by the unit's radar and the order's number. A unit on its own has no link.
    """
    now = s.now[0]
    loss = m.settings[0].link_loss
    if loss <= 0.0 or now.post_out > 0:
        return False
    if seen.threat < 0:
        key = m.radars[m.units[unit].radar].key
        return draw(now.seed, now.replication, key, DRAW_LINK, serial) < loss
    mine = s.threats[seen.threat]
    mine.orders += 1
    return named_draw(m, s, seen.threat, DRAW_LINK, mine.orders - 1) < loss


@kernel(borrows=True)
def notice(m: Any, s: Any, engagement: int) -> None:
    """The post finds that an order was lost: the channel is free, the track open to a new one."""
    now, order = s.now[0], s.engagements[engagement]
    s.units[order.guide].channels -= 1
    now.open_engagements -= 1
    order.next_free = now.free_engagement
    now.free_engagement = engagement
    seen = s.picture[order.slot]
    threat = -1
    if seen.id == order.track_id:
        seen.engaged &= ~(1 << order.unit)
        seen.consider_s = now.time_s
        threat = seen.threat
    write_round(
        s.now[0], s.log, LOG_ORDER_LOST, threat, order.track_id, order.unit, order.serial, 0.0,
        order.missile,
    )  # fmt: skip


@kernel(borrows=True)
def mark_taken(s: Any, row: int) -> None:
    """Mark the way that was ordered in the problem of the cycle, where one is kept."""
    way = s.choices[row]
    way.taken = 1
    for k in range(s.now[0].n_choices):
        held = s.choices[k]
        if held.slot == way.slot and held.unit == way.unit and held.missile == way.missile:
            held.taken = 1


@kernel(inline="always", borrows=True)
def new_engagement(s: Any) -> int:
    """A row for an engagement, with a serial of its own; -1 if there is none."""
    now = s.now[0]
    row, now.free_engagement, now.n_engagements = take_row(
        s.engagements, now.free_engagement, now.n_engagements
    )
    if row < 0:
        now.overflow |= 4
        return -1
    s.engagements[row].serial = now.ordered_volleys
    now.ordered_volleys += 1
    return row


@kernel(inline="always", borrows=True)
def new_shot(s: Any) -> int:
    """A row for a round, with a serial of its own; -1 if there is none."""
    now = s.now[0]
    row, now.free_shot, now.n_shots = take_row(s.shots, now.free_shot, now.n_shots)
    if row < 0:
        now.overflow |= 4
        return -1
    s.shots[row].serial = now.ordered_rounds
    now.ordered_rounds += 1
    return row


@kernel(borrows=True)
def take_row(rows: Any, free: int, used: int) -> tuple[int, int, int]:
    """(row, first of the free list, rows used): a free one, else a fresh one, else -1."""
    if free >= 0:
        return free, rows[free].next_free, used
    if used < rows.shape[0]:
        return used, free, used + 1
    return -1, free, used


@kernel(inline="always", borrows=True)
def take_round(m: Any, s: Any, engagement: int, earliest_s: float) -> None:
    """Take one round from the launcher that is ready first, and queue its launch."""
    order = s.engagements[engagement]
    base = m.units[order.unit]
    best = -1
    for k in range(base.first_launcher, base.first_launcher + base.n_launchers):
        if m.launchers[k].missile != order.missile or s.launchers[k].rounds <= 0:
            continue
        if best < 0 or s.launchers[k].ready_s < s.launchers[best].ready_s:
            best = k
    shot = new_shot(s) if best >= 0 else -1
    if shot < 0:
        return
    leaves = max(earliest_s, s.launchers[best].ready_s)
    s.launchers[best].ready_s = leaves + m.launchers[best].launch_interval_s
    s.launchers[best].rounds -= 1
    s.stock[order.unit, order.missile] -= 1
    s.units[order.guide].guided += 1
    order.open += 1
    mine = s.shots[shot]
    mine.engagement = engagement
    mine.launcher = best
    mine.target = -1
    mine.result = SHOT_FLYING
    mine.waited_s = 0.0
    mine.ordered_s = s.now[0].time_s
    push(s.queue, s.now[0], leaves, EV_LAUNCH, shot, 0)
