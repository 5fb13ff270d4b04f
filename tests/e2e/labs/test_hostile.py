"""Submissions that do not play by the rules get a grade, gain nothing, and harm nothing."""
from __future__ import annotations

import os
import re
from pathlib import Path

import hostile
import pytest
from lab_runs import Graded, grade, markers, rewritten


def on_host(tmp_path: Path, step: int, body: str) -> Graded:
    student = rewritten("02", tmp_path / "student", step, body)
    graded = grade(tmp_path / "out", student, "--host-only", "--quiet")
    assert graded.status == 0, str(graded)
    assert graded.lost == {step}, str(graded)
    return graded


def in_vm(tmp_path: Path, step: int, before: str, *options: str) -> Graded:
    """The reference's own region behind code that acts in the kernel only."""
    student = rewritten("02", tmp_path / "student", step, lambda old: before + old)
    graded = grade(tmp_path / "out", student, *options)
    assert graded.status == 0, str(graded)
    assert graded.part(step, "host tests")["verdict"] == "pass", str(graded)
    assert graded.part(step, "course VM")["verdict"] == "fail", str(graded)
    return graded


def first_line(folder: Path, name: str, step: int) -> int:
    """Number of the first line of a step's region."""
    text = (folder / name).read_text()
    return next(r.first + 1 for r in markers.regions(text, "02", name) if r.step == step)


def test_what_does_not_compile_is_graded_with_the_compilers_first_message(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 3, hostile.NOT_C).step(3)["sentence"]
    line = first_line(tmp_path / "student", "gwalk.c", 3)
    assert re.search(rf"does not compile: gwalk\.c:{line}:\d+: unknown type name", sentence)


def test_endless_loop_ends(tmp_path: Path) -> None:
    assert "does not come to an end" in on_host(tmp_path, 1, hostile.ENDLESS).step(1)["sentence"]


def test_crash_is_graded_with_the_line(tmp_path: Path) -> None:
    sentence = on_host(tmp_path, 2, hostile.SEGFAULT).step(2)["sentence"]
    line = first_line(tmp_path / "student", "shadow.c", 2)
    assert f"spte_make_leaf(), shadow.c:{line}" in sentence and "SIGSEGV" in sentence


def test_printed_answers_gain_nothing(tmp_path: Path) -> None:
    assert on_host(tmp_path, 1, hostile.PRINTS_ANSWERS).step(1)["earned"] == 0


def test_early_exit_gains_nothing(tmp_path: Path) -> None:
    assert on_host(tmp_path, 4, hostile.EARLY_EXIT).step(4)["earned"] == 0


def test_results_cannot_be_written_and_nothing_is_harmed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("still here")
    forged = tmp_path / "out" / "forged.json"
    body = hostile.WRITES_RESULTS.replace("RESULTS", str(forged)).replace("VICTIM", str(victim))
    assert on_host(tmp_path, 1, body).step(1)["earned"] == 0
    assert victim.read_text() == "still here" and not forged.exists()


def test_oops_is_graded_with_function_and_line(tmp_path: Path) -> None:
    graded = in_vm(tmp_path, 2, hostile.OOPS, "--step", "2")
    line = first_line(tmp_path / "student", "shadow.c", 2) + 3
    sentence = graded.step(2)["sentence"]
    if os.environ.get("KERNEL") == "debug":  # KASAN meets the pointer first, and modules have no line numbers
        assert "KASAN" in sentence and "spte_make_leaf()" in sentence
    else:
        assert "NULL pointer dereference" in sentence and f"spte_make_leaf(), shadow.c:{line}" in sentence
    assert graded.part(2, "host tests")["earned"] == 9, "what passed on the host is kept"


@pytest.mark.slow
def test_forged_output_of_the_guest_gains_nothing(tmp_path: Path) -> None:
    in_vm(tmp_path, 5, hostile.FORGES, "--step", "5")


@pytest.mark.slow
def test_hang_of_the_kernel_is_graded_with_the_place(tmp_path: Path) -> None:
    graded = in_vm(tmp_path, 6, hostile.HANG, "--step", "6")
    assert "trap.c:" in graded.step(6)["sentence"]


@pytest.mark.slow
def test_leaving_by_the_debug_port_gains_nothing(tmp_path: Path) -> None:
    in_vm(tmp_path, 5, hostile.DEBUG_EXIT, "--step", "5")


@pytest.mark.slow
def test_a_step_that_kills_the_kernel_costs_no_other_step(tmp_path: Path) -> None:
    graded = in_vm(tmp_path, 2, hostile.OOPS)
    assert graded.lost == {2} and graded.earned == 94
