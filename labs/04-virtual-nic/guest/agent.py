"""Inside the course VM, as root: two guests, a box and what is outside; does what a plan says, and judges nothing.

	agent.py PLAN.json OUT

	guest  10.9.0.2 --+                            +-- wire: whatever address is outside, by a packet socket
	other  10.9.0.3 --+-- gate, 192.0.2.1 (up0) ---+
	box    10.9.0.4 --+   the network lan          +-- 192.0.2.254, a kernel's whole stack

guest, other and wire are no more than packet sockets: nothing answers there. box and 192.0.2.254 have a
kernel's stack, whose sums are yet to be completed and whose segments are to be cut. What passes the four
devices is left in OUT, NAME.pcap, in the order of the sockets' queues (cooked: who sent it is told).
"""
from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import datagrams
from datagrams import End

UPLINK, FAR = "192.0.2.1", "192.0.2.254"
UP_MAC, WIRE_MAC = "02:00:00:00:02:01", "02:00:00:00:02:fe"
GUESTS = {"guest": ("10.9.0.2", "02:00:00:00:09:02"), "other": ("10.9.0.3", "02:00:00:00:09:03"),
          "box": ("10.9.0.4", "02:00:00:00:09:04")}
GATEWAY = "10.9.0.1"
ETH_P_ALL, ETH_P_IP, ETH_P_ARP = 3, 0x0800, 0x0806
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
NOWHERE = End(UPLINK, 9)
PATIENCE = 1.0


def run(*command: str, namespace: str = "") -> None:
    argv = [*(["ip", "netns", "exec", namespace] if namespace else []), *command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"agent: {' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")


