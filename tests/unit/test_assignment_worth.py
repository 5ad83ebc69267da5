"""What a better assignment would have been worth, from problems that are written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openiads.analysis.assignment_worth import assignment_worth
from openiads.engine.state import CHOICES, PLENTY
from tiny_run import tiny_log, tiny_model


def log_of(ways, units=2, **more):
    """A Log of ways (cycle, slot, unit, threat value, kill, taken), one channel a unit."""
    model = tiny_model(list("abcdefg"))
    model.names["units"][:] = [f"u{k}" for k in range(units)]
    rows = np.zeros(len(ways), CHOICES)
    for row, (cycle, slot, unit, value, kill, taken) in zip(rows, ways, strict=True):
        row["time_s"], row["cycle"], row["slot"], row["threat"] = 10.0 * cycle, cycle, slot, slot
        row["unit"], row["threat_value"], row["kill"], row["taken"] = unit, value, kill, taken
        row["pair_free"], row["unit_free"], row["most"] = 5, 1, PLENTY
        for key, given in more.items():
            row[key] = given
    return replace(tiny_log(model, []), choices=rows)


CROSSED = [
    # The first track took the only unit that reaches the second.
    (0, 0, 0, 2.0, 0.8, 1), (0, 0, 1, 2.0, 0.7, 0), (0, 1, 0, 1.0, 0.8, 0),
]  # fmt: skip


def test_a_crossed_assignment_is_named_with_its_worth():
    (cycle,) = assignment_worth(log_of(CROSSED)).cycles
    assert (cycle.tracks, cycle.ways, cycle.value) == (2, 3, 3.0)
    assert cycle.done == pytest.approx(3.0 - 1.6)
    assert cycle.best == pytest.approx(3.0 - 2.2) == cycle.bound
    assert cycle.worth == pytest.approx(0.6) and cycle.proven
    (first, second) = cycle.differs
    assert (first[0], first[1].unit, first[2].unit) == ("a", "u0", "u1")
    assert second[0] == "b" and second[1] is None and second[2].kill == 0.8


def test_what_is_best_is_left_alone():
    found = assignment_worth(
        log_of([(0, 0, 1, 2.0, 0.7, 1), (0, 1, 0, 1.0, 0.8, 1), (3, 0, 0, 2.0, 0.5, 1)])
    )
    assert [c.worth for c in found.cycles] == [0.0, 0.0]
    assert found.row()["cycles_with_better"] == 0 and found.row()["proven"]
    assert [c.differs for c in found.cycles] == [(), ()]


def test_limits_of_rounds_and_operators_hold():
    """With one operator only the better of both can be ordered; so was it done."""
    one = assignment_worth(log_of(CROSSED, most=1)).cycles[0]
    assert one.worth == 0.0
    alike = [(0, 0, 0, 2.0, 0.8, 1), (0, 1, 0, 3.0, 0.8, 0), (0, 2, 0, 1.0, 0.8, 0)]
    both = assignment_worth(log_of(alike, unit_free=9, pair_free=2)).cycles[0]
    assert both.worth == pytest.approx(0.8 * 3.0)


def test_what_was_done_is_never_better_than_the_best():
    rng = np.random.default_rng(3)
    for _ in range(40):
        ways, held = [], {0: 0, 1: 0}
        for slot in range(int(rng.integers(1, 7))):
            value = float(rng.uniform(0.1, 4.0))
            free = True
            for unit in (0, 1):
                taken = int(free and held[unit] == 0 and rng.random() < 0.4)
                held[unit] += taken
                free = free and not taken
                ways.append((0, slot, unit, value, float(rng.uniform(0.1, 0.9)), taken))
        (cycle,) = assignment_worth(log_of(ways)).cycles
        assert cycle.bound - 1e-9 <= cycle.best <= cycle.done + 1e-12
        assert cycle.proven


def test_a_log_without_problems_has_no_worth():
    found = assignment_worth(tiny_log(tiny_model(["a"]), []))
    assert found.cycles == () and found.row()["worth"] == 0.0
    assert found.row()["proven"]
