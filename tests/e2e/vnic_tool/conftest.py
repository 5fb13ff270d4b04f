"""The boot of the course VM that the tests of vnic (the program) share."""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import module_vm
from module_vm import BUILD, DEBUG, Boot


@functools.cache
def boot_once() -> Boot:
    assert (BUILD / "bin/vnic").exists(), "build/bin/vnic is missing: make userland"
    return module_vm.boot("vnic_tool", "commands", processors=2, patience=1500 if DEBUG else 500, settings={},
                          file=module_vm.module_file("vnic"))


@pytest.fixture(scope="session")
def boot() -> Callable[[], Boot]:
    return boot_once
