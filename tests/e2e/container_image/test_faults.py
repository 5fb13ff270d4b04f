"""Each system call of what changes a store, or a bundle, fails once, or is the last: nothing is lost, nothing is left,
and the next time it works."""
from __future__ import annotations

import itertools
import os
import resource
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Cell
from images import MANIFEST, Layer, image, tree
from registries import Stock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import system_calls

pytestmark = pytest.mark.skipif(not shutil.which("strace") or os.geteuid() != 0, reason="needs strace, and root")


@dataclass
class Work:
    """
    A command on a copy of a store: what it needs before, and what is there after; whether it keeps what it has so far,
    and whether it is several threads.
    """

    cell: Cell
    words: list[str]
    before: Callable[[], None]
    result: Callable[[], object]
    after: Callable[[], None]
    resumes: bool = False
    threads: bool = False

    def ends(self, right: object) -> bool:
        try:
            return self.result() == right
        except (AssertionError, OSError):
            return False

    def strace(self, out: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
        follow = ["-f"] if self.threads else []
        return subprocess.run(["strace", "-qq", *follow, "-o", str(out), *words, *self.cell.command(*self.words)],
                              env=os.environ | {"CELL_STORE": str(self.cell.store)}, stdin=subprocess.DEVNULL,
                              preexec_fn=within_limits, capture_output=True, text=True, timeout=60)


def within_limits() -> None:
    """Whatever a fault makes of it: strace that is killed lets it go on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


def made(trace: Path) -> Counter[str]:
    return system_calls.made(trace.read_text(errors="replace"))


def calls(work: Work, tmp_path: Path, step: int) -> Iterator[tuple[str, int]]:
    """
    Of cell-image itself: the runtime has a test of its own. Those of the loader, which any command makes, are left out.
    """
    subprocess.run(["strace", "-qq", "-o", tmp_path / "start", *work.cell.command("--help")], check=True,
                   stdout=subprocess.DEVNULL)
    start = made(tmp_path / "start")
    work.before()
    assert work.strace(tmp_path / "trace").returncode == 0
    work.after()
    every = [(call, number) for call, count in sorted(made(tmp_path / "trace").items())
             for number in range(start[call] + 1, count + 1)]
    yield from every[::step]


def mounts(ours: Path) -> Counter[str]:
    """What is mounted where, and how often: of what is in a folder, or lies on it. Others on this host mount, too."""
    return Counter(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
                   if f"{ours}/" in line)


def right_of(work: Work) -> object:
    """What comes of it if nothing goes wrong."""
    work.before()
    work.cell.ok(*work.words)
    right = work.result()
    work.after()
    return right


def kill_at_all(work: Work, tmp_path: Path, step: int) -> int:
    """How often it was killed."""
    todo, right, killed, found = list(calls(work, tmp_path, step)), right_of(work), 0, []
    for call, number in todo:
        where = f"killed at {call} number {number}"
        work.before()
        killed += work.strace("/dev/null", "-e", f"trace={call}", "-e",
                              f"inject={call}:signal=KILL:when={number}").returncode != 0
        if not work.ends(right):
            # What a bundle is to be has to be made from nothing.
            work.after()
            again = work.cell.run(*work.words)
            if again.returncode or work.result() != right:
                found.append(f"{where}: the next time: {again.stderr}")
        # What could be gone on with is in tmp until then.
        work.cell.ok("prune")
        verified = work.cell.run("verify")
        if verified.returncode or list((work.cell.store / "tmp").iterdir()) or not work.ends(right):
            found.append(f"{where}: the store: {verified.stdout}{verified.stderr}")
        work.after()
    assert not found, "\n".join(found)
    return killed


def try_all(work: Work, tmp_path: Path, step: int) -> int:
    """How many failed."""
    todo, right, failed, found = list(calls(work, tmp_path, step)), right_of(work), 0, []
    for call, number in todo:
        where = f"{call} number {number}"
        work.before()
        before = mounts(tmp_path)
        done = work.strace("/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error=ENOMEM:when={number}")
        if done.returncode == 0:
            if work.result() != right:
                found.append(f"{where}: ends well, and the result is another")
        else:
            failed += 1
            if done.returncode != 1 or ("cell-image: " not in done.stderr and call not in ("write", "writev")):
                found.append(f"{where}: status {done.returncode}: {done.stderr}")
            if left := mounts(tmp_path) - before:
                found.append(f"{where}: leaves {left} mounted: {done.stderr}")
            # What umount could not remove it leaves to whoever called it, and says so; and some are done before.
            if "remove the folder" not in done.stderr and not work.ends(right):
                again = work.cell.run(*work.words)
                if again.returncode or work.result() != right:
                    found.append(f"{where}: {done.stderr}    the next time: {again.stderr}")
        if work.resumes:
            work.cell.ok("prune")
        verified = work.cell.run("verify")
        if verified.returncode or list((work.cell.store / "tmp").iterdir()):
            found.append(f"{where}: {done.stderr}    the store: {verified.stdout}{verified.stderr}")
        work.after()
    assert not found, "\n".join(found)
    return failed


# --- the commands ---

def layers() -> list[Layer]:
    return [Layer().folder("bin").file("bin/sh", Path("/usr/bin/busybox").read_bytes(), mode=0o755).folder("etc")
            .file("etc/a", "a").folder("proc"), Layer().folder("etc").file("etc/a", "other").file("etc/.wh.b", "")]


def digest_there(name: str) -> str:
    """Of what a registry has by a name."""
    registry, _, rest = name.partition("/")
    repository, _, tag = rest.partition(":")
    ask = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFEST})
    try:
        with urllib.request.urlopen(ask, timeout=20) as answer:
            digest = str(answer.headers["Docker-Content-Digest"])
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{name}: {error}") from None
    assert digest.startswith("sha256:"), f"{name}: the registry says no digest"
    return digest


@pytest.fixture
def work(cell: Cell, tmp_path: Path, stock: Stock) -> Callable[[str], Work]:
    archive, kept, bundle, folder = (tmp_path / name for name in ("in.tar", "kept", "bundle", "folder"))
    image(*layers()).write(archive)
    first = Cell(cell.program, kept)

    def empty() -> None:
        shutil.rmtree(cell.store, ignore_errors=True)
        cell.ok("images")

    def loaded() -> None:
        shutil.rmtree(cell.store, ignore_errors=True)
        if not kept.exists():
            first.ok("load", "-i", archive)
        shutil.copytree(kept, cell.store, symlinks=True)

    def nothing() -> None:
        pass

    def unmount() -> None:
        subprocess.run(["umount", "-q", bundle / "rootfs"], check=False)
        shutil.rmtree(bundle, ignore_errors=True)

    def mounted() -> None:
        loaded()
        cell.ok("mount", "test:1", bundle)

    def made_bundle() -> object:
        """All but the root's own time, which no layer says."""
        files = [(key, repr(value)) for key, value in tree(bundle / "rootfs").items() if key != "."]
        return sorted(files), (bundle / "config.json").read_text()

    def make(kind: str) -> Work:
        if kind == "load":
            return Work(cell, ["load", "-i", str(archive)], empty, cell.images, nothing)
        if kind == "save":
            saved = tmp_path / "out.tar"
            return Work(cell, ["save", "-o", str(saved), "test:1"], loaded, saved.read_bytes,
                        lambda: saved.unlink(missing_ok=True))
        if kind == "pull":
            name = f"{stock.name}/{tmp_path.name}:1"
            loaded()
            cell.ok("push", "test:1", name)
            return Work(cell, ["pull", "--parallel", "1", name], empty, cell.images, nothing,
                        resumes=True, threads=True)
        if kind == "push":
            words = ["push", "--parallel", "1", "test:1", ""]

            def elsewhere() -> None:
                """A registry takes no layer that it has."""
                loaded()
                words[-1] = f"{stock.name}/{tmp_path.name}-{next(turn)}:1"

            turn = itertools.count()
            return Work(cell, words, elsewhere, lambda: digest_there(words[-1]), nothing, threads=True)
        if kind == "rmi":
            return Work(cell, ["rmi", "test:1"], loaded, cell.images, nothing)
        if kind == "unpack":
            return Work(cell, ["unpack", "test:1", str(bundle)], loaded, made_bundle, unmount)
        if kind == "mount":
            return Work(cell, ["mount", "test:1", str(bundle)], loaded, made_bundle, unmount)
        if kind == "umount":
            return Work(cell, ["umount", str(bundle)], mounted, bundle.exists, unmount)
        folder.mkdir()
        (folder / "b").write_text("b")
        (folder / "Containerfile").write_text("FROM test:1\nCOPY b /etc/\nRUN echo c > /etc/c\n")
        return Work(cell, ["build", "-q", "-t", "built", str(folder)], loaded, lambda: cell.inspect("built")["id"],
                    nothing)
    return make


KINDS = ["load", "save", "pull", "push", "rmi", "unpack", "mount", "umount", "build"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_command_that_fails_loses_nothing_some_calls(work: Callable[[str], Work], tmp_path: Path, kind: str) -> None:
    assert try_all(work(kind), tmp_path, {"build": 41, "umount": 5}.get(kind, 11)) > 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_command_that_fails_loses_nothing_every_call(work: Callable[[str], Work], tmp_path: Path, kind: str) -> None:
    assert try_all(work(kind), tmp_path, 1) > 20


# What umount leaves when it is killed is a folder like any other.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "umount"])
def test_a_kill_loses_nothing_some_calls(work: Callable[[str], Work], tmp_path: Path, kind: str) -> None:
    assert kill_at_all(work(kind), tmp_path, 41) > 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "umount"])
def test_a_kill_loses_nothing_every_call(work: Callable[[str], Work], tmp_path: Path, kind: str) -> None:
    assert kill_at_all(work(kind), tmp_path, 1) > 20
