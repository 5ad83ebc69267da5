"""Tracks: preallocated tables of a multi-target tracker.

A track lives in one slot of its table from initiation to deletion; slots are reused, ids are not.
`openiads.domain.track_scan` holds the laws that change these tables.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from openiads.domain.track_params import MODEL_NAMES
from openiads.kernel import kernel
from openiads.physics.assignment import assign_space

FREE, TENTATIVE, CONFIRMED = 0, 1, 2

HIGH, NEXT_ID, LIVE, CONFIRMATIONS, LOSSES, DROPPED, REFUSED, UNGATED, FIRST = range(9)
"""Rows of ``counts``: slots ever used; next id; live tracks; tracks confirmed so far; confirmed
tracks deleted; tracks dropped for want of room; plots refused a track for want of room;
track-plot pairs left out because the edge table was full (a sign of tables that are too small);
a slot below which none is free."""

TRACK = np.dtype(
    [
        ("id", np.int64),
        ("history", np.int64),
        ("status", np.int32),
        ("hits", np.int32),
        ("misses", np.int32),
        ("plot", np.int32),
        ("tag", np.int32),
        ("informed", np.int32),
        ("shared", np.int32),
        ("spare", np.int32),
        ("time_s", np.float64),
        ("first_s", np.float64),
        ("last_s", np.float64),
        ("score", np.float64),
        ("peak", np.float64),
        ("pd", np.float64),
        ("nis", np.float64),
        ("manoeuvre", np.float64),
    ]
)
"""One track: ``status`` FREE, TENTATIVE or CONFIRMED; ``hits`` in all; ``misses`` in a row;
``history`` bits of hit and miss, newest lowest; ``plot`` of the last scan or -1; ``tag`` for the
caller (-1 at initiation); ``informed`` whence its velocity began (`TOLD`, `VOTED`, 0: its plots);
``shared`` the scans in a row in which it had no plot but a neighbour's that stood for both
(`openiads.domain.track_share`); ``score`` the log-likelihood ratio of target to clutter and its
``peak``; ``pd`` the probability that the coming scan detects it (0: it cannot be seen, so no miss
is counted); ``nis`` the normalised innovation squared of the last update; ``manoeuvre`` the
probability that the target turns. ``spare`` keeps what follows aligned."""

TrackTables = namedtuple(
    "TrackTables",
    "track x P counts plot_track plot_slot row_slot start column cost alone space "
    "log_density claim rate_mps rate_m2ps2 rate_from_m grid cell entry point row moment edge "
    "near_m near_m2 near_clutter_pm3 order found "
    "trial_x trial_P models stray_m stray_m2 resolution with_models with_rates with_shares "
    "with_manoeuvres",
)
ModelTables = namedtuple(
    "ModelTables",
    "kind live x P mu transition entry_mean entry_var mixed_x mixed_P trial_x trial_P work",
)
ModelTables.__doc__ = """Rows of the interacting models of each track; ``kind`` is empty if none.

``kind`` (r,); ``live`` (capacity,), whether the rows of a slot hold (1: lone, 2: member); ``x``
(capacity, r, 9) and ``P`` (capacity, r, 9, 9) as in `openiads.physics.motion_models`; ``mu``
(capacity, r), mode probabilities. The rest is workspace."""

POINT = np.dtype(
    [
        ("of", np.int32),
        ("cell", np.int32),
        ("x", np.float64),
        ("y", np.float64),
        ("a", np.float64),
        ("b", np.float64),
        ("c", np.float64),
        ("d", np.float64),
    ]
)
"""A point of the spatial index: plot or row ``of``; its cell; its place in the plane; four numbers
more: of a plot the height, the variances east and north and their covariance, of a track the
velocity."""

SPARE = 4
"""Points that may be read, and then ignored, behind the last one."""

GRID = np.dtype(
    [
        ("n", np.int64),
        ("columns", np.int64),
        ("rows", np.int64),
        ("x", np.float64),
        ("y", np.float64),
        ("per_m", np.float64),
    ]
)
"""The cells of the spatial index: its points, columns and rows of cells, its corner, and the
reciprocal of the width of a cell."""

ROW = np.dtype(
    [
        ("weight", np.float64),
        ("offset", np.float64),
        ("quiet", np.float64),
        ("prior", np.float64),
        ("parent", np.int32),
        ("members", np.int32),
        ("head", np.int32),
        ("next", np.int32),
        ("shares", np.int32),
        ("shift", np.int32),
        ("kind", np.int32),
        ("spare", np.int32),
    ]
)
"""Workspace by row, for formations: probability of a manoeuvre; part of all costs; cost of the
quiet explanation and prior of a manoeuvre (at the representative); representative row, and at it
the number of members and the first of them; next member; next row that shares its plot; row of
``moment`` that holds its displacement; `SEED`, `SETTLED`, `FOLLOWER` or 0. One line of fast memory
a row."""

SEED, SETTLED, FOLLOWER = 1, 2, 3
"""Kinds of row: a new track of one plot without a velocity; one whose velocity is known; one that
has a neighbour's velocity and no second plot yet."""

