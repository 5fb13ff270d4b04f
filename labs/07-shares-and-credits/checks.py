"""Lab 07: what is asked of each step on the host, and of the module in the course VM.

Machines and weights are drawn at random for each grading. What must come of them is computed here
from the rule (a part of all tickets, a weight's part of the time, a cap's percent); nothing is
compared with what the reference happens to do. See README.md for the steps.
"""
from __future__ import annotations

import random
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import attack
import ledger
from grading import module
from grading.hosttest import Host
from grading.lab import TREE
from grading.module import Machine
from grading.outcome import Failure
from scenario import RULES, SLOT, Scenario, fields, ms
from urn import Urn

CORE = "kmod/credit_sched/core"
SIMULATOR = "tests/unit/credit_sched"
ANSWERS = "labs/07-shares-and-credits/answers.toml"
HEADERS = ["kmod/credit_sched", "tests/unit/shim", SIMULATOR, "labs/grading/host"]
INFINITY = float("inf")
NS = 1000		# in a us
PERIOD = 30_000		# us between two hand-outs of credit
RATELIMIT = 500		# us before a woken group may take a slot


def flags() -> list[str]:
    return ["-std=gnu17", "-O1", "-g", "-fno-pie", "-fsanitize=undefined", "-fno-sanitize-recover=all",
            "-fno-omit-frame-pointer", "-w", "-include", "linux/compiler_types.h",
            f"-ffile-prefix-map={TREE}/=", f"-I{TREE}/tests/unit/shim", f"-I{TREE}/{SIMULATOR}",
            f"-I{TREE}/{CORE}", f"-I{TREE}"]


def program(host: Host) -> Path:
    """The simulator with the submission's core in it."""
    core = sorted(str(path.relative_to(TREE)) for path in (TREE / CORE).glob("*.c"))
    return host.build("probe", [*core, f"{SIMULATOR}/sim.c", "tests/unit/shim/alloc.c", "labs/grading/host/crash.c",
                                "labs/07-shares-and-credits/host/probe.c"], flags(), HEADERS)


def host(step: int, host: Host) -> None:
    """Raises Failure if the step is wrong."""
    if step == 8:
        attack.judge(host.composed[ANSWERS], lambda lines: host.run(program(host), lines))
        return
    built = program(host)

    def run(questions: str) -> tuple[list[str], Failure | None]:
        answers, end = host.run(built, questions)
        if end and (rule := RULES.get(end.why[:2])):
            end = Failure(f"Rule {end.why.rstrip('.')}: {rule}.", end.look)
        return answers, end

    talk = Scenario(f"See step {step} of the handout.")
    STEPS[step](talk, host.rng)
    talk.judge(run)


def near(talk: Scenario, line: str, what: str, name: str, should: float, tolerance: float, look: str = "") -> None:
    talk.number(line, name, what, should - tolerance, should + tolerance, look)


def letters(count: int) -> str:
    return "abcdefgh"[:count]


def weights_in_words(weights: dict[str, int]) -> str:
    return "weights " + ":".join(map(str, weights.values()))


def longest_without(trace: str, letter: str) -> int:
    """The longest stretch in which a group does not run."""
    return max(map(len, trace.split(letter)))


# --- step 1: pick by lottery ---

def step1(talk: Scenario, rng: random.Random) -> None:
    look = "hold_lottery(): one draw; the holder of that ticket wins, counted in the order of the list."
    talk.machine("lottery", "A lottery in which nobody takes part", seed=rng.randrange(1 << 32))
    talk.group("a", None)
    talk.run(50_000)
    talk.number("lost", "lost", "the time that was lost", 0, 0, "Without tickets there is nothing to divide by.")
    talk.say("task a")
    talk.run(50_000)
    talk.number("used a", "used", "what the only group with a task gets", 50_000 * NS, 50_000 * NS, look)
    for choice in ((1, 2), (1, 2, 3), (100,), *[(1, 100, 300, 10_000, rng.randrange(1, 1000))] * 4):
        drawn_lots(talk, rng, choice, look)


