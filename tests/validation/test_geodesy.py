"""Geodesy against EPSG, MATLAB, GeographicLib and 40-digit vectors.

Authority: data/geodesy_frames.json (17 cases) and data/geodesy_geodesics.json (12 cases), each case
naming its source. Kind: published truth and independent computation. Tolerances as the files state
them: micrometres to millimetres for frames, 60 m for the inertial vector (polar motion and
UT1 - UTC are left out), 1 mm and 1e-7 degrees for geodesics.
"""

import math

import numpy as np
import pytest

from openiads.physics.celestial import ecef_to_eci, eci_to_ecef
from openiads.physics.geodesic import geodesic_direct, geodesic_inverse
from openiads.physics.geodesy import (
    aer,
    aer_to_ecef,
    aer_to_enu,
    ecef_to_enu,
    ecef_to_geodetic,
    enu_to_aer,
    enu_to_ecef,
    geodetic_to_ecef,
    look_at_ellipsoid,
    meridian_radius,
    prime_vertical_radius,
)
from reference_data import cases

EVIDENCE = {"model": "geodesy", "authority": "EPSG G7-2, MATLAB, GeographicLib",
            "kind": "published truth"}  # fmt: skip
J2000 = 2451545.0


def radians(row):
    """(lat, lon, height) of a row of degrees and metres."""
    return math.radians(row[0]), math.radians(row[1]), float(row[2])


def both_ways(row):
    here = radians((row["lat_deg"], row["lon_deg"], row["h_m"]))
    out = np.linalg.norm(np.array(geodetic_to_ecef(*here)) - row["ecef_m"])
    lat, lon, height = ecef_to_geodetic(*map(float, row["ecef_m"]))
    back = np.array(geodetic_to_ecef(lat, lon, height)) - row["ecef_m"]
    ground = prime_vertical_radius(lat)
    turned = math.hypot((lat - here[0]) * ground, (lon - here[1]) * ground * math.cos(lat))
    return max(out, np.linalg.norm(back), turned, abs(height - here[2]))


def edge(row):
    lat, lon, height = ecef_to_geodetic(*map(float, row["ecef_m"]))
    want = radians(row["geodetic"])
    return max(abs(lat - want[0]) * 6.4e6, abs(lon - want[1]) * 6.4e6, abs(height - want[2]))


def aer_ecef(row):
    azimuth, elevation, slant = radians(row["aer"])
    got = aer_to_ecef(azimuth, elevation, slant, *radians(row["origin"]))
    enu = ecef_to_enu(*map(float, row["ecef_m"]), *radians(row["origin"]))
    back = np.array(aer_to_enu(azimuth, elevation, slant)) - enu
    return max(np.linalg.norm(np.array(got) - row["ecef_m"]), np.linalg.norm(back))


def aer_enu(row):
    azimuth, elevation, slant = radians(row["aer"])
    out = np.array(aer_to_enu(azimuth, elevation, slant)) - row["enu_m"]
    a, e, r = enu_to_aer(*row["enu_m"])
    turned = max(abs(a - azimuth), abs(e - elevation)) * slant
    return max(np.linalg.norm(out), abs(r - slant), turned)


def inertial(row):
    day = J2000 - 0.5 + 6943  # 2019-01-04T00:00 UTC
    got = eci_to_ecef(*map(float, row["eci_m"]), day, 0.5, 69.2)
    back = ecef_to_eci(*map(float, row["ecef_m"]), day, 0.5, 69.2)
    lat, lon, height = ecef_to_geodetic(*got)
    here = np.array(geodetic_to_ecef(*radians(row["geodetic"])))
    assert math.isfinite(lat + lon + height)
    return max(
        np.linalg.norm(np.array(got) - row["ecef_m"]),
        np.linalg.norm(np.array(back) - row["eci_m"]),
        np.linalg.norm(here - got),
    )


def sight(row):
    azimuth, tilt = math.radians(row["az_deg"]), math.radians(row["tilt_from_nadir_deg"])
    lat, lon, slant = look_at_ellipsoid(*radians(row["origin"]), azimuth, tilt)
    want = np.array(geodetic_to_ecef(*radians([*row["hit"], 0.0])))
    return max(np.linalg.norm(np.array(geodetic_to_ecef(lat, lon, 0.0)) - want),
               abs(slant - row["slant_m"]))  # fmt: skip


def curvature(row):
    lat = math.radians(row["lat_deg"])
    parallel = prime_vertical_radius(lat) * math.cos(lat)
    return max(abs(meridian_radius(lat) - row["meridian_m"]), abs(parallel - row["parallel_m"]))


