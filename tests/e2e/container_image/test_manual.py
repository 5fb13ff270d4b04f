"""What --help and the manual page leave out nobody finds: every option of a verb stands in both."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import TREE, Cell

SOURCES = TREE / "userland/container/image"
VERBS = {path: path.stem.removeprefix("cmd_").split() for path in sorted(SOURCES.glob("cmd_*.c"))}
VERBS[SOURCES / "cmd_pull.c"] = ["pull", "push"]


# push takes what pull takes.
SILENT = {"push": [["--platform"]]}


def ways(source: Path) -> list[list[str]]:
    """Of each option, how it can be written."""
    text = source.read_text()
    letters = "".join(re.findall(r'next_option\(argc, argv, "([a-z:]*)"', text))
    return [[f"--{name}", *([f"-{letter}"] if letter in letters else [])]
            for name, letter in re.findall(r"\{ \"([a-z-]+)\", \w+_argument, NULL, '(\w)' \}", text)]


def has_one_of(ways: list[str], text: str) -> bool:
    return any(re.search(rf"(?<![\w-]){way}(?![\w-])", text) for way in ways)


@pytest.mark.parametrize("source", VERBS, ids=lambda path: path.stem)
def test_every_option_is_in_the_help_and_in_the_manual(cell: Cell, source: Path) -> None:
    text = cell.ok("--help")
    manual = (TREE / "docs/man/cell-image.1").read_text().replace("\\-", "-")

    assert [way for way in ways(source) if not has_one_of(way, manual)] == []
    for verb in VERBS[source]:
        lines = "".join(re.findall(rf"^  {verb} .*\n(?:^ {{10}}.*\n)*", text, re.M))
        assert [way for way in ways(source) if not has_one_of(way, lines)] == SILENT.get(verb, []), verb
