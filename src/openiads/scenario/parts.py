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
from openiads.scenario.wording import put
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
        self.used: dict[tuple[str, str, str], Provenance] = {}
        """Distinct uses by item, parameter and what `with:` gives there (empty: the record's)."""

    def check_rules(self, faults: list[Fault]) -> None:
        """Every key of `choose` must be `rule` or a parameter that the catalogue holds.

        A rule with a fault is dropped after it is reported, so that it is reported once.
        """
        for key, rule in list(self.written.items()):
            place: Key = ("choose", key) if ("choose", key) in self.document.lines else ("choose",)
            fault = self._rule_fault(key, rule)
            if fault is not None:
                faults.append(self.document.fault(place, *fault))
                self.rules.pop(rule_key(key), None)

    def _rule_fault(self, key: str, rule: object) -> tuple[str, str] | None:
        """(message, mend) of one line of `choose`."""
        item, _, parameter = key.partition(".")
        if not isinstance(rule, str):
            return None  # the schema has said so
        if key != "rule":
            if item not in self.catalogue:
                return f"no catalogue item '{item}' to choose for", nearest(item, self.catalogue)
            known = self.catalogue[item].parameters
            if parameter not in known:
                return f"{item} has no parameter '{parameter}'", nearest(parameter, known)
        elif rule.startswith("value:"):
            return "one value cannot serve all", "name the parameter: `item.parameter: value:…`"
        try:
            check_rule(rule)
            unknown = self._unknown_name(rule)
            if unknown is None and key != "rule":
                self.catalogue[item].parameters[parameter].choose(rule)
        except InputError as error:
            return error.faults[0].message, error.faults[0].mend
        return unknown

    def _unknown_name(self, rule: str) -> tuple[str, str] | None:
        """(message, mend) of a rule that names a source or claim that nobody knows."""
        kind, _, name = rule.partition(":")
        if kind == "source" and name not in self.catalogue.sources:
            hint = nearest(name, self.catalogue.sources)
            if not hint.startswith("did"):
                hint = "`openiads catalogue show NAME` lists the sources of each value"
            return f"'{name}' is no known source", hint
        if kind == "claim":
            claims = {claim.id for claim in self.catalogue.claims()}
            if name not in claims:
                return f"'{name}' is no known claim", nearest(name, claims)
        return None

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
        wrong = self._kind_fault(kind, item)
        if wrong is not None:
            name = (*key, "threat" if kind == "threat" else "type")
            place = name if name in self.document.lines else key
            faults.append(self.document.fault(place, *wrong))
            return None
        before = len(faults)
        values, missing = self._values(cls, item, given, key, faults)
        chosen = len(faults) == before
        known = {key_of(n) for n in cls.model_fields}
        for name_ in given:
            if name_ not in known:
                faults.append(
                    self.document.fault(
                        (*key, "with", name_),
                        f"a {kind} has no parameter '{name_}'",
                        nearest(name_, known),
                    )
                )
        if missing:
            names = ", ".join(f"'{key_of(n)}'" for n in missing)
            them = "it" if len(missing) == 1 else "each"
            about = cls.model_fields[missing[0]].description
            faults.append(
                self.document.fault(
                    key,
                    f"{item} states no {names}, which a {kind} needs",
                    f"add {them} to the item, or under `with:` here "
                    f"({key_of(missing[0])}: {about})",
                )
            )
        if missing or not chosen:
            return None
        try:
            return cls.model_validate({k: v for k, v in values.items() if k in known})
        except ValidationError as error:
            for fault in error.errors():
                faults.append(self._fault(fault, cls, item, given, values, key))
            return None

    def _kind_fault(self, kind: str, item: str) -> tuple[str, str] | None:
        """(message, mend) where ``item`` is not in the catalogue, or of another kind."""
        entry = self.catalogue.get(item)
        if entry is not None and entry.kind == kind:
            return None
        same = [n for n in self.catalogue if self.catalogue[n].kind == kind]
        if entry is None:
            return f"no {kind} '{item}' in the catalogue", nearest(item, same)
        inside = [n for n in entry.components if n in same]
        mend = f"it holds {', '.join(inside)}" if inside else nearest(item, same)
        return f"'{item}' is a {entry.kind} where a {kind} is wanted", mend

    def _values(
        self,
        cls: type[Declared],
        item: str,
        given: Mapping[str, Any],
        key: Key,
        faults: list[Fault],
    ) -> tuple[dict[str, Any], list[str]]:
        """Values by key, and the required fields for which there is none."""
        values: dict[str, Any] = {}
        missing: list[str] = []
        for field_name, field in cls.model_fields.items():
            name = key_of(field_name)
            if name in given:
                values[name] = given[name]
                text = str(given[name])
                self.used[item, name, text] = Provenance(item, name, None, text)
                continue
            before = len(faults)
            found = self._choose(item, (name, *stand_ins(field)), key, faults)
            if found is None:
                if field.is_required() and len(faults) == before:
                    missing.append(field_name)
                continue
            self.used[item, name, ""] = found
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

    def _fault(
        self,
        error: Any,
        cls: type[Declared],
        item: str,
        given: Mapping[str, Any],
        values: Mapping[str, Any],
        key: Key,
    ) -> Fault:
        """A value that the declaration refuses: in `with:` here, or in a catalogue file."""
        name = str(error["loc"][0]) if error["loc"] else ""
        message, mend = put(error, values.get(name), cls)
        if name in given:
            return self.document.fault((*key, "with", name), message, mend)
        parameter = self.catalogue[item].parameters.get(name)
        if parameter is not None and parameter.file:
            place = f"items.{item}.parameters.{name}"
            return Fault(message, mend, parameter.file, parameter.line, place)
        return self.document.fault(key, f"{item}.{name}: {message}", mend)


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
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if unit.dimension in ("fraction", "number"):
        return float(value) if isinstance(value, int | float) else value
    if isinstance(value, int | float) and dimension(choice.unit) == unit.dimension:
        return SI(to_si(value, choice.unit))
    return f"{value} {choice.unit}" if choice.unit else value
