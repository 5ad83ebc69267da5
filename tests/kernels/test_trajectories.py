"""Trajectories: knots hold their tolerance, paths keep their limits, ends meet the aim."""

import math

import numpy as np
import pytest

from openiads.domain import ballistic as ballistic_module
from openiads.domain import glide as glide_module
from openiads.domain import knots as knots_module
from openiads.domain import paths as paths_module
from openiads.domain import satellites as satellites_module
from openiads.domain.trajectories import (
    Knots,
    Weave,
    airliner,
    ballistic,
    cruise,
    glide_vehicle,
    high_low,
    hypersonic_cruise,
    interpolate,
    low_flyer,
    release,
    sample,
    satellite,
    surface,
    terrain_profile,
    waypoints,
)
from openiads.faults import InputError
from openiads.physics.dynamics import air
from openiads.physics.geodesy import enu_to_map

SITE = (math.radians(45.0), math.radians(30.0))
PATH = [[200e3, 50e3, 0.0], [100e3, 80e3, 0.0], [0.0, 0.0, 5.0]]
ROUTE = ([[90e3, 0.0, 3e3], [60e3, 30e3, 4e3], [20e3, 5e3, 500.0]], [240.0, 250.0, 230.0])
ISS = (
    "1 25544U 98067A   14020.93268519  .00009878  00000-0  18200-3 0  5082",
    "2 25544  51.6498 109.4756 0003572  55.9686 274.8005 15.49815350868473",
)

KINDS = {
    "waypoints": lambda: waypoints(*ROUTE, 3.0, 60.0, *SITE),
    "weave": lambda: low_flyer(PATH, 280.0, 15.0, *SITE, weave=Weave(80.0, 12.0, 100.0, 220.0)),
    "jink": lambda: waypoints(
        *ROUTE, 6.0, 60.0, *SITE, weave=Weave(150.0, 14.0, 9.0, 99.0, "jink")
    ),
    "dive": lambda: cruise(PATH, 250.0, 2000.0, *SITE, "dive"),
    "pop_up": lambda: low_flyer(PATH, 280.0, 15.0, *SITE),
    "high_low": lambda: high_low(PATH, 14e3, 850.0, 15.0, 680.0, 90e3, *SITE),
    "hypersonic": lambda: hypersonic_cruise(
        [[6e5, 9e4, 0.0], [0.0, 0.0, 5.0]], 1900.0, 28e3, *SITE
    ),
    "airliner": lambda: airliner([[3e5, 0, 11e3], [0, 2e5, 11e3], [-3e5, 0, 9e3]], 240.0, *SITE),
    "ship": lambda: surface([[1e4, 0.0], [2e4, 5e3], [1e4, 1e4]], 10.0, *SITE),
    "ballistic": lambda: ballistic([9e5, 6e5, 0.0], [0.0, 0.0, 0.0], *SITE).knots,
    "glide": lambda: (
        glide_vehicle([2e6, 0, 0], [0, 0, 0], 2.6, *SITE, weave=Weave(2e4, 250.0)).knots
    ),
    "skip": lambda: glide_vehicle([2e6, 0, 0], [0, 0, 0], 2.6, *SITE, skip=True).knots,
    "satellite": lambda: satellite(*ISS, 2456680.5, 0.97, 3000.0, *SITE),
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "satellite"])
def test_knots_hold_1_m_and_0_1_mps(kind, monkeypatch) -> None:
    """Against knots of the same law that are refined a hundred times further."""
    coarse = KINDS[kind]()
    monkeypatch.setattr(knots_module, "POSITION_TOLERANCE_M", 0.01)
    monkeypatch.setattr(knots_module, "VELOCITY_TOLERANCE_MPS", 0.001)
    fine = KINDS[kind]()
    assert len(fine.t_s) > len(coarse.t_s) or len(fine.t_s) < 20
    assert fine.t_s[-1] == pytest.approx(coarse.t_s[-1], abs=1e-6)
    t = np.linspace(coarse.t_s[0], coarse.t_s[-1], 5003)
    pos, vel = sample(coarse, t)
    true_pos, true_vel = sample(fine, t)
    assert np.linalg.norm(pos - true_pos, axis=1).max() < 1.0
    assert np.linalg.norm(vel - true_vel, axis=1).max() < 0.1


