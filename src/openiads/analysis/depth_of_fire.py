"""Depth of fire: how often a target that comes straight at a launcher can be shot at."""

from __future__ import annotations

from typing import NamedTuple

from openiads.faults import Fault, InputError

MOST_SHOTS = 100_000
"""Shots after which a timeline is refused (a look time of nearly nothing would make it endless)."""


class Shot(NamedTuple):
    """One shot of a timeline; times count from the detection."""

    launch_s: float
    intercept_s: float
    intercept_range_m: float


def depth_of_fire(
    detect_range_m: float,
    target_speed_mps: float,
    interceptor_speed_mps: float,
    reaction_s: float,
    look_time_s: float,
    range_min_m: float,
    range_max_m: float,
) -> list[Shot]:
    """Launches and intercepts of shoot-look-shoot at a head-on target, both at constant speed.

    A target detected at R0 comes straight at the launcher at Vt; a round flies out at Vi. One that
    leaves at time t, with the target at R(t) = R0 - Vt t, meets it at

        r = R(t) Vi / (Vi + Vt),      t' = t + R(t) / (Vi + Vt).

    The first launch is due ``reaction_s`` after the detection, each later one ``look_time_s`` after
    the intercept before it; a launch that is due while r would lie beyond ``range_max_m`` waits
    until r = ``range_max_m``. The first shot whose r would lie below ``range_min_m`` is not fired,
    nor any after it. The number of shots is the depth of fire.

    SI; valid for constant speeds on one line (it knows no envelope in height, no drag, no
    magazine). Raises InputError for speeds that are not positive, negative times and an empty
    envelope. Reference: the collision triangle on one line, e.g. Zarchan, Tactical and Strategic
    Missile Guidance, ch. 2. Validated by tests/validation/test_depth_of_fire.py.
    """
    _check(detect_range_m, target_speed_mps, interceptor_speed_mps, reaction_s, look_time_s,
           range_min_m, range_max_m)  # fmt: skip
    closing_mps = interceptor_speed_mps + target_speed_mps
    # The target's range at the launch that meets it at the far edge of the envelope.
    first_range_m = range_max_m * closing_mps / interceptor_speed_mps
    earliest_s = (detect_range_m - first_range_m) / target_speed_mps
    shots: list[Shot] = []
    due_s = reaction_s
    while len(shots) < MOST_SHOTS:
        launch_s = max(due_s, earliest_s)
        range_m = detect_range_m - target_speed_mps * launch_s
        met_m = range_m * interceptor_speed_mps / closing_mps
        if range_m <= 0.0 or met_m < range_min_m:
            return shots
        intercept_s = launch_s + range_m / closing_mps
        shots.append(Shot(launch_s, intercept_s, met_m))
        due_s = intercept_s + look_time_s
    raise InputError.of(f"more than {MOST_SHOTS:,} shots", "raise the look time or range_min")


def _check(
    detect_m: float, target_mps: float, interceptor_mps: float, reaction_s: float,
    look_s: float, range_min_m: float, range_max_m: float,
) -> None:  # fmt: skip
    faults = []
    for name, value in (("detection range", detect_m), ("target speed", target_mps),
                        ("interceptor speed", interceptor_mps)):  # fmt: skip
        if not value > 0.0:
            faults.append(Fault(f"{name} {value:g} is not positive", "give one above zero"))
    for name, value in (("reaction time", reaction_s), ("look time", look_s)):
        if not value >= 0.0:
            faults.append(Fault(f"{name} {value:g} s is negative", "give zero or more"))
    if not 0.0 <= range_min_m < range_max_m:
        faults.append(Fault("no range lies inside the envelope", "range_min below range_max"))
    if faults:
        raise InputError(faults)
