"""The raid from above: what is defended, what defends it, and the paths of the threats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openiads.analysis.timeline import Chain, position_m
from openiads.engine.world import Model
from openiads.export.svg import (
    KINDS,
    MARKS,
    Scale,
    circle,
    group,
    line,
    mark,
    nice_step,
    picture,
    polyline,
    rect,
    text,
)

WIDTH, HEIGHT = 1080.0, 640.0
MAIN = (400.0, 8.0, 1072.0, 608.0)
INSET = (8.0, 34.0, 372.0, 398.0)
PATHS_MOST = 300
"""Paths drawn at most; more would be a smear, and megabytes."""
NEAR_SHARE = 0.6
"""The map is cut at a jump of distance only if this share of the raid starts inside it."""
JUMP = 2.0
"""Factor between neighbouring start distances that counts as a jump."""


class View(NamedTuple):
    """A part of the map, in kilometres, on a box of pixels; the same scale both ways."""

    x: Scale
    y: Scale

    def __call__(self, east_km: float, north_km: float) -> tuple[float, float]:
        return self.x(east_km), self.y(north_km)

    def holds(self, east_km: float, north_km: float) -> bool:
        return self.x.low <= east_km <= self.x.high and self.y.low <= north_km <= self.y.high

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x.start, self.y.end, self.x.end - self.x.start, self.y.start - self.y.end


def view_of(points_km: NDArray[np.float64], box: tuple[float, float, float, float]) -> View:
    """The smallest view of ``box`` (left, top, right, bottom) that holds all points, (n, 2)."""
    left, top, right, bottom = box
    low, high = points_km.min(axis=0), points_km.max(axis=0)
    middle = 0.5 * (low + high)
    size = np.maximum(high - low, 1.0) * 1.12
    per_km = min((right - left) / size[0], (bottom - top) / size[1])
    half = 0.5 * np.array([right - left, bottom - top]) / per_km
    return View(
        Scale(middle[0] - half[0], middle[0] + half[0], left, right),
        Scale(middle[1] - half[1], middle[1] + half[1], bottom, top),
    )


def near_radius_km(distances_km: NDArray[np.float64]) -> float:
    """How far out the map reaches: up to the first jump behind which only a few start."""
    ordered = np.sort(distances_km)
    for k in range(len(ordered) - 1):
        enough = (k + 1) >= NEAR_SHARE * len(ordered)
        if enough and ordered[k + 1] > JUMP * max(ordered[k], 1.0):
            return float(ordered[k])
    return float(ordered[-1])


def kind_styles(classes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(mark, colour name) of each class, in order of appearance; both differ between neighbours."""
    return {
        name: (MARKS[k % len(MARKS)], f"kind-{k % KINDS + 1}")
        for k, name in enumerate(dict.fromkeys(classes))
    }


def plan_picture(name: str, title: str, model: Model, all_chains: Sequence[Chain]) -> str:
    """The raid on a map in kilometres, and an enlarged view of the defence beside it.

    Each path ends where its threat ended in the replication of ``all_chains``. Starts beyond the
    map are marked where their path enters it.
    """
    pictures = model.pictures
    sites = {k: pictures[k] for k in ("assets", "radars", "units")}
    spots = np.array([at for kind in sites.values() for at in kind.values()], float)
    starts = np.array(pictures["starts"], float).reshape(-1, 2)
    centre = spots.mean(axis=0)
    distance = np.hypot(*(starts - centre).T)
    near = starts[distance <= near_radius_km(distance)]
    main = view_of(np.concatenate([spots, near]), MAIN)
    inset = view_of(spots, INSET)
    styles = kind_styles(model.names["classes"])
    drawn = all_chains[:: max(1, math.ceil(len(all_chains) / PATHS_MOST))]
    clip = _clip(f"{name}-main", main) + _clip(f"{name}-inset", inset)
    body = [
        clip,
        _ground(main, centre, f"{name}-main"),
        _paths(model, drawn, main, styles, f"{name}-main"),
        _starts(model, drawn, main, styles),
        _far_note(model, drawn, main, centre, styles),
        _frame_of(inset, main),
        _sites(sites, main, False),
        _scale_bar(main),
        _north(main),
        _ground(inset, centre),
        _paths(model, drawn, inset, styles, f"{name}-inset"),
        _sites(sites, inset, True),
        _scale_bar(inset),
        text(INSET[0], INSET[1] - 12, "The defence, enlarged", "head"),
        _legend(model, styles),
    ]
    desc = (
        f"{len(spots)} sites of the defence and {len(drawn)} of {len(all_chains)} paths. "
        + "; ".join(_class_line(model, c, starts, centre) for c in styles)
        + ". The places are notional."
    )
    return picture(name, WIDTH, HEIGHT, title, desc, "".join(body))


def _class_line(model: Model, name: str, starts: Any, centre: Any) -> str:
    mine = np.array(model.names["classes"]) == name
    away = np.hypot(*(starts[mine] - centre).T)
    return f"{mine.sum()} {name} from {np.median(away):.0f} km"


