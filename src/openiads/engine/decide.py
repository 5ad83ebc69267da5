"""Decide: rank the tracks, find who can meet which, order the shots."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.command import threat_score
from openiads.domain.doctrine import may_shoot_again, volley_rounds
from openiads.domain.threats import approach
from openiads.engine.book import expected_place, write
from openiads.engine.engage import height_m, named_draw
from openiads.engine.predict import predicted_intercept_s, unit_sees
from openiads.engine.queue import push
from openiads.engine.state import CALLED_HOSTILE, CALLED_NEUTRAL, UNNAMED
from openiads.engine.world import (
    CHANNEL,
    DRAW_IDENTIFY,
    EV_LAUNCH,
    FLYING,
    LOG_IDENTIFIED,
    LOG_NEUTRAL,
    LOG_ORDER,
    LOG_REFUSED,
    MAGAZINE,
    NEUTRAL,
    SHOT_FLYING,
    WEAPONS_HOLD,
    WEAPONS_TIGHT,
    WINDOW,
)
from openiads.kernel import kernel

EARLIEST, SMALLEST = 0, 1

PATIENCE = 3.0
"""Decision cycles after which a track that nobody can meet is looked at again."""


@kernel(borrows=True)
def decide(m: Any, s: Any) -> None:
    """One assignment cycle of the command post; of each unit by itself where the post has failed.

    A unit on its own shoots at what its own radar sees, and knows of no other unit's shots.
    """
    units = m.units.shape[0]
    if s.now[0].post_out == 0:
        cycle(m, s, 0, units)
        return
    for unit in range(units):
        cycle(m, s, unit, unit + 1)


@kernel(borrows=True)
def cycle(m: Any, s: Any, first: int, last: int) -> None:
    """Rank the tracks that units ``first`` to ``last - 1`` may shoot at; order in that order.

    While none of them has a round and a channel left, a track that is known to wait for one keeps
    waiting: only tracks of which that is not known yet are looked at.
    """
    count = 0
    now_s = s.now[0].time_s
    alone = s.now[0].post_out > 0
    free = anything_free(m, s, first, last)
    for slot in range(s.now[0].n_slots):
        if not is_candidate(m, s, slot, now_s):
            continue
        seen = s.picture[slot]
        if alone:
            if not is_known_to(m, s, seen, first, now_s):
                continue
        elif seen.engaged != 0 or now_s < seen.consider_s:
            continue
        if not free and seen.blocked > WINDOW:
            book_refusal(m, s, seen.threat, seen.blocked, now_s)
        else:
            seen.score = score(m, s, slot, now_s)
            s.ranked[count] = slot
            count += 1
    rank(s.picture, s.ranked, count)
    for k in range(count):
        slot = s.ranked[k]
        if free or s.picture[slot].blocked <= WINDOW:
            assign(m, s, slot, now_s, first, last)
            free = free and anything_free(m, s, first, last)


@kernel(inline="always", borrows=True)
def is_known_to(m: Any, s: Any, seen: Any, unit: int, now_s: float) -> bool:
    """Whether a unit on its own sees a track with its own radar and has not engaged it."""
    if (seen.engaged >> unit) & 1:
        return False
    radar = m.units[unit].radar
    x, y, z = expected_place(seen, now_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    return s.out[radar] == 0 and unit_sees(m, radar, x, y, z, height)


@kernel(inline="always", borrows=True)
def anything_free(m: Any, s: Any, first: int, last: int) -> bool:
    """Whether any of the units could order any missile now."""
    for unit in range(first, last):
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] > 0 and refused(m, s, unit, missile) == 0:
                return True
    return False


@kernel(inline="always", borrows=True)
def is_candidate(m: Any, s: Any, slot: int, now_s: float) -> bool:
    """Whether a track may be shot at by the rules of engagement; names it when that is due."""
    seen = s.picture[slot]
    if seen.firm == 0 or seen.called_killed == 1:
        return False
    if seen.called == UNNAMED and now_s >= seen.identified_s:
        identify(m, s, seen)
    if seen.called == CALLED_NEUTRAL:
        return False
    weapons = weapons_at(m, seen, now_s)
    if weapons == WEAPONS_HOLD or (weapons == WEAPONS_TIGHT and seen.called != CALLED_HOSTILE):
        return False
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        if mine.identified_s == math.inf:
            mine.identified_s = now_s
            write(s.now[0], s.log, LOG_IDENTIFIED, seen.threat, seen.id, -1, 0, 0.0)
    return True


@kernel(borrows=True)
def identify(m: Any, s: Any, seen: Any) -> None:
    """Name a track hostile or neutral, rightly or wrongly; a false track is called hostile."""
    seen.called = CALLED_HOSTILE
    threat = seen.threat
    if threat < 0:
        return
    post = m.settings[0]
    neutral = m.threats[threat].side == NEUTRAL
    error = post.neutral_called_hostile if neutral else post.hostile_called_neutral
    if error > 0.0:
        # By threat, not by track: one that is lost and found again is asked anew.
        serial = s.threats[threat].named
        s.threats[threat].named = serial + 1
        if named_draw(m, s, threat, DRAW_IDENTIFY, serial) < error:
            neutral = not neutral
    if neutral:
        seen.called = CALLED_NEUTRAL
        write(s.now[0], s.log, LOG_NEUTRAL, threat, seen.id, -1, 0, 0.0)


@kernel(inline="always", borrows=True)
def weapons_at(m: Any, seen: Any, now_s: float) -> int:
    """What the first rule that applies to a track's place and time allows; tight if none does."""
    for k in range(m.rules.shape[0]):
        rule = m.rules[k]
        if now_s < rule.begin_s or now_s >= rule.end_s:
            continue
        x, y, _ = expected_place(seen, now_s)
        if (x - rule.x) ** 2 + (y - rule.y) ** 2 <= rule.radius_m * rule.radius_m:
            return int(rule.weapons)
    return WEAPONS_TIGHT


