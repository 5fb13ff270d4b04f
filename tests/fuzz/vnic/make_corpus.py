#!/usr/bin/python3
"""Writes corpus/: what guests send to a network, sound ones and each with one thing wrong."""
from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
MAC = bytes.fromhex("525400123456")
GUEST, GATEWAY, SERVER = "10.9.0.2", "10.9.0.1", "198.51.100.7"
GUEST6, GATEWAY6, SERVER6 = "fe80::5054:ff:fe12:3456", "fe80::1", "2001:db8:ff::7"
INSIDE6, OUTSIDE6 = "fd01:203:405:1::1234", "2001:db8:1:d550::1234"
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58


def four(address: str) -> bytes:
    return IPv4Address(address).packed


def six(address: str) -> bytes:
    return IPv6Address(address).packed


def checksum(octets: bytes) -> bytes:
    total = sum(struct.unpack(f">{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack(">H", total ^ 0xffff)


def put(octets: bytes, at: int, value: bytes) -> bytes:
    return octets[:at] + value + octets[at + len(value):]


def ip(protocol: int, payload: bytes, source: str = GUEST, destination: str = SERVER, options: bytes = b"",
       fragment: int = 0x4000, ttl: int = 64) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), 1, fragment, ttl,
                       protocol, 0) + four(source) + four(destination) + options
    return put(head, 10, checksum(head)) + payload


def transport(protocol: int, payload: bytes = b"hello", source: str = GUEST, destination: str = SERVER) -> bytes:
    if protocol == ICMP:
        message = struct.pack(">BBHHH", 8, 0, 0, 1234, 7) + payload
        return put(message, 2, checksum(message))
    if protocol == UDP:
        message, at = struct.pack(">HHHH", 1234, 80, 8 + len(payload), 0) + payload, 6
    else:
        message, at = struct.pack(">HHIIBBHHH", 1234, 80, 1, 2, 0x50, 0x10, 1024, 0, 0) + payload, 16
    pseudo = four(source) + four(destination) + struct.pack(">HH", protocol, len(message))
    return put(message, at, checksum(pseudo + message))


def datagram(protocol: int, **how) -> bytes:
    return ip(protocol, transport(protocol), **how)


def error(about: bytes, kind: int = 3, code: int = 1) -> bytes:
    message = struct.pack(">BBHI", kind, code, 0, 0) + about
    return ip(ICMP, put(message, 2, checksum(message)), SERVER, GUEST)


def p(octets: bytes, flags: int = 2, linear: int = 0xffff) -> bytes:
    ends = b"".join(four(a) + struct.pack(">H", n) for a, n in (("192.0.2.1", 4000), ("192.0.2.9", 53),
                                                                ("192.0.2.1", 4001), ("192.0.2.9", 54)))
    return b"p" + struct.pack(">BH", flags, linear) + ends + octets


def option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


def dhcp(kind: int, options: bytes = b"", ciaddr: str = "0.0.0.0", flags: int = 0, giaddr: str = "0.0.0.0",
         sname: bytes = b"", file: bytes = b"", cookie: bytes = b"\x63\x82\x53\x63", end: bytes = b"\xff") -> bytes:
    head = struct.pack(">BBBBIHH", 1, 1, 6, 0, 0xdeadbeef, 0, flags) + four(ciaddr) + bytes(8) + four(giaddr)
    head += MAC.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + cookie
    return head + (option(53, bytes([kind])) if kind else b"") + options + end


def d(request: bytes, room: int = 576, prefix: int = 24, servers: int = 2, flags: int = 3) -> bytes:
    return b"d" + struct.pack(">HBBB", room, prefix, servers, flags) + request


def arp(operation: int = 1, sender: str = GUEST, target: str = GATEWAY, mac: bytes = MAC) -> bytes:
    return (b"a" + struct.pack(">HHBBH", 1, 0x800, 6, 4, operation) + mac + four(sender) + bytes(6) + four(target))


def i(octets: bytes, kind: int = 11, code: int = 0, mtu: int = 0, room: int = 576) -> bytes:
    return b"i" + struct.pack(">BBBHH", 1, kind, code, mtu, room) + octets


def ip6(following: int, payload: bytes, source: str, destination: str, hops: int = 64) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(payload), following, hops) + six(source) + six(destination) + payload


def icmp6(kind: int, body: bytes, source: str, destination: str, hops: int = 255, code: int = 0,
          before: bytes = b"", first: int = ICMP6) -> bytes:
    message = struct.pack(">BBH", kind, code, 0) + body
    pseudo = six(source) + six(destination) + struct.pack(">II", len(message), ICMP6)
    return ip6(first, before + put(message, 2, checksum(pseudo + message)), source, destination, hops)


