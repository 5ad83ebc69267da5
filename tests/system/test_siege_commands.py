"""The commands saturate and footprint as a person calls them."""

from __future__ import annotations

import json

import pytest

from openiads.cli.app import run as main


def call(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["openiads", *words])
    status = main()
    out, err = capsys.readouterr()
    return status, out, err


def test_saturate_a_system(monkeypatch, capsys, tmp_path) -> None:
    words = ("saturate", "hq-9b", "--sizes", "2,6,30", "-n", "4", "--nominal", "--out",
             str(tmp_path), "--threat", "cruise_subsonic,drone_owa")  # fmt: skip
    status, out, _ = call(monkeypatch, capsys, *words, "--json")
    assert status == 0
    found = json.loads(out)
    assert [p["size"] for p in found["points"]] == [2, 6, 30]
    assert found["composition"] == {"cruise_subsonic": 0.5, "drone_owa": 0.5}
    assert (tmp_path / "saturation.svg").read_text(encoding="utf-8").startswith("<svg xmlns=")
    assert json.loads((tmp_path / "saturation.json").read_text())["points"] == found["points"]
    status, out, err = call(monkeypatch, capsys, *words)
    assert status == 0
    assert "binds" in out
    assert "saturation.svg" in err


def test_saturate_a_scenario_keeps_its_neutrals(monkeypatch, capsys, tmp_path) -> None:
    words = ("saturate", "airliner", "--sizes", "3,12", "-n", "3", "--nominal", "--json")
    status, out, _ = call(monkeypatch, capsys, *words, "--out", str(tmp_path))
    assert status == 0
    found = json.loads(out)
    assert found["composition"] == {"fighters": 1.0}
    assert [p["size"] for p in found["points"]] == [3, 12]


def test_footprint(monkeypatch, capsys, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    words = ("footprint", "hq-9b", "--threat", "srbm", "--cells", "15", "--out", str(tmp_path))
    status, out, _ = call(monkeypatch, capsys, *words, "--json")
    assert status == 0
    found = json.loads(out)
    assert 0.0 < found["defended_km2"] < found["claimed"]["aerodynamic"]["area_km2"]
    assert len(found["aims"]) == 15 * 15
    assert {p.name for p in tmp_path.iterdir()} == {
        "footprint.json", "footprint.geojson", "footprint.png"
    }  # fmt: skip
    shapes = json.loads((tmp_path / "footprint.geojson").read_text())["features"]
    assert max(abs(p["geometry"]["coordinates"][0]) for p in shapes
               if p["properties"]["kind"] == "unit") < 1.0  # fmt: skip
    status, out, _ = call(monkeypatch, capsys, *words)
    assert status == 0
    assert "defended ground" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("saturate", "s-900"), "no catalogue system"),
        (("saturate", "s-400", "--threat", "balloon"), "no threat class 'balloon'"),
        (("saturate", "s-400", "--sizes", "4,many"), "'many' is no raid size"),
        (("saturate", "default", "--threat", "srbm"), "brings its own raid"),
        (("footprint", "channels"), "nothing ballistic or gliding"),
        (("footprint", "channels", "--threat", "balloon"), "no threat class 'balloon'"),
        (("footprint", "channels", "--threat", "drone_owa"), "no footprint"),
        (("footprint", "s-400", "--bearing", "90 km", "--distance", "far"), "2 faults"),
        (("footprint", "s-400", "--unit", "west"), "no fire unit 'west'"),
        (("footprint", "nowhere"), "no scenario file"),
    ],
)
def test_bad_input_is_named(monkeypatch, capsys, words, told) -> None:
    status, out, err = call(monkeypatch, capsys, *words)
    assert status == 2
    assert out == ""
    assert told in err
    assert "Traceback" not in err
