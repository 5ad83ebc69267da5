"""Charts of a campaign: distributions, fates by class, shares with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openiads.export.svg import (
    Scale,
    circle,
    group,
    interval,
    line,
    nice_step,
    number,
    percent,
    picture,
    rect,
    text,
    ticks,
    x_axis,
    y_grid,
)

BINS_MOST = 40


def histogram(name: str, title: str, values: NDArray[Any], what: str, mean: Any) -> str:
    """Distribution of whole numbers over replications, with the mean and its interval.

    ``mean`` is the summary's {"mean", "ci95"}. Bins are as wide as it takes to have at most
    `BINS_MOST`; the mean's 95 % interval is the band around its line.
    """
    width, height, left, right, top, bottom = 540, 270, 52, 14, 44, 46
    values = np.asarray(values, float)
    least, most = float(values.min()), float(values.max())
    step = max(1.0, nice_step(most - least + 1.0, BINS_MOST))
    first, last = np.floor(least / step), np.floor(most / step)
    counts = np.bincount(((values // step) - first).astype(int), minlength=int(last - first) + 1)
    shares = counts / len(values)
    # A bin of one whole number is centred on it; a wider one starts at its first.
    shift = 0.5 if step == 1.0 else 0.0
    pad = 0.5 * step * max(0, 6 - len(counts))
    x = Scale(first * step - shift - pad, (last + 1) * step - shift + pad, left, width - right)
    y = Scale(0.0, float(shares.max()) * 1.06, height - bottom, top)
    y_ticks = ticks(0.0, y.high, nice_step(y.high, 4))
    body = [y_grid(y, left, width - right, y_ticks, [f"{100 * v:g} %" for v in y_ticks])]
    for k, share in enumerate(shares):
        begin = (first + k) * step
        said = f"{begin:g}" if step == 1.0 else f"{begin:g} to {begin + step - 1:g}"
        a, b = x(begin - shift), x(begin + step - shift)
        gap = 1.0 if b - a > 5.0 else 0.0
        if share > 0:
            tip = f"{said} {what}: {100 * share:.3g} % of replications"
            body.append(rect(a + gap, y(share), b - a - 2 * gap, y(0) - y(share), "bar", tip))
    body.append(_mean_mark(x, y, top, mean))
    x_ticks = ticks(x.low, x.high, max(1.0, nice_step(x.high - x.low, 9)))
    body.append(x_axis(x, height - bottom, x_ticks, [f"{v:,.0f}" for v in x_ticks]))
    body.append(text(0.5 * (left + width - right), height - 8, what, "label", "middle"))
    low, high = np.quantile(values, [0.05, 0.95])
    desc = (
        f"Histogram over {len(values)} replications: {what} from {least:g} to {most:g}, mean "
        f"{interval(mean['mean'], *mean['ci95'])}, nine in ten between {low:g} and {high:g}."
    )
    return picture(name, width, height, title, desc, "".join(body))


def _mean_mark(x: Scale, y: Scale, top: float, mean: Any) -> str:
    at = x(mean["mean"])
    low, high = mean["ci95"]
    parts = []
    if low is not None and high is not None:
        a, b = max(x.start, x(low)), min(x.end, x(high))
        parts.append(rect(a, top - 6, max(b - a, 1.0), y(0) - top + 6, "band"))
    parts.append(line(at, top - 8, at, y(0), "mean"))
    words = f"mean {interval(mean['mean'], low, high)}"
    reach = 3.4 * len(words)
    side = min(max(at, x.start + reach), x.end - reach)
    parts.append(text(side, top - 16, words, "value", "middle"))
    return group(parts)


class Fate(NamedTuple):
    """Mean fates of one class: its count, those killed, and those leaked by broken link."""

    name: str
    total: int
    leaked: Mapping[str, float]

    @property
    def killed(self) -> float:
        return self.total - sum(self.leaked.values())


def fate_bars(name: str, title: str, fates: Sequence[Fate]) -> str:
    """One bar a class: the share killed, then the shares leaked by first broken link."""
    width, left, right, top, pitch, thick = 1080, 190, 190, 8, 38, 24
    height = top + pitch * len(fates) + 34
    x = Scale(0.0, 1.0, left, width - right)
    body = []
    for row, fate in enumerate(fates):
        y = top + row * pitch
        body.append(text(left - 12, y + 16, fate.name, "name", "end"))
        body.append(_bar(fate, x, y, thick))
        out = sum(fate.leaked.values())
        said = f"{number(out)} of {fate.total:,} leak"
        body.append(text(width - right + 12, y + 16, said, "value"))
    marks = ticks(0.0, 1.0, 0.2)
    body.append(x_axis(x, height - 26, marks, [f"{100 * v:.0f} %" for v in marks]))
    desc = "; ".join(
        f"{f.name}: {number(f.killed)} of {f.total} killed"
        + "".join(f", {number(v)} leaked by {k}" for k, v in f.leaked.items())
        for f in fates
    )
    return picture(name, width, height, title, desc + ".", "".join(body))


def _bar(fate: Fate, x: Scale, y: float, thick: float) -> str:
    parts, begin = [], 0.0
    for link, amount in (("killed", fate.killed), *fate.leaked.items()):
        share = amount / fate.total
        a, b = x(begin), x(begin + share)
        begin += share
        if b - a < 0.3:
            continue
        tip = f"{fate.name}, {link}: {number(amount)} of {fate.total} ({100 * share:.3g} %)"
        # A hair of paper between neighbours tells them apart without their colours.
        hair = 0.8 if b - a > 3.0 else 0.0
        parts.append(rect(a, y, b - a - hair, thick, f"fill-{link}", tip))
        label = number(amount)
        if link == "killed":
            label += " killed"
        if b - a > 7.0 * len(label) + 6.0:
            style = "on-killed" if link == "killed" else f"on-{link}"
            parts.append(text(0.5 * (a + b), y + 16, label, f"inside {style}", "middle"))
    return "".join(parts)


def share_dots(
    name: str,
    title: str,
    shares: Mapping[str, Mapping[str, Any]],
    links: Mapping[str, str] | None = None,
) -> str:
    """One dot a row with its 95 % interval, on a common axis of shares.

    A row is a link of the kill chain, or something else whose colour ``links`` names by its link.
    """
    width, left, right, top, pitch = 1080, 400 if links else 190, 190, 8, 30
    height = top + pitch * len(shares) + 34
    most = max((s["ci95"][1] for s in shares.values()), default=1.0)
    step = nice_step(min(most, 1.0), 6)
    x = Scale(0.0, min(1.0, step * np.ceil(most / step - 1e-9)) or 1.0, left, width - right)
    marks = ticks(0.0, x.high, step)
    bottom = height - 26
    body = [line(x(v), top, x(v), bottom, "grid") for v in marks]
    for row, (label, share) in enumerate(shares.items()):
        link = links[label] if links else label
        y = top + (row + 0.5) * pitch
        low, high = share["ci95"]
        body.append(text(left - 12, y + 4, label, "name", "end"))
        body.append(line(x(0.0), y, x(share["share"]), y, "stem"))
        body.append(line(x(low), y, x(high), y, f"whisker stroke-{link}"))
        body += [line(x(e), y - 5, x(e), y + 5, f"whisker stroke-{link}") for e in (low, high)]
        body.append(circle(x(share["share"]), y, 5, f"fill-{link}"))
        said = percent(share["share"], low, high)
        body.append(text(width - right + 12, y + 4, said, "value"))
    body.append(x_axis(x, bottom, marks, [f"{100 * v:.3g} %" for v in marks]))
    desc = "; ".join(f"{k}: {percent(s['share'], *s['ci95'])}" for k, s in shares.items())
    return picture(name, width, height, title, desc + ".", "".join(body))
