"""The superserver: on demand, limits, crashing services, reload; and what it must not leave behind."""
from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest
from directory_running import SLACK, USERLAND, Directory, Running, build, wait_until

ECHO = "echo 127.0.0.1:0 kind=stream nowait {} /bin/cat\n"
# A server by socket activation: takes one connection, says who it is, and ends.
ONCE = """
import os, socket, sys
assert os.environ["LISTEN_FDS"] == "1" and os.environ["LISTEN_PID"] == str(os.getpid())
listener = socket.socket(fileno=3)
connection, _ = listener.accept()
connection.sendall(str(os.getpid()).encode())
connection.close()
"""
DATAGRAM = """
import socket
s = socket.socket(fileno=3)
data, peer = s.recvfrom(100)
s.sendto(data.upper(), peer)
"""


@pytest.fixture(scope="session")
def superserver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    servers = USERLAND / "servers"
    return build(tmp_path_factory.mktemp("superserver") / "superserver",
                 [*sorted((servers / "superserver").glob("*.c")),
                  *(servers / "directory" / f"{name}.c" for name in ("client", "protocol", "lease", "address"))])


class Super(Running):
    def __init__(self, program: Path, folder: Path, config: str, *options: str, descriptors: int = 0) -> None:
        self.file = folder / "services"
        self.log = folder / "log"
        self.file.write_text(config)
        super().__init__([program, *options, self.file], descriptors, self.log)

    def ready(self) -> Super:
        self.await_line("ready")
        return self

    def port(self, name: str) -> int:
        return int(self.await_line(f"{name} listening on").rsplit(":", 1)[1])

    def connect(self, name: str) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port(name)), timeout=10)

    def reload(self, config: str, count: int = 1) -> None:
        self.file.write_text(config)
        self.process.send_signal(signal.SIGHUP)
        self.await_line("reloaded", count)

    def children(self) -> list[int]:
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in text.split()]

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@pytest.fixture
def start(superserver: Path, tmp_path: Path) -> Iterator[Callable[..., Super]]:
    started: list[Super] = []

    def go(config: str, *options: str, **how: int) -> Super:
        started.append(Super(superserver, tmp_path, config, *options, **how).ready())
        return started[-1]

    yield go
    for s in started:
        assert s.stop() == 0, s.log.read_text()


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/usr/bin/python3\n{text}")
    path.chmod(0o755)
    return path


def echoes(connection: socket.socket, text: bytes = b"hello") -> bool:
    connection.sendall(text)
    return connection.recv(100) == text


def test_a_server_starts_when_somebody_comes_and_not_before(start: Callable[..., Super]) -> None:
    s = start(ECHO.format(""))
    assert s.children() == []

    with s.connect("echo") as connection:
        assert echoes(connection)
        assert len(s.children()) == 1

    wait_until(lambda: s.children() == [], SLACK, "it has ended, and was reaped")


def test_neither_zombies_nor_descriptors_are_left(start: Callable[..., Super]) -> None:
    s = start(ECHO.format(""))
    before = s.descriptors()

    for _ in range(50):
        with s.connect("echo") as connection:
            assert echoes(connection)

    wait_until(lambda: s.children() == [] and s.descriptors() == before, SLACK, "nothing is left")


def test_a_server_inherits_its_connection_and_nothing_else(start: Callable[..., Super], tmp_path: Path) -> None:
    listing = script(tmp_path, "listing", "import os; print(sorted(os.listdir('/proc/self/fd')), flush=True)")
    s = start(f"fds 127.0.0.1:0 kind=stream nowait {listing}\n")

    with s.connect("fds") as connection:
        said = connection.recv(1000).decode()

    # The fourth is the one that reads the folder.
    assert said.strip() == "['0', '1', '2', '3']"


def test_no_more_servers_than_max(start: Callable[..., Super]) -> None:
    s = start(ECHO.format("max=2"))
    connections = [s.connect("echo") for _ in range(4)]
    for connection in connections:
        connection.sendall(b"x")
    time.sleep(0.5)
    assert len(s.children()) == 2

    for connection in connections[:2]:
        assert connection.recv(1) == b"x"
        connection.close()

    for connection in connections[2:]:
        assert connection.recv(1) == b"x", "the others had to wait"
        connection.close()


def test_a_wait_server_gets_the_socket_and_is_the_only_one(start: Callable[..., Super], tmp_path: Path) -> None:
    s = start(f"once 127.0.0.1:0 kind=stream wait {script(tmp_path, 'once', ONCE)}\n")
    pids = []

    for _ in range(3):
        with s.connect("once") as connection:
            pids.append(int(connection.recv(100)))

    assert len(set(pids)) == 3
    wait_until(lambda: s.children() == [], SLACK, "all were reaped")


def test_a_datagram_service_answers(start: Callable[..., Super], tmp_path: Path) -> None:
    s = start(f"upper 127.0.0.1:0 kind=dgram wait {script(tmp_path, 'upper', DATAGRAM)}\n")

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(10)
        asking.connect(("127.0.0.1", s.port("upper")))
        asking.send(b"hello")
        assert asking.recv(100) == b"HELLO"


