"""Ballistic missiles: a generic boost, free flight with J2 over the turning Earth, re-entry.

The boost is kinematic: speed grows and the path tips over by a fixed shape, so that no propulsion
needs to be known. Its end speed, angle and azimuth are found by shooting, so that the flight has
the wanted apogee and meets the aim point.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openiads.domain.boost import Boost
from openiads.domain.knots import Knots, ecef_to_frame, refine, sample
from openiads.faults import Fault, InputError
from openiads.physics.flight import arc, minimum_energy
from openiads.physics.freeflight import fall, free_states, states_between
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import (
    ecef_to_geodetic,
    enu_to_ecef,
    geodetic_to_ecef,
    rotate_to_ecef,
)

BURN_TIME_S, BURN_SPEED_MPS, BURN_POWER = 225.0, 7100.0, 1.6
"""An unpublished burn time is 225 s (V / 7.1 km/s)^1.6, V the vacuum arc's speed; assumed: between
public figures of solid fuel (Pershing II 95 s for 1,800 km, Minuteman III 186 s) and the longer
burns of liquid fuel (about 300 s for a heavy ICBM)."""
APOGEE_FACTORS = {"lofted": 1.6, "depressed": 0.6}
"""Apogee over the minimum-energy one; assumed: typical of what "lofted" and "depressed" mean."""
BALLISTIC_COEFFICIENT_KGM2 = 10000.0
"""β of a re-entry body; assumed: slender; public figures run from 2,000 (blunt) to 15,000."""
BODY_COEFFICIENT_KGM2 = 1000.0
"""β of a spent body that tumbles; assumed: a tenth to a fifth of a re-entry vehicle's."""

_TIME_MOST_S = 7200.0
_MISS_M = 5.0


class BallisticFlight(NamedTuple):
    """A ballistic flight: its knots and what a reader wants to check.

    ``knots`` run from launch to impact; ``body`` are those of the spent body after separation, or
    None. Heights are above the ellipsoid, speeds relative to the ground.
    """

    knots: Knots
    body: Knots | None
    burnout_s: float
    burnout_speed_mps: float
    burnout_height_m: float
    apogee_m: float
    apogee_s: float
    impact_s: float
    impact_speed_mps: float
    miss_m: float


class _Launch:
    """The launch site and the turn from its vertical plane to Earth-fixed axes."""

    def __init__(self, lat, lon, height):
        self.lat, self.lon, self.height = lat, lon, height
        self.origin = np.array(geodetic_to_ecef(lat, lon, height))

    def states(self, boost, tau, speed, azimuth, burn_s):
        """Earth-fixed states (n, 6) at shares ``tau`` (n,) of the burn."""
        way, rate = boost.at(tau)
        along = np.array(
            rotate_to_ecef(math.sin(azimuth), math.cos(azimuth), 0.0, self.lat, self.lon)
        )
        up = np.array(rotate_to_ecef(0.0, 0.0, 1.0, self.lat, self.lon))
        basis = np.stack([along, up])
        return np.hstack([self.origin + speed * burn_s * way @ basis, speed * rate @ basis])


class _Shot:
    """One trial flight for given (speed, angle, azimuth), and what it misses by."""

    def __init__(self, launch, aim, burn_s, coefficient):
        self.launch, self.aim, self.burn_s = launch, aim, burn_s
        self.beta_inverse = 1.0 / coefficient
        self.end = np.empty(6)

    def fly(self, speed, angle, azimuth):
        """(apogee_m, apogee_s, time_s) of the free flight; the end state is in ``end``."""
        self.boost = Boost(angle)
        state = self.launch.states(self.boost, np.array([1.0]), speed, azimuth, self.burn_s)[0]
        self.burnout = state
        time, apogee, apogee_s = fall(state, self.beta_inverse, self.aim[2], _TIME_MOST_S, self.end)
        return apogee, apogee_s, time

    def residual(self, speed, angle, azimuth, apogee_wanted):
        """(long, right, apogee) errors in m, or None where the flight does not come down."""
        apogee, _, time = self.fly(speed, angle, azimuth)
        if not math.isfinite(time):
            return None
        lat, lon, _ = ecef_to_geodetic(*self.end[:3])
        # Seen from the aim along the line of fire.
        miss, bearing, _ = geodesic_inverse(self.aim[0], self.aim[1], lat, lon)
        _, _, course = geodesic_inverse(self.launch.lat, self.launch.lon, self.aim[0], self.aim[1])
        return np.array(
            [
                miss * math.cos(bearing - course),
                miss * math.sin(bearing - course),
                apogee - apogee_wanted,
            ]
        )