def drawn_lots(talk: Scenario, rng: random.Random, choice: tuple[int, ...], look: str) -> None:
    """Every single draw is known; an idle group has no tickets, and weights may change."""
    names = letters(rng.randrange(3, 7))
    weights = {name: rng.choice(choice) for name in names}
    idle = rng.choice(names[1:])
    seed = rng.randrange(1 << 62)
    urn = Urn(seed, weights)
    talk.machine("lottery", f"Lottery, seed {seed}, {weights_in_words(weights)}, {idle} has no task", seed=seed)
    for name in names:
        talk.group(name, None, weight=weights[name])
    awake = names.replace(idle, "")
    for name in awake:
        talk.say(f"task {name}")
    first = urn.draw(awake[0])
    same_draws(talk, first + "".join(urn.draw(awake) for _ in range(49)), look)
    # the slot that is over just now has been drawn for
    next_one = urn.draw(awake)
    weights[awake[-1]] = 500
    talk.say(f"set {awake[-1]} weight=500")
    talk.say(f"task {idle}")
    same_draws(talk, next_one + "".join(urn.draw(names) for _ in range(29)), look)


def same_draws(talk: Scenario, expected: str, look: str) -> None:
    def wrong(got: str) -> str | None:
        if got == expected:
            return None
        at = next(i for i in range(len(expected)) if got[i] != expected[i])
        return (f"slot {at} should go to {expected[at]}, as the ticket drawn says; it went to "
                f"{got[at] if got[at] != '-' else 'nobody'} (should be {expected[:at + 4]}..., is {got[:at + 4]}...)")
    talk.trace(len(expected), SLOT, wrong, look)


# --- step 2: pick by share ---

def step2(talk: Scenario, rng: random.Random) -> None:
    who_is_first(talk, rng)
    what_is_due(talk, rng)
    for _ in range(8):
        within_one_slot(talk, rng)
    within_one_slot(talk, rng, [100, 100, 100])


