"""Lab 07's own: real tasks in the course VM show what is wrong, without the host tests; and hostile schedulers."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import hostile
import pytest
from lab_runs import LABS, TREE, Graded, grade, labs, markers, rewritten
from test_mutants import ALL

from grading.module import Machine
from grading.outcome import Failure

# One way of each step to be wrong, and the workload that must tell.
REAL = [
    ("lottery_draws_twice", "a lottery"),
    ("share_ignores_who_is_ahead", "share, weights"),
    ("slots_are_minimal", "a lottery"),
    ("spend_nothing", "credit, weights 256:"),
    ("burst_without_bound", "credit, (?:weights|two equal groups)"),
    ("cap_flows_twice_as_fast", "one group with a cap"),
    ("boost_waits_for_the_slot", "slots of 30 ms"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "says"), REAL, ids=[name for name, _ in REAL])
def test_real_tasks_show_it(name: str, says: str, tmp_path: Path) -> None:
    lab = labs.find("07")
    _, _, path, old, new = next(mutant for owner, mutant in ALL if owner == lab.name and mutant[0] == name)
    composed = {file: (TREE / file).read_text() for file in lab.files}
    composed[path] = composed[path].replace(old, new)
    machine = Machine(lab, "6.12", composed, tmp_path / "work", tmp_path / "out", TREE / "build/obj/labs", 4242)
    with pytest.raises(Failure, match=f"Real tasks, .*{says}"):
        lab.checks().vm(machine)


def verdict(graded: Graded) -> str:
    """All that a grading says, but how long it took."""
    def timeless(value: object) -> object:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k != "seconds"}
        return [timeless(v) for v in value] if isinstance(value, list) else value
    return json.dumps(timeless(graded.grade))


@pytest.mark.slow
def test_the_same_seed_is_the_same_run_to_the_byte(tmp_path: Path) -> None:
    """The kernel's log with its times, and every piece of work of every task."""
    seen = []
    for name in ("one", "two"):
        graded = grade(tmp_path / name, None, "--step", "2", "--quiet", lab="07", seed="99")
        [folder] = (tmp_path / name).glob("vm-*")
        files = sorted([*folder.glob("*.ledger"), folder / "kernel.log"])
        assert len(files) == 8 and graded.earned == 16, str(graded)
        seen.append([verdict(graded), *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)])
    assert seen[0] == seen[1]


def on_host(tmp_path: Path, step: int, body: str, region: int = 0) -> str:
    student = rewritten("07", tmp_path / "student", step, body, region)
    graded = grade(tmp_path / "out", student, "--host-only", "--quiet", lab="07")
    assert graded.status == 0 and graded.lost == {step} and graded.step(step)["earned"] == 0, str(graded)
    return graded.step(step)["sentence"]


def first_line(folder: Path, name: str, step: int) -> int:
    text = (folder / name).read_text()
    return next(r.first + 1 for r in markers.regions(text, "07", name) if r.step == step)


def test_what_does_not_compile_is_graded(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 5, hostile.NOT_C)
    assert f"does not compile: credit.c:{first_line(tmp_path / 'student', 'credit.c', 5)}:" in sentence


@pytest.mark.slow
def test_endless_loop_ends(tmp_path: Path) -> None:
    assert "does not come to an end" in on_host(tmp_path, 1, hostile.ENDLESS)


def test_crash_is_graded_with_the_line(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 5, hostile.SEGFAULT)
    assert f"clip(), credit.c:{first_line(tmp_path / 'student', 'credit.c', 5)}" in sentence


def test_early_exit_gains_nothing(tmp_path: Path) -> None:
    on_host(tmp_path, 5, hostile.EARLY_EXIT)


def test_books_that_are_rewritten_do_not_help(tmp_path: Path) -> None:
    """A lag of 0 for all keeps S4, and what each has used shows it."""
    on_host(tmp_path, 2, "\tg->lag = 0;")


def in_vm(tmp_path: Path, step: int, before: str) -> str:
    """The reference's own region behind code that acts in the kernel only."""
    student = rewritten("07", tmp_path / "student", step, lambda old: before + old)
    graded = grade(tmp_path / "out", student, "--step", str(step), lab="07")
    assert graded.status == 0 and graded.part(step, "host tests")["verdict"] == "pass", str(graded)
    assert graded.part(step, "course VM")["verdict"] == "fail", str(graded)
    return graded.step(step)["sentence"]


@pytest.mark.slow
def test_oops_is_graded_with_function_and_line(tmp_path: Path) -> None:
    sentence = in_vm(tmp_path, 5, hostile.OOPS)
    assert re.search(r"NULL pointer dereference.*credit\.c:\d+", sentence), sentence


@pytest.mark.slow
def test_hang_of_the_kernel_is_graded(tmp_path: Path) -> None:
    assert in_vm(tmp_path, 5, hostile.HANG)


@pytest.mark.slow
def test_leaving_by_the_debug_port_gains_nothing(tmp_path: Path) -> None:
    in_vm(tmp_path, 5, hostile.DEBUG_EXIT)


def test_the_host_draws_lots_as_the_core_does() -> None:
    """The generator is given to students; the grader has its own, so they must be the same."""
    source = (TREE / "kmod/credit_sched/core/lottery.c").read_text()
    own = (LABS / "07-shares-and-credits/urn.py").read_text()
    for constant in re.findall(r"0x([0-9a-f]{16})ull", source):
        assert f"0x{constant.upper()}" in own
