"""Tracks: parameters and preallocated tables of a multi-target tracker.

A track lives in one slot of its table from initiation to deletion; slots are reused, ids are not.
`openiads.domain.track_scan` holds the laws that change these tables.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence

import numpy as np

from openiads.faults import Fault, InputError, nearest
from openiads.kernel import kernel
from openiads.physics.assignment import assign_space

FREE, TENTATIVE, CONFIRMED = 0, 1, 2

HIGH, NEXT_ID, LIVE, CONFIRMATIONS, LOSSES, DROPPED, REFUSED, UNGATED, FIRST = range(9)
"""Rows of ``counts``: slots ever used; next id; live tracks; tracks confirmed so far; confirmed
tracks deleted; tracks dropped for want of room; plots refused a track for want of room;
track-plot pairs left out because the edge table was full (a sign of tables that are too small);
a slot below which none is free."""

TRACK_PARAMS = np.dtype(
    [
        ("noise_m2ps3", np.float64),
        ("gate", np.float64),
        ("detect_probability", np.float64),
        ("clutter_pm3", np.float64),
        ("birth_pm3", np.float64),
        ("confirm_hits", np.int64),
        ("confirm_scans", np.int64),
        ("confirm_score", np.float64),
        ("coast_scans", np.int64),
        ("coast_s", np.float64),
        ("score_drop", np.float64),
        ("speed_sigma_mps", np.float64),
        ("climb_sigma_mps", np.float64),
        ("max_speed_mps", np.float64),
        ("report_misses", np.int64),
        ("manoeuvre_m2ps3", np.float64),
        ("manoeuvre_climb_m2ps3", np.float64),
        ("manoeuvre_rate_ps", np.float64),
        ("manoeuvre_s", np.float64),
        ("group_rate_ps", np.float64),
        ("group_range_m", np.float64),
        ("group_speed_mps", np.float64),
        ("link_probability", np.float64),
        ("share_scans", np.int64),
        ("outlier_probability", np.float64),
        ("outlier_scale", np.float64),
        ("models", np.int64),
        ("manoeuvre_accel_mps2", np.float64),
        ("jerk_m2ps5", np.float64),
        ("ballistic_kgm2", np.float64),
        ("ballistic_spread", np.float64),
        ("ballistic_noise_ps", np.float64),
        ("earth_radius_m", np.float64),
        ("two_point", np.int64),
        ("confirm_ratio", np.int64),
        ("false_track_probability", np.float64),
        ("missed_track_probability", np.float64),
    ]
)

MODEL_NAMES = ("cv", "ct", "ca", "ballistic")
"""Motion models by name; the place is the kind of `openiads.physics.motion_models`, and the bit of
the parameter ``models``."""

_DEFAULTS: dict[str, float] = {
    # Acceleration noise of steady flight (assumed: airliners in a 5 s picture show 0.1 to 1).
    "noise_m2ps3": 0.5,
    # Chi-square gate of 3 dimensions at probability 0.9998.
    "gate": 20.0,
    "detect_probability": 0.8,
    # False plots per m3 and scan: 100 in a disc of 400 km radius and 20 km height (assumed).
    "clutter_pm3": 1.0e-14,
    # New targets per m3 and scan (assumed: a hundredth of the clutter).
    "birth_pm3": 1.0e-16,
    "confirm_hits": 3,
    "confirm_scans": 5,
    "confirm_score": 0.0,
    "coast_scans": 5,
    "coast_s": 60.0,
    "score_drop": 25.0,
    # Prior of the velocity of a new track (assumed: 900 m/s is one and a half sigma).
    "speed_sigma_mps": 600.0,
    "climb_sigma_mps": 150.0,
    "max_speed_mps": 0.0,
    "report_misses": 3,
    # A turn of 2.5 g held for 5 s displaces by 306 m; sqrt(q T^3 / 3) = 250 m (assumed).
    "manoeuvre_m2ps3": 1500.0,
    "manoeuvre_climb_m2ps3": 10.0,
    # A lone target begins to manoeuvre once in 10,000 s, a formation once in 250 s; a turn lasts
    # 10 s (assumed; section "Sensitivity" of docs/models/tracking.md).
    "manoeuvre_rate_ps": 1.0e-4,
    "manoeuvre_s": 10.0,
    "group_rate_ps": 4.0e-3,
    "group_range_m": 8000.0,
    "group_speed_mps": 20.0,
    # Of the surrogate at `fidelity: engagement`, not of the tracker: the share of detections after
    # the first that count towards a track's confirmation. Fitted to the tracker on the default
    # scenario (120 replications, seed 7): mean time from detection to firm track 30.9 s with the
    # tracker; 30.2, 30.9 and 32.3 s with 1.0, 0.98 and 0.95. Tested at another seed by
    # tests/validation/test_surrogate.py.
    "link_probability": 0.98,
    # Scans in a row for which a track may live on plots that it shares with neighbours (assumed:
    # two minutes at 5 s; longer, and its place within the formation is a guess).
    "share_scans": 24,
    # One plot in 2,000 is an outlier with ten times the error (assumed: rare enough to cost a raid
    # nothing, see docs/models/tracking.md; surveillance standards limit such jumps to about that,
    # but no clause was at hand to cite).
    "outlier_probability": 5.0e-4,
    "outlier_scale": 10.0,
    # Interacting models; 0: none (see `model_mask`).
    "models": 0,
    # Acceleration in which a turn or a push begins, one sigma of an axis (assumed: the 2.5 g above)
    "manoeuvre_accel_mps2": 25.0,
    # Jerk: an acceleration held for 5 s wanders by 5 m/s2 (assumed).
    "jerk_m2ps5": 5.0,
    # m / (Cd A) at entry into ballistic flight, its spread as that of a logarithm, and how it
    # wanders (assumed: the catalogue's threats have 3,000 to 10,000; 10 % in 10 s).
    "ballistic_kgm2": 5000.0,
    "ballistic_spread": 0.5,
    "ballistic_noise_ps": 1.0e-3,
    # The frame is level at its origin on a sphere of this radius (0: flat).
    "earth_radius_m": 6_371_000.0,
    "two_point": 0,
    # Wald's test in place of M of N, and its two risks (assumed).
    "confirm_ratio": 0,
    "false_track_probability": 1.0e-3,
    "missed_track_probability": 1.0e-2,
}

TRACK = np.dtype(
    [
        ("id", np.int64),
        ("status", np.int64),
        ("hits", np.int64),
        ("misses", np.int64),
        ("history", np.int64),
        ("plot", np.int64),
        ("tag", np.int64),
        ("informed", np.int64),
        ("row", np.int64),
        ("time_s", np.float64),
        ("first_s", np.float64),
        ("last_s", np.float64),
        ("score", np.float64),
        ("peak", np.float64),
        ("pd", np.float64),
        ("nis", np.float64),
        ("manoeuvre", np.float64),
        ("shared", np.int64),
    ]
)
"""One track: ``status`` FREE, TENTATIVE or CONFIRMED; ``hits`` in all; ``misses`` in a row;
``history`` bits of hit and miss, newest lowest; ``plot`` of the last scan or -1; ``tag`` for the
caller (-1 at initiation); ``informed`` whether its velocity began from its neighbours;
``row`` of the last scan; ``score``
the log-likelihood ratio of target to clutter and its ``peak``; ``pd`` the probability that the
coming scan detects it (0: it cannot be seen, so no miss is counted); ``nis`` the normalised
innovation squared of the last update; ``manoeuvre`` the probability that the target turns;
``shared`` the scans in a row in which it
had no plot but a neighbour's that stood for both (`openiads.domain.track_share`)."""

