"""The judge itself: that it sees what is wrong, in a server that is wrong on purpose, and in answers made up."""
from __future__ import annotations

import socket
import threading
import time

import pytest

from .answers import EVERY, Ended, Malformed, Reader, Response, broken_by
from .case import Case
from .cases import CASES
from .judge import Server, Wrong, modes, run, run_in_pieces
from .taken import Taken
from .wrong_server import WrongServer

BY_NAME = {str(case): case for case in CASES}

# A fault of wrong_server.py, and cases it must fail. Without a fault it passes all of them.
FAULTS = {
    "LF ends a line": ["request line: LF alone ends no line", "request smuggling: LF for CRLF, and what follows"],
    "white space before a colon": ["fields: a space before the colon", "fields: a tab before the colon"],
    "methods have no case": ["request line: get is not GET"],
    "no Host": ["target and host: no Host"],
    "two Hosts": ["target and host: two Hosts that differ"],
    "the body is left unread": ["body framing: a body that looks like a request is none",
                                "request smuggling: a request inside a chunk is content"],
    "a length beats chunked": ["request smuggling: length, then chunked"],
    "the first of two lengths": ["body framing: two lengths that differ",
                                 "request smuggling: Content-Length: nothing, then all"],
    "lengths as int() has them": ["body framing: Content-Length with a sign",
                                  "body framing: Content-Length with an underscore"],
    "sizes as int() has them": ["chunked: a chunk size: a prefix", "chunked: a chunk size: a sign"],
    "anything ends a chunk": ["chunked: two octets that are not CRLF behind a chunk"],
    "no trailers": ["chunked: several trailer fields"],
    "never 100": ["expectations: 100, then the body, then the answer"],
    "100 to HTTP/1.0": ["expectations: HTTP/1.0 does not expect, and waits"],
    "never closes": ["persistence and pipelining: close", "persistence and pipelining: HTTP/1.0 does not persist"],
    "always closes": ["persistence and pipelining: HTTP/1.1 persists", "persistence and pipelining: two at once"],
    "closes without a word": ["persistence and pipelining: close"],
    "forgets what came too early": ["persistence and pipelining: two at once"],
    "goes on after a refusal": ["body framing: two lengths that differ", "request smuggling: length, then chunked"],
    "one octet too many": ["request line: method, target, version, each after one space"],
    "each answer twice": ["request line: method, target, version, each after one space",
                          "persistence and pipelining: close"],
    "HEAD has content": ["methods and negotiation: HEAD sends no content"],
    "chunks for HTTP/1.0": ["persistence and pipelining: HTTP/1.0 does not persist"],
    "If-Match takes weak tags": ["conditional requests and dates: If-Match with the tag marked weak"],
    "dates a second off": ["conditional requests and dates: If-Modified-Since that day"],
    "ranges for HEAD": ["ranges: Range for HEAD"],
    "the last octet of a range is left out": ["ranges: bytes=0-9"],
    "206 without Content-Range": ["ranges: bytes=0-9"],
    "out of the root": ["target and host: out of the root by dots"],
}


def judged(server: Server, name: str) -> str:
    """Nothing, or what is wrong."""
    case = BY_NAME[name]
    for mode in modes(case):
        try:
            run(server, case, mode)
        except Wrong as wrong:
            return str(wrong)
    return ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(fault: str) -> None:
    with WrongServer("") as right, WrongServer(fault) as wrong:
        for name in FAULTS[fault]:
            sound = Server("127.0.0.1", right.port, ours=True, etag='"e"')
            assert not judged(sound, name), f"without the fault: {name}"
            assert judged(Server("127.0.0.1", wrong.port, timeout=0.3, ours=True, etag='"e"'), name), name


@pytest.mark.parametrize("fault,rule,name", [
    ("no Date", "2xx, 3xx and 4xx have Date", "methods and negotiation: GET"),
    ("no Allow", "405 has Allow", "methods and negotiation: a known method that is not allowed"),
])
def test_what_every_response_owes_is_seen(fault: str, rule: str, name: str) -> None:
    with WrongServer(fault) as wrong:
        server = Server("127.0.0.1", wrong.port)
        judged(server, name)
    assert list(server.broken) == [rule]


def test_a_server_that_reads_lines_only_whole_is_seen() -> None:
    case = BY_NAME["request line: method, target, version, each after one space"]
    with Taken() as taken, WrongServer("") as right, WrongServer("a line comes whole") as wrong:
        assert run_in_pieces(Server("127.0.0.1", right.port), case, taken) > 30
        run(Server("127.0.0.1", wrong.port), case)
        with pytest.raises(Wrong, match="octet by octet"):
            run_in_pieces(Server("127.0.0.1", wrong.port), case, taken)
        cut = Case(case.theme, case.name, case.section, case.level, case.steps, case.after, True)
        with pytest.raises(Wrong):
            run_in_pieces(Server("127.0.0.1", wrong.port), cut, taken)


