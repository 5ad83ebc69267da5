"""Trackers side by side on the same detections, in one run: ours, a NumPy + SciPy GNN, Stone Soup.

    python -m benchmarks.tracking [--shared ../shared/peers] [--seeds 11 12 13] [--stonesoup 6]

Sets are the shared NPZ files where they are found, and sets drawn anew from the generators of
`benchmarks.tracking_sets`. Times are medians over scans of the process's CPU time, so that other
jobs on the machine distort them less; ratios are to ours. Stone Soup runs on the first scans only
(it takes seconds a scan) and only where it is installed.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from benchmarks.tracking_sets import SCANS, SIGMA, Set, make
from openiads.analysis.tracking import Picture, score
from openiads.domain.tracker import Tracker
from openiads.faults import InputError
from openiads.scenario.detections import Detections
from openiads.scenario.stonesoup import run_tracker


def ours(data: Set, **options) -> tuple[Picture, float]:
    """The default configuration; tracks and ms a scan."""
    tracker = Tracker(tuple(SIGMA), **options)
    tracker.scan(0.0, np.zeros((0, 3)))
    tracker.reset()
    rows, spent = [], []
    for k in range(SCANS):
        plots = data.det_rae[slice(*np.searchsorted(data.det_scan, [k, k + 1]))]
        began = time.process_time()
        tracks = tracker.scan(5.0 * k, plots)
        spent.append(time.process_time() - began)
        rows += [(k, i, x) for i, x in zip(tracks.id, tracks.state, strict=True)]
    return _picture(rows), 1e3 * float(np.median(spent))


def _picture(rows: list) -> Picture:
    return Picture(
        np.array([r[0] for r in rows], int),
        np.array([r[1] for r in rows], int),
        np.array([r[2] for r in rows]).reshape(-1, 6),
    )


class Plain:
    """Batched NumPy Kalman filters, a dense gate, SciPy's assignment: what a careful person writes.

    Log-likelihood cost with the log-determinant and the cost of a miss; 3 hits confirm, 5 misses
    delete.
    """

    def __init__(self, q: float, pd: float):
        self.pd, self.x, self.P = pd, np.zeros((0, 6)), np.zeros((0, 6, 6))
        self.id, self.hits, self.misses, self.next = (np.zeros(0, int) for _ in range(4))
        self.next = 0
        t = 5.0
        self.F = np.kron([[1.0, t], [0.0, 1.0]], np.eye(3))
        self.Q = q * np.kron([[t**3 / 3, t**2 / 2], [t**2 / 2, t]], np.eye(3))

    def scan(self, rae: np.ndarray) -> tuple:
        from scipy.optimize import linear_sum_assignment

        z, R = _convert(rae)
        n, m = len(self.x), len(z)
        self.x = self.x @ self.F.T
        self.P = self.F @ self.P @ self.F.T + self.Q
        used, missed = np.zeros(m, bool), np.ones(n, bool)
        if n and m:
            i, j = np.nonzero(np.abs(self.x[:, None, :2] - z[None, :, :2]).max(axis=2) < 8e3)
            s = self.P[i, :3, :3] + R[j]
            y = z[j] - self.x[i, :3]
            d2 = np.einsum("ki,ki->k", y, np.linalg.solve(s, y[..., None])[..., 0])
            log_det = np.linalg.slogdet(s)[1]
            c = 0.5 * (d2 + log_det + 3 * np.log(2 * np.pi)) + np.log(1e-14 / self.pd)
            wide = np.full((n, m + n), 1e6)
            ok = d2 < 16.0
            wide[i[ok], j[ok]] = c[ok]
            wide[np.arange(n), m + np.arange(n)] = -np.log(1.0 - self.pd)
            rows, cols = linear_sum_assignment(wide)
            hit = cols < m
            a, b = rows[hit], cols[hit]
            gain = self.P[a, :, :3] @ np.linalg.inv(self.P[a, :3, :3] + R[b])
            self.x[a] += np.einsum("kij,kj->ki", gain, z[b] - self.x[a, :3])
            self.P[a] -= gain @ self.P[a, :3, :]
            used[b], missed[a] = True, False
            self.hits[a] += 1
        self.misses = np.where(missed, self.misses + 1, 0)
        keep = self.misses < np.where(self.hits >= 3, 5, 2)
        fresh = np.flatnonzero(~used)
        start = np.zeros((len(fresh), 6, 6))
        start[:, :3, :3] = R[fresh]
        start[:, [3, 4, 5], [3, 4, 5]] = np.array([400.0, 400.0, 100.0]) ** 2
        self.P = np.concatenate([self.P[keep], start])
        self.x = np.vstack([self.x[keep], np.hstack([z[fresh], np.zeros((len(fresh), 3))])])
        self.id = np.append(self.id[keep], self.next + np.arange(len(fresh)))
        self.hits = np.append(self.hits[keep], np.ones(len(fresh), int))
        self.misses = np.append(self.misses[keep], np.zeros(len(fresh), int))
        self.next += len(fresh)
        sure = self.hits >= 3
        return self.id[sure], self.x[sure]


def _convert(rae: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cartesian plots and their covariances, first order."""
    r, a, e = rae.T
    ca, sa, ce, se = np.cos(a), np.sin(a), np.cos(e), np.sin(e)
    zero = np.zeros_like(r)
    J = np.stack(
        [
            np.stack([ca * ce, -r * sa * ce, -r * ca * se], axis=1),
            np.stack([sa * ce, r * ca * ce, -r * sa * se], axis=1),
            np.stack([se, zero, r * ce], axis=1),
        ],
        axis=1,
    )
    return np.stack([r * ca * ce, r * sa * ce, r * se], axis=1), (J * SIGMA**2) @ J.transpose(
        0, 2, 1
    )


