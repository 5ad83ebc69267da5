"""Words: what pydantic found wrong, as a person needs it: what stands there, and what would do.

Bounds are given in the unit that the person wrote, and missing keys with an example of their form.
"""

from __future__ import annotations

import math
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from openiads.declare import EXAMPLES, SI, Declared, key_of, unit_of
from openiads.faults import nearest
from openiads.units import UNITS, parse_quantity

_BOUNDS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_FORMS = {
    "mapping": "write `key: value` lines under it, indented by two spaces",
    "list": "begin each entry with `- `, or write [first, second]",
    "word": "write one word or a text in quotes",
    "choice": "write the name of a catalogue item, or {type: NAME, with: {…}}",
    "place": "write [east, north] from the map's origin, as in [10 km, -4 km]",
}


def put(error: Any, given: Any, cls: type[Declared]) -> tuple[str, str]:
    """(message, mend) of one error of pydantic about ``cls``; ``given`` is what a person wrote."""
    key, kind = tuple(error["loc"]), error["type"]
    field = field_at(cls, key)
    if kind == "extra_forbidden":
        return _unknown_key(cls, key)
    if kind == "missing":
        return _missing(key, field)
    if kind == "value_error":
        message, _, mend = str(error["ctx"]["error"]).partition("; ")
        return message, mend or "write another value"
    if kind in _BOUNDS:
        return _out_of_range(error, given, field)
    if kind == "literal_error":
        return f"{_shown(given)} is not one of the choices", _one_of(field, given)
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return _size(error, given, key)
    if kind.startswith(("int", "float", "finite", "bool")):
        return _number(given, kind, field)
    wanted = _wanted(kind, cls, key)
    article = "a name of the catalogue" if wanted == "choice" else f"a {wanted}"
    return f"{_shown(given)} stands where {article} is wanted", _FORMS[wanted]


def value_at(data: Any, key: tuple[Any, ...]) -> Any:
    """What stands at ``key`` of a document; None where nothing does."""
    for part in key:
        if isinstance(data, list):
            data = dict(enumerate(data))
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def keys_of(cls: type[Declared]) -> dict[str, FieldInfo]:
    """The keys that a person may write for ``cls``, with their fields."""
    return {f.alias or key_of(n): f for n, f in cls.model_fields.items()}


def class_at(cls: Any, key: tuple[Any, ...]) -> Any:
    """The declared type at ``key``, counted from ``cls``; None where no such key is declared."""
    here = _bare(cls)
    for part in key:
        if isinstance(here, type) and issubclass(here, Declared):
            field = keys_of(here).get(str(part))
            if field is None:
                return None
            here = _bare(field.annotation)
        else:
            inside = get_args(here)
            if not inside:
                return None
            here = _bare(inside[-1])
    return here


def field_at(cls: type[Declared], key: tuple[Any, ...]) -> FieldInfo | None:
    """The declared field at ``key``; None where an entry of a list or mapping stands there."""
    above = class_at(cls, key[:-1])
    if key and isinstance(above, type) and issubclass(above, Declared):
        return keys_of(above).get(str(key[-1]))
    return None


def _bare(annotation: Any) -> Any:
    """The type inside Annotated and Optional."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Annotated:
        annotation = _bare(get_args(annotation)[0])
    return annotation


def _unknown_key(cls: type[Declared], key: tuple[Any, ...]) -> tuple[str, str]:
    above = class_at(cls, key[:-1])
    known = keys_of(above) if isinstance(above, type) else {}
    return f"'{key[-1]}' is not a key here", nearest(str(key[-1]), known)


def _missing(key: tuple[Any, ...], field: FieldInfo | None) -> tuple[str, str]:
    if not isinstance(key[-1], str):
        return "one coordinate is missing", _FORMS["place"]
    unit = unit_of(field) if field else None
    form = EXAMPLES.get(unit.dimension, "…") if unit else "…"
    if key[-1] == "at":
        form = "[10 km, -4 km]"
    elif key[-1] in ("type", "threat", "missile", "radar", "doctrine", "command_post"):
        form = "NAME"
    about = f" ({field.description})" if field and field.description else ""
    return f"'{key[-1]}' is missing", f"add `{key[-1]}: {form}`{about}"


def _out_of_range(error: Any, given: Any, field: FieldInfo | None) -> tuple[str, str]:
    """The bound that was passed, in the unit that the person wrote."""
    name, words = _BOUNDS[error["type"]]
    bound = float(error["ctx"][name])
    unit = ""
    if isinstance(given, str) and (parsed := parse_quantity(given)) is not None:
        unit = parsed[1]
        bound = 10.0 * math.log10(bound) if unit == "dBsm" and bound > 0 else bound
        bound /= UNITS[unit][1] if unit in UNITS and unit != "dBsm" else 1.0
    elif isinstance(given, SI) and field is not None and (mark := unit_of(field)) is not None:
        unit = mark.si
    limit = f"{words} {bound:.9g} {unit}".rstrip()
    return f"{_shown(given)} is out of range: it must be {limit}", f"write {limit}"


def _one_of(field: FieldInfo | None, given: Any) -> str:
    inside = _bare(field.annotation) if field is not None else None
    if get_origin(inside) is not Literal:
        return "write one of the choices"
    choices = [str(c) for c in get_args(inside)]
    hint = nearest(str(given), choices)
    return hint if hint.startswith("did") else "write one of: " + ", ".join(choices)


def _size(error: Any, given: Any, key: tuple[Any, ...]) -> tuple[str, str]:
    name = key[-1] if key else "file"
    bound = error["ctx"].get("max_length", error["ctx"].get("min_length"))
    if error["type"].endswith("short"):
        what = "a word" if error["type"].startswith("string") else "at least one entry"
        return f"'{name}' is empty", f"give {what}"
    if error["type"].startswith("string"):
        return f"'{name}' is {len(given)} characters long", f"write at most {bound}"
    if isinstance(given, list) and bound == 2:
        return f"{len(given)} coordinates where two are wanted", _FORMS["place"]
    return (
        f"{len(given)} entries exceed the capacity of {bound}",
        f"keep {bound}, or split the scenario",
    )


def _number(given: Any, kind: str, field: FieldInfo | None) -> tuple[str, str]:
    unit = unit_of(field) if field else None
    whole = kind.startswith("int")
    if isinstance(given, float) and whole:
        return (
            f"{given:g} is not a whole number",
            f"write {math.floor(given)} or {math.ceil(given)}",
        )
    bare = "a whole number" if whole else "a number"
    if isinstance(given, str) and parse_quantity(given) is not None:
        return f"'{given}' has a unit where {bare} is wanted", f"write {bare} without a unit"
    example = EXAMPLES.get(unit.dimension, "1") if unit else "1"
    return f"{_shown(given)} stands where {bare} is wanted", f"write {bare}, such as {example}"


def _wanted(kind: str, cls: type[Declared], key: tuple[Any, ...]) -> str:
    here = class_at(cls, key)
    if isinstance(here, type) and issubclass(here, Declared) and "type" in keys_of(here):
        return "choice"
    return {
        "dict_type": "mapping",
        "model_type": "mapping",
        "model_attributes_type": "mapping",
        "list_type": "list",
        "tuple_type": "place",
    }.get(kind, "word")


def _shown(value: Any) -> str:
    """A value of the document as a person would call it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the yes/no value {str(value).lower()}"
    if isinstance(value, SI):
        return f"{value.value:g}"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"'{value}'" if isinstance(value, str) else f"{value}"
