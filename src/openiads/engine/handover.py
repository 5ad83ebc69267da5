"""Handover: an engagement radar searches the volume in which a track says that its target is.

The track is the cue. Its covariance, taken to the time of the launch, is looked at along and across
the line of sight of the engagement radar; beams enough to cover ``search_sigma`` standard
deviations are laid side by side, each for ``search_dwell_s``. What is found is what lies in a beam
and a range gate and is detected by one look; it need not be what was meant.
"""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.book import expected_place, pd_between, position_at, truth_at
from openiads.engine.world import DRAW_SEARCH
from openiads.kernel import kernel
from openiads.physics.estimation import convert_plot
from openiads.physics.random import draw


@kernel(borrows=True)
def search(m: Any, s: Any, slot: int, unit: int, serial: int) -> tuple[int, float]:
    """(threat found or -1, seconds that the search takes) from the cue in ``slot``.

    P(t) = P + t (C + C^T) + t^2 V + q t^3 / 3, t since the track's last update. Beams across and
    up: n = ceil(2 k sigma / width), at least one; where n_a n_e dwells exceed the longest search,
    both are cut alike about the middle. In range the gate is k sigma or one range cell. Of what is
    detected the nearest to the cue is taken, in units of sigma (or half a beam, or one cell, where
    these are larger). Detections: one draw a target, the engagement radar's probability.

    ``serial`` names the draws: the number of the order.
    """
    now = s.now[0]
    seen = s.picture[slot]
    radar = m.units[unit].radar
    eye = m.radars[radar]
    if s.out[radar] > 0:
        return -1, 0.0
    x, y, z = expected_place(seen, now.time_s)
    u0, u1, u2 = x - eye.x, y - eye.y, z - eye.z
    far = max(math.sqrt(u0 * u0 + u1 * u1 + u2 * u2), 1.0)
    u0, u1, u2 = u0 / far, u1 / far, u2 / far
    up = m.radar_axes[radar]
    h0, h1 = up[1, 2] * u2 - up[2, 2] * u1, up[2, 2] * u0 - up[0, 2] * u2
    h2 = up[0, 2] * u1 - up[1, 2] * u0
    level = max(math.sqrt(h0 * h0 + h1 * h1 + h2 * h2), 1e-9)
    h0, h1, h2 = h0 / level, h1 / level, h2 / level
    v0, v1, v2 = u1 * h2 - u2 * h1, u2 * h0 - u0 * h2, u0 * h1 - u1 * h0
    along = spread_m(m, s, slot, u0, u1, u2)
    across = spread_m(m, s, slot, h0, h1, h2)
    upward = spread_m(m, s, slot, v0, v1, v2)
    k = m.settings[0].search_sigma
    width, height = far * eye.beamwidth_azimuth_rad, far * eye.beamwidth_elevation_rad
    wide, tall, beams = raster(
        2.0 * k * across / width, 2.0 * k * upward / height,
        int(max(1.0, m.settings[0].search_time_s / m.settings[0].search_dwell_s)),
    )  # fmt: skip
    gate = max(k * along, eye.range_resolution_m)
    s_along = max(along, eye.range_resolution_m)
    s_across, s_upward = max(across, 0.5 * width), max(upward, 0.5 * height)
    best, least = -1, math.inf
    for n in range(now.n_flying):
        threat = s.flying[n]
        row = m.threats[threat]
        at, part = truth_at(m, s, threat, now.time_s)
        if at < 0:
            continue
        tx, ty, tz = position_at(m, at, part, row.step_s)
        a, b, c = tx - x, ty - y, tz - z
        r, p, e = (
            a * u0 + b * u1 + c * u2, a * h0 + b * h1 + c * h2, a * v0 + b * v1 + c * v2
        )  # fmt: skip
        if abs(r) > gate or abs(p) > 0.5 * wide * width or abs(e) > 0.5 * tall * height:
            continue
        away = (r / s_along) ** 2 + (p / s_across) ** 2 + (e / s_upward) ** 2
        if away >= least:
            continue
        chance = pd_between(m, radar, at, part)
        if chance <= 0.0:
            continue
        if draw(now.seed, now.replication, row.key, DRAW_SEARCH, serial) < chance:
            best, least = threat, away
    return best, beams * m.settings[0].search_dwell_s


