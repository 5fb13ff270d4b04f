"""A whole grading, with the real module in the course VM."""
from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import grade, labs

from grading import submission
from grading.module import Machine


# Of each lab: how many parts its steps have, its module, one of its objects.
LABS = [("02", 12, "kmod/shadowpt", "gwalk.o"), ("04", 15, "kmod/vnic", "translate.o"),
        ("07", 15, "kmod/credit_sched", "credit.o")]


@pytest.mark.parametrize(("lab", "parts"), [row[:2] for row in LABS])
def test_the_reference_earns_all_points(lab: str, parts: int, tmp_path: Path) -> None:
    graded = grade(tmp_path, None, lab=lab)
    assert graded.status == 0 and graded.earned == 100, str(graded)
    assert "100 of 100 points" in graded.stdout
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 100
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None and suite.get("tests") == str(parts) and suite.get("failures") == "0"


# With the VM one lab each day, the others for test-all; that each builds as a module is seen below.
@pytest.mark.parametrize(("lab", "where"), [
    ("02", ()), *(pytest.param(number, (), marks=pytest.mark.slow) for number in ("04", "07")),
    ("04", ("--host-only",)), ("07", ("--host-only",))])
def test_the_skeleton_earns_none(lab: str, where: tuple[str, ...], skeletons: Callable[[str], Path],
                                 tmp_path: Path) -> None:
    graded = grade(tmp_path, skeletons(lab), *where, lab=lab)
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert all(step["sentence"] for step in graded.grade["steps"])


@pytest.mark.parametrize(("number", "folder", "built"), [(row[0], *row[2:]) for row in LABS])
def test_the_skeleton_builds_as_a_module(number: str, folder: str, built: str,
                                         skeletons: Callable[[str], Path], tmp_path: Path) -> None:
    lab = labs.find(number)
    composed = submission.compose(lab, submission.load(lab, skeletons(number)), {step.number for step in lab.steps})
    machine = Machine(lab, "6.12", composed, tmp_path / "work", tmp_path / "out", labs.TREE / "build/obj/labs", 1)
    status, said = machine.kbuild(machine.lay_out(folder), folder)
    assert status == 0 and built in said, said
    # what the student is to use is there before it is used
    warnings = [line for line in said.splitlines() if "warning:" in line]
    assert all(re.search("unused variable|defined but not used", line) for line in warnings), said
