"""Debris: what is left of a target that was killed, and what radars and rounds make of it.

A class with a ``debris_share`` above nought leaves debris where it is killed. Radars go on seeing
it, with that share of the cross-section; a track can live on it or begin on it, a verdict can take
it for the target, and a round can be guided to it, to miss. It destroys nothing and leaks nothing.

``debris`` is ``s.debris``: None where no class of the Model leaves any, and then none of this is
compiled.
"""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.book import expected_place, height_m, position_at, truth_at, velocity_at
from openiads.engine.queue import push
from openiads.engine.sight import HOLD_PD, in_elevations, in_sight, passes_notch
from openiads.engine.world import EV_GONE
from openiads.kernel import kernel
from openiads.physics.atmosphere import density_kgm3
from openiads.physics.detection import probability_at_threshold
from openiads.physics.slowing import coasted, sunk

LANDING_STEPS = 40
"""Bisections of the time of landing: to microseconds."""

HIGHEST_M = 1e6
"""Above this the air is taken as that of this height (the standard atmosphere ends there)."""


@kernel(borrows=True)
def shed(debris: Any, m: Any, s: Any, threat: int) -> None:
    """A target was killed: its debris is in the air from now on, if its class leaves any."""
    if debris is None:
        return
    row, now = m.threats[threat], s.now[0]
    if row.debris_share <= 0.0:
        return
    at, part = truth_at(m, s, threat, now.time_s)
    if at < 0:
        return
    mine = debris[threat]
    mine.grid, mine.part, mine.since_s = at, part, now.time_s
    mine.x, mine.y, mine.z = position_at(m, at, part, row.step_s)
    mine.vx, mine.vy, mine.vz = velocity_at(m, at, part)
    height = height_m(mine.x, mine.y, mine.z, m.settings[0].earth_radius_m)
    density = density_kgm3(min(max(height, 0.0), HIGHEST_M))
    mine.rate_pm = density / (2.0 * row.debris_coefficient_kgm2)
    lasts = lasts_s(m, mine, row.debris_visible_s)
    if lasts <= 0.0:
        return
    mine.ends_s = now.time_s + lasts
    debris[now.n_debris].listed = threat
    now.n_debris += 1
    push(s.queue, now, mine.ends_s, EV_GONE, threat, 0)


@kernel(borrows=True)
def lasts_s(m: Any, mine: Any, visible_s: float) -> float:
    """For how long debris is seen: until it has spread or thinned too far, or is on the ground."""
    radius = m.settings[0].earth_radius_m
    x, y, z, _, _, _ = debris_at(m, mine, mine.since_s + visible_s)
    if height_m(x, y, z, radius) > 0.0:
        return visible_s
    before, after = 0.0, visible_s
    for _ in range(LANDING_STEPS):
        middle = 0.5 * (before + after)
        x, y, z, _, _, _ = debris_at(m, mine, mine.since_s + middle)
        if height_m(x, y, z, radius) > 0.0:
            before = middle
        else:
            after = middle
    return before


@kernel(borrows=True)
def debris_at(m: Any, mine: Any, time_s: float) -> tuple[float, float, float, float, float, float]:
    """Place (m) and velocity (m/s) of debris at a time after the kill.

    It runs on along the velocity of the kill as drag alone would let it, and sinks as from rest:

        p = p0 + s(t) v0/|v0| - y(t) up,

    s and y by `openiads.physics.slowing` with the density at the height of the kill. Exact where
    there is no air, where gravity is nothing, and in the terminal speed; in between the two motions
    share one drag and the sum leaves that out (tests/unit/test_debris.py says by how much).
    """
    after = max(time_s - mine.since_s, 0.0)
    speed = math.sqrt(mine.vx * mine.vx + mine.vy * mine.vy + mine.vz * mine.vz)
    gone, goes = coasted(speed, mine.rate_pm, after)
    down, falls = sunk(m.settings[0].gravity_mps2, mine.rate_pm, after)
    gone, goes = gone / max(speed, 1e-9), goes / max(speed, 1e-9)
    up = mine.z + m.settings[0].earth_radius_m
    radius = math.sqrt(mine.x * mine.x + mine.y * mine.y + up * up)
    ux, uy, uz = mine.x / radius, mine.y / radius, up / radius
    return (
        mine.x + gone * mine.vx - down * ux,
        mine.y + gone * mine.vy - down * uy,
        mine.z + gone * mine.vz - down * uz,
        goes * mine.vx - falls * ux,
        goes * mine.vy - falls * uy,
        goes * mine.vz - falls * uz,
    )


