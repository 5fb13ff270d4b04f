#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The conformance set against a server: a table by theme, what failed, and JSON.

    python3 tests/e2e/servers/conformance HOST:PORT [--ours] [--json FILE] [--theme WORD] [--verbose]
    python3 tests/e2e/servers/conformance --make-root DIRECTORY    DIRECTORY/root: what the server has to serve
"""
from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.answers import EVERY  # noqa: E402
from conformance.case import MAY, MUST, OUGHT, SHOULD, Case  # noqa: E402
from conformance.cases import CASES  # noqa: E402
from conformance.judge import Server, Wrong, make_root, modes, run  # noqa: E402

LEVELS = (MUST, SHOULD, OUGHT, MAY)


def verdict(server: Server, case: Case) -> str:
    """Nothing, or what was wrong."""
    for mode in modes(case):
        try:
            run(server, case, mode)
        except Wrong as wrong:
            return f"{mode}: {wrong}"
    return ""


def judged(server: Server, cases: list[Case], at_once: int) -> dict[Case, str]:
    with ThreadPoolExecutor(at_once) as pool:
        return dict(zip(cases, pool.map(lambda case: verdict(server, case), cases)))


def with_every(server: Server, verdicts: dict[Case, str]) -> dict[Case, str]:
    """The rules for every response are cases too: what all the others gave to see."""
    rules = {Case("every response", name, section, level, (), "", False): server.broken.get(name, "")
             for name, (section, level, _) in EVERY.items()}
    return verdicts | rules


def tally(verdicts: dict[Case, str]) -> dict[str, dict[str, list[int]]]:
    """By theme and level: passed, of how many."""
    table: dict[str, dict[str, list[int]]] = {}
    for case, wrong in verdicts.items():
        cell = table.setdefault(case.theme, {}).setdefault(case.level, [0, 0])
        cell[0] += not wrong
        cell[1] += 1
    return table


def total(table: dict[str, dict[str, list[int]]], level: str = "") -> list[int]:
    cells = [cell for row in table.values() for name, cell in row.items() if level in ("", name)]
    return [sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)]


def print_table(table: dict[str, dict[str, list[int]]]) -> None:
    def line(name: str, cells: list[list[int]]) -> str:
        return f"{name:32}" + "".join(f"{passed:>7}/{count:<4}" if count else f"{'-':>9}   " for passed, count in cells)

    print(f"{'':32}" + "".join(f"{level:>12}" for level in (*LEVELS, "all")))
    for theme, row in table.items():
        print(line(theme, [*(row.get(level, [0, 0]) for level in LEVELS), total({theme: row})]))
    print(line("all", [*(total(table, level) for level in LEVELS), total(table)]))


def report(verdicts: dict[Case, str]) -> dict[str, object]:
    return {"passed": total(tally(verdicts))[0], "cases": len(verdicts), "themes": tally(verdicts),
            "failed": [{"theme": case.theme, "name": case.name, "section": case.section, "level": case.level,
                        "wrong": wrong[:120]} for case, wrong in verdicts.items() if wrong]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", help="HOST:PORT of the server")
    parser.add_argument("--make-root", type=Path, metavar="DIRECTORY", help="write the files and end")
    parser.add_argument("--ours", action="store_true", help="the cases of httpd's own limits and routes as well")
    parser.add_argument("--theme", default="", help="only themes with this word in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    parser.add_argument("--timeout", type=float, default=3, help="seconds to wait for what is owed (3)")
    parser.add_argument("--at-once", type=int, default=1, help="connections at a time (1)")
    parser.add_argument("--verbose", action="store_true", help="say what was wrong")
    options = parser.parse_args()
    if options.make_root:
        make_root(options.make_root)
        return 0
    host, _, port = (options.address or "").rpartition(":")
    if not host or not port.isdigit():
        parser.error(f"{options.address or 'no address'}: not HOST:PORT, such as 127.0.0.1:8080")
    server = Server(host, int(port), options.timeout, options.ours)
    try:
        server.learn()
    except (Wrong, OSError) as error:
        parser.exit(2, f"{options.address}: cannot be judged: {error}: see --make-root\n")
    cases = [case for case in CASES if options.theme in case.theme and (options.ours or not case.ours)]
    verdicts = with_every(server, judged(server, cases, options.at_once))
    print_table(tally(verdicts))
    if options.verbose:
        for case, wrong in verdicts.items():
            if wrong:
                print(f"{case.level:6} RFC {case.section:12} {case}\n       {wrong}")
    if options.json:
        options.json.write_text(json.dumps(report(verdicts), indent=1) + "\n")
    return 0 if not any(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
