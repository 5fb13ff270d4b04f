"""Boots of the course VM that the tests of shadowpt share: see ../module_vm.py for the settings."""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
from module_vm import BUILD, DEBUG, WHOLE, Boot

# A debug kernel in emulation is five to ten times slower: fewer rounds, longer patience.
SETTINGS = ({"PERCENT": "10", "SECONDS": "60", "ROUNDS": "20 1"} if DEBUG else
            {"PERCENT": "100", "SECONDS": "10", "ROUNDS": "60 1"} if WHOLE else
            {"PERCENT": "50", "SECONDS": "10", "ROUNDS": "30 1"})
PATIENCE = 1500 if DEBUG else 300

# Modules and KVM patch the running kernel. Emulated processors that run side by side now and then
# execute the breakpoint of such a patch after its time (Oops: int3). So what loads KVM runs on one
# processor, and where two are needed they take turns.
PROCESSORS = {"devices": 1, "guests": 1, "lifetime": 2}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@functools.cache
def boot_once(what: str) -> Boot:
    for program in ("selftest-shadowpt-abi", "vmm"):
        assert (BUILD / "bin" / program).exists(), f"build/bin/{program} is missing: make selftests userland"
    return module_vm.boot("shadowpt", what, processors=PROCESSORS[what], patience=PATIENCE, settings=SETTINGS,
                          accel="tcg,thread=single")


@pytest.fixture(scope="session")
def boot() -> Callable[[str], Boot]:
    return boot_once
