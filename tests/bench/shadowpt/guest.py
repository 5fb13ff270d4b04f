#!/usr/bin/python3
"""One guest, under one hypervisor, once: guest.py WHO GUEST [--exits]. Prints one line of JSON.

WHO is kvm, or a strategy of shadowpt. With --exits the exits are counted by a histogram on the
hypervisor's tracepoint, which takes time of its own; so time and exits are two measurements.
"""
from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

TRACING = Path("/sys/kernel/tracing/events")
# Both fields hold the exit code of the processor (APM vol. 2, appendix C).
EVENTS = {"kvm": ("kvm/kvm_exit", "exit_reason"), "trap": ("shadowpt/spt_exit", "code"),
          "vtlb": ("shadowpt/spt_exit", "code")}


def run(who: str, guest: str) -> dict:
    accel = ["--accel", "/dev/kvm"] if who == "kvm" else ["--accel", "/dev/shadowpt", "--paging", who]
    start = time.monotonic_ns()
    done = subprocess.run(["build/bin/vmm", "run", *accel, f"build/guests/{guest}.elf"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    wall = time.monotonic_ns() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # `pagetables` finds faults in KVM too (exit status 1); it has come to its end all the same.
    finished = re.search(r"^1\.\.\d+", done.stdout, re.M) if guest == "pagetables" else not done.returncode
    if not finished:
        sys.exit(f"{guest} under {who}: exit status {done.returncode}: {(done.stdout + done.stderr)[-300:]}")
    return {"wall_ns": wall, "cpu_ns": int((used.ru_utime + used.ru_stime) * 1e9)}


def count_exits(who: str, guest: str) -> dict:
    """By reason, as the kernel's own histogram counted them."""
    name, field = EVENTS[who]
    trigger, hist = TRACING / name / "trigger", TRACING / name / "hist"
    trigger.write_text(f"hist:keys={field}.hex:size=512\n")
    try:
        run(who, guest)
        text = hist.read_text()
    finally:
        trigger.write_text(f"!hist:keys={field}.hex:size=512\n")
    reasons = {reason: int(hits) for reason, hits in re.findall(r"\{ \w+: +(\S+) *\} hitcount: +(\d+)", text)}
    return {"exits": sum(reasons.values()), "reasons": reasons}


def main() -> None:
    who, guest = sys.argv[1:3]
    print(json.dumps((count_exits if "--exits" in sys.argv else run)(who, guest)))


if __name__ == "__main__":
    main()
