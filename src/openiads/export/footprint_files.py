"""Footprints as files: the defended ground beside the claimed circle, as GeoJSON and picture."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from openiads.analysis.footprint import Footprint
from openiads.engine.world import Model
from openiads.export.files import pyplot, write_texts
from openiads.physics.geodesic import geodesic_direct


def defended(found: Footprint, shots: int) -> list[list[Any]]:
    """Polygons (outer ring and holes, (n, 2) of map east and north) with at least ``shots``."""
    pyplot()
    from contourpy import FillType, contour_generator

    inside = (found.shots >= shots).astype(float)
    step_e, step_n = (a[1] - a[0] for a in (found.east_m, found.north_m))
    east = np.concatenate([[found.east_m[0] - step_e], found.east_m, [found.east_m[-1] + step_e]])
    north = np.concatenate(
        [[found.north_m[0] - step_n], found.north_m, [found.north_m[-1] + step_n]]
    )
    traced = contour_generator(
        z=np.pad(inside, 1), x=east, y=north, fill_type=FillType.OuterOffset
    ).filled(0.5, 2.0)
    return [
        [points[begin:end] for begin, end in pairwise(offsets)]
        for points, offsets in zip(*traced, strict=True)
    ]


def geojson(found: Footprint, model: Model, lat0_rad: float) -> dict[str, Any]:
    """A feature for each number of shots, the claimed circle, and the units.

    Coordinates are notional: degrees about an origin at the scenario's latitude and longitude 0.
    """

    def degrees(points: Any) -> list[list[float]]:
        east, north = np.asarray(points, float).T
        lat, lon, _ = geodesic_direct(lat0_rad, 0.0, np.arctan2(east, north), np.hypot(east, north))
        return np.round(np.degrees(np.column_stack([lon, lat])), 6).tolist()

    def feature(kind: str, geometry: str, coordinates: Any, **more: Any) -> dict[str, Any]:
        return {"type": "Feature", "properties": {"kind": kind, **more},
                "geometry": {"type": geometry, "coordinates": coordinates}}  # fmt: skip

    features = []
    for shots in range(1, int(found.shots.max(initial=0)) + 1):
        shapes = [[degrees(ring) for ring in rings] for rings in defended(found, shots)]
        features.append(
            feature("defended", "MultiPolygon", shapes, shots=shots,
                    area_km2=found.area_m2(shots) / 1e6)
        )  # fmt: skip
    turn = np.linspace(0.0, 2.0 * math.pi, 181)
    for target, radius in found.claimed_m.items():
        ring = np.column_stack([np.sin(turn), np.cos(turn)]) * radius + found.centre_m
        features.append(
            feature("claimed", "LineString", degrees(ring), target=target, range_m=radius)
        )
    for name in found.units:
        east, north = model.pictures["units"][name]
        place = degrees([[1e3 * east, 1e3 * north]])[0]
        features.append(feature("unit", "Point", place, name=name))
    return {
        "type": "FeatureCollection",
        "name": f"{model.scenario}: footprint on a notional map, no real place",
        "features": features,
    }


def draw_footprint(found: Footprint, model: Model, path: Path) -> None:
    """Left the shots beside the whole claimed circle, right the first intercept's height."""
    plt = pyplot()
    figure, panels = plt.subplots(1, 2, figsize=(14, 6.4), layout="constrained")
    shots = found.shots
    first = np.array([a.first_m / 1e3 for a in found.aims]).reshape(shots.shape)
    most = max(int(shots.max()), 1)
    step = [0.5 * float(a[1] - a[0]) / 1e3 for a in (found.east_m, found.north_m)]
    extent = (
        found.east_m[0] / 1e3 - step[0], found.east_m[-1] / 1e3 + step[0],
        found.north_m[0] / 1e3 - step[1], found.north_m[-1] / 1e3 + step[1],
    )  # fmt: skip
    images = (
        (np.where(shots > 0, shots.astype(float), np.nan), "shots one after another", "viridis"),
        (first, "height of the first intercept, km", "plasma"),
    )
    for panel, (values, title, colours) in zip(panels, images, strict=True):
        limits = {"vmin": 0, "vmax": most} if panel is panels[0] else {}
        image = panel.imshow(values, origin="lower", extent=extent, cmap=colours,
                             interpolation="nearest", **limits)  # fmt: skip
        figure.colorbar(image, ax=panel, label=title, shrink=0.8)
        _dress(panel, found, model, extent, whole=panel is panels[0])
        panel.set_title(title)
    figure.suptitle(
        f"{model.scenario}: ground defended against {found.threat} from "
        f"{math.degrees(found.bearing_rad):.0f} deg, {found.area_m2() / 1e6:,.0f} km2; "
        "notional map, km"
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _dress(panel: Any, found: Footprint, model: Model, extent: Any, whole: bool) -> None:
    """The claimed circle (all of it if ``whole``), the units, an arrow from the threat's side."""
    turn = np.linspace(0.0, 2.0 * math.pi, 361)
    centre = np.array(found.centre_m) / 1e3
    radius = found.claimed_m["ballistic"] / 1e3
    panel.plot(
        centre[0] + radius * np.sin(turn), centre[1] + radius * np.cos(turn), "--",
        color="#8c1f1f", linewidth=1.2, label=f"claimed against ballistic: {radius:.0f} km",
    )  # fmt: skip
    for name in found.units:
        panel.plot(*model.pictures["units"][name], "s", color="black", markersize=5)
    toward = np.array([math.sin(found.bearing_rad), math.cos(found.bearing_rad)])
    span = 0.5 * min(extent[1] - extent[0], extent[3] - extent[2])
    tip, tail = centre + 0.7 * span * toward, centre + 0.95 * span * toward
    panel.annotate("", xy=tip, xytext=tail, arrowprops={"arrowstyle": "->", "color": "black"})
    room = 1.08 * radius if whole else 0.0
    panel.set_xlim(min(extent[0], centre[0] - room), max(extent[1], centre[0] + room))
    panel.set_ylim(min(extent[2], centre[1] - room), max(extent[3], centre[1] + room))
    panel.set_aspect("equal")
    panel.grid(alpha=0.3)
    panel.legend(fontsize=8, loc="lower left")


def write_footprint(
    found: Footprint, summary: dict[str, Any], model: Model, lat0_rad: float, folder: Path
) -> list[str]:
    """footprint.json, footprint.geojson and footprint.png in ``folder``; their paths."""
    pyplot()
    texts = {
        "footprint.json": json.dumps(summary, indent=1),
        "footprint.geojson": json.dumps(geojson(found, model, lat0_rad)),
    }
    write_texts(folder, texts)
    draw_footprint(found, model, folder / "footprint.png")
    return [str(folder / name) for name in (*texts, "footprint.png")]
