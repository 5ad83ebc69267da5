"""Registration while tracking: the constant errors of several radars, from their common targets.

Each radar has a tracker of its own, fed with its raw plots, so that a bias is the same in all that
it says. Once a round (every radar has looked) the tracks of different radars are matched, and the
latest plots of matched tracks make one group a target: white errors, each plot used once. The
groups of the last rounds are solved together (`openiads.physics.registration.common_bias`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from openiads.domain.tracker import Sensors, Tracker
from openiads.physics.assignment import linear_assignment
from openiads.physics.registration import common_bias, polar_places

PRIOR_RANGE_M = 500.0
PRIOR_ANGLE_RAD = math.radians(0.5)
"""How far off a radar may be, one sigma (assumed: several times what an aligned radar has)."""

_GATE = 22.46
"""Chi-square of 6 dimensions at probability 0.999."""

_TRUSTED = 3
"""Rounds for which two tracks must have been matched before their plots count (assumed)."""

_EACH = 20
"""Rounds after which the estimate has settled; then it is made anew only once in so many."""

_SPREAD_MPS = 10.0
"""Velocity over a few seconds is no surer than that (assumed: 1 g for a second)."""


class _Look(NamedTuple):
    """Tracks of one radar that took a plot: ids, states, covariances, and the plots."""

    time_s: float
    id: np.ndarray
    state: np.ndarray
    covariance: np.ndarray
    rae: np.ndarray


class Registrar:
    """Estimates the biases of several radars from their plots.

    ``bias`` (S, 3) m and rad is what to subtract from their plots; ``covariance`` (3 S, 3 S);
    ``groups`` how many common plots it rests on. ``memory`` is the number of groups kept, the
    newest (0: all). ``prior`` (range m, angle rad) is how large biases may be.

    Absolute elevation and range errors that all radars share show only as far as their lines of
    sight cross; what the geometry does not tell stays at the prior's 0.
    """

    def __init__(
        self,
        sensors: Sensors,
        prior: tuple[float, float] = (PRIOR_RANGE_M, PRIOR_ANGLE_RAD),
        memory: int = 4_000,
        **tracker: Any,
    ) -> None:
        count = len(sensors.pos_m)
        self.sensors = sensors
        self.prior = np.tile([prior[0], prior[1], prior[1]], (count, 1))
        self.memory = memory
        self.bias = np.zeros((count, 3))
        self.covariance = np.diag(self.prior.ravel() ** 2)
        self.fit = 0.0
        self._local = [Tracker(tuple(s), **tracker) for s in sensors.sigma]
        self._round: dict[int, _Look] = {}
        self._votes: dict[tuple[int, int, int, int], int] = {}
        self._groups: list[tuple[np.ndarray, ...]] = []

    @property
    def groups(self) -> int:
        """Groups of common plots that the estimate rests on."""
        return sum(len(g[0]) for g in self._groups)

    def observe(self, time_s: float, sensor: int, rae: np.ndarray) -> None:
        """Feed the raw plots (n, 3) of one look of one radar."""
        if sensor in self._round:
            self.close_round()
        tracks = self._local[sensor].scan(
            time_s, rae, self.sensors.pos_m[sensor], self.sensors.axes[sensor],
            self.sensors.range_m[sensor],
        )  # fmt: skip
        taken = tracks.plot >= 0
        self._round[sensor] = _Look(
            time_s, tracks.id[taken], tracks.state[taken], tracks.covariance[taken],
            np.asarray(rae, float).reshape(-1, 3)[tracks.plot[taken]],
        )  # fmt: skip

    def close_round(self) -> None:
        """Match the tracks of the radars that have looked, and estimate anew."""
        looks, self._round = self._round, {}
        if len(looks) < 2:
            return
        clusters = self._clusters(looks)
        if not clusters:
            return
        self._groups.append(self._group(looks, clusters))
        while self.memory and len(self._groups) > 1 and (
            self.groups - len(self._groups[0][0]) >= self.memory
        ):  # fmt: skip
            self._groups.pop(0)
        if len(self._groups) <= _EACH or len(self._groups) % _EACH == 0:
            self.solve()

    def solve(self) -> None:
        """Estimate the biases anew from all groups that are kept."""
        if not self._groups:
            return
        pos, cov, turn, seen = (np.concatenate(p) for p in zip(*self._groups, strict=True))
        self.bias, self.covariance, self.fit = common_bias(pos, cov, turn, seen, self.prior)

    def _clusters(self, looks: dict[int, _Look]) -> list[dict[int, int]]:
        """Rows of each radar's look that are one target, where matched often enough."""
        middle = float(np.mean([look.time_s for look in looks.values()]))
        clusters: list[dict[int, int]] = []
        mean, spread = np.zeros((0, 6)), np.zeros((0, 6, 6))
        for s, look in sorted(looks.items()):
            state, cov = self._corrected(s, look, middle)
            pairs = match_states(mean, spread, state, cov, _GATE)
            fresh = np.flatnonzero(~np.isin(np.arange(len(state)), pairs[:, 1]))
            for c, row in pairs:
                clusters[c][s] = int(row)
            clusters += [{s: int(row)} for row in fresh]
            mean, spread = (
                np.concatenate([mean, state[fresh]]),
                np.concatenate([spread, cov[fresh]]),
            )
        return self._trusted(looks, [c for c in clusters if len(c) > 1])

    def _trusted(self, looks: dict[int, _Look], clusters: list[dict[int, int]]) -> list:
        """Vote for every match, and keep the members that have been matched long enough."""
        votes, kept = {}, []
        for cluster in clusters:
            members = sorted(cluster)
            first = members[0]
            held = {first: cluster[first]}
            for s in members[1:]:
                key = (
                    first, int(looks[first].id[cluster[first]]), s, int(looks[s].id[cluster[s]])
                )  # fmt: skip
                votes[key] = self._votes.get(key, 0) + 1
                if votes[key] >= _TRUSTED:
                    held[s] = cluster[s]
            if len(held) > 1:
                kept.append(held)
        # A pair that missed a round keeps its votes less one.
        for key, count in self._votes.items():
            if key not in votes and count > 1:
                votes[key] = count - 1
        self._votes = votes
        return kept

    def _corrected(self, s: int, look: _Look, time_s: float) -> tuple[np.ndarray, np.ndarray]:
        """States of a radar's tracks at ``time_s`` less its bias, with the doubt of both."""
        _, jacobian = polar_places(look.rae, self.sensors.axes[s])
        state = look.state.copy()
        state[:, :3] += (time_s - look.time_s) * state[:, 3:]
        state[:, :3] -= jacobian @ self.bias[s]
        cov = look.covariance.copy()
        mine = self.covariance[3 * s : 3 * s + 3, 3 * s : 3 * s + 3]
        cov[:, :3, :3] += jacobian @ mine @ jacobian.transpose(0, 2, 1)
        step = abs(time_s - look.time_s)
        cov[:, :3, :3] += np.eye(3) * (step * _SPREAD_MPS) ** 2
        cov[:, 3:, 3:] += np.eye(3) * _SPREAD_MPS**2
        return state, cov

    def _group(self, looks: dict[int, _Look], clusters: list[dict[int, int]]) -> tuple:
        """Plots of matched tracks at one time: places, covariances, Jacobians and who saw."""
        count = len(self.sensors.pos_m)
        middle = float(np.mean([look.time_s for look in looks.values()]))
        shape = (len(clusters), count)
        pos, seen = np.zeros((*shape, 3)), np.zeros(shape, bool)
        cov, jacobian = np.zeros((*shape, 3, 3)), np.zeros((*shape, 3, 3))
        for s, look in looks.items():
            which = np.array([k for k, c in enumerate(clusters) if s in c], dtype=np.int64)
            rows = np.array([clusters[k][s] for k in which], dtype=np.int64)
            if not len(which):
                continue
            place, turn = polar_places(look.rae[rows], self.sensors.axes[s])
            step = middle - look.time_s
            pos[which, s] = place + self.sensors.pos_m[s] + step * look.state[rows, 3:]
            doubt = look.covariance[rows, 3:, 3:] + np.eye(3) * _SPREAD_MPS**2
            noise = np.diag(np.square(self.sensors.sigma[s]))
            cov[which, s] = turn @ noise @ turn.transpose(0, 2, 1) + step**2 * doubt
            jacobian[which, s], seen[which, s] = turn, True
        return pos, cov, jacobian, seen


