"""Step 8: what four designs cost, measured with load(1), and how a student's figures are judged.

	labs/08-four-servers/measure NAME

Rules that follow from the experiment (one client of a sequential server, a pool's size, 1000/ms
waits a second, at least the work that was asked for) are checked as such: the experiment is drawn
from the student's name. Processor time is compared with what this machine needs for the reference,
as ratios, and generously: two machines are alike in what follows from the design, not in us.
"""
from __future__ import annotations

import json
import os
import random
import re
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grading import answers
from grading.outcome import Failure, Infrastructure

DESIGNS = ("sequential", "process", "thread", "event")
CLIENTS = 16
# The time of processes and threads that have ended is known in ticks of 10 ms only.
REQUESTS = {"keep_alive": 10_000, "close": 3000}
# Interleaved; the median counts.
SLICES = 3
# A student's ratio to the grader's, one way or the other.
ALIKE = 3.0
# Orders count only where the grader sees such a difference.
CLEAR = 2.0

CAUSES = ("switches", "making", "waiting", "work", "memory", "parsing")
WHY = {
    "why_sequential_keep_alive": ("switches", "look at `switches`, and at who sleeps between two requests of the only "
                                  "client that it serves."),
    "why_process_close": ("making", "what is there once for each connection, and for nobody else?"),
    "why_event_wait": ("waiting", "how many /wait can one thread be in at a time?"),
    "why_work_alike": ("work", "what part of these figures is the same for all?"),
}


@dataclass(frozen=True)
class Drawn:
    """An experiment."""

    workers: int
    clients: int
    wait_ms: int
    work_us: int


def of(student: str) -> Drawn:
    """The experiment that belongs to a name, however it is written."""
    rng = random.Random("lab 08 " + " ".join(student.lower().split()))
    return Drawn(rng.randrange(4, 10), rng.randrange(20, 41), rng.randrange(8, 26), rng.randrange(20, 91) * 10)


# --- measuring ---

@dataclass
class Tools:
    """Programs to measure with."""

    httpd: Path
    load: Path
    files: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)

    def __post_init__(self) -> None:
        (Path(self.files.name) / "small.bin").write_bytes(bytes(range(33, 97)) * 10)

    @contextmanager
    def server(self, *options: str) -> Iterator[tuple[int, int]]:
        """A running httpd: its process and its port."""
        process = subprocess.Popen([str(self.httpd), "--listen", "127.0.0.1:0", "--root", self.files.name, *options],
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, preexec_fn=on(0))
        try:
            assert process.stdout
            match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            if not match:
                raise Infrastructure(f"cannot measure: {self.httpd}: it does not begin: is `make userland` done?")
            yield process.pid, int(match[1])
        finally:
            process.kill()
            process.wait()

    def run(self, design: tuple[str, ...], target: str, *options: str, connections: int = CLIENTS) -> dict:
        """One slice: load's report."""
        with self.server(*design) as (pid, port):
            done = subprocess.run(
                [str(self.load), "--connections", str(connections), "--pid", str(pid), "--per-client", "--json", "-",
                 *options, f"http://127.0.0.1:{port}{target}"],
                capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, preexec_fn=on(1), check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise Infrastructure(f"cannot measure: load: {done.stderr.strip()[:200] or 'no report'}") from None


def on(which: int) -> Callable[[], None]:
    """Server and load on a processor each, where there are two."""
    processors = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {processors[which % len(processors)]})


def keep_alive(tools: Tools, design: str) -> tuple[float, float]:
    """us of processor time a request, and switches, where clients keep their connections."""
    if design == "sequential":
        # the others would only wait
        options, connections = (), 1
    else:
        options, connections = (("--workers", str(CLIENTS)) if design != "event" else ()), CLIENTS
    report = tools.run(("--design", design, *options), "/small.bin", "--requests", str(REQUESTS["keep_alive"]),
                       connections=connections)["server"]
    return report["cpu_us_per_request"], report["voluntary_switches_per_request"]


def close(tools: Tools, design: str) -> float:
    """us of processor time a request, where each has a connection of its own."""
    options = ("--per-connection",) if design in ("process", "thread") else ()
    report = tools.run(("--design", design, *options), "/small.bin", "--close", "--requests", str(REQUESTS["close"]),
                       connections=8)
    return report["server"]["cpu_us_per_request"]


