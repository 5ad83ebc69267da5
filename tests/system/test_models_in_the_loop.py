"""Interacting models in a scenario: falling warheads are followed without tuned noise.

With the noise of undisturbed flight one filter of constant velocity loses warheads that fall at
7 km/s; the models follow them, so that fewer leak. (A filter of one model needs the scenario's
default of 100 m2/s3 for that.)
"""

import math

from openiads.campaigns.outcomes import link_shares, run_range
from openiads.domain.track_params import MODEL_NAMES
from openiads.engine.state import allocate
from openiads.scenario.compile import compile_scenario
from openiads.scenario.load import load

REPLICATIONS = 40


def leakers(models):
    overrides = {"tracking.process_noise": "0.5", "tracking.models": models}
    model = compile_scenario(load("ten-ballistic", overrides))
    memory = allocate(model.tables)
    assert memory.tracks.models.kind.size == (len(MODEL_NAMES) if models != "[]" else 0)
    outcomes = run_range(model, memory, 7, 0, REPLICATIONS)
    x = outcomes.leakers.astype(float)
    return x.mean(), 1.96 * x.std(ddof=1) / math.sqrt(REPLICATIONS), outcomes


def test_models_follow_falling_warheads_that_one_quiet_filter_loses():
    one, half_one, outcomes = leakers("[]")
    assert link_shares(outcomes)["track"]["share"] > 0.5
    several, half, outcomes = leakers("[cv, ct, ca, ballistic]")
    assert several + half < one - half_one
    assert link_shares(outcomes)["track"]["share"] < 0.25
