"""What depends on what: which tables of the Model a catalogue parameter reaches.

Two views of one thing. `reaches` is the map as compile is written: from the kind of an item and the
name of a parameter to the columns that can change with it, and to the first link of the kill chain
that can. `changed` compares two Models and names what did change. A test holds the second inside
the first for every parameter of the default scenario.

Columns are named as in `engine.world`: ``missiles.range_min_m``, ``look_pd``. Where a threat's path
has more or fewer points than before, the places of the others in the shared grid move; that is
bookkeeping, so paths and looks are compared threat by threat and ``threats.grid`` is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openiads.declare import Declared, key_of
from openiads.domain.command import CommandPost
from openiads.domain.doctrine import Doctrine
from openiads.domain.sensors import Radar
from openiads.domain.threats import Threat
from openiads.domain.weapons import Launcher, Missile
from openiads.engine.world import Model, Tables

KINDS: dict[str, type[Declared]] = {
    "threat": Threat,
    "radar": Radar,
    "command-post": CommandPost,
    "doctrine": Doctrine,
    "launcher": Launcher,
    "missile": Missile,
}
"""The declaration that stands behind each kind of catalogue item."""

_LAST = ("threats.reachable", "threats.last_chance_s")
_SEEN = ("look_pd", "look_snr", *_LAST)
_FLOWN = ("threats.life_s", "threats.step_s", "threats.n_grid", "grid_pos_m", "grid_vel_mps")
_FLY_OUT = ("missiles.top_s", "fly_range_m", "fly_altitude_m", "fly_time_s", "fly_speed_mps")
_STOOD = ("radars.x", "radars.y", "radars.z", "radars.height_m", "radar_pos_m")
_ECHO = ("radars.echo_pm2", "radars.hold_range_m")
_VOLUME = ("radars.clutter_pm3", "radars.false_elevation_rad", *_ECHO)

_OWN_TABLE = {"radar": "radars", "command-post": "settings", "doctrine": "units",
              "missile": "missiles"}  # fmt: skip

_ALSO: dict[str, dict[str, tuple[str, ...]]] = {
    "threat": {
        "category": ("threats.category", *_LAST),
        "rcs": ("threats.rcs_m2", *_SEEN),
        "lethality": ("threats.lethality",),
        "debris_share": ("threats.debris_share", "settings.debris"),
        "debris_visible": ("threats.debris_visible_s",),
        "debris_coefficient": ("threats.debris_coefficient_kgm2",),
        "debris_called_alive": ("threats.debris_called_alive",),
        "expected": (),
        "speed_spread": (),
        "height_spread": (),
        "rcs_spread_db": (),
        "homes_on": ("threats.homing_s",),
        "homing": ("threats.homing_s",),
        "silent_share": ("threats.silent_share",),
        "swerling": _SEEN,
        "": (*_FLOWN, *_SEEN),
    },
    "radar": {
        "duty": (),
        "scan_period": ("radars.phase_s",),
        "pfa": ("radars.level", *_ECHO, *_SEEN),
        "pulses": ("radars.level", *_ECHO, *_SEEN),
        "antenna_height": (*_STOOD, *_SEEN),
        "false_plots_per_scan": ("radars.clutter_pm3",),
        "simultaneous_tracks": (),
        "simultaneous_engagements": (),
        "missiles_guided_simultaneously": (),
        "beamwidth_azimuth": (),
        "beamwidth_elevation": (),
        "range_resolution": (),
        "range_error_floor": (),
        "range_bias": (),
        "angle_bias": (),
        "angle_error_floor": (),
        "silent_below": ("settings.blinkers",),
        "silent_for": (),
        "rhythm_on": (),
        "rhythm_off": (),
        "emitting_decoys": (),
        "": (*_VOLUME, *_SEEN),
    },
    "command-post": {"reaction_time": _LAST, "classification": ("classes",), "": ()},
    "doctrine": {"engage_on_remote": _LAST, "": ()},
    "launcher": {
        "missiles_per_launcher": ("launchers.rounds", *_LAST),
        "launch_interval": ("launchers.launch_interval_s",),
        "reload_time": ("launchers.reload_time_s",),
        "setup_time": ("launchers.setup_time_s",),
    },
    "missile": {
        **{f"kill_probability_{c}": ("kill_probability",) for c in
           ("aircraft", "drone", "cruise", "supersonic", "ballistic", "surface")},
        "surface_range_max": _LAST,
        "target_speed_max": (),
        "": (*_FLY_OUT, *_LAST),
    },
}  # fmt: skip
"""Columns beyond the parameter's own; the empty name stands for all parameters not listed."""

