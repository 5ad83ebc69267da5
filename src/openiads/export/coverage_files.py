"""Coverage as files: GeoJSON of the envelopes and pictures of envelopes and fly-out."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from openiads.analysis.coverage import Envelope
from openiads.engine.world import Model
from openiads.export.files import pyplot, write_texts
from openiads.physics.geodesic import geodesic_direct

_INK = ("#1b4f91", "#a0522d", "#0f5c3a", "#6a3d9a", "#8c1f1f", "#555555")
_CELLS = 401
_DASHES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1)), (0, (1, 3)))


def outlines(envelope: Envelope) -> list[list[Any]]:
    """Polygons (each an outer ring and its holes) of an envelope: rings (n, 2) of map east, north.

    The polar grid is laid on a square one of `_CELLS` to a side and traced; what lies within a
    cell and a half of the outer edge is put on the refined edge.
    """
    pyplot()
    from contourpy import FillType, contour_generator

    edge = 1.01 * float(envelope.range_m[-1])
    axis = np.linspace(-edge, edge, _CELLS)
    away = np.hypot(axis[None, :], axis[:, None])
    bearing = np.arctan2(axis[None, :], axis[:, None])
    sector = _sector(envelope, bearing)
    step = float(envelope.range_m[1] - envelope.range_m[0])
    cell = np.minimum((away / step).astype(int), len(envelope.range_m) - 1)
    inside = envelope.holds[sector, cell] & (away <= envelope.reach_m[sector])
    found = contour_generator(
        z=inside.astype(float), x=axis, y=axis, fill_type=FillType.OuterOffset
    ).filled(0.5, 2.0)
    near = 1.5 * (axis[1] - axis[0])
    polygons = []
    for points, offsets in zip(*found, strict=True):
        rings = []
        for begin, end in pairwise(offsets):
            ring = points[begin:end]
            away = np.maximum(np.hypot(ring[:, 0], ring[:, 1]), 1e-9)
            reach = envelope.reach_m[_sector(envelope, np.arctan2(ring[:, 0], ring[:, 1]))]
            grown = np.where(np.abs(away - reach) < near, reach / away, 1.0)
            rings.append(ring * grown[:, None] + np.array(envelope.at))
        polygons.append(rings)
    return polygons


def _sector(envelope: Envelope, bearing: Any) -> Any:
    """Index of the azimuth nearest to bearings (rad)."""
    count = len(envelope.azimuth_rad)
    turned = (bearing - envelope.azimuth_rad[0]) / (2.0 * math.pi)
    return np.round(turned * count).astype(int) % count


def geojson(envelopes: list[Envelope], model: Model, lat0_rad: float) -> dict[str, Any]:
    """A feature for each envelope, and one for each radar, unit and asset.

    Coordinates are notional: degrees about an origin at the scenario's latitude and longitude 0.
    """

    def degrees(points: Any) -> list[list[float]]:
        east, north = np.asarray(points, float).T
        lat, lon, _ = geodesic_direct(lat0_rad, 0.0, np.arctan2(east, north), np.hypot(east, north))
        return np.round(np.degrees(np.column_stack([lon, lat])), 6).tolist()

    features: list[dict[str, Any]] = []
    for e in envelopes:
        shapes = [[degrees(ring) for ring in rings] for rings in outlines(e)]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": shapes},
                "properties": {
                    "kind": e.kind, "name": e.name, "altitude_m": e.target.altitude_m,
                    "rcs_m2": e.target.rcs_m2, "greatest_reach_m": float(e.reach_m.max()),
                    "hidden_share": round(e.hidden, 4),
                },
            }
        )  # fmt: skip
    for kind in ("radars", "units", "assets"):
        for name, (east, north) in model.pictures[kind].items():
            place = degrees([[1e3 * east, 1e3 * north]])[0]
            features.append(
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": place},
                 "properties": {"kind": kind[:-1], "name": name}}
            )  # fmt: skip
    return {
        "type": "FeatureCollection",
        "name": f"{model.scenario}: coverage on a notional map, no real place",
        "features": features,
    }


def draw_envelopes(envelopes: list[Envelope], model: Model, path: Path) -> None:
    """One panel for each target: detection envelopes left, engagement envelopes right."""
    plt = pyplot()
    targets = list(dict.fromkeys(e.target for e in envelopes))
    figure, panels = plt.subplots(
        len(targets), 2, figsize=(14, 4.6 * len(targets)), squeeze=False, layout="constrained"
    )
    for row, target in zip(panels, targets, strict=True):
        for panel, kind in zip(row, ("detection", "engagement"), strict=True):
            _panel(panel, [e for e in envelopes if e.target == target and e.kind == kind], model)
            panel.set_title(
                f"{kind}: {target.altitude_m:g} m high, {target.rcs_m2:g} m2", fontsize=10
            )
    figure.suptitle(f"{model.scenario}: notional map, km")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _panel(panel: Any, envelopes: list[Envelope], model: Model) -> None:
    for number, e in enumerate(envelopes):
        ink = _INK[number % len(_INK)]
        for rings in outlines(e):
            for ring in rings:
                panel.plot(
                    ring[:, 0] / 1e3, ring[:, 1] / 1e3, color=ink,
                    linestyle=_DASHES[number % len(_DASHES)], linewidth=1.2,
                )  # fmt: skip
        panel.plot([], [], color=ink, linestyle=_DASHES[number % len(_DASHES)],
                   label=f"{e.name}: {e.reach_m.max() / 1e3:.0f} km")  # fmt: skip
    for kind, mark in (("assets", "^"), ("units", "s"), ("radars", "o")):
        for east, north in model.pictures[kind].values():
            panel.plot(east, north, mark, color="black", markersize=3)
    panel.set_aspect("equal")
    panel.grid(alpha=0.3)
    if envelopes:
        panel.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))


def draw_flyout(rows: list[dict[str, Any]], path: Path) -> None:
    """For each missile the kinematic boundary beside the published box, with the residuals."""
    plt = pyplot()
    figure, panels = plt.subplots(
        len(rows), 1, figsize=(8, 3.4 * len(rows)), squeeze=False, layout="constrained"
    )
    for (panel,), row in zip(panels, rows, strict=True):
        ranges, heights = zip(*row["boundary_km"], strict=True)
        panel.plot(ranges, heights, color=_INK[0], label="kinematic boundary (model)")
        fits = {f["figure"]: f for f in row["calibration"]}
        if fits:
            far = fits["range_max_m"]["published"] / 1e3
            high = fits["altitude_max_m"]["published"] / 1e3
            panel.plot([0, far, far], [high, high, 0], color=_INK[4], linestyle="--",
                       label="published range and altitude")  # fmt: skip
            told = ", ".join(
                f"{name.split('_')[0]} {100 * f['residual']:+.1f} %" for name, f in fits.items()
            )
            panel.text(0.02, 0.04, f"calibration residuals: {told}", fontsize=8,
                       transform=panel.transAxes)  # fmt: skip
        panel.set(title=row["missile"], xlabel="down-range, km", ylabel="altitude, km")
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8, loc="upper right")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write_coverage(
    envelopes: list[Envelope], summary: dict[str, Any], model: Model, lat0_rad: float, folder: Path
) -> list[str]:
    """coverage.json, coverage.geojson, coverage.png and flyout.png in ``folder``; their paths."""
    pyplot()
    texts = {
        "coverage.json": json.dumps(summary, indent=1),
        "coverage.geojson": json.dumps(geojson(envelopes, model, lat0_rad)),
    }
    write_texts(folder, texts)
    draw_envelopes(envelopes, model, folder / "coverage.png")
    draw_flyout(summary["flyout"], folder / "flyout.png")
    return [str(folder / n) for n in (*texts, "coverage.png", "flyout.png")]
