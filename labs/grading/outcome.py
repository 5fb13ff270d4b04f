"""The grader's vocabulary: a check passes, fails, or could not tell.

Could-not-tell is the grader's own trouble (no image, no compiler, a VM that did not start). It is
never a zero for the student: it ends the grading with a status of its own.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    PASS = "pass"
    FAIL = "fail"
    COULD_NOT_TELL = "could-not-tell"


class Failure(Exception):
    """The submission does something wrong. `why` is one sentence, `look` says where to look."""

    def __init__(self, why: str, look: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.look = look


class Infrastructure(Exception):
    """The grader could not do its work: what failed, which object, why, what to do."""


class Usage(Exception):
    """The command line, or what it names, makes no sense."""


@dataclass
class Part:
    """One half of a step: its host tests, or its run in the course VM."""

    name: str
    points: int
    verdict: Verdict
    why: str = ""
    look: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        return self.points if self.verdict is Verdict.PASS else 0


@dataclass
class StepResult:
    """What came of one step."""

    number: int
    title: str
    parts: list[Part] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(part.points for part in self.parts)

    @property
    def earned(self) -> int:
        return sum(part.earned for part in self.parts)

    @property
    def verdict(self) -> Verdict:
        verdicts = {part.verdict for part in self.parts}
        for verdict in (Verdict.COULD_NOT_TELL, Verdict.FAIL):
            if verdict in verdicts:
                return verdict
        return Verdict.PASS

    @property
    def sentence(self) -> str:
        """Why points were lost and where to look; empty if none were."""
        for part in self.parts:
            if part.verdict is not Verdict.PASS:
                return " ".join(text for text in (part.why, part.look) if text)
        return ""


@dataclass
class Grade:
    """What came of a whole submission."""

    lab: str
    title: str
    seed: int
    kernel: str
    steps: list[StepResult]
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(step.points for step in self.steps)

    @property
    def earned(self) -> int:
        return sum(step.earned for step in self.steps)

    @property
    def could_not_tell(self) -> bool:
        return any(step.verdict is Verdict.COULD_NOT_TELL for step in self.steps)
