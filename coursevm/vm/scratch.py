"""A directory for the files of one run, gone with it, also after a run that was killed."""
from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import cache


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
def directory() -> Iterator[Path]:
    """An empty directory that exists as long as the block runs."""
    runs = cache.directory() / "run"
    runs.mkdir(exist_ok=True)
    sweep(runs)
    path = Path(tempfile.mkdtemp(dir=runs))
    with open(path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # the lock is QEMU's too: a run whose launcher died lasts until QEMU is gone
        os.set_inheritable(lock.fileno(), True)
        try:
            yield path
        finally:
            cache.remove(path)
