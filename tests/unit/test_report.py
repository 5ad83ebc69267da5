"""The report: self-contained, accessible, the same bytes for the same run, at any size."""

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from openiads.analysis.why import LINK_MEANING
from openiads.campaigns.outcomes import summarise
from openiads.engine.world import CHANNEL, HOSTILE, MISS, NEUTRAL, SHOT_KILL, TRACK
from openiads.export.report import ROWS_MOST, write_report
from openiads.export.svg import interval
from tiny_run import leaks, tiny_log, tiny_model, tiny_outcomes

VOID = {"meta", "link", "br", "path", "circle", "rect", "img", "hr"}


class Page(HTMLParser):
    """Every element with its attributes, its parents and its text; fails on crossed tags."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.elements = [], []
        self.feed(text)
        assert not self.stack

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "in": [e["tag"] for e in self.stack], "text": "", **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "in": [], "text": "", **dict(attrs)})

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.stack.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.stack:
            element["text"] += data

    def all(self, *tags):
        return [e for e in self.elements if e["tag"] in tags]


def make(tmp_path, names=("a", "b", "c"), links=((MISS, TRACK, 0), (0, CHANNEL, 0)), **kwargs):
    model = tiny_model(list(names), kwargs.pop("classes", None), kwargs.pop("wave", "wave"))
    model.tables.threats["side"] = kwargs.pop("sides", 0)
    lines = [
        *leaks(0, "miss", (10.0, "in-sight", 0, {"unit": 0}), (20.0, "detected", 0),
               (30.0, "tracked", 0), (40.0, "identified", 0), (45.0, "order", 0),
               (50.0, "launch", 0, {"serial": 0}), (60.0, "intercept", 0, {"serial": 0})),
        *leaks(1, "track", (10.0, "in-sight", 1), (20.0, "detected", 1)),
        *((0.0, "start", k) for k in range(2, len(names))),
        *((49.0, "launch", k, {"serial": k}) for k in range(2, len(names))),
        *((90.0, "intercept", k, {"serial": k, "value": SHOT_KILL}) for k in range(2, len(names))),
        *((90.0, "killed", k) for k in range(2, len(names))),
    ]  # fmt: skip
    outcomes = tiny_outcomes([list(row) for row in links])
    path = tmp_path / "report.html"
    log = tiny_log(model, lines)
    write_report(model, outcomes, summarise(model, outcomes), log, path, **kwargs)
    return path.read_text(encoding="utf-8"), model


def test_answer_comes_first_with_its_interval(tmp_path):
    text, _ = make(tmp_path)
    page = Page(text)
    (head,) = page.all("h1")
    mean, low, high = (1.5, 0.0, 3.0)  # t interval of (2, 1): 1.5 ± 12.706 * 0.5, cut at 0 and at 3
    assert head["text"] == f"Of 3 threats, {interval(mean, low, high)} get through on average."
    assert page.elements.index(head) < page.elements.index(page.all("svg")[0])


def test_neutrals_and_the_harmless_are_no_threats_with_a_fate(tmp_path):
    classes = ["missile", "missile", "airliner"]
    text, _ = make(tmp_path, classes=classes, sides=[HOSTILE, HOSTILE, NEUTRAL])
    (table,) = [e for e in Page(text).all("table") if "Mean fate of each class" in e["text"]]
    assert "missile" in table["text"] and "airliner" not in table["text"]


def test_loads_nothing_and_runs_nothing(tmp_path):
    page = Page(make(tmp_path)[0])
    assert not page.all("script", "img", "iframe", "link", "object", "embed", "video", "audio")
    assert not [e for e in page.elements if any(k.startswith("on") for k in e)]
    assert not [e for e in page.elements if "src" in e or "srcset" in e or "xlink:href" in e]
    (style,) = page.all("style")
    assert "@import" not in style["text"] and "url(" not in style["text"]
    links = [e["href"] for e in page.all("a")]
    assert "https://example.org/a" in links
    ids = {e["id"] for e in page.elements if "id" in e}
    assert all(h.startswith("https://") or h.removeprefix("#") in ids for h in links)


def test_can_be_read_aloud(tmp_path):
    page = Page(make(tmp_path)[0])
    levels = [int(e["tag"][1]) for e in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    ids = [e["id"] for e in page.elements if "id" in e]
    assert len(ids) == len(set(ids))
    pictures = [e for e in page.all("svg") if "aria-hidden" not in e]
    assert len(pictures) == 6
    for drawing in pictures:
        assert drawing["role"] == "img"
        assert set(drawing["aria-labelledby"].split()) <= set(ids)
    assert all(e.get("scope") in ("col", "row", "rowgroup") for e in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) >= 5
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("main") and page.all("header") and page.all("footer")


def test_says_what_it_rests_on_and_what_is_assumed(tmp_path):
    text, model = make(tmp_path)
    assert "Assumed (1 of 3)" in text and "Claimed in public (1)" in text
    assert '<span class="assumed">assumed</span>' in text
    for words in ("Somebody", "2020-01-02", "reaches 400 km", "600 km", "radar.range.02"):
        assert words in text
    assert model.hash in text
    for meaning in LINK_MEANING.values():
        assert meaning.replace("'", "&#39;") in text


def test_names_of_a_person_stay_text(tmp_path):
    evil = '<img src=x onerror="alert(1)">'
    text, _ = make(tmp_path, names=(evil, "b", "c"), classes=[evil, "k", "k"], wave=evil)
    page = Page(text)
    assert not page.all("img")
    assert evil in page.all("body")[0]["text"]


def test_same_run_same_bytes(tmp_path):
    assert make(tmp_path)[0] == make(tmp_path)[0]
    assert not list(tmp_path.glob("*.tmp"))


def test_command_repeats_the_run(tmp_path):
    config = {
        "scenario": "my raid", "set": {"duration": "30 min"}, "versions": {"openiads": "9.9"},
        "text": "map: <none>",
    }  # fmt: skip
    text, _ = make(tmp_path, config=config)
    command = "openiads run &#39;my raid&#39; -n 2 --seed 7 --set &#39;duration=30 min&#39;"
    assert command in text
    assert "openiads 9.9" in text and "map: &lt;none&gt;" in text


def test_nothing_leaked(tmp_path):
    text, _ = make(tmp_path, links=((0, 0, 0), (0, 0, 0)))
    assert "No threat got through" in text and "Every threat was stopped" in text


def test_one_replication_has_no_interval(tmp_path):
    text, _ = make(tmp_path, links=((MISS, TRACK, 0),))
    (head,) = Page(text).all("h1")
    assert head["text"] == "Of 3 threats, 2 get through on average."
    assert "nan" not in text.lower().replace("finance", "")


@pytest.mark.parametrize("count", [48, 4000])
def test_stays_small_and_says_what_it_leaves_out(tmp_path, count):
    rng = np.random.default_rng(1)
    links = rng.integers(0, 2, (3, count)) * MISS
    text, _ = make(tmp_path, names=[f"t{k}" for k in range(count)], links=links.tolist())
    assert len(text.encode()) < 600_000
    rows = len(re.findall(r'class="row"', text))
    assert rows == min(count, ROWS_MOST)
    assert ("60 of 4,000 threats" in text) == (count > ROWS_MOST)


def test_changes_stand_in_the_page_with_every_leaker(tmp_path):
    change = {"words": "a <mast> higher", "set": {"defence.x": "34 m"}}
    rows = [
        {"words": "a <mast> higher", "count": 1, "share": 0.5, "ci95": [0.1, 0.9],
         "acts_on": "horizon"},
        {"words": "none of the changes tried", "count": 1, "share": 0.5, "ci95": [0.1, 0.9],
         "acts_on": None},
    ]  # fmt: skip
    leakers = [
        {"replication": 0, "threat": "a", "link": "miss", "change": change},
        {"replication": 1, "threat": "b", "link": "track", "change": None},
    ]
    found = {"leakers": leakers, "by_change": rows, "changes_tried": 7}
    text, _ = make(tmp_path, changes=found)
    page = Page(text)
    told = " ".join(e["text"] for e in page.all("section"))
    assert "a <mast> higher" in told and "<mast>" not in text
    assert "defence.x=34 m" in told
    assert "7 changes were put into the scenario" in told
    assert "What would have stopped them" not in make(tmp_path)[0]


def test_the_report_says_what_was_lost(tmp_path):
    model = tiny_model(["a"])
    outcomes = tiny_outcomes([[MISS], [MISS], [0], [0]])
    outcomes.lost[0, 0] = 1
    path = tmp_path / "report.html"
    log = tiny_log(model, leaks(0, "horizon"))
    write_report(model, outcomes, summarise(model, outcomes), log, path)
    (table,) = [e for e in Page(path.read_text()).all("table") if "Aimed at" in e["text"]]
    assert "port" in table["text"] and "25" in table["text"]
