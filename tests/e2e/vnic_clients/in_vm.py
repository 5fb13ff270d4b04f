"""Inside the course VM, as root: one group of clients, called with the module's file and the group's name."""
from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["PATH"] = "/virtlab/build/bin:" + os.environ["PATH"]

import clients
import guest
import machine
import wire

FEW = os.environ.get("PART") != "all"


def step(name: str, work, *arguments) -> None:
    start = time.monotonic()
    work(*arguments)
    counts = json.loads(wire.vnic("stats", "--json"))[0]["counts"]
    dropped = {reason: count for reason, count in counts.items() if reason.startswith("drop_") and count}
    print(f"{name}: {time.monotonic() - start:.1f} s; so far {dropped}", flush=True)


def some(combinations: list[dict[str, bool]]) -> list[dict[str, bool]]:
    return [combinations[0], combinations[-1], combinations[-2]] if FEW else combinations


def container() -> None:
    """A link card in a namespace."""
    wire.link_card("second")
    wire.configure_by_hand("second")
    wire.link_card("container")
    step("dhcp", clients.dhcp, "container_dhcp", "container")
    combinations = some(clients.every_combination("container"))
    wire.offload_of_wires("off")
    with clients.httpd("far"):
        with wire.capturing("container_inside", "container", "eth0"), wire.capturing("outside", "router", "wire"):
            step("offloads, sums made", clients.offloads, "container", combinations, "container_offloads_made")
            step("reachability", clients.reachability, "container")
        wire.offload_of_wires("on")
        step("offloads, sums left", clients.offloads, "container", combinations, "container_offloads_left")
        step("path mtu", clients.path_mtu, "container")
    step("forwarded", clients.forwarded, "container", wire.GUESTS["container"])
    step("throughput", clients.throughput, "container")
    step("kind", clients.kind, "container", "independent")
    wire.vnic("set", "lan", "filtering", "address-dependent")
    step("kind", clients.kind, "container", "dependent")


def behind_tap() -> None:
    """A whole stack behind a TAP card, by what a VMM does: without the header of virtio-net, and with it."""
    wire.link_card("second")
    wire.configure_by_hand("second")
    with clients.httpd("far"):
        wire.offload_of_wires("on")
        with machine.Machine(vnet_header=False) as m:
            wire.observe("machine_plain", clients.exchange("machine"))
            wire.observe("machine_plain_refused", m.refused)
        with machine.Machine(vnet_header=True) as m:
            step("dhcp", clients.dhcp, "machine_dhcp", "machine")
            every = machine.F_CSUM | machine.F_TSO4 | machine.F_TSO6
            rows = []
            for flags in (0, machine.F_CSUM, every, every | machine.F_USO4 | machine.F_USO6):
                known = m.offload(flags)
                rows.append({"flags": flags, "known": known, "wrong": clients.exchange("machine")})
            wire.observe("machine_offload_flags", rows)
            m.offload(every)
            combinations = some(clients.every_combination("machine"))
            wire.offload_of_wires("off")
            with wire.capturing("machine_inside", "host", "tap0"), wire.capturing("outside", "router", "wire"):
                step("offloads, sums made", clients.offloads, "machine", combinations, "machine_offloads_made")
                step("reachability", clients.reachability, "machine")
            wire.offload_of_wires("on")
            step("offloads, sums left", clients.offloads, "machine", combinations, "machine_offloads_left")
            step("path mtu", clients.path_mtu, "machine")
            step("forwarded", clients.forwarded, "machine", wire.GUESTS["machine"])
            step("throughput", clients.throughput, "machine")
            step("kind", clients.kind, "machine", "independent")
            wire.observe("machine_refused", m.refused)


GROUPS = {"container": container, "tap": behind_tap, "firmware": guest.firmware, "kernel": guest.kernel}


def main(module: str, group: str) -> None:
    wire.lay()
    wire.load(module)
    wire.vnic("create", "lan", "--subnet", "10.9.0.0/24", "--uplink", "up0")
    clients.prepare()
    GROUPS[group]()
    (wire.OUT / "stats.out").write_text(wire.vnic("stats", "--all"))
    wire.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])
