"""What a VMM does, without the VM: frames go between a TAP file descriptor of /dev/vnic and a namespace.

	namespace "machine": eth0 (veth) ==== port (veth) -- packet socket -- this program -- /dev/vnic -- tap0

With PACKET_VNET_HDR the packet socket gives and takes the header that IFF_VNET_HDR has, so that whole segments and
unfinished sums pass from kernel to kernel as they do between a VM's virtio-net and its VMM.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct

import wire

TUNSETIFF, TUNSETOFFLOAD, TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
F_CSUM, F_TSO4, F_TSO6, F_USO4, F_USO6 = 1, 2, 4, 0x20, 0x40
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ETH_P_ALL = 3


def open_tap(name: str, flags: int) -> int:
    """A TAP card in the host's namespace, as any client of TUN/TAP makes one."""
    with wire.inside("host"):
        tap = os.open("/dev/vnic", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | flags))
    return tap


def join(name: str, guest: str) -> None:
    wire.ip("host", f"link set {name} up\n")
    wire.vnic("attach", "lan", name, "--address", wire.GUESTS[guest])


class Machine:
    """The namespace "machine" behind a TAP card, for as long as the block lasts."""

    def __init__(self, vnet_header: bool) -> None:
        self.tap = open_tap("tap0", IFF_VNET_HDR if vnet_header else 0)
        self.offload(0)
        join("tap0", "machine")
        wire.ip("machine", "link add eth0 type veth peer name port netns host\nlink set eth0 up\n")
        wire.ip("host", "link set port up\n")
        with wire.inside("host"):
            self.port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
            self.port.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            if vnet_header:
                self.port.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            self.port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.port.bind(("port", ETH_P_ALL))
        if not vnet_header:
            # A frame without that header has its sums, and is one that fits a wire.
            wire.run("machine", "ethtool", "-K", "eth0", "tx", "off", "tso", "off", "gso", "off")
        elif not self.offload(F_CSUM | F_USO4 | F_USO6):
            # Nor has that header of 6.1 a word for datagrams that are yet to be cut.
            wire.run("machine", "ethtool", "-K", "eth0", "tx-udp-segmentation", "off")
        self.offload(0)
        wire.configure_by_hand("machine")
        self.end, self.ended = os.pipe()
        self.refused = 0
        self.thread = wire.in_background(self.carry)

    def offload(self, flags: int) -> bool:
        """What the machine takes; False if this kernel's TAP devices do not know it."""
        try:
            fcntl.ioctl(self.tap, TUNSETOFFLOAD, flags)
        except OSError:
            return False
        return True

    def carry(self) -> None:
        while True:
            ready = select.select([self.tap, self.port, self.end], [], [])[0]
            if self.end in ready:
                return
            with contextlib.suppress(BlockingIOError):
                while self.tap in ready:
                    self.put(self.port.send, os.read(self.tap, 70000))
            with contextlib.suppress(BlockingIOError):
                while self.port in ready:
                    self.put(lambda frame: os.write(self.tap, frame), self.port.recv(70000))

    def put(self, where, frame: bytes) -> None:
        try:
            where(frame)
        except OSError:
            self.refused += 1

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_) -> None:
        os.close(self.ended)
        self.thread.join()
        for file in (self.tap, self.end):
            os.close(file)
        self.port.close()
        wire.ip("machine", "link del eth0\n")
