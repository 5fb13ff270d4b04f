"""What the course VM consists of. A change here makes a new image."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .errors import CourseVMError

SUITE = "trixie"

# The base root file system, shared by all kernels.
PACKAGES = (
    "gcc", "make", "libc6-dev", "libelf1t64",           # modules and userland are built inside
    "libsodium-dev", "liburing-dev",                     # httpd seals cookies, and has an event loop of io_uring
    "kmod", "mount", "procps", "iproute2", "ethtool",    # what tests ask of a system
    "python3", "python3-pytest", "bpftrace",
    "bc", "xz-utils", "cpio", "less",
    "sparse",                                            # make lint reads the modules with it
    # vnic: the translation it is measured against, and clients that nobody here wrote
    "nftables", "conntrack", "tcpdump", "iperf3", "curl", "iputils-ping", "traceroute", "udhcpc",
    "stun-client", "stun-server", "coturn",              # they name the kind of NAT that they are behind
    "qemu-system-x86", "ipxe-qemu",                      # a guest whose TAP device is /dev/vnic
    # cell: its libraries, what its containers consist of, and who drives it in runc's place
    "libjson-c-dev", "libseccomp-dev", "libyaml-dev", "libarchive-dev", "libcurl4-gnutls-dev", "nettle-dev",
    "zlib1g-dev", "libzstd-dev", "busybox-static", "podman", "crun", "containerd",
)

# Nothing in the VM reads these.
EXCLUDED = (
    "/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*",
    "/usr/share/lintian/*", "/usr/share/bash-completion/*", "/usr/share/zoneinfo/*",
)


@dataclass(frozen=True)
class KernelRecipe:
    """A Debian kernel: the suites that have it and the pattern of its release name.

    `line` goes on its command line.
    """

    name: str
    suites: tuple[str, ...]
    release: str
    from_source: bool = False
    line: str = ""


KERNELS = {
    k.name: k for k in (
        KernelRecipe("6.1", (SUITE, "bookworm"), r"6\.1\.0-[0-9]+-cloud-amd64"),
        KernelRecipe("6.12", (SUITE,), r"6\.12\.[0-9]+\+deb13-cloud-amd64"),
        KernelRecipe("7.3", (SUITE, f"{SUITE}-backports"), r"7\.3\.[0-9]+\+deb13-cloud-amd64"),
        # Interrupt routing from the MP table: the ACPI method for it is a loop in byte code, which
        # this kernel in emulation gives up after 30 s, and then no PCI device works.
        KernelRecipe("debug", (SUITE,), r"6\.12", from_source=True, line="acpi=noirq"),
    )
}
DEFAULT_KERNEL = "6.12"

# Into the initramfs, with what they depend on; built-in ones drop out by themselves.
BOOT_MODULES = ("nfit", "nd_pmem", "ext4", "overlay", "virtio_pci", "virtio_console")


def kernel(name: str | None) -> KernelRecipe:
    """The recipe of the kernel asked for: by option, by $KERNEL, or the default one."""
    name = name or os.environ.get("KERNEL") or DEFAULT_KERNEL
    try:
        return KERNELS[name]
    except KeyError:
        raise CourseVMError(f"kernel unknown: {name}: there are {', '.join(KERNELS)}: "
                            "choose one with --kernel or KERNEL=") from None


def natural_order(text: str) -> list:
    """Sorts 6.12.9 before 6.12.107."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]
