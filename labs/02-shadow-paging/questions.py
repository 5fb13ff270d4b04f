"""A conversation with host/probe.c: questions, the answers they must get, and the judgement."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import paging
from grading.outcome import Failure
from paging import Memory, Mode, Walk

NUMBERED = re.compile(r"^([1-9]\d*) (.*)$")


def in_words(answer: str) -> str:
    """An answer of the probe for people: rights and bits by name."""
    answer = re.sub(r"\b(bits|above) ([0-9a-f]+)", lambda m: f"{m[1]} {paging.bits(int(m[2], 16))}", answer)
    answer = re.sub(r"\bfault ([0-9a-f]+)", lambda m: f"#PF with error code 0x{m[1]}", answer)
    answer = re.sub(r" / .*", "", answer)
    return re.sub(r"\baccess ([0-7])\b",
                  lambda m: "rights " + "".join(c if int(m[1]) >> i & 1 else "-" for i, c in enumerate("WUX")), answer)


@dataclass
class Question:
    expected: str
    about: str
    look: str


@dataclass
class Conversation:
    """Lines for the probe. The memory beside it is what the guest's memory must be."""

    look: str
    lines: list[str] = field(default_factory=list)
    questions: dict[int, Question] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    mode: Mode = field(default_factory=Mode)

    def do(self, verb: str, *numbers: int) -> None:
        self.lines.append(" ".join([verb, *(f"{n & paging.MASK:x}" for n in numbers)]))

    def ask(self, expected: str, about: str, verb: str, *numbers: int, look: str = "") -> None:
        self.do(verb, *numbers)
        self.questions[len(self.lines)] = Question(expected, about, look or self.look)

    def machine(self, strategy: str, slots: list[tuple[int, int]], pages: int = 0x400) -> None:
        """A new machine; memory is zero."""
        self.lines.append(f"new {strategy} {pages:x}")
        self.memory = Memory(list(slots))
        for base, count in slots:
            self.do("slot", base, count)

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode
        self.do("mode", *mode.registers)

    def poke(self, gpa: int, value: int) -> None:
        """Change guest memory without the core knowing."""
        self.memory.write(gpa, value)
        self.do("poke", gpa >> 12, gpa >> 3 & 511, value)

    def write(self, gpa: int, value: int) -> None:
        """The guest writes 8 bytes to what may be a table, and the core is told."""
        self.memory.write(gpa, value)
        self.do("write", gpa, value, 8)

    def walk(self, gva: int, want: int, look: str = "") -> Walk:
        """Ask for a walk; its answer must be the reference's."""
        result = paging.walk(self.memory, self.mode, gva, want)
        self.ask(result.answer, f"The walk of 0x{gva:x} for a {paging.kind(want)} ({self.mode}; {result})",
                 "walk", gva, want, look=look)
        return result

    def fault(self, gva: int, want: int, expected: str = "", look: str = "") -> Walk:
        """A page fault of the guest; what is done about it must be the right thing."""
        result = paging.walk(self.memory, self.mode, gva, want)
        if not expected:
            expected = f"inject {result.error:x}" if result.error is not None else "resume"
        self.ask(expected, f"What is done about a {paging.kind(want)} at 0x{gva:x} ({result})", "fault", gva, want,
                 look=look)
        return result

    def shadow(self, gva: int, expected: str, about: str, look: str = "") -> None:
        self.ask(expected, about, "shadow", gva, look=look)

    def memory_is_right(self, about: str) -> None:
        self.ask(f"{self.memory.sum():x}", about, "sum", look="Only A and D of the entries used may change.")

    def judge(self, run: Callable[[str], tuple[list[str], Failure | None]]) -> None:
        """Ask, and compare in order. Raises Failure at the first answer that is not right."""
        answers, end = run("\n".join(self.lines) + "\n")
        given: dict[int, str] = {}
        for line in answers:
            match = NUMBERED.match(line)
            if not match or int(match[1]) in given or int(match[1]) not in self.questions:
                if match or end is None:
                    raise Failure(f"Your code printed {line[:60]!r} among the answers.", "It must print nothing.")
                continue
            given[int(match[1])] = match[2]
        for number, question in self.questions.items():
            if number not in given:
                if end is None:
                    raise Failure(f"{question.about}: no answer came.", question.look)
                raise Failure(f"{end.why} It was asked: {question.about[0].lower()}{question.about[1:]}.", end.look)
            if given[number] != question.expected:
                raise Failure(self.mismatch(question, given[number]), question.look)
        if end is not None:
            raise end

    def mismatch(self, question: Question, got: str) -> str:
        if question.expected.isalnum() and len(question.expected) > 8:
            return f"{question.about}: memory is not what it should be."
        expected, given = in_words(question.expected), in_words(got)
        if expected == given:
            expected, given = question.expected, got
        return f"{question.about}: it should be {expected}; your code says {given}."