TrackTables = namedtuple(
    "TrackTables",
    "track x P counts plot_track plot_slot row_slot start column cost alone space "
    "log_density rate_mps rate_m2ps2 rate_from_m grid cell entry point row moment edge "
    "trial_x trial_P models stray_m stray_m2 resolution with_models with_rates with_shares",
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
    ]
)
"""A point of the spatial index: plot or row ``of``; its cell; its place in the plane; three numbers
more: of a plot the height and the variances east and north, of a track the velocity."""

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
        ("parent", np.int64),
        ("members", np.int64),
        ("head", np.int64),
        ("next", np.int64),
        ("weight", np.float64),
        ("offset", np.float64),
        ("quiet", np.float64),
        ("prior", np.float64),
        ("shares", np.int64),
    ]
)
"""Workspace by row, for formations: representative row, and at it the number of members and the
first of them; next member; probability of a manoeuvre; part of all costs; cost of the quiet
explanation and prior of a manoeuvre (at the representative); next row that shares its plot."""

TrackTables.__doc__ = """State and workspace of a tracker, made by `tracks_allocate`.

``track`` (capacity,) of `TRACK`; ``x`` (capacity, 6) m and m/s; ``P`` (capacity, 21) packed as in
`openiads.physics.estimation`; ``counts`` (9,); of the last scan ``plot_track`` (plots,), the id
of the track that took the plot or -1, and ``plot_slot``, its slot. Of the coming scan ``rate_mps``
(plots,), range rates (NaN: none), ``rate_m2ps2`` (1,), their variance (0: no plot has one), and
``rate_from_m`` (3,), the place of the sensor; ``resolution`` (9,), the cell in which the sensor
cannot tell targets apart (range m, 0: it can always; azimuth, elevation rad), its place (3,) and
its up (3,). The rest is workspace:
``log_density`` (plots,), logarithms of the density of clutter and births; ``grid``, ``cell``,
``entry`` and ``point``, the spatial index; ``moment`` (rows, 27), a displacement (3), its
covariance (6), the information (6) and the weighted sum (3) that the plots of a group give, and the
same (9) of the row's own plot;
``edge`` (edges, 5), the d2 of quiet flight, the share of the manoeuvre, what the range rate
costs in quiet flight and in a manoeuvre, and the share of an outlier; ``models``, of `ModelTables`;
``stray_m`` (1, 3) and ``stray_m2`` (1, 6), a plot taken as an outlier. ``with_models``,
``with_rates`` and ``with_shares`` are switches (`ON` or None)."""


