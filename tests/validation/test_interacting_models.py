"""Interacting models: the compiled estimator against the authority, the function form, and chance.

Sources: data/imm_two_model.json (Blom and Bar-Shalom 1988, equal to filterpy 2.0.0; tolerance of
the file: 1e-6); `openiads.physics.filters.imm_step` and `openiads.physics.motion`, which are
validated elsewhere (1e-8: the same arithmetic in another order); chi-square bounds (Bar-Shalom, Li
and Kirubarajan 2001, section 5.4.2) for targets that fly the models themselves, changing by the
filter's own chain, at probability 0.999 each. As in test_tracker_consistency.py the bounds of NEES
are widened by 5 %, for converted polar plots and because a mixture is not Gaussian: that is so at
manoeuvres of 10 m/s2; at 25 m/s2 the tails of the mixture lift single instants to 7.6.
"""

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from openiads.analysis.tracking import Picture, score
from openiads.domain.track_models import predict_track, set_transition, start_models, update_track
from openiads.domain.track_params import model_mask, track_params
from openiads.domain.tracker import Tracker
from openiads.domain.tracks import covariance_matrix, tracks_allocate
from openiads.physics import filters, motion
from openiads.physics.interacting import combine_models, mix_models, model_update, weigh_models
from openiads.physics.motion_models import BALLISTIC, CT, cubature_move, fall, turn

EVIDENCE = {"model": "tracking", "authority": "Blom and Bar-Shalom 1988; filterpy 2.0.0",
            "kind": "another implementation"}  # fmt: skip
ROOT = Path(__file__).parents[2]
ALL = ("cv", "ct", "ca", "ballistic")
DT_S = 5.0
SIGMA = (50.0, math.radians(0.15), math.radians(0.15))


def test_the_compiled_estimator_takes_the_published_steps():
    """Axis x is the published sequence; the others are measured with next to no information."""
    (case,) = json.loads((Path(__file__).parent / "data/imm_two_model.json").read_text())["cases"]
    models = [filters.motion(case["T_s"], s * s, 3, "piecewise") for s in case["sigma_a"]]
    x, P, mu = np.zeros((2, 9)), np.zeros((2, 9, 9)), np.array(case["mu0"])
    order = [0, 3]
    for m in range(2):
        x[m, order] = case["x0"]
        for axis in range(3):
            P[m][np.ix_([axis, axis + 3], [axis, axis + 3])] = case["P0"]
    transition = np.array(case["transition"])
    none, work = np.zeros((2, 3)), np.zeros((23, 9))
    R = np.array([[case["R"], 0.0, 0.0, 1e30, 0.0, 1e30]])
    packed_x, packed_P = np.zeros(6), np.zeros(21)
    for step in case["steps"]:
        mixed_x, mixed_P = np.zeros((2, 9)), np.zeros((2, 9, 9))
        mix_models(np.zeros(2, int), x, P, mu, transition, none, none, mixed_x, mixed_P, work[0])
        log_likelihood = np.zeros(2)
        for m, (f, q) in enumerate(models):
            x[m, :6], P[m, :6, :6] = filters.predict(mixed_x[m, :6], mixed_P[m, :6, :6], f, q)
            d2, log_det = model_update(
                x[m], P[m], 6, np.array([[step["z"], 0.0, 0.0]]), R, 0, 1.0, work
            )
            log_likelihood[m] = -0.5 * (d2 + log_det)
        weigh_models(mu, log_likelihood)
        combine_models(x, P, mu, packed_x, packed_P)
        assert mu == pytest.approx(step["mode_prob"], abs=1e-6)
        assert packed_x[order] == pytest.approx(step["x"], rel=1e-6)
        full = covariance_matrix(packed_P)[np.ix_(order, order)]
        assert full == pytest.approx(np.array(step["P"]), rel=1e-6)


