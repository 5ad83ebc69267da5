"""Positions on and above the WGS-84 ellipsoid: geodetic, Earth-fixed, local and map coordinates.

Frames: ``ecef`` is Earth-centred, Earth-fixed; ``enu`` is the Cartesian frame east, north, up at a
site (a rigid rotation and shift of ``ecef``, so straight lines and distances are exact); ``map``
is azimuthal-equidistant about an origin: (east_m, north_m) is the geodesic of length
hypot(east, north) at azimuth atan2(east, north), and the height is above the ellipsoid.

All functions take radians and metres and work on scalars and, by broadcasting, numpy arrays.
Ellipsoid: NIMA TR8350.2 (2000), table 3.1. Validated in tests/validation/test_geodesy.py.
"""

from __future__ import annotations

import math

from openiads.kernel import kernel
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse

SEMI_MAJOR_M = 6378137.0
"""WGS-84 semi-major axis a, m (TR8350.2 table 3.1)."""
FLATTENING = 1.0 / 298.257223563
"""WGS-84 flattening f (TR8350.2 table 3.1)."""
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)
"""First eccentricity squared, e² = f (2 - f)."""

_AXIS_RATIO = 1.0 - FLATTENING
_SECOND_ECCENTRICITY2 = ECCENTRICITY2 / (1.0 - ECCENTRICITY2)


@kernel(elementwise=True)
def prime_vertical_radius(lat_rad):
    """Radius of curvature in the prime vertical, N = a / sqrt(1 - e² sin²φ), m.

    Reference: TR8350.2 eq. 4-15. Valid for any latitude.
    """
    sin_lat = math.sin(lat_rad)
    return SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)


@kernel(elementwise=True)
def meridian_radius(lat_rad):
    """Radius of curvature in the meridian, M = a (1 - e²) / (1 - e² sin²φ)^1.5, m."""
    sin_lat = math.sin(lat_rad)
    w2 = 1.0 - ECCENTRICITY2 * sin_lat * sin_lat
    return SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / (w2 * math.sqrt(w2))


@kernel(elementwise=True)
def geodetic_to_ecef(lat_rad, lon_rad, height_m):
    """Geodetic coordinates to Earth-fixed (x, y, z), m.

    x = (N + h) cosφ cosλ, y = (N + h) cosφ sinλ, z = (N (1 - e²) + h) sinφ, with N the radius in
    the prime vertical. φ ``lat_rad`` and λ ``lon_rad`` in rad, h ``height_m`` above the ellipsoid.
    Any latitude, longitude and height. Reference: TR8350.2 eq. 4-14; EPSG guidance note 7-2,
    method 9602.
    """
    radius = prime_vertical_radius(lat_rad)
    across = (radius + height_m) * math.cos(lat_rad)
    return (
        across * math.cos(lon_rad),
        across * math.sin(lon_rad),
        (radius * (1.0 - ECCENTRICITY2) + height_m) * math.sin(lat_rad),
    )


@kernel
def latitude_height(p, z):
    """(sinφ, cosφ, h) of a point at distance ``p`` from the axis and ``z`` above the equator.

    Bowring's fixed point on the parametric latitude β: tanφ = (z + e'² b sin³β) / (p - e² a cos³β)
    and tanβ = (1 - f) tanφ, each angle carried as its sine and cosine so that poles and equator
    need no special case. Three rounds leave less than a nanometre anywhere above -5,000 km.
    """
    sin_b, cos_b = z, p * _AXIS_RATIO
    sin_lat, cos_lat = 0.0, 1.0
    for _ in range(3):
        norm = math.sqrt(sin_b * sin_b + cos_b * cos_b)
        sin_b, cos_b = sin_b / norm, cos_b / norm
        up = z + _SECOND_ECCENTRICITY2 * SEMI_MINOR_M * sin_b * sin_b * sin_b
        out = p - ECCENTRICITY2 * SEMI_MAJOR_M * cos_b * cos_b * cos_b
        norm = math.sqrt(up * up + out * out)
        sin_lat, cos_lat = up / norm, out / norm
        sin_b, cos_b = _AXIS_RATIO * sin_lat, cos_lat
    foot = SEMI_MAJOR_M * math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)
    return sin_lat, cos_lat, p * cos_lat + z * sin_lat - foot


@kernel(elementwise=True)
def ecef_to_geodetic(x, y, z):
    """Earth-fixed (x, y, z), in m, to (lat_rad, lon_rad, height_m).

    Bowring (1976) on the parametric latitude, iterated three times, and the height
    h = p cosφ + z sinφ - a sqrt(1 - e² sin²φ), which holds at the poles too. Longitude is in
    (-π, π], and 0 on the axis. Valid from 1,300 km above the Earth's centre outwards: round trips
    are within a micrometre. Reference: Bowring, Survey Review 23 (1976) 323-327.
    """
    sin_lat, cos_lat, height = latitude_height(math.sqrt(x * x + y * y), z)
    # A y of -0.0 would give -pi on the date line.
    lon = math.atan2(y + 0.0, x) if x != 0.0 or y != 0.0 else 0.0
    return math.atan2(sin_lat, cos_lat), lon, height


