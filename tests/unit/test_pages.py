"""The pages: self-contained, and what can be told of accessibility without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from openiads.claims.audit import Record, audit
from openiads.claims.inventory import inventories
from openiads.claims.ledger import load_ledger
from openiads.claims.ledger_conflicts import ledger_conflicts
from openiads.export.audit_page import amount, audit_page, card_of
from openiads.export.ledger_page import ledger_page
from openiads.export.pictures import ticks
from openiads.export.timeline import timeline_text

VOID = {"meta", "br", "img", "input", "link", "hr", "path", "circle", "rect"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.needs: list[str] = []
        self.headings: list[int] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.tags.append(tag)
        self.attributes.append((tag, held))
        self.ids += [held["id"]] if held.get("id") else []
        self.needs += (held.get("aria-labelledby") or "").split()
        self.links += [held[k] for k in ("src", "href") if held.get(k)]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    record = Record.load()
    held = {a.id: a for a in record.articles}
    cards = [
        card_of(f, held[f.claim].claim, held[f.claim].said, f"{f.claim}. ") for f in audit(record)
    ]
    part = load_ledger().of("Turkey")
    conflicts = ledger_conflicts(part.events, part.context)
    return {
        "audit": audit_page(cards, "An audit", "A lede with <b>markup</b> & signs."),
        "ledger": ledger_page(part, conflicts, inventories(part.events)),
    }


@pytest.mark.parametrize("name", ["audit", "ledger"])
def test_a_page_is_one_file_and_well_formed(pages, name):
    reader = Reader()
    reader.feed(pages[name])
    assert reader.open == []
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    assert not re.search(r"@import|url\(", pages[name])
    assert all(link.startswith(("#", "http")) for link in reader.links)
    assert [a for t, a in reader.attributes if t == "html"] == [{"lang": "en"}]


@pytest.mark.parametrize("name", ["audit", "ledger"])
def test_a_page_can_be_navigated_by_ear(pages, name):
    reader = Reader()
    reader.feed(pages[name])
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.needs) <= set(reader.ids)
    assert reader.headings[0] == 1 and reader.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(reader.headings, reader.headings[1:], strict=False))
    for tag, held in reader.attributes:
        if tag == "svg":
            assert held.get("aria-hidden") == "true" or (
                held.get("role") == "img" and held.get("aria-labelledby")
            )
        if tag == "th":
            assert held.get("scope") in ("row", "col")
    assert reader.tags.count("main") == 1


def test_words_are_escaped_and_unchanged(pages):
    assert "A lede with &lt;b&gt;markup&lt;/b&gt; &amp; signs." in pages["audit"]
    assert (
        "can engage targets at a distance of 400 km and at an altitude of up to 30 km"
        in (pages["audit"])
    )
    assert "004_3460d6bdf8fae82d.txt" in pages["audit"]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_ink_can_be_read_on_every_paper(pages):
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", pages["audit"]))
    for ink in ("ink", "soft", "link", "good", "some", "bad", "grey"):
        for paper in ("paper", "card"):
            pair = sorted((luminance(named[ink]), luminance(named[paper])))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (ink, paper)


def test_ticks_and_amounts():
    assert ticks(0.0, 482.0) == [0.0, 100.0, 200.0, 300.0, 400.0]
    assert amount(421_519.1, "m") == "421.5 km"
    assert amount(5167.06, "m/s") == "5.17 km/s"
    assert amount(85.714, "s") == "85.71 s"


def test_a_timeline_in_text():
    text = timeline_text(load_ledger().of("Iraq").in_order())
    assert len(text.splitlines()) == 6 + 2
    assert "o" in text and "iq-04" in text
