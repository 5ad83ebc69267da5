"""The master problem of the exact weapon-target assignment, on HiGHS.

    min sum_n (left_n - V_target(n)) x_n   at most one set a target, at most c_i copies of type i

Two doors to the same solver: `highspy` (the extra ``exact``) keeps the basis between calls;
SciPy carries HiGHS too but starts cold at each call. Both answer alike.

Whole numbers are chosen in another form of the same problem, with the costs that the prices
u leave (`Priced`): they are small beside the values, so the solver's tolerances do no harm.
"""

from __future__ import annotations

import importlib.util
from typing import Any, NamedTuple

import numpy as np

from openiads.physics.weapon_target_columns import matrix

_DUAL_TOLERANCE = 1e-9


class Columns(NamedTuple):
    """Sets of weapons: target (n,), left (n,), start (n+1,), types (start[n],)."""

    target: np.ndarray
    left: np.ndarray
    start: np.ndarray
    types: np.ndarray


class Relaxation(NamedTuple):
    """A solved linear relaxation: gain (<= 0), use of each column, prices of targets and types."""

    gain: float
    use: np.ndarray
    target_price: np.ndarray
    price: np.ndarray


class Priced(NamedTuple):
    """Sets at prices: columns, their reduced costs (n,) and the cost (W,) of a copy not used.

    In units of the gap: the best known assignment costs one.

    min sum_n cost_n x_n + sum_i spare_i (c_i - copies of i used), exactly one set a target.
    """

    columns: Columns
    cost: np.ndarray
    spare: np.ndarray


def join(parts: list[Columns]) -> Columns:
    """One list of several."""
    start = [np.zeros(1, np.int32)]
    for part in parts:
        start.append(part.start[1:] + start[-1][-1])
    return Columns(
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.left for part in parts]),
        np.concatenate(start),
        np.concatenate([part.types for part in parts]),
    )


def master(values: np.ndarray, copies: np.ndarray) -> HighsMaster | ScipyMaster:
    """The master problem without columns, on highspy where it is installed."""
    if importlib.util.find_spec("highspy"):
        return HighsMaster(values, copies)
    return ScipyMaster(values, copies)


class HighsMaster:
    """The master problem in one HiGHS model that grows by columns and keeps its basis."""

    def __init__(self, values: np.ndarray, copies: np.ndarray):
        import highspy

        self.values = values
        self.copies = copies
        self.infinity = highspy.kHighsInf
        self.model = _quiet_model(highspy)
        self.model.setOptionValue("dual_feasibility_tolerance", _DUAL_TOLERANCE)
        self.model.setOptionValue("simplex_strategy", 4)  # primal: new columns keep it feasible
        _add_rows(self.model, self.infinity, values.size, copies)

    def add(self, columns: Columns) -> None:
        """Append columns."""
        _add_columns(self.model, self.values, columns, self.infinity)

    def solve(self) -> Relaxation | None:
        """Solve the linear relaxation from the last basis; None where HiGHS gave up."""
        self.model.run()
        if self.model.getInfo().dual_solution_status != 2:
            return None
        solution = self.model.getSolution()
        dual = np.maximum(-np.asarray(solution.row_dual), 0.0)
        targets = self.values.size
        gain = self.model.getInfo().objective_function_value
        return Relaxation(gain, np.asarray(solution.col_value), dual[:targets], dual[targets:])

    def solve_integer(
        self, priced: Priced, gap: float, nodes: int, time_limit_s: float
    ) -> tuple[np.ndarray, float]:
        """Choose whole columns; returns (use, lower bound of the cost)."""
        import highspy

        model = _quiet_model(highspy)
        model.setOptionValue("mip_abs_gap", gap)
        model.setOptionValue("mip_rel_gap", 0.0)
        model.setOptionValue("mip_max_nodes", nodes)
        model.setOptionValue("time_limit", time_limit_s)
        upper = np.concatenate([np.ones(self.values.size), self.copies.astype(float)])
        empty = np.zeros(0, np.int32)
        starts = np.zeros(upper.size, np.int32)
        model.addRows(upper.size, upper, upper, 0, starts, empty, np.zeros(0))
        starts, rows, counts, cost, most = _with_spares(self.values.size, self.copies, priced)
        total = cost.size
        model.addCols(total, cost, np.zeros(total), most, rows.size, starts[:-1], rows, counts)
        count = priced.cost.size
        kind = np.full(count, highspy.HighsVarType.kInteger)
        model.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kind)
        model.run()
        if model.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return np.zeros(count), np.inf
        info = model.getInfo()
        use = np.asarray(model.getSolution().col_value)
        if use.size != total or info.primal_solution_status != 2:
            use = np.zeros(total)
        return use[:count], float(info.mip_dual_bound)


