"""``openiads audit``: which public claim can be true, and under which conditions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openiads.cli.common import emit_json, note, say

if TYPE_CHECKING:
    from openiads.claims.findings import Finding
    from openiads.scenario.catalogue import Catalogue
    from openiads.scenario.sources import Source

    Told = tuple[str, tuple[tuple[Source, str], ...], Finding]


def register(app: typer.Typer) -> None:
    """Add the command ``audit``."""
    app.command("audit")(audit)


def audit(
    file: Annotated[str, typer.Argument(help="A YAML file of your own claims.")] = "",
    claim: Annotated[str, typer.Option(help="Only these claims, as in 1,5,21.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Claims about transfers too.")] = False,
    extra: Annotated[str, typer.Option("--with", help="A catalogue file laid over.")] = "",
    html: Annotated[str, typer.Option(help="Write a self-contained page to FILE.html.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object.")] = False,
) -> None:
    """Hold the claims of the source articles, or your own, against open physics and the record.

    Example: openiads audit --html audit.html
    """
    from openiads.scenario.catalogue import load_catalogue

    catalogue = load_catalogue([Path(extra)] if extra else ())
    if file:
        from openiads.claims.audit_own import audit_file

        told: list[Told] = [(text, (), found) for text, found in audit_file(Path(file), catalogue)]
    else:
        told = _articles(catalogue, claim, every)
    if html:
        _page(told, Path(html), file, catalogue)
        return
    if as_json:
        _json(told)
        return
    for sentence, _, found in told:
        say(f"{found.claim}. {sentence}")
        say(f"    {found.verdict}: {found.why}")
        for condition in found.conditions:
            say(f"      - {condition}")
        if found.margin:
            say(f"    margin {found.margin.value:+g} {found.margin.unit}: {found.margin.of}")
    from openiads.claims.audit import tally

    counts = tally(found for _, _, found in told)
    say(", ".join(f"{number} {verdict}" for verdict, number in counts.items()))


def _articles(catalogue, claim: str, every: bool) -> list[Told]:  # type: ignore[no-untyped-def]
    from openiads.claims.audit import TECHNICAL, Record, audit

    record = Record.load(catalogue)
    held = {a.id: a for a in record.articles}
    only = [c.strip() for c in claim.split(",")] if claim else list(held if every else TECHNICAL)
    found = audit(record, only)
    return [(held[f.claim].claim, held[f.claim].said, f) for f in found]


def _json(told: list[Told]) -> None:
    from openiads.claims.audit import tally

    emit_json(
        {
            "findings": [
                {
                    "sentence": sentence,
                    "said": [
                        {"source": s.id, "file": s.seed, "date": s.date, "quote": quote}
                        for s, quote in said
                    ],
                    **found.as_dict(),
                }
                for sentence, said, found in told
            ],
            "verdicts": tally(found for _, _, found in told),
        }
    )


def _page(told: list[Told], path: Path, file: str, catalogue: Catalogue) -> None:
    from openiads.claims.articles import load_articles
    from openiads.claims.ledger import load_ledger
    from openiads.export.audit_page import audit_page, card_of, told_by_id

    number = "" if file else "{}. "
    cards = [card_of(f, text, said, number.format(f.claim)) for text, said, f in told]
    title = f"The claims of {Path(file).name}" if file else "What the articles claim of the S-400"
    lede = (
        f"{len(cards)} claims, each held against open physics and against what others have "
        "published: what was said, who said it, whether it can be so, and what would change our "
        "mind."
    )
    words = told_by_id(catalogue, load_ledger(), load_articles())
    path.write_text(audit_page(cards, title, lede, words), encoding="utf-8")
    note(f"wrote {path}")
