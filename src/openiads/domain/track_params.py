"""Parameters of a multi-target tracker: one record that its laws read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openiads.faults import Fault, InputError, nearest

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
