"""Guests, a host that translates, and servers outside, in one process.

	guest   10.9.0.2 --+                          +-- A   198.51.100.7    A2  198.51.100.8
	                   +-- host, 192.0.2.1 (up0) -+-- B   203.0.113.7     B2  203.0.113.8
	other   10.9.0.3 --+   the subject            +-- ROUTER  192.0.2.254

The host is a network namespace with a kernel's whole stack. Guests and servers are no more than a packet
socket in a namespace each (the servers share one, for to the host they are addresses behind one wire), and have
no address that their kernel knows of: nothing answers there but the test.
"""
from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from packets import ACK, ICMP, SYN, TCP, UDP, End, Packet, echo, packed, parse, tcp, udp

HOST, OUTSIDE = "host", "outside"
UPLINK, UPLINK2, ROUTER = "192.0.2.1", "192.0.2.2", "192.0.2.254"
A, A2 = "198.51.100.7", "198.51.100.8"
B, B2 = "203.0.113.7", "203.0.113.8"
GATEWAY = "10.9.0.1"
GUESTS = {"guest": "10.9.0.2", "other": "10.9.0.3"}
WIRE_MAC, UPLINK_MAC = "02:00:00:00:02:fe", "02:00:00:00:02:01"
GUEST_MACS = {"guest": "02:00:00:00:09:02", "other": "02:00:00:00:09:03"}

# How long to wait for what should come, and for what should not.
PATIENCE = float(os.environ.get("NAT_PATIENCE", "2.5"))
QUIET = float(os.environ.get("NAT_QUIET", "0.3"))

ETH_P_IP, ETH_P_ARP = 0x0800, 0x0806
SO_RCVBUFFORCE = 33
RTM_DELLINK, NLM_F_REQUEST_ACK = 17, 5


def run(*command: str, text: str = "", namespace: str = "") -> str:
    """A command that has to succeed. Its output."""
    with inside(namespace) if namespace else contextlib.nullcontext():
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")
    return done.stdout


def ip(lines: str, namespace: str = HOST) -> str:
    """Lines for ip(8), in a namespace."""
    return run("ip", "-batch", "-", text=lines, namespace=namespace)


def sysctl(namespace: str, **values: object) -> None:
    """Settings below /proc/sys/net of a namespace, "__" for "/"."""
    with inside(namespace):
        for name, value in values.items():
            with open("/proc/sys/net/" + name.replace("__", "/"), "w") as file:
                file.write(str(value))


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread is in that network namespace."""
    with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{namespace}") as there:
        os.setns(there.fileno(), os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)


def delete_link(namespace: str, device: str) -> bool:
    """Whether there was one. By netlink: a test has better things to do than to start programs."""
    with inside(namespace):
        index = next((number for number, name in socket.if_nameindex() if name == device), 0)
        if not index:
            return False
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
            netlink.sendto(struct.pack("=IHHIIBxHiII", 32, RTM_DELLINK, NLM_F_REQUEST_ACK, 1, 0, 0, 0, index, 0, 0),
                           (0, 0))
            failed = struct.unpack("=i", netlink.recv(200)[16:20])[0]
    assert not failed, f"{device} cannot be deleted: {os.strerror(-failed)}"
    return True


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


class Node:
    """A packet socket on a device: what comes out of the device is kept until somebody asks for it."""

    def __init__(self, namespace: str, device: str, address: str, own: str, peer: str = "") -> None:
        self.address = address
        self.own, self.peer = mac(own), mac(peer) if peer else b""
        self.inbox: list[Packet] = []
        self.heard: list[Packet] = []
        with inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
            self.socket.bind((device, ETH_P_IP))
        self.socket.setblocking(False)
        self.device, self.namespace = device, namespace

    def close(self) -> None:
        self.socket.close()

    def ask_for(self, address: str) -> None:
        """Learns a neighbour's MAC address by ARP."""
        with inside(self.namespace):
            asking = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            asking.bind((self.device, ETH_P_ARP))
        question = struct.pack("!HHBBH6s4s6s4s", 1, ETH_P_IP, 6, 4, 1, self.own, packed(self.address), b"\0" * 6,
                               packed(address))
        with asking:
            for _ in range(5):
                asking.send(b"\xff" * 6 + self.own + struct.pack("!H", ETH_P_ARP) + question)
                until = time.monotonic() + PATIENCE
                while select.select([asking], [], [], max(0, until - time.monotonic()))[0]:
                    answer = asking.recv(100)[14:]
                    if answer[6:8] == b"\0\2" and answer[14:18] == packed(address):
                        self.peer = answer[8:14]
                        return
        raise RuntimeError(f"{self.namespace}: nobody says to be {address}")

    def send(self, packet: Packet | bytes) -> None:
        octets = packet if isinstance(packet, bytes) else packet.octets
        self.socket.send(self.peer + self.own + struct.pack("!H", ETH_P_IP) + octets)

    def listen(self, until: float) -> bool:
        """Takes in what is there; waits for it until then. False: it is too late."""
        left = until - time.monotonic()
        ready = select.select([self.socket], [], [], max(0, left))[0]
        if not ready:
            return False
        with contextlib.suppress(BlockingIOError):
            while True:
                octets, origin = self.socket.recvfrom(70000)
                if origin[2] == socket.PACKET_OUTGOING or len(octets) < 34 or octets[14] >> 4 != 4:
                    continue
                packet = parse(octets[14:])
                self.inbox.append(packet)
                self.heard.append(packet)
        return True

    def receive(self, wanted: Callable[[Packet], bool], within: float = PATIENCE) -> Packet | None:
        """The first packet that is wanted; the others stay."""
        until = time.monotonic() + within
        more = True
        while True:
            for index, packet in enumerate(self.inbox):
                if wanted(packet):
                    return self.inbox.pop(index)
            if not more:
                return None
            more = self.listen(until)

    def all(self, wanted: Callable[[Packet], bool], within: float = QUIET) -> list[Packet]:
        """All that come within the time."""
        until = time.monotonic() + within
        while self.listen(until):
            pass
        found = [p for p in self.inbox if wanted(p)]
        self.inbox = [p for p in self.inbox if not wanted(p)]
        return found

    def datagram(self, wanted: Callable[[Packet], bool] = lambda p: True, within: float = PATIENCE) -> Packet | None:
        """One that is whole, or becomes so of fragments that lie beside each other without gap or overlap."""
        until = time.monotonic() + within
        more = True
        while True:
            for packet in self.inbox:
                if not wanted(packet):
                    continue
                parts = sorted((p for p in self.inbox if (p.source, p.destination, p.protocol, p.ident) == (
                    packet.source, packet.destination, packet.protocol, packet.ident) and wanted(p)
                    and p.whole == packet.whole), key=lambda p: p.offset)
                parts = [packet] if packet.whole else parts
                fits = all(a.mf and a.offset + len(a.body) == b.offset for a, b in zip(parts, parts[1:]))
                if fits and not parts[0].offset and not parts[-1].mf:
                    self.inbox = [p for p in self.inbox if not any(p is part for part in parts)]
                    return parts[0].with_(body=b"".join(p.body for p in parts), mf=False)
            if not more:
                return None
            more = self.listen(until)

    def forget(self) -> None:
        while self.listen(time.monotonic()):
            pass
        self.inbox.clear()
        self.heard.clear()


