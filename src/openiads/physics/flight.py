"""Flight of point masses: vacuum arcs over a spherical Earth, powered planar flight, re-entry.

The arcs are closed forms on a spherical, non-rotating Earth of radius 6,371 km, surface to
surface. `fly` integrates the planar law of `openiads.physics.dynamics`. Validated in
tests/validation/test_ballistic.py, test_flyout.py and test_reentry.py.
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel
from openiads.physics import dynamics
from openiads.physics.dynamics import (
    AIM_X,
    AIM_Z,
    BOOST_END,
    CURVATURE,
    EARTH_RADIUS_M,
    IGNITION,
    MU_M3PS2,
    PHASE,
    PLANAR,
    STANDARD_GRAVITY_MPS2,
    SUSTAIN_END,
    planar_height,
    rates,
)
from openiads.physics.integrate import advance, next_step, rk_error, rk_step


@kernel(elementwise=True)
def minimum_energy(range_m):
    """The slowest vacuum arc that reaches a ground range: (speed_mps, angle_rad, apogee_m, time_s).

    V² = 2 (μ/R) sin(ψ/2) / (1 + sin(ψ/2)), γ = π/4 - ψ/4, apogee = R/2 (sin(ψ/2) + cos(ψ/2) - 1),
    ψ = range/R; the time follows from Kepler's equation. Launch and impact on a spherical,
    non-rotating Earth, R = 6,371 km. Valid for 0 < range < πR (20,015 km); 0 gives zeros, beyond
    gives NaN. Reference: Wheelon, J. ARS 29 (1959) 915; Bate, Mueller and White (1971), ch. 6.
    """
    if not 0.0 <= range_m <= math.pi * EARTH_RADIUS_M:
        return math.nan, math.nan, math.nan, math.nan
    if range_m == 0.0:
        return 0.0, 0.25 * math.pi, 0.0, 0.0
    half = 0.5 * range_m / EARTH_RADIUS_M
    sine = math.sin(half)
    speed = math.sqrt(2.0 * MU_M3PS2 / EARTH_RADIUS_M * sine / (1.0 + sine))
    # sin - (1 - cos) keeps the digits of short ranges.
    apogee = 0.5 * EARTH_RADIUS_M * (sine - 2.0 * math.sin(0.5 * half) ** 2)
    return speed, 0.25 * math.pi - 0.5 * half, apogee, _arc_time(speed, apogee)


@kernel
def _arc_time(speed, apogee):
    """Time from the ground to the apocentre and back, s, by Kepler's equation."""
    semi_major = 1.0 / (2.0 / EARTH_RADIUS_M - speed * speed / MU_M3PS2)
    eccentricity = (EARTH_RADIUS_M + apogee) / semi_major - 1.0
    cosine = (1.0 - EARTH_RADIUS_M / semi_major) / eccentricity
    # From the apocentre: E = π - x, where sin²(x/2) = (1 + cosE) / 2.
    x = 2.0 * math.asin(math.sqrt(min(max(0.5 * (1.0 + cosine), 0.0), 1.0)))
    pace = math.sqrt(semi_major * semi_major * semi_major / MU_M3PS2)
    return 2.0 * pace * (x + eccentricity * math.sin(x))


@kernel(elementwise=True)
def arc(range_m, apogee_m):
    """The vacuum arc of a given range and apogee: (speed_mps, angle_rad, time_s).

    e = (r_a - R) / (r_a - R cos(ψ/2)) with r_a = R + apogee, a = r_a / (1 + e), speed by vis-viva
    and angle by the area law. Above `minimum_energy`'s apogee the arc is lofted, below depressed.
    Spherical, non-rotating Earth of 6,371 km; 0 < range < πR, apogee > 0. Reference: Bate, Mueller
    and White (1971), ch. 6.
    """
    top = EARTH_RADIUS_M + apogee_m
    half = 0.5 * range_m / EARTH_RADIUS_M
    dip = EARTH_RADIUS_M * 2.0 * math.sin(0.5 * half) ** 2
    eccentricity = apogee_m / (apogee_m + dip)
    semi_major = top / (1.0 + eccentricity)
    speed = math.sqrt(MU_M3PS2 * (2.0 / EARTH_RADIUS_M - 1.0 / semi_major))
    top_speed = math.sqrt(MU_M3PS2 * max(2.0 / top - 1.0 / semi_major, 0.0))
    angle = math.acos(min(1.0, top * top_speed / (EARTH_RADIUS_M * speed)))
    return speed, angle, _arc_time(speed, apogee_m)


