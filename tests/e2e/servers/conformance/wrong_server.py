"""A small HTTP server that is right about most things, and wrong about one on demand.

What each fault is stands where it is made: wrong("name"). It shows that the judge sees it.
"""
from __future__ import annotations

import re
import socket
import threading
from email.utils import formatdate, parsedate_to_datetime

from .answers import TOKEN
from .case import FILES, MODIFIED, MODIFIED_TEXT

ALLOW = "GET, HEAD, OPTIONS"
TAG = '"e"'
REASONS = {100: "Continue", 200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently",
           304: "Not Modified", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed",
           412: "Precondition Failed", 416: "Range Not Satisfiable", 501: "Not Implemented", 505: "Version"}


class Refused(Exception):
    def __init__(self, status: int) -> None:
        self.status = status


class Conversation:
    """One connection, to its end."""

    def __init__(self, client: socket.socket, fault: str) -> None:
        self.client, self.fault = client, fault
        self.data = b""
        self.waited = False
        self.fields: list[tuple[str, str]] = []
        self.method, self.target, self.minor = "", "", 1

    def wrong(self, fault: str) -> bool:
        return self.fault == fault

    # --- reading ---

    def more(self) -> None:
        piece = self.client.recv(65536)
        if not piece:
            raise ConnectionError
        self.data += piece

    def take(self, length: int) -> bytes:
        while len(self.data) < length:
            self.more()
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def line(self) -> bytes:
        while b"\n" not in self.data:
            self.more()
            if self.wrong("a line comes whole") and b"\n" not in self.data:
                raise Refused(400)
        line = self.take(self.data.index(b"\n") + 1)
        if not line.endswith(b"\r\n") and not self.wrong("LF ends a line"):
            raise Refused(400)
        line = line.rstrip(b"\r\n") if self.wrong("LF ends a line") else line[:-2]
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            raise Refused(400)
        return line

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def words(self, name: str) -> list[str]:
        return [word for word in (w.strip().lower() for w in ",".join(self.values(name)).split(",")) if word]

    def read_head(self) -> None:
        line = self.line() or self.line()
        match = re.fullmatch(rb"(" + TOKEN + rb") ([!-~]+) HTTP/([0-9])\.([0-9])", line)
        if not match:
            raise Refused(400)
        self.method, self.target, self.minor = match[1].decode(), match[2].decode(), min(int(match[4]), 1)
        if match[3] != b"1":
            raise Refused(505)
        if self.wrong("methods have no case"):
            self.method = self.method.upper()
        self.fields = []
        blank = rb"[ \t]*" if self.wrong("white space before a colon") else b""
        while line := self.line():
            match = re.fullmatch(rb"(" + TOKEN + rb")" + blank + rb":[ \t]*(.*?)[ \t]*", line)
            if not match:
                raise Refused(400)
            self.fields.append((match[1].decode().lower(), match[2].decode("latin-1")))
        hosts = self.values("host")
        if self.minor and not hosts and not self.wrong("no Host"):
            raise Refused(400)
        if len(hosts) > 1 and not self.wrong("two Hosts"):
            raise Refused(400)

    def read_body(self) -> None:
        codings, lengths = self.words("transfer-encoding"), self.values("content-length")
        if self.wrong("the body is left unread"):
            return
        if lengths and self.values("transfer-encoding") and not self.wrong("a length beats chunked"):
            raise Refused(400)
        if len(lengths) > 1 and not self.wrong("the first of two lengths"):
            raise Refused(400)
        if lengths:
            if not re.fullmatch("[0-9]+", lengths[0]) and not self.wrong("lengths as int() has them"):
                raise Refused(400)
            self.say_continue()
            self.take(max(0, int(lengths[0])))
        elif self.values("transfer-encoding"):
            if codings != ["chunked"] or not self.minor:
                raise Refused(400)
            self.say_continue()
            self.read_chunks()

    def read_chunks(self) -> None:
        while True:
            line = self.line()
            match = re.fullmatch(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;.+)?", line)
            try:
                size = int(line, 16) if self.wrong("sizes as int() has them") else int(match[1], 16)  # type: ignore
            except (ValueError, TypeError):
                raise Refused(400) from None
            if not size:
                break
            self.take(size)
            if self.take(2) != b"\r\n" and not self.wrong("anything ends a chunk"):
                raise Refused(400)
        if self.wrong("no trailers"):
            self.line()
            return
        while line := self.line():
            if not re.match(TOKEN + rb":", line):
                raise Refused(400)

    def say_continue(self) -> None:
        if "100-continue" not in self.words("expect") or self.wrong("never 100"):
            return
        if (self.minor and not self.data) or (not self.minor and self.wrong("100 to HTTP/1.0")):
            self.client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    # --- answering ---

    def keeps(self) -> bool:
        options = self.words("connection")
        if self.wrong("never closes"):
            return True
        if self.wrong("always closes"):
            return False
        return "close" not in options and (bool(self.minor) or "keep-alive" in options)

    def answer(self, status: int, content: bytes = b"", keep: bool = False, **fields: str) -> None:
        bare = status in (204, 304)
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\n"
        if not self.wrong("no Date"):
            head += f"Date: {formatdate(usegmt=True)}\r\n"
        if status == 405 and not self.wrong("no Allow"):
            head += f"Allow: {ALLOW}\r\n"
        for name, value in fields.items():
            head += f"{name.replace('_', '-')}: {value}\r\n"
        if self.wrong("chunks for HTTP/1.0") and not self.minor and content:
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
            head += "Transfer-Encoding: chunked\r\n"
        elif not bare:
            head += f"Content-Length: {len(content) - (self.wrong('one octet too many') and len(content) > 0)}\r\n"
        if not keep and not self.wrong("closes without a word"):
            head += "Connection: close\r\n"
        elif keep and not self.minor:
            head += "Connection: keep-alive\r\n"
        if bare or (self.method == "HEAD" and not self.wrong("HEAD has content")):
            content = b""
        data = head.encode() + b"\r\n" + content
        self.client.sendall(data * (1 + self.wrong("each answer twice")))

    def precondition(self) -> int:
        """200, 304 or 412."""
        def tags(name: str) -> list[str]:
            return re.findall(r'(?:W/)?"[^"]*"|\*', ",".join(self.values(name)))

        match, none = tags("if-match"), tags("if-none-match")
        if self.wrong("If-Match takes weak tags"):
            match = [tag.removeprefix("W/") for tag in match]
        if self.values("if-match") and not {TAG, "*"} & set(match):
            return 412
        if self.values("if-none-match"):
            return 304 if {TAG, "*"} & {tag.removeprefix("W/") for tag in none} else 200
        for value in self.values("if-modified-since"):
            try:
                since = parsedate_to_datetime(value).timestamp()
            except (ValueError, TypeError):
                return 200
            if since >= MODIFIED + self.wrong("dates a second off"):
                return 304
        return 200

    def answer_file(self, content: bytes, keep: bool) -> None:
        status = self.precondition()
        fields = {"ETag": TAG, "Last_Modified": MODIFIED_TEXT, "Accept_Ranges": "bytes", "Content_Type": "text/plain"}
        part = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", ",".join(self.values("range")))
        if status == 200 and part and (self.method == "GET" or self.wrong("ranges for HEAD")):
            first, last = int(part[1]), min(int(part[2]), len(content) - 1)
            if first <= last:
                status = 206
                fields["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
                content = content[first:last + (not self.wrong("the last octet of a range is left out"))]
        if status == 206 and self.wrong("206 without Content-Range"):
            del fields["Content_Range"]
        self.answer(status, content if status in (200, 206) else b"", keep, **fields)

    def respond(self, keep: bool) -> None:
        path = self.target.removeprefix("http://x").partition("?")[0] or "/"
        name = path.strip("/") or "index.html"
        if ".." in path and self.wrong("out of the root"):
            self.answer(200, b"SECRET\n", keep)
        elif self.method == "OPTIONS":
            self.answer(204, b"", keep, Allow=ALLOW)
        elif self.method not in ("GET", "HEAD"):
            self.answer(405 if self.method in ("POST", "PUT", "PATCH", "DELETE", "TRACE") else 501, b"no\n", keep)
        elif name in FILES:
            self.answer_file(FILES[name], keep)
        else:
            self.answer(404, b"none\n", keep)

    def talk(self) -> None:
        while True:
            try:
                self.read_head()
                self.read_body()
            except Refused as refused:
                self.answer(refused.status, b"bad\n", keep=self.wrong("goes on after a refusal"))
                if self.wrong("goes on after a refusal"):
                    continue
                return
            keep = self.keeps()
            self.respond(keep)
            if self.wrong("forgets what came too early"):
                self.data = b""
            if not keep:
                return


def converse(client: socket.socket, fault: str) -> None:
    try:
        Conversation(client, fault).talk()
        # All that still comes, so that no reset destroys the answer.
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    except (OSError, ConnectionError):
        pass
    finally:
        client.close()


class WrongServer:
    """Listens until the end of the block; @port."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(client, self.fault), daemon=True).start()

    def __enter__(self) -> WrongServer:
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
