#!/usr/bin/python3
"""One slice of the bench of vnic, in the course VM: slice.py CASE WHO. Prints a line of JSON."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from field import ABI, OUTSIDE, TRAFFIC, ask

GSO = "tso off gso off"
# The deterministic machine has one processor and counts instructions: a tenth says as much.
SCALE = float(os.environ.get("BENCH_SCALE", "1"))


def scaled(n: int) -> str:
    return str(max(1, round(n * SCALE)))


def traffic(who: str, *args: str) -> dict:
    done = subprocess.run(["ip", "netns", "exec", f"g-{who}", TRAFFIC, *args], check=True, capture_output=True, text=True)
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


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
