"""cell beside crun and runc, on this host; its limits, in the course VM.

All get the same bundle, with what `crun spec` writes, and take turns. Bounds that name crun are that part of its median
in the same run.
"""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from boot import Case, Plan
from figures import Figure, Slices, Spread

TITLE = "cell beside crun and runc"
AXIS = (8, 2)
MARKS = ""

FOLDER = "/dev/shm/virtlab-container"
SLICE = [sys.executable, "tests/bench/container/slice.py", FOLDER]
OURS, PEERS = "cell", ("crun", "runc")
# The kernel's calls alone (bare.c), which a host with control groups of version 1 needs.
BARE = "bare"
LIMITS = ("weight", "max", "memory", "pids")


def plans(kernel: str, quick: bool) -> list[Plan]:
    runs, count = (5, 50) if quick else (20, 1000)

    def case(what: str, who: str, rounds: int = 99) -> Case:
        return Case(what, who, ["env", f"BENCH_RUNS={runs}", f"BENCH_MANY={count}",
                                f"BENCH_SECONDS={0.3 if quick else 1}", *SLICE, what, who], rounds)

    def host(name: str, rounds: int, cases: list[Case]) -> Plan:
        return Plan(name, cases, 1 if quick else rounds, before=[[*SLICE, "prepare"]], after=[[*SLICE, "clean"]],
                    on_host=True)

    bare = [case("run", BARE)] if " cgroup " in Path("/proc/self/mounts").read_text() else []
    return [host("start", 15, [case(what, who) for what in ("run", "life") for who in (OURS, *PEERS)] + bare),
            host("memory", 3, [case(what, who) for what in ("peak", "floor") for who in (OURS, "crun")]
                 + [case("peak", "runc")]),
            host("many", 1, [case("many", who) for who in (OURS, "crun")]),
            host("inside", 21, [case("inside", who) for who in ("outside", "inside")]),
            Plan("vm", [Case("inside", "outside", ["env", "EXPERIMENTS_BIN=/virtlab/build/bin",
                                                   f"BENCH_SECONDS={0.3 if quick else 1}", "python3",
                                                   "tests/bench/container/slice.py", "/root/bench", "inside", "outside"])],
                 1 if quick else 5),
            Plan("limits", [Case(what, OURS, ["python3", "tests/bench/container/limits.py", what]) for what in LIMITS],
                 1 if quick else 5, processors=1)]


def beside_crun(found: Slices, key: str, name: str, case: str, part: float) -> Figure:
    peers = {who: s for who in (*PEERS, BARE) if (s := found.spread("start", case, who, lambda r: r["ms"]))}
    return Figure(key, name, "ms", part * peers["crun"].median if "crun" in peers else None,
                  found.spread("start", case, OURS, lambda r: r["ms"]), peers,
                  note=f"the median of a slice's runs by hyperfine; target: {part:g} of crun")


def memory(found: Slices, key: str, name: str, case: str, target: float, note: str) -> Figure:
    peers = {who: s for who in PEERS if (s := found.spread("memory", case, who, lambda r: r["kib"]))}
    return Figure(key, name, "KiB", target, found.spread("memory", case, OURS, lambda r: r["kib"]), peers, note=note)


def overhead(found: Slices) -> Figure:
    """In each round, so that both met the same minutes."""
    here = {who: found.rounds("inside", "inside", who, lambda r: r["cpu_us"]) for who in ("inside", "outside")}
    more = Spread.of(here["inside"][n] / here["outside"][n] for n in here["inside"] if n in here["outside"])
    return Figure("overhead", "event server inside: CPU per request", "x outside", 1.01, more,
                  note="the host's network; the median of the rounds' ratios")


def emulated(found: Slices) -> Figure:
    """No target: the VM that vmm makes runs no such server yet, and the course's own is emulated."""
    host = found.spread("inside", "inside", "outside", lambda r: r["cpu_us"])
    vm = found.rounds("vm", "inside", "outside", lambda r: r["cpu_us"])
    return Figure("vm", "... in the course VM instead", "x outside", None,
                  Spread.of(cpu_us / host.median for cpu_us in vm.values()) if host and vm else None,
                  note="by the VM's own clock, against the host's median; its processors are emulated")


def figures(results: dict[str, dict]) -> list[Figure]:
    found = Slices(results)

    def limit(key: str, name: str, unit: str, target: float, what: str, value: Callable[[dict], float],
              at_least: bool = False) -> Figure:
        return Figure(key, name, unit, target, found.spread("limits", what, OURS, value), at_least=at_least)

    def many(key: str, name: str, unit: str, target: float, field: str, note: str) -> Figure:
        peer = found.spread("many", "many", "crun", lambda r: r[field])
        return Figure(key, name, unit, target, found.spread("many", "many", OURS, lambda r: r[field]),
                      {"crun": peer} if peer else {}, note=note)

    return [beside_crun(found, "run", "run a bundle that does nothing", "run", 0.45),
            beside_crun(found, "life", "create, start, delete", "life", 0.50),
            memory(found, "peak", "most memory of the runtime", "peak", 3500 / 1.024, "peak resident set, by GNU time"),
            memory(found, "floor", "memory limit in which it starts", "floor", 512, "three times of three"),
            many("left_over", "of 1000 at the same time, left over", "", 0, "left_over",
                 "groups, mounts, files in /run, processes, network namespaces"),
            many("growth", "... the last 300 beside the first 300", "x time", 1.5, "growth", "1: grows linearly"),
            overhead(found), emulated(found),
            limit("weight", "cpu.weight 100:300: off from 1:3", "%", 3, "weight",
                  lambda r: abs(100 * r["ratio"] / 3 - 100)),
            limit("max", "cpu.max 20 %: off", "%", 2, "max", lambda r: abs(r["percent"] / 20 * 100 - 100)),
            limit("oom", "memory.max: killed, and counted", "kills", 1, "memory", lambda r: r["killed"], at_least=True),
            limit("pids", "pids.max: refused, and counted", "forks", 1, "pids", lambda r: r["refused"], at_least=True)]


def detail(results: dict[str, dict]) -> list[dict]:
    """Every slice."""
    return [{"plan": plan} | s for plan, result in results.items() for s in result["slices"]]
