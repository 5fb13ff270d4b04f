"""credit_sched beside cgroup v2 and the plain kernel: the cases, and what their slices mean.

Columns: `ours` is the live machine (two emulated processors, whose clock is the host's and
stalls with it); `ours, deterministic` is one processor whose time is the count of instructions,
so that no host disturbs it.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable

from boot import Case, Plan
from figures import Figure, Spread

TITLE = "credit_sched: what is asked of it, and what it does"
# tools/testing/selftests/cgroup/test_cpu.c accepts so much; shown beside ours.
# The picture's axis: most times the target, and its steps.
AXIS = (1000, 10)
MARKS = "what the kernel's own selftests accept (weights 15 and 35 %, cpu.max 10 %)"
KERNEL_WEIGHTS = {"kernel selftest, nested": 15.0, "kernel selftest, overprovisioned": 35.0}

PROGRAM = "build/bin/bench-credit_sched-"
DETERMINISTIC = "ours, deterministic"

# Groups as bench-credit_sched-shares takes them. On two CPUs no task may be due more than one.
ONE_CPU = {"10:1": ["1000", "100"], "5:4:3:2:1": ["500", "400", "300", "200", "100"],
           "8 groups, 1 to 8": [str(100 * n) for n in range(1, 9)], "16 equal": ["100"] * 16}
ONE_CPU_1MS = {k: ONE_CPU[k] for k in ("10:1", "5:4:3:2:1", "16 equal")}
TWO_CPUS = {"1:1:1": ["100"] * 3, "3:2:2:1": ["300", "200", "200", "100"],
            "3:1, two tasks each": ["300:0:2", "100:0:2"], "16 equal": ["100"] * 16}
CAPS = {"25 %": (1, ["100:25"]), "50 %": (1, ["100:50"]), "75 %": (1, ["100:75"]), "150 %": (2, ["100:150:2"])}


def shares(who: str, cpus: int, slot_us: int, seconds: float, groups: list[str], policy: str = "share") -> list[str]:
    sample_us = max(slot_us, 5000) if cpus == 1 else 20000
    return [PROGRAM + "shares", who, str(cpus), str(slot_us), str(int(seconds * 1000)), str(sample_us), policy, *groups]


def share_cases(seconds: float, peers: bool) -> Iterable[Case]:
    for name, groups in ONE_CPU.items():
        yield Case(f"1 CPU, 5 ms: {name}", "ours", shares("csched", 1, 5000, seconds, groups))
        if peers:
            yield Case(f"1 CPU, 5 ms: {name}", "cpu.weight", shares("cgroup", 1, 5000, seconds, groups))
            yield Case(f"1 CPU, 5 ms: {name}", "nice", shares("nice", 1, 5000, seconds, groups), rounds=1)
    for name, groups in ONE_CPU_1MS.items():
        yield Case(f"1 CPU, 1 ms: {name}", "ours", shares("csched", 1, 1000, seconds, groups))
    yield Case("credit, 1 CPU: hog, hog, sleeper", "ours",
               shares("csched", 1, 10000, seconds, ["256", "512", "256:0:1:9"], "credit"))


def two_cpu_cases(seconds: float) -> Iterable[Case]:
    for name, groups in TWO_CPUS.items():
        for who, regime in (("ours", "csched"), ("cpu.weight", "cgroup")):
            yield Case(f"2 CPUs, 5 ms: {name}", who, shares(regime, 2, 5000, seconds, groups))


def cap_cases(seconds: float, processors: int, peers: bool) -> Iterable[Case]:
    for name, (cpus, groups) in CAPS.items():
        if cpus <= processors:
            yield Case(f"cap {name}", "ours", shares("csched", cpus, 5000, seconds, groups))
            if peers:
                yield Case(f"cap {name}", "cpu.max", shares("cgroup", cpus, 5000, seconds, groups))


def latency_cases(seconds: float) -> Iterable[Case]:
    for who, regime in (("ours", "csched"), ("plain kernel", "plain"), ("cpu.weight", "cgroup")):
        yield Case("wake-up against 3 hogs", who,
                   [PROGRAM + "latency", regime, "credit", "10000", str(int(seconds * 1000)), "3", "1", "200"])


def overhead_cases(seconds: float, times: int) -> Iterable[Case]:
    """Short slices, many of them, turn by turn."""
    for n in range(times):
        yield Case(f"alone {n}", "plain kernel", shares("plain", 1, 5000, seconds, ["100"]))
        yield Case(f"alone {n}", "10 ms", shares("csched", 1, 10000, seconds, ["100"]))
        yield Case(f"alone {n}", "1 ms", shares("csched", 1, 1000, seconds, ["100"]))
        yield Case(f"alone {n}", "cpu.weight", shares("cgroup", 1, 5000, seconds, ["100"]))


def reach(count: str) -> Case:
    return Case("reach", "ours", [PROGRAM + "reach", count, "5000"])


def plans(kernel: str, quick: bool) -> list[Plan]:
    seconds, rounds = (2, 1) if quick else (10, 3)
    module = f"build/kernel/{kernel}/kmod/credit_sched/credit_sched.ko"
    load, unload = [["insmod", module]], [["rmmod", "credit_sched"]]
    live = [*share_cases(seconds, True), *two_cpu_cases(seconds), *cap_cases(seconds, 2, True), *latency_cases(seconds),
            *overhead_cases(1, 3 if quick else 6),
            reach("3" if quick else "20")]
    exact = [*share_cases(seconds, False), *cap_cases(seconds, 1, False), *latency_cases(seconds), *overhead_cases(1, 1),
             reach("20")]
    cycles, exact_cycles = ([Case("cycles", "ours", [PROGRAM + "cycles", module, count], rounds=1)]
                            for count in (("50", "10") if quick else ("1000", "100")))
    return [Plan("live", live, rounds, load, unload),
            Plan("deterministic", exact, 1, load, unload, deterministic=True),
            # A thousand times the kernel's code is patched: emulated processors had better take turns.
            Plan("cycles", cycles, 1, accelerator="tcg,thread=single"),
            Plan("cycles-deterministic", exact_cycles, 1, deterministic=True)]


# --- from slices to figures ---

Slices = list[dict]


def pick(slices: Slices, case: str, who: str = "ours") -> Slices:
    return [s for s in slices if s["case"].startswith(case) and s["who"] == who]


def per_round(slices: Slices, value: Callable[[dict], float]) -> Spread | None:
    """The worst case of each round, then their median. A slice that failed leaves its round out."""
    rounds: dict[int, list[float | None]] = {}
    for s in slices:
        rounds.setdefault(s["round"], []).append(value(s["result"]) if "result" in s else None)
    return Spread.of(max(v for v in values if v is not None) for values in rounds.values() if None not in values)


def share_error(r: dict) -> float:
    """Of the group that is farthest off, in percent of what it is due."""
    got, due = sum(g["used_ns"] for g in r["groups"]), sum(g["weight"] for g in r["groups"])
    return max(abs(g["used_ns"] / got / (g["weight"] / due) - 1) for g in r["groups"]) * 100


def one_slot_percent(r: dict) -> float:
    """What a single slot is to the group that is due least, in percent of its due: half of it is the error at most
    times, whoever schedules in whole slots."""
    least, due = min(g["weight"] for g in r["groups"]), sum(g["weight"] for g in r["groups"])
    return r["slot_ns"] / (sum(g["used_ns"] for g in r["groups"]) * least / due) * 100


def work_error(r: dict) -> float:
    """The same by work done."""
    got, due = sum(g["rounds"] for g in r["groups"]), sum(g["weight"] for g in r["groups"])
    return max(abs(g["rounds"] / got / (g["weight"] / due) - 1) for g in r["groups"]) * 100


def lag_slots(r: dict) -> float:
    """In slots, a CPU."""
    return max(g["lag_max_ns"] for g in r["groups"]) / r["slot_ns"] / r["cpus"]


def lag_growth(r: dict) -> float:
    """Slots by which the second half's largest lag exceeds the first's."""
    second, first = (max(g[f"lag_{half}_half_ns"] for g in r["groups"]) for half in ("second", "first"))
    return (second - first) / r["slot_ns"]


def idle(r: dict) -> float:
    """Part of the CPUs' time that our tasks did not get; what the sampler took on them is no loss."""
    sampler = 0 if r["sampler_apart"] else r["sampler_ns"]
    return 1 - (sum(g["used_ns"] for g in r["groups"]) + sampler) / (r["wall_ns"] * r["cpus"])


