"""The forms in which a grade is handed on."""
from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from grading import report
from grading.outcome import Grade, Part, StepResult, Verdict

HOST, VM = "host tests", "course VM"


@pytest.fixture
def graded() -> Grade:
    return Grade("02-shadow-paging", "shadow paging", 7, "6.12", [
        StepResult(1, "walk", [Part(HOST, 12, Verdict.PASS), Part(VM, 8, Verdict.PASS)]),
        StepResult(2, "fill", [Part(HOST, 9, Verdict.FAIL, "It printed \x1b[31m<b>\0.", "See step 2."),
                               Part(VM, 6, Verdict.FAIL, "Not run.")]),
    ], 3.5)


@pytest.fixture
def untold(graded: Grade) -> Grade:
    graded.steps[1].parts[1] = Part(VM, 6, Verdict.COULD_NOT_TELL, "The grader could not tell: no image.")
    return graded


def test_table_has_points_and_one_sentence_for_a_failed_step(graded: Grade) -> None:
    text = report.table(graded)
    assert "20 of 35 points" in text
    assert "Step 2: It printed ?[31m<b>?. See step 2." in text
    assert "Step 1" not in text


def test_one_cause_for_many_steps_is_told_once(graded: Grade) -> None:
    for step in graded.steps:
        step.parts = [Part(HOST, 1, Verdict.FAIL, "It does not compile.")]
    assert "Steps 1, 2: It does not compile." in report.table(graded)


def test_junit_counts_failures_and_errors(untold: Grade, tmp_path: Path) -> None:
    report.write(untold, tmp_path)
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    kinds = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert kinds == [[], [], ["failure"], ["error"]]


def test_gradescope_has_a_score_and_known_keys_only(graded: Grade, tmp_path: Path) -> None:
    report.write(graded, tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["score"] == 20
    assert set(results) <= {"score", "execution_time", "output", "output_format", "tests", "extra_data", "visibility"}
    for test in results["tests"]:
        assert set(test) <= {"score", "max_score", "status", "name", "number", "output", "visibility"}
        assert test["status"] in ("passed", "failed") and 0 <= test["score"] <= test["max_score"]
    assert sum(test["score"] for test in results["tests"]) == 20


def test_what_could_not_be_told_is_never_a_zero(untold: Grade, tmp_path: Path) -> None:
    report.write(untold, tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert "score" not in results
    assert "score" not in results["tests"][3] and "status" not in results["tests"][3]
    assert json.loads((tmp_path / "grade.json").read_text())["outcome"] == "could-not-tell"
