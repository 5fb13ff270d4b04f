"""Lab 04: what is asked of each step on the host, and of the module in the course VM.

Packets are drawn at random for each grading, and what must come of each is made here from scratch,
with the new ends: nothing is compared with what the reference happens to do. See README.md for the
steps.
"""
from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import crowd
import datagrams
import wire
from datagrams import ACK, BAD_PARAMETER, EXCEEDED, FIN, ICMP, NAMES, RST, SYN, TCP, UDP, UNREACHABLE, End
from grading.hosttest import Host
from grading.lab import TREE
from grading.module import Machine
from grading.outcome import Failure
from translation import INVARIANTS, OUTSIDE, OUTSIDE2, ROUTER, Translation, Wrong, guest

CORE = "kmod/vnic/core"
WORLD = "tests/unit/vnic"
ANSWERS = "labs/04-virtual-nic/answers.toml"
# The translator; what the gateway says of itself is no business of this lab.
PARTS = ("packet", "translate", "quoted", "nat", "mapping", "session", "ports", "flows", "syn", "audit")
HEADERS = [CORE, "tests/unit/shim", WORLD, "labs/grading/host"]
FOREVER = (1 << 64) - 1
PROTOCOLS = (UDP, TCP, ICMP)

WEB, DNS, OTHER = End("198.51.100.7", 80), End("203.0.113.7", 53), End("198.51.100.8", 8080)


def flags() -> list[str]:
    return ["-std=gnu17", "-O1", "-g", "-fno-pie", "-fsanitize=undefined", "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer", "-w", "-include", "linux/compiler_types.h",
            f"-ffile-prefix-map={TREE}/=", f"-I{TREE}/tests/unit/shim", f"-I{TREE}/{WORLD}",
            f"-I{TREE}/{CORE}", f"-I{TREE}"]


def program(host: Host) -> Path:
    """The translator with the submission's files in it, ready for packets."""
    return host.build("probe", [*(f"{CORE}/{name}.c" for name in PARTS), f"{WORLD}/datagram.c",
                                "tests/unit/shim/alloc.c", "labs/grading/host/crash.c",
                                "labs/04-virtual-nic/host/probe.c"], flags(), HEADERS)


def host(step: int, host: Host) -> None:
    """Raises Failure if the step is wrong."""
    if step == 8:
        crowd.judge(host.composed[ANSWERS], lambda lines: host.run(program(host), lines))
        return
    built = program(host)

    def run(questions: str) -> tuple[list[str], Failure | None]:
        answers, end = host.run(built, questions)
        if end and (rule := INVARIANTS.get(end.why.rstrip("."))):
            end = Failure(f"Invariant {end.why.rstrip('.')} is violated: {rule}.", end.look)
        return answers, end

    talk = Translation(f"See step {step} of the handout.")
    STEPS[step](talk, host.rng)
    talk.judge(run)


def any_end(rng: random.Random, least: int = 1) -> End:
    return End(f"{rng.randrange(11, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
               rng.randrange(least, 65536))


def remote(protocol: int, end: End) -> End:
    return End(end.address) if protocol == ICMP else end


def answer_to(protocol: int, source: End, destination: End, data: bytes = b"data", flags: int = ACK) -> bytes:
    """What a server sends back."""
    if protocol == ICMP:
        return datagrams.echo(End(source.address), destination, data)
    return datagrams.of(protocol, source, destination, data, flags)


# --- step 1: replace a word under its sum ---

def step1(talk: Translation, rng: random.Random) -> None:
    talk.nat("Packets")
    for _ in range(120):
        for protocol in PROTOCOLS:
            rewritten(talk, rng, protocol, rng.randbytes(rng.randrange(1, 60)), "full")
        rewritten(talk, rng, UDP, rng.randbytes(rng.randrange(60)), "none")
        for protocol in (UDP, TCP):
            rewritten(talk, rng, protocol, rng.randbytes(rng.randrange(60)), "partial")
    for protocol in PROTOCOLS:
        for after in (False, True):
            for _ in range(15):
                corner(talk, rng, protocol, after)
    corner_of_the_header(talk, rng)
    for _ in range(60):
        for protocol in PROTOCOLS:
            damaged(talk, rng, protocol)


SUM_LOOK = {
    "full": "updated(): RFC 1624, equation 3, each carry added again.",
    "none": "update(): a UDP sum of 0 says that there is none, and so it stays.",
    "partial": "update(): what stands there is the pseudo-header's sum itself, not its complement; no port is in it.",
}


def one_of_two(rng: random.Random, protocol: int, source: End, destination: End) -> tuple[str, End, End, End]:
    """Which end is replaced, what by, and both ends then."""
    to = any_end(rng)
    if rng.random() < 0.5:
        return "source", to, to, destination
    new = End(to.address) if protocol == ICMP else to
    return "destination", to, source, new


def rewritten(talk: Translation, rng: random.Random, protocol: int, data: bytes, how: str) -> None:
    options = {"how": how, "ttl": rng.randrange(1, 256), "ident": rng.randrange(65536),
               "options": rng.choice((b"", b"", b"\1\1\1\0", b"\x94\4\0\0"))}
    source, destination = any_end(rng), remote(protocol, any_end(rng))
    which, to, new_source, new_destination = one_of_two(rng, protocol, source, destination)
    kind = {"full": "", "none": " without a sum", "partial": " whose sum is yet to be completed"}[how]
    sent = datagrams.of(protocol, source, destination, data, **options)
    want = datagrams.of(protocol, new_source, new_destination, data, **options)
    talk.rewrite(which, to, sent, want, f"A {NAMES[protocol]} packet{kind}", SUM_LOOK[how], how == "partial")


def corner(talk: Translation, rng: random.Random, protocol: int, after: bool) -> None:
    """The sum is 0 before or after: of UDP it is written as ffff then."""
    source, destination = any_end(rng), remote(protocol, any_end(rng))
    which, to, new_source, new_destination = one_of_two(rng, protocol, source, destination)
    before, then = (source, destination), (new_source, new_destination)
    data = fill(protocol, *(then if after else before), rng.randbytes(10))
    talk.rewrite(which, to, datagrams.of(protocol, *before, data), datagrams.of(protocol, *then, data),
                 f"A {NAMES[protocol]} packet whose sum comes to 0 {'afterwards' if after else 'before'}",
                 "A sum that comes to 0 stays 0, but of UDP it is written as ffff: update(), `optional`.")


def fill(protocol: int, source: End, destination: End, data: bytes) -> bytes:
    """The data, and a word behind it with which the sum is 0."""
    made = datagrams.of(protocol, source, destination, data + b"\0\0")
    at = datagrams.transport_at(made) + datagrams.SUM_AT[protocol]
    return data + made[at:at + 2]


def corner_of_the_header(talk: Translation, rng: random.Random) -> None:
    for _ in range(15):
        source, destination, to = any_end(rng), any_end(rng), any_end(rng)
        zero = datagrams.header(to.address, destination.address, UDP, 12, ident=0)
        ident = struct.unpack_from("!H", zero, 10)[0]
        sent = datagrams.udp(source, destination, ident=ident)
        talk.rewrite("source", to, sent, datagrams.udp(to, destination, ident=ident),
                     "A packet whose IPv4 header's sum comes to 0", SUM_LOOK["full"])


