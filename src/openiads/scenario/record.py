"""What the public record says of one parameter, and which of its claims is used.

A `Parameter` keeps every claim beside the others. `Parameter.choose` picks one value by a named
rule and says what it was chosen over, so that each number in a result leads back to a sentence
that somebody published, or to an assumption that is marked as one.

One number of a claim. A plain number is itself. Of a range {min, max} the rules ``lowest`` and
``highest`` take that end; the others take max where the claim's bound is ``max`` or the
parameter's name holds the word max, min where the bound is ``min`` or the name holds min, else
the middle: the geometric mean of areas (cross-sections are compared in decibels) and the
arithmetic mean of everything else. A text has no number and is chosen only where no claim has one
and nothing is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from openiads.faults import InputError, nearest
from openiads.scenario.sources import TIERS, Source, count_voices, is_date, latest_day
from openiads.units import dimension, parse_quantity, to_si

BOUNDS = ("max", "min", "approx", "exact", "range")

RULES = {
    "nominal": "best tier of source, then the most recent, then the first listed; what a source "
    "doubts only where nothing else is held",
    "lowest": "the lowest value that anybody states (low ends of ranges)",
    "highest": "the highest value that anybody states (high ends of ranges)",
    "assumed": "the assumed value, whatever the claims say",
    "source:ID": "what this source says; nominal where it says nothing",
    "tier:TIER": "nominal among the sources of one tier; nominal of all where it has none",
    "as-of:DATE": "nominal among what was published by then; else the assumed value",
    "as-of:DATE or RULE": "the same, and by another rule where nothing was published by then",
    "claim:ID": "this very claim; nominal for every other parameter",
    "value:QUANTITY": "this very value, whoever says it, as in `value:250 km`; for one parameter",
}

OR = " or "
"""Stands between a rule that may find nothing and the one that then chooses."""

Plain = float | int | str | bool | tuple["Plain", ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of one source about one parameter, in the source's own unit and words."""

    id: str
    item: str
    parameter: str
    value: float | int | str | tuple[float, float]
    unit: str | None
    bound: str
    source: Source
    quote: str
    note: str | None = None
    doubted_by: Source | None = None
    """The source, often the very one that passes it on, that says the figure cannot be right."""

    def doubted(self, day: str = "9999-12-31") -> bool:
        """Whether anybody had doubted it by ``day``."""
        return self.doubted_by is not None and self.doubted_by.latest_day <= day

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str)

    def number(self, rule: str = "nominal") -> float | int | None:
        """The one number that the claim stands for (see the module), or None for a text."""
        if isinstance(self.value, str):
            return None
        if not isinstance(self.value, tuple):
            return self.value
        low, high = self.value
        if rule == "lowest" or (rule != "highest" and self._reads_as("min")):
            return low
        if rule == "highest" or self._reads_as("max"):
            return high
        if dimension(self.unit) == "area" and low > 0:
            return math.sqrt(low * high)
        return (low + high) / 2

    def _reads_as(self, end: str) -> bool:
        other = {"min": "max", "max": "min"}[end]
        return self.bound == end or (self.limit == end and self.bound != other)

    @property
    def limit(self) -> str | None:
        """``max`` or ``min`` where the parameter's name says that it is such a limit."""
        words = self.parameter.split("_")
        return "max" if "max" in words else "min" if "min" in words else None

    def shown(self) -> str:
        """The value as a person reads it: ``150 to 200 km``."""
        return shown(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Assumed:
    """A value that no public source states, with the reason for taking it."""

    value: Plain
    unit: str | None
    reason: str
    range: tuple[float, float] | None = None
    derived_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The value taken for a parameter, the rule that took it, and what it was chosen over."""

    value: Plain
    unit: str | None
    rule: str
    reason: str
    claim: Claim | None = None
    assumed: bool = False
    over: tuple[Claim, ...] = ()
    agree: tuple[Claim, ...] = ()

    @property
    def si(self) -> float:
        """The number in SI; raises ValueError for a text."""
        if isinstance(self.value, bool | str | tuple):
            raise ValueError(f"{self.value!r} is no number")
        return to_si(self.value, self.unit)

    def shown(self) -> str:
        return shown(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Everything known of one parameter of one item."""

    item: str
    name: str
    claims: tuple[Claim, ...] = ()
    assumed: Assumed | None = None
    given: tuple[Plain, str | None] | None = None
    use: str | None = None
    reason: str = ""
    file: str = ""
    line: int = 1

    @property
    def id(self) -> str:
        return f"{self.item}.{self.name}"

    def choose(self, rule: str = "nominal") -> Choice:
        """The value by ``rule`` (see `RULES`); a user's plain value is above all rules.

        Where the file sets ``use``, that rule replaces ``nominal``. Raises ``InputError`` for an
        unknown rule, and for ``as-of`` where nothing was yet published and nothing is assumed.
        """
        first, either, second = check_rule(rule).partition(OR)
        if either:
            return self._else(first, second)
        kind, _, argument = rule.partition(":")
        if self.given is not None:
            value, unit = self.given
            return Choice(value, unit, "given", f"given in {self.file}:{self.line}")
        if kind == "nominal" and self.use is not None:
            kind, _, argument = self.use.partition(":")
            rule = self.use
        if kind == "value":
            return self._tried(argument, rule)
        if kind == "assumed" and self.assumed is not None:
            return self._assume("assumed", self.assumed, self.claims)
        return self._among(kind, argument, rule)

    def _else(self, first: str, second: str) -> Choice:
        try:
            return self.choose(first)
        except InputError:
            choice = self.choose(second)
            return replace(choice, rule=f"{choice.rule} (nothing under {first})")

    def _among(self, kind: str, argument: str, rule: str) -> Choice:
        picked = self._candidates(kind, argument)
        if not picked and kind in ("source", "tier", "claim"):
            choice = self.choose("nominal")
            return replace(choice, rule=f"{choice.rule} (nothing under {rule})")
        day = latest_day(argument) if kind == "as-of" else "9999-12-31"
        numbers = [c for c in picked if not c.is_text]
        sound = [c for c in numbers if not c.doubted(day)]
        if not sound and self.assumed is not None and kind in ("nominal", "tier", "as-of"):
            return self._assume(rule, self.assumed, picked)
        if not numbers and self.assumed is not None:
            return self._assume(rule, self.assumed, picked)
        if not picked:
            raise InputError.of(
                f"nothing about {self.id} was published by {argument}, and nothing is assumed",
                f"take a later date, write `as-of:{argument} or nominal`, or give the value in the "
                "scenario",
                file=self.file,
                line=self.line,
                key=self.id,
            )
        best = best_first(sound or numbers or picked)[0]
        if kind in ("lowest", "highest") and numbers:
            best = self._end(kind, numbers, best)
        choice = self._take(best, kind, rule, picked if kind == "as-of" else self.claims)
        if not best.doubted(day):
            return choice
        assert best.doubted_by is not None
        who = "its own source" if best.doubted_by is best.source else best.doubted_by.id
        return replace(choice, reason=f"{choice.reason}; doubted by {who}")

    def candidates(self, rule: str) -> tuple[Claim, ...]:
        """The claims that ``rule`` lets be heard."""
        kind, _, argument = rule.partition(OR)[0].partition(":")
        return self._candidates(kind, argument)

    def _candidates(self, kind: str, argument: str) -> tuple[Claim, ...]:
        if kind == "source":
            return tuple(c for c in self.claims if c.source.id == argument)
        if kind == "tier":
            return tuple(c for c in self.claims if c.source.tier == argument)
        if kind == "as-of":
            day = latest_day(argument)
            return tuple(c for c in self.claims if c.source.latest_day <= day)
        if kind == "claim":
            return tuple(c for c in self.claims if c.id == argument)
        return self.claims

    def _tried(self, text: str, rule: str) -> Choice:
        """The value that a rule ``value:…`` writes out, if it is of the parameter's dimension."""
        parsed = _number_of(text)
        unit = next((c.unit for c in best_first(self.claims) if not c.is_text), None)
        if unit is None and self.assumed is not None:
            unit = self.assumed.unit
        if parsed is None or dimension(parsed[1]) != dimension(unit):
            want = f"a number of {unit}" if unit else "a plain number"
            raise InputError.of(
                f"'{rule}' gives {self.id} no value of its kind", f"write {want} after `value:`"
            )
        reason = "tried by the rule itself: no source is taken for it"
        return Choice(parsed[0], parsed[1], rule, reason, None, True, self.claims)

    @staticmethod
    def _end(kind: str, numbers: Sequence[Claim], best: Claim) -> Claim:
        """The claim at one end of those of the same dimension as ``best``."""
        alike = [c for c in best_first(numbers) if dimension(c.unit) == dimension(best.unit)]
        sign = 1.0 if kind == "lowest" else -1.0
        return min(alike, key=lambda c: sign * to_si(c.number(kind) or 0.0, c.unit))

    def _take(self, best: Claim, kind: str, rule: str, beside: Sequence[Claim]) -> Choice:
        number = best.number(kind)
        value: Plain = str(best.value) if number is None else number
        agree: list[Claim] = []
        over: list[Claim] = []
        for other in beside:
            if other is best:
                continue
            mine, theirs = (value, best.unit), (other.number(kind), other.unit)
            same = other.value == best.value or (
                number is not None
                and theirs[0] is not None
                and dimension(best.unit) == dimension(other.unit)
                and math.isclose(to_si(number, mine[1]), to_si(theirs[0], theirs[1]))
            )
            (agree if same else over).append(other)
        date = best.source.date or "undated"
        reason = f"{best.source.publisher} ({best.source.tier}, {date})"
        if self.reason and self.use == rule:
            reason += f"; {self.reason}"
        return Choice(value, best.unit, rule, reason, best, False, tuple(over), tuple(agree))

    @staticmethod
    def _assume(rule: str, assumed: Assumed, beside: Sequence[Claim]) -> Choice:
        return Choice(assumed.value, assumed.unit, rule, assumed.reason, None, True, tuple(beside))

    def alternatives(self) -> tuple[Choice, ...]:
        """One choice for each different number that is claimed, best first."""
        seen: dict[tuple[str, float], Choice] = {}
        for claim in best_first(self.claims):
            number = claim.number()
            if number is not None:
                key = (dimension(claim.unit), float(f"{to_si(number, claim.unit):.9g}"))
                seen.setdefault(key, self._take(claim, "claim", f"claim:{claim.id}", self.claims))
        return tuple(seen.values())

    @property
    def conflicting(self) -> bool:
        """Whether two claims differ in value or unit as they stand."""
        return len({(c.value, c.unit) for c in self.claims}) > 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the catalogue: a system, a component, a doctrine or a class of threats."""

    id: str
    kind: str
    name: str
    system: str | None
    parameters: dict[str, Parameter]
    file: str
    parent: str | None = None
    nato_name: str | None = None
    examples: str | None = None
    note: str | None = None
    line: int = 1
    components: tuple[str, ...] = field(default=())

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(c for p in self.parameters.values() for c in p.claims)


def best_first(claims: Iterable[Claim]) -> list[Claim]:
    """Claims by tier of source, then most recent, then as listed; undated ones come last."""
    order = {tier: rank for rank, tier in enumerate(TIERS)}
    recent = sorted(claims, key=lambda c: c.source.date or "", reverse=True)
    return sorted(recent, key=lambda c: order[c.source.tier])


def independent_voices(claims: Iterable[Claim]) -> int:
    """How many independent voices stand behind ``claims``: those that share an origin are one."""
    return count_voices(claim.source for claim in claims)


def check_rule(rule: str) -> str:
    """``rule`` itself; raises ``InputError`` where it is none of `RULES`."""
    first, either, second = rule.partition(OR)
    if either:
        if not first.startswith("as-of:") or OR in second:
            raise InputError.of(f"'{rule}' is no rule", "as in `as-of:2018-01-01 or nominal`")
        check_rule(first)
        check_rule(second)
        return rule
    kind, colon, argument = rule.partition(":")
    known = {name.partition(":")[0]: ":" in name for name in RULES}
    if kind not in known or known[kind] != bool(colon) or (colon and not argument):
        raise InputError.of(f"'{rule}' is no rule", "write one of: " + ", ".join(RULES))
    if kind == "tier" and argument not in TIERS:
        raise InputError.of(f"'{argument}' is no tier", nearest(argument, TIERS))
    if kind == "as-of" and not is_date(argument):
        raise InputError.of(f"'{argument}' is no date", "write it as 2018, 2018-03 or 2018-03-01")
    return rule


def _number_of(text: str) -> tuple[float, str | None] | None:
    """``"250 km"`` or ``"0.7"`` as a number with its unit, or None."""
    try:
        number = float(text)
    except ValueError:
        return parse_quantity(text)
    return (number, None) if math.isfinite(number) else None


def shown(value: object, unit: str | None) -> str:
    """A value with its unit as a person reads it."""
    if isinstance(value, tuple):
        if len(value) == 2 and all(isinstance(v, int | float) for v in value):
            text = f"{_plain(value[0])} to {_plain(value[1])}"
        else:
            text = ", ".join(shown(v, None) for v in value)
    else:
        text = _plain(value)
    return text if unit in (None, "year") else f"{text} {unit}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return str(value)
