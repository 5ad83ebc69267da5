"""Resolution: how probable it is that a radar cannot tell two targets apart."""

from __future__ import annotations

import math

from openiads.kernel import kernel

_TWO_LN_2 = 2.0 * math.log(2.0)


@kernel(elementwise=True)
def unresolved_probability(gap_m: float, variance_m2: float, cell_m: float) -> float:
    """Probability that two targets are not resolved along one axis, their gap known in part.

    P_u(d) = exp(-ln 2 (d / a)^2), a half at the cell's size, averaged over d ~ N(gap, variance):
    sqrt(A / (A + C)) exp(-gap^2 / (2 (A + C))) with A = a^2 / (2 ln 2). Over independent axes the
    values multiply.

    Args: gap (any sign) m, variance of the gap C >= 0 m2, cell a > 0 m. Returns 0 to 1.
    Reference: Koch and van Keuk, "Multiple hypothesis track maintenance with possibly unresolved
    measurements", IEEE Trans. AES 33(3), 1997, section II (the Gaussian form of P_u). Validated by
    tests/kernels/test_unresolved.py.
    """
    spread = cell_m * cell_m / _TWO_LN_2
    total = spread + variance_m2
    return math.sqrt(spread / total) * math.exp(-0.5 * gap_m * gap_m / total)
