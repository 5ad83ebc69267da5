"""What the judges share: from a check to a finding, and the pictures of claimed values."""

from __future__ import annotations

from openiads.claims.articles import ArticleClaim
from openiads.claims.checks import Held
from openiads.claims.findings import Finding, Strip
from openiads.scenario.record import Claim
from openiads.units import to_si

CLAIMED_REACH_M = 400e3


def finding_of(article: ArticleClaim, held: Held, mind: str, **more: object) -> Finding:
    """A finding with the check's verdict and working, but for what ``more`` words anew."""
    settings: dict[str, object] = {
        "verdict": held.verdict,
        "why": held.why,
        "conditions": held.conditions,
        "margin": held.margin,
        "calculation": held.calculation,
        "models": held.models,
        "assumed": held.assumed,
        "picture": held.picture,
        "mind": mind,
        **more,
    }
    return Finding(article.id, **settings)  # type: ignore[arg-type]


def strip_of(
    title: str, claims: tuple[Claim, ...], judged_si: float, unit: str, name: str
) -> Strip:
    """The values of claims beside the judged one, in the unit of the judged."""
    rows = [(f"judged: {name}", judged_si, judged_si, True)]
    for c in claims:
        if not isinstance(c.value, str):
            ends = c.value if isinstance(c.value, tuple) else (c.value, c.value)
            low, high = (to_si(float(v), c.unit) / to_si(1.0, unit) for v in ends)
            rows.append((c.source.publisher.split(",")[0][:32], low, high, False))
    return Strip(title, unit, tuple(rows))
