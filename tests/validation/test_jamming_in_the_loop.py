"""Noise jamming through the engine: burn-through, stand-off, and a jammer that dies.

Authority: the self-screening and stand-off forms of Schleher, "Electronic Warfare in the
Information Age", 1999, chapter 4, with thermal noise kept. The engine's Log gives, for each first
detection, its time and the probability that it had; the flights are straight, so the range at that
time is known. Tolerances: 1e-3 in probability (linear interpolation of the signal ratio between
grid points a second apart), 1 % in the range of burn-through (interpolated between detections).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from algebra_scenarios import model, use

import openiads as oi
from openiads.physics.detection import detection_probability, required_snr
from openiads.physics.jamming import self_screening_range_m, stand_off_range_m

EVIDENCE = {
    "model": "jamming",
    "authority": "burn-through and stand-off through the engine",
    "kind": "closed form",
}
PFA, PULSES, PD = 1e-6, 1, 0.5
JAM_M = 100e3
REPLICATIONS = 120
SIDELOBE = 1e-3


def eye(claim_km: float, scan_s: float) -> str:
    given = use(
        "perfect-radar", detection_range_max=f"{claim_km} km", reference_pd=PD,
        scan_period=f"{scan_s} s", beamwidth_azimuth="2 deg", beamwidth_elevation="90 deg",
        sidelobe_ratio=f"{SIDELOBE:.6f}",
    )  # fmt: skip
    return given[:-1] + ", at: [0 km, 0 km]}"


def wave(bearing: float, distance: float, swerling: int = 1, noise: float = 0.0) -> str:
    return (
        f"{{threat: intruder, count: 1, aim: centre, bearing: {bearing} deg, "
        f"distance: {distance} km, with: {{swerling: {swerling}, speed_cruise: 300 m/s, "
        f"altitude_cruise: 9 km, jammer_to_noise: {noise}, jammer_range: 100 km}}}}"
    )


def scenario(radar: str, waves: dict[str, str], **changed: str) -> Any:
    listed = ", ".join(f"{name}: {text}" for name, text in waves.items())
    return model(
        fidelity="engagement",
        defence__radars__eye=radar,
        raid__waves="{" + listed + "}",
        **changed,
    )


QUIET = {"defence__fire_units__unit__doctrine": use("rule", commit_range_max="1 m")}


def range_at(compiled: Any, threat: str, time_s: float) -> float:
    """Slant range (m) of a straight flight from the acquisition radar."""
    row = compiled.tables.threats[compiled.names["threats"].index(threat)]
    part = (time_s - row["start_s"]) / row["step_s"]
    at = int(row["grid"] + min(int(part), row["n_grid"] - 2))
    ahead = (part - (at - row["grid"])) * row["step_s"]
    pos = compiled.tables.grid_pos_m[at] + ahead * compiled.tables.grid_vel_mps[at]
    return float(np.linalg.norm(pos - compiled.tables.radar_pos_m[0]))


def detections(compiled: Any, threat: str) -> list[tuple[float, float]]:
    """(time, probability) of the first detection of a threat in each replication."""
    found = []
    for k in range(REPLICATIONS):
        events = oi.run(compiled, 5, k).events.to_pydict()
        columns = zip(
            events["event"], events["threat"], events["time_s"], events["value"], strict=True
        )
        found += [(t, v) for kind, who, t, v in columns if kind == "detected" and who == threat]
    return found


def chance(range_m: float, clear_m: float, noise: float) -> float:
    """Closed form: the anchored radar equation over noise and jamming, Swerling 1."""
    snr = required_snr(PD, PFA, PULSES, 1) * (clear_m / range_m) ** 4 / (1.0 + noise)
    return float(detection_probability(snr, PFA, PULSES, 1))


@pytest.mark.parametrize("noise", [3.0, 30.0, 300.0])
def test_burn_through_is_where_the_closed_form_puts_it(noise, record_property) -> None:
    compiled = scenario(eye(200.0, 20.0), {"jam": wave(0.0, 190.0, noise=noise)}, **QUIET)
    found = [(range_at(compiled, "jam/1", t), p) for t, p in detections(compiled, "jam/1")]
    assert len(found) == REPLICATIONS
    for away, told in found:
        assert told == pytest.approx(chance(away, 200e3, noise * (JAM_M / away) ** 2), abs=1e-3)
    away, told = np.array(sorted(found)).T
    half = float(np.interp(-PD, -told, away))
    wanted = self_screening_range_m(200e3, noise, JAM_M)
    record_property("worst", abs(half / wanted - 1.0))
    record_property("tolerance", 0.01)
    assert half == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize(("aside", "gain"), [(0.0, 1.0), (60.0, SIDELOBE)])
def test_a_stand_off_jammer_in_main_lobe_and_side_lobe(aside, gain, record_property) -> None:
    noise = 20.0 / gain
    waves = {"raider": wave(0.0, 170.0), "jam": wave(aside, 230.0, noise=noise)}
    compiled = scenario(eye(200.0, 20.0), waves, **QUIET)
    worst = 0.0
    for when, told in detections(compiled, "raider/1"):
        away = range_at(compiled, "raider/1", when)
        jammer = range_at(compiled, "jam/1", when)
        # The jammer stands in the same beam, or far outside it: 60 degrees of a 2 degree beam.
        ratio = noise * gain * (JAM_M / jammer) ** 2
        worst = max(worst, abs(told - chance(away, 200e3, ratio)))
        assert (told >= PD) == (away <= stand_off_range_m(200e3, ratio) * (1.0 + 1e-3)) or (
            abs(told - PD) < 1e-3
        )
    record_property("worst", worst)
    record_property("tolerance", 1e-3)
    assert worst < 1e-3


def test_killing_the_jammer_restores_detection_within_a_scan(record_property) -> None:
    """The raider behind the jammer is not seen until the jammer is shot, then by the next scan."""
    scan_s = 4.0
    waves = {"jam": wave(0.0, 90.0, noise=600.0), "raider": wave(0.0, 165.0, swerling=0)}
    compiled = scenario(
        eye(400.0, scan_s), waves,
        defence__fire_units__unit__launchers=(
            "[{type: rack, count: 1, missile: {type: dart, "
            "with: {kill_probability_aircraft: 1.0}}}]"
        ),
    )  # fmt: skip
    waits = []
    for k in range(REPLICATIONS):
        events = oi.run(compiled, 5, k).events.to_pydict()
        at = {
            (kind, who): t
            for kind, who, t in zip(
                events["event"], events["threat"], events["time_s"], strict=True
            )
        }
        dead, seen = at["killed", "jam/1"], at["detected", "raider/1"]
        waits.append(seen - dead)
    record_property("cases", len(waits))
    record_property("worst", max(waits))
    record_property("tolerance", scan_s)
    assert min(waits) >= 0.0
    assert max(waits) <= scan_s
    # Without the jammer the same raider is seen at the first scan.
    clear = scenario(eye(400.0, scan_s), {"raider": wave(0.0, 165.0, swerling=0)}, **QUIET)
    assert all(t <= scan_s for t, _ in detections(clear, "raider/1"))


def test_a_weak_jammer_does_next_to_nothing() -> None:
    waves = {"raider": wave(0.0, 190.0), "jam": wave(60.0, 190.0, noise=1e-6)}
    told = detections(scenario(eye(200.0, 20.0), waves, **QUIET), "raider/1")
    plain = detections(scenario(eye(200.0, 20.0), {"raider": wave(0.0, 190.0)}, **QUIET),
                       "raider/1")  # fmt: skip
    assert math.isclose(sum(p for _, p in told), sum(p for _, p in plain), rel_tol=1e-3)