def test_each_piece_is_read_alone() -> None:
    """However late the other end reads."""
    pieces: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def read() -> None:
        with listener.accept()[0] as peer:
            while not pieces or pieces[-1]:
                time.sleep(0.01)
                pieces.append(peer.recv(100))

    reader = threading.Thread(target=read)
    reader.start()
    with Taken() as taken, socket.create_connection(listener.getsockname()) as client:
        for octet in b"in pieces":
            client.sendall(bytes([octet]))
            taken.wait(client, 5)
    reader.join()
    listener.close()
    assert pieces[:-1] == [bytes([octet]) for octet in b"in pieces"]


# --- responses ---

def read(data: str, **how: bool) -> Response:
    pieces = [data.encode("latin-1"), b""]
    return Reader(lambda: pieces.pop(0) if pieces else b"").next(**how)


LENGTH = "Content-Length: 2\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize("data,how", [
    ("HTTP/1.1 200 OK\r\n" + LENGTH + "\r\nhi", {}),
    ("HTTP/1.1 200 \r\n" + CHUNKED + "\r\n2\r\nhi\r\n0\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\n" + CHUNKED + "\r\n1;a=\"b\"\r\nh\r\n1\r\ni\r\n0\r\nX: y\r\n\r\n", {}),
    ("HTTP/1.0 200 OK\r\n\r\nhi", {"old": True}),
])
def test_a_sound_response_is_read(data: str, how: dict[str, bool]) -> None:
    assert read(data, **how).content == b"hi"


def test_what_has_no_content_has_none() -> None:
    assert read("HTTP/1.1 200 OK\r\n" + LENGTH + "\r\n", head=True).content == b""
    assert read("HTTP/1.1 304 Not Modified\r\n" + LENGTH + "\r\n").content == b""
    assert read("HTTP/1.1 204 No Content\r\n\r\n").content == b""


@pytest.mark.parametrize("data,how", [
    ("HTTP/1.1 200 OK\n\n", {}), ("HTTP/2 200 OK\r\n\r\n", {}), ("HTTP/1.1 200\r\n\r\n", {}),
    ("http/1.1 200 OK\r\n\r\n", {}),
    ("HTTP/1.1 099 OK\r\n\r\n", {}), ("hello\r\n", {}), ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", {}), ("HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\n" + LENGTH + LENGTH + "\r\nhi", {}), ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi", {}),
    ("HTTP/1.1 200 OK\r\n" + LENGTH + CHUNKED + "\r\n2\r\nhi\r\n0\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\n" + CHUNKED + "\r\n0\r\n\r\n", {"old": True}),
    ("HTTP/1.1 200 OK\r\n" + CHUNKED + "\r\n0x2\r\nhi\r\n0\r\n\r\n", {}),
    ("HTTP/1.1 200 OK\r\n" + CHUNKED + "\r\n1\r\nhi\r\n0\r\n\r\n", {}),
    ("HTTP/1.1 204 No Content\r\n" + LENGTH + "\r\n", {}), ("HTTP/1.1 100 Continue\r\n\r\n", {"old": True}),
    ("HTTP/1.1 206 Partial Content\r\n" + LENGTH + "\r\nhi", {}),
])
def test_a_malformed_response_is_not(data: str, how: dict[str, bool]) -> None:
    with pytest.raises(Malformed):
        read(data, **how)


@pytest.mark.parametrize("data,clean", [
    ("", True), ("HTTP/1.1 200", False), ("HTTP/1.1 200 OK\r\n", False),
    ("HTTP/1.1 200 OK\r\n" + LENGTH + "\r\nh", False),
    ("HTTP/1.1 200 OK\r\n" + CHUNKED + "\r\n2\r\nhi\r\n", False),
])
def test_the_end_is_clean_only_where_a_response_might_begin(data: str, clean: bool) -> None:
    with pytest.raises(Ended) as end:
        read(data)
    assert end.value.clean == clean


DATE = ("date", "Wed, 01 Jan 2020 00:00:00 GMT")


@pytest.mark.parametrize("rule,response", [
    ("the version is HTTP/1.1", Response(0, 200, [DATE], b"")),
    ("2xx, 3xx and 4xx have Date", Response(1, 404, [], b"")),
    ("Date and Last-Modified are IMF-fixdates", Response(1, 200, [("date", "Tue, 01 Jan 2020 00:00:00 GMT")], b"")),
    ("Date and Last-Modified are IMF-fixdates", Response(1, 200, [DATE, ("last-modified", "2020-01-01")], b"")),
    ("405 has Allow", Response(1, 405, [DATE], b"")),
    ("401 has WWW-Authenticate", Response(1, 401, [DATE], b"")),
    ("416 has Content-Range", Response(1, 416, [DATE], b"")),
    ("426 has Upgrade", Response(1, 426, [DATE], b"")),
    ("an entity tag is quoted", Response(1, 200, [DATE, ("etag", "abc")], b"")),
])
def test_each_rule_for_every_response_can_fail(rule: str, response: Response) -> None:
    assert broken_by(response) == [rule]
    assert rule in EVERY


def test_a_response_that_keeps_them_all() -> None:
    assert not broken_by(Response(1, 200, [DATE, ("etag", 'W/"a"'), ("last-modified", DATE[1])], b""))
    assert not broken_by(Response(1, 100, [], b"")) and not broken_by(Response(1, 500, [], b""))
