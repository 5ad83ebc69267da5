"""Decide: rank the tracks, find who can meet which, order the shots."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.command import threat_score
from openiads.domain.doctrine import may_shoot_again, volley_rounds
from openiads.domain.sensors import above_horizon
from openiads.domain.threats import approach, looks_ballistic
from openiads.engine.book import expected_place, write
from openiads.engine.engage import height_m, time_of_flight_s
from openiads.engine.queue import push
from openiads.engine.world import (
    CHANNEL,
    EV_LAUNCH,
    FLYING,
    LOG_IDENTIFIED,
    LOG_ORDER,
    LOG_REFUSED,
    MAGAZINE,
    SHOT_FLYING,
    WINDOW,
)
from openiads.kernel import kernel

EARLIEST, SMALLEST = 0, 1
MARCH_STEPS = 24
"""Points of a predicted path that are tried for an intercept; refined by bisection afterwards."""


@kernel
def decide(m: Any, s: Any) -> None:
    """One assignment cycle: rank the engageable tracks and order shots in that order."""
    count = 0
    now_s = s.now[0].time_s
    for slot in range(s.now[0].n_slots):
        if is_candidate(m, s, slot, now_s):
            s.picture[slot].score = score(m, s, slot, now_s)
            s.ranked[count] = slot
            count += 1
    rank(s.picture, s.ranked, count)
    for k in range(count):
        assign(m, s, s.ranked[k], now_s)


@kernel(inline="always")
def is_candidate(m: Any, s: Any, slot: int, now_s: float) -> bool:
    """Whether a track may be considered for a shot now; books its identification when due."""
    seen = s.picture[slot]
    if seen.firm == 0 or seen.engagement >= 0 or seen.called_killed == 1:
        return False
    if now_s < seen.identified_s or now_s < seen.consider_s:
        return False
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        if mine.identified_s == math.inf:
            mine.identified_s = seen.identified_s
            write(s.now[0], s.log, LOG_IDENTIFIED, seen.threat, seen.id, -1, 0, 0.0)
    return True


@kernel(inline="always")
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
    return threat_score(value, time_s - (now_s - seen.time_s))


@kernel
def rank(picture: Any, order: Any, count: int) -> None:
    """Sort the slots by falling score, ties by slot, in place (heap sort: no worst case)."""
    for start in range(count // 2 - 1, -1, -1):
        sift(picture, order, start, count)
    for end in range(count - 1, 0, -1):
        order[0], order[end] = order[end], order[0]
        sift(picture, order, 0, end)


@kernel
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


@kernel
def goes_later(picture: Any, a: int, b: int) -> bool:
    """Whether slot ``a`` ranks behind slot ``b``."""
    if picture[a].score != picture[b].score:
        return picture[a].score < picture[b].score
    return a > b


@kernel
def assign(m: Any, s: Any, slot: int, now_s: float) -> None:
    """Order a volley at a track from the unit and missile that doctrine prefers, if any can."""
    seen = s.picture[slot]
    best_unit, best_missile, best_rank, best_time = -1, -1, math.inf, 0.0
    blocked = 0
    for unit in range(m.units.shape[0]):
        base = m.units[unit]
        if not may_shoot_again(base.method, seen.volleys, base.volleys_max):
            continue
        if seen.volleys == 0 and now_s - seen.identified_s > base.decision_window_s:
            continue
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] == 0:
                continue
            met = predicted_intercept_s(m, s, slot, unit, missile, now_s)
            if not math.isfinite(met):
                blocked = max(blocked, WINDOW)
                continue
            if s.units[unit].channels >= m.radars[base.radar].simultaneous_engagements:
                blocked = max(blocked, CHANNEL)
                continue
            if s.units[unit].guided >= m.radars[base.radar].missiles_guided_simultaneously:
                blocked = max(blocked, CHANNEL)
                continue
            if s.stock[unit, missile] <= base.reserve_rounds:
                blocked = max(blocked, MAGAZINE)
                continue
            rank_here = met
            if base.missile_choice == SMALLEST:
                rank_here = m.missiles[missile].range_max_aerodynamic_m
            if rank_here < best_rank:
                best_rank, best_unit, best_missile, best_time = rank_here, unit, missile, met
    if best_unit >= 0:
        order_volley(m, s, slot, best_unit, best_missile, best_time)
        return
    if seen.threat >= 0 and s.threats[seen.threat].fate == FLYING:
        mine = s.threats[seen.threat]
        if blocked > mine.blocked:
            mine.blocked = blocked
            write(s.now[0], s.log, LOG_REFUSED, seen.threat, seen.id, -1, blocked, 0.0)
    seen.consider_s = now_s + wait_s(m, s, slot, blocked, now_s)


@kernel(inline="always")
def wait_s(m: Any, s: Any, slot: int, blocked: int, now_s: float) -> float:
    """How long a track that nobody can shoot at need not be looked at again.

    A track outside every reach cannot be met before it has flown half of the gap; nothing is lost
    by waiting that long. Otherwise the next cycle.
    """
    period = m.settings[0].decision_period_s
    if blocked != WINDOW:
        return period
    seen = s.picture[slot]
    speed = math.sqrt(seen.vx * seen.vx + seen.vy * seen.vy + seen.vz * seen.vz)
    gap = math.inf
    for unit in range(m.units.shape[0]):
        base = m.units[unit]
        away = math.sqrt((seen.x - base.x) ** 2 + (seen.y - base.y) ** 2 + (seen.z - base.z) ** 2)
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] > 0:
                kind = m.missiles[missile]
                gap = min(gap, away - kind.range_max_aerodynamic_m - speed * kind.top_s)
    return max(period, min(0.5 * gap / max(speed, 1.0), 60.0))


@kernel
def predicted_intercept_s(
    m: Any, s: Any, slot: int, unit: int, missile: int, now_s: float
) -> float:
    """Seconds until the missile could meet the track on its predicted course; inf if it cannot.

    The course is straight, or falls under gravity where the track can only be ballistic. The first
    of `MARCH_STEPS` points that the round reaches no later than the track is refined by bisection.
    """
    base, kind, seen = m.units[unit], m.missiles[missile], s.picture[slot]
    x, y, z = expected_place(seen, now_s)
    vx, vy, vz = seen.vx, seen.vy, seen.vz
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    radius = m.settings[0].earth_radius_m
    ballistic = looks_ballistic(speed, height_m(x, y, z, radius))
    if speed > kind.target_speed_max_mps:
        return math.inf
    gravity = m.settings[0].gravity_mps2 if ballistic else 0.0
    reach = kind.range_max_ballistic_m if ballistic else kind.range_max_aerodynamic_m
    reach = min(reach, base.commit_range_max_m)
    begin, end = reach_times_s(x - base.x, y - base.y, z - base.z, vx, vy, vz, reach)
    if ballistic:  # a falling course is not straight: look along all of the flight time
        begin, end = 0.0, kind.top_s
    end = min(end, kind.top_s)
    if begin >= end:
        return math.inf
    delay = m.settings[0].reaction_time_s if seen.volleys == 0 else 0.0
    step = (end - begin) / MARCH_STEPS
    before = begin
    for k in range(MARCH_STEPS + 1):
        after = begin + k * step
        if slack_s(m, unit, missile, ballistic, x, y, z, vx, vy, vz, gravity, after, delay) >= 0.0:
            if k == 0:
                return after
            for _ in range(6):
                middle = 0.5 * (before + after)
                if slack_s(
                    m, unit, missile, ballistic, x, y, z, vx, vy, vz, gravity, middle, delay
                ) >= 0.0:  # fmt: skip
                    after = middle
                else:
                    before = middle
            return after
        before = after
    return math.inf


@kernel
def reach_times_s(
    x: float, y: float, z: float, vx: float, vy: float, vz: float, reach_m: float
) -> tuple[float, float]:
    """(entry, exit) of a straight course through a sphere about the origin; (1, 0) if it misses."""
    a = vx * vx + vy * vy + vz * vz
    b = x * vx + y * vy + z * vz
    c = x * x + y * y + z * z - reach_m * reach_m
    if a < 1e-9:
        return (0.0, math.inf) if c <= 0.0 else (1.0, 0.0)
    root = b * b - a * c
    if root < 0.0:
        return 1.0, 0.0
    root = math.sqrt(root)
    return max(0.0, (-b - root) / a), (-b + root) / a


@kernel(inline="always")
def slack_s(
    m: Any, unit: int, missile: int, ballistic: bool, x: float, y: float, z: float,
    vx: float, vy: float, vz: float, gravity: float, after_s: float, delay_s: float,
) -> float:  # fmt: skip
    """Time to spare if the round leaves after ``delay_s`` and meets the track ``after_s`` from now.

    -inf where the point is outside the envelope, or the engagement radar would not see it.
    """
    base = m.units[unit]
    px, py = x + vx * after_s, y + vy * after_s
    pz = z + vz * after_s - 0.5 * gravity * after_s * after_s
    height = height_m(px, py, pz, m.settings[0].earth_radius_m)
    if not unit_sees(m, base.radar, px, py, pz, height):
        return -math.inf
    flight = time_of_flight_s(m, base, missile, ballistic, px, py, pz, height)
    return after_s - delay_s - flight


@kernel
def unit_sees(m: Any, radar: int, x: float, y: float, z: float, height: float) -> bool:
    """Whether a point lies in the engagement radar's sector, range and line of sight."""
    eye = m.radars[radar]
    dx, dy, dz = x - eye.x, y - eye.y, z - eye.z
    slant = math.sqrt(dx * dx + dy * dy + dz * dz)
    if slant > eye.instrumented_range_m:
        return False
    if eye.sector_rad < 6.28:
        off = math.atan2(dx, dy) - eye.bearing_rad
        off = abs((off + math.pi) % (2.0 * math.pi) - math.pi)
        if off > 0.5 * eye.sector_rad:
            return False
    return above_horizon(slant, eye.height_m, height, m.settings[0].effective_radius_m)


@kernel(inline="always")
def order_volley(m: Any, s: Any, slot: int, unit: int, missile: int, met_s: float) -> None:
    """Take the channel and the rounds of a volley and queue its launches."""
    now = s.now[0]
    base = m.units[unit]
    seen = s.picture[slot]
    engagement = now.n_engagements
    if engagement >= s.engagements.shape[0]:
        s.now[0].overflow |= 4
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
    for k in range(wanted):
        take_round(m, s, engagement, now.time_s + delay + k * base.salvo_interval_s)
    now.n_engagements += 1
    s.units[unit].channels += 1
    seen.engagement = engagement
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        mine.ordered_s = min(mine.ordered_s, now.time_s)
    write(s.now[0], s.log, LOG_ORDER, seen.threat, seen.id, unit, engagement, met_s)


@kernel(inline="always")
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
    shot = s.now[0].n_shots
    if best < 0 or shot >= s.shots.shape[0]:
        s.now[0].overflow |= 4
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
    mine.ordered_s = s.now[0].time_s
    s.now[0].n_shots = shot + 1
    s.now[0].open_shots += 1
    push(s.queue, s.now[0], leaves, EV_LAUNCH, shot, 0)
