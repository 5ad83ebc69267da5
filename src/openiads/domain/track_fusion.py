"""Track-to-track fusion: every radar tracks alone; tracks of one target become one system track.

Local tracks share process noise and often initiation, so their errors are correlated to an unknown
degree; they are fused by covariance intersection, which is right for any. A local track keeps its
system track as long as it passes a wider gate than the one it came in by.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openiads.domain.registrar import match_states
from openiads.domain.tracker import Sensors, Tracker, Tracks
from openiads.physics.fusion import intersect_covariances

_JOIN = 22.46
_STAY = 44.9
"""Chi-square of 6 dimensions at 0.999 to join, and twice that to part (assumed)."""


class TrackFusion:
    """A tracker for each radar, and the system tracks made of theirs.

    ``scan`` feeds one look of one radar; the system tracks are those of all radars at that time,
    predicted where their radar has not looked. The id of a system track is the oldest of its
    members'.
    """

    def __init__(self, sensors: Sensors, **tracker: Any) -> None:
        self.sensors = sensors
        self.local = [Tracker(tuple(s), **tracker) for s in sensors.sigma]
        self._held: list[Tracks | None] = [None] * len(self.local)
        self._times = [0.0] * len(self.local)
        self._members: dict[int, dict[int, int]] = {}
        self._next_id = 0

    def scan(
        self,
        time_s: float,
        sensor: int,
        rae: np.ndarray,
        sigma: np.ndarray,
        rates: np.ndarray | None = None,
        rate_sigma_mps: float = 1.0,
    ) -> Tracks:
        """Feed the plots of one radar and return the system tracks at ``time_s``.

        Arguments as `openiads.domain.tracker.Tracker.scan`; ``plot`` of the result is -1 where
        the radar that looked gave none.
        """
        self._held[sensor] = self.local[sensor].scan(
            time_s, rae, self.sensors.pos_m[sensor], self.sensors.axes[sensor],
            self.sensors.range_m[sensor], sigma, rates, rate_sigma_mps,
        )  # fmt: skip
        self._times[sensor] = time_s
        held = {s: self._ahead(s, time_s) for s, t in enumerate(self._held) if t is not None}
        self._associate(held)
        return self._fuse(held, sensor)

    @property
    def losses(self) -> int:
        """Confirmed local tracks that were deleted."""
        return sum(t.books.losses for t in self.local)

    def _ahead(self, s: int, time_s: float) -> Tracks:
        """The tracks of radar ``s`` predicted to ``time_s`` by quiet flight."""
        tracks = self._held[s]
        assert tracks is not None
        step = time_s - self._times[s]
        if step == 0.0:
            return tracks
        F = np.eye(6)
        F[:3, 3:] = step * np.eye(3)
        noise = np.kron([[step**3 / 3.0, step**2 / 2.0], [step**2 / 2.0, step]], np.eye(3))
        cov = F @ tracks.covariance @ F.T + self.local[s].params.noise_m2ps3 * noise
        return tracks._replace(
            state=tracks.state @ F.T, covariance=cov, plot=np.full(len(tracks.id), -1)
        )

    def _associate(self, held: dict[int, Tracks]) -> None:
        """Part system tracks whose members have come apart; join those that have met."""
        rows = {s: {int(i): k for k, i in enumerate(t.id)} for s, t in held.items()}
        known: set[tuple[int, int]] = set()
        for name in sorted(self._members):
            members = {s: i for s, i in self._members[name].items() if i in rows.get(s, ())}
            self._part(members, held, rows)
            if members:
                self._members[name] = members
                known |= set(members.items())
            else:
                del self._members[name]
        for s, tracks in held.items():
            for i in tracks.id.tolist():
                if (s, i) not in known:
                    self._members[self._next_id] = {s: i}
                    self._next_id += 1
        for s in held:
            self._join(s, held, rows)

    @staticmethod
    def _part(members: dict[int, int], held: dict[int, Tracks], rows: dict) -> None:
        """Drop the members that have left the first one."""
        first = min(members, default=-1)
        for s in sorted(members)[1:]:
            a, b = rows[first][members[first]], rows[s][members[s]]
            gap = held[first].state[a] - held[s].state[b]
            spread = held[first].covariance[a] + held[s].covariance[b]
            if gap @ np.linalg.solve(spread, gap) > _STAY:
                del members[s]

    def _join(self, s: int, held: dict[int, Tracks], rows: dict) -> None:
        """Give lone tracks of radar ``s`` to system tracks without one of that radar."""
        lone = [n for n, m in self._members.items() if list(m) == [s]]
        hosts = [n for n, m in self._members.items() if s not in m]
        if not lone or not hosts:
            return

        def states(names: list[int]) -> tuple[np.ndarray, np.ndarray]:
            at = [min(self._members[n].items()) for n in names]
            return (
                np.array([held[r].state[rows[r][i]] for r, i in at]),
                np.array([held[r].covariance[rows[r][i]] for r, i in at]),
            )

        for a, b in match_states(*states(hosts), *states(lone), _JOIN):
            old, new = sorted((hosts[a], lone[b]))
            self._members[old] |= self._members.pop(new)

    def _fuse(self, held: dict[int, Tracks], sensor: int) -> Tracks:
        """The system tracks: the states of their members by covariance intersection."""
        names = sorted(self._members)
        n = len(names)
        state, cov = np.zeros((n, 6)), np.tile(np.eye(6), (n, 1, 1))
        misses, plot = np.full(n, 1 << 30), np.full(n, -1)
        begun = np.zeros(n, bool)
        for s, tracks in held.items():
            at = {int(i): k for k, i in enumerate(tracks.id)}
            which = np.array([k for k, m in enumerate(names) if s in self._members[m]], np.int64)
            mine = np.array([at[self._members[names[k]][s]] for k in which], np.int64)
            if not len(which):
                continue
            x, P = tracks.state[mine], tracks.covariance[mine]
            old = begun[which]
            state[which[~old]], cov[which[~old]] = x[~old], P[~old]
            if old.any():
                both = which[old]
                state[both], cov[both], _ = intersect_covariances(
                    state[both], cov[both], x[old], P[old]
                )
            begun[which] = True
            misses[which] = np.minimum(misses[which], tracks.misses[mine])
            if s == sensor:
                plot[which] = tracks.plot[mine]
        return Tracks(np.array(names, np.int64), state, cov, misses, plot)