def test_satellite_knots_hold_1_m_and_0_1_mps() -> None:
    """Against SGP4 itself, whose velocity is the rate of its position to some cm/s only."""
    knots = KINDS["satellite"]()
    t = np.linspace(0.0, 3000.0, 3001)
    state = satellites_module.earth_fixed(*ISS, 2456680.5, 0.97 + t / 86400.0)
    true_pos, true_vel = knots_module.ecef_to_frame(*state, *SITE)
    pos, vel = sample(knots, t)
    assert np.linalg.norm(pos - true_pos, axis=1).max() < 1.0
    assert np.linalg.norm(vel - true_vel, axis=1).max() < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_velocity_is_the_rate_of_position(kind) -> None:
    knots = KINDS[kind]()
    assert (np.diff(knots.t_s) > 0.0).all()
    t = np.linspace(knots.t_s[0] + 0.1, knots.t_s[-1] - 0.1, 997)
    rate = (sample(knots, t + 1e-3)[0] - sample(knots, t - 1e-3)[0]) / 2e-3
    # The central difference straddles jumps of acceleration: at most 15 g times 1 ms.
    assert np.abs(rate - sample(knots, t)[1]).max() < 0.2


@pytest.mark.parametrize("kind", ["dive", "pop_up", "high_low", "hypersonic", "ballistic", "glide"])
def test_the_aim_is_met(kind) -> None:
    knots = KINDS[kind]()
    east, north, height = enu_to_map(*map(float, knots.pos_m[-1]), *SITE)
    aim = 5.0 if kind in ("dive", "pop_up", "high_low", "hypersonic") and PATH[-1][2] else 0.0
    assert math.hypot(east, north) < 50.0
    assert height == pytest.approx(aim, abs=5.0)


def test_interpolate_equals_sample_whatever_the_hint() -> None:
    knots = KINDS["waypoints"]()
    for t in (-5.0, 0.0, 17.3, float(knots.t_s[3]), 200.0, 1e6):
        pos, vel = sample(knots, np.array([t]))
        for hint in (-3, 0, 2, len(knots.t_s) + 5):
            got = np.array(interpolate(t, *knots, hint))
            np.testing.assert_allclose(got, np.concatenate([pos[0], vel[0]]), rtol=1e-12, atol=1e-9)


def test_turn_load_and_speed_are_kept() -> None:
    knots = waypoints(*ROUTE, 3.0, 60.0, *SITE)
    t = np.linspace(1.0, knots.t_s[-1] - 1.0, 4001)
    vel = sample(knots, t)[1]
    load = np.linalg.norm(np.gradient(vel, t, axis=0), axis=1) / 9.80665
    assert load.max() < 3.2
    assert np.linalg.norm(vel, axis=1).max() < 252.0


def test_weave_swings_by_its_amplitude() -> None:
    plain = low_flyer(PATH, 280.0, 15.0, *SITE)
    swung = KINDS["weave"]()
    t = np.linspace(0.0, plain.t_s[-1], 6000)
    gap = np.linalg.norm(sample(swung, t)[0] - sample(plain, t)[0], axis=1)
    assert gap.max() == pytest.approx(80.0, rel=0.02)
    assert gap[t < 100.0].max() < 2.0 and gap[t > 220.0].max() < 2.0


