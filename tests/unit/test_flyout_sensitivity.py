"""Which assumed constant of the fly-out matters, and which does not."""

from __future__ import annotations

import math

import pytest

from openiads.analysis.flyout_sensitivity import SHARE, Sensitivity, flyout_sensitivity

pytestmark = pytest.mark.slow  # each value is fitted and flown anew

BOUNDS = {"range_max_m": 250e3, "altitude_max_m": 27e3, "speed_max_mps": 2000.0}


def test_the_mean_speed_matters_and_the_height_of_the_ejection_does_not() -> None:
    rows = flyout_sensitivity(BOUNDS, ["ejection_height_m", "mean_speed_share"])
    assert [row.constant for row in rows] == ["mean_speed_share", "ejection_height_m"]
    slow, fast = rows[0].time_share
    assert slow is not None and fast is not None
    # Flights that may last longer by a fifth do so where that serves them; none is faster for it.
    assert 0.05 < slow < 0.3 and -0.3 < fast < -0.05
    assert rows[0].values == pytest.approx((0.54 * (1 - SHARE), 0.54 * (1 + SHARE)))
    assert rows[1].most < 0.01


def test_bounds_that_cannot_be_met_rank_first() -> None:
    whole = Sensitivity("a", "", (0.0, 1.0), (0.5, -0.5), (0.0, 0.0))
    broken = Sensitivity("b", "", (0.0, 1.0), (None, 0.0), (None, 0.0))
    assert whole.most == 0.5
    assert broken.most == math.inf