def site(row):
    target, origin = radians(row["target"]), radians(row["origin"])
    enu = np.array(ecef_to_enu(*geodetic_to_ecef(*target), *origin))
    azimuth, elevation, slant = aer(*target, *origin)
    wanted = radians(row["aer"])
    turned = max(abs(azimuth - wanted[0]), abs(elevation - wanted[1])) * slant
    back = np.array(enu_to_ecef(*row["enu_m"], *origin)) - geodetic_to_ecef(*target)
    # The file gives angles to 1e-9 degrees, 24 µm at 1,346 km.
    return max(np.linalg.norm(enu - row["enu_m"]), abs(slant - row["aer"][2]), turned,
               np.linalg.norm(back))  # fmt: skip


KINDS = {
    "geodetic<->ecef": both_ways,
    "ecef->geodetic edge": edge,
    "aer->ecef": aer_ecef,
    "aer<->enu": aer_enu,
    "eci<->ecef (J2000/GCRF)": inertial,
    "line of sight to ellipsoid": sight,
    "radii of curvature": curvature,
    "geodetic->enu/aer at site": site,
}


def test_frames(record_property) -> None:
    rows = cases("geodesy_frames")
    worst = {i: KINDS[row["kind"]](row) / row["tolerance_m"] for i, row in enumerate(rows)}
    record_property("cases", len(rows))
    record_property("worst", max(worst.values()))
    record_property("tolerance", 1.0)
    assert set(KINDS) == {row["kind"] for row in rows}
    assert {i: w for i, w in worst.items() if not w < 1.0} == {}


def test_geodesics(record_property) -> None:
    rows = cases("geodesy_geodesics")
    worst_m = worst_deg = 0.0
    for row in rows:
        ends = np.radians([row["lat1"], row["lon1"], row["lat2"], row["lon2"]])
        distance, first, second = geodesic_inverse(*ends)
        worst_m = max(worst_m, abs(distance - row["s12_m"]))
        for got, want in ((first, row["azi1"]), (second, row["azi2"])):
            worst_deg = max(worst_deg, abs(math.remainder(math.degrees(got) - want, 360.0)))
        lat, lon, azimuth = geodesic_direct(
            ends[0], ends[1], math.radians(row["azi1"]), row["s12_m"]
        )
        gap = np.array(geodetic_to_ecef(lat, lon, 0.0)) - geodetic_to_ecef(ends[2], ends[3], 0.0)
        worst_m = max(worst_m, float(np.linalg.norm(gap)))
        turned = math.remainder(math.degrees(azimuth) - row["azi2"], 360.0)
        worst_deg = max(worst_deg, abs(turned))
    record_property("cases", len(rows))
    record_property("worst", worst_m)
    record_property("tolerance", 1e-3)
    assert worst_m < 1e-3
    assert worst_deg < 1e-7


@pytest.mark.parametrize("kind", ["anywhere", "near", "antipodal", "equator", "meridian"])
def test_geodesics_against_proj(record_property, kind) -> None:
    """PROJ's geodesics (Karney's own code) on 400 seeded pairs of each hard kind, to 1 mm.

    Kind of evidence: another implementation.
    """
    pyproj = pytest.importorskip("pyproj")
    rng = np.random.default_rng(20260101)
    lat1, lon1 = rng.uniform(-1.55, 1.55, 400), rng.uniform(-math.pi, math.pi, 400)
    lat2, lon2 = rng.uniform(-1.55, 1.55, 400), rng.uniform(-math.pi, math.pi, 400)
    if kind == "near":
        lat2, lon2 = lat1 + rng.uniform(-1e-3, 1e-3, 400), lon1 + rng.uniform(-1e-3, 1e-3, 400)
    elif kind == "antipodal":
        lat2, lon2 = -lat1 + rng.uniform(-5e-3, 5e-3, 400), lon1 + math.pi + 0.01 * lat2
    elif kind == "equator":
        lat1, lat2, lon2 = 0.0 * lat1, 0.0 * lat1, lon1 + math.pi + 0.01 * lat2
    elif kind == "meridian":
        lon2 = lon1
    _, _, want = pyproj.Geod(ellps="WGS84").inv(*np.degrees([lon1, lat1, lon2, lat2]))
    distance, azimuth, _ = geodesic_inverse(lat1, lon1, lat2, lon2)
    lat, lon, _ = geodesic_direct(lat1, lon1, azimuth, distance)
    gap = np.array(geodetic_to_ecef(lat, lon, 0.0)) - geodetic_to_ecef(lat2, lon2, 0.0)
    worst = max(np.abs(distance - want).max(), np.linalg.norm(gap, axis=0).max())
    record_property("cases", 400)
    record_property("authority", "PROJ geodesics")
    record_property("kind", "another implementation")
    record_property("worst", float(worst))
    record_property("tolerance", 1e-3)
    assert worst < 1e-3
