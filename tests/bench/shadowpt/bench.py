"""shadowpt beside KVM's own shadow page tables (kvm-amd npt=0): the same guests, in turns.

In deterministic mode the count of instructions is the time: all that guest, hypervisor and
vmm execute, and no noise. Targets are what KVM needs for the same guest in the same boot.
"""
from __future__ import annotations

from collections.abc import Callable

from boot import Case, Plan
from figures import Figure, Spread

TITLE = "shadowpt beside KVM with shadow page tables"
# The picture's axis: most times the target, and its steps.
AXIS = (4, 2)
MARKS = ""

GUESTS = ("fork", "pagetables")
STRATEGIES = ("trap", "vtlb")
# coursevm/vm/machine.py: an instruction takes 2 ns of the deterministic clock.
NS_PER_INSTRUCTION = 2


def cases(exits: bool) -> list[Case]:
    more = ["--exits"] if exits else []
    kind = "exits" if exits else "time"
    return [Case(f"{kind}: {guest}", who, ["python3", "tests/bench/shadowpt/guest.py", who, guest, *more])
            for guest in GUESTS for who in (*STRATEGIES, "kvm")]


def plans(kernel: str, quick: bool) -> list[Plan]:
    # KVM patches the running kernel with its first and last VM, so one processor.
    # Newer KVM takes SVM when it is loaded unless told to wait for its first VM.
    before = [["sh", "-c", "modprobe kvm enable_virt_at_load=0 || modprobe kvm"],
              ["modprobe", "kvm-amd", "npt=0"],
              ["insmod", f"build/kernel/{kernel}/kmod/shadowpt/shadowpt.ko"]]
    after = [["rmmod", "shadowpt"], ["modprobe", "-r", "kvm-amd"]]
    return [Plan("deterministic", [*cases(True), *cases(False)], 1, before, after, deterministic=True),
            Plan("live", cases(False), 1 if quick else 7, before, after, processors=1)]


def pick(results: dict[str, dict], plan: str, case: str, who: str, value: Callable[[dict], float]) -> Spread | None:
    return Spread.of(value(s["result"]) for s in results.get(plan, {}).get("slices", [])
                     if s["case"] == case and s["who"] == who and "result" in s)


# Key, name, unit, plan, kind of case, value.
MEASURES = (
    ("exits", "exits", "thousand", "deterministic", "exits", lambda r: r["exits"] / 1e3),
    ("instructions", "instructions", "million", "deterministic", "time",
     lambda r: r["wall_ns"] / NS_PER_INSTRUCTION / 1e6),
    ("seconds", "time", "s", "live", "time", lambda r: r["wall_ns"] / 1e9),
)


def figures(results: dict[str, dict]) -> list[Figure]:
    out = []
    for guest in GUESTS:
        for key, name, unit, plan, kind, value in MEASURES:
            kvm = pick(results, plan, f"{kind}: {guest}", "kvm", value)
            for strategy in STRATEGIES:
                out.append(Figure(f"{guest}_{key}_{strategy}", f"{guest}, {strategy}: {name}", unit,
                                  kvm.median if kvm else None, pick(results, plan, f"{kind}: {guest}", strategy, value),
                                  {"kvm npt=0": kvm} if kvm else {}, note=f"{plan}; target: KVM's in the same boot"))
    return out


def detail(results: dict[str, dict]) -> list[dict]:
    """Exits by the processor's code."""
    return [{"case": s["case"], "who": s["who"]} | ({"reasons": s["result"]["reasons"]} if "result" in s else
                                                    {"error": s["error"]})
            for s in results.get("deterministic", {}).get("slices", []) if s["case"].startswith("exits")]
