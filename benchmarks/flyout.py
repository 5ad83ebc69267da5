"""Fly-out: flights of 120 s per processor second, against SciPy's solve_ivp in the same run.

Run: python -m benchmarks.flyout [--json]. Aim: at least 20,000 flights a second within 10 m of a
tight integration at every launch angle; that integration is checked against SciPy's DOP853.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np

from openiads.kernel import kernel
from openiads.physics.dynamics import air, g7_drag_coefficient
from openiads.physics.flight import fly_phases, parameters

MISSILE = {
    "exhaust_mps": 2450.0,
    "boost_fraction": 0.6,
    "boost_time_s": 10.0,
    "drag_area_m2pkg": 3e-4,
}
GRAVITY, RADIUS = 9.80665, 6371000.0
RTOL, ATOL_M, ATOL_MPS = 1e-7, 1.0, 1e-4


@kernel
def flights(angles, par, rtol, atol, ends):
    """Fly 120 s at each launch angle (n,) from 30 m/s; writes the end states (n, 4)."""
    k, new = np.empty((7, 4)), np.empty(4)
    for i in range(len(angles)):
        ends[i, 0], ends[i, 1] = 0.0, 0.0
        ends[i, 2], ends[i, 3] = 30.0 * math.cos(angles[i]), 30.0 * math.sin(angles[i])
        fly_phases(ends[i], par, 0.0, 120.0, rtol, atol, k, new)


def solve(angle, method, rtol, atol):
    """The same flight by SciPy, on an independent statement of the equations."""
    from scipy.integrate import solve_ivp

    burn = MISSILE["boost_time_s"]
    rate = MISSILE["boost_fraction"] / burn

    def rates(t, y, thrust):
        r = math.hypot(y[0], y[1] + RADIUS)
        speed = math.hypot(y[2], y[3])
        density, sound = air(r - RADIUS)
        mass = 1.0 - rate * min(t, burn)
        drag = 0.5 * density * speed**2 * MISSILE["drag_area_m2pkg"]
        along = (thrust - drag * g7_drag_coefficient(speed / sound)) / mass / speed
        fall = GRAVITY * RADIUS**2 / r**3
        return y[2], y[3], along * y[2] - fall * y[0], along * y[3] - fall * (y[1] + RADIUS)

    y = [0.0, 0.0, 30.0 * math.cos(angle), 30.0 * math.sin(angle)]
    for start, end, thrust in ((0.0, burn, rate * MISSILE["exhaust_mps"]), (burn, 120.0, 0.0)):
        y = solve_ivp(rates, (start, end), y, method, rtol=rtol, atol=atol, args=(thrust,)).y[:, -1]
    return y


def timed(work, repeat):
    """The least processor seconds of ``repeat`` runs of ``work``."""
    best = math.inf
    for _ in range(repeat):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def measure(flown=4000, solved=20):
    """Rates and errors of both, as a dictionary."""
    par = parameters(**MISSILE)
    atol = np.array([ATOL_M, ATOL_M, ATOL_MPS, ATOL_MPS])
    angles = np.radians(np.linspace(15.0, 85.0, flown))
    ends = np.empty((flown, 4))
    flights(angles, par, RTOL, atol, ends)
    ours = timed(lambda: flights(angles, par, RTOL, atol, ends), 5) / flown
    tight = np.empty((flown, 4))
    flights(angles, par, 1e-12, np.array([1e-7, 1e-7, 1e-9, 1e-9]), tight)
    probes = np.linspace(0, flown - 1, solved).astype(int)
    gaps, theirs_errors, seconds = [], [], 0.0
    for i in probes:
        truth = solve(angles[i], "DOP853", 1e-10, 1e-8)
        start = time.process_time()
        theirs = solve(angles[i], "RK45", 1e-8, 1e-6)
        seconds += time.process_time() - start
        gaps.append(math.dist(tight[i, :2], truth[:2]))
        theirs_errors.append(math.dist(theirs[:2], truth[:2]))
    return {
        "flights_per_second": 1.0 / ours,
        "worst_error_m": float(np.hypot(*(ends - tight)[:, :2].T).max()),
        "tight_against_dop853_m": max(gaps),
        "scipy_rk45_seconds_per_flight": seconds / solved,
        "scipy_rk45_worst_error_m": max(theirs_errors),
        "times_faster": seconds / solved / ours,
        "aim_flights_per_second": 20_000,
        "aim_error_m": 10.0,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    result = measure()
    if parser.parse_args().json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:32} {value:12.4g}")


if __name__ == "__main__":
    main()
