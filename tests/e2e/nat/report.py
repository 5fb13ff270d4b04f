#!/usr/bin/python3
"""The table `requirement | nft masquerade | vnic`: as JSON, as Markdown, and in README.md.

	report.py	writes README.md's table anew, from build/reports/nat.json
"""
from __future__ import annotations

import json
from pathlib import Path

from requirements import NFT_FAILS, REQUIREMENTS

README = Path(__file__).resolve().parent / "README.md"
REPORTS = Path(__file__).resolve().parents[3] / "build/reports"
JSON = REPORTS / "nat.json"
BEGIN, END = "<!-- table: report.py -->\n", "<!-- end of table -->\n"

Verdicts = dict[str, dict[str, dict]]


def cell(record: dict | None) -> str:
    if record is None:
        return "not run"
    if record["passed"]:
        return "yes"
    reason = NFT_FAILS.get(record["test"]) if record["subject"] == "nft" else None
    return f"**no**: {reason}" if reason else "**no**"


def table(verdicts: Verdicts) -> str:
    """By subject and test. A subject that was not run is said to be so."""
    lines = ["| requirement | | what | nft masquerade | vnic |", "|---|---|---|---|---|"]
    for r in REQUIREMENTS:
        cells = [cell(verdicts.get(subject, {}).get(r.test)) for subject in ("nft", "vnic")]
        lines.append(f"| {r.name} | {r.level} | {r.line} | {' | '.join(cells)} |")
    musts = [r.test for r in REQUIREMENTS if r.level.startswith("MUST")]
    kept = [sum(verdicts[s][t]["passed"] for t in musts if t in verdicts[s]) if s in verdicts else "–"
            for s in ("nft", "vnic")]
    lines.append(f"| | | **MUSTs kept, of {len(musts)}** | **{kept[0]}** | **{kept[1]}** |")
    return "\n".join(lines) + "\n"


def write(verdicts: Verdicts) -> None:
    """What was run now replaces what was run before; the rest stays."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    known = json.loads(JSON.read_text()) if JSON.exists() else {}
    known |= verdicts
    JSON.write_text(json.dumps(known, indent=1) + "\n")
    JSON.with_suffix(".md").write_text(table(known))


def in_readme() -> str:
    return README.read_text().split(BEGIN)[1].split(END)[0]


def main() -> None:
    before, rest = README.read_text().split(BEGIN)
    README.write_text(before + BEGIN + table(json.loads(JSON.read_text())) + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
