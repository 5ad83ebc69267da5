"""``openiads track``: the tracker alone on recorded detections."""

from __future__ import annotations

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
    rate_sigma_mps: Annotated[
        float | None, typer.Option(help="range-rate error, m/s; without it no rate is used")
    ] = None,
    score_from: Annotated[int, typer.Option(help="first scan of the means")] = 10,
    formations: Annotated[bool, typer.Option(help="manoeuvres and formations")] = True,
    fusion: Annotated[
        str, typer.Option(help="several radars: fuse their plots, or the tracks of each")
    ] = "plots",
    registration: Annotated[
        str, typer.Option(help="constant errors of the radars: off, online, or first (two passes)")
    ] = "off",
    models: Annotated[
        str, typer.Option(help="interacting models, any of cv,ct,ca,ballistic; none: one filter")
    ] = "",
    confirm: Annotated[str, typer.Option(help="m-of-n, or llr: Wald's test")] = "m-of-n",
    beside: Annotated[
        str | None, typer.Option("--with", help="run another tracker too: stonesoup")
    ] = None,
    beside_noise: Annotated[float, typer.Option(help="its process noise, m2/s3")] = 1.0,
    scans: Annotated[int | None, typer.Option(help="only the first so many scans")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout")] = False,
) -> None:
    """Track recorded detections; with truth, score GOSPA, OSPA and identities.

    Truth inside a packed NPZ is used for the score (never by the tracker). With --with stonesoup
    Stone Soup's tracker runs on the same plots and is scored alike (it takes seconds a scan).
    Plots of several radars need to say where these stand (docs/models/fusion.md).

    Example: openiads track raid.npz --json
    """
    from openiads.cli.track_run import FUSIONS, REGISTRATIONS, track_network, track_one
    from openiads.scenario.detections import (
        first_scans,
        has_truth,
        read_detections,
        read_paths,
        write_paths,
    )

    given = {
        "period-s": period_s,
        "range-sigma-m": range_sigma_m,
        "angle-sigma-rad": angle_sigma_rad,
        "rate-sigma-mps": rate_sigma_mps,
        "beside-noise": beside_noise,
        "scans": scans,
    }
    faults = [
        Fault("must be above 0", key=name)
        for name, number in given.items()
        if number is not None and not number > 0.0
    ]
    if beside not in (None, "stonesoup"):
        faults.append(Fault(f"no tracker {beside!r}", "the one there is: stonesoup", key="with"))
    for name, value, choices in (("fusion", fusion, FUSIONS),
                               ("registration", registration, REGISTRATIONS)):  # fmt: skip
        if value not in choices:
            faults.append(Fault(f"no {name} {value!r}", "one of " + ", ".join(choices), key=name))
    if faults:
        raise InputError(faults)
    data = first_scans(read_detections(detections, period_s), scans)
    sigma = list(data.sigma if data.sigma is not None else (50.0, 0.0026, 0.0026))
    sigma[0] = range_sigma_m or sigma[0]
    if angle_sigma_rad:
        sigma[1] = sigma[2] = angle_sigma_rad
    if rate_sigma_mps is not None and data.range_rate_mps is None:
        raise InputError.of("the file has no range_rate_mps", key="rate-sigma-mps")
    options = {"formations": formations, "models": _names(models), "confirm": confirm}
    if data.sensors is None:
        if data.sensor is not None and len(set(data.sensor.tolist())) > 1:
            note("several radars, and the file does not say where they stand: taken as one place")
        if fusion != "plots" or registration != "off":
            raise InputError.of(
                "one radar has nothing to be fused or registered with", "leave it out",
                key="fusion" if fusion != "plots" else "registration",
            )  # fmt: skip
        result = track_one(data, (sigma[0], sigma[1], sigma[2]), options, rate_sigma_mps)
    else:
        errors = (range_sigma_m, angle_sigma_rad)
        result = track_network(data, fusion, registration, errors, options, rate_sigma_mps)
    paths = result.pop("paths")
    result = {"detections": str(detections)} | result
    source = truth or (detections if has_truth(detections) else None)
    known = None if source is None else first_scans(read_paths(source, data.time_s), scans)
    if known is not None:
        result |= _score(known, paths, score_from, data.time_s)
    if beside:
        other, other_paths = _stonesoup(data, sigma, beside_noise)
        if known is not None:
            other |= _score(known, other_paths, score_from, data.time_s)
        other["times_ours"] = other["ms_per_scan"] / result["ms_per_scan"]
        result["stonesoup"] = other
    if out is not None:
        write_paths(out, paths, data.time_s)
        note(f"tracks written to {out}")
    if as_json:
        emit_json(result)
        return
    rows = result.pop("stonesoup", {})
    for key, value in result.items():
        say(f"{key:24s} {_text(value):44s} {_text(rows.get(key, ''))}".rstrip())


def _names(text: str) -> list[str]:
    """The names in a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _text(value: Any) -> str:
    """A figure, or the figures of a group, for people."""
    if isinstance(value, list):
        return f"{len(value)}, see --json"
    if isinstance(value, dict):
        return ", ".join(f"{k} {v:.4g}" for k, v in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _stonesoup(data: Any, sigma: list[float], noise_m2ps3: float) -> tuple[dict[str, Any], Any]:
    """Stone Soup's tracker on the same plots: its figures and its tracks."""
    import numpy as np

    from openiads.scenario.stonesoup import run_tracker

    note(f"Stone Soup takes {len(data.time_s)} scans; seconds each where targets are many")
    paths, spent = run_tracker(data, sigma, noise_m2ps3)
    return {
        "scans": len(spent),
        "confirmed_ids": len(np.unique(paths.id)),
        "mean_tracks": len(paths.id) / max(len(spent), 1),
        "ms_per_scan": 1e3 * float(np.median(spent)) if spent else 0.0,
    }, paths


def _score(truth: Any, paths: Any, first: int, times_s: Any) -> dict[str, Any]:
    """GOSPA, OSPA, identities, and the SIAP measures of all scans."""
    from openiads.analysis.tracking import Picture, picture_siap, score

    known, found = Picture(*truth), Picture(*paths)
    measures = picture_siap(known, found, 5_000.0, times_s)._asdict()
    result = score(known, found, first_scan=min(first, int(truth.scan[-1])))
    result["siap"] = {k: v for k, v in measures.items() if k not in ("times_s", "at_times")}
    return result
