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

BALLISTIC_LOOK_AHEAD_S = 240.0
"""How far ahead a falling course is followed (assumed: longer than the flight of any round)."""

MARCH_STEPS = 16
"""Points of a predicted path that are tried for an intercept; refined by bisection afterwards."""

REFINE_STEPS = 8
"""Bisections between a point that cannot be met and the next that can."""

PATIENCE = 3.0
"""Decision cycles after which a track that nobody can meet is looked at again."""


@kernel(borrows=True)
def decide(m: Any, s: Any) -> None:
    """One assignment cycle: rank the engageable tracks and order shots in that order.

    While no unit has a round and a channel left, a track that is known to wait for one keeps
    waiting: only tracks of which that is not known yet are looked at.
    """
    count = 0
    now_s = s.now[0].time_s
    free = anything_free(m, s)
    for slot in range(s.now[0].n_slots):
        if is_candidate(m, s, slot, now_s) and (free or s.picture[slot].blocked <= WINDOW):
            s.picture[slot].score = score(m, s, slot, now_s)
            s.ranked[count] = slot
            count += 1
    rank(s.picture, s.ranked, count)
    for k in range(count):
        slot = s.ranked[k]
        if free or s.picture[slot].blocked <= WINDOW:
            assign(m, s, slot, now_s)
            free = free and anything_free(m, s)


@kernel(inline="always", borrows=True)
def anything_free(m: Any, s: Any) -> bool:
    """Whether any unit could order any missile now."""
    for unit in range(m.units.shape[0]):
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] > 0 and refused(m, s, unit, missile) == 0:
                return True
    return False


@kernel(inline="always", borrows=True)
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
def assign(m: Any, s: Any, slot: int, now_s: float) -> None:
    """Order a volley at a track from the unit and missile that doctrine prefers, if any can."""
    seen = s.picture[slot]
    period = m.settings[0].decision_period_s
    best_unit, best_missile, best_rank, best_spare, best_met = -1, -1, math.inf, 0.0, 0.0
    blocked = 0
    soonest = math.inf
    for unit in range(m.units.shape[0]):
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
    if soonest == math.inf and seen.threat >= 0 and s.threats[seen.threat].fate == FLYING:
        mine = s.threats[seen.threat]
        if blocked > mine.blocked:
            mine.blocked = blocked
            write(s.now[0], s.log, LOG_REFUSED, seen.threat, seen.id, -1, blocked, 0.0)
    wait = period if blocked > WINDOW else PATIENCE * period
    # A course changes: look again when half of the time to the window has gone.
    seen.consider_s = now_s + max(period, min(wait if soonest == math.inf else 0.5 * soonest, 60.0))


@kernel(inline="always", borrows=True)
def refused(m: Any, s: Any, unit: int, missile: int) -> int:
    """The link that keeps a unit from firing a missile it could meet a track with; 0 if none."""
    eye = m.radars[m.units[unit].radar]
    mine = s.units[unit]
    link = 0
    if s.stock[unit, missile] <= m.units[unit].reserve_rounds:
        link = MAGAZINE
    elif (
        mine.channels >= eye.simultaneous_engagements
        or mine.guided >= eye.missiles_guided_simultaneously
    ):
        link = CHANNEL
    return link


