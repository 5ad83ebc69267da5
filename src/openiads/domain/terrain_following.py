"""Heights over hilly ground: the lowest that a flight can keep, within slope, loads and look-ahead.

Profiles are heights at equal steps along a ground track. A load n g at speed V bends a path by
at most kappa = n g / V^2 per metre, up when it pulls, down when it pushes over.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from openiads.faults import Fault, InputError


def _positive(**numbers):
    faults = [
        Fault(f"is {value!r}", "give a positive number", key=name)
        for name, value in numbers.items()
        if not value > 0.0
    ]
    if faults:
        raise InputError(faults)


def terrain_profile(
    ground_m: npt.ArrayLike, step_m: float, clearance_m: float, slope_max: float
) -> np.ndarray:
    """The lowest heights over a ground profile that keep a clearance and a steepest slope, (n,).

    h(s) = max over s' of [g(s') + c - k |s - s'|]: terrain following that looks ahead as far as it
    needs to. ``ground_m`` (n,) every ``step_m`` along the path, c ``clearance_m``, k ``slope_max``
    (tangent of the steepest climb or dive). Two passes. Reference: a one-dimensional grey dilation
    by a cone (Serra, Image Analysis and Mathematical Morphology, 1982, ch. XII).
    """
    _positive(step_m=step_m, slope_max=slope_max)
    heights = np.array(ground_m, dtype=float) + clearance_m
    rise = slope_max * step_m * np.arange(len(heights))
    ahead = np.maximum.accumulate((heights - rise)[::-1])[::-1] + rise
    behind = np.maximum.accumulate(heights + rise) - rise
    return np.maximum(ahead, behind)


def push_over_m(distance, slope, bend):
    """How far below a crest a path may be at a distance (m) from it: a parabola, then straight.

    ``bend`` in 1/m up to where the ``slope`` is reached; arrays broadcast.
    """
    turn = slope / bend
    return np.where(
        distance <= turn, 0.5 * bend * distance**2, slope * distance - 0.5 * slope * turn
    )


def _dilated(heights, falls, forward, backward):
    """max over j of heights[i + j] - falls[|j|], j from -backward to forward."""
    out = heights.copy()
    n = len(heights)
    for j in range(1, min(forward, n - 1) + 1):
        np.maximum(out[:-j], heights[j:] - falls[j], out=out[:-j])
    for j in range(1, min(backward, n - 1) + 1):
        np.maximum(out[j:], heights[:-j] - falls[j], out=out[j:])
    return out


def _rounded(heights, step_m, slope, bend):
    """Closing by a parabola: the lowest heights above that pull up no harder than ``bend``.

    Its vertices lie on the grid, so the result may be slope x step / 4 above the lowest.
    """
    steepest = max(slope, float(np.abs(np.diff(heights)).max(initial=0.0)) / step_m)
    reach = math.ceil(2.0 * steepest / bend / step_m)
    parabola = 0.5 * bend * (step_m * np.arange(reach + 1)) ** 2
    # Straight on beyond both ends: a descent must not be rounded off where the profile stops.
    beyond = np.arange(1, reach + 1)
    before = heights[0] + (heights[0] - heights[1]) * beyond[::-1]
    after = heights[-1] + (heights[-1] - heights[-2]) * beyond
    above = _dilated(np.concatenate([before, heights, after]), parabola, reach, reach)
    return -_dilated(-above, parabola, reach, reach)[reach : reach + len(heights)]


def follow_terrain(
    ground_m: npt.ArrayLike,
    step_m: float,
    clearance_m: npt.ArrayLike,
    slope_max: float,
    look_ahead_m: float = math.inf,
    pull_up_per_m: float = math.inf,
    push_over_per_m: float = math.inf,
    floor_m: npt.ArrayLike = -math.inf,
) -> np.ndarray:
    """Heights (n,) of a flight that follows the ground as far as it sees it.

    The lowest path over g + c with slopes within k and bends within -kappa_push .. kappa_pull is a
    dilation by phi(u) = kappa_push u^2 / 2, straight beyond the slope k, closed by a parabola of
    kappa_pull. ``floor_m`` is a path that is flown where it is higher; its own slopes are kept, the
    pull-up where the two meet is rounded. A follower takes from ahead only what lies within
    ``look_ahead_m`` and never climbs more steeply than k; what is behind it knows. The look-ahead
    suffices where it reaches the greatest rise over k, plus k / (2 kappa_push); a shorter one
    lowers the path before steep rises, into the ground if need be: compare with ``ground_m``. There
    the push-over at the top of the climb is not rounded.

    ``ground_m`` (n,) at equal steps along the track, ``clearance_m`` and ``floor_m`` scalars or
    (n,), slopes as tangents, bends 1/m (n g / V^2). Raises `InputError` for steps, slopes, bends
    or a look-ahead that are not positive. Reference: dilation and closing by structuring functions
    (Serra 1982, ch. XII); the rule that the profile ahead is a parabola of push-over is that of
    "ADLAT" terrain-following guidance.
    """
    _positive(
        step_m=step_m, slope_max=slope_max, look_ahead_m=look_ahead_m,
        pull_up_per_m=pull_up_per_m, push_over_per_m=push_over_per_m,
    )  # fmt: skip
    wanted = np.asarray(ground_m, float) + clearance_m
    # A bend sharper than one step of the profile can show changes nothing.
    push = min(push_over_per_m, 1e3 * slope_max / step_m)
    relief = float(wanted.max() - wanted.min())
    needed = relief / slope_max + 0.5 * slope_max / push
    sight = min(look_ahead_m, needed + step_m)
    falls = push_over_m(step_m * np.arange(len(wanted) + 1), slope_max, push)
    steps = math.ceil(needed / step_m) + 1
    heights = _dilated(wanted, falls, int(sight / step_m), steps)
    rise = slope_max * step_m * np.arange(len(heights))
    heights = np.maximum(np.minimum.accumulate(heights - rise) + rise, floor_m)
    if math.isfinite(pull_up_per_m):
        heights = _rounded(heights, step_m, slope_max, pull_up_per_m)
    return heights
