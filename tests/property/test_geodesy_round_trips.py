"""Round trips of geodesy close within 1 mm everywhere: poles, date line, antipodes."""

import math

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import (
    ecef_to_geodetic,
    enu_to_ecef,
    enu_to_map,
    geodetic_to_ecef,
    geodetic_to_enu,
    height_above_ellipsoid,
    map_to_enu,
)

latitudes = st.floats(-math.pi / 2, math.pi / 2) | st.sampled_from(
    [-math.pi / 2, math.pi / 2, 0.0, math.pi / 2 - 1e-9, -1e-12]
)
longitudes = st.floats(-math.pi, math.pi) | st.sampled_from(
    [-math.pi, math.pi, 0.0, math.pi - 1e-9, 1e-9 - math.pi]
)
heights = st.floats(-1e4, 4e7)
MM = 1e-3


@settings(deadline=None, max_examples=300)
@given(latitudes, longitudes, heights)
@example(math.pi / 2, 1.0, 0.0)
@example(-math.pi / 2, math.pi, 4e7)
@example(0.0, -math.pi, -1e4)
def test_geodetic_ecef(lat, lon, height) -> None:
    x, y, z = geodetic_to_ecef(lat, lon, height)
    lat2, lon2, height2 = ecef_to_geodetic(x, y, z)
    assert math.dist(geodetic_to_ecef(lat2, lon2, height2), (x, y, z)) < MM
    assert abs(height2 - height) < MM
    assert abs(lat2 - lat) * 6.4e6 < MM
    assert abs(math.remainder(lon2 - lon, 2 * math.pi)) * math.cos(lat) * 6.4e6 < MM


@settings(deadline=None, max_examples=300)
@given(latitudes, longitudes, heights, latitudes, longitudes)
def test_enu(lat, lon, height, lat0, lon0) -> None:
    east, north, up = geodetic_to_enu(lat, lon, height, lat0, lon0, 12.5)
    back = enu_to_ecef(east, north, up, lat0, lon0, 12.5)
    assert math.dist(back, geodetic_to_ecef(lat, lon, height)) < MM


@settings(deadline=None, max_examples=300)
@given(
    st.floats(-1.5e6, 1.5e6), st.floats(-1.5e6, 1.5e6), st.floats(0.0, 1e6), latitudes, longitudes
)
@example(1e6, 0.0, 0.0, math.pi / 2, 0.0)
@example(0.0, -1e6, 10.0, -math.pi / 2, math.pi)
@example(3e5, 3e5, 10.0, 0.0, math.pi)
def test_map(east, north, height, lat0, lon0) -> None:
    x, y, z = map_to_enu(east, north, height, lat0, lon0)
    e, n, h = enu_to_map(x, y, z, lat0, lon0)
    assert max(abs(e - east), abs(n - north), abs(h - height)) < MM
    assert abs(height_above_ellipsoid(x, y, z, lat0) - height) < MM


@settings(deadline=None, max_examples=300)
@given(latitudes, longitudes, latitudes, longitudes)
@example(0.3, 0.0, -0.3, math.pi)
@example(0.0, 0.0, 0.0, math.pi)
@example(0.3, 0.0, -0.3, math.pi - 1e-3)
@example(math.pi / 2, 0.0, -math.pi / 2, 2.0)
@example(0.5, math.pi, 0.5, -math.pi)
def test_geodesics(lat1, lon1, lat2, lon2) -> None:
    distance, azimuth, _ = geodesic_inverse(lat1, lon1, lat2, lon2)
    lat, lon, _ = geodesic_direct(lat1, lon1, azimuth, distance)
    assert math.dist(geodetic_to_ecef(lat, lon, 0.0), geodetic_to_ecef(lat2, lon2, 0.0)) < MM
    assert (
        math.dist(geodetic_to_ecef(lat1, lon1, 0.0), geodetic_to_ecef(lat2, lon2, 0.0))
        <= distance + MM
    )
    reverse, _, _ = geodesic_inverse(lat2, lon2, lat1, lon1)
    assert abs(reverse - distance) < MM


def test_arrays_broadcast() -> None:
    lat = np.array([[0.1], [0.2]])
    lon = np.array([0.0, 1.0, 2.0])
    x, y, z = geodetic_to_ecef(lat, lon, 5.0)
    assert x.shape == y.shape == z.shape == (2, 3)
    assert geodetic_to_ecef(0.2, 1.0, 5.0) == (x[1, 1], y[1, 1], z[1, 1])


def test_the_date_line_is_plus_pi_from_both_sides() -> None:
    assert ecef_to_geodetic(-6378137.0, -0.0, 0.0)[1] == math.pi
    assert ecef_to_geodetic(-6378137.0, 0.0, 0.0)[1] == math.pi
