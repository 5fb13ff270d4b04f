"""The run in the course VM: real packets between namespaces, through the submission's module, judged here.

A plan is drawn from the seed; guest/agent.py carries it out and leaves what passed four devices. Every
datagram carries octets that nobody could know before, so that it is found again, whatever became of its
ends. README.md, "What the grade proves", says what this leaves open.
"""
from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import datagrams
from datagrams import ACK, EXCEEDED, ICMP, NAMES, SYN, TCP, UDP, UNREACHABLE, End
from grading import module as grading_module
from grading.module import BUILD, Machine, Run
from grading.outcome import Failure

CAPTURES = ("wire", "guest", "other", "box")
CAPTURE_MAX = 16 << 20
VM_LIMIT = 240
DEBUG_KERNEL_COSTS = 4
PATIENCE, QUIET = 1.0, 0.2		# s, for what should come and for what should not
TTL = 64			# of what is sent
STREAM = 64_000
# s between what was meant and what a timer may do.
TOLERANCE = 0.4

UPLINK, FAR, ROUTER = "192.0.2.1", "192.0.2.254", "192.0.2.253"
GUEST, OTHER, BOX = "10.9.0.2", "10.9.0.3", "10.9.0.4"
WEB, WEB2, DNS = End("198.51.100.7", 80), End("198.51.100.8", 81), End("203.0.113.7", 53)
STRANGER = End("203.0.113.99", 999)
NODES = {"guest": GUEST, "other": OTHER}

SCRIPT = """\
modprobe nf_defrag_ipv4 || exit 89
insmod /root/vnic.ko || exit 90
dmesg -n 8
chmod +x /root/vnic
python3 -B /root/agent.py /root/plan.json /out >/out/agent.said 2>&1
echo $? >/out/agent.status
rmmod vnic || exit 91
"""


@dataclass(frozen=True)
class Seen:
    """A datagram that passed a device. `sent`: by the socket that captured it."""

    at: float
    sent: bool
    octets: bytes


@dataclass
class Captured:
    """What passed the devices, by name."""

    passed: dict[str, list[Seen]]

    def came(self, node: str, data: bytes) -> list[Seen]:
        return [seen for seen in self.passed[node] if not seen.sent and data in seen.octets]

    def sent_at(self, node: str, data: bytes) -> float | None:
        return next((seen.at for seen in self.passed[node] if seen.sent and data in seen.octets), None)


def read_pcap(data: bytes) -> list[Seen]:
    """IPv4 datagrams of a cooked capture; as much as can be read."""
    seen, at = [], 24
    while at + 16 <= len(data):
        seconds, ns, length, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16:at + 16 + length]
        at += 16 + length
        if at > len(data):
            break
        # an IPv4 header, and what is padding to Ethernet is none of the datagram
        if len(packet) >= 36 and packet[14:16] == b"\x08\0" and packet[16] >> 4 == 4:
            octets = packet[16:16 + struct.unpack_from("!H", packet, 18)[0]]
            if len(octets) >= datagrams.transport_at(octets) + 8 and datagrams.transport_at(octets) >= 20:
                seen.append(Seen(seconds + ns / 1e9, packet[:2] == b"\0\4", octets))
    return seen


Check = Callable[[Captured], str | None]


