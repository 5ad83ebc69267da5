"""What one may believe: for each parameter of a scenario the values that the record leaves open.

A `Belief` lists them. Claims of numbers: each different value that is claimed, weighted by the
independent voices behind it. A claim of a span that is no limit ("1 to 5 m2") is a belief in the
whole span. Assumed values: their stated range. A span is sampled uniformly, and uniformly in its
logarithm where its ends lie more than a factor of ten apart. A parameter without alternatives has
one value and stays.

Each parameter is sampled on its own: no source says how its doubt depends on that of another.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openiads.declare import key_of, unit_of
from openiads.faults import InputError, nearest
from openiads.physics.random import draw4
from openiads.scenario.depends import KINDS
from openiads.scenario.load import Scenario
from openiads.scenario.parts import Provenance, rule_key
from openiads.scenario.record import Claim, Parameter, shown
from openiads.scenario.sources import voice_groups
from openiads.units import dimension, to_si

WIDE = 10.0
"""Spans whose ends lie further apart than this factor are sampled in their logarithm (assumed:
half of such a span would otherwise fall in its last half decade)."""

DRAW_BELIEF = 1_024
"""Purpose of the draws of the outer loop: clear of those of `engine.world`."""


@dataclass(frozen=True)
class Option:
    """One value, or a span of values, that can be believed; ``low`` and ``high`` in ``unit``."""

    low: float
    high: float
    unit: str | None
    weight: float
    claims: tuple[str, ...] = ()
    nominal: bool = False
    """Whether it is the very value that the plain run takes."""
    whole: bool = False
    """Whether only whole numbers make sense."""

    def at(self, part: float) -> float:
        """The value ``part`` (0 to 1) of the way through the span."""
        low, high = self.low, self.high
        if low == high:
            return low
        if self.whole:
            return float(min(high, low + math.floor(part * (high - low + 1.0))))
        if low > 0.0 and high > WIDE * low:
            return low * (high / low) ** part
        return low + part * (high - low)

    def shown(self) -> str:
        span = self.low if self.low == self.high else (self.low, self.high)
        return shown(span, self.unit)


@dataclass(frozen=True)
class Pick:
    """The value that one outer sample believes, as a rule of choice; None leaves it nominal."""

    rule: str | None
    si: float
    option: int
    shown: str


@dataclass(frozen=True)
class Belief:
    """A parameter and what may be believed of it, smallest value first."""

    parameter: str
    item: str
    assumed: bool
    options: tuple[Option, ...]
    doubted: bool = False
    """Whether a source says that the very figure which the plain run takes cannot be right."""

    @property
    def open(self) -> bool:
        """Whether more than one value may be believed."""
        return len(self.options) > 1 or any(o.low != o.high for o in self.options)

    @property
    def discrete(self) -> bool:
        """Whether it is a choice among single values."""
        return all(o.low == o.high for o in self.options)

    def pick(self, u: float) -> Pick:
        """The value at the cumulative weight ``u``, 0 to 1."""
        ends = np.cumsum([o.weight for o in self.options])
        ends /= ends[-1]
        k = min(int(np.searchsorted(ends, u, side="right")), len(self.options) - 1)
        start = float(ends[k - 1]) if k else 0.0
        option = self.options[k]
        value = float(option.at((u - start) / (float(ends[k]) - start)))
        text = f"{value!r} {option.unit}" if option.unit else repr(value)
        rule: str | None = f"value:{text}"
        if option.low == option.high:
            rule = f"claim:{option.claims[0]}" if option.claims else rule
            rule = None if option.nominal else rule
        return Pick(rule, to_si(value, option.unit), k, shown(value, option.unit))

    def row(self) -> dict[str, object]:
        """The belief as plain data."""
        return {
            "parameter": self.parameter,
            "assumed": self.assumed,
            "options": [
                {"value": o.shown(), "weight": o.weight, "claims": list(o.claims)}
                for o in self.options
            ],
        }


def beliefs_of(scenario: Scenario, only: str = "all") -> list[Belief]:
    """What may be believed of the scenario's catalogue parameters, in the order of their use.

    ``all`` takes every parameter, but for those that the scenario gives itself or chooses by name.
    Else ``only`` lists parameters (``40n6e.range_min``), items (``40n6e``) or claims
    (``40n6e.range_max_aerodynamic.02``: only these are believed), with commas between.
    Raises ``InputError`` for names that the scenario does not use.
    """
    used: dict[str, Provenance] = {}
    for use in scenario.parts.used.values():
        if use.choice is not None and _is_number(use):
            used.setdefault(use.owner, use)
    found = {name: _belief(scenario, use) for name, use in used.items()}
    if only == "all":
        pinned = scenario.parts.rules
        return [b for name, b in found.items() if rule_key(name) not in pinned]
    return _named(found, [part.strip() for part in only.split(",") if part.strip()])


def _named(found: dict[str, Belief], names: Sequence[str]) -> list[Belief]:
    taken: dict[str, Belief] = {}
    known_claims = {c: b for b in found.values() for o in b.options for c in o.claims}
    unknown = []
    for name in names:
        if name in found:
            taken[name] = found[name]
        elif name in known_claims:
            belief = known_claims[name]
            kept = taken.get(belief.parameter, replace(belief, options=()))
            of_claim = tuple(o for o in belief.options if name in o.claims)
            options = dict.fromkeys((*kept.options, *of_claim))
            taken[belief.parameter] = replace(belief, options=tuple(options))
        elif any(b.item == name for b in found.values()):
            taken.update({p: b for p, b in found.items() if b.item == name})
        else:
            unknown.append(name)
    if unknown or not taken:
        what = ", ".join(f"'{name}'" for name in unknown) or "nothing"
        known = [*found, *known_claims, *{b.item for b in found.values()}]
        raise InputError.of(
            f"--claims names {what}: no parameter, item or claim whose number this scenario uses",
            nearest(unknown[0], known) if unknown else "write `all`, or names with commas between",
        )
    return [replace(b, options=tuple(sorted(b.options, key=_size))) for b in taken.values()]


def _is_number(use: Provenance) -> bool:
    assert use.choice is not None
    return isinstance(use.choice.value, int | float) and not isinstance(use.choice.value, bool)


def _size(option: Option) -> tuple[float, float]:
    return to_si(option.low, option.unit), to_si(option.high, option.unit)


def _belief(scenario: Scenario, use: Provenance) -> Belief:
    assert use.choice is not None
    choice = use.choice
    item, _, name = use.owner.partition(".")
    parameter = scenario.parts.catalogue[item].parameters[name]
    whole = _counts(scenario.parts.catalogue[use.item].kind, use.parameter)
    claims = _heard(parameter, choice.unit, scenario.parts.rule_for(use.owner))
    stays = choice.rule == "given" or choice.rule.startswith("value:")
    value = float(choice.value)  # type: ignore[arg-type]
    if stays or (choice.assumed and (parameter.assumed is None or parameter.assumed.range is None)):
        options = [Option(value, value, choice.unit, 1.0, nominal=True)]
    elif choice.assumed:
        assert parameter.assumed is not None and parameter.assumed.range is not None
        options = [Option(*parameter.assumed.range, choice.unit, 1.0, whole=whole)]
    else:
        options = _claimed(claims, whole)
        here = to_si(value, choice.unit)
        options = [
            replace(o, nominal=o.low == o.high and math.isclose(to_si(o.low, o.unit), here))
            for o in options
        ]
    doubted = choice.claim is not None and choice.claim.doubted()
    return Belief(use.owner, item, choice.assumed, tuple(sorted(options, key=_size)), doubted)


def _counts(kind: str, parameter: str) -> bool:
    for name, field in KINDS[kind].model_fields.items():
        if key_of(name) == parameter:
            unit = unit_of(field)
            return unit is not None and unit.dimension == "count"
    return False


def _heard(parameter: Parameter, unit: str | None, rule: str) -> list[Claim]:
    """Claims of numbers that the scenario's general rule lets be heard, of one dimension."""
    numbers = [
        c for c in parameter.claims if not c.is_text and dimension(c.unit) == dimension(unit)
    ]
    kind = rule.partition(":")[0]
    if kind in ("as-of", "tier", "source"):
        allowed = parameter.candidates(rule)
        numbers = [c for c in numbers if c in allowed] or numbers
    return numbers


