"""Linux as most people have it translate: veth, a bridge, routing, and `nft masquerade`."""
from __future__ import annotations

from pathlib import Path

from packets import TCP
from topology import (GATEWAY, GUEST_MACS, GUESTS, HOST, UPLINK, CannotBe, Network, inside, ip, run, sysctl)

CONNTRACK = Path("/proc/sys/net/netfilter")
BRIDGE_MAC = "02:00:00:00:09:01"
# What each timeout of ours is called there.
NAMES = {
    "udp": ("udp_timeout", "udp_timeout_stream"),
    "icmp": ("icmp_timeout",),
    "tcp_established": ("tcp_timeout_established",),
    "tcp_transitory": ("tcp_timeout_syn_sent", "tcp_timeout_syn_recv", "tcp_timeout_fin_wait",
                       "tcp_timeout_close_wait", "tcp_timeout_last_ack", "tcp_timeout_time_wait"),
    "tcp_reset": ("tcp_timeout_close",),
}


class Subject:
    name = "nft"
    rules = ""

    def load(self) -> None:
        for module in ("nft_masq", "nft_nat", "nft_chain_nat", "nf_conntrack", "veth", "bridge"):
            run("modprobe", module)
        sysctl(HOST, ipv4__ip_forward=1, ipv4__conf__all__send_redirects=0, ipv4__conf__default__send_redirects=0)
        # A bridge that takes the address of its first port forgets its neighbours when it takes another.
        ip(f"link add in0 address {BRIDGE_MAC} type bridge forward_delay 0\n"
           f"address add {GATEWAY}/24 dev in0\nlink set in0 up\n")
        for number, guest in enumerate(GUESTS, 1):
            ip(f"link add v{number} type veth peer name eth0 netns {guest} address {GUEST_MACS[guest]}\n"
               f"link set v{number} master in0 up\n"
               f"neigh add {GUESTS[guest]} dev in0 lladdr {GUEST_MACS[guest]} nud permanent\n")
            ip("link set eth0 up\n", guest)
        run("nft", "add table ip nothing", namespace=HOST)
        self.defaults = self.timeouts_there()

    def unload(self) -> None:
        ip("link del v1\nlink del v2\nlink del in0\n")

    def device(self, _guest: str) -> str:
        return "eth0"

    def timeouts_there(self) -> dict[str, int]:
        with inside(HOST):
            return {name: int((CONNTRACK / f"nf_conntrack_{name}").read_text())
                    for names in NAMES.values() for name in names}

    def timeouts(self) -> dict[str, int]:
        """The shortest of those that may apply; tcp_reset is that after a RST."""
        there = self.timeouts_there()
        return {name: min(there[n] for n in names) for name, names in NAMES.items()}

    def build(self, wishes: Network) -> None:
        if wishes.address_dependent:
            raise CannotBe("who may answer cannot be chosen: address and port of the server, always")
        if wishes.quota:
            raise CannotBe("masquerade knows no quota of a guest")
        wanted = dict(self.defaults)
        for name, seconds in wishes.timeouts.items():
            wanted.update(dict.fromkeys(NAMES.get(name, ()), seconds))
            if name == "tcp_transitory":
                wanted.update(dict.fromkeys(NAMES["tcp_reset"], seconds))
        sysctl(HOST, **{f"netfilter__nf_conntrack_{name}": seconds for name, seconds in wanted.items()})
        to = f"to :{wishes.ports[0]}-{wishes.ports[1]}" if wishes.ports else ""
        rules = f"""
            flush ruleset
            table ip nat {{
                chain prerouting {{ type nat hook prerouting priority dstnat; }}
                chain postrouting {{
                    type nat hook postrouting priority srcnat;
                    oifname "up0" meta l4proto {{ tcp, udp }} masquerade {to}
                    oifname "up0" masquerade
                }}
            }}"""
        if rules != self.rules:
            run("nft", "-f", "-", namespace=HOST, text=rules)
        self.rules = rules
        run("conntrack", "-F", namespace=HOST)

    def remove(self) -> None:
        pass

    def forward(self, protocol: int, port: int, guest: str, inside_port: int, address: str = UPLINK) -> None:
        self.rules = ""
        name = "tcp" if protocol == TCP else "udp"
        run("nft", f"add rule ip nat prerouting ip daddr {address} {name} dport {port} "
                   f"dnat to {guest}:{inside_port}", namespace=HOST)

    def counts(self) -> dict[str, int]:
        return {}
