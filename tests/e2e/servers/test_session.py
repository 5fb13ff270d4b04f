"""/session of httpd: one service in three forms, under every design, by curl and octet by octet."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import CONCURRENT, TREE, VARIANTS, Client, Httpd, Response, binary, until

FORMS = ["server", "client", "soft"]
BY_NUMBER = ["server", "soft"]
ADDS = 60


def options(form: str, folder: Path) -> list[str]:
    more = {"server": [], "client": ["--secret-file", str(folder / "secret")],
            "soft": ["--store", str(folder / "store")]}
    return ["--state", form, *more[form]]


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def httpd(variant: str, form: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Httpd]:
    folder = tmp_path_factory.mktemp("session")
    with Httpd(folder, *VARIANTS[variant], *options(form, folder)) as server:
        yield server


class Browser:
    """A client that keeps its cookie, as RFC 6265 says."""

    def __init__(self, httpd: Httpd, cookie: str = "") -> None:
        self.httpd = httpd
        self.cookie = cookie

    def ask(self, method: str, target: str, body: bytes = b"", *fields: str,
            connection: Client | None = None) -> Response:
        lines = [f"{method} {target} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *fields]
        if self.cookie:
            lines.append(f"Cookie: session={self.cookie}")
        if connection is None:
            with self.httpd.client() as own:
                return self.talk(own, method, [*lines, "Connection: close"], body)
        return self.talk(connection, method, lines, body)

    def talk(self, connection: Client, method: str, lines: list[str], body: bytes) -> Response:
        connection.send("\r\n".join([*lines, "", ""]).encode() + body)
        response = connection.response(method)
        fresh = response.fields.get("set-cookie")
        if fresh:
            self.cookie = fresh.split(";")[0].removeprefix("session=")
        return response

    def put(self, key: str, value: str, *fields: str) -> int:
        return self.ask("PUT", f"/session/{key}", value.encode(), *fields).status

    def get(self, key: str) -> str | None:
        response = self.ask("GET", f"/session/{key}")
        return response.body.decode() if response.status == 200 else None

    def add(self, key: str, n: int, *fields: str) -> int:
        response = self.ask("POST", f"/session/{key}?add={n}", b"", *fields)
        assert response.status == 200, response.body
        return int(response.body)


# --- the service, in all forms and designs ---

def test_curl_has_a_session(httpd: Httpd, tmp_path: Path) -> None:
    def curl(*arguments: str) -> str:
        jar = str(tmp_path / "jar")
        command = ["curl", "-sS", "--max-time", "20", "-c", jar, "-b", jar, *arguments[:-1],
                   f"http://127.0.0.1:{httpd.port}{arguments[-1]}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert curl("-X", "PUT", "-d", "blue", "/session/colour") == "created\n"
    assert curl("-X", "POST", "/session/visits?add=2") == "2\n"
    assert curl("-X", "POST", "/session/visits?add=3") == "5\n"
    assert curl("/session/colour") == "blue"
    assert sorted(curl("/session").split()) == ["colour", "visits"]
    assert curl("-X", "DELETE", "/session/colour") == ""
    assert curl("/session") == "visits\n"
    curl("-X", "DELETE", "/session")
    assert curl("/session").startswith("no session")


def test_clients_do_not_see_each_other(httpd: Httpd) -> None:
    one, two = Browser(httpd), Browser(httpd)
    assert (one.put("k", "one"), two.put("k", "two")) == (201, 201)
    assert (one.get("k"), two.get("k"), Browser(httpd).get("k")) == ("one", "two", None)


def test_many_requests_on_one_connection(httpd: Httpd) -> None:
    browser = Browser(httpd)
    with httpd.client() as c:
        for i in range(20):
            assert browser.ask("POST", "/session/n?add=1", connection=c).body == b"%d\n" % (i + 1)
        # Pipelined, and with a body that comes in pieces.
        cookie = f"Cookie: session={browser.cookie}\r\nHost: x\r\n"
        c.send(f"PUT /session/a HTTP/1.1\r\n{cookie}Content-Length: 6\r\n\r\nab")
        c.send("cd")
        c.send(f"efGET /session/n HTTP/1.1\r\n{cookie}\r\nPUT /session/b HTTP/1.1\r\n{cookie}"
               "Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n")
        assert [c.response().status for _ in range(3)] == [201, 200, 201]


def test_any_octet_is_a_value(httpd: Httpd) -> None:
    browser, value = Browser(httpd), bytes(range(256)) * 4
    browser.ask("PUT", "/session/k", value)
    response = browser.ask("GET", "/session/k")
    assert response.body == value
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_rfc6265_what_the_cookie_says_of_itself(httpd: Httpd, form: str) -> None:
    browser = Browser(httpd)
    cookie = browser.ask("PUT", "/session/k", b"v")["Set-Cookie"]
    pair, *attributes = cookie.split("; ")
    assert {"Path=/session", "HttpOnly", "SameSite=Strict"} <= set(attributes)
    assert ("Max-Age=1800" in attributes) == (form == "client")
    assert re.fullmatch(r"session=[A-Za-z0-9_-]+" if form == "client" else r"session=[0-9a-f]{32}", pair)
    ended = browser.ask("DELETE", "/session")
    assert ended.status == 204 and "Max-Age=0" in ended["Set-Cookie"]


def test_reading_makes_no_session(httpd: Httpd) -> None:
    for method, target in (("GET", "/session"), ("GET", "/session/k"), ("DELETE", "/session/k")):
        assert "set-cookie" not in Browser(httpd).ask(method, target).fields


def test_a_retry_under_its_name_is_done_once(httpd: Httpd) -> None:
    browser = Browser(httpd)
    browser.put("n", "0")
    name = 'Idempotency-Key: "3f1c"'
    assert [browser.add("n", 1, name) for _ in range(3)] == [1, 1, 1]
    assert [browser.add("n", 1) for _ in range(2)] == [2, 3]
    assert browser.ask("POST", "/session/n?add=2", b"", name).status == 422
    assert browser.put("n", "9", name) == 422
    assert browser.get("n") == "3"
    assert httpd.metric("httpd_session_repeats_total") >= 2


def test_a_lost_answer_and_a_retry(httpd: Httpd, form: str) -> None:
    """Where the state went to the client with the answer, the retry starts from the old one."""
    browser = Browser(httpd)
    browser.put("n", "0")
    with httpd.client() as c:
        c.send(f"POST /session/n?add=1 HTTP/1.1\r\nHost: x\r\nCookie: session={browser.cookie}\r\n\r\n")
        c.more()
    assert browser.add("n", 1) == (1 if form == "client" else 2)


@pytest.mark.parametrize("method, target, fields, body, status", [
    ("PUT", "/session", [], b"x", 405),
    ("PATCH", "/session/k", [], b"x", 405),
    ("GET", "/session/", [], b"", 400),
    ("GET", "/session/a/b", [], b"", 400),
    ("GET", "/session/a%20b", [], b"", 400),
    ("PUT", "/session/" + "k" * 65, [], b"x", 400),
    ("POST", "/session/k", [], b"", 400),
    ("POST", "/session/k?add=-1", [], b"", 400),
    ("POST", "/session/k?add=1000000001", [], b"", 400),
    ("POST", "/session/k?add=1&add=1", [], b"", 400),
    ("PUT", "/session/k", ['Idempotency-Key: ""'], b"x", 400),
    ("PUT", "/session/k", ["Idempotency-Key: a", "Idempotency-Key: a"], b"x", 400),
    ("PUT", "/session/k", ["Idempotency-Key: " + "n" * 65], b"x", 400),
    ("PUT", "/session/k", ["Cookie: session=a; session=b"], b"x", 400),
    ("PUT", "/session/k", ["Cookie: session=a", "Cookie: session=a"], b"x", 400),
    ("PUT", "/session/k", [], b"x" * 4097, 413),
    ("PUT", "/session/k", [], b"x" * 4096, 413),
])
def test_bad_requests_are_told_so(httpd: Httpd, method: str, target: str, fields: list[str], body: bytes,
                                  status: int) -> None:
    response = Browser(httpd).ask(method, target, body, *fields)
    assert response.status == status
    assert response.body and "set-cookie" not in response.fields


def test_what_does_not_add_up(httpd: Httpd) -> None:
    browser = Browser(httpd)
    browser.put("word", "blue")
    assert browser.ask("POST", "/session/word?add=1").status == 409
    assert browser.get("word") == "blue"


def test_a_session_has_a_largest_size(httpd: Httpd, form: str) -> None:
    browser, most = Browser(httpd), 2900 if form == "client" else 4096
    cookie = browser.ask("PUT", "/session/k", b"v" * (most - 5))["Set-Cookie"]
    assert len(cookie) <= 4096, "RFC 6265 6.1: browsers may drop it"
    response = browser.ask("PUT", "/session/l", b"")
    assert response.status == 413 and str(most) in response.body.decode()
    assert browser.get("k") == "v" * (most - 5)


@pytest.mark.parametrize("cookie", ["x", "0" * 32, "0" * 31 + "G", "AQ" * 50, "A" * 3922, "A" * 3923, "A" * 8000, '""'])
def test_a_cookie_from_elsewhere_is_dropped(httpd: Httpd, form: str, cookie: str) -> None:
    browser = Browser(httpd, cookie)
    response = browser.ask("GET", "/session/k")
    forged = form == "client" and cookie != '""'
    assert response.status == (403 if forged else 404)
    assert ("Max-Age=0" in response.fields.get("set-cookie", "")) == (cookie != '""')
    browser = Browser(httpd, cookie)
    assert browser.put("k", "v") == (403 if forged else 201)
    assert browser.cookie != cookie


@pytest.mark.parametrize("place", [0.0, 0.1, 0.5, 0.9])
def test_a_cookie_with_one_octet_changed(httpd: Httpd, form: str, place: float) -> None:
    browser = Browser(httpd)
    browser.put("k", "v")
    at = int(place * len(browser.cookie))
    changed = browser.cookie[:at] + ("b" if browser.cookie[at] == "a" else "a") + browser.cookie[at + 1:]
    assert Browser(httpd, changed).ask("GET", "/session/k").status == (403 if form == "client" else 404)
    assert browser.get("k") == "v"


def test_other_cookies_are_others(httpd: Httpd) -> None:
    browser = Browser(httpd)
    browser.put("k", "v")
    cookie, browser.cookie = browser.cookie, ""
    response = browser.ask("GET", "/session/k", b"", f"Cookie: a=b; session={cookie}; sessions=x; Session=y")
    assert response.body == b"v"


def test_clients_at_the_same_time_lose_nothing(httpd: Httpd, variant: str, form: str) -> None:
    """What is on the server changes under a lock. A cookie does not: each works on its own copy."""
    if variant not in CONCURRENT:
        pytest.skip("one at a time")
    browser = Browser(httpd)
    browser.put("n", "0")

    def add() -> None:
        own = Browser(httpd, browser.cookie)
        with httpd.client() as c:
            for _ in range(ADDS):
                own.ask("POST", "/session/n?add=1", connection=c)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert browser.get("n") == (str(3 * ADDS) if form in BY_NUMBER else "0")


# --- what survives ---

def crash(httpd: Httpd) -> None:
    httpd.process.kill()
    httpd.process.wait()


def test_kill_9_and_a_new_start(variant: str, form: str, tmp_path: Path) -> None:
    httpd = Httpd(tmp_path, *VARIANTS[variant], *options(form, tmp_path))
    browser = Browser(httpd)
    browser.put("n", "0")
    browser.add("n", 1, "Idempotency-Key: a")
    crash(httpd)
    with Httpd(tmp_path, *VARIANTS[variant], *options(form, tmp_path)) as again:
        browser.httpd = again
        if form == "server":
            assert browser.get("n") is None
            assert browser.cookie == "", "the client is told to forget it"
        else:
            assert browser.get("n") == "1"
            assert browser.add("n", 1, "Idempotency-Key: a") == 1
        assert again.metric("httpd_session_rebuilds_total") == (form == "soft")


def test_a_restart_keeps_sessions(variant: str, form: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with Httpd(tmp_path, *VARIANTS[variant], *options(form, tmp_path), "--pid-file", str(pid)) as httpd:
        browser = Browser(httpd)
        browser.put("k", "v")
        httpd.signal(signal.SIGHUP)
        assert httpd.process.wait(20) == 0
        assert browser.get("k") == "v"
        assert browser.put("k", "w") == 204
        successor = int(pid.read_text())
        os.kill(successor, signal.SIGTERM)
        assert until(lambda: not pid.exists(), 15)


@pytest.mark.parametrize("form", ["server", "soft"])
def test_workers_that_die_take_no_session_along(form: str, tmp_path: Path) -> None:
    with Httpd(tmp_path, *VARIANTS["prefork"], *options(form, tmp_path)) as httpd:
        quiet, over = Browser(httpd), threading.Event()
        quiet.put("k", "v" * 1000)

        def write_on() -> None:
            busy = Browser(httpd)
            while not over.is_set():
                try:
                    busy.put("k", "x" * 3000)
                except (OSError, AssertionError):
                    pass  # its worker died

        threads = [threading.Thread(target=write_on) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(12):
                for child in httpd.children()[:2]:
                    os.kill(child, signal.SIGKILL)
                time.sleep(0.05)
        finally:
            over.set()
            for thread in threads:
                thread.join()

        def alive() -> bool:
            try:
                return quiet.get("k") == "v" * 1000
            except (OSError, AssertionError):
                return False
        assert until(alive, 10)
        assert quiet.put("k", "w") == 204


# --- each form's own ---

def test_server_who_was_not_there_for_longest_gives_way(tmp_path: Path) -> None:
    with Httpd(tmp_path, "--state", "server", "--sessions", "5") as httpd:
        browsers = [Browser(httpd) for _ in range(6)]
        for browser in browsers[:5]:
            browser.put("k", "v")
        assert browsers[0].get("k") == "v"
        browsers[5].put("k", "v")
        assert [browser.get("k") for browser in browsers] == ["v", None, "v", "v", "v", "v"]
        assert httpd.metric("httpd_session_kept") == 5
        assert httpd.metric("httpd_session_evictions_total") == 1


def test_idle_sessions_end(form: str, tmp_path: Path) -> None:
    with Httpd(tmp_path, *options(form, tmp_path), "--session-timeout", "1") as httpd:
        browser = Browser(httpd)
        browser.put("k", "v")
        time.sleep(2.2)
        assert browser.ask("GET", "/session/k").status == 404
        assert browser.cookie == ""
        if form == "server":
            assert httpd.metric("httpd_session_expired_total") == 1
        assert httpd.metric("httpd_session_kept") == 0


def test_client_servers_with_one_secret_are_one(tmp_path: Path) -> None:
    with Httpd(tmp_path, *options("client", tmp_path)) as one, Httpd(tmp_path, *options("client", tmp_path)) as two, \
            Httpd(tmp_path, "--state", "client", "--secret-file", str(tmp_path / "other")) as other:
        browser = Browser(one)
        browser.put("k", "v")
        assert Browser(two, browser.cookie).get("k") == "v"
        assert Browser(other, browser.cookie).ask("GET", "/session/k").status == 403
        assert other.metric("httpd_session_tokens_refused_total") == 1
        assert one.metric("httpd_session_bytes") == 0


def test_client_an_old_cookie_is_an_old_state(tmp_path: Path) -> None:
    with Httpd(tmp_path, *options("client", tmp_path)) as httpd:
        browser = Browser(httpd)
        browser.put("k", "old")
        old = Browser(httpd, browser.cookie)
        browser.put("k", "new")
        assert (browser.get("k"), old.get("k")) == ("new", "old")
        browser.ask("DELETE", "/session")
        assert old.get("k") == "old", "nobody can take it back"


def test_soft_a_copy_is_stale_no_longer_than_its_lease(tmp_path: Path) -> None:
    with Httpd(tmp_path, *options("soft", tmp_path), "--lease", "30") as one, \
            Httpd(tmp_path, *options("soft", tmp_path), "--lease", "0.3") as two:
        browser = Browser(one)
        browser.put("k", "old")
        other = Browser(two, browser.cookie)
        assert other.get("k") == "old"
        other.put("k", "new")
        assert other.get("k") == "new", "a server sees what it wrote"
        assert browser.get("k") == "old", "within the lease"
        assert browser.put("other", "v") == 201, "a change reads the file"
        assert browser.get("k") == "new", "and the copy is as new as that"
        browser.put("k", "newest")
        assert until(lambda: other.get("k") == "newest", 10), "after the lease"


def test_soft_a_file_that_is_damaged(tmp_path: Path) -> None:
    with Httpd(tmp_path, *options("soft", tmp_path), "--lease", "0.1") as httpd:
        browser = Browser(httpd)
        browser.put("k", "v")
        file, = (tmp_path / "store").glob("shelf-*/" + browser.cookie)
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_bytes(file.read_bytes()[:-1])
        time.sleep(0.2)
        assert browser.ask("GET", "/session/k").status == 500
        assert browser.put("k", "w") == 500
        assert httpd.get("/metrics").status == 200


# --- the command line ---

@pytest.mark.parametrize("arguments, status, says", [
    (["--sessions", "5"], 2, "--state: is missing"),
    (["--state", "client"], 2, "--secret-file: is missing"),
    (["--state", "soft"], 2, "--store: is missing"),
    (["--state", "client", "--secret-file", "readable"], 1, "chmod 600"),
    (["--state", "client", "--secret-file", "short"], 1, "not 64 hexadecimal digits"),
    (["--state", "client", "--secret-file", "no/such"], 1, "no/such"),
    (["--state", "soft", "--store", "short"], 1, "short"),
])
def test_what_cannot_be_started(tmp_path: Path, arguments: list[str], status: int, says: str) -> None:
    (tmp_path / "readable").write_text("0" * 64)
    (tmp_path / "readable").chmod(0o644)
    (tmp_path / "short").write_text("0" * 63)
    (tmp_path / "short").chmod(0o600)
    run = subprocess.run([binary(), "--listen", "127.0.0.1:0", *arguments], cwd=tmp_path, capture_output=True,
                         text=True, timeout=10)
    assert (run.returncode, run.stdout) == (status, "") and says in run.stderr and run.stderr.count("\n") == 1


def test_without_a_form_there_is_none(tmp_path: Path) -> None:
    with Httpd(tmp_path) as httpd:
        response = Browser(httpd).ask("PUT", "/session/k", b"v")
        assert response.status == 404 and b"--state" in response.body
        assert b"httpd_session" not in httpd.get("/metrics").body


# --- the command that measures ---

MEASURE = TREE / "userland/servers/state/measure"


def measure(tmp_path: Path, *arguments: str) -> dict:
    out = tmp_path / "state.json"
    run = subprocess.run([sys.executable, MEASURE, "--httpd", binary(), "--json", out, *arguments], capture_output=True,
                         text=True, timeout=300)
    assert run.returncode in (0, 1), run.stderr
    return json.loads(out.read_text())["measures"]


def test_measure_says_what_is_done_twice(tmp_path: Path) -> None:
    found = measure(tmp_path, "--only", "retry", "--rounds", "4")
    twice = {(f["form"], f["what"]): f["figures"]["twice"] for f in found["retry"]}
    assert twice["server", "sent again"] == twice["soft", "sent again"] == 4
    assert sum(twice.values()) == 8
    assert all(f["holds"] for f in found["retry"])


@pytest.mark.slow
def test_measure_measures_all(tmp_path: Path) -> None:
    found = measure(tmp_path, "--clients", "500", "--rounds", "20")
    assert list(found) == ["survive", "bytes", "retry", "stale"]
    counted = [f for name in ("survive", "retry") for f in found[name]]
    assert all(f["holds"] for f in counted), [f for f in counted if not f["holds"]]


def test_measure_without_a_server(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, MEASURE, "--httpd", tmp_path / "none"], capture_output=True, text=True)
    assert run.returncode == 2 and "none" in run.stderr and "make userland" in run.stderr
