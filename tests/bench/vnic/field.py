#!/usr/bin/python3
"""The field of the bench, inside the course VM: field.py up | down. Two guests, each with an uplink of its own, for two
translators would give the ports of one address twice.

    g-vnic    v0 (vnic) ....... network "bench", translated by the module ... u-vnic -- o-vnic (veth)  outside
    g-veth    v0 (veth) -- h0, routed, translated by nft masquerade ......... u-veth -- o-veth (veth)  outside
"""
from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e/nat"))
import vnic_abi

OUTSIDE = {"vnic": "192.0.2.7", "veth": "198.51.100.7"}
UPLINK = {"vnic": "192.0.2.1", "veth": "198.51.100.1"}
TRAFFIC = "/virtlab/build/bin/bench-vnic-traffic"
ABI = vnic_abi.read()


def sh(*commands: str) -> None:
    for command in commands:
        subprocess.run(command, shell=True, check=True)


def octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def ask(request: int, argument) -> None:
    with open("/dev/vnic", "r+b", buffering=0) as device:
        fcntl.ioctl(device, request, argument)


def network(name: str, uplink: str, subnet: str, prefix: int) -> None:
    args = ABI.ioc_network(name=name.encode(), uplink=uplink.encode(), prefix=prefix, quota=65536, most=65536)
    args.subnet[:] = octets(subnet)
    ask(ABI.IOC_CREATE, args)


def attach(name: str, card: str) -> None:
    ask(ABI.IOC_ATTACH, ABI.ioc_card(network=name.encode(), card=card.encode()))


def up() -> None:
    for name in ("outside", "g-vnic", "g-veth"):
        sh(f"ip netns add {name}", f"ip -n {name} link set lo up")
    sh("ip link set lo up", "sysctl -qw net.ipv4.ip_forward=1")
    for who in OUTSIDE:
        sh(f"ip link add u-{who} type veth peer name o-{who} netns outside",
           f"ip addr add {UPLINK[who]}/24 dev u-{who}", f"ip link set u-{who} up", f"ip -n outside addr add {OUTSIDE[who]}/24 dev o-{who}",
           f"ip -n outside link set o-{who} up")

    network("bench", "u-vnic", "10.9.0.0", 24)
    sh("ip link add v0 type vnic")
    attach("bench", "v0")
    sh("ip link set v0 netns g-vnic", "ip -n g-vnic addr add 10.9.0.2/24 dev v0", "ip -n g-vnic link set v0 up",
       "ip -n g-vnic route add default via 10.9.0.1")

    sh("ip link add h0 type veth peer name v0 netns g-veth", "ip addr add 10.8.0.1/24 dev h0", "ip link set h0 up",
       "ip -n g-veth addr add 10.8.0.2/24 dev v0", "ip -n g-veth link set v0 up",
       "ip -n g-veth route add default via 10.8.0.1",
       "nft 'add table ip nat; add chain ip nat post { type nat hook postrouting priority 100 ; };"
       " add rule ip nat post oifname u-veth ip saddr 10.8.0.0/24 masquerade'")
    subprocess.Popen(["ip", "netns", "exec", "outside", TRAFFIC, "serve"], stdin=subprocess.DEVNULL,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(1)


def down() -> None:
    sh("ip netns pids outside | xargs kill", "ip link del h0", "nft delete table ip nat")
    for name in ("outside", "g-vnic", "g-veth"):
        sh(f"ip netns del {name}")
    time.sleep(1)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