def damaged(talk: Translation, rng: random.Random, protocol: int) -> None:
    """Damaged on its way, it has to be as damaged as before: a sum is updated, not computed anew."""
    source, destination = any_end(rng), remote(protocol, any_end(rng))
    which, to, new_source, new_destination = one_of_two(rng, protocol, source, destination)
    data = rng.randbytes(rng.randrange(2, 40))
    off = rng.randrange(1, 0xFFFF)
    sent = bytearray(datagrams.of(protocol, source, destination, data))
    at = datagrams.transport_at(sent) + datagrams.SUM_AT[protocol]
    if struct.unpack_from("!H", sent, at)[0] in (0, off, 0xFFFF):
        return
    struct.pack_into("!H", sent, at, struct.unpack_from("!H", sent, at)[0] ^ off)
    before = datagrams.residue(bytes(sent))
    right = datagrams.of(protocol, new_source, new_destination, data)

    def want(got: bytes) -> bytes:
        if len(got) == len(right) and datagrams.residue(got) % 0xFFFF != before % 0xFFFF:
            raise Wrong("the packet was damaged before it came, and whoever receives it must be able to see that: its "
                        f"sum should be as wrong as it was, by {before:04x}; it is wrong by "
                        f"{datagrams.residue(got):04x}")
        return right[:at] + got[at:at + 2] + right[at + 2:]
    talk.rewrite(which, to, bytes(sent), want, f"A damaged {NAMES[protocol]} packet",
                 "Update the sum for the words that change; do not compute it anew.")


# --- step 2: one mapping for each inside end ---

MAPPING_LOOK = "mapping_out(): one mapping for each inside end, whomever it sends to; find_inside() knows it."


def chosen(talk: Translation, name: str, make: Callable[[End], bytes], ports: range = range(1024, 65536),
           other: str = "") -> Callable[[bytes], bytes]:
    """The packet with whatever outside end was chosen, which is learnt; or, if it is known, with that one."""
    learnt = talk.learnt

    def want(got: bytes) -> bytes:
        end = datagrams.ends(got)[0]
        if name in learnt:
            return make(learnt[name])
        if end.address == OUTSIDE and end.port in ports:
            if other and learnt.get(other) == end:
                raise Wrong(f"it gets {end}, which is another's already")
            learnt[name] = end
        return make(learnt.get(name, End(OUTSIDE, ports[0])))
    return want


def send(talk: Translation, protocol: int, inside: End, to: End, name: str, what: str, look: str, *, verb: str = "out",
         flags: int = SYN, other: str = "", **more: object) -> None:
    """A guest's packet goes out, from the outside end that belongs to the name."""
    to = remote(protocol, to)
    talk.packet(verb, datagrams.of(protocol, inside, to, flags=flags), "out",
                chosen(talk, name, lambda end: datagrams.of(protocol, end, to, flags=flags), other=other), what, look,
                **more)


def step2(talk: Translation, rng: random.Random) -> None:
    for protocol in PROTOCOLS:
        for chain in (False, True):
            one_for_all(talk, rng, protocol, chain)
        explained(talk, rng, protocol)
    many_guests(talk, rng)
    protocols_apart(talk)
    nothing_for_a_reset(talk)
    quota_is_for_new_ones(talk)


def one_for_all(talk: Translation, rng: random.Random, protocol: int, chain: bool) -> None:
    """Where the port cannot be kept, it is seen: the same one for all destinations."""
    (talk.one_chain if chain else talk.nat)(f"{NAMES[protocol]}, ports 5000 to 5040", first=5000, last=5040,
                                           seed=rng.randrange(1, 1 << 30))
    first, second = End(guest(0), 4000), End(guest(0), 4002)
    send(talk, protocol, first, WEB, "first", "the first packet", MAPPING_LOOK, reason="created")
    for to in (WEB, DNS, OTHER, End(WEB.address, 81)):
        send(talk, protocol, first, to, "first", "another packet from the same end", MAPPING_LOOK, reason="known")
        send(talk, protocol, second, to, "second", "a packet from another port", MAPPING_LOOK, other="first")
    for n in range(8):
        send(talk, protocol, End(guest(1), 4000 + n), any_end(rng), f"guest{n}", "a packet of another guest",
             MAPPING_LOOK, reason="created")
    for to in (DNS, any_end(rng), any_end(rng)):
        send(talk, protocol, first, to, "first", "the first end again", MAPPING_LOOK, reason="known")
        send(talk, protocol, End(guest(1), 4003), to, "guest3", "the other guest again", MAPPING_LOOK, reason="known")


def explained(talk: Translation, rng: random.Random, protocol: int) -> None:
    look = "mapping_out(): to explain changes nothing: vnic_mapping_plan(), and pass->plan."
    talk.nat(f"{NAMES[protocol]}, explained", first=5000, last=5001)
    inside, to = End(guest(0), 4000), any_end(rng)
    send(talk, protocol, End(guest(1), 5001), to, "another", "a packet of another guest", MAPPING_LOOK,
         reason="created")
    send(talk, protocol, inside, to, "plan", "a packet that would be the first", look, verb="explain-out",
         reason="created")
    talk.left(protocol, inside, 0, "after it was explained only", look)
    send(talk, protocol, inside, to, "plan", "the packet itself", look, reason="created")
    send(talk, protocol, inside, to, "plan", "another, explained", look, verb="explain-out", reason="known")


def many_guests(talk: Translation, rng: random.Random) -> None:
    talk.one_chain("Twelve guests, and all from one port", most=64)
    order = [n for n in range(12) for _ in range(3)]
    rng.shuffle(order)
    for n in order:
        send(talk, UDP, End(guest(n), 3000), any_end(rng), str(n), "a packet from port 3000", MAPPING_LOOK)
    for n in range(1, 12):
        send(talk, UDP, End(guest(n), 3000), WEB, str(n), "once more", MAPPING_LOOK, other="0")


def protocols_apart(talk: Translation) -> None:
    talk.one_chain("One guest, one port, three protocols", most=64)
    for protocol in PROTOCOLS:
        send(talk, protocol, End(guest(0), 3000), WEB, NAMES[protocol], f"the first of {NAMES[protocol]}",
             "find_inside(): a mapping is of one protocol.", reason="created")
    for protocol in PROTOCOLS:
        send(talk, protocol, End(guest(0), 3000), DNS, NAMES[protocol], f"the second of {NAMES[protocol]}",
             "find_inside(): a mapping is of one protocol.", reason="known")


def nothing_for_a_reset(talk: Translation) -> None:
    look = "mapping_out(): a reset opens nothing: VNIC_REASON_NO_SESSION."
    talk.nat("TCP, and nothing was sent before")
    talk.out(datagrams.tcp(End(guest(0), 4000), WEB, RST), "drop", None, "a reset", look, reason="no-session")
    talk.left(TCP, End(guest(0), 4000), 0, "after a reset", look)
    send(talk, TCP, End(guest(0), 4000), WEB, "a", "a SYN after it", look, reason="created")
    send(talk, TCP, End(guest(0), 4000), WEB, "a", "a reset of what is open", look, reason="known", flags=RST)


