"""Classify: what kind of target each track of the picture is, look by look.

A command post that classifies by features is told no category. It has a table of the classes of the
public record (`m.classes`), begins each track with its priors, and learns from the estimated speed
and height of the track, with their errors, and from the cross-section that each plot tells.
"""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.track_classes import LOOK_RATE_PS, class_begin, class_update
from openiads.engine.book import height_m, pd_between, position_at, truth_at
from openiads.engine.engage import named_draw
from openiads.engine.measure import FALSE_PLOT_SNR, errors
from openiads.engine.world import DRAW_ECHO, FLYING
from openiads.kernel import kernel
from openiads.physics.echo import EXPONENTIAL_MEAN_DB, EXPONENTIAL_SPREAD_DB, detected_snr

ECHOES_NAMED = 128
"""Room for radars under one scan number in the names of the draws of echoes."""

FIRST_LOOK_S = 5.0
"""Time that the first look at a track counts for (assumed: a scan)."""

NEVER_LESS = 1e-6
"""No class is less probable than this share of the most probable one (assumed: what is tracked may
change its way of flying, and a track its target)."""


@kernel(borrows=True)
def classify_tracks(
    known: Any, m: Any, s: Any, plots: Any, tracks: Any, radar: int, number: int
) -> None:
    """Learn from the plots of one scan, each by the track that took it; fidelity `track`.

    The error of the height is that of the track's place along the local vertical, the error of the
    speed that of its velocity along itself.
    """
    if known is None:
        return
    for slot in range(s.now[0].n_slots):
        seen = s.picture[slot]
        if seen.firm == 0:
            continue
        plot = tracks.track[slot].plot
        if plot < 0:
            if known.classed[slot].id != seen.id:
                begin(known, m, s, slot)
                tell(known, m, s, slot)
            continue
        rise = seen.z + m.settings[0].earth_radius_m
        far = math.sqrt(seen.x * seen.x + seen.y * seen.y + rise * rise)
        height_error = spread_along(tracks.P[slot], 0, seen.x / far, seen.y / far, rise / far)
        speed = max(math.sqrt(seen.vx * seen.vx + seen.vy * seen.vy + seen.vz * seen.vz), 1e-3)
        speed_error = spread_along(
            tracks.P[slot], 15, seen.vx / speed, seen.vy / speed, seen.vz / speed
        )
        source = plots.threat[plot]
        rcs = false_echo_dbsm(m, seen, radar)
        if source >= 0:
            rcs = echo_dbsm(m, s, radar, source, number)
        learn(known, m, s, slot, speed, speed_error, height_error, rcs)


@kernel(borrows=True)
def classify_look(
    known: Any, m: Any, s: Any, radar: int, threat: int, snr: float, number: int
) -> None:
    """Learn from one look at a threat that has a track of its own; fidelity `engagement`.

    No estimate is drawn here: speed and height are true and count with the errors of plots, the
    speed with those of two that are a scan apart.
    """
    if known is None:
        return
    now_s = s.now[0].time_s
    seen = s.picture[threat]
    if seen.firm == 0 or seen.time_s != now_s:
        return
    eye = m.radars[radar]
    range_sigma, azimuth_sigma, elevation_sigma = errors(eye, snr)
    dx, dy, dz = seen.x - eye.x, seen.y - eye.y, seen.z - eye.z
    slant = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1.0)
    rise = seen.z + m.settings[0].earth_radius_m
    far = math.sqrt(seen.x * seen.x + seen.y * seen.y + rise * rise)
    along = (dx * seen.x + dy * seen.y + dz * rise) / (slant * far)
    height_error = split_error(along, range_sigma, slant * elevation_sigma)
    speed = max(math.sqrt(seen.vx * seen.vx + seen.vy * seen.vy + seen.vz * seen.vz), 1e-3)
    along = (dx * seen.vx + dy * seen.vy + dz * seen.vz) / (slant * speed)
    aside = split_error(along, range_sigma, slant * max(azimuth_sigma, elevation_sigma))
    speed_error = math.sqrt(2.0) * aside / eye.scan_period_s
    rcs = echo_dbsm(m, s, radar, threat, number)
    learn(known, m, s, threat, speed, speed_error, height_error, rcs)


