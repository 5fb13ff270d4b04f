"""Boots of the course VM that the tests of this folder share.

See ../module_vm.py for KERNEL and MODULE. ROUNDS=n: of each kind of end; SECONDS=n: of noise; SEED=n; ONLY=word,word: of these kinds.
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

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
from module_vm import BUILD, DEBUG, KERNEL, TREE, Boot

# A debug kernel in emulation is five to ten times slower: fewer rounds, longer patience.
SLOWNESS = 5 if DEBUG else 1
SETTINGS = {
    "ends": {"ROUNDS": "10" if DEBUG else "100"},
    "ends_daily": {"ROUNDS": "2" if DEBUG else "8"},
    "noise": {"SECONDS": "60", "SEED": "1"},
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@functools.cache
def boot_once(what: str) -> Boot:
    for needed in ("vnic", "selftest-vnic-garbage"):
        assert (BUILD / "bin" / needed).exists(), f"build/bin/{needed} is missing: make userland selftests"
    out = BUILD / "reports" / f"vnic_endurance-{KERNEL}-{what}"
    shutil.rmtree(out, ignore_errors=True)
    settings = SETTINGS[what] | {"SLOWNESS": str(SLOWNESS)}
    settings |= {k: os.environ[k] for k in ("ROUNDS", "SECONDS", "SEED", "ONLY") if k in os.environ}
    command = [TREE / "coursevm/run", "--kernel", KERNEL, "--snapshot", "--smp", "2", "--out", out,
               "--timeout", str(5400 if DEBUG else 3600), "--put", f"{module_vm.module_file('vnic')}:/root/vnic.ko",
               *(["--mem", "2G"] if DEBUG else []), *(f"--env={k}={v}" for k, v in settings.items()),
               "--", "python3", "/virtlab/tests/e2e/vnic_endurance/in_vm.py", "/root/vnic.ko", what.split("_")[0]]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    console = (done.stdout + done.stderr).decode(errors="replace")
    return Boot(done.returncode, out, "\n".join(console.splitlines()[-60:]))


@pytest.fixture(scope="session")
def boot() -> Callable[[str], Boot]:
    return boot_once


@pytest.fixture(scope="session")
def observed(boot) -> Callable[[str, str], dict]:
    """NAME.json of a boot."""
    def read(what: str, name: str) -> dict:
        done = boot(what)
        path = done.out / f"{name}.json"
        assert path.exists(), f"it did not come to {name}: the VM's status is {done.status}\n{done.console}"
        return json.loads(path.read_text())
    return read
