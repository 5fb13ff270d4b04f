"""A running httpd, and a client that speaks to it octet by octet.

HTTPD=path selects the binary, such as one built with SANITIZE=thread.
"""
from __future__ import annotations

import functools
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
BUILD = TREE / "build/native"

# Every design, and every variant of one.
VARIANTS = {
    "sequential": ["--design", "sequential"],
    "prefork": ["--design", "process", "--workers", "4"],
    "fork": ["--design", "process", "--per-connection"],
    "pool": ["--design", "thread", "--workers", "4"],
    "thread": ["--design", "thread", "--per-connection"],
    "epoll": ["--design", "event"],
    "poll": ["--design", "event", "--readiness", "poll"],
    "select": ["--design", "event", "--readiness", "select"],
    "uring": ["--design", "event", "--readiness", "io_uring"],
    "loops": ["--design", "event", "--workers", "2"],
    "helpers": ["--design", "event", "--helpers", "4"],
}
# More than one client is served at a time.
CONCURRENT = [name for name in VARIANTS if name != "sequential"]
# ... also if a handler blocks.
PATIENT = ["prefork", "fork", "pool", "thread", "helpers"]
PROCESSES = ["prefork", "fork"]


@functools.cache
def binary() -> Path:
    if "HTTPD" in os.environ:
        return Path(os.environ["HTTPD"])
    subprocess.run(["make", "-s", "-C", TREE / "userland", f"O={BUILD}", BUILD / "bin/httpd"], check=True,
                   stdout=subprocess.DEVNULL)
    return BUILD / "bin/httpd"


def until(condition: Callable[[], object], seconds: float = 5) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Response:
    status: int
    fields: dict[str, str]
    body: bytes

    def __getitem__(self, name: str) -> str:
        return self.fields[name.lower()]


@dataclass
class Client:
    """One connection."""

    port: int
    timeout: float = 10
    receive_buffer: int = 0
    data: bytearray = field(default_factory=bytearray)
    socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.socket = socket.socket()
        if self.receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.socket.settimeout(self.timeout)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def get(self, target: str, *fields: str, method: str = "GET") -> Response:
        self.send(request(target, *fields, method=method))
        return self.response(method)

    def more(self) -> bool:
        """Receive; whether there was anything."""
        try:
            piece = self.socket.recv(1 << 20)
        except ConnectionResetError:
            piece = b""
        self.data += piece
        return bool(piece)

    def response(self, method: str = "GET") -> Response:
        while b"\r\n\r\n" not in self.data:
            assert self.more(), f"the connection ended before the head did: {self.data!r}"
        end = self.data.index(b"\r\n\r\n")
        head = bytes(self.data[:end])
        del self.data[:end + 4]
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        code = int(status.split()[1])
        assert status.startswith("HTTP/1.1 ")
        bodyless = method == "HEAD" or code in (204, 304) or code < 200
        length = 0 if bodyless else int(fields["content-length"])
        while len(self.data) < length:
            assert self.more(), f"the connection ended in the content: {len(self.data)} of {length}"
        body = bytes(self.data[:length])
        del self.data[:length]
        return Response(code, fields, body)

    def ended(self) -> bool:
        """The server closes, and says nothing more."""
        return not self.data and not self.more()


def request(target: str, *fields: str, method: str = "GET", version: str = "1.1") -> str:
    return "\r\n".join([f"{method} {target} HTTP/{version}", "Host: x", *fields, "", ""])


class Httpd:
    """A server, from its start to its end."""

    def __init__(self, root: Path, *options: str, limit: int = 0, environment: dict[str, str] | None = None,
                 program: Path | None = None) -> None:
        command = [str(program or binary()), "--listen", "127.0.0.1:0", "--root", str(root), *options]
        if limit:
            command = ["sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"', *command]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=os.environ | (environment or {}))
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        if not match:
            raise AssertionError(f"no address but {line!r}, {self.process.stderr.read()!r}")
        self.port = int(match[1])

    def __enter__(self) -> Httpd:
        return self

    def __exit__(self, exc: object, *rest: object) -> None:
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            status = self.process.wait(15)
        finally:
            self.process.kill()
            self.process.wait()
        assert self.process.stderr
        said = self.process.stderr.read()
        if not exc:
            assert "Sanitizer" not in said and "runtime error" not in said, said
            assert status == 0, f"status {status}: {said}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """ThreadSanitizer takes a signal now and then and never calls its handler: 3 of 480 under load with GCC 12, none
        of 1040 without it. It gets a second one, if one is as good as two."""
        self.process.send_signal(number)
        if "TSAN_OPTIONS" in os.environ and number == signal.SIGTERM:
            time.sleep(0.1)
            self.process.send_signal(number)

    def client(self, **options: float) -> Client:
        return Client(self.port, **options)  # type: ignore[arg-type]

    def get(self, target: str, *fields: str, method: str = "GET") -> Response:
        """On a connection of its own."""
        with self.client() as c:
            return c.get(target, *fields, "Connection: close", method=method)

    def metric(self, name: str) -> int:
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        return 0

    def children(self) -> list[int]:
        return [int(p) for p in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def runs(self) -> bool:
        """A thread is on a processor, or waits for one."""
        states = [stat.read_text().rpartition(")")[2].split()[0] for pid in [self.pid, *self.children()]
                  for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
        return "R" in states

    def rests(self) -> bool:
        """Mostly asleep. However busy the machine is, who is always busy is never that."""
        samples = []
        for _ in range(40):
            samples.append(self.runs())
            time.sleep(0.005)
        return sum(samples) < 20


def make_root(folder: Path) -> Path:
    """The files that the tests ask for, and a secret beside them."""
    root = folder / "root"
    (root / "folder").mkdir(parents=True)
    (root / "index.html").write_text("<h1>index</h1>\n")
    (root / "folder/index.html").write_text("in the folder\n")
    (root / "small.txt").write_bytes(bytes(range(33, 127)) * 20)
    (root / "empty.txt").touch()
    (root / "medium.bin").write_bytes(os.urandom(12000))
    (root / "large.bin").write_bytes(os.urandom(6_000_000))
    (root / "name with space & \u00fc.txt").write_text("odd\n")
    (folder / "secret.txt").write_text("SECRET")
    (root / "inside.txt").symlink_to("small.txt")
    (root / "outside.txt").symlink_to("../secret.txt")
    (root / "absolute.txt").symlink_to(folder / "secret.txt")
    (root / "up").symlink_to("..")
    return root
