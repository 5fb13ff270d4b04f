"""Reading responses by the letter of RFC 9112, and what every response of an origin server must be.

Independent of the servers' own code on purpose, and stricter than a client needs to be: whatever a client
would have to guess is Malformed.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import format_datetime

from .case import MUST, SHOULD

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9]) ([\t \x21-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([\t \x21-\x7e\x80-\xff]*?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})((?:[ \t]*;[ \t]*" + TOKEN + rb"(?:=(?:" + TOKEN + rb"|\"[^\"]*\"))?)*)")
HEAD_MOST = 65536
# Fields of which a response has one.
SINGLE = ("content-length", "content-type", "content-range", "date", "etag", "last-modified", "location")


class Malformed(Exception):
    """What came is no response, or one that breaks a rule that is named."""


class Ended(Exception):
    """The connection ended where a response had to go on, or @clean: where one might have begun."""

    def __init__(self, clean: bool, why: str) -> None:
        super().__init__(why)
        self.clean = clean


@dataclass
class Response:
    minor: int
    status: int
    fields: list[tuple[str, str]]
    content: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def value(self, name: str) -> str | None:
        """Of all lines of that name, as one list (RFC 9110 5.3)."""
        return ", ".join(self.values(name)) if self.values(name) else None

    def ends(self) -> bool:
        """Whether it says that no other follows it (RFC 9112 9.3)."""
        options = {option.strip().lower() for option in (self.value("connection") or "").split(",")}
        return "close" in options or (not self.minor and "keep-alive" not in options)


class Reader:
    """Takes responses off a stream. @receive gives octets, or none at its end."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self.receive = receive
        self.data = bytearray()

    def _more(self, where: str) -> None:
        clean = not self.data and where == "before a response"
        piece = self.receive()
        if not piece:
            after = f" after {bytes(self.data[:80])!r}" if self.data else ""
            raise Ended(clean, f"the connection ended {where}{after}")
        self.data += piece

    def _take(self, length: int, where: str) -> bytes:
        while len(self.data) < length:
            self._more(where)
        taken = bytes(self.data[:length])
        del self.data[:length]
        return taken

    def _line(self, where: str) -> bytes:
        while b"\n" not in self.data:
            if len(self.data) > HEAD_MOST:
                raise Malformed(f"no end of a line {where} in {HEAD_MOST} octets")
            self._more(where)
        line = self._take(self.data.index(b"\n") + 1, where)
        if not line.endswith(b"\r\n"):
            raise Malformed(f"a line ends without CR (RFC 9112 2.2): {line[:80]!r}")
        return line[:-2]

    def _fields(self, where: str) -> list[tuple[str, str]]:
        fields = []
        while line := self._line(where):
            match = FIELD_LINE.fullmatch(line)
            if not match:
                raise Malformed(f"not a field line (RFC 9112 5): {line[:80]!r}")
            fields.append((match[1].decode().lower(), match[2].decode("latin-1")))
        return fields

    def _chunks(self) -> bytes:
        content = b""
        while True:
            line = self._line("in a chunk size")
            match = CHUNK_LINE.fullmatch(line)
            if not match:
                raise Malformed(f"not a chunk size (RFC 9112 7.1): {line[:80]!r}")
            size = int(match[1], 16)
            if not size:
                self._fields("in the trailer section")
                return content
            content += self._take(size, "in a chunk")
            if self._take(2, "behind a chunk") != b"\r\n":
                raise Malformed("a chunk does not end in CRLF (RFC 9112 7.1)")

    def _to_the_end(self) -> bytes:
        while piece := self.receive():
            self.data += piece
        return self._take(len(self.data), "in the content")

    def next(self, head: bool = False, old: bool = False) -> Response:
        """@head: the answer to a HEAD; @old: to a request of HTTP/1.0."""
        while not self.data:
            self._more("before a response")
        line = self._line("in the status line")
        match = STATUS_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"not a status line (RFC 9112 4): {line[:80]!r}")
        response = Response(int(match[1]), int(match[2]), self._fields("in the head"), b"")
        check_framing(response, old)
        if head or response.status < 200 or response.status in (204, 304):
            return response
        length = response.value("content-length")
        if response.value("transfer-encoding"):
            response.content = self._chunks()
        elif length is not None:
            response.content = self._take(int(length), "in the content")
        else:
            response.content = self._to_the_end()
        check_content(response)
        return response

    def rest(self) -> bytes:
        """What comes before the end, which must come now."""
        if not self.data:
            self.data += self.receive()
        return bytes(self.data)


