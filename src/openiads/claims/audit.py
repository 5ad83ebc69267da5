"""The audit: a verdict for each checkable claim of the source articles.

Each technical claim has a judge, a function that weighs its sentence with the checks of
`openiads.claims.checks` and the evidence of the record. What physics cannot reach is judged by
the record alone: claims that a conflict rule sets against others contradict these, claims that
independent voices share are supported, and the rest, with opinions and announcements, is not
checkable. `openiads.claims.findings` sees to it that nothing judges itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from openiads.claims.articles import (
    ArticleClaim,
    article_claims,
    article_events,
    load_articles,
)
from openiads.claims.conflicts import catalogue_conflicts
from openiads.claims.disagreement import Conflict
from openiads.claims.findings import Evidence, Finding, Margin, Step
from openiads.claims.ledger import Event, Ledger, load_ledger
from openiads.claims.ledger_conflicts import conflict_pairs, ledger_conflicts
from openiads.claims.ledger_steps import reports_of
from openiads.faults import InputError
from openiads.scenario.catalogue import Catalogue, load_catalogue
from openiads.scenario.sources import count_voices

TECHNICAL = tuple(str(n) for n in range(1, 30))
"""Ids of the claims about systems; the rest are about transfers."""

WHY_NOT = {
    "opinion": "It is an opinion: no measurement settles it.",
    "event": "It is an announcement, not a property of a system.",
    "history": "It is a date in a design bureau's history; public texts repeat one another on it.",
    "sanction": "It is a matter of law and record, not of physics.",
    "schedule": "It is a date of a programme, and a single origin gives it.",
    "deal": "It is a report about a transfer; no second, independent report of the step was found.",
    "technical": "No open physics bears on it, and no independent claim of the record does.",
}

REASONS = {
    "17": "“Game changer” names no measure: neither what changes nor by how much.",
    "18": "“Most advanced” names no measure to rank by; reach, ceiling and speed are judged one "
    "by one (claims 1, 2, 14).",
    "27": "It is an announcement about a film, not a property of a system.",
    "29": "It is a forecast without a term or a measure; only the years can judge it.",
    "45": "It is a slip: the same article has this system delivered the year before. It is weighed "
    "with claim 8.",
    "9": "A reporting name and a class are conventions, not measurements.",
    "23": "It says that something is not published; that cannot be weighed, only refuted by "
    "publishing it.",
}
"""Better reasons where the kind of a claim says too little."""


@dataclass(frozen=True)
class Record:
    """All that the judges may look at."""

    catalogue: Catalogue
    ledger: Ledger
    articles: tuple[ArticleClaim, ...]
    conflicts: tuple[Conflict, ...]
    pairs: frozenset[frozenset[str]] = frozenset()
    """Pairs of reports, by id, that a rule of the ledger sets against one another."""

    @property
    def events(self) -> list[Event]:
        """The events of the ledger, and what the articles say of transfers beyond them."""
        return [*self.ledger.events, *article_events(self.articles)]

    @classmethod
    def load(cls, catalogue: Catalogue | None = None) -> Record:
        """The shipped record, or another catalogue with the shipped rest."""
        held = catalogue or load_catalogue()
        articles, ledger = load_articles(), load_ledger()
        events = [*ledger.events, *article_events(articles)]
        conflicts = catalogue_conflicts(held, article_claims(articles))
        conflicts += ledger_conflicts(events, ledger.context)
        pairs = frozenset(conflict_pairs(events))
        return cls(held, ledger, articles, tuple(conflicts), pairs)

    def judged(self, article: ArticleClaim) -> frozenset[str]:
        """The article's claim and the claims of the catalogue that carry its sentences."""
        sources = {source.id for source, _ in article.said}
        held = {f"article.{article.id}"}
        for name in article.see:
            item, _, parameter = name.partition(".")
            if parameter and item in self.catalogue:
                claims = self.catalogue[item].parameters[parameter].claims
                held |= {c.id for c in claims if c.source.id in sources}
        return frozenset(held)

    def evidence(self, article: ArticleClaim) -> Evidence:
        """Evidence for judging the article's claim."""
        return Evidence(self.catalogue, self.judged(article))


Judge = Callable[[ArticleClaim, Evidence, Record], Finding]


def audit(
    record: Record, only: Sequence[str] = TECHNICAL, judges: dict[str, Judge] | None = None
) -> list[Finding]:
    """A finding for each claim of ``only``, in that order.

    Raises ``InputError`` for an id that no claim has, and `CircularityError` if a judge used what
    it judged.
    """
    from openiads.claims.judges import JUDGES

    table = JUDGES if judges is None else judges
    by_id = {a.id: a for a in record.articles}
    unknown = [name for name in only if name not in by_id]
    if unknown:
        raise InputError.of(f"no claim '{unknown[0]}'", "claims are numbered 1 to 81")
    found = []
    for name in only:
        article = by_id[name]
        evidence = record.evidence(article)
        judge = table.get(name, by_record)
        finding = judge(article, evidence, record)
        finding = replace(
            finding,
            judged=tuple(sorted(evidence.judged)),
            uses=tuple(dict.fromkeys([*finding.uses, *evidence.used])),
            against=finding.against or _against(article, record),
        )
        found.append(finding.checked(evidence.forbidden))
    return found