def plain(data: Set, hard: bool) -> tuple[Picture, float]:
    """The NumPy + SciPy baseline with the noise and Pd that suit the set."""
    tracker = Plain(400.0 if hard else 1.0, 0.7 if hard else 0.9)
    rows, spent = [], []
    for k in range(SCANS):
        plots = data.det_rae[slice(*np.searchsorted(data.det_scan, [k, k + 1]))]
        began = time.process_time()
        ids, states = tracker.scan(plots)
        spent.append(time.process_time() - began)
        rows += [(k, i, x) for i, x in zip(ids, states, strict=True)]
    return _picture(rows), 1e3 * float(np.median(spent))


def stonesoup(data: Set, hard: bool, scans: int) -> float | None:
    """Stone Soup's KD-tree gated GNN in polar space; ms a scan over the first scans, or None."""
    times = 5.0 * np.arange(SCANS)
    found = Detections(times, data.det_scan, data.det_rae, None, None, SIGMA)
    try:
        spent = run_tracker(found, None, 400.0 if hard else 1.0, scans, clock=time.process_time)[1]
    except InputError:
        return None
    return 1e3 * float(np.median(spent[1:]))


def _load(path: Path) -> Set:
    with np.load(path) as archive:
        return Set(*(archive[name] for name in Set._fields))


def sets(shared: Path, seeds: list[int]) -> dict[str, Set]:
    """Shared sets where they are found, then fresh ones."""
    found = {}
    for name in ("easy30", "easy100", "easy300", "hard100", "hard300"):
        if (shared / f"mtt_{name}.npz").is_file():
            found[name] = _load(shared / f"mtt_{name}.npz")
    for seed in seeds:
        found[f"easy300/{seed}"] = make("easy", 300, seed)
        found[f"hard300/{seed}"] = make("hard", 300, seed)
        found[f"mixed300/{seed}"] = make("mixed", 300, seed)
    return found


def held_bytes(tracker: Tracker) -> int:
    """Bytes of a tracker's tables."""
    parts = [*tracker.tables[:], *tracker.tables.space]
    return sum(getattr(a, "nbytes", 0) for a in parts)


