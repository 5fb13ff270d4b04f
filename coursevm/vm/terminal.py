"""The person's terminal, connected to the guest's hvc0."""
from __future__ import annotations

import os
import select
import sys
import termios
import tty

from .stream import SocketSource

LEAVE = b"\x1d"     # Ctrl-]


def settings() -> dict[str, str]:
    """What the guest is told of this terminal."""
    cols, rows = os.get_terminal_size(sys.stdin.fileno()) if sys.stdin.isatty() else (0, 0)
    return {"interactive": "1", "cols": str(cols or 80), "rows": str(rows or 24)}


class Terminal:
    """Raw mode, both directions. Ctrl-] leaves."""

    def __init__(self) -> None:
        self.source = SocketSource()
        self.left = False
        self.saved: list | None = None

    def open(self) -> None:
        self.source.close_far_end()
        if sys.stdin.isatty():
            self.saved = termios.tcgetattr(sys.stdin)
            tty.setraw(sys.stdin)

    def close(self) -> None:
        if self.saved:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.saved)
            self.saved = None

    def register(self, poll: select.poll) -> None:
        if not self.source.ended:
            poll.register(self.source.fileno(), select.POLLIN)
        poll.register(sys.stdin.fileno(), select.POLLIN)

    def move(self, ready: set[int]) -> None:
        if self.source.fileno() in ready:
            data = self.source.read()
            os.write(sys.stdout.fileno(), data)
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 4096)
            if LEAVE in data:
                self.left = True
            elif data:
                self.source.near.setblocking(True)
                self.source.near.sendall(data)
                self.source.near.setblocking(False)
