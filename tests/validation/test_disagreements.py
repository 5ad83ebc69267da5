"""Authority: the eleven disagreements and the marked contradictions of the fact base.

The disagreements (end of ../shared/facts/seed_claims.md) must come out of the rules: this file
only says which articles each sets against which, and none of it is in the package. Beside them
stand the 115 pairs of ledger events that the fact base's compilers marked by hand
(data/ledger_contradictions.json): the rules find 105 of them; each of the ten that they do not
find is listed here with the reason. Tolerance: none.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openiads.claims.articles import article_claims, article_events, load_articles
from openiads.claims.conflicts import catalogue_conflicts
from openiads.claims.disagreement import Conflict
from openiads.claims.ledger import load_ledger
from openiads.claims.ledger_conflicts import conflict_pairs, ledger_conflicts
from openiads.scenario.catalogue import load_catalogue

MARKED = Path(__file__).parent / "data" / "ledger_contradictions.json"

NOT_FOUND = {
    # two regiments are four to six battalions, so six is no contradiction
    ("cn-06", "seed1-cn-01"),
    ("cn-02", "cn-07"),
    ("cn-07", "seed1-cn-01"),
    # "no sooner than 2018" and "December 2017 through January 2018" meet in January 2018
    ("cn-11", "cn-12"),
    # no contract yet does not deny talks
    ("iq-01", "iq-03"),
    # a contract "in 2017" may be later than talks on 6 October 2017, and one in May 2017 is in 2017
    ("sa-02", "sa-03"),
    ("sa-03", "sa-05"),
    # "more than 2 billion" does not exclude more than 3
    ("sa-03", "sa-04"),
    # talks in 2018 do not contradict a delivery said to be past in 2026
    ("sa-06", "sa-07"),
    # late 2019 to early 2020 holds March 2020, which the same article also names
    ("seed4-tr-03", "tr-13"),
}


@pytest.fixture(scope="module")
def found() -> list[Conflict]:
    articles = load_articles()
    ledger = load_ledger()
    events = [*ledger.events, *article_events(articles)]
    return [
        *catalogue_conflicts(load_catalogue(), article_claims(articles)),
        *ledger_conflicts(events, ledger.context),
    ]


@pytest.mark.parametrize(
    ("number", "about", "sides", "reading"),
    [
        (1, "Turkey: S-400: date", [{"seed2"}, {"seed4"}, {"seed0", "seed3"}], "plan and outcome"),
        (2, "Belarus: S-400: stage", [{"seed0"}, {"seed2", "seed4"}], "one voice"),
        (3, "China: S-400: rank", [{"seed1"}, {"seed0"}], "one counts buyers"),
        (3, "China: S-400: stage", [{"seed2"}, {"seed1", "seed4"}], "same origin"),
        (4, "China: S-400: halted", [{"seed1"}, {"seed1"}], "same source: seed1"),
        (5, "Turkey: S-400: date", [{"seed4"}, {"seed2"}, {"seed3"}], "same origin"),
        (6, "Turkey: S-400: denied", [{"seed2", "seed4"}, {"seed3"}], "different date"),
        (7, "s-400.range_max_aerodynamic", [{"seed2"}], "400 km is the figure of 40n6e (seed0)"),
        (8, "s-400.altitude_max", [{"seed2"}, {"seed2"}], "seed2 says both 30 km and 100 km"),
        (9, "s-500.service_entry", [{"seed0"}, {"seed3"}], "plan and outcome"),
        (9, "s-500.role", [{"seed0"}, {"seed3"}], "different date"),
        (10, "Turkey: sanctions", [{"seed0"}, {"seed3"}], "a sequence rather than"),
        (11, "s-400.service_entry_year", [{"seed0"}, {"seed2", "seed4"}], "has s-500 enter"),
    ],
)
def test_the_eleven_disagreements_are_found_by_rule(found, number, about, sides, reading):
    fitting = [c for c in found if c.subject.startswith(about) and _sets_apart(c, sides)]
    assert fitting, f"disagreement {number} was not found"
    assert any(reading in text for c in fitting for text in c.readings) or not reading


def _sets_apart(conflict: Conflict, wanted: list[set[str]]) -> bool:
    """Whether each wanted group of sources is on a side of its own."""
    free = [{s.source.id for s in side.said} for side in conflict.sides]
    for group in wanted:
        parts = [side for side in free if group & side]
        if not group <= set().union(*parts, set()):
            return False
        free.remove(parts[0])
    return True


def test_the_pairs_marked_by_hand_are_found():
    marked = json.loads(MARKED.read_text())
    wanted = {frozenset((a, b)) for a, others in marked.items() for b in others}
    pairs = conflict_pairs(load_ledger().events)
    assert len(wanted) == 115
    assert {tuple(sorted(p)) for p in wanted - pairs} == {tuple(sorted(p)) for p in NOT_FOUND}


def test_no_conflict_is_typed_in():
    for event in load_ledger().events:
        assert not hasattr(event, "contradicts")


def test_every_conflict_has_two_sides_and_a_reading(found):
    for conflict in found:
        assert len(conflict.sides) >= 2, conflict.subject
        assert conflict.readings and all(conflict.readings), conflict.subject
        assert "plain disagreement" not in conflict.readings, conflict.subject
        assert len({side.value for side in conflict.sides}) == len(conflict.sides)
