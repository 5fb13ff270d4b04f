"""cell with its images and networks, on a host of its own: a network namespace with an uplink, folders of this test.

    outside 192.0.2.2 ---- eth0 192.0.2.1 host ---- cell0 ---- containers

Needs root, veth, bridges, nftables and overlays. The image is busybox and nothing else.
"""
from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests/e2e/container_image"))
from images import Image, Layer, image  # noqa: E402

NUMBERS = itertools.count()
# The first words of most commands here.
ALONE = ("run", "--image", "box:1", "--net", "none")
APPLETS = ("sh ls cat echo ps id env sleep hostname wget httpd nc kill touch mount true false ip stty head dd yes "
           "mkdir test grep df rm date pwd trap tail printf readlink stat wc sed cut seq sort").split()


def busybox(**run: Any) -> Image:
    layer = Layer()
    for folder in ("bin", "etc", "tmp", "root", "srv", "home", "home/ann"):
        layer.folder(f"{folder}/")
    layer.file("bin/busybox", Path("/bin/busybox").read_bytes(), mode=0o755)
    for applet in APPLETS:
        layer.symlink(f"bin/{applet}", "busybox")
    layer.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000:ann:/home/ann:/bin/sh\n")
    layer.file("etc/group", "root:x:0:\nann:x:1000:\nwheel:x:10:ann\n")
    return image(layer, run={"Cmd": ["/bin/sh", "-c", "echo of the image"], "Env": ["PATH=/bin", "COLOUR=red"]} | run,
                 names=["localhost/box:1"])


def wait_for(what: Callable[[], Any], seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


class Cell:
    """cell with a state root, a store and data of its own, in a network namespace of its own."""

    def __init__(self, program: Path, folder: Path, name: str) -> None:
        self.program, self.folder, self.name = program, folder, name
        self.root = folder / "run"
        self.env = os.environ | {"CELL_STORE": str(folder / "store"), "CELL_DATA": str(folder / "data"), "LC_ALL": "C"}
        self.inside = ["nsenter", f"--net=/run/netns/{name}"]
        self.names: set[str] = set()

    def command(self, *words: object) -> list[str]:
        return [*self.inside, str(self.program), "--root", str(self.root), *map(str, words)]

    def __call__(self, *words: object, timeout: float = 60, **how: Any) -> subprocess.CompletedProcess[str]:
        self.names |= {str(name) for word, name in zip(words, words[1:]) if word == "--name"}
        how = {"capture_output": True, "text": True, "env": self.env, "stdin": subprocess.DEVNULL} | how
        if "input" in how:
            del how["stdin"]
        done = subprocess.run(self.command(*words), timeout=timeout, check=False, **how)
        self.names |= set(re.findall(r"^compose: (\S+-\d+)$", done.stderr or "", re.M))
        return done

    def ok(self, *words: object, **how: Any) -> str:
        done = self(*words, **how)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fails(self, *words: object, status: int = 1, **how: Any) -> str:
        """Its one line of why."""
        done = self(*words, **how)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        lines = [line for line in done.stderr.splitlines() if line.startswith("cell: ")]
        assert len(lines) == 1, done.stderr
        return lines[0]

    def run(self, *words: object, **how: Any) -> str:
        """Of the image, to its end, without a network unless one is named."""
        net = [] if any(str(w).startswith(("--net", "-p")) for w in words) else ["--net", "none"]
        return self.ok("run", "--image", "box:1", "--rm", *net, *words, **how)

    def host(self, *command: object, check: bool = True, timeout: float = 30) -> str:
        done = subprocess.run([*self.inside, *map(str, command)], capture_output=True, text=True, timeout=timeout,
                              check=False)
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def curl(self, url: str, check: bool = True) -> str:
        return self.host("curl", "-sS", "--noproxy", "*", "-m", 4 if check else 1, url, check=check)

    def list(self) -> dict[str, Any]:
        return {c["id"]: c for c in json.loads(self.ok("list", "--format", "json"))}

    def status(self, name: str) -> str:
        return self.list().get(name, {}).get("status", "gone")

    def left(self) -> dict[str, Any]:
        """Everything that a container can leave on a host."""
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        files = sorted(str(p.relative_to(self.folder)) for place in ("run", "data/containers")
                       for p in (self.folder / place).rglob("*")) if self.folder.exists() else []
        # Others on this machine have containers, too.
        groups = sorted(str(p) for pattern in ("cell-*", "*/cell-*") for p in Path("/sys/fs/cgroup").glob(pattern)
                        if p.name.removeprefix("cell-") in self.names)
        return {
            "mounts": [m for m in mounts if m.startswith(str(self.folder))],
            "files": [f for f in files if f not in ("run/.run", "run/.network", "run/.network/net") and
                      not f.startswith("run/.seccomp")],
            "groups": groups,
            "links": self.host("ip", "-o", "link"),
            "rules": self.host("nft", "list", "ruleset"),
            "processes": self.processes(),
        }

    def processes(self) -> list[str]:
        """Of this state root, that are not zombies: who reaps those is the machine's matter."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.root).encode() in words:
                found.append(b" ".join(words).decode())
        return found

    def end(self) -> None:
        for name in self.ok("list", "-q").split():
            self("delete", "--force", name)
        if (self.root / ".run").exists():
            for record in (self.root / ".run").iterdir():
                self("delete", "--force", record.name)


@pytest.fixture(scope="session")
def program() -> Path:
    out = TREE / "build/native"
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={out}",
                    *(out / "bin" / name for name in ("cell", "cell-image"))], check=True)
    return out / "bin/cell"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busybox().build().write(tmp_path_factory.mktemp("image") / "box.tar")


@pytest.fixture
def bare(program: Path, tmp_path: Path) -> Iterator[Cell]:
    """Without an image."""
    if os.geteuid():
        pytest.skip("needs root: network namespaces and overlays")
    name = f"cellt{os.getpid()}-{next(NUMBERS)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    cell = Cell(program, tmp_path, name)
    try:
        cell.host("ip", "link", "set", "lo", "up")
        cell.host("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
        cell.host("ip", "address", "add", "192.0.2.1/24", "dev", "eth0")
        cell.host("ip", "link", "set", "eth0", "up")
        cell.host("ip", "link", "set", "peer0", "up")
        cell.host("ip", "route", "add", "default", "via", "192.0.2.2")
        yield cell
        cell.end()
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


@pytest.fixture
def cell(bare: Cell, archive: Path) -> Cell:
    bare.ok("load", "-i", archive)
    return bare


@pytest.fixture
def tidy(cell: Cell) -> Iterator[Cell]:
    """After the test nothing is left: the test deletes what it made."""
    before = cell.left()
    yield cell
    # The last process of a container may still be on its way out.
    wait_for(lambda: cell.processes() == before["processes"])
    assert cell.left() == before


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")
