"""What compile asks of the engine: the last moment at which each threat could be stopped."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.threats import course_of
from openiads.engine.book import height_m
from openiads.engine.engage import time_of_flight_s
from openiads.engine.sight import HOLD_PD
from openiads.kernel import kernel

NEVER, BELOW_HORIZON, REACHABLE = 0, 1, 2


@kernel(borrows=True)
def last_chances(m: Any, loaded: Any, reaction_s: float) -> None:
    """Fill ``reachable`` and ``last_chance_s`` of every threat.

    For each point of its path, each unit and each missile that the unit is given (``loaded``, shape
    (U, M)): a round that meets the threat there must be ordered no later than the time of the
    point less the flight less the reaction. The latest of these is the last chance, in seconds
    after the threat's start; -inf where the engagement radar never holds it inside an envelope.
    """
    radius = m.settings[0].earth_radius_m
    for threat in range(m.threats.shape[0]):
        row = m.threats[threat]
        row.reachable = NEVER
        row.last_chance_s = -math.inf
        course = course_of(row.category)
        for step in range(row.n_grid):
            at = row.grid + step
            x, y, z = m.grid_pos_m[at, 0], m.grid_pos_m[at, 1], m.grid_pos_m[at, 2]
            height = height_m(x, y, z, radius)
            for unit in range(m.units.shape[0]):
                for missile in range(m.missiles.shape[0]):
                    if loaded[unit, missile] == 0:
                        continue
                    base = m.units[unit]
                    flight = time_of_flight_s(m, base, missile, course, x, y, z, height)
                    order = step * row.step_s - flight - reaction_s
                    if order < 0.0:  # also where the flight is infinite
                        continue
                    if not is_held(m, unit, at):
                        row.reachable = max(row.reachable, BELOW_HORIZON)
                        continue
                    row.reachable = REACHABLE
                    row.last_chance_s = max(row.last_chance_s, order)


@kernel(borrows=True)
def is_held(m: Any, unit: int, at: int) -> bool:
    """Whether the unit's engagement radar holds a grid point, or one that may guide for it."""
    if m.look_pd[m.units[unit].radar, at] >= HOLD_PD:
        return True
    if m.units[unit].engage_on_remote == 1:
        for other in range(m.units.shape[0]):
            if m.look_pd[m.units[other].radar, at] >= HOLD_PD:
                return True
    return False
