"""Knots: every trajectory as times, positions and velocities, interpolated by cubic Hermite.

A trajectory of any kind is reduced to knots (t, position, velocity) in the scenario frame. `refine`
places them so that between knots the interpolation stays within `POSITION_TOLERANCE_M` and
`VELOCITY_TOLERANCE_MPS` of the law itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openiads.faults import InputError
from openiads.kernel import kernel
from openiads.physics.geodesy import ecef_to_enu, rotate_to_enu

POSITION_TOLERANCE_M = 1.0
VELOCITY_TOLERANCE_MPS = 0.1

_SAFETY = 0.5
"""Probes see the error at some points of an interval; its peak may be larger."""
_PROBES = np.array([0.15, 0.35, 0.5, 0.65, 0.85])
_SPAN_MIN_S = 2e-3


Law = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Times (n,) to positions (n, 3) and velocities (n, 3)."""


class Knots(NamedTuple):
    """A trajectory: ``t_s`` (n,) increasing, ``pos_m`` (n, 3) and ``vel_mps`` (n, 3) in ``enu``."""

    t_s: np.ndarray
    pos_m: np.ndarray
    vel_mps: np.ndarray


@kernel
def locate(t, t_s, first, last, hint):
    """The interval i with t_s[i] <= t < t_s[i+1] among knots first..last (inclusive).

    ``hint`` is where the search starts: the same and the next interval are tried before bisection.
    Clamped to the first and the last interval.
    """
    i = hint
    if i < first:
        i = first
    elif i > last - 1:
        i = last - 1
    if t_s[i] <= t:
        if i >= last - 1 or t < t_s[i + 1]:
            return i
        if i + 1 >= last - 1 or t < t_s[i + 2]:
            return i + 1
        low, high = i + 2, last
    else:
        low, high = first, i
    while high - low > 1:
        middle = (low + high) // 2
        if t_s[middle] <= t:
            low = middle
        else:
            high = middle
    return low


@kernel
def hermite(t, i, t_s, pos_m, vel_mps):
    """Position and velocity (x, y, z, vx, vy, vz) at ``t`` in the interval ``i``.

    The cubic through both ends' positions and velocities, and its derivative; ``t`` is clamped to
    the interval. Its error is at most h⁴/384 of the fourth derivative (de Boor 1978, ch. IV).
    """
    span = t_s[i + 1] - t_s[i]
    s = min(max((t - t_s[i]) / span, 0.0), 1.0)
    r = 1.0 - s
    a, b = (1.0 + 2.0 * s) * r * r, s * s * (3.0 - 2.0 * s)
    c, d = span * s * r * r, -span * s * s * r
    e = 6.0 * s * r / span
    f, g = r * (1.0 - 3.0 * s), s * (3.0 * s - 2.0)
    j = i + 1
    return (
        a * pos_m[i, 0] + b * pos_m[j, 0] + c * vel_mps[i, 0] + d * vel_mps[j, 0],
        a * pos_m[i, 1] + b * pos_m[j, 1] + c * vel_mps[i, 1] + d * vel_mps[j, 1],
        a * pos_m[i, 2] + b * pos_m[j, 2] + c * vel_mps[i, 2] + d * vel_mps[j, 2],
        e * (pos_m[j, 0] - pos_m[i, 0]) + f * vel_mps[i, 0] + g * vel_mps[j, 0],
        e * (pos_m[j, 1] - pos_m[i, 1]) + f * vel_mps[i, 1] + g * vel_mps[j, 1],
        e * (pos_m[j, 2] - pos_m[i, 2]) + f * vel_mps[i, 2] + g * vel_mps[j, 2],
    )


@kernel
def interpolate(t, t_s, pos_m, vel_mps, hint=0):
    """Position and velocity (x, y, z, vx, vy, vz) of one trajectory at ``t``; see `hermite`."""
    i = locate(t, t_s, 0, len(t_s) - 1, hint)
    return hermite(t, i, t_s, pos_m, vel_mps)


