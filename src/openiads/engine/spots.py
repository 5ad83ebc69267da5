"""Spots: where a threat was when it was last looked up, and how far it can have gone since.

A lock asks which threats are near a place. Most of a large raid is far from it, which a place a few
seconds old tells as well as the present one, at a tenth of the cost.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openiads.kernel import kernel

SPOT = np.dtype([("x", "f8"), ("y", "f8"), ("time_s", "f8"), ("speed_mps", "f8")])
"""Place, m, and time of the last look-up; the greatest speed along either axis, ever."""

OLDEST_S = 10.0
"""A spot older than this is renewed (assumed: a raid moves by less than its own spacing)."""


def greatest_speeds_mps(
    pos_m: NDArray[np.float64], vel_mps: NDArray[np.float64], rows: NDArray[Any]
) -> NDArray[np.float64]:
    """A bound on the speed of each threat along the x and y axes, anywhere on its path, (n,) m/s.

    On a cubic Hermite segment of duration h, p' = 6u(1-u) dp/h + (1-4u+3u^2) v0 + (3u^2-2u) v1, so
    |p'| <= 1.5 |dp|/h + |v0| + |v1| for u in [0, 1].

    Args: pos_m, vel_mps (grid points, 3); rows (n,), threats of the Model.
    """
    most = np.zeros(len(rows))
    for k, row in enumerate(rows):
        path = slice(int(row["grid"]), int(row["grid"]) + int(row["n_grid"]))
        v = np.abs(vel_mps[path, :2])
        moved = np.abs(np.diff(pos_m[path, :2], axis=0))
        bound = 1.5 * moved / float(row["step_s"]) + v[:-1] + v[1:]
        most[k] = bound.max(initial=0.0)
    return most


@kernel(inline="always", borrows=True)
def stays_far(spot: Any, now_s: float, x: float, y: float, near_m: float) -> bool:
    """Whether a threat must be further than ``near_m`` from (x, y) now, by its spot alone."""
    age_s = now_s - spot.time_s
    if age_s > OLDEST_S:
        return False
    gap = near_m + spot.speed_mps * age_s
    return abs(spot.x - x) > gap or abs(spot.y - y) > gap


@kernel(inline="always", borrows=True)
def renew(spot: Any, now_s: float, x: float, y: float) -> None:
    """Note where a threat is."""
    spot.x, spot.y, spot.time_s = x, y, now_s


@kernel(inline="always", borrows=True)
def forget(spot: Any) -> None:
    """No look-up yet in this replication."""
    spot.time_s = -math.inf
