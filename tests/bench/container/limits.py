#!/usr/bin/python3
"""One slice of the limits, in the course VM (pure cgroup v2): limits.py CASE. What it prints last is a line of JSON."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# That of the VM's own libraries.
os.environ.setdefault("CELL", str(Path(__file__).resolve().parents[3] / "build/bin/cell"))
from slice import CELL, CGROUPS, bundle, do, quiet, write

SPIN = ["sh", "-c", "while :; do :; done"]
SECONDS = 5


class Container:
    """One that runs detached."""

    def __init__(self, folder: Path, config: dict, name: str, args: list[str], resources: dict) -> None:
        self.name, self.group = name, CGROUPS / f"cell-{name}"
        config["process"]["args"] = args
        config["linux"]["resources"] = resources
        write(folder, config)
        do(CELL, "run", "-d", "-b", folder, name)

    def used(self) -> int:
        """Microseconds of CPU time."""
        return self.event("cpu.stat", "usage_usec")

    def event(self, file: str, name: str) -> int:
        return next(int(line.split()[1]) for line in (self.group / file).read_text().splitlines()
                    if line.split()[0] == name)

    def wait(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while json.loads(subprocess.run([CELL, "state", self.name], capture_output=True, check=True).stdout)[
                "status"] != "stopped":
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} has not ended")
            time.sleep(0.1)

    def delete(self) -> None:
        do(CELL, "delete", "--force", self.name)


def measure(containers: list[Container]) -> tuple[list[int], float]:
    """What each has had, and how long that took by the clock, in microseconds."""
    time.sleep(0.5)
    start, before = time.monotonic(), [c.used() for c in containers]
    time.sleep(SECONDS)
    return [c.used() - b for c, b in zip(containers, before)], (time.monotonic() - start) * 1e6


def weight(folder: Path, config: dict) -> dict:
    """1 to 3, on one CPU."""
    both = [Container(folder, config, name, SPIN, {"unified": {"cpu.weight": value}})
            for name, value in (("small", "100"), ("large", "300"))]
    (small, large), _ = measure(both)
    for container in both:
        container.delete()
    return {"ratio": large / small}


def most(folder: Path, config: dict) -> dict:
    """20 % of a CPU that nobody else wants."""
    container = Container(folder, config, "capped", SPIN, {"cpu": {"quota": 20_000, "period": 100_000}})
    (used,), elapsed = measure([container])
    container.delete()
    return {"percent": 100 * used / elapsed}


def memory(folder: Path, config: dict) -> dict:
    """Who takes more is killed, and that is counted."""
    container = Container(folder, config, "hog", ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"],
                          {"memory": {"limit": 16 << 20, "swap": 16 << 20}})
    container.wait()
    found = {"killed": container.event("memory.events", "oom_kill"),
             "peak": int((container.group / "memory.peak").read_text())}
    container.delete()
    return found


def pids(folder: Path, config: dict) -> dict:
    """Eight, and no ninth: the shell says so, and the group counts it."""
    container = Container(folder, config, "bomb", ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 3 & done; wait"],
                          {"pids": {"limit": 8}})
    time.sleep(2)
    found = {"there": int((container.group / "pids.current").read_text())}
    container.wait()
    found["refused"] = container.event("pids.events", "max")
    container.delete()
    return found


CASES = {"weight": weight, "max": most, "memory": memory, "pids": pids}


def main() -> None:
    if not (CGROUPS / "cgroup.controllers").exists():
        quiet("mount", "-t", "cgroup2", "cgroup2", CGROUPS)
    with tempfile.TemporaryDirectory() as name, bundle(Path(name), *SPIN) as (folder, config):
        print(json.dumps(CASES[sys.argv[1]](folder, config)))


if __name__ == "__main__":
    main()
