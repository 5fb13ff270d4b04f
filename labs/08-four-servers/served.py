"""A running httpd in its cell, and clients that speak to it octet by octet, from the arena.

Whatever does not come is a Failure, in a sentence that continues "<story>: ".
"""
from __future__ import annotations

import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grading import cell
from grading.outcome import Infrastructure

# How long something may take that takes no time. A busy machine is no reason to lose points.
PATIENCE = 10.0
# How long nothing may happen until we believe that nothing will.
QUIET = 0.4


class Wrong(Exception):
    """What is wrong, as the rest of a sentence."""


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def always_wants(processes: list[int]) -> bool:
    """On a machine so busy that somebody who is always busy, too, hardly gets a processor."""
    for _ in range(40):
        if not any(map(cell.runs, processes)):
            return False
        time.sleep(0.005)
    return True


def request(target: str, *fields: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: lab", *fields, "", ""]).encode()


@dataclass
class Response:
    status: int
    fields: dict[str, str]
    body: bytes


@dataclass
class Client:
    """One connection."""

    port: int
    patience: float = PATIENCE
    receive_buffer: int = 0
    data: bytearray = field(default_factory=bytearray)
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.socket = socket.socket()
        if self.receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.socket.settimeout(self.patience)
        try:
            self.socket.connect(("127.0.0.1", self.port))
        except OSError as error:
            raise Wrong(f"nobody listens any more ({error.strerror or 'no answer'})") from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Wrong("the server closed the connection while it was spoken to") from error

    def more(self, most: int = 1 << 18) -> bool:
        """Receive; whether there was anything before the end."""
        try:
            piece = self.socket.recv(most)
        except TimeoutError as error:
            raise Wrong(f"no answer came in {self.socket.gettimeout():.0f} s") from error
        except OSError:
            piece = b""
        self.data += piece
        return bool(piece)

    def response(self) -> Response:
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                raise Wrong("the server closed the connection and had not answered")
        end = self.data.index(b"\r\n\r\n")
        status, *lines = bytes(self.data[:end]).decode("latin-1").split("\r\n")
        del self.data[:end + 4]
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", status)
        if not match:
            raise Wrong(f"the answer begins with {status[:40]!r}")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        announced = fields.get("content-length", "0")
        if not re.fullmatch(r"\d{1,12}", announced):
            raise Wrong(f"the answer says 'Content-Length: {announced[:20]}'")
        length = int(announced)
        while len(self.data) < length:
            if not self.more():
                raise Wrong(f"the server closed the connection within an answer: {len(self.data)} of {length} octets")
        body = bytes(self.data[:length])
        del self.data[:length]
        return Response(int(match[1]), fields, body)

    def get(self, target: str, *fields: str, want: bytes | None = None, status: int = 200) -> Response:
        self.send(request(target, *fields))
        got = self.response()
        expect(got, target, want, status)
        return got

    def silent(self, seconds: float = QUIET) -> bool:
        """Whether nothing comes for so long, not even the end."""
        self.socket.settimeout(seconds)
        try:
            piece = self.socket.recv(1 << 18)
        except TimeoutError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(self.patience)
        self.data += piece
        return False

    def ended(self, seconds: float = PATIENCE) -> bool:
        """Whether the server closes, and says nothing more."""
        if self.data:
            return False
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1 << 18)
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(self.patience)


def expect(got: Response, target: str, want: bytes | None, status: int) -> None:
    if got.status != status:
        raise Wrong(f"GET {target} should be answered with {status}; it was with {got.status}")
    if want is not None and got.body != want:
        at = next((i for i, (a, b) in enumerate(zip(got.body, want)) if a != b), min(len(got.body), len(want)))
        raise Wrong(f"GET {target}: octet {at} of {len(want)} is not the file's")


