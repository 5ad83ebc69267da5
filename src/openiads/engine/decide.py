"""Decide: rank the tracks, find who can meet which, order the shots."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.threats import AIRLINER
from openiads.engine.allot import allot, gather, keep
from openiads.engine.book import expected_place, height_m, write
from openiads.engine.engage import named_draw
from openiads.engine.evaluate import score
from openiads.engine.order import free_operators, order_volley, refused
from openiads.engine.sight import in_sight
from openiads.engine.state import CALLED_HOSTILE, CALLED_NEUTRAL, UNNAMED
from openiads.engine.survey import (
    before,
    book_refusal,
    engages_on_remote,
    hold_off,
    note_holders,
    survey,
)
from openiads.engine.world import (
    DRAW_IDENTIFY,
    FEATURES,
    LOG_IDENTIFIED,
    LOG_NEUTRAL,
    NEUTRAL,
    WEAPONS_HOLD,
    WEAPONS_TIGHT,
    WINDOW,
)
from openiads.kernel import kernel

RANKED = 0
"""Code of `CommandPost.assignment` that takes the tracks one after the other."""


@kernel(borrows=True)
def decide(m: Any, s: Any, space: Any, solver: Any) -> None:
    """One assignment cycle of the command post; of each unit by itself where the post has failed.

    A unit on its own shoots at what its own radar sees, and knows of no other unit's shots.
    """
    units = m.units.shape[0]
    if s.now[0].post_out == 0:
        cycle(m, s, space, solver, 0, units)
        return
    for unit in range(units):
        cycle(m, s, space, solver, unit, unit + 1)


@kernel(borrows=True)
def cycle(m: Any, s: Any, space: Any, solver: Any, first: int, last: int) -> None:
    """Rank the tracks that units ``first`` to ``last - 1`` may shoot at; order in that order.

    A command post that assigns by a solver orders for all tracks together instead.
    While none of them has a round and a channel left, a track that is known to wait for one keeps
    waiting: only tracks of which that is not known yet are looked at.
    """
    count = 0
    now_s = s.now[0].time_s
    alone = s.now[0].post_out > 0
    free = anything_free(m, s, first, last)
    remote = engages_on_remote(m, first, last)
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
            book_refusal(m, s, seen.threat, seen.blocked, -1, -1, now_s)
        else:
            if remote:
                note_holders(m, s, slot, now_s, first, last)
            seen.score = score(m, s, slot, now_s)
            s.ranked[count] = slot
            count += 1
    rank(s.picture, s.ranked, count)
    already = s.now[0].ordered_volleys
    s.now[0].n_choices = 0
    if m.settings[0].assignment != RANKED and not alone:
        allot(solver, m, s, space, count, now_s)
        keep(m, s, already)
        return
    logs = s.now[0].log_level > 0 and free and not alone
    if logs:
        gather(m, s, space, count, now_s)
    for k in range(count):
        slot = s.ranked[k]
        if free or s.picture[slot].blocked <= WINDOW:
            assign(m, s, slot, now_s, first, last, k if logs else -1)
            free = free and anything_free(m, s, first, last)
    keep(m, s, already)


@kernel(inline="always", borrows=True)
def is_known_to(m: Any, s: Any, seen: Any, unit: int, now_s: float) -> bool:
    """Whether a unit on its own sees a track with its own radar and has not engaged it."""
    if (seen.engaged >> unit) & 1:
        return False
    radar = m.units[unit].radar
    x, y, z = expected_place(seen, now_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    return s.out[radar] == 0 and in_sight(m, radar, x, y, z, height)


@kernel(inline="always", borrows=True)
def anything_free(m: Any, s: Any, first: int, last: int) -> bool:
    """Whether any of the units could be ordered to fire any missile now."""
    if free_operators(m, s) == 0:
        return False
    for unit in range(first, last):
        if m.units[unit].engage_on_remote == 1:
            return True  # another's channel may do: the survey finds out
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] > 0 and refused(m, s, unit, missile, unit) == 0:
                return True
    return False


@kernel(inline="always", borrows=True)
def is_candidate(m: Any, s: Any, slot: int, now_s: float) -> bool:
    """Whether a track may be shot at by the rules of engagement; names it when that is due."""
    seen = s.picture[slot]
    if seen.firm == 0 or seen.called_killed == 1:
        return False
    if seen.called == UNNAMED and now_s >= seen.identified_s:
        identify(m, s, slot)
    if seen.called == CALLED_NEUTRAL:
        return False
    weapons = weapons_at(m, seen, now_s)
    if weapons == WEAPONS_HOLD or (weapons == WEAPONS_TIGHT and seen.called != CALLED_HOSTILE):
        return False
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        # Debris of one that no track led to is named too; that is no link of its chain.
        if mine.identified_s == math.inf and mine.tracked_s < math.inf:
            mine.identified_s = now_s
            write(s.now[0], s.log, LOG_IDENTIFIED, seen.threat, seen.id, -1, 0, 0.0)
    return True


@kernel(borrows=True)
def identify(m: Any, s: Any, slot: int) -> None:
    """Name a track hostile or neutral, rightly or wrongly; a false track is called hostile.

    What would be named hostile is named neutral where by its features it is an airliner with more
    than ``airliner_probability``.
    """
    seen = s.picture[slot]
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
    if post.classification == FEATURES and s.class_p[slot, AIRLINER] > post.airliner_probability:
        neutral = True
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
def assign(m: Any, s: Any, slot: int, now_s: float, first: int, last: int, rank: int) -> None:
    """Order a volley at a track from the unit and missile that doctrine prefers, if any can.

    ``rank`` is the track's place in a ranking that `gather` has surveyed for the Log, else -1.
    """
    at = s.now[0].n_choices
    end, blocked, by, of, soonest = survey(m, s, slot, now_s, first, last, at, rank)
    if end == at:
        hold_off(m, s, slot, now_s, blocked, by, of, soonest)
        return
    best = at
    for row in range(at + 1, end):
        if before(m, s, row, best):
            best = row
    order_volley(m, s, best)
