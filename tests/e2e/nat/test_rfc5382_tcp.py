"""RFC 5382: what a translator does with TCP."""
from __future__ import annotations

from packets import (ACK, BAD_PARAMETER, EXCEEDED, FIN, NO_PORT, PSH, QUENCH, REDIRECT, SYN, TCP, TOO_BIG, UNREACHABLE,
                     End, Packet, error, tcp)
from topology import A, A2, B, B2, GATEWAY, QUIET, UPLINK, Connection, Nat, is_error, network, token

AT = End(A, 80)


def syn(source: End, destination: End) -> Packet:
    return tcp(source, destination, SYN, int.from_bytes(token()[:4], "big"))


def to_the_peer(nat: Nat, within: float) -> list[Packet]:
    """What the server at A gets within that time, other than segments that a guest has sent."""
    return nat.outside.all(lambda p: p.destination == A, within)


def test_rfc5382_req_01_mapping_is_endpoint_independent(nat: Nat) -> None:
    """REQ-1, MUST: one inside end has one outside end, whomever it connects to."""
    outside = {nat.connect(4000, remote).outside for remote in (AT, End(A, 81), End(A2, 80), End(B, 443))}
    nat.note(f"port 4000 is {', '.join(map(str, outside))}")
    assert len(outside) == 1, "it depends on the destination"


def test_rfc5382_req_02_connections_from_inside(nat: Nat) -> None:
    """REQ-2, MUST: handshake, data, and the end of the connection, whoever closes first, or both at a time."""
    for port, first in enumerate(("guest", "server", "both"), 4000):
        c = nat.connect(port, AT)
        assert c.out(PSH | ACK, b"question") and c.back(PSH | ACK, b"answer"), "data does not pass"
        if first == "guest":
            steps = [c.out(FIN | ACK), c.back(ACK), c.back(ACK, b"more"), c.out(ACK), c.back(FIN | ACK), c.out(ACK)]
        elif first == "server":
            steps = [c.back(FIN | ACK), c.out(ACK), c.out(ACK, b"more"), c.back(ACK), c.out(FIN | ACK), c.back(ACK)]
        else:
            guest_next, server_next = c.guest_next, c.server_next
            steps = [c.out(FIN | ACK)]
            c.guest_next = guest_next
            steps += [c.back(FIN | ACK)]
            c.guest_next, c.server_next = guest_next + 1, server_next + 1
            steps += [c.out(ACK), c.back(ACK)]
        lost = [number for number, step in enumerate(steps, 1) if not step]
        assert not lost, f"{first} closes first: segment {lost[0]} of the end does not pass"


def test_rfc5382_req_02_connections_from_outside(nat: Nat) -> None:
    """REQ-2, MUST: the same for connections that are permitted and begin outside."""
    nat.subject.forward(TCP, 8080, nat.guest.address, 80)
    server, guest, there = 1000, 2000, End(UPLINK, 8080)
    steps = ((nat.outside, tcp(End(A, 999), there, SYN, server)),
             (nat.guest, tcp(End(nat.guest.address, 80), End(A, 999), SYN | ACK, guest, server + 1)),
             (nat.outside, tcp(End(A, 999), there, ACK, server + 1, guest + 1)),
             (nat.outside, tcp(End(A, 999), there, PSH | ACK, server + 1, guest + 1, b"question")),
             (nat.guest, tcp(End(nat.guest.address, 80), End(A, 999), PSH | ACK, guest + 1, server + 9, b"answer")),
             (nat.guest, tcp(End(nat.guest.address, 80), End(A, 999), FIN | ACK, guest + 7, server + 9)),
             (nat.outside, tcp(End(A, 999), there, FIN | ACK, server + 9, guest + 8)),
             (nat.guest, tcp(End(nat.guest.address, 80), End(A, 999), ACK, guest + 8, server + 10)))
    for number, (sender, segment) in enumerate(steps, 1):
        arrived = nat.carry(segment, sender, nat.guest if sender is nat.outside else nat.outside)
        assert arrived, f"segment {number} of {len(steps)} does not pass: {segment}"
        if sender is nat.guest:
            assert arrived.source_end == there, f"it comes from {arrived.source_end}, not from {there}"


def test_rfc5382_req_02a_simultaneous_open(nat: Nat) -> None:
    """REQ-2a, MUST: both send a SYN, and then both answer the other's."""
    c = nat.connection(4000, AT)
    assert c.out(SYN), "the guest's SYN does not leave"
    assert c.back(SYN), "the server's SYN does not arrive"
    c.guest_next -= 1
    assert c.out(SYN | ACK), "the guest's SYN and ACK does not leave"
    c.server_next -= 1
    assert c.back(SYN | ACK), "the server's SYN and ACK does not arrive"
    assert c.talks(), "data does not pass"