@kernel(elementwise=True)
def rotate_to_enu(dx, dy, dz, lat0_rad, lon0_rad):
    """An Earth-fixed difference or velocity in the axes east, north, up of (lat0, lon0)."""
    sin_lat, cos_lat = math.sin(lat0_rad), math.cos(lat0_rad)
    sin_lon, cos_lon = math.sin(lon0_rad), math.cos(lon0_rad)
    out = cos_lon * dx + sin_lon * dy
    return (
        cos_lon * dy - sin_lon * dx,
        cos_lat * dz - sin_lat * out,
        cos_lat * out + sin_lat * dz,
    )


@kernel(elementwise=True)
def rotate_to_ecef(east, north, up, lat0_rad, lon0_rad):
    """A local east, north, up difference or velocity in the Earth-fixed axes."""
    sin_lat, cos_lat = math.sin(lat0_rad), math.cos(lat0_rad)
    sin_lon, cos_lon = math.sin(lon0_rad), math.cos(lon0_rad)
    out = cos_lat * up - sin_lat * north
    return (
        cos_lon * out - sin_lon * east,
        sin_lon * out + cos_lon * east,
        cos_lat * north + sin_lat * up,
    )


@kernel(elementwise=True)
def ecef_to_enu(x_m, y_m, z_m, lat0_rad, lon0_rad, height0_m=0.0):
    """Earth-fixed (x, y, z) to (east_m, north_m, up_m) at the site (lat0, lon0, height0).

    enu = R (r - r0) with the rows of R the unit vectors east, north and up of the ellipsoid's
    normal at the site. Valid everywhere. Reference: TR8350.2 section 4; Farrell and Barth, The
    Global Positioning System and Inertial Navigation (1999), eq. 2.50.
    """
    x0, y0, z0 = geodetic_to_ecef(lat0_rad, lon0_rad, height0_m)
    return rotate_to_enu(x_m - x0, y_m - y0, z_m - z0, lat0_rad, lon0_rad)


@kernel(elementwise=True)
def enu_to_ecef(east_m, north_m, up_m, lat0_rad, lon0_rad, height0_m=0.0):
    """Local (east, north, up) at the site (lat0, lon0, height0) to Earth-fixed (x, y, z), m.

    The inverse of `ecef_to_enu`: r = r0 + Rᵀ enu.
    """
    x0, y0, z0 = geodetic_to_ecef(lat0_rad, lon0_rad, height0_m)
    dx, dy, dz = rotate_to_ecef(east_m, north_m, up_m, lat0_rad, lon0_rad)
    return x0 + dx, y0 + dy, z0 + dz


@kernel(elementwise=True)
def geodetic_to_enu(lat_rad, lon_rad, height_m, lat0_rad, lon0_rad, height0_m=0.0):
    """Geodetic coordinates to (east_m, north_m, up_m) at the site (lat0, lon0, height0)."""
    x, y, z = geodetic_to_ecef(lat_rad, lon_rad, height_m)
    return ecef_to_enu(x, y, z, lat0_rad, lon0_rad, height0_m)


@kernel(elementwise=True)
def enu_to_geodetic(east_m, north_m, up_m, lat0_rad, lon0_rad, height0_m=0.0):
    """Local (east, north, up) at the site (lat0, lon0, height0) to (lat_rad, lon_rad, height_m)."""
    x, y, z = enu_to_ecef(east_m, north_m, up_m, lat0_rad, lon0_rad, height0_m)
    return ecef_to_geodetic(x, y, z)


@kernel(elementwise=True)
def enu_to_aer(east_m, north_m, up_m):
    """Local (east, north, up) to (azimuth_rad, elevation_rad, range_m).

    Azimuth is clockwise from north in [0, 2π), elevation from the horizontal plane of the site.
    """
    ground = math.sqrt(east_m * east_m + north_m * north_m)
    slant = math.sqrt(ground * ground + up_m * up_m)
    azimuth = math.atan2(east_m, north_m)
    if azimuth < 0.0:
        azimuth += 2.0 * math.pi
    return azimuth, math.atan2(up_m, ground), slant


@kernel(elementwise=True)
def aer_to_enu(azimuth_rad, elevation_rad, range_m):
    """Azimuth, elevation and slant range to local (east_m, north_m, up_m)."""
    ground = range_m * math.cos(elevation_rad)
    return (
        ground * math.sin(azimuth_rad),
        ground * math.cos(azimuth_rad),
        range_m * math.sin(elevation_rad),
    )