@kernel(borrows=True)
def learn(
    known: Any,
    m: Any,
    s: Any,
    slot: int,
    speed: float,
    speed_error: float,
    height_error: float,
    rcs: float,
) -> None:
    """Bayes' rule on the classes of one track, and what the decision wants to know of it."""
    now_s = s.now[0].time_s
    seen, last = s.picture[slot], known.classed[slot]
    if last.id != seen.id:
        begin(known, m, s, slot)
    passed = now_s - last.looked_s
    last.looked_s = now_s
    height = height_m(seen.x, seen.y, seen.z, m.settings[0].earth_radius_m)
    class_update(
        m.classes, known.log_p, slot, speed, height, rcs - EXPONENTIAL_MEAN_DB,
        min(LOOK_RATE_PS * passed, 1.0), speed_error, height_error, EXPONENTIAL_SPREAD_DB,
        NEVER_LESS,
    )  # fmt: skip
    tell(known, m, s, slot)


@kernel(borrows=True)
def begin(known: Any, m: Any, s: Any, slot: int) -> None:
    """A track that is new to its slot has the priors of the classes."""
    known.classed[slot].id = s.picture[slot].id
    known.classed[slot].looked_s = s.now[0].time_s - FIRST_LOOK_S
    class_begin(m.classes, known.log_p, slot)


@kernel(borrows=True)
def tell(known: Any, m: Any, s: Any, slot: int) -> None:
    """Tell the decision the probabilities of the categories, and the expected lethality.

    That is the lethality of each class by its probability, nothing for what is not hostile.
    """
    for kind in range(s.class_p.shape[1]):
        s.class_p[slot, kind] = 0.0
    hazard = s.class_p.shape[1] - 1
    for k in range(m.classes.shape[0]):
        p = math.exp(known.log_p[slot, k])
        s.class_p[slot, m.classes[k].category] += p
        s.class_p[slot, hazard] += p * m.classes[k].hazard


@kernel(borrows=True)
def forget_classes(known: Any) -> None:
    """Forget which track was in which slot, before a replication."""
    if known is None:
        return
    for slot in range(known.classed.shape[0]):
        known.classed[slot].id = -1


@kernel(borrows=True)
def echo_dbsm(m: Any, s: Any, radar: int, threat: int, number: int) -> float:
    """Cross-section (dBsm) that a radar reads off its plot of a threat; NaN where it reads none.

    sigma = S R^4 sigma_0 / (S_0 R_0^4), S the signal-to-noise ratio of this look (`detected_snr`,
    with a draw of its own), index 0 the radar's reference. The range is taken as known; losses in
    rain and gases are not made good, and jamming does not disturb the reading. Radars below 2 GHz
    read none, and none is read off debris.
    """
    eye = m.radars[radar]
    if eye.echo_pm2 <= 0.0 or s.threats[threat].fate != FLYING:
        return math.nan
    at, part = truth_at(m, s, threat, s.now[0].time_s)
    chance = pd_between(m, radar, at, part) if at >= 0 else 0.0
    if chance <= 0.0:
        return math.nan
    snr = float(m.look_snr[radar, at])
    snr += part * (m.look_snr[radar, at + 1] - snr)
    u = named_draw(m, s, threat, DRAW_ECHO, number * ECHOES_NAMED + radar)
    shown = detected_snr(snr, chance, u, eye.level, eye.pulses, m.threats[threat].swerling)
    x, y, z = position_at(m, at, part, m.threats[threat].step_s)
    return section_dbsm(eye, shown, x, y, z)


@kernel(borrows=True)
def false_echo_dbsm(m: Any, seen: Any, radar: int) -> float:
    """What a false plot would be the cross-section of, where its track is; NaN as above."""
    eye = m.radars[radar]
    if eye.echo_pm2 <= 0.0:
        return math.nan
    return section_dbsm(eye, FALSE_PLOT_SNR, seen.x, seen.y, seen.z)


@kernel(borrows=True)
def section_dbsm(eye: Any, snr: float, x: float, y: float, z: float) -> float:
    """The cross-section (dBsm) that answers with ``snr`` from a place, by the radar's reference."""
    range2 = (x - eye.x) ** 2 + (y - eye.y) ** 2 + (z - eye.z) ** 2
    return 10.0 * math.log10(max(snr * eye.echo_pm2 * range2 * range2, 1e-12))


@kernel(borrows=True)
def spread_along(P: Any, first: int, a: float, b: float, c: float) -> float:
    """Standard deviation along a unit vector, of the block of a packed covariance at ``first``."""
    square = P[first] * a * a + P[first + 3] * b * b + P[first + 5] * c * c
    square += 2.0 * (P[first + 1] * a * b + P[first + 2] * a * c + P[first + 4] * b * c)
    return math.sqrt(max(square, 0.0))


@kernel(borrows=True)
def split_error(along: float, range_sigma: float, across_sigma: float) -> float:
    """Error (one sigma) in a direction whose cosine with the line of sight is ``along``."""
    part = min(along * along, 1.0)
    return math.sqrt(part * range_sigma**2 + (1.0 - part) * across_sigma**2)
