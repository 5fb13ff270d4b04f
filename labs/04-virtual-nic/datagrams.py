"""IPv4 datagrams as octets: made from scratch, read, told in words, compared field by field.

Nothing here updates a sum: each is computed over all that is under it. Used on the host, and by the
agent in the course VM.
"""
from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from typing import NamedTuple

ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, ACK = 1, 2, 4, 16
ECHO_REPLY, UNREACHABLE, ECHO, EXCEEDED, BAD_PARAMETER = 0, 3, 8, 11, 12
ERRORS = (UNREACHABLE, EXCEEDED, BAD_PARAMETER)
NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP"}
HEADERS = {ICMP: 8, TCP: 20, UDP: 8}
SUM_AT = {ICMP: 2, TCP: 16, UDP: 6}


class End(NamedTuple):
    """An address and a port, or the identifier of an ICMP query."""

    address: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.address}:{self.port}" if self.port else self.address


def packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def one_s_complement(octets: bytes) -> int:
    """The sum of RFC 1071, not its complement."""
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(ip: bytes, length: int) -> bytes:
    return b"" if ip[9] == ICMP else ip[12:20] + struct.pack("!BBH", 0, ip[9], length)


# --- made ---

def header(source: str, destination: str, protocol: int, length: int, ttl: int = 64, ident: int = 0x1234,
           options: bytes = b"") -> bytes:
    words = 5 + len(options) // 4
    first = struct.pack("!BBHHHBB", 0x40 | words, 0, 4 * words + length, ident, 0, ttl, protocol)
    ends = packed(source) + packed(destination) + options
    return first + struct.pack("!H", ~one_s_complement(first + ends) & 0xFFFF) + ends


def datagram(source: str, destination: str, protocol: int, body: bytes, how: str = "full", **more: object) -> bytes:
    """`how` its sum is told: "full"; "none" (UDP); "partial": that of the pseudo-header, as a card's driver gets it."""
    ip = header(source, destination, protocol, len(body), **more)
    at = SUM_AT[protocol]
    body = body[:at] + b"\0\0" + body[at + 2:]
    total = one_s_complement(pseudo_header(ip, len(body)) + (b"" if how == "partial" else body))
    value = total if how == "partial" else ~total & 0xFFFF
    if how == "none":
        value = 0
    elif protocol == UDP and how == "full" and not value:
        value = 0xFFFF
    return ip + body[:at] + struct.pack("!H", value) + body[at + 2:]


def udp(source: End, destination: End, data: bytes = b"data", **more: object) -> bytes:
    body = struct.pack("!HHHH", source.port, destination.port, 8 + len(data), 0) + data
    return datagram(source.address, destination.address, UDP, body, **more)


def tcp(source: End, destination: End, flags: int, data: bytes = b"", sequence: int = 1, acknowledged: int = 0,
        **more: object) -> bytes:
    body = struct.pack("!HHIIBBHHH", source.port, destination.port, sequence, acknowledged, 5 << 4, flags, 64240, 0,
                       0) + data
    return datagram(source.address, destination.address, TCP, body, **more)


def echo(source: End, destination: End, data: bytes = b"data", **more: object) -> bytes:
    """A query, or, if the port is at the other end, its answer."""
    kind, ident = (ECHO_REPLY, destination.port) if destination.port else (ECHO, source.port)
    return datagram(source.address, destination.address, ICMP, struct.pack("!BBHHH", kind, 0, 0, ident, 7) + data,
                    **more)


def error(reporter: str, told: str, about: bytes, kind: int = UNREACHABLE, code: int = 1, quoted: int = 28,
          **more: object) -> bytes:
    return datagram(reporter, told, ICMP, struct.pack("!BBHI", kind, code, 0, 0) + about[:quoted], **more)


def of(protocol: int, source: End, destination: End, data: bytes = b"data", flags: int = ACK, **more: object) -> bytes:
    """Of any protocol. A port of an ICMP query's other end is passed over."""
    if protocol == UDP:
        return udp(source, destination, data, **more)
    if protocol == TCP:
        return tcp(source, destination, flags, data, **more)
    return echo(source, End(destination.address), data, **more)


# --- read ---

def transport_at(octets: bytes) -> int:
    return (octets[0] & 15) * 4


def is_error(octets: bytes) -> bool:
    at = transport_at(octets)
    return octets[9] == ICMP and len(octets) > at and octets[at] in ERRORS


def ends(octets: bytes) -> tuple[End, End]:
    """Source and destination. Of an ICMP query the one that asks has the identifier, an error has no ports."""
    at, addresses = transport_at(octets), [str(ipaddress.IPv4Address(octets[i:i + 4])) for i in (12, 16)]
    ports = [0, 0]
    if octets[9] in (TCP, UDP):
        ports = list(struct.unpack_from("!HH", octets, at))
    elif octets[9] == ICMP and octets[at] in (ECHO, ECHO_REPLY):
        ports[0 if octets[at] == ECHO else 1] = struct.unpack_from("!H", octets, at + 4)[0]
    return End(addresses[0], ports[0]), End(addresses[1], ports[1])


