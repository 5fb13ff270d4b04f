"""The servers' parser beside picohttpparser, as Debian's libh2o exports it.

That one reads heads and asks nothing of their meaning, and it is generous: it takes LF for CRLF,
folded lines and any octet in a target. So the comparison has one direction: what we take it must
take, and understand the same.
"""
from __future__ import annotations

import ctypes
import random
from pathlib import Path

import pytest
from messages import COUNT, Understood, ours, seed, sound, spoilt

LIBRARY = "libh2o-evloop.so.0.13"
FIELDS = 100


class Header(ctypes.Structure):
    """struct phr_header"""

    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_size_t),
                ("value", ctypes.c_void_p), ("value_len", ctypes.c_size_t)]


@pytest.fixture(scope="session")
def phr() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError as error:
        pytest.skip(f"{LIBRARY}: {error}: run `make setup`")


def text(at: int | None, length: int) -> str:
    return ctypes.string_at(at, length).decode("latin-1") if at else ""


def theirs(phr: ctypes.CDLL, message: bytes) -> Understood:
    buffer = ctypes.create_string_buffer(message, len(message))
    method, path = ctypes.c_void_p(), ctypes.c_void_p()
    method_len, path_len, count = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_size_t(FIELDS)
    minor = ctypes.c_int()
    headers = (Header * FIELDS)()
    length = phr.phr_parse_request(buffer, ctypes.c_size_t(len(message)), ctypes.byref(method),
                                   ctypes.byref(method_len), ctypes.byref(path), ctypes.byref(path_len),
                                   ctypes.byref(minor), headers, ctypes.byref(count), ctypes.c_size_t(0))
    if length < 0:
        return Understood("more" if length == -2 else "bad")
    fields = [(text(h.name, h.name_len).lower(), text(h.value, h.value_len)) for h in headers[:count.value]]
    return Understood("done", "", text(method.value, method_len.value), text(path.value, path_len.value),
                      minor.value, fields)


def same(we: Understood, they: Understood) -> bool:
    # Older picohttpparsers leave blanks behind a value where they are.
    fields = [(name, value.rstrip(" \t")) for name, value in they.fields]
    return (we.method, we.target, we.minor, we.fields) == (they.method, they.target, min(1, they.minor), fields)


@pytest.mark.parametrize("spoil", [False, True], ids=["sound", "spoilt"])
def test_what_we_take_it_takes_and_understands_alike(program: Path, phr: ctypes.CDLL, spoil: bool) -> None:
    rng = random.Random(seed() + 2)
    messages = [sound(rng) for _ in range(COUNT)]
    if spoil:
        messages = [spoilt(rng, message) for message in messages]
    taken, differences = 0, []

    for message, we in zip(messages, ours(program, messages)):
        if we.outcome != "done":
            continue
        taken += 1
        # It reads over one empty line, we over a few (RFC 9112 2.2).
        they = theirs(phr, message.lstrip(b"\r\n"))
        if they.outcome != "done" or not same(we, they):
            differences.append(f"{message!r}\nwe:   {we}\nthey: {they}")

    assert taken > COUNT // 10
    assert not differences, f"{len(differences)} of {taken} (SEED={seed()}):\n" + "\n".join(differences[:5])