def test_faults_are_all_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        waypoints([[0, 0, 0], [1000, 0, 2000], [0, 500, 0]], [250.0] * 3, 2.0, 20.0, *SITE)
    assert len(caught.value.faults) >= 2
    with pytest.raises(InputError):
        waypoints([[0, 0, 0]], [250.0], 2.0, 20.0, *SITE)
    with pytest.raises(InputError):
        cruise(PATH, 250.0, 100.0, *SITE, "loop")
    with pytest.raises(InputError):
        ballistic([1e6, 0, 0], [0, 0, 0], *SITE, apogee="high")
    with pytest.raises(InputError):
        satellite("nonsense", ISS[1], 2456680.5, 0.97, 100.0, *SITE)
    with pytest.raises(InputError):
        waypoints(*ROUTE, 2.0, 60.0, *SITE, weave=Weave(500.0, 5.0))


def test_decoy_leaves_with_its_push_and_falls_behind() -> None:
    flight = ballistic([1.5e6, 0.0, 0.0], [0.0, 0.0, 0.0], *SITE)
    decoy = release(flight, flight.burnout_s + 20.0, [0.0, 6.0, 8.0], 200.0, *SITE)
    pos, vel = sample(flight.knots, decoy.t_s[:1])
    np.testing.assert_allclose(decoy.pos_m[0], pos[0], atol=1e-3)
    np.testing.assert_allclose(decoy.vel_mps[0] - vel[0], [0.0, 6.0, 8.0], atol=1e-6)
    assert decoy.t_s[-1] > flight.impact_s + 20.0
    assert flight.body is not None and flight.body.t_s[-1] > flight.impact_s
    with pytest.raises(InputError):
        release(flight, 1.0, [0.0, 0.0, 0.0], 200.0, *SITE)


def test_lofted_is_higher_and_slower_than_depressed() -> None:
    lofted = ballistic([1.5e6, 0, 0], [0, 0, 0], *SITE, apogee="lofted")
    plain = ballistic([1.5e6, 0, 0], [0, 0, 0], *SITE)
    depressed = ballistic([1.5e6, 0, 0], [0, 0, 0], *SITE, apogee="depressed")
    assert lofted.apogee_m > 1.5 * plain.apogee_m > 2.2 * depressed.apogee_m
    assert lofted.impact_s > plain.impact_s > depressed.impact_s


def test_equilibrium_glide_settles_where_lift_carries_the_weight() -> None:
    """γ' = 0: L = g - V²/r, so ρ V² E / (2 β) = g - V²/r, held within 10 % after the pull-up."""
    flight = glide_vehicle([4e6, 0, 0], [0, 0, 0], 2.6, *SITE)
    t = np.linspace(flight.pull_up_s + 200.0, flight.dive_s - 60.0, 40)
    pos, vel = sample(flight.knots, t)
    height = enu_to_map(pos[:, 0], pos[:, 1], pos[:, 2], *SITE)[2]
    speed2 = (vel**2).sum(axis=1)
    lift = np.array([air(h)[0] for h in height]) * speed2 * 2.6 / (2.0 * 5000.0)
    weight = 9.80665 * (6371e3 / (6371e3 + height)) ** 2 - speed2 / (6371e3 + height)
    np.testing.assert_allclose(lift, weight, rtol=0.10)


def test_terrain_profile_is_the_lowest_that_clears() -> None:
    ground = np.array([0.0, 0.0, 0.0, 500.0, 0.0, 0.0, 40.0, 0.0])
    profile = terrain_profile(ground, 100.0, 50.0, 0.5)
    assert (profile >= ground + 50.0).all()
    assert np.abs(np.diff(profile)).max() <= 50.0 + 1e-9
    np.testing.assert_allclose(profile[:4], [400.0, 450.0, 500.0, 550.0])


def test_modules_named() -> None:
    """The tolerances that the test above tightens are the ones the laws use."""
    for module in (ballistic_module, glide_module, paths_module, satellites_module):
        assert module.refine is knots_module.refine
    assert Knots._fields == ("t_s", "pos_m", "vel_mps")
