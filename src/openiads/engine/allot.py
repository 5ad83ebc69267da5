"""Allot: the tracks of a cycle and the free volleys, put together by a solver; and what is kept.

The problem of a cycle is every way in which each of its tracks could be shot at now (`survey`).
A post that ranks its tracks needs it for the Log only, which says what was done and what might have
been; a post with a solver chooses by it.
"""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.order import free_operators, order_volley, refused
from openiads.engine.state import PLENTY
from openiads.engine.survey import before, hold_off, survey
from openiads.engine.world import OPERATOR, WINDOW
from openiads.kernel import kernel
from openiads.physics.slot_assignment import slots_solve

PREFERENCE = 1e-9
"""Share of a gain that each way preferred by doctrine is worth: it decides ties and no more."""


@kernel(borrows=True)
def allot(solver: Any, m: Any, s: Any, space: Any, count: int, now_s: float) -> None:
    """One cycle of a post with a solver: gather all ways, solve, order in the order of urgency."""
    if solver is None:
        return
    limits(m, s, space)
    units = m.units.shape[0]
    room = s.choices.shape[0] - units * m.missiles.shape[0]
    rows = targets = 0
    for k in range(count):
        slot = s.ranked[k]
        if rows > room:  # the rest wait for the next cycle
            break
        end, blocked, by, of, soonest = survey(m, s, slot, now_s, 0, units, rows, -1)
        if end == rows:
            hold_off(m, s, slot, now_s, blocked, by, of, soonest)
            continue
        space.first[targets] = rows
        pose(m, s, space, targets, rows, end)
        targets += 1
        rows = end
    space.first[targets] = rows
    most = free_operators(m, s)
    if targets == 0 or most == 0:
        return
    s.now[0].n_choices = rows
    frees(m, s, space, rows, most)
    slots_solve(m.settings[0].assignment, space, targets, most)
    for t in range(targets):
        row = space.chosen[t]
        if row >= 0 and still_free(m, s, row):
            order_volley(m, s, row)
            space.chosen[t] = -2
    for t in range(targets):
        if space.chosen[t] != -2:
            turn_away(m, s, space.first[t], space.first[t + 1], now_s)


@kernel(borrows=True)
def pose(m: Any, s: Any, space: Any, target: int, begin: int, end: int) -> None:
    """The rows of one track in the solver's terms: gain = threat value x kill probability.

    Ways of equal gain go by the doctrine's preference, and the same round by the earlier row.
    """
    missiles = m.missiles.shape[0]
    for row in range(begin, end):
        way = s.choices[row]
        better = 0
        for other in range(begin, end):
            if before(m, s, other, row) or (other < row and not before(m, s, row, other)):
                better += 1
        space.target[row] = target
        space.pair[row] = way.unit * missiles + way.missile
        space.gain[row] = way.threat_value * way.kill * (1.0 - PREFERENCE * better)


@kernel(borrows=True)
def limits(m: Any, s: Any, space: Any) -> None:
    """Volleys that each unit and each kind of its rounds can give now.

    Counted in first volleys; the last one may be short of rounds, as doctrine allows. A unit that
    engages on remote is given the channels of all: each order asks again whether they are free.
    """
    missiles = m.missiles.shape[0]
    for unit in range(m.units.shape[0]):
        base = m.units[unit]
        volley = max(base.first_salvo, 1)
        free = 0
        for guide in range(m.units.shape[0]):
            if guide == unit or base.engage_on_remote == 1:
                free += free_volleys(m, s, guide, volley)
        space.unit_free[unit] = free
        for missile in range(missiles):
            stock = max(s.stock[unit, missile] - base.reserve_rounds, 0)
            space.pair_unit[unit * missiles + missile] = unit
            space.pair_free[unit * missiles + missile] = (stock + volley - 1) // volley


@kernel(borrows=True)
def free_volleys(m: Any, s: Any, guide: int, volley: int) -> int:
    """Volleys that the engagement radar of a unit could guide beside those that it guides."""
    eye = m.radars[m.units[guide].radar]
    if s.out[m.units[guide].radar] > 0:
        return 0
    channels = eye.simultaneous_engagements - s.units[guide].channels
    guided = eye.missiles_guided_simultaneously - s.units[guide].guided
    return max(min(channels, (guided + volley - 1) // volley), 0)


@kernel(borrows=True)
def frees(m: Any, s: Any, space: Any, rows: int, most: int) -> None:
    """Write beside each way what its unit, its round and the post could give in this cycle."""
    missiles = m.missiles.shape[0]
    for row in range(rows):
        way = s.choices[row]
        way.cycle = s.now[0].cycle
        way.pair_free = space.pair_free[way.unit * missiles + way.missile]
        way.unit_free = space.unit_free[way.unit]
        way.most = min(most, PLENTY)


@kernel(borrows=True)
def still_free(m: Any, s: Any, row: int) -> bool:
    """Whether the orders before have left what this one takes."""
    way = s.choices[row]
    return refused(m, s, way.unit, way.missile, way.guide) == 0 and free_operators(m, s) > 0


@kernel(borrows=True)
def turn_away(m: Any, s: Any, begin: int, end: int, now_s: float) -> None:
    """A track that could be met and got nothing: what was taken by others is what refused it."""
    blocked, by, of = WINDOW, -1, -1
    for row in range(begin, end):
        way = s.choices[row]
        link = refused(m, s, way.unit, way.missile, way.guide)
        if link == 0 and free_operators(m, s) == 0:
            link = OPERATOR
        if link > blocked:
            blocked, by, of = link, way.unit, way.missile
    hold_off(m, s, s.choices[begin].slot, now_s, blocked, by, of, math.inf)


@kernel(borrows=True)
def gather(m: Any, s: Any, space: Any, count: int, now_s: float) -> None:
    """The problem of a cycle of a ranking post, for the Log; nothing else changes.

    A cycle of more ways than there is room for is left out, and counted if it orders anything.
    """
    units = m.units.shape[0]
    room = s.choices.shape[0] - units * m.missiles.shape[0]
    rows = 0
    for k in range(count):
        if rows + units * m.missiles.shape[0] > room:
            return
        rows, _, _, _, _ = survey(m, s, s.ranked[k], now_s, 0, units, rows, k)
    limits(m, s, space)
    frees(m, s, space, rows, free_operators(m, s))
    s.now[0].n_choices = rows


@kernel(borrows=True)
def keep(m: Any, s: Any, already: int) -> None:
    """Keep the problem of a cycle that has ordered anything, where the replication has a Log."""
    now = s.now[0]
    rows = now.n_choices
    now.n_choices = 0
    if now.log_level == 0 or now.post_out > 0 or now.ordered_volleys == already:
        return
    if rows == 0 or now.n_kept + rows > s.kept.shape[0]:
        now.cycles_left_out += 1
        return
    for row in range(rows):
        s.kept[now.n_kept + row] = s.choices[row]
    now.n_kept += rows
    now.cycle += 1
