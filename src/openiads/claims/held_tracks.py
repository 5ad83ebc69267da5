"""Are so many targets held? The simulator's own tracker, on a raid laid out for the question.

Targets fly at 250 m/s and 8 km on courses within 15 degrees of each other, scattered evenly over
a square around a place at the given range. A search radar sees each with probability 0.9 once a
scan, with errors in range and angles, and some false plots in the same sector. Half of the targets
weave: they turn to one side for twenty seconds, then to the other. After `SETTLE` scans, over the
rest: which share of the targets has a track within a kilometre or three sigma across, how often
another track takes over a target, and how many tracks belong to nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from openiads.claims.findings import Step
from openiads.kernel import jit_disabled
from openiads.physics.random import draw4, gaussian_pair, poisson

SCANS, SETTLE = 30, 10
SPEED_MPS, HEIGHT_M, WEAVE_S, COURSES_RAD = 250.0, 8_000.0, 20.0, math.radians(15.0)
DETECTION = 0.9
ELEVATION_FACTOR = 2.0
"""Assumed: the elevation error of a search radar is twice its azimuth error."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Raid:
    """The raid and the radar of one trial."""

    targets: int
    spacing_m: float
    range_m: float
    scan_s: float
    acceleration_mps2: float
    false_plots: float
    range_error_m: float
    azimuth_error_rad: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the raid was held after the tracks had settled."""

    held: float
    """share of targets that have a track, mean over scans"""
    swaps_per_minute: float
    """changes of the track on a target, a target and minute"""
    strangers: float
    """tracks without a target, mean over scans"""


MODEL = "openiads.domain.tracker.Tracker"

GRAVITY_MPS2 = 9.80665
SPACING_M, DENSE_M = 20e3, 5e3
"""Spacings of the trials; closer than a few kilometres plots of one raid fall into each other's
gates at 300 km, and a trial takes minutes."""


@dataclass(frozen=True, slots=True)
class Trials:
    """What the trials say: lines of the calculation, conditions in words, and what was assumed."""

    steps: tuple[Step, ...]
    conditions: tuple[str, ...]
    models: tuple[str, ...]
    assumed: tuple[str, ...]


def trials(raid: Raid) -> Trials:
    """The raid as given, and with one thing worse at a time: density, turns, scan time, clutter.

    Where compiled code is switched off the tracker takes hours, so it is not asked, in words.
    """
    if jit_disabled():
        told = "the simulator's tracker was not asked: compiled code is switched off"
        return Trials((), (told,), (), ())
    dense = f"{DENSE_M / 1e3:g} km between them"
    cases = {
        "": raid,
        dense: replace(raid, spacing_m=DENSE_M),
        "turns of 3 g": replace(raid, acceleration_mps2=3.0 * GRAVITY_MPS2),
        "twice the scan time": replace(raid, scan_s=2.0 * raid.scan_s),
        "200 false plots a scan": replace(raid, false_plots=200.0),
    }
    found = {name: held_tracks(case) for name, case in cases.items()}
    steps = []
    for name, quality in found.items():
        tail = f", {name}" if name else ""
        steps += [
            Step(f"share of targets held by the simulator's tracker{tail}", quality.held, ""),
            Step(f"another track takes over{tail}", quality.swaps_per_minute, "a target a minute"),
            Step(f"tracks of nobody{tail}", quality.strangers, "tracks"),
        ]
    base = found[""]
    scene = (
        f"{raid.targets} targets {raid.spacing_m / 1e3:g} km apart, half of them weaving at "
        f"{raid.acceleration_mps2 / GRAVITY_MPS2:.0f} g, seen every {raid.scan_s:g} s with "
        f"{raid.false_plots:g} false plots"
    )
    conditions = [f"in the simulator: of {scene}, {_said(base)}"]
    conditions += [f"with {name}: {_said(q)}" for name, q in found.items() if name]
    flight = f"{SPEED_MPS:g} m/s at {HEIGHT_M / 1e3:g} km, {raid.range_m / 1e3:g} km away"
    assumed = f"assumed: {flight}, each seen with probability {DETECTION:g} a scan"
    return Trials(tuple(steps), tuple(conditions), (MODEL,), (assumed,))


def _said(quality: Quality) -> str:
    every = 1.0 / quality.swaps_per_minute if quality.swaps_per_minute > 0.0 else math.inf
    lasting = f"each changes its track every {every:.0f} min" if every < math.inf else "none swaps"
    return f"{100.0 * quality.held:.0f} % are held, {lasting}"


@cache
def held_tracks(raid: Raid) -> Quality:
    """Fly the raid past `openiads.domain.tracker.Tracker` and compare with the truth."""
    from openiads.domain.tracker import Tracker

    sigma = (raid.range_error_m, raid.azimuth_error_rad, ELEVATION_FACTOR * raid.azimuth_error_rad)
    tracker = Tracker(sigma, capacity=4 * raid.targets + 1_000, formations=True)
    truth = _Truth(raid)
    near = max(1_000.0, 3.0 * raid.range_m * raid.azimuth_error_rad)
    last = np.full(raid.targets, -1)
    held, strangers, swaps = [], [], 0
    for scan in range(SCANS):
        time_s = scan * raid.scan_s
        places = truth.at(time_s)
        tracks = tracker.scan(time_s, _plots(raid, places, scan, sigma))
        if scan < SETTLE:
            continue
        of = _matched(places, tracks.state[:, :3], near)
        ids = np.where(of >= 0, tracks.id[of] if len(tracks.id) else -1, -1)
        swaps += int(((ids >= 0) & (last >= 0) & (ids != last)).sum())
        last = np.where(ids >= 0, ids, last)
        held.append(float((of >= 0).mean()))
        strangers.append(len(tracks.id) - int((of >= 0).sum()))
    minutes = (SCANS - SETTLE) * raid.scan_s / 60.0 * raid.targets
    return Quality(float(np.mean(held)), swaps / minutes, float(np.mean(strangers)))


class _Truth:
    """Places of all targets at any time; a weave is a chain of arcs of constant turn."""

    def __init__(self, raid: Raid):
        drawn = np.array([draw4(raid.seed, 0, t, 0, 0) for t in range(raid.targets)])
        side = raid.spacing_m * math.sqrt(raid.targets)
        self.start = (drawn[:, :2] - 0.5) * side + np.array([raid.range_m, 0.0])
        self.course = math.pi + (2.0 * drawn[:, 2] - 1.0) * COURSES_RAD
        turn = np.where(np.arange(raid.targets) % 2 == 0, raid.acceleration_mps2 / SPEED_MPS, 0.0)
        self.turn = turn * np.where(drawn[:, 3] < 0.5, 1.0, -1.0)

    def at(self, time_s: float) -> Floats:
        """(targets, 3) places: x away from the radar, y across, z up."""
        place, course, left = self.start.copy(), self.course.copy(), time_s
        sign = 1.0
        while left > 0.0:
            step = min(left, WEAVE_S)
            place += SPEED_MPS * _arc(course, sign * self.turn, step)
            course = course + sign * self.turn * step
            left, sign = left - step, -sign
        return np.column_stack([place, np.full(len(place), HEIGHT_M)])


def _arc(course: Floats, turn: Floats, step_s: float) -> Floats:
    """Displacement for unit speed along a course that turns at ``turn`` rad/s, (n, 2)."""
    half = 0.5 * turn * step_s
    chord = step_s * np.sinc(half / math.pi)
    return np.column_stack([np.cos(course + half), np.sin(course + half)]) * chord[:, None]


def _plots(raid: Raid, places: Floats, scan: int, sigma: tuple[float, float, float]) -> Floats:
    """The plots of one scan as (range, azimuth, elevation) rows, the false ones last."""
    rows = []
    for target, (x, y, z) in enumerate(places):
        chance, u1, u2, u3 = draw4(raid.seed, scan, target, 1, 0)
        if chance >= DETECTION:
            continue
        n0, n1 = gaussian_pair(u1, u2)
        n2, _ = gaussian_pair(u3, chance / DETECTION)
        reach = math.sqrt(x * x + y * y + z * z)
        rows.append((reach + n0 * sigma[0], math.atan2(y, x) + n1 * sigma[1],
                     math.asin(z / reach) + n2 * sigma[2]))  # fmt: skip
    half = 0.5 * raid.spacing_m * math.sqrt(raid.targets) + SPEED_MPS * raid.scan_s * SCANS
    count = poisson(raid.false_plots, draw4(raid.seed, scan, 0, 2, 0)[0]) if raid.false_plots else 0
    for number in range(int(count)):
        u0, u1, u2, _ = draw4(raid.seed, scan, number, 3, 0)
        reach = max(raid.range_m + (2.0 * u0 - 1.0) * half, 1_000.0)
        rows.append((reach, (2.0 * u1 - 1.0) * math.atan2(half, raid.range_m),
                     math.asin(min(1.0, 2.0 * u2 * HEIGHT_M / reach))))  # fmt: skip
    return np.array(rows).reshape(-1, 3)


def _matched(places: Floats, tracks: Floats, near_m: float) -> NDArray[np.int64]:
    """The track of each target, or -1: the cheapest assignment within ``near_m`` in the plane."""
    from openiads.physics.assignment import linear_assignment

    if len(tracks) == 0:
        return np.full(len(places), -1)
    gap = np.hypot(*(places[:, None, k] - tracks[None, :, k] for k in (0, 1)))
    of = linear_assignment(np.where(gap < near_m, gap, np.inf))
    return np.asarray(of)