def who_is_first(talk: Scenario, rng: random.Random) -> None:
    """csched_due_before(), asked directly."""
    look = ("csched_due_before(): who has had more than its due (lag < 0) comes last; else the one that is due "
            "a whole slot first.")
    talk.machine("share", "Two groups under share", slot=SLOT)
    slot = SLOT * NS
    cases = [((0, 5), (-1, 900)), ((-1, 900), (0, 5)), ((0, 10), (0, 20)), ((0, 20), (0, 10)), ((0, 10), (0, 10)),
             ((slot, 10), (slot // 2, 10)), ((-slot, 10), (-slot, 30)), ((-5, 1), (-slot, 1000))]
    for _ in range(60):
        sides = [(rng.choice((0, 1, -1, rng.randrange(-slot, slot))), rng.randrange(1, 1 << 30)) for _ in range(2)]
        cases.append((sides[0], sides[1]))
    for (lag_a, due_a), (lag_b, due_b) in cases:
        if (lag_a >= 0) != (lag_b >= 0):
            should = lag_a >= 0
        else:
            should = (slot - lag_a) * due_b < (slot - lag_b) * due_a
        expected = "yes" if should else "no"
        what = f"must a group with lag {ms(lag_a)} and due {due_a} run before one with {ms(lag_b)} and {due_b}?"

        def wrong(answer: str, expected: str = expected, what: str = what) -> str | None:
            return None if answer == expected else f"{what} It should be {expected}; your code says {answer[:10]}"
        talk.text(f"before {lag_a} {due_a} {lag_b} {due_b}", what, wrong, look)


def what_is_due(talk: Scenario, rng: random.Random) -> None:
    """csched_lag_charge(), asked directly: one got it, each active group was due its part."""
    look = "csched_lag_charge(): the one that ran is that much ahead; give() hands all active ones their part."
    for _ in range(4):
        weights = {name: rng.randrange(1, 1000) for name in "abc"}
        whole, ns = sum(weights.values()), rng.randrange(1_000_000, 5_000_000)
        who = rng.choice("abc")
        talk.machine("share", f"Share, {weights_in_words(weights)}, a fourth group is idle; {who} has run {ms(ns)}")
        for name in "abc":
            talk.group(name, weight=weights[name])
        talk.group("d", None, weight=500)
        talk.say(f"charge {who} {ns}")
        for name in "abcd":
            due = Fraction(ns * weights.get(name, 0), whole)
            near(talk, f"show {name}", f"the lag of {name}", "lag", round(due) - (ns if name == who else 0), 20, look)


def within_one_slot(talk: Scenario, rng: random.Random, given: list[int] | None = None) -> None:
    """S8: at every moment each group is within one slot of its due."""
    weights = given or [rng.choice((1, 3, 10, 50, rng.randrange(1, 300))) for _ in range(rng.randrange(2, 8))]
    names = letters(len(weights))
    whole = sum(weights)
    slot = rng.choice((1000, 5000, 10_000))
    talk.machine("share", f"Share, weights {':'.join(map(str, weights))}, nobody ever sleeps, slots of "
                 f"{ms(slot * NS)}", slot=slot, ratelimit=slot)
    for name, weight in zip(names, weights):
        talk.group(name, weight=weight)

    def wrong(trace: str) -> str | None:
        got = dict.fromkeys(names, 0)
        for count, name in enumerate(trace, 1):
            if name not in got:
                return f"after {count - 1} slots nobody runs"
            got[name] += 1
            for other, weight in zip(names, weights):
                due = Fraction(count * weight, whole)
                if abs(got[other] - due) > Fraction(1001, 1000):
                    return (f"after {count} slots {other} should have had {float(due):.1f} of them, give or take "
                            f"one; it had {got[other]} ({trace[:min(count, 40)]}...)")
        return None
    talk.trace(400, slot, wrong, "The one with lag >= 0 that is due its next slot first runs: csched_due_before().")


# --- step 3: hand unused slots on ---

def step3(talk: Scenario, rng: random.Random) -> None:
    for policy in ("share", "lottery", "credit"):
        nothing_is_lost(talk, rng, policy)
    turns_in_a_group(talk, rng)
    unused_time_goes_by_weight(talk, rng)
    for leaver in "ab":
        lag_of_a_leaver(talk, rng, leaver)
    debt_is_remembered(talk)
    whole_slots(talk, rng)


def nothing_is_lost(talk: Scenario, rng: random.Random, policy: str) -> None:
    """Work conservation: on two CPUs, whoever sleeps, no time is lost."""
    talk.machine(policy, f"Two CPUs, {policy}, groups of two tasks that sleep and one that does not", cpus=2)
    for name in "abcd":
        sleepy = f"run={rng.randrange(500, 9000)} sleep={rng.randrange(500, 20_000)}"
        talk.group(name, sleepy, weight=rng.randrange(50, 400))
        talk.say(f"task {name} {sleepy}")
    talk.group("e", weight=100)
    talk.run(2_000_000)
    talk.number("lost", "lost", "the time that CPUs were idle while somebody wanted to run", 0, 0,
                "fill_slots(): as long as a slot is free and the policy finds somebody, it is granted.")
    talk.number("wake e", "wake", "the wait of the group that never sleeps", 0, INFINITY)


def turns_in_a_group(talk: Scenario, rng: random.Random) -> None:
    talk.machine("share", "Two groups of equal weight, three tasks in one of them")
    talk.group("a")
    talk.group("b")
    for _ in range(2):
        talk.say("task b")
    talk.run(3_000_000)
    for i in range(3):
        near(talk, f"ran b {i}", f"what task {i} of the three gets in 3 s", "ran", 500e6, 10e6,
             "fill_slots(): in a group the task that has waited longest is first in group->waiting.")


def unused_time_goes_by_weight(talk: Scenario, rng: random.Random) -> None:
    heavy = rng.randrange(150, 400)
    talk.machine("share", f"Share, weights 100:{heavy}:300, and the third group sleeps 99 % of the time")
    talk.group("a", weight=100)
    talk.group("b", weight=heavy)
    talk.group("c", "run=5000 sleep=495000", weight=300)
    talk.run(10_000_000)
    free = 10e9 - 20 * 5e6
    near(talk, "used a", "what the first gets in 10 s", "used", free * 100 / (100 + heavy), 25e6,
         "What a sleeper is due and does not take goes to the others in proportion to their weights.")
    talk.number("wake c", "wake", "the longest wait of the sleeper, woken", 0, 2 * SLOT * NS,
                "Sleeping costs a group nothing but what it did not use: it comes back with lag 0.")


def lag_of_a_leaver(talk: Scenario, rng: random.Random, leaver: str) -> None:
    """One slot for a, then a group goes to sleep: its lag goes to the others, a debt goes with it too."""
    weights = {name: rng.randrange(100, 400) for name in "abc"}
    whole = sum(weights.values())
    got = {"a": SLOT * NS, "b": 0, "c": 0}
    lag = {name: Fraction(SLOT * NS * weights[name], whole) - got[name] for name in "abc"}
    left = whole - weights[leaver]
    talk.machine("share", f"Share, {weights_in_words(weights)}: a has run one slot, then {leaver} "
                 f"(lag {ms(float(lag[leaver]))}) goes to sleep", slot=SLOT, ratelimit=SLOT)
    for name in "abc":
        talk.group(name, weight=weights[name])
    talk.run(SLOT)
    talk.say(f"exit {leaver}")
    look = "csched_lag_leave(): give() its lag to those that stay, for S4; a debt stays its own as well."
    for name in "abc":
        if name == leaver:
            should = min(lag[name], Fraction(0))
        else:
            should = lag[name] + lag[leaver] * weights[name] / left
        near(talk, f"show {name}", f"the lag of {name}", "lag", round(should), 20, look)


def debt_is_remembered(talk: Scenario) -> None:
    talk.machine("share", "Two groups of equal weight; one runs 18 ms in one system call each time and then sleeps "
                 "for a moment")
    talk.group("b")
    talk.group("a", "run=18000 sleep=1 deaf=1")
    talk.run(10_000_000)
    near(talk, "used a", "what it gets in 10 s", "used", 5e9, 30e6,
         "csched_lag_leave(): a group that owes keeps its debt while it sleeps.")


def whole_slots(talk: Scenario, rng: random.Random) -> None:
    weights = {name: rng.randrange(50, 200) for name in "abc"}
    talk.machine("share", f"Share, {weights_in_words(weights)}, nobody sleeps, slots of {ms(SLOT * NS)}",
                 slot=SLOT, ratelimit=SLOT)
    for name in "abc":
        talk.group(name, weight=weights[name])

    def wrong(trace: str) -> str | None:
        for match in re.finditer(r"(.)\1*", trace):
            if len(match[0]) % 5 and match.end() < len(trace):
                return f"a slot should last {ms(SLOT * NS)}; one ended after {len(match[0]) % 5} ms"
        return None
    talk.trace(300, 1000, wrong, "fill_slots(): grant() a whole slot, not a minimal one.")


# --- step 4: earn and spend credit ---

def step4(talk: Scenario, rng: random.Random) -> None:
    earned_by_weight(talk, rng)
    for _ in range(3):
        credit_gives_shares(talk, rng)
    saved_and_spent(talk, rng)
    alone(talk, rng)
    surplus_by_weight(talk, rng)


def earned_by_weight(talk: Scenario, rng: random.Random) -> None:
    """While all sleep, each earns its part of what the CPUs could have done."""
    names = letters(rng.randrange(2, 6))
    weights = {name: rng.randrange(1, 2000) for name in names}
    cpus, us = rng.randrange(1, 4), PERIOD * rng.randrange(20, 60)
    talk.machine("credit", f"{cpus} idle CPU{'s' * (cpus > 1)}, {weights_in_words(weights)}", cpus=cpus)
    for name in names:
        talk.group(name, None, weight=weights[name], burst=10**9)
    talk.run(us)
    for name in names:
        should = us * NS * cpus * weights[name] // sum(weights.values())
        for field in ("earned", "credit"):
            near(talk, f"show {name}", f"what {name} has {'earned' if field == 'earned' else 'saved'} in {ms(us * NS)}",
                 field, should, 20, "hand_out(): to each group its weight's part of `rest`.")


def credit_gives_shares(talk: Scenario, rng: random.Random) -> None:
    names = letters(rng.randrange(2, 5))
    weights = {name: 256 * rng.randrange(1, 6) for name in names}
    whole = sum(weights.values())
    talk.machine("credit", f"Credit, {weights_in_words(weights)}, nobody sleeps, burst 30 ms")
    for name in names:
        talk.group(name, weight=weights[name])
    talk.run(20_000_000)
    for name in names:
        near(talk, f"used {name}", f"what {name} gets in 20 s", "used", 20e9 * weights[name] / whole, 100e6,
             "Each earns by weight and pays for what it runs: who has most credit runs.")
        near(talk, f"show {name}", f"what {name} has paid in 20 s", "spent", 20e9 * weights[name] / whole, 120e6,
             "pay(): who runs pays, ns for ns, and `spent` counts it.")

    def wrong(trace: str) -> str | None:
        for name in names:
            wait, most = longest_without(trace, name), 60 + 30 * whole // weights[name]
            if wait > most:
                return f"{name} should wait {most} ms at most; it waited {wait} ms"
        return None
    talk.trace(1000, 1000, wrong, "Credit is handed out each 30 ms, so nobody with a weight waits for long.")


def saved_and_spent(talk: Scenario, rng: random.Random) -> None:
    """Idle, burst, baseline: what is saved asleep lasts for as long as it must."""
    mine, others = rng.randrange(100, 400), rng.randrange(100, 400)
    part = mine / (mine + others)
    idle = 5_000_000
    lasts = idle * part / (1 - part)
    talk.machine("credit", f"Weights {mine}:{others}; the first has slept for 5 s, with a burst of 1000 s")
    talk.group("a", None, weight=mine, burst=10**9)
    talk.group("b", weight=others)
    talk.run(idle)
    talk.say("task a")
    talk.run(round(lasts * 0.9))
    near(talk, "used a", f"what it gets of the next {ms(lasts * 900)}, for which its savings suffice", "used",
         lasts * 900, 40e6, "pay(): only what it runs costs it credit.")
    talk.run(round(lasts * 0.3))
    # what it has had when the savings are gone, from then on its part only
    near(talk, "used a", f"what it has had {ms(lasts * 1200)} after it woke", "used",
         (lasts + lasts * 0.2 * part) * NS, 60e6, "What is spent is spent: afterwards it is held to its share.")


def alone(talk: Scenario, rng: random.Random) -> None:
    part = rng.randrange(2, 5)
    talk.machine("credit", f"One group runs, {part - 1} of equal weight sleep")
    for name in letters(part):
        talk.group(name, "" if name == "a" else None, weight=256, burst=10**9 if name != "a" else 30_000)
    talk.run(10_000_000)
    talk.number("lost", "lost", "the time that was lost", 0, 0)
    near(talk, "show a", "what the one that runs has paid in 10 s", "spent", 10e9 / part, 100e6,
         "pay(): a surplus slot is free: nobody who could pay wanted it.")
    near(talk, "show b", "what a sleeper has earned", "earned", 10e9 / part, 40e6, "hand_out(): asleep or not.")


def surplus_by_weight(talk: Scenario, rng: random.Random) -> None:
    heavy = rng.randrange(150, 500)
    talk.machine("credit", f"Weights 100:{heavy}:400, the third sleeps")
    talk.group("a", weight=100)
    talk.group("b", weight=heavy)
    talk.group("c", None, weight=400, burst=10**9)
    talk.run(20_000_000)
    near(talk, "used a", "what the first gets in 20 s", "used", 20e9 * 100 / (100 + heavy), 100e6,
         "pay(): what runs free is counted in `surplus`, weighted(), and that is the order in which it is given.")


# --- step 5: the burst bound ---

def step5(talk: Scenario, rng: random.Random) -> None:
    look = "clip(): what exceeds burst is taken from the balance and counted in `discarded`."
    for _ in range(3):
        burst = rng.randrange(600, 3000) * 1000
        less = burst // rng.randrange(2, 5)
        talk.machine("credit", f"A group with a burst of {ms(burst * NS)} sleeps for 10 s and earns 5 s")
        talk.group("a", None, weight=256, burst=burst)
        talk.group("b", weight=256)
        talk.run(10_000_000)
        near(talk, "show a", "its balance", "credit", burst * NS, 0, look)
        near(talk, "show a", "what it has lost", "discarded", (5e9 - burst * NS), 20e6, look)
        talk.say(f"set a burst={less}")
        near(talk, "show a", f"its balance, now that its burst is {ms(less * NS)}", "credit", less * NS, 0, look)
        burst_is_what_it_takes(talk, less)
    never_full(talk, rng)


def burst_is_what_it_takes(talk: Scenario, burst: int) -> None:
    """Half a CPU each: the first may keep the other waiting for twice its burst, no longer."""
    talk.say("task a")

    def wrong(trace: str) -> str | None:
        wait, most = longest_without(trace, "b"), 2 * burst // 1000 + 50
        if wait > most:
            return f"when it wakes, the other should wait {most} ms at most; it waited {wait} ms"
        if wait < burst // 1000 - 60:
            return f"when it wakes it should run for {burst // 1000 - 60} ms at least; it ran for {wait} ms"
        return None
    talk.trace(min(4000, 4 * burst // 1000 + 200), 1000, wrong, "The burst bounds how long the others can be kept waiting.")


def never_full(talk: Scenario, rng: random.Random) -> None:
    burst = rng.randrange(5, 20) * 1_000_000
    talk.machine("credit", f"Two groups of equal weight that never sleep, with a burst of {ms(burst * NS)}")
    for name in "ab":
        talk.group(name, weight=256, burst=burst)
    talk.run(3_000_000)
    for name in "ab":
        near(talk, f"show {name}", f"what {name} has lost", "discarded", 0, 0,
             "clip(): below its burst a balance is left alone, and a debt too.")
        talk.number(f"show {name}", "credit", f"the balance of {name}", -100e6, 100e6,
                    "clip(): below its burst a balance is left alone, and a debt too.")


# --- step 6: the cap ---

def step6(talk: Scenario, rng: random.Random) -> None:
    for _ in range(3):
        capped(talk, rng, rng.randrange(5, 95), 1)
    capped(talk, rng, rng.randrange(110, 190), 2)
    no_cap_time_saved(talk, rng)
    cap_debt(talk, rng)


def capped(talk: Scenario, rng: random.Random, cap: int, tasks: int) -> None:
    """The cap holds over 10 s, in every 100 ms, and its group is not held back longer than it must be."""
    look = "fill_up(): cap percent of the time that has gone by, at most one slot; throttle at 0, release at grain()."
    talk.machine("share", f"A group with a cap of {cap} %, alone on {tasks} CPU{'s' * (tasks > 1)}", cpus=tasks)
    talk.group("a", weight=100, cap=cap)
    if tasks > 1:
        talk.say("task a")
    talk.run(10_000_000)
    near(talk, "used a", "what it gets in 10 s", "used", cap * 1e8, 2 * SLOT * NS * tasks + 20e6, look)
    if tasks > 1:
        return

    def wrong(trace: str) -> str | None:
        for start in range(len(trace) - 100):
            ran = trace.count("a", start, start + 100)
            # looked at once a ms, a stretch may seem 1 ms longer; the simulator's O4 looks closer
            if ran > cap + SLOT / 1000 + 5:
                return f"in 100 ms it should run {cap} ms and a slot at most; it ran {ran} ms"
        stretches = [len(s) for s in re.findall("a+", trace)]
        if stretches and min(stretches[1:-1] or [9]) < SLOT // 2000 - 1:
            return f"each time it should run {ms(SLOT * NS / 2)} at least; it ran for {min(stretches[1:-1])} ms"
        wait, most = longest_without(trace, "a"), SLOT / 2000 * 100 / cap + 2
        if wait > most:
            return f"it should be held back {most:.0f} ms at most; it was for {wait} ms"
        return None
    talk.trace(2000, 1000, wrong, look)
    talk.group("b", weight=100)
    talk.run(1_000_000)
    talk.number("lost", "lost", "the time lost, with another group beside it", 0, 0, "Others take what a cap leaves.")


def no_cap_time_saved(talk: Scenario, rng: random.Random) -> None:
    cap = rng.randrange(10, 60)
    talk.machine("share", f"A group with a cap of {cap} % has slept for 3 s")
    talk.group("a", None, weight=100, cap=cap)
    talk.run(3_000_000)
    talk.say("task a")
    talk.run(100_000)
    talk.number("used a", "used", "what it gets in the next 100 ms", 0, cap * 1e6 + SLOT * NS + 1,
                "fill_up(): cap time does not pile up beyond one slot.")


def cap_debt(talk: Scenario, rng: random.Random) -> None:
    cap = rng.randrange(10, 40)
    talk.machine("share", f"A group with a cap of {cap} % whose task runs 50 ms in one system call each time")
    talk.group("a", "run=50000 sleep=1000 deaf=1", weight=100, cap=cap)
    talk.run(10_000_000)
    talk.number("used a", "used", "what it gets in 10 s", cap * 0.9e8, cap * 1e8 + 60e6,
                "Who has run more than it had is throttled until that has flowed in: cap time may be negative.")


# --- step 7: boost ---

def step7(talk: Scenario, rng: random.Random) -> None:
    for _ in range(2):
        woken_runs_at_once(talk, rng)
    boost_lasts_one_tick(talk, rng)
    no_credit_no_boost(talk, rng)
    boosted_takes_turns(talk, rng)
    boost_is_no_gift(talk, rng)


def woken_runs_at_once(talk: Scenario, rng: random.Random) -> None:
    sleep = rng.randrange(15_000, 40_000)
    hogs = rng.randrange(2, 5)
    talk.machine("credit", f"Slots of 30 ms, {hogs} groups that never sleep, and one that runs 1 ms and sleeps "
                 f"{ms(sleep * NS)}", slot=30_000)
    for name in letters(hogs):
        talk.group(name, weight=256)
    talk.group("i", f"run=1000 sleep={sleep}", weight=256)
    talk.run(1_000_000)
    talk.forget("wake i")
    talk.run(5_000_000)
    talk.number("wake i", "wake", "its longest wait after it woke", 0, RATELIMIT * NS,
                "credit_wake(): with credit it is boosted; credit_preempts(): now, if its standing is better.")
    talk.number("show i", "boosts", "the number of its boosts in 6 s", 6e6 // (sleep + 1000 + RATELIMIT) - 8,
                6e6 // (sleep + 1000) + 1, "credit_wake(): each time it wakes with credit; `boosts` counts them.",
                lambda n: f"{n:.0f}")


def boost_lasts_one_tick(talk: Scenario, rng: random.Random) -> None:
    tick = rng.randrange(3, 25) * 1000
    talk.machine("credit", f"A group with much credit wakes; a tick is {ms(tick * NS)}", slot=30_000, tick=tick)
    talk.group("a", None, weight=256, burst=10**8)
    talk.group("b", weight=256)
    talk.run(1_000_000)
    talk.say("task a")
    stands(talk, "a", "BOOST", "at once")
    # it may have to wait for the ratelimit, and its time is known when the core looks
    talk.run(tick - 1000)
    stands(talk, "a", "BOOST", f"{ms((tick - 1000) * NS)} later")
    talk.run(2000 + RATELIMIT)
    stands(talk, "a", "UNDER", f"after {ms((tick + 1000 + RATELIMIT) * NS)}")


def stands(talk: Scenario, name: str, should: str, when: str) -> None:
    def wrong(answer: str) -> str | None:
        is_ = fields(answer).get("standing", answer[:20])
        return None if is_ == should else f"{when} its standing should be {should}; it is {is_}"
    talk.text(f"show {name}", f"its standing {when}", wrong,
              "credit_wake() begins a boost of one tick of running; pay() takes from boost_left what was run.")


def no_credit_no_boost(talk: Scenario, rng: random.Random) -> None:
    weight = rng.randrange(1, 8)
    talk.machine("credit", f"Weights {weight}:1000; the first runs 20 ms and sleeps 1 ms")
    talk.group("a", "run=20000 sleep=1000", weight=weight)
    talk.group("b", weight=1000)
    talk.run(1_000_000)
    talk.forget("wake a")
    talk.run(2_000_000)
    talk.number("show a", "boosts", "the number of its boosts in 3 s", 0, 2,
                "credit_wake(): a group that has no credit left is not boosted.", lambda n: f"{n:.0f}")
    near(talk, "used a", "what it gets in 3 s", "used", 3e9 * weight / (1000 + weight), 35e6,
         "credit_wake(): a group that has no credit left is not boosted.")


def boosted_takes_turns(talk: Scenario, rng: random.Random) -> None:
    """BOOST takes a slot from UNDER and OVER, not from BOOST; without credit nobody takes one."""
    talk.machine("credit", "Two groups with credit wake, the second 2 ms after the first", slot=30_000, tick=10_000)
    for name in "ab":
        talk.group(name, None, weight=256, burst=10**8)
    talk.group("c", weight=256)
    talk.run(1_000_000)
    talk.say("task a run=8000 sleep=1000000")
    talk.run(2000)
    talk.say("task b run=8000 sleep=1000000")

    def wrong(trace: str) -> str | None:
        first = re.match("c?(a+)", trace)
        if not first or len(first[1]) < 5:
            return f"the first should run its 8 ms before the second does; who ran, each ms: {trace}"
        if not re.match("c?a+b{7}", trace):
            return f"the second should run next, before the one that never sleeps; who ran, each ms: {trace}"
        return None
    talk.trace(18, 1000, wrong, "credit_preempts(): only a better standing takes a slot before its end.")


def boost_is_no_gift(talk: Scenario, rng: random.Random) -> None:
    """Who is boosted all the time gets no more than its share."""
    run = rng.randrange(2000, 9000)
    talk.machine("credit", f"Two groups of equal weight; one runs {ms(run * NS)} and sleeps 0.2 ms")
    talk.group("a", f"run={run} sleep=200", weight=256)
    talk.group("b", weight=256)
    talk.run(10_000_000)
    near(talk, "used a", "what it gets in 10 s", "used", 5e9, 150e6, "A boost is paid for like any other time.")


STEPS: dict[int, Callable[[Scenario, random.Random], None]] = {
    1: step1, 2: step2, 3: step3, 4: step4, 5: step5, 6: step6, 7: step7}


# --- the module in the course VM ---

def vm(machine: Machine) -> None:
    """Raises Failure if the module is wrong."""
    guest = module.BUILD / "obj" / "labs" / "guest-07"
    module.build_in_image(machine.lab.folder / "guest", guest)
    built = machine.build_module("kmod/credit_sched")
    ledger.run(machine, built, guest / "workload")
