"""Private networks: what real clients see of them."""
from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

from conftest import HOST, OUTSIDE, Host


def test_a_container_reaches_the_outside_by_the_hosts_address(host: Host, tmp_path: Path) -> None:
    a = host.join("a")
    host.outside.serve(8000, "outside", tmp_path / "o")

    assert a("ping", "-c1", "-W2", OUTSIDE).returncode == 0
    assert a.get(f"http://{OUTSIDE}:8000/") == "outside"
    # The outside has no route to the container: that it answered shows whose address it saw.
    assert "10.89." not in host.outside.ip("route")


def test_up_says_which_way_it_took(host: Host) -> None:
    said = host.up("a").stdout.splitlines()[0]
    assert re.match(r"network default: 10\.89\.0\.2 by (vnic|veth: there is no /dev/vnic: load the module)", said)
    assert "by veth\n" in host.up("b", "--net", "private:other,via=veth").stdout


def test_loopback_is_up(host: Host) -> None:
    a = host.container("a")
    a.ip("link set lo down")
    host.up("a")
    assert a("ping", "-c1", "-W2", "127.0.0.1").returncode == 0


def test_none_has_loopback_and_nothing_else(host: Host) -> None:
    a = host.container("a")
    a.ip("link set lo down")
    host.up("a", "--net", "none")
    assert a("ping", "-c1", "-W2", "127.0.0.1").returncode == 0
    assert len(a.ip("-o link").splitlines()) == 1
    assert "localhost" in host.hosts("a") and "10.89" not in host.hosts("a")
    host.down("a")
    host.is_clean()


def test_host_makes_nothing(host: Host) -> None:
    assert host.net("up", "a", "-", "--net", "host").stdout.splitlines()[1:] == ["/etc/hosts", "/etc/resolv.conf"]
    host.is_clean()


def test_a_published_port_answers_everywhere(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "-p", "8080:80")
    b = host.join("b")
    c = host.join("c", "--net", "private:other")
    a.serve(80, "web", tmp_path / "a")

    for who, url in ((host.outside, f"http://{HOST}:8080/"), (host, f"http://{HOST}:8080/"),
                     (host, "http://127.0.0.1:8080/"), (host, f"http://{host.address('a')}/"),
                     (b, f"http://{HOST}:8080/"), (b, f"http://{host.address('a')}/"),
                     (c, f"http://{HOST}:8080/"), (a, f"http://{HOST}:8080/")):
        assert who.get(url) == "web", f"{who.name}: {url}"


def test_a_port_of_one_address_answers_there_only(host: Host, tmp_path: Path) -> None:
    host.ip("address add 192.0.2.9/24 dev eth0")
    a = host.join("a", "-p", "192.0.2.9:8080:80")
    b = host.join("b", "-p", f"{HOST}:8080:80")
    a.serve(80, "nine", tmp_path / "a")
    b.serve(80, "one", tmp_path / "b")
    assert host.outside.get("http://192.0.2.9:8080/") == "nine"
    assert host.outside.get(f"http://{HOST}:8080/") == "one"
    assert host.get("http://127.0.0.1:8080/", check=False) == ""


def test_a_port_published_on_loopback_is_not_published(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "-p", "127.0.0.1:8080:80")
    a.serve(80, "private", tmp_path / "a")
    assert host.get("http://127.0.0.1:8080/") == "private"
    assert host.outside.get(f"http://{HOST}:8080/", check=False) == ""


def test_a_udp_port_is_published(host: Host) -> None:
    a = host.join("a", "-p", "5353:53/udp", "-p", "5353:53")
    a.start("/usr/bin/python3", "-c", "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(('', 53))\n"
            "while True:\n d, p = s.recvfrom(99)\n s.sendto(d.upper(), p)")
    a.listens(53, "-uln")
    ask = ("import socket,sys\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.settimeout(4)\ns.connect((sys.argv[1], 5353))\n"
           "s.send(b'name')\nprint(s.recv(99).decode())")
    for who, address in ((host.outside, HOST), (host, "127.0.0.1"), (host, HOST)):
        assert who("/usr/bin/python3", "-c", ask, address).stdout == "NAME\n", who.name


