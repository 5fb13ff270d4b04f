"""A conversation with host/probe.c: questions about paging, and the answers they must get."""
from __future__ import annotations

import re
from dataclasses import dataclass, field

import paging
from grading import conversation
from paging import Memory, Mode, Walk


def in_words(answer: str) -> str:
    """An answer of the probe for people: rights and bits by name."""
    answer = re.sub(r"\b(bits|above) ([0-9a-f]+)", lambda m: f"{m[1]} {paging.bits(int(m[2], 16))}", answer)
    answer = re.sub(r"\bfault ([0-9a-f]+)", lambda m: f"#PF with error code 0x{m[1]}", answer)
    answer = re.sub(r" / .*", "", answer)
    return re.sub(r"\baccess ([0-7])\b",
                  lambda m: "rights " + "".join(c if int(m[1]) >> i & 1 else "-" for i, c in enumerate("WUX")), answer)


def words(verb: str, *numbers: int) -> str:
    return " ".join([verb, *(f"{n & paging.MASK:x}" for n in numbers)])


def mismatch(about: str, expected: str, got: str) -> str:
    if expected.isalnum() and len(expected) > 8:
        return f"{about}: memory is not what it should be."
    should, given = in_words(expected), in_words(got)
    if should == given:
        should, given = expected, got
    return f"{about}: it should be {should}; your code says {given}."


@dataclass
class Conversation(conversation.Conversation):
    """Lines for the probe. The memory beside it is what the guest's memory must be."""

    memory: Memory = field(default_factory=Memory)
    mode: Mode = field(default_factory=Mode)

    def do(self, verb: str, *numbers: int) -> None:
        self.say(words(verb, *numbers))

    def ask(self, expected: str, about: str, verb: str, *numbers: int, look: str = "") -> None:
        def wrong(given: str) -> str | None:
            return None if given == expected else mismatch(about, expected, given)
        self.question(words(verb, *numbers), about, wrong, look)

    def machine(self, strategy: str, slots: list[tuple[int, int]], pages: int = 0x400) -> None:
        """A new machine; memory is zero."""
        self.say(f"new {strategy} {pages:x}")
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
