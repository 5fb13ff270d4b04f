"""The bench at which an experiment is made: it starts servers, lets them take turns, and writes down their slices.

A recipe (recipes/*.py) says who takes turns at what. Subjects are interleaved, slice by slice, and the order turns from
round to round: a machine that gets slower for a while gets slower for all of them.
"""
from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import accounting
import generator
import subjects
import syscalls
from subjects import Cpus, Server, Variant

SMALL, SMALL_OCTETS = "/small.txt", 612


class Progress:
    """A live line on a terminal; elsewhere, a line for each step."""

    def __init__(self, out=sys.stderr) -> None:
        self.out, self.start, self.terminal, self.last = out, time.monotonic(), out.isatty(), ""

    def say(self, step: str, detail: str = "") -> None:
        head = f"[{time.monotonic() - self.start:5.0f} s] {step}"
        if self.terminal:
            print(f"\r\033[K{head}{': ' * bool(detail)}{detail}", end="", file=self.out, flush=True)
        elif step != self.last:
            print(head, file=self.out, flush=True)
        self.last = step

    def done(self, words: str) -> None:
        print(f"{chr(13) + chr(27) + '[K' if self.terminal else ''}[{time.monotonic() - self.start:5.0f} s] {words}",
              file=self.out, flush=True)


class Lab:
    """For one experiment."""

    def __init__(self, title: str, root: Path, quick: bool, progress: Progress) -> None:
        self.title, self.root, self.quick, self.progress = title, root, quick, progress
        self.cpus = Cpus.of_this_machine()
        # Nine slices: the interval of the median leaves out one at either end. See ranking.py.
        self.rounds, self.seconds = (1, 0.3) if quick else (9, 0.4)
        self.round = 0
        self.subjects: dict[str, Variant] = {}
        self.slices: list[dict] = []
        self.notes: list[str] = []
        # For pictures: what is more than one number a slice.
        self.detail: dict = {}
        self.stack = contextlib.ExitStack()

    # --- servers ---

    def start(self, variant: Variant, *more: str, cpus: str = "") -> Server:
        """One that runs until the experiment is over."""
        server = subjects.start(variant, self.root, cpus or self.cpus.server, *more)
        self.stack.callback(server.stop)
        self.subjects[variant.key] = variant
        return server

    def start_all(self, variants: Sequence[Variant], *more: str) -> list[Server]:
        return [self.start(v, *more) for v in variants]

    def hold_idle(self, server: Server, connections: int) -> None:
        """Connections that have asked once, and then only stay."""
        command = generator.load_command(server, SMALL, self.cpus.generator, "--idle", connections,
                                         "--idle-after-request",
                                         "--connections", 1, "--rate", 0.1, "--duration", "1h")
        holder = generator.background(command)
        self.stack.callback(holder.wait)
        self.stack.callback(holder.kill)
        end = time.monotonic() + 60
        while len(os.listdir(f"/proc/{server.pid}/fd")) < connections:
            if holder.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{server.key}: {connections} idle connections could not be had: is ulimit -Hn "
                                   "above that?")
            time.sleep(0.1)
        time.sleep(0.5)

    # --- turns ---

    def turns(self, subjects: Sequence, what: str, rounds: int = 0) -> Iterator:
        """Each of the subjects once a round."""
        rounds = min(rounds or self.rounds, self.rounds)
        for self.round in range(rounds):
            turn = self.round * len(subjects) // rounds
            for subject in [*subjects[turn:], *subjects[:turn]]:
                name = subject.variant.name if isinstance(subject, Server) else str(subject)
                self.progress.say(f"{self.title}: {what}", f"round {self.round + 1} of {rounds}: {name}")
                yield subject

    def record(self, subject: str, **values: float) -> None:
        self.slices.append({"subject": subject, "round": self.round, "values": values})

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    # --- slices ---

    def closed(self, server: Server, path: str, connections: int, *options: object, seconds: float = 0) -> dict:
        """Every client asks again as soon as it is answered: what a request costs, and how many there can be."""
        report = self.answered(server, lambda longer: generator.closed(
            server, path, self.cpus.generator, connections, longer * (seconds or self.seconds), *options))
        cost = report["server"]
        self.record(server.key, cpu=cost["cpu_us_per_request"], answered=report["requests_per_second"],
                    switches=cost["voluntary_switches_per_request"] + cost["involuntary_switches_per_request"])
        if cost["switches_at_least"]:
            self.note(f"{server.variant.name}: its processes or threads end with their connections, and take the "
                      "count of their context switches with them: there are more than shown.")
        return report

    def at_rate(self, server: Server, path: str, connections: int, rate: float, *options: object,
                seconds: float = 0) -> dict:
        """Requests come when they come: how long they take, counted from when they were due."""
        report = self.answered(server, lambda longer: generator.at_rate(
            server, path, self.cpus.generator, connections, rate, longer * (seconds or self.seconds), *options))
        latency = report["latency"]
        self.record(server.key, p50=latency["p50_us"], p99=latency["p99_us"])
        if report["generator"]["starved_percent"] > 5 and not self.quick:
            self.note("Others took the generator's CPU for more than 5 % of a slice at a fixed rate: that is in the "
                      "latencies.")
        return report

    def answered(self, server: Server, slice_of: Callable[[int], dict]) -> dict:
        """A slice in which others had the CPUs all the time says nothing: take a longer one."""
        for longer in (1, 4, 16):
            try:
                report = slice_of(longer)
            except generator.NothingAnswered as e:
                said = str(e)
                continue
            if report["server"]["children_unknown"]:
                raise RuntimeError(f"{server.key}: the server ignores SIGCHLD: nobody knows what its children used")
            said = f"not one request was answered: {report['outcomes']}"
            if report["server"]["requests"] and report["latency"]["count"]:
                self.watch_generator(server, report)
                return report
        raise RuntimeError(f"{server.key}: {said}")

    def watch_generator(self, server: Server, report: dict) -> None:
        if report["generator"]["generator_bound"] and report["loop"] == "closed":
            self.note(f"{server.variant.name}: the generator was busy all the time: the server could answer more a "
                      "second than it was asked. What a request costs the server is not touched by that.")

    def inspect(self, server: Server, path: str, connections: int, requests: int, *options: object,
                memory_base: float | None = None) -> None:
        """What need not be measured often: memory while connections are held, system calls."""
        self.round = 0
        self.progress.say(f"{self.title}: memory, system calls", server.variant.name)
        if memory_base is not None:
            self.record(server.key, pss=max(self.memory(server, path, connections) - memory_base, 0) / connections)
        if not syscalls.available():
            self.note("strace is not installed: no system calls were counted.")
            return
        answered = []

        def ask() -> float:
            report = generator.load(server, path, self.cpus.generator, "--connections", connections, "--requests",
                                    requests,
                                    "--duration", 20, "--timeout", 20, *options)
            answered.append(report["outcomes"]["ok"])
            return answered[-1]

        calls = syscalls.count([server.pid], self.cpus.generator, ask)
        self.record(server.key, syscalls=sum(calls.values()))
        by_name = self.detail.setdefault("system calls", {})
        by_name[server.key] = {name: round(n, 3) for name, n in calls.items() if n >= 0.005}

    def memory(self, server: Server, path: str, connections: int) -> float:
        """KiB of all processes, while so many connections are held that have asked."""
        command = generator.load_command(server, path, self.cpus.generator, "--connections", connections, "--rate",
                                         max(20 * connections, 20), "--duration", 0.5, "--timeout", 0.7)
        load = generator.background(command)
        time.sleep(0.35)
        kib = accounting.pss_kib([server.pid])
        generator.finish(load)
        return kib

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stack.close()


def make_root(folder: Path) -> Path:
    """What the servers serve: one small page, and files from small to large."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SMALL[1:]).write_bytes(b"x" * SMALL_OCTETS)
    for size in SIZES:
        (folder / f"{size}.bin").write_bytes(os.urandom(1024) * (size // 1024) + b"y" * (size % 1024))
    return folder


SIZES = (512, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20)