def quota_is_for_new_ones(talk: Translation) -> None:
    talk.nat("A guest may have two mappings", quota=2)
    for port in (4000, 4001):
        send(talk, UDP, End(guest(0), port), WEB, str(port), "one of them", MAPPING_LOOK, reason="created")
    talk.out(datagrams.udp(End(guest(0), 4002), WEB), "drop", None, "the third", MAPPING_LOOK, reason="quota",
             told=True)
    send(talk, UDP, End(guest(0), 4000), DNS, "4000", "the first one again", MAPPING_LOOK, reason="known")


# --- step 3: choose a port ---

def step3(talk: Translation, rng: random.Random) -> None:
    for protocol in PROTOCOLS:
        kept_if_free(talk, rng, protocol)
    class_and_parity(talk, rng)
    in_the_order_of_wishes(talk, rng)
    identifiers_have_no_class(talk, rng)
    the_host_has_some(talk, rng)
    forwards_have_theirs(talk)
    not_foretold(talk, rng)
    used_again(talk, rng)


def given(talk: Translation, protocol: int, inside: End, to: End, allowed: Callable[[int], bool], should: str,
          taken: set[tuple[int, int]], look: str) -> None:
    """The port that is given must be among those that are allowed, and free."""
    to = remote(protocol, to)

    def want(got: bytes) -> bytes:
        port = datagrams.ends(got)[0].port
        if (protocol, port) in taken:
            raise Wrong(f"it gets port {port}, which another mapping has")
        if not allowed(port):
            raise Wrong(f"it should get {should}; it gets {port}")
        taken.add((protocol, port))
        return datagrams.of(protocol, End(OUTSIDE, port), to, flags=SYN)
    talk.out(datagrams.of(protocol, inside, to, flags=SYN), "out", want, "a packet", look, reason="created")


def odd_or_even(port: int) -> str:
    return "an odd" if port % 2 else "an even"


KEEP_LOOK = "vnic_ports_choose(): the guest's own port, if it is in the range and free."
FREE_LOOK = "vnic_ports_is_free(): neither a mapping of ours nor the host may have it."
WISH_LOOK = "choice_of(): RFC 4787, REQ-3 (class) and REQ-4 (parity), and the order of `wishes`."


def kept_if_free(talk: Translation, rng: random.Random, protocol: int) -> None:
    talk.nat(f"{NAMES[protocol]}, ports 1024 to 65535", seed=rng.randrange(1, 1 << 30))
    taken: set[tuple[int, int]] = set()
    for port in {1024, 65535, *rng.sample(range(1025, 65535), 12)}:
        given(talk, protocol, End(guest(0), port), any_end(rng),
              lambda p, port=port: p == port or (protocol, port) in taken,
              f"port {port}, its own, which is free", taken, KEEP_LOOK)
        given(talk, protocol, End(guest(1), port), any_end(rng), lambda p: 1024 <= p, "a port of 1024 to 65535", taken,
              FREE_LOOK)
    talk.nat("Two protocols")
    for protocol_ in (UDP, TCP):
        given(talk, protocol_, End(guest(0), 7777), WEB, lambda p: p == 7777,
              "port 7777, its own: of this protocol it is free", set(), KEEP_LOOK)


def class_and_parity(talk: Translation, rng: random.Random) -> None:
    for protocol in (UDP, TCP):
        talk.nat(f"{NAMES[protocol]}, ports 512 to 65535", first=512, seed=rng.randrange(1, 1 << 30))
        taken: set[tuple[int, int]] = set()
        for port in (*rng.sample(range(512, 1024), 8), *rng.sample(range(1024, 65536), 8)):
            low = port < 1024
            # by chance somebody may have it instead of its own
            given(talk, protocol, End(guest(0), port), WEB,
                  lambda p, port=port, protocol=protocol, taken=taken: p == port or (protocol, port) in taken,
                  f"port {port}, its own", taken, KEEP_LOOK)
            for n in (1, 2, 3):
                given(talk, protocol, End(guest(n), port), WEB,
                      lambda p, port=port, low=low: (p < 1024) == low and p >= 512 and p % 2 == port % 2,
                      f"{odd_or_even(port)} port {'below 1024' if low else 'from 1024 on'}, as {port} "
                      "is taken", taken, WISH_LOOK)
    talk.nat("Ports 1024 to 65535")
    for port in (80, 443, 53, 1023):
        given(talk, UDP, End(guest(0), port), WEB, lambda p, port=port: p >= 1024 and p % 2 == port % 2,
              f"{odd_or_even(port)} port from 1024 on, as {port} is out of the range", set(), WISH_LOOK)


def in_the_order_of_wishes(talk: Translation, rng: random.Random) -> None:
    """Eight ports are used up: same class and parity, same class, same parity, any."""
    for high in (True, False):
        talk.nat("Ports 1020 to 1027", first=1020, last=1027, seed=rng.randrange(1, 1 << 30))
        own, rest = (range(1024, 1028), range(1020, 1024)) if high else (range(1020, 1024), range(1024, 1028))
        inside = 4000 if high else 600
        taken: set[tuple[int, int]] = set()
        for ports, parity, should in ((own, 0, "an even port of its class"), (own, 1, "a port of its class"),
                                      (rest, 0, "an even port"), (rest, 1, "what is left")):
            for _ in range(2):
                n = len(talk.lines) % 16
                allowed = {p for p in ports if p % 2 == parity}
                given(talk, UDP, End(guest(n), inside), any_end(rng), lambda p, allowed=allowed: p in allowed,
                      f"{should} ({', '.join(map(str, sorted(allowed)))})", taken, WISH_LOOK)
        talk.out(datagrams.udp(End(guest(15), 9999), WEB), "drop", None, "a packet when no port is left",
                 "vnic_ports_choose(): 0 if there is none; its sender is told (RFC 5508 REQ-8).", reason="no-port",
                 told=True)
        for protocol in (TCP, ICMP):
            given(talk, protocol, End(guest(0), 1024), WEB, lambda p: p == 1024, "1024, which is free in its protocol",
                  set(), KEEP_LOOK)


def identifiers_have_no_class(talk: Translation, rng: random.Random) -> None:
    """Parity and class mean nothing there: of many, some must differ."""
    look = "vnic_ports_choose(): an identifier of ICMP has no class and no parity: only the last wish is its own."
    talk.nat("ICMP, identifiers 1022 to 1025", first=1022, last=1025, seed=rng.randrange(1, 1 << 30))
    taken: set[tuple[int, int]] = set()
    for n in range(4):
        given(talk, ICMP, End(guest(n), 4000), WEB, lambda p: 1022 <= p <= 1025, "one of 1022 to 1025", taken, look)
    seen: list[int] = []
    for i in range(24):
        talk.nat("ICMP, identifiers 512 to 65535", first=512, seed=rng.randrange(1, 1 << 30))
        send(talk, ICMP, End(guest(0), 4000), WEB, "one", "a query", look)

        def want(got: bytes, last: bool = i == 23) -> bytes:
            end = datagrams.ends(got)[0]
            seen.append(end.port)
            if last and len({port % 2 for port in seen}) == 1:
                raise Wrong("in 24 cases an identifier is replaced by one of the same parity")
            return datagrams.of(ICMP, End(OUTSIDE, end.port), End(WEB.address))
        talk.out(datagrams.of(ICMP, End(guest(1), 4000), End(WEB.address)), "out", want,
                 "a query with a taken identifier", look)


