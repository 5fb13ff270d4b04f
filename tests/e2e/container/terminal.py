# SPDX-License-Identifier: GPL-2.0-only
"""A program at a terminal, and who types there."""
from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time


class Terminal:
    """Its words run as the foreground of a session of their own, at a terminal of 33 rows and 111 columns."""

    def __init__(self, *words: str, rows: int = 33, columns: int = 111) -> None:
        self.here, there = os.openpty()
        self.seen = ""
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            words, stdin=there, stdout=there, stderr=there, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(there)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.here)

    def resize(self, rows: int, columns: int) -> None:
        """The kernel tells the foreground, if that is another size."""
        fcntl.ioctl(self.here, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.here, text.encode())

    def type_all(self, text: str, seconds: float) -> None:
        """As much as is taken in that time."""
        end = time.monotonic() + seconds
        data = text.encode()
        os.set_blocking(self.here, False)
        while data and time.monotonic() < end:
            if select.select([], [self.here], [], 0.05)[1]:
                data = data[os.write(self.here, data[:1024]):]
        os.set_blocking(self.here, True)

    def read(self, seconds: float) -> bool:
        """False at its end."""
        if select.select([self.here], [], [], seconds)[0]:
            try:
                data = os.read(self.here, 4096)
            except OSError:
                return False
            self.seen += data.decode(errors="replace").replace("\r", "")
        return True

    def until(self, text: str, seconds: float = 20) -> str:
        """What came up to and with that text, which is then behind us."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"not within {seconds} s: {text!r}: {self.seen!r}"
            assert self.read(0.1) or text in self.seen, f"ended without {text!r}: {self.seen!r}"
        before, _, self.seen = self.seen.partition(text)
        return before + text

    def ask(self, line: str, answer: str) -> str:
        """A line typed to a shell, and what came up to that answer."""
        self.type(line + "\n")
        return self.until(answer)

    def interrupt(self, line: str) -> None:
        """That line runs in a shell, and ends by Ctrl-C."""
        self.ask(f"sh -c 'echo be''gun; {line}'", "\nbegun\n")
        self.type("\x03")
        self.ask("echo status $?", "\nstatus 130\n")

    def is_raw(self) -> bool:
        """Whoever carries it to another terminal must let every key through."""
        return not termios.tcgetattr(self.here)[3] & (termios.ISIG | termios.ICANON | termios.ECHO)

    def end(self, seconds: float = 20) -> int:
        """Its status; the rest is in `seen`."""
        limit = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < limit:
            if not self.read(0.05):
                break
        status = self.process.wait(max(0.1, limit - time.monotonic()))
        while select.select([self.here], [], [], 0)[0] and self.read(0):
            pass
        return status
