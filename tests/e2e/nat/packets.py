"""IPv4, UDP, TCP and ICMP as octets and back.

A packet is written as it should be, with right lengths and sums, and read without being believed: what
is wrong with its sums is told by `faults`. A test that wants a wrong one edits the octets.
"""
from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field, replace
from typing import NamedTuple

ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

ECHO_REPLY, UNREACHABLE, QUENCH, REDIRECT, ECHO, EXCEEDED, BAD_PARAMETER = 0, 3, 4, 5, 8, 11, 12
ERRORS = (UNREACHABLE, QUENCH, REDIRECT, EXCEEDED, BAD_PARAMETER)
# Codes of UNREACHABLE.
NO_NET, NO_HOST, NO_PROTOCOL, NO_PORT, TOO_BIG, PROHIBITED = 0, 1, 2, 3, 4, 13


class End(NamedTuple):
    """An address and a port, or the identifier of an ICMP query."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


def packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed


def internet_sum(octets: bytes) -> int:
    """RFC 1071: 0 if the octets contain their own, right sum."""
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass(frozen=True)
class Packet:
    """An IPv4 packet, whole or a fragment. `body` is what follows its header."""

    source: str
    destination: str
    protocol: int
    body: bytes
    ttl: int = 64
    ident: int = 0
    df: bool = False
    mf: bool = False
    offset: int = 0
    options: bytes = b""
    header_fault: str = field(default="", compare=False)

    # --- octets ---

    @property
    def header(self) -> bytes:
        words = 5 + len(self.options) // 4
        flags = self.df << 14 | self.mf << 13 | self.offset // 8
        first = struct.pack("!BBHHHBB", 0x40 | words, 0, 4 * words + len(self.body), self.ident, flags, self.ttl,
                            self.protocol)
        ends = packed(self.source) + packed(self.destination) + self.options
        return first + struct.pack("!H", internet_sum(first + b"\0\0" + ends)) + ends

    @property
    def octets(self) -> bytes:
        return self.header + self.body

    # --- what it says ---

    @property
    def whole(self) -> bool:
        return not self.mf and not self.offset

    @property
    def ports(self) -> tuple[int, int]:
        """Of TCP and UDP; the identifier, twice, of an ICMP query."""
        if self.protocol == ICMP:
            return struct.unpack("!4xH", self.body[:6]) * 2
        return struct.unpack("!HH", self.body[:4])

    @property
    def source_end(self) -> End:
        return End(self.source, self.ports[0])

    @property
    def destination_end(self) -> End:
        return End(self.destination, self.ports[1])

    @property
    def data(self) -> bytes:
        """What follows the header of UDP, TCP or ICMP."""
        return self.body[self.body[12] >> 4 << 2:] if self.protocol == TCP else self.body[8:]

    @property
    def flags(self) -> int:
        return self.body[13] & 0x3F if self.protocol == TCP else 0

    @property
    def sequence(self) -> int:
        return struct.unpack("!I", self.body[4:8])[0]

    @property
    def acknowledged(self) -> int:
        return struct.unpack("!I", self.body[8:12])[0]

    @property
    def type(self) -> int:
        return self.body[0] if self.protocol == ICMP else -1

    @property
    def code(self) -> int:
        return self.body[1] if self.protocol == ICMP else -1

    @property
    def is_error(self) -> bool:
        return self.type in ERRORS

    @property
    def next_hop_mtu(self) -> int:
        """Of an ICMP error 3, code 4."""
        return struct.unpack("!H", self.body[6:8])[0]

    @property
    def quoted(self) -> Packet:
        """What an ICMP error is about. Its body may be cut off."""
        return parse(self.body[8:])

    # --- what is wrong with it ---

    @property
    def sum_field(self) -> int:
        """The checksum of UDP, TCP or ICMP, as it stands there."""
        at = {UDP: 6, TCP: 16, ICMP: 2}[self.protocol]
        return struct.unpack("!H", self.body[at:at + 2])[0]

    @property
    def faults(self) -> str:
        """Empty if every length and sum is right, of what an ICMP error quotes too (as far as it is all there)."""
        if self.header_fault:
            return self.header_fault
        if not self.whole:
            return ""
        if self.protocol == ICMP:
            if internet_sum(self.body):
                return "ICMP sum"
            if self.is_error and self.quoted.header_fault:
                return f"quoted {self.quoted.header_fault}"
            return ""
        if self.protocol == UDP:
            if struct.unpack("!H", self.body[4:6])[0] != len(self.body):
                return "UDP length"
            if not self.sum_field:
                return ""
        return f"{'UDP' if self.protocol == UDP else 'TCP'} sum" if internet_sum(self.pseudo_header + self.body) else ""

    @property
    def pseudo_header(self) -> bytes:
        return packed(self.source) + packed(self.destination) + struct.pack("!BBH", 0, self.protocol, len(self.body))

    def __str__(self) -> str:
        text = f"{self.source} > {self.destination}"
        if not self.whole:
            return f"{text} fragment {self.ident:#x} at {self.offset}{'+' if self.mf else ''}"
        if self.protocol == ICMP:
            about = f" about [{self.quoted}]" if self.is_error else f" id {self.ports[0]}"
            return f"{text} ICMP {self.type}/{self.code}{about}"
        if self.protocol not in (TCP, UDP):
            return f"{text} protocol {self.protocol}"
        name = "UDP"
        if self.protocol == TCP:
            name = "TCP"
            if len(self.body) >= 14:
                name += " " + "".join(c for bit, c in zip((SYN, FIN, RST, ACK), "SFR.") if self.flags & bit)
        return f"{self.source_end} > {self.destination_end} {name}"

    # --- others like it ---

    def with_(self, **changes: object) -> Packet:
        return replace(self, **changes)

    def fragments(self, size: int) -> list[Packet]:
        """In order, each with `size` octets (a multiple of 8) of the body; the last with what is left."""
        starts = range(0, len(self.body), size)
        return [replace(self, body=self.body[at:at + size], offset=at, mf=at + size < len(self.body)) for at in starts]


def parse(octets: bytes) -> Packet:
    """Reads what it can. `header_fault` tells what is wrong with the IPv4 header."""
    words, total, ident, flags, ttl, protocol, _, source, destination = struct.unpack(
        "!BxHHHBBH4s4s", octets[:20])
    length = (words & 15) * 4
    return Packet(source=str(ipaddress.IPv4Address(source)), destination=str(ipaddress.IPv4Address(destination)),
                  protocol=protocol, body=octets[length:total], ttl=ttl, ident=ident, df=bool(flags & 0x4000),
                  mf=bool(flags & 0x2000), offset=(flags & 0x1FFF) * 8, options=octets[20:length],
                  header_fault="IP sum" if internet_sum(octets[:length]) else "")


def with_sum(packet: Packet) -> Packet:
    """The checksum of UDP, TCP or ICMP made right."""
    at = {UDP: 6, TCP: 16, ICMP: 2}[packet.protocol]
    body = packet.body[:at] + b"\0\0" + packet.body[at + 2:]
    value = internet_sum((b"" if packet.protocol == ICMP else packet.pseudo_header) + body)
    if packet.protocol == UDP and not value:
        value = 0xFFFF
    return replace(packet, body=body[:at] + struct.pack("!H", value) + body[at + 2:])


def udp(source: End, destination: End, data: bytes = b"", *, summed: bool = True, **header: object) -> Packet:
    body = struct.pack("!HHHH", source.port, destination.port, 8 + len(data), 0) + data
    packet = Packet(source.address, destination.address, UDP, body, **header)
    return with_sum(packet) if summed else packet


def tcp(source: End, destination: End, flags: int, sequence: int = 0, acknowledged: int = 0, data: bytes = b"",
        **header: object) -> Packet:
    body = struct.pack("!HHIIBBHHH", source.port, destination.port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF,
                       5 << 4, flags, 64240, 0, 0) + data
    return with_sum(Packet(source.address, destination.address, TCP, body, **header))


def echo(source: str, destination: str, number: int, data: bytes = b"", *, reply: bool = False, sequence: int = 1,
         **header: object) -> Packet:
    body = struct.pack("!BBHHH", ECHO_REPLY if reply else ECHO, 0, 0, number, sequence) + data
    return with_sum(Packet(source, destination, ICMP, body, **header))


def error(source: str, about: Packet | bytes, kind: int, code: int = 0, *, rest: int = 0, most: int = 548,
          destination: str = "") -> Packet:
    """What a router or host at `source` says about a packet that it got, to who sent it."""
    quoted = about if isinstance(about, bytes) else about.octets
    body = struct.pack("!BBHI", kind, code, 0, rest) + quoted[:most]
    return with_sum(Packet(source, destination or parse(quoted).source, ICMP, body))
