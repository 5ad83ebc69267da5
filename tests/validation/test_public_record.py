"""Authority: the fact base that the project starts from (../shared/facts).

Every claim of it is in the package with value, unit, bound, source and words unchanged. Where the
fact base is absent (it is not shipped) the same is asked of digests of its claims, carried in
data/public_record_digests.json; `python tests/validation/test_public_record.py` writes them anew
from the fact base. Tolerance: none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openiads.claims.articles import load_articles
from openiads.claims.ledger import load_ledger
from openiads.scenario.catalogue import Catalogue, load_catalogue
from openiads.scenario.shipped import DATA, FOLDERS, shipped_document, shipped_files
from openiads.scenario.sources import Source

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "facts"
DIGESTS = Path(__file__).parent / "data" / "public_record_digests.json"
SOURCE_KEYS = ("title", "publisher", "url", "date", "date_inferred", "tier", "seed")


def digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_row(source: dict[str, Any]) -> list[Any]:
    return [source.get(key) or None for key in SOURCE_KEYS]


def fact_claims() -> dict[str, Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    rows = {}
    for file, section in (("systems.yaml", "systems"), ("threats.yaml", "threats")):
        data = yaml.load(FACTS / file)
        for item in data[section].values():
            for parameter in item["parameters"].values():
                for c in parameter["claims"]:
                    said = [c["value"], c["unit"], c["bound"], c["quote"], c["note"]]
                    rows[c["id"]] = [*said, *source_row(c["source"])]
    return rows


def carried_claims(catalogue: Catalogue) -> dict[str, Any]:
    rows = {}
    for c in catalogue.claims():
        value = {"min": c.value[0], "max": c.value[1]} if isinstance(c.value, tuple) else c.value
        rows[c.id] = [value, c.unit, c.bound, c.quote, c.note, *_row(c.source)]
    return rows


def _row(source: Source) -> list[Any]:
    return source_row({key: getattr(source, key) for key in SOURCE_KEYS})


EVENT_KEYS = ("buyer", "seller", "system", "kind", "date", "quantity", "value")


def fact_events() -> dict[str, Any]:
    from ruamel.yaml import YAML

    data = YAML(typ="safe").load(FACTS / "deals.yaml")
    rows = {}
    for e in data["events"]:
        said = [e[key] for key in EVENT_KEYS]
        words = [e["claim_status"], e["quote"], e["note"]]
        rows[e["id"]] = [*said, *words, *source_row(e["source"])]
    for e in data["context_events"]:
        words = [e["kind"], e["date"], e["quote"], e["note"]]
        rows[e["id"]] = [*words, *source_row(e["source"])]
    return rows


def carried_events() -> dict[str, Any]:
    ledger = load_ledger()
    rows: dict[str, Any] = {}
    for e in ledger.events:
        quantity = dict(zip(("number", "unit"), e.quantity, strict=True)) if e.quantity else None
        value = None
        if e.value:
            value = {"amount": e.value[0], "currency": e.value[1]}
            value |= {"qualifier": e.value[2]} if e.value[2] else {}
        said = [e.buyer, e.seller, e.system, e.kind, e.date, quantity, value]
        rows[e.id] = [*said, e.status, e.quote, e.note, *_row(e.source)]
    for c in ledger.context:
        rows[c.id] = [c.kind, c.date, c.quote, c.note, *_row(c.source)]
    return rows


def fact_articles() -> dict[str, Any]:
    text = (FACTS / "seed_claims.md").read_text(encoding="utf-8")
    rows = {}
    for block in re.split(r"(?m)^(?=\d+\. \*\*)", text)[1:]:
        head = re.match(r"(\d+)\. \*\*(.*)\*\* \((.*)\)\n", block)
        if head:
            said = re.findall(r'- (\S+\.txt): "(.*)"\n', block)
            rows[head[1]] = [head[2], head[3], [list(pair) for pair in said]]
    return rows


def carried_articles() -> dict[str, Any]:
    return {
        a.id: [a.claim, a.kind, [[source.seed, quote] for source, quote in a.said]]
        for a in load_articles()
    }


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_every_claim_of_the_fact_base_is_carried_unchanged(catalogue: Catalogue):
    carried = carried_claims(catalogue)
    expected = json.loads(DIGESTS.read_text())["claims"]
    assert len(expected) == 413
    assert {i: digest(carried.get(i)) for i in expected} == expected


@pytest.mark.shared
@pytest.mark.skipif(not FACTS.exists(), reason="../shared/facts is absent: digests alone are used")
def test_the_digests_are_those_of_the_fact_base(catalogue: Catalogue):
    facts = fact_claims()
    carried = carried_claims(catalogue)
    assert {i: carried.get(i) for i in facts} == facts
    assert json.loads(DIGESTS.read_text())["claims"] == {i: digest(r) for i, r in facts.items()}


def test_every_event_of_the_fact_base_is_carried_unchanged():
    carried = carried_events()
    expected = json.loads(DIGESTS.read_text())["events"]
    assert len(expected) == 167 + 13
    assert {i: digest(carried.get(i)) for i in expected} == expected


def test_every_claim_of_the_articles_is_carried_with_its_file_and_words():
    carried = carried_articles()
    expected = json.loads(DIGESTS.read_text())["articles"]
    assert len(expected) == 81
    assert {i: digest(carried.get(i)) for i in expected} == expected
    assert all(name.endswith(".txt") for _, _, said in carried.values() for name, _ in said)


@pytest.mark.shared
@pytest.mark.skipif(not FACTS.exists(), reason="../shared/facts is absent: digests alone are used")
def test_the_digests_of_events_and_articles_are_those_of_the_fact_base():
    events, articles = fact_events(), fact_articles()
    assert {i: carried_events().get(i) for i in events} == events
    assert {i: carried_articles().get(i) for i in articles} == articles
    held = json.loads(DIGESTS.read_text())
    assert held["events"] == {i: digest(r) for i, r in events.items()}
    assert held["articles"] == {i: digest(r) for i, r in articles.items()}


def test_no_claim_is_without_source_and_unit(catalogue: Catalogue):
    for claim in catalogue.claims():
        assert claim.source.title and claim.source.publisher and claim.source.tier, claim.id
        assert claim.unit is not None or isinstance(claim.value, str), claim.id
        assert 0 < len(claim.quote.split()) <= 25, claim.id


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}", key
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
    else:
        yield path, value


def test_there_are_no_coordinates():
    degrees = re.compile(
        r"\d\s*°\s*\d|\d[.,]\d+\s*°?\s*[NSEW]\b|\b[NSEW]\s?\d{2,3}[.,]\d{2,}|-?\d+\.\d{4,}\s*,\s*-?\d"
    )
    words = re.compile(r"(?i)^(lat|lon|latitude|longitude|coordinates?|mgrs|utm)$")
    names = ["sources.yaml", *(n for folder in FOLDERS for n in shipped_files(folder))]
    assert len(names) > 10
    for name in names:
        for path, value in walk(shipped_document(name)[0].data):
            assert not words.match(str(value)), f"{name}: {path}"
            assert not degrees.search(str(value)), f"{name}: {path}: {value}"
    assert DATA.is_dir()


if __name__ == "__main__":
    found = {"claims": fact_claims(), "events": fact_events(), "articles": fact_articles()}
    held = {name: {i: digest(r) for i, r in rows.items()} for name, rows in found.items()}
    DIGESTS.write_text(json.dumps(held, indent=0) + "\n")
