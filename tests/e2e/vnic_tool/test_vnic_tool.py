"""vnic as a user types it: every verb, every refusal, the picture. The outputs come from in_vm.sh."""
from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest


class Outputs:
    """What the boot left: NAME.out, NAME.err and NAME.code of each command."""

    def __init__(self, folder: Path, console: str) -> None:
        self.folder = folder
        self.console = console

    def text(self, file: str) -> str:
        path = self.folder / file
        assert path.exists(), f"{file} is missing\n{self.console}"
        return path.read_text(errors="replace")

    def code(self, name: str) -> int:
        return int(self.text(f"{name}.code"))

    def out(self, name: str, code: int = 0) -> str:
        """Standard output of a command that ended so."""
        assert self.code(name) == code, f"{name}: status {self.code(name)}\n{self.text(f'{name}.err')}"
        return self.text(f"{name}.out")

    def err(self, name: str) -> str:
        return self.text(f"{name}.err")

    def json(self, name: str) -> Any:
        return json.loads(self.out(name))

    def network(self, name: str, network: str) -> dict[str, Any]:
        found = [n for n in self.json(name) if n["name"] == network]
        assert len(found) == 1, f"{name}: {network}: {self.out(name)}"
        return found[0]


@pytest.fixture(scope="module")
def vnic(boot: Callable[[], Any]) -> Outputs:
    done = boot()
    return Outputs(done.out, done.console)


def test_kernel_log_is_clean(boot):
    boot().judge_kernel_log()


