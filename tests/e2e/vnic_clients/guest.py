"""A stock QEMU whose TAP device is /dev/vnic, inside the course VM: emulation within emulation, and so slow.

QEMU's `ifname=` opens /dev/net/tun; `fd=N` takes what the launcher has opened. Everything after that is QEMU's own.
"""
from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import clients
import machine
import wire
from wire import FAR, GUESTS, OUT, SLOWNESS, UPLINK, inside, observe

MAC = "52:54:00:00:09:04"
# Skips what a guest of a guest does not need.
KERNEL_LINE = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no_timer_check cryptomgr.notests nosmp acpi=off"


class Qemu:
    """A machine with one network card, whose console is read and written here."""

    def __init__(self, name: str, *options: str) -> None:
        tap = machine.open_tap("tap0", machine.IFF_VNET_HDR)
        machine.join("tap0", "machine")
        self.log = OUT / f"{name}.console"
        self.said = b""
        command = ["qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-nographic", "-monitor", "none", "-serial",
                   "stdio", "-no-reboot", "-netdev", f"tap,id=n,fd={tap}",
                   "-device", f"virtio-net-pci,netdev=n,mac={MAC}", *options]
        with inside("host"):
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, pass_fds=(tap,), bufsize=0)
        os.close(tap)

    def expect(self, pattern: bytes, within: float) -> bytes:
        """What the console says until the pattern; what follows stays for the next one."""
        until = time.monotonic() + within * SLOWNESS
        while not (found := re.search(pattern, self.said)):
            if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise RuntimeError(f"the guest does not say {pattern!r}; it said {self.said[-2000:]!r}")
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                raise RuntimeError(f"QEMU ended with {self.process.wait()}; it said {self.said[-2000:]!r}")
            with open(self.log, "ab") as log:
                log.write(data)
            print(data.decode(errors="replace"), end="", flush=True)
            self.said += data
        before, self.said = self.said[:found.end()], self.said[found.end():]
        return before

    def type(self, line: str) -> None:
        """As a person does: a character at a time."""
        for character in line:
            self.process.stdin.write(character.encode())
            time.sleep(0.02 * SLOWNESS)

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()


def firmware() -> None:
    """iPXE from the card's ROM: its own stack asks for an address and fetches over HTTP."""
    (clients.WEB / "hello.ipxe").write_text("#!ipxe\necho came to ${net0/ip} by HTTP\n")
    with clients.httpd("far"), wire.capturing("outside", "router", "wire"), Qemu("ipxe", "-m", "64", "-boot", "n") as q:
        q.expect(rb"Press Ctrl-B for the iPXE command line", 120)
        q.type("\x02")
        q.expect(rb"iPXE> ", 60)
        said = {}
        for name, line in {"dhcp": "dhcp net0", "address": "show net0/ip", "router": "show net0/gateway",
                           "script": f"chain http://{FAR}/hello.ipxe",
                           "payload": f"imgfetch -n payload http://{FAR}/payload", "size": "imgstat",
                           "ping": f"ping -c 2 {FAR}", "closed": f"imgfetch http://{FAR}:81/payload"}.items():
            q.type(line + "\r")
            q.expect(rb"\n", 30)
            said[name] = q.expect(rb"iPXE> ", 120).decode(errors="replace")
        observe("ipxe", said)


# --- a guest with a kernel ---

INIT = f"""#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in /modules/*; do insmod $module; done
ip link set lo up; ip link set eth0 up
echo "guest: dhcp: $(udhcpc -i eth0 -f -n -q -t 10 -s /lease 2>&1 | tail -1)"
echo "guest: address: $(ip -4 -o addr show eth0 | awk '{{print $4}}')"
echo "guest: download: $(wget -q -O - http://{FAR}/payload | tee /web/payload | sha256sum)"
# busybox's wget posts what is before the first 0.
echo "guest: text: $(base64 /web/payload | tee /web/text | sha256sum)"
echo "guest: upload: $(wget -q -O - --post-file=/web/text http://{FAR}/cgi-bin/sum)"
echo "guest: ping: $(ping -c 3 -s 3000 {FAR} | grep loss)"
echo "guest: hops: $(traceroute -n -q 1 -m 5 {FAR} | awk '/ms/ {{print $2}}' | tr '\\n' ' ')"
httpd -p 80 -h /web
echo "guest: serving"
sleep 100000
"""


def initramfs() -> Path:
    """busybox (static), and the drivers of the card: /root/guest-kernel/*.ko, in the order of their names."""
    root = Path("/root/guest")
    for folder in ("bin", "dev", "proc", "sys", "modules", "web/cgi-bin"):
        (root / folder).mkdir(parents=True)
    shutil.copy("/usr/bin/busybox", root / "bin/busybox")
    for module in Path("/root/guest-kernel").glob("*.ko"):
        shutil.copy(module, root / "modules")
    for path, text in {"init": INIT, "lease": clients.LEASE.replace(">$LEASE", ">/lease.now"),
                       "web/cgi-bin/sum": clients.SUM}.items():
        (root / path).write_text(text)
        (root / path).chmod(0o755)
    archive = Path("/root/guest.cpio")
    with open(archive, "wb") as file:
        subprocess.run("find . | cpio -o -H newc", shell=True, cwd=root, stdout=file, stderr=subprocess.DEVNULL,
                       check=True)
    return archive


def kernel() -> None:
    """Linux: a kernel whose card leaves sums and the cutting of segments to whoever is behind the TAP device."""
    archive = initramfs()
    with clients.httpd("far"), wire.capturing("outside", "router", "wire"), Qemu(
            "linux", "-m", "192", "-kernel", "/root/guest-kernel/vmlinuz", "-initrd", str(archive),
            "-append", KERNEL_LINE) as q:
        said = q.expect(rb"guest: serving", 1200).decode(errors="replace")
        wire.vnic("forward", "lan", "tcp", "8080", f"{GUESTS['machine']}:80")
        observe("linux", {
            "said": dict(re.findall(r"guest: (\w+): (.*?)\r?\n", said)), "expected_sum": clients.DIGEST,
            "features": wire.run("host", "ethtool", "-k", "tap0"),
            "forwarded": clients.download("far", f"{UPLINK}:8080", patience=120),
            "forwarded_upload": clients.upload("far", f"{UPLINK}:8080", patience=120)})
