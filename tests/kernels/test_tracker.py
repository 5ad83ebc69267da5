"""The Python tracker and its files: what goes in, what comes out, and every fault named."""

import json
import sys

import numpy as np
import pytest

from openiads.cli.app import build
from openiads.domain.tracker import Tracker
from openiads.faults import InputError
from openiads.physics.filters import polar
from openiads.scenario.detections import (
    Detections,
    Paths,
    has_truth,
    read_detections,
    read_paths,
    write_detections,
    write_paths,
)


def picture(scans=8, seed=0):
    """Two targets and their plots: rows (scan, range, azimuth, elevation), and truth states."""
    rng = np.random.default_rng(seed)
    start = np.array([[9e4, 2e4, 8e3, -200.0, 50.0, 0.0], [-6e4, 7e4, 6e3, 150.0, -180.0, 0.0]])
    scan, rae, state, who = [], [], [], []
    for k in range(scans):
        for i in range(2):
            now = start[i] + np.r_[start[i, 3:] * 5.0 * k, 0.0, 0.0, 0.0]
            scan.append(k)
            who.append(i)
            state.append(now)
            rae.append(polar(now)[:3] + [50.0, 0.0026, 0.0026] * rng.standard_normal(3))
    return np.array(scan), np.array(rae), np.array(who), np.array(state)


def test_two_targets_become_two_tracks():
    scan, rae, _, state = picture()
    tracker = Tracker()
    for k in range(8):
        tracks = tracker.scan(5.0 * k, rae[scan == k])
        assert len(tracks.id) == (2 if k >= 2 else 0)
    assert np.linalg.norm(np.sort(tracks.state[:, 0]) - np.sort(state[-2:, 0])) < 500.0
    assert tracks.covariance.shape == (2, 6, 6)
    assert (np.linalg.eigvalsh(tracks.covariance) > 0).all()
    assert tracker.books.live == 2
    tracker.reset()
    assert len(tracker.scan(0.0, []).id) == 0


def test_a_second_sensor_feeds_the_same_tracks():
    scan, rae, _, state = picture(seed=3)
    tracker = Tracker()
    site = np.array([2.0e4, -1.0e4, 100.0])
    rng = np.random.default_rng(9)
    for k in range(8):
        tracker.scan(5.0 * k, rae[scan == k])
        seen = [polar(np.r_[s[:3] - site, s[3:]])[:3] for s in state[scan == k]]
        noise = [50.0, 0.0026, 0.0026] * rng.standard_normal((2, 3))
        tracks = tracker.scan(5.0 * k, np.array(seen) + noise, sensor_pos_m=site)
    assert len(tracks.id) == 2


def test_cartesian_plots():
    tracker = Tracker(formations=False)
    for k in range(5):
        place = [[1e4 + 500.0 * k, 0.0, 5e3]]
        tracks = tracker.scan_cartesian(5.0 * k, place, np.diag([900.0, 900.0, 900.0]))
    assert tracks.state[0, 3] == pytest.approx(100.0, abs=5.0)


def test_faults_are_named():
    for values in ({"sigma": (1.0, 2.0)}, {"sigma": (50.0, 0.15, 3.0)}, {"capacity": 0}):
        with pytest.raises(InputError):
            Tracker(**values)
    tracker = Tracker(plots=2)
    tracker.scan(10.0, [])
    for time_s, plots in ((5.0, []), (11.0, [[1.0, 2.0]]), (11.0, np.ones((3, 3)))):
        with pytest.raises(InputError):
            tracker.scan(time_s, plots)
    with pytest.raises(InputError):
        tracker.scan(12.0, [[np.nan, 0.0, 0.0]])


@pytest.mark.parametrize("kind", ["npz", "parquet", "csv"])
def test_files_go_round(tmp_path, kind):
    scan, rae, who, state = picture()
    times = 5.0 * np.arange(8)
    found = Detections(times, scan, rae, np.arange(16.0), np.array(["a", "b"] * 8), None)
    write_detections(tmp_path / f"plots.{kind}", found)
    back = read_detections(tmp_path / f"plots.{kind}")
    assert back.rae == pytest.approx(rae)
    assert list(back.scan) == list(scan)
    assert back.time_s == pytest.approx(times)
    assert list(back.sensor) == ["a", "b"] * 8
    write_paths(tmp_path / f"truth.{kind}", Paths(scan, who, state), times)
    truth = read_paths(tmp_path / f"truth.{kind}", times)
    assert truth.state == pytest.approx(state)
    assert list(truth.id) == list(who)


def test_command_scores_a_packed_file(tmp_path, capsys):
    scan, rae, who, state = picture(20)
    path = tmp_path / "set.npz"
    np.savez(
        path, truth_scan=scan, truth_id=who, truth_state=state, det_scan=scan, det_rae=rae,
        meta=json.dumps({"dt": 5.0, "sigma": [50.0, 0.0026, 0.0026]}),
    )  # fmt: skip
    assert has_truth(path)
    out = tmp_path / "tracks.parquet"
    build()(["track", str(path), "--json", "--out", str(out)], standalone_mode=False)
    result = json.loads(capsys.readouterr().out)
    assert result["confirmed_ids"] == 2
    assert result["switches"] == 0
    assert result["c_5000_m"]["gospa_m"] < 1500.0
    measures = result["siap"]
    assert measures["completeness"] == pytest.approx(result["mean_tracks"] / 2)
    assert measures["ambiguity"] == 1.0
    assert measures["spuriousness"] == measures["rate_of_track_number_change"] == 0.0
    # Confirmed at the third of twenty scans: 85 of 95 s.
    assert measures["longest_track_segment"] == pytest.approx(85.0 / 95.0)
    assert len(read_paths(out).scan) == round(20 * result["mean_tracks"])


