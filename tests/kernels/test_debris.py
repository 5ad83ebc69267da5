"""Debris: how it falls, who sees it, and what a lock and a verdict make of it, call by call."""

from __future__ import annotations

import math

import numpy as np
import pytest
from algebra_scenarios import model

from openiads.engine.book import kill, position_at, truth_at
from openiads.engine.debris import (
    called_miss,
    debris_at,
    debris_chance,
    end_debris,
    is_debris,
    nearer_debris,
    shed,
)
from openiads.engine.run import recarrays, reset, start
from openiads.engine.state import allocate
from openiads.physics.slowing import coasted, sunk

pytestmark = pytest.mark.slow  # the handlers of the engine take seconds to compile

G = 9.80665
SHARE = 0.25


@pytest.mark.parametrize("time_s", [1.0, 10.0, 60.0])
def test_the_two_motions_solve_their_equations(time_s):
    """s' = v, v' = -k v^2 from v0; y' = w, w' = g - k w^2 from rest: by central differences."""
    k, v0, h = 3e-4, 700.0, 1e-3
    for law, gravity in ((lambda t: coasted(v0, k, t), 0.0), (lambda t: sunk(G, k, t), G)):
        (s0, v_0), (_, v_1), (s2, v_2) = (law(time_s + d) for d in (-h, 0.0, h))
        assert (s2 - s0) / (2.0 * h) == pytest.approx(v_1, rel=1e-6)
        assert (v_2 - v_0) / (2.0 * h) == pytest.approx(gravity - k * v_1 * v_1, rel=1e-5)
    assert coasted(v0, k, 0.0) == (0.0, v0)
    assert sunk(G, k, 0.0) == (0.0, 0.0)


def test_limits_of_the_two_motions():
    """No air: uniform motion and free fall. Long after: the terminal speed."""
    thin = 1e-14
    assert coasted(3000.0, thin, 60.0)[0] == pytest.approx(180e3, rel=1e-6)
    assert sunk(G, thin, 60.0)[0] == pytest.approx(0.5 * G * 3600.0, rel=1e-5)
    assert sunk(G, 0.01, 60.0)[1] == pytest.approx(math.sqrt(G / 0.01), rel=1e-9)


def flown(k, velocity, time_s, steps=2000):
    """Drag and gravity together, by Runge and Kutta's fourth-order rule."""
    y, h = np.array([0.0, 0.0, *velocity]), time_s / steps

    def rate(y):
        v = math.hypot(y[2], y[3])
        return np.array([y[2], y[3], -k * v * y[2], -k * v * y[3] - G])

    for _ in range(steps):
        a = rate(y)
        b = rate(y + 0.5 * h * a)
        c = rate(y + 0.5 * h * b)
        d = rate(y + h * c)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return y[:2]


@pytest.mark.parametrize(
    ("k", "speed", "dive_deg"),
    [(5.6e-3, 250.0, 0.0), (1.0e-3, 600.0, 0.0), (9.7e-4, 1500.0, 60.0), (9.2e-5, 2000.0, 45.0),
     (1.5e-6, 3000.0, 40.0)],
)  # fmt: skip
def test_the_sum_leaves_out_what_the_motions_share(k, speed, dive_deg):
    """Within 12 % of the way flown after 10 s and 22 % after 60 s, from 1 to 60 km of height.

    The rates are those of 100 kg/m2 in the air of 1, 10, 15, 30 and 60 km.
    """
    dive = math.radians(dive_deg)
    for time_s, share in ((10.0, 0.12), (60.0, 0.22)):
        way = flown(k, (speed * math.cos(dive), -speed * math.sin(dive)), time_s)
        along, down = coasted(speed, k, time_s)[0], sunk(G, k, time_s)[0]
        ours = np.array([along * math.cos(dive), -along * math.sin(dive) - down])
        assert np.linalg.norm(ours - way) < share * np.linalg.norm(way)


def set_up():
    """The algebra scenario at 20 s: threat 0 was killed then and leaves debris, nine others fly."""
    m = recarrays(model(raid__waves__all__with=f"{{debris_share: {SHARE}}}").tables)
    m.settings[0].lock_basket_m = 1000.0
    m.look_pd[:] = 1.0
    w = allocate(m)
    s = w.state
    reset(m, s, 7, 0, 0)
    for threat in range(len(m.threats)):
        s.threats[threat].started_s = 0.0
        start(m, s, threat)
    s.now[0].time_s = s.picture[0].time_s = 20.0
    kill(m, s, 0, 0)
    shed(s.debris, m, s, 0)
    return m, s


