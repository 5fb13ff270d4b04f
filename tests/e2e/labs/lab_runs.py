"""The grader as a teacher runs it, and submissions of every kind to run it on."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
LABS = TREE / "labs"
sys.path.insert(0, str(LABS))

from grading import lab as labs  # noqa: E402
from grading import markers  # noqa: E402

LIMIT = 900
SEED = "20261122"


@dataclass
class Graded:
    """What the grader left."""

    status: int
    stdout: str
    stderr: str
    out: Path

    @property
    def grade(self) -> dict:
        return json.loads((self.out / "grade.json").read_text())

    @property
    def earned(self) -> int:
        return self.grade["earned"]

    def step(self, number: int) -> dict:
        return next(step for step in self.grade["steps"] if step["number"] == number)

    def part(self, number: int, name: str) -> dict:
        return next(part for part in self.step(number)["parts"] if part["name"] == name)

    @property
    def lost(self) -> set[int]:
        """The steps that lost points."""
        return {step["number"] for step in self.grade["steps"] if step["earned"] < step["points"]}

    def __str__(self) -> str:
        return f"status {self.status}\n{self.stdout}\n{self.stderr}"


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LABS / program, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, check=False)


def grade(out: Path, submission: Path | None, *options: str, lab: str = "02", seed: str = SEED) -> Graded:
    given = ["--submission", submission] if submission else []
    done = run("grade", "--lab", lab, *given, "--out", out, "--seed", seed, *options)
    return Graded(done.returncode, done.stdout, done.stderr, out)


def reference(lab: str, folder: Path) -> Path:
    """The reference's files as a submission."""
    folder.mkdir(parents=True)
    for path in labs.find(lab).files:
        (folder / Path(path).name).write_text((TREE / path).read_text())
    return folder


def edited(lab: str, folder: Path, path: str, old: str, new: str) -> Path:
    """The reference with one text replaced; it must occur once."""
    reference(lab, folder)
    target = folder / Path(path).name
    text = target.read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
    target.write_text(text.replace(old, new))
    return folder


def rewritten(lab: str, folder: Path, step: int, body: str | Callable[[str], str], region: int = 0) -> Path:
    """The reference with one of a step's regions replaced by other C."""
    reference(lab, folder)
    seen = 0
    for target in sorted(folder.glob("*.c")):
        text = target.read_text()
        for found in markers.regions(text, lab, target.name):
            if found.step != step:
                continue
            if seen == region:
                lines = text.split("\n")
                old = "\n".join(lines[found.first:found.last])
                lines[found.first:found.last] = (body if isinstance(body, str) else body(old)).split("\n")
                target.write_text("\n".join(lines))
                return folder
            seen += 1
    raise AssertionError(f"lab {lab} has no region {region} of step {step}")
