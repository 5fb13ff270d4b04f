"""vnic beside what Linux offers: veth, routing and nft masquerade; in one boot, in turns.

The live machine's seconds are those of an emulation that shares its host: ratios only. The deterministic machine has
one processor and counts instructions, of both ends and all between: it tells a hundredth.
"""
from __future__ import annotations

import statistics
from collections.abc import Callable

from boot import Case, Plan
from figures import Figure, Spread

TITLE = "vnic beside veth, routing and nft masquerade"
# The picture's axis: most times the target, and its steps.
AXIS = (4, 2)
MARKS = ""

FLOWS = (10, 10000, 60000)
OURS, PEER = "vnic", "veth"
WITHOUT_VMM = {"veth": "no VMM between (veth), deterministic", "lo": "no card either (loopback), deterministic"}
MODULES = ("tun", "nf_defrag_ipv4", "veth", "nft_chain_nat", "nft_masq", "nf_nat", "nf_conntrack")


def case(kind: str, who: str, scale: float) -> Case:
    return Case(kind, who, ["env", f"BENCH_SCALE={scale}", "python3", "tests/bench/vnic/slice.py", kind, who])


def cases(scale: float) -> list[Case]:
    both = [case(kind, who, scale) for kind in ("stream", "segments", "datagrams", "connections")
            for who in (OURS, PEER)]
    cables = [case(kind, who, scale) for kind in ("vmm", "full") for who in ("rings", "vnet", "plain")]
    cables += [case("vmm", who, scale) for who in WITHOUT_VMM]
    # The most flows last: they stay for minutes.
    return both + cables + [case("flows", f"{OURS}:{flows}", scale) for flows in FLOWS]


def plans(kernel: str, quick: bool) -> list[Plan]:
    before = [["sh", "-c", f"for m in {' '.join(MODULES)}; do modprobe $m; done"],
              ["insmod", f"build/kernel/{kernel}/kmod/vnic/vnic.ko"],
              ["python3", "tests/bench/vnic/field.py", "up"]]
    after = [["python3", "tests/bench/vnic/field.py", "down"], ["rmmod", "vnic"]]
    return [Plan("deterministic", cases(0.05 if quick else 0.25), 1 if quick else 7, before, after, deterministic=True),
            Plan("live", cases(0.25 if quick else 1), 1 if quick else 7, before, after)]


Value = Callable[[dict], float]

# Key, name, case, how much a second: each is a ratio to the peer's.
RATIOS: tuple[tuple[str, str, str, Value], ...] = (
    ("stream", "TCP", "stream", lambda r: r["mib"] / r["ns"]),
    ("segments", "TCP, a packet for each segment", "segments", lambda r: r["mib"] / r["ns"]),
    ("datagrams", "64-octet datagrams a second", "datagrams", lambda r: r["arrived"] / r["ns"]),
    ("connections", "new connections a second", "connections", lambda r: r["connections"] / r["ns"]),
)


def found(results: dict[str, dict], plan: str, kind: str, who: str) -> dict[int, dict]:
    """Results by round."""
    return {s["round"]: s["result"] for s in results.get(plan, {}).get("slices", [])
            if s["case"] == kind and s["who"] == who and "result" in s}


def ratio(results: dict[str, dict], plan: str, kind: str, value: Value, who: str = OURS,
          other: str = PEER) -> Spread | None:
    """In each round the two met the same minute."""
    ours, peer = found(results, plan, kind, who), found(results, plan, kind, other)
    return Spread.of(value(ours[n]) / value(peer[n]) for n in ours.keys() & peer.keys())


def growth(results: dict[str, dict], plan: str, flows: int) -> Spread | None:
    """What a packet costs among so many flows, as a multiple of its cost among few."""
    few = found(results, plan, "flows", f"{OURS}:{FLOWS[0]}")
    many = found(results, plan, "flows", f"{OURS}:{flows}")
    return Spread.of(many[n]["ns"] / many[n]["sent"] / (few[n]["ns"] / few[n]["sent"])
                     for n in many.keys() & few.keys())


def lost(results: dict[str, dict], plan: str, who: str) -> Spread | None:
    return Spread.of(float(r["lost"]) for r in found(results, plan, "full", who).values())


def peers(results: dict[str, dict]) -> dict[str, Spread]:
    spreads = {name: lost(results, "live", who) for name, who in (("tap", "plain"), ("tap with vnet_hdr", "vnet"))}
    return {name: spread for name, spread in spreads.items() if spread}


def without_vmm(results: dict[str, dict], tap: str) -> dict[str, Spread]:
    """As far as any VMM's path could get: the same two ends with nothing carried between."""
    spreads = {name: ratio(results, "deterministic", "vmm", lambda r: r["mib"] / r["ns"], who, tap)
               for who, name in WITHOUT_VMM.items()}
    return {name: spread for name, spread in spreads.items() if spread}


def octets(results: dict[str, dict], plan: str) -> Spread | None:
    most = found(results, plan, "flows", f"{OURS}:{FLOWS[-1]}")
    return Spread.of(r["octets"] / r["mappings"] for r in most.values())


def both(results: dict[str, dict], of: Callable[[str], Spread | None]) -> dict:
    """Live, and beside it the same of the deterministic machine."""
    exact = of("deterministic")
    return {"ours": of("live") or exact, "columns": {"ours, deterministic": exact} if exact else {}}


def figures(results: dict[str, dict]) -> list[Figure]:
    out = [Figure(key, name, "x veth", 1.0, at_least=True, note="veth, routing and nft masquerade in the same round",
                  **both(results, lambda plan, k=kind, v=value: ratio(results, plan, k, v)))
           for key, name, kind, value in RATIOS]
    out += [Figure(f"vmm_{peer}", f"VMM's TCP by rings, beside tap{words}", f"x tap{words}", target, at_least=True,
                   note="the same program carries frames between two cards", peers=without_vmm(results, peer),
                   **both(results, lambda plan, p=peer: ratio(results, plan, "vmm", lambda r: r["mib"] / r["ns"],
                                                              "rings", p)))
            for peer, words, target in (("vnet", " with vnet_hdr", 1.5), ("plain", "", 6.0))]
    out.append(Figure("lost", "frames lost at a full ring", "frames", 0, peers=peers(results),
                      note="datagrams as fast as the sender can; tap beside it",
                      **both(results, lambda plan: lost(results, plan, "rings"))))
    out += [Figure(f"flows_{flows}", f"cost of a packet among {flows} flows", f"x among {FLOWS[0]}", 1.3,
                   note="from the sender's socket to the receiver's",
                   **both(results, lambda plan, f=flows: growth(results, plan, f))) for flows in FLOWS[1:]]
    out.append(Figure("memory", "memory of a mapping", "octets", 256, note=f"with hash tables, at {FLOWS[-1]} flows",
                      **both(results, lambda plan: octets(results, plan))))
    return out


def detail(results: dict[str, dict]) -> list[dict]:
    """Medians of what was measured, for those who want to know what the ratios are of."""
    out = []
    for plan in results:
        for kind, who in sorted({(s["case"], s["who"]) for s in results[plan]["slices"]}):
            values = found(results, plan, kind, who).values()
            out.append({"plan": plan, "case": kind, "who": who} |
                       {key: statistics.median(v[key] for v in values) for key in (next(iter(values), {}))})
    return out
