"""Evaluate: how urgent a track is, by what it threatens and how soon, and what kind it is."""

from __future__ import annotations

import math
from typing import Any

from openiads.domain.command import threat_score
from openiads.domain.doctrine import volley_rounds
from openiads.domain.impact import impact
from openiads.domain.threats import BALLISTIC, DECOY, approach, falls, looks_ballistic
from openiads.engine.book import height_m
from openiads.engine.world import FEATURES
from openiads.kernel import kernel

BY_IMPACT = 1
"""Code of `CommandPost.evaluation` that follows falling tracks to the ground."""


@kernel(inline="always", borrows=True)
def score(m: Any, s: Any, slot: int, now_s: float) -> float:
    """Threat value of a track: the value of the asset at risk, over the time to it.

    A post that classifies by features takes the value times the expected lethality.

    The asset at risk is the one that the straight course passes nearest; where the command post
    evaluates by impact and the track can only be ballistic, the one nearest its impact point.
    """
    seen = s.picture[slot]
    if m.settings[0].evaluation == BY_IMPACT and taken_to_fall(m, s, slot):
        return score_impact(m, s, slot, now_s)
    least = math.inf
    value = 0.0
    time_s = 0.0
    at_risk = -1
    for k in range(m.assets.shape[0]):
        asset = m.assets[k]
        when, miss = approach(
            seen.x, seen.y, seen.z, seen.vx, seen.vy, seen.vz, asset.x, asset.y, asset.z
        )
        if miss < least:
            least, value, time_s, at_risk = miss, asset.value, when, k
    seen.asset = at_risk
    seen.miss_m = least
    seen.to_go_s = time_s - (now_s - seen.time_s)
    return threat_score(value * hazard(m, s, slot), seen.to_go_s)


@kernel(borrows=True)
def score_impact(m: Any, s: Any, slot: int, now_s: float) -> float:
    """Threat value of a falling track, by its predicted impact point."""
    seen, post = s.picture[slot], m.settings[0]
    time_s, x, y, z = impact(
        seen.x, seen.y, seen.z, seen.vx, seen.vy, seen.vz, post.earth_radius_m, post.gravity_mps2
    )
    least, value, at_risk = math.inf, 0.0, -1
    for k in range(m.assets.shape[0]):
        asset = m.assets[k]
        away = math.sqrt((x - asset.x) ** 2 + (y - asset.y) ** 2 + (z - asset.z) ** 2)
        if away < least:
            least, value, at_risk = away, asset.value, k
    seen.asset = at_risk
    seen.miss_m = least
    seen.to_go_s = time_s - (now_s - seen.time_s)
    return threat_score(value * hazard(m, s, slot), seen.to_go_s)


@kernel(inline="always", borrows=True)
def hazard(m: Any, s: Any, slot: int) -> float:
    """Expected lethality of a track whose class is not told; 1 where it is (assumed: all alike)."""
    if m.settings[0].classification == FEATURES:
        return s.class_p[slot, s.class_p.shape[1] - 1]
    return 1.0


@kernel(borrows=True)
def taken_to_fall(m: Any, s: Any, slot: int) -> bool:
    """Whether a track is followed to the ground as a falling one.

    By its speed and height (`track_falls`); where classes are told by features, if it more likely
    is ballistic, or what a ballistic missile leaves, than not.
    """
    if m.settings[0].classification == FEATURES:
        return s.class_p[slot, BALLISTIC] + s.class_p[slot, DECOY] > 0.5
    return track_falls(m, s.picture[slot])


@kernel(borrows=True)
def track_falls(m: Any, seen: Any) -> bool:
    """Whether a track's speed and height leave only a ballistic course."""
    speed = math.sqrt(seen.vx * seen.vx + seen.vy * seen.vy + seen.vz * seen.vz)
    return looks_ballistic(speed, height_m(seen.x, seen.y, seen.z, m.settings[0].earth_radius_m))


@kernel(borrows=True)
def kind_of(m: Any, s: Any, slot: int) -> int:
    """The category that a track is taken for: the most probable one, or its target's own.

    Where it is not told by features, assumed: recognition of the kind is right; a false track is
    what it flies like, and an aircraft if it does not fall.
    """
    if m.settings[0].classification == FEATURES:
        best = 0
        for kind in range(s.class_p.shape[1] - 1):
            if s.class_p[slot, kind] > s.class_p[slot, best]:
                best = kind
        return best
    seen = s.picture[slot]
    if seen.threat >= 0:
        return int(m.threats[seen.threat].category)
    return BALLISTIC if track_falls(m, seen) else 0


@kernel(borrows=True)
def volley_size(base: Any, seen: Any, kind: int) -> int:
    """Rounds that doctrine wants in the next volley at a track of a kind of target."""
    if seen.volleys > 0:
        return int(volley_rounds(seen.volleys, base.first_salvo, base.later_salvo))
    wanted = 0
    if kind == 0:
        wanted = base.salvo_aircraft
    elif kind == 1:
        wanted = base.salvo_drone
    elif kind == 2:
        wanted = base.salvo_cruise
    elif kind == 3:
        wanted = base.salvo_supersonic
    elif falls(kind):
        wanted = base.salvo_ballistic
    return int(wanted if wanted > 0 else base.first_salvo)


@kernel(borrows=True)
def volley_kill(m: Any, missile: int, kind: int, rounds: int) -> float:
    """Probability that at least one of ``rounds`` independent rounds kills: 1 - (1 - p)^n."""
    left = 1.0
    for _ in range(rounds):
        left *= 1.0 - m.kill_probability[missile, kind]
    return 1.0 - left


@kernel(inline="always", borrows=True)
def kind_probability(m: Any, s: Any, slot: int, kind: int) -> float:
    """Probability of the kind that a track is taken for; 1 where it is told."""
    return s.class_p[slot, kind] if m.settings[0].classification == FEATURES else 1.0


@kernel(borrows=True)
def expected_kill(m: Any, s: Any, slot: int, missile: int, rounds: int) -> float:
    """`volley_kill` over what the target of a track may be: sum_k p_k (1 - (1 - P_k)^n)."""
    total = 0.0
    for each in range(s.class_p.shape[1] - 1):
        total += s.class_p[slot, each] * volley_kill(m, missile, each, rounds)
    return total