def neighbour(kind: int, target: str = GATEWAY6, source: str = GUEST6, destination: str = "ff02::1:ff00:1",
              options: bytes = b"\1\1" + MAC, flags: int = 0, hops: int = 255) -> bytes:
    return icmp6(kind, struct.pack(">I", flags << 24) + (six(target) if kind in (135, 136) else b"") + options, source,
                 destination, hops)


def n(octets: bytes, flags: int = 1) -> bytes:
    return b"n" + bytes([flags]) + octets


def e(octets: bytes, kind: int = 3, mtu: int = 0, room: int = 1280) -> bytes:
    return b"e" + struct.pack(">BHH", kind, mtu, room) + octets


def npt(octets: bytes, inwards: bool = False, prefix: int = 48, linear: int = 0xffff) -> bytes:
    return (b"6" + struct.pack(">BH", (prefix - 48) << 1 | inwards, linear) + six("fd01:203:405::")[:8] +
            six("2001:db8:1::")[:8] + octets)


def udp6(source: str, destination: str) -> bytes:
    message = struct.pack(">HHHH", 1234, 80, 12, 0) + b"ping"
    pseudo = six(source) + six(destination) + struct.pack(">II", len(message), UDP)
    return ip6(UDP, put(message, 6, checksum(pseudo + message)), source, destination)


def error6(kind: int, about: bytes, source: str, destination: str, **how) -> bytes:
    return icmp6(kind, bytes(4) + about, source, destination, 64, **how)


WISHES = option(55, bytes([3, 1, 6, 26, 28, 58, 59]))
IDENTIFIER = option(61, b"\1" + MAC)
SELECTING = option(50, four(GUEST)) + option(54, four(GATEWAY))
PAD8 = bytes([ICMP6, 0, 1, 4, 0, 0, 0, 0])

