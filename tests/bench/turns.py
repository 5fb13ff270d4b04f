#!/usr/bin/python3
"""Runs a plan of measurements where it is started, in the course VM or on the host: turns.py PLAN.json RESULT.json.

A plan is a list of cases: {"case", "who", "command"}. In each round every case runs once, so
that subject and peers meet the same minutes of the machine; the order turns from round to
round. What a command prints last is a line of JSON. Nothing is judged here.
"""
from __future__ import annotations

import json
import platform
import subprocess
import sys
import time
from pathlib import Path


def shell(commands: list[list[str]]) -> None:
    for command in commands:
        subprocess.run(command, check=True)


def measure(case: dict) -> dict:
    """One slice. A command that fails is a result too."""
    done = subprocess.run(case["command"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": f"exit status {done.returncode}: {(done.stdout + done.stderr).strip()[-400:]}"}
    return {"result": json.loads(done.stdout.splitlines()[-1])}


def in_order(cases: list[dict], turn: int) -> list[dict]:
    turn %= len(cases)
    return cases[turn:] + cases[:turn]


def main() -> None:
    plan, result = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    slices: list[dict] = []
    start = time.monotonic()
    shell(plan["before"])
    todo = [(n, case) for n in range(plan["rounds"])
            for case in in_order(plan["cases"], n * len(plan["cases"]) // plan["rounds"])
            if n < case["rounds"]]
    for done, (n, case) in enumerate(todo):
        print(f"::slice {done + 1} of {len(todo)}: round {n + 1}, {case['case']}, {case['who']} "
              f"({time.monotonic() - start:.0f} s)", flush=True)
        slices.append({"case": case["case"], "who": case["who"], "round": n} | measure(case))
        if "error" in slices[-1]:
            print(f"::failed {slices[-1]['error']}", flush=True)
    shell(plan["after"])
    result.write_text(json.dumps({"kernel": platform.release(), "slices": slices}))


if __name__ == "__main__":
    main()
