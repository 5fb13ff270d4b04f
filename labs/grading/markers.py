"""Regions: the stretches of the reference that a lab's student writes.

	/* lab 02 step 1 begin: from CR3 down to the page; skeleton: return -EFAULT; */
	...
	/* lab 02 step 1 end */

In a file that is not C a marker is a comment of the form `# lab 02 step 1 begin: words`. The
skeleton holds the words after "skeleton:" (or nothing) in place of what is between. Grading
goes the other way: a student's region is put into the reference, so that each step is judged on
its own, with every other step solved.
"""
from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

BEGIN = re.compile(r"^(?P<indent>[ \t]*)/\* lab (?P<lab>\d\d) step (?P<step>\d+) begin: "
                   r"(?P<words>.*?)(?:; skeleton: (?P<skeleton>.*?))? \*/[ \t]*$")
END = re.compile(r"^[ \t]*/\* lab (?P<lab>\d\d) step (?P<step>\d+) end \*/[ \t]*$")
# Anything that looks as if it were meant to be one: a mistyped marker must not pass for text.
LIKELY = re.compile(r"/\*\s*lab\b.*\bstep\b", re.IGNORECASE)
HASH = re.compile(r"^(?P<indent>[ \t]*)# (?P<words>lab \d.*?)[ \t]*$", re.IGNORECASE)


class MarkerError(Exception):
    """The markers of a file do not fit: file:line: what is wrong."""


@dataclass(frozen=True)
class Region:
    """`first` and `last`: the lines between the markers, from 0, `last` not included."""

    step: int
    words: str
    skeleton: str
    indent: str
    first: int
    last: int


def is_c(name: str) -> bool:
    """Is it compiled? Then its regions are C, and messages speak of their lines."""
    return name.endswith((".c", ".h"))


def marker_line(line: str, name: str) -> str:
    """A line with its comment, if it is one, as in C."""
    return line if is_c(name) else HASH.sub(r"\g<indent>/* \g<words> */", line)


# A grading asks for the same files' regions for every step.
@functools.lru_cache(256)
def regions(text: str, lab: str, name: str, steps: frozenset[int] | None = None) -> tuple[Region, ...]:
    """The regions of one lab in a file, in order. `steps`: those that exist, if known."""
    found: list[Region] = []
    opened: tuple[int, re.Match[str]] | None = None
    for number, written in enumerate(text.split("\n")):
        line = marker_line(written, name)
        if not LIKELY.search(line):
            continue
        where = f"{name}:{number + 1}"
        begin, end = BEGIN.match(line), END.match(line)
        mark = begin or end
        if mark is None:
            raise MarkerError(f"{where}: not a marker: {written.strip()}: write "
                              "'/* lab NN step N begin: words */' or '/* lab NN step N end */'")
        if mark["lab"] != lab:
            continue
        step = int(mark["step"])
        if steps is not None and step not in steps:
            raise MarkerError(f"{where}: unknown step {step}: lab {lab} has no such step")
        if begin:
            if opened:
                raise MarkerError(f"{where}: step {step} begins inside step {opened[1]['step']}, "
                                  f"which begins in line {opened[0] + 1}")
            opened = (number, begin)
        elif not opened:
            raise MarkerError(f"{where}: step {step} ends but does not begin")
        elif int(opened[1]["step"]) != step:
            raise MarkerError(f"{where}: step {step} ends inside step {opened[1]['step']}, "
                              f"which begins in line {opened[0] + 1}")
        else:
            start, head = opened
            found.append(Region(step, head["words"], head["skeleton"] or "", head["indent"],
                                start + 1, number))
            opened = None
    if opened:
        raise MarkerError(f"{name}:{opened[0] + 1}: step {opened[1]['step']} begins but does not end")
    return tuple(found)


def replace(text: str, lab: str, name: str, new: Callable[[int, Region], list[str] | None]) -> str:
    """The file with each region's lines replaced by `new(i, region)`; None leaves them."""
    lines = text.split("\n")
    out: list[str] = []
    done = 0
    for i, region in enumerate(regions(text, lab, name)):
        out += lines[done:region.first]
        body = new(i, region)
        out += lines[region.first:region.last] if body is None else body
        done = region.last
    return "\n".join(out + lines[done:])


def skeleton(text: str, lab: str, name: str, steps: set[int], solved: set[int]) -> str:
    """The file as a student gets it: every region cut but those of the steps in `solved`."""
    regions(text, lab, name, frozenset(steps))

    def cut(_: int, region: Region) -> list[str] | None:
        if region.step in solved:
            return None
        lines = [region.indent + line for line in re.split(r"(?<=;) ", region.skeleton) if line]
        if is_c(name):
            return [f"{region.indent}/* Step {region.step}: your code, up to the next marker. */", *lines]
        return [f"{region.indent}# Step {region.step}: yours, up to the next marker.",
                *(line.rstrip(";") for line in lines)]

    # what follows "skeleton:" in a marker has done its duty
    return re.sub(r"(?m)^([ \t]*(?:/\*|#) lab " + lab + r" step \d+ begin: .*?); skeleton: .*?( \*/)?[ \t]*$",
                  r"\1\2", replace(text, lab, name, cut))


def body(text: str, region: Region) -> list[str]:
    """The lines of a region."""
    return text.split("\n")[region.first:region.last]


def graft(reference: str, student: str, lab: str, name: str, steps: set[int]) -> str:
    """The reference, with the regions of `steps` as the student has them.

    #line directives make every message speak of the student's line or of the reference's,
    whichever it comes from. Raises MarkerError if the student's markers are not the reference's.
    """
    theirs = regions(student, lab, f"your {name}")
    ours = regions(reference, lab, name)
    if [region.step for region in theirs] != [region.step for region in ours]:
        want = ", ".join(str(region.step) for region in ours)
        have = ", ".join(str(region.step) for region in theirs) or "none"
        raise MarkerError(f"your {name}: it has markers of steps {have}; {want} are needed, in "
                          "that order: put back those of the skeleton")

    def from_student(i: int, region: Region) -> list[str] | None:
        if region.step not in steps or body(student, theirs[i]) == body(reference, region):
            return None
        if not is_c(name):
            return body(student, theirs[i])
        return [f'#line {theirs[i].first + 1} "{name}"', *body(student, theirs[i]),
                f'#line {region.last + 1} "reference/{name}"']

    return replace(reference, lab, name, from_student)