def ip(namespace: str, *lines: str) -> None:
    for line in lines:
        run("ip", "-n", namespace, *line.split())


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread is in that network namespace."""
    with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{namespace}") as there:
        os.setns(there.fileno(), os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def build() -> None:
    for namespace in ("gate", "far", *GUESTS):
        run("ip", "netns", "add", namespace)
        with inside(namespace):
            for which in ("all", "default"):
                Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1")
        ip(namespace, "link set lo up")
    ip("gate", f"link add up0 address {UP_MAC} type veth peer name wire netns far address {WIRE_MAC}",
       "link set up0 up", f"address add {UPLINK}/24 dev up0", f"route add default via {FAR}")
    ip("far", "link set wire up", f"address add {FAR}/24 dev wire")
    # What is seen on the wire is as it would be on a real one.
    run("ethtool", "-K", "up0", "tx", "off", "tso", "off", "gso", "off", "gro", "off", namespace="gate")
    run("/root/vnic", "create", "lan", "--subnet", "10.9.0.0/24", "--uplink", "up0", namespace="gate")
    for name, (address, card_mac) in GUESTS.items():
        ip("gate", f"link add v-{name} address {card_mac} type vnic")
        run("/root/vnic", "attach", "--address", address, "lan", f"v-{name}", namespace="gate")
        ip("gate", f"link set v-{name} netns {name}")
        ip(name, f"link set v-{name} up")
    ip("box", f"address add {GUESTS['box'][0]}/24 dev v-box", f"route add default via {GATEWAY}")


class Node:
    """A packet socket on a device: sends, and keeps all that passes."""

    def __init__(self, namespace: str, device: str, own: str, peer: bytes = b"") -> None:
        self.own, self.peer = mac(own), peer
        self.passed: list[tuple[int, int, bytes]] = []		# ns, kind, frame
        with inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        with inside(namespace):
            self.socket.bind((device, ETH_P_ALL))
        self.socket.setblocking(False)

    def listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, control, _, origin = self.socket.recvmsg(70000, 256)
                seconds, ns = struct.unpack("qq", control[0][2][:16])
                self.passed.append((seconds * 10**9 + ns, origin[2], frame))

    def came(self) -> list[bytes]:
        """IPv4 datagrams from others."""
        return [frame[14:] for _, kind, frame in self.passed
                if kind != socket.PACKET_OUTGOING and frame[12:14] == b"\x08\0"]

    def with_data(self, data: bytes) -> bytes | None:
        return next((octets for octets in self.came() if data in octets), None)

    def send(self, octets: bytes) -> None:
        frame = self.peer + self.own + struct.pack("!H", ETH_P_IP) + octets
        # A socket does not get what it sends itself.
        self.passed.append((time.time_ns(), socket.PACKET_OUTGOING, frame))
        self.socket.send(frame)

    def ask_for_the_gateway(self, address: str) -> None:
        """ARP (RFC 826): the MAC address to send to."""
        question = struct.pack("!HHBBH", 1, ETH_P_IP, 6, 4, 1) + self.own + datagrams.packed(address) + bytes(6)
        for _ in range(20):
            self.socket.send(b"\xff" * 6 + self.own + struct.pack("!H", ETH_P_ARP) + question
                             + datagrams.packed(GATEWAY))
            select.select([self.socket], [], [], 0.2)
            self.listen()
            for _, kind, frame in self.passed:
                if kind != socket.PACKET_OUTGOING and frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2":
                    self.peer = frame[22:28]
                    return
        sys.exit(f"agent: the gateway does not answer {address}")

    def save(self, path: Path) -> None:
        """As tcpdump writes it: nanoseconds, LINKTYPE_LINUX_SLL."""
        self.listen()
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 113))
            for ns, kind, frame in self.passed:
                packet = struct.pack("!HHH6s2x", kind, 1, 6, frame[6:12]) + frame[12:]
                file.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(packet), len(packet)) + packet)


class Agent:
    """Carries out a plan, one action after the other."""

    def __init__(self) -> None:
        self.nodes = {name: Node(name, f"v-{name}", card_mac) for name, (_, card_mac) in GUESTS.items()}
        self.nodes["wire"] = Node("far", "wire", WIRE_MAC, mac(UP_MAC))
        for name in ("guest", "other"):
            self.nodes[name].ask_for_the_gateway(GUESTS[name][0])
        self.sightings: dict[str, bytes] = {}
        self.sockets: list[socket.socket] = []

    def until(self, node: Node, data: bytes, patience: float) -> bytes | None:
        """Waits until a datagram with this in it has come to a node."""
        end = time.monotonic() + patience
        while True:
            for each in self.nodes.values():
                each.listen()
            if (found := node.with_data(data)) or time.monotonic() > end:
                return found
            select.select([node.socket], [], [], 0.05)

    def end_of(self, name: str) -> End:
        """The outside end that a datagram of this name was seen with."""
        return datagrams.ends(self.sightings[name])[0] if name in self.sightings else NOWHERE

    def do_send(self, node: str, octets: str, name: str, seen_by: str, data: str, patience: float) -> None:
        """A datagram; how it came to another node is remembered by its name."""
        self.nodes[node].send(bytes.fromhex(octets))
        found = self.until(self.nodes[seen_by], bytes.fromhex(data), patience)
        if found:
            self.sightings[name] = found

    def do_answer(self, node: str, protocol: int, source: list, to: str, data: str, flags: int, name: str,
                  seen_by: str, patience: float) -> None:
        """To the outside end that another datagram had."""
        end, start = self.end_of(to), End(*source)
        content = bytes.fromhex(data)
        if protocol == datagrams.ICMP:
            octets = datagrams.echo(End(start.address), end, content)
        else:
            octets = datagrams.of(protocol, start, end, content, flags)
        self.nodes[node].send(octets)
        found = self.until(self.nodes[seen_by], content, patience)
        if found:
            self.sightings[name] = found

    def do_error(self, node: str, reporter: str, about: str, kind: int, code: int, seen_by: str, data: str) -> None:
        """An ICMP error about a datagram as it was seen."""
        packet = self.sightings.get(about)
        if packet:
            told = datagrams.ends(packet)[0].address
            self.nodes[node].send(datagrams.error(reporter, told, packet, kind, code, 548))
            self.until(self.nodes[seen_by], bytes.fromhex(data), PATIENCE)

    def do_set(self, *words: str) -> None:
        run("/root/vnic", "set", "lan", *words, namespace="gate")

    def do_wait(self, seconds: float) -> None:
        time.sleep(seconds)
        for node in self.nodes.values():
            node.listen()

    def do_bind(self, port: int) -> None:
        """The host has a socket of its own."""
        with inside("gate"):
            taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            taken.bind(("0.0.0.0", port))
        self.sockets.append(taken)

    def do_stream(self, port: int, key: str, count: int) -> None:
        """TCP between two kernels: the same octets there and back."""
        octets = stream(key, count)
        with inside("far"):
            listener = socket.create_server((FAR, port))
        listener.settimeout(20)
        server = threading.Thread(target=give_back, args=(listener, count), daemon=True)
        server.start()
        with contextlib.suppress(OSError):
            with inside("box"):
                client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                client.settimeout(20)
                client.connect((FAR, port))
            threading.Thread(target=take_all, args=(client, count), daemon=True).start()
            client.sendall(octets)
            server.join(20)
            time.sleep(0.5)
        self.do_wait(0.2)

    def carry_out(self, plan: list) -> None:
        for action, *arguments in plan:
            getattr(self, f"do_{action}")(*arguments)


def stream(key: str, count: int) -> bytes:
    import hashlib
    return b"".join(hashlib.sha256(f"{key}/{i}".encode()).digest() for i in range(count // 32))


def take_all(taker: socket.socket, count: int) -> bytes:
    octets = b""
    with contextlib.suppress(OSError):
        while len(octets) < count and (more := taker.recv(1 << 16)):
            octets += more
    return octets


def give_back(listener: socket.socket, count: int) -> None:
    with contextlib.suppress(OSError):
        peer, _ = listener.accept()
        peer.settimeout(20)
        peer.sendall(take_all(peer, count))
        time.sleep(1)


def main(plan: str, out: str) -> None:
    build()
    agent = Agent()
    agent.carry_out(json.loads(Path(plan).read_text()))
    for name, node in agent.nodes.items():
        node.save(Path(out) / f"{name}.pcap")
        node.socket.close()
    for name in GUESTS:
        ip(name, f"link del v-{name}")
    run("/root/vnic", "rm", "lan", namespace="gate")
    for namespace in ("gate", "far", *GUESTS):
        run("ip", "netns", "del", namespace)


if __name__ == "__main__":
    main(*sys.argv[1:])