@dataclass
class Plan:
    """What is done, and what must come of it: sentences, each with where to look."""

    rng: random.Random
    actions: list[list[object]] = field(default_factory=list)
    checks: list[tuple[Check, str]] = field(default_factory=list)
    # Datagrams by name: who sent it (for the guests, from which end), and its octets that are looked for.
    data: dict[str, bytes] = field(default_factory=dict)
    damaged: set[bytes] = field(default_factory=set)

    def token(self, name: str, length: int = 12) -> bytes:
        self.data[name] = self.rng.randbytes(length)
        return self.data[name]

    def must(self, check: Check, look: str) -> None:
        self.checks.append((check, look))

    def set(self, *words: str) -> None:
        self.actions.append(["set", *words])

    def wait(self, seconds: float) -> None:
        self.actions.append(["wait", seconds])

    # --- what is sent ---

    def out(self, name: str, node: str, protocol: int, port: int, to: End, look: str, *, flags: int = SYN,
            length: int = 12, comes: bool = True, made: Callable[[bytes], bytes] | None = None, to_node: str = "wire",
            **more: object) -> None:
        """A guest's datagram, to be seen outside."""
        data = self.token(name, length)
        inside = End(NODES[node], port)
        sent = datagrams.of(protocol, inside, to, data, flags, **more)
        sent = made(sent) if made else sent
        self.actions.append(["send", node, sent.hex(), name, to_node, data.hex(), PATIENCE if comes else QUIET])
        if comes and to_node == "wire":
            self.must(lambda seen: self.wrong_outside(seen, name, sent), look)

    def wrong_outside(self, seen: Captured, name: str, sent: bytes) -> str | None:
        came = seen.came("wire", self.data[name])
        what = f"{datagrams.words(sent)}"
        if not came:
            return f"{what} of a guest should be seen outside; it is not"
        source, destination = datagrams.ends(came[0].octets)
        if len(came) > 1:
            return f"{what} of a guest is seen outside {len(came)} times"
        if source.address != UPLINK or destination != datagrams.ends(sent)[1]:
            return f"{what} should be seen outside from {UPLINK}; it is seen as {datagrams.words(came[0].octets)}"
        if datagrams.payload(came[0].octets) != datagrams.payload(sent):
            return f"{what} is seen outside with other data"
        return None

    def back(self, name: str, protocol: int, source: End, to: str, inside: End, look: str, *, flags: int = ACK,
             comes: bool = True, node: str = "guest", what: str = "") -> None:
        """To the outside end of a datagram that was seen: it must come to the guest's inside end, or not."""
        data = self.token(name)
        self.actions.append(["answer", "wire", protocol, list(source), to, data.hex(), flags, name, node,
                             PATIENCE if comes else QUIET])

        def check(seen: Captured) -> str | None:
            came = seen.came(node, data)
            about = f"{NAMES[protocol]} from {source} to the outside end of {inside}{f' ({what})' if what else ''}"
            if not comes:
                return f"{about} should not come to the guest; it does" if came else None
            if not came:
                return f"{about} should come to the guest; it does not"
            ends = datagrams.ends(came[0].octets)
            if ends != (End(source.address, 0 if protocol == ICMP else source.port), inside):
                return f"{about} comes to the guest as {datagrams.words(came[0].octets)}"
            return None
        self.must(check, look)

    def in_use(self, seen: Captured, protocol: int, before: str) -> set[int]:
        """Ports that were seen outside before a datagram was, by whomever they were drawn."""
        first = min((s.at for s in seen.came("wire", self.data[before])), default=0.0)
        return {datagrams.ends(s.octets)[0].port for s in seen.passed["wire"]
                if not s.sent and s.at < first and s.octets[9] == protocol}

    def end(self, seen: Captured, name: str) -> End | None:
        """By which outside end a datagram was seen."""
        came = seen.came("wire", self.data[name])
        return datagrams.ends(came[0].octets)[0] if came else None


# --- the stories ---

def sums(plan: Plan) -> None:
    look = "Step 1: updated() and update()."
    for i in range(6):
        for protocol in (UDP, TCP, ICMP):
            plan.out(f"sum{i}{protocol}", "guest", protocol, 20_000 + 7 * i, WEB, look,
                     length=12 + plan.rng.randrange(30))
    plan.out("nosum", "guest", UDP, 20_100, WEB, look, how="none")

    def stays_without(seen: Captured) -> str | None:
        came = seen.came("wire", plan.data["nosum"])
        if came and came[0].octets[26:28] != b"\0\0":
            return "a UDP datagram without a sum is seen outside with one"
        return None
    plan.must(stays_without, look)

    off = plan.rng.randrange(1, 0xFFFF)

    def damage(octets: bytes) -> bytes:
        value = struct.unpack_from("!H", octets, 26)[0]
        value = value ^ off if value ^ off not in (0, 0xFFFF) else value ^ 1
        return octets[:26] + struct.pack("!H", value) + octets[28:]
    plan.out("damaged", "guest", UDP, 20_101, WEB, look, made=damage)
    plan.damaged.add(plan.data["damaged"])

    def stays_damaged(seen: Captured) -> str | None:
        came = seen.came("wire", plan.data["damaged"])
        sent = [s for s in seen.passed["guest"] if s.sent and plan.data["damaged"] in s.octets]
        if came and sent and (datagrams.residue(came[0].octets) - datagrams.residue(sent[0].octets)) % 0xFFFF:
            return "a UDP datagram with a wrong sum should be seen outside with a sum that is as wrong; it is not"
        return None
    plan.must(stays_damaged, "Step 1: a sum is updated for the words that change, not computed anew.")