@kernel(borrows=True)
def debris_chance(m: Any, mine: Any, threat: int, radar: int, time_s: float) -> tuple[float, float]:
    """(detection probability, SNR) of one look at debris; the probability -1 where it is not seen.

    SNR = SNR_kill share (R_kill / R)^4, SNR_kill that of the target where it was killed. It is seen
    in the radar's sector, elevations, displayed range and line of sight over a smooth Earth; below
    the radar's least radial speed the probability is nought. Hills and jamming do not hide it.
    """
    eye, row = m.radars[radar], m.threats[threat]
    x, y, z, vx, vy, vz = debris_at(m, mine, time_s)
    dx, dy, dz = x - eye.x, y - eye.y, z - eye.z
    slant = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1.0)
    height = height_m(x, y, z, m.settings[0].earth_radius_m)
    if not in_sight(m, radar, x, y, z, height):
        return -1.0, 0.0
    if not in_elevations(m, radar, dx, dy, dz, slant):
        return -1.0, 0.0
    killed = (mine.x - eye.x) ** 2 + (mine.y - eye.y) ** 2 + (mine.z - eye.z) ** 2
    a, b = float(m.look_snr[radar, mine.grid]), float(m.look_snr[radar, mine.grid + 1])
    snr = (a + mine.part * (b - a)) * row.debris_share * (killed / (slant * slant)) ** 2
    if not passes_notch(m, radar, dx, dy, dz, slant, vx, vy, vz):
        return 0.0, snr
    return probability_at_threshold(snr, eye.level, eye.pfa, eye.pulses, row.swerling), snr


@kernel(borrows=True)
def is_debris(debris: Any, threat: int, time_s: float) -> bool:
    """Whether the debris of a target is in the air; a target that lives has none."""
    return threat >= 0 and debris[threat].since_s <= time_s < debris[threat].ends_s


@kernel(borrows=True)
def nearer_debris(debris: Any, m: Any, s: Any, slot: int, target: int) -> int:
    """The target that a lock has found, or debris that lies nearer to the track inside the basket.

    A lock takes what is nearest to where the track says, and does not ask what it is.
    """
    if debris is None:
        return target
    now_s = s.now[0].time_s
    x, y, z = expected_place(s.picture[slot], now_s)
    least = m.settings[0].lock_basket_m ** 2
    if target >= 0:
        at, part = truth_at(m, s, target, now_s)
        tx, ty, tz = position_at(m, at, part, m.threats[target].step_s)
        least = (tx - x) ** 2 + (ty - y) ** 2 + (tz - z) ** 2
    for k in range(s.now[0].n_debris):
        threat = debris[k].listed
        dx, dy, dz, _, _, _ = debris_at(m, debris[threat], now_s)
        gap = (dx - x) ** 2 + (dy - y) ** 2 + (dz - z) ** 2
        if gap < least:
            least, target = gap, threat
    return target


@kernel(borrows=True)
def called_miss(debris: Any, m: Any, s: Any, guide: int, threat: int) -> float:
    """Probability that a kill is called a miss.

    The command post's, or its class's ``debris_called_alive`` where that is more and the engagement
    radar holds the debris at the moment of the verdict.
    """
    chance = float(m.settings[0].kill_called_miss)
    if debris is None:
        return chance
    now_s, radar = s.now[0].time_s, m.units[guide].radar
    if not is_debris(debris, threat, now_s) or s.out[radar] > 0:
        return chance
    seen, _ = debris_chance(m, debris[threat], threat, radar, now_s)
    return max(chance, m.threats[threat].debris_called_alive) if seen >= HOLD_PD else chance


@kernel(borrows=True)
def end_debris(debris: Any, s: Any, threat: int) -> None:
    """The debris of a target is on the ground, or too thin to be seen."""
    if debris is None:
        return
    now = s.now[0]
    for k in range(now.n_debris):
        if debris[k].listed == threat:
            now.n_debris -= 1
            debris[k].listed = debris[now.n_debris].listed
            break
    debris[threat].ends_s = -math.inf


@kernel(borrows=True)
def no_debris(debris: Any, s: Any) -> None:
    """The sky is clear at the beginning of a replication."""
    s.now[0].n_debris = 0
    if debris is None:
        return
    for threat in range(debris.shape[0]):
        debris[threat].since_s = math.inf
        debris[threat].ends_s = -math.inf
