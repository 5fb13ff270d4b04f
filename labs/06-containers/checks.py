"""Lab 06: what is asked of each step on the host, and of box in the course VM.

On the host: the parts that ask nothing of the kernel, with questions drawn at random. In the VM: box itself
(scenes.py). See README.md for the steps.
"""
from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import costs
import filtered
import layered
import scenes
from grading.conversation import Conversation
from grading.hosttest import Host
from grading.lab import TREE
from grading.module import Machine

LAB = "labs/06-containers"
BOX = f"{LAB}/box"
ANSWERS = f"{LAB}/answers.toml"
HEADERS = [BOX, "labs/grading/host"]
CAREFUL = ("-fsanitize=undefined", "-fno-sanitize-recover=all")


def flags(*more: str) -> list[str]:
    return ["-std=gnu17", "-O1", "-g", "-fno-pie", "-fno-omit-frame-pointer", "-w", "-D_GNU_SOURCE", f"-I{TREE}/{BOX}", f"-I{TREE}/labs/grading/host",
            f"-ffile-prefix-map={TREE}/=", *more]


def parts() -> list[str]:
    return [str(path.relative_to(TREE)) for path in sorted((TREE / BOX).glob("*.c"))]


def box(host: Host) -> Path:
    """With the submission's regions in it."""
    return host.build("box", parts(), flags(*CAREFUL), HEADERS)


def witness(host: Host) -> Path:
    return host.build("witness", [f"{LAB}/guest/witness.c"], flags(), HEADERS)


def program(host: Host) -> Path:
    """The parts that ask nothing of the kernel, ready for questions."""
    return host.build("probe", [*(path for path in parts() if not path.endswith("/main.c")), f"{LAB}/host/probe.c", "labs/grading/host/crash.c"],
                      flags(*CAREFUL), HEADERS)


def host(step: int, host: Host) -> None:
    """Raises grading.outcome.Failure if the step is wrong."""
    if step == 8:
        costs.judge(host.composed[ANSWERS], lambda: costs.tool(host))
        return
    box(host)
    if step not in QUESTIONS:
        return
    built = program(host)
    talk = Conversation(f"See step {step} of the handout.")
    QUESTIONS[step](talk, host.rng)
    talk.judge(lambda questions: host.run(built, questions))


def vm(machine: Machine) -> None:
    """Raises grading.outcome.Failure if box is wrong with all that is in `composed`."""
    machine.work.mkdir(parents=True, exist_ok=True)
    host = Host(machine.lab.folder, machine.composed, machine.work / "programs", machine.cache / "objects",
                random.Random(machine.seed))
    machine.subject = "box"
    for name, built in (("box", box(host)), ("witness", witness(host))):
        shutil.copy(built, machine.work / name)
    scenes.run(machine, machine.work / "box", machine.work / "witness")


# --- questions ---

def equals(talk: Conversation, line: str, right: str, about: str, look: str) -> None:
    def wrong(answer: str) -> str | None:
        return None if answer == right else f"{about}: it should be {right!r}; it is {answer[:200]!r}."
    talk.question(line, about, wrong, look)


def maps(talk: Conversation, rng: random.Random) -> None:
    for base, count in [(100_000, 65_536), (1000, 1), *((rng.randrange(1 << 31), rng.randrange(1, 1 << 20)) for _ in range(20))]:
        equals(talk, f"map {base} {count}", f"0 {base} {count}", f"The map of --ids {base}:{count}",
               "spawn_map_line(): the first id inside, the first outside, how many.")


def limits(talk: Conversation, rng: random.Random) -> None:
    look = "limits_value(): what each file of a cgroup takes is in Documentation/admin-guide/cgroup-v2.rst."
    for _ in range(60):
        memory, pids = rng.choice((0, rng.randrange(1, 1 << 45))), rng.choice((0, rng.randrange(2, 1 << 22)))
        cpu, weight = rng.choice((0, rng.randrange(1, 100_000))), rng.choice((0, rng.randrange(1, 10_001)))
        rows = {"memory.max": str(memory) if memory else "-", "memory.swap.max": "0" if memory else "-",
                "pids.max": str(pids) if pids else "-", "cpu.weight": str(weight) if weight else "-"}
        for file, right in rows.items():
            equals(talk, f"limit {file} {memory} {pids} {cpu} {weight}", right,
                   f"{file} of a box with memory {memory}, pids {pids}, cpu {cpu}, weight {weight} (0: no limit)", look)

        def quota(answer: str, cpu: int = cpu) -> str | None:
            words = answer.split()
            right = words == ["-"] if not cpu else (
                len(words) == 2 and all(word.isdigit() for word in words) and 1000 <= int(words[1]) <= 1_000_000
                and int(words[0]) * 100 == cpu * int(words[1]))
            return None if right else f"cpu.max of a box with --cpu {cpu}: it cannot be {answer[:60]!r}."
        talk.question(f"limit cpu.max {memory} {pids} {cpu} {weight}", f"cpu.max for {cpu} percent", quota, look)


