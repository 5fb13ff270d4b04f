"""What cannot be had: the message says what, where and what to do, and nothing is left."""
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import HOST, Host


def refused(host: Host, *words: object, name: str = "x") -> str:
    before = host.state()
    done = host.up(name, *words, check=False)
    assert done.returncode == 1, done.stdout
    assert host.state() == before
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.strip()


@pytest.mark.parametrize(("words", "says"), [
    (["--net", "bridge"], "--net: bridge: expected none, host, or private[:NAME]"),
    (["--net", "private:"], "a network's name was expected: 1 to 31 letters"),
    (["--net", "private:../x"], "a network's name was expected"),
    (["--net", "private,mtu=5"], "mtu=5: 576 to 65535 was expected"),
    (["--net", "private,mtu"], "mtu: KEY=VALUE was expected behind the comma"),
    (["--net", "private,size=5"], "size: no such setting: there are via, subnet, ip, mtu, alias and dns"),
    (["--net", "private,subnet=10.1.2.3/24"], "subnet=10.1.2.3/24: a subnet of 8 to 30 bits was expected"),
    (["--net", "private,ip=10.1.2.03"], "ip=10.1.2.03: an IPv4 address was expected"),
    (["--net", "private,alias=a.b"], "alias=a.b: a host name was expected"),
    (["--net", "none", "--net", "host"], "more than one can be given of private ones only"),
    (["--net", "private:a", "--net", "private:a"], "private:a: named twice"),
    (["--net", "none", "-p", "80:80"], "--net none has no ports to publish: use --net private"),
    (["-p", "80"], "-p: 80: expected [ADDRESS:]OUTSIDE:INSIDE[/tcp|/udp], as in 8080:80"),
    (["-p", "0:80"], "the host's port, 1 to 65535"),
    (["-p", "80:65536"], "the container's port, 1 to 65535"),
    (["-p", "80:80/sctp"], "behind the slash tcp or udp was expected"),
    (["-p", "80-82:80-81"], "the ranges have 3 and 2 ports"),
    (["-p", "1-300:1-300"], "one container can publish 256 ports"),
    (["-p", "localhost:80:80"], "an IPv4 address of the host was expected before the first colon"),
    (["-p", "80:80", "-p", "127.0.0.1:80:81"], "80/tcp is published twice"),
    (["-p", "192.0.2.77:80:80"], "192.0.2.77:80:80/tcp: the host has no such address: ip address shows"),
    (["--net", "private,via=vnic"], "via=vnic: there is no /dev/vnic: load the module (insmod vnic.ko)"),
    (["--net", "private:a,subnet=192.0.0.0/16"], "192.0.0.0/16 is one that the host has a route to: choose another"),
    (["--net", "private:a,subnet=10.1.0.0/24,ip=10.2.0.9"], "ip=10.2.0.9: not an address for a container of 10.1.0.0/24"),
    (["--net", "private:a,subnet=10.1.0.0/24,ip=10.1.0.1"], "the first is the gateway's"),
])
def test_words_that_cannot_be(host: Host, words: list[str], says: str) -> None:
    assert says in refused(host, *words)
    host.is_clean()


def test_a_port_that_a_container_has(host: Host) -> None:
    host.up("a", "-p", "8080:80")
    assert "8080:80/tcp: published by container a" in refused(host, "-p", "8080:80")
    assert "published by container a" in refused(host, "-p", f"{HOST}:8080:80", "--net", "private:other")
    host.up("b", "-p", "8080:80/udp")


def test_a_port_that_a_program_of_the_host_has(host: Host, tmp_path: Path) -> None:
    host.serve(8080, "mine", tmp_path / "h")
    assert "a program of the host has this port: ss -lnp tells which" in refused(host, "-p", "8080:80")


def test_an_address_that_a_container_has(host: Host) -> None:
    host.up("a")
    assert "ip=10.89.0.2: another container has it" in refused(host, "--net", "private,ip=10.89.0.2")


def test_a_network_that_is_otherwise(host: Host) -> None:
    host.up("a")
    assert "default: exists, with subnet 10.89.0.0/24: leave subnet= out" in refused(
        host, "--net", "private,subnet=10.1.0.0/24")
    assert "exists, with mtu 1500" in refused(host, "--net", "private,mtu=1400")


def test_a_container_twice(host: Host) -> None:
    host.up("a")
    assert "a: has a network already: delete that container first" in refused(host, name="a")


def test_no_address_left(host: Host) -> None:
    for name in ("a", "b", "c", "d", "e"):
        host.up(name, "--net", "private:tiny,subnet=10.1.0.0/29")
    assert "all addresses of 10.1.0.0/29 are taken" in refused(host, "--net", "private:tiny")


def test_a_bridge_that_somebody_removed(host: Host) -> None:
    host.up("a")
    host.ip("link del cell0")
    assert "its bridge cell0 is gone: somebody removed it: end its containers" in refused(host)
    host.down("a")
    host.is_clean()
    host.up("b")


def test_a_ledger_that_is_torn(host: Host) -> None:
    host.up("a")
    path = host.root / "net/ledger"
    path.write_text(path.read_text()[:-3])
    message = refused(host)
    assert f"{path}: line 5: " in message and "mend it, or remove it when no container runs" in message


def test_an_id_that_is_a_path(host: Host) -> None:
    done = host.net("up", "../../x", "/proc/self/ns/net", check=False)
    assert done.returncode == 1 and "not the ID of a container" in done.stderr
    assert "not the ID of a container" in host.net("down", "../x", check=False).stderr


def test_who_has_no_capabilities(host: Host) -> None:
    host.container("a")
    done = host("setpriv", "--inh-caps=-all", "--bounding-set=-all", host.program, host.root, "up", "a",
                host.containers["a"].path, check=False)
    assert done.returncode == 1
    assert "a private network needs CAP_NET_ADMIN on the host: run as root, or --net none or host" in done.stderr
    host.is_clean()


def test_addresses_of_who_died_are_free_again(host: Host) -> None:
    a = host.join("a", "-p", "8080:80")
    a.end()
    for _ in range(100):
        if "cell0p2" not in host.ip("link"):
            break
        subprocess.run(["sleep", "0.05"], check=True)
    host.up("b", "-p", "8080:80")
    assert host.address("b") == "10.89.0.2" and "member a " not in host.ledger()
    host.down("b")
    host.is_clean()