@kernel(inline="always", borrows=True)
def score(m: Any, s: Any, slot: int, now_s: float) -> float:
    """Urgency of a track: the value of the asset that it passes nearest, over the time to it."""
    seen = s.picture[slot]
    least = math.inf
    value = 0.0
    time_s = 0.0
    for k in range(m.assets.shape[0]):
        asset = m.assets[k]
        when, miss = approach(
            seen.x, seen.y, seen.z, seen.vx, seen.vy, seen.vz, asset.x, asset.y, asset.z
        )
        if miss < least:
            least, value, time_s = miss, asset.value, when
    seen.to_go_s = time_s - (now_s - seen.time_s)
    return threat_score(value, seen.to_go_s)


@kernel(borrows=True)
def rank(picture: Any, order: Any, count: int) -> None:
    """Sort the slots by falling score, ties by slot, in place (heap sort: no worst case)."""
    for start in range(count // 2 - 1, -1, -1):
        sift(picture, order, start, count)
    for end in range(count - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift(picture, order, 0, end)


@kernel(borrows=True)
def sift(picture: Any, order: Any, at: int, count: int) -> None:
    """Move one entry down until both below it come before it in the wanted order."""
    while True:
        child = 2 * at + 1
        if child >= count:
            return
        if child + 1 < count and goes_later(picture, order[child + 1], order[child]):
            child += 1
        if not goes_later(picture, order[child], order[at]):
            return
        order[at], order[child] = order[child], order[at]
        at = child


@kernel(borrows=True)
def goes_later(picture: Any, a: int, b: int) -> bool:
    """Whether slot ``a`` ranks behind slot ``b``."""
    if picture[a].score != picture[b].score:
        return picture[a].score < picture[b].score
    return a > b


@kernel(borrows=True)
def assign(m: Any, s: Any, slot: int, now_s: float, first: int, last: int) -> None:
    """Order a volley at a track from the unit and missile that doctrine prefers, if any can."""
    seen = s.picture[slot]
    period = m.settings[0].decision_period_s
    best_unit, best_missile, best_rank, best_spare, best_met = -1, -1, math.inf, 0.0, 0.0
    blocked = 0
    soonest = math.inf
    for unit in range(first, last):
        base = m.units[unit]
        if not may_shoot_again(base.method, seen.volleys, base.volleys_max):
            continue
        if seen.volleys == 0 and now_s - seen.identified_s > base.decision_window_s:
            continue
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] == 0:
                continue
            refusal = refused(m, s, unit, missile)
            if refusal != 0 and refusal <= seen.blocked:
                blocked = max(blocked, refusal)  # that it could be met is known from before
                continue
            met, spare = predicted_intercept_s(m, s, slot, unit, missile, now_s)
            if not math.isfinite(met):
                blocked = max(blocked, WINDOW)
                continue
            if spare > period:
                soonest = min(soonest, spare)
                continue
            if refusal != 0:
                blocked = max(blocked, refusal)
                continue
            rank_here = met
            if base.missile_choice == SMALLEST:
                rank_here = m.missiles[missile].range_max_aerodynamic_m
            if rank_here < best_rank:
                best_rank, best_unit, best_missile = rank_here, unit, missile
                best_spare, best_met = spare, met
    if best_unit >= 0:
        order_volley(m, s, slot, best_unit, best_missile, best_spare, best_met)
        return
    seen.blocked = max(seen.blocked, blocked)
    if soonest == math.inf:
        book_refusal(m, s, seen.threat, blocked, now_s)
    if soonest == math.inf and seen.threat >= 0 and s.threats[seen.threat].fate == FLYING:
        mine = s.threats[seen.threat]
        if blocked > mine.blocked:
            mine.blocked = blocked
            write(s.now[0], s.log, LOG_REFUSED, seen.threat, seen.id, -1, blocked, 0.0)
    wait = period if blocked > WINDOW else PATIENCE * period
    # A course changes: look again when half of the time to the window has gone.
    seen.consider_s = now_s + max(period, min(wait if soonest == math.inf else 0.5 * soonest, 60.0))


@kernel(inline="always", borrows=True)
def book_refusal(m: Any, s: Any, threat: int, blocked: int, now_s: float) -> None:
    """Book what keeps another volley from a threat that was missed, while there is time for one."""
    if threat < 0 or blocked <= WINDOW:
        return
    mine = s.threats[threat]
    in_time = now_s <= mine.started_s + m.threats[threat].last_chance_s
    if mine.shots > 0 and in_time and blocked > mine.again:
        mine.again = blocked
        write(s.now[0], s.log, LOG_REFUSED, threat, -1, -1, blocked, 0.0)


@kernel(inline="always", borrows=True)
def refused(m: Any, s: Any, unit: int, missile: int) -> int:
    """The link that keeps a unit from firing a missile it could meet a track with; 0 if none."""
    eye = m.radars[m.units[unit].radar]
    mine = s.units[unit]
    link = 0
    if s.out[m.units[unit].radar] > 0:
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
def order_volley(
    m: Any, s: Any, slot: int, unit: int, missile: int, spare_s: float, met_s: float
) -> None:
    """Take the channel and the rounds of a volley and queue its launches."""
    now = s.now[0]
    base = m.units[unit]
    seen = s.picture[slot]
    engagement = new_engagement(s)
    if engagement < 0:
        return
    wanted = volley_rounds(seen.volleys, base.first_salvo, base.later_salvo)
    free = m.radars[base.radar].missiles_guided_simultaneously - s.units[unit].guided
    wanted = min(wanted, free, s.stock[unit, missile] - base.reserve_rounds)
    delay = m.settings[0].reaction_time_s if seen.volleys == 0 else 0.0
    order = s.engagements[engagement]
    order.slot = slot
    order.track_id = seen.id
    order.unit = unit
    order.missile = missile
    order.open = 0
    order.target = -1
    order.locked = 0
    order.flew = 0
    order.waits_s = 0.0
    for k in range(wanted):
        leaves = now.time_s + spare_s + delay + k * base.salvo_interval_s
        take_round(m, s, engagement, leaves)
    s.units[unit].channels += 1
    now.open_engagements += 1
    seen.engaged |= 1 << unit
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        mine.ordered_s = min(mine.ordered_s, now.time_s)
    write(s.now[0], s.log, LOG_ORDER, seen.threat, seen.id, unit, order.serial, met_s)


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
    s.units[order.unit].guided += 1
    order.open += 1
    mine = s.shots[shot]
    mine.engagement = engagement
    mine.launcher = best
    mine.target = -1
    mine.result = SHOT_FLYING
    mine.waited_s = 0.0
    mine.ordered_s = s.now[0].time_s
    push(s.queue, s.now[0], leaves, EV_LAUNCH, shot, 0)