@kernel(elementwise=True)
def speed_to_range(speed_mps):
    """The greatest vacuum range of a launch speed, m: sin(ψ/2) = k / (2 - k), k = V² R/μ.

    The inverse of `minimum_energy`; NaN at and above circular speed.
    """
    k = speed_mps * speed_mps * EARTH_RADIUS_M / MU_M3PS2
    if k >= 1.0:
        return math.nan
    return 2.0 * EARTH_RADIUS_M * math.asin(k / (2.0 - k))


@kernel(elementwise=True)
def arc_speed(launch_speed_mps, height_m):
    """Speed on a vacuum arc at a height, m/s, by vis-viva; NaN above what the arc reaches."""
    square = launch_speed_mps * launch_speed_mps - 2.0 * MU_M3PS2 * (
        1.0 / EARTH_RADIUS_M - 1.0 / (EARTH_RADIUS_M + height_m)
    )
    return math.sqrt(square) if square >= 0.0 else math.nan


@kernel(elementwise=True)
def allen_eggers_speed(
    height_m, entry_speed_mps, angle_rad, ballistic_coefficient_kgm2, density_kgm3, scale_m
):
    """Speed on a straight re-entry path through an exponential atmosphere, without gravity, m/s.

    V = V_E exp(-ρ0 H / (2 β sinγ) e^{-h/H}); β = m/(C_D A) in kg/m², γ the path angle below the
    horizontal. Steep, fast entries (gravity small beside drag). Reference: Allen and Eggers, NACA
    TR-1381 (1958), eq. 11.
    """
    exponent = density_kgm3 * scale_m / (2.0 * ballistic_coefficient_kgm2 * math.sin(angle_rad))
    return entry_speed_mps * math.exp(-exponent * math.exp(-height_m / scale_m))


@kernel(elementwise=True)
def allen_eggers_peak(
    entry_speed_mps, angle_rad, ballistic_coefficient_kgm2, density_kgm3, scale_m
):
    """The greatest deceleration of such an entry: (deceleration_mps2, height_m, speed_mps).

    a = V_E² sinγ / (2 e H) at h = H ln(ρ0 H / (β sinγ)), where V = V_E e^{-1/2}. A negative height
    means that the ground comes first. Reference: Allen and Eggers, NACA TR-1381 (1958), eq. 17.
    """
    sine = math.sin(angle_rad)
    peak = entry_speed_mps * entry_speed_mps * sine / (2.0 * math.e * scale_m)
    height = scale_m * math.log(density_kgm3 * scale_m / (ballistic_coefficient_kgm2 * sine))
    return peak, height, entry_speed_mps * math.exp(-0.5)


def parameters(
    *,
    exhaust_mps=0.0,
    boost_fraction=0.0,
    boost_time_s=0.0,
    sustain_fraction=0.0,
    sustain_time_s=0.0,
    ignition_s=0.0,
    drag_area_m2pkg=0.0,
    lift_area_m2pkg=0.0,
    alpha_max_rad=0.0,
    load_max_mps2=math.inf,
    gravity_mps2=STANDARD_GRAVITY_MPS2,
    earth_radius_m=EARTH_RADIUS_M,
    air="standard",
    air_density_kgm3=1.225,
    air_scale_m=math.inf,
    drag="g7",
    divert_mps2=0.0,
):
    """The parameter vector (22,) of the planar law.

    Propellant fractions and areas are per launch mass (m²/kg); a ballistic coefficient β is
    ``drag_area_m2pkg = 1/β`` with ``drag="constant"``. ``air`` is "standard", "exponential" (with
    density at 0 and scale height; an infinite scale is uniform air) or "none"; an infinite
    ``earth_radius_m`` is a flat Earth of uniform gravity. ``divert_mps2`` is what thrusters give
    across the flight without air; it goes with the law that leaves the final angle free.
    """
    boost_rate = boost_fraction / boost_time_s if boost_time_s > 0.0 else 0.0
    sustain_rate = sustain_fraction / sustain_time_s if sustain_time_s > 0.0 else 0.0
    air_kind = {"none": 0, "standard": 1, "exponential": 2}[air]
    drag_kind = {"constant": 0, "g7": 1}[drag]
    par = np.zeros(dynamics.PLANAR_SIZE)
    par[: dynamics.GUIDE] = (
        exhaust_mps,
        boost_rate,
        boost_time_s,
        sustain_rate,
        boost_time_s + sustain_time_s,
        ignition_s,
        drag_area_m2pkg,
        lift_area_m2pkg,
        alpha_max_rad,
        load_max_mps2,
        gravity_mps2,
        1.0 / earth_radius_m,
        air_kind,
        air_density_kgm3,
        air_scale_m,
        drag_kind,
        divert_mps2,
    )
    return par