def packed(tmp_path, scans):
    scan, rae, who, state = picture(scans)
    path = tmp_path / "set.npz"
    np.savez(
        path, truth_scan=scan, truth_id=who, truth_state=state, det_scan=scan, det_rae=rae,
        meta=json.dumps({"dt": 5.0, "sigma": [50.0, 0.0026, 0.0026]}),
    )  # fmt: skip
    return path


def test_only_the_first_scans_are_taken(tmp_path, capsys):
    path = packed(tmp_path, 20)
    build()(["track", str(path), "--json", "--scans", "6"], standalone_mode=False)
    result = json.loads(capsys.readouterr().out)
    assert result["scans"] == 6
    assert result["plots"] == 12


def test_models_and_the_sequential_test_from_the_command_line(tmp_path, capsys):
    path = packed(tmp_path, 20)
    words = ["track", str(path), "--json", "--models", "cv,ct, ca,ballistic", "--confirm", "llr"]
    build()(words, standalone_mode=False)
    result = json.loads(capsys.readouterr().out)
    assert result["confirmed_ids"] == 2
    assert result["switches"] == 0
    assert result["c_5000_m"]["gospa_m"] < 1500.0
    with pytest.raises(InputError, match="cv"):
        build()(["track", str(path), "--models", "cvv"], standalone_mode=False)


def test_probabilities_of_the_models_add_to_one_and_name_a_turn():
    """One lone target at 250 m/s that turns by 6 degrees a second after a straight half minute."""
    tracker = Tracker(models=("cv", "ct", "ca"), capacity=16, plots=16)
    assert Tracker(capacity=4, plots=4).model_probabilities().shape == (0, 0)
    x, course, seen = np.array([60e3, 20e3, 8e3]), 0.3, []
    for k in range(14):
        tracks = tracker.scan_cartesian(5.0 * k, [x], np.diag([60.0, 60.0, 60.0]) ** 2)
        seen.append(tracker.model_probabilities())
        assert len(seen[-1]) == len(tracks.id)
        for _ in range(50):
            course += 0.0105 if 6 <= k < 12 else 0.0
            x = x + 25.0 * np.array([np.cos(course), np.sin(course), 0.0])
    assert np.concatenate(seen).sum(axis=1) == pytest.approx(1.0)
    assert seen[6][0, 0] > 0.9
    assert seen[11][0, 1] > 0.5


def test_another_tracker_by_name(tmp_path, capsys, monkeypatch):
    """Without Stone Soup a clear fault; any other name is one too."""
    path = packed(tmp_path, 8)
    monkeypatch.setitem(sys.modules, "stonesoup", None)
    for name, word in (("stonesoup", "not installed"), ("nobodys", "no tracker")):
        with pytest.raises(InputError) as error:
            build()(["track", str(path), "--with", name], standalone_mode=False)
        assert word in str(error.value)
    assert capsys.readouterr().out == ""


def test_stone_soup_runs_beside_ours(tmp_path, capsys):
    pytest.importorskip("stonesoup", reason="needs the extra 'track'")
    path = packed(tmp_path, 20)
    build()(["track", str(path), "--with", "stonesoup", "--json"], standalone_mode=False)
    result = json.loads(capsys.readouterr().out)
    other = result["stonesoup"]
    assert other["confirmed_ids"] == result["confirmed_ids"] == 2
    assert other["scans"] == 20
    ours, theirs = result["c_5000_m"]["gospa_m"], other["c_5000_m"]["gospa_m"]
    assert theirs == pytest.approx(ours, rel=0.3)


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("scan,range_m,azimuth_rad\n0,1,2\n", "elevation_rad"),
        ("scan,range_m,azimuth_rad,elevation_rad\n0,-5,0,0\n", "range_m"),
        ("scan,range_m,azimuth_rad,elevation_rad\n0,5,0,3\n", "elevation_rad"),
        ("scan,range_m,azimuth_rad,elevation_rad\n0.5,5,0,0\n", "scan"),
        ("scan,range_m,azimuth_rad,elevation_rad\n0,x,0,0\n", "range_m"),
    ],
)
def test_bad_files_name_the_column(tmp_path, columns, key):
    path = tmp_path / "bad.csv"
    path.write_text(columns)
    with pytest.raises(InputError) as error:
        read_detections(path)
    assert error.value.faults[0].key == key


def test_missing_and_broken_files(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    (tmp_path / "x.txt").write_text("a")
    for name in ("none.npz", "broken.npz", "broken.parquet", "x.txt"):
        with pytest.raises(InputError):
            read_detections(tmp_path / name)
