"""Fate: what arrives may destroy what it was aimed at; radars fall silent before what homes.

Whatever can be aimed at has a number: assets first, then radars in their order (a fire unit is its
engagement radar), the command post last. What is destroyed stays so to the end of
the replication: a radar sees and guides nothing, a fire unit's rounds are lost with it, a command
post leaves its units to themselves, an asset is counted.
"""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.book import expected_place, leak, write
from openiads.engine.engage import named_draw
from openiads.engine.queue import push
from openiads.engine.world import (
    DRAW_STRIKE,
    EV_EMIT,
    FLYING,
    KILLED,
    LEAKED,
    LOG_EMITS,
    LOG_OUT,
    LOG_PASSED,
    LOG_SILENT,
    LOG_STRUCK,
    PASSED,
)
from openiads.kernel import kernel

HOMING_BASKET_M = 3e3
"""A track threatens a radar where its course, on the ground, leads this near (assumed: some times
the error of a course over the half minute that is left)."""

HOMING_SPEED_MPS = 400.0
"""Slower tracks silence no radar (assumed: aircraft cruise below it, what homes flies above)."""

NO_RADAR, POST = -1, -2
"""What a site is that is no radar: an asset, or the command post."""

GOES_ON, GOES_OFF = 0, 1
"""What an event `EV_EMIT` does to a radar."""


@kernel(inline="always", borrows=True)
def first_radar(m: Any) -> int:
    """The number of the first radar among the sites: how many assets there are."""
    return m.settings[0].sites - 1 - m.radars.shape[0]


@kernel(inline="always", borrows=True)
def radar_of(m: Any, site: int) -> int:
    """The row of the radar that a site is; `NO_RADAR` for an asset, `POST` for the post."""
    if site == m.settings[0].sites - 1:
        return POST
    return max(NO_RADAR, site - first_radar(m))


@kernel(borrows=True)
def arrive(m: Any, s: Any, threat: int) -> None:
    """A threat comes to the end of its path; a leaker may destroy what it was aimed at."""
    if s.threats[threat].fate != FLYING:
        return
    leak(m, s, threat)
    site = m.threats[threat].site
    if s.threats[threat].fate != LEAKED or site < 0:
        return
    # A draw of its own name: it moves no other draw, whether or not anything depends on it.
    u = named_draw(m, s, threat, DRAW_STRIKE, 0)
    destroyed = s.sites[site].lost_s == math.inf and u < hit_chance(m, s, threat, site)
    write(s.now[0], s.log, LOG_STRUCK, threat, -1, -1, site, 1.0 if destroyed else 0.0)
    if destroyed:
        destroy(m, s, site)


@kernel(borrows=True)
def hit_chance(m: Any, s: Any, threat: int, site: int) -> float:
    """Probability that a leaker destroys the site that it reached.

    lethality, and for what homes on a radar: times ``silent_share`` where the radar has been silent
    through the last ``homing_s`` seconds, and over 1 + n for n emitting decoys beside it, which
    draw off their equal shares (assumed: none looks more like the radar than another).
    """
    row = m.threats[threat]
    chance = row.lethality
    radar = radar_of(m, site)
    if row.homing_s <= 0.0 or radar < 0:
        return chance
    mine = s.sites[site]
    off = s.out[radar] > 0
    if mine.silent == 1:
        off = s.now[0].time_s - mine.silent_s >= row.homing_s
    if off:
        chance *= row.silent_share
    return chance / (1.0 + m.radars[radar].emitting_decoys)


@kernel(borrows=True)
def destroy(m: Any, s: Any, site: int) -> None:
    """Put a site out of order for the rest of the replication."""
    radar = radar_of(m, site)
    s.sites[site].lost_s = s.now[0].time_s
    if radar == POST:
        s.now[0].post_out += 1
        write(s.now[0], s.log, LOG_OUT, -1, -1, -1, -1, 0.0)
    elif radar >= 0:
        s.out[radar] += 1
        write(s.now[0], s.log, LOG_OUT, -1, -1, radar, -1, 0.0)
        if m.radars[radar].unit >= 0:
            lose_rounds(m, s, m.radars[radar].unit)


@kernel(borrows=True)
def lose_rounds(m: Any, s: Any, unit: int) -> None:
    """A fire unit is destroyed with what its launchers hold; rounds in flight fly on, unguided."""
    s.units[unit].lost = 1
    for missile in range(m.missiles.shape[0]):
        s.stock[unit, missile] = 0
    for k in range(m.launchers.shape[0]):
        if m.launchers[k].unit != unit:
            continue
        mine = s.launchers[k]
        s.now[0].rounds_lost += mine.rounds + mine.reloads * m.launchers[k].rounds
        mine.rounds = mine.reloads = 0


