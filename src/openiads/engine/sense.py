"""Sense: one scan of one radar makes plots; plots make tracks; tracks make the picture."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.sensors import above_horizon
from openiads.domain.track_scan import tracker_scan
from openiads.domain.tracks import CONFIRMED, FREE, HIGH, LIVE
from openiads.engine.book import (
    height_m,
    pd_between,
    position_at,
    truth_at,
    velocity_at,
    write,
)
from openiads.engine.classify import classify_look, classify_tracks
from openiads.engine.debris import debris_at, debris_chance
from openiads.engine.handover import cue_from_plot, keep_cue
from openiads.engine.measure import FALSE_PLOT_SNR, add_plot, errors
from openiads.engine.merge import keep_hit, merge_hits, tell_resolution
from openiads.engine.state import UNNAMED
from openiads.engine.world import (
    DRAW_BIAS,
    DRAW_FALSE_COUNT,
    DRAW_FALSE_PLOT,
    FLYING,
    LOG_DETECTED,
    LOG_DRAW,
    LOG_FALSE,
    LOG_LOST,
    LOG_SIGHT,
    LOG_TRACKED,
)
from openiads.kernel import kernel
from openiads.physics.detection import probability_at_threshold
from openiads.physics.jamming import jammed_snr, jammer_to_noise_from_anchor
from openiads.physics.radar import beam_gain
from openiads.physics.random import draw, draw4, gaussian_pair, poisson

FALSE_PLOTS_NAMED = 4096
"""Room for false plots under one scan number in the names of their draws."""


@kernel(forceinline=True, borrows=True)
def scan(m: Any, s: Any, plots: Any, tracks: Any, radar: int, number: int) -> None:
    """One scan: a snapshot of the sky at one instant, then the update of the picture."""
    if s.out[radar] > 0:
        return
    now = s.now[0]
    now.n_plots = 0
    for k in range(s.now[0].n_flying):
        look(m, s, plots, radar, s.flying[k], number)
    look_at_debris(s.debris, m, s, plots, radar, number)
    if m.radars[radar].unresolved == 1:
        merge_hits(tracks.with_shares, m, s, plots, radar, number)
    if m.settings[0].fidelity == 0:
        false_plots(m, s, plots, radar, number)
        if now.n_plots == 0 and tracks.counts[LIVE] == 0:
            return
        expect(m, s, tracks, radar)
        tracker_scan(
            m.track_params[0],
            tracks,
            now.time_s,
            now.n_plots,
            plots.pos_m,
            plots.cov_m2,
            plots.clutter_pm3,
        )
        picture_from_tracks(m, s, plots, tracks)
        classify_tracks(plots.classifier, m, s, plots, tracks, radar, number)


@kernel(inline="always", borrows=True)
def draw_biases(m: Any, s: Any) -> None:
    """Draw the constant errors that each radar has in this replication."""
    now = s.now[0]
    for radar in range(m.radars.shape[0]):
        eye = m.radars[radar]
        n0 = n1 = n2 = 0.0
        if eye.range_bias_m > 0.0 or eye.angle_bias_rad > 0.0:
            u0, u1, u2, u3 = draw4(now.seed, now.replication, eye.key, DRAW_BIAS, 0)
            n0, n1 = gaussian_pair(u0, u1)
            n2, _ = gaussian_pair(u2, u3)
        s.bias[radar, 0] = n0 * eye.range_bias_m
        s.bias[radar, 1] = n1 * eye.angle_bias_rad
        s.bias[radar, 2] = n2 * eye.angle_bias_rad


@kernel(inline="always", borrows=True)
def look(m: Any, s: Any, plots: Any, radar: int, threat: int, number: int) -> None:
    """One look of one radar at one threat: seen or not, and the plot if it is."""
    now = s.now[0]
    at, part = truth_at(m, s, threat, now.time_s)
    if at < 0:
        return
    chance = pd_between(m, radar, at, part)
    if chance < 0.0:
        return
    snr = float(m.look_snr[radar, at])
    if m.settings[0].jammers > 0:
        noise = jamming(m, s, radar, threat, at, part)
        if noise > 0.0:
            snr = jammed_snr(snr + part * (m.look_snr[radar, at + 1] - snr), noise)
            chance = jammed_chance(m, radar, threat, snr, chance)
    now.looks += 1
    mine = s.threats[threat]
    mine.looks += 1
    if mine.sight_s == math.inf:
        mine.sight_s = now.time_s
        write(s.now[0], s.log, LOG_SIGHT, threat, -1, radar, 0, chance)
    # The radar's own key, so that another radar in the scenario leaves these draws alone.
    purpose = m.radars[radar].key
    u0, u1, u2, u3 = draw4(now.seed, now.replication, m.threats[threat].key, purpose, number)
    if now.log_level >= 2:
        write(s.now[0], s.log, LOG_DRAW, threat, -1, radar, (purpose << 20) + number, u0)
    hit = u0 < chance
    if hit and mine.detected_s == math.inf:
        mine.detected_s = now.time_s
        write(s.now[0], s.log, LOG_DETECTED, threat, -1, radar, 0, chance)
    if m.settings[0].fidelity == 1:
        # No plot is drawn here, so the second draw of the look is free for its association.
        if surrogate_look(m, s, threat, hit, u1):
            seen, step_s = s.picture[threat], m.threats[threat].step_s
            seen.x, seen.y, seen.z = position_at(m, at, part, step_s)
            seen.vx, seen.vy, seen.vz = velocity_at(m, at, part)
        if hit:
            classify_look(plots.classifier, m, s, radar, threat, snr, number)
            keep_cue_of_plot(s.cue, m, s, plots, radar, threat, at, part, snr)
    elif hit:
        # Given a hit, u0 / chance is uniform again: one block of draws serves the whole look.
        polar = seen_at(m, radar, at, part, m.threats[threat].step_s)
        plot(m, s, plots, radar, threat, polar, snr, u0 / chance, u1, u2, u3)


@kernel(borrows=True)
def look_at_debris(debris: Any, m: Any, s: Any, plots: Any, radar: int, number: int) -> None:
    """One look of one radar at the debris of each target that was killed (`engine.debris`).

    The draws are those that the look at the target itself would have had.
    """
    if debris is None:
        return
    now = s.now[0]
    for k in range(now.n_debris):
        threat = debris[k].listed
        chance, snr = debris_chance(m, debris[threat], threat, radar, now.time_s)
        if chance < 0.0:
            continue
        now.looks += 1
        purpose = m.radars[radar].key
        u0, u1, u2, u3 = draw4(now.seed, now.replication, m.threats[threat].key, purpose, number)
        hit = u0 < chance
        x, y, z, vx, vy, vz = debris_at(m, debris[threat], now.time_s)
        if m.settings[0].fidelity == 1:
            if surrogate_look(m, s, threat, hit, u1):
                seen = s.picture[threat]
                seen.x, seen.y, seen.z, seen.vx, seen.vy, seen.vz = x, y, z, vx, vy, vz
        elif hit:
            polar = polar_of(m, radar, x, y, z)
            plot(m, s, plots, radar, threat, polar, snr, u0 / chance, u1, u2, u3)


@kernel(borrows=True)
def jamming(m: Any, s: Any, radar: int, threat: int, at: int, part: float) -> float:
    """Jamming over thermal noise in the beam of a radar that looks at a threat.

    Sum over the jammers in the air that the radar's horizon does not hide: C / R^2 g, with C the
    ratio in the main lobe times the square of its range, and g the beam's gain in their direction,
    1 for the threat's own. A jammer that is shot down is not in the air. Hills hide no jammer.
    """
    eye = m.radars[radar]
    azimuth, elevation, _ = seen_at(m, radar, at, part, m.threats[threat].step_s)
    total = 0.0
    for k in range(s.now[0].n_flying):
        source = s.flying[k]
        row = m.threats[source]
        if row.jamming_m2 <= 0.0:
            continue
        there, between = truth_at(m, s, source, s.now[0].time_s)
        if there < 0:
            continue
        its_azimuth, its_elevation, slant = seen_at(m, radar, there, between, row.step_s)
        x, y, z = position_at(m, there, between, row.step_s)
        height = height_m(x, y, z, m.settings[0].earth_radius_m)
        if not above_horizon(slant, eye.height_m, height, m.settings[0].effective_radius_m):
            continue
        across = (its_azimuth - azimuth + math.pi) % (2.0 * math.pi) - math.pi
        across *= math.cos(elevation) / eye.beamwidth_azimuth_rad
        up = (its_elevation - elevation) / eye.beamwidth_elevation_rad
        gain = beam_gain(math.sqrt(across * across + up * up), 1.0, eye.sidelobe_ratio)
        total += jammer_to_noise_from_anchor(slant, gain, 1.0, row.jamming_m2)
    return total


@kernel(borrows=True)
def jammed_chance(m: Any, radar: int, threat: int, snr: float, clear: float) -> float:
    """Detection probability of one look at a jammed signal ratio; never above the clear one."""
    eye = m.radars[radar]
    jammed = probability_at_threshold(
        snr, eye.level, eye.pfa, eye.pulses, m.threats[threat].swerling
    )
    return min(clear, jammed)


@kernel(borrows=True)
def keep_cue_of_plot(
    cues: Any, m: Any, s: Any, plots: Any, radar: int, threat: int, at: int, part: float, snr: float
) -> None:
    """Fidelity `engagement`: keep what one plot of a threat would say (`cue_from_plot`)."""
    if cues is None:
        return
    azimuth, elevation, range_m = seen_at(m, radar, at, part, m.threats[threat].step_s)
    sigmas = errors(m.radars[radar], snr)
    cue_from_plot(m, s, plots, radar, threat, range_m, azimuth, elevation, sigmas)


@kernel(inline="always", borrows=True)
def seen_at(m: Any, radar: int, at: int, part: float, step_s: float) -> tuple[float, float, float]:
    """`polar_of` the place between two grid points."""
    px, py, pz = position_at(m, at, part, step_s)
    return polar_of(m, radar, px, py, pz)


@kernel(inline="always", borrows=True)
def polar_of(m: Any, radar: int, px: float, py: float, pz: float) -> tuple[float, float, float]:
    """Azimuth and elevation (rad, from the radar's east and horizontal) and slant range (m)."""
    eye = m.radars[radar]
    axes = m.radar_axes[radar]
    dx, dy, dz = px - eye.x, py - eye.y, pz - eye.z
    lx = axes[0, 0] * dx + axes[1, 0] * dy + axes[2, 0] * dz
    ly = axes[0, 1] * dx + axes[1, 1] * dy + axes[2, 1] * dz
    lz = axes[0, 2] * dx + axes[1, 2] * dy + axes[2, 2] * dz
    range_m = max(math.sqrt(lx * lx + ly * ly + lz * lz), 1.0)
    return math.atan2(ly, lx), math.asin(max(-1.0, min(1.0, lz / range_m))), range_m


@kernel(inline="always", borrows=True)
def plot(
    m: Any, s: Any, plots: Any, radar: int, threat: int, polar: tuple[float, float, float],
    snr: float, u0: float, u1: float, u2: float, u3: float,
) -> None:  # fmt: skip
    """A plot of a threat: its place (`polar_of`) as the radar measures it, with bias and noise.

    The noise follows the SNR. The tracker knows of the noise, and not of the bias.
    """
    eye = m.radars[radar]
    azimuth, elevation, range_m = polar
    range_sigma, azimuth_sigma, elevation_sigma = errors(eye, snr)
    n0, n1 = gaussian_pair(u1, u2)
    n2, _ = gaussian_pair(u3, u0)
    if eye.unresolved == 1:
        keep_hit(
            s, plots, threat, range_m + s.bias[radar, 0], azimuth + s.bias[radar, 1],
            elevation + s.bias[radar, 2], n0, n1, n2, snr,
        )  # fmt: skip
        return
    add_plot(
            m, s, plots, radar, threat,
        range_m + s.bias[radar, 0] + n0 * range_sigma,
        azimuth + s.bias[radar, 1] + n1 * azimuth_sigma,
        elevation + s.bias[radar, 2] + n2 * elevation_sigma,
        range_sigma, azimuth_sigma, elevation_sigma,
    )  # fmt: skip


@kernel(inline="always", borrows=True)
def false_plots(m: Any, s: Any, plots: Any, radar: int, number: int) -> None:
    """Plots of nothing: a Poisson count, uniform in the volume that the radar searches."""
    eye = m.radars[radar]
    if eye.false_plots_per_scan <= 0.0:
        return
    now = s.now[0]
    u = draw(now.seed, now.replication, eye.key, DRAW_FALSE_COUNT, number)
    count = poisson(eye.false_plots_per_scan, u)
    low = math.sin(max(eye.elevation_min_rad, 0.0))
    high = math.sin(eye.false_elevation_rad)
    # A false plot is strong enough to pass the threshold, and no stronger to speak of.
    range_sigma, azimuth_sigma, elevation_sigma = errors(eye, FALSE_PLOT_SNR)
    for k in range(count):
        serial = number * FALSE_PLOTS_NAMED + k
        u0, u1, u2, _ = draw4(now.seed, now.replication, eye.key, DRAW_FALSE_PLOT, serial)
        range_m = eye.instrumented_range_m * u0 ** (1.0 / 3.0)
        azimuth = 0.5 * math.pi - eye.bearing_rad + (u1 - 0.5) * eye.sector_rad
        elevation = math.asin(low + u2 * (high - low))
        add_plot(
            m, s, plots, radar, -1, range_m, azimuth, elevation, range_sigma, azimuth_sigma,
            elevation_sigma,
        )  # fmt: skip


@kernel(inline="always", borrows=True)
def expect(m: Any, s: Any, tracks: Any, radar: int) -> None:
    """Tell each track how likely this scan is to see it, so that only a real miss counts.

    Where the radar does not look (range, horizon, elevation, sector) a track is not expected.
    """
    eye = m.radars[radar]
    axes = m.radar_axes[radar]
    now_s = s.now[0].time_s
    expected = m.track_params[0].detect_probability
    radius = m.settings[0].earth_radius_m
    tracks.resolution[0] = 0.0
    if eye.unresolved == 1:
        tell_resolution(m, tracks, radar)
    highest = math.sin(eye.elevation_max_rad)
    # The horizon bounds a beam from below whose lowest elevation is level or less.
    lowest = math.sin(eye.elevation_min_rad) if eye.elevation_min_rad > 0.0 else -1.0
    for slot in range(tracks.counts[HIGH]):
        row = tracks.track[slot]
        if row.status == FREE:
            continue
        ahead = now_s - row.time_s
        x = tracks.x[slot, 0] + ahead * tracks.x[slot, 3]
        y = tracks.x[slot, 1] + ahead * tracks.x[slot, 4]
        z = tracks.x[slot, 2] + ahead * tracks.x[slot, 5]
        dx, dy, dz = x - eye.x, y - eye.y, z - eye.z
        slant = math.sqrt(dx * dx + dy * dy + dz * dz)
        rise = axes[0, 2] * dx + axes[1, 2] * dy + axes[2, 2] * dz
        seen = slant < eye.instrumented_range_m and above_horizon(
            slant, eye.height_m, height_m(x, y, z, radius), m.settings[0].effective_radius_m
        )
        seen = seen and lowest * slant <= rise <= highest * slant
        if eye.sector_rad < 6.28:
            east = axes[0, 0] * dx + axes[1, 0] * dy + axes[2, 0] * dz
            north = axes[0, 1] * dx + axes[1, 1] * dy + axes[2, 1] * dz
            off = math.atan2(east, north) - eye.bearing_rad
            off = abs((off + math.pi) % (2.0 * math.pi) - math.pi)
            seen = seen and off <= 0.5 * eye.sector_rad
        row.pd = expected if seen else 0.0


@kernel(inline="always", borrows=True)
def picture_from_tracks(m: Any, s: Any, plots: Any, tracks: Any) -> None:
    """Bring the picture, the decision's view of the tracks, up to date with the track table."""
    now = s.now[0]
    high = tracks.counts[HIGH]
    for slot in range(max(high, now.n_slots)):
        row = tracks.track[slot]
        seen = s.picture[slot]
        if seen.firm == 1 and (slot >= high or row.status != CONFIRMED or row.id != seen.id):
            lose(s, slot)
        if slot >= high or row.status != CONFIRMED:
            continue
        source = -1
        if row.plot >= 0:
            source = plots.threat[row.plot]
        if seen.firm == 0:
            gain(m, s, slot, row.id, source)
        if row.plot >= 0:
            seen.threat = source
            if is_first_track(s, source):
                s.threats[source].tracked_s = now.time_s
                write(s.now[0], s.log, LOG_TRACKED, source, row.id, -1, slot, 0.0)
        seen.time_s = row.time_s
        x = tracks.x[slot]
        seen.x, seen.y, seen.z = x[0], x[1], x[2]
        seen.vx, seen.vy, seen.vz = x[3], x[4], x[5]
        keep_cue(s.cue, tracks, slot)
    now.n_slots = high


@kernel(inline="always", borrows=True)
def gain(m: Any, s: Any, slot: int, track_id: int, source: int) -> None:
    """A firm track enters the picture."""
    now = s.now[0]
    seen = s.picture[slot]
    seen.id = track_id
    seen.threat = source
    seen.firm = 1
    seen.called_killed = 0
    seen.volleys = seen.fruitless = 0
    seen.blocked = 0
    seen.engaged = 0
    seen.called = UNNAMED
    seen.identified_s = now.time_s + m.settings[0].identification_delay_s
    seen.consider_s = now.time_s
    if source < 0:
        now.false_tracks += 1
        write(s.now[0], s.log, LOG_FALSE, -1, track_id, -1, slot, 0.0)


@kernel(inline="always", borrows=True)
def lose(s: Any, slot: int) -> None:
    """A firm track leaves the picture."""
    seen = s.picture[slot]
    write(s.now[0], s.log, LOG_LOST, seen.threat, seen.id, -1, slot, 0.0)
    seen.firm = 0
    seen.id = -1


@kernel(inline="always", borrows=True)
def is_first_track(s: Any, threat: int) -> bool:
    """Whether no firm track has led to a threat before; one on its debris is none of it."""
    return (
        threat >= 0
        and s.threats[threat].tracked_s == math.inf
        and (s.threats[threat].fate == FLYING)
    )


@kernel(inline="always", borrows=True)
def surrogate_look(m: Any, s: Any, threat: int, detected: bool, u: float) -> bool:
    """Fidelity `engagement`: a track of its own for each threat, by the tracker's M of N.

    Says whether the look counts: then the caller puts the track where the radar looked.

    A detection after the first counts towards M of N with the probability ``link_probability``,
    fitted to the tracker (tests/validation/test_surrogate.py): in the others the plot goes to
    another track. What it leaves out: swaps, false tracks, the error of the estimate.
    """
    now = s.now[0]
    params = m.track_params[0]
    mine = s.surrogate[threat]
    seen = s.picture[threat]
    alone = seen.firm == 1 or mine.history == 0
    hit = detected and (alone or u < params.link_probability)
    mine.history = ((mine.history << 1) | (1 if hit else 0)) & ((1 << params.confirm_scans) - 1)
    if seen.firm == 1 and now.time_s - mine.hit_s > params.coast_s:
        lose(s, threat)
    if not hit:
        return False
    mine.hit_s = now.time_s
    if seen.firm == 0 and bits(mine.history) >= params.confirm_hits:
        gain(m, s, threat, now.next_track_id, threat)
        now.next_track_id += 1
        now.n_slots = max(now.n_slots, threat + 1)
        if is_first_track(s, threat):
            s.threats[threat].tracked_s = now.time_s
            write(s.now[0], s.log, LOG_TRACKED, threat, seen.id, -1, threat, 0.0)
    seen.time_s = now.time_s
    return True


@kernel(borrows=True)
def bits(word: int) -> int:
    """How many bits are set."""
    count = 0
    while word:
        word &= word - 1
        count += 1
    return count