TOLD, VOTED = 1, 2
"""Values of ``informed``: a new track's velocity is that of a neighbour, or of a vote."""

TrackTables.__doc__ = """State and workspace of a tracker, made by `tracks_allocate`.

``track`` (capacity,) of `TRACK`; ``x`` (capacity, 6) m and m/s; ``P`` (capacity, 21) packed as in
`openiads.physics.estimation`; ``counts`` (9,); of the last scan ``plot_track`` (plots,), the id
of the track that took the plot or -1, and ``plot_slot``, its slot. Of the coming scan ``rate_mps``
(plots,), range rates (NaN: none), ``rate_m2ps2`` (1,), their variance (0: no plot has one), and
``rate_from_m`` (3,), the place of the sensor; ``resolution`` (9,), the cell in which the sensor
cannot tell targets apart (range m, 0: it can always; azimuth, elevation rad), its place (3,) and
its up (3,). The rest is workspace:
``log_density`` (plots,), logarithms of the density of clutter and births; ``claim`` (plots,), how
much the row that wants a plot most would lose without it; ``grid``, ``cell``, ``entry`` and
``point``, the spatial index, and points ``found`` by it; ``order``, ``near_m``, ``near_m2`` and
``near_clutter_pm3``, the plots of a large scan in spatial order (`openiads.domain.track_order`);
``moment`` (rows + 1, 27), a displacement (3), its covariance (6), the information (6) and the
weighted sum (3) that the plots of a group give, and the same (9) of the row's own plot; its last
row is the prior of every track without a formation;
``edge`` (edges, 5), the d2 of quiet flight, the share of the manoeuvre, what the range rate
costs in quiet flight and in a manoeuvre, and the share of an outlier; ``models``, of `ModelTables`;
``stray_m`` (1, 3) and ``stray_m2`` (1, 6), a plot taken as an outlier. ``with_models``,
``with_rates``, ``with_shares`` and ``with_manoeuvres`` are switches (`ON` or None)."""


ON = np.zeros(0)
"""A switch of `TrackTables` that is on; off it is None, and nothing behind it is compiled."""


def tracks_allocate(
    capacity: int,
    plots: int,
    edges: int = 0,
    models: int = 0,
    rates: bool = False,
    shares: bool = False,
    manoeuvres: bool = True,
) -> TrackTables:
    """Empty tables for ``capacity`` tracks and ``plots`` plots a scan.

    ``models`` is the parameter of that name (`model_mask`); with it each track has a row for each
    of its motion models. ``rates`` and ``shares`` say whether plots may bring range rates and may
    stand for several targets; without ``manoeuvres`` targets fly quietly and by themselves,
    whatever the parameters say. ``edges`` is the room for track-plot pairs inside the gates of one
    scan (default: 16 a track and 16 a plot); pairs beyond it are counted in ``counts[UNGATED]``.
    """
    edges = edges or 16 * (capacity + plots)
    most = max(capacity, plots)
    tables = TrackTables(
        track=np.zeros(capacity, TRACK).view(np.recarray),
        x=np.zeros((capacity, 6)),
        P=np.zeros((capacity, 21)),
        counts=np.zeros(9, np.int64),
        plot_track=np.full(plots, -1, np.int64),
        plot_slot=np.full(plots, -1, np.int64),
        row_slot=np.zeros(capacity, np.int64),
        start=np.zeros(capacity + 1, np.int64),
        column=np.zeros(edges, np.int64),
        cost=np.zeros(edges),
        alone=np.zeros(capacity),
        space=assign_space(capacity, plots, edges),
        log_density=np.zeros(plots),
        claim=np.zeros(plots),
        rate_mps=np.full(plots, np.nan),
        rate_m2ps2=np.zeros(1),
        rate_from_m=np.zeros(3),
        grid=np.zeros(1, GRID).view(np.recarray),
        cell=np.zeros(2 * most + 17, np.int32),
        entry=np.zeros(most, POINT).view(np.recarray),
        point=np.zeros(most + SPARE, POINT).view(np.recarray),
        row=np.zeros(capacity, ROW).view(np.recarray),
        moment=np.zeros((capacity + 1, 27)),
        edge=np.zeros((edges, 5)),
        near_m=np.zeros((plots, 3)),
        near_m2=np.zeros((plots, 6)),
        near_clutter_pm3=np.zeros(plots),
        order=np.zeros(plots, np.int32),
        found=np.zeros(most + SPARE, np.int32),
        trial_x=np.zeros((2, 6)),
        trial_P=np.zeros((2, 21)),
        resolution=np.zeros(9),
        models=_model_tables(capacity, models),
        stray_m=np.zeros((1, 3)),
        stray_m2=np.zeros((1, 6)),
        with_models=ON if models else None,
        with_rates=ON if rates else None,
        with_shares=ON if shares else None,
        with_manoeuvres=ON if manoeuvres else None,
    )
    tracks_reset(tables)
    return tables


