"""Servers that are measured: how each is started, pinned to its CPUs, and ended."""
from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("EXPERIMENTS_BIN", TREE / "build/native/bin"))
PATIENCE = 10


@dataclass(frozen=True)
class Variant:
    """One way to serve. `family` is the course's word for it; whose key is that word too stands for the family."""

    key: str
    name: str
    family: str
    options: tuple[str, ...]
    program: str = "httpd"

    def command(self, root: Path, port: int) -> list[str]:
        return [str(BIN / self.program), "--listen", f"127.0.0.1:{port}", "--root", str(root), *self.options]


SEQUENTIAL = Variant("sequential", "sequential", "sequential", ("--design", "sequential"))
PREFORK = Variant("process", "process (pool of 64)", "process", ("--design", "process"))
FORK = Variant("fork", "process per connection", "process", ("--design", "process", "--per-connection"))
POOL = Variant("thread", "thread (pool of 64)", "thread", ("--design", "thread"))
THREAD = Variant("per-connection", "thread per connection", "thread", ("--design", "thread", "--per-connection"))
EVENT = Variant("event", "event (epoll)", "event", ("--design", "event"))
POLL = Variant("poll", "event (poll)", "event", ("--design", "event", "--readiness", "poll"))
HELPERS = Variant("helpers", "event, 64 helpers", "event", ("--design", "event", "--helpers", "64"))
TWO_HELPERS = Variant("helpers", "event, 2 helpers", "event", ("--design", "event", "--helpers", "2"))
PINNED_LOOPS = Variant("pinned-loops", "event, two pinned loops", "event",
                       ("--design", "event", "--workers", "2", "--pin"))
TWO_LOOPS = Variant("loops", "event, two loops", "event", ("--design", "event", "--workers", "2"))
BARE_THREAD = Variant("bare-thread", "bare: a thread each", "bare", ("--design", "thread"), "experiment-bare")
BARE_PROCESS = Variant("bare-process", "bare: a process each", "bare", ("--design", "process"), "experiment-bare")
LIBUV = Variant("libuv", "libuv, our parser", "library", (), "experiment-libuv")
LIBMICROHTTPD = Variant("libmicrohttpd", "libmicrohttpd", "library", (), "experiment-libmicrohttpd")

# What the course says, best first.
COURSE = ("event", "thread", "process", "sequential")
DESIGNS = (EVENT, POOL, PREFORK, SEQUENTIAL)


@dataclass(frozen=True)
class Cpus:
    """Who runs where. Servers and generator apart, so that neither takes time from the other."""

    server: str
    generator: str
    two_servers: str
    generator_beside_two: str

    @classmethod
    def of_this_machine(cls) -> Cpus:
        cpus = sorted(os.sched_getaffinity(0))
        first, last = str(cpus[0]), str(cpus[-1])
        two, rest = ",".join(map(str, cpus[:2])), ",".join(map(str, cpus[2:]))
        return cls(first, last, two, rest or two)

    @property
    def told(self) -> str:
        if self.server == self.generator:
            return f"servers and generator share the only CPU, {self.server}: do not trust the latencies"
        return f"servers on CPU {self.server}, generator on CPU {self.generator}"


@dataclass
class Server:
    """A running server."""

    variant: Variant
    port: int
    process: subprocess.Popen

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def key(self) -> str:
        return self.variant.key

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Kill it and all that it started: there is nothing to be saved."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def accepts(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def start(variant: Variant, root: Path, cpus: str, *more: str) -> Server:
    """One of ours: it says where it listens as soon as it does."""
    command = ["taskset", "-c", cpus, *variant.command(root, 0), *more]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   start_new_session=True)
    except FileNotFoundError as e:
        raise RuntimeError(f"{variant.program}: {e.strerror}: {e.filename}") from None
    assert process.stdout
    line = process.stdout.readline()
    match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
    if not match:
        process.kill()
        process.wait()
        raise RuntimeError(f"{variant.key}: the server did not start: {' '.join(command)}: run it by hand to see why; "
                           "is it built?")
    return Server(variant, int(match[1]), process)


def start_other(variant: Variant, command: list[str], port: int, cpus: str) -> Server:
    """Somebody else's: it is there when its port is."""
    process = subprocess.Popen(["taskset", "-c", cpus, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    server = Server(variant, port, process)
    end = time.monotonic() + PATIENCE
    while not accepts(port):
        if process.poll() is not None or time.monotonic() > end:
            server.stop()
            assert process.stderr
            raise RuntimeError(f"{variant.key}: no one listens on port {port}: {' '.join(command)}: "
                               f"{process.stderr.read().strip()[-400:]}")
        time.sleep(0.02)
    return server
