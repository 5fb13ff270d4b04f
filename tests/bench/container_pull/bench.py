"""Pulling an image of 100 MB from a registry on this host, beside skopeo: time and memory.

What cannot be packed is pulled: four layers of random octets. Both begin with an empty store on the same disk; ours has
also synced what it pulled when it ends, skopeo has not. Who competes takes turns; the bound is skopeo's median.
"""
from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from boot import Case, Plan
from figures import Figure, Slices

TITLE = "cell-image pull beside skopeo copy"
AXIS = (4, 2)
MARKS = ""

SLICE = [sys.executable, "tests/bench/container_pull/slice.py"]
FOLDER = str(Path(tempfile.gettempdir()) / "virtlab-container-pull")
OURS, PEER = "cell-image", "skopeo"


def plans(kernel: str, quick: bool) -> list[Plan]:
    cases = [Case("pull", who, [*SLICE, FOLDER, who]) for who in (OURS, PEER)]
    return [Plan("pull", cases, 3 if quick else 11, before=[[*SLICE, FOLDER, "prepare"]],
                 after=[[*SLICE, FOLDER, "clean"]], on_host=True)]


def figures(results: dict[str, dict]) -> list[Figure]:
    found = Slices(results)

    def beside(key: str, name: str, unit: str, value: Callable[[dict], float], target: float | None,
               note: str) -> Figure:
        theirs = found.spread("pull", "pull", PEER, value)
        return Figure(key, name, unit, target if target else theirs.median if theirs else None,
                      found.spread("pull", "pull", OURS, value), {PEER: theirs} if theirs else {}, note=note)

    return [beside("pull_time", "pull of 100 MB from this host", "s", lambda r: r["seconds"], None,
                   "target: skopeo's median; ours is on the disk by then"),
            beside("pull_cpu", "... CPU time", "s", lambda r: r["cpu_seconds"], None, "target: skopeo's median"),
            beside("pull_memory", "... most memory", "MB", lambda r: r["peak_mb"], 32, "peak resident set")]


def detail(results: dict[str, dict]) -> list[dict]:
    """Every slice."""
    return [s for result in results.values() for s in result["slices"]]