def track_params(**values: float) -> np.record:
    """Parameters of the tracker as one record of `TRACK_PARAMS`; what is not named keeps a default.

    ``noise_m2ps3`` process noise; ``gate`` largest d2 of a plot (chi-square, 3 dimensions);
    ``detect_probability`` of a track whose ``pd`` nobody set; ``clutter_pm3`` and ``birth_pm3``
    false plots and new targets per m3 and scan; confirmed at ``confirm_hits`` in the last
    ``confirm_scans`` with a score of ``confirm_score`` or more; deleted after more than
    ``coast_scans`` misses in a row, ``coast_s`` without a plot, or a fall of the score by
    ``score_drop`` from its peak; a new track has velocity 0 with ``speed_sigma_mps`` (each
    horizontal axis) and ``climb_sigma_mps``; a tentative track faster than ``max_speed_mps`` is
    deleted (0: no limit); a confirmed track with more than ``report_misses`` misses in a row is
    kept but not reported. Of manoeuvres and formations:
    ``manoeuvre_m2ps3`` and ``manoeuvre_climb_m2ps3``, process noise of a manoeuvre;
    ``manoeuvre_rate_ps`` and ``group_rate_ps``, how often a lone target and a formation begin one
    (the former 0: flight is quiet, and formations mean nothing); ``manoeuvre_s``, how long it
    lasts; ``group_range_m`` between neighbours of a formation (0: none) and ``group_speed_mps``,
    spread of its velocities. Of plots that a sensor with a stated resolution cannot tell apart:
    ``share_scans``, for how many scans in a row a track lives on plots of its neighbours. Of the
    surrogate at `fidelity: engagement`: ``link_probability``, the
    share of detections after the first that count towards a track's confirmation. Of outliers:
    ``outlier_probability`` of a plot whose errors are ``outlier_scale`` times the others'. Of
    interacting models (``models``, see `model_mask`): ``manoeuvre_accel_mps2`` at entry,
    ``jerk_m2ps5``, ``ballistic_kgm2`` with ``ballistic_spread`` of its logarithm and
    ``ballistic_noise_ps``, ``earth_radius_m``. Of initiation: ``two_point`` 1 takes the first
    velocity from two plots alone; ``confirm_ratio`` 1 confirms and drops tentative tracks by Wald's
    test at ``false_track_probability`` and ``missed_track_probability``.

    Raises InputError with every fault.
    """
    faults = []
    row = np.zeros(1, TRACK_PARAMS).view(np.recarray)
    for name, default in _DEFAULTS.items():
        row[0][name] = default
    for name, value in values.items():
        if name not in _DEFAULTS:
            faults.append(Fault("no such parameter", nearest(name, _DEFAULTS), key=name))
            continue
        top = 1.0 if name.endswith("_probability") else np.inf
        if not (0.0 <= value <= top) or not np.isfinite(value):
            faults.append(Fault(f"{value!r} is out of range", "a finite number >= 0", key=name))
            continue
        row[0][name] = value
    params = row[0]
    if not 1 <= params.confirm_hits <= params.confirm_scans <= 60:
        faults.append(Fault("must be 1 <= confirm_hits <= confirm_scans <= 60", key="confirm_hits"))
    risks = (params.false_track_probability, params.missed_track_probability)
    if not (min(risks) > 0.0 and sum(risks) < 1.0):
        faults.append(Fault("needs two risks above 0, together below 1", key="confirm_ratio"))
    if params.models and not (params.ballistic_kgm2 > 0.0 and params.manoeuvre_s > 0.0):
        faults.append(Fault("models need ballistic_kgm2 and manoeuvre_s above 0", key="models"))
    if faults:
        raise InputError(faults)
    return params