def test_a_range_of_ports(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "-p", "9000-9002:80-82")
    a.serve(82, "third", tmp_path / "a")
    assert host.outside.get(f"http://{HOST}:9002/") == "third"


def test_what_is_not_published_is_not_reached_from_outside(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "-p", "8080:80")
    a.serve(81, "secret", tmp_path / "a")
    host.outside.ip(f"route add 10.89.0.0/16 via {HOST}")
    assert host.get(f"http://{host.address('a')}:81/") == "secret"
    assert host.outside.get(f"http://{host.address('a')}:81/", check=False) == ""


def test_networks_do_not_reach_each_other(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "--net", "private:one")
    b = host.join("b", "--net", "private:two")
    a.serve(80, "one", tmp_path / "a")
    assert b.get(f"http://{host.address('a')}/", check=False) == ""
    assert b("ping", "-c1", "-W1", host.address("a"), check=False).returncode != 0


def test_cve_2020_8558_loopback_of_the_host_is_not_reached(host: Host, tmp_path: Path) -> None:
    a = host.join("a", "-p", "8080:80")
    host.serve(7000, "only for the host", tmp_path / "h", "127.0.0.1")
    # A hostile container sends 127.0.0.1 out by its card.
    a("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1")
    a.ip("address del 127.0.0.1/8 dev lo")
    a.ip("route add 127.0.0.1 via 10.89.0.1 dev eth0 src 10.89.0.2")
    a.ip("route flush table local 127.0.0.0/8")
    assert host.get("http://127.0.0.1:7000/") == "only for the host"
    assert a.get("http://127.0.0.1:7000/", check=False) == ""


def test_cve_2020_13401_the_host_believes_no_router_advertisement(host: Host) -> None:
    a = host.join("a")
    assert "inet6" not in host.ip("-o address show dev cell0")
    assert "inet6" not in a.ip("-o address show dev eth0")


def test_two_containers_find_each_other_by_name(host: Host, tmp_path: Path) -> None:
    a = host.join("a-1", "--name", "web", "--net", "private,alias=front")
    b = host.join("b", "--name", "db")
    a.serve(80, "web", tmp_path / "a")

    hosts = (host.root / "net/hosts/b").read_text()
    assert hosts.splitlines()[-2:] == [f"{host.address('a-1')}\tweb front a-1", "10.89.0.1\thost.containers.internal"]
    for name in ("web", "front", "a-1"):
        got = named(b, host.root / "net/hosts/b", "getent", "hosts", name)
        assert got.split()[0] == host.address("a-1"), name
        assert named(b, host.root / "net/hosts/b", "curl", "-sS", "--noproxy", "*", "-m", "4", f"http://{name}/") == "web"


def named(space, hosts: Path, *command: str) -> str:
    """Run with that file at /etc/hosts, as a container has it."""
    done = subprocess.run(["nsenter", f"--net={space.path}", "unshare", "-m", "sh", "-c",
                           f"mount --bind {hosts} /etc/hosts && exec \"$@\"", "sh", *command],
                          capture_output=True, text=True, check=True)
    return done.stdout


def test_names_come_and_go_in_a_mounted_file(host: Host) -> None:
    a = host.join("a")
    seen = host.root / "seen"
    a.start("unshare", "-m", "sh", "-c", f"mount --bind {host.root}/net/hosts/a /etc/hosts; while :; do "
            f"cp /etc/hosts {seen}.new; mv {seen}.new {seen}; sleep 0.05; done")

    def becomes(known: bool) -> bool:
        for _ in range(100):
            if seen.exists() and ("\tb\n" in seen.read_text()) == known:
                return True
            time.sleep(0.05)
        return False

    assert becomes(False)
    host.up("b")
    assert becomes(True)
    host.down("b")
    assert becomes(False)


