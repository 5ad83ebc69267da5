"""Satellites from two-line elements by the `sgp4` package: TEME to Earth-fixed to the scenario.

The package (Rhodes, python-sgp4, of Vallado et al., AIAA 2006-6753) is an optional dependency, the
extra ``models``; it is imported where it is used. SGP4 with WGS-72 constants, as elements are made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from openiads.domain.knots import Knots, ecef_to_frame, refine
from openiads.faults import InputError
from openiads.physics.celestial import gmst_rad, teme_to_ecef


def elements(line1: str, line2: str) -> Any:
    """The `sgp4.api.Satrec` of a two-line element set; raises `InputError` for faulty lines."""
    try:
        from sgp4.api import Satrec
    except ImportError as error:
        raise InputError.of(
            "satellites need the sgp4 package", "pip install 'openiads[models]'"
        ) from error
    faulty = [
        number
        for number, line in (("1", line1), ("2", line2))
        if not (line[:1] == number and len(line.rstrip()) >= 63)
    ]
    if not faulty:
        try:
            return Satrec.twoline2rv(line1, line2)
        except ValueError:
            faulty = ["1", "2"]
    raise InputError.of(
        f"line {' and '.join(faulty)} is no line of a two-line element set",
        "copy both lines whole, 69 characters each",
    )


def propagate(line1: str, line2: str, minutes: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """TEME positions (n, 3) in m and velocities (n, 3) in m/s at minutes since the epoch (n,).

    Raises `InputError` for elements that SGP4 refuses or that have decayed.
    """
    satellite_ = elements(line1, line2)
    since = np.atleast_1d(np.asarray(minutes, dtype=float))
    epoch = np.full(len(since), satellite_.jdsatepoch)
    _reject(satellite_.sgp4_array(epoch, satellite_.jdsatepochF + since / 1440.0)[0])
    states = [satellite_.sgp4_tsince(float(m))[1:] for m in since]
    return np.array([s[0] for s in states]) * 1e3, np.array([s[1] for s in states]) * 1e3


def _reject(codes):
    bad = codes[codes != 0]
    if len(bad):
        from sgp4.api import SGP4_ERRORS

        raise InputError.of(
            f"SGP4 cannot propagate these elements: {SGP4_ERRORS.get(int(bad[0]), bad[0])}",
            "take elements nearer to the time of the scenario",
        )


def earth_fixed(
    line1: str, line2: str, jd: float, fraction_day: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Earth-fixed positions (n, 3), m, and velocities (n, 3), m/s, at UTC Julian dates.

    ``jd`` + ``fraction_day`` (n,). UT1 is taken as UTC (below 0.9 s, 7 km along a low orbit's
    ground track in the worst case, 0.4 km of the Earth's turning) and polar motion as zero.
    """
    fraction = np.atleast_1d(np.asarray(fraction_day, dtype=float))
    codes, r, v = elements(line1, line2).sgp4_array(np.full(len(fraction), jd), fraction)
    _reject(codes)
    sidereal = gmst_rad(jd, fraction)
    x, y, z = (r * 1e3).T
    u, w, q = (v * 1e3).T
    state = np.stack(teme_to_ecef(x, y, z, u, w, q, sidereal), axis=1)
    return state[:, :3], state[:, 3:]


def satellite(
    line1: str,
    line2: str,
    jd: float,
    fraction_day: float,
    duration_s: float,
    lat0_rad: float,
    lon0_rad: float,
    start_s: float = 0.0,
) -> Knots:
    """Knots of a satellite for ``duration_s`` from the UTC Julian date ``jd`` + ``fraction_day``.

    ``start_s`` is the scenario's time of that date. SGP4 and the turn from TEME to Earth-fixed
    axes by the sidereal time of 1982 (`openiads.physics.celestial`). Raises `InputError`.
    """
    if not duration_s > 0.0:
        raise InputError.of(f"the duration is {duration_s!r} s", "give a positive time")

    def law(t):
        pos, vel = earth_fixed(line1, line2, jd, fraction_day + (t - start_s) / 86400.0)
        return ecef_to_frame(pos, vel, lat0_rad, lon0_rad)

    return refine(law, start_s + np.linspace(0.0, duration_s, max(2, int(duration_s / 300.0) + 1)))
