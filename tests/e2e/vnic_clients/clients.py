"""What a guest's programs do, wherever the guest is: each leaves what it saw. Nothing here knows of translation."""
from __future__ import annotations

import hashlib
import itertools
import os
import re
import socket
import subprocess
from pathlib import Path

import wire
from wire import FAR, FAR2, SLOWNESS, UPLINK, inside, ip, observe, record, run, serving

WEB = Path("/root/web")
PAYLOAD = WEB / "payload"
SIZE = 300_000
DIGEST = ""
UDP_SEGMENT = 103
SOL_UDP = 17
# iperf3's: bits of datagrams a second, and for how long.
RATE, SECONDS = str(4_000_000 // SLOWNESS), str(2 * SLOWNESS)
# Of a stream, how much: of a time a machine that stands still makes what it likes.
STREAM = ("-n", "8M")
# Octets of a datagram; from 1473 on it is in fragments.
DATAGRAMS = (0, 1, 2, 99, 1471, 1472, 1473, 4001, 30000)
LEASE = """#!/bin/sh
env | grep -E '^(ip|mask|router|subnet|lease|serverid|mtu|interface)=' >$LEASE
[ "$1" != bound ] || { ip address replace $ip/$mask dev $interface; ip route replace default via $router; }
"""
# busybox httpd, told to compute what it got.
SUM = "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nsha256sum\n"


def prepare() -> None:
    global DIGEST
    (WEB / "cgi-bin").mkdir(parents=True)
    PAYLOAD.write_bytes(os.urandom(SIZE))
    DIGEST = hashlib.sha256(PAYLOAD.read_bytes()).hexdigest()
    for path, text in ((WEB / "cgi-bin/sum", SUM), (Path("/root/lease"), LEASE)):
        path.write_text(text)
        path.chmod(0o755)
    wire.in_background(echo_datagrams)


def echo_datagrams() -> None:
    """The server returns every datagram."""
    with inside("far"):
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        echo.bind((FAR, 7))
    while True:
        data, whose = echo.recvfrom(70000)
        echo.sendto(data, whose)


def httpd(namespace: str, port: int = 80):
    return serving(namespace, "busybox", "httpd", "-f", "-p", str(port), "-h", str(WEB), port=port)


# --- one thing each ---

def dhcp(name: str, guest: str, keep: bool = True) -> bool:
    """Asks for an address; takes it if `keep`."""
    script = "/root/lease" if keep else "/bin/true"
    done = record(name, guest, "env", f"LEASE=/out/{name}.lease", "udhcpc", "-i", "eth0", "-f", "-n", "-q", "-t", "5",
                  "-T", str(SLOWNESS), "-s", script)
    return done.returncode == 0


def curl(namespace: str, url: str, *options: str, patience: int = 20) -> subprocess.CompletedProcess:
    with inside(namespace):
        return subprocess.run(("curl", "-sS", "--max-time", str(patience * SLOWNESS), *options, url),
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)


def download(namespace: str, where: str = FAR, patience: int = 20) -> str:
    """What is wrong with the payload that came; nothing if it is right."""
    done = curl(namespace, f"http://{where}/payload", patience=patience)
    if done.returncode:
        return done.stderr.decode().strip()
    return "" if hashlib.sha256(done.stdout).hexdigest() == DIGEST else f"{len(done.stdout)} octets, and not those"


def upload(namespace: str, where: str = FAR, patience: int = 20) -> str:
    done = curl(namespace, f"http://{where}/cgi-bin/sum", "-H", "Expect:", "--data-binary", f"@{PAYLOAD}",
                patience=patience)
    if done.returncode:
        return done.stderr.decode().strip()
    return "" if done.stdout.split()[:1] == [DIGEST.encode()] else f"the server's sum is {done.stdout!r}"


def datagrams(namespace: str, where: tuple[str, int] = (FAR, 7)) -> str:
    """Each size there and back; then ten in one, for the card to cut (UDP_SEGMENT)."""
    with inside(namespace):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with s:
        s.settimeout(3 * SLOWNESS)
        s.connect(where)
        try:
            for size in DATAGRAMS:
                data = os.urandom(size)
                s.send(data)
                if s.recv(70000) != data:
                    return f"{size} octets came back changed"
            parts = [os.urandom(1000) for _ in range(10)]
            s.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
            try:
                s.send(b"".join(parts))
            except OSError as refused:
                # No sums by the card, no cutting by it: the stack says so.
                return "" if refused.errno == 5 and not feature(namespace, "tx") else f"UDP_SEGMENT: {refused}"
            came = {s.recv(70000) for _ in parts}
            return "" if came == set(parts) else "what was sent as one and cut came back changed"
        except TimeoutError:
            return "a datagram did not come back"


def ping(namespace: str, *options: str, where: str = FAR) -> str:
    with inside(namespace):
        done = subprocess.run(("ping", "-n", "-W", str(3 * SLOWNESS), *options, where), capture_output=True, text=True,
                              check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


# --- offload ---

def feature(namespace: str, name: str) -> bool:
    return features(namespace)[name]


def features(namespace: str) -> dict[str, bool]:
    long = {"tx": "tx-checksumming", "sg": "scatter-gather", "tso": "tcp-segmentation-offload",
            "gso": "generic-segmentation-offload", "gro": "generic-receive-offload"}
    said = run(namespace, "ethtool", "-k", "eth0")
    return {name: bool(re.search(rf"^{words}: on", said, re.M)) for name, words in long.items()}


def set_features(namespace: str, wanted: dict[str, bool]) -> dict[str, bool]:
    """Those that come of it: without sums by the card there is no cutting by it, and so on."""
    words = [word for name, on in wanted.items() for word in (name, "on" if on else "off")]
    with inside(namespace):
        subprocess.run(("ethtool", "-K", "eth0", *words), capture_output=True, check=False)
    found = features(namespace)
    return {name: found[name] for name in wanted}


def every_combination(namespace: str) -> list[dict[str, bool]]:
    """Of the card's offloads, those that can be; the one with all on is the last."""
    found: list[dict[str, bool]] = []
    for choice in itertools.product((False, True), repeat=len(wire.FEATURES)):
        made = set_features(namespace, dict(zip(wire.FEATURES, choice)))
        if made not in found:
            found.append(made)
    return found


def exchange(guest: str) -> dict[str, str]:
    """Everything once; what is wrong, by client."""
    seen = {"download": download(guest), "upload": upload(guest), "datagrams": datagrams(guest),
            "ping": ping(guest, "-c", "1", "-s", "3000"),
            "dhcp": "" if dhcp(f"{guest}_dhcp_again", guest, keep=False) else "no answer"}
    return {name: what for name, what in seen.items() if what}


def offloads(guest: str, combinations: list[dict[str, bool]], name: str) -> None:
    """Both ways, with each combination."""
    rows = []
    for wanted in combinations:
        made = set_features(guest, wanted)
        rows.append({"features": made, "wrong": exchange(guest)})
    observe(name, rows)


# --- the rest ---

def reachability(guest: str) -> None:
    """ping and traceroute in their kinds."""
    for name, options in {"small": (), "df": ("-M", "do", "-s", "1472"), "fragments": ("-s", "8000"),
                          "flood": ("-i", "0.01", "-c", "50")}.items():
        record(f"{guest}_ping_{name}", guest, "ping", "-n", "-c", "2", "-W", str(3 * SLOWNESS), *options, FAR)
    record(f"{guest}_ping_gateway", guest, "ping", "-n", "-c", "1", "-W", str(3 * SLOWNESS), "10.9.0.1")
    for name, option in {"udp": "-U", "icmp": "-I", "tcp": "-T", "classic": "-n"}.items():
        traceroute(guest, name, option)


def traceroute(guest: str, name: str, option: str) -> None:
    """
    Again if a hop is missing. Now and then its answers arrive on the guest's card, as they should, and traceroute
    prints none. Probably: Linux queues an ICMP error for a raw socket, and then sets the socket's error (raw_err() in
    net/ipv4/raw.c). Who has emptied the queue in between is told of an error for ever, and traceroute, which then
    looks for nothing else, does not see the last hop's own answer.
    """
    for _ in range(4):
        done = record(f"{guest}_traceroute_{name}", guest, "traceroute", "-n", option, "-q", "1", "-N", "1", "-m", "6",
                      "-w", str(3 * SLOWNESS), FAR)
        if b"*" not in done.stdout:
            break


def throughput(guest: str) -> None:
    """iperf3 in its ways; one server, started anew for each."""
    datagrams = ("-t", SECONDS, "-u", "-b", RATE)
    ways = {"tcp": STREAM, "reverse": (*STREAM, "-R"), "bidir": (*STREAM, "--bidir"), "parallel": (*STREAM, "-P", "4"),
            "udp": (*datagrams, "-l", "1400"), "udp_reverse": (*datagrams, "-l", "1400", "-R"),
            "udp_fragments": (*datagrams, "-l", "8000")}
    for name, options in ways.items():
        with serving("far", "iperf3", "-s", "-1", port=5201):
            record(f"{guest}_iperf3_{name}", guest, "iperf3", "-J", "-c", FAR, *options)


def path_mtu(guest: str) -> None:
    """A router further on takes less at once than the guest's card: it says so to the guest, which then sends less."""
    ip("router", "link set beyond mtu 1200\n")
    ip("far", "link set eth0 mtu 1200\n")
    record(f"{guest}_ping_too_big", guest, "ping", "-n", "-c", "1", "-M", "do", "-s", "1400", "-W", "2", FAR)
    observe(f"{guest}_path_mtu", {"upload": upload(guest), "download": download(guest),
                                  "route": run(guest, "ip", "route", "get", FAR)})
    ip("router", "link set beyond mtu 1500\n")
    ip("far", "link set eth0 mtu 1500\n")
    run(guest, "ip", "route", "flush", "cache")


def forwarded(guest: str, address: str) -> None:
    """The other way: the server's programs, and another guest's, come in by forwarded ports."""
    wire.vnic("forward", "lan", "tcp", "8080", f"{address}:80")
    for protocol in ("tcp", "udp"):
        wire.vnic("forward", "lan", protocol, "5201", f"{address}:5201")
    with httpd(guest):
        seen = {"download": download("far", f"{UPLINK}:8080"), "upload": upload("far", f"{UPLINK}:8080"),
                "hairpin_download": download("second", f"{UPLINK}:8080"),
                "hairpin_upload": upload("second", f"{UPLINK}:8080"),
                "hairpin_to_itself": download(guest, f"{UPLINK}:8080")}
    observe(f"{guest}_forwarded", seen)
    ways = {"tcp": STREAM, "reverse": (*STREAM, "-R"), "udp": ("-t", SECONDS, "-u", "-b", RATE, "-l", "1400")}
    for name, options in ways.items():
        with serving(guest, "iperf3", "-s", "-1", port=5201):
            record(f"{guest}_forwarded_iperf3_{name}", "far", "iperf3", "-J", "-c", UPLINK, *options)
    for protocol, port in (("tcp", "8080"), ("tcp", "5201"), ("udp", "5201")):
        wire.vnic("unforward", "lan", protocol, port)


def kind(guest: str, name: str) -> None:
    """Programs that name the kind of translator that they are behind."""
    with serving("far", "stund", "-h", FAR, "-a", FAR2, port=3478, udp=True):
        record(f"{guest}_stun_{name}", guest, "stun", FAR, "-p", "20000")
    with serving("far", "turnserver", "-n", "-S", "-L", FAR, "-L", FAR2, "--no-cli", "--no-tls", "--no-dtls",
                 "--log-file", "stdout", "--pidfile", "/root/turn.pid", port=3479, udp=True):
        for what, option in {"mapping": "-m", "filtering": "-f", "hairpin": "-H", "padding": "-mP"}.items():
            # It waits for a moment only, and ends without a verdict: on a slow machine it is asked again.
            for _ in range(3 if SLOWNESS > 1 else 1):
                done = record(f"{guest}_natdiscovery_{what}_{name}", guest, "turnutils_natdiscovery", option, FAR)
                if what == "hairpin" or b"NAT with" in done.stdout:
                    break