class Server:
    """One httpd, from its start to its end."""

    def __init__(self, place: Place, options: tuple[str, ...], **limits: int) -> None:
        self.cell = cell.Cell(place.keeper, {"/program": place.program.parent, "/www": place.root},
                              ["/program/httpd", "--listen", "127.0.0.1:0", "--root", "/www", *options],
                              "/program/httpd", **limits)
        line = self.cell.line(PATIENCE)
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d{1,5})", line or "")
        if not match:
            place.died = said = self.cell.complaints()
            self.cell.end()
            if "bwrap:" in said:
                raise Infrastructure(f"cannot confine a server: {said.strip()[:200]}")
            raise Wrong("the server does not begin" + (f": {said.strip()[:120]}" if said.strip() else ""))
        self.port = int(match[1])
        self.pid = self.cell.first()
        if not self.pid:
            place.died = self.cell.complaints()
            self.cell.end()
            raise Wrong("the server ends as soon as it has begun")

    def client(self, patience: float = PATIENCE, receive_buffer: int = 0) -> Client:
        return Client(self.port, patience, receive_buffer)

    def get(self, target: str, want: bytes | None = None, status: int = 200) -> Response:
        """On a connection of its own."""
        with self.client() as c:
            got = c.get(target, "Connection: close", want=want, status=status)
            if not c.ended():
                raise Wrong("after an answer that said 'Connection: close' the connection stays open")
            return got

    def metric(self, name: str) -> int:
        for line in self.get("/metrics").body.decode().splitlines():
            if match := re.fullmatch(rf"{name} (\d+)", line):
                return int(match[1])
        return 0

    def signal(self, number: int) -> None:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            raise Wrong("the server should be there to be told to end or to go on; it has ended") from None

    def processes(self) -> list[int]:
        """All in the cell but the keeper."""
        return cell.family(self.cell.process.pid)[2:]

    def sockets(self, pid: int = 0) -> int:
        return sum(name.startswith("socket:") for name in cell.descriptors(pid or self.pid))

    def descriptors(self) -> int:
        return len(cell.descriptors(self.pid))

    def zombies(self) -> int:
        return sum(cell.state(pid) == "Z" for pid in self.processes())

    def memory(self) -> int:
        return sum(map(cell.memory, self.processes()))

    def must_rest(self, when: str, seconds: float = 0.6) -> None:
        """Nothing is to do: no processor time to speak of, and no waking up again and again."""
        processes = self.processes()
        before = sum(map(cell.cpu_seconds, processes)), sum(map(cell.switches, processes))
        time.sleep(seconds)
        spent = sum(map(cell.cpu_seconds, processes)) - before[0]
        woken = sum(map(cell.switches, processes)) - before[1]
        if spent > 0.05 * seconds:
            raise Wrong(f"{when} the server should wait; it ran for {spent * 1000:.0f} ms of {seconds * 1000:.0f}")
        if woken > 100 * seconds:
            raise Wrong(f"{when} the server should wait; it woke {woken} times in {seconds * 1000:.0f} ms")
        if always_wants(processes):
            raise Wrong(f"{when} the server should wait; it wants a processor all the time")

    def must_end(self, seconds: float = PATIENCE) -> None:
        if not until(lambda: self.cell.process.poll() is not None, seconds):
            raise Wrong("SIGTERM should end the server; it goes on")
        if self.cell.process.returncode:
            raise Wrong(f"the server should end with status 0; it ended with {self.cell.process.returncode}")


@dataclass
class Place:
    """What one check has: programs, a folder to serve, and chance."""

    program: Path
    keeper: Path
    root: Path
    files: dict[str, bytes]
    rng: random.Random
    load: Path | None = None
    probe: Path | None = None
    died: str = ""
    may_crash: bool = False

    @contextmanager
    def server(self, *options: str, **limits: int) -> Iterator[Server]:
        server = Server(self, options, **limits)
        try:
            yield server
        finally:
            self.died = self.died or server.cell.complaints()
            server.cell.end()
            server.cell.errors.close()

    def file(self, *sizes: str) -> tuple[str, bytes]:
        """One of the files, as a target and its octets."""
        name = self.rng.choice(sizes or ("small", "medium"))
        return f"/{name}.bin", self.files[name]


SIZES = {"tiny": 40, "small": 1900, "medium": 12_000, "large": 6_000_000}


def make_files(rng: random.Random, root: Path) -> dict[str, bytes]:
    files = {name: rng.randbytes(size) for name, size in SIZES.items()}
    for name, data in files.items():
        (root / f"{name}.bin").write_bytes(data)
    return files


