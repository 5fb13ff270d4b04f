"""Programs that nobody here wrote reach a server by translation, and are reached by forwarded ports.

The same clients, in a container behind a link card and in a stack behind a TAP card; see wire.py for who is where.
"""
from __future__ import annotations

import json
import re

import captures
import pytest
from conftest import PART
from module_vm import KERNEL

UPLINK, ROUTER, FAR, GATEWAY = "192.0.2.1", "192.0.2.254", "198.51.100.7", "10.9.0.1"
ADDRESS = {"container": "10.9.0.2", "machine": "10.9.0.4"}
GROUP = {"container": "container", "machine": "tap"}
GUESTS = tuple(ADDRESS)
# Of 32 choices of five offloads, those that can be: without sums by the card, no cutting by it.
COMBINATIONS = 12 if PART == "all" else 3
# Octets of iperf3's stream that have arrived when all are sent; the rest is in buffers on the way, or, of two streams
# against each other, not sent yet when the first one is done.
ENOUGH = 1 << 20

guests = pytest.mark.parametrize("guest", GUESTS)


@pytest.fixture(scope="session")
def of(outputs):
    return lambda guest: outputs(GROUP[guest])


@pytest.mark.parametrize("group", ["container", "tap", "firmware", pytest.param("kernel", marks=pytest.mark.slow)])
def test_kernel_log_is_clean_and_the_module_goes(outputs, group):
    seen = outputs(group)
    seen.boot.judge_kernel_log()
    assert seen.json("unload") == {"status": 0, "said": ""}


# --- DHCP, ping, traceroute ---

@guests
def test_udhcpc_is_given_address_router_and_mask(of, guest):
    seen = of(guest)
    assert f"lease of {ADDRESS[guest]} obtained" in seen.text(f"{guest}_dhcp.err"), seen.text(f"{guest}_dhcp.err")
    lease = dict(line.split("=", 1) for line in seen.text(f"{guest}_dhcp.lease").splitlines())
    assert lease["ip"] == ADDRESS[guest] and lease["mask"] == "24"
    assert lease["router"] == lease["serverid"] == GATEWAY


@guests
@pytest.mark.parametrize("kind", ["small", "df", "fragments", "flood", "gateway"])
def test_ping_loses_nothing(of, guest, kind):
    assert " 0% packet loss" in of(guest).out(f"{guest}_ping_{kind}")


@guests
@pytest.mark.parametrize("kind", ["classic", "udp", "icmp", "tcp"])
def test_traceroute_names_every_hop(of, guest, kind):
    hops = re.findall(r"^ ?\d+  (\S+)  [\d.]+ ms", of(guest).out(f"{guest}_traceroute_{kind}"), re.M)
    assert hops == [GATEWAY, ROUTER, FAR]


@guests
def test_router_beyond_tells_the_guest_what_fits(of, guest):
    seen = of(guest)
    assert f"From {ROUTER} icmp_seq=1 Frag needed and DF set (mtu = 1200)" in seen.out(f"{guest}_ping_too_big", 1)
    after = seen.json(f"{guest}_path_mtu")
    assert not after["upload"] and not after["download"], after
    assert "mtu 1200" in after["route"]


# --- payloads, by checksum ---

@guests
@pytest.mark.parametrize("sums", ["made", "left"])
def test_payloads_arrive_with_every_combination_of_offloads(of, guest, sums):
    """`made`: the uplink gets finished packets; `left`: whole segments with unfinished sums, as veth has them."""
    rows = of(guest).json(f"{guest}_offloads_{sums}")
    wrong = [row for row in rows if row["wrong"]]
    assert not wrong, json.dumps(wrong, indent=1)
    assert len({tuple(row["features"].items()) for row in rows}) == len(rows) >= COMBINATIONS
    assert any(all(row["features"].values()) for row in rows), "one has everything on"


def test_payloads_arrive_with_every_offload_a_vmm_asks_for(of):
    seen = of("machine")
    assert seen.json("machine_plain") == {}, "without the header of virtio-net"
    rows = seen.json("machine_offload_flags")
    assert all(not row["wrong"] for row in rows), json.dumps(rows, indent=1)
    unknown = [row["flags"] for row in rows if not row["known"]]
    assert not unknown or KERNEL == "6.1" and unknown == [0x67], f"refused: {unknown}"
    assert seen.json("machine_refused") == 0, "frames were refused"


