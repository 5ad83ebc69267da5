"""Parts: catalogue items turned into declarations, each number with where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from openiads.declare import SI, Declared, key_of, stand_ins, unit_of
from openiads.faults import Fault, InputError, nearest
from openiads.scenario.catalogue import Catalogue, slug
from openiads.scenario.reader import Document, Key
from openiads.scenario.record import Choice, check_rule
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
    owner: str = ""
    """The catalogue parameter that was read: the item's own, or the one that stands in for it."""
    nominal: Choice | None = None
    """What `nominal` would have taken, where the rule took something else."""

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
                "owner": None,
                "nominal": None,
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
            "owner": self.owner,
            "nominal": self.nominal.shown() if self.nominal else None,
        }


class Parts:
    """Builds declarations from catalogue items by the scenario's rules of choice."""

    def __init__(self, catalogue: Catalogue, rules: Mapping[str, str], document: Document):
        self.catalogue = catalogue
        self.written = dict(rules)
        self.rules = {rule_key(key): rule for key, rule in rules.items()}
        self.document = document
        self.used: dict[tuple[str, str], Provenance] = {}

    def check_rules(self, faults: list[Fault]) -> None:
        """Every key of `choose` must be `rule` or a parameter that the catalogue holds.

        A rule with a fault is dropped after it is reported, so that it is reported once.
        """
        for key, rule in self.written.items():
            found = self._rule_faults(key, rule)
            if found:
                faults += found
                del self.rules[rule_key(key)]

    def _rule_faults(self, key: str, rule: str) -> list[Fault]:
        place = ("choose", key)
        item, _, parameter = key.partition(".")
        try:
            check_rule(rule)
            if key == "rule":
                if rule.startswith("value:"):
                    mend = "name the parameter: `item.parameter: value:…`"
                    return [self.document.fault(place, "one value cannot serve all", mend)]
                return []
            if item not in self.catalogue:
                near = nearest(item, self.catalogue)
                return [self.document.fault(place, f"no catalogue item '{item}'", near)]
            known = self.catalogue[item].parameters
            if parameter not in known:
                near = nearest(parameter, known)
                what = f"{item} has no parameter '{parameter}'"
                return [self.document.fault(place, what, near)]
            known[parameter].choose(rule)
        except InputError as error:
            return [self.document.fault(place, f.message, f.mend) for f in error.faults]
        return []

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
            found = self._choose(item, (name, *stand_ins(field)), key, faults)
            if found is None:
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
            self.used[item, name] = found
            assert found.choice is not None
            values[name] = _as_given(found.choice, unit_of(field))
        return values, missing

    def _choose(
        self, item: str, names: tuple[str, ...], key: Key, faults: list[Fault]
    ) -> Provenance | None:
        """What the first of ``names`` that holds a number or word gives; None where none does."""
        for name in names:
            owner, parameter = item, name
            if name.startswith("system:"):
                owner, parameter = self.catalogue[item].system or "", name.removeprefix("system:")
            if owner not in self.catalogue or parameter not in self.catalogue[owner].parameters:
                continue
            known = self.catalogue[owner].parameters[parameter]
            try:
                choice = known.choose(self.rule_for(known.id))
                nominal = known.choose()
            except InputError as error:
                faults.extend(self.document.fault(key, f.message, f.mend) for f in error.faults)
                return None
            if choice.claim is None or not choice.claim.is_text:
                same = (choice.claim, choice.value, choice.unit) == (
                    nominal.claim, nominal.value, nominal.unit,
                )  # fmt: skip
                return Provenance(item, names[0], choice, "", known.id, None if same else nominal)
        return None

    def rule_for(self, parameter: str) -> str:
        """The rule by which the scenario chooses ``item.parameter``."""
        return self.rules.get(rule_key(parameter), self.rules.get("rule", "nominal"))

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


def rule_key(key: str) -> str:
    """A key of `choose` in the form in which keys are compared."""
    item, dot, parameter = key.partition(".")
    return f"{slug(item)}.{parameter}" if dot else key


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