@pytest.mark.parametrize("kind", ["nowait max=1", "wait"])
def test_a_service_that_dies_at_once_is_tried_less_and_less(start: Callable[..., Super], tmp_path: Path,
                                                            kind: str) -> None:
    tried = tmp_path / "tried"
    command = tmp_path / "dies"
    command.write_text(f"#!/bin/sh\nprintf x >> {tried}\nexit 1\n")
    command.chmod(0o755)
    s = start(f"dies 127.0.0.1:0 kind=stream {kind} {command}\n" + ECHO.format(""))
    connections = [s.connect("dies") for _ in range(20)]

    begin = time.monotonic()

    wait_until(lambda: "3 times in a row: paused for 1000 ms" in s.log.read_text(), 10, "it backs off")

    assert time.monotonic() - begin > 0.25 + 0.5 - 0.2
    assert len(tried.read_text()) == 3
    with s.connect("echo") as connection:
        assert echoes(connection), "others do not suffer"
    for connection in connections:
        connection.close()


def test_a_wait_server_that_leaves_its_caller_backs_off_too(start: Callable[..., Super], tmp_path: Path) -> None:
    s = start("true 127.0.0.1:0 kind=stream wait /bin/true\n")

    with s.connect("true"):
        time.sleep(1.0)

    assert "times in a row" in s.log.read_text()


def test_a_command_that_is_not_there_is_said(start: Callable[..., Super]) -> None:
    s = start("gone 127.0.0.1:0 kind=stream nowait /no/such/command\n")

    with s.connect("gone") as connection:
        assert connection.recv(10) == b""

    wait_until(lambda: "cannot run /no/such/command" in s.log.read_text(), SLACK, "it is said")


def test_a_reload_adds_changes_and_removes_and_keeps_who_is_there(start: Callable[..., Super]) -> None:
    s = start(ECHO.format("") + ECHO.format("").replace("echo", "other"))
    talking, gone = s.connect("echo"), s.connect("other")
    assert echoes(talking) and echoes(gone)
    port = s.port("other")

    s.reload("# other is no longer here\n" + ECHO.format("max=1") + ECHO.format("").replace("echo", "third"))

    assert echoes(talking) and echoes(gone), "who talks goes on"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with s.connect("third") as connection:
        assert echoes(connection)
    with s.connect("echo") as connection:
        connection.sendall(b"x")
        time.sleep(0.3)
        assert len(s.children()) == 2, "echo has max=1 now"
        talking.close()
        assert connection.recv(1) == b"x"
    gone.close()
    wait_until(lambda: s.children() == [], SLACK, "all have ended")


def test_a_file_with_an_error_changes_nothing(start: Callable[..., Super]) -> None:
    s = start(ECHO.format(""))
    s.file.write_text(ECHO.format("") + "broken\n")

    s.process.send_signal(signal.SIGHUP)

    wait_until(lambda: "line 2: the address is missing" in s.log.read_text(), SLACK, "it is said")
    with s.connect("echo") as connection:
        assert echoes(connection)


def test_reloads_leak_nothing(start: Callable[..., Super]) -> None:
    s = start(ECHO.format(""))
    before = s.descriptors()

    for i in range(1, 20):
        s.reload(ECHO.format("") if i % 2 else "", i)
    wait_until(lambda: s.descriptors() == before, SLACK, "as many descriptors as before")


def test_without_descriptors_who_waits_is_served_later(start: Callable[..., Super]) -> None:
    # 0 to 2, log, signals, epoll, socket: one is left, and it is taken while a server is started.
    s = start(ECHO.format("max=100"), descriptors=8)
    connections = [s.connect("echo") for _ in range(10)]

    for connection in connections:
        assert echoes(connection)

    assert s.process.poll() is None
    for connection in connections:
        connection.close()


def test_a_wrong_file_at_the_start_ends_it(superserver: Path, tmp_path: Path) -> None:
    s = Super(superserver, tmp_path, "\necho 127.0.0.1:0 kind=stream nowait\n")

    assert s.process.wait(10) == 1
    assert "services: line 2: the command is missing" in s.log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
def test_a_server_runs_as_its_user_without_other_groups(start: Callable[..., Super], tmp_path: Path) -> None:
    s = start("who 127.0.0.1:0 kind=stream nowait user=nobody /usr/bin/id\n")

    with s.connect("who") as connection:
        said = connection.recv(1000).decode()

    assert "(nobody)" in said and "root" not in said


def test_a_user_who_is_not_there_is_an_error(superserver: Path, tmp_path: Path) -> None:
    s = Super(superserver, tmp_path, ECHO.format("user=no-such-user"))

    assert s.process.wait(10) == 1
    assert "not in /etc/passwd" in s.log.read_text()


def test_services_are_in_the_directory_while_they_are_listened_for(start: Callable[..., Super],
                                                                   directory_program: Path) -> None:
    directory = Directory(directory_program)
    s = start(ECHO.format("lease=1"), "--directory", directory.at)
    wait_until(lambda: directory.find("echo") == [("127.0.0.1", s.port("echo"))], SLACK, "it is found")
    time.sleep(1.5)
    assert directory.find("echo"), "it is renewed"

    directory.kill()
    again = Directory(directory_program, port=directory.port)
    wait_until(lambda: again.find("echo"), 1 + SLACK, "it is found again")

    s.reload("")
    wait_until(lambda: again.find("echo") == [], SLACK, "it is gone")
    assert again.stop() == 0