def token() -> bytes:
    return random.randbytes(8)


def like(packet: Packet) -> Callable[[Packet], bool]:
    """Whether another one is the same, but for what a translator changes."""
    def same(other: Packet) -> bool:
        if other.protocol != packet.protocol or not other.whole:
            return False
        if packet.protocol == UDP:
            return len(other.body) >= 8 and other.data == packet.data
        if packet.protocol == TCP:
            return (len(other.body) >= 20 and other.sequence == packet.sequence and other.flags == packet.flags
                    and other.data == packet.data)
        if packet.is_error:
            return (other.type, other.code) == (packet.type, packet.code)
        return other.type == packet.type and other.data == packet.data
    return same


def is_error(kind: int, code: int | None = None) -> Callable[[Packet], bool]:
    return lambda p: p.protocol == ICMP and p.type == kind and (code is None or p.code == code)


@dataclass
class Network:
    """What a test wants of the subject: for the @network decorator. None: as it is without being asked."""

    address_dependent: bool = False     # whose address was never sent to may not send
    closed: bool = False                # ... or whose address and port, whichever the subject has
    timeouts: dict[str, int] = field(default_factory=dict)
    ports: tuple[int, int] | None = None
    low_ports: bool = False             # those below 1024 may be used
    quota: int | None = None            # mappings of one guest
    joined: bool = False                # guests may send to each other's inside addresses
    addresses: int = 1                  # of the uplink
    mtu: int = 1500                     # likewise
    last: bool = False                  # the test comes after all others


TIMEOUTS = ("udp", "icmp", "tcp_established", "tcp_transitory", "tcp_syn")


def network(**wishes: object) -> Callable:
    """Decorates a test: the subject is to be like this. Timeouts are given by name, in seconds."""
    def decorate(test: Callable) -> Callable:
        timeouts = {name: wishes.pop(name) for name in TIMEOUTS if name in wishes}
        test.network = Network(timeouts=timeouts, **wishes)
        return test
    return decorate


class CannotBe(AssertionError):
    """The subject has no such choice."""


