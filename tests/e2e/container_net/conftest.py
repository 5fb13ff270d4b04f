"""Hosts, containers and neighbours that the tests of userland/container/net play with: network namespaces of this machine.

    outside 192.0.2.2 ---- eth0 192.0.2.1 host ---- whatever net_up() makes ---- containers

The host of a test is a namespace of its own with its own devices, rules and sysctls: this machine's are not touched.
Needs root, veth, bridges and nftables; where a kernel has them not, every test here is skipped with that reason.
"""
from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
NET = TREE / "userland/container/net"
NUMBERS = itertools.count()
OUTSIDE, HOST = "192.0.2.2", "192.0.2.1"


def build(target: Path, *flags: str, net: Path = NET) -> Path:
    """net_try, from the sources in `net`."""
    subprocess.run(["gcc", "-std=gnu17", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", *flags,
                    f"-I{TREE}/userland/lib", f"-I{net}", f"-I{TREE}/kmod/vnic/uapi", "-o", target,
                    Path(__file__).with_name("net_try.c"), *sorted(net.glob("*.c")), TREE / "userland/lib/error.c"],
                   check=True)
    return target


@pytest.fixture(scope="session")
def net_try(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("net") / "net_try", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="session")
def plain_net_try(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Static as cell is, and without sanitizers: they do not run under strace."""
    return build(tmp_path_factory.mktemp("net") / "net_try", "-static")


class Space:
    """A network namespace, and what runs in it."""

    def __init__(self, name: str) -> None:
        self.name, self.running = name, []
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.ip("link set lo up")

    @property
    def path(self) -> str:
        return f"/run/netns/{self.name}"

    def ip(self, command: str) -> str:
        return self("ip", *command.split()).stdout

    def __call__(self, *command: object, check: bool = True, timeout: float = 30,
                 text: str | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(["nsenter", f"--net={self.path}", *map(str, command)], capture_output=True, text=True,
                              timeout=timeout, check=False, input=text)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def start(self, *command: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(["nsenter", f"--net={self.path}", *map(str, command)], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def serve(self, port: int, text: str, folder: Path, address: str = "0.0.0.0") -> None:
        """A web server that says `text` at / until the space ends; returns when it answers."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(text)
        self.start("/usr/bin/python3", "-m", "http.server", "--bind", address, "--directory", folder, port)
        self.listens(port)

    def listens(self, port: int, what: str = "-tln") -> None:
        for _ in range(200):
            if f":{port} " in self("ss", what).stdout:
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.name}: nothing listens at {port}")

    def get(self, url: str, check: bool = True) -> str:
        return self("curl", "-sS", "--noproxy", "*", "-m", 4 if check else 1, url, check=check).stdout

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        # Whoever holds the namespace open keeps its devices; deletion is by name, the end comes a moment later.
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


class Host(Space):
    """A host with an uplink, and a state root for net_try."""

    def __init__(self, name: str, root: Path, program: Path) -> None:
        super().__init__(name)
        self.root, self.program, self.containers = root, program, {}
        self.outside = Space(f"{name}o")
        self.ip(f"link add eth0 type veth peer name eth0 netns {self.outside.name}")
        self.ip(f"address add {HOST}/24 dev eth0")
        self.outside.ip(f"address add {OUTSIDE}/24 dev eth0")
        self.ip("link set eth0 up")
        self.outside.ip("link set eth0 up")
        self.ip(f"route add default via {OUTSIDE}")
        # A new namespace has what this machine has, and that may be on.
        self("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.before = self.state()

    def container(self, name: str) -> Space:
        self.containers[name] = Space(f"{self.name}-{name}")
        return self.containers[name]

    def net(self, *words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self(self.program, self.root, *words, check=check)

    def up(self, name: str, *words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        space = self.containers.get(name) or self.container(name)
        return self.net("up", name, space.path, *words, check=check)

    def join(self, name: str, *words: object) -> Space:
        self.up(name, *words)
        return self.containers[name]

    def down(self, name: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.net("down", name, check=check)

    def ledger(self) -> str:
        path = self.root / "net/ledger"
        return path.read_text() if path.exists() else ""

    def hosts(self, name: str) -> str:
        return (self.root / "net/hosts" / name).read_text()

    def address(self, name: str) -> str:
        return self.net("show", name).stdout.split()[1].rstrip(";,")

    def state(self) -> str:
        """All that net_up() could have left on the host."""
        links = "\n".join(sorted(line.split(":")[1].split("@")[0] for line in self.ip("-o link").splitlines()))
        files = sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*")) if self.root.exists() else []
        return "\n".join([links, self.ip("-o address show scope global"), self.ip("route"), self("nft", "list", "ruleset").stdout,
                          self("sysctl", "net.ipv4.ip_forward").stdout, *(f for f in files if f != "net")])

    def is_clean(self) -> None:
        assert self.state() == self.before

    def end(self) -> None:
        for space in self.containers.values():
            space.end()
        self.outside.end()
        super().end()


def works() -> str:
    """Empty, or why there can be no tests here."""
    if os.geteuid():
        return "root is needed"
    for tool in ("nft", "nsenter", "ping", "curl", "ss", "ip"):
        if not shutil.which(tool):
            return f"{tool} is missing: scripts/setup"
    done = subprocess.run(["unshare", "-n", "sh", "-c", "ip link add v0 type veth peer name v1 && ip link add b0 type bridge && "
                           "nft add table ip t"], capture_output=True, text=True, check=False)
    return done.stderr.strip()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@pytest.fixture(scope="session", autouse=True)
def possible() -> None:
    why = works()
    if why:
        pytest.skip(f"no networks can be made here: {why}")


def make_host(program: Path, root: Path) -> Host:
    return Host(f"cn{os.getpid()}n{next(NUMBERS)}", root, program)


@pytest.fixture
def host(net_try: Path, tmp_path: Path) -> Iterator[Host]:
    made = make_host(net_try, tmp_path / "root")
    yield made
    made.end()
