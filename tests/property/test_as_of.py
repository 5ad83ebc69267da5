"""Views as of a day: nothing said later, or at an unknown time, ever shows."""

from __future__ import annotations

import datetime as dt
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.claims.articles import article_events, load_articles
from openiads.claims.inventory import inventories
from openiads.claims.ledger import Ledger, load_ledger
from openiads.claims.ledger_conflicts import ledger_conflicts
from openiads.claims.ledger_steps import beliefs
from openiads.claims.tables import event_rows
from openiads.faults import InputError
from openiads.scenario.catalogue import load_catalogue

LEDGER = load_ledger()
CATALOGUE = load_catalogue()
ARTICLES = load_articles()

DAYS = st.dates(dt.date(2005, 1, 1), dt.date(2027, 12, 31)).map(dt.date.isoformat)
DATES = st.one_of(DAYS, DAYS.map(lambda d: d[:7]), DAYS.map(lambda d: d[:4]))
BUYERS = st.one_of(st.none(), st.sampled_from(LEDGER.buyers))


def last_day(date: str) -> str:
    """The last day of a year, month or day, from the calendar of the standard library."""
    if len(date) == 10:
        return date
    year, month = int(date[:4]), int(date[5:7] or 12)
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    return (following - dt.timedelta(days=1)).isoformat()


def said(ledger: Ledger) -> set[str]:
    return {e.id for e in ledger.events} | {c.id for c in ledger.context}


@given(DATES, BUYERS)
@settings(deadline=None, max_examples=200)
def test_nothing_said_later_ever_shows(date: str, buyer: str | None):
    day = last_day(date)
    known = {s.id for s in LEDGER.sources.values() if s.date and last_day(s.date) <= day}
    view = LEDGER.of(buyer, as_of=date)
    assert {e.source.id for e in view.events} <= known
    assert {c.source.id for c in view.context} <= known
    assert set(view.sources) == known
    kept = LEDGER.of(buyer)
    hidden = [e for e in kept.events if e.source.id not in known]
    assert said(view) == {e.id for e in kept.events if e.source.id in known} | {
        c.id for c in kept.context if c.source.id in known
    }
    text = json.dumps(event_rows(view.events), ensure_ascii=False)
    assert not any(f'"{e.id}"' in text for e in hidden)
    assert not any(row["note"] for row in event_rows(view.events))


@given(DATES)
@settings(deadline=None, max_examples=40)
def test_what_is_derived_rests_on_what_is_shown(date: str):
    day = last_day(date)
    view = LEDGER.of(as_of=date)
    shown = said(view)
    for conflict in ledger_conflicts(view.events, view.context):
        assert conflict.ids <= shown
    for holding in inventories(view.events, day):
        assert set(holding.events) <= shown
    for _, sides in beliefs(view.events):
        assert {s.id for side in sides for s in side.said} <= shown
    assert inventories(LEDGER.events, day) == inventories(view.events, day)


@given(DATES, DATES)
@settings(deadline=None, max_examples=100)
def test_a_later_view_holds_the_earlier_one(one: str, two: str):
    early, late = sorted((one, two), key=last_day)
    assert said(LEDGER.of(as_of=early)) <= said(LEDGER.of(as_of=late))


@given(DATES, st.sampled_from(list(CATALOGUE)))
@settings(deadline=None, max_examples=200)
def test_no_value_is_chosen_from_a_later_source(date: str, item: str):
    for parameter in CATALOGUE[item].parameters.values():
        try:
            choice = parameter.choose(f"as-of:{date}")
        except InputError:
            assert not [c for c in parameter.claims if c.source.latest_day <= last_day(date)]
            continue
        shown = [*choice.over, *choice.agree, *([choice.claim] if choice.claim else [])]
        for claim in shown:
            assert claim.source.date is not None
            assert last_day(claim.source.date) <= last_day(date)


def test_an_undated_article_is_in_no_view():
    undated = {e.id for e in LEDGER.events if e.source.date is None}
    assert undated
    assert not undated & said(LEDGER.of(as_of="9998"))
    assert all(e.id.startswith("article.") for e in article_events(ARTICLES))