@guests
def test_forwarded_port_reaches_the_guest(of, guest):
    """From the server, from another guest, and from itself."""
    wrong = {client: what for client, what in of(guest).json(f"{guest}_forwarded").items() if what}
    assert not wrong


# --- iperf3 ---

@guests
@pytest.mark.parametrize("way", ["tcp", "reverse", "bidir", "parallel"])
def test_iperf3_tcp(of, guest, way):
    end = json.loads(of(guest).out(f"{guest}_iperf3_{way}"))["end"]
    assert end["sum_received"]["bytes"] > ENOUGH
    if way == "bidir":
        assert end["sum_received_bidir_reverse"]["bytes"] > ENOUGH


@guests
@pytest.mark.parametrize("way", ["udp", "udp_reverse", "udp_fragments"])
def test_iperf3_udp_loses_next_to_nothing(of, guest, way):
    total = json.loads(of(guest).out(f"{guest}_iperf3_{way}"))["end"]["sum"]
    assert total["packets"] > 50 and total["lost_percent"] < 5, total


@guests
@pytest.mark.parametrize("way", ["tcp", "reverse", "udp"])
def test_iperf3_by_a_forwarded_port(of, guest, way):
    end = json.loads(of(guest).out(f"{guest}_forwarded_iperf3_{way}"))["end"]
    if way == "udp":
        assert end["sum"]["packets"] > 50 and end["sum"]["lost_percent"] < 5, end["sum"]
    else:
        assert end["sum_received"]["bytes"] > ENOUGH


# --- what kind of translator is this? ---

@guests
def test_stun_names_the_kind_that_we_claim(of, guest):
    said = of(guest).out(f"{guest}_stun_independent", code=3)
    assert "Primary: Independent Mapping, Independent Filter, preserves ports, will hairpin" in said


def test_stun_names_the_filtering_that_was_chosen(of):
    said = of("container").out("container_stun_dependent", code=5)
    assert "Primary: Independent Mapping, Address Dependent Filter, preserves ports, will hairpin" in said


NATDISCOVERY = [
    ("mapping", "independent", "NAT with Endpoint Independent Mapping!"),
    ("filtering", "independent", "NAT with Endpoint Independent Filtering!"),
    ("hairpin", "independent", "Received a request (maybe a successful hairpinning)"),
    ("padding", "independent", "NAT with Endpoint Independent Mapping!"),
    ("mapping", "dependent", "NAT with Endpoint Independent Mapping!"),
    ("filtering", "dependent", "NAT with Address Dependent Filtering!"),
    ("padding", "dependent", "NAT with Endpoint Independent Mapping!"),
]


@pytest.mark.parametrize("what, filtering, sentence", NATDISCOVERY)
def test_natdiscovery_names_the_kind_that_we_claim(of, what, filtering, sentence):
    said = of("container").out(f"container_natdiscovery_{what}_{filtering}")
    assert sentence in said
    assert "No ALG: Mapped == XOR-Mapped" in said


@pytest.mark.parametrize("what, filtering, sentence", NATDISCOVERY[:4])
def test_natdiscovery_of_a_stack_behind_tap(of, what, filtering, sentence):
    assert sentence in of("machine").out(f"machine_natdiscovery_{what}_{filtering}")


# --- on the wire ---

@pytest.fixture(scope="session")
def capture(of):
    """A capture that lost nothing."""
    cache: dict[tuple[str, str], captures.Seen] = {}

    def look(guest: str, name: str) -> captures.Seen:
        if (guest, name) not in cache:
            seen = of(guest)
            assert "0 packets dropped by kernel" in seen.text(f"{name}.tcpdump"), seen.text(f"{name}.tcpdump")
            cache[guest, name] = captures.look(seen.path(f"{name}.pcap"))
        return cache[guest, name]
    return look


