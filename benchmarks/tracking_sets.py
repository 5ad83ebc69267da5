"""Seeded sets of detections with truth, for measuring trackers: a calm picture and a raid.

``easy``: targets of nearly constant velocity all over a disc of 400 km radius. ``hard``: a raid
from a sector of 120 degrees in wedge formations of 4 to 12, spaced more closely than the radar
resolves across range, which fly S-turns of 1 to 4 g; some begin later, some end early. ``mixed``:
lone targets all over the disc, a quarter each calm, turning at 1 to 4 g, gathering or losing speed
at 5 to 30 m/s2, and falling ballistically (3,000 to 10,000 kg/m2, US Standard Atmosphere 1976).
The radar is at the origin: 50 m, 0.15 deg, 0.15 deg, a scan every 5 s.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from openiads.physics.atmosphere import density_kgm3

RANGE_M = 400_000.0
SIGMA = np.array([50.0, math.radians(0.15), math.radians(0.15)])
DT_S = 5.0
SCANS = 60
G = 9.80665


class Set(NamedTuple):
    """Detections and truth of a run, in the columns of the shared NPZ files."""

    truth_scan: np.ndarray
    truth_id: np.ndarray
    truth_state: np.ndarray
    det_scan: np.ndarray
    det_rae: np.ndarray
    det_truth: np.ndarray


def make(kind: str, targets: int, seed: int, area_scale: float = 1.0) -> Set:
    """A set of ``kind`` "easy", "hard" or "mixed"; ``area_scale`` widens an easy one's disc."""
    rng = np.random.default_rng(seed)
    if kind == "mixed":
        return _observe(rng, _mixed(rng, targets), 0.85, 50, False, 1.0)
    if kind == "easy":
        paths = _calm(rng, targets, RANGE_M * math.sqrt(area_scale))
        clutter = {30: 10, 100: 30, 300: 50}.get(targets, max(10, targets // 6))
        return _observe(rng, paths, 0.9, clutter, False, math.sqrt(area_scale))
    return _observe(rng, _raid(rng, targets), 0.7, 200, True, 1.0)


def _calm(rng, n: int, radius_m: float) -> list:
    """Constant velocity with a white acceleration of 0.1 m2/s3, alive in all scans."""
    r, a = radius_m * np.sqrt(rng.random(n)), rng.uniform(0, 2 * math.pi, n)
    x = np.zeros((n, 6))
    x[:, 0], x[:, 1], x[:, 2] = r * np.cos(a), r * np.sin(a), rng.uniform(1_000, 12_000, n)
    v, h = rng.uniform(100, 300, n), rng.uniform(0, 2 * math.pi, n)
    x[:, 3], x[:, 4] = v * np.cos(h), v * np.sin(h)
    block = 0.1 * np.array([[DT_S**3 / 3, DT_S**2 / 2], [DT_S**2 / 2, DT_S]])
    root = np.linalg.cholesky(block)
    states = []
    for _ in range(SCANS):
        states.append(x.copy())
        x[:, :3] += DT_S * x[:, 3:]
        for axis in range(2):
            kick = rng.standard_normal((n, 2)) @ root.T
            x[:, axis] += kick[:, 0]
            x[:, axis + 3] += kick[:, 1]
    return [(0, np.array([s[i] for s in states])) for i in range(n)]


def _raid(rng, n: int) -> list:
    """Formations (and some lone flyers) that close in on the origin; (first scan, states) each."""
    paths: list = []
    while len(paths) < n:
        size = 1 if rng.random() < 0.2 else int(rng.integers(4, 13))
        size = min(size, n - len(paths))
        fast = rng.random() < 0.3
        speed = rng.uniform(600, 900) if fast else rng.uniform(180, 320)
        azimuth = rng.uniform(-math.pi / 3, math.pi / 3)
        radius = rng.uniform(250e3, 395e3) if fast else rng.uniform(100e3, 330e3)
        heading = azimuth + math.pi + rng.normal(0, math.radians(5))
        birth = 0 if rng.random() < 0.7 else int(rng.integers(1, 20))
        lead = np.array([radius * math.cos(azimuth), radius * math.sin(azimuth), 0.0])
        lead[2] = rng.uniform(1_500, 14_000)
        track = _weave(rng, lead, speed, heading, SCANS - birth)
        offsets = _wedge(rng, size, heading)
        for k in range(size):
            states = track.copy()
            states[:, :3] += offsets[k]
            states[:, 2] = np.maximum(states[:, 2], 100.0)
            if rng.random() < 0.15:
                states = states[: int(rng.integers(30, 60)) - birth]
            paths.append((birth, states))
    return paths


def _mixed(rng, n: int) -> list:
    """Lone targets: calm, weaving, pushing and falling ones in turn."""
    calm = iter(_calm(rng, (n + 3) // 4, RANGE_M))
    paths = []
    for k in range(n):
        r, a = RANGE_M * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
        lead = np.array([r * math.cos(a), r * math.sin(a), rng.uniform(2e3, 13e3)])
        heading = rng.uniform(-math.pi, math.pi)
        if k % 4 == 0:
            paths.append(next(calm))
        elif k % 4 == 1:
            paths.append((0, _weave(rng, lead, rng.uniform(180, 400), heading, SCANS)))
        elif k % 4 == 2:
            paths.append((0, _push(rng, lead, heading)))
        else:
            paths.append((int(rng.integers(0, 15)), _fall(rng, lead, heading)))
    return paths


def _push(rng, lead, heading: float) -> np.ndarray:
    """Level flight that gathers and loses speed, 10 to 25 s at a time, at 200 to 900 m/s."""
    speed, left, rate = rng.uniform(250, 400), rng.uniform(20, 60), 0.0
    pos, states = lead.copy(), []
    along = np.array([math.cos(heading), math.sin(heading), 0.0])
    for second in range(int(SCANS * DT_S)):
        if second % int(DT_S) == 0:
            states.append(np.concatenate([pos, speed * along]))
        if left <= 0.0:
            rate = 0.0 if rate else rng.uniform(5, 30) * (1 if speed < 500 else -1)
            left = rng.uniform(10, 25) if rate else rng.uniform(20, 60)
        after = min(max(speed + rate, 200.0), 900.0)
        pos = pos + 0.5 * (speed + after) * along
        speed, left = after, left - 1.0
    return np.array(states)


def _fall(rng, lead, heading: float) -> np.ndarray:
    """Ballistic flight over a sphere from 50 to 110 km height down to 1 km, steps of 0.1 s."""
    drag = 1.0 / rng.uniform(3e3, 1e4)
    speed, dive = rng.uniform(900, 2_500), rng.uniform(-0.9, 0.3)
    pos = np.array([lead[0], lead[1], rng.uniform(50e3, 110e3)])
    v = speed * np.array(
        [math.cos(heading) * math.cos(dive), math.sin(heading) * math.cos(dive), math.sin(dive)]
    )
    centre, states = np.array([0.0, 0.0, -6_371_000.0]), []
    for step in range(int(SCANS * DT_S * 10)):
        out = pos - centre
        far = float(np.linalg.norm(out))
        if far - 6_371_000.0 < 1_000.0:
            break
        if step % int(DT_S * 10) == 0:
            states.append(np.concatenate([pos, v]))
        density = float(density_kgm3(far - 6_371_000.0))
        acceleration = -3.986004418e14 * out / far**3
        acceleration -= 0.5 * density * float(np.linalg.norm(v)) * drag * v
        pos = pos + 0.1 * v + 0.005 * acceleration
        v = v + 0.1 * acceleration
    return np.array(states)


def _wedge(rng, size: int, heading: float) -> np.ndarray:
    """Members to the left and right of a leader, ``spacing`` apart, swept back."""
    spacing = rng.uniform(800, 2_500)
    along = np.array([math.cos(heading), math.sin(heading), 0.0])
    across = np.array([-along[1], along[0], 0.0])
    places = []
    for k in range(size):
        rank = (k + 1) // 2
        side = 1.0 if k % 2 else -1.0
        place = rank * spacing * (side * across - 0.65 * along)
        place += rng.normal(0, 150.0, 3)
        places.append(place)
    return np.array(places)


def _weave(rng, lead, speed: float, heading: float, scans: int) -> np.ndarray:
    """The leader's states each scan: straight legs between S-turns, integrated at 1 s."""
    seconds = int(scans * DT_S)
    rate = np.zeros(seconds + 200)
    t = int(rng.uniform(10, 60))
    while t < seconds:
        half = int(rng.uniform(8, 20))
        omega = (
            rng.uniform(1, 4)
            * (0.5 if speed > 500 else 1.0)
            * G
            / speed
            * (1 if rng.random() < 0.5 else -1)
        )
        rate[t : t + half] = omega
        rate[t + half : t + 2 * half] = -omega
        t += 2 * half + int(rng.uniform(20, 75))
    pos, h, states = lead.copy(), heading, []
    for k in range(seconds):
        v = np.array([speed * math.cos(h), speed * math.sin(h), 0.0])
        if k % int(DT_S) == 0:
            states.append(np.concatenate([pos, v]))
        pos = pos + v
        h += rate[k]
    return np.array(states)


def _observe(rng, paths: list, pd: float, clutter: int, hard: bool, scale: float) -> Set:
    truth, found = [], []
    for k in range(SCANS):
        rows = []
        for who, (birth, states) in enumerate(paths):
            if not birth <= k < birth + len(states):
                continue
            state = states[k - birth]
            r = float(np.linalg.norm(state[:3]))
            if hard and r > RANGE_M:
                continue
            truth.append((k, who, state))
            if rng.random() < pd:
                rae = [r, math.atan2(state[1], state[0]), math.asin(state[2] / r)]
                rows.append((k, rae + SIGMA * rng.standard_normal(3), who))
        for c in range(rng.poisson(clutter)):
            near = hard and c % 2 == 0
            ground = (150_000.0 if near else RANGE_M * scale) * math.sqrt(rng.random())
            az, z = rng.uniform(-math.pi, math.pi), rng.uniform(0, 13_000)
            r = math.hypot(ground, z)
            rows.append((k, np.array([r, az, math.asin(z / r)]), -1))
        found += [rows[i] for i in rng.permutation(len(rows))]
    return Set(
        np.array([t[0] for t in truth], np.int32),
        np.array([t[1] for t in truth], np.int32),
        np.array([t[2] for t in truth]),
        np.array([d[0] for d in found], np.int32),
        np.array([d[1] for d in found]),
        np.array([d[2] for d in found], np.int32),
    )
