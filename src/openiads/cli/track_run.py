"""Recorded detections through the tracker: of one radar, or of several fused."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from openiads.domain.network import FUSIONS, Network
from openiads.domain.registrar import Registrar
from openiads.domain.tracker import Sensors, Tracker
from openiads.faults import InputError
from openiads.scenario.detections import Detections, Paths

__all__ = ["FUSIONS", "REGISTRATIONS", "track_network", "track_one"]

REGISTRATIONS = ("off", "online", "first")
"""``first``: one pass over all plots finds the biases, a second one tracks without them."""


class _Rows:
    """Tracks by scan, as they come, and the time that each scan took."""

    def __init__(self) -> None:
        self.scan: list[np.ndarray] = [np.zeros(0, np.int64)]
        self.id: list[np.ndarray] = [np.zeros(0, np.int64)]
        self.state: list[np.ndarray] = [np.zeros((0, 6))]
        self.spent: list[float] = []

    def add(self, k: int, tracks: Any) -> None:
        """The tracks after scan ``k``."""
        self.scan.append(np.full(len(tracks.id), k))
        self.id.append(tracks.id)
        self.state.append(tracks.state)

    def result(self, data: Detections, losses: int, dropped: int, refused: int) -> dict[str, Any]:
        """The figures that ``openiads track`` prints, and the tracks under ``paths``."""
        paths = Paths(
            np.concatenate(self.scan).astype(np.int64),
            np.concatenate(self.id).astype(np.int64),
            np.concatenate(self.state),
        )
        return {
            "scans": len(data.time_s),
            "plots": len(data.rae),
            "confirmed_ids": len(np.unique(paths.id)),
            "mean_tracks": len(paths.id) / max(len(data.time_s), 1),
            "ms_per_scan": 1e3 * float(np.median(self.spent)) if self.spent else 0.0,
            "lost": losses,
            "dropped_for_capacity": dropped,
            "refused_for_capacity": refused,
            "paths": paths,
        }


def track_one(
    data: Detections,
    sigma: tuple[float, float, float],
    options: dict[str, Any] | None = None,
    rate_sigma_mps: float | None = None,
) -> dict[str, Any]:
    """Feed all scans of one radar; counts, median time of a scan, and tracks under ``paths``.

    ``options`` are keywords of `Tracker`.
    """
    most = max(int(np.bincount(data.scan).max(initial=1)), 64)
    tracker = Tracker(sigma, capacity=8 * most, plots=most, **(options or {}))
    tracker.scan(0.0, np.zeros((0, 3)))
    tracker.reset()
    rows = _Rows()
    for k, time_s in enumerate(data.time_s):
        plots = data.at(k)
        rates = None if rate_sigma_mps is None else data.rates_at(k)
        began = time.perf_counter()
        tracks = tracker.scan(
            float(time_s), plots, range_rate_mps=rates, range_rate_sigma_mps=rate_sigma_mps or 1.0
        )
        rows.spent.append(time.perf_counter() - began)
        rows.add(k, tracks)
    books = tracker.books
    return rows.result(data, books.losses, books.dropped, books.refused)


def track_network(
    data: Detections,
    fusion: str = "plots",
    registration: str = "off",
    errors: tuple[float | None, float | None] = (None, None),
    options: dict[str, Any] | None = None,
    rate_sigma_mps: float | None = None,
) -> dict[str, Any]:
    """Feed all looks of several radars; as `track_one`, and the biases that were found.

    ``fusion`` "plots" or "tracks"; ``registration`` "off", "online" or "first"; ``errors``, range
    (m) and angle (rad), override those of the file; ``options``, keywords of `Tracker`. Raises
    InputError for anything else.
    """
    if registration not in REGISTRATIONS:
        raise InputError.of(f"no registration {registration!r}", ", ".join(REGISTRATIONS))
    assert data.sensors is not None
    radars = _with_errors(data.sensors.sensors, errors)
    looks = data.looks()
    most = max(max((len(rows) for _, _, rows in looks), default=1), 64)
    room: dict[str, Any] = {"capacity": 8 * most, "plots": most, **(options or {})}
    bias = None
    if registration == "first":
        bias, found = _first_pass(data, radars, looks, room)
    network = Network(radars, fusion, "online" if registration == "online" else "off", bias, **room)
    rows, spent = _Rows(), np.zeros(len(data.time_s))
    for at, (k, s, plots) in enumerate(looks):
        rates = None
        if rate_sigma_mps is not None and data.range_rate_mps is not None:
            rates = data.range_rate_mps[plots]
        began = time.perf_counter()
        tracks = network.scan(
            float(data.time_s[k]), s, data.rae[plots], rates, rate_sigma_mps or 1.0
        )
        spent[k] += time.perf_counter() - began
        if at + 1 == len(looks) or looks[at + 1][0] != k:
            rows.add(k, tracks)
    rows.spent = spent.tolist()
    result = rows.result(data, network.losses, *network.shed)
    result |= {"radars": len(radars.pos_m), "fusion": fusion, "registration": registration}
    if network.registrar is not None:
        network.registrar.close_round()
        network.registrar.solve()
        found = network.registrar
    if registration != "off":
        result["biases"] = _biases(data.sensors.id, found)
    return result


def _with_errors(radars: Sensors, errors: tuple[float | None, float | None]) -> Sensors:
    """The radars with range and angle errors that the user gave."""
    sigma = radars.sigma.copy()
    if errors[0]:
        sigma[:, 0] = errors[0]
    if errors[1]:
        sigma[:, 1:] = errors[1]
    return radars._replace(sigma=sigma)


def _first_pass(
    data: Detections, radars: Sensors, looks: list, room: dict[str, Any]
) -> tuple[np.ndarray, Registrar]:
    """Biases (S, 3) from all common plots of the file."""
    found = Registrar(radars, memory=0, **room)
    for k, s, plots in looks:
        found.observe(float(data.time_s[k]), s, data.rae[plots])
    found.close_round()
    found.solve()
    return found.bias, found


def _biases(ids: np.ndarray, found: Registrar) -> list[dict[str, Any]]:
    """Biases by radar with their standard deviations, for people and for JSON."""
    sigma = np.sqrt(np.diag(found.covariance)).reshape(-1, 3)
    names = ("range_m", "azimuth_rad", "elevation_rad")
    return [
        {
            "sensor": str(who),
            **{n: float(v) for n, v in zip(names, bias, strict=True)},
            **{f"{n}_sigma": float(v) for n, v in zip(names, spread, strict=True)},
            "groups": found.groups,
        }
        for who, bias, spread in zip(ids, found.bias, sigma, strict=True)
    ]
