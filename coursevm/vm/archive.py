"""Reads the archive in which the guest sends /out. The guest is not trusted.

"newc" cpio: a header of "070701" and thirteen 8-digit hexadecimal fields, the name, the
contents; name and contents each padded to four bytes.
"""
from __future__ import annotations

import os
import stat
from pathlib import Path

HEADER = 110
NAME_MAX = 4096


class Unpacker:
    """Takes the archive in pieces and writes regular files and directories below `target`."""

    def __init__(self, target: Path):
        self.target = target
        self.buffer = bytearray()
        self.file: object = None
        self.left = 0           # bytes of contents still to come
        self.skip = 0           # bytes of padding still to come
        self.finished = False
        self.error: str | None = None

    def feed(self, data: bytes) -> None:
        """Takes the next bytes. After a malformed header, or the trailer, the rest is ignored."""
        self.buffer += data
        try:
            while not self.finished and not self.error and self.step():
                pass
        except OSError as e:
            self.error = f"/out cannot be stored: {e.filename or self.target}: {e.strerror}"
        if self.finished or self.error:
            self.buffer.clear()

    def step(self) -> bool:
        """Consumes one part of the buffer. Returns False if it needs more bytes."""
        if self.left or self.file:
            return self.take_contents()
        if self.skip:
            taken = min(self.skip, len(self.buffer))
            del self.buffer[:taken]
            self.skip -= taken
            return self.skip == 0
        return self.take_header()

    def take_contents(self) -> bool:
        piece = bytes(self.buffer[:self.left])
        if self.file:
            self.file.write(piece)  # type: ignore[attr-defined]
        del self.buffer[:len(piece)]
        self.left -= len(piece)
        if self.left == 0 and self.file:
            self.file.close()  # type: ignore[attr-defined]
            self.file = None
        return self.left == 0

    def take_header(self) -> bool:
        if len(self.buffer) < HEADER:
            return False
        try:
            if self.buffer[:6] != b"070701":
                raise ValueError
            fields = [int(self.buffer[i:i + 8], 16) for i in range(6, HEADER, 8)]
        except ValueError:
            self.error = "/out is garbled: the guest sent no archive"
            return False
        mode, size, name_size = fields[1], fields[6], fields[11]
        if not 1 < name_size <= NAME_MAX:
            self.error = f"/out is garbled: a name of {name_size} bytes"
            return False
        end = HEADER + name_size
        end += -end % 4
        if len(self.buffer) < end:
            return False
        name = bytes(self.buffer[HEADER:HEADER + name_size - 1])
        del self.buffer[:end]
        if name == b"TRAILER!!!":
            self.finished = True
            return False
        self.left, self.skip = size, -size % 4
        self.start(name, mode)
        return True

    def start(self, raw: bytes, mode: int) -> None:
        """Opens the place for one entry; what may not be stored is read and dropped."""
        name = os.fsdecode(raw)
        parts = name.split("/")
        if name.startswith("/") or "\0" in name or any(p in ("", ".", "..") for p in parts):
            self.error = f"/out is garbled: {name!r} leads out of it"
            return
        path = self.target.joinpath(*parts)
        # nothing that we write through may be a link, least of all one that was there before
        for parent in path.relative_to(self.target).parents:
            if (self.target / parent).is_symlink() and str(parent) != ".":
                self.error = f"/out cannot be stored: {self.target / parent} is a link"
                return
        if stat.S_ISDIR(mode):
            path.mkdir(parents=True, exist_ok=True)
        elif stat.S_ISREG(mode):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or path.exists():
                path.unlink()
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW,
                                 0o777 if mode & 0o100 else 0o666)
            self.file = os.fdopen(descriptor, "wb")