def the_host_has_some(talk: Translation, rng: random.Random) -> None:
    first = rng.randrange(2000, 60000)
    talk.nat(f"The host's own sockets have ports {first} to {first + 40}", seed=rng.randrange(1, 1 << 30),
             first=first - 30, last=first + 70)
    talk.say(f"socket {first} {first + 40}")
    taken: set[tuple[int, int]] = set()
    for n in range(12):
        for protocol in PROTOCOLS:
            given(talk, protocol, End(guest(n), first + 3 * n), WEB,
                  lambda p: first - 30 <= p < first or first + 40 < p <= first + 70, "a port that is not the host's",
                  taken, FREE_LOOK)


def forwards_have_theirs(talk: Translation) -> None:
    talk.nat("Port 8080 is forwarded to a guest")
    talk.say(f"forward tcp {OUTSIDE}:8080 {guest(3)}:80")
    given(talk, TCP, End(guest(0), 8080), WEB, lambda p: p != 8080 and p >= 1024 and p % 2 == 0,
          "an even port that is not 8080", set(), FREE_LOOK)
    given(talk, UDP, End(guest(0), 8080), WEB, lambda p: p == 8080, "8080, which is free of UDP", set(), KEEP_LOOK)


def not_foretold(talk: Translation, rng: random.Random) -> None:
    """RFC 6056, RFC 7857 9: which port comes next is not to be guessed."""
    seen: list[int] = []
    for i in range(8):
        talk.nat("Ports 1024 to 65535", seed=rng.randrange(1, 1 << 30))
        send(talk, UDP, End(guest(0), 4000), WEB, "one", "a packet", KEEP_LOOK)

        def want(got: bytes, last: bool = i == 7) -> bytes:
            end = datagrams.ends(got)[0]
            seen.append(end.port)
            if last and max(seen) - min(seen) < 4096:
                raise Wrong(f"eight times a port is chosen for want of its own, always near {seen[0]}: it can be "
                            "foretold")
            return datagrams.udp(End(OUTSIDE, end.port), WEB)
        talk.out(datagrams.udp(End(guest(1), 4000), WEB), "out", want, "a packet from a port that is taken",
                 "vnic_ports_choose(): search() begins at a random place (RFC 6056 3.3.1).")


def used_again(talk: Translation, rng: random.Random) -> None:
    talk.nat("Two ports", first=5000, last=5001, udp=2000)
    for n in (0, 1):
        given(talk, UDP, End(guest(n), 4000), WEB, lambda p: p in (5000, 5001), "one of the two", set(), KEEP_LOOK)
    talk.out(datagrams.udp(End(guest(2), 4000), WEB), "drop", None, "a third guest's", FREE_LOOK, reason="no-port")
    talk.wait(2000)
    talk.say("collect")
    given(talk, UDP, End(guest(2), 4000), WEB, lambda p: p == 5000, "5000, which is free again", set(), WISH_LOOK)


# --- step 4: the way back, and who may ---

BACK_LOOK = "go_in(): the destination becomes the mapping's inside end, if the filter lets the sender in."
FILTER_LOOK = "vnic_nat_admits(): everybody; or, address-dependent, whom the guest has sent to; a forward is for all."
TCP_LOOK = "connection_in(): a known connection goes on; else the filter; else only a SYN opens one."
# Two ports, so that what each guest gets is known: the one of the same parity.
TWO = {"first": 5000, "last": 5001}
EVEN, ODD = End(guest(0), 4000), End(guest(1), 4001)
EVEN_OUT, ODD_OUT = End(OUTSIDE, 5000), End(OUTSIDE, 5001)


def leaves(talk: Translation, protocol: int, inside: End, outside: End, to: End, flags: int = SYN,
           what: str = "a packet of a guest") -> None:
    """A guest's packet, by a known outside end."""
    to = remote(protocol, to)
    talk.out(datagrams.of(protocol, inside, to, flags=flags), "out",
             datagrams.of(protocol, outside, to, flags=flags), what,
             "What goes out is not this step's: see steps 2 and 3.")


def arrives(talk: Translation, protocol: int, source: End, outside: End, inside: End, what: str, look: str,
            flags: int = ACK, **more: object) -> None:
    """A packet from outside is given to the guest."""
    talk.into(answer_to(protocol, source, outside, flags=flags), "in",
              answer_to(protocol, source, inside, flags=flags), what, look, reason="known", to=inside.address, **more)


def refused(talk: Translation, protocol: int, source: End, outside: End, what: str, look: str, reason: str,
            flags: int = ACK, way: str = "drop") -> None:
    sent = answer_to(protocol, source, outside, flags=flags)
    talk.into(sent, way, sent if way == "host" else None, what, look, reason=reason, told=False)


def step4(talk: Translation, rng: random.Random) -> None:
    for protocol in PROTOCOLS:
        for chain in (False, True):
            there_and_back(talk, rng, protocol, chain)
        who_was_sent_to(talk, rng, protocol)
    connections(talk, rng)
    filtered_connections(talk)
    forwards_are_for_all(talk, rng)


def begin(talk: Translation, story: str, chain: bool = False, **options: int) -> None:
    (talk.one_chain if chain else talk.nat)(story, **TWO, **options)


def there_and_back(talk: Translation, rng: random.Random, protocol: int, chain: bool) -> None:
    name = NAMES[protocol]
    begin(talk, f"{name}, ports 5000 and 5001", chain)
    refused(talk, protocol, WEB, EVEN_OUT, "before anybody has sent", BACK_LOOK,
            "no-mapping", way="host", flags=ACK)
    leaves(talk, protocol, EVEN, EVEN_OUT, WEB)
    leaves(talk, protocol, ODD, ODD_OUT, WEB)
    for _ in range(3):
        arrives(talk, protocol, WEB, EVEN_OUT, EVEN, "the answer to the first guest", BACK_LOOK)
        arrives(talk, protocol, WEB, ODD_OUT, ODD, "the answer to the second guest", BACK_LOOK)
    if protocol != TCP:
        for _ in range(4):
            arrives(talk, protocol, any_end(rng), EVEN_OUT, EVEN, "from somebody else: the filter is open", FILTER_LOOK)
    refused(talk, protocol, WEB, End(OUTSIDE, 5002), "to a port that nobody has", BACK_LOOK, "no-mapping", way="host")
    other = UDP if protocol == TCP else TCP
    refused(talk, other, WEB, EVEN_OUT, f"to the port, but of {NAMES[other]}",
            "find_outside(): a mapping is of one protocol.", "no-mapping", way="host")


def who_was_sent_to(talk: Translation, rng: random.Random, protocol: int) -> None:
    """RFC 4787 REQ-8, address-dependent."""
    begin(talk, f"{NAMES[protocol]}, only whom the guest has sent to may answer", filter=1)
    leaves(talk, protocol, EVEN, EVEN_OUT, WEB)
    leaves(talk, protocol, ODD, ODD_OUT, DNS)
    arrives(talk, protocol, WEB, EVEN_OUT, EVEN, "the answer", FILTER_LOOK)
    if protocol != TCP:
        arrives(talk, protocol, End(WEB.address, 9), EVEN_OUT, EVEN, "from another port of the same address",
                FILTER_LOOK)
    for stranger in (any_end(rng), DNS, OTHER):
        refused(talk, protocol, stranger, EVEN_OUT, "from whom the guest has not sent to", FILTER_LOOK, "filtered")
    leaves(talk, protocol, EVEN, EVEN_OUT, OTHER)
    arrives(talk, protocol, OTHER, EVEN_OUT, EVEN, "from whom it has sent to now", FILTER_LOOK)
    talk.say("set filter=0")
    if protocol != TCP:
        arrives(talk, protocol, DNS, EVEN_OUT, EVEN, "when the filter is open", FILTER_LOOK)


