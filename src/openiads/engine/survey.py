"""Survey: every way in which a track could be shot at now, and what keeps the others from it."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.doctrine import may_shoot_again
from openiads.engine.book import expected_place, height_m, write_round
from openiads.engine.evaluate import (
    expected_kill,
    hazard,
    kind_of,
    kind_probability,
    volley_kill,
    volley_size,
)
from openiads.engine.order import free_operators, refused
from openiads.engine.predict import predicted_intercept_s
from openiads.engine.sight import in_elevations, in_sight, passes_notch
from openiads.engine.world import FEATURES, FLYING, LOG_REFUSED, OPERATOR, WINDOW
from openiads.kernel import kernel

EARLIEST, SMALLEST = 0, 1

PATIENCE = 3.0
"""Decision cycles after which a track that nobody can meet is looked at again."""


@kernel(borrows=True)
def survey(
    m: Any, s: Any, slot: int, now_s: float, first: int, last: int, at: int, rank: int
) -> tuple[int, int, int, int, float]:
    """Enter in ``s.choices`` from row ``at`` each unit and missile that could shoot at a track now.

    (row after the last, link that refused others or 0, its unit, its missile, least time to spare
    of those that must still wait). Changes nothing but the rows, and what is kept of predicted
    intercepts under ``rank``, the track's place in the ranking (-1: none is kept; see `foresee`).
    """
    seen = s.picture[slot]
    period = m.settings[0].decision_period_s
    blocked, by, of = 0, -1, -1
    soonest = math.inf
    row, waits = at, -1
    operators = free_operators(m, s)
    for unit in range(first, last):
        base = m.units[unit]
        if not may_shoot_again(base.method, seen.volleys, base.volleys_max):
            continue
        if seen.volleys == 0 and now_s - seen.identified_s > base.decision_window_s:
            continue
        if holds_fire(base, seen, now_s):
            soonest = min(soonest, period)
            continue
        for missile in range(m.missiles.shape[0]):
            if s.capacity[unit, missile] == 0:
                continue
            # Where doctrine lets it, any radar that holds the target now, its own before others';
            # its own in the end also where it is only expected to.
            tries = last - first if base.engage_on_remote == 1 else 0
            for other in range(tries + 1):
                guide = unit
                if other < tries:
                    guide = first + (unit - first + other) % tries
                    if (seen.held >> guide) & 1 == 0:
                        continue
                refusal = refused(m, s, unit, missile, guide)
                if refusal == 0 and operators == 0:
                    refusal = OPERATOR
                met, spare = 0.0, 0.0
                if refusal == 0 or refusal > seen.blocked:
                    met, spare = foresee(m, s, slot, unit, missile, now_s, guide, rank)
                    if not math.isfinite(met):
                        refusal = WINDOW
                    elif spare > period:
                        soonest = min(soonest, spare)
                        waits = max(waits, base.layer)
                        continue
                # Otherwise that it could be met is known from before.
                if refusal != 0:
                    if refusal > blocked:
                        blocked, by, of = refusal, unit, missile
                    continue
                enter(m, s, row, slot, unit, missile, now_s, met, spare, guide)
                row += 1
                break
    if row > at and m.settings[0].layers > 0:
        row = outer_first(m, s, at, row, waits, now_s)
    return row, blocked, by, of, soonest


@kernel(borrows=True)
def foresee(
    m: Any, s: Any, slot: int, unit: int, missile: int, now_s: float, guide: int, rank: int
) -> tuple[float, float]:
    """`predicted_intercept_s`, worked out once for the Log and the order of the same cycle.

    Orders given in between take rounds, channels and operators; what a round can meet, and when,
    they leave as it was.
    """
    cell = -1
    if rank >= 0:
        units = m.units.shape[0]
        cell = ((rank * units + unit) * m.missiles.shape[0] + missile) * units + guide
    if cell < 0 or cell >= s.foreseen.shape[0]:
        return predicted_intercept_s(m, s, slot, unit, missile, now_s, guide)
    kept = s.foreseen[cell]
    if kept.cycle_s != now_s or kept.track != s.picture[slot].id:
        met, spare = predicted_intercept_s(m, s, slot, unit, missile, now_s, guide)
        kept.cycle_s, kept.track, kept.met_s, kept.spare_s = now_s, s.picture[slot].id, met, spare
    return kept.met_s, kept.spare_s


@kernel(borrows=True)
def note_holders(m: Any, s: Any, slot: int, now_s: float, first: int, last: int) -> None:
    """Note, once for a cycle, which engagement radars of the units hold a track's target.

    Apart from `survey`, which asks for each way of shooting: there this law, though hardly ever
    run, cost the main job a seventh of its rate.
    """
    seen = s.picture[slot]
    seen.held = 0
    for unit in range(first, last):
        if holds_now(m, s, seen, unit, now_s):
            seen.held |= 1 << unit


@kernel(inline="always", borrows=True)
def engages_on_remote(m: Any, first: int, last: int) -> bool:
    """Whether any of the units may shoot at what another's radar holds."""
    found = 0
    for unit in range(first, last):
        found = max(found, m.units[unit].engage_on_remote)
    return found == 1