@kernel(borrows=True)
def predicted_intercept_s(
    m: Any, s: Any, slot: int, unit: int, missile: int, now_s: float
) -> tuple[float, float]:
    """(seconds until the missile can meet the track, seconds to spare before it must leave).

    (inf, 0) if it never can on the predicted course, which is straight, or falls under gravity
    where the track can only be ballistic. The course is followed from its entry into reach to the
    asset at risk. At the first of `MARCH_STEPS` points inside the envelope and in sight, refined by
    bisection, the round may be early: then the launch can wait for the time to spare. Where it
    would be late, the first later point that it reaches in time is taken.
    """
    base, kind, seen = m.units[unit], m.missiles[missile], s.picture[slot]
    x, y, z = expected_place(seen, now_s)
    vx, vy, vz = seen.vx, seen.vy, seen.vz
    speed = math.sqrt(vx * vx + vy * vy + vz * vz)
    if speed > kind.target_speed_max_mps:
        return math.inf, 0.0
    ballistic = looks_ballistic(speed, height_m(x, y, z, m.settings[0].earth_radius_m))
    gravity = m.settings[0].gravity_mps2 if ballistic else 0.0
    reach = kind.range_max_ballistic_m if ballistic else kind.range_max_aerodynamic_m
    reach = min(reach, base.commit_range_max_m)
    begin, end = reach_times_s(x - base.x, y - base.y, z - base.z, vx, vy, vz, reach)
    if ballistic:  # a falling course is not straight: look along all of it
        begin, end = 0.0, BALLISTIC_LOOK_AHEAD_S
    end = min(end, max(seen.to_go_s, begin + 1.0))
    if begin >= end:
        return math.inf, 0.0
    if not ballistic and too_low(m, x, y, z, vx, vy, vz, begin, end, kind.altitude_min_m):
        return math.inf, 0.0
    delay = m.settings[0].reaction_time_s if seen.volleys == 0 else 0.0
    step = (end - begin) / MARCH_STEPS
    before, before_spare = begin, -math.inf
    for k in range(MARCH_STEPS + 1):
        after = begin + k * step
        spare = slack_s(m, unit, missile, ballistic, x, y, z, vx, vy, vz, gravity, after, delay)
        if k > 0 and (
            (spare > -math.inf and before_spare == -math.inf)
            or (spare > 0.0 and before_spare < 0.0)
        ):
            # Entry into the envelope, or the moment from which the round is in time: whichever
            # lies between the two points, the first place that can be met is found by bisection.
            wanted = -math.inf if before_spare == -math.inf else 0.0
            for _ in range(REFINE_STEPS):
                middle = 0.5 * (before + after)
                trial = slack_s(
                    m, unit, missile, ballistic, x, y, z, vx, vy, vz, gravity, middle, delay
                )
                if trial > wanted:
                    after, spare = middle, trial
                else:
                    before = middle
        if spare >= 0.0:
            return after, spare
        before, before_spare = after, spare
    return math.inf, 0.0


@kernel(borrows=True)
def too_low(
    m: Any, x: float, y: float, z: float, vx: float, vy: float, vz: float,
    begin_s: float, end_s: float, floor_m: float,
) -> bool:  # fmt: skip
    """Whether a straight course stays below ``floor_m`` between two times.

    Height above a sphere is convex along a straight line, so its greatest value is at an end.
    """
    radius = m.settings[0].earth_radius_m
    first = height_m(x + vx * begin_s, y + vy * begin_s, z + vz * begin_s, radius)
    last = height_m(x + vx * end_s, y + vy * end_s, z + vz * end_s, radius)
    return max(first, last) < floor_m


@kernel(borrows=True)
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


@kernel(inline="always", borrows=True)
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
    flight = time_of_flight_s(m, base, missile, ballistic, px, py, pz, height)
    if flight == math.inf or not unit_sees(m, base.radar, px, py, pz, height):
        return -math.inf
    return after_s - delay_s - flight


@kernel(borrows=True)
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
    seen.engagement = engagement
    if seen.threat >= 0:
        mine = s.threats[seen.threat]
        mine.ordered_s = min(mine.ordered_s, now.time_s)
    write(s.now[0], s.log, LOG_ORDER, seen.threat, seen.id, unit, order.serial, met_s)


@kernel(inline="always", borrows=True)
def new_engagement(s: Any) -> int:
    """A row for an engagement: a fresh one, or one that came to nothing; -1 if there is none."""
    now = s.now[0]
    row = now.free_engagement
    if row >= 0:
        now.free_engagement = s.engagements[row].next_free
    elif now.n_engagements < s.engagements.shape[0]:
        row = now.n_engagements
        now.n_engagements += 1
    else:
        now.overflow |= 4
        return -1
    s.engagements[row].serial = now.ordered_volleys
    now.ordered_volleys += 1
    return row


@kernel(inline="always", borrows=True)
def new_shot(s: Any) -> int:
    """A row for a round: a fresh one, or that of a round that stayed on its rail; -1 if none."""
    now = s.now[0]
    row = now.free_shot
    if row >= 0:
        now.free_shot = s.shots[row].next_free
    elif now.n_shots < s.shots.shape[0]:
        row = now.n_shots
        now.n_shots += 1
    else:
        now.overflow |= 4
        return -1
    s.shots[row].serial = now.ordered_rounds
    now.ordered_rounds += 1
    return row


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
    mine.waited_s = 0.0
    mine.ordered_s = s.now[0].time_s
    push(s.queue, s.now[0], leaves, EV_LAUNCH, shot, 0)
