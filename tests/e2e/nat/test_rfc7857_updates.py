"""RFC 7857: what it changes in the other three, and adds to them."""
from __future__ import annotations

from packets import ACK, FIN, NO_PORT, RST, SYN, UDP, UNREACHABLE, End, error, tcp, udp
from topology import A, B, QUIET, Nat, network, token

AT = End(A, 80)


@network(tcp_established=5, tcp_transitory=2)
def test_rfc7857_sec_2_1_half_closed_lives_on(nat: Nat) -> None:
    """Section 2.1, SHOULD: a connection that one end has closed lives as long as an open one."""
    for port, close in ((4000, "out"), (4001, "back")):
        c = nat.connect(port, AT)
        assert getattr(c, close)(FIN | ACK), "the FIN does not pass"
        assert (c.back if close == "out" else c.out)(ACK), "its acknowledgement does not pass"
        nat.sleep(3)
        assert c.back(ACK, token(), within=QUIET), f"after 3 s it is gone, by whose FIN went {close}"


@network(tcp_established=8, tcp_transitory=2)
def test_rfc7857_sec_2_1_closed_goes(nat: Nat) -> None:
    """Section 2.1, SHOULD: one that both ends have closed lasts for the transitory timeout."""
    c, d = nat.connect(4000, AT), nat.connect(4001, AT)
    for closing in (c, d):
        assert closing.out(FIN | ACK) and closing.back(FIN | ACK) and closing.out(ACK), "the end does not pass"
    nat.sleep(1)
    assert c.back(ACK), "it is gone after 1 s of 2"
    nat.sleep(2.5)
    assert not d.back(ACK, within=QUIET), "it is there after 3.5 s of 2"


@network(tcp_established=8, tcp_transitory=2)
def test_rfc7857_sec_2_1_reset_is_not_believed(nat: Nat) -> None:
    """Section 2.1, SHOULD: if data follows a RST, the connection is open as before: the RST was somebody else's."""
    c = nat.connect(4000, AT)
    assert c.back(RST), "the RST does not arrive"
    assert c.talks(), "data does not pass any more"
    nat.sleep(3)
    assert c.back(ACK, token()), "after 3 s it is gone"


def test_rfc7857_sec_2_2_transitory_timeout(nat: Nat) -> None:
    """Section 2.2, RECOMMENDED: the least transitory timeout is 4 minutes by default, of half-open connections too."""
    seconds = nat.subject.timeouts()["tcp_transitory"]
    nat.note(f"{seconds} s")
    assert seconds >= 240, "that is less than 240"


def test_rfc7857_sec_2_3_reset_is_translated(nat: Nat) -> None:
    """Section 2.3, MUST: a RST that matches a mapping is translated, from both sides."""
    c, d = nat.connect(4000, AT), nat.connect(4001, AT)
    arrived = c.back(RST)
    assert arrived and arrived.destination_end == c.inside, "the server's does not arrive"
    arrived = d.out(RST | ACK)
    assert arrived and arrived.source_end == d.outside, "the guest's does not arrive"


def test_rfc7857_sec_2_3_reset_ends_nothing_for_four_minutes(nat: Nat) -> None:
    """Section 2.3, SHOULD: after a RST, the session is kept for 4 minutes."""
    c = nat.connect(4000, AT)
    assert c.back(RST), "the RST does not arrive"
    assert c.back(ACK, token()), "the session is gone at once"
    seconds = nat.subject.timeouts()["tcp_reset"]
    nat.note(f"{seconds} s")
    assert seconds >= 240, "that is less than 240"


def test_rfc7857_sec_5_mappings_are_of_one_protocol(nat: Nat) -> None:
    """Section 5, SHOULD: mappings depend on the protocol: TCP, UDP and ICMP do not take each other's ports."""
    assert nat.mapping(4000, AT).port == 4000, "UDP's port 4000 is free"
    assert nat.connect(4000, AT, guest=nat.other).outside.port == 4000, "TCP's port 4000 is free"
    assert nat.ping(A, 4000).port == 4000, "ICMP's identifier 4000 is free"


def test_rfc7857_sec_6_filtering_is_of_one_protocol(nat: Nat) -> None:
    """Section 6, SHOULD: filtering depends on the protocol: a mapping of UDP lets no TCP in, nor the other way."""
    outside, connection = nat.mapping(4000, AT), nat.connect(4001, AT)
    assert not nat.carry(tcp(AT, outside, SYN, 77), nat.outside, nat.guest, QUIET), "UDP's lets a SYN in"
    assert not nat.back(AT, connection.outside, within=QUIET), "TCP's lets a datagram in"


@network(udp=2, closed=True)
def test_rfc7857_sec_7_filtered_packets_do_not_refresh(nat: Nat) -> None:
    """Section 7, SHOULD NOT: what is kept out does not keep the mapping alive."""
    outside = nat.mapping(4000, AT)
    for _ in range(4):
        nat.sleep(0.4)
        assert not nat.back(End(B, 53), outside, within=QUIET), "a stranger is let in"
    assert not nat.back(AT, outside, within=QUIET), "after 2.8 s of 2, the mapping is there"


@network(udp=2)
def test_rfc7857_sec_8_outbound_errors_do_not_refresh(nat: Nat) -> None:
    """Section 8, SHOULD NOT: an ICMP error that a guest sends as an answer does not keep its mapping alive."""
    outside = nat.mapping(4000, AT)
    arrived = nat.back(AT, outside)
    assert arrived, "a datagram did not arrive"
    for _ in range(3):
        nat.sleep(0.4)
        told = nat.carry(error(nat.guest.address, arrived, UNREACHABLE, NO_PORT), nat.guest, nat.outside)
        assert told, "the guest's error does not arrive"
    nat.sleep(1.2)
    assert not nat.back(AT, outside, within=QUIET), "2.4 s after the last datagram, of 2, the mapping is there"


def test_rfc7857_sec_10_changed_ports_are_not_to_be_guessed(nat: Nat) -> None:
    """Section 10, SHOULD: a port that has to be changed becomes one that nobody can tell before (RFC 6056)."""
    ports = range(4000, 4012)
    for port in ports:
        nat.mapping(port, AT)
    changed = [nat.mapping(port, AT, guest=nat.other).port for port in ports]
    steps = {b - a for a, b in zip(changed, changed[1:])}
    nat.note(f"{ports[0]} to {ports[-1]} are {' '.join(map(str, changed))}")
    assert not set(changed) & set(ports), "two guests have the same port"
    assert len(steps) >= 8, f"the next is {len(steps)} steps away from the last"


def test_rfc7857_sec_11_identification(nat: Nat) -> None:
    """Section 11, SHOULD: fragments of two guests never have the same identification at a time (RFC 6864, 5.3.1)."""
    guests = (nat.guest, nat.other)
    datagrams = [udp(End(guest.address, 4000), End(A, 7000), token() * 150, ident=0x1234) for guest in guests]
    fragments = [datagram.fragments(800) for datagram in datagrams]
    for part in range(2):
        for guest, parts in zip(guests, fragments):
            guest.send(parts[part])
    seen = nat.outside.all(lambda p: p.protocol == UDP)
    first = [p for p in seen if not p.offset and p.mf] or [p for p in seen if p.whole]
    assert len(first) == 2, f"{len(first)} of 2 datagrams arrived"
    assert first[0].ident != first[1].ident, f"both are {first[0].ident:#x}"
