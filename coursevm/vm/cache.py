"""Where things are kept, and how a thing is built once and never used half-built.

Everything lives under one directory. An entry `<name>-<key>` is built under a temporary name
and renamed when it is whole; the key is a hash of all that it is made from, so an entry that
exists is right. A lock file per entry keeps two builders apart.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import CourseVMError

PARTIAL = ".partial-"
# costs ten minutes, and whether it is current only the mirror knows
KEPT = "debug-build-"


def directory() -> Path:
    """The course VM's part of the cache, made if missing."""
    env = os.environ
    base = env.get("VIRTLAB_CACHE")
    if base:
        root = Path(base)
    else:
        root = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "virtlab"
    path = root.absolute() / "coursevm"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise CourseVMError(f"cache directory cannot be made: {path}: {e.strerror}: "
                            "set VIRTLAB_CACHE to a directory that you may write") from e
    return path


def key(*parts: str | bytes | Path) -> str:
    """A short hash of texts and of the contents of files."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:16]


def progress(text: str) -> None:
    """One line for the person who waits."""
    print(f"coursevm: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds the lock of one entry; says so if that means waiting for another builder."""
    with open(directory() / f".lock-{name}", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"{name}: another process builds it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove(path: Path) -> None:
    """Removes a tree even where an image's directories are not writable."""
    def unlock(function: Callable, name: str, _error: object) -> None:
        os.chmod(os.path.dirname(name), 0o755)
        if os.path.isdir(name) and not os.path.islink(name):
            os.chmod(name, 0o755)
        function(name)

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=unlock)
    else:
        path.unlink(missing_ok=True)


def entry(kind: str, digest: str, build: Callable[[Path], None]) -> Path:
    """The directory of entry `kind-digest`; `build` fills it first if there is none.

    `build` gets an empty directory. If it raises, nothing of it stays.
    """
    name = f"{kind}-{digest}"
    path = directory() / name
    if path.is_dir():
        return path
    with locked(name):
        if path.is_dir():
            return path
        for left in directory().glob(f"{PARTIAL}{name}-*"):
            remove(left)
        partial = directory() / f"{PARTIAL}{name}-{os.getpid()}"
        partial.mkdir()
        start = time.monotonic()
        try:
            build(partial)
            # a directory's new name must not reach the disk before its contents
            os.sync()
            partial.rename(path)
        except BaseException:
            remove(partial)
            raise
        progress(f"{kind}: ready after {time.monotonic() - start:.0f} s")
    return path


def stale(current: set[Path]) -> list[Path]:
    """Entries and leftovers that no current recipe leads to."""
    keep = {path.name for path in current} | {"debs", "debs-base", "enter", "run"}
    return sorted(p for p in directory().iterdir()
                  if p.is_dir() and p.name not in keep and not in_use(p)
                  and not p.name.startswith(KEPT))


def in_use(path: Path) -> bool:
    """True if a builder holds the entry's lock right now."""
    name = path.name
    if name.startswith(PARTIAL):
        name = name[len(PARTIAL):].rpartition("-")[0]
    lock = directory() / f".lock-{name}"
    if not lock.exists():
        return False
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
