"""A whole grading, with the real module in the course VM."""
from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from lab_runs import grade, labs

from grading import submission
from grading.module import Machine


def test_the_reference_earns_all_points(tmp_path: Path) -> None:
    graded = grade(tmp_path, None)
    assert graded.status == 0 and graded.earned == 100, str(graded)
    assert "100 of 100 points" in graded.stdout
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 100
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None and suite.get("tests") == "12" and suite.get("failures") == "0"


def test_the_skeleton_earns_none(skeleton: Path, tmp_path: Path) -> None:
    graded = grade(tmp_path, skeleton)
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert all(step["sentence"] for step in graded.grade["steps"])


def test_the_skeleton_builds_as_a_module(skeleton: Path, tmp_path: Path) -> None:
    lab = labs.find("02")
    composed = submission.compose(lab, submission.load(lab, skeleton), {step.number for step in lab.steps})
    machine = Machine(lab, "6.12", composed, tmp_path / "work", tmp_path / "out", labs.TREE / "build/obj/labs", 1)
    machine.build_module("kmod/shadowpt")
    # once more, to see what the compiler says of those files
    for path, text in composed.items():
        (tmp_path / "work/module" / path).write_text(text + "\n")
    status, said = machine.kbuild(tmp_path / "work/module", "kmod/shadowpt")
    assert status == 0 and "gwalk.o" in said, said
    # what the student is to use is there before it is used
    warnings = [line for line in said.splitlines() if "warning:" in line]
    assert all("unused variable" in line for line in warnings), said
