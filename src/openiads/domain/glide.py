"""Hypersonic glide vehicles: boost, coast, pull-up, equilibrium or skip glide, weave, dive.

The vertical motion is integrated over a spherical, non-rotating Earth in the plane of the
geodesic to the aim, and laid on that geodesic with a lateral manoeuvre. That leaves out the
Coriolis acceleration (at most 1 m/s² at 7 km/s, which a gliding vehicle trims by a degree or two
of bank) and J2 (stated simplification).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from openiads.domain.boost import Boost
from openiads.domain.knots import Knots, refine
from openiads.domain.paths import Weave
from openiads.faults import Fault, InputError
from openiads.physics.dynamics import EARTH_RADIUS_M, STANDARD_GRAVITY_MPS2
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import geodetic_to_enu
from openiads.physics.glideflight import glide_track

BURNOUT_HEIGHT_PER_SPEED_S = 12.0
"""Height of burnout over burnout speed, m per m/s; assumed: 60 km at 5 km/s, which makes a burn of
about two minutes."""
BURNOUT_ANGLE_RAD = math.radians(10.0)
"""Path angle at burnout; assumed: nearly level, so that a coast and a pull-up follow."""
DIVE_SIGHT_RAD = math.radians(20.0)
"""Angle below the horizontal at which the aim is seen when the dive begins; assumed."""
DIVE_SPEED_MPS = 2000.0
"""Speed at the beginning of the dive when the burnout speed is left open; assumed."""
DIVE_LOAD_G = 15.0
"""Greatest lateral load of the dive; assumed."""
GLIDE_COEFFICIENT_KGM2 = 5000.0
"""β = m / (C_D A) at the greatest lift-to-drag; assumed. With it the glide is at 30 to 60 km."""

_STEP_S, _DIVE_STEP_S, _SAMPLES = 1.0, 0.1, 8000
_DIFFERENCE_S = 5e-4


class GlideFlight(NamedTuple):
    """A glide flight: its knots and what a reader wants to check (heights above the ellipsoid)."""

    knots: Knots
    burnout_s: float
    burnout_speed_mps: float
    pull_up_s: float
    pull_up_height_m: float
    dive_s: float
    impact_s: float
    impact_speed_mps: float


class _Glide:
    """A glide flight of one burnout speed: samples from launch to impact."""

    def __init__(self, speed, distance, launch_m, aim_m, par):
        self.boost = Boost(BURNOUT_ANGLE_RAD)
        way, rate = (v[0] for v in self.boost.at(np.array([1.0])))
        self.speed = speed
        height = launch_m + BURNOUT_HEIGHT_PER_SPEED_S * speed
        self.burn_s = BURNOUT_HEIGHT_PER_SPEED_S / way[1]
        self.launch_m = launch_m
        along = way[0] * speed * self.burn_s
        # Over ground the boost's speed; at height the same motion is faster by r/R.
        level = speed * rate[0] * (EARTH_RADIUS_M + height) / EARTH_RADIUS_M
        climb = speed * rate[1]
        state = np.array([along, height, math.hypot(level, climb), math.atan2(climb, level)])
        par = par.copy()
        par[4], par[5] = distance, aim_m
        times, states = np.empty(_SAMPLES), np.empty((_SAMPLES, 4))
        rates = np.empty((_SAMPLES, 4))
        n, self.dive, self.dive_speed = glide_track(
            state, par, DIVE_SIGHT_RAD, _STEP_S, _DIVE_STEP_S, times, states, rates
        )
        self.arrives = n > 0
        self.times, self.states, self.rates = times[:n], states[:n], rates[:n]

    def at(self, t):
        """(s, h) at times ``t`` (n,) after launch."""
        out = np.empty((len(t), 2))
        rising = t < self.burn_s
        if rising.any():
            way, _ = self.boost.at(t[rising] / self.burn_s)
            out[rising] = way * self.speed * self.burn_s + np.array([0.0, self.launch_m])
        later = t[~rising] - self.burn_s
        i = np.clip(np.searchsorted(self.times, later, side="right") - 1, 0, len(self.times) - 2)
        span = (self.times[i + 1] - self.times[i])[:, None]
        x = (later - self.times[i])[:, None] / span
        r = 1.0 - x
        p, q = self.states[i, :2], self.states[i + 1, :2]
        u, v = self.rates[i, :2], self.rates[i + 1, :2]
        out[~rising] = (
            (1 + 2 * x) * r * r * p + x * x * (3 - 2 * x) * q + span * x * r * (r * u - x * v)
        )
        return out


def _matched(distance, launch_m, aim_m, par, speed):
    """The glide that arrives: of a given burnout speed, or of that which spends itself."""
    if speed is not None:
        return _Glide(speed, distance, launch_m, aim_m, par)
    low, high = 1000.0, 7800.0
    flight = _Glide(high, distance, launch_m, aim_m, par)
    for _ in range(40):
        middle = 0.5 * (low + high)
        trial = _Glide(middle, distance, launch_m, aim_m, par)
        if trial.dive_speed >= DIVE_SPEED_MPS:
            high, flight = middle, trial
        else:
            low = middle
        if high - low < 0.1:
            break
    # At the top of a skip there is no air to turn the dive in: take the next speed that arrives.
    for share in np.linspace(1.0, 1.4, 81):
        if flight.arrives:
            break
        flight = _Glide(share * high, distance, launch_m, aim_m, par)
    return flight


def glide_vehicle(
    launch_map_m: npt.ArrayLike,
    aim_map_m: npt.ArrayLike,
    lift_to_drag: float,
    lat0_rad: float,
    lon0_rad: float,
    burnout_speed_mps: float | None = None,
    skip: bool = False,
    glide_coefficient_kgm2: float = GLIDE_COEFFICIENT_KGM2,
    weave: Weave | None = None,
    start_s: float = 0.0,
) -> GlideFlight:
    """A boosted glide flight from one map point to another.

    A kinematic boost, a coast, the pull-up, an equilibrium glide (or with ``skip`` one of
    constant lift, which skips) at ``lift_to_drag``, and a dive under proportional navigation from
    where the aim is seen 20 degrees down. Without ``burnout_speed_mps`` the least speed is found
    that still has `DIVE_SPEED_MPS` at the dive. ``weave`` is a lateral manoeuvre about the geodesic
    to the aim, timed from launch. Raises `InputError` where no such flight reaches the aim.
    """
    start, aim = np.array(launch_map_m, dtype=float), np.array(aim_map_m, dtype=float)
    faults = []
    if not 0.5 <= lift_to_drag <= 6.0:
        faults.append(Fault(f"is {lift_to_drag!r}", "give 0.5 to 6", key="lift_to_drag"))
    if not glide_coefficient_kgm2 > 0.0:
        faults.append(Fault("must be positive", key="glide_coefficient_kgm2"))
    if faults:
        raise InputError(faults)
    sites = [
        geodesic_direct(lat0_rad, lon0_rad, math.atan2(p[0], p[1]), math.hypot(p[0], p[1]))[:2]
        for p in (start, aim)
    ]
    distance, azimuth, _ = geodesic_inverse(*sites[0], *sites[1])
    load = DIVE_LOAD_G * STANDARD_GRAVITY_MPS2
    par = np.array([1.0 / glide_coefficient_kgm2, lift_to_drag, float(skip), 0.0, 0.0, 0.0, load])
    flight = _matched(distance, start[2], aim[2], par, burnout_speed_mps)
    if not flight.arrives:
        raise InputError.of(
            f"no glide reaches {distance / 1e3:.0f} km",
            "raise lift_to_drag or burnout_speed_mps, or shorten the flight",
        )
    end = flight.burn_s + flight.times[-1]

    def position(t):
        s, h = flight.at(t).T
        lat, lon, course = geodesic_direct(sites[0][0], sites[0][1], azimuth, s)
        if weave is not None:
            offset = weave.offset(t, end)
            lat, lon, _ = geodesic_direct(lat, lon, course + 0.5 * np.pi, offset)
        return np.stack(geodetic_to_enu(lat, lon, h, lat0_rad, lon0_rad, 0.0), axis=1)

    def law(t):
        at = np.clip(t - start_s, _DIFFERENCE_S, end - _DIFFERENCE_S)
        velocity = position(at + _DIFFERENCE_S) - position(at - _DIFFERENCE_S)
        return position(t - start_s), velocity / (2.0 * _DIFFERENCE_S)

    return _result(flight, refine(law, start_s + _breaks(flight, weave, end)), start_s)


def _breaks(flight, weave, end):
    burn, dive = flight.burn_s, flight.burn_s + flight.times[flight.dive]
    breaks = [0.0, 0.1 * burn, 0.6 * burn, burn, dive, end]
    if weave is not None:
        last = min(weave.end_s, end)
        breaks += [weave.start_s, *np.arange(weave.start_s, last, 0.5 * weave.period_s), last]
    times = np.unique(np.round([b for b in breaks if 0.0 <= b <= end], 6))
    times = times[np.concatenate([[True], np.diff(times) > 1e-2])]
    times[-1] = end
    return times


def _result(flight, knots, start_s):
    down = np.flatnonzero((flight.states[:-1, 3] < 0.0) & (flight.states[1:, 3] >= 0.0))
    turn = int(down[0]) if len(down) else 0
    return GlideFlight(
        knots,
        start_s + float(flight.burn_s),
        float(flight.states[0, 2]),
        start_s + float(flight.burn_s + flight.times[turn]),
        float(flight.states[turn, 1]),
        start_s + float(flight.burn_s + flight.times[flight.dive]),
        float(knots.t_s[-1]),
        float(flight.states[-1, 2]),
    )
