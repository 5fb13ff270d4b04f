"""Step 8: what the parts of a box cost, measured with host/costs.c, and how a student's figures are judged.

	labs/06-containers/measure NAME

What follows from the experiment (a limit of processes, a part of a processor's time) is checked as such: the
experiment is drawn from the student's name. Times are compared with what this machine needs, as ratios, and
generously: two machines are alike in what follows from the kernel, not in us.
"""
from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grading import answers
from grading.hosttest import Host
from grading.lab import TREE
from grading.outcome import Failure, Infrastructure

LAB = "labs/06-containers"
SOURCES = [f"{LAB}/host/costs.c", *(f"{LAB}/box/{name}.c" for name in ("filter", "policy", "trouble"))]
FLAGS = ["-std=gnu17", "-O2", "-w", "-D_GNU_SOURCE", f"-I{TREE}/{LAB}/box"]
KINDS = ("process", "user", "four", "net")
# A student's ratio to the grader's, one way or the other.
ALIKE = 3.0
# The grader's machine may be busy: how often it measures before it tells a student to.
TRIES = 3
CAUSES = ("devices", "copying", "cache", "instructions", "same_kernel", "emulation")
WHY = {
    "why_net": ("devices", "`ip link` in a fresh network namespace, and /proc/sys/net, show what was made for it."),
    "why_number": ("cache", "the verdict on this call is the same whatever its arguments are. Who may remember that?"),
    "why_argument": ("instructions", "what does the kernel do at each such call, and how long is the program?"),
    "why_first_write": ("copying", "look into upperdir, before and after the first write."),
    "why_compute": ("same_kernel", "between the instructions of the program and the processor there is what, in a box?"),
}


@dataclass(frozen=True)
class Drawn:
    """An experiment. `cpu` percent for `seconds`, by `spinners`; a fork bomb where `pids` may be; `rules`; `mib`."""

    pids: int
    cpu: int
    seconds: int
    spinners: int
    rules: int
    mib: int

    def __str__(self) -> str:
        return (f"--pids {self.pids}; --cpu {self.cpu} for {self.seconds} s, {self.spinners} spinners; "
                f"{self.rules} rules; a file of {self.mib} MiB")


def of(student: str) -> Drawn:
    """The experiment that belongs to a name, however it is written."""
    rng = random.Random("lab 06 " + " ".join(student.lower().split()))
    return Drawn(rng.randrange(12, 90), rng.randrange(4, 19) * 5, rng.randrange(5, 21), rng.randrange(2, 5),
                 rng.randrange(30, 48) * 10, rng.randrange(16, 49))


# --- measuring ---

def run(program: Path, *words: object) -> dict[str, float]:
    """One experiment's figures, by name."""
    try:
        done = subprocess.run([str(program), *map(str, words)], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Infrastructure(f"cannot measure: {words[0]}: {error}") from error
    if done.returncode:
        raise Infrastructure(f"cannot measure: {words[0]}: {done.stderr.strip()[:200] or 'no message'}: are user "
                             "namespaces allowed here (/proc/sys/user/max_user_namespaces)?")
    return {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}


def clone(program: Path) -> dict[str, float]:
    return run(program, "clone", 300)


def calls(program: Path, drawn: Drawn) -> dict[str, float]:
    return run(program, "syscall", drawn.rules, 15)


def writes(program: Path, drawn: Drawn) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="lab06-") as folder:
        return run(program, "write", drawn.mib, folder)


def compute(program: Path) -> dict[str, float]:
    return run(program, "compute", 15)


def tool(host: Host) -> Path:
    return host.build("costs", SOURCES, FLAGS, [f"{LAB}/box"])


# --- judging ---

def judge(text: str, make_tool: Callable[[], Path]) -> None:
    """Raises Failure at the first answer that cannot be."""
    given, student = answers.load(text, "experiment")
    answers.prediction(given, "predicted", KINDS)
    drawn = of(student)
    exact(given, drawn)
    answers.causes(given, WHY, CAUSES)
    bounds(given)
    program = make_tool()
    alike(given, "clone", lambda: clone(program), "process")
    alike(given, "calls", lambda: calls(program, drawn), "none")


def exact(given: dict, drawn: Drawn) -> None:
    """What nobody has to measure to know."""
    forks, seconds = given.get("forks"), given.get("cpu_seconds")
    if forks != drawn.pids - 2 or isinstance(forks, bool):
        raise Failure(f"forks is not {str(forks)[:20]}, with --pids {drawn.pids}.",
                      "How many processes are in a box before the command has made any?")
    right = drawn.cpu / 100 * drawn.seconds
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0.9 * right <= seconds <= 1.1 * right:
        raise Failure(f"cpu_seconds is not {str(seconds)[:20]}, with {drawn}.", "The limit is the box's, not a process's.")


def bounds(given: dict) -> None:
    """What holds on every machine."""
    if answers.measured(given, "write", "first") < 20 * answers.measured(given, "write", "second"):
        raise Failure("write: the first octet costs far more than the second, you say otherwise.",
                      "The whole file is copied up at the first write.")
    if not 0.8 <= answers.measured(given, "compute", "inside") / answers.measured(given, "compute", "outside") <= 1.25:
        raise Failure("compute: there should be no difference to speak of between inside and outside.",
                      "Measure once more, when nothing else runs.")
    if answers.measured(given, "calls", "argument") < 1.5 * answers.measured(given, "calls", "number"):
        raise Failure("calls: where an argument is looked at, all rules before are gone through; you say that costs nothing.",
                      "Measure once more, when nothing else runs.")


def alike(given: dict, table: str, measure: Callable[[], dict[str, float]], by: str) -> None:
    """Ratios to one of them as on this machine, all of them in one of a few measurements."""
    for _ in range(TRIES):
        ours = measure()
        far = differs(given, table, ours, by)
        if not far:
            return
    ratio, here = answers.measured(given, table, far) / answers.measured(given, table, by), ours[far] / ours[by]
    raise Failure(f"{table}: {far} costs {ratio:.1f} times what {by} does, you say; here it is {here:.1f}.",
                  "Measure once more, when nothing else runs.")


def differs(given: dict, table: str, ours: dict[str, float], by: str) -> str:
    """The first whose ratio is another here; or none."""
    for name in ours:
        ratio = answers.measured(given, table, name) / answers.measured(given, table, by)
        if not 1 / ALIKE <= ratio / (ours[name] / ours[by]) <= ALIKE:
            return name
    return ""
