"""Terrain in the compile: what stands on it, what it hides, what flies over it; gas and rain."""

import math
from pathlib import Path

import numpy as np
import pytest

import openiads as oi
from openiads.faults import InputError
from openiads.physics.attenuation import rain_specific_db_km
from openiads.physics.terrain import clear_of_ground, line_of_sight
from openiads.scenario.ground import Ground
from openiads.scenario.looks import OUT_OF_SIGHT
from openiads.scenario.terrain import Terrain

RADIUS = 4.0 / 3.0 * 6371e3
STEP = math.radians(1.0 / 1200.0)


def wall(height=500.0, cells=101, column=50):
    """A north-south wall across the middle of a model near 45 degrees north."""
    grid = np.zeros((cells, cells), np.float32)
    grid[:, column] = height
    return Terrain(grid, math.radians(45.0), 0.3, STEP, STEP)


@pytest.fixture(scope="module")
def jacksboro() -> str:
    cbook = pytest.importorskip("matplotlib.cbook")
    return str(cbook.get_sample_data("jacksboro_fault_dem.npz", asfileobj=False))


def test_lines_on_the_grid_are_those_of_the_exact_walk() -> None:
    rng = np.random.default_rng(3)
    grid = rng.uniform(0.0, 300.0, (60, 60)).astype(np.float32)
    agreed = 0
    for _ in range(300):
        a, b = rng.uniform(0.0, 59.0, 2), rng.uniform(0.0, 59.0, 2)
        far = 90.0 * float(np.hypot(*(a - b)))
        eye, target = rng.uniform(220.0, 380.0, 2)
        args = (grid, *map(float, a), float(eye), *map(float, b), float(target), far, RADIUS)
        wanted = line_of_sight(*args)
        assert clear_of_ground(*args) == wanted
        agreed += wanted
    assert 30 < agreed < 270


def test_a_wall_hides_what_similar_triangles_say_from_off_the_model() -> None:
    """Eye 20 km west of the model's edge, target beyond: clear above (h_wall - eye) d / s + eye."""
    ground = Ground(wall(), (0.0, 0.0), 0.0, math.inf)
    for eye in (50.0, 200.0):
        for to in (2e3, 30e3, 100e3):
            away = 50e3 + to
            wanted = eye + (500.0 - eye) * away / 50e3
            seen = ground.sees(
                (-50e3, 0.0), eye, np.full(2, to), np.zeros(2), np.array([wanted - 5, wanted + 5])
            )
            assert seen.tolist() == [False, True]
    # Nothing of the model lies on the way along its edge.
    assert ground.sees((-50e3, 90e3), 10.0, np.array([50e3]), np.array([90e3]), np.array([10.0]))


def test_the_model_lies_where_the_scenario_puts_it() -> None:
    ground = Ground(wall(), (30e3, -10e3), 100.0, RADIUS)
    assert ground.height_m(30e3, -10e3) == pytest.approx(400.0)
    assert ground.height_m(30e3 + 2 * ground.column_m, -10e3) == pytest.approx(0.0)
    assert ground.height_m(-300e3, 0.0) == 0.0
    # A twelve-hundredth of a degree of latitude is 92.6 m (1,852 m a minute, to 0.1 %).
    assert ground.row_m == pytest.approx(1852.0 / 20.0, rel=2e-3)
    middle = math.radians(45.0) - 50 * STEP
    assert ground.column_m == pytest.approx(ground.row_m * math.cos(middle), rel=5e-3)


def terrain(path: str, **more: str) -> dict[str, str]:
    given = ", ".join([f"file: {path}", "at: [-5 km, 10 km]", "lowered: 230 m",
                       *(f"{k}: {v}" for k, v in more.items())])  # fmt: skip
    return {"environment": f"{{terrain: {{{given}}}}}"}


def test_masks_of_the_default_scenario(jacksboro, tmp_path) -> None:
    """Jacksboro under the default defence: the ground hides some points."""
    text = Path(oi.load("default").document.file).read_text(encoding="utf-8")
    for word in (
        ", ground: 60 m",
        ", ground: 10 m",
        "      ground: 20 m\n",
        "      ground: 40 m\n",
    ):
        text = text.replace(word, "")
    (tmp_path / "hills.yaml").write_text(text, encoding="utf-8")
    scenario = oi.load(tmp_path / "hills.yaml", terrain(jacksboro))
    hilly = oi.compile(scenario)
    smooth = oi.compile(oi.load(tmp_path / "hills.yaml"))
    masked = (hilly.tables.look_pd == OUT_OF_SIGHT).mean()
    assert masked > (smooth.tables.look_pd == OUT_OF_SIGHT).mean() + 0.001
    assert hilly.hash != smooth.hash
    # What stands on the model stands on its ground.
    assert (hilly.tables.radars["height_m"] > smooth.tables.radars["height_m"] - 1e-9).all()
    assert (hilly.tables.radars["height_m"] > smooth.tables.radars["height_m"] + 20.0).any()


