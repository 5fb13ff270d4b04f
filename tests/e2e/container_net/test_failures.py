"""net_up() fails, or is killed, at each of its system calls in turn; nothing is left, or what is left goes with net_down().

strace makes the calls fail: what is tested is the very program, and the kernel's real errors are of the same kind.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Host, make_host

WORDS = ["--net", "private,alias=web", "--net", "private:second", "-p", "8080:80", "-p", "127.0.0.1:53:53/udp"]
CALLS = {"openat": "EMFILE", "socket": "ENFILE", "sendto": "ENOBUFS", "recvfrom": "ENOMEM", "setns": "EPERM", "write": "ENOSPC",
         "pwrite64": "ENOSPC", "rename,renameat,renameat2": "EROFS", "mkdir,mkdirat": "EACCES", "fchmod": "EPERM",
         "ftruncate": "EIO", "bind": "EADDRINUSE", "flock": "ENOLCK", "fstat,newfstatat": "EIO", "read": "EIO"}


@pytest.fixture
def machine(plain_net_try: Path, tmp_path: Path) -> Iterator[Host]:
    made = make_host(plain_net_try, tmp_path / "root")
    made.container("a")
    yield made
    made.end()


def injected(host: Host, what: str, *words: object) -> subprocess.CompletedProcess[str]:
    log = host.root.with_name("strace")
    done = host("strace", "-f", "-qq", "-o", log, "-e", f"inject={what}", host.program, host.root, *words, check=False)
    done.hit = "INJECTED" in log.read_text() or done.returncode < 0 or done.returncode == 137  # type: ignore[attr-defined]
    return done


def container_is_clean(host: Host) -> None:
    assert len(host.containers["a"].ip("-o link").splitlines()) == 1, "a card is left in the container"


@pytest.mark.parametrize("call", CALLS)
def test_a_call_fails(machine: Host, call: str) -> None:
    a = machine.containers["a"]
    hits = 0
    for number in range(1, 200):
        done = injected(machine, f"{call}:error={CALLS[call]}:when={number}", "up", "a", a.path, *WORDS)
        if not done.hit:
            break
        hits += 1
        # Some failures are none to us: the host's resolv.conf that cannot be read, an option of a socket.
        if done.returncode == 0:
            machine.down("a")
        else:
            assert done.returncode == 1, f"{call} {number}: {done.returncode}"
            assert len(done.stderr.splitlines()) == 1, done.stderr
        machine.is_clean()
        container_is_clean(machine)
    else:
        raise AssertionError("it never ends")
    machine.down("a")
    assert hits, f"{call} is not called at all"


@pytest.mark.parametrize("call", CALLS)
def test_a_call_and_all_after_it_fail(machine: Host, call: str) -> None:
    """Then nothing can be taken away at once; net_down() does it later."""
    a = machine.containers["a"]
    for number in range(1, 200):
        done = injected(machine, f"{call}:error={CALLS[call]}:when={number}+", "up", "a", a.path, *WORDS)
        machine.down("a")
        machine.is_clean()
        container_is_clean(machine)
        if not done.hit:
            break


@pytest.mark.parametrize("call", ["sendto", "write", "rename,renameat,renameat2", "pwrite64", "unlink,unlinkat", "openat"])
def test_up_is_killed(machine: Host, call: str) -> None:
    a = machine.containers["a"]
    for number in range(1, 200):
        done = injected(machine, f"{call}:signal=SIGKILL:when={number}", "up", "a", a.path, *WORDS)
        if done.returncode == 0:
            break
        machine.down("a")
        machine.is_clean()
        container_is_clean(machine)
    assert number > 1 or call == "unlink,unlinkat"
    machine.down("a")


@pytest.mark.parametrize("call", ["sendto", "unlink,unlinkat", "rename,renameat,renameat2", "write", "pwrite64"])
@pytest.mark.parametrize("how", ["signal=SIGKILL", "error=EIO"])
def test_down_is_killed_or_fails(machine: Host, call: str, how: str) -> None:
    for number in range(1, 100):
        machine.up("a", *WORDS)
        done = injected(machine, f"{call}:{how}:when={number}", "down", "a")
        machine.down("a")
        machine.is_clean()
        container_is_clean(machine)
        if done.returncode == 0 and not done.hit:
            break


def test_what_a_killed_one_left_goes_with_the_next(machine: Host) -> None:
    """Nobody calls net_down() for it: the next container, of whatever name, finds its address and its ports free."""
    a = machine.containers["a"]
    for number in range(8, 40, 4):
        killed = injected(machine, f"sendto:signal=SIGKILL:when={number}", "up", "a", a.path, *WORDS)
        if killed.returncode == 0:
            break
        a.end()
        machine.container("a")
        b = machine.container("b")
        # A namespace ends a moment after its last user.
        for _ in range(50):
            done = machine.net("up", "b", b.path, *WORDS, check=False)
            if done.returncode == 0 and "member a " not in machine.ledger():
                break
            machine.down("b")
            subprocess.run(["sleep", "0.1"], check=True)
        assert "member a " not in machine.ledger() and machine.address("b").startswith("10.89.0.2")
        machine.down("b")
        b.end()
        machine.down("a")
        machine.is_clean()
        a = machine.containers["a"]
    machine.down("a")


def test_many_at_once(host: Host) -> None:
    """Twelve join and leave at the same time; the ledger is whole at every moment, and empty at the end."""
    spaces = [host.container(f"m{i}") for i in range(12)]

    def all_of(command: str) -> None:
        running = []
        for i, space in enumerate(spaces):
            words = ["up", f"m{i}", space.path, "-p", f"{9000 + i}:80"] if command == "up" else ["down", f"m{i}"]
            running.append(host.start(host.program, host.root, *words))
        for process in running:
            assert process.wait(60) == 0, process.stdout.read() if process.stdout else ""

    for _ in range(3):
        all_of("up")
        addresses = re.findall(r"address (\S+)", host.ledger())
        assert len(set(addresses)) == 12
        assert host("nft", "list", "ruleset").stdout.count(" . 80") >= 12
        all_of("down")
        host.is_clean()
