"""A client for QEMU's control protocol (QMP), as much as snapshots need."""
from __future__ import annotations

import json
import socket
import time

from .errors import CourseVMError


class Monitor:
    """One QMP connection over a socket pair; QEMU inherits the far end."""

    def __init__(self, timeout: float = 30.0) -> None:
        self.near, self.far = socket.socketpair()
        self.near.settimeout(timeout)
        self.lines = self.near.makefile("rb")

    def arguments(self) -> list[str]:
        return ["-chardev", f"socket,id=monitor,fd={self.far.fileno()}",
                "-mon", "chardev=monitor,mode=control"]

    def inherited(self) -> list[int]:
        return [self.far.fileno()]

    def greet(self) -> None:
        """To be called once QEMU has started."""
        self.far.close()
        self.receive()
        self.execute("qmp_capabilities")

    def receive(self) -> dict:
        try:
            line = self.lines.readline()
        except OSError as e:
            raise CourseVMError(f"QEMU does not answer: {e}") from e
        if not line:
            raise CourseVMError("QEMU does not answer: it has gone")
        return json.loads(line)

    def execute(self, command: str, **arguments: object) -> object:
        """Carries out one command and returns its result; events that come between are dropped."""
        request = json.dumps({"execute": command, "arguments": arguments})
        try:
            self.near.sendall(request.encode() + b"\n")
        except OSError as e:
            raise CourseVMError(f"QEMU does not listen: {command}: {e.strerror}") from e
        while True:
            answer = self.receive()
            if "error" in answer:
                raise CourseVMError(f"QEMU refuses: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def keep_shared_memory_out(self) -> None:
        """Leaves file-backed shared memory out of the stream: the file itself holds it."""
        self.execute("migrate-set-capabilities",
                     capabilities=[{"capability": "x-ignore-shared", "state": True}])

    def save(self, command: str) -> None:
        """Stops the machine and pipes its state into a shell command."""
        self.keep_shared_memory_out()
        self.execute("migrate", uri=f"exec:{command}")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status = self.execute("query-migrate")
            assert isinstance(status, dict)
            if status.get("status") == "completed":
                return
            if status.get("status") in ("failed", "cancelled"):
                break
            time.sleep(0.01)
        raise CourseVMError(f"machine state cannot be saved: {status}")

    def restore(self, command: str) -> None:
        """Starts a machine that was launched with `-incoming defer` from a command's output."""
        self.keep_shared_memory_out()
        self.execute("migrate-incoming", uri=f"exec:{command}")

    def close(self) -> None:
        self.lines.close()
        self.near.close()
        self.far.close()
