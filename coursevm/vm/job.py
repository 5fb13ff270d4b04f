"""The job disk: the command, its surroundings and the project tree, for one run.

guest/job.c reads it. Its size is fixed: a snapshot's job disk is swapped for another one.
"""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import disk
from .errors import CourseVMError

SIZE = 1024 * disk.MIB
INODES = 32768

# Of build/, what a guest uses: programs, guests' images, and the modules of its own kernel.
BUILT = ("bin", "guests")
NOT_USED = (".o", ".d", ".cmd", ".mod", ".mod.c", ".pyc", ".qcow2", ".ext4")
NOT_ENTERED = {".git", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache"}

ENVIRONMENT = {
    "PATH": "/virtlab/build/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "LANG": "C.UTF-8", "SHELL": "/bin/bash", "TERM": "linux",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass
class Job:
    """What one run does in the guest."""

    argv: Sequence[str]
    kernel: str
    tree: Path | None = None
    puts: Sequence[tuple[Path, str]] = ()
    settings: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)


def tree_files(tree: Path, kernel: str) -> Iterator[Path]:
    """What of the project tree goes into the guest, relative to it."""
    for top, directories, files in os.walk(tree):
        here = Path(top).relative_to(tree)
        if here == Path("."):
            directories[:] = [d for d in directories if d != "build" or (tree / d).is_dir()]
        if here == Path("build"):
            directories[:] = [d for d in directories if d in BUILT or d == "kernel"]
            files = []
        if here == Path("build/kernel"):
            directories[:] = [d for d in directories if d == kernel]
        directories[:] = sorted(d for d in directories if d not in NOT_ENTERED)
        yield here
        yield from (here / f for f in sorted(files) if not f.endswith(NOT_USED))


def place(source: Path, target: Path) -> None:
    """Puts a file into the staging directory: a hard link where possible, else a copy."""
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def stage_tree(tree: Path, kernel: str, target: Path) -> None:
    for path in tree_files(tree, kernel):
        source = tree / path
        if source.is_symlink() or source.is_file():
            place(source, target / path)
        elif source.is_dir():
            (target / path).mkdir(parents=True, exist_ok=True)
    # the guest sees when a directory was changed, not when it was staged
    for path in tree_files(tree, kernel):
        if (target / path).is_dir() and not (target / path).is_symlink():
            shutil.copystat(tree / path, target / path)


def stage_put(source: Path, destination: str, target: Path) -> None:
    """Stages one --put: SRC, a file or a directory, appears in the guest as DST."""
    if not destination.startswith("/"):
        raise CourseVMError(f"file cannot be placed: {source}:{destination}: the place in the "
                            "guest is relative: write it as /an/absolute/path")
    parts = [p for p in destination.split("/") if p not in ("", ".")]
    if ".." in parts:
        raise CourseVMError(f"file cannot be placed: {source}:{destination}: '..' is not "
                            "understood: write the plain path")
    # the project tree covers /virtlab, so what goes there goes into the tree
    area = target / "tree" if parts[:1] == ["virtlab"] else target / "put"
    inside = area.joinpath(*(parts[1:] if parts[:1] == ["virtlab"] else parts))
    if destination.endswith("/") and not source.is_dir():
        inside = inside / source.name
    inside.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, inside, symlinks=True, dirs_exist_ok=True)
    elif source.is_file():
        inside.unlink(missing_ok=True)
        shutil.copy2(source, inside)
    else:
        raise CourseVMError(f"file cannot be placed: {source}: no such file")


def vector(items: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(item) + b"\0" for item in items)


def make(job: Job, scratch: Path, extra: dict[str, str]) -> Path:
    """Makes the job disk in `scratch`, with more settings than the job's own. Returns it."""
    stage = scratch / "job"
    (stage / "job").mkdir(parents=True)
    if job.tree:
        (stage / "tree").mkdir()
        stage_tree(job.tree, job.kernel, stage / "tree")
    for source, destination in job.puts:
        stage_put(source, destination, stage)
    env = ENVIRONMENT | {"KERNEL": job.kernel} | job.env
    settings = {"cwd": "/virtlab" if job.tree else "/"} | job.settings | extra
    (stage / "job/argv").write_bytes(vector(job.argv))
    (stage / "job/environ").write_bytes(vector([f"{k}={v}" for k, v in env.items()]))
    (stage / "job/settings").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    image = scratch / "job.ext4"
    disk.make(image, stage, SIZE, INODES)
    shutil.rmtree(stage)
    return image