def connections(talk: Translation, rng: random.Random) -> None:
    begin(talk, "TCP, the filter is open")
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the SYN's answer", TCP_LOOK, SYN | ACK)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, ACK)
    talk.left(TCP, EVEN, 7_440_000, "whose SYN was answered", "connection_in(): track() what belongs to a connection.",
              WEB)
    stranger = any_end(rng)
    for flags in (ACK, FIN | ACK, RST, SYN | ACK, SYN | RST):
        refused(talk, TCP, stranger, EVEN_OUT, "of no connection", TCP_LOOK, "no-session", flags)
    talk.packet("explain-in", answer_to(TCP, stranger, EVEN_OUT, flags=SYN), "in",
                answer_to(TCP, stranger, EVEN, flags=SYN), "explained", TCP_LOOK, reason="known", to=EVEN.address)
    refused(talk, TCP, stranger, EVEN_OUT, "after its SYN was only explained", TCP_LOOK, "no-session")
    arrives(talk, TCP, stranger, EVEN_OUT, EVEN, "a SYN from outside", TCP_LOOK, SYN)
    arrives(talk, TCP, stranger, EVEN_OUT, EVEN, "of the connection that it opened", TCP_LOOK)
    talk.left(TCP, EVEN, 240_000, "which the guest has not answered", "connection_in(): VNIC_OPENED_OUTSIDE.", stranger)
    leaves(talk, TCP, EVEN, EVEN_OUT, stranger, SYN | ACK)
    talk.left(TCP, EVEN, 7_440_000, "which the guest has answered",
              "connection_in(): who opened it decides whose answer completes it: VNIC_OPENED_OUTSIDE.", stranger)
    arrives(talk, TCP, stranger, EVEN_OUT, EVEN, "its next segment", TCP_LOOK)
    # What comes in is of the connection, too: it is tracked.
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "a reset of the first connection", TCP_LOOK, RST)
    talk.left(TCP, EVEN, 240_000, "after a reset from outside",
              "connection_in(): track() what belongs to a connection.", WEB)


def filtered_connections(talk: Translation) -> None:
    begin(talk, "TCP, only whom the guest has sent to may send", filter=1)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the SYN's answer", TCP_LOOK, SYN | ACK)
    arrives(talk, TCP, End(WEB.address, 4444), EVEN_OUT, EVEN, "a SYN from the same address", TCP_LOOK, SYN)
    refused(talk, TCP, OTHER, EVEN_OUT, "from whom the guest has not sent to", TCP_LOOK, "filtered")
    refused(talk, TCP, OTHER, EVEN_OUT, "a SYN of the same: it is held for six seconds (RFC 5382 REQ-4)",
            "connection_in(): VNIC_REASON_FILTERED; the rest is done for you.", "syn-held", SYN)
    talk.wait(6000)
    talk.answer("overdue", f"overdue {OTHER}", "whose SYN was held for six seconds", FILTER_LOOK)
    refused(talk, TCP, End(WEB.address, 5555), EVEN_OUT, "of no connection", TCP_LOOK, "no-session")


def forwards_are_for_all(talk: Translation, rng: random.Random) -> None:
    begin(talk, "Ports 8080 are forwarded, and only whom the guest has sent to may send", filter=1)
    inside, outside = End(guest(4), 80), End(OUTSIDE, 8080)
    for protocol in (UDP, TCP):
        talk.say(f"forward {NAMES[protocol].lower()} {outside} {inside}")
        for _ in range(3):
            arrives(talk, protocol, any_end(rng), outside, inside, "to the forwarded port", FILTER_LOOK, SYN)


# --- step 5: hairpinning ---

HAIRPIN_LOOK = "hairpin(): the source is an outside end already; the rest is the way in (RFC 4787 REQ-9)."


def crosses(talk: Translation, protocol: int, sender: End, sender_out: End, to_out: End, to: End, what: str,
            flags: int = ACK, reason: str = "hairpin") -> None:
    """From one guest to an outside end of another."""
    talk.out(datagrams.of(protocol, sender, to_out, flags=flags), "in",
             datagrams.of(protocol, sender_out, to, flags=flags), what, HAIRPIN_LOOK, reason=reason, to=to.address)


def step5(talk: Translation, rng: random.Random) -> None:
    for chain in (False, True):
        hairpins(talk, rng, chain)
    hairpins_between_two_addresses(talk)
    hairpinned_connection(talk)
    hairpins_are_filtered(talk)
    the_host_answers(talk, rng)
    hairpinned_errors(talk, rng)


def hairpins(talk: Translation, rng: random.Random, chain: bool) -> None:
    begin(talk, "UDP between two guests", chain)
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    leaves(talk, UDP, ODD, ODD_OUT, any_end(rng))
    for _ in range(2):
        crosses(talk, UDP, EVEN, EVEN_OUT, ODD_OUT, ODD, "to the other's outside end")
        crosses(talk, UDP, ODD, ODD_OUT, EVEN_OUT, EVEN, "and back")
        crosses(talk, UDP, EVEN, EVEN_OUT, EVEN_OUT, EVEN, "to its own outside end")
    begin(talk, "UDP to a guest, by one that has sent nothing yet", chain)
    leaves(talk, UDP, ODD, ODD_OUT, any_end(rng))
    crosses(talk, UDP, EVEN, EVEN_OUT, ODD_OUT, ODD, "the first packet of a guest")
    talk.left(UDP, EVEN, 300_000, "whose first packet went to another guest", HAIRPIN_LOOK)
    arrives(talk, UDP, WEB, EVEN_OUT, EVEN, "from outside, to the same mapping", HAIRPIN_LOOK)


def hairpins_between_two_addresses(talk: Translation) -> None:
    begin(talk, "Two outside addresses, and each guest has its own", two=1)
    odd_out = End(OUTSIDE2, 5001)
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    leaves(talk, UDP, ODD, odd_out, WEB)
    crosses(talk, UDP, EVEN, EVEN_OUT, odd_out, ODD, "to the other address")
    crosses(talk, UDP, ODD, odd_out, EVEN_OUT, EVEN, "and back")


def hairpinned_connection(talk: Translation) -> None:
    begin(talk, "TCP between two guests")
    leaves(talk, TCP, ODD, ODD_OUT, WEB)
    crosses(talk, TCP, EVEN, EVEN_OUT, ODD_OUT, ODD, "a SYN", SYN)
    crosses(talk, TCP, ODD, ODD_OUT, EVEN_OUT, EVEN, "its answer", SYN | ACK)
    crosses(talk, TCP, EVEN, EVEN_OUT, ODD_OUT, ODD, "the third segment")
    talk.left(TCP, EVEN, 7_440_000, "which is open", HAIRPIN_LOOK, ODD_OUT)
    talk.left(TCP, ODD, 7_440_000, "which is open, seen from the other side", HAIRPIN_LOOK, EVEN_OUT)
    talk.out(datagrams.tcp(End(guest(0), 4000), End(OUTSIDE, 5001), FIN | ACK), "in", None, "a FIN", HAIRPIN_LOOK,
             to=ODD.address)
    begin(talk, "TCP of a guest to a connection that is not there")
    leaves(talk, TCP, ODD, ODD_OUT, WEB)
    talk.out(datagrams.tcp(EVEN, ODD_OUT, ACK), "drop", None, "a segment that opens nothing",
             "hairpin(): what go_in() refuses is dropped.", reason="no-session", told=False)


