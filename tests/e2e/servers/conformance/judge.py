"""Sending a case to a server, and judging what comes back and what the connection is good for then.

Each case runs twice. "apart": the probe, a request that is known to be answered, follows when the answers
are in. "together": it follows in the same octets, so that a server which reads on in the wrong place, or
reads on where it must not, is found out. The probe asks for the end of the connection; what comes behind its
answer is one answer too many.
"""
from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .answers import Ended, Malformed, Reader, Response, broken_by
from .case import CLOSED, ETAG, FILE, FILES, IN_STEP, MODIFIED, PERSISTS, PROBE, Answer, Case, octets, request
from .taken import Taken

PROBE_REQUEST = octets(request("/probe.txt", "Connection: close"))
PROBE_ANSWER = Answer((200,), PROBE)
APART, TOGETHER = "apart", "together"
# Seconds for an answer that must not come yet.
QUIET = 0.05
# Splits of one message: all, or so many of a long one.
SPLITS_MOST = 400


class Wrong(Exception):
    """The server broke the rule; the text says how."""


@dataclass
class Server:
    """Where it is, and how long to wait for what it owes.

    @ours: it is httpd, which keeps a connection wherever it may
    @etag: what it gives file.txt
    @broken: of the rules for every response, those it broke, and in which case first
    """

    host: str
    port: int
    timeout: float = 10
    ours: bool = False
    broken: dict[str, str] = field(default_factory=dict)
    etag: str = '"none"'

    def learn(self) -> None:
        """Ask for what cases need to know; Wrong if it does not even serve the files."""
        with Connection(self) as c:
            c.send(octets(request("/file.txt", "Connection: close")))
            response = c.reader.next()
        if response.status != 200 or response.content != FILE:
            raise Wrong(f"/file.txt is {response.status}, {response.content[:40]!r}: is the root the right one?")
        self.etag = response.value("etag") or self.etag


def make_root(folder: Path) -> Path:
    """The files that the cases ask for in folder/root, and beside it one that nobody may have. Returns the root."""
    root = folder / "root"
    root.mkdir(parents=True, exist_ok=True)
    (folder / "secret.txt").write_text("SECRET\n")
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
        os.utime(root / name, (MODIFIED, MODIFIED))
    return root