@kernel(borrows=True)
def raster(across: float, upward: float, most: int) -> tuple[int, int, int]:
    """Beams across, beams upward and beams in all that cover so many beam widths, ``most`` at most.

    >>> raster(2.4, 0.3, 100)
    (3, 1, 3)
    >>> raster(40.0, 10.0, 100)
    (20, 5, 100)
    """
    wide = max(1, math.ceil(min(across, 1e6)))
    tall = max(1, math.ceil(min(upward, 1e6)))
    if wide * tall > most:
        f = math.sqrt(most / (float(wide) * tall))
        wide = min(max(1, int(wide * f)), most)
        tall = min(max(1, int(tall * f)), most // wide)
    return wide, tall, wide * tall


@kernel(borrows=True)
def spread_m(m: Any, s: Any, slot: int, a: float, b: float, c: float) -> float:
    """Standard deviation of the cue now along the unit vector (a, b, c), metres."""
    P = s.cue[slot]
    t = s.now[0].time_s - s.picture[slot].time_s
    place = P[0] * a * a + P[3] * b * b + P[5] * c * c
    place += 2.0 * (P[1] * a * b + P[2] * a * c + P[4] * b * c)
    cross = P[6] * a * a + P[10] * b * b + P[14] * c * c
    cross += (P[7] + P[9]) * a * b + (P[8] + P[12]) * a * c + (P[11] + P[13]) * b * c
    speed = P[15] * a * a + P[18] * b * b + P[20] * c * c
    speed += 2.0 * (P[16] * a * b + P[17] * a * c + P[19] * b * c)
    noise = m.track_params[0].noise_m2ps3 * t * t * t / 3.0
    return math.sqrt(max(place + 2.0 * t * cross + t * t * speed + noise, 0.0))


@kernel(borrows=True)
def cue_from_plot(
    m: Any, s: Any, plots: Any, radar: int, slot: int, range_m: float, azimuth_rad: float,
    elevation_rad: float, sigmas: tuple[float, float, float],
) -> None:  # fmt: skip
    """The covariance of a cue where no tracker runs: one plot, and a velocity from two.

    Fidelity `engagement`: position R, velocity 2 R / T^2 with T the scan period, uncorrelated.
    """
    eye = m.radars[radar]
    convert_plot(
        range_m, azimuth_rad, elevation_rad, sigmas[0], sigmas[1], sigmas[2],
        m.radar_pos_m[radar], m.radar_axes[radar], plots.pos_m, plots.cov_m2, 0,
    )  # fmt: skip
    f = 2.0 / (eye.scan_period_s * eye.scan_period_s)
    for k in range(6):
        s.cue[slot, k] = plots.cov_m2[0, k]
        s.cue[slot, 15 + k] = f * plots.cov_m2[0, k]
    for k in range(6, 15):
        s.cue[slot, k] = 0.0


@kernel(borrows=True)
def search_from(cues: Any, m: Any, s: Any, slot: int, unit: int, serial: int) -> tuple[int, float]:
    """`search`, where handover is by search: ``cues`` (``s.cue``) is None where it is not."""
    if cues is None:
        return -1, 0.0
    return search(m, s, slot, unit, serial)


@kernel(forceinline=True, borrows=True)
def keep_cue(cues: Any, tracks: Any, slot: int) -> None:
    """Keep the covariance of a track for the search that it may lead to."""
    if cues is None:
        return
    for k in range(21):
        cues[slot, k] = tracks.P[slot, k]