def hairpins_are_filtered(talk: Translation) -> None:
    look = "hairpin(): the filter holds for guests as well, by their outside addresses: go_in()."
    begin(talk, "Only whom a guest has sent to may send, other guests too", filter=1)
    leaves(talk, UDP, ODD, ODD_OUT, WEB)
    talk.out(datagrams.udp(EVEN, ODD_OUT), "drop", None, "to a guest that has not sent to us", look, reason="filtered",
             told=False)
    crosses(talk, UDP, ODD, ODD_OUT, EVEN_OUT, EVEN, "to whom has sent to us")
    crosses(talk, UDP, EVEN, EVEN_OUT, ODD_OUT, ODD, "to whom has sent to us now")


def the_host_answers(talk: Translation, rng: random.Random) -> None:
    look = "hairpin(): to an outside end that nobody inside has, the host answers: to_host()."
    begin(talk, "To the outside address, and nobody inside is meant")
    port = End(OUTSIDE, rng.randrange(6000, 60000))
    for protocol, to in ((UDP, port), (TCP, port), (ICMP, End(OUTSIDE))):
        talk.out(datagrams.of(protocol, EVEN, to, flags=SYN), "host", datagrams.of(protocol, EVEN_OUT, to, flags=SYN),
                 "a packet", look, reason="no-mapping")
    leaves(talk, UDP, ODD, ODD_OUT, WEB)
    talk.out(datagrams.of(TCP, EVEN, ODD_OUT, flags=SYN), "host", datagrams.of(TCP, EVEN_OUT, ODD_OUT, flags=SYN),
             "to a guest's port, but of another protocol", look, reason="no-mapping")


def hairpinned_errors(talk: Translation, rng: random.Random) -> None:
    """RFC 5508 REQ-7: the error of one guest about a packet of the other."""
    look = "hairpin(): an error is translated twice, too: error_in(), and its reason is VNIC_REASON_HAIRPIN."
    begin(talk, "An ICMP error from guest to guest")
    data = rng.randbytes(20)
    leaves(talk, UDP, ODD, ODD_OUT, WEB)
    talk.out(datagrams.udp(EVEN, ODD_OUT, data), "in", datagrams.udp(EVEN_OUT, ODD, data), "a datagram", HAIRPIN_LOOK)
    talk.out(datagrams.error(ODD.address, OUTSIDE, datagrams.udp(EVEN_OUT, ODD, data), code=3), "in",
             datagrams.error(OUTSIDE, EVEN.address, datagrams.udp(EVEN, ODD_OUT, data), code=3),
             "what the receiver says of it", look, reason="hairpin", to=EVEN.address)
    talk.out(datagrams.error(ODD.address, OUTSIDE, datagrams.udp(End(OUTSIDE, 5555), ODD, data), code=3), "host", None,
             "an error about a packet of nobody's", look, reason="error-unknown")


# --- step 6: an ICMP error and what it quotes ---

INNER_LOOK = ("vnic_quoted_inbound(): both the quoted source and the error's destination become the inside end; "
              "put(): whatever changes in what is quoted is under the error's own sum.")
INNER_OUT_LOOK = "vnic_quoted_outbound(): both the quoted destination and the error's source become the outside end."
KINDS = ((UNREACHABLE, 0), (UNREACHABLE, 1), (UNREACHABLE, 3), (UNREACHABLE, 4), (EXCEEDED, 0), (EXCEEDED, 1),
         (BAD_PARAMETER, 0))


def step6(talk: Translation, rng: random.Random) -> None:
    for protocol in PROTOCOLS:
        errors_in(talk, rng, protocol)
        errors_out(talk, rng, protocol)
    errors_about_nothing(talk, rng)
    errors_of_nobody(talk, rng)
    errors_keep_nothing(talk)


def quotes(rng: random.Random, protocol: int) -> Iterator[dict[str, object]]:
    """How much is quoted, and of what."""
    for quoted in (28, 40, 44, 60, 548):
        yield {"quoted": quoted, "kind": rng.choice(KINDS), "options": b""}
    yield {"quoted": 548, "kind": (EXCEEDED, 0), "options": b"\x94\4\0\0"}
    yield {"quoted": 36, "kind": (UNREACHABLE, 3), "options": b"\1\1\1\0\x94\4\0\0"}
    if protocol == UDP:
        yield {"quoted": 28, "kind": (UNREACHABLE, 3), "options": b"", "how": "none"}


def about(protocol: int, source: End, destination: End, data: bytes, quote: dict[str, object]) -> bytes:
    more = {"options": quote["options"], "ttl": 1, **({"how": "none"} if "how" in quote else {})}
    if protocol == ICMP:
        return datagrams.echo(source, destination, data, **more)
    return datagrams.of(protocol, source, destination, data, SYN, **more)


def an_error(reporter: str, told: str, packet: bytes, quote: dict[str, object]) -> bytes:
    kind, code = quote["kind"]
    return datagrams.error(reporter, told, packet, kind, code, quote["quoted"])


def errors_in(talk: Translation, rng: random.Random, protocol: int) -> None:
    for chain in (False, True):
        begin(talk, f"An error about {NAMES[protocol]} that a guest sent", chain)
        to, data = remote(protocol, any_end(rng)), rng.randbytes(40)
        leaves(talk, protocol, EVEN, EVEN_OUT, to)
        leaves(talk, protocol, ODD, ODD_OUT, to)
        for quote in quotes(rng, protocol):
            reporter = rng.choice((ROUTER, any_end(rng).address, to.address))
            for inside, outside in ((EVEN, EVEN_OUT), (ODD, ODD_OUT)):
                for verb in ("explain-in", "in"):
                    sent, want = (an_error(reporter, told, about(protocol, end, to, data, quote), quote)
                                  for told, end in ((OUTSIDE, outside), (inside.address, inside)))
                    talk.packet(verb, sent, "in", want, f"from {reporter}, quoting {quote['quoted']} octets",
                                INNER_LOOK, reason="known", to=inside.address)


def errors_out(talk: Translation, rng: random.Random, protocol: int) -> None:
    begin(talk, f"A guest's error about {NAMES[protocol]} that it received")
    to, data = remote(protocol, any_end(rng)), rng.randbytes(40)
    leaves(talk, protocol, EVEN, EVEN_OUT, to)
    arrives(talk, protocol, to, EVEN_OUT, EVEN, "a packet to the guest", BACK_LOOK)
    for quote in quotes(rng, protocol):
        received, outside = (about(protocol, to, end, data, quote) for end in (EVEN, EVEN_OUT))
        talk.out(an_error(EVEN.address, to.address, received, quote), "out",
                 an_error(OUTSIDE, to.address, outside, quote), f"quoting {quote['quoted']} octets", INNER_OUT_LOOK,
                 reason="known")
    if protocol == ICMP:
        begin(talk, "A guest pings with identifier 0")
        leaves(talk, ICMP, End(EVEN.address), EVEN_OUT, to)
        asked = datagrams.echo(End(to.address, 4000), End(EVEN.address), data)
        unknown(talk, "out", datagrams.error(EVEN.address, to.address, asked),
                "about a query to it, which no guest receives",
                "vnic_quoted_outbound(): of ICMP a guest receives replies only, and only these name its end.")


