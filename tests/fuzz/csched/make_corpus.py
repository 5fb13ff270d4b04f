#!/usr/bin/python3
"""Writes corpus/: small sound recordings, words that are right, and both with one thing wrong."""
from __future__ import annotations

import struct
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
HEADER = "<8sIIIIQQQQ"
EVENT = "<QIiHBBIqqQ"
GROUP_SIZE = 200
BEGIN = 10**9


def group(number: int, name: bytes, policy: bytes) -> bytes:
    """struct csched_ioc_group, the values that pictures use; the rest is 0."""
    values = struct.pack("<II32s16sIIQQ", number, 1, name, policy, 100, 0, 30_000_000, 5_000_000)
    return values.ljust(GROUP_SIZE, b"\0")


def event(ms: float, kind: int, number: int, pid: int, used_ms: float = 0, standing: int = 1, credit: int = 0) -> bytes:
    return struct.pack(EVENT, BEGIN + int(ms * 1e6), number, pid, 0, kind, standing, 0, 0, credit, int(used_ms * 1e6))


def recording(groups: list[bytes], events: list[bytes], /, **wrong: int | bytes) -> bytes:
    values = {"magic": b"csched\n1", "group_size": GROUP_SIZE, "event_size": 48, "groups": len(groups), "cpus": 1,
              "events": len(events), "begin": BEGIN, "end": BEGIN + 100_000_000, "lost": 0} | wrong
    return struct.pack(HEADER, *values.values()) + b"".join(groups + events)


GROUPS = [group(1, b"a", b"share"), group(2, b"b", b"credit")]
EVENTS = [event(0, 255, 1, 0), event(0, 3, 1, 10), event(5, 4, 1, 10, 5), event(5, 5, 1, 10, 5),
          event(5, 3, 2, 11), event(9, 8, 2, 0, 4, 0, 10**6), event(10, 10, 2, 0, 5, 2, -10**6),
          event(12, 7, 2, 11, 7), event(99, 11, 2, 0, 7, 1), event(100, 255, 1, 0, 5)]

RECORDINGS = {
    "good": recording(GROUPS, EVENTS),
    "empty": recording([], []),
    "groups_only": recording(GROUPS, []),
    "unknown_groups": recording([], EVENTS),
    "short": recording(GROUPS, EVENTS)[:-1],
    "header_only": recording(GROUPS, EVENTS)[:56],
    "too_short": b"csched",
    "bad_magic": recording(GROUPS, EVENTS, magic=b"csched\n2"),
    "bad_group_size": recording(GROUPS, EVENTS, group_size=199),
    "many_events": recording(GROUPS, EVENTS, events=2**63),
    "many_groups": recording(GROUPS, EVENTS, groups=2**32 - 1),
    "no_cpus": recording(GROUPS, EVENTS, cpus=0),
    "backwards": recording(GROUPS, EVENTS, end=1),
    "long": recording(GROUPS, EVENTS, end=2**62),
    "end_of_time": recording(GROUPS, EVENTS, end=2**64 - 1),
    "same_group": recording([GROUPS[0], GROUPS[0]], EVENTS),
    "endless_name": recording([group(1, b"a" * 32, b"share")], EVENTS),
    "unordered": recording(GROUPS, EVENTS[::-1]),
    "bad_type": recording(GROUPS, [event(0, 99, 1, 1)]),
    "bad_standing": recording(GROUPS, [event(0, 3, 1, 1, standing=3)]),
    "extremes": recording(GROUPS, [event(0, 255, 2, 0, 0, 1, -2**63), event(100, 255, 2, 0, 50, 1, 2**63 - 1)]),
}
WORDS = ["30ms", "1.5s", "0-1,4", "366d", "999999999999999999d", "0-511", "0-", "-", ".", "1.", "t3.mirco", "x" * 40]


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for name, content in RECORDINGS.items():
        (CORPUS / f"recording_{name}").write_bytes(b"R" + content)
    for number, word in enumerate(WORDS):
        (CORPUS / f"word_{number:02}").write_bytes(b"W" + word.encode())


if __name__ == "__main__":
    main()
