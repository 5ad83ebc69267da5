"""How much each assumed constant of the fly-out matters: one at a time, everything fitted anew."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from openiads.domain.flyout import ASSUMED, calibrate, flyout_table
from openiads.faults import InputError

SHARE = 0.2
"""Each constant is taken this share lower and higher (assumed: a fifth is a modest doubt)."""

RANGES, ALTITUDES = 21, 11


@dataclass(frozen=True)
class Sensitivity:
    """What one constant does to the table of one missile, at its lower and at its higher value.

    ``time_share`` is the median change of the time of flight over the points reached both ways, as
    a share; ``reach_share`` the change of the number of points reached. None where the published
    bounds cannot be met with that value.
    """

    constant: str
    reason: str
    values: tuple[float, float]
    time_share: tuple[float | None, float | None]
    reach_share: tuple[float | None, float | None]

    @property
    def most(self) -> float:
        """The largest change of either kind: what a ranking goes by; inf where bounds fail."""
        changes = [abs(x) for pair in (self.time_share, self.reach_share) for x in pair
                   if x is not None]  # fmt: skip
        return math.inf if None in self.time_share else max(changes, default=0.0)


def flyout_sensitivity(
    bounds: Mapping[str, float], constants: Iterable[str] = tuple(ASSUMED)
) -> list[Sensitivity]:
    """Sensitivities of a missile with these published ``bounds``, the largest first.

    ``bounds`` are the arguments of `openiads.domain.flyout.calibrate` (m, m/s). The motor is fitted
    to the bounds again for each value, so what changes is what the bounds leave open. About two
    seconds a constant.
    """
    nominal = _times(bounds, {})
    assert nominal is not None, "the nominal constants meet the bounds"
    rows = []
    for name in constants:
        value, reason = ASSUMED[name]
        values = (value * (1.0 - SHARE), value * (1.0 + SHARE) if value else SHARE)
        changes = [_change(nominal, _times(bounds, {name: v})) for v in values]
        (time0, reach0), (time1, reach1) = changes
        rows.append(Sensitivity(name, reason, values, (time0, time1), (reach0, reach1)))
    return sorted(rows, key=lambda row: -row.most)


def _times(bounds: Mapping[str, float], constants: dict[str, float]) -> Any:
    """Times of flight (altitudes, ranges), inf where not reached; None where no motor fits."""
    try:
        return flyout_table(calibrate(**bounds, **constants), RANGES, ALTITUDES).time_s
    except InputError:
        return None


def _change(nominal: Any, other: Any) -> tuple[float | None, float | None]:
    """(median share by which times changed, share by which the points reached changed)."""
    if other is None:
        return None, None
    here, there = np.isfinite(nominal), np.isfinite(other)
    both = here & there & (nominal > 0.0)
    time = float(np.median(other[both] / nominal[both] - 1.0)) if both.any() else 0.0
    return time, float(there.sum() / here.sum() - 1.0)
