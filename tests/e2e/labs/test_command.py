"""labs/grade and labs/skeleton as a person types them."""
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import LABS, grade, labs, run

from grading import markers, submission


@pytest.mark.parametrize(("given", "name"), [
    *((given, "02-shadow-paging") for given in ("2", "02", "shadow-paging", "02-shadow-paging")),
    *((given, "04-virtual-nic") for given in ("4", "04", "virtual-nic", "04-virtual-nic")),
    *((given, "07-shares-and-credits") for given in ("7", "07", "shares-and-credits", "07-shares-and-credits")),
    *((given, "08-four-servers") for given in ("8", "08", "four-servers", "08-four-servers")),
])
def test_a_lab_has_a_number_and_a_name(given: str, name: str) -> None:
    assert labs.find(given).name == name


@pytest.mark.parametrize("arguments", [
    ("--lab", "99"), ("--lab", ""), ("--lab", "shadow"), ("--lab", "../02-shadow-paging"),
])
def test_an_unknown_lab_names_those_that_exist(arguments: tuple[str, ...]) -> None:
    done = run("grade", *arguments)
    assert done.returncode == 2
    assert "no such lab" in done.stderr and "02-shadow-paging" in done.stderr


@pytest.mark.parametrize(("arguments", "says"), [
    (("--lab", "02", "--submission", "/nonexistent"), "no submission: /nonexistent"),
    (("--lab", "02", "--step", "7"), "no such step: 7: lab 02-shadow-paging has steps 1, 2, 3, 4, 5, 6"),
    (("--lab", "02", "--kernel", "2.4"), "no such kernel: 2.4: there is 6.1, 6.12, 7.3"),
    ((), "--lab"),
    (("--lab", "02", "--seed", "x"), "--seed"),
])
def test_bad_usage_has_its_own_status_and_says_what_to_do(arguments: tuple[str, ...], says: str) -> None:
    done = run("grade", *arguments)
    assert done.returncode == 2 and says in done.stderr
    assert "Traceback" not in done.stderr


def test_skeleton_does_not_overwrite_work(tmp_path: Path) -> None:
    (tmp_path / "vtlb.c").write_text("mine")
    done = run("skeleton", "02", tmp_path)
    assert done.returncode == 2 and "not empty" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["vtlb.c"]


@pytest.mark.parametrize(("lab", "files"), [
    ("02", {"gwalk.c", "shadow.c", "vtlb.c", "trap.c"}),
    ("07", {"lottery.c", "lag.c", "sched.c", "credit.c", "cap.c", "answers.toml"}),
    ("08", {"design_sequential.c", "blocking.c", "design_process.c", "design_thread.c", "queue.c", "event_loop.c",
            "connection.c", "exchange.c", "timers.c", "acceptor.c", "successor.c", "answers.toml"}),
])
def test_skeleton_holds_the_files_to_edit_and_the_handout(lab: str, files: set[str],
                                                          skeletons: Callable[[str], Path]) -> None:
    assert {p.name for p in skeletons(lab).iterdir()} == files | {"README.md"}


@pytest.mark.parametrize(("lab", "first"), [
    ("02", 3), ("07", 5), ("07", 8), *(pytest.param(*row, marks=pytest.mark.slow) for row in (
        *(("02", n) for n in (1, 2, 4, 5, 6)), ("07", 2), ("08", 8)))])
def test_skeleton_from_a_step_has_the_steps_before_it_solved(lab: str, first: int, tmp_path: Path) -> None:
    assert run("skeleton", lab, "--step", str(first), tmp_path / "student").returncode == 0
    graded = grade(tmp_path / "out", tmp_path / "student", "--host-only", "--quiet", lab=lab)
    last = len(labs.find(lab).steps)
    assert graded.lost == set(range(first, last + 1)), str(graded)
    for number in range(first, last + 1):
        assert graded.step(number)["earned"] == 0


def test_skeleton_fails_on_markers_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grading import command
    lab = labs.find("02")
    broken = tmp_path / "tree"
    for path in lab.files:
        (broken / path).parent.mkdir(parents=True, exist_ok=True)
        (broken / path).write_text((labs.TREE / path).read_text().replace("/* lab 02 step 5 end */", ""))
    monkeypatch.setattr(labs, "TREE", broken)
    with pytest.raises(markers.MarkerError, match="vtlb.c:.*step 5 begins but does not end"):
        command.write_skeleton(lab, 1, tmp_path / "student")
    assert not (tmp_path / "student").exists()


def test_the_same_seed_asks_the_same(skeleton: Path, tmp_path: Path) -> None:
    sentences = []
    for name in ("one", "two"):
        graded = grade(tmp_path / name, skeleton, "--host-only", "--quiet", "--step", "1", seed="77")
        sentences.append([step["sentence"] for step in graded.grade["steps"]])
    assert sentences[0] == sentences[1]
    other = grade(tmp_path / "three", skeleton, "--host-only", "--quiet", "--step", "1", seed="78")
    assert sentences[0] != [step["sentence"] for step in other.grade["steps"]]


def test_trouble_of_the_graders_own_is_no_grade(tmp_path: Path) -> None:
    env = os.environ | {"VIRTLAB_CACHE": "/dev/null/no-cache"}
    done = subprocess.run([LABS / "grade", "--lab", "02", "--step", "1", "--out", tmp_path / "out"], env=env,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    grade_json = json.loads((tmp_path / "out" / "grade.json").read_text())
    assert grade_json["outcome"] == "could-not-tell"
    assert [part["verdict"] for part in grade_json["steps"][0]["parts"]] == ["pass", "could-not-tell"]
    assert "score" not in json.loads((tmp_path / "out" / "results.json").read_text())


def test_composing_every_step_of_the_skeleton_changes_every_file(skeleton: Path) -> None:
    lab = labs.find("02")
    composed = submission.compose(lab, submission.load(lab, skeleton), {s.number for s in lab.steps})
    assert all(text != (labs.TREE / path).read_text() for path, text in composed.items())