def _model_tables(capacity: int, mask: int) -> ModelTables:
    """Rows for the models of ``mask``; nothing where there are none."""
    kinds = [k for k in range(len(MODEL_NAMES)) if mask >> k & 1]
    r, rows = len(kinds), capacity if kinds else 0
    return ModelTables(
        kind=np.array(kinds, np.int64),
        live=np.zeros(rows, np.int64),
        x=np.zeros((rows, r, 9)),
        P=np.zeros((rows, r, 9, 9)),
        mu=np.zeros((rows, r)),
        transition=np.zeros((2, r, r)),
        entry_mean=np.zeros((r, 3)),
        entry_var=np.zeros((r, 3)),
        mixed_x=np.zeros((r, 9)),
        mixed_P=np.zeros((r, 9, 9)),
        trial_x=np.zeros((2, 9)),
        trial_P=np.zeros((2, 9, 9)),
        work=np.zeros((23, 9)),
    )


@kernel(borrows=True)
def tracks_reset(tables):
    """Forget every track; ids start again at 0."""
    for i in range(tables.track.size):
        tables.track[i].status = FREE
        tables.track[i].id = -1
        tables.track[i].tag = -1
        tables.track[i].plot = -1
    for k in range(tables.counts.size):
        tables.counts[k] = 0
    tables.rate_m2ps2[0] = 0.0
    tables.resolution[0] = 0.0
    for j in range(tables.plot_track.size):
        tables.plot_track[j] = -1
        tables.plot_slot[j] = -1


@kernel(borrows=True)
def tracks_expect(params, tables, time_s, sensor_pos_m, max_range_m):
    """Set the detection probability of every track for the coming scan of one sensor.

    A track whose predicted place lies within ``max_range_m`` of ``sensor_pos_m`` (3,) gets
    ``params.detect_probability``, any other 0: it cannot be seen, so it does not miss. A caller
    that knows better (terrain, sector, signal-to-noise) writes ``tables.track[slot].pd`` itself.
    """
    reach2 = max_range_m * max_range_m
    for i in range(tables.counts[HIGH]):
        row = tables.track[i]
        if row.status == FREE:
            continue
        dt_s = time_s - row.time_s
        d2 = 0.0
        for a in range(3):
            d = tables.x[i, a] + dt_s * tables.x[i, a + 3] - sensor_pos_m[a]
            d2 += d * d
        row.pd = params.detect_probability if d2 <= reach2 else 0.0


def covariance_matrix(packed: np.ndarray) -> np.ndarray:
    """Packed covariances of shape (..., 21) as full matrices of shape (..., 6, 6)."""
    return np.take(packed, PACKED_AT, axis=-1).reshape(*packed.shape[:-1], 6, 6)


_UPPER = ((0, 1, 2), (1, 3, 4), (2, 4, 5))
PACKED_AT = np.array(
    [[*_UPPER[a], *range(6 + 3 * a, 9 + 3 * a)] for a in range(3)]
    + [[6 + a, 9 + a, 12 + a, *(15 + k for k in _UPPER[a])] for a in range(3)]
).ravel()
"""Where each entry of the full matrix, row by row, lies in the packed one."""