def _clip(name: str, view: View) -> str:
    x, y, w, h = view.box
    return f'<clipPath id="{name}">{rect(x, y, w, h, "")}</clipPath>'


def _ground(view: View, centre: Any, clip: str = "") -> str:
    """The sheet; where it has a clip, with rings of distance about the middle of the defence."""
    x, y, w, h = view.box
    sheet = rect(x, y, w, h, "fill-panel")
    if not clip:
        return sheet
    at = view(*centre)
    per_km = w / (view.x.high - view.x.low)
    reach = max(math.hypot(at[0] - ex, at[1] - ey) for ex in (x, x + w) for ey in (y, y + h))
    step = nice_step(reach / per_km, 6)
    rings, labels = [], []
    for k in range(1, int(reach / per_km / step) + 1):
        radius = k * step * per_km
        rings.append(circle(*at, radius, "ring"))
        # The label stands south of the middle, or wherever else the ring crosses the sheet.
        for turn in (0.5, -0.5, 0.35, -0.35, 0.2, -0.2, 0.0, 1.0):
            lx = at[0] + radius * math.cos(turn * math.pi)
            ly = at[1] + radius * math.sin(turn * math.pi)
            if x + 24 < lx < x + w - 24 and y + 14 < ly < y + h - 30:
                labels.append(text(lx, ly + 4, f"{k * step:g} km", "halo tick", "middle"))
                break
    return sheet + group(rings, extra=f' clip-path="url(#{clip})"') + "".join(labels)


def path_points_km(model: Model, chain: Chain) -> NDArray[np.float64]:
    """The path up to where the threat ended, in kilometres, thinned to what can be seen, (n, 2)."""
    row = model.tables.threats[chain.threat]
    first, step_s = int(row["grid"]), float(row["step_s"])
    flown = (chain.ended_s - chain.started_s) / step_s
    last = min(int(flown), int(row["n_grid"]) - 1) if math.isfinite(flown) else 0
    pos = model.tables.grid_pos_m[first : first + last + 1, :2] / 1e3
    end = position_m(model, chain, chain.ended_s)[:2] / 1e3
    return thin(np.concatenate([pos, end[None, :]]), 0.1)


