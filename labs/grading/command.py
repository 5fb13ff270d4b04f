"""The command lines: labs/grade, labs/skeleton and labs/try."""
from __future__ import annotations

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import lab as labs
from . import markers, report, submission
from .crash import kernels
from .grade import INTERMEDIATE, Grading
from .hosttest import Host
from .outcome import Failure, Infrastructure, Usage

GRADED, WRONG, BAD_USAGE, TROUBLE = 0, 1, 2, 3


def reporting(command: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Turns what a person can mend into one line and an exit status."""
    def wrapped(argv: list[str]) -> int:
        try:
            return command(argv)
        except (Usage, markers.MarkerError) as error:
            print(f"labs: {error}", file=sys.stderr)
            return BAD_USAGE
        except Infrastructure as error:
            print(f"labs: {error}", file=sys.stderr)
            return TROUBLE
        except OSError as error:
            print(f"labs: {error.strerror}: {error.filename or 'no file'}", file=sys.stderr)
            return TROUBLE
        except KeyboardInterrupt:
            return 130
    return wrapped


@reporting
def grade(argv: list[str]) -> int:
    p = argparse.ArgumentParser(
        prog="labs/grade", description="Grades a submission to a lab: host tests first, then the real module "
        "in a throwaway course VM. Without one, the reference itself. Exit status: 0 graded, "
        "whatever the score; 2 bad usage; 3 the grader could not tell.")
    p.add_argument("--lab", required=True, metavar="LAB", help=f"number or name: {', '.join(labs.names())}")
    p.add_argument("--submission", metavar="DIR", type=Path, help="the student's files")
    p.add_argument("--out", metavar="DIR", type=Path, help="where the results go (default build/labs/NN)")
    p.add_argument("--step", metavar="N", type=int, action="append", default=[], help="only this step; may repeat")
    p.add_argument("--host-only", action="store_true", help="no course VM: an answer in seconds")
    p.add_argument("--seed", metavar="N", type=int, help="inputs are drawn from it (default: a new one)")
    p.add_argument("--kernel", metavar="K", default=os.environ.get("KERNEL") or "6.12",
                   help="the course VM's (default: $KERNEL, or 6.12)")
    p.add_argument("--quiet", action="store_true", help="print the result only")
    options = p.parse_args(argv)
    chosen = labs.find(options.lab)
    for number in options.step:
        chosen.step(number)
    if options.kernel not in kernels():
        raise Usage(f"no such kernel: {options.kernel}: there is {', '.join(kernels())}")
    out = (options.out or labs.TREE / "build" / "labs" / chosen.number).resolve()
    taken = submission.load(chosen, options.submission)
    tell = (lambda text: None) if options.quiet else (lambda text: print(text, file=sys.stderr, flush=True))
    seed = options.seed if options.seed is not None else secrets.randbelow(1 << 31)
    grading = Grading(chosen, taken, out, seed, options.kernel, set(options.step), not options.host_only, tell)
    graded = grading.grade()
    report.write(graded, out)
    print(report.table(graded, shutil.get_terminal_size((100, 24)).columns), end="")
    print(f"Results in {os.path.relpath(out)}: grade.json, results.json (Gradescope), junit.xml")
    return TROUBLE if graded.could_not_tell else GRADED


@reporting
def skeleton(argv: list[str]) -> int:
    p = argparse.ArgumentParser(prog="labs/skeleton", description="Makes a student's directory of a lab from the "
                                "reference, by cutting the regions that the steps are about.")
    p.add_argument("lab", metavar="LAB", help=f"number or name: {', '.join(labs.names())}")
    p.add_argument("--step", metavar="N", type=int, help="start at this step, the ones before it solved")
    p.add_argument("directory", metavar="DIR", type=Path, help="is made; must not hold anything")
    options = p.parse_args(argv)
    chosen = labs.find(options.lab)
    first = chosen.step(options.step).number if options.step is not None else chosen.steps[0].number
    made = write_skeleton(chosen, first, options.directory)
    print(f"{options.directory}: {', '.join(made)}. Begin with README.md.")
    return 0


@reporting
def attempt(argv: list[str]) -> int:
    p = argparse.ArgumentParser(prog="labs/try", description="Asks a lab's host program, built with a submission's "
                                "regions, and prints each question with its answer. Nothing is judged. Exit status: "
                                "1 if the submission does not compile, or ended the program.")
    p.add_argument("lab", metavar="LAB", help=f"number or name: {', '.join(labs.names())}")
    p.add_argument("--submission", metavar="DIR", type=Path, help="the student's files (default: the reference)")
    p.add_argument("--step", metavar="N", type=int, action="append", default=[],
                   help="take only this step from them; may repeat")
    p.add_argument("questions", metavar="FILE", nargs="?", type=argparse.FileType(), default=sys.stdin,
                   help="lines for the program; the handout has examples (default: standard input)")
    options = p.parse_intermixed_args(argv)
    chosen = labs.find(options.lab)
    steps = {chosen.step(n).number for n in options.step} or {step.number for step in chosen.steps}
    text = options.questions.read()
    (INTERMEDIATE / "work").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=INTERMEDIATE / "work") as work:
        try:
            composed = submission.compose(chosen, submission.load(chosen, options.submission), steps)
            host = Host(chosen.folder, composed, Path(work), INTERMEDIATE / "objects", random.Random(0))
            answers, end = host.run(chosen.checks().program(host), text)
        except Failure as failure:
            answers, end = [], failure
    questions = text.splitlines()
    for answer in answers:
        number, _, words = answer.partition(" ")
        asked = questions[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(questions) else number
        print(f"{asked.strip()}: {report.clean(words)}")
    if end:
        print(f"labs/try: {report.clean(' '.join((end.why, end.look)).strip())}", file=sys.stderr)
    return WRONG if end else 0


def write_skeleton(chosen: labs.Lab, first: int, directory: Path) -> list[str]:
    """Makes the directory; returns the names of the files in it."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Usage(f"not empty: {directory}: give a new directory, your work is not overwritten")
    steps = {step.number for step in chosen.steps}
    texts: dict[str, str] = {}
    seen: set[int] = set()
    for path in chosen.files:
        text, name = (labs.TREE / path).read_text(), Path(path).name
        seen |= {region.step for region in markers.regions(text, chosen.number, name, frozenset(steps))}
        texts[name] = markers.skeleton(text, chosen.number, name, steps, {n for n in steps if n < first})
    if steps - seen:
        raise markers.MarkerError(f"no region for step {', '.join(map(str, sorted(steps - seen)))}: "
                                  f"lab {chosen.name}: mark one in {', '.join(chosen.files)}")
    texts["README.md"] = (chosen.folder / "README.md").read_text()
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (directory / name).write_text(text)
    return sorted(texts)
