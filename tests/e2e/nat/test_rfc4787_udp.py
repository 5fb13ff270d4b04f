"""RFC 4787: what a translator does with UDP."""
from __future__ import annotations

import itertools
from pathlib import Path

from packets import BAD_PARAMETER, EXCEEDED, NO_PORT, QUENCH, REDIRECT, TOO_BIG, UDP, UNREACHABLE, End, error, udp
from topology import (A, A2, B, B2, HOST, QUIET, ROUTER, WIRE_MAC, Nat, inside, is_error, network, token)

AT = End(A, 7000)


def test_rfc4787_req_01_mapping_is_endpoint_independent(nat: Nat) -> None:
    """REQ-1, MUST: one inside end has one outside end, whomever it talks to."""
    outside = {nat.mapping(4000, remote) for remote in (AT, End(A, 7001), End(A2, 7000), End(B, 53))}
    nat.note(f"port 4000 is {', '.join(map(str, outside))}")
    assert len(outside) == 1, "it depends on the destination"


@network(addresses=2)
def test_rfc4787_req_02_pooling_is_paired(nat: Nat) -> None:
    """REQ-2, RECOMMENDED: one inside address has one outside address, for all that it does."""
    for guest in (nat.guest, nat.other):
        outside = {nat.mapping(port, remote, guest=guest).address
                   for port in range(4000, 4006) for remote in (AT, End(B, 7000))}
        outside.add(nat.connect(4000, AT, guest=guest).outside.address)
        outside.add(nat.ping(B, 77, guest=guest).address)
        nat.note(f"{guest.address} is {', '.join(outside)}")
        assert len(outside) == 1, "it has more than one"


def test_rfc4787_req_03_ports_are_not_overloaded(nat: Nat) -> None:
    """REQ-3, MUST NOT: two inside ends never share an outside end, not even for different destinations."""
    one = nat.mapping(4000, AT)
    two = nat.mapping(4000, End(B, 7000), guest=nat.other)
    assert one != two, f"two guests are {one} at a time"


@network(low_ports=True)
def test_rfc4787_req_03a_port_class_is_kept(nat: Nat) -> None:
    """REQ-3a, RECOMMENDED: a port of 0 to 1023 becomes one of those, and a higher one a higher one."""
    for port in (300, 500, 1000, 1023, 1024, 4000, 65535):
        for guest in (nat.guest, nat.other):
            outside = nat.mapping(port, AT, guest=guest).port
            nat.note(f"{port} {outside}")
            assert (outside < 1024) == (port < 1024), f"port {port} becomes {outside}"


def test_rfc4787_req_04_port_parity_is_kept(nat: Nat) -> None:
    """REQ-4, RECOMMENDED: an even port becomes an even one, an odd one an odd one, also if its own is not free."""
    for port in range(4000, 4016):
        nat.mapping(port, AT)
    pairs = [(port, nat.mapping(port, AT, guest=nat.other).port) for port in range(4000, 4016)]
    changed = [f"{port} becomes {outside}" for port, outside in pairs if port % 2 != outside % 2]
    assert not changed, f"{len(changed)} of {len(pairs)} have changed: {changed[0]}"


def test_rfc4787_req_05_timer_is_two_minutes_or_more(nat: Nat) -> None:
    """REQ-5, MUST NOT: a mapping does not expire in less than two minutes."""
    seconds = nat.subject.timeouts()["udp"]
    nat.note(f"{seconds} s")
    assert seconds >= 120, "that is less than 120"


@network(udp=2)
def test_rfc4787_req_05b_timer_can_be_set(nat: Nat) -> None:
    """REQ-5b, MAY: the timer is configurable. Not before it has run, but then, a mapping is gone."""
    early, late = nat.mapping(4000, AT), nat.mapping(4001, AT)
    nat.sleep(1)
    assert nat.back(AT, early), "it is gone after 1 s of 2"
    nat.sleep(2)
    assert not nat.back(AT, late, within=QUIET), "it is there after 3 s of 2"


