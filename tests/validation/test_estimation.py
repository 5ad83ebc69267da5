"""Filters against worked sequences and closed forms.

Sources: data/kalman_cv_steps.json (independent numpy, equal to filterpy 2.0.0),
kalman_nile_local_level.json (Durbin and Koopman 2012, section 2.2.5; statsmodels 0.15),
imm_two_model.json (Blom and Bar-Shalom 1988, equal to filterpy 2.0.0), tracking_alpha_beta.json
(Kalata 1984), unscented_polar.json (filterpy 2.0.0) and tracking_consistency_bounds.json
(chi-square). Tolerances are those of the files:
1e-6 relative (numbers printed to 8 decimals, hence 1e-7 absolute beside it), 1e-8 for the Nile
(9 to 10 figures printed, hence 1e-6 absolute), 1e-6 and 1e-3 absolute.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from openiads.physics import filters
from openiads.physics.estimation import cv_predict, position_update

EVIDENCE = {"model": "tracking", "authority": "filterpy 2.0.0; Durbin and Koopman; Kalata 1984",
            "kind": "another implementation"}  # fmt: skip
DATA = Path(__file__).parent / "data"


def load(name):
    return json.loads((DATA / f"{name}.json").read_text())


@pytest.mark.parametrize("case", load("kalman_cv_steps")["cases"], ids=lambda c: c["model"])
def test_constant_velocity_steps(case):
    kind = {"dwna": "piecewise", "cwna": "continuous"}[case["model"]]
    f, q = filters.motion(case["T_s"], case["q"], noise=kind)
    x, P = np.array(case["x0"], float), np.array(case["P0"], float)
    for step in case["steps"]:
        result = filters.update(*filters.predict(x, P, f, q), step["z"], [[1.0, 0.0]], case["R"])
        x, P = result.x, result.P
        assert x == pytest.approx(step["x"], rel=1e-6, abs=1e-7)
        assert pytest.approx(np.array(step["P"]), rel=1e-6, abs=1e-7) == P
        assert result.innovation[0] == pytest.approx(step["innovation"], rel=1e-6, abs=1e-6)
        assert result.S[0, 0] == pytest.approx(step["S"], rel=1e-6)
        assert result.nis == pytest.approx(step["nis"], rel=1e-6, abs=1e-7)


def test_packed_kernel_on_the_same_steps():
    """The compiled six-state filter with each axis fed the published one-axis sequence."""
    case = next(c for c in load("kalman_cv_steps")["cases"] if c["model"] == "cwna")
    x, P = np.zeros((1, 6)), np.zeros((1, 21))
    x[0, :3], x[0, 3:] = case["x0"]
    P[0, [0, 3, 5]], P[0, [15, 18, 20]] = case["P0"][0][0], case["P0"][1][1]
    R = np.zeros((1, 6))
    R[0, [0, 3, 5]] = case["R"]
    for step in case["steps"]:
        cv_predict(x, P, 0, case["T_s"], case["q"])
        d2, _ = position_update(x, P, 0, np.full((1, 3), step["z"]), R, 0)
        assert d2 == pytest.approx(3 * step["nis"], rel=1e-6, abs=1e-6)
        for axis in range(3):
            assert x[0, [axis, axis + 3]] == pytest.approx(step["x"], rel=1e-6)
            packed = P[0, [(0, 3, 5)[axis], 6 + 4 * axis, (15, 18, 20)[axis]]]
            (a, b), (_, c) = step["P"]
            assert packed == pytest.approx([a, b, c], rel=1e-6)


def test_nile():
    data = load("kalman_nile_local_level")
    x, P = np.zeros(1), np.array([[1.0e7]])
    total, published = 0.0, {c["t"]: c for c in data["cases"]}
    for t, z in enumerate(data["observations"], start=1):
        if t > 1:
            x, P = filters.predict(x, P, [[1.0]], [[1469.1]])
        step = filters.update(x, P, z, [[1.0]], 15099.0)
        case = published.get(t)
        if case:
            got = [x[0], P[0, 0], step.innovation[0], step.S[0, 0], step.x[0], step.P[0, 0]]
            names = ("predicted", "P_pred", "innovation", "F", "filtered", "P_filt")
            assert got == pytest.approx([case[n] for n in names], rel=1e-8, abs=1e-6)
        total += step.log_likelihood if t > 1 else 0.0
        x, P = step.x, step.P
    assert total == pytest.approx(data["loglik_excluding_first"], abs=1e-5)
    assert filters.predict(x, P, [[1.0]], [[1469.1]])[1][0, 0] == pytest.approx(
        data["steady_state"]["P_pred"], rel=1e-8
    )


def test_interacting_models():
    (case,) = load("imm_two_model")["cases"]
    models = [filters.motion(case["T_s"], s * s, noise="piecewise") for s in case["sigma_a"]]
    x = [np.array(case["x0"])] * 2
    P = [np.array(case["P0"], float)] * 2
    mu = case["mu0"]
    for step in case["steps"]:
        result = filters.imm_step(
            x, P, mu, case["transition"], models, step["z"], [[1.0, 0.0]], case["R"]
        )
        x, P, mu = result.x, result.P, result.probability
        assert mu == pytest.approx(step["mode_prob"], abs=1e-6)
        assert result.mean == pytest.approx(step["x"], rel=1e-6)
        assert result.covariance == pytest.approx(np.array(step["P"]), rel=1e-6)


@pytest.mark.parametrize("case", load("tracking_alpha_beta")["cases"])
def test_alpha_beta_gains(case):
    assert filters.steady_gains(case["tracking_index"]) == pytest.approx(
        (case["alpha"], case["beta"]), abs=1e-6
    )
    f, q = filters.motion(1.0, case["tracking_index"] ** 2, noise="piecewise")
    x, P = np.zeros(2), np.eye(2) * 100.0
    for _ in range(3000):
        x, P, *_ = filters.update(*filters.predict(x, P, f, q), 0.0, [[1.0, 0.0]], 1.0)
    assert pytest.approx(np.array(case["P_upd_over_R"]), abs=1e-6) == P


@pytest.mark.parametrize("case", load("tracking_consistency_bounds")["cases"])
def test_consistency_bounds(case):
    if "runs" in case:
        got = filters.consistency_interval(case["dim"], case["runs"], case["confidence"])
        assert got == pytest.approx(case["avg_nees_interval"], abs=1e-3)
    else:
        got = filters.gate_threshold(case["gate_probability"], case["dim"])
        assert got == pytest.approx(case["threshold"], abs=1e-3)


@pytest.mark.parametrize("case", load("unscented_polar")["cases"], ids=lambda c: str(c["kappa"]))
def test_unscented_steps_with_range_rate_across_azimuth_pi(case):
    data = load("unscented_polar")
    f, q = filters.motion(data["T_s"], data["q_m2ps3"], axes=3)
    x, P = np.array(case["x0"]), np.diag(case["P0_diagonal"])
    R = np.diag(data["R_diagonal"])
    signs = set()
    for step in case["steps"]:
        signs.add(step["z"][1] > 0.0)
        x, P = filters.predict(x, P, f, q)
        x, P, _, s, *_ = filters.unscented_update(
            x, P, step["z"], R, alpha=case["alpha"], beta=case["beta"], kappa=case["kappa"]
        )
        assert x == pytest.approx(step["x"], rel=1e-6)
        assert np.diag(P) == pytest.approx(step["P_diagonal"], rel=1e-6)
        assert np.diag(s) == pytest.approx(step["S_diagonal"], rel=1e-6)
    assert len(signs) == 2


def test_the_unscented_filter_with_cubature_weights_is_the_cubature_filter():
    x, P = np.array([5e4, 2e4, 9e3, 200.0, -100.0, 3.0]), np.diag([300.0] * 3 + [20.0] * 3) ** 2
    z, R = filters.polar(x + 100.0), np.diag([50.0, 0.003, 0.003, 2.0]) ** 2
    one = filters.unscented_update(x, P, z, R, alpha=1.0, beta=0.0, kappa=0.0)
    other = filters.cubature_update(x, P, z, R)
    assert one.x == pytest.approx(other.x, rel=1e-12)
    assert pytest.approx(other.P, rel=1e-9) == one.P


@pytest.mark.parametrize(
    "update", [filters.ekf_update, filters.cubature_update, filters.unscented_update]
)
def test_polar_updates_are_consistent_over_the_back_of_the_radar(update):
    """NEES of 100 runs inside its 99.8 % interval, on a course that crosses azimuth +-pi."""
    rng = np.random.default_rng(3)
    f, q = filters.motion(4.0, 1.0, axes=3)
    root = np.linalg.cholesky(q + 1e-12 * np.eye(6))
    R = np.diag([50.0, 0.003, 0.003, 2.0]) ** 2
    P0 = np.diag([300.0] * 3 + [20.0] * 3) ** 2
    nees = []
    for _ in range(100):
        truth = np.array([-6.0e4, -4.0e3, 9.0e3, -30.0, 220.0, 0.0])
        x, P = truth + np.sqrt(np.diag(P0)) * rng.standard_normal(6), P0
        for _ in range(15):
            truth = f @ truth + root @ rng.standard_normal(6)
            z = filters.polar(truth) + np.sqrt(np.diag(R)) * rng.standard_normal(4)
            z[1] = filters.wrap(z[1])
            x, P = filters.predict(x, P, f, q)
            x, P, *_ = update(x, P, z, R)
        nees.append((truth - x) @ np.linalg.solve(P, truth - x))
    low, high = filters.consistency_interval(6, 100, 0.998)
    assert low < np.mean(nees) < high


def test_covariance_intersection_of_correlated_estimates_is_never_sure_of_too_much():
    rng = np.random.default_rng(4)
    for _ in range(20):
        a = rng.normal(size=(4, 4))
        joint = a @ a.T
        p1, p2 = joint[:2, :2], joint[2:, 2:]
        mean, cov, w = filters.covariance_intersection([1.0, 2.0], p1, [1.0, 2.0], p2)
        assert mean == pytest.approx([1.0, 2.0])
        assert 0.0 <= w <= 1.0
        gain = np.hstack([w * cov @ np.linalg.inv(p1), (1 - w) * cov @ np.linalg.inv(p2)])
        assert np.linalg.eigvalsh(cov - gain @ joint @ gain.T).min() > -1e-9
        assert np.linalg.det(cov) <= min(np.linalg.det(p1), np.linalg.det(p2)) * (1 + 1e-9)
        assert math.isfinite(w)
