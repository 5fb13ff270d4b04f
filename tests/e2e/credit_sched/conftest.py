"""Boots of the course VM that the tests of credit_sched share: see ../module_vm.py for the settings."""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
from module_vm import BUILD, DEBUG, PERCENT, Boot

# A debug kernel in emulation is five to ten times slower: fewer rounds, longer patience. The noise of
# the fuzzer lasts a minute on any kernel, and each day.
SETTINGS = {"PERCENT": PERCENT, "SECONDS": "60", "SEED": "1"}
MORE = {"thousand": {"CYCLES": "100" if DEBUG else "1000"}}
PATIENCE = {"thousand": 3000}

# Loading the module patches tracepoints into the running kernel. Emulated processors that run side by
# side now and then execute the breakpoint of such a patch after its time (Oops: int3); and when they take
# turns, a turn is too long to measure anything by. So what loads it again and again has one processor.
PROCESSORS = {"schedule": 2, "endure": 1, "thousand": 1, "csched": 2}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@functools.cache
def boot_once(what: str) -> Boot:
    for program in ("selftest-credit_sched-share", "csched"):
        assert (BUILD / "bin" / program).exists(), f"build/bin/{program} is missing: make selftests userland"
    return module_vm.boot("credit_sched", what, processors=PROCESSORS[what],
                          patience=PATIENCE.get(what, 1500 if DEBUG else 900),
                          settings=SETTINGS | MORE.get(what, {}))


@pytest.fixture(scope="session")
def boot() -> Callable[[str], Boot]:
    return boot_once