def a_stream(plan: Plan) -> None:
    """Two kernels: sums that are yet to be completed, segments that are yet to be cut."""
    key = plan.rng.randbytes(16).hex()
    port = plan.rng.randrange(2000, 9000)
    plan.actions.append(["stream", port, key, STREAM])
    octets = b"".join(hashlib.sha256(f"{key}/{i}".encode()).digest() for i in range(STREAM // 32))

    def check(seen: Captured) -> str | None:
        up = [s.octets for s in seen.passed["wire"] if not s.sent and s.octets[9] == TCP
              and datagrams.ends(s.octets)[1] == End(FAR, port)]
        if not up:
            return "nothing of a TCP connection of the box is seen outside"
        first = next((o for o in up if o[datagrams.transport_at(o) + 13] & SYN), None)
        if first is None:
            return "of a TCP connection of the box no SYN is seen outside"
        at = datagrams.transport_at(first)
        begin = struct.unpack_from("!I", first, at + 4)[0] + 1
        got = bytearray(len(octets))
        have = 0
        for o in up:
            data, offset = datagrams.payload(o), (struct.unpack_from("!I", o, datagrams.transport_at(o) + 4)[0] - begin)
            offset &= 0xFFFFFFFF
            if data and offset + len(data) <= len(got):
                got[offset:offset + len(data)] = data
                have = max(have, offset + len(data))
        if have < len(octets) or bytes(got) != octets:
            return (f"of {len(octets)} octets that a TCP connection of the box sends, {have} are seen outside"
                    if have < len(octets) else "what a TCP connection of the box sends is seen outside with other data")
        down = [s.octets for s in seen.passed["wire"] if s.sent and s.octets[9] == TCP
                and datagrams.ends(s.octets)[0] == End(FAR, port)]
        starts = [struct.unpack_from("!I", o, datagrams.transport_at(o) + 4)[0] for o in down
                  if o[datagrams.transport_at(o) + 13] & SYN]
        acked = max(((struct.unpack_from("!I", o, datagrams.transport_at(o) + 8)[0] - starts[0] - 1) & 0xFFFFFFFF
                     for o in up if starts and not o[datagrams.transport_at(o) + 13] & SYN), default=0)
        if not len(octets) <= acked <= len(octets) + 1:
            return f"of {len(octets)} octets that are sent back to the box, {acked} come to it"
        return None
    plan.must(check, "Steps 1 and 4: partial sums in update(), and the way back.")


def one_end_for_all(plan: Plan) -> None:
    look = "Step 2: mapping_out()."
    port = plan.rng.randrange(30_000, 40_000)
    for protocol in (UDP, TCP, ICMP):
        names: dict[str, list[str]] = {"guest": [], "other": []}
        for i, to in enumerate((WEB, WEB2, DNS, End(WEB.address, 8080))):
            for node in names:
                name = f"eim{protocol}{node}{i}"
                plan.out(name, node, protocol, port, to, look)
                names[node].append(name)

        def check(seen: Captured, names: dict[str, list[str]] = names, protocol: int = protocol) -> str | None:
            ends = {node: {plan.end(seen, name) for name in names[node]} for node in names}
            for node, different in ends.items():
                if len(different) > 1:
                    return (f"{NAMES[protocol]} from {NODES[node]}:{port} to four destinations should be seen from one "
                            f"outside end; it is seen from {', '.join(sorted(map(str, different)))}")
            if ends["guest"] == ends["other"]:
                return f"{NAMES[protocol]} from port {port} of two guests is seen from the same end"
            return None
        plan.must(check, look)


def ports(plan: Plan) -> None:
    look = "Step 3: vnic_ports_choose(), choice_of(), vnic_ports_is_free()."
    for i in range(4):
        port = plan.rng.randrange(41_000, 49_000)
        for node in ("guest", "other"):
            plan.out(f"port{i}{node}", node, UDP, port, WEB, look)

        def check(seen: Captured, i: int = i, port: int = port) -> str | None:
            first, second = (plan.end(seen, f"port{i}{node}") for node in ("guest", "other"))
            if first and first.port != port and port not in plan.in_use(seen, UDP, f"port{i}guest"):
                return f"port {port} is free outside and should be kept; it became {first.port}"
            if second and (second.port % 2 != port % 2 or second.port < 1024 or second == first):
                kind = "an odd" if port % 2 else "an even"
                return f"port {port} is taken: {kind} one from 1024 on should be given; it is {second.port}"
            return None
        plan.must(check, look)
    taken = plan.rng.randrange(50_000, 60_000)
    plan.actions.append(["bind", taken])
    plan.out("hosts", "guest", UDP, taken, WEB, look)

    def is_not_the_hosts(seen: Captured) -> str | None:
        end = plan.end(seen, "hosts")
        if end and end.port == taken:
            return f"the host has a socket with port {taken}, and it is given to a guest"
        return None
    plan.must(is_not_the_hosts, look)
    plan.set("ports", "61000-61003")
    for i in range(4):
        plan.out(f"few{i}", "guest", UDP, 60_100 + 2 * i, WEB, look)
    plan.out("toomany", "guest", UDP, 60_200, WEB, look, comes=False, to_node="guest")
    plan.set("ports", "1024-65535")

    def four(seen: Captured) -> str | None:
        given = {plan.end(seen, f"few{i}") for i in range(4)}
        free = set(range(61_000, 61_004)) - plan.in_use(seen, UDP, "few0")
        if {end.port for end in given if end} != free:
            return f"four mappings and ports 61000 to 61003: all should be given; it is {', '.join(map(str, given))}"
        if seen.came("wire", plan.data["toomany"]):
            return "no port is left, and a packet is seen outside"
        told = [s for s in seen.came("guest", plan.data["toomany"][:8]) if datagrams.is_error(s.octets)]
        if not told or told[0].octets[20:22] != bytes((UNREACHABLE, 13)):
            return "no port is left, and the guest is not told so by ICMP 3/13"
        return None
    plan.must(four, look)


def the_way_back(plan: Plan) -> None:
    look = "Step 4: go_in(), vnic_nat_admits(), connection_in()."
    port = plan.rng.randrange(21_000, 22_000)
    for protocol in (UDP, TCP, ICMP):
        for node in ("guest", "other"):
            name, inside = f"back{protocol}{node}", End(NODES[node], port)
            plan.out(name, node, protocol, port, WEB, look)
            plan.back(f"{name}answer", protocol, WEB, name, inside, look, flags=SYN | ACK, node=node, what="the answer")
            if protocol != TCP:
                plan.back(f"{name}stranger", protocol, STRANGER, name, inside, look, node=node,
                          what="the filter is open")
    plan.back("stray", TCP, STRANGER, f"back{TCP}guest", End(GUEST, port), look, comes=False, what="of no connection")
    plan.back("call", TCP, STRANGER, f"back{TCP}guest", End(GUEST, port), look, flags=SYN, what="a SYN from outside")
    plan.set("filtering", "address-dependent")
    for protocol in (UDP, ICMP):
        name, inside = f"closed{protocol}", End(GUEST, port + 2)
        plan.out(name, "guest", protocol, port + 2, WEB, look)
        plan.back(f"{name}answer", protocol, WEB, name, inside, look, what="of whom the guest has sent to")
        plan.back(f"{name}stranger", protocol, STRANGER, name, inside, look, comes=False,
                  what="of whom the guest has not sent to")
    plan.set("filtering", "endpoint-independent")


def hairpins(plan: Plan) -> None:
    look = "Step 5: hairpin()."
    port = plan.rng.randrange(22_000, 23_000)
    for protocol in (UDP, TCP):
        ends = {node: End(NODES[node], port + i) for i, node in enumerate(("guest", "other"))}
        for node, inside in ends.items():
            plan.out(f"pin{protocol}{node}", node, protocol, inside.port, WEB, look)
        for name, node, peer, flags in ((f"pin{protocol}there", "guest", "other", SYN),
                                        (f"pin{protocol}back", "other", "guest", SYN | ACK)):
            data = plan.token(name)
            plan.actions.append(["answer", node, protocol, list(ends[node]), f"pin{protocol}{peer}", data.hex(), flags,
                                 name, peer, PATIENCE])

            def check(seen: Captured, name: str = name, node: str = node, peer: str = peer, protocol: int = protocol,
                      ends: dict[str, End] = ends) -> str | None:
                came = seen.came(peer, plan.data[name])
                about = f"{NAMES[protocol]} of {ends[node]} to the outside end of {ends[peer]}"
                if seen.came("wire", plan.data[name]):
                    return f"{about} is seen outside"
                if not came:
                    return f"{about} should come to it; it does not"
                sender = plan.end(seen, f"pin{protocol}{node}")
                if datagrams.ends(came[0].octets) != (sender, ends[peer]):
                    return (f"{about} should come from {sender}, the sender's outside end; it comes as "
                            f"{datagrams.words(came[0].octets)}")
                # The host has that address too: left to it, a packet comes round, and through the module again.
                if came[0].octets[8] != TTL - 1:
                    return (f"{about} should come with TTL {TTL - 1}; it comes with {came[0].octets[8]}: it was not "
                            "turned round here, but went round through the host")
                return None
            plan.must(check, look)


def errors(plan: Plan) -> None:
    look = "Step 6: vnic_quoted_inbound(), vnic_quoted_outbound(), put()."
    port = plan.rng.randrange(23_000, 24_000)
    for protocol in (UDP, TCP, ICMP):
        name, inside = f"err{protocol}", End(GUEST, port)
        plan.out(name, "guest", protocol, port, WEB, look, length=16)
        plan.actions.append(["error", "wire", ROUTER, name, EXCEEDED, 0, "guest", plan.data[name].hex()])

        def comes_in(seen: Captured, name: str = name, inside: End = inside, protocol: int = protocol) -> str | None:
            found = [s.octets for s in seen.came("guest", plan.data[name]) if datagrams.is_error(s.octets)]
            about = f"a router's error about {NAMES[protocol]} of {inside}"
            if not found:
                return f"{about} should come to the guest; it does not"
            inner = datagrams.quoted(found[0])
            if datagrams.ends(found[0]) != (End(ROUTER), End(GUEST)) or datagrams.ends(inner)[0] != inside:
                return f"{about} comes to the guest as {datagrams.words(found[0])}"
            if bad := datagrams.faults(inner):
                return f"{about} comes to the guest, and what it quotes has a wrong {' and a wrong '.join(bad)}"
            return None
        plan.must(comes_in, look)
        answer = f"err{protocol}answer"
        plan.back(answer, protocol, WEB, name, inside, look, flags=SYN | ACK, what="the answer")
        plan.actions.append(["error", "guest", GUEST, answer, UNREACHABLE, 3, "wire", plan.data[answer].hex()])

        def goes_out(seen: Captured, name: str = name, answer: str = answer, protocol: int = protocol) -> str | None:
            found = [s.octets for s in seen.came("wire", plan.data[answer]) if datagrams.is_error(s.octets)]
            about = f"a guest's error about {NAMES[protocol]} that came to it"
            if not found:
                return f"{about} should be seen outside; it is not"
            inner, end = datagrams.quoted(found[0]), plan.end(seen, name)
            if datagrams.ends(found[0]) != (End(UPLINK), End(WEB.address)) or datagrams.ends(inner)[1] != end:
                return f"{about} is seen outside as {datagrams.words(found[0])}; it should quote a packet to {end}"
            if bad := datagrams.faults(inner):
                return f"{about} is seen outside, and what it quotes has a wrong {' and a wrong '.join(bad)}"
            return None
        plan.must(goes_out, look)


def timeouts(plan: Plan) -> None:
    look = "Step 7: vnic_mapping_left(), used_out(), timeout_of(), refreshes()."
    port = plan.rng.randrange(24_000, 25_000)
    udp, tcp, ping = End(GUEST, port), End(GUEST, port + 1), End(GUEST, port + 2)
    for words in (("udp", "5"), ("icmp", "3"), ("tcp-transitory", "3"), ("tcp-established", "600")):
        plan.set("timeout", *words)
    plan.out("late", "guest", UDP, udp.port, WEB, look)
    plan.out("latesyn", "guest", TCP, tcp.port, WEB, look)
    plan.back("latesynack", TCP, WEB, "latesyn", tcp, look, flags=SYN | ACK, what="the answer")
    plan.out("lateack", "guest", TCP, tcp.port, WEB, look, flags=ACK)
    plan.out("latehalf", "guest", TCP, tcp.port + 10, WEB2, look)
    plan.out("lateping", "guest", ICMP, ping.port, WEB, look)
    plan.wait(3.5)
    plan.out("lateagain", "guest", UDP, udp.port, WEB2, look)
    expires(plan, "halfdead", TCP, WEB2, "latehalf", End(GUEST, tcp.port + 10), ("latehalf",), 3, SYN | ACK)
    expires(plan, "pingdead", ICMP, WEB, "lateping", ping, ("lateping",), 3)
    plan.wait(3)
    expires(plan, "alive", UDP, WEB, "late", udp, ("late", "lateagain"), 5)
    plan.wait(3)
    expires(plan, "dead", UDP, WEB, "late", udp, ("late", "lateagain"), 5)
    expires(plan, "open", TCP, WEB, "latesyn", tcp, ("latesyn", "lateack"), 600)


def expires(plan: Plan, name: str, protocol: int, source: End, to: str, inside: End, kept_by: tuple[str, ...],
            seconds: int, flags: int = ACK) -> None:
    """It is let in so many seconds after the guest's last packet, and no longer: by the times of the capture."""
    look = "Step 7: vnic_mapping_left(), used_out(), timeout_of(), refreshes()."
    data = plan.token(name)
    plan.actions.append(["answer", "wire", protocol, list(source), to, data.hex(), flags, name, "guest", QUIET])

    def check(seen: Captured) -> str | None:
        sent = seen.sent_at("wire", data)
        last = max((at for kept in kept_by if (at := seen.sent_at("guest", plan.data[kept])) is not None and
                    (sent is None or at < sent)), default=None)
        if sent is None or last is None:
            return f"{NAMES[protocol]} to {inside} could not be sent"
        age, came = sent - last, bool(seen.came("guest", data))
        about = f"{NAMES[protocol]} for {seconds} s: a packet to {inside}, {age:.1f} s after the last one of its own,"
        if age < seconds - TOLERANCE and not came:
            return f"{about} should come; it does not"
        if age > seconds + TOLERANCE and came:
            return f"{about} should not come; it does"
        return None
    plan.must(check, look)


STORIES = (sums, a_stream, one_end_for_all, ports, the_way_back, hairpins, errors, timeouts)


# --- judged ---

def plan_of(seed: int) -> Plan:
    plan = Plan(random.Random(f"{seed}/vm"))
    plan.must(lambda seen: all_is_well(plan, seen), "Steps 1 and 6: each sum that a replaced word is under.")
    for story in STORIES:
        story(plan)
    return plan


def all_is_well(plan: Plan, seen: Captured) -> str | None:
    """Of everything that was seen: who is inside is not seen outside, and no sum is wrong."""
    for node in ("wire", "guest", "other"):
        for each in seen.passed[node]:
            if each.sent or any(data in each.octets for data in plan.damaged):
                continue
            if node == "wire" and datagrams.ends(each.octets)[0].address.startswith("10.9.0."):
                return f"an inside address is seen outside: {datagrams.words(each.octets)}"
            # the far kernel's sums to the box are completed by the box's card
            if bad := datagrams.faults(each.octets):
                where = "seen outside" if node == "wire" else f"comes to {NODES[node]}"
                return (f"{datagrams.words(each.octets)} {where} with a wrong {' and a wrong '.join(bad)}: "
                        f"{datagrams.in_hex(each.octets)}")
    return None


def judge(plan: Plan, seen: Captured) -> None:
    """Raises Failure at the first sentence."""
    for check, look in plan.checks:
        if sentence := check(seen):
            raise Failure(f"Real packets: {sentence}.", look)


def captured(left: Run) -> Captured:
    return Captured({name: read_pcap(left.data(f"{name}.pcap", CAPTURE_MAX)) for name in CAPTURES})


def run(machine: Machine, module: Path) -> None:
    """Raises Failure if the module is wrong."""
    grading_module.userland()
    plan = plan_of(machine.seed)
    written = machine.work / "plan.json"
    written.write_text(json.dumps(plan.actions))
    slower = DEBUG_KERNEL_COSTS if machine.kernel == "debug" else 1
    puts = {BUILD / "bin" / "vnic": "/root/vnic", machine.lab.folder / "guest" / "agent.py": "/root/agent.py",
            machine.lab.folder / "datagrams.py": "/root/datagrams.py", written: "/root/plan.json"}
    left = machine.run(module, SCRIPT, puts, VM_LIMIT * slower, deterministic=machine.seed % (1 << 31))
    if left.text("agent.status").strip() != "0":
        said = (left.text("agent.said").strip() or "nothing").splitlines()[-1]
        raise Failure(f"Real packets: the network could not be used: {said[:200]}.")
    judge(plan, captured(left))
