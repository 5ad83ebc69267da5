"""The catalogue: rules that choose, a user's own files, and every fault of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from openiads.faults import InputError
from openiads.scenario.catalogue import Catalogue, check_file, load_catalogue
from openiads.scenario.record import Assumed, Claim, Parameter, best_first, independent_voices
from openiads.scenario.shipped import INDEX, make_index
from openiads.scenario.sources import Source, is_date, latest_day
from openiads.units import parse_quantity, to_si


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def claim(value: object, tier: str = "news", date: str | None = None, **more: object) -> Claim:
    publisher = str(more.pop("publisher", f"{tier} {date}"))
    source = Source(f"{tier}-{date}", "title", publisher, tier, date=date)
    settings: dict[str, object] = {"unit": "km", "bound": "max", "parameter": "range_max", **more}
    return Claim("x.range_max.01", "x", value=value, source=source, quote="", **settings)  # type: ignore[arg-type]


def test_nominal_prefers_the_better_tier_then_the_later_date():
    claims = [
        claim(1, "news", "2025"),
        claim(2, "state-media", "2017"),
        claim(3, "state-media", "2018-02-14"),
        claim(4, "state-media", None),
    ]
    assert [c.value for c in best_first(claims)] == [3, 2, 4, 1]
    choice = Parameter("x", "range_max", tuple(claims)).choose()
    assert (choice.value, choice.rule, choice.assumed) == (3, "nominal", False)
    assert {c.value for c in choice.over} == {1, 2, 4}


@pytest.mark.parametrize(
    ("value", "unit", "bound", "parameter", "nominal", "lowest", "highest"),
    [
        ((150, 200), "km", "approx", "range_max_aerodynamic", 200, 150, 200),
        ((7, 10), "m", "min", "altitude_min", 7, 7, 10),
        ((5, 15), "s", "range", "scan_period", 10, 5, 15),
        ((0.01, 1.0), "m2", "range", "rcs", 0.1, 0.01, 1.0),
        ((4, 8), "missiles", "max", "load", 8, 4, 8),
        (400, "km", "max", "range_max", 400, 400, 400),
        ("hypersonic", None, "approx", "speed_max", None, None, None),
    ],
)
def test_the_one_number_of_a_claim(value, unit, bound, parameter, nominal, lowest, highest):
    c = claim(value, unit=unit, bound=bound, parameter=parameter)
    assert c.number() == (pytest.approx(nominal) if nominal is not None else None)
    assert c.number("lowest") == lowest
    assert c.number("highest") == highest


def test_rules_on_the_reach_of_the_s_400(catalogue: Catalogue):
    reach = catalogue["s-400"].parameters["range_max_aerodynamic"]
    assert reach.choose().value == 400
    assert reach.choose("lowest").value == 30
    assert reach.choose("highest").value == 600
    assert reach.choose("as-of:2013-12-31").value == 250
    assert reach.choose("as-of:2007-06-14").value == 400
    with pytest.raises(InputError, match="nothing about"):
        reach.choose("as-of:2007-06-13")
    assert reach.choose("source:uawire-2018").value == 250
    assert reach.choose("claim:s-400.range_max_aerodynamic.08").value == 200
    assert "nothing under tier:official" in reach.choose("tier:official").rule
    assert reach.choose().claim.id == "s-400.range_max_aerodynamic.11"
    assert len(reach.choose().over) + len(reach.choose().agree) == 13
    assert reach.conflicting


def test_a_view_as_of_a_day_may_name_what_chooses_where_it_is_empty(catalogue: Catalogue):
    reach = catalogue["s-400"].parameters["range_max_aerodynamic"]
    assert reach.choose("as-of:2013-12-31 or nominal") == reach.choose("as-of:2013-12-31")
    other = reach.choose("as-of:2007-06-13 or lowest")
    assert other.value == 30
    assert other.rule == "lowest (nothing under as-of:2007-06-13)"
    assert reach.candidates("as-of:2007-06-14 or nominal") == reach.candidates("as-of:2007-06-14")
    for rule in ("nominal or lowest", "as-of:2018 or best", "as-of:2018 or as-of:2019 or nominal"):
        with pytest.raises(InputError):
            reach.choose(rule)


def test_what_its_own_source_doubts_gives_way(catalogue: Catalogue):
    """A doubted figure is taken only where nothing else is held, and the reason says so."""
    poster = Source("poster", "title", "poster", "hobbyist", date="2022-11-16")
    wrong = claim(1, "news", "2021", doubted_by=poster)
    right = claim(2, "blog", "2020")
    assert Parameter("x", "range_max", (wrong, right)).choose().value == 2
    assert Parameter("x", "range_max", (wrong, right)).choose("lowest").value == 1
    # in a view as of a day before the doubt was uttered nobody doubts
    assert Parameter("x", "range_max", (wrong, right)).choose("as-of:2022-01").value == 1
    assert Parameter("x", "range_max", (wrong, right)).choose("as-of:2023").value == 2
    alone = Parameter("x", "range_max", (wrong,)).choose()
    assert alone.value == 1 and alone.reason.endswith("doubted by poster")
    stand_in = Assumed(7.0, "km", "a reason")
    assert Parameter("x", "range_max", (wrong,), stand_in).choose().assumed
    # the only figure for a cruise missile's cross-section: another missile's, doubted by its poster
    choice = catalogue["cruise_subsonic"].parameters["rcs"].choose()
    assert choice.reason.endswith("doubted by its own source")


def test_the_cross_section_of_a_drone_is_that_of_the_radars_bands(catalogue: Catalogue):
    choice = catalogue["drone_owa"].parameters["rcs"].choose()
    assert choice.claim is not None and choice.claim.note == "high bands"
    assert [c.note for c in choice.over] == [
        "low bands",
        "same contributor revising his own estimate two months later",
    ]


def test_a_default_rule_of_the_file_has_its_reason(catalogue: Catalogue):
    choice = catalogue["s-400"].parameters["range_max_ballistic"].choose()
    assert choice.value == 60
    assert choice.rule == "claim:s-400.range_max_ballistic.02"
    assert "test target" in choice.reason


def test_units_are_compared_in_si(catalogue: Catalogue):
    speed = catalogue["s-400"].parameters["target_speed_max"]
    assert speed.choose("highest").unit == "Mach"
    assert speed.choose("highest").si == pytest.approx(14.5 * 340.294)
    assert speed.choose("lowest").value == 2778
    assert to_si(-32, "dBsm") == pytest.approx(10**-3.2)
    assert parse_quantity("4/3 km") is None
    assert parse_quantity("12 s") == (12.0, "s")
    assert parse_quantity("2.5 million USD") == (2.5, "million USD")


@pytest.mark.parametrize(
    "rule", ["best", "tier:", "tier:gossip", "as-of:May", "as-of:2018-02-30", "nominal:x", "claim"]
)
def test_what_is_no_rule(catalogue: Catalogue, rule: str):
    with pytest.raises(InputError):
        catalogue["s-400"].parameters["altitude_max"].choose(rule)


def test_ids_are_forgiving_and_unknown_ones_are_offered(catalogue: Catalogue):
    assert catalogue["S-400"].id == catalogue["s_400"].id == "s-400"
    assert "fighter-4gen" in catalogue
    assert catalogue["91n6e"].system == "s-400"
    assert catalogue["s-400"].components[0] == "40n6e"
    assert catalogue["mrbm"].system is None
    with pytest.raises(KeyError, match="s-400"):
        catalogue["s-40"]


def test_dates_of_the_calendar():
    assert latest_day("2016-02") == "2016-02-29"
    assert latest_day("1900-02") == "1900-02-28"
    assert latest_day(None) > latest_day("2999")
    assert is_date("2000-02-29") and not is_date("2001-02-29") and not is_date("2001-2-1")


def test_sources_that_share_an_agency_are_one_voice():
    tass = Source("a", "t", "TASS", "state-media")
    echo = Source("b", "t", "Echo", "news", repeats=("TASS", "Sohu"))
    sohu = Source("c", "t", "Sohu", "news")
    other = Source("d", "t", "Janes", "trade-press")
    said = [Claim("i", "x", "p", 1, "km", "max", s, "") for s in (tass, sohu, other, echo)]
    assert independent_voices(said[:2]) == 2
    assert independent_voices(said) == 2


def test_the_index_is_fresh():
    assert INDEX.read_text(encoding="utf-8") == make_index() + "\n", (
        "shipped data changed: run `openiads catalogue index`"
    )


MINE = """
sources:
  my-page: {title: A page, publisher: Me, tier: blog, date: 2024-05}
