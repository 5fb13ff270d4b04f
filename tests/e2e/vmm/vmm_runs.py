"""The vmm binary as a user runs it, and the accelerators to run it on.

VMM_BUILD   the build folder (default: build/ of this tree)
VMM_ACCEL   the device to test on; then a device that does not work is a failure
            (default: /dev/kvm, and where no tiny guest runs on it the tests are skipped)
VMM_PAGING  strategies to test on /dev/shadowpt, comma separated (default: vtlb,trap)
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("VMM_BUILD", TREE / "build"))
GUESTS = BUILD / "guests"
SHADOWPT = "/dev/shadowpt"

# A hang is always a failure; no guest here needs more than a fraction of it, even in emulation.
LIMIT = 300


def run_vmm(*arguments: str | Path, stdin: bytes = b"", **kwargs) -> subprocess.CompletedProcess[bytes]:
    """Run vmm to its end with these arguments."""
    program = BUILD / "bin" / "vmm"
    assert program.exists(), f"{program} is missing: make userland"
    return subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True, timeout=LIMIT, **kwargs)


def last_line(text: bytes) -> str:
    return text.decode().strip().splitlines()[-1]


@dataclass(frozen=True)
class Accelerator:
    """A device and, on shadowpt, a paging strategy."""

    device: str
    strategy: str | None = None

    @property
    def options(self) -> list[str]:
        return ["--accel", self.device, *(["--paging", self.strategy] if self.strategy else [])]

    def __str__(self) -> str:
        name = self.device.rsplit("/", 1)[-1]
        return f"{name}-{self.strategy}" if self.strategy else name

    @property
    def is_shadowpt(self) -> bool:
        return self.strategy is not None

    def run(self, image: Path, *words: str, options: list[str] = [], stdin: bytes = b"",
            verb: str = "run") -> subprocess.CompletedProcess[bytes]:
        return run_vmm(verb, *self.options, "--timeout", str(LIMIT - 60), *options, image, *words, stdin=stdin)


def accelerators() -> list[Accelerator]:
    device = os.environ.get("VMM_ACCEL", "/dev/kvm")
    if not device.endswith("shadowpt"):
        return [Accelerator(device)]
    return [Accelerator(device, strategy) for strategy in os.environ.get("VMM_PAGING", "vtlb,trap").split(",")]


_refusals: dict[Accelerator, str | None] = {}


def reason_not_to_run(accelerator: Accelerator) -> str | None:
    """None when a real tiny guest runs; /dev/kvm may open and yet be of no use."""
    if accelerator not in _refusals:
        result = accelerator.run(GUESTS / "hello.elf")
        _refusals[accelerator] = None if result.returncode == 0 else (
            f"no guest runs on {accelerator.device}: status {result.returncode}: {result.stderr.decode()[:200]}")
    return _refusals[accelerator]