def test_rfc4787_req_05c_timer_is_five_minutes_by_default(nat: Nat) -> None:
    """REQ-5c, RECOMMENDED: a mapping lives for five minutes or more, unless told otherwise."""
    seconds = nat.subject.timeouts()["udp"]
    nat.note(f"{seconds} s")
    assert seconds >= 300, "that is less than 300"


@network(udp=3)
def test_rfc4787_req_06_outbound_packets_refresh(nat: Nat) -> None:
    """REQ-6, MUST: what the guest sends keeps its mapping alive."""
    outside = nat.mapping(4000, AT)
    for _ in range(3):
        nat.sleep(1.6)
        assert nat.mapping(4000, AT) == outside, "the mapping has changed"
    assert nat.back(AT, outside), "nothing comes in after 4.8 s of sending each 1.6 s, with a timeout of 3"


def test_rfc4787_req_07_conflicting_addresses(nat: Nat) -> None:
    """REQ-7, MUST: hosts outside whose addresses are those of the guests' own subnet can be reached, or cannot be.

    The uplink is given an address of that subnet while all runs, as by DHCP, so its guests cannot be renumbered.
    """
    twin = End("10.9.0.99", 7000)
    nat.change_uplink("address add 10.9.0.77/24 dev up0\n"
                      f"neigh replace {twin.address} dev up0 lladdr {WIRE_MAC} nud permanent\n")
    arrived = nat.out(4000, twin)
    assert arrived, f"nothing reaches {twin.address} outside"
    assert nat.back(twin, arrived.source_end), f"nothing comes back from {twin.address} outside"
    assert nat.back(AT, nat.mapping(4000, AT)), "and others are not reached any more"


def test_rfc4787_req_08_filtering_is_endpoint_independent(nat: Nat) -> None:
    """REQ-8, RECOMMENDED for transparency: whoever knows an outside end can send to it."""
    outside = nat.mapping(4000, AT)
    for stranger in (End(A, 7001), End(A2, 7000), End(B, 53)):
        assert nat.back(stranger, outside), f"{stranger}, to whom nobody has sent, is kept out"


@network(address_dependent=True)
def test_rfc4787_req_08a_filtering_by_address_can_be_chosen(nat: Nat) -> None:
    """REQ-8a, RECOMMENDED for strictness: only whose address was sent to can send, from any port."""
    outside = nat.mapping(4000, AT)
    assert nat.back(End(A, 7001), outside), "another port of an address that was sent to is kept out"
    assert not nat.back(End(A2, 7000), outside, within=QUIET), "an address that was never sent to is let in"
    assert not nat.back(End(B, 53), outside, within=QUIET), "an address that was never sent to is let in"
    nat.mapping(4000, End(B, 7000))
    assert nat.back(End(B, 53), outside), "an address that was sent to is kept out"


def test_rfc4787_req_09_hairpinning(nat: Nat) -> None:
    """REQ-9, MUST: guests reach each other, and themselves, by their outside ends."""
    other = nat.mapping(5000, AT, guest=nat.other)
    own = nat.mapping(4001, AT)
    inside_end = End(nat.guest.address, 4000)
    arrived = nat.carry(udp(inside_end, other, token()), nat.guest, nat.other)
    assert arrived, f"nothing that a guest sent to {other} arrived"
    answer = nat.carry(udp(End(nat.other.address, 5000), arrived.source_end, token()), nat.other, nat.guest)
    assert answer and answer.destination_end == inside_end, "the answer did not arrive"
    assert nat.carry(udp(inside_end, own, token()), nat.guest, nat.guest), "nothing that it sent to itself arrived"


def test_rfc4787_req_09a_hairpinning_shows_the_outside_source(nat: Nat) -> None:
    """REQ-9a, MUST: such a packet comes from the sender's outside end."""
    own = nat.mapping(4000, AT)
    other = nat.mapping(5000, AT, guest=nat.other)
    arrived = nat.carry(udp(End(nat.guest.address, 4000), other, token()), nat.guest, nat.other)
    assert arrived, f"nothing that a guest sent to {other} arrived"
    assert arrived.source_end == own, f"it comes from {arrived.source_end}, and not from {own}"
    answer = nat.carry(udp(End(nat.other.address, 5000), own, token()), nat.other, nat.guest)
    assert answer and answer.source_end == other, f"the answer comes from {answer and answer.source_end}, not {other}"


