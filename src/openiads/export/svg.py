"""SVG by hand: elements, axes and the palette that all pictures of the report share.

Colours are named, not written: an element says ``fill-track`` and `palette_css` gives the name a
value for light and for dark paper. Text that comes from a person is escaped where it enters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Colour(NamedTuple):
    """One name of the palette, on light and on dark paper."""

    light: str
    dark: str


PALETTE: dict[str, Colour] = {
    # paper and ink
    "paper": Colour("#fdfdfb", "#15181c"),
    "panel": Colour("#f4f5f2", "#1c2026"),
    "ink": Colour("#1a1e23", "#e7e9eb"),
    "quiet": Colour("#57606a", "#a3adb7"),
    "rule": Colour("#d8dcdf", "#343a42"),
    "faint": Colour("#e9ebec", "#262b32"),
    "accent": Colour("#0b5a8f", "#7cbcec"),
    # fates
    "killed": Colour("#c9ced3", "#4a525b"),
    "kill": Colour("#0b6b50", "#4cc79b"),
    "leak": Colour("#c03a00", "#ff8a4d"),
    # links, one hue a phase: see blue, track green, decide orange, engage purple
    "horizon": Colour("#163172", "#426e9e"),
    "detection": Colour("#6189c5", "#bbc6ea"),
    "track": Colour("#0a614c", "#149a7d"),
    "identification": Colour("#26a07a", "#aee7c8"),
    "window": Colour("#bb7900", "#fed379"),
    "channel": Colour("#ba3005", "#fc894f"),
    "magazine": Colour("#7a2601", "#c65621"),
    "miss": Colour("#873b9f", "#d89ffa"),
    "assessment": Colour("#765bce", "#9264cc"),
    "operator": Colour("#3d0f0a", "#9e5840"),
    # how far the chain has come for one threat: one hue, more ink
    "chain-1": Colour("#dde9f3", "#1e3346"),
    "chain-2": Colour("#a8c9e4", "#27506f"),
    "chain-3": Colour("#5c9acb", "#3a739e"),
    "chain-4": Colour("#1c5c99", "#62a3d6"),
    # kinds of threat on the plan, always with a mark of their own as well
    "kind-1": Colour("#467dbb", "#7dc7ff"),
    "kind-2": Colour("#a73200", "#e17c2a"),
    "kind-3": Colour("#1e6c4d", "#20a176"),
    "kind-4": Colour("#a23f7f", "#c97da8"),
    "kind-5": Colour("#988919", "#e4ca4f"),
    "kind-6": Colour("#623ea9", "#9a84d6"),
    "kind-7": Colour("#3f464d", "#c3cad1"),
    "kind-8": Colour("#770523", "#f28e99"),
}
KINDS = 8
MARKS = ("circle", "square", "triangle", "diamond", "cross", "ring")


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours "#rrggbb", from 1 to 21.

    (L1 + 0.05) / (L2 + 0.05) with relative luminance L. Reference: W3C, Web Content Accessibility
    Guidelines 2.2, "contrast ratio" and "relative luminance".
    """

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on ``colour``."""
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, colour))


def palette_css() -> str:
    """The palette as CSS: variables for both kinds of paper, and one class a use of a colour."""

    def variables(paper: str) -> str:
        values = {name: getattr(colour, paper) for name, colour in PALETTE.items()}
        return "".join(f"--{n}:{c};--on-{n}:{ink_on(c)};" for n, c in values.items())

    uses = "".join(
        f".fill-{name}{{fill:var(--{name})}}.stroke-{name}{{stroke:var(--{name})}}"
        f".key-{name}{{background:var(--{name})}}.on-{name}{{fill:var(--on-{name})}}"
        for name in PALETTE
    )
    dark = f"@media(prefers-color-scheme:dark){{:root{{{variables('dark')}}}}}"
    return f":root{{{variables('light')}}}{dark}{uses}"


def num(value: float) -> str:
    """A coordinate with a tenth of a pixel, as short as it can be written."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def rect(x: float, y: float, width: float, height: float, style: str, title: str = "") -> str:
    """A rectangle; ``title`` is shown by a pointer that rests on it."""
    head = f'<rect x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}"'
    if title:
        return f'{head} class="{style}"><title>{escape(title)}</title></rect>'
    return f'{head} class="{style}"/>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """A straight line."""
    return f'<path d="M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}" class="{style}"/>'


