"""The event queue against a sorted list, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.engine.queue import pop, push
from openiads.engine.state import NOW, QUEUE


def memory(capacity: int):
    queue = np.zeros(capacity, QUEUE).view(np.recarray)
    now = np.zeros(1, NOW).view(np.recarray)
    return queue, now[0]


ENTRIES = st.tuples(st.sampled_from([0.0, 1.0, 1.5, 2.0, 1e9]), st.integers(0, 7))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(ENTRIES, st.none()), max_size=60))
def test_it_pops_in_order_of_time_kind_and_serial(steps):
    """None pops. What comes out is always the least of what is in, by (time, kind, serial)."""
    queue, now = memory(64)
    held: list[tuple[float, int, int]] = []
    for serial, entry in enumerate(steps):
        if entry is not None:
            push(queue, now, entry[0], entry[1], serial, 3 * serial)
            held.append((*entry, serial))
        elif held:
            held.sort()
            time_s, kind, subject, detail = pop(queue, now)
            assert (time_s, kind, subject) == held.pop(0)
            assert detail == 3 * subject
    assert now.n_queue == len(held) and now.overflow == 0
    assert [tuple(pop(queue, now))[:3] for _ in range(len(held))] == sorted(held)


def test_ties_go_by_kind_and_then_first_come_first_served():
    queue, now = memory(8)
    for subject, kind in enumerate([5, 2, 5, 0, 2]):
        push(queue, now, 7.0, kind, subject, 0)
    assert [pop(queue, now)[1:3] for _ in range(5)] == [(0, 3), (2, 1), (2, 4), (5, 0), (5, 2)]


def test_a_full_queue_is_noted_and_not_overwritten():
    queue, now = memory(2)
    for subject in range(3):
        push(queue, now, float(-subject), 0, subject, 0)
    assert now.overflow == 2 and now.n_queue == 2
    assert [pop(queue, now)[2] for _ in range(2)] == [1, 0]


@pytest.mark.parametrize("count", [1000])
def test_many_events(count: int):
    queue, now = memory(count)
    times = np.random.default_rng(3).integers(0, 50, count) / 4.0
    for subject, time_s in enumerate(times):
        push(queue, now, float(time_s), 1, subject, 0)
    order = [pop(queue, now)[2] for _ in range(count)]
    assert order == np.argsort(times, kind="stable").tolist()
