"""The weapon-target assignment problem: which weapon at which target, least value surviving.

    min  sum_j V_j prod_i (1 - p_ij)^x_ij    subject to  sum_j x_ij <= c_i,  x_ij = 0, 1, 2, ...

V_j value of target j, p_ij probability that one weapon i kills target j, c_i copies of weapon i.
The problem is NP-complete (Lloyd and Witsenhausen, Proc. Summer Computer Simulation Conf., 1986);
its static form is that of Manne, Operations Research 6(3):346-351, 1958, doi 10.1287/opre.6.3.346.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from openiads.faults import Fault, InputError, nearest
from openiads.physics.weapon_target_search import (
    greedy,
    linear_rounds,
    local,
    surviving,
)

METHODS = ("exact", "local", "linear", "greedy")


class WeaponTarget(NamedTuple):
    """A weapon-target assignment.

    ``assignment``: the target of each weapon, -1 where it is kept, shape (W,); with copies other
    than one a row for each weapon, shape (W, max copies), filled with -1.
    ``objective``: the surviving value; ``lower_bound``: no assignment leaves less.
    """

    assignment: np.ndarray
    objective: float
    lower_bound: float


def weapon_target(
    values: ArrayLike,
    kill_probability: ArrayLike,
    copies: int | ArrayLike = 1,
    method: str = "exact",
    *,
    tolerance: float = 1e-7,
    time_limit_s: float = 60.0,
) -> WeaponTarget:
    """Assign weapons to targets so that the least value survives.

    Shapes: ``values`` (T,), >= 0; ``kill_probability`` (W, T), in [0, 1]; ``copies`` a whole
    number or (W,) of them, >= 0: how often each weapon can be used, also on one target.

    ``method``: "exact" proves the answer to the relative ``tolerance`` (and 1e-10 of all values)
    or, out of effort or time, returns the best with the bound reached; "local" improves the
    greedy answer by exchanges and swaps (about 0.3 ms at 100 x 100); "linear" is one optimal
    linear assignment after the other; "greedy" is maximum marginal return. The heuristics attempt
    no proof: their lower bound is the value left if every weapon could be used on every target.

    The extra ``exact`` (highspy) makes the exact method faster; without it SciPy's HiGHS is used.
    Raises InputError naming all that is wrong with the input.
    """
    instance = _checked(values, kill_probability, copies, method)
    bound = _every_weapon_everywhere(instance)
    if method == "exact":
        return _exact(instance, bound, tolerance, time_limit_s)
    miss = 1.0 - instance.kill
    if not instance.single_row:
        miss = miss[instance.owner]
    if instance.values.size == 0 or instance.owner.size == 0:
        target = np.full(instance.owner.size, -1)
    elif method == "linear":
        target = linear_rounds(instance.values, miss)
    else:
        target = greedy(instance.values, miss)
        if method == "local":
            local(instance.values, miss, target, 50)
    objective = float(surviving(instance.values, miss, target).sum())
    return WeaponTarget(_rows(target, instance), objective, float(min(bound, objective)))


class _Instance(NamedTuple):
    """A checked instance; ``owner`` is the weapon that each copy is of."""

    values: np.ndarray
    kill: np.ndarray
    copies: np.ndarray
    owner: np.ndarray
    single_row: bool


def _every_weapon_everywhere(instance: _Instance) -> float:
    left = np.prod((1.0 - instance.kill) ** instance.copies[:, None], axis=0)
    return float(instance.values @ left)


def _exact(
    instance: _Instance, bound: float, tolerance: float, time_limit_s: float
) -> WeaponTarget:
    """Solve over distinct useful weapons and worthwhile targets; deal the copies back."""
    from openiads.physics.weapon_target_exact import Effort, solve

    values, kill, copies, owner, _ = instance
    target = np.full(owner.size, -1)
    worth = np.flatnonzero(values > 0.0)
    useful = np.flatnonzero((copies > 0) & kill[:, worth].any(axis=1))
    if worth.size and useful.size:
        kinds = _identical(kill[np.ix_(useful, worth)])
        first = np.unique(kinds, return_index=True)[1]
        merged = np.bincount(kinds, copies[useful]).astype(np.int64)
        types = np.ascontiguousarray(kill[np.ix_(useful[first], worth)])
        effort = Effort(tolerance, time_limit_s=time_limit_s)
        found, proven = solve(values[worth], types, merged, effort)
        kind_of = np.full(copies.size, -1)
        kind_of[useful] = kinds
        dealt = np.flatnonzero(kind_of[owner] >= 0)
        dealt = dealt[np.argsort(kind_of[owner[dealt]], kind="stable")]
        target[dealt] = np.where(found >= 0, worth[found], -1)
        bound = max(bound, proven)
    objective = float(surviving(values, (1.0 - kill)[owner], target).sum())
    return WeaponTarget(_rows(target, instance), objective, float(min(bound, objective)))


def _identical(rows: np.ndarray) -> np.ndarray:
    """A number for each row, the same for equal rows, in order of first appearance."""
    probe = np.sqrt(np.arange(2.0, rows.shape[1] + 2.0))
    groups: dict[float, list[int]] = {}
    number = np.empty(rows.shape[0], np.int64)
    count = 0
    for r, key in enumerate((rows * probe).sum(axis=1).tolist()):
        for other in groups.setdefault(key, []):
            if np.array_equal(rows[other], rows[r]):
                number[r] = number[other]
                break
        else:
            groups[key].append(r)
            number[r] = count
            count += 1
    return number


def _rows(target: np.ndarray, instance: _Instance) -> np.ndarray:
    if instance.single_row:
        return target
    copies = instance.copies
    table = np.full((copies.size, max(copies.max(initial=0), 1)), -1)
    start = np.concatenate([[0], np.cumsum(copies)])
    for i in range(copies.size):
        row = np.sort(target[start[i] : start[i + 1]])[::-1]
        table[i, : row.size] = row
    return table


def _checked(values: Any, kill: Any, copies: Any, method: str) -> _Instance:
    """The input as arrays, or InputError with every fault."""
    faults: list[Fault] = []
    if method not in METHODS:
        faults.append(Fault(f"method {method!r} is not known", nearest(str(method), METHODS)))
    values = _numbers(values, 1, "values", faults)
    kill = _numbers(kill, 2, "kill_probability", faults)
    if values is not None and not np.all((values >= 0.0) & np.isfinite(values)):
        faults.append(Fault("a value is negative or not finite", "give values >= 0", key="values"))
    if kill is not None and not np.all((kill >= 0.0) & (kill <= 1.0)):
        mend = "give probabilities between 0 and 1"
        faults.append(Fault("a probability is outside [0, 1]", mend, key="kill_probability"))
    if values is not None and kill is not None:
        if kill.size == 0:
            kill = kill.reshape(kill.shape[0] if values.size == 0 else 0, values.size)
        if kill.shape[1] != values.size:
            message = f"has {kill.shape[1]} columns, but there are {values.size} values"
            mend = "give one row a weapon, one column a target"
            faults.append(Fault(message, mend, key="kill_probability"))
    counts = np.asarray(copies)
    rows = 0 if kill is None else kill.shape[0]
    whole = counts.dtype.kind in "iu" or counts.size == 0
    if not whole or np.any(counts < 0) or counts.shape not in ((), (rows,)):
        mend = "give one whole number >= 0, or one for each weapon"
        faults.append(Fault("is not the number of uses of a weapon", mend, key="copies"))
    if faults:
        raise InputError(faults)
    each = np.ascontiguousarray(np.broadcast_to(counts, (rows,)), dtype=np.int64)
    single_row = counts.ndim == 0 and int(counts) == 1
    return _Instance(values, kill, each, np.repeat(np.arange(rows), each), single_row)


def _numbers(given: Any, dimensions: int, key: str, faults: list[Fault]) -> np.ndarray | None:
    """``given`` as an array of floats, or None and a fault."""
    try:
        array = np.ascontiguousarray(given, dtype=float)
    except (TypeError, ValueError):
        array = None
    if array is not None and array.size == 0:
        array = array.reshape(array.shape[:1] + (0,) * (dimensions - 1))
    if array is None or array.ndim != dimensions:
        mend = "a list of numbers" if dimensions == 1 else "a list of rows, all of one length"
        faults.append(Fault("is not what is expected here", f"give {mend}", key=key))
        return None
    return array