def test_models_of_unequal_state_equal_the_function_form_with_the_entry_prior_carried_along():
    """Constant velocity holds the prior of the acceleration that constant acceleration enters at.

    In the function form both have nine states: F of constant velocity wipes the acceleration, and
    its Q puts the prior there.
    """
    params = track_params(
        models=model_mask(("cv", "ca")), outlier_probability=0.0, manoeuvre_rate_ps=0.02
    )
    tables = tracks_allocate(1, 1, models=int(params.models))
    rng = np.random.default_rng(1)
    root = np.tril(rng.normal(size=(6, 6)))
    cov = root @ root.T * np.outer([200.0] * 3 + [20.0] * 3, [200.0] * 3 + [20.0] * 3)
    tables.x[0] = mean = np.array([5e4, -2e4, 8e3, 250.0, 100.0, -5.0])
    upper = np.triu_indices(3)
    tables.P[0] = [*cov[:3, :3][upper], *cov[:3, 3:].ravel(), *cov[3:, 3:][upper]]
    start_models(params, tables, 0)
    set_transition(params, tables.models, DT_S)

    prior = params.manoeuvre_accel_mps2**2 * np.eye(3)
    f, q = filters.motion(DT_S, params.noise_m2ps3, 3)
    zero = np.zeros((3, 3))
    still = (np.block([[f, np.zeros((6, 3))], [np.zeros((3, 9))]]),
             np.block([[q, np.zeros((6, 3))], [np.zeros((3, 6)), prior]]))  # fmt: skip
    models = [still, motion.constant_acceleration(DT_S, params.jerk_m2ps5)]
    wide = np.block([[cov, np.zeros((6, 3))], [np.zeros((3, 6)), prior]])
    xs, Ps, mu = [np.append(mean, [0.0] * 3)] * 2, [wide] * 2, tables.models.mu[0].copy()
    h = np.hstack([np.eye(3), zero, zero])
    transition = tables.models.transition[0].copy()
    truth = mean.copy()
    R = np.diag([50.0, 90.0, 120.0]) ** 2 + 500.0
    for k in range(30):
        push = 20.0 if 8 <= k < 14 else 0.0
        truth[:3] += DT_S * truth[3:] + 0.5 * DT_S**2 * push
        truth[3:] += DT_S * push
        z = truth[:3] + rng.multivariate_normal(np.zeros(3), R)
        result = filters.imm_step(xs, Ps, mu, transition, models, z, h, R)
        xs, Ps, mu = result.x, result.P, result.probability
        predict_track(params, tables, 0, DT_S)
        update_track(params, tables, 0, 0, 0, DT_S, z[None], R[upper][None])
        # A probability below 1e-9 is held there by the compiled form.
        assert tables.models.mu[0] == pytest.approx(mu, abs=3e-9)
        assert tables.x[0] == pytest.approx(result.mean[:6], rel=1e-7)
        wanted = result.covariance[:6, :6]
        near = pytest.approx(wanted, rel=1e-6, abs=1e-6 * np.diag(wanted).max())
        assert covariance_matrix(tables.P[0]) == near
    assert max(mu) > 0.5


def random_row(seed, spread):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(7, 7)) * np.array(spread)[:, None]
    x, P = np.zeros(9), np.zeros((9, 9))
    P[:7, :7] = root @ root.T
    return x, P


def test_turns_and_falls_are_predicted_as_the_function_form_does():
    x, P = random_row(2, [50.0] * 3 + [10.0] * 3 + [0.05])
    x[:7] = [1e4, 2e4, 5e3, 200.0, 100.0, 5.0, 0.05]

    def steer(s):
        return np.append(motion.coordinated_turn(DT_S, s[6], 0.0)[0] @ s[:6], s[6])

    mean, cov = motion.cubature_predict(x[:7], P[:7, :7], steer, np.zeros((7, 7)))
    cubature_move(CT, x, P, DT_S, 0.0, np.zeros((23, 9)))
    assert x[:7] == pytest.approx(mean, rel=1e-8)
    assert P[:7, :7] == pytest.approx(cov, rel=1e-8)

    x, P = random_row(3, [50.0] * 3 + [10.0] * 3 + [0.3])
    x[:7] = [1e4, 2e4, 3e4, 900.0, 400.0, -1500.0, math.log(5000.0)]

    def drop(s):
        row = s[:6]
        for _ in range(2):
            row = motion.ballistic_step(
                row, 2.5, math.exp(s[6]), lambda h: 1.752 * math.exp(-h / 6700.0)
            )
        return np.append(row, s[6])

    mean, cov = motion.cubature_predict(x[:7], P[:7, :7], drop, np.zeros((7, 7)))
    cubature_move(BALLISTIC, x, P, DT_S, 0.0, np.zeros((23, 9)))
    assert x[:7] == pytest.approx(mean, rel=1e-8)
    assert P[:7, :7] == pytest.approx(cov, rel=1e-7)


