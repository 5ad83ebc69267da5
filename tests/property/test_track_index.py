"""The spatial index finds every pair within reach once, and every neighbour of a place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.domain.track_index import index_points, nearest_run, neighbours_after, uncrowded
from openiads.domain.tracks import tracks_allocate

place = st.tuples(
    st.floats(-1e5, 1e5, allow_nan=False), st.floats(-1e5, 1e5, allow_nan=False)
)  # fmt: skip
outlier = st.tuples(
    st.floats(-1e7, 1e7, allow_nan=False), st.floats(-1e7, 1e7, allow_nan=False)
)  # fmt: skip


def indexed(points, reach_m):
    tables = tracks_allocate(256, 256)
    for k, (x, y) in enumerate(points):
        tables.entry[k].of, tables.entry[k].x, tables.entry[k].y = k, x, y
    index_points(tables.grid, tables.cell, tables.entry, tables.point, len(points), reach_m)
    return tables


def apart(points):
    xy = np.array(points, float).reshape(-1, 2)
    return np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(place, min_size=0, max_size=120),
    st.lists(outlier, max_size=4),
    st.floats(100.0, 5e4),
)
def test_every_pair_within_reach_is_met_once(near, far, reach_m):
    points = near + far
    tables = indexed(points, reach_m)
    seen = set()
    for k in range(len(points)):
        a0, a1, b0, b1 = neighbours_after(tables.grid, tables.cell, tables.point, k)
        for q in [*range(a0, a1), *range(b0, b1)]:
            pair = frozenset((int(tables.point[k].of), int(tables.point[q].of)))
            assert len(pair) == 2
            assert pair not in seen
            seen.add(pair)
    close = apart(points) < reach_m
    wanted = {frozenset((i, j)) for i, j in np.argwhere(np.triu(close, 1)).tolist()}
    assert wanted <= seen


@settings(deadline=None, max_examples=60)
@given(st.lists(place, min_size=1, max_size=120), outlier, st.floats(100.0, 5e4))
def test_every_point_near_a_place_is_found(points, where, reach_m):
    tables = indexed(points, reach_m)
    found = set()
    for shift in (-1, 0, 1):
        k0, k1 = nearest_run(tables.grid, tables.cell, *where, shift)
        found |= {int(tables.point[k].of) for k in range(k0, k1)}
    gap = np.hypot(*(np.array(points) - where).T)
    assert set(np.flatnonzero(gap < reach_m).tolist()) <= found


def test_a_crowd_shortens_the_reach_and_a_formation_does_not():
    """n points in a square of side L: sqrt(k (L + 100 km)^2 / (pi n))."""
    tables = indexed([(0.0, 0.0), (4e5, 4e5)] * 60, 6e3)
    expected = np.sqrt((5e5) ** 2 / (3.0 * np.pi * 120))
    assert uncrowded(tables.entry, 120, 1e6, 1.0 / 3.0) == pytest.approx(expected)
    assert uncrowded(tables.entry, 120, 6e3, 1.0 / 3.0) == 6e3
    wedge = indexed([(2e3 * k, 1e3 * k) for k in range(12)], 8e3)
    assert uncrowded(wedge.entry, 12, 8e3, 1.0 / 3.0) == 8e3