def test_rfc5382_req_03_filtering_is_endpoint_independent(nat: Nat) -> None:
    """REQ-3, RECOMMENDED for transparency: whoever knows an outside end can connect to it."""
    outside = nat.connect(4000, AT).outside
    for stranger in (End(A, 81), End(A2, 80), End(B, 999)):
        arrived = nat.carry(syn(stranger, outside), nat.outside, nat.guest)
        assert arrived, f"a SYN of {stranger}, to whom nobody has sent, is kept out"
        assert arrived.destination_end == End(nat.guest.address, 4000), f"it went to {arrived.destination_end}"


@network(address_dependent=True)
def test_rfc5382_req_03a_filtering_by_address_can_be_chosen(nat: Nat) -> None:
    """REQ-3a, RECOMMENDED for strictness: only whose address was sent to can connect, from any port."""
    outside = nat.connect(4000, AT).outside
    assert nat.carry(syn(End(A, 81), outside), nat.outside, nat.guest), "another port of the server's is kept out"
    for stranger in (End(A2, 80), End(B, 999)):
        assert not nat.carry(syn(stranger, outside), nat.outside, nat.guest, QUIET), f"{stranger} is let in"


def test_rfc5382_req_04_unsolicited_syn_is_not_answered_for_six_seconds(nat: Nat) -> None:
    """REQ-4, MUST NOT: a SYN that nobody asked for gets no answer of any kind within 6 s."""
    seconds = nat.subject.timeouts().get("tcp_syn")
    nat.outside.send(syn(AT, End(UPLINK, 6000)))
    said = to_the_peer(nat, 5.9)
    assert not said, f"it is answered at once: {said[0]}"
    assert seconds is None or seconds >= 6, f"by default, it is answered after {seconds} s"


@network(tcp_syn=2)
def test_rfc5382_req_04_unsolicited_syn_is_answered_then(nat: Nat) -> None:
    """REQ-4, SHOULD: then its sender is told that the port is unreachable (here after 2 s instead of 6)."""
    sent = syn(AT, End(UPLINK, 6000))
    nat.outside.send(sent)
    early, late = to_the_peer(nat, 1.7), to_the_peer(nat, 2.3)
    assert not early, f"it is answered too early: {early[0]}"
    assert len(late) == 1, f"there are {len(late)} answers"
    told = late[0]
    assert is_error(UNREACHABLE, NO_PORT)(told), f"the answer is {told}"
    assert not told.faults, f"with a wrong {told.faults}"
    assert told.source == UPLINK and told.quoted.octets[20:] == sent.body[:len(told.quoted.body)], f"it is {told}"


@network(tcp_syn=2)
def test_rfc5382_req_04_outbound_syn_takes_the_answer_back(nat: Nat) -> None:
    """REQ-4, MUST: if a guest sends its own SYN for the connection meanwhile, the one from outside is dropped silently.

    Two who punch a hole send at the same time; the SYN that comes too early must not spoil it.
    """
    early = syn(AT, End(UPLINK, 6000))
    nat.outside.send(early)
    nat.sleep(0.5)
    c = nat.connection(6000, AT)
    assert c.out(SYN), "the guest's SYN does not leave"
    assert c.outside == End(UPLINK, 6000), f"port 6000 is free, but becomes {c.outside}"
    said = to_the_peer(nat, 3)
    assert not said, f"the first SYN is answered: {said[0]}"
    assert not nat.guest.all(lambda p: p.protocol == TCP and p.sequence == early.sequence), "and delivered later"
    assert c.back(SYN), "its repetition does not arrive"


def test_rfc5382_req_05_established_timeout(nat: Nat) -> None:
    """REQ-5, MUST NOT: an open connection that is idle is not given up in less than 2 hours and 4 minutes."""
    seconds = nat.subject.timeouts()["tcp_established"]
    nat.note(f"{seconds} s")
    assert seconds >= 7440, "that is less than 7440"


def test_rfc5382_req_05_transitory_timeout(nat: Nat) -> None:
    """REQ-5, MUST NOT: one that opens or closes is not given up in less than 4 minutes."""
    seconds = nat.subject.timeouts()["tcp_transitory"]
    nat.note(f"{seconds} s")
    assert seconds >= 240, "that is less than 240"


@network(tcp_established=5, tcp_transitory=2)
def test_rfc5382_req_05a_timeouts_can_be_set(nat: Nat) -> None:
    """REQ-5a, MAY: both timeouts are configurable; each applies to its connections, and then they are gone."""
    half_open = nat.connection(4000, AT)
    assert half_open.out(SYN), "a SYN does not leave"
    established = nat.connect(4001, AT)
    abandoned = nat.connect(4002, AT)
    nat.sleep(3)
    assert established.talks(), "an open connection is gone after 3 s of 5"
    assert not half_open.back(SYN | ACK, within=QUIET), "a half-open one is there after 3 s of 2"
    nat.sleep(3)
    assert not abandoned.back(ACK, token(), within=QUIET), "an open connection is there after 6 s of 5"


