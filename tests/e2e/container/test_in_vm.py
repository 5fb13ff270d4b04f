# SPDX-License-Identifier: GPL-2.0-only
"""
These tests again in the course VM, where there is cgroup v2 and nothing else, with the cell that was built for it.
One processor: where there are two, emulation executes the kernel's own breakpoints late now and then, and each freezing
of a group is a patch. test_escapes.py builds programs from this host's objects, and test_faults.py is about what does not
depend on groups.
"""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from conftest import TREE

INSIDE = """
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd /virtlab && exec python3 -m pytest -p no:cacheprovider -q -ra -m "not slow" "$@"
"""


@pytest.mark.parametrize("files", [
    pytest.param(["world"], id="world"),
    pytest.param(["life", "hooks", "bad_input"], id="life", marks=pytest.mark.slow),
    pytest.param(["terminal"], id="terminal", marks=pytest.mark.slow),
    # podman and containerd take seconds of emulation for each step of theirs
    pytest.param(["podman"], id="clients", marks=pytest.mark.slow),
    # with netavark and nftables, where the host's has CNI and iptables; its plugin for names is not in the image
    pytest.param(["podman_net"], id="networks", marks=pytest.mark.slow),
])
def test_on_cgroup_v2(files: list[str], tmp_path: Path) -> None:
    assert (TREE / "build/bin/cell").exists(), "build/bin/cell is missing: make userland"
    script = tmp_path / "inside.sh"
    script.write_text(INSIDE)
    done = subprocess.run([TREE / "coursevm/run", "--snapshot", "--smp", "1", "--timeout", "500",
                           "--put", f"{script}:/root/inside.sh", "--env=CELL=/virtlab/build/bin/cell",
                           "--", "sh", "/root/inside.sh",
                           *(f"tests/e2e/container/test_{name}.py" for name in files)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    said = "\n".join(done.stdout.splitlines()[-40:])
    assert done.returncode == 0 and re.search(r"\d+ passed", said), said
    skipped = re.findall(r"^SKIPPED.*", said, re.M)
    assert all(any(why in line for why in ("version 1", "aardvark-dns", "strace")) for line in skipped), skipped
