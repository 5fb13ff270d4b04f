"""kmod/vnic: each guest has a link card, and the cards' network translates onto the uplink.

Its ioctls are called from here, not through the vnic program, so that a test of the one is none of the other.
"""
from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket

import vnic_abi
from topology import GATEWAY, GUEST_MACS, GUESTS, HOST, TIMEOUTS, UPLINK, Network, delete_link, inside, ip, run

NETWORK = b"lan"


class Subject:
    name = "vnic"

    def __init__(self, module: str) -> None:
        self.module, self.abi, self.file = module, vnic_abi.read(), -1

    def load(self) -> None:
        # What it may depend on; then it.
        run("modprobe", "nf_defrag_ipv4")
        run("insmod", self.module)
        self.file = os.open("/dev/vnic", os.O_RDWR | os.O_CLOEXEC)

    def unload(self) -> None:
        os.close(self.file)
        run("rmmod", "vnic")

    def device(self, guest: str) -> str:
        return f"v-{guest}"

    def call(self, ioctl: int, argument: ctypes.Structure) -> None:
        """An ioctl about the host's namespace."""
        with inside(HOST):
            fcntl.ioctl(self.file, ioctl, argument)

    def network(self, **values: object) -> ctypes.Structure:
        subnet = (ctypes.c_uint8 * 4)(*socket.inet_aton(GATEWAY)[:3], 0)
        return self.abi.ioc_network(**({"name": NETWORK, "uplink": b"up0", "subnet": subnet, "prefix": 24} | values))

    def build(self, wishes: Network) -> None:
        a = self.abi
        self.remove()
        first, last = wishes.ports or (1 if wishes.low_ports else 0, 0)
        flags = (a.NET_ADDRESS_DEPENDENT if wishes.address_dependent or wishes.closed else 0) | (
            a.NET_JOINED if wishes.joined else 0)
        self.call(a.IOC_CREATE, self.network(flags=flags, first_port=first, last_port=last, quota=wishes.quota or 0,
                                             timeouts=a.ioc_timeouts(**wishes.timeouts)))
        ip("".join(f"link add {self.device(guest)} address {GUEST_MACS[guest]} type vnic\n" for guest in GUESTS))
        for guest, address in GUESTS.items():
            self.call(a.IOC_ATTACH, a.ioc_card(network=NETWORK, card=self.device(guest).encode(),
                                               address=(ctypes.c_uint8 * 4)(*socket.inet_aton(address))))
        ip("".join(f"link set {self.device(guest)} netns {guest} up\n" for guest in GUESTS))

    def remove(self) -> None:
        for guest in GUESTS:
            delete_link(guest, self.device(guest)) or delete_link(HOST, self.device(guest))
        with contextlib.suppress(FileNotFoundError):
            self.call(self.abi.IOC_REMOVE, self.abi.ioc_network(name=NETWORK))

    def timeouts(self) -> dict[str, int]:
        asked = self.abi.ioc_network(name=NETWORK)
        self.call(self.abi.IOC_NETWORK, asked)
        there = {name: getattr(asked.timeouts, name) for name in TIMEOUTS}
        return there | {"tcp_reset": there["tcp_transitory"]}

    def forward(self, protocol: int, port: int, guest: str, inside_port: int, address: str = UPLINK) -> None:
        a = self.abi
        self.call(a.IOC_FORWARD, a.ioc_forward(
            network=NETWORK, protocol=protocol, outside=(ctypes.c_uint8 * 4)(*socket.inet_aton(address)),
            inside=(ctypes.c_uint8 * 4)(*socket.inet_aton(guest)),
            outside_port=(ctypes.c_uint8 * 2)(*port.to_bytes(2, "big")),
            inside_port=(ctypes.c_uint8 * 2)(*inside_port.to_bytes(2, "big"))))

    def counts(self) -> dict[str, int]:
        """What the network counted, but for zeros."""
        a = self.abi
        asked = a.ioc_stats(network=NETWORK)
        self.call(a.IOC_STATS, asked)
        names = {number: name for name, number in vars(a).items()
                 if name.startswith(("COUNT_", "DROP_")) and isinstance(number, int)}
        return {names[i].lower(): count for i, count in enumerate(asked.counts) if count}
