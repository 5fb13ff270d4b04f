"""What a kernel keeps: objects by their kind, and what /proc/net shows. For before and after."""
from __future__ import annotations

import contextlib
import time
from pathlib import Path

import wire

# Lines of /proc/net that tell what is there, not how often something happened.
TABLES = ("dev", "ptype", "protocols", "packet", "sockstat", "sockstat6", "dev_mcast", "netlink", "udp", "raw", "arp")
CACHES = ("kmalloc-", "skbuff_", "net_namespace", "ip_dst_cache", "ip4-frags", "sock_inode_cache", "UDP", "TCP", "RAW",
          "PACKET", "tw_sock_TCP", "request_sock_TCP", "task_struct", "filp", "pid", "fib", "ip_fib", "vnic", "dentry",
          "proc_inode_cache", "neigh", "uid_cache")


def settle() -> None:
    """What is freed later has been: namespaces, RCU's callbacks, caches that can be told so."""
    time.sleep(1 + wire.SLOWNESS)
    caches = {path.resolve() for path in Path("/sys/kernel/slab").iterdir() if path.name.startswith(CACHES)}
    for _ in range(2):
        Path("/proc/sys/vm/drop_caches").write_text("3")
        for cache in caches:
            with contextlib.suppress(OSError):
                (cache / "shrink").write_text("1")
        time.sleep(0.5)


def slabs() -> dict[str, tuple[int, int]]:
    """Objects that are in use, by cache, and how many a slab has: those of a slab that a CPU has count as in use."""
    found = {}
    for line in Path("/proc/slabinfo").read_text().splitlines()[2:]:
        name, active, _, _, at_once = line.split()[:5]
        if name.startswith(CACHES):
            found[name] = int(active), int(at_once)
    return found


def tables(namespace: str) -> dict[str, list[str]]:
    """Names only, where the rest of a line counts."""
    found = {}
    with wire.inside(namespace):
        for name in TABLES:
            path = Path(f"/proc/thread-self/net/{name}")
            if path.exists():
                lines = path.read_text().splitlines()
                found[name] = sorted(line.split()[0] for line in lines if line.strip())
    return found


def now() -> dict:
    settle()
    return {"slabs": slabs(), "tables": {namespace: tables(namespace) for namespace in ("router", "far", "second")}}