def quoted(octets: bytes) -> bytes:
    return octets[transport_at(octets) + 8:]


def payload(octets: bytes) -> bytes:
    """What follows the header of UDP, TCP or ICMP."""
    at = transport_at(octets)
    return octets[at + (octets[at + 12] >> 4 << 2 if octets[9] == TCP else 8):]


def residue(octets: bytes) -> int:
    """What is left of the sum over all that follows the IPv4 header: 0 if it is undamaged."""
    at = transport_at(octets)
    return ~one_s_complement(pseudo_header(octets, len(octets) - at) + octets[at:]) & 0xFFFF


def faults(octets: bytes) -> list[str]:
    """The sums that are wrong."""
    at, wrong = transport_at(octets), []
    if one_s_complement(octets[:at]) != 0xFFFF:
        wrong.append("IPv4 header sum")
    if octets[9] == UDP and octets[at + 6:at + 8] == b"\0\0":
        return wrong
    if residue(octets):
        wrong.append(f"{NAMES.get(octets[9], '?')} sum")
    if is_error(octets):
        inner = quoted(octets)
        if len(inner) >= 20 and one_s_complement(inner[:transport_at(inner)]) != 0xFFFF:
            wrong.append("IPv4 header sum of what is quoted")
    return wrong


# --- told ---

def words(octets: bytes) -> str:
    """One packet for people."""
    if len(octets) < 20 or octets[0] >> 4 != 4 or len(octets) < transport_at(octets) + 8:
        return "no IPv4 datagram"
    source, destination = ends(octets)
    at, name = transport_at(octets), NAMES.get(octets[9], f"protocol {octets[9]}")
    if octets[9] == TCP and len(octets) >= at + 14:
        name += " " + "".join(c for bit, c in ((SYN, "S"), (FIN, "F"), (RST, "R"), (ACK, "A")) if octets[at + 13] & bit)
    if octets[9] == ICMP and octets[at] in (ECHO, ECHO_REPLY):
        name = "ICMP echo" if octets[at] == ECHO else "ICMP echo reply"
    elif octets[9] == ICMP:
        name = f"ICMP error {octets[at]}/{octets[at + 1]} about [{words(quoted(octets))}]"
    return f"{name} {source} > {destination}" if octets[9] != ICMP or not is_error(octets) else (
        f"{name}, {source} > {destination}")


def layout(octets: bytes, base: int = 0, before: str = "") -> Iterator[tuple[int, int, str]]:
    """The fields: first octet, behind the last, name."""
    at = transport_at(octets)
    for first, last, name in ((0, 1, "version"), (1, 2, "service"), (2, 4, "length"), (4, 6, "identification"),
                              (6, 8, "fragment"), (8, 9, "TTL"), (9, 10, "protocol"), (10, 12, "IPv4 header sum"),
                              (12, 16, "source address"), (16, 20, "destination address"), (20, at, "options")):
        yield base + first, base + last, before + name
    protocol = NAMES.get(octets[9], "transport")
    fields = {
        UDP: ((0, 2, "source port"), (2, 4, "destination port"), (4, 6, "UDP length"), (6, 8, "UDP sum")),
        TCP: ((0, 2, "source port"), (2, 4, "destination port"), (4, 8, "sequence number"), (8, 12, "acknowledgement"),
              (12, 14, "flags"), (14, 16, "window"), (16, 18, "TCP sum"), (18, 20, "urgent pointer")),
        ICMP: ((0, 1, "ICMP type"), (1, 2, "ICMP code"), (2, 4, "ICMP sum"), (4, 6, "identifier"),
               (6, 8, "sequence number")),
    }.get(octets[9], ())
    for first, last, name in fields:
        yield base + at + first, base + at + last, before + name
    end = HEADERS.get(octets[9], 0)
    if is_error(octets) and len(quoted(octets)) >= 20:
        yield from layout(quoted(octets), base + at + 8, "quoted ")
        return
    yield base + at + end, base + len(octets), f"{before}data of {protocol}"


def differences(want: bytes, got: bytes) -> str:
    """The fields that are not as they should be."""
    if len(want) != len(got):
        return f"it has {len(got)} octets, and should have {len(want)}"
    found = [f"the {name} (octets {first} to {last - 1}) should be {want[first:last].hex()} and is "
             f"{got[first:last].hex()}"
             for first, last, name in layout(want) if want[first:last] != got[first:last]]
    return "; ".join(found[:6])


def in_hex(octets: bytes) -> str:
    """Words of two octets."""
    return octets[:80].hex(" ", -2) + (" ..." if len(octets) > 80 else "")