def test_low_flyers_clear_the_ground_they_fly_over(jacksboro) -> None:
    scenario = oi.load("default", terrain_and_sites(jacksboro))
    from openiads.physics.geodesy import enu_to_map
    from openiads.scenario.ground import scenario_ground

    model = oi.compile(scenario)
    ground = scenario_ground(scenario, RADIUS)
    assert ground is not None
    lat0 = scenario.file.map.origin_latitude_rad
    below = []
    for row in model.tables.threats:
        part = slice(int(row["grid"]), int(row["grid"] + row["n_grid"]))
        pos = model.tables.grid_pos_m[part]
        east, north, height = enu_to_map(*pos.T, lat0, 0.0)
        below.append((ground.height_m(east, north) - height)[:-1].max())
    # The last kilometre falls to the aim; a missile's fall from space crosses hills unlifted.
    assert max(b for b, c in zip(below, model.names["classes"], strict=True)
               if c != "mrbm") < 1.0  # fmt: skip


def terrain_and_sites(path: str) -> dict[str, str]:
    heights = {
        "defence.radars.acquisition.ground": "1000 m",
        "defence.radars.low-altitude.ground": "1000 m",
        "defence.fire_units.south.ground": "1000 m",
        "defence.fire_units.north.ground": "1000 m",
    }
    return {**terrain(path), **heights}


def test_faults_of_terrain_are_named(jacksboro) -> None:
    with pytest.raises(InputError) as caught:
        oi.load("default", terrain(jacksboro))
    assert any("below the terrain" in f.message for f in caught.value.faults)
    with pytest.raises(InputError) as caught:
        oi.load("default", {"environment": "{terrain: nowhere.hgt}"})
    assert "no such terrain file" in str(caught.value)


def looks(environment: str):
    return oi.compile(oi.load("default", {"environment": environment})).tables.look_snr


def test_rain_takes_its_specific_loss_twice_along_the_wet_path() -> None:
    """SNR falls by 10^(-0.2 gamma R) for a target below the rain height; closed form."""
    clear, wet = looks("{}"), looks("{rain_rate: 20 mm/h, rain_height: 9 km}")
    model = oi.compile(oi.load("default"))
    row = next(r for r, c in zip(model.tables.threats, model.names["classes"], strict=True)
               if c == "drone_owa")  # fmt: skip
    at = int(row["grid"]) + 5
    eye = model.tables.radars[0]
    away = float(np.linalg.norm(model.tables.grid_pos_m[at] - model.tables.radar_pos_m[0]))
    gamma = rain_specific_db_km(float(eye["frequency_hz"]), 20.0, 0.0, 0.25 * math.pi)
    wanted = 10.0 ** (-0.2 * gamma * away / 1e3)
    assert wet[0, at] / clear[0, at] == pytest.approx(wanted, rel=2e-3)
    assert (wet <= clear * (1.0 + 1e-6)).all()


def test_gas_takes_what_its_table_says() -> None:
    pytest.importorskip("itur")
    from openiads.scenario.attenuation import gas_specific_db_km

    clear, dim = looks("{}"), looks("{gas: true}")
    model = oi.compile(oi.load("default"))
    row = next(r for r, c in zip(model.tables.threats, model.names["classes"], strict=True)
               if c == "drone_owa")  # fmt: skip
    at = int(row["grid"]) + 5
    radar = model.names["radars"].index("south")
    eye = model.tables.radars[radar]
    away = float(np.linalg.norm(model.tables.grid_pos_m[at] - model.tables.radar_pos_m[radar]))
    # Low and level: close to the loss of sea-level air along the whole path.
    gamma = float(gas_specific_db_km(float(eye["frequency_hz"]), np.array([200.0]))[0])
    wanted = 10.0 ** (-0.2 * gamma * away / 1e3)
    assert dim[radar, at] / clear[radar, at] == pytest.approx(wanted, rel=0.05)
    assert (dim <= clear * (1.0 + 1e-6)).all()