def test_a_fall_in_vacuum_keeps_its_energy_and_one_in_air_its_step():
    """Kepler's constants over a round Earth; and steps of 2.5 s within 1 m of steps of 0.1 s."""
    row = np.array([0.0, 0.0, 400e3, 3000.0, 0.0, 1000.0, 15.0])
    mu, radius = 3.986004418e14, 6_371_000.0

    def constants(s):
        r = np.array([s[0], s[1], s[2] + radius])
        far = np.linalg.norm(r)
        return 0.5 * s[3:6] @ s[3:6] - mu / far, np.linalg.norm(np.cross(r, s[3:6]))

    before = constants(row)
    for _ in range(20):
        fall(row, 5.0, radius)
    assert constants(row) == pytest.approx(before, rel=1e-9)
    coarse = np.array([0.0, 0.0, 20e3, 2000.0, 0.0, -2200.0, math.log(5000.0)])
    fine = coarse.copy()
    fall(coarse, 5.0, radius)
    for _ in range(50):
        fall(fine, 0.1, radius)
    assert coarse[:3] == pytest.approx(fine[:3], abs=1.0)


def begin(n, rng, low_m, high_m, slow_mps, fast_mps):
    """Targets 25 km apart (n, 6)."""
    side = math.ceil(math.sqrt(n))
    x = np.zeros((n, 6))
    x[:, 0] = 25e3 * (np.arange(n) % side - side / 2) + 5e3
    x[:, 1] = 25e3 * (np.arange(n) // side - side / 2) + 7e3
    x[:, 2] = rng.uniform(low_m, high_m, n)
    course, speed = rng.uniform(0, 2 * math.pi, n), rng.uniform(slow_mps, fast_mps, n)
    x[:, 3], x[:, 4] = speed * np.cos(course), speed * np.sin(course)
    return x


def kick(x, rng):
    """White acceleration of the filter's 0.5 m2/s3."""
    root = np.linalg.cholesky(filters.motion(DT_S, 0.5)[1])
    noise = rng.standard_normal((len(x), 3, 2)) @ root.T
    return x + np.hstack([noise[:, :, 0], noise[:, :, 1]])


def chain(kind, n, scans, rng, accel, rate_ps, sojourn_s, jerk=5.0):
    """Targets (scans, n, 6) that begin and end turns or pushes as the filter expects them to."""
    x, on, own = begin(n, rng, 3e3, 12e3, 180.0, 320.0), np.zeros(n, bool), np.zeros((n, 3))
    f, q = motion.constant_acceleration(DT_S, jerk)
    root, states = np.linalg.cholesky(q), []
    odds = 1.0 - math.exp(-DT_S * rate_ps), 1.0 - math.exp(-DT_S / sojourn_s)
    for _ in range(scans):
        states.append(x)
        flip = rng.random(n) < np.where(on, odds[1], odds[0])
        new, on = flip & ~on, on ^ flip
        own[new] = accel * rng.standard_normal((int(new.sum()), 3))
        if kind == "ct":
            speed = np.hypot(x[:, 3], x[:, 4])
            own[new, 0] /= speed[new]
            rows = np.zeros((n, 9))
            rows[:, :6], rows[:, 6] = x, np.where(on, own[:, 0], 0.0)
            for row in rows:
                turn(row, DT_S)
            x = kick(rows[:, :6], rng)
            own[:, 0] += rng.standard_normal(n) * math.sqrt(jerk * DT_S) / speed
        else:
            pushed = np.hstack([x, own]) @ f.T + rng.standard_normal((n, 9)) @ root.T
            calm = x @ filters.motion(DT_S, 0.0, 3)[0].T
            x = np.where(on[:, None], pushed[:, :6], kick(calm, rng))
            own = np.where(on[:, None], pushed[:, 6:], own)
    return np.array(states)


def falling(n, scans, rng):
    """Ballistic targets (scans, n, 6) from 60 to 90 km, of the filter's ballistic coefficients."""
    rows = np.zeros((n, 9))
    rows[:, :6] = begin(n, rng, 60e3, 90e3, 600.0, 1500.0)
    rows[:, 5] = rng.uniform(-300.0, 500.0, n)
    rows[:, 6] = rng.normal(math.log(5000.0), 0.5, n)
    states = []
    for _ in range(scans):
        states.append(rows[:, :6].copy())
        for row in rows:
            fall(row, DT_S, 6_371_000.0)
        rows[:, :6] = kick(rows[:, :6], rng)
    return np.array(states)


def follow(states, rng, **options):
    """NEES (scans, ...) of each target's track and NIS of the scan."""
    tracker, nees, nis = Tracker(SIGMA, detect_probability=0.98, **options), [], []
    for k, truth in enumerate(states):
        r = np.linalg.norm(truth[:, :3], axis=1)
        rae = np.stack([r, np.arctan2(truth[:, 1], truth[:, 0]), np.arcsin(truth[:, 2] / r)], 1)
        rae += np.array(SIGMA) * rng.standard_normal(rae.shape)
        tracks = tracker.scan(DT_S * k, rae[rng.random(len(r)) < 0.98])
        apart = np.linalg.norm(tracks.state[:, None, :3] - truth[None, :, :3], axis=2)
        error = tracks.state - truth[apart.argmin(axis=1)]
        nees.append(np.einsum("ki,kij,kj->k", error, np.linalg.inv(tracks.covariance), error))
        table = tracker.tables.track
        nis.append(table.nis[(table.status == 2) & (table.hits > 3) & (table.misses == 0)])
    return nees, nis


@pytest.mark.parametrize("kind", ["ct", "ca", "ballistic"])
def test_errors_of_manoeuvring_and_falling_targets_are_as_large_as_the_models_say(kind):
    rng = np.random.default_rng(5)
    options = {"models": ("cv", kind), "formations": False, "manoeuvre_accel_mps2": 10.0}
    if kind == "ballistic":
        states = falling(225, 24, rng)
        options["models"] = ALL
    else:
        states = chain(kind, 225, 24, rng, 10.0, 0.02, 50.0)
        options |= {"manoeuvre_rate_ps": 0.02, "manoeuvre_s": 50.0}
    nees, nis = follow(states, rng, **options)
    for k in (10, 14, 18, 22):
        assert 223 <= len(nees[k]) <= 225
        low, high = chi2.ppf([0.0005, 0.9995], 6 * len(nees[k])) / len(nees[k])
        assert 0.95 * low < nees[k].mean() < 1.05 * high
        low, high = chi2.ppf([0.0005, 0.9995], 3 * len(nis[k])) / len(nis[k])
        assert low < nis[k].mean() < high


def mixed(seed):
    spec = importlib.util.spec_from_file_location(
        "tracking_sets", ROOT / "benchmarks" / "tracking_sets.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make("mixed", 60, seed)


def quality(data, **options):
    tracker, rows = Tracker(SIGMA, **options), []
    for k in range(60):
        plots = data.det_rae[slice(*np.searchsorted(data.det_scan, [k, k + 1]))]
        tracks = tracker.scan(DT_S * k, plots)
        rows += [(k, i, x) for i, x in zip(tracks.id, tracks.state, strict=True)]
    scan, who, state = (np.array([r[c] for r in rows]) for c in range(3))
    truth = Picture(data.truth_scan, data.truth_id, data.truth_state)
    result = score(truth, Picture(scan, who, state), first_scan=10, cutoffs_m=(5_000.0,))
    return result["c_5000_m"]["gospa_m"], result["switches"]


@pytest.mark.parametrize("seed", [1, 2])
def test_models_beat_constant_velocity_on_turning_pushing_and_falling_targets(seed):
    """Both told what the set says of itself, a manoeuvre every 50 s; both as they come.

    The noise of constant velocity is the best of four by the score itself. Measured: 0.90 and 0.89
    of its GOSPA; by default 0.84 and 0.86.
    """
    data = mixed(seed)
    gospa, switches = quality(data, models=ALL, manoeuvre_rate_ps=0.02)
    best = min(quality(data, formations=False, noise_m2ps3=q) for q in (1.0, 30.0, 300.0, 1500.0))
    assert gospa < 0.95 * best[0]
    assert switches <= 5
    ours, switches = quality(data, models=ALL)
    default = quality(data)
    assert ours < 0.9 * default[0]
    assert switches < default[1]