def served(tools: Tools, design: tuple[str, ...], clients: int) -> int:
    """How many clients that stay connected are served at all."""
    report = tools.run(design, "/small.bin", "--duration", "0.5", "--timeout", "1", connections=clients)
    return sum(count > 0 for count in report["clients"]["served"])


def waits(tools: Tools, design: tuple[str, ...], drawn: Drawn) -> float:
    """Answers a second, if each takes a while in which nothing is computed."""
    report = tools.run(design, f"/wait?ms={drawn.wait_ms}", "--duration", "1.5", "--warmup", "0.3", "--timeout", "30",
                       connections=drawn.clients)
    return report["requests_per_second"]


def work(tools: Tools, design: str, drawn: Drawn) -> float:
    options = ("--workers", str(CLIENTS)) if design != "event" else ()
    report = tools.run(("--design", design, *options), f"/work?us={drawn.work_us}", "--requests", "400")
    return report["server"]["cpu_us_per_request"]


# --- judging ---

def judge(text: str, make_tools: Callable[[], Tools]) -> None:
    """Raises Failure at the first answer that cannot be."""
    given, student = answers.load(text, "experiment")
    drawn = of(student)
    for name in ("predicted_keep_alive", "predicted_close"):
        answers.prediction(given, name, DESIGNS)
    counts(given, drawn)
    of_the_experiment(given, drawn)
    answers.causes(given, WHY, CAUSES)
    tools = make_tools()
    alike(given, "keep_alive", lambda design: keep_alive(tools, design)[0], "event")
    alike(given, "close", lambda design: close(tools, design), "sequential")


def counts(given: dict, drawn: Drawn) -> None:
    for name, right in (("sequential_serves", 1), ("pool_serves", drawn.workers)):
        if given.get(name) != right or isinstance(given.get(name), bool):
            raise Failure(f"{name} is not {str(given.get(name))[:20]}.",
                          "How many of the clients that stay connected were served at all?")


def of_the_experiment(given: dict, drawn: Drawn) -> None:
    """Figures that nobody has to measure to know their bounds."""
    for name, at_once in (("event", 1), ("helpers", drawn.workers), ("thread", drawn.workers)):
        got, most = answers.measured(given, "wait", name), at_once * 1000 / drawn.wait_ms
        if not 0.4 * most <= got <= 1.06 * most:
            raise Failure(f"wait.{name} cannot be {got:g} a second for the experiment of {given['student'][:40]}.",
                          "How many are waiting at a time, and for how long each?")
    for name in ("process", "thread", "event"):
        got = answers.measured(given, "work", name)
        if not drawn.work_us <= got <= 2 * drawn.work_us + 150:
            raise Failure(f"work.{name} cannot be {got:g} us a request for the experiment of {given['student'][:40]}.",
                          "No request needs less than the work that it asks for.")
    for name in ("sequential", "event"):
        answers.measured(given, "switches", name)
    if answers.measured(given, "switches", "sequential") < answers.measured(given, "switches", "event"):
        raise Failure("switches: a server with one client sleeps between its requests; yours slept less than the loop.",
                      "`measure` prints switches a request.")


def alike(given: dict, table: str, measure: Callable[[str], float], by: str) -> None:
    """Ratios to one design, and the order where it is clear, as on this machine."""
    theirs = {design: answers.measured(given, table, design) for design in DESIGNS}
    slices: dict[str, list[float]] = {design: [] for design in DESIGNS}
    for _ in range(SLICES):
        for design in DESIGNS:
            slices[design].append(measure(design))
    ours = {design: statistics.median(measured) for design, measured in slices.items()}
    for design in DESIGNS:
        if design == by:
            continue
        ratio = (theirs[design] / theirs[by]) / (ours[design] / ours[by])
        if not 1 / ALIKE <= ratio <= ALIKE:
            raise Failure(f"{table}: {design} needs {theirs[design] / theirs[by]:.1f} times what {by} does, you say; "
                          f"here it is {ours[design] / ours[by]:.1f}.", "Measure once more, when nothing else runs.")
        if max(ours[design], ours[by]) > CLEAR * min(ours[design], ours[by]):
            if (ours[design] < ours[by]) != (theirs[design] < theirs[by]):
                raise Failure(f"{table}: which of {design} and {by} needs less is the other way round here.",
                              "Measure once more, when nothing else runs.")
