#!/usr/bin/python3
"""One slice of the bench of vnic, in the course VM: slice.py CASE WHO. Prints a line of JSON."""
from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from field import ABI, OUTSIDE, TRAFFIC, ask, sh

GSO = "tso off gso off"
# The deterministic machine has one processor and counts instructions: a tenth says as much.
SCALE = float(os.environ.get("BENCH_SCALE", "1"))


def scaled(n: int) -> str:
    return str(max(1, round(n * SCALE)))


def traffic(who: str, *args: str) -> dict:
    done = subprocess.run(["ip", "netns", "exec", f"g-{who}", TRAFFIC, *args], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def arrived(who: str) -> int:
    """Frames that came out of the uplink's other end."""
    done = subprocess.run(["ip", "netns", "exec", "outside", "cat", f"/sys/class/net/o-{who}/statistics/rx_packets"],
                          check=True, capture_output=True, text=True)
    return int(done.stdout)


def counted(who: str, *args: str) -> dict:
    """Datagrams; nobody reads them, for what the reader costs is no matter of the way there."""
    before = arrived(who)
    found = traffic(who, *args)
    return found | {"arrived": arrived(who) - before - found["before"]}


def stream(who: str) -> dict:
    return traffic(who, "stream", OUTSIDE[who], scaled(128))


def segments(who: str) -> dict:
    """Without offload of segmentation: a packet for each segment."""
    subprocess.run(f"ip netns exec g-{who} ethtool -K v0 {GSO}", shell=True, check=True, stdout=subprocess.DEVNULL)
    try:
        return traffic(who, "stream", OUTSIDE[who], scaled(16))
    finally:
        subprocess.run(f"ip netns exec g-{who} ethtool -K v0 {GSO.replace('off', 'on')}", shell=True, check=True,
                       stdout=subprocess.DEVNULL)


def datagrams(who: str) -> dict:
    return counted(who, "datagrams", OUTSIDE[who], scaled(40000))


def connections(who: str) -> dict:
    return traffic(who, "connections", OUTSIDE[who], scaled(2000))


def memory() -> dict:
    stats, network = ABI.ioc_stats(network=b"bench"), ABI.ioc_network(name=b"bench")
    ask(ABI.IOC_STATS, stats)
    ask(ABI.IOC_NETWORK, network)
    return {"octets": stats.memory, "mappings": network.mappings, "sessions": network.sessions}


def flows(who: str) -> dict:
    kind, count = who.split(":")
    return counted(kind, "flows", OUTSIDE[kind], scaled(40000), count) | (memory() if kind == "vnic" else {})


CABLES = {"rings": ("rings", "/dev/vnic"), "vnet": ("vnet", "/dev/net/tun"), "plain": ("plain", "/dev/net/tun")}


@contextlib.contextmanager
def carrying(who: str) -> Iterator[None]:
    """The cards, and who carries; "veth": the kernel does, and there is no program between; "lo": there is no card."""
    if who == "lo":
        sh("ip -n left addr add 10.1.0.2/32 dev lo", "ip -n left link set lo up")
        yield
        return
    if who == "veth":
        sh("ip link add left0 type veth peer name right0")
        yield
        return
    with subprocess.Popen([TRAFFIC.replace("traffic", "cable"), *CABLES[who], "left0", "right0"], text=True,
                          stdout=subprocess.PIPE) as carrier:
        carrier.stdout.readline()
        yield
        carrier.kill()


@contextlib.contextmanager
def cable(who: str) -> Iterator[None]:
    """Two namespaces, a card each, and between the cards a program that carries frames as a VMM does."""
    sh("ip netns add left", "ip netns add right")
    with carrying(who):
        for n, side in enumerate(("left", "right") if who != "lo" else (), 1):
            sh(f"ip link set {side}0 netns {side}", f"ip -n {side} addr add 10.1.0.{n}/24 dev {side}0",
               f"ip -n {side} link set {side}0 up")
        receiver = "left" if who == "lo" else "right"
        with subprocess.Popen(["ip", "netns", "exec", receiver, TRAFFIC, "serve"], start_new_session=True) as server:
            time.sleep(1)
            yield
            os.killpg(server.pid, signal.SIGKILL)
    sh("ip netns del left", "ip netns del right")


def vmm(who: str) -> dict:
    with cable(who):
        done = subprocess.run(["ip", "netns", "exec", "left", TRAFFIC, "stream", "10.1.0.2", scaled(64)], check=True,
                              capture_output=True, text=True)
        return json.loads(done.stdout)


def full(who: str) -> dict:
    """As many datagrams as the sender can, and how many came out at the other card."""
    with cable(who):
        def received() -> int:
            done = subprocess.run(["ip", "netns", "exec", "right", "cat", "/sys/class/net/right0/statistics/rx_packets"],
                                  check=True, capture_output=True, text=True)
            return int(done.stdout)

        before = received()
        done = subprocess.run(["ip", "netns", "exec", "left", TRAFFIC, "datagrams", "10.1.0.2", scaled(40000)],
                              check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        time.sleep(2)
        return found | {"lost": max(0, found["sent"] + found["before"] - (received() - before))}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
