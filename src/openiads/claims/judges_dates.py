"""Judges of dates of the S-400 and the S-500: claims 8, 24 and 25.

Physics has no say here. A date is held against what the record reports later, and against claims
by voices of their own.
"""

from __future__ import annotations

from openiads.claims.articles import ArticleClaim
from openiads.claims.audit import Record
from openiads.claims.conflicts import period_of
from openiads.claims.findings import Evidence, Finding, Margin, Step, Strip
from openiads.claims.ledger import FIRST_DAY, Period
from openiads.claims.ledger_steps import Report, reports_of
from openiads.scenario.record import Claim, independent_voices
from openiads.scenario.sources import count_voices

HANDED_OVER = ("delivery-start", "delivery-complete", "commissioned")
CALLED_UPCOMING = "article.45"
"""The sentence of July 2019 that has the S-400 yet to come."""


def year_of(day: str) -> float:
    """A day as a year and its part: 2019-07-01 is 2019.5."""
    year, month, date = (int(part) for part in day.split("-"))
    return year + (month - 1) / 12 + (date - 1) / 365.25


def service_2007(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """8: entered service in 2007, beside a sentence that calls it upcoming in July 2019."""
    slip = next(a for a in record.articles if f"article.{a.id}" == CALLED_UPCOMING)
    said_on = slip.said[0][0].latest_day
    handed = [
        r for r in reports_of(record.ledger.events)
        if r.event.family == "S-400" and r.kind in HANDED_OVER and r.how == "reported"
        and r.event.reading.part == "system" and r.period.last <= said_on
        and r.event.said_by <= said_on
    ]  # fmt: skip
    itself = [r for r in handed if r.event.source.id == slip.said[0][0].id]
    first = min((r for r in handed if r.period.first != FIRST_DAY), key=_first)
    voices = count_voices(r.event.source for r in handed)
    own = len({s.id for s, _ in article.said})
    origins = count_voices(s for s, _ in article.said)
    quotes = "; ".join(f"“{r.event.quote}”" for r in itself[:2])
    year = 2007.0
    return Finding(
        article.id,
        "only if",
        f"{len(handed)} reports by {voices} voices have the S-400 handed over abroad before August "
        f"2019, the earliest in {first.period.shown()}: it was in service well before. For 2007 "
        f"itself {own} articles speak, of {origins} origin.",
        conditions=(
            "that origin (TASS) is trusted for the year: no other voice of the record gives one",
            (
                "the sentence of July 2019 that calls it “upcoming” is a slip for the S-500: the "
                f"same article has {quotes}"
            ),
        ),
        margin=Margin(
            round(year_of(first.period.first) - year, 1),
            "years",
            "from 2007 to the earliest report of a transfer",
        ),
        calculation=(
            Step("earliest year of a reported transfer", year_of(first.period.first), "year"),
            Step("reports of transfers before August 2019", float(len(handed)), "reports"),
            Step("of these in the article that calls it upcoming", float(len(itself)), "reports"),
        ),
        uses=tuple(r.event.id for r in handed),
        against=(CALLED_UPCOMING,),
        mind="A dated order or report of the armed forces on the first regiment.",
    )


def _first(report: Report) -> str:
    return report.period.first


def production_2019(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """24: production began in June 2019."""
    dated = _dated(evidence.claims("s-500.production_start"))
    mine = Period.of("2019-06")
    agree = [c for c, p in dated if p.meets(mine)]
    against = [(c, p) for c, p in dated if not p.meets(mine)]
    other = "; ".join(f"{c.value} ({c.source.publisher})" for c, _ in against)
    return Finding(
        article.id,
        "only if",
        f"{', '.join(c.source.publisher for c in agree)} gives the same month; against it stands "
        f"{other}.",
        conditions=("“production” means the first pieces, and the later date the series",),
        margin=Margin(
            round(min(year_of(p.first) for _, p in against) - year_of(mine.last), 1),
            "years",
            "from June 2019 to the next date that is claimed",
        ),
        calculation=(
            Step("independent voices for June 2019", float(independent_voices(agree)), "voices"),
            Step(
                "independent voices for another date",
                float(independent_voices(c for c, _ in against)),
                "voices",
            ),
        ),
        against=tuple(c.id for c, _ in against),
        mind="A dated statement of the maker.",
    )


def service_2020(article: ArticleClaim, evidence: Evidence, record: Record) -> Finding:
    """25: expected to enter service in 2020."""
    mine = Period.of("2020")
    dated = _dated(evidence.claims("s-500.service_entry"))
    later = [
        (c, p) for c, p in dated if p.first > mine.last and c.source.latest_day > mine.last
    ]  # fmt: skip
    first, when = min(later, key=lambda held: held[1].first)
    said = "; ".join(f"{c.value} ({c.source.publisher})" for c, _ in dated)
    still = "article.26"
    return Finding(
        article.id,
        "contradicts another claim",
        f"Other claims: {said}. Nobody who writes after 2020 has it enter service in that year.",
        conditions=(
            "it is read as what was expected in July 2019, and not as what came",
            (
                f"the earliest entry that is reported and not foretold: {first.value}, by "
                f"{first.source.publisher}"
            ),
            "another article calls the system still “intended” in July 2021 (claim 26)",
        ),
        margin=Margin(
            round(year_of(mine.last) - year_of(when.first), 1),
            "years",
            "end of 2020 less the earliest entry that is reported afterwards",
        ),
        calculation=(
            Step("other dates", float(len(dated)), "claims"),
            Step(
                "independent voices behind them",
                float(independent_voices(c for c, _ in dated)),
                "voices",
            ),
            Step("claims made after 2020", float(len(later)), "claims"),
            Step("earliest entry among these", year_of(when.first), "year"),
        ),
        uses=(still,),
        against=(*(c.id for c, p in dated if not p.meets(mine)), still),
        picture=Strip(
            "Claimed entry of the S-500 into service",
            "year",
            (
                ("judged: 2020", 2020.0, 2021.0, True),
                *(_row(c, p) for c, p in sorted(dated, key=lambda held: held[1].first)),
            ),
        ),
        mind="A report of an entry into service in 2020.",
    )


def _row(claim: Claim, period: Period) -> tuple[str, float, float, bool]:
    """A row of a strip of years; a period ends with its last day."""
    publisher = claim.source.publisher.split(" (")[0].split(" / ")[0].split(" via ")[0]
    return publisher[:32], year_of(period.first), round(year_of(period.last), 2), False


def _dated(claims: tuple[Claim, ...]) -> list[tuple[Claim, Period]]:
    return [(c, p) for c in claims if (p := period_of(c)) is not None]
