"""The judges of the articles' technical claims, by number.

A judge takes numbers of the record through `Evidence`, holds the sentence against the checks and
words the finding. It never states a number that it has not computed or taken from the record.
"""

from __future__ import annotations

from openiads.claims.audit import Judge
from openiads.claims.judges_dates import production_2019, service_2007, service_2020
from openiads.claims.judges_missiles import (
    hypersonic,
    medium_and_long,
    missile_400,
    outer_space,
    standoff,
    two_tests,
)
from openiads.claims.judges_s400 import (
    ceiling_30,
    ground_targets,
    medium_range,
    reach_400,
    ships,
    three_kinds,
    tracks_300,
)
from openiads.claims.judges_s500 import (
    drones_to_spacecraft,
    hq9b_limited,
    mach_20,
    reach_600,
    replaces_a135,
    ten_at_once,
)

JUDGES: dict[str, Judge] = {
    "1": reach_400,
    "2": ceiling_30,
    "3": tracks_300,
    "4": three_kinds,
    "5": medium_range,
    "6": ground_targets,
    "7": ships,
    "8": service_2007,
    "10": medium_and_long,
    "12": missile_400,
    "13": standoff,
    "14": hypersonic,
    "15": outer_space,
    "16": two_tests,
    "19": reach_600,
    "20": ten_at_once,
    "21": mach_20,
    "22": drones_to_spacecraft,
    "24": production_2019,
    "25": service_2020,
    "26": replaces_a135,
    "28": hq9b_limited,
}
"""Judges by the number of the claim; every other claim is judged by the record alone."""
