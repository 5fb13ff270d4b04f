"""kernel.log: what the kernel said in one run, in one file.

The boot is quiet on the console; init sends what was logged until then over a channel of its
own and makes the console tell everything from there on. A panic before that point shows on
the console only.
"""
from __future__ import annotations

import re
from pathlib import Path

from . import klog
from .stream import Lines

TIME = re.compile(r"\[ *(\d+)\.(\d+)\]")


def microseconds(line: str) -> int | None:
    match = TIME.match(line)
    return int(match[1]) * 1_000_000 + int(match[2]) if match else None


class KernelLog:
    """Collects both parts. `fatal` is set as soon as the kernel has given up."""

    def __init__(self, scratch: Path) -> None:
        self.boot_path = scratch / "boot.log"
        self.console_path = scratch / "console.log"
        self.boot_file = open(self.boot_path, "wb")
        self.console_file = open(self.console_path, "wb")
        self.fatal = False
        self.lines = Lines(self.look)

    def feed_boot(self, data: bytes) -> None:
        self.boot_file.write(data)

    def feed(self, data: bytes) -> None:
        self.console_file.write(data)
        self.lines.feed(data)

    def look(self, line: str) -> None:
        self.fatal = self.fatal or klog.is_fatal(line)

    def text(self) -> str:
        """The whole log, once closed; what both parts tell is told once."""
        boot = self.boot_path.read_text(errors="replace")
        console = self.console_path.read_text(errors="replace").replace("\r\n", "\n")
        if not boot:
            return console
        last = max((microseconds(line) or 0 for line in boot.splitlines()[-3:]), default=0)
        told = True
        kept = []
        for line in console.splitlines(keepends=True):
            time = microseconds(line)
            told = told and (time is None or time <= last)
            if not told:
                kept.append(line)
        return boot + "".join(kept)

    def close(self) -> None:
        self.boot_file.close()
        self.console_file.close()
