"""Doctrine: how many rounds at a target, when to look, when to shoot again."""

from __future__ import annotations

from typing import Literal

from openiads.declare import Count, Declared, Length, Time, declared
from openiads.kernel import kernel


class Doctrine(Declared):
    """A firing rule. One YAML entry is one doctrine."""

    method: Literal["shoot-look-shoot", "salvo"] = declared(
        "shoot-look-shoot: assess, then shoot again at what survived; salvo: one volley only"
    )
    first_salvo: Count = declared("rounds of the first volley", ge=1, le=16)
    later_salvo: Count = declared("rounds of each later volley", ge=1, le=16)
    volleys_max: Count = declared("volleys at one target, at most", ge=1, le=64)
    salvo_interval_s: Time = declared("time between the rounds of a volley", ge=0)
    missile_choice: Literal["earliest", "smallest"] = declared(
        "earliest: the round that meets the target first; smallest: the shortest-ranged that can"
    )
    commit_range_max_m: Length = declared("no shot at a target further from the unit", gt=0)
    reserve_rounds: Count = declared("rounds of each fire unit that are kept back", ge=0)
    decision_window_s: Time | None = declared(
        "time after identification in which the first shot must be ordered, or never", None, gt=0
    )
    salvo_aircraft: Count = declared(
        "rounds of the first volley at aircraft; 0: as first_salvo says", 0, ge=0, le=16
    )
    salvo_drone: Count = declared("the same at drones", 0, ge=0, le=16)
    salvo_cruise: Count = declared("the same at subsonic cruise missiles", 0, ge=0, le=16)
    salvo_supersonic: Count = declared("the same at supersonic cruise missiles", 0, ge=0, le=16)
    salvo_ballistic: Count = declared(
        "the same at ballistic missiles and what they leave", 0, ge=0, le=16
    )
    hold_fire_range_m: Length | None = declared(
        "no order before the target is this near to the unit", None, gt=0
    )
    hold_fire_time_s: Time | None = declared(
        "no order before the target is this near in time to what it threatens", None, gt=0
    )
    commit_altitude_min_m: Length = declared("no intercept planned below this height", 0.0, ge=0)
    commit_altitude_max_m: Length | None = declared(
        "no intercept planned above this height", None, gt=0
    )
    engage_on_remote: bool = declared(
        "the unit also shoots at what the engagement radar of another unit holds, which then "
        "guides the round",
        False,
    )
    layer_release_m: Length | None = declared(
        "distance at which the unit no longer waits for units of outer layers; it waits as long as "
        "one of them can shoot if absent",
        None,
        gt=0,
    )


@kernel
def volley_rounds(volley: int, first: int, later: int) -> int:
    """Rounds in volley number ``volley`` (0 is the first)."""
    return first if volley == 0 else later


@kernel
def may_shoot_again(method: int, volleys: int, volleys_max: int) -> bool:
    """Whether doctrine allows another volley after ``volleys`` were fired at a target."""
    if volleys == 0:
        return True
    return method == 0 and volleys < volleys_max
