"""The program under test, and a store of its own for each test."""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from registries import Stock

TREE = Path(__file__).resolve().parents[3]


class Cell:
    """cell-image with a store."""

    def __init__(self, program: Path, store: Path) -> None:
        self.program, self.store = program, store

    def command(self, *words: str | Path) -> list[str]:
        return [str(self.program), *map(str, words)]

    def run(self, *words: str | Path, **how: Any) -> subprocess.CompletedProcess[str]:
        how = {"capture_output": True, "text": True, "timeout": 120} | how
        how["env"] = os.environ | {"CELL_STORE": str(self.store)} | how.get("env", {})
        return subprocess.run(self.command(*words), **how)

    def ok(self, *words: str | Path, **how: Any) -> str:
        done = self.run(*words, **how)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def fails(self, *words: str | Path, **how: Any) -> str:
        """The one line that says why."""
        done = self.run(*words, **how)
        assert done.returncode in (1, 2), f"{words}: status {done.returncode}: {done.stdout} {done.stderr}"
        assert done.stderr.startswith("cell-image: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()

    def inspect(self, name: str) -> Any:
        return json.loads(self.ok("inspect", name))

    def images(self) -> Any:
        return json.loads(self.ok("images", "--json"))

    def blobs(self) -> set[str]:
        return {path.name for path in (self.store / "blobs/sha256").iterdir()}


@pytest.fixture(scope="session")
def program() -> Path:
    if "CELL_IMAGE" in os.environ:
        return Path(os.environ["CELL_IMAGE"]).resolve()
    out = TREE / "build/native"
    # The runtime lies beside it: RUN needs it.
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={out}", out / "bin/cell-image", out / "bin/cell"],
                   check=True)
    return out / "bin/cell-image"


@pytest.fixture
def cell(program: Path, tmp_path: Path) -> Cell:
    return Cell(program, tmp_path / "store")


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    registry = Stock(tmp_path_factory.mktemp("registry") / "r")
    yield registry
    registry.stop()


@pytest.fixture
def podman() -> Iterator[list[str]]:
    """With a store of its own; podman takes only short paths."""
    with tempfile.TemporaryDirectory(prefix="pod") as path:
        yield ["podman", "--root", f"{path}/root", "--runroot", f"{path}/run", "--storage-driver", "vfs"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")
