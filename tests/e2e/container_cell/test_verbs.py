"""Verbs of other programs, reached through cell."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Cell

VERBS = ["pull", "push", "load", "save", "images", "inspect", "history", "tag", "rmi", "prune", "verify", "unpack"]


@pytest.mark.parametrize("verb", [*VERBS, "build", "compose"])
def test_a_verb_of_a_program_that_is_missing_says_which_and_where(program: Path, tmp_path: Path, verb: str) -> None:
    alone = shutil.copy(program, tmp_path / "cell")
    done = subprocess.run([alone, verb, "x"], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    tool = "cell-compose" if verb == "compose" else "cell-image"
    assert done.returncode == 1
    assert done.stderr == (f"cell: {verb}: needs the program {tool}, which is neither in {tmp_path} nor in PATH: build "
                           "or install it (make native)\n")


def test_an_image_cannot_run_without_cell_image(program: Path, tmp_path: Path) -> None:
    alone = shutil.copy(program, tmp_path / "cell")
    command = [alone, "--root", tmp_path / "run", "run", "--image", "box:1"]
    done = subprocess.run(command, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "CELL_DATA": str(tmp_path / "data")})
    assert done.returncode == 1
    assert "needs the program cell-image, which is neither in" in done.stderr
    assert not list((tmp_path / "run/.run").iterdir())


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_of_images_is_cell_images_own(bare: Cell, verb: str) -> None:
    own = subprocess.run([bare.program.parent / "cell-image", verb, "--nonsense"], capture_output=True, text=True)
    through = bare(verb, "--nonsense")
    assert (through.returncode, through.stderr) == (own.returncode, own.stderr)


def test_it_is_found_in_path(program: Path, tmp_path: Path) -> None:
    alone = shutil.copy(program, tmp_path / "cell")
    done = subprocess.run([alone, "images"], capture_output=True, text=True,
                          env={"PATH": f"/nowhere:{program.parent}", "CELL_STORE": str(tmp_path / "store")})
    assert (done.returncode, done.stderr) == (0, "")


def test_path_does_not_mean_the_working_folder(program: Path, tmp_path: Path) -> None:
    alone = shutil.copy(program, tmp_path / "cell")
    (tmp_path / "here").mkdir()
    trap = tmp_path / "here/cell-image"
    trap.write_text("#!/bin/sh\necho trapped\n")
    trap.chmod(0o755)
    done = subprocess.run([alone, "images"], capture_output=True, text=True, cwd=tmp_path / "here",
                          env=os.environ | {"PATH": ":/usr/bin::/bin"})
    assert done.returncode == 1 and done.stdout == ""


def test_prune_removes_the_files_of_an_image_that_is_gone(cell: Cell) -> None:
    cell.run("true")
    trees = cell.folder / "data/trees"
    assert len(list(trees.iterdir())) == 1
    cell.ok("prune")
    assert len(list(trees.iterdir())) == 1
    cell.ok("run", "--image", "box:1", "--name", "kept", "--net", "none", "true")
    cell.ok("rmi", "box:1")
    assert len(list(trees.iterdir())) == 1, "a container lies on it"
    cell.ok("delete", "kept")
    cell.ok("prune")
    assert not list(trees.iterdir())
