"""What a case is: the octets that are sent, what must come back, and what the connection must be good for then."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# How the RFC says it. OUGHT: in words that are no keywords, or a consequence of several rules.
MUST, SHOULD, MAY, OUGHT = "MUST", "SHOULD", "MAY", "OUGHT"

# The state of the connection after the last answer.
PERSISTS = "persists"          # the next request gets its own answer, and only that
IN_STEP = "in step"            # the same; a server other than ours may also end it behind the answer
CLOSED = "closed"              # nothing more comes, whatever was sent behind the request
EITHER = "in step or closed"   # the RFC leaves it open; what it never may be is out of step

# What the server serves: files, and the octets in them.
FILE = b"0123456789" * 10
PROBE = b"in step\n"
SMUGGLED = b"smuggled\n"
FILES = {"file.txt": FILE, "probe.txt": PROBE, "smuggled.txt": SMUGGLED, "empty.txt": b"", "index.html": b"index\n",
         "folder/index.html": b"in the folder\n", "a b.txt": b"a space\n", "~u-n_r.txt": b"unreserved\n"}
# All of them were changed then: a date of 1 January 2020.
MODIFIED, MODIFIED_TEXT = 1577836800, "Wed, 01 Jan 2020 00:00:00 GMT"
BEFORE, AFTER = "Tue, 31 Dec 2019 23:59:59 GMT", "Thu, 02 Jan 2020 00:00:00 GMT"

# In the octets of a case: the entity tag that the server gives file.txt.
ETAG = "@ETAG@"


@dataclass(frozen=True)
class Answer:
    """One response, as it must be. The reader holds every response to the grammar besides.

    @others: statuses that are as right, but not what httpd answers: for a server that is not ours
    """

    statuses: tuple[int, ...]
    content: bytes | None = None                              # None: whatever it says
    has: Mapping[str, str] = field(default_factory=dict)      # name: what its value must match, as a whole
    lacks: tuple[str, ...] = ()
    others: tuple[int, ...] = ()
    head: bool = False                                        # to HEAD: no content, whatever the fields say


@dataclass(frozen=True)
class Step:
    """Octets, and the answers to wait for before the next step."""

    send: bytes
    answers: tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """One rule. @valid: the message is sound, so that it must be understood in whatever pieces it comes."""

    theme: str
    name: str
    section: str
    level: str
    steps: tuple[Step, ...]
    after: str
    valid: bool
    ours: bool = False         # of a limit or a route of httpd: no other server is asked
    half_close: bool = False   # the client says that it sends nothing more, after the last step
    waits: bool = False        # for the answer, before anything is sent behind it
    silent: bool = False       # closing without an answer is as good
    note: str = ""

    @property
    def octets(self) -> bytes:
        return b"".join(step.send for step in self.steps)

    def __str__(self) -> str:
        return f"{self.theme}: {self.name}"


class Theme:
    """The cases of one file, in its order."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: list[Case] = []

    def _add(self, name: str, section: str, level: str, send: bytes | str | tuple[Step, ...],
             answers: Answer | tuple[Answer, ...], after: str, valid: bool, **more: object) -> None:
        if isinstance(answers, Answer):
            answers = (answers,)
        if not isinstance(send, tuple):
            send = (Step(octets(send), answers),)
        self.cases.append(Case(self.name, name, section, level, send, after, valid, **more))  # type: ignore[arg-type]

    def taken(self, name: str, section: str, level: str, send: bytes | str | tuple[Step, ...],
              answers: Answer | tuple[Answer, ...] = (), after: str = IN_STEP, **more: object) -> None:
        """A sound message, and its answers."""
        self._add(name, section, level, send, answers, after, True, **more)

    def refused(self, name: str, section: str, level: str, send: bytes | str,
                answers: int | tuple[int, ...] | tuple[Answer, ...] = 400, after: str = EITHER,
                others: int | tuple[int, ...] = (), **more: object) -> None:
        """A message that must not be taken for a sound one; @answers: statuses, or answers to sound ones before it."""
        if isinstance(answers, int):
            answers = (answers,)
        if isinstance(answers[0], int):
            others = (others,) if isinstance(others, int) else others
            answers = (Answer(answers, others=others),)  # type: ignore[arg-type]
        self._add(name, section, level, send, answers, after, False, **more)  # type: ignore[arg-type]


def octets(text: bytes | str) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text


def request(target: str = "/file.txt", *fields: str, method: str = "GET", version: str = "HTTP/1.1",
            host: str | None = "Host: x", body: str = "") -> str:
    lines = [f"{method} {target} {version}", *([host] if host is not None else []), *fields]
    return "".join(f"{line}\r\n" for line in lines) + "\r\n" + body


def status(*statuses: int, **more: object) -> Answer:
    return Answer(statuses, **more)  # type: ignore[arg-type]


OK = status(200, content=FILE)
SMUGGLE = request("/smuggled.txt")