def test_names_of_other_networks_are_unknown(host: Host) -> None:
    host.join("a", "--net", "private:one")
    host.join("b", "--net", "private:two")
    host.join("c", "--net", "private:one", "--net", "private:two")
    assert "b" not in {n for line in host.hosts("a").splitlines() for n in line.split()[1:]}
    assert {"a", "b"} <= {n for line in host.hosts("c").splitlines() for n in line.split()[1:]}
    # The one in both has two cards.
    c = host.containers["c"]
    assert {i["ifname"] for i in json.loads(c.ip("-j address"))} == {"lo", "eth0", "eth1"}
    for name in ("a", "b"):
        assert c("ping", "-c1", "-W2", host.address(name)).returncode == 0


def test_mtu_is_the_uplinks_or_as_given(host: Host) -> None:
    host.ip("link set eth0 mtu 1400")
    a, b = host.join("a"), host.join("b", "--net", "private:small,mtu=1000")
    assert "mtu 1400" in a.ip("link show eth0") and "mtu 1400" in host.ip("link show cell0")
    assert "mtu 1000" in b.ip("link show eth0") and "mtu 1000" in host.ip("link show cell1")
    assert a("ping", "-c1", "-W2", "-M", "do", "-s", "1372", "10.89.0.1").returncode == 0


def test_addresses_and_subnets_as_asked(host: Host) -> None:
    a = host.join("a", "--net", "private:lab,subnet=10.77.0.0/28,ip=10.77.0.9")
    assert "10.77.0.9/28" in a.ip("address show eth0")
    host.up("b", "--net", "private:lab")
    assert host.address("b") == "10.77.0.2"


def test_resolv_conf_as_asked(host: Host) -> None:
    host.up("a", "--net", "private,dns=192.0.2.53,dns=192.0.2.54")
    text = (host.root / "net/resolv/a").read_text()
    assert [line for line in text.splitlines() if line.startswith("nameserver")] == [
        "nameserver 192.0.2.53", "nameserver 192.0.2.54"]


def test_the_last_one_turns_off_the_light(host: Host) -> None:
    for name in "abc":
        host.up(name, "-p", f"80{ord(name)}:80")
    for name in "bac":
        assert "cell0" in host.state()
        host.down(name)
    host.is_clean()
    host.down("a")
    host.is_clean()


def test_forwarding_stays_on_if_it_was(host: Host) -> None:
    host("sysctl", "-qw", "net.ipv4.ip_forward=1")
    host.up("a")
    host.down("a")
    assert host("sysctl", "-n", "net.ipv4.ip_forward").stdout == "1\n"


def test_forwarding_stays_on_for_another_bridge(host: Host) -> None:
    host.up("a")
    host.ip("link add br0 type bridge")
    host.down("a")
    assert host("sysctl", "-n", "net.ipv4.ip_forward").stdout == "1\n"


def test_one_of_a_network_can_be_restarted_while_others_run(host: Host, tmp_path: Path) -> None:
    a, b = host.join("a", "-p", "8080:80"), host.join("b")
    a.serve(80, "first", tmp_path / "a")
    assert b.get(f"http://{host.address('a')}/") == "first"
    host.down("a")
    a.end()
    again = host.container("a")
    host.up("a", "-p", "8080:80")
    again.serve(80, "second", tmp_path / "again")
    assert b.get(f"http://{host.address('a')}/") == "second"
    assert host.outside.get(f"http://{HOST}:8080/") == "second"


def test_iperf_through_a_published_port(host: Host) -> None:
    a = host.join("a", "-p", "5201:5201")
    a.start("iperf3", "-s", "-1")
    a.listens(5201)
    figures = json.loads(host.outside("iperf3", "-c", HOST, "-t", "1", "-J").stdout)
    assert figures["end"]["sum_received"]["bytes"] > 1 << 20


def test_a_masqueraded_packet_that_is_too_big_is_told_so(host: Host) -> None:
    """Path MTU discovery works through the translation: a small link outside, and a large transfer that still arrives."""
    host.ip("link set eth0 mtu 1300")
    a = host.join("a", "--net", "private:big,mtu=1500")
    host.outside.start("iperf3", "-s", "-1")
    host.outside.listens(5201)
    figures = json.loads(a("iperf3", "-c", OUTSIDE, "-t", "1", "-J").stdout)
    assert figures["end"]["sum_received"]["bytes"] > 1 << 20
