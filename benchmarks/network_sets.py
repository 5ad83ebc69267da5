"""Seeded sets of plots from several radars with constant errors, with truth.

Targets of nearly constant velocity over a disc between the radars; every radar turns on its own
(5 s, at its own phase), with its own axes, noise, clutter and biases.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

SIGMA = np.array([50.0, math.radians(0.15), math.radians(0.15)])
PERIOD_S = 5.0
PD = 0.9


class NetworkSet(NamedTuple):
    """Looks in order of time, with the truth at each look."""

    sensor_pos_m: np.ndarray
    sensor_axes: np.ndarray
    bias: np.ndarray
    time_s: np.ndarray
    sensor: np.ndarray
    plots: list
    truth: list


def make(
    targets: int = 60,
    radars: int = 2,
    rounds: int = 40,
    seed: int = 1,
    biased: bool = True,
    noise_m2ps3: float = 0.1,
    clutter: int = 10,
    radius_m: float = 150e3,
) -> NetworkSet:
    """A set of ``targets`` seen by ``radars`` some 80 km apart; the same but for the biases when
    ``biased`` is False."""
    rng = np.random.default_rng(seed)
    around = 2.0 * math.pi * np.arange(radars) / radars
    ring = 80e3 / (2.0 * math.sin(math.pi / radars))
    pos = np.stack([ring * np.cos(around), ring * np.sin(around), np.full(radars, 100.0)], axis=1)
    yaw = rng.uniform(-math.pi, math.pi, radars)
    axes = np.zeros((radars, 3, 3))
    axes[:, 0, 0], axes[:, 1, 0] = np.cos(yaw), np.sin(yaw)
    axes[:, 0, 1], axes[:, 1, 1] = -np.sin(yaw), np.cos(yaw)
    axes[:, 2, 2] = 1.0
    bias = rng.choice([-1.0, 1.0], (radars, 3)) * rng.uniform(0.6, 1.4, (radars, 3))
    bias = bias * np.array([300.0, math.radians(0.5), math.radians(0.2)])
    # A tilt shared by all radars cannot be told apart from the sky's; a radar's own can.
    x = _start(rng, targets, radius_m)
    times, who, plots, truth = [], [], [], []
    for k in range(rounds):
        for s in range(radars):
            step = PERIOD_S / radars
            if times:
                x = _move(rng, x, step, noise_m2ps3)
            times.append(k * PERIOD_S + s * step)
            who.append(s)
            truth.append(x.copy())
            plots.append(_see(rng, x, pos[s], axes[s], bias[s] * biased, clutter, radius_m))
    return NetworkSet(pos, axes, bias, np.array(times), np.array(who), plots, truth)


def _start(rng, n: int, radius_m: float) -> np.ndarray:
    r, a = radius_m * np.sqrt(rng.random(n)), rng.uniform(0, 2 * math.pi, n)
    v, h = rng.uniform(100, 300, n), rng.uniform(0, 2 * math.pi, n)
    z = rng.uniform(2_000, 12_000, n)
    zero = np.zeros(n)
    return np.stack([r * np.cos(a), r * np.sin(a), z, v * np.cos(h), v * np.sin(h), zero], axis=1)


def _move(rng, x: np.ndarray, step_s: float, q: float) -> np.ndarray:
    block = q * np.array([[step_s**3 / 3, step_s**2 / 2], [step_s**2 / 2, step_s]])
    root = np.linalg.cholesky(block)
    after = x.copy()
    after[:, :3] += step_s * x[:, 3:]
    for axis in range(2):
        kick = rng.standard_normal((len(x), 2)) @ root.T
        after[:, axis] += kick[:, 0]
        after[:, axis + 3] += kick[:, 1]
    return after


def _see(rng, x, pos, axes, bias, clutter: int, radius_m: float) -> np.ndarray:
    local = (x[:, :3] - pos) @ axes
    r = np.linalg.norm(local, axis=1)
    rae = np.stack([r, np.arctan2(local[:, 1], local[:, 0]), np.arcsin(local[:, 2] / r)], axis=1)
    rae += bias + SIGMA * rng.standard_normal(rae.shape)
    rae = rae[rng.random(len(x)) < PD]
    n = rng.poisson(clutter)
    ground = 1.5 * radius_m * np.sqrt(rng.random(n))
    up = rng.uniform(0, 13_000, n)
    r = np.hypot(ground, up) + 1.0
    false = np.stack([r, rng.uniform(-math.pi, math.pi, n), np.arcsin(up / r)], axis=1)
    return np.concatenate([rae, false])[rng.permutation(len(rae) + n)]