def test_rfc5382_req_06_nobody_looks_into_connections(nat: Nat) -> None:
    """REQ-6, RECOMMENDED: gateways of applications are off by default: what FTP and SIP say is left as it is."""
    for port, data in ((21, b"PORT 10,9,0,2,15,160\r\n"), (5060, b"INVITE sip:x SIP/2.0\r\nVia: 10.9.0.2\r\n\r\n")):
        c = nat.connect(4000, End(A, port))
        assert c.out(PSH | ACK, data), f"what was sent to port {port} did not arrive as it was"
        assert c.back(PSH | ACK, data), f"nor did it from port {port}"


def test_rfc5382_req_07_ports_are_not_overloaded(nat: Nat) -> None:
    """REQ-7, MUST NOT: two inside ends never share an outside end, not even for different destinations."""
    one, two = nat.connect(4000, AT).outside, nat.connect(4000, End(B, 80), guest=nat.other).outside
    assert one != two, f"two guests are {one} at a time"


def hairpin(nat: Nat) -> tuple[Connection, End, Packet | None]:
    """A guest's connection to the outside end of another's; that end; the SYN as the other sees it."""
    there = nat.connect(5000, AT, guest=nat.other).outside
    c = nat.connection(4000, there)
    first = tcp(c.inside, there, SYN, c.guest_next)
    c.guest_next += 1
    return c, there, nat.carry(first, nat.guest, nat.other)


def test_rfc5382_req_08_hairpinning(nat: Nat) -> None:
    """REQ-8, MUST: guests connect to each other by their outside ends."""
    c, there, first = hairpin(nat)
    assert first, f"a SYN to {there} did not arrive"
    inside_end = End(nat.other.address, 5000)
    answer = nat.carry(tcp(inside_end, first.source_end, SYN | ACK, 5000, c.guest_next), nat.other, nat.guest)
    assert answer and answer.destination_end == c.inside, "the answer did not arrive"
    for sender, receiver, segment in (
            (nat.guest, nat.other, tcp(c.inside, there, PSH | ACK, c.guest_next, 5001, b"question")),
            (nat.other, nat.guest, tcp(inside_end, first.source_end, PSH | ACK, 5001, c.guest_next + 8, b"answer"))):
        assert nat.carry(segment, sender, receiver), f"{segment.data.decode()} did not arrive"


def test_rfc5382_req_08a_hairpinning_shows_the_outside_source(nat: Nat) -> None:
    """REQ-8a, MUST: such segments come from the sender's outside end."""
    own = nat.connect(4000, AT).outside
    c, there, first = hairpin(nat)
    assert first, f"a SYN to {there} did not arrive"
    assert first.source_end == own, f"it comes from {first.source_end}, and not from {own}"
    answer = nat.carry(tcp(End(nat.other.address, 5000), own, SYN | ACK, 5000, c.guest_next), nat.other, nat.guest)
    assert answer and answer.source_end == there, f"the answer comes from {answer and answer.source_end}, not {there}"


def test_rfc5382_req_09_unreachable_is_translated(nat: Nat) -> None:
    """REQ-9, SHOULD: Destination Unreachable about a segment reaches the guest that sent it."""
    for port, code in enumerate((0, 1, NO_PORT, TOO_BIG, 13), 4000):
        c = nat.connection(port, AT)
        sent = c.out(SYN)
        assert sent, "a SYN does not leave"
        arrived = nat.carry(error(B2, sent, UNREACHABLE, code, rest=1400 if code == TOO_BIG else 0), nat.outside,
                            nat.guest)
        assert arrived, f"ICMP 3/{code} did not arrive"
        assert arrived.quoted.source_end == c.inside and arrived.quoted.destination_end == AT, f"it is {arrived}"


def test_rfc5382_req_10_icmp_does_not_end_a_connection(nat: Nat) -> None:
    """REQ-10, MUST NOT: no ICMP message, of whatever kind, ends a mapping or a connection, open or opening."""
    kinds = [(UNREACHABLE, code) for code in (*range(5), 9, 10, 13)] + [
        (QUENCH, 0), (REDIRECT, 1), (EXCEEDED, 0), (BAD_PARAMETER, 0)]
    c = nat.connect(4000, AT)
    opening = nat.connection(4001, AT)
    sent, first = c.out(ACK, b"data"), opening.out(SYN)
    assert sent and first, "segments do not leave"
    for kind, code in kinds:
        rest = 1400 if (kind, code) == (UNREACHABLE, TOO_BIG) else 0
        nat.outside.send(error(A, sent, kind, code, rest=rest))
        nat.outside.send(error(A, first, kind, code, rest=rest))
        assert c.talks(), f"after ICMP {kind}/{code}, the connection does not talk"
    assert opening.back(SYN | ACK) and opening.out(ACK), "what was opening cannot be opened"
    assert GATEWAY != c.outside.address == first.source, "the mapping has changed"
