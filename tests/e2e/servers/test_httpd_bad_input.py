"""httpd, every design: clients who are slow, greedy or hostile, as far as it is no matter of the protocol: for that, see
conformance/.
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import VARIANTS, Httpd, make_root, request, until

TIMEOUTS = ["--header-timeout", "1", "--idle-timeout", "1.5", "--write-timeout", "1"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


@pytest.fixture(scope="module", params=VARIANTS)
def httpd(request: pytest.FixtureRequest, root: Path) -> Iterator[Httpd]:
    with Httpd(root, *VARIANTS[request.param], *TIMEOUTS) as server:
        yield server


# --- too much ---

def test_rfc9112_9_6_who_sends_on_still_gets_to_read_why(httpd: Httpd) -> None:
    with httpd.client() as c:
        c.send(request("/", "Content-Length: 3000000", method="POST"))
        c.send(b"z" * 3_000_000)
        time.sleep(0.1)
        assert c.response().status == 413
        assert c.ended()


# --- out of the root ---

@pytest.mark.parametrize("target", [
    "/outside.txt", "/absolute.txt", "/up/secret.txt", "/up/root/../secret.txt", "/up/root/small.txt",
    "/%2e%2e%2f%2e%2e%2fsecret.txt", "/folder/%00/../secret.txt", "/proc/self/environ",
])
def test_no_link_leads_out_of_the_root(httpd: Httpd, target: str) -> None:
    with httpd.client() as c:
        response = c.get(target)
        assert response.status in (400, 403, 404)
        assert b"SECRET" not in response.body


# --- too slow ---

def test_a_head_that_takes_too_long_is_told_408(httpd: Httpd) -> None:
    with httpd.client() as c:
        start = time.monotonic()
        c.send("GET / HTTP/1.1\r\nHost: x\r\n")
        assert c.response().status == 408
        assert c.ended()
        assert 0.8 < time.monotonic() - start < 2.5


def test_a_drop_now_and_then_does_not_make_it_longer(httpd: Httpd) -> None:
    """slowloris: the time for all of a head counts, not that between two octets."""
    with httpd.client() as c:
        start = time.monotonic()
        c.send("GET / HTTP/1.1\r\n")
        c.socket.settimeout(0.2)
        while time.monotonic() - start < 4:
            try:
                if not c.more() or c.data:
                    break
            except TimeoutError:
                c.send("X: y\r\n")
        assert 0.8 < time.monotonic() - start < 2.5
        c.socket.settimeout(5)
        assert c.response().status == 408


def test_a_body_that_takes_too_long_is_told_408(httpd: Httpd) -> None:
    with httpd.client() as c:
        c.send(request("/", "Content-Length: 10") + "abc")
        assert c.response().status == 408
        assert c.ended()


def test_who_says_nothing_is_hung_up_on_without_a_word(httpd: Httpd) -> None:
    with httpd.client() as c:
        start = time.monotonic()
        assert c.ended()
        assert 0.8 < time.monotonic() - start < 2.5


def test_an_idle_connection_ends_after_its_own_time(httpd: Httpd) -> None:
    with httpd.client() as c:
        c.get("/small.txt")
        time.sleep(1.1)
        assert c.get("/small.txt").status == 200, "later than the header timeout, within the idle timeout"
        start = time.monotonic()
        assert c.ended()
        assert 1.2 < time.monotonic() - start < 3.5


def test_a_reader_who_takes_nothing_is_dropped(httpd: Httpd) -> None:
    before = httpd.metric('httpd_timeouts_total{kind="write"}')
    with httpd.client(receive_buffer=4096) as c:
        c.send(request("/large.bin"))
        time.sleep(1.2)
        # In a client that is served alone, the question itself has to wait.
        assert until(lambda: httpd.metric('httpd_timeouts_total{kind="write"}') == before + 1)
        assert until(lambda: httpd.metric("httpd_connections_open") == 1)


def test_a_reader_who_is_slow_but_reads_gets_it_all(httpd: Httpd, root: Path) -> None:
    data = (root / "large.bin").read_bytes()
    with httpd.client(receive_buffer=65536) as c:
        c.send(request("/large.bin"))
        start = time.monotonic()
        while time.monotonic() - start < 2.5:
            c.data += c.socket.recv(20000)
            time.sleep(0.1)
        assert c.response().body == data
