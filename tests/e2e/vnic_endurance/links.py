"""Devices, addresses, namespaces and the module by system calls: programs take their time to start in emulation."""
from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import socket
import struct

import vnic_abi
from wire import SLOWNESS, inside

NEWLINK, DELLINK, GETLINK, NEWADDR, NEWROUTE = 16, 17, 18, 20, 24
REQUEST, ACK, REPLACE, EXCL, CREATE = 1, 4, 0x100, 0x200, 0x400
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 18, 28
INFO_KIND, INFO_DATA, VETH_PEER = 1, 2, 1
IFLA_VNIC_NETWORK, IFLA_VNIC_ADDRESS = 1, 2
UP, NESTED = 1, 0x8000
FINIT_MODULE, DELETE_MODULE = 313, 176
MS_BIND, MNT_DETACH = 4096, 2
# s without a packet after which a session ends
IDLE = 3 * SLOWNESS

libc = ctypes.CDLL(None, use_errno=True)
ABI = vnic_abi.read()


def check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


# --- rtnetlink ---

def attribute(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def ask(namespace: str, kind: int, flags: int, body: bytes, what: str) -> None:
    with inside(namespace), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as s:
        s.sendto(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | flags, 1, 0) + body, (0, 0))
        number = -struct.unpack_from("=i", s.recv(4096), 16)[0]
    if number:
        raise OSError(number, f"{namespace}: {what}: {os.strerror(number)}")


def index(namespace: str, device: str) -> int:
    with inside(namespace):
        return socket.if_nametoindex(device)


def info(number: int = 0, flags: int = 0, change: int = 0) -> bytes:
    return struct.pack("=BxHiII", 0, 0, number, flags, change)


def add_card(guest: str, address: str, network: str = "lan") -> None:
    """A link card: made by the host in the guest's namespace, in its network and up from the first moment."""
    data = text(IFLA_VNIC_NETWORK, network) + attribute(IFLA_VNIC_ADDRESS, socket.inet_aton(address))
    with open(f"/run/netns/{guest}") as there:
        body = info(flags=UP, change=UP) + text(IFLA_IFNAME, "eth0") + attribute(
            IFLA_NET_NS_FD, struct.pack("=i", there.fileno())) + attribute(
            IFLA_LINKINFO | NESTED, text(INFO_KIND, "vnic") + attribute(INFO_DATA | NESTED, data))
        ask("host", NEWLINK, CREATE | EXCL, body, "a card")


def add_veth(namespace: str, device: str, other: str, peer: str) -> None:
    with open(f"/run/netns/{other}") as there:
        end = info() + text(IFLA_IFNAME, peer) + attribute(IFLA_NET_NS_FD, struct.pack("=i", there.fileno()))
        body = info() + text(IFLA_IFNAME, device) + attribute(
            IFLA_LINKINFO | NESTED, text(INFO_KIND, "veth") + attribute(INFO_DATA | NESTED,
                                                                        attribute(VETH_PEER | NESTED, end)))
        ask(namespace, NEWLINK, CREATE | EXCL, body, "veth")


def delete(namespace: str, device: str) -> None:
    ask(namespace, DELLINK, 0, info(index(namespace, device)), f"delete {device}")


def turn(namespace: str, device: str, up: bool) -> None:
    ask(namespace, NEWLINK, 0, info(index(namespace, device), UP if up else 0, UP), f"{device} up: {up}")


def address(namespace: str, device: str, own: str, prefix: int = 24) -> None:
    octets = socket.inet_aton(own)
    body = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index(namespace, device)) + attribute(
        2, octets) + attribute(1, octets)
    ask(namespace, NEWADDR, CREATE | REPLACE, body, own)


def default_route(namespace: str, device: str, by: str) -> None:
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 4, 0, 1, 0) + attribute(
        5, socket.inet_aton(by)) + attribute(4, struct.pack("=I", index(namespace, device)))
    ask(namespace, NEWROUTE, CREATE | REPLACE, body, f"route by {by}")


def devices(namespace: str) -> set[str]:
    with inside(namespace):
        return {name for _, name in socket.if_nameindex()}


def has_carrier(namespace: str, device: str) -> bool:
    """IFF_RUNNING, as SIOCGIFFLAGS has it."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = fcntl.ioctl(s, 0x8913, struct.pack("16s24x", device.encode()))
    return bool(struct.unpack_from("H", flags, 16)[0] & 0x40)


# --- namespaces ---

def add_namespace(name: str) -> None:
    path = f"/run/netns/{name}"
    with open("/proc/thread-self/ns/net") as before:
        check(libc.unshare(os.CLONE_NEWNET), "unshare")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0))
            check(libc.mount(b"/proc/thread-self/ns/net", path.encode(), b"none", MS_BIND, None), f"mount {path}")
            for scope in ("all", "default"):
                with open(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6", "w") as file:
                    file.write("1")
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)
    turn(name, "lo", True)


def delete_namespace(name: str) -> None:
    """Its name; it ends when nobody has it any more."""
    path = f"/run/netns/{name}"
    check(libc.umount2(path.encode(), MNT_DETACH), f"umount {path}")
    os.unlink(path)


# --- the module ---

def insert_module(path: str) -> None:
    with open(path, "rb") as file:
        check(libc.syscall(FINIT_MODULE, file.fileno(), b"", 0), f"insmod {path}")


def remove_module() -> None:
    check(libc.syscall(DELETE_MODULE, b"vnic", os.O_NONBLOCK), "rmmod vnic")


# --- networks ---

def call(ioctl: int, argument: ctypes.Structure) -> ctypes.Structure:
    """An ioctl about the host's namespace."""
    with inside("host"):
        file = os.open("/dev/vnic", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(file, ioctl, argument)
        finally:
            os.close(file)
    return argument


def octets(value: str | int) -> ctypes.Array:
    data = socket.inet_aton(value) if isinstance(value, str) else value.to_bytes(2, "big")
    return (ctypes.c_uint8 * len(data))(*data)


def add_network() -> None:
    """What has ended is forgotten after seconds."""
    call(ABI.IOC_CREATE, ABI.ioc_network(
        name=b"lan", uplink=b"up0", subnet=octets("10.9.0.0"), prefix=24,
        timeouts=ABI.ioc_timeouts(udp=IDLE, icmp=IDLE, tcp_established=IDLE, tcp_transitory=IDLE)))


def remove_network() -> None:
    call(ABI.IOC_REMOVE, ABI.ioc_network(name=b"lan"))


def attach(card: str, own: str) -> None:
    call(ABI.IOC_ATTACH, ABI.ioc_card(network=b"lan", card=card.encode(), address=octets(own)))


def forward(port: int, own: str, inside_port: int) -> None:
    """If there is such a guest, and no such forward."""
    with contextlib.suppress(OSError):
        call(ABI.IOC_FORWARD, ABI.ioc_forward(network=b"lan", protocol=socket.IPPROTO_UDP, inside=octets(own),
                                              outside_port=octets(port), inside_port=octets(inside_port)))


def sessions() -> int:
    return call(ABI.IOC_NETWORK, ABI.ioc_network(name=b"lan")).sessions


def cards() -> int:
    """How many cards are in the network; -1 if there is none."""
    try:
        return call(ABI.IOC_NETWORK, ABI.ioc_network(name=b"lan")).cards
    except OSError as e:
        if e.errno == errno.ENOENT:
            return -1
        raise
