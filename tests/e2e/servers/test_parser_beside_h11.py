"""The servers' parser beside h11, which others wrote: on thousands of requests, sound and spoilt.

Where both take a request they must understand the same. Where only one takes it, the reason
must be in one of the two lists below: each entry is a choice that the RFC leaves or makes.
"""
from __future__ import annotations

import random
from pathlib import Path

import h11
from messages import COUNT, Understood, ours, seed, sound, spoilt

# What we refuse and h11 takes: how our reason starts, and why we may.
STRICTER = {
    "a line ends with LF and no CR": "RFC 9112 2.2: one MAY take a bare LF; what is read differently is smuggled",
    "there is a control character": "RFC 9110 5.5: controls in values are invalid; h11 looks for NUL and spaces only",
    "a line starts with white space": "RFC 9112 5.2: a server MUST reject obs-fold or make it spaces",
    "there is more than one Content-Length": "RFC 9112 6.3: equal ones MAY be taken",
    "Content-Length is not a number": "RFC 9112 6.3: neither may a list of equal ones",
    "Content-Length is beyond all measure": "RFC 9110 8.6: no overflow; Python's numbers have none",
    "there are both Transfer-Encoding and": "RFC 9112 6.3: it ought to be handled as an error",
    "HTTP/1.0 has no Transfer-Encoding": "RFC 9112 6.1: MUST be treated as faulty framing",
    "Host is not a host": "RFC 9112 3.2: MUST be refused with 400",
    "the target has an octet": "RFC 9112 3.2: no fragment and no delimiters of URIs in a target",
    "the target is neither": "RFC 9112 3.2: one of four forms",
    "the target has no host": "RFC 9110 4.2.1: MUST be refused",
    "the target's host is not one": "RFC 9110 4.2.4: user information is treated as an error",
    "https is for": "RFC 9110 7.4: MUST be rejected without TLS",
    "only OPTIONS has the target *": "RFC 9112 3.2.4: asterisk-form is for OPTIONS",
    "the version is not HTTP/1": "RFC 9110 15.6.6: other versions are not implemented here",
    "the method is longer": "RFC 9112 3: 501 SHOULD be the answer",
    "an expectation is not": "RFC 9110 10.1.1: 417 MAY be the answer",
    "Connection is not a list": "RFC 9110 7.6.1: its members are tokens",
    "a chunk extension is not one": "RFC 9112 7.1.1: the grammar; h11 takes any text",
    "a chunk extension has a control": "RFC 9112 7.1.1: the grammar; h11 takes any text",
    "a chunk does not start": "RFC 9112 7.1: refused at the first octet that is wrong; h11 waits for the line",
    "a chunk size is beyond": "RFC 9112 7.1: no overflow; Python's numbers have none",
    "a chunk size is not a hexadecimal": "RFC 9112 7.1: white space is for before an extension",
    "a chunk size's line": "RFC 9112 7.1: CRLF",
    "a trailer line is not a field": "RFC 9112 7.1.2: as all fields, no folding, no bare LF",
    "the body is larger": "RFC 9110 15.5.14: a limit of ours",
}

# What we take and h11 refuses: its message, and why we may.
MORE_LENIENT = {
    "no request line received": "RFC 9112 2.2: empty lines before a request SHOULD be ignored",
    "illegal request line": "RFC 9112 2.2: h11 says so of an empty line that is all there is yet",
    "Only Transfer-Encoding: chunked": "RFC 9110 6.5.1: in trailers it is dropped; h11 looks for framing there too",
    "illegal chunk header": "RFC 9112 7.1.1: white space (BWS) around the parts of an extension MUST be read",
}


def theirs(message: bytes) -> Understood:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    got = Understood("more")
    try:
        connection.receive_data(message)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                got.outcome = "done"
                got.method, got.target = event.method.decode(), event.target.decode("latin-1")
                got.minor = min(1, int(event.http_version.decode()[2:]))
                got.fields = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
            elif isinstance(event, h11.Data):
                got.content += bytes(event.data).decode("latin-1")
            elif isinstance(event, h11.EndOfMessage):
                got.complete = True
                got.keep_alive = connection.their_state in (h11.DONE, h11.MIGHT_SWITCH_PROTOCOL)
                return got
            else:
                return got
    except h11.RemoteProtocolError as error:
        return Understood("bad", str(error))


def same(we: Understood, they: Understood) -> bool:
    # h11 gives framing fields a normal form: the case of chunked, and no zeros before a length.
    def normal(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value.lower().lstrip("0") if name in ("transfer-encoding", "content-length") else value)
                for name, value in fields]

    return ((we.outcome, we.method, we.target, we.minor, normal(we.fields), we.content, we.complete)
            == (they.outcome, they.method, they.target, they.minor, normal(they.fields), they.content, they.complete)
            # It never keeps a connection of HTTP/1.0, which RFC 9112 9.3 lets a client ask for.
            and (we.minor == 0 or they.keep_alive in (None, we.keep_alive)))


def test_both_understand_sound_requests_alike(program: Path) -> None:
    rng = random.Random(seed())
    messages = [sound(rng) for _ in range(COUNT // 3)]

    for message, we in zip(messages, ours(program, messages)):
        they = theirs(message)
        assert we.outcome == "done" and we.complete, f"{message!r}: {we.why}"
        assert same(we, they), f"{message!r}\nwe:   {we}\nthey: {they}"


def test_every_difference_on_spoilt_requests_is_known(program: Path) -> None:
    rng = random.Random(seed() + 1)
    messages = [spoilt(rng, sound(rng)) for _ in range(COUNT)]
    unknown = []

    for message, we in zip(messages, ours(program, messages)):
        they = theirs(message)
        if we.outcome == they.outcome == "bad" or same(we, they):
            continue
        if we.outcome == "bad" and they.outcome == "more":
            known = True    # it judges heads when they are whole, we judge each line
        elif we.outcome == "bad":
            known = any(we.why.startswith(reason) for reason in STRICTER)
        elif they.outcome == "bad":
            known = any(reason in they.why for reason in MORE_LENIENT)
        else:
            known = False
        if not known:
            unknown.append(f"{message!r}\nwe:   {we}\nthey: {they}")

    assert not unknown, f"{len(unknown)} of {COUNT} (SEED={seed()}):\n" + "\n".join(unknown[:5])
