#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Break a module's core on purpose, once in each way its mutants.py lists, and see who notices.

The core is in kmod/, or where mutants.py says with TREE: "kmod" or "userland".
Works on a copy below --build. A mutant that no test kills, does not compile, or
no longer applies fails the run. Prints for each mutant the tests that killed it:
those of the first program to notice, or with --all those of every program.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

UNIT = Path(__file__).resolve().parent
NOT_OK = re.compile(r"^not ok \d+ - (\S+)", re.MULTILINE)
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Mutant:
    """One way to break the core: in @file replace the only @find by @replace."""

    name: str
    file: str
    find: str
    replace: str


def load_mutants(module: str) -> tuple[str, list[Mutant]]:
    """The tree that the module's core is in, and the ways to break it."""
    spec = importlib.util.spec_from_file_location("mutants", UNIT / module / "mutants.py")
    assert spec and spec.loader
    source = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(source)
    return getattr(source, "TREE", "kmod"), [Mutant(*fields) for fields in source.MUTANTS]


def killers(program: Path) -> list[str]:
    """Run one test program; return the tests that failed, or how else it died."""
    try:
        run = subprocess.run(
            [program], capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return [f"{program.name} (timeout)"]
    names = NOT_OK.findall(run.stdout)
    if run.returncode and not names:
        names = [f"{program.name} (sanitizer or crash)"]
    return names


def build(build_dir: Path, tree: str, copy: Path, module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-s", "-C", str(UNIT), f"O={build_dir}", f"{tree.upper()}={copy}", f"MODULES={module}",
         "CORE_CFLAGS=-w", "USERLAND_CFLAGS=-w", "all"],
        capture_output=True, text=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="directory to work in")
    parser.add_argument("--kmod", type=Path, required=True, help="the modules' sources")
    parser.add_argument("--userland", type=Path, required=True, help="the programs' sources")
    parser.add_argument("--only", default="", help="only mutants whose name contains this")
    parser.add_argument("--all", action="store_true", help="run every program on every mutant")
    parser.add_argument("module")
    args = parser.parse_args()

    tree, mutants = load_mutants(args.module)
    mutants = [m for m in mutants if args.only in m.name]
    copy = args.build / tree
    shutil.rmtree(copy, ignore_errors=True)
    # With new times: objects left by the last mutant of an earlier run are older.
    if tree == "kmod":
        shutil.copytree(args.kmod / args.module, copy / args.module, copy_function=shutil.copy)
    else:
        shutil.copytree(args.userland, copy, copy_function=shutil.copy)
    os.environ["ASAN_OPTIONS"] = "detect_leaks=1"
    os.environ.setdefault("STEPS", "100")

    built = build(args.build, tree, copy, args.module)
    if built.returncode:
        print(built.stderr, file=sys.stderr)
        return 1
    programs = [p for p in (args.build / "unit" / args.module).glob("test_*") if p.suffix == ""]
    seconds: dict[Path, float] = {}
    for program in programs:
        started = time.monotonic()
        if killers(program):
            print(f"mutate: {program.name} fails without any mutant: run `make check` first",
                  file=sys.stderr)
            return 1
        seconds[program] = time.monotonic() - started
    programs.sort(key=lambda program: seconds[program])

    survivors = []
    for mutant in mutants:
        path = copy / mutant.file
        original = path.read_text()
        if original.count(mutant.find) != 1:
            print(f"DANGLING {mutant.name}: {mutant.file} has {original.count(mutant.find)} places for it")
            survivors.append(mutant.name)
            continue
        path.write_text(original.replace(mutant.find, mutant.replace))
        try:
            built = build(args.build, tree, copy, args.module)
            if built.returncode:
                print(f"DOES NOT COMPILE {mutant.name}\n{built.stderr}")
                survivors.append(mutant.name)
                continue
            found = []
            for program in programs:
                if not found or args.all:
                    found += killers(program)
        finally:
            path.write_text(original)
        if found:
            print(f"killed   {mutant.name}: {', '.join(found)}", flush=True)
        else:
            print(f"SURVIVED {mutant.name}", flush=True)
            survivors.append(mutant.name)
    print(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants killed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
