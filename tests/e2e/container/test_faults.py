# SPDX-License-Identifier: GPL-2.0-only
"""Each system call of a run fails once: it says so and leaves nothing, at whichever step; or it does without."""
from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Bundle, Cell, groups, left_over, mounts, until

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import system_calls

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace: scripts/setup installs it")


def calls(cell: Cell, bundle: Bundle, trace: Path) -> Counter[str]:
    """How often each is made, by the process that makes it most often: strace counts for each process alone."""
    name = cell.name()
    words = ["strace", "-ff", "-qq", "-o", str(trace), *cell.command("run", "-b", bundle.write(), name)]
    subprocess.run(words, check=True, timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    most: Counter[str] = Counter()
    for file in trace.parent.glob(f"{trace.name}.*"):
        most |= system_calls.made(file.read_text(errors="replace"))
    return most


def full(bundle: Bundle) -> Bundle:
    """A configuration that takes every way: a hook, a bind mount, a filter, limits, a sysctl, a device."""
    linux = bundle.sh("echo ran").config["linux"]
    linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]}
    linux["resources"].update(pids={"limit": 50}, memory={"limit": 1 << 26}, cpu={"shares": 512})
    linux["sysctl"] = {"net.ipv4.ip_unprivileged_port_start": "80"}
    linux["devices"] = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]
    bundle.config["mounts"].append({"destination": "/tmp", "type": "bind", "source": str(bundle.root / "etc"),
                                    "options": ["rbind", "ro"]})
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/true"}]}
    return bundle


def faults(most: Counter[str], step: int) -> Iterator[tuple[str, int]]:
    every = [(call, number) for call, count in sorted(most.items()) for number in range(1, count + 1)]
    yield from every[::step]


def try_all(cell: Cell, bundle: Bundle, tmp_path: Path, step: int) -> int:
    """How many runs failed."""
    most, before, failed = calls(cell, full(bundle), tmp_path / "trace"), mounts(), 0
    found = []
    for call, number in faults(most, step):
        name, where = cell.name(), f"{call} number {number}"
        words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                 f"inject={call}:error=ENOMEM:when={number}", *cell.command("run", "-b", bundle.path, name)]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
        if "ran" in done.stdout:
            # The fault was in the program itself, or in what came after: then delete is tried again.
            cell.do("delete", "--force", name)
        elif done.returncode:
            failed += 1
            if "cell: " not in done.stderr and call not in ("write", "writev", "fcntl"):
                found.append(f"{where}: fails without a word, status {done.returncode}")
        try:
            until(lambda: not any(left_over(cell, before).values()), "nothing is left", 1)
        except AssertionError:
            found.append(f"{where}: leaves {left_over(cell, before)}: {done.stderr}")
            cell.do("delete", "--force", name)
            before = mounts()
            for folder in sorted(groups(), reverse=True):
                Path(folder).rmdir()
    assert not found, "\n".join(found)
    return failed


def test_a_run_that_fails_leaves_nothing_some_calls(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    failed = try_all(cell, bundle, tmp_path, 23)
    assert failed > 5


@pytest.mark.slow
def test_a_run_that_fails_leaves_nothing_every_call(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    failed = try_all(cell, bundle, tmp_path, 1)
    assert failed > 100


def kill_at_all(cell: Cell, bundle: Bundle, tmp_path: Path, step: int) -> int:
    """A create is killed at each of its calls: whatever it had made goes with delete. How many were killed."""
    most, before, killed = calls(cell, full(bundle), tmp_path / "trace"), mounts(), 0
    for call, number in faults(most, step):
        name = cell.name()
        words = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                 f"inject={call}:signal=KILL:when={number}", *cell.command("create", "-b", bundle.path, name)]
        killed += subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 timeout=20).returncode != 0
        cell.ok("delete", "--force", name)
        until(lambda: not any(left_over(cell, before).values()), f"nothing is left: {call} number {number}", 2)
    return killed


def test_a_create_that_is_killed_is_deleted_some_calls(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    assert kill_at_all(cell, bundle, tmp_path, 23) > 5


@pytest.mark.slow
def test_a_create_that_is_killed_is_deleted_every_call(cell: Cell, bundle: Bundle, tmp_path: Path) -> None:
    assert kill_at_all(cell, bundle, tmp_path, 1) > 100


def test_what_fails_late_is_heard(cell: Cell, bundle: Bundle) -> None:
    """The container's first process has not read yet what was said to it, its groups, when it fails."""
    bundle.sh("true").config["hostname"] = "x" * 65
    words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=sethostname", "-e",
             "inject=sethostname:delay_enter=300000", *cell.command("run", "-b", bundle.write(), cell.name())]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and ".hostname" in done.stderr, done.stderr