def by_record(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """The verdict of the record alone, without physics."""
    if article.kind == "opinion" or article.kind == "event":
        why = REASONS.get(article.id, WHY_NOT[article.kind])
        return Finding(article.id, "not checkable", why, mind=MIND["opinion"])
    opponents = _opponents(article, record)
    if opponents:
        return _contradicting(article, opponents, record)
    agreeing = _agreeing(article, record)
    if agreeing:
        names = ", ".join(sorted({e.source.publisher for e in agreeing}))
        why = f"Independent reports agree: {names}."
        voices = float(count_voices(e.source for e in agreeing))
        return Finding(
            article.id,
            "supported",
            why,
            margin=Margin(voices, "voices", "independent voices that agree"),
            calculation=(Step("independent voices that agree", voices, "voices"),),
            uses=tuple(e.id for e in agreeing),
            mind=MIND["record"],
        )
    why = REASONS.get(article.id, WHY_NOT[article.kind])
    return Finding(article.id, "not checkable", why, mind=MIND.get(article.id, MIND["record"]))


MIND = {
    "opinion": "A sentence that can be measured.",
    "9": "A sentence with a figure: from how far on a range is long.",
    "11": "A dated document of the design bureau.",
    "23": "The specifications, published.",
    "record": "A dated primary document: a contract, a delivery certificate, a statement by name.",
}


def _contradicting(
    article: ArticleClaim, opponents: Mapping[str, Event], record: Record
) -> Finding:
    """Which reports cannot be so beside the claim's, which agree, and how it may be read."""
    own = _events_of(article, record)
    agreeing = [e for e in _agreeing(article, record) if e.id not in opponents]
    ours = float(count_voices(e.source for e in [*own, *agreeing]))
    theirs = float(count_voices(e.source for e in opponents.values()))
    shown = [f"{_step(e)} ({e.source.publisher}, {e.source.date or 'undated'})"
             for e in opponents.values()]  # fmt: skip
    mine = _own_ids(article, record)
    readings = dict.fromkeys(
        r for c in _conflicts_of(article, record) if c.ids & mine and c.ids & opponents.keys()
        for r in c.readings
    )  # fmt: skip
    more = f"; and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return Finding(
        article.id,
        "contradicts another claim",
        f"Against it stand {'; '.join(shown[:SHOWN])}{more}.",
        conditions=tuple(readings)[:SHOWN],
        margin=Margin(ours - theirs, "voices", "independent voices with it beyond those against"),
        calculation=(
            Step("independent voices with it", ours, "voices"),
            Step("independent voices against it", theirs, "voices"),
        ),
        uses=tuple(e.id for e in agreeing),
        against=tuple(opponents),
        mind=MIND["record"],
    )


SHOWN = 6
"""How many reports and readings are named; the ids of all are given."""


def _step(event: Event) -> str:
    """What the event says, in a few words."""
    if event.reading.rank is not None:
        return f"number {event.reading.rank} by {event.reading.of}"
    if event.reading.missiles:
        return f"with {', '.join(event.reading.missiles)}"
    told = f"denied: {event.reading.denies}" if event.reading.denies else event.kind
    expected = [x.period.shown() for x in event.reading.expects[:1]]
    return f"{told} {expected[0] if expected else event.happened.shown()}"


def _opponents(article: ArticleClaim, record: Record) -> dict[str, Event]:
    """Reports that a rule sets against a report of the article's, pair by pair."""
    mine = _own_ids(article, record)
    others = {i for pair in record.pairs if pair & mine for i in pair - mine}
    return {e.id: e for e in record.events if e.id in others}


def _own_ids(article: ArticleClaim, record: Record) -> set[str]:
    """Ids of all that carries the article's sentences: claims, events, readings as data."""
    mine = set(record.judged(article)) | {e.id for e in _events_of(article, record)}
    return mine | {
        i for c in record.conflicts for i in c.ids if i.startswith(f"article.{article.id}.")
    }


def _events_of(article: ArticleClaim, record: Record) -> list[Event]:
    """Events that carry the article's sentences: the first that `see` lists of each source."""
    held = {e.id: e for e in record.ledger.events}
    found: dict[str, Event] = {}
    for source, _ in article.said:
        mine = [held[n] for n in article.see if n in held and held[n].source.id == source.id]
        for event in mine[:1]:
            found[event.id] = event
    return list(found.values())


def _conflicts_of(article: ArticleClaim, record: Record) -> list[Conflict]:
    mine = _own_ids(article, record)
    return [c for c in record.conflicts if c.ids & mine and c.rule != "sequence"]


def _against(article: ArticleClaim, record: Record) -> tuple[str, ...]:
    """Ids of what the conflict rules set against the article's claim."""
    mine = set(record.judged(article)) | {e.id for e in _events_of(article, record)}
    found: list[str] = []
    for conflict in _conflicts_of(article, record):
        for side in conflict.sides:
            ids = [s.id for s in side.said]
            if not mine & set(ids):
                found += ids
    return tuple(dict.fromkeys(found))


def _agreeing(article: ArticleClaim, record: Record) -> list[Event]:
    """Reports by independent voices of the same steps in periods that meet."""
    mine = _events_of(article, record)
    found: dict[str, Event] = {}
    for one in reports_of(mine):
        for other in reports_of(record.ledger.events):
            same = (other.event.buyer, other.event.family, other.kind, other.lot) == (
                one.event.buyer,
                one.event.family,
                one.kind,
                one.lot,
            )
            apart = count_voices([one.event.source, other.event.source]) == 2
            if same and apart and one.period.meets(other.period) and one.how == other.how:
                found[other.event.id] = other.event
    return list(found.values())


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each verdict."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
    return counts
