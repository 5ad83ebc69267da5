"""The picture of a saturation sweep: leakers against raid size, by the limit that binds."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from openiads.export.svg import (
    PALETTE,
    Scale,
    circle,
    line,
    nice_step,
    num,
    palette_css,
    picture,
    polyline,
    rect,
    text,
    ticks,
    y_grid,
)

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 560, 70, 190, 64, 60

_STYLE = (
    "svg{background:var(--paper);font-family:system-ui,sans-serif;font-size:13px}"
    "text{fill:var(--ink)}.tick,.label{fill:var(--quiet)}.head{font-size:17px;font-weight:600}"
    ".grid{stroke:var(--rule);fill:none}.axis{stroke:var(--quiet);fill:none}"
    ".curve{stroke:var(--ink);stroke-width:1.6;fill:none}.all{stroke:var(--quiet);fill:none;"
    "stroke-dasharray:5 4}.band{fill:var(--quiet);opacity:.22}"
    ".whisker{stroke-width:2;fill:none}"
)


def saturation_svg(found: dict[str, Any]) -> str:
    """The picture of ``openiads saturate --json`` as one SVG file that stands alone.

    Sizes are on a logarithmic scale. Dots are the nominal means, coloured by the first broken link
    of most leakers, with 95 % intervals; the grey band spans the selections of conflicting claims;
    the broken line is a raid that leaks whole.
    """
    points, band = found["points"], found["band"]
    sizes = [p["size"] for p in points]
    most = max(b["max"] for b in band)
    x = Scale(math.log(min(sizes)), math.log(max(sizes) + 1e-9) + 1e-9, LEFT, WIDTH - RIGHT)
    y = Scale(0.0, max(1.0, 1.06 * most), HEIGHT - BOTTOM, TOP)

    def at(size: float) -> float:
        return x(math.log(size))

    marks = ticks(0.0, y.high, nice_step(y.high, 6))
    body = [y_grid(y, LEFT, WIDTH - RIGHT, marks, [f"{v:g}" for v in marks])]
    body.append(_band([(at(b["size"]), y(b["max"]), y(b["min"])) for b in band]))
    whole = [(at(s), y(min(s, y.high))) for s in sizes if s <= y.high]
    body.append(polyline(whole, "all"))
    body.append(polyline([(at(p["size"]), y(p["leakers"]["mean"])) for p in points], "curve"))
    for p in points:
        low, high = p["leakers"]["ci95"]
        cx, link = at(p["size"]), p["binding"]
        style = link if link in PALETTE else "quiet"
        body.append(line(cx, y(low), cx, y(high), f"whisker stroke-{style}"))
        body.append(circle(cx, y(p["leakers"]["mean"]), 6, f"fill-{style}"))
    body.append(_size_axis(sizes, at))
    body.append(_legend(points))
    body.append(text(LEFT, 26, f"{found['scenario']}: leakers against raid size", "head"))
    raid = ", ".join(f"{100 * share:.3g} % {name}" for name, share in found["composition"].items())
    body.append(text(LEFT, 46, f"raid: {raid}", "label"))
    desc = "; ".join(
        f"{p['size']} threats: {p['leakers']['mean']:.1f} leak, {p['binding']} binds"
        for p in points
    )
    svg = picture("saturation", WIDTH, HEIGHT, "Leakers against raid size", desc, "".join(body))
    head = '<svg xmlns="http://www.w3.org/2000/svg"'
    style = f"<style>{palette_css()}{_STYLE}</style>"
    start = svg.index(">") + 1
    return svg[:start].replace("<svg", head, 1) + style + svg[start:] + "\n"


def _band(edges: list[tuple[float, float, float]]) -> str:
    around = [(x, top) for x, top, _ in edges] + [(x, low) for x, _, low in reversed(edges)]
    steps = "L".join(f"{num(x)} {num(y)}" for x, y in around)
    return f'<path d="M{steps}Z" class="band"/>'


def _size_axis(sizes: list[int], at: Any) -> str:
    bottom = HEIGHT - BOTTOM
    parts = [line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis")]
    for size in sizes:
        parts += [line(at(size), bottom, at(size), bottom + 5, "axis"),
                  text(at(size), bottom + 20, str(size), "tick", "middle")]  # fmt: skip
    middle = 0.5 * (LEFT + WIDTH - RIGHT)
    parts.append(text(middle, HEIGHT - 14, "threats in the raid, all at once", "label", "middle"))
    return "".join(parts)


def _legend(points: list[dict[str, Any]]) -> str:
    at = WIDTH - RIGHT + 22
    parts = [text(at, TOP + 6, "the limit that binds:", "label")]
    row = TOP + 28
    for link in dict.fromkeys(p["binding"] for p in points):
        style = link if link in PALETTE else "quiet"
        parts += [circle(at + 6, row - 4, 6, f"fill-{style}"), text(at + 20, row, link)]
        row += 22
    parts += [rect(at, row, 14, 10, "band"), text(at + 20, row + 10, "conflicting claims")]
    parts += [line(at, row + 28, at + 14, row + 28, "all"), text(at + 20, row + 32, "all leak")]
    return "".join(parts)


def write_saturation(found: dict[str, Any], folder: Path) -> list[str]:
    """saturation.json and saturation.svg in ``folder``; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "saturation.json", folder / "saturation.svg"]
    paths[0].write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    paths[1].write_text(saturation_svg(found), encoding="utf-8")
    return [str(p) for p in paths]
