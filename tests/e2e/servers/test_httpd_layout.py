"""What every request runs through lies on few pages (userland/servers/httpd/hot.ld)."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from running import binary

TREE = Path(__file__).resolve().parents[3]
SERVERS = TREE / "userland/servers"
SCRIPT = (SERVERS / "httpd/hot.ld").read_text()
# Lines without the name of an object file: those are the C library's.
NAMES = {name for line in re.findall(r"^\t\t\*\((.*)\)$", SCRIPT, re.M)
         for name in re.findall(r"\.text\.(\w+)", line)}
# The longest of them, the parser, is one and a half.
OUR_PAGES = 7


def test_every_name_is_a_function_of_ours() -> None:
    text = "\n".join(path.read_text() for path in SERVERS.rglob("*.c"))
    assert len(NAMES) > 40
    assert [name for name in sorted(NAMES) if not re.search(rf"^\w[^;=]*\b{name}\([^;]*?\)\n\{{", text, re.M)] == []


@pytest.mark.skipif("HTTPD" in os.environ, reason="with sanitizers the linker's own order will do")
def test_they_stand_together() -> None:
    found: dict[str, int] = {}
    for line in subprocess.run(["nm", binary()], capture_output=True, text=True, check=True).stdout.splitlines():
        address, kind, name = line.rsplit(maxsplit=2)
        if kind in "tT" and name in NAMES:
            found[name] = int(address, 16)
    # A compiler may have put a small one into whoever calls it.
    assert len(found) > len(NAMES) * 3 / 4
    assert max(found.values()) // 4096 - min(found.values()) // 4096 < OUR_PAGES, \
        sorted(found, key=lambda name: found[name])
