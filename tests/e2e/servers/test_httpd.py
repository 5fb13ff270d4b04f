"""httpd, every design and variant of it: the service, as clients see it that nobody here wrote, and octet by octet.

What the RFCs say of each message is in conformance/.
"""
from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from running import CONCURRENT, PATIENT, VARIANTS, Httpd, make_root, request, until


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("httpd"))


@pytest.fixture(scope="module", params=VARIANTS)
def httpd(request: pytest.FixtureRequest, root: Path) -> Iterator[Httpd]:
    with Httpd(root, *VARIANTS[request.param]) as server:
        server.variant = request.param  # type: ignore[attr-defined]
        yield server


def curl(*arguments: str) -> bytes:
    return subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], check=True, capture_output=True).stdout


# --- files ---

@pytest.mark.parametrize("name", ["small.txt", "empty.txt", "medium.bin", "large.bin", "inside.txt"])
def test_curl_gets_the_file(httpd: Httpd, root: Path, name: str) -> None:
    assert curl(f"http://127.0.0.1:{httpd.port}/{name}") == (root / name).read_bytes()


def test_a_name_may_be_encoded(httpd: Httpd) -> None:
    assert curl(f"http://127.0.0.1:{httpd.port}/name%20with%20space%20%26%20%C3%BC.txt") == b"odd\n"


def test_the_head_says_what_it_is(httpd: Httpd, root: Path) -> None:
    response = httpd.get("/small.txt")
    stat = (root / "small.txt").stat()
    assert response.status == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Length"] == str(stat.st_size)
    assert response["Last-Modified"] == formatdate(int(stat.st_mtime), usegmt=True)
    assert re.fullmatch('"[0-9a-f-]+"', response["ETag"])
    assert response["Accept-Ranges"] == "bytes"
    assert abs(time.time() - time.mktime(time.strptime(response["Date"], "%a, %d %b %Y %H:%M:%S GMT"))
               + time.timezone) < 3


@pytest.mark.parametrize("target", ["/small.txt", "/large.bin", "/nothing", "/wait?ms=1", "/metrics"])
def test_rfc9110_9_3_2_head_is_get_without_content(httpd: Httpd, target: str) -> None:
    with httpd.client() as c:
        head = c.get(target, method="HEAD")
        get = c.get(target)
    assert (head.status, head.fields.keys()) == (get.status, get.fields.keys())
    if target != "/metrics":
        assert head["Content-Length"] == get["Content-Length"]


def test_a_folder_is_its_index_and_says_where(httpd: Httpd) -> None:
    assert httpd.get("/").body == b"<h1>index</h1>\n"
    assert httpd.get("/folder/").body == b"in the folder\n"
    response = httpd.get("/folder?a=b")
    assert (response.status, response["Location"]) == (301, "/folder/?a=b")
    assert httpd.get("//folder")["Location"] == "/folder/", "not another host's"
    assert curl("-L", f"http://127.0.0.1:{httpd.port}/folder") == b"in the folder\n"


def test_what_is_not_there(httpd: Httpd) -> None:
    for target in ("/nothing", "/folder/nothing", "/small.txt/", "/small.txt/more", "/crash"):
        assert httpd.get(target).status == 404, target


def test_a_file_that_changes_is_served_as_it_is(httpd: Httpd, root: Path) -> None:
    name = f"changing-{httpd.port}.txt"
    (root / name).write_text("old")
    first = httpd.get(f"/{name}")
    (root / "new").write_text("new and longer")
    os.replace(root / "new", root / name)
    assert until(lambda: httpd.get(f"/{name}").body == b"new and longer", 3)
    assert httpd.get(f"/{name}")["ETag"] != first["ETag"]
    (root / name).unlink()
    assert until(lambda: httpd.get(f"/{name}").status == 404, 3)


# --- parts, and conditions ---

@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_rfc9110_14_a_range_is_that_part(httpd: Httpd, root: Path, name: str) -> None:
    data = (root / name).read_bytes()
    for value, part in (("0-0", data[:1]), ("10-99", data[10:100]), ("1000-", data[1000:]), ("-7", data[-7:])):
        response = httpd.get(f"/{name}", f"Range: bytes={value}")
        assert (response.status, response.body) == (206, part), value
        first = len(data) - 7 if value == "-7" else int(value.split("-")[0])
        assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(data)}"


