"""Step 8: a machine on which a thief can steal, drawn from the student's name, and what is true of it.

	labs/07-shares-and-credits/attack NAME | labs/try 07
"""
from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from grading import answers
from grading.outcome import Failure, Infrastructure
from scenario import value

Run = Callable[[str], tuple[list[str], Failure | None]]

SECONDS = 10
# The thief's runs are tried in steps of so many us.
STEP = 100
NUMBERS = ("exact", "tick", "no_boost", "crowd_pays", "longest")
# Thousandths may be rounded up or down.
OFF_BY = {"exact": 1, "tick": 1, "no_boost": 1, "crowd_pays": 2, "longest": 0}
LOOK = {
    "exact": "sampled=0 in the line of the pool; used t, of all that was used.",
    "tick": "sampled=1 in the line of the pool; used t, of all that was used.",
    "no_boost": "sampled=1, and burst=0 in the line of group t.",
    "crowd_pays": "sampled=1; `spent` of show h, for each 1000 ms that used h tells.",
    "longest": f"sampled=1; try run= in steps of {STEP} until show t says that it has spent something.",
}


@dataclass(frozen=True)
class Attack:
    """A thief that wakes at each tick, runs for `run` us and sleeps across the next; and an honest crowd."""

    tick: int
    run: int
    thief: int
    crowd: int

    def lines(self, sampled: bool = True, burst: int = 30_000, run: int = 0) -> list[str]:
        """The scenario. The thief arrives when a tick has just gone by, and wakes with each from then on."""
        return [
            f"pool credit slot=10000 tick={self.tick} sampled={int(sampled)}",
            f"group t weight={self.thief} burst={burst}",
            f"group h weight={self.crowd}",
            "task h",
            f"run {10 * self.tick + 50}",
            "phase",
            f"task t run={run or self.run} sleep={self.tick}",
            f"run {SECONDS * 1_000_000}",
            "used t", "used h", "show t", "show h",
        ]


def of(student: str) -> Attack:
    """The machine that belongs to a name, however it is written."""
    rng = random.Random("lab 07 " + " ".join(student.lower().split()))
    tick = rng.randrange(60, 140) * STEP
    return Attack(tick, tick * rng.randrange(70, 92) // 100 // STEP * STEP, 256, 256 * rng.randrange(2, 6))


def ask(run: Run, scenarios: list[list[str]]) -> list[dict[str, int]]:
    """Runs scenarios one after the other: what thief and crowd used and spent in each."""
    said, end = run("\n".join(line for lines in scenarios for line in lines) + "\n")
    if end:
        raise Infrastructure(f"cannot measure: the attack: {end.why}: see labs/try 07")
    found = []
    for i in range(0, len(said), 4):
        used_t, used_h, show_t, show_h = said[i:i + 4]
        found.append({"t": value(used_t, "used") or 0, "h": value(used_h, "used") or 0,
                      "paid_t": value(show_t, "spent") or 0, "paid_h": value(show_h, "spent") or 0})
    return found


def measure(attack: Attack, run: Run) -> dict[str, int]:
    """The right answers, from the simulator."""
    def part(a: int, of_all: int) -> int:
        return round(1000 * a / of_all) if of_all else 0

    # the sooner it goes to sleep the less it is seen; no need to try them all
    runs = range(attack.tick - 2000, attack.tick + 1, STEP)
    exact, tick, no_boost, *tried = ask(run, [attack.lines(sampled=False), attack.lines(), attack.lines(burst=0),
                                              *(attack.lines(run=us) for us in runs)])
    unseen = 0
    for us, seen in zip(runs, tried):
        if seen["paid_t"]:
            break
        unseen = us
    return {"exact": part(exact["t"], exact["t"] + exact["h"]), "tick": part(tick["t"], tick["t"] + tick["h"]),
            "no_boost": part(no_boost["t"], no_boost["t"] + no_boost["h"]),
            "crowd_pays": part(tick["paid_h"], tick["h"]), "longest": unseen}


def judge(text: str, run: Run) -> None:
    """Raises Failure at the first answer that is not what the simulator says."""
    given, student = answers.load(text, "machine")
    true = measure(of(student), run)
    for name in NUMBERS:
        got = answers.whole(given, name, LOOK[name])
        if abs(got - true[name]) > OFF_BY[name]:
            raise Failure(f"On the machine of {student[:40]}, {name} is not {got}.", LOOK[name])
