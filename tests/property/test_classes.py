"""Class probabilities: they are probabilities, and the order of looks does not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.domain.track_classes import TRACK_CLASS, class_begin, class_update

ROW = st.tuples(
    st.floats(0.01, 10.0), st.floats(1.0, 8e3), st.floats(0.05, 1.5), st.floats(1.0, 5e5),
    st.floats(0.1, 1.5), st.floats(-40.0, 45.0), st.floats(1.0, 15.0),
)  # fmt: skip
LOOK = st.tuples(
    st.floats(0.0, 8e3), st.floats(-2e3, 6e5), st.floats(-60.0, 60.0) | st.just(float("nan")),
    st.floats(0.01, 1.0), st.floats(0.0, 500.0), st.floats(0.0, 5e3), st.floats(0.0, 10.0),
)  # fmt: skip


def learned(classes, looks, least=0.0):
    log_p = np.zeros((1, len(classes)))
    class_begin(classes, log_p, 0)
    for look in looks:
        best = class_update(classes, log_p, 0, *look, least)
    return log_p[0], best


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=9), st.lists(LOOK, min_size=1, max_size=6))
def test_they_sum_to_one_and_the_best_is_the_best(rows, looks):
    classes = np.array(rows, TRACK_CLASS).view(np.recarray)
    for least in (0.0, 1e-6):
        log_p, best = learned(classes, looks, least)
        assert np.exp(log_p).sum() == pytest.approx(1.0, abs=1e-9)
        assert np.isfinite(log_p).all()
        assert log_p[best] >= log_p.max() - 1e-9


@settings(deadline=None)
@given(st.lists(ROW, min_size=2, max_size=9), LOOK, LOOK)
def test_two_looks_may_change_places(rows, one, other):
    classes = np.array(rows, TRACK_CLASS).view(np.recarray)
    there, _ = learned(classes, [one, other])
    back, _ = learned(classes, [other, one])
    assert there == pytest.approx(back, rel=1e-9, abs=1e-6)
