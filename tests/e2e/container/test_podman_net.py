# SPDX-License-Identifier: GPL-2.0-only
"""
podman's own networks: a bridge, with a name for each container and ports published, and cell as the runtime.
All of it in a network namespace, so that neither bridges nor rules of this host's are touched.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import LIMITS, Podman, podman_with_an_image
from conftest import until

SERVES = "mkdir -p /www && hostname >/www/index.html && exec httpd -f -p 80 -h /www"
MAPPED = ("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536")


def has_names() -> bool:
    """A plugin answers for the containers' names."""
    return any(Path(path).exists() for path in ("/usr/lib/cni/dnsname", "/usr/lib/podman/aardvark-dns"))


class Net:
    """A network of podman's, and who is in it."""

    def __init__(self, podman: Podman, inside: list[str], name: str, number: int) -> None:
        self.podman, self.inside, self.name, self.number = podman, inside, name, number
        # netavark cleans up after aardvark-dns, and fails where that never was
        names = [] if has_names() else ["--disable-dns"]
        podman.ok("network", "create", *names, "--subnet", f"10.77.{number}.0/24", name)

    def serve(self, name: str, *options: str) -> str:
        """It answers with its name, once it does; its address."""
        self.podman.ok("run", "-d", "--name", name, "--hostname", name, "--network", self.name, *LIMITS, *options, "box",
                       "/bin/sh", "-c", SERVES)
        address = self.address(name)
        until(lambda: self.ask(f"{address}:80") == f"{name}\n", f"{name} answers", 60)
        return address

    def address(self, name: str) -> str:
        form = f'{{{{(index .NetworkSettings.Networks "{self.name}").IPAddress}}}}'
        return self.podman.ok("inspect", "--format", form, name).strip()

    def ask(self, where: str) -> str:
        """As the host."""
        return subprocess.run([*self.inside, "curl", "--silent", "--max-time", "5", f"http://{where}/"],
                              capture_output=True, text=True, timeout=20).stdout

    def get(self, where: str, *options: str) -> str:
        """As another container of this network."""
        return self.podman.ok("run", "--rm", "--network", self.name, *LIMITS, *options, "box", "/bin/wget", "-q", "-O", "-",
                              f"http://{where}/")


@pytest.fixture(scope="module")
def podman(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    space = f"cellp{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", space], capture_output=True).returncode:
        pytest.skip("needs a network namespace: root")
    subprocess.run(["ip", "-n", space, "link", "set", "lo", "up"], check=True)
    try:
        # not `ip netns exec`: in a mount namespace of each command's own the containers' would be lost
        around = ("nsenter", f"--net=/run/netns/{space}")
        podman = podman_with_an_image(program, tmp_path_factory.mktemp("podman"), around)
        yield podman
        podman.do("pod", "rm", "--all", "--force", "--time", "0")
        podman.do("rm", "--all", "--force", "--time", "0")
    finally:
        subprocess.run(["ip", "netns", "delete", space], check=True)


@pytest.fixture(scope="module")
def nets(podman: Podman) -> Iterator[tuple[Net, Net]]:
    both: list[Net] = []
    inside = podman.words[:podman.words.index("podman")]
    try:
        for number in (1, 2):
            both.append(Net(podman, inside, f"cell{os.getpid()}-{number}", number))
        yield both[0], both[1]
    finally:
        for net in both:
            podman.ok("network", "rm", "--force", "--time", "0", net.name)
            shutil.rmtree(f"/var/lib/cni/networks/{net.name}", ignore_errors=True)
    links = subprocess.run([*inside, "ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert "veth" not in links, "a container's cable is left over"


@pytest.fixture(scope="module")
def one(nets: tuple[Net, Net]) -> str:
    """The address of a container of the first network with a port that is published."""
    return nets[0].serve("one", "-p", "8080:80")


def test_a_published_port_is_reached_from_the_host(nets: tuple[Net, Net], one: str) -> None:
    assert nets[0].ask("127.0.0.1:8080") == "one\n"
    assert nets[0].ask("10.77.1.1:8080") == "one\n"


def test_containers_of_a_network_know_each_other_by_name(nets: tuple[Net, Net], one: str) -> None:
    if not has_names():
        pytest.skip("needs a plugin for names, dnsname or aardvark-dns: scripts/setup installs the former")
    assert nets[0].get("one") == "one\n"


@pytest.mark.slow
def test_another_joins_a_containers_network(nets: tuple[Net, Net], one: str) -> None:
    words = ("run", "--rm", "--network", "container:one", *LIMITS, "box", "/bin/sh", "-c",
             "ip address show eth0; exec wget -q -O - http://127.0.0.1/")
    out = nets[0].podman.ok(*words)
    assert f"inet {one}/24" in out and out.endswith("\none\n")


@pytest.mark.slow
def test_a_running_one_is_connected_to_another_network_and_cut_off_again(nets: tuple[Net, Net]) -> None:
    first, second = nets
    first.serve("both")
    first.podman.ok("network", "connect", second.name, "both")
    address = second.address("both")
    assert f"inet {address}/24" in first.podman.ok("exec", "both", "/bin/ip", "address", "show", "eth1")
    assert second.get(address) == "both\n"
    first.podman.ok("network", "disconnect", first.name, "both")
    assert "eth0" not in first.podman.ok("exec", "both", "/bin/ip", "address")
    assert second.get(address) == "both\n"


@pytest.mark.slow
def test_with_a_user_namespace_the_network_is_there_too_and_survives_a_restart(nets: tuple[Net, Net]) -> None:
    """The container's own namespace gets its network between `create` and `start`."""
    net = nets[0]
    address = net.serve("mapped", "-p", "8081:80", *MAPPED)
    assert net.get(address, *MAPPED) == "mapped\n"
    net.podman.ok("restart", "--time", "0", "mapped")
    until(lambda: net.ask("127.0.0.1:8081") == "mapped\n", "it answers again", 20)


@pytest.mark.slow
def test_a_pod_is_one_host(nets: tuple[Net, Net], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the first container of a pod is podman's own, and takes no limits from a command line
    conf = tmp_path / "containers.conf"
    conf.write_text(f"[containers]\ndefault_ulimits={LIMITS[1::2]}\n")
    monkeypatch.setenv("CONTAINERS_CONF", str(conf))
    net = nets[0]
    pod = net.podman.ok("pod", "create", "--network", net.name, "-p", "8082:80", "--hostname", "pod", *MAPPED,
                        "--infra-image", "box", "--infra-command", "sleep 1000").strip()
    net.podman.ok("run", "-d", "--pod", pod, "box", "/bin/sh", "-c", SERVES)
    until(lambda: net.ask("127.0.0.1:8082") == "pod\n", "the pod answers", 20)
    assert net.podman.ok("run", "--rm", "--pod", pod, "box", "/bin/wget", "-q", "-O", "-", "http://127.0.0.1/") == "pod\n"
    net.podman.ok("pod", "rm", "--force", "--time", "0", pod)
