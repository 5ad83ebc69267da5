"""Threat classes: what they look like to a radar and how they fly."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import model_validator

from openiads.declare import (
    Acceleration,
    Angle,
    Area,
    ArealDensity,
    Count,
    Declared,
    Fraction,
    Length,
    Number,
    Speed,
    Time,
    declared,
)
from openiads.kernel import kernel

CATEGORIES = ("aircraft", "drone", "cruise", "supersonic", "ballistic")
"""Kinds of target that a missile has a kill probability against, in column order."""

BYSTANDERS = ("decoy", "neutral", "surface")
"""Kinds that nobody is charged with when they arrive: what a ballistic missile leaves behind (its
spent body and its decoys), civil traffic, and what moves on the ground or the sea."""

SIDE_OF = {"decoy": "harmless", "neutral": "neutral", "surface": "neutral"}
"""The side of a bystander, unless its wave states another; everything else is hostile. Airliners,
ships and ground targets must not be shot at; decoys are there to be."""

ALL_CATEGORIES = (*CATEGORIES, *BYSTANDERS)
"""Codes of `Threat.category` in the Model, and columns of its kill probabilities."""

BALLISTIC = CATEGORIES.index("ballistic")
DECOY = ALL_CATEGORIES.index("decoy")
SURFACE = ALL_CATEGORIES.index("surface")
AIRLINER = ALL_CATEGORIES.index("neutral")

DEBRIS_PARAMETERS = (
    "debris_share", "debris_visible_s", "debris_coefficient_kgm2", "debris_called_alive",
)  # fmt: skip
"""What `Threat` says of debris, as the Model's table of threats has it."""

STRAIGHT, FALLING, ON_SURFACE, GLIDING = 0, 1, 2, 3
"""Kinds of course: which published reach of a round holds, and how a track is expected to go on."""


