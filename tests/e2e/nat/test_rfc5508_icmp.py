"""RFC 5508: what a translator does with ICMP."""
from __future__ import annotations

import struct

from packets import (ECHO_REPLY, EXCEEDED, NO_HOST, NO_NET, NO_PORT, PROHIBITED, SYN, UNREACHABLE, End, Packet, echo,
                     error, internet_sum, tcp, udp)
from topology import A, A2, B, GATEWAY, QUIET, ROUTER, UPLINK, Nat, is_error, like, network, token

AT = End(A, 7000)


def test_rfc5508_req_01_queries_pass(nat: Nat) -> None:
    """REQ-1, MUST: queries of guests and the answers pass, also if two guests use the same identifier."""
    nat.ping(A, 77)
    nat.ping(A, 77, guest=nat.other)
    nat.ping(A, 77)


def test_rfc5508_req_01a_identifier_is_independent_of_the_host(nat: Nat) -> None:
    """REQ-1a, SHOULD: one identifier inside is one outside, whomever the query is for."""
    outside = {nat.ping(remote, 77) for remote in (A, A2, B)}
    nat.note(f"77 is {', '.join(str(end.port) for end in outside)}")
    assert len(outside) == 1, "it depends on the destination"


def test_rfc5508_req_02_timer_is_a_minute_or_more(nat: Nat) -> None:
    """REQ-2, MUST NOT: a query's session does not expire in less than 60 s."""
    seconds = nat.subject.timeouts()["icmp"]
    nat.note(f"{seconds} s")
    assert seconds >= 60, "that is less than 60"


def answer(nat: Nat, query: Packet) -> Packet:
    return echo(query.destination, query.source, query.ports[0], query.data, reply=True)


def query(nat: Nat, ident: int) -> Packet:
    """One of the guest's, as A sees it."""
    seen = nat.carry(echo(nat.guest.address, A, ident, token()), nat.guest, nat.outside)
    assert seen, "a query did not arrive"
    return seen


@network(icmp=2)
def test_rfc5508_req_02a_timer_can_be_set(nat: Nat) -> None:
    """REQ-2a, RECOMMENDED: the timer is configurable. Not before it has run, but then, a session is gone."""
    early, late = query(nat, 77), query(nat, 78)
    nat.sleep(1)
    assert nat.carry(answer(nat, early), nat.outside, nat.guest), "it is gone after 1 s of 2"
    nat.sleep(2)
    assert not nat.carry(answer(nat, late), nat.outside, nat.guest, QUIET), "it is there after 3 s of 2"


def sent(nat: Nat, data: bytes = b"some data of eight times two") -> tuple[Packet, Packet]:
    """A datagram as the guest has sent it, and as the server sees it."""
    packet = udp(End(nat.guest.address, 4000), AT, data, ident=7)
    seen = nat.carry(packet, nat.guest, nat.outside)
    assert seen, "a datagram did not arrive"
    return packet, seen


def as_sent(nat: Nat, original: Packet, seen: Packet, quoting: Packet) -> None:
    """The quotation is the packet that was sent, octet by octet, but for what is cut off, the TTL and the
    identification, of which nobody remembers what they were."""
    quoted, wanted = quoting.body[8:], original.with_(ttl=seen.ttl, ident=seen.ident).octets
    assert quoted[:len(wanted)] == wanted[:len(quoted)], \
        f"quoted is {quoted.hex()}, and {wanted[:len(quoted)].hex()} was sent"


def test_rfc5508_req_03_errors_with_a_wrong_sum(nat: Nat) -> None:
    """REQ-3, SHOULD: an ICMP error whose checksum is wrong is dropped silently."""
    _, seen = sent(nat)
    right = error(A, seen, UNREACHABLE, NO_PORT)
    wrong = right.with_(body=right.body[:2] + bytes([right.body[2] ^ 1]) + right.body[3:])
    assert not nat.carry(wrong, nat.outside, nat.guest, QUIET), "it reaches the guest"
    assert nat.carry(right, nat.outside, nat.guest), "nor does one whose checksum is right"


def test_rfc5508_req_03a_errors_that_quote_a_wrong_sum(nat: Nat) -> None:
    """REQ-3a, SHOULD: an error that quotes an IP header whose checksum is wrong is dropped silently."""
    _, seen = sent(nat)
    quoted = bytearray(seen.octets)
    quoted[11] ^= 1
    wrong = error(A, bytes(quoted), UNREACHABLE, NO_PORT)
    nat.outside.send(wrong)
    assert not nat.guest.receive(like(wrong), QUIET), "it reaches the guest"


