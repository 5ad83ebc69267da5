"""The YAML reader: plain data, lines, and one pass over everything it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from openiads.faults import InputError
from openiads.scenario.reader import MAX_BYTES, dotted, read_yaml


def faults_of(text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read_yaml(text)
    return [f"{fault.line} {fault.key} {fault.message}" for fault in error.value.faults]


def test_the_core_schema_of_yaml_1_2():
    data = read_yaml(
        "a: 1e3\nb: no\nc: 012\nd: 0x10\ne: ~\nf: true\ng: 2018-01-01\nh: '7'\ni: -.5\nj: 0o17\n"
        "k: 400 km\nl:\nm: 1_000\nn: 5.\n"
    ).data
    assert data == {
        "a": 1000.0,
        "b": "no",
        "c": 12,
        "d": 16,
        "e": None,
        "f": True,
        "g": "2018-01-01",
        "h": "7",
        "i": -0.5,
        "j": 15,
        "k": "400 km",
        "l": None,
        "m": "1_000",
        "n": 5.0,
    }


def test_every_key_has_its_line():
    document = read_yaml("# note\nraid:\n  - kind: mrbm\n    count: 4\n  - {kind: drone}\n")
    assert document.line(("raid",)) == 2
    assert document.line(("raid", 0, "count")) == 4
    assert document.line(("raid", 1, "kind")) == 5
    assert document.line(("raid", 1, "speed")) == 5
    assert document.line() == 2
    assert document.line(("nowhere",)) == 2
    assert dotted(("raid", 1, "kind")) == "raid[1].kind"


def test_all_faults_come_in_one_pass():
    said = faults_of("a: 1\na: 2\nb: &x 3\nc: *x\nd: !!python/name:os.system 4\ne: .nan\n<<: {}\n")
    assert len(said) == 6
    assert said[0].startswith("2 a is given twice, first on line 1")
    assert said[1].startswith("3 b anchors")
    assert said[2].startswith("4 c anchors")
    assert said[3].startswith("5 d tags")
    assert said[4].startswith("6 e .nan is not a finite")
    assert said[5].startswith("7  merge keys")


def test_a_duplicate_key_is_a_fault_at_any_depth():
    assert faults_of("a:\n  b:\n    - {c: 1, c: {d: [1, 2]}}\n    - e\n") == [
        "3 a.b[0].c is given twice, first on line 3"
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: [1, 2\n", "is no YAML"),
        ("a: b: c\n", "is no YAML"),
        ("a:\n\t- b\n", "is no YAML"),
        ("\x00\x01", "is no YAML"),
        ("- 1\n- 2\n", "holds a list"),
        ("", "holds nothing"),
        ("just words\n", "holds a text"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("? [a, b]\n: c\n", "a key must be a word"),
        ("a: " + "9" * 5000 + "\n", "not a finite number"),
        ("a: 1e999\n", "not a finite number"),
        ("a: " + "[" * 100 + "]" * 100 + "\n", "nested deeper"),
        ("a: " + "[" * 100_000, "nested deeper"),
        ("a: [" + "0," * 100_001 + "]\n", "more than"),
        ("a: " + "x" * MAX_BYTES, "larger than"),
    ],
)
def test_what_is_refused(text: str, part: str):
    said = faults_of(text)
    assert len(said) == 1
    assert part in said[0]


def test_a_bomb_of_aliases_does_not_go_off():
    text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, above in zip("bcdefghi", "abcdefgh", strict=True):
        text += f"{name}: &{name} [" + ", ".join(["*" + above] * 9) + "]\n"
    assert all("anchors and aliases" in line for line in faults_of(text))


def test_files(tmp_path: Path):
    good = tmp_path / "good.yaml"
    good.write_text("\ufeffa: ä\n", encoding="utf-8")
    assert read_yaml(good).data == {"a": "ä"}
    assert read_yaml(good).file == str(good)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"a: 1\n\xff\xfe\n")
    for path, part in [
        (binary, "UTF-8"),
        (tmp_path / "none.yaml", "no such"),
        (tmp_path, "folder"),
    ]:
        with pytest.raises(InputError) as error:
            read_yaml(path)
        assert part in error.value.faults[0].message