# Status and sentence of every refusal. Each says what failed, which object, why, and what to do.
NO_ADMIN = "Operation not permitted: CAP_NET_ADMIN is needed in this network namespace: run as root"
NO_TIME = "not a time from 1s to 7d: write seconds, or 5m or 2h"
BAD_NAME = "a name has 1 to 15 visible characters, no space, / or :"
NO_VNIC = "ip link add NAME type vnic makes one"
REFUSALS = {
    # the command line
    "no_verb": (2, "no verb given: see vnic --help"),
    "bad_verb": (2, "lsit: no such verb: did you mean list?"),
    "bad_option": (2, "create: --subent: no such option: did you mean --subnet?"),
    "create_no_name": (2, "create: name the network: vnic create NAME --subnet 10.9.0.0/24 --uplink DEVICE"),
    "create_no_subnet": (2, "create: x: no subnet for the guests: give --subnet 10.9.0.0/24"),
    "create_no_uplink": (2, "create: x: nowhere to translate to: give --uplink DEVICE: there are lo and eth0"),
    "create_host_bits": (2, "subnet: 10.9.0.1/24: has bits beyond its prefix: did you mean 10.9.0.0/24?"),
    "create_name": (2, f'create: "a/b": {BAD_NAME}'),
    "create_quota": (2, "quota: 11: one guest cannot have more mappings than there may be, 10"),
    "create_ports": (2, "ports: 80-79: not a range within 1 to 65535: write 1024-65535"),
    "create_filtering": (2, "filtering: full-cone: there are endpoint-independent and address-dependent"),
    "create_dns": (2, "dns: 127.0.0.53: guests cannot send to it"),
    "attach_nothing": (2, "attach: name a card: vnic attach NETWORK CARD"),
    "attach_mac": (2, "mac: 01:00:5e:00:00:01: it is a group's: the first octet is even"),
    "attach_no_device": (2, f'attach: "wlan-first-floor": {BAD_NAME}'),
    "forward_arrow": (2, 'forward: the shell took -> as "write to a file": leave it out, or quote it: \'->\''),
    "forward_no_port": (2, "forward: 10.9.0.2: its port is missing: write 10.9.0.2:80"),
    "forward_icmp": (2, "forward: icmp: only ports of tcp and udp are forwarded"),
    "set_typo": (2, "set: tiemout: no such setting: did you mean timeout?"),
    "set_zero": (2, f"timeout: udp: 0: {NO_TIME}"),
    "set_dns": (2, "dns: 1.1.1.1,dns.example: not one to three addresses of IPv4, and as many of IPv6: write "
                   "198.51.100.53,2001:db8::53, or none"),
    "explain_half6": (2, "explain: [fd00:9::2]: its port is missing: write [fd00:9::2]:80"),
    "explain_mixed": (2, "explain: 198.51.100.7: the packet's other address is of IPv6"),
    "explain_half": (2, "explain: describe one packet: 'udp 10.9.0.2:4000 -> 198.51.100.7:53'"),
    "list_name": (2, "list: lan: it takes no names: vnic flows and vnic stats tell of one"),
    "flows_count": (2, "flows: -d and -n are of --watch: give that as well"),
    "rm_nothing": (2, "rm: name a network: vnic rm NETWORK..."),
    "two_networks": (2, "network: there are 2: name one of lan, tiny"),
    # the module
    "no_module": (1, "open: /dev/vnic: No such file or directory: load the module: insmod vnic.ko"),
    "empty_forward": (1, "network: there is none in this namespace: vnic create makes one"),
    "misspelt": (1, "network: lna: there is none in this namespace: did you mean lan?"),
    "unknown": (1, "network: nothing-like-it: there is none in this namespace: vnic list shows those there are"),
    "taken": (1, "create: lan: File exists: the name is taken: choose another, or vnic rm lan"),
    "overlap": (1, "create: big: 10.0.0.0/8: Address already in use: 10.9.0.0/24 is network lan's: choose another "
                   "subnet"),
    "overlap_uplink": (1, "create: x: 192.0.2.128/25: Address already in use: eth0 has 192.0.2.1/24: guests need a "
                          "subnet that is not outside as well"),
    "no_uplink": (1, "create: x: there is no device eth1: did you mean eth0?"),
    "no_such_uplink": (1, "create: x: there is no device nowhere: there are lo and eth0"),
    "loopback": (1, "create: x: 127.0.0.0/8: Invalid argument: guests cannot have these addresses: take private ones, "
                    "such as 10.9.0.0/24"),
    "attach_again": (1, "attach: v0: Device or resource busy: it is in lan, as 10.9.0.2: vnic detach v0"),
    "attach_veth": (1, f"attach: ve0: it is a veth, not a vnic: {NO_VNIC}"),
    "attach_bridge": (1, f"attach: br0: it is a bridge, not a vnic: {NO_VNIC}"),
    "attach_bridged": (1, "attach: tap0: Device or resource busy: it belongs to br0: ip link set tap0 nomaster"),
    "attach_nobody": (1, "attach: v9: there is no such device here: there are v0, v1, v2 and v3"),
    "attach_taken": (1, "attach: v2: 10.9.0.2: Address already in use: card v0 has it: without --address it gets one "
                        "that is free"),
    "attach_gateway": (1, "attach: v2: 10.9.0.1: Cannot assign requested address: guests of lan have 10.9.0.2 to "
                          "10.9.0.254: the gateway is the first of 10.9.0.0/24"),
    "attach_elsewhere": (1, "attach: v2: 10.10.0.2: Cannot assign requested address: guests of lan have 10.9.0.2 to "
                            "10.9.0.254: the gateway is the first of 10.9.0.0/24"),
    "attach_no_network": (1, "network: lam: there is none in this namespace: did you mean lan?"),
    "attach_full": (1, "attach: v3: Cannot assign requested address: all addresses of 10.8.0.0/30 have guests: vnic "
                       "detach one"),
    "detach_none": (1, "detach: v3: it is in no network: vnic list shows which cards are"),
    "detach_veth": (1, f"detach: ve0: it is a veth, not a vnic: {NO_VNIC}"),
    "detach_nobody": (1, "detach: v9: there is no such device here: one that was moved is detached where it is: "
                         "ip netns exec NAMESPACE vnic detach v9"),
    "forward_again": (1, "forward: tcp 8080: Address already in use: 192.0.2.1:8080 is forwarded to 10.9.0.2:80 "
                         "already: vnic unforward lan tcp 192.0.2.1:8080"),
    "forward_inside": (1, "forward: tcp 8081: Address already in use: 192.0.2.1:8080 is forwarded to 10.9.0.2:80 "
                          "already: vnic unforward lan tcp 192.0.2.1:8080"),
    "forward_other": (1, "forward: tcp 7000: Address already in use: 192.0.2.1:7000 is forwarded to 10.7.0.2:70 "
                         "already: vnic unforward dmz tcp 192.0.2.1:7000"),
    "forward_host": (1, "forward: tcp 8099: Address already in use: a socket of the host has the port: "
                        "ss -anp 'sport = :8099' shows whose"),
    "forward_nobody": (1, "forward: tcp 8082: no guest has 10.9.0.77: lan has 10.9.0.2, 10.9.0.3"),
    "forward_foreign": (1, "forward: tcp 192.0.2.77:8082: Cannot assign requested address: eth0 has 192.0.2.1"),
    "forward_down": (1, "forward: tcp 8088: Cannot assign requested address: eth0 is down: nothing is translated "
                        "until it is up"),
    "unforward_none": (1, "unforward: tcp 9999: no such port is forwarded: there are tcp 192.0.2.1:8080, "
                          "udp 192.0.2.1:5353"),
    "explain_nobody": (1, "explain: 10.9.0.77: no guest of lan has it: vnic list shows those there are, such as "
                          "10.9.0.2"),
    "set_quota": (1, "set: lan: Numerical result out of range: a guest's quota is at most 65536, all the mappings "
                     "there may be"),
    "set_none": (1, "network: nobody: there is none in this namespace: vnic list shows those there are"),
    "rm_missing": (1, "network: nobody: there is none in this namespace: vnic list shows those there are"),
    "flows_full": (1, "standard output: cannot write"),
    "draw_nowhere": (1, "write: /nonexistent/flows.svg: No such file or directory"),
    # no privilege
    "user_create": (1, f"create: x: {NO_ADMIN}"),
    "user_flows": (1, f"flows: lan: {NO_ADMIN}"),
    "user_rm": (1, f"rm: lan: {NO_ADMIN}"),
    "user_set": (1, f"set: lan: {NO_ADMIN}"),
    "user_explain": (1, f"explain: lan: {NO_ADMIN}"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(vnic, name):
    code, sentence = REFUSALS[name]
    assert vnic.err(name) == f"vnic: {sentence}\n"
    assert vnic.code(name) == code
    assert vnic.text(f"{name}.out") == ""


def test_a_refusal_changes_nothing(vnic):
    """After a dozen refused creates there are the two networks that were made, as they were made."""
    assert [(n["name"], n["subnet"], n["cards"]) for n in vnic.json("tiny_json")] == [
        ("lan", "10.9.0.0/24", []), ("tiny", "10.8.0.0/30", [])]
    assert [n["name"] for n in vnic.json("after_rm_missing")] == ["lan"]


@pytest.mark.parametrize("name", ["lan", "six", "six_dns_none", "attach_address", "attach_tap", "forward",
                                  "forward_address", "unforward", "set", "draw"])
def test_nothing_is_printed_when_it_worked(vnic, name):
    assert vnic.out(name) == "" and vnic.err(name) == ""


def test_verbose_says_what_was_done(vnic):
    assert vnic.out("tiny") == "tiny: created, gateway 10.8.0.1\n"
    assert vnic.out("attach_tiny") == "v2: in tiny, as 10.8.0.2\n"
    assert vnic.out("detach") == "v2: detached\n"
    assert vnic.out("set_v") == "lan: changed\n"
    assert vnic.out("rm_tiny") == "tiny: removed, 0 cards let go\n"
    assert vnic.out("rm") == "lan: removed, 2 cards let go\n"


def test_help_has_every_verb(vnic):
    text = vnic.out("help")
    for verb in "create attach detach forward unforward list flows stats set rm explain draw status".split():
        assert re.search(rf"^  {verb} ", text, re.M), verb
    for option in "subnet uplink ports mappings quota filtering joined dns ipv6".split():
        assert re.search(rf"^  --{option} ", text, re.M), option
    assert re.search("filtering HOW,.* dns A", text)


def test_nothing_there(vnic):
    assert vnic.out("empty") == "no networks: vnic create NAME makes one\n"
    assert vnic.json("empty_json") == vnic.json("empty_stats") == vnic.json("empty_flows") == []


# --- networks and cards ---

def test_create_passes_every_option_on(vnic):
    tiny = vnic.network("tiny_json", "tiny")
    assert {k: tiny[k] for k in ("subnet", "gateway", "uplink", "filtering", "joined", "first_port", "last_port",
                                 "most_mappings", "quota")} == {
        "subnet": "10.8.0.0/30", "gateway": "10.8.0.1", "uplink": "eth0", "filtering": "address-dependent",
        "joined": True, "first_port": 5000, "last_port": 5999, "most_mappings": 1000, "quota": 10}
    lan = vnic.network("tiny_json", "lan")
    assert (lan["filtering"], lan["joined"], lan["first_port"], lan["last_port"], lan["most_mappings"],
            lan["quota"]) == ("endpoint-independent", False, 1024, 65535, 65536, 16384)
    assert lan["timeouts"] == {"udp": 300, "icmp": 60, "tcp_established": 7440, "tcp_transitory": 240, "tcp_syn": 6}


def test_attach_prints_the_address_it_chose(vnic):
    assert vnic.out("attach") == "10.9.0.2\n"


def test_list_has_cards_of_both_kinds(vnic):
    cards = {c["address"]: c for c in vnic.network("list_json", "lan")["cards"]}
    assert set(cards) == {"10.9.0.2", "10.9.0.3", "10.9.0.50"}
    assert cards["10.9.0.2"]["card"] is None, "it was moved"
    assert cards["10.9.0.3"]["mac"] == "02:00:00:00:00:03"
    assert (cards["10.9.0.50"]["card"], cards["10.9.0.50"]["mac"]) == ("tap0", None)
    tables = vnic.out("list").split("\n\n")
    assert [row.split()[0] for row in tables[0].splitlines()] == ["NETWORK", "lan", "tiny"]
    assert [row.split()[0] for row in tables[1].splitlines()] == ["CARD", "(elsewhere)", "(elsewhere)", "tap0"]
    assert tables[1].splitlines()[3].split()[3] == "-"


def test_a_guest_configures_itself(vnic):
    assert "lease of 10.9.0.2 obtained" in vnic.text("dhcp.log")


# --- forwards ---

def test_forwards_work_and_are_listed(vnic):
    assert vnic.out("through") == "200", "curl from outside to the guest's server"
    assert vnic.network("forwards_json", "lan")["forwards"] == [
        {"protocol": "tcp", "outside": "192.0.2.1:8080", "inside": "10.9.0.2:80"},
        {"protocol": "udp", "outside": "192.0.2.1:5353", "inside": "10.9.0.3:53"}]
    table = vnic.out("forwards").split("\n\n")[2].splitlines()
    assert [row.split() for row in table[1:]] == [
        ["tcp", "lan", "192.0.2.1:8080", "->", "10.9.0.2:80"], ["udp", "lan", "192.0.2.1:5353", "->", "10.9.0.3:53"]]
    assert len(vnic.network("forward_quiet", "lan")["forwards"]) == 1


# --- flows ---

def test_flows(vnic):
    flows = vnic.json("flows_json")
    mappings = [(f["protocol"], f["inside_port"], f["outside_port"]) for f in flows if f["remote"] is None]
    assert mappings[1:] == [("tcp", 80, 8080), ("udp", 4000, 4000), ("udp", 4001, 4001)]
    assert mappings[0][0] == "icmp"
    assert all(f["inside"] == "10.9.0.2" and f["outside"] == "192.0.2.1" and f["network"] == "lan" for f in flows)
    forward = next(f for f in flows if f["state"] == "forward")
    assert forward["left_ms"] is None and forward["forward"] and forward["in"] > 0
    session = next(f for f in flows if f["remote"])
    assert (session["remote"], session["state"], session["forward"]) == ("192.0.2.254", "closing", True)
    udp = next(f for f in flows if f["inside_port"] == 4000)
    assert 200_000 < udp["left_ms"] <= 300_000 and (udp["out"], udp["in"]) == (1, 0)


def test_flows_as_a_table(vnic):
    rows = [line.split() for line in vnic.out("flows").splitlines()]
    assert rows[0] == ["PROTO", "INSIDE", "OUTSIDE", "REMOTE", "STATE", "LEFT", "OUT", "IN"]
    assert ["udp", "10.9.0.2:4001", "192.0.2.1:4001", "-", "mapping"] in [row[:5] for row in rows]
    assert ["tcp", "10.9.0.2:80", "192.0.2.1:8080", "-", "forward", "-"] in [row[:6] for row in rows]
    both = [line.split()[0] for line in vnic.out("flows_of_both").splitlines()]
    assert both[0] == "NETWORK" and {"lan", "dmz"} <= set(both)


def test_flows_again_and_again(vnic):
    assert vnic.out("flows_watch").count("PROTO") == 2 and "\033" not in vnic.out("flows_watch")
    looks = [json.loads(line) for line in vnic.out("flows_watch_json").splitlines()]
    assert len(looks) == 2 and all(isinstance(look, list) and look for look in looks)


def test_flows_on_a_terminal(vnic):
    screen = vnic.text("screen.out")
    assert vnic.code("screen") == 0
    assert "\033[?1049h" in screen and screen.rstrip("\r\n").endswith("\033[?25h\033[?1049l"), "the screen is given back"
    looks = screen.split("\033[H")[1:]
    assert all(re.match(r"vnic: \d+ flows of 1 network", look) for look in looks)
    lines = [line for look in looks for line in look.splitlines()]
    assert all(len(re.sub(r"\033\[\??[0-9]*[A-Za-z]", "", line)) <= 100 for line in lines), "cut off at its edge"
    assert "icmp" in looks[0] and "icmp" not in looks[-1].split("up/down")[0], "one line was scrolled away"


def test_expired_mappings_are_not_shown(vnic):
    assert [f["inside_port"] for f in vnic.json("flows_before") if f["protocol"] == "udp"] == [4000, 4001]
    assert not [f for f in vnic.json("flows_expired") if f["protocol"] == "udp"]


# --- statistics ---

def test_stats(vnic):
    stats = vnic.json("stats_json")
    assert len(stats) == 1 and stats[0]["network"] == "lan" and stats[0]["memory"] > 0
    counts = stats[0]["counts"]
    assert counts["out"] >= 3 and counts["in"] >= 2 and counts["created"] == 3 and counts["dhcp"] >= 2
    named = {line.split()[0]: int(line.split()[1]) for line in vnic.out("stats_all").splitlines()[1:]}
    assert named == counts, "the same names, all of them"
    shown = {line.split()[0] for line in vnic.out("stats").splitlines()[1:]}
    assert shown == {name for name, count in counts.items() if count}


# --- explain ---

# way, what is counted, and something of what is said.
EXPLANATIONS = {
    "known": ("out", "out", "it leaves by eth0 as udp 192.0.2.1:4000 -> 198.51.100.7:53, if the host has a route"),
    "new": ("out", "created", "it leaves by eth0 from a port of the uplink's, 5555 if that is free"),
    "taken": ("out", "created", "it leaves by eth0 from a port of the uplink's, 4000 if that is free"),
    "back": ("in", "in", "it is delivered to a card in another namespace as udp 203.0.113.9:53 -> 10.9.0.2:4000"),
    "forward": ("in", "in", "it is delivered to a card in another namespace as tcp 203.0.113.9:999 -> 10.9.0.2:80"),
    "host": ("host", "", "it is the host's own: what listens there answers, if anything does"),
    "syn": ("drop", "drop_syn_held", "it is held: if the guest opens the same connection within 6 s, good; if not, "
                                     "its sender is told that the port is unreachable"),
    "isolated": ("drop", "drop_isolated", "it is dropped; the guest is told that the host is unreachable"),
    "joined": ("in", "", "it is delivered to a card in another namespace, as it is"),
    "martian": ("drop", "drop_martian", "it is dropped"),
    "gateway": ("gateway", "echo", "the gateway answers it"),
    "elsewhere": ("host", "", "it is not translated: the host routes it, or refuses it, as any other"),
    "filtered": ("drop", "drop_filtered", "it is dropped"),
    "quota": ("drop", "drop_quota", "it is dropped; the guest is told that it is prohibited"),
    "down": ("drop", "drop_no_port", "it is dropped; the guest is told that it is prohibited"),
    "dmz": ("in", "in", "it is delivered to v3 as tcp 203.0.113.9:5 -> 10.7.0.2:70"),
    "from_dmz": ("out", "created", "it leaves by eth0 from a port of the uplink's, 5 if that is free"),
    "lan": ("in", "in", "it is delivered to a card in another namespace as udp 203.0.113.9:53 -> 10.9.0.2:4000"),
    "neither": ("host", "", "it is the host's own: what listens there answers, if anything does"),
}


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_explain(vnic, name):
    told = vnic.json(f"explain_{name}_json")
    assert (told["way"], told["reason"], told["what"]) == EXPLANATIONS[name]
    assert told["why"]


def test_explain_finds_the_network(vnic):
    assert [vnic.json(f"explain_{name}_json")["network"] for name in ("dmz", "from_dmz", "lan")] == ["dmz", "dmz", "lan"]


def test_explain_turns_around(vnic):
    told = vnic.json("explain_hairpin_json")
    assert (told["way"], told["reason"]) == ("in", "hairpin")
    assert re.search(r"tcp 192\.0\.2\.1:\d+ -> 10\.9\.0\.2:80$", told["what"])


def test_explain_changes_nothing(vnic):
    """The packets of a dozen explanations left no mapping."""
    assert not [f for f in vnic.json("flows_before") if f["inside"] == "10.9.0.3"]


def test_explain_in_words(vnic):
    lines = vnic.out("explain_known").splitlines()
    assert [line.split()[0] for line in lines] == ["packet", "then", "because", "mapping", "counted"]
    assert lines[0] == ("packet   udp 10.9.0.2:4000 -> 198.51.100.7:53: from a guest of lan, a card in another "
                        "namespace")
    assert vnic.json("explain_known_json")["what"] in lines[1]


# --- explain: IPv6 ---

OUTSIDE = "2001:db8:9:0:cf47::2"
UNREACHABLE = "it is dropped; the guest is told that the address is unreachable"
ELSEWHERE = "a card in another namespace"

EXPLANATIONS6 = {
    "first": ("out", "out", f"it leaves by eth0 as udp [{OUTSIDE}]:4000 -> [2001:db8:5::7]:53"),
    "out": ("out", "out", f"it leaves by eth0 as udp [{OUTSIDE}]:4000 -> [2001:db8:5::7]:53"),
    "back": ("in", "in", f"it is delivered to {ELSEWHERE} as udp [2001:db8:5::7]:53 -> [fd00:9::2]:4000"),
    "stranger": ("in", "in", f"it is delivered to {ELSEWHERE} as tcp [2001:db8:6::1]:5 -> [fd00:9::2]:22"),
    "nobody": ("drop", "drop_no_mapping", "it is dropped"),
    "elsewhere": ("host", "", "it is not translated: the host routes it, or refuses it, as any other"),
    "isolated": ("drop", "drop_isolated", UNREACHABLE),
    "absent": ("drop", "drop_isolated", UNREACHABLE),
    "hairpin": ("in", "hairpin", f"it turns around here, and is delivered to {ELSEWHERE} as udp [{OUTSIDE}]:4000 -> "
                                 "[fd00:9::3]:53"),
    "around": ("drop", "drop_no_mapping", "it is dropped"),
    "gateway": ("gateway", "echo", "the gateway answers it"),
    "link": ("drop", "", "it goes nowhere, and nothing is counted"),
    "group": ("drop", "", "it goes nowhere, and nothing is counted"),
    "source": ("drop", "drop_source", "it is dropped"),
    "martian": ("drop", "drop_martian", "it is dropped"),
    "no_word": ("drop", "drop_no_port", UNREACHABLE),
    "none": ("drop", "drop_frame", "it is dropped"),
    "joined": ("in", "", f"it is delivered to {ELSEWHERE}, as it is"),
    "no_route": ("drop", "drop_no_route", "it is dropped; the guest is told that there is no route"),
}


@pytest.mark.parametrize("name", EXPLANATIONS6)
def test_explain_ipv6(vnic, name):
    told = vnic.json(f"explain_six_{name}_json")
    assert (told["way"], told["reason"], told["what"]) == EXPLANATIONS6[name]
    assert told["why"] and told["network"] == ("lan" if name == "none" else "six")


def test_explain_ipv6_is_what_happens(vnic):
    """The address that was seen outside; and four packets are counted as was told, answers to them beside."""
    assert vnic.text("six_seen.out") == f"[{OUTSIDE}]:4000\n", vnic.text("six_seen.err")
    before, after = (vnic.json(f"six_stats_{when}")[0]["counts"] for when in ("explained", "after"))
    for name in ("out", "isolated", "hairpin", "around"):
        reason = EXPLANATIONS6[name][1]
        assert after[reason] > before[reason], reason


def test_explain_ipv6_changes_nothing(vnic):
    before, after = (vnic.json(f"six_stats_{when}")[0]["counts"] for when in ("before", "explained"))
    # A guest asks for its gateway whenever it likes.
    assert before | {"arp": 0} == after | {"arp": 0}
    for name in ("first", "unclaimed", "claimed"):
        assert vnic.json(f"explain_six_{name}_json")["advice"].startswith("no guest has the address yet"), name
    assert not vnic.json("explain_six_out_json")["advice"]


def test_explain_ipv6_in_words(vnic):
    lines = vnic.out("explain_six_out").splitlines()
    assert [line.split()[0] for line in lines] == ["packet", "then", "because", "counted"]
    assert lines[0] == ("packet   udp [fd00:9::2]:4000 -> [2001:db8:5::7]:53: from a guest of six, a card in another "
                        "namespace")
    assert lines[2] == ("because  fd00:9::/64 is 2001:db8:9::/64 outside, and bits 64 to 79 are 0 inside and cf47 "
                        "outside, so that no checksum changes (RFC 6296)")


# --- DNS servers ---

def test_guests_are_told_of_dns_servers(vnic):
    assert vnic.text("six_dhcp.heard") == "198.51.100.53 198.51.100.54\n", vnic.text("six_dhcp.log")
    assert vnic.text("six_router.heard") == "2001:db8:5::53\n", vnic.text("six_router.log")
    assert vnic.network("six_list_json", "six")["dns"] == ["198.51.100.53", "198.51.100.54", "2001:db8:5::53"]
    assert vnic.network("six_list_json", "lan")["dns"] == []


def test_guests_are_told_of_no_dns_server_if_there_is_none(vnic):
    assert vnic.text("six_dhcp_none.heard") == "\n", vnic.text("six_dhcp_none.log")
    assert vnic.text("six_router_none.heard") == "" and vnic.text("six_router_none.log") == ""
    assert "dns none" in vnic.out("six_settings").splitlines()
    assert "dns 198.51.100.9" in vnic.out("six_settings_again").splitlines()


# --- settings ---

def test_settings_take_effect(vnic):
    assert vnic.out("settings").splitlines() == [
        "filtering endpoint-independent", "joined off", "ports 1024-65535", "quota 16384", "dns none",
        "timeout udp 300",
        "timeout icmp 60", "timeout tcp-established 7440", "timeout tcp-transitory 240", "timeout tcp-syn 6"]
    assert vnic.out("settings_after").splitlines()[:6] == [
        "filtering address-dependent", "joined on", "ports 2000-2999", "quota 9", "dns none", "timeout udp 1"]


def test_quota_holds(vnic):
    mine = [f for f in vnic.json("flows_quota") if f["remote"] is None]
    assert len(mine) == 9, "a forward and an echo among them"
    # The new ports are out of the range: others are got.
    assert all(2000 <= f["outside_port"] <= 2999 for f in mine if f["protocol"] == "udp")


# --- the uplink is down ---

def test_an_uplink_that_is_down_is_seen(vnic):
    assert "(down)" in vnic.out("down")
    assert "1 of them translate nothing" in vnic.out("status_down")
    assert "translate nothing" not in vnic.out("status")
    status = vnic.json("status_json")
    assert (status["networks"], status["idle_networks"], status["cards"]) == (1, 0, 2)


# --- draw ---

SVG = "{http://www.w3.org/2000/svg}"


def test_drawing(vnic):
    root = ElementTree.fromstring(vnic.text("flows.svg"))
    words = [t.text or "" for t in root.iter(SVG + "text")]
    assert words[0] == "lan: 10.9.0.0/24 on eth0"
    assert {"10.9.0.2", "192.0.2.1", "tcp 8080", "tcp 80", "forward"} <= set(words)
    assert words.count("udp 4000") == 2, "both ends"
    assert any(w.startswith("tcp 192.0.2.254:") for w in words), "with whom"
    assert len(list(root.iter(SVG + "path"))) == 5, "four mappings and a session"
    assert vnic.out("draw_pipe") == "<svg"


# --- who may what ---

def test_a_user_looks_but_not_at_who_talks_to_whom(vnic):
    rows = vnic.out("user_list").splitlines()
    assert rows[1].split()[5] == "?" and "FORWARD " not in vnic.out("user_list")
    assert "packets translated on their way out" in vnic.out("user_stats")
    assert "quota 9" in vnic.out("user_settings")


# --- the rest ---

def test_examples_of_the_manual_page(vnic):
    lines = vnic.text("examples.sh").splitlines()
    assert len(lines) >= 13
    for number, line in enumerate(lines, 1):
        assert vnic.code(f"example_{number}") == 0, f"{line}: {vnic.err(f'example_{number}')}"
    assert vnic.json("after_examples") == []


def test_unload(vnic):
    assert vnic.code("unload") == 0, vnic.err("unload")
