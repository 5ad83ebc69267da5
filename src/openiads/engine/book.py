"""Books: truth at a time, the Log, and the fate of each threat with its first broken link."""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.world import (
    ASSESSMENT,
    DETECTION,
    FLYING,
    HORIZON,
    HOSTILE,
    IDENTIFICATION,
    KILLED,
    LEAKED,
    LOG_KILLED,
    LOG_LEAKED,
    LOG_PASSED,
    MISS,
    PASSED,
    TRACK,
    WINDOW,
)
from openiads.kernel import kernel


@kernel(borrows=True)
def write(
    now: Any, log: Any, kind: int, threat: int, track: int, unit: int, serial: int, value: float
) -> None:
    """Append one line to the Log, if this replication keeps one."""
    if now.log_level == 0:
        return
    at = now.n_log
    if at >= log.shape[0]:
        now.overflow |= 1
        return
    line = log[at]
    line.time_s = now.time_s
    line.kind = kind
    line.threat = threat
    line.track = track
    line.unit = unit
    line.serial = serial
    line.value = value
    line.missile = -1
    now.n_log = at + 1


@kernel(borrows=True)
def write_round(
    now: Any, log: Any, kind: int, threat: int, track: int, unit: int, serial: int, value: float,
    missile: int,
) -> None:  # fmt: skip
    """Append a line that is about a kind of missile."""
    at = now.n_log
    write(now, log, kind, threat, track, unit, serial, value)
    if now.n_log > at:
        log[at].missile = missile


@kernel(borrows=True)
def height_m(x: float, y: float, z: float, radius_m: float) -> float:
    """Height of a point of the scenario frame above the sphere that fits the map origin."""
    up = z + radius_m
    return math.sqrt(x * x + y * y + up * up) - radius_m


@kernel(inline="always", borrows=True)
def expected_place(seen: Any, now_s: float) -> tuple[float, float, float]:
    """Where a track of the picture is expected now, on a straight course, metres."""
    ahead = now_s - seen.time_s
    return seen.x + seen.vx * ahead, seen.y + seen.vy * ahead, seen.z + seen.vz * ahead


@kernel(inline="always", borrows=True)
def truth_at(m: Any, s: Any, threat: int, time_s: float) -> tuple[int, float]:
    """(grid index, fraction to the next) of a threat at ``time_s``; index -1 outside its life."""
    row = m.threats[threat]
    age = (time_s - s.threats[threat].started_s) / row.step_s
    if age < 0.0 or row.n_grid < 2:
        return -1, 0.0
    step = int(age)
    if step >= row.n_grid - 1:
        if age > row.n_grid - 1 + 1e-9:
            return -1, 0.0
        step = row.n_grid - 2
    return row.grid + step, age - step


@kernel(inline="always", borrows=True)
def position_at(m: Any, at: int, part: float, step_s: float) -> tuple[float, float, float]:
    """Position between two grid points by cubic Hermite interpolation, metres."""
    p2 = part * part
    p3 = p2 * part
    h00 = 2.0 * p3 - 3.0 * p2 + 1.0
    h10 = (p3 - 2.0 * p2 + part) * step_s
    h01 = 3.0 * p2 - 2.0 * p3
    h11 = (p3 - p2) * step_s
    p, v = m.grid_pos_m, m.grid_vel_mps
    x = h00 * p[at, 0] + h10 * v[at, 0] + h01 * p[at + 1, 0] + h11 * v[at + 1, 0]
    y = h00 * p[at, 1] + h10 * v[at, 1] + h01 * p[at + 1, 1] + h11 * v[at + 1, 1]
    z = h00 * p[at, 2] + h10 * v[at, 2] + h01 * p[at + 1, 2] + h11 * v[at + 1, 2]
    return x, y, z


@kernel(inline="always", borrows=True)
def velocity_at(m: Any, at: int, part: float) -> tuple[float, float, float]:
    """Velocity between two grid points, linear, m/s."""
    v = m.grid_vel_mps
    rest = 1.0 - part
    return (
        rest * v[at, 0] + part * v[at + 1, 0],
        rest * v[at, 1] + part * v[at + 1, 1],
        rest * v[at, 2] + part * v[at + 1, 2],
    )


@kernel(inline="always", borrows=True)
def pd_between(m: Any, radar: int, at: int, part: float) -> float:
    """Detection probability between two grid points; negative where either is out of sight."""
    a, b = m.look_pd[radar, at], m.look_pd[radar, at + 1]
    if a < 0.0 or b < 0.0:
        return -1.0
    return a + part * (b - a)


@kernel(inline="always", borrows=True)
def ground(s: Any, threat: int) -> None:
    """Take a threat out of the air (swap with the last of the list of the flying)."""
    now = s.now[0]
    for k in range(now.n_flying):
        if s.flying[k] == threat:
            now.n_flying -= 1
            s.flying[k] = s.flying[now.n_flying]
            return


@kernel(inline="always", borrows=True)
def kill(m: Any, s: Any, threat: int, unit: int) -> None:
    """Book a threat as killed."""
    mine = s.threats[threat]
    mine.fate = KILLED
    mine.ended_s = s.now[0].time_s
    s.now[0].unresolved -= 1
    ground(s, threat)
    write(s.now[0], s.log, LOG_KILLED, threat, -1, unit, mine.shots, 0.0)


@kernel(borrows=True)
def leak(m: Any, s: Any, threat: int) -> None:
    """Book the end of a path: a leaker with its first broken link; others passed."""
    mine = s.threats[threat]
    if mine.fate != FLYING:
        return
    mine.ended_s = s.now[0].time_s
    if m.threats[threat].side != HOSTILE:
        mine.fate = PASSED
        s.now[0].unresolved -= 1
        ground(s, threat)
        write(s.now[0], s.log, LOG_PASSED, threat, -1, -1, 0, 0.0)
        return
    mine.fate = LEAKED
    mine.link = first_broken_link(m, s, threat)
    s.now[0].unresolved -= 1
    ground(s, threat)
    write(s.now[0], s.log, LOG_LEAKED, threat, -1, -1, mine.link, 0.0)


@kernel(inline="always", borrows=True)
def first_broken_link(m: Any, s: Any, threat: int) -> int:
    """The link of the kill chain that stopped the defence against a leaker.

    The rule (docs/kill-chain.md): a link is passed if it was passed no later than the last chance,
    the latest launch at which some round could still have met this threat, given line of sight.
    The first link not passed in time is the broken one. A threat that was shot at broke
    `assessment` where it flew on after it had been called killed; `channel` or `magazine` where
    that kept another volley from it after the last round fired, in time for one; else `miss`.
    """
    row, mine = m.threats[threat], s.threats[threat]
    if mine.shots > 0:
        if mine.called_killed == 1:
            return ASSESSMENT
        return mine.again if mine.again != 0 else MISS
    if row.reachable == 0:
        return WINDOW
    last = mine.started_s + row.last_chance_s
    if mine.sight_s > last:
        return HORIZON
    if mine.detected_s > last:
        return DETECTION
    if mine.tracked_s > last:
        return TRACK
    if mine.identified_s > last:
        return IDENTIFICATION
    if mine.aborted != 0:
        return mine.aborted
    return mine.blocked if mine.blocked != 0 else WINDOW
