"""httpd, every design: its beginning and end, and what happens when something runs out, dies, or is replaced."""
from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from running import PROCESSES, VARIANTS, Client, Httpd, binary, make_root, request, until

SANITIZED = "HTTPD" in os.environ


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


def refused(port: int) -> bool:
    try:
        Client(port).socket.close()
    except ConnectionRefusedError:
        return True
    return False


# --- the end ---

@pytest.mark.parametrize("variant", VARIANTS)
def test_sigterm_lets_answers_finish(root: Path, variant: str) -> None:
    data = (root / "large.bin").read_bytes()
    with Httpd(root, *VARIANTS[variant]) as httpd, httpd.client(receive_buffer=65536) as c:
        c.send(request("/large.bin"))
        c.more()
        httpd.signal(signal.SIGTERM)
        time.sleep(1.2)  # longer than idle ones have
        assert c.response().body == data
        assert c.ended()
        assert httpd.process.wait(10) == 0
        assert refused(httpd.port)


@pytest.mark.parametrize("variant", VARIANTS)
def test_sigterm_has_the_next_answer_say_close(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd, httpd.client() as c:
        c.get("/small.txt")
        httpd.signal(signal.SIGTERM)
        time.sleep(0.2)
        assert c.get("/small.txt")["Connection"] == "close"
        assert c.ended()


@pytest.mark.parametrize("variant", VARIANTS)
def test_sigterm_ends_idle_connections_soon(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd, httpd.client() as c:
        c.get("/small.txt")
        start = time.monotonic()
        httpd.signal(signal.SIGTERM)
        assert c.ended()
        assert httpd.process.wait(10) == 0
        assert time.monotonic() - start < 4


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_drain_timeout_is_the_last_word(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant], "--drain-timeout", "1.5") as httpd, httpd.client(receive_buffer=4096) as c:
        c.send(request("/large.bin"))
        c.more()
        start = time.monotonic()
        httpd.signal(signal.SIGTERM)
        assert httpd.process.wait(10) == 0
        assert time.monotonic() - start < 5


# --- a successor ---

class Load(threading.Thread):
    """A client that asks again and again, on connections that it keeps as long as it may."""

    def __init__(self, port: int, timeout: float) -> None:
        super().__init__()
        self.port, self.timeout = port, timeout
        self.answers = 0
        self.lost: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.connection()
            except (OSError, AssertionError) as error:
                self.lost.append(repr(error))

    def connection(self) -> None:
        with Client(self.port, timeout=self.timeout) as c:
            # sequential looks at what it was told when a connection has ended
            for _ in range(100):
                response = c.get("/medium.bin")
                assert response.status == 200
                self.answers += 1
                if self.over.is_set() or response.fields.get("connection") == "close":
                    return
                time.sleep(0.001)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_restart_under_load_loses_no_answer(root: Path, variant: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    clients = 1 if variant == "sequential" else 3
    with Httpd(root, *VARIANTS[variant], "--pid-file", str(pid_file)) as httpd:
        loads = [Load(httpd.port, 15) for _ in range(clients)]
        for load in loads:
            load.start()
        try:
            for number in (signal.SIGHUP, signal.SIGUSR2):
                time.sleep(0.3)
                old = int(pid_file.read_text())
                os.kill(old, number)
                assert until(lambda: int(pid_file.read_text() or old) != old, 10), "no successor"
                assert until(lambda: not Path(f"/proc/{old}/fd").exists() or not os.listdir(f"/proc/{old}/fd"), 10), \
                    "the old one stays"
                before = sum(load.answers for load in loads)
                assert until(lambda: sum(load.answers for load in loads) > before + 5), "the new one does not serve"
        finally:
            for load in loads:
                load.over.set()
            for load in loads:
                load.join()
            os.kill(int(pid_file.read_text()), signal.SIGTERM)
        assert [load.lost for load in loads] == [[]] * clients
        assert httpd.process.wait(10) == 0
        assert until(lambda: not pid_file.exists(), 10), "the last one takes its pid file with it"


@pytest.mark.parametrize("variant", ["sequential", "prefork", "pool", "epoll"])
def test_a_successor_that_fails_changes_nothing(root: Path, variant: str, tmp_path: Path) -> None:
    program = tmp_path / "httpd"
    shutil.copy(binary(), program)
    with Httpd(root, *VARIANTS[variant], program=program) as httpd:
        program.unlink()
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        httpd.signal(signal.SIGHUP)
        time.sleep(0.5)
        assert httpd.get("/small.txt").status == 200
        httpd.signal(signal.SIGTERM)
        assert httpd.process.stderr
        assert "restart:" in httpd.process.stderr.readline()


@pytest.mark.parametrize("variant", ["sequential", "prefork", "thread", "loops"])
def test_systemd_hands_over_its_sockets(root: Path, variant: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        command = f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
        process = subprocess.Popen(["bash", "-c", command, binary(), "--root", root, *VARIANTS[variant]],
                                   stdout=subprocess.PIPE, text=True, pass_fds=[listener.fileno()])
        try:
            assert process.stdout
            port = listener.getsockname()[1]
            assert process.stdout.readline() == f"listening on 127.0.0.1:{port}\n"
            for _ in range(8):
                with Client(port) as c:
                    assert c.get("/small.txt", "Connection: close").status == 200
        finally:
            process.terminate()
            assert process.wait(10) == 0


# --- out of something ---

def resident(httpd: Httpd, count: int) -> list[Client]:
    clients = [httpd.client() for _ in range(count)]
    for c in clients:
        c.send(request("/small.txt"))
    return clients


@pytest.mark.parametrize("variant", ["fork", "thread", "epoll", "poll", "select", "uring", "helpers"])
def test_out_of_descriptors_others_wait_until_some_leave(root: Path, variant: str) -> None:
    if SANITIZED:
        pytest.skip("sanitizers need descriptors of their own")
    with Httpd(root, *VARIANTS[variant], limit=40) as httpd:
        clients = resident(httpd, 60)
        time.sleep(1)
        for c in clients:
            c.socket.settimeout(0.05)
        served = [c for c in clients if answered(c)]
        assert 10 < len(served) < 40
        before = httpd.cpu_seconds()
        time.sleep(0.5)
        assert httpd.cpu_seconds() - before < 0.1, "it asks again and again"
        waiting = [c for c in clients if c not in served]
        for c in served:
            c.socket.close()
        for c in waiting:
            c.socket.settimeout(10)
            assert c.response().status == 200
            c.socket.close()
        assert httpd.get("/small.txt").status == 200


@pytest.mark.parametrize("variant", ["prefork", "thread", "epoll", "poll", "select"])
def test_a_limit_that_sinks_is_waited_out(root: Path, variant: str) -> None:
    """EMFILE where there was room when the server began."""
    with Httpd(root, *VARIANTS[variant]) as httpd:
        httpd.get("/small.txt")
        for pid in [httpd.pid, *httpd.children()]:
            most = max(int(name) for name in os.listdir(f"/proc/{pid}/fd")) + 4
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
        clients = resident(httpd, 20)
        assert until(lambda: answered_at_once(clients[0]))
        assert until(httpd.rests), "it asks again and again"
        for c in clients[:4]:
            c.socket.close()
        clients[4].socket.settimeout(10)
        assert clients[4].response().status == 200
        for c in clients[5:]:
            c.socket.close()


def answered_at_once(c: Client) -> bool:
    c.socket.settimeout(0.05)
    return answered(c)


def answered(c: Client) -> bool:
    try:
        return c.response().status == 200
    except TimeoutError:
        return False


@pytest.mark.parametrize("variant", ["fork", "thread", "pool", "epoll", "select", "uring"])
def test_max_connections_is_kept(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant], "--max-connections", "3") as httpd:
        clients = resident(httpd, 6)
        time.sleep(0.5)
        for c in clients:
            c.socket.settimeout(0.05)
        served = [c for c in clients if answered(c)]
        assert len(served) == 3
        for c in served:
            c.socket.close()
        for c in clients:
            if c not in served:
                c.socket.settimeout(10)
                assert c.response().status == 200
                c.socket.close()


def test_select_refuses_what_it_cannot_name_and_lives(root: Path) -> None:
    with Httpd(root, *VARIANTS["select"]) as httpd:
        clients = resident(httpd, 1100)
        statuses = [c.response().status for c in clients]
        assert statuses.count(200) > 900
        assert statuses.count(503) == 1100 - statuses.count(200) > 50
        for c in clients:
            c.socket.close()
        assert until(lambda: httpd.get("/small.txt").status == 200)


@pytest.mark.parametrize("variant", ["thread", "epoll", "poll", "uring"])
def test_a_thousand_idle_connections_are_all_served(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd:
        clients = resident(httpd, 1000)
        assert {c.response().status for c in clients} == {200}
        for c in clients[::50]:
            assert c.get("/small.txt").status == 200
        for c in clients:
            c.socket.close()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_thousand_connections_leave_nothing_behind(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd:
        for _ in range(20):
            httpd.get("/large.bin", "Range: bytes=0-9")
        before = httpd.descriptors()
        for _ in range(300 if SANITIZED or variant == "fork" else 1000):
            httpd.get("/large.bin", "Range: bytes=0-9")
        assert until(lambda: httpd.descriptors() <= before)
        states = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] for pid in httpd.children()]
        assert "Z" not in states


def test_fork_leaves_no_zombie(root: Path) -> None:
    with Httpd(root, *VARIANTS["fork"]) as httpd:
        for _ in range(30):
            httpd.get("/small.txt")
        assert until(lambda: not httpd.children())


# --- death ---

@pytest.mark.parametrize("variant", VARIANTS)
def test_how_far_a_crash_reaches(root: Path, variant: str) -> None:
    httpd = Httpd(root, *VARIANTS[variant], "--allow-crash")
    try:
        with httpd.client() as other, httpd.client() as c:
            if variant != "sequential":
                other.get("/small.txt")
            else:
                other.socket.close()
            c.send(request("/crash"))
            assert c.ended()
            if variant in PROCESSES:
                assert other.get("/small.txt").status == 200
                assert until(lambda: httpd.get("/small.txt").status == 200)
                assert until(lambda: httpd.metric("httpd_connections_open") == 2)
            else:
                assert httpd.process.wait(10) != 0
                assert variant == "sequential" or other.ended()
    finally:
        httpd.process.terminate()
        httpd.process.wait(10)


def test_a_worker_that_is_killed_is_replaced(root: Path) -> None:
    with Httpd(root, *VARIANTS["prefork"]) as httpd:
        assert until(lambda: len(httpd.children()) == 4)
        old = httpd.children()
        time.sleep(0.6)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: len(httpd.children()) == 4 and not set(old) & set(httpd.children()))
        assert httpd.get("/small.txt").status == 200


@pytest.mark.parametrize("variant", PROCESSES)
def test_children_do_not_outlive_their_parent(root: Path, variant: str) -> None:
    httpd = Httpd(root, *VARIANTS[variant])
    with httpd.client() as c:
        c.get("/small.txt")
        children = httpd.children()
        assert children
        httpd.process.kill()
        httpd.process.wait()
    assert until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children), 10)


