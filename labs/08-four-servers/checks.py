"""Lab 08: what is asked of each step.

A step is a list of checks. Each starts httpd, with the submission's regions of that step in it, in a
cell; clients of ours speak to it, and the kernel says what it did meanwhile: processes, descriptors,
memory, processor time. A check that fails is repeated with the reference, and stands only if the
reference passes: a machine that is too busy costs nobody points.
"""
from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asked_of_designs
import asked_of_events
import asked_of_life
import asked_of_pools
import asked_of_timers
import measured
from grading import cell
from grading.hosttest import BUG, CRASH, FOUND, UBSAN, Host, plain_place, where_is
from grading.lab import TREE
from grading.outcome import Failure, Infrastructure
from served import Place, Wrong, make_files

HTTPD = "userland/servers/httpd"
LAB = "labs/08-four-servers"
ANSWERS = f"{LAB}/answers.toml"
HEADERS = ["userland/lib", "userland/servers", "labs/grading/host"]
LIBRARIES = ["-lsodium", "-l:liburing.a"]
DIRECTORY_CLIENT = [f"userland/servers/directory/{name}.c" for name in ("client", "protocol", "lease", "address")]
# Seconds in which a check has come to its end, whatever it found.
LIMIT = 90


@dataclass(frozen=True)
class Check:
    """`story` begins the sentence of a failure, `look` says where to look."""

    story: str
    work: Callable[[Place], None]
    look: str


CHECKS: Mapping[int, list[Check]] = {
    step: [Check(*row) for row in rows] for part in
    (asked_of_designs.ASKED, asked_of_pools.ASKED, asked_of_events.ASKED, asked_of_timers.ASKED, asked_of_life.ASKED)
    for step, rows in part.items()}


# --- programs ---

def flags(optimise: str = "-O1", *more: str) -> list[str]:
    return ["-std=gnu17", optimise, "-g", "-fno-pie", "-fno-omit-frame-pointer", "-w", "-D_GNU_SOURCE",
            f"-ffile-prefix-map={TREE}/=", f"-I{TREE}/userland/lib", *more]


MEASURED = flags("-O2", '-DVMM_VERSION="lab"')
CAREFUL = ("-fsanitize=undefined", "-fno-sanitize-recover=all")


def sources(*folders: str) -> list[str]:
    return [str(path.relative_to(TREE)) for folder in folders for path in sorted((TREE / folder).glob("*.c"))]


def httpd_sources() -> list[str]:
    return [*sources(HTTPD, "userland/servers/http", "userland/lib"), *DIRECTORY_CLIENT]


def httpd(host: Host) -> Path:
    """With the submission's regions in it."""
    return host.build("httpd", [*httpd_sources(), "labs/grading/host/crash.c", f"{LAB}/host/crashes.c"],
                      flags("-O1", *CAREFUL), HEADERS, LIBRARIES)


def probe(host: Host, name: str, part: str) -> Path:
    """One file of httpd's alone, with questions for it."""
    return host.build(name, [f"{HTTPD}/{part}", f"{LAB}/host/{name}.c", "labs/grading/host/crash.c"],
                      flags("-O1", *CAREFUL, f"-I{TREE}/{LAB}/host"), HEADERS)


def program(host: Host) -> Path:
    """What labs/try asks: the timer wheel."""
    return probe(host, "timers_probe", "timers.c")


def keeper(host: Host) -> Path:
    return host.build("keeper", ["labs/grading/host/keeper.c"], flags(), HEADERS)


def load(host: Host) -> Path:
    return host.build("load", sources("userland/servers/load", "userland/lib"), MEASURED, HEADERS)


def plain_httpd(host: Host) -> Path:
    """As `make userland` builds it, to be measured."""
    return host.build("httpd", httpd_sources(), MEASURED, HEADERS, LIBRARIES)


# --- the course of a step ---

def host(step: int, host: Host) -> None:
    """Raises Failure if the step is wrong."""
    if step == 8:
        measured.judge(host.composed[ANSWERS], lambda: measured.Tools(plain_httpd(host), load(host)))
        return
    seed = host.rng.randrange(1 << 32)
    built = httpd(host)
    if step == 5:
        asked_of_timers.ask_wheel(host, program(host))
    for number, check in enumerate(CHECKS[step]):
        try:
            run(check, built, host, f"{seed}/{number}")
        except Failure as failure:
            stands(check, host, f"{seed}/{number}", failure)
            raise
        except cell.TookTooLong as late:
            failure = Failure(f"{check.story}: no end in {LIMIT} s.", check.look)
            stands(check, host, f"{seed}/{number}", failure)
            raise failure from late


def stands(check: Check, host: Host, seed: str, failure: Failure) -> None:
    """A failure stands if the reference does not fail."""
    reference = Host(host.lab_folder, {path: (TREE / path).read_text() for path in host.composed},
                     host.work / "reference", host.cache, host.rng)
    try:
        run(check, httpd(reference), reference, seed)
    except Failure as too:
        raise Infrastructure(f"the reference fails as well: {too.why} {too.look}") from failure


@contextmanager
def place(built: Path, host: Host, seed: str) -> Iterator[Place]:
    """Where cells find what they show: a folder that any user can read."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="lab08-") as name:
        top = Path(name)
        (top / "program").mkdir()
        (top / "www").mkdir()
        shutil.copy(built, top / "program/httpd")
        os.link(top / "program/httpd", top / "symbols")
        shutil.copy(keeper(host), top / "keeper")
        shutil.copy(load(host), top / "load")
        shutil.copy(probe(host, "queue_probe", "queue.c"), top / "queue_probe")
        files = make_files(rng, top / "www")
        for path in (top, *top.rglob("*")):
            path.chmod(0o755)
            if not os.geteuid():
                os.chown(path, cell.NOBODY, cell.NOBODY)
        yield Place(top / "program/httpd", top / "keeper", top / "www", files, rng, top / "load", top / "queue_probe")


def run(check: Check, built: Path, host: Host, seed: str) -> None:
    with place(built, host, seed) as where:
        def work() -> None:
            try:
                check.work(where)
            except (Wrong, ConnectionError, TimeoutError) as wrong:
                if not where.may_crash and (crashed := found_in(where.died, where.root.parent / "symbols")):
                    raise crashed from wrong
                raise Failure(f"{check.story}: {wrong}.", check.look) from wrong
        cell.isolated(work, LIMIT)


def found_in(complaints: str, built: Path) -> Failure | None:
    """What the program said when it died."""
    if match := UBSAN.search(complaints):
        return Failure(f"Undefined behaviour: {match['what']}.", f"See {plain_place(match['where'])}.")
    if match := CRASH.search(complaints):
        return Failure(f"Your code crashed ({match['signal']} at address 0x{match['address']}).",
                       f"It happened in {where_is(built, int(match['pc'], 16))}.")
    if match := BUG.search(complaints) or FOUND.search(complaints):
        return Failure(f"{match['what'][:200]}.")
    return None


