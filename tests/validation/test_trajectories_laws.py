"""Trajectories against the laws that they are named after.

Authorities: PROJ's geodesics (another implementation) for where a leg leads and how long it takes,
tolerance 1 m; circular motion and the sine for turns and weaves, tolerance 1 m, the knots' own, and
1 % of the radius; Sänger's range of an equilibrium glide, tolerance 3 % (it neglects the height
beside the Earth's radius, and the slow change of potential energy: 25 km of 60 km of energy height
at the end of a glide that begins at 5 km/s).
"""

import math

import numpy as np
import pytest

from openiads.domain.trajectories import (
    Weave,
    follow_terrain,
    glide_vehicle,
    sample,
    terrain_profile,
    waypoints,
)
from openiads.physics.geodesy import enu_to_geodetic, enu_to_map

EVIDENCE = {"model": "trajectories", "authority": "circular turns, sine weaves, Sänger's glide",
            "kind": "closed form"}  # fmt: skip
SITE = (math.radians(45.0), 0.0)
GRAVITY = 9.80665


def along(start, end, speed, height=8000.0, **more):
    return waypoints([[*start, height], [*end, height]], [speed, speed], 3.0, 30.0, *SITE, **more)


def test_legs_are_geodesics(record_property) -> None:
    pyproj = pytest.importorskip("pyproj")
    globe = pyproj.Geod(ellps="WGS84")
    rows = [((3e5, -1e5), (-2e5, 4e5)), ((1e6, 1e6), (0.0, 0.0)), ((-5e5, 0.0), (5e5, 1e3))]
    worst = 0.0
    for start, end in rows:
        knots = along(start, end, 250.0)
        places = []
        for east, north in (start, end):
            bearing = math.degrees(math.atan2(east, north))
            lon, lat, _ = globe.fwd(0.0, 45.0, bearing, math.hypot(east, north))
            places.append((lon, lat))
        out, _, length = globe.inv(*places[0], *places[1])
        t = np.linspace(0.0, float(knots.t_s[-1]), 40)
        worst = max(worst, abs(float(knots.t_s[-1]) * 250.0 - length))
        pos, _ = sample(knots, t)
        for time, at in zip(t, pos, strict=True):
            lon, lat, _ = globe.fwd(*places[0], out, 250.0 * time)
            seen = enu_to_geodetic(*map(float, at), *SITE)
            gap = globe.inv(lon, lat, math.degrees(seen[1]), math.degrees(seen[0]))[2]
            worst = max(worst, gap)
    record_property("cases", len(rows))
    record_property("authority", "PROJ geodesics")
    record_property("kind", "another implementation")
    record_property("worst", float(worst))
    record_property("tolerance", 1.0)
    assert worst < 1.0


@pytest.mark.parametrize(("speed", "load"), [(120.0, 1.0), (250.0, 3.0), (680.0, 5.0)])
def test_a_turn_has_the_radius_of_its_load(speed, load, record_property) -> None:
    """R = V^2 / (n g), n the lateral load, read from the track of a turn of 90 degrees."""
    points = [[-60e3, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 60e3, 0.0]]
    knots = waypoints(points, [speed] * 3, load, 30.0, *SITE)
    middle = 0.5 * float(knots.t_s[-1])
    radius = speed**2 / (load * GRAVITY)
    t = middle + np.linspace(-0.5, 0.5, 201) * 0.5 * math.pi * radius / speed * 0.8
    vel = sample(knots, t)[1]
    course = np.unwrap(np.arctan2(vel[:, 0], vel[:, 1]))
    rate = abs(np.polyfit(t, course, 1)[0])
    worst = abs(speed / rate / radius - 1.0)
    record_property("worst", float(worst))
    record_property("tolerance", 0.01)
    assert worst < 0.01


