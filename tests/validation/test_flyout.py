"""Fly-out against closed forms, a tight reference integration, and the published bounds.

Authority: data/flyout_closed_forms.json (12 cases: boost with gravity, quadratic drag, collision
triangle, closest approach). Kind: closed form. Tolerances as stated there: 1e-3 for integrated
flights, 1e-6 for closed forms (the file's own rounding is up to 1e-6). The reference integration is
SciPy's DOP853 at 1e-11 on an independent statement of the same equations: 10 m at 120 s.
"""

import math

import numpy as np

from openiads.physics.dynamics import air, g7_drag_coefficient
from openiads.physics.flight import fly, parameters
from openiads.physics.intercept import (
    boost_height,
    boost_speed,
    closest_approach,
    coast,
    intercept_point,
)
from reference_data import cases

EVIDENCE = {"model": "flyout", "authority": "textbook closed forms",
            "kind": "closed form"}  # fmt: skip
G0 = 9.80665
ROUNDING = 2e-6


def chosen(kind):
    rows = [row for row in cases("flyout_closed_forms") if row["kind"].startswith(kind)]
    assert rows
    return rows


def relative(got, want):
    return abs(got / want - 1.0)


def test_vertical_boost(record_property) -> None:
    rows = chosen("vertical boost")
    worst = 0.0
    for row in rows:
        exhaust, burn = row["isp_s"] * G0, row["burn_time_s"]
        share = row["propellant_kg"] / row["m0_kg"]
        ratio = 1.0 / (1.0 - share)
        assert relative(boost_speed(exhaust, ratio, burn), row["delta_v_m_s"]) < ROUNDING
        assert relative(boost_speed(exhaust, ratio, burn, G0), row["burnout_speed_m_s"]) < ROUNDING
        assert (
            relative(boost_height(exhaust, ratio, burn, G0), row["burnout_altitude_m"]) < ROUNDING
        )
        par = parameters(
            exhaust_mps=exhaust,
            boost_fraction=share,
            boost_time_s=burn,
            air="none",
            earth_radius_m=math.inf,
        )
        burnt = fly(par, np.zeros(4), burn)
        top = fly(par, np.zeros(4), burn + burnt[3] / G0)
        worst = max(
            worst,
            relative(burnt[3], row["burnout_speed_m_s"]),
            relative(burnt[1], row["burnout_altitude_m"]),
            relative(top[1], row["coast_apogee_m"]),
        )
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-3)
    assert worst < 1e-3


def test_drag_coast(record_property) -> None:
    rows = chosen("level coast")
    worst = 0.0
    for row in rows:
        speed, distance = coast(row["v0_m_s"], row["t_s"], row["rho_kg_m3"], row["beta_kg_m2"])
        assert relative(speed, row["speed_m_s"]) < ROUNDING
        assert relative(distance, row["distance_m"]) < ROUNDING
        par = parameters(
            air="exponential",
            air_density_kgm3=row["rho_kg_m3"],
            drag="constant",
            drag_area_m2pkg=1.0 / row["beta_kg_m2"],
            gravity_mps2=0.0,
            earth_radius_m=math.inf,
        )
        end = fly(par, [0.0, 0.0, row["v0_m_s"], 0.0], row["t_s"])
        worst = max(worst, relative(end[2], row["speed_m_s"]), relative(end[0], row["distance_m"]))
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-3)
    assert worst < 1e-3


def test_intercept_point(record_property) -> None:
    rows = chosen("constant-speed")
    worst = 0.0
    for row in rows:
        place, motion = map(float, row["target_pos_m"]), map(float, row["target_vel_m_s"])
        time, *point = intercept_point(*place, *motion, float(row["interceptor_speed_m_s"]))
        assert math.isfinite(time) == row["feasible"]
        if row["feasible"]:
            gap = math.dist(point, row["intercept_point_m"]) / math.hypot(*point)
            worst = max(worst, relative(time, row["time_s"]), gap)
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-6)
    assert worst < 1e-6


