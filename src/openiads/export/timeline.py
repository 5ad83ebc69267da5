"""Events on two time axes, as text for a terminal and as SVG for a page.

Text: one line an event, time from left to right; ``=`` spans when it happened or was to happen,
``o`` marks the day when it was said. SVG: the horizontal axis is when it happened, the vertical
one when it was said; on the diagonal the two are the same, above it lies hindsight, below it are
plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from openiads.claims.ledger import Event, Period

TEXT_COLUMNS = 48
SIZE = 640
MARGIN = 64

SHAPES = {
    "negotiation": ("circle", "#5b6b7b"),
    "agreement": ("circle", "#3f6f9f"),
    "contract": ("square", "#1f4e8c"),
    "payment": ("square", "#6a8cbb"),
    "delivery-start": ("diamond", "#1d7a4f"),
    "delivery-complete": ("diamond", "#0b5534"),
    "commissioned": ("diamond", "#7a4f9f"),
    "suspension-reported": ("cross", "#a83232"),
    "planned": ("triangle", "#a86a12"),
    "denied": ("cross", "#6f1d1d"),
}
"""Shape and colour of a kind: the shape alone tells them apart where colour does not."""


def span_of(event: Event) -> Period:
    """When it happened, or where it foresees something, when that was to happen."""
    foreseen = [x.period for x in event.reading.expects]
    if foreseen:
        return Period(min(p.first for p in foreseen), max(p.last for p in foreseen))
    return Period.of(event.date)


def year_fraction(day: str) -> float:
    """A day as a year with a fraction, near enough for drawing."""
    year, month, date = (int(part) for part in day.split("-"))
    return year + (month - 1) / 12 + (date - 1) / 372


def _drawn(event: Event, low: float, high: float) -> tuple[float, float]:
    """The ends of an event's period, open ends cut to the axis."""
    period = span_of(event)
    return max(low, year_fraction(period.first)), min(high, year_fraction(period.last))


def axis(events: Sequence[Event]) -> tuple[int, int]:
    """First and last year that the dated events touch, as (first, last + 1)."""
    years = [
        int(day[:4])
        for e in events
        for day in (span_of(e).first, span_of(e).last, e.said_by)
        if not day.startswith(("0000", "9999"))
    ]
    return (min(years), max(years) + 1) if years else (2000, 2001)


def timeline_text(events: Sequence[Event], columns: int = TEXT_COLUMNS) -> str:
    """The timeline as text, one line an event."""
    low, high = axis(events)
    scale = (columns - 1) / (high - low)
    lines = [f"{'':<34} {low}{' ' * max(1, columns - 8)}{high}"]
    for e in events:
        cells = [" "] * columns
        if e.date is not None or e.reading.expects:
            first, last = _drawn(e, low, high)
            for place in range(round((first - low) * scale), round((last - low) * scale) + 1):
                cells[min(place, columns - 1)] = "="
        if e.source.date is not None:
            cells[round((year_fraction(e.said_by) - low) * scale)] = "o"
        name = f"{e.buyer[:12]} {e.kind}"
        lines.append(f"{name:<34} {''.join(cells).rstrip():<{columns}} {e.id}")
    lines.append("= happened or was to happen   o said")
    return "\n".join(lines)


def timeline_svg(events: Sequence[Event], title: str) -> str:
    """The two axes as an SVG figure with a title and a description for screen readers."""
    shown = [e for e in events if e.source.date and (e.date or e.reading.expects)]
    low, high = axis(shown)
    scale = (SIZE - 2 * MARGIN) / (high - low)

    def x(t: float) -> float:
        return MARGIN + (t - low) * scale

    def y(t: float) -> float:
        return SIZE - MARGIN - (t - low) * scale

    about = (
        f"{len(shown)} reports; across: when it happened or was to happen; up: when it was said. "
        "The table below holds the same reports."
    )
    parts = [
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-labelledby="t d" class="timeline">',
        f'<title id="t">{escape(title)}</title><desc id="d">{escape(about)}</desc>',
    ]
    step = max(1, round((high - low) / 10))
    for year in range(low, high + 1, step):
        parts.append(
            f'<path d="M{x(year):.1f} {MARGIN}V{SIZE - MARGIN}M{MARGIN} {y(year):.1f}'
            f'H{SIZE - MARGIN}" class="grid"/>'
            f'<text x="{x(year):.1f}" y="{SIZE - MARGIN + 18}" text-anchor="middle">{year}</text>'
            f'<text x="{MARGIN - 8}" y="{y(year) + 4:.1f}" text-anchor="end">{year}</text>'
        )
    parts.append(f'<path d="M{x(low):.1f} {y(low):.1f}L{x(high):.1f} {y(high):.1f}" class="now"/>')
    for e in shown:
        parts.append(_mark(e, x, y, low, high))
    parts.append(
        f'<text x="{SIZE / 2}" y="{SIZE - 10}" text-anchor="middle">happened, or was to</text>'
        f'<text transform="translate(12 {SIZE / 2}) rotate(-90)" text-anchor="middle">said</text>'
        "</svg>"
    )
    return "".join(parts)


def _mark(e: Event, x, y, low: int, high: int) -> str:  # type: ignore[no-untyped-def]
    first, last = _drawn(e, low, high)
    shape, colour = SHAPES[e.kind]
    at, up = x((first + last) / 2), y(year_fraction(e.said_by))
    label = escape(f"{e.id}: {e.buyer}, {e.kind}, {span_of(e).shown()}, said {e.source.date}")
    bar = f'<path d="M{x(first):.1f} {up:.1f}H{x(last):.1f}" stroke="{colour}" class="bar"/>'
    return f"<g><title>{label}</title>{bar}{glyph(shape, at, up, colour)}</g>"


def glyph(shape: str, x: float, y: float, colour: str, r: float = 5) -> str:
    """One mark of a kind of event."""
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if shape == "square":
        return (
            f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}" '
            f'fill="{colour}"/>'
        )
    if shape == "cross":
        return (
            f'<path d="M{x - r:.1f} {y - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}" '
            f'stroke="{colour}" stroke-width="2.5" fill="none"/>'
        )
    top = 1.3 * r
    if shape == "triangle":
        return (
            f'<path d="M{x:.1f} {y - top:.1f}l{top:.1f} {2 * r + 1}h{-2 * top:.1f}z" '
            f'fill="{colour}"/>'
        )
    return (
        f'<path d="M{x:.1f} {y - top:.1f}l{top:.1f} {top:.1f}l{-top:.1f} {top:.1f}'
        f'l{-top:.1f} {-top:.1f}z" fill="{colour}"/>'
    )
