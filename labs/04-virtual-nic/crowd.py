"""Step 8: a crowd of guests behind too few ports, drawn from the student's name, and what is true of it.

	labs/04-virtual-nic/crowd NAME | labs/try 04
"""
from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grading import answers
from grading.outcome import Failure, Infrastructure

Run = Callable[[str], tuple[list[str], Failure | None]]

SERVER, OTHER, STRANGER = "198.51.100.7", "203.0.113.7", "203.0.113.99"
OUTSIDE = "192.0.2.1"
SECONDS = 600
NUMBERS = ("kept", "parity", "refused", "stranger", "friend", "silence")
LOOK = {
    "kept": "Of the lines that begin with `out`, those whose port is the same before and after.",
    "parity": "Of the lines that begin with `out`, those whose port is another, but even if it was even, odd if it was "
              "odd.",
    "refused": "Of the lines that begin with `out`, those that were dropped.",
    "stranger": f"Of the lines that begin with `in udp {STRANGER}`, those that say `in`.",
    "friend": f"filter=1 in the first line; of the lines that begin with `in udp {SERVER}:9`, those that say `in`.",
    "silence": f"Of the lines that begin with `in udp {SERVER}:80`, one a second, those that say `in`.",
}


@dataclass(frozen=True)
class Crowd:
    """Flows of guests, each a guest's number, its port and where to; ports of the range; mappings of one guest at
    most; ms that a mapping lives."""

    flows: tuple[tuple[int, int, str], ...]
    first: int
    last: int
    quota: int
    udp: int
    seed: int

    def lines(self, filtered: bool = False) -> list[str]:
        """The scenario: all send; somebody scans; then one guest sends for the last time."""
        return list(self.scenario(filtered))

    def scenario(self, filtered: bool) -> Iterator[str]:
        yield (f"nat first={self.first} last={self.last} most=512 quota={self.quota} sessions=2048 udp={self.udp} "
               f"seed={self.seed} filter={int(filtered)}")
        for number, port, to in self.flows:
            yield f"out udp 10.9.0.{2 + number}:{port} {to}:80"
        for port in range(self.first, self.last + 1):
            yield f"in udp {STRANGER}:9 {OUTSIDE}:{port}"
        for port in range(self.first, self.last + 1):
            yield f"in udp {SERVER}:9 {OUTSIDE}:{port}"
        number, port, _ = self.flows[0]
        yield f"out udp 10.9.0.{2 + number}:{port} {SERVER}:80"
        for _ in range(SECONDS):
            yield "wait 1000"
            yield f"in udp {SERVER}:80 {OUTSIDE}:{port}"


def of(student: str) -> Crowd:
    """The crowd that belongs to a name, however it is written."""
    rng = random.Random("lab 04 " + " ".join(student.lower().split()))
    first = 2 * rng.randrange(2000, 20_000) + rng.randrange(2)
    ports = rng.randrange(90, 130)
    last = first + ports - 1
    flows = {(rng.randrange(12), rng.randrange(first, first + ports * 2 // 3)) for _ in range(ports * 3 // 2)}
    drawn = sorted(flows)[:ports + rng.randrange(4, 12)]
    rng.shuffle(drawn)
    return Crowd(tuple((guest, port, rng.choice((SERVER, OTHER))) for guest, port in drawn), first, last,
                 rng.randrange(11, 13), rng.randrange(120_000, 500_000), rng.randrange(1, 1 << 30))


def measure(crowd: Crowd, run: Run) -> dict[str, int]:
    """The right answers, from the translator."""
    lines = [crowd.lines(filtered=False), crowd.lines(filtered=True)]
    said, end = run("\n".join(line for scenario in lines for line in scenario) + "\n")
    if end:
        raise Infrastructure(f"cannot measure: the crowd: {end.why}: see labs/try 04")
    said_of = {int(line.split(" ", 1)[0]): line.split(" ", 1)[1] for line in said}
    flows = range(2, 2 + len(crowd.flows))
    count = crowd.last - crowd.first + 1
    stranger = 2 + len(crowd.flows)
    friend = len(lines[0]) + stranger + count
    silence = stranger + 2 * count + 1
    ports = [(inside, int(match[1]) if (match := re.match(r"out created \| udp [\d.]+:(\d+) ", said_of[at])) else 0)
             for at, (_, inside, _) in zip(flows, crowd.flows)]

    def let_in(first: int, count: int) -> int:
        return sum(said_of[at].startswith("in ") for at in range(first, first + count) if at in said_of)
    return {
        "kept": sum(inside == outside for inside, outside in ports),
        "parity": sum(inside != outside > 0 and inside % 2 == outside % 2 for inside, outside in ports),
        "refused": sum(not outside for _, outside in ports),
        "stranger": let_in(stranger, count), "friend": let_in(friend, count),
        "silence": let_in(silence, 2 * SECONDS),
    }


def judge(text: str, run: Run) -> None:
    """Raises Failure at the first answer that is not what the translator says."""
    given, student = answers.load(text, "crowd")
    true = measure(of(student), run)
    for name in NUMBERS:
        got = answers.whole(given, name, LOOK[name])
        if got != true[name]:
            raise Failure(f"In the crowd of {student[:40]}, {name} is not {got}.", LOOK[name])
