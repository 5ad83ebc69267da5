"""Lines of sight over a sphere and over a ridge, and knife-edge loss, against closed forms.

Authority: independent geometry and ITU-R P.526 with exact Fresnel integrals,
data/terrain_analytic_los.json, 19 cases. Kind: closed form. Tolerances as stated there: 2 m,
0.02 degrees, 0.05 dB; visibility exact. The loss is held to the P.526 approximation's own column
(0.05 dB) and to 0.1 dB of the exact Fresnel integral, which is what the recommendation claims.
"""

import math

import numpy as np
import pytest

from openiads.physics.propagation import (
    EARTH_RADIUS_M,
    fresnel_parameter,
    fresnel_radius_m,
    horizon_ground_range_m,
    knife_edge_loss_db,
    profile_lowest_visible_m,
    profile_visible,
    visible_over_sphere,
)
from openiads.physics.radar import SPEED_OF_LIGHT_MPS
from openiads.physics.terrain import lowest_visible_m
from reference_data import cases

EVIDENCE = {"model": "terrain", "authority": "analytic sight lines; ITU-R P.526",
            "kind": "closed form"}  # fmt: skip
STEP_M = 50.0


def of_kind(text: str):
    rows = [row for row in cases("terrain_analytic_los") if text in row["kind"]]
    assert rows
    return rows


def test_kinds_are_all_used() -> None:
    used = sum(len(of_kind(k)) for k in ("smooth sphere", "ridge", "knife-edge loss", "geometry"))
    assert used == len(cases("terrain_analytic_los"))


@pytest.mark.parametrize("row", of_kind("smooth sphere"))
def test_sphere(row) -> None:
    k = row["earth_radius_m"] / EARTH_RADIUS_M
    heights = float(row["h1_m"]), float(row["h2_m"])
    assert visible_over_sphere(*heights, row["ground_distance_m"], k) is row["visible"]
    assert horizon_ground_range_m(*heights, k) == pytest.approx(row["horizon_distance_m"], abs=2.0)
    sea = np.zeros(round(row["ground_distance_m"] / STEP_M) + 1)
    seen = profile_visible(sea, STEP_M, *heights, row["earth_radius_m"])
    assert seen is row["visible"]


@pytest.mark.parametrize("row", of_kind("ridge"))
def test_ridge(row) -> None:
    radius = math.inf if row["earth"] == "flat" else EARTH_RADIUS_M * 4 / 3
    length = row["ridge_distance_m"] + row["target_beyond_ridge_m"]
    profile = np.zeros(round(length / STEP_M) + 1)
    profile[round(row["ridge_distance_m"] / STEP_M)] = row["ridge_height_m"]
    out = np.empty_like(profile)
    antenna = float(row["antenna_height_m"])
    slope = profile_lowest_visible_m(profile, STEP_M, antenna, radius, out)
    assert out[-1] == pytest.approx(row["min_visible_target_height_m"], abs=2.0)
    assert math.degrees(math.atan(slope)) == pytest.approx(row["mask_elevation_deg"], abs=0.02)
    # The same ridge as a wall across a grid, seen by the exact walk over the bilinear surface.
    grid = np.repeat(profile[None, :].astype(np.float32), 3, axis=0)
    last = float(len(profile) - 1)
    lowest = lowest_visible_m(grid, 1.0, 0.0, antenna, 1.0, last, length, radius)
    assert lowest == pytest.approx(row["min_visible_target_height_m"], abs=2.0)


@pytest.mark.parametrize("row", of_kind("knife-edge loss"))
def test_knife_edge_loss(row) -> None:
    loss = knife_edge_loss_db(float(row["v"]))
    assert loss == pytest.approx(row["J_approx_db"], abs=1e-3)
    assert loss == pytest.approx(row["J_exact_fresnel_db"], abs=0.1)


@pytest.mark.parametrize("row", of_kind("geometry"))
def test_knife_edge_from_geometry(row) -> None:
    wavelength = SPEED_OF_LIGHT_MPS / row["freq_hz"]
    v = fresnel_parameter(row["obstacle_above_los_m"], row["d1_m"], row["d2_m"], wavelength)
    assert v == pytest.approx(row["v"], abs=1e-4)
    assert knife_edge_loss_db(v) == pytest.approx(row["loss_db"], abs=0.05)
    zone = fresnel_radius_m(row["d1_m"], row["d2_m"], wavelength)
    assert zone == pytest.approx(row["fresnel1_radius_m"], abs=1e-3)
