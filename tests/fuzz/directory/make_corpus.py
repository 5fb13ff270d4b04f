#!/usr/bin/python3
"""Writes corpus/: questions, answers, journals and files of services, sound ones and each with one thing wrong."""
from __future__ import annotations

import struct
import zlib
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
LOCALHOST = bytes(10) + b"\xff\xff" + bytes([127, 0, 0, 1])
REGISTER, RENEW, UNREGISTER, LOOKUP, LIST, STATS = range(1, 7)
GRANT = struct.pack(">QI16s", 5, 1000, LOCALHOST)
ECHO = "echo 127.0.0.1:7 kind=stream nowait max=3 user=nobody version=2 lease=5 /bin/cat -u\n"


def question(operation: int, body: bytes = b"", least: int = 0, version: int = 1) -> bytes:
    return (struct.pack(">2sBBQI", b"VD", version, operation, 7, 0) + body).ljust(least, b"\0")


def claim(name: str = "web", port: int = 80, stamp: int = 5, token: bytes = b"t", version: int = 1) -> bytes:
    return struct.pack(">IBBH16s16sQI", version, 1, len(name), port, LOCALHOST, token * 16, stamp,
                       500) + name.encode()


def lookup(name: str = "web", version: int = 0, protocol: int = 0) -> bytes:
    return struct.pack(">IBBH", version, protocol, len(name), 0) + name.encode()


def end(port: int = 80) -> bytes:
    return struct.pack(">IBBH16sI", 1, 1, 0, port, LOCALHOST, 400)


def q(*messages: bytes) -> bytes:
    return b"q" + b"".join(struct.pack(">H", len(message)) + message for message in messages)


def a(operation: int, body: bytes = b"", status: int = 0, flags: int = 0) -> bytes:
    return b"a" + struct.pack(">2sBBQBBH", b"VD", 1, operation | 0x80, 7, status, flags, 0) + body


def record(operation: int, body: bytes) -> bytes:
    head = struct.pack(">HB", len(body), operation)
    return head + struct.pack(">I", zlib.crc32(head + body)) + body


def j(*records: bytes) -> bytes:
    return b"jVLDJ0001" + b"".join(records)


def c(text: str) -> bytes:
    return b"c" + text.encode("latin-1")


INPUTS = {
    "empty": b"",
    "q_life": q(question(REGISTER, claim()), question(LOOKUP, lookup(), 128), question(RENEW, claim(stamp=6)),
                question(UNREGISTER, claim(stamp=7)), question(LOOKUP, lookup())),
    "q_replay": q(question(REGISTER, claim()), question(UNREGISTER, claim(stamp=6)), question(REGISTER, claim())),
    "q_take_over": q(question(REGISTER, claim()), question(REGISTER, claim("new", stamp=9, token=b"u")),
                     question(RENEW, claim(stamp=10))),
    "q_full": q(*(question(REGISTER, claim(f"s{i % 5}", 1 + i)) for i in range(20)),
                question(LIST, struct.pack(">I", 0), 400), question(LIST, struct.pack(">I", 9))),
    "q_end_full": q(*(question(REGISTER, claim(f"s{i}")) for i in range(6))),
    "q_stats": q(question(STATS), question(STATS, b"", 400)),
    "q_expire": q(question(REGISTER, claim(), 600), question(LOOKUP, lookup(), 600)),
    "q_version": q(question(LOOKUP, lookup(), version=2)),
    "q_operation": q(question(9), question(0)),
    "q_answer": q(question(LOOKUP | 0x80, lookup())),
    "q_padding": q(question(LOOKUP, lookup() + b"\0\0\1")),
    "q_name": q(question(REGISTER, claim("-web"))),
    "q_cut": q(question(REGISTER, claim()))[:-3],
    "q_cursor": q(question(LIST, b"\xff" * 4)),
    "a_grant": a(REGISTER, GRANT),
    "a_stale": a(RENEW, GRANT, 2),
    "a_gone": a(RENEW, b"", 1),
    "a_gone_with_body": a(RENEW, GRANT, 1),
    "a_lookup": a(LOOKUP, struct.pack(">HH", 3, 2) + end() + end(81), 0, 1),
    "a_lookup_short": a(LOOKUP, struct.pack(">HH", 2, 2) + end()),
    "a_list": a(LIST, struct.pack(">IIHH", 9, 2, 1, 0) + end() + b"\3web"),
    "a_stats": a(STATS, struct.pack(">HHQQ", 2, 0, 5, 6)),
    "a_status": a(LOOKUP, b"", 99),
    "j_empty": j(),
    "j_two": j(record(REGISTER, claim()), record(UNREGISTER, claim(stamp=6))),
    "j_torn": j(record(REGISTER, claim()), record(REGISTER, claim(port=81)))[:-1],
    "j_sum": j(record(REGISTER, claim())[:-1] + b"x"),
    "j_renew": j(record(RENEW, claim())),
    "j_other": b"jroot:x:0:0",
    "c_echo": c("# services\n\n" + ECHO),
    "c_two": c(ECHO + "t 0.0.0.0:37 kind=dgram wait /usr/bin/time # a comment"),
    "c_same": c(ECHO + ECHO),
    "c_kind": c(ECHO.replace("stream", "raw")),
    "c_twice": c(ECHO.replace("max=3", "max=3 max=4")),
    "c_command": c("echo 127.0.0.1:7 kind=stream nowait\n"),
    "c_nul": c("a\0b"),
    "c_words": c("echo 127.0.0.1:7 kind=stream nowait /a" + " x" * 40),
    "c_long": c("#" * 1100),
    "c_address": c("echo 127.0.0.1:65536 kind=stream nowait /a\n"),
}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for name, data in INPUTS.items():
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
