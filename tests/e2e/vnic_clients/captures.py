"""What tcpdump saw: whose addresses, and whether each packet's sums are right.

A packet seen where it is sent may have a sum that the card is to finish: then what is there is the sum of the
pseudo-header, and nothing else. Fragments are put together first.
"""
from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ICMP, TCP, UDP = 1, 6, 17
RIGHT, UNFINISHED, NONE, WRONG = "right", "unfinished", "none", "wrong"
WHERE_THE_SUM_IS = {TCP: 16, UDP: 6, ICMP: 2}
# ICMP errors: what follows them is the beginning of the packet that they are about.
QUOTING = (3, 4, 5, 11, 12)
ECHO_REPLY = 0
# Hops that traceroute is to look at.
HOPS = 6


@dataclass
class Seen:
    """All that a capture has to say."""

    frames: int = 0
    addresses: set[str] = field(default_factory=set)
    quoted: set[str] = field(default_factory=set)
    sums: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    # What was sent to come to an end on the way, and what was said of it, or answered: protocol and ends.
    probes: set[tuple[int, bytes]] = field(default_factory=set)
    answered: set[tuple[int, bytes]] = field(default_factory=set)

    def of(self, verdict: str) -> int:
        return sum(count for (_, what), count in self.sums.items() if what == verdict)


def frames(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    assert data[:4] == b"\xd4\xc3\xb2\xa1", f"{path} is no capture of this machine"
    at = 24
    while at + 16 <= len(data):
        taken, whole = struct.unpack_from("<8xII", data, at)
        assert taken == whole, f"{path}: a frame was cut"
        at += 16
        yield data[at:at + taken]
        at += taken


def remainder(octets: bytes) -> int:
    """The one's complement sum, 0 for both of its zeros."""
    return int.from_bytes(octets + b"\0" * (len(octets) % 2), "big") % 0xFFFF


def dotted(octets: bytes) -> str:
    return ".".join(map(str, octets))


def verdict(protocol: int, ends: bytes, body: bytes) -> str:
    """Of a whole datagram's sum."""
    place = WHERE_THE_SUM_IS[protocol]
    if len(body) < place + 2:
        return WRONG
    written = int.from_bytes(body[place:place + 2], "big")
    if protocol == UDP and not written:
        return NONE
    pseudo = b"" if protocol == ICMP else ends + struct.pack("!HH", protocol, len(body))
    if not remainder(pseudo + body):
        return RIGHT
    if protocol != ICMP and written % 0xFFFF == remainder(pseudo):
        return UNFINISHED
    return WRONG


def between(protocol: int, body: bytes, back: bool = False) -> bytes:
    """Ports, or what an echo and its reply have in common; @back: of what goes the other way."""
    if protocol == ICMP:
        return body[4:8]
    return body[2:4] + body[:2] if back else body[:4]


def look(path: Path) -> Seen:
    seen = Seen()
    parts: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    for frame in frames(path):
        if frame[12:14] != b"\x08\x00":
            continue
        seen.frames += 1
        packet = frame[14:14 + int.from_bytes(frame[16:18], "big")]
        header = (packet[0] & 15) * 4
        protocol, ends, body = packet[9], packet[12:20], packet[header:]
        name = f"{dotted(ends[:4])} > {dotted(ends[4:])} protocol {protocol}, id {packet[4:6].hex()}"
        seen.addresses |= {dotted(ends[:4]), dotted(ends[4:])}
        if remainder(packet[:header]):
            seen.wrong.append(f"{name}: its header")
        flags = int.from_bytes(packet[6:8], "big")
        offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
        if offset or more:
            body = assemble(parts, packet[4:6] + packet[9:10] + ends, offset, more, body)
            if not body:
                continue
        if protocol not in WHERE_THE_SUM_IS:
            continue
        what = verdict(protocol, ends, body)
        seen.sums[protocol, what] += 1
        if what == WRONG:
            seen.wrong.append(f"{name}: {len(body)} octets")
        quotes = protocol == ICMP and body[0] in QUOTING
        if packet[8] <= HOPS:
            seen.probes.add((protocol, between(protocol, body)))
        elif not quotes and (protocol != ICMP or body[0] == ECHO_REPLY):
            seen.answered.add((protocol, between(protocol, body, back=True)))
        if quotes:
            quoted = body[8:]
            seen.answered.add((quoted[9], between(quoted[9], quoted[(quoted[0] & 15) * 4:])))
            seen.quoted |= {dotted(quoted[12:16]), dotted(quoted[16:20])}
            if remainder(quoted[:(quoted[0] & 15) * 4]):
                seen.wrong.append(f"{name}: the header that it quotes")
    return seen


def assemble(parts: dict, key: bytes, offset: int, more: bool, body: bytes) -> bytes:
    """The datagram, when its last missing fragment has come; else nothing."""
    have = parts.setdefault(key, {})
    have[offset] = body, more
    whole, at = b"", 0
    while at in have:
        piece, more = have[at]
        whole += piece
        at += len(piece)
        if not more:
            del parts[key]
            return whole
    return b""