def _shoot(shot, guess, apogee_wanted):
    """Newton's method with a difference Jacobian on (speed, angle, azimuth), damped by halving."""
    x = np.array(guess)
    f = shot.residual(*x, apogee_wanted)
    tries = 0
    while f is None and tries < 20:
        x[0] *= 0.97
        tries += 1
        f = shot.residual(*x, apogee_wanted)
    steps = np.array([0.5, 1e-4, 1e-5])
    for _ in range(30):
        if f is None or (math.hypot(f[0], f[1]) < _MISS_M and abs(f[2]) < 50.0):
            break
        columns = []
        for j in range(3):
            nudged = x.copy()
            nudged[j] += steps[j]
            g = shot.residual(*nudged, apogee_wanted)
            columns.append((g - f) / steps[j] if g is not None else np.zeros(3))
        move = np.linalg.lstsq(np.stack(columns, axis=1), -f, rcond=None)[0]
        move *= min(1.0, 0.1 * x[0] / max(abs(move[0]), 1e-9), 0.3 / max(abs(move[1]), 1e-9))
        x, f = _damped(shot, x, f, move, apogee_wanted)
    return x, f


def _damped(shot, x, f, move, apogee_wanted):
    for halving in range(8):
        trial = x + move * 0.5**halving
        g = shot.residual(*trial, apogee_wanted)
        if g is not None and np.abs(g).sum() < np.abs(f).sum():
            return trial, g
    return x + 0.1 * move, shot.residual(*(x + 0.1 * move), apogee_wanted)


def _apogee(range_m, apogee):
    if apogee is None:
        return float(minimum_energy(range_m)[2])
    if isinstance(apogee, str):
        return APOGEE_FACTORS[apogee] * float(minimum_energy(range_m)[2])
    return float(apogee)


def _burn_time(speed_mps):
    return BURN_TIME_S * (speed_mps / BURN_SPEED_MPS) ** BURN_POWER


def _check(launch, aim, apogee, burn_time_s, coefficient):
    faults = []
    for name, point in (("launch_map_m", launch), ("aim_map_m", aim)):
        if point.shape != (3,) or not np.isfinite(point).all():
            faults.append(Fault("a point needs (east, north, height)", key=name))
    if isinstance(apogee, str) and apogee not in APOGEE_FACTORS:
        faults.append(
            Fault(f"unknown apogee {apogee!r}", "lofted, depressed or metres", key="apogee")
        )
    if burn_time_s is not None and not burn_time_s > 0.0:
        faults.append(Fault("burn_time_s must be positive", key="burn_time_s"))
    if not coefficient > 0.0:
        faults.append(Fault("must be positive", key="ballistic_coefficient_kgm2"))
    if faults:
        raise InputError(faults)


def ballistic(
    launch_map_m: npt.ArrayLike,
    aim_map_m: npt.ArrayLike,
    lat0_rad: float,
    lon0_rad: float,
    apogee: float | str | None = None,
    burn_time_s: float | None = None,
    ballistic_coefficient_kgm2: float = BALLISTIC_COEFFICIENT_KGM2,
    separating: bool = True,
    start_s: float = 0.0,
) -> BallisticFlight:
    """A ballistic flight from one map point to another, launched at ``start_s``.

    ``launch_map_m`` and ``aim_map_m`` are (east, north, height). ``apogee`` is None for the
    minimum-energy arc's (`openiads.physics.flight.minimum_energy`), "lofted", "depressed", or
    metres. ``burn_time_s`` is published, or follows from `BURN_TIME_S`. Free
    flight has J2, the Earth's turning and, all the way, drag by β = ``ballistic_coefficient_kgm2``
    in the standard atmosphere. A ``separating`` missile leaves a spent body of
    β = `BODY_COEFFICIENT_KGM2`, flown to the ground as ``body``. Valid from 200 to 12,000 km.
    Raises `InputError` for bad input, or where no flight meets the aim within 50 m.
    """
    start, aim = np.array(launch_map_m, dtype=float), np.array(aim_map_m, dtype=float)
    _check(start, aim, apogee, burn_time_s, ballistic_coefficient_kgm2)
    sites = [
        geodesic_direct(lat0_rad, lon0_rad, math.atan2(p[0], p[1]), math.hypot(p[0], p[1]))[:2]
        for p in (start, aim)
    ]
    distance, azimuth, _ = geodesic_inverse(*sites[0], *sites[1])
    top = _apogee(distance, apogee)
    speed, angle, _ = arc(distance, top)
    burn = burn_time_s if burn_time_s is not None else _burn_time(speed)
    launch = _Launch(sites[0][0], sites[0][1], start[2])
    shot = _Shot(launch, (*sites[1], aim[2]), burn, ballistic_coefficient_kgm2)
    x, f = _shoot(shot, (0.95 * speed, angle, azimuth), top)
    if f is None or math.hypot(f[0], f[1]) > 50.0:
        miss = "never comes down" if f is None else f"misses by {math.hypot(f[0], f[1]):.0f} m"
        raise InputError.of(
            f"no flight of {distance / 1e3:.0f} km with apogee {top / 1e3:.0f} km: it {miss}",
            "choose another apogee, burn time or range",
        )
    return _flight(shot, x, f, lat0_rad, lon0_rad, start_s, separating)


