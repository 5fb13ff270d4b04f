"""System calls per request, counted by strace(1): in a run of its own, since that makes each call far dearer."""
from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import accounting


def available() -> bool:
    return shutil.which("strace") is not None


def parse(table: str) -> dict[str, int]:
    """The table of strace -c: calls by name. The column of errors is empty where there were none."""
    calls = {}
    for line in table.splitlines():
        match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$", line)
        if match and match[2] != "total":
            calls[match[2]] = int(match[1])
    return calls


def attached(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return not re.search(r"^TracerPid:\t0$", status, re.M)


def count(roots: list[int], cpu: str, load: Callable[[], float]) -> dict[str, float]:
    """Calls per request, by name, while `load` runs; it returns how many requests it had answered."""
    pids = list(accounting.tree(roots, accounting.all_processes()))
    with tempfile.NamedTemporaryFile("r") as table:
        command = ["taskset", "-c", cpu, "strace", "-f", "-c", "-o", table.name, *(f"--attach={pid}" for pid in pids)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as strace:
            end = time.monotonic() + 10
            while not all(attached(pid) for pid in pids) and time.monotonic() < end and strace.poll() is None:
                time.sleep(0.01)
            try:
                requests = load()
            finally:
                strace.send_signal(signal.SIGINT)
                strace.wait(30)
        calls = parse(table.read())
    if not calls or not requests:
        raise RuntimeError(f"strace: process {roots[0]}: no calls were counted: may this user trace it?")
    return {name: n / requests for name, n in sorted(calls.items(), key=lambda item: -item[1])}