@kernel(borrows=True)
def blink(m: Any, s: Any) -> None:
    """Silence the radars that must fear what comes at them."""
    for radar in range(m.radars.shape[0]):
        eye = m.radars[radar]
        if eye.silent_below_s <= 0.0 or s.out[radar] > 0:
            continue
        if is_threatened(m, s, radar):
            fall_silent(m, s, radar)
            push_emission(m, s, radar, eye.silent_for_s, GOES_ON)


@kernel(borrows=True)
def is_threatened(m: Any, s: Any, radar: int) -> bool:
    """Whether a fast firm track leads to the radar within `Radar.silent_below_s`.

    Only what the picture says counts: course, speed and time to go on the ground, not the truth.
    """
    eye = m.radars[radar]
    for slot in range(s.now[0].n_slots):
        seen = s.picture[slot]
        speed2 = seen.vx * seen.vx + seen.vy * seen.vy
        if seen.firm == 0 or speed2 < HOMING_SPEED_MPS * HOMING_SPEED_MPS:
            continue
        x, y, _ = expected_place(seen, s.now[0].time_s)
        dx, dy = eye.x - x, eye.y - y
        to_go_s = (dx * seen.vx + dy * seen.vy) / speed2
        if to_go_s < 0.0 or to_go_s > eye.silent_below_s:
            continue
        aside = (dx - seen.vx * to_go_s) ** 2 + (dy - seen.vy * to_go_s) ** 2
        if aside < HOMING_BASKET_M * HOMING_BASKET_M:
            return True
    return False


@kernel(borrows=True)
def emit(m: Any, s: Any, radar: int, change: int) -> None:
    """A silent radar is due to radiate again, or one on a rhythm to fall silent.

    One that is still threatened then waits a decision period more.
    """
    eye, mine = m.radars[radar], s.sites[first_radar(m) + radar]
    if mine.lost_s < math.inf:
        return
    if change == GOES_OFF:
        fall_silent(m, s, radar)
        push_emission(m, s, radar, eye.rhythm_off_s, GOES_ON)
    elif eye.silent_below_s > 0.0 and is_threatened(m, s, radar):
        push_emission(m, s, radar, m.settings[0].decision_period_s, GOES_ON)
    else:
        mine.silent = 0
        s.out[radar] -= 1
        write(s.now[0], s.log, LOG_EMITS, -1, -1, radar, 0, 0.0)
        if eye.rhythm_off_s > 0.0:
            push_emission(m, s, radar, eye.rhythm_on_s, GOES_OFF)


@kernel(inline="always", borrows=True)
def fall_silent(m: Any, s: Any, radar: int) -> None:
    """A radar stops radiating: it sees nothing and guides nothing, as one that is out of order."""
    mine = s.sites[first_radar(m) + radar]
    mine.silent, mine.silent_s = 1, s.now[0].time_s
    s.out[radar] += 1
    write(s.now[0], s.log, LOG_SILENT, -1, -1, radar, 0, 0.0)


@kernel(inline="always", borrows=True)
def push_emission(m: Any, s: Any, radar: int, after_s: float, change: int) -> None:
    """Queue a radar's next change of emission, where the scenario lasts that long."""
    due = s.now[0].time_s + after_s
    if due <= m.settings[0].duration_s:
        push(s.queue, s.now[0], due, EV_EMIT, radar, change)


@kernel(inline="always", borrows=True)
def stand(m: Any, s: Any) -> None:
    """Everything stands and radiates at the beginning; rhythms start with their time on."""
    s.now[0].rounds_lost = 0
    for site in range(s.sites.shape[0]):
        s.sites[site].lost_s = s.sites[site].silent_s = math.inf
        s.sites[site].silent = 0
    for unit in range(m.units.shape[0]):
        s.units[unit].lost = 0
    for radar in range(m.radars.shape[0]):
        if m.radars[radar].rhythm_off_s > 0.0:
            push_emission(m, s, radar, m.radars[radar].rhythm_on_s, GOES_OFF)


@kernel(borrows=True)
def released(m: Any, s: Any, threat: int) -> bool:
    """Whether what a missile leaves behind is left: not where the missile was shot down before.

    What is never released never flies. It is booked as passed, with 1 as the line's value.
    """
    parent = m.threats[threat].parent
    if parent < 0 or s.threats[parent].fate != KILLED:
        return True
    mine = s.threats[threat]
    mine.fate = PASSED
    mine.ended_s = s.now[0].time_s
    s.now[0].unresolved -= 1
    write(s.now[0], s.log, LOG_PASSED, threat, -1, -1, 0, 1.0)
    return False
