"""A conversation with host/probe.c: a simulated machine, what is done on it, and what must come of it."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from grading import conversation

# What the rules of csched.h ask for, for those that a student's code can break.
RULES = {
    "S1": "no more tasks run than there are slots",
    "S2": "no slot is free while a task waits in a group that is not throttled",
    "S3": "whoever has no slot has been told to stop",
    "S4": "the lags of all active groups add up to 0",
    "S5": "earned = spent + balance + discarded, and the balance is at most burst",
    "S6": "cap time is at most one slot, and who has none left does not run",
    "S7": "nobody waits for ever",
    "O3": "nobody waits for ever",
    "O4": "in any 100 ms a group runs at most its cap and one slot",
}
SLOT = 5000		# us, of the machines that do not say otherwise


def ms(ns: float) -> str:
    """ns in words."""
    if 0 < abs(ns) < 1000:
        return f"{ns:.0f} ns"
    return f"{ns / 1e6:.3f} ms".replace(".000", "")


def fields(answer: str) -> dict[str, str]:
    """An answer of `show`: name=value ..."""
    return dict(part.split("=", 1) for part in answer.split() if "=" in part)


def value(answer: str, name: str) -> int | None:
    """The number in an answer: `name N`, or name=N among others."""
    match = re.search(rf"(?:^|\s){name}[ =](-?\d{{1,20}})(?:\s|$)", answer)
    return int(match[1]) if match else None


@dataclass
class Scenario(conversation.Conversation):
    """Lines for the probe. Times are in us, answers in ns."""

    story: str = ""

    def machine(self, policy: str, story: str, **options: int) -> None:
        """A new machine. `story` is what failure sentences begin with."""
        self.say(" ".join(["pool", policy, *(f"{k}={v}" for k, v in options.items())]))
        self.story = story

    def group(self, name: str, task: str | None = "", **options: int) -> None:
        """A group and one task in it: "" for one that runs whenever it may, None for no task."""
        self.say(" ".join(["group", name, *(f"{k}={v}" for k, v in options.items())]))
        if task is not None:
            self.say(f"task {name} {task}".rstrip())

    def run(self, us: int) -> None:
        self.say(f"run {us}")

    def forget(self, line: str) -> None:
        """Ask, and take any answer."""
        self.question(line, f"{self.story}: {line}", lambda answer: None)

    def number(self, line: str, name: str, what: str, least: float, most: float, look: str = "",
               words: Callable[[float], str] = ms) -> None:
        """A number of an answer must be from `least` to `most`."""
        def wrong(answer: str) -> str | None:
            got = value(answer, name)
            if got is not None and least <= got <= most:
                return None
            if words(least) == words(most):
                should = words(least)
            elif least > -float("inf") and most < float("inf"):
                should = f"{words(least)} to {words(most)}"
            else:
                should = f"at least {words(least)}" if most == float("inf") else f"at most {words(most)}"
            return f"{story}: {what} should be {should}; it is {words(got) if got is not None else answer[:40]}."
        story = self.story
        self.question(line, f"{story}: {what}", wrong, look)

    def text(self, line: str, what: str, wrong: Callable[[str], str | None], look: str = "") -> None:
        """An answer that is judged as a whole; `wrong` tells what should be and what is."""
        story = self.story

        def judged(answer: str) -> str | None:
            sentence = wrong(answer)
            return f"{story}: {sentence}." if sentence else None
        self.question(line, f"{story}: {what}", judged, look)

    def trace(self, count: int, apart: int, wrong: Callable[[str], str | None], look: str = "") -> None:
        """Who runs, at `count` moments."""
        def judged(answer: str) -> str | None:
            match = re.match(r"trace ([a-z-]+)$", answer)
            if not match or len(match[1]) != count:
                return "it cannot be told who runs"
            return wrong(match[1])
        self.text(f"trace {count} {apart}", "who runs", judged, look)
