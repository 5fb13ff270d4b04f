"""Frames that nobody in their right mind would send, from a TAP file, from a container's card and from outside,
while other guests' traffic goes on; then senseless ioctls.

What is sent, by kind, is in SECONDS' worth of turns; SEED repeats them.
"""
from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import links
import machine
import packets
import state
import traffic
import wire
from packets import ICMP, RST, SYN, TCP, UDP, End, Packet, echo, error, internet_sum, tcp, udp
from wire import FAR, GUESTS, UPLINK, inside, observe, vnic

SECONDS = int(os.environ.get("SECONDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
MACHINE, CONTAINER = GUESTS["machine"], GUESTS["container"]
AWAY = "203.0.113.9"


def ethernet(destination: bytes, source: bytes, packet: bytes, kind: int = 0x0800) -> bytes:
    return destination + source + struct.pack("!H", kind) + packet


def good(own: str, peer: str) -> list[Packet]:
    """Of each kind that is translated. Everything else is made of them."""
    a, b = End(own, random.randrange(1024, 65536)), End(peer, random.randrange(1, 65536))
    about = udp(End(peer, b.port), End(own, a.port), b"quoted")
    return [udp(a, b, os.urandom(random.choice((0, 1, 64, 1400)))), tcp(a, b, SYN, 1), tcp(a, b, 0x10, 1, 1, b"data"),
            echo(own, peer, a.port, os.urandom(40)), error(own, about, 3, 3)]


def resum(octets: bytearray) -> bytes:
    """With a right sum of the IPv4 header, so that the rest is looked at."""
    length = (octets[0] & 15) * 4
    if 20 <= length <= len(octets):
        octets[10:12] = b"\0\0"
        octets[10:12] = struct.pack("!H", internet_sum(bytes(octets[:length])))
    return bytes(octets)


# --- kinds of nonsense: each yields IPv4 packets as octets ---

def truncated(own: str, peer: str) -> Iterator[bytes]:
    for packet in good(own, peer):
        octets = packet.octets
        for length in range(min(len(octets), 80)):
            yield octets[:length]


def lying_lengths(own: str, peer: str) -> Iterator[bytes]:
    for packet in good(own, peer):
        octets = packet.octets
        for total in (0, 19, 20, 21, 27, len(octets) - 1, len(octets) + 1, len(octets) + 1000, 65535):
            yield resum(bytearray(octets[:2] + struct.pack("!H", total) + octets[4:]))
        for words in range(16):
            yield resum(bytearray([0x40 | words]) + octets[1:])
        for version in (0, 3, 5, 6, 15):
            yield resum(bytearray([version << 4 | 5]) + octets[1:])
    u, t = udp(End(own, 4000), End(peer, 53), b"12345678"), tcp(End(own, 4000), End(peer, 80), SYN, 1)
    for length in (0, 1, 7, 8, 9, 17, 100, 65535):
        yield u.with_(body=u.body[:4] + struct.pack("!H", length) + u.body[6:]).octets
    for words in range(16):
        yield t.with_(body=t.body[:12] + bytes([words << 4]) + t.body[13:]).octets


def options(own: str, peer: str) -> Iterator[bytes]:
    for kind in (0, 1, 7, 68, 130, 131, 136, 137, 148, 255, random.randrange(256)):
        for length in (0, 1, 2, 3, 4, 7, 8, 39, 40, 255):
            text = (bytes([kind, length, 4]) + packets.packed(AWAY) * 10)[:random.choice((4, 8, 12, 40))]
            yield udp(End(own, 4000), End(peer, 53), b"x").with_(options=text).octets


def fragments(own: str, peer: str) -> Iterator[bytes]:
    """Overlapping, duplicate, beginning in the middle, past the end, with all their parts or without."""
    for _ in range(20):
        whole = udp(End(own, 4000), End(peer, 53), os.urandom(2000), ident=random.randrange(65536))
        parts = whole.fragments(random.choice((8, 64, 512, 800)))[:60]
        random.shuffle(parts)
        parts += [p.with_(offset=max(0, p.offset - 8), body=os.urandom(len(p.body))) for p in parts[:3]]
        parts += [parts[0].with_(offset=65528, mf=True), parts[0].with_(offset=0, mf=True, body=b"\1")]
        for part in parts[:random.randrange(1, len(parts) + 1)]:
            yield part.octets


def wrong_sums(own: str, peer: str) -> Iterator[bytes]:
    for packet in good(own, peer):
        octets = bytearray(packet.octets)
        octets[10] ^= 0x55
        yield bytes(octets)
        where = {UDP: 26, TCP: 36, ICMP: 22}[packet.protocol]
        octets = bytearray(packet.octets)
        octets[where] ^= 0x55
        yield bytes(octets)


def quoting_nonsense(own: str, peer: str) -> Iterator[bytes]:
    for kind, code in ((3, 1), (3, 3), (3, 4), (11, 0), (12, 0), (5, 1), (4, 0), (99, 99)):
        inner = random.choice(good(peer, own)).octets
        for quoted in (b"", inner[:1], inner[:19], inner[:20], inner[:24], inner[:27], inner, os.urandom(28),
                       b"\x4f" + inner[1:], b"\x41" + inner[1:], inner[:9] + b"\xff" + inner[10:]):
            body = struct.pack("!BBHI", kind, code, 0, random.randrange(1 << 32)) + quoted
            yield packets.with_sum(Packet(own, peer, ICMP, body)).octets
    # One that quotes an error, that quotes an error.
    inner = error(own, error(own, udp(End(peer, 1), End(own, 2)), 3, 3), 3, 3)
    yield error(own, inner, 3, 3, destination=peer).octets


def strange_ends(own: str, peer: str) -> Iterator[bytes]:
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", UPLINK, FAR, GUESTS["second"], "10.9.0.1"):
        yield udp(End(source, 4000), End(peer, 53), b"x").octets
    for destination in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "10.9.0.255", "10.9.0.0",
                        own, GUESTS["second"], "10.9.0.1", "10.9.0.99", "169.254.1.1", UPLINK):
        yield udp(End(own, 4000), End(destination, 53), b"x").octets
    for protocol in (0, 2, 4, 41, 47, 50, 132, 255):
        yield Packet(own, peer, protocol, os.urandom(40)).octets
    for ttl in (0, 1):
        yield udp(End(own, 4000), End(peer, 53), b"x", ttl=ttl).octets
    # It ends a connection that there never was.
    yield tcp(End(own, 999), End(peer, 80), RST, 1).octets


def random_octets(own: str, peer: str) -> Iterator[bytes]:
    for _ in range(50):
        octets = bytearray(random.choice(good(own, peer)).octets)
        for _ in range(random.randrange(1, 6)):
            octets[random.randrange(len(octets))] = random.randrange(256)
        yield bytes(octets)
        yield resum(octets)
        yield os.urandom(random.randrange(1, 200))


KINDS = (truncated, lying_lengths, options, fragments, wrong_sums, quoting_nonsense, strange_ends, random_octets)


def headers(frame: bytes) -> Iterator[bytes]:
    """Of virtio-net: an empty, a sensible, an absurd one: flags, GSO type, header length, GSO size, the sum's place."""
    edge = (0, 1, 13, 14, 33, 34, 53, 54, max(len(frame) - 1, 0), len(frame), len(frame) + 1, 1448, 32767, 65535)
    yield bytes(10)
    yield struct.pack("<BBHHHH", 1, random.choice((0, 1, 5)), 54, random.choice((1, 8, 500, 1448)), 34,
                      random.choice((6, 16)))
    yield struct.pack("<BBHHHH", random.choice((0, 1, 1, 2, 255)), random.choice((0, 1, 3, 4, 5, 0x81, 0x40, 255)),
                      *(random.choice(edge) for _ in range(4)))


class Sender:
    """A way in, and what became of what was sent."""

    def __init__(self, name: str, send, own: str, peer: str, macs: tuple[bytes, bytes], vnet: bool) -> None:
        self.name, self.send, self.own, self.peer, self.macs, self.vnet = name, send, own, peer, macs, vnet
        self.count: Counter = Counter()
        # Made once: what counts is how many are sent.
        self.frames = [(kind.__name__, ethernet(*macs, octets)) for kind in KINDS for octets in kind(own, peer)]
        self.frames += [self.strange_ethernet() for _ in range(100)]
        random.shuffle(self.frames)
        self.next = 0

    def strange_ethernet(self) -> tuple[str, bytes]:
        whole = ethernet(*self.macs, good(self.own, self.peer)[0].octets)
        stranger = b"\2" + os.urandom(5)
        return random.choice((
            ("short", whole[:random.randrange(15)]),
            ("ethertypes", ethernet(*self.macs, os.urandom(random.randrange(64)), random.choice(
                (0x0806, 0x86DD, 0x8100, 0x88A8, 0, 0xFFFF, 5)))),
            ("strangers", ethernet(self.macs[0], stranger, whole[14:])),
            ("broadcast", ethernet(b"\xff" * 6, self.macs[1], whole[14:]))))

    def turn(self, until: float) -> None:
        while time.monotonic() < until:
            kind, frame = self.frames[self.next % len(self.frames)]
            self.next += 1
            for header in headers(frame) if self.vnet else (b"",):
                try:
                    self.send(header + frame)
                    self.count[kind] += 1
                except OSError:
                    self.count["refused"] += 1


def packet_socket(namespace: str, device: str, vnet: bool) -> socket.socket:
    with inside(namespace):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        if vnet:
            s.setsockopt(machine.SOL_PACKET, machine.PACKET_VNET_HDR, 1)
        s.bind((device, 0))
    return s


def mac(namespace: str, device: str) -> bytes:
    found = json.loads(wire.run(namespace, "ip", "-j", "link", "show", device))[0]["address"]
    return bytes.fromhex(found.replace(":", ""))


def counts() -> dict[str, int]:
    return json.loads(vnic("stats", "--json"))[0]["counts"]


def turns(g) -> dict:
    gateway = bytes.fromhex(json.loads(vnic("list", "--json"))[0]["gateway_mac"].replace(":", ""))
    tap_mac, card_mac = b"\2\0\0\0\0\4", mac("container", "eth0")
    outside = (mac("host", "up0"), mac("router", "wire"))
    sockets = {vnet: packet_socket("container", "eth0", vnet) for vnet in (False, True)}
    wild = {vnet: packet_socket("router", "wire", vnet) for vnet in (False, True)}
    senders = [Sender("tap", lambda f: os.write(g.tap, f), MACHINE, FAR, (gateway, tap_mac), True),
               Sender("card", sockets[False].send, CONTAINER, FAR, (gateway, card_mac), False),
               Sender("card with header", sockets[True].send, CONTAINER, FAR, (gateway, card_mac), True),
               Sender("outside", wild[False].send, FAR, UPLINK, outside, False),
               Sender("outside with header", wild[True].send, FAR, UPLINK, outside, True)]
    until = time.monotonic() + SECONDS
    share = SECONDS / 20 / len(senders)
    steady = 0
    while time.monotonic() < until:
        for sender in senders:
            sender.turn(time.monotonic() + share)
            g.drain_tap()
        # One good packet of each kind meanwhile is another's; and that one gets on.
        g.get_on("amid noise", "second")
        steady += 1
    for s in (*sockets.values(), *wild.values()):
        s.close()
    return {"sent": {s.name: dict(s.count) for s in senders}, "turns": steady}


def make(g) -> None:
    random.seed(SEED)
    # The noise is the container's now.
    g.stop("container")
    before, counted = quiet(g), counts()
    found = turns(g)
    after_counts = counts()
    links.remove_network()
    g.rejoin()
    g.get_on("after the noise, in a new network", "second")
    found |= {"risen": {name: after_counts[name] - counted[name] for name in counted}, "before": before,
              "after": quiet(g)}
    observe("noise", found)
    print(f"noise: {found['turns']} turns, {found['sent']}", flush=True)
    with inside("host"):
        done = subprocess.run(["/virtlab/build/bin/selftest-vnic-garbage"], capture_output=True, text=True, check=False,
                              env=os.environ | {"SECONDS": str(SECONDS), "SEED": str(SEED), "MODULE": g.module})
    (wire.OUT / "ioctls.tap").write_text(done.stdout + done.stderr)
    (wire.OUT / "ioctls.status").write_text(str(done.returncode))
    g.get_on("after senseless ioctls", "second")


def no_fragments_wait() -> bool:
    """For the rest of their packets, which is not to come: not even in the stacks of those that noise was sent to."""
    for namespace in ("host", "router", "far", "second", "container"):
        with inside(namespace):
            if "FRAG: inuse 0 " not in Path("/proc/thread-self/net/sockstat").read_text():
                return False
    return True


def quiet(g) -> dict:
    """The state while nobody is in the middle of something."""
    g.stop("second")
    g.storm.stop()
    g.drain_tap()
    # They have half a minute.
    wire.wait_for(no_fragments_wait, "fragments have been given up", 40)
    # Noise was also to addresses of nobody, which the router asked for in vain.
    wire.run("router", "ip", "neigh", "flush", "nud", "failed")
    found = state.now()
    g.storm = traffic.Storm()
    g.begin("second")
    g.get_on("after a pause", "second")
    return found
