"""Fitting the generic missile to published figures: top speed, range and altitude come out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from openiads.domain.motor import ASSUMED, Motor, limits_of, lofts_of, reach, start_of, workspace
from openiads.faults import Fault, InputError
from openiads.kernel import kernel
from openiads.physics.dynamics import STANDARD_GRAVITY_MPS2
from openiads.physics.flight import fly_phases

_MARGIN_SURPLUS = 1.1
"""The lift is fitted to this much more than the least margin, so that the whole top row counts."""
_SHARES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25)


@kernel
def _reaches(down_range, altitudes, par, start, lofts, limits):
    """Whether any of the altitudes is reached at a down-range, in time and with margin to spare."""
    work, guess, best = workspace()
    for i in range(len(altitudes)):
        reach(down_range, altitudes[i], par, start, lofts, limits, work, guess, best)
        if best[0] < math.inf:
            return True
    return False


def _check(bounds, overrides):
    """Every fault of the published bounds and of the overridden constants at once."""
    faults = [
        Fault(f"{name} is {value!r}", "give a positive finite number", key=name)
        for name, value in bounds.items()
        if not (math.isfinite(value) and value >= 0.0)
    ]
    faults += [
        Fault(f"no constant of the motor family is called {name!r}", "see ASSUMED", key=name)
        for name in overrides
        if name not in ASSUMED
    ]
    if not faults:
        if bounds["range_max_m"] <= bounds["range_min_m"]:
            faults.append(Fault("range_max_m is not above range_min_m", key="range_max_m"))
        if bounds["altitude_max_m"] <= bounds["altitude_min_m"]:
            faults.append(Fault("altitude_max_m is not above altitude_min_m", key="altitude_max_m"))
        if not 250.0 <= bounds["speed_max_mps"] <= 6000.0:
            faults.append(
                Fault("speed_max_mps is outside 250 to 6000 m/s", "m/s?", key="speed_max_mps")
            )
    if faults:
        raise InputError(faults)


def top_speed(motor):
    """Speed at the end of the boost of an unguided flight launched at 45 degrees, m/s.

    The flight that defines "top speed" in the calibration: with drag, gravity and a round Earth.
    """
    par = motor.vector()
    c = motor.constants
    speed = c["ejection_speed_mps"] * math.sqrt(0.5)
    y = np.array([0.0, c["ejection_height_m"], speed, speed])
    end = motor.speed_max_mps / (c["boost_load_g"] * STANDARD_GRAVITY_MPS2)
    fly_phases(y, par, 0.0, end, 1e-8, np.full(4, 1e-4), np.empty((7, 4)), np.empty(4))
    return math.hypot(y[2], y[3])


def _bisect(wanted, low, high, steps):
    """The point of [low, high], on a logarithmic scale, where ``wanted(x)`` turns false."""
    for _ in range(steps):
        middle = math.sqrt(low * high)
        if wanted(middle):
            low = middle
        else:
            high = middle
    return low


def _fit_propellant(motor):
    def too_slow(fraction):
        return top_speed(replace(motor, propellant_fraction=fraction)) <= motor.speed_max_mps

    return replace(motor, propellant_fraction=_bisect(too_slow, 0.02, 0.93, 30))


def _ceiling(motor):
    """Greatest altitude (m) to which the airframe is fitted: thrusters do not need air above."""
    if motor.divert_mps2 > 0.0:
        return min(motor.altitude_max_m, motor.constants["air_ceiling_m"])
    return motor.altitude_max_m


def _fit_drag(motor):
    altitudes = _ceiling(motor) * np.array([0.7, 0.85, 0.5, 0.35, 1.0, 0.2])
    start, limits = start_of(motor), limits_of(motor)

    def reaches(area):
        par = replace(motor, drag_area_m2pkg=area).vector()
        return _reaches(motor.range_max_m, altitudes, par, start, lofts_of(motor), limits)

    usual = motor.constants["divert_drag_m2pkg"]
    if motor.divert_mps2 > 0.0 and reaches(usual):
        return replace(motor, drag_area_m2pkg=usual)
    return replace(motor, drag_area_m2pkg=_bisect(reaches, 1e-6, 3e-2, 16))


def _fit_lift(motor):
    """Scale the lift area until the margin at the altitude is the least that counts."""
    start, limits = start_of(motor), limits_of(motor)
    altitude = _ceiling(motor)
    limits[0] *= _MARGIN_SURPLUS
    farthest = motor.constants["altitude_share"] * motor.range_max_m
    work, guess, best = workspace()

    def lacks(area):
        par = replace(motor, lift_area_m2pkg=area, divert_mps2=0.0).vector()
        for share in _SHARES:
            at = share * farthest
            reach(at, altitude, par, start, lofts_of(motor), limits, work, guess, best)
            if best[0] == math.inf:
                return True
        return False

    return replace(motor, lift_area_m2pkg=_bisect(lacks, 5e-5, 6e-3, 16))


def calibrate(
    range_max_m,
    altitude_max_m,
    speed_max_mps,
    range_min_m=0.0,
    altitude_min_m=0.0,
    divert_mps2=0.0,
    **constants,
):
    """The `Motor` of the generic family whose published bounds come out.

    Three numbers are fitted to three figures, in turn until they settle: the propellant fraction to
    the top speed (`top_speed`), the drag area to the range (the greatest at which any altitude is
    still reached with the least margin and speed), the lift area to the altitude (the margin there
    is the least, at ``altitude_share`` of the range). ``divert_mps2`` is what the round steers with
    where there is no air: given, not fitted; its lift is then fitted below ``air_ceiling_m``, its
    drag is that of the family, and range and altitude are no more than bounds. ``constants``
    override `ASSUMED`. Raises `InputError` for bounds that are not positive and ordered, or for
    unknown constants. The motor's ``residuals`` show what came out.
    """
    bounds = {
        "range_max_m": float(range_max_m),
        "altitude_max_m": float(altitude_max_m),
        "speed_max_mps": float(speed_max_mps),
        "range_min_m": float(range_min_m),
        "altitude_min_m": float(altitude_min_m),
        "divert_mps2": float(divert_mps2),
    }
    _check(bounds, constants)
    values = {name: float(constants.get(name, value)) for name, (value, _) in ASSUMED.items()}
    motor = Motor(**bounds, constants=values)  # type: ignore[arg-type]
    for _ in range(6):
        before = motor
        motor = _fit_lift(_fit_drag(_fit_propellant(motor)))
        if _settled(before, motor):
            break
    motor = _fit_propellant(motor)
    return replace(motor, residuals=_residuals(motor))


def _settled(a, b):
    return (
        abs(a.drag_area_m2pkg / b.drag_area_m2pkg - 1.0) < 2e-3
        and abs(a.lift_area_m2pkg / b.lift_area_m2pkg - 1.0) < 2e-3
    )


def _residuals(motor):
    """(name, published, computed) of each published bound, found again on the final motor."""
    start, limits = start_of(motor), limits_of(motor)
    par = motor.vector()
    altitudes = _ceiling(motor) * np.array([0.7, 0.85, 0.5, 0.35, 1.0, 0.2])

    def near_enough(distance):
        return _reaches(distance, altitudes, par, start, lofts_of(motor), limits)

    def low_enough(height):
        farthest = motor.constants["altitude_share"] * motor.range_max_m
        return all(
            _reaches(share * farthest, np.array([height]), par, start, lofts_of(motor), limits)
            for share in _SHARES
        )

    far = _bisect(near_enough, 0.3 * motor.range_max_m, 2.0 * motor.range_max_m, 14)
    high = _bisect(low_enough, 0.3 * motor.altitude_max_m, 2.0 * motor.altitude_max_m, 14)
    return (
        ("range_max_m", motor.range_max_m, far),
        ("altitude_max_m", motor.altitude_max_m, high),
        ("speed_max_mps", motor.speed_max_mps, top_speed(motor)),
    )