ON = np.zeros(0)
"""A switch of `TrackTables` that is on; off it is None, and nothing behind it is compiled."""


def tracks_allocate(
    capacity: int,
    plots: int,
    edges: int = 0,
    models: int = 0,
    rates: bool = False,
    shares: bool = False,
) -> TrackTables:
    """Empty tables for ``capacity`` tracks and ``plots`` plots a scan.

    ``models`` is the parameter of that name (`model_mask`); with it each track has a row for each
    of its motion models. ``rates`` and ``shares`` say whether plots may bring range rates and may
    stand for several targets. ``edges`` is the room for track-plot pairs inside the gates of one
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
        rate_mps=np.full(plots, np.nan),
        rate_m2ps2=np.zeros(1),
        rate_from_m=np.zeros(3),
        grid=np.zeros(1, GRID).view(np.recarray),
        cell=np.zeros(2 * most + 17, np.int32),
        entry=np.zeros(most, POINT).view(np.recarray),
        point=np.zeros(most, POINT).view(np.recarray),
        row=np.zeros(capacity, ROW).view(np.recarray),
        moment=np.zeros((capacity, 27)),
        edge=np.zeros((edges, 5)),
        trial_x=np.zeros((2, 6)),
        trial_P=np.zeros((2, 21)),
        resolution=np.zeros(9),
        models=_model_tables(capacity, models),
        stray_m=np.zeros((1, 3)),
        stray_m2=np.zeros((1, 6)),
        with_models=ON if models else None,
        with_rates=ON if rates else None,
        with_shares=ON if shares else None,
    )
    tracks_reset(tables)
    return tables


def model_mask(names: Sequence[str]) -> int:
    """The parameter ``models`` for a set of `MODEL_NAMES`; raises InputError with every fault."""
    faults = [
        Fault("no such motion model", nearest(name, MODEL_NAMES), key=str(name))
        for name in names
        if name not in MODEL_NAMES
    ]
    if faults:
        raise InputError(faults)
    return sum(1 << k for k, name in enumerate(MODEL_NAMES) if name in names)


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
