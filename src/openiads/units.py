"""Units that a person may write, and what each is in SI.

Plain arithmetic without imports of weight, so that commands which simulate nothing start at once.
"""

from __future__ import annotations

import math
import re

SOUND_SPEED_MPS = 340.294
"""One Mach as the press counts it: sound speed at sea level, US Standard Atmosphere 1976, table I.

Articles convert with about 340 m/s whatever the altitude ("7 km/s, about Mach 20"), so their
figures are read back the way they were written.
"""

UNITS: dict[str, tuple[str, float]] = {
    # unit: (dimension, factor to SI)
    "m": ("length", 1.0),
    "km": ("length", 1e3),
    "cm": ("length", 1e-2),
    "ft": ("length", 0.3048),
    "mi": ("length", 1609.344),
    "nmi": ("length", 1852.0),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "m/s": ("speed", 1.0),
    "km/s": ("speed", 1e3),
    "km/h": ("speed", 1.0 / 3.6),
    "kn": ("speed", 1852.0 / 3600.0),
    "mm/h": ("speed", 1e-3 / 3600.0),
    "Mach": ("speed", SOUND_SPEED_MPS),
    "rad": ("angle", 1.0),
    "mrad": ("angle", 1e-3),
    "deg": ("angle", math.pi / 180.0),
    "m2": ("area", 1.0),
    "cm2": ("area", 1e-4),
    "dBsm": ("area", math.nan),  # logarithmic: see to_si
    "kg": ("mass", 1.0),
    "t": ("mass", 1e3),
    "Hz": ("frequency", 1.0),
    "kHz": ("frequency", 1e3),
    "MHz": ("frequency", 1e6),
    "GHz": ("frequency", 1e9),
    "m/s2": ("acceleration", 1.0),
    "g": ("acceleration", 9.80665),
    "kg/m2": ("areal density", 1.0),
    "1/s": ("rate", 1.0),
    "1/min": ("rate", 1.0 / 60.0),
    "1/h": ("rate", 1.0 / 3600.0),
    "USD": ("money", 1.0),
    "million USD": ("money", 1e6),
    "fraction": ("fraction", 1.0),
    "year": ("year", 1.0),
}

COUNTED = frozenset(
    {
        "targets",
        "missiles",
        "ballistic missiles",
        "interceptors",
        "launchers",
        "SAM complexes",
        "systems",
        "types",
        "tracks",
        "rounds",
        "channels",
        "plots",
        "pulses",
    }
)
"""What may be counted: a plain number with the name of the thing as its unit."""

MAY_BE_NEGATIVE = frozenset({"dBsm", "deg", "rad", "mrad", "g", "m/s2"})

_QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s+((?:1/)?[A-Za-z/][A-Za-z0-9/ ]*?)\s*\Z"
)
_TIGHT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)([A-Za-z][A-Za-z0-9/]*)\s*\Z")


def dimension(unit: str | None) -> str:
    """The dimension of ``unit``; the unit itself where it names a thing that is counted."""
    if unit is None:
        return "text"
    return UNITS[unit][0] if unit in UNITS else unit


def is_unit(unit: str) -> bool:
    """Whether a person may write ``unit``."""
    return unit in UNITS or unit in COUNTED


def to_si(value: float, unit: str | None) -> float:
    """``value`` of ``unit`` in SI; counted things and unknown units stay as they are.

    dBsm is 10 log10 of a cross-section in square metres.
    """
    if unit == "dBsm":
        return float(10.0 ** (value / 10.0))
    return float(value) * (UNITS[unit][1] if unit in UNITS else 1.0)


def parse_quantity(text: str) -> tuple[float, str] | None:
    """``"400 km"`` as ``(400.0, "km")``; None where ``text`` is no number with a known unit."""
    match = _QUANTITY.match(text) or _TIGHT.match(text)
    if match is None or not is_unit(match[2]):
        return None
    value = float(match[1])
    return (value, match[2]) if math.isfinite(value) else None
