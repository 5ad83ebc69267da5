"""Measures of tracking: OSPA, GOSPA with its parts, SIAP, identity switches, track life.

A set of points is an array of shape (n, d). For the sums over a whole run a `Picture` holds truth
or tracks as three columns: scan, id and state.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.analysis.siap import Association, Siap, siap
from openiads.faults import Fault, InputError
from openiads.physics.assignment import assign_space, assign_sparse, linear_assignment

__all__ = [
    "Association",
    "Gospa",
    "Ospa",
    "Picture",
    "Siap",
    "SwitchingLoss",
    "gospa",
    "identity_measures",
    "match",
    "ospa",
    "picture_siap",
    "score",
    "siap",
]


class Ospa(NamedTuple):
    """OSPA distance and its two parts, in the unit of the points."""

    distance: float
    localisation: float
    cardinality: float


class Gospa(NamedTuple):
    """GOSPA distance, and its parts to the power ``order``."""

    distance: float
    localisation: float
    missed: float
    false: float


def _points(truth: ArrayLike, tracks: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both sets as (n, d) arrays of one d; an empty set may have any shape."""
    both = []
    for name, value in (("truth", truth), ("tracks", tracks)):
        points = np.asarray(value, dtype=np.float64)
        if points.size and (points.ndim != 2 or not np.isfinite(points).all()):
            raise InputError.of("not an array of finite points (n, d)", "one row a point", key=name)
        both.append(points)
    x, y = both
    if x.size and y.size and x.shape[1] != y.shape[1]:
        raise InputError.of(f"points have {x.shape[1]} and {y.shape[1]} coordinates", key="tracks")
    d = x.shape[1] if x.size else (y.shape[1] if y.size else 1)
    return x.reshape(-1, d), y.reshape(-1, d)


def _check(cutoff: float, order: float) -> None:
    faults = []
    if not (0.0 < cutoff < math.inf):
        faults.append(Fault(f"{cutoff!r} is not a cut-off", "a finite length > 0", key="cutoff"))
    if not order >= 1.0:
        faults.append(Fault(f"{order!r} is not an order", "1 or more, or inf", key="order"))
    if faults:
        raise InputError(faults)


def match(truth: np.ndarray, tracks: np.ndarray, cutoff: float, order: float) -> np.ndarray:
    """The track of each truth, or -1, that minimises sum over pairs of d^p - c^p with d < c.

    This one matching is optimal for OSPA and for GOSPA with alpha = 2 alike, since both are
    constants plus this sum. Shapes (n, d) and (m, d) -> (n,).
    """
    n, m = len(truth), len(tracks)
    if not n or not m:
        return np.full(n, -1, np.int64)
    from scipy.spatial import cKDTree

    lists = cKDTree(tracks).query_ball_point(truth, cutoff, return_sorted=True)
    start = np.concatenate([[0], np.cumsum([len(k) for k in lists])]).astype(np.int64)
    column = np.array([j for k in lists for j in k] + [0], dtype=np.int64)
    row = np.repeat(np.arange(n), np.diff(start))
    distance = np.linalg.norm(truth[row] - tracks[column[:-1]], axis=1)
    cost = np.append((distance / cutoff) ** order - 1.0, 0.0)
    space = assign_space(n, m, len(column))
    assign_sparse(n, start, column, cost, np.zeros(n), m, space)
    return np.where(space.row_edge >= 0, column[space.row_edge], -1)


def ospa(truth: ArrayLike, tracks: ArrayLike, cutoff: float, order: float = 2.0) -> Ospa:
    """Optimal sub-pattern assignment distance between two sets of points.

    d = ((min_pi sum min(c, d_i)^p + c^p |m - n|) / max(m, n))^(1/p); localisation and cardinality
    are the p-th roots of the two shares. For p = inf the sum is the largest term, and sets of
    different size are c apart.

    Args: truth (n, d) and tracks (m, d); ``cutoff`` c > 0 in their unit; ``order`` p >= 1.
    Raises InputError for anything else. Reference: Schuhmacher, Vo and Vo, "A consistent metric
    for performance evaluation of multi-object filters", IEEE Trans. SP 56(8), 2008, eq. 3 and 5.
    Validated by tests/validation/test_track_metrics.py.
    """
    _check(cutoff, order)
    x, y = _points(truth, tracks)
    n, m = len(x), len(y)
    if n == 0 and m == 0:
        return Ospa(0.0, 0.0, 0.0)
    if math.isinf(order):
        if n != m:
            return Ospa(cutoff, math.nan, cutoff)
        worst = _bottleneck(np.linalg.norm(x[:, None] - y[None], axis=2).clip(max=cutoff))
        return Ospa(worst, worst, 0.0)
    picked = match(x, y, cutoff, order)
    paired = picked >= 0
    near = np.linalg.norm(x[paired] - y[picked[paired]], axis=1)
    local = float((near**order).sum()) + cutoff**order * (min(n, m) - int(paired.sum()))
    size = max(n, m)
    count = cutoff**order * abs(n - m)
    root = 1.0 / order
    return Ospa(((local + count) / size) ** root, (local / size) ** root, (count / size) ** root)


