"""``openiads track``: the tracker alone on recorded detections."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from openiads.cli.common import emit_json, note, say
from openiads.faults import Fault, InputError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("track", help=track.__doc__)(track)


def track(
    detections: Annotated[Path, typer.Argument(help="NPZ, Parquet or CSV of detections")],
    truth: Annotated[Path | None, typer.Option(help="truth to score against")] = None,
    out: Annotated[Path | None, typer.Option(help="write the tracks to this file")] = None,
    period_s: Annotated[float | None, typer.Option(help="time between scans, s")] = None,
    range_sigma_m: Annotated[float | None, typer.Option(help="range error, m")] = None,
    angle_sigma_rad: Annotated[float | None, typer.Option(help="angle errors, rad")] = None,
    score_from: Annotated[int, typer.Option(help="first scan of the means")] = 10,
    formations: Annotated[bool, typer.Option(help="manoeuvres and formations")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Track recorded detections; with truth, score GOSPA, OSPA and identities.

    Truth inside a packed NPZ is used for the score (never by the tracker).

    Example: openiads track raid.npz --json
    """
    from openiads.scenario.detections import has_truth, read_detections, read_paths, write_paths

    given = {
        "period-s": period_s,
        "range-sigma-m": range_sigma_m,
        "angle-sigma-rad": angle_sigma_rad,
    }
    faults = [
        Fault("must be above 0", key=name)
        for name, number in given.items()
        if number is not None and not number > 0.0
    ]
    if faults:
        raise InputError(faults)
    data = read_detections(detections, period_s)
    sigma = list(data.sigma if data.sigma is not None else (50.0, 0.0026, 0.0026))
    sigma[0] = range_sigma_m or sigma[0]
    if angle_sigma_rad:
        sigma[1] = sigma[2] = angle_sigma_rad
    result = _run(data, (sigma[0], sigma[1], sigma[2]), formations)
    paths = result.pop("paths")
    result = {"detections": str(detections)} | result
    source = truth or (detections if has_truth(detections) else None)
    if source is not None:
        result |= _score(read_paths(source, data.time_s), paths, score_from)
    if out is not None:
        write_paths(out, paths, data.time_s)
        note(f"tracks written to {out}")
    if as_json:
        emit_json(result)
        return
    for key, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v:.4g}" for k, v in value.items())
        say(f"{key:24s} {value}")


def _run(data: Any, sigma: tuple[float, float, float], formations: bool) -> dict[str, Any]:
    """Feed all scans; tracks by scan, counts, and the median time of a scan."""
    import numpy as np

    from openiads.domain.tracker import Tracker
    from openiads.scenario.detections import Paths

    most = max(int(np.bincount(data.scan).max(initial=1)), 64)
    tracker = Tracker(sigma, capacity=8 * most, plots=most, formations=formations)
    tracker.scan(0.0, np.zeros((0, 3)))
    tracker.reset()
    scans, ids, states, spent = [], [], [], []
    for k, time_s in enumerate(data.time_s):
        plots = data.at(k)
        began = time.perf_counter()
        tracks = tracker.scan(float(time_s), plots)
        spent.append(time.perf_counter() - began)
        scans.append(np.full(len(tracks.id), k))
        ids.append(tracks.id)
        states.append(tracks.state)
    paths = Paths(
        np.concatenate([*scans, np.zeros(0, int)]).astype(np.int64),
        np.concatenate([*ids, np.zeros(0, int)]).astype(np.int64),
        np.concatenate([*states, np.zeros((0, 6))]),
    )
    books = tracker.books
    return {
        "scans": len(data.time_s),
        "plots": len(data.rae),
        "confirmed_ids": len(np.unique(paths.id)),
        "mean_tracks": len(paths.id) / max(len(data.time_s), 1),
        "ms_per_scan": 1e3 * float(np.median(spent)) if spent else 0.0,
        "lost": books.losses,
        "dropped_for_capacity": books.dropped,
        "refused_for_capacity": books.refused,
        "paths": paths,
    }


def _score(truth: Any, paths: Any, first: int) -> dict[str, Any]:
    from openiads.analysis.tracking import Picture, score

    return score(Picture(*truth), Picture(*paths), first_scan=min(first, int(truth.scan[-1])))
