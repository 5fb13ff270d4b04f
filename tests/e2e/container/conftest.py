# SPDX-License-Identifier: GPL-2.0-only
"""The runtime under test, a bundle for each test, and a look at what is left over."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).resolve().parents[3]
CGROUPS = Path("/sys/fs/cgroup")


class Bundle:
    """A folder with a busybox root and the configuration that `cell spec` writes, to be changed."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        self.path, self.config = path, config

    @property
    def root(self) -> Path:
        return self.path / "rootfs"

    def sh(self, script: str) -> Bundle:
        self.config["process"]["args"] = ["/bin/sh", "-c", script]
        return self

    def write(self) -> Path:
        (self.path / "config.json").write_text(json.dumps(self.config))
        return self.path

    def grant(self, *names: str) -> Bundle:
        """These capabilities and no others, in the sets that a root process uses."""
        for which in ("bounding", "effective", "permitted"):
            self.config["process"]["capabilities"][which] = [f"CAP_{name}" for name in names]
        return self


class Cell:
    """The program with a state root of its own."""

    def __init__(self, program: Path, root: Path) -> None:
        self.program, self.root, self.made = program, root, 0

    def command(self, *words: str | Path) -> list[str]:
        return [str(self.program), "--root", str(self.root), *map(str, words)]

    def do(self, *words: str | Path, **how: Any) -> subprocess.CompletedProcess[str]:
        how = {"capture_output": True, "text": True, "timeout": 20, "stdin": subprocess.DEVNULL} | how
        return subprocess.run(self.command(*words), **how)

    def ok(self, *words: str | Path, **how: Any) -> str:
        done = self.do(*words, **how)
        assert done.returncode == 0, f"{words}: status {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout

    def fails(self, *words: str | Path, **how: Any) -> str:
        """The one line that says why."""
        done = self.do(*words, **how)
        assert done.returncode in (1, 2), f"{words}: status {done.returncode}: {done.stdout} {done.stderr}"
        assert done.stderr.startswith("cell: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()

    def name(self) -> str:
        self.made += 1
        return f"t{os.getpid()}-{self.made}"

    def run(self, bundle: Bundle, *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return self.do("run", *options, "--bundle", bundle.write(), self.name(), **how)

    def out(self, bundle: Bundle, *options: str, **how: Any) -> str:
        """What a container prints that ends well."""
        done = self.run(bundle, *options, **how)
        assert done.returncode == 0, f"status {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout

    def refuses(self, bundle: Bundle) -> str:
        return self.fails("run", "--bundle", bundle.write(), self.name())

    def start(self, bundle: Bundle) -> str:
        """One that runs; its streams are nobody's, as with a caller that goes away."""
        name = self.name()
        self.ok("run", "--detach", "--bundle", bundle.write(), name,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, capture_output=False)
        return name

    def state(self, name: str) -> dict[str, Any]:
        return json.loads(self.ok("state", name))

    def wait_for(self, name: str, status: str) -> dict[str, Any]:
        return until(lambda: (now := self.state(name))["status"] == status and now, f"{name} is {status}")


def until(true: Callable[[], Any], what: str, seconds: float = 5) -> Any:
    """Its first answer that is true."""
    end = time.monotonic() + seconds
    while True:
        answer = true()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def make_bundle(path: Path, program: Path) -> Bundle:
    busybox = shutil.which("busybox")
    if not busybox:
        pytest.skip("needs busybox-static: scripts/setup installs it")
    (path / "rootfs/bin").mkdir(parents=True)
    for name in ("proc", "sys", "dev", "tmp", "etc"):
        (path / "rootfs" / name).mkdir()
    shutil.copy(busybox, path / "rootfs/bin/busybox")
    for name in ("sh", "cat", "id", "sleep", "ls", "echo", "mount", "stat", "grep", "touch", "true", "test", "kill",
                 "hostname", "tty", "stty", "mkdir", "mknod", "ln", "head", "readlink", "dd", "ip", "ps", "chmod", "httpd",
                 "wget"):
        (path / "rootfs/bin" / name).symlink_to("busybox")
    subprocess.run([program, "spec", "--bundle", path], check=True)
    config = json.loads((path / "config.json").read_text())
    config["process"]["terminal"] = False
    return Bundle(path, config)


@pytest.fixture(scope="session")
def program() -> Path:
    if "CELL" in os.environ:
        return Path(os.environ["CELL"]).resolve()
    out = TREE / "build/native"
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={out}", out / "bin/cell"], check=True)
    return out / "bin/cell"


def groups() -> set[str]:
    """Control groups of this run's containers, in every hierarchy."""
    mark = f"t{os.getpid()}-"
    return {folder for folder, _, _ in os.walk(CGROUPS) if mark in folder}


def processes(root: Path) -> set[str]:
    """Command lines that name a state root of ours."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(root) in text:
            found.add(f"{entry.name}: {text}")
    return found


def mounts() -> list[str]:
    return Path("/proc/self/mounts").read_text().splitlines()


def left_over(cell: Cell, before: list[str]) -> dict[str, Any]:
    """What is there and should not be; empty values where all is well."""
    kept = [path.name for path in cell.root.glob("*") if path.name != ".seccomp"] if cell.root.exists() else []
    new = [line for line in mounts() if line not in before and str(cell.root.parent) in line]
    return {"groups": groups(), "processes": processes(cell.root), "mounts": new, "state": kept}


@pytest.fixture
def cell(program: Path, tmp_path: Path) -> Iterator[Cell]:
    """Whatever a test leaves running is deleted; what `delete --force` leaves behind fails the test."""
    before = mounts()
    cell = Cell(program, tmp_path / "state")
    yield cell
    for path in sorted(cell.root.glob("*")) if cell.root.exists() else []:
        if path.name != ".seccomp":
            cell.do("delete", "--force", path.name)
    try:
        until(lambda: not any(left_over(cell, before).values()), "nothing is left over", 2)
    except AssertionError:
        assert not left_over(cell, before), "left over"


@pytest.fixture
def bundle(program: Path, tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "bundle", program)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")
