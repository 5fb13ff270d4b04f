"""Whoever is killed at whichever moment: delete --force removes all of it. SEED chooses the moments."""
from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Cell

pytestmark = pytest.mark.slow

ROUNDS = 60


def kill_all(cell: Cell) -> None:
    """Every cell of this state root, not what runs in containers: those delete has to find."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(cell.root).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)


def test_at_any_moment(tidy: Cell) -> None:
    seed = int(os.environ.get("SEED", "1"))
    moments = random.Random(seed)
    tidy.run("true")
    tidy.names.add("half")
    before = tidy.left()
    for number in range(ROUNDS):
        detached = ["-d"] if moments.random() < 0.5 else []
        command = tidy.command("run", "--image", "box:1", "--name", "half", "-p", "8080:80", *detached, "--restart",
                               moments.choice(["no", "always"]), "sleep", "100")
        process = subprocess.Popen(command, env=tidy.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, 0.09))
        kill_all(tidy)
        process.wait()
        tidy.ok("delete", "--force", "half")
        assert tidy.left() == before, f"round {number} of SEED={seed}"
