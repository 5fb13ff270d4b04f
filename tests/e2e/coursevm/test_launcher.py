"""However the launcher dies, its QEMU goes with it."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import COURSEVM
from vm import session


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def alive(pid: int) -> bool:
    """Whether any thread of it lives: the last one closes the files, after the first has become a zombie."""
    try:
        tasks = [task / "stat" for task in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:
        return False
    for stat in tasks:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] not in "ZX":
                return True
        except (FileNotFoundError, ProcessLookupError):
            continue
    return False


@pytest.fixture
def launched(small_tree):
    """A launcher whose command runs, and the QEMU that it started."""
    argv = [COURSEVM / "run", "--snapshot", "--tree", small_tree, "--", "sh", "-c",
            "echo up; sleep 3600"]
    # a process group of its own, as a shell gives to a job
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as launcher:
        assert launcher.stdout
        assert launcher.stdout.readline() == b"up\n"
        qemu, = [pid for pid in children(launcher.pid)
                 if "qemu" in Path(f"/proc/{pid}/comm").read_text()]
        yield launcher, qemu
        launcher.kill()


def wait_until_gone(pid: int) -> bool:
    for _ in range(1000):
        if not alive(pid):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_ends_launcher_and_qemu(launched, number):
    launcher, qemu = launched
    launcher.send_signal(number)
    assert launcher.wait(30) == 128 + number
    assert not alive(qemu)


def test_ctrl_c_in_a_terminal_ends_launcher_and_qemu(launched):
    """Ctrl-C goes to the whole foreground process group."""
    launcher, qemu = launched
    os.killpg(launcher.pid, signal.SIGINT)
    assert launcher.wait(30) == 128 + signal.SIGINT
    assert not alive(qemu)


def test_sigkill_of_the_launcher_takes_qemu_along(launched):
    launcher, qemu = launched
    launcher.kill()
    launcher.wait(30)
    assert wait_until_gone(qemu)


def test_files_of_a_killed_run_are_swept_by_the_next(launched, vm):
    from vm import cache
    launcher, qemu = launched
    ours = {os.readlink(f"/proc/{qemu}/fd/{fd}") for fd in os.listdir(f"/proc/{qemu}/fd")}
    directory = next(Path(path).parent for path in ours if path.endswith("/lock"))
    assert directory.parent == cache.directory() / "run"
    launcher.kill()
    launcher.wait(30)
    assert wait_until_gone(qemu)
    assert vm("true").status == 0
    assert not directory.exists()


def test_closed_stdout_ends_the_run(small_tree):
    """`coursevm/run -- yes | head -1` comes to an end."""
    done = subprocess.run(f"{COURSEVM}/run --snapshot --tree {small_tree} -- yes | head -n 1; "
                          "exit ${PIPESTATUS[0]}", shell=True, executable="/bin/bash",
                          stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"y\n"
    assert done.returncode == 128 + signal.SIGPIPE


INT3 = """[    0.51] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI
[    0.52] Kernel panic - not syncing: Fatal exception in interrupt
"""


@pytest.mark.parametrize(("result", "again"), [
    (session.Result(session.Outcome.PANIC, 121, log=INT3), True),
    # What the command did to the kernel is the command's.
    (session.Result(session.Outcome.PANIC, 121, log=INT3, started=4.0), False),
    (session.Result(session.Outcome.PANIC, 121, log=INT3.replace("int3", "general protection fault")), False),
    (session.Result(session.Outcome.TIMEOUT, 122, log=INT3), False),
])
def test_boot_that_dies_of_emulation_is_repeated(result, again):
    assert session.died_of_emulation(result) == again
