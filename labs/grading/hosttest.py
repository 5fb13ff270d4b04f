"""Host tests: the submission's files, built as a program on this machine and run confined.

A lab's checks.py gets a Host for each step. It builds programs, feeds them questions and judges
the answers; the program holds foreign code, so nothing it says of itself counts.
"""
from __future__ import annotations

import hashlib
import random
import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import sandbox
from .lab import TREE
from .outcome import Failure, Infrastructure

CC = "gcc"
ERROR = re.compile(r"^(?P<where>[^\s:]+:\d+(?::\d+)?): (?:fatal )?error: (?P<what>.*)$", re.MULTILINE)
UBSAN = re.compile(r"^(?P<where>[^\s:]+:\d+):\d+: runtime error: (?P<what>.*)$", re.MULTILINE)
BUG = re.compile(r"^BUG: (?P<where>[^\s:]+:\d+): (?P<what>.*)$", re.MULTILINE)
CRASH = re.compile(r"^crash: (?P<signal>\w+) at (?P<pc>[0-9a-f]+) address (?P<address>[0-9a-f]+)$", re.MULTILINE)
# What a lab's own program has found out, in a sentence without its full stop.
FOUND = re.compile(r"^found: (?P<what>.*)$", re.MULTILINE)
COMPLAINT = re.compile(r"^probe: (?P<what>.*)$", re.MULTILINE)
OURS = "reference/"


def first_error(text: str) -> str | None:
    """The compiler's first error, as "file:line: message"."""
    match = ERROR.search(text)
    if match:
        return f"{match['where']}: {match['what']}"
    return None


def plain_place(place: str) -> str:
    """file:line as a student knows it."""
    return re.sub(r"^.*/(?=[^/]+:)", "", place)


@dataclass
class Host:
    """What the host tests of one step work with.

    `composed` is the lab's files by path: the reference with this step's regions as submitted.
    """

    lab_folder: Path
    composed: Mapping[str, str]
    work: Path
    cache: Path
    rng: random.Random

    def object_file(self, path: str, flags: Sequence[str], headers: str) -> Path:
        """Compiles one file. An object of the project's own is kept for other gradings."""
        text = self.composed.get(path)
        submitted = text is not None and text != (TREE / path).read_text()
        if text is None:
            text = (TREE / path).read_text()
        key = hashlib.sha256("\0".join([CC, path, *flags, headers, text]).encode()).hexdigest()
        target = (self.work if submitted else self.cache) / f"{key}.o"
        if target.exists():
            return target
        source = self.work / f"{key[:8]}-{Path(path).name}"
        source.write_text(text if submitted else f'#line 1 "{OURS}{Path(path).name}"\n{text}')
        made = self.work / f"{key}.new"
        ended = sandbox.compile_limited([CC, *flags, f"-I{(TREE / path).parent}", "-c", "-o", str(made), str(source)])
        if ended.status == 0:
            made.replace(target)
            return target
        if not submitted:
            raise Infrastructure(f"cannot compile: {path}: {ended.errors.strip()[:500]}: "
                                 "is `make setup` done?")
        if ended.timed_out:
            raise Failure(f"{Path(path).name} is too much for the compiler.")
        why = first_error(ended.errors) or ended.errors.strip().splitlines()[0]
        raise Failure(f"It does not compile: {why}.", "Compile it yourself first; the handout says how.")

    def build(self, name: str, sources: Sequence[str], flags: Sequence[str],
              include_roots: Sequence[str], libraries: Sequence[str] = ()) -> Path:
        """Builds a static program. `include_roots`: folders whose headers the objects depend on. `libraries`: -l flags."""
        self.cache.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True, exist_ok=True)
        headers = hashlib.sha256()
        for root in include_roots:
            for header in sorted((TREE / root).rglob("*.h")):
                headers.update(header.read_bytes())
        with ThreadPoolExecutor(2) as pool:
            objects = list(pool.map(lambda p: self.object_file(p, flags, headers.hexdigest()), sources))
        link = [flag for flag in flags if flag.startswith("-fsanitize")]
        key = hashlib.sha256("\0".join([CC, *link, *libraries, *(o.stem for o in objects)]).encode()).hexdigest()
        kept = (self.cache if all(o.parent == self.cache for o in objects) else self.work) / f"{key}.program"
        if kept.exists():
            return kept
        program = self.work / name
        ended = sandbox.compile_limited([CC, "-static", *link, "-o", str(program), *map(str, objects), *libraries])
        if ended.status:
            why = re.search(r"(?:undefined reference|multiple definition).*", ended.errors)
            raise Failure(f"It does not link: {why[0] if why else 'the linker gave up'}.",
                          "Only define what the skeleton defines.")
        program.replace(kept)
        return kept

    def run(self, program: Path, questions: str) -> tuple[list[str], Failure | None]:
        """The program's answers, and how it died, if it did."""
        ended = sandbox.run(program, questions.encode())
        answers = ended.output.splitlines()
        if ended.timed_out:
            return answers, Failure("Your code does not come to an end.", "Look for a loop that nothing stops.")
        for pattern, text in ((UBSAN, "Undefined behaviour"), (BUG, "A check of the kernel's own failed")):
            if match := pattern.search(ended.errors):
                return answers, Failure(f"{text}: {match['what']}.", f"See {plain_place(match['where'])}.")
        if match := CRASH.search(ended.errors):
            place = where_is(program, int(match["pc"], 16))
            return answers, Failure(f"Your code crashed ({match['signal']} at address 0x{match['address']}).",
                                    f"It happened in {place}.")
        if match := FOUND.search(ended.errors):
            return answers, Failure(f"{match['what'][:200]}.")
        if match := COMPLAINT.search(ended.errors):
            return answers, Failure(f"The program does not understand {match['what'][:200]}.")
        if ended.status < 0:
            return answers, Failure(f"Your code ended the program with {ended.signal_name}.")
        if ended.status:
            return answers, Failure(f"Your code ended the program with status {ended.status}.")
        return answers, None


def where_is(program: Path, address: int) -> str:
    """function, file:line of an address in a program."""
    done = subprocess.run(["addr2line", "-f", "-e", program, hex(address)], capture_output=True, text=True, check=False)
    lines = done.stdout.split("\n") + ["??", "??:0"]
    return f"{lines[0]}(), {plain_place(lines[1].split(' ')[0])}"
