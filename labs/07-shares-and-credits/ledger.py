"""The run in the course VM: real tasks, scheduled by the submission's module, judged from their ledger.

Nothing that the guest says of time or of CPU use is believed. Its tasks do pieces of work that
stand on each other (guest/ledger.h); host/verify.c does them again, here. What is left to judge is
whose each piece was, and in which order: that is the schedule, and as all pieces cost the same it is
the clock as well; how many there are tells whether the CPU was left idle. README.md, "What the grade proves", says what this leaves open.
"""
from __future__ import annotations

import difflib
import hashlib
import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from grading import sandbox
from grading.hosttest import Host
from grading.module import Machine, Run
from grading.outcome import Failure, Infrastructure
from urn import Urn

LEDGER_MAX = 8 << 20
VM_LIMIT = 120
DEBUG_KERNEL_COSTS = 4
# us that a piece of work takes in a deterministic run, where time is the count of instructions; with
# the kernel's own work beside it, a busy CPU needs so much for one at most.
PIECE, PIECE_MOST = 80, 84
# A place in the ledger that was taken and not filled: as many as there are tasks at most.
HOLES_MAX = 8
SLOT = 5		# ms
# The line for a task of no group, that works when nobody else wants to.
SPARE = "spare"

SCRIPT_HEAD = """\
insmod /root/credit_sched.ko || exit 90
dmesg -n 8
"""
SCRIPT_ONE = """\
/root/workload 0x{key:x} /out/{name}.ledger >/out/{name}.said 2>&1 <<'END'
{lines}
END
echo $? >/out/{name}.status
"""
SCRIPT_TAIL = "rmmod credit_sched || exit 91\n"


@dataclass(frozen=True)
class Ledger:
    """Whose each piece of work was: letters, '-' for the idle one. `us`: what a piece takes.

    `late`: ms more than usual until a task has stopped and the next one runs, on a debug kernel.
    """

    owners: str
    us: float
    late: float = 0

    def part(self, name: str, first: float = 0, last: float = float("inf")) -> float:
        """A group's part of the time between two moments, in ms."""
        cut = self.cut(first, last)
        return cut.count(name) / max(len(cut), 1)

    def cut(self, first: float = 0, last: float = float("inf")) -> str:
        """The pieces between two moments, in ms."""
        end = len(self.owners) if last == float("inf") else round(last * 1000 / self.us)
        return self.owners[round(first * 1000 / self.us):end]

    def ms(self, pieces: float) -> float:
        return pieces * self.us / 1000

    def gaps(self, name: str, first: float = 0, last: float = float("inf")) -> list[float]:
        """The stretches in which a group did not run, between two in which it did, in ms."""
        return [self.ms(len(gap)) for gap in re.findall(rf"(?<={name})[^{name}]+(?={name})", self.cut(first, last))]


@dataclass(frozen=True)
class Workload:
    """Lines for guest/workload.c, and what must come of them. `wrong` gives a sentence, or None."""

    name: str
    story: str
    lines: tuple[str, ...]
    us: int
    wrong: Callable[[Ledger], str | None]
    look: str


def key_of(seed: int, name: str) -> int:
    """What the first piece of a ledger stands on."""
    return int.from_bytes(hashlib.sha256(f"lab 07/{seed}/{name}".encode()).digest()[:8], "little") | 1


def workloads(seed: int) -> list[Workload]:
    rng = random.Random(f"{seed}/vm")
    return [make(rng) for make in MAKERS]


def workload(name: str, story: str, policy: str, groups: dict[str, str], tasks: dict[str, str], ms: int,
             wrong: Callable[[Ledger], str | None], look: str, *more: str, **options: int) -> Workload:
    """Groups and tasks by name, each with the rest of its line; options of the pool."""
    pool = " ".join(["pool", policy, *(f"{k}={v}" for k, v in options.items())])
    lines = (pool, *(f"group {g} {rest}".rstrip() for g, rest in groups.items()),
             *(f"task {g} {rest}".rstrip() for g, rest in tasks.items()), *more, f"run {ms * 1000}")
    return Workload(name, story, lines, ms * 1000, wrong, look)