def tiled(targets: int, seed: int, scans: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Calm pictures of 300 side by side, 900 km apart: (places, covariances) of each scan.

    Nothing but the number changes: density, errors and clutter are those of one picture of 300.
    """
    parts: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in range(scans)]
    count = math.ceil(targets / 300)
    side = math.ceil(math.sqrt(count))
    for tile in range(count):
        data = make("easy", min(300, targets - 300 * tile), seed + tile)
        for k in range(scans):
            plots = data.det_rae[slice(*np.searchsorted(data.det_scan, [k, k + 1]))]
            place, cov = _convert(plots)
            place[:, 0] += 9e5 * (tile % side)
            place[:, 1] += 9e5 * (tile // side)
            parts[k].append((place, cov))
    return [tuple(map(np.concatenate, zip(*p, strict=True))) for p in parts]


def _paced(name: str, n: int, scans: int):
    """A tracker and what is to be fed to it, scan by scan: (tracker, [(method, arguments)])."""
    if name == "one disc":
        data = make("easy", n, 7, area_scale=1.0)
        size = int(np.bincount(data.det_scan).max())
        tracker = Tracker(tuple(SIGMA), capacity=3 * size, plots=size)
        bounds = np.searchsorted(data.det_scan, np.arange(scans + 1))
        plots = [(data.det_rae[bounds[k] : bounds[k + 1]],) for k in range(scans)]
        return tracker, [(tracker.scan, p) for p in plots]
    places = tiled(n, 7, scans)
    size = max(len(p[0]) for p in places)
    tracker = Tracker(tuple(SIGMA), capacity=3 * size, plots=size)
    return tracker, [(tracker.scan_cartesian, p) for p in places]


def _turn(tracker, feed, at: int, count: int, spent: list[float]) -> int:
    """Run ``count`` scans from number ``at`` on, after the last anew; returns the next number."""
    for _ in range(count):
        if at == len(feed):
            tracker.reset()
            at = 0
        law, plots = feed[at]
        began = time.process_time()
        law(5.0 * at, *plots)
        spent.append(time.process_time() - began)
        at += 1
    return at


def scale(sizes: tuple[int, ...] = (300, 1_000, 3_000, 10_000), scans: int = 30) -> None:
    """Time a scan and bytes held, from 300 to 10,000 targets in one picture.

    Twice: at one density (pictures of 300 side by side), and in one disc of 400 km, where 10,000
    stand 33 times as densely as 300 and each gate holds the plots of strangers. The sizes take
    turns, with as many scans a turn as come to 10,000 targets: a machine whose speed changes from
    one second to the next shows all of them the same faces.
    """
    print(f"{'picture':14} {'targets':>8} {'ms/scan':>8} {'us/target':>10} {'x first':>8} "
          f"{'n log n':>8} {'MB of tables':>13}")  # fmt: skip
    for name in ("one density", "one disc"):
        runs = [_paced(name, n, scans) for n in sizes]
        spent: list[list[float]] = [[] for _ in sizes]
        for tracker, feed in runs:
            _turn(tracker, feed, 0, 1, [])
            tracker.reset()
        at = [0] * len(sizes)
        for _ in range(3 * scans):
            for q, (tracker, feed) in enumerate(runs):
                at[q] = _turn(tracker, feed, at[q], max(sizes) // sizes[q], spent[q])
        ms = [1e3 * float(np.median(s)) for s in spent]
        for n, cost, (tracker, _) in zip(sizes, ms, runs, strict=True):
            growth = n * math.log(n) / (sizes[0] * math.log(sizes[0]))
            print(f"{name:14} {n:8d} {cost:8.2f} {1e3 * cost / n:10.2f} {cost / ms[0]:8.1f} "
                  f"{growth:8.1f} {held_bytes(tracker) / 1e6:13.1f}", flush=True)  # fmt: skip


def main() -> None:
    """Print one row a set and tracker, then the scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared/peers"))
    parser.add_argument("--seeds", type=int, nargs="*", default=[11, 12, 13])
    parser.add_argument("--stonesoup", type=int, default=6, help="scans given to Stone Soup")
    parser.add_argument("--scale", action="store_true", help="only the table of sizes")
    options = parser.parse_args()
    if options.scale:
        scale()
        return
    print("set          tracker        GOSPA 5 km    2 km   OSPA missed  false switch   ids"
          "  ms/scan  x ours")  # fmt: skip
    for name, data in sets(options.shared, options.seeds).items():
        truth = Picture(data.truth_scan, data.truth_id, data.truth_state)
        hard = name.startswith("hard")
        mine, base = ours(data)
        for label, (tracks, ms) in {
            "openiads": (mine, base),
            "openiads models": ours(data, models=("cv", "ct", "ca", "ballistic")),
            "openiads plain": ours(data, formations=False, noise_m2ps3=400.0 if hard else 1.0),
            "numpy+scipy": plain(data, hard),
        }.items():
            s = score(truth, tracks, first_scan=10)
            a, b = s["c_5000_m"], s["c_2000_m"]
            print(f"{name:12} {label:14} {a['gospa_m']:10.0f} {b['gospa_m']:7.0f} "
                  f"{a['ospa_m']:6.0f} {a['missed']:6.1f} {a['false']:6.1f} {s['switches']:6d} "
                  f"{s['track_ids']:5d} {ms:8.3f} {ms / base:7.1f}", flush=True)  # fmt: skip
        if options.stonesoup and name in ("easy300", "hard300"):
            ms = stonesoup(data, hard, options.stonesoup)
            text = "not installed" if ms is None else f"{ms:8.1f} {ms / base:7.0f}"
            print(f"{name:12} {'stone soup':14} {'':50} {text}", flush=True)
    scale()


if __name__ == "__main__":
    main()
