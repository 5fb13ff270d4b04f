"""What the manual leaves out nobody finds: every option that cell takes stands in a page."""
from __future__ import annotations

import re

import pytest
from conftest import TREE

SOURCES = TREE / "userland/container"
# Taken because other runtimes take them, without a meaning or with that of another; or only to say what is wrong.
SILENT = {"main.c": {"log-level", "cgroup-manager", "rootless"}, "create.c": {"no-subreaper", "image"},
          "cmd_exec.c": {"no-subreaper"}, "cmd_update.c": {"cpu-shares"}}
PAGES = {
    "cell.1": ["main.c", "create.c", "cmd_delete.c", "cmd_events.c", "cmd_exec.c", "cmd_kill.c", "cmd_list.c", "cmd_ps.c",
               "cmd_spec.c", "cmd_update.c"],
    "cell-run.1": ["run/options.c", "cmd_top.c", "compose/main.c", "compose/cmd_up.c", "compose/cmd_down.c",
                   "compose/cmd_ps.c", "compose/cmd_logs.c"],
}


@pytest.mark.parametrize("page, source", [(page, source) for page, sources in PAGES.items() for source in sources])
def test_every_option_is_in_the_manual(page: str, source: str) -> None:
    manual = (TREE / "docs/man" / page).read_text().replace("\\-", "-")
    text = (SOURCES / source).read_text()
    letters = "".join(re.findall(r'getopt_long\([^"]*"([^"]*)"', text))
    options = re.findall(r"\{ \"([a-z-]+)\", \w+_argument, NULL, (?:'(\w)')?", text)

    missing = {name for name, letter in options if not re.search(
        rf"(?<![\w-])(--{name}{f'|-{letter}' if letter and letter in letters else ''})(?![\w-])", manual)}
    assert options and missing <= SILENT.get(source, set())


def test_every_word_of_net_is_in_the_manual() -> None:
    manual = (TREE / "docs/man/cell-run.1").read_text()
    words = re.findall(r'IS\("(\w+)"\)', (SOURCES / "net/options.c").read_text())

    assert len(words) > 3 and [word for word in words if f",{word}=" not in manual] == []