def hogs(weights: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Groups of these weights with one task each that never sleeps."""
    return {name: f"weight={weight}" for name, weight in weights.items()}, dict.fromkeys(weights, "")


def in_words(weights: dict[str, int]) -> str:
    return "weights " + ":".join(map(str, weights.values()))


def lottery(rng: random.Random) -> Workload:
    weights = {name: rng.choice((50, 100, 200, 300)) for name in "abc"}
    seed = rng.randrange(1 << 30)

    def wrong(ledger: Ledger) -> str | None:
        drawn = "".join(m[1] * max(1, round(ledger.ms(len(m[0])) / SLOT)) for m in re.finditer(r"(.)\1*", ledger.owners))
        urn = Urn(seed, weights)
        should = "".join(urn.draw("abc") for _ in drawn)
        alike = difflib.SequenceMatcher(None, drawn, should, autojunk=False).ratio()
        if alike >= 0.95:
            return None
        return (f"slots should go as the tickets of seed {seed} are drawn, {should[:30]}...; {alike:.0%} of {len(drawn)} "
                f"slots do, they went {drawn[:30]}...")
    return workload("lottery", f"a lottery, {in_words(weights)}", "lottery", *hogs(weights), 1500, wrong,
                    "hold_lottery().", slot=SLOT * 1000, seed=seed)


def share(rng: random.Random) -> Workload:
    weights = {"a": rng.choice((600, 800, 1000)), **{name: rng.choice((50, 100, 150)) for name in "bcdefg"}}

    def wrong(ledger: Ledger) -> str | None:
        lag = dict.fromkeys(weights, 0.0)
        whole = sum(weights.values())
        most = 1.5 * SLOT
        # there a change of tasks costs work, and who changes more often falls behind more and more
        if ledger.late:
            off = {name: abs(ledger.part(name) - weight / whole) for name, weight in weights.items()}
            worst = max(off, key=off.__getitem__)
            return f"{worst} should get {weights[worst] / whole:.1%}; it got {ledger.part(worst):.1%}" if off[worst] > 0.03 else None
        for at, owner in enumerate(ledger.owners):
            lag[owner] -= 1
            for name, weight in weights.items():
                lag[name] += weight / whole
            worst = max(lag, key=lambda name: abs(lag[name]))
            if abs(ledger.ms(lag[worst])) > most:
                return (f"every group should be within a slot and a half, {most:.1f} ms, of its due; after {ledger.ms(at):.0f} ms "
                        f"{worst} is {abs(ledger.ms(lag[worst])):.1f} ms {'behind' if lag[worst] > 0 else 'ahead'}")
        return None
    return workload("share", f"share, {in_words(weights)}", "share", *hogs(weights), 1000, wrong,
                    "csched_lag_charge() and csched_due_before().", slot=SLOT * 1000)


def unused(rng: random.Random) -> Workload:
    weights = {"a": 100, "b": rng.randrange(150, 300), "c": 300}
    pause = rng.randrange(60, 100)
    groups, tasks = hogs(weights)
    tasks["c"] = f"work=60 sleep={pause * 1000}"

    def wrong(ledger: Ledger) -> str | None:
        a, b = ledger.part("a"), ledger.part("b")
        should = weights["a"] / (weights["a"] + weights["b"])
        if not abs(a - (a + b) * should) <= 0.015:
            return f"of what c leaves a should get {should:.1%}; it got {a / max(a + b, 1e-9):.1%}"
        late = max(ledger.gaps("c", 100) or [1e9]) - pause
        if late > 3 * SLOT:
            return f"c should run within {3 * SLOT} ms of waking up; once it was {min(late, ledger.ms(1e9)):.0f} ms"
        return None
    return workload("unused", f"share, {in_words(weights)}, and c works 5 ms and sleeps {pause} ms", "share", groups, tasks,
                    1000, wrong, "fill_slots() and csched_lag_leave().", slot=SLOT * 1000)


def stretch(ledger: Ledger, name: str, first: float) -> float:
    """How long a group runs from when it first does after this moment."""
    match = re.search(f"{name}+", ledger.cut(first))
    return ledger.ms(len(match[0])) if match else 0


def burstable(name: str, burst: int, nap: int, other: int, story: str, look: str, saved: float) -> Workload:
    """Two groups; a sleeps first, then runs on what it has saved, then both get their shares."""
    share = 256 / (256 + other)
    # it spends 1 and earns its share; b is given up to a period's credit first
    lasts = (saved - 30) / (1 - share) - 40, saved / (1 - share) + 40
    total = nap + round(lasts[1]) + 700

    def wrong(ledger: Ledger) -> str | None:
        ran = stretch(ledger, "a", nap - 20)
        if not lasts[0] <= ran <= lasts[1]:
            return f"woken, a should run for {lasts[0]:.0f} to {lasts[1]:.0f} ms on what it has saved; it ran for {ran:.0f} ms"
        part = ledger.part("a", nap + lasts[1])
        if abs(part - share) > 0.04:
            return f"afterwards a should get {share:.0%} of the CPU; it got {part:.1%}"
        return None
    return workload(name, story, "credit", {"a": f"weight=256 burst={burst * 1000}", "b": f"weight={other}"},
                    {"a": f"delay={nap * 1000}", "b": ""}, total, wrong, look, slot=SLOT * 1000)


def credit(rng: random.Random) -> Workload:
    nap, other = rng.randrange(500, 700), rng.choice((384, 512))
    return burstable("credit", 10_000, nap, other, f"credit, weights 256:{other}; a sleeps for {nap} ms",
                     "hand_out() and pay().", nap * 256 / (256 + other))


def burst(rng: random.Random) -> Workload:
    most = rng.randrange(100, 180)
    return burstable("burst", most, 700, 256, f"credit, two equal groups; a sleeps for 700 ms, with a burst of {most} ms",
                     "clip().", most)


def cap(rng: random.Random) -> Workload:
    percent = rng.randrange(20, 45)

    def wrong(ledger: Ledger) -> str | None:
        part, window = ledger.part("a"), round(100_000 / ledger.us)
        if abs(part - percent / 100) > 0.025 + ledger.late / 200:
            return f"it should get {percent} % of the CPU; it got {part:.1%}"
        # the kernel tells how long a running task has run once a tick, 4 ms
        most = percent + SLOT + 5
        for at in range(0, len(ledger.owners) - window, window // 20):
            ran = ledger.ms(ledger.owners.count("a", at, at + window))
            if ran > most:
                return f"in any 100 ms it should run {most} ms at most; after {ledger.ms(at):.0f} ms it ran {ran:.1f} ms"
        held, bound = max(ledger.gaps("a") or [1e9]), (SLOT / 2 + 7) * 100 / percent
        if held > bound:
            return f"it should be held back for {bound:.0f} ms at most; it was for {min(held, 9999):.0f} ms"
        return None
    return workload("cap", f"one group with a cap of {percent} %", "share", {"a": f"weight=100 cap={percent}"}, {"a": ""},
                    1000, wrong, "fill_up() and csched_cap_advance().", SPARE, slot=SLOT * 1000)


def boost(rng: random.Random) -> Workload:
    pause = rng.randrange(15, 26)
    groups, tasks = hogs(dict.fromkeys("abci", 256))
    tasks["i"] = f"work=10 sleep={pause * 1000}"

    def wrong(ledger: Ledger) -> str | None:
        late = sorted(gap - pause for gap in ledger.gaps("i", 100))
        usual = late[len(late) * 9 // 10] if late else 1e9
        if usual > 2 or late[-1] > 8:
            return (f"i should run within 2 ms of waking up, 9 times of 10, and within 8 ms always; "
                    f"it took {min(usual, 9999):.1f} ms, and {min(late[-1] if late else 9999, 9999):.1f} ms at worst")
        least = min(ledger.part(name) for name in "abc")
        if least < 0.25:
            return f"each of the others should get 30 % or so; one got {least:.1%}"
        return None
    return workload("boost", f"credit, slots of 30 ms, three groups that never sleep, and i, which works 0.8 ms and sleeps "
                    f"{pause} ms", "credit", groups, tasks, 1500, wrong, "credit_wake() and credit_preempts().", slot=30_000)


MAKERS = (lottery, share, unused, credit, burst, cap, boost)


def run(machine: Machine, module: Path, program: Path) -> None:
    """Raises Failure if the module is wrong."""
    asked = workloads(machine.seed)
    script = SCRIPT_HEAD + "".join(
        SCRIPT_ONE.format(key=key_of(machine.seed, w.name), name=w.name, lines="\n".join(w.lines)) for w in asked)
    slower = DEBUG_KERNEL_COSTS if machine.kernel == "debug" else 1
    left = machine.run(module, script + SCRIPT_TAIL, {program: "/root/workload"}, VM_LIMIT * slower,
                       deterministic=machine.seed % (1 << 31))
    verify = verifier(machine)
    for w in asked:
        judge(left, verify, machine.seed, w, PIECE_MOST * slower, SLOT if slower > 1 else 0)


def verifier(machine: Machine) -> Path:
    """The program that does the work again. Nothing of the submission is in it."""
    host = Host(machine.lab.folder, {}, machine.work / "verify", machine.cache / "objects", random.Random(0))
    return host.build("verify", ["labs/07-shares-and-credits/host/verify.c"], ["-std=gnu17", "-O2", "-w"],
                      ["labs/07-shares-and-credits/guest"])


def judge(left: Run, verify: Path, seed: int, w: Workload, most: int = PIECE_MOST, late: float = 0) -> None:
    where = f"Real tasks, {w.story}"
    status = left.text(f"{w.name}.status").strip()
    if status != "0":
        said = (left.text(f"{w.name}.said").strip() or "nothing").splitlines()
        raise Failure(f"{where}: the workload ended with status {status[:8] or '(none)'} and said: {said[0][:200]}.")
    ledger = replace(read_ledger(left, verify, key_of(seed, w.name), w, most), late=late)
    if wrong := w.wrong(ledger):
        raise Failure(f"{where}: {wrong}.", w.look)


def read_ledger(left: Run, verify: Path, key: int, w: Workload, most: int) -> Ledger:
    """Raises Failure if the work in it was not done."""
    data = left.data(f"{w.name}.ledger", LEDGER_MAX)
    ended = sandbox.run(verify, struct.pack("<Q", key) + data, cpu=20)
    if ended.status or ended.timed_out:
        raise Infrastructure(f"cannot verify: the ledger {w.name}: status {ended.status}: run it by hand")
    owners, _, end = ended.output.strip().rpartition("\n")
    if end != "end":
        raise Failure(f"Real tasks, {w.story}: the ledger of their work is wrong: {end}.",
                      "Your module must let the tasks work, not change what they write.")
    done = owners.replace(".", "")
    if len(done) * most < w.us or len(owners) - len(done) > HOLES_MAX:
        raise Failure(f"Real tasks, {w.story}: in {w.us / 1000:.0f} ms somebody always wanted to run, and "
                      f"{w.us // most} pieces of work at least should have been done; {len(done)} were, so the CPU "
                      f"was idle for {max(1 - len(done) * PIECE / w.us, 0):.0%} of the time.",
                      "Somebody must run whenever somebody can: fill_slots().")
    return Ledger(done, w.us / len(done))
