"""File systems in files. The guest maps them as persistent memory, so no driver queues I/O."""
from __future__ import annotations

import os
from pathlib import Path

from . import cache, packages, rootfs

MIB = 1 << 20
# Same contents, same bytes: deterministic runs and cache keys rely on it.
UUID = "6d6f6e69-746f-4272-9974-7565206d6163"


def make(image: Path, source: Path, size: int, inodes: int | None = None) -> None:
    """Makes an ext4 image of `size` bytes (a multiple of 2 MiB) that holds `source`."""
    argv = ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-I", "256",
            "-O", "^has_journal,^metadata_csum,^resize_inode", "-U", UUID,
            "-E", f"hash_seed={UUID},root_owner=0:0,lazy_itable_init=1,nodiscard"]
    if inodes:
        argv += ["-N", str(inodes)]
    argv += ["-d", str(source), str(image), f"{size // 1024}k"]
    if os.geteuid() != 0:
        # in the namespace the builder's files are root's
        argv = ["unshare", "--map-root-user", *argv]
    argv = ["env", "E2FSPROGS_FAKE_TIME=1704067200", *argv]
    packages.run("disk image", argv)


def digest(kernel: rootfs.Kernel) -> str:
    return cache.key(kernel.entry.name, Path(__file__))


def image(kernel: rootfs.Kernel) -> Path:
    """The read-only root disk of a kernel, made on first use."""
    def build(target: Path) -> None:
        cache.progress(f"disk {kernel.name}: packing")
        used = sum(max(f.lstat().st_size, 4096) for f in kernel.rootfs.rglob("*"))
        size = (used + used // 8) // (2 * MIB) * 2 * MIB + 32 * MIB
        make(target / "root.ext4", kernel.rootfs, size)

    return cache.entry(f"disk-{kernel.name}", digest(kernel), build) / "root.ext4"
