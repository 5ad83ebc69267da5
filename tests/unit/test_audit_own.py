"""A user's own claims: each check once, and every fault of a file in one pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from openiads.claims.audit_own import audit_file
from openiads.faults import InputError
from openiads.scenario.catalogue import load_catalogue

OWN = """
claims:
  low: {claim: a, check: line-of-sight, range: 300 km, target_height: 50 m}
  high: {claim: b, check: line-of-sight, range: 300 km, target_height: 12 km, antenna_height: 15 m}
  between: {claim: c, check: line-of-sight, range: 45 km, target_height: 50 m}
  unknown: {claim: d, check: line-of-sight, range: 400 km, antenna_height: 24 m}
  slow: {claim: e, check: ballistic-speed, range: 3500 km, speed: 4.8 km/s}
  fits: {claim: f, check: ballistic-speed, range: 1000 km, speed: 3 km/s}
  zone: {claim: g, check: time-in-zone, depth: 600 km, speed: 7 km/s, targets: 10 targets,
         cycle: 8 s}
  mach: {claim: h, check: mach, speed: 7 km/s, mach: 30 Mach}
  many: {claim: i, check: tracks, targets: 300 targets, scan: 10 s, range: 300 km, turn: 3 g}
  tass: {claim: j, check: compare, with: s-400.altitude_max, value: 30 km, repeats: [TASS]}
  alone: {claim: k, check: compare, with: s-400.range_vs_low_flying_cruise_missile, value: 40 km}
"""


def test_each_check_gives_its_verdict(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    found = {f.claim: f for _, f in audit_file(path, load_catalogue())}
    assert {name: f.verdict for name, f in found.items()} == {
        "low": "contradicted",
        "high": "supported",
        "between": "only if",
        "unknown": "only if",
        "slow": "only if",
        "fits": "supported",
        "zone": "supported",
        "mach": "contradicted",
        "many": "only if",
        "tass": "contradicts another claim",
        "alone": "supported",
    }
    # 45 km to a target at 50 m: (45 - 4.124 sqrt(50))^2 / 4.124^2 = 14.7 m by the usual rule
    (stand,) = found["between"].conditions
    assert stand == "the antenna stands 15 m high or higher"
    # the three claims of 30 km all go back to TASS, which this one repeats
    assert not {"s-400.altitude_max.01", "s-400.altitude_max.02"} & set(found["tass"].uses)


BAD = """
claims:
  a: {check: mach}
  b: {claim: x, check: sorcery}
  c: {claim: x, check: mach, speed: 7 km, mach: 20 Mach}
  d: {claim: x, check: mach, speed: 7 km/s}
  e: {claim: x, check: line-of-sight, range: -3 km, colour: red}
  f: {claim: x, check: compare, with: s-4000.altitude_max, value: 3 km}
  g: {claim: x, check: compare, with: s-400.altitude, value: 3 km}
  h: {claim: x, check: compare, with: s-400.altitude_max, value: 3 s}
  i: {claim: x, check: compare, with: s-400.altitude_max, value: high}
  j: {claim: x, check: simulate, measure: luck, at_most: few, beliefs: 1, replications: 0}
  k: {claim: x, check: simulate, scenario: default, set: 3, colour: red}
"""


def test_every_fault_in_one_pass(tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    with pytest.raises(InputError) as error:
        audit_file(path, load_catalogue())
    keys = {f.key for f in error.value.faults}
    assert keys == {
        "claims.a",
        "claims.b.check",
        "claims.c.speed",
        "claims.d",
        "claims.e.range",
        "claims.e.colour",
        "claims.f.with",
        "claims.g.with",
        "claims.h.value",
        "claims.i.value",
        "claims.j",
        "claims.j.measure",
        "claims.j.at_most",
        "claims.j.beliefs",
        "claims.j.replications",
        "claims.k",
        "claims.k.set",
        "claims.k.colour",
    }
    assert all(f.line and f.file for f in error.value.faults)
