"""httpd on io_uring: what is its own. It is also a variant that all other tests of httpd run."""
from __future__ import annotations

import ctypes
import errno
import os
import signal
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from running import VARIANTS, Httpd, binary, make_root, request, until

URING = VARIANTS["uring"]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SYS_IO_URING_SETUP = 425


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


def forbid_io_uring(error: int) -> Callable[[], None]:
    """A seccomp filter by which the kernel answers io_uring_setup() with an error, as that of many containers."""
    program = b"".join(struct.pack("HBBI", *line) for line in (
        (0x20, 0, 0, 0),                        # the number of the system call
        (0x15, 0, 1, SYS_IO_URING_SETUP),       # is it that one?
        (0x06, 0, 0, 0x00050000 | error),       # then this error
        (0x06, 0, 0, 0x7fff0000),               # else go on
    ))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply() -> None:
        lines = ctypes.create_string_buffer(program, len(program))
        filter_ = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(lines))
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_):
            os._exit(99)

    return apply


@pytest.mark.parametrize("error,message", [
    (errno.EPERM, "forbidden here, by sysctl kernel.io_uring_disabled or a seccomp filter: allow it, "
                  "or take --readiness epoll"),
    (errno.ENOSYS, "this kernel has none, or is older than Linux 6.1: take --readiness epoll"),
    (errno.EINVAL, "this kernel has none, or is older than Linux 6.1: take --readiness epoll"),
])
def test_where_the_kernel_forbids_it_it_is_refused_before_anybody_is_told(error: int, message: str) -> None:
    done = subprocess.run([binary(), "--listen", "127.0.0.1:0", *URING], capture_output=True, text=True, timeout=10,
                          preexec_fn=forbid_io_uring(error))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"httpd: --readiness io_uring: {message}\n"


def test_and_epoll_serves_there(root: Path) -> None:
    command = [binary(), "--listen", "127.0.0.1:0", "--root", root, *VARIANTS["epoll"]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=forbid_io_uring(errno.EPERM))
    try:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        done = subprocess.run(["curl", "-sS", f"http://{url}/folder/"], capture_output=True, check=True)
        assert done.stdout == b"in the folder\n"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_it_is_what_it_says(root: Path) -> None:
    """Requests are served by way of a ring, not by calls on sockets."""
    with Httpd(root, *URING) as httpd:
        assert httpd.get("/small.txt").status == 200
        rings = [os.readlink(f"/proc/{httpd.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{httpd.pid}/fd")]
        assert "anon_inode:[io_uring]" in rings and "anon_inode:[eventpoll]" not in rings


def test_more_connections_than_buffers_send_at_the_same_time(root: Path) -> None:
    """Stopped, it finds 400 requests at once, and has 256 buffers."""
    with Httpd(root, *URING) as httpd:
        clients = [httpd.client() for _ in range(400)]
        assert until(lambda: httpd.metric("httpd_connections_open") == 401)
        httpd.signal(signal.SIGSTOP)
        for c in clients:
            c.send(request("/small.txt"))
        httpd.signal(signal.SIGCONT)
        assert {c.response().status for c in clients} == {200}
        for c in clients:
            c.socket.close()


def test_a_client_that_leaves_takes_what_is_under_way_with_it(root: Path) -> None:
    """A send that waits for room, and a receive that waits for octets, are cancelled, and their memory is free."""
    with Httpd(root, *URING, "--write-timeout", "0.3", "--header-timeout", "0.3") as httpd:
        clients = [httpd.client(receive_buffer=4096) for _ in range(20)]
        for c in clients[:10]:
            c.send(request("/large.bin"))
        assert until(lambda: httpd.metric("httpd_connections_open") == 1, 10), "timeouts end them"
        assert httpd.metric('httpd_timeouts_total{kind="write"}') == 10
        for c in clients:
            c.socket.close()


def test_what_was_pipelined_while_a_file_goes_out_is_answered_behind_it(root: Path) -> None:
    with Httpd(root, *URING) as httpd, httpd.client(receive_buffer=65536) as c:
        c.send(request("/large.bin") + request("/small.txt") + request("/medium.bin") + request("/large.bin"))
        time.sleep(0.2)
        for name in ("large.bin", "small.txt", "medium.bin", "large.bin"):
            assert c.response().body == (root / name).read_bytes()