def _claimed(claims: Sequence[Claim], whole: bool) -> list[Option]:
    """One option for each different value or span, weighted by independent voices.

    Each voice has weight one; a voice that passes on several values divides it among them.
    """
    values: dict[tuple[float, float], list[Claim]] = {}
    for claim in claims:
        low, high = _span(claim)
        values.setdefault((_rounded(low, claim), _rounded(high, claim)), []).append(claim)
    weights = dict.fromkeys(values, 0.0)
    for voice in voice_groups(c.source for c in claims):
        said = [k for k, held in values.items() if any(c.source.voices & voice for c in held)]
        for key in said:
            weights[key] += 1.0 / len(said)
    return [
        Option(*_span(held[0]), held[0].unit, weights[key], tuple(c.id for c in held), whole=whole)
        for key, held in values.items()
    ]


def _span(claim: Claim) -> tuple[float, float]:
    """Both ends of what a claim states: a point, unless it is a range that is no limit."""
    number = claim.number()
    assert number is not None
    if isinstance(claim.value, tuple) and number not in claim.value:
        return float(claim.value[0]), float(claim.value[1])
    return float(number), float(number)


def _rounded(value: float, claim: Claim) -> float:
    return float(f"{to_si(value, claim.unit):.9g}")


def design(beliefs: Iterable[Belief], samples: int, seed: int) -> NDArray[np.float64]:
    """Cumulative weights to believe, of shape (samples, beliefs): a Latin hypercube.

    Each column holds one point in each of ``samples`` equal strata, in an order drawn for that
    column alone, so that another parameter more or less leaves the others as they were. Reference:
    McKay, Beckman and Conover, Technometrics 21(2), 1979.
    """
    names = [b.parameter for b in beliefs]
    cells = np.empty((samples, len(names)))
    for column, name in enumerate(names):
        entity = int.from_bytes(hashlib.sha256(f"belief/{name}".encode()).digest()[:4], "little")
        drawn = np.array([draw4(seed, row, entity, DRAW_BELIEF, 0)[:2] for row in range(samples)])
        place = np.argsort(np.argsort(drawn[:, 0], kind="stable"), kind="stable")
        cells[:, column] = (place + drawn[:, 1]) / samples
    return cells