def _with_spares(
    targets: int, copies: np.ndarray, priced: Priced
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The priced sets and a column for the spare copies of each type: (starts, .., cost, most)."""
    columns = priced.columns
    starts, rows, counts = matrix(columns.target, columns.start, columns.types, targets)
    types = np.arange(copies.size, dtype=np.int32)
    return (
        np.concatenate([starts, starts[-1] + 1 + types]),
        np.concatenate([rows, targets + types]),
        np.concatenate([counts, np.ones(copies.size)]),
        np.concatenate([priced.cost, priced.spare]),
        np.concatenate([np.ones(priced.cost.size), copies.astype(float)]),
    )


def _quiet_model(highspy: Any) -> Any:
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("presolve", "off")  # prices have already done its work, and faster
    return model


def _add_rows(model: Any, infinity: float, targets: int, copies: np.ndarray) -> None:
    upper = np.concatenate([np.ones(targets), copies.astype(float)])
    rows = upper.size
    empty = np.zeros(0, np.int32)
    lower = np.full(rows, -infinity)
    model.addRows(rows, lower, upper, 0, np.zeros(rows, np.int32), empty, np.zeros(0))


def _add_columns(model: Any, values: np.ndarray, columns: Columns, most: float) -> None:
    target, left, start, types = columns
    starts, rows, counts = matrix(target, start, types, values.size)
    count = target.size
    cost = left - values[target]
    upper = np.full(count, most)
    model.addCols(count, cost, np.zeros(count), upper, rows.size, starts[:-1], rows, counts)


class ScipyMaster:
    """The master problem through SciPy's HiGHS: the same answers, solved anew at each call."""

    def __init__(self, values: np.ndarray, copies: np.ndarray):
        self.values = values
        self.copies = copies
        self.limits = np.concatenate([np.ones(values.size), copies.astype(float)])
        self.costs: list[np.ndarray] = []
        self.blocks: list[Any] = []

    def add(self, columns: Columns) -> None:
        """Append columns."""
        self.costs.append(columns.left - self.values[columns.target])
        self.blocks.append(self._matrix(columns))

    def _matrix(self, columns: Columns) -> Any:
        from scipy.sparse import csc_array

        starts, rows, counts = matrix(
            columns.target, columns.start, columns.types, self.values.size
        )
        return csc_array((counts, rows, starts), shape=(self.limits.size, columns.target.size))

    def solve(self) -> Relaxation | None:
        """Solve the linear relaxation from scratch; None where HiGHS gave up."""
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        answer = linprog(
            np.concatenate(self.costs),
            A_ub=hstack(self.blocks, format="csc"),
            b_ub=self.limits,
            method="highs",
            options={"dual_feasibility_tolerance": _DUAL_TOLERANCE, "presolve": False},
        )
        if answer.status != 0:
            return None
        dual = np.maximum(-answer.ineqlin.marginals, 0.0)
        targets = self.values.size
        return Relaxation(answer.fun, answer.x, dual[:targets], dual[targets:])

    def solve_integer(
        self, priced: Priced, gap: float, nodes: int, time_limit_s: float
    ) -> tuple[np.ndarray, float]:
        """Choose whole columns; returns (use, lower bound of the cost)."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csc_array

        starts, rows, counts, cost, most = _with_spares(self.values.size, self.copies, priced)
        table = csc_array((counts, rows, starts), shape=(self.limits.size, cost.size))
        count = priced.cost.size
        answer = milp(
            cost,
            integrality=np.arange(cost.size) < count,
            bounds=Bounds(0.0, most),
            constraints=LinearConstraint(table, self.limits, self.limits),
            options={
                "mip_rel_gap": gap,  # the best known assignment costs one
                "node_limit": nodes,
                "time_limit": time_limit_s,
                "presolve": False,
            },
        )
        if answer.status == 2:
            return np.zeros(count), np.inf
        use = np.zeros(count) if answer.x is None else answer.x[:count]
        bound = 0.0 if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
        return use, bound
