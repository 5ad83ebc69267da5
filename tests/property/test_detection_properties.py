"""Laws that detection keeps for every input, not only for the tabulated ones."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.physics.detection import detection_probability, required_snr, threshold

PFA = st.floats(-12.0, -2.0).map(lambda x: 10.0**x)
PULSES = st.integers(1, 1000)
SWERLING = st.integers(0, 4)
SNR = st.floats(-6.0, 7.0).map(lambda x: 10.0**x)


@settings(deadline=None, max_examples=300)
@given(snr=SNR, factor=st.floats(1.0, 4.0), pfa=PFA, pulses=PULSES, swerling=SWERLING)
def test_probability_never_falls_with_snr(snr, factor, pfa, pulses, swerling) -> None:
    low = detection_probability(snr, pfa, pulses, swerling)
    high = detection_probability(snr * factor, pfa, pulses, swerling)
    # Two neighbouring values may round apart by the last digit; nothing more.
    assert high >= low * (1.0 - 1e-12)
    assert pfa <= low <= high + 1e-12 <= 1.0 + 1e-12


@settings(deadline=None, max_examples=200)
@given(snr=st.floats(-2.0, 2.0).map(lambda x: 10.0**x), pfa=PFA, pulses=PULSES, swerling=SWERLING)
def test_more_signal_is_strictly_better_where_it_matters(snr, pfa, pulses, swerling) -> None:
    low = detection_probability(snr, pfa, pulses, swerling)
    if low < 1.0 - 1e-9:
        assert detection_probability(snr * 1.01, pfa, pulses, swerling) > low


@settings(deadline=None, max_examples=200)
@given(snr=SNR, pfa=PFA, pulses=PULSES, swerling=SWERLING)
def test_required_snr_inverts_the_probability(snr, pfa, pulses, swerling) -> None:
    pd = detection_probability(snr, pfa, pulses, swerling)
    if pd < 1.0:
        back = detection_probability(required_snr(pd, pfa, pulses, swerling), pfa, pulses, swerling)
        assert math.isclose(back, pd, rel_tol=1e-9, abs_tol=1e-13)


@settings(deadline=None, max_examples=100)
@given(pfa=PFA, factor=st.floats(1.01, 5.0), pulses=PULSES)
def test_threshold_falls_as_false_alarms_are_allowed(pfa, factor, pulses) -> None:
    assert threshold(pfa * factor, pulses) < threshold(pfa, pulses)


@settings(deadline=None, max_examples=100)
@given(pd=st.floats(0.5, 0.999), pfa=PFA, pulses=PULSES)
def test_slower_fluctuation_costs_more(pd, pfa, pulses) -> None:
    """At high Pd: Swerling 1 >= 3 >= 4 >= 0 and 1 >= 2 >= 4 in required SNR."""
    need = [required_snr(pd, pfa, pulses, case) for case in range(5)]
    slack = 1.0 + 1e-9
    if pd >= 0.8:
        assert need[1] * slack >= need[3] and need[3] * slack >= need[4]
        assert need[4] * slack >= need[0]
        assert need[1] * slack >= need[2] and need[2] * slack >= need[4]
