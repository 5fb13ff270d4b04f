"""Lab 07, step 8: numbers that a student has measured, and how they are judged."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from lab_runs import LABS, Graded, grade, labs, reference, run, rewritten

lab = labs.find("07")
lab.checks()
import attack  # noqa: E402  (beside the lab's checks)

FOLDER = LABS / "07-shares-and-credits"
NUMBERS = {"exact": 249, "tick": 776, "no_boost": 51, "crowd_pays": 3347, "longest": 9700}


def answers(tmp_path: Path, text: str) -> Graded:
    student = reference("07", tmp_path / "student")
    target = student / "answers.toml"
    target.write_text(re.sub(r"(?s)(begin: [^\n]*\n).*(# lab 07 step 8 end)", rf"\1{text}\n\2", target.read_text()))
    return grade(tmp_path / "out", student, "--host-only", "--quiet", "--step", "8", lab="07")


def toml(student: str = "reference", **numbers: int) -> str:
    return "\n".join([f'student = "{student}"', *(f"{k} = {v}" for k, v in (NUMBERS | numbers).items())])


def test_a_machine_belongs_to_a_name_however_it_is_written() -> None:
    assert attack.of("Ada Lovelace") == attack.of("  ada  LOVELACE ")
    assert attack.of("Ada Lovelace") != attack.of("Grace Hopper")


def test_the_thief_of_any_name_sleeps_across_the_tick() -> None:
    for i in range(200):
        drawn = attack.of(f"student {i}")
        assert 0.6 * drawn.tick < drawn.run < 0.95 * drawn.tick and drawn.crowd > drawn.thief


@pytest.mark.parametrize(("name", "off"), [("exact", 1), ("tick", -1), ("no_boost", 1), ("crowd_pays", -2)])
def test_rounding_costs_nothing(tmp_path: Path, name: str, off: int) -> None:
    graded = answers(tmp_path, toml(**{name: NUMBERS[name] + off}))
    assert graded.earned == 10, str(graded)


@pytest.mark.parametrize(("text", "says"), [
    (toml(exact=252), "exact is not 252"), (toml(tick=770), "tick is not 770"),
    (toml(no_boost=249), "no_boost is not 249"), (toml(crowd_pays=1000), "crowd_pays is not 1000"),
    (toml(longest=9600), "longest is not 9600"), (toml(longest=9800), "longest is not 9800"),
    (toml(student="Ada"), "On the machine of Ada"), (toml(student=" "), "does not name a student"),
    (toml().replace("= 776", "= true"), "no whole number for tick"),
    (toml().replace("= 776", '= "776"'), "no whole number for tick"),
    ("this is not toml", "cannot be read"), ("", "does not name a student"),
])
def test_a_wrong_number_loses_the_step(tmp_path: Path, text: str, says: str) -> None:
    graded = answers(tmp_path, text)
    assert graded.status == 0 and graded.earned == 0, str(graded)
    assert says in graded.step(8)["sentence"]


def test_the_right_number_is_not_told(tmp_path: Path) -> None:
    sentence = answers(tmp_path, toml(tick=5)).step(8)["sentence"]
    assert "776" not in sentence


def test_what_a_student_can_measure_is_what_is_asked(tmp_path: Path) -> None:
    """The scenario that `attack` prints, run by labs/try, gives the reference's answers."""
    printed = subprocess.run([FOLDER / "attack", "reference"], capture_output=True, text=True, check=True).stdout
    shares = {}
    for name, old, new in (("exact", "sampled=0", "sampled=0"), ("tick", "sampled=0", "sampled=1")):
        (tmp_path / "scenario").write_text(printed.replace(old, new))
        done = run("try", "07", tmp_path / "scenario")
        assert done.returncode == 0, done.stderr
        used = {who: int(re.search(rf"used {who}: used (\d+)", done.stdout)[1]) for who in "th"}
        shares[name] = round(1000 * used["t"] / (used["t"] + used["h"]))
    assert shares == {name: NUMBERS[name] for name in shares}


def test_attack_without_a_name_says_what_to_do() -> None:
    done = subprocess.run([FOLDER / "attack"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "give the name" in done.stderr


# --- labs/try, which all of it is measured with ---

SCENARIO = "pool share\ngroup a weight=100\ngroup b weight=300\ntask a\ntask b\nrun 1000000\nused b\n"


def test_try_prints_questions_with_answers(tmp_path: Path) -> None:
    (tmp_path / "scenario").write_text(SCENARIO)
    done = run("try", "07", tmp_path / "scenario")
    assert done.returncode == 0 and re.fullmatch(r"used b: used 7\d{8}\n", done.stdout), done.stdout + done.stderr


def test_try_runs_the_steps_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "scenario").write_text(SCENARIO)
    student = rewritten("07", tmp_path / "student", 2, "\treturn a < b;", region=1)
    mine = run("try", "07", "--submission", student, "--step", "2", tmp_path / "scenario").stdout
    other = run("try", "07", "--submission", student, "--step", "1", tmp_path / "scenario").stdout
    assert mine != other and re.match(r"used b: used 7", other)


def test_try_tells_what_it_does_not_understand(tmp_path: Path) -> None:
    (tmp_path / "scenario").write_text("pool share\ntask z\n")
    done = run("try", "07", tmp_path / "scenario")
    assert done.returncode == 1 and "line 2: no such group" in done.stderr


def test_try_tells_where_it_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "scenario").write_text(SCENARIO)
    student = rewritten("07", tmp_path / "student", 5, "\tthis is not C;")
    done = run("try", "07", "--submission", student, tmp_path / "scenario")
    assert done.returncode == 1 and "does not compile: credit.c:" in done.stderr


def test_a_step_without_points_in_the_vm_is_not_run_there(tmp_path: Path) -> None:
    graded = grade(tmp_path, None, "--step", "8", lab="07")
    assert graded.earned == 10 and [part["name"] for part in graded.step(8)["parts"]] == ["host tests"]
