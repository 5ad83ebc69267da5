"""Real aircraft (ADS-B, OpenSky Network, 2021-07-12) with fixed radar-like noise of 50 m.

Source: ../shared/truth/adsb_tracks.json (extract of Stone Soup's OpenSky_Plane_States.csv; its
licence forbids shipping). Tolerance, as the file states: position rms within 1.3 and velocity rms
within 1.5 of a constant-velocity filter with the noise tuned to each flight, and below the raw
measurements. Ours has the default configuration for all. On the third flight one plot lies 600 m
behind the aircraft (a stale ADS-B position, d2 = 52): without a model of outliers it is taken for a
manoeuvre for two scans, and the velocity rms is 1.60 times the baseline's; with it 1.30.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from openiads.domain.tracker import Tracker

FILE = Path(__file__).parents[3] / "shared" / "truth" / "adsb_tracks.json"


def enu(rows, origin):
    """East and north of (lat, lon, height) rows about an origin at height 0, WGS-84."""
    a, f = 6378137.0, 1 / 298.257223563
    e2 = f * (2 - f)

    def ecef(lat, lon, h):
        n = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        return np.stack([(n + h) * np.cos(lat) * np.cos(lon), (n + h) * np.cos(lat) * np.sin(lon),
                         (n * (1 - e2) + h) * np.sin(lat)], axis=-1)  # fmt: skip

    lat0, lon0 = np.radians(origin)
    d = ecef(np.radians(rows[:, 1]), np.radians(rows[:, 2]), rows[:, 3]) - ecef(lat0, lon0, 0.0)
    east = np.array([-np.sin(lon0), np.cos(lon0), 0.0])
    north = np.array([-np.sin(lat0) * np.cos(lon0), -np.sin(lat0) * np.sin(lon0), np.cos(lat0)])
    return np.stack([d @ east, d @ north], axis=1)


@pytest.mark.shared
@pytest.mark.skipif(not FILE.is_file(), reason="needs ../shared/truth/adsb_tracks.json")
@pytest.mark.parametrize("k", range(3))
def test_flight(k):
    case = json.loads(FILE.read_text())["cases"][k]
    rows = np.array(case["rows"], float)
    truth = enu(rows, case["origin_lat_lon"])
    tracker = Tracker()
    cov = np.diag([case["meas_sigma_m"] ** 2, case["meas_sigma_m"] ** 2, 100.0**2])
    base = case["reference"]["baseline_cv_kf"]
    errors, speeds = [], []
    for n, row in enumerate(rows):
        tracks = tracker.scan_cartesian(row[0], [[row[6], row[7], 0.0]], cov)
        if n < base["discard_first"]:
            continue
        assert len(tracks.id) == 1
        x = tracks.state[0]
        errors.append(x[:2] - truth[n])
        course = np.radians(row[5])
        speeds.append(x[3:5] - row[4] * np.array([np.sin(course), np.cos(course)]))
    position = np.sqrt(np.mean(np.sum(np.square(errors), axis=1)))
    velocity = np.sqrt(np.mean(np.sum(np.square(speeds), axis=1)))
    assert position < case["reference"]["raw_measurement_rms_m"]
    assert position < 1.3 * base["position_rms_m"]
    assert velocity < 1.5 * base["velocity_rms_m_s"]
