"""Boots of the course VM that the tests of vnic's cards share: see ../module_vm.py for the settings."""
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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@functools.cache
def boot_once(what: str) -> Boot:
    assert (BUILD / "bin/selftest-vnic-tap").exists(), "build/bin/selftest-vnic-tap is missing: make selftests"
    return module_vm.boot("vnic", what, processors=2, patience=2400 if DEBUG else 900, settings=SETTINGS)


@pytest.fixture(scope="session")
def boot() -> Callable[[str], Boot]:
    return boot_once
