"""A person at a terminal."""
from __future__ import annotations

import os
import pty
import select
import signal
import struct
import termios
import time
from fcntl import ioctl

from conftest import COURSEVM


def test_shell_in_a_terminal_of_the_right_size(small_tree):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COURSEVM / "run", ["run", "--interactive", "--tree", str(small_tree)])
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.set_blocking(terminal, False)
    seen, end, pressed = b"", time.monotonic() + 120, 0.0
    todo = [(b"# ", b"stty size; tty; sh -c 'cat hello.txt; sleep 1000'\n"),
            (b"hello\r\n", b"\x03"), (b"# ", b"exit 6\n")]
    while time.monotonic() < end:
        select.select([terminal], [], [], 1)
        # Between the two commands nobody may be there to be interrupted. Who sees no prompt presses it again.
        if len(todo) == 1 and time.monotonic() - pressed > 10:
            os.write(terminal, b"\x03")
            pressed = time.monotonic()
        try:
            seen += os.read(terminal, 4096)
        except BlockingIOError:
            continue
        except OSError:
            break
        if todo and todo[0][0] in seen.rpartition(b"\x00")[2]:
            os.write(terminal, todo.pop(0)[1])
            seen += b"\x00"
            pressed = time.monotonic()
    else:
        os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6, seen
    assert b"40 100\r\n" in seen
    assert b"/dev/hvc0\r\n" in seen