def unknown(talk: Translation, verb: str, sent: bytes, what: str, look: str) -> None:
    """From outside it is the host's, as it came; a guest's goes nowhere."""
    if verb == "in":
        talk.into(sent, "host", sent, what, look, reason="error-unknown")
    else:
        talk.out(sent, "drop", None, what, look, reason="error-unknown")


def errors_about_nothing(talk: Translation, rng: random.Random) -> None:
    """RFC 5508 REQ-4, REQ-5: only about what was translated."""
    look = "vnic_quoted_inbound(): the quoted source is a mapping's outside end, and it has sent there: speaks_with()."
    begin(talk, "Errors about packets that nobody sent")
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    unknown(talk, "in", datagrams.error(ROUTER, OUTSIDE, datagrams.udp(ODD_OUT, WEB)), "from a port that nobody has",
            look)
    unknown(talk, "in", datagrams.error(ROUTER, OUTSIDE, datagrams.tcp(EVEN_OUT, OTHER, SYN)),
            "to whom no connection was opened", look)
    unknown(talk, "in", datagrams.error(ROUTER, OUTSIDE, datagrams.echo(EVEN_OUT, End(WEB.address))),
            "of another protocol", look)
    unknown(talk, "in", datagrams.error(ROUTER, OUTSIDE2, datagrams.udp(EVEN_OUT, WEB)),
            "that is not sent to whom the quoted packet is from",
            "vnic_quoted_inbound(): an error goes to who sent the packet (RFC 1122 3.2.2).")
    begin(talk, "Errors about packets that nobody sent, and the filter is closed", filter=1)
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    unknown(talk, "in", datagrams.error(ROUTER, OUTSIDE, datagrams.udp(EVEN_OUT, any_end(rng))),
            "to whom the guest has not sent", look)


def errors_of_nobody(talk: Translation, rng: random.Random) -> None:
    look = ("vnic_quoted_outbound(): a guest may only say something of what it received itself, to who sent it, and "
            "was let in: speaks_with().")
    begin(talk, "Errors of a guest about packets that it did not receive")
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    leaves(talk, UDP, ODD, ODD_OUT, WEB)
    received = datagrams.udp(WEB, EVEN)
    unknown(talk, "out", datagrams.error(EVEN.address, OTHER.address, received), "not to whom it is from", look)
    unknown(talk, "out", datagrams.error(ODD.address, WEB.address, received), "about what another guest received", look)
    unknown(talk, "out", datagrams.error(EVEN.address, WEB.address, datagrams.udp(WEB, End(EVEN.address, 4444))),
            "to a port of its that has no mapping", look)
    unknown(talk, "out", datagrams.error(EVEN.address, OTHER.address, datagrams.tcp(OTHER, EVEN, ACK)),
            "of no connection", look)


def errors_keep_nothing(talk: Translation) -> None:
    """RFC 5508 REQ-6, RFC 4787 REQ-12, RFC 5382 REQ-10."""
    look = "An error refreshes nothing, and ends nothing."
    begin(talk, "Errors about a mapping that is about to expire", udp=10_000)
    leaves(talk, UDP, EVEN, EVEN_OUT, WEB)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the SYN's answer", TCP_LOOK, SYN | ACK)
    talk.wait(9_000)
    for protocol in (UDP, TCP):
        sent = datagrams.of(protocol, EVEN_OUT, WEB, flags=SYN)
        talk.into(datagrams.error(ROUTER, OUTSIDE, sent), "in",
                  datagrams.error(ROUTER, EVEN.address, datagrams.of(protocol, EVEN, WEB, flags=SYN)),
                  f"about {NAMES[protocol]}", INNER_LOOK, to=EVEN.address)
    talk.left(UDP, EVEN, 1_000, "after an error", look)
    talk.left(TCP, EVEN, 7_431_000, "after an error", look)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "of a connection that an error was about", look)
    arrives(talk, UDP, WEB, EVEN_OUT, EVEN, "of a mapping that an error was about", look)


# --- step 7: timeouts ---

LEFT_LOOK = "vnic_mapping_left(): its protocol's timeout, since `used`; of TCP its sessions; a forward stays."
USED_LOOK = "used_out(): what goes out refreshes a mapping, what comes in does not (RFC 4787 REQ-6)."
SESSION_LOOK = "timeout_of(): see struct vnic_nat_timeouts; vnic_session_hold() says which of TCP's."
REFRESH_LOOK = "refreshes(): RFC 7857 2.2 and 7.1; README.md has the table."


def step7(talk: Translation, rng: random.Random) -> None:
    for protocol in (UDP, ICMP):
        lives_by_its_timeout(talk, rng, protocol)
        permits_expire(talk, rng, protocol)
    forwards_stay(talk)
    a_life_of_tcp(talk, rng)
    half_open(talk, rng)
    closing(talk)
    resets(talk)
    permits_of_tcp(talk)


