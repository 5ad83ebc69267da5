"""Weapon-target assignment: time, objective and gap of every solver side by side.

    python -m benchmarks.assignment [--peer] [--json]

Random instances: kill probability U(0.6, 0.9), value U(25, 100), one weapon of each; the published
50 x 100 instance of Andersen et al. 2022 with 1, 2 and 3 copies where ../shared/truth holds it.
Then decision cycles as the engine poses them, at most one volley a track, by its own solvers.
Gaps are to the proven lower bound of the exact method (of a cycle, to the optimum). Times are the
least of a few runs, without compilation; ``--peer`` adds HiGHS alone on the usual linearisation
(tangents of exp), to 100 x 100.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from openiads.physics.slot_assignment import (
    GREEDY,
    LINEAR,
    SlotSpace,
    slot_space,
    slots_solve,
    slots_value,
)
from openiads.physics.weapon_target import METHODS, weapon_target

SHARED = Path(__file__).parents[1] / ".." / "shared" / "truth" / "wta_50x100.csv"
SIZES = ((20, 20), (100, 100), (300, 300), (1000, 1000), (130, 100), (400, 200), (1500, 1000))
TANGENTS = 30
PEER_LIMIT_S = 60.0


def random_instance(weapons: int, targets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The standard random generator: values (T,) and kill probabilities (W, T)."""
    rng = np.random.default_rng(seed)
    kill = rng.uniform(0.6, 0.9, (weapons, targets))
    return rng.uniform(25.0, 100.0, targets), kill