class Connection:
    """A client that can tell the end of a connection from silence."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.socket = socket.create_connection((server.host, server.port), server.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.receive)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def receive(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except (ConnectionResetError, BrokenPipeError):
            return b""
        except TimeoutError:
            raise Wrong(f"silence for {self.server.timeout} s where an answer or the end had to come") from None

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass    # what it said before it closed is still to be read
        except TimeoutError:
            raise Wrong(f"nothing was taken for {self.server.timeout} s") from None


# --- answers ---

def expect(response: Response, answer: Answer, what: str, ours: bool = True) -> None:
    statuses = answer.statuses if ours else answer.statuses + answer.others
    if response.status not in statuses:
        raise Wrong(f"{what}: {response.status} instead of {' or '.join(map(str, statuses))}"
                    f" ({response.content[:60]!r})")
    if response.status not in answer.statuses:
        return
    for name, pattern in answer.has.items():
        value = response.value(name)
        if value is None or not re.fullmatch(pattern, value, re.IGNORECASE):
            raise Wrong(f"{what}: {name} is {value!r}, not {pattern}")
    for name in answer.lacks:
        if response.value(name) is not None:
            raise Wrong(f"{what}: there is {name}: {response.value(name)}")
    if answer.content is not None and response.content != answer.content:
        raise Wrong(f"{what}: the content is {response.content[:60]!r} instead of {answer.content[:60]!r}")


def must_persist(server: Server, case: Case) -> bool:
    return case.after == PERSISTS or (server.ours and case.after == IN_STEP)


def read_answer(c: Connection, case: Case, answer: Answer, sent: bytes, what: str) -> Response:
    """The next response, judged. 100 (Continue) may come unasked for where the request let it."""
    old = b" HTTP/1.0\r\n" in sent and b" HTTP/1.1\r\n" not in sent
    while True:
        response = c.reader.next(answer.head, old)
        if response.status != 100 or 100 in answer.statuses or b"100-continue" not in sent:
            break
    for rule in broken_by(response):
        c.server.broken.setdefault(rule, f"{case}: a {response.status}")
    expect(response, answer, what, c.server.ours)
    return response


def judge_probe(c: Connection) -> None:
    expect(c.reader.next(), PROBE_ANSWER, "the next request")
    if rest := c.reader.rest():
        raise Wrong(f"after the last answer there is more: {rest[:80]!r}")


def judge_end(c: Connection) -> None:
    try:
        rest = c.reader.rest()
    except Wrong:
        raise Wrong("the connection had to be closed, and is not") from None
    if rest:
        raise Wrong(f"the connection had to be closed, there is more: {rest[:80]!r}")


def judge_state(c: Connection, case: Case, ends: bool, probe: Callable[[], None]) -> None:
    """@ends: the last answer said so; @probe sends the next request, if it is not on its way already."""
    if ends and must_persist(c.server, case):
        raise Wrong("the last answer ends the connection, which had to persist")
    if case.after == CLOSED or ends:
        judge_end(c)
        return
    probe()
    try:
        judge_probe(c)
    except Ended as end:
        if must_persist(c.server, case) or not end.clean:
            raise Wrong(f"the next request: {end}") from None


# --- cases ---

def fill_in(data: bytes, server: Server) -> bytes:
    return data.replace(ETAG.encode(), server.etag.encode("latin-1"))


def run_steps(c: Connection, case: Case, mode: str) -> None:
    ends = False
    sent = b""
    for step in case.steps:
        data = fill_in(step.send, c.server)
        sent += data
        last = step is case.steps[-1]
        c.send(data + (PROBE_REQUEST if last and mode == TOGETHER else b""))
        if last and case.half_close:
            c.socket.shutdown(socket.SHUT_WR)
        for number, answer in enumerate(step.answers, 1):
            try:
                response = read_answer(c, case, answer, sent, f"answer {number}")
            except Ended as end:
                if end.clean and (case.silent or (ends and not must_persist(c.server, case))):
                    return
                raise
            ends = response.ends()
        if not step.answers:
            time.sleep(QUIET)
        if ends and not last and not must_persist(c.server, case):
            break
    judge_state(c, case, ends, lambda: c.send(PROBE_REQUEST) if mode == APART else None)


def run(server: Server, case: Case, mode: str = APART) -> None:
    """Raises Wrong if the server breaks the rule."""
    try:
        with Connection(server) as c:
            run_steps(c, case, mode)
    except (Malformed, Ended) as error:
        raise Wrong(str(error)) from None
    except OSError as error:
        raise Wrong(f"the connection: {error}") from None


def modes(case: Case) -> tuple[str, ...]:
    return (APART,) if case.half_close or case.waits else (APART, TOGETHER)


# --- in pieces ---

def splits(length: int) -> list[int]:
    """Where to cut: everywhere, or evenly spread over a long message."""
    every = max(1, -(-length // SPLITS_MOST))
    return list(range(1, length, every))


def send_pieces(c: Connection, pieces: list[bytes], taken: Taken) -> None:
    """Each is sent when the server has read the one before, so that it sees every one of them alone."""
    for piece in pieces[:-1]:
        c.send(piece)
        taken.wait(c.socket, c.server.timeout)
    c.send(pieces[-1])


def answer_pieces(c: Connection, case: Case, pieces: list[bytes], taken: Taken) -> bool:
    """Whether the connection is ready for the next request."""
    ends = False
    send_pieces(c, pieces, taken)
    for number, answer in enumerate(case.steps[0].answers, 1):
        ends = read_answer(c, case, answer, case.octets, f"answer {number}").ends()
    if case.after in (PERSISTS, IN_STEP) and not ends:
        return True
    judge_state(c, case, ends, lambda: c.send(PROBE_REQUEST))
    return False


def run_in_pieces(server: Server, case: Case, taken: Taken, only_octets: bool = False) -> int:
    """A case of one step, octet by octet and cut in two everywhere; on one connection, if it persists.

    @only_octets: not cut in two

    Returns in how many ways it was sent.
    """
    data = fill_in(case.octets, server)
    ways = [[data[i:i + 1] for i in range(len(data))]] if len(data) <= SPLITS_MOST else []
    if not only_octets:
        ways += [[data[:at], data[at:]] for at in splits(len(data))]
    c: Connection | None = None
    pieces: list[bytes] = []
    try:
        for pieces in ways:
            c = c or Connection(server)
            if not answer_pieces(c, case, pieces, taken):
                c.socket.close()
                c = None
        if c:
            c.send(PROBE_REQUEST)
            judge_probe(c)
    except (Wrong, Malformed, Ended, OSError) as error:
        how = "octet by octet" if len(pieces) > 2 else f"cut behind {pieces[0][-20:]!r}"
        raise Wrong(f"{how}: {error}") from None
    finally:
        if c:
            c.socket.close()
    return len(ways)