def polyline(points: Iterable[tuple[float, float]], style: str) -> str:
    """A line through points, not filled."""
    steps = "L".join(f"{num(x)} {num(y)}" for x, y in points)
    return f'<path d="M{steps}" class="{style}"/>'


def circle(x: float, y: float, radius: float, style: str) -> str:
    """A circle."""
    return f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(radius)}" class="{style}"/>'


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    """A line of text; ``anchor`` is start, middle or end."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    kind = f' class="{style}"' if style else ""
    return f'<text x="{num(x)}" y="{num(y)}"{side}{kind}>{escape(words)}</text>'


def group(parts: Iterable[str], title: str = "", extra: str = "") -> str:
    """Parts that belong together, with a title for pointers and readers aloud."""
    head = f"<title>{escape(title)}</title>" if title else ""
    return f"<g{extra}>{head}{''.join(parts)}</g>"


def mark(kind: str, x: float, y: float, size: float, style: str) -> str:
    """A mark of half-width ``size``: circle, ring, square, triangle, diamond or cross."""
    if kind in ("circle", "ring"):
        return circle(x, y, size, f"{style} open" if kind == "ring" else style)
    shapes = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "triangle": ((0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
        "diamond": ((0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)),
        "cross": (
            (-1.2, -0.4), (-0.4, -0.4), (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4),
            (1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4),
        ),
    }  # fmt: skip
    points = "L".join(f"{num(x + size * dx)} {num(y + size * dy)}" for dx, dy in shapes[kind])
    return f'<path d="M{points}Z" class="{style}"/>'


def picture(name: str, width: float, height: float, title: str, desc: str, body: str) -> str:
    """A whole picture, named for readers aloud by its title and description.

    ``name`` makes the ids and must be unique on the page.
    """
    return (
        f'<svg id="{name}" viewBox="0 0 {num(width)} {num(height)}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" style="min-width:{num(min(width, 0.62 * width))}px">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(desc)}</desc>'
        f"{body}</svg>"
    )


class Scale(NamedTuple):
    """A linear map of values in [low, high] to pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts ``span`` in at most ``most`` parts."""
    if not span > 0.0:
        return 1.0
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (1.0, 2.0, 5.0, 10.0):
        if step * power >= rough * (1.0 - 1e-9):
            return step * power
    return 10.0 * power


def ticks(low: float, high: float, step: float) -> list[float]:
    """Multiples of ``step`` in [low, high]."""
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def x_axis(scale: Scale, y: float, values: Sequence[float], labels: Sequence[str]) -> str:
    """A horizontal axis with labelled ticks below it."""
    parts = [line(scale.start, y, scale.end, y, "axis")]
    for value, label in zip(values, labels, strict=True):
        x = scale(value)
        parts += [line(x, y, x, y + 4, "axis"), text(x, y + 17, label, "tick", "middle")]
    return "".join(parts)


def y_grid(scale: Scale, x1: float, x2: float, values: Sequence[float], labels: list[str]) -> str:
    """Horizontal grid lines with labels at their left."""
    parts = []
    for value, label in zip(values, labels, strict=True):
        y = scale(value)
        parts += [line(x1, y, x2, y, "grid"), text(x1 - 7, y + 4, label, "tick", "end")]
    return "".join(parts)


def shown(value: float, half: float | None = None) -> str:
    """A number with no more digits than its interval of half-width ``half`` supports."""
    if value == 0.0:
        return "0"
    if half is None or not half > 0.0:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    digits = min(4, max(0, -math.floor(math.log10(half))))
    return f"{value:,.{digits}f}"


def number(mean: float) -> str:
    """A mean of counts, to the hundredth below ten: "0.25", "13.8", "1,204"."""
    if mean == 0.0:
        return "0"
    return f"{mean:.2f}" if mean < 10.0 else f"{mean:.1f}" if mean < 1000.0 else f"{mean:,.0f}"


def interval(mean: float, low: float | None, high: float | None) -> str:
    """ "9.1 [8.9, 9.3]", or the mean alone where there is no interval."""
    if low is None or high is None or not math.isfinite(high - low):
        return shown(mean)
    half = 0.5 * (high - low)
    return f"{shown(mean, half)} [{shown(low, half)}, {shown(high, half)}]"


def percent(share: float, low: float | None = None, high: float | None = None) -> str:
    """ "66.1 % [64.7, 67.5]"."""
    if low is None or high is None:
        return f"{shown(100 * share)} %"
    half = min(max(50 * (high - low), 0.05), 0.5)
    return f"{shown(100 * share, half)} % [{shown(100 * low, half)}, {shown(100 * high, half)}]"
