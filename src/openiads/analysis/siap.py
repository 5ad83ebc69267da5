"""Single integrated air picture: completeness, ambiguity, spuriousness, accuracy, continuity."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.faults import Fault, InputError


class Association(NamedTuple):
    """Track ``track`` belongs to truth ``truth`` from ``start_s`` to ``end_s``, both included."""

    truth: int
    track: int
    start_s: float
    end_s: float


class Siap(NamedTuple):
    """SIAP measures of a run; ``at_times`` holds the first five for each time (times, 5)."""

    completeness: float
    ambiguity: float
    spuriousness: float
    position_accuracy: float
    velocity_accuracy: float
    rate_of_track_number_change: float
    longest_track_segment: float
    times_s: np.ndarray
    at_times: np.ndarray


def siap(
    truths: Sequence[ArrayLike],
    tracks: Sequence[ArrayLike],
    associations: Sequence[Sequence[float]],
    position: Sequence[int] = (0, 1, 2),
    velocity: Sequence[int] = (3, 4, 5),
) -> Siap:
    """SIAP measures of tracks against truths, given which track belongs to which truth when.

    With J(t) truths, JT(t) truths with a track, N(t) tracks and NA(t) tracks with a truth:
    completeness sum JT / sum J; ambiguity sum NA / sum JT; spuriousness sum (N - NA) / sum N;
    accuracies the mean error over associations; rate of track number change
    sum_j (U_j - 1) / sum_j T_j, U_j the fewest associations that cover what is covered of truth j
    and T_j the time it is covered; longest segment sum_j L_j / sum_j life_j, L_j the most time
    that one track is on truth j.

    Args: truths and tracks, each an array (k, 1 + d) with the time in column 0 and the state
    after it; ``position`` and ``velocity`` pick columns of the state; associations as
    (truth, track, start_s, end_s), ends included.
    Raises InputError for indices or shapes that do not fit. Reference: Votruba et al., Single
    Integrated Air Picture (SIAP) Metrics Implementation, 2001, in the conventions of Stone Soup.
    Validated by tests/validation/test_track_metrics.py.
    """
    paths = [_path(p, f"truths[{k}]") for k, p in enumerate(truths)]
    flown = [_path(p, f"tracks[{k}]") for k, p in enumerate(tracks)]
    links = _links(associations, len(paths), len(flown))
    times = np.unique(np.concatenate([p[:, 0] for p in (*paths, *flown)] or [np.zeros(0)]))
    sums = np.zeros((len(times), 6))
    for k, t in enumerate(times):
        now = [a for a in links if a.start_s <= t <= a.end_s]
        sums[k, 0] = sum(t in p[:, 0] for p in paths)
        sums[k, 1] = len({a.truth for a in now})
        sums[k, 2] = sum(t in p[:, 0] for p in flown)
        sums[k, 3] = len({a.track for a in now})
        for a in now:
            x, y = _state(paths[a.truth], t), _state(flown[a.track], t)
            sums[k, 4] += np.linalg.norm(x[list(position)] - y[list(position)])
            sums[k, 5] += np.linalg.norm(x[list(velocity)] - y[list(velocity)])
    at_times = np.array([_measures(row) for row in sums]).reshape(-1, 5)
    mine: list[list[Association]] = [[] for _ in paths]
    for a in links:
        mine[a.truth].append(a)
    covered = [_cover(p[:, 0], a) for p, a in zip(paths, mine, strict=True)]
    changes = sum(u - 1 for u, _, _ in covered if u > 0)
    tracked = sum(t for _, t, _ in covered)
    life = sum(p[-1, 0] - p[0, 0] for p in paths if len(p))
    return Siap(
        *_measures(sums.sum(axis=0)),
        changes / tracked if tracked else 0.0,
        sum(longest for _, _, longest in covered) / life if life else 0.0,
        times,
        at_times,
    )


def _path(value: ArrayLike, name: str) -> np.ndarray:
    path = np.asarray(value, dtype=np.float64)
    if path.ndim != 2 or not np.isfinite(path).all():
        raise InputError.of("not an array (k, 1 + d) of finite numbers", "time first", key=name)
    return path[np.argsort(path[:, 0], kind="stable")]


def _links(associations: Sequence[Sequence[float]], n: int, m: int) -> list[Association]:
    links, faults = [], []
    for k, (truth, track, start, end) in enumerate(associations):
        if not (0 <= truth < n and 0 <= track < m and start <= end):
            faults.append(Fault("no such truth, track or span of time", key=f"associations[{k}]"))
        links.append(Association(int(truth), int(track), float(start), float(end)))
    if faults:
        raise InputError(faults)
    return links


def _state(path: np.ndarray, time_s: float) -> np.ndarray:
    """The state of a path at a time, the last one known where it has none."""
    return path[max(int(np.searchsorted(path[:, 0], time_s, "right")) - 1, 0), 1:]


def _measures(row: np.ndarray) -> tuple[float, float, float, float, float]:
    """The five ratios of (J, JT, N, NA, position error, velocity error)."""
    j, jt, n, na, pos, vel = map(float, row)
    return (
        jt / j if j else 0.0,
        na / jt if jt else 1.0,
        (n - na) / n if n else 0.0,
        pos / na if na else 0.0,
        vel / na if na else 0.0,
    )


def _cover(times: np.ndarray, links: list[Association]) -> tuple[int, float, float]:
    """Fewest associations that cover a truth, time covered, and the most time under one track."""
    if not links:
        return 0, 0.0, 0.0
    needed, k = 0, 0
    while k < len(times):
        reach = [a.end_s for a in links if a.start_s <= times[k] <= a.end_s]
        if reach:
            needed += 1
            k = max(int(np.searchsorted(times, max(reach), "right")), k + 1)
        else:
            k += 1
    tracked = 0.0
    for low, high in itertools.pairwise(times):
        spans = sorted((max(a.start_s, low), min(a.end_s, high)) for a in links)
        done = low
        for start, end in spans:
            if end > max(start, done):
                tracked += end - max(start, done)
                done = end
    spent: dict[int, float] = {}
    for a in links:
        spent[a.track] = spent.get(a.track, 0.0) + a.end_s - a.start_s
    return needed, float(tracked), max(spent.values())
