"""Boots of the course VM that the tests of this folder share: one for each group of clients.

See ../module_vm.py for KERNEL and MODULE. Of the combinations of offloads a few are tried, with PART=all, as test-all
has it, all.
"""
from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
from module_vm import BUILD, DEBUG, KERNEL, TREE, Boot

# A debug kernel in emulation is five to ten times slower.
SLOWNESS = 5 if DEBUG else 1
# Seconds that a boot may take.
PATIENCE = {"container": 1200, "tap": 1200, "firmware": 700, "kernel": 1800}
PART = os.environ.get("PART") or "few"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


class Outputs:
    """What a boot left: NAME.out, NAME.err and NAME.code of each command, NAME.json of what else was seen."""

    def __init__(self, boot: Boot) -> None:
        self.boot, self.folder = boot, boot.out

    def path(self, file: str) -> Path:
        found = self.folder / file
        assert found.exists(), f"{file} is missing: the VM's status is {self.boot.status}\n{self.boot.console}"
        return found

    def text(self, file: str) -> str:
        return self.path(file).read_text(errors="replace")

    def code(self, name: str) -> int:
        return int(self.text(f"{name}.code"))

    def out(self, name: str, code: int = 0) -> str:
        """Standard output of a command that ended so."""
        text = self.text(f"{name}.out")
        assert self.code(name) == code, f"{name}: status {self.code(name)}\n{text}\n{self.text(f'{name}.err')}"
        return text

    def json(self, name: str) -> Any:
        return json.loads(self.text(f"{name}.json"))


@functools.cache
def guest_kernel() -> Path:
    """Debian's, whichever the VM itself runs: vmlinuz, and drivers of a virtio card, in the order of their needs."""
    sys.path.insert(0, str(TREE / "coursevm"))
    from vm import initramfs, rootfs
    found = rootfs.kernel("6.12")
    modules = found.rootfs / "usr/lib/modules" / found.release
    folder = BUILD / "guests/vnic"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(found.vmlinuz, folder / "vmlinuz")
    needed = initramfs.with_dependencies((modules / "modules.dep").read_text(), ["virtio_pci", "virtio_net"])
    for number, path in enumerate(needed):
        (folder / f"{number:02}.ko").write_bytes(initramfs.contents(modules / path))
    return folder


@functools.cache
def outputs_of(group: str) -> Outputs:
    assert (BUILD / "bin/vnic").exists(), "build/bin/vnic is missing: make userland"
    out = BUILD / "reports" / f"vnic_clients-{KERNEL}-{group}"
    shutil.rmtree(out, ignore_errors=True)
    command = [TREE / "coursevm/run", "--kernel", KERNEL, "--snapshot", "--smp", "2", "--out", out,
               "--timeout", str(PATIENCE[group] * SLOWNESS), "--put", f"{module_vm.module_file('vnic')}:/root/vnic.ko",
               "--env", f"SLOWNESS={SLOWNESS}", "--env", f"PART={PART}", *(["--mem", "2G"] if DEBUG else [])]
    if group == "kernel":
        command += ["--put", f"{guest_kernel()}:/root/guest-kernel"]
    command += ["--", "python3", "/virtlab/tests/e2e/vnic_clients/in_vm.py", "/root/vnic.ko", group]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    console = (done.stdout + done.stderr).decode(errors="replace")
    return Outputs(Boot(done.returncode, out, "\n".join(console.splitlines()[-60:])))


@pytest.fixture(scope="session")
def outputs() -> Callable[[str], Outputs]:
    return outputs_of
