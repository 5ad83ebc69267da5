"""The tracker as a Python object: plots in, tracks out, one call a scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.domain.track_jpda import jpda_space, tracker_scan_jpda
from openiads.domain.track_params import model_mask, track_params
from openiads.domain.track_scan import tracker_scan
from openiads.domain.tracks import (
    CONFIRMED,
    DROPPED,
    HIGH,
    LIVE,
    LOSSES,
    ON,
    PACKED_AT,
    REFUSED,
    UNGATED,
    tracks_allocate,
    tracks_expect,
    tracks_reset,
)
from openiads.faults import Fault, InputError, nearest
from openiads.kernel import kernel
from openiads.physics.estimation import convert_plot

_FAR_M = 1.0e12

ASSOCIATIONS = ("gnn", "jpda", "jpda-plain")
"""Global nearest neighbour; joint probabilities kept from coalescing; the same not kept from it."""


class Tracks(NamedTuple):
    """Confirmed tracks after a scan: ``id`` (n,), ``state`` (n, 6) m and m/s, ``covariance``
    (n, 6, 6), ``misses`` (n,) in a row, ``plot`` (n,) the row of the plot taken or -1."""

    id: np.ndarray
    state: np.ndarray
    covariance: np.ndarray
    misses: np.ndarray
    plot: np.ndarray


class Books(NamedTuple):
    """What the tracker had to leave out or lost so far; see `openiads.domain.tracks`."""

    live: int
    losses: int
    dropped: int
    refused: int
    ungated: int


class Sensors(NamedTuple):
    """Radars of a network: ``pos_m`` (S, 3), ``axes`` (S, 3, 3), columns the radar's axes in the
    common frame, ``sigma`` (S, 3) range m and angles rad, ``range_m`` (S,) how far they see."""

    pos_m: np.ndarray
    axes: np.ndarray
    sigma: np.ndarray
    range_m: np.ndarray


@kernel(borrows=True)
def _convert(n, rae, sigma, sensor_pos_m, sensor_axes, pos_m, cov_m2):
    for j in range(n):
        convert_plot(
            rae[j, 0], rae[j, 1], rae[j, 2], sigma[0], sigma[1], sigma[2],
            sensor_pos_m, sensor_axes, pos_m, cov_m2, j,
        )  # fmt: skip


@kernel(borrows=True)
def _count(track, high, most_misses):
    n = 0
    for i in range(high):
        n += track[i].status == CONFIRMED and track[i].misses <= most_misses
    return n


@kernel(borrows=True)
def _report(tables, most_misses, place, id, state, full, misses, plot):  # noqa: A002
    k = 0
    for i in range(tables.counts[HIGH]):
        row = tables.track[i]
        if row.status != CONFIRMED or row.misses > most_misses:
            continue
        id[k], misses[k], plot[k] = row.id, row.misses, row.plot
        for a in range(6):
            state[k, a] = tables.x[i, a]
        for a in range(36):
            full[k, a] = tables.P[i, place[a]]
        k += 1


class Tracker:
    """A multi-target tracker in one Cartesian frame, fed scan by scan, by one sensor or several.

    ``sigma`` are the standard deviations (range_m, azimuth_rad, elevation_rad) of polar plots;
    ``capacity`` the most tracks held at once, tentative ones included (policy when full: the
    least likely tentative track gives way, counted in ``books``); ``formations=False`` leaves out
    manoeuvres and formations (plain nearly-constant-velocity filters, about a third faster);
    ``models`` lets each track be followed by several interacting models, any of "cv" (constant
    velocity), "ct" (coordinated turn), "ca" (constant acceleration) and "ballistic" (gravity and
    drag, in a frame whose z is up); ``confirm`` "m-of-n" or "llr" (Wald's sequential test on the
    log-likelihood ratio, at ``false_track_probability`` and ``missed_track_probability``);
    ``initiate`` "one-point" (with a prior of the velocity) or "two-point" (from two plots alone);
    ``association`` "jpda" updates by joint probabilities (`openiads.domain.track_jpda`);
    further keywords are those of `openiads.domain.track_params.track_params`.

    >>> tracker = Tracker(sigma=(50.0, 0.0026, 0.0026))
    >>> tracks = tracker.scan(0.0, [[100e3, 0.5, 0.03]])
    >>> len(tracks.id)
    0

    Raises InputError for parameters out of range.
    """

    def __init__(
        self,
        sigma: tuple[float, float, float] = (50.0, math.radians(0.15), math.radians(0.15)),
        capacity: int = 4_000,
        plots: int = 4_000,
        formations: bool = True,
        models: Sequence[str] = (),
        confirm: str = "m-of-n",
        initiate: str = "one-point",
        association: str = "gnn",
        **parameters: float,
    ) -> None:
        faults = []
        if len(sigma) != 3 or not all(0.0 < s < math.inf for s in sigma):
            faults.append(Fault("needs three standard deviations > 0", key="sigma"))
        elif max(sigma[1:]) >= 1.0:
            faults.append(Fault("angles of 1 rad or more", "give sigmas in radians", key="sigma"))
        if capacity < 1 or plots < 1:
            faults.append(Fault("must be 1 or more", key="capacity" if capacity < 1 else "plots"))
        for key, value, choices in (
            ("confirm", confirm, ("m-of-n", "llr")),
            ("initiate", initiate, ("one-point", "two-point")),
            ("association", association, ASSOCIATIONS),
        ):
            if value not in choices:
                faults.append(Fault(f"{value!r} is not one", nearest(value, choices), key=key))
        if association != "gnn" and models:
            faults.append(
                Fault(
                    "joint association knows no interacting models", "leave one out", key="models"
                )
            )
        if faults:
            raise InputError(faults)
        if not formations:
            calm = {} if models else {"manoeuvre_rate_ps": 0.0}
            parameters = calm | {"group_range_m": 0.0} | parameters
        self.params = track_params(
            **parameters,
            models=model_mask(models),
            confirm_ratio=confirm == "llr",
            two_point=initiate == "two-point",
        )
        self.sigma = np.array(sigma, dtype=np.float64)
        self.tables = tracks_allocate(
            capacity, plots, models=int(self.params.models),
            manoeuvres=bool(self.params.manoeuvre_rate_ps > 0.0),
        )  # fmt: skip
        self.time_s = -math.inf
        self._pos_m = np.zeros((plots, 3))
        self._cov_m2 = np.zeros((plots, 6))
        self._clutter_pm3 = np.zeros(plots)
        self._limited = False
        self._plain = association == "jpda-plain"
        self._joint = None
        if association != "gnn":
            self._joint = jpda_space(capacity, plots, self.tables.column.size)

    def reset(self) -> None:
        """Forget every track."""
        tracks_reset(self.tables)
        self.time_s = -math.inf

    def scan(
        self,
        time_s: float,
        detections: ArrayLike,
        sensor_pos_m: ArrayLike = (0.0, 0.0, 0.0),
        sensor_axes: ArrayLike | None = None,
        max_range_m: float = _FAR_M,
        sigma: ArrayLike | None = None,
        range_rate_mps: ArrayLike | None = None,
        range_rate_sigma_mps: float = 1.0,
        resolution: ArrayLike | None = None,
    ) -> Tracks:
        """Feed one scan of polar plots and return the confirmed tracks.

        Args: ``time_s`` not before the last scan; detections (n, 3): range m, azimuth rad from +x
        towards +y, elevation rad, in the axes of the sensor; ``sensor_pos_m`` (3,) and
        ``sensor_axes`` (3, 3), whose columns are the sensor's axes in the common frame; tracks
        beyond ``max_range_m`` of the sensor are not expected to be seen; ``sigma`` of this sensor
        if it is another than the tracker's; ``range_rate_mps`` (n,) of the plots, positive where
        the range grows, NaN where not measured, with its standard deviation; ``resolution`` (3,),
        range m, azimuth and elevation rad within which this sensor cannot tell targets apart, so
        that one plot may stand for several tracks (`openiads.domain.track_share`).
        """
        rae = self._plots(detections, 3)
        n = len(rae)
        self._rates(n, range_rate_mps, range_rate_sigma_mps, sensor_pos_m)
        axes = np.eye(3) if sensor_axes is None else np.asarray(sensor_axes, dtype=np.float64)
        place = np.asarray(sensor_pos_m, dtype=np.float64)
        self._cell(resolution, place, axes)
        spread = self.sigma if sigma is None else np.asarray(sigma, dtype=np.float64)
        _convert(n, rae, spread, place, np.ascontiguousarray(axes), self._pos_m, self._cov_m2)
        return self._feed(time_s, n, place, max_range_m)

    def scan_cartesian(
        self,
        time_s: float,
        pos_m: ArrayLike,
        cov_m2: ArrayLike,
        sensor_pos_m: ArrayLike = (0.0, 0.0, 0.0),
        max_range_m: float = _FAR_M,
    ) -> Tracks:
        """Feed one scan of Cartesian plots: pos_m (n, 3) and cov_m2 (n, 3, 3) or (3, 3)."""
        places = self._plots(pos_m, 3)
        n = len(places)
        self.tables.rate_m2ps2[0] = 0.0
        self.tables.resolution[0] = 0.0
        cov = np.broadcast_to(np.asarray(cov_m2, dtype=np.float64), (n, 3, 3))
        self._pos_m[:n] = places
        rows, columns = np.triu_indices(3)
        self._cov_m2[:n] = cov[:, rows, columns]
        return self._feed(time_s, n, np.asarray(sensor_pos_m, dtype=np.float64), max_range_m)

    def tracks(self) -> Tracks:
        """The confirmed tracks that are not coasting for longer than ``report_misses`` scans."""
        most = int(self.params.report_misses)
        n = _count(self.tables.track, int(self.tables.counts[HIGH]), most)
        full = np.empty((n, 36))
        name, misses, plot = (np.empty(n, np.int64) for _ in range(3))
        state = np.empty((n, 6))
        _report(self.tables, most, PACKED_AT, name, state, full, misses, plot)
        return Tracks(name, state, full.reshape(-1, 6, 6), misses, plot)

    def model_probabilities(self) -> np.ndarray:
        """Probabilities (n, r) of the models of each of `tracks`, in the order of
        `openiads.domain.track_params.MODEL_NAMES`; (n, 0) where the tracker has none."""
        table = self.tables.track
        rows = np.flatnonzero(
            (table.status == CONFIRMED) & (table.misses <= self.params.report_misses)
        )
        return self.tables.models.mu[rows] if self.params.models else np.zeros((len(rows), 0))

    @property
    def books(self) -> Books:
        """Tracks and plots lost or left out since the beginning."""
        counts = self.tables.counts
        return Books(*(int(counts[k]) for k in (LIVE, LOSSES, DROPPED, REFUSED, UNGATED)))

    def _cell(self, cell: ArrayLike | None, place: np.ndarray, axes: np.ndarray) -> None:
        """Hand the sensor's resolution to the tables."""
        self.tables.resolution[0] = 0.0
        if cell is None:
            return
        if self._joint is not None:
            raise InputError.of(
                "joint association shares no plots", "association gnn", key="resolution"
            )
        sizes = np.asarray(cell, dtype=np.float64)
        if sizes.shape != (3,) or not ((sizes > 0.0) & np.isfinite(sizes)).all():
            raise InputError.of("not three sizes > 0", "m, rad, rad", key="resolution")
        if self.tables.with_shares is None:
            self.tables = self.tables._replace(with_shares=ON)
        self.tables.resolution[:] = (*sizes, *place, *axes[:, 2])

    def _rates(self, n: int, rates: ArrayLike | None, sigma_mps: float, place: ArrayLike) -> None:
        """Hand the range rates of a scan to the tables."""
        self.tables.rate_m2ps2[0] = 0.0
        if rates is None or n == 0:
            return
        given = np.asarray(rates, dtype=np.float64)
        if given.shape != (n,) or np.isinf(given).any():
            raise InputError.of(f"range rates are not {n} numbers, one a plot (or NaN)")
        if not 0.0 < sigma_mps < math.inf:
            raise InputError.of(f"{sigma_mps!r} is no error", "above 0", key="range_rate_sigma_mps")
        if self.tables.with_rates is None:
            self.tables = self.tables._replace(with_rates=ON)
        self.tables.rate_mps[:n] = given
        self.tables.rate_m2ps2[0] = sigma_mps**2
        self.tables.rate_from_m[:] = np.asarray(place, dtype=np.float64)

    def _plots(self, value: ArrayLike, columns: int) -> np.ndarray:
        plots = np.asarray(value, dtype=np.float64)
        if plots.size == 0:
            return np.zeros((0, columns))
        if plots.ndim != 2 or plots.shape[1] != columns or not np.isfinite(plots).all():
            raise InputError.of(f"plots are not an array (n, {columns}) of finite numbers")
        if len(plots) > len(self._pos_m):
            raise InputError.of(
                f"{len(plots)} plots in a scan, room for {len(self._pos_m)}",
                "make the tracker with more room: Tracker(plots=...)",
            )
        return np.ascontiguousarray(plots)

    def _feed(self, time_s: float, n: int, place: np.ndarray, max_range_m: float) -> Tracks:
        if not self.time_s <= time_s < math.inf:
            raise InputError.of(f"scan at {time_s} s after one at {self.time_s} s", "sort by time")
        self.time_s = time_s
        # Where no sensor has a limit, every track has the probability that it began with.
        self._limited = self._limited or max_range_m < _FAR_M
        if self._limited:
            tracks_expect(self.params, self.tables, time_s, place, max_range_m)
        plots = (self._pos_m, self._cov_m2, self._clutter_pm3)
        if self._joint is None:
            tracker_scan(self.params, self.tables, time_s, n, *plots)
        else:
            tracker_scan_jpda(self.params, self.tables, self._joint, time_s, n, *plots, self._plain)
        return self.tracks()
