"""Broken scenarios: each gets its own clear fault with file, line, key and mend; none a traceback.

The folder ``broken`` holds one mistake a file (a few hold two, to show that all come in one pass);
the table below says what a person is told about each.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import openiads as oi
from openiads.cli import app
from openiads.faults import InputError
from openiads.scenario.load import check, shipped
from openiads.scenario.reader import Document, read_yaml

FOLDER = Path(__file__).parent / "broken"
LAUNCHER = "defence.fire_units.south.launchers[0]"
WAVE = "raid.waves.first"

# file: [(line, key, part of the message, part of the mend)], in the order in which they come
TOLD: dict[str, list[tuple[int, str, str, str]]] = {
    "all-rounds-kept-back": [
        (15, "defence.fire_units.south.doctrine", "keeps back 40 rounds", "lower `reserve_rounds`")
    ],
    "asset-outside-map": [
        (6, "assets.port.at", "port stands outside the map of 400 km", "±200 km")
    ],
    "binary": [(1, "", "no UTF-8 text", "save it as UTF-8")],
    "boolean-for-count": [(20, f"{WAVE}.count", "yes/no value true", "write a number")],
    "boolean-for-number": [(6, "assets.port.value", "yes/no value true", "write a number")],
    "catalogue-broken": [
        (4, "items.my-radar.kind", "'radarr' is no kind", "did you mean radar?"),
        (7, "items.my-radar.parameters.scan_period.claims[0].unit", "'leagues' is no unit", "mean"),
    ],
    "catalogue-half-a-radar": [
        (11, "defence.radars.eye", "half-a-radar states no 'reference_rcs', ", "add each to the")
    ],
    "catalogue-not-there": [(4, "catalogue[0]", "no file 'my-radars.yaml'", "no-radars.yaml")],
    "chain-after-end": [
        (21, "raid.waves.second.at", "starts at 1800 s (with the waves", "raise `duration`")
    ],
    "choose-bad-date": [(4, "choose", "'2018-02-31' is no date", "write it as 2018")],
    "choose-number": [(4, "choose.rule", "7 stands where a word is wanted", "write one word")],
    "choose-unknown-item": [(4, "choose.91n6x.scan_period", "no catalogue item '91n6x'", "91n6e")],
    "choose-unknown-parameter": [
        (4, "choose.91n6e.scan_perod", "91n6e has no parameter 'scan_perod'", "scan_period")
    ],
    "choose-unknown-rule": [(4, "choose", "'nominall' is no rule", "nominal, lowest, highest")],
    "choose-unknown-source": [(4, "choose", "'nobody' is no known source", "catalogue show")],
    "comma-in-number": [(20, f"{WAVE}.distance", "'80,5 km' is not a number", "decimal point")],
    "comment-alone": [(1, "", "holds nothing", "`key: value` lines")],
    "control-character": [(2, "", "unacceptable character", "remove it")],
    "cycle-of-waves": [
        (20, f"{WAVE}.after", "in a circle: first → third → second → first", "take `after` from")
    ],
    "duplicate-key": [(20, f"{WAVE}.count", "given twice, first on line 20", "keep one")],
    "empty": [(1, "", "holds nothing", "`key: value` lines")],
    "empty-beam": [(10, "defence.radars.eye", "covers no elevation", "lower elevation_min")],
    "empty-envelope": [(17, f"{LAUNCHER}.missile", "no range lies inside", "lower range_min")],
    "fidelity-misspelt": [(4, "fidelity", "'tracks' is not one of", "did you mean track?")],
    "half-a-threat": [(20, f"{WAVE}.count", "2.5 is not a whole number", "write 2 or 3")],
    "key-of-another-place": [(6, "assets.port.threat", "'threat' is not a key here", "height")],
    "latin-1": [(2, "", "no UTF-8 text", "save it as UTF-8")],
    "latitude-out-of-range": [
        (3, "map.origin_latitude", "'95 deg' is out of range: it must be at most 85 deg", "85 deg")
    ],
    "list-as-key": [(3, "", "a key must be a word", "name the key")],
    "list-at-root": [(1, "", "holds a list", "`key: value` lines")],
    "list-for-mapping": [(19, "raid.waves", "a list stands where a mapping", "indented")],
    "m-of-n-impossible": [
        (4, "tracking", "confirm_hits (4) cannot exceed confirm_scans (3)", "lower the one")
    ],
    "mapping-for-list": [
        (16, "defence.fire_units.south.launchers", "a mapping stands where a list", "begin each")
    ],
    "merge-key": [(3, "map", "merge keys (<<) are not read", "write the values out")],
    "missile-for-radar": [
        (14, "defence.fire_units.south.radar", "'9m96e2' is a missile where a radar", "92n6e")
    ],
    "missing-key": [(2, "duration", "'duration' is missing", "add `duration: 10 s`")],
    "missing-unit": [(3, "map.size", "400 has no unit", "one of: m, km, cm, ft, mi, nmi")],
    "misspelt-key": [
        (2, "duration", "'duration' is missing", "add `duration: 10 s`"),
        (4, "duraton", "'duraton' is not a key here", "did you mean duration?"),
    ],
    "misspelt-nested-key": [
        (20, f"{WAVE}.bearing_spred", "'bearing_spred' is not a key", "mean bearing_spread")
    ],
    "negative-ground": [(10, "defence.radars.eye.ground", "must be at least 0 m", "at least 0 m")],
    "negative-radar-range": [
        (10, "defence.radars.eye.with.detection_range_max", "'-600 km' is out of", "more than 0 km")
    ],
    "negative-range": [(20, f"{WAVE}.distance", "'-80 km' is out of range", "more than 0 km")],
    "no-acquisition-radar": [(9, "defence.radars", "no radar feeds the track", "`acquisition`")],
    "no-launchers": [
        (16, "defence.fire_units.south.launchers", "'launchers' is empty", "at least one entry")
    ],
    "no-missile": [(17, f"{LAUNCHER}.missile", "'missile' is missing", "add `missile: NAME`")],
    "no-name": [(2, "scenario", "'scenario' is empty", "give a word")],
    "no-radars": [(9, "defence.radars", "'radars' is empty", "at least one entry")],
    "no-rounds": [(17, f"{LAUNCHER}.rounds", "0 is out of range", "write at least 1")],
    "not-finite": [(6, "assets.port.value", ".inf is not a finite number", "give a number")],
    "not-yaml": [(14, "", "is no YAML: while parsing a flow sequence", "brackets")],
    "nothing-for-mapping": [(5, "assets", "nothing stands where a mapping", "`key: value`")],
    "number-too-large": [(6, "assets.port.value", "1e999 is not a finite", "a smaller one")],
    "one-coordinate": [
        (13, "defence.fire_units.south.at", "'4 km' stands where a place", "[east, north]")
    ],
    "start-after-end": [(20, f"{WAVE}.at", "starts at 1800 s, after the end", "start it earlier")],
    "system-for-radar": [
        (10, "defence.radars.eye.type", "'s-400' is a system where a radar", "it holds 91n6e")
    ],
    "tab-indentation": [(12, "", "character '\\t' that cannot start", "no tabs")],
    "tag": [(20, f"{WAVE}.count", "tags (!…) are not read", "write the plain value")],
    "text-at-root": [(1, "", "holds a text", "`key: value` lines")],
    "text-for-number": [(20, f"{WAVE}.count", "'four' stands where a whole", "such as 4")],
    "three-coordinates": [
        (13, "defence.fire_units.south.at", "3 coordinates where two", "[east, north]")
    ],
    "too-deep": [(2, "scenario[0][0][0]", "nested deeper than 32 levels", "flatten it")],
    "too-many-assets": [(5, "assets", "65 entries exceed the capacity of 64", "keep 64")],
    "too-many-launchers": [
        (11, "defence.fire_units", "1,201 launchers exceed the capacity", "lower the counts")
    ],
    "too-many-rounds": [(17, f"{LAUNCHER}.rounds", "17 rounds do not fit", "write at most 16")],
    "too-many-threats": [(20, f"{WAVE}.count", "30000 is out of range", "at most 20000")],
    "too-many-threats-in-all": [(19, "raid.waves", "27,004 threats in all", "lower the counts")],
    "two-documents": [(18, "", "holds a second document", "one document a file")],
    "two-kinds-of-fault": [
        (
            10,
            "defence.radars.eye.type",
            "no radar '91n6x'",
            "did you mean 91n6e or 91n6am or 92n6e?",
        ),
        (20, f"{WAVE}.bearing_spred", "'bearing_spred' is not a key", "bearing_spread"),
    ],
    "unit-alone": [(3, "map.size", "'km' is not a number with a unit", "such as '10 km'")],
    "unit-for-count": [(20, f"{WAVE}.count", "'4 m' has a unit", "without a unit")],
    "unit-outside-map": [
        (10, "defence.radars.eye.at", "eye stands outside the map", "or enlarge map.size"),
        (13, "defence.fire_units.south.at", "south stands outside the map", "±200 km"),
    ],
    "unknown-after": [(20, f"{WAVE}.after", "no wave 'frist' to wait for", "mean first?")],
    "unknown-aim": [
        (20, f"{WAVE}.aim[1]", "no asset 'harbour' to aim at", "known: command-post, eye, port")
    ],
    "unknown-command-post": [(8, "defence.command_post", "no command-post '55k7'", "55k6e")],
    "unknown-doctrine": [
        (15, "defence.fire_units.south.doctrine", "no doctrine 'shoot-and-pray'", "salvo-2")
    ],
    "unknown-launcher": [(17, f"{LAUNCHER}.type", "no launcher '5p85'", "mean 5p85te2?")],
    "unknown-missile": [(17, f"{LAUNCHER}.missile", "no missile '48n6e9'", "mean 48n6e3 or")],
    "unknown-radar": [
        (10, "defence.radars.eye.type", "no radar '91n6x'", "mean 91n6e or 91n6am or 92n6e?")
    ],
    "unknown-threat": [(20, f"{WAVE}.threat", "no threat 'drone_owl'", "mean drone_owa")],
    "unknown-unit": [(20, f"{WAVE}.distance", "'leagues' is no unit", "one of: m, km")],
    "wave-after-itself": [(20, f"{WAVE}.after", "in a circle: first → first", "take `after`")],
    "with-is-a-list": [(10, "defence.radars.eye.with", "a list stands where", "indented")],
    "with-missing-unit": [
        (10, "defence.radars.eye.with.scan_period", "10 has no unit", "one of: s, ms, min, h")
    ],
    "with-out-of-range": [
        (17, f"{LAUNCHER}.missile.with.kill_probability_drone", "must be at most 1", "at most 1")
    ],
    "with-unknown-parameter": [
        (10, "defence.radars.eye.with.scan_periods", "a radar has no parameter", "scan_period?")
    ],
    "with-wrong-choice": [
        (15, "defence.fire_units.south.doctrine.with.method", "'shoot-first' is not", "-look-")
    ],
    "wrong-unit": [(4, "duration", "'km' is not a unit of time", "one of: s, ms, min, h")],
    "yaml-bomb": [
        (2, "a", "anchors and aliases (& and *) are not read here", "write the value out"),
        (3, "b", "anchors and aliases", "write the value out"),
        (3, "b[0]", "more anchors and aliases", "write the value out"),
    ],
    "zero-count": [(20, f"{WAVE}.count", "0 is out of range", "write at least 1")],
    "zero-duration": [(4, "duration", "it must be more than 0 s", "more than 0 s")],
}

SAME_MISTAKE = [
    {"boolean-for-count", "boolean-for-number"},
    {"empty", "comment-alone"},
    {"binary", "latin-1"},
    {"unknown-radar", "two-kinds-of-fault"},
    {"misspelt-nested-key", "two-kinds-of-fault"},
    {"missing-key", "misspelt-key"},
    {"no-rounds", "zero-count"},
    {"list-for-mapping", "with-is-a-list"},
]
"""Files that may be told the same sentence, since the mistake is the same at another place."""


def run(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["openiads", *words])
    status = app.run()
    told = capsys.readouterr()
    return status, told.out, told.err


def test_every_broken_scenario_is_in_the_table():
    files = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    assert files == sorted(TOLD)
    assert len(files) >= 34


@pytest.mark.parametrize("name", sorted(TOLD))
def test_what_a_person_is_told(monkeypatch, capsys, name: str):
    path = FOLDER / f"{name}.yaml"
    status, out, err = run(monkeypatch, capsys, "check", str(path))
    assert status == 2
    assert out == ""
    assert "Traceback" not in err
    _, out, _ = run(monkeypatch, capsys, "check", str(path), "--json")
    faults = json.loads(out)["faults"]
    place = FOLDER / "parts" / "broken.yaml" if name == "catalogue-broken" else path
    for fault in faults:
        assert fault["file"] == str(place)
        assert fault["message"] and fault["mend"]
        assert f"{fault['file']}:{fault['line']}" in err
        assert fault["message"] in err and f"mend: {fault['mend']}" in err
        assert fault["key"] in err
    told = [(f["line"], f["key"], f["message"], f["mend"]) for f in faults]
    if name != "catalogue-broken":  # the unit's claim has two more faults, of other keys
        assert len(told) == len(TOLD[name]), told
    for line, key, message, mend in TOLD[name]:
        assert any(
            (line, key) == found[:2] and message in found[2] and mend in found[3] for found in told
        ), (line, key, message, mend, told)


def test_different_mistakes_are_told_in_different_words(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, "check", str(FOLDER), "--json")
    said: dict[str, set[str]] = {}
    for fault in json.loads(out)["faults"]:
        said.setdefault(fault["message"], set()).add(Path(fault["file"]).stem)
        for phrase in ("Input should", "Value error", "valid ", "schema", "Field required"):
            assert phrase not in fault["message"] + fault["mend"], fault
    for message, files in said.items():
        assert len(files) == 1 or files in SAME_MISTAKE, (message, files)


def test_the_command_itself_on_the_whole_folder():
    command = [sys.executable, "-c", "from openiads.cli import main; main()", "check", str(FOLDER)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for name in TOLD:
        assert f"{name}.yaml: " in done.stderr
    assert "faults found; nothing was run" in done.stderr


@pytest.mark.parametrize("name", ["unknown-radar", "yaml-bomb", "binary"])
def test_run_refuses_what_check_refuses(monkeypatch, capsys, tmp_path, name: str):
    out = tmp_path / "run"
    status, _, err = run(
        monkeypatch, capsys, "run", str(FOLDER / f"{name}.yaml"), "-n", "1", "--out", str(out)
    )
    assert status == 2
    assert f"{name}.yaml" in err and "mend: " in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "defualt"], "no shipped scenario 'defualt'\n    mend: did you mean default?"),
        (["run", "default", "--set", "raid.waves.dronse.count=3"], "did you mean drones or"),
        (["run", "default", "--set", "raid.waves.drones.count=0"], "--set raid.waves.drones.count"),
        (["run", "default", "--set", "tracking.formatons=true"], "did you mean formations"),
        (["run", "default", "--set", "duration"], "is no KEY=VALUE"),
        (["run", "default", "--set", "duration=["], "is no YAML"),
        (["run", "default", "--fidelity", "trak"], "did you mean track?"),
        (["run", "default", "-n", "0", "--workers", "0"], "2 faults found"),
        (["run", "default", "--precision", "-1"], "--precision -1 is never met"),
        (["run", "default", "--seed", "-1"], "from 0 to 2^64 - 1"),
        (["run", "default", "-n", "many"], "many"),
        (["why", "no-such-run"], "give the folder that `openiads run` named"),
        (["replay", "no-such-run"], "give the folder that `openiads run` named"),
        (["replay", "no-such-run", "--replication", "-2"], "replication -2 is negative"),
    ],
)
def test_a_wrong_command_line(monkeypatch, capsys, tmp_path, words: list[str], told: str):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(monkeypatch, capsys, *words)
    assert status == 2
    assert out == ""
    assert told in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "port", "91n6e", "-4 km", "10 s", "1e400 m", "shoot-look-shoot", "7"]),
    st.just([]),
    st.just({}),
    st.just([{"type": "91n6e"}]),
    st.just({"type": 3, "with": {"scan_period": []}}),
)


def _places(data: object, above: tuple = ()) -> list[tuple]:
    inside = data.items() if isinstance(data, dict) else ()
    inside = enumerate(data) if isinstance(data, list) else inside
    found = []
    for key, value in inside:
        found += [(*above, key), *_places(value, (*above, key))]
    return found


DEFAULT = read_yaml(shipped()["default"])
PLACES = _places(DEFAULT.data)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=3))
def test_no_mistake_whatever_gives_a_traceback(mistakes):
    """Values of the default scenario replaced by junk: faults with a mend, or a good scenario."""
    data = copy.deepcopy(DEFAULT.data)
    for place, junk in mistakes:
        above = data
        for part in place[:-1]:
            try:
                above = above[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if isinstance(above, dict | list) and place[-1] in (
                above if isinstance(above, dict) else range(len(above))
            ):
                above[place[-1]] = copy.deepcopy(junk)
    try:
        check(Document(data, "default.yaml", DEFAULT.lines), Path())
    except InputError as error:
        assert all(fault.mend and fault.message and fault.line for fault in error.faults)


def test_the_shipped_scenario_has_no_fault(monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys, "check", "default", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {"files": 1, "ok": True, "faults": []}
    assert oi.load("default").name == "default"


def test_a_section_that_the_file_leaves_out_may_be_set():
    assert "tracking" not in oi.load("anti-radiation").document.data
    assert oi.load("anti-radiation", {"tracking.formations": "true"}).file.tracking.formations
