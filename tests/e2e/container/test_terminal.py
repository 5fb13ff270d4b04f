# SPDX-License-Identifier: GPL-2.0-only
"""Whoever is at a terminal is at the container's: size, keys, signals and statuses go through."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest
from conftest import Bundle, Cell
from terminal import Terminal

SHELL = "echo ready; exec sh -i"
WAITS = "while true; do sleep 0.1; done"


@pytest.fixture
def run(cell: Cell, bundle: Bundle) -> Callable[[str], Terminal]:
    """`cell run` at a terminal."""
    def start(script: str) -> Terminal:
        bundle.config["process"]["terminal"] = True
        return Terminal(*cell.command("run", "--bundle", bundle.sh(script).write(), cell.name()))

    return start


def test_run_and_exec_are_at_our_terminal(cell: Cell, run: Callable[[str], Terminal]) -> None:
    with run("tty; stty size; " + SHELL) as at:
        assert at.until("ready").split() == ["/dev/pts/0", "33", "111", "ready"]
        assert at.is_raw()
        at.resize(44, 55)
        at.ask("stty size", "\n44 55\n")
        at.interrupt("sleep 100")
        with Terminal(*cell.command("exec", "--tty", next(cell.root.glob("t*")).name, "sh", "-i"), rows=22) as other:
            other.ask("tty; stty size", "\n/dev/pts/1\n22 111\n")
            other.interrupt("sleep 100")
            other.type("exit 5\n")
            assert other.end() == 5 and not other.is_raw()
        at.type("exit 9\n")
        assert at.end() == 9 and not at.is_raw(), "it is as it was before"


def test_the_size_is_there_before_the_program_is(bundle: Bundle, run: Callable[[str], Terminal]) -> None:
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/sleep", "args": ["sleep", "0.3"]}]}
    with run("stty size") as at:
        assert at.end() == 0 and at.seen == "33 111\n"


def test_all_of_the_output_arrives(run: Callable[[str], Terminal]) -> None:
    with run("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done") as at:
        assert at.end() == 0
        assert at.seen.split() == [str(i) for i in range(1, 20001)]


def test_output_is_whole_although_its_reader_is_slow_and_nobody_may_wait(cell: Cell, bundle: Bundle) -> None:
    """Another program has made our output one that does not block."""
    bundle.config["process"]["terminal"] = True
    bundle.sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done").write()
    here, there = os.pipe()
    os.set_blocking(there, False)
    with subprocess.Popen(cell.command("run", "--bundle", bundle.path, cell.name()), stdin=subprocess.DEVNULL,
                          stdout=there) as process:
        os.close(there)
        time.sleep(1)
        with open(here, "rb") as output:
            assert output.read().split() == [b"%d" % i for i in range(1, 20001)]
    assert process.returncode == 0


def test_keys_get_through_a_flood(run: Callable[[str], Terminal]) -> None:
    with run("trap 'echo; echo caught; exit 4' INT; echo ready; while true; do echo flood; done") as at:
        at.until("ready")
        at.type("\x03")
        assert at.end() == 4 and "caught" in at.seen


def test_keys_that_nobody_reads_hold_up_neither_output_nor_signals(run: Callable[[str], Terminal]) -> None:
    with run("trap 'echo asked; exit 3' TERM; stty raw -echo; echo ready; sleep 0.5; echo still; " + WAITS) as at:
        at.until("ready")
        at.type_all("x" * 100_000, 0.4)
        at.until("still")
        at.process.send_signal(signal.SIGTERM)
        assert at.end() == 3 and "asked" in at.seen


def test_a_terminal_that_nobody_has_open_may_be_opened_again(run: Callable[[str], Terminal]) -> None:
    with run("exec <&- >&- 2>&-; sleep 0.3; exec </dev/console >/dev/console; echo again; read line; exit $line") as at:
        at.until("again")
        at.type("6\n")
        assert at.end() == 6
