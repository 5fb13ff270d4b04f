"""One boot of the course VM for a plan of measurements, and what machine that was."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """One thing to measure under one regime; `who` is the subject or a peer."""

    case: str
    who: str
    command: list[str]
    rounds: int = 99


@dataclass(frozen=True)
class Plan:
    """A boot: what to run before, each round, and after. All cases of one boot are interleaved.

    With `on_host` nothing is booted: the same turns are taken on this host, see host.py.
    """

    name: str
    cases: list[Case]
    rounds: int
    before: list[list[str]] = field(default_factory=list)
    after: list[list[str]] = field(default_factory=list)
    processors: int = 2
    deterministic: bool = False
    accelerator: str = ""
    patience: int = 3600
    on_host: bool = False

    def to_json(self) -> str:
        return json.dumps({"before": self.before, "after": self.after, "rounds": self.rounds,
                           "cases": [vars(c) for c in self.cases]})


def machine(plan: Plan) -> dict:
    """What the figures depend on."""
    cpu = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\S+)", qemu)
    mode = "deterministic: one processor, time is the count of instructions" if plan.deterministic else "live"
    return {"host_cpu": cpu[1] if cpu else "unknown", "host_processors": os.cpu_count(),
            "qemu": version[1] if version else "unknown", "accelerator": environment(plan).get("VIRTLAB_ACCEL", "tcg"),
            "processors": 1 if plan.deterministic else plan.processors, "mode": mode}


def environment(plan: Plan) -> dict[str, str]:
    return ({"VIRTLAB_ACCEL": plan.accelerator} if plan.accelerator else {}) | os.environ


def attempt(plan: Plan, command: list[str]) -> tuple[int, list[str]]:
    """One boot, shown live. Returns its exit status and the last lines."""
    start, tail = time.monotonic(), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace", env=environment(plan)) as vm:
        assert vm.stdout
        for line in vm.stdout:
            tail = [*tail[-20:], line.rstrip()]
            if line.startswith("::"):
                print(f"[{time.monotonic() - start:6.1f} s] {line[2:].rstrip()}", flush=True)
    return vm.returncode, tail


def emulator_raced(log: Path) -> bool:
    """Emulated processors that run side by side now and then execute a breakpoint of the kernel's code
    patching after its time. That is no fault of what is measured."""
    return log.exists() and "Oops: int3" in log.read_text(errors="replace")


def run(plan: Plan, kernel: str, out: Path) -> dict:
    """Boots, runs, and returns {"machine", "kernel", "slices"}. Ends the program if the VM fails."""
    folder = out / plan.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(plan.to_json())
    command = [str(TREE / "coursevm/run"), "--kernel", kernel, "--timeout", str(plan.patience), "--out", str(folder),
               *(["--deterministic", "1"] if plan.deterministic else ["--smp", str(plan.processors)]),
               "--put", f"{folder / 'plan.json'}:/root/plan.json",
               "--", "python3", "tests/bench/turns.py", "/root/plan.json", "/out/slices.json"]
    log = folder / "kernel.log"
    for boots_left in (2, 1, 0):
        status, tail = attempt(plan, command)
        if not status:
            break
        if not boots_left or not emulator_raced(log):
            sys.exit(f"bench: {plan.name}: the run in the course VM failed: exit status {status}: its last lines were\n"
                     + "\n".join(tail) + f"\nbench: the kernel's log is in {log}")
        print(f"bench: {plan.name}: the emulator's processors raced (Oops: int3): once more", flush=True)
    klog = subprocess.run([TREE / "coursevm/klog", log], capture_output=True, text=True, check=False)
    if klog.returncode:
        sys.exit(f"bench: {plan.name}: the kernel complained:\n{klog.stdout}{klog.stderr}")
    return {"machine": machine(plan)} | json.loads((folder / "slices.json").read_text())
