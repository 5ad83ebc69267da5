"""A Model and Logs small enough to write down, so that products are tested without the engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from openiads.campaigns.outcomes import Outcomes
from openiads.domain.track_params import TRACK_PARAMS
from openiads.engine.run import FIGURES
from openiads.engine.state import LOG
from openiads.engine.world import (
    ASSETS,
    EVENTS,
    LAUNCHERS,
    LEAKED,
    LINKS,
    MISSILES,
    RADARS,
    SETTINGS,
    THREATS,
    UNITS,
    Model,
    Tables,
)
from openiads.eventlog import Log

LAST_CHANCE_S = 100.0
"""After its start, the last launch that could meet any threat of `tiny_model`."""
CHANNELS, ROUNDS = 2, 4


def tiny_model(names: list[str], classes: list[str] | None = None, wave: str = "wave") -> Model:
    """Threats that start at 0 s, 100 km east, and reach the asset "port" at 200 s."""
    n = len(names)
    classes = classes or ["kind"] * n
    tables = {f: np.zeros(0) for f in Tables._fields}
    tables["settings"] = np.zeros(1, SETTINGS)
    tables["settings"]["assessment_delay_s"], tables["settings"]["decision_period_s"] = 6.0, 2.0
    tables["settings"]["sites"] = 4
    threats = tables["threats"] = np.zeros(n, THREATS)
    threats["reachable"], threats["last_chance_s"] = 1, LAST_CHANCE_S
    threats["step_s"], threats["n_grid"] = 100.0, 3
    tables["assets"] = np.zeros(1, ASSETS)
    tables["radars"] = np.zeros(2, RADARS)
    tables["radars"]["simultaneous_engagements"] = CHANNELS
    tables["radars"]["missiles_guided_simultaneously"] = 2 * CHANNELS
    tables["units"] = np.zeros(1, UNITS)
    tables["units"]["radar"] = 1
    tables["launchers"] = np.zeros(1, LAUNCHERS)
    tables["launchers"]["rounds"], tables["launchers"]["reloads"] = ROUNDS, 1
    tables["missiles"] = np.zeros(1, MISSILES)
    tables["grid_pos_m"] = np.array([[1e5, 0.0, 100.0], [5e4, 0.0, 100.0], [0.0, 0.0, 0.0]])
    tables["track_params"] = np.zeros(1, TRACK_PARAMS)
    tables["track_params"]["confirm_hits"], tables["track_params"]["confirm_scans"] = 3, 5
    claim = {
        "item": "radar<x>", "parameter": "range", "value": "400 km", "unit": "km",
        "rule": "nominal", "assumed": False, "claim": "radar.range.01", "reason": "best",
        "source": {"title": "A <b>title</b>", "publisher": "Somebody", "date": "2020-01-02",
                   "tier": "news", "url": "https://example.org/a", "quote": "reaches 400 km"},
        "over": ["radar.range.02: 600 km"],
    }  # fmt: skip
    guess = {
        **claim, "parameter": "height", "assumed": True, "source": None, "claim": None,
        "over": [], "reason": "no public figure",
    }  # fmt: skip
    given = {**guess, "parameter": "sector", "assumed": False, "rule": "scenario"}
    return Model(
        Tables(**tables),
        {
            "threats": names, "classes": classes, "waves": [wave], "assets": ["port"],
            "sites": ["port", "eye", "guide", "command-post"],
            "radars": ["eye", "guide"], "units": ["south"], "missiles": ["round"],
        },
        "tiny",
        [claim, guess, given],
        {
            "map_km": 200.0, "assets": {"port": [0.0, 0.0]}, "radars": {"eye": [1.0, 2.0]},
            "units": {"south": [0.0, -3.0]}, "starts": [[100.0, 0.0]] * n,
            "aims": [[0.0, 0.0]] * n,
        },
    )  # fmt: skip


def tiny_log(model: Model, lines: list[tuple[Any, ...]]) -> Log:
    """A Log of (time_s, event, threat, then any of track, unit, serial, value by name)."""
    records = np.zeros(len(lines), LOG)
    for row, (time_s, event, threat, *more) in zip(records, lines, strict=True):
        row["time_s"], row["kind"], row["threat"] = time_s, EVENTS.index(event), threat
        row["track"], row["unit"] = threat, 0
        for key, value in (more[0] if more else {}).items():
            row[key] = value
    return Log(model, 7, 0, records[np.argsort(records["time_s"], kind="stable")], {})


def leaks(threat: int, link: str, *lines: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The lines of a threat that starts at 0 s and leaks at 200 s."""
    end = (200.0, "leaked", threat, {"serial": LINKS.index(link)})
    return [(0.0, "start", threat), *lines, end]


def tiny_outcomes(links: list[list[int]]) -> Outcomes:
    """Outcomes of replications by the broken link of each threat; 0 is killed."""
    link = np.array(links, np.int8)
    fate = np.where(link > 0, LEAKED, 1).astype(np.int8)
    figures = np.ones((len(link), len(FIGURES)))
    shots, lost = np.zeros_like(link, np.int16), np.zeros((len(link), 4), np.int8)
    return Outcomes(np.arange(len(link)), figures, fate, link, shots, lost)
