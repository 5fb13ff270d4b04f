"""A directory for the files of one run, gone with it, also after a run that was killed."""
from __future__ import annotations

import contextlib
import fcntl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import cache


@dataclass(frozen=True)
class Scratch:
    """A run's directory, and the descriptor of its lock.

    QEMU inherits the lock: a run whose launcher died lasts until QEMU is gone.
    """

    path: Path
    lock: int


def sweep(runs: Path) -> None:
    """Removes the directories of runs that are no more: nobody holds their lock."""
    for path in runs.iterdir():
        try:
            with open(path / "lock") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cache.remove(path)
        except OSError:
            continue


@contextlib.contextmanager
def directory() -> Iterator[Scratch]:
    """An empty directory that exists as long as the block runs."""
    runs = cache.directory() / "run"
    runs.mkdir(exist_ok=True)
    sweep(runs)
    path = Path(tempfile.mkdtemp(dir=runs))
    with open(path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield Scratch(path, lock.fileno())
        finally:
            cache.remove(path)
