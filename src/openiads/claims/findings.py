"""What an audit says of a claim, and the evidence that it may use.

No circularity: a claim is never judged by itself, by its echoes, or by a value derived from it.
`Evidence` hands out values of the record and keeps count of them; what rests on the judged claim
is left out where there is other evidence, and refused (`CircularityError`) where it is asked for
by name. `Finding.checked` asks again at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from openiads.claims.conflicts import interval_si
from openiads.scenario.catalogue import Catalogue
from openiads.scenario.record import Claim, Parameter, best_first
from openiads.units import dimension, to_si

Verdict = Literal[
    "supported", "only if", "contradicted", "contradicts another claim", "not checkable"
]
VERDICTS: dict[str, str] = {
    "supported": "nothing in physics or the record speaks against it, and something speaks for it",
    "only if": "it holds under the conditions named, and not otherwise",
    "contradicted": "open physics or the bulk of the record speaks against it",
    "contradicts another claim": "it and another published claim cannot both be so",
    "not checkable": "public figures do not decide it",
}


class CircularityError(ValueError):
    """A claim was about to be judged by something that rests on it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a calculation: what, how much, in which unit."""

    what: str
    value: float
    unit: str

    def as_dict(self) -> dict[str, object]:
        return {"what": self.what, "value": self.value, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class Margin:
    """By how much the claim holds (positive) or fails (negative)."""

    value: float
    unit: str
    of: str

    def as_dict(self) -> dict[str, object]:
        return {"value": self.value, "unit": self.unit, "of": self.of}


@dataclass(frozen=True, slots=True)
class Curves:
    """A picture: curves of y over x, with marked points."""

    title: str
    x_label: str
    y_label: str
    series: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    marks: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """A picture: values on one axis, each with its label; the judged one stands out."""

    title: str
    unit: str
    rows: tuple[tuple[str, float, float, bool], ...]
    limits: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one claim, with everything that led to it."""

    claim: str
    verdict: Verdict
    why: str
    conditions: tuple[str, ...] = ()
    margin: Margin | None = None
    calculation: tuple[Step, ...] = ()
    judged: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    mind: str = ""
    picture: Curves | Strip | None = None

    def checked(self, forbidden: frozenset[str]) -> Finding:
        """The finding itself; raises `CircularityError` where it rests on what it judges."""
        circle = forbidden & set(self.uses)
        if circle:
            said = f"the verdict on {self.claim} rests on it: {', '.join(sorted(circle))}"
            raise CircularityError(said)
        return self

    def as_dict(self) -> dict[str, object]:
        return {
            "claim": self.claim,
            "verdict": self.verdict,
            "why": self.why,
            "conditions": list(self.conditions),
            "margin": self.margin.as_dict() if self.margin else None,
            "calculation": [step.as_dict() for step in self.calculation],
            "judged": list(self.judged),
            "claims_used": list(self.uses),
            "models_used": list(self.models),
            "assumed": list(self.assumed),
            "against": list(self.against),
            "would_change_our_mind": self.mind,
        }


@dataclass
class Evidence:
    """Values of the record for judging some claims, without what rests on these."""

    catalogue: Catalogue
    judged: frozenset[str]
    used: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forbidden = circle_of(self.catalogue, self.judged)

    def claims(self, parameter: str) -> tuple[Claim, ...]:
        """The claims about ``item.parameter`` that do not rest on the judged ones, best first."""
        found = [c for c in self._parameter(parameter).claims if c.id not in self.forbidden]
        self._note(c.id for c in found)
        return tuple(best_first(found))

    def numbers_si(self, parameter: str) -> tuple[float, ...]:
        """The numbers of these claims in SI, ends of ranges apart, in ascending order."""
        values: set[float] = set()
        for claim in self.claims(parameter):
            if claim.is_text:
                continue
            ends = claim.value if isinstance(claim.value, tuple) else (claim.value,)
            values |= {to_si(float(end), claim.unit) for end in ends}
        return tuple(sorted(values))

    def claim(self, name: str) -> Claim:
        """This very claim; raises `CircularityError` where it rests on the judged ones."""
        if name in self.forbidden:
            raise CircularityError(f"{name} rests on the claim that is judged")
        item, parameter, _ = name.rsplit(".", 2)
        found = next(c for c in self.catalogue[item].parameters[parameter].claims if c.id == name)
        self._note([name])
        return found

    def value_si(self, name: str) -> float:
        """The number of this very claim in SI."""
        claim = self.claim(name)
        number = claim.number()
        if number is None:
            raise ValueError(f"{name} has words for a value")
        return to_si(number, claim.unit)

    def given_si(self, parameter: str, fallback_si: float, why: str) -> tuple[float, str]:
        """An assumed value of the catalogue in SI, else ``fallback_si``; and how to say so.

        The catalogue's is not taken where it is derived from the judged claims.
        """
        item, _, name = parameter.partition(".")
        held = self.catalogue[item].parameters.get(name)
        if held is None or held.assumed is None or parameter in self.forbidden:
            return fallback_si, f"assumed: {why}"
        choice = held.choose("assumed")
        self._note([parameter])
        return choice.si, f"assumed: {parameter} = {choice.shown()} ({choice.reason})"

    def _parameter(self, name: str) -> Parameter:
        item, _, parameter = name.partition(".")
        return self.catalogue[item].parameters[parameter]

    def _note(self, names: Iterable[str]) -> None:
        self.used.extend(n for n in names if n not in self.used)


def circle_of(catalogue: Catalogue, judged: frozenset[str]) -> frozenset[str]:
    """The judged claims, their echoes, and the parameters whose values are derived from them.

    An echo is a claim about the same parameter, of a value that meets the judged one, by a source
    that shares an origin with the judged one's. What is assumed is derived from the claims that
    its ``derived_from`` names, through any number of steps.
    """
    held = {c.id: c for c in catalogue.claims()}
    circle = set(judged)
    for name in judged & held.keys():
        one = held[name]
        span = interval_si(one)
        for other in catalogue[one.item].parameters[one.parameter].claims:
            if not (one.source.voices & other.source.voices):
                continue
            theirs = interval_si(other)
            same = one.value == other.value
            if span and theirs and dimension(one.unit) == dimension(other.unit):
                same = span[0] <= theirs[1] and theirs[0] <= span[1]
            if same:
                circle.add(other.id)
    return frozenset(circle | _derived(catalogue, circle))


def _derived(catalogue: Catalogue, circle: set[str]) -> set[str]:
    """Ids of parameters whose assumed value comes from ``circle``, directly or by steps."""
    derived: set[str] = set()
    parameters = [p for name in catalogue for p in catalogue[name].parameters.values()]
    grew = True
    while grew:
        grew = False
        for parameter in parameters:
            origins = set(parameter.assumed.derived_from) if parameter.assumed else set()
            if parameter.id not in derived and origins & (circle | derived):
                derived.add(parameter.id)
                grew = True
    return derived