def test_rfc5508_req_03b_errors_that_quote_ip_options(nat: Nat) -> None:
    """REQ-3b, MUST: the ports of the quoted packet are behind its IP options."""
    original, seen = sent(nat)
    options = b"\x01" * 8
    arrived = nat.carry(error(ROUTER, seen.with_(options=options), EXCEEDED), nat.outside, nat.guest)
    assert arrived, "it does not arrive"
    as_sent(nat, original.with_(options=options), seen, arrived)


def test_rfc5508_req_03c_errors_that_quote_a_wrong_transport_sum(nat: Nat) -> None:
    """REQ-3c, SHOULD NOT: the checksum of the quoted datagram itself is not looked at."""
    _, seen = sent(nat)
    body = seen.body[:6] + bytes([seen.body[6] ^ 0x55]) + seen.body[7:]
    assert nat.carry(error(A, seen.with_(body=body), UNREACHABLE, NO_PORT), nat.outside, nat.guest), \
        "it does not arrive"


def test_rfc5508_req_03d_errors_with_extensions(nat: Nat) -> None:
    """REQ-3d, MUST: padding and extensions (RFC 4884) behind the quoted datagram are no part of it."""
    original, seen = sent(nat)
    # An MPLS label stack object (RFC 4950), in an extension structure of version 2.
    extension = b"\x20\0\0\0" + b"\0\x08\x01\x01" + b"\0\x01\x21\x40"
    extension = extension[:2] + struct.pack("!H", internet_sum(extension)) + extension[4:]
    padding = bytes(128 - len(seen.octets))
    arrived = nat.carry(error(ROUTER, seen.octets + padding + extension, EXCEEDED, rest=128 // 4 << 16), nat.outside,
                        nat.guest)
    assert arrived, "it does not arrive"
    as_sent(nat, original, seen, arrived)
    assert arrived.body[8 + len(seen.octets):] == padding + extension, "what is behind the datagram has changed"
    assert arrived.body[4:8] == b"\0\x20\0\0", "the length of the quotation has changed"


def test_rfc5508_req_04_errors_about_nothing(nat: Nat) -> None:
    """REQ-4, SHOULD: an error from outside about a packet for which there is no mapping is dropped silently."""
    sent(nat)
    for about in (udp(End(UPLINK, 5999), AT), tcp(End(UPLINK, 4000), AT, SYN), echo(UPLINK, A, 5999)):
        wrong = error(A, about, UNREACHABLE, NO_PORT)
        nat.outside.send(wrong)
        assert not nat.guest.receive(like(wrong), QUIET), f"{wrong} reaches a guest"
    assert not nat.outside.all(lambda p: p.protocol == 1), "it is answered"


def about_each(nat: Nat) -> list[tuple[Packet, Packet]]:
    """A packet of each protocol, as it was sent, and as the server saw it."""
    packets = [udp(End(nat.guest.address, 4000), AT, b"an odd number of octets", ident=7),
               tcp(End(nat.guest.address, 4000), AT, SYN, 12345, ident=8),
               echo(nat.guest.address, A, 77, b"query", ident=9)]
    pairs = [(p, nat.carry(p, nat.guest, nat.outside)) for p in packets]
    assert all(seen for _, seen in pairs), "what errors are to be about did not arrive"
    return pairs


def test_rfc5508_req_04a_quoted_packets_are_what_was_sent(nat: Nat) -> None:
    """REQ-4a, MUST: the quoted headers are what the guest has sent, with right checksums, whole or cut off."""
    for original, seen in about_each(nat):
        for most in (28, 548):
            arrived = nat.carry(error(ROUTER, seen, EXCEEDED, most=most), nat.outside, nat.guest)
            assert arrived, f"an error about {seen} did not arrive"
            as_sent(nat, original, seen, arrived)


def test_rfc5508_req_04b_type_and_code_are_kept(nat: Nat) -> None:
    """REQ-4b, MUST: type and code are left as they are."""
    for _, seen in about_each(nat):
        for kind, code in ((UNREACHABLE, 0), (UNREACHABLE, 1), (UNREACHABLE, 10), (UNREACHABLE, 13), (EXCEEDED, 0),
                           (EXCEEDED, 1)):
            assert nat.carry(error(ROUTER, seen, kind, code), nat.outside, nat.guest), f"{kind}/{code} did not arrive"


def test_rfc5508_req_04c_errors_go_to_the_sender(nat: Nat) -> None:
    """REQ-4c, MUST: an error goes to the inside address that the quoted packet comes from, and to nobody else."""
    other = udp(End(nat.other.address, 4000), AT, token())
    for guest, stranger, packet in ((nat.guest, nat.other, sent(nat)[0]), (nat.other, nat.guest, other)):
        seen = nat.carry(packet, guest, nat.outside)
        assert seen, "a datagram did not arrive"
        arrived = nat.carry(error(ROUTER, seen, UNREACHABLE, NO_HOST), nat.outside, guest)
        assert arrived, "the error does not arrive"
        assert arrived.destination == arrived.quoted.source == guest.address, f"it is {arrived}"
        assert not stranger.all(is_error(UNREACHABLE)), "another guest gets it as well"


def test_rfc5508_req_05_errors_of_guests_about_nothing(nat: Nat) -> None:
    """REQ-5, SHOULD: an error from inside about a packet for which there is no mapping is dropped silently."""
    sent(nat)
    for about in (udp(AT, End(nat.guest.address, 5999)), tcp(AT, End(nat.guest.address, 4000), SYN)):
        nat.guest.send(error(nat.guest.address, about, UNREACHABLE, NO_PORT))
        said = nat.outside.all(lambda p: p.protocol == 1)
        assert not said, f"it is let out: {said[0]}"


def error_of_a_guest(nat: Nat) -> tuple[Packet, Packet]:
    """A datagram of the server's, and the guest's error about it as the server sees it."""
    _, seen = sent(nat)
    question = udp(AT, seen.source_end, b"an odd number of octets", ident=9)
    arrived = nat.carry(question, nat.outside, nat.guest)
    assert arrived, "the server's datagram did not arrive"
    told = nat.carry(error(nat.guest.address, arrived, UNREACHABLE, NO_PORT), nat.guest, nat.outside)
    assert told, "the guest's error about it did not arrive"
    as_sent(nat, question, arrived, told)
    return question, told


def test_rfc5508_req_05a_guests_quote_what_the_server_sent(nat: Nat) -> None:
    """REQ-5a, MUST: the headers that a guest's error quotes are what the server has sent, with right checksums."""
    question, told = error_of_a_guest(nat)
    assert told.quoted.destination_end == question.destination_end, f"it quotes {told.quoted}"


def test_rfc5508_req_05b_type_and_code_are_kept(nat: Nat) -> None:
    """REQ-5b, MUST: type and code are left as they are."""
    _, seen = sent(nat)
    arrived = nat.carry(udp(AT, seen.source_end, b"question"), nat.outside, nat.guest)
    assert arrived, "the server's datagram did not arrive"
    for kind, code in ((UNREACHABLE, NO_PORT), (UNREACHABLE, 2), (UNREACHABLE, 13), (EXCEEDED, 1)):
        assert nat.carry(error(nat.guest.address, arrived, kind, code), nat.guest, nat.outside), \
            f"{kind}/{code} did not arrive"


def test_rfc5508_req_05c_errors_of_guests_come_from_outside_addresses(nat: Nat) -> None:
    """REQ-5c, MUST: a guest's error comes from the translator's outside address."""
    _, told = error_of_a_guest(nat)
    assert told.source == UPLINK and told.destination == A, f"it is {told}"


@network(icmp=3)
def test_rfc5508_req_06_errors_leave_the_session_as_it_is(nat: Nat) -> None:
    """REQ-6, MUST NOT: an error about a query neither ends its session nor keeps it alive."""
    ended, kept = query(nat, 77), query(nat, 78)
    for _ in range(2):
        nat.sleep(0.8)
        for seen in (ended, kept):
            assert nat.carry(error(ROUTER, seen, UNREACHABLE, NO_HOST), nat.outside, nat.guest), "it does not arrive"
    assert nat.carry(answer(nat, ended), nat.outside, nat.guest), "after errors, the answer does not arrive"
    nat.sleep(2)
    assert not nat.carry(answer(nat, kept), nat.outside, nat.guest, QUIET), "the session is there after 3.6 s of 3"


def test_rfc5508_req_07_hairpinned_errors(nat: Nat) -> None:
    """REQ-7, MUST: an error about what came from another guest by its outside end goes back that way.

    REQ-7a: to the inside address of who sent it. What it quotes is what that one has sent.
    """
    there = nat.mapping(5000, AT, guest=nat.other)
    packet = udp(End(nat.guest.address, 4000), there, b"some data")
    arrived = nat.carry(packet, nat.guest, nat.other)
    assert arrived, f"a datagram to {there} did not arrive"
    told = nat.carry(error(nat.other.address, arrived, UNREACHABLE, NO_PORT), nat.other, nat.guest)
    assert told, "the error about it did not arrive"
    assert told.destination == nat.guest.address and told.source == UPLINK, f"it is {told}"
    as_sent(nat, packet, arrived, told)


@network(ports=(40000, 40003))
def test_rfc5508_req_08_exhaustion_is_told(nat: Nat) -> None:
    """REQ-8, SHOULD: who gets no mapping because there is none left is told by ICMP 3/13, and nothing is sent."""
    for port in range(5000, 5004):
        nat.mapping(port, AT)
        assert nat.connection(port, AT).out(SYN), f"the SYN from port {port} does not leave"
    for packet in (udp(End(nat.guest.address, 5004), AT, token()), tcp(End(nat.guest.address, 5004), AT, SYN, 77)):
        assert not nat.carry(packet, nat.guest, nat.outside, QUIET), f"the fifth of four is sent: {packet}"
        told = nat.guest.receive(is_error(UNREACHABLE))
        assert told, f"nobody tells about {packet}"
        assert told.code == PROHIBITED, f"the answer is {told}"
        assert not told.faults, f"the answer has a wrong {told.faults}"
        as_sent(nat, packet, told.quoted, told)


def test_rfc5508_req_10_unreachable_is_told(nat: Nat) -> None:
    """REQ-10a, MUST: who sends to where no way leads is told by Destination Unreachable."""
    packet = udp(End(nat.guest.address, 4000), End("100.64.0.1", 7000), b"data")
    nat.guest.send(packet)
    told = nat.guest.receive(is_error(UNREACHABLE))
    assert told, "nobody tells"
    assert told.code in (NO_NET, NO_HOST) and not told.faults, f"the answer is {told}, with a wrong {told.faults}"
    as_sent(nat, packet, told.quoted, told)


def test_rfc5508_req_10_time_exceeded_is_told(nat: Nat) -> None:
    """REQ-10a, MUST: a packet that comes with a TTL of 1 ends here, for this is a hop, and its sender is told."""
    seen = nat.out(4000, AT)
    assert seen, "a datagram did not arrive"
    outwards = udp(End(nat.guest.address, 4000), AT, token(), ttl=1)
    inwards = udp(AT, seen.source_end, token(), ttl=1)
    for packet, sender, receiver in ((outwards, nat.guest, nat.outside), (inwards, nat.outside, nat.guest)):
        assert not nat.carry(packet, sender, receiver, QUIET), f"it passes: {packet}"
        told = sender.receive(is_error(EXCEEDED))
        assert told, f"nobody tells about {packet}"
        assert told.code == 0 and not told.faults, f"the answer is {told}, with a wrong {told.faults}"
        as_sent(nat, packet, told.quoted, told)
        nat.note(f"{sender.address} is told by {told.source}")


def test_rfc5508_req_10_time_exceeded_passes(nat: Nat) -> None:
    """REQ-10a, MUST: what routers on the way say reaches the guest, whether traceroute sends UDP, TCP or echoes."""
    for _, seen in about_each(nat):
        arrived = nat.carry(error(ROUTER, seen.with_(ttl=1), EXCEEDED), nat.outside, nat.guest)
        assert arrived and arrived.source == ROUTER, f"what a router says about {seen} did not arrive"


def test_rfc5508_req_10_echo_is_answered(nat: Nat) -> None:
    """REQ-10a, MUST: the translator answers to echo requests at its own addresses, inside and outside."""
    for node, sender, address in ((nat.guest, nat.guest.address, GATEWAY), (nat.outside, A, UPLINK)):
        data = token()
        node.send(echo(sender, address, 77, data))
        said = node.receive(lambda p: p.type == ECHO_REPLY and p.data == data)
        assert said, f"{address} does not answer"
        assert not said.faults and said.source == address and said.ports[0] == 77, f"the answer is {said}"
