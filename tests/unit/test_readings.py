"""How a conflict may be read: each rule once, on sides made for it."""

from __future__ import annotations

from pathlib import Path

from openiads.claims.conflicts import catalogue_conflicts
from openiads.claims.disagreement import (
    Side,
    read_by_date,
    read_by_origin,
    read_by_standing,
    read_by_weight,
    read_undated,
)
from openiads.scenario.catalogue import load_catalogue
from openiads.scenario.record import Claim
from openiads.scenario.sources import Source


def said(name: str, tier: str = "news", date: str | None = "2019", *repeats: str) -> Claim:
    source = Source(name, "title", name, tier, date=date, repeats=repeats)
    return Claim(f"x.y.{name}", "x", "y", 1.0, "km", "max", source, "quote")


def test_two_outlets_of_one_agency_on_two_sides():
    sides = (Side("1 km", (said("a", "news", "2018", "TASS"),)), Side("2 km", (said("TASS"),)))
    (reading,) = read_by_origin(sides)
    assert reading == "same origin: a, TASS go back to TASS, and stand on several sides"
    # one publisher twice is no agency passed on, and one side alone is no disagreement
    assert not list(read_by_origin((Side("1", (said("b"),)), Side("2", (said("b"),)))))
    both = Side("1 km", (*sides[0].said, *sides[1].said))
    assert not list(read_by_origin((both, Side("2 km", (said("c"),)))))


def test_weight_standing_and_date():
    many = Side("1 km", tuple(said(n) for n in "abc"))
    one = Side("2 km", (said("d", "hobbyist", "2021"),))
    assert list(read_by_weight((one, many))) == ["weight: 3 voices say 1 km, 1 2 km"]
    assert not list(read_by_weight((one, Side("3 km", (said("e"), said("f"))), many)))
    assert list(read_by_standing((many, one), ("hobbyist", "code"))) == [
        "different standing: sources of low tier (hobbyist) alone say 2 km"
    ]
    assert not list(read_by_standing((one, one), ("hobbyist", "code")))
    assert list(read_by_date((many, one))) == ["different date: 1 km until 2019, 2 km from 2021"]
    four = tuple(Side(f"{y} km", (said("a", "news", y),)) for y in ("2017", "2015", "2019", "2018"))
    assert list(read_by_date(four)) == [
        "different date: 2015 km from 2015, 2017 km from 2017, 2018 km from 2018, 2019 km from 2019"
    ]
    assert list(read_undated((many, Side("2 km", (said("d", "news", None),))))) == [
        "undated: it is not known when d said it"
    ]


def test_a_figure_without_an_upper_end_is_no_other_object(tmp_path: Path):
    """A claim of 100 km or more on one parameter does not own every larger figure."""
    path = tmp_path / "own.yaml"
    path.write_text(
        """
sources:
  me: {title: t, publisher: p, tier: blog}
  you: {title: t, publisher: q, tier: blog}
items:
  thing:
    kind: system
    name: Thing
    parameters:
      range_max:
        claims:
          - {id: thing.range_max.01, value: 300, unit: km, bound: max, source: me, quote: a}
          - {id: thing.range_max.02, value: 200, unit: km, bound: max, source: you, quote: b}
      altitude_max:
        claims:
          - {id: thing.altitude_max.01, value: 20, unit: km, bound: min, source: me, quote: c}
      reach_max:
        claims:
          - {id: thing.reach_max.01, value: 300, unit: km, bound: max, source: me, quote: d}
"""
    )
    found = [c for c in catalogue_conflicts(load_catalogue([path])) if "thing" in c.subject]
    (conflict,) = found
    assert "different object: 300 km is also said of reach_max" in conflict.readings
    assert not any("altitude_max" in r for r in conflict.readings)