@kernel(borrows=True)
def holds_now(m: Any, s: Any, seen: Any, guide: int, now_s: float) -> bool:
    """Whether the post reckons that a unit's engagement radar holds the target of a track now.

    It asks its own picture and what it knows of the radar, not the truth: the place where the track
    is expected lies in the radar's sector, elevations, displayed range and line of sight; its
    radial speed passes the Doppler notch; and its range R is one at which a look detects a target
    of cross-section sigma as often as not,

        R^4 <= R_h^4 sigma / sigma_0,

    R_h that range for the reference cross-section sigma_0 of the radar's claim. assumed: sigma is
    known as that of the target's class from ahead, which the echoes of a track tell in the mean; a
    false track is taken for sigma_0. Jamming, rain and hills are not reckoned with.
    """
    radar = m.units[guide].radar
    if s.out[radar] > 0:
        return False
    x, y, z = expected_place(seen, now_s)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    if not in_sight(m, radar, x, y, z, height):
        return False
    eye = m.radars[radar]
    dx, dy, dz = x - eye.x, y - eye.y, z - eye.z
    slant = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1.0)
    if not in_elevations(m, radar, dx, dy, dz, slant):
        return False
    if not passes_notch(m, radar, dx, dy, dz, slant, seen.vx, seen.vy, seen.vz):
        return False
    share = 1.0 if seen.threat < 0 else m.threats[seen.threat].rcs_m2 / eye.reference_rcs_m2
    return slant**4 <= share * eye.hold_range_m**4


@kernel(inline="always", borrows=True)
def enter(
    m: Any, s: Any, row: int, slot: int, unit: int, missile: int, now_s: float, met_s: float,
    spare_s: float, guide: int,
) -> None:  # fmt: skip
    """One way of shooting: its row of ``s.choices``."""
    seen, way = s.picture[slot], s.choices[row]
    way.time_s = now_s
    way.slot = slot
    way.track = seen.id
    way.threat = seen.threat
    way.asset = seen.asset
    way.unit = unit
    way.guide = guide
    way.missile = missile
    way.taken = 0
    way.worth = m.assets[seen.asset].value if seen.asset >= 0 else 0.0
    way.to_go_s = seen.to_go_s
    way.miss_m = seen.miss_m
    way.threat_value = seen.score
    kind = kind_of(m, s, slot)
    way.rounds = volley_size(m.units[unit], seen, kind)
    if m.settings[0].classification == FEATURES:
        way.kill = expected_kill(m, s, slot, missile, way.rounds)
    else:
        way.kill = volley_kill(m, missile, kind, way.rounds)
    way.kind = kind
    way.kind_p = kind_probability(m, s, slot, kind)
    way.hazard = hazard(m, s, slot)
    way.met_s = met_s
    way.spare_s = spare_s


