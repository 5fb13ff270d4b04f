"""Guests, a host that translates, a router and a server: network namespaces, each with a kernel's whole stack.

	container  10.9.0.2  link card --+
	second     10.9.0.3  link card --+-- host 192.0.2.1 (up0) -- (wire) 192.0.2.254 router -- far  198.51.100.7
	machine    10.9.0.4  TAP card ---+   network "lan"                                             198.51.100.8

What runs here records and judges nothing: NAME.out, NAME.err and NAME.code of a command, NAME.json of an
observation, all in OUT.
"""
from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

OUT = Path("/out")
UPLINK, ROUTER, FAR, FAR2 = "192.0.2.1", "192.0.2.254", "198.51.100.7", "198.51.100.8"
GUESTS = {"container": "10.9.0.2", "second": "10.9.0.3", "machine": "10.9.0.4"}
# How much longer everything takes on a kernel that checks itself.
SLOWNESS = int(os.environ.get("SLOWNESS", "1"))

FEATURES = ("tx", "sg", "tso", "gso", "gro")
WIRES = {"host": "up0", "router": "wire", "far": "eth0"}


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread, and the programs that it starts, are in that network namespace."""
    with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{namespace}") as there:
        os.setns(there.fileno(), os.CLONE_NEWNET)
        try:
            yield
        finally:
            os.setns(before.fileno(), os.CLONE_NEWNET)


def run(namespace: str, *command: str, text: str = "") -> str:
    """A command that has to succeed. Its output."""
    with inside(namespace):
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{namespace}: {' '.join(command)}: {done.stderr.strip()}\n{text}")
    return done.stdout


def ip(namespace: str, lines: str) -> None:
    run(namespace, "ip", "-batch", "-", text=lines)


def vnic(*words: str) -> str:
    return run("host", "vnic", *words)


def record(name: str, namespace: str, *command: str, within: float = 60) -> subprocess.CompletedProcess:
    """Runs a client and leaves what became of it; 124 if it did not end."""
    with inside(namespace):
        done = subprocess.run(("timeout", str(within * SLOWNESS), *command), stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
    (OUT / f"{name}.out").write_bytes(done.stdout)
    (OUT / f"{name}.err").write_bytes(done.stderr)
    (OUT / f"{name}.code").write_text(f"{done.returncode}\n")
    return done


def observe(name: str, what: object) -> None:
    (OUT / f"{name}.json").write_text(json.dumps(what, indent=1) + "\n")


@contextlib.contextmanager
def serving(namespace: str, *command: str, port: int = 0, udp: bool = False) -> Iterator[subprocess.Popen]:
    """A program in the background, from when it listens on its port until the end of the block."""
    with inside(namespace):
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
    try:
        if port:
            wait_for(lambda: f":{port} " in run(namespace, "ss", "-Hlun" if udp else "-Hltn"), f"{command[0]}: {port}")
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_for(condition: Callable[[], object], what: str, within: float = 20) -> None:
    until = time.monotonic() + within * SLOWNESS
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError(f"waited in vain: {what}")
        time.sleep(0.1)


@contextlib.contextmanager
def capturing(name: str, namespace: str, device: str) -> Iterator[None]:
    """tcpdump of all that passes, to NAME.pcap."""
    log = OUT / f"{name}.tcpdump"
    with inside(namespace), open(log, "wb") as said:
        dump = subprocess.Popen(("tcpdump", "-i", device, "-n", "-s", "0", "-B", "32768", "-w", OUT / f"{name}.pcap"),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
    try:
        wait_for(lambda: b"listening" in log.read_bytes(), f"tcpdump on {device}")
        yield
        time.sleep(0.5)
    finally:
        dump.send_signal(signal.SIGINT)
        dump.wait()


SO_TIMESTAMP = 29
STAMPED = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def keep_code() -> None:
    """
    Somebody is always at each netfilter hook, in a namespace without traffic, and wants the time of packets, as ping,
    traceroute and tcpdump do: the first to come and the last to go rewrite the kernel's code while the other CPU runs
    it, and QEMU before 8.1 may keep the breakpoint that is there for that moment for ever (it reads the code that it
    translates before it watches the page): "Oops: int3".
    """
    STAMPED.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
    hooks = ("prerouting", "input", "forward", "output", "postrouting")
    chains = "".join(f"chain {hook} {{ type filter hook {hook} priority 0; }}\n" for hook in hooks)
    subprocess.run(("nft", "-f", "-"), input=f"table inet hooks {{\n{chains}}}\n", text=True, check=True)


def lay() -> None:
    """Namespaces and wires, without the network and its guests."""
    keep_code()
    for namespace in ("host", "router", "far", *GUESTS):
        run_plain("ip", "netns", "add", namespace)
        with inside(namespace):
            # Nobody speaks unless a client does.
            for scope in ("all", "default"):
                Path(f"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6").write_text("1")
        ip(namespace, "link set lo up\n")
    ip("host", "link add up0 type veth peer name wire netns router\n"
               f"address add {UPLINK}/24 dev up0\nlink set up0 up\nroute add default via {ROUTER}\n")
    ip("router", f"address add {ROUTER}/24 dev wire\nlink set wire up\n"
                 "link add beyond type veth peer name eth0 netns far\n"
                 "address add 198.51.100.1/24 dev beyond\nlink set beyond up\n")
    ip("far", f"address add {FAR}/24 dev eth0\naddress add {FAR2}/24 dev eth0\nlink set eth0 up\n"
              "route add default via 198.51.100.1\n")
    with inside("router"):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def run_plain(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def offload_of_wires(how: str) -> None:
    """
    "off": who sends onto a wire makes the sums, and cuts what is too long, before tcpdump sees it; nobody joins it
    again. "on": nobody does anything before a receiver has to know.
    """
    for namespace, device in (*WIRES.items(), ("router", "beyond")):
        run(namespace, "ethtool", "-K", device, *(word for feature in ("tx", "tso", "gso", "gro")
                                                  for word in (feature, how)))


def link_card(guest: str) -> None:
    """A container's card, in its namespace as eth0; it has no address yet."""
    ip("host", "link add card type vnic\n")
    vnic("attach", "lan", "card", "--address", GUESTS[guest])
    ip("host", f"link set card netns {guest} name eth0\n")
    ip(guest, "link set eth0 up\n")


def configure_by_hand(guest: str) -> None:
    ip(guest, f"address replace {GUESTS[guest]}/24 dev eth0\nroute replace default via 10.9.0.1\n")


def load(module: str) -> None:
    depends = subprocess.run(("modinfo", "-F", "depends", module), capture_output=True, text=True, check=True).stdout
    for needed in filter(None, depends.strip().split(",")):
        run_plain("modprobe", needed)
    run_plain("insmod", module)


def clear() -> None:
    """All namespaces end; then the module goes, with nothing in its way."""
    for namespace in ("host", "router", "far", *GUESTS):
        run_plain("ip", "netns", "del", namespace)
    done = subprocess.run(("rmmod", "vnic"), capture_output=True, text=True, check=False)
    observe("unload", {"status": done.returncode, "said": done.stderr})


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
