#!/usr/bin/python3
"""Writes corpus/: words that are right, the same with one thing wrong, and flows, sound and not."""
from __future__ import annotations

import socket
import struct
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"


def flow(protocol: int, inside: str, port: int, outside_port: int, remote: str = "0.0.0.0", remote_port: int = 0, *,
         state: int = 0, flags: int = 0, left: int = 5000) -> bytes:
    """struct vnic_flow"""
    addresses = b"".join(map(socket.inet_aton, (inside, "192.0.2.1", remote)))
    return addresses + struct.pack("!HHHBB", port, outside_port, remote_port, protocol, state) + struct.pack(
        "=IIIQQQ", flags, 0, 0, left, 1, 2)


WORDS = [
    "lan", "a/b", "sixteen-letters-", "10.9.0.0/24", "10.9.0.1/24", "10.9.0.0/31", "10.9.0.0/", "10.9/24",
    "fd00:9::/64=2001:db8:9::/64", "fd00::1/64=2001:db8::/64", "=", "/=/", "02:00:00:00:00:02", "01:00:00:00:00:02",
    "1024-65535", "5-3", "-", "10.9.0.2:80", "10.9.0.2:65536", ":", "udp 10.9.0.2:4000 -> 198.51.100.7:53",
    "tcp 1.2.3.4:5 6.7.8.9:10", "icmp 10.9.0.2 -> 198.51.100.7", "icmp 10.9.0.2:77->1.2.3.4", "tcp 8080 -> 10.9.0.2:80",
    "tcp 192.0.2.7:8080 10.9.0.2:80", "tcp 8080 -", "timeout udp 300", "lan timeout tcp-syn 1.5", "joined on quota 5",
    "filtering address-dependent ports 1-2", "->->->", "x " * 40, "x" * 600,
    "udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53", "icmp fd00:9::2 -> [2001:db8:5::7]:77", "tcp [::]:1 [::", "1.1.1.1,2001:db8::53",
    "dns none", "::,::",
]
FLOWS = {
    "sound": flow(6, "10.9.0.2", 4000, 4001) + flow(6, "10.9.0.2", 4000, 4001, "198.51.100.7", 80, state=2)
    + flow(17, "10.9.0.3", 5, 5, left=2**64 - 1, flags=1),
    "session_only": flow(6, "10.9.0.2", 4000, 4001, "198.51.100.7", 80, state=255),
    "no_protocol": flow(0, "0.0.0.0", 0, 0) + flow(255, "255.255.255.255", 65535, 65535, "255.255.255.255", 65535),
    "same": flow(6, "10.9.0.2", 4000, 4001) * 70,
    "cut_off": flow(6, "10.9.0.2", 4000, 4001)[:-1],
}


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    for number, words in enumerate(WORDS):
        (CORPUS / f"words_{number:02}").write_bytes(b"W" + words.encode())
    for name, content in FLOWS.items():
        (CORPUS / f"flows_{name}").write_bytes(b"F" + content)


if __name__ == "__main__":
    main()
