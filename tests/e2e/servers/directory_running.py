"""Directories and superservers that run, and the protocol once more, written from its description."""
from __future__ import annotations

import json
import os
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

TREE = Path(__file__).resolve().parents[3]
USERLAND = TREE / "userland"
LOCALHOST = bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 1])
REGISTER, RENEW, UNREGISTER, LOOKUP, LIST, STATS = range(1, 7)
OK, GONE, STALE, FULL, NAME_FULL, END_FULL, NOT_YOURS, MALFORMED, OTHER_VERSION = range(9)
TCP, UDP = 1, 2
# Machines that run these tests may be loaded: what takes no time may take this long.
SLACK = 2.0


def build_directory(folder: Path) -> Path:
    return build(folder / "directory", sorted((USERLAND / "servers/directory").glob("*.c")))


def build(out: Path, sources: list[Path]) -> Path:
    """Build a program with sanitizers; or, with PROGRAMS=build/bin, take the one that is there."""
    if "PROGRAMS" in os.environ:
        return Path(os.environ["PROGRAMS"]).resolve() / out.name
    subprocess.run([os.environ.get("CC", "gcc"), "-std=gnu17", "-O1", "-g", "-D_GNU_SOURCE", f"-I{USERLAND}/lib",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror",
                    "-o", out, *sources, USERLAND / "lib/error.c"], check=True)
    return out


def wait_until(holds: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Running:
    """A program whose lines on stdout are awaited."""

    def __init__(self, command: list[str | Path], descriptors: int = 0, stderr: Path | None = None) -> None:
        def limit() -> None:
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.lines: list[str] = []
        log = stderr.open("ab") if stderr else None
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=log,
                                        text=True, preexec_fn=limit)
        if log:
            log.close()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout
        self.lines.extend(line for line in self.process.stdout)

    def await_line(self, text: str, count: int = 1) -> str:
        def found() -> list[str]:
            return [line.strip() for line in list(self.lines) if text in line]

        wait_until(lambda: len(found()) >= count or self.process.poll() is not None, 10, f"a line with {text}")
        assert len(found()) >= count, f"ended with {self.process.poll()} before a line with {text}"
        return found()[count - 1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it in peace, and say how that went: a sanitizer has its last word now."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        status = self.process.wait(20)
        self.reader.join(5)
        return status


@dataclass
class Answer:
    status: int
    truncated: bool
    body: bytes

    def ends(self) -> list[tuple[str, int]]:
        """Address and port of what a lookup found."""
        count = struct.unpack_from(">H", self.body, 2)[0]
        assert len(self.body) == 4 + 28 * count
        found = []
        for at in range(4, len(self.body), 28):
            _, _, _, port, address, _ = struct.unpack_from(">IBBH16sI", self.body, at)
            found.append((socket.inet_ntoa(address[12:]), port))
        return found


def question(operation: int, body: bytes = b"", request: int = 1, least: int = 0) -> bytes:
    return (struct.pack(">2sBBQI", b"VD", 1, operation, request, 0) + body).ljust(least, b"\0")


def claim(name: str, port: int, stamp: int, lease_ms: int = 1000, token: bytes = b"t" * 16, protocol: int = TCP,
          version: int = 1, address: bytes = LOCALHOST) -> bytes:
    return struct.pack(">IBBH16s16sQI", version, protocol, len(name), port, address, token, stamp,
                       lease_ms) + name.encode()


def lookup(name: str, version: int = 0, protocol: int = 0) -> bytes:
    return struct.pack(">IBBH", version, protocol, len(name), 0) + name.encode()


def read_answer(data: bytes, asked: bytes) -> Answer:
    magic, version, operation, request, status, flags, reserved = struct.unpack_from(">2sBBQBBH", data)
    assert (magic, version, reserved) == (b"VD", 1, 0)
    assert operation == asked[3] | 0x80 and struct.pack(">Q", request) == asked[4:12]
    return Answer(status, bool(flags & 1), data[16:])


class Directory(Running):
    """A directory; listens where it listened before if it is started again."""

    def __init__(self, program: Path, *options: str | Path, port: int = 0, descriptors: int = 0) -> None:
        super().__init__([program, "--listen", f"127.0.0.1:{port}", *options], descriptors)
        self.program = program
        self.at = self.await_line("listening on").removeprefix("listening on ")
        assert self.lines[0].startswith("listening on ")
        self.port = int(self.at.rsplit(":", 1)[1])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.settimeout(10)

    def send(self, message: bytes) -> bytes:
        self.socket.send(message)
        return self.socket.recv(65536)

    def ask(self, operation: int, body: bytes = b"", least: int = 0) -> Answer:
        message = question(operation, body, int.from_bytes(os.urandom(8), "big"), least)
        answer = self.send(message)
        assert len(answer) <= max(3 * len(message), 1200)
        return read_answer(answer, message)

    def find(self, name: str) -> list[tuple[str, int]]:
        return self.ask(LOOKUP, lookup(name), 400).ends()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def verb(self, *words: str | Path, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.program, words[0], "--directory", self.at, *words[1:]], capture_output=True,
                              text=True, timeout=timeout)

    def stats(self) -> dict[str, int]:
        return json.loads(self.verb("stats", "--json").stdout)

    def keep(self, name: str, port: int, *command: str | Path, lease: str = "1s") -> Running:
        return Running([self.program, "register", "--directory", self.at, "--lease", lease, name, str(port), "--",
                        *(command or ("sleep", "600"))])


def read_exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def ask_stream(connection: socket.socket, message: bytes, pieces: int = 0) -> Answer:
    """One question over a connection, in one piece or with a pause after @pieces octets."""
    framed = struct.pack(">H", len(message)) + message
    if pieces:
        connection.sendall(framed[:pieces])
        time.sleep(0.005)
        framed = framed[pieces:]
    connection.sendall(framed)
    return read_answer(read_exactly(connection, struct.unpack(">H", read_exactly(connection, 2))[0]), message)
