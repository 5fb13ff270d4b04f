"""The course of one grading.

Each step is judged by itself: the reference, with that step's regions as submitted. First its
host tests; what passes there goes into one module, and that into the course VM. If the module
with all of them fails there, each step gets a module of its own, so that one step's fault costs
no other's points. A failure in the VM stands only if the reference passes in the same VM.

A lab's checks.py offers
	host(step: int, host: Host) -> None	raise Failure if the step is wrong
	vm(machine: Machine) -> None		the same for a module with all that is in `composed`
	program(host: Host) -> Path		the host program, for labs/try
"""
from __future__ import annotations

import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from . import submission
from .hosttest import Host
from .lab import TREE, Lab, Step
from .module import Machine
from .outcome import Failure, Grade, Infrastructure, Part, StepResult, Verdict
from .submission import Submission

HOST, VM = "host tests", "course VM"
VM_FOLDER = re.compile(r"vm-(?:reference|\d+(?:-\d+)*)")
INTERMEDIATE = TREE / "build" / "obj" / "labs"


@dataclass
class Grading:
    """One submission being graded."""

    lab: Lab
    taken: Submission
    out: Path
    seed: int
    kernel: str
    only: set[int]
    with_vm: bool
    tell: Callable[[str], None]
    checks: ModuleType = field(init=False)
    work: Path = field(init=False)
    runs: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checks = self.lab.checks()

    def attempt(self, name: str, points: int, work: Callable[[], None]) -> Part:
        """Runs one part. The grader's own trouble is tried once more."""
        began = time.monotonic()
        for last in (False, True):
            try:
                work()
                part = Part(name, points, Verdict.PASS)
            except Failure as failure:
                part = Part(name, points, Verdict.FAIL, failure.why, failure.look)
            except Infrastructure as trouble:
                if not last:
                    self.tell(f"  trouble, trying again: {trouble}")
                    continue
                part = Part(name, points, Verdict.COULD_NOT_TELL, f"The grader could not tell: {trouble}.")
            break
        part.seconds = time.monotonic() - began
        return part

    def host(self, step: Step) -> Part:
        def work() -> None:
            composed = submission.compose(self.lab, self.taken, {step.number})
            # every step has its own sequence, whichever steps are graded
            rng = random.Random(f"{self.seed}/{step.number}")
            self.checks.host(step.number, Host(self.lab.folder, composed, self.work / f"step{step.number}",
                                               INTERMEDIATE / "objects", rng))
        return self.attempt(HOST, step.host, work)

    def module_run(self, name: str, composed: dict[str, str]) -> Part:
        """One module in one VM; an equal module is run once."""
        key = repr(sorted(composed.items()))
        if key not in self.runs:
            machine = Machine(self.lab, self.kernel, composed, self.work / name, self.out / name, INTERMEDIATE,
                              self.seed)
            self.runs[key] = self.attempt(VM, 0, lambda: self.checks.vm(machine))
        return self.runs[key]

    def vm(self, steps: set[int], points: int) -> Part:
        """The module with these steps as submitted. A failure stands only if the reference passes."""
        try:
            composed = submission.compose(self.lab, self.taken, steps)
        except Failure as failure:
            return Part(VM, points, Verdict.FAIL, failure.why, failure.look)
        part = self.module_run("vm-" + "-".join(str(n) for n in sorted(steps)), composed)
        verdict, why = part.verdict, part.why
        if verdict is Verdict.FAIL:
            self.tell("course VM: the reference, to be sure that the machine is not to blame")
            control = self.module_run("vm-reference", {path: (TREE / path).read_text() for path in self.lab.files})
            if control.verdict is not Verdict.PASS:
                verdict = Verdict.COULD_NOT_TELL
                why = f"The grader could not tell: the reference fails in the course VM too: {control.why}"
        return Part(VM, points, verdict, why, part.look, part.seconds)

    def vm_parts(self, passed: list[Step]) -> dict[int, Part]:
        """The VM part of each step that passed on the host."""
        if not passed:
            return {}
        numbers = {step.number for step in passed}
        self.tell(f"course VM: the module with step{'s' if len(numbers) > 1 else ''} "
                  f"{', '.join(map(str, sorted(numbers)))}")
        together = self.vm(numbers, 0)
        parts = {step.number: Part(VM, step.vm, together.verdict, together.why, together.look, together.seconds)
                 for step in passed}
        if together.verdict is not Verdict.FAIL or len(passed) == 1:
            return parts
        for step in passed:
            self.tell(f"course VM: the module with step {step.number} alone")
            parts[step.number] = self.vm({step.number}, step.vm)
        return parts

    def grade(self) -> Grade:
        """Grades; what is neither result nor worth keeping is gone afterwards."""
        for old in self.out.glob("vm-*"):
            if VM_FOLDER.fullmatch(old.name):
                shutil.rmtree(old)
        (INTERMEDIATE / "work").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=INTERMEDIATE / "work") as work:
            self.work = Path(work)
            return self.grade_steps()

    def grade_steps(self) -> Grade:
        began = time.monotonic()
        steps = [step for step in self.lab.steps if not self.only or step.number in self.only]
        host: dict[int, Part] = {}
        for step in steps:
            host[step.number] = self.host(step)
            self.tell(f"step {step.number}, {HOST}: {host[step.number].verdict.value}")
        vm = (self.vm_parts([s for s in steps if s.vm and host[s.number].verdict is Verdict.PASS])
              if self.with_vm else {})
        results = []
        for step in steps:
            parts = [host[step.number]]
            if self.with_vm and step.vm:
                blocked = (Verdict.FAIL if host[step.number].verdict is Verdict.FAIL else Verdict.COULD_NOT_TELL)
                parts.append(vm.get(step.number) or Part(VM, step.vm, blocked,
                                                         "Not run: the step's host tests come first."))
            results.append(StepResult(step.number, step.title, parts))
        grade = Grade(self.lab.name, self.lab.title, self.seed, self.kernel, results, time.monotonic() - began)
        if not self.with_vm:
            grade.notes.append("Host tests only: the course VM's points are not in this.")
        if self.only:
            grade.notes.append(f"Only step {', '.join(map(str, sorted(self.only)))}.")
        return grade
