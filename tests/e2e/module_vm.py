"""One boot of the course VM for a group of a module's test programs, and the judgement of what they print.

A module's folder has an in_vm.sh, which runs the programs and judges nothing, and a conftest.py,
which says what each boot needs.

KERNEL      which kernel (default 6.12)
SEED        of what is random (default 1), or any other setting of the test programs
ONLY        only the tests whose names contain this word
MODULE      another .ko to test, below the project tree
PART        all: what is repeated, is repeated as often as `make test-all` has it
"""
from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
BUILD = TREE / "build"
KERNEL = os.environ.get("KERNEL") or "6.12"
DEBUG = KERNEL == "debug"
# What only repeats itself is short each day, and whole on the debug kernel and for test-all.
WHOLE = DEBUG or os.environ.get("PART") == "all"
# Of the rounds of tests that have many.
PERCENT = "20" if DEBUG else "100" if WHOLE else "50"


@dataclass(frozen=True)
class Boot:
    """How one run of the course VM ended, and what it left."""

    status: int
    out: Path
    console: str

    @property
    def kernel_log(self) -> Path:
        return self.out / "kernel.log"

    def tap(self, name: str) -> tuple[int, str]:
        """Exit status and output of one test program."""
        status, output = self.out / f"{name}.status", self.out / f"{name}.tap"
        text = output.read_text(errors="replace") if output.exists() else ""
        assert status.exists(), f"{name} did not end; the VM's status is {self.status}\n{text}\n{self.console}"
        return int(status.read_text()), text

    def judge_kernel_log(self) -> str:
        """The VM ended well and its kernel complained of nothing. Returns the log."""
        assert self.status == 0, self.console
        scan = subprocess.run([TREE / "coursevm/klog", self.kernel_log], capture_output=True, text=True, check=False)
        assert scan.returncode == 0, scan.stdout + scan.stderr
        log = self.kernel_log.read_text(errors="replace")
        if DEBUG:
            assert "kmemleak" in log, "no leak scan"
        return log


def module_file(module: str) -> Path:
    path = Path(os.environ.get("MODULE") or BUILD / "kernel" / KERNEL / f"kmod/{module}/{module}.ko").absolute()
    assert path.exists(), f"{path} is missing: make modules KERNEL={KERNEL}"
    return path


def died_of_emulation(out: Path) -> bool:
    """
    A tracepoint is turned on by way of breakpoints in its code. Emulated processors that run side by side now and then
    execute such a breakpoint after its time; nothing of ours can cause that, and nothing of ours was judged.
    """
    log = out / "kernel.log"
    return log.exists() and "Oops: int3" in log.read_text(errors="replace")


def boot(module: str, what: str, *, processors: int, patience: int, settings: dict[str, str],
         accel: str | None = None, file: Path | None = None) -> Boot:
    """Boots once and runs in_vm.sh of the module's folder, with the module's file and `what` as arguments."""
    out = BUILD / "reports" / f"{module}-{KERNEL}-{what}"
    path = file or module_file(module)
    settings = settings | {k: os.environ[k] for k in (*settings, "SEED", "ONLY") if k in os.environ}
    command = [TREE / "coursevm/run", "--kernel", KERNEL, "--snapshot", "--smp", str(processors),
               "--timeout", str(patience), "--out", out, "--put", f"{path}:/root/{module}.ko",
               *(["--mem", "2G"] if DEBUG else []), *(f"--env={k}={v}" for k, v in settings.items()),
               "--", "sh", f"/virtlab/tests/e2e/{module}/in_vm.sh", f"/root/{module}.ko", what]
    for _ in range(3):
        for old in [*out.glob("*.status"), *out.glob("*.tap"), *out.glob("kernel.log")]:
            old.unlink()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env=({"VIRTLAB_ACCEL": accel} if accel else {}) | os.environ)
        if not died_of_emulation(out):
            break
        print(f"{what}: once more: the emulator executed a breakpoint after its time", flush=True)
    console = (done.stdout + done.stderr).decode(errors="replace")
    return Boot(done.returncode, out, "\n".join(console.splitlines()[-60:]))


def judge_tap(name: str, status: int, text: str, *, at_least: int, may_skip: bool = False) -> None:
    """All tests of the plan ran, and none failed."""
    failed = [line for line in text.splitlines() if line.startswith(("not ok", "Bail out!"))]
    assert not failed, f"{name}:\n{text}"
    if not may_skip:
        assert "# SKIP" not in text, f"{name}:\n{text}"
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    assert plan, f"{name} has no plan: it died\n{text}"
    passed = len(re.findall(r"^ok \d+", text, re.M))
    assert passed == int(plan.group(1)) >= at_least, text
    assert status == 0, text