def thin(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Fewer points whose polyline stays within ``tolerance`` of all; (n, 2) to (m, 2).

    Reference: Douglas and Peucker, Cartographica 10(2), 1973, method 2.
    """
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        chord = points[b] - points[a]
        away = points[a + 1 : b] - points[a]
        length = float(np.hypot(*chord))
        if length == 0.0:
            gaps = np.hypot(*away.T)
        else:
            gaps = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length
        worst = int(gaps.argmax())
        if gaps[worst] > tolerance:
            middle = a + 1 + worst
            keep[middle] = True
            spans += [(a, middle), (middle, b)]
    return points[keep]


def _paths(model: Model, drawn: Any, view: View, styles: Any, clip: str) -> str:
    parts, ends = [], []
    # Leakers are drawn last, so that none hides under a path that was stopped.
    for chain in sorted(drawn, key=lambda c: c.leaked):
        colour = styles[model.names["classes"][chain.threat]][1]
        points = path_points_km(model, chain)
        style = "leaker" if chain.leaked else "path"
        parts.append(polyline((view(*p) for p in points), f"{style} stroke-{colour}"))
        if chain.killed:
            ends.append(mark("circle", *view(*points[-1]), 2.6, f"fill-{colour} rim"))
    return group([*parts, *ends], extra=f' clip-path="url(#{clip})"')


def _starts(model: Model, drawn: Any, view: View, styles: Any) -> str:
    parts = []
    for chain in drawn:
        shape, colour = styles[model.names["classes"][chain.threat]]
        at = model.pictures["starts"][chain.threat]
        if view.holds(*at):
            parts.append(mark(shape, *view(*at), 4.0, f"fill-{colour} stroke-{colour} rim"))
    return "".join(parts)


def _far_note(model: Model, drawn: Any, view: View, centre: Any, styles: Any) -> str:
    """Where paths from beyond the map enter it, and from how far they come."""
    parts = []
    starts, classes = model.pictures["starts"], model.names["classes"]
    for name, (shape, colour) in styles.items():
        mine = [c for c in drawn if classes[c.threat] == name]
        far = [c for c in mine if not view.holds(*starts[c.threat])]
        entries = [view(*at) for c in far if (at := _entry_km(view, model, c)) is not None]
        if not entries:
            continue
        style = f"fill-{colour} stroke-{colour} rim"
        parts += [mark(shape, *at, 4.0, style) for at in entries]
        x = float(np.median([at[0] for at in entries]))
        heights = [at[1] for at in entries]
        # Paths close in on the defence, so the side away from it is free for a label.
        above = float(np.median(heights)) < view(*centre)[1]
        y = min(heights) - 13 if above else max(heights) + 21
        away = np.hypot(*(np.array([starts[c.threat] for c in far], float) - centre).T)
        side = "end" if x > 0.5 * (view.x.start + view.x.end) else "start"
        shift = -12 if side == "end" else 12
        y = min(max(y, view.y.end + 16), view.y.start - 8)
        said = f"{name}, from about {round(float(np.median(away)), -1):,.0f} km"
        parts.append(text(x + shift, y, said, "halo value", side))
    return "".join(parts)


def _entry_km(view: View, model: Model, chain: Chain) -> Any:
    """Where a path from beyond the view first enters it; None if it ended before."""
    points = path_points_km(model, chain)
    inside = [view.holds(*p) for p in points]
    if not any(inside) or inside[0]:
        return None
    k = inside.index(True)
    return _edge(view, points[k], points[k - 1])


def _edge(view: View, inner: Any, outer: Any) -> Any:
    """Where the straight line from ``inner`` to ``outer`` leaves the view."""
    part = 1.0
    bounds = ((view.x.low, view.x.high), (view.y.low, view.y.high))
    for axis, (low, high) in enumerate(bounds):
        step = outer[axis] - inner[axis]
        if step > 0:
            part = min(part, (high - inner[axis]) / step)
        elif step < 0:
            part = min(part, (low - inner[axis]) / step)
    return inner + max(0.0, part) * (outer - inner)


def _frame_of(inset: View, main: View) -> str:
    """Where the enlarged view lies on the map."""
    a, b = main(inset.x.low, inset.y.high), main(inset.x.high, inset.y.low)
    return rect(a[0], a[1], b[0] - a[0], b[1] - a[1], "inset-frame")


def _sites(sites: Any, view: View, named: bool) -> str:
    parts = []
    size = 6.0 if named else 2.6
    shapes = {"assets": "square", "radars": "triangle", "units": "diamond"}
    taken: list[tuple[float, float]] = []
    for kind, shape in shapes.items():
        for name, at in sites[kind].items():
            x, y = view(*at)
            style = "asset" if kind == "assets" else "site"
            parts.append(mark(shape, x, y, size, style))
            if named:
                parts.append(_site_name(name, x, y, size, taken, view))
    return "".join(parts)


def _site_name(
    name: str, x: float, y: float, size: float, taken: list[tuple[float, float]], view: View
) -> str:
    """The name beside its mark, moved until it clears the names before it."""
    right = x + size + 6 + 7.2 * len(name) < view.x.end
    label_x = x + size + 6 if right else x - size - 6
    label_y = y + 4
    while any(abs(label_y - ty) < 14 and abs(label_x - tx) < 110 for tx, ty in taken):
        label_y += 14
    taken.append((label_x, label_y))
    return text(label_x, label_y, name, "halo name", "start" if right else "end")


def _scale_bar(view: View) -> str:
    x, y, w, h = view.box
    per_km = w / (view.x.high - view.x.low)
    length = nice_step(0.25 * w / per_km, 1)
    if length * per_km > 0.4 * w:
        length /= 2.0
    left, base = x + 14, y + h - 14
    right = left + length * per_km
    return (
        line(left, base, right, base, "scale")
        + line(left, base - 4, left, base + 4, "scale")
        + line(right, base - 4, right, base + 4, "scale")
        + text(0.5 * (left + right), base - 7, f"{length:g} km", "halo tick", "middle")
    )


def _north(view: View) -> str:
    x, y, w, _ = view.box
    at, top = x + w - 22, y + 16
    points = "L".join(
        f"{at + dx:g} {top + dy:g}" for dx, dy in ((0, 0), (6, 20), (0, 15), (-6, 20))
    )
    return f'<path d="M{points}Z" class="fill-ink"/>' + text(at, top + 34, "N", "tick", "middle")


def _legend(model: Model, styles: Any) -> str:
    """What the marks mean, under the enlarged view."""
    top, left = INSET[3] + 34, INSET[0] + 8
    classes = model.names["classes"]
    rows = [
        ("square", "asset", "asset"),
        ("triangle", "site", "radar"),
        ("diamond", "site", "fire unit"),
    ]
    parts = [
        mark(shape, left + 116 * k, top, 5, style) + text(left + 12 + 116 * k, top + 4, word, "key")
        for k, (shape, style, word) in enumerate(rows)
    ]
    for k, (name, (shape, colour)) in enumerate(list(styles.items())[:14]):
        x, y = left + 182 * (k % 2), top + 28 + 21 * (k // 2)
        parts.append(mark(shape, x, y, 4.4, f"fill-{colour} stroke-{colour}"))
        parts.append(text(x + 12, y + 4, f"{name} × {classes.count(name)}", "key"))
    y = top + 34 + 21 * math.ceil(min(len(styles), 14) / 2)
    parts.append(line(left - 6, y, left + 24, y, "path stroke-ink"))
    parts.append(mark("circle", left + 24, y, 2.8, "fill-ink"))
    parts.append(text(left + 34, y + 4, "stopped here", "key"))
    parts.append(line(left + 176, y, left + 206, y, "leaker stroke-ink"))
    parts.append(text(left + 216, y + 4, "got through", "key"))
    return "".join(parts)
