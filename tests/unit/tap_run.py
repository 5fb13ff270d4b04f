#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Run test programs that speak TAP, one line of report each, and sum up.

A program fails if a test in it fails, if it ends with another status than 0,
if its plan does not match what it ran, or if it runs longer than the timeout.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

RESULT = re.compile(r"^(not )?ok \d+", re.MULTILINE)
PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
TIMEOUT_SECONDS = 300


def run_program(program: Path, log: Path) -> tuple[int, int]:
    """Run one program, keep its output in @log; return how many tests passed and failed."""
    started = time.monotonic()
    with log.open("w", encoding="utf-8", errors="replace") as out:
        try:
            status: int | str = subprocess.run(
                [program], stdout=out, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            status = f"still running after {TIMEOUT_SECONDS} s"
    text = log.read_text(encoding="utf-8", errors="replace")

    results = RESULT.findall(text)
    failed = sum(1 for negated in results if negated)
    passed = len(results) - failed
    plan = PLAN.search(text)
    complaint = ""
    if not plan or int(plan[1]) != len(results):
        complaint = f"ended early with status {status}"
    elif status != 0 and not failed:
        complaint = f"status {status} although all tests passed"
    if complaint:
        failed += 1

    verdict = "FAIL" if failed else "ok"
    seconds = time.monotonic() - started
    print(f"{verdict:4} {program.parent.name}/{program.name}: {passed} passed, {failed} failed, {seconds:.1f} s",
          flush=True)
    if failed:
        lines = text.splitlines()
        wanted = [line for line in lines if not line.startswith("ok ")]
        print("\n".join("     " + line for line in wanted[-60:]))
        if complaint:
            print(f"     {program.name}: {complaint}: see {log}")
    return passed, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=Path, required=True, help="directory for the programs' output")
    parser.add_argument("programs", nargs="*", type=Path)
    args = parser.parse_args()

    args.logs.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0")
    passed = failed = 0
    for program in args.programs:
        counts = run_program(program, args.logs / f"{program.parent.name}-{program.name}.tap")
        passed += counts[0]
        failed += counts[1]
    if not args.programs:
        print("no test programs: nothing was tested")
        return 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
