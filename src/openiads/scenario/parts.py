"""Parts: catalogue items turned into declarations, each number with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from openiads.declare import SI, Declared, key_of, stand_ins, unit_of
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import Catalogue
from openiads.scenario.reader import Document, Key
from openiads.scenario.record import Choice
from openiads.units import dimension, to_si

D = TypeVar("D", bound=Declared)


@dataclass(frozen=True)
class Provenance:
    """One number that a run rests on, and why it is what it is."""

    item: str
    parameter: str
    choice: Choice | None
    """What the catalogue chose; None where the scenario itself sets the value."""
    given: str = ""

    def row(self) -> dict[str, Any]:
        """The provenance as plain data for reports."""
        if self.choice is None:
            return {
                "item": self.item,
                "parameter": self.parameter,
                "value": self.given,
                "unit": None,
                "rule": "scenario",
                "assumed": False,
                "claim": None,
                "reason": "set in the scenario",
                "source": None,
                "over": [],
            }
        claim = self.choice.claim
        source = None
        if claim is not None:
            source = {
                "title": claim.source.title,
                "publisher": claim.source.publisher,
                "date": claim.source.date,
                "tier": claim.source.tier,
                "url": claim.source.url,
                "quote": claim.quote,
            }
        return {
            "item": self.item,
            "parameter": self.parameter,
            "value": self.choice.shown(),
            "unit": self.choice.unit,
            "rule": self.choice.rule,
            "assumed": self.choice.assumed,
            "claim": claim.id if claim else None,
            "reason": self.choice.reason,
            "source": source,
            "over": [f"{c.id}: {c.shown()}" for c in self.choice.over],
        }


class Parts:
    """Builds declarations from catalogue items by the scenario's rules of choice."""

    def __init__(self, catalogue: Catalogue, rules: Mapping[str, str], document: Document):
        self.catalogue = catalogue
        self.rules = rules
        self.document = document
        self.used: dict[tuple[str, str], Provenance] = {}

    def check_rules(self, faults: list[Fault]) -> None:
        """Every key of `choose` must be `rule` or name a parameter of a known item."""
        for key in self.rules:
            if key == "rule":
                continue
            item, _, parameter = key.partition(".")
            place = ("choose", key)
            if item not in self.catalogue:
                faults.append(
                    self.document.fault(
                        place, f"no catalogue item '{item}'", nearest(item, self.catalogue)
                    )
                )
            elif parameter not in self.catalogue[item].parameters:
                known = self.catalogue[item].parameters
                faults.append(
                    self.document.fault(
                        place, f"{item} has no parameter '{parameter}'", nearest(parameter, known)
                    )
                )

    def build(
        self,
        cls: type[D],
        kind: str,
        item: str,
        given: Mapping[str, Any],
        key: Key,
        faults: list[Fault],
    ) -> D | None:
        """The declaration ``cls`` of a catalogue item, or None with faults added."""
        if item not in self.catalogue:
            same = [n for n in self.catalogue if self.catalogue[n].kind == kind]
            faults.append(
                self.document.fault(
                    key, f"no {kind} '{item}' in the catalogue", nearest(item, same)
                )
            )
            return None
        entry = self.catalogue[item]
        if entry.kind != kind:
            same = [n for n in self.catalogue if self.catalogue[n].kind == kind]
            faults.append(
                self.document.fault(
                    key, f"'{item}' is a {entry.kind} where a {kind} is wanted", nearest(item, same)
                )
            )
            return None
        values, missing = self._values(cls, item, given, key, faults)
        known = {key_of(n) for n in cls.model_fields}
        for name in given:
            if name not in known:
                faults.append(
                    self.document.fault(
                        (*key, "with", name),
                        f"a {kind} has no parameter '{name}'",
                        nearest(name, known),
                    )
                )
        if missing:
            return None
        try:
            return cls.model_validate({k: v for k, v in values.items() if k in known})
        except ValidationError as error:
            for fault in error.errors():
                faults.append(self._fault(fault, item, given, key))
            return None

    def _values(
        self, cls: type[D], item: str, given: Mapping[str, Any], key: Key, faults: list[Fault]
    ) -> tuple[dict[str, Any], bool]:
        values: dict[str, Any] = {}
        missing = False
        for field_name, field in cls.model_fields.items():
            name = key_of(field_name)
            if name in given:
                values[name] = given[name]
                self.used[item, name] = Provenance(item, name, None, str(given[name]))
                continue
            choice = self._choose(item, (name, *stand_ins(field)), key, faults)
            if choice is None:
                if field.is_required():
                    missing = True
                    faults.append(
                        self.document.fault(
                            key,
                            f"{item} states no '{name}'",
                            f"add it to the item, or under `with:` here ({field.description})",
                        )
                    )
                continue
            self.used[item, name] = Provenance(item, name, choice)
            values[name] = _as_given(choice, unit_of(field))
        return values, missing

    def _choose(
        self, item: str, names: tuple[str, ...], key: Key, faults: list[Fault]
    ) -> Choice | None:
        """The first of ``names`` that holds a number or word; None where none does."""
        for name in names:
            owner, parameter = item, name
            if name.startswith("system:"):
                owner, parameter = self.catalogue[item].system or "", name.removeprefix("system:")
            if owner not in self.catalogue or parameter not in self.catalogue[owner].parameters:
                continue
            rule = self.rules.get(f"{owner}.{parameter}", self.rules.get("rule", "nominal"))
            try:
                choice = self.catalogue[owner].parameters[parameter].choose(rule)
            except InputError as error:
                faults.extend(self.document.fault(key, f.message, f.mend) for f in error.faults)
                return None
            if choice.claim is None or not choice.claim.is_text:
                return choice
        return None

    def _fault(self, error: Any, item: str, given: Mapping[str, Any], key: Key) -> Fault:
        name = str(error["loc"][0]) if error["loc"] else ""
        message = error["msg"].removeprefix("Value error, ")
        place = (*key, "with", name) if name in given else key
        message, _, mend = message.partition("; ")
        value = given.get(name, "")
        shown = f" {value!r}" if name in given else ""
        return self.document.fault(
            place,
            f"{item}.{name}{shown}: {message}",
            mend or "write a value inside the range, with its unit",
        )


def _as_given(choice: Choice, unit: Any) -> Any:
    """A chosen value for the declaration: SI where it has a unit, the bare value otherwise."""
    value = choice.value
    if unit is None or isinstance(value, bool):
        return value
    if unit.dimension == "count":
        return int(value) if isinstance(value, int | float) else value
    if unit.dimension in ("fraction", "number"):
        return float(value) if isinstance(value, int | float) else value
    if isinstance(value, int | float) and dimension(choice.unit) == unit.dimension:
        return SI(to_si(value, choice.unit))
    return f"{value} {choice.unit}" if choice.unit else value
