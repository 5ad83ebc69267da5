"""What a file of the ledger or of the articles must be: every fault in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openiads.faults import Fault, nearest
from openiads.scenario.reader import Document, Key
from openiads.scenario.record_check import QUOTE_WORDS, check_places
from openiads.scenario.sources import is_date

KINDS = {
    "negotiation": "talks or interest",
    "agreement": "agreed in principle, or a stage of approval",
    "contract": "signed",
    "payment": "paid, or terms of payment",
    "delivery-start": "first shipment of a lot",
    "delivery-complete": "a lot has arrived",
    "commissioned": "in service with the buyer",
    "suspension-reported": "said to be halted or delayed",
    "planned": "said to be going to happen",
    "denied": "said not to be so",
}
STATUS = {
    "official-statement": "named official or government body quoted",
    "anonymous-source": "unnamed source quoted",
    "media-report": "stated by the outlet without a named source",
    "analyst-comment": "judgement of an analyst or dataset",
}
DENIABLE = ("negotiation", "sale", "agreement", "contract", "delivery-start", "commissioned")
PARTS = ("system", "missiles")

_EVENT_KEYS = frozenset(
    {"kind", "seller", "system", "date", "quantity", "value", "status", "source", "quote", "note",
     "reading"}
)  # fmt: skip
_READING_KEYS = frozenset(
    {"lot", "part", "topic", "by", "denies", "until", "missiles", "expects", "implies", "rank",
     "of"}
)  # fmt: skip
_CONTEXT_KEYS = frozenset({"kind", "parties", "date", "source", "quote", "note"})
_EXPECTED_KEYS = frozenset({"kind", "lot", "date"})
_ARTICLE_KEYS = frozenset({"claim", "kind", "section", "said", "agree", "see", "says"})


def check_ledger(document: Document, sources: Iterable[str]) -> list[Fault]:
    """Faults of a ledger file: a ``buyer`` with ``events``, or ``context``."""
    known = set(sources)
    faults: list[Fault] = []
    data = document.data
    for other in data.keys() - {"buyer", "events", "context", "sources"}:
        faults.append(document.fault((other,), "is not read here", "buyer, events or context"))
    if "events" in data and not isinstance(data.get("buyer"), str):
        faults.append(document.fault(("buyer",), "is missing", "write `buyer: Country`"))
    for section in ("events", "context"):
        entries = data.get(section, {})
        if not isinstance(entries, dict):
            faults.append(document.fault((section,), "must map ids to events"))
            continue
        for name, raw in entries.items():
            key: Key = (section, name)
            if not isinstance(raw, dict):
                faults.append(document.fault(key, "must be a mapping"))
            elif section == "events":
                faults += _check_event(document, key, raw, known)
            else:
                needed = ("kind", "parties", "date", "source", "quote")
                faults += _check_keys(document, key, raw, _CONTEXT_KEYS, needed)
                faults += _check_said(document, key, raw, known)
    return faults


def _check_event(document: Document, key: Key, raw: dict[str, Any], known: set[str]) -> list[Fault]:
    needed = ("kind", "seller", "system", "status", "source", "quote")
    faults = _check_keys(document, key, raw, _EVENT_KEYS, needed)
    faults += _check_said(document, key, raw, known)
    faults += _one_of(document, (*key, "kind"), raw.get("kind"), KINDS)
    faults += _one_of(document, (*key, "status"), raw.get("status"), STATUS)
    quantity, value = raw.get("quantity"), raw.get("value")
    if quantity is not None and (
        not isinstance(quantity, dict) or not {"number", "unit"} <= quantity.keys()
    ):
        mend = "as in {number: 2, unit: batteries}"
        faults.append(document.fault((*key, "quantity"), "must have number and unit", mend))
    if value is not None and (
        not isinstance(value, dict)
        or not isinstance(value.get("amount"), int | float)
        or not isinstance(value.get("currency"), str)
    ):
        mend = "as in {amount: 2500000000, currency: USD}"
        faults.append(document.fault((*key, "value"), "must have amount and currency", mend))
    return faults + _check_reading(document, (*key, "reading"), raw.get("reading"))


def _check_reading(document: Document, key: Key, raw: Any) -> list[Fault]:
    if raw is None:
        return []
    if not isinstance(raw, dict):
        return [document.fault(key, "must be a mapping")]
    faults = _check_keys(document, key, raw, _READING_KEYS, ())
    if "denies" in raw:
        faults += _one_of(document, (*key, "denies"), raw["denies"], DENIABLE)
    if "part" in raw:
        faults += _one_of(document, (*key, "part"), raw["part"], PARTS)
    if not isinstance(raw.get("by", False), bool):
        faults.append(document.fault((*key, "by"), "must be true or false"))
    for section in ("expects", "implies"):
        entries = raw.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            faults.append(document.fault((*key, section), "must be a list of {kind, lot, date}"))
            continue
        for place, entry in enumerate(entries):
            here = (*key, section, place)
            faults += _check_keys(document, here, entry, _EXPECTED_KEYS, ("kind",))
            faults += _one_of(document, (*here, "kind"), entry.get("kind"), KINDS)
            faults += _check_period(document, (*here, "date"), entry.get("date"))
    return faults


def _check_said(document: Document, key: Key, raw: dict[str, Any], known: set[str]) -> list[Fault]:
    faults = _check_period(document, (*key, "date"), raw.get("date"))
    source, quote = raw.get("source"), raw.get("quote")
    if isinstance(source, str) and source not in known:
        mend = nearest(source, known)
        faults.append(document.fault((*key, "source"), f"'{source}' is no known source", mend))
    if isinstance(quote, str) and len(quote.split()) > QUOTE_WORDS:
        said = f"has {len(quote.split())} words"
        faults.append(document.fault((*key, "quote"), said, f"at most {QUOTE_WORDS}"))
    return faults + check_places(document, key, raw)


def _check_period(document: Document, key: Key, date: Any) -> list[Fault]:
    if date is None:
        return []
    ends = str(date).split("/")
    if not isinstance(date, str) or len(ends) > 2 or not all(is_date(e) for e in ends if e):
        mend = "write '2018', 2018-03, 2018-03-01, or a period such as 2017-12/2018-01"
        return [document.fault(key, f"'{date}' is no date", mend)]
    return []


def check_articles(document: Document, sources: Iterable[str]) -> list[Fault]:
    """Faults of the file of article claims."""
    known = set(sources)
    faults: list[Fault] = []
    claims = document.data.get("claims")
    if not isinstance(claims, dict):
        return [document.fault(("claims",), "must map numbers to claims")]
    for name, raw in claims.items():
        key: Key = ("claims", name)
        if not isinstance(raw, dict):
            faults.append(document.fault(key, "must be a mapping"))
            continue
        needed = ("claim", "kind", "section", "said", "agree")
        faults += _check_keys(document, key, raw, _ARTICLE_KEYS, needed)
        for place, said in enumerate(raw.get("said") or ()):
            here = (*key, "said", place)
            if not isinstance(said, dict) or said.get("article") not in known:
                faults.append(document.fault(here, "names no known article"))
            elif len(str(said.get("quote", "")).split()) > QUOTE_WORDS:
                faults.append(document.fault(here, f"has more than {QUOTE_WORDS} words"))
    return faults


def _one_of(document: Document, key: Key, value: Any, known: Iterable[str]) -> list[Fault]:
    if value is None or value in known:
        return []
    return [document.fault(key, f"'{value}' is not known here", nearest(str(value), known))]


def _check_keys(
    document: Document,
    key: Key,
    raw: dict[str, Any],
    known: frozenset[str],
    needed: tuple[str, ...],
) -> list[Fault]:
    faults = [
        document.fault((*key, name), "is not known here", nearest(str(name), known))
        for name in raw
        if name not in known
    ]
    faults += [
        document.fault(key, f"has no {name}", f"add `{name}:`")
        for name in needed
        if raw.get(name) is None or raw[name] == ""
    ]
    return faults
