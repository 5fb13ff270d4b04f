"""A conversation with a host program: numbered questions, and what their answers must be.

The program reads a line at a time and answers some of them, each with the number of the line in
front. It holds foreign code, so it only answers; right and wrong are told apart here.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .outcome import Failure

NUMBERED = re.compile(r"^([1-9]\d*) (.*)$")


@dataclass(frozen=True)
class Question:
    """`wrong` says in one sentence what is wrong with an answer; None if nothing is."""

    about: str
    wrong: Callable[[str], str | None]
    look: str


@dataclass
class Conversation:
    """Lines for the program, and the questions among them by number."""

    look: str
    lines: list[str] = field(default_factory=list)
    questions: dict[int, Question] = field(default_factory=dict)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def question(self, line: str, about: str, wrong: Callable[[str], str | None], look: str = "") -> None:
        self.say(line)
        self.questions[len(self.lines)] = Question(about, wrong, look or self.look)

    def answers(self, run: Callable[[str], tuple[list[str], Failure | None]]) -> tuple[dict[int, str], Failure | None]:
        """What the program answered, by number, and how it died, if it did."""
        said, end = run("\n".join(self.lines) + "\n")
        given: dict[int, str] = {}
        for line in said:
            match = NUMBERED.match(line)
            if match and int(match[1]) not in given and int(match[1]) in self.questions:
                given[int(match[1])] = match[2]
            elif match or end is None:
                raise Failure(f"Your code printed {line[:60]!r} among the answers.", "It must print nothing.")
        return given, end

    def judge(self, run: Callable[[str], tuple[list[str], Failure | None]]) -> None:
        """Ask, and judge in order. Raises Failure at the first answer that is not right."""
        given, end = self.answers(run)
        for number, question in self.questions.items():
            if number not in given:
                if end is None:
                    raise Failure(f"{question.about}: no answer came.", question.look)
                raise Failure(f"{end.why} It was asked: {question.about[0].lower()}{question.about[1:]}.",
                              end.look or question.look)
            if wrong := question.wrong(given[number]):
                raise Failure(wrong, question.look)
        if end is not None:
            raise end