def linearised(values: np.ndarray, kill: np.ndarray) -> tuple[np.ndarray, float]:
    """The peer: one mixed-integer program with tangents of exp(-y); returns (target, time in s)."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    weapons, targets = kill.shape
    attrition = -np.log(1.0 - kill)
    count = weapons * targets
    points = np.linspace(0.0, 2.5 * attrition.max() * max(1.0, weapons / targets), TANGENTS)
    rows, columns, entries, lower, upper = [], [], [], [], []
    for i in range(weapons):
        rows += [i] * targets
        columns += range(i * targets, (i + 1) * targets)
        entries += [1.0] * targets
        lower.append(-np.inf)
        upper.append(1.0)
    for j in range(targets):
        for y in points:
            row = len(lower)
            rows += [row] * (weapons + 1)
            columns += [*range(j, count, targets), count + j]
            entries += [*(np.exp(-y) * attrition[:, j]), 1.0]
            lower.append(np.exp(-y) * (1.0 + y))
            upper.append(np.inf)
    table = coo_array((entries, (rows, columns)), shape=(len(lower), count + targets)).tocsr()
    started = time.perf_counter()
    answer = milp(
        np.concatenate([np.zeros(count), values]),
        integrality=np.concatenate([np.ones(count), np.zeros(targets)]),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(table, lower, upper),
        options={"time_limit": PEER_LIMIT_S, "mip_rel_gap": 1e-6},
    )
    spent_s = time.perf_counter() - started
    if answer.x is None:
        return np.full(weapons, -1), spent_s
    use = answer.x[:count].reshape(weapons, targets)
    return np.where(use.max(axis=1) > 0.5, use.argmax(axis=1), -1), spent_s


def surviving_value(values: np.ndarray, kill: np.ndarray, target: np.ndarray) -> float:
    """The value that survives the assignment ``target`` (W,)."""
    left = values.copy()
    for i in np.flatnonzero(target >= 0):
        left[target[i]] *= 1.0 - kill[i, target[i]]
    return float(left.sum())


def measure(name: str, values: np.ndarray, kill: np.ndarray, copies: int, peer: bool) -> list[dict]:
    """One row a solver."""
    answers = {}
    for method in METHODS:
        spent_s, used_s = np.inf, np.inf
        for _ in range(3):
            started, began = time.perf_counter(), time.process_time()
            answers[method] = weapon_target(values, kill, copies, method)
            used_s = min(used_s, time.process_time() - began)
            spent_s = min(spent_s, time.perf_counter() - started)
            if spent_s > 2.0:
                break
        answers[method] = (answers[method].objective, spent_s, used_s, answers[method].lower_bound)
    bound = answers["exact"][3]
    if peer and kill.size <= 10_000 and copies == 1:
        target, spent_s = linearised(values, kill)
        answers["HiGHS alone"] = (surviving_value(values, kill, target), spent_s, spent_s, bound)
    return [
        {
            "instance": name,
            "solver": solver,
            "wall_s": spent_s,
            "processor_s": used_s,
            "objective": objective,
            "gap": objective / bound - 1.0,
        }
        for solver, (objective, spent_s, used_s, _) in answers.items()
    ]


CYCLES = ((40, 2, 2, 6), (100, 4, 2, 10), (100, 100, 1, 1), (400, 16, 2, 10))
"""Decision cycles: tracks, units, kinds of round of a unit, channels of a unit."""
LOOP = {"loop greedy": GREEDY, "loop linear": LINEAR}


def random_cycle(tracks: int, units: int, kinds: int, channels: int) -> SlotSpace:
    """One decision cycle in which every unit reaches every track, with the standard generator."""
    pairs = units * kinds
    values, kill = random_instance(pairs, tracks, 1)
    space = slot_space(tracks, tracks * pairs, pairs, units)
    space.pair_unit[:] = np.arange(pairs) // kinds
    space.pair_free[:], space.unit_free[:] = channels, channels
    space.first[:] = np.arange(tracks + 1) * pairs
    space.target[:] = np.repeat(np.arange(tracks), pairs)
    space.pair[:] = np.tile(np.arange(pairs), tracks)
    space.gain[:] = (values * kill).T.ravel()
    return space


def measure_cycle(tracks: int, units: int, kinds: int, channels: int) -> list[dict]:
    """One row a solver of the decision loop; the gap is that of what survives, to `LINEAR`'s."""
    space = random_cycle(tracks, units, kinds, channels)
    values, _ = random_instance(units * kinds, tracks, 1)
    left, spent = {}, {}
    for name, method in LOOP.items():
        spent[name] = np.inf
        for _ in range(5):
            started = time.perf_counter()
            slots_solve(method, space, tracks, 1 << 30)
            spent[name] = min(spent[name], time.perf_counter() - started)
        left[name] = float(values.sum()) - slots_value(space, tracks)
    return [
        {
            "instance": f"cycle: {tracks} tracks, {units} x {channels} channels",
            "solver": name,
            "wall_s": spent[name],
            "processor_s": spent[name],
            "objective": left[name],
            "gap": left[name] / left["loop linear"] - 1.0,
        }
        for name in LOOP
    ]


def main() -> None:
    """Print the table, or with ``--json`` the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="store_true", help="HiGHS alone too, up to 100 x 100")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.add_argument("--seeds", type=int, default=1, help="instances of each size")
    options = parser.parse_args()
    for method in METHODS:
        weapon_target(*random_instance(30, 15, 0), method=method)
    instances = [
        (f"{w} x {t}, seed {seed}", *random_instance(w, t, seed), 1)
        for w, t in SIZES
        for seed in range(1, options.seeds + 1)
    ]
    if SHARED.exists():
        table = np.loadtxt(SHARED, delimiter=",", skiprows=3)
        instances += [
            (f"published 50 x 100, copies {n}", table[:, 1], table[:, 2:].T, n) for n in (1, 2, 3)
        ]
    rows = []
    if not options.json:
        print(
            f"{'instance':32}{'solver':14}{'wall s':>10}{'cpu s':>10}{'objective':>14}{'gap':>10}"
        )
    measured = [
        *(lambda i=i: measure(*i, options.peer) for i in instances),
        *(lambda c=c: measure_cycle(*c) for c in CYCLES),
    ]
    for rows_of in measured:
        for row in rows_of():
            rows.append(row)
            if not options.json:
                print(
                    f"{row['instance']:32}{row['solver']:14}{row['wall_s']:10.5f}"
                    f"{row['processor_s']:10.5f}{row['objective']:14.6f}{row['gap']:10.1e}"
                )
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