@guests
def test_only_the_external_address_is_seen_outside(capture, guest):
    """Not in headers, and not in what ICMP errors quote."""
    seen = capture(guest, "outside")
    assert seen.frames > 1000
    assert {a for a in seen.addresses | seen.quoted if a.startswith("10.")} == set()
    assert seen.addresses == {UPLINK, ROUTER, FAR}
    assert UPLINK in seen.quoted, "no error was seen"


@guests
def test_no_packet_leaves_with_a_wrong_sum(capture, guest):
    """The uplink was told to finish sums: all are, of TCP, UDP, ICMP and of fragments put together."""
    seen = capture(guest, "outside")
    assert not seen.wrong, seen.wrong[:10]
    assert not seen.of(captures.UNFINISHED)
    for protocol in (captures.TCP, captures.UDP, captures.ICMP):
        assert seen.sums[protocol, captures.RIGHT] > 10, seen.sums


@guests
def test_guest_sees_servers_addresses_and_no_wrong_sum(capture, guest):
    seen = capture(guest, f"{guest}_inside")
    assert not seen.wrong, seen.wrong[:10]
    assert UPLINK not in seen.addresses | seen.quoted
    assert ADDRESS[guest] in seen.addresses and FAR in seen.addresses
    assert ADDRESS[guest] in seen.quoted, "no error came"


@guests
def test_every_probe_of_traceroute_is_answered_on_the_guests_card(capture, guest):
    """Whatever traceroute makes of it (clients.py, traceroute())."""
    seen = capture(guest, f"{guest}_inside")
    assert len(seen.probes) >= 12, "four kinds, three hops"
    assert not seen.probes - seen.answered, seen.probes - seen.answered


# --- a stock QEMU on -netdev tap,fd=N ---

FIRMWARE = {
    "dhcp": "... ok",
    "address": f"ipv4 = {ADDRESS['machine']}",
    "router": f"ipv4 = {GATEWAY}",
    "script": f"came to {ADDRESS['machine']} by HTTP",
    "payload": "/payload... ok",
    "size": "payload : 300000 bytes",
    "closed": "Connection reset",
}


@pytest.mark.parametrize("what", FIRMWARE)
def test_firmware_of_a_qemu_guest(outputs, what):
    """iPXE, whose driver leaves no sum to others: DHCP, HTTP, and a port where nobody listens."""
    said = re.sub(r" \d+%\x08+ *\x08*", "", outputs("firmware").json("ipxe")[what])  # How far it was, if it was slow.
    assert FIRMWARE[what] in said


@pytest.mark.parametrize("group", ["firmware", pytest.param("kernel", marks=pytest.mark.slow)])
def test_what_a_qemu_guest_sends_is_translated(outputs, group):
    seen = captures.look(outputs(group).path("outside.pcap"))
    assert seen.addresses == {UPLINK, ROUTER, FAR} - ({ROUTER} if group == "firmware" else set())
    assert not seen.wrong, seen.wrong[:10]


@pytest.mark.slow
def test_kernel_of_a_qemu_guest_reaches_out(outputs):
    seen = outputs("kernel").json("linux")
    said, digest = seen["said"], seen["expected_sum"]
    assert f"lease of {ADDRESS['machine']} obtained" in said["dhcp"]
    assert said["address"] == f"{ADDRESS['machine']}/24"
    assert said["download"].split()[0] == digest
    assert said["upload"].split()[0] == said["text"].split()[0] != digest
    assert " 0% packet loss" in said["ping"]
    assert said["hops"].split() == [GATEWAY, ROUTER, FAR]


@pytest.mark.slow
def test_kernel_of_a_qemu_guest_has_its_offloads(outputs):
    """It took what the card offered: sums and whole segments go both ways."""
    features = outputs("kernel").json("linux")["features"]
    for name in ("tx-checksumming", "tcp-segmentation-offload"):
        assert f"{name}: on" in features, features


@pytest.mark.slow
def test_kernel_of_a_qemu_guest_is_reached_by_a_forwarded_port(outputs):
    seen = outputs("kernel").json("linux")
    assert not seen["forwarded"] and not seen["forwarded_upload"], seen