INPUTS = {
    "empty": b"",
    "p_udp": p(datagram(UDP)),
    "p_tcp": p(datagram(TCP)),
    "p_icmp": p(datagram(ICMP)),
    "p_header_sum": p(put(datagram(UDP), 10, b"xx"), 0),
    "p_partial": p(datagram(TCP), 3),
    "p_no_sum": p(put(datagram(UDP), 26, b"\0\0")),
    "p_options": p(datagram(UDP, options=b"\x94\4\0\0\1\1\1\0")),
    "p_source_route": p(datagram(UDP, options=b"\x83\3\4\0")),
    "p_fragment": p(datagram(UDP, fragment=0x2000)),
    "p_last_hop": p(datagram(UDP, ttl=1)),
    "p_padded": p(datagram(UDP) + bytes(20)),
    "p_linear": p(datagram(TCP), linear=40),
    "p_cut": p(datagram(TCP)[:-1]),
    "p_error_udp": p(error(datagram(UDP))),
    "p_error_tcp": p(error(datagram(TCP), 11, 0)),
    "p_error_tcp_short": p(error(datagram(TCP)[:28], 12)),
    "p_error_icmp": p(error(datagram(ICMP))),
    "p_error_error": p(error(error(datagram(UDP)))),
    "d_discover": d(dhcp(1, IDENTIFIER + WISHES)),
    "d_selecting": d(dhcp(3, IDENTIFIER + SELECTING + WISHES)),
    "d_other_server": d(dhcp(3, option(50, four(GUEST)) + option(54, four("10.9.0.9")))),
    "d_reboot": d(dhcp(3, option(50, four(GUEST)))),
    "d_nak": d(dhcp(3, option(50, four("192.168.0.5")) + IDENTIFIER)),
    "d_renewing": d(dhcp(3, WISHES, ciaddr=GUEST)),
    "d_inform": d(dhcp(8, WISHES, ciaddr=GUEST)),
    "d_release": d(dhcp(7, ciaddr=GUEST)),
    "d_decline": d(dhcp(4, SELECTING)),
    "d_broadcast": d(dhcp(1, flags=0x8000)),
    "d_relayed": d(dhcp(1, giaddr="10.1.1.1")),
    "d_overload": d(dhcp(0, option(52, b"\3"), file=option(53, b"\3") + option(50, four(GUEST)) + b"\xff",
                         sname=WISHES + b"\xff")),
    "d_overload_twice": d(dhcp(1, option(52, b"\1"), file=option(52, b"\2") + b"\xff")),
    "d_no_end": d(dhcp(1, WISHES, end=b"")),
    "d_beyond": d(dhcp(1, b"\x3d\xff\1")),
    "d_small": d(dhcp(1, option(57, struct.pack(">H", 576)) + option(61, bytes(255)) + WISHES), room=1500),
    "d_large": d(dhcp(1, option(57, struct.pack(">H", 1500)) + option(61, bytes(255)) + WISHES), room=1500),
    "d_no_room": d(dhcp(1), room=300),
    "d_bootp": d(dhcp(0)),
    "d_cookie": d(dhcp(1, cookie=bytes(4))),
    "d_nothing_known": d(dhcp(1, WISHES), servers=0, flags=2, prefix=32),
    "a_asks": arp(),
    "a_probes": arp(sender="0.0.0.0"),
    "a_announces": arp(target=GUEST),
    "a_replies": arp(2),
    "a_spoofs": arp(sender=GATEWAY),
    "a_another": arp(mac=bytes(6)),
    "a_short": arp()[:-1],
    "i_udp": i(datagram(UDP, ttl=1)),
    "i_too_big": i(ip(TCP, transport(TCP, bytes(600))), 3, 4, 1400),
    "i_echo": i(datagram(ICMP)),
    "i_echo_options": i(datagram(ICMP, options=b"\x94\4\0\0")),
    "i_error": i(error(datagram(UDP))),
    "i_fragment": i(datagram(UDP, fragment=0x2001)),
    "i_martian": i(datagram(UDP, source="127.0.0.1")),
    "i_multicast": i(datagram(UDP, destination="224.0.0.1")),
    "i_room": i(datagram(TCP), room=60),
    "i_short": i(ip(47, b"ab")),
    "n_asks": n(neighbour(135)),
    "n_asks_guest": n(neighbour(135, "fd00::5")),
    "n_probes": n(neighbour(135, GUEST6, "::", "ff02::1:ff12:3456", b"\x0e\1" + bytes(6))),
    "n_probes_gateway": n(neighbour(135, GATEWAY6, "::", options=b"")),
    "n_tells": n(neighbour(136, GUEST6, destination="ff02::1", options=b"\2\1" + MAC, flags=0x20)),
    "n_spoofs": n(neighbour(136, options=b"\2\1" + MAC, flags=0x20)),
    "n_router": n(neighbour(133, destination="ff02::2"), 3),
    "n_router_nobody": n(neighbour(133, source="::", destination="ff02::2", options=b""), 5),
    "n_is_router": n(neighbour(134)),
    "n_redirect": n(neighbour(137)),
    "n_far": n(neighbour(135, hops=64)),
    "n_option_0": n(neighbour(135, options=b"\1\0" + MAC)),
    "n_two_options": n(neighbour(135, options=b"\x0e\1" + bytes(6) + b"\1\1" + MAC)),
    "n_echo": n(icmp6(128, bytes(8), GUEST6, GATEWAY6)),
    "n_damaged": n(put(neighbour(135), 50, b"x"), 0),
    "e_udp": e(udp6(INSIDE6, SERVER6)),
    "e_too_big": e(udp6(INSIDE6, "ff05::1"), 2, 1400),
    "e_multicast": e(udp6(INSIDE6, "ff05::1"), 1),
    "e_nobody": e(udp6("::", SERVER6)),
    "e_error": e(error6(1, udp6(SERVER6, INSIDE6), INSIDE6, SERVER6)),
    "e_redirect": e(neighbour(137)),
    "e_echo": e(icmp6(128, bytes(8), GUEST6, GATEWAY6, 64)),
    "e_echo_options": e(icmp6(128, bytes(8), GUEST6, GATEWAY6, 64, before=PAD8, first=60)),
    "e_room": e(udp6(INSIDE6, SERVER6), room=90),
    "6_out": npt(udp6(INSIDE6, SERVER6)),
    "6_in": npt(udp6(SERVER6, OUTSIDE6), True),
    "6_foreign": npt(udp6(SERVER6, SERVER6)),
    "6_no_word": npt(udp6("fd01:203:405:ffff::1", SERVER6)),
    "6_longer": npt(udp6("fd01:203:405::ffff:0:0:1", SERVER6), prefix=56),
    "6_all_ones": npt(udp6("fd01:203:405:0:ffff:ffff:ffff:ffff", SERVER6), prefix=64),
    "6_error_in": npt(error6(1, udp6(OUTSIDE6, SERVER6), SERVER6, OUTSIDE6), True),
    "6_error_out": npt(error6(3, udp6(SERVER6, INSIDE6), INSIDE6, SERVER6)),
    "6_error_stranger": npt(error6(2, udp6(SERVER6, SERVER6), SERVER6, OUTSIDE6), True),
    "6_extension": npt(error6(1, udp6(OUTSIDE6, SERVER6), SERVER6, OUTSIDE6, before=PAD8, first=60), True),
    "6_fragment": npt(error6(1, udp6(OUTSIDE6, SERVER6), SERVER6, OUTSIDE6, before=bytes([ICMP6, 0, 0, 9]) + bytes(4),
                             first=44), True),
    "6_source_route": npt(error6(1, udp6(OUTSIDE6, SERVER6), SERVER6, OUTSIDE6,
                                 before=bytes([ICMP6, 0, 0, 1]) + bytes(4), first=43), True),
    "6_linear": npt(error6(1, udp6(OUTSIDE6, SERVER6), SERVER6, OUTSIDE6), True, linear=88),
    "6_cut": npt(udp6(INSIDE6, SERVER6)[:39]),
}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for name, data in INPUTS.items():
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
