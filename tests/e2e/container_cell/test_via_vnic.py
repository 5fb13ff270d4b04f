"""cell's private networks by /dev/vnic, in the course VM: out, in by a published port, and by name; nothing is left."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import TREE

pytestmark = pytest.mark.slow


def test_containers_have_cards_of_vnic() -> None:
    kernel = os.environ.get("KERNEL", "6.12")
    module = Path(os.environ.get("MODULE") or TREE / f"build/kernel/{kernel}/kmod/vnic/vnic.ko")
    assert module.exists() and (TREE / "build/bin/cell").exists(), "make modules userland"
    done = subprocess.run([TREE / "coursevm/run", "--kernel", kernel, "--snapshot", "--smp", "1", "--timeout", "300",
                           "--put", f"{module}:/root/vnic.ko", "--", "sh",
                           "/virtlab/tests/e2e/container_cell/via_vnic.sh", "/root/vnic.ko"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert said["out"].split() == ["up", "far"], said
    assert said["published"].split() == ["web"] and said["name"].split() == ["web"], said
    assert int(said["forwards"]) >= 1, said
    assert said["left"].startswith("no networks") and said["left"].split()[-1] == "0", said
    assert said["unload"].strip() == "", said
