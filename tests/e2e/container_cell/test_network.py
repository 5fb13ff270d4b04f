"""--net and -p in every way a container is started: it works, and nothing is left, whatever fails."""
from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Cell, wait_for

SERVE = ["sh", "-c", "hostname > /srv/index.html; exec httpd -f -p 80 -h /srv"]


def answers(cell: Cell, url: str) -> str:
    return wait_for(lambda: cell.curl(url, check=False))


@pytest.fixture
def bundle(cell: Cell, tmp_path: Path) -> Path:
    """An OCI bundle of the image, which serves its host name."""
    cell.ok("unpack", "box:1", tmp_path / "bundle")
    config = json.loads((tmp_path / "bundle/config.json").read_text())
    config["process"]["args"], config["hostname"] = SERVE, "of-bundle"
    (tmp_path / "bundle/config.json").write_text(json.dumps(config))
    return tmp_path / "bundle"


def test_a_published_port_answers(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "-p", "8080:80", *SERVE)
    assert answers(tidy, "http://127.0.0.1:8080/") == "web\n"
    assert answers(tidy, "http://192.0.2.1:8080/") == "web\n"
    tidy.ok("delete", "--force", "web")
    assert tidy.curl("http://127.0.0.1:8080/", check=False) == ""


def test_an_address_is_the_only_one(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "-p", "192.0.2.1:8080:80", *SERVE)
    assert answers(tidy, "http://192.0.2.1:8080/") == "web\n"
    assert tidy.curl("http://127.0.0.1:8080/", check=False) == ""
    tidy.ok("delete", "--force", "web")


ECHO = """
#include <arpa/inet.h>
int main(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9000) };
	socklen_t size = sizeof(a);
	char data[100];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	bind(fd, (struct sockaddr *)&a, size);
	for (;;)
		sendto(fd, data, recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&a, &size), 0,
		       (struct sockaddr *)&a, size);
}
"""


def test_udp(tidy: Cell, tmp_path: Path) -> None:
    subprocess.run(["gcc", "-static", "-x", "c", "-o", tmp_path / "echo", "-"], input=ECHO, text=True, check=True)
    tidy.ok("run", "--image", "box:1", "--name", "udp", "-d", "-p", "9000:9000/udp", "-v", f"{tmp_path}/echo:/bin/talk",
            "/bin/talk")
    talk = "import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.settimeout(1);" \
           "s.sendto(b'said',('192.0.2.1',9000));print(s.recv(9).decode())"
    assert wait_for(lambda: tidy.host("/usr/bin/python3", "-c", talk, check=False)) == "said\n"
    tidy.ok("delete", "--force", "udp")


def test_two_find_each_other_by_name(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "--net", "private:shop,alias=shop-front", *SERVE)
    for name in ("web", "shop-front"):
        line = f"for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://{name}/ && break; sleep 0.2; done"
        assert tidy.run("--net", "private:shop", "sh", "-c", line) == "web\n"
    tidy.ok("run", "--image", "box:1", "--name", "late", "-d", "--net", "private:shop", *SERVE)
    assert "late" in tidy.ok("exec", "web", "cat", "/etc/hosts"), "who was there first hears of it"
    tidy.ok("delete", "--force", "late")
    assert "late" not in tidy.ok("exec", "web", "cat", "/etc/hosts")
    tidy.ok("delete", "--force", "web")


def test_networks_are_apart(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "--net", "private:one", *SERVE)
    line = next(x for x in tidy.ok("exec", "web", "cat", "/etc/hosts").splitlines() if x.endswith("\tweb"))
    knock = ["sh", "-c", f"cat /etc/hosts; echo | nc -w 1 {line.split()[0]} 80 > /dev/null && echo opened"]
    wait_for(lambda: "opened" in tidy("run", "--image", "box:1", "--rm", "--net", "private:one", *knock).stdout)
    other = tidy("run", "--image", "box:1", "--rm", "--net", "private:two", *knock)
    assert other.returncode == 1 and "opened" not in other.stdout and "\tweb" not in other.stdout
    tidy.ok("delete", "--force", "web")


def test_none_is_loopback_alone(tidy: Cell) -> None:
    assert tidy.run("--net", "none", "sh", "-c", "ls /sys/class/net; ip address show lo | grep -o 127.0.0.1/8; "
                    "cat /proc/sys/net/ipv4/ping_group_range") == "lo\n127.0.0.1/8\n0\t2147483647\n"


def test_host_is_the_hosts(tidy: Cell) -> None:
    assert "eth0" in tidy.run("--net", "host", "ip", "link")
    tidy.run("--net", "host", "sh", "-c", "! echo x >> /etc/hosts 2> /dev/null")


def test_after_a_restart_it_is_found_again(tidy: Cell) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "--restart", "always", "-p", "8080:80", *SERVE)
    assert answers(tidy, "http://127.0.0.1:8080/") == "web\n"
    tidy.ok("kill", "web", "KILL")
    assert answers(tidy, "http://127.0.0.1:8080/") == "web\n"
    tidy.ok("delete", "--force", "web")