def lives_by_its_timeout(talk: Translation, rng: random.Random, protocol: int) -> None:
    most = rng.randrange(2_000, 900_000)
    name = NAMES[protocol].lower()
    other = "icmp" if protocol == UDP else "udp"
    begin(talk, f"{NAMES[protocol]} for {most} ms", **{name: most, other: most + 777_000})
    leaves(talk, protocol, EVEN, EVEN_OUT, WEB)
    talk.left(protocol, EVEN, most, "just made", LEFT_LOOK)
    talk.wait(most - 1)
    talk.left(protocol, EVEN, 1, "a little later", LEFT_LOOK)
    leaves(talk, protocol, EVEN, EVEN_OUT, DNS, what="another packet, in time")
    talk.left(protocol, EVEN, most, "after another packet", USED_LOOK)
    talk.wait(most // 2)
    arrives(talk, protocol, WEB, EVEN_OUT, EVEN, "an answer in time", LEFT_LOOK)
    talk.packet("explain-out", datagrams.of(protocol, EVEN, remote(protocol, WEB)), "out", None, "explained", USED_LOOK)
    talk.left(protocol, EVEN, most - most // 2, "after an answer, and a packet that was only explained",
              USED_LOOK)
    talk.wait(most - most // 2 - 1)
    arrives(talk, protocol, WEB, EVEN_OUT, EVEN, "an answer in the last moment", LEFT_LOOK)
    talk.wait(1)
    talk.left(protocol, EVEN, 0, "when its time is over", LEFT_LOOK)
    refused(talk, protocol, WEB, EVEN_OUT, "too late", LEFT_LOOK, "no-mapping", way="host")
    talk.wait(most)
    leaves(talk, protocol, EVEN, EVEN_OUT, WEB, what="a packet when its time is over")
    talk.left(protocol, EVEN, most, "made anew", LEFT_LOOK)


def permits_expire(talk: Translation, rng: random.Random, protocol: int) -> None:
    most = rng.randrange(2_000, 900_000)
    other = "icmp" if protocol == UDP else "udp"
    begin(talk, f"{NAMES[protocol]} for {most} ms, only whom the guest has sent to may send", filter=1,
          **{NAMES[protocol].lower(): most, other: most + 777_000})
    leaves(talk, protocol, EVEN, EVEN_OUT, WEB)
    talk.wait(most - 1000)
    leaves(talk, protocol, EVEN, EVEN_OUT, DNS)
    talk.left(protocol, EVEN, 1000, "with whom it has sent to first", SESSION_LOOK, End(WEB.address))
    talk.left(protocol, EVEN, most, "with whom it has sent to last", SESSION_LOOK, End(DNS.address))
    talk.wait(999)
    arrives(talk, protocol, WEB, EVEN_OUT, EVEN, "in time", SESSION_LOOK)
    talk.wait(1)
    refused(talk, protocol, WEB, EVEN_OUT, "too late, though the mapping lives", SESSION_LOOK, "filtered")
    arrives(talk, protocol, DNS, EVEN_OUT, EVEN, "from whom it has sent to last", SESSION_LOOK)


def forwards_stay(talk: Translation) -> None:
    begin(talk, "Ports 8080 are forwarded")
    inside, outside = End(guest(4), 80), End(OUTSIDE, 8080)
    for protocol in (UDP, TCP):
        talk.say(f"forward {NAMES[protocol].lower()} {outside} {inside}")
    talk.wait(100_000_000)
    talk.say("collect")
    for protocol in (UDP, TCP):
        talk.left(protocol, inside, FOREVER, "a day later", LEFT_LOOK)
        arrives(talk, protocol, WEB, outside, inside, "a day later", LEFT_LOOK, SYN)


def open_connection(talk: Translation, to: End = WEB) -> None:
    leaves(talk, TCP, EVEN, EVEN_OUT, to)
    arrives(talk, TCP, to, EVEN_OUT, EVEN, "the SYN's answer", TCP_LOOK, SYN | ACK)
    leaves(talk, TCP, EVEN, EVEN_OUT, to, ACK)


def lives(talk: Translation, transitory: int, what: str, look: str, to: End = WEB, mapping: int | None = None) -> None:
    """Both the session and its mapping live so long yet."""
    talk.left(TCP, EVEN, transitory, what, look, to)
    talk.left(TCP, EVEN, transitory if mapping is None else mapping, what, LEFT_LOOK)


def a_life_of_tcp(talk: Translation, rng: random.Random) -> None:
    short, long = rng.randrange(10_000, 300_000), rng.randrange(1_000_000, 9_000_000)
    begin(talk, f"TCP, {short} ms while it opens or closes, {long} ms open", transitory=short, established=long,
          udp=777)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    lives(talk, short, "after a SYN", SESSION_LOOK)
    talk.wait(short - 1)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "its answer in time", LEFT_LOOK, SYN | ACK)
    lives(talk, long, "when both have answered", SESSION_LOOK)
    talk.wait(long - 10)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "data in time", LEFT_LOOK)
    lives(talk, long, "after data from outside", REFRESH_LOOK)
    talk.wait(5000)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, ACK)
    lives(talk, long, "after data of the guest", REFRESH_LOOK)
    # A second connection that is only opening does not shorten the mapping's life.
    leaves(talk, TCP, EVEN, EVEN_OUT, OTHER)
    lives(talk, short, "of a second connection", SESSION_LOOK, OTHER, long)
    talk.wait(long)
    talk.left(TCP, EVEN, 0, "when its time is over", LEFT_LOOK)
    refused(talk, TCP, WEB, EVEN_OUT, "too late", LEFT_LOOK, "no-mapping", way="host")


def half_open(talk: Translation, rng: random.Random) -> None:
    """Whoever sends SYNs from outside keeps nothing alive until the guest has answered."""
    stranger = any_end(rng)
    begin(talk, "TCP that is opening", transitory=10_000)
    open_connection(talk, OTHER)
    arrives(talk, TCP, stranger, EVEN_OUT, EVEN, "a SYN from outside", TCP_LOOK, SYN)
    talk.wait(4000)
    for flags in (SYN, ACK):
        arrives(talk, TCP, stranger, EVEN_OUT, EVEN, "another of it", TCP_LOOK, flags)
    talk.left(TCP, EVEN, 6000, "which the guest has not answered", REFRESH_LOOK, stranger)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    talk.wait(4000)
    talk.left(TCP, EVEN, 6000, "after its SYN", REFRESH_LOOK, WEB)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, what="the SYN again")
    talk.left(TCP, EVEN, 10_000, "whose SYN was sent again", REFRESH_LOOK, WEB)
    talk.wait(1000)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "something else than an answer", TCP_LOOK, ACK)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, RST)
    talk.left(TCP, EVEN, 9_000, "which only the guest's SYN has refreshed", REFRESH_LOOK, WEB)


def closing(talk: Translation) -> None:
    begin(talk, "TCP that closes", transitory=10_000, established=50_000)
    open_connection(talk)
    talk.wait(1000)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, FIN | ACK)
    lives(talk, 50_000, "which one side has closed", REFRESH_LOOK)
    talk.wait(1000)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the other side goes on", LEFT_LOOK)
    lives(talk, 50_000, "which one side has closed, and the other goes on", REFRESH_LOOK)
    talk.wait(1000)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the other side's FIN", LEFT_LOOK, FIN | ACK)
    lives(talk, 10_000, "which both have closed", REFRESH_LOOK)
    talk.wait(4000)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, ACK)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "the FIN again", LEFT_LOOK, FIN | ACK)
    lives(talk, 6000, "which both have closed: nothing refreshes it", REFRESH_LOOK)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB)
    lives(talk, 10_000, "which a new SYN opens again", REFRESH_LOOK)


def resets(talk: Translation) -> None:
    begin(talk, "TCP that is reset", transitory=10_000, established=50_000)
    open_connection(talk)
    talk.wait(1000)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "a reset", LEFT_LOOK, RST)
    lives(talk, 10_000, "after a reset", REFRESH_LOOK)
    talk.wait(4000)
    arrives(talk, TCP, WEB, EVEN_OUT, EVEN, "another reset", LEFT_LOOK, RST)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, RST)
    lives(talk, 6000, "after more resets: they refresh nothing", REFRESH_LOOK)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, ACK)
    lives(talk, 50_000, "that goes on in spite of a reset (RFC 7857 2.2)", REFRESH_LOOK)
    begin(talk, "TCP whose beginning was not seen", transitory=10_000, established=50_000)
    leaves(talk, TCP, EVEN, EVEN_OUT, WEB, ACK)
    lives(talk, 10_000, "after one segment", SESSION_LOOK)


def permits_of_tcp(talk: Translation) -> None:
    begin(talk, "TCP, only whom the guest has sent to may send", filter=1, transitory=10_000, established=50_000,
          udp=777, icmp=888)
    open_connection(talk)
    talk.left(TCP, EVEN, 50_000, "that the guest has sent there", SESSION_LOOK, End(WEB.address))


STEPS: dict[int, Callable[[Translation, random.Random], None]] = {
    1: step1, 2: step2, 3: step3, 4: step4, 5: step5, 6: step6, 7: step7}


# --- the module in the course VM ---

def vm(machine: Machine) -> None:
    """Raises Failure if the module is wrong."""
    wire.run(machine, machine.build_module("kmod/vnic"))
