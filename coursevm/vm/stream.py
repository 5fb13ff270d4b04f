"""The ends of the channels on the host: where bytes come from and where they go."""
from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import stat
from pathlib import Path
from typing import Protocol

CHUNK = 1 << 16


class Sink(Protocol):
    """Takes bytes."""

    def feed(self, data: bytes) -> None:
        """Takes all of `data`."""


class Source(Protocol):
    """Gives bytes that the guest sent."""

    def chardev(self) -> str:
        """The QEMU character device that writes here."""

    def read(self) -> bytes:
        """What has come, at most CHUNK bytes; empty if there is nothing now."""

    def close_far_end(self) -> None:
        """To be called once QEMU has started."""


class SocketSource:
    """A stream that holds the guest back when it is not read: live mode."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.ended = False

    def chardev(self) -> str:
        return f"socket,fd={self.far.fileno()}"

    def inherited(self) -> list[int]:
        return [self.far.fileno()]

    def close_far_end(self) -> None:
        self.far.close()

    def fileno(self) -> int:
        return self.near.fileno()

    def read(self) -> bytes:
        try:
            data = self.near.recv(CHUNK)
        except BlockingIOError:
            return b""
        except ConnectionResetError:
            data = b""
        self.ended = not data
        return data

    def send(self, data: bytes) -> None:
        """Sends a few bytes to the guest; one that is gone does not get them."""
        with contextlib.suppress(OSError):
            self.near.send(data)

    def close(self) -> None:
        self.near.close()


class FileSource:
    """A file that QEMU appends to and that never makes it wait: deterministic mode."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = open(path, "w+b", buffering=0)
        self.ended = False

    def chardev(self) -> str:
        return f"file,path={str(self.path).replace(',', ',,')}"

    def inherited(self) -> list[int]:
        return []

    def close_far_end(self) -> None:
        pass

    def read(self) -> bytes:
        return self.file.read(CHUNK)

    def close(self) -> None:
        self.file.close()


class Output:
    """A file descriptor of ours that may be slow: bytes wait here until it takes them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.pending = b""
        self.broken = False
        # a pipe that polls writable has room for PIPE_BUF bytes, not for more
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self.piece = CHUNK if regular else select.PIPE_BUF

    def feed(self, data: bytes) -> None:
        self.pending += data

    def flush(self) -> None:
        """Writes one piece. To be called when the descriptor polls writable."""
        try:
            written = os.write(self.descriptor, self.pending[:self.piece])
        except BlockingIOError:
            return
        except OSError as e:
            if e.errno != errno.EPIPE:
                raise
            self.broken, written = True, len(self.pending)
        self.pending = self.pending[written:]


class Lines:
    """Splits what is fed into lines for a callback."""

    def __init__(self, callback) -> None:  # type: ignore[no-untyped-def]
        self.callback = callback
        self.rest = b""

    def feed(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        # a guest that never ends its line must not eat the host's memory
        self.rest = self.rest[-CHUNK:]
        for line in lines:
            self.callback(line.decode(errors="replace").rstrip("\r"))