def test_an_oci_bundle_runs_in_a_network(tidy: Cell, bundle: Path) -> None:
    process = subprocess.Popen(tidy.command("run", "-b", bundle, "--net", "private", "-p", "8080:80", "bundled"),
                               env=tidy.env)
    assert answers(tidy, "http://127.0.0.1:8080/") == "of-bundle\n"
    tidy.ok("kill", "bundled", "KILL")
    assert process.wait(20) == 137


def test_an_oci_bundle_is_created_and_started_in_a_network(tidy: Cell, bundle: Path) -> None:
    tidy.ok("create", "-b", bundle, "-p", "8080:80", "bundled", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            capture_output=False)
    assert tidy.curl("http://127.0.0.1:8080/", check=False) == "", "it waits"
    tidy.ok("start", "bundled")
    assert answers(tidy, "http://127.0.0.1:8080/") == "of-bundle\n"
    tidy.ok("delete", "--force", "bundled")


def test_an_oci_bundle_that_waits_is_deleted_with_its_network(tidy: Cell, bundle: Path) -> None:
    tidy.ok("create", "-b", bundle, "--net", "private", "bundled", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            capture_output=False)
    tidy.ok("delete", "bundled")


def test_without_a_word_a_bundle_has_what_its_config_says(tidy: Cell, bundle: Path) -> None:
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["ls", "/sys/class/net"]
    (bundle / "config.json").write_text(json.dumps(config))
    assert tidy.ok("run", "-b", bundle, "plain") == "lo\n"
    assert not (tidy.root / ".network").exists()


def test_one_without_a_network_waits_for_nobodys(tidy: Cell, bundle: Path) -> None:
    """Its end takes no lock on all networks of the machine, and leaves the ledger alone."""
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", *SERVE)
    ledger = tidy.root / ".network/net/ledger"
    before = ledger.stat().st_ino
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["args"] = ["true"]
    (bundle / "config.json").write_text(json.dumps(config))
    tidy.host("flock", "/proc/self/ns/net", *tidy.command("run", "-b", bundle, "plain")[len(tidy.inside):], timeout=10)
    assert ledger.stat().st_ino == before
    tidy.ok("delete", "--force", "web")


def test_a_port_that_is_taken_is_said_and_leaves_the_other_alone(tidy: Cell, bundle: Path) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "web", "-d", "-p", "8080:80", *SERVE)
    answers(tidy, "http://127.0.0.1:8080/")
    before = tidy.left()
    assert "8080" in tidy.fails("run", "--image", "box:1", "--name", "second", "-p", "8080:80", *SERVE)
    assert "8080" in tidy.fails("run", "--image", "box:1", "--name", "second", "-d", "-p", "8080:80", *SERVE)
    assert "8080" in tidy.fails("create", "-b", bundle, "-p", "8080:80", "second")
    assert tidy.left() == before
    assert tidy.curl("http://127.0.0.1:8080/") == "web\n"
    tidy.ok("delete", "--force", "web")


@pytest.mark.parametrize("broken", ["args", "mount", "cgroup"])
def test_a_bundle_that_fails_after_its_network_was_made_leaves_none(tidy: Cell, bundle: Path, broken: str) -> None:
    config = json.loads((bundle / "config.json").read_text())
    if broken == "args":
        config["process"]["args"] = ["/not/there"]
    elif broken == "mount":
        config["mounts"].append({"destination": "/x", "type": "bind", "source": "/not/there", "options": ["bind"]})
    else:
        config["linux"]["resources"] = {"memory": {"limit": 1}}
    (bundle / "config.json").write_text(json.dumps(config))
    for verb in ("create", "run"):
        tidy.fails(verb, "-b", bundle, "-p", "8080:80", "broken")


def test_a_folder_that_is_named_net_is_a_container_like_any(tidy: Cell, bundle: Path) -> None:
    tidy.ok("run", "--image", "box:1", "--name", "net", "-d", "-p", "8080:80", *SERVE)
    assert answers(tidy, "http://127.0.0.1:8080/") == "net\n"
    tidy.ok("delete", "--force", "net")
    shutil.rmtree(bundle)


@pytest.mark.slow
def test_twenty_come_and_go(tidy: Cell) -> None:
    started = time.monotonic()
    for n in range(20):
        tidy.ok("run", "--image", "box:1", "--name", f"c{n}", "-d", "-p", f"{9000 + n}:80", *SERVE)
    assert [answers(tidy, f"http://127.0.0.1:{9000 + n}/") for n in range(20)] == [f"c{n}\n" for n in range(20)]
    tidy.ok("delete", "--force", *(f"c{n}" for n in range(20)))
    print(f"twenty in {time.monotonic() - started:.1f} s")
