"""What VirtLab promises of its translator beyond what RFCs ask for."""
from __future__ import annotations

import contextlib
import random
import socket
import time

from packets import (ACK, ECHO_REPLY, EXCEEDED, PROHIBITED, SYN, UDP, UNREACHABLE, End, Packet, echo, error, tcp, udp)
from topology import (A, A2, B, HOST, PATIENCE, QUIET, UPLINK, UPLINK2, WIRE_MAC, Nat, inside, is_error, mac, network,
                      sysctl, token)

AT = End(A, 7000)
FORWARD = End(UPLINK, 8080)


def test_promise_free_ports_are_preserved(nat: Nat) -> None:
    """Port preservation: what is free outside is not changed."""
    for port in (1024, 4000, 5061, 33333, 60001, 65535):
        assert nat.mapping(port, AT).port == port, f"UDP's port {port} is changed"
        c = nat.connection(port, AT)
        assert c.out(SYN) and c.outside.port == port, f"TCP's port {port} is changed"


# --- forwards ---

def test_promise_forward_of_datagrams(nat: Nat) -> None:
    """A forwarded port of UDP: whoever sends to it reaches the guest, whose answers come from there."""
    nat.subject.forward(UDP, FORWARD.port, nat.guest.address, 53)
    for client in (End(A, 999), End(B, 53)):
        arrived = nat.back(client, FORWARD)
        assert arrived and arrived.destination_end == End(nat.guest.address, 53), f"{client} does not reach the guest"
        assert arrived.source_end == client, f"the guest sees {arrived.source_end}"
        assert nat.mapping(53, client) == FORWARD, "the answer comes from somewhere else"


@network(udp=2)
def test_promise_forwards_do_not_expire(nat: Nat) -> None:
    """A forward stays, however long nobody uses it."""
    nat.subject.forward(UDP, FORWARD.port, nat.guest.address, 53)
    assert nat.back(AT, FORWARD), "it does not work"
    nat.sleep(3)
    assert nat.back(AT, FORWARD), "after 3 s, with a timeout of 2, it is gone"


def test_promise_forwards_keep_their_ports(nat: Nat) -> None:
    """A forwarded port is given to no mapping, and is what the guest is known by outside."""
    nat.subject.forward(UDP, FORWARD.port, nat.guest.address, 53)
    assert nat.mapping(FORWARD.port, AT, guest=nat.other) != FORWARD, "another guest is given the port"
    assert nat.mapping(53, AT) == FORWARD, "the guest is known by another port"


def test_promise_forwards_are_reached_by_guests(nat: Nat) -> None:
    """A guest reaches another one, and itself, by a forwarded port."""
    nat.subject.forward(UDP, FORWARD.port, nat.guest.address, 53)
    for client in (nat.other, nat.guest):
        arrived = nat.carry(udp(End(client.address, 4000), FORWARD, token()), client, nat.guest)
        assert arrived and arrived.destination_end == End(nat.guest.address, 53), f"{client.address} does not reach it"
        answer = nat.carry(udp(arrived.destination_end, arrived.source_end, token()), nat.guest, client)
        assert answer and answer.source_end == FORWARD, f"the answer for {client.address} does not come from there"


def test_promise_ping_of_the_own_outside_address(nat: Nat) -> None:
    """A guest's echo request to the outside address is answered from there."""
    data = token()
    nat.guest.send(echo(nat.guest.address, UPLINK, 77, data))
    said = nat.guest.receive(lambda p: p.type == ECHO_REPLY and p.data == data)
    assert said, "nobody answers"
    assert said.source == UPLINK and said.ports[0] == 77 and not said.faults, f"the answer is {said}"


# --- the host's own sockets ---

@contextlib.contextmanager
def host_socket(kind: int, address: str = "", port: int = 0):
    with inside(HOST):
        sock = socket.socket(socket.AF_INET, kind)
    with sock:
        sock.settimeout(PATIENCE)
        sock.bind((address, port))
        yield sock