class Nat:
    """What a test gets: the nodes, the subject, and what one does with them."""

    def __init__(self, subject: object, guests: dict[str, Node], outside: Node, wishes: Network) -> None:
        self.subject, self.outside, self.wishes = subject, outside, wishes
        self.guest, self.other = guests["guest"], guests["other"]
        self.uplink = UPLINK
        self.seen: list[str] = []
        self.uplink_changed = False

    def change_uplink(self, lines: str) -> None:
        """Lines for ip(8). The next test finds the uplink as it was."""
        self.uplink_changed = True
        ip(lines)

    def note(self, text: object) -> None:
        """Something for the report."""
        self.seen.append(str(text))

    def carry(self, packet: Packet, sender: Node, receiver: Node, within: float = PATIENCE) -> Packet | None:
        """Sends it; what arrives, or None. What arrives has right sums."""
        sender.send(packet)
        arrived = receiver.receive(like(packet), within)
        if arrived:
            assert not arrived.faults, f"what arrived has a wrong {arrived.faults}: {arrived}"
        return arrived

    # --- UDP ---

    def out(self, inside_port: int, remote: End, *, guest: Node | None = None, data: bytes = b"",
            within: float = PATIENCE, **header: object) -> Packet | None:
        """A datagram of the guest's, as the server sees it, or None."""
        guest = guest or self.guest
        return self.carry(udp(End(guest.address, inside_port), remote, data or token(), **header), guest, self.outside,
                          within)

    def back(self, remote: End, outside: End, *, guest: Node | None = None, data: bytes = b"",
             within: float = PATIENCE, **header: object) -> Packet | None:
        """A datagram of a server's to an outside end, as the guest sees it, or None."""
        return self.carry(udp(remote, outside, data or token(), **header), self.outside, guest or self.guest, within)

    def mapping(self, inside_port: int, remote: End, *, guest: Node | None = None) -> End:
        """The outside end that a server sees, of a datagram that has to arrive."""
        arrived = self.out(inside_port, remote, guest=guest)
        assert arrived, f"a datagram from port {inside_port} to {remote} did not arrive"
        return arrived.source_end

    # --- ICMP queries ---

    def ping(self, remote: str, ident: int, *, guest: Node | None = None) -> End:
        """The outside address and identifier that the server sees, of a query that has to arrive and be answered."""
        guest = guest or self.guest
        data = token()
        query = self.carry(echo(guest.address, remote, ident, data), guest, self.outside)
        assert query, f"a query to {remote} did not arrive"
        outside = query.source_end
        answer = self.carry(echo(remote, outside.address, outside.port, data, reply=True), self.outside, guest)
        assert answer, f"the answer of {remote} did not arrive"
        assert answer.ports[0] == ident, f"the answer has identifier {answer.ports[0]}, the query had {ident}"
        return outside

    # --- TCP ---

    def connection(self, inside_port: int, remote: End, *, guest: Node | None = None) -> Connection:
        return Connection(self, guest or self.guest, inside_port, remote)

    def connect(self, inside_port: int, remote: End, *, guest: Node | None = None) -> Connection:
        """One that is open."""
        return self.connection(inside_port, remote, guest=guest).open()

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(seconds)


class Connection:
    """Both ends of a TCP connection, and what each has sent so far."""

    def __init__(self, nat: Nat, guest: Node, port: int, remote: End) -> None:
        self.nat, self.guest, self.remote = nat, guest, remote
        self.inside = End(guest.address, port)
        self.outside: End | None = None
        self.guest_next, self.server_next = random.randrange(1 << 31), random.randrange(1 << 31)

    def out(self, flags: int, data: bytes = b"", within: float = PATIENCE) -> Packet | None:
        """A segment of the guest's, as the server sees it."""
        segment = tcp(self.inside, self.remote, flags, self.guest_next, self.server_next if flags & ACK else 0, data)
        self.guest_next += len(data) + bool(flags & 3)
        arrived = self.nat.carry(segment, self.guest, self.nat.outside, within)
        if arrived:
            self.outside = arrived.source_end
        return arrived

    def back(self, flags: int, data: bytes = b"", within: float = PATIENCE, to: End | None = None) -> Packet | None:
        """A segment of the server's, as the guest sees it."""
        segment = tcp(self.remote, to or self.outside, flags, self.server_next,
                      self.guest_next if flags & ACK else 0, data)
        self.server_next += len(data) + bool(flags & 3)
        return self.nat.carry(segment, self.nat.outside, self.guest, within)

    def open(self) -> Connection:
        assert self.out(SYN), f"the SYN to {self.remote} did not leave"
        assert self.back(SYN | ACK), f"the SYN and ACK of {self.remote} did not arrive"
        assert self.out(ACK), "the third segment of the handshake did not leave"
        return self

    def talks(self, within: float = PATIENCE) -> bool:
        """Whether data still passes, inwards first."""
        return bool(self.back(ACK, token(), within) and self.out(ACK, token(), within))
