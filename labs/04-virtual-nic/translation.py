"""A conversation with host/probe.c: packets that are sent through a translator, and what must come of each."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import datagrams
from datagrams import End
from grading import conversation

# What translator.h says of all that there is, as far as a student's code can break it.
INVARIANTS = {
    "N1": "a mapping is found by its inside end, by its outside end, and by its guest",
    "N2": "no two mappings have the same inside end, and no two the same outside end",
    "N3": "a port is taken if a mapping has it, and only then",
    "N4": "mappings and sessions are as many as counted",
    "N5": "a session is in the list of its mapping that says how it holds it",
    "N6": "no two sessions of a mapping are with the same remote end",
    "N7": "nothing was last used after now",
}
ANSWER = re.compile(r"^(?P<way>drop|host|out|in|nowhere) (?P<reason>[a-z-]+)(?: to (?P<to>[\d.]+))?(?P<told> told)?"
                    r" \| [^|]* \| (?P<octets>[0-9a-f]*)$")
WAYS = {"drop": "dropped", "host": "left to the host", "out": "sent out", "in": "given to a guest"}

OUTSIDE, OUTSIDE2 = "192.0.2.1", "192.0.2.2"
ROUTER = "192.0.2.254"


def guest(number: int) -> str:
    """Address of a guest, from 0."""
    return f"10.9.0.{2 + number}"


class Wrong(Exception):
    """A port that was chosen is not as it should be: one clause."""


# The octets that are right; or what tells them, given those that came.
Want = bytes | Callable[[bytes], bytes]


@dataclass
class Translation(conversation.Conversation):
    """Lines for the probe. `story` is what sentences begin with; `learnt` are ends that answers told."""

    story: str = ""
    learnt: dict[str, End] = field(default_factory=dict)

    def nat(self, story: str, **options: int) -> None:
        """A new translator."""
        self.say(" ".join(["nat", *(f"{k}={v}" for k, v in options.items())]))
        self.story, self.learnt = story, {}

    def one_chain(self, story: str, **options: int) -> None:
        """The same, but all that there is is in one chain of each hash table."""
        most = options.pop("most", 64)
        self.nat(story, most=1, quota=1, sessions=1, **options)
        self.say(f"set most={most} quota={most} sessions={2 * most}")

    def wait(self, ms: int) -> None:
        self.say(f"wait {ms}")

    def packet(self, verb: str, sent: bytes, way: str, want: Want | None, what: str, look: str, *, reason: str = "",
               to: str = "", told: bool | None = None) -> None:
        """`verb` a packet: it must go that way, and be these octets then (None: they are not asked)."""
        story = self.story

        def wrong(answer: str) -> str | None:
            match = ANSWER.match(answer)
            about = f"{story}: {what}: {datagrams.words(sent)}"
            if not match:
                return f"{about}: your code says {answer[:60]}."
            is_way = f"{WAYS.get(match['way'], 'lost')} ({match['reason']})"
            if match["way"] != way or (reason and match["reason"] != reason):
                return f"{about}: it should be {WAYS[way]}{f' ({reason})' if reason else ''}; it is {is_way}."
            if to and match["to"] != to:
                return f"{about}: it should be given to {to}; it is given to {match['to'] or 'nobody'}."
            if told is not None and bool(match["told"]) != told:
                return f"{about}: its sender should {'' if told else 'not '}be told (`prohibited`)."
            return self.octets_wrong(about, bytes.fromhex(match["octets"]), want)
        self.question(f"{verb} {sent.hex()}", f"What becomes of {what} ({story})", wrong, look)

    @staticmethod
    def octets_wrong(about: str, got: bytes, want: Want | None) -> str | None:
        try:
            should = want(got) if callable(want) else want
        except Wrong as why:
            return f"{about}: {why}. It is {datagrams.words(got)}: {datagrams.in_hex(got)}."
        if should is None or got == should:
            return None
        bad = datagrams.faults(got)
        sums = f" with a wrong {' and a wrong '.join(bad)}" if bad else ""
        return (f"{about}: it should become {datagrams.words(should)}; it is {datagrams.words(got)}{sums}: "
                f"{datagrams.differences(should, got)}. Its octets: {datagrams.in_hex(got)}; they should be "
                f"{datagrams.in_hex(should)}.")

    def out(self, sent: bytes, way: str, want: Want | None, what: str, look: str, **more: object) -> None:
        self.packet("out", sent, way, want, what, look, **more)

    def into(self, sent: bytes, way: str, want: Want | None, what: str, look: str, **more: object) -> None:
        self.packet("in", sent, way, want, what, look, **more)

    def rewrite(self, which: str, to: End, sent: bytes, want: Want, what: str, look: str,
                partial: bool = False) -> None:
        """Ask for one of the four setters of packet.h."""
        def wrong(answer: str) -> str | None:
            match = re.match(r"^rewritten \| [^|]* \| ([0-9a-f]*)$", answer)
            if not match:
                return f"{what}: your code says {answer[:60]}."
            about = f"{what}: {which} of {datagrams.words(sent)} becomes {to}"
            return self.octets_wrong(about, bytes.fromhex(match[1]), want)
        how = "partial " if partial else ""
        self.question(f"rewrite {which} {to.address}:{to.port} {how}{sent.hex()}", what, wrong, look)

    def left(self, protocol: int, inside: End, should: int, what: str, look: str, remote: End | None = None) -> None:
        """How long a mapping, or a session, lives yet, in ms."""
        story, name = self.story, datagrams.NAMES[protocol]

        def wrong(answer: str) -> str | None:
            match = re.match(r"^left (\d{1,20})$", answer)
            if match and int(match[1]) == should:
                return None
            return (f"{story}: {what}: the {name} {'session' if remote else 'mapping'} of {inside} should live "
                    f"{in_time(should)} yet; it lives {in_time(int(match[1])) if match else answer[:30]}.")
        end = f" {remote.address}:{remote.port}" if remote else ""
        self.question(f"left {name.lower()} {inside.address}:{inside.port}{end}",
                      f"How long does it live, {what} ({story})", wrong, look)

    def answer(self, line: str, should: str, what: str, look: str) -> None:
        """An answer that is known as a whole."""
        story = self.story

        def wrong(given: str) -> str | None:
            return None if given == should else f"{story}: {what}: it should be {should}; it is {given[:80]}."
        self.question(line, f"{story}: {what}", wrong, look)


def in_time(ms: int) -> str:
    if ms >= 1 << 63:
        return "for ever"
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms} ms"
