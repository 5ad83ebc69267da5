"""Branching in the exact weapon-target assignment: by how many of a type go to one target.

    at most k of type i on target j   |   at least k + 1 of type i on target j

Both sides are instances of the same problem, by splitting type i in two and by taking the kill
probability away where a part may not go: no pricing rule changes. At most k: k copies as before,
the others barred from j. At least k + 1: k + 1 copies good for j only (to use them there never
hurts), the others as before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def children(
    kill: np.ndarray, copies: np.ndarray, weapon: int, target: int, k: int
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """The two sides as arguments of `split`: (type, copies of the first part, two kill rows)."""
    row = kill[weapon]
    only = np.zeros(row.size)
    only[target] = row[target]
    yield weapon, k + 1, only, row
    yield weapon, k, row, row - only


def split(
    kill: np.ndarray,
    copies: np.ndarray,
    weapon: int,
    first: int,
    first_row: np.ndarray,
    other_row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split one type into ``first`` copies with one row of kill probabilities and the rest.

    Shapes: kill (W, T), copies (W,). Returns (kill, copies, parent), parts without copies left
    out; ``parent`` is the type that each new type comes from.
    """
    parent = np.append(np.arange(copies.size), weapon)
    kill = np.vstack([kill, other_row])
    kill[weapon] = first_row
    copies = np.append(copies, copies[weapon] - first)
    copies[weapon] = first
    kept = copies > 0
    return np.ascontiguousarray(kill[kept]), copies[kept], parent[kept]