@pytest.mark.parametrize(("amplitude", "period"), [(80.0, 12.0), (2000.0, 60.0), (30.0, 8.0)])
def test_a_weave_is_its_sine(amplitude, period, record_property) -> None:
    weave = Weave(amplitude, period, 50.0, 350.0)
    plain = along((100e3, 0.0), (0.0, 0.0), 250.0)
    swung = along((100e3, 0.0), (0.0, 0.0), 250.0, weave=weave)
    t = np.linspace(50.0 + period, 350.0 - period, 2000)
    gap = sample(swung, t)[0] - sample(plain, t)[0]
    # Flown towards the west: right is north. Offsets are over the ellipsoid, 8 km below the flight.
    wanted = amplitude * (1.0 + 8000.0 / 6371e3) * np.sin(2.0 * np.pi * (t - 50.0) / period)
    worst = max(np.abs(gap[:, 1] - wanted).max(), np.abs(gap[:, 0]).max())
    record_property("worst", float(worst))
    record_property("tolerance", 1.0)
    assert worst < 1.0


@pytest.mark.parametrize("ratio", [2.0, 2.6, 3.0])
def test_the_range_of_an_equilibrium_glide(ratio, record_property) -> None:
    """dx = (E r / 2) ln[(1 - V2^2 / g r) / (1 - V1^2 / g r)]: E. Sänger, 1933; Eggers 1958."""
    flight = glide_vehicle([4e6, 0.0, 0.0], [0.0, 0.0, 0.0], ratio, *SITE)
    t = np.linspace(flight.pull_up_s + 150.0, flight.dive_s - 60.0, 50)
    pos, vel = sample(flight.knots, t)
    flown = [enu_to_map(*map(float, p), *SITE) for p in pos]
    distance = math.dist(flown[0][:2], flown[-1][:2])
    height = float(np.mean([f[2] for f in flown]))
    radius = 6371e3 + height
    gravity = GRAVITY * (6371e3 / radius) ** 2
    # The potential energy that the glide gives up counts as speed.
    first = float(vel[0] @ vel[0]) + 2.0 * gravity * (flown[0][2] - flown[-1][2])
    last = float(vel[-1] @ vel[-1])
    bend = (1.0 - last / (gravity * radius)) / (1.0 - first / (gravity * radius))
    wanted = 0.5 * ratio * radius * math.log(bend) * 6371e3 / radius
    worst = abs(distance / wanted - 1.0)
    record_property("worst", worst)
    record_property("tolerance", 0.03)
    assert worst < 0.03


def test_terrain_following_is_the_lowest_admissible_profile(record_property) -> None:
    """Against the definition, cell by cell: no lower height keeps clearance and slope."""
    rng = np.random.default_rng(5)
    ground = np.abs(np.cumsum(rng.normal(0.0, 40.0, 300)))
    profile = terrain_profile(ground, 100.0, 60.0, 0.25)
    apart = 100.0 * np.abs(np.arange(300)[:, None] - np.arange(300)[None, :])
    wanted = (ground[None, :] + 60.0 - 0.25 * apart).max(axis=1)
    worst = float(np.abs(profile - wanted).max())
    record_property("worst", worst)
    record_property("tolerance", 1e-6)
    assert worst < 1e-6


def test_terrain_following_over_a_ridge_is_two_parabolas_and_a_slope(record_property) -> None:
    """A ridge of height H on a plain: push over by g n / V^2 at the crest, straight, pull up.

    Closed form: H - kappa u^2 / 2 to u = k / kappa, straight at k, and a parabola of the pull-up's
    bend that touches both the straight and the plain, k / (2 kappa) to either side of where they
    would meet. The vertices of the rounding lie on the grid: up to k step / 4 too high.
    """
    step, k, push, pull, top = 0.5, 0.25, 9.80665 / 250.0**2, 3 * 9.80665 / 250.0**2, 400.0
    x = step * np.arange(-8000, 8001)
    ground = np.where(x == 0.0, top, 0.0)
    path = follow_terrain(ground, step, 80.0, k, math.inf, pull, push)
    u = np.abs(x)
    wanted = np.where(u < k / push, top - push * u**2 / 2, top + k * k / (2 * push) - k * u)
    foot = (top + k * k / (2 * push)) / k
    rise = np.clip(foot + k / (2 * pull) - u, 0.0, None)
    near = np.abs(u - foot) <= k / (2 * pull)
    wanted = np.where(near, 0.5 * pull * rise**2, np.maximum(wanted, 0.0)) + 80.0
    worst = float(np.abs(path - wanted).max())
    record_property("worst", worst)
    record_property("tolerance", 0.05)
    assert worst < 0.05