def test_closest_approach(record_property) -> None:
    rows = chosen("closest point")
    worst = 0.0
    for row in rows:
        time, miss = closest_approach(
            *map(float, row["rel_pos_m"]), *map(float, row["rel_vel_m_s"])
        )
        worst = max(worst, relative(time, row["t_cpa_s"]), relative(miss, row["miss_m"]))
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1e-6)
    assert worst < 1e-6


def test_depth_of_fire(record_property) -> None:
    """A shoot-look-shoot timeline, head-on at constant speeds, by collision triangles.

    Authority: data/engagement_depth_of_fire.json; tolerances 0.05 s and 20 m as stated there.
    """
    rows = cases("engagement_depth_of_fire")
    worst = 0.0
    for row in rows:
        target, speed = float(row["target_speed_m_s"]), float(row["interceptor_speed_m_s"])
        ready, shots = float(row["reaction_s"]), []
        while True:
            # Not before the meeting point comes inside the envelope.
            first_s = (row["detect_range_m"] - row["r_max_m"] * (1.0 + target / speed)) / target
            launch = max(ready, first_s)
            away = row["detect_range_m"] - target * launch
            time, place, _, _ = intercept_point(away, 0.0, 0.0, -target, 0.0, 0.0, speed)
            if not (place >= row["r_min_m"]):
                break
            shots.append((launch, launch + time, place))
            ready = launch + time + row["look_time_s"]
        assert len(shots) == row["n_shots"]
        for (launch, met, place), want in zip(shots, row["shots"], strict=True):
            worst = max(
                worst,
                abs(launch - want["launch_t_s"]) / 0.05,
                abs(met - want["intercept_t_s"]) / 0.05,
                abs(place - want["intercept_range_m"]) / 20.0,
            )
    record_property("cases", len(rows))
    record_property("worst", worst)
    record_property("tolerance", 1.0)
    assert worst < 1.0


MISSILE = {
    "exhaust_mps": 2450.0,
    "boost_fraction": 0.6,
    "boost_time_s": 10.0,
    "drag_area_m2pkg": 3e-4,
}


def reference(angle_rad, t_s):
    """The flight by SciPy's DOP853: flat statement of thrust, drag and central gravity."""
    from scipy.integrate import solve_ivp

    radius, rate = 6371000.0, MISSILE["boost_fraction"] / MISSILE["boost_time_s"]

    def rates(t, y, thrust):
        r = math.hypot(y[0], y[1] + radius)
        speed = math.hypot(y[2], y[3])
        density, sound = air(r - radius)
        mass = 1.0 - rate * min(t, MISSILE["boost_time_s"])
        drag = 0.5 * density * speed**2 * MISSILE["drag_area_m2pkg"]
        along = (thrust - drag * g7_drag_coefficient(speed / sound)) / mass / speed
        fall = G0 * radius**2 / r**3
        return [y[2], y[3], along * y[2] - fall * y[0], along * y[3] - fall * (y[1] + radius)]

    y = [0.0, 0.0, 30.0 * math.cos(angle_rad), 30.0 * math.sin(angle_rad)]
    burn = MISSILE["boost_time_s"]
    for start, end, thrust in ((0.0, burn, rate * MISSILE["exhaust_mps"]), (burn, t_s, 0.0)):
        solved = solve_ivp(
            rates, (start, end), y, "DOP853", rtol=1e-10, atol=1e-6, args=(thrust,), max_step=1.0
        )
        y = solved.y[:, -1]
    return y


def test_flight_of_120_s(record_property) -> None:
    """At the tolerances of benchmarks/flyout.py: within 10 m of the reference."""
    par = parameters(**MISSILE)
    errors = []
    for degrees in (20.0, 33.0, 45.0, 60.0, 75.0, 84.0):
        angle = math.radians(degrees)
        start = [0.0, 0.0, 30.0 * math.cos(angle), 30.0 * math.sin(angle)]
        end = fly(par, start, 120.0, rtol=1e-7, atol_m=1.0, atol_mps=1e-4)
        errors.append(math.dist(end[:2], reference(angle, 120.0)[:2]))
    record_property("cases", len(errors))
    record_property("authority", "SciPy DOP853 at 1e-10")
    record_property("kind", "another implementation")
    record_property("worst", max(errors))
    record_property("tolerance", 10.0)
    assert max(errors) < 10.0
