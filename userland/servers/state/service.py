"""A httpd with /session, which may die and be started again; and a client of it with its cookie."""
from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class MeasureError(Exception):
    """What cannot be measured, and what to do about it."""


@dataclass
class Settings:
    httpd: Path
    design: str
    clients: int
    rounds: int
    lease: float


# --- a server ---

def is_alive(pid: int) -> bool:
    """Not gone, and no zombie that somebody else has to reap."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Server:
    """One httpd, which may die and be started again at the same port."""

    def __init__(self, settings: Settings, form: str, folder: Path, *options: str, design: str = "") -> None:
        kept = {"server": [], "client": ["--secret-file", str(folder / "secret")],
                "soft": ["--store", str(folder / "store")]}[form]
        pool = ["--workers", "4"] if (design or settings.design) in ("process", "thread") else []
        self.pid_file = folder / f"pid-{id(self)}"
        self.command = [str(settings.httpd), "--design", design or settings.design, *pool, "--root", str(folder),
                        "--pid-file", str(self.pid_file), "--state", form, *kept, *options]
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [*self.command, "--listen", f"127.0.0.1:{self.port}"]
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                            start_new_session=True)
        except OSError as error:
            raise MeasureError(f"httpd: {command[0]}: {error.strerror}: build it by `make userland`") from None
        assert self.process.stdout and self.process.stderr
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", self.process.stdout.readline())
        if not match:
            raise MeasureError(f"httpd does not start: {self.process.stderr.read().strip()}")
        self.port = int(match[1])

    def kill(self) -> None:
        """All of its processes at once; back when they are gone, and the port is free."""
        pids = self.processes()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        while any(is_alive(pid) for pid in pids):
            time.sleep(0.002)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def kill_and_start(self) -> None:
        self.kill()
        self.start()

    def main_process(self) -> int:
        """Another one after succeed()."""
        return int(self.pid_file.read_text()) if self.pid_file.exists() else self.process.pid

    def succeed(self) -> None:
        """Restart by a successor on the same sockets; back when the old one is gone."""
        os.kill(self.main_process(), signal.SIGHUP)
        self.process.wait(20)

    def processes(self) -> list[int]:
        pids = [self.main_process()]
        for pid in pids:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    pids += [int(child) for child in (task / "children").read_text().split()]
        return pids

    def pss(self) -> int:
        """Octets of memory; what processes share is counted once."""
        total = 0
        for pid in self.processes():
            match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(match[1]) * 1024 if match else 0
        return total

    def metrics(self) -> dict[str, int]:
        with Client(self) as client:
            _, text = client.ask("GET", "/metrics")
        lines = (line.split() for line in text.splitlines() if line.startswith("httpd_session_"))
        return {name.removeprefix("httpd_session_"): int(value) for name, value in lines}


@contextlib.contextmanager
def running(settings: Settings, form: str, *options: str, design: str = "") -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="state-measure-") as folder:
        server = Server(settings, form, Path(folder), *options, design=design)
        try:
            yield server
        finally:
            server.kill()


# --- a client ---

@dataclass
class Client:
    """One client: a connection, as long as there is one, and its cookie."""

    server: Server
    cookie: str = ""
    connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def fields(self, name: str = "") -> dict[str, str]:
        fields = {"Cookie": self.cookie} if self.cookie else {}
        return fields | ({"Idempotency-Key": f'"{name}"'} if name else {})

    def take(self, answer: http.client.HTTPResponse) -> None:
        fresh = answer.getheader("Set-Cookie")
        if fresh:
            pair, *attributes = fresh.split("; ")
            self.cookie = "" if "Max-Age=0" in attributes else pair

    def ask(self, method: str, target: str, body: str | None = None, name: str = "") -> tuple[int, str]:
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        self.connection.request(method, target, body, self.fields(name))
        answer = self.connection.getresponse()
        self.take(answer)
        text = answer.read().decode("latin-1")
        if answer.getheader("Connection") == "close" or self.server.command[2] == "sequential":
            self.hang_up()
        return answer.status, text

    def put(self, key: str, value: str) -> None:
        status, text = self.ask("PUT", f"/session/{key}", value)
        if status not in (201, 204):
            raise MeasureError(f"PUT /session/{key}: {status}: {text.strip()}")

    def read(self, key: str) -> str | None:
        """None: there is no such session, or no such key in it."""
        status, text = self.ask("GET", f"/session/{key}")
        return text if status == 200 else None

    def add_and_lose_the_answer(self, key: str, name: str) -> None:
        """It is done when something comes back; the client never sees what."""
        lines = [f"POST /session/{key}?add=1 HTTP/1.1", "Host: x", "Content-Length: 0",
                 *(f"{field}: {value}" for field, value in self.fields(name).items()), "", ""]
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
            connection.sendall("\r\n".join(lines).encode())
            if not select.select([connection], [], [], 20)[0]:
                raise MeasureError("POST /session: no answer in 20 s")
