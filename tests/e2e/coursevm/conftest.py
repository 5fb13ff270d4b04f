"""What the tests of the course VM share: a way to run the real launcher, and a broken module."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
COURSEVM = TREE / "coursevm"
sys.path.insert(0, str(COURSEVM))

PANIC, TIMEOUT, ENDED, TROUBLE = 121, 122, 123, 125


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The launcher is the same whatever kernel it boots: the slow one has tests of its own."""
    if os.environ.get("KERNEL") != "debug":
        return
    for item in items:
        if "small_tree" in getattr(item, "fixturenames", ()) and item.path.name != "test_debug.py":
            item.add_marker(pytest.mark.skip(reason="does not depend on the debug kernel"))


@dataclass
class Ended:
    """How one run of the launcher ended."""

    status: int
    stdout: bytes
    stderr: str
    out: Path

    @property
    def kernel_log(self) -> str:
        return (self.out / "kernel.log").read_text()


@pytest.fixture(scope="session")
def small_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project tree that nobody else writes to."""
    tree = tmp_path_factory.mktemp("tree")
    (tree / "hello.txt").write_text("hello\n")
    return tree


@pytest.fixture(scope="session")
def kernel() -> str:
    return os.environ.get("KERNEL") or "6.12"


@pytest.fixture(scope="session")
def image(kernel: str) -> None:
    """The image is there, so that no run has to say that it makes it."""
    for part in ("--path", "--initramfs"):
        subprocess.run([COURSEVM / "image", "--kernel", kernel, part], check=True,
                       stdout=subprocess.DEVNULL)


@pytest.fixture
def vm(tmp_path: Path, small_tree: Path, image: None) -> Callable[..., Ended]:
    """Runs coursevm/run with the given options and command."""
    count = 0

    def run(*command: str, options: tuple[str, ...] = ("--snapshot",),
            env: dict[str, str] | None = None) -> Ended:
        nonlocal count
        count += 1
        out = tmp_path / f"out{count}"
        argv = [str(COURSEVM / "run"), "--tree", str(small_tree), "--out", str(out), *options,
                "--", *command]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                              env=os.environ | (env or {}), check=False)
        return Ended(done.returncode, done.stdout, done.stderr.decode(errors="replace"), out)

    return run


@pytest.fixture(scope="session")
def broken_module(kernel: str) -> Iterator[Path]:
    """broken.ko for the kernel under test, built the way the real modules are."""
    parent = TREE / "build" / "coursevm-tests"
    parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=parent))
    shutil.copytree(Path(__file__).parent / "broken", place, dirs_exist_ok=True)
    release = subprocess.run([COURSEVM / "image", "--kernel", kernel, "--release"],
                             stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    subprocess.run([COURSEVM / "enter", "--kernel", kernel, "--", "make", "-s", "-C",
                    f"/lib/modules/{release}/build", f"M=/virtlab/{place.relative_to(TREE)}",
                    "modules"], check=True)
    yield place / "broken.ko"
    shutil.rmtree(place)


@pytest.fixture
def break_kernel(vm: Callable[..., Ended], broken_module: Path) -> Callable[..., Ended]:
    """Loads the broken module in a VM."""
    def run(how: str, *options: str) -> Ended:
        return vm("insmod", "/root/broken.ko", f"how={how}",
                  options=("--snapshot", "--put", f"{broken_module}:/root/broken.ko", *options))
    return run