def test_promise_ports_of_the_host_are_not_taken(nat: Nat) -> None:
    """What the host's sockets are bound to is given to no guest, and the host still hears what is sent there."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        for address in ("", UPLINK):
            with host_socket(kind, address, 4000) as sock:
                if kind == socket.SOCK_DGRAM:
                    assert nat.mapping(4000, AT).port != 4000, "a guest is given the port of a UDP socket"
                    data = token()
                    nat.outside.send(udp(AT, End(UPLINK, 4000), data))
                    try:
                        assert sock.recv(100) == data, "the host hears something else"
                    except TimeoutError:
                        raise AssertionError("what is sent to the host's socket does not reach it") from None
                else:
                    sock.listen()
                    assert nat.connect(4000, AT).outside.port != 4000, "a guest is given the port of a TCP socket"
                    nat.outside.send(tcp(End(A, 999), End(UPLINK, 4000), SYN, 77))
                    answered = nat.outside.receive(lambda p: p.destination_end == End(A, 999))
                    assert answered and answered.flags == SYN | ACK, f"a SYN to the host's socket gets {answered}"


def test_promise_ports_that_the_host_binds_are_left_to_it(nat: Nat) -> None:
    """Nothing can keep a socket of the host from the port that it names. Then it hears what comes in there, not a guest."""
    assert nat.mapping(4000, AT).port == 4000
    with host_socket(socket.SOCK_DGRAM, "", 4000) as sock:
        nat.sleep(6)
        data = token()
        nat.outside.send(udp(AT, End(UPLINK, 4000), data))
        try:
            assert sock.recv(100) == data
        except TimeoutError:
            raise AssertionError("the host's socket hears nothing") from None
        assert nat.mapping(4000, AT).port != 4000, "the guest has it again"


def test_promise_ports_of_guests_are_not_given_to_the_host(nat: Nat) -> None:
    """A socket of the host that asks for any port is not given that of a mapping."""
    sysctl(HOST, ipv4__ip_local_port_range="40000 40003")
    try:
        for port in (40000, 40001, 40002):
            nat.mapping(port, AT)
            assert nat.connect(port, AT).outside.port == port, f"TCP's port {port} is free, and changed"
        # Of four ports chance finds the free one too, now and then.
        for kind in 8 * (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with host_socket(kind) as sock:
                if kind == socket.SOCK_DGRAM:
                    sock.connect((A, 7000))
                chosen = sock.getsockname()[1]
            assert chosen == 40003, f"the host is given port {chosen}, a guest's"
    finally:
        sysctl(HOST, ipv4__ip_local_port_range="32768 60999")


def test_promise_a_new_outside_address_ends_mappings(nat: Nat) -> None:
    """When the uplink's address changes, mappings of the old one are gone, and new ones have the new one."""
    old = nat.mapping(4000, AT)
    c = nat.connect(4001, AT)
    nat.change_uplink(
        f"address add {UPLINK2}/24 dev up0\naddress del {UPLINK}/24 dev up0\naddress replace {UPLINK2}/24 dev up0\n"
        f"route replace 198.51.100.0/24 dev up0\n"
        f"neigh replace {A} dev up0 lladdr {WIRE_MAC} nud permanent\n")
    new = nat.mapping(4000, AT)
    assert new.address == UPLINK2, f"after the change, the guest is still {new}"
    nat.change_uplink(f"address add {UPLINK}/24 dev up0\n")
    assert not nat.back(AT, old, within=QUIET), "the old mapping is there when the old address comes back"
    assert not c.back(ACK, token(), within=QUIET), "so is the old connection"


# --- limits ---

@network(ports=(40000, 40003), udp=2)
def test_promise_ports_come_back(nat: Nat) -> None:
    """When all ports were used, those of mappings that have expired are used again."""
    for port in range(5000, 5004):
        nat.mapping(port, AT)
    assert not nat.out(5004, AT, within=QUIET), "the fifth of four ports is there"
    nat.sleep(3)
    for port in range(5004, 5008):
        assert nat.out(port, AT), f"after 3 s, with a timeout of 2, there is no port for {port}"


@network(quota=3)
def test_promise_quota_of_a_guest(nat: Nat) -> None:
    """A guest has no more mappings than its quota, is told so (RFC 5508 REQ-8), and takes nothing from others."""
    nat.mapping(4000, AT)
    nat.connect(4000, AT)
    nat.ping(A, 77)
    for packet in (udp(End(nat.guest.address, 4001), AT, token()), tcp(End(nat.guest.address, 4001), AT, SYN, 77),
                   echo(nat.guest.address, A, 78, token())):
        assert not nat.carry(packet, nat.guest, nat.outside, QUIET), f"it is sent beyond the quota: {packet}"
        told = nat.guest.receive(is_error(UNREACHABLE))
        assert told and told.code == PROHIBITED, f"the guest is told {told}"
    assert nat.out(4000, End(B, 53)), "what the guest has does not work any more"
    nat.mapping(4001, AT, guest=nat.other)


