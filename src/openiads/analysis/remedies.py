"""Single changes of a defence that might have stopped a leaker, each as `--set` would write it."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from openiads.domain.threats import CATEGORIES
from openiads.engine.world import Model
from openiads.scenario.load import Scenario
from openiads.scenario.reader import read_yaml
from openiads.scenario.shipped import DATA
from openiads.units import parse_quantity, to_si


@dataclass(frozen=True)
class Change:
    """One change of a scenario: what it is in words, its place in the order of cost, its keys."""

    kind: str
    words: str
    cost: float
    acts_on: str
    """first link of the kill chain that it can move"""
    overrides: tuple[tuple[str, str], ...]
    """dotted keys and values, as `--set KEY=VALUE`"""

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {"kind": self.kind, "words": self.words, "cost": self.cost,
                "acts_on": self.acts_on, "set": dict(self.overrides)}  # fmt: skip


def remedies() -> list[dict[str, Any]]:
    """The lines of ``data/remedies.yaml``, cheapest first."""
    lines = read_yaml(DATA / "remedies.yaml").data["remedies"]
    return sorted(lines, key=lambda line: float(line["cost"]))


def changes(scenario: Scenario, model: Model) -> list[Change]:
    """Every change of ``data/remedies.yaml`` at every place of a scenario, cheapest first.

    ``model`` is what the scenario compiles to; values that a change adds to are read from it.
    """
    defence = _Defence(scenario, model)
    found = []
    for line in remedies():
        for words, overrides in _KINDS[line["kind"]](defence, _amount(line["amount"])):
            change = tuple(overrides.items())
            found.append(Change(line["kind"], words, float(line["cost"]), line["acts_on"], change))
    return found


def _amount(raw: Any) -> float:
    """An amount as a plain number, SI where it has a unit."""
    if isinstance(raw, str):
        parsed = parse_quantity(raw)
        assert parsed is not None, raw
        return to_si(*parsed)
    return float(raw)


class _Defence:
    """The defence of a scenario as written, beside the tables that it compiled to."""

    def __init__(self, scenario: Scenario, model: Model):
        self.model = model
        self.data: dict[str, Any] = scenario.document.data["defence"]
        self.assets = scenario.file.assets
        self.units = model.names["units"]

    def radar_row(self, name: str) -> Any:
        return self.model.tables.radars[self.model.names["radars"].index(name)]

    def unit_row(self, name: str) -> Any:
        return self.model.tables.units[self.units.index(name)]

    def with_(self, use: Any, **parameters: str | float) -> str:
        """A use of an item, as written, with parameters of its own set."""
        use = {"type": use} if isinstance(use, str) else copy.deepcopy(dict(use))
        use["with"] = {**(use.get("with") or {}), **parameters}
        return json.dumps(use)

    def batteries(self, missile: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """(key, value) that give ``parameters`` to every battery of a missile."""
        for unit, held in self.data["fire_units"].items():
            for place, battery in enumerate(held["launchers"]):
                use = battery["missile"]
                if (use if isinstance(use, str) else use["type"]) == missile:
                    key = f"defence.fire_units.{unit}.launchers.{place}.missile"
                    yield key, self.with_(use, **parameters)


Proposals = Iterator[tuple[str, dict[str, str]]]


def _plural(count: float, what: str) -> str:
    return f"{count:g} more {what}" + ("" if count == 1 else "s")


def _rounds(defence: _Defence, amount: float) -> Proposals:
    for unit, held in defence.data["fire_units"].items():
        lines = held["launchers"]
        seen = []
        for battery in lines:
            if battery["missile"] in seen:
                continue
            seen.append(battery["missile"])
            use = battery["missile"]
            missile = use if isinstance(use, str) else use["type"]
            extra = {k: v for k, v in battery.items() if k not in ("count", "rounds", "reloads")}
            extra |= {"count": 1, "rounds": int(amount)}
            key = f"defence.fire_units.{unit}.launchers.{len(lines)}"
            yield _plural(amount, f"{missile} round") + f" at {unit}", {key: json.dumps(extra)}


def _channel(defence: _Defence, amount: float) -> Proposals:
    for unit, held in defence.data["fire_units"].items():
        row = defence.radar_row(unit)
        salvo = int(defence.unit_row(unit)["first_salvo"])
        use = defence.with_(
            held["radar"],
            simultaneous_engagements=int(row["simultaneous_engagements"] + amount),
            missiles_guided_simultaneously=int(
                row["missiles_guided_simultaneously"] + salvo * amount
            ),
        )
        words = _plural(amount, "guidance channel") + f" at {unit}"
        yield words, {f"defence.fire_units.{unit}.radar": use}


def _operator(defence: _Defence, amount: float) -> Proposals:
    held = int(defence.model.tables.settings[0]["operators"])
    if held > 0:
        use = defence.with_(defence.data["command_post"], operators=int(held + amount))
        yield _plural(amount, "operator") + " at the command post", {"defence.command_post": use}


def _post(parameter: str, what: str) -> Callable[[_Defence, float], Proposals]:
    """Changes that take time from a delay of the command post."""

    def propose(defence: _Defence, amount: float) -> Proposals:
        held = float(defence.model.tables.settings[0][f"{parameter}_s"])
        if held <= 0.0:
            return
        use = defence.with_(
            defence.data["command_post"], **{parameter: f"{max(0.0, held - amount)!r} s"}
        )
        yield f"{what} {min(amount, held):g} s sooner", {"defence.command_post": use}

    return propose


def _verdict(defence: _Defence, amount: float) -> Proposals:
    use = defence.with_(defence.data["command_post"], miss_called_kill=amount)
    yield "no miss called a kill", {"defence.command_post": use}


def _salvo(defence: _Defence, amount: float) -> Proposals:
    for unit, held in defence.data["fire_units"].items():
        row = defence.unit_row(unit)
        use = defence.with_(
            held["doctrine"],
            first_salvo=int(row["first_salvo"] + amount),
            later_salvo=int(row["later_salvo"] + amount),
        )
        words = _plural(amount, "round") + f" in each volley of {unit}"
        yield words, {f"defence.fire_units.{unit}.doctrine": use}


def _sites(defence: _Defence) -> Iterator[tuple[str, str, Any]]:
    """(name, dotted key, as written) of every radar, acquisition first."""
    for name, held in defence.data["radars"].items():
        yield name, f"defence.radars.{name}", held
    for unit, held in defence.data["fire_units"].items():
        yield unit, f"defence.fire_units.{unit}.radar", held["radar"]


def _radar(
    parameter: str, words: str, change: Callable[[float, float], float], unit: str
) -> Callable[[_Defence, float], Proposals]:
    """Changes of one parameter of each radar; ``words`` has places for {amount} and {name}."""
    column = {"m": f"{parameter}_m", "s": f"{parameter}_s", "rad": f"{parameter}_rad"}[unit]

    def propose(defence: _Defence, amount: float) -> Proposals:
        for name, key, held in _sites(defence):
            before = float(defence.radar_row(name)[column])
            after = change(before, amount)
            if after == before:
                continue
            use = defence.with_(held, **{parameter: f"{after!r} {unit}"})
            shown = math.degrees(amount) if unit == "rad" else amount
            yield words.format(amount=f"{shown:g}", name=name), {key: use}

    return propose


def _sensitivity(defence: _Defence, amount: float) -> Proposals:
    for name, key, held in _sites(defence):
        row = defence.radar_row(name)
        reach = float(row["detection_range_max_m"]) * amount
        shown = max(float(row["instrumented_range_m"]), reach)
        use = defence.with_(
            held, detection_range_max=f"{reach!r} m", instrumented_range=f"{shown!r} m"
        )
        yield f"{100 * (amount - 1):.0f} % more detection range of {name}", {key: use}


def _lethality(defence: _Defence, amount: float) -> Proposals:
    table = defence.model.tables.kill_probability
    names = defence.model.names["missiles"]
    for missile in dict.fromkeys(n.split("'")[0] for n in names):
        row = table[names.index(missile)]
        better = {
            f"kill_probability_{c}": min(1.0, float(p) + amount)
            for c, p in zip(CATEGORIES, row[: len(CATEGORIES)], strict=True)
        }
        overrides = dict(defence.batteries(missile, better))
        yield f"{missile} rounds that kill with {amount:g} more probability", overrides


def _reach(defence: _Defence, amount: float) -> Proposals:
    """More reach of one missile, against all targets; its fly-out table is made anew."""
    rows = defence.model.tables.missiles
    names = defence.model.names["missiles"]
    for missile in dict.fromkeys(n.split("'")[0] for n in names):
        row = rows[names.index(missile)]
        far = {
            f"range_max_{kind}": f"{float(row[f'range_max_{kind}_m']) * amount!r} m"
            for kind in ("aerodynamic", "ballistic")
        }
        overrides = dict(defence.batteries(missile, far))
        yield f"{missile} rounds that reach {100 * (amount - 1):.0f} % further", overrides


def _fire_unit(defence: _Defence, amount: float) -> Proposals:
    for asset, place in defence.assets.items():
        for unit, held in defence.data["fire_units"].items():
            extra = {**held, "at": [f"{v!r} m" for v in place.at]}
            extra.pop("ground", None)
            yield (
                f"another fire unit like {unit} at {asset}",
                {f"defence.fire_units.{unit}-at-{asset}": json.dumps(extra)},
            )


_KINDS: dict[str, Callable[[_Defence, float], Proposals]] = {
    "rounds": _rounds,
    "channel": _channel,
    "operator": _operator,
    "decision": _post("decision_time", "decision on a target"),
    "reaction": _post("reaction_time", "order to launch"),
    "identification": _post("identification_delay", "identification"),
    "assessment": _post("assessment_delay", "kill assessment"),
    "verdict": _verdict,
    "salvo": _salvo,
    "mast": _radar("antenna_height", "a mast {amount} m higher for {name}",
                   lambda before, amount: before + amount, "m"),
    "scan": _radar("scan_period", "a scan in {amount} of its time for {name}",
                   lambda before, amount: before * amount, "s"),
    "sector": _radar("sector", "a sector {amount} deg wider for {name}",
                     lambda before, amount: min(2.0 * math.pi, before + amount), "rad"),
    "sensitivity": _sensitivity,
    "lethality": _lethality,
    "reach": _reach,
    "fire-unit": _fire_unit,
}  # fmt: skip