def test_rfc4787_req_10_nobody_looks_into_datagrams(nat: Nat) -> None:
    """REQ-10, SHOULD: gateways of applications are turned off: what SIP, TFTP and DNS say is left as it is."""
    for port, data in ((5060, b"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.0.2:4000\r\nc=IN IP4 10.9.0.2\r\n\r\n"),
                       (69, b"\0\1file\0octet\0"), (53, b"\x12\x34\1\0\0\1\0\0\0\0\0\0\0\0\x10\0\1")):
        arrived = nat.out(4000, End(A, port), data=data)
        assert arrived, f"what was sent to port {port} did not arrive as it was"
        assert nat.back(End(A, port), arrived.source_end, data=data), f"nor did it from port {port}"


def test_rfc4787_req_11_behaviour_is_deterministic(nat: Nat) -> None:
    """REQ-11, MUST: a mapping that could not get its own port behaves as one that could."""
    first = nat.mapping(4000, AT)
    outside = {nat.mapping(4000, remote, guest=nat.other)
               for remote in (End(B, 7000), AT, End(A2, 7000), End(B, 53))}
    nat.note(f"the second guest's port 4000 is {', '.join(map(str, sorted(outside)))}")
    assert len(outside) == 1, "when another guest uses the same port, it depends on the destination"
    for stranger in (End(B2, 9), End(A, 9)):
        let_in = [bool(nat.back(stranger, end, guest=guest, within=QUIET))
                  for end, guest in ((first, nat.guest), (outside.copy().pop(), nat.other))]
        assert len(set(let_in)) == 1, f"{stranger} is let in to {let_in.count(True)} of 2"


def test_rfc4787_req_12_icmp_does_not_end_a_mapping(nat: Nat) -> None:
    """REQ-12, MUST NOT: no ICMP message, of whatever kind, ends a mapping."""
    sent = nat.out(4000, AT)
    assert sent, "a datagram did not arrive"
    kinds = [(UNREACHABLE, code) for code in (*range(5), 9, 10, 13)] + [
        (QUENCH, 0), (REDIRECT, 1), (EXCEEDED, 0), (EXCEEDED, 1), (BAD_PARAMETER, 0)]
    for kind, code in kinds:
        nat.outside.send(error(A, sent, kind, code, rest=1400 if (kind, code) == (UNREACHABLE, TOO_BIG) else 0))
        assert nat.back(AT, sent.source_end), f"after ICMP {kind}/{code}, nothing comes in"
    assert nat.mapping(4000, AT) == sent.source_end, "the mapping has changed"


def test_rfc4787_req_12a_icmp_is_not_filtered_by_its_source(nat: Nat) -> None:
    """REQ-12a, SHOULD NOT: an error of any router on the way reaches the guest."""
    sent = nat.out(4000, AT)
    assert sent, "a datagram did not arrive"
    arrived = nat.carry(error(ROUTER, sent, EXCEEDED, 0), nat.outside, nat.guest)
    assert arrived, "that of a router did not arrive"
    assert arrived.source == ROUTER, f"it comes from {arrived.source}"


def test_rfc4787_req_12b_unreachable_is_translated(nat: Nat) -> None:
    """REQ-12b, RECOMMENDED: Destination Unreachable reaches the guest, with each code."""
    sent = nat.out(4000, AT)
    assert sent, "a datagram did not arrive"
    for code in (0, 1, 2, NO_PORT, TOO_BIG, 5, 13):
        arrived = nat.carry(error(A, sent, UNREACHABLE, code, rest=1400 if code == TOO_BIG else 0), nat.outside,
                            nat.guest)
        assert arrived, f"ICMP 3/{code} did not arrive"
        assert arrived.quoted.source_end == End(nat.guest.address, 4000), f"it quotes {arrived.quoted}"
        assert code != TOO_BIG or arrived.next_hop_mtu == 1400, f"it tells an MTU of {arrived.next_hop_mtu}"


