"""Fixtures of the servers' tests: the program that prints what the parser understands."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
HTTP = TREE / "userland/servers/http"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("http") / "http_to_json"
    sources = [Path(__file__).with_name("http_to_json.c"), *sorted(HTTP.glob("*.c"))]
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu17", "-O1", "-g", "-D_GNU_SOURCE", f"-I{HTTP}",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror",
                    "-o", out, *sources], check=True)
    return out
