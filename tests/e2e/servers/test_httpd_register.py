"""httpd --register: found by name in a real directory, under every design, whoever of the two is killed or replaced."""
from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from directory_running import SLACK, Directory, wait_until
from running import VARIANTS, Httpd, binary, make_root

LEASE = 1.0
# Where none may expire: it is renewed after a third, and a machine may stand still for a second or two.
LONG_LEASE = 4.0
# Machines that run these tests may be loaded.
PATIENCE = 20


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


@pytest.fixture
def start(start_directory: Callable[..., Directory]) -> Callable[..., Directory]:
    """... whose leases are short."""
    return functools.partial(start_directory, "--lease-max", f"{LEASE:g}s")


@pytest.fixture
def directory(start: Callable[..., Directory]) -> Directory:
    return start()


@pytest.fixture
def patient(start_directory: Callable[..., Directory]) -> Directory:
    """... whose leases outlive a pause of the machine."""
    return start_directory("--lease-max", f"{LONG_LEASE:g}s")


def registering(directory: Directory, variant: str, *options: str) -> list[str]:
    return [*VARIANTS[variant], "--register", "web", "--directory", directory.at, *options]


def found(directory: Directory) -> list[str]:
    """Addresses, as somebody sees them who looks the name up."""
    answer = directory.verb("lookup", "--json", "web").stdout
    return [entry["address"] for entry in json.loads(answer)]


def await_only(directory: Directory, httpd: Httpd) -> None:
    wait_until(lambda: found(directory) == [f"127.0.0.1:{httpd.port}"], PATIENCE, "it is found, once")


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_is_found_by_name_renews_and_says_goodbye(root: Path, patient: Directory, variant: str) -> None:
    with Httpd(root, *registering(patient, variant)) as httpd, httpd.client() as idle:
        # A sequential server is busy with this client all the time, and stays registered.
        assert idle.get("/small.txt").status == 200
        await_only(patient, httpd)
        before = patient.stats()
        time.sleep(1.1 * LONG_LEASE)
        assert found(patient) == [f"127.0.0.1:{httpd.port}"]
        after = patient.stats()
        assert after["renewals"] > before["renewals"] and after["expired"] == before["expired"] == 0
        # A message may be sent twice; by several workers it would be several.
        assert after["registers"] - after["repeated"] <= 1 <= after["registers"], "one for the whole server"
        httpd.signal(signal.SIGTERM)
        # At once, not when the last client has gone; and nothing has expired.
        wait_until(lambda: not found(patient), PATIENCE, "it is not found any more")
        assert patient.stats()["unregisters"] == 1 and patient.stats()["expired"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_killed_server_is_gone_within_a_lease(root: Path, directory: Directory, variant: str) -> None:
    httpd = Httpd(root, *registering(directory, variant))
    await_only(directory, httpd)
    httpd.process.kill()
    httpd.process.wait()
    killed = time.monotonic()
    wait_until(lambda: not found(directory), PATIENCE, "it is not found any more")
    assert time.monotonic() - killed < LEASE + SLACK
    assert directory.stats()["expired"] == 1 and directory.stats()["unregisters"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_killed_directory_is_told_again(root: Path, start: Callable[..., Directory], variant: str) -> None:
    first = start()
    with Httpd(root, *registering(first, variant)) as httpd:
        await_only(first, httpd)
        pid = httpd.pid
        first.kill()
        second = start(port=first.port)
        assert second.stats()["registers"] == 0, "it knows nothing"
        await_only(second, httpd)
        assert httpd.pid == pid and httpd.get("/small.txt").status == 200


def test_it_waits_for_a_directory_that_comes_later(root: Path, start: Callable[..., Directory]) -> None:
    first = start()
    first.kill()
    with Httpd(root, *registering(first, "epoll")) as httpd:
        assert httpd.get("/small.txt").status == 200, "it serves without one"
        await_only(start(port=first.port), httpd)


@pytest.mark.slow
def test_it_says_when_no_directory_is_there_and_when_it_is_again(root: Path, start: Callable[..., Directory]) -> None:
    first = start()
    first.kill()
    with Httpd(root, *registering(first, "epoll")) as httpd:
        name = f"httpd: register: web: 127.0.0.1:{httpd.port}: directory {first.at}: "
        assert httpd.process.stderr
        assert httpd.process.stderr.readline() == \
            name + "does not answer: is it there? (directory serve): asked on and on\n"
        start(port=first.port)
        assert httpd.process.stderr.readline() == name + "is there again\n"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_restart_leaves_no_gap(root: Path, patient: Directory, variant: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with Httpd(root, *registering(patient, variant, "--pid-file", str(pid_file))) as httpd:
        await_only(patient, httpd)
        httpd.signal(signal.SIGHUP)
        try:
            end = time.monotonic() + 1.5 * LONG_LEASE
            while time.monotonic() < end or Path(f"/proc/{httpd.pid}/exe").exists():
                assert found(patient) == [f"127.0.0.1:{httpd.port}"]
                assert time.monotonic() < end + PATIENCE, "the old one stays"
            stats = patient.stats()
            assert stats["registers"] >= 2, "the successor's own"
            assert stats["expired"] == stats["taken_over"] == stats["unregisters"] == 0
        finally:
            os.kill(int(pid_file.read_text()), signal.SIGTERM)
        wait_until(lambda: not found(patient), PATIENCE, "the successor says goodbye")


def test_every_address_is_registered_but_not_every_loop(root: Path, directory: Directory) -> None:
    with Httpd(root, *registering(directory, "loops", "--listen", "127.0.0.2:0", "--listen", "[::1]:0")) as httpd:
        assert httpd.process.stdout
        second = httpd.process.stdout.readline().split()[-1]
        assert second.startswith("127.0.0.2:")
        wait_until(lambda: len(found(directory)) > 1, PATIENCE, "both are found")
        assert sorted(found(directory)) == [f"127.0.0.1:{httpd.port}", second]
        assert directory.stats()["taken_over"] == 0


@pytest.mark.parametrize("options,message", [
    (["--directory", "127.0.0.1:4111"], "httpd: --directory: is for --register NAME"),
    (["--register", "a b"], "httpd: --register: a b: not a name: letters, digits, and . _ - inside"),
    (["--register", "web", "--directory", "localhost"],
     "httpd: --directory: localhost: not an address: such as 127.0.0.1:4111"),
])
def test_a_mistake_is_one_line_that_helps(options: list[str], message: str) -> None:
    done = subprocess.run([binary(), "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stderr) == (2, message + "\n")


def test_an_address_no_directory_knows_is_refused() -> None:
    done = subprocess.run([binary(), "--listen", "[::1]:0", "--register", "web"], capture_output=True, text=True,
                          timeout=10)
    assert done.returncode == 2
    assert done.stderr == "httpd: --register: no --listen has an IPv4 address, and a directory knows no other\n"