@kernel(inline="always", borrows=True)
def holds_fire(base: Any, seen: Any, now_s: float) -> bool:
    """Whether doctrine still holds fire: the track is too far from the unit, or from its aim."""
    if seen.to_go_s > base.hold_fire_time_s:
        return True
    if base.hold_fire_range_m == math.inf:
        return False
    return away_m(base, seen, now_s) > base.hold_fire_range_m


@kernel(borrows=True)
def away_m(base: Any, seen: Any, now_s: float) -> float:
    """Distance of a track from a unit."""
    x, y, z = expected_place(seen, now_s)
    return math.sqrt((x - base.x) ** 2 + (y - base.y) ** 2 + (z - base.z) ** 2)


@kernel(borrows=True)
def outer_first(m: Any, s: Any, at: int, end: int, waits: int, now_s: float) -> int:
    """Drop the ways of inner layers while an outer one can shoot, now or soon; the new end.

    An inner unit shoots all the same at what has come nearer than its ``layer_release_m``.
    """
    outer = waits
    for row in range(at, end):
        outer = max(outer, m.units[s.choices[row].unit].layer)
    kept = at
    for row in range(at, end):
        way = s.choices[row]
        base = m.units[way.unit]
        if base.layer < outer and away_m(base, s.picture[way.slot], now_s) > base.layer_release_m:
            continue
        if kept < row:
            enter(
                m, s, kept, way.slot, way.unit, way.missile, now_s, way.met_s, way.spare_s,
                way.guide,
            )  # fmt: skip
        kept += 1
    return kept


@kernel(borrows=True)
def before(m: Any, s: Any, one: int, other: int) -> bool:
    """Whether doctrine prefers one way of shooting at a track to another."""
    return preference(m, s.choices[one]) < preference(m, s.choices[other])


@kernel(inline="always", borrows=True)
def preference(m: Any, way: Any) -> float:
    """What doctrine wants least of: the time of meeting, or the reach of the round."""
    if m.units[way.unit].missile_choice == SMALLEST:
        return m.missiles[way.missile].range_max_aerodynamic_m
    return way.met_s


@kernel(borrows=True)
def hold_off(
    m: Any, s: Any, slot: int, now_s: float, blocked: int, by: int, of: int, soonest: float
) -> None:
    """No shot at a track in this cycle: note what refused it, and when to look again."""
    seen = s.picture[slot]
    period = m.settings[0].decision_period_s
    seen.blocked = max(seen.blocked, blocked)
    if soonest == math.inf:
        book_refusal(m, s, seen.threat, blocked, by, of, now_s)
    if soonest == math.inf and seen.threat >= 0 and s.threats[seen.threat].fate == FLYING:
        mine = s.threats[seen.threat]
        if blocked > mine.blocked:
            mine.blocked = blocked
            write_round(
                s.now[0], s.log, LOG_REFUSED, seen.threat, seen.id, by, blocked, 0.0, of
            )  # fmt: skip
    wait = period if blocked > WINDOW else PATIENCE * period
    # A course changes: look again when half of the time to the window has gone.
    seen.consider_s = now_s + max(period, min(wait if soonest == math.inf else 0.5 * soonest, 60.0))


@kernel(inline="always", borrows=True)
def book_refusal(m: Any, s: Any, threat: int, blocked: int, by: int, of: int, now_s: float) -> None:
    """Book what keeps another volley from a threat that was missed, while there is time for one."""
    if threat < 0 or blocked <= WINDOW:
        return
    mine = s.threats[threat]
    in_time = now_s <= mine.started_s + m.threats[threat].last_chance_s
    if mine.shots > 0 and in_time and blocked > mine.again:
        mine.again = blocked
        write_round(s.now[0], s.log, LOG_REFUSED, threat, -1, by, blocked, 0.0, of)
