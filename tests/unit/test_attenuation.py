"""Gas tables: their interpolation, their stand-in, and rain along a path."""

import numpy as np
import pytest

from openiads.faults import InputError
from openiads.physics.attenuation import gas_loss_db, rain_loss_db
from openiads.physics.propagation import height_at_range_m
from openiads.scenario.attenuation import gas_specific_db_km, gas_table

RADIUS = 6371e3 * 4 / 3
LONGEST_M = 400e3


def integral_db(frequency_hz: float, antenna_m: float, elevation: float, reach: float) -> float:
    steps = np.linspace(0.0, reach, 8001)
    levels = np.linspace(0.0, 60e3, 481)
    gamma = gas_specific_db_km(frequency_hz, levels, itur=False)
    height = height_at_range_m(steps, antenna_m, elevation, RADIUS)
    along = np.where(height < 60e3, np.exp(np.interp(height, levels, np.log(gamma))), 0.0)
    return 1e-3 * float(np.trapezoid(along, steps))


@pytest.mark.parametrize("elevation", [0.0, 0.004, 0.03, 0.1, 0.7])
def test_the_table_holds_the_integral(elevation) -> None:
    table = gas_table(10e9, 20.0, LONGEST_M, itur=False)
    for reach in (5e3, 30e3, 133e3, 390e3):
        found = gas_loss_db(table.loss_db, table.longest_m, elevation, reach)
        want = integral_db(10e9, 20.0, elevation, reach)
        assert found == pytest.approx(want, rel=0.01, abs=0.01)


@pytest.mark.parametrize(
    ("frequency_hz", "within"),
    [(1e9, 0.14), (3e9, 0.07), (5.5e9, 0.07), (10e9, 0.07), (16e9, 0.07), (35e9, 0.07)],
)
def test_the_stand_in_is_near_the_recommendation(frequency_hz, within) -> None:  # fmt: skip
    pytest.importorskip("itur", reason="NOT CHECKED: itur is not installed")
    full = gas_table(frequency_hz, 20.0, LONGEST_M)
    short = gas_table(frequency_hz, 20.0, LONGEST_M, itur=False)
    assert full.source != short.source
    assert np.abs(short.loss_db[:, 1:] / full.loss_db[:, 1:] - 1.0).max() < within


def test_bad_frequencies_are_faults() -> None:
    with pytest.raises(InputError) as caught:
        gas_table(95e9, 20.0, LONGEST_M, surface_vapour_g_m3=-1.0, itur=False)
    assert len(caught.value.faults) == 2 and "models" in str(caught.value)


def test_rain_fills_the_path_below_its_height() -> None:
    level = rain_loss_db(0.5, 4000.0, 20.0, 0.0, 30e3, RADIUS)
    assert level == pytest.approx(15.0)
    steep = rain_loss_db(0.5, 4000.0, 20.0, np.pi / 2, 30e3, RADIUS)
    assert steep == pytest.approx(0.5 * 3.98)
    assert rain_loss_db(0.5, 4000.0, 5000.0, 0.1, 30e3, RADIUS) == 0.0
