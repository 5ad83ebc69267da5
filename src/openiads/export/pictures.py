"""Small figures as SVG: curves over an axis, and claimed values on a strip."""

from __future__ import annotations

import math
from html import escape

from openiads.claims.findings import Curves, Strip

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 16, 44
INK = ("#1b4f91", "#a0522d", "#0f5c3a", "#6a3d9a")
DASHES = ("", "7 4", "2 3", "9 3 2 3")
ROW = 22
LABELS = 210


def picture_svg(picture: Curves | Strip, name: str) -> str:
    """The figure with a title and a description; ``name`` makes its ids unique on the page."""
    return _curves(picture, name) if isinstance(picture, Curves) else _strip(picture, name)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``, at most ``most`` of them or nearly so."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1.0, 2.0, 2.5, 5.0, 10.0) if s * power >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _open(name: str, title: str, about: str, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(about)}</desc>'
    )


def _curves(c: Curves, name: str) -> str:
    points = [p for _, line in c.series for p in line] + [(x, y) for x, y, _ in c.marks]
    right, top = max(x for x, _ in points), max(y for _, y in points)

    def at(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / right * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    about = f"{c.y_label} over {c.x_label}. " + "; ".join(text for _, _, text in c.marks)
    parts = [_open(name, c.title, about, HEIGHT)]
    for x in ticks(0.0, right):
        a, b = at(x, 0.0)
        parts.append(
            f'<path d="M{a:.1f} {TOP}V{b:.1f}" class="grid"/><text x="{a:.1f}" y="{b + 16:.1f}" '
            f'text-anchor="middle">{x:g}</text>'
        )
    for y in ticks(0.0, top, 5):
        a, b = at(0.0, y)
        parts.append(
            f'<path d="M{a:.1f} {b:.1f}H{WIDTH - RIGHT}" class="grid"/><text x="{a - 8:.1f}" '
            f'y="{b + 4:.1f}" text-anchor="end">{y:g}</text>'
        )
    for i, (label, line) in enumerate(c.series):
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in (at(x, y) for x, y in line))
        dash = f' stroke-dasharray="{DASHES[i % 4]}"' if DASHES[i % 4] else ""
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{INK[i % 4]}" stroke-width="2"{dash}/>'
            f'<path d="M{LEFT + 14} {TOP + 12 + 18 * i}h26" stroke="{INK[i % 4]}" '
            f'stroke-width="2"{dash}/><text x="{LEFT + 46}" y="{TOP + 16 + 18 * i}">'
            f"{escape(label)}</text>"
        )
    for x, y, text in c.marks:
        a, b = at(x, y)
        # clear of the curve: to the left above it, to the right below it
        anchor, shift, up = ("end", -8, -22) if a > 0.7 * WIDTH else ("start", 8, 18)
        up = up if b + up < HEIGHT - BOTTOM - 4 else -8
        parts.append(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4.5" fill="#8c1f1f"/><text x="{a + shift:.1f}" '
            f'y="{b + up:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        f'{escape(c.x_label)}</text><text transform="translate(14 {HEIGHT / 2 - 12}) rotate(-90)" '
        f'text-anchor="middle">{escape(c.y_label)}</text></svg>'
    )
    return "".join(parts)


def _strip(s: Strip, name: str) -> str:
    height = TOP + ROW * len(s.rows) + BOTTOM
    right = 1.08 * max([high for _, _, high, _ in s.rows] + [v for v, _ in s.limits])
    left = 0.0
    if s.unit == "year":
        left = math.floor(min(low for _, low, _, _ in s.rows)) - 1.0
        right = math.ceil(right / 1.08) + 1.0

    def at(value: float) -> float:
        return LABELS + (value - left) / (right - left) * (WIDTH - LABELS - RIGHT)

    told = "; ".join(f"{label}: {_span(low, high)} {s.unit}" for label, low, high, _ in s.rows)
    parts = [_open(name, s.title, told, height)]
    floor = height - BOTTOM
    for value in ticks(left, right):
        parts.append(
            f'<path d="M{at(value):.1f} {TOP}V{floor}" class="grid"/><text x="{at(value):.1f}" '
            f'y="{floor + 16}" text-anchor="middle">{value:g}</text>'
        )
    for value, label in s.limits:
        parts.append(
            f'<path d="M{at(value):.1f} {TOP - 6}V{floor}" class="now"/><text x="{at(value):.1f}" '
            f'y="{floor + 34}" text-anchor="middle">{escape(label)}</text>'
        )
    for i, (label, low, high, judged) in enumerate(s.rows):
        y = TOP + ROW * (i + 0.5)
        ink = "#8c1f1f" if judged else "#1b4f91"
        weight = ' font-weight="600"' if judged else ""
        parts.append(
            f'<text x="{LABELS - 12}" y="{y + 4:.1f}" text-anchor="end"{weight}>{escape(label)}'
            f'</text><path d="M{at(low):.1f} {y:.1f}H{at(high):.1f}" stroke="{ink}" '
            f'stroke-width="5" stroke-linecap="round"/><circle cx="{at(high):.1f}" cy="{y:.1f}" '
            f'r="4.5" fill="{ink}"/>'
        )
    unit = f'<text x="{WIDTH - RIGHT}" y="{floor + 34}" text-anchor="end">{escape(s.unit)}</text>'
    return "".join(parts) + unit + "</svg>"


def _span(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
