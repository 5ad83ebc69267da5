"""The surrogate of `fidelity: engagement` against the tracker, on the default scenario.

Authority: the simulator's own tracker (`fidelity: track`). Draws are named, so both fidelities see
the same detections and the delay from detection to firm track is compared threat by threat. The
surrogate's one fitted number, ``link_probability``, was fitted at seed 7; here the seed is 11.

Tolerances: 5 % of the mean delay over all threats, 12 % by class (one number serves all classes;
the fit leaves 2 to 7 %). With perfect plots (no false plots, errors of a metre and a thousandth of
a degree) the confidence intervals of the leakers must overlap, and the paired difference, which
common random numbers make sharper than the intervals, must stay below 0.5 of 48 threats.
"""

import math

import numpy as np
import pytest

from openiads.campaigns.outcomes import run_range
from openiads.engine.run import recarrays, replicate
from openiads.engine.state import allocate
from openiads.engine.world import FIDELITIES
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

EVIDENCE = {"model": "engagement", "authority": "the loop's own tracker", "kind": "own sweep"}
PERFECT = (
    "{range_error_floor: 1 m, angle_error_floor: 0.001 deg, range_resolution: 3 m, "
    "beamwidth_azimuth: 0.01 deg, beamwidth_elevation: 0.01 deg, false_plots_per_scan: 0}"
)
RADARS = {
    "defence.radars.acquisition": f"{{type: 91n6e, at: [-14 km, 16 km], ground: 60 m, "
    f"with: {PERFECT}}}",
    "defence.radars.low-altitude": f"{{type: 96l6e, at: [-3 km, 6 km], ground: 10 m, "
    f"with: {PERFECT}}}",
}


def both(changes):
    """The Model at each fidelity: compiled once, since only the flag differs."""
    model = compile_scenario(load("default", {"fidelity": "track", **changes}))
    models = {}
    for number, name in enumerate(FIDELITIES):
        settings = model.tables.settings.copy()
        settings["fidelity"] = number
        tables = model.tables._replace(settings=settings)
        models[name] = type(model)(tables, model.names, model.scenario)
    return models


def delays(model, replications, seed):
    """Seconds from first detection to firm track (replications, threats); nan where never."""
    memory = allocate(model.tables)
    rows = []
    for k in range(replications):
        replicate(recarrays(model.tables), memory, seed, k, 0)
        threats = memory.state.threats
        with np.errstate(invalid="ignore"):
            gap = threats.tracked_s - threats.detected_s
        rows.append(np.where(np.isfinite(gap), gap, np.nan))
    return np.array(rows)


def test_time_from_detection_to_firm_track():
    models = both({})
    taken = {name: delays(model, 150, 11) for name, model in models.items()}
    ratio = np.nanmean(taken["engagement"]) / np.nanmean(taken["track"])
    assert ratio == pytest.approx(1.0, abs=0.05)
    classes = np.array(models["track"].names["classes"])
    for name in np.unique(classes):
        mine = classes == name
        ratio = np.nanmean(taken["engagement"][:, mine]) / np.nanmean(taken["track"][:, mine])
        assert ratio == pytest.approx(1.0, abs=0.12), name
    never = {name: np.isnan(d).mean() for name, d in taken.items()}
    assert abs(never["track"] - never["engagement"]) < 0.005


def test_with_perfect_plots_the_fidelities_agree():
    count = 300
    models = both(RADARS)
    leakers = {
        name: run_range(model, allocate(model.tables), 11, 0, count).leakers.astype(float)
        for name, model in models.items()
    }
    mean = {name: x.mean() for name, x in leakers.items()}
    half = {name: 1.96 * x.std(ddof=1) / math.sqrt(count) for name, x in leakers.items()}
    gap = abs(mean["track"] - mean["engagement"])
    assert gap < half["track"] + half["engagement"]
    paired = leakers["track"] - leakers["engagement"]
    assert abs(paired.mean()) + 1.96 * paired.std(ddof=1) / math.sqrt(count) < 0.5