items:
  s-400:
    parameters:
      altitude_max:
        claims:
          - {id: s-400.altitude_max.mine, value: 60, unit: km, bound: max, source: my-page,
             quote: up to sixty kilometres}
      deployment_time: 7 min
  my-radar:
    kind: radar
    name: A radar of mine
    parameters:
      detection_range_max: 300 km
      levels: [1 km, 2 km]
      mode: track-while-scan
      scan_period: {assumed: 12 s, range: [5 s, 15 s], reason: like others of its size}
"""


def test_a_file_of_ones_own(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    catalogue = load_catalogue([path])
    radar = catalogue["my-radar"].parameters
    assert radar["detection_range_max"].choose().si == 300_000
    assert radar["levels"].choose().value == (1.0, 2.0)
    assert radar["mode"].choose().value == "track-while-scan"
    scan = radar["scan_period"].choose("lowest")
    assert (scan.value, scan.unit, scan.assumed) == (12.0, "s", True)
    assert radar["scan_period"].assumed.range == (5.0, 15.0)
    ceiling = catalogue["s-400"].parameters["altitude_max"]
    assert len(ceiling.claims) == 12
    assert ceiling.choose("highest").value == 60
    assert catalogue["s-400"].parameters["deployment_time"].choose("highest").value == 7
    assert catalogue["s-400"].parameters["range_max_aerodynamic"].choose().value == 400
    assert check_file(path) == {"items": 2, "parameters": 6, "claims": 1, "sources": 1}


BROKEN = """
sources:
  seed0: {title: Again, publisher: Me, tier: blog}
  page: {publisher: Me, tier: gossip, date: 2024-13, url: ftp://x, colour: red}
items:
  Bad Name: {kind: radar, name: x}
  thing:
    kind: rocket
    parent: s-4000
    latitude: 12
    parameters:
      empty:
      range_max: -5 km
      speed: 5 furlong
      position: 3 km
      period: {assumed: 12 s, range: [20 s, 30 s]}
      choice: {use: best, assumed: 1, reason: x}
      reach:
        claims:
          - {id: other.reach.01, value: 5, unit: km, bound: max, source: nobody, quote: x}
          - {id: thing.reach.02, value: far, unit: km, bound: at most, source: tass-2018-01-18,
             quote: a b c d e f g h i j k l m n o p q r s t u v w x y z}
          - {id: thing.reach.02, value: {min: 9, max: 3}, unit: km, bound: range,
             source: tass-2018-01-18, quote: "at 55.75 N, 37.62 E"}
          - {id: thing.reach.04, value: 3, unit: parsec, bound: max, source: tass-2018-01-18,
             quote: x}
          - {id: thing.reach.05, value: 3}
extra: 1
"""


def test_a_unit_written_out_and_an_unknown_doubter(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "items:\n  s-400:\n    parameters:\n      altitude_max:\n        claims:\n"
        "          - {id: s-400.altitude_max.90, value: 3, unit: kilometres, bound: max,\n"
        "             source: seed1, quote: a, doubted_by: nobody}\n"
    )
    with pytest.raises(InputError) as error:
        check_file(path)
    mends = {fault.key.rsplit(".", 1)[1]: fault.mend for fault in error.value.faults}
    assert mends["unit"] == "write km"
    assert "doubted_by" in mends


def test_every_fault_of_a_file_in_one_pass(tmp_path: Path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN)
    with pytest.raises(InputError) as error:
        check_file(path)
    said = {fault.key: fault for fault in error.value.faults}
    for key in [
        "sources.seed0",
        "sources.page",
        "sources.page.tier",
        "sources.page.date",
        "sources.page.url",
        "sources.page.colour",
        "items.Bad Name",
        "items.thing",
        "items.thing.kind",
        "items.thing.parent",
        "items.thing.latitude",
        "items.thing.parameters.empty",
        "items.thing.parameters.range_max",
        "items.thing.parameters.speed",
        "items.thing.parameters.position",
        "items.thing.parameters.period.assumed",
        "items.thing.parameters.period.range",
        "items.thing.parameters.choice.use",
        "items.thing.parameters.reach.claims[0].id",
        "items.thing.parameters.reach.claims[0].source",
        "items.thing.parameters.reach.claims[1].bound",
        "items.thing.parameters.reach.claims[1].quote",
        "items.thing.parameters.reach.claims[1].value",
        "items.thing.parameters.reach.claims[2].id",
        "items.thing.parameters.reach.claims[2].value",
        "items.thing.parameters.reach.claims[2].quote",
        "items.thing.parameters.reach.claims[3].unit",
        "items.thing.parameters.reach.claims[4]",
        "extra",
    ]:
        assert key in said, f"{key} was not found at fault"
        assert said[key].line > 1
        assert said[key].file == str(path)
    assert all(fault.message for fault in error.value.faults)