def test_rfc9110_15_5_17_no_such_range(httpd: Httpd, root: Path) -> None:
    response = httpd.get("/small.txt", "Range: bytes=99999-")
    size = (root / "small.txt").stat().st_size
    assert (response.status, response["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_rfc9110_14_6_several_ranges_are_parts(httpd: Httpd, root: Path, name: str) -> None:
    data = (root / name).read_bytes()
    ranges = [(0, 9), (500, 599), (len(data) - 5, len(data) - 1)]
    with httpd.client() as c:
        response = c.get(f"/{name}", "Range: bytes=0-9,500-599,-5")
        assert c.get("/small.txt").status == 200, "the length was right"
    boundary = re.fullmatch("multipart/byteranges; boundary=(.+)", response["Content-Type"])
    assert response.status == 206 and boundary
    _, *parts, last = response.body.split(f"\r\n--{boundary[1]}".encode())
    assert last == b"--\r\n"
    for (first, end), part in zip(ranges, parts, strict=True):
        head, body = part.split(b"\r\n\r\n", 1)
        assert f"Content-Range: bytes {first}-{end}/{len(data)}".encode() in head
        assert body == data[first:end + 1]


def test_rfc9110_13_conditions(httpd: Httpd) -> None:
    with httpd.client() as c:
        plain = c.get("/small.txt")
        tag, date = plain["ETag"], plain["Last-Modified"]
        for field, status in ((f"If-None-Match: {tag}", 304), (f'If-None-Match: "x", W/{tag}', 304),
                              ('If-None-Match: "x"', 200), (f"If-Modified-Since: {date}", 304),
                              ("If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT", 200),
                              (f"If-Match: {tag}", 200), ('If-Match: "x"', 412),
                              ("If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT", 412)):
            response = c.get("/small.txt", field)
            assert response.status == status, field
            assert response.body == (plain.body if status == 200 else b"" if status == 304 else response.body)
        assert c.get("/small.txt", f"If-None-Match: {tag}")["ETag"] == tag
        assert c.get("/small.txt", f"If-Range: {tag}", "Range: bytes=0-1").status == 206
        assert c.get("/small.txt", 'If-Range: "x"', "Range: bytes=0-1").status == 200


# --- connections ---

def test_rfc9112_9_3_2_pipelined_requests_are_answered_in_order(httpd: Httpd, root: Path) -> None:
    names = ["small.txt", "medium.bin", "nothing", "large.bin"] + ["empty.txt", "index.html", "medium.bin"] * 20
    with httpd.client() as c:
        c.send("".join(request(f"/{name}") for name in names))
        for name in names:
            response = c.response()
            if name == "nothing":
                assert response.status == 404
            else:
                assert response.body == (root / name).read_bytes(), name


def test_five_hundred_pipelined_requests(httpd: Httpd) -> None:
    with httpd.client() as c:
        sender = threading.Thread(target=c.send, args=(request("/small.txt") * 500,))
        sender.start()
        assert [c.response().status for _ in range(500)] == [200] * 500
        sender.join()


def test_requests_may_come_in_pieces_of_any_size(httpd: Httpd) -> None:
    text = request("/small.txt", "Range: bytes=0-3") + request("/wait?ms=1") + request("/nothing")
    for size in (1, 2, 3, 7, len(text) - 1):
        with httpd.client() as c:
            for at in range(0, len(text), size):
                c.send(text[at:at + size])
                time.sleep(0.0005)
            assert [c.response().status for _ in range(3)] == [206, 200, 404], size


def test_answers_do_not_wait_for_the_next_request_to_be_worked_on(httpd: Httpd) -> None:
    with httpd.client() as c:
        c.send(request("/small.txt") + request("/wait?ms=800"))
        start = time.monotonic()
        c.response()
        assert time.monotonic() - start < 0.6
        assert c.response().body == b"done\n"
        assert time.monotonic() - start > 0.7


def test_half_close_still_gets_its_answers(httpd: Httpd, root: Path) -> None:
    with httpd.client() as c:
        c.send(request("/small.txt") + request("/large.bin") + request("/wait?ms=50"))
        c.socket.shutdown(1)
        assert c.response().status == 200
        assert c.response().body == (root / "large.bin").read_bytes()
        assert c.response().status == 200
        assert c.ended()


# --- bodies ---

BODIES = {
    "counted": ("Content-Length: 44", "GET /small.txt HTTP/1.1\r\nHost: smuggled\r\n\r\n" + "."),
    "chunked": ("Transfer-Encoding: chunked", "2b\r\nGET /small.txt HTTP/1.1\r\nHost: smuggled\r\n\r\n\r\n0\r\nA: b\r\n\r\n"),
}


@pytest.mark.parametrize("how", BODIES)
@pytest.mark.parametrize("target,status", [("/small.txt", 200), ("/wait?ms=1", 200), ("/nothing", 404)])
def test_rfc9112_9_3_a_body_is_never_taken_for_a_request(httpd: Httpd, how: str, target: str, status: int) -> None:
    field, body = BODIES[how]
    with httpd.client() as c:
        c.send(request(target, field) + body + request("/empty.txt"))
        assert c.response().status == status
        assert c.response()["Content-Length"] == "0"
        c.send(request("/metrics", "Connection: close"))
        assert c.response().status == 200
        assert c.ended()


# --- methods and handlers ---

def test_work_burns_processor_time(httpd: Httpd) -> None:
    start = time.monotonic()
    assert httpd.get("/work?us=30000").body == b"done\n"
    assert time.monotonic() - start > 0.029


@pytest.mark.parametrize("target", ["/work?us=x", "/work?us=-1", "/wait?ms=", "/wait?ms=60001", "/wait?ms=1&ms=2"])
def test_a_number_that_is_none(httpd: Httpd, target: str) -> None:
    assert httpd.get(target).status == 400


def test_who_else_waits_while_a_handler_blocks(httpd: Httpd) -> None:
    variant = httpd.variant  # type: ignore[attr-defined]
    with httpd.client() as a:
        start = time.monotonic()
        a.send(request("/wait?ms=600", "Connection: close"))
        if variant == "loops":  # whose loop the others belong to is the kernel's choice
            assert a.response().status == 200
            return
        time.sleep(0.1)
        httpd.get("/small.txt")
        waited = time.monotonic() - start
        assert a.response().status == 200
    assert (waited < 0.5) == (variant in PATIENT), f"{waited:.2f} s"


def test_metrics_count_what_happens(httpd: Httpd) -> None:
    name = 'httpd_requests_total{route="files",status="404"}'
    before, accepted = httpd.metric(name), httpd.metric("httpd_connections_accepted_total")
    for _ in range(5):
        httpd.get("/nothing")
    assert httpd.metric(name) == before + 5
    assert httpd.metric("httpd_connections_accepted_total") >= accepted + 7
    assert until(lambda: httpd.metric("httpd_connections_open") == 1)


# --- those who are slow, and those who go ---

def test_a_reader_who_stops_keeps_nobody_waiting(httpd: Httpd) -> None:
    if httpd.variant not in CONCURRENT:  # type: ignore[attr-defined]
        pytest.skip("by design: one client at a time")
    with httpd.client(receive_buffer=4096) as slow:
        slow.send(request("/large.bin"))
        time.sleep(0.2)
        start = time.monotonic()
        for _ in range(20):
            assert httpd.get("/small.txt").status == 200
        assert time.monotonic() - start < 2


def test_a_reset_in_the_middle_of_a_file_harms_nobody_else(httpd: Httpd) -> None:
    for _ in range(10):
        with httpd.client(receive_buffer=4096) as c:
            c.send(request("/large.bin"))
            c.socket.recv(1000)
            c.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER, 0 s: close resets
    assert until(lambda: httpd.metric("httpd_connections_open") == 1)
    assert httpd.get("/small.txt").status == 200


def test_clients_who_say_nothing_or_half_a_request_and_go(httpd: Httpd) -> None:
    for text in ("", "G", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"):
        for _ in range(5):
            with httpd.client() as c:
                c.send(text)
    assert httpd.get("/small.txt").status == 200
    assert until(lambda: httpd.metric("httpd_connections_open") == 1)