def test_promise_errors_are_limited(nat: Nat) -> None:
    """Whoever provokes ICMP errors gets 50 at once, and then no more than 100 a second."""
    sysctl(HOST, ipv4__icmp_ratelimit=1000, ipv4__icmp_msgs_per_sec=100, ipv4__icmp_msgs_burst=50)
    try:
        start = time.monotonic()
        for _ in range(600):
            nat.guest.send(udp(End(nat.guest.address, 4000), AT, ttl=1))
        took = time.monotonic() - start
        told = len(nat.guest.all(is_error(EXCEEDED)))
        nat.note(f"{told} of 600 in {took:.1f} s")
        # A kernel so slow that it sends fewer than 100 a second may answer all.
        assert 1 <= told <= 50 + 100 * took + 10, f"{told} of 600 are answered in {took:.1f} s"
    finally:
        sysctl(HOST, ipv4__icmp_ratelimit=0, ipv4__icmp_msgs_per_sec=1000000, ipv4__icmp_msgs_burst=1000000)


# --- packets ---

def test_promise_no_checksum_stays_none(nat: Nat) -> None:
    """A UDP datagram without a checksum (RFC 768: 0) has none after translation, both ways; one with it keeps it."""
    seen = nat.out(4000, AT, summed=False)
    assert seen and not seen.sum_field, f"outwards it becomes {seen and seen.sum_field:#x}"
    arrived = nat.back(AT, seen.source_end, summed=False)
    assert arrived and not arrived.sum_field, f"inwards it becomes {arrived and arrived.sum_field:#x}"


def test_promise_checksum_of_zero_is_written_as_ones(nat: Nat) -> None:
    """A UDP checksum that comes out as 0 is 0xffff after translation: 0 would mean that there is none (RFC 768)."""
    outside = nat.mapping(4000, AT)
    inside_end = End(nat.guest.address, 4000)
    for source, destination, sender, receiver in ((inside_end, AT, nat.guest, nat.outside),
                                                  (AT, outside, nat.outside, nat.guest)):
        after = udp(outside, AT, b"\0\0") if sender is nat.guest else udp(AT, inside_end, b"\0\0")
        # The two octets of data that make the sum of what arrives come out as 0.
        arrived = nat.carry(udp(source, destination, after.sum_field.to_bytes(2, "big")), sender, receiver)
        assert arrived, "it does not arrive"
        assert arrived.sum_field == 0xFFFF, f"it is {arrived.sum_field:#x}"


def test_promise_ttl_and_the_rest_of_the_header(nat: Nat) -> None:
    """Each way, the TTL is one less; the don't-fragment bit and the data are what they were."""
    for df in (False, True):
        seen = nat.out(4000, AT, ttl=64, df=df, ident=7)
        assert seen and seen.ttl == 63 and seen.df == df, f"outwards: TTL {seen and seen.ttl}, DF {seen and seen.df}"
        arrived = nat.back(AT, seen.source_end, ttl=17, df=df, ident=8)
        assert arrived and arrived.ttl == 16 and arrived.df == df, f"inwards: {arrived and (arrived.ttl, arrived.df)}"


def test_promise_overlapping_fragments_are_dropped(nat: Nat) -> None:
    """Fragments that overlap (RFC 1858) make no datagram, from either side."""
    outside = nat.mapping(4000, AT)
    for packet, sender, receiver in ((udp(AT, outside, token() * 128, ident=5), nat.outside, nat.guest),
                                     (udp(End(nat.guest.address, 4000), AT, token() * 128, ident=5), nat.guest,
                                      nat.outside)):
        first, second, third = packet.fragments(512)
        for fragment in (first, second.with_(offset=504, body=second.body[:8] + second.body), third):
            sender.send(fragment)
        arrived = receiver.datagram(lambda p: p.protocol == UDP, QUIET)
        assert not arrived, f"{len(arrived.body)} octets arrive"


def test_promise_fragments_fit_the_guests_card(nat: Nat) -> None:
    """What came in pieces out of order, and was put together, goes on to the guest in pieces that its card can take."""
    whole = udp(AT, nat.mapping(4000, AT), token() + bytes(3000))
    for piece in reversed(whole.fragments(1000)):
        nat.outside.send(piece)
    got = nat.guest.all(lambda p: p.source == A)
    assert sum(len(p.octets) - 20 for p in got) == len(whole.octets) - 20, f"{len(got)} pieces are not the whole"
    assert max(len(p.octets) for p in got) <= 1500, f"they have {[len(p.octets) for p in got]} octets"


# --- security ---

