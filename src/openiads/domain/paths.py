"""Powered flight along waypoints: aircraft, drones, cruise missiles, ships, airliners.

A path is geodesic legs joined by circular turns of a radius that the turn load allows, flown with
constant acceleration between the waypoints' speeds, at heights that change at constant rates
blended at the waypoints. Speeds are over the ellipsoid (a ground speed); heights are above it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openiads.domain.knots import Knots, refine
from openiads.faults import Fault, InputError
from openiads.physics.dynamics import STANDARD_GRAVITY_MPS2
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import geodetic_to_enu

BLEND_LOAD_G = 0.5
"""Vertical acceleration in which climb rates change, in g; assumed: gentle push and pull."""
_STEP_S = 5e-4
"""Half step of the central difference that gives velocities; exact to 1e-5 m/s."""


@dataclass(frozen=True)
class Weave:
    """A lateral manoeuvre about the path: ``kind`` "weave" (sine) or "jink" (bang-bang turns).

    Swings of ``amplitude_m`` with ``period_s``, between ``start_s`` and ``end_s`` after the first
    waypoint, growing and fading over one period each.
    """

    amplitude_m: float
    period_s: float
    start_s: float = 0.0
    end_s: float = math.inf
    kind: str = "weave"

    def offset(self, t, t_end):
        """Offset to the right of the path, m, at times ``t`` (n,) of a flight of ``t_end``."""
        end = min(self.end_s, t_end)
        if end <= self.start_s:
            return np.zeros_like(t)
        phase = (t - self.start_s) / self.period_s
        fade = min(self.period_s, 0.5 * (end - self.start_s))
        ramp = np.clip(np.minimum(t - self.start_s, end - t) / fade, 0.0, 1.0)
        smooth = ramp * ramp * ramp * (10.0 + ramp * (6.0 * ramp - 15.0))
        if self.kind == "weave":
            swing = np.sin(2.0 * np.pi * phase)
        else:
            # Parabolic arcs: the acceleration is constant and changes sign each half period.
            half = 2.0 * phase
            within = half - np.floor(half)
            swing = 4.0 * within * (1.0 - within) * np.where(np.floor(half) % 2 == 0, 1.0, -1.0)
        return self.amplitude_m * smooth * swing


@dataclass(frozen=True)
class _Legs:
    """Legs between waypoints: ends, azimuths, lengths, and the fillets at inner waypoints."""

    lat: np.ndarray
    lon: np.ndarray
    azimuth_out: np.ndarray
    azimuth_in: np.ndarray
    length_m: np.ndarray
    turn_rad: np.ndarray
    radius_m: np.ndarray
    trim_m: np.ndarray


def _legs(points_map_m, speeds_mps, turn_g, lat0_rad, lon0_rad):
    east, north = points_map_m[:, 0], points_map_m[:, 1]
    lat, lon, _ = geodesic_direct(
        lat0_rad, lon0_rad, np.arctan2(east, north), np.hypot(east, north)
    )
    length, out, in_ = geodesic_inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    turn = np.zeros(len(lat))
    turn[1:-1] = np.remainder(out[1:] - in_[:-1] + np.pi, 2.0 * np.pi) - np.pi
    radius = speeds_mps**2 / (turn_g * STANDARD_GRAVITY_MPS2)
    trim = radius * np.tan(0.5 * np.minimum(np.abs(turn), 0.98 * np.pi))
    return _Legs(lat, lon, out, in_, length, turn, radius, trim)


def _faults(points, speeds, turn_g, climb_mps):
    """Faults of the shape of the input; later ones need the geometry."""
    faults = []
    if points.ndim != 2 or points.shape[1] != 3 or len(points) < 2:
        faults.append(Fault("a path needs at least two waypoints of (east, north, height)"))
        return faults
    if not np.isfinite(points).all():
        faults.append(Fault("a waypoint is not finite"))
    if speeds.shape != (len(points),) or not (np.isfinite(speeds).all() and (speeds > 0.0).all()):
        faults.append(Fault("each waypoint needs a positive speed", key="speeds_mps"))
    if not turn_g > 0.0:
        faults.append(Fault(f"turn_g is {turn_g!r}", "give a positive load", key="turn_g"))
    if not climb_mps > 0.0:
        faults.append(Fault(f"climb_mps is {climb_mps!r}", "give a positive rate", key="climb_mps"))
    return faults


def _geometry_faults(legs, speeds, times, heights, climb_mps):
    faults = []
    for i, length in enumerate(legs.length_m):
        need = legs.trim_m[i] + legs.trim_m[i + 1]
        if length < 1.0:
            faults.append(Fault(f"waypoints {i + 1} and {i + 2} coincide", "drop one of them"))
        elif length < need:
            faults.append(
                Fault(
                    f"leg {i + 1} is {length:.0f} m long, its turns need {need:.0f} m",
                    "space the waypoints, slow down, or raise turn_g",
                )
            )
    for i, turn in enumerate(legs.turn_rad):
        if abs(turn) > math.radians(170.0):
            faults.append(
                Fault(
                    f"waypoint {i + 1} asks for a turn of {math.degrees(abs(turn)):.0f} degrees",
                    "put a waypoint beside it, so that the path does not double back",
                )
            )
    for i in range(len(heights) - 1):
        rate = abs(heights[i + 1] - heights[i]) / max(times[i + 1] - times[i], 1e-9)
        if rate > climb_mps * (1.0 + 1e-9):
            faults.append(
                Fault(
                    f"leg {i + 1} climbs or dives at {rate:.1f} m/s, the limit is {climb_mps:.1f}",
                    "lengthen the leg or raise climb_mps",
                )
            )
    return faults


class _Track:
    """Ground track by distance: latitude, longitude and course, vectorised."""

    def __init__(self, legs):
        self.legs = legs
        arcs = legs.radius_m * np.abs(legs.turn_rad)
        straight = legs.length_m - legs.trim_m[:-1] - legs.trim_m[1:]
        # Distance at the middle of each waypoint's turn, and at both of its ends.
        self.middle = np.concatenate([[0.0], np.cumsum(0.5 * (arcs[:-1] + arcs[1:]) + straight)])
        self.enter = self.middle - 0.5 * arcs
        self.leave = self.middle + 0.5 * arcs

    def locate(self, s):
        """(lat, lon, course) at distances ``s`` (n,)."""
        legs = self.legs
        i = np.clip(np.searchsorted(self.enter, s, side="right") - 1, 0, len(self.middle) - 1)
        turning = (s < self.leave[i]) & (s >= self.enter[i])
        leg = np.minimum(i, len(legs.length_m) - 1)
        along = legs.trim_m[leg] + s - self.leave[leg]
        # Beyond the last waypoint the last leg goes straight on.
        along = np.where(i > leg, legs.length_m[leg] + s - self.middle[i], along)
        lat, lon, course = geodesic_direct(
            legs.lat[leg], legs.lon[leg], legs.azimuth_out[leg], along
        )
        if turning.any():
            lat[turning], lon[turning], course[turning] = self._in_turn(i[turning], s[turning])
        return lat, lon, course

    def _in_turn(self, i, s):
        """A circular arc in the azimuthal-equidistant plane of the waypoint (exact at its ends)."""
        legs = self.legs
        side = np.sign(legs.turn_rad[i])
        angle = (s - self.enter[i]) / legs.radius_m[i]
        course_in = legs.azimuth_in[i - 1]
        ahead = -legs.trim_m[i] + legs.radius_m[i] * np.sin(angle)
        right = side * legs.radius_m[i] * (1.0 - np.cos(angle))
        bearing = course_in + np.arctan2(right, ahead)
        lat, lon, _ = geodesic_direct(legs.lat[i], legs.lon[i], bearing, np.hypot(ahead, right))
        return lat, lon, course_in + side * angle


class _Profile:
    """Distance and height over time: constant acceleration, and linear heights with blends."""

    def __init__(self, distance, speeds, heights, blend_g):
        spans = 2.0 * np.diff(distance) / (speeds[:-1] + speeds[1:])
        self.times = np.concatenate([[0.0], np.cumsum(spans)])
        self.distance, self.speeds, self.heights = distance, speeds, heights
        self.accelerations = np.diff(speeds) / spans
        self.rates = np.diff(heights) / spans
        change = np.diff(self.rates)
        wish = np.abs(change) / (2.0 * blend_g * STANDARD_GRAVITY_MPS2)
        self.blend = np.minimum(wish, 0.45 * np.minimum(spans[:-1], spans[1:]))
        self.change = change

    def at(self, t):
        """(distance, height) at times ``t`` (n,); straight on beyond both ends."""
        i = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, len(self.rates) - 1)
        since = t - self.times[i]
        s = self.distance[i] + since * (self.speeds[i] + 0.5 * self.accelerations[i] * since)
        h = self.heights[i] + self.rates[i] * since
        for k in np.flatnonzero(self.blend > 0.0):
            b, middle = self.blend[k], self.times[k + 1]
            near = np.abs(t - middle) < b
            if near.any():
                x = t[near] - middle
                h[near] = (
                    self.heights[k + 1]
                    + self.rates[k] * x
                    + self.change[k] * (x + b) ** 2 / (4.0 * b)
                )
        return s, h

    def breaks(self):
        """Times at which an acceleration jumps."""
        inner = self.times[1:-1]
        return np.concatenate([self.times, inner - self.blend, inner + self.blend])

    def time_at(self, s):
        """The times at which distances ``s`` (m,) are passed."""
        i = np.clip(np.searchsorted(self.distance, s, side="right") - 1, 0, len(self.rates) - 1)
        gone, v, a = s - self.distance[i], self.speeds[i], self.accelerations[i]
        return self.times[i] + 2.0 * gone / (v + np.sqrt(np.maximum(v * v + 2.0 * a * gone, 0.0)))


def waypoints(
    points_map_m: npt.ArrayLike,
    speeds_mps: npt.ArrayLike,
    turn_g: float,
    climb_mps: float,
    lat0_rad: float,
    lon0_rad: float,
    start_s: float = 0.0,
    weave: Weave | None = None,
    blend_g: float = BLEND_LOAD_G,
) -> Knots:
    """Knots of a flight along waypoints, from the first at ``start_s`` to the last.

    ``points_map_m`` (k, 3) are map east, north and height, ``speeds_mps`` (k,) ground speeds at
    them. Legs are geodesics; each inner corner is rounded by a circle of radius V²/(n g) with
    n = ``turn_g`` the lateral load, so that the corner itself is passed at a distance; climb rates
    are blended at ``blend_g``, which also rounds height corners inwards (above a lower one,
    below an upper one). ``weave`` is a `Weave`. Knots are within 1 m and 0.1 m/s of this law.
    Raises `InputError` with all faults: legs too short for their turns, climbs beyond
    ``climb_mps``, a weave beyond ``turn_g``.
    """
    points = np.array(points_map_m, dtype=float)
    speeds = np.array(speeds_mps, dtype=float)
    faults = _faults(points, speeds, turn_g, climb_mps)
    if faults:
        raise InputError(faults)
    legs = _legs(points, speeds, turn_g, lat0_rad, lon0_rad)
    track = _Track(legs)
    if (np.diff(track.middle) <= 0.0).any():
        raise InputError(
            _geometry_faults(legs, speeds, np.arange(len(points)), points[:, 2] * 0.0, climb_mps)
        )
    profile = _Profile(track.middle, speeds, points[:, 2], blend_g)
    faults = _geometry_faults(legs, speeds, profile.times, points[:, 2], climb_mps)
    if weave is not None:
        faults += _weave_faults(weave, turn_g)
    if faults:
        raise InputError(faults)
    return _knots(track, profile, weave, start_s, lat0_rad, lon0_rad)


def _weave_faults(weave, turn_g):
    if weave.kind not in ("weave", "jink"):
        return [Fault(f"unknown kind of weave {weave.kind!r}", "weave or jink", key="weave")]
    if not (weave.amplitude_m > 0.0 and weave.period_s > 0.0):
        return [Fault("a weave needs a positive amplitude and period", key="weave")]
    shape = (2.0 * math.pi) ** 2 if weave.kind == "weave" else 32.0
    load = shape * weave.amplitude_m / weave.period_s**2 / STANDARD_GRAVITY_MPS2
    if load > turn_g:
        return [
            Fault(
                f"the weave needs {load:.1f} g, the limit is {turn_g:.1f}",
                "lengthen its period or lower its amplitude",
                key="weave",
            )
        ]
    return []


def _knots(track, profile, weave, start_s, lat0_rad, lon0_rad):
    end = profile.times[-1]

    def position(t):
        s, h = profile.at(t)
        lat, lon, course = track.locate(s)
        if weave is not None:
            offset = weave.offset(t, end)
            lat, lon, _ = geodesic_direct(lat, lon, course + 0.5 * np.pi, offset)
        return np.stack(geodetic_to_enu(lat, lon, h, lat0_rad, lon0_rad, 0.0), axis=1)

    def law(t):
        at = t - start_s
        velocity = (position(at + _STEP_S) - position(at - _STEP_S)) / (2.0 * _STEP_S)
        return position(at), velocity

    bends = profile.time_at(np.concatenate([track.enter[1:-1], track.leave[1:-1]]))
    breaks = np.concatenate([profile.breaks(), bends])
    if weave is not None:
        last = min(weave.end_s, end)
        breaks = np.concatenate([breaks, np.arange(weave.start_s, last, 0.5 * weave.period_s)])
        breaks = np.concatenate([breaks, [weave.start_s, last]])
    breaks = breaks[(breaks >= 0.0) & (breaks <= end)]
    # Breaks that nearly coincide would make intervals of no length.
    breaks = np.unique(np.round(breaks, 6))
    breaks = breaks[np.concatenate([[True], np.diff(breaks) > 1e-3])]
    breaks[-1] = end
    return refine(law, breaks + start_s)
