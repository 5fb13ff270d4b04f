"""httpd --pin: each event loop has a CPU, and the connections whose packets come in there."""
from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import VARIANTS, Client, Httpd, make_root, request, until

CPUS = sorted(os.sched_getaffinity(0))
KERNEL = tuple(int(n) for n in platform.release().split(".")[:2])
pytestmark = pytest.mark.skipif(len(CPUS) < 2 or KERNEL < (6, 2), reason="takes two CPUs, and Linux 6.2")
PINNED = [*VARIANTS["loops"], "--pin"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


def connect(httpd: Httpd, cpu: int) -> Client:
    """By the loopback device, a packet comes in at the CPU that sent it."""
    os.sched_setaffinity(0, {cpu})
    try:
        return Client(httpd.port)
    finally:
        os.sched_setaffinity(0, CPUS)


def answered(client: Client) -> bool:
    client.socket.setblocking(False)
    try:
        return bool(client.socket.recv(1))
    except BlockingIOError:
        return False


def affinities(httpd: Httpd) -> list[set[int]]:
    """Of the threads that are kept somewhere: the loops, as far as they have begun."""
    threads = [os.sched_getaffinity(int(n)) for n in os.listdir(f"/proc/{httpd.pid}/task")]
    return sorted((cpus for cpus in threads if len(cpus) == 1), key=min)


@contextlib.contextmanager
def pinned(root: Path) -> Iterator[Httpd]:
    with Httpd(root, *PINNED) as httpd:
        assert until(lambda: affinities(httpd) == [{cpu} for cpu in CPUS[:2]])
        yield httpd


def test_each_loop_stays_on_a_cpu_of_its_own(root: Path) -> None:
    with pinned(root) as httpd:
        # The main thread, which only listens to signals, may be anywhere.
        assert os.sched_getaffinity(httpd.pid) == set(CPUS)


@pytest.mark.parametrize("busy,free", [(0, 1), (1, 0)])
def test_a_loop_has_the_connections_that_come_in_at_its_cpu(root: Path, busy: int, free: int) -> None:
    with pinned(root) as httpd:
        waits = connect(httpd, CPUS[busy])
        waits.send(request("/wait?ms=2500"))
        # Without helpers the loop that has it can do nothing else. By chance, all of these would be right in 1 of 65536.
        theirs = [connect(httpd, CPUS[busy]) for _ in range(8)]
        others = [connect(httpd, CPUS[free]) for _ in range(8)]
        for client in theirs:
            client.send(request("/small.txt"))
        assert [client.get("/small.txt").status for client in others] == [200] * 8
        assert [answered(client) for client in theirs] == [False] * 8
        assert not answered(waits), "it took too long to ask the others: nothing is told by that"


def test_more_loops_than_cpus_share_them(root: Path) -> None:
    with Httpd(root, "--design", "event", "--workers", str(len(CPUS) + 1), "--pin") as httpd:
        for cpu in CPUS * 3:
            with connect(httpd, cpu) as client:
                assert client.get("/small.txt").status == 200
