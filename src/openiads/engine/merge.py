"""Merge: targets that a radar cannot resolve give one plot, at the centroid of their echoes."""

from __future__ import annotations

import math
from typing import Any

from openiads.engine.measure import add_plot, errors
from openiads.engine.world import DRAW_STRENGTH
from openiads.kernel import kernel
from openiads.physics.random import draw

RADARS_NAMED = 4096
"""Room for radars under one scan number in the names of the draws of strength."""


@kernel(borrows=True)
def keep_hit(
    s: Any, plots: Any, threat: int, range_m: float, azimuth_rad: float, elevation_rad: float,
    n0: float, n1: float, n2: float, snr: float,
) -> None:  # fmt: skip
    """Keep a detection until the scan is over: true place, error draws, strength."""
    now = s.now[0]
    at = now.n_plots
    if at >= plots.source.shape[0]:
        s.now[0].overflow |= 8
        return
    plots.polar[at, 0], plots.polar[at, 1], plots.polar[at, 2] = range_m, azimuth_rad, elevation_rad
    plots.error[at, 0], plots.error[at, 1], plots.error[at, 2] = n0, n1, n2
    plots.strength[at, 0] = plots.strength[at, 1] = snr
    plots.source[at] = threat
    now.n_plots = at + 1


@kernel(borrows=True)
def merge_hits(switch: Any, m: Any, s: Any, plots: Any, radar: int, number: int) -> None:
    """Make plots of the detections of a scan: the strongest takes all that lie in its cell.

    In its cell is what is nearer than ``range_resolution`` in range and a beam width in azimuth
    (times the cosine of elevation) and in elevation. The plot lies at the centroid weighted by the
    strengths of this look, snr (-ln u) where echoes fluctuate (their power is exponential, Swerling
    1 and 2; taken for 3 and 4 too), with the error draws of the strongest at the summed strength.
    It bears the name of the strongest. What was not detected by itself adds nothing.
    Reference: the model of merged measurements of Koch and van Keuk, IEEE Trans. AES 33(3), 1997.
    """
    if switch is None:
        return
    eye = m.radars[radar]
    now = s.now[0]
    hits = now.n_plots
    now.n_plots = 0
    for k in range(hits):
        threat = m.threats[plots.source[k]]
        if threat.swerling > 0:
            serial = number * RADARS_NAMED + radar
            u = draw(now.seed, now.replication, threat.key, DRAW_STRENGTH, serial)
            plots.strength[k, 1] *= -math.log(max(u, 1e-300))
    for _ in range(hits):
        k = strongest(plots, hits)
        if k < 0:
            return
        total = mean = r = a = e = 0.0
        level = math.cos(plots.polar[k, 2])
        for i in range(hits):
            power = plots.strength[i, 1]
            if power < 0.0:
                continue
            dr = plots.polar[i, 0] - plots.polar[k, 0]
            da = plots.polar[i, 1] - plots.polar[k, 1]
            da = (da + math.pi) % (2.0 * math.pi) - math.pi
            de = plots.polar[i, 2] - plots.polar[k, 2]
            if abs(dr) >= eye.range_resolution_m or abs(de) >= eye.beamwidth_elevation_rad:
                continue
            if abs(da) * level >= eye.beamwidth_azimuth_rad:
                continue
            total += power
            mean += plots.strength[i, 0]
            r, a, e = r + power * dr, a + power * da, e + power * de
            if i != k:
                plots.strength[i, 1] = -1.0
        plots.strength[k, 1] = -1.0
        scale = 1.0 / max(total, 1e-300)
        range_sigma, azimuth_sigma, elevation_sigma = errors(eye, mean)
        add_plot(
            m, s, plots, radar, plots.source[k],
            plots.polar[k, 0] + r * scale + plots.error[k, 0] * range_sigma,
            plots.polar[k, 1] + a * scale + plots.error[k, 1] * azimuth_sigma,
            plots.polar[k, 2] + e * scale + plots.error[k, 2] * elevation_sigma,
            range_sigma, azimuth_sigma, elevation_sigma,
        )  # fmt: skip


@kernel(borrows=True)
def strongest(plots: Any, hits: int) -> int:
    """The strongest detection that is in no plot yet, or -1."""
    best, most = -1, -1.0
    for k in range(hits):
        if plots.strength[k, 1] > most:
            best, most = k, plots.strength[k, 1]
    return best


@kernel(borrows=True)
def tell_resolution(m: Any, tracks: Any, radar: int) -> None:
    """Tell the tracker in which cell this radar cannot tell targets apart."""
    eye = m.radars[radar]
    cell = tracks.resolution
    cell[0] = eye.range_resolution_m
    cell[1] = eye.beamwidth_azimuth_rad
    cell[2] = eye.beamwidth_elevation_rad
    for k in range(3):
        cell[3 + k] = m.radar_pos_m[radar, k]
        cell[6 + k] = m.radar_axes[radar, k, 2]
