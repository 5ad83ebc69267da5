"""Threat classes: what they look like to a radar and how they fly."""

from __future__ import annotations

import math
from typing import Literal

from openiads.declare import (
    Acceleration,
    Area,
    ArealDensity,
    Count,
    Declared,
    Length,
    Number,
    Speed,
    Time,
    declared,
)
from openiads.kernel import kernel

CATEGORIES = ("aircraft", "drone", "cruise", "supersonic", "ballistic")
"""Kinds of target that a missile has a kill probability against, in column order."""

BALLISTIC = CATEGORIES.index("ballistic")


class Threat(Declared):
    """A class of threat: signature, speed and the profile that it flies."""

    category: Literal["aircraft", "drone", "cruise", "supersonic", "ballistic"] = declared(
        "kind of target, for kill probability and reporting"
    )
    profile: Literal[
        "level", "low-flyer", "high-low", "ballistic", "hypersonic", "glide", "satellite"
    ] = declared(
        "level: constant altitude, dive at the end; low-flyer: the same near the surface; "
        "high-low: cruise high, then descend and skim; ballistic: boost, free flight, re-entry; "
        "hypersonic: cruise high, then a steep dive; glide: boost, equilibrium glide, dive; "
        "satellite: one pass of a two-line element set, which ends where it sets"
    )
    rcs_m2: Area = declared("radar cross-section", gt=0)
    swerling: Count = declared("fluctuation case", ge=0, le=4)
    speed_cruise_mps: Speed = declared(
        "speed (ballistic: not used)", gt=0, otherwise=("speed_max",)
    )
    altitude_cruise_m: Length = declared(
        "height of the cruise leg", gt=0, otherwise=("altitude_typical", "altitude_max")
    )
    altitude_low_m: Length = declared(
        "height of the low leg", gt=0, otherwise=("altitude_min", "altitude_cruise")
    )
    low_distance_m: Length = declared("distance to go at which the low leg starts", ge=0)
    turn_mps2: Acceleration = declared("lateral acceleration in turns", gt=0)
    burn_time_s: Time = declared("boost duration (ballistic)", gt=0)
    ballistic_coefficient_kgm2: ArealDensity = declared("mass / (Cd A) at re-entry", gt=0)
    weave_amplitude_m: Length = declared("swing to each side of the path; 0 for none", 0.0, ge=0)
    weave_period_s: Time = declared("time of one swing to both sides", 20.0, gt=0)
    lift_to_drag: Number = declared("lift over drag (glide)", 2.6, ge=0.5, le=6.0)
    jammer_to_noise: Number = declared(
        "noise jamming: ratio to thermal noise in a radar's main lobe at jammer_range; 0 for none",
        0.0, ge=0.0, le=1e12,
    )  # fmt: skip
    jammer_range_m: Length = declared("range that jammer_to_noise refers to", 100e3, gt=0)
    tle_line1: str | None = declared("first line of the element set (satellite)", None)
    tle_line2: str | None = declared("second line of the element set (satellite)", None)


@kernel
def looks_ballistic(speed_mps: float, height_m: float) -> bool:
    """Whether a track can only be ballistic: above 35 km, or faster than 1,200 m/s and above 20 km.

    Air-breathing aircraft and cruise missiles of the public record stay below 30 km and Mach 3;
    the thresholds leave a margin. assumed: the rule is ours, its inputs are what a radar measures.
    """
    return height_m > 35e3 or (speed_mps > 1200.0 and height_m > 20e3)


@kernel
def approach(px, py, pz, vx, vy, vz, ax, ay, az):
    """(time, miss distance) of closest approach of a straight course to a point; SI.

    t = -(p - a).v / v.v, held at zero for a course that opens.
    """
    dx, dy, dz = px - ax, py - ay, pz - az
    speed2 = vx * vx + vy * vy + vz * vz
    time = max(0.0, -(dx * vx + dy * vy + dz * vz) / max(speed2, 1e-9))
    mx, my, mz = dx + vx * time, dy + vy * time, dz + vz * time
    return time, math.sqrt(mx * mx + my * my + mz * mz)