@kernel(elementwise=True)
def aer(lat_rad, lon_rad, height_m, lat0_rad, lon0_rad, height0_m=0.0):
    """(azimuth_rad, elevation_rad, range_m) of a geodetic position seen from a geodetic site.

    Straight lines, no refraction. Azimuth is clockwise from north in [0, 2π); range is slant.
    The target is (lat, lon, height), the site (lat0, lon0, height0).
    """
    east, north, up = geodetic_to_enu(lat_rad, lon_rad, height_m, lat0_rad, lon0_rad, height0_m)
    return enu_to_aer(east, north, up)


@kernel(elementwise=True)
def aer_to_ecef(azimuth_rad, elevation_rad, range_m, lat0_rad, lon0_rad, height0_m=0.0):
    """Azimuth, elevation and slant range at the site (lat0, lon0, height0) to (x, y, z), m."""
    east, north, up = aer_to_enu(azimuth_rad, elevation_rad, range_m)
    return enu_to_ecef(east, north, up, lat0_rad, lon0_rad, height0_m)


@kernel(elementwise=True)
def map_to_enu(east_m, north_m, height_m, lat0_rad, lon0_rad):
    """Map coordinates to the scenario frame: (x, y, z) in ``enu`` at (lat0, lon0, 0), m.

    The geodesic of length hypot(east, north) leaves the origin at azimuth atan2(east, north); its
    end, at ``height_m`` above the ellipsoid, is turned into the local frame. At 400 km the ground
    lies 12.5 km below the tangent plane. Valid to half way round the Earth (the map is one to one
    within 19,900 km of the origin). Reference: Snyder, USGS Professional Paper 1395 (1987),
    ch. 25 (azimuthal equidistant); Karney, J. Geodesy 87 (2013) 43-55.
    """
    distance = math.sqrt(east_m * east_m + north_m * north_m)
    azimuth = math.atan2(east_m, north_m)
    lat, lon, _ = geodesic_direct(lat0_rad, lon0_rad, azimuth, distance)
    return geodetic_to_enu(lat, lon, height_m, lat0_rad, lon0_rad, 0.0)


@kernel(elementwise=True)
def enu_to_map(x_m, y_m, z_m, lat0_rad, lon0_rad):
    """The scenario frame to map coordinates: (east_m, north_m, height_m); inverse of `map_to_enu`.

    Valid for points above the ground within 19,900 km of the origin.
    """
    lat, lon, height = enu_to_geodetic(x_m, y_m, z_m, lat0_rad, lon0_rad, 0.0)
    distance, azimuth, _ = geodesic_inverse(lat0_rad, lon0_rad, lat, lon)
    return distance * math.sin(azimuth), distance * math.cos(azimuth), height


@kernel(elementwise=True)
def height_above_ellipsoid(x_m, y_m, z_m, lat0_rad):
    """Height above the ellipsoid of a point of the local frame at latitude ``lat0_rad``, m.

    The longitude of the origin does not matter, since the ellipsoid is one of revolution. Cheap
    enough for the engine's inner loops. Within a micrometre from -1,000 km to 100,000 km.
    """
    sin_lat, cos_lat = math.sin(lat0_rad), math.cos(lat0_rad)
    foot = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY2 * sin_lat * sin_lat)
    out = cos_lat * (foot + z_m) - sin_lat * y_m
    up = sin_lat * (foot * (1.0 - ECCENTRICITY2) + z_m) + cos_lat * y_m
    return latitude_height(math.sqrt(out * out + x_m * x_m), up)[2]


@kernel(elementwise=True)
def look_at_ellipsoid(lat0_rad, lon0_rad, height0_m, azimuth_rad, tilt_rad):
    """Where a ray from a site meets the ellipsoid: (lat_rad, lon_rad, slant_m), or NaN for a miss.

    ``tilt_rad`` is measured from straight down. The nearer root of the quadratic of a line and the
    scaled sphere x²/a² + y²/a² + z²/b² = 1.
    """
    elevation = tilt_rad - 0.5 * math.pi
    x0, y0, z0 = geodetic_to_ecef(lat0_rad, lon0_rad, height0_m)
    east, north, up = aer_to_enu(azimuth_rad, elevation, 1.0)
    u, v, w = rotate_to_ecef(east, north, up, lat0_rad, lon0_rad)
    a2, b2 = SEMI_MAJOR_M * SEMI_MAJOR_M, SEMI_MINOR_M * SEMI_MINOR_M
    quad = (u * u + v * v) / a2 + w * w / b2
    half = (x0 * u + y0 * v) / a2 + z0 * w / b2
    rest = (x0 * x0 + y0 * y0) / a2 + z0 * z0 / b2 - 1.0
    disc = half * half - quad * rest
    if disc < 0.0 or half > 0.0:
        return math.nan, math.nan, math.nan
    slant = (-half - math.sqrt(disc)) / quad
    lat, lon, _ = ecef_to_geodetic(x0 + slant * u, y0 + slant * v, z0 + slant * w)
    return lat, lon, slant
