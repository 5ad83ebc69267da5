"""Measure: how well a radar measures a target, and a measurement as a plot of the scan."""

from __future__ import annotations

from typing import Any

from openiads.kernel import kernel
from openiads.physics.estimation import convert_plot
from openiads.physics.radar import angle_error_rad, range_error_m

FALSE_PLOT_SNR = 10.0
"""Power ratio taken for a false plot (assumed: just above the threshold of one pulse)."""

MONOPULSE_SLOPE = 1.6
"""Slope of a monopulse difference pattern; the usual value where nothing better is known."""


@kernel(inline="always", borrows=True)
def errors(eye: Any, snr: float) -> tuple[float, float, float]:
    """Standard deviations of range (m), azimuth and elevation (rad) of a plot with this SNR."""
    pulses = eye.pulses
    return (
        range_error_m(snr, pulses, eye.range_resolution_m, eye.range_error_floor_m),
        angle_error_rad(
            snr, pulses, eye.beamwidth_azimuth_rad, MONOPULSE_SLOPE, eye.angle_error_floor_rad
        ),
        angle_error_rad(
            snr, pulses, eye.beamwidth_elevation_rad, MONOPULSE_SLOPE, eye.angle_error_floor_rad
        ),
    )


@kernel(inline="always", borrows=True)
def add_plot(
    m: Any, s: Any, plots: Any, radar: int, threat: int, range_m: float, azimuth_rad: float,
    elevation_rad: float, range_sigma_m: float, azimuth_sigma_rad: float,
    elevation_sigma_rad: float,
) -> None:  # fmt: skip
    """Enter a measurement in the list of plots of this scan."""
    now = s.now[0]
    at = now.n_plots
    if at >= plots.threat.shape[0]:
        s.now[0].overflow |= 8
        return
    eye = m.radars[radar]
    convert_plot(
        range_m, azimuth_rad, elevation_rad, range_sigma_m, azimuth_sigma_rad,
        elevation_sigma_rad, m.radar_pos_m[radar], m.radar_axes[radar],
        plots.pos_m, plots.cov_m2, at,
    )  # fmt: skip
    plots.threat[at] = threat
    plots.clutter_pm3[at] = eye.clutter_pm3
    now.n_plots = at + 1
