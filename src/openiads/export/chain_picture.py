"""The kill chain of one replication as a picture: a row a threat, a panel a wave."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openiads.analysis.timeline import Chain
from openiads.analysis.why import clock
from openiads.export.svg import (
    Scale,
    group,
    line,
    mark,
    nice_step,
    picture,
    polyline,
    rect,
    text,
    ticks,
    x_axis,
)

WIDTH, LEFT, RIGHT, PITCH = 1080.0, 118.0, 104.0, 16.0
HEAD, FOOT = 34.0, 34.0

STAGES = ("in sight", "detected", "tracked", "identified")
"""Stages of the chain in the order in which a row's bar darkens (`chain-1` to `chain-4`)."""


def chain_picture(name: str, title: str, waves: Sequence[tuple[str, Sequence[Chain]]]) -> str:
    """A panel for each (heading, chains) with its own time axis, so that each chain can be read.

    A panel begins shortly before its first threat comes in sight; a threat in the air before that
    begins at the panel's edge.
    """
    body, top = [], 0.0
    for heading, members in waves:
        height = HEAD + PITCH * len(members) + FOOT
        body.append(_panel(heading, members, top))
        top += height
    leaked = sum(c.leaked for _, members in waves for c in members)
    total = sum(len(members) for _, members in waves)
    desc = (
        f"{total} threats, {leaked} of which leak. A bar darkens as a threat is in sight, detected,"
        " tracked and identified; marks show orders, launches, intercepts and leaks. The table "
        "below gives the same times as numbers."
    )
    return picture(name, WIDTH, max(top, 1.0), title, desc, "".join(body))


def _panel(heading: str, members: Sequence[Chain], top: float) -> str:
    x = _time_scale(members)
    bottom = top + HEAD + PITCH * len(members)
    step = next(
        (s for s in (10, 20, 30, 60, 120, 300, 600, 1800) if (x.high - x.low) / s <= 11), 3600
    )
    if step == 3600:
        step = int(max(3600.0, nice_step((x.high - x.low) / 3600.0, 11) * 3600.0))
    marks = ticks(x.low, x.high, step)
    parts = [text(0, top + 18, heading, "head")]
    parts += [line(x(t), top + HEAD - 4, x(t), bottom, "grid") for t in marks]
    for row, chain in enumerate(members):
        parts.append(_row(chain, x, top + HEAD + PITCH * (row + 0.5)))
    parts.append(x_axis(x, bottom, marks, [clock(t) for t in marks]))
    return "".join(parts)


def _time_scale(members: Sequence[Chain]) -> Scale:
    """From shortly before the first thing that happened to shortly after the last."""
    seen = [min(c.sight_s, c.ended_s) for c in members]
    begin = min((s for s in seen if math.isfinite(s)), default=0.0)
    end = max((c.ended_s for c in members if math.isfinite(c.ended_s)), default=begin)
    margin = max(2.0, 0.025 * (end - begin))
    return Scale(max(0.0, begin - margin), end + margin, LEFT, WIDTH - RIGHT)


def _row(chain: Chain, x: Scale, y: float) -> str:
    """The bar of the chain above, the rounds in flight below, and the marks across both."""
    end = min(chain.ended_s, x.high)
    begin = max(chain.started_s, x.low)
    bar, flight = y - 2.0, y + 4.0
    parts = [
        text(LEFT - 10, y + 4, chain.name, "row", "end"),
        line(x(min(begin, end)), bar, x(end), bar, "unseen"),
    ]
    times = [chain.sight_s, chain.detected_s, chain.tracked_s, chain.identified_s, math.inf]
    for stage in range(4):
        a = times[stage]
        b = min([end, *times[stage + 1 :]])
        if a < b:
            parts.append(rect(x(a), bar - 3, x(b) - x(a), 6, f"fill-chain-{stage + 1}"))
    for t in chain.orders:
        parts.append(line(x(t), bar - 5, x(t), bar + 5, "order"))
    for shot in chain.shots:
        a, b = x(shot.launched_s), x(shot.met_s)
        parts.append(polyline([(a, flight - 3), (a, flight), (b, flight)], "flight"))
    for shot in chain.shots:
        style = "fill-kill" if shot.kill else "miss"
        parts.append(mark("circle", x(shot.met_s), y, 4.0, f"{style} rim"))
    parts += [_abort(x(t), bar) for t, _ in chain.aborts]
    if chain.leaked:
        parts.append(mark("diamond", x(end), bar, 4.4, "fill-leak rim"))
        parts.append(text(WIDTH - RIGHT + 16, y + 4, chain.link, "broken"))
    return group(parts, story(chain))


def _abort(x: float, y: float) -> str:
    return (
        line(x - 3, y - 3, x + 3, y + 3, "abort") + line(x - 3, y + 3, x + 3, y - 3, "abort")
    )  # fmt: skip


def story(chain: Chain) -> str:
    """One line a threat: every time that matters, in order."""
    events = [
        (chain.started_s, "in the air"),
        (chain.sight_s, "in sight"),
        (chain.detected_s, "detected"),
        (chain.tracked_s, "tracked"),
        (chain.identified_s, "identified"),
        *((t, "order") for t in chain.orders),
        *((s.launched_s, "launch") for s in chain.shots),
        *((s.met_s, "hit" if s.kill else "miss") for s in chain.shots),
        *((t, f"round held back ({link})") for t, link in chain.aborts),
        (chain.ended_s if chain.leaked else math.inf, f"leaked ({chain.link})"),
    ]
    said = [f"{what} {clock(t)}" for t, what in sorted(events) if math.isfinite(t)]
    return f"{chain.name}: {', '.join(said)}"