def busy(slices: Slices) -> Spread | None:
    lost = per_round(slices, idle)
    return lost and Spread(1 - lost.median, 1 - lost.most, 1 - lost.least, lost.slices)


def cap_error(r: dict) -> float:
    g = r["groups"][0]
    return abs(g["used_ns"] / r["wall_ns"] * 100 - g["cap"])


def over_cap_slots(r: dict) -> float:
    return r["groups"][0]["over_cap_ns"] / 5e6


def unbalanced_us(r: dict) -> float:
    books = [g["csched"] for g in r["groups"]]
    return max(abs(b["earned_ns"] - b["spent_ns"] - b["discarded_ns"] - b["credit_ns"]) for b in books) / 1000


def percentile(p: int) -> Callable[[dict], float]:
    return lambda r: r["percentiles_us"][p - 1]


def overhead(slices: Slices, who: str) -> Spread | None:
    """Work lost against the plain kernel's slice beside it, percent."""
    def work(s: dict) -> float:
        return s["result"]["groups"][0]["rounds"] / s["result"]["wall_ns"]
    alone = {(s["case"], s["round"]): work(s) for s in pick(slices, "alone", "plain kernel") if "result" in s}
    return Spread.of((1 - work(s) / alone[s["case"], s["round"]]) * 100 for s in pick(slices, "alone", who)
                     if "result" in s and (s["case"], s["round"]) in alone)


