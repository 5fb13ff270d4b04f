"""The image to begin with: made without a network, the same each time, good enough to build on."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from conftest import Cell


def test_it_is_the_same_each_time(cell: Cell, program: Path, tmp_path: Path) -> None:
    first = cell.ok("base")

    again = Cell(program, tmp_path / "another").ok("base", "other:1", env={"TMPDIR": str(tmp_path)})

    assert first == again
    assert cell.images()[0]["name"] == "localhost/base:latest"
    assert not list(tmp_path.glob("cell-base-*"))


def test_one_builds_on_it_and_runs_what_comes_out(cell: Cell, tmp_path: Path) -> None:
    cell.ok("base")
    cell.ok("build", "-q", "-t", "t", "-f", "-", input="FROM base\nRUN seq 3 | tac > /n && id -un >> /n\nCMD cat /n\n")
    cell.ok("unpack", "t", tmp_path / "bundle")

    out = subprocess.run([cell.program.parent / "cell", "--root", tmp_path / "state", "run", "-b", tmp_path / "bundle",
                          f"base-test-{os.getpid()}"], capture_output=True, text=True)

    assert out.stdout == "3\n2\n1\nroot\n", out.stderr
    assert (tmp_path / "bundle/rootfs/tmp").stat().st_mode & 0o7777 == 0o1777


def test_a_busybox_that_would_not_run_is_refused(cell: Cell, tmp_path: Path) -> None:
    assert "is not static: install busybox-static" in cell.fails("base", "--busybox", "/bin/bash")
    (tmp_path / "text").write_text("#!/bin/sh\n" * 20)
    assert "is no 64-bit ELF program" in cell.fails("base", "--busybox", tmp_path / "text")
    assert "No such file" in cell.fails("base", "--busybox", tmp_path / "nowhere")
    shutil.copy("/usr/bin/busybox", tmp_path / "b")
    assert cell.ok("base", "--busybox", tmp_path / "b") == cell.ok("base")
