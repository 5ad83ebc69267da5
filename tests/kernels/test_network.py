"""Several radars: registration, central fusion, fusion of tracks, and their files."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from openiads.analysis.tracking import gospa
from openiads.cli.app import build
from openiads.domain.network import Network, sensors
from openiads.domain.registrar import match_states
from openiads.faults import InputError
from openiads.scenario.detections import read_detections, write_detections
from openiads.scenario.sensor_tables import axes_from_angles


def made(**kind):
    """A set of benchmarks/network_sets.py."""
    path = Path(__file__).parents[2] / "benchmarks" / "network_sets.py"
    spec = importlib.util.spec_from_file_location("network_sets", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make(**kind)


def figures(data, **how):
    """Mean GOSPA (5 km) and number of tracks over the second half of a set."""
    network = Network(sensors(data.sensor_pos_m, data.sensor_axes), **how)
    distance, count = [], []
    for k, plots in enumerate(data.plots):
        tracks = network.scan(float(data.time_s[k]), int(data.sensor[k]), plots)
        if 2 * k >= len(data.plots):
            distance.append(gospa(data.truth[k][:, :3], tracks.state[:, :3], 5_000.0).distance)
            count.append(len(tracks.id))
    return float(np.mean(distance)), float(np.mean(count)), network


@pytest.mark.slow
@pytest.mark.parametrize("radars", [2, 3])
@pytest.mark.parametrize("fusion", ["plots", "tracks"])
def test_registration_undoes_biases(radars, fusion):
    """Biases of 300 m, 0.5 and 0.2 deg double tracks; registered, they are as if there were none.

    Within 15 % of the unbiased GOSPA once the biases are known (their own error is left), within
    half as much again where they are learnt on the way (a track or two begun doubly lives on).
    """
    kind = {"targets": 40, "radars": radars, "rounds": 30, "seed": 4}
    clean, count, _ = figures(made(**kind, biased=False), fusion=fusion)
    assert count == pytest.approx(40, abs=0.5)
    data = made(**kind)
    bent, many, _ = figures(data, fusion=fusion)
    assert bent > 5.0 * clean
    if fusion == "tracks":
        assert many > 1.5 * 40
    mended, count, network = figures(data, fusion=fusion, registration="online")
    assert mended < 1.5 * clean
    assert count == pytest.approx(40, abs=0.5)
    spread = np.sqrt(np.diag(network.registrar.covariance)).reshape(-1, 3)
    assert (np.abs(network.bias - data.bias) / spread).max() < 4.5
    mended, _, _ = figures(data, fusion=fusion, bias=network.bias)
    assert mended < 1.15 * clean


def write_npz(path, data):
    who = np.concatenate([np.full(len(p), s) for p, s in zip(data.plots, data.sensor, strict=True)])
    when = np.concatenate(
        [np.full(len(p), t) for p, t in zip(data.plots, data.time_s, strict=True)]
    )
    scan = np.concatenate([np.full(len(p), k) for k, p in enumerate(data.plots)])
    truth = np.concatenate(data.truth)
    n = len(data.truth[0])
    np.savez(
        path, det_scan=scan, det_time_s=when, det_rae=np.concatenate(data.plots), det_sensor=who,
        sensor_pos_m=data.sensor_pos_m, sensor_axes=data.sensor_axes,
        truth_scan=np.repeat(np.arange(len(data.truth)), n),
        truth_id=np.tile(np.arange(n), len(data.truth)), truth_state=truth,
    )  # fmt: skip


def command(capsys, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["openiads", *arguments])
        with pytest.raises(SystemExit) as stop:
            build()()
    return stop.value.code, capsys.readouterr()


@pytest.mark.slow
def test_the_command_takes_all_forms_alike(tmp_path, capsys):
    data = made(targets=12, rounds=14, seed=2, clutter=3)
    write_npz(tmp_path / "a.npz", data)
    found = read_detections(tmp_path / "a.npz")
    assert len(found.looks()) == 28
    figures_ = []
    for ending in ("npz", "parquet", "csv"):
        file = tmp_path / f"b.{ending}"
        write_detections(file, found)
        again = read_detections(file)
        assert again.sensors.sensors.pos_m == pytest.approx(data.sensor_pos_m, abs=1e-9)
        assert again.sensors.sensors.axes == pytest.approx(data.sensor_axes, abs=1e-12)
        code, out = command(
            capsys, "track", str(file), "--truth", str(tmp_path / "a.npz"), "--json",
            "--registration", "first", "--score-from", "14",
        )  # fmt: skip
        assert code == 0, out.err
        figures_.append(json.loads(out.out))
    assert len(figures_[0]["biases"]) == 2
    for other in figures_[1:]:
        assert other["c_5000_m"] == pytest.approx(figures_[0]["c_5000_m"], rel=1e-6)
    assert figures_[0]["tracks"] == pytest.approx(12, abs=0.6)


def test_axes_from_angles_point_where_they_say():
    A = axes_from_angles(0.7, 0.2, -0.3)[0]
    assert A[:, 0] == pytest.approx(
        [np.cos(0.7) * np.cos(0.2), np.sin(0.7) * np.cos(0.2), np.sin(0.2)]
    )
    assert np.allclose(A.T @ A, np.eye(3), atol=1e-12)
    assert np.linalg.det(A) == pytest.approx(1.0)


def test_files_at_fault_are_told_in_one_pass(tmp_path):
    rows = "sensor,time_s,range_m,azimuth_rad,elevation_rad"
    cases = {
        "nobody": (
            "time_s,range_m,azimuth_rad,elevation_rad,sensor_x_m\n0,1e4,0,0,5\n",
            ["no plot says whose it is"],
        ),
        "part": (
            f"{rows},sensor_x_m,sensor_y_m,sensor_yaw_rad\n1,0,1e4,0,0,0,0,0\n1,5,1e4,0,0,9,0,nan\n",
            ["no column sensor_z_m", "radar 1 has several", "not one finite number a row"],
        ),
        "error": (
            f"{rows},sensor_x_m,sensor_y_m,sensor_z_m,sensor_range_sigma_m\n1,0,1e4,0,0,0,0,0,50\n",
            ["some errors without the others"],
        ),
    }  # fmt: skip
    for name, (text, expected) in cases.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(text)
        with pytest.raises(InputError) as caught:
            read_detections(file)
        assert len(caught.value.faults) == len(expected)
        for part in expected:
            assert part in str(caught.value)
    np.savez(
        tmp_path / "x.npz", scan=[0, 0], range_m=[1e4, 2e4], azimuth_rad=[0, 0],
        elevation_rad=[0, 0], sensor=[0, 7], sensor_pos_m=np.zeros((2, 3)),
        sensor_axes=np.zeros((2, 3)),
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        read_detections(tmp_path / "x.npz")
    assert "not in sensor_id: 7" in str(caught.value)
    assert "sensor_axes: not (2, 3, 3)" in str(caught.value)


def test_networks_at_fault():
    with pytest.raises(InputError) as caught:
        sensors([[0, 0, 0]], axes=[2.0 * np.eye(3)], sigma=(1.0, -1.0, 0.1), range_m=-1.0)
    assert len(caught.value.faults) == 3
    radars = sensors([[0, 0, 0], [1e4, 0, 0]])
    with pytest.raises(InputError) as caught:
        Network(radars, fusion="all", registration="yes", bias=[1.0], prior=(0.0, 1.0))
    assert len(caught.value.faults) == 4
    with pytest.raises(InputError):
        Network(radars).scan(0.0, 2, [])
    with pytest.raises(InputError):
        Network(radars).scan(0.0, 1, [[1.0]])


def test_states_are_matched_one_to_one():
    x = np.array([[0.0] * 6, [100.0, 0, 0, 0, 0, 0]])
    P = np.tile(np.eye(6), (2, 1, 1))
    pairs = match_states(x, P, x[::-1] + 0.5, P, 22.0)
    assert sorted(map(tuple, pairs.tolist())) == [(0, 1), (1, 0)]
    assert len(match_states(x, P, x[:0], P[:0], 22.0)) == 0
