"""The validation matrix: levels follow from evidence, and what is missing is named."""

import pytest

import matrix
from matrix import Module, Result, Row, complaints, level, page, rows_of

EVIDENCE = {"model": "detection", "authority": "somebody", "kind": "published truth"}
MODULE = Module("test_radar_pd_exact", EVIDENCE, {"a case": "a reason"}, False, "")
NODE = "tests/validation/test_radar_pd_exact.py::test_cases"


def row(kind: str, cases: int = 3, passed: int = 3) -> Row:
    return Row("detection", "somebody", kind, "test_x", cases, passed)


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (["published truth", "closed form"], 3),
        (["published truth", "another implementation"], 3),
        (["published truth"], 2),
        (["another implementation", "closed form"], 2),
        (["closed form", "own sweep"], 1),
        (["own sweep"], 0),
    ],
)
def test_the_level_is_a_function_of_the_kinds_that_pass(kinds, wanted) -> None:
    assert level([row(kind) for kind in kinds]) == wanted
    assert level([*(row(kind) for kind in kinds), row("closed form", 3, 2)]) == -1


def test_rows_count_what_tests_record() -> None:
    results = {
        NODE: Result("passed", {"cases": 130, "worst": 5e-11, "tolerance": 1e-9}),
        NODE + "[b]": Result("passed"),
        NODE + "[c]": Result("failed", {"kind": "closed form", "authority": "Euclid"}),
        NODE + "[d]": Result("skipped"),
        "tests/unit/test_matrix.py::test_x": Result("passed"),
    }
    first, second = rows_of([MODULE], results)
    assert (first.cases, first.passed, first.worst) == (131, 131, "< 10 %")
    assert (second.kind, second.authority, second.passed, second.cases) == (
        "closed form", "Euclid", 0, 1,
    )  # fmt: skip
    text = page([MODULE], [first, second])
    assert "| [detection](models/detection.md) | fails |" in text
    assert "a case | a reason" in text


def test_what_is_missing_is_named() -> None:
    odd = Row("no_such_page", "me", "my word", "test_x", 1, 1)
    found = complaints([Module("test_silent", {}, {}, False, "")], [odd])
    assert "docs/models/detection.md has no evidence" in found
    assert any("no page docs/models/no_such_page.md" in f for f in found)
    assert any("'my word'" in f for f in found)
    assert "test_silent states no EVIDENCE" in found


def test_a_stale_page_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(matrix, "PAGE", tmp_path / "validation.md")
    results = {NODE: Result("passed", {"cases": 130})}
    assert "is stale" in matrix.conclude(results, "check")
    matrix.conclude(results, "write")
    assert "is stale" not in matrix.conclude(results, "check")
    results[NODE] = Result("passed", {"cases": 129})
    told = matrix.conclude(results, "check")
    assert "is stale" in told and "129 of 129" in told