def place(m, s, threat):
    at, part = truth_at(m, s, threat, 20.0)
    return np.array(position_at(m, at, part, m.threats[threat].step_s))


def test_debris_begins_where_its_target_was_killed_and_ends_once():
    m, s = set_up()
    assert s.now[0].n_debris == 1
    assert is_debris(s.debris, 0, 20.0)
    assert not is_debris(s.debris, 1, 20.0)
    begins = np.array(debris_at(m, s.debris[0], 20.0))
    assert begins[:3] == pytest.approx(place(m, s, 0))
    later = np.array(debris_at(m, s.debris[0], 25.0))
    assert np.linalg.norm(later[3:]) < np.linalg.norm(begins[3:])
    assert later[2] < begins[2]
    assert 20.0 < s.debris[0].ends_s <= 20.0 + m.threats[0].debris_visible_s
    end_debris(s.debris, s, 0)
    assert s.now[0].n_debris == 0
    assert not is_debris(s.debris, 0, 20.0)


def test_debris_that_lands_first_ends_there():
    m, s = set_up()
    m.threats[1].debris_visible_s = 1e4
    kill(m, s, 1, 0)
    shed(s.debris, m, s, 1)
    ends = s.debris[1].ends_s
    assert 20.0 < ends < 1e4
    before, after = (debris_at(m, s.debris[1], ends + d)[2] for d in (-1.0, 1.0))
    assert before > after
    radius = m.settings[0].earth_radius_m
    x, y, z = debris_at(m, s.debris[1], ends)[:3]
    assert math.sqrt(x * x + y * y + (z + radius) ** 2) == pytest.approx(radius, abs=1e-3)


def test_a_class_without_debris_leaves_none():
    m, s = set_up()
    m.threats[1].debris_share = 0.0
    kill(m, s, 1, 0)
    shed(s.debris, m, s, 1)
    assert s.now[0].n_debris == 1


def test_its_echo_is_a_share_of_its_targets_until_the_notch_takes_it():
    m, s = set_up()
    mine = s.debris[0]
    m.look_snr[0] = 100.0
    m.radars[0].radial_speed_min_mps = 0.0
    chance, snr = debris_chance(m, mine, 0, 0, 20.0)
    assert snr == pytest.approx(SHARE * 100.0)
    assert 0.0 < chance <= 1.0
    m.radars[0].radial_speed_min_mps = 1e4
    assert debris_chance(m, mine, 0, 0, 20.0)[0] == 0.0
    m.radars[0].instrumented_range_m = 1.0
    assert debris_chance(m, mine, 0, 0, 20.0)[0] == -1.0


def test_a_lock_takes_debris_that_is_nearer_than_the_target():
    m, s = set_up()
    seen = s.picture[0]
    seen.x, seen.y, seen.z = place(m, s, 1)
    seen.vx = seen.vy = seen.vz = 0.0
    assert nearer_debris(s.debris, m, s, 0, 1) == 1
    seen.x, seen.y, seen.z = place(m, s, 0) + 10.0
    assert nearer_debris(s.debris, m, s, 0, -1) == 0
    seen.x += 5e4
    assert nearer_debris(s.debris, m, s, 0, -1) == -1


def test_a_verdict_is_led_astray_only_while_the_debris_is_held():
    m, s = set_up()
    m.settings[0].kill_called_miss = 0.05
    m.threats[0].debris_called_alive = 0.7
    guide = m.units[0].radar
    m.look_snr[guide] = 1e6
    m.radars[guide].radial_speed_min_mps = 0.0
    assert called_miss(s.debris, m, s, 0, 0) == pytest.approx(0.7)
    assert called_miss(s.debris, m, s, 0, 1) == pytest.approx(0.05)
    assert called_miss(None, m, s, 0, 0) == pytest.approx(0.05)
    s.out[guide] = 1
    assert called_miss(s.debris, m, s, 0, 0) == pytest.approx(0.05)
    s.out[guide] = 0
    m.threats[0].debris_called_alive = 0.0
    assert called_miss(s.debris, m, s, 0, 0) == pytest.approx(0.05)
