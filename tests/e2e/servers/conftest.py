"""Of the servers' tests: programs and servers that several of them use, and which tests are for test-all."""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from directory_running import Directory, build_directory
from running import VARIANTS

TREE = Path(__file__).resolve().parents[3]
HTTP = TREE / "userland/servers/http"

# One variant of each design is enough for every day.
DAILY = {"sequential", "prefork", "pool", "epoll"}
# ... but not if a binary is given, such as one with sanitizers: what is most entangled is of most interest then.
if "HTTPD" in os.environ:
    DAILY |= {"loops", "helpers", "uring"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds, or is a variant of a design; for test-all")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if any(isinstance(value, str) and value in VARIANTS and value not in DAILY for value in values):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("http") / "http_to_json"
    sources = [Path(__file__).with_name("http_to_json.c"), *sorted(HTTP.glob("*.c"))]
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu17", "-O1", "-g", "-D_GNU_SOURCE", f"-I{HTTP}",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror",
                    "-o", out, *sources], check=True)
    return out


@pytest.fixture(scope="session")
def directory_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_directory(tmp_path_factory.mktemp("directory"))


@pytest.fixture
def start_directory(directory_program: Path) -> Iterator[Callable[..., Directory]]:
    """What starts directories, with options as on the command line; they end with the test, and well."""
    started: list[Directory] = []

    def go(*options: str | Path, **how: int) -> Directory:
        started.append(Directory(directory_program, *options, **how))
        return started[-1]

    yield go
    for d in started:
        assert d.stop() in (0, -signal.SIGKILL)