def times(slices: Slices, key: str) -> Spread | None:
    return Spread.of(us / 1000 for s in pick(slices, "reach") if "result" in s for us in s["result"][key])


def peers(**spreads: Spread | None) -> dict[str, Spread]:
    return {k.replace("_", " "): s for k, s in spreads.items() if s}


class Bench:
    """All figures, from the slices of the boots."""

    def __init__(self, results: dict[str, dict]) -> None:
        self.live, self.exact, self.cycles, self.exact_cycles = (
            results.get(k, {}).get("slices", []) for k in ("live", "deterministic", "cycles", "cycles-deterministic"))

    def figure(self, key: str, name: str, unit: str, target: float | None, case: str, value: Callable[[dict], float],
               peer: str = "", marks: dict[str, float] | None = None, note: str = "") -> Figure:
        found = Figure(key, name, unit, target, per_round(pick(self.live, case), value), note=note, marks=marks or {})
        if peer and (spread := per_round(pick(self.live, case, peer), value)):
            found.peers[peer] = spread
        if spread := per_round(pick(self.exact, case), value):
            found.columns[DETERMINISTIC] = spread
        return found

    def accuracy(self) -> list[Figure]:
        return [
            self.figure("share_5ms", "share error, 1 CPU, 5 ms slots", "%", 0.5, "1 CPU, 5 ms", share_error, "cpu.weight",
                        KERNEL_WEIGHTS, "10 s; weights to 10:1, 2 to 16 groups; the group farthest off, of its due"),
            self.figure("share_5ms_work", "... by work done", "%", None, "1 CPU, 5 ms", work_error, "cpu.weight",
                        KERNEL_WEIGHTS, "iterations instead of CPU time"),
            self.figure("share_1ms", "share error, 1 CPU, 1 ms slots", "%", 0.1, "1 CPU, 1 ms", share_error),
            self.figure("share_2cpus", "share error, 2 CPUs, 5 ms slots", "%", 1, "2 CPUs", share_error, "cpu.weight",
                        KERNEL_WEIGHTS, "weights that can be met"),
            self.figure("lag", "service lag, 1 CPU, largest", "slots", 2, "1 CPU, 5 ms", lag_slots, "cpu.weight"),
            self.figure("lag_1ms", "service lag, 1 CPU, 1 ms slots", "slots", 2, "1 CPU, 1 ms", lag_slots),
            self.figure("lag_2cpus", "service lag, 2 CPUs, largest", "slots/CPU", 2, "2 CPUs", lag_slots, "cpu.weight"),
            self.figure("lag_growth", "lag: second half over first", "slots", 1, "1 CPU, 5 ms", lag_growth,
                        note="a lag that grows would show here"),
        ]

    def conservation(self) -> list[Figure]:
        out = []
        for cpus, case in ((1, "1 CPU, 5 ms"), (2, "2 CPUs")):
            f = Figure(f"busy_{cpus}", f"CPU busy while someone can run, {cpus} CPU{'s' * (cpus > 1)}", "of 1", 0.99,
                       busy(pick(self.live, case)), at_least=True)
            f.peers = peers(**{"cpu.weight": busy(pick(self.live, case, "cpu.weight"))})
            if spread := busy(pick(self.exact, case)):
                f.columns[DETERMINISTIC] = spread
            out.append(f)
        return out + [
            self.figure("credit", "credit: earned - spent - kept - discarded", "us", 1, "credit", unbalanced_us),
            self.figure("cap", "cap 25/50/75/150 %, error", "% of a CPU", 1, "cap", cap_error, "cpu.max",
                        {"kernel selftest (of its cap)": 10.0}),
            self.figure("cap_window", "over its cap in any 100 ms", "slots", 1, "cap", over_cap_slots, "cpu.max"),
        ]

    def latency(self) -> list[Figure]:
        out, case = [], "wake-up"
        for p in (50, 99):
            rivals = {who: per_round(pick(self.live, case, who), percentile(p)) for who in ("plain kernel", "cpu.weight")}
            exact_plain = per_round(pick(self.exact, case, "plain kernel"), percentile(p))
            plain = rivals["plain kernel"] or exact_plain
            f = self.figure(f"wake_p{p}", f"wake-up to run against 3 hogs, p{p}", "us",
                            plain.median if plain and p == 99 else None, case, percentile(p),
                            note="policy credit, BOOST; target: the plain kernel's p99 in the same run")
            f.peers = peers(**rivals)
            if exact_plain:
                f.peers["plain kernel, deterministic"] = exact_plain
            out.append(f)
        return out

    def costs(self) -> list[Figure]:
        out = []
        for who, target in (("10 ms", 1.0), ("1 ms", 3.0)):
            f = Figure(f"overhead_{who.replace(' ', '')}", f"work lost alone in a group, {who} slots", "%", target,
                       overhead(self.live, who), note="iterations against the plain kernel's, turn by turn")
            f.peers = peers(**{"cpu.weight": overhead(self.live, "cpu.weight")})
            if spread := overhead(self.exact, who):
                f.columns[DETERMINISTIC] = spread
            out.append(f)
        return out

    def obedience(self) -> list[Figure]:
        return [
            *(self.reached(*row) for row in (("kill", "SIGKILL", 5, "one slot"), ("stop", "SIGSTOP", 150, "park_max"),
                                             ("trace", "ptrace", 150, "park_max"))),
            self.cycled("cycles", "load, park, unload: the longest cycle", "s", 1, "max_us", 1e6),
            self.cycled("unload", "... the longest rmmod", "s", None, "unload_max_us", 1e6),
            self.cycled("stuck", "... tasks left parked", "tasks", 0, "stuck", 1),
        ]

    def cycled(self, key: str, name: str, unit: str, target: float | None, value: str, divisor: float) -> Figure:
        live, exact = (Spread.of(s["result"][value] / divisor for s in slices if "result" in s)
                       for slices in (self.cycles, self.exact_cycles))
        return Figure(key, name, unit, target, live, columns={DETERMINISTIC: exact} if exact else {},
                      note="of 1000 live, of 100 deterministic")

    def reached(self, key: str, what: str, target: float, words: str) -> Figure:
        f = Figure(key, f"{what} of a parked task", "ms", target, times(self.live, f"{key}_us"), note=f"target: {words}")
        if exact := times(self.exact, f"{key}_us"):
            f.columns[DETERMINISTIC] = exact
        return f

    def figures(self) -> list[Figure]:
        return [*self.accuracy(), *self.conservation(), *self.latency(), *self.costs(), *self.obedience()]


def figures(results: dict[str, dict]) -> list[Figure]:
    return Bench(results).figures()


def detail(results: dict[str, dict]) -> list[dict]:
    """Each case by itself, so that one sees which weights or which cap a figure comes from."""
    measures: dict[str, Callable[[dict], float]] = {"share_error_percent": share_error, "work_error_percent": work_error,
                                                    "one_slot_percent": one_slot_percent,
                                                    "lag_slots": lag_slots, "idle": idle}
    capped: dict[str, Callable[[dict], float]] = {"cap_error": cap_error, "over_cap_slots": over_cap_slots}
    out = []
    for mode, result in results.items():
        for case, who in dict.fromkeys((s["case"], s["who"]) for s in result["slices"]):
            chosen = capped if case.startswith("cap") else measures if " CPU" in case.split(",")[0] else {}
            found = [s for s in result["slices"] if s["case"] == case and s["who"] == who]
            values = {k: per_round(found, f) for k, f in chosen.items()}
            errors = [s["error"] for s in found if "error" in s]
            if values or errors:
                out.append({"mode": mode, "case": case, "who": who, "errors": errors}
                           | {k: float(f"{s.median:.4g}") for k, s in values.items() if s})
    return out