def _bottleneck(distance: np.ndarray) -> float:
    """Least over matchings of the largest distance: bisection over the distances that occur."""
    levels = np.unique(distance)
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        over = (distance > levels[middle]).astype(float)
        picked = linear_assignment(over)
        if over[np.arange(len(over)), picked].any():
            low = middle + 1
        else:
            high = middle
    return float(levels[high])


def gospa(
    truth: ArrayLike, tracks: ArrayLike, cutoff: float, order: float = 2.0, alpha: float = 2.0
) -> Gospa:
    """Generalised OSPA distance between two sets of points, with its parts.

    alpha = 2: d^p = min over partial matchings of sum d_i^p + c^p/2 (missed + false), where truths
    and tracks without a partner nearer than c are missed or false. 0 < alpha < 2: every point of
    the smaller set has a partner at min(c, d), and each surplus point costs c^p / alpha.
    The parts are to the power p and add up to d^p.

    Args: truth (n, d) and tracks (m, d); ``cutoff`` c > 0 in their unit; finite ``order`` p >= 1.
    Raises InputError for anything else. Reference: Rahmathullah, Garcia-Fernandez and Svensson,
    "Generalized optimal sub-pattern assignment metric", FUSION 2017, definition 1 and
    proposition 1. Validated by tests/validation/test_track_metrics.py.
    """
    _check(cutoff, order)
    if math.isinf(order) or not 0.0 < alpha <= 2.0:
        raise InputError.of("needs a finite order and 0 < alpha <= 2", key="alpha")
    x, y = _points(truth, tracks)
    n, m = len(x), len(y)
    picked = match(x, y, cutoff, order)
    paired = picked >= 0
    near = np.linalg.norm(x[paired] - y[picked[paired]], axis=1)
    local = float((near**order).sum())
    pairs = int(paired.sum())
    unit = cutoff**order / alpha
    if alpha == 2.0:
        missed, false = unit * (n - pairs), unit * (m - pairs)
    else:
        local += cutoff**order * (min(n, m) - pairs)
        missed, false = unit * max(n - m, 0), unit * max(m - n, 0)
    return Gospa((local + missed + false) ** (1.0 / order), local, missed, false)


class SwitchingLoss:
    """Loss for changes of identity from scan to scan: 1 a re-assignment, 1/2 a loss or a gain.

    The first assignment of a truth is free. ``factor * loss^(1/order)`` is the switching term
    that extends GOSPA to sequences. Reference: MathWorks, trackGOSPAMetric, "switching".
    """

    def __init__(self) -> None:
        self.last: dict[Any, Any] = {}

    def add(self, assigned: Mapping[Any, Any]) -> float:
        """The loss of one scan; ``assigned`` gives the track of each truth, or None."""
        loss = 0.0
        for truth, track in assigned.items():
            if truth not in self.last:
                if track is not None:
                    self.last[truth] = track
                continue
            before = self.last[truth]
            if track != before:
                loss += 0.5 if track is None or before is None else 1.0
                self.last[truth] = track
        return loss


@dataclass(frozen=True)
class Picture:
    """Points of a run: ``scan`` (k,) ascending, ``id`` (k,) and ``state`` (k, 3 or 6) in m, m/s."""

    scan: np.ndarray
    id: np.ndarray
    state: np.ndarray

    def at(self, scan: int) -> slice:
        """The rows of one scan."""
        return slice(*np.searchsorted(self.scan, [scan, scan + 1]))