# --- the log ---

LINE = re.compile(r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "([^"]*)" (\d{3}) (\d+|-)')


@pytest.mark.parametrize("variant", VARIANTS)
def test_log_lines_are_whole_and_none_is_missing(root: Path, variant: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    clients = 1 if variant == "sequential" else 4
    with Httpd(root, *VARIANTS[variant], "--access-log", str(log)) as httpd:
        def ask(number: int) -> None:
            with httpd.client() as c:
                for i in range(150):
                    c.get(f"/small.txt?{number}-{i}-" + "x" * (i % 90))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if variant != "sequential":
            assert until(lambda: len(log.read_text().splitlines()) == 150 * clients), "not before the end"
    lines = [LINE.fullmatch(line) for line in log.read_text().splitlines()]
    assert all(lines)
    seen = {line[1].split("?")[1].rsplit("-", 1)[0] for line in lines if line}
    assert len(lines) == 150 * clients and len(seen) == 150 * clients


def test_nobody_writes_log_lines_of_his_own(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Httpd(root, "--access-log", str(log)) as httpd:
        httpd.get("/small.txt?'\x7c`")
        with httpd.client() as c:
            c.send(b"GET /\xff\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n")
            assert c.response().status == 400
    texts = log.read_text().splitlines()
    assert [LINE.fullmatch(text)[2] for text in texts] == ["200", "400"]  # type: ignore[index]


# --- the beginning ---

@pytest.mark.parametrize("options,message", [
    (["--desing", "event"], "httpd: --desing: no such option: see httpd --help"),
    (["--design", "evnet"], "httpd: --design: evnet: there is only sequential, process, thread, event"),
    (["--listen", "localhost"], "httpd: --listen: localhost: not an address: such as 127.0.0.1:8080 or [::1]:8080"),
    (["--root", "/nowhere"], "httpd: root: /nowhere: No such file or directory: --root names the folder to serve"),
    (["--user", "nobody-of-that-name"], "httpd: user: nobody-of-that-name: /etc/passwd has no such user"),
])
def test_a_mistake_is_one_line_that_helps(options: list[str], message: str) -> None:
    done = subprocess.run([binary(), "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=10)
    assert done.returncode in (1, 2)
    assert done.stderr == message + "\n"


@pytest.mark.parametrize("variant", ["sequential", "loops"])
def test_an_address_in_use_is_noticed(root: Path, variant: str) -> None:
    with Httpd(root, *VARIANTS[variant]) as httpd:
        done = subprocess.run([binary(), "--listen", f"127.0.0.1:{httpd.port}", *VARIANTS[variant]],
                              capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert "Address already in use: another server has it" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("variant", ["prefork", "thread", "epoll"])
def test_root_becomes_the_user(root: Path, variant: str) -> None:
    for folder in (root, *root.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o005)
    with Httpd(root, *VARIANTS[variant], "--user", "nobody") as httpd:
        assert httpd.get("/small.txt").status == 200
        for pid in [httpd.pid, *httpd.children()]:
            status = Path(f"/proc/{pid}/status").read_text()
            uid = Path(f"/proc/{pid}").stat().st_uid
            assert re.search(r"^Uid:\s+65534\s+65534\s+65534\s+65534", status, re.MULTILINE), uid
            assert re.search(r"^Groups:\s*$", status, re.MULTILINE)


def test_ipv6_and_several_addresses(root: Path) -> None:
    process = subprocess.Popen([binary(), "--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--root", root],
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        first, second = process.stdout.readline(), process.stdout.readline()
        assert first.startswith("listening on 127.0.0.1:") and second.startswith("listening on [::1]:")
        url = second.split()[-1]
        done = subprocess.run(["curl", "-sg", f"http://{url}/folder/"], capture_output=True, check=True)
        assert done.stdout == b"in the folder\n"
    finally:
        process.terminate()
        assert process.wait(10) == 0


