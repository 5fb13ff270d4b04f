"""Lab 02: how what came out of the course VM is judged, here, from files."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lab_runs import labs

from grading.module import Run
from grading.outcome import Failure

labs.find("02").checks()
import witness  # noqa: E402  (beside the lab's checks)

SEED = 4711


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What a right module leaves."""
    tap = "".join(f"ok {i} - {name}\n" for i, name in enumerate(witness.guest_tests(), 1))
    lines = "".join(f"{line}\n" for line, _ in witness.expected(SEED, witness.ROUNDS))
    for strategy in witness.STRATEGIES:
        for guest, text in (("pagetables", tap), ("witness", lines)):
            (tmp_path / f"{strategy}.{guest}.out").write_text(text)
            (tmp_path / f"{strategy}.{guest}.status").write_text("0\n")
            (tmp_path / f"{strategy}.{guest}.json").write_text('{"end": "exit"}')
    return tmp_path


def judge(left: Path, seed: int = SEED) -> None:
    for strategy in witness.STRATEGIES:
        witness.judge_pagetables(Run(left), strategy)
        witness.judge_witness(Run(left), strategy, seed)


def edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def test_right_output_passes(left: Path) -> None:
    judge(left)


def test_output_of_another_seed_fails(left: Path) -> None:
    with pytest.raises(Failure, match="round 0"):
        judge(left, SEED + 1)


def test_one_wrong_line_is_found_and_told(left: Path) -> None:
    lines = (left / "trap.witness.out").read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if i > 99 and line.startswith("ok"))
    edit(left / "trap.witness.out", lambda text: text.replace(lines[number], "14:7" + lines[number][2:], 1))
    with pytest.raises(Failure, match=rf"trap, round {number}: .*got #PF with error code 0x7; it should be no fault"):
        judge(left)


@pytest.mark.parametrize("change", [
    lambda text: text[:text.rindex("\n", 0, -1) + 1], lambda text: text + "ok 00000000\n", lambda text: "",
], ids=["a line less", "a line more", "nothing"])
def test_wrong_number_of_lines_fails(left: Path, change: Callable[[str], str]) -> None:
    edit(left / "vtlb.witness.out", change)
    with pytest.raises(Failure):
        judge(left)


def test_tap_that_says_ok_is_not_enough(left: Path) -> None:
    for strategy in witness.STRATEGIES:
        (left / f"{strategy}.witness.out").unlink()
    with pytest.raises(Failure, match="witness"):
        judge(left)


@pytest.mark.parametrize("change", [
    lambda text: text.replace("ok 7 ", "not ok 7 ", 1), lambda text: text.replace("ok 7 ", "ok 8 ", 1),
    lambda text: "ok 1 - everything\n1..1\n", lambda text: text + "ok 75 - one more\n",
])
def test_tap_must_be_the_guests_own_list(left: Path, change: Callable[[str], str]) -> None:
    edit(left / "vtlb.pagetables.out", change)
    with pytest.raises(Failure, match="pagetables"):
        judge(left)


@pytest.mark.parametrize(("status", "says"), [("124\n", "time was over"), ("111\n", "status 111"), ("", "no result")])
def test_a_guest_that_did_not_end_well_fails(left: Path, status: str, says: str) -> None:
    (left / "trap.witness.status").write_text(status)
    with pytest.raises(Failure, match=says):
        judge(left)


def test_the_way_vmm_ended_counts(left: Path) -> None:
    (left / "trap.witness.json").write_text('{"end": "timeout"}')
    with pytest.raises(Failure, match="ended by timeout"):
        judge(left)


def test_results_that_are_links_are_not_followed(left: Path) -> None:
    (left / "real").write_text((left / "vtlb.witness.out").read_text())
    (left / "vtlb.witness.out").unlink()
    (left / "vtlb.witness.out").symlink_to(left / "real")
    with pytest.raises(Failure):
        judge(left)