@network(mtu=1400)
def test_rfc4787_req_13_too_big_and_not_to_be_fragmented(nat: Nat) -> None:
    """REQ-13, MUST: with DF set, the sender is told by ICMP 3/4."""
    sent = udp(End(nat.guest.address, 4000), AT, token() * 180, df=True, ident=7)
    nat.guest.send(sent)
    told = nat.guest.receive(is_error(UNREACHABLE, TOO_BIG))
    assert told, "nobody tells"
    assert not told.faults, f"a wrong {told.faults}"
    assert told.next_hop_mtu == 1400, f"the MTU is said to be {told.next_hop_mtu}"
    assert told.destination == nat.guest.address and told.quoted.source_end == sent.source_end \
        and told.quoted.destination_end == AT and told.quoted.ident == 7, f"it quotes {told.quoted}"
    assert not nat.outside.all(lambda p: p.protocol == UDP), "it was sent all the same"


@network(mtu=1400)
def test_rfc4787_req_13a_fragments_are_sent_in_order(nat: Nat) -> None:
    """REQ-13a, MUST: without DF it is fragmented; SHOULD: and the fragments are sent in order."""
    data = bytes(range(256)) * 5 + token() * 20
    nat.guest.send(udp(End(nat.guest.address, 4000), AT, data, ident=7))
    fragments = nat.outside.all(lambda p: p.protocol == UDP)
    assert len(fragments) > 1, f"{len(fragments)} fragments arrived"
    assert all(20 + len(f.body) <= 1400 and not f.header_fault for f in fragments), "one does not fit"
    offsets = [f.offset for f in fragments]
    assert offsets == sorted(offsets), f"they come as {offsets}"
    nat.outside.inbox = fragments
    whole = nat.outside.datagram()
    assert whole and whole.data == data and not whole.faults, "they do not make what was sent"


def test_rfc4787_req_14_fragments_in_any_order(nat: Nat) -> None:
    """REQ-14, MUST: fragments are received in order and out of order, from both sides."""
    outside = nat.mapping(4000, AT)
    data = bytes(range(256)) * 4 + bytes(184)
    for ident, order in enumerate(itertools.permutations(range(3)), 100):
        inwards = udp(AT, outside, token() + data, ident=ident)
        outwards = udp(End(nat.guest.address, 4000), AT, token() + data, ident=ident)
        for packet, sender, receiver in ((inwards, nat.outside, nat.guest), (outwards, nat.guest, nat.outside)):
            fragments = packet.fragments(512)
            for index in order:
                sender.send(fragments[index])
            arrived = receiver.datagram(lambda p: p.protocol == UDP)
            way = f"{'in' if packet is inwards else 'out'}wards in the order {order}"
            assert arrived, f"three fragments {way} did not arrive"
            assert arrived.data == packet.data and not arrived.faults, f"{way}: something else arrived"


@network(last=True)
def test_rfc4787_req_14a_hostile_fragments(nat: Nat) -> None:
    """REQ-14a, MUST: fragments that never become a datagram do not keep others from being translated.

    RFC 4787 names them: datagrams that are whole, and fragments in order. The last test, for what it leaves.
    """
    outside = nat.mapping(4000, AT)
    with inside(HOST):
        most = int(Path("/proc/sys/net/ipv4/ipfrag_high_thresh").read_text())
    waiting = 0
    for ident in range(4000):
        nat.outside.send(udp(End(B, 9), outside, bytes(1400), ident=ident, mf=True, summed=False))
        if ident % 100 == 99:
            with inside(HOST):
                waiting = int(Path("/proc/thread-self/net/sockstat").read_text().split("FRAG:")[1].split()[3])
            if waiting >= most:
                break
    nat.note(f"{ident + 1} are sent, {waiting >> 10} KiB wait")
    assert waiting < 2 * most, "memory is not bounded"
    assert nat.back(AT, outside) and nat.out(4000, AT), "whole datagrams do not pass"
    for fragment in (sent := udp(AT, outside, token() * 150, ident=7)).fragments(800):
        nat.outside.send(fragment)
    # Those of B's that were let through lie in the guest's inbox by the thousand.
    arrived = nat.guest.datagram(lambda p: p.protocol == UDP and p.source == A)
    assert arrived and arrived.data == sent.data, "fragments in order do not pass"
