"""What a server used, told by /proc: CPU time, memory, of all its processes together.

A server's CPU time is that of its processes now, and of those that ended in between: when a child ends and its
parent waits for it, all the child ever used is added to the parent's account of children (cutime, cstime in
/proc/PID/stat). A parent that ignores SIGCHLD waits for nobody: what its children used is lost, and we refuse to
guess.

    before               now
    parent  own 5        own 6     children 9        used: (6 - 5) + (9 - 0) - 2 = 8
    child   own 2        (ended, waited for)         the 2 were used before we began
"""
from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
SIGCHLD = 17


@dataclass(frozen=True)
class Process:
    """One process at one moment: seconds of its own, threads that ended included, and of children it waited for."""

    pid: int
    parent: int
    own: float
    children: float


def parse_stat(line: str) -> Process:
    """A line of /proc/PID/stat, see proc(5). The name may hold blanks and brackets; the last bracket ends it."""
    pid, rest = int(line.split(" ", 1)[0]), line.rsplit(")", 1)[1].split()
    user, system, child_user, child_system = (int(ticks) * TICK for ticks in rest[11:15])
    return Process(pid, int(rest[1]), user + system, child_user + child_system)


def all_processes() -> dict[int, Process]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = parse_stat((entry / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def tree(roots: list[int], processes: dict[int, Process]) -> dict[int, Process]:
    """The roots and all their descendants."""
    chosen = {pid: processes[pid] for pid in roots if pid in processes}
    fresh = set(chosen)
    while fresh:
        fresh = {p.pid for p in processes.values() if p.parent in fresh and p.pid not in chosen}
        chosen |= {pid: processes[pid] for pid in fresh}
    return chosen


def exact(process: Process) -> Process:
    """/proc counts in ticks of 10 ms; the process's own clock, clock_getcpuclockid(3), in nanoseconds."""
    try:
        return Process(process.pid, process.parent, time.clock_gettime((~process.pid << 3) | 2), process.children)
    except OSError:
        return process


def sample(roots: list[int]) -> dict[int, Process]:
    chosen = tree(roots, all_processes())
    missing = [pid for pid in roots if pid not in chosen]
    if missing:
        raise RuntimeError(f"accounting: process {missing[0]}: there is none: has the server ended?")
    return {pid: exact(p) for pid, p in chosen.items()}


def used(before: dict[int, Process], after: dict[int, Process]) -> float:
    """Seconds of CPU time between two samples, of all there were."""
    total = 0.0
    for pid, now in after.items():
        then = before.get(pid, Process(pid, 0, 0, 0))
        total += now.own - then.own + now.children - then.children
    # Their parents' account has all they ever used, also what was used before.
    total -= sum(gone.own + gone.children for pid, gone in before.items() if pid not in after)
    return total


def loses_children(pid: int) -> bool:
    """Whether it ignores SIGCHLD, so that nobody accounts for the children that end."""
    ignored = re.search(r"^SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    return bool(ignored and int(ignored[1], 16) >> (SIGCHLD - 1) & 1)


def pss_kib(roots: list[int]) -> float:
    """Proportional set size: a page that n processes share counts 1/n in each. RSS counts it n times."""
    total = 0
    for pid in tree(roots, all_processes()):
        try:
            match = re.search(r"^Pss:\s*(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(match[1]) if match else 0
    return float(total)


def threads(roots: list[int]) -> int:
    return sum(len(os.listdir(f"/proc/{pid}/task")) for pid in tree(roots, all_processes()))