def caps(talk: Conversation, rng: random.Random) -> None:
    for mask in [0, (1 << 41) - 1, 1 << 31, 1 << 32, *(rng.getrandbits(41) for _ in range(20))]:
        equals(talk, f"caps {mask:x}", f"{mask & 0xFFFFFFFF:08x} {mask >> 32:08x}", f"The words of the set {mask:#x}",
               "caps_words(): capabilities 0 to 31, and those from 32 on.")


def filters(talk: Conversation, rng: random.Random) -> None:
    otherwise = filtered.ALLOW
    for count in (0, 1, 1, 2, 3, 10, 40, 440):
        rules = filtered.draw_rules(rng, count)
        calls = filtered.draw_calls(rng, rules, 400)
        for rule in rules:
            talk.say(rule.line())
        talk.question(f"filter {otherwise:x}", f"A filter of {len(rules)} rules", judge_filter(rules, otherwise, calls),
                      "build_frame() and build_rule(): follow the program by hand, for that call.")
        otherwise = rng.choice((filtered.ALLOW, filtered.ERRNO | 1, filtered.ERRNO | 38))


def judge_filter(rules: list[filtered.Rule], otherwise: int, calls: list[filtered.Call]) -> Callable[[str], str | None]:
    def wrong(answer: str) -> str | None:
        try:
            built = filtered.decode(bytes.fromhex(answer))
        except ValueError:
            return f"A filter of {len(rules)} rules: {answer[:40]!r} is no program."
        except filtered.Refused as why:
            return f"A filter of {len(rules)} rules: the kernel would not take it: {why}."
        for call in calls:
            got, right = filtered.run(built, call), filtered.verdict(rules, otherwise, call)
            if got != right:
                near = [rule for rule in rules if rule.number == call.number]
                rule = f" (rule: {named(near[0])})" if near else ""
                return (f"A filter of {len(rules)} rules: the verdict on {call} should be {right:#x}; it is {got:#x}{rule}.")
        return None
    return wrong


def named(rule: filtered.Rule) -> str:
    if rule.argument < 0:
        return f"call {rule.number}: {rule.verdict:#x}"
    return (f"call {rule.number}, if the bits {rule.mask:#x} of argument {rule.argument} are {rule.value:#x}: "
            f"{rule.verdict:#x}")


def images(talk: Conversation, rng: random.Random) -> None:
    names = {".wh..wh..opq": "opaque", ".wh.": "refused", ".wh..": "refused", ".wh...": "refused",
             ".wh..wh.plnk": "refused", ".wh..wh..wh.": "refused", ".wh": "file", "wh.": "file", ".w": "file", "..wh.x": "file",
             "a.wh.": "file", ".wh....": "whiteout ...", ".wh..x": "whiteout .x", ".wh...x": "whiteout ..x", ".wh.wh": "whiteout wh"}
    for _ in range(20):
        name = layered.word(rng)
        names |= {name: "file", f".wh.{name}": f"whiteout {name}", f".{name}": "file", f"{name}.wh.{name}": "file"}
    order = list(names.items())
    rng.shuffle(order)
    for name, right in order:
        equals(talk, f"name {name}", right, f"The name {name!r} in a layer",
               "layer_classify(): .wh.NAME hides NAME, .wh..wh..opq all; '', '.', '..' and other .wh. names are refused.")
    for _ in range(20):
        folder, layers = f"/{layered.word(rng)}/{layered.word(rng)}", [layered.word(rng) for _ in range(rng.randrange(1, 12))]
        talk.question(f"options {folder} {' '.join(layers)}", f"Layers {', '.join(layers)}, lowest first",
                      judge_options(folder, layers),
                      "layers_options(): the first in lowerdir is the topmost; upperdir, workdir, userxattr.")
    folder = f"/{layered.word(rng)}"
    layers = [layered.word(rng) * 2 for _ in range(60)]
    equals(talk, f"options {folder} {' '.join(layers)}", "-", "Layers for which there is no room in the text",
           "layers_options(): append() says when there is no room.")


def judge_options(folder: str, layers: list[str]) -> Callable[[str], str | None]:
    want = {"lowerdir": ":".join(f"{folder}/{name}" for name in reversed(layers)), "upperdir": f"{folder}/upper",
            "workdir": f"{folder}/work", "userxattr": ""}

    def wrong(answer: str) -> str | None:
        given = dict(word.partition("=")[::2] for word in answer.split(","))
        for name, right in want.items():
            if name not in given:
                return f"Layers {', '.join(layers)}, lowest first: the options should have {name}; they are {answer[:200]!r}."
            if given[name] != right:
                return f"Layers {', '.join(layers)}, lowest first: {name} should be {right!r}; it is {given[name][:200]!r}."
        return None
    return wrong


QUESTIONS = {1: maps, 3: limits, 4: caps, 5: filters, 6: images}
