"""Radars: what one is, and how it looks at a point of the sky."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import model_validator

from openiads.declare import (
    Angle,
    Area,
    Count,
    Declared,
    Fraction,
    Frequency,
    Length,
    Number,
    Speed,
    Time,
    declared,
)
from openiads.kernel import kernel


class Radar(Declared):
    """A radar: detection anchored on one published (range, cross-section) pair."""

    duty: Literal["acquisition", "engagement"] = declared(
        "whether its plots feed the track picture, or it guides missiles"
    )
    detection_range_max_m: Length = declared("claimed detection range", gt=0)
    reference_rcs_m2: Area = declared("cross-section that the claimed range refers to", gt=0)
    reference_pd: Fraction = declared(
        "detection probability meant by the claimed range", gt=0, lt=1
    )
    pfa: Fraction = declared("false-alarm probability a cell", gt=0, le=0.01)
    pulses: Count = declared("pulses summed non-coherently in a look", ge=1, le=1000)
    frequency_hz: Frequency = declared("carrier frequency", gt=0)
    scan_period_s: Time = declared("time between two looks at one direction", gt=0)
    antenna_height_m: Length = declared("height of the antenna above ground", ge=0)
    instrumented_range_m: Length = declared("range beyond which nothing is displayed", gt=0)
    sector_rad: Angle = declared("width of the sector watched in azimuth", gt=0, le=2 * math.pi)
    elevation_min_rad: Angle = declared("lowest elevation of the beam", ge=-math.pi / 2)
    elevation_max_rad: Angle = declared("highest elevation of the beam", le=math.pi / 2)
    beamwidth_azimuth_rad: Angle = declared("half-power beam width in azimuth", gt=0)
    beamwidth_elevation_rad: Angle = declared("half-power beam width in elevation", gt=0)
    range_resolution_m: Length = declared("size of a range cell", gt=0)
    range_error_floor_m: Length = declared("range error that no signal strength removes", ge=0)
    angle_error_floor_rad: Angle = declared("angle error that no signal strength removes", ge=0)
    range_bias_m: Length = declared(
        "spread (one sigma) of a constant range error, drawn anew for each replication", 0.0, ge=0
    )
    angle_bias_rad: Angle = declared(
        "the same for azimuth and for elevation: how well the radar knows north and level",
        0.0,
        ge=0,
    )
    sidelobe_ratio: Number = declared(
        "one-way gain of the side lobes over the peak, as noise jamming meets it "
        "(assumed 30 dB down: an ordinary antenna without side-lobe cancelling)",
        1e-3, gt=0, lt=1,
    )  # fmt: skip
    radial_speed_min_mps: Speed = declared("slowest radial speed that passes the Doppler notch")
    false_plots_per_scan: Number = declared("mean false plots in one scan", ge=0, le=500)
    simultaneous_tracks: Count = declared("tracks kept at once", ge=1, le=100_000)
    simultaneous_engagements: Count = declared(
        "targets guided against at once",
        ge=0,
        le=10_000,
        otherwise=("system:simultaneous_engagements",),
    )
    missiles_guided_simultaneously: Count = declared(
        "missiles guided at once",
        ge=0,
        le=20_000,
        otherwise=("system:missiles_guided_simultaneously",),
    )
    unresolved: Literal["apart", "merge"] = declared(
        "what targets within one range cell and one beam width give: a plot each, or one plot at "
        "their centroid; then the tracker lets one plot serve several tracks",
        "apart",
    )
    silent_below_s: Time = declared(
        "falls silent while a fast track leads to it within this time to go; 0: never", 0.0, ge=0
    )
    silent_for_s: Time = declared("time for which it then stays silent (assumed)", 30.0, gt=0)
    rhythm_on_s: Time = declared("time on of a fixed rhythm; 0: none", 0.0, ge=0)
    rhythm_off_s: Time = declared("time silent of that rhythm; 0: none", 0.0, ge=0)
    emitting_decoys: Count = declared(
        "emitters beside it that draw off an equal share each of what homes on it", 0, ge=0, le=64
    )

    @model_validator(mode="after")
    def _one_rhythm(self) -> Radar:
        if (self.rhythm_on_s > 0.0) != (self.rhythm_off_s > 0.0):
            raise ValueError("half a rhythm: it takes both rhythm_on and rhythm_off")
        if self.rhythm_off_s > 0.0 and self.silent_below_s > 0.0:
            raise ValueError("a rhythm and silence before a threat exclude each other; give one")
        return self


@kernel
def above_horizon(slant_m: float, antenna_m: float, target_m: float, radius_m: float) -> bool:
    """Whether the straight ray between two heights clears a smooth sphere of ``radius_m``.

    slant <= sqrt(ha (2 kR + ha)) + sqrt(ht (2 kR + ht)); heights and radius (effective, kR) in
    metres. Reference: Blake, Radar Range-Performance Analysis, 1986, ch. 5.
    """
    low = max(antenna_m, 0.0)
    high = max(target_m, 0.0)
    reach = math.sqrt(low * (2.0 * radius_m + low)) + math.sqrt(high * (2.0 * radius_m + high))
    return slant_m <= reach
