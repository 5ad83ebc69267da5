"""The same indices from SALib: a second opinion by a peer's code on the same samples.

RBD-FAST sorts the given samples along each parameter and reads the first harmonics of the result,
so it needs no design of its own. With fifty samples of eighty parameters its noise is large, and
it has no test against idle parameters: the ranking proper is that of `campaigns.sensitivity`.
Reference: Tarantola, Gatelli and Mara, Reliability Engineering and System Safety 91(6), 2006;
Plischke, the same 95(4), 2010 (the correction for bias).
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

HARMONICS = 4
"""Harmonics of an effect that are read: one bend takes two, a step a few more."""
RESAMPLES = 100
LEAST = 4 * HARMONICS
"""Fewer samples cannot tell this many harmonics."""


def salib_indices(
    names: list[str], weights: NDArray[np.float64], y: NDArray[np.float64], seed: int
) -> dict[str, Any] | None:
    """First-order indices by SALib's RBD-FAST, largest first.

    ``weights`` (samples, parameters) are the cumulative weights believed, ``y`` (samples,) the
    results. None where SALib is not installed (``openiads[analysis]``), the samples are too few or
    the result does not vary.
    """
    if find_spec("SALib") is None or len(y) < LEAST or not names or float(np.ptp(y)) == 0.0:
        return None
    from SALib.analyze import rbd_fast

    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    found = rbd_fast.analyze(
        problem, weights, y, M=HARMONICS, num_resamples=RESAMPLES, seed=seed % 2**32
    )
    index, half = np.asarray(found["S1"], float), np.asarray(found["S1_conf"], float)
    order = np.argsort(-index, kind="stable")
    return {
        "method": f"RBD-FAST, SALib {version('SALib')}, {HARMONICS} harmonics",
        "rows": [
            {
                "parameter": names[k],
                "index": float(index[k]),
                "half_width": float(half[k]) if np.isfinite(half[k]) else None,
            }
            for k in order
        ],
    }
