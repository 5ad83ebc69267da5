"""The master problem of the exact weapon-target assignment, on HiGHS.

    min sum_n (left_n - V_target(n)) x_n   at most one set a target, at most c_i copies of type i

Two doors to the same solver: `highspy` (the extra ``exact``) keeps the basis between calls;
SciPy carries HiGHS too but starts cold at each call. Both answer alike.
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
        self.columns = 0
        self.infinity = highspy.kHighsInf
        self.model = _quiet_model(highspy)
        self.model.setOptionValue("presolve", "off")
        self.model.setOptionValue("dual_feasibility_tolerance", _DUAL_TOLERANCE)
        self.model.setOptionValue("simplex_strategy", 4)  # primal: new columns keep it feasible
        _add_rows(self.model, self.infinity, values.size, copies)

    def add(self, columns: Columns) -> None:
        """Append columns."""
        _add_columns(self.model, self.values, columns, self.infinity)
        self.columns += columns.target.size

    def solve(self) -> Relaxation:
        """Solve the linear relaxation from the last basis."""
        self.model.run()
        solution = self.model.getSolution()
        dual = np.maximum(-np.asarray(solution.row_dual), 0.0)
        targets = self.values.size
        gain = self.model.getInfo().objective_function_value
        return Relaxation(gain, np.asarray(solution.col_value), dual[:targets], dual[targets:])

    def solve_integer(
        self, columns: Columns, copies: np.ndarray, start: np.ndarray, gap: float, nodes: int
    ) -> tuple[np.ndarray, float]:
        """Choose whole columns, from the feasible choice ``start``; returns (use, gain bound)."""
        import highspy

        model = _quiet_model(highspy)
        model.setOptionValue("mip_abs_gap", gap)
        model.setOptionValue("mip_rel_gap", 0.0)
        model.setOptionValue("mip_max_nodes", nodes)
        _add_rows(model, self.infinity, self.values.size, copies)
        count = columns.target.size
        _add_columns(model, self.values, columns, 1.0)
        kind = np.full(count, highspy.HighsVarType.kInteger)
        model.changeColsIntegrality(count, np.arange(count, dtype=np.int32), kind)
        guess = highspy.HighsSolution()
        guess.col_value = start.tolist()
        model.setSolution(guess)
        model.run()
        info = model.getInfo()
        use = np.asarray(model.getSolution().col_value)
        if use.size != count or info.primal_solution_status != 2:
            use = start
        return use, float(info.mip_dual_bound)


def _quiet_model(highspy: Any) -> Any:
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
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

    def solve(self) -> Relaxation:
        """Solve the linear relaxation from scratch."""
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        answer = linprog(
            np.concatenate(self.costs),
            A_ub=hstack(self.blocks, format="csc"),
            b_ub=self.limits,
            method="highs",
            options={"dual_feasibility_tolerance": _DUAL_TOLERANCE},
        )
        dual = np.maximum(-answer.ineqlin.marginals, 0.0)
        targets = self.values.size
        return Relaxation(answer.fun, answer.x, dual[:targets], dual[targets:])

    def solve_integer(
        self, columns: Columns, copies: np.ndarray, start: np.ndarray, gap: float, nodes: int
    ) -> tuple[np.ndarray, float]:
        """Choose whole columns; returns (use, gain bound). SciPy takes no starting choice."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        cost = columns.left - self.values[columns.target]
        worst = float(-(cost @ start))
        answer = milp(
            cost,
            integrality=np.ones(cost.size),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(self._matrix(columns), ub=self.limits),
            options={"mip_rel_gap": gap / max(worst, 1e-300), "node_limit": nodes},
        )
        use = start if answer.x is None else answer.x
        bound = -np.inf if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
        return use, bound