@kernel
def fly_phases(y, par, t0_s, t1_s, rtol, atol, k, new):
    """Integrate the planar state ``y`` (4,) in place from t0 to t1, stopping at phase changes."""
    t, h = t0_s, 0.1
    breaks = (
        par[IGNITION],
        par[IGNITION] + par[BOOST_END],
        par[IGNITION] + par[SUSTAIN_END],
        t1_s,
    )
    for phase in range(4):
        end = min(breaks[phase], t1_s)
        if end > t:
            par[PHASE] = phase
            h = advance(PLANAR, t, end, y, par, rtol, atol, max(h, 1e-3), k, new)
            t = end
    return t


def fly(par, state, t_s, rtol=1e-9, atol_m=1e-5, atol_mps=1e-7):
    """The planar state (x_m, z_m, vx_mps, vz_mps) after ``t_s`` of flight, as an array (4,).

    ``par`` from `parameters`, ``state`` at t = 0; each step of the Dormand-Prince pair errs by at
    most atol + rtol |value|. The law is `dynamics.planar_rates`.
    """
    y = np.array(state, dtype=float)
    atol = np.array([atol_m, atol_m, atol_mps, atol_mps])
    fly_phases(y, par.copy(), 0.0, float(t_s), rtol, atol, np.empty((7, 4)), np.empty(4))
    return y


@kernel
def fly_to_point(y, par, x_m, z_m, t_most_s, near_m, rtol, atol, k, new):
    """Fly the aimed planar law until the aim is near: (time_s, miss_m, arrived).

    ``par`` carries the guidance (``GUIDE``, ``AIM_ANGLE``) and gets the aim; ``y`` (4,) is the
    start and becomes the end. The flight ends within ``near_m`` of the aim, from where time and
    miss go straight on (or back, where the last step went past); or it fails: on the way past,
    below the ground, out of time, or below 15 m/s.
    """
    par[AIM_X], par[AIM_Z] = x_m, z_m
    t, h = 0.0, 0.05
    breaks = (
        par[IGNITION],
        par[IGNITION] + par[BOOST_END],
        par[IGNITION] + par[SUSTAIN_END],
        t_most_s,
    )
    for phase in range(4):
        end = breaks[phase]
        if end <= t:
            continue
        par[PHASE] = phase
        rates(PLANAR, t, y, par, k[0])
        while t < end:
            rx, rz = x_m - y[0], z_m - y[1]
            distance = math.sqrt(rx * rx + rz * rz)
            speed = math.sqrt(y[2] * y[2] + y[3] * y[3])
            closing = rx * y[2] + rz * y[3]
            if distance <= near_m:
                miss = abs(rx * y[3] - rz * y[2]) / speed
                return t + closing / (speed * speed), miss, True
            past = closing <= 0.0 and t > par[IGNITION] + par[BOOST_END]
            if past or speed < 15.0 or planar_height(y[0], y[1], par[CURVATURE]) < -near_m:
                return t, distance, False
            # Never step over the aim: at most to within a fraction of the distance left.
            most = max(0.7 * distance / max(speed, 50.0), 0.2 * near_m / max(speed, 50.0))
            h = min(h, most)
            last = t + h >= end
            if last:
                h = end - t
            rk_step(PLANAR, t, h, y, par, k, new)
            error = rk_error(h, y, new, k, rtol, atol)
            if error <= 1.0:
                t = end if last else t + h
                for i in range(4):
                    y[i] = new[i]
                    k[0, i] = k[6, i]
            h = next_step(h, error)
            if not h > 1e-6:
                return t, math.inf, False
    return t, math.inf, False