_FROM: dict[str, dict[str, str]] = {
    "threat": {"category": "identification", "rcs": "detection", "swerling": "detection",
               "expected": "identification", "speed_spread": "identification",
               "height_spread": "identification", "rcs_spread_db": "identification",
               "": "horizon"},
    "radar": {"antenna_height": "horizon", "simultaneous_engagements": "channel",
              "missiles_guided_simultaneously": "channel", "": "detection"},
    "command-post": {"simultaneous_tracks": "track", "identification_delay": "identification",
                     "hostile_called_neutral": "identification", "classification": "identification",
                     "airliner_probability": "identification",
                     "neutral_called_hostile": "identification",
                     "decision_period": "window", "reaction_time": "window",
                     "assignment": "window", "evaluation": "window", "operators": "operator",
                     "decision_time": "operator", "link_delay": "window", "link_loss": "window",
                     "link_timeout": "window", "": "assessment"},
    "doctrine": {"reserve_rounds": "magazine", "": "window"},
    "launcher": {"launch_interval": "window", "": "magazine"},
    "missile": {**{f"kill_probability_{c}": "miss" for c in
                   ("aircraft", "drone", "cruise", "supersonic", "ballistic", "surface")},
                "": "window"},
}  # fmt: skip


def reaches(kind: str, parameter: str) -> frozenset[str]:
    """Columns of the Model that can change with ``parameter`` of an item of ``kind``."""
    fields = {key_of(name): name for name in KINDS[kind].model_fields}
    own = {f"{_OWN_TABLE[kind]}.{fields[parameter]}"} if kind in _OWN_TABLE else set()
    also = _ALSO[kind]
    return frozenset(own.union(also.get(parameter, also.get("", ()))))


def first_link(kind: str, parameter: str) -> str:
    """The first link of the kill chain that ``parameter`` can break or mend by itself.

    Earlier links move only as far as what happens later works back on them: a target that is shot
    down sooner leaves the sky, and a track picture, sooner.
    """
    known = _FROM[kind]
    return known.get(parameter, known[""])


def changed(before: Model, after: Model) -> frozenset[str]:
    """Columns in which two Models of one raid differ; see the module on the shared grid."""
    names: set[str] = set()
    for table in Tables._fields:
        old, new = getattr(before.tables, table), getattr(after.tables, table)
        if table in ("grid_pos_m", "grid_vel_mps", "look_pd", "look_snr"):
            if _paths_differ(table, before, after):
                names.add(table)
        elif table != "classes" and old.dtype.names and old.shape == new.shape:
            names |= {
                f"{table}.{c}" for c in old.dtype.names if not _same(old[c], new[c])
            } - {"threats.grid"}  # fmt: skip
        elif not _same(old, new):
            names.add(table)
    return frozenset(names)


def _paths_differ(table: str, before: Model, after: Model) -> bool:
    if len(before.tables.threats) != len(after.tables.threats):
        return True
    return any(
        not _same(one, other)
        for one, other in zip(_by_threat(table, before), _by_threat(table, after), strict=True)
    )


def _by_threat(table: str, model: Model) -> list[Any]:
    """The rows of a grid table, threat by threat."""
    values = getattr(model.tables, table)
    values = values if table.startswith("grid") else values.T
    return [values[t["grid"] : t["grid"] + t["n_grid"]] for t in model.tables.threats]


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