def _flight(shot, x, f, lat0_rad, lon0_rad, start_s, separating):
    speed, angle, azimuth = x
    apogee, apogee_s, time = shot.fly(speed, angle, azimuth)
    burn, end = shot.burn_s, shot.end.copy()
    burnout, boost = shot.burnout.copy(), shot.boost

    free = _Fall(burnout, shot.beta_inverse, time)

    def law(t):
        since = t - start_s
        states = np.empty((len(t), 6))
        rising = since < burn
        if rising.any():
            states[rising] = shot.launch.states(boost, since[rising] / burn, speed, azimuth, burn)
        later = np.flatnonzero(~rising)
        states[later] = free.states(since[later] - burn)
        return ecef_to_frame(states[:, :3], states[:, 3:], lat0_rad, lon0_rad)

    breaks = [0.0, 0.1 * burn, 0.6 * burn, burn, burn + apogee_s, burn + time]
    knots = refine(law, start_s + np.array(breaks))
    height = ecef_to_geodetic(*burnout[:3])[2]
    body = None
    if separating:
        body = _falling(burnout, BODY_COEFFICIENT_KGM2, lat0_rad, lon0_rad, start_s + burn)
    return BallisticFlight(
        knots,
        body,
        start_s + burn,
        float(np.linalg.norm(burnout[3:])),
        float(height),
        apogee,
        start_s + burn + apogee_s,
        start_s + burn + time,
        float(np.linalg.norm(end[3:])),
        math.hypot(f[0], f[1]),
    )


def release(
    flight: BallisticFlight,
    at_s: float,
    push_mps: npt.ArrayLike,
    ballistic_coefficient_kgm2: float,
    lat0_rad: float,
    lon0_rad: float,
) -> Knots:
    """Knots of a decoy (or fragment) that leaves a ballistic flight at ``at_s``, to the ground.

    It starts with the missile's position and velocity plus ``push_mps`` (3,) in the scenario frame
    and falls freely with its own ballistic coefficient. Raises `InputError` for a time outside the
    free flight, a coefficient that is not positive, or a body that does not come down.
    """
    push = np.array(push_mps, dtype=float)
    faults = []
    if not flight.burnout_s <= at_s < flight.impact_s:
        faults.append(
            Fault(
                f"a decoy leaves at {at_s:.1f} s, the free flight lasts from "
                f"{flight.burnout_s:.1f} to {flight.impact_s:.1f} s",
                key="at_s",
            )
        )
    if push.shape != (3,) or not np.isfinite(push).all():
        faults.append(Fault("a push needs three finite speeds", key="push_mps"))
    if not ballistic_coefficient_kgm2 > 0.0:
        faults.append(Fault("must be positive", key="ballistic_coefficient_kgm2"))
    if faults:
        raise InputError(faults)
    pos, vel = sample(flight.knots, np.array([at_s]))
    speed = vel[0] + push
    state = np.concatenate(
        [
            enu_to_ecef(pos[0, 0], pos[0, 1], pos[0, 2], lat0_rad, lon0_rad, 0.0),
            rotate_to_ecef(speed[0], speed[1], speed[2], lat0_rad, lon0_rad),
        ]
    )
    return _falling(state, ballistic_coefficient_kgm2, lat0_rad, lon0_rad, at_s)


class _Fall:
    """Free flight as a law: the state at any time after an Earth-fixed state."""

    def __init__(self, state, beta_inverse, time_s):
        self.beta_inverse = beta_inverse
        self.grid_s = np.linspace(0.0, time_s, max(2, int(time_s / 2.0) + 1))
        self.grid = np.empty((len(self.grid_s), 6))
        free_states(state, beta_inverse, self.grid_s, self.grid)

    def states(self, times):
        out = np.empty((len(times), 6))
        states_between(self.grid_s, self.grid, self.beta_inverse, times, out)
        return out


def _falling(state, coefficient, lat0_rad, lon0_rad, start_s):
    """Knots of a body from an Earth-fixed state at ``start_s`` to the ellipsoid."""
    end = np.empty(6)
    time, _, apogee_s = fall(state, 1.0 / coefficient, 0.0, _TIME_MOST_S, end)
    if not math.isfinite(time):
        raise InputError.of("a released body does not come down", "is it in orbit?")

    free = _Fall(state, 1.0 / coefficient, time)

    def law(t):
        states = free.states(t - start_s)
        return ecef_to_frame(states[:, :3], states[:, 3:], lat0_rad, lon0_rad)

    return refine(law, start_s + np.array([0.0, 0.5 * apogee_s, apogee_s, time]))
