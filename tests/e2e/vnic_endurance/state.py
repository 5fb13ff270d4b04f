"""What a kernel keeps: objects by their kind, and what /proc/net shows. For before and after."""
from __future__ import annotations

import contextlib
import time
from pathlib import Path

import wire

# Lines of /proc/net that tell what is there, not how often something happened.
TABLES = ("dev", "ptype", "protocols", "packet", "sockstat", "sockstat6", "dev_mcast", "netlink", "udp", "raw", "arp")
# Where a line's first word is a number or an address that another of its kind would not have.
COLUMN = {"dev_mcast": 1, "netlink": 1, "udp": 1, "raw": 1, "packet": 4}
CACHES = ("kmalloc-", "skbuff_", "net_namespace", "ip_dst_cache", "ip4-frags", "sock_inode_cache", "UDP", "TCP", "RAW",
          "PACKET", "tw_sock_TCP", "request_sock_TCP", "task_struct", "filp", "pid", "fib", "ip_fib", "vnic", "dentry",
          "proc_inode_cache", "neigh", "uid_cache")


def shrink() -> None:
    """Caches that can be told so give back what nobody uses; RCU's callbacks have their time."""
    Path("/proc/sys/vm/drop_caches").write_text("3")
    for cache in {path.resolve() for path in Path("/sys/kernel/slab").iterdir() if path.name.startswith(CACHES)}:
        with contextlib.suppress(OSError):
            (cache / "shrink").write_text("1")
    time.sleep(0.5)


def slabs() -> dict[str, tuple[int, int]]:
    """
    Objects that are in use, by cache, and how many a slab has: those of a slab that a CPU has count as in use.
    What is freed later is seen in some samples and not in others: the least of a few is what is kept.
    """
    least: dict[str, tuple[int, int]] = {}
    time.sleep(1 + wire.SLOWNESS)
    for _ in range(5):
        shrink()
        for line in Path("/proc/slabinfo").read_text().splitlines()[2:]:
            name, active, _, _, at_once = line.split()[:5]
            if name.startswith(CACHES):
                least[name] = min(least.get(name, (int(active), 0))[0], int(active)), int(at_once)
    return least


def tables(namespace: str) -> dict[str, list[str]]:
    """Names only, where the rest of a line counts."""
    found = {}
    with wire.inside(namespace):
        for name in TABLES:
            path = Path(f"/proc/thread-self/net/{name}")
            if path.exists():
                lines = path.read_text().splitlines()
                found[name] = sorted(line.split()[COLUMN.get(name, 0)] for line in lines if line.strip())
    return found


def now() -> dict:
    return {"slabs": slabs(), "tables": {namespace: tables(namespace) for namespace in ("router", "far", "second")}}
