"""Fixtures of the vmm tests: which accelerators, and guests assembled on the spot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from vmm_runs import SHADOWPT, Accelerator, accelerators, reason_not_to_run


@pytest.fixture(params=accelerators(), ids=str)
def accelerator(request: pytest.FixtureRequest) -> Accelerator:
    reason = reason_not_to_run(request.param)
    if reason and "VMM_ACCEL" in os.environ:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    return request.param


@pytest.fixture
def shadowpt(accelerator: Accelerator) -> Accelerator:
    if not accelerator.is_shadowpt:
        pytest.skip(f"{accelerator.device} is not {SHADOWPT}")
    return accelerator


@pytest.fixture
def kvm(accelerator: Accelerator) -> Accelerator:
    if accelerator.is_shadowpt:
        pytest.skip(f"{accelerator.device} is not plain KVM")
    return accelerator


@pytest.fixture
def assemble(tmp_path: Path) -> Callable[[str], Path]:
    """Turn AT&T assembly into a flat guest image, entered at its first instruction."""

    def build(source: str) -> Path:
        assembly, obj, flat = tmp_path / "guest.S", tmp_path / "guest.o", tmp_path / "guest.bin"
        assembly.write_text(f".globl _start\n_start:\n{source}\n")
        subprocess.run(["as", "--64", "-o", obj, assembly], check=True)
        subprocess.run(["ld", "-Ttext=0x100000", "--oformat=binary", "-o", flat, obj], check=True)
        return flat

    return build