def test_promise_an_address_under_two_masks_is_one(nat: Nat) -> None:
    """Two guests are never the same end outside, however often the address comes and goes a second time."""
    lines = (f"route replace 198.51.100.0/24 dev up0\nneigh replace {A} dev up0 lladdr {WIRE_MAC} nud permanent\n")
    for _ in range(12):
        nat.change_uplink(f"address add {UPLINK}/32 dev up0\n")
        nat.change_uplink(f"address del {UPLINK}/32 dev up0\naddress add {UPLINK}/32 dev up0\n"
                          f"link set up0 down\nlink set up0 up\n{lines}")
        ends = [nat.mapping(port, AT, guest=guest) for port in (4000, 4001) for guest in (nat.guest, nat.other)]
        assert len(set(ends)) == 4, f"they are {ends}"
        nat.change_uplink(f"address del {UPLINK}/32 dev up0\n")


def test_promise_guests_have_their_own_address(nat: Nat) -> None:
    """What a guest sends from an address that is not its own, of IP or Ethernet, is not translated."""
    for source in (nat.other.address, "10.9.0.77", "203.0.113.99", UPLINK, "0.0.0.0", "127.0.0.1"):
        packet = udp(End(source, 4000), AT, token())
        assert not nat.carry(packet, nat.guest, nat.outside, QUIET), f"it may send from {source}"
    own, nat.guest.own = nat.guest.own, mac("02:00:00:00:09:99")
    try:
        assert not nat.out(4000, AT, within=QUIET), "it may send from another MAC address"
    finally:
        nat.guest.own = own
    assert nat.out(4000, AT), "nor may it from its own addresses"


def test_promise_nobody_sends_to_martians(nat: Nat) -> None:
    """What is for an address that nobody may be sent to is not sent."""
    for address in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.255",
                    "169.254.1.1"):
        nat.guest.send(udp(End(nat.guest.address, 4000), End(address, 7000), token()))
        said = nat.outside.all(lambda p: p.protocol == UDP)
        assert not said, f"{said[0]} is sent"


def test_promise_guests_are_isolated(nat: Nat) -> None:
    """A guest does not reach another one's inside address."""
    packet = udp(End(nat.guest.address, 4000), End(nat.other.address, 5000), token())
    assert not nat.carry(packet, nat.guest, nat.other, QUIET), "it does"


@network(joined=True)
def test_promise_guests_can_be_joined(nat: Nat) -> None:
    """Unless they are joined: then it does, and is seen with its own address."""
    packet = udp(End(nat.guest.address, 4000), End(nat.other.address, 5000), token())
    arrived = nat.carry(packet, nat.guest, nat.other)
    assert arrived, "it does not"
    assert arrived.source == nat.guest.address, f"it comes from {arrived.source}"


def test_promise_source_routes_are_refused(nat: Nat) -> None:
    """A packet that says itself which way it wants to take (RFC 791, options 131 and 137) is dropped."""
    for option in (131, 137):
        packet = udp(End(nat.guest.address, 4000), AT, token())
        packet = packet.with_(options=bytes([option, 7, 4]) + bytes([192, 0, 2, 254]) + b"\0")
        assert not nat.carry(packet, nat.guest, nat.outside, QUIET), f"one with option {option} passes"


def test_promise_no_inside_address_is_seen_outside(nat: Nat) -> None:
    """Whatever a guest sends that belongs to nothing, its own address does not leave the host.

    A segment of no connection, an error about nothing, another protocol: what cannot be translated is dropped.
    """
    c = nat.connect(4000, AT)
    own = nat.guest.address
    strays: list[Packet] = [
        tcp(c.inside, AT, ACK, c.guest_next + 1_000_000_000, 1, b"out of the window"),
        tcp(End(own, 4444), AT, ACK, 1, 1, b"of no connection"),
        tcp(End(own, 4445), AT, 0, 1, 1), tcp(End(own, 4446), AT, 0x3F, 1, 1),
        Packet(own, A, 132, random.randbytes(32)), Packet(own, A, 47, random.randbytes(32)),
        echo(own, A, 99, token(), reply=True),
        udp(End(own, 4000), AT, token()).with_(body=b"\0\1\2\3"),
    ]
    for stray in strays:
        nat.guest.send(stray)
        said = nat.outside.all(lambda p: p.source == own)
        assert not said, f"{said[0]} is seen outside"


def test_promise_time_exceeded_goes_out_once(nat: Nat) -> None:
    """An ICMP error is never answered by an ICMP error (RFC 1122, 3.2.2)."""
    seen = nat.out(4000, AT)
    assert seen, "a datagram did not arrive"
    nat.outside.send(error(A2, seen, EXCEEDED).with_(ttl=1))
    nat.guest.send(error(nat.guest.address, udp(AT, End(nat.guest.address, 4000)), EXCEEDED).with_(ttl=1))
    assert not nat.outside.all(is_error(EXCEEDED)) and not nat.guest.all(is_error(EXCEEDED)), "it is"
