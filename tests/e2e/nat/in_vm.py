"""Inside the course VM, as root: runs the tests of this folder on one subject, a line of JSON for each.

	in_vm.py nft OUT
	in_vm.py vnic OUT MODULE.ko

A line has the test's name, whether it passed, what was seen, and how long it took. Judges nothing; conftest.py does.
Tests wait for seconds to pass, with a margin of one. If the VM itself was not given its processors meanwhile (pace.py),
a failure says nothing, and the test is made again.
ONLY=word runs the tests whose names contain it.
"""
from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from pace import Pace
from topology import (A, A2, B, B2, GATEWAY, GUEST_MACS, GUESTS, HOST, OUTSIDE, ROUTER, UPLINK, UPLINK2, UPLINK_MAC,
                      WIRE_MAC, Nat, Network, Node, ip, run, sysctl)

# What a test's margins bear of lost time, in seconds; and how often it is made until it had no more than that.
BEARABLE, TIMES = 0.4, 5
MODULES = (*sorted(p.stem for p in HERE.glob("test_rfc*.py")), "test_promises")


def checks() -> Iterator[Callable]:
    for name in MODULES:
        module = importlib.import_module(name)
        for test in vars(module).values():
            if getattr(test, "__name__", "").startswith("test_"):
                yield test


def in_order() -> list[Callable]:
    return sorted(checks(), key=lambda check: wishes_of(check).last)


def wishes_of(check: Callable) -> Network:
    return getattr(check, "network", Network())


def lay_the_wire() -> None:
    for namespace in (HOST, OUTSIDE, *GUESTS):
        run("ip", "netns", "add", namespace)
        # Nobody speaks unless a test does.
        sysctl(namespace, ipv6__conf__all__disable_ipv6=1, ipv6__conf__default__disable_ipv6=1)
        ip("link set lo up\n", namespace)
    ip(f"link add up0 address {UPLINK_MAC} type veth peer name wire netns {OUTSIDE} address {WIRE_MAC}\n"
       "link set up0 up\n")
    ip("link set wire up\n", OUTSIDE)
    # A packet socket sees sums as they would be on a wire only if they are made here.
    run("ethtool", "-K", "up0", "tx", "off", "tso", "off", "gso", "off", "gro", "off", namespace=HOST)
    # So that a test sees every error that it provokes; how many there are in a second is one test's business.
    sysctl(HOST, ipv4__icmp_ratelimit=0, ipv4__icmp_msgs_per_sec=1000000, ipv4__icmp_msgs_burst=1000000)


def lay_the_uplink(wishes: Network) -> None:
    """As it is at the start of a test."""
    ip("address flush dev up0\n"
       f"link set up0 mtu {wishes.mtu} up\n"
       f"address add {UPLINK}/24 dev up0\n"
       + (f"address add {UPLINK2}/24 dev up0\n" if wishes.addresses == 2 else "")
       + "route replace 198.51.100.0/24 dev up0\nroute replace 203.0.113.0/24 dev up0\n"
       + "".join(f"neigh replace {a} dev up0 lladdr {WIRE_MAC} nud permanent\n" for a in (A, A2, B, B2, ROUTER)))


class Run:
    def __init__(self, subject: object, out: Path) -> None:
        self.subject, self.out = subject, out
        self.outside = Node(OUTSIDE, "wire", A, WIRE_MAC, UPLINK_MAC)
        self.uplink: tuple[int, int] | None = None

    def guests(self) -> dict[str, Node]:
        nodes = {name: Node(name, self.subject.device(name), GUESTS[name], GUEST_MACS[name]) for name in GUESTS}
        for node in nodes.values():
            node.ask_for(GATEWAY)
        return nodes

    def one(self, check: Callable) -> dict:
        wishes = wishes_of(check)
        record = {"test": check.__name__, "subject": self.subject.name, "passed": False, "seen": "", "broken": False}
        start, nat, nodes = time.monotonic(), None, {}
        try:
            if self.uplink != (wishes.mtu, wishes.addresses):
                lay_the_uplink(wishes)
                self.uplink = (wishes.mtu, wishes.addresses)
            self.subject.build(wishes)
            nodes = self.guests()
            self.outside.forget()
            nat = Nat(self.subject, nodes, self.outside, wishes)
            check(nat)
            record |= {"passed": True, "seen": "; ".join(nat.seen)}
        except AssertionError as fault:
            record["seen"] = "; ".join([*(nat.seen if nat else []), str(fault) or "assertion without words"])
        except Exception:  # the test itself, or the subject's tools, could not do their work
            record |= {"seen": traceback.format_exc(limit=-4), "broken": True}
        if nat and nat.uplink_changed:
            self.uplink = None
        # Whoever is inside is not seen outside, whatever the test is about.
        self.outside.all(lambda p: False, within=0)
        record["leaked"] = [str(p) for p in self.outside.heard if p.source.startswith("10.9.0.")][:3]
        if not record["passed"] and not record["broken"]:
            record["counts"] = self.subject.counts()
        for node in nodes.values():
            node.close()
        record["seconds"] = round(time.monotonic() - start, 2)
        return record

    def in_time(self, check: Callable, pace: Pace) -> dict:
        """The first verdict that is a pass, or of a VM that was on time, or a leak; or else the last one."""
        for attempt in range(1, TIMES + 1):
            before = pace.lost
            record = self.one(check)
            record |= {"lost": round(pace.lost - before, 2), "times": attempt}
            if record["passed"] or record["leaked"] or record["lost"] <= BEARABLE:
                break
            print(f"late {record['lost']:5.2f} s  {check.__name__}  {record['seen']}", flush=True)
        return record

    def all(self, pace: Pace) -> None:
        only = os.environ.get("ONLY", "")
        with open(self.out / "verdicts.jsonl", "w") as lines:
            for check in in_order():
                if only not in check.__name__:
                    continue
                record = self.in_time(check, pace)
                lines.write(json.dumps(record) + "\n")
                lines.flush()
                word = "ok  " if record["passed"] else "?   " if record["broken"] else "FAIL"
                print(f"{word} {record['seconds']:5.1f} s  {check.__name__}  {record['seen']}", flush=True)


def main(name: str, out: str, module: str = "") -> None:
    lay_the_wire()
    subject = importlib.import_module(f"subject_{name}").Subject(*([module] if module else []))
    subject.load()
    with Pace() as pace:
        # One processor sends and receives: what was sent first arrives first.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        run_ = Run(subject, Path(out))
        run_.all(pace)
    subject.remove()
    subject.unload()
    for namespace in (HOST, OUTSIDE, *GUESTS):
        run("ip", "netns", "del", namespace)


if __name__ == "__main__":
    main(*sys.argv[1:])