def match_states(
    x1: np.ndarray, P1: np.ndarray, x2: np.ndarray, P2: np.ndarray, gate: float
) -> np.ndarray:
    """One-to-one pairs (k, 2) of states, of least total d2 = (x1 - x2)^T (P1 + P2)^-1 (x1 - x2).

    Pairs beyond ``gate`` are none; leaving two states single costs ``gate``. States (n, d) and
    (m, d) with covariances. The correlation by common process noise is left out, so that the test
    is wide (Bar-Shalom and Campo 1986 give the exact one).
    """
    if not len(x1) or not len(x2):
        return np.zeros((0, 2), np.int64)
    difference = x1[:, None] - x2[None]
    reach = np.sqrt(gate * (P1[:, None, [0, 1, 2], [0, 1, 2]] + P2[None, :, [0, 1, 2], [0, 1, 2]]))
    near = (np.abs(difference[..., :3]) <= reach).all(axis=2)
    i, j = np.nonzero(near)
    d2 = np.full(near.shape, 2.0 * gate)
    gap = difference[i, j]
    d2[i, j] = (gap * np.linalg.solve(P1[i] + P2[j], gap[..., None])[..., 0]).sum(axis=1)
    cost = np.minimum(d2, gate)
    picked = np.asarray(linear_assignment(cost))
    rows = np.flatnonzero(picked >= 0)
    pairs = np.stack([rows, picked[rows]], axis=1)
    return pairs[d2[pairs[:, 0], pairs[:, 1]] < gate].astype(np.int64)