def check_framing(response: Response, old: bool) -> None:
    length, codings = response.value("content-length"), response.value("transfer-encoding")
    for name in SINGLE:
        if len(response.values(name)) > 1:
            raise Malformed(f"{name} twice (RFC 9110 5.3)")
    if length is not None and not re.fullmatch("[0-9]{1,18}", length):
        raise Malformed(f"Content-Length {length!r} (RFC 9110 8.6)")
    if codings is not None and length is not None:
        raise Malformed("both Transfer-Encoding and Content-Length (RFC 9112 6.2)")
    if codings is not None and codings.lower() != "chunked":
        raise Malformed(f"Transfer-Encoding {codings!r}, which nobody asked for (RFC 9112 7.4)")
    if codings is not None and old:
        raise Malformed("Transfer-Encoding to a client of HTTP/1.0 (RFC 9112 6.1)")
    if (response.status < 200 or response.status == 204) and (codings or length):
        raise Malformed(f"a {response.status} with Content-Length or Transfer-Encoding (RFC 9110 8.6, RFC 9112 6.1)")
    if response.status < 200 and old:
        raise Malformed("an interim answer to HTTP/1.0 (RFC 9110 15.2)")


def check_content(response: Response) -> None:
    if response.status == 206 and not response.value("content-range"):
        if not (response.value("content-type") or "").startswith("multipart/byteranges"):
            raise Malformed("206 without Content-Range (RFC 9110 15.3.7.1)")


# What every final response owes its reader, whatever the case: one rule each, by its section.
EVERY: dict[str, tuple[str, str, Callable[[Response], bool]]] = {
    "the version is HTTP/1.1": ("9110 6.2", SHOULD, lambda r: r.minor == 1),
    "2xx, 3xx and 4xx have Date": (
        "9110 6.6.1", MUST, lambda r: not 200 <= r.status < 500 or r.value("date") is not None),
    "Date and Last-Modified are IMF-fixdates": ("9110 5.6.7", MUST, lambda r: all(
        is_date(value) for name in ("date", "last-modified") for value in r.values(name))),
    "405 has Allow": ("9110 15.5.6", MUST, lambda r: r.status != 405 or r.value("allow") is not None),
    "401 has WWW-Authenticate": (
        "9110 15.5.2", MUST, lambda r: r.status != 401 or r.value("www-authenticate") is not None),
    "416 has Content-Range": (
        "9110 15.5.17", SHOULD, lambda r: r.status != 416 or r.value("content-range") is not None),
    "426 has Upgrade": ("9110 15.5.22", MUST, lambda r: r.status != 426 or r.value("upgrade") is not None),
    "an entity tag is quoted": ("9110 8.8.3", MUST, lambda r: all(
        re.fullmatch('(W/)?"[\x21\x23-\x7e\x80-\xff]*"', tag) for tag in r.values("etag"))),
}


def broken_by(response: Response) -> list[str]:
    """The names in EVERY that it does not keep."""
    return [name for name, (_, _, keeps) in EVERY.items() if not keeps(response)]


def is_date(text: str) -> bool:
    """An IMF-fixdate that exists, and whose day of the week is the right one."""
    try:
        date = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return format_datetime(date, usegmt=True) == text