def identity_measures(truth: Picture, tracks: Picture, scans: Iterable[int], cutoff: float) -> dict:
    """Switches, initiation delay and track life from the matching (p = 2) of each scan.

    ``switches``: a truth's track is another than the one it had when it last had one;
    ``first_scan_delay``: mean scans from a truth's birth to its first track;
    ``tracked``: mean share of a truth's scans in which it has a track;
    ``longest``: mean share of a truth's scans covered by its longest run under one id.
    """
    last: dict[int, int] = {}
    born: dict[int, int] = {}
    delay: dict[int, int] = {}
    run: dict[int, int] = {}
    best: dict[int, int] = {}
    life: dict[int, int] = {}
    held: dict[int, int] = {}
    switches = 0
    for k in scans:
        rows, cols = truth.at(k), tracks.at(k)
        picked = match(truth.state[rows, :3], tracks.state[cols, :3], cutoff, 2.0)
        ids = tracks.id[cols]
        for who, p in zip(truth.id[rows].tolist(), picked.tolist(), strict=True):
            born.setdefault(who, k)
            life[who] = life.get(who, 0) + 1
            if p < 0:
                run[who] = 0
                continue
            track = int(ids[p])
            held[who] = held.get(who, 0) + 1
            delay.setdefault(who, k - born[who])
            if who in last and last[who] != track:
                switches += 1
                run[who] = 0
            last[who] = track
            run[who] = run.get(who, 0) + 1
            best[who] = max(best.get(who, 0), run[who])
    total = max(len(life), 1)
    return {
        "switches": switches,
        "never_tracked": len(life) - len(delay),
        "first_scan_delay": sum(delay.values()) / max(len(delay), 1),
        "tracked": sum(held.get(w, 0) / n for w, n in life.items()) / total,
        "longest": sum(best.get(w, 0) / n for w, n in life.items()) / total,
    }


def picture_siap(
    truth: Picture, tracks: Picture, cutoff: float, times_s: np.ndarray | None = None
) -> Siap:
    """SIAP measures of a whole run, each track on the truth that the matching of a scan gives it.

    Tracks and truths are matched scan by scan as for GOSPA (p = 2, ``cutoff``); a pair that holds
    over successive scans is one association. One to one, so ambiguity is 1. ``times_s`` (scans,)
    gives the time of each scan; without it rates are per scan.
    """
    clock = np.arange(int(max(truth.scan.max(initial=0), tracks.scan.max(initial=0))) + 1.0)
    clock = clock if times_s is None else np.asarray(times_s, dtype=np.float64)
    names = [np.unique(p.id, return_inverse=True) for p in (truth, tracks)]
    open_: dict[tuple[int, int], tuple[float, float]] = {}
    links: list[tuple[int, int, float, float]] = []
    for k in np.unique(truth.scan).tolist():
        rows, cols = truth.at(k), tracks.at(k)
        picked = match(truth.state[rows, :3], tracks.state[cols, :3], cutoff, 2.0)
        held = np.flatnonzero(picked >= 0)
        pairs = zip(names[0][1][rows][held], names[1][1][cols][picked[held]], strict=True)
        now = {(int(a), int(b)) for a, b in pairs}
        links += [(*pair, *span) for pair, span in open_.items() if pair not in now]
        time_s = float(clock[k])
        open_ = {pair: (open_.get(pair, (time_s, time_s))[0], time_s) for pair in now}
    links += [(*pair, *span) for pair, span in open_.items()]
    paths = [
        [
            np.column_stack([clock[p.scan[rows]], p.state[rows]])
            for rows in np.split(np.argsort(who, kind="stable"), np.cumsum(np.bincount(who))[:-1])
        ]
        if len(ids)
        else []
        for p, (ids, who) in zip((truth, tracks), names, strict=True)
    ]
    return siap(paths[0], paths[1], links)


def score(
    truth: Picture,
    tracks: Picture,
    first_scan: int = 0,
    last_scan: int | None = None,
    cutoffs_m: Sequence[float] = (5_000.0, 2_000.0),
) -> dict:
    """Means over scans of GOSPA (p = 2, alpha = 2) and OSPA (p = 2), and what befell identities.

    Scans ``first_scan`` .. ``last_scan`` count for the means; identities are followed from scan 0
    with the first cut-off. Returns a dictionary of plain numbers.
    """
    end = int(truth.scan[-1]) if last_scan is None else last_scan
    start = int(min(truth.scan[0], first_scan))
    result: dict[str, Any] = {}
    counts = []
    for cutoff in cutoffs_m:
        rows = []
        for k in range(first_scan, end + 1):
            x, y = truth.state[truth.at(k), :3], tracks.state[tracks.at(k), :3]
            g = gospa(x, y, cutoff, 2.0)
            unit = cutoff**2 / 2.0
            rows.append(
                (g.distance, ospa(x, y, cutoff, 2.0).distance, g.missed / unit, g.false / unit)
            )
            counts.append((len(x), len(y)))
        mean = np.mean(rows, axis=0)
        result[f"c_{cutoff:g}_m"] = dict(
            zip(("gospa_m", "ospa_m", "missed", "false"), map(float, mean), strict=True)
        )
    result["truths"], result["tracks"] = map(float, np.mean(counts, axis=0))
    result |= identity_measures(truth, tracks, range(start, end + 1), cutoffs_m[0])
    result["track_ids"] = len(np.unique(tracks.id))
    return result