class Threat(Declared):
    """A class of threat: signature, speed and the profile that it flies."""

    category: Literal[
        "aircraft", "drone", "cruise", "supersonic", "ballistic", "neutral", "surface"
    ] = declared("kind of target, for kill probability and reporting")
    profile: Literal[
        "level", "low-flyer", "high-low", "ballistic", "hypersonic", "glide", "satellite",
        "airway", "surface",
    ] = declared(
        "level: constant altitude, dive at the end; low-flyer: the same near the surface; "
        "high-low: cruise high, then descend and skim; ballistic: boost, free flight, re-entry; "
        "hypersonic: cruise high, then a steep dive; glide: boost, equilibrium glide, dive; "
        "satellite: one pass of a two-line element set, which ends where it sets; "
        "airway: level over the aim and as far beyond it; surface: on the ground or the sea"
    )  # fmt: skip
    rcs_m2: Area = declared("radar cross-section", gt=0)
    rcs_low_band_m2: Area | None = declared(
        "cross-section to radars below 2 GHz (bands A to D); as above if absent", None, gt=0
    )
    rcs_side_m2: Area | None = declared(
        "cross-section from the side; from everywhere the same if absent", None, gt=0
    )
    rcs_rear_m2: Area | None = declared(
        "cross-section from behind; as from the front if absent", None, gt=0
    )
    swerling: Count = declared("fluctuation case", ge=0, le=4)
    speed_cruise_mps: Speed = declared(
        "speed (ballistic: not used; surface: 0 stands still)", ge=0, otherwise=("speed_max",)
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
    weave_kind: Literal["weave", "jink"] = declared(
        "weave: sine; jink: arcs of one lateral load to either side", "weave"
    )
    height_over: Literal["sea", "ground"] = declared(
        "what the heights count from; over the sea a flight is lifted over hills, over the ground "
        "it follows them all the way",
        "sea",
    )
    look_ahead_m: Length = declared(
        "distance over which terrain following sees the ground (assumed)", 10e3, gt=0
    )
    slope_max_rad: Angle = declared(
        "steepest climb and dive over hills (assumed: a cruise missile's or a jet's)",
        math.radians(15.0), gt=0, le=math.radians(60.0),
    )  # fmt: skip
    trajectory: Literal["minimum-energy", "lofted", "depressed"] = declared(
        "arc of a ballistic flight: lofted 1.6 times the minimum-energy apogee, depressed 0.6",
        "minimum-energy",
    )
    apogee_flown_m: Length = declared("apogee (ballistic); 0: what trajectory says", 0.0, ge=0)
    separating: bool = declared("leaves a spent body at burnout (ballistic)", False)
    body_rcs_m2: Area = declared("cross-section of the spent body (assumed)", 2.0, gt=0)
    decoys: Count = declared("decoys released on the way (ballistic)", 0, ge=0, le=32)
    decoy_rcs_m2: Area = declared("cross-section of a decoy (assumed)", 0.1, gt=0)
    decoy_coefficient_kgm2: ArealDensity = declared(
        "mass / (Cd A) of a decoy (assumed: light, so that air tells it from the missile)",
        200.0, gt=0,
    )  # fmt: skip
    decoy_after_s: Time = declared("release of decoys after burnout (assumed)", 20.0, ge=0)
    decoy_push_mps: Speed = declared("speed of a decoy off the missile (assumed)", 3.0, ge=0)
    skip: bool = declared("constant lift, so that the glide skips (glide)", False)
    lift_to_drag: Number = declared("lift over drag (glide)", 2.6, ge=0.5, le=6.0)
    jammer_to_noise: Number = declared(
        "noise jamming: ratio to thermal noise in a radar's main lobe at jammer_range; 0 for none",
        0.0, ge=0.0, le=1e12,
    )  # fmt: skip
    jammer_range_m: Length = declared("range that jammer_to_noise refers to", 100e3, gt=0)
    tle_line1: str | None = declared("first line of the element set (satellite)", None)
    tle_line2: str | None = declared("second line of the element set (satellite)", None)
    lethality: Fraction = declared(
        "probability that one that arrives destroys what it was aimed at (assumed: an even chance)",
        0.5,
    )
    homes_on: Literal["place", "emitter"] = declared(
        "place: it flies to where its aim stands; emitter: an anti-radiation missile, for which a "
        "silent radar is hard to hit",
        "place",
    )
    homing_s: Time = declared(
        "last part of the flight in which it must hear its radar (emitter; assumed)", 15.0, gt=0
    )
    silent_share: Fraction = declared(
        "share of its lethality that is left against a radar silent in that part (emitter; "
        "assumed: it remembers the place)",
        0.2,
    )

    expected: Number = declared(
        "targets of the class that a command post which classifies by features expects for one of "
        "each other category (assumed: as many); 0: it does not know the class",
        1.0,
        ge=0,
        le=1e6,
    )
    speed_spread: Number = declared(
        "spread of the speeds within the class, of the logarithm (assumed: a fourth)",
        0.25, gt=0, le=3.0,
    )  # fmt: skip
    height_spread: Number = declared(
        "the same of the heights (assumed: half to twice the class's own)", 0.7, gt=0, le=3.0
    )
    rcs_spread_db: Number = declared(
        "spread of the cross-sections within the class in decibels, over targets and aspects "
        "(assumed: published figures of one class differ by as much)",
        8.0,
        gt=0,
        le=40.0,
    )
    debris_share: Fraction = declared(
        "cross-section of its debris over its own, from the kill on; 0: it leaves none", 0.0
    )
    debris_visible_s: Time = declared(
        "time for which debris is seen, unless it reaches the ground before (assumed: then it has "
        "spread over many cells)",
        60.0, gt=0,
    )  # fmt: skip
    debris_coefficient_kgm2: ArealDensity = declared(
        "mass / (Cd A) of its debris (assumed: tumbling pieces, lighter than a decoy)",
        100.0, gt=0,
    )  # fmt: skip
    debris_called_alive: Fraction = declared(
        "probability that its kill is called a miss where the engagement radar still holds debris "
        "(assumed: an even chance; no public figure)",
        0.5,
    )

    @model_validator(mode="after")
    def _fits(self) -> Threat:
        if self.speed_cruise_mps == 0.0 and self.profile != "surface":
            raise ValueError("speed_cruise is 0; only what lies on the surface may stand still")
        if self.profile != "ballistic" and (self.separating or self.decoys):
            raise ValueError("only a ballistic flight leaves a body or decoys behind")
        if (self.category == "surface") != (self.profile == "surface"):
            raise ValueError("category surface and profile surface go together")
        return self


@kernel(inline="always", borrows=True)
def falls(category: int) -> bool:
    """Whether a kind of target is on a ballistic course: missile, spent body, decoy."""
    return category in (BALLISTIC, DECOY)


@kernel(inline="always", borrows=True)
def course_of(category: int) -> int:
    """The kind of course of a kind of target, for the reach of the rounds fired at it."""
    if category == SURFACE:
        return ON_SURFACE
    return FALLING if falls(category) else STRAIGHT


@kernel
def looks_ballistic(speed_mps: float, height_m: float) -> bool:
    """Whether a track can only be ballistic: above 35 km, or faster than 1,200 m/s and above 20 km.

    Air-breathing aircraft and cruise missiles of the public record stay below 30 km and Mach 3;
    the thresholds leave a margin. assumed: the rule is ours, its inputs are what a radar measures.
    """
    return height_m > 35e3 or (speed_mps > 1200.0 and height_m > 20e3)


@kernel
def looks_on_surface(speed_mps: float, height_m: float) -> bool:
    """Whether a track may be a ship or a vehicle: below 300 m and slower than 40 m/s.

    assumed: twice the speed of a fast ship, below that of any aircraft of the record; the height
    leaves room for the error of an elevation at some tens of kilometres.
    """
    return height_m < 300.0 and speed_mps < 40.0


@kernel
def may_glide(speed_mps: float, climb_mps: float, height_m: float) -> bool:
    """Whether a track can be a hypersonic glider: fast, nearly level, between 20 and 80 km.

    Above 80 km there is too little air for lift (Acton, Science and Global Security 23(3), 2015);
    1,200 m/s and 20 km are those of `looks_ballistic`. Nearly level: within 8 degrees (assumed; an
    equilibrium glide descends by less than one, a skip by a few). A ballistic flight near its
    apogee is so too: how fast the climb changes tells them apart (`openiads.engine.predict`).
    """
    return 20e3 < height_m < 80e3 and speed_mps > 1200.0 and abs(climb_mps) < 0.14 * speed_mps


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