def sample(knots, t_s):
    """`interpolate` at many times: (positions (m, 3), velocities (m, 3))."""
    t = np.asarray(t_s, dtype=float)
    i = np.clip(np.searchsorted(knots.t_s, t, side="right") - 1, 0, len(knots.t_s) - 2)
    span = (knots.t_s[i + 1] - knots.t_s[i])[:, None]
    s = np.clip((t - knots.t_s[i])[:, None] / span, 0.0, 1.0)
    r = 1.0 - s
    p, q = knots.pos_m[i], knots.pos_m[i + 1]
    u, v = knots.vel_mps[i], knots.vel_mps[i + 1]
    position = (1 + 2 * s) * r * r * p + s * s * (3 - 2 * s) * q + span * s * r * (r * u - s * v)
    velocity = 6 * s * r / span * (q - p) + r * (1 - 3 * s) * u + s * (3 * s - 2) * v
    return position, velocity


def refine(law: Law, breaks_s: npt.ArrayLike, knots_most: int = 20_000) -> Knots:
    """Knots of ``law(t (n,)) -> (pos (n, 3), vel (n, 3))`` between and at ``breaks_s``.

    Intervals are halved until the cubic agrees with the law at five points of each to half of the
    tolerances (1 m and 0.1 m/s). The law's velocity must be continuous; breaks
    belong where its derivative is not. Raises `InputError` where this takes more than
    ``knots_most`` knots.
    """
    t = np.unique(np.asarray(breaks_s, dtype=float))
    pos, vel = law(t)
    open_ = np.ones(len(t) - 1, dtype=bool)
    while open_.any():
        left = np.flatnonzero(open_)
        probes = t[left, None] + (t[left + 1] - t[left])[:, None] * _PROBES
        law_pos, law_vel = law(probes.ravel())
        got_pos, got_vel = sample(Knots(t, pos, vel), probes.ravel())
        error = np.maximum(
            np.linalg.norm(got_pos - law_pos, axis=1) / POSITION_TOLERANCE_M,
            np.linalg.norm(got_vel - law_vel, axis=1) / VELOCITY_TOLERANCE_MPS,
        )
        worst = error.reshape(-1, len(_PROBES)).max(axis=1)
        split = left[(worst > _SAFETY) & (t[left + 1] - t[left] > _SPAN_MIN_S)]
        if len(t) + len(split) > knots_most:
            raise InputError.of(
                f"a trajectory needs more than {knots_most} knots",
                "make it shorter or its manoeuvres slower",
            )
        rows = np.flatnonzero(np.isin(left, split)) * len(_PROBES) + len(_PROBES) // 2
        t, pos, vel, open_ = _insert(t, pos, vel, split, probes.ravel(), law_pos, law_vel, rows)
    return Knots(t, pos, vel)


def _insert(t, pos, vel, split, probes, law_pos, law_vel, rows):
    """Put the middles of the intervals ``split`` in; both halves stay open, all others close."""
    at = split + 1
    new_t = np.insert(t, at, probes[rows])
    new_pos = np.insert(pos, at, law_pos[rows], axis=0)
    new_vel = np.insert(vel, at, law_vel[rows], axis=0)
    open_ = np.zeros(len(new_t) - 1, dtype=bool)
    moved = split + np.arange(len(split))
    open_[moved] = True
    open_[moved + 1] = True
    return new_t, new_pos, new_vel, open_


def ecef_to_frame(pos_ecef, vel_ecef, lat0_rad, lon0_rad):
    """Earth-fixed positions and velocities (n, 3) in the scenario frame at (lat0, lon0)."""
    x, y, z = pos_ecef.T
    u, v, w = vel_ecef.T
    pos = np.stack(ecef_to_enu(x, y, z, lat0_rad, lon0_rad, 0.0), axis=1)
    vel = np.stack(rotate_to_enu(u, v, w, lat0_rad, lon0_rad), axis=1)
    return pos, vel
