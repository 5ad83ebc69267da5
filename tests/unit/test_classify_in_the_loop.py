"""Classification in the engine: the posterior is Bayes' rule, the echo tells the cross-section."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from algebra_scenarios import model, use
from scipy import stats

from openiads.campaigns.outcomes import chosen
from openiads.domain.threats import AIRLINER, ALL_CATEGORIES
from openiads.domain.track_classes import LOOK_RATE_PS
from openiads.engine.classify import NEVER_LESS, echo_dbsm, learn
from openiads.engine.evaluate import expected_kill, kind_of, kind_probability, volley_size
from openiads.engine.run import recarrays
from openiads.engine.state import allocate
from openiads.engine.world import Model
from openiads.physics.echo import EXPONENTIAL_MEAN_DB, EXPONENTIAL_SPREAD_DB
from openiads.scenario.classes import class_table
from openiads.scenario.depends import changed
from openiads.scenario.load import load

pytestmark = pytest.mark.slow  # each compiles a part of the engine


def by_features(**overrides: str) -> Model:
    return model(
        fidelity="engagement",
        defence__command_post=use("perfect-post", classification="features"),
        **overrides,
    )


def track(memory, x, y, z, speed, now_s):
    """A firm track in slot 0 that flies west."""
    seen = memory.state.picture[0]
    memory.state.now[0].time_s = now_s
    seen.id, seen.firm, seen.time_s = 5, 1, now_s
    seen.x, seen.y, seen.z, seen.vx, seen.vy, seen.vz = x, y, z, -speed, 0.0, 0.0
    return seen


def test_the_library_is_the_record_and_not_the_raid():
    classes = by_features().tables.classes
    shares = np.bincount(classes["category"], classes["prior"], minlength=len(ALL_CATEGORIES))
    there = [name for name, share in zip(ALL_CATEGORIES, shares, strict=True) if share > 0]
    assert there == ["aircraft", "drone", "cruise", "supersonic", "ballistic", "neutral", "surface"]
    assert shares[shares > 0] == pytest.approx(1.0)
    assert (classes["hazard"][classes["category"] == AIRLINER] == 0.0).all()
    assert len(model().tables.classes) == 0


def test_what_the_library_rests_on_is_in_the_provenance():
    told = {(row["item"], row["parameter"]): row for row in by_features().provenance}
    assert told["drone_owa", "rcs"]["claim"]
    assert told["airliner", "height_spread"]["assumed"]
    for name in ("rcs_spread_db", "expected", "look_rate"):
        assert told["threat classes", name]["assumed"]
        assert len(told["threat classes", name]["reason"]) > 20
    assert not any(row["item"] == "drone_owa" for row in model().provenance)


def test_the_posterior_of_two_looks_is_bayes_rule():
    m = recarrays(by_features().tables)
    memory = allocate(m)
    s, c = memory.state, m.classes
    radius = m.settings[0].earth_radius_m
    looks = [(10.0, 9e3, 235.0, 25.0, -2.0), (16.0, 8.5e3, 240.0, 12.0, 9.0)]
    log_p = np.log(c.prior / c.prior.sum())
    for (now_s, up, speed, error, rcs), weight in zip(
        looks, (5.0 * LOOK_RATE_PS, 6.0 * LOOK_RATE_PS), strict=True
    ):
        track(memory, 30e3, 0.0, up, speed, now_s)
        learn(memory.plots.classifier, m, s, 0, speed, error, 300.0, rcs)
        height = math.hypot(30e3, up + radius) - radius

        def fit(x, e, median, spread):
            own = spread * median / np.hypot(median, e)
            var = own**2 + (e / math.hypot(x, e)) ** 2
            return stats.norm.logpdf(math.asinh(x / e), np.arcsinh(median / e), np.sqrt(var))

        spread = np.hypot(c.rcs_spread_db, EXPONENTIAL_SPREAD_DB)
        log_p = log_p + weight * (
            fit(speed, error, c.speed_mps, c.speed_spread)
            + fit(height, 300.0, c.height_m, c.height_spread)
            + stats.norm.logpdf(rcs - EXPONENTIAL_MEAN_DB, c.rcs_dbsm, spread)
        )
        p = np.exp(log_p - log_p.max())
        p = np.maximum(p, NEVER_LESS)
        p /= p.sum()
        log_p = np.log(p)
        assert np.exp(memory.plots.classifier.log_p[0]) == pytest.approx(p, rel=1e-9)
        by_category = np.bincount(c.category, p, minlength=len(ALL_CATEGORIES))
        assert s.class_p[0, :-1] == pytest.approx(by_category, rel=1e-9)
        assert s.class_p[0, -1] == pytest.approx((p * c.hazard).sum())
        assert kind_of(m, s, 0) == by_category.argmax()


def test_a_new_track_in_the_slot_begins_anew():
    m = recarrays(by_features().tables)
    memory = allocate(m)
    seen = track(memory, 30e3, 0.0, 1e3, 44.0, 10.0)
    for now_s in (10.0, 15.0, 20.0):
        memory.state.now[0].time_s = now_s
        learn(memory.plots.classifier, m, memory.state, 0, 44.0, 5.0, 100.0, -22.0)
    sure = memory.state.class_p[0].copy()
    seen.id = 6
    learn(memory.plots.classifier, m, memory.state, 0, 44.0, 5.0, 100.0, -22.0)
    assert memory.state.class_p[0].max() < sure.max()


def test_an_echo_tells_the_cross_section_and_scatters_as_swerling_says():
    flies = "{threat: fluctuating-intruder, count: 1, aim: centre, bearing: 90 deg, distance: 90 km"
    m = recarrays(by_features(raid__waves=f"{{all: {flies}, with: {{rcs: 0.05 m2}}}}}}").tables)
    memory = allocate(m)
    memory.state.now[0].seed = 7
    memory.state.now[0].time_s = 60.0
    memory.state.threats[0].started_s = 0.0
    read = np.array([echo_dbsm(m, memory.state, 0, 0, number) for number in range(2000)])
    # Four standard errors, and 0.1 dB for the approximate law of the fluctuation.
    error = 4.0 * EXPONENTIAL_SPREAD_DB / math.sqrt(2000)
    wanted = 10.0 * math.log10(0.05) + EXPONENTIAL_MEAN_DB
    assert read.mean() == pytest.approx(wanted, abs=error + 0.1)
    assert read.std() == pytest.approx(EXPONENTIAL_SPREAD_DB, rel=0.08)
    assert echo_dbsm(m, memory.state, 0, 0, 3) == read[3], "a draw is a function of its name"


def test_a_radar_below_2_ghz_reads_no_cross_section():
    low = use("perfect-radar", frequency="1 GHz").replace("}}", "}, at: [0 km, 0 km]}")
    m = recarrays(by_features(defence__radars__eye=low).tables)
    memory = allocate(m)
    memory.state.now[0].time_s = 60.0
    assert math.isnan(echo_dbsm(m, memory.state, 0, 0, 1))


def test_decisions_use_the_probabilities():
    rule = use("rule", salvo_drone=1, salvo_cruise=3, first_salvo=2)
    m = recarrays(
        by_features(
            defence__fire_units__unit__doctrine=rule,
            defence__fire_units__unit__launchers="[{type: rack, missile: "
            + use("dart", kill_probability_drone=0.9, kill_probability_cruise=0.4)
            + "}]",
        ).tables
    )
    memory = allocate(m)
    s = memory.state
    seen = track(memory, 30e3, 0.0, 1e3, 44.0, 10.0)
    drone, cruise = ALL_CATEGORIES.index("drone"), ALL_CATEGORIES.index("cruise")
    s.class_p[0, drone], s.class_p[0, cruise] = 0.25, 0.75
    seen.threat = 0
    assert kind_of(m, s, 0) == cruise
    assert kind_probability(m, s, 0, cruise) == 0.75
    assert volley_size(m.units[0], seen, cruise) == 3
    assert expected_kill(m, s, 0, 0, 2) == pytest.approx(0.25 * 0.99 + 0.75 * (1 - 0.6**2))
    told = recarrays(model(fidelity="engagement").tables)
    assert kind_of(told, s, 0) == ALL_CATEGORIES.index("aircraft"), "the target's own"


def test_a_class_that_nobody_expects_is_not_in_the_library(tmp_path):
    plain = load("taken-for-another")
    text = Path(plain.document.file).read_text(encoding="utf-8")
    file = tmp_path / "plain.yaml"
    file.write_text(text + "catalogue: unexpected.yaml\n", encoding="utf-8")
    (tmp_path / "unexpected.yaml").write_text(
        "items:\n  drone_owa:\n    kind: threat\n    name: Not expected\n    parameters:\n"
        "      expected: 0\n"
    )
    table, _, _ = class_table(load(str(file)).parts)
    full, _, _ = class_table(plain.parts)
    assert len(table) < len(full)


def test_another_source_changes_what_the_post_knows_and_says_so():
    plain = by_features()
    other = by_features(**{"choose__drone_owa.rcs": "highest"})
    assert changed(plain, other) == {"classes"}
    (row,) = chosen(other)
    assert row["parameter"] == "drone_owa.rcs"
    assert "classes" in row["changes"]
    assert row["from_link"]
    assert changed(plain, model(fidelity="engagement")) == {"classes", "settings.classification"}
