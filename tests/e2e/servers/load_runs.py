"""load as a user runs it, and the server that it is run against.

LOAD_BUILD  the build folder (default: build/ of this tree). A program that is not there is
            built with this host's compiler, into build/native.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("LOAD_BUILD", TREE / "build"))
SERVER = Path(__file__).with_name("misbehaving_server.py")

# A hang is always a failure; no run here needs more than a few seconds of it.
LIMIT = 60


def load_program() -> Path:
    """The program that `make userland` built; or else, one built here."""
    program = BUILD / "bin" / "load"
    if program.exists():
        return program
    native = TREE / "build" / "native"
    program = native / "bin" / "load"
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={native}", program], check=True,
                   stdout=subprocess.DEVNULL)
    return program


PROGRAM = load_program()


def run_load(*arguments: object, **kwargs) -> subprocess.CompletedProcess[str]:
    """Run load to its end with these arguments."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT, **kwargs)


@dataclass
class Server:
    """A running misbehaving_server.py."""

    process: subprocess.Popen[str]
    port: int

    @classmethod
    def start(cls, *options: object) -> Server:
        process = subprocess.Popen([sys.executable, SERVER, *map(str, options)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        return cls(process, int(process.stdout.readline()))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stats(self) -> dict:
        with urllib.request.urlopen(self.url("/stats"), timeout=LIMIT) as answer:
            return json.load(answer)

    def load(self, path: str, *arguments: object, status: int = 0) -> dict:
        """Run load on @path and return its JSON."""
        result = run_load("--json", "-", *arguments, self.url(path))
        assert result.returncode == status, result.stderr
        return json.loads(result.stdout)


def failures(report: dict) -> dict[str, int]:
    """The outcomes that happened, other than ok."""
    return {name: count for name, count in report["outcomes"].items() if count and name != "ok"}
