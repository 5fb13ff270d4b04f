"""One boot of the course VM for each group of test programs, shared by the tests that judge it.

KERNEL      which kernel (default 6.12)
SEED        of the random guests (default 1), or any other setting of the test programs
MODULE      another shadowpt.ko to test, below the project tree
"""
from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
BUILD = TREE / "build"
KERNEL = os.environ.get("KERNEL") or "6.12"
DEBUG = KERNEL == "debug"

# A debug kernel in emulation is five to ten times slower: fewer rounds, longer patience.
SETTINGS = ({"PERCENT": "10", "SECONDS": "60", "ROUNDS": "20 1"} if DEBUG else
            {"PERCENT": "100", "SECONDS": "10", "ROUNDS": "60 1"})
PATIENCE = 1500 if DEBUG else 300


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: costs more than ten seconds; for test-all")


@dataclass(frozen=True)
class Boot:
    """How one run of the course VM ended, and what it left."""

    status: int
    out: Path
    console: str

    @property
    def kernel_log(self) -> Path:
        return self.out / "kernel.log"

    def tap(self, name: str) -> tuple[int, str]:
        """Exit status and output of one test program."""
        status, output = self.out / f"{name}.status", self.out / f"{name}.tap"
        text = output.read_text(errors="replace") if output.exists() else ""
        assert status.exists(), f"{name} did not end; the VM's status is {self.status}\n{text}\n{self.console}"
        return int(status.read_text()), text


def module_file() -> Path:
    path = Path(os.environ.get("MODULE") or BUILD / "kernel" / KERNEL / "kmod/shadowpt/shadowpt.ko").absolute()
    assert path.exists(), f"{path} is missing: make modules KERNEL={KERNEL}"
    return path


# Modules and KVM patch the running kernel. Emulated processors that run side by side now and then
# execute the breakpoint of such a patch after its time (Oops: int3). So what loads KVM runs on one
# processor, and where two are needed they take turns.
PROCESSORS = {"devices": "1", "guests": "1", "lifetime": "2"}


@functools.cache
def boot_once(what: str) -> Boot:
    out = BUILD / "reports" / f"shadowpt-{KERNEL}-{what}"
    module = module_file()
    for program in ("selftest-shadowpt-abi", "vmm"):
        assert (BUILD / "bin" / program).exists(), f"build/bin/{program} is missing: make selftests userland"
    settings = SETTINGS | {k: os.environ[k] for k in (*SETTINGS, "SEED", "ONLY") if k in os.environ}
    command = [TREE / "coursevm/run", "--kernel", KERNEL, "--smp", PROCESSORS[what], "--timeout", str(PATIENCE), "--out", out,
               "--put", f"{module}:/root/shadowpt.ko", *(["--mem", "2G"] if DEBUG else []),
               *(f"--env={k}={v}" for k, v in settings.items()),
               "--", "sh", "/virtlab/tests/e2e/shadowpt/in_vm.sh", "/root/shadowpt.ko", what]
    for old in out.glob("*.status"):
        old.unlink()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          env={"VIRTLAB_ACCEL": "tcg,thread=single"} | os.environ)
    console = (done.stdout + done.stderr).decode(errors="replace")
    return Boot(done.returncode, out, "\n".join(console.splitlines()[-60:]))


@pytest.fixture(scope="session")
def boot() -> Callable[[str], Boot]:
    return boot_once
