"""What the grader takes from a submission, and what it refuses."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from lab_runs import TREE, grade, labs, reference, rewritten

from grading import submission
from grading.outcome import Failure

LAB = labs.find("02")
GWALK, VTLB = "kmod/shadowpt/core/gwalk.c", "kmod/shadowpt/core/vtlb.c"


@pytest.fixture
def student(tmp_path: Path) -> Path:
    return reference("02", tmp_path / "student")


def refusal(student: Path, path: str = VTLB) -> str:
    """Why a file is refused; the others must be taken."""
    taken = submission.load(LAB, student)
    assert set(taken.refused) == {path}
    return taken.refused[path].why


def test_symlink_is_refused(student: Path) -> None:
    (student / "vtlb.c").unlink()
    (student / "vtlb.c").symlink_to(TREE / VTLB)
    assert "symbolic link" in refusal(student)


def test_symlink_on_the_way_is_refused(student: Path, tmp_path: Path) -> None:
    (student / "vtlb.c").unlink()
    (student / "kmod").symlink_to(TREE / "kmod")
    assert "symbolic link" in refusal(student)


def test_pipe_is_refused_and_does_not_block(student: Path) -> None:
    (student / "vtlb.c").unlink()
    os.mkfifo(student / "vtlb.c")
    assert "not a regular file" in refusal(student)


def test_directory_is_refused(student: Path) -> None:
    (student / "vtlb.c").unlink()
    (student / "vtlb.c").mkdir()
    assert "not a regular file" in refusal(student)


def test_huge_file_is_refused(student: Path) -> None:
    with open(student / "vtlb.c", "ab") as file:
        file.truncate(1 << 40)
    assert "1099511627776 bytes" in refusal(student)


def test_binary_file_is_refused(student: Path) -> None:
    (student / "vtlb.c").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in refusal(student)


def test_missing_file_costs_its_steps_only(student: Path, tmp_path: Path) -> None:
    (student / "vtlb.c").unlink()
    graded = grade(tmp_path / "out", student, "--host-only", "--quiet")
    assert graded.status == 0 and graded.lost == {5}
    assert "vtlb.c is missing" in graded.step(5)["sentence"]


def test_files_may_lie_where_they_lie_in_the_tree(student: Path) -> None:
    text = (student / "vtlb.c").read_text()
    (student / "vtlb.c").unlink()
    (student / VTLB).parent.mkdir(parents=True)
    (student / VTLB).write_text(text)
    assert not submission.load(LAB, student).refused


def test_line_ends_of_windows_are_taken(student: Path) -> None:
    text = (student / "vtlb.c").read_text()
    (student / "vtlb.c").write_bytes(text.replace("\n", "\r\n").encode())
    assert submission.load(LAB, student).texts[VTLB] == text


def test_changes_outside_the_regions_do_not_count(student: Path) -> None:
    text = (student / "gwalk.c").read_text()
    (student / "gwalk.c").write_text(text.replace("#include", "#error never compiled\n#include"))
    composed = submission.compose(LAB, submission.load(LAB, student), {1, 3, 4})
    assert composed[GWALK] == (TREE / GWALK).read_text()


@pytest.mark.parametrize("body", [
    '#include "/etc/passwd"',
    '\tx;\n  #  include "/etc/passwd"',
    '\\\n#define X',
    '%:include "/etc/passwd"',
    '/* */ asm(".incbin \\"/etc/passwd\\"");',
    '__asm__ volatile ("");',
    'asm_inline("");',
    '_Pragma("GCC poison x")',
])
def test_region_is_plain_c(tmp_path: Path, body: str) -> None:
    student = rewritten("02", tmp_path / "student", 5, body)
    with pytest.raises(Failure, match="Step 5 in vtlb.c"):
        submission.compose(LAB, submission.load(LAB, student), {5})


def test_words_in_comments_and_strings_are_no_directives(tmp_path: Path) -> None:
    body = '\t/* asm\n#include\n*/ const char *s = "asm #";\t// __asm__'
    student = rewritten("02", tmp_path / "student", 5, body)
    submission.compose(LAB, submission.load(LAB, student), {5})


def test_line_joined_to_hide_a_directive_is_seen(tmp_path: Path) -> None:
    student = rewritten("02", tmp_path / "student", 5, "\tint x;\n\t__as\\\nm__(\"\");")
    with pytest.raises(Failure):
        submission.compose(LAB, submission.load(LAB, student), {5})
